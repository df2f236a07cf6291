#!/usr/bin/perl
# The broker, the network, the database or the data fail: every message is in the warehouse once all the
# same, and the client says what it saw.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use Test::More;
use Time::HiRes ();
use IngestTest;
use StarhouseTest;

my $brokers = start_mock(3, 3);
my $database = new_database('starhouse_ingest_faults');
my $in = 'SET search_path = shop, starhouse;';
my $sent = 0;
my $run;

sub begin {
    my (%option) = @_;
    my @more = @{$option{arguments} // []};
    unshift @more, '--batch-rows', 50 if !grep { $_ eq '--batch-rows' } @more;
    $run = start_ingest($database, $brokers, @more);
    return;
}
sub more { my ($count) = @_; produce($brokers, 'events', events($sent + 1, $sent + $count, 3)); $sent += $count; return }
sub arrived { my ($seconds) = @_; return wait_until($database, "$in SELECT sum(next_offset) = $sent FROM source_partition", $seconds // 90) }
sub stop_run {
    my ($name) = @_;
    $run->signal('TERM');
    $run->finish;
    return is($run->result(0), 0, $name) || diag(substr log_of($run), -3000);
}

make_ingest_warehouse($database, pause => 0.01);
begin();
more(300);
ok(arrived(), 'work begins') or diag(log_of($run));

# The broker: slow, errors for fetches, one that goes and comes again.
mock("rtt $_ 300") for 1 .. 3;
more(300);
ok(arrived(), 'a broker that takes its time');
mock("rtt $_ 0") for 1 .. 3;
mock('fail 1 6 6');    # Fetch: NOT_LEADER_FOR_PARTITION
mock('fail 3 2 5');    # Metadata: LEADER_NOT_AVAILABLE
more(300);
ok(arrived(), 'errors for its requests');
mock("down $_") for 1 .. 3;
Time::HiRes::sleep(1.5);
mock("up $_") for 1 .. 3;
more(300);
ok(arrived(), 'brokers that go away and come again') or diag(substr log_of($run), -3000);
exactly_once($database, $sent, 'lose and double nothing');

# The database: sessions ended in the middle of batches.
for (1 .. 8) {
    more(100);
    Time::HiRes::sleep(0.15);
    sql($database, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starhouse ingest' AND datname = current_database()});
}
ok(arrived(), 'sessions that are cut again and again') or diag(substr log_of($run), -3000);
like(log_of($run), qr/ retry|connection to the server was lost|terminating connection/, 'are told of');
exactly_once($database, $sent, 'lose and double nothing');

# A deadlock and a serialisation failure are tried again; so is a full disk.
sql($database, q{CREATE TABLE shop.failing (state text); CREATE FUNCTION shop.fail() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE s text; BEGIN
    -- dblink would outlive the rollback; a sequence does too.
    CASE nextval('shop.failures') WHEN 1 THEN s := '40P01'; WHEN 2 THEN s := '40001'; WHEN 3 THEN s := '53100'; WHEN 4 THEN s := '57P03'; ELSE RETURN NULL; END CASE;
    RAISE EXCEPTION 'made to fail' USING ERRCODE = s; END $$;
  CREATE SEQUENCE shop.failures; CREATE TRIGGER fails BEFORE INSERT ON shop.batch_log FOR EACH STATEMENT EXECUTE FUNCTION shop.fail()});
more(100);
ok(arrived(), 'errors that pass are waited out');
like(log_of($run), qr/sqlstate="$_"/, "$_ was met") for qw(40001 53100);
sql($database, 'DROP TRIGGER fails ON shop.batch_log');
exactly_once($database, $sent, 'and lose and double nothing');

# The feed is redefined while messages come.
my $version = sql($database, q{SET search_path = shop, starhouse;
  ALTER TABLE sale_fact ADD COLUMN note text;
  SELECT create_feed('shop', 'sales', contract || '{"columns":[{"name":"id","type":"integer","required":true},{"name":"at","type":"timestamptz","required":true},
      {"name":"store","type":"text","required":true},{"name":"amount","type":"numeric","required":true},{"name":"note","type":"text"}]}',
    replace(steps::text, 'AS store_key, amount FROM', 'AS store_key, amount, coalesce(note, ''new'') AS note FROM')::jsonb) FROM feed});
is($version, 2, 'a new version of the feed');
more(200);
ok(arrived(), 'is taken up while messages come') or diag(substr log_of($run), -3000);
cmp_ok(sql($database, "$in SELECT count(*) FROM sale_fact WHERE note = 'new'"), '>=', 196, 'and used');
exactly_once($database, $sent, 'and nothing is lost or doubled');
stop_run('the client was there all the time');

# Too many rejects stop the source; it waits, and goes on when told.
make_ingest_warehouse($database);
mock('topic breaks 2');
produce($brokers, 'breaks', map { [$_ % 2, 'text', $_ < 1000 ? '{"id":1}' : qq({"id":$_,"at":"2024-01-01","store":"s","amount":1})] } 0 .. 1999);
begin(arguments => ['--topic', 'breaks', '--max-reject-rate', '20%', '--batch-rows', 5000, '--batch-ms', 2000]);
ok(wait_until($database, "$in SELECT stopped_at IS NOT NULL AND stop_reason LIKE 'more than 20.0\%%' FROM load_source"), 'a feed whose rejects explode is stopped');
Time::HiRes::sleep(1);
is(sql($database, "$in SELECT (SELECT count(*) FROM sale_fact) || ' ' || (SELECT count(*) FROM quarantine)"), '0 0', 'before anything of the batch is loaded');
is(sql($database, "SELECT starhouse.resume_source('shop', 1)"), 't', 'resumed by hand');
ok(wait_until($database, "$in SELECT sum(next_offset) = 2000 FROM source_partition"), 'it goes on') or diag(substr log_of($run), -3000);
is(sql($database, "$in SELECT (SELECT count(*) FROM sale_fact) || ' ' || (SELECT count(*) FROM quarantine)"), '1000 1000', 'and takes the rejects to quarantine');
# By hand, and a step that cannot work.
sql($database, "SELECT starhouse.stop_source('shop', 1, 'maintenance')");
Time::HiRes::sleep(2.5);
produce($brokers, 'breaks', map { [$_ % 2, 'text', qq({"id":$_,"at":"2024-01-01","store":"s","amount":1})] } 2000 .. 2099);
Time::HiRes::sleep(1.5);
is(sql($database, "$in SELECT sum(next_offset) FROM source_partition"), 2000, 'stopped by hand it takes nothing');
sql($database, "ALTER TABLE shop.sale_fact RENAME COLUMN amount TO price; SELECT starhouse.resume_source('shop', 1)");
ok(wait_until($database, "$in SELECT stopped_at IS NOT NULL AND stop_reason LIKE '%42703%' FROM load_source"), 'a step that cannot work stops the source, with its reason') or diag(substr log_of($run), -3000);
sql($database, "ALTER TABLE shop.sale_fact RENAME COLUMN price TO amount; SELECT starhouse.resume_source('shop', 1)");
ok(wait_until($database, "$in SELECT sum(next_offset) = 2100 FROM source_partition"), 'mended, it goes on where it was');
# A server that has no memory for anything.
sql($database, q{CREATE FUNCTION shop.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53200'; END $$;
  CREATE TRIGGER full_up BEFORE INSERT ON shop.sale_fact FOR EACH STATEMENT EXECUTE FUNCTION shop.full()});
produce($brokers, 'breaks', map { [$_ % 2, 'text', qq({"id":$_,"at":"2024-01-01","store":"s","amount":1})] } 2100 .. 2199);
ok(wait_until($database, "$in SELECT stopped_at IS NOT NULL AND stop_reason LIKE '%no room (53200)' FROM load_source"), 'a server without memory is not asked for ever: the source stops')
  or diag(substr log_of($run), -3000);
cmp_ok(sql($database, "$in SELECT count(*) FROM quarantine WHERE sqlstate = '53200'"), '<=', 3, 'and quarantine is not filled with what is good');
sql($database, "DROP TRIGGER full_up ON shop.sale_fact; SELECT starhouse.resume_source('shop', 1)");
ok(wait_until($database, "$in SELECT sum(next_offset) = 2200 FROM source_partition"), 'with memory it goes on') or diag(substr log_of($run), -3000);
is(sql($database, "$in SELECT (SELECT count(*) FROM sale_fact WHERE id >= 2100) + (SELECT count(*) FROM quarantine WHERE sqlstate = '53200')"), 100, 'with every message');
# One that has memory for twenty of them, and for one never.
sql($database, q{DELETE FROM shop.quarantine WHERE sqlstate = '53200';
  CREATE FUNCTION shop.room() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF (SELECT count(*) > 20 OR bool_or(id = 2234) FROM fresh) THEN RAISE EXCEPTION 'no room' USING ERRCODE = '53200'; END IF; RETURN NULL;
  END $$;
  CREATE TRIGGER room AFTER INSERT ON shop.sale_fact REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION shop.room()});
produce($brokers, 'breaks', map { [$_ % 2, 'text', qq({"id":$_,"at":"2024-01-01","store":"s","amount":1})] } 2200 .. 2299);
ok(wait_until($database, "$in SELECT sum(next_offset) = 2300 FROM source_partition"), 'a batch that wants too much memory is loaded in parts') or diag(substr log_of($run), -3000);
is(sql($database, "$in SELECT (SELECT count(*) FROM sale_fact WHERE id >= 2200) || ' ' || string_agg(sqlstate || ' ' || (convert_from(payload, 'UTF8')::jsonb->>'id'), ';') FROM quarantine WHERE sqlstate LIKE '53%'"),
   '99 53200 2234', 'and a record that wants it alone is in quarantine');
stop_run('and never went away');

# Offsets beyond the end of the log: the topic is not the one that was read.
sql($database, "UPDATE shop.source_partition SET next_offset = next_offset + 5000 WHERE partition = 1");
my ($status, $log) = ingest($database, $brokers, '--topic', 'breaks');
is($status, 3, 'a log that is shorter than what was read of it stops the source') or diag($log);
like($log, qr/data_loss|the topic was made anew/, 'and is told');
is(sql($database, "$in SELECT count(*) || ' ' || max(partition) FROM source_gap"), '1 1', 'and recorded');
sql($database, "SELECT starhouse.check_alerts('shop')");
like(sql($database, "$in SELECT severity || ' ' || subject || ' ' || value || ' ' || evidence FROM alert WHERE kind = 'data_loss' AND cleared_at IS NULL"),
     qr/^critical sales: topic breaks 1 records never read: partition 1: the log ends at offset 1150, before 6150: the topic was made anew$/, 'and an alert');
sql($database, "SELECT starhouse.resume_source('shop', 1)");
($status, $log) = ingest($database, $brokers, '--topic', 'breaks', '--on-data-loss', 'continue');
is($status, 0, 'unless it is passed over') or diag($log);
is(sql($database, "$in SELECT next_offset FROM source_partition WHERE partition = 1"), '1150', 'it is read from its beginning then');

# A broker that stays away: what the others have comes all the same, also when it is asked, after 20 seconds, about the partitions it has.
make_ingest_warehouse($database);
mock('topic shared 3');
mock("leader shared $_ @{[$_ + 1]}") for 0 .. 2;
begin(arguments => ['--topic', 'shared']);
produce($brokers, 'shared', events(1, 300, 3));
ok(wait_until($database, "$in SELECT sum(next_offset) = 300 FROM source_partition"), 'three brokers have a partition each') or diag(log_of($run));
my $id = 1_000_000;
my $send = sub {
    my ($partition, $milliseconds) = @_;
    my $line = qq($partition\t0\ttext\t{"id":@{[$id++]},"at":"2024-01-01","store":"s","amount":1}\n);
    return IPC::Run::run([IngestTest::tool(), 'produce', $brokers, 'shared', "message.timeout.ms=$milliseconds", 'log_level=0'], '<', \$line, '>&', \my $said);
};
mock('down 1');
ok(!$send->(0, 2000), 'one of them is away');
my ($sent_on, @late) = (0);
for my $round (1 .. 12) {
    Time::HiRes::sleep(2);
    $send->(1, 60_000) or die 'producing failed';
    $sent_on++;
    push @late, $round if !wait_until($database, "$in SELECT next_offset = 100 + $sent_on FROM source_partition WHERE partition = 1", 8);
}
is("@late", '', 'one that stays away does not keep back what others have') or diag(log_of($run));
mock('up 1');
$send->(0, 60_000) or die 'producing failed';
ok(wait_until($database, "$in SELECT sum(next_offset) = @{[301 + $sent_on]} FROM source_partition"), 'and is read when it is back');
stop_run('by the same client');
done_testing();
