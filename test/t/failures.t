# What goes wrong with a load is on record afterwards, and a post mortem tells it: schema drift, bad values, a
# constraint, a missing key, a connection lost, a full disk, a kill, a signal, a file that cannot be read.
use strict;
use warnings;
use Test::More;
use File::Temp ();
use IPC::Run ();
use StarhouseTest;
use LoadTest;

my $database = new_database('failures');
my $dir = File::Temp->newdir;
my $w = 'Odd ""Name';
sub one { return sql($database, qq{SET search_path = "$w", starhouse; SET timezone = 'UTC'; $_[0]}) }
my $start = one('SELECT clock_timestamp()');
sub lessons { return one(q{SELECT what || ': ' || detail FROM post_mortem('Odd "Name', 'sales', '} . $_[0] . q{') WHERE kind = 'summary' ORDER BY what = 'remedy', what}) }
sub load { return client('load', $warehouse, '-d', $database, '-f', 'sales', '-q', @_) }

make_warehouse($database);
my $good = write_file("$dir/good.csv", sales_rows(500));
my ($status, $out, $err) = load($good);
is($status, 0, 'a good load');
is(one('SELECT outcome, first_record, program FROM run_log'), 'done|1|starhouse load', 'is a run that is done');
like(lessons($start), qr/first failure: 22008 .*/, 'its rejects are what a post mortem finds');

# What is served: a report over the fact, and how fresh it is.
one(q{CREATE VIEW kpi_sales AS SELECT shop_key, count(*) AS sales FROM sales_fact GROUP BY shop_key; SELECT create_freshness('Odd "Name')});
one(q{INSERT INTO freshness_limit VALUES ('kpi_sales', '100 years')});
my $served = one('SELECT md5(string_agg(shop_key || sales, $$,$$ ORDER BY shop_key)) FROM kpi_sales');
is(one('SELECT feeds, is_stale, reason FROM kpi_freshness'), '{sales}|f|', 'a report is fresh');

# Schema drift: a column is renamed under the feed.
my $t = one('SELECT clock_timestamp()');
one('ALTER TABLE sales_fact RENAME amount TO value');
my $next = write_file("$dir/next.csv", "id,at,shop,amount\nn1,2024-05-01,shop1,5\nn2,2024-05-02,shop2,6\n");
($status) = load($next);
is($status, 1, 'a step that names a renamed column fails the load');
is(one(q{SELECT sqlstate, cause, step_no, step_name, action, first_record, last_record FROM attempt_log}), '42703|schema drift|4|facts sales_fact|stop|2|3',
   'the failed attempt is on record although it was rolled back, with its step and records');
is(one(q{SELECT outcome FROM run_log WHERE run_id = 2}), 'failed', 'and so is the end of its run');
is(one(q{SELECT count(*) FROM check_alerts('Odd "Name') WHERE event = 'opened' AND rule_name = 'failing feed' AND subject = 'sales'}), '1', 'an alert opens');
like(lessons($t), qr/cause: schema drift\n.*records not loaded: 2: .*next\.csv records 2 to 3\n.*recovered: not yet\n.*remedy: Table, columns and feed no longer fit/s, 'the post mortem names cause, records and remedy');
is(one('SELECT md5(string_agg(shop_key || sales, $$,$$ ORDER BY shop_key)) FROM kpi_sales'), $served, 'the report is served as before');
is(one('SELECT is_stale, reason FROM kpi_freshness'), 't|failing: sales', 'and says that its feed is failing');
one('ALTER TABLE sales_fact RENAME value TO amount');
($status) = load($next);
is(one('SELECT is_stale, failing_feeds FROM kpi_freshness'), 'f|{}', 'until it is mended');
is($status, 0, 'mended, the same command loads the file');
like(lessons($t), qr/records not loaded: 0\n.*recovered: a batch got through.*remedy: done/s, 'and the post mortem says that it is over');
is(one(q{SELECT event FROM check_alerts('Odd "Name') WHERE rule_name = 'failing feed'}), 'cleared', 'as does the alert');

# Bad values and a constraint: halved until the row stands alone, one note for the whole batch.
$t = one('SELECT clock_timestamp()');
my $bad = write_file("$dir/bad.csv", "id,at,shop,amount\n" . join('', map { "b$_,2024-06-0$_,shop1," . ($_ == 4 ? 850 : $_ == 6 ? '"x"' : 5) . "\n" } 1 .. 9));
($status) = load($bad);
is($status, 0, 'a row that breaks a constraint does not stop the load');
is(one("SELECT action, sqlstate, first_record, last_record FROM attempt_log WHERE failed_at > '$t'"), 'split|23514|2|10', 'the batch that failed for it is on record once');
like(lessons($t), qr/cause: constraint violated\nfirst failure: 23514.*records rejected: 2, of which 0 were loaded by a replay\n.*still in quarantine: 2 \(1 22P02, 1 23514\).*remedy: .*starhouse replay/s,
     'constraint and bad value in the post mortem');

