# What BI tools find: the catalogue queries that they and their drivers send, as the BI role, against what the warehouse is; the JDBC and the
# ODBC driver themselves, where they are installed; and Power BI's contract for a date table.
use strict;
use warnings;
use Test::More;
use File::Temp ();
use IPC::Run ();
use StarhouseTest;

my $database = new_database('bi_tools');
sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
sql($database, q{SET client_min_messages = error; SELECT starhouse.create_warehouse(k, time_zone => 'UTC', calendar_from => '2025-01-01', calendar_to => '2026-12-31')
    FROM unnest('{shopsmart,quickeats,streamflix}'::text[]) k; DROP ROLE IF EXISTS bi_tools_reader; CREATE ROLE bi_tools_reader LOGIN});
for my $kind (qw(shopsmart quickeats streamflix)) {
    sql($database, "SET client_min_messages = error; SET search_path = $kind, starhouse;\n" . slurp(root() . "/test/data/${kind}_kpi.sql"));
    sql($database, "SELECT starhouse.grant_bi_role('$kind', 'bi_tools_reader')");
}
my $bi = "dbname=$database user=bi_tools_reader";
# What there is to find, by the catalogue itself: relations of the grant (the memories of histories beside them, docs/bi.md), and keys that facts declare.
my %open = map { my $kind = $_; ($kind => sql($database, qq{SELECT string_agg(c.relname, ',' ORDER BY c.relname) FROM pg_class c
    WHERE c.oid IN (SELECT starhouse.warehouse_bi_relations('$kind')) OR c.relnamespace = '$kind'::regnamespace AND c.relname ~ '_scd_memory\$'})) } qw(shopsmart quickeats streamflix);
my %keys = map { my $kind = $_; ($kind => sql($database, qq{
    SELECT string_agg(format('%s.%s=%s.%s', f.relname, a.attname, p.relname, b.attname), ',' ORDER BY f.relname, a.attname)
    FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid
    JOIN pg_attribute a ON a.attrelid = f.oid AND a.attnum = k.conkey[1] JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = k.confkey[1]
    WHERE k.contype = 'f' AND f.relnamespace = '$kind'::regnamespace AND NOT f.relispartition AND f.relname ~ '_fact\$'})) } qw(shopsmart quickeats streamflix);

