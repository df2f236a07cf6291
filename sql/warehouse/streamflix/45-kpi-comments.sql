-- Comments of the KPI views' columns and of the functions. A column name means the same in every report, so
-- it is explained once; where a report says it more narrowly, the entry names the report. An entry for
-- nothing, or a column without one, is an error: the vocabulary and the reports cannot drift apart.
DO $kpi_comments$
DECLARE
  vocabulary constant text[] := ARRAY[
    'active_days_30_days', 'Days of the warehouse with a playback in the 30 days up to features_at',
    'average_bandwidth', 'Mean bandwidth of the devices as last measured, Mbit/s, two places. NULL where none is known',
    'average_bitrate', 'Mean bit rate, kbit/s, weighted by minutes watched. NULL where none was measured',
    'average_buffering_seconds', 'Mean buffering of the playbacks that measured it, seconds. NULL where none did',
    'average_session_minutes', 'Mean minutes from the start of a session to the end of its last playback. NULL without a session',
    'average_startup_seconds', 'Mean seconds to the first picture. NULL where none was measured',
    'average_watch_minutes', 'Mean minutes watched per playback (in kpi_sessions: per session). NULL without playbacks',
    'binge_percent', 'Share of the sessions that are binge sessions, percent',
    'binge_sessions', 'Sessions with three playbacks or more',
    'buffering_minutes', 'Buffering in all, minutes',
    'buffering_ratio', 'Seconds of buffering per 100 minutes watched, over playbacks that measured it. NULL where nothing was measured',
    'busiest_minute_streams', 'Streams begun in the busiest minute of the day',
    'click_percent', 'Clicks per 100 recommendations shown (CTR). NULL without recommendations',
    'click_percent_30_days', 'Clicks per 100 recommendations shown in the 30 days up to features_at. NULL without recommendations',
    'clicks', 'Recommendations clicked',
    'comments', 'Comments',
    'completion_percent', 'Mean completion rate of the playbacks whose length is known, percent. NULL where none is',
    'completion_percent_30_days', 'Mean completion rate in the 30 days up to features_at, percent. NULL where none is known',
    'connection_type', 'WiFi, Ethernet, 4G, ...; Unknown where not known',
    'daily_users', 'Known users with a playback on the day (DAU)',
    'day', 'The day, in the warehouse''s time zone',
    'day_name', 'Name of the weekday',
    'days', 'Number of days from the first to the last, both included',
    'days_since_last_view', 'Days from the user''s last playback to features_at, two places. NULL without a playback in 180 days',
    'devices', 'Known devices with a playback',
    'dimension', 'user, video, device or region',
    'engagement_score', 'Mean engagement score, 0 to 100, weighted by playbacks. NULL where no completion is known',
    'features_at', 'The moment the features describe: nothing after it is in them',
    'first_day', 'First day with a playback (of the report''s days). NULL without playbacks',
    'formula', 'How the report computes its figures',
    'freshness', 'When a feed of the report last got a batch through; the report shows it at once. NULL before the first, and for a report that no feed feeds',
    'genre', 'The video''s first genre (in kpi_genres: any of its genres); Unknown where not known',
    'genre_rank', '1 is the genre with the most playbacks in the region',
    'genres_30_days', 'Different first genres watched in the 30 days up to features_at',
    'grain', 'What one row of the report stands for',
    'hour_rank', '1 is the hour with the most hours watched; equal hours share a rank. NULL where the clock is not known',
    'hours_per_viewer_as_was', 'Hours of known users per known user. NULL without known users',
    'inferred_members', 'Members known from facts only, in the whole dimension',
    'interactions_30_days', 'Likes, shares and comments in the 30 days up to features_at',
    'interactions_per_100_views', 'Likes, shares and comments per 100 playbacks. NULL without playbacks',
    'last_day', 'Latest day with a playback (of the report''s days). NULL without playbacks',
    'likes', 'Likes',
    'local_hour', 'Hour of the viewers'' own clock, 0 to 23. NULL where the clock is not known',
    'lower_percent', 'Lower end of the interval for click_percent',
    'measured_views', 'Playbacks that measured buffering',
    'minutes_per_viewer', 'Minutes watched by known users per known user. NULL without known users',
    'monthly_users', 'Known users with a playback in the 30 days that end with the day (MAU)',
    'name', 'Name of the view',
    'newest_event', 'Time of the newest event of the fact that lags most among those the report is made of. NULL where there is none',
    'null_means', 'When figures of the report are NULL',
    'os', 'Operating system; Unknown where not known',
    'p95_startup_seconds', 'Seconds within which 95 % of the streams showed a picture. NULL where none was measured',
    'parameters', 'The function form and its parameters with their defaults. NULL when there is none',
    'peak_at', 'First moment the peak is reached. NULL without a stream',
    'peak_from', 'Hour of the viewers'' own clock at which the peak begins',
    'peak_streams', 'Most streams under way at one moment',
    'peak_to', 'Hour of the viewers'' own clock at which the peak ends',
    'question', 'The question the report answers',
    'rebuffer_percent', 'Buffering / (buffering + watching) in one unit, percent, over playbacks that measured it. NULL where none did',
    'rebuffer_percent_30_days', 'rebuffer_percent of the 30 days up to features_at. NULL where nothing was measured',
    'recommendations', 'Recommendations shown',
    'recommendations_30_days', 'Recommendations shown in the 30 days up to features_at',
    'region_id', 'Business key of the region (region_dim.region_id). NULL for all regions together',
    'region_name', 'Name of the region; Unknown where not known',
    'renewed', 'How soon the report shows what is loaded',
    'score_accuracy_percent', 'Chance that a clicked recommendation had a higher score than one not clicked, percent; 50 is guessing. NULL unless there are both',
    'score_from', 'Lower end of the band, included. NULL for recommendations without a score',
    'score_to', 'Upper end of the band; included in the last one only. NULL for recommendations without a score',
    'scored_recommendations', 'Recommendations with a score',
    'sessions', 'Sessions of known users',
    'sessions_per_user', 'Sessions per user with one',
    'shares', 'Shares',
    'skip_percent', 'Skips per 100 playbacks of known length. NULL where none is known',
    'skips', 'Playbacks left within skip_within seconds and before the end',
    'source_tables', 'Tables the report reads',
    'stickiness_percent', 'daily_users per 100 monthly_users. NULL without monthly users',
    'streams', 'Streams begun on the day',
    'streams_per_minute', 'Streams begun per minute, mean over the minutes of the day; of the latest day over those begun up to the latest playback',
    'subscription_type', 'Free, Basic, Standard or Premium; Unknown where not known',
    'tenure_days', 'Days since sign-up, on UTC. NULL where that is not known',
    'timezone', 'Time zone of the viewers; Unknown where not known',
    'title', 'Title of the video. NULL for a video known from facts only',
    'trend_rank', '1 is the highest score of the region',
    'trending_score', 'Playbacks, each counted by half after every half-life',
    'unit', 'Units of the figures',
    'unknown_percent', 'Share of all playbacks, percent. NULL without playbacks',
    'unknown_views', 'Playbacks of no known user (in kpi_unknown_members: whose key is ?)',
    'unmeasured_streams', 'Streams that did not measure buffering',
    'unmeasured_views', 'Playbacks of unknown length: neither skip nor completion',
    'upper_percent', 'Upper end of the interval for click_percent',
    'user_id', 'Business key of the user (user_dim.user_id)',
    'users', 'Known users with a session',
    'video_id', 'Business key of the video (video_dim.video_id)',
    'video_rank', '1 is the video with the most playbacks in the region',
    'videos', 'Videos with a playback',
    'videos_30_days', 'Different known videos watched in the 30 days up to features_at',
    'view_percent', 'Share of the playbacks (of the region), percent',
    'viewers', 'Known users with a playback',
    'viewers_as_was', 'Known users with a playback while they had the subscription',
    'views', 'Playbacks (in reports by hour: those begun in it)',
    'kpi_genres.views', 'Playbacks, shared out evenly among the genres of a video',
    'views_30_days', 'Playbacks in the 30 days up to features_at',
    'views_7_days', 'Playbacks in the 7 days up to features_at',
    'views_90_days', 'Playbacks in the 90 days up to features_at',
    'views_as_is', 'Playbacks of users who have the subscription now',
    'views_as_was', 'Playbacks of users while they had the subscription',
    'views_per_session', 'Mean number of playbacks in a session',
    'watch_day', 'The day, in the warehouse''s time zone',
    'watch_hours', 'Hours watched (in reports by hour: within it)',
    'kpi_buffering_by_device.watch_hours', 'Hours watched in playbacks that measured buffering',
    'watch_hours_as_is', 'Hours watched by users who have the subscription now',
    'watch_hours_as_was', 'Hours watched by users while they had the subscription',
    'watch_minutes', 'Minutes watched',
    'watch_minutes_30_days', 'Minutes watched in the 30 days up to features_at',
    'watch_minutes_previous_30_days', 'Minutes watched in the 30 days before those',
    'watch_percent', 'Share of the hours watched, percent. NULL when nothing was watched',
    'kpi_click_through.watch_percent', 'Recommendations watched per 100 shown',
    'kpi_recommendation_quality.watch_percent', 'Recommendations watched per 100 shown. NULL without recommendations',
    'kpi_recommendation_by_score.watch_percent', 'Recommendations watched per 100 shown',
    'watch_trend_percent', 'Change of the minutes of the last 30 days against the 30 before, percent. NULL when nothing was watched before',
    'watched_after_click_percent', 'Clicked and watched per 100 clicked. NULL without clicks',
    'watches', 'Recommendations watched',
    'weekly_users', 'Known users with a playback in the 7 days that end with the day',
    'window_start', 'Start of the five minutes'
  ];
  parameters constant text[] := ARRAY[
    'from_day', 'first day, inclusive; NULL: the 29th day before the last one; -infinity: the first day',
    'to_day', 'last day, inclusive; NULL: the latest day with a playback',
    'skip_within', 'seconds within which leaving is a skip',
    'n', 'videos per region',
    'region', 'a region_id; NULL: all regions (each for itself, or together where the report has no region)',
    'look_back', 'how far back playbacks count',
    'half_life', 'time after which a playback counts half',
    'as_of', 'the moment to report as of; NULL: the latest playback',
    'from_time', 'first moment, inclusive; NULL: 24 hours before the end',
    'to_time', 'end, exclusive; NULL: none',
    'hours', 'length of the peak, 1 to 24',
    'day', 'the day; NULL: the latest with a playback',
    'gap', 'longest pause within a session',
    'z', 'quantile of the normal distribution: 1.959964 for 95 %, 2.575829 for 99 %',
    'bands', 'number of bands'
  ];
  home constant oid := (SELECT relnamespace FROM pg_class WHERE oid = 'viewership_fact'::regclass);
  target record;
  said integer;
  used text[] := '{}';
  lines text;
