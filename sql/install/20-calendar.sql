-- Calendar: time dimensions, public holidays, business days, zone offsets.

CREATE FUNCTION time_dimension(
    start_date date, end_date date, grain text DEFAULT 'day', country text DEFAULT NULL,
    fiscal_year_start int DEFAULT 1, week_start int DEFAULT 1, time_zone text DEFAULT 'UTC')
  RETURNS TABLE (
    date_key timestamp, date date, hour int, day int, day_of_week int, day_name text,
    day_of_year int, week int, iso_year int, month int, month_name text, quarter int, year int,
    half_year int, year_month text, fiscal_year int, fiscal_quarter int, fiscal_period int,
    week_start_date date, month_start_date date, month_end_date date, is_weekend boolean,
    is_business_day boolean, holiday_flag int, holiday_name text, season text, day_part text)
  LANGUAGE c STABLE PARALLEL SAFE ROWS 3653 COST 1000
  AS 'MODULE_PATHNAME', 'starhouse_time_dimension';
COMMENT ON FUNCTION time_dimension(date, date, text, text, int, int, text) IS
  'Rows of a time dimension, both dates included: one per day (grain ''day'') or one per local hour of time_zone (grain ''hour'': an hour the clocks skip is absent, one they repeat appears once; time_zone matters for nothing else). country (IN, US, GB, GB-ENG, GB-WLS, GB-SCT, GB-NIR; NULL: none) fills the holiday columns, fiscal_year_start is a month, week_start an ISO weekday. NULL in any other argument is an error (22004), as are dates outside 0001-01-01..9999-12-31 (22008), start_date after end_date and unknown names (22023).';

CREATE FUNCTION holidays(
    country text, from_year int, to_year int,
    OUT date date, OUT name text, OUT observed boolean, OUT estimated boolean)
  RETURNS SETOF record
  LANGUAGE c STABLE PARALLEL SAFE STRICT ROWS 200
  AS 'MODULE_PATHNAME', 'starhouse_holidays';
COMMENT ON FUNCTION holidays(text, int, int) IS
  'Public holidays of a country (IN, US, GB, GB-ENG, GB-WLS, GB-SCT, GB-NIR) for whole years, both included, by date. observed: a day off in place of a holiday that falls on a weekend; estimated: computed without an official date, may be a day off. No rows for NULL; an unknown country or a reversed range is an error (22023), a year outside 1..9999 too (22008).';

CREATE FUNCTION is_business_day(date date, country text DEFAULT NULL) RETURNS boolean
  LANGUAGE c STABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'starhouse_is_business_day';
COMMENT ON FUNCTION is_business_day(date, text) IS
  'True on Monday to Friday, public holidays of the country excepted (NULL country: weekends only). NULL for a NULL date; an unknown country is an error (22023), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION add_business_days(date date, days int, country text DEFAULT NULL) RETURNS date
  LANGUAGE c STABLE PARALLEL SAFE COST 10
  AS 'MODULE_PATHNAME', 'starhouse_add_business_days';
COMMENT ON FUNCTION add_business_days(date, int, text) IS
  'The days-th business day after date (before it for negative days); 0 gives date itself, business day or not. NULL country: weekends only. NULL for a NULL date or count; an unknown country is an error (22023), a result outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION zone_transitions(
    time_zone text, from_date date, to_date date,
    OUT at timestamptz, OUT utc_offset_seconds int)
  RETURNS SETOF record
  LANGUAGE c STABLE PARALLEL SAFE STRICT ROWS 50
  AS 'MODULE_PATHNAME', 'starhouse_zone_transitions';
COMMENT ON FUNCTION zone_transitions(text, date, date) IS
  'UTC offsets (seconds, east positive) of a zone between two dates as this server knows them: first the offset in force at from_date 00:00 UTC, then each change up to the end of to_date, in order of time. No rows for NULL; an unknown zone or a reversed range is an error (22023), a date outside 0001-01-01..9999-12-31 too (22008).';
