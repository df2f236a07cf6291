-- How far the events go.
INSERT INTO order_clock SELECT NULL WHERE NOT EXISTS (SELECT FROM order_clock);
UPDATE order_clock SET latest_event = (SELECT max(event_time) FROM order_event) WHERE latest_event IS NULL;
-- What the reports read, for the days that are there.
SELECT sum_up_days();
