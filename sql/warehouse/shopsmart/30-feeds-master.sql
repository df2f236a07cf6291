-- Feeds of master data: products, stores, promotions, customers. Every contract takes a file that
-- lacks the optional columns; an empty value never wipes out what is known.

-- Products (Type 2). A file without effective_at is valid from the moment it is loaded.
SELECT create_feed(current_schema(), 'products',
  description => 'Product master, CSV: product_id, product_name, category, subcategory, brand, supplier_id, price, unit_cost, effective_at',
  contract => $json${
    "format": "csv",
    "null": ["", "NULL", "null", "N/A", "n/a", "-"],
    "columns": [
      {"name": "product_id", "from": ["product_id", "product", "sku"], "type": "text", "required": true, "case": "upper", "max_length": 100},
      {"name": "product_name", "from": ["product_name", "name"], "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "category", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "subcategory", "from": ["subcategory", "sub_category"], "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "brand", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "supplier_id", "from": ["supplier_id", "supplier"], "type": "text", "case": "upper", "optional_column": true},
      {"name": "price", "from": ["price", "list_price"], "type": "numeric", "min": 0, "max": 100000000, "optional_column": true},
      {"name": "unit_cost", "from": ["unit_cost", "cost"], "type": "numeric", "min": 0, "max": 100000000, "optional_column": true},
      {"name": "effective_at", "from": ["effective_at", "effective_from", "updated_at", "as_of"], "type": "timestamptz", "optional_column": true,
       "min": "1990-01-01", "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY HH24:MI", "DD/MM/YYYY", "DD-Mon-YYYY HH24:MI:SS", "DD-Mon-YYYY", "YYYYMMDD", "epoch"]}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'effective_at', 'code', '22008',
      'when', $sql$effective_at > now() + interval '1 day'$sql$,
      'reason', 'the change takes effect in the future',
      'hint', 'Load the file when the change is in force, or correct the date.'),
    -- The turn that batches of sales take, whose facts and sums it changes: see 30-feeds-sales.sql.
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE promotion_fact IN SHARE ROW EXCLUSIVE MODE'),
    jsonb_build_object('step', 'scd2', 'name', 'product_history', 'into', 'product_history', 'mode', 'feed', 'sequence', 'effective_at',
      'select', $sql$
        SELECT b.record_no, b.product_id, b.product_name, b.category, b.subcategory, b.brand, b.supplier_id, b.price, b.unit_cost,
               coalesce(b.effective_at, now()) AS effective_at
        FROM batch b$sql$),
    jsonb_build_object('step', 'sql', 'name', 'realign facts', 'sql', $sql$SELECT realign_facts('product_history')$sql$),
    jsonb_build_object('step', 'sql', 'name', 'profit', 'sql', $sql$
        WITH cost AS MATERIALIZED (
          SELECT h.product_version, h.unit_cost, w.since
          FROM product_history h JOIN written_versions('product_history') w ON w.version = h.product_version
          WHERE h.unit_cost IS NOT NULL),
        costed AS (
          UPDATE sales_fact f SET profit = f.sales_amount - f.quantity_sold * cost.unit_cost
          FROM cost
          WHERE f.product_version = cost.product_version AND f.event_time >= (SELECT min(since) FROM cost)
            AND f.profit IS DISTINCT FROM f.sales_amount - f.quantity_sold * cost.unit_cost
          RETURNING f.time_key)
        SELECT touch_sales(array_agg(DISTINCT c.time_key)) FROM costed c$sql$),
    jsonb_build_object('step', 'sql', 'name', 'sums', 'sql', 'DELETE FROM stock_summed'),
    jsonb_build_object('step', 'sql', 'name', 'categories', 'sql', $sql$DELETE FROM categories_summed WHERE EXISTS (SELECT FROM written_versions('product_history'))$sql$)));

