-- Star scans: what is planned as one, what is not, and where it has to give way. That its answers are the executor's is
-- held by test/t/star_scan.t over thousands of queries.
LOAD 'starhouse';
SET max_parallel_workers_per_gather = 0;
SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off;
SET TimeZone = 'UTC'; SET DateStyle = ISO;
SHOW starhouse.enable_star_scan;

CREATE TABLE sale (id bigint NOT NULL, store int, product text, amount numeric(10,2), price float8, sold timestamptz, day date, online boolean);
INSERT INTO sale SELECT g, g % 5, 'p' || g % 3, g % 100 + 0.25, g % 7 / 4.0, timestamptz '2026-01-01' + g * interval '1 hour', date '2026-01-01' + g % 60, g % 2 = 0 FROM generate_series(1, 2000) AS g;
VACUUM ANALYZE sale;

CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line LIKE '%StarScan%' THEN
      RETURN 'star scan';
    END IF;
  END LOOP;
  RETURN 'executor';
END $$;

EXPLAIN (COSTS OFF) SELECT store, count(*), sum(amount) FROM sale WHERE sold >= '2026-01-15' AND product IN ('p1', 'p2') GROUP BY store HAVING count(*) > 10 ORDER BY 2 DESC, 1 LIMIT 3;
SELECT store, count(*), sum(amount) FROM sale WHERE sold >= '2026-01-15' AND product IN ('p1', 'p2') GROUP BY store HAVING count(*) > 10 ORDER BY 2 DESC, 1 LIMIT 3;
SELECT date_trunc('month', sold), product, avg(price) FILTER (WHERE online) FROM sale WHERE store <> 3 GROUP BY 1, 2 ORDER BY 1, 2;
EXPLAIN (COSTS OFF, VERBOSE) SELECT upper(product) || '!', sum(price * 2) + 1 FROM sale GROUP BY product;

-- A figure of EXPLAIN ANALYZE.
CREATE FUNCTION figure(query text, name text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) ' || query LOOP
    IF line LIKE '%' || name || ': %' THEN
      RETURN substring(line FROM '\d+')::int;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
SELECT name, figure('SELECT date_trunc(''month'', sold), product, count(*) FROM sale WHERE store <> 3 GROUP BY 1, 2', name)
  FROM unnest(ARRAY['Rows Scanned', 'Rows Kept', 'Groups', 'Scans of the Table']) AS name;

-- What is covered.
SELECT query, plan_of(query) FROM unnest(ARRAY[
  'SELECT count(*) FROM sale',
  'SELECT store FROM sale GROUP BY store',
  'SELECT DISTINCT store FROM sale GROUP BY store, product',
  'SELECT store, sum(price) FROM sale WHERE store = 2 GROUP BY store',
  'SELECT count(*) FROM sale WHERE online AND NOT online OR store IS NULL',
  'SELECT date_trunc(''day'', sold), extract(hour FROM sold), count(*) FROM sale GROUP BY 1, 2',
  'SELECT sold::date, min(day), max(price) FROM sale GROUP BY 1',
  'SELECT date_bin(''15 minutes'', sold, ''2020-01-01''), price, count(*) FROM sale GROUP BY 1, 2',
  'SELECT sum(amount * (1 - amount)), avg(amount + store), sum(CASE WHEN online THEN amount ELSE 0 END) FROM sale',
  'SELECT count(CASE WHEN product LIKE ''p1%'' THEN ''x'' END), sum(CASE WHEN online THEN 1 WHEN store = 2 THEN 2 END), sum(coalesce(store, 0)) FROM sale',
  'SELECT day, count(DISTINCT store), count(DISTINCT product) FILTER (WHERE online), count(DISTINCT price) FROM sale GROUP BY day',
  'SELECT count(*) FROM sale WHERE product LIKE ''p%'' AND product NOT LIKE ''%2''',
  'SELECT store, starhouse.approx_count_distinct(product), starhouse.approx_distinct_state(id) FROM sale GROUP BY store',
  'SELECT starhouse.approx_percentile(price, 0.9) FILTER (WHERE online), starhouse.approx_percentile(price, ARRAY[0.5, 0.9], 0.001) FROM sale',
  'SELECT starhouse.trending_score(sold, 1, interval ''3 hours''), starhouse.trending_state(sold, price, ''1 day'') FROM sale',
  'SELECT day, starhouse.sum_stable(price), starhouse.weighted_avg(price, store), starhouse.ratio(online), starhouse.count_distinct_exact(product) FROM sale GROUP BY day',
  'SELECT store, starhouse.approx_top_k(product, 3), starhouse.approx_top_k_state(id, 100) FROM sale GROUP BY store',
  'SELECT starhouse.percentile_exact(price, ARRAY[0.5, 0.9]), starhouse.percentile_exact_disc(store, 0.1), starhouse.median_exact(sold) FILTER (WHERE online), starhouse.percentile_state(id) FROM sale',
  'SELECT amount, count(DISTINCT amount), sum(amount::float8) FROM sale GROUP BY amount',
  'SELECT starhouse.geohash(price, store, 5), starhouse.geohash_cell(amount::float8, 0, 3), count(*) FROM sale WHERE amount < 90 GROUP BY 1, 2',
  'SELECT store, rank() OVER (ORDER BY sum(amount)) FROM sale GROUP BY store',
  'SELECT count(*) FROM sale WHERE sold > now() - interval ''1 day''',
  'SELECT (SELECT count(*) FROM sale WHERE store = s) FROM generate_series(1, 2) AS s',
  'WITH s AS MATERIALIZED (SELECT store, count(*) AS n FROM sale GROUP BY store) SELECT * FROM s JOIN s AS t USING (store)'
]) AS query;

