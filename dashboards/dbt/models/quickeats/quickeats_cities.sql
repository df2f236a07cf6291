-- A city of QuickEats in one row: deliveries, promises kept, what customers say.
select d.city_id, d.city_name, d.deliveries, d.average_delivery_time, d.on_time_percent, f.average_score, f.complaint_percent
from {{ source('quickeats', 'kpi_on_time_by_city') }} d
left join {{ source('quickeats', 'kpi_feedback_by_city') }} f using (city_id)
