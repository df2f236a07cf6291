-- Following a gold table. The cursor holds two snapshots: what was read before (from) and what is being read (to),
-- and how far that page has come (after). A document is due when the transaction that changed it is visible in to
-- and not in from: so one that commits late, with an id that readers have long passed, is not lost, as it would be to
-- a follower that remembers the highest id.

-- A transaction counts as visible in its own snapshot, though what it may still write is not read yet: here it is one of
-- those in progress.
CREATE FUNCTION gold_snapshot() RETURNS pg_snapshot
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE WHEN own.xid < pg_snapshot_xmax(now.s)
              THEN format('%s:%s:%s', least(pg_snapshot_xmin(now.s)::text::numeric, own.xid::text::numeric), pg_snapshot_xmax(now.s),
                          (SELECT string_agg(x.xid::text, ',' ORDER BY x.xid) FROM (SELECT pg_snapshot_xip(now.s) UNION SELECT own.xid) AS x (xid)))::pg_snapshot
              ELSE now.s END
  FROM (SELECT pg_current_snapshot()) AS now (s), (SELECT pg_current_xact_id_if_assigned()) AS own (xid)
$body$;
COMMENT ON FUNCTION gold_snapshot() IS 'Internal to gold_changes: the current snapshot, the caller''s own transaction counted as in progress.';

CREATE FUNCTION gold_changes(warehouse name, gold text, cursor jsonb DEFAULT NULL, most integer DEFAULT 1000,
                             OUT key text, OUT document jsonb, OUT changed_at timestamptz, OUT next_cursor jsonb)
  RETURNS SETOF record
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  this_system bigint := (SELECT c.system_identifier FROM pg_control_system() c);
  of_system bigint;
  seen pg_snapshot;
  shown pg_snapshot;
  changed_xid xid8;
  any_row boolean := false;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF to_regclass(format('%I.gold_registry', warehouse)) IS NULL OR NOT coalesce(starhouse.gold_known(warehouse, gold), false) THEN
    RAISE EXCEPTION 'warehouse "%" has no gold table %', warehouse, coalesce('"' || gold || '"', 'NULL') USING ERRCODE = '42704', HINT = 'starhouse.create_gold makes one.';
  END IF;
  EXECUTE format('SELECT r.system_id FROM %I.gold_registry r WHERE r.gold_name = $1', warehouse) INTO of_system USING gold;
  IF of_system IS NULL THEN
    RETURN;  -- not refreshed yet
  END IF;
  IF of_system <> this_system OR cursor IS NOT NULL AND (cursor->>'system')::bigint IS DISTINCT FROM this_system
     OR pg_snapshot_xmax((cursor->>'to')::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) THEN
    RAISE EXCEPTION 'the cursor or the table "%" comes from another database system', gold USING ERRCODE = '55000',
      HINT = format('After a restore: SELECT starhouse.gold_refresh(%L), then begin with a NULL cursor.', warehouse);
  END IF;
  IF most IS NULL OR most < 1 THEN
    RAISE EXCEPTION 'most is %', coalesce(most::text, 'NULL') USING ERRCODE = '22023', HINT = 'Give 1 or more.';
  END IF;
  -- The rest of the page; then, from there on, what came since.
  FOR round IN 1 .. 2 LOOP
    CONTINUE WHEN round = 1 AND cursor IS NULL;
    seen := CASE round WHEN 1 THEN (cursor->>'from')::pg_snapshot ELSE coalesce(cursor->>'to', '1:1:')::pg_snapshot END;
    shown := CASE round WHEN 1 THEN (cursor->>'to')::pg_snapshot ELSE starhouse.gold_snapshot() END;
    FOR key, document, changed_at, changed_xid IN EXECUTE format($sql$
        SELECT g.key, g.document, g.changed_at, g.changed_xid FROM %I.%I g
        WHERE g.changed_xid >= pg_snapshot_xmin($1) AND pg_visible_in_snapshot(g.changed_xid, $2) AND NOT pg_visible_in_snapshot(g.changed_xid, $1)
          AND ($3 IS NULL OR (g.changed_xid, g.key) > ($3, $4))
        ORDER BY g.changed_xid, g.key LIMIT $5$sql$, warehouse, gold)
      USING seen, shown, CASE round WHEN 1 THEN (cursor->'after'->>0)::xid8 END, (cursor->'after'->>1) COLLATE "C", most LOOP
      next_cursor := jsonb_build_object('system', this_system, 'from', seen::text, 'to', shown::text, 'after', jsonb_build_array(changed_xid::text, key));
      any_row := true;
      RETURN NEXT;
    END LOOP;
    EXIT WHEN any_row;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION gold_changes(name, text, jsonb, integer) IS
  'Documents of a gold table that changed since a cursor (NULL: all), at most so many, oldest change first, each with the cursor to go on from; document NULL: there is none any more. No rows: nothing changed, keep the cursor. A follower that stores next_cursor of the last row it has dealt with gets every key''s newest document and loses no change, whatever transactions overlap. 55000 when cursor or table come from another database system, 42704 for an unknown gold table, 22023 for most below 1; a NULL warehouse is an error (22004).';
