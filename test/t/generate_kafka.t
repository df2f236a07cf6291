#!/usr/bin/perl
# `starhouse generate --to-kafka`: the events of a generator as topics. All of them, once, in the order of
# their time; at the rate asked for; and what a feed makes of them is what it makes of the files.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use IPC::Run ();
use JSON::PP ();
use Test::More;
use Time::HiRes ();
use IngestTest;
use StarhouseTest;

my $folder = File::Temp->newdir;
my $brokers = start_mock(4);
my @options = ('quickeats', '--from', '2025-03-01', '--to', '2025-03-02', '--scale', '0.05', '--dirty', '0.05');
sub generate { return client('generate', @options, @_) }

my ($status, $out, $err) = generate('--out', "$folder/files");
is($status, 0, 'to files') or diag($err);
my $truth = do { local (@ARGV, $/) = "$folder/files/TRUTH.json"; <> };
my %truth = %{JSON::PP::decode_json($truth)->{feeds}};

($status, $out, $err) = generate('--to-kafka', $brokers, '--out', "$folder/masters");
is($status, 0, 'to topics, the master data to files') or diag($err);
my %sent = $out =~ /^  (\w+) +(\d+) messages/mg;
is_deeply([sort keys %sent], [qw(app_events feedback orders payments pings)], 'a topic for each feed of events');
is($sent{$_}, $truth{$_}{records}, "$_: as many messages as records") for sort keys %sent;
is(system('cmp', '-s', "$folder/files/$_", "$folder/masters/$_"), 0, "$_ is the same file") for qw(drivers.csv customers.csv TRUTH.json);
ok(!-e "$folder/masters/orders", 'and events are in no file');

# A warehouse that takes the topics shows what one that takes the files must show.
my $database = new_database('starhouse_generate_kafka');
my $make = "SET client_min_messages = error; SELECT starhouse.create_warehouse('quickeats', 'topics', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31')";
sql($database, $make);
sub take { # feed, topic
    return client('ingest', 'topics', '-d', "dbname=$database", '--brokers', $brokers, '--feed', $_[0], '--topic', $_[1], '--partitions', 'all', '--until-end', '--max-reject-rate', '100%');
}
for my $feed (qw(cities restaurants drivers customers)) {
    ($status, $out, $err) = client('load', 'topics', '-d', "dbname=$database", '--feed', $feed, '--quiet', grep { -f } glob "$folder/masters/$feed.csv $folder/masters/$feed/*.csv");
    is($status, 0, "$feed from files") or diag($err);
}
for my $feed (sort keys %sent) {
    ($status, $out, $err) = take($feed, "quickeats.$feed");
    is($status, 0, "$feed from its topic") or diag($err);
}
my $script = do { local (@ARGV, $/) = root() . '/sql/demo/quickeats_truth.sql'; <> };
(undef, $out, $err) = psql($database, $script, '-v', 'ON_ERROR_STOP=1', '-v', 'schema=topics', '-v', "truth=$truth");
cmp_ok(scalar(() = $out =~ /^ok /mg), '>', 80, 'every figure of TRUTH.json ...') or diag($err);
is(join("\n", grep { !/^ok / } split /\n/, $out), '', '... is equal');

# In the order of time: each partition's readable times ascend but for records sent late by their source.
is(sql($database, q{SELECT count(*) FROM (SELECT payload::jsonb->>'timestamp' AS at, lag(payload::jsonb->>'timestamp') OVER (PARTITION BY starhouse.topic_partition(record_no) ORDER BY record_no) AS before
     FROM topics.bronze_feedback) t WHERE at < before}), 0, 'messages come in the order of their time');

is(sql($database, q{SELECT count(*) > 1 FROM topics.source_partition p JOIN topics.load_source s USING (source_id) WHERE s.source_name = 'topic quickeats.pings' AND p.next_offset > 0}), 't', 'keys spread over partitions');
is(sql($database, q{SELECT max(n) FROM (SELECT count(DISTINCT starhouse.topic_partition(record_no)) AS n FROM topics.bronze_pings WHERE right(payload, 1) = chr(125) GROUP BY payload::jsonb->>'driver_id') t}), 1,
   'and one driver is in one of them');

