-- What follows from the playbacks that were cut: their hours went on for as long as they did.
SELECT rebuild_viewing(i.time_zone, min(f.event_time), greatest(max(f.event_time), (SELECT max(h.event_time) FROM viewing_hour_fact h)))
FROM viewership_fact f, warehouse_info i
WHERE f.watch_duration = 1440 AND f.watch_clipped = 1
GROUP BY i.time_zone;
-- The summaries by day.
INSERT INTO summing_credit (summary) VALUES ('viewing'), ('shown') ON CONFLICT DO NOTHING;
SELECT sum_up_viewing(), sum_up_shown();
