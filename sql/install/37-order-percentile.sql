-- Exact percentiles and medians: float8, bigint and int, timestamptz, interval.

-- float8

CREATE TYPE percentile_state;
CREATE FUNCTION percentile_state_in(cstring) RETURNS percentile_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_state_in';
COMMENT ON FUNCTION percentile_state_in(cstring) IS
  'Input of percentile_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION percentile_state_out(percentile_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_state_out';
COMMENT ON FUNCTION percentile_state_out(percentile_state) IS 'Output of percentile_state: its stored form as base64.';
CREATE FUNCTION percentile_state_recv(internal) RETURNS percentile_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_state_recv';
COMMENT ON FUNCTION percentile_state_recv(internal) IS
  'Binary input of percentile_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION percentile_state_send(percentile_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_state_send';
COMMENT ON FUNCTION percentile_state_send(percentile_state) IS 'Binary output of percentile_state: its stored form.';
CREATE TYPE percentile_state (
  INPUT = percentile_state_in, OUTPUT = percentile_state_out, RECEIVE = percentile_state_recv, SEND = percentile_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE percentile_state IS
  'All the float8 values of a group, 8 bytes each, for exact percentiles: made by percentile_state, merged by percentile_merge, read by percentile_value and percentile_value_disc.';
CREATE FUNCTION percentile_combine(percentile_state, percentile_state) RETURNS percentile_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_combine';
COMMENT ON FUNCTION percentile_combine(percentile_state, percentile_state) IS
  'Internal: the values of both; NULL is nothing.';
CREATE FUNCTION percentile_value(state percentile_state, fraction float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_cont';
COMMENT ON FUNCTION percentile_value(percentile_state, float8) IS
  'The percentile at a fraction of 0 to 1 (else 22003): interpolated between the two values around it, as percentile_cont does. As in the server''s order NaN is above all else; between -infinity and infinity lies NaN. NULL for NULL.';
CREATE FUNCTION percentile_value(state percentile_state, fractions float8[]) RETURNS float8[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_cont_many';
COMMENT ON FUNCTION percentile_value(percentile_state, float8[]) IS
  'The percentiles at fractions of 0 to 1 (else 22003), in one pass: interpolated between the two values around it, as percentile_cont does. NULL for a NULL among them and for NULL.';
CREATE FUNCTION percentile_own(percentile_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_cont_own';
COMMENT ON FUNCTION percentile_own(percentile_state) IS
  'Internal: final function of a percentile, at the fraction that came with the rows.';
CREATE FUNCTION percentile_own_array(percentile_state) RETURNS float8[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_cont_own_many';
COMMENT ON FUNCTION percentile_own_array(percentile_state) IS
  'Internal: final function of percentiles, at the fractions that came with the rows.';
CREATE FUNCTION percentile_value_disc(state percentile_state, fraction float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_disc';
COMMENT ON FUNCTION percentile_value_disc(percentile_state, float8) IS
  'The percentile at a fraction of 0 to 1 (else 22003): the first value whose share of the rows reaches it, as percentile_disc does. As in the server''s order NaN is above all else. NULL for NULL.';
CREATE FUNCTION percentile_value_disc(state percentile_state, fractions float8[]) RETURNS float8[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_disc_many';
COMMENT ON FUNCTION percentile_value_disc(percentile_state, float8[]) IS
  'The percentiles at fractions of 0 to 1 (else 22003), in one pass: the first value whose share of the rows reaches it, as percentile_disc does. NULL for a NULL among them and for NULL.';
CREATE FUNCTION percentile_own_disc(percentile_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_disc_own';
COMMENT ON FUNCTION percentile_own_disc(percentile_state) IS
  'Internal: final function of a percentile, at the fraction that came with the rows.';
CREATE FUNCTION percentile_own_array_disc(percentile_state) RETURNS float8[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_disc_own_many';
COMMENT ON FUNCTION percentile_own_array_disc(percentile_state) IS
  'Internal: final function of percentiles, at the fractions that came with the rows.';
CREATE FUNCTION median_value(state percentile_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_median';
COMMENT ON FUNCTION median_value(percentile_state) IS
  'The median: percentile_value(state, 0.5). NULL for NULL.';
CREATE FUNCTION percentile_count(state percentile_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_count';
COMMENT ON FUNCTION percentile_count(percentile_state) IS
  'How many values a state holds. NULL for NULL.';
CREATE FUNCTION percentile_add(percentile_state, float8) RETURNS percentile_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_add';
COMMENT ON FUNCTION percentile_add(percentile_state, float8) IS
  'Internal: adds a value to the state of an aggregate.';
CREATE FUNCTION percentile_add(percentile_state, float8, float8) RETURNS percentile_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_add_one';
COMMENT ON FUNCTION percentile_add(percentile_state, float8, float8) IS
  'Internal: adds a value to the state of an aggregate, with the fraction asked for.';
CREATE FUNCTION percentile_add(percentile_state, float8, float8[]) RETURNS percentile_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_float8_add_many';
COMMENT ON FUNCTION percentile_add(percentile_state, float8, float8[]) IS
  'Internal: adds a value to the state of an aggregate, with the fractions asked for.';
CREATE AGGREGATE percentile_state(x float8) (
  SFUNC = percentile_add, STYPE = percentile_state, COMBINEFUNC = percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_state(float8) IS
  'State of exact percentiles over the same rows, to be kept in rollups: percentile_merge merges such states, percentile_value and percentile_value_disc read them. It holds every value, 8 bytes each, up to a gigabyte (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact(x float8, fraction float8) (
  SFUNC = percentile_add, STYPE = percentile_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact(float8, float8) IS
  'The percentile of x at a fraction of 0 to 1 (else 22003), the same in all rows (22023): interpolated between the two values around it, the same number as percentile_cont(fraction) WITHIN GROUP (ORDER BY x); by selection instead of sorting, in parallel too. As in the server''s order NaN is above all else; between -infinity and infinity lies NaN. Up to a gigabyte of values, 8 bytes each (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact(x float8, fractions float8[]) (
  SFUNC = percentile_add, STYPE = percentile_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_array, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact(float8, float8[]) IS
  'The percentiles of x at fractions of 0 to 1 (else 22003), the same in all rows (22023), NULL for a NULL among them; otherwise as with one fraction. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x float8, fraction float8) (
  SFUNC = percentile_add, STYPE = percentile_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(float8, float8) IS
  'The percentile of x at a fraction of 0 to 1 (else 22003), the same in all rows (22023): the first value whose share of the rows reaches it, as percentile_disc(fraction) WITHIN GROUP (ORDER BY x); by selection instead of sorting, in parallel too. As in the server''s order NaN is above all else. Up to a gigabyte of values, 8 bytes each (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x float8, fractions float8[]) (
  SFUNC = percentile_add, STYPE = percentile_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_array_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(float8, float8[]) IS
  'The percentiles of x at fractions of 0 to 1 (else 22003), the same in all rows (22023), NULL for a NULL among them; otherwise as with one fraction. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE median_exact(x float8) (
  SFUNC = percentile_add, STYPE = percentile_state, COMBINEFUNC = percentile_combine, FINALFUNC = median_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE median_exact(float8) IS
  'The median of x: the middle value, halfway between the two of an even number (percentile_exact at 0.5). As in the server''s order NaN is above all else; between -infinity and infinity lies NaN. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_merge(state percentile_state) (
  SFUNC = percentile_combine, STYPE = percentile_state, COMBINEFUNC = percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_merge(percentile_state) IS
  'One state with the values of all, in any order. States made with fractions must have the same (22023). NULL states are left out, NULL for no rows.';

-- bigint

CREATE TYPE percentile_bigint_state;
CREATE FUNCTION percentile_bigint_state_in(cstring) RETURNS percentile_bigint_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_state_in';
COMMENT ON FUNCTION percentile_bigint_state_in(cstring) IS
  'Input of percentile_bigint_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION percentile_bigint_state_out(percentile_bigint_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_state_out';
COMMENT ON FUNCTION percentile_bigint_state_out(percentile_bigint_state) IS 'Output of percentile_bigint_state: its stored form as base64.';
CREATE FUNCTION percentile_bigint_state_recv(internal) RETURNS percentile_bigint_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_state_recv';
COMMENT ON FUNCTION percentile_bigint_state_recv(internal) IS
  'Binary input of percentile_bigint_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION percentile_bigint_state_send(percentile_bigint_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_state_send';
COMMENT ON FUNCTION percentile_bigint_state_send(percentile_bigint_state) IS 'Binary output of percentile_bigint_state: its stored form.';
CREATE TYPE percentile_bigint_state (
  INPUT = percentile_bigint_state_in, OUTPUT = percentile_bigint_state_out, RECEIVE = percentile_bigint_state_recv, SEND = percentile_bigint_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE percentile_bigint_state IS
  'All the bigint values of a group, 8 bytes each, for exact percentiles: made by percentile_state, merged by percentile_merge, read by percentile_value and percentile_value_disc.';
CREATE FUNCTION percentile_combine(percentile_bigint_state, percentile_bigint_state) RETURNS percentile_bigint_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_combine';
COMMENT ON FUNCTION percentile_combine(percentile_bigint_state, percentile_bigint_state) IS
  'Internal: the values of both; NULL is nothing.';
CREATE FUNCTION percentile_value(state percentile_bigint_state, fraction float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_cont';
COMMENT ON FUNCTION percentile_value(percentile_bigint_state, float8) IS
  'The percentile at a fraction of 0 to 1 (else 22003): interpolated between the two values around it, as percentile_cont does. NULL for NULL.';
CREATE FUNCTION percentile_value(state percentile_bigint_state, fractions float8[]) RETURNS float8[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_cont_many';
COMMENT ON FUNCTION percentile_value(percentile_bigint_state, float8[]) IS
  'The percentiles at fractions of 0 to 1 (else 22003), in one pass: interpolated between the two values around it, as percentile_cont does. NULL for a NULL among them and for NULL.';
CREATE FUNCTION percentile_own(percentile_bigint_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_cont_own';
COMMENT ON FUNCTION percentile_own(percentile_bigint_state) IS
  'Internal: final function of a percentile, at the fraction that came with the rows.';
CREATE FUNCTION percentile_own_array(percentile_bigint_state) RETURNS float8[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_cont_own_many';
COMMENT ON FUNCTION percentile_own_array(percentile_bigint_state) IS
  'Internal: final function of percentiles, at the fractions that came with the rows.';
CREATE FUNCTION percentile_value_disc(state percentile_bigint_state, fraction float8) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_disc';
COMMENT ON FUNCTION percentile_value_disc(percentile_bigint_state, float8) IS
  'The percentile at a fraction of 0 to 1 (else 22003): the first value whose share of the rows reaches it, as percentile_disc does. NULL for NULL.';
CREATE FUNCTION percentile_value_disc(state percentile_bigint_state, fractions float8[]) RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_disc_many';
COMMENT ON FUNCTION percentile_value_disc(percentile_bigint_state, float8[]) IS
  'The percentiles at fractions of 0 to 1 (else 22003), in one pass: the first value whose share of the rows reaches it, as percentile_disc does. NULL for a NULL among them and for NULL.';
CREATE FUNCTION percentile_own_disc(percentile_bigint_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_disc_own';
COMMENT ON FUNCTION percentile_own_disc(percentile_bigint_state) IS
  'Internal: final function of a percentile, at the fraction that came with the rows.';
CREATE FUNCTION percentile_own_array_disc(percentile_bigint_state) RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_disc_own_many';
COMMENT ON FUNCTION percentile_own_array_disc(percentile_bigint_state) IS
  'Internal: final function of percentiles, at the fractions that came with the rows.';
CREATE FUNCTION median_value(state percentile_bigint_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_median';
COMMENT ON FUNCTION median_value(percentile_bigint_state) IS
  'The median: percentile_value(state, 0.5). NULL for NULL.';
CREATE FUNCTION percentile_count(state percentile_bigint_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_count';
COMMENT ON FUNCTION percentile_count(percentile_bigint_state) IS
  'How many values a state holds. NULL for NULL.';
CREATE FUNCTION percentile_add(percentile_bigint_state, bigint) RETURNS percentile_bigint_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_add';
COMMENT ON FUNCTION percentile_add(percentile_bigint_state, bigint) IS
  'Internal: adds a value to the state of an aggregate.';
CREATE FUNCTION percentile_add(percentile_bigint_state, bigint, float8) RETURNS percentile_bigint_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_add_one';
COMMENT ON FUNCTION percentile_add(percentile_bigint_state, bigint, float8) IS
  'Internal: adds a value to the state of an aggregate, with the fraction asked for.';
CREATE FUNCTION percentile_add(percentile_bigint_state, bigint, float8[]) RETURNS percentile_bigint_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_bigint_add_many';
COMMENT ON FUNCTION percentile_add(percentile_bigint_state, bigint, float8[]) IS
  'Internal: adds a value to the state of an aggregate, with the fractions asked for.';
CREATE FUNCTION percentile_add(percentile_bigint_state, int) RETURNS percentile_bigint_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_int_add';
COMMENT ON FUNCTION percentile_add(percentile_bigint_state, int) IS
  'Internal: adds a value to the state of an aggregate.';
CREATE FUNCTION percentile_add(percentile_bigint_state, int, float8) RETURNS percentile_bigint_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_int_add_one';
COMMENT ON FUNCTION percentile_add(percentile_bigint_state, int, float8) IS
  'Internal: adds a value to the state of an aggregate, with the fraction asked for.';
CREATE FUNCTION percentile_add(percentile_bigint_state, int, float8[]) RETURNS percentile_bigint_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_int_add_many';
COMMENT ON FUNCTION percentile_add(percentile_bigint_state, int, float8[]) IS
  'Internal: adds a value to the state of an aggregate, with the fractions asked for.';
CREATE AGGREGATE percentile_state(x bigint) (
  SFUNC = percentile_add, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_state(bigint) IS
  'State of exact percentiles over the same rows, to be kept in rollups: percentile_merge merges such states, percentile_value and percentile_value_disc read them. It holds every value, 8 bytes each, up to a gigabyte (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact(x bigint, fraction float8) (
  SFUNC = percentile_add, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact(bigint, float8) IS
  'The percentile of x at a fraction of 0 to 1 (else 22003), the same in all rows (22023): interpolated between the two values around it, the same number as percentile_cont(fraction) WITHIN GROUP (ORDER BY x); by selection instead of sorting, in parallel too. Up to a gigabyte of values, 8 bytes each (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact(x bigint, fractions float8[]) (
  SFUNC = percentile_add, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_array, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact(bigint, float8[]) IS
  'The percentiles of x at fractions of 0 to 1 (else 22003), the same in all rows (22023), NULL for a NULL among them; otherwise as with one fraction. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x bigint, fraction float8) (
  SFUNC = percentile_add, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(bigint, float8) IS
  'The percentile of x at a fraction of 0 to 1 (else 22003), the same in all rows (22023): the first value whose share of the rows reaches it, as percentile_disc(fraction) WITHIN GROUP (ORDER BY x); by selection instead of sorting, in parallel too. Up to a gigabyte of values, 8 bytes each (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x bigint, fractions float8[]) (
  SFUNC = percentile_add, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_array_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(bigint, float8[]) IS
  'The percentiles of x at fractions of 0 to 1 (else 22003), the same in all rows (22023), NULL for a NULL among them; otherwise as with one fraction. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_state(x int) (
  SFUNC = percentile_add, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_state(int) IS
  'State of exact percentiles over the same rows, to be kept in rollups: percentile_merge merges such states, percentile_value and percentile_value_disc read them. It holds every value, 8 bytes each, up to a gigabyte (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x int, fraction float8) (
  SFUNC = percentile_add, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(int, float8) IS
  'The percentile of x at a fraction of 0 to 1 (else 22003), the same in all rows (22023): the first value whose share of the rows reaches it, as percentile_disc(fraction) WITHIN GROUP (ORDER BY x); by selection instead of sorting, in parallel too. Up to a gigabyte of values, 8 bytes each (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x int, fractions float8[]) (
  SFUNC = percentile_add, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_array_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(int, float8[]) IS
  'The percentiles of x at fractions of 0 to 1 (else 22003), the same in all rows (22023), NULL for a NULL among them; otherwise as with one fraction. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE median_exact(x bigint) (
  SFUNC = percentile_add, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, FINALFUNC = median_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE median_exact(bigint) IS
  'The median of x: the middle value, halfway between the two of an even number (percentile_exact at 0.5). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_merge(state percentile_bigint_state) (
  SFUNC = percentile_combine, STYPE = percentile_bigint_state, COMBINEFUNC = percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_merge(percentile_bigint_state) IS
  'One state with the values of all, in any order. States made with fractions must have the same (22023). NULL states are left out, NULL for no rows.';

-- timestamptz

CREATE TYPE percentile_time_state;
CREATE FUNCTION percentile_time_state_in(cstring) RETURNS percentile_time_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_state_in';
COMMENT ON FUNCTION percentile_time_state_in(cstring) IS
  'Input of percentile_time_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION percentile_time_state_out(percentile_time_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_state_out';
COMMENT ON FUNCTION percentile_time_state_out(percentile_time_state) IS 'Output of percentile_time_state: its stored form as base64.';
CREATE FUNCTION percentile_time_state_recv(internal) RETURNS percentile_time_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_state_recv';
COMMENT ON FUNCTION percentile_time_state_recv(internal) IS
  'Binary input of percentile_time_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION percentile_time_state_send(percentile_time_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_state_send';
COMMENT ON FUNCTION percentile_time_state_send(percentile_time_state) IS 'Binary output of percentile_time_state: its stored form.';
CREATE TYPE percentile_time_state (
  INPUT = percentile_time_state_in, OUTPUT = percentile_time_state_out, RECEIVE = percentile_time_state_recv, SEND = percentile_time_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE percentile_time_state IS
  'All the times of a group, 8 bytes each, for exact percentiles: made by percentile_state, merged by percentile_merge, read by percentile_value and percentile_value_disc.';
CREATE FUNCTION percentile_combine(percentile_time_state, percentile_time_state) RETURNS percentile_time_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_time_combine';
COMMENT ON FUNCTION percentile_combine(percentile_time_state, percentile_time_state) IS
  'Internal: the values of both; NULL is nothing.';
CREATE FUNCTION percentile_value(state percentile_time_state, fraction float8) RETURNS timestamptz
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_cont';
COMMENT ON FUNCTION percentile_value(percentile_time_state, float8) IS
  'The percentile at a fraction of 0 to 1 (else 22003): interpolated between the two values around it, as percentile_cont does. Rounded to the microsecond. Between -infinity and infinity lies nothing (22008). NULL for NULL.';
CREATE FUNCTION percentile_value(state percentile_time_state, fractions float8[]) RETURNS timestamptz[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_cont_many';
COMMENT ON FUNCTION percentile_value(percentile_time_state, float8[]) IS
  'The percentiles at fractions of 0 to 1 (else 22003), in one pass: interpolated between the two values around it, as percentile_cont does. NULL for a NULL among them and for NULL.';
CREATE FUNCTION percentile_own(percentile_time_state) RETURNS timestamptz
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_cont_own';
COMMENT ON FUNCTION percentile_own(percentile_time_state) IS
  'Internal: final function of a percentile, at the fraction that came with the rows.';
CREATE FUNCTION percentile_own_array(percentile_time_state) RETURNS timestamptz[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_cont_own_many';
COMMENT ON FUNCTION percentile_own_array(percentile_time_state) IS
  'Internal: final function of percentiles, at the fractions that came with the rows.';
CREATE FUNCTION percentile_value_disc(state percentile_time_state, fraction float8) RETURNS timestamptz
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_disc';
COMMENT ON FUNCTION percentile_value_disc(percentile_time_state, float8) IS
  'The percentile at a fraction of 0 to 1 (else 22003): the first value whose share of the rows reaches it, as percentile_disc does. NULL for NULL.';
CREATE FUNCTION percentile_value_disc(state percentile_time_state, fractions float8[]) RETURNS timestamptz[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_disc_many';
COMMENT ON FUNCTION percentile_value_disc(percentile_time_state, float8[]) IS
  'The percentiles at fractions of 0 to 1 (else 22003), in one pass: the first value whose share of the rows reaches it, as percentile_disc does. NULL for a NULL among them and for NULL.';
CREATE FUNCTION percentile_own_disc(percentile_time_state) RETURNS timestamptz
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_disc_own';
COMMENT ON FUNCTION percentile_own_disc(percentile_time_state) IS
  'Internal: final function of a percentile, at the fraction that came with the rows.';
CREATE FUNCTION percentile_own_array_disc(percentile_time_state) RETURNS timestamptz[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_disc_own_many';
COMMENT ON FUNCTION percentile_own_array_disc(percentile_time_state) IS
  'Internal: final function of percentiles, at the fractions that came with the rows.';
CREATE FUNCTION median_value(state percentile_time_state) RETURNS timestamptz
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_median';
COMMENT ON FUNCTION median_value(percentile_time_state) IS
  'The median: percentile_value(state, 0.5). NULL for NULL.';
CREATE FUNCTION percentile_count(state percentile_time_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_time_count';
COMMENT ON FUNCTION percentile_count(percentile_time_state) IS
  'How many values a state holds. NULL for NULL.';
CREATE FUNCTION percentile_add(percentile_time_state, timestamptz) RETURNS percentile_time_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_time_add';
COMMENT ON FUNCTION percentile_add(percentile_time_state, timestamptz) IS
  'Internal: adds a value to the state of an aggregate.';
CREATE FUNCTION percentile_add(percentile_time_state, timestamptz, float8) RETURNS percentile_time_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_time_add_one';
COMMENT ON FUNCTION percentile_add(percentile_time_state, timestamptz, float8) IS
  'Internal: adds a value to the state of an aggregate, with the fraction asked for.';
CREATE FUNCTION percentile_add(percentile_time_state, timestamptz, float8[]) RETURNS percentile_time_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_time_add_many';
COMMENT ON FUNCTION percentile_add(percentile_time_state, timestamptz, float8[]) IS
  'Internal: adds a value to the state of an aggregate, with the fractions asked for.';
CREATE AGGREGATE percentile_state(x timestamptz) (
  SFUNC = percentile_add, STYPE = percentile_time_state, COMBINEFUNC = percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_state(timestamptz) IS
  'State of exact percentiles over the same rows, to be kept in rollups: percentile_merge merges such states, percentile_value and percentile_value_disc read them. It holds every value, 8 bytes each, up to a gigabyte (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact(x timestamptz, fraction float8) (
  SFUNC = percentile_add, STYPE = percentile_time_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact(timestamptz, float8) IS
  'The percentile of x at a fraction of 0 to 1 (else 22003), the same in all rows (22023): interpolated between the two values around it, the same number as percentile_cont(fraction) WITHIN GROUP (ORDER BY x); by selection instead of sorting, in parallel too. Rounded to the microsecond. Between -infinity and infinity lies nothing (22008). Up to a gigabyte of values, 8 bytes each (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact(x timestamptz, fractions float8[]) (
  SFUNC = percentile_add, STYPE = percentile_time_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_array, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact(timestamptz, float8[]) IS
  'The percentiles of x at fractions of 0 to 1 (else 22003), the same in all rows (22023), NULL for a NULL among them; otherwise as with one fraction. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x timestamptz, fraction float8) (
  SFUNC = percentile_add, STYPE = percentile_time_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(timestamptz, float8) IS
  'The percentile of x at a fraction of 0 to 1 (else 22003), the same in all rows (22023): the first value whose share of the rows reaches it, as percentile_disc(fraction) WITHIN GROUP (ORDER BY x); by selection instead of sorting, in parallel too. Up to a gigabyte of values, 8 bytes each (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x timestamptz, fractions float8[]) (
  SFUNC = percentile_add, STYPE = percentile_time_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_array_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(timestamptz, float8[]) IS
  'The percentiles of x at fractions of 0 to 1 (else 22003), the same in all rows (22023), NULL for a NULL among them; otherwise as with one fraction. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE median_exact(x timestamptz) (
  SFUNC = percentile_add, STYPE = percentile_time_state, COMBINEFUNC = percentile_combine, FINALFUNC = median_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE median_exact(timestamptz) IS
  'The median of x: the middle value, halfway between the two of an even number (percentile_exact at 0.5). Rounded to the microsecond. Between -infinity and infinity lies nothing (22008). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_merge(state percentile_time_state) (
  SFUNC = percentile_combine, STYPE = percentile_time_state, COMBINEFUNC = percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_merge(percentile_time_state) IS
  'One state with the values of all, in any order. States made with fractions must have the same (22023). NULL states are left out, NULL for no rows.';

-- interval

CREATE TYPE percentile_interval_state;
CREATE FUNCTION percentile_interval_state_in(cstring) RETURNS percentile_interval_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_state_in';
COMMENT ON FUNCTION percentile_interval_state_in(cstring) IS
  'Input of percentile_interval_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION percentile_interval_state_out(percentile_interval_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_state_out';
COMMENT ON FUNCTION percentile_interval_state_out(percentile_interval_state) IS 'Output of percentile_interval_state: its stored form as base64.';
CREATE FUNCTION percentile_interval_state_recv(internal) RETURNS percentile_interval_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_state_recv';
COMMENT ON FUNCTION percentile_interval_state_recv(internal) IS
  'Binary input of percentile_interval_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION percentile_interval_state_send(percentile_interval_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_state_send';
COMMENT ON FUNCTION percentile_interval_state_send(percentile_interval_state) IS 'Binary output of percentile_interval_state: its stored form.';
CREATE TYPE percentile_interval_state (
  INPUT = percentile_interval_state_in, OUTPUT = percentile_interval_state_out, RECEIVE = percentile_interval_state_recv, SEND = percentile_interval_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE percentile_interval_state IS
  'All the intervals of a group, 8 bytes each, for exact percentiles: made by percentile_state, merged by percentile_merge, read by percentile_value and percentile_value_disc.';
CREATE FUNCTION percentile_combine(percentile_interval_state, percentile_interval_state) RETURNS percentile_interval_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_combine';
COMMENT ON FUNCTION percentile_combine(percentile_interval_state, percentile_interval_state) IS
  'Internal: the values of both; NULL is nothing.';
CREATE FUNCTION percentile_value(state percentile_interval_state, fraction float8) RETURNS interval
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_cont';
COMMENT ON FUNCTION percentile_value(percentile_interval_state, float8) IS
  'The percentile at a fraction of 0 to 1 (else 22003): interpolated between the two values around it, as percentile_cont does. Intervals count as when they are compared, a month 30 days and a day 24 hours; the result is in days and hours, rounded to the microsecond. Intervals of more than 292,000 years are an error (22015). NULL for NULL.';
CREATE FUNCTION percentile_value(state percentile_interval_state, fractions float8[]) RETURNS interval[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_cont_many';
COMMENT ON FUNCTION percentile_value(percentile_interval_state, float8[]) IS
  'The percentiles at fractions of 0 to 1 (else 22003), in one pass: interpolated between the two values around it, as percentile_cont does. NULL for a NULL among them and for NULL.';
CREATE FUNCTION percentile_own(percentile_interval_state) RETURNS interval
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_cont_own';
COMMENT ON FUNCTION percentile_own(percentile_interval_state) IS
  'Internal: final function of a percentile, at the fraction that came with the rows.';
CREATE FUNCTION percentile_own_array(percentile_interval_state) RETURNS interval[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_cont_own_many';
COMMENT ON FUNCTION percentile_own_array(percentile_interval_state) IS
  'Internal: final function of percentiles, at the fractions that came with the rows.';
CREATE FUNCTION percentile_value_disc(state percentile_interval_state, fraction float8) RETURNS interval
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_disc';
COMMENT ON FUNCTION percentile_value_disc(percentile_interval_state, float8) IS
  'The percentile at a fraction of 0 to 1 (else 22003): the first value whose share of the rows reaches it, as percentile_disc does. Intervals count as when they are compared, a month 30 days and a day 24 hours; the result is in days and hours. Intervals of more than 292,000 years are an error (22015). NULL for NULL.';
CREATE FUNCTION percentile_value_disc(state percentile_interval_state, fractions float8[]) RETURNS interval[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_disc_many';
COMMENT ON FUNCTION percentile_value_disc(percentile_interval_state, float8[]) IS
  'The percentiles at fractions of 0 to 1 (else 22003), in one pass: the first value whose share of the rows reaches it, as percentile_disc does. NULL for a NULL among them and for NULL.';
CREATE FUNCTION percentile_own_disc(percentile_interval_state) RETURNS interval
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_disc_own';
COMMENT ON FUNCTION percentile_own_disc(percentile_interval_state) IS
  'Internal: final function of a percentile, at the fraction that came with the rows.';
CREATE FUNCTION percentile_own_array_disc(percentile_interval_state) RETURNS interval[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_disc_own_many';
COMMENT ON FUNCTION percentile_own_array_disc(percentile_interval_state) IS
  'Internal: final function of percentiles, at the fractions that came with the rows.';
CREATE FUNCTION median_value(state percentile_interval_state) RETURNS interval
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_median';
COMMENT ON FUNCTION median_value(percentile_interval_state) IS
  'The median: percentile_value(state, 0.5). NULL for NULL.';
CREATE FUNCTION percentile_count(state percentile_interval_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_count';
COMMENT ON FUNCTION percentile_count(percentile_interval_state) IS
  'How many values a state holds. NULL for NULL.';
CREATE FUNCTION percentile_add(percentile_interval_state, interval) RETURNS percentile_interval_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_add';
COMMENT ON FUNCTION percentile_add(percentile_interval_state, interval) IS
  'Internal: adds a value to the state of an aggregate.';
CREATE FUNCTION percentile_add(percentile_interval_state, interval, float8) RETURNS percentile_interval_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_add_one';
COMMENT ON FUNCTION percentile_add(percentile_interval_state, interval, float8) IS
  'Internal: adds a value to the state of an aggregate, with the fraction asked for.';
CREATE FUNCTION percentile_add(percentile_interval_state, interval, float8[]) RETURNS percentile_interval_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_percentile_interval_add_many';
COMMENT ON FUNCTION percentile_add(percentile_interval_state, interval, float8[]) IS
  'Internal: adds a value to the state of an aggregate, with the fractions asked for.';
CREATE AGGREGATE percentile_state(x interval) (
  SFUNC = percentile_add, STYPE = percentile_interval_state, COMBINEFUNC = percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_state(interval) IS
  'State of exact percentiles over the same rows, to be kept in rollups: percentile_merge merges such states, percentile_value and percentile_value_disc read them. It holds every value, 8 bytes each, up to a gigabyte (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact(x interval, fraction float8) (
  SFUNC = percentile_add, STYPE = percentile_interval_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact(interval, float8) IS
  'The percentile of x at a fraction of 0 to 1 (else 22003), the same in all rows (22023): interpolated between the two values around it, the same number as percentile_cont(fraction) WITHIN GROUP (ORDER BY x); by selection instead of sorting, in parallel too. Intervals count as when they are compared, a month 30 days and a day 24 hours; the result is in days and hours, rounded to the microsecond. Intervals of more than 292,000 years are an error (22015). Up to a gigabyte of values, 8 bytes each (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact(x interval, fractions float8[]) (
  SFUNC = percentile_add, STYPE = percentile_interval_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_array, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact(interval, float8[]) IS
  'The percentiles of x at fractions of 0 to 1 (else 22003), the same in all rows (22023), NULL for a NULL among them; otherwise as with one fraction. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x interval, fraction float8) (
  SFUNC = percentile_add, STYPE = percentile_interval_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(interval, float8) IS
  'The percentile of x at a fraction of 0 to 1 (else 22003), the same in all rows (22023): the first value whose share of the rows reaches it, as percentile_disc(fraction) WITHIN GROUP (ORDER BY x); by selection instead of sorting, in parallel too. Intervals count as when they are compared, a month 30 days and a day 24 hours; the result is in days and hours. Intervals of more than 292,000 years are an error (22015). Up to a gigabyte of values, 8 bytes each (54000). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_exact_disc(x interval, fractions float8[]) (
  SFUNC = percentile_add, STYPE = percentile_interval_state, COMBINEFUNC = percentile_combine, FINALFUNC = percentile_own_array_disc, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_exact_disc(interval, float8[]) IS
  'The percentiles of x at fractions of 0 to 1 (else 22003), the same in all rows (22023), NULL for a NULL among them; otherwise as with one fraction. Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE median_exact(x interval) (
  SFUNC = percentile_add, STYPE = percentile_interval_state, COMBINEFUNC = percentile_combine, FINALFUNC = median_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE median_exact(interval) IS
  'The median of x: the middle value, halfway between the two of an even number (percentile_exact at 0.5). Intervals count as when they are compared, a month 30 days and a day 24 hours; the result is in days and hours, rounded to the microsecond. Intervals of more than 292,000 years are an error (22015). Rows with a NULL are left out, NULL for no rows.';
CREATE AGGREGATE percentile_merge(state percentile_interval_state) (
  SFUNC = percentile_combine, STYPE = percentile_interval_state, COMBINEFUNC = percentile_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE percentile_merge(percentile_interval_state) IS
  'One state with the values of all, in any order. States made with fractions must have the same (22023). NULL states are left out, NULL for no rows.';
