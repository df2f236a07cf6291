-- Exact percentiles, best rows of a group, averages.

--- p95 of all rows
-- An empty transition of the same signature: the server's unary plus hands the state back as it came.
-- prepare
CREATE OR REPLACE FUNCTION public.nothing(percentile_state, float8, float8) RETURNS percentile_state LANGUAGE internal IMMUTABLE PARALLEL SAFE AS 'int8up';
CREATE OR REPLACE AGGREGATE public.nothing(float8, float8) (SFUNC = public.nothing, STYPE = percentile_state, INITCOND = 'HgEAAA==', FINALFUNC = percentile_count);
-- floor an empty transition
SELECT nothing(amount, 0.95) FROM event;
-- starhouse percentile_exact
SELECT percentile_exact(amount, 0.95) FROM event;
-- percentile_cont
SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY amount) FROM event;
-- tdigest
SELECT tdigest_percentile(amount, 100, 0.95) FROM event;
-- floor count(*)
SELECT count(*) FROM event;
-- floor sum(float8)
SELECT sum(amount) FROM event;
-- goal percentile_cont 4.7
-- goal tdigest 2.2
-- same
SELECT percentile_exact(amount, 0.95) = percentile_cont(0.95) WITHIN GROUP (ORDER BY amount) FROM event;
-- parallel

--- p95 by 50,000 groups
-- starhouse percentile_exact
SELECT device, percentile_exact(amount, 0.95) FROM event GROUP BY device;
-- percentile_cont
SELECT device, percentile_cont(0.95) WITHIN GROUP (ORDER BY amount) FROM event GROUP BY device;
-- tdigest
SELECT device, tdigest_percentile(amount, 100, 0.95) FROM event GROUP BY device;
-- floor count(*)
SELECT device, count(*) FROM event GROUP BY device;
-- goal percentile_cont 1.7
-- goal tdigest 1.7
-- same
SELECT bool_and(ours = theirs) FROM (SELECT percentile_exact(amount, 0.95) AS ours, percentile_cont(0.95) WITHIN GROUP (ORDER BY amount) AS theirs FROM event GROUP BY device) g;
-- parallel

--- last value by 50 groups
-- starhouse last_by
SELECT region, last_by(amount, ts) FROM event GROUP BY region;
-- array_agg ORDER BY
SELECT region, (array_agg(amount ORDER BY ts DESC, amount))[1] FROM event GROUP BY region;
-- DISTINCT ON
SELECT DISTINCT ON (region) region, amount FROM event ORDER BY region, ts DESC, amount;
-- starhouse last_by, text
SELECT region, last_by(page, ts) FROM event GROUP BY region;
-- starhouse max_by, 10 of each
SELECT region, max_by(page, amount, 10) FROM event GROUP BY region;
-- floor count(*)
SELECT region, count(*) FROM event GROUP BY region;
-- goal array_agg ORDER BY 5
-- goal DISTINCT ON 5
-- same
SELECT bool_and(ours = theirs) FROM (SELECT last_by(amount, ts) AS ours, (array_agg(amount ORDER BY ts DESC, amount))[1] AS theirs FROM event GROUP BY region) g;
-- parallel

--- last value by 50,000 groups
-- starhouse last_by
SELECT device, last_by(amount, ts) FROM event GROUP BY device;
-- array_agg ORDER BY
SELECT device, (array_agg(amount ORDER BY ts DESC, amount))[1] FROM event GROUP BY device;
-- DISTINCT ON
SELECT DISTINCT ON (device) device, amount FROM event ORDER BY device, ts DESC, amount;
-- floor count(*)
SELECT device, count(*) FROM event GROUP BY device;
-- goal array_agg ORDER BY 5
-- goal DISTINCT ON 5

--- means and spreads
-- starhouse variance_stable
SELECT variance_stable(amount) FROM event;
-- var_samp
SELECT var_samp(amount) FROM event;
-- starhouse sum_stable
SELECT sum_stable(amount) FROM event;
-- sum
SELECT sum(amount) FROM event;
-- starhouse weighted_avg
SELECT weighted_avg(amount, minute) FROM event;
-- sum / sum
SELECT sum(amount * minute) / sum(minute) FROM event;
-- starhouse geometric_mean
SELECT geometric_mean(amount) FROM event;
-- exp(avg(ln))
SELECT exp(avg(ln(amount))) FROM event;
-- starhouse ratio
SELECT ratio(amount > 20) FROM event;
-- avg of 0 and 1
SELECT avg((amount > 20)::int::float8) FROM event;
-- floor count(*)
SELECT count(*) FROM event;
