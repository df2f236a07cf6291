# Warehouses of an older starhouse, with data, by the way a user goes: the extension is updated, then each
# warehouse. Loads go on, dumps of before and after come back, and all is as in a new warehouse.
# Besides: an upgrade beside a load, beside readers, and killed in the middle.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use LoadTest;
use File::Basename ();
use File::Copy ();
use File::Path ();
use File::Temp ();
use IPC::Run ();
use Test::More;
use Time::HiRes ();

chdir root() or die "cannot enter the clone: $!";
my ($present) = sql('postgres', q{SELECT default_version FROM pg_available_extensions WHERE name = 'starhouse'});
my $share = qx(@{[ $ENV{PG_CONFIG} // 'pg_config' ]} --sharedir);
chomp $share;
$share .= '/extension';
plan skip_all => "$share is not ours to write" unless -w $share;

# An older version of the extension: today's functions with the templates of then, and the step from it to the
# present one as `make` builds it. Its number lets today's client load into it.
my $older = "$present.0";
my $folder = File::Temp->newdir;
my %settings = (
    shopsmart => { zone => 'Asia/Kolkata', generate => [qw(--stores 4 --from 2025-09-25 --to 2025-10-20 --scale 0.3 --dirty 0.02)] },
    quickeats => { zone => 'Asia/Kolkata', generate => [qw(--cities 2 --from 2025-03-01 --to 2025-03-04 --scale 0.3 --dirty 0.02)] },
    streamflix => { zone => 'Asia/Kolkata', generate => [qw(--events 1500 --from 2025-03-01 --to 2025-03-05 --dirty 0.02)] },
);
my @kinds = sort keys %settings;
for my $kind (@kinds) {
    File::Path::make_path("$folder/old/$kind");
    File::Copy::copy($_, "$folder/old/$kind/" . File::Basename::basename($_)) or die "$_: $!" for glob "test/data/warehouse/$kind-1/*.sql";
    write_file("$folder/old/$kind/VERSIONS", "1 - x\n");
}
my @mine = ("$share/starhouse--$older.sql", "$share/starhouse--$older--$present.sql");
END { unlink @mine if @mine }
system("cat sql/install/*.sql > '$mine[0]' && scripts/embed-templates $folder/old/*/* >> '$mine[0]'") == 0 or die 'cannot write the old version';
system("scripts/embed-templates --replace sql/warehouse/*/*.sql sql/warehouse/*/VERSIONS \$(ls sql/warehouse/*/upgrade/*.sql 2>/dev/null) > '$mine[1]'") == 0 or die 'cannot write the step';

sub create {
    my ($database, $kind, $schema) = @_;
    sql($database, "SELECT starhouse.create_warehouse('$kind', '$schema', '$settings{$kind}{zone}', calendar_from => '2025-01-01', calendar_to => '2026-12-31')");
    return;
}

sub load_files {
    my ($database, $schema, @lines) = @_;
    my $failed = 0;
    for my $line (@lines) {
        my ($feed, $file) = @$line;
        my ($status, $out, $err) = client('load', $schema, '--feed', $feed, '-q', '-d', "dbname=$database", $file);
        next if $status == 0;
        diag "$file: $out$err";
        $failed++;
    }
    return $failed;
}

# Rows by which the reports of two warehouses differ, and reports that have rows. How fresh they are and how they were loaded is their own.
sub reports {
    my ($database, $one, $other) = @_;
    return sql($database, qq{
      CREATE FUNCTION pg_temp.compare(OUT differing text, OUT with_rows integer) LANGUAGE plpgsql AS \$\$
      DECLARE
        report name;
        n bigint;
        m bigint;
      BEGIN
        with_rows := 0;
        FOR report IN SELECT relname FROM pg_class WHERE relnamespace = '$one'::regnamespace AND relkind = 'v' AND relname LIKE 'kpi\\_%' AND relname NOT IN ('kpi_catalog', 'kpi_freshness', 'kpi_source_health') ORDER BY 1 LOOP
          EXECUTE format('SELECT (SELECT count(*) FROM ((SELECT a::text FROM $one.%1\$I a EXCEPT ALL SELECT b::text FROM $other.%1\$I b)
                                                 UNION ALL (SELECT b::text FROM $other.%1\$I b EXCEPT ALL SELECT a::text FROM $one.%1\$I a)) x),
                                 (SELECT count(*) FROM $one.%1\$I)', report) INTO n, m;
          IF n > 0 THEN differing := concat_ws(' ', differing, report); END IF;
          IF m > 0 THEN with_rows := with_rows + 1; END IF;
        END LOOP;
      END \$\$;
      SELECT differing, with_rows > 15 FROM pg_temp.compare()});
}

sub dumped {
    my ($from, $to) = @_;
    my $err;
    IPC::Run::run(['pg_dump', '-Fc', '-f', "$folder/dump", $from], '2>', \$err) or diag $err;
    sql('postgres', qq{DROP DATABASE IF EXISTS $to});
    sql('postgres', qq{CREATE DATABASE $to});
    IPC::Run::run(['pg_restore', '--exit-on-error', '-d', $to, "$folder/dump"], '2>', \$err) or diag $err;
    return $to;
}

sql('postgres', 'DROP DATABASE IF EXISTS upgrade');
sql('postgres', 'CREATE DATABASE upgrade');
sql('upgrade', qq{CREATE EXTENSION starhouse VERSION '$older'});
my %files;
for my $kind (@kinds) {
    create('upgrade', $kind, $kind);
    my ($status, $out, $err) = client('generate', $kind, '--out', "$folder/$kind", @{ $settings{$kind}{generate} });
    is($status, 0, "$kind is generated") or diag $err;
    open my $order, '<', "$folder/$kind/LOAD_ORDER" or die "LOAD_ORDER: $!";
    $files{$kind} = [ map { chomp; my ($feed, $file) = split /\t/; [ $feed, "$folder/$kind/$file" ] } <$order> ];
    my $half = int(@{ $files{$kind} } / 2);
    is(load_files('upgrade', $kind, @{ $files{$kind} }[ 0 .. $half - 1 ]), 0, 'its first half is loaded');
    sql('upgrade', "ALTER TABLE $kind.quarantine ADD COLUMN own text DEFAULT 'mine'; CREATE VIEW $kind.own_report AS SELECT count(*) AS days FROM $kind.kpi_data_range");
}
is(sql('upgrade', q{SELECT string_agg(template_version, ' ') FROM starhouse.warehouses}), '1 1 1', 'warehouses of the first version');

# A dump of then, restored where the new version is.
dumped('upgrade', 'upgrade_dump');
is(sql('upgrade_dump', q{SELECT extversion FROM pg_extension WHERE extname = 'starhouse'}), $present, 'a dump comes back under the new version');

sql('upgrade', 'ALTER EXTENSION starhouse UPDATE');
my %told;
for my $kind (@kinds) {
    $told{$kind} = sql('upgrade', "SELECT object, action FROM starhouse.upgrade_warehouse('$kind')");
    like($told{$kind}, qr/^warehouse $kind\|upgraded$/m, "$kind is upgraded");
    is(sql('upgrade_dump', "SELECT object, action FROM starhouse.upgrade_warehouse('$kind')"), $told{$kind}, 'from the dump in the same way: nothing looks as if it had been changed');
    my $half = int(@{ $files{$kind} } / 2);
    is(load_files('upgrade', $kind, @{ $files{$kind} }[ $half .. $#{ $files{$kind} } ]), 0, 'the second half is loaded');
    create('upgrade', $kind, "new_$kind");
    is(load_files('upgrade', "new_$kind", @{ $files{$kind} }), 0, 'all of it into a new one');
    is(reports('upgrade', "new_$kind", $kind), '|t', 'their reports are the same');
    is(sql('upgrade', "SELECT * FROM starhouse.check_integrity('$kind')"), '', 'keys and versions are sound');
}
dumped('upgrade', 'upgrade_dump');
for my $kind (@kinds) {
    is(sql('upgrade_dump', "SELECT * FROM starhouse.upgrade_warehouse('$kind')"), '', "$kind: after another dump there is nothing to do");
    like(sql('upgrade_dump', "CREATE TABLE $kind.own_notes (); DROP VIEW $kind.own_report; SELECT starhouse.drop_warehouse('$kind', confirm => '$kind')"),
        qr/; the schema stays, it also holds $kind\.own_notes$/, 'and it can be dropped, but for what its owner made');
}

# Beside a load, beside readers, killed. The old version again, under today's extension.
sub old_warehouse {
    my ($database) = @_;
    new_database($database);
    my $script = qx(cat test/data/warehouse/streamflix-1/*.sql);
    sql($database, "SELECT starhouse.build_warehouse('streamflix', 1, ARRAY[\$old\$$script\$old\$], 'flix', 'UTC', '2025-01-01', '2025-12-31')");
    return $database;
}
sub session {
    my ($database) = @_;
    my $run = { in => '', out => '', database => $database };
    $run->{run} = IPC::Run::start(['psql', '-XAtq', '-d', $database, '-v', 'ON_ERROR_STOP=1'], '<', \$run->{in}, '>&', \$run->{out}, IPC::Run::timeout(300));
    return $run;
}
sub say_to {
    my ($session, $sql) = @_;
    $session->{in} .= "$sql\n\\echo said\n";
    $session->{run}->pump_nb;
    return;
}
sub answer {
    my ($session) = @_;
    $session->{run}->pump until $session->{out} =~ s/(.*?)^said\n//ms;
    my $answer = $1;
    chomp $answer;
    return $answer;
}
my $waits = q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid())};
my $upgrade = q{SELECT count(*) > 10 FROM starhouse.upgrade_warehouse('flix');};
my $version = q{SELECT template_version, (SELECT version FROM flix.feed WHERE feed_name = 'playback_events') FROM flix.warehouse_info};
my $shape = q{SELECT md5(string_agg(concat_ws('|', class, relation, part, aspect, definition), E'\n' ORDER BY class, relation, part, aspect)) FROM starhouse.template_parts('flix')};

my $db = old_warehouse('upgrade_beside');
my $file = write_file("$folder/views.jsonl", join '', map {
    sprintf qq({"event_id": "e%d", "user_id": "U%d", "video_id": "V%d", "device_id": "D1", "region_id": "R1", "timestamp": "2025-03-%02dT1%d:00:00Z", "watch_duration": %d}\n),
      $_, $_ % 5, $_ % 7, 1 + $_ % 28, $_ % 10, $_ % 50
} 1 .. 400);

my $loader = session($db);
say_to($loader, q{BEGIN; SELECT starhouse.batch_stage('flix', 'playback_events', NULL, NULL) > 0;});
is(answer($loader), 't', 'a batch is being sent');
my $upgrader = session($db);
say_to($upgrader, $upgrade);
ok(wait_for($db, $waits), 'an upgrade waits for it');
is(sql($db, 'SELECT template_version FROM flix.warehouse_info'), 1, 'and has changed nothing yet');
say_to($loader, 'ROLLBACK;');
answer($loader);
is(answer($upgrader), 't', 'then it goes on');
is(sql($db, $version), '2|2', 'to the end');

$db = old_warehouse('upgrade_beside');
sql($db, q{CREATE TABLE flix.own_rows (a text);
SELECT starhouse.create_feed('flix', 'own', '{"format": "csv", "columns": [{"name": "a", "type": "text"}]}', '[{"step": "sql", "sql": "INSERT INTO own_rows SELECT a FROM batch"}]')});
$upgrader = session($db);
my ($out, $err) = ('', '');
say_to($upgrader, "BEGIN; $upgrade");
is(answer($upgrader), 't', 'an upgrade that is not committed yet');
my $client = start_client(\$out, \$err, 'load', 'flix', '--feed', 'own', '-d', "dbname=$db", write_file("$folder/own.csv", join "\n", 'a', 1 .. 400));
ok(wait_for($db, $waits), 'keeps a load waiting');
my $reader = session($db);
say_to($reader, 'SELECT count(*) FROM flix.video_dim; SELECT count(*) FROM flix.kpi_top_videos_by_region;');
say_to($upgrader, 'COMMIT;');
answer($upgrader);
$client->finish;
is($client->result(0), 0, 'which then loads') or diag "$out$err";
is(sql($db, 'SELECT count(*) FROM flix.own_rows'), 400, 'all of it');
is(answer($reader), "1\n0", 'a reader beside it got its answers');

# A load of many batches: the upgrade comes in between two of them. The load is told when its feed is a new one, and goes on.
$db = old_warehouse('upgrade_beside');
sql($db, q{UPDATE flix.feed SET steps = steps || '[{"step": "sql", "name": "pause", "sql": "SELECT pg_sleep(0.2)"}]' WHERE feed_name = 'playback_events'});
my @load = ('load', 'flix', '--feed', 'playback_events', '--batch-rows', 20, '-d', "dbname=$db", $file);
($out, $err) = ('', '');
$client = start_client(\$out, \$err, @load);
wait_for($db, 'SELECT count(*) >= 2 FROM flix.batch_log WHERE finished_at IS NOT NULL');
is(sql($db, q{SELECT action FROM starhouse.upgrade_warehouse('flix', overwrite => '{playback_events}') WHERE object ~ 'playback_events'}), 'replaced', 'an upgrade between two batches');
$client->finish;
is($client->result(0), 1, 'the load of the old feed ends');
like($err, qr/was redefined while/, 'and says why');
my ($status) = client(@load);
is($status, 0, 'repeated it goes on');
is(sql($db, 'SELECT count(*), (SELECT sum(views) FROM flix.engagement_fact) FROM flix.viewership_fact'), '400|400', 'nothing is lost or doubled, also in what follows from it');

# Killed in the middle: a reader holds it up when the tables are changed already.
$db = old_warehouse('upgrade_beside');
is((client(@load))[0], 0, 'data in it');
is(sql($db, 'SELECT count(*) FROM flix.viewership_fact'), 400, 'all of it');
my $before = sql($db, $shape);
my $facts = sql($db, 'SELECT * FROM flix.kpi_daily_viewing ORDER BY 1');
$reader = session($db);
say_to($reader, 'BEGIN; SELECT count(*) > 0 FROM flix.kpi_concurrent_viewers; SELECT count(*) > 0 FROM flix.kpi_daily_viewing; LOCK TABLE flix.feed IN ACCESS SHARE MODE; SELECT 1;');
answer($reader);
$upgrader = session($db);
say_to($upgrader, $upgrade);
ok(wait_for($db, $waits), 'an upgrade waits for whoever reads the definition of feeds');
sql($db, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'upgrade_warehouse' AND pid <> pg_backend_pid()});
$upgrader->{run}->finish;
say_to($reader, 'COMMIT; BEGIN; SELECT count(*) > 0 FROM flix.viewership_fact;');
answer($reader);
$upgrader = session($db);
say_to($upgrader, $upgrade);
ok(wait_for($db, $waits), 'one that has begun waits for a reader of what it changes');
sql($db, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'upgrade_warehouse' AND pid <> pg_backend_pid()});
$upgrader->{run}->finish;
say_to($reader, 'COMMIT;');
answer($reader);
is(sql($db, $version), '1|1', 'killed, the old version is there');
is(sql($db, $shape), $before, 'part by part');
is(sql($db, q{SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'starhouse%' AND nspname <> 'starhouse'}), 0, 'and nothing else');
is(sql($db, 'SELECT * FROM flix.kpi_daily_viewing ORDER BY 1'), $facts, 'it answers');
is(sql($db, $upgrade), 't', 'a second try succeeds');
is(sql($db, 'SELECT * FROM flix.kpi_daily_viewing ORDER BY 1'), $facts, 'with the same answers');
$_->{run}->finish for grep { $_->{in} .= "\\q\n" } $reader;

# A playback of more than a day, which version 1 took: cut, with all that follows from it.
$db = old_warehouse('upgrade_beside');
is((client(@load))[0], 0, 'data in it');
sql($db, q{UPDATE flix.viewership_fact SET watch_duration = 3000, video_length = 2880, completion_rate = 100 WHERE event_id = 'e27'; SELECT flix.rebuild_viewing('UTC', '2025-03-01', '2025-03-31')});
is(sql($db, 'SELECT sum(watch_minutes) > 3000 FROM flix.engagement_fact'), 't', 'a playback of 50 hours');
is(sql($db, $upgrade), 't', 'is no obstacle');
is(sql($db, q{SELECT watch_duration, watch_clipped, completion_rate FROM flix.viewership_fact WHERE event_id = 'e27'}), '1440|1|50.00', 'it is a day, and flagged');
is(sql($db, 'SELECT (SELECT sum(watch_minutes) FROM flix.engagement_fact) = (SELECT sum(watch_duration) FROM flix.viewership_fact), (SELECT round(sum(watch_minutes), 3) FROM flix.viewing_hour_fact) = (SELECT sum(watch_duration) FROM flix.viewership_fact)'),
    't|t', 'and counts as one');

sql('postgres', "DROP DATABASE IF EXISTS $_ WITH (FORCE)") for qw(upgrade upgrade_dump upgrade_beside);
done_testing();
