-- Slowly changing dimensions: what is known of them. Registration, merge, inferred members and audit are in
-- the fragments 10-scd_*.sql.

CREATE TABLE scd_dimension (
  dimension     regclass PRIMARY KEY,
  key_columns   name[] NOT NULL CHECK (cardinality(key_columns) > 0),
  type2_columns name[] NOT NULL,
  type1_columns name[] NOT NULL,
  type0_columns name[] NOT NULL DEFAULT '{}',
  type3_columns jsonb NOT NULL DEFAULT '{}',
  type6_columns jsonb NOT NULL DEFAULT '{}',
  surrogate     name NOT NULL,
  valid_from    name NOT NULL,
  valid_to      name NOT NULL,
  interval_type regtype NOT NULL DEFAULT 'timestamptz',
  end_inclusive boolean NOT NULL DEFAULT false,
  open_end      text,
  time_zone     text,
  current_flag  name,
  inferred_flag name,
  deleted_flag  name,
  sequence_column name,
  op_column     name,
  delete_values text[],
  ignore_null_updates boolean NOT NULL DEFAULT false,
  missing_columns text NOT NULL DEFAULT 'fail' CHECK (missing_columns IN ('fail', 'keep')),
  on_reject     text NOT NULL DEFAULT 'list' CHECK (on_reject IN ('list', 'quarantine', 'fail')),
  horizon       interval CHECK (horizon >= interval '0'),
  remember_repeats boolean NOT NULL DEFAULT true,
  memory_table  regclass,
  journal_table regclass,
  reject_table  regclass,
  registered_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE scd_dimension IS 'Type-2 dimensions known to scd2_merge, one row each; written by scd_register. Seen by those who may read the dimension, changed by its owner.';
COMMENT ON COLUMN scd_dimension.dimension IS 'The table that holds the versions.';
COMMENT ON COLUMN scd_dimension.key_columns IS 'Business key.';
COMMENT ON COLUMN scd_dimension.type2_columns IS 'Columns whose change opens a new version, those of type 6 included.';
COMMENT ON COLUMN scd_dimension.type1_columns IS 'Columns overwritten in every version of the key by the newest event.';
COMMENT ON COLUMN scd_dimension.type0_columns IS 'Columns that keep the value of the key''s first event.';
COMMENT ON COLUMN scd_dimension.type3_columns IS 'Columns overwritten in every version, each with the column that keeps the value before: {"city": "previous_city"}.';
COMMENT ON COLUMN scd_dimension.type6_columns IS 'Type-2 columns, each with the column that shows its newest value in every version: {"city": "current_city"}.';
COMMENT ON COLUMN scd_dimension.surrogate IS 'Primary key of a version.';
COMMENT ON COLUMN scd_dimension.valid_from IS 'Start of a version, inclusive.';
COMMENT ON COLUMN scd_dimension.valid_to IS 'End of a version: open_end while it is current.';
COMMENT ON COLUMN scd_dimension.interval_type IS 'Type of the two: timestamptz, timestamp or date.';
COMMENT ON COLUMN scd_dimension.end_inclusive IS 'Whether valid_to is the last moment of the version (next start minus a day or microsecond) rather than the first after it.';
COMMENT ON COLUMN scd_dimension.open_end IS 'What valid_to holds while a version is current: infinity, another value as text, or NULL.';
COMMENT ON COLUMN scd_dimension.time_zone IS 'Time zone in which date and timestamp values are meant. NULL: UTC for the interval, the session''s for sequences.';
COMMENT ON COLUMN scd_dimension.current_flag IS 'Boolean column true for the current version; NULL if there is none.';
COMMENT ON COLUMN scd_dimension.inferred_flag IS 'Boolean column true for a member made before its own row arrived; NULL if there is none.';
COMMENT ON COLUMN scd_dimension.deleted_flag IS 'Boolean column true for a version that says "deleted"; NULL: a delete closes the version in force and opens none.';
COMMENT ON COLUMN scd_dimension.sequence_column IS 'The source''s column with the instant of an event, unless the merge names another.';
COMMENT ON COLUMN scd_dimension.op_column IS 'The source''s column that tells deletes, unless the merge names another.';
COMMENT ON COLUMN scd_dimension.delete_values IS 'Values of op_column, in lower case, that mean a delete, all others meaning none; NULL: the usual spellings.';
COMMENT ON COLUMN scd_dimension.ignore_null_updates IS 'Whether a NULL in the source means "not said" instead of "no value".';
COMMENT ON COLUMN scd_dimension.missing_columns IS 'What to do when the source lacks a column: fail, or keep the value in force.';
COMMENT ON COLUMN scd_dimension.on_reject IS 'What becomes of rows without a place: list (temporary table scd_rejects), quarantine (kept in reject_table as well) or fail (the merge is refused).';
COMMENT ON COLUMN scd_dimension.horizon IS 'How far behind the newest known instant an event may lie; older ones are rejected. NULL: any distance.';
COMMENT ON COLUMN scd_dimension.remember_repeats IS 'Whether events that only repeat what was in force, or delete what is not there, are remembered too; without them the memory has at most a row for each version.';
COMMENT ON COLUMN scd_dimension.memory_table IS 'Table of the events that the versions do not show; NULL: nothing is remembered.';
COMMENT ON COLUMN scd_dimension.journal_table IS 'Table of what the newest merge changed, for scd_undo; NULL: none is kept.';
COMMENT ON COLUMN scd_dimension.reject_table IS 'Table of rejected rows; NULL: they are not kept.';
COMMENT ON COLUMN scd_dimension.registered_at IS 'When scd_register last wrote this row.';
SELECT pg_catalog.pg_extension_config_dump('scd_dimension', '');

CREATE TABLE scd_run (
  dimension   regclass NOT NULL,
  merge_id    bigint NOT NULL,
  source      text NOT NULL,
  mode        text NOT NULL,
  as_of       timestamptz,
  complete    boolean NOT NULL,
  watermark   timestamptz,
  inserted    bigint NOT NULL,
  changed     bigint NOT NULL,
  unchanged   bigint NOT NULL,
  late        bigint NOT NULL,
  deleted     bigint NOT NULL,
  rejected    bigint NOT NULL,
  new_columns text[] NOT NULL,
  missing_columns text[] NOT NULL,
  merged_by   name NOT NULL DEFAULT CURRENT_USER,
  started_at  timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  undone_at   timestamptz,
  PRIMARY KEY (dimension, merge_id)
);
COMMENT ON TABLE scd_run IS 'One row per committed merge. The complete snapshots among them are part of a dimension''s memory: each says of every key what held at its instant.';
COMMENT ON COLUMN scd_run.dimension IS 'The dimension.';
COMMENT ON COLUMN scd_run.merge_id IS 'Number of the merge within its dimension.';
COMMENT ON COLUMN scd_run.source IS 'What was merged.';
COMMENT ON COLUMN scd_run.mode IS 'feed or snapshot.';
COMMENT ON COLUMN scd_run.as_of IS 'Instant of a snapshot; NULL for a feed or where each row had its own.';
COMMENT ON COLUMN scd_run.complete IS 'Whether it was a snapshot of all keys (missing ones closed or flagged) at one instant.';
COMMENT ON COLUMN scd_run.watermark IS 'Newest instant known after the merge; NULL when there was none.';
COMMENT ON COLUMN scd_run.inserted IS 'Rows that opened a key that was not open.';
COMMENT ON COLUMN scd_run.changed IS 'Rows that replaced the content in force.';
COMMENT ON COLUMN scd_run.unchanged IS 'Rows that said what was known.';
COMMENT ON COLUMN scd_run.late IS 'Rows put in their place in the past.';
COMMENT ON COLUMN scd_run.deleted IS 'Rows, or missing keys, that closed the version in force.';
COMMENT ON COLUMN scd_run.rejected IS 'Rows that had no place.';
COMMENT ON COLUMN scd_run.new_columns IS 'Columns of the source that the dimension does not take.';
COMMENT ON COLUMN scd_run.missing_columns IS 'Columns that the source lacked.';
COMMENT ON COLUMN scd_run.merged_by IS 'Role that merged.';
COMMENT ON COLUMN scd_run.started_at IS 'When the merge began.';
COMMENT ON COLUMN scd_run.finished_at IS 'When its last row was written.';
COMMENT ON COLUMN scd_run.undone_at IS 'When scd_undo took it back; NULL: it holds.';
CREATE INDEX scd_run_complete ON scd_run (dimension, as_of) WHERE complete;
SELECT pg_catalog.pg_extension_config_dump('scd_run', '');

CREATE TABLE scd_merge_state (
  dimension  regclass PRIMARY KEY,
  merges     bigint NOT NULL,
  last_merge timestamptz NOT NULL
);
COMMENT ON TABLE scd_merge_state IS 'One row per merged dimension, updated by every merge: under REPEATABLE READ it is what makes a merge with an outdated snapshot fail (40001) instead of working on rows it cannot see.';
COMMENT ON COLUMN scd_merge_state.dimension IS 'The dimension.';
COMMENT ON COLUMN scd_merge_state.merges IS 'Number of the last merge.';
COMMENT ON COLUMN scd_merge_state.last_merge IS 'Start of the transaction of the last merge.';

ALTER TABLE scd_dimension ENABLE ROW LEVEL SECURITY;
ALTER TABLE scd_merge_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE scd_run ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON scd_dimension TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON scd_merge_state TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON scd_run TO PUBLIC;

CREATE FUNCTION scd_owns(dimension regclass) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = dimension), true) $$;
COMMENT ON FUNCTION scd_owns(regclass) IS 'Whether the current user owns the relation (or has its owner''s role). True for a relation that is gone, so that what is left of it can be cleared away. NULL gives NULL.';

