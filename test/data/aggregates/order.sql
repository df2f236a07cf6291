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

-- Means and spreads: sums of floats differ in digits that no float8 shows.
SELECT pg_temp.sample('ratio_state(flag)');
SELECT pg_temp.sample('ratio(flag)');
SELECT pg_temp.sample('ratio_merge(st)', merges => 'ratio_state(flag)');
\set digits 'round(x::numeric, 9)::text'
SELECT pg_temp.sample('weighted_avg_state(w, n - n + 3.5 + id)', 'round(weighted_avg_value(x)::numeric, 9) || '' '' || weighted_avg_weight(x)');
SELECT pg_temp.sample('weighted_avg(w, n - n + 3.5 + id)', :'digits');
SELECT pg_temp.sample('weighted_avg_merge(st)', 'round(weighted_avg_value(x)::numeric, 9)::text', merges => 'weighted_avg_state(w, id * flag::int)');
SELECT pg_temp.sample('geometric_mean_state(abs(w) + 1)', 'round(geometric_mean_value(x)::numeric, 9)::text');
SELECT pg_temp.sample('geometric_mean(abs(w) + 1)', :'digits');
SELECT pg_temp.sample('geometric_mean_merge(st)', 'round(geometric_mean_value(x)::numeric, 9)::text', merges => 'geometric_mean_state(abs(w) + 1)');
\set moments 'round(variance_samp_value(x)::numeric, 6) || '' '' || round(stddev_pop_value(x)::numeric, 9) || '' '' || round(variance_avg(x)::numeric, 9) || '' '' || round(variance_sum(x)::numeric, 9) || '' '' || variance_rows(x)'
SELECT pg_temp.sample('variance_state(w)', :'moments');
SELECT pg_temp.sample('variance_merge(st)', :'moments', merges => 'variance_state(w)');
SELECT pg_temp.sample('variance_stable(w)', 'round(x::numeric, 6)::text');
SELECT pg_temp.sample('stddev_stable(w)', :'digits');
SELECT pg_temp.sample('sum_state(w)', 'sum_value(x)::text || '' '' || sum_avg(x) || '' '' || sum_rows(x)');
SELECT pg_temp.sample('sum_merge(st)', 'sum_value(x)::text', merges => 'sum_state(w)');
SELECT pg_temp.sample('sum_stable(w)');
SELECT pg_temp.sample('avg_stable(w)');

-- Best rows: every type of values by every type of keys. A state's bytes depend on its rows alone, so the text is compared.
SELECT pg_temp.sample(format(call, value, key), brief => (value, key) NOT IN (('s', 'n'), ('w', 'num')))
FROM unnest(ARRAY['flag', 'i', 'n', 'w', 'num', 'd', 'ts', 'u', 's', 'j']) value, unnest(ARRAY['w', 'n', 'num', 'ts']) key,
  unnest(ARRAY['max_by(%s, %s)', 'min_by(%s, %s)', 'max_by(%s, %s, 4)', 'min_by(%s, %s, 4)', 'max_by_state(%s, %s, 3)', 'min_by_state(%s, %s, 3)']) call;
SELECT pg_temp.sample(format('%s_by(%s, ts)', side, value), brief => value NOT IN ('num', 'j')) FROM unnest(ARRAY['flag', 'i', 'n', 'w', 'num', 'd', 'ts', 'u', 's', 'j']) value, unnest(ARRAY['first', 'last']) side;
SELECT pg_temp.sample('best_merge(st)', merges => 'max_by_state(s, num, 5)');
SELECT pg_temp.sample('best_merge(st)', merges => 'min_by_state(w, ts, 1)');
