-- GPS traces: length of the way, busy and idle time, stops, visits of zones, heatmaps.
SET search_path = public, starhouse;
SET TimeZone = 'UTC';

-- Two vehicles: a goes north from the equator, a degree in half a minute, with a spike; b stands, moves, stands.
CREATE TABLE pings (vehicle text, ts timestamptz, lat float8, lon float8, busy boolean);
INSERT INTO pings SELECT 'a', timestamptz '2025-03-01 00:00' + n * interval '30 s', n * 0.01, 77, n % 2 = 0 FROM generate_series(0, 9) n;
UPDATE pings SET lat = lat + 5 WHERE ts = '2025-03-01 00:02';
INSERT INTO pings SELECT 'b', timestamptz '2025-03-01 10:00' + n * interval '1 min',
  CASE WHEN n < 10 THEN 12.97 + (n % 3) * 0.00005 WHEN n < 15 THEN 12.97 + (n - 9) * 0.01 ELSE 13.02 END, 77.5, n BETWEEN 10 AND 14
  FROM generate_series(0, 29) n WHERE n NOT BETWEEN 20 AND 25;
INSERT INTO pings VALUES ('a', NULL, 1, 1, true), ('a', '2025-03-01 00:00:15', NULL, 1, NULL), ('c', '2025-03-01', 1, NULL, true);

-- Length: a degree is 111195 m on the sphere; the spike costs 5.01 + 4.99 degrees, a filter its two legs.
SELECT vehicle, round(path_length_m(lat, lon, ts ORDER BY ts)) AS metres,
  round(path_length_m(lat, lon, ts, 100 ORDER BY ts)) AS up_to_100_m_s,
  round(path_length_m(lat, lon, ts, NULL, 2000 ORDER BY ts)) AS up_to_2_km,
  round(path_length_m(lat, lon, ts, 20, 2000 ORDER BY ts)) AS both,
  path_length_m(lat, lon, ts ORDER BY ts) = path_length_m(trace_agg(lat, lon, ts)) AS trace_alike,
  path_length_m(lat, lon, ts, 20, 2000 ORDER BY ts) = path_length_m(trace_agg(lat, lon, ts), 20, 2000) AS limits_alike
FROM pings GROUP BY 1 ORDER BY 1;
-- Ordered by a subquery: one sort for several aggregates.
EXPLAIN (COSTS OFF) SELECT vehicle, path_length_m(lat, lon, ts), activity_seconds(ts, busy, '1 min') FROM (SELECT * FROM pings ORDER BY vehicle, ts) p GROUP BY vehicle;
SELECT vehicle, round(path_length_m(lat, lon, ts)) AS metres, activity_seconds(ts, busy, '1 min') FROM (SELECT * FROM pings ORDER BY vehicle, ts) p GROUP BY vehicle ORDER BY vehicle;
-- As window functions: the way so far.
SELECT ts::time, round(path_length_m(lat, lon, ts) OVER w) AS so_far, activity_seconds(ts, busy, '1 min') OVER w AS activity
FROM pings WHERE vehicle = 'b' AND ts < '2025-03-01 10:13' WINDOW w AS (ORDER BY ts) ORDER BY ts;

-- States of disjoint times, stored in parts of seven minutes, merge to the whole, in any order.
CREATE TABLE parts AS SELECT vehicle, part, path_state(lat, lon, ts, 100 ORDER BY ts), activity_state(ts, busy, '2 min' ORDER BY ts), trace_agg(lat, lon, ts) AS trace
FROM pings, date_bin('7 min', ts, '2025-03-01') AS part WHERE lat IS NOT NULL GROUP BY 1, 2;
SELECT vehicle, count(*) AS parts,
  abs(path_length_m(path_merge(path_state ORDER BY md5(part::text))) / (SELECT path_length_m(lat, lon, ts, 100 ORDER BY ts) FROM pings p WHERE p.vehicle = q.vehicle) - 1) < 1e-12 AS path,
  activity_seconds(activity_merge(activity_state ORDER BY md5(part::text))) = (SELECT activity_seconds(ts, busy, '2 min' ORDER BY ts) FROM pings p WHERE p.vehicle = q.vehicle) AS activity,
  trace_merge(trace ORDER BY md5(part::text))::text = (SELECT trace_agg(lat, lon, ts)::text FROM pings p WHERE p.vehicle = q.vehicle) AS trace
