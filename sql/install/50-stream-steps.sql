-- What a feed's steps do. Each runs inside batch_finish, over pg_temp.batch, with the statements'
-- search_path "<warehouse>", starhouse, pg_catalog (temporary relations come first by rule).

CREATE FUNCTION batch_sql(sql text, batch_id bigint, feed text, zone text, parameters jsonb DEFAULT '{}') RETURNS text
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  result text := replace(replace(replace(sql, '{time_zone}', quote_literal(zone)), '{batch_id}', batch_id::text), '{feed}', quote_literal(feed));
  name text;
  value text;
BEGIN
  FOR name, value IN SELECT * FROM jsonb_each_text(parameters) LOOP
    result := replace(result, '{' || name || '}', quote_literal(value));
  END LOOP;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION batch_sql(text, bigint, text, text, jsonb) IS
  'A step''s statement with its placeholders filled in: {time_zone}, {feed} and the load''s parameters become literals, {batch_id} a number. NULL gives NULL; NULL parameters are none.';

-- The step's query as a temporary view: gives its column names and scd2_merge something to read.
-- Made once per session and feed version, unless the query holds the batch's id.
CREATE FUNCTION batch_view(step_no integer, query text, varies boolean) RETURNS regclass
  LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  view_name text := 'batch_step_' || step_no;
BEGIN
  IF varies AND pg_catalog.to_regclass('pg_temp.' || view_name) IS NOT NULL THEN
    EXECUTE pg_catalog.format('DROP VIEW pg_temp.%I CASCADE', view_name);
  END IF;
  IF pg_catalog.to_regclass('pg_temp.' || view_name) IS NULL THEN
    EXECUTE pg_catalog.format('CREATE TEMP VIEW %I AS %s', view_name, query);
  END IF;
  RETURN pg_catalog.to_regclass('pg_temp.' || view_name);
END
$body$;
COMMENT ON FUNCTION batch_view(integer, text, boolean) IS
  'Internal to the steps: the temporary view over a step''s query; varies: make it anew. The query means the caller''s search_path.';

CREATE FUNCTION batch_target(target text, named_by text DEFAULT 'into') RETURNS regclass
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
AS $body$
DECLARE
  found regclass := coalesce(pg_catalog.to_regclass(pg_catalog.quote_ident(target)), pg_catalog.to_regclass(target));
BEGIN
  IF found IS NULL THEN
    RAISE EXCEPTION 'there is no table "%"', target USING ERRCODE = '42P01',
      HINT = pg_catalog.format('The step''s "%s" names a table of the warehouse.', named_by);
  END IF;
  RETURN found;
END
$body$;
COMMENT ON FUNCTION batch_target(text, text) IS
  'Internal to the steps: the table that "into" (named_by) names, in the warehouse unless a schema is given. 42P01 when there is none.';

CREATE FUNCTION batch_step_reject(warehouse name, feed text, batch_id bigint, source_id bigint, condition text, code text,
                                  column_name text, reason text, hint text, bronze boolean) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  hit boolean;
  taken bigint := 0;
  -- A client that says so puts the bytes in itself: bronze need not be searched for them.
  look_up boolean := bronze AND coalesce(pg_catalog.current_setting('starhouse.payloads', true), '') <> 'client';
BEGIN
  EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM pg_temp.batch WHERE %s)', condition) INTO hit;
  IF hit THEN
    EXECUTE pg_catalog.format($sql$
      WITH taken AS (DELETE FROM pg_temp.batch WHERE %s RETURNING *)
      INSERT INTO %I.quarantine (feed_name, source_id, batch_id, record_no, payload, sqlstate, column_name, value, reason, hint)
      SELECT $1, $2, $3, t.record_no, pg_catalog.convert_to(%s, 'UTF8'), $4, $5, pg_catalog.to_jsonb(t)->>$5, $6, $7
      FROM taken t %s$sql$,
      condition, warehouse,
      CASE WHEN look_up THEN 'coalesce(p.payload, pg_catalog.to_jsonb(t)::text)' ELSE 'pg_catalog.to_jsonb(t)::text' END,
      CASE WHEN look_up THEN pg_catalog.format('LEFT JOIN %I.%I p ON p.batch_id = $3 AND p.record_no = t.record_no AND p.received_at = pg_catalog.now()',
                                              warehouse, 'bronze_' || feed) END)
      USING feed, source_id, batch_id, code, column_name, reason, hint;
    GET DIAGNOSTICS taken = ROW_COUNT;
  END IF;
  RETURN pg_catalog.jsonb_build_object('rejected', taken);
