-- Summaries by local day of who was active: drivers' spans with orders, customers as sets, and what delays deliveries. Like the
-- tables of 11-summaries.sql they hold the days of order_day; 40-kpi-daysets.sql has the law of their rows.
CREATE TABLE driver_busy (
  day             date NOT NULL,
  driver_key      text COLLATE "C" NOT NULL,
  deliveries      bigint NOT NULL,
  untimed_orders  bigint NOT NULL,
  order_time      interval NOT NULL,
  busy_time       interval NOT NULL,
  first_start     timestamptz,
  last_end        timestamptz,
  reaches_out     boolean NOT NULL,
  PRIMARY KEY (day, driver_key)
);
CREATE INDEX driver_busy_last_end_idx ON driver_busy (driver_key, last_end);
CREATE INDEX driver_busy_reaches_out_idx ON driver_busy (driver_key, day) WHERE reaches_out;
COMMENT ON TABLE driver_busy IS 'Time with orders by local day of the order and driver: sums of orders_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN driver_busy.day IS 'Local day of the orders';
COMMENT ON COLUMN driver_busy.driver_key IS 'Driver';
COMMENT ON COLUMN driver_busy.deliveries IS 'Orders delivered';
COMMENT ON COLUMN driver_busy.untimed_orders IS 'Orders delivered or cancelled whose times are not known or contradict each other: they add nothing to the times';
COMMENT ON COLUMN driver_busy.order_time IS 'Time from assignment to end, added up over the orders; 0 where none has times';
COMMENT ON COLUMN driver_busy.busy_time IS 'The same with overlapping orders merged';
COMMENT ON COLUMN driver_busy.first_start IS 'Begin of the first order; NULL where none has times';
COMMENT ON COLUMN driver_busy.last_end IS 'End of the last one; NULL where none has times';
COMMENT ON COLUMN driver_busy.reaches_out IS 'Whether an order lies partly outside the local day, where it may meet one of another day';

CREATE TABLE driver_spans (
  day         date NOT NULL,
  driver_key  text COLLATE "C" NOT NULL,
  spans       tstzmultirange NOT NULL,
  PRIMARY KEY (day, driver_key)
);
COMMENT ON TABLE driver_spans IS 'When a driver was busy, by local day of the order: spans of orders_fact for the days of order_day, merged; kept by the feeds';
COMMENT ON COLUMN driver_spans.day IS 'Local day of the orders';
COMMENT ON COLUMN driver_spans.driver_key IS 'Driver';
COMMENT ON COLUMN driver_spans.spans IS 'Time with orders, overlapping ones merged';

CREATE TABLE driver_online (
  day             date NOT NULL,
  driver_key      text COLLATE "C" NOT NULL,
  online_seconds  numeric NOT NULL,
  PRIMARY KEY (day, driver_key)
);
COMMENT ON TABLE driver_online IS 'Time on line by local day and driver: sums of driver_hour for the days of order_day, kept by the feeds';
COMMENT ON COLUMN driver_online.day IS 'Local day';
COMMENT ON COLUMN driver_online.driver_key IS 'Driver';
COMMENT ON COLUMN driver_online.online_seconds IS 'Seconds between pings not more than 300 s apart';

-- Drivers as bits, as customers below: which city a driver belongs to may change, so hours are cut by city when a report asks. Of a size that
-- stays in the row: they are looked at once for each city.
CREATE TABLE driver_number (
  driver_key  text COLLATE "C" PRIMARY KEY,
  number      integer NOT NULL UNIQUE
);
COMMENT ON TABLE driver_number IS 'Numbers of the drivers of the days of order_day, from 0 without gaps: their places in driver_set';
COMMENT ON COLUMN driver_number.driver_key IS 'Driver';
COMMENT ON COLUMN driver_number.number IS 'Number: bit number % 8192 of chunk number / 8192';

CREATE TABLE driver_set (
  hour_start  timestamptz NOT NULL,
  time_key    timestamp NOT NULL,
  chunk       integer NOT NULL,
  available   bit(8192) NOT NULL,
  online      bit(8192) NOT NULL,
  PRIMARY KEY (time_key, hour_start, chunk)
);
COMMENT ON TABLE driver_set IS 'Which drivers were on line, and which of them available, hour by hour: sets over driver_number, from driver_hour for the days of order_day, kept by the feeds';
COMMENT ON COLUMN driver_set.hour_start IS 'Start of the hour (of the local clock)';
COMMENT ON COLUMN driver_set.time_key IS 'The hour in the warehouse''s time zone';
COMMENT ON COLUMN driver_set.chunk IS 'Numbers from 8192 chunk on';
COMMENT ON COLUMN driver_set.available IS 'Drivers with a ping that said so';
COMMENT ON COLUMN driver_set.online IS 'Drivers with a ping';

