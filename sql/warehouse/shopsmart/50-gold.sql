-- Gold documents for the shop's service and for marketing: a profile per customer and per product. Kept by the feeds from
-- the first gold_refresh on. Nothing in them depends on the clock, so a document changes only when its facts do.
SELECT create_gold(current_schema(), 'gold_customer_profile',
  description => 'A JSON document per customer: who it is, what was bought, where and when last',
  all_keys => $sql$SELECT customer_id FROM customer_dim WHERE customer_id <> '?'$sql$,
  reads => '{customer_history,product_history,sales_fact}',
  changed_by => jsonb_build_object(
    'customers', 'SELECT customer_id FROM batch', 'pos_sales', 'SELECT customer_id FROM batch', 'online_orders', 'SELECT customer_id FROM batch',
    'online_retail', 'SELECT customer_key FROM sales_fact WHERE batch_id = {batch_id}',
    'products', 'SELECT f.customer_key FROM sales_fact f WHERE f.product_key IN (SELECT product_id FROM batch)'),
  build => $sql$
    SELECT c.customer_id, jsonb_build_object(
      'customer_id', c.customer_id, 'first_name', c.first_name, 'last_name', c.last_name, 'loyalty_level', c.loyalty_level, 'city', c.city, 'region', c.region,
      'orders', coalesce(s.orders, 0), 'revenue', coalesce(trim_scale(s.revenue), 0), 'returns', coalesce(s.returns, 0),
      'online_share_percent', CASE WHEN s.orders > 0 THEN round(100.0 * s.online / s.orders, 2) END,
      'first_order_on', s.first_day, 'last_order_on', s.last_day, 'favourite_categories', coalesce(g.categories, '[]'))
    FROM customer_dim c
    LEFT JOIN (SELECT f.customer_key, count(DISTINCT f.order_id) FILTER (WHERE f.sale_type = 'Sale') AS orders, sum(f.sales_amount) AS revenue,
                      count(DISTINCT f.order_id) FILTER (WHERE f.sale_type = 'Return') AS returns,
                      count(DISTINCT f.order_id) FILTER (WHERE f.sale_type = 'Sale' AND f.channel = 'Online') AS online,
                      min(f.time_key) AS first_day, max(f.time_key) AS last_day
               FROM sales_fact f WHERE f.customer_key = ANY ({keys}) GROUP BY f.customer_key) s ON s.customer_key = c.customer_id
    LEFT JOIN (SELECT m.customer_key, jsonb_agg(m.category ORDER BY m.revenue DESC, m.category) FILTER (WHERE m.place <= 3) AS categories
               FROM (SELECT f.customer_key, p.category, sum(f.sales_amount) AS revenue, row_number() OVER (PARTITION BY f.customer_key ORDER BY sum(f.sales_amount) DESC, p.category) AS place
                     FROM sales_fact f JOIN product_dim p ON p.product_id = f.product_key
                     WHERE f.customer_key = ANY ({keys}) AND p.category IS NOT NULL GROUP BY f.customer_key, p.category) m GROUP BY m.customer_key) g ON g.customer_key = c.customer_id
    WHERE c.customer_id = ANY ({keys}) AND c.customer_id <> '?'$sql$);

SELECT create_gold(current_schema(), 'gold_product_profile',
  description => 'A JSON document per product: what it is and how it sells',
  all_keys => $sql$SELECT product_id FROM product_dim WHERE product_id <> '?'$sql$,
  reads => '{product_history,sales_fact}',
  changed_by => jsonb_build_object(
    'products', 'SELECT product_id FROM batch', 'pos_sales', 'SELECT product_id FROM batch', 'online_orders', 'SELECT product_id FROM batch',
    'online_retail', 'SELECT product_key FROM sales_fact WHERE batch_id = {batch_id}'),
  build => $sql$
    SELECT p.product_id, jsonb_build_object(
      'product_id', p.product_id, 'product_name', p.product_name, 'category', p.category, 'subcategory', p.subcategory, 'brand', p.brand,
      'price', trim_scale(p.price), 'units', coalesce(trim_scale(s.units), 0), 'revenue', coalesce(trim_scale(s.revenue), 0), 'profit', trim_scale(s.profit),
      'returned_units', coalesce(trim_scale(s.returned), 0), 'stores', coalesce(s.stores, 0), 'last_sold_on', s.last_day)
    FROM product_dim p
    LEFT JOIN (SELECT f.product_key, sum(f.quantity_sold) AS units, sum(f.sales_amount) AS revenue, sum(f.profit) AS profit,
                      -sum(f.quantity_sold) FILTER (WHERE f.sale_type = 'Return') AS returned, count(DISTINCT f.store_key) AS stores,
                      max(f.time_key) FILTER (WHERE f.sale_type = 'Sale') AS last_day
               FROM sales_fact f WHERE f.product_key = ANY ({keys}) GROUP BY f.product_key) s ON s.product_key = p.product_id
    WHERE p.product_id = ANY ({keys}) AND p.product_id <> '?'$sql$);
