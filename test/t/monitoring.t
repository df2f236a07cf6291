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

make_watched($database, $dir, 'monitoring_watcher');

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
compare_figures($database);
is(value("starhouse_feed_runs_total$feed"), '1', 'runs');
cmp_ok(value("starhouse_feed_run_seconds_total$feed"), '>', 0, 'and how long they took');
cmp_ok(value('starhouse_backlog_waiting{kind="rollup", name="daily"}'), '>', 0, 'something waits');
is(value('starhouse_kpi_stale{kpi="kpi_sales"}'), '1', 'the newest event is long ago');

# The role sees no more than that.
for my $closed ('SELECT payload FROM quarantine', 'SELECT payload FROM bronze_sales', 'SELECT amount FROM sales_fact', 'SELECT message FROM attempt_log', 'SELECT evidence FROM alert', 'SELECT payload FROM alert_event') {
    my ($failed, undef, $why) = psql("dbname=$database user=monitoring_watcher", qq{SET search_path = "Odd ""Name"; $closed}, '-v', 'ON_ERROR_STOP=1');
    like("$failed $why", qr/^3 .*permission denied/, "closed: $closed");
}

break_and_mend($database, $dir, sub {
    my ($alert) = fires('StarhouseFeedFailing');
    is($alert->{annotations}{summary}, 'Odd "Name: sales fails: 1 runs since its last batch', 'and says what is the matter');
});

# The client itself is scraped: a loader from a topic, which stops its source when a step cannot work, and goes on when it can; then it ends.
make_ingest_warehouse($database);
my $brokers = start_mock(2);
produce($brokers, 'events', events(1, 1000, 2));
my $loader = start_ingest($database, $brokers, '--metrics', ":$loader_port", '--stop-seconds', 2);
wait_until('a loader is scraped', sub { value('starhouse_ingest_records_read_total{feed="sales"}') eq '1000' });
# A scrape may fall between reading and loading: what is loaded follows what is read.
wait_until('what it loaded', sub { value('starhouse_ingest_records_loaded_total{feed="sales"}') eq sql($database, 'SELECT count(*) FROM shop.sale_fact') });
is(sql($database, 'SELECT count(*) FROM shop.sale_fact'), '980', 'the 20 bad ones are in quarantine');
wait_until('it is up, and at the end of the topic', sub { value('sum(starhouse_ingest_lag_records)') . value('up{job="starhouse-ingest"}') eq '01' });
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
