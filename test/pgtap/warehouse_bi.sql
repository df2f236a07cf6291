-- A BI role: reads star and views, sees the foreign keys by the catalogue queries that BI tools send,
-- sees nothing raw, changes nothing.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(24);
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'') FROM (%s) r', query) INTO result;
  RETURN result;
END $$;

CREATE ROLE bi_owner CREATEROLE;
CREATE ROLE bi_reader;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO bi_owner', current_database()); END $$;
SET LOCAL ROLE bi_owner;
SELECT lives_ok($$SELECT starhouse.create_warehouse('shopsmart', 'bi shop', 'Asia/Kolkata', calendar_from => '2024-01-01')$$, 'a warehouse of a plain role');
CREATE ROLE bi_tool;
SELECT throws_ok($$SELECT starhouse.grant_bi_role('bi shop', 'bi_missing')$$, '42704', 'role "bi_missing" does not exist', 'an unknown role is named');
SELECT matches(starhouse.grant_bi_role('bi shop', 'bi_tool'), '^bi_tool may read \d+ tables and views of "bi shop"; its sessions are read-only by default$', 'grant');
SELECT is(bi_roles, ARRAY['bi_tool'], 'warehouses tells who may read') FROM starhouse.warehouses WHERE schema_name = 'bi shop';
RESET ROLE;
SELECT is(setconfig, ARRAY['default_transaction_read_only=on'], 'read-only by default, in this database')
  FROM pg_db_role_setting WHERE setrole = 'bi_tool'::regrole AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database());
SELECT starhouse.ensure_partitions('"bi shop".sales_fact', '2025-01-01', '2025-02-01');
INSERT INTO "bi shop".sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount, store_key)
  VALUES ('2025-01-20', '2025-01-20 12:00Z', 'a', 1, 'Store', 2, 10, '?');

SET LOCAL ROLE bi_tool;
-- Power BI (through Npgsql) relates tables by information_schema.
SELECT is(pg_temp.rows_of($$
  SELECT pkcol.table_name AS pk_table, pkcol.column_name AS pk_column, fkcol.column_name AS fk_column
  FROM information_schema.table_constraints con
  JOIN information_schema.key_column_usage fkcol
    ON fkcol.constraint_catalog = con.constraint_catalog AND fkcol.constraint_schema = con.constraint_schema AND fkcol.constraint_name = con.constraint_name
  JOIN information_schema.referential_constraints rco
    ON rco.constraint_catalog = con.constraint_catalog AND rco.constraint_schema = con.constraint_schema AND rco.constraint_name = con.constraint_name
  JOIN information_schema.key_column_usage pkcol
    ON pkcol.constraint_catalog = rco.unique_constraint_catalog AND pkcol.constraint_schema = rco.unique_constraint_schema
   AND pkcol.constraint_name = rco.unique_constraint_name AND pkcol.ordinal_position = fkcol.position_in_unique_constraint
  WHERE con.constraint_type = 'FOREIGN KEY' AND con.table_schema = 'bi shop' AND con.table_name = 'sales_fact'
  ORDER BY fkcol.column_name COLLATE "C"$$),
  E'(customer_history,customer_version,customer_version)\n(product_history,product_version,product_version)\n(promotion_dim,promotion_id,promotion_key)\n(store_dim,store_id,store_key)\n(time_dim,date_key,time_key)',
  'information_schema shows the foreign keys of a fact');
SELECT is(pg_temp.rows_of($$
  SELECT kcu.table_name, kcu.column_name FROM information_schema.table_constraints tc
  JOIN information_schema.key_column_usage kcu USING (constraint_schema, constraint_name)
  WHERE tc.constraint_type = 'PRIMARY KEY' AND tc.table_schema = 'bi shop' AND tc.table_name ~ '_(dim|history)$'
  ORDER BY kcu.table_name COLLATE "C"$$),
  E'(customer_history,customer_version)\n(product_history,product_version)\n(promotion_dim,promotion_id)\n(store_dim,store_id)\n(time_dim,date_key)',
  'and the primary keys of the dimensions');
-- JDBC's getImportedKeys (Metabase, Tableau, DBeaver).
SELECT is(pg_temp.rows_of($$
  SELECT pkic.relname AS pk_name, pkc.relname AS pktable_name, pka.attname AS pkcolumn_name, fkc.relname AS fktable_name, fka.attname AS fkcolumn_name
  FROM pg_catalog.pg_namespace pkn, pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka,
       pg_catalog.pg_namespace fkn, pg_catalog.pg_class fkc, pg_catalog.pg_attribute fka,
       pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n), pg_catalog.pg_class pkic
  WHERE pkn.oid = pkc.relnamespace AND pkc.oid = pka.attrelid AND pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid
    AND fkn.oid = fkc.relnamespace AND fkc.oid = fka.attrelid AND fka.attnum = con.conkey[pos.n] AND con.conrelid = fkc.oid
    AND con.contype = 'f' AND (pkic.relkind = 'i' OR pkic.relkind = 'I') AND pkic.oid = con.conindid
    AND fkn.nspname = 'bi shop' AND fkc.relname = 'inventory_fact'
  ORDER BY fka.attname COLLATE "C"$$),
  E'(product_history_pkey,product_history,product_version,inventory_fact,product_version)\n(store_dim_pkey,store_dim,store_id,inventory_fact,store_key)\n(time_dim_pkey,time_dim,date_key,inventory_fact,time_key)',
  'the JDBC driver''s query finds imported keys');
