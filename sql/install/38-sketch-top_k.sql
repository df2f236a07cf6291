-- The most frequent items, with bounds of their counts: state, merge, value, and the one-step forms.

CREATE TYPE top_k_sketch;
CREATE FUNCTION top_k_sketch_in(cstring) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_top_k_sketch_in';
COMMENT ON FUNCTION top_k_sketch_in(cstring) IS
  'Input of top_k_sketch: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION top_k_sketch_out(top_k_sketch) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_top_k_sketch_out';
COMMENT ON FUNCTION top_k_sketch_out(top_k_sketch) IS 'Output of top_k_sketch: its stored form as base64.';
CREATE FUNCTION top_k_sketch_recv(internal) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_top_k_sketch_recv';
COMMENT ON FUNCTION top_k_sketch_recv(internal) IS
  'Binary input of top_k_sketch; bytes that are no such value are an error (22P03).';
CREATE FUNCTION top_k_sketch_send(top_k_sketch) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_top_k_sketch_send';
COMMENT ON FUNCTION top_k_sketch_send(top_k_sketch) IS 'Binary output of top_k_sketch: its stored form.';
CREATE TYPE top_k_sketch (
  INPUT = top_k_sketch_in, OUTPUT = top_k_sketch_out, RECEIVE = top_k_sketch_recv, SEND = top_k_sketch_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE top_k_sketch IS
  'Counts of the most frequent items: made by approx_top_k_state(), merged by approx_top_k_merge(), read by approx_top_k_value(). Some 3 to 10 bytes for each number, or each text beyond what it shares with its neighbour. As text it is the base64 of its binary form.';

CREATE TYPE top_k_item AS (item text, at_least bigint, at_most bigint);
COMMENT ON TYPE top_k_item IS
  'A frequent item, as text, and the bounds of how often it occurred: equal where counts are exact.';

CREATE FUNCTION approx_top_k_combine(top_k_sketch, top_k_sketch) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_combine';
COMMENT ON FUNCTION approx_top_k_combine(top_k_sketch, top_k_sketch) IS
  'Internal: the counts of both, which must have the same capacity and items of one type (22023); NULL is nothing.';

CREATE FUNCTION approx_top_k_value(sketch top_k_sketch, k int) RETURNS SETOF top_k_item
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 10 AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_value';
COMMENT ON FUNCTION approx_top_k_value(top_k_sketch, int) IS
  'The k (at least 1, else 22023) most frequent items of a sketch, the most frequent first, equal ones in order of items: as text, with the bounds of their counts. The two are equal while no more items came than the sketch has counters; beyond, at_most - at_least is the same for all items, no more than 2 / capacity of the rows, and an item left out occurred no more often than that (D. Anderson et al., IMC 2017). No rows for NULL.';
CREATE FUNCTION approx_top_k_asked(top_k_sketch) RETURNS top_k_item[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_asked';
COMMENT ON FUNCTION approx_top_k_asked(top_k_sketch) IS 'Internal: the final function of approx_top_k.';

CREATE FUNCTION approx_top_k_add(top_k_sketch, bigint) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_add_bigint';
COMMENT ON FUNCTION approx_top_k_add(top_k_sketch, bigint) IS 'Internal: transition of approx_top_k_state.';
CREATE AGGREGATE approx_top_k_state(item bigint) (
  SFUNC = approx_top_k_add, STYPE = top_k_sketch, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k_state(bigint) IS
  'Sketch of how often items occurred, to be kept in rollups. Counts are exact up to 65,536 different items, whatever the order of rows and how they are split; beyond, the rarest are forgotten, and which they are depends on both, within the bounds that approx_top_k_value() gives. Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_ask(top_k_sketch, bigint, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_ask_bigint';
COMMENT ON FUNCTION approx_top_k_ask(top_k_sketch, bigint, int) IS 'Internal: transition of approx_top_k.';
CREATE AGGREGATE approx_top_k(item bigint, k int) (
  SFUNC = approx_top_k_ask, STYPE = top_k_sketch, FINALFUNC = approx_top_k_asked, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k(bigint, int) IS
  'The k (1 to 1,000,000, else 22023) most frequent items with the bounds of their counts, the most frequent first, equal ones in order of items; unnest() makes rows of it. Exact up to 65,536 different items; beyond see approx_top_k_value(). k is the same in all rows of a group (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_add(top_k_sketch, bigint, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_add_bigint';
COMMENT ON FUNCTION approx_top_k_add(top_k_sketch, bigint, int) IS 'Internal: transition of approx_top_k_state.';
CREATE AGGREGATE approx_top_k_state(item bigint, capacity int) (
  SFUNC = approx_top_k_add, STYPE = top_k_sketch, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k_state(bigint, int) IS
  'Sketch of how often items occurred, to be kept in rollups. Counts are exact up to capacity different items, whatever the order of rows and how they are split; beyond, the rarest are forgotten, and which they are depends on both, within the bounds that approx_top_k_value() gives. capacity is between 16 and 1,048,576 (else 22023) and the same in all rows (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_ask(top_k_sketch, bigint, int, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_ask_bigint';
COMMENT ON FUNCTION approx_top_k_ask(top_k_sketch, bigint, int, int) IS 'Internal: transition of approx_top_k.';
CREATE AGGREGATE approx_top_k(item bigint, k int, capacity int) (
  SFUNC = approx_top_k_ask, STYPE = top_k_sketch, FINALFUNC = approx_top_k_asked, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k(bigint, int, int) IS
  'The k (1 to 1,000,000, else 22023) most frequent items with the bounds of their counts, the most frequent first, equal ones in order of items; unnest() makes rows of it. Exact up to capacity different items; beyond see approx_top_k_value(). k is the same in all rows of a group (22023). capacity is between 16 and 1,048,576 (else 22023) and the same in all rows (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_add(top_k_sketch, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_add_int';
COMMENT ON FUNCTION approx_top_k_add(top_k_sketch, int) IS 'Internal: transition of approx_top_k_state.';
CREATE AGGREGATE approx_top_k_state(item int) (
  SFUNC = approx_top_k_add, STYPE = top_k_sketch, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k_state(int) IS
  'Sketch of how often items occurred, to be kept in rollups. Counts are exact up to 65,536 different items, whatever the order of rows and how they are split; beyond, the rarest are forgotten, and which they are depends on both, within the bounds that approx_top_k_value() gives. Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_ask(top_k_sketch, int, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_ask_int';
COMMENT ON FUNCTION approx_top_k_ask(top_k_sketch, int, int) IS 'Internal: transition of approx_top_k.';
CREATE AGGREGATE approx_top_k(item int, k int) (
  SFUNC = approx_top_k_ask, STYPE = top_k_sketch, FINALFUNC = approx_top_k_asked, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k(int, int) IS
  'The k (1 to 1,000,000, else 22023) most frequent items with the bounds of their counts, the most frequent first, equal ones in order of items; unnest() makes rows of it. Exact up to 65,536 different items; beyond see approx_top_k_value(). k is the same in all rows of a group (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_add(top_k_sketch, int, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_add_int';
COMMENT ON FUNCTION approx_top_k_add(top_k_sketch, int, int) IS 'Internal: transition of approx_top_k_state.';
CREATE AGGREGATE approx_top_k_state(item int, capacity int) (
  SFUNC = approx_top_k_add, STYPE = top_k_sketch, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k_state(int, int) IS
  'Sketch of how often items occurred, to be kept in rollups. Counts are exact up to capacity different items, whatever the order of rows and how they are split; beyond, the rarest are forgotten, and which they are depends on both, within the bounds that approx_top_k_value() gives. capacity is between 16 and 1,048,576 (else 22023) and the same in all rows (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_ask(top_k_sketch, int, int, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_ask_int';
COMMENT ON FUNCTION approx_top_k_ask(top_k_sketch, int, int, int) IS 'Internal: transition of approx_top_k.';
CREATE AGGREGATE approx_top_k(item int, k int, capacity int) (
  SFUNC = approx_top_k_ask, STYPE = top_k_sketch, FINALFUNC = approx_top_k_asked, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k(int, int, int) IS
  'The k (1 to 1,000,000, else 22023) most frequent items with the bounds of their counts, the most frequent first, equal ones in order of items; unnest() makes rows of it. Exact up to capacity different items; beyond see approx_top_k_value(). k is the same in all rows of a group (22023). capacity is between 16 and 1,048,576 (else 22023) and the same in all rows (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_add(top_k_sketch, text) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_add_text';
COMMENT ON FUNCTION approx_top_k_add(top_k_sketch, text) IS 'Internal: transition of approx_top_k_state.';
CREATE AGGREGATE approx_top_k_state(item text) (
  SFUNC = approx_top_k_add, STYPE = top_k_sketch, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k_state(text) IS
  'Sketch of how often items occurred, to be kept in rollups. Texts that their collation holds equal are one item. Counts are exact up to 65,536 different items, whatever the order of rows and how they are split; beyond, the rarest are forgotten, and which they are depends on both, within the bounds that approx_top_k_value() gives. Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_ask(top_k_sketch, text, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_ask_text';
COMMENT ON FUNCTION approx_top_k_ask(top_k_sketch, text, int) IS 'Internal: transition of approx_top_k.';
CREATE AGGREGATE approx_top_k(item text, k int) (
  SFUNC = approx_top_k_ask, STYPE = top_k_sketch, FINALFUNC = approx_top_k_asked, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k(text, int) IS
  'The k (1 to 1,000,000, else 22023) most frequent items with the bounds of their counts, the most frequent first, equal ones in order of items; unnest() makes rows of it. Texts that their collation holds equal are one item. Exact up to 65,536 different items; beyond see approx_top_k_value(). k is the same in all rows of a group (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_add(top_k_sketch, text, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_add_text';
COMMENT ON FUNCTION approx_top_k_add(top_k_sketch, text, int) IS 'Internal: transition of approx_top_k_state.';
CREATE AGGREGATE approx_top_k_state(item text, capacity int) (
  SFUNC = approx_top_k_add, STYPE = top_k_sketch, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k_state(text, int) IS
  'Sketch of how often items occurred, to be kept in rollups. Texts that their collation holds equal are one item. Counts are exact up to capacity different items, whatever the order of rows and how they are split; beyond, the rarest are forgotten, and which they are depends on both, within the bounds that approx_top_k_value() gives. capacity is between 16 and 1,048,576 (else 22023) and the same in all rows (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_ask(top_k_sketch, text, int, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_ask_text';
COMMENT ON FUNCTION approx_top_k_ask(top_k_sketch, text, int, int) IS 'Internal: transition of approx_top_k.';
CREATE AGGREGATE approx_top_k(item text, k int, capacity int) (
  SFUNC = approx_top_k_ask, STYPE = top_k_sketch, FINALFUNC = approx_top_k_asked, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k(text, int, int) IS
  'The k (1 to 1,000,000, else 22023) most frequent items with the bounds of their counts, the most frequent first, equal ones in order of items; unnest() makes rows of it. Texts that their collation holds equal are one item. Exact up to capacity different items; beyond see approx_top_k_value(). k is the same in all rows of a group (22023). capacity is between 16 and 1,048,576 (else 22023) and the same in all rows (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_add(top_k_sketch, uuid) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_add_uuid';
COMMENT ON FUNCTION approx_top_k_add(top_k_sketch, uuid) IS 'Internal: transition of approx_top_k_state.';
CREATE AGGREGATE approx_top_k_state(item uuid) (
  SFUNC = approx_top_k_add, STYPE = top_k_sketch, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k_state(uuid) IS
  'Sketch of how often items occurred, to be kept in rollups. Counts are exact up to 65,536 different items, whatever the order of rows and how they are split; beyond, the rarest are forgotten, and which they are depends on both, within the bounds that approx_top_k_value() gives. Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_ask(top_k_sketch, uuid, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_ask_uuid';
COMMENT ON FUNCTION approx_top_k_ask(top_k_sketch, uuid, int) IS 'Internal: transition of approx_top_k.';
CREATE AGGREGATE approx_top_k(item uuid, k int) (
  SFUNC = approx_top_k_ask, STYPE = top_k_sketch, FINALFUNC = approx_top_k_asked, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k(uuid, int) IS
  'The k (1 to 1,000,000, else 22023) most frequent items with the bounds of their counts, the most frequent first, equal ones in order of items; unnest() makes rows of it. Exact up to 65,536 different items; beyond see approx_top_k_value(). k is the same in all rows of a group (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_add(top_k_sketch, uuid, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_add_uuid';
COMMENT ON FUNCTION approx_top_k_add(top_k_sketch, uuid, int) IS 'Internal: transition of approx_top_k_state.';
CREATE AGGREGATE approx_top_k_state(item uuid, capacity int) (
  SFUNC = approx_top_k_add, STYPE = top_k_sketch, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k_state(uuid, int) IS
  'Sketch of how often items occurred, to be kept in rollups. Counts are exact up to capacity different items, whatever the order of rows and how they are split; beyond, the rarest are forgotten, and which they are depends on both, within the bounds that approx_top_k_value() gives. capacity is between 16 and 1,048,576 (else 22023) and the same in all rows (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE FUNCTION approx_top_k_ask(top_k_sketch, uuid, int, int) RETURNS top_k_sketch
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_approx_top_k_ask_uuid';
COMMENT ON FUNCTION approx_top_k_ask(top_k_sketch, uuid, int, int) IS 'Internal: transition of approx_top_k.';
CREATE AGGREGATE approx_top_k(item uuid, k int, capacity int) (
  SFUNC = approx_top_k_ask, STYPE = top_k_sketch, FINALFUNC = approx_top_k_asked, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k(uuid, int, int) IS
  'The k (1 to 1,000,000, else 22023) most frequent items with the bounds of their counts, the most frequent first, equal ones in order of items; unnest() makes rows of it. Exact up to capacity different items; beyond see approx_top_k_value(). k is the same in all rows of a group (22023). capacity is between 16 and 1,048,576 (else 22023) and the same in all rows (22023). Rows with a NULL are passed over, without rows it is NULL.';

CREATE AGGREGATE approx_top_k_merge(sketch top_k_sketch) (
  SFUNC = approx_top_k_combine, STYPE = top_k_sketch, COMBINEFUNC = approx_top_k_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_top_k_merge(top_k_sketch) IS
  'One sketch of the items of many, which must have the same capacity and items of one type and collation (else 22023). NULLs are passed over, without sketches it is NULL.';

CREATE FUNCTION sketch_info(sketch top_k_sketch, OUT form text, OUT version int, OUT bytes bigint, OUT items bigint, OUT capacity bigint, OUT relative_error float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_top_k_sketch_info';
COMMENT ON FUNCTION sketch_info(top_k_sketch) IS
  'What a sketch is: form (exact, or counters), version and size of the stored form, items (how many rows it has seen), capacity (counters), relative error (at_most - at_least as a share of the rows). NULL for NULL.';