-- Exact, and with the server's scale, beyond what 64 bits hold.
SELECT sum(amount * (1 - amount)), avg(amount * 1.25), sum(amount * amount * amount * amount * 1000000), sum(amount * 'NaN'::numeric) FILTER (WHERE store = 1), sum(amount + 1e30) FROM sale;
SELECT store, sum(CASE WHEN online THEN amount ELSE 0.000 END), count(CASE WHEN product LIKE 'p1%' THEN 'x' END), sum(CASE WHEN product = 'p0' THEN 1 WHEN online THEN 2 END) FROM sale GROUP BY store ORDER BY store;
SELECT date_bin('10 days', sold, '2026-01-04'), count(*), sum(amount * store) FROM sale WHERE product NOT LIKE '%2' GROUP BY 1 ORDER BY 1 LIMIT 3;
SELECT store, count(DISTINCT product), count(DISTINCT day) FILTER (WHERE online), count(DISTINCT price), count(DISTINCT amount) FROM sale WHERE id < 300 GROUP BY store ORDER BY store;
SELECT count(DISTINCT store), count(DISTINCT product), count(DISTINCT sold) FROM sale;
CREATE TABLE zero AS SELECT CASE g % 3 WHEN 0 THEN '-0' WHEN 1 THEN '0' ELSE 'NaN' END::float8 AS z FROM generate_series(1, 9) AS g;
SELECT abs(z), count(*) FROM zero GROUP BY z ORDER BY 1;
DROP TABLE zero;

-- Starhouse's own aggregates: the same states as the executor's, none of no rows, errors for the rows that come.
CREATE TABLE own_states AS
  SELECT store, starhouse.approx_count_distinct(id) AS about, starhouse.approx_distinct_state(product)::text AS products, starhouse.approx_percentile(price, ARRAY[0.5, 1]) AS prices,
         starhouse.trending_state(sold, price, '12 hours')::text AS trend, starhouse.variance_stable(price) AS spread, starhouse.theta_value(starhouse.theta_state(id) FILTER (WHERE online)) AS ids
  FROM sale GROUP BY store;
SET starhouse.enable_star_scan = off;
SELECT store, about, prices, round(spread::numeric, 6) AS spread, ids,
       (products, trend) = (SELECT starhouse.approx_distinct_state(product)::text, starhouse.trending_state(sold, price, '12 hours')::text FROM sale WHERE sale.store = o.store) AS same
  FROM own_states AS o ORDER BY store;
RESET starhouse.enable_star_scan;
DROP TABLE own_states;
SELECT store, starhouse.approx_top_k(product, 2) AS often, starhouse.percentile_exact_disc(id, 0.5) AS middle, starhouse.median_exact(sold) AS at FROM sale WHERE id < 500 GROUP BY store ORDER BY store;
SELECT starhouse.approx_top_k(product, 2), starhouse.percentile_exact(price, 0.5), starhouse.percentile_state(id) FROM sale WHERE store = 77;
SELECT starhouse.approx_top_k(product, 0) FROM sale WHERE store = 77;
SELECT starhouse.approx_top_k(product, 0) FROM sale;
SELECT starhouse.approx_top_k_state(product, 3) FROM sale;
SELECT starhouse.percentile_exact(price, 1.5) FROM sale;
SELECT starhouse.approx_count_distinct(id), starhouse.approx_distinct_state(id), starhouse.approx_percentile(price, 0.5), starhouse.trending_score(sold, 1, '1 day'), starhouse.sum_stable(price), starhouse.count_distinct_exact(id)
  FROM sale WHERE store = 77;
SELECT starhouse.approx_percentile(price, 1.5) FROM sale WHERE store = 77;
SELECT starhouse.approx_percentile(price, 1.5) FROM sale;
SELECT starhouse.weighted_avg(price, price - 1) FROM sale;
CREATE ROLE regress_star_scan;
GRANT SELECT ON sale TO regress_star_scan;
REVOKE EXECUTE ON FUNCTION starhouse.approx_count_distinct(bigint) FROM PUBLIC;
SET ROLE regress_star_scan;
SELECT starhouse.approx_count_distinct(id) FROM sale;
RESET ROLE;
GRANT EXECUTE ON FUNCTION starhouse.approx_count_distinct(bigint) TO PUBLIC;
DROP OWNED BY regress_star_scan;
DROP ROLE regress_star_scan;

-- Numbers that are equal are one group, whatever their scale; cells of places.
CREATE TABLE priced AS SELECT CASE g % 8 WHEN 0 THEN NULL WHEN 1 THEN 1.0 WHEN 2 THEN 1.00 WHEN 3 THEN 'NaN' WHEN 4 THEN 'Infinity' WHEN 5 THEN -1e-30 WHEN 6 THEN 1e70 ELSE 0.000 END::numeric AS price,
  g % 90 AS lat, (g % 7)::real AS lon FROM generate_series(1, 800) AS g;
ANALYZE priced;
SELECT plan_of('SELECT price, count(*) FROM priced GROUP BY price');
SELECT price, count(*), count(DISTINCT price), sum(price::float8) FROM priced GROUP BY price ORDER BY price;
SELECT count(DISTINCT price) FROM priced;
SELECT starhouse.geohash(lat, lon, 2) AS cell, starhouse.geohash_cell(lat, lon, 1) AS first, count(*) FROM priced GROUP BY 1, 2 ORDER BY 1 LIMIT 4;
SELECT starhouse.geohash(lat + 5, lon, 2), count(*) FROM priced GROUP BY 1 ORDER BY 1;
DROP TABLE priced;

-- Grouped by what can only be one value: no row, no group.
SELECT count(*) FROM sale WHERE store = 77 GROUP BY store;
SELECT store, count(*) FROM sale WHERE store = 3 GROUP BY store;
SELECT count(*) FROM sale WHERE store = 77;

