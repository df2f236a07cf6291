-- Feeds of Flick's sources: studios, vendors, reviews, social media, rating sites. Each contract holds a JSON Schema, which is what the
-- producer promises; the columns say what becomes of it.
-- A source that tells of one thing again (an edited review, a post's counters, a licence's next revision, a second look at a site) is
-- taken at its newest word, in whatever order the records come: facts append what is new, and the step `revisions` lets the record that
-- ranks highest speak for the whole row. Records that repeat or revise count as duplicates, those that are wrong go to quarantine.
-- Every batch takes its turn by the lock of the feeds in 30-feeds-*.sql, before any other: they share users and videos.
WITH common AS (
  SELECT
    jsonb_build_object('step', 'sql', 'name', 'turn', 'sql', 'LOCK TABLE engagement_fact IN SHARE ROW EXCLUSIVE MODE') AS turn,
    jsonb_build_object('step', 'members', 'name', 'new videos', 'into', 'video_dim', 'key', 'video_id',
      'select', 'SELECT video_id FROM batch WHERE video_id IS NOT NULL') AS videos,
    jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'event_time', 'code', '22008',
      'when', $sql$event_time > (SELECT now() + interval '1 day')$sql$,
      'reason', 'the event lies in the future', 'hint', 'The clock of the source is wrong: correct the time, or drop the record.') AS future,
    jsonb_build_object('step', 'sql', 'name', 'room', 'sql', $sql$
      SELECT extend_calendar(current_schema(), (min(event_time) AT TIME ZONE {time_zone})::date, (max(event_time) AT TIME ZONE {time_zone})::date)
      FROM batch$sql$) AS room,
    -- A revision that names another user or video than the row did: the document that loses it has to be built anew, too. %s gives table and key.
    $sql$
      INSERT INTO gold_dirty (gold_name, key)
      SELECT DISTINCT g.gold_name, k.key FROM gold_registry g JOIN (%s) AS k (gold_name, key) USING (gold_name) WHERE g.tracking AND k.key <> '?'$sql$ AS moved
), review AS (
  SELECT $sql$
    SELECT date_trunc('hour', b.event_time AT TIME ZONE {time_zone}) AS time_key, coalesce(b.user_id, '?') AS user_key, b.video_id AS video_key,
           coalesce(u.user_version, e.user_version, -1) AS user_version, b.event_time, b.review_id, b.stars::integer AS stars, b.review_text,
           b.helpful_votes, b.withdrawn::integer AS withdrawn, coalesce(b.revised_at, b.event_time) AS revised_at
    FROM batch b
    LEFT JOIN user_history u ON u.user_id = b.user_id AND u.valid_from <= b.event_time AND u.valid_to > b.event_time
    LEFT JOIN LATERAL (SELECT h.user_version FROM user_history h
                       WHERE u.user_version IS NULL AND h.user_id = b.user_id AND h.valid_from > b.event_time
                       ORDER BY h.valid_from LIMIT 1) e ON true
    ORDER BY b.event_time, b.record_no$sql$ AS facts
), post AS (
  SELECT $sql$
    SELECT date_trunc('hour', b.event_time AT TIME ZONE {time_zone}) AS time_key, coalesce(b.video_id, '?') AS video_key, b.event_time, b.platform, b.post_id,
           b.sentiment, b.likes, b.shares, b.replies, b.reach, coalesce(b.observed_at, b.event_time) AS observed_at
    FROM batch b ORDER BY b.event_time, b.record_no$sql$ AS facts
), rating AS (
  SELECT $sql$
    SELECT date_trunc('hour', (d.day::timestamp AT TIME ZONE {time_zone}) AT TIME ZONE {time_zone}) AS time_key, b.site_id AS site_key, b.video_id AS video_key,
           d.day::timestamp AT TIME ZONE {time_zone} AS event_time, b.score, round(100 * b.score / b.scale, 2) AS score_percent, b.votes, b.event_time AS observed_at
    FROM batch b CROSS JOIN LATERAL (SELECT (b.event_time AT TIME ZONE {time_zone})::date AS day) d
    ORDER BY 4$sql$ AS facts
), license AS (
  SELECT $sql$
    SELECT date_trunc('hour', (b.signed_on::timestamp AT TIME ZONE {time_zone}) AT TIME ZONE {time_zone}) AS time_key, coalesce(b.vendor_id, '?') AS vendor_key,
           coalesce(b.video_id, '?') AS video_key, b.signed_on::timestamp AT TIME ZONE {time_zone} AS event_time, b.license_id, b.revision::integer AS revision,
           b.territory, b.is_exclusive::integer AS is_exclusive, b.license_from, b.license_to, b.license_fee
    FROM batch b ORDER BY b.signed_on$sql$ AS facts
)
SELECT
  -- Studios: where each in-house production stands (Type 2). A report may say only what changed.
  create_feed(current_schema(), 'productions',
    description => 'In-house productions, JSON: production_id, effective_at, title, studio, video_id, stage, budget_usd, planned_release',
    contract => $json${
      "format": "jsonl",
      "null": ["", "N/A", "n/a", "-"],
      "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Report on an in-house production", "type": "object",
        "required": ["production_id", "effective_at"],
        "properties": {
          "production_id": {"type": "string", "minLength": 1, "maxLength": 100},
          "effective_at": {"type": ["string", "integer"], "description": "moment from which it holds"},
          "title": {"type": ["string", "null"], "maxLength": 500},
          "studio": {"type": ["string", "null"], "maxLength": 200},
          "video_id": {"type": ["string", "null"], "maxLength": 100, "description": "the video it became"},
          "stage": {"enum": ["development", "pre-production", "filming", "post-production", "released", "cancelled", null]},
          "budget_usd": {"type": ["number", "null"], "minimum": 0},
          "planned_release": {"type": ["string", "null"]}}},
      "columns": [
        {"name": "production_id", "type": "text", "required": true, "max_length": 100},
        {"name": "effective_at", "type": "timestamptz", "required": true, "min": "1990-01-01", "formats": ["ISO", "epoch"]},
        {"name": "title", "type": "text", "collapse_blanks": true},
        {"name": "studio", "type": "text", "collapse_blanks": true},
        {"name": "video_id", "type": "text", "max_length": 100},
        {"name": "stage", "type": "text", "map": {"development": "Development", "pre-production": "Pre-production", "filming": "Filming",
           "post-production": "Post-production", "released": "Released", "cancelled": "Cancelled"}},
        {"name": "budget", "from": "budget_usd", "type": "numeric", "min": 0, "max": 1000000000000},
        {"name": "planned_release", "type": "date", "min": "1990-01-01", "max": "2200-01-01"}
      ]}$json$,
    steps => jsonb_build_array(
      jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'effective_at', 'code', '22008',
        'when', $sql$effective_at > now() + interval '1 day'$sql$,
        'reason', 'the change takes effect in the future', 'hint', 'Send it when it is in force, or correct the time.'),
      common.turn, common.videos,
      jsonb_build_object('step', 'sql', 'name', 'moved', 'sql', format(common.moved, $sql$
        SELECT 'gold_video_profile', d.video_id FROM production_dim d JOIN batch b USING (production_id) WHERE d.video_id <> b.video_id$sql$)),
      jsonb_build_object('step', 'scd2', 'name', 'production_history', 'into', 'production_history', 'mode', 'feed', 'sequence', 'effective_at',
        'select', 'SELECT record_no, production_id, title, studio, video_id, stage, budget, planned_release, effective_at FROM batch'),
      jsonb_build_object('step', 'sql', 'name', 'realign facts', 'sql', $sql$SELECT realign_facts('production_history')$sql$))),

  -- Their costs, each in the stage that the production was in.
  create_feed(current_schema(), 'production_costs',
    description => 'Costs of in-house productions, JSON: booking_id, production_id, cost_type, amount_usd, booked_on',
    contract => $json${
      "format": "jsonl",
      "null": ["", "N/A", "n/a", "-"],
      "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Cost booked on an in-house production", "type": "object",
        "required": ["booking_id", "amount_usd", "booked_on"],
        "properties": {
          "booking_id": {"type": "string", "minLength": 1, "maxLength": 100},
          "production_id": {"type": ["string", "null"], "maxLength": 100},
          "cost_type": {"type": ["string", "null"], "maxLength": 40},
          "amount_usd": {"type": "number", "multipleOf": 0.01, "description": "negative: a refund"},
          "booked_on": {"type": ["string", "integer"]}}},
      "columns": [
        {"name": "booking_id", "type": "text", "required": true, "max_length": 100},
        {"name": "production_id", "type": "text", "max_length": 100},
        {"name": "cost_type", "type": "text", "default": "Other",
         "map": {"cast": "Cast", "crew": "Crew", "set": "Set", "effects": "Effects", "vfx": "Effects", "music": "Music", "other": "Other"}},
        {"name": "amount", "from": "amount_usd", "type": "numeric", "required": true, "min": -1000000000, "max": 1000000000},
        {"name": "booked_on", "type": "date", "required": true, "min": "1990-01-01", "formats": ["ISO", "epoch"]}
      ]}$json$,
    steps => jsonb_build_array(
      jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'booked_on', 'code', '22008',
        'when', $sql$booked_on > (SELECT now() + interval '1 day')$sql$,
        'reason', 'the booking lies in the future', 'hint', 'Correct the day, or send it when it has come.'),
      common.turn,
      jsonb_build_object('step', 'sql', 'name', 'room', 'sql', 'SELECT extend_calendar(current_schema(), min(booked_on), max(booked_on)) FROM batch'),
      jsonb_build_object('step', 'members', 'name', 'new productions', 'into', 'production_history',
        'select', 'SELECT production_id FROM batch WHERE production_id IS NOT NULL'),
      jsonb_build_object('step', 'facts', 'name', 'production_cost_fact', 'into', 'production_cost_fact', 'conflict', 'ignore',
        'time', 'event_time', 'partition', '1 month',
        'partition_range', 'SELECT min(booked_on)::timestamp AT TIME ZONE {time_zone}, max(booked_on)::timestamp AT TIME ZONE {time_zone} FROM batch',
        'select', $sql$
          SELECT date_trunc('hour', t.event_time AT TIME ZONE {time_zone}) AS time_key, coalesce(b.production_id, '?') AS production_key,
                 coalesce(p.production_version, e.production_version, -1) AS production_version, t.event_time, b.booking_id, b.cost_type, b.amount
          FROM batch b
          CROSS JOIN LATERAL (SELECT b.booked_on::timestamp AT TIME ZONE {time_zone} AS event_time) t
          LEFT JOIN production_history p ON p.production_id = b.production_id AND p.valid_from <= t.event_time AND p.valid_to > t.event_time
          LEFT JOIN LATERAL (SELECT h.production_version FROM production_history h
                             WHERE p.production_version IS NULL AND h.production_id = b.production_id AND h.valid_from > t.event_time
                             ORDER BY h.valid_from LIMIT 1) e ON true
          ORDER BY t.event_time$sql$))),

  -- Vendors: what they license, for how long, for how much. What they tell of a video fills what the catalogue leaves open.
  create_feed(current_schema(), 'vendor_content',
    description => 'Licensed content, JSON: license_id, revision, vendor {vendor_id, name, country}, video {video_id, title, genres, language, release_year}, territory, exclusive, terms {signed_on, from, to, fee_usd}',
    contract => $json${
      "format": "jsonl",
      "null": ["", "N/A", "n/a", "-"],
      "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Licence of a vendor's content", "type": "object",
        "required": ["license_id", "video", "terms"],
        "properties": {
          "license_id": {"type": "string", "minLength": 1, "maxLength": 100},
          "revision": {"type": "integer", "minimum": 1, "maximum": 100000},
          "vendor": {"type": ["object", "null"], "required": ["vendor_id"], "properties": {
            "vendor_id": {"type": "string", "minLength": 1, "maxLength": 100}, "name": {"type": ["string", "null"]}, "country": {"type": ["string", "null"]}}},
          "video": {"type": "object", "required": ["video_id"], "properties": {
            "video_id": {"type": "string", "minLength": 1, "maxLength": 100}, "title": {"type": ["string", "null"]},
            "genres": {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": 20},
            "language": {"type": ["string", "null"]}, "release_year": {"type": ["integer", "null"], "minimum": 1870, "maximum": 2200}}},
          "territory": {"type": ["string", "null"], "maxLength": 100},
          "exclusive": {"type": "boolean"},
          "terms": {"type": "object", "required": ["signed_on", "from", "to", "fee_usd"], "properties": {
            "signed_on": {"type": ["string", "integer"]}, "from": {"type": "string"}, "to": {"type": "string"}, "fee_usd": {"type": "number", "minimum": 0}}}}},
      "columns": [
        {"name": "license_id", "type": "text", "required": true, "max_length": 100},
        {"name": "revision", "type": "integer", "default": 1},
        {"name": "vendor_id", "from": "/vendor/vendor_id", "type": "text", "case": "upper", "max_length": 100},
        {"name": "vendor_name", "from": "/vendor/name", "type": "text", "collapse_blanks": true},
        {"name": "vendor_country", "from": "/vendor/country", "type": "text", "collapse_blanks": true},
        {"name": "video_id", "from": "/video/video_id", "type": "text", "required": true, "max_length": 100},
        {"name": "title", "from": "/video/title", "type": "text", "collapse_blanks": true},
        {"name": "genres", "from": "/video/genres", "type": "jsonb"},
        {"name": "language", "from": "/video/language", "type": "text", "collapse_blanks": true},
        {"name": "release_year", "from": "/video/release_year", "type": "integer"},
        {"name": "territory", "type": "text", "collapse_blanks": true},
        {"name": "is_exclusive", "from": "exclusive", "type": "boolean", "default": false},
        {"name": "signed_on", "from": "/terms/signed_on", "type": "date", "required": true, "min": "1990-01-01", "formats": ["ISO", "epoch"]},
        {"name": "license_from", "from": "/terms/from", "type": "date", "required": true, "min": "1990-01-01", "max": "2200-01-01"},
        {"name": "license_to", "from": "/terms/to", "type": "date", "required": true, "min": "1990-01-01", "max": "2200-01-01"},
        {"name": "license_fee", "from": "/terms/fee_usd", "type": "numeric", "required": true, "min": 0, "max": 1000000000000}
      ]}$json$,
    steps => jsonb_build_array(
      jsonb_build_object('step', 'reject', 'name', 'future', 'column', 'signed_on', 'code', '22008',
        'when', $sql$signed_on > (SELECT now() + interval '1 day')$sql$,
        'reason', 'the licence is signed in the future', 'hint', 'Correct the day of signing.'),
      jsonb_build_object('step', 'reject', 'name', 'term', 'column', 'license_to', 'code', '23514', 'when', 'license_to < license_from',
        'reason', 'the licence ends before it begins', 'hint', 'Ask the vendor; perhaps the two days are swapped.'),
      common.turn,
      jsonb_build_object('step', 'sql', 'name', 'room', 'sql', 'SELECT extend_calendar(current_schema(), min(signed_on), max(signed_on)) FROM batch'),
      jsonb_build_object('step', 'members', 'name', 'new vendors', 'into', 'vendor_dim', 'key', 'vendor_id',
        'select', 'SELECT vendor_id FROM batch WHERE vendor_id IS NOT NULL'),
      common.videos,
      jsonb_build_object('step', 'upsert', 'name', 'vendor_dim', 'into', 'vendor_dim', 'key', jsonb_build_array('vendor_id'),
        'select', $sql$
          SELECT b.vendor_id, coalesce(b.vendor_name, d.vendor_name) AS vendor_name, coalesce(b.country, d.country) AS country
          FROM (SELECT vendor_id, (array_agg(vendor_name ORDER BY record_no DESC) FILTER (WHERE vendor_name IS NOT NULL))[1] AS vendor_name,
                       (array_agg(vendor_country ORDER BY record_no DESC) FILTER (WHERE vendor_country IS NOT NULL))[1] AS country
                FROM batch WHERE vendor_id IS NOT NULL AND (vendor_name IS NOT NULL OR vendor_country IS NOT NULL) GROUP BY vendor_id) b
          LEFT JOIN vendor_dim d ON d.vendor_id = b.vendor_id$sql$),
      jsonb_build_object('step', 'upsert', 'name', 'video_dim', 'into', 'video_dim', 'key', jsonb_build_array('video_id'),
        'select', $sql$
          SELECT b.video_id, coalesce(d.title, b.title) AS title, coalesce(d.genre, b.genres->>0) AS genre,
                 CASE WHEN cardinality(d.genres) > 0 OR b.genres IS NULL THEN d.genres ELSE ARRAY(SELECT jsonb_array_elements_text(b.genres)) END AS genres,
                 coalesce(d.language, b.language) AS language, coalesce(d.release_year, b.release_year::integer) AS release_year
          FROM (SELECT video_id, (array_agg(title ORDER BY revision DESC, record_no DESC) FILTER (WHERE title IS NOT NULL))[1] AS title,
                       (array_agg(genres ORDER BY revision DESC, record_no DESC) FILTER (WHERE genres->>0 IS NOT NULL))[1] AS genres,
                       (array_agg(language ORDER BY revision DESC, record_no DESC) FILTER (WHERE language IS NOT NULL))[1] AS language,
                       (array_agg(release_year ORDER BY revision DESC, record_no DESC) FILTER (WHERE release_year IS NOT NULL))[1] AS release_year
                FROM batch GROUP BY video_id) b
          JOIN video_dim d ON d.video_id = b.video_id
          WHERE d.title IS NULL AND b.title IS NOT NULL OR d.genre IS NULL AND b.genres IS NOT NULL
             OR d.language IS NULL AND b.language IS NOT NULL OR d.release_year IS NULL AND b.release_year IS NOT NULL$sql$),
      jsonb_build_object('step', 'facts', 'name', 'license_fact', 'into', 'license_fact', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
        'partition_range', 'SELECT min(signed_on)::timestamp AT TIME ZONE {time_zone}, max(signed_on)::timestamp AT TIME ZONE {time_zone} FROM batch',
        'select', license.facts),
      jsonb_build_object('step', 'sql', 'name', 'moved', 'sql', format(common.moved, $sql$
        SELECT 'gold_video_profile', f.video_key FROM license_fact f JOIN batch b USING (license_id)
        WHERE f.event_time = b.signed_on::timestamp AT TIME ZONE {time_zone} AND f.video_key <> b.video_id$sql$)),
      jsonb_build_object('step', 'sql', 'name', 'revisions', 'sql', format($sql$
        UPDATE license_fact f
        SET (vendor_key, video_key, revision, territory, is_exclusive, license_from, license_to, license_fee, batch_id)
          = (n.vendor_key, n.video_key, n.revision, n.territory, n.is_exclusive, n.license_from, n.license_to, n.license_fee, {batch_id})
        FROM (SELECT DISTINCT ON (s.event_time, s.license_id) s.* FROM (%s) s
              ORDER BY s.event_time, s.license_id, s.revision DESC, s.license_to DESC, s.license_fee DESC, s.license_from DESC, s.is_exclusive DESC,
                       s.video_key DESC, s.vendor_key DESC, coalesce(s.territory, '') DESC) n
        WHERE f.event_time = n.event_time AND f.license_id = n.license_id
          AND (n.revision, n.license_to, n.license_fee, n.license_from, n.is_exclusive, n.video_key, n.vendor_key, coalesce(n.territory, ''))
            > (f.revision, f.license_to, f.license_fee, f.license_from, f.is_exclusive, f.video_key, f.vendor_key, coalesce(f.territory, ''))
          AND f.event_time >= (SELECT min(signed_on)::timestamp AT TIME ZONE {time_zone} FROM batch)
          AND f.event_time <= (SELECT max(signed_on)::timestamp AT TIME ZONE {time_zone} FROM batch)$sql$, license.facts)))),

  -- Users: reviews, edited or taken back later.
  create_feed(current_schema(), 'reviews',
    description => 'User reviews, JSON: review_id, user_id, video_id, stars (1 to 5), text, helpful_votes, submitted_at, edited_at, withdrawn',
    contract => $json${
      "format": "jsonl",
      "null": ["", "N/A", "n/a", "-", "?"],
      "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Review by a user", "type": "object",
        "required": ["review_id", "video_id", "stars", "submitted_at"],
        "properties": {
          "review_id": {"type": "string", "minLength": 1, "maxLength": 100},
          "user_id": {"type": ["string", "null"], "maxLength": 100},
          "video_id": {"type": "string", "minLength": 1, "maxLength": 100},
          "stars": {"type": "integer", "minimum": 1, "maximum": 5},
          "text": {"type": ["string", "null"], "maxLength": 10000},
          "helpful_votes": {"type": "integer", "minimum": 0},
          "submitted_at": {"type": ["string", "integer"]},
          "edited_at": {"type": ["string", "integer", "null"]},
          "withdrawn": {"type": "boolean"}}},
      "columns": [
        {"name": "review_id", "type": "text", "required": true, "max_length": 100},
        {"name": "user_id", "type": "text", "max_length": 100},
        {"name": "video_id", "type": "text", "required": true, "max_length": 100},
        {"name": "stars", "type": "integer", "required": true, "min": 1, "max": 5},
        {"name": "review_text", "from": "text", "type": "text", "collapse_blanks": true, "max_length": 10000},
        {"name": "helpful_votes", "type": "integer", "default": 0, "min": 0},
        {"name": "event_time", "from": "submitted_at", "type": "timestamptz", "required": true, "min": "1990-01-01", "formats": ["ISO", "epoch", "epoch_ms"]},
        {"name": "revised_at", "from": "edited_at", "type": "timestamptz", "min": "1990-01-01", "formats": ["ISO", "epoch", "epoch_ms"]},
        {"name": "withdrawn", "type": "boolean", "default": false}
      ]}$json$,
    steps => jsonb_build_array(common.future,
      jsonb_build_object('step', 'reject', 'name', 'edited', 'column', 'revised_at', 'code', '22008',
        'when', $sql$revised_at < event_time OR revised_at > (SELECT now() + interval '1 day')$sql$,
        'reason', 'it was edited before it was submitted, or in the future', 'hint', 'Correct the times.'),
      common.turn, common.room,
      jsonb_build_object('step', 'members', 'name', 'new users', 'into', 'user_history', 'select', 'SELECT user_id FROM batch WHERE user_id IS NOT NULL'),
      common.videos,
      jsonb_build_object('step', 'facts', 'name', 'review_fact', 'into', 'review_fact', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
        'look_up', 'user_history', 'select', review.facts),
      jsonb_build_object('step', 'sql', 'name', 'moved', 'sql', format(common.moved, $sql$
        SELECT x.gold_name, x.key FROM review_fact f JOIN batch b USING (event_time, review_id)
        CROSS JOIN LATERAL (VALUES ('gold_video_profile', f.video_key), ('gold_user_profile', f.user_key)) AS x (gold_name, key)
        WHERE (f.video_key <> b.video_id OR f.user_key <> coalesce(b.user_id, '?'))
          AND f.event_time >= (SELECT min(event_time) FROM batch) AND f.event_time <= (SELECT max(event_time) FROM batch)$sql$)),
      jsonb_build_object('step', 'sql', 'name', 'revisions', 'look_up', 'user_history', 'sql', format($sql$
        UPDATE review_fact f
        SET (user_key, video_key, user_version, stars, review_text, helpful_votes, withdrawn, revised_at, batch_id)
          = (n.user_key, n.video_key, n.user_version, n.stars, n.review_text, n.helpful_votes, n.withdrawn, n.revised_at, {batch_id})
        FROM (SELECT DISTINCT ON (s.event_time, s.review_id) s.* FROM (%s) s
              ORDER BY s.event_time, s.review_id, s.revised_at DESC, s.withdrawn DESC, s.helpful_votes DESC, s.stars DESC, s.video_key DESC, s.user_key DESC,
                       coalesce(s.review_text, '') COLLATE "C" DESC) n
        -- A scalar subquery: looked up by its key, row by row, whatever the planner takes the day's reviews to be.
        WHERE (SELECT (n.revised_at, n.withdrawn, n.helpful_votes, n.stars, n.video_key, n.user_key, coalesce(n.review_text, '') COLLATE "C")
                    > (k.revised_at, k.withdrawn, k.helpful_votes, k.stars, k.video_key, k.user_key, coalesce(k.review_text, '') COLLATE "C")
               FROM review_fact k WHERE k.event_time = n.event_time AND k.review_id = n.review_id)
          AND f.event_time = n.event_time AND f.review_id = n.review_id
          AND f.event_time >= (SELECT min(event_time) FROM batch) AND f.event_time <= (SELECT max(event_time) FROM batch)$sql$, review.facts)))),

  -- Social media: posts about a video, their counters looked at again and again.
  create_feed(current_schema(), 'social_posts',
    description => 'Posts on social media, JSON: platform, post_id, video_id, posted_at, observed_at, sentiment (-1 to 1), counters {likes, shares, replies, reach}',
    contract => $json${
      "format": "jsonl",
      "null": ["", "N/A", "n/a", "-", "?"],
      "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Post about a video", "type": "object",
        "required": ["platform", "post_id", "posted_at"],
        "properties": {
          "platform": {"type": "string", "minLength": 1, "maxLength": 40},
          "post_id": {"type": "string", "minLength": 1, "maxLength": 100},
          "video_id": {"type": ["string", "null"], "maxLength": 100},
          "posted_at": {"type": ["string", "integer"]},
          "observed_at": {"type": ["string", "integer", "null"]},
          "sentiment": {"type": ["number", "null"], "minimum": -1, "maximum": 1},
          "counters": {"type": "object", "properties": {
            "likes": {"$ref": "#/$defs/count"}, "shares": {"$ref": "#/$defs/count"}, "replies": {"$ref": "#/$defs/count"}, "reach": {"$ref": "#/$defs/count"}}}},
        "$defs": {"count": {"type": "integer", "minimum": 0, "maximum": 100000000000}}},
      "columns": [
        {"name": "platform", "type": "text", "required": true, "max_length": 40,
         "map": {"x": "X", "twitter": "X", "instagram": "Instagram", "ig": "Instagram", "tiktok": "TikTok", "youtube": "YouTube", "facebook": "Facebook", "fb": "Facebook", "reddit": "Reddit"}},
        {"name": "post_id", "type": "text", "required": true, "max_length": 100},
        {"name": "video_id", "type": "text", "max_length": 100},
        {"name": "event_time", "from": "posted_at", "type": "timestamptz", "required": true, "min": "1990-01-01", "formats": ["ISO", "epoch", "epoch_ms"]},
        {"name": "observed_at", "type": "timestamptz", "min": "1990-01-01", "formats": ["ISO", "epoch", "epoch_ms"]},
        {"name": "sentiment", "type": "numeric", "min": -1, "max": 1},
        {"name": "likes", "from": "/counters/likes", "type": "integer", "default": 0},
        {"name": "shares", "from": "/counters/shares", "type": "integer", "default": 0},
        {"name": "replies", "from": "/counters/replies", "type": "integer", "default": 0},
        {"name": "reach", "from": "/counters/reach", "type": "integer", "default": 0}
      ]}$json$,
    steps => jsonb_build_array(common.future,
      jsonb_build_object('step', 'reject', 'name', 'observed', 'column', 'observed_at', 'code', '22008',
        'when', $sql$observed_at < event_time OR observed_at > (SELECT now() + interval '1 day')$sql$,
        'reason', 'it was observed before it was posted, or in the future', 'hint', 'Correct the times.'),
      common.turn, common.room, common.videos,
      jsonb_build_object('step', 'facts', 'name', 'social_fact', 'into', 'social_fact', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
        'select', post.facts),
      jsonb_build_object('step', 'sql', 'name', 'moved', 'sql', format(common.moved, $sql$
        SELECT 'gold_video_profile', f.video_key FROM social_fact f JOIN batch b USING (event_time, platform, post_id)
        WHERE f.video_key <> coalesce(b.video_id, '?')$sql$)),
      jsonb_build_object('step', 'sql', 'name', 'revisions', 'sql', format($sql$
        UPDATE social_fact f
        SET (video_key, sentiment, likes, shares, replies, reach, observed_at, batch_id)
          = (n.video_key, n.sentiment, n.likes, n.shares, n.replies, n.reach, n.observed_at, {batch_id})
        FROM (SELECT DISTINCT ON (s.event_time, s.platform, s.post_id) s.* FROM (%s) s
              ORDER BY s.event_time, s.platform, s.post_id, s.observed_at DESC, s.reach DESC, s.likes DESC, s.shares DESC, s.replies DESC, coalesce(s.sentiment, -2) DESC,
                       s.video_key DESC) n
        WHERE f.event_time = n.event_time AND f.platform = n.platform AND f.post_id = n.post_id
          AND (n.observed_at, n.reach, n.likes, n.shares, n.replies, coalesce(n.sentiment, -2), n.video_key)
            > (f.observed_at, f.reach, f.likes, f.shares, f.replies, coalesce(f.sentiment, -2), f.video_key)
          AND f.event_time >= (SELECT min(event_time) FROM batch) AND f.event_time <= (SELECT max(event_time) FROM batch)$sql$, post.facts)))),

  -- Rating sites: what they show of a video, once a day.
  create_feed(current_schema(), 'site_ratings',
    description => 'Rating sites, JSON: site {site_id, name, scale}, video_id, score, votes, observed_at',
    contract => $json${
      "format": "jsonl",
      "null": ["", "N/A", "n/a", "-", "?"],
      "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Rating of a video by a site", "type": "object",
        "required": ["site", "video_id", "score", "votes", "observed_at"],
        "properties": {
          "site": {"type": "object", "required": ["site_id", "scale"], "properties": {
            "site_id": {"type": "string", "minLength": 1, "maxLength": 100}, "name": {"type": ["string", "null"]},
            "scale": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000}}},
          "video_id": {"type": "string", "minLength": 1, "maxLength": 100},
          "score": {"type": "number", "minimum": 0},
          "votes": {"type": "integer", "minimum": 0},
          "observed_at": {"type": ["string", "integer"]}}},
      "columns": [
        {"name": "site_id", "from": "/site/site_id", "type": "text", "required": true, "case": "lower", "max_length": 100},
        {"name": "site_name", "from": "/site/name", "type": "text", "collapse_blanks": true},
        {"name": "scale", "from": "/site/scale", "type": "numeric", "required": true, "exclusive_min": 0, "max": 1000},
        {"name": "video_id", "type": "text", "required": true, "max_length": 100},
        {"name": "score", "type": "numeric", "required": true, "min": 0, "max": 1000},
        {"name": "votes", "type": "integer", "required": true, "min": 0},
        {"name": "event_time", "from": "observed_at", "type": "timestamptz", "required": true, "min": "1990-01-01", "formats": ["ISO", "epoch", "epoch_ms"]}
      ]}$json$,
    steps => jsonb_build_array(common.future,
      jsonb_build_object('step', 'reject', 'name', 'scale', 'column', 'score', 'code', '23514', 'when', 'score > scale',
        'reason', 'the score is above the best that the site gives', 'hint', 'Look at the site''s scale: it may have changed.'),
      common.turn, common.room,
      jsonb_build_object('step', 'members', 'name', 'new sites', 'into', 'site_dim', 'key', 'site_id', 'select', 'SELECT site_id FROM batch'),
      common.videos,
      jsonb_build_object('step', 'upsert', 'name', 'site_dim', 'into', 'site_dim', 'key', jsonb_build_array('site_id'),
        'select', $sql$
          SELECT b.site_id, coalesce(b.site_name, d.site_name) AS site_name, b.scale_max
          FROM (SELECT site_id, (array_agg(site_name ORDER BY event_time DESC, record_no DESC) FILTER (WHERE site_name IS NOT NULL))[1] AS site_name,
                       (array_agg(scale ORDER BY event_time DESC, record_no DESC))[1] AS scale_max
                FROM batch GROUP BY site_id) b
          LEFT JOIN site_dim d ON d.site_id = b.site_id$sql$),
      jsonb_build_object('step', 'facts', 'name', 'rating_fact', 'into', 'rating_fact', 'conflict', 'ignore', 'time', 'event_time', 'partition', '1 month',
        'partition_range', $sql$SELECT min(event_time) - interval '1 day', max(event_time) FROM batch$sql$,
        'select', rating.facts),
      jsonb_build_object('step', 'sql', 'name', 'revisions', 'sql', format($sql$
        UPDATE rating_fact f
        SET (score, score_percent, votes, observed_at, batch_id) = (n.score, n.score_percent, n.votes, n.observed_at, {batch_id})
        FROM (SELECT DISTINCT ON (s.event_time, s.site_key, s.video_key) s.* FROM (%s) s
              ORDER BY s.event_time, s.site_key, s.video_key, s.observed_at DESC, s.votes DESC, s.score DESC, s.score_percent DESC) n
        WHERE f.event_time = n.event_time AND f.site_key = n.site_key AND f.video_key = n.video_key
          AND (n.observed_at, n.votes, n.score, n.score_percent) > (f.observed_at, f.votes, f.score, f.score_percent)
          AND f.event_time >= (SELECT min(event_time) - interval '1 day' FROM batch) AND f.event_time <= (SELECT max(event_time) FROM batch)$sql$, rating.facts))))
