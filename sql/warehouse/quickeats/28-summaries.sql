-- Keeps order_day and the sums of its days (11-summaries.sql). Called by the feeds' steps, whose batches take turns, and by hand: home, a table
-- by its OID, tells which warehouse is meant, also after it was renamed or restored.

-- Whatever joins are off in the step that calls it.
CREATE FUNCTION sum_up_day(d date, home regclass DEFAULT 'order_day', alone boolean DEFAULT true) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on SET enable_mergejoin = on SET enable_nestloop = on
AS $body$
DECLARE
  hours bigint;
BEGIN
  -- A snapshot of before the turn does not show what a batch has changed that was waited for.
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'days cannot be summed up at isolation level %', current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state',
      HINT = 'Use READ COMMITTED: facts that others have committed meanwhile must be visible.';
  END IF;
  -- By the names of this warehouse, whatever the caller's search_path holds.
  PERFORM set_config('search_path', coalesce((SELECT c.relnamespace::regnamespace || ', starhouse, pg_temp' FROM pg_class c WHERE c.oid = home), ''), true);
  -- The turn of the batches, so that none changes the day meanwhile, and no other call the totals.
  LOCK TABLE delivery_fact IN SHARE ROW EXCLUSIVE MODE;
  IF alone AND EXISTS (SELECT FROM total_day t WHERE t.day = d) THEN
    PERFORM total_days(ARRAY[d], -1);
  END IF;
  EXECUTE 'DELETE FROM order_hour WHERE time_key >= $1::timestamp AND time_key < ($1 + 1)::timestamp' USING d;
  EXECUTE 'INSERT INTO order_hour SELECT * FROM kpi_order_hour_of($1)' USING d;
  GET DIAGNOSTICS hours = ROW_COUNT;
  EXECUTE 'DELETE FROM restaurant_day WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO restaurant_day SELECT * FROM kpi_restaurant_day_of($1)' USING d;
  EXECUTE 'DELETE FROM driver_day WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO driver_day SELECT * FROM kpi_driver_day_of($1)' USING d;
  EXECUTE 'DELETE FROM delivery_minutes WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO delivery_minutes SELECT * FROM kpi_delivery_minutes_of($1)' USING d;
  EXECUTE 'DELETE FROM city_day WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO city_day SELECT * FROM kpi_city_day_of($1)' USING d;
  EXECUTE 'DELETE FROM restaurant_score_day WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO restaurant_score_day SELECT * FROM kpi_restaurant_score_day_of($1)' USING d;
  EXECUTE 'DELETE FROM driver_score_day WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO driver_score_day SELECT * FROM kpi_driver_score_day_of($1)' USING d;
  -- Orders are looked at once for the tables that take the same of them.
  EXECUTE 'DELETE FROM driver_busy WHERE day = $1' USING d;
  EXECUTE 'DELETE FROM driver_spans WHERE day = $1' USING d;
  EXECUTE $sql$
    WITH driven AS MATERIALIZED (
      SELECT * FROM kpi_driver_busy_of($1)
    ), spans AS (
      INSERT INTO driver_spans SELECT b.day, b.driver_key, b.spans FROM driven b WHERE b.spans IS NOT NULL)
    INSERT INTO driver_busy
    SELECT b.day, b.driver_key, b.deliveries, b.untimed_orders, b.order_time, b.busy_time, b.first_start, b.last_end, b.reaches_out FROM driven b$sql$ USING d;
  EXECUTE 'DELETE FROM driver_online WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO driver_online SELECT * FROM kpi_driver_online_of($1)' USING d;
  EXECUTE 'DELETE FROM driver_set WHERE time_key >= $1::timestamp AND time_key < ($1 + 1)::timestamp' USING d;
  EXECUTE $sql$
    INSERT INTO driver_number (driver_key, number)
    SELECT f.driver_key, (SELECT coalesce(max(n.number) + 1, 0) FROM driver_number n) + row_number() OVER (ORDER BY f.driver_key) - 1
    FROM (SELECT DISTINCT h.driver_key FROM kpi_driver_hours_of($1) h) f
    WHERE NOT EXISTS (SELECT FROM driver_number n WHERE n.driver_key = f.driver_key)$sql$ USING d;
  -- Words of 64 bits, put together in the order of their numbers.
  EXECUTE $sql$
    WITH words AS MATERIALIZED (
      SELECT h.hour_start, h.time_key, n.number / 64 AS word, bit_or(1::bigint << (63 - n.number % 64)) AS online,
             bit_or(1::bigint << (63 - n.number % 64)) FILTER (WHERE h.is_available) AS available
      FROM kpi_driver_hours_of($1) h JOIN driver_number n ON n.driver_key = h.driver_key
      GROUP BY 1, 2, 3
    ), places AS (
      SELECT k.hour_start, k.time_key, k.chunk, k.chunk * 128 + g.place AS word
      FROM (SELECT DISTINCT w.hour_start, w.time_key, w.word / 128 AS chunk FROM words w) k CROSS JOIN generate_series(0, 127) AS g (place))
    INSERT INTO driver_set (hour_start, time_key, chunk, available, online)
    SELECT p.hour_start, p.time_key, p.chunk, ('x' || string_agg(lpad(to_hex(coalesce(w.available, 0)), 16, '0'), '' ORDER BY p.word))::bit(8192),
           ('x' || string_agg(lpad(to_hex(coalesce(w.online, 0)), 16, '0'), '' ORDER BY p.word))::bit(8192)
    FROM places p LEFT JOIN words w ON w.hour_start = p.hour_start AND w.word = p.word
    GROUP BY p.hour_start, p.time_key, p.chunk$sql$ USING d;
  EXECUTE 'DELETE FROM delay_cell WHERE time_key >= $1::timestamp AND time_key < ($1 + 1)::timestamp' USING d;
  EXECUTE 'INSERT INTO delay_cell SELECT * FROM kpi_delay_cell_of($1)' USING d;
  EXECUTE 'DELETE FROM customer_day WHERE day = $1' USING d;
  EXECUTE 'DELETE FROM customer_set WHERE day = $1' USING d;
  EXECUTE $sql$
    WITH customers AS MATERIALIZED (
      SELECT c.customer_key, c.orders, n.number FROM kpi_customers_of($1) c LEFT JOIN customer_number n ON n.customer_key = c.customer_key
    ), fresh AS (
      INSERT INTO customer_number (customer_key, number)
      SELECT c.customer_key, (SELECT coalesce(max(n.number) + 1, 0) FROM customer_number n) + row_number() OVER (ORDER BY c.customer_key) - 1
      FROM customers c WHERE c.number IS NULL AND c.customer_key <> '?'
      RETURNING customer_key, number
    ), counted AS (
      INSERT INTO customer_day (day, users, orders, unknown_orders)
      SELECT $1, count(*) FILTER (WHERE c.customer_key <> '?'), coalesce(sum(c.orders) FILTER (WHERE c.customer_key <> '?'), 0),
             coalesce(sum(c.orders) FILTER (WHERE c.customer_key = '?'), 0)
      FROM customers c HAVING count(*) > 0
    ), words AS MATERIALIZED (
      SELECT b.number / 64 AS word, bit_or(b.bit) AS used, bit_or(b.bit) FILTER (WHERE b.orders > 0) AS ordered, bit_or(b.bit) FILTER (WHERE b.orders > 1) AS reordered
      FROM (SELECT x.number, x.orders, 1::bigint << (63 - x.number % 64) AS bit
            FROM (SELECT c.number, c.orders FROM customers c WHERE c.number IS NOT NULL
                  UNION ALL
                  SELECT f.number, c.orders FROM fresh f JOIN customers c ON c.customer_key = f.customer_key) x) b
      GROUP BY 1
    ), places AS (
      SELECT k.chunk, k.chunk * 1024 + g.place AS word FROM (SELECT DISTINCT w.word / 1024 AS chunk FROM words w) k CROSS JOIN generate_series(0, 1023) AS g (place))
    INSERT INTO customer_set (day, chunk, used, ordered, reordered)
    SELECT $1, p.chunk,
           ('x' || string_agg(lpad(to_hex(coalesce(w.used, 0)), 16, '0'), '' ORDER BY p.word))::bit(65536),
           ('x' || string_agg(lpad(to_hex(coalesce(w.ordered, 0)), 16, '0'), '' ORDER BY p.word))::bit(65536),
           ('x' || string_agg(lpad(to_hex(coalesce(w.reordered, 0)), 16, '0'), '' ORDER BY p.word))::bit(65536)
    FROM places p LEFT JOIN words w ON w.word = p.word
    GROUP BY p.chunk$sql$ USING d;
  PERFORM sum_up_day_more(d);
  INSERT INTO order_day (day, orders, untimed_orders, conflicting_orders)
  SELECT d, coalesce(sum(m.orders), 0), coalesce(sum(m.untimed_orders), 0), coalesce(sum(m.conflicting_orders), 0) FROM order_mode_day m WHERE m.day = d
  ON CONFLICT (day) DO UPDATE
  SET (made_at, orders, untimed_orders, conflicting_orders) = (now(), excluded.orders, excluded.untimed_orders, excluded.conflicting_orders);
  IF alone THEN
    PERFORM total_days(ARRAY[d], 1);
  END IF;
  RETURN hours;