-- Row by row, by the executor's expressions.
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT query, plan_of(query) FROM unnest(ARRAY[
  'SELECT amount + 1, count(*) FROM sale GROUP BY 1',
  'SELECT count(*) FROM sale WHERE id % 2 = 0',
  'SELECT count(*) FROM sale WHERE product < ''p2''',
  'SELECT count(*) FROM sale WHERE product LIKE ''p_''',
  'SELECT count(*) FROM sale WHERE product LIKE ''%p%2''',
  'SELECT sum(amount / store) FROM sale',
  'SELECT sum(CASE WHEN store > 0 THEN 10 / store END) FROM sale',
  'SELECT sum(CASE store WHEN 1 THEN 2 END) FROM sale',
  'SELECT count(*) FROM sale WHERE product = ''P1'' COLLATE nocase'
]) AS query;
-- What is not, and is answered by the executor.
CREATE TABLE other AS SELECT g AS store FROM generate_series(1, 5) AS g;
SELECT query, plan_of(query) FROM unnest(ARRAY[
  'SELECT * FROM sale',
  'SELECT sum(DISTINCT store) FROM sale',
  'SELECT count(DISTINCT product COLLATE nocase) FROM sale',
  'SELECT string_agg(product, '','') FROM sale',
  'SELECT starhouse.approx_top_k(product, store) FROM sale',
  'SELECT starhouse.approx_top_k(product COLLATE nocase, 3) FROM sale',
  'SELECT starhouse.percentile_exact(price, store / 5.0) FROM sale',
  'SELECT starhouse.approx_percentile(price, store / 5.0) FROM sale',
  'SELECT starhouse.trending_score(sold, 1, interval ''1 month'') FROM sale',
  'SELECT starhouse.approx_count_distinct(product COLLATE nocase) FROM sale',
  'SELECT starhouse.distinct_state(product) FROM sale',
  'SELECT store, count(*) FROM sale GROUP BY ROLLUP (store)',
  'SELECT count(*) FROM sale FULL JOIN other USING (store)',
  'SELECT count(*) FROM sale LEFT JOIN other ON sale.store < other.store',
  'SELECT count(*) FROM sale LEFT JOIN other USING (store) WHERE coalesce(other.store, 1) = sale.id',
  'SELECT count(*) FROM sale LEFT JOIN other ON sale.store = other.store AND 10 / sale.id > 3',
  'SELECT count(*) FROM sale LEFT JOIN other ON sale.store = other.store AND sale.id > other.store',
  'SELECT count(*) FROM sale LEFT JOIN other USING (store) WHERE other.store IS NULL OR sale.id < 7',
  'SELECT count(*) FROM sale LEFT JOIN other USING (store) WHERE coalesce(date ''2026-01-01'' + other.store, ''2026-01-01'') < ''2026-01-03''',
  'SELECT count(*) FROM sale WHERE EXISTS (SELECT FROM other WHERE other.store = sale.store AND other.store < sale.id)',
  'SELECT count(*) FROM sale JOIN other ON sale.store < other.store',
  'SELECT count(*) FROM sale JOIN other ON sale.store % 2 = other.store',
  'SELECT sum(sale.store + other.store) FROM sale JOIN other USING (store)',
  'SELECT date_bin(''15 minutes'', sold, now()), count(*) FROM sale GROUP BY 1',
  'SELECT count(*) FROM sale WHERE random() < 2',
  'SELECT count(*) FROM sale WHERE ctid = ''(0,1)''',
  'SELECT count(*) FROM sale TABLESAMPLE SYSTEM (100)',
  'SELECT count(*) FROM pg_stat_activity',
  'SELECT store, count(*), generate_series(1, 2) FROM sale GROUP BY store',
  'SELECT count(*) FROM sale WHERE false'
]) AS query;
SET starhouse.enable_star_scan = off;
SELECT plan_of('SELECT count(*) FROM sale');
RESET starhouse.enable_star_scan;

