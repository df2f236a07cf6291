#!/usr/bin/perl
# Most of a minute of steady work (bench/stream/soak does hours): memory of the client and of its sessions
# stays where it was after the warm-up, the table of offsets does not swell, the lag returns to
# nothing, and every message is there once, in facts, bronze and rollup.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use Test::More;
use Time::HiRes ();
use IngestTest;
use StarhouseTest;

plan skip_all => 'memory is read from /proc/PID/smaps_rollup' if !-r '/proc/self/smaps_rollup';

my $partitions = 8;
my $rounds     = 40;
my $a_round    = 1500;
my $warm_up    = 12;     # rounds
my $most_mb    = 24;     # that a process may gain after it

my $brokers  = start_mock($partitions);
my $database = new_database('starhouse_ingest_soak');
my $in       = 'SET search_path = shop, starhouse;';
make_ingest_warehouse($database);
sql($database, q{SELECT starhouse.create_rollup('shop.sales_daily', 'shop.sale_fact', 'at', '1 day', '{store_key}', '{"sales": "count(*)", "amount": "sum(amount)"}')});
my $run = start_ingest($database, $brokers, '--batch-ms', 100);
ok(wait_for_log($run, qr/reads the topic/), 'the client begins') or diag(log_of($run));

# Private memory in MB: shared buffers are no session's own.
sub memory_of {
    my ($process) = @_;
    open my $file, '<', "/proc/$process/smaps_rollup" or return 0;
    my $kb = 0;
    while (my $line = <$file>) { $kb += $1 if $line =~ /^Private\w*:\s+(\d+)/ }
    return $kb / 1024;
}
sub client_process { return $run->{KIDS}[0]{PID} }
sub sessions { return split ' ', sql($database, q{SELECT coalesce(string_agg(pid::text, ' ' ORDER BY pid), '') FROM pg_stat_activity WHERE application_name = 'starhouse ingest' AND datname = current_database()}) }

my ($sent, %before) = (0);
my $next = Time::HiRes::time();
for my $round (1 .. $rounds) {
    produce($brokers, 'events', events($sent + 1, $sent + $a_round, $partitions));
    $sent += $a_round;
    sql($database, 'CALL starhouse.rollup_compact_all()') if $round % 10 == 0;
    if ($round == $warm_up) {
        ok(wait_until($database, "$in SELECT sum(next_offset) = $sent FROM source_partition"), 'warmed up') or diag(substr log_of($run), -3000);
        %before = map { $_ => memory_of($_) } client_process(), sessions();
    }
    $next += 1;
    Time::HiRes::sleep($next - Time::HiRes::time()) if $next > Time::HiRes::time();
}
ok(wait_until($database, "$in SELECT sum(next_offset) = $sent FROM source_partition"), 'the lag returns to nothing') or diag(substr log_of($run), -3000);

my %after = map { $_ => memory_of($_) } keys %before;
cmp_ok($after{ client_process() }, '>', 1, 'the client is there');
is_deeply([sort(sessions())], [sort grep { $_ != client_process() } keys %before], 'with the sessions that it had');
my @grown = grep { $after{$_} - $before{$_} > $most_mb } keys %before;
is("@grown", '', "no process gained more than $most_mb MB") or diag(join "\n", map { sprintf '%d: %.1f -> %.1f MB', $_, $before{$_}, $after{$_} } sort keys %before);
cmp_ok(sql($database, q{SELECT pg_total_relation_size('shop.source_partition') / 1024}), '<', 1024, 'the table of offsets has not swollen');

$run->signal('TERM');
$run->finish;
is($run->result(0), 0, 'the client stops in good order') or diag(substr log_of($run), -3000);
unlike(log_of($run), qr/ retry|restart/, 'which never had to try again');
exactly_once($database, $sent, 'every message is there once');
is(sql($database, "$in SELECT (SELECT sum(sales) FROM sales_daily) = (SELECT count(*) FROM sale_fact)"), 't', 'and counted once');
done_testing();
