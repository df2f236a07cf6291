-- Compares a warehouse loaded with the files of `starhouse generate streamflix` with their TRUTH.json:
-- one line a figure, 'ok' or what differs.
--   psql -X -At -v schema=streamflix -v truth="$(cat DIR/TRUTH.json)" -f sql/demo/streamflix_truth.sql
-- The warehouse must hold these files and nothing else.
\set QUIET 1
SET search_path = :"schema", pg_catalog;

WITH truth AS (
  SELECT :'truth'::jsonb AS t
), views AS (
  SELECT f.region_key AS region, coalesce(v.genre, 'Unknown') AS genre, coalesce(h.subscription_type, 'Unknown') AS subscription,
         d.os, f.watch_duration
  FROM viewership_fact f
  JOIN video_dim v ON v.video_id = f.video_key
  JOIN user_history h ON h.user_version = f.user_version
  JOIN device_dim d ON d.device_id = f.device_key
), sums AS MATERIALIZED (
  SELECT CASE 0 WHEN grouping(region) THEN 'by_region' WHEN grouping(genre) THEN 'by_genre' WHEN grouping(subscription) THEN 'by_subscription'
                WHEN grouping(os) THEN 'by_os' ELSE 'all' END AS part,
         coalesce(region, genre, subscription, os) AS key, count(*)::text AS views, round(sum(watch_duration), 2)::text AS minutes
  FROM views
  GROUP BY GROUPING SETS ((), (region), (genre), (subscription), (os))
), derived AS MATERIALIZED (
  SELECT sum(views)::text AS views, round(sum(watch_minutes), 2)::text AS minutes, round(sum(buffering_seconds), 2)::text AS buffering,
         round(sum(completion_sum), 2)::text AS completion, sum(likes)::text AS likes, sum(shares)::text AS shares, sum(comments)::text AS comments
  FROM engagement_fact
), hours AS MATERIALIZED (
  SELECT local_hour::text AS hour, sum(views)::text AS views
  FROM kpi_region_hours('-infinity') WHERE local_hour IS NOT NULL GROUP BY 1
), expected (figure, expected, found) AS (
  SELECT 'playbacks: views', t #>> '{playbacks,all,views}', (SELECT views FROM sums WHERE part = 'all') FROM truth
  UNION ALL SELECT 'playbacks: minutes', t #>> '{playbacks,all,minutes}', (SELECT minutes FROM sums WHERE part = 'all') FROM truth
  UNION ALL SELECT 'playbacks: seconds of buffering', t #>> '{playbacks,buffering_seconds}', (SELECT round(sum(buffering_time), 2)::text FROM viewership_fact) FROM truth
  UNION ALL SELECT 'playbacks: completion', t #>> '{playbacks,completion_percent_sum}', (SELECT round(sum(completion_rate), 2)::text FROM viewership_fact) FROM truth
  UNION ALL SELECT 'playbacks: skips', t #>> '{playbacks,skips}', (SELECT skips::text FROM kpi_viewing_summary('-infinity')) FROM truth
  UNION ALL SELECT 'playbacks: cut to the video''s length', t #>> '{playbacks,clipped}', (SELECT sum(watch_clipped)::text FROM viewership_fact) FROM truth
  UNION ALL SELECT 'engagement: views', t #>> '{playbacks,all,views}', (SELECT views FROM derived) FROM truth
  UNION ALL SELECT 'engagement: minutes', t #>> '{playbacks,all,minutes}', (SELECT minutes FROM derived) FROM truth
  UNION ALL SELECT 'engagement: seconds of buffering', t #>> '{playbacks,buffering_seconds}', (SELECT buffering FROM derived) FROM truth
  UNION ALL SELECT 'engagement: completion', t #>> '{playbacks,completion_percent_sum}', (SELECT completion FROM derived) FROM truth
  UNION ALL SELECT 'engagement: likes', t #>> '{interactions,likes}', (SELECT likes FROM derived) FROM truth
  UNION ALL SELECT 'engagement: shares', t #>> '{interactions,shares}', (SELECT shares FROM derived) FROM truth
  UNION ALL SELECT 'engagement: comments', t #>> '{interactions,comments}', (SELECT comments FROM derived) FROM truth
  UNION ALL SELECT 'hours: minutes', t #>> '{playbacks,all,minutes}', (SELECT round(sum(watch_minutes), 2)::text FROM viewing_hour_fact) FROM truth
  UNION ALL SELECT 'recommendations: shown', t #>> '{recommendations,shown}', (SELECT count(*)::text FROM recommendation_fact) FROM truth
  UNION ALL SELECT 'recommendations: clicks', t #>> '{recommendations,clicks}', (SELECT sum(click_flag)::text FROM recommendation_fact) FROM truth
  UNION ALL SELECT 'recommendations: watches', t #>> '{recommendations,watches}', (SELECT sum(watch_flag)::text FROM recommendation_fact) FROM truth
  UNION ALL SELECT 'members: users', t #>> '{members,users}', (SELECT count(*)::text FROM user_dim WHERE user_id <> '?' AND NOT is_inferred) FROM truth
  UNION ALL SELECT 'members: versions of users', t #>> '{members,user_versions}', (SELECT count(*)::text FROM user_history WHERE user_id <> '?' AND NOT is_inferred) FROM truth
  UNION ALL SELECT 'members: devices', t #>> '{members,devices}', (SELECT count(*)::text FROM device_dim WHERE device_id <> '?' AND NOT is_inferred) FROM truth
  UNION ALL SELECT 'members: videos', t #>> '{members,videos}', (SELECT count(*)::text FROM video_dim WHERE video_id <> '?' AND NOT is_inferred) FROM truth
  UNION ALL SELECT 'members: videos known from facts only', t #>> '{members,inferred_videos}', (SELECT count(*)::text FROM video_dim WHERE is_inferred) FROM truth
  UNION ALL SELECT 'sources: versions of productions', t #>> '{sources,production_versions}', (SELECT count(*)::text FROM production_history WHERE production_id <> '?' AND NOT is_inferred) FROM truth
  UNION ALL SELECT 'sources: cost bookings', t #>> '{sources,bookings}', (SELECT count(*)::text FROM production_cost_fact) FROM truth
  UNION ALL SELECT 'sources: costs', t #>> '{sources,costs}', (SELECT round(sum(amount), 2)::text FROM production_cost_fact) FROM truth
  UNION ALL SELECT 'sources: licences', t #>> '{sources,licenses}', (SELECT count(*)::text FROM license_fact) FROM truth
  UNION ALL SELECT 'sources: licence fees', t #>> '{sources,fees}', (SELECT round(sum(license_fee), 2)::text FROM license_fact) FROM truth
  UNION ALL SELECT 'sources: reviews', t #>> '{sources,reviews}', (SELECT count(*)::text FROM review_fact) FROM truth
  UNION ALL SELECT 'sources: stars', t #>> '{sources,stars}', (SELECT coalesce(sum(stars), 0)::text FROM review_fact) FROM truth
  UNION ALL SELECT 'sources: reviews taken back', t #>> '{sources,withdrawn}', (SELECT coalesce(sum(withdrawn), 0)::text FROM review_fact) FROM truth
  UNION ALL SELECT 'sources: posts', t #>> '{sources,posts}', (SELECT count(*)::text FROM social_fact) FROM truth
  UNION ALL SELECT 'sources: reach', t #>> '{sources,reach}', (SELECT coalesce(sum(reach), 0)::text FROM social_fact) FROM truth
  UNION ALL SELECT 'sources: likes of posts', t #>> '{sources,post_likes}', (SELECT coalesce(sum(likes), 0)::text FROM social_fact) FROM truth
  UNION ALL SELECT 'sources: site ratings', t #>> '{sources,ratings}', (SELECT count(*)::text FROM rating_fact) FROM truth
  UNION ALL SELECT 'sources: votes', t #>> '{sources,votes}', (SELECT coalesce(sum(votes), 0)::text FROM rating_fact) FROM truth
  UNION ALL
  SELECT 'feed ' || feed.key || ': ' || part.key, part.value, part.found
  FROM truth CROSS JOIN jsonb_each(t -> 'feeds') AS feed
  CROSS JOIN LATERAL (SELECT coalesce(sum(b.records_read), 0) AS records, coalesce(sum(b.duplicates), 0) AS duplicates, coalesce(sum(b.rejected), 0) AS rejected
                      FROM batch_log b WHERE b.feed_name = feed.key) log
  CROSS JOIN LATERAL (VALUES ('records', feed.value ->> 'records', log.records::text),
                             ('duplicates', feed.value ->> 'duplicates', log.duplicates::text),
                             ('rejected', feed.value ->> 'rejected', log.rejected::text)) AS part (key, value, found)
  UNION ALL
  SELECT part.key || ' ' || item.key || ': ' || measure.key, measure.value, coalesce(CASE measure.key WHEN 'views' THEN s.views ELSE s.minutes END, CASE measure.key WHEN 'views' THEN '0' ELSE '0.00' END)
  FROM truth
  CROSS JOIN LATERAL jsonb_each(t -> 'playbacks') AS part
  CROSS JOIN LATERAL jsonb_each(part.value) AS item
  CROSS JOIN LATERAL jsonb_each_text(item.value) AS measure
  LEFT JOIN sums s ON s.part = part.key AND s.key = item.key
  WHERE part.key IN ('by_region', 'by_genre', 'by_subscription', 'by_os')
  UNION ALL
  SELECT 'by local hour ' || item.key || ': views', item.value, coalesce(h.views, '0')
  FROM truth CROSS JOIN jsonb_each_text(t #> '{playbacks,by_local_hour}') AS item
  LEFT JOIN hours h ON h.hour = item.key
)
SELECT CASE WHEN expected = found THEN 'ok    ' ELSE 'WRONG ' END || figure || ' ' || coalesce(found, 'none')
       || CASE WHEN expected IS DISTINCT FROM found THEN ', not ' || coalesce(expected, 'none') ELSE '' END
FROM expected;
