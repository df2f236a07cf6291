# scheduling/pg_cron.sql on a server of its own that loads pg_cron: every job of the recipe is there once, however often it is run, and does what
# it is for. A recipe's schedule may be nightly, so each job is run the next minute here.
use strict;
use warnings;
use Test::More;
use File::Temp ();
use IPC::Run ();
use Time::HiRes ();
use StarhouseTest;
use LoadTest;

my $sharedir = `"$ENV{PG_CONFIG}" --sharedir`;
chomp $sharedir;
plan skip_all => 'pg_cron is not installed for this server (scripts/setup monitoring: Debian package postgresql-NN-cron)' unless -e "$sharedir/extension/pg_cron.control";

my ($server_port, $said, $env);
my $parent = -w '/tmp' ? '/tmp' : $ENV{TMPDIR};
my $dir = File::Temp::tempdir('starhouse_cron.XXXXXX', DIR => $parent);
chmod 0755, $dir;
my $cluster = root() . '/scripts/cluster';
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);  # by way of END
END {
    local $?;
    if ($dir) { delete local @ENV{qw(PGHOST PGPORT)}; IPC::Run::run([$cluster, 'destroy', "$dir/pg"], '>&', \$said); rmdir $dir }
}
{
    local $ENV{STARHOUSE_PG_OPTIONS} = '-c fsync=off -c shared_buffers=64MB -c shared_preload_libraries=pg_cron -c cron.database_name=postgres -c cron.use_background_workers=on -c max_worker_processes=30';
    IPC::Run::run([$cluster, 'start', "$dir/pg"], '>', \$server_port, '2>', \$said) or plan skip_all => "a server with pg_cron does not start: $said";
}
IPC::Run::run([$cluster, 'env', "$dir/pg"], '>', \$env) or die;
my ($host, $port) = $env =~ /PGHOST='(.*?)' PGPORT=(\d+)/;
local @ENV{qw(PGHOST PGPORT PGUSER)} = ($host, $port, 'postgres');

# A warehouse in another database than pg_cron's, of an owner who is no superuser; with something to do for each job.
my $database = new_database('shop');
make_warehouse($database);
sql('postgres', q{CREATE EXTENSION pg_cron; CREATE ROLE keeper LOGIN; GRANT USAGE ON SCHEMA cron TO keeper; GRANT EXECUTE ON FUNCTION cron.schedule_in_database TO keeper; GRANT CREATE ON DATABASE shop TO keeper});
my $as_keeper = "dbname=$database user=keeper";
sql($as_keeper, q{
    SET client_min_messages = error;
    SELECT starhouse.create_warehouse('shopsmart', 'its shop', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31');
    SET search_path = "its shop", starhouse;
    SELECT create_rollup('daily', 'sales_fact', 'event_time', '1 day', NULL, '{"n": "count(*)"}');
    SELECT ensure_partitions('sales_fact', '2025-01-01', '2025-03-01');
    INSERT INTO sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount) SELECT '2025-01-20', '2025-01-20 12:00Z', 'o' || i, 1, 'Store', 1, 10 FROM generate_series(1, 50) i;
    SELECT set_retention('bronze_pos_sales', '1 day'), ensure_partitions('bronze_pos_sales', now() - interval '9 days', now() - interval '9 days', interval '1 day');
    CREATE TABLE arrivals (id text PRIMARY KEY, n int);
    INSERT INTO alert_rule (rule_name, kind, threshold, feed_name) VALUES ('silent', 'no_data', 0, 'pos_sales')});

sub recipe { my (@settings) = @_; my ($out, $err) = ('', ''); IPC::Run::run(['psql', '-XAtq', '-d', 'dbname=postgres user=keeper', @settings, '-f', root() . '/scheduling/pg_cron.sql'], '>', \$out, '2>', \$err); return ($? >> 8, $out, $err) }
my ($status, $out, $err) = recipe('-v', 'database=shop', '-v', 'warehouse=its shop');
is("$status$err", '0', 'the recipe runs') or die "without jobs there is nothing to wait for\n";
my @jobs = map { [split /\|/] } split /\n/, $out;
is(scalar @jobs, 8, 'and makes its jobs');
my $before = sql('postgres', q{SELECT string_agg(concat_ws('|', jobid, schedule, command, database, username, active), E'\n' ORDER BY jobid) FROM cron.job});
like($before, qr/^\d+\|\* \* \* \* \*\|SELECT count\(\*\) FROM starhouse\.check_alerts\('its shop'\)\|shop\|keeper\|t$/m, 'in the database of the warehouse, as its owner, with the name quoted');
recipe('-v', 'database=shop', '-v', 'warehouse=its shop');
is(sql('postgres', q{SELECT string_agg(concat_ws('|', jobid, schedule, command, database, username, active), E'\n' ORDER BY jobid) FROM cron.job}), $before, 'run again they are the same');
($status, $out, $err) = recipe();
like($out, qr/give the warehouse/, 'without a warehouse it says what is missing');

# Each at the next minute.
sql('postgres', q{SELECT cron.alter_job(jobid, schedule => '* * * * *') FROM cron.job});
my $done = 0;
for (1 .. 150) {
    $done = sql('postgres', q{SELECT count(DISTINCT jobid) FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')});
    last if $done == 8;
    Time::HiRes::sleep(1);
}
is($done, 8, 'every job has run');
is(sql('postgres', q{SELECT string_agg(concat_ws(' ', command, return_message), '; ') FROM cron.job_run_details WHERE status = 'failed'}), '', 'and ended well');
is(sql($database, q{SELECT count(*) FROM "its shop".daily_delta}), '0', 'rollups are compacted');
is(sql($database, q{SELECT count(*) FROM "its shop".alert WHERE rule_name = 'silent' AND opened_at IS NOT NULL}), '1', 'alerts are found');
is(sql($database, q{SELECT string_agg(month_start::text, ',') FROM "its shop".sales_month}), '2025-01-01', 'what reports read is summed up');
is(sql($database, q{SELECT count(*) FROM "its shop".gold_registry WHERE refreshed_at IS NULL}), '0', 'gold is refreshed');
is(sql($database, q{SELECT count(*) FROM "its shop".retention_log}), '1', 'what is too old is gone');

# One that finds something wrong fails, and says what.
sql($database, q{SET session_replication_role = replica; UPDATE "its shop".sales_fact SET store_key = 'nowhere' WHERE order_id = 'o1'});
my $found = 0;
for (1 .. 75) {
    last if $found = sql('postgres', q{SELECT count(*) > 0 FROM cron.job_run_details WHERE status = 'failed' AND command ~ 'assert_integrity' AND return_message ~ 'its shop" has 1 problems'}) eq 't';
    Time::HiRes::sleep(1);
}
ok($found, 'a warehouse that is not sound stands in job_run_details');
done_testing();
