-- What follows from the playbacks that were cut.
SELECT rebuild_viewing(i.time_zone, min(f.event_time), max(f.event_time))
FROM viewership_fact f, warehouse_info i
WHERE f.watch_duration = 1440 AND f.watch_clipped = 1
GROUP BY i.time_zone;
