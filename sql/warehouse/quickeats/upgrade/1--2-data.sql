-- How far the events go. The days are summed up by the batches to come; until then they are read from the facts.
INSERT INTO order_clock SELECT max(event_time) FROM order_event HAVING NOT EXISTS (SELECT FROM order_clock);
