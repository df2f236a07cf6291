-- A day of StreamFlix in one row: viewers, hours, streams at once.
select v.day, v.views, v.viewers, v.watch_hours, u.monthly_users, c.peak_streams
from {{ source('streamflix', 'kpi_daily_viewing') }} v
left join {{ source('streamflix', 'kpi_active_users') }} u using (day)
left join {{ source('streamflix', 'kpi_concurrent_viewers') }} c using (day)
