-- Remembered events that no event to come can meet any more.

CREATE FUNCTION scd_forget(dim regclass) RETURNS bigint
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension := starhouse.scd_dimension_of(dim);
  cutoff timestamptz;
  forgotten bigint := 0;
BEGIN
  EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', dim);
  SELECT r.watermark - d.horizon INTO cutoff FROM starhouse.scd_run r WHERE r.dimension = dim AND r.undone_at IS NULL ORDER BY r.merge_id DESC LIMIT 1;
  IF cutoff IS NOT NULL AND EXISTS (SELECT FROM pg_class WHERE oid = d.memory_table) THEN
    -- Not g: which columns a version's own event gave matters as long as the version is there.
    EXECUTE format('DELETE FROM %s WHERE sequence < $1 AND kind IN (''u'', ''d'', ''p'', ''x'')', d.memory_table) USING cutoff;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
  END IF;
  RETURN forgotten;
END
$$;
COMMENT ON FUNCTION scd_forget(regclass) IS 'Deletes what a registered dimension remembers of events older than its horizon (the newest known instant less horizon): merges reject events of that age. Returns how many rows went; 0 without a horizon. Merges wait for it, readers do not. NULL gives NULL. Errors: 42704 not registered, 42501 without UPDATE on the dimension.';
