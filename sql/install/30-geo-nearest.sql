-- Nearest positions: rings of cells around a place, looked up by a B-tree.

CREATE FUNCTION nearest(
    positions regclass, lat float8, lon float8, k int DEFAULT 10, max_metres float8 DEFAULT NULL,
    filter jsonb DEFAULT NULL, key_column name DEFAULT NULL, lat_column name DEFAULT NULL,
    lon_column name DEFAULT NULL, cell_column name DEFAULT NULL)
  RETURNS TABLE (key text, latitude float8, longitude float8, metres float8)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 10 COST 10000
  SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  farthest CONSTANT float8 := 20003931.459;  -- no two places on WGS 84 are farther apart
  reach float8 := coalesce(least(max_metres, farthest), farthest);
  radius float8 := least(100, reach);        -- of the ring
  place text;                                -- SQL: latitude, longitude of the row p
  cell text;                                 -- SQL: its cell; NULL: read the whole table
  conditions text := '';
  candidates text;
  within text;
  lows bigint[];
  highs bigint[];
  single bigint[];
  keys text[];
  lats float8[];
  lons float8[];
  distances float8[];
  column_name text;
  wanted jsonb;
BEGIN
  IF positions IS NULL OR lat IS NULL OR lon IS NULL OR k IS NULL THEN
    RETURN;
  END IF;
  PERFORM starhouse.geohash_cell(lat, lon, 1);  -- refuses what is no place
  IF k < 1 THEN
    RAISE invalid_parameter_value USING MESSAGE = format('k out of range: %s', k), HINT = 'Ask for one row or more.';
  END IF;
  IF max_metres < 0 OR max_metres = 'NaN' THEN
    RAISE numeric_value_out_of_range USING MESSAGE = format('max_metres out of range: %s', max_metres),
      HINT = 'Give a distance of 0 or more; NULL sets no limit.';
  END IF;

  -- Which columns hold what.
  key_column := coalesce(key_column, (
    SELECT a.attname FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = positions AND i.indisprimary AND i.indnkeyatts = 1));
  IF key_column IS NULL THEN
    RAISE invalid_parameter_value USING MESSAGE = format('%s has no primary key of one column', positions),
      HINT = 'Name the column that tells its rows apart: key_column => ''driver_id''.';
  END IF;
  lat_column := coalesce(lat_column, starhouse.nearest_column(positions, '{lat,latitude}'));
  lon_column := coalesce(lon_column, starhouse.nearest_column(positions, '{lon,lng,long,longitude}'));
  cell_column := coalesce(cell_column, starhouse.nearest_column(positions, '{cell,geohash_cell}'));
  FOREACH column_name IN ARRAY ARRAY[key_column, lat_column, lon_column, cell_column] LOOP
    IF column_name IS NOT NULL AND starhouse.nearest_column(positions, ARRAY[column_name]) IS NULL THEN
      RAISE undefined_column USING MESSAGE = format('%s has no column "%s"', positions, column_name),
        HINT = 'Give the columns by name: key_column, lat_column and lon_column, cell_column.';
    END IF;
  END LOOP;
  IF (SELECT a.atttypid <> 'bigint'::regtype FROM pg_attribute AS a WHERE a.attrelid = positions AND a.attname = cell_column) THEN
    RAISE datatype_mismatch USING MESSAGE = format('column "%s" of %s holds no cells: it is not bigint', cell_column, positions),
      HINT = 'Cells are what geohash_cell(lat, lon, precision) returns.';
  END IF;
  IF lat_column IS NOT NULL AND lon_column IS NOT NULL THEN
    place := format('p.%I::float8 AS latitude, p.%I::float8 AS longitude', lat_column, lon_column);
  ELSIF cell_column IS NOT NULL THEN
    place := format('(starhouse.geohash_decode(p.%1$I)).lat AS latitude, (starhouse.geohash_decode(p.%1$I)).lon AS longitude', cell_column);
  ELSE
    RAISE invalid_parameter_value USING MESSAGE = format('no column of %s is known to hold positions', positions),
      HINT = 'Name them: lat_column and lon_column, or cell_column.';
  END IF;

  -- Rings pay where a B-tree finds a range of cells: of the column, or of the expression. Whether there is one
  -- below a view is not looked into.
  SELECT CASE WHEN i.indkey[0] <> 0 THEN format('p.%I', cell_column)
              ELSE format('starhouse.geohash_cell(p.%I, p.%I, %s)', coalesce(lat_column, ''), coalesce(lon_column, ''), substring(d.definition FROM '(\d+)\)$')) END
  INTO cell
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam,
       LATERAL (SELECT pg_get_indexdef(i.indexrelid, 1, true)) AS d (definition)
  WHERE i.indrelid = positions AND m.amname = 'btree' AND i.indisvalid AND i.indpred IS NULL
    AND (i.indkey[0] = (SELECT a.attnum FROM pg_attribute AS a WHERE a.attrelid = positions AND a.attname = cell_column)
         OR i.indkey[0] = 0
            AND regexp_replace(d.definition, '\d+\)$', '') = format('starhouse.geohash_cell(%I, %I, ', coalesce(lat_column, ''), coalesce(lon_column, '')))
  ORDER BY i.indkey[0] = 0, i.indexrelid LIMIT 1;
  IF cell IS NULL AND cell_column IS NOT NULL
     AND (SELECT c.relkind FROM pg_class AS c WHERE c.oid = positions) IN ('v', 'f') THEN
    cell := format('p.%I', cell_column);
  END IF;

  -- What else has to hold. Values come in through the types of their columns, as data.
  IF jsonb_typeof(filter) <> 'object' THEN
    RAISE invalid_parameter_value USING MESSAGE = format('filter is no JSON object: %s', left(filter::text, 60)),
      HINT = 'Give columns with the values they must have: {"status": "available", "vehicle": ["bike", "car"]}.';
  END IF;
  FOR column_name, wanted IN SELECT e.key, e.value FROM jsonb_each(filter) AS e LOOP
    IF starhouse.nearest_column(positions, ARRAY[column_name]) IS NULL THEN
      RAISE undefined_column USING MESSAGE = format('filter: %s has no column "%s"', positions, column_name),
        HINT = 'The keys of filter are columns of the table.';
    END IF;
    IF wanted = 'null' THEN
      conditions := conditions || format(' AND p.%I IS NULL', column_name);
    ELSE
      conditions := conditions || format(
        ' AND p.%1$I = ANY (ARRAY(SELECT (jsonb_populate_record(NULL::%2$s, jsonb_build_object(%1$L, v))).%1$I'
        ' FROM jsonb_array_elements(CASE jsonb_typeof($5 -> %1$L) WHEN ''array'' THEN $5 -> %1$L'
        ' ELSE jsonb_build_array($5 -> %1$L) END) AS v))', column_name, positions);
    END IF;
  END LOOP;

  -- OFFSET 0: every distance is computed once.
  candidates := format('SELECT p.%I AS key, %s FROM %s AS p WHERE true%s', key_column, place, positions, conditions);
  -- A ring is enough when k rows lie within its radius. With k rows beyond it the next one reaches as far as they
  -- do, and no row nearer can be missing from that; with fewer it has four times the radius.
  LOOP
    within := '';
    IF cell IS NULL THEN
      radius := reach;
    ELSE
      -- Its ranges as parameters that the planner sees, so that it knows how few rows they hold.
      SELECT array_agg(r.lo) FILTER (WHERE r.lo < r.hi), array_agg(r.hi) FILTER (WHERE r.lo < r.hi), array_agg(r.lo) FILTER (WHERE r.lo = r.hi)
      INTO lows, highs, single FROM starhouse.geohash_search_ranges(lat, lon, radius) AS r;
      within := format(' AND (%s = ANY ($8)%s)', cell,
        (SELECT string_agg(format(' OR %s BETWEEN ($6)[%s] AND ($7)[%s]', cell, n, n), '') FROM generate_subscripts(lows, 1) AS n));
    END IF;
    EXECUTE 'SELECT array_agg(n.key::text), array_agg(n.latitude), array_agg(n.longitude), array_agg(n.metres) FROM ('
      'SELECT d.* FROM (SELECT c.*, starhouse.geodesic_m($1, $2, c.latitude, c.longitude) AS metres'
      ' FROM (' || candidates || within || ') AS c OFFSET 0) AS d WHERE d.metres <= $3 ORDER BY d.metres, d.key LIMIT $4) AS n'
      INTO keys, lats, lons, distances USING lat, lon, reach, k, filter, lows, highs, single;
    EXIT WHEN radius >= reach OR cardinality(keys) = k AND distances[k] <= radius;
    radius := least(reach, CASE WHEN cardinality(keys) = k THEN distances[k] ELSE 4 * radius END);
  END LOOP;
  RETURN QUERY SELECT * FROM unnest(keys, lats, lons, distances);
