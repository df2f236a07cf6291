-- StreamFlix's views as DuckDB would have them, from the facts themselves: see bench/kpi/run. Same columns, same rows.
-- tables: viewership_fact, interaction_fact, recommendation_fact, engagement_fact, region_dim, video_dim, device_dim, user_history, snow_video_genre
CREATE OR REPLACE VIEW user_dim AS SELECT * FROM user_history WHERE is_current;
CREATE OR REPLACE TABLE bounds AS SELECT max(time_key)::date AS last_day, max(time_key)::date - 29 AS first_day, max(event_time) AS last_time, min(time_key)::date AS very_first FROM viewership_fact;
CREATE OR REPLACE VIEW playbacks AS SELECT time_key::date AS day, * FROM viewership_fact WHERE time_key >= (SELECT first_day FROM bounds) AND time_key < (SELECT last_day + 1 FROM bounds);
CREATE OR REPLACE VIEW shown AS SELECT * FROM recommendation_fact WHERE time_key >= (SELECT first_day FROM bounds) AND time_key < (SELECT last_day + 1 FROM bounds);
CREATE OR REPLACE MACRO percent(part, whole) AS CASE WHEN whole > 0 THEN round(100.0 * part / whole, 2) END;
CREATE OR REPLACE MACRO ratio(part, whole) AS CASE WHEN whole > 0 THEN round(part / whole, 2) END;
-- The hours of the regions' own clocks that playbacks run through.
CREATE OR REPLACE VIEW slices AS
  WITH begun AS (
    SELECT p.region_key, r.region_name, r.timezone, p.event_time, p.watch_duration * 60 AS seconds,
           date_diff('microsecond', date_trunc('hour', p.event_time AT TIME ZONE coalesce(r.timezone, 'UTC')), p.event_time AT TIME ZONE coalesce(r.timezone, 'UTC')) / 1e6 AS from_second
    FROM viewership_fact p JOIN region_dim r ON r.region_id = p.region_key
    WHERE p.time_key >= (SELECT first_day - 2 FROM bounds))
  SELECT region_key, region_name, timezone, hour_start, hour(hour_start AT TIME ZONE timezone) AS local_hour, (n = 0)::integer AS is_first,
         (least(from_second + seconds, (n + 1) * 3600) - greatest(from_second, n * 3600)) / 60 AS minutes
  FROM (SELECT *, event_time - to_microseconds((from_second * 1e6)::bigint) + to_hours(n) AS hour_start
        FROM (SELECT *, unnest(range(0, greatest(ceil((from_second + seconds - 1e-6) / 3600), 1)::bigint)) AS n FROM begun))
  WHERE date_trunc('hour', hour_start) >= (SELECT first_day FROM bounds) AND date_trunc('hour', hour_start) < (SELECT last_day + 1 FROM bounds);

-- view: kpi_data_range
SELECT min(time_key)::date, max(time_key)::date, coalesce(date_diff('day', min(time_key)::date, max(time_key)::date) + 1, 0), count(*) FROM viewership_fact

-- view: kpi_unknown_members
WITH counted AS (
  SELECT count(*) AS views, count(*) FILTER (WHERE user_key = '?') AS users, count(*) FILTER (WHERE video_key = '?') AS videos,
         count(*) FILTER (WHERE device_key = '?') AS devices, count(*) FILTER (WHERE region_key = '?') AS regions FROM playbacks)
SELECT 'user', views, users, percent(users, views), (SELECT count(*) FROM user_dim WHERE is_inferred) FROM counted
UNION ALL SELECT 'video', views, videos, percent(videos, views), (SELECT count(*) FROM video_dim WHERE is_inferred) FROM counted
UNION ALL SELECT 'device', views, devices, percent(devices, views), (SELECT count(*) FROM device_dim WHERE is_inferred) FROM counted
UNION ALL SELECT 'region', views, regions, percent(regions, views), (SELECT count(*) FROM region_dim WHERE is_inferred) FROM counted

