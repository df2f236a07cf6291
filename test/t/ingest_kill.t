#!/usr/bin/perl
# The client dies at any moment, or sleeps while others take its partitions: every message is in the
# warehouse once all the same. STARHOUSE_LONG=1 kills 200 times instead of 50.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use Test::More;
use Time::HiRes ();
use IngestTest;
use StarhouseTest;

my $kills = $ENV{STARHOUSE_LONG} ? 200 : 50;
my $brokers = start_mock(6);
my $database = new_database('starhouse_ingest_kill');
my $in = 'SET search_path = shop, starhouse;';

# kill -9 at random points, a new client at once: the dead one's last transaction may still be at work.
make_ingest_warehouse($database, pause => 0.01);
srand(20240229);
my ($last, $killed, $progress) = (0, 0, 0);
while ($killed < $kills) {
    produce($brokers, 'events', events($last + 1, $last + 200, 6));
    $last += 200;
    my $before = sql($database, "$in SELECT coalesce(sum(next_offset), 0) FROM source_partition");
    my $run = start_ingest($database, $brokers, '--batch-rows', 40, '--batch-ms', 5);
    # Every other one is let live to see a batch of its own, however slow the machine is.
    wait_until($database, "$in SELECT coalesce(sum(next_offset), 0) > $before FROM source_partition", 30) if $killed % 2;
    Time::HiRes::sleep(0.05 + rand 0.3);
    $run->kill_kill(grace => 0);
    ++$killed;
    ++$progress if sql($database, "$in SELECT coalesce(sum(next_offset), 0) > $before FROM source_partition") eq 't';
}
cmp_ok($progress, '>=', int($kills / 2), "$killed clients were killed, $progress of them after a commit");
my ($status, $log) = ingest($database, $brokers);
is($status, 0, 'another one ends the work') or diag($log);
exactly_once($database, $last, "after $killed kills every message is there once");

# Two clients read the same partitions: each takes over from the other, neither doubles anything.
make_ingest_warehouse($database, pause => 0.05);
mock('topic twice 2');
produce($brokers, 'twice', events(1, 2000, 2));
my $a = start_ingest($database, $brokers, '--topic', 'twice', '--batch-rows', 50);
ok(wait_until($database, "$in SELECT count(*) > 2 FROM batch_log"), 'one client is at work');
my $b = start_ingest($database, $brokers, '--topic', 'twice', '--batch-rows', 50);
ok(wait_until($database, "$in SELECT max(epoch) > 1 FROM source_partition"), 'another takes its partitions over');
ok(wait_until($database, "$in SELECT sum(next_offset) = 2000 FROM source_partition"), 'together they get to the end');
for my $run ($a, $b) { $run->signal('TERM'); $run->finish }
exactly_once($database, 2000, 'with every message once');
like(log_of($a) . log_of($b), qr/another client took over|another client or a new definition/, 'the one that was fenced off says so');

# A client sleeps beyond its session's time-out while it holds messages it has read and its batches wait for the database; another
# one of the group goes on; then it wakes and wants to commit, has to let go, and takes part again.
make_ingest_warehouse($database, pause => 0.2);
mock('topic sleep 2');
produce($brokers, 'sleep', events(1, 600, 2));
my @group = ('--topic', 'sleep', '--group', 'sleepers', '--batch-rows', 20);
my $c = start_ingest($database, $brokers, @group);
ok(wait_until($database, "$in SELECT count(*) > 2 FROM batch_log"), 'a member of a group is at work');
$c->signal('STOP');
my $d = start_ingest($database, $brokers, @group);
ok(wait_until($database, "$in SELECT sum(next_offset) = 600 FROM source_partition", 120), 'when it falls silent another one finishes');
$c->signal('CONT');
ok(wait_for_log($c, qr/gave partitions to others.*group assigned partitions/s, 60), 'it wakes, loses its partitions and gets some anew');
produce($brokers, 'sleep', events(601, 800, 2));
ok(wait_until($database, "$in SELECT sum(next_offset) = 800 FROM source_partition", 60), 'and what comes later is taken too, from all partitions');
for my $run ($c, $d) { $run->signal('TERM'); $run->finish }
exactly_once($database, 800, 'a sleeper that wakes doubles nothing');

# Members come and go.
make_ingest_warehouse($database);
mock('topic crowd 6');
my ($sent, %member) = (0);
my $join = sub {
    my ($name) = @_;
    $member{$name} = start_ingest($database, $brokers, '--topic', 'crowd', '--group', 'crowd', '--batch-rows', 50);
};
my $leave = sub {
    my ($name, $signal) = @_;
    my $run = delete $member{$name};
    $signal eq 'KILL' ? $run->kill_kill(grace => 0) : do { $run->signal($signal); $run->finish };
};
for my $act ([join => 'x'], [join => 'y'], [join => 'z'], [leave => 'y', 'TERM'], [leave => 'x', 'KILL'], [join => 'x'], [leave => 'z', 'INT']) {
    my ($what, $name, $signal) = @$act;
    $what eq 'join' ? $join->($name) : $leave->($name, $signal);
    for (1 .. 6) {
        produce($brokers, 'crowd', events($sent + 1, $sent + 60, 6));
        $sent += 60;
        Time::HiRes::sleep(0.4);
    }
}
ok(wait_until($database, "$in SELECT sum(next_offset) = $sent FROM source_partition", 120), 'members join, leave and die while messages come')
    or diag(join "\n--\n", map { substr log_of($member{$_}), -3000 } sort keys %member);
$leave->($_, 'TERM') for sort keys %member;
exactly_once($database, $sent, 'and every message is there once');
done_testing();
