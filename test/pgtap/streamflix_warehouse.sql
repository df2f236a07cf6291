-- StreamFlix from create to drop: tables, keys, comments, calendar by the hour, BI role, what outlives the extension.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'') FROM (%s) r', query) INTO result;
  RETURN result;
END $$;

SELECT matches(starhouse.create_warehouse('streamflix', 'stream flix', time_zone => 'America/New_York', country => 'US', calendar_from => '2025-01-01'),
  '^streamflix warehouse in schema "stream flix": \d+ tables, \d+ views; calendar 2025-01-01 to \d{4}-12-31, time zone America/New_York, foreign keys enforced$',
  'a warehouse in a schema whose name needs quotes');
SELECT set_eq($$SELECT relname::text FROM pg_class WHERE relnamespace = '"stream flix"'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition$$,
  ARRAY['time_dim', 'region_dim', 'video_dim', 'device_dim', 'user_history', 'viewership_fact', 'interaction_fact', 'recommendation_fact',
        'engagement_fact', 'viewing_hour_fact', 'viewing_day', 'viewer', 'viewer_set', 'skip_day', 'session_day', 'session_edge', 'shown_day', 'shown_video_day',
        'shown_score_day', 'summing_credit', 'latest_sums', 'latest_user', 'latest_session', 'latest_skip', 'latest_device', 'latest_version', 'latest_device_kind', 'latest_subscription', 'latest_video', 'latest_region_video', 'latest_genre', 'latest_shown', 'latest_shown_genre', 'latest_click', 'latest_score', 'latest_quality', 'warehouse_info', 'template_object', 'feed', 'feed_version', 'load_source', 'source_partition', 'source_gap', 'batch_log', 'quarantine', 'run_log', 'attempt_log', 'freshness_limit', 'alert_rule', 'alert', 'alert_event', 'alert_sink', 'alert_delivery', 'retention_log', 'gold_registry', 'gold_dirty', 'gold_video_profile', 'gold_user_profile',
        'bronze_regions', 'bronze_users', 'bronze_videos', 'bronze_devices', 'bronze_playback_events', 'bronze_interactions',
        'bronze_recommendations', 'bronze_netflix_titles', 'bronze_youtube_qoe',
        -- Flick's sources
        'vendor_dim', 'site_dim', 'production_history', 'production_history_scd_memory', 'user_history_scd_memory', 'production_cost_fact', 'license_fact', 'review_fact', 'social_fact', 'rating_fact',
        'bronze_productions', 'bronze_production_costs', 'bronze_vendor_content', 'bronze_reviews', 'bronze_social_posts', 'bronze_site_ratings', 'bronze_playback_streams'], 'the tables');
SELECT set_eq($$SELECT feed_name::text FROM "stream flix".feed$$,
  ARRAY['regions', 'users', 'videos', 'devices', 'playback_events', 'interactions', 'recommendations', 'netflix_titles', 'youtube_qoe',
        'productions', 'production_costs', 'vendor_content', 'reviews', 'social_posts', 'site_ratings', 'playback_streams'],
  'a feed for every source');
-- The columns of the source document.
SELECT is_empty($$
  SELECT w.t, w.c FROM (VALUES
    ('viewership_fact', '{event_id,video_id,event_time,watch_duration,buffering_time,bitrate_avg,completion_rate,user_key,video_key,device_key,region_key,time_key}'::text[]),
    ('engagement_fact', '{likes,shares,comments,watch_percent,avg_session_time,engagement_score}'),
    ('recommendation_fact', '{recommendation_score,click_rate,click_flag,watch_flag}'),
    ('user_dim', '{user_id,gender,age,subscription_type,region}'),
    ('video_dim', '{video_id,title,genre,release_year,language,rating}'),
    ('device_dim', '{device_id,os,connection_type,bandwidth}'),
    ('region_dim', '{region_id,region_name,country,timezone,population,avg_bandwidth}'),
    ('time_dim', '{date_key,date,hour,day_of_week,month,quarter,year}')) t (t, cs), unnest(t.cs) c, LATERAL (SELECT t.t, c) w (t, c)
  WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass('"stream flix".' || w.t) AND a.attname = w.c)$$,
  'every column of the source document is there');