END;
$$;
COMMENT ON FUNCTION nearest(regclass, float8, float8, int, float8, jsonb, name, name, name, name) IS
  'The k rows of a table or view of positions that are nearest to a place, by geodesic_m and then by key; exact at any latitude and across the date line. max_metres: none farther (NULL: no limit). filter: columns and the value each must have, or a list of values, {"status": "available"}. Columns default to the primary key, lat or latitude, lon, lng, long or longitude, cell or geohash_cell (bigint, as generated from geohash_cell(lat, lon, 12)); without latitude and longitude a row is at the centre of its cell. A B-tree that begins with the cell column or with geohash_cell(lat, lon, n) is used; without one the table is read through. Rows without a position are passed over. No rows where positions, lat, lon or k is NULL. Runs with the caller''s rights. Errors: 22003 for coordinates and max_metres, 22023 for k and a filter that is no object, 42703 for a column that is not there, 42804 for a cell column that is not bigint.';

CREATE FUNCTION nearest_column(positions regclass, names name[]) RETURNS name
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT a.attname FROM unnest(names) WITH ORDINALITY AS n (name, position)
  JOIN pg_attribute AS a ON a.attrelid = positions AND a.attname = n.name AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY n.position LIMIT 1
$$;
COMMENT ON FUNCTION nearest_column(regclass, name[]) IS
  'Internal, for nearest: the first of some names that is a column of the table; NULL for none.';
