-- Series of values over time: averages weighted by time, down-sampling, buckets without gaps, ewma.

CREATE TYPE time_series;
CREATE FUNCTION time_series_in(cstring) RETURNS time_series
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_time_series_in';
COMMENT ON FUNCTION time_series_in(cstring) IS
  'Input of time_series: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION time_series_out(time_series) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_time_series_out';
COMMENT ON FUNCTION time_series_out(time_series) IS 'Output of time_series: its stored form as base64.';
CREATE FUNCTION time_series_recv(internal) RETURNS time_series
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_time_series_recv';
COMMENT ON FUNCTION time_series_recv(internal) IS
  'Binary input of time_series; bytes that are no such value are an error (22P03).';
CREATE FUNCTION time_series_send(time_series) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_time_series_send';
COMMENT ON FUNCTION time_series_send(time_series) IS 'Binary output of time_series: its stored form.';
CREATE TYPE time_series (
  INPUT = time_series_in, OUTPUT = time_series_out, RECEIVE = time_series_recv, SEND = time_series_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE time_series IS
  'Points of a series, each time and value once, in order of time: made by time_series, merged by time_series_merge, read by time_series_points, time_weighted_avg_value, lttb_points and gap_fill. 16 bytes per point in memory, up to 1 GB (54000); stored in 3 to 7 bytes per point where values are decimals, in 12 where they need all digits.';

CREATE FUNCTION time_series_combine(time_series, time_series) RETURNS time_series
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_time_series_combine';
COMMENT ON FUNCTION time_series_combine(time_series, time_series) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE TYPE time_point AS (ts timestamptz, value float8);
COMMENT ON TYPE time_point IS 'A point of a series: time and value.';

CREATE FUNCTION time_series_points(series time_series) RETURNS SETOF time_point
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'starhouse_time_series_points';
COMMENT ON FUNCTION time_series_points(time_series) IS
  'The points in order of time, of one time in order of values. No rows for NULL.';
CREATE FUNCTION time_series_add(time_series, timestamptz, float8) RETURNS time_series
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_time_series_add';
COMMENT ON FUNCTION time_series_add(time_series, timestamptz, float8) IS 'Internal: transition of time_series.';
CREATE AGGREGATE time_series(ts timestamptz, value float8) (
  SFUNC = time_series_add, STYPE = time_series, SSPACE = 1200, COMBINEFUNC = time_series_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE time_series(timestamptz, float8) IS
  'The points of a series as one value: the state of time_weighted_avg, lttb and gap_fill. A point given twice is in it once, the order of rows makes no difference. Rows with a NULL are left out, NULL for no rows; infinite times are errors (22008).';
CREATE AGGREGATE time_series_merge(series time_series) (
  SFUNC = time_series_combine, STYPE = time_series, SSPACE = 1200, COMBINEFUNC = time_series_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE time_series_merge(time_series) IS
  'The points of all series. NULL ones are left out, NULL for no rows.';

-- Averages weighted by time.
CREATE FUNCTION time_weighted_avg_final(time_series) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_time_weighted_avg_final';
COMMENT ON FUNCTION time_weighted_avg_final(time_series) IS 'Internal: final function of time_weighted_avg.';
CREATE FUNCTION time_weighted_avg_value(series time_series, method text DEFAULT 'step') RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_time_weighted_avg_value';
COMMENT ON FUNCTION time_weighted_avg_value(time_series, text) IS
  'Average between the first and the last point, each value weighted by the time it holds: step (or locf), until the next point, or linear, on straight lines between points. Of a single instant its last value. NULL for NULL; other methods are an error (22023).';
CREATE FUNCTION time_weighted_avg_value(series time_series, method text, from_time timestamptz, until_time timestamptz) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_time_weighted_avg_between';
COMMENT ON FUNCTION time_weighted_avg_value(time_series, text, timestamptz, timestamptz) IS
  'Average over the part of from_time to before until_time where the value is known: with step from the first point on, the last value holding for ever; with linear between the first and the last point. NULL where it is known nowhere, and for NULL. A from_time not before until_time is an error (22023), infinite ones too (22008).';
CREATE FUNCTION time_weighted_avg_add(time_series, timestamptz, float8, text) RETURNS time_series
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_time_weighted_avg_add';
COMMENT ON FUNCTION time_weighted_avg_add(time_series, timestamptz, float8, text) IS
  'Internal: transition of time_weighted_avg.';
CREATE AGGREGATE time_weighted_avg(ts timestamptz, value float8) (
  SFUNC = time_series_add, STYPE = time_series, SSPACE = 1200, FINALFUNC = time_weighted_avg_final,
  COMBINEFUNC = time_series_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE time_weighted_avg(timestamptz, float8) IS
  'Average of a value that holds until the next one comes (stock, price, state), weighted by time, from the first point to the last: time_weighted_avg_value(time_series(ts, value)). Of several values at one time the greatest holds. NULL rules and errors are those of its parts; NaN gives NaN.';
CREATE AGGREGATE time_weighted_avg(ts timestamptz, value float8, method text) (
  SFUNC = time_weighted_avg_add, STYPE = time_series, SSPACE = 1200, FINALFUNC = time_weighted_avg_final,
  COMBINEFUNC = time_series_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE time_weighted_avg(timestamptz, float8, text) IS
  'The same with a method, step (or locf) or linear, the same in all rows: else an error (22023). Rows with a NULL are left out.';

-- Down-sampling.
CREATE FUNCTION lttb_points(series time_series, points int) RETURNS SETOF time_point
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 500 AS 'MODULE_PATHNAME', 'starhouse_lttb_points';
COMMENT ON FUNCTION lttb_points(time_series, int) IS
  'So many points of the series (3 or more, else 22023) that a line through them looks like one through all: Largest Triangle Three Buckets (S. Steinarsson, Downsampling Time Series for Visual Representation, 2013). All of them where there are no more. NaN and infinite values are passed over. No rows for NULL.';
CREATE FUNCTION lttb_final(time_series) RETURNS time_point[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_lttb_final';
COMMENT ON FUNCTION lttb_final(time_series) IS 'Internal: final function of lttb.';
CREATE FUNCTION lttb_add(time_series, timestamptz, float8, int) RETURNS time_series
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_lttb_add';
COMMENT ON FUNCTION lttb_add(time_series, timestamptz, float8, int) IS 'Internal: transition of lttb.';
CREATE AGGREGATE lttb(ts timestamptz, value float8, points int) (
  SFUNC = lttb_add, STYPE = time_series, SSPACE = 1200, FINALFUNC = lttb_final,
  COMBINEFUNC = time_series_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE lttb(timestamptz, float8, int) IS
  'The series in so many points, as an array of time_point (unnest gives rows): the points of lttb_points(time_series(ts, value), points). points is the same in all rows (22023). NULL rules and errors are those of its parts.';

-- Buckets without gaps.
CREATE FUNCTION time_buckets(start_time timestamptz, until_time timestamptz, width interval, time_zone text DEFAULT current_setting('TimeZone'))
  RETURNS SETOF timestamptz
  LANGUAGE c STABLE PARALLEL SAFE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'starhouse_time_buckets';
COMMENT ON FUNCTION time_buckets(timestamptz, timestamptz, interval, text) IS
  'Starts of the buckets of one width from start_time to before until_time, to join what may have gaps to. Months and days go by the clocks of the time zone, so a day has 23 or 25 hours where they change; hours and below by elapsed time. The time zone is the session''s unless given. No rows for NULL. A width that is not positive or mixes both is an error (22023), infinite times too (22008).';
CREATE FUNCTION gap_fill(series time_series, start_time timestamptz, until_time timestamptz, width interval, fill text DEFAULT 'null', time_zone text DEFAULT current_setting('TimeZone'))
  RETURNS TABLE (bucket timestamptz, value float8, filled boolean)
  LANGUAGE c STABLE PARALLEL SAFE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'starhouse_gap_fill';
COMMENT ON FUNCTION gap_fill(time_series, timestamptz, timestamptz, interval, text, text) IS
  'Every bucket of time_buckets(start_time, until_time, width, time_zone), with the value of the last point in it, or filled: null, zero, step (or locf), the value of the last point before, also one before start_time, or linear, the value at its start on the line from that point to the next one after; NULL where there is none. No rows for NULL; other ways of filling are an error (22023).';
CREATE FUNCTION locf(value anyelement) RETURNS anyelement
  LANGUAGE c IMMUTABLE PARALLEL SAFE WINDOW AS 'MODULE_PATHNAME', 'starhouse_locf';
COMMENT ON FUNCTION locf(anyelement) IS
  'Window function: the value of the row, or where that is NULL the last one before it that is not (last observation carried forward), over OVER (PARTITION BY ... ORDER BY ts). NULL before the first one. Frames make no difference.';

CREATE TYPE ewma_state;
CREATE FUNCTION ewma_state_in(cstring) RETURNS ewma_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ewma_state_in';
COMMENT ON FUNCTION ewma_state_in(cstring) IS
  'Input of ewma_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION ewma_state_out(ewma_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ewma_state_out';
COMMENT ON FUNCTION ewma_state_out(ewma_state) IS 'Output of ewma_state: its stored form as base64.';
CREATE FUNCTION ewma_state_recv(internal) RETURNS ewma_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ewma_state_recv';
COMMENT ON FUNCTION ewma_state_recv(internal) IS
  'Binary input of ewma_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION ewma_state_send(ewma_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ewma_state_send';
COMMENT ON FUNCTION ewma_state_send(ewma_state) IS 'Binary output of ewma_state: its stored form.';
CREATE TYPE ewma_state (
  INPUT = ewma_state_in, OUTPUT = ewma_state_out, RECEIVE = ewma_state_recv, SEND = ewma_state_send,
  INTERNALLENGTH = 104, ALIGNMENT = double, STORAGE = plain);
COMMENT ON TYPE ewma_state IS
  'Exponentially weighted moving average over time, 104 bytes: made by ewma_state, merged by ewma_merge, read by ewma_value.';

CREATE FUNCTION ewma_combine(ewma_state, ewma_state) RETURNS ewma_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_ewma_combine';
COMMENT ON FUNCTION ewma_combine(ewma_state, ewma_state) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE FUNCTION ewma_value(state ewma_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_ewma_value';
COMMENT ON FUNCTION ewma_value(ewma_state) IS
  'The average. NULL for NULL; values near the end of the range of a float8 may pass it (22003).';
CREATE FUNCTION ewma_add(ewma_state, timestamptz, float8, interval) RETURNS ewma_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_ewma_add';
COMMENT ON FUNCTION ewma_add(ewma_state, timestamptz, float8, interval) IS 'Internal: transition of ewma.';
CREATE FUNCTION ewma_moving(ewma_state, timestamptz, float8, interval) RETURNS ewma_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_ewma_moving';
COMMENT ON FUNCTION ewma_moving(ewma_state, timestamptz, float8, interval) IS
  'Internal: transition of a moving ewma, whose state is never NULL.';
CREATE FUNCTION ewma_inverse(ewma_state, timestamptz, float8, interval) RETURNS ewma_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_ewma_inverse';
COMMENT ON FUNCTION ewma_inverse(ewma_state, timestamptz, float8, interval) IS
  'Internal: takes a value off a moving ewma; NULL where the digits left would not do.';
CREATE AGGREGATE ewma_state(ts timestamptz, value float8, half_life interval) (
  SFUNC = ewma_add, STYPE = ewma_state, COMBINEFUNC = ewma_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ewma_state(timestamptz, float8, interval) IS
  'The average of ewma, to be kept and merged: as ewma, whose errors it has.';
CREATE AGGREGATE ewma_merge(state ewma_state) (
  SFUNC = ewma_combine, STYPE = ewma_state, COMBINEFUNC = ewma_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ewma_merge(ewma_state) IS
  'The average of the values of all states, which must have the same half_life (22023). NULL states are left out, NULL for no rows.';
CREATE AGGREGATE ewma(ts timestamptz, value float8, half_life interval) (
  SFUNC = ewma_add, STYPE = ewma_state, FINALFUNC = ewma_value, COMBINEFUNC = ewma_combine,
  MSFUNC = ewma_moving, MINVFUNC = ewma_inverse, MSTYPE = ewma_state, MFINALFUNC = ewma_value, PARALLEL = SAFE);
COMMENT ON AGGREGATE ewma(timestamptz, float8, interval) IS
  'Exponentially weighted moving average: each value weighted by 2^(-age / half_life), age being the time from it to the newest one, so one that is half_life older counts half. OVER (ORDER BY ts) it is the average so far; any order of rows gives the same to within 2^-49 of the average amount. half_life is a millisecond or more, without months, the same in all rows (22023). Rows with a NULL are left out, NULL for no rows. NaN and infinite values (22023) and infinite times (22008) are errors.';