END
$body$;
COMMENT ON FUNCTION batch_step_reject(name, text, bigint, bigint, text, text, text, text, text, boolean) IS
  'Internal: takes the rows that satisfy the condition out of batch into quarantine, with their payload from bronze (the row as JSON where there is none).';

CREATE FUNCTION batch_clean(warehouse name, conditions text[]) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  hit boolean;
BEGIN
  PERFORM set_config('search_path', format('%I, starhouse, pg_catalog', warehouse), true);
  EXECUTE format('SELECT EXISTS (SELECT FROM pg_temp.batch WHERE (%s))', array_to_string(conditions, ') OR (')) INTO hit;
  RETURN NOT hit;
EXCEPTION WHEN OTHERS THEN
  RETURN false;  -- the step whose condition it is will say so
END
$body$;
COMMENT ON FUNCTION batch_clean(name, text[]) IS
  'Internal to batch_finish: whether no row of the batch satisfies any of the conditions of reject steps. False too when one of them cannot be evaluated.';

-- A feed that knows some of a dimension's columns only: the others keep the value in force at the event (NULL for a key not seen before).
-- Where a NULL says nothing they are NULL, so that the merge knows that this event did not tell them.
CREATE FUNCTION batch_scd2_source(target regclass, source regclass, sequence_column text) RETURNS regclass
  LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  dimension starhouse.scd_dimension;
  present text[] := ARRAY(SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = source AND attnum > 0);
  full_name text := (SELECT relname || '_full' FROM pg_catalog.pg_class WHERE oid = source);
  missing text;
BEGIN
  SELECT * INTO dimension FROM starhouse.scd_dimension d WHERE d.dimension = target;
  SELECT pg_catalog.string_agg(CASE WHEN dimension.ignore_null_updates THEN pg_catalog.format('NULL::%s AS %I', pg_catalog.format_type(a.atttypid, a.atttypmod), c)
                                    ELSE pg_catalog.format('d.%I', c) END, ', ') INTO missing
  FROM pg_catalog.unnest(dimension.type2_columns || dimension.type1_columns) c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = target AND a.attname = c
  WHERE c <> ALL (present);
  IF missing IS NULL OR NOT dimension.key_columns::text[] <@ present THEN
    RETURN source;
  END IF;
  IF pg_catalog.to_regclass('pg_temp.' || full_name) IS NULL THEN
    EXECUTE pg_catalog.format('CREATE TEMP VIEW %I AS SELECT s.*, %s FROM %s s LEFT JOIN %s d ON %s AND %s', full_name, missing, source, target,
      (SELECT pg_catalog.string_agg(pg_catalog.format('d.%I = s.%1$I', c), ' AND ') FROM pg_catalog.unnest(dimension.key_columns) c),
      CASE WHEN sequence_column IS NULL THEN pg_catalog.format('d.%I = ''infinity''', dimension.valid_to)
           ELSE pg_catalog.format('d.%I <= s.%I AND s.%2$I < d.%I', dimension.valid_from, sequence_column, dimension.valid_to) END);
  END IF;
  RETURN pg_catalog.to_regclass('pg_temp.' || full_name);
END
$body$;
COMMENT ON FUNCTION batch_scd2_source(regclass, regclass, text) IS
  'Internal to scd2 steps: the step''s rows, completed with the dimension''s columns that they lack: from the version in force, or with NULL where that says nothing (ignore_null_updates).';

-- A late row tells what nobody told of a Type-1 column since: where a NULL says nothing, the versions after it have none
-- of their own. Not what the merge does, for which a version has said what it shows.
CREATE FUNCTION batch_scd2_told(target regclass, source regclass, sequence_column text) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
#variable_conflict use_variable
DECLARE
  statement text;