SELECT is_empty($$
  SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relnamespace = '"stream flix"'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
    AND col_description(c.oid, a.attnum) IS NULL$$, 'every column has a comment');
SELECT is_empty($$
  SELECT c.relname FROM pg_class c
  WHERE c.relnamespace = '"stream flix"'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
    AND obj_description(c.oid, 'pg_class') IS NULL$$, 'every table and view has a comment');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = '"stream flix"'::regnamespace
                  AND obj_description(p.oid, 'pg_proc') IS NULL$$, 'and every function');
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('stream flix')$$, 'a new warehouse is sound');
SELECT is(count(*), 31::bigint, 'facts refer to dimensions') FROM pg_constraint
  WHERE contype = 'f' AND conparentid = 0 AND connamespace = '"stream flix"'::regnamespace AND conrelid::regclass::text ~ '_fact$';
SET LOCAL search_path = "stream flix", public;
SELECT is(pg_temp.rows_of('SELECT region_id, timezone FROM region_dim'), '(?,)', 'the unknown region has no clock');
SELECT is(pg_temp.rows_of('SELECT user_id, user_version, subscription_type FROM user_dim'), '(?,-1,Unknown)', 'the unknown user');
SELECT is(pg_temp.rows_of('SELECT video_id, genre, genres FROM video_dim'), '(?,Unknown,{})', 'the unknown video');
SELECT is(pg_temp.rows_of('SELECT device_id, os FROM device_dim'), '(?,Unknown)', 'the unknown device');
SELECT throws_ok($$INSERT INTO region_dim (region_id, timezone) VALUES ('R', 'Mars/Olympus')$$, '22023', NULL, 'a zone that does not exist is refused');

-- The calendar: hours of the warehouse's clock. On 9 March 2025 New York skips 2 o'clock, on 2 November it repeats 1.
SELECT is(count(*), 23::bigint, 'the day that is an hour short') FROM time_dim WHERE date = '2025-03-09';
SELECT is_empty($$SELECT date_key FROM time_dim WHERE date_key = '2025-03-09 02:00'$$, 'without the hour that was skipped');
SELECT is(count(*), 24::bigint, 'the day that is an hour long has one row for the hour that comes twice') FROM time_dim WHERE date = '2025-11-02';
SELECT is(pg_temp.rows_of($$SELECT starts_at, day_of_week, day_name, quarter, is_weekend FROM time_dim WHERE date_key = '2025-07-04 20:00'$$),
  '("2025-07-05 00:00:00+00",5,Friday,3,f)', 'an hour and when it begins');
SELECT is(pg_temp.rows_of($$SELECT DISTINCT holiday_flag, holiday_name ~ 'Independence' FROM time_dim WHERE date = '2025-07-04'$$), '(1,t)', 'a holiday, all day');
SELECT is(starhouse.extend_calendar('stream flix', '2024-05-05', '2024-05-06'), 366 * 24 - 1, 'an earlier day adds its whole year; the hour skipped in spring is absent, the one repeated in autumn is one row');

-- Snowflake: bridges and levels neither lose nor multiply.
INSERT INTO video_dim (video_id, genre, genres, cast_members) VALUES ('v1', 'A', '{A,B,C,D}', '{X,Y}'), ('v2', 'A', '{A}', '{}'), ('v3', NULL, '{}', '{}');
SELECT is(pg_temp.rows_of('SELECT genre_id, round(sum(weight), 4) FROM snow_video_genre GROUP BY 1 ORDER BY 1'),
  E'(A,1.2500)\n(B,0.2500)\n(C,0.2500)\n(D,0.2500)\n(Unknown,2.0000)', 'genres by weight: four videos in all');
SELECT is(pg_temp.rows_of('SELECT member, billing FROM snow_video_cast WHERE video_id = ''v1'' ORDER BY billing'), E'(X,1)\n(Y,2)', 'cast in its order');
SELECT is((SELECT count(*) FROM snow_video v JOIN snow_genre g USING (genre_id)), (SELECT count(*) FROM video_dim), 'each video has one first genre');
SELECT is((SELECT count(*) FROM snow_region r JOIN snow_country USING (country_id) JOIN snow_time_zone USING (time_zone_id)),
          (SELECT count(*) FROM region_dim), 'each region one country and one clock');
