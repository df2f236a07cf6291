-- How fresh each KPI and gold table is, and by what feeds: two views in the warehouse, of core SQL, so that they
-- answer without the extension too. What a KPI reads comes from the catalogue (through views and SQL functions with
-- bodies of their own), what a feed writes from its steps.

CREATE FUNCTION create_freshness(schema name) RETURNS void
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $body$
BEGIN
  PERFORM starhouse.pipeline_check(schema);
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.freshness_limit (
      kpi      text COLLATE "C" PRIMARY KEY,
      max_age  interval NOT NULL CHECK (max_age > interval '0')
    )$sql$, schema);
  -- Some of the templates' facts come by the week or by the month.
  EXECUTE format($sql$
    INSERT INTO %1$I.freshness_limit (kpi, max_age) SELECT '%%', interval '2 days'
    UNION ALL
    SELECT v.fact, v.max_age::interval FROM (VALUES ('inventory_fact', '9 days'), ('rating_fact', '14 days'), ('license_fact', '60 days'), ('production_cost_fact', '60 days')) AS v (fact, max_age)
    WHERE EXISTS (SELECT FROM pg_class c WHERE c.relname = v.fact AND c.relnamespace = (SELECT f.relnamespace FROM pg_class f WHERE f.oid = %2$L::regclass))
    ON CONFLICT DO NOTHING$sql$, schema, format('%I.feed', schema));
  EXECUTE format($sql$
    CREATE OR REPLACE VIEW %1$I.table_lineage AS
    WITH RECURSIVE own AS (
      SELECT c.oid, c.relname, c.relkind FROM pg_class c WHERE c.relnamespace = (SELECT n.relnamespace FROM pg_class n WHERE n.oid = %2$L::regclass) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
    ), reads AS (
      SELECT o.relname AS kpi, 'pg_class'::regclass::oid AS classid, o.oid AS objid, false AS is_bound FROM own o
      WHERE o.relname ~ '^kpi_' AND o.relkind IN ('v', 'm') AND o.relname <> 'kpi_freshness' OR o.relname ~ '^gold_' AND o.relkind = 'r'
        AND o.relname NOT IN ('gold_registry', 'gold_dirty')
      UNION
      SELECT r.kpi, d.refclassid, d.refobjid, r.is_bound OR d.refclassid = 'pg_proc'::regclass AND EXISTS (
        SELECT FROM pg_proc p WHERE p.oid = d.refobjid AND p.prorettype IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype))
      FROM reads r
      LEFT JOIN pg_rewrite w ON r.classid = 'pg_class'::regclass AND w.ev_class = r.objid
      JOIN pg_depend d ON d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND d.refobjid <> r.objid
        AND (d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid OR d.classid = 'pg_proc'::regclass AND r.classid = 'pg_proc'::regclass AND d.objid = r.objid)
    ), step AS (  -- through an array: its length is guessed at ten, not a hundred per feed, and nothing is compiled for a handful of rows
      SELECT (u.s->>'feed') COLLATE "C" AS feed_name, u.s->'step' AS step
      FROM unnest(ARRAY(SELECT jsonb_build_object('feed', f.feed_name, 'step', e.step) FROM %1$I.feed f CROSS JOIN LATERAL jsonb_array_elements(f.steps) AS e (step))) AS u (s)
    ), routine AS (
      SELECT p.proname, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) COLLATE "C" AS body FROM pg_proc p WHERE p.pronamespace = (SELECT n.relnamespace FROM pg_class n WHERE n.oid = %2$L::regclass) AND p.prokind IN ('f', 'p')
        AND p.proname !~ '^touch_'  -- touch_days, touch_sales: sums are made anew of facts, which whoever reads the sums reads as well
    ), runs AS (  -- statements of the feed's steps, and of the warehouse's functions that they call
      SELECT s.feed_name, (s.step->>'sql') COLLATE "C" AS body FROM step s WHERE s.step->>'step' = 'sql'
      UNION
      SELECT s.feed_name, t.body COLLATE "C" FROM step s CROSS JOIN LATERAL jsonb_array_elements_text(s.step->'then') AS t (body) WHERE jsonb_typeof(s.step->'then') = 'array'
      UNION
      SELECT r.feed_name, f.body FROM runs r CROSS JOIN LATERAL regexp_matches(r.body, '\m(\w+)\s*\(', 'g') AS m (found) JOIN routine f ON f.proname = m.found[1]
    ), writes AS (
      SELECT (u.w->>'feed') COLLATE "C" AS feed_name, (u.w->>'into') COLLATE "C" AS relname
      FROM unnest(ARRAY(
        SELECT jsonb_build_object('feed', s.feed_name, 'into', s.step->>'into') FROM step s WHERE s.step ? 'into'
        UNION
        SELECT jsonb_build_object('feed', r.feed_name, 'into', m.found[1]) FROM runs r
        CROSS JOIN LATERAL regexp_matches(r.body, '\m(?:insert\s+into|update|delete\s+from|append_facts\s*\(\W*)\s*(?:\w+\.)?"?(\w+)', 'gi') AS m (found))) AS u (w)
    )
    SELECT r.kpi::text AS kpi, o.relname::text AS relation, w.feed_name::text AS feed_name, bool_and(r.is_bound) AS is_bound
    FROM reads r
    JOIN own o ON o.oid = r.objid AND o.relkind IN ('r', 'p') AND r.classid = 'pg_class'::regclass AND o.relname <> r.kpi
    LEFT JOIN writes w ON w.relname = o.relname
    GROUP BY r.kpi, o.relname, w.feed_name%3$s$sql$,
    schema, format('%I.feed', schema),
    CASE WHEN to_regclass(format('%I.gold_registry', schema)) IS NOT NULL THEN format($sql$
    UNION
    SELECT (u.g->>0)::text, u.g->>1, u.g->>2, false FROM unnest(ARRAY(
      SELECT jsonb_build_array(g.gold_name, NULL, c.feed_name) FROM %1$I.gold_registry g CROSS JOIN LATERAL jsonb_object_keys(g.changed_by) AS c (feed_name)
      UNION
      SELECT jsonb_build_array(g.gold_name, c.relation, NULL) FROM %1$I.gold_registry g CROSS JOIN LATERAL unnest(g.reads) AS c (relation))) AS u (g)$sql$, schema) ELSE '' END);
  -- By name, so that views depend on no fact: facts may be changed, dropped and added. max() of a fact's time comes
  -- from its index, partition by partition. An index of block ranges does not give it, but the rows from a time on:
  -- from the latest that statistics know of, which only who may read the partitions sees, or the latest partition that
  -- has any. Times are written so that they can be read again.
  EXECUTE format($sql$
    CREATE OR REPLACE FUNCTION %1$I.newest_event(relation regclass) RETURNS timestamptz
      LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
      SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD'
    AS $newest$
    DECLARE
      time_column name;
      time_type text;
      is_sorted boolean;
      is_key boolean;
      known text;
      result timestamptz;
    BEGIN
      SELECT a.attname, format_type(a.atttypid, NULL),
             EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
                     WHERE i.indrelid = relation AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree'),
             (a.attnum = p.partattrs[0] AND p.partnatts = 1) IS TRUE
      INTO time_column, time_type, is_sorted, is_key
      FROM pg_attribute a LEFT JOIN pg_partitioned_table p ON p.partrelid = a.attrelid AND p.partstrat = 'r'
      WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
        AND (a.attnum = p.partattrs[0] OR a.attname = 'event_time')
      ORDER BY (a.attnum = p.partattrs[0]) IS TRUE DESC LIMIT 1;
      IF time_column IS NULL THEN
        RETURN NULL;
      END IF;
      IF NOT is_sorted THEN
        FOR known IN EXECUTE format($known$
          SELECT k.bound::text
          FROM (SELECT max((SELECT max(b) FROM unnest(s.histogram_bounds::text::%%1$s[]) AS b)) AS bound  -- of no other table's: these may be no times
                FROM pg_partition_tree($1) t JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = $2 AND NOT s.inherited
                WHERE t.isleaf
                UNION
                SELECT (regexp_match(pg_get_expr(c.relpartbound, c.oid), '^FOR VALUES FROM \(''([^'']+)''\) TO '))[1]::%%1$s
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1 AND $3) k
          WHERE k.bound IS NOT NULL ORDER BY k.bound DESC$known$, time_type) USING relation, time_column, is_key
        LOOP
          EXECUTE format('SELECT max(%%1$I)::timestamptz FROM %%2$s WHERE %%1$I >= %%3$L::%%4$s', time_column, relation, known, time_type) INTO result;
          EXIT WHEN result IS NOT NULL;
        END LOOP;
      END IF;
      IF result IS NULL THEN
        EXECUTE format('SELECT max(%%I)::timestamptz FROM %%s', time_column, relation) INTO result;
      END IF;
      RETURN result;
    END
    $newest$$sql$, schema);
  EXECUTE format('COMMENT ON FUNCTION %I.newest_event(regclass) IS %L', schema,
                 'Newest time in a fact''s time column (its partition key, or event_time). NULL for a table without one, without rows, and for NULL.');
  EXECUTE format($sql$
    CREATE OR REPLACE VIEW %1$I.kpi_freshness AS
    WITH source AS MATERIALIZED (
      SELECT * FROM %1$I.table_lineage
    ), newest AS (
      SELECT n.relation, n.event_time
      FROM (SELECT c.relname::text AS relation, %1$I.newest_event(c.oid) AS event_time, c.relname ~ '_fact$' AS is_fact FROM pg_class c
            WHERE c.relnamespace = (SELECT f.relnamespace FROM pg_class f WHERE f.oid = %2$L::regclass) AND c.relkind IN ('r', 'p')
              AND c.relname IN (SELECT s.relation FROM source s) OFFSET 0) n
      WHERE n.event_time IS NOT NULL OR n.is_fact
    ), batch AS MATERIALIZED (
      SELECT f.feed_name, (SELECT max(b.finished_at) FROM %1$I.batch_log b WHERE b.feed_name = f.feed_name) AS loaded_at,
             (SELECT min(b.finished_at) FROM %1$I.batch_log b WHERE b.feed_name = f.feed_name) AS first_at,
             jsonb_path_exists(to_jsonb(f.steps), '$[*] ? (@.step == "facts")') AS has_facts,
             (SELECT max(a.failed_at) FROM %1$I.attempt_log a WHERE a.feed_name = f.feed_name AND a.action = 'stop') AS failed_at
      FROM %1$I.feed f
    ), kpi AS (  -- whether it reads a fact for more than to know from when to when
      SELECT s.kpi, bool_or(n.relation IS NOT NULL AND NOT s.is_bound) AS has_own, l.max_age
      FROM source s LEFT JOIN newest n USING (relation)
      CROSS JOIN LATERAL (SELECT m.max_age FROM %1$I.freshness_limit m WHERE s.kpi LIKE m.kpi ORDER BY length(m.kpi) DESC, m.kpi LIMIT 1) l
      GROUP BY s.kpi, l.max_age
    ), part AS (  -- what its figures are made of, each with the feeds that write it, held to its own limit where there is one
      SELECT s.kpi, n.relation, n.event_time, b.feed_name, b.loaded_at, greatest(k.max_age, l.max_age) AS max_age
      FROM source s JOIN newest n USING (relation) JOIN kpi k ON k.kpi = s.kpi AND (NOT s.is_bound OR NOT k.has_own)
      -- One that writes facts, not only versions of members into them, and not an archive that came on one day.
      LEFT JOIN batch b ON b.feed_name = s.feed_name AND b.has_facts AND b.loaded_at >= b.first_at + interval '24 hours'
      LEFT JOIN LATERAL (SELECT m.max_age FROM %1$I.freshness_limit m WHERE (n.relation LIKE m.kpi OR s.feed_name LIKE m.kpi) AND m.kpi <> '%%' ORDER BY m.max_age DESC LIMIT 1) l ON true
    ), fact AS (
      SELECT p.kpi, min(p.event_time) AS newest_event,
             string_agg(DISTINCT format('newest event of %%s is older than %%s', p.relation, p.max_age), '; ') FILTER (WHERE p.event_time < now() - p.max_age) AS old_facts
      FROM part p GROUP BY p.kpi
    ), silent AS (  -- by the feed, which may write several of them: the most patient limit counts
      SELECT q.kpi, string_agg(format('%%s has loaded nothing for %%s', q.feed_name, q.max_age), '; ' ORDER BY q.feed_name) AS feeds
      FROM (SELECT p.kpi, p.feed_name, p.loaded_at, max(p.max_age) AS max_age FROM part p GROUP BY p.kpi, p.feed_name, p.loaded_at) q
      WHERE q.loaded_at < now() - q.max_age GROUP BY q.kpi
    ), read AS (
      SELECT s.kpi, array_agg(DISTINCT n.relation) AS facts FROM source s JOIN newest n USING (relation) GROUP BY s.kpi
    ), fed AS (  -- no name of a table: the server would print that one with its schema
      SELECT s.kpi, array_agg(DISTINCT s.feed_name) AS feeds, max(b.loaded_at) AS loaded_at,
             coalesce(array_agg(DISTINCT s.feed_name) FILTER (WHERE b.failed_at > coalesce(b.loaded_at, '-infinity')), '{}') AS failing_feeds
      FROM source s JOIN batch b ON b.feed_name = s.feed_name GROUP BY s.kpi
    )
    SELECT k.kpi, coalesce(r.facts, '{}') AS facts, coalesce(x.feeds, '{}') AS feeds, f.newest_event, x.loaded_at, k.max_age,
           w.why IS NOT NULL AS is_stale, w.why AS reason, coalesce(x.failing_feeds, '{}') AS failing_feeds
    FROM kpi k
    LEFT JOIN read r USING (kpi)
    LEFT JOIN fact f USING (kpi)
    LEFT JOIN silent q USING (kpi)
    LEFT JOIN fed x USING (kpi)
    CROSS JOIN LATERAL (SELECT nullif(concat_ws('; ',
        CASE WHEN r.facts IS NOT NULL AND f.newest_event IS NULL OR r.facts IS NULL AND x.loaded_at IS NULL THEN 'nothing was loaded yet'
             WHEN r.facts IS NULL AND x.loaded_at < now() - k.max_age THEN format('newest load is older than %%s', k.max_age) END,
        f.old_facts, q.feeds, 'failing: ' || nullif(array_to_string(x.failing_feeds, ', '), '')), '') AS why) w$sql$,
    schema, format('%I.feed', schema));
  PERFORM starhouse.comment_relations(schema, ARRAY[
    ['freshness_limit', NULL, 'How old the newest event of a KPI''s facts may be before it counts as stale'],
    ['freshness_limit', 'kpi', 'KPI or gold table, as a LIKE pattern, the longest that fits counts; or a fact or feed that comes more seldom, for every KPI made of it'],
    ['freshness_limit', 'max_age', 'Allowed age'],
    ['table_lineage', NULL, 'Lineage by definition: what each KPI and gold table reads, directly or through views, and which feeds write it'],
    ['table_lineage', 'kpi', 'KPI view or gold table'],
    ['table_lineage', 'relation', 'Table it reads'],
    ['table_lineage', 'feed_name', 'Feed with a step that writes the table; NULL for a table that no feed writes'],
    ['table_lineage', 'is_bound', 'Whether the table is read only to know from when to when: through functions that return dates or times'],
    ['kpi_freshness', NULL, E'How fresh is each KPI and gold table, and what does it depend on?\nFormula: newest event of the fact that lags most among those its figures are made of (not those read only to know from when to when; one without rows counts only if all are without); stale when that is older than freshness_limit allows, when a feed that writes one of them (and came on more than one day) has loaded nothing for so long, when nothing was loaded yet, or when a feed is failing\nGrain: KPI or gold table\nUnit: times\nNULL: newest_event without facts, loaded_at before the first batch, reason when fresh\nFreshness: at once; reports stay served in their last good state whatever happens upstream\nSource: table_lineage, batch_log, attempt_log, the facts'],
    ['kpi_freshness', 'kpi', 'KPI view or gold table'],
    ['kpi_freshness', 'facts', 'Facts it reads, those that only say from when to when among them'],
    ['kpi_freshness', 'feeds', 'Feeds it depends on'],
    ['kpi_freshness', 'newest_event', 'Time of the newest event of the fact that lags most: so far its figures are whole'],
    ['kpi_freshness', 'loaded_at', 'When one of its feeds last got a batch through'],
    ['kpi_freshness', 'max_age', 'Allowed age of the newest event and of the last load, from freshness_limit'],
    ['kpi_freshness', 'is_stale', 'Whether it is older than allowed, a feed of its facts is silent or one it depends on is failing'],
    ['kpi_freshness', 'reason', 'Why it is stale; NULL when it is not'],
    ['kpi_freshness', 'failing_feeds', 'Feeds whose last run failed and that have loaded nothing since']]);
END
$body$;
COMMENT ON FUNCTION create_freshness(name) IS
  'Makes the views table_lineage and kpi_freshness, the function newest_event and the table freshness_limit in a warehouse; create_warehouse calls it, call it for one of your own making. Facts and KPIs that are added later appear by themselves. They go on working without the extension. 3F000 for an unknown warehouse; NULL does nothing.';
