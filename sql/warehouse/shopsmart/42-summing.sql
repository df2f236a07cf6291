-- Keeps sales_month, sales_summed, stock_summed, categories_summed and the sums they speak for (11-summaries.sql). Who sums up or says that something changed holds the
-- lock on sales_summed, or stock_summed, to the end of its transaction: nothing changes between what is read and what is said of it. Batches of sales,
-- stock, products and stores take their turn before any of it (30-feeds-sales.sql); stock_summed comes after sales_summed, categories_summed after both.
-- home, a table by its OID, tells which warehouse is meant, also after it was renamed or restored.

CREATE FUNCTION sum_up_month(month date, home regclass DEFAULT 'sales_month') RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET work_mem = '64MB'
AS $body$
DECLARE
  first_day CONSTANT date := date_trunc('month', month::timestamp);
  last_day CONSTANT date := date_trunc('month', month::timestamp) + interval '1 month - 1 day';
  days bigint;
BEGIN
  -- A snapshot of before the turn does not show what a batch has changed that was waited for.
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'months cannot be summed up at isolation level %', current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state',
      HINT = 'Use READ COMMITTED: facts that others have committed meanwhile must be visible.';
  END IF;
  -- By the names of this warehouse, whatever the caller's search_path holds.
  PERFORM set_config('search_path', coalesce((SELECT c.relnamespace::regnamespace || ', starhouse, pg_temp' FROM pg_class c WHERE c.oid = home), ''), true);
  EXECUTE 'DELETE FROM sales_day WHERE day BETWEEN $1 AND $2' USING first_day, last_day;
  EXECUTE 'INSERT INTO sales_day SELECT * FROM kpi_sales_day_of($1, $2)' USING first_day, last_day;
  GET DIAGNOSTICS days = ROW_COUNT;
  EXECUTE 'DELETE FROM store_day WHERE day BETWEEN $1 AND $2' USING first_day, last_day;
  EXECUTE 'INSERT INTO store_day SELECT * FROM kpi_store_day_of($1, $2) ORDER BY 1, 2, 3' USING first_day, last_day;
  EXECUTE 'DELETE FROM product_month WHERE month_start = $1' USING first_day;
  EXECUTE 'INSERT INTO product_month SELECT * FROM kpi_product_month_of($1, $2) ORDER BY 1, 2, 3, 4' USING first_day, last_day;
  EXECUTE 'DELETE FROM product_week WHERE month_start = $1' USING first_day;
  EXECUTE 'INSERT INTO product_week SELECT * FROM kpi_product_week_of($1, $2) ORDER BY 1, 2, 3' USING first_day, last_day;
  EXECUTE 'DELETE FROM customer_month WHERE month_start = $1' USING first_day;
  EXECUTE 'INSERT INTO customer_month SELECT * FROM kpi_customer_month_of($1, $2) ORDER BY 1, 2' USING first_day, last_day;
  EXECUTE 'DELETE FROM basket_month WHERE month_start = $1' USING first_day;
  EXECUTE 'INSERT INTO basket_month SELECT * FROM kpi_basket_month_of($1, $2) ORDER BY 1, 2' USING first_day, last_day;
  EXECUTE 'DELETE FROM category_month WHERE month_start = $1' USING first_day;
  EXECUTE 'INSERT INTO category_month SELECT * FROM kpi_category_month_of($1, $2) ORDER BY 1, 2, 3' USING first_day, last_day;
  EXECUTE 'DELETE FROM product_month_as_was WHERE month_start = $1' USING first_day;
  EXECUTE 'INSERT INTO product_month_as_was SELECT * FROM kpi_product_month_as_was_of($1, $2) ORDER BY 1, 2, 3' USING first_day, last_day;
  INSERT INTO sales_month (month_start) VALUES (first_day) ON CONFLICT (month_start) DO UPDATE SET made_at = now();
  RETURN days;
