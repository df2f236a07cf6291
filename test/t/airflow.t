# The Airflow DAG (scheduling/airflow): it is imported without an error; Airflow's scheduler, DAG processor and API server run it by the local
# executor: a night loads what lies in the landing folder, each task is repeatable, a second night adds nothing; a warehouse that is not sound
# fails it.
use strict;
use warnings;
use Test::More;
use File::Path ();
use File::Temp ();
use HTTP::Tiny ();
use IO::Socket::INET ();
use IPC::Run ();
use StarhouseTest;

my $home = root() . '/build/airflow';
my $recipe = root() . '/scheduling/airflow';
delete $ENV{PYTHONPATH}; # what is found there would be missing in the installation
my $log = '';
sub run_quietly { my ($seconds, @command) = @_; return eval { IPC::Run::run(\@command, '<', \undef, '>&', \$log, IPC::Run::timeout($seconds)) } }

# As dbt_project.t installs dbt; an installation of other constraints is made anew.
sub slurp { open my $in, '<:raw', $_[0] or return ''; local $/; return scalar <$in> }
if (slurp("$home/constraints.txt") ne slurp("$recipe/constraints.txt") || !run_quietly(100, "$home/bin/airflow", 'version')) {
    File::Path::remove_tree($home);
    my $made = run_quietly(180, 'python3', '-m', 'venv', $home)
      && run_quietly(400, "$home/bin/pip", 'install', '-q', '--no-compile', '--only-binary=:all:', '--retries', '1', '--timeout', '15', '-c', "$recipe/constraints.txt", 'apache-airflow-core', 'apache-airflow-providers-standard')
      && run_quietly(10, 'cp', "$recipe/constraints.txt", "$home/constraints.txt");
    plan skip_all => "Airflow cannot be installed into $home: " . (split /\n/, $log || $@ || 'no output')[-1] unless $made;
}

