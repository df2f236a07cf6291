-- What the reports over all days read. By day first, as the tables of 11-summaries.sql, for the days of order_day: deliveries by city, marks by
-- restaurant and driver. Then totals over the days of total_day, to which a day is added when it is summed up and taken off before it is summed up
-- again (41-totals.sql). A day of total_day that order_day has no more still counts with the sums that were added: the reports subtract these
-- and add what the facts say (40-kpi-daytotals.sql), so they are right at every moment, and read few rows.
CREATE TABLE city_day (
  day         date NOT NULL,
  city_key    text COLLATE "C" NOT NULL,
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
  PRIMARY KEY (day, city_key)
);
COMMENT ON TABLE city_day IS 'Finished deliveries by local day of the order and city: sums of delivery_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN city_day.day IS 'Local day of the order';
COMMENT ON COLUMN city_day.city_key IS 'City';
COMMENT ON COLUMN city_day.deliveries IS 'Finished deliveries';
COMMENT ON COLUMN city_day.estimated IS 'Those with an estimate';
COMMENT ON COLUMN city_day.eta IS 'Sum of the estimates, minutes; NULL without any, as the other sums';
COMMENT ON COLUMN city_day.timed IS 'Those with good times';
COMMENT ON COLUMN city_day.minutes IS 'Sum of their minutes';
COMMENT ON COLUMN city_day.promised IS 'Those of them with a promise';
COMMENT ON COLUMN city_day.on_time IS 'Those that kept it';
COMMENT ON COLUMN city_day.delayed IS 'Those whose delay is known';
COMMENT ON COLUMN city_day.delay IS 'Sum of the delays, minutes';
COMMENT ON COLUMN city_day.measured IS 'Those whose distance is known';
COMMENT ON COLUMN city_day.distance IS 'Sum of the distances, km';

CREATE TABLE restaurant_score_day (
  day             date NOT NULL,
  restaurant_key  text COLLATE "C" NOT NULL,
  scored          bigint NOT NULL,
  score           numeric NOT NULL,
  PRIMARY KEY (day, restaurant_key)
);
COMMENT ON TABLE restaurant_score_day IS 'Marks by local day and restaurant: sums of customer_feedback_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN restaurant_score_day.day IS 'Local day of the feedback';
COMMENT ON COLUMN restaurant_score_day.restaurant_key IS 'Restaurant';
COMMENT ON COLUMN restaurant_score_day.scored IS 'Feedback with a score';
COMMENT ON COLUMN restaurant_score_day.score IS 'Sum of the scores';

CREATE TABLE driver_score_day (
  day         date NOT NULL,
  driver_key  text COLLATE "C" NOT NULL,
  scored      bigint NOT NULL,
  score       numeric NOT NULL,
  PRIMARY KEY (day, driver_key)
);
COMMENT ON TABLE driver_score_day IS 'Marks by local day and driver: sums of customer_feedback_fact for the days of order_day, kept by the feeds';
COMMENT ON COLUMN driver_score_day.day IS 'Local day of the feedback';
COMMENT ON COLUMN driver_score_day.driver_key IS 'Driver';
COMMENT ON COLUMN driver_score_day.scored IS 'Feedback with a score';
COMMENT ON COLUMN driver_score_day.score IS 'Sum of the scores';

CREATE TABLE total_day (
  day  date PRIMARY KEY
);
COMMENT ON TABLE total_day IS 'Local days that restaurant_total, driver_total, driver_use and minutes_month hold the sums of; kept by sum_up_day and sum_up_days alone. After changing facts by hand delete days of order_day, never of this table';
COMMENT ON COLUMN total_day.day IS 'Local day';

