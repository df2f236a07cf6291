-- Geohash cells: encode, decode, neighbours, families, ranges.

CREATE FUNCTION geohash(lat float8, lon float8, "precision" int DEFAULT 12) RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash';
COMMENT ON FUNCTION geohash(float8, float8, int) IS
  'Geohash of a place as text: 1 to 12 characters of base 32, lower case (G. Niemeyer 2008). lat -90..90 and lon -180..180 in degrees; a cell holds its southern and western edge, latitude 90 and longitude 180 belong to the last cells. NULL for a NULL argument; a coordinate that is NaN, infinite or out of range is an error (22003), another precision too (22023).';

CREATE FUNCTION geohash_cell(lat float8, lon float8, "precision" int DEFAULT 12) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_cell';
COMMENT ON FUNCTION geohash_cell(float8, float8, int) IS
  'Geohash of a place as an integer cell: the bits of the text left-aligned in 60, a one, zeros. Always positive, cells of one precision sort as their texts do, and its descendants are one range (geohash_range). Arguments and errors as geohash(lat, lon, precision): 22003 for a coordinate, 22023 for the precision; NULL for a NULL argument.';

CREATE FUNCTION geohash_cell(hash text) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_cell_of_text';
COMMENT ON FUNCTION geohash_cell(text) IS
  'The integer cell of a geohash in text; upper case is read as lower case. NULL for NULL; an empty text, more than 12 characters, a, i, l, o or any other character outside base 32 is an error (22P02).';

CREATE FUNCTION geohash(cell bigint) RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_of_cell';
COMMENT ON FUNCTION geohash(bigint) IS
  'The geohash of an integer cell as text, lower case. NULL for NULL; a number that is no cell is an error (22023).';

CREATE FUNCTION geohash_precision(cell bigint) RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_precision';
COMMENT ON FUNCTION geohash_precision(bigint) IS
  'Precision of a cell, 1 to 12: the number of characters of its text. NULL for NULL; a number that is no cell is an error (22023).';

CREATE FUNCTION geohash_precision(hash text) RETURNS int
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN geohash_precision(geohash_cell(hash));
COMMENT ON FUNCTION geohash_precision(text) IS
  'Precision of a geohash in text, 1 to 12. NULL for NULL; a text that is no geohash is an error (22P02).';

