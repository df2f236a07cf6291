-- Keys of a batch (src/pg/stream_distinct.cpp).

CREATE FUNCTION distinct_values(query text, OUT column_no int, OUT value text)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 1000
  AS 'MODULE_PATHNAME', 'starhouse_distinct_values';
COMMENT ON FUNCTION distinct_values(text) IS
  'The distinct values of each column of a query, all of them text, in one pass over its rows: column_no from 1 on, and each value once (by its bytes), NULLs left out, in the order in which they first came. For the keys of several dimensions in a batch. 42804 for a column of another type, 22023 for what is no query, 54000 beyond 10,000,000 values. NULL gives none.';
