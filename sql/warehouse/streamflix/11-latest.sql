-- Sums of the latest 30 days by user, device, subscription and video, which the plain reports on these read. They hold until a batch brings
-- something that changes them; then the reports read the facts (40-kpi-latest.sql), so they are right at every moment. 41-latest.sql makes them anew.
CREATE TABLE latest_sums (
  summary   text PRIMARY KEY CHECK (summary IN ('viewing', 'videos', 'shown', 'members')),
  holds     boolean NOT NULL DEFAULT false,
  from_day  date,
  to_day    date,
  at        timestamptz,
  cuts      timestamptz[],
  genres    numeric,
  viewers   bigint
);
INSERT INTO latest_sums (summary) VALUES ('viewing'), ('videos'), ('shown'), ('members');
COMMENT ON TABLE latest_sums IS 'Whether the sums of the latest days hold, and of which days they are; kept by the feeds. After changing facts by hand: UPDATE latest_sums SET holds = false';
COMMENT ON COLUMN latest_sums.summary IS 'viewing: latest_user, latest_session, latest_skip, latest_device and latest_version; videos: latest_video, latest_region_video and latest_genre; shown: latest_shown, latest_click, latest_score, latest_quality and latest_shown_genre; members: latest_device_kind and latest_subscription, which hold as long as those of viewing do and no device and no user has changed';
COMMENT ON COLUMN latest_sums.holds IS 'Whether nothing has changed them since';
COMMENT ON COLUMN latest_sums.from_day IS 'First day of the warehouse in them';
COMMENT ON COLUMN latest_sums.to_day IS 'Last one';
COMMENT ON COLUMN latest_sums.at IS 'Start of the latest playback: the moment of latest_user and latest_shown';
COMMENT ON COLUMN latest_sums.cuts IS 'The instants 7, 30, 60, 90 and 180 days of 24 hours before it (kpi_cuts)';
COMMENT ON COLUMN latest_sums.genres IS 'Not of members: kpi_genre_print() then; other genres or kinds of the videos since, and latest_user.genres_30, latest_genre and latest_shown_genre do not hold';
COMMENT ON COLUMN latest_sums.viewers IS 'Of viewing: known users with a playback in these days, each once';

CREATE TABLE latest_user (
  user_key              text COLLATE "C" PRIMARY KEY,
  days_since_last_view  numeric NOT NULL,
  views_7               bigint NOT NULL,
  views_30              bigint NOT NULL,
  views_90              bigint NOT NULL,
  days_30               bigint NOT NULL,
  videos_30             bigint NOT NULL,
  genres_30             bigint NOT NULL,
  minutes_30            numeric NOT NULL,
  minutes_60            numeric NOT NULL,
  watch_trend_percent   numeric,
  completion_percent    numeric,
  rebuffer_percent      numeric
);
COMMENT ON TABLE latest_user IS 'Known users with a playback in the 180 days up to latest_sums.at, for kpi_churn_features';
COMMENT ON COLUMN latest_user.user_key IS 'User';
COMMENT ON COLUMN latest_user.days_since_last_view IS 'Days since the start of the latest playback, two places';
COMMENT ON COLUMN latest_user.views_7 IS 'Playbacks of the last 7 days';
COMMENT ON COLUMN latest_user.views_30 IS 'Playbacks of the last 30 days';
COMMENT ON COLUMN latest_user.views_90 IS 'Playbacks of the last 90 days';
COMMENT ON COLUMN latest_user.days_30 IS 'Days of the warehouse with one, of the last 30';
COMMENT ON COLUMN latest_user.videos_30 IS 'Known videos in them';
COMMENT ON COLUMN latest_user.genres_30 IS 'First genres of these videos';
COMMENT ON COLUMN latest_user.minutes_30 IS 'Minutes watched in the last 30 days';
COMMENT ON COLUMN latest_user.minutes_60 IS 'Minutes watched in the 30 days before';
COMMENT ON COLUMN latest_user.watch_trend_percent IS 'Change of the former against the latter, percent; NULL when nothing was watched before';
COMMENT ON COLUMN latest_user.completion_percent IS 'Mean of the completion rates known of the last 30 days, percent; NULL where none is';
COMMENT ON COLUMN latest_user.rebuffer_percent IS 'Share of buffering in the playbacks of the last 30 days that measured it, percent; NULL where none did';

