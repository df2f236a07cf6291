-- Spans of time by the hours of their own clocks (src/pg/behaviour_clock_hours.cpp).

CREATE FUNCTION clock_hours(query text, OUT key text, OUT hour timestamptz, OUT begun bigint, OUT minutes numeric)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 1000
  AS 'MODULE_PATHNAME', 'starhouse_clock_hours';
COMMENT ON FUNCTION clock_hours(text) IS
  'Cuts spans of time at the full hours of each one''s own clock and adds them up. query returns (key text, start timestamptz, minutes numeric, time zone text); a row with a NULL counts for nothing. Per key and hour that a span runs in: begun, the spans that began in it, and minutes within it (each part rounded to a millionth). From its start on a span goes in steps of an hour, so changes of the clock and zones of half an hour come out right. In no particular order. Within the statements of append_facts the query may read "added". 42804 for other columns, 22003 for minutes below 0 or above 527,040, 22008 for an infinite start, 22023 for an unknown zone, 54000 beyond 10,000,000 rows. NULL gives none.';
