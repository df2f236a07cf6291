-- The exponentially decayed sum: state, merge, value, and the one-step form.

CREATE TYPE trending_state;

CREATE FUNCTION trending_state_in(cstring) RETURNS trending_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_trending_state_in';
COMMENT ON FUNCTION trending_state_in(cstring) IS 'Internal: input function of the type.';
CREATE FUNCTION trending_state_out(trending_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_trending_state_out';
COMMENT ON FUNCTION trending_state_out(trending_state) IS 'Internal: output function of the type.';
CREATE FUNCTION trending_state_recv(internal) RETURNS trending_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_trending_state_recv';
COMMENT ON FUNCTION trending_state_recv(internal) IS 'Internal: receive function of the type.';
CREATE FUNCTION trending_state_send(trending_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_trending_state_send';
COMMENT ON FUNCTION trending_state_send(trending_state) IS 'Internal: send function of the type.';

CREATE TYPE trending_state (
  INPUT = trending_state_in, OUTPUT = trending_state_out,
  RECEIVE = trending_state_recv, SEND = trending_state_send,
  INTERNALLENGTH = 48, ALIGNMENT = double, STORAGE = plain);
COMMENT ON TYPE trending_state IS
  'Exponentially decayed sum of weights, 48 bytes: made by trending_state(), added up by trending_merge(), read by trending_value(). As text it is the base64 of its binary form.';

CREATE FUNCTION trending_transition(trending_state, timestamptz, float8, interval) RETURNS trending_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'starhouse_trending_transition';
COMMENT ON FUNCTION trending_transition(trending_state, timestamptz, float8, interval) IS
  'Internal: adds an event to the state of an aggregate.';
CREATE FUNCTION trending_moving(trending_state, timestamptz, float8, interval) RETURNS trending_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'starhouse_trending_moving';
COMMENT ON FUNCTION trending_moving(trending_state, timestamptz, float8, interval) IS
  'Internal: adds an event to the state of a moving aggregate, which is never NULL.';
CREATE FUNCTION trending_moving_state(trending_state) RETURNS trending_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_trending_moving_state';
COMMENT ON FUNCTION trending_moving_state(trending_state) IS
  'Internal: the final function of a moving trending_state; NULL for a frame without events.';
CREATE FUNCTION trending_inverse(trending_state, timestamptz, float8, interval) RETURNS trending_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'starhouse_trending_inverse';
COMMENT ON FUNCTION trending_inverse(trending_state, timestamptz, float8, interval) IS
  'Internal: takes an event off the state of a moving aggregate; NULL where the digits left would not do.';
CREATE FUNCTION trending_combine(trending_state, trending_state) RETURNS trending_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'starhouse_trending_combine';
COMMENT ON FUNCTION trending_combine(trending_state, trending_state) IS
  'Internal: adds up two states of an aggregate.';

CREATE FUNCTION trending_value(state trending_state, as_of timestamptz DEFAULT now()) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_trending_value';
COMMENT ON FUNCTION trending_value(trending_state, timestamptz) IS
  'The sum of weight * 2^((event_time - as_of) / half_life) over the events of a state: an event counts its weight at its own time, half of it one half_life later, and more than its weight before. To rank, take one as_of for all. Within 2^-50 of the exact sum (relative to the sum of absolute terms). NULL for NULL; an infinite as_of (22008) and a value too large for a float8 (22003) are errors, one too small is 0.';

CREATE FUNCTION trending_value_now(trending_state) RETURNS float8
  LANGUAGE c STABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_trending_value_now';
COMMENT ON FUNCTION trending_value_now(trending_state) IS
  'Internal: the final function of trending_score.';

CREATE FUNCTION trending_half_life(state trending_state) RETURNS interval
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_trending_half_life';
COMMENT ON FUNCTION trending_half_life(trending_state) IS
  'The half-life of a state, in hours and below. NULL for NULL.';

CREATE FUNCTION trending_events(state trending_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_trending_events';
COMMENT ON FUNCTION trending_events(trending_state) IS
  'How many events a state holds, whatever their weight. NULL for NULL.';

CREATE AGGREGATE trending_state(event_time timestamptz, weight float8, half_life interval) (
  SFUNC = trending_transition, STYPE = trending_state, COMBINEFUNC = trending_combine,
  MSFUNC = trending_moving, MINVFUNC = trending_inverse, MSTYPE = trending_state,
  MFINALFUNC = trending_moving_state, PARALLEL = SAFE);
COMMENT ON AGGREGATE trending_state(timestamptz, float8, interval) IS
  'State of the decayed sum of weight, to be kept in rollups. half_life is the time after which an event counts half, the same in all rows: a millisecond or more, without months, a day being 24 hours. Rows with a NULL are passed over, without rows it is NULL. Weights may be negative; NaN or infinite ones, differing or bad half-lives (22023) and infinite times (22008) are errors. The order of rows and how they are split make no difference beyond one unit in the last place of the value.';

CREATE AGGREGATE trending_merge(state trending_state) (
  SFUNC = trending_combine, STYPE = trending_state, COMBINEFUNC = trending_combine,
  PARALLEL = SAFE);
COMMENT ON AGGREGATE trending_merge(trending_state) IS
  'One state for all the events of many, which must have the same half-life (else 22023). NULLs are passed over, without states it is NULL.';

CREATE AGGREGATE trending_score(event_time timestamptz, weight float8, half_life interval) (
  SFUNC = trending_transition, STYPE = trending_state, FINALFUNC = trending_value_now,
  COMBINEFUNC = trending_combine,
  MSFUNC = trending_moving, MINVFUNC = trending_inverse, MSTYPE = trending_state,
  MFINALFUNC = trending_value_now, PARALLEL = SAFE);
COMMENT ON AGGREGATE trending_score(timestamptz, float8, interval) IS
  'Decayed sum of weight as of now(): trending_value(trending_state(event_time, weight, half_life)). Take that form for another time. NULL rules and errors are those of its parts.';