CREATE TABLE latest_session (
  day                      date PRIMARY KEY,
  sessions                 bigint NOT NULL,
  users                    bigint NOT NULL,
  sessions_per_user        numeric,
  average_session_minutes  numeric,
  average_watch_minutes    numeric,
  views_per_session        numeric,
  binge_sessions           bigint NOT NULL,
  binge_percent            numeric
);
COMMENT ON TABLE latest_session IS 'What kpi_sessions tells of the latest days, those that reach from one day into another completed';
COMMENT ON COLUMN latest_session.day IS 'Day on which the sessions began';
COMMENT ON COLUMN latest_session.sessions IS 'Sessions of known users with pauses of at most 30 minutes';
COMMENT ON COLUMN latest_session.users IS 'Users with one';
COMMENT ON COLUMN latest_session.sessions_per_user IS 'The former divided by the latter, two places';
COMMENT ON COLUMN latest_session.average_session_minutes IS 'Mean minutes from their starts to the ends of their last playbacks';
COMMENT ON COLUMN latest_session.average_watch_minutes IS 'Mean minutes watched in one';
COMMENT ON COLUMN latest_session.views_per_session IS 'Mean playbacks in one';
COMMENT ON COLUMN latest_session.binge_sessions IS 'Those with three playbacks or more';
COMMENT ON COLUMN latest_session.binge_percent IS 'Their share, percent';

CREATE TABLE latest_skip (
  video_key       text COLLATE "C" PRIMARY KEY,
  views           bigint NOT NULL,
  measured_views  bigint NOT NULL,
  skips           bigint NOT NULL
);
COMMENT ON TABLE latest_skip IS 'Playbacks and skips of the latest days by video: sums over skip_day';
COMMENT ON COLUMN latest_skip.video_key IS 'Video';
COMMENT ON COLUMN latest_skip.views IS 'Playbacks';
COMMENT ON COLUMN latest_skip.measured_views IS 'Those whose length is known';
COMMENT ON COLUMN latest_skip.skips IS 'Those left within 30 seconds and before the end';

CREATE TABLE latest_device (
  device_key         text COLLATE "C" PRIMARY KEY,
  views              bigint NOT NULL,
  watch_minutes      numeric NOT NULL,
  buffered_views     bigint NOT NULL,
  buffering_seconds  numeric NOT NULL,
  buffered_minutes   numeric NOT NULL,
  sessions           bigint NOT NULL,
  session_minutes    numeric NOT NULL
);
COMMENT ON TABLE latest_device IS 'Devices with a playback in the latest days';
COMMENT ON COLUMN latest_device.device_key IS 'Device';
COMMENT ON COLUMN latest_device.views IS 'Playbacks';
COMMENT ON COLUMN latest_device.watch_minutes IS 'Minutes watched';
COMMENT ON COLUMN latest_device.buffered_views IS 'Playbacks that measured buffering';
COMMENT ON COLUMN latest_device.buffering_seconds IS 'Seconds of buffering in them';
COMMENT ON COLUMN latest_device.buffered_minutes IS 'Minutes watched in them';
COMMENT ON COLUMN latest_device.sessions IS 'Sessions of known users that began on the device, with pauses of at most 30 minutes';
COMMENT ON COLUMN latest_device.session_minutes IS 'Minutes from their starts to the ends of their last playbacks';

CREATE TABLE latest_version (
  user_version   bigint NOT NULL,
  user_key       text COLLATE "C" NOT NULL,
  views          bigint NOT NULL,
  watch_minutes  numeric NOT NULL,
  PRIMARY KEY (user_version, user_key)
);
COMMENT ON TABLE latest_version IS 'Playbacks of the latest days by user and version';
COMMENT ON COLUMN latest_version.user_version IS 'Version of the user then in force: user_history.user_version';
COMMENT ON COLUMN latest_version.user_key IS 'User';
COMMENT ON COLUMN latest_version.views IS 'Playbacks';
COMMENT ON COLUMN latest_version.watch_minutes IS 'Minutes watched';

