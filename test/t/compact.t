# starhouse compact: rollups are compacted level by level, each in a transaction of its own, until the program is stopped; one that
# fails holds up no other, a lost session is replaced, and killing it at any point loses and doubles nothing. pg_cron, where it is.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use LoadTest;
use Test::More;
use Time::HiRes ();

my $db = new_database('compact');
sql($db, <<'SQL');
CREATE SCHEMA "Odd ""Name";
CREATE SCHEMA other;
CREATE TABLE "Odd ""Name".sale (at timestamptz, shop text, amount int);
CREATE TABLE other.sale (at timestamptz, amount int);
SELECT starhouse.create_rollup('"Odd ""Name".z_minutes', '"Odd ""Name".sale', 'at', '1 minute', ARRAY['shop'], '{"n": "count(*)", "total": "sum(amount)", "most": "max(amount)"}');
SELECT starhouse.create_rollup_on('"Odd ""Name".hours', '"Odd ""Name".z_minutes', '1 hour');
SELECT starhouse.create_rollup_on('"Odd ""Name".a_days', '"Odd ""Name".hours', '1 day');
SELECT starhouse.create_rollup('other.daily', 'other.sale', 'at', '1 day', NULL, '{"n": "count(*)"}');
SQL
sub rows { return sql($db, q{INSERT INTO "Odd ""Name".sale SELECT timestamptz '2024-01-01' + i * interval '17 seconds', 's' || i % 3, i FROM generate_series(1, 1000) i; INSERT INTO other.sale VALUES ('2024-01-01', 1)}) }
sub compact { return client('compact', '-d', $db, @_) }
my $differences = q{SELECT sum((SELECT count(*) FROM starhouse.rollup_check(r.rollup))) FROM starhouse.rollup r};
my $waiting = q{SELECT sum(deltas + marked) FROM starhouse.rollup_status};

rows();
my ($status, $out, $err) = compact('Odd "Name', '--once');
is("$status$err", '0', 'one round');
like($out, qr/^"Odd ""Name"\.z_minutes: [\d,]+ deltas folded, 0 recomputed, \d+ rows late, [\d,]+ ms\n"Odd ""Name"\.hours: .*\n"Odd ""Name"\.a_days: .*\n\z/, 'finer ones first, the other schema not at all');
is(sql($db, q{SELECT count(*) FROM other.daily_delta}), '1', 'whose rollup waits');
($status, $out, $err) = compact('--once', '--json');
is($status, 0, 'all schemas');
like($out, qr/^\{"rollup":"other\.daily","folded":1,"recomputed":0,"late_rows":\d,"ms":\d+\}\n\z/, 'as JSON, and only what had something to do');
is(sql($db, $waiting), '0', 'nothing waits');
($status, $out, $err) = compact('--once');
is("$status$out$err", '0', 'nothing to do, nothing said');

# One that fails.
sql($db, q{ALTER TABLE "Odd ""Name".z_minutes_rolled ADD CONSTRAINT broken CHECK (n_rows < 0) NOT VALID});
rows();
($status, $out, $err) = compact('--once');
is($status, 1, 'a rollup that fails is an error');
like($err, qr/^starhouse: rollup "Odd ""Name"\.z_minutes: .*broken/, 'which says so');
like($out, qr/^other\.daily: 1 deltas folded/m, 'the others are compacted all the same');
is(sql($db, $differences), '0', 'and what is served is right');
sql($db, q{ALTER TABLE "Odd ""Name".z_minutes_rolled DROP CONSTRAINT broken});

