-- Registration: what part each column of a dimension plays, the constraints and the side tables.

-- The dimension is named by text: a regclass would keep it from being dropped.
CREATE FUNCTION scd_side_rights(dim regclass, side regclass) RETURNS void
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $rights$
DECLARE
  named text := (SELECT format('%s.%I', relnamespace::regnamespace, relname) FROM pg_class WHERE oid = dim);
BEGIN
  -- The dimension may have a new owner: the policies made for the old one serve that one too.
  IF NOT starhouse.scd_owns(side) THEN
    RETURN;
  END IF;
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', side);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO PUBLIC', side);
  IF EXISTS (SELECT FROM pg_policy WHERE polrelid = side AND polname = 'merger') THEN
    EXECUTE format('DROP POLICY merger ON %s', side);
    EXECUTE format('DROP POLICY reader ON %s', side);
  END IF;
  EXECUTE format('CREATE POLICY merger ON %s USING (pg_catalog.has_table_privilege(pg_catalog.to_regclass(%L), ''UPDATE''))', side, named);
  EXECUTE format('CREATE POLICY reader ON %s FOR SELECT USING (pg_catalog.has_table_privilege(pg_catalog.to_regclass(%L), ''SELECT''))', side, named);
END
$rights$;
COMMENT ON FUNCTION scd_side_rights(regclass, regclass) IS 'Internal to scd_register: who may change the dimension may change the table beside it, who may read the one may read the other.';

-- Tables beside a dimension, its owner's like the dimension: they outlive the extension and are dumped.
CREATE FUNCTION scd_side_table(dim regclass, part text, key_columns text[], present regclass) RETURNS regclass
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $side$
DECLARE
  relation pg_class;
  name     text;
  key_list text;
  key_names text;
  key_types text[];
  grants   record;
