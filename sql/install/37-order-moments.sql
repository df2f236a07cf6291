-- Means and spreads as small mergeable states: ratio, weighted_avg, geometric_mean, variance, sum.

-- ratio

CREATE TYPE ratio_state;
CREATE FUNCTION ratio_state_in(cstring) RETURNS ratio_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ratio_state_in';
COMMENT ON FUNCTION ratio_state_in(cstring) IS
  'Input of ratio_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION ratio_state_out(ratio_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ratio_state_out';
COMMENT ON FUNCTION ratio_state_out(ratio_state) IS 'Output of ratio_state: its stored form as base64.';
CREATE FUNCTION ratio_state_recv(internal) RETURNS ratio_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ratio_state_recv';
COMMENT ON FUNCTION ratio_state_recv(internal) IS
  'Binary input of ratio_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION ratio_state_send(ratio_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ratio_state_send';
COMMENT ON FUNCTION ratio_state_send(ratio_state) IS 'Binary output of ratio_state: its stored form.';
CREATE TYPE ratio_state (
  INPUT = ratio_state_in, OUTPUT = ratio_state_out, RECEIVE = ratio_state_recv, SEND = ratio_state_send,
  INTERNALLENGTH = 16, ALIGNMENT = double, STORAGE = plain);
COMMENT ON TYPE ratio_state IS
  'How many rows there were and how many of them hit, 16 bytes: made by ratio_state, merged by ratio_merge, read by ratio_value, ratio_numerator and ratio_denominator.';
CREATE FUNCTION ratio_combine(ratio_state, ratio_state) RETURNS ratio_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_ratio_combine';
COMMENT ON FUNCTION ratio_combine(ratio_state, ratio_state) IS
  'Internal: adds up two states of an aggregate; NULL is nothing.';
CREATE FUNCTION ratio_add(ratio_state, boolean) RETURNS ratio_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_ratio_add';
COMMENT ON FUNCTION ratio_add(ratio_state, boolean) IS
  'Internal: adds a row to the state of an aggregate.';
CREATE FUNCTION ratio_moving(ratio_state, boolean) RETURNS ratio_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_ratio_moving';
COMMENT ON FUNCTION ratio_moving(ratio_state, boolean) IS
  'Internal: adds a row to the state of a moving aggregate, which is never NULL.';
CREATE FUNCTION ratio_inverse(ratio_state, boolean) RETURNS ratio_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_ratio_inverse';
COMMENT ON FUNCTION ratio_inverse(ratio_state, boolean) IS
  'Internal: takes a row off the state of a moving aggregate; NULL where the digits left would not do.';
CREATE FUNCTION ratio_moving_state(ratio_state) RETURNS ratio_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ratio_moving_state';
COMMENT ON FUNCTION ratio_moving_state(ratio_state) IS
  'Internal: the final function of a moving state; NULL for a frame without rows.';
