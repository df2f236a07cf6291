-- The value of the best row: every type, ties, many, numerics in the server's order.
SET search_path = starhouse, public;
SET timezone = 'UTC';
SET datestyle = ISO;

-- By hand; NULLs are left out, equal keys give the smaller value.
SELECT max_by(v, k), min_by(v, k), max_by(v, k, 2), min_by(v, k, 9), first_by(v, ts), last_by(v, ts)
FROM (VALUES ('a', 1, timestamptz '2026-01-03'), ('b', 3, '2026-01-01'), ('c', 3, '2026-01-02'), (NULL, 9, '2026-01-09'), ('z', NULL, NULL)) x(v, k, ts);
SELECT max_by(v, k), max_by(v, k, 3), min_by(v, k, 3) FROM (VALUES (2, 1), (1, 1), (3, 1), (2, 1)) x(v, k);
SELECT max_by(v, k), max_by(v, k, 2), last_by(v, now()), max_by_state(v, k, 1) IS NULL AS state FROM (VALUES (NULL::text, 1), ('a', NULL)) x(v, k);
SELECT max_by('a', 1), first_by(1, now()) WHERE false;

-- Every type comes back as what it was.
SELECT max_by(b, k), max_by(i, k), max_by(n, k), max_by(w, k), max_by(num, k), max_by(d, k), max_by(ts, k), max_by(u, k), max_by(s, k), max_by(j, k)
FROM (VALUES (1, true, 5, 9007199254740993, 1.5::float8, 1.50, date 'infinity', timestamptz '2026-01-01', uuid '00000000-0000-0000-0000-00000000000a', 'é', jsonb '{"a": [1, null]}'),
  (2, false, -5, -9007199254740993, '-0', '-12345678901234567890.0001', '0044-03-15 BC', '-infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '', '"ü"')) x(k, b, i, n, w, num, d, ts, u, s, j);
SELECT min_by(b, k, 2), min_by(i, k, 2), min_by(n, k, 2), min_by(w, k, 2), min_by(num, k, 2), min_by(d, k, 2), min_by(ts, k, 2), min_by(u, k, 2), min_by(s, k, 2), min_by(j, k, 2)
FROM (VALUES (1, true, 5, 9007199254740993, 1.5::float8, 1.50, date 'infinity', timestamptz '2026-01-01', uuid '00000000-0000-0000-0000-00000000000a', 'é', jsonb '{"a": [1, null]}'),
  (2, false, -5, -9007199254740993, 'NaN', 'NaN', '0044-03-15 BC', '-infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '', '"ü"')) x(k, b, i, n, w, num, d, ts, u, s, j);
SELECT length(max_by(v, k)) AS long, max_by(v, k, 2) = ARRAY[repeat('long', 100000), 'short'] AS both FROM (VALUES (repeat('long', 100000), 2), ('short', 1)) x(v, k);

-- Keys: NaN above all, infinities, numbers beyond a float8's digits.
SELECT max_by(v, k, 6), min_by(v, k, 6) FROM (VALUES ('nan', 'NaN'::float8), ('inf', 'infinity'), ('one', 1), ('zero', 0), ('-zero', '-0'), ('-inf', '-infinity')) x(v, k);
SELECT max_by(v, k) AS big FROM (VALUES ('less', 9007199254740992), ('more', 9007199254740993)) x(v, k);
SELECT max_by(v, k) AS fine, max_by(v, -k) AS other FROM (VALUES ('less', 1.00000000000000000000000000000000001), ('more', 1.00000000000000000000000000000000002)) x(v, k);
SELECT max_by(v, k) AS late, min_by(v, k) AS early FROM (VALUES ('a', timestamptz '-infinity'), ('b', 'infinity'), ('c', '2026-01-01')) x(v, k);

-- Numerics of all sizes and signs in the server's order.
CREATE TEMP TABLE number AS
  SELECT i, CASE i % 50 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN 0
    ELSE (hashint8extended(i, 1) % 2000) * 10::numeric ^ (hashint8extended(i, 2) % 40)::int END AS n
  FROM generate_series(1, 4000) i;
SELECT max_by(i, n, 5000) = array_agg(i ORDER BY n DESC, i) AS descending, min_by(i, n, 5000) = array_agg(i ORDER BY n, i) AS ascending,
  max_by(n, n, 5000) = array_agg(n ORDER BY n DESC) AS themselves, max_by(i, n) = (array_agg(i ORDER BY n DESC, i))[1] AS best FROM number;

-- Last value by group: as DISTINCT ON and array_agg have it.
CREATE TEMP TABLE reading AS SELECT g % 40 AS sensor, timestamptz '2026-01-01' + (g * 7919 % 10007) * interval '1 minute' AS ts, g % 1000 / 8.0::float8 AS value, 'r' || g AS name FROM generate_series(1, 8000) g;
SELECT count(*), bool_and(last = value), bool_and(last_name = name) FROM (SELECT sensor, last_by(value, ts) AS last, last_by(name, ts) AS last_name FROM reading GROUP BY sensor) a
JOIN (SELECT DISTINCT ON (sensor) * FROM reading ORDER BY sensor, ts DESC) b USING (sensor);
SELECT bool_and(firsts = expected) AS first_three FROM (SELECT min_by(name, ts, 3) AS firsts, (array_agg(name ORDER BY ts, name COLLATE "C"))[1:3] AS expected FROM reading GROUP BY sensor) x;

-- A rollup: days, then all of them; the same rows give the same bytes.
CREATE TEMP TABLE daily AS SELECT ts::date AS day, max_by_state(name, value, 5) AS best FROM reading GROUP BY 1;
SELECT best_text_array(best_merge(best)) = (SELECT max_by(name, value, 5) FROM reading) AS merged, best_rows(best_merge(best)),
  best_merge(best)::text = (SELECT max_by_state(name, value, 5)::text FROM reading) AS same_bytes, best_text(best_merge(best)) = (SELECT max_by(name, value) FROM reading) AS first FROM daily;

-- Errors.
SELECT max_by('a', 1, 0);
SELECT max_by('a', 1, 10001);
SELECT max_by(v, k, k) FROM (VALUES ('a', 1), ('b', 2)) x(v, k);
SELECT best_int(max_by_state('a'::text, 1, 1));
SELECT best_merge(s) FROM (SELECT max_by_state('a'::text, 1, 1) UNION ALL SELECT max_by_state(1, 1, 1)) x(s);
SELECT best_merge(s) FROM (SELECT max_by_state('a'::text, 1, 1) UNION ALL SELECT max_by_state('a'::text, 1, 2)) x(s);
SELECT best_state 'IgEJAgEBAQUAAAAAAAAAAQ==';
SELECT encode(set_byte(best_state_send(max_by_state('a'::text, 1::bigint, 1)), 16, 255), 'base64')::best_state;
SELECT best_jsonb(encode(set_byte(best_state_send(max_by_state('a'::text, 1::bigint, 1)), 2, 10), 'base64')::best_state);
SELECT encode('\x22010501010101000000000000f03f020080'::bytea, 'base64')::best_state AS zero, best_numeric(encode('\x22010501010101000000000000f03f020080'::bytea, 'base64')::best_state);
SELECT encode('\x22010501010101000000000000f03f02ffff'::bytea, 'base64')::best_state;
