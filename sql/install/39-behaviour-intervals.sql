-- Intervals: the time they cover together, and how many run at once.

CREATE TYPE interval_union_state;
CREATE FUNCTION interval_union_state_in(cstring) RETURNS interval_union_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_interval_union_state_in';
COMMENT ON FUNCTION interval_union_state_in(cstring) IS
  'Input of interval_union_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION interval_union_state_out(interval_union_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_interval_union_state_out';
COMMENT ON FUNCTION interval_union_state_out(interval_union_state) IS 'Output of interval_union_state: its stored form as base64.';
CREATE FUNCTION interval_union_state_recv(internal) RETURNS interval_union_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_interval_union_state_recv';
COMMENT ON FUNCTION interval_union_state_recv(internal) IS
  'Binary input of interval_union_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION interval_union_state_send(interval_union_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_interval_union_state_send';
COMMENT ON FUNCTION interval_union_state_send(interval_union_state) IS 'Binary output of interval_union_state: its stored form.';
CREATE TYPE interval_union_state (
  INPUT = interval_union_state_in, OUTPUT = interval_union_state_out, RECEIVE = interval_union_state_recv, SEND = interval_union_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE interval_union_state IS
  'Intervals put together where they overlap or touch: made by interval_union_state, merged by interval_union_merge, read by interval_union_value and interval_union_list. Grows with the intervals that are left.';

CREATE FUNCTION interval_union_combine(interval_union_state, interval_union_state) RETURNS interval_union_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_interval_union_combine';
COMMENT ON FUNCTION interval_union_combine(interval_union_state, interval_union_state) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE FUNCTION interval_union_value(state interval_union_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_interval_union_value';
COMMENT ON FUNCTION interval_union_value(interval_union_state) IS
  'Seconds that the intervals cover, what they share counted once. NULL for NULL.';
CREATE FUNCTION interval_union_value(state interval_union_state, from_time timestamptz, until_time timestamptz) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_interval_union_value';
COMMENT ON FUNCTION interval_union_value(interval_union_state, timestamptz, timestamptz) IS
  'Seconds that the intervals cover from from_time to before until_time, either of which may be infinite. NULL for NULL.';
CREATE FUNCTION interval_union_list(state interval_union_state)
  RETURNS TABLE (started timestamptz, ended timestamptz, seconds float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 10 AS 'MODULE_PATHNAME', 'starhouse_interval_union_list';
COMMENT ON FUNCTION interval_union_list(interval_union_state) IS
  'The intervals, put together where they overlap or touch, in order of time. No rows for NULL.';

CREATE FUNCTION interval_union_add(interval_union_state, timestamptz, timestamptz) RETURNS interval_union_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_interval_union_add';
COMMENT ON FUNCTION interval_union_add(interval_union_state, timestamptz, timestamptz) IS
  'Internal: transition of interval_union_seconds.';
CREATE AGGREGATE interval_union_state(started timestamptz, ended timestamptz) (
  SFUNC = interval_union_add, STYPE = interval_union_state, SSPACE = 600, COMBINEFUNC = interval_union_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE interval_union_state(timestamptz, timestamptz) IS
  'The time that intervals cover, to be kept and merged: as interval_union_seconds, whose errors it has.';
CREATE AGGREGATE interval_union_merge(state interval_union_state) (
  SFUNC = interval_union_combine, STYPE = interval_union_state, SSPACE = 600, COMBINEFUNC = interval_union_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE interval_union_merge(interval_union_state) IS
  'The time that the intervals of all states cover. NULL states are left out, NULL for no rows.';
CREATE AGGREGATE interval_union_seconds(started timestamptz, ended timestamptz) (
  SFUNC = interval_union_add, STYPE = interval_union_state, SSPACE = 600, FINALFUNC = interval_union_value,
  COMBINEFUNC = interval_union_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE interval_union_seconds(timestamptz, timestamptz) IS
  'Seconds covered by at least one of the intervals, each from its start to before its end. The order of rows makes no difference. Rows with a NULL are left out, NULL for no rows, 0 where all are empty. An end before its start is an error (22023), infinite times too (22008).';

CREATE TYPE concurrent_peak_state;
CREATE FUNCTION concurrent_peak_state_in(cstring) RETURNS concurrent_peak_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_concurrent_peak_state_in';
COMMENT ON FUNCTION concurrent_peak_state_in(cstring) IS
  'Input of concurrent_peak_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION concurrent_peak_state_out(concurrent_peak_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_concurrent_peak_state_out';
COMMENT ON FUNCTION concurrent_peak_state_out(concurrent_peak_state) IS 'Output of concurrent_peak_state: its stored form as base64.';
CREATE FUNCTION concurrent_peak_state_recv(internal) RETURNS concurrent_peak_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_concurrent_peak_state_recv';
COMMENT ON FUNCTION concurrent_peak_state_recv(internal) IS
  'Binary input of concurrent_peak_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION concurrent_peak_state_send(concurrent_peak_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_concurrent_peak_state_send';
COMMENT ON FUNCTION concurrent_peak_state_send(concurrent_peak_state) IS 'Binary output of concurrent_peak_state: its stored form.';
CREATE TYPE concurrent_peak_state (
  INPUT = concurrent_peak_state_in, OUTPUT = concurrent_peak_state_out, RECEIVE = concurrent_peak_state_recv, SEND = concurrent_peak_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE concurrent_peak_state IS
  'Changes of the number of running intervals: made by concurrent_peak_state, merged by concurrent_peak_merge, read by concurrent_peak_value and concurrency_list. Grows with the instants at which intervals start or end.';

CREATE FUNCTION concurrent_peak_combine(concurrent_peak_state, concurrent_peak_state) RETURNS concurrent_peak_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_concurrent_peak_combine';
COMMENT ON FUNCTION concurrent_peak_combine(concurrent_peak_state, concurrent_peak_state) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE TYPE concurrency_peak AS (running bigint, from_time timestamptz, until_time timestamptz);
COMMENT ON TYPE concurrency_peak IS
  'Most intervals that ran at once, and the first time from which to before which they did; infinity where an end has not come.';

CREATE FUNCTION concurrent_peak_value(state concurrent_peak_state) RETURNS concurrency_peak
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_concurrent_peak_value';
COMMENT ON FUNCTION concurrent_peak_value(concurrent_peak_state) IS
  'The most intervals that ran at once, and when first: from from_time to before until_time. NULL for NULL, and where no interval ran.';
CREATE FUNCTION concurrent_peak_count(state concurrent_peak_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_concurrent_peak_count';
COMMENT ON FUNCTION concurrent_peak_count(concurrent_peak_state) IS
  'The most intervals that ran at once, 0 where none ran. NULL for NULL.';
CREATE FUNCTION concurrency_list(state concurrent_peak_state)
  RETURNS TABLE (from_time timestamptz, until_time timestamptz, running bigint)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'starhouse_concurrency_list';
COMMENT ON FUNCTION concurrency_list(concurrent_peak_state) IS
  'How many intervals ran from when to before when, in order of time, from the first start to the last end, times with none included. No rows for NULL.';

CREATE FUNCTION concurrent_peak_add(concurrent_peak_state, timestamptz, timestamptz) RETURNS concurrent_peak_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_concurrent_peak_add';
COMMENT ON FUNCTION concurrent_peak_add(concurrent_peak_state, timestamptz, timestamptz) IS
  'Internal: transition of concurrent_peak.';
CREATE AGGREGATE concurrent_peak_state(started timestamptz, ended timestamptz) (
  SFUNC = concurrent_peak_add, STYPE = concurrent_peak_state, SSPACE = 2000, COMBINEFUNC = concurrent_peak_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE concurrent_peak_state(timestamptz, timestamptz) IS
  'How many intervals run at each time, to be kept and merged: as concurrent_peak, whose errors it has.';
CREATE AGGREGATE concurrent_peak_merge(state concurrent_peak_state) (
  SFUNC = concurrent_peak_combine, STYPE = concurrent_peak_state, SSPACE = 2000, COMBINEFUNC = concurrent_peak_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE concurrent_peak_merge(concurrent_peak_state) IS
  'The intervals of all states together. NULL states are left out, NULL for no rows.';
CREATE AGGREGATE concurrent_peak(started timestamptz, ended timestamptz) (
  SFUNC = concurrent_peak_add, STYPE = concurrent_peak_state, SSPACE = 2000, FINALFUNC = concurrent_peak_count,
  COMBINEFUNC = concurrent_peak_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE concurrent_peak(timestamptz, timestamptz) IS
  'The most intervals that ran at once. An interval runs from its start to before its end: one that ends when another starts does not run beside it, one that ends at its start does not run at all. An end that is NULL or infinity has not come; a start of -infinity has always been. Rows without a start are left out, NULL for no rows; an end before its start is an error (22023). The order of rows makes no difference.';
CREATE AGGREGATE concurrent_peak_time(started timestamptz, ended timestamptz) (
  SFUNC = concurrent_peak_add, STYPE = concurrent_peak_state, SSPACE = 2000, FINALFUNC = concurrent_peak_value,
  COMBINEFUNC = concurrent_peak_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE concurrent_peak_time(timestamptz, timestamptz) IS
  'The most intervals that ran at once and when first, as a concurrency_peak: concurrent_peak_value(concurrent_peak_state(started, ended)). NULL also where none ran.';
