-- Type-2 dimensions. A script of its own: repair_warehouse runs it again after the extension was away.
-- A changed subscription opens a version; anything else is Type 1, overwritten in every version. A row that leaves
-- something empty has not told it.
SELECT scd_register('user_history', key => '{user_id}',
                    type1 => '{name,gender,age,country,region,signup_date}', surrogate => 'user_version', remember_repeats => false, journal => false,
                    ignore_null_updates => true);
-- A new stage, budget or plan opens a version. Reports of studios say only what changed, and come in any order.
SELECT scd_register('production_history', key => '{production_id}',
                    type1 => '{title,studio,video_id}', surrogate => 'production_version', journal => false, ignore_null_updates => true);