for my $kind (qw(shopsmart quickeats streamflix)) {
    # Power BI's navigator.
    is(sql($bi, qq{SELECT string_agg(table_name, ',' ORDER BY table_name COLLATE "C") FROM information_schema.tables WHERE table_schema = '$kind' AND table_type IN ('BASE TABLE', 'VIEW')}), $open{$kind}, "$kind: Power BI lists what the role was let into, no partitions, nothing raw");
    is(sql($bi, qq{SELECT count(*) FROM information_schema.columns c WHERE table_schema = '$kind' AND (data_type = 'USER-DEFINED' AND table_name ~ '_(fact|dim|history)\$')}), '0', "$kind: facts and dimensions have no types of ours");
    # Its relationships, from both ends.
    is(sql($bi, qq{
        SELECT string_agg(format('%s.%s=%s.%s', fk.table_name, fk.column_name, pk.table_name, pk.column_name), ',' ORDER BY fk.table_name COLLATE "C", fk.column_name COLLATE "C")
        FROM information_schema.referential_constraints r
        JOIN information_schema.key_column_usage fk ON fk.constraint_schema = r.constraint_schema AND fk.constraint_name = r.constraint_name
        JOIN information_schema.key_column_usage pk ON pk.constraint_schema = r.unique_constraint_schema AND pk.constraint_name = r.unique_constraint_name AND pk.ordinal_position = fk.position_in_unique_constraint
        WHERE fk.table_schema = '$kind' AND fk.table_name ~ '_fact\$'}), $keys{$kind}, "$kind: and relates facts to dimensions by their keys");
    # Metabase's synchronisation: what may be selected, with its kind; columns with their comments; keys.
    is(sql($bi, qq{
        SELECT string_agg(c.relname, ',' ORDER BY c.relname COLLATE "C") FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '$kind' AND c.relkind IN ('r', 'p', 'v', 'f', 'm') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
          AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))}), $open{$kind}, "$kind: Metabase takes up the same tables");
    is(sql($bi, qq{
        SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = '$kind'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.col_description(c.oid, a.attnum) IS NULL}), '0', "$kind: with a description of every column");
    is(sql($bi, qq{
        SELECT string_agg(c.relname || '.' || a.attname, ',' ORDER BY c.relname COLLATE "C") FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE i.indisprimary AND i.indnkeyatts = 1 AND c.relnamespace = '$kind'::regnamespace AND c.relname ~ '_(dim|history)\$'}),
        sql($database, qq{SELECT string_agg(f || '.' || a, ',' ORDER BY f COLLATE "C") FROM (SELECT c.relname AS f, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = k.conkey[1]) AS a FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
            WHERE k.contype = 'p' AND cardinality(k.conkey) = 1 AND c.relnamespace = '$kind'::regnamespace AND c.relname ~ '_(dim|history)\$') x}), "$kind: and the dimensions' keys");
    # Metabase fingerprints a sample of each table, Tableau asks for no rows of it: every one of them has to answer.
    my ($status, $out, $err) = psql($bi, join ";\n", map { qq{SELECT count(*) >= 0 FROM (SELECT * FROM $kind."$_" LIMIT 10) t; SELECT * FROM $kind."$_" WHERE false} } split /,/, $open{$kind}, -1);
    is($err, '', "$kind: every table and view answers");

    # Power BI's date table: one row per day, without a gap, whole years, covering the facts; also when a load has widened the calendar.
    sql($database, "SELECT starhouse.extend_calendar('$kind', '2024-03-05', '2024-03-05')");
    my $table = $kind eq 'shopsmart' ? "$kind.time_dim" : "$kind.date_table";
    if ($kind ne 'shopsmart') {  # the calendar there has a row per hour: the view of docs/powerbi.md has the days
        my ($view) = slurp(root() . '/docs/powerbi.md') =~ /^(CREATE VIEW quickeats\.date_table AS.*?;)$/ms or die 'docs/powerbi.md has no date table';
        $view =~ s/quickeats/$kind/g;
        sql($database, "$view SELECT starhouse.grant_bi_role('$kind', 'bi_tools_reader')");
    }
    is(sql($bi, "SELECT pg_typeof(min(date)) || ' ' || (count(*) = count(DISTINCT date)) || ' ' || (count(*) = count(date)) FROM $table"), 'date true true', "$kind: the date table has a date, unique, without NULL");
    is(sql($bi, "SELECT count(*) = max(date) - min(date) + 1 FROM $table"), 't', "$kind: of every day");
    is(sql($bi, "SELECT date_trunc('year', min(date))::date = min(date) AND (date_trunc('year', max(date)) + interval '1 year - 1 day')::date = max(date) FROM $table"), 't', "$kind: of whole years");
    for my $fact (split /\n/, sql($database, "SELECT f.fact::regclass::text FROM starhouse.warehouse_facts('$kind') f JOIN pg_attribute a ON a.attrelid = f.fact AND a.attname = 'time_key'")) {
        is(sql($bi, "SELECT count(*) FROM $fact f WHERE NOT EXISTS (SELECT FROM $table d WHERE d.date = f.time_key::date)"), '0', "$fact: its days are in it");
    }
}

# Npgsql loads the types when it connects: those of all columns are among them, none of a kind it does not know.
is(sql($bi, q{
    WITH loaded AS (
      SELECT t.oid, CASE WHEN p.proname = 'array_recv' THEN 'a' ELSE t.typtype END AS kind
      FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid LEFT JOIN pg_proc p ON p.oid = t.typreceive
      WHERE t.typtype IN ('b', 'r', 'm', 'e', 'd') OR t.typtype = 'c' AND c.relkind = 'c' OR t.typtype = 'p' AND t.typname IN ('record', 'void', 'unknown'))
    SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace IN ('shopsmart'::regnamespace, 'quickeats'::regnamespace, 'streamflix'::regnamespace) AND a.attnum > 0 AND NOT a.attisdropped
      AND has_table_privilege(c.oid, 'SELECT') AND a.atttypid NOT IN (SELECT oid FROM loaded WHERE kind IN ('b', 'a', 'r', 'm'))}), '0', 'Npgsql knows the types of all columns');

