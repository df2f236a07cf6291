-- How far the events go. The days are summed up by the batches to come; until then they are read from the facts.
INSERT INTO order_clock SELECT NULL WHERE NOT EXISTS (SELECT FROM order_clock);
UPDATE order_clock SET latest_event = (SELECT max(event_time) FROM order_event) WHERE latest_event IS NULL;