# Until it is stopped.
my ($o, $e) = ('', '');
my $program = start_client(\$o, \$e, 'compact', '-d', $db, '--interval', '0.2');
ok(wait_for($db, "SELECT ($waiting) = 0"), 'it does what waits');
rows();
sql($db, q{DELETE FROM "Odd ""Name".sale WHERE amount % 50 = 0});
ok(wait_for($db, "SELECT ($waiting) = 0"), 'and what comes');
sql($db, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starhouse compact' AND datname = current_database()});
rows();
ok(wait_for($db, "SELECT ($waiting) = 0"), 'also over a new session');
$program->signal('TERM');
$program->finish;
is($program->full_result >> 8, 143, 'SIGTERM stops it');
like($e, qr/connection to the server was lost.*trying again/, 'the loss was told');
is(sql($db, $differences), '0', 'nothing is lost or doubled');

# Killed at random points, writers beside it.
srand 11;
for my $n (1 .. 12) {
    ($o, $e) = ('', '');
    $program = start_client(\$o, \$e, 'compact', '-d', $db, '--interval', '0.1');
    rows();
    sql($db, qq{UPDATE "Odd ""Name".sale SET amount = amount + 1 WHERE amount % 97 = $n});
    Time::HiRes::sleep(rand 0.2);
    $program->signal('KILL');
    eval { $program->finish };
}
ok(wait_for($db, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'starhouse compact' AND datname = current_database()}), 'the killed ones are gone');
is(sql($db, $differences), '0', 'nothing is lost or doubled by killing it');
($status, $out, $err) = compact('--once');
is("$status$err|" . sql($db, $waiting) . '|' . sql($db, $differences), '0|0|0', 'the next round does what they left');

# Another role's rollups are not touched.
sql($db, q{DROP ROLE IF EXISTS compact_nobody; CREATE ROLE compact_nobody LOGIN; GRANT USAGE ON SCHEMA starhouse TO compact_nobody});
rows();
{
    local $ENV{PGUSER} = 'compact_nobody';
    ($status, $out, $err) = compact('--once');
    is("$status$out$err", '0', 'another role has nothing to do');
}
($status, $out, $err) = compact('nowhere', '--once');
is($status, 1, 'an unknown schema');
like($err, qr/there is no schema "nowhere"/, 'says so');
($status) = compact('--interval', '0');
is($status, 2, 'an interval of 0 is wrong usage');

# pg_cron.
my ($failed, undef, $said) = psql($db, '\set VERBOSITY verbose' . "\n" . q{SELECT starhouse.schedule_compaction()}, '-v', 'ON_ERROR_STOP=1');
SKIP: {
    my $has = sql('postgres', q{SELECT current_setting('shared_preload_libraries') ~ '\mpg_cron\M' AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_cron')});
    if ($has ne 't') {
        like($said, qr/0A000: pg_cron is not installed in database "compact"/, 'without pg_cron it says what is missing');
        like($said, qr/HINT: .*cron\.schedule_in_database\('starhouse compact compact', '\* \* \* \* \*', 'CALL starhouse\.rollup_compact_all\(\)', 'compact'\)/, 'and what to do');
        skip 'the server has no pg_cron in shared_preload_libraries (Debian: postgresql-15-cron; with cron.database_name = postgres, cron.use_background_workers = on)', 5;
    }
    my $cron = 'postgres';
    sql($cron, q{CREATE EXTENSION IF NOT EXISTS pg_cron; CREATE EXTENSION IF NOT EXISTS starhouse; DROP TABLE IF EXISTS cron_sale});
    sql($cron, q{CREATE TABLE cron_sale (at timestamptz, n int); SELECT starhouse.create_rollup('cron_sale_daily', 'cron_sale', 'at', '1 day', NULL, '{"n": "count(*)"}'); INSERT INTO cron_sale VALUES ('2024-01-01', 1)});
    my $job = sql($cron, q{SELECT starhouse.schedule_compaction()});
    like($job, qr/^\d+$/, 'a job');
    is(sql($cron, q{SELECT starhouse.schedule_compaction('* * * * *')}), $job, 'called again it is the same');
    is(sql($cron, qq{SELECT schedule, command FROM cron.job WHERE jobid = $job}), '* * * * *|CALL starhouse.rollup_compact_all()', 'that compacts every minute');
    my $done = 0;
    for (1 .. 75) { last if $done = sql($cron, q{SELECT count(*) FROM cron_sale_daily_delta}) eq '0'; sleep 1 }
    ok($done, 'and does');
    is(sql($cron, q{SELECT starhouse.schedule_compaction(NULL)}) . '|' . sql($cron, q{SELECT count(*) FROM cron.job}), "$job|0", 'NULL ends it');
    sql($cron, q{SELECT starhouse.drop_rollup('cron_sale_daily'); DROP TABLE cron_sale; DROP EXTENSION starhouse; DROP EXTENSION pg_cron});
}
done_testing;
