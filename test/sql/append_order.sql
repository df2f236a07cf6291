-- append_facts sorts the rows of a fact whose rows came far from the order of its key the last time.
SET client_min_messages = warning;
CREATE SCHEMA append_order;
SET search_path = append_order, starhouse;
CREATE TABLE fact (id bigint, part int, note text, PRIMARY KEY (id, part));
-- Rows of a call that lie before the row before them.
CREATE FUNCTION descents(since bigint) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FILTER (WHERE id < before) FROM (SELECT id, lag(id) OVER (ORDER BY ctid) AS before FROM append_order.fact WHERE id > since) s $$;
-- Pieces of ten partitions, each in order.
CREATE VIEW pieces AS SELECT (g % 300) * 10 + g / 300 + 1 AS id, g AS place FROM generate_series(0, 2999) g;

-- A little late, as clocks differ: nothing to sort.
SELECT inserted FROM append_facts('fact', 'SELECT g + CASE WHEN g % 2 = 0 THEN 20 ELSE 0 END::bigint AS id, 1 AS part FROM generate_series(1, 3000) g');
SELECT inserted FROM append_facts('fact', 'SELECT 10000 + g + CASE WHEN g % 2 = 0 THEN 20 ELSE 0 END::bigint AS id, 1 AS part FROM generate_series(1, 3000) g');
SELECT descents(10000) > 0 AS as_they_came;
-- Pieces: as they come the first time, sorted from then on.
SELECT inserted FROM append_facts('fact', 'SELECT 20000 + id::bigint AS id, 1 AS part FROM append_order.pieces ORDER BY place');
SELECT descents(20000);
SELECT inserted FROM append_facts('fact', 'SELECT 30000 + id::bigint AS id, 1 AS part, ''x''::text AS note FROM append_order.pieces -- and a remark');
SELECT descents(30000);
-- Of the rows of one key the first one still counts, and known rows are told.
CREATE TABLE seen (what text, n bigint);
SELECT * FROM append_facts('fact', $$SELECT 40000 + s.id / 2 * 2::bigint AS id, 1 AS part, 'place ' || s.place AS note FROM (SELECT * FROM append_order.pieces ORDER BY place) s UNION ALL SELECT 30001, 1, 'known'$$,
  ARRAY['INSERT INTO append_order.seen SELECT ''added'', count(*) FROM added UNION ALL SELECT note, count(*) FROM known GROUP BY note']);
SELECT descents(40000), count(*) AS rows, count(*) FILTER (WHERE note <> 'place ' || first) AS not_first
  FROM fact JOIN (SELECT 40000 + id / 2 * 2 AS id, min(place) AS first FROM pieces GROUP BY 1) f USING (id);
TABLE seen ORDER BY what;
-- What has an order of its own keeps it; what cannot be sorted is not.
SELECT inserted FROM append_facts('fact', 'SELECT 50000 + id::bigint AS id, 1 AS part FROM append_order.pieces ORDER BY place');
SELECT descents(50000) > 0 AS as_told;
SELECT inserted FROM append_facts('fact', 'SELECT 60000 + id::bigint AS id, 1 AS part FROM append_order.pieces;');
SELECT descents(60000) > 0 AS as_they_came;
CREATE TABLE moved (id bigint, part int);
INSERT INTO moved VALUES (70002, 1), (70001, 1);
SELECT inserted FROM append_facts('fact', 'DELETE FROM append_order.moved RETURNING id, part');
SELECT inserted FROM append_facts('fact', 'WITH gone AS (INSERT INTO append_order.moved VALUES (70004, 1), (70003, 1) RETURNING id, part) SELECT id, part FROM gone');
SELECT inserted FROM append_facts('fact', 'SELECT 70000 + id::bigint AS id, 2 AS part FROM append_order.moved FOR UPDATE');
SELECT count(*), count(DISTINCT id) FROM fact;
DROP SCHEMA append_order CASCADE;
