# What the tests of the monitoring chain share: Debian's programs, an exporter and Prometheus on loopback, and questions to them.
package MonitoringTest;
use strict;
use warnings;
use Exporter 'import';
use HTTP::Tiny ();
use IO::Socket::INET ();
use IPC::Run ();
use JSON::PP ();
use Test::More;
use Time::HiRes ();
use LoadTest;
use StarhouseTest;

our @EXPORT = qw(make_watched compare_figures break_and_mend monitoring_tools slurp free_port shipped run_program start_prometheus stop_all get metric_names wait_until value firing fires pending alert_text);

my %log;
my @running;
my $asked;
my $http = HTTP::Tiny->new(timeout => 10);
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);  # by way of END
END { local $?; stop_all() }

# Where the programs are; where they are not, the test is skipped.
sub monitoring_tools {
    my ($tools, $said) = (q{}, q{});
    IPC::Run::run([root() . '/scripts/monitoring-tools', '--present'], '>', \$tools, '2>', \$said) or plan skip_all => "scripts/setup monitoring was not run: $said";
    chomp $tools;
    return $tools;
}
sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
sub free_port { return IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport }
sub shipped { return root() . '/monitoring/prometheus' }

# A program that runs until stop_all, with its log under a name.
sub run_program {
    my ($name, @command) = @_;
    $log{$name} = '';
    push @running, IPC::Run::start(\@command, '<', \undef, '>&', \$log{$name});
    return;
}
sub stop_all { for my $process (splice @running) { eval { $process->kill_kill(grace => 3) } } return }

