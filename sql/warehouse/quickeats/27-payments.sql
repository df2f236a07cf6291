-- What payments tell of their orders. Functions that the feeds' steps call by the warehouse's search_path.

-- Whether it pays to read all orders of a time, as their index has them, instead of looking up each of so many.
CREATE FUNCTION orders_lie_close(first_time timestamptz, last_time timestamptz, wanted bigint) RETURNS boolean
LANGUAGE plpgsql STABLE
SET enable_seqscan = off
AS $body$
DECLARE
  read bigint;
BEGIN
  IF wanted <= 5000 THEN
    RETURN false;
  END IF;
  SELECT count(*) INTO read FROM (SELECT FROM orders_fact o WHERE o.event_time >= first_time AND o.event_time <= last_time LIMIT 3 * wanted) o;
  RETURN read < 3 * wanted;
END
$body$;
COMMENT ON FUNCTION orders_lie_close(timestamptz, timestamptz, bigint) IS
'Whether so many orders are many (more than 5,000) and fewer than three times as many lie between two moments, both included. NULL for a NULL number; a NULL moment is one between which and another nothing lies. Called by the feeds'' steps.';

-- The payments of a batch with the orders they belong to, as far as these are known, and what they tell of orders that had none.
-- query yields payment_fact's columns but city_key and batch_id, and record_no, by whose order the first of several records of one
-- transaction counts. This may run ahead of the batch's turn: orders_version() tells whether orders were changed since (check_payments).
CREATE FUNCTION stage_payments(query text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET DateStyle = ISO SET client_min_messages = warning
-- Set as the statements want it; all of it ends with the function.
SET enable_hashjoin = on SET enable_mergejoin = on SET enable_nestloop = on SET enable_seqscan = on SET enable_bitmapscan = on
AS $body$
DECLARE
  -- Before the orders are looked at: what changes in between is told by the clock.
  clock text := orders_version();
  first_time timestamptz;
  last_time timestamptz;
  dense boolean;
  staged bigint;
BEGIN
  -- repeated: not the first record of its transaction at that time.
  CREATE TEMP TABLE IF NOT EXISTS payment_staged (
    time_key timestamp NOT NULL, city_key text COLLATE "C" NOT NULL, event_time timestamptz NOT NULL, transaction_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL, transaction_type text NOT NULL, payment_mode text NOT NULL, amount numeric NOT NULL, success_flag integer NOT NULL,
    failure_reason text, order_event_time timestamptz, repeated boolean NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS order_paid (
    order_id text COLLATE "C" NOT NULL, order_event_time timestamptz NOT NULL, payment_success integer, payment_attempts integer, paid_amount numeric,
    refunded_amount numeric, payment_mode text, if_first boolean NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS order_paid_again (order_id text COLLATE "C" NOT NULL, order_event_time timestamptz NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS order_paid_told (order_id text COLLATE "C" NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS payment_window (first_time timestamptz, last_time timestamptz, dense boolean NOT NULL, clock text) ON COMMIT DELETE ROWS;
  TRUNCATE pg_temp.payment_staged, pg_temp.order_paid, pg_temp.order_paid_again, pg_temp.order_paid_told, pg_temp.payment_window;
  EXECUTE format('SELECT min(q.event_time) - interval ''3 hours'', max(q.event_time) + interval ''1 hour'', count(*) FROM (%s) q', query) INTO first_time, last_time, staged;
  -- The payments of a day or of some hours, most of whose orders lie about there: these are read and hashed.
  dense := coalesce(orders_lie_close(first_time, last_time, staged), false);
  EXECUTE 'INSERT INTO pg_temp.payment_window VALUES ($1, $2, $3, $4)' USING first_time, last_time, dense, clock;
  PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_nestloop', 'off', true);
  -- In bulk, and in the order of payment_fact's key, of which its index has the better, ahead of the batch's turn.
  -- What does not lie there is looked up by the order's id, however many orders the table holds.
  PERFORM append_facts('pg_temp.payment_staged', format($sql$
    SELECT s.time_key, coalesce(s.near_city, (s.far).city_key, '?') AS city_key, s.event_time, s.transaction_id, s.order_id, s.transaction_type, s.payment_mode,
           s.amount, s.success_flag, s.failure_reason, coalesce(s.near_time, (s.far).event_time) AS order_event_time,
           coalesce(lag(s.event_time) OVER w = s.event_time AND lag(s.transaction_id) OVER w = s.transaction_id, false) AS repeated
    FROM (SELECT q.*, %1$s AS near_city, %2$s AS near_time,
                 CASE WHEN %2$s IS NULL THEN (SELECT f FROM orders_fact f WHERE f.order_id = q.order_id LIMIT 1) END AS far
          FROM (%3$s) q %4$s OFFSET 0) s
    WINDOW w AS (ORDER BY s.event_time, s.transaction_id COLLATE "C", s.record_no)$sql$,
    CASE WHEN dense THEN 'o.city_key' ELSE 'NULL::text' END, CASE WHEN dense THEN 'o.event_time' ELSE 'NULL::timestamptz' END, query,
    CASE WHEN dense THEN format('LEFT JOIN orders_fact o ON o.order_id = q.order_id AND o.event_time >= %L AND o.event_time <= %L', first_time, last_time) END));
  PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_nestloop', 'on', true);
  -- Refunds may be told again of orders whose row does not show that any was tried: all their payments are looked at.
  EXECUTE $sql$
    INSERT INTO pg_temp.order_paid_again
    SELECT m.order_id, m.order_event_time FROM pg_temp.payment_staged m WHERE m.order_event_time IS NOT NULL AND m.transaction_type = 'Refund' AND NOT m.repeated$sql$;
  -- What stands in orders that had no payment. Most get one, which needs no grouping.
  PERFORM append_facts('pg_temp.order_paid', $sql$
    WITH several AS MATERIALIZED (
      SELECT m.order_id FROM pg_temp.payment_staged m WHERE m.order_event_time IS NOT NULL AND NOT m.repeated GROUP BY m.order_id HAVING count(*) > 1)
    SELECT m.order_id, m.order_event_time, m.success_flag AS payment_success, 1 AS payment_attempts,
           CASE m.success_flag WHEN 1 THEN m.amount ELSE 0 END AS paid_amount, 0::numeric AS refunded_amount,
           CASE WHEN m.payment_mode <> 'Unknown' THEN m.payment_mode END AS payment_mode, true AS if_first
    FROM pg_temp.payment_staged m
    WHERE m.order_event_time IS NOT NULL AND NOT m.repeated AND m.transaction_type = 'Payment' AND m.order_id NOT IN (SELECT n.order_id FROM several n)
    UNION ALL
    SELECT p.order_id, p.order_event_time, max(p.success_flag), count(*)::integer, coalesce(sum(p.amount) FILTER (WHERE p.success_flag = 1), 0), 0::numeric,
           (array_agg(p.payment_mode ORDER BY p.success_flag DESC, p.event_time DESC, p.transaction_id DESC) FILTER (WHERE p.payment_mode <> 'Unknown'))[1], true
    -- A transaction told again with another time is one: the latest counts.
    FROM (SELECT DISTINCT ON (m.order_id, m.transaction_id) m.*
          FROM pg_temp.payment_staged m
          WHERE m.order_event_time IS NOT NULL AND NOT m.repeated AND m.order_id IN (SELECT n.order_id FROM several n)
            AND m.order_id NOT IN (SELECT a.order_id FROM pg_temp.order_paid_again a)
          ORDER BY m.order_id, m.transaction_id, m.event_time DESC) p
    GROUP BY p.order_id, p.order_event_time$sql$);
  RETURN staged;
END
$body$;
COMMENT ON FUNCTION stage_payments(text) IS
'Puts the payments of a batch into the temporary table payment_staged, in the order of payment_fact''s key, with the city and the place of the order each belongs to, and what they tell of an order that had none into order_paid. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

CREATE FUNCTION check_payments(query text) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  seen text;
BEGIN
  EXECUTE 'SELECT w.clock FROM pg_temp.payment_window w' INTO seen;
  IF seen = orders_version() THEN
    RETURN false;
  END IF;
  PERFORM stage_payments(query);
  RETURN true;
END
$body$;
COMMENT ON FUNCTION check_payments(text) IS
'In the batch''s turn: has stage_payments look again for the orders of the query''s payments if orders were changed since it did, and returns whether so. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

-- A payment changes nothing of its order but what it says of payments. The order's own payment mode stands there as long
-- as no payment names one, and payments only become more. Orders that show no payment yet become what order_paid holds;
-- of the others, of those with refunds and of those of which a known transaction was told (the step that appended has them in
-- order_paid_again) all payments are looked at.
CREATE FUNCTION refresh_payments(batch bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET enable_hashjoin = on SET enable_mergejoin = on SET enable_nestloop = on SET enable_seqscan = on SET enable_bitmapscan = on
AS $body$
DECLARE
  first_time timestamptz;
  last_time timestamptz;
  dense boolean;
  firsts boolean;
  near boolean;
  told bigint;
  changed bigint := 0;
BEGIN
  EXECUTE 'SELECT w.first_time, w.last_time, w.dense FROM pg_temp.payment_window w' INTO first_time, last_time, dense;
  FOREACH firsts IN ARRAY ARRAY[true, false] LOOP
    IF NOT firsts THEN
      EXECUTE $sql$
        INSERT INTO pg_temp.order_paid_again
        SELECT p.order_id, p.order_event_time FROM pg_temp.order_paid p WHERE p.order_id NOT IN (SELECT t.order_id FROM pg_temp.order_paid_told t)$sql$;
      PERFORM set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_nestloop', 'on', true);
      EXECUTE $sql$
        INSERT INTO pg_temp.order_paid
        SELECT n.order_id, n.order_event_time,
               max(p.success_flag) FILTER (WHERE p.transaction_type = 'Payment'), count(*) FILTER (WHERE p.transaction_type = 'Payment'),
               coalesce(sum(p.amount) FILTER (WHERE p.transaction_type = 'Payment' AND p.success_flag = 1), 0),
               coalesce(sum(p.amount) FILTER (WHERE p.transaction_type = 'Refund' AND p.success_flag = 1), 0),
               (array_agg(p.payment_mode ORDER BY p.success_flag DESC, p.event_time DESC, p.transaction_id DESC)
                  FILTER (WHERE p.transaction_type = 'Payment' AND p.payment_mode <> 'Unknown'))[1], false
        FROM (SELECT DISTINCT a.order_id, a.order_event_time FROM pg_temp.order_paid_again a) n
        -- A transaction told again with another time is one: the latest counts.
        JOIN LATERAL (SELECT DISTINCT ON (f.transaction_id, f.transaction_type) f.* FROM payment_fact f WHERE f.order_id = n.order_id
                      ORDER BY f.transaction_id, f.transaction_type, f.event_time DESC) p ON true
        GROUP BY n.order_id, n.order_event_time$sql$;
      GET DIAGNOSTICS told = ROW_COUNT;
      EXIT WHEN told = 0;
      dense := dense AND told > 5000;
    END IF;
    -- As they were found: the orders of the batch's time, where they lie close, all at once, the others by their key.
    FOREACH near IN ARRAY CASE WHEN dense THEN ARRAY[true, false] ELSE ARRAY[false] END LOOP
      PERFORM set_config('enable_hashjoin', CASE WHEN near THEN 'on' ELSE 'off' END, true), set_config('enable_mergejoin', 'off', true),
              set_config('enable_nestloop', CASE WHEN near THEN 'off' ELSE 'on' END, true), set_config('enable_seqscan', CASE WHEN near THEN 'off' ELSE 'on' END, true);
      -- What is asked of the order stands with what it is asked for: the planner would else take orders without payments for few.
      EXECUTE format($sql$
        WITH told AS (
          UPDATE orders_fact o
          SET payment_success = p.payment_success, payment_attempts = p.payment_attempts, paid_amount = p.paid_amount, refunded_amount = p.refunded_amount,
              payment_mode = coalesce(p.payment_mode, o.payment_mode), batch_id = $1
          FROM pg_temp.order_paid p
          WHERE o.event_time = p.order_event_time AND o.order_id = p.order_id %s AND %s
            AND CASE WHEN p.if_first THEN o.payment_attempts = 0 AND o.refunded_amount = 0
                     ELSE (o.payment_success, o.payment_attempts, o.paid_amount, o.refunded_amount, o.payment_mode)
                          IS DISTINCT FROM (p.payment_success, p.payment_attempts, p.paid_amount, p.refunded_amount, coalesce(p.payment_mode, o.payment_mode)) END
          RETURNING p.order_id)
        INSERT INTO pg_temp.order_paid_told SELECT t.order_id FROM told t$sql$,
        CASE WHEN near THEN 'AND o.event_time >= $2 AND o.event_time <= $3' WHEN dense THEN 'AND p.order_event_time NOT BETWEEN $2 AND $3' END,
        CASE WHEN firsts THEN 'p.if_first AND p.order_id NOT IN (SELECT a.order_id FROM pg_temp.order_paid_again a)' ELSE 'NOT p.if_first' END)
        USING batch, first_time, last_time;
      GET DIAGNOSTICS told = ROW_COUNT;
      changed := changed + told;
    END LOOP;
  END LOOP;
  PERFORM set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true), set_config('enable_nestloop', 'on', true), set_config('enable_seqscan', 'on', true);
  IF changed > 0 THEN
    -- By quarters of an hour, each of which lies in one day of any zone (all offsets since 2000 are multiples of it).
    EXECUTE $sql$
      SELECT touch_days(array_agg(DISTINCT (q.quarter AT TIME ZONE w.time_zone)::date))
      FROM (SELECT DISTINCT date_bin('15 minutes', p.order_event_time, '2000-01-01 00:00Z') AS quarter FROM pg_temp.order_paid p) q CROSS JOIN warehouse_info w$sql$;
  END IF;
  RETURN changed;
END
$body$;
COMMENT ON FUNCTION refresh_payments(bigint) IS
'After the payments of payment_staged have gone to payment_fact: tells their orders. Returns the number of orders whose row changed. Called by the feeds'' steps with search_path = the warehouse, starhouse.';
