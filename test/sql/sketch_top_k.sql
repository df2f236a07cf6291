-- The most frequent items through the server; the bounds themselves are tested in test/unit.
SET search_path = starhouse, public;

CREATE TEMP TABLE play AS SELECT g AS id, g % 6 AS grp, ((g * 7919::bigint % 20011) * (g * 104729::bigint % 20011) / 20011 / 100)::int AS song FROM generate_series(1, 20000) g;
-- As a grouped count, for every type.
SELECT unnest(approx_top_k(song, 3)) FROM play;
SELECT song AS item, count(*) FROM play GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3;
SELECT (approx_top_k(song, 3) = approx_top_k(song::bigint, 3)) AS bigint, (approx_top_k(song, 3))[1].item || ' songs' = (approx_top_k(song || ' songs', 3))[1].item AS text,
       (approx_top_k(md5(song::text)::uuid, 3))[1].item = md5((approx_top_k(song, 3))[1].item)::uuid::text AS uuid FROM play;
SELECT count(*), bool_and(items = (SELECT array_agg((item, n, n)::top_k_item) FROM (SELECT song::text AS item, count(*) AS n FROM play p WHERE p.grp = x.grp GROUP BY song ORDER BY 2 DESC, song LIMIT 10) t)) AS by_group
FROM (SELECT grp, approx_top_k(song, 10) AS items FROM play GROUP BY grp) x;
-- Texts that a collation holds equal are one item, shown as the first of them in order of bytes.
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT approx_top_k(t COLLATE ignore_case, 2) FROM (VALUES ('b'), ('a'), ('A'), ('B'), ('a')) v(t);
SELECT approx_top_k(t, 9) FROM (VALUES (''), ('a,"b'), (NULL), ('')) v(t);
SELECT approx_top_k(n, 9) FROM (VALUES (9223372036854775807), (-9223372036854775808), (0), (0)) v(n);

-- Nothing and NULLs.
SELECT approx_top_k(song, 3) IS NULL AS items, approx_top_k_state(song) IS NULL AS state FROM play WHERE false;
SELECT approx_top_k(i, k) FROM (VALUES (1, 2), (NULL, 2), (1, NULL)) v(i, k);
SELECT count(*) FROM approx_top_k_value(NULL, 3);
SELECT approx_top_k_merge(NULL) IS NULL AS merged;

-- States: k when they are read, merged parts, a table of them.
CREATE TEMP TABLE daily AS SELECT grp, approx_top_k_state(song) AS songs FROM play GROUP BY grp;
SELECT t.* FROM approx_top_k_value((SELECT approx_top_k_merge(songs) FROM daily), 2) t;
SELECT (SELECT approx_top_k_merge(songs)::text FROM daily) = (SELECT approx_top_k_state(song)::text FROM play) AS to_the_last_bit;
SELECT grp, t.item FROM daily, approx_top_k_value(songs, 1) t ORDER BY grp;

-- Past the capacity: bounds that hold.
SELECT count(*), bool_and(at_least <= n AND n <= at_most) AS within, bool_and(at_most - at_least <= 2 * 20000 / 64) AS tight
FROM (SELECT (unnest(approx_top_k(song, 64, 64))).* FROM play) t JOIN (SELECT song::text AS item, count(*) AS n FROM play GROUP BY 1) s USING (item);
SELECT (sketch_info(approx_top_k_state(song, 64))).form, (sketch_info(approx_top_k_state(song, 64))).relative_error BETWEEN 0.001 AND 2 / 64.0 AS error,
       (sketch_info(approx_top_k_state(song))).form AS all_of_them, (sketch_info(approx_top_k_state(song))).relative_error, (sketch_info(approx_top_k_state(song))).items FROM play;
SELECT encode(top_k_sketch_send(approx_top_k_state(g % 3)), 'hex') AS bytes FROM generate_series(1, 10) g;
-- Frames that move.
SELECT count(*), bool_and((items[1]).at_least = (SELECT count(*) FROM play q WHERE q.id BETWEEN x.id - 20 AND x.id AND q.song % 4 = (items[1]).item::int)) AS right
FROM (SELECT id, approx_top_k(song % 4, 1) OVER (ORDER BY id ROWS 20 PRECEDING) AS items FROM play WHERE id <= 300) x;

-- Refused.
\set VERBOSITY terse
SELECT approx_top_k(song, 0) FROM play;
SELECT approx_top_k(song, 1000001) FROM play;
SELECT approx_top_k(song, id) FROM play;
SELECT approx_top_k(song, 3, 10) FROM play;
SELECT approx_top_k_state(song, 2000000) FROM play;
SELECT approx_top_k_state(song, 100 + grp) FROM (SELECT * FROM play WHERE id <= 2 ORDER BY id) x;
SELECT count(*) FROM daily, approx_top_k_value(songs, 0);
SELECT approx_top_k_merge(s) FROM (SELECT approx_top_k_state(1) AS s UNION ALL SELECT approx_top_k_state('1'::text)) x;
SELECT approx_top_k_merge(s) FROM (SELECT approx_top_k_state(1, 100) AS s UNION ALL SELECT approx_top_k_state(1, 200)) x;
\set VERBOSITY sqlstate
SELECT 'KgEA'::top_k_sketch;
SELECT ''::top_k_sketch;
