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

-- The payments of a batch with the orders they belong to, as far as these are known. query yields payment_fact's columns
-- but city_key and batch_id, and record_no, by whose order the first of several records of one transaction counts.
CREATE FUNCTION stage_payments(query text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET DateStyle = ISO SET client_min_messages = warning
-- Set as the statements want it; all of it ends with the function.
SET enable_hashjoin = on SET enable_mergejoin = on SET enable_nestloop = on SET enable_seqscan = on
AS $body$
DECLARE
  first_time timestamptz;
  last_time timestamptz;
  dense boolean;
  staged bigint;
BEGIN
  CREATE TEMP TABLE IF NOT EXISTS payment_staged (
    time_key timestamp NOT NULL, city_key text COLLATE "C" NOT NULL, event_time timestamptz NOT NULL, transaction_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL, transaction_type text NOT NULL, payment_mode text NOT NULL, amount numeric NOT NULL, success_flag integer NOT NULL,
    failure_reason text, order_event_time timestamptz, is_first boolean NOT NULL, record_no bigint NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS order_paid (
    order_id text COLLATE "C" NOT NULL, order_event_time timestamptz NOT NULL, payment_success integer, payment_attempts integer, paid_amount numeric,
    refunded_amount numeric, payment_mode text) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS payment_window (first_time timestamptz, last_time timestamptz, dense boolean NOT NULL) ON COMMIT DELETE ROWS;
  TRUNCATE pg_temp.payment_staged, pg_temp.order_paid, pg_temp.payment_window;
  EXECUTE format('SELECT min(q.event_time) - interval ''3 hours'', max(q.event_time) + interval ''1 hour'', count(*) FROM (%s) q', query) INTO first_time, last_time, staged;
  -- The payments of a day or of some hours, most of whose orders lie about there: these are read and hashed.
  dense := orders_lie_close(first_time, last_time, staged);
  EXECUTE 'INSERT INTO pg_temp.payment_window VALUES ($1, $2, $3)' USING first_time, last_time, dense;
  PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_mergejoin', 'off', true);
  PERFORM set_config(CASE WHEN dense THEN 'enable_nestloop' ELSE 'enable_hashjoin' END, 'off', true);
  -- In bulk: one row after the other costs three times as much.
  PERFORM append_facts('pg_temp.payment_staged', format($sql$
    SELECT q.time_key, coalesce(o.city_key, '?') AS city_key, q.event_time, q.transaction_id, q.order_id, q.transaction_type, q.payment_mode, q.amount, q.success_flag,
           q.failure_reason, o.event_time AS order_event_time, coalesce(o.payment_attempts = 0 AND o.refunded_amount = 0, false) AS is_first,
           q.record_no
    FROM (%s) q LEFT JOIN orders_fact o ON o.order_id = q.order_id%s$sql$,
    query, CASE WHEN dense THEN format(' AND o.event_time >= %L AND o.event_time <= %L', first_time, last_time) END));
  -- The others, and those of other batches, by the order's id, however many orders the table holds.
  IF dense THEN
    PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_nestloop', 'on', true), set_config('enable_hashjoin', 'off', true);
    EXECUTE $sql$
      UPDATE pg_temp.payment_staged s
      SET city_key = o.city_key, order_event_time = o.event_time, is_first = o.payment_attempts = 0 AND o.refunded_amount = 0
      FROM orders_fact o
      WHERE s.order_event_time IS NULL AND o.order_id = s.order_id$sql$;
  END IF;
  RETURN staged;
END
$body$;
COMMENT ON FUNCTION stage_payments(text) IS
'Puts the payments of a batch into the temporary table payment_staged, with the city and the place of the order each belongs to, and whether nothing that counts was paid or refunded of the order before. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

-- A payment changes nothing of its order but what it says of payments. The order's own payment mode stands there as long
-- as no payment names one, and payments only become more. Of orders whose first payments are in the batch, the step that
-- appended these has told order_paid; of the others all payments are looked at here.
CREATE FUNCTION refresh_payments(batch bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET enable_hashjoin = on SET enable_mergejoin = on SET enable_nestloop = on SET enable_seqscan = on
AS $body$
DECLARE
  first_time timestamptz;
  last_time timestamptz;
  dense boolean;
  near boolean;
  told bigint;
  changed bigint := 0;
BEGIN
  PERFORM set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);
  EXECUTE $sql$
    INSERT INTO pg_temp.order_paid
    SELECT n.order_id, n.order_event_time,
           max(p.success_flag) FILTER (WHERE p.transaction_type = 'Payment'), count(*) FILTER (WHERE p.transaction_type = 'Payment'),
           coalesce(sum(p.amount) FILTER (WHERE p.transaction_type = 'Payment' AND p.success_flag = 1), 0),
           coalesce(sum(p.amount) FILTER (WHERE p.transaction_type = 'Refund' AND p.success_flag = 1), 0),
           (array_agg(p.payment_mode ORDER BY p.success_flag DESC, p.event_time DESC, p.transaction_id DESC)
              FILTER (WHERE p.transaction_type = 'Payment' AND p.payment_mode <> 'Unknown'))[1]
    FROM (SELECT DISTINCT m.order_id, m.order_event_time FROM pg_temp.payment_staged m WHERE m.order_event_time IS NOT NULL AND NOT m.is_first) n
    -- A transaction told again with another time is one: the latest counts.
    JOIN LATERAL (SELECT DISTINCT ON (f.transaction_id, f.transaction_type) f.* FROM payment_fact f WHERE f.order_id = n.order_id
                  ORDER BY f.transaction_id, f.transaction_type, f.event_time DESC) p ON true
    GROUP BY n.order_id, n.order_event_time$sql$;
  -- As they were found: the orders of the batch's time, where they lie close, all at once, the others by their key.
  EXECUTE 'SELECT w.first_time, w.last_time, w.dense FROM pg_temp.payment_window w' INTO first_time, last_time, dense;
  FOREACH near IN ARRAY CASE WHEN dense THEN ARRAY[true, false] ELSE ARRAY[false] END LOOP
    PERFORM set_config('enable_hashjoin', CASE WHEN near THEN 'on' ELSE 'off' END, true),
            set_config('enable_nestloop', CASE WHEN near THEN 'off' ELSE 'on' END, true), set_config('enable_seqscan', CASE WHEN near THEN 'off' ELSE 'on' END, true);
    EXECUTE format($sql$
      UPDATE orders_fact o
      SET payment_success = p.payment_success, payment_attempts = p.payment_attempts, paid_amount = p.paid_amount, refunded_amount = p.refunded_amount,
          payment_mode = coalesce(p.payment_mode, o.payment_mode), batch_id = $1
      FROM pg_temp.order_paid p
      WHERE o.event_time = p.order_event_time AND o.order_id = p.order_id %s
        AND (o.payment_success, o.payment_attempts, o.paid_amount, o.refunded_amount, o.payment_mode)
            IS DISTINCT FROM (p.payment_success, p.payment_attempts, p.paid_amount, p.refunded_amount, coalesce(p.payment_mode, o.payment_mode))$sql$,
      CASE WHEN near THEN 'AND o.event_time >= $2 AND o.event_time <= $3' WHEN dense THEN 'AND p.order_event_time NOT BETWEEN $2 AND $3' END)
      USING batch, first_time, last_time;
    GET DIAGNOSTICS told = ROW_COUNT;
    changed := changed + told;
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
