-- window_funnel: by hand, against the definition written as joins, in any order and split.
SET search_path = starhouse, public;
SET timezone = 'UTC';
SET datestyle = ISO;

-- By hand: minutes of the steps a, b, c; anything else is a row of no step.
CREATE FUNCTION funnel(path text, time_window interval, mode text) RETURNS int LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT window_funnel(time_window, timestamptz '2026-01-01' + minute * interval '1 minute', ARRAY[what ~ 'a', what ~ 'b', what ~ 'c'], mode)
  FROM (SELECT split_part(event, ':', 1) AS what, split_part(event, ':', 2)::int AS minute FROM unnest(string_to_array(path, ' ')) AS event) AS e $$;
SELECT path, time_window, funnel(path, time_window, '') AS none, funnel(path, time_window, 'strict_increase') AS increase, funnel(path, time_window, 'strict_once') AS once,
       funnel(path, time_window, 'strict_order') AS in_order, funnel(path, time_window, 'strict_deduplication') AS dedup
FROM (VALUES ('a:0 b:10 c:20', interval '20 minutes'), ('a:0 b:10 c:21', '20 minutes'), ('b:0 c:10', '1 hour'), ('c:0 b:1 a:2', '1 hour'),
  ('a:0 a:15 b:20 c:30', '20 minutes'),       -- the later start reaches further
  ('a:0 b:5 a:18 b:19 c:21', '20 minutes'),
  ('a:5 b:5 c:5', '0'), ('abc:5', '1 hour'),  -- one instant
  ('ab:5 c:6', '1 hour'), ('ab:5 b:6 c:7', '1 hour'),
  ('a:0 b:0 b:1 c:1 c:2', '1 hour'),
  ('a:0 x:1 b:2 c:3', '1 hour'), ('x:0 a:1 b:2 x:3 c:4', '1 hour'), ('a:0 c:1 b:2 c:3', '1 hour'),
  ('a:0 a:1 b:2 b:3 c:4', '1 hour'), ('a:0 b:1 a:2 c:3', '1 hour'),
  ('x:0', '1 hour')) AS v(path, time_window);
SELECT funnel('a:5 b:5 x:6 c:7', '1 hour', 'strict_order, strict_increase') AS both_modes, funnel('a:1 b:1 b:1 c:2', '1 hour', 'strict_deduplication') AS delivered_twice;

-- Nothing, NULLs.
SELECT window_funnel('1 hour', now(), true, true) FROM generate_series(1, 0);
SELECT window_funnel('1 hour', t, a, b) AS nulls, window_funnel(NULL, t, a, b) AS no_window, window_funnel('1 hour', t, ARRAY[a, b], NULL) AS no_mode, window_funnel_merge(NULL) AS no_state
FROM (VALUES (timestamptz '2026-01-01', NULL, true), (NULL, true, true), ('2026-01-01', false, NULL::boolean)) v(t, a, b);
SELECT window_funnel('1 hour', t, ARRAY[true, NULL, t > '2026-01-01']) AS null_elements FROM (VALUES (timestamptz '2026-01-01')) v(t);

-- Errors.
\set VERBOSITY terse
SELECT window_funnel('-1 second', now(), true, true);
SELECT window_funnel('1 month', now(), true, true);
SELECT window_funnel('1 hour', 'infinity', true, true);
SELECT window_funnel(w, '2026-01-01', true, true) FROM (VALUES (interval '1 hour'), ('2 hours')) v(w);
SELECT window_funnel('1 hour', '2026-01-01', array_fill(true, ARRAY[n])) FROM (VALUES (2), (3)) v(n);
SELECT window_funnel('1 hour', '2026-01-01', array_fill(true, ARRAY[33]));
SELECT window_funnel('1 hour', '2026-01-01', '{}'::boolean[]);
SELECT window_funnel('1 hour', '2026-01-01', ARRAY[true], 'strict_order,lax');
SELECT window_funnel_value(window_funnel_state('1 hour', '2026-01-01', ARRAY[true]), '-1 second');
SELECT window_funnel_value(window_funnel_state('1 hour', '2026-01-01', ARRAY[true]), '1 year');