CREATE TABLE delay_cell (
  time_key         timestamp NOT NULL,
  city_key         text COLLATE "C" NOT NULL,
  traffic          smallint NOT NULL,
  weather          smallint NOT NULL,
  payment          smallint NOT NULL,
  orders           bigint NOT NULL,
  minutes          numeric NOT NULL,
  squares          numeric NOT NULL,
  negative_orders  integer NOT NULL,
  preparation_sum  numeric NOT NULL,
  preparations     bigint[] NOT NULL,
  longer_minutes   numeric[] NOT NULL,
  longer_squares   numeric[] NOT NULL,
  PRIMARY KEY (time_key, city_key, traffic, weather, payment)
);
COMMENT ON TABLE delay_cell IS 'Orders with a delivery time by local hour, city and circumstances: what kpi_delay_drivers is read from, sums of orders_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN delay_cell.time_key IS 'Local hour of the order: time_dim.date_key';
COMMENT ON COLUMN delay_cell.city_key IS 'City of the order';
COMMENT ON COLUMN delay_cell.traffic IS '1 high or jam, 0 low or medium, -1 unknown';
COMMENT ON COLUMN delay_cell.weather IS '1 rain, storm, snow, fog or sandstorm, 0 other, -1 unknown';
COMMENT ON COLUMN delay_cell.payment IS '1 cash, 0 other, -1 unknown';
COMMENT ON COLUMN delay_cell.orders IS 'Orders';
COMMENT ON COLUMN delay_cell.minutes IS 'Sum of their delivery times';
COMMENT ON COLUMN delay_cell.squares IS 'Sum of the squares of these';
COMMENT ON COLUMN delay_cell.negative_orders IS 'Orders whose preparation ended before it began';
COMMENT ON COLUMN delay_cell.preparation_sum IS 'Sum of the preparations that are known, microseconds';
COMMENT ON COLUMN delay_cell.preparations IS 'The preparations that are known, microseconds, ascending';
COMMENT ON COLUMN delay_cell.longer_minutes IS 'For each of them the sum of the delivery times from it to the longest: any threshold cuts the cell without its orders';
COMMENT ON COLUMN delay_cell.longer_squares IS 'Likewise of the squares';

-- Customers as bits: sets of days are united by OR and counted exactly, however many customers and days.
CREATE TABLE customer_number (
  customer_key  text COLLATE "C" PRIMARY KEY,
  number        integer NOT NULL UNIQUE
);
COMMENT ON TABLE customer_number IS 'Numbers of the customers of the days of order_day, from 0 without gaps: their places in customer_set';
COMMENT ON COLUMN customer_number.customer_key IS 'Customer';
COMMENT ON COLUMN customer_number.number IS 'Number: bit number % 65536 of chunk number / 65536';

CREATE TABLE customer_day (
  day             date PRIMARY KEY,
  users           bigint NOT NULL,
  orders          bigint NOT NULL,
  unknown_orders  bigint NOT NULL
);
COMMENT ON TABLE customer_day IS 'Customers by local day: counts of orders_fact and app_event_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN customer_day.day IS 'Local day';
COMMENT ON COLUMN customer_day.users IS 'Customers with an order that was not cancelled, or an app event';
COMMENT ON COLUMN customer_day.orders IS 'Orders of known customers that were not cancelled';
COMMENT ON COLUMN customer_day.unknown_orders IS 'Those of unknown ones';

CREATE TABLE customer_set (
  day        date NOT NULL,
  chunk      integer NOT NULL,
  used       bit(65536) NOT NULL,
  ordered    bit(65536) NOT NULL,
  reordered  bit(65536) NOT NULL,
  PRIMARY KEY (day, chunk)
);
COMMENT ON TABLE customer_set IS 'Which customers were there, by local day: sets over customer_number for the days of order_day, kept by the feeds';
COMMENT ON COLUMN customer_set.day IS 'Local day';
COMMENT ON COLUMN customer_set.chunk IS 'Numbers from 65536 chunk on';
COMMENT ON COLUMN customer_set.used IS 'Customers with an order that was not cancelled, or an app event';
COMMENT ON COLUMN customer_set.ordered IS 'Those with an order';
COMMENT ON COLUMN customer_set.reordered IS 'Those with two or more';
