# Dimensions that Citus keeps: the same batches merged into a plain table, a reference table and a
# distributed table give the same history, counts, memory, journal and rejected rows. Runs where the server
# has Citus (shared_preload_libraries); one node, the coordinator holding the shards.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use Test::More;

plan skip_all => 'the server has no Citus in shared_preload_libraries'
  unless sql('postgres', q{SELECT current_setting('shared_preload_libraries') ~ '\mcitus\M' AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus')}) eq 't';

my $db = new_database('scd_citus');
my $host = sql($db, q{SELECT split_part(setting, ',', 1) FROM pg_settings WHERE name = 'listen_addresses'});
sql($db, <<"SQL");
CREATE EXTENSION citus;
SELECT citus_set_coordinator_host('$host', current_setting('port')::int);
SELECT citus_set_node_property('$host', current_setting('port')::int, 'shouldhaveshards', true);
SQL
diag(sql($db, 'SELECT citus_version()'));

# A dimension of each form as each kind of table; batches that are merged into all of them.
sql($db, <<'SQL');
CREATE TABLE counts (form text, kind text, batch int, counts text);
CREATE TABLE rejected (form text, kind text, batch int, key text, sequence timestamptz, reason_code text, row_content jsonb);
CREATE TABLE event (region int, id text, ts timestamptz, op text, a text, b numeric, name text, first_shop text, city text, level text);
CREATE FUNCTION dice(seed text, sides int) RETURNS int LANGUAGE sql IMMUTABLE
  AS $$ SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint % sides)::int $$;
INSERT INTO event
  SELECT DISTINCT ON (id, day) k % 3, id, timestamptz '2024-01-01 UTC' + day * interval '1 day', CASE WHEN dice(s || 'op', 6) = 0 THEN 'D' ELSE 'U' END,
         (ARRAY['x', 'y', 'z', NULL])[1 + dice(s || 'a', 4)], (ARRAY[1.0, 2.00, NULL])[1 + dice(s || 'b', 3)], (ARRAY['Ann', 'Bob', NULL])[1 + dice(s || 'n', 3)],
         'shop ' || dice(s || 's', 5), 'city ' || dice(s || 'c', 4), 'level ' || dice(s || 'l', 3)
    FROM (SELECT k, 'K' || k AS id, dice(k || '/' || n || 'day', 200) AS day, k || '/' || n AS s
            FROM generate_series(1, 40) k, LATERAL generate_series(1, 1 + dice(k || 'count', 12)) n) x
   ORDER BY id, day, s;
CREATE TABLE batch (LIKE event);
CREATE TABLE snap (LIKE event);
ALTER TABLE snap DROP ts, DROP op;

CREATE PROCEDURE make(form text, interval_type text, flagged boolean, inclusive boolean, open_end text, partial boolean) LANGUAGE plpgsql AS $$
DECLARE
  kind text;
BEGIN
  FOREACH kind IN ARRAY ARRAY['plain', 'reference', 'distributed', 'adopted'] LOOP
    -- adopted: distributed after it was registered
    EXECUTE format('CREATE TABLE %I (version bigint GENERATED ALWAYS AS IDENTITY, region int NOT NULL, id text NOT NULL, a text, b numeric, level text, name text, first_shop text,
                    city text, previous_city text, current_level text, valid_from %s, valid_to %2$s, is_current boolean, is_inferred boolean NOT NULL DEFAULT false, gone boolean NOT NULL DEFAULT false, PRIMARY KEY (version %s))',
                   form || '_' || kind, interval_type, CASE WHEN kind IN ('distributed', 'adopted') THEN ', id' END);
    IF kind = 'reference' THEN PERFORM create_reference_table('public.' || form || '_' || kind); END IF;
    IF kind = 'distributed' THEN PERFORM create_distributed_table('public.' || form || '_' || kind, 'id', shard_count => 4); END IF;
    IF kind = 'adopted' THEN
      EXECUTE format('ALTER TABLE %I ADD UNIQUE (version)', form || '_' || kind);
    END IF;
    PERFORM starhouse.scd_register((form || '_' || kind)::regclass, '{region,id}', '{a,b,level}', '{name}', surrogate => 'version', type0 => '{first_shop}', type3 => '{"city": "previous_city"}',
      type6 => '{"level": "current_level"}', deleted_flag => CASE WHEN flagged THEN 'gone' END, end_inclusive => inclusive, open_end => open_end, on_reject => 'quarantine', ignore_null_updates => partial);
    IF kind = 'adopted' THEN
      EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', form || '_' || kind, form || '_' || kind || '_version_key');
      PERFORM create_distributed_table('public.' || form || '_' || kind, 'id', shard_count => 4);
    END IF;
  END LOOP;
