-- Type-2 dimensions. A script of its own: repair_warehouse runs it again after the extension was away.
-- Type 1, overwritten in every version: names, gender, sign-up and joining days, a restaurant's place on
-- the map and its rating (a running average that moves every week). Any other change opens a version:
-- a customer's city and device, a restaurant's cuisine and city, a driver's city, vehicle and experience.
-- A row that leaves something empty has not told it: what was told before stays, also by another row of the same batch.
SELECT scd_register('customer_history', key => '{customer_id}',
                    type1 => '{name,gender,signup_date}', surrogate => 'customer_version', remember_repeats => false, journal => false,
                    ignore_null_updates => true);
SELECT scd_register('restaurant_history', key => '{restaurant_id}',
                    type1 => '{name,avg_rating,latitude,longitude}', surrogate => 'restaurant_version', remember_repeats => false, journal => false,
                    ignore_null_updates => true);
SELECT scd_register('driver_history', key => '{driver_id}',
                    type1 => '{name,join_date}', surrogate => 'driver_version', remember_repeats => false, journal => false,
                    ignore_null_updates => true);
