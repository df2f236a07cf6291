-- Counts and sums per key in one value, and the most frequent value.

CREATE TYPE sum_map;
CREATE FUNCTION sum_map_in(cstring) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_map_in';
COMMENT ON FUNCTION sum_map_in(cstring) IS
  'Input of sum_map: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION sum_map_out(sum_map) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_map_out';
COMMENT ON FUNCTION sum_map_out(sum_map) IS 'Output of sum_map: its stored form as base64.';
CREATE FUNCTION sum_map_recv(internal) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_map_recv';
COMMENT ON FUNCTION sum_map_recv(internal) IS
  'Binary input of sum_map; bytes that are no such value are an error (22P03).';
CREATE FUNCTION sum_map_send(sum_map) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_sum_map_send';
COMMENT ON FUNCTION sum_map_send(sum_map) IS 'Binary output of sum_map: its stored form.';
CREATE TYPE sum_map (
  INPUT = sum_map_in, OUTPUT = sum_map_out, RECEIVE = sum_map_recv, SEND = sum_map_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE sum_map IS
  'A count or a sum for each key: made by count_map or sum_map, added up by map_merge, read by map_rows. Its stored form is sorted and differences of neighbouring keys are kept: some three bytes for the count of one minute among many.';

CREATE FUNCTION map_combine(sum_map, sum_map) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_map_combine';
COMMENT ON FUNCTION map_combine(sum_map, sum_map) IS
  'Internal: two maps of an aggregate added up; NULL is nothing.';

CREATE FUNCTION count_map_add(sum_map, bigint) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_count_map_bigint';
COMMENT ON FUNCTION count_map_add(sum_map, bigint) IS 'Internal: transition of count_map and mode_fast.';
CREATE FUNCTION count_map_add(sum_map, int) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_count_map_int';
COMMENT ON FUNCTION count_map_add(sum_map, int) IS 'Internal: transition of count_map and mode_fast.';
CREATE FUNCTION count_map_add(sum_map, text) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_count_map_text';
COMMENT ON FUNCTION count_map_add(sum_map, text) IS 'Internal: transition of count_map and mode_fast.';
CREATE FUNCTION count_map_add(sum_map, uuid) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_count_map_uuid';
COMMENT ON FUNCTION count_map_add(sum_map, uuid) IS 'Internal: transition of count_map and mode_fast.';
CREATE FUNCTION count_map_add(sum_map, date) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_count_map_date';
COMMENT ON FUNCTION count_map_add(sum_map, date) IS 'Internal: transition of count_map and mode_fast.';
CREATE FUNCTION count_map_add(sum_map, timestamptz) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_count_map_timestamptz';
COMMENT ON FUNCTION count_map_add(sum_map, timestamptz) IS 'Internal: transition of count_map and mode_fast.';
CREATE FUNCTION sum_map_add(sum_map, bigint, int) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_bigint_int';
COMMENT ON FUNCTION sum_map_add(sum_map, bigint, int) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, bigint, bigint) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_bigint_bigint';
COMMENT ON FUNCTION sum_map_add(sum_map, bigint, bigint) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, bigint, numeric) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_bigint_numeric';
COMMENT ON FUNCTION sum_map_add(sum_map, bigint, numeric) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, bigint, float8) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_bigint_float8';
COMMENT ON FUNCTION sum_map_add(sum_map, bigint, float8) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, int, int) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_int_int';
COMMENT ON FUNCTION sum_map_add(sum_map, int, int) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, int, bigint) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_int_bigint';
COMMENT ON FUNCTION sum_map_add(sum_map, int, bigint) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, int, numeric) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_int_numeric';
COMMENT ON FUNCTION sum_map_add(sum_map, int, numeric) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, int, float8) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_int_float8';
COMMENT ON FUNCTION sum_map_add(sum_map, int, float8) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, text, int) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_text_int';
COMMENT ON FUNCTION sum_map_add(sum_map, text, int) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, text, bigint) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_text_bigint';
COMMENT ON FUNCTION sum_map_add(sum_map, text, bigint) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, text, numeric) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_text_numeric';
COMMENT ON FUNCTION sum_map_add(sum_map, text, numeric) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, text, float8) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_text_float8';
COMMENT ON FUNCTION sum_map_add(sum_map, text, float8) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, uuid, int) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_uuid_int';
COMMENT ON FUNCTION sum_map_add(sum_map, uuid, int) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, uuid, bigint) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_uuid_bigint';
COMMENT ON FUNCTION sum_map_add(sum_map, uuid, bigint) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, uuid, numeric) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_uuid_numeric';
COMMENT ON FUNCTION sum_map_add(sum_map, uuid, numeric) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, uuid, float8) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_uuid_float8';
COMMENT ON FUNCTION sum_map_add(sum_map, uuid, float8) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, date, int) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_date_int';
COMMENT ON FUNCTION sum_map_add(sum_map, date, int) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, date, bigint) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_date_bigint';
COMMENT ON FUNCTION sum_map_add(sum_map, date, bigint) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, date, numeric) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_date_numeric';
COMMENT ON FUNCTION sum_map_add(sum_map, date, numeric) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, date, float8) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_date_float8';
COMMENT ON FUNCTION sum_map_add(sum_map, date, float8) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, timestamptz, int) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_timestamptz_int';
COMMENT ON FUNCTION sum_map_add(sum_map, timestamptz, int) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, timestamptz, bigint) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_timestamptz_bigint';
COMMENT ON FUNCTION sum_map_add(sum_map, timestamptz, bigint) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, timestamptz, numeric) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_timestamptz_numeric';
COMMENT ON FUNCTION sum_map_add(sum_map, timestamptz, numeric) IS 'Internal: transition of sum_map.';
CREATE FUNCTION sum_map_add(sum_map, timestamptz, float8) RETURNS sum_map
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_sum_map_timestamptz_float8';
COMMENT ON FUNCTION sum_map_add(sum_map, timestamptz, float8) IS 'Internal: transition of sum_map.';

