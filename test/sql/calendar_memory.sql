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
RESET work_mem;