-- Metabase's synchronisation: tables by privilege, then foreign keys between what it may see.
SELECT is(pg_temp.rows_of($$
  SELECT t.schemaname, t.tablename FROM pg_catalog.pg_tables t
  WHERE t.schemaname = 'bi shop' AND has_table_privilege(format('%I.%I', t.schemaname, t.tablename), 'SELECT')
  ORDER BY t.tablename$$),
  (SELECT string_agg(format('("bi shop",%s)', n), E'\n') FROM unnest(ARRAY['basket_month', 'categories_summed', 'category_month', 'cohort_sum', 'customer_history', 'customer_history_scd_memory', 'customer_month', 'customer_sum', 'gold_customer_profile', 'gold_product_profile', 'inventory_fact', 'loyalty_sum', 'loyalty_year', 'product_history', 'product_history_scd_memory', 'product_month', 'product_month_as_was', 'product_week', 'promotion_dim',
     'promotion_fact', 'promotion_sum', 'rfm_sum', 'sales_day', 'sales_fact', 'sales_month', 'sales_summed', 'stock_latest', 'stock_mean', 'stock_pace', 'stock_summed', 'stock_week', 'store_day', 'store_dim', 'time_dim', 'warehouse_info']) n), 'exactly the star is visible, its sums, and what its histories remember: no partitions, no bronze');
SELECT is(count(*), 11::bigint, 'Metabase''s foreign keys')
  FROM pg_catalog.pg_constraint c
  JOIN pg_class fk_table ON fk_table.oid = c.conrelid JOIN pg_namespace fk_ns ON fk_ns.oid = fk_table.relnamespace
  JOIN pg_attribute fk_column ON fk_column.attrelid = c.conrelid AND fk_column.attnum = ANY (c.conkey)
  JOIN pg_class pk_table ON pk_table.oid = c.confrelid
  JOIN pg_attribute pk_column ON pk_column.attrelid = c.confrelid AND pk_column.attnum = ANY (c.confkey)
  WHERE c.contype = 'f' AND fk_ns.nspname = 'bi shop' AND has_table_privilege(fk_table.oid, 'SELECT');
SELECT is(pg_temp.rows_of($$
  SELECT table_name, column_name, data_type FROM information_schema.columns
  WHERE table_schema = 'bi shop' AND table_name = 'promotion_dim' ORDER BY ordinal_position$$),
  E'(promotion_dim,promotion_id,text)\n(promotion_dim,promotion_name,text)\n(promotion_dim,start_date,date)\n(promotion_dim,end_date,date)\n(promotion_dim,discount_percent,numeric)\n(promotion_dim,is_inferred,boolean)\n(promotion_dim,updated_at,"timestamp with time zone")',
  'columns and types');
SELECT is(count(*), 0::bigint, 'nothing raw is listed') FROM information_schema.tables
  WHERE table_schema = 'bi shop' AND table_name ~ '^(bronze|quarantine|feed|load_source|source_|batch_log)';
SELECT isnt(obj_description('"bi shop".sales_fact'::regclass), NULL, 'descriptions come along');

-- What it may do.
SELECT is(sum(sales_amount), 10::numeric, 'it reads facts') FROM "bi shop".sales_fact;
SELECT is(revenue, 10::numeric, 'it reads KPI views') FROM "bi shop".kpi_monthly_revenue;
SELECT is(pg_temp.rows_of($$SELECT r.region, sum(f.sales_amount) FROM "bi shop".sales_fact f JOIN "bi shop".snow_store s ON f.store_key = s.store_id
  JOIN "bi shop".snow_city c USING (city_id) JOIN "bi shop".snow_state st USING (state_id) JOIN "bi shop".snow_region r USING (region_id) GROUP BY 1$$),
  '(Unknown,10)', 'it reads the snowflake');
SELECT throws_ok($$INSERT INTO "bi shop".store_dim (store_id) VALUES ('S1')$$, '42501', NULL, 'INSERT fails');
SELECT throws_ok($$DELETE FROM "bi shop".sales_fact$$, '42501', NULL, 'DELETE fails');
SELECT throws_ok($$SELECT * FROM "bi shop".bronze_pos_sales$$, '42501', NULL, 'bronze is closed');
SELECT throws_ok($$SELECT * FROM "bi shop".quarantine$$, '42501', NULL, 'quarantine is closed');
RESET ROLE;

-- Without the right to alter the role everything else is granted, and taken back as well.
SET LOCAL ROLE bi_owner;
SELECT is(starhouse.revoke_bi_role('bi shop', 'bi_tool'), 'bi_tool may no longer read "bi shop"', 'revoke');
SELECT throws_ok($$SELECT starhouse.revoke_bi_role('bi shop', 'bi_tool')$$, '42704', 'role "bi_tool" is no BI role of warehouse "bi shop"', 'only once');
RESET ROLE;
-- What a history remembers stands open to all, and its rows to those who may read the history.
SELECT is(count(*), 0::bigint, 'no privilege and no setting is left') FROM pg_class c
  WHERE c.relnamespace = '"bi shop"'::regnamespace AND (has_table_privilege('bi_tool', c.oid, 'SELECT') OR has_any_column_privilege('bi_tool', c.oid, 'REFERENCES')
    OR EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = 'bi_tool'::regrole)) AND c.relkind IN ('r', 'p', 'v') AND c.relname NOT LIKE '%\_scd\_memory';
SET LOCAL ROLE bi_reader;
SELECT throws_ok($$SELECT starhouse.grant_bi_role('bi shop', 'bi_reader')$$, '3F000', NULL, 'who does not own a warehouse grants nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
