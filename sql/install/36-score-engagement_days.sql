-- Engagement of many playbacks at once (src/pg/score_engagement_days.cpp).

CREATE FUNCTION engagement_days(
    query text, weights engagement_weights DEFAULT engagement_weights(),
    OUT day date, OUT region text, OUT video text, OUT views bigint, OUT minutes numeric, OUT buffering numeric,
    OUT measured bigint, OUT completion numeric, OUT watch_percent numeric, OUT session_minutes numeric, OUT engagement numeric)
  RETURNS SETOF record
  LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 10000
  AS 'MODULE_PATHNAME', 'starhouse_engagement_days';
COMMENT ON FUNCTION engagement_days(text, engagement_weights) IS
  'Adds playbacks up by day, region and video. query returns (day date, region text, video text, minutes watched numeric, seconds of buffering numeric, completion in percent numeric); a row with a NULL among the first four counts for nothing, NULL buffering as 0. Per day, region and video: views; the sums minutes and buffering; measured, the views whose completion is known, and its sum completion; watch_percent, its mean, session_minutes, the mean of the minutes, and engagement, engagement_score() of both with no likes, shares and comments, each to two places (watch_percent and engagement are NULL where no completion is known). Sums and means are those of sum() and of numeric division. In the order of day and of the bytes of region and video. Within the statements of append_facts the query may read "added". 42804 for other columns, 22003 for sums of more than 38 digits, 22023 for minutes or completion that sum up to less than 0, to infinity or NaN, 54000 beyond 10,000,000 rows. NULL gives none.';
