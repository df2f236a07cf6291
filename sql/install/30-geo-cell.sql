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
