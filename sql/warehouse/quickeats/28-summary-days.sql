-- Fills the tables of 11-summary-days.sql: called by sum_up_day (28-summaries.sql), when order_hour and customer_number have the day.
CREATE FUNCTION sum_up_day_more(d date) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  customers bigint;
BEGIN
  -- Its week has to be made anew, even where the same days are in it afterwards.
  EXECUTE 'DELETE FROM order_week w WHERE w.week = date_trunc(''week'', $1::timestamp)::date' USING d;
  EXECUTE 'DELETE FROM order_mode_day WHERE day = $1' USING d;
  EXECUTE $sql$
    INSERT INTO order_mode_day
    SELECT $1, h.city_key, h.payment_mode, sum(h.orders), sum(h.untimed_orders), sum(h.conflicting_orders), sum(h.all_amount), sum(h.tried_orders), sum(h.paid_orders), sum(h.attempts),
           sum(h.retried_orders), sum(h.rescued_orders), sum(h.charged_orders), sum(h.refunded_orders), sum(h.charged_amount), sum(h.refunded_amount), sum(h.restaurantless_orders),
           sum(h.restaurantless_amount), sum(h.customerless_orders), sum(h.customerless_amount), sum(h.driverless_orders), sum(h.driverless_amount)
    FROM order_hour h
    WHERE h.time_key >= $1::timestamp AND h.time_key < ($1 + 1)::timestamp
    GROUP BY h.city_key, h.payment_mode$sql$ USING d;
  EXECUTE 'DELETE FROM order_clock_day WHERE day = $1' USING d;
  EXECUTE $sql$
    INSERT INTO order_clock_day
    SELECT $1, extract(hour FROM h.time_key), h.city_key, sum(h.orders)
    FROM order_hour h
    WHERE h.time_key >= $1::timestamp AND h.time_key < ($1 + 1)::timestamp
    GROUP BY h.time_key, h.city_key$sql$ USING d;
  EXECUTE 'DELETE FROM payment_day WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO payment_day SELECT * FROM kpi_payment_day_of($1)' USING d;
  EXECUTE 'DELETE FROM feedback_day WHERE day = $1' USING d;
  EXECUTE 'INSERT INTO feedback_day SELECT * FROM kpi_feedback_day_of($1)' USING d;
  EXECUTE 'DELETE FROM search_day WHERE day = $1' USING d;
  EXECUTE 'DELETE FROM search_customer WHERE day = $1' USING d;
  EXECUTE $sql$
    WITH searched AS MATERIALIZED (
      SELECT s.search_term, s.customer_key, s.searches FROM kpi_searches_of($1) s
    ), terms AS MATERIALIZED (
      SELECT s.search_term, sum(s.searches)::bigint AS searches, (SELECT n.number FROM search_number n WHERE n.search_term = s.search_term) AS number FROM searched s GROUP BY s.search_term
    ), fresh AS (
      INSERT INTO search_number (number, search_term)
      SELECT (SELECT coalesce(max(n.number) + 1, 0) FROM search_number n) + row_number() OVER (ORDER BY t.search_term) - 1, t.search_term FROM terms t WHERE t.number IS NULL
      RETURNING number, search_term
    ), numbered AS MATERIALIZED (
      SELECT t.search_term, t.searches, coalesce(t.number, f.number) AS number FROM terms t LEFT JOIN fresh f ON f.search_term = t.search_term
    ), counted AS (
      INSERT INTO search_day (day, term, searches) SELECT $1, n.number, n.searches FROM numbered n)
    INSERT INTO search_customer (day, term, customer)
    SELECT $1, n.number, c.number
    FROM searched s JOIN numbered n ON n.search_term = s.search_term JOIN customer_number c ON c.customer_key = s.customer_key
    WHERE s.customer_key <> '?'
    ORDER BY n.number, c.number$sql$ USING d;
  GET DIAGNOSTICS customers = ROW_COUNT;
  RETURN customers;
END
$body$;
COMMENT ON FUNCTION sum_up_day_more(date) IS
'The part of sum_up_day that fills order_mode_day, order_clock_day, payment_day, feedback_day, search_number, search_day and search_customer, and returns the rows of the last; its week is not summed up any more. Called with search_path = the warehouse, starhouse. NULL fills in nothing.';
