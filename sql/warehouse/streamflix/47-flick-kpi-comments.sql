-- Comments of the columns and functions of 46-flick-kpi.sql, as 45-kpi-comments.sql gives the others theirs: a name means the same
-- in every report unless its entry names one; an entry for nothing, or a column without one, is an error.
DO $flick_comments$
DECLARE
  vocabulary constant text[] := ARRAY[
    'anonymous_reviews', 'Of the reviews, those without a known user',
    'average_delay_days', 'Mean days by which the postponed ones are late. NULL where none is',
    'average_sentiment', 'Mean tone of the posts whose tone was judged, -1 to 1, two places. NULL where none was',
    'average_stars', 'Mean stars of the reviews, two places. NULL without reviews',
    'batches', 'Batches loaded',
    'bookings', 'Bookings while it was in the stage',
    'budget', 'Sum of the budgets that are known, US dollars',
    'budget_used_percent', 'Cost booked in percent of the budget, over productions with one. NULL without a budget',
    'completion_percent', 'Mean completion rate of the playbacks whose length is known, percent. NULL where none is',
    'cost_as_is', 'Costs of productions that are in the stage now, US dollars',
    'cost_as_was', 'Costs booked while the production was in the stage, US dollars',
    'cost_booked', 'Costs booked so far, US dollars',
    'duplicates', 'Records that repeated or revised what was known, and so added no row',
    'edited_reviews', 'Of the reviews, those that were edited',
    'engagement_percent', 'Likes, shares and replies per 100 users reached. NULL without reach',
    'engagements', 'Likes, shares and replies',
    'expiring_30_days', 'Of the licences, those whose last day is within 30 days',
    'fee_30_days', 'Fees of the last 30 days, spread evenly over the days of each licence, US dollars',
    'fee_per_watch_hour', 'US dollars of fee_30_days per hour watched. NULL when nothing was watched',
    'feed_name', 'The feed',
    'gap_percent', 'Our users'' score less the sites'', percent points: positive where our users like it more. NULL without either',
    'genre', 'First genre; Unknown where not known',
    'helpful_votes', 'Readers who found the reviews helpful',
    'highest_percent', 'Best of the sites'' scores, percent',
    'in_quarantine', 'Records that wait in quarantine',
    'last_batch_at', 'When the last batch was loaded. NULL before the first',
    'last_failure_at', 'When a run last ended in failure. NULL where none did',
    'license_fees', 'Fees of the licences for their whole time, US dollars',
    'licenses', 'Licences in force',
    'loaded', 'Records loaded',
    'lowest_percent', 'Worst of the sites'' scores, percent',
    'negative_percent', 'Share of the reviews with 1 or 2 stars, percent. NULL without reviews',
    'origin', 'In-house, Licensed or Other',
    'platform', 'Where it was posted',
    'platforms', 'Platforms with a post',
    'positive_percent', 'Share of the reviews with 4 or 5 stars, percent. NULL without reviews',
    'kpi_social_buzz.positive_percent', 'Share of the judged posts whose tone is above 0, percent. NULL where none was judged',
    'postponed', 'Productions whose planned release is later than the first one planned',
    'posts', 'Posts',
    'productions', 'Productions in the stage',
    'reach', 'Users who saw the posts, added up',
    'records', 'Records read',
    'rejected', 'Records rejected',
    'rejected_percent', 'Share of the records that was rejected. NULL without records',
    'review_percent', '20 * mean stars of our users'' reviews. NULL without reviews',
    'reviews', 'Reviews that stand',
    'site_score_percent', 'Mean of the sites'' scores weighted by votes, percent. NULL without votes',
    'sites', 'Sites that rate it',
    'stage', 'Development to Released or Cancelled; Unknown where not known',
    'title', 'Title; Unknown where not known',
    'titles', 'Videos',
    'unjudged_posts', 'Posts whose tone was not judged',
    'unknown_fields', 'Fields of its records that the contract does not know',
    'vendor_id', 'Vendor code; ? where the source named none',
    'vendor_name', 'Name of the vendor; Unknown where not known',
    'video_id', 'Video id',
    'videos', 'Known videos that posts are about',
    'views', 'Playbacks',
    'views_30_days', 'Playbacks of its titles in the last 30 days',
    'votes', 'Votes behind the scores',
    'watch_hours', 'Hours watched',
    'watch_hours_30_days', 'Hours watched of its titles in the last 30 days',
    'watch_percent', 'Share of the hours watched, percent. NULL when nothing was watched',
    'with_text', 'Of the reviews, those with a text',
    'withdrawn_reviews', 'Reviews that users took back; in no other figure'
  ];
  parameters constant jsonb := '{
    "from_day": "first day, inclusive; NULL: the 29th day before the last one; -infinity: the first day",
    "to_day": "last day, inclusive; NULL: the latest day with a playback",
    "as_of": "the moment to report as of; NULL: the latest playback"}';
  reports constant text[] := '{kpi_reviews,kpi_site_ratings,kpi_social_buzz,kpi_social_platforms,kpi_title_reception,kpi_production_pipeline,
    kpi_production_costs,kpi_vendor_content,kpi_content_origin,kpi_source_health}';
  home constant oid := (SELECT relnamespace FROM pg_class WHERE oid = 'review_fact'::regclass);
  target record;
  said integer;
  used text[] := '{}';
BEGIN
  FOR target IN
    SELECT c.oid::regclass AS view, c.relname || '.' || a.attname AS narrow, a.attname AS wide
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = home AND c.relname = ANY (reports)
    ORDER BY c.relname, a.attnum
  LOOP
    said := COALESCE(array_position(vocabulary, target.narrow), array_position(vocabulary, target.wide::text));
    IF said IS NULL THEN
      RAISE EXCEPTION 'column % of a KPI view has no comment', target.narrow
        USING HINT = 'Explain it in the vocabulary of 47-flick-kpi-comments.sql.';
    END IF;
    used := used || vocabulary[said];
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', target.view, target.wide, vocabulary[said + 1]);
  END LOOP;
  FOR said IN 1 .. array_length(vocabulary, 1) BY 2 LOOP
    IF NOT vocabulary[said] = ANY (used) THEN
      RAISE EXCEPTION 'no KPI view has the column % that 47-flick-kpi-comments.sql explains', vocabulary[said];
    END IF;
  END LOOP;
  FOR target IN
    SELECT p.oid::regprocedure AS signature, p.proname,
           (SELECT string_agg(format(E'\n%s: %s', a.name, parameters->>a.name), '' ORDER BY a.n) FROM unnest(p.proargnames[1:p.pronargs]) WITH ORDINALITY AS a (name, n)) AS lines
    FROM pg_proc p WHERE p.pronamespace = home AND p.proname = ANY (reports)
  LOOP
    EXECUTE format('COMMENT ON FUNCTION %s IS %L', target.signature,
                   format('The report of the view %s with parameters of your own; columns and NULLs as there.%s', target.proname, target.lines));
  END LOOP;
END
$flick_comments$;
