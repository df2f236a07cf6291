-- Business days, fiscal and retail years, and whether a date is current.

CREATE FUNCTION is_business_day(date date, country text DEFAULT NULL, weekend int[] DEFAULT '{6,7}') RETURNS boolean
  LANGUAGE c STABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'starhouse_is_business_day';
COMMENT ON FUNCTION is_business_day(date, text, int[]) IS
  'True on days outside the weekend (ISO weekdays) that are no holiday of the country or calendar (as in starhouse.holidays; NULL: weekends only). NULL for a NULL date; an unknown country or weekday is an error (22023), a NULL weekend (22004), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION add_business_days(date date, days int, country text DEFAULT NULL, weekend int[] DEFAULT '{6,7}') RETURNS date
  LANGUAGE c STABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'starhouse_add_business_days';
COMMENT ON FUNCTION add_business_days(date, int, text, int[]) IS
  'The days-th business day after date (before it for negative days); 0 gives date itself, business day or not. country and weekend as in is_business_day. NULL for a NULL date or count; an unknown country or weekday is an error (22023), a NULL weekend (22004), a result outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION business_days_between(from_date date, to_date date, country text DEFAULT NULL, weekend int[] DEFAULT '{6,7}') RETURNS int
  LANGUAGE c STABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'starhouse_business_days_between';
COMMENT ON FUNCTION business_days_between(date, date, text, int[]) IS
  'Business days after from_date up to and including to_date; when to_date is the earlier one, those from to_date up to but without from_date, as a negative number. So add_business_days(from_date, result) is to_date whenever to_date is a business day. country and weekend as in is_business_day. NULL for a NULL date; an unknown country or weekday is an error (22023), a NULL weekend (22004), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION fiscal_year(date date, fiscal_year_start int DEFAULT 1, year_named_by text DEFAULT 'end') RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_fiscal_year';
COMMENT ON FUNCTION fiscal_year(date, int, text) IS
  'Fiscal year of a date, for years that begin on the first of month fiscal_year_start, named by the calendar year they end in (year_named_by ''end'') or begin in (''start''). NULL for NULL; a month outside 1..12 or another word is an error (22023), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION fiscal_quarter(date date, fiscal_year_start int DEFAULT 1) RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_fiscal_quarter';
COMMENT ON FUNCTION fiscal_quarter(date, int) IS
  'Quarter, 1 to 4, of the fiscal year that begins on the first of month fiscal_year_start. NULL for NULL; a month outside 1..12 is an error (22023), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION fiscal_period(date date, fiscal_year_start int DEFAULT 1) RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_fiscal_period';
COMMENT ON FUNCTION fiscal_period(date, int) IS
  'Month, 1 to 12, of the fiscal year that begins on the first of month fiscal_year_start. NULL for NULL; a month outside 1..12 is an error (22023), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION fiscal_year_start_date(date date, fiscal_year_start int DEFAULT 1) RETURNS date
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_fiscal_year_start';
COMMENT ON FUNCTION fiscal_year_start_date(date, int) IS
  'First day of the fiscal year that a date falls into, for years that begin on the first of month fiscal_year_start. NULL for NULL; a month outside 1..12 is an error (22023), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION retail_year(date date, retail_pattern text DEFAULT '4-4-5', fiscal_year_start int DEFAULT 1, week_start int DEFAULT 1,
                            retail_year_start text DEFAULT 'nearest', year_named_by text DEFAULT 'end') RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_retail_year';
COMMENT ON FUNCTION retail_year(date, text, int, int, text, text) IS
  'Retail year of a date: 52 or 53 whole weeks from the week_start weekday (ISO) nearest to the first of month fiscal_year_start (retail_year_start ''nearest''), or the last one on or before it (''last''): 26 U.S.C. 441(f). Named by the calendar year that the year from that first ends in (year_named_by ''end'') or begins in (''start''). The defaults give the ISO year; 4-5-4, 2, 7, nearest, start those of the National Retail Federation. NULL for NULL; unknown words and numbers out of range are errors (22023), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION retail_quarter(date date, retail_pattern text DEFAULT '4-4-5', fiscal_year_start int DEFAULT 1, week_start int DEFAULT 1,
                               retail_year_start text DEFAULT 'nearest', year_named_by text DEFAULT 'end') RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_retail_quarter';
COMMENT ON FUNCTION retail_quarter(date, text, int, int, text, text) IS
  'Quarter, 1 to 4, of the retail year (see starhouse.retail_year): 13 weeks each, the last one 14 in a year of 53. NULL for NULL; unknown words and numbers out of range are errors (22023), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION retail_period(date date, retail_pattern text DEFAULT '4-4-5', fiscal_year_start int DEFAULT 1, week_start int DEFAULT 1,
                              retail_year_start text DEFAULT 'nearest', year_named_by text DEFAULT 'end') RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_retail_period';
