-- A line for each aggregate of the family: test/pgtap/aggregate_states.sql says what goes into it.

-- Percentiles: the values are merged in any order, so states are read by value.
\set of_state 'percentile_value(x, array[0, 0.05, 0.5, 0.95, 1])::text'
SELECT pg_temp.sample('percentile_state(w)', :'of_state');
SELECT pg_temp.sample('percentile_state(n)', :'of_state');
SELECT pg_temp.sample('percentile_state(i)', :'of_state');
SELECT pg_temp.sample('percentile_state(ts)', :'of_state');
SELECT pg_temp.sample('percentile_state(iv)', :'of_state');
SELECT pg_temp.sample('percentile_merge(st)', :'of_state', merges => 'percentile_state(w)');
SELECT pg_temp.sample('percentile_merge(st)', :'of_state', merges => 'percentile_state(n)');
SELECT pg_temp.sample('percentile_merge(st)', :'of_state', merges => 'percentile_state(ts)');
SELECT pg_temp.sample('percentile_merge(st)', :'of_state', merges => 'percentile_state(iv)');
SELECT pg_temp.sample('percentile_exact(w, 0.95)');
SELECT pg_temp.sample('percentile_exact(n, 0.95)');
SELECT pg_temp.sample('percentile_exact(ts, 0.95)');
SELECT pg_temp.sample('percentile_exact(iv, 0.95)');
SELECT pg_temp.sample('percentile_exact(w, array[0.5, null, 0.9])');
SELECT pg_temp.sample('percentile_exact(n, array[0.5, null, 0.9])');
SELECT pg_temp.sample('percentile_exact(ts, array[0.5, null, 0.9])');
SELECT pg_temp.sample('percentile_exact(iv, array[0.5, null, 0.9])');
SELECT pg_temp.sample('percentile_exact_disc(w, 0.95)');
SELECT pg_temp.sample('percentile_exact_disc(n, 0.95)');
SELECT pg_temp.sample('percentile_exact_disc(i, 0.95)');
SELECT pg_temp.sample('percentile_exact_disc(ts, 0.95)');
SELECT pg_temp.sample('percentile_exact_disc(iv, 0.95)');
SELECT pg_temp.sample('percentile_exact_disc(w, array[0.5, null, 0.9])');
SELECT pg_temp.sample('percentile_exact_disc(n, array[0.5, null, 0.9])');
SELECT pg_temp.sample('percentile_exact_disc(i, array[0.5, null, 0.9])');
SELECT pg_temp.sample('percentile_exact_disc(ts, array[0.5, null, 0.9])');
SELECT pg_temp.sample('percentile_exact_disc(iv, array[0.5, null, 0.9])');
SELECT pg_temp.sample('median_exact(w)');
SELECT pg_temp.sample('median_exact(n)');
SELECT pg_temp.sample('median_exact(ts)');
SELECT pg_temp.sample('median_exact(iv)');
