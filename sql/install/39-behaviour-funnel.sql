-- window_funnel: how far along the steps of a funnel; src/core/behaviour/funnel.hpp has the rules.

CREATE TYPE window_funnel_state;
CREATE FUNCTION window_funnel_state_in(cstring) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_window_funnel_state_in';
COMMENT ON FUNCTION window_funnel_state_in(cstring) IS
  'Input of window_funnel_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION window_funnel_state_out(window_funnel_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_window_funnel_state_out';
COMMENT ON FUNCTION window_funnel_state_out(window_funnel_state) IS 'Output of window_funnel_state: its stored form as base64.';
CREATE FUNCTION window_funnel_state_recv(internal) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_window_funnel_state_recv';
COMMENT ON FUNCTION window_funnel_state_recv(internal) IS
  'Binary input of window_funnel_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION window_funnel_state_send(window_funnel_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_window_funnel_state_send';
COMMENT ON FUNCTION window_funnel_state_send(window_funnel_state) IS 'Binary output of window_funnel_state: its stored form.';
CREATE TYPE window_funnel_state (
  INPUT = window_funnel_state_in, OUTPUT = window_funnel_state_out, RECEIVE = window_funnel_state_recv, SEND = window_funnel_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE window_funnel_state IS
  'Events of a funnel of one user: made by window_funnel_state, merged by window_funnel_merge, read by window_funnel_value. Stored in 3 to 6 bytes per event.';

CREATE FUNCTION window_funnel_combine(window_funnel_state, window_funnel_state) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_combine';
COMMENT ON FUNCTION window_funnel_combine(window_funnel_state, window_funnel_state) IS
  'Internal: the rows of both; NULL is nothing.';

CREATE FUNCTION window_funnel_value(state window_funnel_state) RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_window_funnel_value';
COMMENT ON FUNCTION window_funnel_value(window_funnel_state) IS
  'The highest step reached within the state''s own window, 0 where no event fulfils the first. NULL for NULL.';
CREATE FUNCTION window_funnel_value(state window_funnel_state, "window" interval) RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_window_funnel_value';
COMMENT ON FUNCTION window_funnel_value(window_funnel_state, interval) IS
  'The highest step reached within another window than the state was made with: the state holds the events. NULL for NULL; a negative window, or one with months, is an error (22023).';

CREATE FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean[]) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_add_array';
COMMENT ON FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean[]) IS
  'Internal: transition of window_funnel.';
CREATE FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean[], text) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_add_array';
COMMENT ON FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean[], text) IS
  'Internal: transition of window_funnel.';

CREATE AGGREGATE window_funnel_state("window" interval, ts timestamptz, steps boolean[]) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel_state(interval, timestamptz, boolean[]) IS
  'The events of a funnel, to be kept and merged: as window_funnel, whose errors it has. Rows that fulfil no step take no room.';
CREATE AGGREGATE window_funnel_state("window" interval, ts timestamptz, steps boolean[], mode text) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel_state(interval, timestamptz, boolean[], text) IS
  'The events of a funnel with modes, to be kept and merged: as window_funnel, whose errors it has.';
CREATE AGGREGATE window_funnel_merge(state window_funnel_state) (
  SFUNC = window_funnel_combine, STYPE = window_funnel_state, SSPACE = 600, COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel_merge(window_funnel_state) IS
  'The events of all states, which must have the same window, number of steps and modes (22023). NULL states are left out, NULL for no rows.';

CREATE AGGREGATE window_funnel("window" interval, ts timestamptz, steps boolean[]) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, FINALFUNC = window_funnel_value,
  COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel(interval, timestamptz, boolean[]) IS
  'How many steps of a funnel were reached in their order: the length of the longest chain of events that fulfil step 1, 2, ... at times that do not decrease, the last at most window after the first. steps: one condition each, 1 to 32, NULL is false. Of several steps at one instant the earlier ones come first, and an event may stand for each step it fulfils. The order of rows makes no difference, an event given twice neither. Rows with another NULL are left out, NULL for no rows, 0 where nothing fulfils the first step. Windows with months or below zero, and windows or numbers of steps that differ between rows, are errors (22023), infinite times too (22008). With the semantics of ClickHouse''s windowFunnel.';
CREATE AGGREGATE window_funnel("window" interval, ts timestamptz, steps boolean[], mode text) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, FINALFUNC = window_funnel_value,
  COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel(interval, timestamptz, boolean[], text) IS
  'As window_funnel without a mode, with one or several of them, separated by commas. strict_increase: the times of a chain increase. strict_once: an event stands for one step of a chain. strict_order: no other event in between: once a chain has begun, a row that fulfils no step, or a step whose predecessor was not reached, ends the search. strict_deduplication: a step after the first that comes again ends it. The level reached until then counts. Other names are an error (22023); rows with a NULL mode are left out.';

CREATE FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_add';
COMMENT ON FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean) IS
  'Internal: transition of window_funnel.';