-- A star: a partitioned fact, of which pruned partitions are not read, dimensions with filters, a snowflake among them.
CREATE TABLE ordered (day date, store int, product text, amount int) PARTITION BY RANGE (day);
CREATE TABLE ordered_1 PARTITION OF ordered FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE ordered_2 (amount int, product text, gone int, store int, day date);
ALTER TABLE ordered_2 DROP gone;
ALTER TABLE ordered ATTACH PARTITION ordered_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO ordered SELECT date '2026-01-01' + g % 59, g % 7, 'p' || g % 9, g % 10 FROM generate_series(1, 3000) AS g;
CREATE TABLE store_dim (store int PRIMARY KEY, city text, opened date, region int);
INSERT INTO store_dim SELECT g, 'city ' || g % 3, date '2020-01-01' + g * 40, g % 2 FROM generate_series(0, 5) AS g;
CREATE TABLE region_dim (region int, name text);
INSERT INTO region_dim VALUES (0, 'north'), (1, 'south'), (1, 'coast');
CREATE TABLE product_dim (product text, category text);
INSERT INTO product_dim SELECT 'p' || g, CASE WHEN g > 5 THEN NULL ELSE 'category ' || g % 2 END FROM generate_series(0, 7) AS g;
VACUUM ANALYZE ordered, store_dim, region_dim, product_dim;
EXPLAIN (COSTS OFF) SELECT city, extract(year FROM opened) AS year, category, sum(amount) FROM ordered JOIN store_dim USING (store) JOIN product_dim USING (product) WHERE day >= '2026-02-10' AND region = 1 GROUP BY city, year, category;
SELECT city, extract(year FROM opened) AS year, category, sum(amount) FROM ordered JOIN store_dim USING (store) JOIN product_dim USING (product) WHERE day >= '2026-02-10' AND region = 1 GROUP BY city, year, category ORDER BY 1, 2, 3;
-- A store of the south is one of the coast as well.
SELECT name, count(*), sum(amount), plan_of('SELECT name, count(*), sum(amount) FROM ordered JOIN store_dim USING (store) JOIN region_dim USING (region) GROUP BY name') FROM ordered JOIN store_dim USING (store) JOIN region_dim USING (region) GROUP BY name ORDER BY 1;
-- City depends on the key.
SELECT s.store, city, count(*), plan_of('SELECT s.store, city, count(*) FROM ordered JOIN store_dim AS s USING (store) GROUP BY s.store') FROM ordered JOIN store_dim AS s USING (store) GROUP BY s.store ORDER BY 1;
SELECT count(*), plan_of('SELECT count(*) FROM ordered') FROM ordered;
-- Rows without a partner keep their place, and what their group is need not be NULL; store 6, p8 and a region of none have no row there.
EXPLAIN (COSTS OFF) SELECT city, category, count(*), sum(amount) FROM ordered LEFT JOIN store_dim USING (store) JOIN product_dim USING (product) WHERE day >= '2026-02-10' AND EXISTS (SELECT FROM region_dim WHERE region = amount) GROUP BY city, category;
SELECT city, category, count(*), sum(amount) FROM ordered LEFT JOIN store_dim USING (store) JOIN product_dim USING (product) WHERE day >= '2026-02-10' AND EXISTS (SELECT FROM region_dim WHERE region = amount) GROUP BY city, category ORDER BY 1, 2;
SELECT coalesce(city, 'none') AS city, s.store IS NULL AS alone, count(*), sum(amount) FROM ordered AS o LEFT JOIN store_dim AS s ON o.store = s.store AND s.region = 1 GROUP BY 1, 2 ORDER BY 1, 2;
-- Rows of which a condition in the ON does not hold have none, whatever their key; what may fail the executor asks where keys are equal.
EXPLAIN (COSTS OFF) SELECT city, category, count(*) FROM ordered AS o LEFT JOIN store_dim AS s ON o.store = s.store AND amount > 3 AND o.product LIKE 'p%' LEFT JOIN product_dim AS p ON o.product = p.product AND upper(o.product) < 'P4' GROUP BY 1, 2;
SELECT city, category, count(*), sum(amount) FROM ordered AS o LEFT JOIN store_dim AS s ON o.store = s.store AND amount > 3 AND o.product LIKE 'p%' LEFT JOIN product_dim AS p ON o.product = p.product AND upper(o.product) < 'P4' WHERE day < '2026-01-20' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*), sum(amount) FROM ordered AS o LEFT JOIN store_dim AS s ON o.store = s.store AND amount < 0 AND 10 / amount > 1;
SELECT amount, count(*) FROM ordered AS o WHERE NOT EXISTS (SELECT FROM store_dim AS s WHERE o.store = s.store AND amount IN (1, 2)) GROUP BY 1 ORDER BY 1;
SELECT city, name, count(*) FROM ordered LEFT JOIN (store_dim JOIN region_dim USING (region)) USING (store) GROUP BY 1, 2 ORDER BY 1, 2;
-- What of a dimension may fail where no row of the fact is the executor works out.
SELECT key, plan_of('SELECT ' || key || ', count(*) FROM ordered JOIN store_dim USING (store) GROUP BY 1') FROM unnest(ARRAY[
  'region + 2147483647', 'region * 2', '100 / region', 'region::smallint', 'opened + region', 'opened + 2147483647', 'city::int', 'chr(region)', 'abs(region)', 'city LIKE ''city 1\''', 'city LIKE opened::text', 'strpos(city COLLATE nocase, ''C'')', 'greatest(city, ''x'' COLLATE nocase)',
  'region / 2', 'region % 2', 'opened + 1', '(opened + interval ''1 month'')::date', 'date_trunc(''month'', opened::timestamp)', 'extract(month FROM opened)::int', 'to_char(opened, ''YYYY-MM'')',
  'region::text || city', 'CASE WHEN region > 0 THEN upper(left(city, 4)) ELSE city END', 'greatest(region, 3)', 'region IN (1, 3)', 'city LIKE ''%\\''', 'strpos(city, ''1'')', 'concat(city, '' of '', region)'
]) AS key;
SELECT query, plan_of(query) FROM unnest(ARRAY[
  'SELECT city, count(*) FROM ordered LEFT JOIN store_dim USING (store) GROUP BY city',
  'SELECT city, category, count(*) FROM ordered LEFT JOIN store_dim USING (store) LEFT JOIN product_dim ON ordered.product = product_dim.product AND category <> ''category 1'' GROUP BY city, category',
  'SELECT coalesce(city, ''none''), count(*) FROM ordered LEFT JOIN store_dim USING (store) GROUP BY 1',
  'SELECT city, name, count(*) FROM ordered LEFT JOIN store_dim USING (store) LEFT JOIN region_dim USING (region) GROUP BY city, name',
  'SELECT city, name, count(*) FROM ordered LEFT JOIN (store_dim JOIN region_dim USING (region)) USING (store) GROUP BY city, name',
  'SELECT city, name, count(*) FROM ordered JOIN store_dim USING (store) LEFT JOIN region_dim USING (region) GROUP BY city, name',
  'SELECT product, count(*) FROM ordered LEFT JOIN store_dim USING (store) WHERE store_dim.store IS NULL GROUP BY product',
  'SELECT product, sum(amount) FROM ordered WHERE NOT EXISTS (SELECT FROM store_dim AS s WHERE s.store = ordered.store AND city = ''city 1'') GROUP BY product',
  'SELECT product, sum(amount) FROM ordered WHERE amount IN (SELECT region FROM region_dim) GROUP BY product',
  'SELECT city, count(*) FROM ordered LEFT JOIN store_dim USING (store) WHERE coalesce(city, ''none'') <> ''city 1'' AND region IS DISTINCT FROM 1 GROUP BY city',
  'SELECT city, name, count(*) FROM ordered LEFT JOIN store_dim USING (store) LEFT JOIN region_dim USING (region) WHERE name IS NULL GROUP BY city, name',
  'SELECT city, count(*) FROM ordered LEFT JOIN store_dim USING (store) WHERE coalesce(opened + 30, ''2020-01-01'') > ''2020-03-01'' GROUP BY city',
  'SELECT city, count(*) FROM ordered LEFT JOIN store_dim USING (store) WHERE ordered.store = 3 GROUP BY city',
  'SELECT city, count(*) FROM ordered JOIN store_dim USING (store) WHERE ordered.store = 3 GROUP BY city',
  'SELECT town, left(town, 2), count(*) FROM ordered LEFT JOIN (SELECT store, coalesce(city, ''?'') AS town FROM store_dim) AS s USING (store) GROUP BY town'
]) AS query;
-- What is left by conditions above the join, rows without a partner among it.
SELECT city, name, count(*) FROM ordered LEFT JOIN store_dim USING (store) LEFT JOIN region_dim USING (region) WHERE name IS NULL OR name <> 'coast' GROUP BY city, name ORDER BY 1, 2;
SELECT city, count(*) FROM ordered LEFT JOIN store_dim USING (store) WHERE coalesce(city, 'none') <> 'city 1' AND region IS DISTINCT FROM 1 GROUP BY city ORDER BY 1;
SELECT category, count(*) FROM ordered LEFT JOIN store_dim ON ordered.store = store_dim.store LEFT JOIN product_dim USING (product) WHERE ordered.store = 6 AND city IS NULL GROUP BY category ORDER BY 1;
-- What is made below the join is NULL above it.
SELECT town, town || '!' AS loud, count(*) FROM ordered LEFT JOIN (SELECT store, coalesce(city, '?') AS town FROM store_dim) AS s USING (store) WHERE town IS NULL OR town <> 'city 2' GROUP BY town ORDER BY 1;
SELECT coalesce(upper(town), 'none'), count(*) FROM ordered LEFT JOIN (SELECT store, coalesce(s.city, r.name) AS town FROM store_dim AS s LEFT JOIN region_dim AS r ON r.region = s.region AND name = 'south') AS s USING (store) GROUP BY 1 ORDER BY 1;
-- 1 / 0 where a row has no partner, and nowhere else.
SELECT 10 / length(coalesce(city, '')), count(*), plan_of('SELECT 10 / length(coalesce(city, '''')), count(*) FROM ordered LEFT JOIN store_dim USING (store) WHERE ordered.store < 6 GROUP BY 1')
  FROM ordered LEFT JOIN store_dim USING (store) WHERE ordered.store < 6 GROUP BY 1;
SELECT 10 / length(coalesce(city, '')), count(*) FROM ordered LEFT JOIN store_dim USING (store) GROUP BY 1;
-- What is known only when the plan runs rules out partitions, and whole scans.
SET plan_cache_mode = force_generic_plan;
PREPARE since(date, boolean) AS SELECT count(*), sum(amount) FROM ordered WHERE day >= $1 AND $2;
EXECUTE since('2026-01-01', true);
EXECUTE since('2026-02-05', true);
EXECUTE since('2026-02-05', false);
SELECT figure('EXECUTE since(''2026-02-05'', true)', 'Partitions Ruled Out') AS ruled_out, figure('EXECUTE since(''2026-02-05'', false)', 'Partitions Ruled Out') AS none_left,
       figure('EXECUTE since(''2026-01-01'', true)', 'Partitions Ruled Out') AS all_read;
DEALLOCATE since;
RESET plan_cache_mode;
SELECT plan_of('SELECT count(*) FROM ordered WHERE day < now()'), plan_of('SELECT count(*) FROM ordered WHERE day < ''2026-01-20''');
-- The dimension's filter changes from run to run; the plan's place in a larger one, too.
SELECT c, (SELECT sum(amount) FROM ordered JOIN store_dim USING (store) WHERE city = c) FROM unnest(ARRAY['city 0', 'city 1', 'none']) AS c;
SELECT 'first', count(*) FROM ordered JOIN store_dim USING (store) UNION ALL SELECT 'second', count(*) FROM ordered JOIN product_dim USING (product) WHERE category IS NULL UNION ALL SELECT 'third', count(*) FROM ordered ORDER BY 1;
BEGIN;
DECLARE joined CURSOR FOR SELECT city, count(*) FROM ordered JOIN store_dim USING (store) GROUP BY city ORDER BY city;
FETCH 1 FROM joined;
UPDATE store_dim SET city = 'moved';
FETCH ALL FROM joined;
SELECT city, count(*) FROM ordered JOIN store_dim USING (store) GROUP BY city;
ROLLBACK;
DROP TABLE ordered, store_dim, region_dim, product_dim;