END
$body$;
COMMENT ON FUNCTION sum_up_month(date, regclass) IS
'Sums the local month of a day up anew from the facts, for the reports, and returns its days with sales. home, a table of the warehouse to work on, is the function''s own and needs not be given. NULL is an error (23502), another isolation level than READ COMMITTED, too (25000).';

-- A batch has changed sales of these days: their months are read from the facts until they are summed up again. Batches of sales do so, one
-- month each, the oldest of those that they have left behind by a week or more: late lines are mostly of the days before.
CREATE FUNCTION touch_sales(touched date[], sums boolean DEFAULT false, home regclass DEFAULT 'sales_month') RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  behind date;
BEGIN
  IF touched IS NULL THEN
    RETURN;
  END IF;
  PERFORM set_config('search_path', coalesce((SELECT c.relnamespace::regnamespace || ', starhouse, pg_temp' FROM pg_class c WHERE c.oid = home), ''), true);
  LOCK TABLE sales_summed IN SHARE ROW EXCLUSIVE MODE;
  -- What another session has summed up since this transaction's snapshot would stay, for it is not seen: the key does, and the batch fails (40001).
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    INSERT INTO sales_month (month_start) SELECT DISTINCT date_trunc('month', t::timestamp)::date FROM unnest(touched) t WHERE t IS NOT NULL ORDER BY 1
      ON CONFLICT (month_start) DO UPDATE SET made_at = now();
    INSERT INTO sales_summed DEFAULT VALUES ON CONFLICT (only_row) DO UPDATE SET made_at = now();
    INSERT INTO stock_summed DEFAULT VALUES ON CONFLICT (only_row) DO UPDATE SET made_at = now();
    sums := false;
  END IF;
  DELETE FROM sales_month s WHERE s.month_start IN (SELECT date_trunc('month', t::timestamp)::date FROM unnest(touched) t);
  DELETE FROM sales_summed;
  DELETE FROM stock_summed;
  IF sums THEN
    SELECT min(m.month_start) INTO behind
    FROM kpi_sales_months(NULL, (SELECT max(t) - 7 FROM unnest(touched) t)) m
    WHERE NOT m.is_summed AND m.last_day = (m.month_start + interval '1 month - 1 day')::date
      AND m.month_start NOT IN (SELECT date_trunc('month', t::timestamp)::date FROM unnest(touched) t);
    IF behind IS NOT NULL THEN
      PERFORM sum_up_month(behind);
    END IF;
  END IF;
END
$body$;
COMMENT ON FUNCTION touch_sales(date[], boolean, regclass) IS
'Takes the months of these local days out of sales_month, and the rows out of sales_summed and stock_summed, for their sales have changed; sums: sums up the oldest month that they have left behind, too. Called by the feeds'' steps, and after changing sales by hand. home as in sum_up_month. At another isolation level than READ COMMITTED it sums up none, and what was summed up since the snapshot is an error (40001). NULL does nothing.';

CREATE FUNCTION sum_up_sales(home regclass DEFAULT 'sales_month') RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET work_mem = '64MB'
AS $body$
DECLARE
  m date;
  made date[] := '{}';
