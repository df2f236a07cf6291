-- Keeps open_order and order_quarter (11-open-orders.sql). Called by refresh_orders (25-refresh.sql), whose batches take turns, and by hand.

CREATE FUNCTION keep_open_orders(before timestamptz, latest timestamptz, any_known boolean) RETURNS void
LANGUAGE plpgsql VOLATILE
-- Open orders are looked up by their id: how many there are is not looked at, and neither is the index's either end, where those lie that are there no more.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_nestloop = on SET enable_bitmapscan = off SET enable_seqscan = off SET jit = off
AS $body$
DECLARE
  since timestamptz := coalesce(latest - interval '48 hours', '-infinity');
BEGIN
  -- An order that is new has no row; one that ends within the batch it comes with never gets one.
  IF any_known THEN
    EXECUTE $sql$
      DELETE FROM open_order o USING pg_temp.order_state s
      WHERE s.is_known AND (s.delivered_time IS NOT NULL OR s.cancelled_time IS NOT NULL OR s.may_have_moved) AND o.order_id = s.order_id
        AND (s.delivered_time IS NOT NULL OR s.cancelled_time IS NOT NULL OR o.order_event_time <> s.event_time)$sql$;
  END IF;
  -- Most that are open go on as they were.
  EXECUTE $sql$
    INSERT INTO open_order (order_id, order_event_time, waits)
    SELECT s.order_id, s.event_time, s.waits
    FROM (SELECT n.*, n.driver_key = '?' AND n.status IN ('PLACED', 'ACCEPTED', 'PREPARED') AS waits FROM pg_temp.order_state n
          WHERE n.delivered_time IS NULL AND n.cancelled_time IS NULL AND n.event_time >= $1) s
    WHERE NOT s.is_known OR (SELECT o.waits FROM open_order o WHERE o.order_id = s.order_id AND o.order_event_time = s.event_time) IS DISTINCT FROM s.waits
    ON CONFLICT (order_id, order_event_time) DO UPDATE SET waits = excluded.waits$sql$ USING since;
  EXECUTE $sql$
    INSERT INTO order_quarter AS q (quarter_start, latest_end)
    SELECT date_bin('15 minutes', s.event_time, '2000-01-01 00:00Z'), max(least(s.delivered_time, s.cancelled_time))
    FROM pg_temp.order_state s
    WHERE (s.delivered_time IS NOT NULL OR s.cancelled_time IS NOT NULL) AND s.event_time >= $1
    GROUP BY 1 ORDER BY 1
    ON CONFLICT (quarter_start) DO UPDATE SET latest_end = excluded.latest_end WHERE excluded.latest_end > q.latest_end$sql$ USING since;
  -- Once an hour of the events.
  IF date_bin('1 hour', latest, '2000-01-01 00:00Z') > date_bin('1 hour', before, '2000-01-01 00:00Z') THEN
    EXECUTE 'DELETE FROM open_order o WHERE o.order_event_time < $1' USING since;
    EXECUTE 'DELETE FROM order_quarter q WHERE q.quarter_start <= $1 - interval ''15 minutes''' USING since;
  END IF;
END
$body$;
COMMENT ON FUNCTION keep_open_orders(timestamptz, timestamptz, boolean) IS
'After the orders of order_state have gone to orders_fact: puts those that are open into open_order, takes those that have ended, or whose row has moved, out of it (any_known: whether some were known before), and notes the ends in order_quarter. before and latest are the latest event of all before the batch and with it (NULL: not known, nothing is too old): what is 48 hours older is left out, and taken away once an hour of the events. Called by refresh_orders with search_path = the warehouse, starhouse.';

CREATE FUNCTION fill_open_orders(home regclass DEFAULT 'open_order') RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on SET enable_mergejoin = on SET enable_nestloop = on
AS $body$
DECLARE
  since timestamptz;
  orders bigint;
BEGIN
  -- A snapshot of before the turn does not show what a batch has changed that was waited for.
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'open orders cannot be looked for at isolation level %', current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state',
      HINT = 'Use READ COMMITTED: facts that others have committed meanwhile must be visible.';
  END IF;
  PERFORM set_config('search_path', coalesce((SELECT c.relnamespace::regnamespace || ', starhouse, pg_temp' FROM pg_class c WHERE c.oid = home), ''), true);
  LOCK TABLE delivery_fact IN SHARE ROW EXCLUSIVE MODE;
  since := coalesce(kpi_now() - interval '48 hours', '-infinity');
  -- What is right stays as it is.
  EXECUTE $sql$
    DELETE FROM open_order o
    WHERE o.order_event_time < $1 OR NOT EXISTS (
      SELECT FROM orders_fact f WHERE f.event_time = o.order_event_time AND f.order_id = o.order_id AND f.delivered_time IS NULL AND f.cancelled_time IS NULL)$sql$ USING since;
  EXECUTE $sql$
    INSERT INTO open_order AS o (order_id, order_event_time, waits)
    SELECT f.order_id, f.event_time, f.driver_key = '?' AND f.status IN ('PLACED', 'ACCEPTED', 'PREPARED')
    FROM orders_fact f
    WHERE f.delivered_time IS NULL AND f.cancelled_time IS NULL AND f.event_time >= $1
    ON CONFLICT (order_id, order_event_time) DO UPDATE SET waits = excluded.waits WHERE o.waits <> excluded.waits$sql$ USING since;
  EXECUTE 'DELETE FROM order_quarter';
  EXECUTE $sql$
    INSERT INTO order_quarter (quarter_start, latest_end)
    SELECT date_bin('15 minutes', f.event_time, '2000-01-01 00:00Z'), max(least(f.delivered_time, f.cancelled_time))
    FROM orders_fact f
    WHERE (f.delivered_time IS NOT NULL OR f.cancelled_time IS NOT NULL) AND f.event_time >= $1
    GROUP BY 1 ORDER BY 1$sql$ USING since;
  EXECUTE 'SELECT count(*) FROM open_order' INTO orders;
  RETURN orders;
END
$body$;
COMMENT ON FUNCTION fill_open_orders(regclass) IS
'Makes open_order and order_quarter anew from orders_fact, and returns the number of open orders: after facts were changed by hand; sum_up_days() does it, too, when it sums up days. Batches wait meanwhile. home, a table of the warehouse to work on, is the function''s own and needs not be given; NULL is an error (42P01), another isolation level than READ COMMITTED, too (25000).';
