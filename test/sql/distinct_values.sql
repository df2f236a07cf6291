-- The distinct values of each column of a query, in one pass.
SET search_path = starhouse, public;
CREATE TEMP TABLE pair (a text, b text COLLATE "C");
INSERT INTO pair VALUES ('x', '1'), ('y', '1'), ('x', NULL), (NULL, '2'), ('', '1'), ('X', repeat('long', 2000)), ('X', repeat('long', 2000));
SELECT column_no, left(value, 8) AS value, length(value) FROM distinct_values('SELECT a, b, a FROM pair');
SELECT count(*) AS none FROM distinct_values('SELECT a FROM pair WHERE false');
SELECT count(*) AS no_columns FROM distinct_values('SELECT FROM pair');
-- As DISTINCT has it.
CREATE TEMP TABLE many AS SELECT md5((g % 7001)::text) AS a, CASE WHEN g % 3 > 0 THEN (g % 13)::text END AS b, g::text AS c FROM generate_series(1, 50000) g;
SELECT column_no, count(*), count(DISTINCT value) = count(*) AS distinct_all FROM distinct_values('SELECT a, b, c FROM many') GROUP BY 1 ORDER BY 1;
SELECT NOT EXISTS (SELECT DISTINCT a FROM many EXCEPT ALL SELECT value FROM distinct_values('SELECT a, b, c FROM many') WHERE column_no = 1)
   AND NOT EXISTS (SELECT DISTINCT b FROM many WHERE b IS NOT NULL EXCEPT ALL SELECT value FROM distinct_values('SELECT a, b, c FROM many') WHERE column_no = 2) AS same;
\echo -- what cannot be
SELECT * FROM distinct_values('SELECT 1');
SELECT * FROM distinct_values('DELETE FROM pair');
SELECT * FROM distinct_values(NULL);
