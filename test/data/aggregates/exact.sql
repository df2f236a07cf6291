-- A line for each aggregate of the family: test/pgtap/aggregate_states.sql says what goes into it.
SELECT pg_temp.sample('distinct_state(n)');
SELECT pg_temp.sample('distinct_state(i)');
SELECT pg_temp.sample('distinct_state(s)');
SELECT pg_temp.sample('distinct_state(u)');
SELECT pg_temp.sample('distinct_state(d)');
SELECT pg_temp.sample('distinct_state(ts)');
SELECT pg_temp.sample('distinct_merge(st)', merges => 'distinct_state(s)');
SELECT pg_temp.sample('count_distinct_exact(n)', empty => '0');
SELECT pg_temp.sample('count_distinct_exact(i)', empty => '0');
SELECT pg_temp.sample('count_distinct_exact(s)', empty => '0');
SELECT pg_temp.sample('count_distinct_exact(u)', empty => '0');
SELECT pg_temp.sample('count_distinct_exact(d)', empty => '0');
SELECT pg_temp.sample('count_distinct_exact(ts)', empty => '0');
SELECT pg_temp.sample('count_map(n)');
SELECT pg_temp.sample('count_map(i)');
SELECT pg_temp.sample('count_map(s)');
SELECT pg_temp.sample('count_map(u)');
SELECT pg_temp.sample('count_map(d)');
SELECT pg_temp.sample('count_map(ts)');
SELECT pg_temp.sample('map_merge(st)', merges => 'count_map(s)');
-- Every type of keys with every type of values.
SELECT pg_temp.sample(format('sum_map(%s, %s)', key, value)) FROM unnest(ARRAY['n', 'i', 's', 'u', 'd', 'ts']) key, unnest(ARRAY['i', 'n', 'num']) value;
-- Sums of floats: rounded.
SELECT pg_temp.sample(format('sum_map(%s, w)', key), format('(SELECT string_agg(round(map_value(x, key), 6)::text, '' '' ORDER BY key) FROM (SELECT DISTINCT %s AS key FROM sample) q)', key)) FROM unnest(ARRAY['n', 'i', 's', 'u', 'd', 'ts']) key;
SELECT pg_temp.sample('mode_fast(n)');
SELECT pg_temp.sample('mode_fast(i)');
SELECT pg_temp.sample('mode_fast(s)');
SELECT pg_temp.sample('mode_fast(u)');
SELECT pg_temp.sample('mode_fast(d)');
SELECT pg_temp.sample('mode_fast(ts)');
