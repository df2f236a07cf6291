-- A month of ShopSmart in one row: what was sold, and how many customers came back.
select m.month_start, m.revenue, m.orders, m.units, m.is_complete, r.active_customers, r.retention_percent
from {{ source('shopsmart', 'kpi_monthly_revenue') }} m
left join {{ source('shopsmart', 'kpi_customer_retention') }} r using (month_start)
