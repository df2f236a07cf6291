-- A small StreamFlix whose KPIs can be worked out by hand. For a warehouse in time zone UTC, with search_path set
-- to it (and starhouse behind). Facts are inserted as a loader would; the derived ones follow from them.
--
-- playbacks (UTC)            user video device region  min    of   %     buffer start kbit/s   viewer's clock
-- p1 08 Mar 14:00-15:40      U1   V1    D1     IN-W    100   100  100      6 s   1 s   3000    19:30-21:10 Sat
-- p2 08 Mar 15:45-16:05      U1   V3    D1     IN-W     20    20  100      0     1     3000    21:15-21:35
-- p3 08 Mar 18:00-18:00:24   U1   V2    D1     IN-W      0.4  50    0.8    4     -     3000    23:30
-- p4 09 Mar 00:30-01:20      U2   V1    D2     US-E     50   100   50     10     3     1500    19:30-20:20 Sat
-- p5 09 Mar 06:30-07:30      U2   V1    D2     US-E     60   100   60      0     2     1500    01:30, over the change of the clocks, -03:30 Sun
-- p6 09 Mar 06:45-07:10      U3   V2    D3     GB       25    50   50      5     5      500    06:45-07:10
-- p7 09 Mar 07:00-07:10      ?    V2    ?      ?        10    50   20      -     -        -    unknown
-- p8 10 Mar 12:00-12:05      U3   V4    D3     GB        5     ?    ?      2     4      500    12:00-12:05
-- p9 10 Mar 12:00-12:20      U4   V3    D1     IN-W     20    20  100      0     1     3000    17:30-17:50
-- V4 and U4 are known from facts only. U1 was Basic and is Premium from 9 March on.
-- likes: U1 V1 8 Mar, U2 V1 9 Mar; share: U1 V1 8 Mar; comment: U3 V4 10 Mar
-- recommendations (9 Mar): V1 .9 clicked and watched, .35 clicked, .7, .3; V2 .2 .4 .5 .1 .6; V3 .95 clicked and watched
INSERT INTO region_dim (region_id, region_name, country, timezone, population, avg_bandwidth) VALUES
  ('IN-W', 'India West', 'India', 'Asia/Kolkata', 300000000, 40), ('US-E', 'US East', 'United States', 'America/New_York', 180000000, 90),
  ('GB', 'Britain', 'United Kingdom', 'Europe/London', 67000000, 70);
INSERT INTO video_dim (video_id, title, genre, genres, content_type, release_year, language, rating, video_length, cast_members, is_inferred) VALUES
  ('V1', 'Alpha', 'Action', '{Action,Drama}', 'Movie', 2020, 'Hindi', 'PG-13', 100, '{Ann,Bob}', false),
  ('V2', 'Beta', 'Drama', '{Drama}', 'Series', 2021, 'English', 'TV-MA', 50, '{Bob}', false),
  ('V3', 'Gamma', 'Comedy', '{Comedy}', 'Series', 2022, 'English', 'TV-14', 20, '{}', false),
  ('V4', NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL, '{}', true);
INSERT INTO device_dim (device_id, user_id, os, connection_type, bandwidth) VALUES
  ('D1', 'U1', 'Android', 'WiFi', 20), ('D2', 'U2', 'iOS', '4G', 10), ('D3', 'U3', 'Android', '4G', 5);
INSERT INTO user_history (user_version, user_id, name, gender, age, country, region, subscription_type, signup_date, valid_from, valid_to, is_current, is_inferred) VALUES
  (101, 'U1', 'Asha', 'Female', 30, 'India', 'IN-W', 'Basic', '2025-01-01', '2025-01-01 00:00Z', '2025-03-09 00:00Z', false, false),
  (102, 'U1', 'Asha', 'Female', 30, 'India', 'IN-W', 'Premium', '2025-01-01', '2025-03-09 00:00Z', 'infinity', true, false),
  (103, 'U2', 'Ben', 'Male', 40, 'United States', 'US-E', 'Standard', '2025-02-01', '2025-02-01 00:00Z', 'infinity', true, false),
  (104, 'U3', 'Cal', 'Male', 50, 'United Kingdom', 'GB', 'Free', '2025-03-01', '2025-03-01 00:00Z', 'infinity', true, false),
  (105, 'U4', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '-infinity', 'infinity', true, true);
