#!/usr/bin/perl
# While the last batch of a file is at its steps, the file that follows is opened and its first batch sent over the other session. That
# changes nothing but the time: not when one of the two fails, is known already or cannot be read, when the client is killed or stopped, or when
# sessions are cut.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use IPC::Run ();
use Test::More;
use Time::HiRes ();
use LoadTest;
use StarhouseTest;

my $folder = File::Temp->newdir;
my $database = new_database('starhouse_load_following');
my @load = ('load', $warehouse, '--feed', 'sales', '-d', "dbname=$database");
my $in = q{SET search_path = "Odd ""Name", starhouse;};

# Six files of 500 records, whose facts and rejects are their own; the server refuses a row of two of them.
my ($header, @lines) = split /^/, sales_rows(3000);
s/,[\d.]+$/,850/ for @lines[1001, 2704];
my @files = map { write_file("$folder/part$_.csv", join '', $header, @lines[$_ * 500 .. $_ * 500 + 499]) } 0 .. 5;

# As in LoadTest, but records count within their file.
sub outcome {
    return sql($database, "$in SET timezone = 'UTC';" . q{
        SELECT 'facts', count(*), md5(string_agg(concat_ws('|', id, at, shop_key, amount), ',' ORDER BY id, at)) FROM sales_fact
        UNION ALL SELECT 'rejects', count(*), md5(string_agg(concat_ws('|', source_name, record_no, line_no, convert_from(payload, 'UTF8'), sqlstate, q.reason), ',' ORDER BY source_name, record_no))
          FROM quarantine q JOIN load_source USING (source_id)
        UNION ALL SELECT 'bronze', count(*), md5(string_agg(source_name || record_no || payload, ',' ORDER BY source_name, record_no))
          FROM bronze_sales JOIN batch_log USING (batch_id) JOIN load_source USING (source_id)
        UNION ALL SELECT 'log', sum(records_read), concat_ws(' ', sum(records_loaded), sum(duplicates), sum(rejected)) FROM batch_log
        UNION ALL SELECT 'sources', count(*), string_agg(regexp_replace(source_name, '.*/', '') || ' ' || next_record || ' ' || (finished_at IS NOT NULL), ',' ORDER BY source_name) FROM load_source});
}
sub held { return sql($database, q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())}) }
my $runs = "$in SELECT string_agg(outcome || ' ' || c, ', ' ORDER BY outcome) FROM (SELECT coalesce(outcome, 'open') AS outcome, count(*) AS c FROM run_log GROUP BY 1) r";

# The yardstick: a command for each.
make_warehouse($database);
for my $file (@files) {
    my ($status, $out, $err) = client(@load, $file);
    is($status, 0, "$file alone") or diag($err);
}
my $clean = outcome();

for my $size (100_000, 300, 250, 170) {
    make_warehouse($database);
    my ($status, $out, $err) = client(@load, '--batch-rows', $size, @files);
    is($status, 0, "in one command, batches of $size") or diag($err);
    is(outcome(), $clean, 'they come to the same');
    is(sql($database, $runs), 'done 6', 'in a run for each');
}

# It happens, in both places: with the last batch in the session that opened the file, and in the other one.
for my $size (100_000, 300) {
    make_warehouse($database, pause => 0.4);
    my ($out, $err) = ('', '');
    my $run = start_client(\$out, \$err, @load, '--batch-rows', $size, @files);
    ok(wait_for($database, "$in SELECT count(*) FILTER (WHERE finished_at IS NULL) = 2 AND count(*) > 2 FROM load_source"), "batches of $size: the next file is opened while the last one is loaded");
    $run->finish;
    is($run->result(0), 0, 'and the load ends') or diag($err);
    is(outcome(), $clean, 'as ever');
    is(sql($database, $runs), 'done 6', 'in a run for each');
    is(wait_for($database, q{SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())}), 1, 'nothing is held on to');
}

# The last batch of a file fails for good while the next file is on its way.
make_warehouse($database, pause => 0.3);
sql($database, qq{$in CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
    IF EXISTS (SELECT FROM fresh WHERE id = 's000777') THEN PERFORM pg_sleep(0.7); RAISE EXCEPTION 'stumbled' USING ERRCODE = '42P01'; END IF; RETURN NULL; END \$\$;
  CREATE TRIGGER stumbles AFTER INSERT ON sales_fact REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION stumble()});
my ($status, $out, $err) = client(@load, @files);
is($status, 1, 'the last batch of a file fails for good');
like($err, qr/stumbled/, 'which is told');
is(sql($database, "$in SELECT string_agg(regexp_replace(source_name, '.*/', '') || ' ' || next_record || ' ' || (finished_at IS NOT NULL), ', ' ORDER BY source_name) FROM load_source WHERE source_name !~ 'part2'"),
   'part0.csv 502 true, part1.csv 1 false', 'what was loaded before it stays');
is(sql($database, "$in SELECT coalesce(sum(next_record), 1) FROM load_source WHERE source_name ~ 'part2'"), '1', 'of the file that follows nothing');
is(sql($database, "$in SELECT count(*) FROM run_log WHERE finished_at IS NULL"), '0', 'no run is left open');
is(held(), '0', 'nothing is held on to');
sql($database, "$in DROP TRIGGER stumbles ON sales_fact");
($status, $out, $err) = client(@load, @files);
is($status, 0, 'mended, the same command goes on') or diag($err);
is(outcome(), $clean, 'to the same end');

