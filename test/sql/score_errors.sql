-- What the scores refuse, with value and mend.
SET search_path = starhouse, public;
SET timezone = 'UTC';

SELECT completion_rate(-1, 60);
SELECT completion_rate(1, 'NaN');
SELECT completion_rate('Infinity', 60);
SELECT skip(1, -60);
SELECT skip(1, 60, 'NaN');
SELECT rebuffer_ratio(-5, 95);
SELECT rebuffer_ratio(5, 95, startup => 4, seeking => 3);
SELECT startup_score('-Infinity');
SELECT smoothness_score(1.5, 1);
SELECT wilson_lower_bound(5, 3);
SELECT wilson_lower_bound(-5, 3);
SELECT wilson_upper_bound('NaN', 3);
SELECT wilson_lower_bound(1, 3, 95);
SELECT wilson_lower_bound(1, 3, 0);
-- A bad confidence leaves nothing behind for the next row.
SELECT wilson_lower_bound(1, 3, c) FROM (VALUES (0.95), (1.0)) v(c);
SELECT bayesian_average(5, -1, 7, 10);
SELECT bayesian_average('NaN', 1, 7, 10);
SELECT hot_score(-1, 0, now());
SELECT hot_score(1, 0, 'infinity');
SELECT gravity_score('NaN', now());
SELECT gravity_score(1, '-infinity', now());
SELECT gravity_score(1, now(), 'infinity');
SELECT gravity_score(1, now(), now(), -1);
SELECT gravity_score(1e300, now(), now(), 1.8, 2);
SELECT engagement_score(-1, 0, 0, 0, 0);
SELECT engagement_score(50, 'NaN', 0, 0, 0);
SELECT engagement_score(50, 0, 0, 0, 'Infinity');
SELECT engagement_weights(watch => -1);
SELECT engagement_weights(likes_half => 0);
SELECT engagement_weights(0, 0, 0, 0, 0);
-- Weights made past the constructor are checked as well.
SELECT engagement_score(50, 0, 0, 0, 0, ROW(1, 1, 1, 1, 1, 1, 1, 1, -5)::engagement_weights);
SELECT engagement_score(50, 0, 0, 0, 0, ROW(1, 1, NULL, 1, 1, 1, 1, 1, 1)::engagement_weights);
SELECT rfm_score(1, 1, 1, '{}', '{1}', '{1}');
SELECT rfm_score(1, 1, 1, '{3,2}', '{1}', '{1}');
SELECT rfm_score(1, 1, 1, '{1}', '{1,NULL}', '{1}');
SELECT rfm_score(1, 1, 1, '{1}', '{1}', '{1,2,3,4,5,6,7,8,9}');
SELECT rfm_score('NaN', 1, 1, '{1}', '{1}', '{1}');
SELECT rfm_score(1, 1, 1, '{1,NaN}', '{1}', '{1}');

-- The decayed sum.
SELECT trending_state(now(), 'NaN', '1 hour');
SELECT trending_state(now(), '-Infinity', '1 hour');
SELECT trending_state('infinity', 1, '1 hour');
SELECT trending_state('-infinity', 1, '1 hour');
SELECT trending_state(now(), 1, '0');
SELECT trending_state(now(), 1, '-1 hour');
SELECT trending_state(now(), 1, '999 microseconds');
SELECT trending_state(now(), 1, '1 month');
SELECT trending_state(now(), 1, '200000000 days');
SELECT trending_state(now(), 1, h) FROM (VALUES (interval '1 hour'), ('2 hours')) v(h);
SELECT trending_merge(s ORDER BY trending_half_life(s)) FROM (SELECT trending_state(now(), 1, h) AS s FROM (VALUES (interval '1 hour'), ('2 hours')) v(h) GROUP BY h) x;
SELECT trending_value(trending_state(now(), 1, '1 hour'), 'infinity');
SELECT trending_value(trending_state('2026-01-01', 1, '1 hour'), '2025-01-01');
SELECT trending_transition(NULL, now(), 1, '1 hour');

-- Its text form: everything that is not one.
SELECT ''::trending_state;
SELECT 'AQE'::trending_state;
SELECT 'AQE='::trending_state;
SELECT '{"half_life": 1}'::trending_state;
-- Another kind, versions 0 and 2, each field out of its range, a byte too many, too few.
CREATE TEMP TABLE good AS SELECT trending_state_send(trending_state('2026-01-01', 1, '1 hour')) AS b;
SELECT octet_length(b) FROM good;
DO $$
DECLARE
  b bytea; bad bytea; n int := 0;
BEGIN
  SELECT good.b INTO b FROM good;
  PERFORM encode(b, 'base64')::starhouse.trending_state;
  FOREACH bad IN ARRAY ARRAY[
    set_byte(b, 0, 2), set_byte(b, 1, 0), set_byte(b, 1, 2),
    set_byte(b, 9, 128), overlay(b PLACING '\x0000000000000000' FROM 3), overlay(b PLACING '\x0000000000000000' FROM 11),
    set_byte(b, 17, 255), set_byte(b, 25, 127), overlay(b PLACING '\x000000000000f87f' FROM 27), overlay(b PLACING '\x000000000000f07f' FROM 27),
    overlay(b PLACING '\x000000000000f03f' FROM 35), overlay(b PLACING '\x000000000000f87f' FROM 35),
    b || '\x00', substr(b, 1, 41), substr(b, 1, 2), substr(b, 1, 1)] LOOP
    BEGIN
      PERFORM replace(encode(bad, 'base64'), E'\n', '')::starhouse.trending_state;
      RAISE 'accepted: %', bad;
    EXCEPTION WHEN invalid_text_representation THEN n := n + 1;
    END;
  END LOOP;
  RAISE NOTICE '% refused', n;
END $$;
SELECT completion_percent(-1, 60);
SELECT completion_percent(1, 'NaN');
SELECT completion_percent('Infinity', 60);
SELECT completion_percent(1e40, 1);
