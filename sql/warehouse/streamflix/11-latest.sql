-- Sums of the latest 30 days by user, device, subscription and video, which the plain reports on these read. They hold until a batch brings
-- something that changes them; then the reports read the facts (40-kpi-latest.sql), so they are right at every moment. 41-latest.sql makes them anew.
CREATE TABLE latest_sums (
  summary   text PRIMARY KEY CHECK (summary IN ('viewing', 'videos', 'shown')),
  holds     boolean NOT NULL DEFAULT false,
  from_day  date,
  to_day    date,
  at        timestamptz,
  cuts      timestamptz[],
  genres    numeric
);
INSERT INTO latest_sums (summary) VALUES ('viewing'), ('videos'), ('shown');
COMMENT ON TABLE latest_sums IS 'Whether the sums of the latest days hold, and of which days they are; kept by the feeds. After changing facts by hand: UPDATE latest_sums SET holds = false';
COMMENT ON COLUMN latest_sums.summary IS 'viewing: latest_user, latest_session, latest_device and latest_version; videos: latest_video and latest_region_video; shown: latest_shown';
COMMENT ON COLUMN latest_sums.holds IS 'Whether nothing has changed them since';
COMMENT ON COLUMN latest_sums.from_day IS 'First day of the warehouse in them';
COMMENT ON COLUMN latest_sums.to_day IS 'Last one';
COMMENT ON COLUMN latest_sums.at IS 'Start of the latest playback: the moment of latest_user and latest_shown';
COMMENT ON COLUMN latest_sums.cuts IS 'The instants 7, 30, 60, 90 and 180 days before it, which are not the same in every time zone of a session';
COMMENT ON COLUMN latest_sums.genres IS 'Of viewing: kpi_genre_print() then; other genres of the videos since, and latest_user.genres_30 does not hold';

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
  PRIMARY KEY (region_key, video_key)
);
COMMENT ON TABLE latest_region_video IS 'Videos of the latest days with playbacks, by region: sums over engagement_fact';
COMMENT ON COLUMN latest_region_video.region_key IS 'Region';
COMMENT ON COLUMN latest_region_video.video_key IS 'Video';
COMMENT ON COLUMN latest_region_video.views IS 'Playbacks';
COMMENT ON COLUMN latest_region_video.watch_minutes IS 'Minutes watched';
COMMENT ON COLUMN latest_region_video.measured_views IS 'Playbacks whose completion is known';
COMMENT ON COLUMN latest_region_video.completion_sum IS 'Sum of their completion rates, percent';

CREATE TABLE latest_shown (
  user_key         text COLLATE "C" PRIMARY KEY,
  recommendations  bigint NOT NULL,
  click_percent    numeric NOT NULL
);
COMMENT ON TABLE latest_shown IS 'Recommendations of known users in the 30 days up to latest_sums.at, for kpi_churn_features';
COMMENT ON COLUMN latest_shown.user_key IS 'User';
COMMENT ON COLUMN latest_shown.recommendations IS 'Recommendations shown';
COMMENT ON COLUMN latest_shown.click_percent IS 'Share of those clicked, percent';
