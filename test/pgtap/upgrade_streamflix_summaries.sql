-- A warehouse of version 1 gets the summaries by day filled by its upgrade, and reports the same from them as from the facts.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\set kind streamflix
SET client_min_messages = warning;
BEGIN;
SET LOCAL TimeZone = 'UTC';
SELECT plan(7);
\set script `cat test/data/warehouse/streamflix-1/*.sql`
SELECT starhouse.build_warehouse('streamflix', 1, ARRAY[:'script'], 'Up sums', time_zone => 'UTC', calendar_from => '2024-01-01', calendar_to => '2026-12-31') \g /dev/null
SET LOCAL search_path = "Up sums", starhouse, public;
\i test/data/warehouse/streamflix-1.data.sql
CREATE TEMP TABLE facts AS SELECT (SELECT count(*) FROM viewership_fact) AS views, (SELECT count(*) FROM recommendation_fact) AS shown;
SELECT starhouse.upgrade_warehouse('Up sums') \g /dev/null
SELECT ok(views > 5 AND shown > 5, 'there is something to sum up') FROM facts;
SELECT is((SELECT format('%s %s', o.days, s.days) FROM kpi_open_days('-infinity', NULL) o, kpi_open_session_days('-infinity', kpi_last_day()) s), '0 0', 'every day is summed up');
SELECT is((SELECT format('%s %s %s', sum(v.views), min(d.views), min(d.shown)) FROM viewing_day v, facts d WHERE v.summed),
  (SELECT format('%s %s %s', views, views, (SELECT sum(recommendations) FROM shown_day WHERE summed)) FROM facts), 'with all playbacks and recommendations');
SELECT is((SELECT string_agg(summary, ' ' ORDER BY summary) FROM latest_sums WHERE holds), 'members shown videos viewing', 'and so are the latest days by user, device and video');
SELECT is((SELECT count(*) FROM summing_credit), 2::bigint, 'and batches can go on from there');
CREATE FUNCTION pg_temp.said() RETURNS TABLE (report text, line text) LANGUAGE sql AS $$
  SELECT 'a', a::text FROM kpi_active_users('2024-01-01', '2026-12-31') a UNION ALL SELECT 's', s::text FROM kpi_sessions('30 minutes', '-infinity') s
  UNION ALL SELECT 'd', d::text FROM kpi_daily_viewing('-infinity') d UNION ALL SELECT 'c', c::text FROM kpi_click_through(1.96, '-infinity') c UNION ALL SELECT 'p', p::text FROM kpi_concurrent_viewers(NULL, '-infinity') p
  UNION ALL SELECT 'f', f::text FROM kpi_churn_features f UNION ALL SELECT 'u', u::text FROM kpi_device_usage u UNION ALL SELECT 'e', e::text FROM kpi_engagement_by_video e
  UNION ALL SELECT 'g', g::text FROM kpi_genre_days() g UNION ALL SELECT 'r', r::text FROM kpi_shown_genre_days() r UNION ALL SELECT 'k', k::text FROM kpi_device_kinds() k
  UNION ALL SELECT 'v', v::text FROM kpi_viewing_summary v
$$;
SELECT is((SELECT string_agg(report, ' ' ORDER BY report) FROM (SELECT DISTINCT report FROM pg_temp.said()) r), 'a c d e f g k p r s u v', 'reports have something to say');
CREATE TEMP TABLE said AS SELECT * FROM pg_temp.said();
DELETE FROM viewing_day;
DELETE FROM session_day;
DELETE FROM shown_day;
UPDATE latest_sums SET holds = false;
SELECT bag_eq('TABLE said', 'SELECT * FROM pg_temp.said()', 'and it is what the facts are');
SELECT * FROM finish();
ROLLBACK;
