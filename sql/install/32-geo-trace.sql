-- GPS traces: length of the way, busy and idle time, stops, visits of zones.

CREATE TYPE path_state;
CREATE FUNCTION path_state_in(cstring) RETURNS path_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_state_in';
COMMENT ON FUNCTION path_state_in(cstring) IS
  'Input of path_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION path_state_out(path_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_state_out';
COMMENT ON FUNCTION path_state_out(path_state) IS 'Output of path_state: its stored form as base64.';
CREATE FUNCTION path_state_recv(internal) RETURNS path_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_state_recv';
COMMENT ON FUNCTION path_state_recv(internal) IS
  'Binary input of path_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION path_state_send(path_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_state_send';
COMMENT ON FUNCTION path_state_send(path_state) IS 'Binary output of path_state: its stored form.';
CREATE TYPE path_state (
  INPUT = path_state_in, OUTPUT = path_state_out, RECEIVE = path_state_recv, SEND = path_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE path_state IS
  'Length of a way as far as it was added up, per stretch of time: its first and last ping and the metres between. Made by path_state, merged by path_merge, read by path_length_m.';

CREATE FUNCTION path_combine(path_state, path_state) RETURNS path_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_path_combine';
COMMENT ON FUNCTION path_combine(path_state, path_state) IS
  'Internal: the ways of both, whose times must not overlap (22023); NULL is nothing.';

CREATE FUNCTION path_length_m(path path_state) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_length_m';
COMMENT ON FUNCTION path_length_m(path_state) IS
  'Metres of a way, along great circles from ping to ping (distance_m), the legs between merged parts included. NULL for NULL.';

CREATE FUNCTION path_add(path_state, float8, float8, timestamptz) RETURNS path_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_path_add';
COMMENT ON FUNCTION path_add(path_state, float8, float8, timestamptz) IS 'Internal: transition of path_state and path_length_m.';
CREATE AGGREGATE path_state(lat float8, lon float8, ts timestamptz) (
  SFUNC = path_add, STYPE = path_state, COMBINEFUNC = path_combine, PARALLEL = RESTRICTED);
COMMENT ON AGGREGATE path_state(float8, float8, timestamptz) IS
  'State of path_length_m over the same arguments, to be kept in rollups and merged by path_merge.';
CREATE AGGREGATE path_length_m(lat float8, lon float8, ts timestamptz) (
  SFUNC = path_add, STYPE = path_state, COMBINEFUNC = path_combine, FINALFUNC = path_length_m, PARALLEL = RESTRICTED);
COMMENT ON AGGREGATE path_length_m(float8, float8, timestamptz) IS
  'Metres of the way through GPS pings in order of time, along great circles (distance_m). The rows have to come in order of ts: by ORDER BY in the aggregate, or from an ordered subquery (one sort for several aggregates); a ping inside a stretch of time that is already added up is an error (22023), as are limits that are not positive or differ between rows. Rows with a NULL coordinate or time are left out, NULL for no rows; coordinates out of range (22003) and infinite times (22008) are errors.';

CREATE FUNCTION path_add(path_state, float8, float8, timestamptz, float8) RETURNS path_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_path_add';
COMMENT ON FUNCTION path_add(path_state, float8, float8, timestamptz, float8) IS 'Internal: transition of path_state and path_length_m.';
CREATE AGGREGATE path_state(lat float8, lon float8, ts timestamptz, max_speed float8) (
  SFUNC = path_add, STYPE = path_state, COMBINEFUNC = path_combine, PARALLEL = RESTRICTED);
COMMENT ON AGGREGATE path_state(float8, float8, timestamptz, float8) IS
  'State of path_length_m over the same arguments, to be kept in rollups and merged by path_merge.';
CREATE AGGREGATE path_length_m(lat float8, lon float8, ts timestamptz, max_speed float8) (
  SFUNC = path_add, STYPE = path_state, COMBINEFUNC = path_combine, FINALFUNC = path_length_m, PARALLEL = RESTRICTED);
COMMENT ON AGGREGATE path_length_m(float8, float8, timestamptz, float8) IS
  'Metres of the way through GPS pings in order of time, along great circles (distance_m). A leg faster than max_speed (metres per second; NULL: no limit) adds nothing. The rows have to come in order of ts: by ORDER BY in the aggregate, or from an ordered subquery (one sort for several aggregates); a ping inside a stretch of time that is already added up is an error (22023), as are limits that are not positive or differ between rows. Rows with a NULL coordinate or time are left out, NULL for no rows; coordinates out of range (22003) and infinite times (22008) are errors.';

CREATE FUNCTION path_add(path_state, float8, float8, timestamptz, float8, float8) RETURNS path_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_path_add';
COMMENT ON FUNCTION path_add(path_state, float8, float8, timestamptz, float8, float8) IS 'Internal: transition of path_state and path_length_m.';
CREATE AGGREGATE path_state(lat float8, lon float8, ts timestamptz, max_speed float8, max_jump float8) (
  SFUNC = path_add, STYPE = path_state, COMBINEFUNC = path_combine, PARALLEL = RESTRICTED);
COMMENT ON AGGREGATE path_state(float8, float8, timestamptz, float8, float8) IS
  'State of path_length_m over the same arguments, to be kept in rollups and merged by path_merge.';
CREATE AGGREGATE path_length_m(lat float8, lon float8, ts timestamptz, max_speed float8, max_jump float8) (
  SFUNC = path_add, STYPE = path_state, COMBINEFUNC = path_combine, FINALFUNC = path_length_m, PARALLEL = RESTRICTED);
COMMENT ON AGGREGATE path_length_m(float8, float8, timestamptz, float8, float8) IS
  'Metres of the way through GPS pings in order of time, along great circles (distance_m). A leg faster than max_speed (metres per second) or longer than max_jump (metres) adds nothing; NULL is no limit. The rows have to come in order of ts: by ORDER BY in the aggregate, or from an ordered subquery (one sort for several aggregates); a ping inside a stretch of time that is already added up is an error (22023), as are limits that are not positive or differ between rows. Rows with a NULL coordinate or time are left out, NULL for no rows; coordinates out of range (22003) and infinite times (22008) are errors.';

CREATE AGGREGATE path_merge(path_state) (
  SFUNC = path_combine, STYPE = path_state, COMBINEFUNC = path_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE path_merge(path_state) IS
  'The ways of all states as one, in any order: the value of all their pings together. Their times must not overlap but for shared ends, their limits have to agree (22023). NULL states are left out, NULL for no rows.';

CREATE TYPE activity_state;
CREATE FUNCTION activity_state_in(cstring) RETURNS activity_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_activity_state_in';
COMMENT ON FUNCTION activity_state_in(cstring) IS
  'Input of activity_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION activity_state_out(activity_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_activity_state_out';
COMMENT ON FUNCTION activity_state_out(activity_state) IS 'Output of activity_state: its stored form as base64.';
CREATE FUNCTION activity_state_recv(internal) RETURNS activity_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_activity_state_recv';
COMMENT ON FUNCTION activity_state_recv(internal) IS
  'Binary input of activity_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION activity_state_send(activity_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_activity_state_send';
COMMENT ON FUNCTION activity_state_send(activity_state) IS 'Binary output of activity_state: its stored form.';
CREATE TYPE activity_state (
  INPUT = activity_state_in, OUTPUT = activity_state_out, RECEIVE = activity_state_recv, SEND = activity_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE activity_state IS
  'Busy, idle and offline time as far as it was added up, per stretch of time. Made by activity_state, merged by activity_merge, read by activity_seconds.';

CREATE FUNCTION activity_combine(activity_state, activity_state) RETURNS activity_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_activity_combine';
COMMENT ON FUNCTION activity_combine(activity_state, activity_state) IS
  'Internal: the times of both, which must not overlap (22023); NULL is nothing.';

CREATE TYPE activity AS (busy_s float8, idle_s float8, offline_s float8);
COMMENT ON TYPE activity IS 'Seconds busy, idle and offline: the result of activity_seconds.';
CREATE FUNCTION activity_seconds(activity activity_state) RETURNS activity
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_activity_seconds';
COMMENT ON FUNCTION activity_seconds(activity_state) IS
  'Seconds busy, idle and offline of a state; together the time from its first to its last report. NULL for NULL.';
CREATE FUNCTION activity_add(activity_state, timestamptz, boolean, interval) RETURNS activity_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_activity_add';
COMMENT ON FUNCTION activity_add(activity_state, timestamptz, boolean, interval) IS
  'Internal: transition of activity_state and activity_seconds.';
CREATE AGGREGATE activity_state(ts timestamptz, busy boolean, gap interval) (
  SFUNC = activity_add, STYPE = activity_state, COMBINEFUNC = activity_combine, PARALLEL = RESTRICTED);
COMMENT ON AGGREGATE activity_state(timestamptz, boolean, interval) IS
  'State of activity_seconds over the same arguments, to be kept in rollups and merged by activity_merge.';
CREATE AGGREGATE activity_seconds(ts timestamptz, busy boolean, gap interval) (
  SFUNC = activity_add, STYPE = activity_state, COMBINEFUNC = activity_combine, FINALFUNC = activity_seconds,
  PARALLEL = RESTRICTED);
COMMENT ON AGGREGATE activity_seconds(timestamptz, boolean, interval) IS
  'Seconds busy, idle and offline from reports in order of time. A report is good until the next one, for gap at most; the rest of a longer silence is offline. Rows have to come in order of ts (ORDER BY in the aggregate, or an ordered subquery), otherwise an error (22023), as is a gap that is not positive, has months or differs between rows. Rows with a NULL are left out, NULL for no rows; infinite times are errors (22008).';
CREATE AGGREGATE activity_merge(activity_state) (
  SFUNC = activity_combine, STYPE = activity_state, COMBINEFUNC = activity_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE activity_merge(activity_state) IS
  'The times of all states as one, in any order, the silences between them included. Their times must not overlap but for shared ends, their gaps have to agree (22023). NULL states are left out, NULL for no rows.';

CREATE TYPE trace;
CREATE FUNCTION trace_in(cstring) RETURNS trace
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_trace_in';
COMMENT ON FUNCTION trace_in(cstring) IS
  'Input of trace: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION trace_out(trace) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_trace_out';
COMMENT ON FUNCTION trace_out(trace) IS 'Output of trace: its stored form as base64.';
CREATE FUNCTION trace_recv(internal) RETURNS trace
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_trace_recv';
COMMENT ON FUNCTION trace_recv(internal) IS
  'Binary input of trace; bytes that are no such value are an error (22P03).';
CREATE FUNCTION trace_send(trace) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_trace_send';
COMMENT ON FUNCTION trace_send(trace) IS 'Binary output of trace: its stored form.';
CREATE TYPE trace (
  INPUT = trace_in, OUTPUT = trace_out, RECEIVE = trace_recv, SEND = trace_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE trace IS
  'The GPS pings of one vehicle in order of time, as one value: a set, a ping that came twice is in it once. Made by trace_agg, merged by trace_merge; ask it with path_length_m, stops, zone_visits and trace_pings. Exact, and compact for pings close to each other (coordinates of up to nine decimals take two to four bytes each).';

CREATE FUNCTION trace_combine(trace, trace) RETURNS trace
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_trace_combine';
COMMENT ON FUNCTION trace_combine(trace, trace) IS
  'Internal: the pings of both; NULL is nothing.';

CREATE FUNCTION trace_add(trace, float8, float8, timestamptz) RETURNS trace
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_trace_add';
COMMENT ON FUNCTION trace_add(trace, float8, float8, timestamptz) IS 'Internal: transition of trace_agg.';
CREATE AGGREGATE trace_agg(lat float8, lon float8, ts timestamptz) (
  SFUNC = trace_add, STYPE = trace, COMBINEFUNC = trace_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE trace_agg(float8, float8, timestamptz) IS
  'The pings of all rows as one trace, in whatever order they come (in order of time it is quicker). Rows with a NULL are left out, NULL for no rows; latitude outside -90..90 or longitude outside -180..180 (22003) and infinite times (22008) are errors.';
CREATE AGGREGATE trace_merge(trace) (
  SFUNC = trace_combine, STYPE = trace, COMBINEFUNC = trace_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE trace_merge(trace) IS
  'The pings of all traces as one, whatever their times. NULL traces are left out, NULL for no rows.';
CREATE FUNCTION path_length_m(trace trace, max_speed float8 DEFAULT NULL, max_jump float8 DEFAULT NULL) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_trace_length_m';
COMMENT ON FUNCTION path_length_m(trace, float8, float8) IS
  'Metres of the way through the pings of a trace, along great circles (distance_m). A leg faster than max_speed (metres per second) or longer than max_jump (metres) adds nothing; NULL is no limit, others have to be positive (22023). NULL for a NULL trace.';
CREATE FUNCTION trace_pings(trace trace) RETURNS TABLE (ts timestamptz, lat float8, lon float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'starhouse_trace_pings';
COMMENT ON FUNCTION trace_pings(trace) IS 'The pings of a trace in order of time. No rows for NULL.';
CREATE FUNCTION stops(trace trace, radius float8, min_duration interval)
  RETURNS TABLE (arrived timestamptz, departed timestamptz, seconds float8, lat float8, lon float8, pings bigint)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 20 COST 1000 AS 'MODULE_PATHNAME', 'starhouse_stops';
COMMENT ON FUNCTION stops(trace, float8, interval) IS
  'Where a trace stayed within radius metres of the first ping of the stop for min_duration or longer (stay points: Li and others, Mining User Similarity Based on Location History, 2008), in order of time: first and last ping, seconds between them, mean place, number of pings. radius and min_duration have to be positive, the latter without months (22023). No rows for NULL.';
CREATE FUNCTION zone_visits(trace trace, zones zone_index, min_dwell interval DEFAULT '0')
  RETURNS TABLE (zone text, entered timestamptz, exited timestamptz, seconds float8, pings bigint)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 20 COST 1000 AS 'MODULE_PATHNAME', 'starhouse_zone_visits';
COMMENT ON FUNCTION zone_visits(trace, zone_index, interval) IS
  'When a trace entered and left zones, in order of time: the first ping inside, the first ping after it elsewhere (NULL while the trace ends inside), the seconds between them (up to the last ping) and the pings inside. Being in a zone, or in none, for less than min_dwell is passed over: neither a short visit nor a short way out counts. Of several zones at a place the one with the lowest id counts. min_dwell must not be negative nor have months (22023). No rows for NULL.';