CREATE POLICY reader ON scd_dimension FOR SELECT
  USING (pg_catalog.has_table_privilege(dimension, 'SELECT') OR scd_owns(dimension));
CREATE POLICY owner ON scd_dimension FOR ALL USING (scd_owns(dimension)) WITH CHECK (scd_owns(dimension));
CREATE POLICY merger ON scd_merge_state FOR ALL
  USING (pg_catalog.has_table_privilege(dimension, 'UPDATE') OR scd_owns(dimension))
  WITH CHECK (pg_catalog.has_table_privilege(dimension, 'UPDATE') OR scd_owns(dimension));

CREATE POLICY merger ON scd_run FOR ALL
  USING (pg_catalog.has_table_privilege(dimension, 'UPDATE') OR scd_owns(dimension))
  WITH CHECK (pg_catalog.has_table_privilege(dimension, 'UPDATE') OR scd_owns(dimension));
CREATE POLICY reader ON scd_run FOR SELECT USING (pg_catalog.has_table_privilege(dimension, 'SELECT'));

-- How a dimension writes its intervals, and how that reads as [from, to) in timestamptz. One place for
-- the merge, the audit and the readers.
CREATE FUNCTION scd_zone(d scd_dimension) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT quote_literal(coalesce(d.time_zone, 'UTC')) $$;
COMMENT ON FUNCTION scd_zone(scd_dimension) IS 'Literal of the time zone of a dimension''s date and timestamp columns. NULL gives NULL.';