BEGIN
  SELECT pg_catalog.format($sql$
      UPDATE %1$s h SET %2$s
      FROM (SELECT %3$s, %4$s FROM %5$s s
            WHERE EXISTS (SELECT FROM %1$s l WHERE %6$s AND l.%7$I > s.%8$I AND (%9$s)) GROUP BY %3$s) s
      WHERE %10$s AND (%11$s)$sql$,
      target, t.fills, k.plain, t.last, source, pg_catalog.replace(k.same, 'h.', 'l.'), d.valid_from, sequence_column, pg_catalog.replace(t.missing, 'h.', 'l.'), k.same, t.missing)
    INTO statement
  FROM starhouse.scd_dimension d
  CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(pg_catalog.format('s.%I', c), ', ') AS plain, pg_catalog.string_agg(pg_catalog.format('h.%I = s.%1$I', c), ' AND ') AS same
                      FROM pg_catalog.unnest(d.key_columns) c) k
  CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(pg_catalog.format('%I = coalesce(h.%1$I, s.%1$I)', c), ', ') AS fills,
           pg_catalog.string_agg(pg_catalog.format('(pg_catalog.array_agg(s.%I ORDER BY s.%I DESC) FILTER (WHERE s.%1$I IS NOT NULL))[1] AS %1$I', c, sequence_column), ', ') AS last,
           pg_catalog.string_agg(pg_catalog.format('h.%I IS NULL AND s.%1$I IS NOT NULL', c), ' OR ') AS missing
    FROM pg_catalog.unnest(d.type1_columns) c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = source AND a.attname = c
    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid AND y.typcategory <> 'A') t
  WHERE d.dimension = target AND d.ignore_null_updates AND t.fills IS NOT NULL; -- the source may know no such column
  IF statement IS NOT NULL THEN
    EXECUTE statement;
  END IF;
END
$body$;
COMMENT ON FUNCTION batch_scd2_told(regclass, regclass, text) IS
  'Internal to scd2 steps: fills Type-1 columns that are NULL with what a late row of the source tells of them, in a dimension registered with ignore_null_updates. NULL does nothing.';

-- What scd2_merge turned away goes to quarantine, under the record of the batch that has the same key
-- (and sequence) where the batch has columns of those names.
CREATE FUNCTION batch_step_scd2(warehouse name, feed text, batch_id bigint, source_id bigint, step jsonb, source regclass) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  target regclass := starhouse.batch_target(step->>'into');
  inserted bigint; changed bigint; unchanged bigint; late bigint; deleted bigint; rejected bigint;
  same text;
BEGIN
  CALL starhouse.scd2_merge(target, starhouse.batch_scd2_source(target, source, step->>'sequence'), coalesce(step->>'mode', 'feed'),
    step->>'sequence', step->>'op', coalesce(step->>'missing', 'ignore'), pg_catalog.now(),
    inserted, changed, unchanged, late, deleted, rejected);
  PERFORM starhouse.batch_scd2_told(target, source, step->>'sequence');
  IF rejected > 0 AND pg_catalog.to_regclass('pg_temp.scd_rejects') IS NOT NULL THEN
    SELECT pg_catalog.string_agg(CASE WHEN a.attname = step->>'sequence' THEN pg_catalog.format('b.%I IS NOT DISTINCT FROM r.sequence', a.attname)
                                      ELSE pg_catalog.format('b.%I::text IS NOT DISTINCT FROM r.row_content->>%1$L', a.attname) END, ' AND ') INTO same
    FROM starhouse.scd_dimension d JOIN pg_catalog.pg_attribute a ON a.attrelid = 'pg_temp.batch'::regclass AND a.attnum > 0
    WHERE d.dimension = target AND (a.attname = ANY (d.key_columns) OR (a.attname = step->>'sequence' AND a.atttypid = 'timestamptz'::regtype));
    EXECUTE pg_catalog.format($sql$
      INSERT INTO %I.quarantine (feed_name, source_id, batch_id, record_no, payload, sqlstate, value, reason)
      SELECT $1, $2, $3, (SELECT min(b.record_no) FROM pg_temp.batch b WHERE %s), pg_catalog.convert_to(r.row_content::text, 'UTF8'),
             CASE r.reason_code WHEN 'null_key' THEN '23502' WHEN 'null_sequence' THEN '23502' WHEN 'infinite_sequence' THEN '22008'
                                WHEN 'conflict' THEN '23505' ELSE '22023' END, r.key, r.reason
      FROM pg_temp.scd_rejects r WHERE r.dim = $4$sql$, warehouse, coalesce(same, 'false'))
      USING feed, source_id, batch_id, target;
  END IF;
  RETURN pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('inserted', inserted, 'changed', changed, 'unchanged', unchanged,
    'late', late, 'deleted', deleted, 'rejected', rejected));
