-- The merge.

CREATE PROCEDURE scd2_merge(
    dim regclass,
    source regclass,
    mode text DEFAULT 'feed',
    sequence_column text DEFAULT NULL,
    op_column text DEFAULT NULL,
    missing text DEFAULT 'ignore',
    as_of timestamptz DEFAULT pg_catalog.now(),
    INOUT inserted bigint DEFAULT NULL,
    INOUT changed bigint DEFAULT NULL,
    INOUT unchanged bigint DEFAULT NULL,
    INOUT late bigint DEFAULT NULL,
    INOUT deleted bigint DEFAULT NULL,
    INOUT rejected bigint DEFAULT NULL)
  LANGUAGE c
  SET search_path = pg_catalog, pg_temp
  -- Compiling the comparison of a million wide rows took four times as long as comparing them.
  SET jit = off
  AS 'MODULE_PATHNAME', 'starhouse_scd2_merge';
COMMENT ON PROCEDURE scd2_merge(regclass, regclass, text, text, text, text, timestamptz, bigint, bigint, bigint, bigint, bigint, bigint) IS
  'Merges a table or view into a registered Type-2 dimension, within the caller''s transaction. mode feed: each row is an event at sequence_column (timestamptz, timestamp or date), a delete where op_column says d or delete. mode snapshot: the source is the whole truth at as_of (or at sequence_column); missing => close closes the keys it lacks. Every source row is counted once: inserted (opened a key), changed, unchanged, late (put in its place in the past), deleted, rejected (listed in the temporary table scd_rejects). Takes a SHARE ROW EXCLUSIVE lock on the dimension: merges queue, readers do not. Errors: 22023 bad option, 42703 missing column, 42804 types do not fit, 42704 not registered, 40001 outdated snapshot, 23P01 contradicting versions.';

