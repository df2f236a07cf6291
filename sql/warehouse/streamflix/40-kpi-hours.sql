-- KPIs of the viewers' clocks: an hour is one of the region's own clock (right over changes of the clocks), and a long
-- film counts in every hour it ran in. They read viewing_hour_fact, which each batch keeps up to date.

CREATE FUNCTION kpi_watch_hours_by_time_zone(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (timezone text, local_hour integer, views bigint, watch_hours numeric, watch_percent numeric, hour_rank bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT x.timezone, x.local_hour, x.views, round(x.minutes / 60, 2), kpi_percent(x.minutes, sum(x.minutes) OVER (PARTITION BY x.timezone)),
         CASE WHEN x.local_hour IS NOT NULL THEN rank() OVER (PARTITION BY x.timezone ORDER BY x.minutes DESC) END
  FROM (SELECT COALESCE(f.timezone, 'Unknown') AS timezone, f.local_hour, sum(f.views)::bigint AS views, sum(f.watch_minutes) AS minutes
        FROM kpi_region_hours(from_day, to_day) f
        GROUP BY 1, 2) x;
END;
CREATE VIEW kpi_watch_hours_by_time_zone AS SELECT * FROM kpi_watch_hours_by_time_zone();
COMMENT ON VIEW kpi_watch_hours_by_time_zone IS
'When is watched in each time zone, by its own clock?
Formula: hours watched within each hour of the zone''s clock, summer time included; views are the playbacks begun in it; watch_percent = share of the zone''s hours; hour_rank 1 is the busiest. The last 30 days.
Grain: time zone and local hour
Unit: hours, playbacks, percent
NULL: local_hour and hour_rank of zone Unknown, where the region or its clock is not known
Freshness: with each batch
Source: viewing_hour_fact, region_dim';

CREATE FUNCTION kpi_local_hours(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (local_hour integer, views bigint, watch_hours numeric, watch_percent numeric, hour_rank bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT x.local_hour, x.views, round(x.minutes / 60, 2), kpi_percent(x.minutes, sum(x.minutes) OVER ()),
         CASE WHEN x.local_hour IS NOT NULL THEN rank() OVER (PARTITION BY x.local_hour IS NULL ORDER BY x.minutes DESC) END
  FROM (SELECT f.local_hour, sum(f.views)::bigint AS views, sum(f.watch_minutes) AS minutes
        FROM kpi_region_hours(from_day, to_day) f
        GROUP BY f.local_hour) x;
END;
CREATE VIEW kpi_local_hours AS SELECT * FROM kpi_local_hours();
COMMENT ON VIEW kpi_local_hours IS
'At what hour of their day do viewers watch, the world over?
Formula: hours watched within each hour of the viewers'' own clocks, all regions together; hour_rank 1 is the busiest. The last 30 days.
Grain: local hour
Unit: hours, playbacks, percent
NULL: a row with local_hour NULL holds what was watched where no clock is known
Freshness: with each batch
Source: viewing_hour_fact, region_dim';

CREATE FUNCTION kpi_peak_hours(hours integer DEFAULT 4, from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (region_id text, region_name text, peak_from integer, peak_to integer, watch_hours numeric, watch_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH hourly AS MATERIALIZED (  -- those without a clock are left out behind it: before it, the scan would have a condition on several tables
    SELECT f.region_id, f.region_name, f.local_hour, sum(f.watch_minutes) AS minutes
    FROM kpi_region_hours(from_day, to_day) f
    GROUP BY GROUPING SETS ((f.region_id, f.region_name, f.local_hour), (f.local_hour))
  ), stretch AS (  -- the hours of two days, for those that go over midnight
    SELECT r.region_id, r.region_name, r.all_minutes, s.hour AS begins,
           CASE WHEN kpi_peak_hours.hours > 0 THEN COALESCE(sum(h.minutes) OVER (PARTITION BY r.region_id ORDER BY s.hour
             ROWS BETWEEN CURRENT ROW AND greatest(least(kpi_peak_hours.hours, 24), 1) - 1 FOLLOWING), 0) ELSE 0 END AS minutes
    FROM (SELECT x.region_id, min(x.region_name) AS region_name, sum(x.minutes) AS all_minutes FROM hourly x WHERE x.local_hour IS NOT NULL GROUP BY x.region_id) r
    CROSS JOIN generate_series(0, 47) AS s (hour)
    LEFT JOIN hourly h ON h.local_hour = s.hour % 24 AND h.region_id IS NOT DISTINCT FROM r.region_id
  )
  SELECT b.region_id, CASE WHEN b.region_id IS NULL THEN 'All regions' ELSE b.region_name END, b.begins, (b.begins + kpi_peak_hours.hours) % 24,
         round(b.minutes / 60, 2), kpi_percent(b.minutes, b.all_minutes)
  FROM (SELECT DISTINCT ON (s.region_id) s.* FROM stretch s WHERE s.begins < 24 ORDER BY s.region_id, s.minutes DESC, s.begins) b;
END;
CREATE VIEW kpi_peak_hours AS SELECT * FROM kpi_peak_hours();
COMMENT ON VIEW kpi_peak_hours IS
'What are the peak hours of each region, by its own clock?
Formula: of all stretches of 4 (hours) hours in a row, over midnight too, the one with the most hours watched; of equals the earlier. The last 30 days.
Grain: region, and one row for all regions together
Unit: hours of the day (peak_to is the hour it ends at), hours watched, percent of all hours watched
NULL: region_id of the row for all regions. Regions without a known clock have no row (kpi_local_hours counts them)
Freshness: with each batch
Source: viewing_hour_fact, region_dim';