# Missing key: the feed lost the step that makes members.
$t = one('SELECT clock_timestamp()');
one(q{SELECT create_feed('Odd "Name', 'sales', contract, steps - 1) FROM feed});
my $key = write_file("$dir/key.csv", "id,at,shop,amount\nk1,2024-06-01,nowhere,5\nk2,2024-06-02,shop1,6\n");
load($key);
like(lessons($t), qr/cause: missing key\nfirst failure: 23503.*still in quarantine: 1 \(1 23503\).*remedy: Load the master data/s, 'a key without a member');
is(one(qq{SELECT what FROM post_mortem('Odd "Name', 'sales', '$t') WHERE kind = 'definition'}), 'feed sales: version 2', 'the timeline knows that the feed was redefined just before');

# Connection lost: the server ends the session while a step runs.
one(q{SELECT create_feed('Odd "Name', 'sales', contract, steps || '{"step": "sql", "name": "slow", "sql": "SELECT pg_sleep(2)"}') FROM feed});
$t = one('SELECT clock_timestamp()');
my $slow = write_file("$dir/slow.csv", "id,at,shop,amount\nl1,2024-06-01,shop1,5\n");
my ($o, $e) = ('', '');
my $client = start_client(\$o, \$e, 'load', $warehouse, '-d', $database, '-f', 'sales', '-q', $slow);
ok(wait_for($database, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database() AND query ~ 'batch_finish' AND state = 'active'}), 'a load is at its steps');
sql($database, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database()});
$client->finish;
ok(!$client->result, 'a load whose session is ended goes through');
is(one("SELECT action, cause, retry_no FROM attempt_log WHERE failed_at > '$t'"), 'retry|connection lost|0', 'the lost attempt was recorded by the session after it');
is(one('SELECT string_agg(outcome, $$,$$ ORDER BY run_id) FROM run_log WHERE source_name ~ $$slow$$'), 'superseded,done', 'by a run of its own');
like(lessons($t), qr/cause: connection lost\n.*records not loaded: 0\n.*recovered: a batch got through.*retries: 1\nruns that failed: 0.*remedy: done/s, 'and the post mortem tells of one retry');

# Disk full, for as long as it is full: a step says so in the server's words.
one(q{SELECT create_feed('Odd "Name', 'sales', contract, (steps - 3) || '{"step": "sql", "name": "disk", "sql": "DO $d$ BEGIN IF (SELECT full_now FROM disk) THEN RAISE EXCEPTION ''could not extend file: No space left on device'' USING ERRCODE = ''53100''; END IF; END $d$"}') FROM feed});
one('CREATE TABLE disk AS SELECT true AS full_now');
$t = one('SELECT clock_timestamp()');
my $disk = write_file("$dir/disk.csv", "id,at,shop,amount\nd1,2024-06-01,shop1,5\n");
($o, $e) = ('', '');
$client = start_client(\$o, \$e, 'load', $warehouse, '-d', $database, '-f', 'sales', '-q', $disk);
ok(wait_for($database, qq{SELECT count(*) >= 1 FROM "$w".attempt_log WHERE sqlstate = '53100'}), 'a full disk is on record while the load still tries');
one('UPDATE disk SET full_now = false');
$client->finish;
ok(!$client->result, 'and when there is space again the load goes through');
like(lessons($t), qr/cause: disk full\nfirst failure: 53100.*could not extend file.*records not loaded: 0\n.*recovered: a batch.*retries: [1-7]\n.*remedy: done.*Free space/s, 'disk full in the post mortem');
like(one(qq{SELECT string_agg(kind, ' ' ORDER BY n) FROM post_mortem('Odd "Name', 'sales', '$t') WITH ORDINALITY AS p (at, kind, what, detail, n) WHERE kind <> 'summary'}),
     qr/^run (failure )+batch run$/, 'the timeline in its order');

