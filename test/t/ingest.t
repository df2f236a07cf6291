#!/usr/bin/perl
# A topic is taken into a warehouse: every message once, in facts or in quarantine, whatever is wrong
# with it; and what the client says of itself.
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

my $brokers = start_mock(4);
my $database = new_database('starhouse_ingest');
my $in = 'SET search_path = shop, starhouse;';
make_ingest_warehouse($database);

# From end to end, in several batches.
produce($brokers, 'events', events(1, 3000, 4));
my ($status, $log) = ingest($database, $brokers, '--group', 'first', '--batch-rows', 700);
is($status, 0, 'a topic is taken to its end') or diag($log);
exactly_once($database, 3000, 'with every message once');
is(sql($database, "$in SELECT string_agg(next_offset || ':' || end_offset, ',' ORDER BY partition) FROM source_partition"), '750:750,750:750,750:750,750:750',
   'the partitions stand at their end');
is(sql($database, "$in SELECT count(*) > 1 AND bool_and(positions IS NOT NULL) FROM batch_log"), 't', 'each batch notes its offsets');
is(sql($database, "$in SELECT DISTINCT sqlstate || ' ' || coalesce(column_name, '') FROM quarantine ORDER BY 1"), "22008 at\n23514 amount", 'rejects have their reasons');
is(sql($database, "$in SELECT (payload IS NOT NULL AND convert_from(payload, 'UTF8')::jsonb->>'id' = '17') FROM quarantine WHERE record_no = topic_record(1, 4)"), 't',
   'and can be found by partition and offset');

# Once more: nothing. More messages: only those.
($status, $log) = ingest($database, $brokers);
is($status, 0, 'a second run') or diag($log);
exactly_once($database, 3000, 'adds nothing');
produce($brokers, 'events', events(3001, 4000, 4));
ingest($database, $brokers);
exactly_once($database, 4000, 'a third one adds what is new');