COMMENT ON FUNCTION retail_period(date, text, int, int, text, text) IS
  'Period, 1 to 12, of the retail year (see starhouse.retail_year): each quarter''s 13 weeks split as retail_pattern says (4-4-5, 4-5-4, 5-4-4), a 53rd week added to period 12. NULL for NULL; unknown words and numbers out of range are errors (22023), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION retail_week(date date, retail_pattern text DEFAULT '4-4-5', fiscal_year_start int DEFAULT 1, week_start int DEFAULT 1,
                            retail_year_start text DEFAULT 'nearest', year_named_by text DEFAULT 'end') RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_retail_week';
COMMENT ON FUNCTION retail_week(date, text, int, int, text, text) IS
  'Week, 1 to 53, of the retail year (see starhouse.retail_year). NULL for NULL; unknown words and numbers out of range are errors (22023), a date outside 0001-01-01..9999-12-31 too (22008).';

CREATE FUNCTION retail_year_start_date(year int, retail_pattern text DEFAULT '4-4-5', fiscal_year_start int DEFAULT 1, week_start int DEFAULT 1,
                                       retail_year_start text DEFAULT 'nearest', year_named_by text DEFAULT 'end') RETURNS date
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_retail_year_start';
COMMENT ON FUNCTION retail_year_start_date(int, text, int, int, text, text) IS
  'First day of the retail year of that name (see starhouse.retail_year). A year has 53 weeks when the next one starts 371 days later. NULL for NULL; unknown words and numbers out of range are errors (22023), a year outside 1..9999 too (22008).';

-- Flags of the present are functions: stored, they would be wrong tomorrow. The bodies are inlined and
-- compare the bare date, so an index on it serves.
CREATE FUNCTION is_current_day(date date, time_zone text DEFAULT current_setting('TimeZone')) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN date = (current_timestamp AT TIME ZONE time_zone)::date;
COMMENT ON FUNCTION is_current_day(date, text) IS
  'True when date is today in time_zone (default: the session''s) at the start of the transaction. NULL for NULL; an unknown zone is an error (22023).';

CREATE FUNCTION is_current_week(date date, week_start int DEFAULT 1, time_zone text DEFAULT current_setting('TimeZone')) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN date >= date_trunc('week', (current_timestamp AT TIME ZONE time_zone) - make_interval(days => week_start - 1))::date + (week_start - 1)
     AND date <= date_trunc('week', (current_timestamp AT TIME ZONE time_zone) - make_interval(days => week_start - 1))::date + (week_start + 5);
COMMENT ON FUNCTION is_current_week(date, int, text) IS
  'True when date lies in the present week, weeks beginning on ISO weekday week_start, in time_zone (default: the session''s) at the start of the transaction. NULL for NULL; an unknown zone is an error (22023).';

CREATE FUNCTION is_current_month(date date, time_zone text DEFAULT current_setting('TimeZone')) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN date >= date_trunc('month', current_timestamp AT TIME ZONE time_zone)::date
     AND date < (date_trunc('month', current_timestamp AT TIME ZONE time_zone) + interval '1 month')::date;
COMMENT ON FUNCTION is_current_month(date, text) IS
  'True when date lies in the present month in time_zone (default: the session''s) at the start of the transaction. NULL for NULL; an unknown zone is an error (22023).';

CREATE FUNCTION is_current_quarter(date date, time_zone text DEFAULT current_setting('TimeZone')) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN date >= date_trunc('quarter', current_timestamp AT TIME ZONE time_zone)::date
     AND date < (date_trunc('quarter', current_timestamp AT TIME ZONE time_zone) + interval '3 months')::date;
COMMENT ON FUNCTION is_current_quarter(date, text) IS
  'True when date lies in the present quarter in time_zone (default: the session''s) at the start of the transaction. NULL for NULL; an unknown zone is an error (22023).';

CREATE FUNCTION is_current_year(date date, time_zone text DEFAULT current_setting('TimeZone')) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN date >= date_trunc('year', current_timestamp AT TIME ZONE time_zone)::date
     AND date < (date_trunc('year', current_timestamp AT TIME ZONE time_zone) + interval '1 year')::date;
COMMENT ON FUNCTION is_current_year(date, text) IS
  'True when date lies in the present year in time_zone (default: the session''s) at the start of the transaction. NULL for NULL; an unknown zone is an error (22023).';

CREATE FUNCTION is_current_fiscal_year(date date, fiscal_year_start int DEFAULT 1, time_zone text DEFAULT current_setting('TimeZone')) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN date >= starhouse.fiscal_year_start_date((current_timestamp AT TIME ZONE time_zone)::date, fiscal_year_start)
     AND date < (starhouse.fiscal_year_start_date((current_timestamp AT TIME ZONE time_zone)::date, fiscal_year_start) + interval '1 year')::date;
COMMENT ON FUNCTION is_current_fiscal_year(date, int, text) IS
  'True when date lies in the present fiscal year, which begins on the first of month fiscal_year_start, in time_zone (default: the session''s) at the start of the transaction. NULL for NULL; an unknown zone or month is an error (22023).';
