-- Feeds of Flick's sources, through their contracts (starhouse.ingest): what each becomes, that revisions and any order of arrival give the same
-- rows, inferred members that are completed later, and every way in which a record can be bad.
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
-- Takes records through the feed, contract and all; gives read, loaded, duplicates, rejected.
CREATE FUNCTION pg_temp.take(feed text, VARIADIC records text[]) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', r->'read', r->'loaded', r->'duplicates', r->'rejected') FROM starhouse.ingest('"fl ick".' || feed, records) r $$;
-- CSV with a header comes as files: here rows that are parsed already.
CREATE FUNCTION pg_temp.load(warehouse name, feed text, VARIADIC records text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  source record;
  batch bigint;
BEGIN
  SELECT * INTO source FROM starhouse.load_open(warehouse, feed, 'test', NULL, NULL, NULL);
  batch := starhouse.batch_begin(warehouse, feed, source.source_id, source.epoch, source.next_record);
  TRUNCATE pg_temp.batch;
  EXECUTE 'INSERT INTO pg_temp.batch SELECT (jsonb_populate_record(NULL::pg_temp.batch, r.record::jsonb || jsonb_build_object(''record_no'', r.n))).*
           FROM unnest($1) WITH ORDINALITY AS r(record, n)' USING records;
  RETURN starhouse.batch_finish(warehouse, feed, batch, cardinality(records) + 1, cardinality(records), 0) - 'steps';
END $$;
-- A feed's rows without what differs from load to load.
CREATE FUNCTION pg_temp.state(warehouse name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN concat_ws(E'\n--\n',
    pg_temp.rows_of(format('SELECT production_id, title, studio, video_id, stage, budget, planned_release, valid_from, valid_to, is_inferred FROM %I.production_history ORDER BY 1, 8', warehouse)),
    pg_temp.rows_of(format('SELECT f.time_key, f.production_key, f.booking_id, f.cost_type, f.amount, p.stage FROM %1$I.production_cost_fact f JOIN %1$I.production_history p USING (production_version) ORDER BY 1, 3', warehouse)),
    pg_temp.rows_of(format('SELECT time_key, vendor_key, video_key, license_id, revision, territory, is_exclusive, license_from, license_to, license_fee FROM %I.license_fact ORDER BY 1, 4', warehouse)),
    pg_temp.rows_of(format('SELECT f.time_key, f.user_key, f.video_key, f.review_id, f.stars, f.review_text, f.helpful_votes, f.withdrawn, f.revised_at, u.subscription_type FROM %1$I.review_fact f JOIN %1$I.user_history u USING (user_version) ORDER BY 1, 4', warehouse)),
    pg_temp.rows_of(format('SELECT time_key, video_key, platform, post_id, sentiment, likes, shares, replies, reach, observed_at FROM %I.social_fact ORDER BY 1, 3, 4', warehouse)),
    pg_temp.rows_of(format('SELECT time_key, site_key, video_key, event_time, score, score_percent, votes, observed_at FROM %I.rating_fact ORDER BY 1, 2, 3', warehouse)),
    pg_temp.rows_of(format('SELECT event_id, user_key, video_key, device_key, region_key, watch_duration, buffering_time, startup_time, completion_rate FROM %I.viewership_fact ORDER BY 1', warehouse)),
    pg_temp.rows_of(format('SELECT event_time, region_key, video_key, views, trim_scale(watch_minutes) FROM %I.engagement_fact ORDER BY 1, 2, 3', warehouse)),
    pg_temp.rows_of(format('SELECT video_id, title, genre, genres, language, release_year, is_inferred FROM %I.video_dim ORDER BY 1', warehouse)),
    pg_temp.rows_of(format('SELECT vendor_id, vendor_name, country, is_inferred FROM %I.vendor_dim ORDER BY 1', warehouse)),
    pg_temp.rows_of(format('SELECT site_id, site_name, scale_max, is_inferred FROM %I.site_dim ORDER BY 1', warehouse)));
END $$;

SELECT starhouse.create_warehouse('streamflix', 'fl ick', 'America/New_York', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SET LOCAL search_path = 'fl ick', starhouse, public;

-- Reviews.
SELECT is(pg_temp.take('reviews',
  '{"review_id": "r1", "user_id": "U1", "video_id": "V1", "stars": 5, "text": "Great", "submitted_at": "2025-03-08T03:30:00Z"}',
  '{"review_id": "r1", "user_id": "U1", "video_id": "V1", "stars": 2, "text": "Second thoughts", "helpful_votes": 4, "submitted_at": "2025-03-08T03:30:00Z", "edited_at": "2025-03-09T03:30:00Z"}',
  '{"review_id": "r2", "video_id": "V1", "stars": 4, "submitted_at": 1741400000}'), '3 2 1 0', 'reviews: one is edited in the same batch');
SELECT is(pg_temp.rows_of('SELECT time_key, user_key, video_key, review_id, stars, review_text, helpful_votes, revised_at FROM review_fact ORDER BY review_id'),
  E'("2025-03-07 22:00:00",U1,V1,r1,2,"Second thoughts",4,"2025-03-09 03:30:00+00")\n("2025-03-07 21:00:00",?,V1,r2,4,,0,"2025-03-08 02:13:20+00")',
  'the newest word stands, in the hour of the warehouse''s clock; nobody named is the unknown user');
SELECT is(pg_temp.take('reviews', '{"review_id": "r1", "user_id": "U1", "video_id": "V1", "stars": 5, "text": "Great", "submitted_at": "2025-03-08T03:30:00Z"}'), '1 0 1 0', 'an older word changes nothing');
SELECT is((SELECT stars FROM review_fact WHERE review_id = 'r1'), 2, 'indeed');
SELECT is(pg_temp.take('reviews', '{"review_id": "r1", "user_id": "U1", "video_id": "V1", "stars": 2, "submitted_at": "2025-03-08T03:30:00Z", "edited_at": "2025-03-10T03:30:00Z", "withdrawn": true}'), '1 0 1 0', 'it is taken back');
SELECT is(pg_temp.rows_of($$SELECT withdrawn, review_text, batch_id = (SELECT max(batch_id) FROM batch_log) FROM review_fact WHERE review_id = 'r1'$$), '(1,,t)', 'the record speaks for the whole row, and the row names its batch');
SELECT is(pg_temp.rows_of($$SELECT user_id FROM user_dim WHERE is_inferred UNION ALL SELECT video_id FROM video_dim WHERE is_inferred ORDER BY 1$$), E'(U1)\n(V1)', 'user and video are inferred');
-- The version of the user comes late, to a review that is there.
SELECT is(pg_temp.load('fl ick', 'users', '{"user_id": "U1", "subscription_type": "Basic", "effective_at": "2025-01-01 05:00Z"}',
  '{"user_id": "U1", "subscription_type": "Premium", "effective_at": "2025-03-08 05:00Z"}')->>'rejected', '0', 'profiles come');
SELECT is((SELECT u.subscription_type FROM review_fact f JOIN user_history u USING (user_version) WHERE review_id = 'r1'), 'Basic', 'a review has the subscription of its time: 8 March begins at 05:00 UTC there');

-- Social media.
SELECT is(pg_temp.take('social_posts',
  '{"platform": "twitter", "post_id": "1", "video_id": "V2", "posted_at": "2025-03-08T10:00:00Z", "observed_at": "2025-03-10T10:00:00Z", "sentiment": 0.4, "counters": {"likes": 9, "reach": 90}}',
  '{"platform": "X", "post_id": "1", "video_id": "V2", "posted_at": "2025-03-08T10:00:00Z", "observed_at": "2025-03-09T10:00:00Z", "sentiment": 0.4, "counters": {"likes": 5, "reach": 50}}',
  '{"platform": "tiktok", "post_id": "1", "posted_at": "2025-03-08T10:00:00Z"}'), '3 2 1 0', 'posts: a counter read twice');
SELECT is(pg_temp.rows_of('SELECT platform, post_id, video_key, sentiment, likes, reach, observed_at FROM social_fact ORDER BY 1'),
  E'(TikTok,1,?,,0,0,"2025-03-08 10:00:00+00")\n(X,1,V2,0.4,9,90,"2025-03-10 10:00:00+00")', 'the last reading stands, platforms have one spelling');

-- Rating sites: a day is the warehouse's.
SELECT is(pg_temp.take('site_ratings',
  '{"site": {"site_id": "Cinemeter", "name": "Cinemeter", "scale": 10}, "video_id": "V1", "score": 7.5, "votes": 100, "observed_at": "2025-03-08T03:00:00Z"}',
  '{"site": {"site_id": "cinemeter", "scale": 10}, "video_id": "V1", "score": 8, "votes": 120, "observed_at": "2025-03-08T15:00:00Z"}',
  '{"site": {"site_id": "cinemeter", "scale": 10}, "video_id": "V1", "score": 7, "votes": 110, "observed_at": "2025-03-08T06:00:00Z"}',
  '{"site": {"site_id": "stars", "scale": 3}, "video_id": "V1", "score": 2, "votes": 1, "observed_at": "2025-03-08T15:00:00Z"}'), '4 3 1 0', 'ratings');
SELECT is(pg_temp.rows_of('SELECT time_key, site_key, event_time, score, score_percent, votes FROM rating_fact ORDER BY 2, 1'),
  E'("2025-03-07 00:00:00",cinemeter,"2025-03-07 05:00:00+00",7.5,75.00,100)\n("2025-03-08 00:00:00",cinemeter,"2025-03-08 05:00:00+00",8,80.00,120)\n'
  '("2025-03-08 00:00:00",stars,"2025-03-08 05:00:00+00",2,66.67,1)', 'a row per site, video and day: the last look at it');
SELECT is(pg_temp.rows_of($$SELECT site_id, site_name, scale_max FROM site_dim WHERE site_id <> '?' ORDER BY 1$$), E'(cinemeter,Cinemeter,10)\n(stars,,3)', 'sites');

-- Vendors.
SELECT is(pg_temp.take('vendor_content',
  '{"license_id": "L1", "revision": 2, "vendor": {"vendor_id": "acme"}, "video": {"video_id": "V1"}, "exclusive": true, "terms": {"signed_on": "2025-01-10", "from": "2025-02-01", "to": "2026-01-31", "fee_usd": 5000.5}}',
  '{"license_id": "L1", "vendor": {"vendor_id": "ACME", "name": "Acme  Films"}, "video": {"video_id": "V1", "title": "One", "genres": ["Drama", "Crime"], "language": "French", "release_year": 2020}, "territory": "EU", "terms": {"signed_on": "2025-01-10", "from": "2025-02-01", "to": "2025-12-31", "fee_usd": 4000}}',
  '{"license_id": "L2", "vendor": null, "video": {"video_id": "V3"}, "terms": {"signed_on": "2019-06-30", "from": "2019-07-01", "to": "2029-06-30", "fee_usd": 1}}'), '3 2 1 0', 'licences');
SELECT is(pg_temp.rows_of('SELECT time_key, vendor_key, video_key, license_id, revision, territory, is_exclusive, license_to, license_fee FROM license_fact ORDER BY license_id'),
  E'("2025-01-10 00:00:00",ACME,V1,L1,2,,1,2026-01-31,5000.5)\n("2019-06-30 00:00:00",?,V3,L2,1,,0,2029-06-30,1)', 'the highest revision stands; the calendar has grown');
SELECT is(pg_temp.rows_of($$SELECT vendor_name, is_inferred FROM vendor_dim WHERE vendor_id = 'ACME'$$), '("Acme Films",f)', 'a vendor is completed by the record that names it');
SELECT is(pg_temp.rows_of($$SELECT title, genre, genres, language, release_year, is_inferred FROM video_dim WHERE video_id = 'V1'$$), '(One,Drama,"{Drama,Crime}",French,2020,f)', 'and a video that the catalogue has not told of');
SELECT is(pg_temp.load('fl ick', 'videos', '{"video_id": "V1", "title": "The One", "genre": "Thriller"}')->>'rejected', '0', 'the catalogue');
SELECT is(pg_temp.take('vendor_content', '{"license_id": "L3", "vendor": {"vendor_id": "ACME"}, "video": {"video_id": "V1", "title": "Uno", "genres": ["Comedy"]}, "terms": {"signed_on": "2025-01-11", "from": "2025-02-01", "to": "2025-12-31", "fee_usd": 1}}'), '1 1 0 0', 'a vendor says otherwise');
SELECT is(pg_temp.rows_of($$SELECT title, genres, language FROM video_dim WHERE video_id = 'V1'$$), '("The One",{Thriller},French)', 'what the catalogue says, stays');

-- Productions: Type 2 in stage, budget and plan; reports say only what changed, and come in any order.
SELECT is(pg_temp.take('production_costs',
  '{"booking_id": "b1", "production_id": "P1", "cost_type": "vfx", "amount_usd": 100.25, "booked_on": "2025-01-15"}',
  '{"booking_id": "b2", "production_id": "P1", "amount_usd": -20, "booked_on": "2025-02-15"}',
  '{"booking_id": "b2", "production_id": "P1", "amount_usd": -20, "booked_on": "2025-02-15"}',
  '{"booking_id": "b3", "amount_usd": 7, "booked_on": "2025-02-15"}'), '4 3 1 0', 'costs of a production that nobody has told of');
SELECT is(pg_temp.rows_of($$SELECT production_id, stage, is_inferred FROM production_dim WHERE production_id <> '?'$$), '(P1,,t)', 'it is inferred');
SELECT is(pg_temp.take('productions',
  '{"production_id": "P1", "effective_at": "2025-03-01T00:00:00Z", "stage": "released", "video_id": "V1"}',
  '{"production_id": "P1", "effective_at": "2025-01-01T00:00:00Z", "title": "One", "studio": "North", "stage": "development", "budget_usd": 1000, "planned_release": "2025-03-01"}'), '2 2 0 0', 'reports, the later one first');
SELECT is(pg_temp.take('productions', '{"production_id": "P1", "effective_at": "2025-02-01T00:00:00Z", "stage": "filming"}'), '1 1 0 0', 'and one between them');
SELECT is(pg_temp.rows_of($$SELECT title, studio, video_id, stage, budget, planned_release, valid_from, valid_to FROM production_history WHERE production_id = 'P1' ORDER BY valid_from$$),
  E'(One,North,V1,Development,1000,2025-03-01,"2025-01-01 00:00:00+00","2025-02-01 00:00:00+00")\n(One,North,V1,Filming,1000,2025-03-01,"2025-02-01 00:00:00+00","2025-03-01 00:00:00+00")\n'
  '(One,North,V1,Released,1000,2025-03-01,"2025-03-01 00:00:00+00",infinity)', 'a history without holes; what a report leaves out stays');
SELECT is(pg_temp.rows_of('SELECT booking_id, cost_type, amount, stage FROM production_cost_fact JOIN production_history USING (production_version) ORDER BY 1'),
  E'(b1,Effects,100.25,Development)\n(b2,Other,-20,Filming)\n(b3,Other,7,Unknown)', 'costs have the stage of their day');

-- Playback streams are playbacks: what both ways report is one fact.
SELECT is(pg_temp.take('playback_streams',
  '{"stream_id": "e1", "started_at": "2025-03-08T14:00:00Z", "viewer": {"user_id": "U1", "region_id": "us-e"}, "content": {"video_id": "V1", "length_minutes": 100}, "device": {"device_id": "D1"}, "playback": {"watched_seconds": 1500, "buffering_ms": 2300, "stalls": 1, "startup_ms": 800, "quality": "1080P", "bitrate_kbps": 5000}}',
  '{"stream_id": "e2", "started_at": "2025-03-08T15:00:00Z", "playback": {"watched_seconds": 60.6}}'), '2 2 0 0', 'streams');
SELECT is(pg_temp.take('playback_events', '{"event_id": "e1", "user_id": "U1", "video_id": "V1", "timestamp": "2025-03-08T14:00:00Z", "watch_duration": 25}'), '1 0 1 0', 'the player reports the same');
SELECT is(pg_temp.rows_of('SELECT event_id, user_key, video_key, device_key, region_key, watch_duration, buffering_time, startup_time, quality_level, completion_rate FROM viewership_fact ORDER BY 1'),
  E'(e1,U1,V1,D1,US-E,25,2.3,0.8,1080p,25.00)\n(e2,?,?,?,?,1.01,,,,)', 'minutes and seconds as the star has them');
SELECT is((SELECT sum(views) FROM engagement_fact), 2::numeric, 'and what is derived has them once');
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('fl ick')$$, 'keys and versions are sound');

-- Everything twice is everything once; and in reverse order, one record at a time, it is the same.
CREATE TEMP TABLE received AS
  SELECT l.feed_name, b.batch_id, b.record_no, b.payload FROM (
    SELECT batch_id, record_no, payload FROM bronze_reviews UNION ALL SELECT batch_id, record_no, payload FROM bronze_social_posts
    UNION ALL SELECT batch_id, record_no, payload FROM bronze_site_ratings UNION ALL SELECT batch_id, record_no, payload FROM bronze_vendor_content
    UNION ALL SELECT batch_id, record_no, payload FROM bronze_production_costs UNION ALL SELECT batch_id, record_no, payload FROM bronze_productions
    UNION ALL SELECT batch_id, record_no, payload FROM bronze_playback_streams) b JOIN batch_log l USING (batch_id);
SELECT is(count(*), 25::bigint, 'what was received') FROM received;
CREATE TEMP TABLE before AS SELECT pg_temp.state('fl ick') AS state;
SELECT count(starhouse.ingest('"fl ick".' || feed_name, ARRAY[payload])) FROM received \g /dev/null
SELECT is(pg_temp.state('fl ick'), state, 'once more: the same rows') FROM before;
SET LOCAL search_path = public, starhouse;
SELECT starhouse.create_warehouse('streamflix', 'fl ack', 'America/New_York', country => NULL, calendar_from => '2025-01-01') \g /dev/null
DO $$
DECLARE
  r record;
BEGIN
  PERFORM pg_temp.load('fl ack', 'videos', '{"video_id": "V1", "title": "The One", "genre": "Thriller"}');
  FOR r IN SELECT * FROM received ORDER BY batch_id DESC, record_no DESC LOOP
    PERFORM starhouse.ingest('"fl ack".' || r.feed_name, ARRAY[r.payload]);
  END LOOP;
  PERFORM pg_temp.load('fl ack', 'users', '{"user_id": "U1", "subscription_type": "Premium", "effective_at": "2025-03-08 05:00Z"}');
  PERFORM pg_temp.load('fl ack', 'users', '{"user_id": "U1", "subscription_type": "Basic", "effective_at": "2025-01-01 05:00Z"}');
END $$;
SELECT is(pg_temp.state('fl ack'), state, 'in reverse, one by one: the same rows') FROM before;
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('fl ack')$$, 'as sound');
SET LOCAL search_path = 'fl ick', starhouse, public;

-- What is wrong goes to quarantine with its reason, and the good record beside it does not.
CREATE FUNCTION pg_temp.wrong(feed text, record text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  counts text := pg_temp.take(feed, record);
  result text;
BEGIN
  SELECT concat_ws(' ', sqlstate, column_name, reason) INTO result FROM quarantine WHERE feed_name = feed ORDER BY quarantine_id DESC LIMIT 1;
  RETURN CASE WHEN counts = '1 0 0 1' THEN result ELSE 'taken: ' || counts END;
END $$;
CREATE TEMP TABLE good (feed text, record jsonb);
INSERT INTO good VALUES
  ('reviews', '{"review_id": "w", "video_id": "V1", "stars": 5, "submitted_at": "2025-03-08T03:30:00Z"}'),
  ('social_posts', '{"platform": "X", "post_id": "w", "posted_at": "2025-03-08T10:00:00Z", "counters": {"likes": 1}}'),
  ('site_ratings', '{"site": {"site_id": "stars", "scale": 5}, "video_id": "V1", "score": 2, "votes": 1, "observed_at": "2025-03-09T15:00:00Z"}'),
  ('vendor_content', '{"license_id": "w", "video": {"video_id": "V1"}, "terms": {"signed_on": "2025-01-10", "from": "2025-02-01", "to": "2025-12-31", "fee_usd": 4000}}'),
  ('production_costs', '{"booking_id": "w", "amount_usd": 7, "booked_on": "2025-02-15"}'),
  ('productions', '{"production_id": "w", "effective_at": "2025-02-01T00:00:00Z", "stage": "filming"}'),
  ('playback_streams', '{"stream_id": "w", "started_at": "2025-03-08T15:00:00Z", "playback": {"watched_seconds": 60}}');
SELECT matches(pg_temp.wrong(g.feed, jsonb_set(g.record, w.path::text[], w.value::jsonb)::text), w.expected, g.feed || ': ' || w.path || ' = ' || w.value)
FROM good g JOIN (VALUES
  ('reviews', '{stars}', '6', '^23514 stars /stars is above the maximum 5'),
  ('reviews', '{stars}', '0', '^23514 stars /stars is below the minimum 1'),
  ('reviews', '{stars}', '4.5', '^23514 stars /stars is not an integer'),
  ('reviews', '{stars}', '"five"', '^23514 stars /stars is not an integer'),
  ('reviews', '{submitted_at}', '"2025-02-30T00:00:00Z"', '^22008 event_time there is no such date or time'),
  ('reviews', '{submitted_at}', '"2097-01-01T00:00:00Z"', '^22008 event_time the event lies in the future'),
  ('reviews', '{edited_at}', '"2025-03-07T03:30:00Z"', '^22008 revised_at it was edited before it was submitted'),
  ('reviews', '{video_id}', '""', '^23514 video_id /video_id'),
  ('reviews', '{helpful_votes}', '-1', '^23514 helpful_votes'),
  ('social_posts', '{sentiment}', '1.5', '^23514 sentiment /sentiment is above the maximum 1'),
  ('social_posts', '{counters,likes}', '-3', '^23514 likes /counters/likes is below the minimum 0'),
  ('social_posts', '{counters,likes}', '"many"', '^23514 likes /counters/likes is not an integer'),
  ('social_posts', '{observed_at}', '"2025-03-07T10:00:00Z"', '^22008 observed_at it was observed before it was posted'),
  ('site_ratings', '{score}', '5.5', '^23514 score the score is above the best'),
  ('site_ratings', '{score}', '-1', '^23514 score /score is below the minimum 0'),
  ('site_ratings', '{site,scale}', '0', '^23514 scale /site/scale'),
  ('site_ratings', '{votes}', '1.5', '^23514 votes /votes is not an integer'),
  ('vendor_content', '{terms,to}', '"2025-01-01"', '^23514 license_to the licence ends before it begins'),
  ('vendor_content', '{terms,to}', '"2025-02-29"', '^22008 license_to'),
  ('vendor_content', '{terms,fee_usd}', '-1', '^23514 license_fee /terms/fee_usd is below the minimum 0'),
  ('vendor_content', '{terms,signed_on}', '"2097-01-01"', '^22008 signed_on the licence is signed in the future'),
  ('vendor_content', '{revision}', '0', '^23514 revision'),
  ('vendor_content', '{video,genres}', '"Drama"', '^23514 genres /video/genres is not an array'),
  ('production_costs', '{amount_usd}', '0.001', '^23514 amount /amount_usd is no multiple of 0.01'),
  ('production_costs', '{booked_on}', '"2097-01-01"', '^22008 booked_on the booking lies in the future'),
  ('productions', '{stage}', '"dreaming"', '^23514 stage /stage'),
  ('productions', '{budget_usd}', '-1', '^23514 budget /budget_usd is below the minimum 0'),
  ('productions', '{effective_at}', '"2097-01-01T00:00:00Z"', '^22008 effective_at the change takes effect in the future'),
  ('playback_streams', '{playback,watched_seconds}', '-1', '^23514 watch_duration /playback/watched_seconds is below the minimum 0'),
  ('playback_streams', '{playback,watched_seconds}', '90000', '^23514 watch_duration'),
  ('playback_streams', '{started_at}', '"2097-01-01T00:00:00Z"', '^22008 event_time the event lies in the future'),
  ('playback_streams', '{playback}', '{}', '^23502')) w (feed, path, value, expected) USING (feed);
-- What a record has to have, it has to have; half a record is none.
SELECT matches(pg_temp.wrong(g.feed, (g.record - k.key)::text), '^23502 ', g.feed || ' without ' || k.key)
FROM good g CROSS JOIN LATERAL jsonb_object_keys(g.record) k (key) WHERE k.key NOT IN ('counters', 'stage');
SELECT matches(pg_temp.wrong(g.feed, left(g.record::text, -4)), '^22', g.feed || ': a line cut short') FROM good g;
SELECT is(pg_temp.take(g.feed, g.record::text), '1 1 0 0', g.feed || ': the good record') FROM good g;
-- One production told two ways for one moment.
SELECT matches(pg_temp.wrong('productions', '{"production_id": "w", "effective_at": "2025-02-01T00:00:00Z", "stage": "cancelled"}'), '^23505', 'two words for one moment: the first stays');
SELECT is(stage, 'Filming', 'indeed') FROM production_dim WHERE production_id = 'w';
-- Documents follow what a revision moves: the user who no more wrote it, the video it is no more about.
SELECT * FROM starhouse.gold_refresh('fl ick') \g /dev/null
SELECT is(pg_temp.take('reviews', '{"review_id": "m", "user_id": "U1", "video_id": "V1", "stars": 1, "submitted_at": "2025-03-11T03:30:00Z"}'), '1 1 0 0', 'a review');
SELECT * FROM starhouse.gold_refresh('fl ick') \g /dev/null
SELECT is((SELECT document->'reviews' FROM gold_user_profile WHERE key = 'U1'), '1'::jsonb, 'the user has one');
SELECT pg_temp.take('reviews', '{"review_id": "m", "video_id": "V2", "stars": 1, "submitted_at": "2025-03-11T03:30:00Z", "edited_at": "2025-03-12T03:30:00Z"}') \g /dev/null
SELECT bag_has('SELECT gold_name, key FROM gold_dirty', $$VALUES ('gold_user_profile', 'U1'), ('gold_video_profile', 'V1'), ('gold_video_profile', 'V2')$$, 'its next revision names neither: all three documents are marked');
SELECT * FROM starhouse.gold_refresh('fl ick') \g /dev/null
SELECT is((SELECT document->'reviews' FROM gold_user_profile WHERE key = 'U1'), '0'::jsonb, 'and built anew');
SELECT pg_temp.take('productions', '{"production_id": "P1", "effective_at": "2025-04-01T00:00:00Z", "video_id": "V3"}') \g /dev/null
SELECT * FROM starhouse.gold_refresh('fl ick') \g /dev/null
SELECT is(pg_temp.rows_of($$SELECT key, document->>'studio' FROM gold_video_profile WHERE key IN ('V1', 'V3') ORDER BY 1$$), E'(V1,)\n(V3,North)', 'a production that became another video');

-- From a figure to the batches.
SELECT is(pg_temp.rows_of($$SELECT fact, fact_rows, feed_name, source_name, batch_id = (SELECT max(batch_id) FROM batch_log WHERE feed_name = 'reviews') FROM starhouse.lineage('fl ick', 'kpi_reviews', '{"video_key": "V2"}') WHERE fact = 'review_fact'$$),
  '(review_fact,1,reviews,call,t)', 'a review of V2 comes from the batch that moved it there');
SELECT * FROM finish();
ROLLBACK;
