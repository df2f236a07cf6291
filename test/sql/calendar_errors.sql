-- Every refusal names the value and the mend.
SET DateStyle = 'ISO, YMD';
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT * FROM starhouse.time_dimension('2024-01-02', '2024-01-01');
SELECT * FROM starhouse.time_dimension('-infinity', '2024-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-02', 'infinity');
SELECT * FROM starhouse.time_dimension('0044-03-15 BC', '2024-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-01', '10000-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', '7 minutes');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', country => 'FR');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', fiscal_year_start => 0);
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', week_start => 8);
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', time_zone => 'Mars/Olympus');
SELECT * FROM starhouse.time_dimension(NULL, '2024-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', grain => NULL);
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', time_zone => NULL);
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', 'second');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', language => 'tlh');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', retail_pattern => '4-4-4');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', retail_year_start => 'first');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', year_named_by => 'middle');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', weekend => '{1,8}');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', weekend => '{1,2,3,4,5,6,7}');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', weekend => '{6,NULL}');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', weekend => '{{6,7}}');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', weekend => NULL);
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', language => NULL);
-- In the select list too.
SELECT starhouse.time_dimension('2024-01-02', '2024-01-01');

SELECT * FROM starhouse.holidays('UK', 2024, 2024);
SELECT * FROM starhouse.holidays('US', 2025, 2024);
SELECT * FROM starhouse.holidays('US', 0, 2024);
SELECT * FROM starhouse.holidays('US', 2024, 10000);

SELECT starhouse.is_business_day('infinity', 'US');
SELECT starhouse.is_business_day('0001-12-31 BC', 'US');
SELECT starhouse.is_business_day('2024-01-01', '');
SELECT starhouse.add_business_days('9999-12-30', 5, 'US');
SELECT starhouse.add_business_days('2024-01-01', -2147483648);
SELECT starhouse.add_business_days('2024-01-01', 2147483647);
SELECT starhouse.add_business_days('0001-01-01', -1);
SELECT starhouse.add_business_days('2024-01-01', 1, 'usa');
SELECT starhouse.add_business_days('infinity', 1);
SELECT starhouse.add_business_days('2024-01-01', 1, weekend => NULL);
SELECT starhouse.business_days_between('2024-01-01', 'infinity');
SELECT starhouse.business_days_between('-infinity', '2024-01-01');
SELECT starhouse.business_days_between('0001-12-31 BC', '2024-01-01');
SELECT starhouse.business_days_between('2024-01-01', '10000-01-01');
SELECT starhouse.business_days_between('2024-01-01', '2024-02-01', weekend => '{0}');

SELECT starhouse.fiscal_year('infinity');
SELECT starhouse.fiscal_period('0044-03-15 BC', 4);
SELECT starhouse.fiscal_quarter('2024-01-01', 13);
SELECT starhouse.fiscal_year('2024-01-01', 4, 'both');
SELECT starhouse.fiscal_year_start_date('2024-01-01', 0);
SELECT starhouse.retail_week('-infinity');
SELECT starhouse.retail_year('2024-01-01', '5-5-3');
SELECT starhouse.retail_period('2024-01-01', week_start => 0);
SELECT starhouse.retail_quarter('2024-01-01', retail_year_start => '');
SELECT starhouse.retail_year_start_date(0);
SELECT starhouse.is_current_day(current_date, 'Mars/Olympus');

SELECT * FROM starhouse.zone_transitions('Asia/Calcuta', '2024-01-01', '2024-12-31');
SELECT * FROM starhouse.zone_transitions('', '2024-01-01', '2024-12-31');
SELECT * FROM starhouse.zone_transitions(repeat('x', 300), '2024-01-01', '2024-12-31');
SELECT * FROM starhouse.zone_transitions('UTC', '2024-12-31', '2024-01-01');
SELECT * FROM starhouse.zone_transitions('UTC', '-infinity', 'infinity');

-- The codes.
\set VERBOSITY sqlstate
SELECT * FROM starhouse.time_dimension('2024-01-02', '2024-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-02', 'infinity');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', '7 minutes');
SELECT * FROM starhouse.time_dimension(NULL, '2024-01-01');
SELECT * FROM starhouse.holidays('FR', 2024, 2024);
SELECT * FROM starhouse.holidays('US', 0, 2024);
SELECT * FROM starhouse.zone_transitions('Mars/Olympus', '2024-01-01', '2024-12-31');

-- A long run stops when told to, whichever way it is called.
SET statement_timeout = '50ms';
SELECT count(*) FROM starhouse.time_dimension('0001-01-01', '9999-12-31', 'hour');
SELECT count(*) FROM (SELECT starhouse.time_dimension('0001-01-01', '9999-12-31', 'hour') OFFSET 0) AS x;
RESET statement_timeout;
