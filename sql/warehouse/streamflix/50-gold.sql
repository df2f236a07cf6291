-- Gold documents for the service and for marketing: a profile per video and per user. Kept by the feeds from the first
-- gold_refresh on. Nothing in them depends on the clock, so a document changes only when its facts do.
SELECT create_gold(current_schema(), 'gold_video_profile',
  description => 'A JSON document per video: what it is, how it is watched, liked and recommended',
  all_keys => $sql$SELECT video_id FROM video_dim WHERE video_id <> '?'$sql$,
  reads => '{video_dim,engagement_fact,recommendation_fact}',
  changed_by => jsonb_build_object(
    'videos', 'SELECT video_id FROM batch', 'netflix_titles', 'SELECT video_id FROM batch', 'youtube_qoe', 'SELECT video_id FROM batch',
    'playback_events', 'SELECT video_id FROM batch', 'interactions', 'SELECT video_id FROM batch', 'recommendations', 'SELECT video_id FROM batch'),
  build => $sql$
    SELECT v.video_id, jsonb_build_object(
      'video_id', v.video_id, 'title', v.title, 'genres', to_jsonb(v.genres), 'content_type', v.content_type, 'release_year', v.release_year,
      'language', v.language, 'rating', v.rating, 'cast', to_jsonb(v.cast_members), 'director', v.director, 'length_minutes', v.video_length,
      'views', coalesce(e.views, 0), 'watch_minutes', coalesce(trim_scale(e.minutes), 0),
      'completion_percent', CASE WHEN e.measured > 0 THEN round(e.completion / e.measured, 2) END,
      'likes', coalesce(e.likes, 0), 'shares', coalesce(e.shares, 0), 'comments', coalesce(e.comments, 0), 'last_active_on', e.last_day,
      'recommended', coalesce(r.shown, 0), 'clicked', coalesce(r.clicked, 0), 'click_percent', CASE WHEN r.shown > 0 THEN round(100.0 * r.clicked / r.shown, 2) END)
    FROM video_dim v
    LEFT JOIN (SELECT f.video_key, sum(f.views) AS views, sum(f.watch_minutes) AS minutes, sum(f.measured_views) AS measured, sum(f.completion_sum) AS completion,
                      sum(f.likes) AS likes, sum(f.shares) AS shares, sum(f.comments) AS comments, max(f.time_key)::date AS last_day
               FROM engagement_fact f WHERE f.video_key = ANY ({keys}) GROUP BY f.video_key) e ON e.video_key = v.video_id
    LEFT JOIN (SELECT f.video_key, count(*) AS shown, sum(f.click_flag) AS clicked FROM recommendation_fact f
               WHERE f.video_key = ANY ({keys}) GROUP BY f.video_key) r ON r.video_key = v.video_id
    WHERE v.video_id = ANY ({keys}) AND v.video_id <> '?'$sql$);

SELECT create_gold(current_schema(), 'gold_user_profile',
  description => 'A JSON document per user: plan, what he watches, how he takes recommendations',
  all_keys => $sql$SELECT user_id FROM user_dim WHERE user_id <> '?'$sql$,
  reads => '{user_history,video_dim,viewership_fact,interaction_fact,recommendation_fact}',
  changed_by => jsonb_build_object(
    'users', 'SELECT user_id FROM batch', 'playback_events', 'SELECT user_id FROM batch', 'interactions', 'SELECT user_id FROM batch',
    'recommendations', 'SELECT user_id FROM batch', 'youtube_qoe', 'SELECT user_id FROM batch',
    -- A genre or a length that changes is part of the profile of everybody who watched the video.
    'videos', 'SELECT f.user_key FROM viewership_fact f WHERE f.video_key IN (SELECT video_id FROM batch)',
    'netflix_titles', 'SELECT f.user_key FROM viewership_fact f WHERE f.video_key IN (SELECT video_id FROM batch)'),
  build => $sql$
    SELECT u.user_id, jsonb_build_object(
      'user_id', u.user_id, 'name', u.name, 'country', u.country, 'region', u.region, 'subscription_type', u.subscription_type, 'signup_date', u.signup_date,
      'views', coalesce(w.views, 0), 'watch_minutes', coalesce(trim_scale(w.minutes), 0), 'completion_percent', w.completion,
      'last_viewed_at', to_char(w.last_view AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'favourite_genres', coalesce(g.genres, '[]'), 'likes', coalesce(i.likes, 0), 'recommended', coalesce(r.shown, 0), 'clicked', coalesce(r.clicked, 0))
    FROM user_dim u
    LEFT JOIN (SELECT f.user_key, count(*) AS views, sum(f.watch_duration) AS minutes, round(avg(f.completion_rate), 2) AS completion, max(f.event_time) AS last_view
               FROM viewership_fact f WHERE f.user_key = ANY ({keys}) GROUP BY f.user_key) w ON w.user_key = u.user_id
    LEFT JOIN (SELECT m.user_key, jsonb_agg(m.genre ORDER BY m.minutes DESC, m.genre) FILTER (WHERE m.place <= 3) AS genres
               FROM (SELECT f.user_key, v.genre, sum(f.watch_duration) AS minutes, row_number() OVER (PARTITION BY f.user_key ORDER BY sum(f.watch_duration) DESC, v.genre) AS place
                     FROM viewership_fact f JOIN video_dim v ON v.video_id = f.video_key
                     WHERE f.user_key = ANY ({keys}) AND v.genre IS NOT NULL GROUP BY f.user_key, v.genre) m GROUP BY m.user_key) g ON g.user_key = u.user_id
    LEFT JOIN (SELECT f.user_key, count(*) AS likes FROM interaction_fact f WHERE f.user_key = ANY ({keys}) AND f.action = 'Like' GROUP BY f.user_key) i ON i.user_key = u.user_id
    LEFT JOIN (SELECT f.user_key, count(*) AS shown, sum(f.click_flag) AS clicked FROM recommendation_fact f
               WHERE f.user_key = ANY ({keys}) GROUP BY f.user_key) r ON r.user_key = u.user_id
    WHERE u.user_id = ANY ({keys}) AND u.user_id <> '?'$sql$);
