-- The dbt source of the warehouse :schema, as YAML (texts are JSON, which YAML reads): its dimensions, facts and reports with their
-- comments, keys as tests unique and not_null, foreign keys as relationships. scripts/dbt-sources writes the files.
\set QUIET on
\pset format unaligned
\pset tuples_only on
WITH relation AS (
  SELECT c.oid, c.relname::text AS name, obj_description(c.oid, 'pg_class') AS comment, c.relname ~ '_(dim|fact|history)$' AS is_star
  FROM pg_class c
  WHERE c.relnamespace = :'schema'::regnamespace AND NOT c.relispartition AND c.relname <> 'kpi_catalog'
    AND (c.relkind IN ('r', 'p', 'v') AND c.relname ~ '_(dim|fact|history)$' OR c.relkind = 'v' AND c.relname ~ '^kpi_')
), key AS (
  SELECT k.conrelid, a.attname::text AS name
  FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
  WHERE k.contype = 'p' AND cardinality(k.conkey) = 1
), reference AS (
  SELECT k.conrelid, a.attname::text AS name, k.confrelid::regclass AS target, r.relname::text AS target_name, t.attname::text AS target_column
  FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
  JOIN pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = k.confkey[1]
  JOIN pg_class r ON r.oid = k.confrelid AND r.relname ~ '_(dim|fact|history)$'
  WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND k.conparentid = 0
), line AS (
  SELECT r.name AS relation, 0 AS place, 0 AS part, format(E'      - name: %s%s', r.name, E'\n        description: ' || to_json(split_part(r.comment, E'\n', 1))) AS text
  FROM relation r
  UNION ALL
  SELECT r.name, 1, 0, '        columns:' FROM relation r WHERE r.is_star
  UNION ALL
  SELECT r.name, 1, a.attnum, format(E'          - name: %s%s%s', a.attname, E'\n            description: ' || to_json(split_part(col_description(r.oid, a.attnum), E'\n', 1)),
         CASE WHEN cardinality(tests.list) > 0 THEN E'\n            data_tests:\n' || array_to_string(tests.list, E'\n') END)
  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  CROSS JOIN LATERAL (SELECT array_remove(ARRAY[
      (SELECT '              - unique' FROM key k WHERE k.conrelid = r.oid AND k.name = a.attname),
      (SELECT '              - not_null' WHERE a.attnotnull),
      (SELECT format(E'              - relationships:\n                  to: source(''%s'', ''%s'')\n                  field: %s', :'source', f.target_name, f.target_column)
       FROM reference f WHERE f.conrelid = r.oid AND f.name = a.attname ORDER BY f.target_name LIMIT 1)], NULL) AS list) tests
  WHERE r.is_star
)
SELECT string_agg(text, E'\n' ORDER BY relation COLLATE "C", place, part) FROM line;
