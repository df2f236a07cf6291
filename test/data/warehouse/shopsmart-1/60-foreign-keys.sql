-- Facts to dimensions, in the mode the warehouse was created with. A Type-2 dimension is referred to
-- by version: the durable key is unique only among current rows.
SELECT add_foreign_key('sales_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('sales_fact', 'store_key', 'store_dim', 'store_id');
SELECT add_foreign_key('sales_fact', 'promotion_key', 'promotion_dim', 'promotion_id');
SELECT add_foreign_key('sales_fact', 'product_version', 'product_history', 'product_version');
SELECT add_foreign_key('sales_fact', 'customer_version', 'customer_history', 'customer_version');
SELECT add_foreign_key('inventory_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('inventory_fact', 'store_key', 'store_dim', 'store_id');
SELECT add_foreign_key('inventory_fact', 'product_version', 'product_history', 'product_version');
SELECT add_foreign_key('promotion_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('promotion_fact', 'store_key', 'store_dim', 'store_id');
SELECT add_foreign_key('promotion_fact', 'promotion_key', 'promotion_dim', 'promotion_id');