BEGIN
  -- As in sum_up_month, also where no month is open, or seems so.
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'months cannot be summed up at isolation level %', current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state',
      HINT = 'Use READ COMMITTED: facts that others have committed meanwhile must be visible.';
  END IF;
  PERFORM set_config('search_path', coalesce((SELECT c.relnamespace::regnamespace || ', starhouse, pg_temp' FROM pg_class c WHERE c.oid = home), ''), true);
  -- First the turn of the batches of sales.
  LOCK TABLE promotion_fact IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE sales_summed IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE stock_summed IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE categories_summed IN SHARE ROW EXCLUSIVE MODE;
  FOR m IN SELECT o.month_start FROM kpi_sales_months() o WHERE NOT o.is_summed ORDER BY o.month_start LOOP
    PERFORM sum_up_month(m);
    made := made || m;
  END LOOP;
  IF NOT EXISTS (SELECT FROM categories_summed) THEN  -- of the other months
    EXECUTE 'DELETE FROM category_month WHERE month_start <> ALL ($1)' USING made;
    EXECUTE 'INSERT INTO category_month SELECT f.* FROM kpi_sales_months() o CROSS JOIN LATERAL kpi_category_month_of(o.first_day, o.last_day) f WHERE o.month_start <> ALL ($1) ORDER BY 1, 2, 3' USING made;
    EXECUTE 'DELETE FROM product_month_as_was WHERE month_start <> ALL ($1)' USING made;
    EXECUTE 'INSERT INTO product_month_as_was SELECT f.* FROM kpi_sales_months() o CROSS JOIN LATERAL kpi_product_month_as_was_of(o.first_day, o.last_day) f WHERE o.month_start <> ALL ($1) ORDER BY 1, 2, 3' USING made;
    INSERT INTO categories_summed DEFAULT VALUES;
  END IF;
  IF NOT EXISTS (SELECT FROM sales_summed) THEN
    EXECUTE 'DELETE FROM customer_sum';
    EXECUTE 'INSERT INTO customer_sum SELECT * FROM kpi_customer_sum_of()';
    EXECUTE 'DELETE FROM cohort_sum';
    EXECUTE 'INSERT INTO cohort_sum SELECT * FROM kpi_cohort_sum_of() ORDER BY 1, 2';
    EXECUTE 'DELETE FROM loyalty_sum';
    EXECUTE 'INSERT INTO loyalty_sum SELECT * FROM kpi_loyalty_sum_of(3) ORDER BY 1, 2';
    EXECUTE 'DELETE FROM loyalty_year';
    EXECUTE 'INSERT INTO loyalty_year SELECT * FROM kpi_loyalty_year_of() ORDER BY 1, 2';
    EXECUTE 'DELETE FROM promotion_sum';
    EXECUTE 'INSERT INTO promotion_sum SELECT * FROM kpi_promotion_sum_of(28) ORDER BY 1';
    EXECUTE 'DELETE FROM stock_pace';
    EXECUTE 'INSERT INTO stock_pace SELECT * FROM kpi_stock_pace_of(kpi_last_day(), 28) ORDER BY 1, 2';
    INSERT INTO sales_summed DEFAULT VALUES;
    EXECUTE 'DELETE FROM rfm_sum';
    EXECUTE 'INSERT INTO rfm_sum SELECT * FROM kpi_rfm_sum_of() ORDER BY 1';  -- from customer_sum, which holds now
  END IF;
  IF NOT EXISTS (SELECT FROM stock_summed) THEN
    EXECUTE 'DELETE FROM stock_week';
    EXECUTE 'INSERT INTO stock_week SELECT * FROM kpi_stock_week_of() ORDER BY 1, 2';
    EXECUTE 'DELETE FROM stock_latest';
    EXECUTE 'INSERT INTO stock_latest SELECT * FROM kpi_stock_latest_of(kpi_last_day()) ORDER BY 1, 2';
    EXECUTE 'DELETE FROM stock_mean';
    EXECUTE 'INSERT INTO stock_mean SELECT * FROM kpi_stock_mean_of(GREATEST(kpi_first_day(), kpi_last_day() - 364), kpi_last_day()) ORDER BY 1';
    INSERT INTO stock_summed DEFAULT VALUES;
  END IF;
  RETURN cardinality(made);
END
$body$;
COMMENT ON FUNCTION sum_up_sales(regclass) IS
'Sums up all months that are not, also those that batches are still at, then customers, cohorts, promotions and stock over all of them, and by category again those whose products have changed, and returns the number of months: after a load, or at night, the reports read no facts. Batches wait meanwhile. home as in sum_up_month; NULL is an error (42P01), another isolation level than READ COMMITTED, too (25000).';
