-- Gaps in series: the last value carried on.

CREATE FUNCTION locf(value anyelement) RETURNS anyelement
  LANGUAGE c IMMUTABLE PARALLEL SAFE WINDOW AS 'MODULE_PATHNAME', 'starhouse_locf';
COMMENT ON FUNCTION locf(anyelement) IS
  'Window function: the value of the row, or where that is NULL the last one before it that is not (last observation carried forward), over OVER (PARTITION BY ... ORDER BY ts). NULL before the first one. Frames make no difference.';
