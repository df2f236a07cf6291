-- Heatmaps: pings per geohash cell, counted or fading.

CREATE TYPE heatmap;
CREATE FUNCTION heatmap_in(cstring) RETURNS heatmap
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_heatmap_in';
COMMENT ON FUNCTION heatmap_in(cstring) IS
  'Input of heatmap: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION heatmap_out(heatmap) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_heatmap_out';
COMMENT ON FUNCTION heatmap_out(heatmap) IS 'Output of heatmap: its stored form as base64.';
CREATE FUNCTION heatmap_recv(internal) RETURNS heatmap
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_heatmap_recv';
COMMENT ON FUNCTION heatmap_recv(internal) IS
  'Binary input of heatmap; bytes that are no such value are an error (22P03).';
CREATE FUNCTION heatmap_send(heatmap) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_heatmap_send';
COMMENT ON FUNCTION heatmap_send(heatmap) IS 'Binary output of heatmap: its stored form.';
CREATE TYPE heatmap (
  INPUT = heatmap_in, OUTPUT = heatmap_out, RECEIVE = heatmap_recv, SEND = heatmap_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE heatmap IS
  'Pings per geohash cell. Made by heatmap, merged by heatmap_merge, read by heatmap_cells; grows with the cells, not with the pings.';

CREATE FUNCTION heatmap_combine(heatmap, heatmap) RETURNS heatmap
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_heatmap_combine';
COMMENT ON FUNCTION heatmap_combine(heatmap, heatmap) IS
  'Internal: the counts of both added, which have to be of one precision (22023); NULL is nothing.';

CREATE FUNCTION heatmap_add(heatmap, float8, float8, int) RETURNS heatmap
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_heatmap_add_point';
COMMENT ON FUNCTION heatmap_add(heatmap, float8, float8, int) IS 'Internal: transition of heatmap.';
CREATE FUNCTION heatmap_add(heatmap, bigint) RETURNS heatmap
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_heatmap_add_cell';
COMMENT ON FUNCTION heatmap_add(heatmap, bigint) IS 'Internal: transition of heatmap.';
CREATE AGGREGATE heatmap(lat float8, lon float8, "precision" int) (
  SFUNC = heatmap_add, STYPE = heatmap, COMBINEFUNC = heatmap_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE heatmap(float8, float8, int) IS
  'Number of places in each geohash cell of a precision (1 to 12), as one value; heatmap_cells gives its rows. The same as GROUP BY geohash_cell(lat, lon, precision), quicker where cells are many, and mergeable. Rows with a NULL are left out, NULL for no rows; coordinates out of range (22003), another precision (22023) and precisions that differ between rows (22023) are errors.';
CREATE AGGREGATE heatmap(cell bigint) (
  SFUNC = heatmap_add, STYPE = heatmap, COMBINEFUNC = heatmap_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE heatmap(bigint) IS
  'Number of rows of each geohash cell, as one value. Rows with NULL are left out, NULL for no rows; a number that is no cell and cells of several precisions are errors (22023).';
CREATE AGGREGATE heatmap_merge(heatmap) (
  SFUNC = heatmap_combine, STYPE = heatmap, COMBINEFUNC = heatmap_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE heatmap_merge(heatmap) IS
  'The counts of all heatmaps added, which have to be of one precision (22023). NULL heatmaps are left out, NULL for no rows.';
CREATE FUNCTION heatmap_cells(heatmap heatmap) RETURNS TABLE (cell bigint, pings bigint)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'starhouse_heatmap_cells';
COMMENT ON FUNCTION heatmap_cells(heatmap) IS
  'The cells of a heatmap and their pings, in order of cells (geohash and geohash_bounds say where they are). No rows for NULL.';

CREATE TYPE decayed_heatmap;
CREATE FUNCTION decayed_heatmap_in(cstring) RETURNS decayed_heatmap
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_decayed_heatmap_in';
COMMENT ON FUNCTION decayed_heatmap_in(cstring) IS
  'Input of decayed_heatmap: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION decayed_heatmap_out(decayed_heatmap) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_decayed_heatmap_out';
COMMENT ON FUNCTION decayed_heatmap_out(decayed_heatmap) IS 'Output of decayed_heatmap: its stored form as base64.';
CREATE FUNCTION decayed_heatmap_recv(internal) RETURNS decayed_heatmap
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_decayed_heatmap_recv';
COMMENT ON FUNCTION decayed_heatmap_recv(internal) IS
  'Binary input of decayed_heatmap; bytes that are no such value are an error (22P03).';
CREATE FUNCTION decayed_heatmap_send(decayed_heatmap) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_decayed_heatmap_send';
COMMENT ON FUNCTION decayed_heatmap_send(decayed_heatmap) IS 'Binary output of decayed_heatmap: its stored form.';
CREATE TYPE decayed_heatmap (
  INPUT = decayed_heatmap_in, OUTPUT = decayed_heatmap_out, RECEIVE = decayed_heatmap_recv, SEND = decayed_heatmap_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE decayed_heatmap IS
  'Fading weight per geohash cell. Made by decayed_heatmap, merged by decayed_heatmap_merge, read by heatmap_cells; grows with the cells, not with the pings.';

CREATE FUNCTION decayed_heatmap_combine(decayed_heatmap, decayed_heatmap) RETURNS decayed_heatmap
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_decayed_heatmap_combine';
COMMENT ON FUNCTION decayed_heatmap_combine(decayed_heatmap, decayed_heatmap) IS
  'Internal: the weights of both added, which have to be of one precision and half-life (22023); NULL is nothing.';

CREATE FUNCTION decayed_heatmap_add(decayed_heatmap, float8, float8, timestamptz, int, interval) RETURNS decayed_heatmap
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_decayed_heatmap_add';
COMMENT ON FUNCTION decayed_heatmap_add(decayed_heatmap, float8, float8, timestamptz, int, interval) IS
  'Internal: transition of decayed_heatmap.';
CREATE AGGREGATE decayed_heatmap(lat float8, lon float8, ts timestamptz, "precision" int, half_life interval) (
  SFUNC = decayed_heatmap_add, STYPE = decayed_heatmap, COMBINEFUNC = decayed_heatmap_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE decayed_heatmap(float8, float8, timestamptz, int, interval) IS
  'Weight of each geohash cell of a precision (1 to 12) in which a ping counts 1 at its time and half as much each half_life later, as one value; heatmap_cells gives its rows as of a time. Order of rows and parts changes a weight by rounding alone (relative 2^-52 per ping at most). half_life is a millisecond or more, without months, the same in all rows like the precision (22023). Rows with a NULL are left out, NULL for no rows; coordinates out of range (22003) and infinite times (22008) are errors.';
CREATE AGGREGATE decayed_heatmap_merge(decayed_heatmap) (
  SFUNC = decayed_heatmap_combine, STYPE = decayed_heatmap, COMBINEFUNC = decayed_heatmap_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE decayed_heatmap_merge(decayed_heatmap) IS
  'The weights of all heatmaps added, which have to be of one precision and half-life (22023). NULL heatmaps are left out, NULL for no rows.';
CREATE FUNCTION heatmap_cells(heatmap decayed_heatmap, as_of timestamptz) RETURNS TABLE (cell bigint, weight float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 1000 AS 'MODULE_PATHNAME', 'starhouse_decayed_heatmap_cells';
COMMENT ON FUNCTION heatmap_cells(decayed_heatmap, timestamptz) IS
  'The cells of a fading heatmap and their weights as of a time, in order of cells. To rank or compare, take one as_of for all. An infinite as_of (22008), or one so long before the pings that a weight is no float8 (22003), is an error. No rows for NULL.';
