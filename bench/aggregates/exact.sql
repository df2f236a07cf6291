-- Exact distinct counts, sums per key, the most frequent value.

--- exact distinct, 1,000,000 values
-- goal count(DISTINCT) 2.7
-- goal count(DISTINCT) parallel 5
-- parallel
-- same
SELECT count_distinct_exact(user_id) = count(DISTINCT user_id) FROM event;
-- floor count(*)
SELECT count(*) FROM event;
-- count(DISTINCT)
SELECT count(DISTINCT user_id) FROM event;
-- starhouse
SELECT count_distinct_exact(user_id) FROM event;

--- exact distinct by 50 groups
-- goal count(DISTINCT) 2.5
-- parallel
-- floor count(*)
SELECT region, count(*) FROM event GROUP BY region;
-- count(DISTINCT)
SELECT region, count(DISTINCT user_id) FROM event GROUP BY region;
-- starhouse
SELECT region, count_distinct_exact(user_id) FROM event GROUP BY region;

--- exact distinct by 50,000 groups
-- floor count(*)
SELECT device, count(*) FROM event GROUP BY device;
-- count(DISTINCT)
SELECT device, count(DISTINCT user_id) FROM event GROUP BY device;
-- starhouse
SELECT device, count_distinct_exact(user_id) FROM event GROUP BY device;

--- exact distinct texts, 20,000 values
-- floor count(*)
SELECT count(*) FROM event;
-- count(DISTINCT)
SELECT count(DISTINCT page) FROM event;
-- starhouse
SELECT count_distinct_exact(page) FROM event;

--- per-minute counts, 43,200 buckets
-- goal date_trunc 5
-- goal date_bin 1.9
-- parallel
-- same
SELECT count(*) = 43200 AND bool_and(a.n = b.n)
FROM map_rows((SELECT count_map(minute) FROM event)) AS a(minute int, n bigint) FULL JOIN (SELECT minute, count(*) AS n FROM event GROUP BY 1) b USING (minute);
-- floor count(*)
SELECT count(*) FROM event;
-- GROUP BY of the number
SELECT minute, count(*) FROM event GROUP BY minute;
-- date_trunc
SELECT date_trunc('minute', ts), count(*) FROM event GROUP BY 1;
-- date_bin
SELECT date_bin('1 minute', ts, '2026-01-01'), count(*) FROM event GROUP BY 1;
-- starhouse
SELECT * FROM map_rows((SELECT count_map(minute) FROM event)) AS r(minute int, n bigint);
-- starhouse, of date_bin
SELECT * FROM map_rows((SELECT count_map(date_bin('1 minute', ts, '2026-01-01')) FROM event)) AS r(minute timestamptz, n bigint);

--- sums by 50,000 keys
-- same
SELECT bool_and(abs(a.s - b.s) <= 1e-9 * abs(b.s)) FROM map_rows((SELECT sum_map(device, amount) FROM event)) AS a(device int, s float8) JOIN (SELECT device, sum(amount) AS s FROM event GROUP BY 1) b USING (device);
-- floor count(*)
SELECT count(*) FROM event;
-- GROUP BY
SELECT device, sum(amount) FROM event GROUP BY device;
-- starhouse
SELECT * FROM map_rows((SELECT sum_map(device, amount) FROM event)) AS r(device int, s float8);

--- sums by 1,000,000 keys
-- floor count(*)
SELECT count(*) FROM event;
-- GROUP BY
SELECT user_id, sum(device) FROM event GROUP BY user_id;
-- starhouse
SELECT * FROM map_rows((SELECT sum_map(user_id, device) FROM event)) AS r(user_id bigint, s bigint);

--- counts by 20,000 texts
-- floor count(*)
SELECT count(*) FROM event;
-- GROUP BY
SELECT page, count(*) FROM event GROUP BY page;
-- starhouse
SELECT * FROM map_rows((SELECT count_map(page) FROM event)) AS r(page text, n bigint);

--- counts by 43,200 minutes within 50 groups
-- floor count(*)
SELECT region, count(*) FROM event GROUP BY region;
-- GROUP BY
SELECT region, minute, count(*) FROM event GROUP BY region, minute;
-- starhouse
SELECT region, r.* FROM (SELECT region, count_map(minute) AS m FROM event GROUP BY region) g, map_rows(m) AS r(minute int, n bigint);

--- most frequent of 43,200 values
-- floor count(*)
SELECT count(*) FROM event;
-- mode()
SELECT mode() WITHIN GROUP (ORDER BY minute) FROM event;
-- starhouse
SELECT mode_fast(minute) FROM event;

--- most frequent value by 50 groups
-- floor count(*)
SELECT region, count(*) FROM event GROUP BY region;
-- mode()
SELECT region, mode() WITHIN GROUP (ORDER BY minute) FROM event GROUP BY region;
-- starhouse
SELECT region, mode_fast(minute) FROM event GROUP BY region;