CREATE FUNCTION ratio_value(state ratio_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ratio_value';
COMMENT ON FUNCTION ratio_value(ratio_state) IS
  'The share of rows that hit, 0 to 1. NULL for NULL.';
CREATE FUNCTION ratio_numerator(state ratio_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ratio_hits';
COMMENT ON FUNCTION ratio_numerator(ratio_state) IS
  'How many rows hit. NULL for NULL.';
CREATE FUNCTION ratio_denominator(state ratio_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ratio_rows';
COMMENT ON FUNCTION ratio_denominator(ratio_state) IS
  'How many rows there were, hit or not. NULL for NULL.';
CREATE AGGREGATE ratio_state(hit boolean) (
  SFUNC = ratio_add, STYPE = ratio_state, COMBINEFUNC = ratio_combine,
  MSFUNC = ratio_moving, MINVFUNC = ratio_inverse, MSTYPE = ratio_state, MFINALFUNC = ratio_moving_state, PARALLEL = SAFE);
COMMENT ON AGGREGATE ratio_state(boolean) IS
  'State of ratio over the same rows, with numerator and denominator kept: shares of a rollup''s parts must not be averaged, their states can be merged. Rows with NULL are left out, NULL for no rows.';
CREATE AGGREGATE ratio(hit boolean) (
  SFUNC = ratio_add, STYPE = ratio_state, COMBINEFUNC = ratio_combine, FINALFUNC = ratio_value,
  MSFUNC = ratio_moving, MINVFUNC = ratio_inverse, MSTYPE = ratio_state, MFINALFUNC = ratio_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE ratio(boolean) IS
  'The share of rows for which hit is true, 0 to 1: avg(hit::int) as a float8. Rows with NULL are left out, NULL for no rows.';
CREATE AGGREGATE ratio_merge(state ratio_state) (
  SFUNC = ratio_combine, STYPE = ratio_state, COMBINEFUNC = ratio_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ratio_merge(ratio_state) IS
  'One state for the rows of many, in any order. NULL states are left out, NULL for no rows.';

-- weighted_avg

CREATE TYPE weighted_avg_state;
CREATE FUNCTION weighted_avg_state_in(cstring) RETURNS weighted_avg_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_weighted_state_in';
COMMENT ON FUNCTION weighted_avg_state_in(cstring) IS
  'Input of weighted_avg_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION weighted_avg_state_out(weighted_avg_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_weighted_state_out';
COMMENT ON FUNCTION weighted_avg_state_out(weighted_avg_state) IS 'Output of weighted_avg_state: its stored form as base64.';
CREATE FUNCTION weighted_avg_state_recv(internal) RETURNS weighted_avg_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_weighted_state_recv';
COMMENT ON FUNCTION weighted_avg_state_recv(internal) IS
  'Binary input of weighted_avg_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION weighted_avg_state_send(weighted_avg_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_weighted_state_send';
COMMENT ON FUNCTION weighted_avg_state_send(weighted_avg_state) IS 'Binary output of weighted_avg_state: its stored form.';
CREATE TYPE weighted_avg_state (
  INPUT = weighted_avg_state_in, OUTPUT = weighted_avg_state_out, RECEIVE = weighted_avg_state_recv, SEND = weighted_avg_state_send,
  INTERNALLENGTH = 64, ALIGNMENT = double, STORAGE = plain);
COMMENT ON TYPE weighted_avg_state IS
  'Sum of value * weight and of weight, with twice the digits of a float8, 64 bytes: made by weighted_avg_state, merged by weighted_avg_merge, read by weighted_avg_value and weighted_avg_weight.';
CREATE FUNCTION weighted_avg_combine(weighted_avg_state, weighted_avg_state) RETURNS weighted_avg_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_weighted_combine';
COMMENT ON FUNCTION weighted_avg_combine(weighted_avg_state, weighted_avg_state) IS
  'Internal: adds up two states of an aggregate; NULL is nothing.';
CREATE FUNCTION weighted_avg_add(weighted_avg_state, float8, float8) RETURNS weighted_avg_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_weighted_add';
COMMENT ON FUNCTION weighted_avg_add(weighted_avg_state, float8, float8) IS
  'Internal: adds a row to the state of an aggregate.';
CREATE FUNCTION weighted_avg_moving(weighted_avg_state, float8, float8) RETURNS weighted_avg_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_weighted_moving';
COMMENT ON FUNCTION weighted_avg_moving(weighted_avg_state, float8, float8) IS
  'Internal: adds a row to the state of a moving aggregate, which is never NULL.';
CREATE FUNCTION weighted_avg_inverse(weighted_avg_state, float8, float8) RETURNS weighted_avg_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_weighted_inverse';
COMMENT ON FUNCTION weighted_avg_inverse(weighted_avg_state, float8, float8) IS
  'Internal: takes a row off the state of a moving aggregate; NULL where the digits left would not do.';
CREATE FUNCTION weighted_avg_moving_state(weighted_avg_state) RETURNS weighted_avg_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_weighted_moving_state';
COMMENT ON FUNCTION weighted_avg_moving_state(weighted_avg_state) IS
  'Internal: the final function of a moving state; NULL for a frame without rows.';
CREATE FUNCTION weighted_avg_value(state weighted_avg_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_weighted_value';
COMMENT ON FUNCTION weighted_avg_value(weighted_avg_state) IS
  'The weighted average: sum(value * weight) / sum(weight). NULL for NULL and where the weights are all 0; a sum out of range is an error (22003).';
CREATE FUNCTION weighted_avg_weight(state weighted_avg_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_weighted_weight';
COMMENT ON FUNCTION weighted_avg_weight(weighted_avg_state) IS
  'The sum of weights. NULL for NULL; out of range it is an error (22003).';
CREATE AGGREGATE weighted_avg_state(value float8, weight float8) (
  SFUNC = weighted_avg_add, STYPE = weighted_avg_state, COMBINEFUNC = weighted_avg_combine,
  MSFUNC = weighted_avg_moving, MINVFUNC = weighted_avg_inverse, MSTYPE = weighted_avg_state, MFINALFUNC = weighted_avg_moving_state, PARALLEL = SAFE);
COMMENT ON AGGREGATE weighted_avg_state(float8, float8) IS
  'State of weighted_avg over the same rows, to be kept in rollups. Rows with a NULL are left out, NULL for no rows. A weight that is negative, NaN or infinite is an error (22023).';
CREATE AGGREGATE weighted_avg(value float8, weight float8) (
  SFUNC = weighted_avg_add, STYPE = weighted_avg_state, COMBINEFUNC = weighted_avg_combine, FINALFUNC = weighted_avg_value,
  MSFUNC = weighted_avg_moving, MINVFUNC = weighted_avg_inverse, MSTYPE = weighted_avg_state, MFINALFUNC = weighted_avg_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE weighted_avg(float8, float8) IS
  'sum(value * weight) / sum(weight), summed with twice the digits of a float8. Order and splits of the rows change it by rounding alone, about 2^-104 of the sum of absolute terms. As in the server''s own aggregates NaN and infinities decide the result. Rows with a NULL are left out; NULL for no rows and where the weights are all 0. A weight that is negative, NaN or infinite (22023) and a sum out of range (22003) are errors.';
CREATE AGGREGATE weighted_avg_merge(state weighted_avg_state) (
  SFUNC = weighted_avg_combine, STYPE = weighted_avg_state, COMBINEFUNC = weighted_avg_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE weighted_avg_merge(weighted_avg_state) IS
  'One state for the rows of many, in any order. NULL states are left out, NULL for no rows.';

-- geometric_mean

CREATE TYPE geometric_mean_state;
CREATE FUNCTION geometric_mean_state_in(cstring) RETURNS geometric_mean_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_geometric_state_in';
COMMENT ON FUNCTION geometric_mean_state_in(cstring) IS
  'Input of geometric_mean_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION geometric_mean_state_out(geometric_mean_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_geometric_state_out';
COMMENT ON FUNCTION geometric_mean_state_out(geometric_mean_state) IS 'Output of geometric_mean_state: its stored form as base64.';
CREATE FUNCTION geometric_mean_state_recv(internal) RETURNS geometric_mean_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_geometric_state_recv';
COMMENT ON FUNCTION geometric_mean_state_recv(internal) IS
  'Binary input of geometric_mean_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION geometric_mean_state_send(geometric_mean_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_geometric_state_send';
COMMENT ON FUNCTION geometric_mean_state_send(geometric_mean_state) IS 'Binary output of geometric_mean_state: its stored form.';
CREATE TYPE geometric_mean_state (
  INPUT = geometric_mean_state_in, OUTPUT = geometric_mean_state_out, RECEIVE = geometric_mean_state_recv, SEND = geometric_mean_state_send,
  INTERNALLENGTH = 48, ALIGNMENT = double, STORAGE = plain);
COMMENT ON TYPE geometric_mean_state IS
  'The product of values as mantissa and exponent of any size, 48 bytes: made by geometric_mean_state, merged by geometric_mean_merge, read by geometric_mean_value.';
CREATE FUNCTION geometric_mean_combine(geometric_mean_state, geometric_mean_state) RETURNS geometric_mean_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_geometric_combine';
COMMENT ON FUNCTION geometric_mean_combine(geometric_mean_state, geometric_mean_state) IS
  'Internal: adds up two states of an aggregate; NULL is nothing.';
CREATE FUNCTION geometric_mean_add(geometric_mean_state, float8) RETURNS geometric_mean_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_geometric_add';
COMMENT ON FUNCTION geometric_mean_add(geometric_mean_state, float8) IS
  'Internal: adds a row to the state of an aggregate.';
CREATE FUNCTION geometric_mean_moving(geometric_mean_state, float8) RETURNS geometric_mean_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_geometric_moving';
COMMENT ON FUNCTION geometric_mean_moving(geometric_mean_state, float8) IS
  'Internal: adds a row to the state of a moving aggregate, which is never NULL.';
CREATE FUNCTION geometric_mean_inverse(geometric_mean_state, float8) RETURNS geometric_mean_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_geometric_inverse';
COMMENT ON FUNCTION geometric_mean_inverse(geometric_mean_state, float8) IS
  'Internal: takes a row off the state of a moving aggregate; NULL where the digits left would not do.';
CREATE FUNCTION geometric_mean_moving_state(geometric_mean_state) RETURNS geometric_mean_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_geometric_moving_state';
COMMENT ON FUNCTION geometric_mean_moving_state(geometric_mean_state) IS
  'Internal: the final function of a moving state; NULL for a frame without rows.';
CREATE FUNCTION geometric_mean_value(state geometric_mean_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_geometric_value';
COMMENT ON FUNCTION geometric_mean_value(geometric_mean_state) IS
  'The geometric mean. NULL for NULL.';
CREATE AGGREGATE geometric_mean_state(x float8) (
  SFUNC = geometric_mean_add, STYPE = geometric_mean_state, COMBINEFUNC = geometric_mean_combine,
  MSFUNC = geometric_mean_moving, MINVFUNC = geometric_mean_inverse, MSTYPE = geometric_mean_state, MFINALFUNC = geometric_mean_moving_state, PARALLEL = SAFE);
COMMENT ON AGGREGATE geometric_mean_state(float8) IS
  'State of geometric_mean over the same rows, to be kept in rollups. Rows with NULL are left out, NULL for no rows. A negative value is an error (22023).';
CREATE AGGREGATE geometric_mean(x float8) (
  SFUNC = geometric_mean_add, STYPE = geometric_mean_state, COMBINEFUNC = geometric_mean_combine, FINALFUNC = geometric_mean_value,
  MSFUNC = geometric_mean_moving, MINVFUNC = geometric_mean_inverse, MSTYPE = geometric_mean_state, MFINALFUNC = geometric_mean_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE geometric_mean(float8) IS
  'The n-th root of the product of n values: the mean of growth factors, rates and ratios, exp(avg(ln(x))) within a few units in the last place. 0 if one of them is 0; NaN and infinity decide the result, infinity beside 0 is NaN. Rows with NULL are left out, NULL for no rows. A negative value is an error (22023).';
CREATE AGGREGATE geometric_mean_merge(state geometric_mean_state) (
  SFUNC = geometric_mean_combine, STYPE = geometric_mean_state, COMBINEFUNC = geometric_mean_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE geometric_mean_merge(geometric_mean_state) IS
  'One state for the rows of many, in any order. NULL states are left out, NULL for no rows.';

-- variance

CREATE TYPE variance_state;
CREATE FUNCTION variance_state_in(cstring) RETURNS variance_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_state_in';
COMMENT ON FUNCTION variance_state_in(cstring) IS
  'Input of variance_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION variance_state_out(variance_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_state_out';
COMMENT ON FUNCTION variance_state_out(variance_state) IS 'Output of variance_state: its stored form as base64.';
CREATE FUNCTION variance_state_recv(internal) RETURNS variance_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_state_recv';
COMMENT ON FUNCTION variance_state_recv(internal) IS
  'Binary input of variance_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION variance_state_send(variance_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_state_send';
COMMENT ON FUNCTION variance_state_send(variance_state) IS 'Binary output of variance_state: its stored form.';
CREATE TYPE variance_state (
  INPUT = variance_state_in, OUTPUT = variance_state_out, RECEIVE = variance_state_recv, SEND = variance_state_send,
  INTERNALLENGTH = 64, ALIGNMENT = double, STORAGE = plain);
COMMENT ON TYPE variance_state IS
  'Number, sum and sum of squares of values, with twice the digits of a float8, 64 bytes: made by variance_state, merged by variance_merge, read by variance_samp_value, variance_pop_value, stddev_samp_value, stddev_pop_value, variance_avg, variance_sum and variance_rows.';
CREATE FUNCTION variance_combine(variance_state, variance_state) RETURNS variance_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_variance_combine';
COMMENT ON FUNCTION variance_combine(variance_state, variance_state) IS
  'Internal: adds up two states of an aggregate; NULL is nothing.';
CREATE FUNCTION variance_add(variance_state, float8) RETURNS variance_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_variance_add';
COMMENT ON FUNCTION variance_add(variance_state, float8) IS
  'Internal: adds a row to the state of an aggregate.';
CREATE FUNCTION variance_moving(variance_state, float8) RETURNS variance_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_variance_moving';
COMMENT ON FUNCTION variance_moving(variance_state, float8) IS
  'Internal: adds a row to the state of a moving aggregate, which is never NULL.';
CREATE FUNCTION variance_inverse(variance_state, float8) RETURNS variance_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_variance_inverse';
COMMENT ON FUNCTION variance_inverse(variance_state, float8) IS
  'Internal: takes a row off the state of a moving aggregate; NULL where the digits left would not do.';
CREATE FUNCTION variance_moving_state(variance_state) RETURNS variance_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_moving_state';
COMMENT ON FUNCTION variance_moving_state(variance_state) IS
  'Internal: the final function of a moving state; NULL for a frame without rows.';
CREATE FUNCTION variance_samp_value(state variance_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_samp';
COMMENT ON FUNCTION variance_samp_value(variance_state) IS
  'The variance of a sample (divided by n - 1). NULL for NULL and for one row; a sum of squares out of range is an error (22003).';
CREATE FUNCTION variance_pop_value(state variance_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_pop';
COMMENT ON FUNCTION variance_pop_value(variance_state) IS
  'The variance of a population (divided by n). NULL for NULL; a sum of squares out of range is an error (22003).';
CREATE FUNCTION stddev_samp_value(state variance_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_stddev_samp';
COMMENT ON FUNCTION stddev_samp_value(variance_state) IS
  'The standard deviation of a sample. NULL for NULL and for one row; a sum of squares out of range is an error (22003).';
CREATE FUNCTION stddev_pop_value(state variance_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_stddev_pop';
COMMENT ON FUNCTION stddev_pop_value(variance_state) IS
  'The standard deviation of a population. NULL for NULL; a sum of squares out of range is an error (22003).';
CREATE FUNCTION variance_avg(state variance_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_avg';
COMMENT ON FUNCTION variance_avg(variance_state) IS
  'The average of the values. NULL for NULL; a sum out of range is an error (22003).';
CREATE FUNCTION variance_sum(state variance_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_sum';
COMMENT ON FUNCTION variance_sum(variance_state) IS
  'The sum of the values. NULL for NULL; out of range it is an error (22003).';
CREATE FUNCTION variance_rows(state variance_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_variance_rows';
COMMENT ON FUNCTION variance_rows(variance_state) IS
  'How many values there were. NULL for NULL.';
CREATE AGGREGATE variance_state(x float8) (
  SFUNC = variance_add, STYPE = variance_state, COMBINEFUNC = variance_combine,
  MSFUNC = variance_moving, MINVFUNC = variance_inverse, MSTYPE = variance_state, MFINALFUNC = variance_moving_state, PARALLEL = SAFE);
COMMENT ON AGGREGATE variance_state(float8) IS
  'State of variances and standard deviations over the same rows, to be kept in rollups. Rows with NULL are left out, NULL for no rows.';
CREATE AGGREGATE variance_stable(x float8) (
  SFUNC = variance_add, STYPE = variance_state, COMBINEFUNC = variance_combine, FINALFUNC = variance_samp_value,
  MSFUNC = variance_moving, MINVFUNC = variance_inverse, MSTYPE = variance_state, MFINALFUNC = variance_samp_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE variance_stable(float8) IS
  'The variance of a sample, as var_samp(x), NULL for one row. Stable: its relative error is (1 + (average / standard deviation)^2) * rows * 2^-104 at most, and rounding. A NaN or infinite value makes it NaN, a sum of squares out of range is an error (22003). Frames that move take rows off instead of starting over. Rows with NULL are left out, NULL for no rows.';
CREATE AGGREGATE stddev_stable(x float8) (
  SFUNC = variance_add, STYPE = variance_state, COMBINEFUNC = variance_combine, FINALFUNC = stddev_samp_value,
  MSFUNC = variance_moving, MINVFUNC = variance_inverse, MSTYPE = variance_state, MFINALFUNC = stddev_samp_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE stddev_stable(float8) IS
  'The standard deviation of a sample, as stddev_samp(x), NULL for one row; otherwise as variance_stable. Rows with NULL are left out, NULL for no rows.';
CREATE AGGREGATE variance_merge(state variance_state) (
  SFUNC = variance_combine, STYPE = variance_state, COMBINEFUNC = variance_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE variance_merge(variance_state) IS
  'One state for the rows of many, in any order. NULL states are left out, NULL for no rows.';

-- sum

CREATE TYPE sum_state;
CREATE FUNCTION sum_state_in(cstring) RETURNS sum_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_state_in';
COMMENT ON FUNCTION sum_state_in(cstring) IS
  'Input of sum_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION sum_state_out(sum_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_state_out';
COMMENT ON FUNCTION sum_state_out(sum_state) IS 'Output of sum_state: its stored form as base64.';
CREATE FUNCTION sum_state_recv(internal) RETURNS sum_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_state_recv';
COMMENT ON FUNCTION sum_state_recv(internal) IS
  'Binary input of sum_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION sum_state_send(sum_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_state_send';
COMMENT ON FUNCTION sum_state_send(sum_state) IS 'Binary output of sum_state: its stored form.';
CREATE TYPE sum_state (
  INPUT = sum_state_in, OUTPUT = sum_state_out, RECEIVE = sum_state_recv, SEND = sum_state_send,
  INTERNALLENGTH = 40, ALIGNMENT = double, STORAGE = plain);
COMMENT ON TYPE sum_state IS
  'A sum with twice the digits of a float8, 40 bytes: made by sum_state, merged by sum_merge, read by sum_value, sum_avg and sum_rows.';
CREATE FUNCTION sum_state_combine(sum_state, sum_state) RETURNS sum_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_combine';
COMMENT ON FUNCTION sum_state_combine(sum_state, sum_state) IS
  'Internal: adds up two states of an aggregate; NULL is nothing.';
CREATE FUNCTION sum_state_add(sum_state, float8) RETURNS sum_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_add';
COMMENT ON FUNCTION sum_state_add(sum_state, float8) IS
  'Internal: adds a row to the state of an aggregate.';
CREATE FUNCTION sum_state_moving(sum_state, float8) RETURNS sum_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_moving';
COMMENT ON FUNCTION sum_state_moving(sum_state, float8) IS
  'Internal: adds a row to the state of a moving aggregate, which is never NULL.';
CREATE FUNCTION sum_state_inverse(sum_state, float8) RETURNS sum_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_inverse';
COMMENT ON FUNCTION sum_state_inverse(sum_state, float8) IS
  'Internal: takes a row off the state of a moving aggregate; NULL where the digits left would not do.';
CREATE FUNCTION sum_state_moving_state(sum_state) RETURNS sum_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_moving_state';
COMMENT ON FUNCTION sum_state_moving_state(sum_state) IS
  'Internal: the final function of a moving state; NULL for a frame without rows.';
CREATE FUNCTION sum_value(state sum_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_value';
COMMENT ON FUNCTION sum_value(sum_state) IS
  'The sum. NULL for NULL; out of range it is an error (22003).';
CREATE FUNCTION sum_avg(state sum_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_avg';
COMMENT ON FUNCTION sum_avg(sum_state) IS
  'The average. NULL for NULL; a sum out of range is an error (22003).';
CREATE FUNCTION sum_rows(state sum_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_rows';
COMMENT ON FUNCTION sum_rows(sum_state) IS
  'How many values there were. NULL for NULL.';
CREATE AGGREGATE sum_state(x float8) (
  SFUNC = sum_state_add, STYPE = sum_state, COMBINEFUNC = sum_state_combine,
  MSFUNC = sum_state_moving, MINVFUNC = sum_state_inverse, MSTYPE = sum_state, MFINALFUNC = sum_state_moving_state, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_state(float8) IS
  'State of sum_stable and avg_stable over the same rows, to be kept in rollups. Rows with NULL are left out, NULL for no rows.';
CREATE AGGREGATE sum_stable(x float8) (
  SFUNC = sum_state_add, STYPE = sum_state, COMBINEFUNC = sum_state_combine, FINALFUNC = sum_value,
  MSFUNC = sum_state_moving, MINVFUNC = sum_state_inverse, MSTYPE = sum_state, MFINALFUNC = sum_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_stable(float8) IS
  'The sum of floats, added with twice their digits and rounded once: the same whatever the order of rows and workers, unless the terms nearly cancel. Order and splits of the rows change it by rounding alone, about 2^-104 of the sum of absolute terms. As in the server''s own aggregates NaN and infinities decide the result. Frames that move take rows off instead of starting over. Rows with NULL are left out, NULL for no rows. A sum out of range is an error (22003).';
CREATE AGGREGATE avg_stable(x float8) (
  SFUNC = sum_state_add, STYPE = sum_state, COMBINEFUNC = sum_state_combine, FINALFUNC = sum_avg,
  MSFUNC = sum_state_moving, MINVFUNC = sum_state_inverse, MSTYPE = sum_state, MFINALFUNC = sum_avg, PARALLEL = SAFE);
COMMENT ON AGGREGATE avg_stable(float8) IS
  'The average of floats, from the sum that sum_stable gives. Rows with NULL are left out, NULL for no rows. A sum out of range is an error (22003).';
CREATE AGGREGATE sum_merge(state sum_state) (
  SFUNC = sum_state_combine, STYPE = sum_state, COMBINEFUNC = sum_state_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_merge(sum_state) IS
  'One state for the rows of many, in any order. NULL states are left out, NULL for no rows.';
