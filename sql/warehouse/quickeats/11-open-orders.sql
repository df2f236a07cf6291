-- What the live reports read instead of a day's orders: which orders are open, and until when those of a quarter of an hour were. No index of orders_fact says
-- either: over what becomes of an order it would end updates within the page (HOT), on which loading rests. Kept by the batches of orders (29-open-orders.sql),
-- of the last 48 hours: older ones no report asks for, unless for a past moment, which is read from the facts. What orders are is read from the facts in any case.
-- Rows come and go all day: vacuum gives no pages back, for which readers would have to wait.
CREATE TABLE open_order (
  order_id          text COLLATE "C" NOT NULL,
  order_event_time  timestamptz NOT NULL,
  waits             boolean NOT NULL,
  PRIMARY KEY (order_id, order_event_time)
) WITH (fillfactor = 50, vacuum_truncate = off);
COMMENT ON TABLE open_order IS 'Orders that have neither been delivered nor cancelled, of the 48 hours before the latest event at least; kept by the feeds. Call sum_up_days() after changing facts by hand (see order_day), or fill_open_orders().';
COMMENT ON COLUMN open_order.order_id IS 'Order id';
COMMENT ON COLUMN open_order.order_event_time IS 'Where its row is: orders_fact.event_time';
COMMENT ON COLUMN open_order.waits IS 'Whether it waits for a driver: has none, and has been placed, accepted or prepared';

CREATE TABLE order_quarter (
  quarter_start  timestamptz PRIMARY KEY,
  latest_end     timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE order_quarter IS 'When the last of the orders placed in a quarter of an hour ended, of the 48 hours before the latest event at least: quarters without one that has ended are absent; kept by the feeds, with open_order';
COMMENT ON COLUMN order_quarter.quarter_start IS 'Start of the quarter, in UTC; orders_fact.event_time lies in it';
COMMENT ON COLUMN order_quarter.latest_end IS 'None of its orders was delivered or cancelled, whichever came first, after this; later than the last one where events have been corrected';
