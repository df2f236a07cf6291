-- The catalogue looks up how fresh reports are only where it is asked for. Names mean the caller's search_path.
CREATE FUNCTION pg_temp.reads_batches(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP plan := plan || line || E'\n'; END LOOP;
  RETURN plan LIKE '%batch_log%';
END $$;
SELECT is(pg_temp.reads_batches('SELECT name, question FROM kpi_catalog'), false, 'without freshness no batches are read');
SELECT is(pg_temp.reads_batches('SELECT freshness FROM kpi_catalog'), true, 'with it they are');
