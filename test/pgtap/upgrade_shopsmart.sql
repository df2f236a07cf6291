-- shopsmart: from the template's first version to the present one.
\set kind shopsmart
\set zone Asia/Kolkata
\set fact sales_fact
\set dim store_dim
\set feed pos_sales
\set kpi kpi_basket
\ir ../data/warehouse/upgrade.sql