FROM common, review, post, rating, license;

-- Playback streams: what set-top boxes send over the event hub, nested and in seconds. What happens to a playback is said once, by the
-- feed of the players (30-feeds-viewing.sql): the batch has its columns and takes its steps, and a playback reported both ways is one fact.
SELECT create_feed(current_schema(), 'playback_streams',
  description => 'Playback streams, JSON: stream_id, started_at, viewer {user_id, region_id}, content {video_id, length_minutes}, device {device_id}, playback {watched_seconds, buffering_ms, stalls, startup_ms, quality, bitrate_kbps}',
  contract => $json${
    "format": "jsonl",
    "null": ["", "NULL", "null", "N/A", "n/a", "-", "?"],
    "schema": {
      "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Playback of a stream", "type": "object",
      "required": ["stream_id", "started_at", "playback"],
      "properties": {
        "stream_id": {"type": "string", "minLength": 1, "maxLength": 100},
        "started_at": {"type": ["string", "integer"]},
        "viewer": {"type": ["object", "null"], "properties": {"user_id": {"type": ["string", "null"]}, "region_id": {"type": ["string", "null"]}}},
        "content": {"type": ["object", "null"], "properties": {"video_id": {"type": ["string", "null"]}, "length_minutes": {"type": ["number", "null"], "exclusiveMinimum": 0}}},
        "device": {"type": ["object", "null"], "properties": {"device_id": {"type": ["string", "null"]}}},
        "playback": {"type": "object", "required": ["watched_seconds"], "properties": {
          "watched_seconds": {"type": "number", "minimum": 0, "maximum": 86400}, "buffering_ms": {"type": "integer", "minimum": 0},
          "stalls": {"type": "integer", "minimum": 0}, "startup_ms": {"type": "integer", "minimum": 0},
          "quality": {"type": ["string", "null"]}, "bitrate_kbps": {"type": "number", "minimum": 0}}}}},
    "columns": [
      {"name": "event_id", "from": "stream_id", "type": "text", "required": true, "max_length": 100},
      {"name": "user_id", "from": "/viewer/user_id", "type": "text", "max_length": 100},
      {"name": "video_id", "from": "/content/video_id", "type": "text", "max_length": 100},
      {"name": "device_id", "from": "/device/device_id", "type": "text", "max_length": 100},
      {"name": "region_id", "from": "/viewer/region_id", "type": "text", "case": "upper", "max_length": 100},
      {"name": "event_time", "from": "started_at", "type": "timestamptz", "required": true, "min": "1990-01-01", "formats": ["ISO", "epoch", "epoch_ms"]},
      {"name": "watch_duration", "from": "/playback/watched_seconds", "type": "numeric", "required": true, "min": 0, "max": 86400},
      {"name": "buffering_time", "from": "/playback/buffering_ms", "type": "numeric", "min": 0, "max": 86400000},
      {"name": "buffering_events", "from": "/playback/stalls", "type": "integer", "min": 0, "max": 100000},
      {"name": "startup_time", "from": "/playback/startup_ms", "type": "numeric", "min": 0, "max": 3600000},
      {"name": "quality_level", "from": "/playback/quality", "type": "text", "case": "lower", "max_length": 40},
      {"name": "bitrate_avg", "from": "/playback/bitrate_kbps", "type": "numeric", "min": 0, "max": 10000000},
      {"name": "video_length", "from": "/content/length_minutes", "type": "numeric", "exclusive_min": 0, "max": 10000}
    ]}$json$,
  steps => jsonb_build_array(jsonb_build_object('step', 'sql', 'name', 'units', 'ahead', true, 'sql', $sql$
             UPDATE batch SET watch_duration = trim_scale(watch_duration / 60), buffering_time = trim_scale(buffering_time / 1000), startup_time = trim_scale(startup_time / 1000)$sql$))
           || f.steps)
FROM feed f WHERE f.feed_name = 'playback_events';