-- Of devices and users as they are now: another level of sums, for few rows answer what is asked of them.
CREATE TABLE latest_device_kind (
  os                 text COLLATE "C" NOT NULL,
  connection_type    text COLLATE "C" NOT NULL,
  devices            bigint NOT NULL,
  measured_devices   bigint NOT NULL,
  bandwidth_sum      numeric,
  views              bigint NOT NULL,
  watch_minutes      numeric NOT NULL,
  buffered_views     bigint NOT NULL,
  buffering_seconds  numeric NOT NULL,
  buffered_minutes   numeric NOT NULL,
  sessions           bigint NOT NULL,
  session_minutes    numeric NOT NULL,
  PRIMARY KEY (os, connection_type)
);
COMMENT ON TABLE latest_device_kind IS 'Devices with a playback in the latest days, by operating system and connection: sums over latest_device';
COMMENT ON COLUMN latest_device_kind.os IS 'Operating system; Unknown where it is not known';
COMMENT ON COLUMN latest_device_kind.connection_type IS 'Connection; Unknown where it is not known';
COMMENT ON COLUMN latest_device_kind.devices IS 'Known devices';
COMMENT ON COLUMN latest_device_kind.measured_devices IS 'Those whose bandwidth is known';
COMMENT ON COLUMN latest_device_kind.bandwidth_sum IS 'Sum of their bandwidths as last measured, Mbit/s; NULL where none is known';
COMMENT ON COLUMN latest_device_kind.views IS 'Playbacks';
COMMENT ON COLUMN latest_device_kind.watch_minutes IS 'Minutes watched';
COMMENT ON COLUMN latest_device_kind.buffered_views IS 'Playbacks that measured buffering';
COMMENT ON COLUMN latest_device_kind.buffering_seconds IS 'Seconds of buffering in them';
COMMENT ON COLUMN latest_device_kind.buffered_minutes IS 'Minutes watched in them';
COMMENT ON COLUMN latest_device_kind.sessions IS 'Sessions of known users that began on such a device, with pauses of at most 30 minutes';
COMMENT ON COLUMN latest_device_kind.session_minutes IS 'Minutes from their starts to the ends of their last playbacks';

CREATE TABLE latest_subscription (
  subscription_type        text COLLATE "C" PRIMARY KEY,
  viewers_as_was           bigint NOT NULL,
  views_as_was             bigint NOT NULL,
  watch_hours_as_was       numeric NOT NULL,
  hours_per_viewer_as_was  numeric,
  views_as_is              bigint NOT NULL,
  watch_hours_as_is        numeric NOT NULL
);
COMMENT ON TABLE latest_subscription IS 'What kpi_watch_by_subscription tells of the latest days';
COMMENT ON COLUMN latest_subscription.subscription_type IS 'Subscription; Unknown where it is not known';
COMMENT ON COLUMN latest_subscription.viewers_as_was IS 'Known users with a playback while they had it';
COMMENT ON COLUMN latest_subscription.views_as_was IS 'Playbacks of users who had it then';
COMMENT ON COLUMN latest_subscription.watch_hours_as_was IS 'Hours watched in them, two places';
COMMENT ON COLUMN latest_subscription.hours_per_viewer_as_was IS 'Hours of the known among these users divided by their number; NULL without one';
COMMENT ON COLUMN latest_subscription.views_as_is IS 'Playbacks of users who have it now';
COMMENT ON COLUMN latest_subscription.watch_hours_as_is IS 'Hours watched in them, two places';

-- Whoever changes devices or users, a feed or a hand, takes back what rests on them; a statement that changed no row, as that of a batch without new
-- members, does not. The row is updated whether it holds or not: whoever is making the sums has it, or fails on it where his snapshot is older. It is
-- taken before the rows of devices and those of viewing and videos everywhere, so that nobody waits for one who waits for him.
CREATE FUNCTION members_changed() RETURNS trigger
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  takes_back boolean := TG_OP = 'TRUNCATE';
BEGIN
  IF TG_WHEN = 'AFTER' THEN
    takes_back := EXISTS (SELECT FROM changed);
  END IF;
  IF takes_back THEN
    EXECUTE format('UPDATE %I.latest_sums SET holds = false WHERE summary = %L', TG_TABLE_SCHEMA, 'members');
  ELSIF TG_WHEN = 'BEFORE' THEN
    EXECUTE format('SELECT FROM %I.latest_sums WHERE summary = %L FOR UPDATE', TG_TABLE_SCHEMA, 'members');
  END IF;
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION members_changed() IS 'Trigger of device_dim and user_history: says in latest_sums that latest_device_kind and latest_subscription do not hold any more where a statement has changed a row. Before it, it takes the row of latest_sums.';
CREATE TRIGGER members_change BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON device_dim FOR EACH STATEMENT EXECUTE FUNCTION members_changed();
CREATE TRIGGER members_inserted AFTER INSERT ON device_dim REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_changed();
CREATE TRIGGER members_updated AFTER UPDATE ON device_dim REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_changed();
CREATE TRIGGER members_deleted AFTER DELETE ON device_dim REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_changed();
CREATE TRIGGER members_change BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON user_history FOR EACH STATEMENT EXECUTE FUNCTION members_changed();
CREATE TRIGGER members_inserted AFTER INSERT ON user_history REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_changed();
CREATE TRIGGER members_updated AFTER UPDATE ON user_history REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_changed();
CREATE TRIGGER members_deleted AFTER DELETE ON user_history REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION members_changed();

