-- What Flick's sources say of the small StreamFlix of streamflix_kpi.sql, to be loaded after it (a warehouse in UTC, search_path set to it, starhouse behind).
--
-- productions   title    video  studio  stages (from)                                        budget (from)            planned (from)
-- P1            Alpha    V1     North   Filming 1 Jan, Released 5 Mar                         1000 (1 Jan)             1 Mar (1 Jan), 5 Mar (1 Feb)
-- P2            Delta    -      North   Development 1 Feb, Filming 9 Mar                      500 (1 Feb), 600 (9 Mar) 1 Jun (1 Feb), 1 Jul (9 Mar)
-- P3            Epsilon  -      South   Filming 1 Feb                                         -                        1 May (1 Feb)
-- costs         P1: 300 on 1 Feb, 400 on 10 Feb, -50 on 6 Mar;  P2: 20 on 1 Mar, 80 on 9 Mar;  a booking of 7 without a production on 9 Mar
-- licences      L1 ACME V2 1 Mar to 30 Mar, 300 (rev. 2; rev. 1 said 200);  L2 ACME V3 9 Jan to 8 Apr, 900;  L3 BETA V3 1 Jan to 9 Mar, 100 (over);
--               L4 BETA V4 10 Mar to 9 Apr, 310
-- reviews       r1 U1 V1 5 stars 8 Mar, edited to 4 on 9 Mar, 3 helpful, text;  r2 U2 V1 2 stars 9 Mar;  r3 ? V1 4 stars 9 Mar, text;
--               r4 U3 V2 1 star 10 Mar, taken back;  r5 U3 V2 3 stars 10 Mar;  r6 U1 V2 5 stars 1 Jan (not of the last 30 days)
-- posts         x1 X V1 sentiment .5 likes 10 shares 4 replies 6 reach 100 (first seen with reach 50);  x2 X V1 -.25 0 0 0 100;
--               i1 Instagram V1 - 30 0 0 200;  i2 Instagram ? .9 1 1 1 10;  x0 X V2 1 January, of long ago
-- sites         cinemeter (of 10): V1 8.0 by 100 on 1 Mar, 7.0 by 300 on 9 Mar;  V2 5.0 by 0 on 9 Mar
--               starboard (of 5):  V1 4.5 by 100 on 8 Mar;  V1 1.0 by 900 on 11 Mar (after "today")
SELECT starhouse.ensure_partitions(format('%I.%I', current_schema(), f)::regclass, '2025-01-01 00:00Z', '2025-03-31 00:00Z')
FROM unnest('{production_cost_fact,license_fact,review_fact,social_fact,rating_fact}'::text[]) f \g /dev/null
INSERT INTO vendor_dim (vendor_id, vendor_name, country) VALUES ('ACME', 'Acme Films', 'France'), ('BETA', NULL, NULL);
INSERT INTO site_dim (site_id, site_name, scale_max) VALUES ('cinemeter', 'Cinemeter', 10), ('starboard', 'Starboard', 5);
INSERT INTO production_history (production_version, production_id, title, studio, video_id, stage, budget, planned_release, valid_from, valid_to, is_current) VALUES
  (201, 'P1', 'Alpha', 'North', 'V1', 'Filming', 1000, '2025-03-01', '2025-01-01 00:00Z', '2025-02-01 00:00Z', false),
  (202, 'P1', 'Alpha', 'North', 'V1', 'Filming', 1000, '2025-03-05', '2025-02-01 00:00Z', '2025-03-05 00:00Z', false),
  (203, 'P1', 'Alpha', 'North', 'V1', 'Released', 1000, '2025-03-05', '2025-03-05 00:00Z', 'infinity', true),
  (204, 'P2', 'Delta', 'North', NULL, 'Development', 500, '2025-06-01', '2025-02-01 00:00Z', '2025-03-09 00:00Z', false),
  (205, 'P2', 'Delta', 'North', NULL, 'Filming', 600, '2025-07-01', '2025-03-09 00:00Z', 'infinity', true),
  (206, 'P3', 'Epsilon', 'South', NULL, 'Filming', NULL, '2025-05-01', '2025-02-01 00:00Z', 'infinity', true);