BEGIN
  FOR target IN
    SELECT c.oid::regclass AS view, c.relname || '.' || a.attname AS narrow, a.attname AS wide
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = home AND c.relkind = 'v' AND c.relname LIKE 'kpi\_%' AND c.relname <> 'kpi_freshness'
      AND obj_description(c.oid, 'pg_class') LIKE E'%\nFormula: %'  -- not a view that was here before
    ORDER BY c.relname, a.attnum
  LOOP
    said := COALESCE(array_position(vocabulary, target.narrow), array_position(vocabulary, target.wide::text));
    IF said IS NULL THEN
      RAISE EXCEPTION 'column % of a KPI view has no comment', target.narrow
        USING HINT = 'Explain it in the vocabulary of 45-kpi-comments.sql.';
    END IF;
    used := used || vocabulary[said];
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', target.view, target.wide, vocabulary[said + 1]);
  END LOOP;
  FOR said IN 1 .. array_length(vocabulary, 1) BY 2 LOOP
    IF NOT vocabulary[said] = ANY (used) THEN
      RAISE EXCEPTION 'no KPI view has the column % that 45-kpi-comments.sql explains', vocabulary[said];
    END IF;
  END LOOP;

  FOR target IN
    SELECT p.oid::regprocedure AS signature, p.proname, p.proargnames, p.pronargs
    FROM pg_proc p
    WHERE p.pronamespace = home AND p.proname LIKE 'kpi\_%' AND obj_description(p.oid, 'pg_proc') IS NULL
      AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = home AND c.relname = p.proname AND c.relkind = 'v')
  LOOP
    SELECT string_agg(format(E'\n%s: %s', a.name, parameters[array_position(parameters, a.name) + 1]), '' ORDER BY a.n)
      INTO lines
      FROM unnest(target.proargnames[1:target.pronargs]) WITH ORDINALITY AS a (name, n);
    EXECUTE format('COMMENT ON FUNCTION %s IS %L', target.signature,
                   format('The report of the view %s with parameters of your own; columns and NULLs as there.%s',
                          target.proname, lines));
  END LOOP;
END
$kpi_comments$;
