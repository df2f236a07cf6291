-- A second level: who ordered and who searched in whole weeks, as sets of bits. What is counted once, however often it comes, cannot be added up from the days.
-- A week holds the days of order_day that are listed with it; once one of them is not summed up any more, or another one is, the days are read instead.
CREATE TABLE order_week (
  week  date PRIMARY KEY,
  days  date[] NOT NULL
);
COMMENT ON TABLE order_week IS 'Weeks that are summed up in customer_week, search_week and search_week_rest, from the days of order_day; kept by the feeds and sum_up_days';
COMMENT ON COLUMN order_week.week IS 'Monday of the week';
COMMENT ON COLUMN order_week.days IS 'Days of the week that are in it, ascending: holds as long as order_day has exactly these of the week';

CREATE TABLE customer_week (
  week   date NOT NULL,
  chunk  integer NOT NULL,
  once   bit(65536) NOT NULL,
  again  bit(65536) NOT NULL,
  PRIMARY KEY (week, chunk)
);
COMMENT ON TABLE customer_week IS 'Which customers ordered in a week: sets over customer_number, from customer_set for the weeks of order_week';
COMMENT ON COLUMN customer_week.week IS 'Monday of the week';
COMMENT ON COLUMN customer_week.chunk IS 'Numbers from 65536 chunk on';
COMMENT ON COLUMN customer_week.once IS 'Customers with an order';
COMMENT ON COLUMN customer_week.again IS 'Those with two or more';

CREATE TABLE search_week (
  week       date NOT NULL,
  term       integer NOT NULL,
  chunk      integer NOT NULL,
  customers  bit(65536) NOT NULL,
  PRIMARY KEY (week, term, chunk)
);
COMMENT ON TABLE search_week IS 'Who searched for what in a week: sets over customer_number, from search_customer for the weeks of order_week; sets of fewer than 32 are in search_week_rest';
COMMENT ON COLUMN search_week.week IS 'Monday of the week';
COMMENT ON COLUMN search_week.term IS 'Term: search_number.number';
COMMENT ON COLUMN search_week.chunk IS 'Numbers from 65536 chunk on';
COMMENT ON COLUMN search_week.customers IS 'Customers who searched for it';

CREATE TABLE search_week_rest (
  week      date NOT NULL,
  term      integer NOT NULL,
  customer  integer NOT NULL,
  PRIMARY KEY (week, term, customer)
);
COMMENT ON TABLE search_week_rest IS 'Who searched for what in a week, where these are too few for a set of search_week';
COMMENT ON COLUMN search_week_rest.week IS 'Monday of the week';
COMMENT ON COLUMN search_week_rest.term IS 'Term: search_number.number';
COMMENT ON COLUMN search_week_rest.customer IS 'Customer: customer_number.number';