-- Stores (Type 1).
SELECT create_feed(current_schema(), 'stores',
  description => 'Store master, CSV: store_id, store_name, city, city_tier, state, region, store_manager, opened_on',
  contract => $json${
    "format": "csv",
    "null": ["", "NULL", "null", "N/A", "n/a", "-"],
    "columns": [
      {"name": "store_id", "from": ["store_id", "store", "store_code"], "type": "text", "required": true,
       "code": {"prefix": "S", "width": 3, "aliases": ["STORE", "ST", "SHOP"]}},
      {"name": "store_name", "from": ["store_name", "name"], "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "city", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "city_tier", "from": ["city_tier", "tier"], "type": "text", "collapse_blanks": true, "optional_column": true,
       "map": {"1": "Tier 1", "tier 1": "Tier 1", "tier-1": "Tier 1", "tier1": "Tier 1", "t1": "Tier 1",
               "2": "Tier 2", "tier 2": "Tier 2", "tier-2": "Tier 2", "tier2": "Tier 2", "t2": "Tier 2",
               "3": "Tier 3", "tier 3": "Tier 3", "tier-3": "Tier 3", "tier3": "Tier 3", "t3": "Tier 3"}, "map_else": "reject"},
      {"name": "state", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "region", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "store_manager", "from": ["store_manager", "manager"], "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "opened_on", "from": ["opened_on", "opening_date"], "type": "date", "optional_column": true,
       "formats": ["ISO", "DD/MM/YYYY", "DD-Mon-YYYY"]}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE promotion_fact IN SHARE ROW EXCLUSIVE MODE'),
    -- Sums by region are of the regions that the stores had when they were made.
    jsonb_build_object('step', 'sql', 'name', 'regions', 'sql', $sql$
        SELECT touch_sales(array_agg(m.month_start)) FROM sales_month m
        WHERE EXISTS (SELECT FROM batch b JOIN store_dim d ON d.store_id = b.store_id WHERE b.region IS NOT NULL AND b.region IS DISTINCT FROM d.region)$sql$),
    jsonb_build_object('step', 'upsert', 'name', 'store_dim', 'into', 'store_dim', 'key', jsonb_build_array('store_id'),
      'select', $sql$
        SELECT DISTINCT ON (b.store_id) b.store_id,
               coalesce(b.store_name, d.store_name) AS store_name,
               coalesce(b.city, d.city) AS city,
               coalesce(b.city_tier, d.city_tier) AS city_tier,
               coalesce(b.state, d.state) AS state,
               coalesce(b.region, d.region) AS region,
               coalesce(b.store_manager, d.store_manager) AS store_manager,
               coalesce(b.opened_on, d.opened_on) AS opened_on
        FROM batch b LEFT JOIN store_dim d ON d.store_id = b.store_id
        ORDER BY b.store_id, b.record_no DESC$sql$)));

-- Promotions (Type 1).
SELECT create_feed(current_schema(), 'promotions',
  description => 'Promotion master, CSV: promotion_id, promotion_name, start_date, end_date, discount_percent',
  contract => $json${
    "format": "csv",
    "null": ["", "NULL", "null", "N/A", "n/a"],
    "columns": [
      {"name": "promotion_id", "from": ["promotion_id", "promotion", "promo_id"], "type": "text", "required": true, "case": "upper", "max_length": 100},
      {"name": "promotion_name", "from": ["promotion_name", "name"], "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "start_date", "type": "date", "optional_column": true, "min": "1990-01-01",
       "formats": ["ISO", "DD/MM/YYYY", "DD-Mon-YYYY"]},
      {"name": "end_date", "type": "date", "optional_column": true, "min": "1990-01-01",
       "formats": ["ISO", "DD/MM/YYYY", "DD-Mon-YYYY"]},
      {"name": "discount_percent", "from": ["discount_percent", "discount"], "type": "numeric", "min": 0, "max": 100, "optional_column": true}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'reject', 'name', 'dates', 'column', 'end_date', 'code', '23514',
      'when', 'end_date < start_date', 'reason', 'the promotion ends before it starts', 'hint', 'Correct start_date or end_date.'),
    jsonb_build_object('step', 'upsert', 'name', 'promotion_dim', 'into', 'promotion_dim', 'key', jsonb_build_array('promotion_id'),
      'select', $sql$
        SELECT DISTINCT ON (b.promotion_id) b.promotion_id,
               coalesce(b.promotion_name, d.promotion_name) AS promotion_name,
               coalesce(b.start_date, d.start_date) AS start_date,
               coalesce(b.end_date, d.end_date) AS end_date,
               coalesce(b.discount_percent, d.discount_percent) AS discount_percent
        FROM batch b LEFT JOIN promotion_dim d ON d.promotion_id = b.promotion_id
        ORDER BY b.promotion_id, b.record_no DESC$sql$),
    jsonb_build_object('step', 'sql', 'name', 'sums', 'sql', 'DELETE FROM sales_summed')));

-- Customers (Type 2 in loyalty level and place, Type 1 in the rest): the CRM's monthly extract.
SELECT create_feed(current_schema(), 'customers',
  description => 'CRM extract, CSV: customer_id, first_name, last_name, gender, birth_date, loyalty_level, city, state, region, effective_at',
  contract => $json${
    "format": "csv",
    "null": ["", "NULL", "null", "N/A", "n/a", "-"],
    "columns": [
      {"name": "customer_id", "from": ["customer_id", "customer"], "type": "text", "required": true, "case": "upper", "max_length": 100},
      {"name": "first_name", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "last_name", "from": ["last_name", "surname"], "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "gender", "from": ["gender", "sex"], "type": "text", "optional_column": true, "map_else": "null",
       "map": {"f": "Female", "female": "Female", "w": "Female", "woman": "Female", "m": "Male", "male": "Male", "man": "Male",
               "o": "Other", "other": "Other", "x": "Other", "nb": "Other", "non-binary": "Other"}},
      {"name": "birth_date", "from": ["birth_date", "date_of_birth", "dob"], "type": "date", "optional_column": true, "on_error": "null",
       "min": "1900-01-01", "formats": ["ISO", "DD/MM/YYYY", "DD-Mon-YYYY", "YYYYMMDD"]},
      {"name": "loyalty_level", "from": ["loyalty_level", "loyalty"], "type": "text", "collapse_blanks": true, "optional_column": true,
       "map": {"bronze": "Bronze", "silver": "Silver", "gold": "Gold", "platinum": "Platinum", "diamond": "Diamond", "none": "None"}},
      {"name": "city", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "state", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "region", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "effective_at", "from": ["effective_at", "as_of", "updated_at", "extract_date"], "type": "timestamptz", "optional_column": true,
       "min": "1990-01-01", "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY HH24:MI", "DD/MM/YYYY", "DD-Mon-YYYY HH24:MI:SS", "DD-Mon-YYYY", "YYYYMMDD", "epoch"]}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'effective_at', 'code', '22008',
      'when', $sql$effective_at > now() + interval '1 day'$sql$,
      'reason', 'the change takes effect in the future',
      'hint', 'Load the file when the change is in force, or correct the date.'),
    jsonb_build_object('step', 'scd2', 'name', 'customer_history', 'into', 'customer_history', 'mode', 'feed', 'sequence', 'effective_at',
      'select', $sql$
        SELECT b.record_no, b.customer_id, b.first_name, b.last_name, b.gender, b.birth_date, b.loyalty_level, b.city, b.state, b.region,
               coalesce(b.effective_at, now()) AS effective_at
        FROM batch b$sql$),
    jsonb_build_object('step', 'sql', 'name', 'realign facts', 'sql', $sql$SELECT realign_facts('customer_history')$sql$),
    jsonb_build_object('step', 'sql', 'name', 'sums', 'sql', 'DELETE FROM sales_summed')));
