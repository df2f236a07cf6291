# The monitoring chain on loopback: Debian's exporter with the shipped queries as the monitoring role, Prometheus with the shipped
# configuration and rules (its intervals shortened). A feed breaks and the alert fires; it is mended and the alert clears.
use strict;
use warnings;
use Test::More;
use File::Temp ();
use IPC::Run ();
use StarhouseTest;
use LoadTest;
use MonitoringTest;
use IngestTest qw(start_mock produce events make_ingest_warehouse start_ingest);

my $tools = monitoring_tools();
my $database = new_database('monitoring');
my $dir = File::Temp->newdir;

# A warehouse of one's own making with a rollup, and one of a template.
make_warehouse($database);
sql($database, q{
    SET client_min_messages = error;
    SELECT starhouse.create_rollup('"Odd ""Name".daily', '"Odd ""Name".sales_fact', 'at', '1 day', NULL, '{"n": "count(*)"}');
    SELECT starhouse.create_freshness('Odd "Name');
    CREATE VIEW "Odd ""Name".kpi_sales AS SELECT count(*) FROM "Odd ""Name".sales_fact;
    SELECT starhouse.create_warehouse('shopsmart', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31');
    DROP ROLE IF EXISTS monitoring_watcher; CREATE ROLE monitoring_watcher LOGIN});
my $w = q{SET search_path = "Odd ""Name", starhouse;};
like(sql($database, q{SELECT starhouse.grant_monitoring_role('Odd "Name', 'monitoring_watcher')}), qr/^monitoring_watcher may watch "Odd ""Name": \d+ tables and views$/, 'the role is let in');
sql($database, q{SELECT starhouse.grant_monitoring_role('shopsmart', 'monitoring_watcher')});
write_file("$dir/one.csv", sales_rows(2000));
my ($status, $out, $err) = client('load', $warehouse, '-d', $database, '--feed', 'sales', "$dir/one.csv");
is($status, 0, 'a load') or diag $err;
sql($database, q{SELECT count(*) FROM starhouse.check_alerts('Odd "Name')});
sql($database, q{INSERT INTO "Odd ""Name".alert_rule (rule_name, kind, threshold) VALUES ('none', 'no_data', 0); SELECT count(*) FROM starhouse.check_alerts('Odd "Name')});

# The chain.
my ($exporter_port, $loader_port) = (free_port(), free_port());
my $scraped = "http://127.0.0.1:$exporter_port/metrics";
my $said = '';
ok(IPC::Run::run(["$tools/promtool", 'test', 'rules', shipped() . '/starhouse.rules.test.yml'], '>&', \$said), 'the rules fire when they should') or diag $said;
{
    local $ENV{DATA_SOURCE_NAME} = "user=monitoring_watcher host=$ENV{PGHOST} port=$ENV{PGPORT} dbname=$database sslmode=disable application_name=exporter";
    run_program('the exporter', "$tools/prometheus-postgres-exporter", "--web.listen-address=127.0.0.1:$exporter_port", '--extend.query-path=' . shipped() . '/starhouse.queries.yml');
}
start_prometheus($tools, $dir, 'prometheus.yml', $exporter_port, $loader_port);

wait_until('the exporter answers', sub { get($scraped) =~ /^pg_up\b.* 1$/m });
my $metrics = get($scraped);
like($metrics, qr/^pg_exporter_last_scrape_error 0$/m, 'every query runs as that role');
# Each metric of the queries file is there, with its type.
my ($namespace, %missing);
for (split /\n/, slurp(shipped() . '/starhouse.queries.yml')) {
    $namespace = $1 if /^(\w+):/;
    next unless /^    - (\w+): \{usage: (GAUGE|COUNTER)/;
    my ($name, $type) = ("${namespace}_$1", lc $2);
    next if $name eq 'starhouse_feed_attempts_failed_total';  # none yet
    $missing{$name} = $type unless $metrics =~ /^# TYPE \Q$name\E $type$/m;
}
is_deeply(\%missing, {}, 'every metric of the queries file is given');
$said = '';
IPC::Run::run(["$tools/promtool", 'check', 'metrics'], '<', \$metrics, '>&', \$said);
is(join("\n", grep { /^starhouse/ && !/counter metrics should have "_total"|no help text/ } split /\n/, $said), '', 'promtool takes them');

wait_until('Prometheus has scraped', sub { value('starhouse_feed_records_read_total{feed="sales"}') ne '' });
my $feed = q{{warehouse="Odd \"Name", feed="sales"}};
is(value("starhouse_feed_records_read_total$feed"), sql($database, "$w SELECT sum(records_read) FROM batch_log"), 'records read');
is(value("starhouse_feed_open_rejects$feed"), sql($database, "$w SELECT count(*) FROM quarantine WHERE resolved_at IS NULL"), 'records in quarantine');
is(value("starhouse_feed_runs_total$feed"), '1', 'runs');
cmp_ok(value("starhouse_feed_run_seconds_total$feed"), '>', 0, 'and how long they took');
is(value('starhouse_backlog_waiting{kind="rollup", name="daily"}'), sql($database, "$w SELECT count(*) FROM daily_delta"), 'what the rollup has waiting');
cmp_ok(value('starhouse_backlog_waiting{kind="rollup", name="daily"}'), '>', 0, 'which is something');
is(value('sum(starhouse_dimension_violations{warehouse="shopsmart"})'), '0', 'histories are sound');
is(value('starhouse_kpi_newest_event_timestamp_seconds{kpi="kpi_sales"}'), sql($database, "$w SELECT extract(epoch FROM max(at))::bigint FROM sales_fact"), 'the newest event of a KPI');
is(value('starhouse_kpi_stale{kpi="kpi_sales"}'), '1', 'which is long ago');
is(value('starhouse_relation_table_bytes{relation="sales_fact", kind="fact", warehouse="Odd \"Name"}'),
    sql($database, "$w SELECT sum(pg_table_size(relid)) FROM pg_partition_tree('sales_fact')"), 'a table with its partitions');
wait_until(q{what the warehouse's own rule found is passed on}, sub { fires('StarhouseAlertOpen', rule => 'none', severity => 'warning') });
is(scalar(fires('StarhouseFeedFailing')), 0, 'no feed fails');

# The role sees no more than that.
for my $closed ('SELECT payload FROM quarantine', 'SELECT payload FROM bronze_sales', 'SELECT amount FROM sales_fact', 'SELECT message FROM attempt_log', 'SELECT evidence FROM alert', 'SELECT payload FROM alert_event') {
    my ($failed, undef, $why) = psql("dbname=$database user=monitoring_watcher", qq{SET search_path = "Odd ""Name"; $closed}, '-v', 'ON_ERROR_STOP=1');
    like("$failed $why", qr/^3 .*permission denied/, "closed: $closed");
}

# A column is renamed: the feed fails, and somebody is woken.
sql($database, "$w ALTER TABLE sales_fact RENAME COLUMN amount TO amount_net");
write_file("$dir/two.csv", "id,at,shop,amount\nx1,2024-03-01 10:00:00,shop1,5\n");
($status, $out, $err) = client('load', $warehouse, '-d', $database, '--feed', 'sales', "$dir/two.csv");
isnt($status, 0, 'the load fails');
wait_until('the alert fires', sub { fires('StarhouseFeedFailing', warehouse => $warehouse, feed => 'sales', severity => 'critical') });
my ($alert) = fires('StarhouseFeedFailing');
is($alert->{annotations}{summary}, 'Odd "Name: sales fails: 1 runs since its last batch', 'and says what is the matter');
is(value("starhouse_feed_attempts_failed_total{feed=\"sales\", action=\"stop\"}"), '1', 'the attempt is counted');

# Mended, it clears.
sql($database, "$w ALTER TABLE sales_fact RENAME COLUMN amount_net TO amount");
($status, $out, $err) = client('load', $warehouse, '-d', $database, '--feed', 'sales', "$dir/two.csv");
is($status, 0, 'the load goes on') or diag $err;
wait_until('the alert clears', sub { !fires('StarhouseFeedFailing') });

# The client itself is scraped: a loader from a topic, which stops its source when a step cannot work, and goes on when it can; then it ends.
make_ingest_warehouse($database);
my $brokers = start_mock(2);
produce($brokers, 'events', events(1, 1000, 2));
my $loader = start_ingest($database, $brokers, '--metrics', ":$loader_port", '--stop-seconds', 2);
wait_until('a loader is scraped', sub { value('starhouse_ingest_records_read_total{feed="sales"}') eq '1000' });
is(value('starhouse_ingest_records_loaded_total{feed="sales"}'), sql($database, 'SELECT count(*) FROM shop.sale_fact'), 'what it loaded');
is(value('sum(starhouse_ingest_lag_records)') . value('up{job="starhouse-ingest"}'), '01', 'it is up, and at the end of the topic');
sql($database, 'ALTER TABLE shop.sale_fact RENAME COLUMN amount TO amount_net');
produce($brokers, 'events', events(1001, 1100, 2));
wait_until('a source that is stopped is an alert', sub { fires('StarhouseIngestStopped', warehouse => 'shop', feed => 'sales', severity => 'critical') });
sql($database, 'ALTER TABLE shop.sale_fact RENAME COLUMN amount_net TO amount');
wait_until('which clears when it goes on', sub { !fires('StarhouseIngestStopped') });
wait_until('with what had waited', sub { sql($database, 'SELECT count(*) FROM shop.sale_fact') eq '1078' && value('starhouse_ingest_records_loaded_total{feed="sales"}') eq '1078' });
$loader->signal('TERM');
$loader->finish;
wait_until('a loader that is gone is missed', sub { pending('StarhouseIngestDown') || fires('StarhouseIngestDown') });

# The database goes away from under the exporter, and comes back.
sql('postgres', q{ALTER ROLE monitoring_watcher NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'monitoring_watcher'});
wait_until('the exporter says that the server is away', sub { value('pg_up') eq '0' });
wait_until('and the alert for it is pending', sub { pending('StarhouseServerDown') || fires('StarhouseServerDown') });
sql('postgres', 'ALTER ROLE monitoring_watcher LOGIN');
wait_until('it comes back by itself', sub { value('pg_up') eq '1' });
wait_until('and the alert is gone', sub { my $answer = alert_text(); $answer && $answer !~ /StarhouseServerDown/ });

stop_all();
sql($database, q{SELECT starhouse.revoke_monitoring_role(m, 'monitoring_watcher') FROM unnest('{"Odd \"Name",shopsmart}'::name[]) m});
is(sql($database, q{SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantee = 'monitoring_watcher'::regrole}) . sql($database, q{SELECT count(*) FROM pg_attribute c, aclexplode(c.attacl) a WHERE a.grantee = 'monitoring_watcher'::regrole}), '00', 'what was granted is taken back');
sql($database, 'DROP ROLE monitoring_watcher');
done_testing();