CREATE FUNCTION scd_read_instant(d scd_dimension, expression text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT CASE d.interval_type
                 WHEN 'timestamp'::regtype THEN format('pg_catalog.timezone(%s, %s)', starhouse.scd_zone(d), expression)
                 WHEN 'date'::regtype THEN format('pg_catalog.timezone(%s, CAST(%s AS timestamp))', starhouse.scd_zone(d), expression)
                 ELSE expression END $$;
COMMENT ON FUNCTION scd_read_instant(scd_dimension, text) IS 'Expression for a value of the dimension''s interval type as timestamptz. NULL gives NULL.';

CREATE FUNCTION scd_write_instant(d scd_dimension, expression text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT CASE d.interval_type
                 WHEN 'timestamp'::regtype THEN format('pg_catalog.timezone(%s, %s)', starhouse.scd_zone(d), expression)
                 WHEN 'date'::regtype THEN format('CAST(pg_catalog.timezone(%s, %s) AS date)', starhouse.scd_zone(d), expression)
                 ELSE expression END $$;
COMMENT ON FUNCTION scd_write_instant(scd_dimension, text) IS 'Expression for a timestamptz as a value of the dimension''s interval type. NULL gives NULL.';

CREATE FUNCTION scd_read_from(d scd_dimension, alias text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT starhouse.scd_read_instant(d, format('%I.%I', alias, d.valid_from)) $$;
COMMENT ON FUNCTION scd_read_from(scd_dimension, text) IS 'Expression, over an alias of the dimension, for the start of a version as timestamptz. NULL gives NULL.';

CREATE FUNCTION scd_open_literal(d scd_dimension) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT CASE WHEN d.open_end IS NULL THEN format('CAST(NULL AS %s)', format_type(d.interval_type, NULL))
                    ELSE format('CAST(%L AS %s)', d.open_end, format_type(d.interval_type, NULL)) END $$;
COMMENT ON FUNCTION scd_open_literal(scd_dimension) IS 'Literal of what valid_to holds while a version is current. NULL gives NULL.';

CREATE FUNCTION scd_open_condition(d scd_dimension, alias text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT CASE WHEN d.open_end IS NULL THEN format('%I.%I IS NULL', alias, d.valid_to)
                    ELSE format('%I.%I OPERATOR(pg_catalog.=) %s', alias, d.valid_to, starhouse.scd_open_literal(d)) END $$;
COMMENT ON FUNCTION scd_open_condition(scd_dimension, text) IS 'Condition, over an alias of the dimension, that valid_to says a version is current. NULL gives NULL.';

CREATE FUNCTION scd_read_to(d scd_dimension, alias text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT CASE WHEN d.open_end IS NULL THEN format('coalesce(%s, TIMESTAMPTZ ''infinity'')', e)
              WHEN d.open_end = 'infinity' THEN e
              ELSE format('CASE WHEN %s THEN TIMESTAMPTZ ''infinity'' ELSE %s END', starhouse.scd_open_condition(d, alias), e) END
    FROM (SELECT starhouse.scd_read_instant(d, CASE
                   WHEN NOT d.end_inclusive THEN format('%I.%I', alias, d.valid_to)
                   WHEN d.interval_type = 'date'::regtype THEN format('(%I.%I OPERATOR(pg_catalog.+) 1)', alias, d.valid_to)
                   ELSE format('(%I.%I OPERATOR(pg_catalog.+) INTERVAL ''1 microsecond'')', alias, d.valid_to) END) AS e) AS x
  $$;
COMMENT ON FUNCTION scd_read_to(scd_dimension, text) IS 'Expression, over an alias of the dimension, for the exclusive end of a version as timestamptz, infinity while it is current. NULL gives NULL.';

CREATE FUNCTION scd_write_to(d scd_dimension, expression text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT CASE WHEN d.open_end = 'infinity' THEN e
              ELSE format('CASE WHEN %s OPERATOR(pg_catalog.=) TIMESTAMPTZ ''infinity'' THEN %s ELSE %s END', expression, starhouse.scd_open_literal(d), e) END
    FROM (SELECT CASE WHEN NOT d.end_inclusive THEN w
                      WHEN d.interval_type = 'date'::regtype THEN format('(%s OPERATOR(pg_catalog.-) 1)', w)
                      ELSE format('(%s OPERATOR(pg_catalog.-) INTERVAL ''1 microsecond'')', w) END AS e
            FROM (SELECT starhouse.scd_write_instant(d, expression) AS w) AS y) AS x
  $$;
COMMENT ON FUNCTION scd_write_to(scd_dimension, text) IS 'Expression for an exclusive end, infinity while current, as the dimension writes it. NULL gives NULL.';

CREATE FUNCTION scd_dimension_of(dim regclass) RETURNS scd_dimension
  LANGUAGE plpgsql STABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension;
BEGIN
  SELECT * INTO d FROM starhouse.scd_dimension s WHERE s.dimension = dim;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% is not a registered dimension', coalesce(dim::text, 'NULL') USING ERRCODE = 'undefined_object',
      HINT = 'Its owner calls starhouse.scd_register first.';
  END IF;
  RETURN d;
END
$$;
COMMENT ON FUNCTION scd_dimension_of(regclass) IS 'The registration of a dimension. 42704 for what is not registered, NULL included.';

CREATE FUNCTION scd_on_citus(relation regclass) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found_there boolean := false;
BEGIN
  IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
    EXECUTE 'SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrelid = $1)' INTO found_there USING relation;
  END IF;
  RETURN found_there;
END
$$;
COMMENT ON FUNCTION scd_on_citus(regclass) IS 'Whether a relation is a reference, distributed or managed table of Citus. False where Citus is not installed. NULL gives NULL.';

CREATE FUNCTION scd_comparable(type oid) RETURNS text
  LANGUAGE c STABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_scd_comparable';
COMMENT ON FUNCTION scd_comparable(oid) IS 'How values of a type can be compared by its own operators: ''order'' (a default btree class), ''equality'' or ''none''. NULL gives NULL; an unknown type raises 42704.';

CREATE FUNCTION scd_equality_operator(type oid) RETURNS text
  LANGUAGE c STABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_scd_equality_operator';
COMMENT ON FUNCTION scd_equality_operator(oid) IS 'A type''s own equality, spelt so that no search_path changes it: OPERATOR(pg_catalog.=). NULL gives NULL; a type without one raises 42883.';