# Killed outright, stopped by a signal, and a file that cannot even be opened.
one(q{SELECT create_feed('Odd "Name', 'sales', contract, (steps - 3) || '{"step": "sql", "name": "slow", "sql": "SELECT pg_sleep(20)"}') FROM feed});
for my $signal ('KILL', 'TERM') {
    my $file = write_file("$dir/$signal.csv", "id,at,shop,amount\n$signal,2024-06-01,shop1,5\n");
    ($o, $e) = ('', '');
    $client = start_client(\$o, \$e, 'load', $warehouse, '-d', $database, '-f', 'sales', '-q', $file);
    wait_for($database, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database() AND query ~ 'batch_finish' AND state = 'active'});
    $client->signal($signal);
    $client->finish;
    ok(wait_for($database, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database()}), "$signal: its session ends");
}
is(one('SELECT source_name ~ $$KILL.csv$$ FROM runs_dead($$Odd "Name$$)'), 't', 'a killed run has no end, and its session is gone');
is(one('SELECT outcome FROM run_log WHERE source_name ~ $$TERM.csv$$'), 'stopped', 'a run that a signal stopped says so');
like(one(qq{SELECT string_agg(what, '; ' ORDER BY at) FROM post_mortem('Odd "Name', 'sales', '$t') WHERE kind = 'run'}), qr/never ended: its loader was killed/, 'the timeline tells the two apart');
my $wrong = write_file("$dir/wrong.csv", "id,when,shop,amount\nw1,2024-06-01,shop1,5\n");
load($wrong);
is(one('SELECT source_id IS NULL, sqlstate, message ~ $$lacks column at$$ FROM attempt_log WHERE source_name ~ $$wrong.csv$$'), 't|22023|t', 'a file with a wrong header is on record too');
($status) = client('load', $warehouse, '-d', $database, '-f', 'sales', '-q', '--max-rejects', '0', write_file("$dir/limit.csv", "id,at,shop,amount\nx,2024-02-31,shop1,5\n"));
is($status, 3, 'more rejects than allowed stop a load');
is(one('SELECT action, message ~ $$more than --max-rejects$$ FROM attempt_log ORDER BY attempt_id DESC LIMIT 1'), 'stop|t', 'which is on record as well');
like(one(qq{SELECT post_mortem_report('Odd "Name', 'sales', '$start')}), qr/^# Post mortem: feed sales of Odd "Name\n.*\n## Timeline\n.*\| [\d:.]+ \| failure \| 42703 schema drift in step 4/s, 'all of it as a page');

# Bronze again after the feed was mended: converges, whatever is repeated.
one(q{SELECT create_feed('Odd "Name', 'sales', replace(contract::text, '"ISO"', '"ISO", "YYYYMMDD"')::jsonb, '[{"step":"members","into":"shop_dim","key":"shop_id","select":"SELECT shop FROM batch"},
      {"step":"facts","into":"sales_fact","time":"at","partition":"1 month","select":"SELECT id, at, shop AS shop_key, amount FROM batch"}]') FROM feed});
my $compact = write_file("$dir/compact.csv", "id,at,shop,amount\nc1,20240601,shop1,1\nc2,2024-06-01,shop1,700\n");
load($compact);
my $facts = 'SELECT md5(string_agg(concat_ws($$|$$, id, at, shop_key, amount), $$,$$ ORDER BY id, at)) FROM sales_fact';
my $before = one($facts);
my ($again) = one(q{SELECT source_id FROM load_source WHERE source_name ~ 'key.csv'});
is(one(qq{SELECT batches, records, loaded, rejected FROM replay('Odd "Name', 'sales', source_id => $again)}), '1|2|1|0', 'the record with the missing key is loaded from bronze');
is(one(q{SELECT resolved_at IS NOT NULL FROM quarantine WHERE sqlstate = '23503'}), 't', 'and leaves quarantine');
isnt(one($facts), $before, 'there is a fact more');
$before = one($facts);
is(one(q{SELECT loaded, removed FROM replay('Odd "Name', 'sales')}), '0|0', 'everything again adds nothing');
is(one($facts), $before, 'and changes nothing');
is(one(q{SELECT count(*) = count(DISTINCT (source_id, record_no)) FROM quarantine WHERE resolved_at IS NULL}), 't', 'a record is in quarantine once');
one(q{SELECT create_feed('Odd "Name', 'sales', contract, replace(steps::text, 'amount FROM', 'amount / 100 AS amount FROM')::jsonb) FROM feed});
is(one(q{SELECT removed > 300, loaded > removed FROM replay('Odd "Name', 'sales', replace => true)}), 't|t', 'rows loaded wrong are replaced, and what the old steps refused is in');
is(one(q{SELECT max(amount) < 10 FROM sales_fact}), 't', 'by what the feed makes of them now');
is(one(q{SELECT removed = loaded FROM replay('Odd "Name', 'sales', replace => true)}), 't', 'as often as one likes');
my ($code, undef, $message) = psql($database, qq{SELECT starhouse.replay('Odd "Name', 'sales', first_record => 3)});
like($message, qr/a range of records without a source/, 'records count within a source');

done_testing;
