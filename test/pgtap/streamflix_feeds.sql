-- StreamFlix's feeds, step by step on rows that are parsed already (what the contracts refuse is at the end): members,
-- versions as of the event, what becomes known late, what is derived, and that the order of arrival does not matter.
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
-- Loads rows, given as JSON objects of the contract's columns, as one batch. With a change (a statement), what may run ahead
-- does, and the change comes before its turn.
CREATE FUNCTION pg_temp.load_around(warehouse name, feed text, change text, VARIADIC records text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  source record;
  batch bigint;
BEGIN
  SELECT * INTO source FROM starhouse.load_open(warehouse, feed, 'test', NULL, NULL, NULL);
  batch := starhouse.batch_begin(warehouse, feed, source.source_id, source.epoch, source.next_record);
  TRUNCATE pg_temp.batch;
  EXECUTE $sql$
    INSERT INTO pg_temp.batch
    SELECT (jsonb_populate_record(NULL::pg_temp.batch, r.record::jsonb || jsonb_build_object('record_no', r.n,
              'line_hash', hashtextextended((r.record::jsonb->>'user_id') || (r.record::jsonb->>'video_id'), 0)))).*
    FROM unnest($1) WITH ORDINALITY AS r(record, n)$sql$ USING records;
  IF change IS NOT NULL THEN
    IF starhouse.batch_ahead(warehouse, feed, batch) = 0 THEN
      RAISE 'nothing ran ahead';
    END IF;
    EXECUTE change;
  END IF;
  RETURN starhouse.batch_finish(warehouse, feed, batch, cardinality(records) + 1, cardinality(records), 0);
END $$;
CREATE FUNCTION pg_temp.load(warehouse name, feed text, VARIADIC records text[]) RETURNS jsonb LANGUAGE sql AS $$
  SELECT pg_temp.load_around(warehouse, feed, NULL, VARIADIC records) $$;
CREATE FUNCTION pg_temp.play(id text, usr text, video text, device text, region text, at text, minutes numeric, extra jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
  SELECT (jsonb_build_object('event_id', id, 'user_id', usr, 'video_id', video, 'device_id', device, 'region_id', region, 'event_time', at,
                             'watch_duration', minutes) || extra)::text $$;
-- Everything that facts and what is derived from them say, versions by what they hold.
CREATE FUNCTION pg_temp.state(warehouse name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN concat_ws(E'\n--\n',
    pg_temp.rows_of(format('SELECT f.time_key, f.event_id, f.region_key, f.user_key, f.video_key, f.device_key, f.watch_duration, f.watch_clipped,
                                   f.video_length, f.completion_rate, u.subscription_type
                            FROM %1$I.viewership_fact f JOIN %1$I.user_history u USING (user_version) ORDER BY f.event_time, f.event_id', warehouse)),
    pg_temp.rows_of(format('SELECT f.time_key, f.interaction_id, f.region_key, f.user_key, f.video_key, f.action, u.subscription_type
                            FROM %1$I.interaction_fact f JOIN %1$I.user_history u USING (user_version) ORDER BY f.event_time, f.interaction_id', warehouse)),
    pg_temp.rows_of(format('SELECT f.time_key, f.recommendation_id, f.region_key, f.user_key, f.video_key, f.recommendation_score, f.click_rate, f.click_flag, f.watch_flag
                            FROM %1$I.recommendation_fact f ORDER BY f.event_time, f.recommendation_id', warehouse)),
    pg_temp.derived(warehouse));
END $$;
CREATE FUNCTION pg_temp.derived(warehouse name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN concat_ws(E'\n--\n',
    pg_temp.rows_of(format('SELECT time_key, event_time, region_key, video_key, views, trim_scale(watch_minutes), trim_scale(buffering_seconds), measured_views,
                                   trim_scale(completion_sum), likes, shares, comments, watch_percent, avg_session_time, engagement_score
                            FROM %I.engagement_fact ORDER BY 2, 3, 4', warehouse)),
    pg_temp.rows_of(format('SELECT time_key, event_time, region_key, views, trim_scale(watch_minutes) FROM %I.viewing_hour_fact ORDER BY 2, 3', warehouse)));
END $$;
CREATE FUNCTION pg_temp.rebuilt(warehouse name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT %1$I.rebuild_viewing(time_zone, ''2025-01-01 00:00Z'', ''2025-12-31 00:00Z'') FROM %1$I.warehouse_info', warehouse);
  RETURN pg_temp.derived(warehouse);
END $$;

SELECT starhouse.create_warehouse('streamflix', 'sf a', 'America/New_York', country => 'US', calendar_from => '2025-01-01') \g /dev/null
SET LOCAL search_path = 'sf a', starhouse, public;

-- Playbacks come first: nothing is known about user, video, device, region.
SELECT is(pg_temp.load('sf a', 'playback_events',
    pg_temp.play('e1', 'U1', 'V1', 'D1', NULL, '2025-03-08 14:00Z', 100, '{"buffering_time": 6, "buffering_events": 2, "startup_time": 1, "quality_level": "1080p", "bitrate_avg": 3000}'),
    pg_temp.play('e2', 'U1', 'V1', 'D1', NULL, '2025-03-10 03:30Z', 150),
    pg_temp.play('e3', 'U2', 'V2', 'D2', 'IN-W', '2025-03-08 14:00Z', 60, '{"video_length": 45}'),
    pg_temp.play('e4', NULL, NULL, NULL, NULL, '2025-03-09 06:30Z', 5)) - 'steps',
  '{"read": 4, "loaded": 4, "rejected": 0, "duplicates": 0, "rejected_by_steps": 0}', 'playbacks before anything else load');
SELECT is(pg_temp.rows_of('SELECT event_id, time_key, region_key, user_key, video_key, video_id, device_key, watch_duration, watch_clipped, video_length, completion_rate FROM viewership_fact ORDER BY 1'),
  E'(e1,"2025-03-08 09:00:00",?,U1,V1,V1,D1,100,0,,)\n(e2,"2025-03-09 23:00:00",?,U1,V1,V1,D1,150,0,,)\n'
  '(e3,"2025-03-08 09:00:00",IN-W,U2,V2,V2,D2,45,1,45,100)\n(e4,"2025-03-09 01:00:00",?,?,?,,?,5,0,,)',
  'hours are the warehouse''s; what goes beyond the video is cut and flagged; a completion needs a length');
SELECT is(pg_temp.rows_of('SELECT ''user'', user_id FROM user_dim WHERE is_inferred UNION ALL SELECT ''video'', video_id FROM video_dim WHERE is_inferred
    UNION ALL SELECT ''device'', device_id FROM device_dim WHERE is_inferred UNION ALL SELECT ''region'', region_id FROM region_dim WHERE is_inferred ORDER BY 1, 2'),
  E'(device,D1)\n(device,D2)\n(region,IN-W)\n(user,U1)\n(user,U2)\n(video,V1)\n(video,V2)', 'members are inferred');
SELECT is(pg_temp.rows_of('SELECT region_key, video_key, time_key, event_time, views, watch_minutes, measured_views, watch_percent, avg_session_time, engagement_score
                           FROM engagement_fact ORDER BY event_time, video_key'),
  E'(?,V1,"2025-03-08 00:00:00","2025-03-08 05:00:00+00",1,100,0,,100.00,)\n'
  '(IN-W,V2,"2025-03-08 00:00:00","2025-03-08 05:00:00+00",1,45,1,100.00,45.00,56.00)\n'
  '(?,?,"2025-03-09 00:00:00","2025-03-09 05:00:00+00",1,5,0,,5.00,)\n(?,V1,"2025-03-09 00:00:00","2025-03-09 05:00:00+00",1,150,0,,150.00,)',
  'engagement by the warehouse''s day: 0.5 * 100 + 0.1 * 100 * 45 / (45 + 30); no score without a completion');
-- Unknown clocks: hours of the warehouse. e2 runs 23:30 to 02:00.
SELECT is(pg_temp.rows_of('SELECT region_key, time_key, views, trim_scale(watch_minutes) FROM viewing_hour_fact WHERE event_time > ''2025-03-09'' ORDER BY event_time'),
  E'(?,"2025-03-09 01:00:00",1,5)\n(?,"2025-03-09 23:00:00",1,30)\n(?,"2025-03-10 00:00:00",0,60)\n(?,"2025-03-10 01:00:00",0,60)', 'hours watched');
SELECT is(pg_temp.rows_of('SELECT time_key FROM viewing_hour_fact WHERE region_key = ''IN-W'''), '("2025-03-08 09:00:00")', 'a region without a clock lives by the warehouse''s');

-- What becomes known late comes to the facts: a clock, a region, a length, a subscription.
SELECT is(pg_temp.load('sf a', 'regions', '{"region_id": "IN-W", "region_name": "India West", "country": "India", "timezone": "Asia/Kolkata"}',
    '{"region_id": "US-E", "country": "United States", "timezone": "America/New_York", "population": 180000000}',
    '{"region_id": "MARS", "timezone": "Mars/Olympus"}')->>'rejected', '1', 'regions: a zone that does not exist is refused');
SELECT is(pg_temp.rows_of('SELECT sqlstate, column_name, value, reason FROM quarantine'), '(22023,timezone,Mars/Olympus,"there is no such time zone")', 'with the reason');
SELECT is(pg_temp.rows_of('SELECT event_time, time_key, views, trim_scale(watch_minutes) FROM viewing_hour_fact WHERE region_key = ''IN-W'' ORDER BY 1'),
  E'("2025-03-08 13:30:00+00","2025-03-08 08:00:00",1,30)\n("2025-03-08 14:30:00+00","2025-03-08 09:00:00",0,15)', 'with its clock, hours are India''s: 19:30 to 20:15');
SELECT is(pg_temp.load('sf a', 'videos', '{"video_id": "V1", "title": "Alpha", "genre": "Action / Drama", "cast_members": "Ann, Bob", "video_length": 120, "release_year": 2020}')
  #>> '{steps,3,changed}', '1', 'the video''s own row completes the member');
SELECT is(pg_temp.rows_of('SELECT title, genre, genres, cast_members, is_inferred FROM video_dim WHERE video_id = ''V1'''), '(Alpha,Action,"{Action,Drama}","{Ann,Bob}",f)', 'lists are taken apart');
SELECT is(pg_temp.rows_of('SELECT event_id, watch_duration, watch_clipped, video_length, completion_rate FROM viewership_fact WHERE video_key = ''V1'' ORDER BY 1'),
  E'(e1,100,0,120,83.33)\n(e2,120,1,120,100)', 'its length comes to the playbacks: completion, and the cut');
SELECT is(pg_temp.load('sf a', 'users',
    '{"user_id": "U1", "name": "Asha", "gender": "Female", "age": 30, "country": "united states", "subscription_type": "Basic", "effective_at": "2025-01-01 00:00Z"}',
    '{"user_id": "U1", "subscription_type": "Premium", "effective_at": "2025-03-09 00:00Z"}')->>'rejected', '0', 'profiles');
SELECT is(pg_temp.rows_of('SELECT event_id, region_key, subscription_type FROM viewership_fact f JOIN user_history USING (user_version) WHERE user_key = ''U1'' ORDER BY 1'),
  E'(e1,US-E,Basic)\n(e2,US-E,Premium)', 'the country''s only region places the user''s playbacks; each has the subscription of its day');
SELECT is(pg_temp.rows_of('SELECT user_id, region, subscription_type FROM user_dim WHERE user_id = ''U1'''), '(U1,US-E,Premium)', 'as it is');
SELECT is(pg_temp.load('sf a', 'users', '{"user_id": "U1", "age": 31, "name": "Asha R.", "effective_at": "2025-04-01 00:00Z"}') #>> '{steps,5,changed}', NULL, 'a corrected name');
SELECT is(pg_temp.rows_of('SELECT name, age, subscription_type FROM user_history WHERE user_id = ''U1'' ORDER BY valid_from'), E'("Asha R.",31,Basic)\n("Asha R.",31,Premium)',
  'is overwritten in every version and opens none');
SELECT is(pg_temp.rows_of('SELECT region_key, video_key, views, watch_minutes FROM engagement_fact ORDER BY event_time, video_key'),
  E'(US-E,V1,1,100)\n(IN-W,V2,1,45)\n(?,?,1,5)\n(US-E,V1,1,120)', 'what is derived has moved along');
SELECT is(pg_temp.derived('sf a'), pg_temp.rebuilt('sf a'), 'and equals what is computed from nothing');

SELECT lives_ok($$SELECT pg_temp.load('sf a', 'users',
    '{"user_id": "U7", "subscription_type": "Free", "name": "Gil", "region": "GB", "effective_at": "2025-01-01 00:00Z"}',
    '{"user_id": "U7", "subscription_type": "Standard", "effective_at": "2025-02-01 00:00Z"}',
    '{"user_id": "U7", "age": 20, "effective_at": "2025-03-01 00:00Z"}')$$, 'three rows of one user, each telling a part');
SELECT is(pg_temp.rows_of('SELECT name, age, region, subscription_type, valid_from FROM user_history WHERE user_id = ''U7'' ORDER BY valid_from'),
  E'(Gil,20,GB,Free,"2025-01-01 00:00:00+00")\n(Gil,20,GB,Standard,"2025-02-01 00:00:00+00")', 'lose nothing and open no version more');

-- Duplicates, the future, more of a day that is there.
SELECT is(pg_temp.load('sf a', 'playback_events',
    pg_temp.play('e1', 'U1', 'V1', 'D1', NULL, '2025-03-08 14:00Z', 100, '{"buffering_time": 6}'),
    pg_temp.play('e5', 'U1', 'V1', 'D1', NULL, '2025-03-08 20:00Z', 20, '{"buffering_time": 4}'),
    pg_temp.play('e5', 'U1', 'V1', 'D1', NULL, '2025-03-08 20:00Z', 20, '{"buffering_time": 4}'),
    pg_temp.play('e6', 'U1', 'V1', 'D1', NULL, (now() + interval '2 days')::text, 20)) - 'steps',
  '{"read": 4, "loaded": 1, "rejected": 1, "duplicates": 2, "rejected_by_steps": 1}', 'an event read again adds nothing; one of the future is refused');
SELECT is(pg_temp.rows_of('SELECT sqlstate, column_name, reason FROM quarantine WHERE feed_name = ''playback_events'''), '(22008,event_time,"the event lies in the future")', 'with the reason');
SELECT is(pg_temp.rows_of('SELECT views, watch_minutes, buffering_seconds, measured_views, watch_percent, avg_session_time FROM engagement_fact WHERE region_key = ''US-E'' AND time_key = ''2025-03-08'''),
  '(2,120,10,2,50.00,60.00)', 'only what is new is added: (83.33 + 16.67) / 2, 120 / 2');
SELECT is(pg_temp.load('sf a', 'interactions',
    '{"interaction_id": "i1", "user_id": "U1", "video_id": "V1", "action": "Like", "event_time": "2025-03-08 15:00Z"}',
    '{"user_id": "U1", "video_id": "V1", "action": "Share", "event_time": "2025-03-08 15:01Z"}',
    '{"interaction_id": "i2", "user_id": "U9", "video_id": "V9", "action": "Comment", "event_time": "2025-03-20 15:01Z", "region_id": "GB"}') - 'steps',
  '{"read": 3, "loaded": 3, "rejected": 0, "duplicates": 0, "rejected_by_steps": 0}', 'interactions');
SELECT is(pg_temp.load('sf a', 'interactions',
    '{"user_id": "U1", "video_id": "V1", "action": "Share", "event_time": "2025-03-08 15:01Z"}')->>'duplicates', '1', 'without an id, the same at the same moment is one');
-- Per playback: likes 0.5, shares 0.5. 0.5 * 50 + 0.15 * 100 * 0.5 / 0.55 + 0.15 * 100 * 0.5 / 0.52 + 0.1 * 100 * 60 / 90 = 25 + 13.636 + 14.423 + 6.667
SELECT is(pg_temp.rows_of('SELECT likes, shares, comments, engagement_score FROM engagement_fact WHERE region_key = ''US-E'' AND time_key = ''2025-03-08'''), '(1,1,0,59.73)', 'count in the score');
SELECT is(pg_temp.rows_of('SELECT views, comments, watch_percent, engagement_score FROM engagement_fact WHERE region_key = ''GB'''), '(0,1,,)', 'a comment without a playback has no score');
SELECT is(pg_temp.derived('sf a'), pg_temp.rebuilt('sf a'), 'deltas equal what is computed from nothing');

-- Recommendations: flags rise, whichever record comes first.
SELECT is(pg_temp.load('sf a', 'recommendations',
    '{"recommendation_id": "r1", "user_id": "U1", "video_id": "V1", "recommendation_score": 0.9, "click_flag": false, "watch_flag": false, "event_time": "2025-03-08 15:00Z"}',
    '{"recommendation_id": "r1", "user_id": "U1", "video_id": "V1", "recommendation_score": 0.9, "click_flag": true, "watch_flag": false, "event_time": "2025-03-08 15:00Z"}',
    '{"recommendation_id": "r2", "user_id": "U1", "video_id": "V2", "recommendation_score": 0.2, "click_flag": true, "watch_flag": true, "event_time": "2025-03-08 15:00Z"}')->>'loaded', '2', 'recommendations');
SELECT lives_ok($$SELECT pg_temp.load('sf a', 'recommendations',
    '{"recommendation_id": "r1", "user_id": "U1", "video_id": "V1", "recommendation_score": 0.9, "click_flag": true, "watch_flag": true, "event_time": "2025-03-08 15:00Z"}',
    '{"recommendation_id": "r2", "user_id": "U1", "video_id": "V2", "recommendation_score": 0.2, "click_flag": false, "watch_flag": false, "event_time": "2025-03-08 15:00Z"}')$$, 'later records of the same');
SELECT is(pg_temp.rows_of('SELECT recommendation_id, region_key, click_rate, click_flag, watch_flag FROM recommendation_fact ORDER BY 1'), E'(r1,US-E,100,1,1)\n(r2,US-E,100,1,1)', 'raise the flags and never lower them');

-- Devices: the newest report stays.
SELECT lives_ok($$SELECT pg_temp.load('sf a', 'devices',
    '{"device_id": "D1", "user_id": "U1", "os": "Android", "bandwidth": 20, "connection_type": "WiFi", "seen_at": "2025-03-08 10:00Z"}',
    '{"device_id": "D1", "os": "Android", "bandwidth": 30, "seen_at": "2025-03-08 11:00Z"}')$$, 'device reports');
SELECT is(pg_temp.load('sf a', 'devices', '{"device_id": "D1", "bandwidth": 99, "seen_at": "2025-03-08 09:00Z"}', '{"device_id": "D1", "bandwidth": 99, "seen_at": "2090-03-08 09:00Z"}')->>'rejected', '1', 'an older one, and one of the future');
SELECT is(pg_temp.rows_of('SELECT bandwidth, os, user_id, is_inferred FROM device_dim WHERE device_id = ''D1'''), '(30,Android,U1,f)', 'change nothing; what the newest report left out stays');
SELECT is_empty($$SELECT * FROM check_integrity('sf a')$$, 'keys and versions are sound');

-- The same records in another order, in other batches, give the same warehouse.
SELECT starhouse.create_warehouse('streamflix', 'sf b', 'America/New_York', country => 'US', calendar_from => '2025-01-01') \g /dev/null
DO $$ BEGIN
  PERFORM pg_temp.load('sf b', 'recommendations',
    '{"recommendation_id": "r2", "user_id": "U1", "video_id": "V2", "recommendation_score": 0.2, "click_flag": false, "watch_flag": false, "event_time": "2025-03-08 15:00Z"}',
    '{"recommendation_id": "r1", "user_id": "U1", "video_id": "V1", "recommendation_score": 0.9, "click_flag": true, "watch_flag": true, "event_time": "2025-03-08 15:00Z"}');
  PERFORM pg_temp.load('sf b', 'interactions',
    '{"interaction_id": "i2", "user_id": "U9", "video_id": "V9", "action": "Comment", "event_time": "2025-03-20 15:01Z", "region_id": "GB"}',
    '{"user_id": "U1", "video_id": "V1", "action": "Share", "event_time": "2025-03-08 15:01Z"}');
  PERFORM pg_temp.load('sf b', 'users', '{"user_id": "U1", "subscription_type": "Premium", "effective_at": "2025-03-09 00:00Z"}');
  PERFORM pg_temp.load('sf b', 'playback_events', pg_temp.play('e5', 'U1', 'V1', 'D1', NULL, '2025-03-08 20:00Z', 20, '{"buffering_time": 4}'),
    pg_temp.play('e4', NULL, NULL, NULL, NULL, '2025-03-09 06:30Z', 5));
  PERFORM pg_temp.load('sf b', 'videos', '{"video_id": "V1", "title": "Alpha", "genre": "Action|Drama", "cast_members": "Ann, Bob", "video_length": 120, "release_year": 2020}');
  PERFORM pg_temp.load('sf b', 'playback_events', pg_temp.play('e2', 'U1', 'V1', 'D1', NULL, '2025-03-10 03:30Z', 150),
    pg_temp.play('e3', 'U2', 'V2', 'D2', 'IN-W', '2025-03-08 14:00Z', 60, '{"video_length": 45}'));
  PERFORM pg_temp.load('sf b', 'regions', '{"region_id": "US-E", "country": "United States", "timezone": "America/New_York", "population": 180000000}');
  PERFORM pg_temp.load('sf b', 'users',
    '{"user_id": "U1", "name": "Asha", "gender": "Female", "age": 30, "country": "United States", "subscription_type": "Basic", "effective_at": "2025-01-01 00:00Z"}');
  PERFORM pg_temp.load('sf b', 'recommendations',
    '{"recommendation_id": "r2", "user_id": "U1", "video_id": "V2", "recommendation_score": 0.2, "click_flag": true, "watch_flag": true, "event_time": "2025-03-08 15:00Z"}',
    '{"recommendation_id": "r1", "user_id": "U1", "video_id": "V1", "recommendation_score": 0.9, "click_flag": false, "watch_flag": false, "event_time": "2025-03-08 15:00Z"}');
  PERFORM pg_temp.load('sf b', 'interactions', '{"interaction_id": "i1", "user_id": "U1", "video_id": "V1", "action": "Like", "event_time": "2025-03-08 15:00Z"}');
  PERFORM pg_temp.load('sf b', 'regions', '{"region_id": "IN-W", "region_name": "India West", "country": "India", "timezone": "Asia/Kolkata"}');
  PERFORM pg_temp.load('sf b', 'playback_events',
    pg_temp.play('e1', 'U1', 'V1', 'D1', NULL, '2025-03-08 14:00Z', 100, '{"buffering_time": 6, "buffering_events": 2, "startup_time": 1, "quality_level": "1080p", "bitrate_avg": 3000}'));
END $$;
SELECT is(pg_temp.state('sf b'), pg_temp.state('sf a'), 'facts and what is derived do not depend on the order of arrival');
SELECT is(pg_temp.derived('sf b'), pg_temp.rebuilt('sf b'), 'and equal what is computed from nothing');
SELECT is_empty($$SELECT * FROM check_integrity('sf b')$$, 'the keys are as sound');

-- What the contracts refuse, and what they mend.
CREATE FUNCTION pg_temp.refuses(feed text, record text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  header text := CASE feed WHEN 'videos' THEN 'video_id,title,video_length' WHEN 'users' THEN 'user_id,age,subscription_type,signup_date' END;
  result text;
BEGIN
  EXECUTE 'SELECT concat_ws('' '', p.sqlstate, p.column_name) FROM "sf a".feed f, starhouse.contract_parse(f.contract, ''UTC'', $2) p WHERE f.feed_name = $1 ORDER BY p.ordinal DESC LIMIT 1'
    INTO result USING feed, CASE WHEN header IS NULL THEN ARRAY[record] ELSE ARRAY[header, record] END;
  RETURN result;
END $$;
SELECT is(pg_temp.refuses(feed, record), expected, name) FROM (VALUES
  ('playback_events', '{"event_id": "e", "timestamp": "2025-03-08T14:00:00Z", "watch_duration": 1}', '', 'the least a playback says'),
  ('playback_events', '{"event_id": "e", "timestamp": 1741442400, "watch_duration": "1.5", "quality_level": "HD", "region": "gb"}', '', 'epoch seconds'),
  ('playback_events', '{"event_id": "e", "timestamp": "2025-03-08T14:00:00Z", "watch_duration": -1}', '23514 watch_duration', 'negative minutes'),
  ('playback_events', '{"event_id": "e", "timestamp": "2025-03-08T14:00:00Z", "watch_duration": 1441}', '23514 watch_duration', 'more than a day at once'),
  ('playback_events', '{"event_id": "e", "timestamp": "2025-03-08T14:00:00Z", "watch_duration": 1, "buffering_time": -0.1}', '23514 buffering_time', 'negative buffering'),
  ('playback_events', '{"event_id": "e", "timestamp": "2025-03-08T14:00:00Z", "watch_duration": 1, "video_length": 0}', '23514 video_length', 'a video of no length'),
  ('playback_events', '{"event_id": "e", "timestamp": "2025-03-08T14:00:00Z", "watch_duration": "NaN"}', '22P02 watch_duration', 'no number'),
  ('playback_events', '{"event_id": "e", "timestamp": "2025-02-30T14:00:00Z", "watch_duration": 1}', '22008 event_time', 'no such day'),
  ('playback_events', '{"event_id": "e", "watch_duration": 1}', '23502 event_time', 'no time'),
  ('playback_events', '{"timestamp": "2025-03-08T14:00:00Z", "watch_duration": 1}', '23502 event_id', 'no id'),
  ('playback_events', '{"event_id": "e", "timestamp": "2025-03-08T14:0', '22032', 'a line cut short'),
  ('recommendations', '{"video_id": "V", "recommendation_score": 1.01, "timestamp": "2025-03-08T14:00:00Z"}', '23514 recommendation_score', 'a score above 1'),
  ('recommendations', '{"video_id": "V", "click_flag": 2, "timestamp": "2025-03-08T14:00:00Z"}', '22P02 click_flag', 'a flag that is neither 0 nor 1'),
  ('recommendations', '{"video_id": "V", "click_flag": 1, "watch_flag": 0, "timestamp": "2025-03-08T14:00:00Z"}', '', 'flags as numbers'),
  ('interactions', '{"video_id": "V", "action": "boo", "timestamp": "2025-03-08T14:00:00Z"}', '23514 action', 'an action that is none of the three'),
  ('devices', '{"device_id": "D", "bandwidth": -3}', '23514 bandwidth', 'negative bandwidth'),
  ('videos', 'V,T,-90', '23514 video_length', 'a video of negative length'),
  ('users', 'U,200,Gold,2025-01-01', '23514 subscription_type', 'a subscription that is none'),
  ('users', 'U,200,premium,2025-02-31', '', 'an age and a day that cannot be are left out')) c (feed, record, expected, name);

-- Rows that tell only some of it: what another row told stays, in one batch as in several.
CREATE FUNCTION pg_temp.each(warehouse name, feed text, VARIADIC records text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  r text;
BEGIN
  FOREACH r IN ARRAY records LOOP PERFORM pg_temp.load(warehouse, feed, r); END LOOP;
END $$;
CREATE TEMP TABLE partial (feed text, of text, records text[], expected text);
INSERT INTO partial VALUES
  ('users', 'SELECT name, gender, age, country, subscription_type, signup_date FROM user_history WHERE user_id = ''%s'' ORDER BY valid_from', ARRAY[
    '{"user_id": "%s", "name": "Asha", "age": 30, "subscription_type": "Basic", "effective_at": "2025-01-01 00:00Z"}',
    '{"user_id": "%s", "gender": "Female", "subscription_type": "Premium", "effective_at": "2025-02-01 00:00Z"}', '{"user_id": "%s", "country": "Peru", "age": 31, "effective_at": "2025-03-01 00:00Z"}'],
    E'(Asha,Female,31,Peru,Basic,)\n(Asha,Female,31,Peru,Premium,)'),
  ('regions', 'SELECT region_name, country, timezone, population FROM region_dim WHERE region_id = ''%s''', ARRAY[
    '{"region_id": "%s", "region_name": "South", "timezone": "America/Lima"}', '{"region_id": "%s", "country": "Chile"}', '{"region_id": "%s", "population": 5, "region_name": "The South"}'],
    '("The South",Chile,America/Lima,5)'),
  ('videos', 'SELECT title, genre, genres, cast_members, video_length, release_year FROM video_dim WHERE video_id = ''%s''', ARRAY[
    '{"video_id": "%s", "title": "Beta", "genre": "Drama / Crime", "video_length": 90}', '{"video_id": "%s", "cast_members": "Ann, Bob", "release_year": 2020}', '{"video_id": "%s", "title": "Beta!"}'],
    '(Beta!,Drama,"{Drama,Crime}","{Ann,Bob}",90,2020)'),
  ('devices', 'SELECT user_id, os, app_version, connection_type, bandwidth, seen_at FROM device_dim WHERE device_id = ''%s''', ARRAY[
    '{"device_id": "%s", "os": "iOS", "user_id": "U1", "seen_at": "2025-03-08 10:00Z"}', '{"device_id": "%s", "bandwidth": 5, "connection_type": "4G", "seen_at": "2025-03-08 11:00Z"}',
    '{"device_id": "%s", "bandwidth": 7, "seen_at": "2025-03-08 12:00Z"}'], '(U1,iOS,,4G,7,"2025-03-08 12:00:00+00")');
DO $$
DECLARE
  p record;
BEGIN
  FOR p IN SELECT * FROM partial LOOP
    EXECUTE format('SELECT pg_temp.load(''sf a'', %L, VARIADIC %L)', p.feed, ARRAY(SELECT replace(r, '%s', 'PART1') FROM unnest(p.records) r));
    EXECUTE format('SELECT pg_temp.each(''sf a'', %L, VARIADIC %L)', p.feed, ARRAY(SELECT replace(r, '%s', 'PART2') FROM unnest(p.records) r));
    EXECUTE format('SELECT pg_temp.load(''sf a'', %L, VARIADIC %L)', p.feed, ARRAY(SELECT replace(r, '%s', 'PART3') FROM unnest(p.records) WITH ORDINALITY r(r, n) ORDER BY n DESC));
  END LOOP;
  PERFORM pg_temp.load('sf a', 'devices', '{"device_id": "PART1", "os": "Linux", "app_version": "1.0", "seen_at": "2025-03-08 09:00Z"}');
END $$;
SELECT is(pg_temp.rows_of(replace(of, '%s', 'PART1')), replace(expected, 'iOS,,4G', 'iOS,1.0,4G'), feed || ': no row blanks what another one of the batch told') FROM partial;
SELECT is(pg_temp.rows_of(replace(of, '%s', 'PART2')), expected, feed || ': nor what another batch told') FROM partial;
SELECT is(pg_temp.rows_of(replace(of, '%s', 'PART3')), expected, feed || ': in whatever order they stand') FROM partial WHERE feed IN ('users', 'devices');

-- A user who is known ahead of the turn, and taken back before it.
SET LOCAL search_path = 'sf a', starhouse, public;
SELECT starhouse.scd_register('user_history', key => '{user_id}', type1 => '{name,gender,age,country,region,signup_date}', surrogate => 'user_version',
  remember_repeats => false, journal => true, ignore_null_updates => true) \g /dev/null
CREATE TEMP TABLE later_user AS SELECT 'GONE' AS user_id, 'Gita' AS name, subscription_type, gender, age, country, region, signup_date, timestamptz '2025-01-01 00:00Z' AS effective_at
  FROM user_history WHERE user_id = 'PART1' LIMIT 1;
CALL starhouse.scd2_merge('user_history', 'later_user', 'feed', 'effective_at');
SELECT is((pg_temp.load_around('sf a', 'playback_events', $$SELECT starhouse.scd_undo('user_history')$$,
  pg_temp.play('GONE1', 'GONE', 'V1', 'D1', 'NY', '2025-03-08 10:00Z', 5), pg_temp.play('GONE2', 'U1', 'V1', 'D1', 'NY', '2025-03-08 10:00Z', 5))->>'loaded')::int, 2, 'playbacks of one whose merge is taken back while they wait');
SELECT is(pg_temp.rows_of($$SELECT f.event_id, u.user_id, u.is_inferred FROM viewership_fact f JOIN user_history u USING (user_version) WHERE f.event_id IN ('GONE1', 'GONE2') ORDER BY 1$$),
  E'(GONE1,GONE,t)\n(GONE2,U1,f)', 'have the user inferred, and the others as they are');
SELECT is_empty($$SELECT * FROM check_integrity('sf a')$$, 'keys and versions are still sound');
SELECT * FROM finish();
ROLLBACK;
