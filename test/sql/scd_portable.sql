-- Portable statements, as a distributed dimension gets them: which ones, how many rows at once, and that
-- what a trigger holds back is noticed. (The group `portable` of scripts/check reruns scd_*.sql with them.)
SET client_min_messages = warning;
CREATE SCHEMA scd_portable;
SET search_path = scd_portable;
SET timezone = 'UTC';
SET datestyle = ISO;
CREATE TABLE dim (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shop int, id text, a text, name text,
  valid_from timestamptz, valid_to timestamptz, is_current boolean, is_inferred boolean DEFAULT false);
SELECT starhouse.scd_register('dim', '{id,shop}', type1 => '{name}', on_reject => 'quarantine');
CREATE TABLE feed (ts timestamptz, op text, shop int, id text, a text, name text);
CREATE TABLE snap (shop int, id text, a text, name text);
-- a log of the statements that reach the table, without its changing texts
CREATE TABLE seen (portable boolean, statement text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path = scd_portable AS $$
DECLARE
  context text;
BEGIN
  GET DIAGNOSTICS context = PG_CONTEXT;
  INSERT INTO seen VALUES (current_setting('starhouse.scd_portable')::boolean, left(regexp_replace(substring(context FROM 'SQL statement "([^\n]*)"'), 'VALUES .*', 'VALUES ...'), 160));
  RETURN NULL;
END
$$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON dim FOR EACH STATEMENT EXECUTE FUNCTION note();
-- Merges what is in the relation, notes the counts and what the side tables hold.
CREATE VIEW shown AS SELECT shop, id, a, name, valid_from, valid_to, is_current FROM dim;
CREATE VIEW side AS SELECT what, content - 'merge_id' AS content FROM dim_scd_journal UNION ALL SELECT reason_code, row_content FROM dim_scd_rejects UNION ALL SELECT kind::text, to_jsonb(m) - 'merge_id' FROM dim_scd_memory m;
CREATE TABLE kept (portable boolean, arguments text, counts text, what text, content jsonb);
CREATE PROCEDURE merge(arguments text) LANGUAGE plpgsql AS $$
DECLARE
  counts record;
BEGIN
  EXECUTE format('CALL starhouse.scd2_merge(''dim'', %s)', arguments) INTO counts;
  INSERT INTO kept SELECT current_setting('starhouse.scd_portable')::boolean, arguments, counts::text, side.* FROM side;
  RAISE WARNING '%', counts;
END
$$;
CREATE PROCEDURE play() LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE feed;
  INSERT INTO feed SELECT '2024-01-01', 'U', i % 3, 'K' || i, 'x', 'n' FROM generate_series(1, 600) i;
  CALL merge($m$ 'feed', 'feed', 'ts', 'op' $m$);
  -- versions closed (moved), overwritten, added; a delete; a row without key
  TRUNCATE feed;
  INSERT INTO feed VALUES ('2024-02-01', 'U', 1, 'K1', 'y', 'n'), ('2024-02-01', 'U', 2, 'K2', 'x', 'm'), ('2024-02-01', 'D', 0, 'K3', NULL, NULL), ('2024-02-01', 'D', 0, NULL, NULL, NULL);
  CALL merge($m$ 'feed', 'feed', 'ts', 'op' $m$);
  -- a snapshot without K9, and a late one: K9 was gone before
  TRUNCATE snap;
  INSERT INTO snap SELECT shop, id, CASE id WHEN 'K8' THEN 'z' ELSE a END, name FROM dim WHERE is_current AND id <> 'K9';
  CALL merge($m$ 'snap', 'snapshot', missing => 'close', as_of => '2024-06-01' $m$);
  CALL merge($m$ 'snap', 'snapshot', missing => 'close', as_of => '2024-05-01' $m$);
  RAISE WARNING 'K9 until %', (SELECT valid_to FROM dim WHERE id = 'K9');
END
$$;
CALL play();
CREATE TABLE by_relations AS TABLE shown;
SELECT what, count(*) FROM kept GROUP BY 1 ORDER BY 1;
-- the same once more, from nothing
SELECT starhouse.scd_unregister('dim');
DROP VIEW side;
DROP TABLE dim_scd_memory, dim_scd_journal, dim_scd_rejects;
TRUNCATE dim;
SELECT starhouse.scd_register('dim', '{id,shop}', type1 => '{name}', on_reject => 'quarantine');
CREATE VIEW side AS SELECT what, content - 'merge_id' AS content FROM dim_scd_journal UNION ALL SELECT reason_code, row_content FROM dim_scd_rejects UNION ALL SELECT kind::text, to_jsonb(m) - 'merge_id' FROM dim_scd_memory m;
SET starhouse.scd_portable = on;
CALL play();
SELECT count(*) AS differ FROM ((TABLE by_relations EXCEPT ALL TABLE shown) UNION ALL (TABLE shown EXCEPT ALL TABLE by_relations)) x;
SELECT count(*) AS differ FROM (SELECT arguments, counts, what, content FROM kept GROUP BY 1, 2, 3, 4 HAVING count(*) FILTER (WHERE portable) <> count(*) FILTER (WHERE NOT portable)) x;
SELECT portable, count(*), statement FROM seen GROUP BY 1, 3 ORDER BY 1, seen.statement COLLATE "C";
-- what a trigger holds back
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id <> 'K7' THEN NEW END; END $$;
CREATE TRIGGER hold BEFORE UPDATE ON dim FOR EACH ROW EXECUTE FUNCTION hold();
TRUNCATE feed;
INSERT INTO feed SELECT '2024-03-01', 'D', i % 3, 'K' || i, 'x', 'n' FROM generate_series(5, 8) i;
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts', 'op');
SELECT count(*) FROM dim WHERE valid_to = '2024-03-01';
DROP SCHEMA scd_portable CASCADE;