-- 200 users of 20 events each, times in whole minutes so that there are ties.
CREATE TEMP TABLE click AS
  SELECT g AS id, g % 200 AS customer, timestamptz '2026-01-01' + abs(hashint8extended(g, 1) % 600) * interval '1 minute' AS t,
         abs(hashint8extended(g, 2) % 6) AS page, abs(hashint8extended(g, 3) % 8) AS bits
  FROM generate_series(1, 4000) g;
ANALYZE click;
-- The definition: rows that follow each other. `page` fulfils one step or none, `bits` any number of them.
CREATE FUNCTION chain(wanted int, width interval, strictly boolean) RETURNS SETOF bigint LANGUAGE sql AS $$
  SELECT DISTINCT a.customer FROM click a
    LEFT JOIN click b ON wanted >= 2 AND b.customer = a.customer AND b.page = 1 AND b.t BETWEEN a.t AND a.t + width AND (NOT strictly OR b.t > a.t)
    LEFT JOIN click c ON wanted >= 3 AND c.customer = a.customer AND c.page = 2 AND c.t BETWEEN b.t AND a.t + width AND (NOT strictly OR c.t > b.t)
    LEFT JOIN click d ON wanted >= 4 AND d.customer = a.customer AND d.page = 3 AND d.t BETWEEN c.t AND a.t + width AND (NOT strictly OR d.t > c.t)
  WHERE a.page = 0 AND (wanted < 2 OR b.id IS NOT NULL) AND (wanted < 3 OR c.id IS NOT NULL) AND (wanted < 4 OR d.id IS NOT NULL) $$;
CREATE FUNCTION level_of(width interval, strictly boolean) RETURNS TABLE (customer bigint, level int) LANGUAGE sql AS $$
  SELECT c.customer, count(reached.customer)::int FROM (SELECT DISTINCT customer FROM click) c
  LEFT JOIN (SELECT customer FROM generate_series(1, 4) wanted, LATERAL chain(wanted, width, strictly) customer) reached USING (customer) GROUP BY 1 $$;
SELECT width, count(*), bool_and(f.level = r.level) AS same, bool_and(f.as_array = r.level) AS array_same, min(f.level), max(f.level)
FROM (VALUES (interval '0'), ('30 minutes'), ('2 hours'), ('10 hours')) w(width),
  LATERAL (SELECT customer, window_funnel(width, t, page = 0, page = 1, page = 2, page = 3) AS level,
                  window_funnel(width, t, ARRAY[page = 0, page = 1, page = 2, page = 3]) AS as_array FROM click GROUP BY customer) f
  JOIN LATERAL level_of(width, false) r USING (customer) GROUP BY width ORDER BY width;
SELECT width, count(*), bool_and(f.level = r.level) AS strictly_same, min(f.level), max(f.level)
FROM (VALUES (interval '0'), ('30 minutes'), ('2 hours'), ('10 hours')) w(width),
  LATERAL (SELECT customer, window_funnel(width, t, ARRAY[page = 0, page = 1, page = 2, page = 3], 'strict_increase') AS level FROM click GROUP BY customer) f
  JOIN LATERAL level_of(width, true) r USING (customer) GROUP BY width ORDER BY width;
-- One event for each step: the events of a chain differ.
SELECT count(*), bool_and(level = expected) AS once_same, min(level), max(level) FROM (
  SELECT customer, window_funnel('3 hours', t, ARRAY[bits & 1 > 0, bits & 2 > 0, bits & 4 > 0], 'strict_once') AS level FROM (SELECT DISTINCT ON (customer, t) * FROM click ORDER BY customer, t, id) c GROUP BY customer) f