SELECT is((SELECT count(*) FROM snow_device JOIN snow_os USING (os_id)), (SELECT count(*) FROM device_dim), 'each device one system');

-- The hours of a playback on the viewer's clock: half-hour zones, and a change of the clocks under way.
SELECT is(pg_temp.rows_of($$SELECT to_char(slice_start AT TIME ZONE 'Asia/Kolkata', 'HH24:MI'), slice_minutes, is_first
                            FROM viewing_slices('2025-03-08 14:00Z', 100, 'Asia/Kolkata') ORDER BY slice_start$$),
  E'(19:00,30.000000,t)\n(20:00,60.000000,f)\n(21:00,10.000000,f)', '19:30 to 21:10 in India');
SELECT is(pg_temp.rows_of($$SELECT to_char(slice_start AT TIME ZONE 'America/New_York', 'HH24:MI'), slice_minutes
                            FROM viewing_slices('2025-03-09 06:30Z', 60, 'America/New_York') ORDER BY slice_start$$),
  E'(01:00,30.000000)\n(03:00,30.000000)', 'half an hour before 2 o''clock, which there is not, and half an hour after 3');
SELECT is(pg_temp.rows_of($$SELECT to_char(slice_start AT TIME ZONE 'America/New_York', 'HH24:MI'), slice_minutes
                            FROM viewing_slices('2025-11-02 05:30Z', 120, 'America/New_York') ORDER BY slice_start$$),
  E'(01:00,30.000000)\n(01:00,60.000000)\n(02:00,30.000000)', 'in autumn 1 o''clock comes twice');
SELECT is(pg_temp.rows_of($$SELECT slice_start, slice_minutes, is_first FROM viewing_slices('2025-03-08 14:00Z', 0, 'UTC')$$),
  '("2025-03-08 14:00:00+00",0.000000,t)', 'nothing watched is one row');
SELECT is(pg_temp.rows_of($$SELECT slice_start, slice_minutes FROM viewing_slices('2025-03-08 14:00Z', 60, 'UTC')$$),
  '("2025-03-08 14:00:00+00",60.000000)', 'a whole hour is one row');
SELECT is_empty($$SELECT * FROM viewing_slices(NULL, 60, 'UTC')$$, 'NULL gives none');

-- BI, and life without the extension.
CREATE ROLE sf_reader;
SELECT starhouse.grant_bi_role('stream flix', 'sf_reader') \g /dev/null
SET LOCAL ROLE sf_reader;
SELECT lives_ok('SELECT * FROM "stream flix".viewership_fact, "stream flix".user_dim', 'a BI role reads the star');
SELECT lives_ok('SELECT * FROM "stream flix".review_fact, "stream flix".production_dim, "stream flix".kpi_title_reception', 'Flick''s sources, too');
SELECT throws_ok('SELECT * FROM "stream flix".bronze_playback_events', '42501', NULL, 'not what arrived raw');
SELECT throws_ok('SELECT * FROM "stream flix".bronze_reviews', '42501', NULL, 'of no source');
RESET ROLE;
DROP EXTENSION starhouse;
SELECT lives_ok('SELECT * FROM snow_video_genre, snow_region', 'views stay without the extension');
SELECT is(count(*), 1::bigint, 'so do functions') FROM viewing_slices('2025-03-08 14:00Z', 60, 'UTC');
CREATE EXTENSION starhouse;
SELECT is(starhouse.repair_warehouse('stream flix'), 2, 'repair_warehouse registers the dimensions again');
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('stream flix')$$, 'and all is well');
DROP OWNED BY sf_reader;
SELECT throws_ok($$SELECT starhouse.drop_warehouse('stream flix')$$, '55000', NULL, 'not dropped without confirmation');
SELECT matches(starhouse.drop_warehouse('stream flix', 'stream flix'), ', and the schema$', 'with it, it goes');

SELECT * FROM finish();
ROLLBACK;