CREATE AGGREGATE count_map(key bigint) (
  SFUNC = count_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_map(bigint) IS
  'Number of rows of each key, as one value; map_rows gives its rows. The same as GROUP BY key with count(*), but in one pass within a group, and mergeable. NULLs are left out, NULL for no rows. A map has up to 1 GB in memory, some 25 million numbers as keys; beyond that is an error (54000).';
CREATE AGGREGATE count_map(key int) (
  SFUNC = count_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_map(int) IS
  'Number of rows of each key, as one value; map_rows gives its rows. The same as GROUP BY key with count(*), but in one pass within a group, and mergeable. NULLs are left out, NULL for no rows. A map has up to 1 GB in memory, some 25 million numbers as keys; beyond that is an error (54000).';
CREATE AGGREGATE count_map(key text) (
  SFUNC = count_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_map(text) IS
  'Number of rows of each key, as one value; map_rows gives its rows. The same as GROUP BY key with count(*), but in one pass within a group, and mergeable. Text keys are one where their collation holds them equal, and the first of them in order of bytes is shown. NULLs are left out, NULL for no rows. A map has up to 1 GB in memory, some 25 million numbers as keys; beyond that is an error (54000).';
CREATE AGGREGATE count_map(key uuid) (
  SFUNC = count_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_map(uuid) IS
  'Number of rows of each key, as one value; map_rows gives its rows. The same as GROUP BY key with count(*), but in one pass within a group, and mergeable. NULLs are left out, NULL for no rows. A map has up to 1 GB in memory, some 25 million numbers as keys; beyond that is an error (54000).';
CREATE AGGREGATE count_map(key date) (
  SFUNC = count_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_map(date) IS
  'Number of rows of each key, as one value; map_rows gives its rows. The same as GROUP BY key with count(*), but in one pass within a group, and mergeable. NULLs are left out, NULL for no rows. A map has up to 1 GB in memory, some 25 million numbers as keys; beyond that is an error (54000).';
CREATE AGGREGATE count_map(key timestamptz) (
  SFUNC = count_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE count_map(timestamptz) IS
  'Number of rows of each key, as one value; map_rows gives its rows. The same as GROUP BY key with count(*), but in one pass within a group, and mergeable. NULLs are left out, NULL for no rows. A map has up to 1 GB in memory, some 25 million numbers as keys; beyond that is an error (54000).';
CREATE AGGREGATE sum_map(key bigint, value int) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(bigint, int) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key bigint, value bigint) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(bigint, bigint) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact and may pass the range of bigint: ask map_rows for numeric then. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key bigint, value numeric) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(bigint, numeric) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact, with as many decimals as the value that has most, NaN and infinities as in sum(); a value or a sum of more than 38 digits is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key bigint, value float8) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(bigint, float8) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are of twice the precision of float8 until they are read, so that order and splits of the rows show in the last bit at most, unless values cancel out; a sum out of range is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key int, value int) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(int, int) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key int, value bigint) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(int, bigint) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact and may pass the range of bigint: ask map_rows for numeric then. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key int, value numeric) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(int, numeric) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact, with as many decimals as the value that has most, NaN and infinities as in sum(); a value or a sum of more than 38 digits is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key int, value float8) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(int, float8) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are of twice the precision of float8 until they are read, so that order and splits of the rows show in the last bit at most, unless values cancel out; a sum out of range is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key text, value int) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(text, int) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact. Text keys are one where their collation holds them equal, and the first of them in order of bytes is shown. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key text, value bigint) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(text, bigint) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact and may pass the range of bigint: ask map_rows for numeric then. Text keys are one where their collation holds them equal, and the first of them in order of bytes is shown. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key text, value numeric) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(text, numeric) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact, with as many decimals as the value that has most, NaN and infinities as in sum(); a value or a sum of more than 38 digits is an error (22003). Text keys are one where their collation holds them equal, and the first of them in order of bytes is shown. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key text, value float8) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(text, float8) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are of twice the precision of float8 until they are read, so that order and splits of the rows show in the last bit at most, unless values cancel out; a sum out of range is an error (22003). Text keys are one where their collation holds them equal, and the first of them in order of bytes is shown. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key uuid, value int) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(uuid, int) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key uuid, value bigint) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(uuid, bigint) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact and may pass the range of bigint: ask map_rows for numeric then. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key uuid, value numeric) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(uuid, numeric) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact, with as many decimals as the value that has most, NaN and infinities as in sum(); a value or a sum of more than 38 digits is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key uuid, value float8) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(uuid, float8) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are of twice the precision of float8 until they are read, so that order and splits of the rows show in the last bit at most, unless values cancel out; a sum out of range is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key date, value int) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(date, int) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key date, value bigint) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(date, bigint) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact and may pass the range of bigint: ask map_rows for numeric then. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key date, value numeric) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(date, numeric) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact, with as many decimals as the value that has most, NaN and infinities as in sum(); a value or a sum of more than 38 digits is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key date, value float8) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(date, float8) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are of twice the precision of float8 until they are read, so that order and splits of the rows show in the last bit at most, unless values cancel out; a sum out of range is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key timestamptz, value int) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(timestamptz, int) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key timestamptz, value bigint) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(timestamptz, bigint) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact and may pass the range of bigint: ask map_rows for numeric then. Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key timestamptz, value numeric) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(timestamptz, numeric) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are exact, with as many decimals as the value that has most, NaN and infinities as in sum(); a value or a sum of more than 38 digits is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE sum_map(key timestamptz, value float8) (
  SFUNC = sum_map_add, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE sum_map(timestamptz, float8) IS
  'Sum of the values of each key, as one value; map_rows gives its rows. Sums are of twice the precision of float8 until they are read, so that order and splits of the rows show in the last bit at most, unless values cancel out; a sum out of range is an error (22003). Rows in which either is NULL are left out, NULL for no rows. A map past 1 GB in memory is an error (54000).';
CREATE AGGREGATE map_merge(map sum_map) (
  SFUNC = map_combine, STYPE = sum_map, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE map_merge(sum_map) IS
  'All maps added up, key by key; they have to have keys of one type and values of one kind: counts, sums of int, bigint or numeric, or sums of float8 (22023). NULLs are left out, NULL for no maps.';

CREATE FUNCTION map_rows(map sum_map) RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'starhouse_map_rows';
COMMENT ON FUNCTION map_rows(sum_map) IS
  'The keys of a map and their values, in order of keys (texts: in order of bytes, or of the sort keys of a nondeterministic collation), as rows of two columns that the caller names with their types: FROM map_rows(map) AS r(key timestamptz, value bigint). The key''s type is that of the keys, or int where it was bigint; the value''s is bigint (not for sums of float8), numeric or float8. Other types are errors (42804), as is what does not fit into the one asked for (22003), or a bigint of a sum with decimals (22023). No rows for NULL.';
CREATE FUNCTION map_size(map sum_map) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_size';
COMMENT ON FUNCTION map_size(sum_map) IS 'How many keys a map has. NULL for NULL.';
CREATE FUNCTION map_value(map sum_map, key bigint) RETURNS numeric
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_value_bigint';
COMMENT ON FUNCTION map_value(sum_map, bigint) IS
  'The count or sum of a key; NULL where the map has no such key, and for NULL. A map with keys of another type is an error (22023).';
CREATE FUNCTION map_value(map sum_map, key text) RETURNS numeric
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_value_text';
COMMENT ON FUNCTION map_value(sum_map, text) IS
  'The count or sum of a key; NULL where the map has no such key, and for NULL. A map with keys of another type is an error (22023).';
CREATE FUNCTION map_value(map sum_map, key uuid) RETURNS numeric
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_value_uuid';
COMMENT ON FUNCTION map_value(sum_map, uuid) IS
  'The count or sum of a key; NULL where the map has no such key, and for NULL. A map with keys of another type is an error (22023).';
CREATE FUNCTION map_value(map sum_map, key date) RETURNS numeric
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_value_date';
COMMENT ON FUNCTION map_value(sum_map, date) IS
  'The count or sum of a key; NULL where the map has no such key, and for NULL. A map with keys of another type is an error (22023).';
CREATE FUNCTION map_value(map sum_map, key timestamptz) RETURNS numeric
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_value_timestamptz';
COMMENT ON FUNCTION map_value(sum_map, timestamptz) IS
  'The count or sum of a key; NULL where the map has no such key, and for NULL. A map with keys of another type is an error (22023).';

CREATE FUNCTION map_mode_bigint(map sum_map) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_mode_bigint';
COMMENT ON FUNCTION map_mode_bigint(sum_map) IS
  'The key with the largest count in a count_map, of several the first in order. NULL for NULL; a map with keys of another type, or of sums, is an error (22023).';
CREATE AGGREGATE mode_fast(value bigint) (
  SFUNC = count_map_add, STYPE = sum_map, FINALFUNC = map_mode_bigint, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mode_fast(bigint) IS
  'The most frequent value, of several equally frequent ones the first in order: mode() WITHIN GROUP (ORDER BY value) without the sort, and in parallel. NULLs are left out, NULL for no rows. Distinct values past 1 GB in memory are an error (54000).';
CREATE FUNCTION map_mode_int(map sum_map) RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_mode_int';
COMMENT ON FUNCTION map_mode_int(sum_map) IS
  'The key with the largest count in a count_map, of several the first in order. NULL for NULL; a map with keys of another type, or of sums, is an error (22023).';
CREATE AGGREGATE mode_fast(value int) (
  SFUNC = count_map_add, STYPE = sum_map, FINALFUNC = map_mode_int, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mode_fast(int) IS
  'The most frequent value, of several equally frequent ones the first in order: mode() WITHIN GROUP (ORDER BY value) without the sort, and in parallel. NULLs are left out, NULL for no rows. Distinct values past 1 GB in memory are an error (54000).';
CREATE FUNCTION map_mode_text(map sum_map) RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_mode_text';
COMMENT ON FUNCTION map_mode_text(sum_map) IS
  'The key with the largest count in a count_map, of several the first in order of bytes. NULL for NULL; a map with keys of another type, or of sums, is an error (22023).';
CREATE AGGREGATE mode_fast(value text) (
  SFUNC = count_map_add, STYPE = sum_map, FINALFUNC = map_mode_text, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mode_fast(text) IS
  'The most frequent value, of several equally frequent ones the first in order of bytes (of texts that a nondeterministic collation holds equal, the first is shown): mode() WITHIN GROUP (ORDER BY value) without the sort, and in parallel. NULLs are left out, NULL for no rows. Distinct values past 1 GB in memory are an error (54000).';
CREATE FUNCTION map_mode_uuid(map sum_map) RETURNS uuid
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_mode_uuid';
COMMENT ON FUNCTION map_mode_uuid(sum_map) IS
  'The key with the largest count in a count_map, of several the first in order. NULL for NULL; a map with keys of another type, or of sums, is an error (22023).';
CREATE AGGREGATE mode_fast(value uuid) (
  SFUNC = count_map_add, STYPE = sum_map, FINALFUNC = map_mode_uuid, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mode_fast(uuid) IS
  'The most frequent value, of several equally frequent ones the first in order: mode() WITHIN GROUP (ORDER BY value) without the sort, and in parallel. NULLs are left out, NULL for no rows. Distinct values past 1 GB in memory are an error (54000).';
CREATE FUNCTION map_mode_date(map sum_map) RETURNS date
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_mode_date';
COMMENT ON FUNCTION map_mode_date(sum_map) IS
  'The key with the largest count in a count_map, of several the first in order. NULL for NULL; a map with keys of another type, or of sums, is an error (22023).';
CREATE AGGREGATE mode_fast(value date) (
  SFUNC = count_map_add, STYPE = sum_map, FINALFUNC = map_mode_date, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mode_fast(date) IS
  'The most frequent value, of several equally frequent ones the first in order: mode() WITHIN GROUP (ORDER BY value) without the sort, and in parallel. NULLs are left out, NULL for no rows. Distinct values past 1 GB in memory are an error (54000).';
CREATE FUNCTION map_mode_timestamptz(map sum_map) RETURNS timestamptz
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_map_mode_timestamptz';
COMMENT ON FUNCTION map_mode_timestamptz(sum_map) IS
  'The key with the largest count in a count_map, of several the first in order. NULL for NULL; a map with keys of another type, or of sums, is an error (22023).';
CREATE AGGREGATE mode_fast(value timestamptz) (
  SFUNC = count_map_add, STYPE = sum_map, FINALFUNC = map_mode_timestamptz, COMBINEFUNC = map_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE mode_fast(timestamptz) IS
  'The most frequent value, of several equally frequent ones the first in order: mode() WITHIN GROUP (ORDER BY value) without the sort, and in parallel. NULLs are left out, NULL for no rows. Distinct values past 1 GB in memory are an error (54000).';
