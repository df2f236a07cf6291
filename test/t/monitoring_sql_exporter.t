# Debian's other exporter, prometheus-sql-exporter, in the chain: with the shipped queries and Prometheus' shipped configuration for it the
# metrics have the names and values that the first one gives them, and the same rules fire: a feed breaks and is mended, the database goes away and
# comes back, a right is missing.
use strict;
use warnings;
use Test::More;
use File::Temp ();
use IPC::Run ();
use StarhouseTest;
use LoadTest;
use MonitoringTest;

my $tools = monitoring_tools();
plan skip_all => 'prometheus-sql-exporter is not there: Debian has no package of it here' unless -x "$tools/prometheus-sql-exporter";
my $database = new_database('monitoring_sql');
my $dir = File::Temp->newdir;

make_warehouse($database);
sql($database, q{
    SET client_min_messages = error;
    SELECT starhouse.create_rollup('"Odd ""Name".daily', '"Odd ""Name".sales_fact', 'at', '1 day', NULL, '{"n": "count(*)"}');
    SELECT starhouse.create_freshness('Odd "Name');
    CREATE VIEW "Odd ""Name".kpi_sales AS SELECT count(*) FROM "Odd ""Name".sales_fact;
    SELECT starhouse.create_warehouse('shopsmart', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31');
    DROP ROLE IF EXISTS monitoring_sql_watcher; CREATE ROLE monitoring_sql_watcher LOGIN;
    SELECT starhouse.grant_monitoring_role(w, 'monitoring_sql_watcher') FROM unnest('{"Odd \"Name",shopsmart}'::name[]) w});
my $w = q{SET search_path = "Odd ""Name", starhouse;};
write_file("$dir/one.csv", sales_rows(2000));
my ($status, $out, $err) = client('load', $warehouse, '-d', $database, '--feed', 'sales', "$dir/one.csv");
is($status, 0, 'a load') or diag $err;
sql($database, q{INSERT INTO "Odd ""Name".alert_rule (rule_name, kind, threshold) VALUES ('none', 'no_data', 0); SELECT count(*) FROM starhouse.check_alerts('Odd "Name')});

# The chain, its intervals shortened.
my $port = free_port();
my $config = slurp(shipped() . '/starhouse.sql_exporter.yml');
is(join(' ', $config =~ /interval: (\d+\w)/g), '15s 1m 1h', 'what is costly is asked rarely');
$config =~ s/interval: \d+\w/interval: 2s/g;
write_file("$dir/sql_exporter.yml", $config);
{
    local $ENV{STARHOUSE_MONITOR_URL} = "postgres://monitoring_sql_watcher\@/$database?host=$ENV{PGHOST}&port=$ENV{PGPORT}&sslmode=disable";
    run_program('the exporter', "$tools/prometheus-sql-exporter", '-config.file', "$dir/sql_exporter.yml", '-web.listen-address', "127.0.0.1:$port");
}
start_prometheus($tools, $dir, 'prometheus.sql_exporter.yml', $port);
wait_until('every query has run as that role', sub { my $metrics = get("http://127.0.0.1:$port/metrics"); $metrics =~ /sql_starhouse_dimension\{/ && $metrics =~ /sql_starhouse_relation\{/ && $metrics !~ /^sql_exporter_last_scrape_failed\{.*\} 1$/m });
wait_until('Prometheus has them under the names of the rules', sub { value('starhouse_feed_records_read_total{feed="sales"}') ne '' && value('starhouse_dimension_violations') ne '' });

# Every metric of the other exporter's file, and none that it has not.
my ($namespace, @names);
for (split /\n/, slurp(shipped() . '/starhouse.queries.yml')) {
    $namespace = $1 if /^(\w+):/;
    push @names, "${namespace}_$1" if /^    - (\w+): \{usage: (?:GAUGE|COUNTER)/;
}
is(join(' ', sort grep { /^(?:sql_)?starhouse/ } metric_names()), join(' ', sort grep { $_ ne 'starhouse_feed_attempts_failed_total' } @names), 'the metrics are those of the other exporter');

my $feed = q{{warehouse="Odd \"Name", feed="sales"}};
is(value("starhouse_feed_records_read_total$feed"), sql($database, "$w SELECT sum(records_read) FROM batch_log"), 'records read');
is(value("starhouse_feed_open_rejects$feed"), sql($database, "$w SELECT count(*) FROM quarantine WHERE resolved_at IS NULL"), 'records in quarantine');
is(value('starhouse_backlog_waiting{kind="rollup", name="daily"}'), sql($database, "$w SELECT count(*) FROM daily_delta"), 'what the rollup has waiting');
is(value('sum(starhouse_dimension_violations{warehouse="shopsmart"})'), '0', 'histories are sound');
is(value('starhouse_kpi_newest_event_timestamp_seconds{kpi="kpi_sales"}'), sql($database, "$w SELECT extract(epoch FROM max(at))::bigint FROM sales_fact"), 'the newest event of a KPI');
is(value('starhouse_relation_table_bytes{relation="sales_fact", kind="fact", warehouse="Odd \"Name"}'),
    sql($database, "$w SELECT sum(pg_table_size(relid)) FROM pg_partition_tree('sales_fact')"), 'a table with its partitions');
is(value('starhouse_alerts_checked_timestamp_seconds{warehouse="shopsmart"}'), 'NaN', 'what is not known is no number, and wakes nobody');
wait_until(q{what the warehouse's own rule found is passed on}, sub { fires('StarhouseAlertOpen', rule => 'none', severity => 'warning') });
is(scalar(fires('StarhouseFeedFailing')), 0, 'no feed fails');

# A column is renamed: the feed fails, and somebody is woken; mended, it clears.
sql($database, "$w ALTER TABLE sales_fact RENAME COLUMN amount TO amount_net");
write_file("$dir/two.csv", "id,at,shop,amount\nx1,2024-03-01 10:00:00,shop1,5\n");
($status) = client('load', $warehouse, '-d', $database, '--feed', 'sales', "$dir/two.csv");
isnt($status, 0, 'a load fails');
wait_until('the alert fires', sub { fires('StarhouseFeedFailing', warehouse => $warehouse, feed => 'sales', severity => 'critical') });
is(value("starhouse_feed_attempts_failed_total{feed=\"sales\", action=\"stop\"}"), '1', 'the attempt is counted');
sql($database, "$w ALTER TABLE sales_fact RENAME COLUMN amount_net TO amount");
($status, $out, $err) = client('load', $warehouse, '-d', $database, '--feed', 'sales', "$dir/two.csv");
is($status, 0, 'the load goes on') or diag $err;
wait_until('the alert clears', sub { !fires('StarhouseFeedFailing') });

# A right is missing: queries fail, the database is there.
sql($database, q{REVOKE USAGE ON SCHEMA "Odd ""Name" FROM monitoring_sql_watcher; ALTER TABLE shopsmart.batch_log RENAME COLUMN records_read TO records_seen});
wait_until('a query that fails is an alert of its own', sub { pending('StarhouseQueriesFail') || fires('StarhouseQueriesFail') });
is(scalar(pending('StarhouseServerDown')) + fires('StarhouseServerDown'), 0, 'the server is not away for that');
sql($database, q{ALTER TABLE shopsmart.batch_log RENAME COLUMN records_seen TO records_read; SELECT starhouse.grant_monitoring_role('Odd "Name', 'monitoring_sql_watcher')});
wait_until('mended, it is gone', sub { my $answer = alert_text(); $answer && $answer !~ /StarhouseQueriesFail/ });

# The database goes away and comes back.
sql('postgres', q{ALTER ROLE monitoring_sql_watcher NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'monitoring_sql_watcher'});
wait_until('a server that is away is an alert', sub { pending('StarhouseServerDown') || fires('StarhouseServerDown') });
sql('postgres', 'ALTER ROLE monitoring_sql_watcher LOGIN');
wait_until('which is gone when it is back', sub { my $answer = alert_text(); $answer && $answer !~ /StarhouseServerDown/ });

stop_all();
sql($database, q{SELECT starhouse.revoke_monitoring_role(m, 'monitoring_sql_watcher') FROM unnest('{"Odd \"Name",shopsmart}'::name[]) m; DROP ROLE monitoring_sql_watcher});
done_testing();
