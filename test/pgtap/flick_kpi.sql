-- The KPIs of Flick's sources and the documents they enrich, on the rows of test/data/flick_kpi.sql. Each figure is worked out by hand here.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
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
SELECT starhouse.create_warehouse('streamflix', 'Flick', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01', calendar_to => '2025-12-31') \g /dev/null
SET LOCAL search_path = "Flick", starhouse, public;
\ir ../data/streamflix_kpi.sql
\ir ../data/flick_kpi.sql
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('Flick')$$, 'keys and versions are sound');

-- V1: 4, 2 and 4 stars: 10 / 3; 2 of 3 good, 1 bad; V2: 3 stars stand, one was taken back. "Today" is 10 March, so r6 of 1 January is out.
SELECT is(pg_temp.rows_of('SELECT video_id, title, reviews, average_stars, positive_percent, negative_percent, with_text, anonymous_reviews, edited_reviews, withdrawn_reviews, helpful_votes FROM kpi_reviews ORDER BY 1'),
  E'(V1,Alpha,3,3.33,66.67,33.33,2,1,1,0,3)\n(V2,Beta,1,3.00,0.00,0.00,0,0,0,1,0)', 'reviews');
SELECT is(pg_temp.rows_of($$SELECT video_id, reviews, average_stars FROM kpi_reviews('-infinity') ORDER BY 1$$), E'(V1,3,3.33)\n(V2,2,4.00)', 'reviews from the first on: 3 and 5 stars');
SELECT is(pg_temp.rows_of($$SELECT video_id, reviews FROM kpi_reviews('2025-03-08', '2025-03-08')$$), '(V1,1)', 'reviews of one day');
-- V1: (70 * 300 + 90 * 100) / 400; ours 20 * 10 / 3 = 66.67. V2: nobody voted; ours 20 * 8 / 2, all reviews up to then.
SELECT is(pg_temp.rows_of('SELECT video_id, sites, votes, site_score_percent, lowest_percent, highest_percent, reviews, review_percent, gap_percent FROM kpi_site_ratings ORDER BY 1'),
  E'(V1,2,400,75.00,70.00,90.00,3,66.67,-8.33)\n(V2,1,0,,50.00,50.00,2,80.00,)', 'rating sites');
SELECT is(pg_temp.rows_of($$SELECT video_id, sites, votes, site_score_percent FROM kpi_site_ratings('2025-03-11') WHERE video_id = 'V1'$$), '(V1,2,1200,32.50)', 'with what came a day later: (70 * 300 + 20 * 900) / 1200');
SELECT is(pg_temp.rows_of($$SELECT site_score_percent FROM kpi_site_ratings('2025-03-05')$$), '(80.00)', 'and as it was on the 5th');
-- V1: reach 400, 20 + 0 + 30 engagements; tone (.5 - .25) / 2, one of two positive.
SELECT is(pg_temp.rows_of('SELECT * FROM kpi_social_buzz ORDER BY 1'), E'(?,Unknown,1,1,10,3,30.00,0.90,100.00,0)\n(V1,Alpha,3,2,400,50,12.50,0.13,50.00,1)', 'social media');
SELECT is(pg_temp.rows_of('SELECT * FROM kpi_social_platforms ORDER BY 1'), E'(Instagram,2,1,210,33,15.71,0.90)\n(X,2,1,200,20,10.00,0.13)', 'platforms: 33 of 210, 20 of 200');
-- V1 was watched 100 + 50 + 60 minutes (100, 50 and 60 %), V2 .4 + 25 + 10 (.8, 50, 20 %), V3 20 + 20, V4 5 of unknown length.
SELECT is(pg_temp.rows_of('SELECT video_id, views, watch_hours, completion_percent, reviews, average_stars, site_score_percent, posts, reach, average_sentiment FROM kpi_title_reception ORDER BY 1'),
  E'(?,0,0.00,,0,,,1,10,0.90)\n(V1,3,3.50,70.00,3,3.33,75.00,3,400,0.13)\n(V2,3,0.59,23.60,1,3.00,,0,0,)\n(V3,2,0.67,100.00,0,,,0,0,)\n(V4,1,0.08,,0,,,0,0,)', 'reception');
-- Now: P1 released (1000, 650 booked, 4 days late), P2 filming (600, 100 booked, 30 days late), P3 filming without a budget.
SELECT is(pg_temp.rows_of('SELECT * FROM kpi_production_pipeline ORDER BY 1'), E'(Filming,2,600,100,16.67,1,30.00)\n(Released,1,1000,650,65.00,1,4.00)', 'productions');
SELECT is(pg_temp.rows_of($$SELECT * FROM kpi_production_pipeline('2025-02-05 00:00Z') ORDER BY 1$$), E'(Development,1,500,0,,0,)\n(Filming,2,1000,300,30.00,1,4.00)', 'as they were on 5 February');
-- The last 30 days begin on 9 February: b2 400 while filming, b3 -50 released, b4 20 in development, b5 80 filming, b6 7 of no production.
SELECT is(pg_temp.rows_of('SELECT * FROM kpi_production_costs ORDER BY 1'),
  E'(Development,20,0,1)\n(Filming,480,100,2)\n(Released,-50,350,1)\n(Unknown,7,7,1)', 'costs by the stage then and the stage now');
