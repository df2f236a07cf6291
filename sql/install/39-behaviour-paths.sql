-- Paths of events, and the most frequent of them.

CREATE TYPE event_path;
CREATE FUNCTION event_path_in(cstring) RETURNS event_path
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_event_path_in';
COMMENT ON FUNCTION event_path_in(cstring) IS
  'Input of event_path: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION event_path_out(event_path) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_event_path_out';
COMMENT ON FUNCTION event_path_out(event_path) IS 'Output of event_path: its stored form as base64.';
CREATE FUNCTION event_path_recv(internal) RETURNS event_path
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_event_path_recv';
COMMENT ON FUNCTION event_path_recv(internal) IS
  'Binary input of event_path; bytes that are no such value are an error (22P03).';
CREATE FUNCTION event_path_send(event_path) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_event_path_send';
COMMENT ON FUNCTION event_path_send(event_path) IS 'Binary output of event_path: its stored form.';
CREATE TYPE event_path (
  INPUT = event_path_in, OUTPUT = event_path_out, RECEIVE = event_path_recv, SEND = event_path_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE event_path IS
  'Events of one user in order: made by event_path, merged by event_path_merge, read by event_path_steps. 10 bytes and its name per event in memory, up to 1 GB (54000).';

CREATE FUNCTION event_path_combine(event_path, event_path) RETURNS event_path
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_event_path_combine';
COMMENT ON FUNCTION event_path_combine(event_path, event_path) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE FUNCTION event_path_steps(path event_path, most int DEFAULT 2147483647, collapse boolean DEFAULT false) RETURNS text[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_event_path_steps';
COMMENT ON FUNCTION event_path_steps(event_path, int, boolean) IS
  'The events in order, the first most of them; with collapse, of equal ones in a row the first alone. NULL for NULL.';
CREATE FUNCTION event_path_add(event_path, timestamptz, text) RETURNS event_path
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_event_path_add';
COMMENT ON FUNCTION event_path_add(event_path, timestamptz, text) IS 'Internal: transition of event_path.';
CREATE AGGREGATE event_path(ts timestamptz, event text) (
  SFUNC = event_path_add, STYPE = event_path, SSPACE = 400, COMBINEFUNC = event_path_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE event_path(timestamptz, text) IS
  'The events of a user (group by the user) in order of time, of one time in the order of their bytes; an event given twice is in it once. The order of rows makes no difference. Rows with a NULL are left out, NULL for no rows. Infinite times (22008) and events of more than 10,000 bytes (54000) are errors.';
CREATE AGGREGATE event_path_merge(path event_path) (
  SFUNC = event_path_combine, STYPE = event_path, SSPACE = 400, COMBINEFUNC = event_path_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE event_path_merge(event_path) IS
  'The events of all paths, in order. NULL ones are left out, NULL for no rows.';

CREATE TYPE path_top_k_state;
CREATE FUNCTION path_top_k_state_in(cstring) RETURNS path_top_k_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_top_k_state_in';
COMMENT ON FUNCTION path_top_k_state_in(cstring) IS
  'Input of path_top_k_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION path_top_k_state_out(path_top_k_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_top_k_state_out';
COMMENT ON FUNCTION path_top_k_state_out(path_top_k_state) IS 'Output of path_top_k_state: its stored form as base64.';
CREATE FUNCTION path_top_k_state_recv(internal) RETURNS path_top_k_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_top_k_state_recv';
COMMENT ON FUNCTION path_top_k_state_recv(internal) IS
  'Binary input of path_top_k_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION path_top_k_state_send(path_top_k_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_top_k_state_send';
COMMENT ON FUNCTION path_top_k_state_send(path_top_k_state) IS 'Binary output of path_top_k_state: its stored form.';
CREATE TYPE path_top_k_state (
  INPUT = path_top_k_state_in, OUTPUT = path_top_k_state_out, RECEIVE = path_top_k_state_recv, SEND = path_top_k_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE path_top_k_state IS
  'How often each path was taken, exactly: made by path_top_k_state, merged by path_top_k_merge, read by path_top_k_value. Grows with the paths that differ, up to 1 GB (54000).';

CREATE FUNCTION path_top_k_combine(path_top_k_state, path_top_k_state) RETURNS path_top_k_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_path_top_k_combine';
COMMENT ON FUNCTION path_top_k_combine(path_top_k_state, path_top_k_state) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE TYPE path_frequency AS (path text[], count bigint, share float8);
COMMENT ON TYPE path_frequency IS 'A path, how often it was taken, and its share of all paths.';

CREATE FUNCTION path_top_k_value(state path_top_k_state, k int) RETURNS SETOF path_frequency
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 10 AS 'MODULE_PATHNAME', 'starhouse_path_top_k_value';
COMMENT ON FUNCTION path_top_k_value(path_top_k_state, int) IS
  'The k (1 to 1,000,000, else 22023) most frequent paths, most frequent first, of equally frequent ones in the order of their bytes. No rows for NULL.';
CREATE FUNCTION path_top_k_final(path_top_k_state) RETURNS path_frequency[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_path_top_k_final';
COMMENT ON FUNCTION path_top_k_final(path_top_k_state) IS 'Internal: final function of path_top_k.';
CREATE FUNCTION path_top_k_add(path_top_k_state, text[]) RETURNS path_top_k_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_path_top_k_add';
COMMENT ON FUNCTION path_top_k_add(path_top_k_state, text[]) IS 'Internal: transition of path_top_k_state.';
CREATE FUNCTION path_top_k_add(path_top_k_state, text[], int) RETURNS path_top_k_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_path_top_k_add';
COMMENT ON FUNCTION path_top_k_add(path_top_k_state, text[], int) IS 'Internal: transition of path_top_k.';
CREATE AGGREGATE path_top_k_state(path text[]) (
  SFUNC = path_top_k_add, STYPE = path_top_k_state, SSPACE = 4000, COMBINEFUNC = path_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE path_top_k_state(text[]) IS
  'How often each path was taken, one row per path, to be kept and merged. Steps are compared by their bytes, whatever the collation. NULL paths are left out, NULL for no rows; a step that is NULL is an error (22004).';
CREATE AGGREGATE path_top_k_merge(state path_top_k_state) (
  SFUNC = path_top_k_combine, STYPE = path_top_k_state, SSPACE = 4000, COMBINEFUNC = path_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE path_top_k_merge(path_top_k_state) IS
  'The counts of all states added. NULL states are left out, NULL for no rows.';
CREATE AGGREGATE path_top_k(path text[], k int) (
  SFUNC = path_top_k_add, STYPE = path_top_k_state, SSPACE = 4000, FINALFUNC = path_top_k_final,
  COMBINEFUNC = path_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE path_top_k(text[], int) IS
  'The k most frequent paths, as an array of path_frequency (unnest gives rows): those of path_top_k_value(path_top_k_state(path), k). k is the same in all rows (22023). Rows with a NULL are left out; other NULL rules and errors are those of its parts.';
