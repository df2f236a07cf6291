-- Summaries of the facts by local day, which the reports read. A day of order_day is summed up: its rows stand in the tables below.
-- Any other day is read from the facts themselves (40-kpi-days.sql), so the reports are right at every moment: a batch that touches
-- a day takes it out of order_day, and later batches sum it up again (28-summaries.sql).
CREATE TABLE order_day (
  day                 date PRIMARY KEY,
  made_at             timestamptz NOT NULL DEFAULT now(),
  orders              bigint NOT NULL DEFAULT 0,
  untimed_orders      bigint NOT NULL DEFAULT 0,
  conflicting_orders  bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE order_day IS 'Local days that are summed up in order_hour, restaurant_day, driver_day, delivery_minutes, driver_busy, driver_spans, driver_online, driver_set, delay_cell, customer_day, customer_set, order_mode_day, order_clock_day, payment_day, feedback_day, search_day, search_customer, city_day, restaurant_score_day and driver_score_day; kept by the feeds. Delete a day after changing its facts by hand, and call sum_up_days().';
COMMENT ON COLUMN order_day.day IS 'Local day';
COMMENT ON COLUMN order_day.made_at IS 'When it was summed up';
COMMENT ON COLUMN order_day.orders IS 'Its orders, as order_mode_day has them';
COMMENT ON COLUMN order_day.untimed_orders IS 'Those whose order time no event has told';
COMMENT ON COLUMN order_day.conflicting_orders IS 'Those whose times contradict each other';


CREATE TABLE order_hour (
  time_key               timestamp NOT NULL,
  city_key               text COLLATE "C" NOT NULL,
  payment_mode           text NOT NULL,
  orders                 bigint NOT NULL,
  untimed_orders         bigint NOT NULL,
  conflicting_orders     bigint NOT NULL,
  delivered_orders       bigint NOT NULL,
  cancelled_orders       bigint NOT NULL,
  all_amount             numeric,
  valued_orders          bigint NOT NULL,
  amount                 numeric NOT NULL,
  prepared_orders        bigint NOT NULL,
  preparation            interval,
  waited_orders          bigint NOT NULL,
  wait                   interval,
  ridden_orders          bigint NOT NULL,
  ride                   interval,
  tried_orders           bigint NOT NULL,
  paid_orders            bigint NOT NULL,
  attempts               bigint NOT NULL,
  retried_orders         bigint NOT NULL,
  rescued_orders         bigint NOT NULL,
  charged_orders         bigint NOT NULL,
  refunded_orders        bigint NOT NULL,
  charged_amount         numeric NOT NULL,
  refunded_amount        numeric NOT NULL,
  restaurantless_orders  bigint NOT NULL,
  restaurantless_amount  numeric,
  customerless_orders    bigint NOT NULL,
  customerless_amount    numeric,
  driverless_orders      bigint NOT NULL,
  driverless_amount      numeric,
  PRIMARY KEY (time_key, city_key, payment_mode)
);
COMMENT ON TABLE order_hour IS 'Orders by local hour, city and payment mode: sums of orders_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN order_hour.time_key IS 'Local hour of the order: time_dim.date_key';
COMMENT ON COLUMN order_hour.city_key IS 'City of the order';
COMMENT ON COLUMN order_hour.payment_mode IS 'Payment mode; Unknown where none is known';
COMMENT ON COLUMN order_hour.orders IS 'Orders';
COMMENT ON COLUMN order_hour.untimed_orders IS 'Of them, those whose order time no event has told';
COMMENT ON COLUMN order_hour.conflicting_orders IS 'Those whose times contradict each other';
COMMENT ON COLUMN order_hour.delivered_orders IS 'Those delivered';
COMMENT ON COLUMN order_hour.cancelled_orders IS 'Those cancelled';
COMMENT ON COLUMN order_hour.all_amount IS 'Amount of all of them; NULL where none has one';
COMMENT ON COLUMN order_hour.valued_orders IS 'Those not cancelled that have an amount';
COMMENT ON COLUMN order_hour.amount IS 'Amount of those not cancelled';
COMMENT ON COLUMN order_hour.prepared_orders IS 'Those with times of acceptance and preparation in order';
COMMENT ON COLUMN order_hour.preparation IS 'Time between these';
COMMENT ON COLUMN order_hour.waited_orders IS 'Those with times of preparation and pick-up in order';
COMMENT ON COLUMN order_hour.wait IS 'Time between these';
COMMENT ON COLUMN order_hour.ridden_orders IS 'Those with times of pick-up and delivery, not in conflict';
COMMENT ON COLUMN order_hour.ride IS 'Time between these';
COMMENT ON COLUMN order_hour.tried_orders IS 'Those a payment of which is known';
COMMENT ON COLUMN order_hour.paid_orders IS 'Those a payment of which succeeded';
COMMENT ON COLUMN order_hour.attempts IS 'Payments tried';
COMMENT ON COLUMN order_hour.retried_orders IS 'Orders with more than one';
COMMENT ON COLUMN order_hour.rescued_orders IS 'Those of them that could be paid in the end';
COMMENT ON COLUMN order_hour.charged_orders IS 'Orders charged: see kpi_refund_rate';
COMMENT ON COLUMN order_hour.refunded_orders IS 'Those of them with a refund';
COMMENT ON COLUMN order_hour.charged_amount IS 'Money charged';
COMMENT ON COLUMN order_hour.refunded_amount IS 'Money paid back';
COMMENT ON COLUMN order_hour.restaurantless_orders IS 'Orders of no known restaurant';
COMMENT ON COLUMN order_hour.restaurantless_amount IS 'Their amount';
COMMENT ON COLUMN order_hour.customerless_orders IS 'Orders of no known customer';
COMMENT ON COLUMN order_hour.customerless_amount IS 'Their amount';
COMMENT ON COLUMN order_hour.driverless_orders IS 'Orders without a driver';
COMMENT ON COLUMN order_hour.driverless_amount IS 'Their amount';

CREATE TABLE restaurant_day (
  day             date NOT NULL,
  restaurant_key  text COLLATE "C" NOT NULL,
  orders          bigint NOT NULL,
  all_orders      bigint NOT NULL,
  revenue         numeric NOT NULL,
  refunded        numeric NOT NULL,
  cancelled       bigint NOT NULL,
  PRIMARY KEY (day, restaurant_key)
);
COMMENT ON TABLE restaurant_day IS 'Orders by local day and restaurant: sums of orders_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN restaurant_day.day IS 'Local day';
COMMENT ON COLUMN restaurant_day.restaurant_key IS 'Restaurant';
COMMENT ON COLUMN restaurant_day.orders IS 'Orders not cancelled';
COMMENT ON COLUMN restaurant_day.all_orders IS 'All orders';
COMMENT ON COLUMN restaurant_day.revenue IS 'Amount of those not cancelled';
COMMENT ON COLUMN restaurant_day.refunded IS 'Money paid back';
COMMENT ON COLUMN restaurant_day.cancelled IS 'Orders cancelled';

CREATE TABLE driver_day (
  day         date NOT NULL,
  city_key    text COLLATE "C" NOT NULL,
  driver_key  text COLLATE "C" NOT NULL,
  deliveries  bigint NOT NULL,
  estimated   bigint NOT NULL,
  eta         numeric,
  timed       bigint NOT NULL,
  minutes     numeric,
  promised    bigint NOT NULL,
  on_time     bigint NOT NULL,
  delayed     bigint NOT NULL,
  delay       numeric,
  measured    bigint NOT NULL,
  distance    numeric,
  PRIMARY KEY (day, city_key, driver_key)
);
COMMENT ON TABLE driver_day IS 'Finished deliveries by local day of the order, city and driver: sums of delivery_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN driver_day.day IS 'Local day of the order';
COMMENT ON COLUMN driver_day.city_key IS 'City';
COMMENT ON COLUMN driver_day.driver_key IS 'Driver';
COMMENT ON COLUMN driver_day.deliveries IS 'Finished deliveries';
COMMENT ON COLUMN driver_day.estimated IS 'Those with an estimate';
COMMENT ON COLUMN driver_day.eta IS 'Sum of the estimates, minutes';
COMMENT ON COLUMN driver_day.timed IS 'Those with good times';
COMMENT ON COLUMN driver_day.minutes IS 'Sum of their minutes';
COMMENT ON COLUMN driver_day.promised IS 'Those of them with a promise';
COMMENT ON COLUMN driver_day.on_time IS 'Those that kept it';
COMMENT ON COLUMN driver_day.delayed IS 'Those whose delay is known';
COMMENT ON COLUMN driver_day.delay IS 'Sum of the delays, minutes';
COMMENT ON COLUMN driver_day.measured IS 'Those whose distance is known';
COMMENT ON COLUMN driver_day.distance IS 'Sum of the distances, km';

CREATE TABLE delivery_minutes (
  day            date NOT NULL,
  city_key       text COLLATE "C" NOT NULL,
  delivery_time  numeric NOT NULL,
  deliveries     bigint NOT NULL,
  PRIMARY KEY (day, city_key, delivery_time)
);
COMMENT ON TABLE delivery_minutes IS 'How many deliveries took how long, by local day of the order and city: what percentiles are read from: sums of delivery_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN delivery_minutes.day IS 'Local day of the order';
COMMENT ON COLUMN delivery_minutes.city_key IS 'City';
COMMENT ON COLUMN delivery_minutes.delivery_time IS 'Minutes from order to door';
COMMENT ON COLUMN delivery_minutes.deliveries IS 'Deliveries that took so long';
