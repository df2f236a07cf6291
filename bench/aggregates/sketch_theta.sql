-- Sets to be intersected, beside what the same question takes in exact SQL.
--- theta sketch, 1,000,000 values
-- floor count(*)
SELECT count(*) FROM event;
-- starhouse theta_state
SELECT theta_value(theta_state(user_id)) FROM event;
-- hll hll_add_agg
SELECT hll_cardinality(hll_add_agg(hll_hash_bigint(user_id))) FROM event;

--- users of two regions, of both
-- starhouse theta_intersection
SELECT theta_value(theta_intersection(theta_state(user_id) FILTER (WHERE region = 3), theta_state(user_id) FILTER (WHERE region = 7))) FROM event;
-- starhouse distinct_overlap, exact
SELECT distinct_overlap(distinct_state(user_id) FILTER (WHERE region = 3), distinct_state(user_id) FILTER (WHERE region = 7)) FROM event;
-- built-in INTERSECT
SELECT count(*) FROM (SELECT user_id FROM event WHERE region = 3 INTERSECT SELECT user_id FROM event WHERE region = 7) AS common;
