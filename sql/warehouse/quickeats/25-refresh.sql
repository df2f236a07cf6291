-- What is derived from the events, kept right by the feeds' steps: functions that the steps call by the
-- warehouse's search_path. They use the extension, as loading does; nothing that reads depends on them.

-- The events of a batch as they will stand in order_event, and what they tell of each order. query yields
-- the columns of order_event that the source has. An order whose events contradict each other is marked: then their order
-- matters. This looks at the batch and at dimensions alone, so it may run ahead of the batch's turn, which looks at some again (refresh_orders).
CREATE FUNCTION stage_orders(columns text, query text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  noise text := current_setting('client_min_messages');
  hashed text := current_setting('enable_hashagg');
  staged bigint;
  clock text;
BEGIN
  PERFORM set_config('client_min_messages', 'warning', true);
  CREATE TEMP TABLE IF NOT EXISTS order_news (
    event_time timestamptz NOT NULL, order_id text COLLATE "C" NOT NULL, status text NOT NULL, order_time timestamptz,
    city_id text COLLATE "C", restaurant_id text COLLATE "C", customer_id text COLLATE "C", driver_id text COLLATE "C",
    total_amount numeric, discount_applied numeric, commission numeric, tip numeric, payment_mode text, promised_minutes numeric,
    eta_minutes numeric, distance_km numeric, traffic_level text, weather text, event_hash bigint NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS order_told (
    order_id text COLLATE "C" NOT NULL, order_time timestamptz, first_event timestamptz NOT NULL, may_have_moved boolean NOT NULL,
    accepted_time timestamptz, assigned_time timestamptz, prepared_time timestamptz, picked_up_time timestamptz, delivered_time timestamptz, cancelled_time timestamptz,
    city_id text COLLATE "C", restaurant_id text COLLATE "C", customer_id text COLLATE "C", driver_id text COLLATE "C", total_amount numeric,
    discount_applied numeric, commission numeric, tip numeric, payment_mode text, promised_minutes numeric, traffic_level text, weather text,
    distance_km numeric, eta_minutes numeric, is_simple boolean NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS order_known (order_id text COLLATE "C" NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS order_state (
    order_id text COLLATE "C" NOT NULL, event_time timestamptz NOT NULL, time_key timestamp NOT NULL, may_have_moved boolean NOT NULL,
    city_key text COLLATE "C", restaurant_key text COLLATE "C", customer_key text COLLATE "C", driver_key text COLLATE "C",
    restaurant_version bigint, customer_version bigint, driver_version bigint, status text,
    order_time timestamptz, accepted_time timestamptz, assigned_time timestamptz, prepared_time timestamptz, picked_up_time timestamptz,
    delivered_time timestamptz, cancelled_time timestamptz, time_conflict integer, total_amount numeric, discount_applied numeric,
    commission numeric, tip numeric, delivery_time numeric, promised_minutes numeric, traffic_level text, weather text, payment_mode text,
    payment_success integer, payment_attempts integer, paid_amount numeric, refunded_amount numeric,
    avg_eta numeric, delay_minutes numeric, on_time integer, distance_travelled numeric, distance_source text, is_paid boolean NOT NULL, is_known boolean NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS order_state_clock (clock text) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS order_again (order_id text COLLATE "C" NOT NULL) ON COMMIT DELETE ROWS;
  PERFORM set_config('client_min_messages', noise, true);
  TRUNCATE pg_temp.order_news, pg_temp.order_told, pg_temp.order_known, pg_temp.order_state, pg_temp.order_state_clock;
  -- In bulk: one row after the other costs three times as much. Sorted here, ahead of the batch's turn: order_event's key grows at one place then.
  EXECUTE 'SELECT f.inserted FROM append_facts(''pg_temp.order_news'', $1) f' INTO staged
    USING format('SELECT * FROM (%s) AS q (%s) ORDER BY order_id COLLATE "C", event_time', query, columns);
  -- Simple: no two events tell different values of one thing, and at most one tells an estimate.
  -- Sorted as they are, the orders come one after the other: a table of all of them would be large.
  PERFORM set_config('enable_hashagg', 'off', true);
  PERFORM append_facts('pg_temp.order_told', $sql$
    SELECT e.order_id, min(e.order_time) AS order_time, min(e.event_time) AS first_event,
           bool_or(e.order_time IS NULL) OR min(e.order_time) <> max(e.order_time) AS may_have_moved,
           min(e.event_time) FILTER (WHERE e.status = 'ACCEPTED') AS accepted_time, min(e.event_time) FILTER (WHERE e.status = 'ASSIGNED') AS assigned_time,
           min(e.event_time) FILTER (WHERE e.status = 'PREPARED') AS prepared_time, min(e.event_time) FILTER (WHERE e.status = 'PICKED_UP') AS picked_up_time,
           min(e.event_time) FILTER (WHERE e.status = 'DELIVERED') AS delivered_time, min(e.event_time) FILTER (WHERE e.status = 'CANCELLED') AS cancelled_time,
           max(e.city_id) AS city_id, max(e.restaurant_id) AS restaurant_id, max(e.customer_id) AS customer_id, max(e.driver_id) AS driver_id,
           max(e.total_amount) AS total_amount, max(e.discount_applied) AS discount_applied, max(e.commission) AS commission, max(e.tip) AS tip,
           max(e.payment_mode) AS payment_mode, max(e.promised_minutes) AS promised_minutes, max(e.traffic_level) AS traffic_level, max(e.weather) AS weather,
           max(e.distance_km) AS distance_km, max(e.eta_minutes) AS eta_minutes,
           (min(e.driver_id), min(e.total_amount), min(e.discount_applied), min(e.commission), min(e.tip), min(e.payment_mode), min(e.promised_minutes),
            min(e.traffic_level), min(e.weather), min(e.distance_km))
           IS NOT DISTINCT FROM
           (max(e.driver_id), max(e.total_amount), max(e.discount_applied), max(e.commission), max(e.tip), max(e.payment_mode), max(e.promised_minutes),
            max(e.traffic_level), max(e.weather), max(e.distance_km)) AND count(e.eta_minutes) <= 1 AS is_simple
    FROM pg_temp.order_news e
    GROUP BY e.order_id$sql$);
  PERFORM set_config('enable_hashagg', hashed, true);
  -- Before the versions are looked at: what changes in between is told by the clock.
  clock := members_version();
  EXECUTE 'INSERT INTO pg_temp.order_state_clock VALUES ($1)' USING clock;
  IF clock IS NOT NULL THEN
    PERFORM state_orders('t.is_simple');
  END IF;
  RETURN staged;
END
$body$;
COMMENT ON FUNCTION stage_orders(text, text) IS
'Puts the events of a batch into the temporary tables order_news (as order_event will hold them) and order_told (one row per order: what they tell), and what they make of orders all of whose events agree into order_state (state_orders), from which refresh_orders takes those again that were known before. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

-- Asked in a statement of its own before versions are looked at, and again when they are used.
CREATE FUNCTION members_version() RETURNS text
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
  -- Who may not write them does not see when they were written.
  RETURN (SELECT CASE WHEN bool_and(has_table_privilege(d.dimension, 'UPDATE'))
                      THEN string_agg(format('%s %s %s', d.dimension::oid, m.xmin, m.ctid), ', ' ORDER BY d.dimension::oid) END
          FROM (VALUES (regclass 'restaurant_history'), ('customer_history'), ('driver_history')) AS d (dimension)
          LEFT JOIN starhouse.scd_merge_state m ON m.dimension = d.dimension);
END
$body$;
COMMENT ON FUNCTION members_version() IS
'Another text once restaurants, customers or drivers have been merged: versions found before may not be in force any more. Inferred members change nothing. NULL for a role without UPDATE on them, which cannot tell. Called by the feeds'' steps.';

-- Of orders in order_told (t), those for which scope holds.
CREATE FUNCTION state_orders(scope text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET enable_hashjoin = on SET enable_mergejoin = on SET enable_nestloop = on SET enable_bitmapscan = off
AS $body$
DECLARE
  zone text := (SELECT time_zone FROM warehouse_info);
  orders bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM pg_temp.order_told t WHERE %s', scope) INTO orders;
  IF orders = 0 THEN
    RETURN 0;
  END IF;
  -- The versions of many orders are hashed: fresh tables have no statistics yet by which the planner could know how many there are.
  PERFORM set_config('enable_nestloop', CASE WHEN orders > 1000 THEN 'off' ELSE 'on' END, true);
  -- In the order of the facts' keys: their indexes grow at one place, and those of block ranges by one hour after the other.
  PERFORM append_facts('pg_temp.order_state', format($sql$
    SELECT q.* FROM (
    SELECT s.order_id, s.event_time, date_trunc('hour', s.event_time AT TIME ZONE %1$L), s.may_have_moved,
           coalesce(s.city_id, r.city, r1.city, '?'), coalesce(s.restaurant_id, '?'), coalesce(s.customer_id, '?'), coalesce(s.driver_id, '?'),
           coalesce(r.restaurant_version, r1.restaurant_version, -1), coalesce(c.customer_version, -1),
           coalesce(d.driver_version, d1.driver_version, -1),
           CASE WHEN s.delivered_time IS NOT NULL THEN 'DELIVERED' WHEN s.cancelled_time IS NOT NULL THEN 'CANCELLED'
                WHEN s.picked_up_time IS NOT NULL THEN 'PICKED_UP' WHEN s.prepared_time IS NOT NULL THEN 'PREPARED'
                WHEN s.assigned_time IS NOT NULL THEN 'ASSIGNED' WHEN s.accepted_time IS NOT NULL THEN 'ACCEPTED' ELSE 'PLACED' END,
           s.order_time, s.accepted_time, s.assigned_time, s.prepared_time, s.picked_up_time, s.delivered_time, s.cancelled_time, s.time_conflict,
           s.total_amount, coalesce(s.discount_applied, 0), s.commission, s.tip, v.minutes, s.promised_minutes, s.traffic_level, s.weather,
           s.payment_mode, NULL::integer, 0, 0::numeric, 0::numeric,
           round(coalesce(s.eta_minutes, s.promised_minutes), 2), v.minutes - s.promised_minutes, (v.minutes <= s.promised_minutes)::integer,
           s.distance_km, CASE WHEN s.distance_km IS NOT NULL THEN 'Source' END, false, NOT s.is_simple
    FROM (SELECT t.*, coalesce(t.order_time, t.first_event) AS event_time,
                 (coalesce(least(t.accepted_time, t.assigned_time, t.prepared_time, t.picked_up_time, t.delivered_time, t.cancelled_time) < t.order_time, false)
                  OR coalesce(t.delivered_time < t.picked_up_time, false)
                  OR (t.delivered_time IS NOT NULL AND t.cancelled_time IS NOT NULL))::integer AS time_conflict
          FROM pg_temp.order_told t WHERE %2$s) s
    -- The version in force, or the first one where the order is older than it.
    LEFT JOIN restaurant_history r ON r.restaurant_id = s.restaurant_id AND r.valid_from <= s.event_time AND r.valid_to > s.event_time
    LEFT JOIN LATERAL (SELECT h.restaurant_version, h.city FROM restaurant_history h
                       WHERE r.restaurant_version IS NULL AND h.restaurant_id = s.restaurant_id AND h.valid_from > s.event_time
                       ORDER BY h.valid_from LIMIT 1) r1 ON true
    -- There are too many customers to hash them for every batch: the same by looking up, the first that had not ended.
    LEFT JOIN LATERAL (SELECT h.customer_version FROM customer_history h
                       WHERE h.customer_id = s.customer_id AND h.valid_from >= '-infinity' AND h.valid_to > s.event_time
                       ORDER BY h.valid_from LIMIT 1) c ON true
    LEFT JOIN driver_history d ON d.driver_id = s.driver_id AND d.valid_from <= s.event_time AND d.valid_to > s.event_time
    LEFT JOIN LATERAL (SELECT h.driver_version FROM driver_history h
                       WHERE d.driver_version IS NULL AND h.driver_id = s.driver_id AND h.valid_from > s.event_time
                       ORDER BY h.valid_from LIMIT 1) d1 ON true
    CROSS JOIN LATERAL (SELECT CASE s.time_conflict WHEN 0 THEN round(extract(epoch FROM s.delivered_time - s.order_time) / 60, 4) END AS minutes) v
    ) AS q (order_id, event_time, time_key, may_have_moved, city_key, restaurant_key, customer_key, driver_key, restaurant_version, customer_version,
            driver_version, status, order_time, accepted_time, assigned_time, prepared_time, picked_up_time, delivered_time, cancelled_time, time_conflict,
            total_amount, discount_applied, commission, tip, delivery_time, promised_minutes, traffic_level, weather, payment_mode, payment_success,
            payment_attempts, paid_amount, refunded_amount, avg_eta, delay_minutes, on_time, distance_travelled, distance_source, is_paid, is_known)
    ORDER BY q.event_time, q.order_id$sql$, zone, scope));
  RETURN orders;
END
$body$;
COMMENT ON FUNCTION state_orders(text) IS
'Adds what orders of order_told are to the temporary table order_state, with the versions in force of restaurant, customer and driver (-1 where there is none); payments and pings are not looked at. scope: a condition on order_told t. Returns how many orders these were. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

-- What is known of the payments of the orders in order_state. Looked up by the order's id, however many payments the table holds; joins nothing, so that there is
-- nothing to plan.
CREATE FUNCTION pay_orders() RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET enable_bitmapscan = off SET enable_seqscan = off
AS $body$
DECLARE
  paid bigint;
BEGIN
  EXECUTE $sql$
    UPDATE pg_temp.order_state s
    SET (payment_success, payment_attempts, paid_amount, refunded_amount, payment_mode, is_paid)
      = (SELECT max(p.success_flag) FILTER (WHERE p.transaction_type = 'Payment'),
                count(*) FILTER (WHERE p.transaction_type = 'Payment')::integer,
                coalesce(sum(p.amount) FILTER (WHERE p.transaction_type = 'Payment' AND p.success_flag = 1), 0),
                coalesce(sum(p.amount) FILTER (WHERE p.transaction_type = 'Refund' AND p.success_flag = 1), 0),
                coalesce((array_agg(p.payment_mode ORDER BY p.success_flag DESC, p.event_time DESC, p.transaction_id DESC)
                            FILTER (WHERE p.transaction_type = 'Payment' AND p.payment_mode <> 'Unknown'))[1], s.payment_mode),
                true
         -- A transaction told again with another time is one: the latest counts.
         FROM (SELECT DISTINCT ON (f.transaction_id, f.transaction_type) f.* FROM payment_fact f WHERE f.order_id = s.order_id
               ORDER BY f.transaction_id, f.transaction_type, f.event_time DESC) p)
    WHERE (SELECT true FROM payment_fact f WHERE f.order_id = s.order_id LIMIT 1)$sql$;
  GET DIAGNOSTICS paid = ROW_COUNT;
  RETURN paid;
END
$body$;
COMMENT ON FUNCTION pay_orders() IS
'Puts into order_state what payment_fact tells of its orders, and returns of how many. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

-- An order that order_event knows of already: what it is has to be computed from all its events.
CREATE FUNCTION find_known_orders() RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET enable_bitmapscan = off SET enable_seqscan = off
AS $body$
DECLARE
  found bigint;
BEGIN
  -- A scalar subquery: looked up by its id, however many events the table holds.
  EXECUTE $sql$
    INSERT INTO pg_temp.order_known
    SELECT t.order_id FROM pg_temp.order_told t WHERE (SELECT true FROM order_event e WHERE e.order_id = t.order_id LIMIT 1)$sql$;
  GET DIAGNOSTICS found = ROW_COUNT;
  RETURN found;
END
$body$;
COMMENT ON FUNCTION find_known_orders() IS
'After stage_orders: puts the orders of order_told that order_event has events of already into the temporary table order_known and returns their number. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

-- Partitions for the orders of a time. Nearly all rows are changed once or more after they came: orders by payments and later events,
-- deliveries by pings. With as much room left in each page their new versions stay there, and no index has to learn of them.
CREATE FUNCTION make_room_for_orders(first_time timestamptz, last_time timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  made integer := ensure_partitions('orders_fact', first_time, last_time) + ensure_partitions('delivery_fact', first_time, last_time);
  part regclass;
BEGIN
  FOR part IN
    SELECT p.partition
    FROM (VALUES (regclass 'orders_fact'), ('delivery_fact')) AS f (fact) CROSS JOIN LATERAL partitions(f.fact) p JOIN pg_class c ON c.oid = p.partition
    WHERE p.range_from <= last_time AND p.range_to > first_time AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM unnest(c.reloptions) o WHERE o LIKE 'fillfactor=%')
  LOOP
    EXECUTE format('ALTER TABLE %s SET (fillfactor = 50)', part);
  END LOOP;
  RETURN made;
END
$body$;
COMMENT ON FUNCTION make_room_for_orders(timestamptz, timestamptz) IS
'Makes the missing partitions of orders_fact and delivery_fact between two moments, both included, and returns how many; those of that time whose fillfactor nobody has set, and whose owner the caller is, fill pages by half from then on. 0 where a moment is NULL. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

-- Asked in a statement of its own before orders are looked at: what changes in between is seen as a change.
CREATE FUNCTION orders_version() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT format('%s %s', c.xmin, c.ctid) FROM order_clock c LIMIT 1;
END;
COMMENT ON FUNCTION orders_version() IS
'Another text once a batch has changed orders or deliveries: which version of its row order_clock has. NULL where it has none. Called by the feeds'' steps.';

-- The law of orders_fact: its rows are a function of the set of events in order_event and payment_fact,
-- not of their order or batching. A milestone's time is the earliest that any event reports; what an
-- order says of itself is what was told last (ties: the greater value), its promise what was told first.
-- Most orders are new, and simple: then the batch alone says it all (order_told), whatever its order, and ahead of its turn. The others are
-- computed from order_event. The orders' new state lies in temporary tables between: what was said, then the whole row;
-- rows that are there are updated, new ones appended in bulk. Statements are planned anew each time: a batch may hold
-- one order or a hundred thousand.
CREATE FUNCTION refresh_orders(batch bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  hashes text := current_setting('enable_hashjoin');
  merges text := current_setting('enable_mergejoin');
  loops text := current_setting('enable_nestloop');
  bitmaps text := current_setting('enable_bitmapscan');
  paid boolean := EXISTS (SELECT FROM payment_fact);
  pinged boolean := EXISTS (SELECT FROM driver_ping_fact);
  orders bigint;
  bulk boolean;
  ids text[];
  seen text;
  moved boolean;
  updated bigint := 0;
  appended record;
  more bigint;
  changed boolean;
  touched date[] := '{}';
  days date[];
  before timestamptz;
  latest timestamptz;
BEGIN
  -- Known orders of which the batch told nothing new are as they were. A scalar subquery: see stage_orders.
  EXECUTE $sql$
    WITH unmoved AS MATERIALIZED (  -- of the few that are known, not of all
      SELECT k.order_id FROM pg_temp.order_known k WHERE (SELECT true FROM order_event e WHERE e.order_id = k.order_id AND e.batch_id = $1 LIMIT 1) IS NULL)
    DELETE FROM pg_temp.order_told t USING unmoved u WHERE u.order_id = t.order_id$sql$ USING batch;
  EXECUTE 'SELECT count(*), coalesce(array_agg(t.order_id) FILTER (WHERE NOT t.is_simple OR t.order_id IN (SELECT k.order_id FROM pg_temp.order_known k)), ''{}'') FROM pg_temp.order_told t'
    INTO orders, ids;
  IF orders = 0 THEN
    RETURN 0;
  END IF;
  -- Also the rest of a large file.
  bulk := orders > 5000 OR EXISTS (
    SELECT FROM batch_log b JOIN batch_log p ON p.batch_id BETWEEN b.batch_id - 20 AND b.batch_id - 1 AND p.source_id = b.source_id
    WHERE b.batch_id = batch AND p.records_read >= 20000);
  -- What belongs to an order is looked up by its id, however many orders the tables hold: fresh partitions
  -- have no statistics yet by which the planner could know that this is the cheapest way, nor how few rows an index finds.
  PERFORM set_config('enable_bitmapscan', 'off', true);
  IF ids <> '{}' THEN
    PERFORM set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);
    EXECUTE 'DELETE FROM pg_temp.order_told t WHERE NOT t.is_simple OR t.order_id IN (SELECT k.order_id FROM pg_temp.order_known k)';
    EXECUTE $sql$
      INSERT INTO pg_temp.order_told
      SELECT e.order_id,
             min(e.order_time) AS order_time, min(e.event_time) AS first_event,
             bool_or(e.order_time IS NULL) OR min(e.order_time) <> max(e.order_time) AS may_have_moved,
             min(e.event_time) FILTER (WHERE e.status = 'ACCEPTED') AS accepted_time,
             min(e.event_time) FILTER (WHERE e.status = 'ASSIGNED') AS assigned_time,
             min(e.event_time) FILTER (WHERE e.status = 'PREPARED') AS prepared_time,
             min(e.event_time) FILTER (WHERE e.status = 'PICKED_UP') AS picked_up_time,
             min(e.event_time) FILTER (WHERE e.status = 'DELIVERED') AS delivered_time,
             min(e.event_time) FILTER (WHERE e.status = 'CANCELLED') AS cancelled_time,
             max(e.city_id) AS city_id, max(e.restaurant_id) AS restaurant_id, max(e.customer_id) AS customer_id,
             (array_agg(e.driver_id ORDER BY e.event_time DESC, e.driver_id DESC) FILTER (WHERE e.driver_id IS NOT NULL))[1] AS driver_id,
             (array_agg(e.total_amount ORDER BY e.event_time DESC, e.total_amount DESC) FILTER (WHERE e.total_amount IS NOT NULL))[1] AS total_amount,
             (array_agg(e.discount_applied ORDER BY e.event_time DESC, e.discount_applied DESC) FILTER (WHERE e.discount_applied IS NOT NULL))[1] AS discount_applied,
             (array_agg(e.commission ORDER BY e.event_time DESC, e.commission DESC) FILTER (WHERE e.commission IS NOT NULL))[1] AS commission,
             (array_agg(e.tip ORDER BY e.event_time DESC, e.tip DESC) FILTER (WHERE e.tip IS NOT NULL))[1] AS tip,
             (array_agg(e.payment_mode ORDER BY e.event_time DESC, e.payment_mode DESC) FILTER (WHERE e.payment_mode IS NOT NULL))[1] AS payment_mode,
             (array_agg(e.promised_minutes ORDER BY e.event_time, e.promised_minutes DESC) FILTER (WHERE e.promised_minutes IS NOT NULL))[1] AS promised_minutes,
             (array_agg(e.traffic_level ORDER BY e.event_time DESC, e.traffic_level DESC) FILTER (WHERE e.traffic_level IS NOT NULL))[1] AS traffic_level,
             (array_agg(e.weather ORDER BY e.event_time DESC, e.weather DESC) FILTER (WHERE e.weather IS NOT NULL))[1] AS weather,
             (array_agg(e.distance_km ORDER BY e.event_time DESC, e.distance_km DESC) FILTER (WHERE e.distance_km IS NOT NULL))[1] AS distance_km,
             avg(e.eta_minutes) AS eta_minutes, false AS is_simple
      FROM unnest($1) AS t(order_id) JOIN order_event e ON e.order_id = t.order_id COLLATE "C"
      GROUP BY e.order_id$sql$ USING ids;
    PERFORM set_config('enable_hashjoin', hashes, true), set_config('enable_mergejoin', merges, true);
  END IF;

  -- What was found ahead of the turn holds where no version has been written since, but for members that no version was found of: batches may have brought them.
  EXECUTE 'SELECT c.clock FROM pg_temp.order_state_clock c' INTO seen;
  IF seen = members_version() THEN
    TRUNCATE pg_temp.order_again;
    EXECUTE $sql$
      INSERT INTO pg_temp.order_again
      SELECT i FROM unnest($1) i
      UNION
      SELECT s.order_id FROM pg_temp.order_state s
      WHERE (s.customer_version = -1 AND s.customer_key <> '?') OR (s.restaurant_version = -1 AND s.restaurant_key <> '?') OR (s.driver_version = -1 AND s.driver_key <> '?')$sql$
      USING ids;
    EXECUTE $sql$
      DELETE FROM pg_temp.order_state s
      WHERE s.order_id IN (SELECT a.order_id FROM pg_temp.order_again a) OR s.order_id IN (SELECT k.order_id FROM pg_temp.order_known k)$sql$;
    PERFORM state_orders('t.order_id IN (SELECT a.order_id FROM pg_temp.order_again a)');
  ELSE
    TRUNCATE pg_temp.order_state;
    PERFORM state_orders('true');
  END IF;
  IF paid THEN
    PERFORM pay_orders();
  END IF;
  IF pinged THEN
    -- Measured first, each way once.
    PERFORM set_config('enable_hashjoin', 'on', true), set_config('enable_nestloop', 'off', true);
    EXECUTE $sql$
      WITH way AS MATERIALIZED (
        SELECT s.order_id, delivery_metres(s.driver_key, s.picked_up_time, s.delivered_time) AS metres FROM pg_temp.order_state s
        WHERE s.driver_key <> '?' AND s.picked_up_time IS NOT NULL AND s.delivered_time IS NOT NULL)
      UPDATE pg_temp.order_state s SET distance_travelled = round(w.metres::numeric / 1000, 3), distance_source = 'GPS'
      FROM way w WHERE w.order_id = s.order_id AND w.metres IS NOT NULL$sql$;
  END IF;
  PERFORM set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_nestloop', loops, true);

  -- News of an order's time moves its row: away from where it stood.
  SELECT EXISTS (SELECT FROM pg_temp.order_state s WHERE s.is_known AND s.may_have_moved) INTO moved;
  IF moved THEN
    EXECUTE $sql$
      SELECT coalesce(array_agg(DISTINCT o.time_key::date), '{}') FROM orders_fact o JOIN pg_temp.order_state s ON o.order_id = s.order_id
      WHERE s.is_known AND s.may_have_moved AND o.event_time <> s.event_time$sql$ INTO touched;
    -- Their places first: for one look-up the planner would look for deliveries by the id alone, which their key does not begin with.
    EXECUTE $sql$
      WITH gone AS MATERIALIZED (
        SELECT o.event_time, o.order_id FROM pg_temp.order_state s JOIN orders_fact o ON o.order_id = s.order_id
        WHERE s.is_known AND s.may_have_moved AND o.event_time <> s.event_time)
      DELETE FROM delivery_fact d USING gone g
      WHERE d.event_time = g.event_time AND d.order_id = g.order_id$sql$;
    EXECUTE $sql$
      DELETE FROM orders_fact o USING pg_temp.order_state s
      WHERE s.is_known AND s.may_have_moved AND o.order_id = s.order_id AND o.event_time <> s.event_time$sql$;
  END IF;

  SELECT a.* INTO appended FROM append_facts('orders_fact', format($sql$
    SELECT time_key, city_key, restaurant_key, customer_key, driver_key, restaurant_version, customer_version, driver_version, event_time, order_id, status,
           order_time, accepted_time, assigned_time, prepared_time, picked_up_time, delivered_time, cancelled_time, time_conflict, total_amount,
           discount_applied, commission, tip, delivery_time, promised_minutes, traffic_level, weather, payment_mode, payment_success, payment_attempts,
           paid_amount, refunded_amount, %s::bigint AS batch_id
    FROM pg_temp.order_state$sql$, coalesce(batch::text, 'NULL'))) a;
  more := appended.inserted;
  IF appended.inserted < appended.selected THEN
    EXECUTE $sql$
      UPDATE orders_fact o
      SET (city_key, restaurant_key, customer_key, driver_key, restaurant_version, customer_version, driver_version, status, order_time, accepted_time,
           assigned_time, prepared_time, picked_up_time, delivered_time, cancelled_time, time_conflict, total_amount, discount_applied, commission, tip,
           delivery_time, promised_minutes, traffic_level, weather, payment_mode, payment_success, payment_attempts, paid_amount, refunded_amount, batch_id)
        = (s.city_key, s.restaurant_key, s.customer_key, s.driver_key, s.restaurant_version, s.customer_version, s.driver_version, s.status, s.order_time,
           s.accepted_time, s.assigned_time, s.prepared_time, s.picked_up_time, s.delivered_time, s.cancelled_time, s.time_conflict, s.total_amount,
           s.discount_applied, s.commission, s.tip, s.delivery_time, s.promised_minutes, s.traffic_level, s.weather, s.payment_mode, s.payment_success,
           s.payment_attempts, s.paid_amount, s.refunded_amount, $1)
      FROM pg_temp.order_state s
      WHERE s.is_known AND o.event_time = s.event_time AND o.order_id = s.order_id
        AND (o.city_key, o.restaurant_key, o.customer_key, o.driver_key, o.restaurant_version, o.customer_version, o.driver_version, o.status, o.order_time,
             o.accepted_time, o.assigned_time, o.prepared_time, o.picked_up_time, o.delivered_time, o.cancelled_time, o.time_conflict, o.total_amount,
             o.discount_applied, o.commission, o.tip, o.delivery_time, o.promised_minutes, o.traffic_level, o.weather, o.payment_mode, o.payment_success,
             o.payment_attempts, o.paid_amount, o.refunded_amount)
            IS DISTINCT FROM
            (s.city_key, s.restaurant_key, s.customer_key, s.driver_key, s.restaurant_version, s.customer_version, s.driver_version, s.status, s.order_time,
             s.accepted_time, s.assigned_time, s.prepared_time, s.picked_up_time, s.delivered_time, s.cancelled_time, s.time_conflict, s.total_amount,
             s.discount_applied, s.commission, s.tip, s.delivery_time, s.promised_minutes, s.traffic_level, s.weather, s.payment_mode, s.payment_success,
             s.payment_attempts, s.paid_amount, s.refunded_amount)$sql$
      USING batch;
    GET DIAGNOSTICS updated = ROW_COUNT;
  END IF;

  changed := updated + more > 0;
  SELECT a.* INTO appended FROM append_facts('delivery_fact', format($sql$
    SELECT time_key, city_key, driver_key, driver_version, event_time, order_id, driver_key AS driver_id, city_key AS city_id, picked_up_time, delivered_time,
           avg_eta, delivery_time, delay_minutes, on_time, distance_travelled, distance_source, %s::bigint AS batch_id
    FROM pg_temp.order_state
    WHERE picked_up_time IS NOT NULL OR delivered_time IS NOT NULL$sql$, coalesce(batch::text, 'NULL'))) a;
  changed := changed OR appended.inserted > 0;
  IF appended.inserted < appended.selected THEN
    EXECUTE $sql$
      UPDATE delivery_fact d
      SET (city_key, driver_key, driver_version, driver_id, city_id, picked_up_time, delivered_time, avg_eta, delivery_time, delay_minutes, on_time,
           distance_travelled, distance_source, batch_id)
        = (s.city_key, s.driver_key, s.driver_version, s.driver_key, s.city_key, s.picked_up_time, s.delivered_time, s.avg_eta, s.delivery_time, s.delay_minutes,
           s.on_time, s.distance_travelled, s.distance_source, $1)
      FROM pg_temp.order_state s
      WHERE s.is_known AND d.event_time = s.event_time AND d.order_id = s.order_id
        AND (d.city_key, d.driver_key, d.driver_version, d.driver_id, d.city_id, d.picked_up_time, d.delivered_time, d.avg_eta, d.delivery_time, d.delay_minutes,
             d.on_time, d.distance_travelled, d.distance_source)
            IS DISTINCT FROM
            (s.city_key, s.driver_key, s.driver_version, s.driver_key, s.city_key, s.picked_up_time, s.delivered_time, s.avg_eta, s.delivery_time, s.delay_minutes,
             s.on_time, s.distance_travelled, s.distance_source)$sql$
      USING batch;
    GET DIAGNOSTICS orders = ROW_COUNT;
    changed := changed OR orders > 0;
  END IF;

  -- What came before its order learns of it.
  IF paid THEN
    EXECUTE $sql$
      WITH told AS (
        UPDATE payment_fact p SET city_key = s.city_key
        FROM pg_temp.order_state s
        WHERE s.is_paid AND p.order_id = s.order_id AND p.city_key <> s.city_key
        RETURNING p.time_key)
      SELECT array_agg(DISTINCT t.time_key::date) FROM told t$sql$ INTO days;
    touched := touched || days;
    IF changed THEN
      -- Their order has arrived, though it does not say where.
      EXECUTE $sql$
        SELECT array_agg(DISTINCT p.time_key::date)
        FROM (SELECT s.order_id FROM pg_temp.order_state s WHERE s.is_paid AND s.city_key = '?' OFFSET 0) s JOIN payment_fact p ON p.order_id = s.order_id$sql$ INTO days;
      touched := touched || days;
    END IF;
  END IF;
  IF EXISTS (SELECT FROM customer_feedback_fact g WHERE g.order_id IS NOT NULL) THEN
    EXECUTE $sql$
      WITH told AS (
      UPDATE customer_feedback_fact f
      SET city_key = k.city_key, restaurant_key = k.restaurant_key, customer_key = k.customer_key, driver_key = k.driver_key,
          restaurant_version = CASE f.restaurant_key WHEN k.restaurant_key THEN f.restaurant_version ELSE coalesce(
            (SELECT h.restaurant_version FROM restaurant_history h WHERE h.restaurant_id = k.restaurant_key AND h.valid_from >= '-infinity'
               AND h.valid_to > f.event_time ORDER BY h.valid_from LIMIT 1), -1) END,
          customer_version = CASE f.customer_key WHEN k.customer_key THEN f.customer_version ELSE coalesce(
            (SELECT h.customer_version FROM customer_history h WHERE h.customer_id = k.customer_key AND h.valid_from >= '-infinity'
               AND h.valid_to > f.event_time ORDER BY h.valid_from LIMIT 1), -1) END,
          driver_version = CASE f.driver_key WHEN k.driver_key THEN f.driver_version ELSE coalesce(
            (SELECT h.driver_version FROM driver_history h WHERE h.driver_id = k.driver_key AND h.valid_from >= '-infinity'
               AND h.valid_to > f.event_time ORDER BY h.valid_from LIMIT 1), -1) END
      FROM (SELECT g.event_time, g.feedback_id, coalesce(nullif(o.city_key, '?'), g.city_key) AS city_key,
                   coalesce(nullif(o.restaurant_key, '?'), g.restaurant_key) AS restaurant_key,
                   coalesce(nullif(o.customer_key, '?'), g.customer_key) AS customer_key, coalesce(nullif(o.driver_key, '?'), g.driver_key) AS driver_key
            FROM pg_temp.order_state o JOIN customer_feedback_fact g ON g.order_id = o.order_id) k
      WHERE f.event_time = k.event_time AND f.feedback_id = k.feedback_id
        AND (f.city_key, f.restaurant_key, f.customer_key, f.driver_key) IS DISTINCT FROM (k.city_key, k.restaurant_key, k.customer_key, k.driver_key)
      RETURNING f.time_key)
      SELECT array_agg(DISTINCT t.time_key::date) FROM told t$sql$ INTO days;
    touched := touched || days;
  END IF;
  PERFORM set_config('enable_hashjoin', hashes, true), set_config('enable_mergejoin', merges, true), set_config('enable_bitmapscan', bitmaps, true);
  -- Also where it stays: payments and pings that were looked at ahead of their turn see by a new version of this row that orders have changed since (orders_version).
  EXECUTE $sql$
    UPDATE order_clock c SET latest_event = greatest(c.latest_event, (SELECT max(n.event_time) FROM pg_temp.order_news n))
    FROM order_clock b RETURNING b.latest_event, c.latest_event$sql$ INTO before, latest;
  IF updated + more > 0 THEN
    PERFORM keep_open_orders(before, latest, ids <> '{}');
  END IF;
  IF changed OR touched <> '{}' THEN
    -- Payments and pings of a bulk load are yet to come: what it would sum up would not last.
    EXECUTE 'SELECT touch_days($1 || array_agg(DISTINCT s.time_key::date), $2) FROM pg_temp.order_state s' USING touched, NOT bulk;
  END IF;
  RETURN updated + more;
END
$body$;
COMMENT ON FUNCTION refresh_orders(bigint) IS
'After the events of order_news have gone to order_event: computes orders_fact and delivery_fact for their orders, from order_told or from order_event, payment_fact and the pings, tells payments and feedback of them, and keeps order_clock, open_order and order_quarter. Returns the number of orders whose row changed. Called by the feeds'' steps with search_path = the warehouse, starhouse. batch is what their batch_id becomes.';

-- The same for orders of which something else than their events has become known.
CREATE FUNCTION refresh_orders(ids text[], batch bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $body$
BEGIN
  IF ids IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM stage_orders('order_id, event_time', 'SELECT NULL::text, NULL::timestamptz WHERE false');
  EXECUTE $sql$
    INSERT INTO pg_temp.order_told (order_id, first_event, may_have_moved, is_simple)
    SELECT DISTINCT i, timestamptz '-infinity', false, false FROM unnest($1) i$sql$ USING ids;
  RETURN refresh_orders(batch);
END
$body$;
COMMENT ON FUNCTION refresh_orders(text[], bigint) IS
'Computes these orders anew from all their events, as refresh_orders(batch) does for those of a batch. Returns the number of orders whose row changed; 0 for NULL.';
