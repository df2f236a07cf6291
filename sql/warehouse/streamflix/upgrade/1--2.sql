-- A playback is a day at most. Version 1 took longer ones; they are cut, as those longer than their video are.
UPDATE viewership_fact
SET watch_duration = 1440, watch_clipped = 1,
    completion_rate = CASE WHEN completion_rate IS NOT NULL AND video_length > 0 THEN least(100, round(100 * 1440 / video_length, 2)) END
WHERE watch_duration > 1440;
