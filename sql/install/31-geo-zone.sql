-- Zones: which area a point lies in.

CREATE TYPE zone_index;
CREATE FUNCTION zone_index_in(cstring) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_zone_index_in';
COMMENT ON FUNCTION zone_index_in(cstring) IS
  'Input of zone_index: base64 as its output writes it; anything else is an error (22P02).';
CREATE FUNCTION zone_index_out(zone_index) RETURNS cstring
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_zone_index_out';
COMMENT ON FUNCTION zone_index_out(zone_index) IS 'Output of zone_index: its stored form as base64.';
CREATE FUNCTION zone_index_recv(internal) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_zone_index_recv';
COMMENT ON FUNCTION zone_index_recv(internal) IS
  'Binary input of zone_index; bytes that are no such value are an error (22P03).';
CREATE FUNCTION zone_index_send(zone_index) RETURNS bytea
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT AS 'MODULE_PATHNAME', 'starhouse_zone_index_send';
COMMENT ON FUNCTION zone_index_send(zone_index) IS 'Binary output of zone_index: its stored form.';
CREATE TYPE zone_index (
  INPUT = zone_index_in, OUTPUT = zone_index_out, RECEIVE = zone_index_recv, SEND = zone_index_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE zone_index IS
  'Zones with their ids as one value, made by zone_index_agg and asked by zone_of, zone_id_of and zones_of. Exact, compact (coordinates with up to nine decimals take two to four bytes each), the same on every machine; can be stored, sent and passed to other servers.';

CREATE FUNCTION zone_index_combine(zone_index, zone_index) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_zone_index_combine';
COMMENT ON FUNCTION zone_index_combine(zone_index, zone_index) IS
  'Internal: the zones of both; NULL is no zones.';

CREATE FUNCTION zone_index_add_number_text(zone_index, bigint, text) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_zone_index_number_text';
COMMENT ON FUNCTION zone_index_add_number_text(zone_index, bigint, text) IS 'Internal: transition of zone_index_agg.';
CREATE AGGREGATE zone_index_agg(id bigint, shape text) (
  SFUNC = zone_index_add_number_text, STYPE = zone_index, COMBINEFUNC = zone_index_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE zone_index_agg(bigint, text) IS
  'Zones as one value: ids are whole numbers, shapes GeoJSON, WKT or EWKT, or hexadecimal WKB (recognised by its first character). Degrees, WGS 84; edges are straight in longitude and latitude. Several rows of one id are one zone; rows with a NULL id or shape are left out, NULL for no rows. A shape that cannot be read is an error (22P02 or 22P03) that names the zone.';

CREATE FUNCTION zone_index_add_number_jsonb(zone_index, bigint, jsonb) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_zone_index_number_jsonb';
COMMENT ON FUNCTION zone_index_add_number_jsonb(zone_index, bigint, jsonb) IS 'Internal: transition of zone_index_agg.';
CREATE AGGREGATE zone_index_agg(id bigint, shape jsonb) (
  SFUNC = zone_index_add_number_jsonb, STYPE = zone_index, COMBINEFUNC = zone_index_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE zone_index_agg(bigint, jsonb) IS
  'Zones as one value: ids are whole numbers, shapes GeoJSON. Degrees, WGS 84; edges are straight in longitude and latitude. Several rows of one id are one zone; rows with a NULL id or shape are left out, NULL for no rows. A shape that cannot be read is an error (22P02) that names the zone.';

CREATE FUNCTION zone_index_add_number_wkb(zone_index, bigint, bytea) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_zone_index_number_wkb';
COMMENT ON FUNCTION zone_index_add_number_wkb(zone_index, bigint, bytea) IS 'Internal: transition of zone_index_agg.';
CREATE AGGREGATE zone_index_agg(id bigint, shape bytea) (
  SFUNC = zone_index_add_number_wkb, STYPE = zone_index, COMBINEFUNC = zone_index_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE zone_index_agg(bigint, bytea) IS
  'Zones as one value: ids are whole numbers, shapes WKB or EWKB, as ST_AsBinary and ST_AsEWKB of PostGIS write it. Degrees, WGS 84; edges are straight in longitude and latitude. Several rows of one id are one zone; rows with a NULL id or shape are left out, NULL for no rows. A shape that cannot be read is an error (22P03) that names the zone.';

CREATE FUNCTION zone_index_add_number_polygon(zone_index, bigint, polygon) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_zone_index_number_polygon';
COMMENT ON FUNCTION zone_index_add_number_polygon(zone_index, bigint, polygon) IS 'Internal: transition of zone_index_agg.';
CREATE AGGREGATE zone_index_agg(id bigint, shape polygon) (
  SFUNC = zone_index_add_number_polygon, STYPE = zone_index, COMBINEFUNC = zone_index_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE zone_index_agg(bigint, polygon) IS
  'Zones as one value: ids are whole numbers, shapes a polygon of points (longitude, latitude). Degrees, WGS 84; edges are straight in longitude and latitude. Several rows of one id are one zone; rows with a NULL id or shape are left out, NULL for no rows. A shape that cannot be read is an error (22023) that names the zone.';

CREATE FUNCTION zone_index_add_text_text(zone_index, text, text) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_zone_index_text_text';
COMMENT ON FUNCTION zone_index_add_text_text(zone_index, text, text) IS 'Internal: transition of zone_index_agg.';
CREATE AGGREGATE zone_index_agg(id text, shape text) (
  SFUNC = zone_index_add_text_text, STYPE = zone_index, COMBINEFUNC = zone_index_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE zone_index_agg(text, text) IS
  'Zones as one value: ids are texts, ordered by their bytes, shapes GeoJSON, WKT or EWKT, or hexadecimal WKB (recognised by its first character). Degrees, WGS 84; edges are straight in longitude and latitude. Several rows of one id are one zone; rows with a NULL id or shape are left out, NULL for no rows. A shape that cannot be read is an error (22P02 or 22P03) that names the zone.';

CREATE FUNCTION zone_index_add_text_jsonb(zone_index, text, jsonb) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_zone_index_text_jsonb';
COMMENT ON FUNCTION zone_index_add_text_jsonb(zone_index, text, jsonb) IS 'Internal: transition of zone_index_agg.';
CREATE AGGREGATE zone_index_agg(id text, shape jsonb) (
  SFUNC = zone_index_add_text_jsonb, STYPE = zone_index, COMBINEFUNC = zone_index_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE zone_index_agg(text, jsonb) IS
  'Zones as one value: ids are texts, ordered by their bytes, shapes GeoJSON. Degrees, WGS 84; edges are straight in longitude and latitude. Several rows of one id are one zone; rows with a NULL id or shape are left out, NULL for no rows. A shape that cannot be read is an error (22P02) that names the zone.';

CREATE FUNCTION zone_index_add_text_wkb(zone_index, text, bytea) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_zone_index_text_wkb';
COMMENT ON FUNCTION zone_index_add_text_wkb(zone_index, text, bytea) IS 'Internal: transition of zone_index_agg.';
CREATE AGGREGATE zone_index_agg(id text, shape bytea) (
  SFUNC = zone_index_add_text_wkb, STYPE = zone_index, COMBINEFUNC = zone_index_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE zone_index_agg(text, bytea) IS
  'Zones as one value: ids are texts, ordered by their bytes, shapes WKB or EWKB, as ST_AsBinary and ST_AsEWKB of PostGIS write it. Degrees, WGS 84; edges are straight in longitude and latitude. Several rows of one id are one zone; rows with a NULL id or shape are left out, NULL for no rows. A shape that cannot be read is an error (22P03) that names the zone.';

CREATE FUNCTION zone_index_add_text_polygon(zone_index, text, polygon) RETURNS zone_index
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'starhouse_zone_index_text_polygon';
COMMENT ON FUNCTION zone_index_add_text_polygon(zone_index, text, polygon) IS 'Internal: transition of zone_index_agg.';
CREATE AGGREGATE zone_index_agg(id text, shape polygon) (
  SFUNC = zone_index_add_text_polygon, STYPE = zone_index, COMBINEFUNC = zone_index_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE zone_index_agg(text, polygon) IS
  'Zones as one value: ids are texts, ordered by their bytes, shapes a polygon of points (longitude, latitude). Degrees, WGS 84; edges are straight in longitude and latitude. Several rows of one id are one zone; rows with a NULL id or shape are left out, NULL for no rows. A shape that cannot be read is an error (22023) that names the zone.';

CREATE AGGREGATE zone_index_merge(zone_index) (
  SFUNC = zone_index_combine, STYPE = zone_index, COMBINEFUNC = zone_index_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE zone_index_merge(zone_index) IS
  'The zones of all values as one; ids have to be of one kind (22023). NULL values are left out, NULL for no rows.';

CREATE FUNCTION zone_of(zones zone_index, lat float8, lon float8) RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 10 AS 'MODULE_PATHNAME', 'starhouse_zone_of';
COMMENT ON FUNCTION zone_of(zone_index, float8, float8) IS
  'Id of the zone that holds a point, as text; edges belong to a zone, and of several zones the one with the lowest id is the answer. Degrees, latitude -90..90, longitude -180..180, otherwise an error (22003). NULL where no zone is and for a NULL argument.';
CREATE FUNCTION zone_id_of(zones zone_index, lat float8, lon float8) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 10 AS 'MODULE_PATHNAME', 'starhouse_zone_id_of';
COMMENT ON FUNCTION zone_id_of(zone_index, float8, float8) IS
  'As zone_of for zones whose ids are whole numbers, as bigint; ids that are texts are an error (22023). NULL where no zone is and for a NULL argument.';
CREATE FUNCTION zones_of(zones zone_index, lat float8, lon float8) RETURNS SETOF text
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 10 ROWS 1 AS 'MODULE_PATHNAME', 'starhouse_zones_of';
COMMENT ON FUNCTION zones_of(zone_index, float8, float8) IS
  'Ids of all zones that hold a point, lowest first, as text: for zones that overlap, and as a join (FROM points, zones_of(...)). Degrees, out of range is an error (22003). No rows where no zone is and for a NULL argument.';

CREATE FUNCTION zone_of(
    zones regclass, lat float8, lon float8, id_column name DEFAULT 'id', shape_column name DEFAULT 'shape')
  RETURNS text
  LANGUAGE c STABLE PARALLEL RESTRICTED STRICT COST 10 AS 'MODULE_PATHNAME', 'starhouse_zone_of_table';

COMMENT ON FUNCTION zone_of(regclass, float8, float8, name, name) IS
  'Id of the zone of a table, view or foreign table that holds a point; the area column is polygon, text or json (GeoJSON, WKT), jsonb (GeoJSON), bytea (WKB) or PostGIS geometry. Always by the rows the statement sees: the zones are kept in the session until they may have changed. Rows with a NULL id or area are left out, a missing column is an error (42703), another type too (42804), coordinates out of range too (22003). Of several zones the one with the lowest id; NULL where no zone is and for a NULL argument.';

CREATE FUNCTION zone_of(
    zones text, lat float8, lon float8, id_column name DEFAULT 'id', shape_column name DEFAULT 'shape')
  RETURNS text
  LANGUAGE c STABLE PARALLEL RESTRICTED STRICT COST 10 AS 'MODULE_PATHNAME', 'starhouse_zone_of_named';

COMMENT ON FUNCTION zone_of(text, float8, float8, name, name) IS
  'Id of the zone of a table by its name, as the search_path finds it that holds a point; the area column is polygon, text or json (GeoJSON, WKT), jsonb (GeoJSON), bytea (WKB) or PostGIS geometry. Always by the rows the statement sees: the zones are kept in the session until they may have changed. Rows with a NULL id or area are left out, a missing column is an error (42703), another type too (42804), coordinates out of range too (22003). Of several zones the one with the lowest id; NULL where no zone is and for a NULL argument.';

CREATE FUNCTION zone_id_of(
    zones regclass, lat float8, lon float8, id_column name DEFAULT 'id', shape_column name DEFAULT 'shape')
  RETURNS bigint
  LANGUAGE c STABLE PARALLEL RESTRICTED STRICT COST 10 AS 'MODULE_PATHNAME', 'starhouse_zone_id_of_table';

COMMENT ON FUNCTION zone_id_of(regclass, float8, float8, name, name) IS
  'Id of the zone of a table, view or foreign table that holds a point, as bigint (ids that are texts: error 22023); the area column is polygon, text or json (GeoJSON, WKT), jsonb (GeoJSON), bytea (WKB) or PostGIS geometry. Always by the rows the statement sees: the zones are kept in the session until they may have changed. Rows with a NULL id or area are left out, a missing column is an error (42703), another type too (42804), coordinates out of range too (22003). Of several zones the one with the lowest id; NULL where no zone is and for a NULL argument.';

CREATE FUNCTION zone_id_of(
    zones text, lat float8, lon float8, id_column name DEFAULT 'id', shape_column name DEFAULT 'shape')
  RETURNS bigint
  LANGUAGE c STABLE PARALLEL RESTRICTED STRICT COST 10 AS 'MODULE_PATHNAME', 'starhouse_zone_id_of_named';

COMMENT ON FUNCTION zone_id_of(text, float8, float8, name, name) IS
  'Id of the zone of a table by its name, as the search_path finds it that holds a point, as bigint (ids that are texts: error 22023); the area column is polygon, text or json (GeoJSON, WKT), jsonb (GeoJSON), bytea (WKB) or PostGIS geometry. Always by the rows the statement sees: the zones are kept in the session until they may have changed. Rows with a NULL id or area are left out, a missing column is an error (42703), another type too (42804), coordinates out of range too (22003). Of several zones the one with the lowest id; NULL where no zone is and for a NULL argument.';