CREATE FUNCTION geohash_bounds(
    cell bigint, OUT lat_min float8, OUT lon_min float8, OUT lat_max float8, OUT lon_max float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_bounds';
COMMENT ON FUNCTION geohash_bounds(bigint) IS
  'Edges of a cell in degrees, exact. The southern and western edge belong to the cell, the others to its neighbours (but for latitude 90 and longitude 180). NULL for NULL; a number that is no cell is an error (22023).';

CREATE FUNCTION geohash_bounds(
    hash text, OUT lat_min float8, OUT lon_min float8, OUT lat_max float8, OUT lon_max float8)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN geohash_bounds(geohash_cell(hash));
COMMENT ON FUNCTION geohash_bounds(text) IS
  'Edges of a geohash in degrees, exact, as geohash_bounds(bigint). NULL for NULL; a text that is no geohash is an error (22P02).';

CREATE FUNCTION geohash_decode(
    cell bigint, OUT lat float8, OUT lon float8, OUT lat_error float8, OUT lon_error float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_decode';
COMMENT ON FUNCTION geohash_decode(bigint) IS
  'Centre of a cell and how far its edges are from there, all in degrees and exact: the place that was encoded is lat +- lat_error, lon +- lon_error. NULL for NULL; a number that is no cell is an error (22023).';

CREATE FUNCTION geohash_decode(
    hash text, OUT lat float8, OUT lon float8, OUT lat_error float8, OUT lon_error float8)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN geohash_decode(geohash_cell(hash));
COMMENT ON FUNCTION geohash_decode(text) IS
  'Centre of a geohash and how far its edges are from there, in degrees, as geohash_decode(bigint). NULL for NULL; a text that is no geohash is an error (22P02).';

CREATE FUNCTION geohash_range(cell bigint, OUT lo bigint, OUT hi bigint)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_range';
COMMENT ON FUNCTION geohash_range(bigint) IS
  'The smallest and the largest integer among a cell and all its descendants: WHERE cell BETWEEN lo AND hi is "begins with this geohash", answered by a B-tree. No other cell lies between. NULL for NULL; a number that is no cell is an error (22023).';

CREATE FUNCTION geohash_range(hash text, OUT lo bigint, OUT hi bigint)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN geohash_range(geohash_cell(hash));
COMMENT ON FUNCTION geohash_range(text) IS
  'The range of integer cells that begin with a geohash in text, as geohash_range(bigint). NULL for NULL; a text that is no geohash is an error (22P02).';

CREATE FUNCTION geohash_neighbor(cell bigint, direction text) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_neighbor';
COMMENT ON FUNCTION geohash_neighbor(bigint, text) IS
  'The cell of the same precision next to a cell: direction is n, ne, e, se, s, sw, w or nw, any case. Goes on across the date line; NULL beyond a pole, and for a NULL argument. A number that is no cell or another direction is an error (22023).';

CREATE FUNCTION geohash_neighbor(hash text, direction text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN geohash(geohash_neighbor(geohash_cell(hash), direction));
COMMENT ON FUNCTION geohash_neighbor(text, text) IS
  'The geohash next to a geohash in text, as geohash_neighbor(bigint, text): NULL beyond a pole and for a NULL argument, 22P02 for a text that is no geohash, 22023 for another direction.';

CREATE FUNCTION geohash_neighbors(
    cell bigint, OUT n bigint, OUT ne bigint, OUT e bigint, OUT se bigint,
    OUT s bigint, OUT sw bigint, OUT w bigint, OUT nw bigint)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_neighbors';
COMMENT ON FUNCTION geohash_neighbors(bigint) IS
  'The eight cells around a cell, clockwise from north. Across the date line the grid goes on; beyond a pole there is NULL. NULL for NULL; a number that is no cell is an error (22023).';

CREATE FUNCTION geohash_neighbors(
    hash text, OUT n text, OUT ne text, OUT e text, OUT se text,
    OUT s text, OUT sw text, OUT w text, OUT nw text)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
BEGIN ATOMIC
  SELECT geohash(r.n), geohash(r.ne), geohash(r.e), geohash(r.se),
         geohash(r.s), geohash(r.sw), geohash(r.w), geohash(r.nw)
  FROM geohash_neighbors(geohash_cell(hash)) AS r;
END;
COMMENT ON FUNCTION geohash_neighbors(text) IS
  'The eight geohashes around a geohash in text, as geohash_neighbors(bigint): NULL beyond a pole and for NULL, 22P02 for a text that is no geohash.';

CREATE FUNCTION geohash_parent(cell bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_parent';
COMMENT ON FUNCTION geohash_parent(bigint) IS
  'The next coarser cell that holds a cell; NULL for one of precision 1 and for NULL. A number that is no cell is an error (22023).';

CREATE FUNCTION geohash_parent(cell bigint, "precision" int) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_parent';
COMMENT ON FUNCTION geohash_parent(bigint, int) IS
  'The cell of a coarser precision (or its own) that holds a cell: rolls a fine heatmap up. NULL for a NULL argument; a finer precision, one outside 1..12 or a number that is no cell is an error (22023).';

CREATE FUNCTION geohash_parent(hash text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN geohash(geohash_parent(geohash_cell(hash)));
COMMENT ON FUNCTION geohash_parent(text) IS
  'The geohash without its last character; NULL for one character and for NULL. A text that is no geohash is an error (22P02).';

CREATE FUNCTION geohash_parent(hash text, "precision" int) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN geohash(geohash_parent(geohash_cell(hash), "precision"));
COMMENT ON FUNCTION geohash_parent(text, int) IS
  'The first characters of a geohash: its ancestor of a precision. NULL for a NULL argument; a text that is no geohash is an error (22P02), a finer precision or one outside 1..12 too (22023).';

CREATE FUNCTION geohash_children(cell bigint) RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_children';
COMMENT ON FUNCTION geohash_children(bigint) IS
  'The 32 cells of the next precision inside a cell, ascending. NULL for NULL; a cell of precision 12 has none and is an error (22023), as is a number that is no cell.';

CREATE FUNCTION geohash_children(cell bigint, "precision" int) RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_geohash_children';
COMMENT ON FUNCTION geohash_children(bigint, int) IS
  'All cells of a finer precision (or its own) inside a cell, ascending: 32 for each step, at most four steps (54000). NULL for a NULL argument; a coarser precision, one outside 1..12 or a number that is no cell is an error (22023).';

CREATE FUNCTION geohash_children(hash text) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN ARRAY(SELECT geohash(c) FROM unnest(geohash_children(geohash_cell(hash))) AS c ORDER BY c);
COMMENT ON FUNCTION geohash_children(text) IS
  'The 32 geohashes one character longer, ascending. NULL for NULL; a text that is no geohash is an error (22P02), one of 12 characters too (22023).';

-- Sets of cells: boxes and circles, compaction, index ranges.

CREATE FUNCTION geohash_box(
    lat_min float8, lon_min float8, lat_max float8, lon_max float8, "precision" int,
    max_cells int DEFAULT 100000)
  RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 1000
  AS 'MODULE_PATHNAME', 'starhouse_geohash_box';
COMMENT ON FUNCTION geohash_box(float8, float8, float8, float8, int, int) IS
  'The cells of a precision that hold a point of a box (degrees, edges included), ascending. lon_min greater than lon_max means a box across the date line. NULL for a NULL argument; coordinates out of range are errors (22003), so are lat_min greater than lat_max, a precision outside 1..12 and max_cells outside 1..10000000 (22023), and a box of more than max_cells cells (54000).';

CREATE FUNCTION geohash_within(
    lat float8, lon float8, metres float8, "precision" int, max_cells int DEFAULT 100000)
  RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 1000
  AS 'MODULE_PATHNAME', 'starhouse_geohash_within';
COMMENT ON FUNCTION geohash_within(float8, float8, float8, int, int) IS
  'The cells of a precision around a place, ascending: every point within metres on WGS 84 lies in one of them, across the date line and around the poles too. A cell that misses the circle by up to 0.7 % of the radius may be among them. NULL for a NULL argument; coordinates out of range and a radius that is negative, NaN or infinite are errors (22003), so are a precision outside 1..12 and max_cells outside 1..10000000 (22023), and more than max_cells cells (54000).';

CREATE FUNCTION geohash_compact(cells bigint[]) RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 100
  AS 'MODULE_PATHNAME', 'starhouse_geohash_compact';
COMMENT ON FUNCTION geohash_compact(bigint[]) IS
  'The fewest cells, of mixed precision, with the same area: no cell twice or inside another one, 32 children replaced by their parent; ascending. NULL for NULL, {} for {}; a NULL element is an error (22004), a number that is no cell too (22023).';

CREATE FUNCTION geohash_ranges(cells bigint[], OUT lo bigint, OUT hi bigint)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 100 ROWS 20
  AS 'MODULE_PATHNAME', 'starhouse_geohash_ranges';
COMMENT ON FUNCTION geohash_ranges(bigint[]) IS
  'Ranges of integers that hold the cells and all their descendants, neighbouring ones joined, ascending: a join on column BETWEEN lo AND hi looks points up by a B-tree. Between two joined neighbours lies the number of one cell coarser than they are: have points in a column of one precision, at least as fine. No rows for NULL; a NULL element is an error (22004), a number that is no cell too (22023).';

CREATE FUNCTION geohash_search_ranges(
    lat float8, lon float8, metres float8, max_ranges int DEFAULT 16, OUT lo bigint, OUT hi bigint)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 1000 ROWS 20
  AS 'MODULE_PATHNAME', 'starhouse_geohash_search_ranges';
COMMENT ON FUNCTION geohash_search_ranges(float8, float8, float8, int) IS
  'Ranges of integers that hold every cell, of whatever precision, with a point within metres of a place on WGS 84, ascending: what nearest() looks up in a B-tree. At most max_ranges (1..10000), coarser than the circle where that asks for it, and one for each coarser cell around them; rows found have still to be compared by distance. No rows for a NULL argument; coordinates out of range and a radius that is negative, NaN or infinite are errors (22003), max_ranges out of range too (22023).';
