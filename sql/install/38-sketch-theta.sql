-- Sets of which unions, intersections and differences can be counted.

CREATE TYPE theta_sketch;
CREATE FUNCTION theta_sketch_in(cstring) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_sketch_in';
COMMENT ON FUNCTION theta_sketch_in(cstring) IS
  'Input of theta_sketch: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION theta_sketch_out(theta_sketch) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_sketch_out';
COMMENT ON FUNCTION theta_sketch_out(theta_sketch) IS 'Output of theta_sketch: its stored form as base64.';
CREATE FUNCTION theta_sketch_recv(internal) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_sketch_recv';
COMMENT ON FUNCTION theta_sketch_recv(internal) IS
  'Binary input of theta_sketch; bytes that are no such value are an error (22P03).';
CREATE FUNCTION theta_sketch_send(theta_sketch) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_sketch_send';
COMMENT ON FUNCTION theta_sketch_send(theta_sketch) IS 'Binary output of theta_sketch: its stored form.';
CREATE TYPE theta_sketch (
  INPUT = theta_sketch_in, OUTPUT = theta_sketch_out, RECEIVE = theta_sketch_recv, SEND = theta_sketch_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE theta_sketch IS
  'A set of values, whole up to 4,096 of them, beyond that a sample: made by theta_state(), united by theta_merge() or theta_union(), read by theta_value(). At most 32 kilobytes. As text it is the base64 of its binary form.';

CREATE FUNCTION theta_combine(theta_sketch, theta_sketch) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_theta_combine';
COMMENT ON FUNCTION theta_combine(theta_sketch, theta_sketch) IS
  'Internal: the union of two sketches; NULL is nothing.';
CREATE FUNCTION theta_intersect_combine(theta_sketch, theta_sketch) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_theta_intersect_combine';
COMMENT ON FUNCTION theta_intersect_combine(theta_sketch, theta_sketch) IS
  'Internal: the intersection of two sketches; NULL is passed over.';

CREATE FUNCTION theta_value(sketch theta_sketch) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_value';
COMMENT ON FUNCTION theta_value(theta_sketch) IS
  'The number of values in a set: exact up to 4,096, then without bias. Of sets and unions the relative standard error is 1.6 %; of an intersection or difference it is 1.6 % / sqrt(its share of the union), which theta_bounds() and sketch_info() tell (A. Dasgupta, K. Lang, L. Rhodes, J. Thaler, ICDT 2016). NULL for NULL.';
CREATE FUNCTION theta_bounds(sketch theta_sketch, confidence float8 DEFAULT 0.95, OUT lower bigint, OUT upper bigint)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_bounds';
COMMENT ON FUNCTION theta_bounds(theta_sketch, float8) IS
  'An interval that holds the true number of values with the given confidence, above 0 and below 1 (else 22023): the score interval of the binomial distribution (E. B. Wilson, 1927) with continuity correction. Both ends are the number itself where the set is whole. NULL for NULL.';

CREATE FUNCTION theta_union(one theta_sketch, other theta_sketch) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_union';
COMMENT ON FUNCTION theta_union(theta_sketch, theta_sketch) IS
  'The values of either set: the same, bit by bit, as a sketch of all of them. NULL for NULL: say coalesce() where that is the empty set.';

CREATE FUNCTION theta_intersection(one theta_sketch, other theta_sketch) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_intersection';
COMMENT ON FUNCTION theta_intersection(theta_sketch, theta_sketch) IS
  'The values in both sets. Its error is that of a sample of as many as were kept of it: see theta_bounds(). NULL for NULL.';

CREATE FUNCTION theta_difference(one theta_sketch, other theta_sketch) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_difference';
COMMENT ON FUNCTION theta_difference(theta_sketch, theta_sketch) IS
  'The values in the first set that are not in the other. Its error is that of a sample of as many as were kept of it: see theta_bounds(). NULL for NULL.';

CREATE FUNCTION theta_jaccard(one theta_sketch, other theta_sketch) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_jaccard';
COMMENT ON FUNCTION theta_jaccard(theta_sketch, theta_sketch) IS
  'How alike two sets are: the share of the values of either that are in both, 0 to 1, with a standard error of at most 0.008. NULL for NULL, and for two empty sets.';

CREATE FUNCTION theta_add(theta_sketch, bigint) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_theta_add_bigint';
COMMENT ON FUNCTION theta_add(theta_sketch, bigint) IS 'Internal: transition of theta_state.';
CREATE AGGREGATE theta_state(value bigint) (
  SFUNC = theta_add, STYPE = theta_sketch, COMBINEFUNC = theta_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE theta_state(bigint) IS
  'Sketch of the set of values, to be kept in rollups and united, intersected and subtracted. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: put together those of one column.';

CREATE FUNCTION theta_add(theta_sketch, int) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_theta_add_int';
COMMENT ON FUNCTION theta_add(theta_sketch, int) IS 'Internal: transition of theta_state.';
CREATE AGGREGATE theta_state(value int) (
  SFUNC = theta_add, STYPE = theta_sketch, COMBINEFUNC = theta_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE theta_state(int) IS
  'Sketch of the set of values, to be kept in rollups and united, intersected and subtracted. An int counts as the bigint of the same value. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: put together those of one column.';

CREATE FUNCTION theta_add(theta_sketch, text) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_theta_add_text';
COMMENT ON FUNCTION theta_add(theta_sketch, text) IS 'Internal: transition of theta_state.';
CREATE AGGREGATE theta_state(value text) (
  SFUNC = theta_add, STYPE = theta_sketch, COMBINEFUNC = theta_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE theta_state(text) IS
  'Sketch of the set of values, to be kept in rollups and united, intersected and subtracted. Texts that their collation holds equal are one value. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: put together those of one column.';

CREATE FUNCTION theta_add(theta_sketch, uuid) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_theta_add_uuid';
COMMENT ON FUNCTION theta_add(theta_sketch, uuid) IS 'Internal: transition of theta_state.';
CREATE AGGREGATE theta_state(value uuid) (
  SFUNC = theta_add, STYPE = theta_sketch, COMBINEFUNC = theta_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE theta_state(uuid) IS
  'Sketch of the set of values, to be kept in rollups and united, intersected and subtracted. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: put together those of one column.';

CREATE FUNCTION theta_add(theta_sketch, date) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_theta_add_date';
COMMENT ON FUNCTION theta_add(theta_sketch, date) IS 'Internal: transition of theta_state.';
CREATE AGGREGATE theta_state(value date) (
  SFUNC = theta_add, STYPE = theta_sketch, COMBINEFUNC = theta_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE theta_state(date) IS
  'Sketch of the set of values, to be kept in rollups and united, intersected and subtracted. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: put together those of one column.';

CREATE FUNCTION theta_add(theta_sketch, timestamptz) RETURNS theta_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_theta_add_timestamptz';
COMMENT ON FUNCTION theta_add(theta_sketch, timestamptz) IS 'Internal: transition of theta_state.';
CREATE AGGREGATE theta_state(value timestamptz) (
  SFUNC = theta_add, STYPE = theta_sketch, COMBINEFUNC = theta_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE theta_state(timestamptz) IS
  'Sketch of the set of values, to be kept in rollups and united, intersected and subtracted. NULLs are passed over, without rows it is NULL. Neither the order of rows nor repetitions nor how they are split make any difference. A sketch does not know what its values are: put together those of one column.';

CREATE AGGREGATE theta_merge(sketch theta_sketch) (
  SFUNC = theta_combine, STYPE = theta_sketch, COMBINEFUNC = theta_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE theta_merge(theta_sketch) IS
  'The union of many sets: the same, bit by bit, as if it had been made of all rows at once. NULLs are passed over, without sketches it is NULL.';
CREATE AGGREGATE theta_intersect(sketch theta_sketch) (
  SFUNC = theta_intersect_combine, STYPE = theta_sketch, COMBINEFUNC = theta_intersect_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE theta_intersect(theta_sketch) IS
  'The values that are in each of many sets. NULLs are passed over, without sketches it is NULL.';

CREATE FUNCTION sketch_info(sketch theta_sketch, OUT form text, OUT version int, OUT bytes bigint, OUT items bigint, OUT capacity bigint, OUT relative_error float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_theta_sketch_info';
COMMENT ON FUNCTION sketch_info(theta_sketch) IS
  'What a set is: form (exact: all its values; sample), version and size of the stored form, items (the estimate), capacity (values kept at most), relative standard error (0 while exact, NULL where nothing was kept). NULL for NULL.';
