-- Percentiles with a bounded relative error: state, merge, value, and the one-step forms.

CREATE TYPE percentile_sketch;
CREATE FUNCTION percentile_sketch_in(cstring) RETURNS percentile_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_sketch_in';
COMMENT ON FUNCTION percentile_sketch_in(cstring) IS
  'Input of percentile_sketch: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION percentile_sketch_out(percentile_sketch) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_sketch_out';
COMMENT ON FUNCTION percentile_sketch_out(percentile_sketch) IS 'Output of percentile_sketch: its stored form as base64.';
CREATE FUNCTION percentile_sketch_recv(internal) RETURNS percentile_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_sketch_recv';
COMMENT ON FUNCTION percentile_sketch_recv(internal) IS
  'Binary input of percentile_sketch; bytes that are no such value are an error (22P03).';
CREATE FUNCTION percentile_sketch_send(percentile_sketch) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_sketch_send';
COMMENT ON FUNCTION percentile_sketch_send(percentile_sketch) IS 'Binary output of percentile_sketch: its stored form.';
CREATE TYPE percentile_sketch (
  INPUT = percentile_sketch_in, OUTPUT = percentile_sketch_out, RECEIVE = percentile_sketch_recv, SEND = percentile_sketch_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE percentile_sketch IS
  'Counts of float8 values in buckets of equal relative width: made by approx_percentile_state(), merged by approx_percentile_merge(), read by approx_percentile_value() and approx_percentile_rank(). Some two or three bytes for each bucket in use. As text it is the base64 of its binary form.';

CREATE FUNCTION approx_percentile_combine(percentile_sketch, percentile_sketch) RETURNS percentile_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_combine';
COMMENT ON FUNCTION approx_percentile_combine(percentile_sketch, percentile_sketch) IS
  'Internal: one sketch of the values of both, which must have the same relative error (22023); NULL is nothing.';

CREATE FUNCTION approx_percentile_value(sketch percentile_sketch, p float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_value';
COMMENT ON FUNCTION approx_percentile_value(percentile_sketch, float8) IS
  'The percentile p (0 to 1, else 22003) of the values in a sketch: within the sketch''s relative error of what percentile_disc(p) gives, and never outside the range of the values, whose ends are exact (DDSketch, C. Masson, J. E. Rim, H. K. Lee, PVLDB 12, 2019). Zero, infinities and NaN (which is above all, as for the server) are exact. NULL for NULL.';
CREATE FUNCTION approx_percentile_value(sketch percentile_sketch, p float8[]) RETURNS float8[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_values';
COMMENT ON FUNCTION approx_percentile_value(percentile_sketch, float8[]) IS
  'The percentiles p, each 0 to 1 (else 22003), of the values in a sketch, in the order of p; NULL for those that are NULL. See approx_percentile_value(percentile_sketch, float8). NULL for NULL.';
CREATE FUNCTION approx_percentile_rank(sketch percentile_sketch, value float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_rank';
COMMENT ON FUNCTION approx_percentile_rank(percentile_sketch, float8) IS
  'The share of the values in a sketch, 0 to 1, that are not greater than value, which may be off by those within twice the relative error of it: how many requests took no longer than a second. NULL for NULL.';

CREATE FUNCTION approx_percentile_asked(percentile_sketch) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_asked';
COMMENT ON FUNCTION approx_percentile_asked(percentile_sketch) IS
  'Internal: the final function of approx_percentile.';
CREATE FUNCTION approx_percentiles_asked(percentile_sketch) RETURNS float8[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_asked_many';
COMMENT ON FUNCTION approx_percentiles_asked(percentile_sketch) IS
  'Internal: the final function of approx_percentile with an array.';

CREATE FUNCTION approx_percentile_add(percentile_sketch, float8) RETURNS percentile_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_add';
COMMENT ON FUNCTION approx_percentile_add(percentile_sketch, float8) IS 'Internal: transition of approx_percentile_state.';
CREATE AGGREGATE approx_percentile_state(value float8) (
  SFUNC = approx_percentile_add, STYPE = percentile_sketch, COMBINEFUNC = approx_percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_percentile_state(float8) IS
  'Sketch of the values from which any percentile can be read, to be kept in rollups. Relative error 1 %. At most 40 / relative_error buckets are kept; should values spread over more, pairs of buckets are put together and the error grows: sketch_info() tells. Rows with a NULL are passed over, without rows it is NULL. Neither the order of rows nor how they are split make any difference, to the last bit.';

CREATE FUNCTION approx_percentile_add(percentile_sketch, float8, float8) RETURNS percentile_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_add';
COMMENT ON FUNCTION approx_percentile_add(percentile_sketch, float8, float8) IS 'Internal: transition of approx_percentile_state.';
CREATE AGGREGATE approx_percentile_state(value float8, relative_error float8) (
  SFUNC = approx_percentile_add, STYPE = percentile_sketch, COMBINEFUNC = approx_percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_percentile_state(float8, float8) IS
  'Sketch of the values from which any percentile can be read, to be kept in rollups. relative_error is between 0.00001 and 0.5 (else 22023) and the same in all rows (22023). At most 40 / relative_error buckets are kept; should values spread over more, pairs of buckets are put together and the error grows: sketch_info() tells. Rows with a NULL are passed over, without rows it is NULL. Neither the order of rows nor how they are split make any difference, to the last bit.';

CREATE FUNCTION approx_percentile_ask(percentile_sketch, float8, float8) RETURNS percentile_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_ask';
COMMENT ON FUNCTION approx_percentile_ask(percentile_sketch, float8, float8) IS 'Internal: transition of approx_percentile.';
CREATE AGGREGATE approx_percentile(value float8, p float8) (
  SFUNC = approx_percentile_ask, STYPE = percentile_sketch, FINALFUNC = approx_percentile_asked, COMBINEFUNC = approx_percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_percentile(float8, float8) IS
  'The percentile p of value, 0 to 1 (else 22003): within 1 % of percentile_disc(p). p is the same in all rows of a group (22023). Rows with a NULL are passed over, without rows it is NULL. Neither the order of rows nor how they are split make any difference, to the last bit.';

CREATE FUNCTION approx_percentile_ask(percentile_sketch, float8, float8, float8) RETURNS percentile_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_ask';
COMMENT ON FUNCTION approx_percentile_ask(percentile_sketch, float8, float8, float8) IS 'Internal: transition of approx_percentile.';
CREATE AGGREGATE approx_percentile(value float8, p float8, relative_error float8) (
  SFUNC = approx_percentile_ask, STYPE = percentile_sketch, FINALFUNC = approx_percentile_asked, COMBINEFUNC = approx_percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_percentile(float8, float8, float8) IS
  'The percentile p of value, 0 to 1 (else 22003): within relative_error of percentile_disc(p). relative_error is between 0.00001 and 0.5 (else 22023) and the same in all rows (22023). p is the same in all rows of a group (22023). Rows with a NULL are passed over, without rows it is NULL. Neither the order of rows nor how they are split make any difference, to the last bit.';

CREATE FUNCTION approx_percentiles_ask(percentile_sketch, float8, float8[]) RETURNS percentile_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_ask_many';
COMMENT ON FUNCTION approx_percentiles_ask(percentile_sketch, float8, float8[]) IS 'Internal: transition of approx_percentile.';
CREATE AGGREGATE approx_percentile(value float8, p float8[]) (
  SFUNC = approx_percentiles_ask, STYPE = percentile_sketch, FINALFUNC = approx_percentiles_asked, COMBINEFUNC = approx_percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_percentile(float8, float8[]) IS
  'The percentiles p of value, each 0 to 1 (else 22003), in the order of p; NULL for those that are NULL. Each is within 1 % of percentile_disc(p). p is the same in all rows of a group (22023). Rows with a NULL are passed over, without rows it is NULL. Neither the order of rows nor how they are split make any difference, to the last bit.';

CREATE FUNCTION approx_percentiles_ask(percentile_sketch, float8, float8[], float8) RETURNS percentile_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_percentile_ask_many';
COMMENT ON FUNCTION approx_percentiles_ask(percentile_sketch, float8, float8[], float8) IS 'Internal: transition of approx_percentile.';
CREATE AGGREGATE approx_percentile(value float8, p float8[], relative_error float8) (
  SFUNC = approx_percentiles_ask, STYPE = percentile_sketch, FINALFUNC = approx_percentiles_asked, COMBINEFUNC = approx_percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_percentile(float8, float8[], float8) IS
  'The percentiles p of value, each 0 to 1 (else 22003), in the order of p; NULL for those that are NULL. Each is within relative_error of percentile_disc(p). relative_error is between 0.00001 and 0.5 (else 22023) and the same in all rows (22023). p is the same in all rows of a group (22023). Rows with a NULL are passed over, without rows it is NULL. Neither the order of rows nor how they are split make any difference, to the last bit.';

CREATE AGGREGATE approx_percentile_merge(sketch percentile_sketch) (
  SFUNC = approx_percentile_combine, STYPE = percentile_sketch, COMBINEFUNC = approx_percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_percentile_merge(percentile_sketch) IS
  'One sketch of the values of many, which must have the same relative error (else 22023): the same, bit by bit, as if it had been made of all rows at once. NULLs are passed over, without sketches it is NULL.';

CREATE FUNCTION sketch_info(sketch percentile_sketch, OUT form text, OUT version int, OUT bytes bigint, OUT items bigint, OUT capacity bigint, OUT relative_error float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_sketch_info';
COMMENT ON FUNCTION sketch_info(percentile_sketch) IS
  'What a sketch is: form (buckets), version and size of the stored form, items (how many values), capacity (most buckets), relative error (the one asked for, or what it has grown to). NULL for NULL.';
