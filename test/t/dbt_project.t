# The dbt project (dashboards/dbt): `dbt build` is green on three warehouses with figures known by hand, its models say what the reports
# say, its tests find what is broken, and its sources are those of the warehouses as they are made now.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use File::Path ();
use File::Temp ();
use IPC::Run ();
use JSON::PP ();
use Test::More;

# As scd_dbt.t installs it.
my $home = root() . '/build/dbt';
my $log = '';
sub run_quietly { return IPC::Run::run([@_], '<', \undef, '>&', \$log, IPC::Run::timeout(600)) }
if (!-x "$home/bin/dbt" || !run_quietly("$home/bin/dbt", '--version')) {
    my $made = eval {
        File::Path::remove_tree($home);
        run_quietly('python3', '-m', 'venv', $home)
          && run_quietly("$home/bin/pip", 'install', '-q', '--retries', '1', '--timeout', '15', 'dbt-core>=1.9,<1.11', 'dbt-postgres>=1.9,<1.11')
          && run_quietly("$home/bin/dbt", '--version');
    };
    plan skip_all => "dbt cannot be installed into $home: " . (split /\n/, $log || $@ || 'no output')[-1] unless $made;
}
sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }

my $db = new_database('dbt_project');
my $dir = File::Temp->newdir;
my $project = root() . '/dashboards/dbt';

# The sources.
{
    local $ENV{PGDATABASE} = $db;
    ok(run_quietly(root() . '/scripts/dbt-sources', "$dir/sources"), 'sources are written from warehouses as they are made now') or diag($log);
}
for my $kind (qw(shopsmart quickeats streamflix)) {
    is(slurp("$dir/sources/$kind/sources.yml"), slurp("$project/models/$kind/sources.yml"), "and are those of the project: $kind (else: scripts/dbt-sources)");
}

sql($db, q{SET client_min_messages = error; SELECT starhouse.create_warehouse(k, time_zone => CASE k WHEN 'shopsmart' THEN 'Asia/Kolkata' ELSE 'UTC' END, foreign_keys => 'none',
             calendar_from => '2025-01-01', calendar_to => '2026-12-31')
           FROM unnest('{shopsmart,quickeats,streamflix}'::text[]) k});
for my $kind (qw(shopsmart quickeats streamflix)) {
    sql($db, "SET client_min_messages = error; SET search_path = $kind, starhouse;\n" . slurp(root() . "/test/data/${kind}_kpi.sql"));
}

# The results of a build, by name of the node.
sub build {
    local $ENV{PGDATABASE} = $db;
    local $ENV{DO_NOT_TRACK} = 1;
    my ($select) = @_;
    my $green = run_quietly("$home/bin/dbt", 'build', '--project-dir', $project, '--profiles-dir', $project, '--target-path', "$dir/target", '--log-path', "$dir/log",
        '--no-use-colors', defined $select ? ('--select', $select) : ());
    my $results = JSON::PP->new->utf8->decode(slurp("$dir/target/run_results.json"))->{results};
    return ($green, map { $_->{unique_id} => $_->{status} } @$results);
}
my ($green, %status) = build();
ok($green, 'dbt build is green') or diag($log);
is(scalar(grep { !/^(?:pass|success|no-op)$/ } values %status), 0, 'every test passes, every model is built');
cmp_ok(scalar(grep { /^test\./ } keys %status), '>', 200, 'with some hundred tests');
cmp_ok(scalar(grep { /^test\..*relationships/ } keys %status), '>', 30, 'keys that refer to others among them');
is(scalar(grep { /^model\./ } keys %status), 3, 'and a model on each warehouse');
is(sql($db, 'SELECT sum(revenue) FROM analytics.shopsmart_months'), sql($db, 'SELECT sum(revenue) FROM shopsmart.kpi_monthly_revenue'), "a model's figure is the report's");
is(sql($db, 'SELECT count(*) FROM analytics.quickeats_cities'), sql($db, 'SELECT count(*) FROM quickeats.kpi_on_time_by_city'), 'a row for each city');

# What foreign keys would have kept out, which this warehouse has not.
sql($db, q{SET search_path = shopsmart; UPDATE sales_fact SET store_key = 'nowhere' WHERE ctid = (SELECT ctid FROM sales_fact LIMIT 1)});
($green, %status) = build('source:shopsmart.sales_fact');
ok(!$green, 'a sale of a store that is not there breaks the build');
is_deeply([grep { $status{$_} eq 'fail' } keys %status], [grep { /relationships_shopsmart_sales_fact_store_key/ } keys %status], 'by the test of that key alone');
done_testing();
