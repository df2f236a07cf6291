-- Summaries of the sales, which the reports read. A month of sales_month is summed up: its rows stand in the tables below. The days of
-- any other month are read from sales_fact (40-kpi-by-month.sql), so the reports are right at every moment: a batch that brings something
-- of a month takes it out of sales_month, and later batches or sum_up_sales() sum it up again (42-summing.sql). What customers and
-- promotions did over the years is kept as long as nothing is news at all: see sales_summed.
CREATE TABLE sales_month (
  month_start  date PRIMARY KEY CHECK (extract(day FROM month_start) = 1),
  made_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sales_month IS 'Local months that are summed up in sales_day, store_day, product_month, product_week, customer_month, basket_month, category_month and product_month_as_was (these two: see categories_summed); kept by the feeds. After changing sales by hand call touch_sales with their days';
COMMENT ON COLUMN sales_month.month_start IS 'First day of the month';
COMMENT ON COLUMN sales_month.made_at IS 'When it was summed up';

CREATE TABLE sales_day (
  day                         date PRIMARY KEY,
  lines                       bigint NOT NULL,
  return_lines                bigint NOT NULL,
  units                       numeric NOT NULL,
  revenue                     numeric NOT NULL,
  discount                    numeric NOT NULL,
  customers                   bigint NOT NULL,
  unknown_customer_lines      bigint NOT NULL,
  unknown_customer_orders     bigint NOT NULL,
  unknown_customer_revenue    numeric NOT NULL,
  unknown_product_lines       bigint NOT NULL,
  unknown_product_revenue     numeric NOT NULL,
  unknown_store_lines         bigint NOT NULL,
  unknown_store_revenue       numeric NOT NULL,
  unknown_promotion_lines     bigint NOT NULL,
  unknown_promotion_units     numeric NOT NULL,
  unknown_promotion_revenue   numeric NOT NULL,
  unknown_promotion_discount  numeric NOT NULL,
  promoted_lines              bigint NOT NULL,
  promoted_units              numeric NOT NULL,
  promoted_revenue            numeric NOT NULL,
  promoted_discount           numeric NOT NULL
);
COMMENT ON TABLE sales_day IS 'Sales by local day: sums of sales_fact for the months of sales_month, kept by the feeds';
COMMENT ON COLUMN sales_day.day IS 'Local day';
COMMENT ON COLUMN sales_day.lines IS 'Sales lines, returns counted';
COMMENT ON COLUMN sales_day.return_lines IS 'Of them, returns';
COMMENT ON COLUMN sales_day.units IS 'Units sold, returns deducted';
COMMENT ON COLUMN sales_day.revenue IS 'Revenue after discount, returns deducted';
COMMENT ON COLUMN sales_day.discount IS 'Discount on the sale lines';
COMMENT ON COLUMN sales_day.customers IS 'Known customers with a sale line';
COMMENT ON COLUMN sales_day.unknown_customer_lines IS 'Lines of no known customer';
COMMENT ON COLUMN sales_day.unknown_customer_orders IS 'Orders with a sale line of no known customer';
COMMENT ON COLUMN sales_day.unknown_customer_revenue IS 'Revenue of the lines of no known customer';
COMMENT ON COLUMN sales_day.unknown_product_lines IS 'Lines of no known product';
COMMENT ON COLUMN sales_day.unknown_product_revenue IS 'Their revenue';
COMMENT ON COLUMN sales_day.unknown_store_lines IS 'Lines of no known store';
COMMENT ON COLUMN sales_day.unknown_store_revenue IS 'Their revenue';
COMMENT ON COLUMN sales_day.unknown_promotion_lines IS 'Lines of a promotion that could not be told';
COMMENT ON COLUMN sales_day.unknown_promotion_units IS 'Their units';
COMMENT ON COLUMN sales_day.unknown_promotion_revenue IS 'Their revenue';
COMMENT ON COLUMN sales_day.unknown_promotion_discount IS 'Discount on the sale lines among them';
COMMENT ON COLUMN sales_day.promoted_lines IS 'Lines of a known promotion';
COMMENT ON COLUMN sales_day.promoted_units IS 'Their units';
COMMENT ON COLUMN sales_day.promoted_revenue IS 'Their revenue';
COMMENT ON COLUMN sales_day.promoted_discount IS 'Discount on the sale lines among them';

CREATE TABLE store_day (
  day               date NOT NULL,
  store_key         text COLLATE "C" NOT NULL,
  channel           text NOT NULL,
  lines             bigint NOT NULL,
  return_lines      bigint NOT NULL,
  orders            bigint NOT NULL,
  units             numeric NOT NULL,
  revenue           numeric NOT NULL,
  returned          numeric NOT NULL,
  discount          numeric NOT NULL,
  discounted_lines  bigint NOT NULL,
  profit            numeric,
  costed_revenue    numeric,
  PRIMARY KEY (day, store_key, channel)
);
COMMENT ON TABLE store_day IS 'Sales by local day, store and channel: sums of sales_fact for the months of sales_month, kept by the feeds';
COMMENT ON COLUMN store_day.day IS 'Local day';
COMMENT ON COLUMN store_day.store_key IS 'Store';
COMMENT ON COLUMN store_day.channel IS 'Store or Online';
COMMENT ON COLUMN store_day.lines IS 'Sales lines, returns counted';
COMMENT ON COLUMN store_day.return_lines IS 'Of them, returns';
COMMENT ON COLUMN store_day.orders IS 'Orders with a sale line: an order is an order_id of the day, store and channel';
COMMENT ON COLUMN store_day.units IS 'Units sold, returns deducted';
COMMENT ON COLUMN store_day.revenue IS 'Revenue after discount, returns deducted';
COMMENT ON COLUMN store_day.returned IS 'Revenue of the return lines, as a positive figure';
COMMENT ON COLUMN store_day.discount IS 'Discount on the sale lines';
COMMENT ON COLUMN store_day.discounted_lines IS 'Sale lines with a discount';
COMMENT ON COLUMN store_day.profit IS 'Profit of the lines whose cost is known; NULL where none is';
COMMENT ON COLUMN store_day.costed_revenue IS 'Revenue of these lines; NULL where there are none';

-- The region is the store's at the time of summing; the feed of stores opens all months when one moves to another.
CREATE TABLE product_month (
  month_start     date NOT NULL,
  product_key     text COLLATE "C" NOT NULL,
  region          text NOT NULL,
  channel         text NOT NULL,
  orders          bigint NOT NULL,
  units_sold      numeric NOT NULL,
  units_returned  numeric NOT NULL,
  gross_revenue   numeric NOT NULL,
  returned        numeric NOT NULL,
  discount        numeric NOT NULL,
  profit          numeric,
  costed_revenue  numeric,
  uncosted_lines  bigint NOT NULL,
  PRIMARY KEY (month_start, product_key, region, channel)
);
COMMENT ON TABLE product_month IS 'Sales by local month, product, region of the store and channel: sums of sales_fact for the months of sales_month, kept by the feeds';
COMMENT ON COLUMN product_month.month_start IS 'First day of the month';
COMMENT ON COLUMN product_month.product_key IS 'Product';
COMMENT ON COLUMN product_month.region IS 'Region of the store; Unknown where it is not known';
COMMENT ON COLUMN product_month.channel IS 'Store or Online';
COMMENT ON COLUMN product_month.orders IS 'Orders with a sale line of the product: an order is an order_id of a day, store and channel';
COMMENT ON COLUMN product_month.units_sold IS 'Units of the sale lines';
COMMENT ON COLUMN product_month.units_returned IS 'Units of the return lines, as a positive figure';
COMMENT ON COLUMN product_month.gross_revenue IS 'Revenue of the sale lines, after discount';
COMMENT ON COLUMN product_month.returned IS 'Revenue of the return lines, as a positive figure';
COMMENT ON COLUMN product_month.discount IS 'Discount on the sale lines';
COMMENT ON COLUMN product_month.profit IS 'Profit of the lines whose cost is known; NULL where none is';
COMMENT ON COLUMN product_month.costed_revenue IS 'Revenue of these lines, returns deducted; NULL where there are none';
COMMENT ON COLUMN product_month.uncosted_lines IS 'Lines whose cost is not known';

CREATE TABLE product_week (
  month_start  date NOT NULL,
  week_start   date NOT NULL,
  product_key  text COLLATE "C" NOT NULL,
  units        numeric NOT NULL,
  PRIMARY KEY (month_start, week_start, product_key)
);
COMMENT ON TABLE product_week IS 'Units by local month, week and product (a week that lies in two months has a row in each): sums of sales_fact for the months of sales_month, kept by the feeds';
COMMENT ON COLUMN product_week.month_start IS 'First day of the month';
COMMENT ON COLUMN product_week.week_start IS 'Monday of the week';
COMMENT ON COLUMN product_week.product_key IS 'Product';
COMMENT ON COLUMN product_week.units IS 'Units sold on the days of the week that lie in the month, returns deducted';

CREATE TABLE customer_month (
  month_start   date NOT NULL,
  customer_key  text COLLATE "C" NOT NULL,
  orders        bigint NOT NULL,
  revenue       numeric NOT NULL,
  last_day      date,
  PRIMARY KEY (month_start, customer_key)
);
COMMENT ON TABLE customer_month IS 'Sales by local month and known customer: sums of sales_fact for the months of sales_month, kept by the feeds';
COMMENT ON COLUMN customer_month.month_start IS 'First day of the month';
COMMENT ON COLUMN customer_month.customer_key IS 'Customer';
COMMENT ON COLUMN customer_month.orders IS 'Orders with a sale line: an order is an order_id of a day, store and channel; 0 for a customer who only brought something back';
COMMENT ON COLUMN customer_month.revenue IS 'Revenue after discount, returns deducted';
COMMENT ON COLUMN customer_month.last_day IS 'Latest day with a sale line; NULL without one';

CREATE TABLE basket_month (
  month_start    date NOT NULL,
  channel        text NOT NULL,
  orders         bigint NOT NULL,
  gross_revenue  numeric NOT NULL,
  units          numeric NOT NULL,
  lines          bigint NOT NULL,
  lower_value    numeric NOT NULL,
  upper_value    numeric NOT NULL,
  PRIMARY KEY (month_start, channel)
);
COMMENT ON TABLE basket_month IS 'Baskets by local month and channel: sums of sales_fact for the months of sales_month, kept by the feeds. A basket is an order_id of a day, store and channel, and so lies in one month; what was returned is in none';
COMMENT ON COLUMN basket_month.month_start IS 'First day of the month';
COMMENT ON COLUMN basket_month.channel IS 'Store or Online';
COMMENT ON COLUMN basket_month.orders IS 'Baskets';
COMMENT ON COLUMN basket_month.gross_revenue IS 'Revenue of the sale lines, after discount';
COMMENT ON COLUMN basket_month.units IS 'Units of the sale lines';
COMMENT ON COLUMN basket_month.lines IS 'Sale lines';
COMMENT ON COLUMN basket_month.lower_value IS 'Value of the last basket of the lower half by value; of an odd number, that in the middle';
COMMENT ON COLUMN basket_month.upper_value IS 'Value of the first basket beyond; of an odd number, that in the middle. The median is the mean of both';

-- What rests on the categories of products as well: it holds of the months of sales_month while the row of categories_summed is there.
CREATE TABLE categories_summed (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  made_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE categories_summed IS 'One row while category_month and product_month_as_was hold for the months of sales_month, none after news of products until sum_up_sales() is called; kept by the feeds. Delete it after changing products by hand';
COMMENT ON COLUMN categories_summed.only_row IS 'True';
COMMENT ON COLUMN categories_summed.made_at IS 'When they were summed up';

CREATE TABLE category_month (
  month_start  date NOT NULL,
  as_was       boolean NOT NULL,
  category     text NOT NULL,
  orders       bigint NOT NULL,
  PRIMARY KEY (month_start, as_was, category)
);
COMMENT ON TABLE category_month IS 'Orders by local month and category of the products, sums of sales_fact; see categories_summed. An order of several categories counts in each';
COMMENT ON COLUMN category_month.month_start IS 'First day of the month';
COMMENT ON COLUMN category_month.as_was IS 'Whether the category is that of the product version on the sales line, or that which the product has now';
COMMENT ON COLUMN category_month.category IS 'Category; Unknown where it is not known';
COMMENT ON COLUMN category_month.orders IS 'Orders with a sale line of it: an order is an order_id of a day, store and channel';

CREATE TABLE product_month_as_was (
  month_start  date NOT NULL,
  product_key  text COLLATE "C" NOT NULL,
  category     text NOT NULL,
  revenue      numeric NOT NULL,
  units        numeric NOT NULL,
  PRIMARY KEY (month_start, product_key, category)
);
COMMENT ON TABLE product_month_as_was IS 'Sales by local month, product and the category that it had when it was sold, sums of sales_fact; see categories_summed';
COMMENT ON COLUMN product_month_as_was.month_start IS 'First day of the month';
COMMENT ON COLUMN product_month_as_was.product_key IS 'Product';
COMMENT ON COLUMN product_month_as_was.category IS 'Category of the product version on the sales line; Unknown where it is not known';
COMMENT ON COLUMN product_month_as_was.revenue IS 'Revenue after discount, returns deducted';
COMMENT ON COLUMN product_month_as_was.units IS 'Units sold, returns deducted';

-- What rests on all months at once. It holds while the row of sales_summed is there: any news takes it away, sum_up_sales() puts it back.
CREATE TABLE sales_summed (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  made_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sales_summed IS 'One row while customer_sum, cohort_sum, rfm_sum, loyalty_sum, loyalty_year, promotion_sum and stock_pace hold, none after news of sales, customers or promotions until sum_up_sales() is called; kept by the feeds. Delete it after changing customers or promotions by hand';
COMMENT ON COLUMN sales_summed.only_row IS 'True';
COMMENT ON COLUMN sales_summed.made_at IS 'When they were summed up';

CREATE TABLE customer_sum (
  customer_key  text COLLATE "C" PRIMARY KEY,
  orders        bigint NOT NULL,
  revenue       numeric NOT NULL,
  last_day      date
);
COMMENT ON TABLE customer_sum IS 'Known customers over all months: sums of customer_month; see sales_summed';
COMMENT ON COLUMN customer_sum.customer_key IS 'Customer';
COMMENT ON COLUMN customer_sum.orders IS 'Orders with a sale line; 0 for a customer who only brought something back';
COMMENT ON COLUMN customer_sum.revenue IS 'Revenue after discount, returns deducted';
COMMENT ON COLUMN customer_sum.last_day IS 'Latest day with a sale line; NULL without one';

CREATE TABLE cohort_sum (
  cohort_month  date NOT NULL,
  month_start   date NOT NULL,
  customers     bigint NOT NULL,
  retained      bigint NOT NULL,
  revenue       numeric NOT NULL,
  PRIMARY KEY (cohort_month, month_start)
);
COMMENT ON TABLE cohort_sum IS 'Known customers by month of the first purchase and month: sums of customer_month; see sales_summed';
COMMENT ON COLUMN cohort_sum.cohort_month IS 'Month of the first purchase; infinity for customers without one';
COMMENT ON COLUMN cohort_sum.month_start IS 'Month';
COMMENT ON COLUMN cohort_sum.customers IS 'Customers of the cohort who bought in the month';
COMMENT ON COLUMN cohort_sum.retained IS 'Those of them who bought in the month before, too';
COMMENT ON COLUMN cohort_sum.revenue IS 'The cohort''s revenue in the month, returns deducted';

CREATE TABLE rfm_sum (
  segment       text PRIMARY KEY,
  customers     bigint NOT NULL,
  orders        numeric NOT NULL,
  revenue       numeric NOT NULL,
  recency_days  bigint NOT NULL
);
COMMENT ON TABLE rfm_sum IS 'Customers by segment as of the latest sales day: sums of kpi_rfm; see sales_summed';
COMMENT ON COLUMN rfm_sum.segment IS 'Segment';
COMMENT ON COLUMN rfm_sum.customers IS 'Customers in it';
COMMENT ON COLUMN rfm_sum.orders IS 'Their orders';
COMMENT ON COLUMN rfm_sum.revenue IS 'Their revenue, returns deducted';
COMMENT ON COLUMN rfm_sum.recency_days IS 'Sum over them of the days since the last purchase';

CREATE TABLE loyalty_sum (
  month_start    date NOT NULL,
  loyalty_level  text NOT NULL,
  active         bigint NOT NULL,
  retained       bigint NOT NULL,
  PRIMARY KEY (month_start, loyalty_level)
);
COMMENT ON TABLE loyalty_sum IS 'Known customers by month and loyalty level at the time of the sale; see sales_summed';
COMMENT ON COLUMN loyalty_sum.month_start IS 'Month';
COMMENT ON COLUMN loyalty_sum.loyalty_level IS 'Level of the customer version on the sales line; Unknown where it is not known';
COMMENT ON COLUMN loyalty_sum.active IS 'Customers who bought in the month while at the level';
COMMENT ON COLUMN loyalty_sum.retained IS 'Those of them who bought again, at any level, in one of the next 3 months';

CREATE TABLE loyalty_year (
  year            integer NOT NULL,
  loyalty_level   text NOT NULL,
  active_as_was   bigint NOT NULL,
  active_as_is    bigint NOT NULL,
  revenue_as_was  numeric NOT NULL,
  revenue_as_is   numeric NOT NULL,
  PRIMARY KEY (year, loyalty_level)
);
COMMENT ON TABLE loyalty_year IS 'Known customers by calendar year and loyalty level, that at the time of the sale and that of now: what kpi_loyalty_activity shows; see sales_summed';
COMMENT ON COLUMN loyalty_year.year IS 'Calendar year';
COMMENT ON COLUMN loyalty_year.loyalty_level IS 'Level; Unknown where it is not known';
COMMENT ON COLUMN loyalty_year.active_as_was IS 'Customers who bought in the year while at the level';
COMMENT ON COLUMN loyalty_year.active_as_is IS 'Customers who bought in the year and are at the level now';
COMMENT ON COLUMN loyalty_year.revenue_as_was IS 'Revenue of the lines of customers at the level then, returns deducted';
COMMENT ON COLUMN loyalty_year.revenue_as_is IS 'Revenue of the lines of customers who are at the level now, returns deducted';

CREATE TABLE promotion_sum (
  promotion_key      text COLLATE "C" PRIMARY KEY,
  start_date         date,
  end_date           date,
  days               integer,
  stores             bigint,
  products           bigint,
  revenue            numeric,
  units              numeric,
  orders             bigint,
  discount           numeric,
  outside            bigint,
  period_revenue     numeric,
  baseline_from      date,
  baseline_to        date,
  baseline_length    integer,
  baseline_revenue   numeric
);
COMMENT ON TABLE promotion_sum IS 'Promotions with their sales and those before them, with a baseline of 28 days: what kpi_promotion_effectiveness is worked out from; see sales_summed';
COMMENT ON COLUMN promotion_sum.promotion_key IS 'Promotion';
COMMENT ON COLUMN promotion_sum.start_date IS 'First day: the promotion''s, else the first with a line of it';
COMMENT ON COLUMN promotion_sum.end_date IS 'Last day: the promotion''s, else the last with a line of it';
COMMENT ON COLUMN promotion_sum.days IS 'Days of it that the data cover';
COMMENT ON COLUMN promotion_sum.stores IS 'Stores with a line of it; NULL without one, as the figures that follow';
COMMENT ON COLUMN promotion_sum.products IS 'Products with a line of it';
COMMENT ON COLUMN promotion_sum.revenue IS 'Revenue of its lines, returns deducted';
COMMENT ON COLUMN promotion_sum.units IS 'Units of its lines, returns deducted';
COMMENT ON COLUMN promotion_sum.orders IS 'Orders with a sale line of it';
COMMENT ON COLUMN promotion_sum.discount IS 'Discount on its sale lines';
COMMENT ON COLUMN promotion_sum.outside IS 'Lines of it on days outside its dates';
COMMENT ON COLUMN promotion_sum.period_revenue IS 'Revenue of these stores and products in its days';
COMMENT ON COLUMN promotion_sum.baseline_from IS 'First day of the baseline';
COMMENT ON COLUMN promotion_sum.baseline_to IS 'Last day of the baseline';
COMMENT ON COLUMN promotion_sum.baseline_length IS 'Days of the baseline that the data cover';
COMMENT ON COLUMN promotion_sum.baseline_revenue IS 'Revenue of these stores and products in it without promotion; NULL where nothing was sold so';

CREATE TABLE stock_pace (
  product_key  text COLLATE "C" NOT NULL,
  store_key    text COLLATE "C" NOT NULL,
  units        numeric NOT NULL,
  PRIMARY KEY (product_key, store_key)
);
COMMENT ON TABLE stock_pace IS 'Units of the 28 days up to the latest sales day by product and store, what kpi_stock_cover holds the stock against; see sales_summed';
COMMENT ON COLUMN stock_pace.product_key IS 'Product';
COMMENT ON COLUMN stock_pace.store_key IS 'Store; - for all of them';
COMMENT ON COLUMN stock_pace.units IS 'Units sold, returns deducted';

-- What rests on stock figures, on sales and on the categories of products.
CREATE TABLE stock_summed (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  made_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE stock_summed IS 'One row while stock_week, stock_latest and stock_mean hold, none after news of stock, sales or products until sum_up_sales() is called; kept by the feeds. Delete it after changing stock figures or products by hand';
COMMENT ON COLUMN stock_summed.only_row IS 'True';
COMMENT ON COLUMN stock_summed.made_at IS 'When it was summed up';

CREATE TABLE stock_week (
  week_start        date NOT NULL,
  category          text NOT NULL,
  stock_on_hand     numeric,
  units             numeric NOT NULL,
  units_with_stock  numeric,
  PRIMARY KEY (week_start, category)
);
COMMENT ON TABLE stock_week IS 'Stock and sales by week and category; see stock_summed';
COMMENT ON COLUMN stock_week.week_start IS 'Monday of the week';
COMMENT ON COLUMN stock_week.category IS 'Category of the products as it is now; Unknown where it is not known';
COMMENT ON COLUMN stock_week.stock_on_hand IS 'Sum over products of the mean of the week''s snapshots; NULL without a snapshot';
COMMENT ON COLUMN stock_week.units IS 'Units sold in the week, returns deducted';
COMMENT ON COLUMN stock_week.units_with_stock IS 'Those of them whose product has a snapshot in the week; NULL where none has both';

CREATE TABLE stock_latest (
  product_key    text COLLATE "C" NOT NULL,
  store_key      text COLLATE "C" NOT NULL,
  time_key       date NOT NULL,
  stock_on_hand  numeric NOT NULL,
  reorder_level  numeric,
  supplier_id    text COLLATE "C",
  PRIMARY KEY (product_key, store_key)
);
COMMENT ON TABLE stock_latest IS 'The latest snapshot of each product and store up to the latest sales day, what kpi_stock_cover shows; see stock_summed';
COMMENT ON COLUMN stock_latest.product_key IS 'Product';
COMMENT ON COLUMN stock_latest.store_key IS 'Store; - for the whole chain';
COMMENT ON COLUMN stock_latest.time_key IS 'Day of the snapshot';
COMMENT ON COLUMN stock_latest.stock_on_hand IS 'Units in stock';
COMMENT ON COLUMN stock_latest.reorder_level IS 'Units at which it is ordered again; NULL where the source named none';
COMMENT ON COLUMN stock_latest.supplier_id IS 'Supplier; NULL where the source named none';

CREATE TABLE stock_mean (
  product_key  text COLLATE "C" PRIMARY KEY,
  stock        numeric NOT NULL
);
COMMENT ON TABLE stock_mean IS 'Mean stock of each product over the 365 days up to the latest sales day, or from the first sale if that is later, what kpi_product_turnover holds the sales against; see stock_summed';
COMMENT ON COLUMN stock_mean.product_key IS 'Product';
COMMENT ON COLUMN stock_mean.stock IS 'Mean over the days with a snapshot, units; a snapshot of the whole chain goes before those of stores';
