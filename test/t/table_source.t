#!/usr/bin/perl
# Tables that others fill: every row that is committed is loaded once, whatever the order of commits, rollbacks,
# sequences with a cache, prepared and long transactions; the state of a source survives a restore, told apart by cluster.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use IPC::Run ();
use POSIX 'WNOHANG';
use Test::More;
use Time::HiRes ();
use StarhouseTest;

my $database = new_database('starhouse_table_source');
my $in = 'SET client_min_messages = error; SET search_path = shop, public, starhouse;';
my $folder = File::Temp->newdir;

sub make {
    sql($database, qq{
        SET client_min_messages = error;
        DROP SCHEMA IF EXISTS shop CASCADE; DROP TABLE IF EXISTS events, outbox, parted; DROP SEQUENCE IF EXISTS event_ids;
        CREATE SCHEMA shop;
        SELECT starhouse.init_pipeline('shop');
        CREATE TABLE shop.event_fact (id bigint PRIMARY KEY, amount numeric, batch_id bigint);
        SELECT starhouse.create_feed('shop', 'events', '{"format":"jsonl","columns":[{"name":"id","type":"integer","required":true},{"name":"amount","type":"numeric","required":true}]}',
          '[{"step":"facts","into":"event_fact","select":"SELECT id, amount FROM batch"}]');
        CREATE SEQUENCE event_ids CACHE 50;
        CREATE TABLE events (id bigint DEFAULT nextval('event_ids'), amount numeric);});
    return;
}
# What is in the table is in bronze once each, and nothing else.
sub all_once {
    my ($name) = @_;
    return is(sql($database, "$in SELECT (SELECT count(*) FROM events) = (SELECT count(*) FROM bronze_events) AND (SELECT count(*) FROM bronze_events) = (SELECT count(DISTINCT payload::jsonb->'id') FROM bronze_events)
        AND (SELECT count(*) FROM bronze_events) = (SELECT count(DISTINCT record_no) FROM bronze_events)
        AND NOT EXISTS (SELECT FROM events e WHERE NOT EXISTS (SELECT FROM event_fact f WHERE f.id = e.id) AND NOT EXISTS (SELECT FROM quarantine q WHERE convert_from(q.payload, 'UTF8')::jsonb->>'id' = e.id::text))"), 't', $name)
        || diag(sql($database, "$in SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM bronze_events), (SELECT count(DISTINCT payload::jsonb->'id') FROM bronze_events), (SELECT count(*) FROM event_fact)"));
}
sub step { return sql($database, "SELECT starhouse.process_source('shop', 1)->>'$_[0]'") }
sub session { # a psql that waits for more; &$say(sql) sends, end() ends it
    my ($in_text, $out) = ('', '');
    my $run = IPC::Run::start(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $database], '<', \$in_text, '>', \$out, '2>&1', IPC::Run::timeout(120));
    my $n = 0;
    my $say = sub { my ($sql) = @_; $in_text .= "$sql;\n\\echo done" . ++$n . "\n"; $run->pump until $out =~ /done$n\n/; return $out };
    return ($run, $say, sub { $in_text .= "\\q\n"; $run->finish });
}

# Rows that were there, later ones, one that the contract refuses.
make();
sql($database, "$in INSERT INTO events (amount) SELECT n FROM generate_series(1, 100) n; SELECT create_table_source('shop', 'events', 'events')");
sql($database, "$in INSERT INTO events (amount) SELECT n FROM generate_series(1, 100) n; INSERT INTO events (amount) VALUES (NULL)");
sql($database, "CALL starhouse.process_sources('shop')");
all_once('rows from before and after');
is(sql($database, "$in SELECT sqlstate || ' ' || column_name FROM quarantine"), '23502 amount', 'one is refused');
is(step('read'), 0, 'nothing is read twice');

# A transaction that began before a tick and commits after it, and one that stays open for long.
my ($early, $say, $end) = session();
$say->('BEGIN'); $say->('INSERT INTO events (amount) VALUES (1)');
my ($rolled, $say_rolled, $end_rolled) = session();
$say_rolled->('BEGIN'); $say_rolled->('INSERT INTO events (amount) VALUES (2)');
sql($database, 'INSERT INTO events (amount) VALUES (3)');
is(step('read'), 1, 'what is committed is read');
sql($database, 'INSERT INTO events (amount) VALUES (4)');
is(step('read'), 1, 'again behind an open transaction');
$say->('COMMIT'); $say_rolled->('ROLLBACK'); $end_rolled->();
is(step('read'), 1, 'a row that was inserted before two ticks and commits after them');
$say->('BEGIN'); $say->('INSERT INTO events (amount) VALUES (5)'); $say->('SAVEPOINT a'); $say->('INSERT INTO events (amount) VALUES (6)');
$say->('ROLLBACK TO a'); $say->('SAVEPOINT b'); $say->('INSERT INTO events (amount) VALUES (7)');
is(step('read'), 0, 'subtransactions are not seen early');
$say->('COMMIT'); $end->();
is(step('read'), 2, 'nor missed, but for what they rolled back');
all_once('all once');

# The caller's own rows come later, those of the same transaction after the call included.
is(sql($database, "BEGIN; INSERT INTO events (amount) VALUES (8); SELECT starhouse.process_source('shop', 1)->>'read'; INSERT INTO events (amount) VALUES (9); COMMIT"), 0, 'rows of the own transaction wait');
is(step('read'), 2, 'and are read then');
# A failed call moves nothing.
psql($database, "BEGIN; SELECT starhouse.process_source('shop', 1); ROLLBACK");
sql($database, 'INSERT INTO events (amount) VALUES (10)');
psql($database, "BEGIN; SELECT starhouse.process_source('shop', 1); ROLLBACK");
is(step('read'), 1, 'a call that is rolled back has not happened');

# Steps of a tick hold whole transactions.
sql($database, "INSERT INTO events (amount) SELECT 1 FROM generate_series(1, 3)") for 1 .. 3;
is(join(',', map { sql($database, "SELECT j->>'read' || (j->>'more') FROM starhouse.process_source('shop', 1, 4) j") } 1 .. 2), '6true,3false', 'a tick in steps');
all_once('all once');

# Two at once, and many writers with rollbacks and a cached sequence, while the source is read all the time.
my ($holder, $hold, $release) = session();
sql($database, 'INSERT INTO events (amount) VALUES (11)');
$hold->('BEGIN'); $hold->("SELECT starhouse.process_source('shop', 1)");
is(sql($database, "SELECT starhouse.process_source('shop', 1)->>'busy'"), 'true', 'a second reader leaves it to the first');
$hold->('COMMIT'); $release->();
open my $script, '>', "$folder/write.sql" or die $!;
print {$script} <<'SQL';
\set n random(1, 4)
\set fate random(1, 100)
BEGIN;
INSERT INTO events (amount) SELECT i FROM generate_series(1, :n) i;
SELECT pg_sleep(:fate * 0.0001);
SAVEPOINT s;
INSERT INTO events (amount) VALUES (0);
\if :fate < 20
ROLLBACK TO s;
\endif
\if :fate > 80
ROLLBACK;
\else
COMMIT;
\endif
SQL
close $script or die $!;
my ($long, $wait, $finish) = session();
$wait->('BEGIN'); $wait->('INSERT INTO events (amount) VALUES (12)');
my $bench = fork // die $!;
if (!$bench) {
    open STDERR, '>', "$folder/bench.log" or die $!;
    open STDOUT, '>', '/dev/null' or die $!;
    exec 'pgbench', '-n', '-c', 8, '-j', 1, '-t', 150, '-f', "$folder/write.sql", $database or die $!;
}
my $ticks = 0;
until (waitpid $bench, WNOHANG) {
    sql($database, "CALL starhouse.process_sources('shop')");
    ++$ticks;
    $wait->('COMMIT') if $ticks == 5;
}
is($?, 0, 'the writers end well') or diag(do { local (@ARGV, $/) = ("$folder/bench.log"); <> });
$finish->();
sql($database, "CALL starhouse.process_sources('shop')");
cmp_ok($ticks, '>', 5, 'ticks while eight sessions write');
all_once('every committed row once');

# Prepared transactions, where the server has them.
SKIP: {
    skip 'max_prepared_transactions is 0', 2 if sql($database, 'SHOW max_prepared_transactions') == 0;
    sql($database, "BEGIN; INSERT INTO events (amount) VALUES (13); PREPARE TRANSACTION 'p'");
    is(step('read'), 0, 'a prepared transaction is not read');
    sql($database, "COMMIT PREPARED 'p'");
    is(step('read'), 1, 'until it is committed');
}

# A restore: in the same cluster the state goes on; in another one it is told, and mended by one call.
sql($database, 'INSERT INTO events (amount) SELECT 1 FROM generate_series(1, 5)');
IPC::Run::run(['pg_dump', '-Fc', '-f', "$folder/dump", $database]) or die;
sql('postgres', 'DROP DATABASE IF EXISTS starhouse_table_restored');
sql('postgres', 'CREATE DATABASE starhouse_table_restored');
IPC::Run::run(['pg_restore', '-d', 'starhouse_table_restored', "$folder/dump"], '2>', "$folder/restore.log");
my $before = $database;
$database = 'starhouse_table_restored';
is(step('read'), 5, 'restored in the same cluster, it reads what was not read');
all_once('each row once');
# Another cluster: other transactions, far ahead of this one's.
sql($database, "$in INSERT INTO events (amount) SELECT 2 FROM generate_series(1, 7);
  UPDATE events SET starhouse_xid = starhouse_xid + 4000000000;
  UPDATE table_source SET system_identifier = system_identifier + 1, seen = (pg_snapshot_xmax(seen)::text::bigint + 4000000000 || ':' || pg_snapshot_xmax(seen)::text::bigint + 4000000000 || ':')::pg_snapshot");
my (undef, undef, $told) = psql($database, "SELECT starhouse.process_source('shop', 1)");
like($told, qr/was read in another cluster.*rebase_table_source\('shop', 1\)/s, 'in another cluster it says so');
is(sql($database, "SELECT starhouse.rebase_table_source('shop', 1)"), 7, 'rows that were not read are found');
sql($database, 'INSERT INTO events (amount) VALUES (3)');
is(step('read'), 8, 'and read, with later ones');
all_once('each row once');
is(sql($database, "SELECT starhouse.rebase_table_source('shop', 1)"), 0, 'a second call does nothing');
is(sql($database, "$in SELECT rebase_table_source('shop', 1, true) = count(*) FROM events"), 't', 'unless everything is wanted again');
is(sql($database, "$in SELECT (j->>'duplicates')::bigint = count(*) FROM events, process_source('shop', 1) j WHERE amount IS NOT NULL GROUP BY j"), 't', 'facts are recognised then');
sql('postgres', "DROP DATABASE $database");
$database = $before;

# A payload of one's own, a partitioned table, old rows left out, a source that is stopped, and what is refused.
sql($database, qq{$in CREATE TABLE outbox (n int, body json); INSERT INTO outbox VALUES (1, '{"id": 900001, "amount": 1}');
  CREATE TABLE parted (id bigint, amount numeric) PARTITION BY RANGE (id); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (910000); CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
  SELECT create_table_source('shop', 'events', 'outbox', 't.body::text', old_rows => false);
  SELECT create_table_source('shop', 'events', 'parted');
  INSERT INTO outbox VALUES (2, '{"id": 900002, "amount": 1}'); INSERT INTO parted VALUES (900003, 1); INSERT INTO parted_2 VALUES (910004, 1)});
sql($database, "CALL starhouse.process_sources('shop')");
is(sql($database, "$in SELECT string_agg(id::text, ',' ORDER BY id) FROM event_fact WHERE id > 900000"), '900002,900003,910004', 'a payload, a partitioned table, a leaf');
sql($database, "SELECT starhouse.stop_source('shop', 2, 'by hand'); INSERT INTO shop.outbox VALUES (3, '{\"id\": 900005, \"amount\": 1}')");
is(sql($database, "SELECT starhouse.process_source('shop', 2)->>'stopped'"), 'true', 'a source that is stopped is not read');
for my $case (["create_table_source('shop', 'events', 'events')", '42710'], ["create_table_source('shop', 'events', 'pg_stat_activity')", '42809'],
              ["create_table_source('shop', 'events', 'event_fact', xid_column => 'id')", '42804'], ["create_table_source('shop', 'events', 'event_fact', 'nothing')", '42703'],
              ["create_table_source('shop', 'none', 'events')", '42704'], ["create_table_source('shop', 'events', NULL)", '22004'],
              ["process_source('shop', 99)", '42704'], ["process_source('shop', 1, 0)", '22023'], ["rebase_table_source('shop', 99)", '42704'], ["process_source('none', 1)", '3F000']) {
    my (undef, undef, $error) = psql($database, "\\set VERBOSITY sqlstate\nSET search_path = starhouse, shop, public; SELECT $case->[0]");
    like($error, qr/ERROR:  $case->[1]/, "$case->[0]: $case->[1]");
}
# A step that fails is on record, and keeps no other source from its turn.
sql($database, "$in ALTER TABLE event_fact RENAME amount TO price; INSERT INTO events (amount) VALUES (1)");
psql($database, "CALL starhouse.process_sources('shop')") for 1 .. 2;
is(sql($database, "$in SELECT count(*) || ' ' || min(sqlstate) FROM attempt_log WHERE source_id = 1"), '1 42703', 'a failure is put on record once a minute');
sql($database, "$in ALTER TABLE event_fact RENAME price TO amount");
sql($database, "CALL starhouse.process_sources('shop')");
all_once('and nothing is lost by it') if sql($database, "$in DELETE FROM bronze_events WHERE (payload::jsonb->>'id')::bigint > 900000; SELECT 1");
done_testing();