END
$body$;
COMMENT ON FUNCTION batch_step_scd2(name, text, bigint, bigint, jsonb, regclass) IS
  'Internal: merges the step''s rows into a Type-2 dimension and puts what the merge rejected into quarantine.';

-- The step's query where what a row leaves NULL keeps what was told: by the row of the batch that told it last, else
-- by the dimension, else the column's default.
CREATE FUNCTION batch_upsert_source(target regclass, source regclass, key text[]) RETURNS text
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT pg_catalog.format('SELECT %1$s, %2$s FROM (SELECT %3$s, %4$s FROM %5$s GROUP BY %3$s) s LEFT JOIN %6$s k ON %7$s',
                           keys.qualified, told.merged, keys.plain, told.last, source, target, keys.same)
  FROM (SELECT pg_catalog.string_agg(pg_catalog.format('s.%I', c), ', ') AS qualified, pg_catalog.string_agg(pg_catalog.quote_ident(c), ', ') AS plain,
               pg_catalog.string_agg(pg_catalog.format('k.%I = s.%1$I', c), ' AND ') AS same FROM pg_catalog.unnest(key) c) keys
  CROSS JOIN (
    SELECT pg_catalog.string_agg(pg_catalog.format('coalesce(s.%1$I, k.%1$I%2$s) AS %1$I', a.attname, ', ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)), ', ' ORDER BY a.attnum) AS merged,
           -- An array of arrays would have another form.
           pg_catalog.string_agg(pg_catalog.format('(pg_catalog.array_agg(%1$I%2$s%4$s) FILTER (WHERE %1$I IS NOT NULL))[1]%3$s AS %1$I', a.attname,
             CASE y.typcategory WHEN 'A' THEN '::text' END, CASE y.typcategory WHEN 'A' THEN '::' || pg_catalog.format_type(a.atttypid, a.atttypmod) END,
             CASE WHEN ordered.yes THEN ' ORDER BY _order DESC' END), ', ' ORDER BY a.attnum) AS last
    FROM pg_catalog.pg_attribute a
    CROSS JOIN (SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute o WHERE o.attrelid = source AND o.attname = '_order') AS yes) ordered
    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attribute t ON t.attrelid = target AND t.attname = a.attname AND NOT t.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = target AND d.adnum = t.attnum
    WHERE a.attrelid = source AND a.attnum > 0 AND a.attname::text !~ '^_' AND a.attname::text <> ALL (key)) told
$body$;
COMMENT ON FUNCTION batch_upsert_source(regclass, regclass, text[]) IS
  'Internal to upsert steps with "nulls":"keep": a query that gives one row per key, each column as it was last told (highest _order) by the rows of the source, else as the target has it, else its default. NULL gives NULL.';

CREATE FUNCTION batch_step_upsert(target regclass, key text[], query text, columns text[]) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  has_inferred boolean; has_updated boolean;
  plain text[] := ARRAY(SELECT c FROM pg_catalog.unnest(columns) c WHERE c !~ '^_' AND c <> ALL (key));
  keys text := (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(c), ', ') FROM pg_catalog.unnest(key) c);
  listed text := (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(c), ', ') FROM pg_catalog.unnest(key || plain) c);
  changes text;
  affected bigint; inserted bigint;
