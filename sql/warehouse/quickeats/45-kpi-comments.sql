-- Comments of the KPI views' columns and of the functions. A column name means the same in every report, so
-- it is explained once; where a report says it more narrowly, the entry names the report. An entry for
-- nothing, or a column without one, is an error: the vocabulary and the reports cannot drift apart.
DO $kpi_comments$
DECLARE
  vocabulary constant text[] := ARRAY[
    'active_days', 'Local days with a finished delivery',
    'active_users', 'Known customers with an order or an app event in the month',
    'answered_feedbacks', 'Feedback that somebody answered',
    'attempts', 'Payments tried',
    'available_drivers', 'Drivers of the cell whose last ping said that they can take an order',
    'average_daily_users', 'Sum over the days of their active users / days of the month from the first order or app event of all to the latest, rounded to two places',
    'average_delay', 'Mean of delivery time less promise, minutes, negative: early. NULL where no delivery has both',
    'average_delivery_time', 'Mean minutes from order to door over deliveries with good times. NULL where there is none',
    'average_distance_km', 'Mean kilometres over deliveries whose distance is known. NULL where there is none',
    'average_eta', 'Mean of the estimated (else promised) minutes from order to door. NULL where there is neither',
    'average_order_value', 'Mean total_amount of orders not cancelled, currency. NULL where none is told',
    'average_preparation_minutes', 'Mean minutes from accepted to prepared. NULL where no order has both',
    'average_rating', 'Rating of the restaurant by the master data, 0 to 5. NULL where not known',
    'average_response_minutes', 'Mean minutes to an answer, over what was answered. NULL where nothing was',
    'average_ride_minutes', 'Mean minutes from pick-up to door. NULL where no order has both',
    'average_score', 'Mean feedback score, 1 to 5. NULL without scores',
    'average_wait_minutes', 'Mean minutes that the ready food waited for its driver. NULL where no order has both times',
    'baseline_orders', 'Delivered orders without the circumstance',
    'busy_minutes', 'Minutes with at least one order in hand: overlapping orders merged. NULL where no order has times',
    'cancelled_orders', 'Orders that were cancelled',
    'kpi_order_outcomes.cancelled_percent', 'Cancelled / (delivered + cancelled), percent. NULL while no order is finished',
    'kpi_top_restaurants.cancelled_percent', 'Cancelled / all orders of the restaurant, percent',
    'candidate_rank', '1 for the nearest driver of the order',
    'charged_amount', 'Money taken for the charged orders, currency',
    'charged_orders', 'Orders with a successful payment; without news of one: delivered or refunded',
    'city_id', 'City (city_dim.city_id); ? where not known',
    'city_name', 'Name of the city, its id while no name is known; Unknown for ?',
    'compared', 'Orders with the circumstance against orders without',
    'compared_orders', 'Orders in the strata that have two or more of each kind',
    'complaint_percent', 'feedbacks_with_complaint / feedbacks, percent',
    'complaints', 'Number of complaints',
    'conflicting_deliveries', 'Deliveries without a delivery time, because times contradict each other or the order''s time is not known',
    'conflicting_orders', 'Orders whose times contradict each other (time_conflict)',
    'cuisine_type', 'Cuisine as it is now; Unknown where not known',
    'customers', 'Known customers with an order that was not cancelled',
    'days', 'Number of local days, both ends included',
    'delivered_orders', 'Orders that were delivered',
    'kpi_driver_utilisation.deliveries', 'Delivered orders of the driver',
    'deliveries', 'Finished deliveries',
    'deliveries_per_day', 'deliveries / active_days, rounded to two places',
    'dimension', 'city, restaurant, customer or driver',
    'distance_km', 'Sum of the known distances, kilometres. NULL where none is known',
    'distance_metres', 'Great-circle metres from the driver''s last position to the restaurant',
    'kpi_eta_monitor.driver_id', 'Driver of the order; ? while there is none',
    'driver_id', 'Driver (driver_dim.driver_id); ? where not known',
    'driver_name', 'Name of the driver, the id while no name is known',
    'drivers', 'Drivers whose last ping lies in the cell',
    'effect_high', 'Upper end of the 95 % confidence interval, minutes. NULL where effect_minutes is',
    'effect_low', 'Lower end of the 95 % confidence interval, minutes. NULL where effect_minutes is',
    'effect_minutes', 'Minutes that the circumstance adds, like compared with like. NULL when no stratum has two orders of each kind',
    'experience_level', 'Present experience of the driver; Unknown where not known',
    'exposed_orders', 'Delivered orders with the circumstance',
    'factor', 'Traffic, Preparation, Driver availability, Weather or Payment mode',
    'failed_attempts', 'Payments that failed',
    'failed_orders', 'Orders none of whose payments succeeded',
    'failure_percent', 'failed_attempts / attempts, percent',
    'feedbacks', 'Feedback given, by form or in the app',
    'feedbacks_with_complaint', 'Feedback with at least one complaint',
    'first_day', 'Local day of the first order. NULL without orders',
    'formula', 'How the report computes its figures',
    'freshness', 'When a feed of the report last got a batch through; the report shows it at once. NULL before the first, and for a report that no feed feeds',
    'geohash', 'Geohash cell',
    'grain', 'What one row of the report stands for',
    'hour', 'Hour of the local day, 0 to 23',
    'hour_index', '100 x orders of the hour / mean of the 24 hours',
    'inferred_members', 'Members known from facts only, their own row not loaded yet',
    'is_overdue', 'Whether more minutes have passed than were promised. NULL without a promise',
    'is_peak', 'Whether hour_index reaches the threshold (125)',
    'is_significant', 'Whether the confidence interval leaves out zero. NULL where effect_minutes is',
    'last_day', 'Local day of the latest order. NULL without orders',
    'latest_ping', 'Latest of the drivers'' last pings in the cell',
    'measured_deliveries', 'Deliveries whose distance is known',
    'median_delivery_time', 'Median minutes from order to door (a value that occurs). NULL without timed deliveries',
    'minute_start', 'The minute',
    'minutes_left', 'promised_minutes less minutes_open, negative: overdue. NULL without a promise',
    'minutes_open', 'Minutes since the order was placed',
    'month_start', 'First day of the month, local time',
    'most_frequent_reason', 'The reason told most often for a failure. NULL where none was told',
    'name', 'Name of the view',
    'newest_event', 'Time of the newest event of the fact that lags most among those the report is made of. NULL where there is none',
    'null_means', 'What NULL means in the report',
    'on_time_deliveries', 'Deliveries within the promised minutes',
    'on_time_percent', 'Deliveries within the promise / deliveries with a promise and good times, percent. NULL where there is none',
    'online_minutes', 'Minutes between pings not more than 300 s apart. NULL without pings',
    'kpi_active_orders_per_minute.open_orders', 'Orders placed before the end of the minute and not finished before it',
    'kpi_order_outcomes.open_orders', 'Orders neither delivered nor cancelled yet',
    'order_id', 'Order',
    'order_minutes', 'Minutes of all orders added up, overlapping ones each. NULL where no order has times',
    'order_percent', 'Share of all orders, percent',
    'order_time', 'When it was placed',
    'ordering_percent', 'ordering_users / active_users, percent',
    'ordering_users', 'Those with an order that was not cancelled',
    'kpi_payment_success.orders', 'Orders with at least one payment tried',
    'kpi_repeat_customers.orders', 'Orders of known customers, cancelled ones left out',
    'kpi_top_restaurants.orders', 'Orders not cancelled',
    'orders', 'Orders',
    'orders_per_customer', 'orders / customers, rounded to two places. NULL without customers',
    'orders_per_day', 'Orders of the hour / days covered, rounded to two places',
    'overlap_minutes', 'order_minutes less busy_minutes: what is saved by carrying orders together. NULL where no order has times',
    'p90_delivery_time', '90th percentile of the minutes from order to door (a value that occurs). NULL without timed deliveries',
    'paid_orders', 'Orders with a successful payment',
    'parameters', 'The function of the same name and its parameters. NULL where the report has none',
    'payment_mode', 'Mode of payment; Unknown where not told',
    'payment_success_percent', 'Orders paid / orders with a payment tried, percent. NULL where none was',
    'peak_window', 'The run of peak hours it belongs to, such as 12:00-15:00 or, over midnight, 22:00-02:00, end excluded. NULL outside peaks',
    'peak_windows', 'The peak windows of the day. NULL where there are none',
    'placed_orders', 'Orders placed in the minute',
    'plain_difference', 'Mean minutes with the circumstance less mean without, causes mixed. NULL when there are not both kinds',
    'position_age_seconds', 'Seconds from the driver''s last ping to the latest of all',
    'promised_deliveries', 'Deliveries with a promise and good times',
    'promised_minutes', 'Minutes from order to door that were promised. NULL without a promise',
    'question', 'What the report answers',
    'refund_percent', 'Orders with a refund / charged orders, percent. NULL without charged orders',
    'refund_value_percent', 'refunded_amount / charged_amount, percent. NULL when nothing was charged',
    'refunded_amount', 'Money paid back, currency',
    'refunded_orders', 'Orders with a refund',
    'repeat_customers', 'Customers with two or more orders',
    'repeat_percent', 'repeat_customers / customers, percent. NULL without customers',
    'rescued_orders', 'Orders paid after a failed attempt or by more than one payment',
    'restaurant_id', 'Restaurant (restaurant_dim.restaurant_id); ? where not known',
    'restaurant_name', 'Name of the restaurant, its id while no name is known; Unknown for ?',
    'retried_orders', 'Orders with more than one payment tried',
    'revenue', 'total_amount of the orders not cancelled, currency',
    'revenue_percent', 'Share of the revenue of all restaurants, percent. NULL when there is no revenue',
    'revenue_rank', 'Rank by revenue, 1 the highest; equals share a rank',
    'scored_feedbacks', 'Feedback with a score',
    'search_percent', 'Share of all search terms, percent',
    'search_term', 'What was searched for, lower case',
    'searchers', 'Known customers among those who searched',
    'searches', 'App events whose search history holds the term',
    'source_tables', 'Tables the report reads',
    'standard_error', 'Standard error of effect_minutes, minutes. NULL where that is',
    'status', 'The furthest milestone of the order now',
    'stickiness_percent', 'average_daily_users / active_users, percent',
    'strata', 'Strata with two or more orders of each kind',
    'success_percent', 'paid_orders / orders, percent. NULL where no payment was tried',
    'timed_deliveries', 'Deliveries with good times',
    'unit', 'Units of the report''s figures',
    'unknown_amount', 'total_amount of the orders whose key is ?, currency',
    'unknown_order_percent', 'Share of all orders, percent. NULL without orders',
    'kpi_delay_drivers.unknown_orders', 'Delivered orders of which the circumstance is not known; left out of its comparison',
    'kpi_repeat_customers.unknown_orders', 'Orders without a known customer, cancelled ones left out',
    'kpi_unknown_members.unknown_orders', 'Orders whose key is ?',
    'unmatched_attempts', 'Payments whose order has not arrived',
    'unpaid_orders', 'Orders without news of a payment',
    'kpi_driver_utilisation.untimed_orders', 'Orders delivered or cancelled whose times are not known or contradict each other; they add nothing to the minutes',
    'untimed_orders', 'Orders whose time no event has told',
    'utilisation_percent', 'busy_minutes / online_minutes, percent. NULL without pings, and where no order has times'
  ];
  parameters constant text[] := ARRAY[
    'from_day', 'first local day, inclusive; NULL: the first order''s',
    'to_day', 'last local day, inclusive; NULL: the latest order''s',
    'from_time', 'first minute; NULL: 59 minutes before the last',
    'to_time', 'last minute; NULL: that of the latest event',
    'as_of', 'the moment to report as of; NULL: the latest event (of positions: the latest ping)',
    'within', 'how old a last ping may be',
    'hash_length', 'characters of the cells, 1 (large) to 7 (about 150 m)',
    'of_order', 'one order, of whatever state; NULL: those that wait for a driver',
    'candidates', 'drivers per order',
    'of_city', 'city_id of one city; NULL: all',
    'peak_index', 'hour_index from which on an hour is a peak'
  ];
  home constant oid := (SELECT relnamespace FROM pg_class WHERE oid = 'orders_fact'::regclass);
  target record;
  said integer;
  used text[] := '{}';
  lines text;