FROM parts q WHERE vehicle <> 'c' GROUP BY 1 ORDER BY 1;
SELECT bool_and(path_state_in(path_state_out(path_state))::text = path_state::text) AS path, bool_and(activity_state::text::activity_state::text = activity_state::text) AS activity,
  bool_and(trace_in(trace_out(trace))::text = trace::text) AS trace FROM parts;
-- A trace is a set: disorder and repetition change nothing.
SELECT count(DISTINCT t) FROM (SELECT trace_agg(lat, lon, ts ORDER BY ts)::text FROM pings UNION ALL SELECT trace_agg(lat, lon, ts ORDER BY ts DESC)::text FROM pings
  UNION ALL SELECT trace_agg(lat, lon, ts ORDER BY md5(ts::text))::text FROM (TABLE pings UNION ALL TABLE pings) p) s (t);
SELECT count(*), count(*) FILTER (WHERE (t.ts, t.lat, t.lon) = (p.ts, p.lat, p.lon)) AS equal
FROM (SELECT * FROM pings WHERE vehicle = 'a' AND lat IS NOT NULL AND ts IS NOT NULL) p
FULL JOIN (SELECT t.* FROM (SELECT trace_agg(lat, lon, ts) FROM pings WHERE vehicle = 'a') x (trace), trace_pings(trace) t) t USING (ts);

-- Stops: b stood twice.
SELECT arrived::time, departed::time, seconds, round(lat::numeric, 6) AS lat, lon, pings
FROM (SELECT trace_agg(lat, lon, ts) AS trace FROM pings WHERE vehicle = 'b') t, stops(trace, 50, '5 min');
SELECT count(*) FROM (SELECT trace_agg(lat, lon, ts) AS trace FROM pings WHERE vehicle = 'b') t, stops(trace, 50, '15 min');
-- Zones: in and out of two that share an edge; a dwell passes over what is short.
CREATE TABLE zones (name text, shape polygon);
INSERT INTO zones VALUES ('north', '((77,13),(78,13),(78,14),(77,14))'), ('south', '((77,12.9),(78,12.9),(78,12.985),(77,12.985))');
SELECT min_dwell, zone, entered::time, exited::time, seconds, pings
FROM (SELECT trace_agg(lat, lon, ts) AS trace FROM pings WHERE vehicle = 'b') t, (SELECT zone_index_agg(name, shape) AS zones FROM zones) z,
  (VALUES (interval '0'), ('11 min'), ('12 min')) AS d (min_dwell), zone_visits(trace, zones, min_dwell) ORDER BY 1, 3;

-- Heatmaps: the same as grouping by cell; parts merge; fading by half each hour.
SELECT count(*), count(*) FILTER (WHERE h.pings = g.pings) AS equal
FROM (SELECT geohash_cell(lat, lon, 6) AS cell, count(*) AS pings FROM pings WHERE lat IS NOT NULL AND lon IS NOT NULL GROUP BY 1) g
FULL JOIN heatmap_cells((SELECT heatmap(lat, lon, 6) FROM pings)) h USING (cell);
SELECT heatmap_merge(h)::text = (SELECT heatmap(lat, lon, 6) FROM pings)::text AS merged, heatmap_merge(h)::text::heatmap::text = heatmap_merge(h)::text AS stored,
  (SELECT heatmap(geohash_cell(lat, lon, 6)) FROM pings)::text = heatmap_merge(h)::text AS of_cells
