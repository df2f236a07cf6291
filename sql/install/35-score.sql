-- Scores: playback quality, ratings, rankings, engagement, RFM.

-- Playback.

CREATE FUNCTION completion_rate(watched float8, length float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_completion_rate';
COMMENT ON FUNCTION completion_rate(float8, float8) IS
  'Part of the length that was watched, in percent: 100 * watched / length, at most 100. Both in the same unit. NULL for NULL and for length 0; a negative, NaN or infinite argument is an error (22023).';

CREATE FUNCTION completion_percent(watched numeric, length numeric) RETURNS numeric
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_completion_percent';
COMMENT ON FUNCTION completion_percent(numeric, numeric) IS
  'completion_rate for facts of exact numbers, to two places: round(100 * watched / length, 2), and 100 from there on. Both in the same unit. NULL for NULL and for length 0; a negative, NaN or infinite argument is an error (22023), and so are more than 38 digits (22003).';

CREATE FUNCTION skip(watched float8, length float8, within float8 DEFAULT 30) RETURNS boolean
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_skip';
COMMENT ON FUNCTION skip(float8, float8, float8) IS
  'True when a viewer left before "within" and before the end: watched < least(within, length), all in seconds. A clip shorter than "within" that was watched to its end is no skip. NULL for NULL and for length 0; a negative, NaN or infinite argument is an error (22023).';

CREATE FUNCTION rebuffer_ratio(
    buffering float8, playing float8, startup float8 DEFAULT 0, seeking float8 DEFAULT 0)
  RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_rebuffer_ratio';
COMMENT ON FUNCTION rebuffer_ratio(float8, float8, float8, float8) IS
  'Rebuffering by Mux''s definition, 0 to 1: time spent waiting in mid-playback / (that time + playing). Waiting for the start or after a seek is none: give all waiting as buffering and its parts as startup and seeking, or rebuffering alone as buffering. All in the same unit. NULL for NULL and when both times are 0; a negative, NaN or infinite argument, and parts larger than the whole, are errors (22023).';

CREATE FUNCTION startup_score(startup_seconds float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_startup_score';
COMMENT ON FUNCTION startup_score(float8) IS
  'Mux''s startup time score, 0 to 100: 100 * 8 / (8 + startup_seconds); 400 ms give 95, 8 s give 50 (https://www.mux.com/docs/guides/data-startup-time-metric). NULL for NULL, as for viewers who left before the start; a negative, NaN or infinite time is an error (22023).';

CREATE FUNCTION smoothness_score(rebuffer_ratio float8, rebuffer_count float8) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_smoothness_score';
COMMENT ON FUNCTION smoothness_score(float8, float8) IS
  'Mux''s smoothness score, 0 to 100: the mean of 100 / sqrt(1 + (rebuffer_count / 2)^2) and 100 * exp(-10 * rebuffer_ratio), the ratio as rebuffer_ratio() gives it (https://www.mux.com/docs/guides/data-smoothness-metric). NULL for NULL; a ratio outside 0 to 1, a negative, NaN or infinite count is an error (22023).';

-- Ratings.

CREATE FUNCTION wilson_lower_bound(positive float8, total float8, confidence float8 DEFAULT 0.95)
  RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_wilson_lower_bound';
COMMENT ON FUNCTION wilson_lower_bound(float8, float8, float8) IS
  'Lower end of the two-sided score interval for the share of positive ratings (E. B. Wilson, JASA 22 (1927) 209-212), 0 to 1, without continuity correction: what to sort by when some items have few ratings. total counts all ratings; fractional, weighted counts are allowed. 0 without ratings, NULL for NULL; negative, NaN or infinite counts, positive > total, and a confidence outside 0 to 1 are errors (22023).';

CREATE FUNCTION wilson_upper_bound(positive float8, total float8, confidence float8 DEFAULT 0.95)
  RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_wilson_upper_bound';
COMMENT ON FUNCTION wilson_upper_bound(float8, float8, float8) IS
  'Upper end of the interval of wilson_lower_bound, with the same arguments and errors. 1 without ratings, NULL for NULL.';

CREATE FUNCTION bayesian_average(
    average float8, count float8, prior_average float8, prior_count float8)
  RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'starhouse_bayesian_average';
COMMENT ON FUNCTION bayesian_average(float8, float8, float8, float8) IS
  'Mean rating of an item, drawn towards that of all items as if prior_count more ratings of prior_average had been given: (count * average + prior_count * prior_average) / (count + prior_count). With the least number of votes to be listed as prior_count it is IMDb''s weighted rating. A NULL average is allowed where count is 0; otherwise NULL for NULL, and when both counts are 0. NaN, infinite or negative counts, NaN or infinite averages are errors (22023).';

-- Rankings.

CREATE FUNCTION hot_score(ups bigint, downs bigint, posted_at timestamptz) RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_hot_score';
COMMENT ON FUNCTION hot_score(bigint, bigint, timestamptz) IS
  'Reddit''s "hot" ranking: sign(s) * log10(greatest(abs(s), 1)) + t / 45000, rounded to 7 places, where s = ups - downs and t = seconds since 2005-12-08 07:46:43 UTC (reddit/reddit, _sorts.pyx). Does not depend on the present: it can be stored and indexed. NULL for NULL; negative votes (22023) and an infinite time (22008) are errors.';

CREATE FUNCTION gravity_score(
    points float8, posted_at timestamptz, as_of timestamptz DEFAULT now(),
    gravity float8 DEFAULT 1.8, vote_exponent float8 DEFAULT 0.8)
  RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_gravity_score';
COMMENT ON FUNCTION gravity_score(float8, timestamptz, timestamptz, float8, float8) IS
  'Hacker News''s ranking: (points - 1)^vote_exponent / (hours + 2)^gravity, hours from posted_at to as_of (0 if posted later). The point taken off is the submitter''s own; what is then not above 0 goes without the exponent. Defaults are those of news.arc; the often quoted short form has vote_exponent 1. NULL for NULL; NaN or infinite numbers, a negative gravity or exponent (22023), infinite times (22008) and a result too large (22003) are errors.';

-- Engagement.

CREATE TYPE engagement_weights AS (
  watch float8, likes float8, shares float8, comments float8, session float8,
  likes_half float8, shares_half float8, comments_half float8, session_half float8);
COMMENT ON TYPE engagement_weights IS
  'How engagement_score weighs its parts: five weights, of which only the proportions matter, and for four of them the amount that gives half of the part (counts; minutes of session). Made by engagement_weights().';

CREATE FUNCTION engagement_weights(
    watch float8 DEFAULT 0.5, likes float8 DEFAULT 0.15, shares float8 DEFAULT 0.15,
    comments float8 DEFAULT 0.1, session float8 DEFAULT 0.1, likes_half float8 DEFAULT 1,
    shares_half float8 DEFAULT 1, comments_half float8 DEFAULT 2, session_half float8 DEFAULT 30)
  RETURNS engagement_weights
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_engagement_weights';
COMMENT ON FUNCTION engagement_weights(float8, float8, float8, float8, float8, float8, float8, float8, float8) IS
  'Weights for engagement_score. Weights are finite, not negative and not all 0; halves are finite and above 0; anything else is an error (22023). NULL for NULL.';

CREATE FUNCTION engagement_score(
    watch_percent float8, likes float8, shares float8, comments float8, session_minutes float8,
    weights engagement_weights DEFAULT engagement_weights())
  RETURNS float8
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_engagement_score';
COMMENT ON FUNCTION engagement_score(float8, float8, float8, float8, float8, engagement_weights) IS
  'Engagement from 0 to 100: the weighted mean of watch_percent (0 to 100, more counts as 100) and, for likes, shares, comments and session_minutes, of 100 * x / (x + half), which is 50 at half and never quite 100. NULL for NULL: write coalesce(likes, 0) where unknown means none. Negative, NaN or infinite amounts, weights that engagement_weights() would refuse (22023) and a NULL among the weights (22004) are errors.';

-- RFM.

CREATE FUNCTION rfm_score(
    recency float8, frequency float8, monetary float8,
    recency_limits float8[], frequency_limits float8[], monetary_limits float8[])
  RETURNS int
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_rfm_score';
COMMENT ON FUNCTION rfm_score(float8, float8, float8, float8[], float8[], float8[]) IS
  'Recency, frequency and monetary value as three digits, best 555 with four limits each: 100 * R + 10 * F + M. A digit is 1 + the number of limits below the value; for recency (time since the last purchase, same unit as its limits) it counts from the other end, since long ago is bad. Limits ascend, 1 to 8 of them, for example percentile_cont(ARRAY[0.2, 0.4, 0.6, 0.8]). NULL for NULL; NaN, infinity, limits that do not ascend or too many (22023) and a NULL limit (22004) are errors.';
