-- Meaning, unit and NULL rule of the tables of Flick's sources.

COMMENT ON TABLE vendor_dim IS 'Vendors that license content, Type 1: one row each. ''?'' is unknown.';
COMMENT ON COLUMN vendor_dim.vendor_id IS 'Vendor code, upper case';
COMMENT ON COLUMN vendor_dim.vendor_name IS 'Name; NULL if not known';
COMMENT ON COLUMN vendor_dim.country IS 'Country of the vendor; NULL if not known';
COMMENT ON COLUMN vendor_dim.is_inferred IS 'True until a record tells more than the vendor''s code';
COMMENT ON COLUMN vendor_dim.updated_at IS 'Last change of the row';

COMMENT ON TABLE site_dim IS 'Rating sites, Type 1: one row each. ''?'' is unknown.';
COMMENT ON COLUMN site_dim.site_id IS 'Site code, lower case';
COMMENT ON COLUMN site_dim.site_name IS 'Name; NULL if not known';
COMMENT ON COLUMN site_dim.scale_max IS 'Best score that the site gives, as last told; NULL if not known';
COMMENT ON COLUMN site_dim.is_inferred IS 'True until a record tells more than the site''s code';
COMMENT ON COLUMN site_dim.updated_at IS 'Last change of the row';

COMMENT ON TABLE production_history IS 'In-house productions, Type 2 in stage, budget and planned release: one row per version. Facts refer to the version in force at their time.';
COMMENT ON COLUMN production_history.production_version IS 'Surrogate key; -1 is the unknown production''s';
COMMENT ON COLUMN production_history.production_id IS 'Production id, as the studio writes it; ''?'' is unknown';
COMMENT ON COLUMN production_history.title IS 'Working title; NULL if not known';
COMMENT ON COLUMN production_history.studio IS 'Studio; NULL if not known';
COMMENT ON COLUMN production_history.video_id IS 'Video that it became, as in video_dim; NULL until there is one';
COMMENT ON COLUMN production_history.stage IS 'Development, Pre-production, Filming, Post-production, Released or Cancelled; NULL if not known';
COMMENT ON COLUMN production_history.budget IS 'Budget in US dollars; NULL if not known';
COMMENT ON COLUMN production_history.planned_release IS 'Planned day of release; NULL if there is none';
COMMENT ON COLUMN production_history.valid_from IS 'Start of the version, inclusive';
COMMENT ON COLUMN production_history.valid_to IS 'End of the version, exclusive; infinity while it is current';
COMMENT ON COLUMN production_history.is_current IS 'True for the present version';
COMMENT ON COLUMN production_history.is_inferred IS 'True until the production''s own record arrives: the member was made for a fact';

COMMENT ON VIEW production_dim IS 'In-house productions as they are now: the present version of each';
COMMENT ON COLUMN production_dim.production_id IS 'Production id; ''?'' is unknown';
COMMENT ON COLUMN production_dim.title IS 'Working title; NULL if not known';
COMMENT ON COLUMN production_dim.studio IS 'Studio; NULL if not known';
COMMENT ON COLUMN production_dim.video_id IS 'Video that it became; NULL until there is one';
COMMENT ON COLUMN production_dim.stage IS 'Stage; NULL if not known';
COMMENT ON COLUMN production_dim.budget IS 'Budget in US dollars; NULL if not known';
COMMENT ON COLUMN production_dim.planned_release IS 'Planned day of release; NULL if there is none';
COMMENT ON COLUMN production_dim.production_version IS 'Surrogate key of the present version';
COMMENT ON COLUMN production_dim.valid_from IS 'Start of the present version';
COMMENT ON COLUMN production_dim.is_inferred IS 'True until the production''s own record arrives';

COMMENT ON TABLE production_cost_fact IS 'One row per cost booked on an in-house production. Partitioned by month of event_time (UTC).';
COMMENT ON COLUMN production_cost_fact.time_key IS 'First hour of the day of the booking in the warehouse''s time zone';
COMMENT ON COLUMN production_cost_fact.production_key IS 'Production; ''?'' when the source named none';
COMMENT ON COLUMN production_cost_fact.production_version IS 'Version of the production in force at event_time';
COMMENT ON COLUMN production_cost_fact.event_time IS 'Start of the day of the booking';
COMMENT ON COLUMN production_cost_fact.booking_id IS 'Id of the booking; unique with event_time';
COMMENT ON COLUMN production_cost_fact.cost_type IS 'What for: Cast, Crew, Set, Effects, Music or Other';
COMMENT ON COLUMN production_cost_fact.amount IS 'US dollars; negative for a refund';
COMMENT ON COLUMN production_cost_fact.batch_id IS 'Batch that loaded the row: batch_log.batch_id';