BEGIN
  SELECT pg_catalog.bool_or(attname = 'is_inferred'), pg_catalog.bool_or(attname = 'updated_at') INTO has_inferred, has_updated
  FROM pg_catalog.pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped;
  has_inferred := has_inferred AND 'is_inferred' <> ALL (columns);
  has_updated := has_updated AND 'updated_at' <> ALL (columns);
  changes := pg_catalog.concat_ws(', ',
    (SELECT pg_catalog.string_agg(pg_catalog.format('%I = excluded.%1$I', c), ', ') FROM pg_catalog.unnest(plain) c),
    CASE WHEN has_inferred THEN 'is_inferred = false' END, CASE WHEN has_updated THEN 'updated_at = pg_catalog.now()' END);
  EXECUTE pg_catalog.format($sql$
    WITH put AS (
      INSERT INTO %1$s AS t (%2$s)
      SELECT DISTINCT ON (%3$s) %2$s FROM (%4$s) s ORDER BY %3$s%5$s
      ON CONFLICT (%3$s) %6$s
      RETURNING xmax::text = '0' AS is_new)
    SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE is_new) FROM put$sql$,
    target, listed, keys, query, CASE WHEN '_order' = ANY (columns) THEN ', _order DESC' END,
    CASE WHEN changes = '' THEN 'DO NOTHING'
         ELSE pg_catalog.format('DO UPDATE SET %s WHERE %s', changes, pg_catalog.concat_ws(' OR ',
           (SELECT pg_catalog.format('(%s) IS DISTINCT FROM (%s)', pg_catalog.string_agg(pg_catalog.format('t.%I', c), ', '),
                                     pg_catalog.string_agg(pg_catalog.format('excluded.%I', c), ', ')) FROM pg_catalog.unnest(plain) c HAVING pg_catalog.count(*) > 0),
           CASE WHEN has_inferred THEN 't.is_inferred' END, CASE WHEN pg_catalog.cardinality(plain) = 0 AND NOT has_inferred THEN 'false' END)) END)
    INTO affected, inserted;
  RETURN pg_catalog.jsonb_build_object('inserted', inserted, 'changed', affected - inserted);
END
$body$;
COMMENT ON FUNCTION batch_step_upsert(regclass, text[], text, text[]) IS
  'Internal: inserts or updates the rows of a Type-1 dimension, one per key (highest _order), writing only where something differs; is_inferred becomes false.';

CREATE FUNCTION batch_step_facts(target regclass, query text, columns text[], batch_id bigint, conflict text,
                                 time_column text, partition_step interval, range_query text, statements text[]) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  key text[];
  listed text[] := ARRAY(SELECT c FROM pg_catalog.unnest(columns) c WHERE c !~ '^_');
  tagged boolean := EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = target AND attname = 'batch_id' AND NOT attisdropped)
                    AND 'batch_id' <> ALL (columns);
  names text := (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(c), ', ') FROM pg_catalog.unnest(listed) c);
  keys text;
  plain text[];
  first_time timestamptz; last_time timestamptz;
  partitions integer := 0;
  selected bigint; affected bigint;
  slow text;
