-- quickeats: from the template's first version to the present one.
\set kind quickeats
\set zone Asia/Kolkata
\set fact orders_fact
\set dim city_dim
\set feed payments
\set kpi kpi_refund_rate
\ir ../data/warehouse/upgrade.sql