END
$$;
CREATE PROCEDURE merge(form text, number int, arguments text) LANGUAGE plpgsql AS $$
DECLARE
  kind text;
  c record;
BEGIN
  FOREACH kind IN ARRAY ARRAY['plain', 'reference', 'distributed', 'adopted'] LOOP
    EXECUTE format('CALL starhouse.scd2_merge(%L, %s)', form || '_' || kind, arguments) INTO c;
    INSERT INTO counts VALUES (form, kind, number, c::text);
    IF to_regclass('pg_temp.scd_rejects') IS NOT NULL THEN
      INSERT INTO rejected SELECT form, kind, number, r.key, r.sequence, r.reason_code, r.row_content FROM pg_temp.scd_rejects r WHERE r.dim = (form || '_' || kind)::regclass;
    END IF;
  END LOOP;
END
$$;
-- The columns of a dimension but for its surrogate.
CREATE FUNCTION history(form text, kind text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT ROW(region, id, a, b, level, name, first_shop, city, previous_city, current_level, valid_from, valid_to, is_current, is_inferred, gone)::text FROM %I', form || '_' || kind);
END
$$;
CREATE FUNCTION side(form text, kind text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT ROW(m.*)::text FROM %I m UNION ALL SELECT ROW(j.merge_id, j.what, j.content)::text FROM %I j UNION ALL SELECT ROW(r.merge_id, r.key, r.sequence, r.reason_code, r.row_content)::text FROM %I r',
    form || '_' || kind || '_scd_memory', form || '_' || kind || '_scd_journal', form || '_' || kind || '_scd_rejects');
END
$$;
SQL

# Number of rows that the tables of a form have one more or less of than the plain one.
sub differences {
    my ($form, $what) = @_;
    return join ' ', map { sql($db, qq{SELECT count(*) FROM ((SELECT $what('$form', 'plain') EXCEPT ALL SELECT $what('$form', '$_')) UNION ALL (SELECT $what('$form', '$_') EXCEPT ALL SELECT $what('$form', 'plain'))) x}) } qw(reference distributed adopted);
}

my @forms = (
    ["closing", 'timestamptz', 'false', 'false', "'infinity'", 'false', 'close'],
    ["flagged", 'timestamptz', 'true', 'false', "'infinity'", 'false', 'flag'],
    ["days", 'date', 'false', 'true', "'9999-12-31'", 'true', 'close']);
for my $form (@forms) {
    my ($name, $type, $flagged, $inclusive, $open_end, $partial, $missing) = @$form;
    my $zone = $type eq 'date' ? "SET timezone = 'UTC';" : '';
    sql($db, "CALL make('$name', '$type', $flagged, $inclusive, $open_end, $partial)");
    for my $batch (0 .. 3) {
        sql($db, <<"SQL");
$zone TRUNCATE batch;
INSERT INTO batch SELECT event.* FROM event WHERE dice(id || ts || '$name', 4) = $batch ORDER BY md5(id || ts);
INSERT INTO batch SELECT region, NULL, ts, op, a FROM event WHERE id = 'K1' ORDER BY ts LIMIT 1;
INSERT INTO batch SELECT region, id, ts, 'U', 'other' FROM event WHERE id = 'K2' ORDER BY ts LIMIT 1;
CALL merge('$name', $batch, \$\$ 'batch', 'feed', 'ts', 'op' \$\$);
SQL
    }
    is(differences($name, 'history'), '0 0 0', "$name: feeds give the history of a plain table");
    is(differences($name, 'side'), '0 0 0', "$name: memory, journal and rejected rows, too");

    # Snapshots: changes, missing and new keys; with two rows of a key, then with a unique key; one that is late.
    sql($db, <<"SQL");
TRUNCATE snap;
ALTER TABLE snap DROP CONSTRAINT IF EXISTS one_row;
INSERT INTO snap SELECT DISTINCT ON (id) region, id, a, b, name, first_shop, city, level FROM event WHERE dice(id, 7) > 0 ORDER BY id, ts DESC;
INSERT INTO snap SELECT 1, 'N' || i, 'new' FROM generate_series(1, 600) i;
UPDATE snap SET a = 'changed' WHERE dice(id, 3) = 0;
INSERT INTO snap SELECT region, id, 'again' FROM snap WHERE id IN ('K5', 'N5');
CALL merge('$name', 10, \$\$ 'snap', 'snapshot', missing => '$missing', as_of => '2025-01-01' \$\$);
DELETE FROM snap WHERE a = 'again' OR dice(id || 'gone', 5) = 0;
ALTER TABLE snap ADD CONSTRAINT one_row UNIQUE (region, id);
UPDATE snap SET level = 'top' WHERE dice(id || 'top', 4) = 0;
CALL merge('$name', 11, \$\$ 'snap', 'snapshot', missing => '$missing', as_of => '2025-03-01' \$\$);
UPDATE snap SET b = 7 WHERE dice(id || 'seven', 10) = 0;
DELETE FROM snap WHERE dice(id || 'late', 10) = 0;
CALL merge('$name', 12, \$\$ 'snap', 'snapshot', missing => '$missing', as_of => '2025-02-01' \$\$);
CALL merge('$name', 13, \$\$ 'snap', 'snapshot', missing => '$missing', as_of => '2025-02-01' \$\$);
SQL
    is(differences($name, 'history'), '0 0 0', "$name: so do snapshots");
    is(differences($name, 'side'), '0 0 0', "$name: memory, journal and rejected rows of snapshots");
    is(sql($db, "SELECT count(*) FROM (SELECT batch, counts FROM counts WHERE form = '$name' GROUP BY 1, 2 HAVING count(*) <> 4) x"), 0, "$name: the counts agree");
    is(sql($db, "SELECT count(*) FROM (SELECT batch, key, sequence, reason_code, row_content FROM rejected WHERE form = '$name' GROUP BY 1, 2, 3, 4, 5 HAVING count(*) % 4 <> 0) x"), 0, "$name: so do the lists of rejected rows");
    # Members that facts know first, and what completes one.
    is(join(' ', map { sql($db, "SELECT starhouse.scd_infer('${name}_$_', \$\$ VALUES (1, 'I1'), (1, 'I1'), (2, 'I1'), (NULL, 'I1'), (1, 'N7') \$\$)") } qw(plain reference distributed adopted)), '2 2 2 2', "$name: inferred members");
    sql($db, qq{TRUNCATE batch; INSERT INTO batch VALUES (2, 'I1', '2025-04-01', 'U', 'real'); CALL merge('$name', 14, \$\$ 'batch', 'feed', 'ts', 'op' \$\$)});
    is(differences($name, 'history'), '0 0 0', "$name: one of them completed");
    is(join(' ', map { sql($db, "SELECT count(*) FROM starhouse.scd_check('${name}_$_')") } qw(plain reference distributed adopted)), '0 0 0 0', "$name: the audit finds nothing");
    # The comparison is of something.
    is(sql($db, "SELECT count(*) > 700 AND count(*) FILTER (WHERE NOT is_current) > 100 FROM ${name}_distributed"), 't', "$name: there is history in the shards");
    is(sql($db, "SELECT count(DISTINCT (reason_code, key)) > 2 FROM rejected WHERE form = '$name'"), 't', "$name: and there are rejected rows");
}

# Sources that are distributed or reference tables themselves, and a fixed snapshot.
for my $kind (['distributed', q{SELECT create_distributed_table('moved', 'id')}], ['reference', q{SELECT create_reference_table('moved')}]) {
    my ($source, $distribute) = @$kind;
    sql($db, <<"SQL");
DROP TABLE IF EXISTS moved;
CREATE TABLE moved (LIKE event);
$distribute;
INSERT INTO moved SELECT region, id, ts + interval '600 days', op, a || '$source', b, name, first_shop, city, level FROM event WHERE dice(id || ts || '$source', 3) = 0;
CALL merge('closing', 20, \$\$ 'moved', 'feed', 'ts', 'op' \$\$);
DELETE FROM moved;
INSERT INTO moved SELECT region, id, NULL, 'U', a, b, name, first_shop, city, level FROM snap WHERE dice(id || '$source', 3) > 0;
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL merge('closing', 21, \$\$ 'moved', 'snapshot', missing => 'close', as_of => '2027-01-01' \$\$);
COMMIT;
SQL
    is(differences('closing', 'history') . ' ' . differences('closing', 'side'), '0 0 0 0 0 0', "a $source source");
    sql($db, q{TRUNCATE counts; UPDATE snap SET name = 'other' WHERE dice(id || 'name', 6) = 0});
}

# Names that need quoting, an enum in the key, types that only this database knows.
sql($db, <<'SQL');
CREATE SCHEMA "Types";
SET search_path = "Types";
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN short AS text NOT NULL CHECK (length(value) < 8);
CREATE TABLE "Plain" ("Version No" bigint GENERATED ALWAYS AS IDENTITY, "Store Id" text COLLATE ignore_case NOT NULL, "select" int NOT NULL, kind mood NOT NULL,
  words text COLLATE ignore_case, "varying" varchar(5), doc jsonb, list int[], feeling mood, both_ pair, label short, span int4range, bits bit(3), "sequence" int,
  words_length int GENERATED ALWAYS AS (length(words)) STORED, loaded_at int DEFAULT 7, "From" timestamptz, "To" timestamptz, "Current?" boolean, PRIMARY KEY ("Version No", "select"));
CREATE TABLE "Ref" (LIKE "Plain" INCLUDING ALL);
CREATE TABLE "Dist" (LIKE "Plain" INCLUDING ALL);
CREATE UNIQUE INDEX ON "Plain" ("Version No");
SELECT create_reference_table('"Ref"'), create_distributed_table('"Dist"', 'select', shard_count => 4);
SELECT starhouse.scd_register(t::regclass, ARRAY['Store Id', 'select', 'kind'], ARRAY['words', 'varying', 'doc', 'list', 'feeling', 'both_', 'label', 'span', 'bits'], ARRAY['sequence'],
  surrogate => 'Version No', valid_from => 'From', valid_to => 'To', current_flag => 'Current?', on_reject => 'quarantine') FROM unnest(ARRAY['"Plain"', '"Ref"', '"Dist"']) t;
CREATE TABLE "Source Rows" ("At" timestamptz, "Store Id" text, "select" bigint, kind mood, words text, "varying" text, doc jsonb, list int[], feeling mood, both_ pair, label text,
  span int4range, bits bit varying, "sequence" smallint);
CREATE PROCEDURE merge(arguments text) LANGUAGE plpgsql AS $$
DECLARE
  t text;
  c record;
BEGIN
  FOREACH t IN ARRAY ARRAY['Plain', 'Ref', 'Dist'] LOOP
    EXECUTE format('CALL starhouse.scd2_merge(''"Types".%I'', ''"Types"."Source Rows"'', %s)', t, arguments) INTO c;
    INSERT INTO public.counts VALUES ('types', t, (SELECT max(merge_id) FROM starhouse.scd_run WHERE dimension = format('"Types".%I', t)::regclass), c::text);
  END LOOP;
END
$$;
INSERT INTO "Source Rows" VALUES ('2024-01-01 UTC', 'S1', 1, 'sad', 'Word', 'abc', '{"a": 1, "b": 2}', '{1,NULL}', 'sad', '(1,a)', 'label', '[1,4)', '101', 1), ('2024-01-01 UTC', 'S1', 2, 'glad', 'Word', NULL, NULL, NULL, NULL, NULL, 'l', NULL, NULL, 1);
CALL merge($$ 'feed', 'At' $$);
UPDATE "Source Rows" SET "At" = '2024-02-01 UTC', "Store Id" = 's1', words = 'WORD', doc = doc || '{"a": 1.0}', span = '[1,3]' WHERE "select" = 1;
CALL merge($$ 'feed', 'At' $$);
UPDATE "Source Rows" SET feeling = 'glad', both_ = '(2,b)', list = '{}', "sequence" = 3;
CALL merge($$ 'snapshot', missing => 'close', as_of => '2024-03-01 UTC' $$);
UPDATE "Source Rows" SET "sequence" = 4 WHERE "select" = 2;
DELETE FROM "Source Rows" WHERE "select" = 1;
INSERT INTO "Source Rows" ("Store Id", "select", kind, label) VALUES ('S9', NULL, 'sad', 'q');
CALL merge($$ 'snapshot', missing => 'close', as_of => '2024-04-01 UTC' $$);
UPDATE "Source Rows" SET "At" = '2024-02-15 UTC', label = 'late';
CALL merge($$ 'feed', 'At' $$);
CREATE FUNCTION content(t text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT ((to_jsonb(x) - ''Version No'')::text) FROM "Types".%I AS x', t);
END
$$;
SQL
is(sql($db, q{SELECT count(*) FROM "Types".content('Plain')}), 5, 'types of all kinds: versions');
is(sql($db, qq{SELECT count(*) FROM ((SELECT "Types".content('Plain') EXCEPT ALL SELECT "Types".content('$_')) UNION ALL (SELECT "Types".content('$_') EXCEPT ALL SELECT "Types".content('Plain'))) x}), 0, "$_ as the plain table")
  for qw(Ref Dist);
is(sql($db, q{SELECT count(*) FROM (SELECT batch, counts FROM counts WHERE form = 'types' GROUP BY 1, 2 HAVING count(*) <> 3) x}), 0, 'and the counts');

# What is taken out of a shard, the audit finds: here a version that a remembered event is within.
sql($db, q{DELETE FROM flagged_distributed WHERE (region, id) = (SELECT key_1, key_2 FROM flagged_distributed_scd_memory WHERE kind = 'u' ORDER BY key_2 LIMIT 1)});
is(sql($db, q{SELECT count(*) > 0 AND bool_and(invariant = 'orphan') FROM starhouse.scd_check('flagged_distributed')}), 't', 'a lost version is found');

for my $refused (q{SELECT * FROM starhouse.scd_undo('closing_reference')},
    q{CREATE TABLE fact (region int, id text, v bigint, at timestamptz); SELECT starhouse.scd_repoint_facts('closing_distributed', 'fact', '{region,id}', 'v', 'at')}) {
    my ($status, undef, $error) = psql($db, $refused, '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose');
    like($error, qr/0A000/, 'refused');
}

# A merge that fails leaves nothing.
my ($status, undef, $error) = psql($db, <<'SQL', '-v', 'ON_ERROR_STOP=1');
SELECT starhouse.scd_register('closing_distributed', '{region,id}', '{a,b,level}', '{name}', surrogate => 'version', on_reject => 'fail');
INSERT INTO batch (region, id, ts, op, a) VALUES (1, 'F1', '2028-01-01', 'U', 'x'), (1, NULL, '2028-01-01', 'U', 'x');
CALL starhouse.scd2_merge('closing_distributed', 'batch', 'feed', 'ts', 'op');
SQL
isnt($status, 0, 'a merge is refused');
like($error, qr/rows without a place/, 'for its rows without a place');
is(sql($db, q{SELECT count(*) FROM closing_distributed WHERE id = 'F1'}), 0, 'and nothing of it stays');

done_testing();
