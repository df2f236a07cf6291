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
