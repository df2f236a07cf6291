-- Who comes back: active days of a user, and retention of cohorts.

CREATE TYPE day_set;
CREATE FUNCTION day_set_in(cstring) RETURNS day_set
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_day_set_in';
COMMENT ON FUNCTION day_set_in(cstring) IS
  'Input of day_set: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION day_set_out(day_set) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_day_set_out';
COMMENT ON FUNCTION day_set_out(day_set) IS 'Output of day_set: its stored form as base64.';
CREATE FUNCTION day_set_recv(internal) RETURNS day_set
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_day_set_recv';
COMMENT ON FUNCTION day_set_recv(internal) IS
  'Binary input of day_set; bytes that are no such value are an error (22P03).';
CREATE FUNCTION day_set_send(day_set) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_day_set_send';
COMMENT ON FUNCTION day_set_send(day_set) IS 'Binary output of day_set: its stored form.';
CREATE TYPE day_set (
  INPUT = day_set_in, OUTPUT = day_set_out, RECEIVE = day_set_recv, SEND = day_set_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE day_set IS
  'A set of days: made by active_days, merged by active_days_merge, read by active_days_count, active_days_first, active_days_on and active_days_list. Stored in one or two bytes per day.';

CREATE FUNCTION day_set_combine(day_set, day_set) RETURNS day_set
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_day_set_combine';
COMMENT ON FUNCTION day_set_combine(day_set, day_set) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE FUNCTION day_set_add(day_set, date) RETURNS day_set
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_day_set_add';
COMMENT ON FUNCTION day_set_add(day_set, date) IS 'Internal: transition of active_days.';
CREATE AGGREGATE active_days(day date) (
  SFUNC = day_set_add, STYPE = day_set, SSPACE = 200, COMBINEFUNC = day_set_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE active_days(date) IS
  'The days of a group, each once, as one value. NULLs are left out, NULL for no rows; an infinite date is an error (22008).';
CREATE AGGREGATE active_days_merge(days day_set) (
  SFUNC = day_set_combine, STYPE = day_set, SSPACE = 200, COMBINEFUNC = day_set_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE active_days_merge(day_set) IS
  'The days of all sets. NULL sets are left out, NULL for no rows.';
CREATE FUNCTION active_days_count(days day_set) RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_day_set_count';
COMMENT ON FUNCTION active_days_count(day_set) IS 'How many days are in the set. NULL for NULL.';
CREATE FUNCTION active_days_first(days day_set) RETURNS date
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_day_set_first';
COMMENT ON FUNCTION active_days_first(day_set) IS 'The earliest day of the set. NULL for NULL or an empty set.';
CREATE FUNCTION active_days_on(days day_set, day date) RETURNS boolean
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_day_set_has';
COMMENT ON FUNCTION active_days_on(day_set, date) IS 'Whether the day is in the set. NULL for NULL.';
CREATE FUNCTION active_days_list(days day_set) RETURNS SETOF date
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 30 AS 'MODULE_PATHNAME', 'starhouse_day_set_list';
COMMENT ON FUNCTION active_days_list(day_set) IS 'The days of the set, ascending. No rows for NULL.';

CREATE TYPE retention_state;
CREATE FUNCTION retention_state_in(cstring) RETURNS retention_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_retention_state_in';
COMMENT ON FUNCTION retention_state_in(cstring) IS
  'Input of retention_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION retention_state_out(retention_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_retention_state_out';
COMMENT ON FUNCTION retention_state_out(retention_state) IS 'Output of retention_state: its stored form as base64.';
CREATE FUNCTION retention_state_recv(internal) RETURNS retention_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_retention_state_recv';
COMMENT ON FUNCTION retention_state_recv(internal) IS
  'Binary input of retention_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION retention_state_send(retention_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_retention_state_send';
COMMENT ON FUNCTION retention_state_send(retention_state) IS 'Binary output of retention_state: its stored form.';
CREATE TYPE retention_state (
  INPUT = retention_state_in, OUTPUT = retention_state_out, RECEIVE = retention_state_recv, SEND = retention_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE retention_state IS
  'Users of each cohort and how many were active in each period after it: made by retention_state, merged by retention_merge, read by retention_matrix and retention_curve. Grows with cohorts and periods, not with users.';

CREATE FUNCTION retention_combine(retention_state, retention_state) RETURNS retention_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_retention_combine';
COMMENT ON FUNCTION retention_combine(retention_state, retention_state) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE FUNCTION retention_matrix(state retention_state)
  RETURNS TABLE (cohort date, period int, users bigint, active bigint, share float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 100 AS 'MODULE_PATHNAME', 'starhouse_retention_matrix';
COMMENT ON FUNCTION retention_matrix(retention_state) IS
  'The cohort matrix: for each cohort (the first day of its period) and each period from its own, 0, to the last one with activity of any cohort: users of the cohort, how many of them were active, and their share. No rows for NULL.';
CREATE FUNCTION retention_curve(state retention_state) RETURNS float8[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_retention_curve';
COMMENT ON FUNCTION retention_curve(retention_state) IS
  'Retention over all cohorts: element k + 1 is the share of users active k periods after their cohort''s, among the users of the cohorts that have come so far. NULL for NULL.';

CREATE FUNCTION retention_add(retention_state, date, day_set, text) RETURNS retention_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_retention_add';
COMMENT ON FUNCTION retention_add(retention_state, date, day_set, text) IS
  'Internal: transition of retention.';
CREATE AGGREGATE retention_state(cohort date, days day_set, period text) (
  SFUNC = retention_add, STYPE = retention_state, SSPACE = 4000, COMBINEFUNC = retention_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE retention_state(date, day_set, text) IS
  'How many users of each cohort were active in each period after it: one row per user, with the day that makes the cohort (of the first order, the registration) and the days of activity (active_days). period is day, week (ISO, from Monday) or month: cohort and days are put into periods of the calendar, a user counts once in each, activity before the cohort''s period does not count. Rows with a NULL are left out, NULL for no rows. Other periods, or several, are errors (22023), infinite cohorts too (22008), and activity more than 65,535 periods after its cohort (54000).';
CREATE AGGREGATE retention_merge(state retention_state) (
  SFUNC = retention_combine, STYPE = retention_state, SSPACE = 4000, COMBINEFUNC = retention_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE retention_merge(retention_state) IS
  'The counts of all states added, which must have the same period (22023); a user belongs into one of them. NULL states are left out, NULL for no rows.';
CREATE AGGREGATE retention(cohort date, days day_set, period text) (
  SFUNC = retention_add, STYPE = retention_state, SSPACE = 4000, FINALFUNC = retention_curve,
  COMBINEFUNC = retention_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE retention(date, day_set, text) IS
  'The retention curve: retention_curve(retention_state(cohort, days, period)). NULL rules and errors are those of its parts.';
