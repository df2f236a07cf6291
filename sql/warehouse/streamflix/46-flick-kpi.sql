-- KPIs of Flick's sources: reviews, rating sites, social media, productions, licences, and how the sources themselves do. The rules are those of
-- 40-kpi-base.sql. Their columns are explained in 47-flick-kpi-comments.sql.

-- Reviews that stand, of the warehouse's days from_day to to_day; the bounds prune partitions as in kpi_playbacks.
CREATE FUNCTION kpi_review_rows(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, video_key text, user_key text, stars integer, has_text boolean, helpful_votes bigint, edited boolean, withdrawn boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT f.time_key::date, f.video_key, f.user_key, f.stars, f.review_text IS NOT NULL, f.helpful_votes, f.revised_at > f.event_time, f.withdrawn = 1
  FROM review_fact f
  WHERE f.time_key >= (SELECT kpi_from_day(from_day, to_day)::timestamp)
    AND f.event_time >= (SELECT (kpi_from_day(from_day, to_day) - 1)::timestamp AT TIME ZONE 'UTC')
    AND f.time_key < (SELECT (COALESCE(to_day, kpi_last_day()) + 1)::timestamp)
    AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC');
END;
COMMENT ON FUNCTION kpi_review_rows(date, date) IS
'Reviews as every KPI sees them, from_day to to_day inclusive, withdrawn ones marked; NULLs as in kpi_playbacks.';

CREATE FUNCTION kpi_reviews(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (video_id text, title text, genre text, reviews bigint, average_stars numeric, positive_percent numeric, negative_percent numeric,
               with_text bigint, anonymous_reviews bigint, edited_reviews bigint, withdrawn_reviews bigint, helpful_votes bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT g.video_key, COALESCE(v.title, 'Unknown'), COALESCE(v.genre, 'Unknown'), g.reviews, kpi_ratio(g.stars, g.reviews), kpi_percent(g.good, g.reviews),
         kpi_percent(g.bad, g.reviews), g.with_text, g.anonymous, g.edited, g.withdrawn, g.votes
  FROM (SELECT r.video_key, count(*) FILTER (WHERE NOT r.withdrawn) AS reviews, sum(r.stars) FILTER (WHERE NOT r.withdrawn) AS stars,
               count(*) FILTER (WHERE NOT r.withdrawn AND r.stars >= 4) AS good, count(*) FILTER (WHERE NOT r.withdrawn AND r.stars <= 2) AS bad,
               count(*) FILTER (WHERE NOT r.withdrawn AND r.has_text) AS with_text, count(*) FILTER (WHERE NOT r.withdrawn AND r.user_key = '?') AS anonymous,
               count(*) FILTER (WHERE NOT r.withdrawn AND r.edited) AS edited, count(*) FILTER (WHERE r.withdrawn) AS withdrawn,
               COALESCE(sum(r.helpful_votes) FILTER (WHERE NOT r.withdrawn), 0)::bigint AS votes
        FROM kpi_review_rows(from_day, to_day) r GROUP BY r.video_key) g
  JOIN video_dim v ON v.video_id = g.video_key;
END;
CREATE VIEW kpi_reviews AS SELECT * FROM kpi_reviews();
COMMENT ON VIEW kpi_reviews IS
'How do users review each video?
Formula: average_stars = mean of the stars of reviews that stand, as last edited; positive 4 or 5 stars, negative 1 or 2. The last 30 days by the day of submission.
Grain: video with a review
Unit: reviews, stars (1 to 5), percent
NULL: an average or share where every review was withdrawn
Freshness: with each batch of reviews
Source: review_fact, video_dim';

-- What each site showed last, on or before a day.
CREATE FUNCTION kpi_site_scores(to_day date DEFAULT NULL)
RETURNS TABLE (site_id text, video_key text, day date, score_percent numeric, votes bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  WITH newest AS (  -- grouped, not sorted; the key has one row for each
    SELECT f.site_key, f.video_key, max(f.event_time) AS event_time
    FROM rating_fact f
    WHERE f.time_key < (SELECT (COALESCE(to_day, kpi_last_day()) + 1)::timestamp)
      AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC')
    GROUP BY f.site_key, f.video_key
  )
  SELECT n.site_key, n.video_key, f.time_key::date, f.score_percent, f.votes
  FROM newest n
  JOIN rating_fact f ON f.site_key = n.site_key AND f.video_key = n.video_key AND f.event_time = n.event_time
    AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC');
END;
COMMENT ON FUNCTION kpi_site_scores(date) IS
'The newest snapshot of each rating site and video on or before to_day (NULL: the latest day with a playback). No rows without playbacks and without to_day.';

CREATE FUNCTION kpi_site_ratings(to_day date DEFAULT NULL)
RETURNS TABLE (video_id text, title text, sites bigint, votes bigint, site_score_percent numeric, lowest_percent numeric, highest_percent numeric,
               reviews bigint, review_percent numeric, gap_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT s.video_key, COALESCE(v.title, 'Unknown'), s.sites, s.votes, kpi_ratio(s.weighted, s.votes), s.lowest, s.highest, COALESCE(r.reviews, 0),
         kpi_ratio(20 * r.stars, r.reviews), kpi_ratio(20 * r.stars, r.reviews) - kpi_ratio(s.weighted, s.votes)
  FROM (SELECT x.video_key, count(*) AS sites, sum(x.votes)::bigint AS votes, sum(x.score_percent * x.votes) AS weighted, min(x.score_percent) AS lowest,
               max(x.score_percent) AS highest
        FROM kpi_site_scores(to_day) x GROUP BY x.video_key) s
  JOIN video_dim v ON v.video_id = s.video_key
  LEFT JOIN (SELECT y.video_key, count(*) AS reviews, sum(y.stars)::numeric AS stars FROM kpi_review_rows('-infinity', to_day) y
             WHERE NOT y.withdrawn GROUP BY y.video_key) r ON r.video_key = s.video_key;
END;
CREATE VIEW kpi_site_ratings AS SELECT * FROM kpi_site_ratings();
COMMENT ON VIEW kpi_site_ratings IS
'What do rating sites say of each video, and do our own users agree?
Formula: newest snapshot of each site on or before to_day, scores in percent of the site''s best, weighted by votes; review_percent = 20 * mean stars of all reviews up to then; gap_percent = review_percent - site_score_percent.
Grain: video that a site rates
Unit: percent, votes, reviews
NULL: site_score_percent without votes, review_percent without reviews, gap_percent without either
Freshness: with each batch of ratings
Source: rating_fact, review_fact, video_dim';

CREATE FUNCTION kpi_posts(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, platform text, video_key text, sentiment numeric, reach bigint, engagements bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT f.time_key::date, f.platform, f.video_key, f.sentiment, f.reach, f.likes + f.shares + f.replies
  FROM social_fact f
  WHERE f.time_key >= (SELECT kpi_from_day(from_day, to_day)::timestamp)
    AND f.event_time >= (SELECT (kpi_from_day(from_day, to_day) - 1)::timestamp AT TIME ZONE 'UTC')
    AND f.time_key < (SELECT (COALESCE(to_day, kpi_last_day()) + 1)::timestamp)
    AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC');
END;
COMMENT ON FUNCTION kpi_posts(date, date) IS
'Posts on social media as every KPI sees them, from_day to to_day inclusive, engagements = likes + shares + replies; NULLs as in kpi_playbacks.';

CREATE FUNCTION kpi_social_buzz(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (video_id text, title text, posts bigint, platforms bigint, reach bigint, engagements bigint, engagement_percent numeric,
               average_sentiment numeric, positive_percent numeric, unjudged_posts bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT g.video_key, COALESCE(v.title, 'Unknown'), g.posts, g.platforms, g.reach, g.engagements, kpi_percent(g.engagements, g.reach),
         kpi_ratio(g.sentiment, g.judged), kpi_percent(g.positive, g.judged), g.posts - g.judged
  FROM (SELECT p.video_key, count(*) AS posts, count(DISTINCT p.platform) AS platforms, sum(p.reach)::bigint AS reach, sum(p.engagements)::bigint AS engagements,
               sum(p.sentiment) AS sentiment, count(p.sentiment) AS judged, count(*) FILTER (WHERE p.sentiment > 0) AS positive
        FROM kpi_posts(from_day, to_day) p GROUP BY p.video_key) g
  JOIN video_dim v ON v.video_id = g.video_key;
END;
CREATE VIEW kpi_social_buzz AS SELECT * FROM kpi_social_buzz();
COMMENT ON VIEW kpi_social_buzz IS
'What do social media say of each video?
Formula: posts by the day they were posted, counters as last observed; engagements = likes + shares + replies, in percent of reach; average_sentiment = mean over posts whose tone was judged. The last 30 days.
Grain: video with a post; posts about no known video are Unknown
Unit: posts, users reached, percent, sentiment (-1 to 1)
NULL: a share or mean of nothing
Freshness: with each batch of posts
Source: social_fact, video_dim';

CREATE FUNCTION kpi_social_platforms(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (platform text, posts bigint, videos bigint, reach bigint, engagements bigint, engagement_percent numeric, average_sentiment numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT p.platform, count(*), count(DISTINCT p.video_key) FILTER (WHERE p.video_key <> '?'), sum(p.reach)::bigint, sum(p.engagements)::bigint,
         kpi_percent(sum(p.engagements), sum(p.reach)), kpi_ratio(sum(p.sentiment), count(p.sentiment))
  FROM kpi_posts(from_day, to_day) p GROUP BY p.platform;
END;
CREATE VIEW kpi_social_platforms AS SELECT * FROM kpi_social_platforms();
COMMENT ON VIEW kpi_social_platforms IS
'On which social media are our videos talked about?
Formula: as in kpi_social_buzz, by platform.
Grain: platform
Unit: posts, videos, users reached, percent, sentiment (-1 to 1)
NULL: a share or mean of nothing
Freshness: with each batch of posts
Source: social_fact';

CREATE FUNCTION kpi_title_reception(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (video_id text, title text, genre text, views bigint, watch_hours numeric, completion_percent numeric, reviews bigint, average_stars numeric,
               site_score_percent numeric, posts bigint, reach bigint, average_sentiment numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT v.video_id, COALESCE(v.title, 'Unknown'), COALESCE(v.genre, 'Unknown'), COALESCE(w.views, 0), round(COALESCE(w.minutes, 0) / 60, 2),
         kpi_ratio(w.completion, w.measured), COALESCE(r.reviews, 0), r.average_stars, s.site_score_percent, COALESCE(b.posts, 0), COALESCE(b.reach, 0), b.average_sentiment
  FROM video_dim v
  LEFT JOIN (SELECT d.video_key, d.views, d.watch_minutes AS minutes, d.completion_sum AS completion, d.measured_views AS measured
             FROM kpi_video_sums(from_day, to_day) d WHERE d.views > 0) w ON w.video_key = v.video_id
  LEFT JOIN kpi_reviews(from_day, to_day) r ON r.video_id = v.video_id
  LEFT JOIN kpi_site_ratings(to_day) s ON s.video_id = v.video_id
  LEFT JOIN kpi_social_buzz(from_day, to_day) b ON b.video_id = v.video_id
  WHERE w.views IS NOT NULL OR r.video_id IS NOT NULL OR s.video_id IS NOT NULL OR b.video_id IS NOT NULL;
END;
CREATE VIEW kpi_title_reception AS SELECT * FROM kpi_title_reception();
COMMENT ON VIEW kpi_title_reception IS
'How is each title received: watched, reviewed, rated elsewhere, talked about?
Formula: viewing, reviews and posts of the last 30 days as in kpi_engagement_by_video, kpi_reviews and kpi_social_buzz, site scores as in kpi_site_ratings, side by side. No figure is made of the others.
Grain: video with at least one of them
Unit: playbacks, hours, percent, reviews, stars, posts, users reached, sentiment (-1 to 1)
NULL: an average where there is nothing to average
Freshness: with each batch of playbacks, reviews, ratings or posts
Source: engagement_fact, review_fact, rating_fact, social_fact, video_dim';

CREATE FUNCTION kpi_production_pipeline(as_of timestamptz DEFAULT NULL)
RETURNS TABLE (stage text, productions bigint, budget numeric, cost_booked numeric, budget_used_percent numeric, postponed bigint, average_delay_days numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT COALESCE(h.stage, 'Unknown'), count(*), COALESCE(sum(h.budget), 0), COALESCE(sum(c.amount), 0),
         kpi_percent(sum(c.amount) FILTER (WHERE h.budget IS NOT NULL), sum(h.budget)), count(*) FILTER (WHERE h.planned_release > p.first_planned),
         kpi_ratio(sum(h.planned_release - p.first_planned) FILTER (WHERE h.planned_release > p.first_planned), count(*) FILTER (WHERE h.planned_release > p.first_planned))
  FROM production_history h
  LEFT JOIN LATERAL (SELECT q.planned_release AS first_planned FROM production_history q
                     WHERE q.production_id = h.production_id AND q.planned_release IS NOT NULL ORDER BY q.valid_from LIMIT 1) p ON true
  LEFT JOIN (SELECT f.production_key, sum(f.amount) AS amount FROM production_cost_fact f
             WHERE f.event_time <= (SELECT COALESCE(as_of, kpi_last_time())) GROUP BY f.production_key) c ON c.production_key = h.production_id
  WHERE h.valid_from <= (SELECT COALESCE(as_of, kpi_last_time())) AND h.valid_to > (SELECT COALESCE(as_of, kpi_last_time())) AND h.production_id <> '?'
  GROUP BY 1;
END;
CREATE VIEW kpi_production_pipeline AS SELECT * FROM kpi_production_pipeline();
COMMENT ON VIEW kpi_production_pipeline IS
'How many in-house productions are in each stage, what have they cost, and how late are they?
Formula: versions in force at as_of (the latest playback); cost_booked up to then; postponed = planned release later than the first one planned, average_delay_days over those.
Grain: stage
Unit: productions, US dollars, percent, days
NULL: budget_used_percent without a budget, average_delay_days where none is postponed
Freshness: with each batch of productions or costs
Source: production_history, production_cost_fact';

CREATE FUNCTION kpi_production_costs(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (stage text, cost_as_was numeric, cost_as_is numeric, bookings bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH booked AS (
    SELECT COALESCE(w.stage, 'Unknown') AS stage_then, COALESCE(n.stage, 'Unknown') AS stage_now, f.amount
    FROM production_cost_fact f
    JOIN production_history w ON w.production_version = f.production_version
    LEFT JOIN production_dim n ON n.production_id = f.production_key
    WHERE f.time_key >= (SELECT kpi_from_day(from_day, to_day)::timestamp)
      AND f.event_time >= (SELECT (kpi_from_day(from_day, to_day) - 1)::timestamp AT TIME ZONE 'UTC')
      AND f.time_key < (SELECT (COALESCE(to_day, kpi_last_day()) + 1)::timestamp)
      AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC')
  )
  SELECT x.stage, COALESCE(sum(x.amount) FILTER (WHERE x.was), 0), COALESCE(sum(x.amount) FILTER (WHERE NOT x.was), 0), count(*) FILTER (WHERE x.was)
  FROM (SELECT b.stage_then AS stage, b.amount, true AS was FROM booked b UNION ALL SELECT b.stage_now, b.amount, false FROM booked b) x
  GROUP BY x.stage;
END;
CREATE VIEW kpi_production_costs AS SELECT * FROM kpi_production_costs();
COMMENT ON VIEW kpi_production_costs IS
'What do in-house productions cost: by the stage they were in when it was booked, and by the one they are in now?
Formula: sums of the bookings of the last 30 days; both columns add up to the same.
Grain: stage
Unit: US dollars, bookings
NULL: none
Freshness: with each batch of costs or productions
Source: production_cost_fact, production_history';

CREATE FUNCTION kpi_vendor_content(to_day date DEFAULT NULL)
RETURNS TABLE (vendor_id text, vendor_name text, licenses bigint, titles bigint, expiring_30_days bigint, license_fees numeric, fee_30_days numeric,
               views_30_days bigint, watch_hours_30_days numeric, fee_per_watch_hour numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH in_force AS (
    SELECT f.vendor_key, f.video_key, f.license_to, f.license_fee, t.last_day,
           f.license_fee * (t.last_day - greatest(f.license_from, t.last_day - 29) + 1) / (f.license_to - f.license_from + 1) AS share
    FROM license_fact f
    CROSS JOIN (SELECT COALESCE(to_day, kpi_last_day()) AS last_day) t
    WHERE f.license_from <= t.last_day AND f.license_to >= t.last_day
  ), watched AS (
    SELECT d.video_key, sum(d.views)::bigint AS views, sum(d.watch_minutes) AS minutes FROM kpi_video_days(NULL, to_day) d GROUP BY d.video_key
  ), per_vendor AS (
    SELECT i.vendor_key, count(*) AS licenses, count(DISTINCT i.video_key) AS titles, count(*) FILTER (WHERE i.license_to < i.last_day + 30) AS expiring,
           sum(i.license_fee) AS fees, sum(i.share) AS share
    FROM in_force i GROUP BY i.vendor_key
  ), seen AS (
    SELECT v.vendor_key, sum(w.views)::bigint AS views, sum(w.minutes) AS minutes
    FROM (SELECT DISTINCT i.vendor_key, i.video_key FROM in_force i) v JOIN watched w ON w.video_key = v.video_key GROUP BY v.vendor_key
  )
  SELECT p.vendor_key, COALESCE(d.vendor_name, 'Unknown'), p.licenses, p.titles, p.expiring, p.fees, round(p.share, 2), COALESCE(s.views, 0),
         round(COALESCE(s.minutes, 0) / 60, 2), kpi_ratio(60 * p.share, s.minutes)
  FROM per_vendor p
  JOIN vendor_dim d ON d.vendor_id = p.vendor_key
  LEFT JOIN seen s ON s.vendor_key = p.vendor_key;
END;
CREATE VIEW kpi_vendor_content AS SELECT * FROM kpi_vendor_content();
COMMENT ON VIEW kpi_vendor_content IS
'What do vendors'' licences cost beside how much their titles are watched, and which run out?
Formula: licences in force on to_day (the latest day with a playback); fee_30_days = fees spread evenly over the days of the licence, those of the last 30 days; fee_per_watch_hour = fee_30_days / watch_hours_30_days. A title of two vendors counts for both.
Grain: vendor with a licence in force
Unit: licences, titles, US dollars, playbacks, hours
NULL: fee_per_watch_hour when nothing was watched
Freshness: with each batch of licences or playbacks
Source: license_fact, vendor_dim, engagement_fact';

CREATE FUNCTION kpi_content_origin(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (origin text, titles bigint, views bigint, watch_hours numeric, watch_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH own AS (
    SELECT DISTINCT p.video_id FROM production_dim p WHERE p.video_id IS NOT NULL
  ), licensed AS (
    SELECT DISTINCT f.video_key FROM license_fact f
  ), title AS (
    SELECT v.video_id, CASE WHEN v.video_id IN (SELECT o.video_id FROM own o) THEN 'In-house'
                            WHEN v.video_id IN (SELECT l.video_key FROM licensed l) THEN 'Licensed' ELSE 'Other' END AS origin
    FROM video_dim v
  ), watched AS (
    SELECT d.video_key, sum(d.views)::bigint AS views, sum(d.watch_minutes) AS minutes FROM kpi_video_days(from_day, to_day) d GROUP BY d.video_key
  )
  SELECT t.origin, count(*) FILTER (WHERE t.video_id <> '?'), COALESCE(sum(w.views), 0)::bigint, round(COALESCE(sum(w.minutes), 0) / 60, 2),
         kpi_percent(COALESCE(sum(w.minutes), 0), sum(sum(w.minutes)) OVER ())
  FROM title t LEFT JOIN watched w ON w.video_key = t.video_id
  GROUP BY t.origin;
END;
CREATE VIEW kpi_content_origin AS SELECT * FROM kpi_content_origin();
COMMENT ON VIEW kpi_content_origin IS
'How much of the viewing is of our own productions, and how much of licensed content?
Formula: In-house: an in-house production became the video; Licensed: a vendor ever licensed it, and it is not In-house; Other: neither. Viewing of the last 30 days.
Grain: origin
Unit: titles, playbacks, hours, percent
NULL: watch_percent when nothing was watched
Freshness: with each batch of playbacks, licences or productions
Source: production_history, license_fact, video_dim, engagement_fact';

CREATE VIEW kpi_source_health AS
SELECT f.feed_name, b.batches, b.last_batch_at, b.records, b.loaded, b.duplicates, b.rejected, kpi_percent(b.rejected, b.records) AS rejected_percent,
       (SELECT count(*) FROM quarantine q WHERE q.feed_name = f.feed_name AND q.resolved_at IS NULL) AS in_quarantine,
       (SELECT max(a.failed_at) FROM attempt_log a WHERE a.feed_name = f.feed_name AND a.action = 'stop') AS last_failure_at,
       b.unknown_fields
FROM feed f
CROSS JOIN LATERAL (SELECT count(*) AS batches, max(l.finished_at) AS last_batch_at, COALESCE(sum(l.records_read), 0)::bigint AS records,
                           COALESCE(sum(l.records_loaded), 0)::bigint AS loaded, COALESCE(sum(l.duplicates), 0)::bigint AS duplicates,
                           COALESCE(sum(l.rejected), 0)::bigint AS rejected,
                           (SELECT count(DISTINCT k.path) FROM batch_log x CROSS JOIN LATERAL jsonb_object_keys(x.drift) AS k (path) WHERE x.feed_name = f.feed_name) AS unknown_fields
                    FROM batch_log l WHERE l.feed_name = f.feed_name) b;
COMMENT ON VIEW kpi_source_health IS
'How do the sources do: when did each last deliver, how much of it was wrong, what waits in quarantine?
Formula: sums over batch_log; rejected_percent = rejected / records; in_quarantine = rejects not resolved by a replay; unknown_fields = fields that the contract does not know.
Grain: feed
Unit: records, percent
NULL: last_batch_at before the first batch, rejected_percent without records, last_failure_at where no run failed
Freshness: at once
Source: feed, batch_log, quarantine, attempt_log';
