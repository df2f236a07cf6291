-- A line for each aggregate of the family: test/pgtap/aggregate_states.sql says what goes into it.
SELECT pg_temp.sample(format('window_funnel(interval ''3 days'', ts, %s)', array_to_string(ARRAY(SELECT format('i %% %s = 0', 9 - step) FROM generate_series(1, steps) step), ', ')))
FROM generate_series(2, 8) steps;
SELECT pg_temp.sample('window_funnel(interval ''2 hours'', ts, ARRAY[flag, i > 0, i > 150])');
SELECT pg_temp.sample('window_funnel(interval ''2 hours'', ts, ARRAY[flag, i > 0, i > 100], ''strict_increase, strict_once'')');
SELECT pg_temp.sample('window_funnel_state(interval ''2 hours'', ts, ARRAY[flag, i > 0])');
SELECT pg_temp.sample('window_funnel_state(interval ''2 hours'', ts, ARRAY[flag, i > 0], ''strict_order'')');
SELECT pg_temp.sample('window_funnel_merge(st)', merges => 'window_funnel_state(interval ''2 hours'', ts, ARRAY[flag, i > 0])');
SELECT pg_temp.sample('session_stats_state(ts, interval ''7 minutes'')');
SELECT pg_temp.sample('session_stats_merge(st)', merges => 'session_stats_state(ts, interval ''7 minutes'')');
SELECT pg_temp.sample('session_stats(ts, interval ''7 minutes'')');
SELECT pg_temp.sample('active_days(d)');
SELECT pg_temp.sample('active_days_merge(st)', merges => 'active_days(d)');
SELECT pg_temp.sample('retention_state(date ''2025-01-08'' + g, st, ''week'')', merges => 'active_days(d)');
SELECT pg_temp.sample('retention(date ''2025-01-08'' + g, st, ''day'')', merges => 'active_days(d)');
SELECT pg_temp.sample('interval_union_state(ts, ts + iv / 5000)');
SELECT pg_temp.sample('interval_union_merge(st)', merges => 'interval_union_state(ts, ts + iv / 5000)');
SELECT pg_temp.sample('interval_union_seconds(ts, ts + iv / 5000)');
SELECT pg_temp.sample('concurrent_peak_state(ts, ts + iv / 50)');
SELECT pg_temp.sample('concurrent_peak_merge(st)', merges => 'concurrent_peak_state(ts, ts + iv / 50)');
SELECT pg_temp.sample('concurrent_peak(ts, ts + iv / 50)');
SELECT pg_temp.sample('concurrent_peak_time(ts, ts + iv / 50)');
-- The set is 2025-02-03 and 2025-05-01.
SELECT pg_temp.sample('retention_merge(st)', merges => 'retention_state(d, day_set ''MwECmo8BVg=='', ''month'')');