# The drivers. Both list what the catalogue lists, closed tables and partitions too (docs/tableau.md); keys and types are as declared.
sub lines { my ($text, $what) = @_; return join "\n", sort map { s/^\Q$what\E\|//r } grep { /^\Q$what\E\|/ } split /\n/, $text }
my $imported = join "\n", map { my ($f, $c, $p, $d) = /^(\w+)\.(\w+)=(\w+)\.(\w+)$/; "$f|$c|$p|$d" } grep { /^sales_fact\./ } split /,/, $keys{shopsmart};
my $port = sql($bi, 'SHOW port');
SKIP: {
    my ($jar) = grep { -e } '/usr/share/java/postgresql.jar';
    my ($java) = grep { -x "$_/java" && -x "$_/javac" } split /:/, $ENV{PATH};
    skip 'no JDBC driver or no JDK (scripts/setup bi)', 7 unless $jar && $java;
    my ($out, $err) = ('', '');
    eval { IPC::Run::run(['java', '-cp', $jar, root() . '/test/drivers/Metadata.java', "jdbc:postgresql://127.0.0.1:$port/$database?user=bi_tools_reader", 'shopsmart', 'sales_fact', 'time_dim'],
        '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(100)) };
    is($err . ($@ // ''), '', 'the JDBC driver answers');
    my %type = map { (split /\|/)[0, 1] } split /\n/, lines($out, 'table');
    is(join(',', grep { !$type{$_} } split /,/, $open{shopsmart}), '', 'JDBC: getTables has every table and view of the role');
    is("$type{sales_fact}, $type{store_dim}, $type{kpi_daily_sales}", 'PARTITIONED TABLE, TABLE, VIEW', 'with their kinds');
    like($out, qr/^table\|store_dim\|TABLE\|Stores, Type 1: one row per store\./m, 'and descriptions');
    is(lines($out, 'imported'), $imported, 'getImportedKeys has the keys of a fact');
    is(lines($out, 'key') . lines($out, 'index'), 'time_dim|date_key|1time_dim|date_key|f', 'getPrimaryKeys and getIndexInfo those of a dimension');
    like($out, qr/^column\|sales_fact\|sales_amount\|numeric\|0\|.+$/m, 'getColumns types, NULLs and descriptions');
}
SKIP: {
    my $python = '/usr/bin/python3';  # whose pyodbc is Debian's
    my $has = eval { IPC::Run::run([$python, '-c', 'import pyodbc; assert "PostgreSQL Unicode" in pyodbc.drivers()'], '>&', \my $said) };
    skip 'no ODBC driver (scripts/setup bi)', 6 unless $has;
    my ($out, $err) = ('', '');
    eval { IPC::Run::run([$python, root() . '/test/drivers/metadata.py', "Driver={PostgreSQL Unicode};Server=127.0.0.1;Port=$port;Database=$database;UID=bi_tools_reader", 'shopsmart', 'sales_fact', 'time_dim'],
        '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(60)) };
    is($err . ($@ // ''), '', 'the ODBC driver answers');
    my %type = map { (split /\|/)[0, 1] } split /\n/, lines($out, 'table');
    is(join(',', grep { !$type{$_} } split /,/, $open{shopsmart}), '', 'ODBC: SQLTables has every table and view of the role');
    is("$type{sales_fact}, $type{kpi_daily_sales}", 'TABLE, VIEW', 'with their kinds');
    is(lines($out, 'imported'), $imported, 'SQLForeignKeys has the keys of a fact');
    is(lines($out, 'key'), 'time_dim|date_key|1', 'SQLPrimaryKeys that of a dimension');
    like($out, qr/^date\|date$/m, 'a date comes as one');
}
sql($database, q{SELECT starhouse.revoke_bi_role(k, 'bi_tools_reader') FROM unnest('{shopsmart,quickeats,streamflix}'::text[]) k; DROP ROLE bi_tools_reader});
done_testing();
