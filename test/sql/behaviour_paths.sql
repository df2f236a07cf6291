-- Paths of events and the most frequent of them, against array_agg and GROUP BY.
SET search_path = starhouse, public;
SET timezone = 'UTC';
SET datestyle = ISO;

CREATE TEMP TABLE visit (who int, t timestamptz, page text);
INSERT INTO visit VALUES (1, '2026-01-01 10:02', 'cart'), (1, '2026-01-01 10:00', 'home'), (1, '2026-01-01 10:01', 'home'), (1, '2026-01-01 10:02', 'buy'), (1, '2026-01-01 10:02', 'cart'),
  (2, '2026-01-01 10:00', 'home'), (2, NULL, 'home'), (2, '2026-01-01 10:05', NULL), (2, '2026-01-01 10:09', ''), (3, '2026-01-01', NULL);
SELECT who, event_path_steps(event_path(t, page)) AS path, event_path_steps(event_path(t, page), 2) AS first, event_path_steps(event_path(t, page), collapse => true) AS collapsed, event_path_steps(event_path(t, page), 0) AS none FROM visit GROUP BY who ORDER BY who;
SELECT p.* FROM (SELECT path_top_k(event_path_steps(path), 2) AS top FROM (SELECT event_path(t, page) AS path FROM visit GROUP BY who) x) y, unnest(top) p;
SELECT p.* FROM (SELECT path_top_k_state(path) AS s FROM (VALUES (ARRAY['a', 'b']), (ARRAY['b']), (ARRAY['a', 'b']), ('{}'), (NULL), (ARRAY['b']), (ARRAY['', 'a']), (ARRAY['a'])) v(path)) x, path_top_k_value(s, 10) p;
SELECT event_path(NULL, 'a') IS NULL AS a, event_path_merge(NULL) IS NULL AS b, event_path_steps(NULL) IS NULL AS c, path_top_k(NULL, 3) IS NULL AS d, path_top_k(ARRAY['a'], NULL) IS NULL AS e, path_top_k_merge(NULL) IS NULL AS f, (SELECT count(*) FROM path_top_k_value(NULL, 3)) AS g;
\set VERBOSITY terse
SELECT event_path('infinity', 'a');
SELECT event_path(now(), repeat('a', 10001));
SELECT path_top_k(ARRAY['a', NULL], 3);
SELECT path_top_k(ARRAY['a'], 0);
SELECT path_top_k(ARRAY['a'], 1000001);
SELECT path_top_k(ARRAY['a'], k) FROM (VALUES (3), (4)) v(k);
SELECT path_top_k_value(path_top_k_state(ARRAY['a']), 0);
-- Bytes that are no text of the database.
SELECT event_path_steps('PAEBAf8BAAA='::event_path);

-- 1,000 users of 20 events.
CREATE TEMP TABLE click AS
  SELECT g AS id, g % 1000 AS customer, timestamptz '2026-01-01' + abs(hashint8extended(g, 1) % 5000) * interval '1 minute' AS t, 'page ' || abs(hashint8extended(g, 2) % 9) || repeat('é', (g % 3)::int) AS page FROM generate_series(1, 20000) g;
SELECT count(*), bool_and(event_path_steps(p) = expected AND event_path_steps(p, 3) = expected[1:3]) AS same, bool_and(event_path_steps(p, collapse => true) = collapsed) AS collapsed_same FROM
  (SELECT customer, event_path(t, page) AS p FROM click GROUP BY 1) x JOIN
  (SELECT customer, array_agg(page ORDER BY t, page COLLATE "C") AS expected, array_agg(page ORDER BY t, page COLLATE "C") FILTER (WHERE page IS DISTINCT FROM before) AS collapsed
   FROM (SELECT *, lag(page) OVER (PARTITION BY customer ORDER BY t, page COLLATE "C") AS before FROM (SELECT DISTINCT customer, t, page FROM click) d) c GROUP BY 1) y USING (customer);
SELECT bool_and(a::text = m::text) AS canonical FROM (SELECT customer, event_path(t, page ORDER BY id DESC) AS a FROM click GROUP BY 1) x JOIN
  (SELECT customer, event_path_merge(p) AS m FROM (SELECT customer, event_path(t, page)::text::event_path AS p FROM click GROUP BY customer, hashint8extended(id, 4) % 6) p GROUP BY 1) y USING (customer);
CREATE TEMP TABLE path AS SELECT customer, event_path_steps(event_path(t, page), 2) AS steps FROM click GROUP BY 1;
SELECT count(*), bool_and(ours = theirs) AS top_same FROM (SELECT n, (p.path, p.count, p.share)::text AS ours FROM (SELECT path_top_k(steps, 50) AS top FROM path) x, unnest(top) WITH ORDINALITY p(path, count, share, n)) a FULL JOIN
  (SELECT row_number() OVER (ORDER BY count(*) DESC, string_agg(DISTINCT key, '')) AS n, (steps, count(*), count(*) / 1000.0::float8)::text AS theirs FROM
    -- The order of bytes that the counts have: each step with its length in front.
    (SELECT steps, (SELECT string_agg(chr(octet_length(s)) || s, '' ORDER BY o) FROM unnest(steps) WITH ORDINALITY u(s, o)) COLLATE "C" AS key FROM path) k GROUP BY steps ORDER BY 1 LIMIT 50) b USING (n);
SELECT (SELECT path_top_k_state(steps)::text FROM path) = (SELECT path_top_k_merge(s)::text FROM (SELECT path_top_k_state(steps)::text::path_top_k_state AS s FROM path GROUP BY customer % 7) p) AS merged;
