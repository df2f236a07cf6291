-- Versions of a feed's contract: which are compatible, and which fields arrive that none knows.

CREATE FUNCTION contract_incompatibilities(reader jsonb, writer jsonb, OUT path text, OUT problem text)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 5
  AS 'MODULE_PATHNAME', 'starhouse_contract_incompatibilities';
COMMENT ON FUNCTION contract_incompatibilities(jsonb, jsonb) IS
  'What keeps records that satisfy the contract writer from being read by the contract reader, one row each: the place in the reader (a path in its JSON Schema, or /columns/name) and the problem. No row: every such record can be read; what cannot be shown counts as a problem, and a field that the writer''s schema does not name is taken to be absent. 22023 for a wrong contract. No rows for NULL.';

CREATE FUNCTION contract_compatibility_check(warehouse name, feed text, contract jsonb, compatibility text) RETURNS void
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  direction text := split_part(compatibility, '_', 1);
  listing text;
  problems bigint;
BEGIN
  IF compatibility IS NULL OR compatibility !~ '^(none|(backward|forward|full)(_transitive)?)$' THEN
    RAISE EXCEPTION 'compatibility is %', coalesce('"' || compatibility || '"', 'NULL') USING ERRCODE = '22023',
      HINT = 'Say none, backward, forward or full, or one of the latter three with _transitive.';
  ELSIF direction = 'none' THEN
    RETURN;
  END IF;
  EXECUTE format($sql$
    SELECT count(*), string_agg(format('%%s: %%s %%s', d.what, p.path, p.problem), E'\n' ORDER BY o.version DESC, d.what, p.path, p.problem)
    FROM (SELECT v.version, v.contract FROM %I.feed_version v WHERE v.feed_name = $1 ORDER BY v.version DESC LIMIT $4) o
      CROSS JOIN LATERAL (VALUES ('records of version ' || o.version || ' read by the new one', 'backward', $2, o.contract),
                                 ('new records read by version ' || o.version, 'forward', o.contract, $2)) AS d(what, direction, reader, writer)
      CROSS JOIN LATERAL starhouse.contract_incompatibilities(d.reader, d.writer) p
    WHERE $3 IN (d.direction, 'full')$sql$, warehouse)
    INTO problems, listing USING feed, contract, direction, CASE WHEN compatibility LIKE '%\_transitive' THEN NULL ELSE 1 END;
  IF problems > 0 THEN
    RAISE EXCEPTION 'the contract of feed "%" breaks the rule "%": % problem%', feed, compatibility, problems, CASE WHEN problems = 1 THEN '' ELSE 's' END
      USING ERRCODE = '22023', DETAIL = listing,
        HINT = 'Mend the contract, register the change as a feed of its own, or lift the rule with compatibility => ''none''.';
  END IF;
END
$body$;
COMMENT ON FUNCTION contract_compatibility_check(name, text, jsonb, text) IS
  'Raises 22023 with a list of what is wrong unless the contract is compatible with the last version of the feed (with all of them: ..._transitive): backward: it reads their records; forward: they read its records; full: both; none: anything goes. A feed without versions is compatible with everything. A NULL rule is an error (22023), a NULL warehouse too.';

CREATE FUNCTION feed_versions(warehouse name, feed text)
  RETURNS TABLE (version integer, contract jsonb, compatibility text, registered_at timestamptz)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM starhouse.feed_get(warehouse, feed);
  RETURN QUERY EXECUTE format('SELECT v.version, v.contract, v.compatibility, v.registered_at FROM %I.feed_version v WHERE v.feed_name = $1 ORDER BY v.version', warehouse)
    USING feed;
END
$body$;
COMMENT ON FUNCTION feed_versions(name, text) IS
  'The contracts a feed has had: version since which each is in force, the contract, the rule it was checked by, when. A version that changed only the steps has none of its own. 42704 for an unknown feed, 22004 for a NULL warehouse.';
