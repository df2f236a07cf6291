-- Which days the facts have rows of, and which of these are not summed up. Functions that are planned when they are called: reports ask them for the one fact they rest on.
-- Found through the facts' keys, whose first column is the time.
CREATE FUNCTION kpi_order_days() RETURNS daterange
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT daterange(b.first_day, b.last_day, '[]')
  FROM (SELECT (SELECT f.time_key::date FROM orders_fact f ORDER BY f.event_time LIMIT 1) AS first_day,
               (SELECT f.time_key::date FROM orders_fact f ORDER BY f.event_time DESC LIMIT 1) AS last_day) b
  WHERE b.first_day IS NOT NULL;
END;
COMMENT ON FUNCTION kpi_order_days() IS 'Local days from the first order to the latest. NULL without orders.';

CREATE FUNCTION kpi_payment_days() RETURNS daterange
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT daterange(b.first_day, b.last_day, '[]')
  FROM (SELECT (SELECT f.time_key::date FROM payment_fact f ORDER BY f.event_time LIMIT 1) AS first_day,
               (SELECT f.time_key::date FROM payment_fact f ORDER BY f.event_time DESC LIMIT 1) AS last_day) b
  WHERE b.first_day IS NOT NULL;
END;
COMMENT ON FUNCTION kpi_payment_days() IS 'Local days from the first payment or refund to the latest. NULL without any.';

CREATE FUNCTION kpi_feedback_days() RETURNS daterange
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT daterange(b.first_day, b.last_day, '[]')
  FROM (SELECT (SELECT f.time_key::date FROM customer_feedback_fact f ORDER BY f.event_time LIMIT 1) AS first_day,
               (SELECT f.time_key::date FROM customer_feedback_fact f ORDER BY f.event_time DESC LIMIT 1) AS last_day) b
  WHERE b.first_day IS NOT NULL;
END;
COMMENT ON FUNCTION kpi_feedback_days() IS 'Local days from the first feedback to the latest. NULL without feedback.';

CREATE FUNCTION kpi_app_days() RETURNS daterange
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT daterange(b.first_day, b.last_day, '[]')
  FROM (SELECT (SELECT f.time_key::date FROM app_event_fact f ORDER BY f.event_time LIMIT 1) AS first_day,
               (SELECT f.time_key::date FROM app_event_fact f ORDER BY f.event_time DESC LIMIT 1) AS last_day) b
  WHERE b.first_day IS NOT NULL;
END;
COMMENT ON FUNCTION kpi_app_days() IS 'Local days from the first app event to the latest. NULL without app events.';

CREATE FUNCTION kpi_days() RETURNS daterange
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT daterange(min(lower(k.days)), max(upper(k.days)))
  FROM (VALUES (kpi_order_days()), (kpi_payment_days()), (kpi_feedback_days()), (kpi_app_days()),
               ((SELECT daterange(h.time_key::date, (SELECT l.time_key::date FROM driver_hour l ORDER BY l.hour_start DESC LIMIT 1), '[]')
                 FROM driver_hour h ORDER BY h.hour_start LIMIT 1))) AS k (days)
  HAVING count(k.days) > 0;
END;
COMMENT ON FUNCTION kpi_days() IS 'Local days from the first order, payment, feedback, app event or ping to the latest. NULL without any.';

-- OFFSET 0: the range is worked out once.
CREATE FUNCTION kpi_open_days_in(days daterange, from_day date, to_day date) RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
  SELECT g.day::date
  FROM (SELECT days AS known OFFSET 0) r
  CROSS JOIN LATERAL generate_series(CASE WHEN r.known IS NOT NULL THEN greatest(from_day, lower(r.known)) END::timestamp, least(to_day, upper(r.known) - 1)::timestamp, interval '1 day') AS g (day)
  WHERE g.day::date NOT IN (SELECT d.day FROM order_day d);
END;
COMMENT ON FUNCTION kpi_open_days_in(daterange, date, date) IS
'Of a finite range of local days those from from_day to to_day (NULL: all) that are not summed up. None for NULL.';

CREATE FUNCTION kpi_open_days(from_day date, to_day date) RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
  SELECT o.day FROM kpi_open_days_in(kpi_days(), from_day, to_day) AS o (day);
END;
COMMENT ON FUNCTION kpi_open_days(date, date) IS
'Local days from from_day to to_day (NULL: from the first, to the latest order, payment, feedback, app event or ping) that are not summed up. None without any.';

CREATE FUNCTION kpi_open_order_days(from_day date, to_day date) RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
  SELECT o.day FROM kpi_open_days_in(kpi_order_days(), from_day, to_day) AS o (day);
END;
COMMENT ON FUNCTION kpi_open_order_days(date, date) IS
'Local days from from_day to to_day (NULL: from the first, to the latest order) that are not summed up: all that reports of orders have to read from the facts. None without any.';

CREATE FUNCTION kpi_summed_weeks(from_day date, to_day date) RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
  SELECT w.week
  FROM order_week w
  JOIN (SELECT date_trunc('week', d.day::timestamp)::date AS week, array_agg(d.day ORDER BY d.day) AS days FROM order_day d GROUP BY 1) n ON n.week = w.week AND n.days = w.days
  WHERE (from_day IS NULL OR w.week >= from_day) AND (to_day IS NULL OR w.week + 6 <= to_day);
END;
COMMENT ON FUNCTION kpi_summed_weeks(date, date) IS
'Mondays of the weeks from from_day to to_day (NULL: open) that are summed up, no day of them outside: whose sets hold all days that order_day has of the week.';
