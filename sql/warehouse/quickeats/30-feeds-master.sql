-- Feeds of master data: cities, restaurants, drivers, customers, zones. Every contract takes a file that
-- lacks the optional columns; an empty value never wipes out what is known. A city is told by its code or
-- name as the sources write it, upper case; one that is not known yet becomes an inferred member.

-- Cities (Type 1).
SELECT create_feed(current_schema(), 'cities',
  description => 'Cities, CSV: city_id, city_name, region, population, traffic_index, latitude, longitude',
  contract => $json${
    "format": "csv",
    "null": ["", "NULL", "null", "N/A", "n/a", "NaN"],
    "columns": [
      {"name": "city_id", "from": ["city_id", "city"], "type": "text", "required": true, "case": "upper", "collapse_blanks": true, "max_length": 100},
      {"name": "city_name", "from": ["city_name", "name"], "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "region", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "population", "type": "integer", "min": 0, "max": 100000000, "optional_column": true},
      {"name": "traffic_index", "type": "numeric", "min": 0, "max": 1000, "optional_column": true},
      {"name": "latitude", "from": ["latitude", "lat"], "type": "float8", "min": -90, "max": 90, "optional_column": true},
      {"name": "longitude", "from": ["longitude", "lon", "lng"], "type": "float8", "min": -180, "max": 180, "optional_column": true}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'upsert', 'name', 'city_dim', 'into', 'city_dim', 'key', jsonb_build_array('city_id'), 'nulls', 'keep',
      'select', $sql$
        SELECT b.city_id, b.city_name, b.region, b.population, b.traffic_index, b.latitude, b.longitude, b.record_no AS _order
        FROM batch b$sql$)));

WITH common AS (
  SELECT
    jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'effective_at', 'code', '22008',
      'when', $sql$effective_at > now() + interval '1 day'$sql$,
      'reason', 'the change takes effect in the future',
      'hint', 'Load the file when the change is in force, or correct the date.') AS future,
    -- The turn that batches of orders, payments and pings take (30-feeds-orders.sql), whose facts are realigned and whose orders are computed anew: before
    -- any other lock, so that none of them comes between what is looked at and what is written, and no two meet in a deadlock.
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE delivery_fact IN SHARE ROW EXCLUSIVE MODE') AS turn,
    jsonb_build_object('step', 'members', 'name', 'new cities', 'into', 'city_dim', 'key', 'city_id',
      'select', 'SELECT DISTINCT city FROM batch WHERE city IS NOT NULL') AS cities
)
SELECT
  -- Restaurants (Type 2 in cuisine and city).
  create_feed(current_schema(), 'restaurants',
    description => 'Restaurants, weekly CSV: restaurant_id, name, cuisine_type, city, avg_rating; optional latitude, longitude, effective_at',
    contract => $json${
      "format": "csv",
      "null": ["", "NULL", "null", "N/A", "n/a", "-", "NaN"],
      "columns": [
        {"name": "restaurant_id", "from": ["restaurant_id", "restaurant"], "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "restaurant_name", "from": ["name", "restaurant_name"], "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "cuisine_type", "from": ["cuisine_type", "cuisine"], "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "city", "from": ["city", "city_id"], "type": "text", "case": "upper", "collapse_blanks": true, "optional_column": true},
        {"name": "avg_rating", "from": ["avg_rating", "rating"], "type": "numeric", "min": 0, "max": 5, "on_error": "null", "optional_column": true},
        {"name": "latitude", "from": ["latitude", "lat"], "type": "float8", "min": -90, "max": 90, "on_error": "null", "optional_column": true},
        {"name": "longitude", "from": ["longitude", "lon", "lng"], "type": "float8", "min": -180, "max": 180, "on_error": "null", "optional_column": true},
        {"name": "effective_at", "from": ["effective_at", "updated_at", "as_of"], "type": "timestamptz", "optional_column": true,
         "min": "1990-01-01", "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY", "DD-Mon-YYYY", "YYYYMMDD", "epoch"]}
      ]}$json$,
    steps => jsonb_build_array(common.future, common.turn, common.cities,
      jsonb_build_object('step', 'scd2', 'name', 'restaurant_history', 'into', 'restaurant_history', 'mode', 'feed', 'sequence', 'effective_at',
        'select', $sql$
          SELECT b.record_no, b.restaurant_id, b.restaurant_name AS name, b.cuisine_type, b.city, b.avg_rating, b.latitude, b.longitude,
                 coalesce(b.effective_at, now()) AS effective_at
          FROM batch b$sql$),
      jsonb_build_object('step', 'sql', 'name', 'realign facts', 'sql', $sql$SELECT realign_facts('restaurant_history')$sql$),
      -- An order that named no city is in its restaurant's.
      jsonb_build_object('step', 'sql', 'name', 'cities of orders', 'sql', $sql$
        SELECT refresh_orders(array_agg(o.order_id), {batch_id})
        FROM orders_fact o JOIN restaurant_history h ON h.restaurant_version = o.restaurant_version
        WHERE h.city IS NOT NULL AND o.city_key <> h.city
          AND h.restaurant_version IN (SELECT version FROM written_versions('restaurant_history'))$sql$))),

  -- Drivers (Type 2 in city, vehicle and experience).
  create_feed(current_schema(), 'drivers',
    description => 'Drivers, CSV: driver_id, name, vehicle_type, city, join_date, experience_level; optional effective_at',
    contract => $json${
      "format": "csv",
      "null": ["", "NULL", "null", "N/A", "n/a", "-", "NaN"],
      "columns": [
        {"name": "driver_id", "from": ["driver_id", "driver"], "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "driver_name", "from": ["name", "driver_name"], "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "vehicle_type", "from": ["vehicle_type", "vehicle", "driver_modal"], "type": "text", "collapse_blanks": true, "optional_column": true,
         "map": {"bike": "Motorcycle", "motorbike": "Motorcycle", "motorcycle": "Motorcycle", "motoboy": "Motorcycle", "scooter": "Scooter",
                 "electric_scooter": "Electric scooter", "electric scooter": "Electric scooter", "e-scooter": "Electric scooter",
                 "bicycle": "Bicycle", "cycle": "Bicycle", "biker": "Bicycle", "car": "Car"}},
        {"name": "city", "from": ["city", "city_id"], "type": "text", "case": "upper", "collapse_blanks": true, "optional_column": true},
        {"name": "join_date", "from": ["join_date", "joined_on"], "type": "date", "optional_column": true, "on_error": "null",
         "min": "1990-01-01", "formats": ["ISO", "DD/MM/YYYY", "DD-Mon-YYYY", "YYYYMMDD"]},
        {"name": "experience_level", "from": ["experience_level", "experience"], "type": "text", "collapse_blanks": true, "optional_column": true,
         "map": {"junior": "Junior", "jr": "Junior", "new": "Junior", "trainee": "Junior", "regular": "Regular", "mid": "Regular", "standard": "Regular",
                 "senior": "Senior", "sr": "Senior", "expert": "Senior"}},
        {"name": "effective_at", "from": ["effective_at", "updated_at", "as_of"], "type": "timestamptz", "optional_column": true,
         "min": "1990-01-01", "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY", "DD-Mon-YYYY", "YYYYMMDD", "epoch"]}
      ]}$json$,
    steps => jsonb_build_array(common.future, common.turn, common.cities,
      jsonb_build_object('step', 'scd2', 'name', 'driver_history', 'into', 'driver_history', 'mode', 'feed', 'sequence', 'effective_at',
        'select', $sql$
          SELECT b.record_no, b.driver_id, b.driver_name AS name, b.vehicle_type, b.city, b.join_date, b.experience_level,
                 coalesce(b.effective_at, now()) AS effective_at
          FROM batch b$sql$),
      jsonb_build_object('step', 'sql', 'name', 'realign facts', 'sql', $sql$SELECT realign_facts('driver_history')$sql$))),

  -- Customers (Type 2 in city and device).
  create_feed(current_schema(), 'customers',
    description => 'Customers, CSV: customer_id, name, gender, city, signup_date, device_type; optional effective_at',
    contract => $json${
      "format": "csv",
      "null": ["", "NULL", "null", "N/A", "n/a", "-", "NaN"],
      "columns": [
        {"name": "customer_id", "from": ["customer_id", "user_id", "customer"], "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "customer_name", "from": ["name", "customer_name"], "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "gender", "from": ["gender", "sex"], "type": "text", "optional_column": true, "map_else": "null",
         "map": {"f": "Female", "female": "Female", "w": "Female", "m": "Male", "male": "Male", "o": "Other", "other": "Other", "x": "Other"}},
        {"name": "city", "from": ["city", "city_id"], "type": "text", "case": "upper", "collapse_blanks": true, "optional_column": true},
        {"name": "signup_date", "from": ["signup_date", "signed_up_on"], "type": "date", "optional_column": true, "on_error": "null",
         "min": "1990-01-01", "formats": ["ISO", "DD/MM/YYYY", "DD-Mon-YYYY", "YYYYMMDD"]},
        {"name": "device_type", "from": ["device_type", "device"], "type": "text", "collapse_blanks": true, "optional_column": true,
         "map": {"ios": "iOS", "iphone": "iOS", "ipad": "iOS", "android": "Android", "web": "Web", "browser": "Web", "desktop": "Web"}},
        {"name": "effective_at", "from": ["effective_at", "updated_at", "as_of", "extract_date"], "type": "timestamptz", "optional_column": true,
         "min": "1990-01-01", "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY", "DD-Mon-YYYY", "YYYYMMDD", "epoch"]}
      ]}$json$,
    steps => jsonb_build_array(common.future, common.turn, common.cities,
      jsonb_build_object('step', 'scd2', 'name', 'customer_history', 'into', 'customer_history', 'mode', 'feed', 'sequence', 'effective_at',
        'select', $sql$
          SELECT b.record_no, b.customer_id, b.customer_name AS name, b.gender, b.city, b.signup_date, b.device_type,
                 coalesce(b.effective_at, now()) AS effective_at
          FROM batch b$sql$),
      jsonb_build_object('step', 'sql', 'name', 'realign facts', 'sql', $sql$SELECT realign_facts('customer_history')$sql$)))
