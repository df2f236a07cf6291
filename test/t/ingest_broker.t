#!/usr/bin/perl
# Against Apache Kafka itself, which the test starts and stops: what a mock cluster cannot show. Groups that
# grow and shrink, a broker that goes down in mid-stream, compression, transactions, where to begin.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use Test::More;
use Time::HiRes ();
use IngestTest;
use StarhouseTest;

my ($brokers, $reason) = start_broker();
plan skip_all => "no Apache Kafka here: $reason" if !$brokers;

my $database = new_database('starhouse_ingest_broker');
my $in = 'SET search_path = shop, starhouse;';
sub arrived { my ($sent, $seconds) = @_; return wait_until($database, "$in SELECT sum(next_offset) = $sent FROM source_partition", $seconds // 120) }
sub stop_all { for my $run (@_) { $run->signal('TERM'); $run->finish } return }

# From end to end in a group of its own; again, and nothing is added.
make_ingest_warehouse($database);
make_topic($brokers, 'events', 6);
produce($brokers, 'events', events(1, 3000, 6));
my ($status, $log) = ingest($database, $brokers, '--group', 'first', '--batch-rows', 700);
is($status, 0, 'a topic is taken to its end') or diag($log);
exactly_once($database, 3000, 'with every message once');
ingest($database, $brokers, '--group', 'first');
exactly_once($database, 3000, 'and a second run adds nothing');

# Each codec in one topic: a consumer takes what it finds.
make_ingest_warehouse($database);
make_topic($brokers, 'packed', 2);
my $sent = 0;
for my $codec (qw(none gzip snappy lz4 zstd)) {
    produce_with($brokers, 'packed', ["compression.codec=$codec"], events($sent + 1, $sent + 400, 2));
    $sent += 400;
}
($status, $log) = ingest($database, $brokers, '--topic', 'packed');
is($status, 0, 'compressed messages') or diag($log);
exactly_once($database, $sent, 'are read whatever packed them');

# Transactions: what was rolled back, or never ended, is not there; offsets have holes where its marks stand.
make_ingest_warehouse($database);
make_topic($brokers, 'sure', 1);
my @one = map { [0, 'text', qq({"id":$_,"at":"2024-01-01T00:00:00Z","store":"a","amount":1})] } 1 .. 500;
produce_with($brokers, 'sure', ['transactional.id=a'], @one[0 .. 99]);
produce_with($brokers, 'sure', ['transactional.id=b', 'abort'], @one[100 .. 199]);
produce_with($brokers, 'sure', ['transactional.id=c'], @one[200 .. 299]);
produce_with($brokers, 'sure', ['transactional.id=d', 'transaction.timeout.ms=60000', 'leave'], @one[300 .. 399]);
produce($brokers, 'sure', @one[400 .. 499]);
my $what = "$in SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || coalesce(string_agg(DISTINCT (id - 1) / 100 || '', ',' ORDER BY (id - 1) / 100 || ''), '') FROM sale_fact";
($status, $log) = ingest($database, $brokers, '--topic', 'sure');
is($status, 0, 'a topic with transactions') or diag($log);
is(sql($database, $what), '200 200 0,2', 'shows those that were committed; one that is still open holds back what comes after it');
is(sql($database, "$in SELECT count(*) FROM bronze_sales"), 200, 'bronze has no other either');
# The same producer again: its open transaction is rolled back.
produce_with($brokers, 'sure', ['transactional.id=d', 'abort'], $one[399]);
($status, $log) = ingest($database, $brokers, '--topic', 'sure');
is(sql($database, $what), '300 300 0,2,4', 'and lets it through when it has ended');
is(sql($database, "$in SELECT count(*) FROM batch_log b, batch_log c WHERE b.batch_id < c.batch_id
                     AND (b.positions->'0'->>1)::bigint > (c.positions->'0'->>0)::bigint"), 0, 'each batch begins where the one before ended, or after the marks');

# Where to begin.
my $now = int(Time::HiRes::time() * 1000);
make_topic($brokers, 'begin', 2);
produce($brokers, 'begin', map { my @event = @$_; $event[3] = $now - 7_200_000; \@event } events(1, 100, 2));
produce($brokers, 'begin', map { my @event = @$_; $event[3] = $now - 600_000; \@event } events(101, 200, 2));
for my $case (['earliest', '1 200 196'], ['latest', ' 0'], [sql($database, "SELECT to_timestamp(($now - 3600000) / 1000.0)"), '101 200 98'],
              [sql($database, q(SELECT now() + interval '1 hour')), ' 0']) {
    my ($from, $expected) = @$case;
    make_ingest_warehouse($database);
    ($status, $log) = ingest($database, $brokers, '--topic', 'begin', '--from', $from);
    is($status, 0, "--from $from") or diag($log);
    my $got = sql($database, "$in SELECT concat_ws(' ', coalesce(min(id)::text, ''), max(id), count(*)) FROM sale_fact");
    is($got, $expected, "begins there: $from");
}

# Members come, leave and die, and the broker goes down and comes again under them: in good order, then by a crash.
make_ingest_warehouse($database, pause => 0.005);
make_topic($brokers, 'crowd', 6);
my (%member, @waiting);
$sent = 0;
my $more = sub {
    my ($count) = @_;
    my @events = events($sent + 1, $sent + $count, 6);
    $sent += $count;
    return @events;
};
my $join = sub { my ($name) = @_; $member{$name} = start_ingest($database, $brokers, '--topic', 'crowd', '--group', 'crowd', '--batch-rows', 50); return };
my $leave = sub { my ($name, $signal) = @_; my $run = delete $member{$name}; $signal eq 'KILL' ? $run->kill_kill(grace => 0) : stop_all($run); return };
my $talk = sub { for (1 .. $_[0]) { produce($brokers, 'crowd', $more->(120)); Time::HiRes::sleep(0.2) } return };

$join->('x');
$talk->(2);
ok(arrived($sent), 'one member takes all') or diag(log_of($member{x}));
$join->($_) for qw(y z);
$talk->(8);
ok(arrived($sent), 'three share') or diag(log_of($member{y}));
for my $verb (qw(stop kill)) {
    produce($brokers, 'crowd', $more->(1200));
    broker($verb);
    # Messages that wait for the broker in the producer, as in life.
    push @waiting, start_produce($brokers, 'crowd', $more->(1200));
    Time::HiRes::sleep(1.5);
    broker('start');
    ok((pop @waiting)->finish, "broker $verb and start: the producer gets its messages off");
    ok(arrived($sent), 'and they arrive') or diag(join "\n--\n", map { substr log_of($member{$_}), -3000 } sort keys %member);
    exactly_once($database, $sent, 'every message once');
}
$leave->('y', 'KILL');
$talk->(4);
$leave->('x', 'TERM');
$join->('y');
$talk->(4);
$leave->('z', 'TERM');
$talk->(2);
ok(arrived($sent), 'members leave, die and come again') or diag(join "\n--\n", map { substr log_of($member{$_}), -3000 } sort keys %member);
stop_all(values %member);
exactly_once($database, $sent, 'every message once');
done_testing();
