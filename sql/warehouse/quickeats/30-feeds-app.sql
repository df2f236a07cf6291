-- Feeds of the apps: the drivers' pings, feedback, the customers' app events; and Cabspotting's taxis.
WITH common AS (
  SELECT
    jsonb_build_object('step', 'reject', 'name', 'future', 'ahead', true, 'column', 'event_time', 'code', '22008',
      'when', $sql$event_time > (SELECT now() + interval '1 day')$sql$,
      'reason', 'the event lies in the future', 'hint', 'The clock of the phone is wrong, or its times have another zone.') AS future,
    jsonb_build_object('step', 'reject', 'name', 'no fix', 'ahead', true, 'column', 'latitude', 'code', '23514',
      'when', 'latitude = 0 AND longitude = 0',
      'reason', 'the position is 0, 0: the receiver had no fix', 'hint', 'Send pings only when there is a position.') AS no_fix,
    -- The turn that batches of orders take: see 30-feeds-orders.sql.
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE delivery_fact IN SHARE ROW EXCLUSIVE MODE') AS turn,
    jsonb_build_object('step', 'sql', 'name', 'calendar', 'sql', $sql$
      SELECT extend_calendar(current_schema(), (min(event_time) AT TIME ZONE {time_zone})::date, (max(event_time) AT TIME ZONE {time_zone})::date) FROM batch$sql$) AS calendar,
    jsonb_build_object('step', 'members', 'name', 'new drivers', 'into', 'driver_history',
      'select', 'SELECT driver_id FROM batch WHERE driver_id IS NOT NULL') AS drivers,
    jsonb_build_object('step', 'members', 'name', 'new drivers', 'into', 'driver_history',
      'select', 'SELECT driver_key FROM ping_drivers') AS pinged,
    -- In the order of driver and time (26-pings.sql). The first ping of a driver at a moment counts; one later than
    -- all that were known of the driver is new for certain.
    jsonb_build_object('step', 'facts', 'name', 'driver_ping_fact', 'into', 'driver_ping_fact', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
      'select', $sql$
        SELECT n.driver_key, n.event_time, n.latitude, n.longitude, n.availability_status, n.is_available, n.geohash, n.zone_id,
               p.position_time IS NULL OR n.event_time > p.position_time AS _new
        FROM ping_news n LEFT JOIN driver_position p ON p.driver_id = n.driver_key$sql$) AS pings,
    -- %s are availability_status and is_available.
    $sql$
      SELECT stage_pings('SELECT b.driver_id, b.event_time, b.record_no, b.latitude, b.longitude, %s AS availability_status, (%s)::integer AS is_available FROM batch b')$sql$ AS news_sql,
    jsonb_build_object('step', 'sql', 'name', 'hours, positions, distances', 'sql', 'SELECT refresh_pings({batch_id})') AS refresh,
    -- Who and where is what the order says; where it says nothing, what the feedback does.
    jsonb_build_object('step', 'facts', 'name', 'customer_feedback_fact', 'into', 'customer_feedback_fact', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
      'then', jsonb_build_array('SELECT touch_days(array_agg(h.time_key::date)) FROM (SELECT DISTINCT a.time_key FROM added a) h'),
      'replace', jsonb_build_array('SELECT touch_days(array_agg(h.time_key::date)) FROM (SELECT DISTINCT r.time_key FROM removed r) h')) AS feedback,
    -- %s yields event_time, feedback_id, order_id, city, restaurant_id, customer_id, driver_id, channel,
    -- feedback_score, complaints, complaint_type, response_time.
    $sql$
      SELECT date_trunc('hour', s.event_time AT TIME ZONE {time_zone}) AS time_key,
             k.city_key, k.restaurant_key, k.customer_key, k.driver_key,
             coalesce((SELECT h.restaurant_version FROM restaurant_history h
                       WHERE h.restaurant_id = k.restaurant_key AND h.valid_from >= '-infinity' AND h.valid_to > s.event_time ORDER BY h.valid_from LIMIT 1), -1) AS restaurant_version,
             coalesce((SELECT h.customer_version FROM customer_history h
                       WHERE h.customer_id = k.customer_key AND h.valid_from >= '-infinity' AND h.valid_to > s.event_time ORDER BY h.valid_from LIMIT 1), -1) AS customer_version,
             coalesce((SELECT h.driver_version FROM driver_history h
                       WHERE h.driver_id = k.driver_key AND h.valid_from >= '-infinity' AND h.valid_to > s.event_time ORDER BY h.valid_from LIMIT 1), -1) AS driver_version,
             s.event_time, s.feedback_id, s.order_id, s.channel, s.feedback_score, s.complaints::integer AS complaints, s.complaint_type, s.response_time
      FROM (%s) s
      LEFT JOIN orders_fact o ON o.order_id = s.order_id
      CROSS JOIN LATERAL (SELECT coalesce(nullif(o.city_key, '?'), s.city, '?') AS city_key, coalesce(nullif(o.restaurant_key, '?'), s.restaurant_id, '?') AS restaurant_key,
                                 coalesce(nullif(o.customer_key, '?'), s.customer_id, '?') AS customer_key, coalesce(nullif(o.driver_key, '?'), s.driver_id, '?') AS driver_key) k$sql$ AS feedback_select,
    jsonb_build_object('step', 'members', 'name', 'new cities', 'into', 'city_dim', 'key', 'city_id',
      'select', 'SELECT city FROM batch WHERE city IS NOT NULL') AS cities,
    jsonb_build_object('step', 'members', 'name', 'new customers', 'into', 'customer_history',
      'select', 'SELECT customer_id FROM batch WHERE customer_id IS NOT NULL') AS customers,
    -- Texts of what was searched for: a list, of texts or of objects with "query"; or one text.
    $sql$
      UPDATE batch SET search_history = CASE jsonb_typeof(search_history)
        WHEN 'array' THEN coalesce(
          (SELECT jsonb_agg(lower(btrim(t.term)) ORDER BY e.n)
           FROM jsonb_array_elements(search_history) WITH ORDINALITY AS e(item, n)
           CROSS JOIN LATERAL (SELECT CASE jsonb_typeof(e.item) WHEN 'string' THEN e.item #>> '{}' WHEN 'object' THEN coalesce(e.item->>'query', e.item->>'term') END) AS t(term)
           WHERE btrim(t.term) <> ''), '[]')
        WHEN 'string' THEN CASE WHEN btrim(search_history #>> '{}') = '' THEN '[]' ELSE jsonb_build_array(lower(btrim(search_history #>> '{}'))) END
        ELSE '[]' END$sql$ AS terms_sql
)
SELECT
  -- Drivers' phones. A ping beyond the poles or the date line is rejected by the contract.
  create_feed(current_schema(), 'pings',
    description => 'GPS pings of drivers, JSON: driver_id, latitude, longitude, timestamp, availability_status',
    contract => $json${
      "format": "jsonl",
      "null": ["", "NULL", "null", "N/A", "n/a", "NaN"],
      "columns": [
        {"name": "driver_id", "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "latitude", "from": ["latitude", "lat"], "type": "float8", "required": true, "min": -90, "max": 90},
        {"name": "longitude", "from": ["longitude", "lon", "lng"], "type": "float8", "required": true, "min": -180, "max": 180},
        {"name": "event_time", "from": ["timestamp", "event_time", "ts"], "type": "timestamptz", "required": true, "min": "2000-01-01", "formats": ["ISO", "epoch"]},
        {"name": "availability_status", "from": ["availability_status", "status"], "type": "text", "collapse_blanks": true, "case": "upper",
         "map": {"free": "AVAILABLE", "idle": "AVAILABLE", "available": "AVAILABLE", "on_delivery": "BUSY", "on delivery": "BUSY", "occupied": "BUSY", "busy": "BUSY",
                 "off": "OFFLINE", "offline": "OFFLINE", "break": "OFFLINE"}}
      ]}$json$,
    steps => jsonb_build_array(common.future, common.no_fix,
      jsonb_build_object('step', 'sql', 'name', 'order of drivers and time', 'ahead', true, 'sql',
        format(common.news_sql, 'b.availability_status', $sql$coalesce(b.availability_status = ''AVAILABLE'', false)$sql$)),
      common.turn, common.pinged, common.pings, common.refresh)),

  -- Cabspotting (San Francisco, 2008): taxis as drivers; one with a fare is busy.
  create_feed(current_schema(), 'cabspotting',
    description => 'Cabspotting pings, CSV: cab_id, ts_unix, lat, lon, occupied',
    contract => $json${
      "format": "csv",
      "columns": [
        {"name": "driver_id", "from": "cab_id", "type": "text", "required": true, "case": "upper"},
        {"name": "event_time", "from": "ts_unix", "type": "timestamptz", "required": true, "min": "2000-01-01", "formats": ["epoch"]},
        {"name": "latitude", "from": "lat", "type": "float8", "required": true, "min": -90, "max": 90},
        {"name": "longitude", "from": "lon", "type": "float8", "required": true, "min": -180, "max": 180},
        {"name": "occupied", "type": "boolean", "required": true}
      ]}$json$,
    steps => jsonb_build_array(common.future, common.no_fix,
      jsonb_build_object('step', 'sql', 'name', 'order of drivers and time', 'ahead', true, 'sql',
        format(common.news_sql, $sql$CASE WHEN b.occupied THEN ''BUSY'' ELSE ''AVAILABLE'' END$sql$, 'NOT b.occupied')),
      common.turn, common.pinged, common.pings, common.refresh)),

  create_feed(current_schema(), 'feedback',
    description => 'Feedback, JSON: feedback_id, order_id, feedback_score, complaints, response_time, timestamp; optional complaint_type, customer_id, restaurant_id, driver_id, city',
    contract => $json${
      "format": "jsonl",
      "null": ["", "NULL", "null", "N/A", "n/a", "NaN"],
      "columns": [
        {"name": "feedback_id", "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "order_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "customer_id", "from": ["customer_id", "user_id"], "type": "text", "case": "upper", "max_length": 100},
        {"name": "restaurant_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "driver_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "city", "from": ["city", "city_id"], "type": "text", "case": "upper", "collapse_blanks": true, "max_length": 100},
        {"name": "feedback_score", "from": ["feedback_score", "score", "rating"], "type": "numeric", "min": 1, "max": 5},
        {"name": "complaints", "type": "integer", "default": 0, "min": 0, "max": 1000},
        {"name": "complaint_type", "type": "text", "collapse_blanks": true, "max_length": 200},
        {"name": "response_time", "from": ["response_time", "response_minutes"], "type": "numeric", "min": 0, "max": 1000000},
        {"name": "event_time", "from": ["timestamp", "event_time", "feedback_time"], "type": "timestamptz", "required": true, "min": "2000-01-01", "formats": ["ISO", "epoch"]}
      ]}$json$,
    steps => jsonb_build_array(common.future, common.turn, common.calendar, common.cities, common.customers, common.drivers,
      jsonb_build_object('step', 'members', 'name', 'new restaurants', 'into', 'restaurant_history',
        'select', 'SELECT restaurant_id FROM batch WHERE restaurant_id IS NOT NULL'),
      common.feedback || jsonb_build_object('select', format(common.feedback_select, $sql$
        SELECT event_time, feedback_id, order_id, city, restaurant_id, customer_id, driver_id, 'Form' AS channel, feedback_score, complaints, complaint_type, response_time
        FROM batch$sql$)))),

  create_feed(current_schema(), 'app_events',
    description => 'Customer app events, JSON: user_id, city, device_type, search_history, feedback_score, timestamp; optional event_id, event_type, order_id',
    contract => $json${
      "format": "jsonl",
      "null": ["", "NULL", "null", "N/A", "n/a", "NaN"],
      "columns": [
        {"name": "event_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "customer_id", "from": ["user_id", "customer_id"], "type": "text", "case": "upper", "max_length": 100},
        {"name": "city", "from": ["city", "city_id"], "type": "text", "case": "upper", "collapse_blanks": true, "max_length": 100},
        {"name": "event_type", "from": ["event_type", "event"], "type": "text", "case": "lower", "collapse_blanks": true, "max_length": 100},
        {"name": "device_type", "from": ["device_type", "device"], "type": "text", "collapse_blanks": true,
         "map": {"ios": "iOS", "iphone": "iOS", "ipad": "iOS", "android": "Android", "web": "Web", "browser": "Web", "desktop": "Web"}},
        {"name": "order_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "search_history", "type": "jsonb"},
        {"name": "feedback_score", "type": "numeric", "min": 1, "max": 5},
        {"name": "event_time", "from": ["timestamp", "event_time"], "type": "timestamptz", "required": true, "min": "2000-01-01", "formats": ["ISO", "epoch"]},
        {"name": "event_hash", "type": "hash", "of": ["customer_id", "city", "event_type", "device_type", "order_id", "feedback_score", "event_time"]}
      ]}$json$,
    steps => jsonb_build_array(common.future,
      jsonb_build_object('step', 'reject', 'name', 'search history', 'column', 'search_history', 'code', '22P02',
        'when', $sql$jsonb_typeof(search_history) NOT IN ('array', 'string', 'null')$sql$,
        'reason', 'the search history is neither a list nor a text', 'hint', 'For example ["biryani", {"query": "pizza"}].'),
      common.turn, common.calendar, common.cities, common.customers,
      jsonb_build_object('step', 'sql', 'name', 'event id', 'sql', $sql$
        UPDATE batch SET event_id = 'H' || upper(to_hex(event_hash)) || '-' || upper(left(md5(coalesce(search_history::text, '')), 8)) WHERE event_id IS NULL$sql$),
      jsonb_build_object('step', 'sql', 'name', 'search terms', 'sql', common.terms_sql),
      jsonb_build_object('step', 'facts', 'name', 'app_event_fact', 'into', 'app_event_fact', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
        'then', jsonb_build_array('SELECT touch_days(array_agg(h.time_key::date)) FROM (SELECT DISTINCT a.time_key FROM added a) h'),
        'replace', jsonb_build_array('SELECT touch_days(array_agg(h.time_key::date)) FROM (SELECT DISTINCT r.time_key FROM removed r) h'),
        'select', $sql$
          SELECT date_trunc('hour', b.event_time AT TIME ZONE {time_zone}) AS time_key, coalesce(b.city, '?') AS city_key, coalesce(b.customer_id, '?') AS customer_key,
                 coalesce((SELECT h.customer_version FROM customer_history h
                           WHERE h.customer_id = b.customer_id AND h.valid_from >= '-infinity' AND h.valid_to > b.event_time ORDER BY h.valid_from LIMIT 1), -1) AS customer_version,
                 b.event_time, b.event_id, b.event_type, b.device_type, b.search_history, b.feedback_score
          FROM batch b$sql$),
      common.feedback || jsonb_build_object('select', format(common.feedback_select, $sql$
        SELECT event_time, 'APP/' || event_id AS feedback_id, order_id, city, NULL::text AS restaurant_id, customer_id, NULL::text AS driver_id, 'App' AS channel,
               feedback_score, 0 AS complaints, NULL::text AS complaint_type, NULL::numeric AS response_time
        FROM batch WHERE feedback_score IS NOT NULL$sql$))))
FROM common;