BEGIN
  SELECT * INTO relation FROM pg_class WHERE oid = dim;
  name := coalesce((SELECT oid::regclass::text FROM pg_class WHERE oid = present),
                   format('%s.%I', relation.relnamespace::regnamespace, left(relation.relname, 48) || '_scd_' || part));
  -- Named key_1, key_2, ...: a key may have a column `sequence`.
  SELECT string_agg(format('key_%s %s%s NOT NULL, ', k.n, format_type(a.atttypid, a.atttypmod),
                           (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation)),
                    '' ORDER BY k.n),
         string_agg('key_' || k.n, ', ' ORDER BY k.n),
         array_agg((a.atttypid, a.attcollation)::text ORDER BY k.n)
    INTO key_list, key_names, key_types
    FROM unnest(key_columns) WITH ORDINALITY k (c, n) JOIN pg_attribute a ON a.attrelid = dim AND a.attname = k.c;
  IF to_regclass(name) IS NOT NULL THEN
    IF part = 'memory' AND key_types <> ARRAY(SELECT (a.atttypid, a.attcollation)::text FROM pg_attribute a
        WHERE a.attrelid = to_regclass(name) AND a.attname ~ '^key_[0-9]+$' AND NOT a.attisdropped ORDER BY a.attnum) THEN
      RAISE EXCEPTION 'the memory % is of another business key', name USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = format('DROP TABLE %s; to forget what it remembers, then register again.', name);
    END IF;
    PERFORM starhouse.scd_side_rights(dim, name::regclass);
    RETURN name::regclass;
  END IF;
  EXECUTE format('CREATE TABLE %s (%s)', name, CASE part
    WHEN 'memory' THEN format('%ssequence timestamptz NOT NULL, kind "char" NOT NULL, given text[], merge_id bigint NOT NULL', key_list)
    WHEN 'journal' THEN 'merge_id bigint NOT NULL, what text NOT NULL, row_id text, content jsonb'
    ELSE 'merge_id bigint NOT NULL, key text, sequence timestamptz, reason_code text NOT NULL, reason text NOT NULL, row_content jsonb NOT NULL, rejected_at timestamptz NOT NULL DEFAULT pg_catalog.now()' END);
  IF part = 'memory' THEN
    EXECUTE format('CREATE INDEX ON %s (%s, sequence)', name, key_names);
  END IF;
  EXECUTE format('ALTER TABLE %s OWNER TO %I', name, relation.relowner::regrole::text);
  EXECUTE format('COMMENT ON TABLE %s IS %L', name, CASE part
    WHEN 'memory' THEN format('Events of %s that its versions do not show, kept so that the order of arrival does not matter. Written by starhouse.scd2_merge.', dim)
    WHEN 'journal' THEN format('What the newest merge changed in %s, for starhouse.scd_undo. Written by starhouse.scd2_merge.', dim)
    ELSE format('Rows that merges into %s rejected, with the reason. Written by starhouse.scd2_merge; delete what is settled.', dim) END);
  FOR grants IN
    SELECT c.name, c.comment FROM (VALUES
      ('memory', 'sequence', 'Instant of the event; key_1, key_2, ... hold the business key.'),
      ('memory', 'kind', 'u upsert that repeats the content in force, d delete of what is not there, g columns given by the event that opened a version, p instant of a type-3 column''s previous value, x key rejected by the snapshot of that instant.'),
      ('memory', 'given', 'Columns that the event said something of; NULL: all.'),
      ('memory', 'merge_id', 'Merge that wrote the row (starhouse.scd_run).'),
      ('journal', 'merge_id', 'The merge (starhouse.scd_run).'),
      ('journal', 'what', 'inserted or updated version, remembered or forgotten event.'),
      ('journal', 'row_id', 'Surrogate of the version.'),
      ('journal', 'content', 'The columns as they were before.'),
      ('rejects', 'merge_id', 'Merge that rejected the row (starhouse.scd_run).'),
      ('rejects', 'key', 'Business key as text.'),
      ('rejects', 'sequence', 'Instant of the event, where it had one.'),
      ('rejects', 'reason_code', 'null_key, null_sequence, infinite_sequence, unknown_operation, conflict or too_late.'),
      ('rejects', 'reason', 'The reason in words.'),
      ('rejects', 'row_content', 'The row.'),
      ('rejects', 'rejected_at', 'When it was rejected.')) AS c (part, name, comment)
     WHERE c.part = scd_side_table.part
  LOOP
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', name, grants.name, grants.comment);
  END LOOP;
  IF part = 'memory' THEN
    FOR grants IN SELECT c, n FROM unnest(key_columns) WITH ORDINALITY k (c, n) LOOP
      EXECUTE format('COMMENT ON COLUMN %s.key_%s IS %L', name, grants.n, format('Business key: %I.', grants.c));
    END LOOP;
  END IF;
  PERFORM starhouse.scd_side_rights(dim, name::regclass);
  RETURN name::regclass;
END
$side$;
COMMENT ON FUNCTION scd_side_table(regclass, text, text[], regclass) IS 'Internal to scd_register: the table memory, journal or rejects of a dimension, made if it is not there; present: the one registered so far.';

CREATE FUNCTION scd_register(
    dim regclass,
    key text[],
    type2 text[] DEFAULT NULL,
    type1 text[] DEFAULT '{}',
    surrogate text DEFAULT NULL,
    valid_from text DEFAULT 'valid_from',
    valid_to text DEFAULT 'valid_to',
    current_flag text DEFAULT 'is_current',
    inferred_flag text DEFAULT NULL,
    add_constraints boolean DEFAULT true,
    type0 text[] DEFAULT '{}',
    type3 jsonb DEFAULT '{}',
    type6 jsonb DEFAULT '{}',
    sequence_column text DEFAULT NULL,
    op_column text DEFAULT NULL,
    delete_values text[] DEFAULT NULL,
    deleted_flag text DEFAULT NULL,
    end_inclusive boolean DEFAULT false,
    open_end text DEFAULT 'infinity',
    time_zone text DEFAULT NULL,
    remember boolean DEFAULT true,
    horizon interval DEFAULT NULL,
    journal boolean DEFAULT true,
    on_reject text DEFAULT 'list',
    ignore_null_updates boolean DEFAULT false,
    missing_columns text DEFAULT 'fail',
    remember_repeats boolean DEFAULT true)
  RETURNS void
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $register$
DECLARE
  relation  pg_class;
  columns   name[];
  chosen    text[];
  bad       text;
  keys      text;
  open_rows text;
  stem      text;
  statement record;
  kind      record;
  type3_current text[] := ARRAY(SELECT e.key FROM jsonb_each_text(type3) e);
  type3_previous text[] := ARRAY(SELECT e.value FROM jsonb_each_text(type3) e);
  type6_tracked text[] := ARRAY(SELECT e.key FROM jsonb_each_text(type6) e);
  type6_current text[] := ARRAY(SELECT e.value FROM jsonb_each_text(type6) e);
  others    text[];
  width     regtype;
  d         starhouse.scd_dimension;
