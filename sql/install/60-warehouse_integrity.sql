-- Facts and the versions of their dimensions: keeping them right when history arrives late, and
-- proving that they are. All by convention: <x>_fact.<x>_key and .<x>_version, <x>_dim, <x>_history.

-- Versions are told by the transaction that wrote them: ages of transaction ids count back from now,
-- and what this transaction (or a subtransaction of it) writes is younger than itself. A version that
-- was only closed is told from a new one by its successor: the key's last version, written with it and with a
-- higher number, and nothing else of the key. In any other case it counts as new, which costs a look at facts.
-- (Comparing valid_from with -infinity says nothing new, but lets the planner use the index of the versions.)
CREATE FUNCTION written_versions(dim regclass)
  RETURNS TABLE (version bigint, since timestamptz, takes_facts boolean)
  LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  d record;
  same_key text;
  same_key_later text;
BEGIN
  IF pg_current_xact_id_if_assigned() IS NULL THEN
    RETURN;  -- nothing was written yet
  END IF;
  SELECT s.key_columns, s.surrogate, s.valid_from, s.valid_to INTO d FROM starhouse.scd_dimension s WHERE s.dimension = dim;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% is not a registered dimension', dim
      USING ERRCODE = 'undefined_object', HINT = 'starhouse.scd_register registers one, starhouse.repair_warehouse all of a warehouse.';
  END IF;
  SELECT string_agg(format('o.%1$I = w.%1$I', k), ' AND '), string_agg(format('l.%1$I = w.%1$I', k), ' AND ')
    INTO same_key, same_key_later FROM unnest(d.key_columns) k;
  RETURN QUERY EXECUTE format($sql$
    SELECT w.%1$I::bigint,
           CASE WHEN EXISTS (SELECT FROM ONLY %4$s o WHERE %5$s AND o.%2$I < w.%2$I) THEN w.%2$I ELSE '-infinity' END,
           EXISTS (SELECT FROM ONLY %4$s o WHERE %5$s AND o.%1$I <> w.%1$I AND o.%2$I >= '-infinity')
           AND NOT (EXISTS (SELECT FROM ONLY %4$s o
                            WHERE %5$s AND o.%2$I = w.%3$I AND o.%1$I > w.%1$I
                              AND age(o.xmin) <= age($1)
                              AND NOT EXISTS (SELECT FROM ONLY %4$s l WHERE %6$s AND l.%2$I > o.%2$I))
                    AND (SELECT count(*) FROM ONLY %4$s o WHERE %5$s AND o.%2$I >= '-infinity' AND age(o.xmin) <= age($1)) = 2)
    FROM ONLY %4$s w
    WHERE age(w.xmin) <= age($1)$sql$,
    d.surrogate, d.valid_from, d.valid_to, dim, same_key, same_key_later)
    -- A batch's transaction may have begun long before its steps: batch_claim left a mark.
    USING coalesce(nullif(current_setting('starhouse.steps_since', true), '')::xid8, pg_current_xact_id())::xid;
END
$$;
COMMENT ON FUNCTION written_versions(regclass) IS
  'Versions of a registered dimension that this transaction wrote (or one that committed since it began): since, the first moment they hold for (-infinity for the first version of a key, which also holds for all time before it), and takes_facts, whether facts of another version of the key may now belong to this one. 42704 for a dimension that is not registered; NULL gives none.';

CREATE FUNCTION realign_facts(dim regclass) RETURNS bigint
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  relation record;
  stem text;
  fact regclass;
  first_time timestamptz;
  fresh bigint[];
  moved bigint;
  total bigint := 0;
BEGIN
  SELECT c.relname, n.nspname INTO relation FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = dim;
  stem := regexp_replace(relation.relname, '_history$', '');
  SELECT min(v.since), array_agg(v.version) INTO first_time, fresh FROM starhouse.written_versions(dim) v WHERE v.takes_facts;
  IF fresh IS NULL THEN
    RETURN 0;
  END IF;
  FOR fact IN
    SELECT f.fact FROM starhouse.warehouse_facts(relation.nspname) f
    WHERE (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = f.fact AND NOT a.attisdropped
           AND a.attname IN (stem || '_key', stem || '_version', 'event_time')) = 3
  LOOP
    -- Only the keys that have a new version, only from the first moment one is valid; a moment
    -- before a key's first version belongs to that version.
    EXECUTE format($sql$
      WITH span AS (
        SELECT h.%1$I AS id, h.%2$I AS version, h.valid_to AS ends,
               CASE WHEN row_number() OVER (PARTITION BY h.%1$I ORDER BY h.valid_from) = 1 THEN '-infinity'
                    ELSE h.valid_from END AS starts
        FROM %4$s h
        WHERE h.%1$I IN (SELECT n.%1$I FROM %4$s n WHERE n.%2$I = ANY ($2)))
      UPDATE %5$s f SET %2$I = span.version
      FROM span
      WHERE f.%3$I = span.id AND f.event_time >= span.starts AND f.event_time < span.ends
        AND f.%2$I <> span.version AND f.event_time >= $1$sql$,
      stem || '_id', stem || '_version', stem || '_key', dim, fact)
      USING first_time, fresh;
    GET DIAGNOSTICS moved = ROW_COUNT;
    total := total + moved;
  END LOOP;
  RETURN total;
