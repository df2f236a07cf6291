-- Sessions: numbered by a window function, or summed up by an aggregate.

CREATE FUNCTION sessionize(ts timestamptz, gap interval) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE WINDOW AS 'MODULE_PATHNAME', 'starhouse_sessionize';
COMMENT ON FUNCTION sessionize(timestamptz, interval) IS
  'Window function: the number, from 1, of the session a row belongs to, over OVER (PARTITION BY user ORDER BY ts). A session goes on as long as no two rows one after the other are more than gap apart. NULL for a row with a NULL, which neither continues nor ends a session. Frames make no difference. Rows that are not in ascending order, a negative gap and one with months are errors (22023), infinite times too (22008).';

CREATE TYPE session_stats_state;
CREATE FUNCTION session_stats_state_in(cstring) RETURNS session_stats_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_session_stats_state_in';
COMMENT ON FUNCTION session_stats_state_in(cstring) IS
  'Input of session_stats_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION session_stats_state_out(session_stats_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_session_stats_state_out';
COMMENT ON FUNCTION session_stats_state_out(session_stats_state) IS 'Output of session_stats_state: its stored form as base64.';
CREATE FUNCTION session_stats_state_recv(internal) RETURNS session_stats_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_session_stats_state_recv';
COMMENT ON FUNCTION session_stats_state_recv(internal) IS
  'Binary input of session_stats_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION session_stats_state_send(session_stats_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_session_stats_state_send';
COMMENT ON FUNCTION session_stats_state_send(session_stats_state) IS 'Binary output of session_stats_state: its stored form.';
CREATE TYPE session_stats_state (
  INPUT = session_stats_state_in, OUTPUT = session_stats_state_out, RECEIVE = session_stats_state_recv, SEND = session_stats_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE session_stats_state IS
  'Sessions of one user: made by session_stats_state, merged by session_stats_merge, read by session_stats_value and session_list. Grows with the sessions, not with the events.';

CREATE FUNCTION session_stats_combine(session_stats_state, session_stats_state) RETURNS session_stats_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_session_stats_combine';
COMMENT ON FUNCTION session_stats_combine(session_stats_state, session_stats_state) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE TYPE session_summary AS (
  sessions bigint, events bigint, bounces bigint, total_seconds float8, longest_seconds float8,
  mean_seconds float8, mean_events float8);
COMMENT ON TYPE session_summary IS
  'Summary of sessions: how many, their events, how many have one event alone (bounces), the time from first to last event of all, of the longest and on average, and their events on average.';

CREATE FUNCTION session_stats_value(state session_stats_state) RETURNS session_summary
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_session_stats_value';
COMMENT ON FUNCTION session_stats_value(session_stats_state) IS
  'Number of sessions, events, sessions of one event, and lengths in seconds from the first to the last event of a session: total, longest and mean. NULL for NULL.';
CREATE FUNCTION session_list(state session_stats_state)
  RETURNS TABLE (session bigint, started timestamptz, ended timestamptz, seconds float8, events bigint)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 10 AS 'MODULE_PATHNAME', 'starhouse_session_list';
COMMENT ON FUNCTION session_list(session_stats_state) IS
  'The sessions in order of time: number from 1, time of the first and of the last event, seconds between them, events. No rows for NULL.';

CREATE FUNCTION session_stats_add(session_stats_state, timestamptz, interval) RETURNS session_stats_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_session_stats_add';
COMMENT ON FUNCTION session_stats_add(session_stats_state, timestamptz, interval) IS
  'Internal: transition of session_stats.';
CREATE AGGREGATE session_stats_state(ts timestamptz, gap interval) (
  SFUNC = session_stats_add, STYPE = session_stats_state, SSPACE = 600, COMBINEFUNC = session_stats_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE session_stats_state(timestamptz, interval) IS
  'The sessions of one user, to be kept and merged: as session_stats, whose errors it has.';
CREATE AGGREGATE session_stats_merge(state session_stats_state) (
  SFUNC = session_stats_combine, STYPE = session_stats_state, SSPACE = 600, COMBINEFUNC = session_stats_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE session_stats_merge(session_stats_state) IS
  'The sessions of all events of the states, which must have the same gap (22023): a session that was cut, at midnight say, is one again. NULL states are left out, NULL for no rows.';
CREATE AGGREGATE session_stats(ts timestamptz, gap interval) (
  SFUNC = session_stats_add, STYPE = session_stats_state, SSPACE = 600, FINALFUNC = session_stats_value,
  COMBINEFUNC = session_stats_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE session_stats(timestamptz, interval) IS
  'Sessions of one user (group by the user) as a session_summary. A session goes on as long as no two events one after the other are more than gap apart, as sessionize has it; every row is an event. The order of rows makes no difference. Rows with a NULL are left out, NULL for no rows. A negative gap, one with months and one that differs between rows are errors (22023), infinite times too (22008).';