BEGIN
  IF dim IS NULL OR key IS NULL OR type1 IS NULL OR valid_from IS NULL OR valid_to IS NULL OR add_constraints IS NULL
     OR type0 IS NULL OR type3 IS NULL OR type6 IS NULL OR end_inclusive IS NULL OR remember IS NULL OR journal IS NULL
     OR on_reject IS NULL OR ignore_null_updates IS NULL OR missing_columns IS NULL OR remember_repeats IS NULL THEN
    RAISE EXCEPTION 'of the arguments of scd_register only type2, surrogate, current_flag, inferred_flag, deleted_flag, sequence_column, op_column, delete_values, open_end, time_zone and horizon may be NULL'
      USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF on_reject NOT IN ('list', 'quarantine', 'fail') THEN
    RAISE EXCEPTION 'on_reject "%" is not known', on_reject USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Use ''list'' (temporary table scd_rejects), ''quarantine'' (kept in a table of the dimension''s schema) or ''fail'' (the merge is refused).';
  END IF;
  IF missing_columns NOT IN ('fail', 'keep') THEN
    RAISE EXCEPTION 'missing_columns "%" is not known', missing_columns USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Use ''fail'', or ''keep'' (a column that the source lacks keeps the value in force).';
  END IF;
  IF time_zone IS NOT NULL AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE lower(z.name) = lower(time_zone)) THEN
    RAISE EXCEPTION 'time zone "%" is not known', time_zone USING ERRCODE = 'invalid_parameter_value',
      HINT = 'pg_timezone_names lists them, such as Asia/Kolkata.';
  END IF;
  IF horizon < interval '0' THEN
    RAISE EXCEPTION 'horizon % is negative', horizon USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Give how late an event may come, such as ''90 days'', or NULL for any time.';
  END IF;
  IF horizon IS NOT NULL AND NOT remember THEN
    RAISE EXCEPTION 'a horizon needs a memory' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Leave out horizon, or pass remember => true.';
  END IF;
  FOR kind IN SELECT * FROM (VALUES ('type3', type3), ('type6', type6)) v (name, pairs) LOOP
    IF jsonb_typeof(kind.pairs) <> 'object' OR EXISTS (SELECT FROM jsonb_each(kind.pairs) e WHERE jsonb_typeof(e.value) <> 'string') THEN
      RAISE EXCEPTION '% is not a list of columns each with its companion: %', kind.name, kind.pairs USING ERRCODE = 'invalid_parameter_value',
        HINT = CASE kind.name WHEN 'type3' THEN 'Write {"city": "previous_city"}.' ELSE 'Write {"city": "current_city"}.' END;
    END IF;
  END LOOP;
  SELECT * INTO relation FROM pg_class WHERE oid = dim;
  IF relation.relkind NOT IN ('r', 'p') THEN
    RAISE EXCEPTION '% is not a table', dim USING ERRCODE = 'wrong_object_type',
      HINT = 'Register the table that holds the versions, not a view of it.';
  END IF;
  IF NOT starhouse.scd_owns(dim) THEN
    RAISE EXCEPTION 'must be owner of table %', dim USING ERRCODE = 'insufficient_privilege',
      HINT = 'Its owner registers a dimension; others merge into it with INSERT and UPDATE on the table.';
  END IF;
  LOCK TABLE starhouse.scd_dimension IN ROW EXCLUSIVE MODE;
  columns := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = dim AND attnum > 0 AND NOT attisdropped ORDER BY attnum);

  IF surrogate IS NULL THEN
    SELECT a.attname INTO surrogate
      FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = dim AND i.indisprimary AND i.indnkeyatts = 1;
    IF surrogate IS NULL THEN
      RAISE EXCEPTION '% has no primary key of one column', dim USING ERRCODE = 'undefined_object',
        HINT = 'Give the dimension a surrogate, such as "version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", or name its unique column in surrogate.';
    END IF;
  ELSIF NOT EXISTS (
      SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
       WHERE i.indrelid = dim AND i.indisunique AND i.indpred IS NULL AND a.attname = surrogate
         -- A unique index of a partitioned table has to hold the partition key too, one of a distributed table
         -- the column it is distributed by.
         AND (i.indnkeyatts = 1 OR relation.relkind = 'p' OR starhouse.scd_on_citus(dim)))
      AND surrogate::name = ANY (columns) THEN
    RAISE EXCEPTION 'surrogate column % of % has no unique index of its own', quote_ident(surrogate), dim
      USING ERRCODE = 'undefined_object', HINT = 'Make it the primary key: versions are addressed by it.';
  END IF;
  IF current_flag = 'is_current' AND NOT current_flag::name = ANY (columns) THEN
    current_flag := NULL;
  END IF;
  IF inferred_flag IS NULL AND 'is_inferred'::name = ANY (columns) THEN
    inferred_flag := 'is_inferred';
  END IF;

  others := type1 || type0 || type3_current || type3_previous || type6_current || ARRAY[surrogate, valid_from, valid_to]
            || array_remove(ARRAY[current_flag, inferred_flag, deleted_flag], NULL);
  IF type2 IS NULL THEN
    type2 := ARRAY(
      SELECT attname::text FROM pg_attribute
       WHERE attrelid = dim AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
         AND attname <> ALL (ARRAY(SELECT c::name FROM unnest(key || others) c WHERE c IS NOT NULL))
       ORDER BY attnum);
  ELSE
    type2 := type2 || ARRAY(SELECT c FROM unnest(type6_tracked) c WHERE c <> ALL (type2));
  END IF;
  chosen := key || type2 || others;

  IF cardinality(key) = 0 THEN
    RAISE EXCEPTION 'the business key of % has no columns', dim USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Pass key => ARRAY[''column'', ...].';
  END IF;
  SELECT string_agg(coalesce(quote_ident(c), 'NULL'), ', ') INTO bad
    FROM unnest(chosen) c WHERE c IS NULL OR c <> ALL (columns::text[]);
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'columns missing from %: %', dim, bad USING ERRCODE = 'undefined_column',
      HINT = format('Its columns are %s.', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c));
  END IF;
  SELECT string_agg(quote_ident(c), ', ') INTO bad FROM (SELECT c FROM unnest(chosen) c GROUP BY c HAVING count(*) > 1 ORDER BY c) twice;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'columns of % named for more than one purpose: %', dim, bad USING ERRCODE = 'duplicate_column',
      HINT = 'Every column is key, type 2, type 1, surrogate, interval or flag, not two of them.';
  END IF;
  SELECT string_agg(quote_ident(attname), ', ') INTO bad
    FROM pg_attribute WHERE attrelid = dim AND attname = ANY ((key || type2 || type1 || type0 || type3_current || type3_previous || type6_current)::name[]) AND (attgenerated <> '' OR attidentity = 'a');
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'generated columns of % cannot be merged: %', dim, bad USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Leave them out: the server computes them for every version.';
  END IF;
  SELECT string_agg(format('%I (%s)', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) INTO bad
    FROM pg_attribute WHERE attrelid = dim AND attname IN (valid_from, valid_to)
     AND NOT (atttypid = ANY ('{timestamptz,timestamp,date}'::regtype[]) AND atttypmod IN (-1, 6));
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'interval columns of % must be of type timestamptz, timestamp or date: %', dim, bad USING ERRCODE = 'datatype_mismatch',
      HINT = 'ALTER TABLE ... ALTER COLUMN ... TYPE timestamptz; the open end is ''infinity''.';
  END IF;
  SELECT string_agg(format('%I (%s)', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum), min(atttypid::regtype) INTO bad, width
    FROM pg_attribute WHERE attrelid = dim AND attname IN (valid_from, valid_to);
  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = dim AND attname IN (valid_from, valid_to) AND atttypid <> width) THEN
    RAISE EXCEPTION 'interval columns of % are of different types: %', dim, bad USING ERRCODE = 'datatype_mismatch',
      HINT = 'Give both the same type.';
  END IF;
  IF open_end IS NOT NULL THEN
    BEGIN
      EXECUTE format('SELECT CAST(%L AS %s)::text', open_end, width) INTO open_end;
    EXCEPTION WHEN data_exception THEN
      RAISE EXCEPTION 'open_end "%" is no value of type %', open_end, width USING ERRCODE = 'invalid_parameter_value',
        HINT = 'Give what valid_to holds while a version is current: infinity, 9999-12-31, or NULL.';
    END;
  END IF;
  SELECT string_agg(format('%I (%s)', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) INTO bad
    FROM pg_attribute WHERE attrelid = dim AND attname IN (current_flag, inferred_flag, deleted_flag) AND atttypid <> 'boolean'::regtype;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'flag columns of % must be boolean: %', dim, bad USING ERRCODE = 'datatype_mismatch',
      HINT = 'Name a boolean column, or pass current_flag => NULL to do without.';
  END IF;
  SELECT string_agg(format('%I (%s)', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) INTO bad
    FROM pg_attribute WHERE attrelid = dim AND (
      attname = ANY (key::name[]) AND starhouse.scd_comparable(atttypid) <> 'order'
      OR attname = ANY ((type2 || type1 || type0 || type3_current || type6_current)::name[]) AND starhouse.scd_comparable(atttypid) = 'none');
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'columns of % whose type cannot be compared: %', dim, bad USING ERRCODE = 'undefined_function',
      HINT = 'A key needs a type with an order, any other column a type with equality: use jsonb for json, text for xml.';
  END IF;

  SELECT string_agg(format('%I (%s) with %I (%s)', a.attname, format_type(a.atttypid, a.atttypmod), b.attname, format_type(b.atttypid, b.atttypmod)), ', ') INTO bad
    FROM jsonb_each_text(type3 || type6) p
    JOIN pg_attribute a ON a.attrelid = dim AND a.attname = p.key
    JOIN pg_attribute b ON b.attrelid = dim AND b.attname = p.value
   WHERE (a.atttypid, a.attcollation) <> (b.atttypid, b.attcollation);
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'columns of % of another type than their companion: %', dim, bad USING ERRCODE = 'datatype_mismatch',
      HINT = 'A type-3 or type-6 companion holds values of its column: give both the same type.';
  END IF;

  SELECT s.memory_table, s.journal_table, s.reject_table INTO d.memory_table, d.journal_table, d.reject_table
    FROM starhouse.scd_dimension s WHERE s.dimension = dim;
  INSERT INTO starhouse.scd_dimension AS s
    (dimension, key_columns, type2_columns, type1_columns, type0_columns, type3_columns, type6_columns, surrogate, valid_from, valid_to,
     interval_type, end_inclusive, open_end, time_zone, current_flag, inferred_flag, deleted_flag, sequence_column, op_column, delete_values,
     ignore_null_updates, missing_columns, on_reject, horizon, remember_repeats, memory_table, journal_table, reject_table)
  SELECT dim, key, type2, type1, type0, type3, type6, surrogate, valid_from, valid_to,
         width, end_inclusive, open_end, time_zone, current_flag, inferred_flag, deleted_flag, sequence_column, op_column, CASE WHEN delete_values IS NOT NULL THEN ARRAY(SELECT lower(v) FROM unnest(delete_values) v) END,
         ignore_null_updates, missing_columns, on_reject, horizon, remember_repeats,
         CASE WHEN remember THEN starhouse.scd_side_table(dim, 'memory', key, d.memory_table) END,
         CASE WHEN journal THEN starhouse.scd_side_table(dim, 'journal', key, d.journal_table) END,
         CASE WHEN on_reject = 'quarantine' THEN starhouse.scd_side_table(dim, 'rejects', key, d.reject_table) END
  ON CONFLICT (dimension) DO UPDATE SET
    key_columns = EXCLUDED.key_columns, type2_columns = EXCLUDED.type2_columns, type1_columns = EXCLUDED.type1_columns,
    type0_columns = EXCLUDED.type0_columns, type3_columns = EXCLUDED.type3_columns, type6_columns = EXCLUDED.type6_columns,
    surrogate = EXCLUDED.surrogate, valid_from = EXCLUDED.valid_from, valid_to = EXCLUDED.valid_to,
    interval_type = EXCLUDED.interval_type, end_inclusive = EXCLUDED.end_inclusive, open_end = EXCLUDED.open_end, time_zone = EXCLUDED.time_zone,
    current_flag = EXCLUDED.current_flag, inferred_flag = EXCLUDED.inferred_flag, deleted_flag = EXCLUDED.deleted_flag,
    sequence_column = EXCLUDED.sequence_column, op_column = EXCLUDED.op_column, delete_values = EXCLUDED.delete_values,
    ignore_null_updates = EXCLUDED.ignore_null_updates, missing_columns = EXCLUDED.missing_columns, on_reject = EXCLUDED.on_reject,
    horizon = EXCLUDED.horizon, remember_repeats = EXCLUDED.remember_repeats, memory_table = EXCLUDED.memory_table, journal_table = EXCLUDED.journal_table, reject_table = EXCLUDED.reject_table,
    registered_at = now();
  DELETE FROM starhouse.scd_dimension x WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = x.dimension);
  DELETE FROM starhouse.scd_merge_state x WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = x.dimension);
  DELETE FROM starhouse.scd_run x WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = x.dimension);

  IF add_constraints THEN
    SELECT * INTO d FROM starhouse.scd_dimension s WHERE s.dimension = dim;
    keys := (SELECT string_agg(quote_ident(c), ', ') FROM unnest(key) c);
    open_rows := coalesce(quote_ident(current_flag), replace(starhouse.scd_open_condition(d, 'x'), 'x.', ''));
    stem := left(relation.relname, 40);
    -- Without an alias: a partition inherits the expression as it stands.
    -- The predicates matter: an index with one does not make its columns part of a row's identity, so
    -- that a merge which moves an interval never waits for the foreign key checks of a fact load.
    FOR statement IN
      SELECT s.name, s.clause, s.columns FROM (VALUES
        (stem || '_scd_version', format('CREATE UNIQUE INDEX %%I ON %s (%s, %I) WHERE %I IS NOT NULL', dim, keys, valid_from, valid_from), key || valid_from),
        (stem || '_scd_current', format('CREATE UNIQUE INDEX %%I ON %s (%s) WHERE %s', dim, keys, open_rows), key),
        (stem || '_scd_interval', format('ALTER TABLE %s ADD CONSTRAINT %%I CHECK (%I %s %I)', dim, valid_from, CASE WHEN end_inclusive THEN '<=' ELSE '<' END, valid_to), NULL),
        (stem || '_scd_flag', CASE WHEN current_flag IS NOT NULL
                              THEN format('ALTER TABLE %s ADD CONSTRAINT %%I CHECK (%I = (%s))', dim, current_flag, replace(starhouse.scd_open_condition(d, 'x'), 'x.', '')) END, NULL)
      ) AS s (name, clause, columns)
      WHERE s.clause IS NOT NULL
        AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE i.indrelid = dim AND c.relname = s.name)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = dim AND conname = s.name)
    LOOP
      -- A unique index of a partitioned table has to hold its partition key.
      IF relation.relkind = 'p' AND statement.columns IS NOT NULL AND EXISTS (
          SELECT FROM pg_partitioned_table p CROSS JOIN LATERAL unnest(p.partattrs::int2[]) n LEFT JOIN pg_attribute a ON a.attrelid = dim AND a.attnum = n
           WHERE p.partrelid = dim AND (a.attname IS NULL OR a.attname <> ALL (statement.columns::name[]))) THEN
        RAISE NOTICE 'unique index % is not made: % is partitioned by columns it lacks', statement.name, dim
          USING HINT = 'Merges keep the rule all the same; starhouse.scd_check proves it.';
        CONTINUE;
      END IF;
      EXECUTE format(statement.clause, statement.name);
    END LOOP;
    FOR bad IN
      SELECT attname FROM pg_attribute
       WHERE attrelid = dim AND NOT attnotnull
         AND attname = ANY (ARRAY[valid_from, CASE WHEN open_end IS NOT NULL THEN valid_to END, current_flag, inferred_flag, deleted_flag]::name[])
    LOOP
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', dim, bad);
    END LOOP;
  END IF;