my $db = new_database('airflow');
my $dir = File::Temp->newdir;
sql($db, q{SET client_min_messages = error; SELECT starhouse.create_warehouse('shopsmart', 'the "shop', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31');
    SELECT starhouse.create_rollup('"the ""shop".daily', '"the ""shop".sales_fact', 'event_time', '1 day', NULL, '{"n": "count(*)"}')});
my ($status, $out, $err) = client('generate', 'shopsmart', '--out', "$dir/gen", '--stores', '6', '--from', '2025-01-01', '--to', '2025-01-06', '--scale', '1', '--dirty', '0');
is($status, 0, 'files') or diag $err;
my %folder = (stores => 'stores', products => 'products', promotions => 'promotions', customers => 'crm', pos_sales => 'pos');
File::Path::make_path("$dir/landing/$_") for keys %folder;
for my $feed (sort keys %folder) {
    my @files = grep { -f } glob("$dir/gen/$folder{$feed}/* $dir/gen/$folder{$feed}*");
    for my $file (@files) { my ($name) = $file =~ /([^\/]+)$/; rename $file, "$dir/landing/$feed/$name" or die "$file: $!" }
    ok(scalar @files, "there is something for $feed");
}

my ($program_folder) = ($ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse') =~ /^(.*)\/[^\/]+$/;
local $ENV{PATH} = "$program_folder:$ENV{PATH}";
local $ENV{PGDATABASE} = $db;
local @ENV{qw(STARHOUSE_WAREHOUSE STARHOUSE_LANDING STARHOUSE_REPORTS)} = ('the "shop', "$dir/landing", "$dir/reports");
local @ENV{qw(AIRFLOW_HOME AIRFLOW__CORE__DAGS_FOLDER AIRFLOW__CORE__LOAD_EXAMPLES AIRFLOW__DATABASE__SQL_ALCHEMY_CONN AIRFLOW__CORE__EXECUTOR SCARF_ANALYTICS)} =
  ("$dir/airflow", $recipe, 'False', "sqlite:///$dir/airflow/airflow.db", 'LocalExecutor', 'false');
# Everything on loopback, on ports of its own; the run below is asked for, so the schedule's own is of no matter.
sub free_port { return IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport }
my ($port, $secret) = (free_port(), join '', map { sprintf '%08x', int rand 2**32 } 1 .. 8);
my %setting = (
    API__HOST => '127.0.0.1', API__PORT => $port, API__BASE_URL => "http://127.0.0.1:$port", API__WORKERS => 1, CORE__EXECUTION_API_SERVER_URL => "http://127.0.0.1:$port/execution/",
    API_AUTH__JWT_SECRET => $secret, API__SECRET_KEY => $secret, CORE__FERNET_KEY => '', CORE__PARALLELISM => 4, CORE__DAGS_ARE_PAUSED_AT_CREATION => 'True',
    CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE => "$dir/airflow/passwords.json", TRIGGERER__DEFAULT_CAPACITY => 1);
local @ENV{map { "AIRFLOW__$_" } sort keys %setting} = @setting{sort keys %setting};
File::Path::make_path("$dir/airflow");

ok(run_quietly(120, "$home/bin/airflow", 'db', 'migrate'), 'Airflow has its database') or diag $log;
$log = '';
run_quietly(120, "$home/bin/airflow", 'dags', 'list-import-errors', '-o', 'plain');
unlike($log, qr/Traceback|starhouse_dag\.py/, 'the DAG is imported') or diag $log;

# The feeds of another kind, and any others.
for (['STARHOUSE_KIND=quickeats', 'cities zones restaurants drivers customers orders payments pings feedback app_events'], ['STARHOUSE_FEEDS=doordash cabspotting', 'doordash cabspotting']) {
    my ($setting, $feeds) = @$_;
    $log = '';
    run_quietly(120, 'env', $setting, "$home/bin/python", '-c', 'import sys; sys.path.insert(0, sys.argv[1]); import starhouse_dag as d; print("feeds:", *d.DIMENSIONS, *d.FACTS); print("tasks:", *sorted(t.removeprefix("load_") for t in d.dag.task_ids if t.startswith("load_")))', root() . '/scheduling/airflow');
    like($log, qr/^feeds: \Q$feeds\E\ntasks: \Q@{[join ' ', sort split ' ', $feeds]}\E$/m, "$setting: the feeds of its night") or diag $log;
}

$log = '';
ok(!run_quietly(120, 'env', 'STARHOUSE_KIND=petshop', "$home/bin/python", '-c', 'import sys; sys.path.insert(0, sys.argv[1]); import starhouse_dag', root() . '/scheduling/airflow'), 'a kind that is none');
like($log, qr/STARHOUSE_KIND is 'petshop', which is none of shopsmart, quickeats, streamflix: give one of these, or the warehouse's feeds in STARHOUSE_FEEDS/, 'is told what there are');

# Its services, each with a log of its own; an END block stops them.
our %service;
sub airflow { my ($name, @options) = @_; $service{$name} = {log => ''}; $service{$name}{run} = IPC::Run::start(["$home/bin/airflow", $name, @options], '<', \undef, '>&', \$service{$name}{log}); return }
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
END { local $?; for my $name (sort keys %service) { eval { $service{$name}{run}->signal('TERM') } } for my $name (sort keys %service) { eval { $service{$name}{run}->kill_kill(grace => 10) } } }
airflow('api-server');
airflow('scheduler', '--skip-serve-logs');
airflow('dag-processor');

# What Airflow's metadata says.
sub metadata {
    my ($query) = @_;
    my ($out, $err) = ('', '');
    IPC::Run::run(["$home/bin/python", '-c', 'import sqlite3, sys; [print(*row, sep="|") for row in sqlite3.connect(sys.argv[1], timeout=30).execute(sys.argv[2])]', "$dir/airflow/airflow.db", $query], '>', \$out, '2>', \$err);
    return $out =~ s/\n\z//r;
}
sub told { for my $name (sort keys %service) { diag("$name: " . substr $service{$name}{log}, -3000) } return }
# Waits for an answer, as long as the services live.
sub wait_for {
    my ($what, $seconds, $answer) = @_;
    my $end = time + $seconds;
    while (time < $end) {
        my $got = $answer->();
        return $got if $got;
        for my $name (sort keys %service) {
            $service{$name}{run}->pump_nb if $service{$name}{run}->pumpable;
        }
        sleep 1;
    }
    told();
    BAIL_OUT("Airflow: waited $seconds seconds for $what");
}
wait_for('the DAG to be found', 120, sub { metadata("SELECT 1 FROM serialized_dag WHERE dag_id = 'starhouse'") });
wait_for('the API server', 120, sub { HTTP::Tiny->new(timeout => 5)->get("http://127.0.0.1:$port/api/v2/monitor/health")->{success} });

# A night, and how it ended.
sub night {
    my ($name) = @_;
    $log = '';
    run_quietly(120, "$home/bin/airflow", 'dags', 'trigger', 'starhouse', '--run-id', $name) or do { diag $log; return 'not begun' };
    return wait_for("$name to end", 240, sub { metadata("SELECT state FROM dag_run WHERE dag_id = 'starhouse' AND run_id = '$name' AND state IN ('success', 'failed')") });
}
sub tasks { return metadata("SELECT task_id, state FROM task_instance WHERE dag_id = 'starhouse' AND run_id = '$_[0]' ORDER BY 1") }
# What the tasks of a night have written.
sub task_log { my $text = ''; for my $file (glob "$dir/airflow/logs/dag_id=starhouse/run_id=$_[0]/task_id=$_[1]/*") { open my $in, '<', $file or next; local $/; $text .= <$in> } return $text }
$log = '';
ok(run_quietly(120, "$home/bin/airflow", 'dags', 'unpause', 'starhouse', '-y'), 'the DAG may run') or diag $log;
is(night('first'), 'success', 'a night by the local executor') or do { diag tasks('first'); told() };
like($service{scheduler}{log}, qr/executor: \S*LocalExecutor/, 'which that is') or diag substr $service{scheduler}{log}, 0, 3000;
is(metadata("SELECT count(*), count(DISTINCT pid) FROM task_instance WHERE run_id = 'first'"), '13|13', 'each task in a process of its own') or diag tasks('first');
is(tasks('first') =~ s/\|(?:success|skipped)$//gmr, join("\n", sort qw(compact dimensions_loaded gold integrity report sum_up), map { "load_$_" } qw(stores products promotions customers pos_sales online_orders inventory)), 'in which every task ran, or had no files');
like(tasks('first'), qr/^load_online_orders\|skipped$/m, 'a feed without files is skipped');
my $digest = q{SET search_path = "the ""shop"; SELECT (SELECT concat_ws('|', count(*), sum(sales_amount)) FROM sales_fact), (SELECT count(*) FROM store_dim), (SELECT count(*) FROM quarantine), (SELECT sum(n) FROM daily)};
my $loaded = sql($db, $digest);
cmp_ok((split /\|/, $loaded)[0], '>', 50, 'sales are loaded');
is(sql($db, q{SELECT count(*) FROM "the ""shop".daily_delta}), '0', 'rollups are compacted');
isnt(sql($db, q{SELECT count(*) FROM "the ""shop".sales_month}), '0', 'months are summed up');
is(sql($db, q{SELECT count(*) FROM "the ""shop".gold_registry WHERE refreshed_at IS NULL}), '0', 'gold is refreshed');
ok(-s "$dir/reports/the \"shop.html", 'the report is there');

# Once more, over a warehouse that is not sound: the check fails the night, and nothing was loaded twice.
sql($db, q{SET session_replication_role = replica; SET search_path = "the ""shop"; UPDATE sales_fact SET store_key = 'nowhere' WHERE ctid = (SELECT ctid FROM sales_fact LIMIT 1) AND tableoid = (SELECT tableoid FROM sales_fact LIMIT 1)});
is(night('second'), 'failed', 'a warehouse that is not sound fails its night') or diag tasks('second');
like(tasks('second'), qr/^integrity\|failed$/m, 'by the task that looks');
like(tasks('second'), qr/^report\|upstream_failed$/m, 'and no report of it is written');
like(task_log('second', 'integrity'), qr/has \d+ problems/, 'for that reason');
is(sql($db, $digest), $loaded, 'and what was loaded stays loaded once');
done_testing();
