-- The snowflake beside the star: the hierarchies product -> subcategory -> category and
-- store -> city -> state -> region, one view per level. Each level states an attribute once, at the
-- price of a join per level; the star states it on every member and joins once. An id is the path
-- from the top ('Electronics/Phones'), so that a name which occurs under two parents (Aurangabad in
-- Bihar and in Maharashtra) is two rows, and joining upwards never multiplies or loses a fact.

CREATE VIEW snow_category AS
  SELECT DISTINCT coalesce(category, 'Unknown') AS category_id, coalesce(category, 'Unknown') AS category
  FROM product_dim;
CREATE VIEW snow_subcategory AS
  SELECT DISTINCT coalesce(category, 'Unknown') || '/' || coalesce(subcategory, 'Unknown') AS subcategory_id,
         coalesce(subcategory, 'Unknown') AS subcategory,
         coalesce(category, 'Unknown') AS category_id
  FROM product_dim;
CREATE VIEW snow_product AS
  SELECT product_id, product_name, brand, supplier_id, price, unit_cost,
         coalesce(category, 'Unknown') || '/' || coalesce(subcategory, 'Unknown') AS subcategory_id
  FROM product_dim;

CREATE VIEW snow_region AS
  SELECT DISTINCT coalesce(region, 'Unknown') AS region_id, coalesce(region, 'Unknown') AS region
  FROM store_dim;
CREATE VIEW snow_state AS
  SELECT DISTINCT coalesce(region, 'Unknown') || '/' || coalesce(state, 'Unknown') AS state_id,
         coalesce(state, 'Unknown') AS state,
         coalesce(region, 'Unknown') AS region_id
  FROM store_dim;
CREATE VIEW snow_city AS
  SELECT coalesce(region, 'Unknown') || '/' || coalesce(state, 'Unknown') || '/' || coalesce(city, 'Unknown') AS city_id,
         coalesce(city, 'Unknown') AS city,
         min(city_tier) AS city_tier,
         coalesce(region, 'Unknown') || '/' || coalesce(state, 'Unknown') AS state_id
  FROM store_dim
  GROUP BY 1, 2, 4;
CREATE VIEW snow_store AS
  SELECT store_id, store_name, store_manager, opened_on,
         coalesce(region, 'Unknown') || '/' || coalesce(state, 'Unknown') || '/' || coalesce(city, 'Unknown') AS city_id
  FROM store_dim;

COMMENT ON VIEW snow_category IS 'Snowflake of product_dim, top level: one row per category';
COMMENT ON COLUMN snow_category.category_id IS 'The category''s name; Unknown where it is not known';
COMMENT ON COLUMN snow_category.category IS 'Category; Unknown where it is not known';
COMMENT ON VIEW snow_subcategory IS 'Snowflake of product_dim, middle level: one row per subcategory of a category';
COMMENT ON COLUMN snow_subcategory.subcategory_id IS 'Path category/subcategory';
COMMENT ON COLUMN snow_subcategory.subcategory IS 'Subcategory; Unknown where it is not known';
COMMENT ON COLUMN snow_subcategory.category_id IS 'Its category: snow_category.category_id';
COMMENT ON VIEW snow_product IS 'Snowflake of product_dim, lowest level: one row per product; facts join product_key = product_id';
COMMENT ON COLUMN snow_product.product_id IS 'Product id';
COMMENT ON COLUMN snow_product.product_name IS 'Present name; NULL if not known';
COMMENT ON COLUMN snow_product.brand IS 'Present brand; NULL if not known';
COMMENT ON COLUMN snow_product.supplier_id IS 'Supplier; NULL if not known';
COMMENT ON COLUMN snow_product.price IS 'Present list price of one unit, money; NULL if not known';
COMMENT ON COLUMN snow_product.unit_cost IS 'Present cost of one unit, money; NULL if not known';
COMMENT ON COLUMN snow_product.subcategory_id IS 'Its subcategory: snow_subcategory.subcategory_id';
COMMENT ON VIEW snow_region IS 'Snowflake of store_dim, top level: one row per sales region';
COMMENT ON COLUMN snow_region.region_id IS 'The region''s name; Unknown where it is not known';
COMMENT ON COLUMN snow_region.region IS 'Region; Unknown where it is not known';
COMMENT ON VIEW snow_state IS 'Snowflake of store_dim: one row per state of a region';
COMMENT ON COLUMN snow_state.state_id IS 'Path region/state';
COMMENT ON COLUMN snow_state.state IS 'State; Unknown where it is not known';
COMMENT ON COLUMN snow_state.region_id IS 'Its region: snow_region.region_id';
COMMENT ON VIEW snow_city IS 'Snowflake of store_dim: one row per city of a state';
COMMENT ON COLUMN snow_city.city_id IS 'Path region/state/city';
COMMENT ON COLUMN snow_city.city IS 'City; Unknown where it is not known';
COMMENT ON COLUMN snow_city.city_tier IS 'Tier of the city; NULL if not known';
COMMENT ON COLUMN snow_city.state_id IS 'Its state: snow_state.state_id';
COMMENT ON VIEW snow_store IS 'Snowflake of store_dim, lowest level: one row per store; facts join store_key = store_id';
COMMENT ON COLUMN snow_store.store_id IS 'Store code';
COMMENT ON COLUMN snow_store.store_name IS 'Name; NULL if not known';
COMMENT ON COLUMN snow_store.store_manager IS 'Present manager; NULL if not known';
COMMENT ON COLUMN snow_store.opened_on IS 'Opening day; NULL if not known';
COMMENT ON COLUMN snow_store.city_id IS 'Its city: snow_city.city_id';
