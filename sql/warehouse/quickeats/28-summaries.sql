-- Keeps order_day and the sums of its days (11-summaries.sql). Called by the feeds' steps, whose batches take turns.

CREATE FUNCTION sum_up_day(d date) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  hours bigint;
BEGIN
  EXECUTE 'DELETE FROM order_hour WHERE time_key >= $1::timestamp AND time_key < ($1 + 1)::timestamp' USING d;
  EXECUTE 'INSERT INTO order_hour SELECT * FROM kpi_order_hour_of($1)' USING d;
  GET DIAGNOSTICS hours = ROW_COUNT;
  EXECUTE 'DELETE FROM restaurant_day WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO restaurant_day SELECT * FROM kpi_restaurant_day_of($1)' USING d;
  EXECUTE 'DELETE FROM driver_day WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO driver_day SELECT * FROM kpi_driver_day_of($1)' USING d;
  EXECUTE 'DELETE FROM delivery_minutes WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO delivery_minutes SELECT * FROM kpi_delivery_minutes_of($1)' USING d;
  INSERT INTO order_day (day) VALUES (d) ON CONFLICT (day) DO UPDATE SET made_at = now();
  RETURN hours;
END
$body$;
COMMENT ON FUNCTION sum_up_day(date) IS
'Sums a local day up anew from the facts, for the reports, and returns the rows of order_hour. Called by the feeds'' steps with search_path = the warehouse, starhouse. NULL is an error (23502).';

-- A batch has changed facts of these days: they are read from the facts until they are summed up again. One day a batch, the
-- oldest of those that the batch has left behind by two days or more (late events are mostly of the day before); days without
-- orders cost nothing.
CREATE FUNCTION touch_days(touched date[]) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  latest date := (SELECT max(t) FROM unnest(touched) t);
  d date;
BEGIN
  DELETE FROM order_day o WHERE o.day = ANY (touched);
  FOR d IN SELECT o FROM kpi_open_days(NULL, latest - 2) AS o WHERE o <> ALL (touched) ORDER BY o LIMIT 100 LOOP
    EXIT WHEN sum_up_day(d) > 0;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION touch_days(date[]) IS
'Takes local days out of order_day, for a batch has changed their facts, and sums up the oldest day that the batch has left behind. Called by the feeds'' steps with search_path = the warehouse, starhouse. NULL does nothing.';