-- Row security is the executor's; so is what a barrier hides.
CREATE ROLE star_scan_reader;
GRANT SELECT (store, amount) ON sale TO star_scan_reader;
SET ROLE star_scan_reader;
SELECT count(store) FROM sale;
SELECT count(product) FROM sale;
RESET ROLE;
CREATE TABLE guarded AS SELECT * FROM sale;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_store ON guarded USING (store = 1);
GRANT SELECT ON guarded TO star_scan_reader;
SET ROLE star_scan_reader;
SELECT count(*) FROM guarded;
SELECT count(*) FROM guarded WHERE product = 'p1';
RESET ROLE;
DROP TABLE guarded;
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM sale WHERE store = 1;
SELECT count(*), plan_of('SELECT count(*) FROM barrier WHERE product = ''p1''') FROM barrier WHERE product = 'p1';

-- Prepared, with parameters that change; generic plans too.
SET plan_cache_mode = force_generic_plan;
PREPARE sold(text, int) AS SELECT count(*), sum(amount) FROM sale WHERE product = $1 AND store < $2;
EXPLAIN (COSTS OFF) EXECUTE sold('p1', 3);
EXECUTE sold('p1', 3);
EXECUTE sold('p2', 1);
EXECUTE sold(NULL, 1);
ALTER TABLE sale ADD added int DEFAULT 5;
EXECUTE sold('p1', 3);
SELECT added, count(*) FROM sale GROUP BY 1;
RESET plan_cache_mode;

-- Run again for each row of another.
SELECT s, (SELECT count(*) FROM sale WHERE store = s), (SELECT sum(x.n) FROM (SELECT store, count(*) AS n FROM sale WHERE store <= s GROUP BY store) AS x) FROM generate_series(0, 2) AS s;
SELECT s, n FROM generate_series(0, 2) AS s, LATERAL (SELECT count(*) AS n FROM sale WHERE store = s) AS x;

-- Cursors, also backwards.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT store, count(*) FROM sale GROUP BY store ORDER BY store;
FETCH 2 FROM c;
DELETE FROM sale WHERE store = 2;
FETCH 1 FROM c;
FETCH BACKWARD 2 FROM c;
SAVEPOINT s;
DELETE FROM sale WHERE store = 3;
SELECT store, count(*) FROM sale GROUP BY store ORDER BY store;
ROLLBACK TO s;
SELECT store, count(*) FROM sale GROUP BY store ORDER BY store;
ROLLBACK;

-- Errors are the executor's.
\set VERBOSITY sqlstate
SELECT sum(store * 2000000000) FROM sale;
SELECT sum(price / store) FROM sale;
SELECT sum(p) FROM (SELECT price * 1e308 AS p FROM sale) AS x;
\set VERBOSITY default

