-- The main KPIs of a StreamFlix warehouse, readable on a terminal:
--   psql -X -f sql/demo/streamflix_summary.sql                       the warehouse in schema streamflix
--   psql -X -v schema=my_films -f sql/demo/streamflix_summary.sql    the one in another schema
-- Reads only, and stops at the first error. All of it comes from the views kpi_*; docs/streamflix-kpis.md
-- explains them.
\set ON_ERROR_STOP 1
\set QUIET 1
\if :{?schema}
\else
  \set schema streamflix
\endif
SET client_min_messages = warning;
SET search_path = :"schema", pg_catalog;
\pset pager off
\pset footer off
\pset border 1
\pset null '-'
\pset numericlocale on

SELECT views > 0 AS has_views, COALESCE(first_day::text, '') AS first_day, COALESCE(last_day::text, '') AS last_day FROM kpi_data_range \gset
\echo
\if :has_views
  \echo 'Playbacks from' :first_day 'to' :last_day 'in the warehouse' :schema
\else
  \echo 'No playbacks yet in the warehouse' :schema
  \quit
\endif

\echo
\echo '-- The last 30 days'
SELECT views, viewers, watch_hours AS hours, average_watch_minutes AS "minutes", completion_percent AS "completion %", skip_percent AS "skips %",
       average_buffering_seconds AS "buffering s", rebuffer_percent AS "rebuffering %"
FROM kpi_viewing_summary;
SELECT a.daily_users AS "DAU", a.weekly_users AS "WAU", a.monthly_users AS "MAU", a.stickiness_percent AS "stickiness %",
       s.average_session_minutes AS "session minutes", s.binge_percent AS "binges %", c.peak_streams AS "streams at once"
FROM kpi_active_users a
LEFT JOIN kpi_sessions s USING (day)
LEFT JOIN kpi_concurrent_viewers c USING (day)
WHERE a.day = (SELECT last_day FROM kpi_data_range);
SELECT recommendations, click_percent AS "click-through %", watched_after_click_percent AS "watched after click %", score_accuracy_percent AS "accuracy %"
FROM kpi_recommendation_quality;

\echo
\echo '-- Peak hours by the viewers'' own clocks, and what they watch there'
SELECT p.region_name AS region, p.peak_from || ' to ' || p.peak_to AS "peak", p.watch_percent AS "of viewing %", g.genre AS "first genre", g.view_percent AS "share %",
       t.title AS trending
FROM kpi_peak_hours p
LEFT JOIN kpi_genre_by_region g ON g.region_id = p.region_id AND g.genre_rank = 1
LEFT JOIN kpi_trending t ON t.region_id = p.region_id AND t.trend_rank = 1
ORDER BY p.region_id IS NULL, p.watch_hours DESC
LIMIT 8;

\echo
\echo '-- Where viewers wait'
SELECT os, connection_type AS connection, views, rebuffer_percent AS "rebuffering %"
FROM kpi_buffering_by_device
WHERE views >= 50
ORDER BY rebuffer_percent DESC NULLS LAST
LIMIT 5;

\echo '-- What other sources say of it: reviews, rating sites, social media, and where the viewing comes from'
SELECT r.reviews, r.stars AS "mean stars", s.sites AS "sites' score %", p.posts, p.reach AS "users reached", p.tone AS "mean tone",
       (SELECT watch_percent FROM kpi_content_origin WHERE origin = 'In-house') AS "in-house %", (SELECT watch_percent FROM kpi_content_origin WHERE origin = 'Licensed') AS "licensed %"
FROM (SELECT sum(reviews) AS reviews, round(sum(average_stars * reviews) / nullif(sum(reviews), 0), 2) AS stars FROM kpi_reviews) r,
     (SELECT round(sum(site_score_percent * votes) / nullif(sum(votes), 0), 2) AS sites FROM kpi_site_ratings) s,
     (SELECT sum(posts) AS posts, sum(reach) AS reach, round(sum(average_sentiment * posts) / nullif(sum(posts) FILTER (WHERE average_sentiment IS NOT NULL), 0), 2) AS tone FROM kpi_social_platforms) p;

\echo '-- By subscription, as it was and as it is'
SELECT subscription_type AS subscription, viewers_as_was AS "viewers then", watch_hours_as_was AS "hours then", watch_hours_as_is AS "hours now"
FROM kpi_watch_by_subscription
ORDER BY watch_hours_as_was DESC;
\echo '   Every report and what it answers: SELECT name, question FROM kpi_catalog;'
