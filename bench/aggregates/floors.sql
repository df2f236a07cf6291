-- What the executor takes before an aggregate does anything: the floor of every other case.

--- floors
-- floor count(*)
SELECT count(*) FROM event;
-- floor max: a transition that does next to nothing
SELECT max(user_id) FROM event;
-- floor count(*), 50 groups
SELECT region, count(*) FROM event GROUP BY region;
-- floor count(*), 50,000 groups
SELECT device, count(*) FROM event GROUP BY device;
-- floor max, 50 groups
SELECT region, max(user_id) FROM event GROUP BY region;
-- floor max, 50,000 groups
SELECT device, max(user_id) FROM event GROUP BY device;
-- floor sum(float8)
SELECT sum(amount) FROM event;
-- parallel