COMMENT ON TABLE license_fact IS 'One row per licence of a vendor''s content, in its newest revision. Partitioned by month of event_time (UTC).';
COMMENT ON COLUMN license_fact.time_key IS 'First hour of the day of signing in the warehouse''s time zone';
COMMENT ON COLUMN license_fact.vendor_key IS 'Vendor; ''?'' when the source named none';
COMMENT ON COLUMN license_fact.video_key IS 'Video licensed';
COMMENT ON COLUMN license_fact.event_time IS 'Start of the day of signing';
COMMENT ON COLUMN license_fact.license_id IS 'Id of the licence; unique with event_time';
COMMENT ON COLUMN license_fact.revision IS 'Number of the revision that the row shows, from 1; the highest counts';
COMMENT ON COLUMN license_fact.territory IS 'Where it holds; NULL: everywhere';
COMMENT ON COLUMN license_fact.is_exclusive IS '1 when nobody else may show it, else 0';
COMMENT ON COLUMN license_fact.license_from IS 'First day';
COMMENT ON COLUMN license_fact.license_to IS 'Last day, inclusive';
COMMENT ON COLUMN license_fact.license_fee IS 'Fee for the whole time, US dollars';
COMMENT ON COLUMN license_fact.batch_id IS 'Batch that last changed the row: batch_log.batch_id';

COMMENT ON TABLE review_fact IS 'One row per review, as last edited. Partitioned by month of event_time (UTC).';
COMMENT ON COLUMN review_fact.time_key IS 'Hour of event_time in the warehouse''s time zone';
COMMENT ON COLUMN review_fact.user_key IS 'User; ''?'' for an anonymous review';
COMMENT ON COLUMN review_fact.video_key IS 'Video';
COMMENT ON COLUMN review_fact.user_version IS 'Version of the user in force at event_time';
COMMENT ON COLUMN review_fact.event_time IS 'When it was first submitted';
COMMENT ON COLUMN review_fact.review_id IS 'Id of the review; unique with event_time';
COMMENT ON COLUMN review_fact.stars IS '1 to 5';
COMMENT ON COLUMN review_fact.review_text IS 'The text; NULL for stars alone';
COMMENT ON COLUMN review_fact.helpful_votes IS 'How many readers found it helpful';
COMMENT ON COLUMN review_fact.withdrawn IS '1 when the user took it back, else 0; reports leave those out';
COMMENT ON COLUMN review_fact.revised_at IS 'When it was last edited; event_time where it never was';
COMMENT ON COLUMN review_fact.batch_id IS 'Batch that last changed the row: batch_log.batch_id';

COMMENT ON TABLE social_fact IS 'One row per post on social media about a video, with its counters as last observed. Partitioned by month of event_time (UTC).';
COMMENT ON COLUMN social_fact.time_key IS 'Hour of event_time in the warehouse''s time zone';
COMMENT ON COLUMN social_fact.video_key IS 'Video it is about';
COMMENT ON COLUMN social_fact.event_time IS 'When it was posted';
COMMENT ON COLUMN social_fact.platform IS 'Where: X, Instagram, TikTok, ...';
COMMENT ON COLUMN social_fact.post_id IS 'Id of the post on its platform';
COMMENT ON COLUMN social_fact.sentiment IS 'Tone, -1 (bad) to 1 (good); NULL if not judged';
COMMENT ON COLUMN social_fact.likes IS 'Likes';
COMMENT ON COLUMN social_fact.shares IS 'Shares';
COMMENT ON COLUMN social_fact.replies IS 'Replies';
COMMENT ON COLUMN social_fact.reach IS 'Users who saw it';
COMMENT ON COLUMN social_fact.observed_at IS 'When these counters were read';
COMMENT ON COLUMN social_fact.batch_id IS 'Batch that last changed the row: batch_log.batch_id';

COMMENT ON TABLE rating_fact IS 'One row per rating site, video and day: the last observation of the day. A snapshot: scores and votes do not add up over days. Partitioned by month of event_time (UTC).';
COMMENT ON COLUMN rating_fact.time_key IS 'First hour of the day in the warehouse''s time zone';
COMMENT ON COLUMN rating_fact.site_key IS 'Rating site';
COMMENT ON COLUMN rating_fact.video_key IS 'Video rated';
COMMENT ON COLUMN rating_fact.event_time IS 'Start of the day in the warehouse''s time zone';
COMMENT ON COLUMN rating_fact.score IS 'Score as the site gives it, on its own scale';
COMMENT ON COLUMN rating_fact.score_percent IS 'The same in percent of the site''s best score, two places';
COMMENT ON COLUMN rating_fact.votes IS 'Votes behind the score';
COMMENT ON COLUMN rating_fact.observed_at IS 'When it was read';
COMMENT ON COLUMN rating_fact.batch_id IS 'Batch that last changed the row: batch_log.batch_id';