SELECT starhouse.ensure_partitions(format('%I.%I', current_schema(), f)::regclass, '2025-03-01 00:00Z', '2025-03-31 00:00Z')
FROM unnest('{viewership_fact,interaction_fact,recommendation_fact,engagement_fact,viewing_hour_fact}'::text[]) f \g /dev/null
INSERT INTO viewership_fact (time_key, event_time, event_id, user_key, user_version, video_key, video_id, device_key, region_key,
                             watch_duration, video_length, completion_rate, buffering_time, startup_time, bitrate_avg)
SELECT date_trunc('hour', t::timestamptz AT TIME ZONE 'UTC'), t::timestamptz, id, u, uv, v, v, d, r, w, l, c, b, s, k
FROM (VALUES
  ('p1', '2025-03-08 14:00Z', 'U1', 101, 'V1', 'D1', 'IN-W', 100.0, 100, 100.0, 6, 1, 3000),
  ('p2', '2025-03-08 15:45Z', 'U1', 101, 'V3', 'D1', 'IN-W', 20, 20, 100, 0, 1, 3000),
  ('p3', '2025-03-08 18:00Z', 'U1', 101, 'V2', 'D1', 'IN-W', 0.4, 50, 0.8, 4, NULL, 3000),
  ('p4', '2025-03-09 00:30Z', 'U2', 103, 'V1', 'D2', 'US-E', 50, 100, 50, 10, 3, 1500),
  ('p5', '2025-03-09 06:30Z', 'U2', 103, 'V1', 'D2', 'US-E', 60, 100, 60, 0, 2, 1500),
  ('p6', '2025-03-09 06:45Z', 'U3', 104, 'V2', 'D3', 'GB', 25, 50, 50, 5, 5, 500),
  ('p7', '2025-03-09 07:00Z', '?', -1, 'V2', '?', '?', 10, 50, 20, NULL, NULL, NULL),
  ('p8', '2025-03-10 12:00Z', 'U3', 104, 'V4', 'D3', 'GB', 5, NULL, NULL, 2, 4, 500),
  ('p9', '2025-03-10 12:00Z', 'U4', 105, 'V3', 'D1', 'IN-W', 20, 20, 100, 0, 1, 3000)
) x (id, t, u, uv, v, d, r, w, l, c, b, s, k);
INSERT INTO interaction_fact (time_key, event_time, interaction_id, user_key, user_version, video_key, region_key, action)
SELECT date_trunc('hour', t::timestamptz AT TIME ZONE 'UTC'), t::timestamptz, id, u, uv, v, r, a
FROM (VALUES
  ('i1', '2025-03-08 15:00Z', 'U1', 101, 'V1', 'IN-W', 'Like'),
  ('i2', '2025-03-08 15:01Z', 'U1', 101, 'V1', 'IN-W', 'Share'),
  ('i3', '2025-03-09 01:00Z', 'U2', 103, 'V1', 'US-E', 'Like'),
  ('i4', '2025-03-10 12:04Z', 'U3', 104, 'V4', 'GB', 'Comment')
) x (id, t, u, uv, v, r, a);
INSERT INTO recommendation_fact (time_key, event_time, recommendation_id, user_key, user_version, video_key, region_key,
                                 recommendation_score, click_rate, click_flag, watch_flag)
SELECT '2025-03-09 10:00', timestamptz '2025-03-09 10:00Z' + n * interval '1 minute', 'r' || n, u, uv, v, r, s, 100 * c, c, w
FROM (VALUES
  (1, 'U1', 102, 'V1', 'IN-W', 0.9, 1, 1), (2, 'U2', 103, 'V1', 'US-E', 0.35, 1, 0), (3, 'U3', 104, 'V1', 'GB', 0.7, 0, 0),
  (4, 'U3', 104, 'V1', 'GB', 0.3, 0, 0), (5, 'U1', 102, 'V2', 'IN-W', 0.2, 0, 0), (6, 'U1', 102, 'V2', 'IN-W', 0.4, 0, 0),
  (7, 'U2', 103, 'V2', 'US-E', 0.5, 0, 0), (8, 'U2', 103, 'V2', 'US-E', 0.1, 0, 0), (9, 'U3', 104, 'V2', 'GB', 0.6, 0, 0),
  (10, 'U4', 105, 'V3', 'IN-W', 0.95, 1, 1)
) x (n, u, uv, v, r, s, c, w);
SELECT rebuild_viewing('UTC', '2025-03-08 00:00Z', '2025-03-10 12:00Z') \g /dev/null