END
$register$;
COMMENT ON FUNCTION scd_register(regclass, text[], text[], text[], text, text, text, text, text, boolean, text[], jsonb, jsonb, text, text, text[], text, boolean, text, text, boolean, interval, boolean, text, boolean, text, boolean) IS
  'Makes a table known as a Type-2 dimension; a second call replaces the registration. key: business key columns. type2: columns whose change opens a version (NULL: all columns that have no other part). type1: overwritten in every version by the newest event. type0: keep the value of the first event. type3: {"column": "previous column"}, overwritten, the value before kept. type6: {"column": "current column"}, type 2 with the newest value shown in every version. surrogate: unique column of a version (NULL: the primary key). valid_from, valid_to: columns of type timestamptz, timestamp or date; end_inclusive: valid_to is the last moment instead of the first after it; open_end: what valid_to holds while current (infinity, a value, NULL); time_zone: of date and timestamp values. current_flag, inferred_flag: boolean columns (is_current and is_inferred where they exist). deleted_flag: boolean column of versions that say "deleted" (NULL: deletes close). sequence_column, op_column, delete_values: defaults for merges. remember: keep the events that versions do not show, so that any order and batching gives one history; horizon: how far back events are taken (NULL: any). remember_repeats: false keeps, of these events, only what the rows that opened versions left empty or out (a row per version at most): late partial rows still reach the versions after them, but what only repeated what was in force does not end a late change. journal: keep what the newest merge changed, for scd_undo. on_reject: list, quarantine or fail. ignore_null_updates: NULL in a source means not said. missing_columns: fail or keep. add_constraints: adds two unique indexes and two checks so that a key has one open version, no empty interval and no two versions from one instant. Makes <table>_scd_memory, _scd_journal and _scd_rejects beside the table as needed. Only the owner of the table may call it. Errors: 22023 bad option, 42703 missing column, 42701 column named twice, 42804 wrong type, 42883 type without comparison, 42501 not the owner; 23xxx when present rows break a constraint. NULL is an error except where said.';

CREATE FUNCTION scd_unregister(dim regclass) RETURNS boolean
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT starhouse.scd_owns(dim) THEN
    RAISE EXCEPTION 'must be owner of table %', dim USING ERRCODE = 'insufficient_privilege';
  END IF;
  DELETE FROM starhouse.scd_merge_state s WHERE s.dimension = dim;
  DELETE FROM starhouse.scd_run s WHERE s.dimension = dim;
  DELETE FROM starhouse.scd_dimension s WHERE s.dimension = dim;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION scd_unregister(regclass) IS 'Forgets a dimension and the record of its merges; its table, rows, indexes, constraints and the tables <table>_scd_... stay. Returns whether it was registered. Only the owner of the table may call it (42501). NULL gives NULL.';

