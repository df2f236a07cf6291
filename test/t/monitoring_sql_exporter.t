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

make_watched($database, $dir, 'monitoring_sql_watcher');

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

compare_figures($database);
is(value('starhouse_alerts_checked_timestamp_seconds{warehouse="shopsmart"}'), 'NaN', 'what is not known is no number, and wakes nobody');
break_and_mend($database, $dir);

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
