-- The approximate number of distinct values: state, merge, value, and the one-step form.

CREATE TYPE distinct_sketch;
CREATE FUNCTION distinct_sketch_in(cstring) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_sketch_in';
COMMENT ON FUNCTION distinct_sketch_in(cstring) IS
  'Input of distinct_sketch: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION distinct_sketch_out(distinct_sketch) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_sketch_out';
COMMENT ON FUNCTION distinct_sketch_out(distinct_sketch) IS 'Output of distinct_sketch: its stored form as base64.';
CREATE FUNCTION distinct_sketch_recv(internal) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_sketch_recv';
COMMENT ON FUNCTION distinct_sketch_recv(internal) IS
  'Binary input of distinct_sketch; bytes that are no such value are an error (22P03).';
CREATE FUNCTION distinct_sketch_send(distinct_sketch) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_sketch_send';
COMMENT ON FUNCTION distinct_sketch_send(distinct_sketch) IS 'Binary output of distinct_sketch: its stored form.';
CREATE TYPE distinct_sketch (
  INPUT = distinct_sketch_in, OUTPUT = distinct_sketch_out, RECEIVE = distinct_sketch_recv, SEND = distinct_sketch_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE distinct_sketch IS
  'The set of distinct values, in at most 8 kilobytes: made by approx_distinct_state(), merged by approx_distinct_merge(), read by approx_distinct_value(). As text it is the base64 of its binary form.';

CREATE FUNCTION approx_distinct_combine(distinct_sketch, distinct_sketch) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_combine';
COMMENT ON FUNCTION approx_distinct_combine(distinct_sketch, distinct_sketch) IS
  'Internal: the union of two sketches; NULL is nothing.';

CREATE FUNCTION approx_distinct_value(sketch distinct_sketch) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_value';
COMMENT ON FUNCTION approx_distinct_value(distinct_sketch) IS
  'The number of distinct values in a sketch: exact up to 1,024, then without bias and with a relative standard error of 0.84 % (19 of 20 estimates are within 1.7 %), whatever the number (O. Ertl, UltraLogLog, PVLDB 17, 2024). NULL for NULL.';

CREATE FUNCTION approx_distinct_count(distinct_sketch) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_count';
COMMENT ON FUNCTION approx_distinct_count(distinct_sketch) IS
  'Internal: the final function of approx_count_distinct; 0 for NULL.';

CREATE FUNCTION approx_distinct_add(distinct_sketch, bigint) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_bigint';
COMMENT ON FUNCTION approx_distinct_add(distinct_sketch, bigint) IS 'Internal: transition of approx_distinct_state.';
CREATE AGGREGATE approx_distinct_state(value bigint) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_distinct_state(bigint) IS
  'Sketch of the distinct values, to be kept in rollups. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: merge those of one column.';
CREATE AGGREGATE approx_count_distinct(value bigint) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, FINALFUNC = approx_distinct_count, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_count_distinct(bigint) IS
  'About count(DISTINCT value): exact up to 1,024 distinct values, then with a relative standard error of 0.84 %. NULLs are not counted, without rows it is 0.';

CREATE FUNCTION approx_distinct_add(distinct_sketch, int) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_int';
COMMENT ON FUNCTION approx_distinct_add(distinct_sketch, int) IS 'Internal: transition of approx_distinct_state.';
CREATE AGGREGATE approx_distinct_state(value int) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_distinct_state(int) IS
  'Sketch of the distinct values, to be kept in rollups. An int counts as the bigint of the same value. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: merge those of one column.';
CREATE AGGREGATE approx_count_distinct(value int) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, FINALFUNC = approx_distinct_count, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_count_distinct(int) IS
  'About count(DISTINCT value): exact up to 1,024 distinct values, then with a relative standard error of 0.84 %. An int counts as the bigint of the same value. NULLs are not counted, without rows it is 0.';

CREATE FUNCTION approx_distinct_add(distinct_sketch, text) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_text';
COMMENT ON FUNCTION approx_distinct_add(distinct_sketch, text) IS 'Internal: transition of approx_distinct_state.';
CREATE AGGREGATE approx_distinct_state(value text) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_distinct_state(text) IS
  'Sketch of the distinct values, to be kept in rollups. Texts that their collation holds equal are one value. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: merge those of one column.';
CREATE AGGREGATE approx_count_distinct(value text) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, FINALFUNC = approx_distinct_count, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_count_distinct(text) IS
  'About count(DISTINCT value): exact up to 1,024 distinct values, then with a relative standard error of 0.84 %. Texts that their collation holds equal are one value. NULLs are not counted, without rows it is 0.';

CREATE FUNCTION approx_distinct_add(distinct_sketch, uuid) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_uuid';
COMMENT ON FUNCTION approx_distinct_add(distinct_sketch, uuid) IS 'Internal: transition of approx_distinct_state.';
CREATE AGGREGATE approx_distinct_state(value uuid) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_distinct_state(uuid) IS
  'Sketch of the distinct values, to be kept in rollups. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: merge those of one column.';
CREATE AGGREGATE approx_count_distinct(value uuid) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, FINALFUNC = approx_distinct_count, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_count_distinct(uuid) IS
  'About count(DISTINCT value): exact up to 1,024 distinct values, then with a relative standard error of 0.84 %. NULLs are not counted, without rows it is 0.';

CREATE FUNCTION approx_distinct_add(distinct_sketch, date) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_date';
COMMENT ON FUNCTION approx_distinct_add(distinct_sketch, date) IS 'Internal: transition of approx_distinct_state.';
CREATE AGGREGATE approx_distinct_state(value date) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_distinct_state(date) IS
  'Sketch of the distinct values, to be kept in rollups. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: merge those of one column.';
CREATE AGGREGATE approx_count_distinct(value date) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, FINALFUNC = approx_distinct_count, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_count_distinct(date) IS
  'About count(DISTINCT value): exact up to 1,024 distinct values, then with a relative standard error of 0.84 %. NULLs are not counted, without rows it is 0.';

CREATE FUNCTION approx_distinct_add(distinct_sketch, timestamptz) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_timestamptz';
COMMENT ON FUNCTION approx_distinct_add(distinct_sketch, timestamptz) IS 'Internal: transition of approx_distinct_state.';
CREATE AGGREGATE approx_distinct_state(value timestamptz) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_distinct_state(timestamptz) IS
  'Sketch of the distinct values, to be kept in rollups. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: merge those of one column.';
CREATE AGGREGATE approx_count_distinct(value timestamptz) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, FINALFUNC = approx_distinct_count, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_count_distinct(timestamptz) IS
  'About count(DISTINCT value): exact up to 1,024 distinct values, then with a relative standard error of 0.84 %. NULLs are not counted, without rows it is 0.';

CREATE FUNCTION approx_distinct_add(distinct_sketch, float8) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_float8';
COMMENT ON FUNCTION approx_distinct_add(distinct_sketch, float8) IS 'Internal: transition of approx_distinct_state.';
CREATE AGGREGATE approx_distinct_state(value float8) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_distinct_state(float8) IS
  'Sketch of the distinct values, to be kept in rollups. -0 is 0, all NaN are one value. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: merge those of one column.';
CREATE AGGREGATE approx_count_distinct(value float8) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, FINALFUNC = approx_distinct_count, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_count_distinct(float8) IS
  'About count(DISTINCT value): exact up to 1,024 distinct values, then with a relative standard error of 0.84 %. -0 is 0, all NaN are one value. NULLs are not counted, without rows it is 0.';

CREATE FUNCTION approx_distinct_add(distinct_sketch, bytea) RETURNS distinct_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_distinct_bytea';
COMMENT ON FUNCTION approx_distinct_add(distinct_sketch, bytea) IS 'Internal: transition of approx_distinct_state.';
CREATE AGGREGATE approx_distinct_state(value bytea) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_distinct_state(bytea) IS
  'Sketch of the distinct values, to be kept in rollups. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: merge those of one column.';
CREATE AGGREGATE approx_count_distinct(value bytea) (
  SFUNC = approx_distinct_add, STYPE = distinct_sketch, FINALFUNC = approx_distinct_count, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_count_distinct(bytea) IS
  'About count(DISTINCT value): exact up to 1,024 distinct values, then with a relative standard error of 0.84 %. NULLs are not counted, without rows it is 0.';

CREATE AGGREGATE approx_distinct_merge(sketch distinct_sketch) (
  SFUNC = approx_distinct_combine, STYPE = distinct_sketch, COMBINEFUNC = approx_distinct_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_distinct_merge(distinct_sketch) IS
  'One sketch of the distinct values of many: the same, bit by bit, as if it had been made of all rows at once. NULLs are passed over, without sketches it is NULL.';

CREATE FUNCTION sketch_info(sketch distinct_sketch, OUT form text, OUT version int, OUT bytes bigint, OUT items bigint, OUT capacity bigint, OUT relative_error float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_distinct_sketch_info';
COMMENT ON FUNCTION sketch_info(distinct_sketch) IS
  'What a sketch is: form (exact: hashes of all values; registers: an estimate), version and size of the stored form, items (the estimate), capacity (values an exact one can hold, or registers), relative standard error (0 while exact). NULL for NULL.';
