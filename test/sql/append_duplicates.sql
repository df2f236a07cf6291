-- append_facts leaves out the rows that a call gives twice, in whatever order they come, and keeps the first of each key.
SET client_min_messages = warning;
CREATE SCHEMA append_duplicates;
SET search_path = append_duplicates, starhouse;
-- Names of which one begins another, of one byte and of four thousand; numbers on both sides of 0; each key one to four times.
CREATE TABLE given AS
  SELECT repeat('x', CASE k % 97 WHEN 0 THEN 0 WHEN 1 THEN 90 ELSE k % 7 END) || chr(97 + k % 5) AS name, (k % 23 - 11)::int AS at,
         md5((k % 3)::text)::uuid AS part, n AS place
  FROM (SELECT (g * 7919) % 6000 AS k, g AS n FROM generate_series(1, 12000) g) s;
CREATE TABLE fact (name text COLLATE "C", at int, part uuid, place int, PRIMARY KEY (name, at, part));
CREATE TABLE first_of AS SELECT name, at, part, min(place) AS place FROM given GROUP BY 1, 2, 3;

CREATE FUNCTION differ(columns text, places text) RETURNS TABLE (selected bigint, missing bigint, too_many bigint) LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE append_duplicates.fact;
  SELECT a.selected INTO selected
  FROM starhouse.append_facts('append_duplicates.fact', format('SELECT %s FROM append_duplicates.given ORDER BY %s', columns, places)) a;
  SELECT count(*) FROM (SELECT name, at, part FROM append_duplicates.first_of EXCEPT SELECT name, at, part FROM append_duplicates.fact) x INTO missing;
  SELECT count(*) FROM append_duplicates.fact f
  WHERE places LIKE '%place' AND NOT EXISTS (SELECT FROM append_duplicates.first_of o WHERE (o.name, o.at, o.part, o.place) = (f.name, f.at, f.part, f.place)) INTO too_many;
  RETURN NEXT;
END $$;
SELECT count(*) > 2000 AS keys, (SELECT count(*) FROM given) - count(*) > 2000 AS repeated FROM first_of;
SELECT o AS rows_in_the_order_of, d.*
FROM (VALUES ('place'), ('name COLLATE "C", at, part, place'), ('name COLLATE "C", at, place'), ('name COLLATE "C", place'), ('name COLLATE "C", at DESC, part, place'),
             ('name COLLATE "C", part DESC, at, place'), ('name COLLATE "C" DESC, at, part, place'),
             ('part, at, name, place'), ('at, place'), ('name COLLATE "C" = ''xa'', name COLLATE "C", at, part, place')) AS v (o)
CROSS JOIN LATERAL differ('name, at, part, place', o) d;
-- The order breaks off late, in the last row, and at a row that was there.
SELECT d.* FROM differ('name, at, part, place', '(place > 11990), name COLLATE "C", at, part, place') d;
SELECT d.* FROM differ('name, at, part, place', '(place = 12000), name COLLATE "C", at, part, place') d;
-- What the table had before is left out too.
SELECT inserted FROM append_facts('fact', 'SELECT * FROM append_duplicates.given ORDER BY name COLLATE "C", at, part');
SELECT inserted FROM append_facts('fact', 'SELECT name || ''!'' AS name, at, part, place FROM append_duplicates.given WHERE place <= 500 UNION ALL
                                           SELECT * FROM append_duplicates.given WHERE place <= 500 ORDER BY name, at, part');
SELECT inserted = count(DISTINCT (name, at, part)) AS only_new FROM append_facts('fact', 'SELECT name || ''?'' AS name, at, part, place FROM append_duplicates.given'), given
GROUP BY inserted;
DROP SCHEMA append_duplicates CASCADE;
