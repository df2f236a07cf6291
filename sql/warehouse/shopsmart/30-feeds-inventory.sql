-- Weekly stock. A file without a date is of the day it is loaded, one without stores counts them all
-- ('-'); a snapshot sent again corrects the first.
SELECT create_feed(current_schema(), 'inventory',
  description => 'Stock snapshot, CSV: product_id, stock_on_hand, reorder_level, supplier_id, snapshot_date; optional store_id',
  contract => $json${
    "format": "csv",
    "null": ["", "NULL", "null", "N/A", "n/a"],
    "columns": [
      {"name": "product_id", "from": ["product_id", "product", "sku"], "type": "text", "required": true, "case": "upper", "max_length": 100},
      {"name": "store_id", "from": ["store_id", "store", "store_code"], "type": "text", "optional_column": true,
       "code": {"prefix": "S", "width": 3, "aliases": ["STORE", "ST", "SHOP"]}},
      {"name": "stock_on_hand", "from": ["stock_on_hand", "stock"], "type": "numeric", "required": true, "min": 0, "max": 1000000000},
      {"name": "reorder_level", "type": "numeric", "min": 0, "max": 1000000000, "optional_column": true},
      {"name": "supplier_id", "from": ["supplier_id", "supplier"], "type": "text", "case": "upper", "optional_column": true},
      {"name": "snapshot_date", "from": ["snapshot_date", "as_of", "date"], "type": "date", "optional_column": true, "min": "1990-01-01",
       "formats": ["ISO", "DD/MM/YYYY", "DD-Mon-YYYY", "DD-MM-YYYY", "YYYYMMDD", "epoch"]}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'snapshot_date', 'code', '22008',
      'when', $sql$snapshot_date > (now() AT TIME ZONE {time_zone})::date + 1$sql$,
      'reason', 'the snapshot lies in the future', 'hint', 'Correct the date; if day and month are swapped, change "formats" in the contract.'),
    jsonb_build_object('step', 'sql', 'name', 'snapshot date', 'sql', $sql$
      UPDATE batch SET snapshot_date = (now() AT TIME ZONE {time_zone})::date WHERE snapshot_date IS NULL$sql$),
    -- The turn that batches of sales take: see 30-feeds-sales.sql.
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE promotion_fact IN SHARE ROW EXCLUSIVE MODE'),
    jsonb_build_object('step', 'sql', 'name', 'calendar', 'sql', $sql$
      SELECT extend_calendar(current_schema(), min(snapshot_date), max(snapshot_date)) FROM batch$sql$),
    jsonb_build_object('step', 'members', 'name', 'new products', 'into', 'product_history',
      'select', 'SELECT DISTINCT product_id FROM batch'),
    jsonb_build_object('step', 'members', 'name', 'new stores', 'into', 'store_dim', 'key', 'store_id',
      'select', 'SELECT DISTINCT store_id FROM batch WHERE store_id IS NOT NULL'),
    jsonb_build_object('step', 'facts', 'name', 'inventory_fact', 'into', 'inventory_fact', 'conflict', 'update',
      'time', 'event_time', 'partition', '1 month',
      'partition_range', $sql$
        SELECT min(snapshot_date)::timestamp AT TIME ZONE {time_zone}, max(snapshot_date)::timestamp AT TIME ZONE {time_zone} FROM batch$sql$,
      'select', $sql$
        SELECT DISTINCT ON (b.product_id, coalesce(b.store_id, '-'), b.snapshot_date)
               b.snapshot_date AS time_key, coalesce(b.store_id, '-') AS store_key, b.product_id AS product_key,
               coalesce(h.product_version,
                        (SELECT e.product_version FROM product_history e
                         WHERE e.product_id = b.product_id AND e.valid_from > b.snapshot_date::timestamp AT TIME ZONE {time_zone}
                         ORDER BY e.valid_from LIMIT 1), -1) AS product_version,
               b.snapshot_date::timestamp AT TIME ZONE {time_zone} AS event_time,
               b.supplier_id, b.stock_on_hand, b.reorder_level
        FROM batch b
        LEFT JOIN product_history h ON h.product_id = b.product_id
          AND h.valid_from <= b.snapshot_date::timestamp AT TIME ZONE {time_zone}
          AND h.valid_to > b.snapshot_date::timestamp AT TIME ZONE {time_zone}
        ORDER BY b.product_id, coalesce(b.store_id, '-'), b.snapshot_date, b.record_no DESC$sql$),
    jsonb_build_object('step', 'sql', 'name', 'units sold', 'sql', $sql$
      WITH snapshot AS MATERIALIZED (
        SELECT DISTINCT snapshot_date AS day FROM batch),
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
        AND i.event_time < (SELECT (max(day) + 1)::timestamp AT TIME ZONE {time_zone} FROM snapshot)$sql$),
    jsonb_build_object('step', 'sql', 'name', 'sums', 'sql', 'DELETE FROM stock_summed')));