-- More groups than work_mem has room for: parts of them, one after the other.
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
CREATE TABLE many AS SELECT g AS id, 'text ' || g AS t FROM generate_series(1, 20000) AS g;
ANALYZE many;
SET enable_hashagg = off; SET enable_sort = off;
SELECT plan_of('SELECT id, t, count(*) FROM many GROUP BY id, t');
SELECT count(*), sum(n), count(DISTINCT id), min(t) FROM (SELECT id, t, count(*) AS n FROM many GROUP BY id, t) AS x;
SELECT figure('SELECT id, t, count(*) FROM many GROUP BY id, t', 'Scans of the Table') > 4 AS in_parts;
-- What the first scan was at is not lost: it goes on with half of the groups.
SET work_mem = '1500kB';
SELECT figure('SELECT id, t, count(*) FROM many GROUP BY id, t', 'Scans of the Table') AS scans;
SELECT count(*), sum(n), count(DISTINCT id), min(t) FROM (SELECT id, t, count(*) AS n FROM many GROUP BY id, t) AS x;
SET work_mem = '64kB';
-- Different values for which there is no room: parts of them, one after the other.
ALTER TABLE many ALTER id SET (n_distinct = 10), ALTER t SET (n_distinct = 10);
ANALYZE many;
SELECT plan_of('SELECT count(DISTINCT id), count(DISTINCT t), count(*), sum(id) FROM many');
SELECT count(DISTINCT id), count(DISTINCT t), count(*), sum(id) FROM many;
SELECT id % 2 + 1 AS half, n, v FROM (SELECT length(t) AS id, count(DISTINCT id) AS n, count(DISTINCT t) AS v FROM many GROUP BY length(t)) AS x ORDER BY 1, 2;
SELECT figure('SELECT count(DISTINCT id), count(DISTINCT t), count(*), sum(id) FROM many', 'Scans of the Table') AS scans;
RESET work_mem; RESET hash_mem_multiplier; RESET enable_hashagg; RESET enable_sort;