END
$$;
COMMENT ON FUNCTION realign_facts(regclass) IS
  'After a merge into <x>_history, in the same transaction: points facts that were loaded before their dimension''s news at the version in force at their time, so that the result does not depend on which file came first. Looks at facts from the first new version on only. Returns the number of facts changed; NULL gives NULL. 42704 for a dimension that is not registered.';

CREATE FUNCTION check_integrity(schema_name name)
  RETURNS TABLE (problem text, relation text, column_name text, violations bigint, example text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  subject record;
  dim text;
  history text;
  stem text;
BEGIN
  PERFORM starhouse.warehouse_get(schema_name);
  FOR subject IN
    SELECT f.fact, a.attname::text AS attname,
           EXISTS (SELECT FROM pg_attribute e WHERE e.attrelid = f.fact AND e.attname = 'event_time' AND NOT e.attisdropped) AS timed
    FROM starhouse.warehouse_facts(schema_name) f
    JOIN pg_attribute a ON a.attrelid = f.fact AND a.attnum > 0 AND NOT a.attisdropped AND a.attname ~ '_(key|version)$'
    ORDER BY f.fact::text, a.attnum
  LOOP
    relation := subject.fact::text;
    column_name := subject.attname;
    stem := regexp_replace(subject.attname, '_(key|version)$', '');
    dim := to_regclass(format('%I.%I', schema_name, stem || '_dim'))::text;
    history := to_regclass(format('%I.%I', schema_name, stem || '_history'))::text;
    IF subject.attname ~ '_key$' AND dim IS NOT NULL THEN
      problem := 'key without member';
      RETURN QUERY EXECUTE format(
        'SELECT $1, $2, $3, count(*), min(f.%2$I::text) FROM %1$s f
         WHERE NOT EXISTS (SELECT FROM %3$s d WHERE d.%4$I = f.%2$I) HAVING count(*) > 0',
        subject.fact, subject.attname, dim, CASE stem WHEN 'time' THEN 'date_key' ELSE stem || '_id' END)
        USING problem, relation, column_name;
    ELSIF subject.attname ~ '_version$' AND history IS NOT NULL THEN
      problem := 'version missing or of another key';
      RETURN QUERY EXECUTE format(
        'SELECT $1, $2, $3, count(*), min(f.%2$I::text) FROM %1$s f LEFT JOIN %3$s h ON h.%2$I = f.%2$I
         WHERE h.%4$I IS DISTINCT FROM f.%5$I HAVING count(*) > 0',
        subject.fact, subject.attname, history, stem || '_id', stem || '_key')
        USING problem, relation, column_name;
      IF subject.timed THEN
        problem := 'version not in force at the event';
        RETURN QUERY EXECUTE format(
          'SELECT $1, $2, $3, count(*), min(f.%2$I::text) FROM %1$s f JOIN %3$s h ON h.%2$I = f.%2$I
           WHERE (f.event_time >= h.valid_to
                  OR f.event_time < h.valid_from
                     AND EXISTS (SELECT FROM %3$s e WHERE e.%4$I = h.%4$I AND e.valid_from < h.valid_from))
             AND EXISTS (SELECT FROM %3$s e WHERE e.%4$I = f.%5$I AND e.%2$I <> f.%2$I
                         AND e.valid_from <= f.event_time AND f.event_time < e.valid_to)
           HAVING count(*) > 0',
          subject.fact, subject.attname, history, stem || '_id', stem || '_key')
          USING problem, relation, column_name;
      END IF;
    END IF;
  END LOOP;

  -- The dimensions themselves: sound histories, and a member for what is unknown.
  FOR subject IN
    SELECT c.oid::regclass AS dim, c.relname, c.relkind,
           EXISTS (SELECT FROM starhouse.scd_dimension s WHERE s.dimension = c.oid) AS registered
    FROM pg_class c
    WHERE c.relnamespace = to_regnamespace(quote_ident(schema_name)) AND c.relkind IN ('r', 'v')
      AND c.relname ~ '_(history|dim)$' AND c.relname <> 'time_dim'
    ORDER BY c.relname
  LOOP
    relation := subject.dim::text;
    column_name := regexp_replace(subject.relname, '_(history|dim)$', '') || '_id';
    IF subject.registered THEN
      RETURN QUERY SELECT s.invariant, relation, column_name, count(*), min(s.key || ': ' || s.detail)
                   FROM starhouse.scd_check(subject.dim) s GROUP BY s.invariant ORDER BY s.invariant;
    ELSIF subject.relname ~ '_history$' THEN
      RETURN QUERY SELECT 'dimension not registered', relation, column_name, 1::bigint,
                          format('SELECT starhouse.repair_warehouse(%L)', schema_name);
    ELSE
      RETURN QUERY EXECUTE format(
        'SELECT ''no unknown member'', $1, $2, 1::bigint, ''?''::text WHERE NOT EXISTS (SELECT FROM %s d WHERE d.%I = ''?'')',
        subject.dim, column_name) USING relation, column_name;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION check_integrity(name) IS
  'Proves a warehouse''s keys, with or without foreign keys: one row per kind of violation (key without member, version missing or of another key, version not in force at the event, no unknown member, the invariants of scd_check, dimension not registered) with relation, column, number and one example; no rows when all is well. Reads every fact. 3F000 for a schema that is no warehouse. NULL is none.';