BEGIN
  IF partition_step IS NOT NULL THEN
    EXECUTE coalesce(range_query, CASE
        WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = 'pg_temp.batch'::regclass AND attname = time_column AND NOT attisdropped)
        THEN pg_catalog.format('SELECT pg_catalog.min(%1$I), pg_catalog.max(%1$I) FROM pg_temp.batch', time_column)
        ELSE pg_catalog.format('SELECT pg_catalog.min(s.%1$I), pg_catalog.max(s.%1$I) FROM (%2$s) s', time_column, query) END)
      INTO first_time, last_time;
    IF first_time + 60 * partition_step < last_time AND time_column = ANY (columns) THEN
      -- A stray date (a clock that is a century off) needs a partition of its own, not all that lie between.
      EXECUTE pg_catalog.format('SELECT coalesce(pg_catalog.sum(starhouse.ensure_partitions($1, p.start, p.start, $2)), 0)
          FROM (SELECT DISTINCT starhouse.partition_start(s.%I, $2) AS start FROM (%s) s) p', time_column, query)
        INTO partitions USING target, partition_step;
    ELSIF first_time IS NOT NULL THEN
      partitions := starhouse.ensure_partitions(target, first_time, last_time, partition_step);
    END IF;
  END IF;
  IF conflict = 'update' THEN
    SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.n) INTO key
    FROM pg_catalog.pg_index i CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(attnum, n)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = target AND a.attnum = k.attnum
    WHERE i.indrelid = target AND i.indisprimary;
    IF key IS NULL THEN
      RAISE EXCEPTION '% has no primary key to find its rows by', target USING ERRCODE = '42P10',
        HINT = '"conflict":"update" needs one; add it, or use "conflict":"ignore".';
    END IF;
    keys := (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(c), ', ') FROM pg_catalog.unnest(key) c);
    plain := ARRAY(SELECT c FROM pg_catalog.unnest(listed) c WHERE c <> ALL (key));
    EXECUTE pg_catalog.format($sql$
      WITH s AS MATERIALIZED (%1$s), put AS (
        INSERT INTO %2$s AS t (%3$s%4$s)
        SELECT DISTINCT ON (%5$s) %3$s%6$s FROM s ORDER BY %5$s%7$s
        ON CONFLICT (%5$s) %8$s
        RETURNING t.tableoid = 0 AS never)
      SELECT (SELECT pg_catalog.count(*) FROM s), (SELECT pg_catalog.count(*) FROM put)$sql$,
      query, target, names, CASE WHEN tagged THEN ', batch_id' END, keys, CASE WHEN tagged THEN ', ' || batch_id END,
      CASE WHEN '_order' = ANY (columns) THEN ', _order DESC' END,
      CASE WHEN pg_catalog.cardinality(plain) = 0 THEN 'DO NOTHING' ELSE pg_catalog.format('DO UPDATE SET %s%s WHERE (%s) IS DISTINCT FROM (%s)',
        (SELECT pg_catalog.string_agg(pg_catalog.format('%I = excluded.%1$I', c), ', ') FROM pg_catalog.unnest(plain) c),
        CASE WHEN tagged THEN ', batch_id = excluded.batch_id' END,
        (SELECT pg_catalog.string_agg(pg_catalog.format('t.%I', c), ', ') FROM pg_catalog.unnest(plain) c),
        (SELECT pg_catalog.string_agg(pg_catalog.format('excluded.%I', c), ', ') FROM pg_catalog.unnest(plain) c)) END)
      INTO selected, affected;
  ELSE
    -- Cast to the fact's types, as an INSERT would: append_facts takes its fast path only when they are equal.
    SELECT pg_catalog.string_agg(CASE WHEN a.attname IS NULL THEN pg_catalog.format('s.%I', c)
                                      ELSE pg_catalog.format('s.%I::%s AS %1$I', c, pg_catalog.format_type(a.atttypid, NULL)) END, ', ') INTO names
    FROM pg_catalog.unnest(listed) c
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = target AND a.attname = c AND NOT a.attisdropped;
    query := pg_catalog.format('SELECT %s%s%s FROM (%s) s', names, CASE WHEN tagged THEN pg_catalog.format(', %s::bigint AS batch_id', batch_id) END,
                               CASE WHEN '_new' = ANY (columns) THEN ', s._new' END, query);
    IF pg_catalog.cardinality(statements) > 0 THEN
      SELECT f.selected, f.inserted, f.slow_because INTO selected, affected, slow FROM starhouse.append_facts(target, query, statements) f;
    ELSE
      SELECT f.selected, f.inserted, f.slow_because INTO selected, affected, slow FROM starhouse.append_facts(target, query) f;
    END IF;
  END IF;
  RETURN pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('selected', selected, 'rows', affected, 'duplicates', selected - affected,
    'partitions', nullif(partitions, 0), 'slow_because', slow));
END
$body$;
COMMENT ON FUNCTION batch_step_facts(regclass, text, text[], bigint, text, text, interval, text, text[]) IS
  'Internal: makes the partitions the rows need and inserts them; rows whose key is there already stay (conflict ignore) or are updated where something differs (update). Where the column _new is true no row of that key is there, and none is looked for. The statements then see what was inserted as "added" (ignore only). duplicates: rows that changed nothing.';

-- Looking a row up by its key costs about as much as reading and hashing five of them, and what else the statement joins is looked up, too. By the
-- table's size: there may be no statistics yet.
CREATE FUNCTION batch_is_small_beside(tbl regclass, batch_rows bigint) RETURNS boolean
  LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT pg_catalog.pg_relation_size(tbl) / 100 > 20 * batch_rows $$;
