-- Facts of Flick's sources to dimensions, as in 60-foreign-keys.sql.
SELECT add_foreign_key('production_cost_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('production_cost_fact', 'production_version', 'production_history', 'production_version');
SELECT add_foreign_key('license_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('license_fact', 'vendor_key', 'vendor_dim', 'vendor_id');
SELECT add_foreign_key('license_fact', 'video_key', 'video_dim', 'video_id');
SELECT add_foreign_key('review_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('review_fact', 'video_key', 'video_dim', 'video_id');
SELECT add_foreign_key('review_fact', 'user_version', 'user_history', 'user_version');
SELECT add_foreign_key('social_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('social_fact', 'video_key', 'video_dim', 'video_id');
SELECT add_foreign_key('rating_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('rating_fact', 'site_key', 'site_dim', 'site_id');
SELECT add_foreign_key('rating_fact', 'video_key', 'video_dim', 'video_id');
