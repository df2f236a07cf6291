#!/usr/bin/perl
# What goes wrong with a load: each error names file, line, column, value and the mend, with its exit
# status; bad rows go to quarantine and the good ones are loaded.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use Test::More;
use LoadTest;
use StarhouseTest;

my $folder = File::Temp->newdir;
my $database = new_database('starhouse_load_errors');
my @database = ('-d', "dbname=$database");
my @load = ('load', $warehouse, '--feed', 'sales', @database);
my $in = q{SET search_path = "Odd ""Name"; SET timezone = 'UTC';};
my ($status, $out, $err);
make_warehouse($database);

# fails(arguments, status, pattern, name)
sub fails {
    my ($arguments, $expected, $pattern, $name) = @_;
    my ($got, $o, $e) = client(@$arguments);
    is($got, $expected, "$name: status $expected") or diag($o . $e);
    like($e, $pattern, "$name: message");
    return;
}

# Files.
my $good = write_file("$folder/good.csv", "id,at,shop,amount\na,2024-01-01,s,1\n");
fails([@load, "$folder/none.csv"], 1, qr/cannot open .*none\.csv: No such file.*hint: Check the name/s, 'missing file');
fails([@load, $good, "$folder/none.csv"], 1, qr/none\.csv/, 'missing second file');
is(sql($database, "$in SELECT count(*) FROM load_source"), '0', 'nothing is loaded before all names are checked');
fails([@load, "$folder"], 1, qr/is a directory.*\*\.csv/s, 'directory');
fails([@load, write_file("$folder/empty.csv", '')], 1, qr/empty\.csv is empty/, 'empty file');
fails([@load, write_file("$folder/blank.csv", "\n\n")], 1, qr/blank\.csv holds no header/, 'blank file');
fails([@load, write_file("$folder/a.zip", "PK\x03\x04xxxxxxxx")], 1, qr/is a zip.*unzip -p/s, 'zip file');
fails([@load, write_file("$folder/utf16.csv", "\xFF\xFEi\0d\0")], 1, qr/UTF-16.*iconv/s, 'UTF-16');
fails([@load, write_file("$folder/bad.gz", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03garbage!")], 1, qr/bad\.gz is (damaged|truncated)/, 'damaged gzip');
fails([@load, write_file("$folder/header.csv", "id,date,shop,amount\n")], 1,
      qr/header\.csv, line 1: .*"?at"?.*(date|id)/s, 'wrong header');
is(sql($database, "$in SELECT count(*) FROM load_source"), '0', 'none of these is registered');
SKIP: {
    skip 'root reads everything', 2 if $> == 0;
    chmod 0, $good;
    fails([@load, $good], 1, qr/Permission denied.*read permission/s, 'unreadable file');
    chmod 0644, $good;
}

# Warehouses, feeds, options.
fails(['load', 'nowhere', '--feed', 'sales', @database, $good], 1, qr/no warehouse "nowhere".*Odd/s, 'unknown warehouse');
fails(['load', $warehouse, '--feed', 'sail', @database, $good], 1, qr/no feed "sail".*Its feeds: sales/s, 'unknown feed');
fails(['load', $warehouse, @database, $good], 2, qr/--feed/, 'no feed');
fails([@load], 2, qr/files/, 'no file');
fails([@load, '--max-rejects', 'many', $good], 2, qr/"many" is neither/, 'bad --max-rejects');
fails(['load', $warehouse, '--feed', 'sales', '-d', 'host=/nowhere dbname=x', $good], 1, qr/\/nowhere.*PGHOST/s, 'no server');
sql('postgres', 'DROP DATABASE IF EXISTS starhouse_bare');
sql('postgres', 'CREATE DATABASE starhouse_bare');
fails(['load', $warehouse, '--feed', 'sales', '-d', 'dbname=starhouse_bare', $good], 1,
      qr/the extension starhouse is not in database "starhouse_bare".*CREATE EXTENSION/s, 'no extension');

# Users.
sql('postgres', q{DO $$BEGIN CREATE ROLE starhouse_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END$$});
fails(['load', $warehouse, '--feed', 'sales', '-d', "dbname=$database user=starhouse_reader", $good], 1,
      qr/permission denied|no warehouse/, 'user without rights');
sql($database, "$in GRANT USAGE ON SCHEMA \"Odd \"\"Name\" TO starhouse_reader; GRANT SELECT ON ALL TABLES IN SCHEMA \"Odd \"\"Name\" TO starhouse_reader");
fails(['load', $warehouse, '--feed', 'sales', '-d', "dbname=$database user=starhouse_reader", $good], 1,
      qr/permission denied for table load_source/, 'user who may only read');

# Rows: parse errors, a step's reject, a row that the table itself refuses; the others are loaded.
my $bad = write_file("$folder/bad.csv", join("\n", 'id,at,shop,amount', 'a,2024-01-01,s,1', 'b,2024-02-31,s,2', 'c,2024-01-01,s,many', ',2024-01-01,s,4',
    'e,2024-01-01,s', 'f,2024-01-01,s,950', 'g,2024-01-02,s,850', "h,2024-01-01,\xff\xfe,1", "\"i\nj\",2024-01-03,s,5", 'k,2024-01-03,s,6,7', ''));
($status, $out, $err) = client(@load, $bad);
is($status, 0, 'bad rows are no error') or diag($err);
like($out, qr/10 records .*: 2 loaded, 0 duplicates, 8 rejected/, 'the account says how many');
like($out, qr/first: line 3, value "2024-02-31"/, 'with line and value');
is(sql($database, "$in SELECT record_no, line_no, sqlstate, column_name, value FROM quarantine ORDER BY record_no"),
   join("\n", '3|3|22008|at|2024-02-31', '4|4|22P02|amount|many', '5|5|23502|id|', '6|6|22P04||e', '7|7|23514|amount|950',
              '8|8|23514||', '9|9|22021|shop|\xff\xfe', '11|12|22P04||k'), 'quarantine has line, column and value of each');
is(sql($database, "$in SELECT bool_and(reason <> '' AND payload IS NOT NULL) FROM quarantine"), 't', 'a reason and the bytes too');
like(sql($database, "$in SELECT reason FROM quarantine WHERE record_no = 8"), qr/violates check constraint/, 'the server\'s own words where it refused');
is(sql($database, "$in SELECT encode(payload, 'escape') FROM quarantine WHERE record_no = 9"), 'h,2024-01-01,\377\376,1', 'bytes that are no text are kept as they came');
is(sql($database, "$in SELECT string_agg(id, ' ' ORDER BY id) FROM sales_fact"), "a i\nj", 'the good rows are facts');

# Replay: nothing changed, nothing resolved; then the feed learns the date's format.
($status, $out) = client('replay', $warehouse, '--feed', 'sales', @database);
is($status, 0, 'replay succeeds');
like($out, qr/8 records replayed, 0 loaded, 8 rejected again/, 'and rejects the same rows again');
is(sql($database, "$in SELECT count(*), count(resolved_at) FROM quarantine"), '8|0', 'each once');
my $us = write_file("$folder/us.csv", "id,at,shop,amount\nu1,12/31/2023,s,1\nu2,2024-01-05,s,1\n");
($status, $out) = client(@load, '--json', $us);
like($out, qr/"loaded":1,"duplicates":0,"rejected":1.*"first_line":2,"first_value":"12\/31\/2023"/, '--json gives the same account');
my ($contract, $steps) = (LoadTest::contract('["ISO","MM/DD/YYYY"]'), LoadTest::steps(0));
sql($database, qq{SELECT starhouse.create_feed('Odd "Name', 'sales', \$\$$contract\$\$, \$\$$steps\$\$)});
($status, $out, $err) = client('replay', $warehouse, '--feed', 'sales', @database);
like($out, qr/9 records replayed, 1 loaded, 8 rejected again/, 'after the feed is mended the row is loaded') or diag($err);
is(sql($database, "$in SELECT at, amount FROM sales_fact WHERE id = 'u1'"), '2023-12-31 00:00:00+00|1', 'as a fact');
is(sql($database, "$in SELECT count(*) FROM quarantine q JOIN batch_log b ON b.batch_id = q.resolved_batch WHERE q.resolved_at IS NOT NULL"), '1', 'and marked as resolved by its batch');

# Too many rejects.
my $many = write_file("$folder/many.csv", sales_rows(2000));
fails([@load, '--max-rejects', '5', $many], 3, qr/^$/, 'more rejects than allowed');
is(sql($database, "$in SELECT next_record, finished_at IS NULL FROM load_source WHERE source_name LIKE '%many.csv'"), '1|t', 'stops before they are loaded');
($status, $out) = client(@load, '--max-rejects', '50%', $many);
is($status, 0, 'a larger allowance goes on');

# A dry run writes nothing.
my $rows = sql($database, "$in SELECT count(*) FROM load_source");
($status, $out) = client(@load, '--dry-run', write_file("$folder/dry.csv", sales_rows(500)));
like($out, qr/500 records .*: 495 would load, 0 duplicates, 5 rejected/, 'a dry run counts');
is(sql($database, "$in SELECT count(*) FROM load_source"), $rows, 'and writes nothing');

# A loader that is not the owner, under row security: COPY is not allowed then, INSERT is.
sql($database, qq{$in
    CREATE POLICY everything ON quarantine USING (true); ALTER TABLE quarantine ENABLE ROW LEVEL SECURITY;
    CREATE POLICY everything ON bronze_sales USING (true); ALTER TABLE bronze_sales ENABLE ROW LEVEL SECURITY;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "Odd ""Name" TO starhouse_reader});
my $rls = write_file("$folder/rls.csv", "id,at,shop,amount\nr1,2024-01-05,s,1\nr2,never,s,1\n");
($status, $out, $err) = client('load', $warehouse, '--feed', 'sales', '-d', "dbname=$database user=starhouse_reader", $rls);
is($status, 0, 'row security does not keep a loader out') or diag($err);
like($out, qr/2 records .*: 1 loaded, 0 duplicates, 1 rejected/, 'who loads and quarantines by INSERT');

# The other commands.
($status, $out) = client('status', $warehouse, @database);
like($out, qr/^sales .* [1-9]/m, 'status lists the feed');
($status, $out) = client('feeds', $warehouse, @database);
like($out, qr/^sales +2/m, 'feeds lists it with its version');
($status, $out) = client('feeds', $warehouse, 'sales', @database);
like($out, qr/^amount +numeric +amount +required/m, 'and shows its contract');
is((client('version'))[0], 0, 'version');
fails([], 2, qr/--help/, 'no command');

done_testing();
END { sql('postgres', 'DROP DATABASE IF EXISTS starhouse_bare') if $database }