JOIN (
  WITH c AS (SELECT DISTINCT ON (customer, t) * FROM click ORDER BY customer, t, id)
  SELECT x.customer, CASE WHEN bool_or(c3.id IS NOT NULL) THEN 3 WHEN bool_or(c2.id IS NOT NULL) THEN 2 WHEN bool_or(c1.id IS NOT NULL) THEN 1 ELSE 0 END AS expected
  FROM (SELECT DISTINCT customer FROM c) x LEFT JOIN c c1 ON c1.customer = x.customer AND c1.bits & 1 > 0
    LEFT JOIN c c2 ON c2.customer = x.customer AND c2.bits & 2 > 0 AND c2.t > c1.t AND c2.t <= c1.t + interval '3 hours'
    LEFT JOIN c c3 ON c3.customer = x.customer AND c3.bits & 4 > 0 AND c3.t > c2.t AND c3.t <= c1.t + interval '3 hours' GROUP BY 1) r USING (customer);

-- Any order of rows, arguments instead of an array, other windows of a kept state, parts merged.
\set steps 'ARRAY[page = 0, page = 1, page = 2]'
SELECT bool_and(up = down AND up = any_order AND up = separate AND up = other_window) AS same FROM (
  SELECT window_funnel('1 hour', t, :steps ORDER BY t) AS up, window_funnel('1 hour', t, :steps ORDER BY t DESC) AS down, window_funnel('1 hour', t, :steps) AS any_order,
         window_funnel('1 hour', t, page = 0, page = 1, page = 2) AS separate, window_funnel_value(window_funnel_state('7 days', t, :steps), '1 hour') AS other_window
  FROM click GROUP BY customer) x;
SELECT bool_and(direct = merged) AS merged, count(*) FROM (SELECT customer, window_funnel('2 hours', t, :steps, 'strict_order') AS direct FROM click GROUP BY 1) d
JOIN (SELECT customer, split, window_funnel_value(window_funnel_merge(s)) AS merged
  FROM (SELECT customer, split, window_funnel_state('2 hours', t, :steps, 'strict_order')::text::window_funnel_state AS s FROM click, generate_series(1, 5) split GROUP BY 1, 2, hashint8extended(id, split) % (1 + split)) p
  GROUP BY 1, 2) m USING (customer);
-- The same state whatever the order: byte for byte.
SELECT count(*), bool_and(a::text = b::text AND decode(a::text, 'base64') = window_funnel_state_send(a)) AS canonical FROM (
  SELECT window_funnel_state('1 hour', t, :steps ORDER BY t, id) AS a, window_funnel_state('1 hour', t, :steps ORDER BY id DESC) AS b FROM click GROUP BY customer) x;
-- Every arity.
SELECT window_funnel('1 hour', t, x >= 1, x >= 2) AS "2", window_funnel('1 hour', t, x >= 1, x >= 2, x >= 3) AS "3", window_funnel('1 hour', t, x >= 1, x >= 2, x >= 3, x >= 4) AS "4",
  window_funnel('1 hour', t, x >= 1, x >= 2, x >= 3, x >= 4, x >= 5) AS "5", window_funnel('1 hour', t, x >= 1, x >= 2, x >= 3, x >= 4, x >= 5, x >= 6) AS "6",
  window_funnel('1 hour', t, x >= 1, x >= 2, x >= 3, x >= 4, x >= 5, x >= 6, x >= 7) AS "7", window_funnel('1 hour', t, x >= 1, x >= 2, x >= 3, x >= 4, x >= 5, x >= 6, x >= 7, x >= 8) AS "8",
  window_funnel('1 hour', t, array_fill(true, ARRAY[32])) AS "32"
FROM (SELECT timestamptz '2026-01-01' + g * interval '1 minute' AS t, g AS x FROM generate_series(0, 8) g) v;

-- A running funnel, as a window function.
SELECT string_agg(level::text, ' ' ORDER BY t, page) AS running FROM (SELECT t, page, window_funnel('2 hours', t, :steps) OVER (ORDER BY t, page) AS level FROM click WHERE customer = 7) x;

-- Bytes from elsewhere.
SELECT 'MgE='::window_funnel_state;
SELECT '####'::window_funnel_state;
SELECT '/wEC'::window_funnel_state;
DROP FUNCTION funnel, level_of, chain;
