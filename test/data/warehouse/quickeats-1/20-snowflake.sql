-- The snowflake beside the star: restaurant -> cuisine, and restaurant, customer and driver -> city ->
-- region, one view per level. Each level states an attribute once, at the price of a join per level;
-- the star states it on every member and joins once. Joining upwards never multiplies or loses a fact.

CREATE VIEW snow_region AS
  SELECT DISTINCT coalesce(region, 'Unknown') AS region_id, coalesce(region, 'Unknown') AS region
  FROM city_dim;
CREATE VIEW snow_city AS
  SELECT city_id, city_name, population, traffic_index, coalesce(region, 'Unknown') AS region_id
  FROM city_dim;
CREATE VIEW snow_cuisine AS
  SELECT DISTINCT coalesce(cuisine_type, 'Unknown') AS cuisine_id, coalesce(cuisine_type, 'Unknown') AS cuisine_type
  FROM restaurant_dim;
CREATE VIEW snow_restaurant AS
  SELECT r.restaurant_id, r.name, r.avg_rating, r.latitude, r.longitude,
         coalesce(r.cuisine_type, 'Unknown') AS cuisine_id, coalesce(c.city_id, '?') AS city_id
  FROM restaurant_dim r LEFT JOIN city_dim c ON c.city_id = r.city;
CREATE VIEW snow_customer AS
  SELECT u.customer_id, u.name, u.gender, u.signup_date, u.device_type, coalesce(c.city_id, '?') AS city_id
  FROM customer_dim u LEFT JOIN city_dim c ON c.city_id = u.city;
CREATE VIEW snow_driver AS
  SELECT d.driver_id, d.name, d.vehicle_type, d.join_date, d.experience_level, coalesce(c.city_id, '?') AS city_id
  FROM driver_dim d LEFT JOIN city_dim c ON c.city_id = d.city;

COMMENT ON VIEW snow_region IS 'Snowflake of city_dim, top level: one row per region';
COMMENT ON COLUMN snow_region.region_id IS 'The region''s name; Unknown where it is not known';
COMMENT ON COLUMN snow_region.region IS 'Region; Unknown where it is not known';
COMMENT ON VIEW snow_city IS 'Snowflake of city_dim: one row per city; facts join city_key = city_id';
COMMENT ON COLUMN snow_city.city_id IS 'City id';
COMMENT ON COLUMN snow_city.city_name IS 'Name; NULL if not known';
COMMENT ON COLUMN snow_city.population IS 'Inhabitants; NULL if not known';
COMMENT ON COLUMN snow_city.traffic_index IS 'Traffic index, 1 is ordinary; NULL if not known';
COMMENT ON COLUMN snow_city.region_id IS 'Its region: snow_region.region_id';
COMMENT ON VIEW snow_cuisine IS 'Snowflake of restaurant_dim, top level: one row per cuisine';
COMMENT ON COLUMN snow_cuisine.cuisine_id IS 'The cuisine''s name; Unknown where it is not known';
COMMENT ON COLUMN snow_cuisine.cuisine_type IS 'Cuisine; Unknown where it is not known';
COMMENT ON VIEW snow_restaurant IS 'Snowflake of restaurant_dim, lowest level: one row per restaurant; facts join restaurant_key = restaurant_id';
COMMENT ON COLUMN snow_restaurant.restaurant_id IS 'Restaurant id';
COMMENT ON COLUMN snow_restaurant.name IS 'Name; NULL if not known';
COMMENT ON COLUMN snow_restaurant.avg_rating IS 'Present average rating, 0 to 5; NULL if not known';
COMMENT ON COLUMN snow_restaurant.latitude IS 'Degrees north; NULL if not known';
COMMENT ON COLUMN snow_restaurant.longitude IS 'Degrees east; NULL if not known';
COMMENT ON COLUMN snow_restaurant.cuisine_id IS 'Its cuisine: snow_cuisine.cuisine_id';
COMMENT ON COLUMN snow_restaurant.city_id IS 'Its city: snow_city.city_id; ''?'' if not known';
COMMENT ON VIEW snow_customer IS 'Snowflake of customer_dim, lowest level: one row per customer; facts join customer_key = customer_id';
COMMENT ON COLUMN snow_customer.customer_id IS 'Customer id';
COMMENT ON COLUMN snow_customer.name IS 'Name; NULL if not known';
COMMENT ON COLUMN snow_customer.gender IS 'Female, Male or Other; NULL if not known';
COMMENT ON COLUMN snow_customer.signup_date IS 'Day of sign-up; NULL if not known';
COMMENT ON COLUMN snow_customer.device_type IS 'Present device; NULL if not known';
COMMENT ON COLUMN snow_customer.city_id IS 'Present city: snow_city.city_id; ''?'' if not known';
COMMENT ON VIEW snow_driver IS 'Snowflake of driver_dim, lowest level: one row per driver; facts join driver_key = driver_id';
COMMENT ON COLUMN snow_driver.driver_id IS 'Driver id';
COMMENT ON COLUMN snow_driver.name IS 'Name; NULL if not known';
COMMENT ON COLUMN snow_driver.vehicle_type IS 'Present vehicle; NULL if not known';
COMMENT ON COLUMN snow_driver.join_date IS 'Day of joining; NULL if not known';
COMMENT ON COLUMN snow_driver.experience_level IS 'Present level; NULL if not known';
COMMENT ON COLUMN snow_driver.city_id IS 'Present city: snow_city.city_id; ''?'' if not known';
