#!/usr/bin/perl
# Several feeds in one process: each with its topic, group, figures and breaker; what fails in one is none of
# the others' business.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use HTTP::Tiny;
use IO::Socket::INET;
use Test::More;
use Time::HiRes ();
use IngestTest;
use StarhouseTest;

my $brokers = start_mock(2);
my $database = new_database('starhouse_ingest_feeds');
my $in = 'SET search_path = shop, starhouse;';
make_ingest_warehouse($database);
for my $feed (qw(returns visits)) {
    sql($database, qq{$in CREATE TABLE ${feed}_fact (id bigint PRIMARY KEY, n numeric, batch_id bigint);
      SELECT create_feed('shop', '$feed', '{"format":"jsonl","columns":[{"name":"id","type":"integer","required":true},{"name":"n","type":"numeric"}]}',
        '[{"step":"facts","into":"${feed}_fact","select":"SELECT id, n FROM batch"}]')});
}
mock("topic $_ 2") for qw(shop.returns shop.visits);
my @small = map { [$_ % 2, 'text', qq({"id":$_,"n":$_})] } 1 .. 500;
sub program { return client('ingest', 'shop', '--brokers', $brokers, '-d', "dbname=$database", '--partitions', 'all', '--batch-ms', 50, @_) }

# Two that are named, to the end of their topics.
produce($brokers, 'events', events(1, 1000, 2));
produce($brokers, 'shop.returns', @small);
my ($status, undef, $log) = program('--feed', 'sales', '--feed', 'returns', '--topic', 'sales=events', '--until-end');
is($status, 0, 'two feeds') or diag($log);
exactly_once_of('1000 10 490 500');
like($log, qr/ sales: reads the topic .*\n(.*\n)*.* returns: /, 'the log names the feed') or diag($log);

sub exactly_once_of {
    my ($expected) = @_;
    is(sql($database, "$in SELECT concat_ws(' ', (SELECT count(*) FROM bronze_sales), (SELECT count(*) / 2 FROM quarantine), (SELECT count(*) / 2 FROM sale_fact), (SELECT count(*) FROM returns_fact))"),
       $expected, 'each message once');
    return;
}

# All feeds that have a topic; events is not called shop.sales, but was read before.
my $port = do { my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1'); $free->sockport };
my $run = start_ingest($database, $brokers, '--all-feeds', '--metrics', ":$port");
produce($brokers, 'shop.visits', @small);
produce($brokers, 'events', events(1001, 2000, 2));
ok(wait_until($database, "$in SELECT sum(next_offset) = 3000 FROM source_partition"), 'all feeds') or diag(log_of($run));
my $page = HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics")->{content};
for my $case (['sales', 1000], ['visits', 500], ['returns', 0]) {
    like($page, qr/starhouse_ingest_records_read_total\{feed="$case->[0]",[^}]*\} $case->[1]\n/, "figures of $case->[0]") or diag($page);
}
is(() = $page =~ /# TYPE starhouse_ingest_records_read_total /g, 1, 'a figure is described once');

# One is broken: its source stops; the others go on.
sql($database, "$in ALTER TABLE visits_fact RENAME n TO m");
produce($brokers, 'shop.visits', map { [$_ % 2, 'text', qq({"id":$_,"n":$_})] } 501 .. 600);
ok(wait_until($database, "$in SELECT stop_reason LIKE '%42703%' FROM load_source WHERE feed_name = 'visits'"), 'a feed whose step fails stops');
produce($brokers, 'shop.returns', map { [$_ % 2, 'text', qq({"id":$_,"n":$_})] } 501 .. 600);
ok(wait_until($database, "$in SELECT count(*) = 600 FROM returns_fact"), 'the others go on') or diag(log_of($run));
sql($database, "$in ALTER TABLE visits_fact RENAME m TO n; SELECT resume_source('shop', source_id) FROM load_source WHERE feed_name = 'visits'");
ok(wait_until($database, "$in SELECT count(*) = 600 FROM visits_fact"), 'mended, it goes on, too') or diag(log_of($run));

# A kill -9 of the whole, and once more.
$run->kill_kill(grace => 0);
produce($brokers, 'events', events(2001, 3000, 2));
$run = start_ingest($database, $brokers, '--all-feeds');
ok(wait_until($database, "$in SELECT sum(next_offset) = 4200 FROM source_partition"), 'killed and begun again') or diag(log_of($run));
exactly_once($database, 3000, 'every message is there once') if sql($database, "$in DELETE FROM batch_log WHERE feed_name <> 'sales'; DELETE FROM source_partition USING load_source l WHERE l.source_id = source_partition.source_id AND l.feed_name <> 'sales'; SELECT 1");
$run->signal('TERM');
$run->finish;
is($run->result(0), 0, 'SIGTERM ends all in good order') or diag(log_of($run));

# Wrong usage.
for my $case ([[], qr/name feeds, or take --all-feeds/, 'no feed'], [['--all-feeds', '--feed', 'sales'], qr/name feeds, or take --all-feeds/, 'both'],
              [['--feed', 'sales', '--feed', 'visits', '--topic', 'events'], qr/write FEED=TOPIC/, 'one topic for two'],
              [['--feed', 'sales', '--feed', 'none'], qr/has no feed "none"/, 'unknown feed']) {
    ($status, undef, $log) = program(@{$case->[0]});
    ok($status != 0 && $log =~ $case->[1], $case->[2]) or diag("$status $log");
}
done_testing();