END
$body$;
COMMENT ON FUNCTION sum_up_day(date, regclass, boolean) IS
'Sums a local day up anew from the facts, for the reports, adds it to the totals in the place of what they hold of it, and returns the rows of order_hour. home, a table of the warehouse to work on, is the function''s own and needs not be given, nor alone: false leaves the totals to sum_up_days(). NULL is an error (23502), another isolation level than READ COMMITTED, too (25000).';

-- A batch has changed facts of these days: they are read from the facts until they are summed up again. Batches of orders do so unless they
-- are of a bulk load, one day each, the oldest of those that they have left behind by two days or more (late events are mostly of the day
-- before); days without orders cost nothing. What other feeds bring is of the same days, mostly: they need not sum them up as well.
CREATE FUNCTION touch_days(touched date[], sums boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  latest date := (SELECT max(t) FROM unnest(touched) t);
  d date;
BEGIN
  -- A day that another session has summed up since this transaction's snapshot would stay, for it is not seen: the key does, and the batch fails (40001).
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    INSERT INTO order_day (day) SELECT DISTINCT t FROM unnest(touched) t WHERE t IS NOT NULL ORDER BY t ON CONFLICT (day) DO UPDATE SET made_at = now();
    sums := false;
  END IF;
  DELETE FROM order_day o WHERE o.day = ANY (touched);
  IF sums THEN
    FOR d IN SELECT o FROM kpi_open_days(NULL, latest - 2) AS o WHERE o <> ALL (touched) ORDER BY o LIMIT 100 LOOP
      EXIT WHEN sum_up_day(d) > 0;
    END LOOP;
    IF d IS NOT NULL THEN
      PERFORM sum_up_weeks(true);
    END IF;
  END IF;
END
$body$;
COMMENT ON FUNCTION touch_days(date[], boolean) IS
'Takes local days out of order_day, for a batch has changed their facts; sums: sums up the oldest day that the batch has left behind, too. Called by the feeds'' steps with search_path = the warehouse, starhouse. At another isolation level than READ COMMITTED it sums up none, and a day that was summed up since the snapshot is an error (40001). NULL does nothing.';

CREATE FUNCTION sum_up_days(home regclass DEFAULT 'order_day') RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  d date;
  days bigint := 0;
BEGIN
  -- As in sum_up_day, also where no day is open, or seems so.
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'days cannot be summed up at isolation level %', current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state',
      HINT = 'Use READ COMMITTED: facts that others have committed meanwhile must be visible.';
  END IF;
  PERFORM set_config('search_path', coalesce((SELECT c.relnamespace::regnamespace || ', starhouse, pg_temp' FROM pg_class c WHERE c.oid = home), ''), true);
  -- The turn of the batches, so that none changes what is being summed up.
  LOCK TABLE delivery_fact IN SHARE ROW EXCLUSIVE MODE;
  -- What the totals hold of days that have changed is taken off by the old sums; all that are new are added at once.
  PERFORM total_days(g.days, -1) FROM (SELECT array_agg(t.day) AS days FROM total_day t WHERE t.day NOT IN (SELECT o.day FROM order_day o)) g WHERE g.days IS NOT NULL;
  FOR d IN SELECT o FROM kpi_open_days(NULL, NULL) AS o ORDER BY o LOOP
    PERFORM sum_up_day(d, home, false);
    days := days + 1;
  END LOOP;
  PERFORM total_days(n.days, 1) FROM (SELECT array_agg(o.day) AS days FROM order_day o WHERE o.day NOT IN (SELECT t.day FROM total_day t)) n WHERE n.days IS NOT NULL;
  PERFORM total_names() WHERE EXISTS (SELECT FROM member_change);
  PERFORM sum_up_weeks();
  -- Facts may have been changed by hand: then their days were open.
  IF days > 0 THEN
    PERFORM fill_open_orders(home);
  END IF;
  RETURN days;
END
$body$;
COMMENT ON FUNCTION sum_up_days(regclass) IS
'Sums up all days that are not, also those that batches are still at, and returns their number: after a large load, or at night, the reports read no facts; where there were some, open_order is filled anew, too (fill_open_orders). Batches wait meanwhile. home as in sum_up_day; NULL is an error (42P01), another isolation level than READ COMMITTED, too (25000).';
