#!/usr/bin/perl
# While a batch is at its steps the next one is sent over a second session. That may change nothing
# but the time: not when rows are refused, not when a step wants a lock the other session holds, not
# when no second session is to be had, not when the feed is redefined meanwhile.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use IPC::Run ();
use Test::More;
use LoadTest;
use StarhouseTest;

my $folder = File::Temp->newdir;
my $database = new_database('starhouse_load_ahead');
my @load = ('load', $warehouse, '--feed', 'sales', '-d', "dbname=$database");
my $in = q{SET search_path = "Odd ""Name", starhouse;};

# Every 700th amount is one that the fact table itself refuses: found by halving its batch.
my $content = sales_rows(3000);
my $line = 0;
$content =~ s/^(s\d+,2024-[\d-]+ [\d:]+,shop\d+),[\d.]+$/++$line % 700 == 0 ? "$1,850" : $&/gem;
my $file = write_file("$folder/sales.csv", $content);

make_warehouse($database);
my ($status, $out, $err) = client(@load, '--batch-rows', 100_000, $file);
is($status, 0, 'the yardstick: one batch') or diag($err);
my $clean = digest($database);
is(sql($database, "$in SELECT count(*) FROM quarantine WHERE reason LIKE '%check constraint%'"), '4', 'in which the server refuses rows');

make_warehouse($database);
($status, $out, $err) = client(@load, '--batch-rows', 250, $file);
is($status, 0, 'small batches') or diag($err);
is(digest($database), $clean, 'come to the same');

# Two sessions are at work.
make_warehouse($database, pause => 0.1);
my ($o, $e) = ('', '');
my $run = start_client(\$o, \$e, @load, '--batch-rows', 300, $file);
ok(wait_for($database, q{SELECT count(*) = 2 FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database() AND state <> 'idle'}),
   'a batch is sent while the one before it is at its steps');
$run->finish;
is($run->result(0), 0, 'and the load ends') or diag($e);
is(digest($database), $clean, 'as ever');
ok(wait_for($database, q{SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())}),
   'nothing is held on to');

# A lock that the batch sent ahead is in the way of: that batch gives way.
with_step($database, '{"step":"sql","sql":"LOCK TABLE bronze_sales, batch_log IN ACCESS EXCLUSIVE MODE"}');
($status, $out, $err) = client(@load, '--batch-rows', 1000, $file);
is($status, 0, 'a step that locks what the next batch uses does not hang') or diag($err);
is(digest($database), $clean, 'and loads all');

# Steps that may run ahead do so.
{
    make_ahead($database, 0.2);
    ($o, $e) = ('', '');
    $run = start_client(\$o, \$e, @load, '--batch-rows', 300, $file);
    ok(wait_for($database, q{SELECT count(*) FILTER (WHERE query LIKE '%starhouse.batch\_ahead(%') > 0 AND count(*) FILTER (WHERE query LIKE '%starhouse.batch\_finish(%') > 0
         FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database() AND state = 'active'}),
       'steps that look at the batch alone run while the batch before is at its own');
    $run->finish;
    is($run->result(0), 0, 'and the load ends') or diag($e);
    is(digest($database), $clean, 'as ever');
    is(sql($database, "$in SELECT count(*) FROM batch_log WHERE (SELECT string_agg(s->>'step', ' ' ORDER BY n) FROM jsonb_array_elements(steps) WITH ORDINALITY AS e (s, n)) <> '1 2 3 4'"),
       '0', 'each step once, in its order');
    make_ahead($database, 0);
    ($status, $out, $err) = client(@load, '--batch-rows', 100_000, $file);
    is($status, 0, 'with rows that the server refuses, found by halving') or diag($err);
    is(digest($database), $clean, 'they come to the same');
}

