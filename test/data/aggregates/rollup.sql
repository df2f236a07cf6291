SELECT pg_temp.sample('rollup_sum(n)');