# Prometheus with a shipped configuration and the rules, its intervals shortened, asking the exporter at a port, and a loader at another where one is given:
# its job is a comment in the file.
sub start_prometheus {
    my ($tools, $dir, $configuration, $port, $loader) = @_;
    my $config = slurp(shipped() . "/$configuration");
    $config =~ s/evaluation_interval: \d+s/evaluation_interval: 1s/;
    $config =~ s/scrape_interval: \d+s/scrape_interval: 3s/;  # an exporter without its server takes a second or two to say so
    $config =~ s/scrape_timeout: \d+s/scrape_timeout: 3s/;
    $config =~ s/127\.0\.0\.1:9\d+'\]/127.0.0.1:$port']/;
    if ($loader) { $config =~ s{^  # (- job_name: starhouse-ingest)\n  # (.*)\n  # (.*)127\.0\.0\.1:\d+(.*)$}{  $1\n  $2\n  ${3}127.0.0.1:$loader$4}m or die "$configuration has no job of loaders" }
    for (["$dir/prometheus.yml", $config], ["$dir/starhouse.rules.yml", slurp(shipped() . '/starhouse.rules.yml')]) {
        open my $out, '>', $_->[0] or die "$_->[0]: $!";
        print $out $_->[1];
        close $out or die "$_->[0]: $!";
    }
    my $said = '';
    ok(IPC::Run::run(["$tools/promtool", 'check', 'config', "$dir/prometheus.yml"], '>&', \$said), "$configuration is a configuration") or diag $said;
    my $at = free_port();
    $asked = "http://127.0.0.1:$at/api/v1";
    run_program('Prometheus', "$tools/prometheus", "--config.file=$dir/prometheus.yml", "--storage.tsdb.path=$dir/data", "--web.listen-address=127.0.0.1:$at", '--log.level=warn');
    return;
}

# A warehouse of one's own making with a rollup and a load, one of a template, and a role that may watch both.
sub make_watched {
    my ($database, $dir, $role) = @_;
    make_warehouse($database);
    sql($database, qq{
        SET client_min_messages = error;
        SELECT starhouse.create_rollup('"Odd ""Name".daily', '"Odd ""Name".sales_fact', 'at', '1 day', NULL, '{"n": "count(*)"}');
        SELECT starhouse.create_freshness('Odd "Name');
        CREATE VIEW "Odd ""Name".kpi_sales AS SELECT count(*) FROM "Odd ""Name".sales_fact;
        SELECT starhouse.create_warehouse('shopsmart', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31');
        DROP ROLE IF EXISTS $role; CREATE ROLE $role LOGIN});
    for (['Odd "Name', '"Odd ""Name"'], ['shopsmart', 'shopsmart']) {
        like(sql($database, "SELECT starhouse.grant_monitoring_role('$_->[0]', '$role')"), qr/^$role may watch $_->[1]: \d+ tables and views$/, "$role is let in");
    }
    write_file("$dir/one.csv", sales_rows(2000));
    my ($status, undef, $err) = client('load', $warehouse, '-d', $database, '--feed', 'sales', "$dir/one.csv");
    is($status, 0, 'a load') or diag $err;
    sql($database, q{SELECT count(*) FROM starhouse.check_alerts('Odd "Name');
        INSERT INTO "Odd ""Name".alert_rule (rule_name, kind, threshold) VALUES ('none', 'no_data', 0); SELECT count(*) FROM starhouse.check_alerts('Odd "Name')});
    return;
}

# What Prometheus has of make_watched's warehouses is what they say themselves.
sub compare_figures {
    my ($database) = @_;
    my $w = q{SET search_path = "Odd ""Name", starhouse;};
    my $feed = q{{warehouse="Odd \"Name", feed="sales"}};
    is(value("starhouse_feed_records_read_total$feed"), sql($database, "$w SELECT sum(records_read) FROM batch_log"), 'records read');
    is(value("starhouse_feed_open_rejects$feed"), sql($database, "$w SELECT count(*) FROM quarantine WHERE resolved_at IS NULL"), 'records in quarantine');
    is(value('starhouse_backlog_waiting{kind="rollup", name="daily"}'), sql($database, "$w SELECT count(*) FROM daily_delta"), 'what the rollup has waiting');
    is(value('sum(starhouse_dimension_violations{warehouse="shopsmart"})'), '0', 'histories are sound');
    is(value('starhouse_kpi_newest_event_timestamp_seconds{kpi="kpi_sales"}'), sql($database, "$w SELECT extract(epoch FROM max(at))::bigint FROM sales_fact"), 'the newest event of a KPI');
    is(value('starhouse_relation_table_bytes{relation="sales_fact", kind="fact", warehouse="Odd \"Name"}'),
        sql($database, "$w SELECT sum(pg_table_size(relid)) FROM pg_partition_tree('sales_fact')"), 'a table with its partitions');
    wait_until(q{what the warehouse's own rule found is passed on}, sub { fires('StarhouseAlertOpen', rule => 'none', severity => 'warning') });
    is(scalar(fires('StarhouseFeedFailing')), 0, 'no feed fails');
    return;
}

# A column is renamed: the feed fails, and somebody is woken, which $then looks at; mended, it clears.
sub break_and_mend {
    my ($database, $dir, $then) = @_;
    my $rename = 'ALTER TABLE "Odd ""Name".sales_fact RENAME COLUMN';
    my @load = ('load', $warehouse, '-d', $database, '--feed', 'sales', "$dir/two.csv");
    write_file("$dir/two.csv", "id,at,shop,amount\nx1,2024-03-01 10:00:00,shop1,5\n");
    sql($database, "$rename amount TO amount_net");
    my ($status, undef, $err) = client(@load);
    isnt($status, 0, 'the load fails');
    wait_until('the alert fires', sub { fires('StarhouseFeedFailing', warehouse => $warehouse, feed => 'sales', severity => 'critical') });
    is(value("starhouse_feed_attempts_failed_total{feed=\"sales\", action=\"stop\"}"), '1', 'the attempt is counted');
    $then->() if $then;
    sql($database, "$rename amount_net TO amount");
    ($status, undef, $err) = client(@load);
    is($status, 0, 'the load goes on') or diag $err;
    wait_until('the alert clears', sub { !fires('StarhouseFeedFailing') });
    return;
}

sub get { my $answer = $http->get($_[0]); return $answer->{success} ? $answer->{content} : '' }
# Asks until the answer is as wanted, for at most 30 seconds; what does not come ends the test.
sub wait_until {
    my ($what, $wanted) = @_;
    my $end = time + 30;
    while (time < $end) {
        $_->pump_nb for grep { $_->pumpable } @running;
        return pass($what) if $wanted->();
        Time::HiRes::sleep(0.2);
    }
    fail($what);
    die "waited 30 seconds for: $what\n", map { "The log of $_ ends: " . substr($log{$_}, -2000) . "\n" } sort keys %log;
}
# Prometheus' answer to an expression, the values of several series with commas between.
sub value {
    my ($expression) = @_;
    $expression =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
    my $answer = get("$asked/query?query=$expression") or return '';
    my $result = JSON::PP::decode_json($answer)->{data}{result};
    return join ',', map { $_->{value}[1] } @$result;
}
# Names of all metrics it has seen.
sub metric_names { return @{JSON::PP::decode_json(get("$asked/label/__name__/values"))->{data}} }
sub alert_text { return get("$asked/alerts") || '' }
sub in_state {
    my ($state, $name, %labels) = @_;
    my $answer = alert_text() or return ();
    return grep { my $a = $_; $a->{state} eq $state && (!$name || $a->{labels}{alertname} eq $name) && !grep { ($a->{labels}{$_} // '') ne $labels{$_} } keys %labels }
      @{JSON::PP::decode_json($answer)->{data}{alerts}};
}
sub firing { return in_state('firing') }
sub fires { return in_state('firing', @_) }
sub pending { return in_state('pending', @_) }

1;
