-- What reports read instead of facts, for schedulers: by whichever functions the warehouse's template has for it.
CREATE FUNCTION sum_up(schema_name name) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  called record;
  summed bigint;
  total bigint := 0;
BEGIN
  PERFORM starhouse.pipeline_check(schema_name);
  PERFORM set_config('search_path', format('%I, starhouse, pg_temp', schema_name), true);
  FOR called IN
    SELECT n.nspname, p.proname
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = schema_name AND p.proname IN ('sum_up_sales', 'sum_up_days', 'sum_up_viewing', 'sum_up_shown')
      AND p.prokind = 'f' AND p.pronargs = p.pronargdefaults
    ORDER BY p.proname DESC LOOP
    EXECUTE format('SELECT %I.%I()', called.nspname, called.proname) INTO summed;
    total := total + coalesce(summed, 0);
  END LOOP;
  RETURN total;
END
$$;
COMMENT ON FUNCTION sum_up(name) IS
  'Sums up for the reports whatever of a warehouse is open: months of ShopSmart, days of QuickEats, playbacks and recommendations of StreamFlix (sum_up_sales, sum_up_days, sum_up_viewing, sum_up_shown there). Returns what these return, added up (months; days; playbacks and recommendations): 0 where nothing was open, and for a warehouse without such functions. Call it after loads, or at night; figures are the same without it, and slower. Needs the rights of its owner. 3F000 for an unknown warehouse, 22004 for NULL.';