CREATE AGGREGATE window_funnel("window" interval, ts timestamptz, step1 boolean, step2 boolean) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, FINALFUNC = window_funnel_value,
  COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel(interval, timestamptz, boolean, boolean) IS
  'How many of 2 steps of a funnel were reached in their order: as window_funnel(interval, timestamptz, boolean[]), with the conditions as arguments of their own, which costs less per row.';

CREATE FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_add';
COMMENT ON FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean) IS
  'Internal: transition of window_funnel.';
CREATE AGGREGATE window_funnel("window" interval, ts timestamptz, step1 boolean, step2 boolean, step3 boolean) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, FINALFUNC = window_funnel_value,
  COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel(interval, timestamptz, boolean, boolean, boolean) IS
  'How many of 3 steps of a funnel were reached in their order: as window_funnel(interval, timestamptz, boolean[]), with the conditions as arguments of their own, which costs less per row.';

CREATE FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_add';
COMMENT ON FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean) IS
  'Internal: transition of window_funnel.';
CREATE AGGREGATE window_funnel("window" interval, ts timestamptz, step1 boolean, step2 boolean, step3 boolean, step4 boolean) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, FINALFUNC = window_funnel_value,
  COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel(interval, timestamptz, boolean, boolean, boolean, boolean) IS
  'How many of 4 steps of a funnel were reached in their order: as window_funnel(interval, timestamptz, boolean[]), with the conditions as arguments of their own, which costs less per row.';

CREATE FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean, boolean) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_add';
COMMENT ON FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean, boolean) IS
  'Internal: transition of window_funnel.';
CREATE AGGREGATE window_funnel("window" interval, ts timestamptz, step1 boolean, step2 boolean, step3 boolean, step4 boolean, step5 boolean) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, FINALFUNC = window_funnel_value,
  COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel(interval, timestamptz, boolean, boolean, boolean, boolean, boolean) IS
  'How many of 5 steps of a funnel were reached in their order: as window_funnel(interval, timestamptz, boolean[]), with the conditions as arguments of their own, which costs less per row.';

CREATE FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean, boolean, boolean) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_add';
COMMENT ON FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean, boolean, boolean) IS
  'Internal: transition of window_funnel.';
CREATE AGGREGATE window_funnel("window" interval, ts timestamptz, step1 boolean, step2 boolean, step3 boolean, step4 boolean, step5 boolean, step6 boolean) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, FINALFUNC = window_funnel_value,
  COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel(interval, timestamptz, boolean, boolean, boolean, boolean, boolean, boolean) IS
  'How many of 6 steps of a funnel were reached in their order: as window_funnel(interval, timestamptz, boolean[]), with the conditions as arguments of their own, which costs less per row.';

CREATE FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean, boolean, boolean, boolean) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_add';
COMMENT ON FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean, boolean, boolean, boolean) IS
  'Internal: transition of window_funnel.';
CREATE AGGREGATE window_funnel("window" interval, ts timestamptz, step1 boolean, step2 boolean, step3 boolean, step4 boolean, step5 boolean, step6 boolean, step7 boolean) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, FINALFUNC = window_funnel_value,
  COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel(interval, timestamptz, boolean, boolean, boolean, boolean, boolean, boolean, boolean) IS
  'How many of 7 steps of a funnel were reached in their order: as window_funnel(interval, timestamptz, boolean[]), with the conditions as arguments of their own, which costs less per row.';

CREATE FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean) RETURNS window_funnel_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_window_funnel_add';
COMMENT ON FUNCTION window_funnel_add(window_funnel_state, interval, timestamptz, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean) IS
  'Internal: transition of window_funnel.';
CREATE AGGREGATE window_funnel("window" interval, ts timestamptz, step1 boolean, step2 boolean, step3 boolean, step4 boolean, step5 boolean, step6 boolean, step7 boolean, step8 boolean) (
  SFUNC = window_funnel_add, STYPE = window_funnel_state, SSPACE = 600, FINALFUNC = window_funnel_value,
  COMBINEFUNC = window_funnel_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE window_funnel(interval, timestamptz, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean) IS
  'How many of 8 steps of a funnel were reached in their order: as window_funnel(interval, timestamptz, boolean[]), with the conditions as arguments of their own, which costs less per row.';
