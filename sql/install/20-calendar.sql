-- Calendar: time dimensions, public holidays, zone offsets. Business days and fiscal years are in
-- 21-calendar_days.sql.

CREATE FUNCTION time_dimension(
    start_date date, end_date date, grain text DEFAULT 'day', country text DEFAULT NULL,
    fiscal_year_start int DEFAULT 1, week_start int DEFAULT 1, time_zone text DEFAULT 'UTC',
    language text DEFAULT 'en', retail_pattern text DEFAULT '4-4-5', retail_year_start text DEFAULT 'nearest',
    year_named_by text DEFAULT 'end', weekend int[] DEFAULT '{6,7}')
  RETURNS TABLE (
    date_key timestamp, starts_at timestamptz, date date,
    hour int, minute int, minute_of_day int, length_seconds int, hour_12 int,
    time_name text, am_pm text, day_part text, meal_time text,
    yyyymmdd int, day_sequence int, day int, day_of_week int, iso_day_of_week int,
    day_name text, day_name_short text, weekday_of_month int, day_of_quarter int, day_of_year int,
    previous_day date, next_day date, same_day_last_month date, same_day_last_quarter date,
    same_day_last_year date, same_weekday_last_year date,
    week int, iso_year int, iso_week_name text, us_week int, week_of_month int,
    week_start_date date, week_end_date date, week_sequence int,
    month int, month_name text, month_name_short text, year_month text,
    month_start_date date, month_end_date date, days_in_month int, month_sequence int,
    is_month_start boolean, is_month_end boolean,
    quarter int, quarter_name text, year_quarter text,
    quarter_start_date date, quarter_end_date date, quarter_sequence int, half_year int,
    year int, year_start_date date, year_end_date date, days_in_year int, is_leap_year boolean,
    fiscal_year int, fiscal_year_name text, fiscal_quarter int, fiscal_period int, fiscal_week int, fiscal_day int,
    fiscal_year_start_date date, fiscal_year_end_date date, fiscal_quarter_start_date date, fiscal_quarter_end_date date,
    retail_year int, retail_quarter int, retail_period int, retail_week int, retail_week_of_period int,
    retail_weeks_in_year int, retail_year_start_date date, retail_period_start_date date, retail_period_end_date date,
    is_weekend boolean, is_business_day boolean, business_day_of_month int, business_days_in_month int,
    holiday_flag int, holiday_name text, follows_holiday boolean, season text)
  LANGUAGE c STABLE PARALLEL SAFE ROWS 3653 COST 1000
  AS 'MODULE_PATHNAME', 'starhouse_time_dimension';
COMMENT ON FUNCTION time_dimension(date, date, text, text, int, int, text, text, text, text, text, int[]) IS
  'Rows of a time dimension, both dates included: one per day (grain ''day''), or one per stretch of the local day of time_zone (grain ''hour'', ''minute'', ''15 minutes'', any number of minutes or hours that divides the day; one the clocks skip is absent, one they repeat appears once with its full length_seconds). country (IN, US, GB, GB-ENG, GB-WLS, GB-SCT, GB-NIR, tables of holidays by name, several joined by +; NULL: none) fills the holiday columns, weekend lists ISO weekdays, fiscal_year_start is a month, week_start an ISO weekday. language (en, hi, mr, bn, de, fr, es) is that of names. Retail years are 52 or 53 weeks in the periods of retail_pattern (4-4-5, 4-5-4, 5-4-4) from the week_start weekday nearest to, or (''last'') last on or before, the first of fiscal_year_start; year_named_by ''end'' or ''start'' says which calendar year names fiscal and retail years. NULL in any argument but country is an error (22004), as are dates outside 0001-01-01..9999-12-31 (22008), start_date after end_date and unknown names (22023).';

CREATE FUNCTION holidays(
    country text, from_year int, to_year int, language text DEFAULT 'en',
    OUT date date, OUT name text, OUT observed boolean, OUT estimated boolean)
  RETURNS SETOF record
  LANGUAGE c STABLE PARALLEL SAFE STRICT ROWS 200
  AS 'MODULE_PATHNAME', 'starhouse_holidays';
COMMENT ON FUNCTION holidays(text, int, int, text) IS
  'Holidays of a country (IN, US, GB, GB-ENG, GB-WLS, GB-SCT, GB-NIR), of tables of holidays by name, or of several joined by +, for whole years, both included, by date. A table has the column date, and may have name text and working boolean (true: the day is worked, so no holiday). observed: a day off in place of a holiday that falls on a weekend; estimated: computed without an official date, may be a day off. language hi translates India''s names. No rows for NULL; an unknown country or language and a reversed range are errors (22023), a year outside 1..9999 too (22008).';

CREATE FUNCTION zone_transitions(
    time_zone text, from_date date, to_date date,
    OUT at timestamptz, OUT utc_offset_seconds int)
  RETURNS SETOF record
  LANGUAGE c STABLE PARALLEL SAFE STRICT ROWS 50
  AS 'MODULE_PATHNAME', 'starhouse_zone_transitions';
COMMENT ON FUNCTION zone_transitions(text, date, date) IS
  'UTC offsets (seconds, east positive) of a zone between two dates as this server knows them: first the offset in force at from_date 00:00 UTC, then each change up to the end of to_date, in order of time. No rows for NULL; an unknown zone or a reversed range is an error (22023), a date outside 0001-01-01..9999-12-31 too (22008).';
