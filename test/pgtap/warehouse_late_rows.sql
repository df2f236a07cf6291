-- Rows of dimension feeds that tell only some columns, in every order of arrival: a late one reaches the versions after it that said nothing of the
-- matter, and all orders give one history. For every Type-2 dimension of the three warehouses.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT plan(27);

CREATE FUNCTION pg_temp.load(warehouse name, feed text, VARIADIC records jsonb[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  source record;
  batch bigint;
BEGIN
  SELECT * INTO source FROM starhouse.load_open(warehouse, feed, 'test', NULL, NULL, NULL);
  batch := starhouse.batch_begin(warehouse, feed, source.source_id, source.epoch, source.next_record);
  TRUNCATE pg_temp.batch;
  INSERT INTO pg_temp.batch
  SELECT (jsonb_populate_record(NULL::pg_temp.batch, r.record || jsonb_build_object('record_no', r.n, 'line_hash', hashtextextended(r.record::text, 0)))).*
  FROM unnest(records) WITH ORDINALITY AS r(record, n);
  RETURN starhouse.batch_finish(warehouse, feed, batch, cardinality(records) + 1, cardinality(records), 0);
END $$;

-- In January a row tells both columns, in February one the first, in March one the second.
CREATE TEMP TABLE dimension (kind text, feed text, key text, a text, b text, history text, a_column text, b_column text);
INSERT INTO dimension VALUES
  ('shopsmart', 'customers', 'customer_id', 'city', 'loyalty_level', 'customer_history', 'city', 'loyalty_level'),
  ('shopsmart', 'products', 'product_id', 'brand', 'category', 'product_history', 'brand', 'category'),
  ('quickeats', 'customers', 'customer_id', 'device_type', 'city', 'customer_history', 'device_type', 'city'),
  ('quickeats', 'restaurants', 'restaurant_id', 'cuisine_type', 'city', 'restaurant_history', 'cuisine_type', 'city'),
  ('quickeats', 'drivers', 'driver_id', 'experience_level', 'vehicle_type', 'driver_history', 'experience_level', 'vehicle_type');
SELECT starhouse.create_warehouse(kind, 'late ' || kind, 'UTC', calendar_from => '2025-01-01', calendar_to => '2025-12-31') FROM unnest('{shopsmart,quickeats,streamflix}'::text[]) kind \g /dev/null

CREATE FUNCTION pg_temp.history_of(d dimension, id text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text;
BEGIN
  EXECUTE format('SELECT string_agg(concat_ws('' '', to_char(valid_from, ''Mon''), coalesce(%I::text, ''-''), coalesce(%I::text, ''-'')), '', '' ORDER BY valid_from) FROM %I.%I WHERE %I = $1',
                 d.a_column, d.b_column, 'late ' || d.kind, d.history, d.key) USING id INTO said;
  RETURN said;
END $$;
CREATE FUNCTION pg_temp.check_orders(d dimension, wanted text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  -- Values that a feed's list of words leaves as they are.
  first text[] := CASE d.feed WHEN 'drivers' THEN '{Junior,Senior}' WHEN 'products' THEN '{Orbita,Zentek}' ELSE '{Alpha,Beta}' END;
  second text[] := CASE d.b WHEN 'vehicle_type' THEN '{Bike,Car}' WHEN 'loyalty_level' THEN '{Silver,Gold}' ELSE '{Pune,Goa}' END;
  n integer := 0;
  m integer;
  chosen integer[];
  id text;
BEGIN
  FOREACH chosen SLICE 1 IN ARRAY '{{1,2,3},{1,3,2},{2,1,3},{2,3,1},{3,1,2},{3,2,1}}'::integer[] LOOP
    n := n + 1;
    id := d.feed || n;
    FOREACH m IN ARRAY chosen LOOP
      PERFORM pg_temp.load(('late ' || d.kind)::name, d.feed, CASE m
        WHEN 1 THEN jsonb_build_object(d.key, id, d.a, first[1], d.b, second[1], 'effective_at', '2025-01-01 00:00Z')
        WHEN 2 THEN jsonb_build_object(d.key, id, d.a, first[2], 'effective_at', '2025-02-01 00:00Z')
        ELSE jsonb_build_object(d.key, id, d.b, second[2], 'effective_at', '2025-03-01 00:00Z') END);
    END LOOP;
  END LOOP;
  RETURN NEXT is((SELECT string_agg(DISTINCT pg_temp.history_of(d, d.feed || g), E'\n') FROM generate_series(1, n) g), wanted, format('%s %s: one history in all six orders', d.kind, d.feed));
  -- The same in one batch.
  PERFORM pg_temp.load(('late ' || d.kind)::name, d.feed,
    jsonb_build_object(d.key, 'all', d.b, second[2], 'effective_at', '2025-03-01 00:00Z'),
    jsonb_build_object(d.key, 'all', d.a, first[2], 'effective_at', '2025-02-01 00:00Z'),
    jsonb_build_object(d.key, 'all', d.a, first[1], d.b, second[1], 'effective_at', '2025-01-01 00:00Z'));
  RETURN NEXT is(pg_temp.history_of(d, 'all'), wanted, format('%s %s: and in one batch', d.kind, d.feed));
  -- None told all columns: names are told by nobody.
  EXECUTE format('SELECT count(*) FROM %I.%I', 'late ' || d.kind, d.history || '_scd_memory') INTO m;
  RETURN NEXT is(m, 21, format('%s %s: a row of memory for each version', d.kind, d.feed));
  PERFORM pg_temp.load(('late ' || d.kind)::name, d.feed, jsonb_build_object(d.key, 'all', d.a, first[2], 'effective_at', '2025-04-01 00:00Z'));
  EXECUTE format('SELECT count(*) FROM %I.%I', 'late ' || d.kind, d.history || '_scd_memory') INTO n;
  RETURN NEXT is(n, m, format('%s %s: one that repeats what was in force is not remembered', d.kind, d.feed));
  RETURN NEXT is((SELECT string_agg(c::text, E'\n') FROM starhouse.scd_check(format('%I.%I', 'late ' || d.kind, d.history)::regclass) c), NULL, format('%s %s: the history is sound', d.kind, d.feed));
END $$;
SELECT pg_temp.check_orders(d, CASE d.feed
    WHEN 'drivers' THEN 'Jan Junior Bike, Feb Senior Bike, Mar Senior Car'
    WHEN 'products' THEN 'Jan Orbita Pune, Feb Zentek Pune, Mar Zentek Goa'
    ELSE CASE d.b WHEN 'loyalty_level' THEN 'Jan Alpha Silver, Feb Beta Silver, Mar Beta Gold' ELSE 'Jan Alpha Pune, Feb Beta Pune, Mar Beta Goa' END END)
FROM dimension d ORDER BY d.kind, d.feed;

-- StreamFlix' users have one Type-2 column; of the others the newest row that told them counts.
DO $$
DECLARE
  chosen integer[];
  m integer;
  n integer := 0;
BEGIN
  FOREACH chosen SLICE 1 IN ARRAY '{{1,2,3},{1,3,2},{2,1,3},{2,3,1},{3,1,2},{3,2,1}}'::integer[] LOOP
    n := n + 1;
    FOREACH m IN ARRAY chosen LOOP
      PERFORM pg_temp.load('late streamflix', 'users', CASE m
        WHEN 1 THEN jsonb_build_object('user_id', 'U' || n, 'subscription_type', 'Basic', 'name', 'Ann', 'age', 30, 'effective_at', '2025-01-01 00:00Z')
        WHEN 2 THEN jsonb_build_object('user_id', 'U' || n, 'subscription_type', 'Premium', 'age', 31, 'effective_at', '2025-02-01 00:00Z')
        ELSE jsonb_build_object('user_id', 'U' || n, 'subscription_type', 'Free', 'name', 'Anne', 'effective_at', '2025-03-01 00:00Z') END);
    END LOOP;
  END LOOP;
END $$;
SELECT is((SELECT string_agg(DISTINCT h.said, E'\n')
           FROM (SELECT string_agg(concat_ws(' ', to_char(valid_from, 'Mon'), subscription_type, name, age), ', ' ORDER BY valid_from) AS said
                 FROM "late streamflix".user_history WHERE user_id LIKE 'U%' GROUP BY user_id) h),
  'Jan Basic Anne 31, Feb Premium Anne 31, Mar Free Anne 31', 'streamflix users: one history in all six orders');
SELECT is((SELECT count(*) FROM starhouse.scd_check('"late streamflix".user_history')), 0::bigint, 'streamflix users: the history is sound');
SELECT * FROM finish();
ROLLBACK;