FROM common;

-- Zones: GeoJSON features, one a line (jq -c '.features[]' makes such lines of a FeatureCollection).
SELECT create_feed(current_schema(), 'zones',
  description => 'Delivery zones, GeoJSON features, one a line: properties.name, geometry; optional id, properties.city',
  parameters => '{"city": {"description": "city of zones that name none", "pattern": "[^/]+", "default": "?"}}',
  contract => $json${
    "format": "jsonl",
    "max_record_bytes": 16777216,
    "columns": [
      {"name": "id", "from": ["id", "/properties/zone_id"], "type": "text", "case": "upper", "max_length": 100},
      {"name": "city", "from": ["/properties/city", "/properties/city_id"], "type": "text", "case": "upper", "collapse_blanks": true},
      {"name": "zone_name", "from": ["/properties/name", "/properties/zone_name"], "type": "text", "required": true, "collapse_blanks": true},
      {"name": "shape", "from": "geometry", "type": "jsonb", "required": true}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'reject', 'name', 'shape', 'column', 'shape', 'code', '22P02',
      'when', $sql$jsonb_typeof(shape) <> 'object' OR coalesce(shape->>'type', '') NOT IN ('Polygon', 'MultiPolygon')$sql$,
      'reason', 'the geometry is neither Polygon nor MultiPolygon', 'hint', 'A zone is an area: leave points and lines out.'),
    jsonb_build_object('step', 'sql', 'name', 'city', 'sql', $sql$UPDATE batch SET city = upper({city}) WHERE city IS NULL$sql$),
    jsonb_build_object('step', 'members', 'name', 'new cities', 'into', 'city_dim', 'key', 'city_id', 'select', 'SELECT DISTINCT city FROM batch'),
    jsonb_build_object('step', 'upsert', 'name', 'delivery_zone', 'into', 'delivery_zone', 'key', jsonb_build_array('zone_id'), 'nulls', 'keep',
      'select', $sql$
        SELECT coalesce(b.id, b.city || '/' || b.zone_name) AS zone_id, nullif(b.city, '?') AS city_id, b.zone_name, b.shape, b.record_no AS _order
        FROM batch b$sql$)));