# The live way: figures are served, SIGTERM ends it in good order.
my $port = do { my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1'); $free->sockport };
my $run = start_ingest($database, $brokers, '--metrics', ":$port", '--log-format', 'json', '--report-seconds', 1);
produce($brokers, 'events', events(4001, 5000, 4));
ok(wait_until($database, "$in SELECT sum(next_offset) = 5000 FROM source_partition"), 'messages are taken as they come');
Time::HiRes::sleep(1.2);
my $page = HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics")->{content};
like($page, qr/starhouse_ingest_records_read_total\{[^}]*feed="sales"[^}]*\} 1000\n/, 'metrics count records');
like($page, qr/starhouse_ingest_rejected_total\{[^}]*\} 20\n/, 'and rejects');
like($page, qr/starhouse_ingest_lag_records\{[^}]*partition="3"[^}]*\} 0\n/, 'and say the lag of each partition');
like($page, qr/starhouse_ingest_freshness_seconds_count\{/, 'and the freshness');
$run->signal('TERM');
$run->finish;
my $err = log_of($run);
is($run->result(0), 0, 'SIGTERM ends it with status 0') or diag($err);
is(scalar(grep { !/^\{"time":".*"level":".*"event":".*"message":.*\}$/ } split /\n/, $err), 0, 'its log is a line of JSON per event') or diag($err);
like($err, qr/"event":"progress".*"read":1000/, 'with its progress');
exactly_once($database, 5000, 'and every message is there once');

# Before the first message both sessions are ready for a batch, and nothing is in the warehouse.
make_ingest_warehouse($database);
mock('topic quiet 2');
$run = start_ingest($database, $brokers, '--topic', 'quiet');
ok(wait_for_log($run, qr/reads the topic/), 'a topic without messages is read');
is(sql($database, "SELECT count(*) FROM pg_class WHERE relname = 'batch' AND relpersistence = 't'"), 2, 'by sessions that are ready');
is(sql($database, "$in SELECT (SELECT count(*) FROM batch_log) || ' ' || (SELECT count(*) FROM quarantine) || ' ' || (SELECT count(*) FROM sale_fact)"), '0 0 0', 'and have stored nothing');
produce($brokers, 'quiet', [0, 'text', '{"id":1,"at":"2024-01-01T00:00:00Z","store":"a","amount":1}']);
ok(wait_until($database, "$in SELECT count(*) = 1 FROM sale_fact"), 'the first message comes by a first batch');
$run->signal('TERM');
$run->finish;
is($run->result(0), 0, 'and it stops');

# Poison: bytes that are no text, a NUL, a message too long, too deep, with a key twice, without a value,
# and one that only the server refuses. Each is in quarantine, the rest in the star.
make_ingest_warehouse($database);
mock('topic poison 2');
my @poison = (
    ['hex', '7b226964223a312c226174223a2232303234c3283032227d', '22021'],
    ['text', '{"id":2,"at":"2024-01-01T00:00:00Z","store":"a\\u0000b","amount":1}', '22021'],
    ['text', '{"id":3,"at":"2024-01-01T00:00:00Z","store":"' . ('x' x 5_000_000) . '","amount":1}', '54000'],
    ['text', '{"id":4,"x":' . ('[' x 3000) . (']' x 3000) . '}', '54000'],
    ['text', '{"id":5,"id":6,"at":"2024-01-01T00:00:00Z","store":"a","amount":1}', '22030'],
    ['null', '', '22004'],
    ['text', '', '22032'],
    ['text', 'not json', '22032'],
    ['text', '{"id":9,"at":"2024-01-01T00:00:00Z","store":"a","amount":2500}', '23514']);
my @good = map { my $n = $_ + 100; ['text', qq({"id":$n,"at":"2024-01-01T00:00:00Z","store":"a","amount":1})] } 1 .. 50;
my $n = 0;
produce($brokers, 'poison', map { [$n++ % 2, $_->[0], $_->[1]] } map { ($good[$_ % 50], $_ < @poison ? $poison[$_] : ()) } 0 .. 49);
($status, $log) = ingest($database, $brokers, '--topic', 'poison');
is($status, 0, 'poison stops nothing') or diag($log);
is(sql($database, "$in SELECT count(*) FROM sale_fact"), 50, 'every good message is loaded');
my $expected = join ',', sort map { $_->[2] } @poison;
is(sql($database, "$in SELECT string_agg(sqlstate, ',' ORDER BY sqlstate COLLATE \"C\") FROM quarantine"), $expected, 'every bad one is in quarantine with its reason')
    or diag(sql($database, "$in SELECT sqlstate, left(reason, 100) FROM quarantine ORDER BY record_no"));
is(sql($database, "$in SELECT max(length(payload)) > 5000000 FROM quarantine"), 't', 'with its bytes, five megabytes included');

# A message without a value may be left out instead.
mock('topic tombs 1');
produce($brokers, 'tombs', [0, 'null', ''], $good[0] ? [0, @{$good[0]}] : (), [0, 'null', '']);
make_ingest_warehouse($database);
($status, $log) = ingest($database, $brokers, '--topic', 'tombs', '--tombstones', 'skip');
is(sql($database, "$in SELECT (SELECT count(*) FROM sale_fact) || ' ' || (SELECT count(*) FROM quarantine)"), '1 0', '--tombstones skip leaves messages without a value out');

# Where to begin.
make_ingest_warehouse($database);
($status, $log) = ingest($database, $brokers, '--from', 'latest', '--group', 'late');
produce($brokers, 'events', events(5001, 5100, 4));
($status, $log) = ingest($database, $brokers, '--from', 'latest', '--group', 'late');
is(sql($database, "$in SELECT min(id) || ' ' || count(*) FROM sale_fact"), '5001 98', '--from latest begins at the end, once');

# Wrong usage is told at once.
for my $case ([["--brokers", "127.0.0.1:1"], qr/cannot reach the brokers/, 'no broker'],
              [['-X', 'no.such.thing=1'], qr/librdkafka knows no no\.such\.thing/, 'unknown property'],
              [['-X', 'ssl.key.password=file:/none'], qr/cannot read \/none/, 'secret that is not there'],
              [['--max-reject-rate', '7'], qr/no share/, 'bad share'],
              [['--feed', 'nothing'], qr/has no feed "nothing"/, 'unknown feed']) {
    my ($options, $message, $what) = @$case;
    my ($code, $text) = $what eq 'no broker' ? (client('ingest', 'shop', '--feed', 'sales', '-d', "dbname=$database", @$options))[0, 2]
                                             : ingest($database, $brokers, @$options);
    ok($code != 0, "$what: status");
    like($text, $message, "$what: message");
}
done_testing();