BEGIN
  FOR target IN
    SELECT c.oid::regclass AS view, c.relname || '.' || a.attname AS narrow, a.attname AS wide
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = home AND c.relkind = 'v' AND c.relname LIKE 'kpi\_%' AND c.relname <> 'kpi_freshness'
      AND obj_description(c.oid, 'pg_class') LIKE E'%\nFormula: %'  -- not a view that was here before
    ORDER BY c.relname, a.attnum
  LOOP
    said := COALESCE(array_position(vocabulary, target.narrow), array_position(vocabulary, target.wide::text));
    IF said IS NULL THEN
      RAISE EXCEPTION 'column % of a KPI view has no comment', target.narrow
        USING HINT = 'Explain it in the vocabulary of 45-kpi-comments.sql.';
    END IF;
    used := used || vocabulary[said];
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', target.view, target.wide, vocabulary[said + 1]);
  END LOOP;
  FOR said IN 1 .. array_length(vocabulary, 1) BY 2 LOOP
    IF NOT vocabulary[said] = ANY (used) THEN
      RAISE EXCEPTION 'no KPI view has the column % that 45-kpi-comments.sql explains', vocabulary[said];
    END IF;
  END LOOP;

  FOR target IN
    SELECT p.oid::regprocedure AS signature, p.proname, p.proargnames, p.pronargs
    FROM pg_proc p
    WHERE p.pronamespace = home AND p.proname LIKE 'kpi\_%' AND obj_description(p.oid, 'pg_proc') IS NULL
      AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = home AND c.relname = p.proname AND c.relkind = 'v')
  LOOP
    SELECT string_agg(format(E'\n%s: %s', a.name, parameters[array_position(parameters, a.name) + 1]), '' ORDER BY a.n)
      INTO lines
      FROM unnest(target.proargnames[1:target.pronargs]) WITH ORDINALITY AS a (name, n);
    EXECUTE format('COMMENT ON FUNCTION %s IS %L', target.signature,
                   format('The report of the view %s with parameters of your own; columns and NULLs as there.%s',
                          target.proname, lines));
  END LOOP;
END
$kpi_comments$;
