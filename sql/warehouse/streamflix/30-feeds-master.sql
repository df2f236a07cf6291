-- Feeds of what facts refer to: regions, users, videos, devices. Every contract takes a file that lacks the
-- optional columns; an empty value never wipes out what is known. What facts needed and did not have (region,
-- length, clock) is brought to them by steps that look only at members for which it becomes known.

-- Regions (Type 1).
SELECT create_feed(current_schema(), 'regions',
  description => 'Regions, CSV: region_id, region_name, country, timezone, population, avg_bandwidth (Mbit/s)',
  contract => $json${
    "format": "csv",
    "null": ["", "NULL", "null", "N/A", "n/a", "-"],
    "columns": [
      {"name": "region_id", "from": ["region_id", "region"], "type": "text", "required": true, "case": "upper", "max_length": 100},
      {"name": "region_name", "from": ["region_name", "name"], "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "country", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "timezone", "from": ["timezone", "time_zone", "tz"], "type": "text", "optional_column": true},
      {"name": "population", "type": "integer", "min": 0, "max": 20000000000, "optional_column": true},
      {"name": "avg_bandwidth", "type": "numeric", "min": 0, "max": 1000000, "optional_column": true}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'reject', 'name', 'time zone', 'column', 'timezone', 'code', '22023',
      'when', 'timezone NOT IN (SELECT z.name FROM pg_timezone_names z)',
      'reason', 'there is no such time zone', 'hint', 'Write a name of pg_timezone_names, such as Europe/London.'),
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE engagement_fact IN SHARE ROW EXCLUSIVE MODE'),
    -- While the old clock can still be seen: which facts were cut into hours by it.
    jsonb_build_object('step', 'sql', 'name', 'clocks', 'sql', $sql$
      SELECT set_config('starhouse.rebuild_from', coalesce(min(f.event_time)::text, ''), true),
             set_config('starhouse.rebuild_to', coalesce(max(f.event_time)::text, ''), true)
      FROM viewership_fact f
      WHERE f.region_key IN (SELECT d.region_id FROM region_dim d JOIN batch b USING (region_id)
                             WHERE b.timezone IS NOT NULL AND b.timezone IS DISTINCT FROM d.timezone)$sql$),
    jsonb_build_object('step', 'upsert', 'name', 'region_dim', 'into', 'region_dim', 'key', jsonb_build_array('region_id'), 'nulls', 'keep',
      'select', $sql$
        SELECT b.region_id, b.region_name, b.country, b.timezone, b.population, b.avg_bandwidth, b.record_no AS _order FROM batch b$sql$),
    jsonb_build_object('step', 'sql', 'name', 'local hours', 'sql', $sql$
      SELECT rebuild_viewing({time_zone}, nullif(current_setting('starhouse.rebuild_from'), '')::timestamptz,
                             nullif(current_setting('starhouse.rebuild_to'), '')::timestamptz)$sql$)));

-- Users (Type 2 in the subscription, Type 1 in the rest): the daily extract of the profiles.
SELECT create_feed(current_schema(), 'users',
  description => 'User profiles, CSV: user_id, name, age, gender, country, subscription_type, signup_date, region, effective_at',
  contract => $json${
    "format": "csv",
    "null": ["", "NULL", "null", "N/A", "n/a", "-"],
    "columns": [
      {"name": "user_id", "from": ["user_id", "user"], "type": "text", "required": true, "max_length": 100},
      {"name": "name", "from": ["name", "full_name"], "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "age", "type": "integer", "min": 0, "max": 130, "on_error": "null", "optional_column": true},
      {"name": "gender", "from": ["gender", "sex"], "type": "text", "optional_column": true, "map_else": "null",
       "map": {"f": "Female", "female": "Female", "w": "Female", "woman": "Female", "m": "Male", "male": "Male", "man": "Male",
               "o": "Other", "other": "Other", "x": "Other", "nb": "Other", "non-binary": "Other"}},
      {"name": "country", "type": "text", "collapse_blanks": true, "optional_column": true},
      {"name": "subscription_type", "from": ["subscription_type", "subscription", "plan"], "type": "text", "collapse_blanks": true, "optional_column": true,
       "map_else": "reject", "map": {"free": "Free", "trial": "Free", "ads": "Free", "basic": "Basic", "standard": "Standard", "premium": "Premium"}},
      {"name": "signup_date", "from": ["signup_date", "signed_up", "joined_on"], "type": "date", "optional_column": true, "on_error": "null",
       "min": "1990-01-01", "formats": ["ISO", "DD/MM/YYYY", "DD-Mon-YYYY", "YYYYMMDD"]},
      {"name": "region", "from": ["region", "region_id"], "type": "text", "case": "upper", "max_length": 100, "optional_column": true},
      {"name": "effective_at", "from": ["effective_at", "as_of", "updated_at", "extract_date"], "type": "timestamptz", "optional_column": true,
       "min": "1990-01-01", "formats": ["ISO", "DD/MM/YYYY HH24:MI:SS", "DD/MM/YYYY", "DD-Mon-YYYY HH24:MI:SS", "DD-Mon-YYYY", "YYYYMMDD", "epoch"]}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'effective_at', 'code', '22008',
      'when', $sql$effective_at > now() + interval '1 day'$sql$,
      'reason', 'the change takes effect in the future', 'hint', 'Load the file when the change is in force, or correct the date.'),
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE engagement_fact IN SHARE ROW EXCLUSIVE MODE'),
    -- A country with one region places the user.
    jsonb_build_object('step', 'sql', 'name', 'region of the country', 'sql', $sql$
      UPDATE batch b SET region = r.region_id
      FROM (SELECT lower(country) AS country, min(region_id) AS region_id FROM region_dim
            WHERE region_id <> '?' GROUP BY 1 HAVING count(*) = 1) r
      WHERE b.region IS NULL AND lower(b.country) = r.country$sql$),
    jsonb_build_object('step', 'members', 'name', 'new regions', 'into', 'region_dim', 'key', 'region_id',
      'select', 'SELECT region FROM batch WHERE region IS NOT NULL'),
    -- Facts of users whose region becomes known with this batch and who had none so far.
    jsonb_build_object('step', 'sql', 'name', 'place facts', 'sql', $sql$
      WITH placed AS MATERIALIZED (
        SELECT DISTINCT ON (b.user_id) b.user_id, b.region
        FROM batch b JOIN user_dim d ON d.user_id = b.user_id
        WHERE d.region IS NULL AND b.region IS NOT NULL AND d.user_id <> '?'
        ORDER BY b.user_id, b.effective_at DESC NULLS FIRST, b.record_no DESC),
      viewed AS (
        UPDATE viewership_fact f SET region_key = p.region FROM placed p
        WHERE f.user_key = p.user_id AND f.region_key = '?' RETURNING f.event_time),
      interacted AS (
        UPDATE interaction_fact f SET region_key = p.region FROM placed p
        WHERE f.user_key = p.user_id AND f.region_key = '?' RETURNING f.event_time),
      recommended AS (
        UPDATE recommendation_fact f SET region_key = p.region FROM placed p
        WHERE f.user_key = p.user_id AND f.region_key = '?' RETURNING true),
      moved AS (SELECT event_time FROM viewed UNION ALL SELECT event_time FROM interacted)
      SELECT set_config('starhouse.rebuild_from', coalesce(min(event_time)::text, ''), true),
             set_config('starhouse.rebuild_to', coalesce(max(event_time)::text, ''), true),
             set_config('starhouse.shown_moved', (EXISTS (SELECT FROM recommended))::text, true)
      FROM moved$sql$),
    jsonb_build_object('step', 'sql', 'name', 'derived facts', 'sql', $sql$
      SELECT rebuild_viewing({time_zone}, nullif(current_setting('starhouse.rebuild_from'), '')::timestamptz,
                             nullif(current_setting('starhouse.rebuild_to'), '')::timestamptz)$sql$),
    jsonb_build_object('step', 'scd2', 'name', 'user_history', 'into', 'user_history', 'mode', 'feed', 'sequence', 'effective_at',
      'select', $sql$
        SELECT b.record_no, b.user_id, b.name, b.gender, b.age::integer AS age, b.country, b.region, b.subscription_type, b.signup_date,
               coalesce(b.effective_at, now()) AS effective_at
        FROM batch b$sql$),
    jsonb_build_object('step', 'sql', 'name', 'realign facts', 'sql', $sql$SELECT set_config('starhouse.realigned', realign_facts('user_history')::text, true)$sql$),
    jsonb_build_object('step', 'sql', 'name', 'latest sums', 'sql', $sql$
      UPDATE latest_sums SET holds = false
      WHERE CASE summary WHEN 'viewing' THEN current_setting('starhouse.realigned')::bigint > 0
                         WHEN 'shown' THEN current_setting('starhouse.shown_moved')::boolean END$sql$)));

-- Videos (Type 1): the catalogue and, in its own layout, the public file of a catalogue (netflix_titles.csv).
-- Genres and cast come as one text, separated by commas, slashes, bars or semicolons.
WITH common AS (
  SELECT
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE engagement_fact IN SHARE ROW EXCLUSIVE MODE') AS turn,
    -- %s is the batch as video_dim's columns. Playbacks without a length get it when the video's is known:
    -- completion, and the cut of what was watched beyond it.
    $sql$
      WITH learnt AS MATERIALIZED (
        SELECT DISTINCT ON (b.video_id) b.video_id, b.video_length
        FROM (%s) b JOIN video_dim d ON d.video_id = b.video_id
        WHERE d.video_length IS NULL AND b.video_length IS NOT NULL
        ORDER BY b.video_id, b.record_no DESC),
      measured AS (
        UPDATE viewership_fact f
        SET video_length = l.video_length,
            watch_clipped = (f.watch_duration > l.video_length)::integer,
            watch_duration = least(f.watch_duration, l.video_length),
            completion_rate = least(round(100 * f.watch_duration / l.video_length, 2), 100)
        FROM learnt l
        WHERE f.video_key = l.video_id AND f.video_length IS NULL
        RETURNING f.event_time)
      SELECT set_config('starhouse.rebuild_from', coalesce(min(event_time)::text, ''), true),
             set_config('starhouse.rebuild_to', coalesce(max(event_time)::text, ''), true)
      FROM measured$sql$ AS measure,
    jsonb_build_object('step', 'sql', 'name', 'derived facts', 'sql', $sql$
      SELECT rebuild_viewing({time_zone}, nullif(current_setting('starhouse.rebuild_from'), '')::timestamptz,
                             nullif(current_setting('starhouse.rebuild_to'), '')::timestamptz)$sql$) AS derived,
    $sql$
      SELECT b.video_id, b.title, b.genres[1] AS genre, b.genres, b.content_type, b.release_year, b.language, b.rating, b.country, b.cast_members,
             b.director, b.video_length, b.seasons, b.added_on, b.record_no AS _order
      FROM (%s) b$sql$ AS upsert,
    $sql$
      SELECT record_no, video_id, title, regexp_split_to_array(genre, '\s*[,/|;]\s*') AS genres, content_type,
             release_year::integer, language, rating, country, regexp_split_to_array(cast_members, '\s*[,|;]\s*') AS cast_members,
             director, video_length, seasons::integer, added_on
      FROM batch$sql$ AS catalogue,
    -- A series has seasons for a duration; three films have theirs in the column of the rating.
    $sql$
      SELECT record_no, video_id, title, regexp_split_to_array(listed_in, '\s*,\s*') AS genres,
             CASE content_type WHEN 'TV Show' THEN 'Series' ELSE content_type END AS content_type,
             release_year::integer, NULL::text AS language,
             CASE WHEN rating !~ '^\d+ min$' THEN rating END AS rating, country,
             regexp_split_to_array(cast_members, '\s*,\s*') AS cast_members, director,
             nullif((regexp_match(coalesce(duration, rating), '^(\d+) min$'))[1]::numeric, 0) AS video_length,
             nullif((regexp_match(duration, '^(\d+) Seasons?$'))[1]::integer, 0) AS seasons, added_on
      FROM batch$sql$ AS netflix
)
SELECT
  create_feed(current_schema(), 'videos',
    description => 'Catalogue, CSV: video_id, title, genre, cast, release_year, region, rating, language, video_length (minutes); optional content_type, director, seasons, added_on',
    contract => $json${
      "format": "csv",
      "null": ["", "NULL", "null", "N/A", "n/a", "-"],
      "columns": [
        {"name": "video_id", "from": ["video_id", "video"], "type": "text", "required": true, "max_length": 100},
        {"name": "title", "from": ["title", "name"], "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "genre", "from": ["genre", "genres"], "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "cast_members", "from": ["cast", "cast_members", "actors"], "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "release_year", "from": ["release_year", "year"], "type": "integer", "min": 1870, "max": 2200, "optional_column": true},
        {"name": "country", "from": ["region", "country", "origin"], "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "rating", "type": "text", "case": "upper", "collapse_blanks": true, "optional_column": true},
        {"name": "language", "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "video_length", "from": ["video_length", "length", "duration"], "type": "numeric", "exclusive_min": 0, "max": 10000, "optional_column": true},
        {"name": "content_type", "from": ["content_type", "type"], "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "director", "type": "text", "collapse_blanks": true, "optional_column": true},
        {"name": "seasons", "type": "integer", "min": 1, "max": 1000, "optional_column": true},
        {"name": "added_on", "from": ["added_on", "date_added"], "type": "date", "optional_column": true, "formats": ["ISO", "DD/MM/YYYY", "Month DD, YYYY"]}
      ]}$json$,
    steps => jsonb_build_array(common.turn,
      jsonb_build_object('step', 'sql', 'name', 'completion', 'sql', format(common.measure, common.catalogue)),
      common.derived,
      jsonb_build_object('step', 'upsert', 'name', 'video_dim', 'into', 'video_dim', 'key', jsonb_build_array('video_id'), 'nulls', 'keep',
        'select', format(common.upsert, common.catalogue)))),
  create_feed(current_schema(), 'netflix_titles',
    description => 'Public catalogue, CSV: show_id, type, title, director, cast, country, date_added, release_year, rating, duration, listed_in',
    contract => $json${
      "format": "csv",
      "columns": [
        {"name": "video_id", "from": "show_id", "type": "text", "required": true, "max_length": 100},
        {"name": "content_type", "from": "type", "type": "text", "required": true},
        {"name": "title", "type": "text", "collapse_blanks": true},
        {"name": "director", "type": "text", "collapse_blanks": true},
        {"name": "cast_members", "from": "cast", "type": "text", "collapse_blanks": true},
        {"name": "country", "type": "text", "collapse_blanks": true},
        {"name": "added_on", "from": "date_added", "type": "date", "formats": ["Month DD, YYYY"]},
        {"name": "release_year", "type": "integer", "required": true, "min": 1870, "max": 2200},
        {"name": "rating", "type": "text", "collapse_blanks": true},
        {"name": "duration", "type": "text", "collapse_blanks": true},
        {"name": "listed_in", "type": "text", "collapse_blanks": true}
      ]}$json$,
    steps => jsonb_build_array(common.turn,
      jsonb_build_object('step', 'sql', 'name', 'completion', 'sql', format(common.measure, common.netflix)),
      common.derived,
      jsonb_build_object('step', 'upsert', 'name', 'video_dim', 'into', 'video_dim', 'key', jsonb_build_array('video_id'), 'nulls', 'keep',
        'select', format(common.upsert, common.netflix))))
FROM common;

-- Devices (Type 1): what the apps report, newest report wins whichever arrives last.
SELECT create_feed(current_schema(), 'devices',
  description => 'Device reports, JSON: device_id, user_id, os, app_version, connection_type, bandwidth (Mbit/s), timestamp',
  contract => $json${
    "format": "jsonl",
    "null": ["", "NULL", "null", "N/A", "n/a", "-"],
    "columns": [
      {"name": "device_id", "type": "text", "required": true, "max_length": 100},
      {"name": "user_id", "type": "text", "max_length": 100},
      {"name": "os", "type": "text", "collapse_blanks": true,
       "map": {"android": "Android", "ios": "iOS", "iphone": "iOS", "ipados": "iOS", "windows": "Windows", "macos": "macOS", "mac os": "macOS", "linux": "Linux",
               "tvos": "tvOS", "android tv": "Android TV", "androidtv": "Android TV", "tizen": "Tizen", "webos": "webOS", "roku": "Roku", "fire os": "Fire OS", "fireos": "Fire OS"}},
      {"name": "app_version", "type": "text", "max_length": 100},
      {"name": "connection_type", "type": "text", "collapse_blanks": true,
       "map": {"wifi": "WiFi", "wi-fi": "WiFi", "wlan": "WiFi", "ethernet": "Ethernet", "lan": "Ethernet", "fibre": "Fibre", "fiber": "Fibre",
               "3g": "3G", "4g": "4G", "lte": "4G", "5g": "5G", "dsl": "DSL"}},
      {"name": "bandwidth", "from": ["bandwidth", "bandwidth_mbps"], "type": "numeric", "min": 0, "max": 1000000},
      {"name": "seen_at", "from": ["timestamp", "seen_at"], "type": "timestamptz", "min": "1990-01-01", "formats": ["ISO", "epoch", "epoch_ms"]}
    ]}$json$,
  steps => jsonb_build_array(
    jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'seen_at', 'code', '22008',
      'when', $sql$seen_at > (SELECT now() + interval '1 day')$sql$,
      'reason', 'the report lies in the future', 'hint', 'The device''s clock is wrong: correct the time.'),
    -- A report older than the device's newest one tells what no newer one did.
    jsonb_build_object('step', 'upsert', 'name', 'device_dim', 'into', 'device_dim', 'key', jsonb_build_array('device_id'), 'nulls', 'keep',
      'select', $sql$
        SELECT b.device_id,
               CASE WHEN n.is_newer OR d.user_id IS NULL THEN b.user_id END AS user_id,
               CASE WHEN n.is_newer OR d.os IS NULL THEN b.os END AS os,
               CASE WHEN n.is_newer OR d.app_version IS NULL THEN b.app_version END AS app_version,
               CASE WHEN n.is_newer OR d.connection_type IS NULL THEN b.connection_type END AS connection_type,
               CASE WHEN n.is_newer OR d.bandwidth IS NULL THEN b.bandwidth END AS bandwidth,
               CASE WHEN n.is_newer THEN t.seen_at END AS seen_at,
               row_number() OVER (ORDER BY t.seen_at, b.record_no) AS _order
        FROM batch b
        LEFT JOIN device_dim d ON d.device_id = b.device_id
        CROSS JOIN LATERAL (SELECT coalesce(b.seen_at, now())) AS t(seen_at)
        CROSS JOIN LATERAL (SELECT coalesce(d.seen_at < t.seen_at, true)) AS n(is_newer)$sql$)));
