-- A line for each aggregate of the family: test/pgtap/aggregate_states.sql says what goes into it.
SELECT pg_temp.sample('approx_distinct_state(n)');
SELECT pg_temp.sample('approx_distinct_state(i)');
SELECT pg_temp.sample('approx_distinct_state(s)');
SELECT pg_temp.sample('approx_distinct_state(u)');
SELECT pg_temp.sample('approx_distinct_state(d)');
SELECT pg_temp.sample('approx_distinct_state(ts)');
SELECT pg_temp.sample('approx_distinct_state(w)');
SELECT pg_temp.sample('approx_distinct_state(decode(s, ''hex''))');
SELECT pg_temp.sample('approx_count_distinct(n)', empty => '0');
SELECT pg_temp.sample('approx_count_distinct(i)', empty => '0');
SELECT pg_temp.sample('approx_count_distinct(s)', empty => '0');
SELECT pg_temp.sample('approx_count_distinct(u)', empty => '0');
SELECT pg_temp.sample('approx_count_distinct(d)', empty => '0');
SELECT pg_temp.sample('approx_count_distinct(ts)', empty => '0');
SELECT pg_temp.sample('approx_count_distinct(w)', empty => '0');
SELECT pg_temp.sample('approx_count_distinct(decode(s, ''hex''))', empty => '0');
SELECT pg_temp.sample('approx_distinct_merge(st)', merges => 'approx_distinct_state(n)');
