-- Facts to dimensions, in the mode the warehouse was created with. A Type-2 dimension is referred to
-- by version: the durable key is unique only among current rows.
SELECT add_foreign_key('viewership_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('viewership_fact', 'region_key', 'region_dim', 'region_id');
SELECT add_foreign_key('viewership_fact', 'video_key', 'video_dim', 'video_id');
SELECT add_foreign_key('viewership_fact', 'device_key', 'device_dim', 'device_id');
SELECT add_foreign_key('viewership_fact', 'user_version', 'user_history', 'user_version');
SELECT add_foreign_key('interaction_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('interaction_fact', 'region_key', 'region_dim', 'region_id');
SELECT add_foreign_key('interaction_fact', 'video_key', 'video_dim', 'video_id');
SELECT add_foreign_key('interaction_fact', 'user_version', 'user_history', 'user_version');
SELECT add_foreign_key('recommendation_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('recommendation_fact', 'region_key', 'region_dim', 'region_id');
SELECT add_foreign_key('recommendation_fact', 'video_key', 'video_dim', 'video_id');
SELECT add_foreign_key('recommendation_fact', 'user_version', 'user_history', 'user_version');
SELECT add_foreign_key('engagement_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('engagement_fact', 'region_key', 'region_dim', 'region_id');
SELECT add_foreign_key('engagement_fact', 'video_key', 'video_dim', 'video_id');
SELECT add_foreign_key('viewing_hour_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('viewing_hour_fact', 'region_key', 'region_dim', 'region_id');
