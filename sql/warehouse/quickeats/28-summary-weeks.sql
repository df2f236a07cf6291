-- Keeps order_week and the sets of its weeks (11-summary-weeks.sql), from the sets of their days.
CREATE FUNCTION sum_up_week(monday date) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  their_days date[];
  customers bigint;
BEGIN
  EXECUTE 'SELECT array_agg(d.day ORDER BY d.day) FROM order_day d WHERE d.day >= $1 AND d.day < $1 + 7' USING monday INTO their_days;
  EXECUTE 'DELETE FROM order_week WHERE week = $1' USING monday;
  EXECUTE 'DELETE FROM customer_week WHERE week = $1' USING monday;
  EXECUTE 'DELETE FROM search_week WHERE week = $1' USING monday;
  EXECUTE 'DELETE FROM search_week_rest WHERE week = $1' USING monday;
  IF their_days IS NULL THEN
    RETURN 0;
  END IF;
  EXECUTE $sql$
    INSERT INTO customer_week (week, chunk, once, again)
    SELECT $1, d.chunk, bit_or(d.ordered), bit_or(d.reordered | coalesce(d.ordered & d.before, d.reordered))
    FROM (SELECT c.chunk, c.ordered, c.reordered, bit_or(c.ordered) OVER (PARTITION BY c.chunk ORDER BY c.day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
          FROM customer_set c WHERE c.day = ANY ($2)) d
    GROUP BY d.chunk$sql$ USING monday, their_days;
  -- Words of 64 bits, put together in the order of their numbers.
  EXECUTE $sql$
    WITH pairs AS MATERIALIZED (
      SELECT DISTINCT s.term, s.customer FROM search_customer s WHERE s.day = ANY ($2)
    ), chunks AS MATERIALIZED (
      SELECT p.term, p.customer / 65536 AS chunk, count(*) >= 32 AS is_set FROM pairs p GROUP BY 1, 2
    ), rest AS (
      INSERT INTO search_week_rest (week, term, customer)
      SELECT $1, p.term, p.customer FROM pairs p JOIN chunks c ON c.term = p.term AND c.chunk = p.customer / 65536 WHERE NOT c.is_set ORDER BY 2, 3
    ), words AS MATERIALIZED (
      SELECT p.term, p.customer / 64 AS word, bit_or(1::bigint << (63 - p.customer % 64)) AS customers
      FROM pairs p JOIN chunks c ON c.term = p.term AND c.chunk = p.customer / 65536 WHERE c.is_set GROUP BY 1, 2
    ), places AS (
      SELECT c.term, c.chunk, c.chunk * 1024 + g.place AS word FROM chunks c CROSS JOIN generate_series(0, 1023) AS g (place) WHERE c.is_set)
    INSERT INTO search_week (week, term, chunk, customers)
    SELECT $1, p.term, p.chunk, ('x' || string_agg(lpad(to_hex(coalesce(w.customers, 0)), 16, '0'), '' ORDER BY p.word))::bit(65536)
    FROM places p LEFT JOIN words w ON w.term = p.term AND w.word = p.word
    GROUP BY p.term, p.chunk$sql$ USING monday, their_days;
  GET DIAGNOSTICS customers = ROW_COUNT;
  EXECUTE 'INSERT INTO order_week (week, days) VALUES ($1, $2)' USING monday, their_days;
  RETURN customers;
END
$body$;
COMMENT ON FUNCTION sum_up_week(date) IS
'Sums up anew the days of the week that begins on a Monday, of those in order_day, in customer_week, search_week and search_week_rest, and returns the rows of search_week; without such a day the week is empty. Called with search_path = the warehouse, starhouse. NULL does nothing.';

CREATE FUNCTION sum_up_weeks(whole boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql VOLATILE
-- Whatever joins are off in the step that calls it.
SET enable_hashjoin = on SET enable_mergejoin = on SET enable_nestloop = on
AS $body$
DECLARE
  monday date;
  weeks bigint := 0;
BEGIN
  FOR monday IN
    EXECUTE $sql$
      SELECT d.week
      FROM (SELECT date_trunc('week', o.day::timestamp)::date AS week, count(*) AS days FROM order_day o GROUP BY 1) d
      WHERE (NOT $1 OR d.days = 7) AND d.week NOT IN (SELECT w.week FROM kpi_summed_weeks(NULL, NULL) AS w (week))
      ORDER BY 1$sql$ USING whole LOOP
    PERFORM sum_up_week(monday);
    weeks := weeks + 1;
  END LOOP;
  RETURN weeks;
END
$body$;
COMMENT ON FUNCTION sum_up_weeks(boolean) IS
'Sums up the weeks with days in order_day that are not, whole: those alone all of whose days are there, and returns their number. Called by sum_up_days, and for whole weeks by touch_days, with search_path = the warehouse, starhouse. NULL sums up none.';
