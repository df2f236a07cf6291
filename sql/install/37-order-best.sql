-- The value that belongs to the greatest or least key of a group, or to the n greatest or least:
-- max_by, min_by, first_by, last_by.

CREATE TYPE best_state;
CREATE FUNCTION best_state_in(cstring) RETURNS best_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_best_state_in';
COMMENT ON FUNCTION best_state_in(cstring) IS
  'Input of best_state: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION best_state_out(best_state) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_best_state_out';
COMMENT ON FUNCTION best_state_out(best_state) IS 'Output of best_state: its stored form as base64.';
CREATE FUNCTION best_state_recv(internal) RETURNS best_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_best_state_recv';
COMMENT ON FUNCTION best_state_recv(internal) IS
  'Binary input of best_state; bytes that are no such value are an error (22P03).';
CREATE FUNCTION best_state_send(best_state) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_best_state_send';
COMMENT ON FUNCTION best_state_send(best_state) IS 'Binary output of best_state: its stored form.';
CREATE TYPE best_state (
  INPUT = best_state_in, OUTPUT = best_state_out, RECEIVE = best_state_recv, SEND = best_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE best_state IS
  'The rows of a group that come first by a key, with their values: made by max_by_state and min_by_state, merged by best_merge, read by best_text, best_text_array and their like for other types. The same rows give the same bytes, whatever their order.';

CREATE FUNCTION best_combine(best_state, best_state) RETURNS best_state
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_best_combine';
COMMENT ON FUNCTION best_combine(best_state, best_state) IS
  'Internal: the best rows of both, which have to be of the same types, direction and n (22023); NULL is nothing.';
CREATE FUNCTION best_rows(state best_state) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_best_rows';
COMMENT ON FUNCTION best_rows(best_state) IS 'How many rows a state keeps: n, or as many as there were. NULL for NULL.';
CREATE AGGREGATE best_merge(state best_state) (
  SFUNC = best_combine, STYPE = best_state, COMBINEFUNC = best_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE best_merge(best_state) IS
  'The best rows of all states, in any order: those of all their rows. The states have to be of the same types, direction and n (22023). NULL states are left out, NULL for no rows.';

-- No polymorphic arguments: a distributed server would fetch every row. So the same few lines for each type of values, and for
-- each type of keys within it.
DO $do$
DECLARE
  value_type text;
  key_type text;
  rule constant text := ' Of equal keys the smaller value comes first (texts, UUIDs and jsonb, as its text, by bytes), so the result does not depend on the order of rows. Rows with a NULL are left out, NULL for no rows.';
  many constant text := ' n is 1 to 10,000 and the same in all rows (22023).';
BEGIN
  FOREACH value_type IN ARRAY ARRAY['boolean', 'int', 'bigint', 'float8', 'numeric', 'date', 'timestamptz', 'uuid', 'text', 'jsonb'] LOOP
    EXECUTE format($$CREATE FUNCTION best_%1$s(state best_state) RETURNS %1$s
      LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_best_%1$s'$$, value_type);
    EXECUTE format($$COMMENT ON FUNCTION best_%1$s(best_state) IS
      'The value of the best row of a state over values of type %1$s; a state over another type is an error (42804). NULL for NULL.'$$, value_type);
    EXECUTE format($$CREATE FUNCTION best_%1$s_array(state best_state) RETURNS %1$s[]
      LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_best_%1$s_array'$$, value_type);
    EXECUTE format($$COMMENT ON FUNCTION best_%1$s_array(best_state) IS
      'The values of the rows of a state over values of type %1$s, best first; a state over another type is an error (42804). NULL for NULL.'$$, value_type);
    FOREACH key_type IN ARRAY ARRAY['float8', 'bigint', 'numeric', 'timestamptz'] LOOP
      DECLARE
        side text;
        which text;
      BEGIN
        FOREACH side IN ARRAY ARRAY['max', 'min'] LOOP
          which := CASE side WHEN 'max' THEN 'greatest' ELSE 'least' END;
          EXECUTE format($$CREATE FUNCTION %3$s_by_add(best_state, %1$s, %2$s) RETURNS best_state
            LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_%3$s_%1$s_by_%2$s'$$, value_type, key_type, side);
          EXECUTE format($$COMMENT ON FUNCTION %3$s_by_add(best_state, %1$s, %2$s) IS 'Internal: adds a row to the state of an aggregate.'$$, value_type, key_type, side);
          EXECUTE format($$CREATE FUNCTION %3$s_by_add(best_state, %1$s, %2$s, int) RETURNS best_state
            LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_%3$s_%1$s_by_%2$s'$$, value_type, key_type, side);
          EXECUTE format($$COMMENT ON FUNCTION %3$s_by_add(best_state, %1$s, %2$s, int) IS 'Internal: adds a row to the state of an aggregate that keeps several.'$$, value_type, key_type, side);
          EXECUTE format($$CREATE AGGREGATE %3$s_by(value %1$s, by %2$s) (
            SFUNC = %3$s_by_add, STYPE = best_state, COMBINEFUNC = best_combine, FINALFUNC = best_%1$s, PARALLEL = SAFE)$$, value_type, key_type, side);
          EXECUTE format($$COMMENT ON AGGREGATE %3$s_by(%1$s, %2$s) IS 'The value of the row with the %4$s by.%5$s'$$, value_type, key_type, side, which, rule);
          EXECUTE format($$CREATE AGGREGATE %3$s_by(value %1$s, by %2$s, n int) (
            SFUNC = %3$s_by_add, STYPE = best_state, COMBINEFUNC = best_combine, FINALFUNC = best_%1$s_array, PARALLEL = SAFE)$$, value_type, key_type, side);
          EXECUTE format($$COMMENT ON AGGREGATE %3$s_by(%1$s, %2$s, int) IS 'The values of the n rows with the %4$s by, that one first, or of all where there are fewer.%5$s%6$s'$$, value_type, key_type, side, which, many, rule);
          EXECUTE format($$CREATE AGGREGATE %3$s_by_state(value %1$s, by %2$s, n int) (
            SFUNC = %3$s_by_add, STYPE = best_state, COMBINEFUNC = best_combine, PARALLEL = SAFE)$$, value_type, key_type, side);
          EXECUTE format($$COMMENT ON AGGREGATE %3$s_by_state(%1$s, %2$s, int) IS 'State of %3$s_by over the same rows, to be kept in rollups: best_merge merges such states, best_%1$s and best_%1$s_array read them.%5$s%6$s'$$, value_type, key_type, side, which, many, rule);
        END LOOP;
      END;
    END LOOP;
    EXECUTE format($$CREATE AGGREGATE last_by(value %1$s, ts timestamptz) (
      SFUNC = max_by_add, STYPE = best_state, COMBINEFUNC = best_combine, FINALFUNC = best_%1$s, PARALLEL = SAFE)$$, value_type);
    EXECUTE format($$COMMENT ON AGGREGATE last_by(%1$s, timestamptz) IS 'The value of the latest row: max_by(value, ts).%2$s'$$, value_type, rule);
    EXECUTE format($$CREATE AGGREGATE first_by(value %1$s, ts timestamptz) (
      SFUNC = min_by_add, STYPE = best_state, COMBINEFUNC = best_combine, FINALFUNC = best_%1$s, PARALLEL = SAFE)$$, value_type);
    EXECUTE format($$COMMENT ON AGGREGATE first_by(%1$s, timestamptz) IS 'The value of the earliest row: min_by(value, ts).%2$s'$$, value_type, rule);
  END LOOP;
END $do$;
