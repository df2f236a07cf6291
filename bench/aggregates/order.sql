-- Exact percentiles, best rows of a group, averages.

--- p95 of all rows
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
