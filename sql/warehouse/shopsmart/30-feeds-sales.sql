-- Feeds of sales: tills, the online shop, and the public Online Retail file. They differ in what a
-- record looks like (the contract, and one projection to a fact's columns); what happens to a batch
-- is said once, in `common`:
--   reject what cannot be, make room in calendar and partitions, infer members that are not known yet,
--   append facts with the versions in force at the event, refresh what is derived from the days touched. Their months are not summed
--   up any more (11-summaries.sql).
-- A fact's line_id is the source's line number or a hash of the line, so that a line read twice is
-- one fact. Returns are negative in every measure.
WITH common AS (
  SELECT
    jsonb_build_array(
      jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'event_time', 'code', '22008',
        'when', $sql$event_time > (SELECT now() + interval '1 day')$sql$,
        'reason', 'the sale lies in the future', 'hint', 'Correct the date; if day and month are swapped, change "formats" in the contract.'),
      jsonb_build_object('step', 'reject', 'name', 'no quantity', 'column', 'quantity', 'code', '23514',
        'when', 'quantity = 0',
        'reason', 'the quantity is zero', 'hint', 'A line sells or returns at least something: correct the quantity.')) AS rejects,
    -- One batch at a time, so that each sees its predecessors when it refreshes what is derived; readers
    -- go on. It comes before any other lock: batches that wait hold nothing another one needs.
    jsonb_build_array(
      jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE promotion_fact IN SHARE ROW EXCLUSIVE MODE'),
      jsonb_build_object('step', 'sql', 'name', 'calendar', 'sql', $sql$
        SELECT extend_calendar(current_schema(), min(time_key), max(time_key)),
               ensure_partitions('promotion_fact', min(time_key)::timestamp AT TIME ZONE {time_zone}, max(time_key)::timestamp AT TIME ZONE {time_zone})
        FROM batch$sql$)) AS room,
    jsonb_build_array(
      jsonb_build_object('step', 'members', 'name', 'new products', 'into', 'product_history',
        'select', 'SELECT product_id FROM batch WHERE product_id IS NOT NULL'),
      jsonb_build_object('step', 'members', 'name', 'new customers', 'into', 'customer_history',
        'select', 'SELECT customer_id FROM batch WHERE customer_id IS NOT NULL')) AS members,
    jsonb_build_object('step', 'members', 'name', 'new stores', 'into', 'store_dim', 'key', 'store_id',
      'select', 'SELECT store_id FROM batch WHERE store_id IS NOT NULL') AS stores,
    jsonb_build_object('step', 'members', 'name', 'new promotions', 'into', 'promotion_dim', 'key', 'promotion_id',
      'select', 'SELECT promotion_id FROM batch WHERE promotion_id IS NOT NULL') AS promotions,
    -- %s is the projection. The first version of a product also holds for all time before it.
    $sql$
      SELECT s.time_key, s.store_key, s.product_key, s.customer_key, s.promotion_key,
             coalesce(p.product_version, -1) AS product_version,
             coalesce(c.customer_version,
                      (SELECT h.customer_version FROM customer_history h
                       WHERE h.customer_id = s.customer_key AND h.valid_from > s.event_time ORDER BY h.valid_from LIMIT 1),
                      -1) AS customer_version,
             s.event_time, s.order_id, s.transaction_id, s.line_id, s.channel, s.payment_mode, s.sale_type,
             s.quantity_sold, s.unit_price, s.sales_amount, s.discount_applied,
             s.sales_amount - s.quantity_sold * p.unit_cost AS profit
      FROM (%s) s
      LEFT JOIN (SELECT product_id, product_version, unit_cost, valid_to,
                        CASE WHEN row_number() OVER (PARTITION BY product_id ORDER BY valid_from) = 1 THEN '-infinity'
                             ELSE valid_from END AS valid_from
                 FROM product_history) p
        ON p.product_id = s.product_key AND p.valid_from <= s.event_time AND p.valid_to > s.event_time
      LEFT JOIN customer_history c
        ON c.customer_id = s.customer_key AND c.valid_from <= s.event_time AND c.valid_to > s.event_time$sql$ AS fact_select,
    jsonb_build_object('step', 'facts', 'name', 'sales_fact', 'into', 'sales_fact', 'conflict', 'ignore',
      'time', 'event_time', 'partition', '1 month',
      'then', jsonb_build_array('SELECT touch_sales(array_agg(DISTINCT a.time_key), true) FROM added a'),
      'replace', jsonb_build_array('SELECT touch_sales(array_agg(DISTINCT r.time_key)) FROM removed r')) AS facts,
    -- %s is the store of a row.
    $sql$
      WITH touched AS MATERIALIZED (
        SELECT DISTINCT time_key, %s AS store_key, promotion_id AS promotion_key
        FROM batch WHERE promotion_id IS NOT NULL)
      INSERT INTO promotion_fact AS p
        (time_key, store_key, promotion_key, event_time, promotion_discount, promotion_revenue, product_count, units_sold, batch_id)
      SELECT f.time_key, f.store_key, f.promotion_key, f.time_key::timestamp AT TIME ZONE {time_zone},
             sum(f.discount_applied), sum(f.sales_amount), count(DISTINCT f.product_key), sum(f.quantity_sold), {batch_id}
      FROM touched t
      JOIN sales_fact f ON f.time_key = t.time_key AND f.store_key = t.store_key AND f.promotion_key = t.promotion_key
      WHERE f.promotion_key <> '-'
        AND f.time_key BETWEEN (SELECT min(time_key) FROM touched) AND (SELECT max(time_key) FROM touched)
        AND f.event_time >= (SELECT min(time_key)::timestamp AT TIME ZONE {time_zone} FROM touched)
        AND f.event_time < (SELECT (max(time_key) + 1)::timestamp AT TIME ZONE {time_zone} FROM touched)
      GROUP BY f.time_key, f.store_key, f.promotion_key
      ON CONFLICT (promotion_key, store_key, event_time) DO UPDATE
        SET promotion_discount = excluded.promotion_discount, promotion_revenue = excluded.promotion_revenue,
            product_count = excluded.product_count, units_sold = excluded.units_sold, batch_id = excluded.batch_id
        WHERE (p.promotion_discount, p.promotion_revenue, p.product_count, p.units_sold)
              IS DISTINCT FROM (excluded.promotion_discount, excluded.promotion_revenue, excluded.product_count, excluded.units_sold)$sql$ AS promotion_sql,
    -- Only where a snapshot of these days was loaded before its sales.
    jsonb_build_object('step', 'sql', 'name', 'inventory_fact', 'sql', $sql$
      WITH loaded AS MATERIALIZED (
        SELECT min(time_key) AS first_day, max(time_key) AS last_day FROM batch
        WHERE EXISTS (SELECT FROM inventory_fact)),
      snapshot AS MATERIALIZED (
        SELECT DISTINCT i.time_key AS day FROM inventory_fact i
        WHERE i.time_key BETWEEN (SELECT first_day FROM loaded) AND (SELECT last_day + 6 FROM loaded)
          AND i.event_time >= (SELECT first_day::timestamp AT TIME ZONE {time_zone} FROM loaded)
          AND i.event_time < (SELECT (last_day + 7)::timestamp AT TIME ZONE {time_zone} FROM loaded)),
      sold AS MATERIALIZED (
        SELECT s.day, f.product_key, CASE WHEN grouping(f.store_key) = 1 THEN '-' ELSE f.store_key END AS store_key,
               sum(f.quantity_sold) AS units
        FROM snapshot s CROSS JOIN generate_series(0, 6) AS back(days)
        JOIN sales_fact f ON f.time_key = s.day - back.days
        WHERE f.event_time >= (SELECT (min(day) - 6)::timestamp AT TIME ZONE {time_zone} FROM snapshot)
          AND f.event_time < (SELECT (max(day) + 1)::timestamp AT TIME ZONE {time_zone} FROM snapshot)
        GROUP BY GROUPING SETS ((s.day, f.product_key, f.store_key), (s.day, f.product_key)))
      UPDATE inventory_fact i SET units_sold = sold.units
      FROM sold
      WHERE i.time_key = sold.day AND i.product_key = sold.product_key AND i.store_key = sold.store_key
        AND i.units_sold <> sold.units
        AND i.event_time >= (SELECT min(day)::timestamp AT TIME ZONE {time_zone} FROM snapshot)
        AND i.event_time < (SELECT (max(day) + 1)::timestamp AT TIME ZONE {time_zone} FROM snapshot)$sql$) AS inventory_refresh
)
SELECT
  -- Tills: one CSV a day. sale_amount is what was paid, discount what was taken off before.
  create_feed(current_schema(), 'pos_sales',
    description => 'Point-of-sale lines, CSV: store_id, transaction_id, customer_id, product_id, quantity, sale_amount, date; optional discount, payment_mode, promotion_id, line_no',
    contract => $json${
      "format": "csv",
      "null": ["", "NULL", "null", "N/A", "n/a", "-", "?"],
      "columns": [
        {"name": "store_id", "from": ["store_id", "store", "store_code"], "type": "text",
         "code": {"prefix": "S", "width": 3, "aliases": ["STORE", "ST", "SHOP"]}},
        {"name": "transaction_id", "from": ["transaction_id", "transaction", "receipt_no"], "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "customer_id", "from": ["customer_id", "customer"], "type": "text", "case": "upper", "max_length": 100},
        {"name": "product_id", "from": ["product_id", "product", "sku"], "type": "text", "case": "upper", "max_length": 100},
        {"name": "quantity", "from": ["quantity", "qty"], "type": "numeric", "required": true, "min": -100000, "max": 100000},
        {"name": "sale_amount", "from": ["sale_amount", "amount"], "type": "numeric", "required": true, "min": -100000000, "max": 100000000},
        {"name": "event_time", "from": ["date", "sale_date", "timestamp"], "type": "timestamptz", "required": true, "min": "1990-01-01",
         "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY HH24:MI", "DD/MM/YYYY", "DD-Mon-YYYY HH24:MI:SS", "DD-Mon-YYYY HH24:MI", "DD-Mon-YYYY",
                     "DD-MM-YYYY HH24:MI:SS", "DD-MM-YYYY", "YYYYMMDD", "epoch"]},
        {"name": "time_key", "from": ["date", "sale_date", "timestamp"], "type": "date", "required": true, "min": "1990-01-01",
         "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY HH24:MI", "DD/MM/YYYY", "DD-Mon-YYYY HH24:MI:SS", "DD-Mon-YYYY HH24:MI", "DD-Mon-YYYY",
                     "DD-MM-YYYY HH24:MI:SS", "DD-MM-YYYY", "YYYYMMDD", "epoch"]},
        {"name": "discount", "type": "numeric", "default": 0, "min": -100000000, "max": 100000000},
        {"name": "payment_mode", "from": ["payment_mode", "payment"], "type": "text", "collapse_blanks": true, "optional_column": true,
         "map": {"cash": "Cash", "card": "Card", "credit card": "Card", "debit card": "Card", "credit": "Card", "debit": "Card", "upi": "UPI",
                 "wallet": "Wallet", "netbanking": "Net Banking", "net banking": "Net Banking", "net_banking": "Net Banking",
                 "cod": "Cash on Delivery", "cash on delivery": "Cash on Delivery", "cash_on_delivery": "Cash on Delivery", "gift card": "Gift Card"}},
        {"name": "promotion_id", "from": ["promotion_id", "promotion"], "type": "text", "case": "upper", "max_length": 100, "optional_column": true},
        {"name": "line_no", "from": ["line_no", "line"], "type": "integer", "optional_column": true},
        {"name": "line_hash", "type": "hash", "of": ["product_id", "quantity", "sale_amount", "discount"]}
      ]}$json$,
    steps => common.rejects || common.room || common.members || common.stores || common.promotions
      || (common.facts || jsonb_build_object('select', format(common.fact_select, $sql$
        SELECT b.time_key, coalesce(b.store_id, '?') AS store_key, coalesce(b.product_id, '?') AS product_key,
               coalesce(b.customer_id, '?') AS customer_key, coalesce(b.promotion_id, '-') AS promotion_key,
               b.event_time, coalesce(b.store_id, '?') || '/' || b.transaction_id AS order_id, b.transaction_id,
               coalesce(b.line_no, b.line_hash) AS line_id, 'Store' AS channel, b.payment_mode,
               CASE direction.sign WHEN 1 THEN 'Sale' ELSE 'Return' END AS sale_type,
               direction.sign * abs(b.quantity) AS quantity_sold,
               round((abs(b.sale_amount) + abs(b.discount)) / abs(b.quantity), 4) AS unit_price,
               direction.sign * abs(b.sale_amount) AS sales_amount,
               direction.sign * abs(b.discount) AS discount_applied
        FROM batch b CROSS JOIN LATERAL (SELECT CASE WHEN b.quantity < 0 OR b.sale_amount < 0 THEN -1 ELSE 1 END AS sign) direction$sql$)))
      || jsonb_build_object('step', 'sql', 'name', 'promotion_fact', 'sql', format(common.promotion_sql, $sql$coalesce(store_id, '?')$sql$))
      || common.inventory_refresh),

  -- The online shop: JSON lines. price is of one unit, discount of the line.
  create_feed(current_schema(), 'online_orders',
    description => 'Online order lines, JSON: order_id, customer_id, product_id, price, discount, payment_mode, channel, order_time; optional quantity (1), promotion_id, line_no',
    contract => $json${
      "format": "jsonl",
      "null": ["", "NULL", "null", "N/A", "n/a", "-", "?"],
      "columns": [
        {"name": "order_id", "type": "text", "required": true, "case": "upper", "max_length": 100},
        {"name": "customer_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "product_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "price", "type": "numeric", "required": true, "min": 0, "max": 100000000},
        {"name": "discount", "type": "numeric", "default": 0, "min": 0, "max": 100000000},
        {"name": "quantity", "from": ["quantity", "qty"], "type": "numeric", "default": 1, "min": -100000, "max": 100000},
        {"name": "payment_mode", "type": "text", "collapse_blanks": true,
         "map": {"cash": "Cash", "card": "Card", "credit card": "Card", "debit card": "Card", "credit": "Card", "debit": "Card", "upi": "UPI",
                 "wallet": "Wallet", "netbanking": "Net Banking", "net banking": "Net Banking", "net_banking": "Net Banking",
                 "cod": "Cash on Delivery", "cash on delivery": "Cash on Delivery", "cash_on_delivery": "Cash on Delivery", "gift card": "Gift Card"}},
        {"name": "channel", "type": "text", "default": "Online", "map_else": "reject",
         "map": {"online": "Online", "web": "Online", "website": "Online", "app": "Online", "mobile": "Online", "mobile app": "Online", "mobile_app": "Online",
                 "android": "Online", "ios": "Online", "marketplace": "Online"}},
        {"name": "event_time", "from": ["order_time", "timestamp", "order_date", "date"], "type": "timestamptz", "required": true, "min": "1990-01-01",
         "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY HH24:MI", "DD/MM/YYYY", "DD-Mon-YYYY HH24:MI:SS", "DD-Mon-YYYY", "epoch"]},
        {"name": "time_key", "from": ["order_time", "timestamp", "order_date", "date"], "type": "date", "required": true, "min": "1990-01-01",
         "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY HH24:MI", "DD/MM/YYYY", "DD-Mon-YYYY HH24:MI:SS", "DD-Mon-YYYY", "epoch"]},
        {"name": "promotion_id", "from": ["promotion_id", "promotion"], "type": "text", "case": "upper", "max_length": 100},
        {"name": "line_no", "type": "integer"},
        {"name": "line_hash", "type": "hash", "of": ["product_id", "quantity", "price", "discount"]}
      ]}$json$,
    steps => common.rejects
      || jsonb_build_object('step', 'reject', 'name', 'discount', 'column', 'discount', 'code', '23514',
           'when', 'discount > price * abs(quantity)',
           'reason', 'the discount exceeds the price of the line', 'hint', 'discount is an amount for the whole line, not a percentage.')
      || common.room || common.members || common.promotions
      || (common.facts || jsonb_build_object('select', format(common.fact_select, $sql$
        SELECT b.time_key, 'ONLINE' AS store_key, coalesce(b.product_id, '?') AS product_key,
               coalesce(b.customer_id, '?') AS customer_key, coalesce(b.promotion_id, '-') AS promotion_key,
               b.event_time, b.order_id, NULL::text AS transaction_id,
               coalesce(b.line_no, b.line_hash) AS line_id, b.channel, b.payment_mode,
               CASE WHEN b.quantity > 0 THEN 'Sale' ELSE 'Return' END AS sale_type,
               b.quantity AS quantity_sold, b.price AS unit_price,
               b.price * b.quantity - sign(b.quantity) * b.discount AS sales_amount,
               sign(b.quantity) * b.discount AS discount_applied
        FROM batch b$sql$)))
      || jsonb_build_object('step', 'sql', 'name', 'promotion_fact', 'sql', format(common.promotion_sql, $sql$'ONLINE'$sql$))
      || common.inventory_refresh),

  -- UCI Online Retail: an invoice C... or a negative quantity is a return, a price of zero or less goes
  -- to quarantine, a description that changes is product history, the country is the customer's region.
  create_feed(current_schema(), 'online_retail',
    description => 'UCI Online Retail, CSV: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country',
    contract => $json${
      "format": "csv",
      "columns": [
        {"name": "order_id", "from": "InvoiceNo", "type": "text", "required": true, "case": "upper"},
        {"name": "product_id", "from": "StockCode", "type": "text", "case": "upper"},
        {"name": "description", "from": "Description", "type": "text", "collapse_blanks": true},
        {"name": "quantity", "from": "Quantity", "type": "numeric", "required": true},
        {"name": "event_time", "from": "InvoiceDate", "type": "timestamptz", "required": true, "min": "1990-01-01", "formats": ["ISO", "MM/DD/YYYY HH24:MI"]},
        {"name": "time_key", "from": "InvoiceDate", "type": "date", "required": true, "min": "1990-01-01", "formats": ["ISO", "MM/DD/YYYY HH24:MI"]},
        {"name": "unit_price", "from": "UnitPrice", "type": "numeric", "required": true, "exclusive_min": 0},
        {"name": "customer_id", "from": ["CustomerID", "Customer ID"], "type": "text", "case": "upper"},
        {"name": "country", "from": "Country", "type": "text", "collapse_blanks": true},
        {"name": "line_id", "type": "hash", "of": ["product_id", "quantity", "unit_price", "description"]}
      ]}$json$,
    -- No promotions here: the calendar only.
    steps => common.rejects || (common.room -> 0)
      || jsonb_build_object('step', 'sql', 'name', 'room', 'sql', $sql$
        SELECT extend_calendar(current_schema(), min(time_key), max(time_key)),
               ensure_partitions('sales_fact', min(event_time), max(event_time))
        FROM batch$sql$)
      -- Change points only; of two descriptions at one instant the first in alphabetical order counts.
      -- Most products have one description in a batch: theirs is found without sorting.
      || jsonb_build_object('step', 'scd2', 'name', 'product_history', 'into', 'product_history', 'mode', 'feed', 'sequence', 'effective_at', 'select', $sql$
        WITH named AS MATERIALIZED (
          SELECT product_id, description COLLATE "C" AS product_name, min(event_time) AS effective_at
          FROM batch WHERE product_id IS NOT NULL AND description IS NOT NULL
          GROUP BY product_id, description COLLATE "C"),
        several AS MATERIALIZED (
          SELECT product_id FROM named GROUP BY product_id HAVING count(*) > 1)
        SELECT product_id, product_name, effective_at FROM named
        WHERE product_id NOT IN (SELECT product_id FROM several)
        UNION ALL
        SELECT product_id, product_name, effective_at
        FROM (SELECT product_id, event_time AS effective_at, min(description COLLATE "C") AS product_name,
                     lag(min(description COLLATE "C")) OVER (PARTITION BY product_id ORDER BY event_time) AS before
              FROM batch WHERE product_id IN (SELECT product_id FROM several) AND description IS NOT NULL
              GROUP BY product_id, event_time) points
        WHERE product_name IS DISTINCT FROM before$sql$)
      || jsonb_build_object('step', 'sql', 'name', 'realign facts', 'sql', $sql$SELECT realign_facts('product_history')$sql$)
      || jsonb_build_object('step', 'sql', 'name', 'categories', 'sql', $sql$DELETE FROM categories_summed WHERE EXISTS (SELECT FROM written_versions('product_history'))$sql$)
      -- A customer's region is the country first seen.
      || jsonb_build_object('step', 'scd2', 'name', 'customer_history', 'into', 'customer_history', 'mode', 'feed', 'sequence', 'effective_at', 'select', $sql$
        SELECT DISTINCT ON (b.customer_id) b.customer_id, b.region, b.effective_at
        FROM (SELECT customer_id, country COLLATE "C" AS region, min(event_time) AS effective_at
              FROM batch WHERE customer_id IS NOT NULL AND country IS NOT NULL
              GROUP BY customer_id, country COLLATE "C") b
        WHERE NOT EXISTS (SELECT FROM customer_history h
                          WHERE h.customer_id = b.customer_id AND NOT h.is_inferred AND h.valid_from >= '-infinity')
        ORDER BY b.customer_id, b.effective_at, b.region$sql$)
      -- The histories have made all others.
      || jsonb_build_array(
        jsonb_build_object('step', 'members', 'name', 'new products', 'into', 'product_history',
          'select', 'SELECT product_id FROM batch WHERE description IS NULL'),
        jsonb_build_object('step', 'members', 'name', 'new customers', 'into', 'customer_history',
          'select', 'SELECT customer_id FROM batch WHERE country IS NULL'))
      || ((common.facts - 'partition' - 'time') || jsonb_build_object('select', format(common.fact_select, $sql$
        SELECT b.time_key, 'ONLINE' AS store_key, coalesce(b.product_id, '?') AS product_key,
               coalesce(b.customer_id, '?') AS customer_key, '-' AS promotion_key,
               b.event_time, b.order_id, NULL::text AS transaction_id, b.line_id, 'Online' AS channel, NULL::text AS payment_mode,
               CASE WHEN b.quantity < 0 OR b.order_id LIKE 'C%' THEN 'Return' ELSE 'Sale' END AS sale_type,
               units.quantity AS quantity_sold, b.unit_price,
               units.quantity * b.unit_price AS sales_amount, 0::numeric AS discount_applied
        FROM batch b
        CROSS JOIN LATERAL (SELECT CASE WHEN b.quantity > 0 AND b.order_id LIKE 'C%' THEN -b.quantity ELSE b.quantity END AS quantity) units$sql$)))
      || common.inventory_refresh)
FROM common;
