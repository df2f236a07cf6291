-- Feeds of orders and payments. An order's events and its payments go to order_event and payment_fact as
-- they are told; refresh_orders (25-refresh.sql) makes orders_fact and delivery_fact of them, so that they
-- may come late, twice, in any order and in any batches. The public files at the end differ in what a
-- record looks like only.
--
-- Rules: times more than a day in the future, negative amounts, unknown statuses and records that place
-- an event at no time are rejected; an order delivered before it was placed is kept and flagged
-- (time_conflict = 1), because the two reports may come apart.
WITH common AS (
  SELECT
    -- One batch at a time of those that write deliveries, so that each sees its predecessors; readers
    -- go on. It comes before any other lock: batches that wait hold nothing another one needs.
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE delivery_fact IN SHARE ROW EXCLUSIVE MODE') AS turn,
    -- The batch is read once for the keys of all dimensions. Members that are known are left out already, ahead of the turn where a feed begins with this:
    -- the steps "new ..." look for the few others again, which a batch before this one may bring. What members these were stands with them as column 0.
    jsonb_build_array(
      jsonb_build_object('step', 'sql', 'name', 'key table', 'ahead', true, 'sql', 'CREATE TEMP TABLE IF NOT EXISTS batch_key (column_no int, value text) ON COMMIT DELETE ROWS'),
      jsonb_build_object('step', 'sql', 'name', 'keys', 'ahead', true, 'sql', $sql$
        WITH before AS (DELETE FROM batch_key)
        INSERT INTO batch_key
        SELECT 0, members_version()
        UNION ALL
        SELECT k.* FROM distinct_values('SELECT city, restaurant_id, customer_id, driver_id FROM batch') k
        WHERE CASE k.column_no WHEN 1 THEN (SELECT true FROM city_dim d WHERE d.city_id = k.value LIMIT 1)
                               WHEN 2 THEN (SELECT true FROM restaurant_history d WHERE d.restaurant_id = k.value AND d.valid_from >= '-infinity' ORDER BY d.valid_from LIMIT 1)
                               WHEN 3 THEN (SELECT true FROM customer_history d WHERE d.customer_id = k.value AND d.valid_from >= '-infinity' ORDER BY d.valid_from LIMIT 1)
                               ELSE (SELECT true FROM driver_history d WHERE d.driver_id = k.value AND d.valid_from >= '-infinity' ORDER BY d.valid_from LIMIT 1) END IS NULL$sql$)) AS keys,
    -- A merge taken back since then may have taken members with it: all are looked for again. No row is read where none was.
    jsonb_build_object('step', 'sql', 'name', 'members changed', 'sql', $sql$
      INSERT INTO batch_key
      SELECT k.* FROM distinct_values('SELECT city, restaurant_id, customer_id, driver_id FROM batch') k
      WHERE ((SELECT b.value FROM batch_key b WHERE b.column_no = 0) = members_version()) IS NOT TRUE
      EXCEPT
      SELECT b.column_no, b.value FROM batch_key b$sql$) AS members_changed,
    jsonb_build_array(
      jsonb_build_object('step', 'members', 'name', 'new cities', 'into', 'city_dim', 'key', 'city_id',
        'select', 'SELECT value FROM batch_key WHERE column_no = 1'),
      jsonb_build_object('step', 'members', 'name', 'new restaurants', 'into', 'restaurant_history',
        'select', 'SELECT value FROM batch_key WHERE column_no = 2'),
      jsonb_build_object('step', 'members', 'name', 'new customers', 'into', 'customer_history',
        'select', 'SELECT value FROM batch_key WHERE column_no = 3'),
      jsonb_build_object('step', 'members', 'name', 'new drivers', 'into', 'driver_history',
        'select', 'SELECT value FROM batch_key WHERE column_no = 4')) AS members,
    jsonb_build_object('step', 'sql', 'name', 'orders_fact', 'sql',
      'SELECT refresh_orders({batch_id})') AS refresh,
    -- %s is a query for the first and last moment in the batch.
    'WITH before AS (DELETE FROM batch_span) INSERT INTO batch_span %s' AS span_sql,
    jsonb_build_object('step', 'sql', 'name', 'room', 'sql', $sql$
      SELECT extend_calendar(current_schema(), (t.first_time AT TIME ZONE {time_zone})::date, (t.last_time AT TIME ZONE {time_zone})::date),
             make_room_for_orders(t.first_time, t.last_time)
      FROM batch_span t$sql$) AS room,
    jsonb_build_object('step', 'sql', 'name', 'span table', 'ahead', true, 'sql',
      'CREATE TEMP TABLE IF NOT EXISTS batch_span (first_time timestamptz, last_time timestamptz) ON COMMIT DELETE ROWS') AS span_table,
    $sql$
          SELECT date_trunc('hour', b.event_time AT TIME ZONE {time_zone}) AS time_key, b.event_time, b.transaction_id, b.order_id, b.transaction_type,
                 b.payment_mode, b.amount, b.success_flag::integer AS success_flag, CASE WHEN NOT b.success_flag THEN b.failure_reason END AS failure_reason,
                 b.record_no
          FROM batch b$sql$ AS payments,
    -- %1$s are the columns of order_event that the source has, %2$s is the query for them.
    'SELECT stage_orders($columns$%1$s$columns$, $query$%2$s$query$)' AS news_sql,
    jsonb_build_array(
      jsonb_build_object('step', 'sql', 'name', 'known orders', 'sql', 'SELECT find_known_orders()'),
      jsonb_build_object('step', 'facts', 'name', 'order_event', 'into', 'order_event', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
        'partition_range', 'SELECT first_time, last_time FROM batch_span',
        'select', 'SELECT n.*, n.order_id NOT IN (SELECT k.order_id FROM order_known k) AS _new FROM order_news n')) AS events
)
SELECT
  -- The order management system: an event per change of an order, or the order as it stands with the
  -- times of all its milestones; both may be mixed.
  create_feed(current_schema(), 'orders',
    description => 'Order events, JSON: order_id, status, order_time, event_time; customer_id, restaurant_id, driver_id, city, amount, discount, payment_type, ...; optional accepted_at ... delivered_at',
    contract => $json${
      "format": "jsonl",
      "null": ["", "NULL", "null", "N/A", "n/a", "NaN"],
      "columns": [
        {"name": "order_id", "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "status", "from": ["status", "order_status"], "type": "text", "default": "PLACED", "collapse_blanks": true, "map_else": "reject",
         "map": {"placed": "PLACED", "created": "PLACED", "new": "PLACED", "confirmed": "ACCEPTED", "accepted": "ACCEPTED", "assigned": "ASSIGNED",
                 "driver_assigned": "ASSIGNED", "driver assigned": "ASSIGNED", "prepared": "PREPARED", "ready": "PREPARED", "picked_up": "PICKED_UP",
                 "picked up": "PICKED_UP", "pickedup": "PICKED_UP", "picked-up": "PICKED_UP", "out_for_delivery": "PICKED_UP", "out for delivery": "PICKED_UP",
                 "delivered": "DELIVERED", "completed": "DELIVERED", "cancelled": "CANCELLED", "canceled": "CANCELLED", "rejected": "CANCELLED"}},
        {"name": "order_time", "from": ["order_time", "placed_at", "created_at"], "type": "timestamptz", "min": "2000-01-01", "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "epoch"]},
        {"name": "event_at", "from": ["event_time", "status_time", "updated_at", "timestamp"], "type": "timestamptz", "min": "2000-01-01", "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "epoch"]},
        {"name": "accepted_at", "from": ["accepted_at", "accepted_time"], "type": "timestamptz", "min": "2000-01-01", "formats": ["ISO", "epoch"]},
        {"name": "assigned_at", "from": ["assigned_at", "assigned_time"], "type": "timestamptz", "min": "2000-01-01", "formats": ["ISO", "epoch"]},
        {"name": "prepared_at", "from": ["prepared_at", "prepared_time"], "type": "timestamptz", "min": "2000-01-01", "formats": ["ISO", "epoch"]},
        {"name": "picked_up_at", "from": ["picked_up_at", "picked_up_time"], "type": "timestamptz", "min": "2000-01-01", "formats": ["ISO", "epoch"]},
        {"name": "delivered_at", "from": ["delivered_at", "delivered_time"], "type": "timestamptz", "min": "2000-01-01", "formats": ["ISO", "epoch"]},
        {"name": "cancelled_at", "from": ["cancelled_at", "cancelled_time"], "type": "timestamptz", "min": "2000-01-01", "formats": ["ISO", "epoch"]},
        {"name": "customer_id", "from": ["customer_id", "user_id"], "type": "text", "case": "upper", "max_length": 100},
        {"name": "restaurant_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "driver_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "city", "from": ["city", "city_id"], "type": "text", "case": "upper", "collapse_blanks": true, "max_length": 100},
        {"name": "total_amount", "from": ["amount", "total_amount"], "type": "numeric", "min": 0, "max": 10000000},
        {"name": "discount_applied", "from": ["discount", "discount_applied"], "type": "numeric", "min": 0, "max": 10000000},
        {"name": "commission", "type": "numeric", "min": 0, "max": 10000000},
        {"name": "tip", "type": "numeric", "min": 0, "max": 10000000},
        {"name": "payment_mode", "from": ["payment_type", "payment_mode"], "type": "text", "collapse_blanks": true,
         "map": {"cash": "Cash", "cod": "Cash", "cash on delivery": "Cash", "cash_on_delivery": "Cash", "card": "Card", "credit card": "Card", "debit card": "Card",
                 "credit_card": "Card", "debit_card": "Card", "upi": "UPI", "wallet": "Wallet", "netbanking": "Net Banking", "net banking": "Net Banking", "net_banking": "Net Banking"}},
        {"name": "promised_minutes", "from": ["promised_minutes", "promised_time"], "type": "numeric", "min": 0, "max": 10000},
        {"name": "eta_minutes", "from": ["eta_minutes", "eta"], "type": "numeric", "min": 0, "max": 10000},
        {"name": "distance_km", "from": ["distance_km", "distance"], "type": "numeric", "min": 0, "max": 10000},
        {"name": "traffic_level", "from": ["traffic", "traffic_level"], "type": "text", "collapse_blanks": true,
         "map": {"low": "Low", "medium": "Medium", "moderate": "Medium", "high": "High", "heavy": "High", "jam": "Jam"}},
        {"name": "weather", "type": "text", "collapse_blanks": true,
         "map": {"clear": "Clear", "sunny": "Sunny", "cloudy": "Cloudy", "fog": "Fog", "rain": "Rain", "rainy": "Rain", "storm": "Storm", "stormy": "Storm", "windy": "Windy", "snow": "Snow"}},
        {"name": "event_hash", "type": "hash", "of": ["status", "order_time", "event_at", "accepted_at", "assigned_at", "prepared_at", "picked_up_at", "delivered_at",
         "cancelled_at", "customer_id", "restaurant_id", "driver_id", "city", "total_amount", "discount_applied", "commission", "tip", "payment_mode", "promised_minutes",
         "eta_minutes", "distance_km", "traffic_level", "weather"]}
      ]}$json$,
    steps => jsonb_build_array(
      jsonb_build_object('step', 'reject', 'name', 'future', 'ahead', true, 'column', 'event_at', 'code', '22008',
        'when', $sql$greatest(order_time, event_at, accepted_at, assigned_at, prepared_at, picked_up_at, delivered_at, cancelled_at) > (SELECT now() + interval '1 day')$sql$,
        'reason', 'an event lies in the future', 'hint', 'The clock of the source is wrong, or its times have another zone.'),
      jsonb_build_object('step', 'reject', 'name', 'no time', 'ahead', true, 'column', 'event_at', 'code', '23502',
        'when', $sql$CASE status WHEN 'PLACED' THEN coalesce(order_time, event_at)
                     WHEN 'ACCEPTED' THEN coalesce(accepted_at, event_at) WHEN 'ASSIGNED' THEN coalesce(assigned_at, event_at)
                     WHEN 'PREPARED' THEN coalesce(prepared_at, event_at) WHEN 'PICKED_UP' THEN coalesce(picked_up_at, event_at)
                     WHEN 'DELIVERED' THEN coalesce(delivered_at, event_at) ELSE coalesce(cancelled_at, event_at) END IS NULL$sql$,
        'reason', 'the record does not say when its status was reached', 'hint', 'Send event_time, or the time of the milestone itself such as delivered_at.'))
      || common.keys
      || jsonb_build_object('step', 'sql', 'name', 'events', 'ahead', true, 'sql', format(common.news_sql,
        'event_time, order_id, status, order_time, city_id, restaurant_id, customer_id, driver_id, total_amount, discount_applied, commission, tip, payment_mode, '
        'promised_minutes, eta_minutes, distance_km, traffic_level, weather, event_hash', $sql$
        SELECT CASE b.status WHEN 'PLACED' THEN coalesce(b.order_time, b.event_at)
                 WHEN 'ACCEPTED' THEN coalesce(b.accepted_at, b.event_at) WHEN 'ASSIGNED' THEN coalesce(b.assigned_at, b.event_at)
                 WHEN 'PREPARED' THEN coalesce(b.prepared_at, b.event_at) WHEN 'PICKED_UP' THEN coalesce(b.picked_up_at, b.event_at)
                 WHEN 'DELIVERED' THEN coalesce(b.delivered_at, b.event_at) ELSE coalesce(b.cancelled_at, b.event_at) END,
               b.order_id, b.status, coalesce(b.order_time, CASE b.status WHEN 'PLACED' THEN b.event_at END),
               b.city, b.restaurant_id, b.customer_id, b.driver_id, b.total_amount, b.discount_applied, b.commission, b.tip, b.payment_mode,
               b.promised_minutes, b.eta_minutes, b.distance_km, b.traffic_level, b.weather, b.event_hash
        FROM batch b
        UNION ALL  -- the other milestones of a record that tells several
        SELECT m.at, b.order_id, m.status, coalesce(b.order_time, CASE b.status WHEN 'PLACED' THEN b.event_at END),
               b.city, b.restaurant_id, b.customer_id, b.driver_id, b.total_amount, b.discount_applied, b.commission, b.tip, b.payment_mode,
               b.promised_minutes, b.eta_minutes, b.distance_km, b.traffic_level, b.weather, b.event_hash
        FROM batch b
        CROSS JOIN LATERAL (VALUES ('ACCEPTED', b.accepted_at), ('ASSIGNED', b.assigned_at), ('PREPARED', b.prepared_at), ('PICKED_UP', b.picked_up_at),
          ('DELIVERED', b.delivered_at), ('CANCELLED', b.cancelled_at)) AS m(status, at)
        WHERE num_nonnulls(b.accepted_at, b.assigned_at, b.prepared_at, b.picked_up_at, b.delivered_at, b.cancelled_at) > 0
          AND m.at IS NOT NULL AND m.status <> b.status$sql$))
      || jsonb_build_array(common.span_table,
        jsonb_build_object('step', 'sql', 'name', 'span', 'ahead', true, 'sql', format(common.span_sql, $sql$
          SELECT least(min(event_time), min(order_time)), greatest(max(event_time), max(order_time)) FROM order_news$sql$)),
        common.turn, common.room, common.members_changed)
      || common.members || common.events || common.refresh),

  -- The payment gateway.
  create_feed(current_schema(), 'payments',
    description => 'Payment transactions, JSON: transaction_id, order_id, amount, payment_mode, success_flag, timestamp; optional transaction_type (Payment, Refund), failure_reason',
    contract => $json${
      "format": "jsonl",
      "null": ["", "NULL", "null", "N/A", "n/a", "NaN"],
      "columns": [
        {"name": "transaction_id", "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "order_id", "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "amount", "type": "numeric", "required": true, "min": 0, "max": 10000000},
        {"name": "transaction_type", "from": ["transaction_type", "type"], "type": "text", "default": "Payment", "map_else": "reject",
         "map": {"payment": "Payment", "charge": "Payment", "capture": "Payment", "retry": "Payment", "refund": "Refund", "reversal": "Refund", "chargeback": "Refund"}},
        {"name": "payment_mode", "from": ["payment_mode", "payment_type"], "type": "text", "default": "Unknown", "collapse_blanks": true,
         "map": {"cash": "Cash", "cod": "Cash", "cash on delivery": "Cash", "cash_on_delivery": "Cash", "card": "Card", "credit card": "Card", "debit card": "Card",
                 "credit_card": "Card", "debit_card": "Card", "upi": "UPI", "wallet": "Wallet", "netbanking": "Net Banking", "net banking": "Net Banking", "net_banking": "Net Banking"}},
        {"name": "success_flag", "from": ["success_flag", "success"], "type": "boolean", "required": true},
        {"name": "failure_reason", "type": "text", "collapse_blanks": true, "max_length": 1000},
        {"name": "event_time", "from": ["timestamp", "event_time", "payment_time", "transaction_time"], "type": "timestamptz", "required": true, "min": "2000-01-01",
         "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "epoch"]}
      ]}$json$,
    steps => jsonb_build_array(
      jsonb_build_object('step', 'reject', 'name', 'future', 'ahead', true, 'column', 'event_time', 'code', '22008',
        'when', $sql$event_time > (SELECT now() + interval '1 day')$sql$,
        'reason', 'the payment lies in the future', 'hint', 'The clock of the source is wrong, or its times have another zone.'),
      jsonb_build_object('step', 'sql', 'name', 'orders paid', 'ahead', true, 'sql', format('SELECT stage_payments($query$%s$query$)', common.payments)),
      common.turn,
      jsonb_build_object('step', 'sql', 'name', 'orders changed', 'sql', format('SELECT check_payments($query$%s$query$)', common.payments)),
      jsonb_build_object('step', 'sql', 'name', 'calendar', 'sql', $sql$
        SELECT extend_calendar(current_schema(), (min(event_time) AT TIME ZONE {time_zone})::date, (max(event_time) AT TIME ZONE {time_zone})::date) FROM batch$sql$),
      jsonb_build_object('step', 'facts', 'name', 'payment_fact', 'into', 'payment_fact', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
        'select', $sql$
          SELECT time_key, city_key, event_time, transaction_id, order_id, transaction_type, payment_mode, amount, success_flag, failure_reason FROM payment_staged$sql$,
        -- What was known is no news: its order is looked at anew.
        'then', jsonb_build_array($sql$
          INSERT INTO pg_temp.order_paid_again
          SELECT m.order_id, m.order_event_time FROM known k JOIN payment_staged m USING (event_time, transaction_id) WHERE m.order_event_time IS NOT NULL$sql$,
          -- By hours, which are few; refunds are no attempts.
          'SELECT touch_days(array_agg(h.time_key::date)) FROM (SELECT DISTINCT a.time_key FROM added a WHERE a.transaction_type = ''Payment'') h')),
      jsonb_build_object('step', 'sql', 'name', 'orders_fact', 'sql', 'SELECT refresh_payments({batch_id})'))),

  -- DoorDash: times as "DD HH:MM:SS", so the load is told the month; a milestone whose day lies before the
  -- order's is of the next month. The driver's arrival at the restaurant stands for the pick-up.
  create_feed(current_schema(), 'doordash',
    description => 'DoorDash orders, CSV whose times lack the month: starhouse load ... --feed doordash --set month=2015-01',
    parameters => '{"month": {"description": "month in which the orders of the file were placed, YYYY-MM", "pattern": "(19|20)\\d\\d-(0[1-9]|1[0-2])"}}',
    contract => $json${
      "format": "csv",
      "columns": [
        {"name": "placed", "from": "Customer_placed_order_datetime", "type": "text", "required": true},
        {"name": "passed_on", "from": "Placed_order_with_restaurant_datetime", "type": "text"},
        {"name": "arrived", "from": "Driver_at_restaurant_datetime", "type": "text"},
        {"name": "delivered", "from": "Delivered_to_consumer_datetime", "type": "text"},
        {"name": "driver_id", "from": "Driver_ID", "type": "text", "case": "upper"},
        {"name": "restaurant_id", "from": "Restaurant_ID", "type": "text", "case": "upper"},
        {"name": "customer_id", "from": "Consumer_ID", "type": "text", "case": "upper"},
        {"name": "city", "from": "Delivery_Region", "type": "text", "case": "upper", "collapse_blanks": true, "null": ["", "None"]},
        {"name": "total_amount", "from": "Order_total", "type": "numeric", "min": 0},
        {"name": "discount_applied", "from": "Amount_of_discount", "type": "numeric", "min": 0},
        {"name": "tip", "from": "Amount_of_tip", "type": "numeric", "min": 0},
        {"name": "refunded", "from": "Refunded_amount", "type": "numeric", "min": 0, "default": 0},
        {"name": "order_id", "type": "text", "from": "Order_ID", "optional_column": true},
        {"name": "order_time", "type": "timestamptz", "from": "order_time", "optional_column": true},
        {"name": "passed_on_time", "type": "timestamptz", "from": "passed_on_time", "optional_column": true},
        {"name": "arrived_time", "type": "timestamptz", "from": "arrived_time", "optional_column": true},
        {"name": "delivered_time", "type": "timestamptz", "from": "delivered_time", "optional_column": true},
        {"name": "event_hash", "type": "hash", "of": ["placed", "passed_on", "arrived", "delivered", "driver_id", "restaurant_id", "customer_id",
         "city", "total_amount", "discount_applied", "tip", "refunded"]}
      ]}$json$,
    steps => jsonb_build_array(
      jsonb_build_object('step', 'reject', 'name', 'times', 'column', 'placed', 'code', '22007',
        'when', $sql$concat_ws(',', placed, passed_on, arrived, delivered) !~ '^((0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d(,|$))+$'$sql$,
        'reason', 'a time is not of the form DD HH:MM:SS', 'hint', 'Correct the time in the source.'),
      jsonb_build_object('step', 'reject', 'name', 'day of the month', 'column', 'placed', 'code', '22008',
        'when', $sql$left(placed, 2)::integer > extract(day FROM ({month} || '-01')::date + interval '1 month - 1 day')$sql$,
        'reason', 'the month has no such day', 'hint', 'Was the right month given? --set month=YYYY-MM'),
      jsonb_build_object('step', 'sql', 'name', 'month', 'sql', $sql$
        UPDATE batch b SET order_id = coalesce(upper(b.order_id), 'DD-' || to_hex(b.event_hash)), order_time = t.at[1], passed_on_time = t.at[2],
                           arrived_time = t.at[3], delivered_time = t.at[4]
        FROM (SELECT x.record_no, array_agg((date_trunc('month', ({month} || '-01')::timestamp
                       + CASE WHEN left(v.told, 2) < left(x.placed, 2) THEN interval '1 month' ELSE interval '0' END)
                       + (left(v.told, 2)::integer - 1) * interval '1 day' + substr(v.told, 4)::interval) AT TIME ZONE {time_zone} ORDER BY v.n) AS at
              FROM batch x CROSS JOIN LATERAL (VALUES (1, x.placed), (2, x.passed_on), (3, x.arrived), (4, x.delivered)) AS v(n, told)
              GROUP BY x.record_no) t
        WHERE t.record_no = b.record_no$sql$),
      common.turn, common.span_table,
      jsonb_build_object('step', 'sql', 'name', 'span', 'sql', format(common.span_sql, $sql$
        SELECT min(least(order_time, passed_on_time, arrived_time, delivered_time)), max(greatest(order_time, passed_on_time, arrived_time, delivered_time)) FROM batch$sql$)),
      common.room)
      || common.keys || common.members
      || jsonb_build_object('step', 'sql', 'name', 'events', 'sql', format(common.news_sql,
        'event_time, order_id, status, order_time, city_id, restaurant_id, customer_id, driver_id, total_amount, discount_applied, tip, event_hash', $sql$
          SELECT m.at AS event_time, b.order_id, m.status, b.order_time, b.city AS city_id, b.restaurant_id, b.customer_id, b.driver_id,
                 b.total_amount, b.discount_applied, b.tip, b.event_hash
          FROM batch b
          CROSS JOIN LATERAL (VALUES ('PLACED', b.order_time), ('ACCEPTED', b.passed_on_time), ('PICKED_UP', b.arrived_time), ('DELIVERED', b.delivered_time)) AS m(status, at)
          WHERE m.at IS NOT NULL$sql$))
      || common.events
      || jsonb_build_array(
        -- The file says what was refunded, not when: with the delivery.
        jsonb_build_object('step', 'facts', 'name', 'payment_fact', 'into', 'payment_fact', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
          'select', $sql$
            SELECT date_trunc('hour', r.at AT TIME ZONE {time_zone}) AS time_key, coalesce(b.city, '?') AS city_key, r.at AS event_time,
                   b.order_id || '-REFUND' AS transaction_id, b.order_id, 'Refund' AS transaction_type, b.refunded AS amount, 1 AS success_flag
            FROM batch b CROSS JOIN LATERAL (SELECT coalesce(b.delivered_time, b.order_time) AS at) r
            WHERE b.refunded > 0$sql$),
        common.refresh)),

  -- Food deliveries in India: "NaN" and blanks behind values, "conditions Windy", a day and times of day,
  -- coordinates with a lost sign or zero. A driver's code begins with the city and the restaurant.
  create_feed(current_schema(), 'food_delivery_india',
    description => 'Food deliveries in India, CSV: ID, Delivery_person_ID, Restaurant_latitude ..., Order_Date, Time_Orderd, Time_Order_picked, Weatherconditions, Road_traffic_density, ...',
    contract => $json${
      "format": "csv",
      "null": ["", "NaN", "conditions NaN"],
      "columns": [
        {"name": "order_id", "from": "ID", "type": "text", "required": true, "case": "upper"},
        {"name": "driver_id", "from": "Delivery_person_ID", "type": "text", "required": true, "case": "upper"},
        {"name": "latitude", "from": "Restaurant_latitude", "type": "float8", "min": -90, "max": 90, "on_error": "null"},
        {"name": "longitude", "from": "Restaurant_longitude", "type": "float8", "min": -180, "max": 180, "on_error": "null"},
        {"name": "order_date", "from": "Order_Date", "type": "date", "required": true, "min": "2000-01-01", "formats": ["DD-MM-YYYY", "ISO"]},
        {"name": "ordered", "from": "Time_Orderd", "type": "text"},
        {"name": "picked", "from": "Time_Order_picked", "type": "text"},
        {"name": "weather", "from": "Weatherconditions", "type": "text",
         "map": {"conditions sunny": "Sunny", "conditions windy": "Windy", "conditions sandstorms": "Sandstorm", "conditions cloudy": "Cloudy",
                 "conditions stormy": "Storm", "conditions fog": "Fog"}},
        {"name": "traffic_level", "from": "Road_traffic_density", "type": "text", "map_else": "null",
         "map": {"low": "Low", "medium": "Medium", "high": "High", "jam": "Jam"}},
        {"name": "vehicle_type", "from": "Type_of_vehicle", "type": "text",
         "map": {"motorcycle": "Motorcycle", "scooter": "Scooter", "electric_scooter": "Electric scooter", "bicycle": "Bicycle"}},
        {"name": "city", "type": "text", "from": "city_code", "optional_column": true},
        {"name": "restaurant_id", "type": "text", "from": "restaurant_id", "optional_column": true},
        {"name": "customer_id", "type": "text", "from": "customer_id", "optional_column": true},
        {"name": "order_time", "type": "timestamptz", "from": "order_time", "optional_column": true},
        {"name": "picked_time", "type": "timestamptz", "from": "picked_time", "optional_column": true},
        {"name": "event_hash", "type": "hash", "of": ["order_id", "driver_id", "order_date", "ordered", "picked", "weather", "traffic_level"]}
      ]}$json$,
    steps => jsonb_build_array(
      jsonb_build_object('step', 'reject', 'name', 'driver', 'column', 'driver_id', 'code', '22P02',
        'when', $sql$driver_id !~ '^[A-Z]+RES\d+DEL\d+$'$sql$,
        'reason', 'the code is not of the form CITYRES99DEL99', 'hint', 'Correct the code in the source.'),
      jsonb_build_object('step', 'reject', 'name', 'times', 'column', 'picked', 'code', '22007',
        'when', $sql$coalesce(ordered, picked) IS NULL OR concat_ws(',', ordered, picked) !~ '^(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?(,|$))+$'$sql$,
        'reason', 'there is no time of day, or one is not of the form HH:MM:SS', 'hint', 'Correct the time in the source.'),
      jsonb_build_object('step', 'sql', 'name', 'times and codes', 'sql', $sql$
        UPDATE batch SET city = substring(driver_id FROM '^([A-Z]+)RES'), restaurant_id = substring(driver_id FROM '^([A-Z]+RES\d+)DEL'),
                         order_time = (order_date + ordered::time) AT TIME ZONE {time_zone},
                         -- Picked up after midnight.
                         picked_time = (order_date + picked::time + CASE WHEN picked::time < ordered::time THEN interval '1 day' ELSE interval '0' END) AT TIME ZONE {time_zone},
                         -- The sign went astray in some rows; India lies north and east. Zero is no position.
                         latitude = nullif(abs(latitude), 0), longitude = nullif(abs(longitude), 0)$sql$),
      common.turn, common.span_table,
      jsonb_build_object('step', 'sql', 'name', 'span', 'sql', format(common.span_sql,
        'SELECT min(least(order_time, picked_time)), max(greatest(order_time, picked_time)) FROM batch')),
      common.room)
      || common.keys || common.members
      || jsonb_build_array(
        jsonb_build_object('step', 'scd2', 'name', 'restaurant_history', 'into', 'restaurant_history', 'mode', 'feed', 'sequence', 'effective_at', 'select', $sql$
          SELECT DISTINCT ON (b.restaurant_id) b.restaurant_id, b.city, b.latitude, b.longitude, coalesce(b.order_time, b.picked_time) AS effective_at
          FROM batch b
          WHERE NOT EXISTS (SELECT FROM restaurant_history h WHERE h.restaurant_id = b.restaurant_id AND NOT h.is_inferred)
          ORDER BY b.restaurant_id, b.latitude IS NULL, coalesce(b.order_time, b.picked_time), b.record_no$sql$),
        jsonb_build_object('step', 'scd2', 'name', 'driver_history', 'into', 'driver_history', 'mode', 'feed', 'sequence', 'effective_at', 'select', $sql$
          SELECT DISTINCT ON (b.driver_id) b.driver_id, b.vehicle_type, b.city, coalesce(b.order_time, b.picked_time) AS effective_at
          FROM batch b
          WHERE NOT EXISTS (SELECT FROM driver_history h WHERE h.driver_id = b.driver_id AND NOT h.is_inferred)
          ORDER BY b.driver_id, coalesce(b.order_time, b.picked_time), b.record_no$sql$))
      || jsonb_build_object('step', 'sql', 'name', 'events', 'sql', format(common.news_sql,
        'event_time, order_id, status, order_time, city_id, restaurant_id, driver_id, traffic_level, weather, event_hash', $sql$
          SELECT m.at AS event_time, b.order_id, m.status, b.order_time, b.city AS city_id, b.restaurant_id, b.driver_id, b.traffic_level, b.weather, b.event_hash
          FROM batch b
          CROSS JOIN LATERAL (VALUES ('PLACED', b.order_time), ('PICKED_UP', b.picked_time)) AS m(status, at)
          WHERE m.at IS NOT NULL$sql$))
      || common.events
      || common.refresh)
FROM common;
