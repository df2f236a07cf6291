-- Triangles as zones, in every form they may come in; NULL where a coordinate is.
CREATE FUNCTION pg_temp.triangle(lat float8, lon float8) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
  $$ SELECT format('POLYGON((%s %s,%s %s,%s %s,%1$s %2$s))', lon, lat, lon + 0.03, lat, lon, lat + 0.03) $$;
CREATE FUNCTION pg_temp.triangle_json(lat float8, lon float8) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
  $$ SELECT format('{"type":"Polygon","coordinates":[[[%s,%s],[%s,%s],[%s,%s],[%1$s,%2$s]]]}', lon, lat, lon + 0.03, lat, lon, lat + 0.03)::jsonb $$;
CREATE FUNCTION pg_temp.triangle_polygon(lat float8, lon float8) RETURNS polygon LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
  $$ SELECT format('((%s,%s),(%s,%s),(%s,%s))', lon, lat, lon + 0.03, lat, lon, lat + 0.03)::polygon $$;
CREATE FUNCTION pg_temp.triangle_wkb(lat float8, lon float8) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
  $$ SELECT '\x00000000030000000100000004'::bytea || float8send(lon) || float8send(lat) || float8send(lon + 0.03) || float8send(lat)
       || float8send(lon) || float8send(lat + 0.03) || float8send(lon) || float8send(lat) $$;
-- Zones of some places.
CREATE FUNCTION pg_temp.zones(zones zone_index) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT string_agg(coalesce(zone_of(zones, 12 + y / 9.0, 77 + x / 9.0), '-'), ' ' ORDER BY x, y) FROM generate_series(0, 8) x, generate_series(0, 8) y $$;
\set zones 'pg_temp.zones(x)'

SELECT pg_temp.sample('zone_index_agg(id::bigint, pg_temp.triangle(lat, lon))', :'zones');
SELECT pg_temp.sample('zone_index_agg(id::bigint, pg_temp.triangle_json(lat, lon))', :'zones');
SELECT pg_temp.sample('zone_index_agg(id::bigint, pg_temp.triangle_wkb(lat, lon))', :'zones');
SELECT pg_temp.sample('zone_index_agg(id::bigint, pg_temp.triangle_polygon(lat, lon))', :'zones');
SELECT pg_temp.sample('zone_index_agg(id::text, pg_temp.triangle(lat, lon))', :'zones');
SELECT pg_temp.sample('zone_index_agg(id::text, pg_temp.triangle_json(lat, lon))', :'zones');
SELECT pg_temp.sample('zone_index_agg(id::text, pg_temp.triangle_wkb(lat, lon))', :'zones');
SELECT pg_temp.sample('zone_index_agg(id::text, pg_temp.triangle_polygon(lat, lon))', :'zones');
SELECT pg_temp.sample('zone_index_merge(st)', :'zones', merges => 'zone_index_agg(id::bigint, pg_temp.triangle(lat, lon))');

-- Lengths and weights are sums of floats: rounded.
\set metres 'round(x::numeric, 4)'
\set of_path 'round(path_length_m(x)::numeric, 4)'
SELECT pg_temp.sample('path_state(lat, lon, ts ORDER BY ts)', :'of_path', in_order => true);
SELECT pg_temp.sample('path_state(lat, lon, ts, 200 ORDER BY ts)', :'of_path', in_order => true);
SELECT pg_temp.sample('path_state(lat, lon, ts, 200, 50000 ORDER BY ts)', :'of_path', in_order => true);
SELECT pg_temp.sample('path_length_m(lat, lon, ts ORDER BY ts)', :'metres', in_order => true);
SELECT pg_temp.sample('path_length_m(lat, lon, ts, 200 ORDER BY ts)', :'metres', in_order => true);
SELECT pg_temp.sample('path_length_m(lat, lon, ts, 200, 50000 ORDER BY ts)', :'metres', in_order => true);
SELECT pg_temp.sample('path_merge(st)', :'of_path', merges => 'path_state(lat, lon, ts ORDER BY ts)');
SELECT pg_temp.sample('activity_state(ts, flag, interval ''10 min'' ORDER BY ts)', 'activity_seconds(x)::text', in_order => true);
SELECT pg_temp.sample('activity_seconds(ts, flag, interval ''10 min'' ORDER BY ts)', in_order => true);
SELECT pg_temp.sample('activity_merge(st)', 'activity_seconds(x)::text', merges => 'activity_state(ts, flag, interval ''10 min'' ORDER BY ts)');
SELECT pg_temp.sample('trace_agg(lat, lon, ts)');
SELECT pg_temp.sample('trace_merge(st)', merges => 'trace_agg(lat, lon, ts)');
SELECT pg_temp.sample('heatmap(lat, lon, 5)');
SELECT pg_temp.sample('heatmap(geohash_cell(lat, lon, 4))');
SELECT pg_temp.sample('heatmap_merge(st)', merges => 'heatmap(lat, lon, 5)');
\set cells '(SELECT string_agg(cell || '' '' || round(weight::numeric, 6), '', '') FROM heatmap_cells(x, ''2025-01-11''))'
SELECT pg_temp.sample('decayed_heatmap(lat, lon, ts, 4, interval ''1 day'')', :'cells');
SELECT pg_temp.sample('decayed_heatmap_merge(st)', :'cells', merges => 'decayed_heatmap(lat, lon, ts, 4, interval ''1 day'')');
