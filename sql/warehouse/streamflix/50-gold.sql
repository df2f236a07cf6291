-- Gold documents for the service and for marketing: a profile per video and per user. Kept by the feeds from the first
-- gold_refresh on. Nothing in them depends on the clock, so a document changes only when its facts do.
SELECT create_gold(current_schema(), 'gold_video_profile',
  description => 'A JSON document per video: what it is and where it comes from, how it is watched, liked, recommended, reviewed, rated and talked about',
  all_keys => $sql$SELECT video_id FROM video_dim WHERE video_id <> '?'$sql$,
  reads => '{video_dim,engagement_fact,recommendation_fact,production_history,license_fact,vendor_dim,review_fact,rating_fact,social_fact}',
  changed_by => jsonb_build_object(
    'videos', 'SELECT video_id FROM batch', 'netflix_titles', 'SELECT video_id FROM batch', 'youtube_qoe', 'SELECT video_id FROM batch',
    'playback_events', 'SELECT video_id FROM batch', 'interactions', 'SELECT video_id FROM batch', 'recommendations', 'SELECT video_id FROM batch',
    'playback_streams', 'SELECT video_id FROM batch', 'reviews', 'SELECT video_id FROM batch', 'site_ratings', 'SELECT video_id FROM batch',
    'social_posts', 'SELECT video_id FROM batch', 'vendor_content', 'SELECT video_id FROM batch',
    'productions', 'SELECT h.video_id FROM production_history h WHERE h.production_id IN (SELECT production_id FROM batch) AND h.video_id IS NOT NULL'),
  build => $sql$
    SELECT v.video_id, jsonb_build_object(
      'video_id', v.video_id, 'title', v.title, 'genres', to_jsonb(v.genres), 'content_type', v.content_type, 'release_year', v.release_year,
      'language', v.language, 'rating', v.rating, 'cast', to_jsonb(v.cast_members), 'director', v.director, 'length_minutes', v.video_length,
      'views', coalesce(e.views, 0), 'watch_minutes', coalesce(trim_scale(e.minutes), 0),
      'completion_percent', CASE WHEN e.measured > 0 THEN round(e.completion / e.measured, 2) END,
      'likes', coalesce(e.likes, 0), 'shares', coalesce(e.shares, 0), 'comments', coalesce(e.comments, 0), 'last_active_on', e.last_day,
      'recommended', coalesce(r.shown, 0), 'clicked', coalesce(r.clicked, 0), 'click_percent', CASE WHEN r.shown > 0 THEN round(100.0 * r.clicked / r.shown, 2) END,
      'studio', p.studio, 'vendors', coalesce(l.vendors, '[]'), 'licensed_until', l.license_to,
      'reviews', coalesce(w.reviews, 0), 'average_stars', w.stars, 'site_score_percent', s.score, 'site_votes', coalesce(s.votes, 0), 'site_scores', coalesce(s.scores, '{}'),
      'social_posts', coalesce(m.posts, 0), 'social_reach', coalesce(m.reach, 0), 'social_sentiment', m.sentiment)
    FROM video_dim v
    LEFT JOIN (SELECT f.video_key, sum(f.views) AS views, sum(f.watch_minutes) AS minutes, sum(f.measured_views) AS measured, sum(f.completion_sum) AS completion,
                      sum(f.likes) AS likes, sum(f.shares) AS shares, sum(f.comments) AS comments, max(f.time_key)::date AS last_day
               FROM engagement_fact f WHERE f.video_key = ANY ({keys}) GROUP BY f.video_key) e ON e.video_key = v.video_id
    LEFT JOIN (SELECT f.video_key, count(*) AS shown, sum(f.click_flag) AS clicked FROM recommendation_fact f
               WHERE f.video_key = ANY ({keys}) GROUP BY f.video_key) r ON r.video_key = v.video_id
    LEFT JOIN (SELECT d.video_id, min(d.studio) AS studio FROM production_dim d WHERE d.video_id = ANY ({keys}) GROUP BY d.video_id) p ON p.video_id = v.video_id
    LEFT JOIN (SELECT f.video_key, jsonb_agg(DISTINCT coalesce(d.vendor_name, d.vendor_id)) AS vendors, max(f.license_to) AS license_to
               FROM license_fact f JOIN vendor_dim d ON d.vendor_id = f.vendor_key WHERE f.video_key = ANY ({keys}) GROUP BY f.video_key) l ON l.video_key = v.video_id
    LEFT JOIN (SELECT f.video_key, count(*) AS reviews, round(avg(f.stars), 2) AS stars FROM review_fact f
               WHERE f.video_key = ANY ({keys}) AND f.withdrawn = 0 GROUP BY f.video_key) w ON w.video_key = v.video_id
    LEFT JOIN (SELECT n.video_key, sum(n.votes) AS votes, CASE WHEN sum(n.votes) > 0 THEN round(sum(n.score_percent * n.votes) / sum(n.votes), 2) END AS score,
                      jsonb_object_agg(n.site_key, trim_scale(n.score)) AS scores
               FROM (SELECT DISTINCT ON (f.video_key, f.site_key) f.video_key, f.site_key, f.score, f.score_percent, f.votes FROM rating_fact f
                     WHERE f.video_key = ANY ({keys}) ORDER BY f.video_key, f.site_key, f.event_time DESC) n GROUP BY n.video_key) s ON s.video_key = v.video_id
    LEFT JOIN (SELECT f.video_key, count(*) AS posts, sum(f.reach) AS reach, round(avg(f.sentiment), 2) AS sentiment FROM social_fact f
               WHERE f.video_key = ANY ({keys}) GROUP BY f.video_key) m ON m.video_key = v.video_id
    WHERE v.video_id = ANY ({keys}) AND v.video_id <> '?'$sql$);