-- Rows change whenever a day is summed up: half of a page is left for their next versions. What reports show of a row is kept with it, in the first
-- columns: figures, and what the dimensions say of the member (total_names).
CREATE TABLE restaurant_total (
  restaurant_key     text COLLATE "C" PRIMARY KEY,
  restaurant_name    text,
  cuisine_type       text,
  city_name          text,
  avg_rating         numeric,
  all_orders         bigint NOT NULL,
  orders             bigint NOT NULL,
  revenue            numeric NOT NULL,
  refunded           numeric NOT NULL,
  cancelled_percent  numeric GENERATED ALWAYS AS (CASE WHEN all_orders > 0 THEN round(100 * cancelled::numeric / all_orders, 2) END) STORED,
  scored             bigint NOT NULL,
  average_score      numeric GENERATED ALWAYS AS (CASE WHEN scored > 0 THEN round(score / scored, 2) END) STORED,
  revenue_rank       bigint NOT NULL,
  revenue_percent    numeric,
  cancelled          bigint NOT NULL,
  score              numeric NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE restaurant_total IS 'Orders and marks by restaurant: sums of restaurant_day and restaurant_score_day over the days of total_day';
COMMENT ON COLUMN restaurant_total.restaurant_key IS 'Restaurant';
COMMENT ON COLUMN restaurant_total.restaurant_name IS 'Its name, else the key, as the next three as it was when member_change was empty last; NULL: not looked up yet';
COMMENT ON COLUMN restaurant_total.cuisine_type IS 'Cuisine; Unknown where it is not known';
COMMENT ON COLUMN restaurant_total.city_name IS 'Name of its city, else its key, else Unknown';
COMMENT ON COLUMN restaurant_total.avg_rating IS 'Rating by the master data; NULL if not known';
COMMENT ON COLUMN restaurant_total.all_orders IS 'All orders; 0 for one with marks alone';
COMMENT ON COLUMN restaurant_total.orders IS 'Orders not cancelled';
COMMENT ON COLUMN restaurant_total.revenue IS 'Amount of those not cancelled';
COMMENT ON COLUMN restaurant_total.refunded IS 'Money paid back';
COMMENT ON COLUMN restaurant_total.cancelled IS 'Orders cancelled';
COMMENT ON COLUMN restaurant_total.cancelled_percent IS 'Their share, percent; NULL without orders';
COMMENT ON COLUMN restaurant_total.scored IS 'Feedback with a score';
COMMENT ON COLUMN restaurant_total.average_score IS 'Mean of these scores; NULL without any';
COMMENT ON COLUMN restaurant_total.score IS 'Sum of these scores';
COMMENT ON COLUMN restaurant_total.revenue_rank IS 'Place by revenue among those with orders';
COMMENT ON COLUMN restaurant_total.revenue_percent IS 'Share of the revenue of all, percent; NULL where there is none';

CREATE TABLE driver_total (
  driver_key          text COLLATE "C" PRIMARY KEY,
  driver_name         text,
  experience_level    text,
  city_name           text,
  deliveries          bigint NOT NULL,
  days                bigint NOT NULL,
  deliveries_per_day  numeric GENERATED ALWAYS AS (CASE WHEN days > 0 THEN round(deliveries::numeric / days, 2) END) STORED,
  average_minutes     numeric GENERATED ALWAYS AS (CASE WHEN timed > 0 THEN round(minutes / timed, 2) END) STORED,
  on_time_percent     numeric GENERATED ALWAYS AS (CASE WHEN promised > 0 THEN round(100 * on_time::numeric / promised, 2) END) STORED,
  distance_km         numeric GENERATED ALWAYS AS (CASE WHEN measured > 0 THEN round(distance, 2) END) STORED,
  average_score       numeric GENERATED ALWAYS AS (CASE WHEN scored > 0 THEN round(score / scored, 2) END) STORED,
  timed               bigint NOT NULL,
  minutes             numeric NOT NULL,
  promised            bigint NOT NULL,
  on_time             bigint NOT NULL,
  measured            bigint NOT NULL,
  distance            numeric NOT NULL,
  scored              bigint NOT NULL,
  score               numeric NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE driver_total IS 'Finished deliveries and marks by driver: sums of driver_day and driver_score_day over the days of total_day';
COMMENT ON COLUMN driver_total.driver_key IS 'Driver';
COMMENT ON COLUMN driver_total.driver_name IS 'The driver''s name, else the key, as the next two as it was when member_change was empty last; NULL: not looked up yet';
COMMENT ON COLUMN driver_total.experience_level IS 'Level; Unknown where it is not known';
COMMENT ON COLUMN driver_total.city_name IS 'Name of the driver''s city, else its key, else Unknown';
COMMENT ON COLUMN driver_total.deliveries IS 'Finished deliveries; 0 for one with marks alone';
COMMENT ON COLUMN driver_total.days IS 'Days with one';
COMMENT ON COLUMN driver_total.deliveries_per_day IS 'The former divided by the latter; NULL without days';
COMMENT ON COLUMN driver_total.average_minutes IS 'Mean minutes of those with good times; NULL without any, as the other figures';
COMMENT ON COLUMN driver_total.on_time_percent IS 'Share that kept the promise, percent';
COMMENT ON COLUMN driver_total.distance_km IS 'Sum of the distances, km, two places';
COMMENT ON COLUMN driver_total.average_score IS 'Mean of the scores';
COMMENT ON COLUMN driver_total.timed IS 'Deliveries with good times';
COMMENT ON COLUMN driver_total.minutes IS 'Sum of their minutes';
COMMENT ON COLUMN driver_total.promised IS 'Those of them with a promise';
COMMENT ON COLUMN driver_total.on_time IS 'Those that kept it';
COMMENT ON COLUMN driver_total.measured IS 'Deliveries whose distance is known';
COMMENT ON COLUMN driver_total.distance IS 'Sum of the distances, km';
COMMENT ON COLUMN driver_total.scored IS 'Feedback with a score';
COMMENT ON COLUMN driver_total.score IS 'Sum of these scores';

-- What the totals say of restaurants and drivers holds as long as no statement has changed them or cities: each that does leaves a row here, and
-- total_names takes away those that its snapshot shows, no other. So nobody waits for anybody, and whoever sees a change sees its row.
CREATE TABLE member_change (
  table_name  text NOT NULL,
  changed_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE member_change IS 'Statements that have changed rows of restaurant_history, driver_history or city_dim since restaurant_total and driver_total took their names: while there are any, the reports look names up. After a change that fires no trigger (ALTER TABLE ... USING, triggers off) insert a row';
COMMENT ON COLUMN member_change.table_name IS 'The table';
COMMENT ON COLUMN member_change.changed_at IS 'Start of the transaction';
-- Whoever may change a member has to be able to say so; a row too many costs a look at names, no more.
GRANT INSERT ON member_change TO PUBLIC;

CREATE FUNCTION member_changed() RETURNS trigger
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  any_row boolean := TG_OP = 'TRUNCATE';
BEGIN
  IF TG_OP <> 'TRUNCATE' THEN
    any_row := EXISTS (SELECT FROM changed);
  END IF;
  IF any_row THEN
    EXECUTE format('INSERT INTO %I.member_change (table_name) VALUES (%L)', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  END IF;
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION member_changed() IS 'Trigger of restaurant_history, driver_history and city_dim: leaves a row in member_change where a statement has changed a row.';
CREATE TRIGGER member_inserted AFTER INSERT ON restaurant_history REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_updated AFTER UPDATE ON restaurant_history REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_deleted AFTER DELETE ON restaurant_history REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_truncated AFTER TRUNCATE ON restaurant_history FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_inserted AFTER INSERT ON driver_history REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_updated AFTER UPDATE ON driver_history REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_deleted AFTER DELETE ON driver_history REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_truncated AFTER TRUNCATE ON driver_history FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_inserted AFTER INSERT ON city_dim REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_updated AFTER UPDATE ON city_dim REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_deleted AFTER DELETE ON city_dim REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION member_changed();
CREATE TRIGGER member_truncated AFTER TRUNCATE ON city_dim FOR EACH STATEMENT EXECUTE FUNCTION member_changed();

CREATE TABLE driver_use (
  driver_key           text COLLATE "C" PRIMARY KEY,
  deliveries           bigint NOT NULL,
  untimed_orders       bigint NOT NULL,
  order_minutes        numeric GENERATED ALWAYS AS (CASE WHEN busy_days = 0 THEN 0.00 WHEN order_seconds > 0 THEN round(order_seconds / 60, 2) END) STORED,
  busy_minutes         numeric GENERATED ALWAYS AS (CASE WHEN busy_days = 0 THEN 0.00 WHEN order_seconds > 0 THEN round((busy_seconds - twice_seconds) / 60, 2) END) STORED,
  overlap_minutes      numeric GENERATED ALWAYS AS (CASE WHEN busy_days = 0 THEN 0.00 WHEN order_seconds > 0 THEN round(order_seconds / 60 - (busy_seconds - twice_seconds) / 60, 2) END) STORED,
  online_minutes       numeric GENERATED ALWAYS AS (CASE WHEN online_days > 0 THEN round(online_seconds / 60, 2) END) STORED,
  utilisation_percent  numeric GENERATED ALWAYS AS (CASE WHEN online_days > 0 AND online_seconds > 0 THEN CASE WHEN busy_days = 0 THEN 0.00
                         WHEN order_seconds > 0 THEN round(100 * ((busy_seconds - twice_seconds) / 60) / (online_seconds / 60), 2) END END) STORED,
  busy_days            bigint NOT NULL,
  order_seconds        numeric NOT NULL,
  busy_seconds         numeric NOT NULL,
  twice_seconds        numeric NOT NULL DEFAULT 0,
  online_days          bigint NOT NULL,
  online_seconds       numeric NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE driver_use IS 'Time with orders and on line by driver: sums of driver_busy and driver_online over the days of total_day';
COMMENT ON COLUMN driver_use.driver_key IS 'Driver';
COMMENT ON COLUMN driver_use.deliveries IS 'Orders delivered';
COMMENT ON COLUMN driver_use.untimed_orders IS 'Orders delivered or cancelled whose times are not known or contradict each other';
COMMENT ON COLUMN driver_use.order_minutes IS 'Minutes with orders, added up over them; NULL where none has times, as the next two';
COMMENT ON COLUMN driver_use.busy_minutes IS 'The same with overlapping orders merged';
COMMENT ON COLUMN driver_use.overlap_minutes IS 'The difference';
COMMENT ON COLUMN driver_use.online_minutes IS 'Minutes on line; NULL without pings';
COMMENT ON COLUMN driver_use.utilisation_percent IS 'Share of them with orders, percent; NULL without either';
COMMENT ON COLUMN driver_use.busy_days IS 'Days with orders';
COMMENT ON COLUMN driver_use.order_seconds IS 'Seconds with orders, added up over them';
COMMENT ON COLUMN driver_use.busy_seconds IS 'The same, overlapping orders of a day merged';
COMMENT ON COLUMN driver_use.twice_seconds IS 'What of these is of orders of one day and of an earlier one, too';
COMMENT ON COLUMN driver_use.online_days IS 'Days with pings';
COMMENT ON COLUMN driver_use.online_seconds IS 'Seconds between pings not more than 300 s apart';

CREATE TABLE minutes_month (
  month_start  date NOT NULL,
  city_key     text COLLATE "C" NOT NULL,
  minutes      numeric[] NOT NULL,
  up_to        bigint[] NOT NULL,
  PRIMARY KEY (month_start, city_key)
);
COMMENT ON TABLE minutes_month IS 'How many deliveries took how long, by local month of the order and city: sums of delivery_minutes over the days of total_day, in the order of their minutes, so that a percentile is looked up';
COMMENT ON COLUMN minutes_month.month_start IS 'First day of the month';
COMMENT ON COLUMN minutes_month.city_key IS 'City';
COMMENT ON COLUMN minutes_month.minutes IS 'Minutes from order to door that occur, ascending';
COMMENT ON COLUMN minutes_month.up_to IS 'For each of them how many deliveries took so long or less';
