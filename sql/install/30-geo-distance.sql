-- Distances, bearings and destinations.

CREATE FUNCTION distance_m(lat1 float8, lon1 float8, lat2 float8, lon2 float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_distance_m';
COMMENT ON FUNCTION distance_m(float8, float8, float8, float8) IS
  'Metres between two places along the great circle of a sphere of radius 6371008.7714 m, the mean radius of WGS 84 (haversine). The earth''s own distance, geodesic_m, differs by up to 0.56 %. Latitude -90..90, longitude -360..360 in degrees. NULL for a NULL argument; NaN, infinity and what is out of range are errors (22003).';

CREATE FUNCTION geodesic_m(lat1 float8, lon1 float8, lat2 float8, lon2 float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 2
  AS 'MODULE_PATHNAME', 'starhouse_geodesic_m';
COMMENT ON FUNCTION geodesic_m(float8, float8, float8, float8) IS
  'Metres between two places along the shortest line on the ellipsoid WGS 84, within 0.01 mm anywhere on the globe, antipodes included (C. F. F. Karney, Algorithms for geodesics, 2013). Latitude -90..90, longitude -360..360 in degrees. NULL for a NULL argument; NaN, infinity and what is out of range are errors (22003).';

CREATE FUNCTION initial_bearing(lat1 float8, lon1 float8, lat2 float8, lon2 float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 5
  AS 'MODULE_PATHNAME', 'starhouse_initial_bearing';
COMMENT ON FUNCTION initial_bearing(float8, float8, float8, float8) IS
  'Degrees clockwise from north, 0 to under 360, in which the shortest line on WGS 84 from the first place to the second sets out. NULL between equal places and for a NULL argument. Latitude -90..90, longitude -360..360; anything else is an error (22003).';

CREATE FUNCTION destination(
    lat float8, lon float8, bearing float8, metres float8, OUT lat2 float8, OUT lon2 float8)
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 5
  AS 'MODULE_PATHNAME', 'starhouse_destination';
COMMENT ON FUNCTION destination(float8, float8, float8, float8) IS
  'Where one arrives on WGS 84, setting out from a place at a bearing (degrees clockwise from north) and going straight on for a number of metres, backwards if it is negative. lon2 lies in -180..180. NULL for a NULL argument; coordinates out of range, NaN and infinities are errors (22003).';
