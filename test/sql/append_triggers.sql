-- append_facts fires triggers on the statement as an INSERT does, on its fast path.
SET client_min_messages = warning;
CREATE SCHEMA append_triggers;
SET search_path = append_triggers, starhouse;
SET timezone = 'UTC';
SET datestyle = ISO;
\set SHOW_CONTEXT never
CREATE TABLE store (id int PRIMARY KEY);
INSERT INTO store VALUES (1), (2);
-- Two of the same: one is appended to, the other one has rows inserted.
CREATE TABLE log (tbl name, op text, level text, at_start bigint, n bigint, stores bigint, amount numeric, notes text, first timestamptz, indexed bigint);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO append_triggers.log (tbl, op, level) VALUES (TG_TABLE_NAME, TG_WHEN || ' ' || TG_OP, TG_LEVEL);
  RETURN NULL;
END $$;
CREATE FUNCTION tell_rows() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  found bigint;
BEGIN
  -- What the statement wrote is in the table and in its index.
  EXECUTE format('SELECT count(*) FROM new_rows r WHERE EXISTS (SELECT FROM %I.%I f WHERE f.at = r.at AND f.event = r.event)', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO found;
  INSERT INTO append_triggers.log SELECT TG_TABLE_NAME, TG_WHEN || ' ' || TG_OP, TG_LEVEL, NULL, count(*), sum(store), sum(amount), string_agg(DISTINCT note, ','), min(at), found FROM new_rows;
  RETURN NULL;
END $$;
CREATE FUNCTION make(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE %I (at timestamptz NOT NULL, event text COLLATE "C" NOT NULL, store int REFERENCES store, amount numeric, note text DEFAULT ''none'', PRIMARY KEY (at, event)) PARTITION BY RANGE (at)', name);
  -- One partition has its columns in another order, after a dropped one.
  EXECUTE format('CREATE TABLE %I (gone int, amount numeric, note text DEFAULT ''none'', store int, event text COLLATE "C" NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (at, event))', name || '_1');
  EXECUTE format('ALTER TABLE %I DROP COLUMN gone', name || '_1');
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (''2025-01-01'') TO (''2025-02-01'')', name, name || '_1');
  EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (''2025-02-01'') TO (''2025-03-01'')', name || '_2', name);
  EXECUTE format('CREATE TRIGGER a_before BEFORE INSERT ON %I FOR EACH STATEMENT EXECUTE FUNCTION tell()', name);
  EXECUTE format('CREATE TRIGGER b_rows AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tell_rows()', name);
  EXECUTE format('CREATE TRIGGER c_rows AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tell_rows()', name);
  EXECUTE format('CREATE TRIGGER d_after AFTER INSERT ON %I FOR EACH STATEMENT EXECUTE FUNCTION tell()', name);
  EXECUTE format('CREATE TRIGGER e_off AFTER INSERT ON %I FOR EACH STATEMENT EXECUTE FUNCTION tell()', name);
  EXECUTE format('ALTER TABLE %I DISABLE TRIGGER e_off', name);
  EXECUTE format('CREATE TRIGGER f_update AFTER UPDATE ON %I REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tell_rows()', name);
  -- A statement's triggers are those of the table it names.
  EXECUTE format('CREATE TRIGGER g_part AFTER INSERT ON %I FOR EACH STATEMENT EXECUTE FUNCTION tell()', name || '_2');
END $$;
SELECT make('appended'), make('inserted');

-- n and n again: what the batch has twice, and what is there, is not among the rows.
CREATE FUNCTION appended_and_inserted(query text) RETURNS TABLE (selected bigint, inserted bigint, slow_because text, same_log boolean, same_rows boolean) LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE log;
  SELECT f.* INTO selected, inserted, slow_because FROM append_facts('append_triggers.appended', query) f;
  EXECUTE 'INSERT INTO inserted (at, event, store, amount) SELECT at, event, store, amount FROM (' || query || ') q ON CONFLICT DO NOTHING';
  same_log := (SELECT array_agg(l - 'tbl') FROM (SELECT to_jsonb(l) AS l FROM log l WHERE tbl = 'appended') s) = (SELECT array_agg(l - 'tbl') FROM (SELECT to_jsonb(l) AS l FROM log l WHERE tbl = 'inserted') s);
  same_rows := NOT EXISTS (TABLE appended EXCEPT TABLE inserted) AND NOT EXISTS (TABLE inserted EXCEPT TABLE appended);
  RETURN NEXT;
END $$;
SELECT * FROM appended_and_inserted($$SELECT timestamptz '2025-01-20 00:00Z' + n * interval '1 hour' AS at, 'e' || n AS event, n % 2 + 1 AS store, n::numeric / 4 AS amount FROM generate_series(1, 600) n$$);
SELECT op, level, n, stores, amount, notes, first, indexed FROM log WHERE tbl = 'appended';
SELECT * FROM appended_and_inserted($$SELECT timestamptz '2025-01-20 00:00Z' + n / 2 * interval '1 hour' AS at, 'e' || n / 2 AS event, 1 AS store, 1.5 AS amount FROM generate_series(1160, 1239) n$$);
SELECT n, amount, indexed FROM log WHERE tbl = 'appended' AND n IS NOT NULL;
-- Statements that add nothing fire them as well.
SELECT * FROM appended_and_inserted('SELECT at, event, store, amount FROM append_triggers.appended');
SELECT * FROM appended_and_inserted('SELECT at, event, store, amount FROM append_triggers.appended WHERE false');
SELECT op, level, n, indexed FROM log WHERE tbl = 'appended';

-- Foreign keys are checked before them; an error undoes rows and what triggers did, and the session goes on.
TRUNCATE log;
SELECT * FROM append_facts('appended', $$SELECT timestamptz '2025-02-20' AS at, 'x'::text AS event, 3 AS store$$);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'refused: %', (SELECT count(*) FROM new_rows);
END $$;
CREATE TRIGGER z_refuse AFTER INSERT ON appended REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse();
SELECT * FROM append_facts('appended', $$SELECT timestamptz '2025-02-20' AS at, 'x'::text AS event, 1 AS store$$);
DROP TRIGGER z_refuse ON appended;
SELECT (SELECT count(*) FROM log) AS told, (SELECT count(*) FROM appended WHERE event = 'x') AS rows;
SELECT * FROM appended_and_inserted($$SELECT timestamptz '2025-02-20' AS at, 'x'::text AS event, 1 AS store, 1.0 AS amount$$);

-- A trigger that appends to the same table and to another one, and the statements of the call.
CREATE TABLE keyed (a int PRIMARY KEY, b text);
CREATE TABLE copied (a int PRIMARY KEY, b text);
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM append_facts('append_triggers.copied', format('SELECT a, b FROM append_triggers.keyed WHERE a = ANY (%L::int[])', (SELECT array_agg(a) FROM new_rows)));
  IF EXISTS (SELECT FROM new_rows WHERE a < 1000) THEN
    PERFORM append_facts('append_triggers.keyed', format('SELECT g + 1000 AS a, ''again''::text AS b FROM unnest(%L::int[]) g', (SELECT array_agg(a) FROM new_rows)));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER follow AFTER INSERT ON keyed REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION follow();
CREATE TABLE seen (a int, copied boolean);
SELECT * FROM append_facts('keyed', $$SELECT g AS a, 'first'::text AS b FROM generate_series(1, 3) g$$,
  ARRAY['INSERT INTO append_triggers.seen SELECT a, EXISTS (SELECT FROM append_triggers.copied c WHERE c.a = added.a) FROM added']);
TABLE keyed ORDER BY a;
TABLE copied ORDER BY a;
TABLE seen ORDER BY a;

-- A table of the same transaction: its indexes, built at the end, are there when the triggers fire.
BEGIN;
SELECT make('fresh');
TRUNCATE log;
SELECT * FROM append_facts('fresh', $$SELECT timestamptz '2025-01-20 00:00Z' + n * interval '1 hour' AS at, 'e' || n AS event, 1 AS store FROM generate_series(1, 400) n$$);
SELECT op, level, n, indexed FROM log;
ROLLBACK;

-- A trigger for each row still takes the plain way.
CREATE TRIGGER row AFTER INSERT ON appended_2 FOR EACH ROW EXECUTE FUNCTION tell();
SELECT slow_because FROM append_facts('appended', $$SELECT timestamptz '2025-02-21' AS at, 'row'::text AS event, 1 AS store$$);
DROP SCHEMA append_triggers CASCADE;
