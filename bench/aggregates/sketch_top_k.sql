-- The ten most frequent of 50,000 items (so counts are exact: 65,536 counters) beside a grouped and sorted count.
--- top 10 of 50,000
-- floor count(*)
SELECT count(*) FROM event;
-- floor max(device), a transition that does next to nothing
SELECT max(device) FROM event;
-- starhouse approx_top_k
SELECT approx_top_k(device, 10) FROM event;
-- built-in GROUP BY, ORDER BY, LIMIT
SELECT device, count(*) FROM event GROUP BY device ORDER BY 2 DESC, 1 LIMIT 10;
-- goal built-in GROUP BY, ORDER BY, LIMIT 2.8
-- parallel
-- same
SELECT (SELECT array_agg((item::int, at_least)) FROM (SELECT (unnest(approx_top_k(device, 10))).* FROM event) a) = (SELECT array_agg((device, n)) FROM (SELECT device, count(*) AS n FROM event GROUP BY device ORDER BY 2 DESC, 1 LIMIT 10) b);

--- top 10 in each of 50 groups
-- floor count(*) by group
SELECT region, count(*) FROM event GROUP BY region;
-- starhouse approx_top_k by group
SELECT region, approx_top_k(device, 10) FROM event GROUP BY region;
-- built-in GROUP BY twice, row_number()
SELECT region, device, n FROM (SELECT region, device, count(*) AS n, row_number() OVER (PARTITION BY region ORDER BY count(*) DESC, device) AS place FROM event GROUP BY region, device) ranked WHERE place <= 10;
-- goal built-in GROUP BY twice, row_number() 2.0

--- top 10 of 20,000 texts
-- floor count(*) of texts
SELECT count(*) FROM event;
-- starhouse approx_top_k of texts
SELECT approx_top_k(page, 10) FROM event;
-- built-in GROUP BY, ORDER BY of texts
SELECT page, count(*) FROM event GROUP BY page ORDER BY 2 DESC, 1 LIMIT 10;
-- goal built-in GROUP BY, ORDER BY of texts 2.0

--- top 10 of 1,000,000, past the capacity
-- starhouse approx_top_k past the capacity
SELECT approx_top_k(user_id, 10) FROM event;
-- built-in GROUP BY, ORDER BY of a million
SELECT user_id, count(*) FROM event GROUP BY user_id ORDER BY 2 DESC, 1 LIMIT 10;
