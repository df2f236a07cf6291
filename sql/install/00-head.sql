-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION starhouse" to load this file. \quit

GRANT USAGE ON SCHEMA starhouse TO PUBLIC;

CREATE FUNCTION version() RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_version';
-- Qualified: the server has a function of this name, and pg_catalog comes first.
COMMENT ON FUNCTION starhouse.version() IS
  'Version of the loaded starhouse library, e.g. 0.1.0. It equals the extension version unless ALTER EXTENSION starhouse UPDATE is due.';
