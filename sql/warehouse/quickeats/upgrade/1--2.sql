-- An order's events are looked for by its id: their key begins with it, and the index that did is not needed any more.
DO $do$
BEGIN
  IF (SELECT a.attname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
      WHERE c.conrelid = 'order_event'::regclass AND c.contype = 'p') = 'event_time' THEN
    ALTER TABLE order_event DROP CONSTRAINT order_event_pkey;
    ALTER TABLE order_event ADD PRIMARY KEY (order_id, event_time, status, event_hash);
  END IF;
END
$do$;
DROP INDEX IF EXISTS order_event_order_id_idx;
-- The few deliveries that take long have an index of their own beside one of the same columns.
CREATE INDEX IF NOT EXISTS delivery_fact_long_idx ON delivery_fact (driver_key, picked_up_time) WHERE delivered_time - picked_up_time > interval '3 hours';
