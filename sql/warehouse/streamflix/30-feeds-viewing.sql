-- Feeds of what viewers do: playbacks, likes/shares/comments, recommendations, and the public file of
-- measured playbacks. They differ in what a record looks like (the contract, and one projection to a fact's
-- columns); what happens to a batch is said once, in `common`:
--   reject what cannot be, make room in calendar and partitions, infer members that are not known yet,
--   append facts with the versions in force at the event, add them to what is derived.
-- A key is (event_time, the source's id): an event read twice is one fact, wherever and whenever it is read.
WITH common AS (
  SELECT
    jsonb_build_object('step', 'reject', 'name', 'future', 'ahead', true, 'column', 'event_time', 'code', '22008',
      'when', $sql$event_time > (SELECT now() + interval '1 day')$sql$,
      'reason', 'the event lies in the future', 'hint', 'The clock of the device is wrong: correct the time, or drop the record.') AS future,
    -- One batch at a time, so that each adds to what its predecessors left; readers go on. It comes before any
    -- other lock: batches that wait hold nothing another one needs.
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE engagement_fact IN SHARE ROW EXCLUSIVE MODE',
      'replace', jsonb_build_array('LOCK TABLE engagement_fact IN SHARE ROW EXCLUSIVE MODE')) AS turn,
    -- A playback may run on for a day, and a day begins up to a day before an instant of it.
    jsonb_build_object('step', 'sql', 'name', 'room', 'sql', $sql$
      SELECT extend_calendar(current_schema(), (min(event_time) AT TIME ZONE {time_zone})::date - 1, (max(event_time) AT TIME ZONE {time_zone})::date + 2),
             ensure_partitions('engagement_fact', min(event_time) - interval '1 day', max(event_time)),
             ensure_partitions('viewing_hour_fact', min(event_time) - interval '1 hour', max(event_time) + interval '1 day')
      FROM batch$sql$) AS room,
    -- The batch is read once for the keys of all dimensions; %s are those of the feed beyond region, user and video. Members that are known are left out
    -- already, ahead of the turn: the steps "new ..." look for the few others again, which a batch before this one may bring. What users these were stands
    -- with them as column 0.
    $sql$CREATE TEMP TABLE IF NOT EXISTS batch_key (column_no int, value text) ON COMMIT DELETE ROWS$sql$ AS key_table,
    $sql$
      WITH before AS (DELETE FROM batch_key)
      INSERT INTO batch_key
      SELECT 0, users_version()
      UNION ALL
      SELECT k.* FROM distinct_values('SELECT region_id, user_id, video_id%s FROM batch') k
      WHERE CASE k.column_no WHEN 1 THEN (SELECT true FROM region_dim d WHERE d.region_id = k.value LIMIT 1)
                             WHEN 2 THEN (SELECT true FROM user_history d WHERE d.user_id = k.value AND d.valid_from >= '-infinity' ORDER BY d.valid_from LIMIT 1)
                             WHEN 3 THEN (SELECT true FROM video_dim d WHERE d.video_id = k.value LIMIT 1)
                             ELSE (SELECT true FROM device_dim d WHERE d.device_id = k.value LIMIT 1) END IS NULL$sql$ AS keys,
    -- A merge taken back since then may have taken users with it: all are looked for again. No row is read where none was.
    jsonb_build_object('step', 'sql', 'name', 'users changed', 'sql', $sql$
      INSERT INTO batch_key
      SELECT 2, k.value FROM distinct_values('SELECT user_id FROM batch') k
      WHERE ((SELECT b.value FROM batch_key b WHERE b.column_no = 0) = users_version()) IS NOT TRUE
      EXCEPT
      SELECT b.column_no, b.value FROM batch_key b$sql$) AS users_changed,
    jsonb_build_array(
      jsonb_build_object('step', 'members', 'name', 'new regions', 'into', 'region_dim', 'key', 'region_id',
        'select', 'SELECT value FROM batch_key WHERE column_no = 1'),
      jsonb_build_object('step', 'members', 'name', 'new users', 'into', 'user_history',
        'select', 'SELECT value FROM batch_key WHERE column_no = 2'),
      jsonb_build_object('step', 'members', 'name', 'new videos', 'into', 'video_dim', 'key', 'video_id',
        'select', 'SELECT value FROM batch_key WHERE column_no = 3')) AS members,
    jsonb_build_object('step', 'members', 'name', 'new devices', 'into', 'device_dim', 'key', 'device_id',
      'select', 'SELECT value FROM batch_key WHERE column_no = 4') AS devices,
    -- The first version of a user also holds for all time before it; asked for only where no other does. %1$s are the fact's own columns, %2$s its joins.
    -- In the order of the key, whose index grows at one place after the other then, and of the records: the first of one key counts.
    $sql$
      SELECT date_trunc('hour', b.event_time AT TIME ZONE {time_zone}) AS time_key,
             coalesce(b.region_id, u.region,
                      CASE WHEN u.user_version IS NULL THEN
                        (SELECT h.region FROM user_history h WHERE h.user_id = b.user_id AND h.valid_from > b.event_time ORDER BY h.valid_from LIMIT 1) END,
                      '?') AS region_key,
             coalesce(b.user_id, '?') AS user_key, coalesce(b.video_id, '?') AS video_key,
             coalesce(u.user_version,
                      (SELECT h.user_version FROM user_history h WHERE h.user_id = b.user_id AND h.valid_from > b.event_time ORDER BY h.valid_from LIMIT 1),
                      -1) AS user_version,
             b.event_time, %1$s
      FROM batch b
      LEFT JOIN user_history u ON u.user_id = b.user_id AND u.valid_from <= b.event_time AND u.valid_to > b.event_time
      %2$s
      ORDER BY b.event_time, b.record_no$sql$ AS fact_select,
    -- What follows from the playbacks that a batch added, said in terms of those ("added"): in bulk, which checks foreign keys once per key
    -- instead of once per row; what is there already ("known") is added to its rows. 25-derived.sql has the same from the facts.
    $sql$
      SELECT append_facts('viewing_hour_fact', $rows$
        SELECT date_trunc('hour', g.hour AT TIME ZONE {time_zone}) AS time_key, g.key AS region_key, g.hour AS event_time, g.begun AS views,
               g.minutes AS watch_minutes, {batch_id}::bigint AS batch_id
        FROM clock_hours($q$SELECT f.region_key, f.event_time, f.watch_duration, coalesce(r.timezone, {time_zone})
                            FROM added f JOIN region_dim r ON r.region_id = f.region_key$q$) g
        ORDER BY g.hour, g.key$rows$, ARRAY[$then$
          UPDATE viewing_hour_fact h
          SET views = h.views + k.views, watch_minutes = h.watch_minutes + k.watch_minutes, batch_id = k.batch_id
          FROM known k
          WHERE h.event_time = k.event_time AND h.region_key = k.region_key
            AND h.event_time >= (SELECT min(event_time) FROM known) AND h.event_time <= (SELECT max(event_time) FROM known)$then$])$sql$ AS hours,
    -- The weights are those of viewer_engagement. Rows come in the order of the fact's key.
    $sql$
      SELECT append_facts('engagement_fact', $rows$
        SELECT date_trunc('hour', (d.day::timestamp AT TIME ZONE {time_zone}) AT TIME ZONE {time_zone}) AS time_key, d.region AS region_key,
               d.video AS video_key, d.day::timestamp AT TIME ZONE {time_zone} AS event_time, d.views, d.minutes AS watch_minutes,
               d.buffering AS buffering_seconds, d.measured AS measured_views, d.completion AS completion_sum, d.watch_percent,
               d.session_minutes AS avg_session_time, d.engagement AS engagement_score, {batch_id}::bigint AS batch_id
        FROM engagement_days($q$SELECT f.time_key::date, f.region_key, f.video_key, f.watch_duration, f.buffering_time, f.completion_rate FROM added f$q$,
                             engagement_weights(likes_half => 0.05, shares_half => 0.02, comments_half => 0.02)) d$rows$, ARRAY[$then$
          UPDATE engagement_fact e
          SET views = e.views + k.views, watch_minutes = e.watch_minutes + k.watch_minutes,
              buffering_seconds = e.buffering_seconds + k.buffering_seconds,
              measured_views = e.measured_views + k.measured_views, completion_sum = e.completion_sum + k.completion_sum,
              watch_percent = CASE WHEN e.measured_views + k.measured_views > 0
                                   THEN round((e.completion_sum + k.completion_sum) / (e.measured_views + k.measured_views), 2) END,
              avg_session_time = round((e.watch_minutes + k.watch_minutes) / (e.views + k.views), 2),
              engagement_score = viewer_engagement(e.views + k.views, e.measured_views + k.measured_views, e.completion_sum + k.completion_sum,
                                                   e.watch_minutes + k.watch_minutes, e.likes, e.shares, e.comments),
              batch_id = k.batch_id
          FROM known k
          WHERE e.event_time = k.event_time AND e.region_key = k.region_key AND e.video_key = k.video_key
            AND e.event_time >= (SELECT min(event_time) FROM known) AND e.event_time <= (SELECT max(event_time) FROM known)$then$])$sql$ AS engagement,
    -- Days that a batch adds to are not summed up any more; a playback may run on into the second day after its own. Rows of latest_sums
    -- are updated whether they hold or not: whoever is making the sums has them.
    $sql$
      WITH opened AS (
        INSERT INTO viewing_day AS d (day, summed, views)
        SELECT f.time_key::date, false, count(*) FROM added f GROUP BY 1
        ON CONFLICT (day) DO UPDATE SET summed = false, views = d.views + excluded.views
        RETURNING d.day),
      outdated AS (UPDATE latest_sums SET holds = false WHERE summary IN ('viewing', 'videos') AND EXISTS (SELECT FROM opened))
      SELECT open_session_days(array_agg(o.day)) FROM opened o$sql$ AS opened,
    jsonb_build_object('step', 'sql', 'name', 'summaries', 'sql', $sql$SELECT keep_summaries('viewing', count(*)) FROM batch$sql$) AS summaries,
    -- Rows that a replay takes out: what followed from them is computed anew from the others, before they come again; days between theirs stay.
    $sql$
      SELECT rebuild_viewing({time_zone}, min(d.first_time), max(d.last_time))
      FROM (SELECT r.first_time, r.last_time, r.day - (row_number() OVER (ORDER BY r.day))::integer AS run
            FROM (SELECT time_key::date AS day, min(event_time) AS first_time, max(event_time) AS last_time FROM removed GROUP BY 1) r) d
      GROUP BY d.run
      ORDER BY d.run$sql$ AS rebuilt,
    $sql$UPDATE viewing_day d SET views = d.views - r.views FROM (SELECT time_key::date AS day, count(*) AS views FROM removed GROUP BY 1) r WHERE d.day = r.day$sql$ AS reopened
), viewing AS (
  SELECT common.*,
    jsonb_build_array(jsonb_build_object('step', 'sql', 'name', 'key table', 'ahead', true, 'sql', common.key_table),
                      jsonb_build_object('step', 'sql', 'name', 'keys', 'ahead', true, 'sql', format(common.keys, ''))) AS plain_keys,
    jsonb_build_array(jsonb_build_object('step', 'sql', 'name', 'key table', 'ahead', true, 'sql', common.key_table),
                      jsonb_build_object('step', 'sql', 'name', 'keys', 'ahead', true, 'sql', format(common.keys, ', device_id'))) AS all_keys,
    -- More minutes than the video has are cut to its length and flagged: the viewer was there, the excess is a
    -- clock's or a loop's.
    jsonb_build_object('step', 'facts', 'name', 'viewership_fact', 'into', 'viewership_fact', 'conflict', 'ignore',
      'time', 'event_time', 'partition', '1 month', 'look_up', 'user_history', 'then', jsonb_build_array(common.hours, common.engagement, common.opened),
      'replace', jsonb_build_array(common.rebuilt, common.reopened),
      'select', format(common.fact_select, $sql$
             coalesce(b.device_id, '?') AS device_key, b.event_id, b.video_id,
             least(b.watch_duration, l.video_length) AS watch_duration,
             CASE WHEN b.watch_duration > l.video_length THEN 1 ELSE 0 END AS watch_clipped,
             b.buffering_time, b.buffering_events, b.startup_time, b.quality_level, b.bitrate_avg, l.video_length,
             completion_percent(b.watch_duration, l.video_length) AS completion_rate$sql$, $sql$
      LEFT JOIN video_dim v ON v.video_id = b.video_id
      CROSS JOIN LATERAL (SELECT coalesce(b.video_length, v.video_length) AS video_length) l$sql$)) AS facts
  FROM common
)
SELECT
  -- Players: JSON lines. timestamp is the start, watch_duration and video_length are minutes, buffering_time and
  -- startup_time seconds, bitrate kbit/s.
  create_feed(current_schema(), 'playback_events',
    description => 'Playbacks, JSON: event_id, user_id, video_id, timestamp (start), watch_duration (minutes), buffering_time (seconds), quality_level, video_length (minutes); optional device_id, region_id, buffering_events, startup_time (seconds), bitrate (kbit/s)',
    contract => $json${
      "format": "jsonl",
      "null": ["", "NULL", "null", "N/A", "n/a", "-", "?"],
      "columns": [
        {"name": "event_id", "type": "text", "required": true, "max_length": 100},
        {"name": "user_id", "type": "text", "max_length": 100},
        {"name": "video_id", "type": "text", "max_length": 100},
        {"name": "device_id", "type": "text", "max_length": 100},
        {"name": "region_id", "from": ["region_id", "region"], "type": "text", "case": "upper", "max_length": 100},
        {"name": "event_time", "from": ["timestamp", "event_time"], "type": "timestamptz", "required": true, "min": "1990-01-01",
         "formats": ["ISO", "epoch", "epoch_ms", "DD/MM/YYYY HH24:MI:SS", "DD-Mon-YYYY HH24:MI:SS"]},
        {"name": "watch_duration", "type": "numeric", "required": true, "min": 0, "max": 1440},
        {"name": "buffering_time", "type": "numeric", "min": 0, "max": 86400},
        {"name": "buffering_events", "type": "integer", "min": 0, "max": 100000},
        {"name": "startup_time", "type": "numeric", "min": 0, "max": 3600},
        {"name": "quality_level", "from": ["quality_level", "quality"], "type": "text", "case": "lower", "max_length": 40},
        {"name": "bitrate_avg", "from": ["bitrate", "bitrate_avg"], "type": "numeric", "min": 0, "max": 10000000},
        {"name": "video_length", "type": "numeric", "exclusive_min": 0, "max": 10000}
      ]}$json$,
    steps => jsonb_build_array(v.future) || v.all_keys || jsonb_build_array(v.turn, v.room, v.users_changed) || v.members || v.devices || v.facts || v.summaries),

  -- Likes, shares, comments. A source without ids: a user's second like of a video at the same moment is the first.
  create_feed(current_schema(), 'interactions',
    description => 'Likes, shares and comments, JSON: user_id, video_id, action, timestamp; optional interaction_id, region_id',
    contract => $json${
      "format": "jsonl",
      "null": ["", "NULL", "null", "N/A", "n/a", "-", "?"],
      "columns": [
        {"name": "interaction_id", "from": ["interaction_id", "event_id", "id"], "type": "text", "max_length": 100},
        {"name": "user_id", "type": "text", "max_length": 100},
        {"name": "video_id", "type": "text", "required": true, "max_length": 100},
        {"name": "region_id", "from": ["region_id", "region"], "type": "text", "case": "upper", "max_length": 100},
        {"name": "action", "from": ["action", "type"], "type": "text", "required": true, "map_else": "reject",
         "map": {"like": "Like", "liked": "Like", "share": "Share", "shared": "Share", "comment": "Comment", "commented": "Comment"}},
        {"name": "event_time", "from": ["timestamp", "event_time"], "type": "timestamptz", "required": true, "min": "1990-01-01",
         "formats": ["ISO", "epoch", "epoch_ms", "DD/MM/YYYY HH24:MI:SS", "DD-Mon-YYYY HH24:MI:SS"]},
        {"name": "line_hash", "type": "hash", "of": ["user_id", "video_id", "action"]}
      ]}$json$,
    steps => jsonb_build_array(v.future) || v.plain_keys || jsonb_build_array(v.turn, v.room, v.users_changed) || v.members
      || jsonb_build_object('step', 'facts', 'name', 'interaction_fact', 'into', 'interaction_fact', 'conflict', 'ignore',
           'time', 'event_time', 'partition', '1 month', 'look_up', 'user_history', 'replace', jsonb_build_array(v.rebuilt),
           'select', format(v.fact_select, 'coalesce(b.interaction_id, ''#'' || b.line_hash) AS interaction_id, b.action', ''))
      || jsonb_build_object('step', 'sql', 'name', 'derived facts', 'sql', $sql$
           SELECT add_interactions({batch_id}, {time_zone}, min(event_time), max(event_time)) FROM batch$sql$, 'replace', '[]'::jsonb)
      || jsonb_build_object('step', 'sql', 'name', 'engagement_fact', 'sql', $sql$
           SELECT append_facts('engagement_fact', $rows$
             SELECT d.*, {batch_id}::bigint AS batch_id
             FROM (SELECT min(event_time) AS first_time, max(event_time) AS last_time FROM batch) b,
                  interaction_delta({batch_id}, {time_zone}, b.first_time, b.last_time) d$rows$)$sql$, 'replace', '[]'::jsonb)
      || jsonb_build_object('step', 'sql', 'name', 'latest sums', 'sql', $sql$UPDATE latest_sums SET holds = false WHERE summary = 'videos'$sql$)),

  -- Recommendations. A record may come again when it was clicked or watched: flags rise and never fall, in
  -- whatever order the records come.
  create_feed(current_schema(), 'recommendations',
    description => 'Recommendation log, JSON: user_id, video_id, recommendation_score (0 to 1), click_flag, watch_flag, timestamp; optional recommendation_id, region_id',
    contract => $json${
      "format": "jsonl",
      "null": ["", "NULL", "null", "N/A", "n/a", "-", "?"],
      "columns": [
        {"name": "recommendation_id", "from": ["recommendation_id", "id"], "type": "text", "max_length": 100},
        {"name": "user_id", "type": "text", "max_length": 100},
        {"name": "video_id", "type": "text", "required": true, "max_length": 100},
        {"name": "region_id", "from": ["region_id", "region"], "type": "text", "case": "upper", "max_length": 100},
        {"name": "recommendation_score", "from": ["recommendation_score", "score"], "type": "numeric", "min": 0, "max": 1},
        {"name": "click_flag", "type": "boolean", "default": false},
        {"name": "watch_flag", "type": "boolean", "default": false},
        {"name": "event_time", "from": ["timestamp", "event_time"], "type": "timestamptz", "required": true, "min": "1990-01-01",
         "formats": ["ISO", "epoch", "epoch_ms", "DD/MM/YYYY HH24:MI:SS", "DD-Mon-YYYY HH24:MI:SS"]},
        {"name": "line_hash", "type": "hash", "of": ["user_id", "video_id"]}
      ]}$json$,
    steps => jsonb_build_array(v.future) || v.plain_keys || jsonb_build_array(v.turn,
        jsonb_build_object('step', 'sql', 'name', 'room', 'sql', $sql$
          SELECT extend_calendar(current_schema(), (min(event_time) AT TIME ZONE {time_zone})::date, (max(event_time) AT TIME ZONE {time_zone})::date)
          FROM batch$sql$),
        v.users_changed)
      || v.members
      || jsonb_build_object('step', 'facts', 'name', 'recommendation_fact', 'into', 'recommendation_fact', 'conflict', 'ignore',
           'time', 'event_time', 'partition', '1 month', 'look_up', 'user_history',
           'replace', jsonb_build_array('DELETE FROM shown_day d WHERE d.day IN (SELECT time_key::date FROM removed)',
                                        'UPDATE latest_sums SET holds = false WHERE summary = ''shown'''),
           'select', format(v.fact_select, $sql$
             coalesce(b.recommendation_id, '#' || b.line_hash) AS recommendation_id, b.recommendation_score,
             CASE WHEN b.click_flag THEN 100 ELSE 0 END AS click_rate, b.click_flag::integer AS click_flag, b.watch_flag::integer AS watch_flag$sql$, ''))
      || jsonb_build_object('step', 'sql', 'name', 'later clicks', 'sql', $sql$
           UPDATE recommendation_fact f
           SET click_flag = greatest(f.click_flag, b.clicked), watch_flag = greatest(f.watch_flag, b.watched),
               click_rate = 100 * greatest(f.click_flag, b.clicked)
           FROM (SELECT event_time, coalesce(recommendation_id, '#' || line_hash) AS recommendation_id,
                        bool_or(click_flag)::integer AS clicked, bool_or(watch_flag)::integer AS watched
                 FROM batch WHERE click_flag OR watch_flag GROUP BY 1, 2) b
           WHERE f.event_time = b.event_time AND f.recommendation_id = b.recommendation_id
             AND (f.click_flag < b.clicked OR f.watch_flag < b.watched)
             AND f.event_time >= (SELECT min(event_time) FROM batch) AND f.event_time <= (SELECT max(event_time) FROM batch)$sql$)
      || jsonb_build_object('step', 'sql', 'name', 'days', 'sql', $sql$
           INSERT INTO shown_day AS d (day, summed, recommendations)
           SELECT (event_time AT TIME ZONE {time_zone})::date, false, count(*) FROM batch GROUP BY 1
           ON CONFLICT (day) DO UPDATE SET summed = false, recommendations = d.recommendations + excluded.recommendations$sql$)
      || jsonb_build_object('step', 'sql', 'name', 'latest sums', 'sql', $sql$UPDATE latest_sums SET holds = false WHERE summary = 'shown'$sql$)
      || jsonb_build_object('step', 'sql', 'name', 'summaries', 'sql', $sql$SELECT keep_summaries('shown', count(*)) FROM batch$sql$)),

  -- Measured playbacks of the public YouTube QoE file. Minutes are those played at any resolution; buffering is
  -- the time a run took beyond the video's length, waiting for the start included; the link, shaped to a
  -- fixed rate, is the device; nobody and nowhere is named.
  create_feed(current_schema(), 'youtube_qoe',
    description => 'Measured playbacks, CSV: run_id, yt_id, vid_category, vid_length, run_start, run_overlength, pl_buffering_events, pl_time_spent_itag*, net_avg_shaping_rate, net_played_bytes',
    contract => $json${
      "format": "csv",
      "null": ["", "nan", "NaN"],
      "columns": [
        {"name": "event_id", "from": "run_id", "type": "text", "required": true, "max_length": 100},
        {"name": "video_id", "from": "yt_id", "type": "text", "required": true, "max_length": 100},
        {"name": "category", "from": "vid_category", "type": "text", "collapse_blanks": true},
        {"name": "length_seconds", "from": "vid_length", "type": "numeric", "required": true, "exclusive_min": 0, "max": 600000},
        {"name": "event_time", "from": "run_start", "type": "timestamptz", "required": true, "min": "1990-01-01", "formats": ["epoch"]},
        {"name": "overlength", "from": "run_overlength", "type": "numeric", "max": 86400},
        {"name": "buffering_events_seen", "from": "pl_buffering_events", "type": "numeric", "min": 0, "max": 100000},
        {"name": "p144", "from": "pl_time_spent_itag160", "type": "numeric", "default": 0, "min": 0},
        {"name": "p240", "from": "pl_time_spent_itag133", "type": "numeric", "default": 0, "min": 0},
        {"name": "p360", "from": "pl_time_spent_itag134", "type": "numeric", "default": 0, "min": 0},
        {"name": "p480", "from": "pl_time_spent_itag135", "type": "numeric", "default": 0, "min": 0},
        {"name": "p720", "from": "pl_time_spent_itag136", "type": "numeric", "default": 0, "min": 0},
        {"name": "link_bytes", "from": "net_avg_shaping_rate", "type": "numeric", "min": 0},
        {"name": "played_bytes", "from": "net_played_bytes", "type": "numeric", "min": 0},
        {"name": "user_id", "from": "user_id", "type": "text", "optional_column": true},
        {"name": "region_id", "from": "region_id", "type": "text", "optional_column": true},
        {"name": "device_id", "from": "device_id", "type": "text", "optional_column": true},
        {"name": "quality_level", "from": "quality_level", "type": "text", "optional_column": true},
        {"name": "watch_duration", "from": "watch_duration", "type": "numeric", "optional_column": true},
        {"name": "buffering_time", "from": "buffering_time", "type": "numeric", "optional_column": true},
        {"name": "buffering_events", "from": "buffering_events", "type": "integer", "optional_column": true},
        {"name": "startup_time", "from": "startup_time", "type": "numeric", "optional_column": true},
        {"name": "bitrate_avg", "from": "bitrate_avg", "type": "numeric", "optional_column": true},
        {"name": "video_length", "from": "video_length", "type": "numeric", "optional_column": true}
      ]}$json$,
    steps => jsonb_build_array(v.future, v.turn,
        jsonb_build_object('step', 'sql', 'name', 'playback', 'sql', $sql$
          UPDATE batch SET
            device_id = 'link-' || trim_scale(link_bytes),
            watch_duration = (p144 + p240 + p360 + p480 + p720) / 60,
            video_length = length_seconds / 60,
            buffering_time = greatest(overlength, 0),
            buffering_events = buffering_events_seen,
            bitrate_avg = CASE WHEN p144 + p240 + p360 + p480 + p720 > 0
                               THEN round(played_bytes * 8 / 1000 / (p144 + p240 + p360 + p480 + p720), 3) END,
            quality_level = (SELECT q.level FROM (VALUES ('144p', p144), ('240p', p240), ('360p', p360), ('480p', p480), ('720p', p720)) q (level, seconds)
                             WHERE q.seconds > 0 ORDER BY q.seconds DESC, q.level LIMIT 1)$sql$),
        v.room,
        jsonb_build_object('step', 'upsert', 'name', 'video_dim', 'into', 'video_dim', 'key', jsonb_build_array('video_id'),
          'select', $sql$
            SELECT DISTINCT ON (b.video_id) b.video_id, coalesce(d.genre, b.category) AS genre,
                   CASE WHEN d.genre IS NULL AND b.category IS NOT NULL THEN ARRAY[b.category] ELSE coalesce(d.genres, '{}') END AS genres,
                   coalesce(d.content_type, 'Clip') AS content_type, coalesce(d.video_length, b.video_length) AS video_length
            FROM batch b LEFT JOIN video_dim d ON d.video_id = b.video_id
            ORDER BY b.video_id, b.record_no$sql$),
        jsonb_build_object('step', 'upsert', 'name', 'device_dim', 'into', 'device_dim', 'key', jsonb_build_array('device_id'),
          'select', $sql$
            SELECT DISTINCT ON (b.device_id) b.device_id, coalesce(d.connection_type, 'Shaped link') AS connection_type,
                   coalesce(d.bandwidth, round(b.link_bytes * 8 / 1000000, 6)) AS bandwidth
            FROM batch b LEFT JOIN device_dim d ON d.device_id = b.device_id
            WHERE b.device_id IS NOT NULL
            ORDER BY b.device_id, b.record_no$sql$),
        v.facts, v.summaries))
FROM viewing v;
