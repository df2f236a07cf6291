# What the tests of `starhouse ingest` share: a broker (librdkafka's mock cluster in a process of its
# own), a small warehouse, messages, and the assertion that each of them is in the warehouse exactly once.
package IngestTest;
use strict;
use warnings;
use Exporter 'import';
use File::Temp ();
use IPC::Run ();
use Test::More;
use Time::HiRes ();
use StarhouseTest;

our @EXPORT = qw(start_mock mock stop_mock start_broker broker make_topic produce produce_with start_produce events make_ingest_warehouse start_ingest log_of ingest exactly_once wait_until wait_for_log);

sub tool { return $ENV{STARHOUSE_KAFKA_TOOL} // root() . '/build/release/kafka_tool' }

my ($mock, $mock_in, $mock_out) = (undef, '', '');

# Starts the mock cluster; returns its address. `events` is a topic of so many partitions.
sub start_mock {
    my ($partitions, $brokers) = @_;
    ($mock_in, $mock_out) = ('', '');
    $mock = IPC::Run::start([tool(), 'mock', $partitions // 4, $brokers // 1], '<', \$mock_in, '>', \$mock_out, IPC::Run::timeout(600));
    $mock->pump until $mock_out =~ /\n/;
    my ($address) = $mock_out =~ /^(\S+)/;
    $mock_out = '';
    return $address;
}

# One command to it; dies unless it says ok.
sub mock {
    my ($command) = @_;
    $mock_out = '';
    $mock_in .= "$command\n";
    $mock->pump until $mock_out =~ /\n/;
    die "mock: $command: $mock_out" if $mock_out !~ /^ok/;
    return;
}

sub stop_mock {
    return if !$mock;
    $mock->kill_kill(grace => 0);
    $mock = undef;
    return;
}

# A real broker (scripts/kafka) with its data in a folder of its own; returns its address, or nothing and
# the reason where it cannot be had.
my $broker_folder;
sub start_broker {
    my $folder = File::Temp::tempdir('starhouse-kafka-XXXXXX', TMPDIR => 1);
    my ($out, $err) = ('', '');
    IPC::Run::run([root() . '/scripts/kafka', 'start', $folder], '<', \undef, '>', \$out, '2>', \$err);
    if ($? >> 8 == 3) {
        rmdir $folder;
        return (undef, $err =~ /no broker: (.*)/ ? $1 : $err);
    }
    $broker_folder = $folder;
    die "the broker did not start: $err" if $? != 0;
    chomp $out;
    return ($out, undef);
}

# stop, start (again, where it was) or kill.
sub broker {
    my ($verb) = @_;
    IPC::Run::run([root() . '/scripts/kafka', $verb, $broker_folder], '<', \undef, '>', '/dev/null') or die "broker: $verb failed";
    return;
}

sub make_topic {
    my ($brokers, $topic, $partitions) = @_;
    IPC::Run::run([tool(), 'topic', $brokers, $topic, $partitions], '<', \undef) or die "no topic $topic";
    return;
}

END {
    my $status = $?;
    stop_mock();
    IPC::Run::run([root() . '/scripts/kafka', 'destroy', $broker_folder]) if $broker_folder;
    $? = $status;
}

# Messages as lines of kafka_tool: [partition, kind, value, time in milliseconds].
sub lines { return join '', map { sprintf "%d\t%d\t%s\t%s\n", $_->[0], $_->[3] // 0, $_->[1], $_->[2] } @_ }
sub produce { my ($brokers, $topic, @messages) = @_; return produce_with($brokers, $topic, [], @messages) }

# With properties of librdkafka, or `abort` for a transaction that fails.
sub produce_with {
    my ($brokers, $topic, $options, @messages) = @_;
    my $lines = lines(@messages);
    IPC::Run::run([tool(), 'produce', $brokers, $topic, @$options], '<', \$lines) or die 'producing failed';
    return;
}

# In the background, for messages that have to wait for a broker that is away; `finish` the handle.
sub start_produce {
    my ($brokers, $topic, @messages) = @_;
    my $lines = lines(@messages);
    return IPC::Run::start([tool(), 'produce', $brokers, $topic, 'log_level=0'], '<', \$lines);
}

# Events first .. last over the partitions. Of a hundred, one has no date there is (the contract rejects
# it) and one an amount that a step rejects.
sub events {
    my ($first, $last, $partitions) = @_;
    return map {
        my $at = $_ % 100 == 17 ? '2024-02-31' : sprintf '2024-%02d-%02dT%02d:00:00Z', 1 + $_ % 3, 1 + $_ % 28, $_ % 24;
        my $amount = $_ % 100 == 42 ? 950 : ($_ * 7919 % 79000) / 100;
        [$_ % $partitions, 'text', qq({"id":$_,"at":"$at","store":"s@{[$_ % 13]}","amount":$amount})];
    } $first .. $last;
}

# Makes the warehouse `shop` (anew) in the database; options: pause (seconds a batch takes more), bronze,
# amount (its type in the contract).
sub make_ingest_warehouse {
    my ($database, %option) = @_;
    my $pause = $option{pause} // 0;
    my $bronze = $option{bronze} // 'true';
    sql($database, qq{
        SET client_min_messages = error;
        DROP SCHEMA IF EXISTS shop CASCADE;
        CREATE SCHEMA shop;
        SET search_path = shop, starhouse;
        SELECT init_pipeline('shop');
        CREATE TABLE store_dim (store_id text PRIMARY KEY, is_inferred boolean NOT NULL DEFAULT false);
        CREATE TABLE sale_fact (id bigint, at timestamptz, store_key text NOT NULL REFERENCES store_dim, amount numeric CHECK (amount < 2000),
                                batch_id bigint, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        SELECT create_feed('shop', 'sales', '{"format":"jsonl","columns":[{"name":"id","type":"integer","required":true},
            {"name":"at","type":"timestamptz","required":true},{"name":"store","type":"text","required":true},{"name":"amount","type":"numeric","required":true}]}',
          '[{"step":"reject","when":"amount > 900 AND amount < 1000","column":"amount","reason":"more than 900","hint":"Ask the till."},
            {"step":"members","into":"store_dim","key":"store_id","select":"SELECT store FROM batch"},
            {"step":"sql","name":"pause","sql":"SELECT pg_sleep($pause)"},
            {"step":"facts","into":"sale_fact","time":"at","partition":"1 month","select":"SELECT id, at, store AS store_key, amount FROM batch"}]',
          bronze => $bronze);
    });
    return;
}

sub arguments {
    my ($database, $brokers, @more) = @_;
    my %default = ('--feed' => 'sales', '--topic' => 'events', '--batch-ms' => 50);
    # A group takes seconds to form, so it is left out unless it is what the test is about.
    $default{'--partitions'} = 'all' if !grep { $_ eq '--group' } @more;
    delete @default{'--feed', '--topic'} if grep { $_ eq '--all-feeds' } @more;
    my @defaults = map { my $option = $_; (grep { $_ eq $option } @more) ? () : ($option, $default{$option}) } sort keys %default;
    return ('ingest', 'shop', '--brokers', $brokers, '-d', "dbname=$database", '-X', 'heartbeat.interval.ms=500', '-X', 'session.timeout.ms=6000',
            @defaults, @more);
}

sub program { return $ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse' }

# In the background; log_of() gives what it has said so far.
my $logs = File::Temp->newdir;
my %log;
sub start_ingest {
    my (@arguments) = @_;
    my $file = "$logs/" . (1 + keys %log);
    my $run = IPC::Run::start([program(), arguments(@arguments)], '<', \undef, '>', '/dev/null', '2>', $file);
    $log{$run} = $file;
    return $run;
}

sub log_of {
    my ($run) = @_;
    open my $file, '<', $log{$run} or return '';
    local $/ = undef;
    return <$file> // '';
}

# To the end of the topic; returns status and log.
sub ingest {
    my ($database, $brokers, @more) = @_;
    return (client(arguments($database, $brokers, '--until-end', @more)))[0, 2];
}

sub wait_until {
    my ($database, $query, $seconds) = @_;
    my $until = Time::HiRes::time() + ($seconds // 90);
    while (Time::HiRes::time() < $until) {
        return 1 if sql($database, $query) eq 't';
        Time::HiRes::sleep(0.05);
    }
    return 0;
}

sub wait_for_log {
    my ($run, $pattern, $seconds) = @_;
    my $until = Time::HiRes::time() + ($seconds // 90);
    while (Time::HiRes::time() < $until) {
        return 1 if log_of($run) =~ $pattern;
        Time::HiRes::sleep(0.05);
    }
    return 0;
}

# Events 1 .. last are in the warehouse once each, in facts or in quarantine. Bronze and the log have no
# key that would hide a message taken twice.
sub exactly_once {
    my ($database, $last, $name) = @_;
    my $got = sql($database, qq{
        SET search_path = shop, starhouse;
        SELECT concat_ws(' ',
          'facts', (SELECT count(*) FROM sale_fact WHERE id BETWEEN 1 AND $last),
          'quarantined', (SELECT count(*) FROM quarantine), (SELECT count(DISTINCT (source_id, record_no)) FROM quarantine),
          'bronze', (SELECT count(*) FROM bronze_sales), (SELECT count(DISTINCT record_no) FROM bronze_sales),
          'read', (SELECT sum(records_read) FROM batch_log), 'duplicates', (SELECT sum(duplicates) FROM batch_log),
          'offsets', (SELECT sum(next_offset) FROM source_partition),
          'wrong', (SELECT count(*) FROM bronze_sales b WHERE NOT EXISTS (
                      SELECT FROM batch_log l WHERE l.batch_id = b.batch_id
                        AND topic_offset(b.record_no) >= (l.positions->topic_partition(b.record_no)::text->>0)::bigint
                        AND topic_offset(b.record_no) < (l.positions->topic_partition(b.record_no)::text->>1)::bigint)))});
    my $bad = grep { $_ % 100 == 17 || $_ % 100 == 42 } 1 .. $last;
    my $good = $last - $bad;
    return is($got, "facts $good quarantined $bad $bad bronze $last $last read $last duplicates 0 offsets $last wrong 0", $name);
}

1;