FROM (SELECT heatmap(lat, lon, 6) AS h FROM pings GROUP BY vehicle) p;
SELECT geohash(cell), weight FROM heatmap_cells((SELECT decayed_heatmap(lat, lon, ts, 4, '1 hour') FROM (VALUES
  (12.97, 77.5, timestamptz '2025-03-01 10:00'), (12.97, 77.5, '2025-03-01 09:00'), (12.97, 77.5, '2025-03-01 11:00'), (28.6, 77.2, '2025-03-01 12:00')) v (lat, lon, ts)), '2025-03-01 12:00');
SELECT count(*), bool_and(abs(m.weight / w.weight - 1) < 1e-12) AS equal
FROM heatmap_cells((SELECT decayed_heatmap_merge(h) FROM (SELECT decayed_heatmap(lat, lon, ts, 7, '10 min')::text::decayed_heatmap AS h FROM pings GROUP BY ts) p), '2025-03-02') m
FULL JOIN (SELECT geohash_cell(lat, lon, 7) AS cell, sum(2 ^ (-extract(epoch FROM '2025-03-02' - ts)::float8 / 600)) AS weight FROM pings WHERE lat IS NOT NULL AND lon IS NOT NULL AND ts IS NOT NULL GROUP BY 1) w USING (cell);
SELECT path_length_m(lat, lon, ts) IS NULL AS path, activity_seconds(ts, busy, '1 min') IS NULL AS activity, trace_agg(lat, lon, ts) IS NULL AS trace, heatmap(lat, lon, 6) IS NULL AS heatmap,
  decayed_heatmap(lat, lon, ts, 6, '1 h') IS NULL AS decayed FROM pings WHERE vehicle = 'c';

-- Errors.
SELECT path_length_m(lat, lon, ts ORDER BY md5(ts::text)) FROM pings WHERE vehicle = 'a';
SELECT activity_seconds(ts, busy, '1 min' ORDER BY md5(ts::text)) FROM pings WHERE vehicle = 'b';
SELECT path_merge(path_state) FROM (SELECT path_state FROM parts UNION ALL SELECT path_state(lat, lon, ts, 100 ORDER BY ts) FROM pings WHERE vehicle = 'b') s;
SELECT path_merge(path_state) FROM (SELECT path_state(1, 1, '2025-01-01') UNION ALL SELECT path_state(1, 1, '2025-01-02', 20)) s (path_state);
SELECT path_length_m(lat, lon, ts, 0 ORDER BY ts) FROM pings;
SELECT path_length_m(lat, lon, ts, extract(minute FROM ts)::float8 + 1 ORDER BY ts) FROM pings WHERE vehicle = 'b';
SELECT path_length_m(trace_agg(lat, lon, ts), -1) FROM pings;
SELECT path_length_m(91, 0, now());
SELECT trace_agg(0, 'NaN', now());
SELECT trace_agg(0, 0, 'infinity');
SELECT activity_seconds(now(), true, '0');
SELECT activity_seconds(now(), true, '1 month');
SELECT stops(trace_agg(0, 0, now()), 0, '1 min');
SELECT stops(trace_agg(0, 0, now()), 10, '0');
SELECT zone_visits(trace_agg(0, 0, now()), zone_index_agg(1, 'POLYGON EMPTY'), '-1 s');
SELECT heatmap(1, 1, 13);
SELECT heatmap(1, 181, 6);
SELECT heatmap(8::bigint);
SELECT heatmap(1, 1, n) FROM generate_series(5, 6) n;
SELECT decayed_heatmap(1, 1, now(), 6, '-1 h');
SELECT heatmap_cells(decayed_heatmap(1, 1, '2025-01-01', 6, '1 s'), '2000-01-01');
SELECT path_state 'AgGvfGRbkHRhlQEC';
SELECT trace 'CwEBAA==';
SELECT path_add(NULL, 1, 1, now());

DROP TABLE pings, parts, zones;