-- Tables of other kinds.
CREATE TEMP TABLE temporary AS SELECT * FROM other;
SELECT plan_of('SELECT sum(store) FROM temporary'), sum(store) FROM temporary;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM other WITH NO DATA;
SELECT sum(store) FROM kept;
REFRESH MATERIALIZED VIEW kept;
SELECT sum(store), plan_of('SELECT sum(store) FROM kept') FROM kept;
CREATE UNLOGGED TABLE unlogged AS SELECT * FROM other;
SELECT sum(store) FROM unlogged;
CREATE TABLE parent (n int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child VALUES (3);
SELECT sum(n), plan_of('SELECT sum(n) FROM parent') FROM parent;
SELECT sum(n) FROM ONLY parent;

-- Several processes: each reads blocks that nobody else has, and one node makes one of their groups.
SET max_parallel_workers_per_gather = 2; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
CREATE TABLE shared_sale AS SELECT g AS id, g % 5 AS store, 'p' || g % 3 AS product, (g % 100 + 0.25)::numeric(10,2) AS amount, CASE WHEN g = 77 THEN 'NaN' WHEN g % 7 = 0 THEN 1e25 ELSE g::numeric / 8 END AS wide, timestamptz '2026-01-01' + g * interval '1 minute' AS sold FROM generate_series(1, 20000) AS g;
CREATE TABLE shop AS SELECT g AS store, CASE WHEN g = 3 THEN NULL ELSE 'city ' || g % 2 END AS city FROM generate_series(0, 4) AS g;
-- However many processors there are.
ALTER TABLE shared_sale SET (parallel_workers = 2);
VACUUM ANALYZE shared_sale, shop;
EXPLAIN (COSTS OFF) SELECT city, product, count(*), sum(amount) FROM shared_sale JOIN shop USING (store) WHERE id > 10 GROUP BY city, product HAVING count(*) > 1;
SELECT city, product, count(*), sum(amount), min(amount), max(sold), sum(wide) FILTER (WHERE id <> 77), sum(wide) FROM shared_sale JOIN shop USING (store) WHERE id > 10 GROUP BY city, product HAVING count(*) > 1 ORDER BY 1, 2;
SELECT count(*), sum(id), avg(wide) FROM shared_sale WHERE id > 20000;
SELECT name, figure('SELECT store, product, count(*) FROM shared_sale WHERE store <> 3 GROUP BY 1, 2', name)
  FROM unnest(ARRAY['Workers Planned', 'Rows Scanned', 'Rows Kept', 'Groups', 'Scans of the Table']) AS name;
SELECT city, product, count(*), sum(amount), plan_of('SELECT city, product, count(*), sum(amount) FROM shared_sale LEFT JOIN shop ON shop.store = shared_sale.store AND city <> ''city 0'' GROUP BY city, product')
  FROM shared_sale LEFT JOIN shop ON shop.store = shared_sale.store AND city <> 'city 0' GROUP BY city, product ORDER BY 1, 2;
-- With no worker to be had the leader does it all.
SET max_parallel_workers = 0;
SELECT product, count(*), sum(amount) FROM shared_sale GROUP BY product ORDER BY 1;
RESET max_parallel_workers;
SET parallel_leader_participation = off;
SELECT product, count(*), sum(amount) FROM shared_sale GROUP BY product ORDER BY 1;
RESET parallel_leader_participation;
-- Again and again.
SELECT s, n, a FROM generate_series(1, 2) AS s LEFT JOIN LATERAL (SELECT product, count(*) AS n, sum(amount) AS a FROM shared_sale GROUP BY product OFFSET 0) AS x ON s = length(product) - 1 ORDER BY 2, 3;
-- More groups than was thought: processes give theirs away before the end, and the whole falls into parts.
ALTER TABLE shared_sale ALTER id SET (n_distinct = 10);
ANALYZE shared_sale;
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SELECT plan_of('SELECT id, count(*) AS n, sum(amount) AS a, max(wide) AS m FROM shared_sale JOIN shop USING (store) GROUP BY id');
SELECT count(*), count(DISTINCT id), sum(n), sum(a), max(m) FROM (SELECT id, count(*) AS n, sum(amount) AS a, max(wide) AS m FROM shared_sale JOIN shop USING (store) GROUP BY id) AS x;
SELECT figure('SELECT id, count(*) AS n, sum(amount) AS a, max(wide) AS m FROM shared_sale JOIN shop USING (store) GROUP BY id', 'Workers Planned') AS workers,
  figure('SELECT id, count(*) AS n, sum(amount) AS a, max(wide) AS m FROM shared_sale JOIN shop USING (store) GROUP BY id', 'Scans of the Table') > 4 AS in_parts;
RESET work_mem; RESET hash_mem_multiplier;
-- An error of a worker is the query's; a scan that is left early leaves nothing behind.
\set VERBOSITY sqlstate
SELECT sum(id * 2000000000) FROM shared_sale;
\set VERBOSITY default
SELECT count(*) FROM (SELECT id, count(*) FROM shared_sale GROUP BY id LIMIT 3) AS x;
-- Not where a query may not be in several processes.
CREATE TEMP TABLE temporary_sale AS SELECT * FROM shared_sale;
SELECT figure('SELECT product, count(*) FROM temporary_sale GROUP BY product', 'Workers Planned') AS of_temporary;
SET max_parallel_workers_per_gather = 0; RESET min_parallel_table_scan_size; RESET parallel_setup_cost; RESET parallel_tuple_cost;
DROP TABLE shared_sale, shop, temporary_sale;

-- Below a window the planner wants the columns of keys, too: they do not cut the groups.
CREATE TABLE month_day (day date PRIMARY KEY);
CREATE TABLE month_sale (day date, city text COLLATE "C", n bigint, PRIMARY KEY (day, city));
INSERT INTO month_day SELECT d::date FROM generate_series('2025-01-01'::date, '2025-03-31', '1 day') d;
INSERT INTO month_sale SELECT day, c, 1 FROM month_day CROSS JOIN unnest('{A,B}'::text[]) c;
VACUUM ANALYZE month_day, month_sale;
SELECT date_trunc('month', day)::date AS month_start, city, sum(sum(n)) OVER (PARTITION BY city ORDER BY date_trunc('month', day)) AS up_to
FROM month_sale JOIN month_day USING (day) GROUP BY date_trunc('month', day), city ORDER BY 1, 2;
SELECT date_trunc('month', day)::date AS month_start, city, sum(sum(n)) OVER (PARTITION BY city ORDER BY date_trunc('month', day)) AS up_to
FROM month_sale GROUP BY date_trunc('month', day), city ORDER BY 1, 2;
-- What a primary key among the keys tells is no key of its own.
CREATE TABLE city (name text COLLATE "C" PRIMARY KEY, zone text);
INSERT INTO city VALUES ('A', 'Asia/Tokyo'), ('B', 'America/New_York');
CREATE TABLE city_sale AS SELECT timestamptz '2025-01-01 00:00+00' + g % 3 * interval '1 hour' AS at, CASE g % 2 WHEN 0 THEN 'A' ELSE 'B' END COLLATE "C" AS city, g AS n FROM generate_series(1, 3000) AS g;
VACUUM ANALYZE city, city_sale;
SELECT plan_of('SELECT name, zone, extract(hour FROM at AT TIME ZONE zone)::int, sum(n) FROM city_sale JOIN city ON city = name GROUP BY name, 3');
SELECT name, zone, extract(hour FROM at AT TIME ZONE zone)::int AS hour, count(*), sum(n) FROM city_sale JOIN city ON city = name GROUP BY name, 3 ORDER BY 1, 3;
-- Nor where a condition holds the key to one value: from PostgreSQL 16 on the planner takes it for no key at all.
SET enable_hashagg = off; SET enable_sort = off;
SELECT date_trunc('month', day)::date AS month_start, city, sum(n) FROM month_sale WHERE date_trunc('month', day) = '2025-02-01' GROUP BY date_trunc('month', day), city ORDER BY 1, 2;
SELECT extract(month FROM day) AS month, city, sum(n) FROM month_sale JOIN month_day USING (day) WHERE extract(month FROM day) = 2 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT city, count(*) FROM month_sale WHERE extract(month FROM day) = 2 GROUP BY extract(month FROM day), city HAVING extract(month FROM day) < count(*) ORDER BY 1;
SELECT day - 1 AS before, count(*), sum(n) FROM month_sale WHERE day - 1 = '2025-02-01' AND city = 'A' GROUP BY day - 1, city;
SELECT 'all' AS what, city, sum(n), sum(sum(n)) OVER () FROM month_sale WHERE extract(month FROM day) = 2 GROUP BY extract(month FROM day), 1, 2 ORDER BY 2;
RESET enable_hashagg; RESET enable_sort;
DROP TABLE month_day, month_sale, city, city_sale;

-- Averages are the server's quotients, to the last digit: of all sizes and scales, rounded halves and numbers beyond 64 and 128 bits among them.
CREATE TABLE averaged AS
  SELECT g % 4000 AS k, round((sin(g) * 10 ^ (g % 17 - 3))::numeric, g % 4000 % 9) AS n, (cos(g) * 10 ^ (g % 9))::integer AS i, (cos(g) * 10 ^ (g % 19))::bigint AS b FROM generate_series(1, 20000) AS g
  UNION ALL SELECT 4000 + g % 20, (CASE g % 2 WHEN 0 THEN 9999 ELSE 10000 END) * ('1e' || (g % 20 - 8))::numeric, 9999, 10000 FROM generate_series(1, 140) AS g
  UNION ALL SELECT 5000 + g % 3, 1e20 + g, 1, 9223372036854775807 FROM generate_series(1, 30) AS g
  UNION ALL SELECT 6000 + g % 7, 0.00005 * g, -1, -1 FROM generate_series(1, 200) AS g
  UNION ALL SELECT 7000 + g % 2, 0.000, 0, 0 FROM generate_series(1, 3) AS g
  UNION ALL SELECT 8000, 'NaN', 1, 2;
VACUUM ANALYZE averaged;
SET enable_hashagg = off; SET enable_sort = off;
SELECT plan_of('SELECT k, avg(n), avg(i), avg(b), avg(n * n) FROM averaged GROUP BY k');
CREATE TEMP TABLE by_star_scan AS SELECT k, numeric_send(avg(n)) AS n, numeric_send(avg(i)) AS i, numeric_send(avg(b)) AS b, numeric_send(avg(n * n)) AS square FROM averaged GROUP BY k;
RESET enable_hashagg; RESET enable_sort;
SET starhouse.enable_star_scan = off;
SELECT count(*) AS groups, count(*) FILTER (WHERE (s.n, s.i, s.b, s.square) IS DISTINCT FROM (e.n, e.i, e.b, e.square)) AS others
FROM by_star_scan AS s FULL JOIN (SELECT k, numeric_send(avg(n)) AS n, numeric_send(avg(i)) AS i, numeric_send(avg(b)) AS b, numeric_send(avg(n * n)) AS square FROM averaged GROUP BY k) AS e USING (k);
RESET starhouse.enable_star_scan;
SELECT k, avg(n), avg(i), avg(b) FROM averaged WHERE k > 4018 GROUP BY k ORDER BY k;

-- A single key is another one in each group, which the planner knows of what it joins; of two it does not.
CREATE FUNCTION rows_of(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
  RETURN plan->0->'Plan'->>'Plan Rows';
END $$;
SELECT plan_of('SELECT k, count(*) FROM averaged GROUP BY k'), rows_of('SELECT * FROM (SELECT k, count(*) FROM averaged GROUP BY k OFFSET 0) AS x WHERE k = 5') AS of_one_key,
       rows_of('SELECT * FROM (SELECT count(*), k FROM averaged GROUP BY k OFFSET 0) AS x WHERE count = 5') > 1 AS of_a_count,
       rows_of('SELECT * FROM (SELECT k, i, count(*) FROM averaged GROUP BY k, i OFFSET 0) AS x WHERE k = 5') > 1 AS of_two_keys;
DROP FUNCTION rows_of;
DROP TABLE averaged, by_star_scan;

-- The first groups alone, where the others cannot be needed.
CREATE TABLE listened AS SELECT g % 7 AS region, 'song ' || g % 2000 AS song, g % 2000 AS number, (g % 4001)::numeric / 8 AS minutes FROM generate_series(1, 60000) AS g;
UPDATE listened SET region = NULL WHERE region = 6;
VACUUM ANALYZE listened;
SET enable_hashagg = off; SET enable_sort = off;
SELECT region, song, n, place FROM (SELECT region, song, count(*) AS n, row_number() OVER (PARTITION BY region ORDER BY sum(minutes) DESC, song COLLATE "C") AS place FROM listened GROUP BY region, song) AS s WHERE place <= 2 ORDER BY region, place;
SELECT song, sum(minutes), count(*) FROM listened GROUP BY song HAVING count(*) > 20 ORDER BY sum(minutes) DESC, song COLLATE "C" LIMIT 3 OFFSET 1;
SELECT figure('SELECT number, sum(number) FROM listened GROUP BY number ORDER BY sum(number) DESC LIMIT 3 OFFSET 1', 'Groups Left Out') AS of_numbers,
       figure('SELECT region, number, sum(minutes) FROM listened GROUP BY region, number ORDER BY region NULLS FIRST, 3 DESC LIMIT 5', 'Groups Left Out') > 13000 AS of_numerics,
       figure('SELECT number, count(*) FROM listened GROUP BY number ORDER BY 2 USING >, 1 LIMIT 2', 'Foremost Groups') AS of_an_operator,
       figure('SELECT * FROM (SELECT region, song, row_number() OVER (PARTITION BY region ORDER BY sum(minutes) DESC, song COLLATE "C") AS place FROM listened GROUP BY region, song) AS s WHERE place <= 2', 'Groups Left Out') AS of_regions,
       figure('SELECT * FROM (SELECT number, rank() OVER w, dense_rank() OVER w FROM listened GROUP BY number WINDOW w AS (ORDER BY count(*))) AS s WHERE 3 > rank', 'Foremost Groups') AS of_ranks;
-- Not where others are asked for: by a sum over the window, places of places, ties, a limit that is not known, or another order.
SELECT query, figure(query, 'Foremost Groups') FROM unnest(ARRAY[
  'SELECT * FROM (SELECT number, dense_rank() OVER (ORDER BY count(*)) AS place FROM listened GROUP BY number) AS s WHERE place <= 2',
  'SELECT * FROM (SELECT number, row_number() OVER w AS place, sum(count(*)) OVER w FROM listened GROUP BY number WINDOW w AS (ORDER BY count(*))) AS s WHERE place <= 2',
  'SELECT * FROM (SELECT number, row_number() OVER (ORDER BY count(*)) AS place, row_number() OVER (ORDER BY number) AS other FROM listened GROUP BY number) AS s WHERE place <= 2',
  'SELECT * FROM (SELECT number, row_number() OVER (ORDER BY count(*)) AS place FROM listened GROUP BY number) AS s WHERE place > 2',
  'SELECT DISTINCT count(*) FROM listened GROUP BY number ORDER BY 1 LIMIT 1',
  'SELECT number, count(*) FROM listened GROUP BY number ORDER BY 2 FETCH FIRST 1 ROW WITH TIES',
  'SELECT number, count(*) FROM listened GROUP BY number ORDER BY 2 LIMIT (SELECT 1)',
  'SELECT number, count(*) FROM listened GROUP BY number LIMIT 1',
  'SELECT song, count(*) FROM listened GROUP BY song ORDER BY song COLLATE nocase, 2 LIMIT 1']) AS query;
-- Partitions are told by so many keys that a word has no bit for each to be NULL: of the 65 keys the first is for one partition, the last for the other.
CREATE TABLE keyed AS SELECT g % 2 * 64 AS key, g AS number FROM generate_series(1, 4000) AS g;
VACUUM ANALYZE keyed;
CREATE TABLE asked AS
  SELECT last, (SELECT format('SELECT * FROM (SELECT key, number, row_number() OVER (PARTITION BY %s ORDER BY number) AS place FROM keyed GROUP BY key, number) AS s WHERE place <= 2 ORDER BY number', string_agg(format('nullif(key, %s) * 0', n), ', ' ORDER BY n)) FROM generate_series(0, last) AS n) AS query
  FROM unnest(ARRAY[62, 64]) AS last;
SELECT last, figure(query, 'Foremost Groups') FROM asked ORDER BY last;
SELECT query FROM asked WHERE last = 64 \gset
:query;
RESET enable_hashagg; RESET enable_sort;
DROP TABLE listened, keyed, asked;

SET client_min_messages = warning;
DROP TABLE sale CASCADE;
DROP OWNED BY star_scan_reader;
DROP ROLE star_scan_reader;
DROP TABLE other CASCADE;
DROP TABLE many, parent, child, unlogged;
DROP FUNCTION plan_of, figure;
DROP COLLATION nocase;
