-- However many rows: memory stays flat.
SET DateStyle = 'ISO, YMD';
CREATE FUNCTION pg_temp.memory_grew(since bigint) RETURNS boolean
  BEGIN ATOMIC SELECT sum(total_bytes) > since + 1024 * 1024 FROM pg_backend_memory_contexts; END;
-- A century of hours in the select list comes row by row: half a gigabyte of rows passes, not one megabyte stays.
BEGIN;
DECLARE hours CURSOR FOR SELECT starhouse.time_dimension('1950-01-01', '2049-12-31', 'hour', 'US', time_zone => 'America/New_York');
MOVE 1000 FROM hours;
SELECT sum(total_bytes) AS before FROM pg_backend_memory_contexts \gset
MOVE 400000 FROM hours;
SELECT pg_temp.memory_grew(:before) AS grew_half_way;
MOVE ALL FROM hours;
SELECT pg_temp.memory_grew(:before) AS grew;
COMMIT;
-- In FROM the executor stores all rows before the first one is seen: on disk beyond work_mem.
SET work_mem = '256kB';
BEGIN;
SELECT sum(total_bytes) AS before FROM pg_backend_memory_contexts \gset
DECLARE hours CURSOR FOR SELECT * FROM starhouse.time_dimension('2015-01-01', '2024-12-31', 'hour', 'US', time_zone => 'America/New_York');
MOVE 80000 FROM hours;
SELECT pg_temp.memory_grew(:before) AS grew;
MOVE ALL FROM hours;
COMMIT;
-- Year by year it stores no more than a year, and needs no disk.
SET work_mem = '16MB';
SET temp_file_limit = 0;
BEGIN;
SELECT sum(total_bytes) AS before FROM pg_backend_memory_contexts \gset
DECLARE hours CURSOR FOR SELECT h.* FROM generate_series(2010, 2030) AS year,
  LATERAL starhouse.time_dimension(make_date(year, 1, 1), make_date(year, 12, 31), 'hour', 'US', time_zone => 'America/New_York') AS h;
MOVE 100 FROM hours;
SELECT pg_temp.memory_grew(:before + 15 * 1024 * 1024) AS more_than_a_year_at_first;
SELECT sum(total_bytes) AS before FROM pg_backend_memory_contexts \gset
MOVE 170000 FROM hours;
SELECT pg_temp.memory_grew(:before) AS grew;
MOVE ALL FROM hours;
COMMIT;
SELECT count(*) FROM generate_series(2010, 2019) AS year,
  LATERAL starhouse.time_dimension(make_date(year, 1, 1), make_date(year, 12, 31), 'hour', 'US') AS h;
RESET temp_file_limit;
RESET work_mem;