COMMENT ON FUNCTION batch_is_small_beside(regclass, bigint) IS
  'Internal to steps with "look_up": whether a table has more than twenty times as many rows as a batch, taken to be of 100 bytes each; false for a partitioned table, which has none of its own. NULL gives NULL.';

CREATE FUNCTION batch_step(warehouse name, feed text, batch_id bigint, source_id bigint, step jsonb, step_no integer, settings jsonb) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  zone text := settings->>'time_zone';
  text_of text := coalesce(step->>'select', step->>'sql', step->>'when');
  parameters jsonb := coalesce(settings->'parameters', '{}');
  query text := starhouse.batch_sql(text_of, batch_id, feed, zone, parameters);
  -- Two sources of a session may differ in these.
  varies boolean := strpos(text_of, '{batch_id}') > 0 OR EXISTS (SELECT FROM jsonb_object_keys(parameters) p WHERE strpos(text_of, '{' || p || '}') > 0);
  source regclass;
  columns text[];
  key text[];
  affected bigint;
  hashes text := current_setting('enable_hashjoin');
  merges text := current_setting('enable_mergejoin');
  looks_up boolean;
  counts jsonb;
BEGIN
  -- Ends with this function: its own SET clause restores the path.
  PERFORM set_config('search_path', format('%I, starhouse, pg_catalog', warehouse), true);
  looks_up := step ? 'look_up' AND starhouse.batch_is_small_beside(starhouse.batch_target(step->>'look_up', 'look_up'), (settings->>'rows')::bigint);
  IF looks_up THEN
    PERFORM set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);
  END IF;
  IF step->>'step' IN ('scd2', 'facts', 'upsert') THEN
    source := starhouse.batch_view(step_no, query, varies);
    columns := ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = source AND attnum > 0 ORDER BY attnum);
  END IF;
  CASE step->>'step'
    WHEN 'reject' THEN
      RETURN starhouse.batch_step_reject(warehouse, feed, batch_id, source_id, query, coalesce(step->>'code', '23514'), step->>'column',
                                         step->>'reason', step->>'hint', (settings->>'bronze')::boolean);
    WHEN 'sql' THEN
      EXECUTE query;
      GET DIAGNOSTICS affected = ROW_COUNT;
      counts := jsonb_build_object('rows', affected);
    WHEN 'members' THEN
      IF step->>'key' IS NULL THEN
        affected := starhouse.scd_infer(starhouse.batch_target(step->>'into'), query);
      ELSE
        affected := starhouse.member_infer(starhouse.batch_target(step->>'into'), step->>'key', query);
      END IF;
      RETURN jsonb_build_object('inferred', affected);
    WHEN 'scd2' THEN
      RETURN starhouse.batch_step_scd2(warehouse, feed, batch_id, source_id, step, source);
    WHEN 'upsert' THEN
      key := ARRAY(SELECT jsonb_array_elements_text(step->'key'));
      IF step->>'nulls' = 'keep' THEN
        query := starhouse.batch_upsert_source(starhouse.batch_target(step->>'into'), source, key);
        columns := array_remove(columns, '_order');
      END IF;
      RETURN starhouse.batch_step_upsert(starhouse.batch_target(step->>'into'), key, query, columns);
    WHEN 'facts' THEN
      counts := starhouse.batch_step_facts(starhouse.batch_target(step->>'into'), query, columns, batch_id, coalesce(step->>'conflict', 'ignore'),
                                           step->>'time', (step->>'partition')::interval,
                                           starhouse.batch_sql(step->>'partition_range', batch_id, feed, zone, parameters),
                                           ARRAY(SELECT starhouse.batch_sql(s, batch_id, feed, zone, parameters)
                                                 FROM jsonb_array_elements_text(step->'then') WITH ORDINALITY AS e (s, n) ORDER BY n));
  END CASE;
  IF looks_up THEN
    PERFORM set_config('enable_hashjoin', hashes, true), set_config('enable_mergejoin', merges, true);
  END IF;
  RETURN counts;
END
$body$;
COMMENT ON FUNCTION batch_step(name, text, bigint, bigint, jsonb, integer, jsonb) IS
  'Internal to batch_finish: runs one step of a feed and returns its counts.';