# The file that follows cannot be read, or is known already.
make_warehouse($database, pause => 0.2);
my $broken = write_file("$folder/broken.csv", "id,when,shop,amount\n" . join '', @lines[0 .. 10]);
($status, $out, $err) = client(@load, $files[0], $broken, $files[1]);
is($status, 1, 'a file that follows lacks a column');
like($err, qr/broken\.csv.*at/s, 'which is told of that file');
is(sql($database, "$in SELECT string_agg(regexp_replace(source_name, '.*/', '') || ' ' || next_record || ' ' || (finished_at IS NOT NULL), ', ') FROM load_source"), 'part0.csv 502 true', 'once the one before it is loaded');
($status, $out, $err) = client(@load, $files[1], $files[1], @files);
is($status, 0, 'files that are known among others, one just loaded') or diag($err);
is(scalar(() = $out =~ /already loaded on/g), 3, 'are told to be');
is(outcome(), $clean, 'and come to the same');

# A part of it is loaded.
make_warehouse($database);
is((client(@load, '--batch-rows', 100, '--max-rejects', 3, $files[1]))[0], 3, 'a file is loaded in part');
($status, $out, $err) = client(@load, $files[0], @files);
is($status, 0, 'and follows another one') or diag($err);
like($out, qr/part1\.csv.*resumed at record/s, 'it goes on where it stood');
is(outcome(), $clean, 'to the same end');
is(sql($database, $runs), 'done 6, failed 1', 'in a run for each');

# A file that another session is loading is waited for.
make_warehouse($database);
my $held = IPC::Run::start(['psql', '-XAtqd', $database, '-c', qq{SELECT starhouse.load_open('Odd "Name', 'sales', 'other', '@{[sha256($files[1])]}', 1, NULL)}, '-c', 'SELECT pg_sleep(120)'], '<', \undef, '>', \my $held_out, '2>', '/dev/null');
$held->pump until $held_out =~ /\n/;
($out, $err) = ('', '');
my $waiting = start_client(\$out, \$err, @load, @files);
$waiting->pump until $err =~ /another session .*waiting up to/ || !$waiting->pumpable;
like($err, qr/another session .*waiting up to/, 'a file that follows is held by another session, which is told');
sql($database, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)%' AND pid <> pg_backend_pid() AND datname = current_database()});
$held->finish;
$waiting->finish;
is($waiting->result(0), 0, 'and waited for') or diag($err);
is(outcome(), $clean, 'with the same result');

# kill -9 and signals at any moment, then sessions that are cut.
srand(20241129);
make_warehouse($database, pause => 0.05);
for my $signal (('TERM') x 4, ('KILL') x 8) {
    ($out, $err) = ('', '');
    my $run = start_client(\$out, \$err, @load, '--batch-rows', 200, @files);
    Time::HiRes::sleep(0.2 + rand 0.5);
    $run->signal($signal);
    eval { $run->finish };
    is(sql($database, "$in SELECT count(*) FROM run_log WHERE finished_at IS NULL"), '0', 'a signal ends every run') if $signal eq 'TERM';
}
($status, $out, $err) = client(@load, '--batch-rows', 200, @files);
is($status, 0, 'after kills and signals the same command ends') or diag($err);
is(outcome(), $clean, 'with the same result');

# 250: the last batch is empty.
for my $size (300, 250) {
    make_warehouse($database, pause => 0.1);
    ($out, $err) = ('', '');
    my $run = start_client(\$out, \$err, @load, '--batch-rows', $size, @files);
    while (sql($database, "$in SELECT count(*) >= 5 FROM load_source WHERE finished_at IS NOT NULL") eq 'f') {
        Time::HiRes::sleep(0.25 + rand 0.2);
        sql($database, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database() AND random() < 0.5});
        last if !$run->pumpable;
        $run->pump_nb;
    }
    $run->finish;
    is($run->result(0), 0, 'sessions that are cut are made again') or diag($err);
    is(outcome(), $clean, 'with nothing lost or doubled');
}

# What takes several batches is divided into equal ones, once the server is at work.
my $long = write_file("$folder/long.csv", join('', "id,at,shop,amount\n", map { sprintf "t%06d,2024-01-05 10:00,shop1,1\n", $_ } 1 .. 475_000));
make_warehouse($database);
($status, $out, $err) = client(@load, $long);
is($status, 0, 'a file of several batches') or diag($err);
my @sizes = split ' ', sql($database, "$in SELECT string_agg(records_read::text, ' ' ORDER BY first_record) FROM batch_log");
is("@sizes[0 .. 2]", '25000 50000 100000', 'begins with small ones');
ok(@sizes == 5 && abs($sizes[3] - $sizes[4]) < 20_000, "and goes on with equal ones (@sizes)");

done_testing();

sub sha256 {
    my ($name) = @_;
    require Digest::SHA;
    return Digest::SHA->new(256)->addfile($name, 'b')->hexdigest;
}
