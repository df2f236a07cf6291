-- A snapshot is compared with what is in force in the order of the key, by bytes where rows lie alike and by values where they do not;
-- where that cannot be done a join does it. All ways give the same history: a table with a key, a table without one (with repeated and
-- contradicting rows), and a view that casts, into three equal dimensions.
SET client_min_messages = warning;
CREATE SCHEMA scd_compare;
SET search_path = scd_compare;
SET timezone = 'UTC';

CREATE FUNCTION random_of(seed text, below int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::int % below $$;

-- One row of a source: the layout says how its columns stand to the dimension's.
CREATE FUNCTION make_source(name text, columns text, layout int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE %I (%s)', name, columns);
  IF layout = 2 THEN
    EXECUTE format('ALTER TABLE %I ALTER long SET STORAGE EXTERNAL', name);
  END IF;
END $$;

CREATE FUNCTION fill(target regclass, day int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($f$
    INSERT INTO %s (shop, id, name, amount, flag, small, ratio, tags, doc, long, code)
    SELECT 'S' || i %% 7, i,
           CASE WHEN random_of(i || 'n' || change, 5) > 0 THEN 'Name ' || random_of(i || 'm' || change, 3) END,
           (random_of(i || 'a' || change, 4))::numeric(10,2)::text::numeric, random_of(i || 'f' || change, 2) = 0,
           random_of(i || 's' || change, 3)::smallint,
           (ARRAY[0, '-0', 'NaN', 'Infinity', 1.5]::float8[])[1 + random_of(i || 'r' || change, 5)],
           CASE WHEN random_of(i || 't' || change, 4) > 0 THEN ARRAY['a', NULL, 'c'] END,
           jsonb_build_object('n', random_of(i || 'd' || change, 3)),
           CASE WHEN random_of(i || 'l' || change, 3) > 0 THEN repeat('long text ', 1 + 400 * random_of(i || 'k' || change, 3)) END,
           (ARRAY['x', 'xy', 'xyz'])[1 + random_of(i || 'c' || change, 3)]
      FROM (SELECT i, (SELECT count(*) FROM generate_series(1, %s) AS d WHERE random_of(i || 'day' || d, 4) = 0)::text AS change
              FROM generate_series(1, 300) i
             WHERE random_of(i || 'there' || %s, 10) > 0) AS s
     ORDER BY random_of(i || 'o', 1000), i$f$, target, day, day);
END $$;

-- 1: the dimension lies like the source. 2: other order, other storage, other columns in between. 3: columns were dropped and added.
CREATE TABLE layouts (layout int, dimension text, source text);
INSERT INTO layouts VALUES
  (1, 'v bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shop text COLLATE "C" NOT NULL, id bigint NOT NULL, name text, amount numeric, flag boolean, small smallint, ratio float8, tags text[], doc jsonb, long text, code char(4), valid_from timestamptz NOT NULL, valid_to timestamptz NOT NULL, is_current boolean NOT NULL',
      'shop text COLLATE "C" NOT NULL, id bigint NOT NULL, name text, amount numeric, flag boolean, small smallint, ratio float8, tags text[], doc jsonb, long text, code char(4)'),
  (2, 'is_current boolean NOT NULL, valid_to date NOT NULL, code char(4), name text, amount numeric, flag boolean, small smallint, shop text COLLATE "C" NOT NULL, ratio float8, tags text[], doc jsonb, valid_from date NOT NULL, long text, id bigint NOT NULL, v int GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
      'id bigint NOT NULL, extra text DEFAULT ''more'', code char(4), amount numeric, name text COLLATE "C", tags text[], flag boolean, small smallint, ratio float8, doc jsonb, long text, shop text COLLATE "C" NOT NULL, loaded timestamptz DEFAULT ''2020-01-01'''),
  (3, 'v bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone int, shop text COLLATE "C" NOT NULL, id bigint NOT NULL, name text, amount numeric, flag boolean, small smallint, ratio float8, tags text[], doc jsonb, valid_from timestamp NOT NULL, valid_to timestamp, long text',
      'shop text COLLATE "C" NOT NULL, gone int, id bigint NOT NULL, name text, amount numeric, flag boolean, small smallint, ratio float8, tags text[], doc jsonb, long text');

CREATE FUNCTION compare(how int) RETURNS TABLE (day int, way text, inserted bigint, changed bigint, unchanged bigint, deleted bigint, rejected bigint)
LANGUAGE plpgsql AS $$
DECLARE
  l layouts%ROWTYPE;
  w text;
  late bigint;
BEGIN
  SELECT * INTO l FROM layouts WHERE layout = how;
  FOREACH w IN ARRAY '{keyed, unkeyed, cast}'::text[] LOOP
    EXECUTE format('CREATE TABLE %I (%s)', 'dim_' || w, l.dimension);
    PERFORM make_source('src_' || w, l.source, how);
    IF how = 3 THEN
      EXECUTE format('ALTER TABLE %I DROP gone, ADD code char(4) DEFAULT ''xy''', 'dim_' || w);
      EXECUTE format('ALTER TABLE %I DROP gone, ADD code char(4) DEFAULT ''xy''', 'src_' || w);
    END IF;
    PERFORM starhouse.scd_register(('dim_' || w)::regclass, '{shop, id}', type1 => '{flag}', type0 => '{small}',
      valid_from => 'valid_from', valid_to => 'valid_to', current_flag => CASE WHEN how < 3 THEN 'is_current' END, surrogate => 'v',
      open_end => CASE WHEN how < 3 THEN 'infinity' END);
  END LOOP;
  ALTER TABLE src_keyed ADD PRIMARY KEY (shop, id);
  CREATE VIEW snap_cast AS SELECT shop, id, CAST(name AS varchar) AS name, amount, flag, small, ratio, tags, doc, long, code FROM src_cast;
  FOR n IN 1..6 LOOP
    day := n;
    FOREACH way IN ARRAY '{keyed, unkeyed, cast}'::text[] LOOP
      EXECUTE format('TRUNCATE %I', 'src_' || way);
      PERFORM fill(('src_' || way)::regclass, n);
      IF way <> 'keyed' AND n > 2 THEN
        -- repeated rows say nothing new
        EXECUTE format('INSERT INTO %1$I SELECT * FROM %1$I WHERE id %% 50 = 0', 'src_' || way);
      END IF;
      EXECUTE format('CALL starhouse.scd2_merge(%L, %L, ''snapshot'', missing => ''close'', as_of => %L)', 'dim_' || way,
                     CASE WHEN way = 'cast' THEN 'snap_cast' ELSE 'src_' || way END, timestamptz '2024-01-01' + n * interval '1 day')
        INTO inserted, changed, unchanged, late, deleted, rejected;
      IF way <> 'keyed' AND n > 2 THEN
        EXECUTE format('SELECT $1 - count(*) FROM (SELECT shop, id FROM %I GROUP BY 1, 2 HAVING count(*) > 1) AS r', 'src_' || way)
          INTO unchanged USING unchanged;
      END IF;
      RETURN NEXT;
    END LOOP;
  END LOOP;
END $$;

CREATE FUNCTION equal_dimensions() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  same boolean;
BEGIN
  SELECT bool_and(count = 0) INTO same FROM (
    SELECT (SELECT count(*) FROM ((SELECT to_jsonb(d) - 'v' FROM dim_keyed d EXCEPT ALL SELECT to_jsonb(d) - 'v' FROM dim_unkeyed d)
             UNION ALL (SELECT to_jsonb(d) - 'v' FROM dim_unkeyed d EXCEPT ALL SELECT to_jsonb(d) - 'v' FROM dim_keyed d)) AS x)
    UNION ALL
    SELECT (SELECT count(*) FROM ((SELECT to_jsonb(d) - 'v' FROM dim_keyed d EXCEPT ALL SELECT to_jsonb(d) - 'v' FROM dim_cast d)
             UNION ALL (SELECT to_jsonb(d) - 'v' FROM dim_cast d EXCEPT ALL SELECT to_jsonb(d) - 'v' FROM dim_keyed d)) AS x)) AS c;
  RETURN same;
END $$;

-- rows with a key come from pages, in the order of their indexes; those without one from a sort
SET enable_sort = off;
SET enable_seqscan = off;
SELECT day, string_agg(DISTINCT format('%s inserted, %s changed, %s unchanged, %s deleted, %s rejected', inserted, changed, unchanged, deleted, rejected), '; ') AS merges
  FROM compare(1) GROUP BY day ORDER BY day;
RESET enable_sort;
RESET enable_seqscan;
SELECT equal_dimensions(), count(*) > 600 AS versions FROM dim_keyed;
SELECT * FROM starhouse.scd_check('dim_unkeyed');

-- contradicting rows of one key: none of them is taken, whichever comes first, and also where one says what is in force
INSERT INTO src_unkeyed SELECT shop, id, 'Other', amount, flag, small, ratio, tags, doc, long, code FROM src_unkeyed WHERE id IN (SELECT min(id) FROM src_unkeyed);
INSERT INTO src_cast SELECT shop, id, 'Other', amount, flag, small, ratio, tags, doc, long, code FROM src_cast WHERE id IN (SELECT min(id) FROM src_cast);
CALL starhouse.scd2_merge('dim_unkeyed', 'src_unkeyed', 'snapshot', missing => 'close', as_of => '2024-01-10');
CALL starhouse.scd2_merge('dim_cast', 'snap_cast', 'snapshot', missing => 'close', as_of => '2024-01-10');
SELECT dim, key, sequence, reason_code, row_content->'name' AS name FROM pg_temp.scd_rejects ORDER BY dim::text, row_content->'name';
-- one of three: the same
DELETE FROM src_unkeyed WHERE name = 'Other';
INSERT INTO src_unkeyed SELECT * FROM src_unkeyed WHERE id IN (SELECT min(id) FROM src_unkeyed);
INSERT INTO src_unkeyed (shop, id, name) SELECT shop, id, 'Third' FROM src_unkeyed WHERE id IN (SELECT min(id) FROM src_unkeyed) LIMIT 1;
CALL starhouse.scd2_merge('dim_unkeyed', 'src_unkeyed', 'snapshot', missing => 'close', as_of => '2024-01-11');

DROP TABLE dim_keyed, dim_unkeyed, dim_cast, src_keyed, src_unkeyed, src_cast CASCADE;
SELECT day, string_agg(DISTINCT format('%s inserted, %s changed, %s unchanged, %s deleted, %s rejected', inserted, changed, unchanged, deleted, rejected), '; ') AS merges
  FROM compare(2) GROUP BY day ORDER BY day;
SELECT equal_dimensions(), count(*) > 600 AS versions FROM dim_keyed;
DROP TABLE dim_keyed, dim_unkeyed, dim_cast, src_keyed, src_unkeyed, src_cast CASCADE;
SELECT day, string_agg(DISTINCT format('%s inserted, %s changed, %s unchanged, %s deleted, %s rejected', inserted, changed, unchanged, deleted, rejected), '; ') AS merges
  FROM compare(3) GROUP BY day ORDER BY day;
SELECT equal_dimensions(), count(*) > 600 AS versions FROM dim_keyed;

-- values that differ in their bytes alone are no change
CREATE TABLE same_dim (v bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id int NOT NULL, n numeric, r float8, c char(5), t text, valid_from timestamptz NOT NULL, valid_to timestamptz NOT NULL, is_current boolean NOT NULL);
CREATE TABLE same_src (id int PRIMARY KEY, n numeric, r float8, c char(5), t text);
ALTER TABLE same_src ALTER t SET STORAGE EXTERNAL;
SELECT starhouse.scd_register('same_dim', '{id}');
INSERT INTO same_src VALUES (1, 1.0, 0, 'a', repeat('x', 3000)), (2, NULL, 'NaN', NULL, NULL), (3, 1, 1, 'b', 'short');
CALL starhouse.scd2_merge('same_dim', 'same_src', 'snapshot', missing => 'close', as_of => '2024-01-01');
UPDATE same_src SET n = 1.00, r = '-0' WHERE id = 1;
CALL starhouse.scd2_merge('same_dim', 'same_src', 'snapshot', missing => 'close', as_of => '2024-01-02');
-- and one byte in a long text is one
UPDATE same_src SET t = overlay(t PLACING 'y' FROM 2999) WHERE id = 1;
CALL starhouse.scd2_merge('same_dim', 'same_src', 'snapshot', missing => 'close', as_of => '2024-01-03');
-- a version that starts after the snapshot's time is not what was in force
SELECT id, valid_from::date FROM same_dim WHERE is_current ORDER BY id;
UPDATE same_dim SET valid_from = '2024-02-01' WHERE id = 3;
CALL starhouse.scd2_merge('same_dim', 'same_src', 'snapshot', missing => 'close', as_of => '2024-01-04');
SELECT id, valid_from::date AS "from", valid_to::date AS "to" FROM same_dim WHERE id = 3 ORDER BY 2;
-- compared in order, a source is read once; a join reads it again for what changed, and to count it
CREATE SEQUENCE reads;
CREATE VIEW counted AS SELECT id, n, r, c, t FROM same_src WHERE nextval('reads') > 0;
CALL starhouse.scd2_merge('same_dim', 'counted', 'snapshot', missing => 'close', as_of => '2024-01-04 12:00');
SELECT last_value = (SELECT count(*) FROM same_src) AS read_once FROM reads;
CREATE VIEW counted_cast AS SELECT id, n::text::numeric AS n, r, c, CAST(t AS varchar) AS t FROM counted;
CALL starhouse.scd2_merge('same_dim', 'counted_cast', 'snapshot', missing => 'close', as_of => '2024-01-04 13:00');
SELECT last_value > 2 * (SELECT count(*) FROM same_src) AS read_again FROM reads;
-- who may not read a column of the source that plays no part merges all the same
ALTER TABLE same_src ADD secret text;
DO $$ BEGIN CREATE ROLE scd_compare_loader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA scd_compare, starhouse TO scd_compare_loader;
GRANT SELECT, INSERT, UPDATE, DELETE ON same_dim TO scd_compare_loader;
GRANT SELECT (id, n, r, c, t) ON same_src TO scd_compare_loader;
SELECT format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO scd_compare_loader', t) FROM starhouse.scd_dimension AS d,
  unnest(ARRAY[d.memory_table, d.journal_table, d.reject_table]) AS t WHERE d.dimension = 'same_dim'::regclass AND t IS NOT NULL \gexec
SET ROLE scd_compare_loader;
CALL starhouse.scd2_merge('same_dim', 'same_src', 'snapshot', missing => 'close', as_of => '2024-01-05');
RESET ROLE;
DROP SCHEMA scd_compare CASCADE;
DROP OWNED BY scd_compare_loader;
DROP ROLE scd_compare_loader;