-- view: kpi_viewing_summary
SELECT min(day), max(day), count(*), count(DISTINCT user_key) FILTER (WHERE user_key <> '?'), count(*) FILTER (WHERE user_key = '?'), round(sum(watch_duration) / 60, 2),
       ratio(sum(watch_duration), count(*)), ratio(sum(completion_rate), count(completion_rate)),
       count(*) FILTER (WHERE watch_duration * 60 < least(30, video_length * 60)),
       percent(count(*) FILTER (WHERE watch_duration * 60 < least(30, video_length * 60)), count(completion_rate)), count(*) - count(completion_rate),
       ratio(sum(buffering_time), count(buffering_time)),
       percent(sum(buffering_time), sum(buffering_time) + 60 * sum(watch_duration) FILTER (WHERE buffering_time IS NOT NULL))
FROM playbacks

-- view: kpi_daily_viewing
SELECT day, dayname(day), count(*), count(DISTINCT user_key) FILTER (WHERE user_key <> '?'), count(*) FILTER (WHERE user_key = '?'), round(sum(watch_duration) / 60, 2),
       ratio(sum(watch_duration), count(*)), ratio(sum(watch_duration) FILTER (WHERE user_key <> '?'), count(DISTINCT user_key) FILTER (WHERE user_key <> '?')),
       ratio(sum(completion_rate), count(completion_rate)), count(*) FILTER (WHERE watch_duration * 60 < least(30, video_length * 60)),
       percent(count(*) FILTER (WHERE watch_duration * 60 < least(30, video_length * 60)), count(completion_rate)), count(*) - count(completion_rate),
       ratio(sum(buffering_time), count(buffering_time))
FROM playbacks GROUP BY day

-- view: kpi_skip_rate
SELECT coalesce(v.genre, 'Unknown') AS genre, count(*), count(*) FILTER (WHERE watch_duration * 60 < least(30, p.video_length * 60)),
       percent(count(*) FILTER (WHERE watch_duration * 60 < least(30, p.video_length * 60)), count(p.video_length)), count(*) - count(p.video_length)
FROM playbacks p JOIN video_dim v ON v.video_id = p.video_key GROUP BY 1

-- view: kpi_top_videos_by_region
SELECT r.region_id, coalesce(r.region_name, 'Unknown'), x.n, x.video_key, v.title, coalesce(v.genre, 'Unknown'), x.views, round(x.minutes / 60, 2), ratio(x.completion, x.measured)
FROM (SELECT region_key, video_key, count(*) AS views, sum(watch_duration) AS minutes, sum(completion_rate) AS completion, count(completion_rate) AS measured,
             row_number() OVER (PARTITION BY region_key ORDER BY count(*) DESC, sum(watch_duration) DESC, video_key) AS n
      FROM playbacks WHERE video_key <> '?' GROUP BY region_key, video_key) x
JOIN region_dim r ON r.region_id = x.region_key JOIN video_dim v ON v.video_id = x.video_key WHERE x.n <= 10

-- view: kpi_trending
SELECT r.region_id, coalesce(r.region_name, 'Unknown'), x.n, x.video_key, v.title, coalesce(v.genre, 'Unknown'), x.score, x.views
FROM (SELECT *, row_number() OVER (PARTITION BY region_key ORDER BY score DESC, views DESC, video_key) AS n
      FROM (SELECT region_key, video_key, count(*) AS views,
                   round(sum(power(2.0, date_diff('microsecond', (SELECT last_time FROM bounds), event_time) / 1e6 / 21600)), 4) AS score
            FROM viewership_fact
            WHERE event_time > (SELECT last_time - INTERVAL 1 DAY FROM bounds) AND video_key <> '?' GROUP BY region_key, video_key)) x
JOIN region_dim r ON r.region_id = x.region_key JOIN video_dim v ON v.video_id = x.video_key WHERE x.n <= 10

-- view: kpi_video_5min
SELECT x.window_start, x.video_key, v.title, x.views, ratio(x.minutes, x.views), ratio(x.buffering, x.buffered)
FROM (SELECT time_bucket(INTERVAL 5 MINUTES, event_time) AS window_start, video_key, count(*) AS views, sum(watch_duration) AS minutes,
             sum(buffering_time) AS buffering, count(buffering_time) AS buffered
      FROM viewership_fact WHERE event_time >= (SELECT last_time - INTERVAL 24 HOURS FROM bounds) GROUP BY 1, 2) x
