SELECT pg_temp.sample('trending_state(ts, w, interval ''6 hours'')', 'round(trending_value(x, ''2025-01-11'')::numeric, 6)::text');
SELECT pg_temp.sample('trending_merge(st)', 'round(trending_value(x, ''2025-01-11'')::numeric, 6)::text', merges => 'trending_state(ts, w, interval ''6 hours'')');
SELECT pg_temp.sample('trending_score(ts, w, interval ''9000 hours'')', 'round(x::numeric, 6)::text');
