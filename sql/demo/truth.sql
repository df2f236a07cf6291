-- Compares a warehouse loaded with the files of `starhouse generate shopsmart` with their TRUTH.json:
-- one line a figure, 'ok' or what differs.
--   psql -X -At -v schema=shopsmart -v truth="$(cat DIR/TRUTH.json)" -f sql/demo/truth.sql
-- The warehouse must hold these files and nothing else.
\set QUIET 1
SET search_path = :"schema", pg_catalog;

WITH truth AS (
  SELECT :'truth'::jsonb AS t
), sales AS (
  SELECT f.sales_amount, f.quantity_sold, f.discount_applied, f.profit, f.sale_type,
         to_char(f.time_key, 'YYYY-MM') AS month, s.region, coalesce(p.category, 'unknown') AS category,
         CASE WHEN f.customer_key = '?' THEN '?' WHEN c.is_inferred THEN 'inferred' ELSE c.loyalty_level END AS loyalty,
         f.promotion_key AS promotion, f.product_key AS product
  FROM sales_fact f
  JOIN store_dim s ON s.store_id = f.store_key
  JOIN product_history p ON p.product_version = f.product_version
  JOIN customer_history c ON c.customer_version = f.customer_version
), sums AS MATERIALIZED (
  SELECT CASE 0 WHEN grouping(month) THEN 'month' WHEN grouping(region) THEN 'region' WHEN grouping(category) THEN 'category'
                WHEN grouping(loyalty) THEN 'loyalty' WHEN grouping(promotion) THEN 'promotion'
                WHEN grouping(product) THEN 'product' WHEN grouping(sale_type) THEN 'type' ELSE 'all' END AS part,
         coalesce(month, region, category, loyalty, promotion, product, sale_type) AS key,
         count(*)::text AS lines, round(sum(sales_amount), 2)::text AS revenue, sum(quantity_sold)::bigint::text AS units,
         round(sum(discount_applied), 2)::text AS discount, round(sum(profit), 2)::text AS profit
  FROM sales
  GROUP BY GROUPING SETS ((), (month), (region), (category), (loyalty), (promotion), (product), (sale_type))
), orders AS MATERIALIZED (
  SELECT DISTINCT customer_key, order_id FROM sales_fact WHERE sale_type = 'Sale'
), buyers AS MATERIALIZED (
  SELECT customer_key, count(*) AS orders FROM orders WHERE customer_key <> '?' GROUP BY 1
), expected (figure, expected, found) AS (
  SELECT 'sales: lines', t #>> '{sales,all,lines}', lines FROM truth, sums WHERE part = 'all'
  UNION ALL SELECT 'sales: revenue', t #>> '{sales,all,revenue}', revenue FROM truth, sums WHERE part = 'all'
  UNION ALL SELECT 'sales: units', t #>> '{sales,all,units}', units FROM truth, sums WHERE part = 'all'
  UNION ALL SELECT 'sales: discount', t #>> '{sales,all,discount}', discount FROM truth, sums WHERE part = 'all'
  UNION ALL SELECT 'sales: profit', t #>> '{sales,profit}', profit FROM truth, sums WHERE part = 'all'
  UNION ALL SELECT 'sales: orders', t #>> '{sales,orders}', (SELECT count(DISTINCT order_id)::text FROM orders) FROM truth
  UNION ALL SELECT 'returns: lines', t #>> '{sales,returns,lines}', (SELECT lines FROM sums WHERE part = 'type' AND key = 'Return') FROM truth
  UNION ALL SELECT 'returns: revenue', t #>> '{sales,returns,revenue}', (SELECT revenue FROM sums WHERE part = 'type' AND key = 'Return') FROM truth
  UNION ALL SELECT 'customers: active', t #>> '{customers,active}', (SELECT count(*)::text FROM buyers) FROM truth
  UNION ALL SELECT 'customers: repeat', t #>> '{customers,repeat}', (SELECT count(*)::text FROM buyers WHERE orders > 1) FROM truth
  UNION ALL SELECT 'customers: members', t #>> '{dimensions,customers}',
    (SELECT count(*)::text FROM customer_dim WHERE customer_id <> '?' AND NOT is_inferred) FROM truth
  UNION ALL SELECT 'customers: versions', t #>> '{dimensions,customer_versions}',
    (SELECT count(*)::text FROM customer_history WHERE customer_id <> '?' AND NOT is_inferred) FROM truth
  UNION ALL SELECT 'customers: inferred', t #>> '{dimensions,inferred_customers}', (SELECT count(*)::text FROM customer_dim WHERE is_inferred) FROM truth
  UNION ALL SELECT 'products: members', t #>> '{dimensions,products}',
    (SELECT count(*)::text FROM product_dim WHERE product_id <> '?' AND NOT is_inferred) FROM truth
  UNION ALL SELECT 'products: versions', t #>> '{dimensions,product_versions}',
    (SELECT count(*)::text FROM product_history WHERE product_id <> '?' AND NOT is_inferred) FROM truth
  UNION ALL SELECT 'products: inferred', t #>> '{dimensions,inferred_products}', (SELECT count(*)::text FROM product_dim WHERE is_inferred) FROM truth
  UNION ALL SELECT 'stores', t #>> '{dimensions,stores}', (SELECT count(*)::text FROM store_dim WHERE store_id NOT IN ('?', '-', 'ONLINE')) FROM truth
  UNION ALL SELECT 'promotions', t #>> '{dimensions,promotions}', (SELECT count(*)::text FROM promotion_dim WHERE promotion_id NOT IN ('?', '-')) FROM truth
  UNION ALL SELECT 'inventory: rows', t #>> '{inventory,rows}', (SELECT count(*)::text FROM inventory_fact) FROM truth
  UNION ALL SELECT 'inventory: units sold', t #>> '{inventory,units_sold}', (SELECT coalesce(sum(units_sold), 0)::bigint::text FROM inventory_fact) FROM truth
  UNION ALL SELECT 'inventory: stock on hand', t #>> '{inventory,stock_on_hand_sum}', (SELECT coalesce(sum(stock_on_hand), 0)::bigint::text FROM inventory_fact) FROM truth
  UNION ALL
  SELECT 'feed ' || feed.key || ': ' || part.key, part.value, part.found
  FROM truth CROSS JOIN jsonb_each(t -> 'feeds') AS feed
  CROSS JOIN LATERAL (SELECT coalesce(sum(b.records_read), 0) AS records, coalesce(sum(b.duplicates), 0) AS duplicates, coalesce(sum(b.rejected), 0) AS rejected
                      FROM batch_log b WHERE b.feed_name = feed.key) log
  CROSS JOIN LATERAL (VALUES ('records', feed.value ->> 'records', log.records::text),
                             ('duplicates', feed.value ->> 'duplicates', log.duplicates::text),
                             ('rejected', feed.value ->> 'rejected', log.rejected::text)) AS part (key, value, found)
  WHERE feed.key IN ('pos_sales', 'online_orders')
  UNION ALL
  SELECT 'revenue by ' || parts.part || ': ' || item.key,
         CASE jsonb_typeof(item.value) WHEN 'string' THEN item.value #>> '{}' ELSE coalesce(item.value #>> '{all,revenue}', item.value ->> 'revenue') END,
         coalesce(sums.revenue, '0.00')
  FROM truth
  CROSS JOIN (VALUES ('month', 'by_month'), ('region', 'by_region'), ('category', 'by_category_as_was'), ('loyalty', 'by_loyalty_as_was'),
                     ('promotion', 'by_promotion')) AS parts (part, name)
  CROSS JOIN LATERAL jsonb_each(t -> parts.name) AS item
  LEFT JOIN sums ON sums.part = parts.part AND sums.key = item.key
  UNION ALL
  SELECT 'revenue by product: ' || (product ->> 'product_id'), product ->> 'revenue', sums.revenue
  FROM truth CROSS JOIN jsonb_array_elements(t -> 'top_products') AS product
  LEFT JOIN sums ON sums.part = 'product' AND sums.key = product ->> 'product_id'
)
SELECT CASE WHEN expected = found THEN 'ok    ' ELSE 'WRONG ' END || figure || ' ' || coalesce(found, 'none')
       || CASE WHEN expected IS DISTINCT FROM found THEN ', not ' || coalesce(expected, 'none') ELSE '' END
FROM expected;