JOIN video_dim v ON v.video_id = x.video_key

-- view: kpi_genre_by_region
SELECT r.region_id, coalesce(r.region_name, 'Unknown'), row_number() OVER (PARTITION BY r.region_id ORDER BY x.views DESC, x.minutes DESC, x.genre), x.genre, x.views,
       percent(x.views, sum(x.views) OVER (PARTITION BY r.region_id)), round(x.minutes / 60, 2)
FROM (SELECT p.region_key, coalesce(v.genre, 'Unknown') AS genre, count(*) AS views, sum(p.watch_duration) AS minutes
      FROM playbacks p JOIN video_dim v ON v.video_id = p.video_key GROUP BY 1, 2) x JOIN region_dim r ON r.region_id = x.region_key

-- view: kpi_genres
SELECT g.genre_id, count(*), round(sum(s.views * g.weight), 2), percent(sum(s.views * g.weight), sum(sum(s.views * g.weight)) OVER ()), round(sum(s.minutes * g.weight) / 60, 2)
FROM (SELECT video_key, count(*)::double AS views, sum(watch_duration)::double AS minutes FROM playbacks GROUP BY video_key) s
JOIN (SELECT video_id, genre_id, 1.0::double / count(*) OVER (PARTITION BY video_id) AS weight FROM snow_video_genre) g ON g.video_id = s.video_key GROUP BY g.genre_id

-- view: kpi_engagement_by_video
WITH viewed AS (
  SELECT video_key, count(*) AS views, sum(watch_duration) AS minutes, sum(completion_rate) AS completion, count(completion_rate) AS measured FROM playbacks WHERE video_key <> '?' GROUP BY 1),
done AS (
  SELECT video_key, count(*) FILTER (WHERE action = 'Like') AS likes, count(*) FILTER (WHERE action = 'Share') AS shares, count(*) FILTER (WHERE action = 'Comment') AS comments
  FROM interaction_fact WHERE time_key >= (SELECT first_day FROM bounds) AND time_key < (SELECT last_day + 1 FROM bounds) AND video_key <> '?' GROUP BY 1),
scored AS (
  SELECT video_key, sum(engagement_score * views) AS score, sum(views) FILTER (WHERE engagement_score IS NOT NULL) AS scored FROM engagement_fact
  WHERE time_key >= (SELECT first_day FROM bounds) AND time_key < (SELECT last_day + 1 FROM bounds) GROUP BY 1)
SELECT v.video_id, v.title, coalesce(v.genre, 'Unknown'), coalesce(w.views, 0), round(coalesce(w.minutes, 0) / 60, 2), ratio(w.minutes, w.views), ratio(w.completion, w.measured),
       coalesce(d.likes, 0), coalesce(d.shares, 0), coalesce(d.comments, 0), percent(coalesce(d.likes, 0) + coalesce(d.shares, 0) + coalesce(d.comments, 0), w.views), ratio(s.score, s.scored)
FROM video_dim v LEFT JOIN viewed w ON w.video_key = v.video_id LEFT JOIN done d ON d.video_key = v.video_id LEFT JOIN scored s ON s.video_key = v.video_id
WHERE w.video_key IS NOT NULL OR d.video_key IS NOT NULL

-- view: kpi_watch_by_subscription
WITH was AS (
  SELECT coalesce(h.subscription_type, 'Unknown') AS kind, count(DISTINCT p.user_key) FILTER (WHERE p.user_key <> '?') AS viewers, count(*) AS views,
         sum(p.watch_duration) AS minutes, sum(p.watch_duration) FILTER (WHERE p.user_key <> '?') AS known
  FROM playbacks p JOIN user_history h ON h.user_version = p.user_version GROUP BY 1),
now_is AS (
  SELECT coalesce(u.subscription_type, 'Unknown') AS kind, count(*) AS views, sum(p.watch_duration) AS minutes FROM playbacks p JOIN user_dim u ON u.user_id = p.user_key GROUP BY 1)