INSERT INTO production_cost_fact (time_key, event_time, production_key, production_version, booking_id, cost_type, amount)
SELECT t::timestamp, t::timestamp AT TIME ZONE 'UTC', p, v, id, 'Crew', a
FROM (VALUES ('b1', 'P1', 202, '2025-02-01'::date, 300), ('b2', 'P1', 202, '2025-02-10', 400), ('b3', 'P1', 203, '2025-03-06', -50),
             ('b4', 'P2', 204, '2025-03-01', 20), ('b5', 'P2', 205, '2025-03-09', 80), ('b6', '?', -1, '2025-03-09', 7)) x (id, p, v, t, a);
INSERT INTO license_fact (time_key, event_time, vendor_key, video_key, license_id, revision, license_from, license_to, license_fee)
SELECT '2025-01-01', '2025-01-01 00:00Z', v, t, id, r, f, l, fee
FROM (VALUES ('L1', 'ACME', 'V2', 2, '2025-03-01'::date, '2025-03-30'::date, 300), ('L2', 'ACME', 'V3', 1, '2025-01-09', '2025-04-08', 900),
             ('L3', 'BETA', 'V3', 1, '2025-01-01', '2025-03-09', 100), ('L4', 'BETA', 'V4', 1, '2025-03-10', '2025-04-09', 310)) x (id, v, t, r, f, l, fee);
INSERT INTO review_fact (time_key, event_time, review_id, user_key, user_version, video_key, stars, review_text, helpful_votes, withdrawn, revised_at)
SELECT date_trunc('hour', t::timestamptz AT TIME ZONE 'UTC'), t::timestamptz, id, u, uv, v, s, txt, h, w, e::timestamptz
FROM (VALUES ('r1', 'U1', 101, 'V1', '2025-03-08 16:00Z', 4, 'Good.', 3, 0, '2025-03-09 10:00Z'), ('r2', 'U2', 103, 'V1', '2025-03-09 02:00Z', 2, NULL, 0, 0, '2025-03-09 02:00Z'),
             ('r3', '?', -1, 'V1', '2025-03-09 03:00Z', 4, 'Fine.', 0, 0, '2025-03-09 03:00Z'), ('r4', 'U3', 104, 'V2', '2025-03-10 08:00Z', 1, NULL, 5, 1, '2025-03-10 09:00Z'),
             ('r5', 'U3', 104, 'V2', '2025-03-10 09:30Z', 3, NULL, 0, 0, '2025-03-10 09:30Z'), ('r6', 'U1', 101, 'V2', '2025-01-01 09:00Z', 5, NULL, 0, 0, '2025-01-01 09:00Z')
     ) x (id, u, uv, v, t, s, txt, h, w, e);
INSERT INTO social_fact (time_key, event_time, platform, post_id, video_key, sentiment, likes, shares, replies, reach, observed_at)
SELECT date_trunc('hour', t::timestamptz AT TIME ZONE 'UTC'), t::timestamptz, p, id, v, s, l, sh, re, r, t::timestamptz + interval '1 day'
FROM (VALUES ('x1', 'X', 'V1', '2025-03-08 10:00Z', 0.5, 10, 4, 6, 100), ('x2', 'X', 'V1', '2025-03-09 10:00Z', -0.25, 0, 0, 0, 100),
             ('i1', 'Instagram', 'V1', '2025-03-09 11:00Z', NULL, 30, 0, 0, 200), ('i2', 'Instagram', '?', '2025-03-09 12:00Z', 0.9, 1, 1, 1, 10),
             ('x0', 'X', 'V2', '2025-01-01 10:00Z', 1, 9, 9, 9, 9)) x (id, p, v, t, s, l, sh, re, r);
INSERT INTO rating_fact (time_key, event_time, site_key, video_key, score, score_percent, votes, observed_at)
SELECT d::timestamp, d::timestamp AT TIME ZONE 'UTC', s, v, sc, p, n, d::timestamp AT TIME ZONE 'UTC' + interval '6 hours'
FROM (VALUES ('cinemeter', 'V1', '2025-03-01'::date, 8.0, 80.00, 100), ('cinemeter', 'V1', '2025-03-09', 7.0, 70.00, 300), ('cinemeter', 'V2', '2025-03-09', 5.0, 50.00, 0),
             ('starboard', 'V1', '2025-03-08', 4.5, 90.00, 100), ('starboard', 'V1', '2025-03-11', 1.0, 20.00, 900)) x (s, v, d, sc, p, n);
