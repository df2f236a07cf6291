-- The reports' own catalogue. It reads the comments of the views kpi_*, so a user's own report appears in it as
-- soon as it has a comment in the same form: the question, then lines "Formula:", "Grain:", "Unit:", "NULL:",
-- "Source:". The schema is that of orders_fact, whatever its name.
-- When each report's feeds were last heard of is told by kpi_freshness, made here so that it can be read; the join falls away where that is not
-- asked for.
SELECT create_freshness(current_schema());
CREATE VIEW kpi_catalog AS
SELECT c.relname::text AS name,
       split_part(d.description, E'\n', 1) AS question,
       substring(d.description FROM '\nFormula: ([^\n]*)') AS formula,
       substring(d.description FROM '\nGrain: ([^\n]*)') AS grain,
       substring(d.description FROM '\nUnit: ([^\n]*)') AS unit,
       substring(d.description FROM '\nNULL: ([^\n]*)') AS null_means,
       substring(d.description FROM '\nSource: ([^\n]*)') AS source_tables,
       (SELECT p.proname || '(' || pg_catalog.pg_get_function_arguments(p.oid) || ')'
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = c.relnamespace AND p.proname = c.relname) AS parameters,
       f.loaded_at AS freshness, f.newest_event
FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
LEFT JOIN (SELECT k.kpi, max(k.loaded_at) AS loaded_at, max(k.newest_event) AS newest_event FROM kpi_freshness k GROUP BY k.kpi) f ON f.kpi = c.relname::text
WHERE c.relkind = 'v' AND c.relname LIKE 'kpi\_%' AND c.relname <> 'kpi_catalog'
  AND c.relnamespace = (SELECT s.relnamespace FROM pg_catalog.pg_class s WHERE s.oid = 'orders_fact'::regclass);
COMMENT ON VIEW kpi_catalog IS
'Which reports are there, what does each answer, and how?
Formula: read from the comments of the views kpi_*; freshness and newest_event = loaded_at and newest_event of kpi_freshness for the report.
Grain: report
Unit: text, times
NULL: freshness before a feed of the report got its first batch through, newest_event without facts or rows in them; parameters for a report without a function form; any column the report''s comment does not name
Source: the comments in this schema, kpi_freshness';