SELECT coalesce(w.kind, i.kind), coalesce(w.viewers, 0), coalesce(w.views, 0), round(coalesce(w.minutes, 0) / 60, 2), ratio(w.known / 60, w.viewers), coalesce(i.views, 0),
       round(coalesce(i.minutes, 0) / 60, 2)
FROM was w FULL JOIN now_is i ON i.kind = w.kind

-- view: kpi_watch_hours_by_time_zone
SELECT timezone, local_hour, views, round(minutes / 60, 2), percent(minutes, sum(minutes) OVER (PARTITION BY timezone)),
       CASE WHEN local_hour IS NOT NULL THEN rank() OVER (PARTITION BY timezone ORDER BY minutes DESC) END
FROM (SELECT coalesce(timezone, 'Unknown') AS timezone, local_hour, sum(is_first) AS views, sum(minutes) AS minutes FROM slices GROUP BY 1, 2)

-- view: kpi_local_hours
SELECT local_hour, views, round(minutes / 60, 2), percent(minutes, sum(minutes) OVER ()),
       CASE WHEN local_hour IS NOT NULL THEN rank() OVER (PARTITION BY local_hour IS NULL ORDER BY minutes DESC) END
FROM (SELECT local_hour, sum(is_first) AS views, sum(minutes) AS minutes FROM slices GROUP BY 1)

-- view: kpi_peak_hours
WITH hourly AS (
  SELECT region_key, min(region_name) AS region_name, local_hour, sum(minutes) AS minutes FROM slices WHERE local_hour IS NOT NULL
  GROUP BY GROUPING SETS ((region_key, local_hour), (local_hour))),
stretch AS (
  SELECT h.region_key, min(h.region_name) AS region_name, s.begins, coalesce(sum(h.minutes) FILTER (WHERE (h.local_hour - s.begins + 24) % 24 < 4), 0) AS minutes, sum(h.minutes) AS all_minutes
  FROM hourly h CROSS JOIN range(0, 24) AS s (begins) GROUP BY h.region_key, s.begins),
best AS (SELECT *, row_number() OVER (PARTITION BY region_key ORDER BY minutes DESC, begins) AS n FROM stretch)
SELECT region_key, CASE WHEN region_key IS NULL THEN 'All regions' ELSE region_name END, begins, (begins + 4) % 24, round(minutes / 60, 2), percent(minutes, all_minutes) FROM best WHERE n = 1

-- view: kpi_active_users
WITH user_day AS (
  SELECT DISTINCT time_key::date AS day, user_key FROM viewership_fact
  WHERE time_key >= (SELECT first_day - 29 FROM bounds) AND time_key < (SELECT last_day + 1 FROM bounds) AND user_key <> '?'),
span AS (SELECT day, lead(day) OVER (PARTITION BY user_key ORDER BY day) AS next_day FROM user_day),
change AS (
  SELECT day AS moment, 1 AS daily, 1 AS weekly, 1 AS monthly FROM span
  UNION ALL SELECT day + 1, -1, 0, 0 FROM span
  UNION ALL SELECT least(day + 7, coalesce(next_day, day + 7)), 0, -1, 0 FROM span
  UNION ALL SELECT least(day + 30, coalesce(next_day, day + 30)), 0, 0, -1 FROM span
  UNION ALL SELECT (first_day + unnest(range(0, 30))::integer)::date, 0, 0, 0 FROM bounds),
level AS (SELECT moment, sum(sum(daily)) OVER w AS daily, sum(sum(weekly)) OVER w AS weekly, sum(sum(monthly)) OVER w AS monthly FROM change GROUP BY moment WINDOW w AS (ORDER BY moment)),
unknown AS (SELECT day, count(*) AS views FROM playbacks WHERE user_key = '?' GROUP BY 1)
SELECT l.moment, l.daily, l.weekly, l.monthly, percent(l.daily, l.monthly), coalesce(u.views, 0)
FROM level l LEFT JOIN unknown u ON u.day = l.moment, bounds b WHERE l.moment BETWEEN b.first_day AND b.last_day AND l.moment >= b.very_first

-- view: kpi_user_watch_time
SELECT p.day, p.user_key, coalesce(any_value(u.subscription_type), 'Unknown'), count(*), sum(p.watch_duration)
FROM playbacks p JOIN user_dim u ON u.user_id = p.user_key WHERE p.day = (SELECT last_day FROM bounds) GROUP BY p.day, p.user_key

