-- Every refusal names the value and the mend.
SET DateStyle = 'ISO, YMD';
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT * FROM starhouse.time_dimension('2024-01-02', '2024-01-01');
SELECT * FROM starhouse.time_dimension('-infinity', '2024-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-02', 'infinity');
SELECT * FROM starhouse.time_dimension('0044-03-15 BC', '2024-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-01', '10000-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', 'minute');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', country => 'FR');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', fiscal_year_start => 0);
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', week_start => 8);
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', time_zone => 'Mars/Olympus');
SELECT * FROM starhouse.time_dimension(NULL, '2024-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', grain => NULL);
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', time_zone => NULL);
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
SELECT starhouse.add_business_days('2024-01-01', 1, 'usa');

SELECT * FROM starhouse.zone_transitions('Asia/Calcuta', '2024-01-01', '2024-12-31');
SELECT * FROM starhouse.zone_transitions('', '2024-01-01', '2024-12-31');
SELECT * FROM starhouse.zone_transitions(repeat('x', 300), '2024-01-01', '2024-12-31');
SELECT * FROM starhouse.zone_transitions('UTC', '2024-12-31', '2024-01-01');
SELECT * FROM starhouse.zone_transitions('UTC', '-infinity', 'infinity');

-- The codes.
\set VERBOSITY sqlstate
SELECT * FROM starhouse.time_dimension('2024-01-02', '2024-01-01');
SELECT * FROM starhouse.time_dimension('2024-01-02', 'infinity');
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', 'minute');
SELECT * FROM starhouse.time_dimension(NULL, '2024-01-01');
SELECT * FROM starhouse.holidays('FR', 2024, 2024);
SELECT * FROM starhouse.holidays('US', 0, 2024);
SELECT * FROM starhouse.zone_transitions('Mars/Olympus', '2024-01-01', '2024-12-31');

-- A long run stops when told to, whichever way it is called.
SET statement_timeout = '50ms';
SELECT count(*) FROM starhouse.time_dimension('0001-01-01', '9999-12-31', 'hour');
SELECT count(*) FROM (SELECT starhouse.time_dimension('0001-01-01', '9999-12-31', 'hour') OFFSET 0) AS x;
SELECT starhouse.add_business_days('0001-01-01', 2600000, 'IN') FROM generate_series(1, 1000);
RESET statement_timeout;
