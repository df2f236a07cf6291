-- Percentiles with 1 % relative error beside the server's exact one and tdigest (compression 100).
--- p95 of all rows
-- floor count(*)
SELECT count(*) FROM event;
-- floor sum(float8)
SELECT sum(amount) FROM event;
-- starhouse approx_percentile
SELECT approx_percentile(amount, 0.95) FROM event;
-- tdigest tdigest_percentile
SELECT tdigest_percentile(amount, 100, 0.95) FROM event;
-- built-in percentile_disc, a tenth of the rows 10
SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY amount) FROM event TABLESAMPLE SYSTEM (10) REPEATABLE (1);
-- built-in percentile_disc
SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY amount) FROM event;
-- goal built-in percentile_disc 4.7
-- goal tdigest tdigest_percentile 2.2
-- parallel
-- same
SELECT abs(approx_percentile(amount, 0.95) / percentile_disc(0.95) WITHIN GROUP (ORDER BY amount) - 1) <= 0.01 FROM event;

--- p95 by 50,000 groups
-- floor count(*) by 50,000 groups
SELECT device, count(*) FROM event GROUP BY device;
-- starhouse approx_percentile by 50,000 groups
SELECT device, approx_percentile(amount, 0.95) FROM event GROUP BY device;
-- tdigest tdigest_percentile by 50,000 groups
SELECT device, tdigest_percentile(amount, 100, 0.95) FROM event GROUP BY device;
-- built-in percentile_disc by 50,000 groups
SELECT device, percentile_disc(0.95) WITHIN GROUP (ORDER BY amount) FROM event GROUP BY device;
-- goal tdigest tdigest_percentile by 50,000 groups 1.7
-- goal built-in percentile_disc by 50,000 groups 1.7
