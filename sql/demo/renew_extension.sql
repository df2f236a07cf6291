-- Between releases the extension's script changes under one version number, where ALTER EXTENSION UPDATE has no
-- step to take. A demo that was made by an older script gets the new one: warehouses are not the extension's,
-- and what its own tables hold (registered dimensions, rollups, their records) is put back.
DO $$
DECLARE
  kept text[] := '{}';
  item record;
  columns text;
BEGIN
  FOR item IN SELECT c.oid::regclass AS origin, c.relname FROM pg_extension e, pg_class c WHERE e.extname = 'starhouse' AND c.oid = ANY (e.extconfig) AND c.relkind = 'r' LOOP
    EXECUTE format('CREATE TEMP TABLE %I ON COMMIT DROP AS TABLE %s', 'kept_' || item.relname, item.origin);
    kept := kept || item.relname::text;
  END LOOP;
  DROP EXTENSION starhouse;
  CREATE EXTENSION starhouse;
  FOR item IN SELECT k AS relname, to_regclass(format('pg_temp.%I', 'kept_' || k)) AS old, to_regclass(format('starhouse.%I', k)) AS new FROM unnest(kept) k LOOP
    CONTINUE WHEN item.new IS NULL;
    SELECT string_agg(quote_ident(n.attname), ', ') INTO columns
      FROM pg_attribute n JOIN pg_attribute o ON o.attrelid = item.old AND o.attname = n.attname AND o.attnum > 0 AND NOT o.attisdropped
      WHERE n.attrelid = item.new AND n.attnum > 0 AND NOT n.attisdropped AND n.attgenerated = '' AND n.attidentity <> 'a';
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %s ON CONFLICT DO NOTHING', item.new, columns, item.old);
  END LOOP;
END $$;
