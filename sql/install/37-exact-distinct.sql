-- Exact distinct counts: sets of values as states, set operations on them, and the one-step form.

CREATE TYPE distinct_state;
CREATE FUNCTION distinct_state_in(cstring) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_state_in';
COMMENT ON FUNCTION distinct_state_in(cstring) IS
  'Input of distinct_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION distinct_state_out(distinct_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_state_out';
COMMENT ON FUNCTION distinct_state_out(distinct_state) IS 'Output of distinct_state: its stored form as base64.';
CREATE FUNCTION distinct_state_recv(internal) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_state_recv';
COMMENT ON FUNCTION distinct_state_recv(internal) IS
  'Binary input of distinct_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION distinct_state_send(distinct_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_state_send';
COMMENT ON FUNCTION distinct_state_send(distinct_state) IS 'Binary output of distinct_state: its stored form.';
CREATE TYPE distinct_state (
  INPUT = distinct_state_in, OUTPUT = distinct_state_out, RECEIVE = distinct_state_recv, SEND = distinct_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE distinct_state IS
  'A set of values of one type: made by distinct_state, united by distinct_merge, counted by distinct_count. Its stored form is sorted and differences of neighbours are kept, so equal sets have equal bytes; a dense set takes little more than a byte for each number.';

CREATE FUNCTION distinct_combine(distinct_state, distinct_state) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_distinct_combine';
COMMENT ON FUNCTION distinct_combine(distinct_state, distinct_state) IS
  'Internal: the union of two states of an aggregate; NULL is nothing.';
CREATE FUNCTION distinct_count_final(distinct_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_distinct_count_final';
COMMENT ON FUNCTION distinct_count_final(distinct_state) IS
  'Internal: the final function of count_distinct_exact; 0 for NULL.';

CREATE FUNCTION distinct_add(distinct_state, bigint) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_distinct_add_bigint';
COMMENT ON FUNCTION distinct_add(distinct_state, bigint) IS 'Internal: transition of distinct_state.';
CREATE FUNCTION distinct_add(distinct_state, int) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_distinct_add_int';
COMMENT ON FUNCTION distinct_add(distinct_state, int) IS 'Internal: transition of distinct_state.';
CREATE FUNCTION distinct_add(distinct_state, text) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_distinct_add_text';
COMMENT ON FUNCTION distinct_add(distinct_state, text) IS 'Internal: transition of distinct_state.';
CREATE FUNCTION distinct_add(distinct_state, uuid) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_distinct_add_uuid';
COMMENT ON FUNCTION distinct_add(distinct_state, uuid) IS 'Internal: transition of distinct_state.';
CREATE FUNCTION distinct_add(distinct_state, date) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_distinct_add_date';
COMMENT ON FUNCTION distinct_add(distinct_state, date) IS 'Internal: transition of distinct_state.';
CREATE FUNCTION distinct_add(distinct_state, timestamptz) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_distinct_add_timestamptz';
COMMENT ON FUNCTION distinct_add(distinct_state, timestamptz) IS 'Internal: transition of distinct_state.';

CREATE AGGREGATE distinct_state(value bigint) (
  SFUNC = distinct_add, STYPE = distinct_state, COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE distinct_state(bigint) IS
  'The set of distinct values, to be kept in rollups. NULLs are left out, NULL for no rows. A set has up to 1 GB in memory, some 50 million numbers; beyond that is an error (54000).';
CREATE AGGREGATE distinct_state(value int) (
  SFUNC = distinct_add, STYPE = distinct_state, COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE distinct_state(int) IS
  'The set of distinct values, to be kept in rollups. NULLs are left out, NULL for no rows. A set of int is a set of bigint. A set has up to 1 GB in memory, some 50 million numbers; beyond that is an error (54000).';
CREATE AGGREGATE distinct_state(value text) (
  SFUNC = distinct_add, STYPE = distinct_state, COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE distinct_state(text) IS
  'The set of distinct values, to be kept in rollups. NULLs are left out, NULL for no rows. Texts are one value where their collation holds them equal; of those equal under a nondeterministic collation the set keeps the first in order of bytes. Texts under different collations of that kind cannot be in one set (22023). A set has up to 1 GB in memory, some 50 million numbers; beyond that is an error (54000).';
CREATE AGGREGATE distinct_state(value uuid) (
  SFUNC = distinct_add, STYPE = distinct_state, COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE distinct_state(uuid) IS
  'The set of distinct values, to be kept in rollups. NULLs are left out, NULL for no rows. A set has up to 1 GB in memory, some 50 million numbers; beyond that is an error (54000).';
CREATE AGGREGATE distinct_state(value date) (
  SFUNC = distinct_add, STYPE = distinct_state, COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE distinct_state(date) IS
  'The set of distinct values, to be kept in rollups. NULLs are left out, NULL for no rows. A set has up to 1 GB in memory, some 50 million numbers; beyond that is an error (54000).';
CREATE AGGREGATE distinct_state(value timestamptz) (
  SFUNC = distinct_add, STYPE = distinct_state, COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE distinct_state(timestamptz) IS
  'The set of distinct values, to be kept in rollups. NULLs are left out, NULL for no rows. A set has up to 1 GB in memory, some 50 million numbers; beyond that is an error (54000).';
CREATE AGGREGATE distinct_merge(state distinct_state) (
  SFUNC = distinct_combine, STYPE = distinct_state, COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE distinct_merge(distinct_state) IS
  'The union of sets, which have to be of values of one type (22023). NULLs are left out, NULL for no sets.';

CREATE AGGREGATE count_distinct_exact(value bigint) (
  SFUNC = distinct_add, STYPE = distinct_state, FINALFUNC = distinct_count_final,
  COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_distinct_exact(bigint) IS
  'The number of distinct values, as count(DISTINCT value), but by hashing and in parallel. NULLs are left out, 0 for no rows. More than some 50 million numbers, or 1 GB, in a group is an error (54000).';
CREATE AGGREGATE count_distinct_exact(value int) (
  SFUNC = distinct_add, STYPE = distinct_state, FINALFUNC = distinct_count_final,
  COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_distinct_exact(int) IS
  'The number of distinct values, as count(DISTINCT value), but by hashing and in parallel. NULLs are left out, 0 for no rows. A set of int is a set of bigint. More than some 50 million numbers, or 1 GB, in a group is an error (54000).';
CREATE AGGREGATE count_distinct_exact(value text) (
  SFUNC = distinct_add, STYPE = distinct_state, FINALFUNC = distinct_count_final,
  COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_distinct_exact(text) IS
  'The number of distinct values, as count(DISTINCT value), but by hashing and in parallel. NULLs are left out, 0 for no rows. Texts are one value where their collation holds them equal. More than some 50 million numbers, or 1 GB, in a group is an error (54000).';
CREATE AGGREGATE count_distinct_exact(value uuid) (
  SFUNC = distinct_add, STYPE = distinct_state, FINALFUNC = distinct_count_final,
  COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_distinct_exact(uuid) IS
  'The number of distinct values, as count(DISTINCT value), but by hashing and in parallel. NULLs are left out, 0 for no rows. More than some 50 million numbers, or 1 GB, in a group is an error (54000).';
CREATE AGGREGATE count_distinct_exact(value date) (
  SFUNC = distinct_add, STYPE = distinct_state, FINALFUNC = distinct_count_final,
  COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_distinct_exact(date) IS
  'The number of distinct values, as count(DISTINCT value), but by hashing and in parallel. NULLs are left out, 0 for no rows. More than some 50 million numbers, or 1 GB, in a group is an error (54000).';
CREATE AGGREGATE count_distinct_exact(value timestamptz) (
  SFUNC = distinct_add, STYPE = distinct_state, FINALFUNC = distinct_count_final,
  COMBINEFUNC = distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_distinct_exact(timestamptz) IS
  'The number of distinct values, as count(DISTINCT value), but by hashing and in parallel. NULLs are left out, 0 for no rows. More than some 50 million numbers, or 1 GB, in a group is an error (54000).';

CREATE FUNCTION distinct_count(state distinct_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_count';
COMMENT ON FUNCTION distinct_count(distinct_state) IS 'How many values a set has. NULL for NULL.';
CREATE FUNCTION distinct_union(one distinct_state, other distinct_state) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_union';
COMMENT ON FUNCTION distinct_union(distinct_state, distinct_state) IS
  'The values in either set. NULL for NULL; sets of different types of values are an error (22023).';
CREATE FUNCTION distinct_intersect(one distinct_state, other distinct_state) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_intersect';
COMMENT ON FUNCTION distinct_intersect(distinct_state, distinct_state) IS
  'The values in both sets: an empty set where there are none. NULL for NULL; sets of different types of values are an error (22023).';
CREATE FUNCTION distinct_except(one distinct_state, other distinct_state) RETURNS distinct_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_except';
COMMENT ON FUNCTION distinct_except(distinct_state, distinct_state) IS
  'The values of the first set that are not in the other. NULL for NULL; sets of different types of values are an error (22023).';
CREATE FUNCTION distinct_overlap(one distinct_state, other distinct_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_overlap';
COMMENT ON FUNCTION distinct_overlap(distinct_state, distinct_state) IS
  'How many values are in both sets, without making the set of them. NULL for NULL; sets of different types of values are an error (22023).';

CREATE FUNCTION distinct_contains(state distinct_state, value bigint) RETURNS boolean
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_contains_bigint';
COMMENT ON FUNCTION distinct_contains(distinct_state, bigint) IS
  'Whether a value is in a set. NULL for NULL; a set of another type of values is an error (22023).';
CREATE FUNCTION distinct_contains(state distinct_state, value text) RETURNS boolean
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_contains_text';
COMMENT ON FUNCTION distinct_contains(distinct_state, text) IS
  'Whether a value is in a set. NULL for NULL; a set of another type of values is an error (22023).';
CREATE FUNCTION distinct_contains(state distinct_state, value uuid) RETURNS boolean
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_contains_uuid';
COMMENT ON FUNCTION distinct_contains(distinct_state, uuid) IS
  'Whether a value is in a set. NULL for NULL; a set of another type of values is an error (22023).';
CREATE FUNCTION distinct_contains(state distinct_state, value date) RETURNS boolean
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_contains_date';
COMMENT ON FUNCTION distinct_contains(distinct_state, date) IS
  'Whether a value is in a set. NULL for NULL; a set of another type of values is an error (22023).';
CREATE FUNCTION distinct_contains(state distinct_state, value timestamptz) RETURNS boolean
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_contains_timestamptz';
COMMENT ON FUNCTION distinct_contains(distinct_state, timestamptz) IS
  'Whether a value is in a set. NULL for NULL; a set of another type of values is an error (22023).';
CREATE FUNCTION distinct_members(state distinct_state) RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'starhouse_distinct_members';
COMMENT ON FUNCTION distinct_members(distinct_state) IS
  'The values of a set in order (texts: in order of bytes, or of the sort keys of a nondeterministic collation), as rows of one column that the caller names with its type: FROM distinct_members(state) AS m(user_id bigint). The type is that of the values, or int where it was bigint (22003 for one too large); another one is an error (42804). No rows for NULL.';
