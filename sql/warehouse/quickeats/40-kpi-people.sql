-- KPIs of customers and drivers. A customer is a customer_key other than '?', who orders when an order is not
-- cancelled.

CREATE FUNCTION kpi_repeat_customers(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (customers bigint, repeat_customers bigint, repeat_percent numeric, orders bigint, orders_per_customer numeric, unknown_orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  -- Twice: in a week or on a day, or in one after another. Days that are not summed up are added customer by customer.
  WITH weeks AS MATERIALIZED (
    SELECT w.week FROM kpi_summed_weeks(from_day, to_day) AS w (week)
  ), days AS (
    SELECT c.chunk, c.ordered, c.reordered, bit_or(c.ordered) OVER (PARTITION BY c.chunk ORDER BY c.day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM (SELECT w.week AS day, w.chunk, w.once AS ordered, w.again AS reordered FROM customer_week w WHERE w.week IN (SELECT k.week FROM weeks k)
          UNION ALL
          SELECT s.day, s.chunk, s.ordered, s.reordered
          FROM customer_set s
          WHERE s.day IN (SELECT d.day FROM order_day d WHERE date_trunc('week', d.day::timestamp)::date NOT IN (SELECT k.week FROM weeks k))
            AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)) c
  ), sets AS MATERIALIZED (
    SELECT d.chunk, bit_or(d.ordered) AS once, bit_or(d.reordered | COALESCE(d.ordered & d.before, d.reordered)) AS again FROM days d GROUP BY d.chunk
  ), open AS MATERIALIZED (
    SELECT r.customer_key, sum(r.orders) AS orders FROM kpi_open_order_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_repeat_customers_of(o.day) r GROUP BY r.customer_key
  ), more AS (
    SELECT c.customer_key, COALESCE(get_bit(s.once, n.number % 65536), 0) AS once, COALESCE(get_bit(s.again, n.number % 65536), 0) AS again, c.orders
    FROM open c
    LEFT JOIN customer_number n ON n.customer_key = c.customer_key
    LEFT JOIN sets s ON s.chunk = n.number / 65536
    WHERE c.customer_key <> '?'
  ), totals AS (
    SELECT (SELECT COALESCE(sum(bit_count(s.once)), 0) FROM sets s)::bigint + (SELECT count(*) FROM more m WHERE m.once = 0) AS customers,
           (SELECT COALESCE(sum(bit_count(s.again)), 0) FROM sets s)::bigint + (SELECT count(*) FROM more m WHERE m.again = 0 AND m.once + m.orders >= 2) AS again,
           COALESCE(sum(d.orders), 0)::bigint AS orders, COALESCE(sum(d.unknown_orders), 0)::bigint AS unknown
    FROM (SELECT c.orders, c.unknown_orders
          FROM customer_day c
          WHERE c.day IN (SELECT o.day FROM order_day o) AND (from_day IS NULL OR c.day >= from_day) AND (to_day IS NULL OR c.day <= to_day)
          UNION ALL
          SELECT sum(o.orders) FILTER (WHERE o.customer_key <> '?'), sum(o.orders) FILTER (WHERE o.customer_key = '?') FROM open o) d
  )
  SELECT t.customers, t.again, kpi_percent(t.again, t.customers), t.orders, kpi_ratio(t.orders, t.customers), t.unknown FROM totals t;
END;
CREATE VIEW kpi_repeat_customers AS SELECT * FROM kpi_repeat_customers();
COMMENT ON VIEW kpi_repeat_customers IS
'What part of the customers orders again?
Formula: repeat_percent = customers with two or more orders / customers with one or more. Cancelled orders are none; those of the unknown customer are left out and shown beside it.
Grain: one row
Unit: customers, orders, percent
NULL: rates when there is no customer
Source: orders_fact';

CREATE VIEW kpi_active_users AS
WITH sets AS MATERIALIZED (
  SELECT kpi_month(c.day) AS month_start, c.chunk, bit_or(c.used) AS used, bit_or(c.ordered) AS ordered
  FROM customer_set c WHERE c.day IN (SELECT d.day FROM order_day d) GROUP BY 1, 2
), more AS (
  SELECT c.month_start, COALESCE(get_bit(s.used, c.number % 65536), 0) AS used, COALESCE(get_bit(s.ordered, c.number % 65536), 0) AS ordered, c.orders
  FROM (SELECT kpi_month(o.day) AS month_start, o.customer_key, max(o.number) AS number, sum(o.orders) AS orders FROM kpi_open_customers() o GROUP BY 1, 2) c
  LEFT JOIN sets s ON s.month_start = c.month_start AND s.chunk = c.number / 65536
), monthly AS (
  SELECT n.month_start, sum(n.users)::bigint AS users, sum(n.ordering)::bigint AS ordering
  FROM (SELECT s.month_start, sum(bit_count(s.used)) AS users, sum(bit_count(s.ordered)) AS ordering FROM sets s GROUP BY s.month_start
        UNION ALL
        SELECT m.month_start, count(*) FILTER (WHERE m.used = 0), count(*) FILTER (WHERE m.ordered = 0 AND m.orders > 0) FROM more m GROUP BY m.month_start) n
  GROUP BY n.month_start
), daily AS (
  SELECT d.day, d.users FROM kpi_customer_day() d WHERE d.users > 0
)
SELECT m.month_start, m.users AS active_users, m.ordering AS ordering_users, kpi_percent(m.ordering, m.users) AS ordering_percent,
       round(d.average, 2) AS average_daily_users, kpi_percent(d.average, m.users) AS stickiness_percent
FROM monthly m
JOIN (
  -- The days of the month that the warehouse knows of: of the first month and the latest one not all.
  SELECT y.month_start, y.users / (least((y.month_start + interval '1 month - 1 day')::date, r.last_day) - greatest(y.month_start, r.first_day) + 1) AS average
  FROM (SELECT kpi_month(x.day) AS month_start, sum(x.users) AS users FROM daily x GROUP BY 1) y
  CROSS JOIN (SELECT least(kpi_first_day(), (SELECT a.time_key::date FROM app_event_fact a ORDER BY a.event_time LIMIT 1)) AS first_day,
                     greatest(kpi_last_day(), (SELECT a.time_key::date FROM app_event_fact a ORDER BY a.event_time DESC LIMIT 1)) AS last_day) r
) d ON d.month_start = m.month_start;
COMMENT ON VIEW kpi_active_users IS
'How many customers use the service each month, and how often?
Formula: active_users = customers with an order or an app event in the month; average_daily_users = sum of the days'' active users / days of the month from the first order or app event of all to the latest; stickiness_percent = average_daily_users / active_users (DAU over MAU).
Grain: month
Unit: customers, percent
NULL: none. Unknown customers are left out
Source: orders_fact, app_event_fact';

CREATE FUNCTION kpi_searches(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (search_term text, searches bigint, searchers bigint, search_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH weeks AS MATERIALIZED (
    SELECT w.week FROM kpi_summed_weeks(from_day, to_day) AS w (week)
  ), sets AS MATERIALIZED (
    SELECT s.term, s.chunk, bit_or(s.customers) AS customers FROM search_week s WHERE s.week IN (SELECT k.week FROM weeks k) GROUP BY s.term, s.chunk
  ), open AS MATERIALIZED (
    SELECT s.search_term, s.customer_key, sum(s.searches) AS searches
    FROM kpi_open_days_in(kpi_app_days(), from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_searches_of(o.day) s
    GROUP BY s.search_term, s.customer_key
  ), numbered AS MATERIALIZED (  -- open days may bring customers, and terms, without a number
    SELECT o.search_term, t.number AS term, c.number AS customer
    FROM open o
    LEFT JOIN search_number t ON t.search_term = o.search_term
    LEFT JOIN customer_number c ON c.customer_key = o.customer_key
    WHERE o.customer_key <> '?'
  ), rest AS (  -- what is in no set
    SELECT r.term, r.customer FROM search_week_rest r WHERE r.week IN (SELECT k.week FROM weeks k)
    UNION
    SELECT s.term, s.customer
    FROM search_customer s
    WHERE s.day IN (SELECT d.day FROM order_day d WHERE date_trunc('week', d.day::timestamp)::date NOT IN (SELECT k.week FROM weeks k))
      AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
    UNION
    SELECT p.term, p.customer FROM numbered p WHERE p.term IS NOT NULL AND p.customer IS NOT NULL
  ), counted AS (
    SELECT n.search_term, sum(t.searches) AS searches, sum(t.searchers) AS searchers
    FROM (SELECT s.term, sum(s.searches) AS searches, 0 AS searchers
          FROM search_day s
          WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
          GROUP BY s.term
          UNION ALL
          SELECT s.term, 0, sum(bit_count(s.customers)) FROM sets s GROUP BY s.term
          UNION ALL
          SELECT r.term, 0, count(*)
          FROM rest r LEFT JOIN sets s ON s.term = r.term AND s.chunk = r.customer / 65536
          WHERE COALESCE(get_bit(s.customers, r.customer % 65536), 0) = 0
          GROUP BY r.term) t
    JOIN search_number n ON n.number = t.term
    GROUP BY n.search_term
    UNION ALL
    SELECT p.search_term, 0, count(*) FROM numbered p WHERE p.term IS NULL OR p.customer IS NULL GROUP BY p.search_term
    UNION ALL
    SELECT o.search_term, sum(o.searches), 0 FROM open o GROUP BY o.search_term
  )
  SELECT c.search_term, sum(c.searches)::bigint, sum(c.searchers)::bigint, kpi_percent(sum(c.searches), sum(sum(c.searches)) OVER ()) FROM counted c GROUP BY c.search_term;
END;
CREATE VIEW kpi_searches AS SELECT * FROM kpi_searches();
COMMENT ON VIEW kpi_searches IS
'What do customers look for?
Formula: searches = app events whose search history holds the term, once per event; search_percent = share of all terms of all events; searchers = known customers among them.
Grain: search term, lower case
Unit: searches, customers, percent
NULL: none
Source: app_event_fact';

CREATE FUNCTION kpi_orders_per_driver(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (driver_id text, driver_name text, experience_level text, city_name text, deliveries bigint, active_days bigint, deliveries_per_day numeric,
               average_delivery_time numeric, on_time_percent numeric, distance_km numeric, average_score numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH hold AS MATERIALIZED (SELECT NOT EXISTS (SELECT FROM member_change) AND kpi_totals_hold() AS yes)
  SELECT t.driver_key COLLATE "default" AS driver_id, t.driver_name, t.experience_level, t.city_name, t.deliveries, t.days, t.deliveries_per_day, t.average_minutes, t.on_time_percent, t.distance_km, t.average_score
  FROM driver_total t
  WHERE t.deliveries > 0 AND from_day IS NULL AND to_day IS NULL AND (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT n.driver_key COLLATE "default", COALESCE(d.name, n.driver_key) COLLATE "default", COALESCE(d.experience_level, 'Unknown'), COALESCE(c.city_name, d.city, 'Unknown') COLLATE "default", n.deliveries, n.days,
         n.deliveries_per_day, n.average_minutes, n.on_time_percent, n.distance_km, n.average_score
  FROM kpi_driver_total(from_day, to_day) n
  LEFT JOIN driver_dim d ON d.driver_id = n.driver_key
  LEFT JOIN city_dim c ON c.city_id = d.city
  WHERE from_day IS NOT NULL OR to_day IS NOT NULL OR NOT (SELECT h.yes FROM hold h);
END;
CREATE VIEW kpi_orders_per_driver AS SELECT * FROM kpi_orders_per_driver();
COMMENT ON VIEW kpi_orders_per_driver IS
'How much does each driver deliver, and how well?
Formula: deliveries_per_day = finished deliveries / days with one; on_time_percent over those with a promise; distance_km = sum of the distances that are known; average_score = mean score of the feedback on the driver''s orders.
Grain: driver with a delivery
Unit: deliveries, minutes, kilometres, percent, score
NULL: where no delivery has the figure
Source: delivery_fact, customer_feedback_fact, driver_history, city_dim';

CREATE FUNCTION kpi_driver_use_of(from_day date, to_day date)
RETURNS TABLE (driver_id text, driver_name text, deliveries bigint, order_minutes numeric, busy_minutes numeric, overlap_minutes numeric,
               online_minutes numeric, utilisation_percent numeric, untimed_orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH days AS (
    SELECT b.driver_key, sum(b.deliveries)::bigint AS deliveries, sum(b.untimed_orders)::bigint AS untimed_orders, sum(b.order_time) AS order_time, sum(b.busy_time) AS busy_time FROM kpi_driver_busy(from_day, to_day) b GROUP BY b.driver_key
  ), meeting AS MATERIALIZED (
    -- Orders of two days can meet only where one of them lies partly outside its own.
    SELECT e.driver_key, least(e.day, o.day) AS earlier, greatest(e.day, o.day) AS later
    FROM kpi_driver_busy(from_day, to_day) e
    JOIN kpi_driver_busy(from_day, to_day) o ON o.driver_key = e.driver_key AND o.day <> e.day AND o.first_start < e.last_end AND e.first_start < o.last_end
    WHERE e.reaches_out
    GROUP BY 1, 2, 3
  ), open_spans AS MATERIALIZED (
    SELECT s.day, s.driver_key, s.spans FROM kpi_open_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_driver_busy_of(o.day, from_day, to_day) s
  ), pairs AS (
    SELECT m.driver_key, m.later, COALESCE(e.spans, (SELECT s.spans FROM driver_spans s WHERE s.day = m.earlier AND s.driver_key = m.driver_key)) AS earlier_spans,
           COALESCE(l.spans, (SELECT s.spans FROM driver_spans s WHERE s.day = m.later AND s.driver_key = m.driver_key)) AS later_spans
    FROM meeting m
    LEFT JOIN open_spans e ON e.day = m.earlier AND e.driver_key = m.driver_key
    LEFT JOIN open_spans l ON l.day = m.later AND l.driver_key = m.driver_key
  ), twice AS (
    SELECT t.driver_key, sum((SELECT sum(upper(x.span) - lower(x.span)) FROM unnest(t.both) AS x (span))) AS time
    FROM (SELECT p.driver_key, range_agg(x.span) * p.later_spans AS both FROM pairs p CROSS JOIN LATERAL unnest(p.earlier_spans) AS x (span)
          GROUP BY p.driver_key, p.later, p.later_spans) t
    GROUP BY t.driver_key
  ), busy AS (
    -- No times in any order: it is not known how busy the driver was.
    SELECT d.driver_key, d.deliveries, d.untimed_orders, CASE WHEN d.order_time > '0' THEN extract(epoch FROM d.order_time) / 60 END AS minutes,
           CASE WHEN d.order_time > '0' THEN extract(epoch FROM d.busy_time - COALESCE(t.time, '0')) / 60 END AS busy
    FROM days d LEFT JOIN twice t ON t.driver_key = d.driver_key
  ), online AS (
    SELECT h.driver_key AS driver_id, sum(h.online_seconds) / 60 AS minutes FROM kpi_driver_online(from_day, to_day) h GROUP BY h.driver_key
  )
  SELECT COALESCE(b.driver_key, o.driver_id), COALESCE(d.name, b.driver_key, o.driver_id), COALESCE(b.deliveries, 0), round(k.minutes, 2),
         round(k.busy, 2), round(k.minutes - k.busy, 2), round(o.minutes, 2), kpi_percent(k.busy, o.minutes), COALESCE(b.untimed_orders, 0)
  FROM busy b
  FULL JOIN online o ON o.driver_id = b.driver_key
  CROSS JOIN LATERAL (SELECT CASE WHEN b.driver_key IS NULL THEN 0 ELSE b.minutes END AS minutes, CASE WHEN b.driver_key IS NULL THEN 0 ELSE b.busy END AS busy) k
  LEFT JOIN driver_dim d ON d.driver_id = COALESCE(b.driver_key, o.driver_id);
END;
COMMENT ON FUNCTION kpi_driver_use_of(date, date) IS 'What kpi_driver_utilisation shows of the days from from_day to to_day inclusive (NULL: open), from the sums by day.';

-- STRICT: see 40-kpi-daytotals.sql. Where nothing was analyzed yet its many joins seem so dear that they would be compiled for seconds.
CREATE FUNCTION kpi_driver_use_now()
RETURNS TABLE (driver_id text, driver_name text, deliveries bigint, order_minutes numeric, busy_minutes numeric, overlap_minutes numeric,
               online_minutes numeric, utilisation_percent numeric, untimed_orders bigint)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10000
SET jit = off
BEGIN ATOMIC
  SELECT s.* FROM kpi_driver_use_of(NULL, NULL) s;
END;
COMMENT ON FUNCTION kpi_driver_use_now() IS 'What kpi_driver_use_of says of all days, planned when it is called.';

CREATE FUNCTION kpi_driver_utilisation(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (driver_id text, driver_name text, deliveries bigint, order_minutes numeric, busy_minutes numeric, overlap_minutes numeric,
               online_minutes numeric, utilisation_percent numeric, untimed_orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH hold AS MATERIALIZED (SELECT kpi_totals_hold() AS yes)
  SELECT u.driver_key, COALESCE(d.name, u.driver_key), u.deliveries, u.order_minutes, u.busy_minutes, u.overlap_minutes, u.online_minutes, u.utilisation_percent, u.untimed_orders
  FROM driver_use u
  LEFT JOIN driver_dim d ON d.driver_id = u.driver_key
  WHERE from_day IS NULL AND to_day IS NULL AND (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT n.* FROM kpi_driver_use_now() n WHERE from_day IS NULL AND to_day IS NULL AND NOT (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT s.* FROM kpi_driver_use_of(from_day, to_day) s WHERE from_day IS NOT NULL OR to_day IS NOT NULL;
END;
CREATE VIEW kpi_driver_utilisation AS SELECT * FROM kpi_driver_utilisation();
COMMENT ON VIEW kpi_driver_utilisation IS
'What part of a driver''s time on line is spent with orders?
Formula: utilisation_percent = busy_minutes / online_minutes. An order keeps the driver busy from assignment (else pick-up, else acceptance) to delivery or cancellation; overlapping orders are merged, so two carried together count once (order_minutes adds them up, overlap_minutes is the difference). Orders delivered or cancelled whose times are not known or contradict each other add nothing: untimed_orders counts them. On line: between pings not more than 300 s apart. More than 100 where pings are missing.
Grain: driver with an order or a ping
Unit: minutes, deliveries, orders, percent
NULL: online_minutes and the rate without pings; order_minutes, busy_minutes, overlap_minutes and the rate where none of the driver''s orders has times
Source: orders_fact, driver_hour, driver_history';

CREATE FUNCTION kpi_peak_windows(from_day date DEFAULT NULL, to_day date DEFAULT NULL, of_city text DEFAULT NULL, peak_index numeric DEFAULT 125)
RETURNS TABLE (hour integer, orders bigint, order_percent numeric, orders_per_day numeric, hour_index numeric, is_peak boolean, peak_window text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH counted AS (
    SELECT f.hour, sum(f.orders)::bigint AS orders
    FROM (SELECT s.hour, s.city_key, s.orders
          FROM order_clock_day s
          WHERE s.day IN (SELECT o.day FROM order_day o) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
          UNION ALL
          SELECT r.* FROM kpi_open_order_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_peak_windows_of(o.day) r) f
    WHERE of_city IS NULL OR f.city_key = of_city COLLATE "C"
    GROUP BY f.hour
  ), covered AS (
    SELECT COALESCE(to_day, upper(r.days) - 1) - COALESCE(from_day, lower(r.days)) + 1 AS days, (SELECT sum(c.orders) FROM counted c) AS total
    FROM (SELECT kpi_order_days() AS days OFFSET 0) r
  ), hours AS (
    SELECT g.hour, COALESCE(c.orders, 0) AS orders, v.days, v.total, COALESCE(c.orders, 0) * 2400 / v.total AS index
    FROM covered v
    CROSS JOIN generate_series(0, 23) AS g (hour)
    LEFT JOIN counted c ON c.hour = g.hour
    WHERE v.total > 0
  ), marked AS (
    -- The hours without a peak around it, over midnight where there is none up to it: 23 is followed by 0.
    SELECT h.*, h.index >= peak_index AS peak,
           COALESCE(max(h.hour) FILTER (WHERE h.index < peak_index) OVER up_to, max(h.hour) FILTER (WHERE h.index < peak_index) OVER (), -1) AS before,
           COALESCE(min(h.hour) FILTER (WHERE h.index < peak_index) OVER from_then, min(h.hour) FILTER (WHERE h.index < peak_index) OVER (), 0) AS after
    FROM hours h
    WINDOW up_to AS (ORDER BY h.hour), from_then AS (ORDER BY h.hour DESC)
  )
  SELECT m.hour, m.orders, kpi_percent(m.orders, m.total), kpi_ratio(m.orders, m.days), round(m.index, 2), m.peak,
         CASE WHEN m.peak THEN lpad(((m.before + 1) % 24)::text, 2, '0') || ':00-' || lpad(COALESCE(nullif(m.after, 0), 24)::text, 2, '0') || ':00' END
  FROM marked m
  ORDER BY m.hour;
END;
CREATE VIEW kpi_peak_windows AS SELECT * FROM kpi_peak_windows();
COMMENT ON VIEW kpi_peak_windows IS
'At which hours of the local day do the orders come?
Formula: hour_index = 100 x orders of the hour / mean over the 24 hours; a peak is an index of 125 or more, peak_window the run of peak hours it belongs to (end excluded), over midnight where it goes on: 22:00-02:00. The function takes days, a city and another threshold. Orders whose time is not known count at their first event.
Grain: hour of the local day, 0 to 23; no rows without orders
Unit: orders, percent
NULL: peak_window outside peaks
Source: orders_fact';

CREATE VIEW kpi_summary AS
SELECT o.orders, d.average AS average_delivery_time, d.on_time_percent, o.payment_success_percent,
       (SELECT kpi_percent(sum(r.refunded_orders), sum(r.charged_orders)) FROM kpi_refund_rate r) AS refund_percent,
       (SELECT r.repeat_percent FROM kpi_repeat_customers r) AS repeat_percent,
       (SELECT string_agg(DISTINCT p.peak_window, ', ' ORDER BY p.peak_window) FROM kpi_peak_windows p) AS peak_windows
FROM (SELECT COALESCE(sum(p.orders + p.unpaid_orders), 0)::bigint AS orders, kpi_percent(sum(p.paid_orders), sum(p.orders)) AS payment_success_percent FROM kpi_payment_success p) o
CROSS JOIN (SELECT round(sum(f.minutes) / nullif(sum(f.timed), 0), 2) AS average, kpi_percent(sum(f.on_time), sum(f.promised)) AS on_time_percent FROM kpi_city_day() f) d;
COMMENT ON VIEW kpi_summary IS
'How is the service doing, in one line?
Formula: average_delivery_time and on_time_percent over all deliveries with good times (and a promise), payment_success_percent over orders with a payment tried, refund_percent by number, repeat_percent and peak_windows as in the reports of those names.
Grain: one row
Unit: orders, minutes, percent
NULL: a figure that nothing is known of yet
Source: orders_fact, delivery_fact';
