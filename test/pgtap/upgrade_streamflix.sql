-- streamflix: from the template's first version to the present one.
\set kind streamflix
\set zone UTC
\set fact viewership_fact
\set dim region_dim
\set feed playback_events
\set kpi kpi_active_users
\ir ../data/warehouse/upgrade.sql
