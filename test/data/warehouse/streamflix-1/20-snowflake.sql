-- The snowflake beside the star: region -> time zone and country, device -> operating system, video ->
-- genre, and the lists that a video carries (genres, cast) as bridges. Each level states an attribute
-- once, at the price of a join per level; the star states it on every member and joins once.
-- A bridge's weights add up to 1 per video: weighted sums over genres equal the sum over videos.

CREATE VIEW snow_genre AS
  SELECT DISTINCT g.genre AS genre_id, g.genre
  FROM video_dim v CROSS JOIN LATERAL unnest(CASE WHEN v.genres = '{}' THEN ARRAY[COALESCE(v.genre, 'Unknown')] ELSE v.genres END) AS g (genre);
CREATE VIEW snow_video AS
  SELECT video_id, title, content_type, release_year, language, rating, country, director, video_length, seasons,
         COALESCE(genre, 'Unknown') AS genre_id
  FROM video_dim;
CREATE VIEW snow_video_genre AS
  SELECT v.video_id, g.genre AS genre_id, g.n::integer AS position,
         1.0 / greatest(cardinality(v.genres), 1) AS weight
  FROM video_dim v
  CROSS JOIN LATERAL unnest(CASE WHEN v.genres = '{}' THEN ARRAY[COALESCE(v.genre, 'Unknown')] ELSE v.genres END) WITH ORDINALITY AS g (genre, n);
CREATE VIEW snow_video_cast AS
  SELECT v.video_id, c.name AS member, c.n::integer AS billing
  FROM video_dim v CROSS JOIN LATERAL unnest(v.cast_members) WITH ORDINALITY AS c (name, n);

CREATE VIEW snow_country AS
  SELECT DISTINCT COALESCE(country, 'Unknown') AS country_id, COALESCE(country, 'Unknown') AS country
  FROM region_dim;
CREATE VIEW snow_time_zone AS
  SELECT DISTINCT COALESCE(timezone, 'Unknown') AS time_zone_id, timezone
  FROM region_dim;
CREATE VIEW snow_region AS
  SELECT region_id, region_name, population, avg_bandwidth,
         COALESCE(country, 'Unknown') AS country_id, COALESCE(timezone, 'Unknown') AS time_zone_id
  FROM region_dim;

CREATE VIEW snow_os AS
  SELECT DISTINCT COALESCE(os, 'Unknown') AS os_id, COALESCE(os, 'Unknown') AS os FROM device_dim;
CREATE VIEW snow_device AS
  SELECT device_id, user_id, app_version, connection_type, bandwidth, COALESCE(os, 'Unknown') AS os_id FROM device_dim;

COMMENT ON VIEW snow_genre IS 'Snowflake of video_dim, top level: one row per genre that any video is listed under';
COMMENT ON COLUMN snow_genre.genre_id IS 'The genre''s name; Unknown where a video has none';
COMMENT ON COLUMN snow_genre.genre IS 'Genre; Unknown where a video has none';
COMMENT ON VIEW snow_video IS 'Snowflake of video_dim, lowest level: one row per video; facts join video_key = video_id';
COMMENT ON COLUMN snow_video.video_id IS 'Video id';
COMMENT ON COLUMN snow_video.title IS 'Title; NULL if not known';
COMMENT ON COLUMN snow_video.content_type IS 'Movie, Series or another kind; NULL if not known';
COMMENT ON COLUMN snow_video.release_year IS 'Year of release; NULL if not known';
COMMENT ON COLUMN snow_video.language IS 'Language; NULL if not known';
COMMENT ON COLUMN snow_video.rating IS 'Age rating; NULL if not known';
COMMENT ON COLUMN snow_video.country IS 'Country of origin; NULL if not known';
COMMENT ON COLUMN snow_video.director IS 'Director; NULL if not known';
COMMENT ON COLUMN snow_video.video_length IS 'Length in minutes; NULL if not known';
COMMENT ON COLUMN snow_video.seasons IS 'Seasons of a series; NULL for others';
COMMENT ON COLUMN snow_video.genre_id IS 'Its first genre: snow_genre.genre_id';
COMMENT ON VIEW snow_video_genre IS 'Bridge from video to all its genres: one row per video and genre. Multiply by weight before adding up over genres';
COMMENT ON COLUMN snow_video_genre.video_id IS 'Video id';
COMMENT ON COLUMN snow_video_genre.genre_id IS 'Genre: snow_genre.genre_id';
COMMENT ON COLUMN snow_video_genre.position IS 'Place of the genre in the video''s list, from 1';
COMMENT ON COLUMN snow_video_genre.weight IS 'Share of the genre: 1 / number of the video''s genres';
COMMENT ON VIEW snow_video_cast IS 'Bridge from video to cast: one row per video and member';
COMMENT ON COLUMN snow_video_cast.video_id IS 'Video id';
COMMENT ON COLUMN snow_video_cast.member IS 'Name of the member of the cast';
COMMENT ON COLUMN snow_video_cast.billing IS 'Place in the cast list, from 1';
COMMENT ON VIEW snow_country IS 'Snowflake of region_dim, top level: one row per country';
COMMENT ON COLUMN snow_country.country_id IS 'The country''s name; Unknown where it is not known';
COMMENT ON COLUMN snow_country.country IS 'Country; Unknown where it is not known';
COMMENT ON VIEW snow_time_zone IS 'Snowflake of region_dim, beside the countries: one row per time zone';
COMMENT ON COLUMN snow_time_zone.time_zone_id IS 'The zone''s name; Unknown where it is not known';
COMMENT ON COLUMN snow_time_zone.timezone IS 'Zone as AT TIME ZONE takes it; NULL where it is not known';
COMMENT ON VIEW snow_region IS 'Snowflake of region_dim, lowest level: one row per region; facts join region_key = region_id';
COMMENT ON COLUMN snow_region.region_id IS 'Region code';
COMMENT ON COLUMN snow_region.region_name IS 'Name; NULL if not known';
COMMENT ON COLUMN snow_region.population IS 'Inhabitants; NULL if not known';
COMMENT ON COLUMN snow_region.avg_bandwidth IS 'Average bandwidth in Mbit/s; NULL if not known';
COMMENT ON COLUMN snow_region.country_id IS 'Its country: snow_country.country_id';
COMMENT ON COLUMN snow_region.time_zone_id IS 'Its time zone: snow_time_zone.time_zone_id';
COMMENT ON VIEW snow_os IS 'Snowflake of device_dim, top level: one row per operating system';
COMMENT ON COLUMN snow_os.os_id IS 'The system''s name; Unknown where it is not known';
COMMENT ON COLUMN snow_os.os IS 'Operating system; Unknown where it is not known';
COMMENT ON VIEW snow_device IS 'Snowflake of device_dim, lowest level: one row per device; facts join device_key = device_id';
COMMENT ON COLUMN snow_device.device_id IS 'Device id';
COMMENT ON COLUMN snow_device.user_id IS 'User last seen on the device; NULL if not known';
COMMENT ON COLUMN snow_device.app_version IS 'Version of the app; NULL if not known';
COMMENT ON COLUMN snow_device.connection_type IS 'WiFi, Ethernet, 5G, ...; NULL if not known';
COMMENT ON COLUMN snow_device.bandwidth IS 'Bandwidth in Mbit/s as last measured; NULL if not known';
COMMENT ON COLUMN snow_device.os_id IS 'Its operating system: snow_os.os_id';