# The key of a record that begins with an object is what that object begins with.
@options = ('streamflix', '--from', '2025-03-01', '--to', '2025-03-02', '--events', 1000);
($status, $out, $err) = generate('--to-kafka', $brokers, '--out', "$folder/films");
is($status, 0, 'sources that nest, too') or diag($err);
sql($database, q{SET client_min_messages = error; CREATE SCHEMA sites; SELECT starhouse.init_pipeline('sites');
  SELECT starhouse.create_feed('sites', 'ratings', '{"format":"jsonl","columns":[{"name":"video_id","type":"text"}]}', '[{"step":"sql","sql":"SELECT"}]')});
($status, $out, $err) = client('ingest', 'sites', '-d', "dbname=$database", '--brokers', $brokers, '--feed', 'ratings', '--topic', 'streamflix.site_ratings', '--partitions', 'all', '--until-end', '--max-reject-rate', '100%');
is($status, 0, 'as records of any feed') or diag($err);
is(sql($database, q{SELECT (count(DISTINCT site) > 1)::int || ' ' || (count(DISTINCT part) > 1)::int || ' ' || (count(DISTINCT (site, part)) = count(DISTINCT site))::int
     FROM (SELECT substring(payload, '"site_id": "([^"]*)"') AS site, starhouse.topic_partition(record_no) AS part FROM sites.bronze_ratings) r WHERE site IS NOT NULL}), '1 1 1',
   'sites spread over partitions, each in one');
@options = ('quickeats', '--from', '2025-03-01', '--to', '2025-03-02', '--scale', '0.05', '--dirty', '0.05');

# The rate is a ceiling.
my $total = 0;
$total += $_ for values %sent;
my $begin = Time::HiRes::time();
($status, $out, $err) = generate('--to-kafka', $brokers, '--topic-prefix', 'slow.', '--rate', $total);
is($status, 0, 'at a rate') or diag($err);
cmp_ok(Time::HiRes::time() - $begin, '>=', 0.95, 'it takes its time');
like($out, qr/^  orders +\d+ messages  topic slow\.orders$/m, 'to topics of another prefix');
like($out, qr/^left out: \d+ CSV files/m, 'and says what is left out without a folder');

# Ctrl-C: what was sent is there, no more and no less than it says.
my $run = IPC::Run::start([$ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse', 'generate', @options, '--to-kafka', $brokers, '--topic-prefix', 'cut.', '--rate', $total / 20],
                          '<', \undef, '>', \$out, '2>', \$err);
Time::HiRes::sleep(1.5);
$run->signal('INT');
$run->finish;
is($run->result(0), 130, 'Ctrl-C ends it') or diag($err);
my ($orders) = $out =~ /^  orders +(\d+) messages/m;
cmp_ok($orders // 0, '>', 0, 'with some messages sent');
cmp_ok($orders // 0, '<', $sent{orders}, 'but not all');
sql($database, "SET client_min_messages = error; SELECT starhouse.drop_warehouse('topics', confirm => 'topics')");
sql($database, $make);
(undef, undef, $err) = take('orders', 'cut.orders');
is(sql($database, "SELECT sum(records_read) FROM topics.batch_log WHERE feed_name = 'orders'"), $orders, 'which are there') or diag($err);

# Wrong usage.
for my $case ([['--to-kafka', '127.0.0.1:1'], qr/cannot reach the brokers/], [[], qr/--out or --to-kafka/], [['--out', "$folder/x", '--rate', 5], qr/requires --to-kafka/],
              [['--to-kafka', $brokers, '-X', 'no.such=1'], qr/librdkafka knows no no\.such/]) {
    my ($arguments, $message) = @$case;
    ($status, undef, $err) = generate(@$arguments);
    ok($status != 0, "refused: @$arguments");
    like($err, $message, 'with the reason');
}
done_testing();