# One session and no more.
make_warehouse($database);
sql($database, qq{$in
    DROP ROLE IF EXISTS starhouse_single; CREATE ROLE starhouse_single LOGIN CONNECTION LIMIT 1;
    ALTER SCHEMA "Odd ""Name" OWNER TO starhouse_single;
    GRANT USAGE ON SCHEMA starhouse TO starhouse_single;
    DO \$\$ DECLARE t regclass; BEGIN
      FOR t IN SELECT oid FROM pg_class WHERE relnamespace = '"Odd ""Name"'::regnamespace AND relkind IN ('r', 'p') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO starhouse_single', t);
      END LOOP; END \$\$});
($status, $out, $err) = client('load', $warehouse, '--feed', 'sales', '-d', "dbname=$database user=starhouse_single", '--batch-rows', 500, $file);
is($status, 0, 'without a second session the batches go one by one') or diag($err);
is(digest($database), $clean, 'to the same end');
sql($database, 'DROP OWNED BY starhouse_single CASCADE; DROP ROLE starhouse_single');

# A feed that is redefined while batches are on their way.
make_warehouse($database, pause => 0.3);
($o, $e) = ('', '');
$run = start_client(\$o, \$e, @load, '--batch-rows', 400, $file);
wait_for($database, "$in SELECT count(*) >= 1 FROM batch_log");
my ($contract, $steps) = (LoadTest::contract('["ISO"]'), LoadTest::steps(0));
sql($database, qq{SELECT starhouse.create_feed('Odd "Name', 'sales', \$\$$contract\$\$, \$\$$steps\$\$)});
$run->finish;
is($run->full_result(0) >> 8, 1, 'stops the load');
like($e, qr/was redefined/, 'which says why');
($status) = client(@load, $file);
is($status, 0, 'the same command goes on by the new definition');
is(digest($database), $clean, 'and nothing is lost or doubled');

# The first batches are small, so that the server is soon at work; what the user asks for is what he gets.
my $long = write_file("$folder/long.csv", join('', "id,at,shop,amount\n", map { "t$_,2024-01-05 10:00,shop1,1\n" } 1 .. 150_000));
my $sizes = "$in SELECT string_agg(records_read::text, ' ' ORDER BY first_record) FROM batch_log";
for my $case ([[], '25000 50000 75000'], [['--batch-rows', 120_000], '120000 30000']) {
    make_warehouse($database);
    ($status, $out, $err) = client(@load, @{$case->[0]}, $long);
    is(sql($database, $sizes), $case->[1], "batches of $case->[1] records") or diag($err);
}
# The file that follows finds the server at work.
my $longer = write_file("$folder/longer.csv", join('', "id,at,shop,amount\n", map { "u$_,2024-01-06 10:00,shop1,1\n" } 1 .. 150_000));
make_warehouse($database);
($status, $out, $err) = client(@load, $long, $longer);
is(sql($database, "$in SELECT string_agg(records_read::text, ' ' ORDER BY batch_id) FROM batch_log"), '25000 50000 75000 150000', 'the next file begins with a large batch') or diag($err);

done_testing();

# The reject may run ahead, and takes its time.
sub make_ahead {
    my ($db, $pause) = @_;
    make_warehouse($db);
    my ($contract, $steps) = (LoadTest::contract('["ISO"]'), LoadTest::steps($pause));
    $steps =~ s/"step":"reject","when":"amount > 900"/"step":"reject","ahead":true,"when":"amount > 900 AND (SELECT pg_sleep($pause)) IS NOT NULL"/;
    sql($db, qq{SELECT starhouse.create_feed('Odd "Name', 'sales', \$\$$contract\$\$, \$\$$steps\$\$)});
    return;
}

sub with_step {
    my ($db, $step) = @_;
    make_warehouse($db);
    my ($contract, $steps) = (LoadTest::contract('["ISO"]'), LoadTest::steps(0));
    $steps =~ s/\]\s*\z/, $step]/;
    sql($db, qq{SELECT starhouse.create_feed('Odd "Name', 'sales', \$\$$contract\$\$, \$\$$steps\$\$)});
    return;
}