SELECT is((SELECT sum(cost_as_was) - sum(cost_as_is) FROM kpi_production_costs), 0::numeric, 'which add up to the same');
-- On 10 March: ACME L1 (30 days, 10 a day: 10 days are 100) and L2 (90 days, 10 a day: 30 days are 300), watched .59 + .67 hours (35.4 + 40 minutes);
-- L1 ends within 30 days, L2 too (8 April is 29 days on). BETA L4: a day of 310 / 31; V4 was watched for 5 minutes. L3 is over.
SELECT is(pg_temp.rows_of('SELECT * FROM kpi_vendor_content ORDER BY 1'),
  E'(ACME,"Acme Films",2,2,2,1200,400.00,5,1.26,318.30)\n(BETA,Unknown,1,1,0,310,10.00,1,0.08,120.00)', 'licences: 400 * 60 / 75.4, 10 * 60 / 5');
SELECT is(pg_temp.rows_of($$SELECT vendor_id, licenses, expiring_30_days, license_fees FROM kpi_vendor_content('2025-03-09') ORDER BY 1$$), E'(ACME,2,1,1200)\n(BETA,1,1,100)', 'a day before, L3 was in force');
-- Of 210 + 35.4 + 40 + 5 minutes: V1 in-house, V2 to V4 licensed.
SELECT is(pg_temp.rows_of('SELECT * FROM kpi_content_origin ORDER BY 1'), E'(In-house,1,3,3.50,72.31)\n(Licensed,3,6,1.34,27.69)\n(Other,0,0,0.00,0.00)', 'origin of what is watched');
SELECT is(pg_temp.rows_of($$SELECT batches, records, rejected_percent, in_quarantine, last_batch_at FROM kpi_source_health WHERE feed_name = 'reviews'$$), '(0,0,,0,)', 'a source that has not delivered yet');

-- Documents.
SELECT * FROM starhouse.gold_refresh('Flick') \g /dev/null
SELECT is((SELECT jsonb_object_agg(k, document->k) FROM unnest('{studio,vendors,licensed_until,reviews,average_stars,site_score_percent,site_votes,site_scores,social_posts,social_reach,social_sentiment,views}'::text[]) k),
  '{"studio": "North", "vendors": [], "licensed_until": null, "reviews": 3, "average_stars": 3.33, "site_score_percent": 32.50, "site_votes": 1200, "site_scores": {"cinemeter": 7, "starboard": 1},
    "social_posts": 3, "social_reach": 400, "social_sentiment": 0.13, "views": 3}'::jsonb, 'a video''s document: newest snapshots of all')
  FROM gold_video_profile WHERE key = 'V1';
SELECT is((SELECT jsonb_object_agg(k, document->k) FROM unnest('{studio,vendors,licensed_until,reviews,average_stars}'::text[]) k),
  '{"studio": null, "vendors": ["Acme Films", "BETA"], "licensed_until": "2025-04-08", "reviews": 0, "average_stars": null}'::jsonb, 'one with two vendors') FROM gold_video_profile WHERE key = 'V3';
SELECT is(jsonb_build_array(document->'reviews', document->'average_stars_given'), '[2, 4.50]'::jsonb, 'a user: 4 and 5 stars') FROM gold_user_profile WHERE key = 'U1';
SELECT is(jsonb_build_array(document->'reviews', document->'average_stars_given'), '[1, 3.00]'::jsonb, 'one who took a review back') FROM gold_user_profile WHERE key = 'U3';

-- Freshness and definition-level lineage.
SELECT is(pg_temp.rows_of($$SELECT facts, newest_event FROM kpi_freshness WHERE kpi = 'kpi_social_buzz'$$), '("{social_fact,viewership_fact}","2025-03-09 12:00:00+00")', 'a report is as fresh as the fact that lags most');
SELECT bag_has($$SELECT DISTINCT relation, feed_name FROM table_lineage WHERE kpi = 'kpi_title_reception'$$, $$VALUES
  ('review_fact', 'reviews'), ('social_fact', 'social_posts'), ('rating_fact', 'site_ratings'), ('engagement_fact', 'playback_streams')$$, 'and which feeds write what it reads');
SELECT bag_has($$SELECT DISTINCT relation FROM table_lineage WHERE kpi = 'gold_video_profile'$$,
  $$VALUES ('review_fact'), ('social_fact'), ('rating_fact'), ('license_fact'), ('production_history')$$, 'as does a document');
SELECT * FROM finish();
ROLLBACK;
