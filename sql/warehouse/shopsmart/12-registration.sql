-- Type-2 dimensions. A script of its own: repair_warehouse runs it again after the extension was away.
-- A corrected name, gender, birth date or supplier is Type 1, overwritten in every version; any other
-- change opens a version. An extract that leaves something empty has not told it: what was told before stays, also
-- by another row of the same batch. What each row told is remembered, at most once per version, so that a late row reaches the versions
-- after it that said nothing of the matter; that a row repeated everything is not.
SELECT scd_register('customer_history', key => '{customer_id}',
                    type1 => '{first_name,last_name,gender,birth_date}', surrogate => 'customer_version', remember_repeats => false, journal => false,
                    ignore_null_updates => true);
SELECT scd_register('product_history', key => '{product_id}',
                    type1 => '{supplier_id}', surrogate => 'product_version', remember_repeats => false, journal => false,
                    ignore_null_updates => true);
