-- QuickEats' totals tell of restaurants and drivers what the dimensions do: reports that read them show every change of these, whoever makes it and however,
-- and read them again once the totals have taken it over.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('quickeats', 'qe names', 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31', foreign_keys => 'none') \g /dev/null
SET LOCAL search_path = 'qe names', starhouse, public;
-- Loads rows, given as JSON objects of the contract's columns, as one batch.
CREATE FUNCTION pg_temp.put(feed text, VARIADIC records jsonb[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  source record;
  batch bigint;
BEGIN
  SELECT * INTO source FROM starhouse.load_open('qe names', feed, 'test', NULL, NULL, NULL);
  batch := starhouse.batch_begin('qe names', feed, source.source_id, source.epoch, source.next_record);
  TRUNCATE pg_temp.batch;
  EXECUTE $sql$
    INSERT INTO pg_temp.batch
    SELECT (jsonb_populate_record(NULL::pg_temp.batch, '{"discount_applied": null}' || jsonb_build_object('event_hash', hashtextextended(r.record::text, 0)) || r.record || jsonb_build_object('record_no', r.n))).*
    FROM unnest($1) WITH ORDINALITY AS r(record, n)$sql$ USING records;
  RETURN (starhouse.batch_finish('qe names', feed, batch, cardinality(records) + 1, cardinality(records), 0)->>'loaded')::bigint;
END $$;
CREATE FUNCTION pg_temp.ordered(id text, restaurant text, driver text, at timestamptz) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('order_id', id, 'status', 'DELIVERED', 'event_at', at, 'restaurant_id', restaurant, 'driver_id', driver, 'total_amount', 100) $$;
-- What the reports show of members is what the dimensions say.
CREATE FUNCTION pg_temp.same(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN NEXT bag_eq('SELECT restaurant_id, restaurant_name, cuisine_type, city_name, average_rating, orders FROM kpi_top_restaurants', $q$
    SELECT f.restaurant_key, coalesce(r.name, f.restaurant_key) AS n, coalesce(r.cuisine_type, 'Unknown') AS k, coalesce(c.city_name, r.city, 'Unknown') AS c, r.avg_rating, count(*) AS orders
    FROM orders_fact f LEFT JOIN restaurant_history r ON r.restaurant_id = f.restaurant_key AND r.is_current LEFT JOIN city_dim c ON c.city_id = r.city
    GROUP BY 1, 2, 3, 4, 5$q$, what || ': restaurants');
  RETURN NEXT bag_eq('SELECT driver_id, driver_name, experience_level, city_name, deliveries FROM kpi_orders_per_driver', $q$
    SELECT f.driver_key, coalesce(d.name, f.driver_key) AS n, coalesce(d.experience_level, 'Unknown') AS l, coalesce(c.city_name, d.city, 'Unknown') AS c, count(*) AS deliveries
    FROM delivery_fact f LEFT JOIN driver_history d ON d.driver_id = f.driver_key AND d.is_current LEFT JOIN city_dim c ON c.city_id = d.city
    GROUP BY 1, 2, 3, 4$q$, what || ': drivers');
END $$;
-- A statement that changes members is seen, and so is what it changed; the totals take it over.
CREATE FUNCTION pg_temp.change(statement text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN NEXT is_empty('TABLE member_change', what || ': before');
  EXECUTE statement;
  RETURN NEXT isnt_empty('TABLE member_change', what || ': is seen');
  RETURN QUERY SELECT pg_temp.same(what);
  RETURN NEXT is(sum_up_days(), 0::bigint, what || ': no day has to be summed up');
  RETURN NEXT is_empty('TABLE member_change', what || ': taken over');
  RETURN QUERY SELECT pg_temp.same(what || ', taken over');
END $$;

SELECT is(pg_temp.put('cities', '{"city_id": "MUM", "city_name": "Mumbai"}', '{"city_id": "PUN", "city_name": "Pune"}'), 2::bigint, 'cities');
SELECT is(pg_temp.put('restaurants', '{"restaurant_id": "R1", "restaurant_name": "Rice", "cuisine_type": "Thai", "city": "MUM", "avg_rating": 4.5, "effective_at": "2025-01-01 00:00Z"}',
  '{"restaurant_id": "R2", "restaurant_name": "Dosa", "city": "GOA", "effective_at": "2025-01-01 00:00Z"}'), 2::bigint, 'restaurants, one in a city without a name');
SELECT is(pg_temp.put('drivers', '{"driver_id": "D1", "driver_name": "Ravi", "experience_level": "Junior", "city": "PUN", "effective_at": "2025-01-01 00:00Z"}'), 1::bigint, 'a driver');
SELECT isnt_empty('TABLE member_change', 'these are changes');
SELECT is(pg_temp.put('orders', pg_temp.ordered('O1', 'R1', 'D1', '2025-03-01 06:00Z'), pg_temp.ordered('O2', 'R2', 'D2', '2025-03-01 06:00Z'), pg_temp.ordered('O3', NULL, NULL, '2025-03-02 06:00Z')), 3::bigint,
  'orders, of a driver who is not known, and of nobody');
SELECT pg_temp.same('from the facts');
SELECT is(sum_up_days(), 2::bigint, 'two days');
SELECT is_empty('TABLE member_change', 'whose sums know the names');
SELECT pg_temp.same('summed up');
SELECT bag_eq('SELECT restaurant_key, restaurant_name, cuisine_type, city_name, avg_rating FROM restaurant_total', $$VALUES
  ('?', 'Unknown', 'Unknown', 'Unknown', NULL), ('R1', 'Rice', 'Thai', 'Mumbai', 4.5), ('R2', 'Dosa', 'Unknown', 'GOA', NULL)$$, 'what the totals say of restaurants');
SELECT bag_eq('SELECT driver_key, driver_name, experience_level, city_name FROM driver_total', $$VALUES
  ('?', 'Unknown', 'Unknown', 'Unknown'), ('D1', 'Ravi', 'Junior', 'Pune'), ('D2', 'D2', 'Unknown', 'Unknown')$$, 'and of drivers');
-- That the reports read them is seen by what stands there alone.
SAVEPOINT read;
UPDATE restaurant_total SET restaurant_name = 'from the totals';
UPDATE driver_total SET driver_name = 'from the totals';
SELECT is((SELECT count(*) FROM kpi_top_restaurants WHERE restaurant_name = 'from the totals'), 3::bigint, 'the report of restaurants reads them');
SELECT is((SELECT count(*) FROM kpi_orders_per_driver WHERE driver_name = 'from the totals'), 3::bigint, 'that of drivers, too');
SELECT is((SELECT count(*) FROM kpi_top_restaurants('2025-03-01', NULL) WHERE restaurant_name = 'from the totals'), 0::bigint, 'of some days it does not');
SELECT is((SELECT count(*) FROM kpi_orders_per_driver(NULL, '2025-03-01') WHERE driver_name = 'from the totals'), 0::bigint, 'nor the other');
DELETE FROM order_day WHERE day = '2025-03-02';
SELECT is((SELECT count(*) FROM kpi_top_restaurants WHERE restaurant_name = 'from the totals'), 0::bigint, 'nor where a day is open');
ROLLBACK TO read;

-- By the feeds. Merges are taken back where a journal of them is kept.
SELECT scd_register('restaurant_history', key => '{restaurant_id}', type1 => '{name,avg_rating,latitude,longitude}', surrogate => 'restaurant_version',
  remember_repeats => false, journal => true, ignore_null_updates => true) \g /dev/null
SELECT scd_register('driver_history', key => '{driver_id}', type1 => '{name,join_date}', surrogate => 'driver_version', remember_repeats => false, journal => true, ignore_null_updates => true) \g /dev/null
SELECT pg_temp.change($$SELECT pg_temp.put('restaurants', '{"restaurant_id": "R1", "restaurant_name": "Rice & Co", "cuisine_type": "Thai", "city": "MUM", "avg_rating": 4.5, "effective_at": "2025-02-01 00:00Z"}')$$, 'another name');
SELECT pg_temp.change($$SELECT pg_temp.put('restaurants', '{"restaurant_id": "R1", "avg_rating": 3.5, "effective_at": "2025-02-02 00:00Z"}')$$, 'another rating');
SELECT pg_temp.change($$SELECT pg_temp.put('restaurants', '{"restaurant_id": "R2", "cuisine_type": "Indian", "city": "PUN", "effective_at": "2025-03-03 00:00Z"}')$$, 'another version');
SELECT is((SELECT concat_ws('|', restaurant_name, cuisine_type, city_name) FROM kpi_top_restaurants WHERE restaurant_id = 'R2'), 'Dosa|Indian|Pune', 'is the present one');
SELECT pg_temp.change($$SELECT scd_undo('restaurant_history')$$, 'the merge taken back');
SELECT is((SELECT concat_ws('|', restaurant_name, cuisine_type, city_name) FROM kpi_top_restaurants WHERE restaurant_id = 'R2'), 'Dosa|Unknown|GOA', 'is the one before');
SELECT pg_temp.change($$SELECT pg_temp.put('drivers', '{"driver_id": "D2", "driver_name": "Asha", "experience_level": "Senior", "city": "MUM", "effective_at": "2025-01-01 00:00Z"}')$$, 'master data of an inferred driver');
SELECT pg_temp.change($$SELECT pg_temp.put('drivers', '{"driver_id": "D1", "driver_name": "Ravi K", "experience_level": "Regular", "effective_at": "2025-03-03 00:00Z"}')$$, 'a driver''s other version');
SELECT pg_temp.change($$SELECT scd_undo('driver_history')$$, 'taken back');
SELECT pg_temp.change($$SELECT pg_temp.put('cities', '{"city_id": "MUM", "city_name": "Bombay"}', '{"city_id": "GOA", "city_name": "Goa"}')$$, 'other names of cities');
SELECT is((SELECT string_agg(city_name, ' ' ORDER BY restaurant_id) FROM kpi_top_restaurants WHERE restaurant_id <> '?'), 'Bombay Goa', 'are those of the restaurants');
-- By hand.
SELECT pg_temp.change($$UPDATE restaurant_history SET name = 'Renamed' WHERE restaurant_id = 'R1' AND is_current$$, 'an update');
SELECT pg_temp.change($$UPDATE restaurant_history SET name = NULL, city = NULL, avg_rating = NULL WHERE restaurant_id = 'R1' AND is_current$$, 'an update to nothing');
SELECT pg_temp.change($$DELETE FROM restaurant_history WHERE restaurant_id = 'R2'$$, 'a restaurant deleted');
SELECT is((SELECT concat_ws('|', restaurant_name, cuisine_type, city_name) FROM kpi_top_restaurants WHERE restaurant_id = 'R2'), 'R2|Unknown|Unknown', 'is its key');
SELECT pg_temp.change($$INSERT INTO restaurant_history (restaurant_id, name, valid_from) VALUES ('R2', 'Again', '2025-01-01')$$, 'and put in again');
SELECT pg_temp.change($$DELETE FROM driver_history WHERE driver_id = 'D1'$$, 'a driver deleted');
SELECT pg_temp.change($$DELETE FROM city_dim WHERE city_id = 'MUM'$$, 'a city deleted');
SELECT pg_temp.change($$INSERT INTO city_dim (city_id, city_name) VALUES ('MUM', 'Mumbai')$$, 'and put in again');
SELECT pg_temp.change($$UPDATE driver_history SET city = 'PUN', name = 'Every' WHERE is_current$$, 'all drivers');
CREATE TEMP TABLE renamed AS SELECT 'R1' AS id, 'Copied' AS name;
SELECT pg_temp.change($$UPDATE restaurant_history h SET name = n.name FROM renamed n WHERE n.id = h.restaurant_id$$, 'from another table');
SAVEPOINT emptied;
SELECT pg_temp.change($$TRUNCATE city_dim$$, 'no cities');
SELECT pg_temp.change($$TRUNCATE driver_history$$, 'no drivers');
SELECT pg_temp.change($$TRUNCATE restaurant_history$$, 'no restaurants');
ROLLBACK TO emptied;
SELECT is_empty('TABLE member_change', 'a change rolled back is none');
SELECT pg_temp.same('rolled back');
-- A change, then another one before the totals take them over; and a rename that is rolled back alone.
UPDATE restaurant_history SET name = 'First' WHERE restaurant_id = 'R1';
SAVEPOINT again;
UPDATE restaurant_history SET name = 'Second' WHERE restaurant_id = 'R1';
SELECT sum_up_days() \g /dev/null
SELECT pg_temp.same('two changes');
ROLLBACK TO again;
SELECT is((SELECT restaurant_name FROM kpi_top_restaurants WHERE restaurant_id = 'R1'), 'First', 'the second one and its sums rolled back');
SELECT isnt_empty('TABLE member_change', 'the first one is still to be taken over');
SELECT pg_temp.same('the first');
SELECT sum_up_days() \g /dev/null
SELECT pg_temp.same('taken over');

-- What changes no member changes nothing here.
UPDATE restaurant_history SET name = 'x' WHERE false;
DELETE FROM driver_history WHERE false;
INSERT INTO city_dim (city_id) SELECT 'x' WHERE false;
UPDATE customer_history SET name = 'x';
SELECT is(pg_temp.put('orders', pg_temp.ordered('O2', 'R2', 'D2', '2025-03-01 06:00Z')), 0::bigint, 'an order that is known');
SELECT is_empty('TABLE member_change', 'no statement that changed no row, and no change of customers is in the way');

-- New members, on a day that is summed up alone: their rows are new, and those of the others stay.
SELECT is(pg_temp.put('orders', pg_temp.ordered('O4', 'R4', 'D4', '2025-03-03 06:00Z')), 1::bigint, 'an order of a new restaurant');
SELECT pg_temp.same('inferred');
SELECT sum_up_day('2025-03-03') \g /dev/null
SELECT is_empty('TABLE member_change', 'taken over with the day');
SELECT pg_temp.same('inferred, summed up');
SELECT pg_temp.put('restaurants', '{"restaurant_id": "R5", "restaurant_name": "Five", "city": "PUN", "effective_at": "2025-01-01 00:00Z"}') \g /dev/null
SELECT sum_up_days() \g /dev/null
SELECT is(pg_temp.put('orders', pg_temp.ordered('O5', 'R5', 'D2', '2025-03-03 07:00Z')), 1::bigint, 'an order of one that is known, but not to the totals');
SELECT is_empty('TABLE member_change', 'is no change of members');
UPDATE restaurant_total SET restaurant_name = 'as it was' WHERE restaurant_key = 'R2';
SELECT sum_up_days() \g /dev/null
SELECT is((SELECT restaurant_name FROM restaurant_total WHERE restaurant_key = 'R5'), 'Five', 'its name is looked up');
SELECT is((SELECT restaurant_name FROM restaurant_total WHERE restaurant_key = 'R2'), 'as it was', 'others are not');
UPDATE restaurant_total SET restaurant_name = 'Again' WHERE restaurant_key = 'R2';
SELECT pg_temp.same('one more');
SELECT is(total_names(), 0::bigint, 'nothing left to do');

-- The warehouse is the one whose table was changed, whatever the search_path and its name are.
ALTER SCHEMA "qe names" RENAME TO "qe ""names""";
SET LOCAL search_path = public;
UPDATE "qe ""names""".restaurant_history SET name = 'Elsewhere' WHERE restaurant_id = 'R1' AND is_current;
SELECT is((SELECT restaurant_name FROM "qe ""names""".kpi_top_restaurants WHERE restaurant_id = 'R1'), 'Elsewhere', 'a renamed warehouse');
SELECT "qe ""names""".sum_up_days() \g /dev/null
SELECT is_empty('TABLE "qe ""names""".member_change', 'is summed up');
SET LOCAL search_path = 'qe "names"', starhouse, public;
SELECT pg_temp.same('renamed warehouse');
-- Whoever may read the reports needs no more for these.
CREATE ROLE qe_names_reader;
SELECT starhouse.grant_bi_role('qe "names"', 'qe_names_reader') \g /dev/null
SET LOCAL ROLE qe_names_reader;
SELECT is((SELECT count(*) FROM kpi_top_restaurants), 5::bigint, 'restaurants for a reader');
SELECT is((SELECT count(*) FROM kpi_orders_per_driver), 4::bigint, 'and drivers');
RESET ROLE;
-- Who may change members needs no more for that, either.
CREATE ROLE qe_names_editor;
GRANT USAGE ON SCHEMA "qe ""names""" TO qe_names_editor;
GRANT SELECT, INSERT, UPDATE, DELETE ON restaurant_history, city_dim TO qe_names_editor;
SET LOCAL ROLE qe_names_editor;
UPDATE restaurant_history SET name = 'Edited' WHERE restaurant_id = 'R1' AND is_current;
INSERT INTO city_dim (city_id, city_name) VALUES ('MUM', 'by an editor') ON CONFLICT (city_id) DO UPDATE SET city_name = excluded.city_name;
RESET ROLE;
SELECT is((SELECT restaurant_name FROM kpi_top_restaurants WHERE restaurant_id = 'R1'), 'Edited', 'what another role changed');
SELECT pg_temp.same('changed by another role');
SELECT * FROM finish();
ROLLBACK;
