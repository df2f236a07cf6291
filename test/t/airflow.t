# The Airflow DAG (scheduling/airflow): it is imported without an error, and a run of it loads what lies in the landing folder, in every
# task of which each is repeatable; a second run adds nothing; a warehouse that is not sound fails it.
use strict;
use warnings;
use Test::More;
use File::Path ();
use File::Temp ();
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
File::Path::make_path("$dir/airflow");

ok(run_quietly(120, "$home/bin/airflow", 'db', 'migrate'), 'Airflow has its database') or diag $log;
$log = '';
run_quietly(120, "$home/bin/airflow", 'dags', 'list-import-errors', '-o', 'plain');
unlike($log, qr/Traceback|starhouse_dag\.py/, 'the DAG is imported') or diag $log;

# Whether the run ended well; the command says so by its status.
sub night {
    my ($day) = @_;
    $log = '';
    return run_quietly(150, "$home/bin/airflow", 'dags', 'test', 'starhouse', $day);
}
ok(night('2025-06-01'), 'a night') or diag $log;
my $digest = q{SET search_path = "the ""shop"; SELECT (SELECT concat_ws('|', count(*), sum(sales_amount)) FROM sales_fact), (SELECT count(*) FROM store_dim), (SELECT count(*) FROM quarantine), (SELECT sum(n) FROM daily)};
my $loaded = sql($db, $digest);
cmp_ok((split /\|/, $loaded)[0], '>', 50, 'sales are loaded');
is(sql($db, q{SELECT count(*) FROM "the ""shop".daily_delta}), '0', 'rollups are compacted');
is(sql($db, q{SELECT count(*) FROM "the ""shop".gold_registry WHERE refreshed_at IS NULL}), '0', 'gold is refreshed');
ok(-s "$dir/reports/the \"shop.html", 'the report is there');

# Once more, over a warehouse that is not sound: the check fails the night, and nothing was loaded twice.
sql($db, q{SET session_replication_role = replica; SET search_path = "the ""shop"; UPDATE sales_fact SET store_key = 'nowhere' WHERE ctid = (SELECT ctid FROM sales_fact LIMIT 1) AND tableoid = (SELECT tableoid FROM sales_fact LIMIT 1)});
ok(!night('2025-06-02'), 'a warehouse that is not sound fails its night');
like($log, qr/has \d+ problems/, 'for that reason');
is(sql($db, $digest), $loaded, 'and what was loaded stays loaded once');
done_testing();