CREATE TABLE latest_video (
  video_key       text COLLATE "C" PRIMARY KEY,
  views           bigint NOT NULL,
  watch_minutes   numeric NOT NULL,
  measured_views  bigint NOT NULL,
  completion_sum  numeric NOT NULL,
  likes           bigint NOT NULL,
  shares          bigint NOT NULL,
  comments        bigint NOT NULL,
  score_sum       numeric,
  scored_views    bigint
);
COMMENT ON TABLE latest_video IS 'Videos of the latest days: sums over engagement_fact';
COMMENT ON COLUMN latest_video.video_key IS 'Video';
COMMENT ON COLUMN latest_video.views IS 'Playbacks';
COMMENT ON COLUMN latest_video.watch_minutes IS 'Minutes watched';
COMMENT ON COLUMN latest_video.measured_views IS 'Playbacks whose completion is known';
COMMENT ON COLUMN latest_video.completion_sum IS 'Sum of their completion rates, percent';
COMMENT ON COLUMN latest_video.likes IS 'Likes';
COMMENT ON COLUMN latest_video.shares IS 'Shares';
COMMENT ON COLUMN latest_video.comments IS 'Comments';
COMMENT ON COLUMN latest_video.score_sum IS 'Sum over days and regions of engagement_score times playbacks; NULL where none is known';
COMMENT ON COLUMN latest_video.scored_views IS 'Playbacks of the days and regions with a score; NULL where there are none';

CREATE TABLE latest_region_video (
  region_key      text COLLATE "C" NOT NULL,
  video_key       text COLLATE "C" NOT NULL,
  views           bigint NOT NULL,
  watch_minutes   numeric NOT NULL,
  measured_views  bigint NOT NULL,
  completion_sum  numeric NOT NULL,
  video_rank      bigint,
  PRIMARY KEY (region_key, video_key)
);
CREATE INDEX latest_region_video_rank_idx ON latest_region_video (video_rank);
COMMENT ON TABLE latest_region_video IS 'Videos of the latest days with playbacks, by region: sums over engagement_fact';
COMMENT ON COLUMN latest_region_video.region_key IS 'Region';
COMMENT ON COLUMN latest_region_video.video_key IS 'Video';
COMMENT ON COLUMN latest_region_video.views IS 'Playbacks';
COMMENT ON COLUMN latest_region_video.watch_minutes IS 'Minutes watched';
COMMENT ON COLUMN latest_region_video.measured_views IS 'Playbacks whose completion is known';
COMMENT ON COLUMN latest_region_video.completion_sum IS 'Sum of their completion rates, percent';
COMMENT ON COLUMN latest_region_video.video_rank IS 'Place of the video in the region by playbacks, then minutes, then the lower id; NULL for unknown videos';

CREATE TABLE latest_genre (
  day             date NOT NULL,
  region_key      text COLLATE "C" NOT NULL,
  genre           text COLLATE "C" NOT NULL,
  content_type    text COLLATE "C" NOT NULL,
  views           bigint NOT NULL,
  watch_minutes   numeric NOT NULL,
  measured_views  bigint NOT NULL,
  completion_sum  numeric NOT NULL,
  likes           bigint NOT NULL,
  shares          bigint NOT NULL,
  comments        bigint NOT NULL,
  PRIMARY KEY (day, region_key, genre, content_type)
);
COMMENT ON TABLE latest_genre IS 'The latest days by region, genre and kind of content: sums over engagement_fact, with the genres and kinds of latest_sums.genres';
COMMENT ON COLUMN latest_genre.day IS 'Day of the warehouse';
COMMENT ON COLUMN latest_genre.region_key IS 'Region';
COMMENT ON COLUMN latest_genre.genre IS 'First genre of the videos; Unknown where it is not known';
COMMENT ON COLUMN latest_genre.content_type IS 'Kind of content; Unknown where it is not known';
COMMENT ON COLUMN latest_genre.views IS 'Playbacks';
COMMENT ON COLUMN latest_genre.watch_minutes IS 'Minutes watched';
COMMENT ON COLUMN latest_genre.measured_views IS 'Playbacks whose completion is known';
COMMENT ON COLUMN latest_genre.completion_sum IS 'Sum of their completion rates, percent';
COMMENT ON COLUMN latest_genre.likes IS 'Likes';
COMMENT ON COLUMN latest_genre.shares IS 'Shares';
COMMENT ON COLUMN latest_genre.comments IS 'Comments';

