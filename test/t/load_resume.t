#!/usr/bin/perl
# A load that is killed, interrupted or started twice loses nothing and doubles nothing: whatever
# happened, the same command goes on, and in the end everything is as after one clean load.
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

my $records = 24_000;
my $folder = File::Temp->newdir;
my $content = sales_rows($records);
my $file = write_file("$folder/sales.csv", $content);
my $database = new_database('starhouse_load_resume');
my @load = ('load', $warehouse, '--feed', 'sales', '-d', "dbname=$database");
my $in = q{SET search_path = "Odd ""Name";};

# The yardstick.
make_warehouse($database);
my ($status, $out, $err) = client(@load, $file);
is($status, 0, 'a clean load succeeds') or diag($err);
like($out, qr/24,000 records/, 'and reports what it read');
my $clean = digest($database);
is(sql($database, "$in SELECT sum(records_loaded + duplicates + rejected) = $records FROM batch_log"), 't', 'every record is accounted for');

# Twice adds nothing, under another name neither.
($status, $out) = client(@load, $file);
is($status, 0, 'a second load succeeds');
like($out, qr/already loaded on .*, nothing to do/, 'and says that there was nothing to do');
my $copy = write_file("$folder/copy.csv", $content);
client(@load, $copy);
is(digest($database), $clean, 'and adds nothing, nor does a renamed copy');

# The same rows in another file (compressed): facts are duplicates.
my $gzip = write_gzip("$folder/sales.csv.gz", $content);
($status, $out) = client(@load, $gzip);
is($status, 0, 'the same rows compressed load too');
is(sql($database, "$in SELECT count(*) FROM sales_fact"), (split /\|/, (split /\n/, $clean)[0])[1], 'and add no fact');

# kill -9 in the middle, at random points.
make_warehouse($database, pause => 0.02);
srand(20240229);
my ($kills, $resumed) = (0, 0);
while ($kills < 12) {
    my $before = sql($database, "$in SELECT coalesce(max(last_record), 1) FROM batch_log");
    my ($kill_out, $kill_err) = ('', '');
    my $run = start_client(\$kill_out, \$kill_err, @load, '--batch-rows', 200, $file);
    # From the first batch on, so that each try gets somewhere however slow the machine is.
    wait_for($database, "$in SELECT coalesce(max(last_record), 1) > $before FROM batch_log");
    Time::HiRes::sleep(rand 0.1);
    $run->kill_kill(grace => 0);
    ++$kills;
    ++$resumed if $before > 1;
}
is(sql($database, "$in SELECT finished_at IS NULL FROM load_source"), 't', "after $kills kills the load is unfinished");
($status, $out, $err) = client('status', $warehouse, '-d', "dbname=$database");
like($out, qr/unfinished: .*sales\.csv stands at record/, 'status shows where it stands');
make_quick($database);
($status, $out, $err) = client(@load, '--batch-rows', 200, $file);
is($status, 0, 'the load goes on') or diag($err);
like($out, qr/resumed at record/, 'and says where');
is(digest($database), $clean, "after $kills kills everything is as after a clean load");

# The server side goes: the client reconnects.
make_warehouse($database, pause => 0.05);
my ($kept_out, $kept_err) = ('', '');
my $run = start_client(\$kept_out, \$kept_err, @load, '--batch-rows', 1000, $file);
wait_for($database, "$in SELECT count(*) >= 2 FROM batch_log");
sql($database, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database()});
$run->finish;
is($run->result(0), 0, 'a lost connection is made again') or diag($kept_err);
like($kept_err, qr/trying again/, 'and the retry is told');
is(digest($database), $clean, 'with nothing lost or doubled');

# Signals.
for my $case (['INT', 130], ['TERM', 143]) {
    my ($signal, $expected) = @$case;
    make_warehouse($database, pause => 0.05);
    my ($o, $e) = ('', '');
    my $stopped = start_client(\$o, \$e, @load, '--batch-rows', 500, $file);
    wait_for($database, "$in SELECT count(*) >= 2 FROM batch_log");
    $stopped->signal($signal);
    $stopped->finish;
    is($stopped->full_result(0) >> 8, $expected, "SIG$signal ends it with status $expected");
    like($e, qr/stopped by a signal: .* the same command goes on/, 'which it explains');
    make_quick($database);
    client(@load, $file);
    is(digest($database), $clean, 'and the load goes on as if nothing had been');
}

# Two at once.
make_warehouse($database, pause => 0.05);
my @two = map { { out => '', err => '' } } 1 .. 2;
$_->{run} = start_client(\$_->{out}, \$_->{err}, @load, '--batch-rows', 1000, $file) for @two;
$_->{run}->finish for @two;
my @by_status = sort { $a <=> $b } map { $_->{run}->full_result(0) >> 8 } @two;
is($by_status[0], 0, 'of two loads of one file at once, one loads it');
my $said = join '', map { $_->{out} . $_->{err} } @two;
like($said, qr/another session.* is loading .*sales\.csv/, 'the other one says that it is being loaded');
is(digest($database), $clean, 'and nothing is doubled');

# Truncated on its way: whole batches stay, the mended file completes them.
make_warehouse($database);
my $half = do { local $/; open my $f, '<:raw', $gzip or die; my $bytes = <$f>; substr($bytes, 0, int(length($bytes) * 0.6)) };
my $broken = write_file("$folder/broken.csv.gz", $half);
($status, $out, $err) = client(@load, '--batch-rows', 1000, $broken);
is($status, 1, 'a truncated gzip file is an error');
like($err, qr/broken\.csv\.gz is truncated.*gzip -t/s, 'that says so and how to check');
is(sql($database, "$in SELECT finished_at IS NULL AND next_record > 1000 FROM load_source"), 't', 'what came before is loaded, the source unfinished');
($status) = client(@load, $gzip);
is((split /\n/, digest($database))[0], (split /\n/, $clean)[0], 'after the whole file the facts are as after a clean load');

# Standard input has no fingerprint: its rows are recognised one by one.
make_warehouse($database);
my $program = $ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse';
for (1 .. 2) {
    IPC::Run::run([$program, @load, '-'], '<', $file, '>', \$out, '2>', \$err);
    is($? >> 8, 0, 'standard input loads') or diag($err);
}
is((split /\n/, digest($database))[0], (split /\n/, $clean)[0], 'and twice adds no fact');

done_testing();

# The feed without its pause, as a new version of it.
sub make_quick {
    my ($db) = @_;
    my ($contract, $steps) = (LoadTest::contract('["ISO"]'), LoadTest::steps(0));
    sql($db, qq{SELECT starhouse.create_feed('Odd "Name', 'sales', \$\$$contract\$\$, \$\$$steps\$\$)});
    return;
}