SELECT create_gold(current_schema(), 'gold_user_profile',
  description => 'A JSON document per user: plan, what he watches and reviews, how he takes recommendations',
  all_keys => $sql$SELECT user_id FROM user_dim WHERE user_id <> '?'$sql$,
  reads => '{user_history,video_dim,viewership_fact,interaction_fact,recommendation_fact,review_fact}',
  changed_by => jsonb_build_object(
    'users', 'SELECT user_id FROM batch', 'playback_events', 'SELECT user_id FROM batch', 'interactions', 'SELECT user_id FROM batch',
    'recommendations', 'SELECT user_id FROM batch', 'youtube_qoe', 'SELECT user_id FROM batch', 'playback_streams', 'SELECT user_id FROM batch',
    'reviews', 'SELECT user_id FROM batch',
    -- A genre or a length that changes is part of the profile of everybody who watched the video.
    'videos', 'SELECT f.user_key FROM viewership_fact f WHERE f.video_key IN (SELECT video_id FROM batch)',
    'netflix_titles', 'SELECT f.user_key FROM viewership_fact f WHERE f.video_key IN (SELECT video_id FROM batch)',
    'vendor_content', 'SELECT f.user_key FROM viewership_fact f WHERE f.video_key IN (SELECT video_id FROM batch)'),
  build => $sql$
    SELECT u.user_id, jsonb_build_object(
      'user_id', u.user_id, 'name', u.name, 'country', u.country, 'region', u.region, 'subscription_type', u.subscription_type, 'signup_date', u.signup_date,
      'views', coalesce(w.views, 0), 'watch_minutes', coalesce(trim_scale(w.minutes), 0), 'completion_percent', w.completion,
      'last_viewed_at', to_char(w.last_view AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'favourite_genres', coalesce(g.genres, '[]'), 'likes', coalesce(i.likes, 0), 'recommended', coalesce(r.shown, 0), 'clicked', coalesce(r.clicked, 0),
      'reviews', coalesce(s.reviews, 0), 'average_stars_given', s.stars)
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
    LEFT JOIN (SELECT f.user_key, count(*) AS reviews, round(avg(f.stars), 2) AS stars FROM review_fact f
               WHERE f.user_key = ANY ({keys}) AND f.withdrawn = 0 GROUP BY f.user_key) s ON s.user_key = u.user_id
    WHERE u.user_id = ANY ({keys}) AND u.user_id <> '?'$sql$);
