-- Summaries of playbacks and recommendations by day of the warehouse, which the reports read. A day that is summed up stands here;
-- any other is read from the facts (40-kpi-days.sql), so the reports are right at every moment: a batch that brings something of a day
-- opens it again. 42-summing.sql sums days up.
CREATE TABLE viewing_day (
  day                   date PRIMARY KEY,
  summed                boolean NOT NULL DEFAULT true,
  views                 bigint NOT NULL DEFAULT 0,
  viewers               bigint NOT NULL DEFAULT 0,
  unknown_user_views    bigint NOT NULL DEFAULT 0,
  unknown_video_views   bigint NOT NULL DEFAULT 0,
  unknown_device_views  bigint NOT NULL DEFAULT 0,
  unknown_region_views  bigint NOT NULL DEFAULT 0,
  watch_minutes         numeric NOT NULL DEFAULT 0,
  known_minutes         numeric NOT NULL DEFAULT 0,
  measured_views        bigint NOT NULL DEFAULT 0,
  completion_sum        numeric NOT NULL DEFAULT 0,
  skips                 bigint NOT NULL DEFAULT 0,
  buffered_views        bigint NOT NULL DEFAULT 0,
  buffering_seconds     numeric NOT NULL DEFAULT 0,
  buffered_minutes      numeric NOT NULL DEFAULT 0,
  started_views         bigint NOT NULL DEFAULT 0,
  startup_seconds       numeric NOT NULL DEFAULT 0,
  p95_startup_seconds   numeric,
  rated_minutes         numeric NOT NULL DEFAULT 0,
  rated_bits            numeric NOT NULL DEFAULT 0,
  busiest_minute_views  bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE viewing_day IS 'One row per day of the warehouse with playbacks: sums over viewership_fact, kept by the feeds. After changing playbacks by hand call rebuild_viewing, which opens their days';
COMMENT ON COLUMN viewing_day.day IS 'Day of the warehouse';
COMMENT ON COLUMN viewing_day.summed IS 'Whether the sums hold. Where false they are of before the latest playbacks of the day, but for views, and reports read the playbacks';
COMMENT ON COLUMN viewing_day.views IS 'Playbacks begun on the day';
COMMENT ON COLUMN viewing_day.viewers IS 'Known users with one';
COMMENT ON COLUMN viewing_day.unknown_user_views IS 'Playbacks of no known user';
COMMENT ON COLUMN viewing_day.unknown_video_views IS 'Playbacks of no known video';
COMMENT ON COLUMN viewing_day.unknown_device_views IS 'Playbacks on no known device';
COMMENT ON COLUMN viewing_day.unknown_region_views IS 'Playbacks in no known region';
COMMENT ON COLUMN viewing_day.watch_minutes IS 'Minutes watched';
COMMENT ON COLUMN viewing_day.known_minutes IS 'Minutes watched by known users';
COMMENT ON COLUMN viewing_day.measured_views IS 'Playbacks whose completion is known';
COMMENT ON COLUMN viewing_day.completion_sum IS 'Sum of their completion rates, percent';
COMMENT ON COLUMN viewing_day.skips IS 'Playbacks left within 30 seconds and before the end';
COMMENT ON COLUMN viewing_day.buffered_views IS 'Playbacks that measured buffering';
COMMENT ON COLUMN viewing_day.buffering_seconds IS 'Seconds of buffering in them';
COMMENT ON COLUMN viewing_day.buffered_minutes IS 'Minutes watched in them';
COMMENT ON COLUMN viewing_day.started_views IS 'Playbacks that measured the time to the first picture';
COMMENT ON COLUMN viewing_day.startup_seconds IS 'Sum of these times, seconds';
COMMENT ON COLUMN viewing_day.p95_startup_seconds IS 'Seconds within which 95 % of them showed a picture; NULL where none was measured. Not additive';
COMMENT ON COLUMN viewing_day.rated_minutes IS 'Minutes watched in playbacks with a bit rate';
COMMENT ON COLUMN viewing_day.rated_bits IS 'Sum over them of bit rate (kbit/s) times minutes';
COMMENT ON COLUMN viewing_day.busiest_minute_views IS 'Playbacks begun in the busiest minute. Not additive';

-- Users who watched are numbered in the order in which they are first summed up, so that a day's are a string of bits: the users of any
-- days are the bits of all of them.
CREATE TABLE viewer (
  user_key   text COLLATE "C" PRIMARY KEY,
  viewer_no  integer GENERATED ALWAYS AS IDENTITY (START WITH 0 MINVALUE 0) UNIQUE
);
COMMENT ON TABLE viewer IS 'Numbers of the users who watched, for viewer_set; kept by the feeds';
COMMENT ON COLUMN viewer.user_key IS 'Business key of the user: user_dim.user_id';
COMMENT ON COLUMN viewer.viewer_no IS 'Place of the user''s bit in viewer_set.viewers, from 0';

CREATE TABLE viewer_set (
  day      date PRIMARY KEY,
  size     integer NOT NULL,
  viewers  bit varying NOT NULL
);
COMMENT ON TABLE viewer_set IS 'Which known users watched on a day, for the days that are summed up: distinct users over days are bit_count(bit_or(viewers)), see kpi_viewer_sets';
COMMENT ON COLUMN viewer_set.day IS 'Day of the warehouse';
COMMENT ON COLUMN viewer_set.size IS 'Number of bits';
COMMENT ON COLUMN viewer_set.viewers IS 'Bit viewer.viewer_no is 1 for a user with a playback on the day';

CREATE TABLE skip_day (
  day             date NOT NULL,
  video_key       text COLLATE "C" NOT NULL,
  views           bigint NOT NULL,
  measured_views  bigint NOT NULL,
  skips           bigint NOT NULL,
  PRIMARY KEY (day, video_key)
);
COMMENT ON TABLE skip_day IS 'Playbacks and skips by day and video, for the days that are summed up';
COMMENT ON COLUMN skip_day.day IS 'Day of the warehouse';
COMMENT ON COLUMN skip_day.video_key IS 'Video';
COMMENT ON COLUMN skip_day.views IS 'Playbacks';
COMMENT ON COLUMN skip_day.measured_views IS 'Those whose length is known';
COMMENT ON COLUMN skip_day.skips IS 'Those left within 30 seconds and before the end';

-- What playbacks of earlier days reach into: streams at once and sessions. A day is here when it is summed up.
CREATE TABLE session_day (
  day              date PRIMARY KEY,
  peak_streams     bigint,
  peak_at          timestamptz,
  views            bigint NOT NULL,
  sessions         bigint NOT NULL,
  users            bigint NOT NULL,
  session_minutes  numeric NOT NULL,
  watch_minutes    numeric NOT NULL,
  session_views    bigint NOT NULL,
  binge_sessions   bigint NOT NULL
);
COMMENT ON TABLE session_day IS 'Streams at once, and sessions of known users with pauses of at most 30 minutes that lie within the day, for the days that are summed up; the other sessions are in session_edge';
COMMENT ON COLUMN session_day.day IS 'Day of the warehouse';
COMMENT ON COLUMN session_day.peak_streams IS 'Most streams under way at one moment; NULL where the calendar lacks the day';
COMMENT ON COLUMN session_day.peak_at IS 'First moment this is reached';
COMMENT ON COLUMN session_day.views IS 'Playbacks begun on the day';
COMMENT ON COLUMN session_day.sessions IS 'Sessions within the day';
COMMENT ON COLUMN session_day.users IS 'Users with one';
COMMENT ON COLUMN session_day.session_minutes IS 'Minutes from their starts to the ends of their last playbacks';
COMMENT ON COLUMN session_day.watch_minutes IS 'Minutes watched in them';
COMMENT ON COLUMN session_day.session_views IS 'Playbacks in them';
COMMENT ON COLUMN session_day.binge_sessions IS 'Those with three playbacks or more';

CREATE TABLE session_edge (
  day            date NOT NULL,
  user_key       text COLLATE "C" NOT NULL,
  event_time     timestamptz NOT NULL,
  event_id       text COLLATE "C" NOT NULL,
  device_key     text COLLATE "C" NOT NULL,
  watch_minutes  numeric NOT NULL,
  has_own        boolean NOT NULL,
  PRIMARY KEY (day, user_key, event_time, event_id)
);
COMMENT ON TABLE session_edge IS 'Playbacks of sessions that reach, or may reach, from one day into another, for the days that are summed up: what the sessions of any days are completed from';
COMMENT ON COLUMN session_edge.day IS 'Day of the warehouse on which the playback began';
COMMENT ON COLUMN session_edge.user_key IS 'User';
COMMENT ON COLUMN session_edge.event_time IS 'Start of the playback';
COMMENT ON COLUMN session_edge.event_id IS 'Its id';
COMMENT ON COLUMN session_edge.device_key IS 'Its device';
COMMENT ON COLUMN session_edge.watch_minutes IS 'Minutes watched';
COMMENT ON COLUMN session_edge.has_own IS 'Whether the user has a session within the day besides';

CREATE TABLE shown_day (
  day              date PRIMARY KEY,
  summed           boolean NOT NULL DEFAULT true,
  recommendations  bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE shown_day IS 'One row per day of the warehouse with recommendations; kept by the feed. Delete a day after changing its recommendations by hand';
COMMENT ON COLUMN shown_day.day IS 'Day of the warehouse';
COMMENT ON COLUMN shown_day.summed IS 'Whether the day is summed up in shown_video_day and shown_score_day';
COMMENT ON COLUMN shown_day.recommendations IS 'Recommendations of the day, records that came again counted again while it is not summed up';

CREATE TABLE shown_video_day (
  day              date NOT NULL,
  video_key        text COLLATE "C" NOT NULL,
  recommendations  bigint NOT NULL,
  clicks           bigint NOT NULL,
  watches          bigint NOT NULL,
  PRIMARY KEY (day, video_key)
);
COMMENT ON TABLE shown_video_day IS 'Recommendations by day and video, for the days that are summed up';
COMMENT ON COLUMN shown_video_day.day IS 'Day of the warehouse';
COMMENT ON COLUMN shown_video_day.video_key IS 'Video';
COMMENT ON COLUMN shown_video_day.recommendations IS 'Recommendations shown';
COMMENT ON COLUMN shown_video_day.clicks IS 'Those clicked';
COMMENT ON COLUMN shown_video_day.watches IS 'Those watched';

CREATE TABLE shown_score_day (
  day              date NOT NULL,
  score            numeric,
  recommendations  bigint NOT NULL,
  clicks           bigint NOT NULL,
  watches          bigint NOT NULL,
  both_flags       bigint NOT NULL
);
CREATE INDEX shown_score_day_day_idx ON shown_score_day (day);
COMMENT ON TABLE shown_score_day IS 'Recommendations by day and score, for the days that are summed up';
COMMENT ON COLUMN shown_score_day.day IS 'Day of the warehouse';
COMMENT ON COLUMN shown_score_day.score IS 'Score the model gave; NULL if not told';
COMMENT ON COLUMN shown_score_day.recommendations IS 'Recommendations shown';
COMMENT ON COLUMN shown_score_day.clicks IS 'Those clicked';
COMMENT ON COLUMN shown_score_day.watches IS 'Those watched';
COMMENT ON COLUMN shown_score_day.both_flags IS 'Those clicked and watched';

CREATE TABLE summing_credit (
  summary  text PRIMARY KEY CHECK (summary IN ('viewing', 'shown')),
  share    numeric NOT NULL DEFAULT 0 CHECK (share >= 0),
  records  numeric NOT NULL DEFAULT 0
);
INSERT INTO summing_credit (summary) VALUES ('viewing'), ('shown');
COMMENT ON TABLE summing_credit IS 'Whether batches sum up days themselves, and how much they may';
COMMENT ON COLUMN summing_credit.summary IS 'viewing: playbacks; shown: recommendations';
COMMENT ON COLUMN summing_credit.share IS 'Records that a batch may sum up for each it loads. 0, the default: none, days are summed up by sum_up_viewing() and sum_up_shown(); 1: each day once, in loads in the order of time. Yours to set';
COMMENT ON COLUMN summing_credit.records IS 'Records that were loaded (times share) and not yet made use of';
