-- More summaries by local day: orders by city and payment mode and by hour, which reports of all days read instead of order_hour's many rows, and
-- payments, feedback and searches. Like the tables of 11-summaries.sql they hold the days of order_day; 40-kpi-daysums.sql has the law of their rows.
CREATE TABLE order_mode_day (
  day                    date NOT NULL,
  city_key               text COLLATE "C" NOT NULL,
  payment_mode           text NOT NULL,
  orders                 bigint NOT NULL,
  untimed_orders         bigint NOT NULL,
  conflicting_orders     bigint NOT NULL,
  all_amount             numeric,
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
  PRIMARY KEY (day, city_key, payment_mode)
);
COMMENT ON TABLE order_mode_day IS 'Orders by local day, city and payment mode: sums of orders_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN order_mode_day.day IS 'Local day of the orders';
COMMENT ON COLUMN order_mode_day.city_key IS 'City of the orders';
COMMENT ON COLUMN order_mode_day.payment_mode IS 'Payment mode; Unknown where none is known';
COMMENT ON COLUMN order_mode_day.orders IS 'Orders';
COMMENT ON COLUMN order_mode_day.untimed_orders IS 'Of them, those whose order time no event has told';
COMMENT ON COLUMN order_mode_day.conflicting_orders IS 'Those whose times contradict each other';
COMMENT ON COLUMN order_mode_day.all_amount IS 'Amount of all of them; NULL where none has one';
COMMENT ON COLUMN order_mode_day.tried_orders IS 'Those a payment of which is known';
COMMENT ON COLUMN order_mode_day.paid_orders IS 'Those a payment of which succeeded';
COMMENT ON COLUMN order_mode_day.attempts IS 'Payments tried';
COMMENT ON COLUMN order_mode_day.retried_orders IS 'Orders with more than one';
COMMENT ON COLUMN order_mode_day.rescued_orders IS 'Those of them that could be paid in the end';
COMMENT ON COLUMN order_mode_day.charged_orders IS 'Orders charged: see kpi_refund_rate';
COMMENT ON COLUMN order_mode_day.refunded_orders IS 'Those of them with a refund';
COMMENT ON COLUMN order_mode_day.charged_amount IS 'Money charged';
COMMENT ON COLUMN order_mode_day.refunded_amount IS 'Money paid back';
COMMENT ON COLUMN order_mode_day.restaurantless_orders IS 'Orders of no known restaurant';
COMMENT ON COLUMN order_mode_day.restaurantless_amount IS 'Their amount';
COMMENT ON COLUMN order_mode_day.customerless_orders IS 'Orders of no known customer';
COMMENT ON COLUMN order_mode_day.customerless_amount IS 'Their amount';
COMMENT ON COLUMN order_mode_day.driverless_orders IS 'Orders without a driver';
COMMENT ON COLUMN order_mode_day.driverless_amount IS 'Their amount';

CREATE TABLE order_clock_day (
  day       date NOT NULL,
  hour      smallint NOT NULL,
  city_key  text COLLATE "C" NOT NULL,
  orders    bigint NOT NULL,
  PRIMARY KEY (day, hour, city_key)
);
COMMENT ON TABLE order_clock_day IS 'Orders by local day, hour of the day and city: counts of orders_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN order_clock_day.day IS 'Local day of the orders';
COMMENT ON COLUMN order_clock_day.hour IS 'Hour of the local day, 0 to 23';
COMMENT ON COLUMN order_clock_day.city_key IS 'City of the orders';
COMMENT ON COLUMN order_clock_day.orders IS 'Orders';

CREATE TABLE payment_day (
  day                 date NOT NULL,
  payment_mode        text NOT NULL,
  reason_no           integer NOT NULL,
  failure_reason      text,
  attempts            bigint NOT NULL,
  failed_attempts     bigint NOT NULL,
  unmatched_attempts  bigint NOT NULL,
  PRIMARY KEY (day, payment_mode, reason_no)
);
COMMENT ON TABLE payment_day IS 'Payments tried by local day, mode and reason of failure: sums of payment_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN payment_day.day IS 'Local day of the payments';
COMMENT ON COLUMN payment_day.payment_mode IS 'Payment mode';
COMMENT ON COLUMN payment_day.reason_no IS 'Number of the reason among those of the day and mode, 1 for the most frequent: a reason may be longer than an index takes';
COMMENT ON COLUMN payment_day.failure_reason IS 'Why they failed; NULL where none was told';
COMMENT ON COLUMN payment_day.attempts IS 'Payments tried; refunds are none';
COMMENT ON COLUMN payment_day.failed_attempts IS 'Those of them that failed';
COMMENT ON COLUMN payment_day.unmatched_attempts IS 'Those whose order has not arrived';

CREATE TABLE feedback_day (
  day          date NOT NULL,
  city_key     text COLLATE "C" NOT NULL,
  feedbacks    bigint NOT NULL,
  scored       bigint NOT NULL,
  score        numeric,
  complaints   bigint NOT NULL,
  complaining  bigint NOT NULL,
  answered     bigint NOT NULL,
  response     numeric,
  PRIMARY KEY (day, city_key)
);
COMMENT ON TABLE feedback_day IS 'Feedback by local day and city: sums of customer_feedback_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN feedback_day.day IS 'Local day of the feedback';
COMMENT ON COLUMN feedback_day.city_key IS 'City';
COMMENT ON COLUMN feedback_day.feedbacks IS 'Feedback given';
COMMENT ON COLUMN feedback_day.scored IS 'Feedback with a score';
COMMENT ON COLUMN feedback_day.score IS 'Sum of the scores; NULL without any';
COMMENT ON COLUMN feedback_day.complaints IS 'Complaints';
COMMENT ON COLUMN feedback_day.complaining IS 'Feedback with a complaint';
COMMENT ON COLUMN feedback_day.answered IS 'Feedback that somebody answered';
COMMENT ON COLUMN feedback_day.response IS 'Sum of the minutes to an answer; NULL where nothing was answered';

-- Terms as numbers: what is searched for is told in many words by many customers. A term may be longer than a B-tree takes.
CREATE TABLE search_number (
  number       integer PRIMARY KEY,
  search_term  text COLLATE "C" NOT NULL,
  EXCLUDE USING hash (search_term WITH =)
);
COMMENT ON TABLE search_number IS 'Numbers of the terms searched for on the days of order_day, from 0 without gaps';
COMMENT ON COLUMN search_number.number IS 'Number';
COMMENT ON COLUMN search_number.search_term IS 'Search term';

CREATE TABLE search_day (
  day       date NOT NULL,
  term      integer NOT NULL,
  searches  bigint NOT NULL,
  PRIMARY KEY (day, term)
);
COMMENT ON TABLE search_day IS 'Searches by local day and term: counts of app_event_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN search_day.day IS 'Local day of the searches';
COMMENT ON COLUMN search_day.term IS 'Term: search_number.number';
COMMENT ON COLUMN search_day.searches IS 'App events whose search history holds the term';

-- Days are no sets of bits here: a term is looked for by few of all customers.
CREATE TABLE search_customer (
  day       date NOT NULL,
  term      integer NOT NULL,
  customer  integer NOT NULL,
  PRIMARY KEY (day, term, customer)
);
COMMENT ON TABLE search_customer IS 'Who searched for what by local day: known customers of app_event_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN search_customer.day IS 'Local day of the searches';
COMMENT ON COLUMN search_customer.term IS 'Term: search_number.number';
COMMENT ON COLUMN search_customer.customer IS 'Customer: customer_number.number';
