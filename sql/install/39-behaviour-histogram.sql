-- Histograms: buckets of one width, of one ratio, or with one share of the values.

CREATE TYPE histogram_bucket AS (bucket int, low float8, high float8, count bigint);
COMMENT ON TYPE histogram_bucket IS
  'A bucket of a histogram: its number, its bounds and how many values are in it. Linear and logarithmic buckets hold low and not high (mirrored below zero), quantile buckets both.';

CREATE TYPE histogram_state;
CREATE FUNCTION histogram_state_in(cstring) RETURNS histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_histogram_state_in';
COMMENT ON FUNCTION histogram_state_in(cstring) IS
  'Input of histogram_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION histogram_state_out(histogram_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_histogram_state_out';
COMMENT ON FUNCTION histogram_state_out(histogram_state) IS 'Output of histogram_state: its stored form as base64.';
CREATE FUNCTION histogram_state_recv(internal) RETURNS histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_histogram_state_recv';
COMMENT ON FUNCTION histogram_state_recv(internal) IS
  'Binary input of histogram_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION histogram_state_send(histogram_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_histogram_state_send';
COMMENT ON FUNCTION histogram_state_send(histogram_state) IS 'Binary output of histogram_state: its stored form.';
CREATE TYPE histogram_state (
  INPUT = histogram_state_in, OUTPUT = histogram_state_out, RECEIVE = histogram_state_recv, SEND = histogram_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE histogram_state IS
  'Counts of linear or logarithmic buckets: made by histogram_state or histogram_log_state, merged by histogram_merge, read by histogram_buckets.';

CREATE FUNCTION histogram_combine(histogram_state, histogram_state) RETURNS histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_histogram_combine';
COMMENT ON FUNCTION histogram_combine(histogram_state, histogram_state) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE FUNCTION histogram_buckets(state histogram_state) RETURNS SETOF histogram_bucket
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 20 AS 'MODULE_PATHNAME', 'starhouse_histogram_buckets';
COMMENT ON FUNCTION histogram_buckets(histogram_state) IS
  'The buckets by their place. Linear: number 0 below the bounds, 1 to buckets within, buckets + 1 above, empty ones too. Logarithmic: those that are not empty, numbered from 1. No rows for NULL.';
CREATE FUNCTION histogram_array(state histogram_state) RETURNS histogram_bucket[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_histogram_array';
COMMENT ON FUNCTION histogram_array(histogram_state) IS
  'The rows of histogram_buckets as an array. NULL for NULL.';

CREATE FUNCTION histogram_add(histogram_state, float8, float8, float8, int) RETURNS histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_histogram_add';
COMMENT ON FUNCTION histogram_add(histogram_state, float8, float8, float8, int) IS 'Internal: transition of histogram.';
CREATE FUNCTION histogram_moving(histogram_state, float8, float8, float8, int) RETURNS histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_histogram_moving';
COMMENT ON FUNCTION histogram_moving(histogram_state, float8, float8, float8, int) IS
  'Internal: transition of a moving histogram, whose state is never NULL.';
CREATE FUNCTION histogram_inverse(histogram_state, float8, float8, float8, int) RETURNS histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_histogram_inverse';
COMMENT ON FUNCTION histogram_inverse(histogram_state, float8, float8, float8, int) IS
  'Internal: takes a value off a moving histogram.';
CREATE AGGREGATE histogram_state(value float8, low float8, high float8, buckets int) (
  SFUNC = histogram_add, STYPE = histogram_state, SSPACE = 400, COMBINEFUNC = histogram_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE histogram_state(float8, float8, float8, int) IS
  'Counts of linear buckets, to be kept and merged: as histogram, whose errors it has.';
CREATE AGGREGATE histogram_merge(state histogram_state) (
  SFUNC = histogram_combine, STYPE = histogram_state, SSPACE = 400, COMBINEFUNC = histogram_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE histogram_merge(histogram_state) IS
  'The counts of all states added, which must have the same buckets (22023). NULL states are left out, NULL for no rows.';
CREATE AGGREGATE histogram(value float8, low float8, high float8, buckets int) (
  SFUNC = histogram_add, STYPE = histogram_state, SSPACE = 400, FINALFUNC = histogram_array, COMBINEFUNC = histogram_combine,
  MSFUNC = histogram_moving, MINVFUNC = histogram_inverse, MSTYPE = histogram_state, MFINALFUNC = histogram_array,
  PARALLEL = SAFE);
COMMENT ON AGGREGATE histogram(float8, float8, float8, int) IS
  'Values counted by linear buckets, as an array of histogram_bucket (unnest gives rows): 1 to buckets (10,000 at most) of one width from low to below high, 0 below and buckets + 1 from high on. Bound i is low + (high - low) * i / buckets, and a value lies between the bounds of its bucket exactly. Rows with a NULL are left out, NULL for no rows. NaN is an error (22003); bounds that are not two finite numbers in order, and bounds or numbers of buckets that differ between rows, are errors too (22023). A moving aggregate: as a window function it adds and takes off single rows.';

CREATE FUNCTION histogram_log_add(histogram_state, float8, int) RETURNS histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_histogram_log_add';
COMMENT ON FUNCTION histogram_log_add(histogram_state, float8, int) IS 'Internal: transition of histogram_log.';
CREATE FUNCTION histogram_log_moving(histogram_state, float8, int) RETURNS histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_histogram_log_moving';
COMMENT ON FUNCTION histogram_log_moving(histogram_state, float8, int) IS
  'Internal: transition of a moving histogram_log, whose state is never NULL.';
CREATE FUNCTION histogram_log_inverse(histogram_state, float8, int) RETURNS histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_histogram_log_inverse';
COMMENT ON FUNCTION histogram_log_inverse(histogram_state, float8, int) IS
  'Internal: takes a value off a moving histogram_log.';
CREATE AGGREGATE histogram_log_state(value float8, buckets_per_decade int) (
  SFUNC = histogram_log_add, STYPE = histogram_state, SSPACE = 400, COMBINEFUNC = histogram_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE histogram_log_state(float8, int) IS
  'Counts of logarithmic buckets, to be kept and merged: as histogram_log, whose errors it has.';
CREATE AGGREGATE histogram_log(value float8, buckets_per_decade int) (
  SFUNC = histogram_log_add, STYPE = histogram_state, SSPACE = 400, FINALFUNC = histogram_array, COMBINEFUNC = histogram_combine,
  MSFUNC = histogram_log_moving, MINVFUNC = histogram_log_inverse, MSTYPE = histogram_state, MFINALFUNC = histogram_array,
  PARALLEL = SAFE);
COMMENT ON AGGREGATE histogram_log(float8, int) IS
  'Values counted by logarithmic buckets, as an array of histogram_bucket: buckets_per_decade (1 to 100) of one ratio in each power of ten, with bounds 10^(i / buckets_per_decade); only those that are not empty. Values below zero are in mirrored buckets (high and not low), zero in one of its own. Rows with a NULL are left out, NULL for no rows. NaN and infinities are errors (22003), numbers of buckets out of range or that differ between rows too (22023). A moving aggregate.';

CREATE TYPE quantile_histogram_state;
CREATE FUNCTION quantile_histogram_state_in(cstring) RETURNS quantile_histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_quantile_histogram_state_in';
COMMENT ON FUNCTION quantile_histogram_state_in(cstring) IS
  'Input of quantile_histogram_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION quantile_histogram_state_out(quantile_histogram_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_quantile_histogram_state_out';
COMMENT ON FUNCTION quantile_histogram_state_out(quantile_histogram_state) IS 'Output of quantile_histogram_state: its stored form as base64.';
CREATE FUNCTION quantile_histogram_state_recv(internal) RETURNS quantile_histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_quantile_histogram_state_recv';
COMMENT ON FUNCTION quantile_histogram_state_recv(internal) IS
  'Binary input of quantile_histogram_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION quantile_histogram_state_send(quantile_histogram_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_quantile_histogram_state_send';
COMMENT ON FUNCTION quantile_histogram_state_send(quantile_histogram_state) IS 'Binary output of quantile_histogram_state: its stored form.';
CREATE TYPE quantile_histogram_state (
  INPUT = quantile_histogram_state_in, OUTPUT = quantile_histogram_state_out, RECEIVE = quantile_histogram_state_recv, SEND = quantile_histogram_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE quantile_histogram_state IS
  'Values and how often each comes: made by histogram_quantile_state, merged by histogram_quantile_merge, read by histogram_buckets. Grows with the values that differ: 16 bytes each in memory, up to 1 GB (54000).';

CREATE FUNCTION quantile_histogram_combine(quantile_histogram_state, quantile_histogram_state) RETURNS quantile_histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_quantile_histogram_combine';
COMMENT ON FUNCTION quantile_histogram_combine(quantile_histogram_state, quantile_histogram_state) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE FUNCTION histogram_buckets(state quantile_histogram_state) RETURNS SETOF histogram_bucket
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 20 AS 'MODULE_PATHNAME', 'starhouse_quantile_histogram_buckets';
COMMENT ON FUNCTION histogram_buckets(quantile_histogram_state) IS
  'The buckets of the number the state was made with; low and high are the least and greatest value of each. No rows for NULL.';
CREATE FUNCTION histogram_buckets(state quantile_histogram_state, buckets int) RETURNS SETOF histogram_bucket
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 20 AS 'MODULE_PATHNAME', 'starhouse_quantile_histogram_buckets';
COMMENT ON FUNCTION histogram_buckets(quantile_histogram_state, int) IS
  'Another number of buckets (1 to 10,000, else 22023) than the state was made with: it holds the values. No rows for NULL.';
CREATE FUNCTION quantile_histogram_array(state quantile_histogram_state) RETURNS histogram_bucket[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_quantile_histogram_array';
COMMENT ON FUNCTION quantile_histogram_array(quantile_histogram_state) IS
  'The rows of histogram_buckets as an array. NULL for NULL.';
CREATE FUNCTION quantile_histogram_add(quantile_histogram_state, float8, int) RETURNS quantile_histogram_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_quantile_histogram_add';
COMMENT ON FUNCTION quantile_histogram_add(quantile_histogram_state, float8, int) IS
  'Internal: transition of histogram_quantile.';
CREATE AGGREGATE histogram_quantile_state(value float8, buckets int) (
  SFUNC = quantile_histogram_add, STYPE = quantile_histogram_state, SSPACE = 2000, COMBINEFUNC = quantile_histogram_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE histogram_quantile_state(float8, int) IS
  'The values of a quantile histogram, to be kept and merged: as histogram_quantile, whose errors it has.';
CREATE AGGREGATE histogram_quantile_merge(state quantile_histogram_state) (
  SFUNC = quantile_histogram_combine, STYPE = quantile_histogram_state, SSPACE = 2000, COMBINEFUNC = quantile_histogram_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE histogram_quantile_merge(quantile_histogram_state) IS
  'The values of all states, which must have the same number of buckets (22023). NULL states are left out, NULL for no rows.';
CREATE AGGREGATE histogram_quantile(value float8, buckets int) (
  SFUNC = quantile_histogram_add, STYPE = quantile_histogram_state, SSPACE = 2000, FINALFUNC = quantile_histogram_array,
  COMBINEFUNC = quantile_histogram_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE histogram_quantile(float8, int) IS
  'Values parted into buckets (1 to 10,000) of equal share, as an array of histogram_bucket, exact: bucket i ends at rank ceil(i / buckets * values), or later, since equal values stay together; so there may be fewer buckets. Rows with a NULL are left out, NULL for no rows. NaN is an error (22003), numbers of buckets out of range or that differ between rows too (22023), and more than some 40,000,000 values that differ (54000).';