CREATE TABLE latest_shown (
  user_key         text COLLATE "C" PRIMARY KEY,
  recommendations  bigint NOT NULL,
  click_percent    numeric NOT NULL
);
COMMENT ON TABLE latest_shown IS 'Recommendations of known users in the 30 days up to latest_sums.at, for kpi_churn_features';
COMMENT ON COLUMN latest_shown.user_key IS 'User';
COMMENT ON COLUMN latest_shown.recommendations IS 'Recommendations shown';
COMMENT ON COLUMN latest_shown.click_percent IS 'Share of those clicked, percent';

-- Of the latest days, as those of viewing and videos.
CREATE TABLE latest_click (
  video_key        text COLLATE "C" PRIMARY KEY,
  recommendations  bigint NOT NULL,
  clicks           bigint NOT NULL,
  click_percent    numeric,
  lower_percent    numeric,
  upper_percent    numeric,
  watches          bigint NOT NULL,
  watch_percent    numeric
);
COMMENT ON TABLE latest_click IS 'What kpi_click_through tells of the latest days: sums over shown_video_day';
COMMENT ON COLUMN latest_click.video_key IS 'Video';
COMMENT ON COLUMN latest_click.recommendations IS 'Recommendations shown';
COMMENT ON COLUMN latest_click.clicks IS 'Those clicked';
COMMENT ON COLUMN latest_click.click_percent IS 'Their share, percent';
COMMENT ON COLUMN latest_click.lower_percent IS 'Lower bound of it, percent (Wilson, z = 1.959964)';
COMMENT ON COLUMN latest_click.upper_percent IS 'Upper bound of it, percent';
COMMENT ON COLUMN latest_click.watches IS 'Those watched';
COMMENT ON COLUMN latest_click.watch_percent IS 'Their share, percent';

CREATE TABLE latest_score (
  score            numeric,
  recommendations  bigint NOT NULL,
  clicks           bigint NOT NULL,
  watches          bigint NOT NULL
);
COMMENT ON TABLE latest_score IS 'Recommendations of the latest days by score: sums over shown_score_day';
COMMENT ON COLUMN latest_score.score IS 'Score the model gave; NULL if not told';
COMMENT ON COLUMN latest_score.recommendations IS 'Recommendations shown';
COMMENT ON COLUMN latest_score.clicks IS 'Those clicked';
COMMENT ON COLUMN latest_score.watches IS 'Those watched';

CREATE TABLE latest_quality (
  only_row                     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  recommendations              bigint NOT NULL,
  clicks                       bigint NOT NULL,
  click_percent                numeric,
  watches                      bigint NOT NULL,
  watch_percent                numeric,
  watched_after_click_percent  numeric,
  scored_recommendations       bigint NOT NULL,
  score_accuracy_percent       numeric
);
COMMENT ON TABLE latest_quality IS 'What kpi_recommendation_quality tells of the latest days';
COMMENT ON COLUMN latest_quality.only_row IS 'True';
COMMENT ON COLUMN latest_quality.recommendations IS 'Recommendations shown';
COMMENT ON COLUMN latest_quality.clicks IS 'Those clicked';
COMMENT ON COLUMN latest_quality.click_percent IS 'Their share, percent; NULL without any';
COMMENT ON COLUMN latest_quality.watches IS 'Those watched';
COMMENT ON COLUMN latest_quality.watch_percent IS 'Their share, percent; NULL without any';
COMMENT ON COLUMN latest_quality.watched_after_click_percent IS 'Clicked and watched among those clicked, percent; NULL without clicks';
COMMENT ON COLUMN latest_quality.scored_recommendations IS 'Those with a score';
COMMENT ON COLUMN latest_quality.score_accuracy_percent IS 'Chance that a clicked one had a higher score than one not clicked, percent; NULL unless there are both';

CREATE TABLE latest_shown_genre (
  day              date NOT NULL,
  region_key       text COLLATE "C" NOT NULL,
  genre            text COLLATE "C" NOT NULL,
  recommendations  bigint NOT NULL,
  clicks           bigint NOT NULL,
  watches          bigint NOT NULL,
  PRIMARY KEY (day, region_key, genre)
);
COMMENT ON TABLE latest_shown_genre IS 'Recommendations of the latest days by region of the user and genre of the video, with the genres of latest_sums.genres';
COMMENT ON COLUMN latest_shown_genre.day IS 'Day of the warehouse';
COMMENT ON COLUMN latest_shown_genre.region_key IS 'Region';
COMMENT ON COLUMN latest_shown_genre.genre IS 'First genre of the videos; Unknown where it is not known';
COMMENT ON COLUMN latest_shown_genre.recommendations IS 'Recommendations shown';
COMMENT ON COLUMN latest_shown_genre.clicks IS 'Those clicked';
COMMENT ON COLUMN latest_shown_genre.watches IS 'Those watched';
