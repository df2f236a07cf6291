-- KPIs of deliveries: promise and time by city, by month, what comes of orders, what the feedback says.

CREATE FUNCTION kpi_on_time_by_city(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (city_id text, city_name text, deliveries bigint, average_eta numeric, average_delivery_time numeric,
               average_delay numeric, promised_deliveries bigint, on_time_deliveries bigint, on_time_percent numeric,
               conflicting_deliveries bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT d.city_key, COALESCE(c.city_name, d.city_key), d.deliveries, d.average_eta, d.average_delivery_time, d.average_delay,
         d.promised, d.on_time, kpi_percent(d.on_time, d.promised), d.conflicting
  FROM (SELECT f.city_key, sum(f.deliveries)::bigint AS deliveries, round(sum(f.eta) / nullif(sum(f.estimated), 0), 2) AS average_eta,
               round(sum(f.minutes) / nullif(sum(f.timed), 0), 2) AS average_delivery_time, round(sum(f.delay) / nullif(sum(f.delayed), 0), 2) AS average_delay,
               sum(f.promised)::bigint AS promised, sum(f.on_time)::bigint AS on_time, sum(f.deliveries - f.timed)::bigint AS conflicting
        FROM kpi_city_day(from_day, to_day) f
        GROUP BY f.city_key) d
  LEFT JOIN city_dim c ON c.city_id = d.city_key;
END;
CREATE VIEW kpi_on_time_by_city AS SELECT * FROM kpi_on_time_by_city();
COMMENT ON VIEW kpi_on_time_by_city IS
'How well does each city keep its promise?
Formula: on_time_percent = deliveries within the promised minutes / deliveries with a promise and good times; average_eta = mean of the estimates, average_delivery_time = mean minutes from order to door, average_delay = mean of delivery time less promise (negative: early).
Grain: city
Unit: minutes, deliveries, percent
NULL: averages and percent where no delivery has the figure
Source: delivery_fact, city_dim';

CREATE FUNCTION kpi_delivery_time_by_city_month(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (city_id text, city_name text, month_start date, deliveries bigint, timed_deliveries bigint, average_delivery_time numeric,
               median_delivery_time numeric, p90_delivery_time numeric, average_distance_km numeric, measured_deliveries bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH driven AS (
    SELECT f.city_key, kpi_month(f.day) AS month_start, sum(f.deliveries)::bigint AS deliveries, sum(f.timed)::bigint AS timed,
           round(sum(f.minutes) / nullif(sum(f.timed), 0), 2) AS average, round(sum(f.distance) / nullif(sum(f.measured), 0), 2) AS distance,
           sum(f.measured)::bigint AS measured
    FROM kpi_city_day(from_day, to_day) f
    GROUP BY 1, 2
  )
  SELECT d.city_key, COALESCE(c.city_name, d.city_key), d.month_start, d.deliveries, d.timed, d.average, q.median, q.p90, d.distance, d.measured
  FROM driven d
  LEFT JOIN kpi_minutes_month(from_day, to_day) q ON q.city_key = d.city_key AND q.month_start = d.month_start
  LEFT JOIN city_dim c ON c.city_id = d.city_key;
END;
CREATE VIEW kpi_delivery_time_by_city_month AS SELECT * FROM kpi_delivery_time_by_city_month();
COMMENT ON VIEW kpi_delivery_time_by_city_month IS
'How long does a delivery take, city by city and month by month?
Formula: mean, median and 90th percentile of delivery_time over the deliveries with good times; mean kilometres over those whose distance is known. Percentiles are values that occur (the discrete definition). A delivery counts in the month its order was placed.
Grain: city and month
Unit: minutes, kilometres, deliveries
NULL: where no delivery has the figure
Source: delivery_fact, city_dim';

CREATE FUNCTION kpi_order_outcomes(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (month_start date, orders bigint, delivered_orders bigint, cancelled_orders bigint, open_orders bigint, cancelled_percent numeric,
               conflicting_orders bigint, average_preparation_minutes numeric, average_wait_minutes numeric, average_ride_minutes numeric,
               average_order_value numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT kpi_month(f.time_key::date), sum(f.orders)::bigint, sum(f.delivered_orders)::bigint, sum(f.cancelled_orders)::bigint,
         sum(f.orders - f.delivered_orders - f.cancelled_orders)::bigint,
         kpi_percent(sum(f.cancelled_orders), sum(f.delivered_orders + f.cancelled_orders)), sum(f.conflicting_orders)::bigint,
         round(extract(epoch FROM sum(f.preparation)) / (60 * nullif(sum(f.prepared_orders), 0)), 2),
         round(extract(epoch FROM sum(f.wait)) / (60 * nullif(sum(f.waited_orders), 0)), 2),
         round(extract(epoch FROM sum(f.ride)) / (60 * nullif(sum(f.ridden_orders), 0)), 2),
         round(sum(f.amount) / nullif(sum(f.valued_orders), 0), 2)
  FROM kpi_order_hour(from_day, to_day) f
  GROUP BY 1;
END;
CREATE VIEW kpi_order_outcomes AS SELECT * FROM kpi_order_outcomes();
COMMENT ON VIEW kpi_order_outcomes IS
'What becomes of the orders, and where does their time go?
Formula: cancelled_percent = cancelled / (delivered + cancelled); preparation = accepted to prepared, wait = prepared to picked up, ride = picked up to delivered, each a mean over the orders that have both times in order; average_order_value = mean total_amount of orders not cancelled.
Grain: month of the order
Unit: orders, percent, minutes, currency
NULL: a mean where no order has the times or the amount; the percentage while no order is finished
Source: orders_fact';

CREATE FUNCTION kpi_feedback_by_city(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (city_id text, city_name text, feedbacks bigint, scored_feedbacks bigint, average_score numeric, complaints bigint,
               feedbacks_with_complaint bigint, complaint_percent numeric, answered_feedbacks bigint, average_response_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT d.city_key, COALESCE(c.city_name, d.city_key), d.feedbacks, d.scored, d.score, d.complaints, d.complaining, kpi_percent(d.complaining, d.feedbacks), d.answered, d.response
  FROM (SELECT f.city_key, sum(f.feedbacks)::bigint AS feedbacks, sum(f.scored)::bigint AS scored, round(sum(f.score) / nullif(sum(f.scored), 0), 2) AS score,
               sum(f.complaints)::bigint AS complaints, sum(f.complaining)::bigint AS complaining,
               sum(f.answered)::bigint AS answered, round(sum(f.response) / nullif(sum(f.answered), 0), 2) AS response
        FROM (SELECT s.city_key, s.feedbacks, s.scored, s.score, s.complaints, s.complaining, s.answered, s.response
              FROM feedback_day s
              WHERE s.day IN (SELECT o.day FROM order_day o) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
              UNION ALL
              SELECT g.city_key, g.feedbacks, g.scored, g.score, g.complaints, g.complaining, g.answered, g.response
              FROM kpi_open_days_in(kpi_feedback_days(), from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_feedback_day_of(o.day) g) f
        GROUP BY f.city_key) d
  LEFT JOIN city_dim c ON c.city_id = d.city_key;
END;
CREATE VIEW kpi_feedback_by_city AS SELECT * FROM kpi_feedback_by_city();
COMMENT ON VIEW kpi_feedback_by_city IS
'How satisfied are the customers, and how soon are complaints answered?
Formula: average_score = mean of the scores given (1 to 5), by form or in the app; complaint_percent = feedback with a complaint / feedback; average_response_minutes = mean over what was answered.
Grain: city
Unit: score, feedback, percent, minutes
NULL: a mean where nothing was scored or answered
Source: customer_feedback_fact, city_dim';

-- The effect of a circumstance on the minutes of a delivery, like compared with like. Orders are cut into
-- strata by city, meal hour and all the other circumstances; within a stratum the mean of the orders with
-- the circumstance less that of those without is free of what the stratum holds fixed. Differences are pooled
-- with Mantel-Haenszel weights w = n1 n0 / (n1 + n0); a stratum needs two orders of each kind, for its
-- variance s1^2/n1 + s0^2/n0; the pooled one is sum(w^2 var) / (sum w)^2. (Greenland and Robins, 1985.)
CREATE FUNCTION kpi_delay_drivers(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (factor text, compared text, exposed_orders bigint, baseline_orders bigint, unknown_orders bigint, plain_difference numeric,
               strata bigint, compared_orders bigint, effect_minutes numeric, standard_error numeric, effect_low numeric, effect_high numeric,
               is_significant boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH supply AS (
    SELECT h.time_key, h.city_key AS city_id, h.drivers FROM kpi_driver_supply(from_day, to_day) h
  ), demand AS (
    SELECT f.time_key, f.city_key, sum(f.orders) AS orders FROM kpi_order_hour(from_day, to_day) f GROUP BY f.time_key, f.city_key
  ), hours AS MATERIALIZED (
    SELECT q.time_key, q.city_key, s.drivers::numeric / q.orders AS ratio, t.meal_time IN ('Lunch', 'Dinner') AS is_meal
    FROM demand q
    LEFT JOIN supply s ON s.time_key = q.time_key AND s.city_id = q.city_key
    LEFT JOIN time_dim t ON t.date_key = q.time_key
  ), delivered AS MATERIALIZED (
    SELECT f.* FROM kpi_delay_cell(from_day, to_day) f
  ), ordinary AS (
    -- Whole microseconds are above the mean when they are above what is whole of it.
    SELECT floor(sum(d.preparation_sum) / nullif(sum(cardinality(d.preparations)), 0))::bigint AS preparation, (SELECT avg(h.ratio) FROM hours h) AS ratio FROM delivered d
  ), cells AS (
    SELECT d.city_key, h.is_meal, nullif(d.traffic, -1) AS traffic, p.preparation, nullif(d.weather, -1) AS weather,
           CASE WHEN h.ratio < o.ratio THEN 1 WHEN h.ratio IS NOT NULL THEN 0 END AS scarcity, nullif(d.payment, -1) AS payment,
           sum(p.n) AS n, sum(p.total) AS total, sum(p.squares) AS squares
    FROM delivered d
    CROSS JOIN ordinary o
    JOIN hours h ON h.time_key = d.time_key AND h.city_key = d.city_key
    CROSS JOIN LATERAL (
      -- OFFSET 0: worked out once, however often it is asked for. up_to: how many preparations are not longer than the mean; they begin with the negative ones, which say nothing.
      SELECT s.longer, s.longer_minutes, s.longer_squares, s.shorter,
             CASE WHEN s.shorter > 0 THEN d.longer_minutes[d.negative_orders + 1] - s.longer_minutes ELSE 0 END AS shorter_minutes,
             CASE WHEN s.shorter > 0 THEN d.longer_squares[d.negative_orders + 1] - s.longer_squares ELSE 0 END AS shorter_squares
      FROM (SELECT cardinality(d.preparations) - u.up_to AS longer, COALESCE(d.longer_minutes[u.up_to + 1], 0) AS longer_minutes,
                   COALESCE(d.longer_squares[u.up_to + 1], 0) AS longer_squares, greatest(u.up_to - d.negative_orders, 0) AS shorter
            FROM (SELECT CASE WHEN cardinality(d.preparations) > 0 THEN width_bucket(o.preparation, d.preparations) ELSE 0 END AS up_to OFFSET 0) u OFFSET 0) s OFFSET 0) c
    CROSS JOIN LATERAL (VALUES (1, c.longer, c.longer_minutes, c.longer_squares), (0, c.shorter, c.shorter_minutes, c.shorter_squares),
      (NULL, d.orders - c.longer - c.shorter, d.minutes - c.longer_minutes - c.shorter_minutes, d.squares - c.longer_squares - c.shorter_squares))
      AS p (preparation, n, total, squares)
    WHERE p.n > 0
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ), labelled AS (
    SELECT v.ordinal, v.factor, v.compared, v.exposed,
           concat_ws('/', c.city_key, c.is_meal::text, v.stratum) AS stratum, c.n, c.total, c.squares
    FROM cells c
    CROSS JOIN LATERAL (VALUES
      (1, 'Traffic', 'High or Jam against Low or Medium', c.traffic, concat(c.preparation, '-', c.weather, '-', c.scarcity, '-', c.payment)),
      (2, 'Preparation', 'longer than the mean against shorter', c.preparation, concat(c.traffic, '-', c.weather, '-', c.scarcity, '-', c.payment)),
      (3, 'Driver availability', 'fewer available drivers per order and hour than the mean against more', c.scarcity, concat(c.traffic, '-', c.preparation, '-', c.weather, '-', c.payment)),
      (4, 'Weather', 'rain, storm, snow, fog or sandstorm against fair', c.weather, concat(c.traffic, '-', c.preparation, '-', c.scarcity, '-', c.payment)),
      (5, 'Payment mode', 'cash against cashless', c.payment, concat(c.traffic, '-', c.preparation, '-', c.weather, '-', c.scarcity)))
      AS v (ordinal, factor, compared, exposed, stratum)
  ), strata AS (
    SELECT l.ordinal, l.factor, l.compared, l.stratum,
           COALESCE(sum(l.n) FILTER (WHERE l.exposed = 1), 0) AS n1, COALESCE(sum(l.n) FILTER (WHERE l.exposed = 0), 0) AS n0,
           COALESCE(sum(l.n) FILTER (WHERE l.exposed IS NULL), 0) AS unknown,
           sum(l.total) FILTER (WHERE l.exposed = 1) AS t1, sum(l.total) FILTER (WHERE l.exposed = 0) AS t0,
           sum(l.squares) FILTER (WHERE l.exposed = 1) AS q1, sum(l.squares) FILTER (WHERE l.exposed = 0) AS q0
    FROM labelled l
    GROUP BY l.ordinal, l.factor, l.compared, l.stratum
  ), weighed AS (
    SELECT s.*, CASE WHEN s.n1 >= 2 AND s.n0 >= 2 THEN s.n1 * s.n0 / (s.n1 + s.n0) END AS w,
           CASE WHEN s.n1 >= 2 AND s.n0 >= 2 THEN s.t1 / s.n1 - s.t0 / s.n0 END AS d,
           CASE WHEN s.n1 >= 2 AND s.n0 >= 2 THEN (s.q1 - s.t1 * s.t1 / s.n1) / (s.n1 - 1) / s.n1 + (s.q0 - s.t0 * s.t0 / s.n0) / (s.n0 - 1) / s.n0 END AS v
    FROM strata s
  ), pooled AS (
    SELECT w.ordinal, w.factor, w.compared, sum(w.n1)::bigint AS n1, sum(w.n0)::bigint AS n0, sum(w.unknown)::bigint AS unknown,
           sum(w.t1) / nullif(sum(w.n1), 0) - sum(w.t0) / nullif(sum(w.n0), 0) AS plain,
           count(w.w) AS strata, COALESCE(sum(w.n1 + w.n0) FILTER (WHERE w.w IS NOT NULL), 0)::bigint AS orders,
           sum(w.w * w.d) / sum(w.w) AS effect, sqrt(greatest(sum(w.w * w.w * w.v), 0)) / sum(w.w) AS error
    FROM weighed w
    GROUP BY w.ordinal, w.factor, w.compared
  )
  SELECT p.factor, p.compared, p.n1, p.n0, p.unknown, round(p.plain, 2), p.strata, p.orders, round(p.effect, 2), round(p.error, 3),
         round(p.effect - 1.96 * p.error, 2), round(p.effect + 1.96 * p.error, 2), abs(p.effect) > 1.96 * p.error
  FROM pooled p
  ORDER BY p.ordinal;
END;
CREATE VIEW kpi_delay_drivers AS SELECT * FROM kpi_delay_drivers();
COMMENT ON VIEW kpi_delay_drivers IS
'What delays deliveries, all else equal, and how sure is that?
Formula: effect_minutes = mean delivery time of the orders with the circumstance less that of those without, compared within strata of the same city, meal hour (lunch or dinner, or not) and other circumstances, pooled with weights n1 n0 / (n1 + n0); effect_low and effect_high = its 95 % confidence interval, effect -+ 1.96 standard errors; plain_difference = the same without strata, which mixes causes. Availability: drivers of the city with a ping that said available / orders of the hour; hours without a ping of them are not known. An observational comparison: what the strata do not hold fixed can still hide in it.
Grain: circumstance: traffic, preparation, driver availability, weather, payment mode
Unit: minutes, orders, strata
NULL: effect and interval when no stratum has two orders of each kind; plain_difference when there are not both kinds
Source: orders_fact, driver_hour, driver_history, time_dim';
