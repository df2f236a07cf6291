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