-- view: kpi_sessions
WITH ends AS (SELECT day, user_key, event_time, event_id, watch_duration, event_time + to_microseconds((watch_duration * 60000000)::bigint) AS ends FROM playbacks WHERE user_key <> '?'),
marked AS (
  SELECT *, event_time > max(ends) OVER (PARTITION BY user_key ORDER BY event_time, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + INTERVAL 30 MINUTES AS is_new FROM ends),
numbered AS (SELECT *, count(*) FILTER (WHERE is_new) OVER (PARTITION BY user_key ORDER BY event_time, event_id) AS session_no FROM marked),
sessions AS (
  SELECT min(day) AS day, user_key, round(date_diff('microsecond', min(event_time), max(ends)) / 60000000, 2) AS session_minutes, count(*) AS views, sum(watch_duration) AS minutes
  FROM numbered GROUP BY user_key, session_no)
SELECT day, count(*), count(DISTINCT user_key), ratio(count(*), count(DISTINCT user_key)), round(avg(session_minutes), 2), round(avg(minutes), 2), round(avg(views), 2),
       count(*) FILTER (WHERE views >= 3), percent(count(*) FILTER (WHERE views >= 3), count(*)) FROM sessions GROUP BY day

-- view: kpi_concurrent_viewers
WITH stream AS (
  SELECT time_key::date AS day, event_time AS begins, event_time + to_microseconds((watch_duration * 60000000 + coalesce(buffering_time, 0) * 1000000)::bigint) AS ends
  FROM viewership_fact WHERE time_key >= (SELECT first_day - 2 FROM bounds) AND time_key < (SELECT last_day + 1 FROM bounds)),
change AS (
  SELECT begins AS moment, 1 AS delta, day FROM stream WHERE ends > begins UNION ALL SELECT ends, -1, NULL FROM stream WHERE ends > begins
  UNION ALL SELECT d::timestamptz, 0, d FROM (SELECT (greatest(first_day, very_first) + unnest(range(0, date_diff('day', greatest(first_day, very_first), last_day) + 1))::integer)::date AS d FROM bounds)),
level AS (SELECT day, moment, sum(delta) OVER (ORDER BY moment, abs(delta) DESC, delta ROWS UNBOUNDED PRECEDING) AS streams FROM change),
peak AS (SELECT *, row_number() OVER (PARTITION BY day ORDER BY streams DESC, moment) AS n FROM level WHERE day IS NOT NULL)
SELECT p.day, p.streams, CASE WHEN p.streams > 0 THEN p.moment END, coalesce(n.views, 0)
FROM peak p LEFT JOIN (SELECT day, count(*) AS views FROM stream GROUP BY day) n ON n.day = p.day, bounds b WHERE p.n = 1 AND p.day BETWEEN b.first_day AND b.last_day

-- view: kpi_churn_features
WITH member AS (
  SELECT user_id, coalesce(max_by(subscription_type, valid_from) FILTER (WHERE valid_from <= last_time), 'Unknown') AS kind, max_by(signup_date, valid_from) AS signup_date, any_value(last_time) AS moment
  FROM user_history, bounds WHERE user_id <> '?' GROUP BY user_id),
viewed AS (
  SELECT f.user_key, max(f.event_time) AS last_view, count(*) FILTER (WHERE f.event_time > moment - INTERVAL 7 DAYS) AS views_7, count(*) FILTER (WHERE f.event_time > moment - INTERVAL 30 DAYS) AS views_30,
         count(*) FILTER (WHERE f.event_time > moment - INTERVAL 90 DAYS) AS views_90, count(DISTINCT f.time_key::date) FILTER (WHERE f.event_time > moment - INTERVAL 30 DAYS) AS days_30,
         coalesce(sum(f.watch_duration) FILTER (WHERE f.event_time > moment - INTERVAL 30 DAYS), 0) AS minutes_30,
         coalesce(sum(f.watch_duration) FILTER (WHERE f.event_time <= moment - INTERVAL 30 DAYS AND f.event_time > moment - INTERVAL 60 DAYS), 0) AS minutes_60,
         avg(f.completion_rate) FILTER (WHERE f.event_time > moment - INTERVAL 30 DAYS) AS completion, sum(f.buffering_time) FILTER (WHERE f.event_time > moment - INTERVAL 30 DAYS) AS buffering,
         sum(f.watch_duration) FILTER (WHERE f.event_time > moment - INTERVAL 30 DAYS AND f.buffering_time IS NOT NULL) AS buffered,
         count(DISTINCT f.video_key) FILTER (WHERE f.event_time > moment - INTERVAL 30 DAYS AND f.video_key <> '?') AS videos,
         count(DISTINCT v.genre) FILTER (WHERE f.event_time > moment - INTERVAL 30 DAYS AND f.video_key <> '?') AS genres
  FROM viewership_fact f JOIN video_dim v ON v.video_id = f.video_key, (SELECT last_time AS moment FROM bounds) m
  WHERE f.event_time > moment - INTERVAL 180 DAYS AND f.event_time <= moment AND f.user_key <> '?' GROUP BY f.user_key),
interacted AS (
  SELECT user_key, count(*) AS n FROM interaction_fact, bounds WHERE event_time > last_time - INTERVAL 30 DAYS AND event_time <= last_time AND user_key <> '?' GROUP BY 1),
recommended AS (
  SELECT user_key, count(*) AS n, sum(click_flag) AS clicks FROM recommendation_fact, bounds WHERE event_time > last_time - INTERVAL 30 DAYS AND event_time <= last_time AND user_key <> '?' GROUP BY 1)
SELECT u.user_id, u.moment, u.kind, date_diff('day', u.signup_date, u.moment::date), round(date_diff('microsecond', w.last_view, u.moment) / 86400000000, 2), coalesce(w.views_7, 0), coalesce(w.views_30, 0),
       coalesce(w.views_90, 0), coalesce(w.days_30, 0), coalesce(w.minutes_30, 0), coalesce(w.minutes_60, 0), percent(w.minutes_30 - w.minutes_60, w.minutes_60), round(w.completion, 2),
       percent(w.buffering, w.buffering + 60 * w.buffered), coalesce(w.videos, 0), coalesce(w.genres, 0), coalesce(i.n, 0), coalesce(r.n, 0), percent(r.clicks, r.n)
FROM member u LEFT JOIN viewed w ON w.user_key = u.user_id LEFT JOIN interacted i ON i.user_key = u.user_id LEFT JOIN recommended r ON r.user_key = u.user_id
WHERE w.user_key IS NOT NULL OR i.user_key IS NOT NULL OR r.user_key IS NOT NULL OR u.signup_date <= u.moment::date

-- view: kpi_click_through
SELECT x.video_key, v.title, x.n, x.clicks, percent(x.clicks, x.n),
       round(100 * greatest((p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n), 0), 2),
       round(100 * least((p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n), 1), 2), x.watches, percent(x.watches, x.n)
FROM (SELECT video_key, count(*)::double AS n, sum(click_flag) AS clicks, sum(watch_flag) AS watches, sum(click_flag)::double / count(*) AS p, 1.959964::double AS z FROM shown GROUP BY video_key) x
JOIN video_dim v ON v.video_id = x.video_key

-- view: kpi_recommendation_quality
WITH score AS (
  SELECT recommendation_score AS score, count(*) AS shown, sum(click_flag) AS clicks, sum(watch_flag) AS watches, sum(click_flag * watch_flag) AS both_flags FROM shown GROUP BY 1),
ordered AS (
  SELECT *, shown - clicks AS misses,
         coalesce(sum(shown - clicks) OVER (PARTITION BY score IS NULL ORDER BY score ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS below FROM score)
SELECT sum(shown), sum(clicks), percent(sum(clicks), sum(shown)), sum(watches), percent(sum(watches), sum(shown)), percent(sum(both_flags), sum(clicks)),
       coalesce(sum(shown) FILTER (WHERE score IS NOT NULL), 0),
       percent(sum(clicks * (below + misses / 2.0)) FILTER (WHERE score IS NOT NULL), (sum(clicks) FILTER (WHERE score IS NOT NULL))::double * sum(misses) FILTER (WHERE score IS NOT NULL))
FROM ordered

-- view: kpi_recommendation_by_score
SELECT round(band / 10.0, 4), round((band + 1) / 10.0, 4), n, clicks, percent(clicks, n), watches, percent(watches, n)
FROM (SELECT CASE WHEN recommendation_score IS NOT NULL THEN least(floor(recommendation_score * 10)::integer, 9) END AS band, count(*) AS n, sum(click_flag) AS clicks, sum(watch_flag) AS watches
      FROM shown GROUP BY 1)

-- view: kpi_system_performance
WITH per_minute AS (SELECT day, max(n) AS busiest FROM (SELECT day, date_trunc('minute', event_time) AS minute, count(*) AS n FROM playbacks GROUP BY 1, 2) GROUP BY day)
SELECT d.day, d.streams, round(d.streams / 1440.0, 2), m.busiest, ratio(d.startup, d.started), round(d.p95, 2), ratio(d.bits, d.rated), percent(d.buffering, d.buffering + 60 * d.buffered_minutes),
       d.streams - d.buffered
FROM (SELECT day, count(*) AS streams, sum(startup_time) AS startup, count(startup_time) AS started, quantile_disc(startup_time, 0.95) AS p95, sum((bitrate_avg * watch_duration)::double) AS bits,
             sum(watch_duration) FILTER (WHERE bitrate_avg IS NOT NULL) AS rated, sum(buffering_time) AS buffering, count(buffering_time) AS buffered,
             sum(watch_duration) FILTER (WHERE buffering_time IS NOT NULL) AS buffered_minutes
      FROM playbacks GROUP BY day) d JOIN per_minute m ON m.day = d.day

-- view: kpi_buffering_by_device
SELECT coalesce(d.os, 'Unknown'), coalesce(d.connection_type, 'Unknown'), count(*), count(p.buffering_time), round(coalesce(sum(p.buffering_time), 0) / 60, 2),
       round(coalesce(sum(p.watch_duration) FILTER (WHERE p.buffering_time IS NOT NULL), 0) / 60, 2),
       percent(sum(p.buffering_time), sum(p.watch_duration) FILTER (WHERE p.buffering_time IS NOT NULL)),
       percent(sum(p.buffering_time), sum(p.buffering_time) + 60 * sum(p.watch_duration) FILTER (WHERE p.buffering_time IS NOT NULL))
FROM playbacks p JOIN device_dim d ON d.device_id = p.device_key GROUP BY 1, 2

-- view: kpi_device_usage
WITH ends AS (
  SELECT user_key, device_key, event_time, event_id, event_time + to_microseconds((watch_duration * 60000000)::bigint) AS ends FROM playbacks WHERE user_key <> '?'),
marked AS (
  SELECT *, event_time > max(ends) OVER (PARTITION BY user_key ORDER BY event_time, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + INTERVAL 30 MINUTES AS is_new FROM ends),
numbered AS (SELECT *, count(*) FILTER (WHERE is_new) OVER (PARTITION BY user_key ORDER BY event_time, event_id) AS session_no FROM marked),
sessions AS (
  SELECT arg_min(device_key, (event_time, event_id)) AS device_key, round(date_diff('microsecond', min(event_time), max(ends)) / 60000000, 2) AS minutes FROM numbered GROUP BY user_key, session_no),
seated AS (SELECT device_key, count(*) AS sessions, sum(minutes) AS minutes FROM sessions GROUP BY 1),
viewed AS (SELECT device_key, count(*) AS views, sum(watch_duration) AS minutes FROM playbacks GROUP BY 1)
SELECT coalesce(d.os, 'Unknown'), coalesce(d.connection_type, 'Unknown'), count(*) FILTER (WHERE d.device_id <> '?'), round(avg(d.bandwidth), 2), sum(v.views), ratio(sum(v.minutes), sum(v.views)),
       coalesce(sum(s.sessions), 0), ratio(sum(s.minutes), sum(s.sessions))
FROM viewed v JOIN device_dim d ON d.device_id = v.device_key LEFT JOIN seated s ON s.device_key = v.device_key GROUP BY 1, 2
