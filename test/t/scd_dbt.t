# Snapshots that the real dbt made, adopted and merged on: by timestamps with deletes flagged, by
# comparison with deletes closed, and with an open end of its own. Also what dbt gets wrong, found.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use File::Path ();
use File::Temp ();
use IPC::Run ();
use JSON::PP ();
use Test::More;

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

my $db = new_database('scd_dbt');
my $dir = File::Temp->newdir;

sub file {
    my ($name, $text) = @_;
    File::Path::make_path("$dir/" . ($name =~ s{/[^/]+$}{}r)) if $name =~ m{/};
    open my $out, '>', "$dir/$name" or die "$dir/$name: $!";
    print $out $text;
    close $out or die "$dir/$name: $!";
    return;
}
file('dbt_project.yml', "name: adopted\nversion: '1.0'\nprofile: adopted\nsnapshot-paths: [snapshots]\nflags: {send_anonymous_usage_stats: false}\n");
file('profiles.yml', JSON::PP->new->encode({ adopted => { target => 'it', outputs => { it => {
    type => 'postgres', host => $ENV{PGHOST} // 'localhost', port => ($ENV{PGPORT} // 5432) + 0, user => $ENV{PGUSER} // 'postgres',
    password => $ENV{PGPASSWORD} // '', dbname => $db, schema => 'snapshots', threads => 1 } } } }));
sub snapshot {
    my ($name, $config) = @_;
    file("snapshots/$name.sql", "{% snapshot $name %}\n{{ config(target_schema='snapshots', unique_key='id', $config) }}\nselect * from public.orders\n{% endsnapshot %}\n");
    return;
}
snapshot('by_time', q{strategy='timestamp', updated_at='updated_at', hard_deletes='new_record'});
snapshot('by_content', q{strategy='check', check_cols=['status', 'amount'], hard_deletes='invalidate'});
snapshot('to_9999', q{strategy='timestamp', updated_at='updated_at', dbt_valid_to_current="'9999-12-31'::timestamp"});

sub dbt {
    $log = '';
    local $ENV{DO_NOT_TRACK} = 1;
    my $done = run_quietly("$home/bin/dbt", 'snapshot', '--project-dir', "$dir", '--profiles-dir', "$dir");
    ok($done, 'dbt snapshot') or diag($log);
    return;
}

# Three runs: a first one; a change and a delete; the deleted one back, and two changes of order 2.
sql($db, q{
    CREATE TABLE orders (id int, status text, amount numeric, updated_at timestamp);
    INSERT INTO orders VALUES (1, 'new', 10, '2024-01-01'), (2, 'new', 20, '2024-01-01'), (3, 'new', 30, '2024-01-01')});
dbt();
sql($db, q{UPDATE orders SET status = 'paid', updated_at = '2024-02-01' WHERE id = 1; DELETE FROM orders WHERE id = 3});
dbt();
sql($db, q{
    INSERT INTO orders VALUES (3, 'back', 30, localtimestamp + interval '1 minute'), (2, 'shipped', 20, '2024-03-02');
    UPDATE orders SET status = 'paid', updated_at = '2024-03-01' WHERE id = 2 AND status = 'new'});
dbt();
note($log = sql($db, 'SELECT id, status, updated_at, dbt_valid_from, dbt_valid_to, dbt_is_deleted FROM snapshots.by_time ORDER BY 1, 4'));

sub rows { return sql($db, "SELECT string_agg(coalesce(x::text, ''), E'\\n') FROM ($_[0]) x") }
sub adopt {
    my ($name, $options) = @_;
    return rows("SELECT DISTINCT a.outcome, a.what, a.member FROM starhouse.scd_adopt_dbt('snapshots.$name', '{id}'$options) a WHERE a.outcome IN ('wrong', 'to repair', 'repaired') ORDER BY 1 DESC, 2, 3");
}

# What dbt leaves of two changes in one run: two current rows that overlap.
is(adopt('by_time', ''), "(wrong,overlap,2)\n(wrong,\"two open rows\",2)\n(\"to repair\",\"flag type\",)\n(\"to repair\",surrogate,)", 'the two current rows of order 2 are found');
is(sql($db, 'SELECT count(*) FROM starhouse.scd_dimension'), '0', 'and nothing is adopted');
is(adopt('by_content', ', repair => true'), "(wrong,overlap,2)\n(wrong,\"two open rows\",2)\n(\"to repair\",surrogate,)", 'by the other strategy they even begin at one instant');
is(sql($db, q{SELECT count(*) FROM information_schema.columns WHERE table_name = 'by_content' AND column_name = 'by_content_version'}), '0', 'and nothing is repaired');

# Each version of it ends where the next one begins; where both begin at once, one has to go.
sql($db, qq{
    UPDATE snapshots.$_ s SET dbt_valid_to = n.next
      FROM (SELECT ctid, lead(dbt_valid_from, 1, dbt_valid_to) OVER (ORDER BY dbt_valid_from) AS next FROM snapshots.$_ WHERE id = 2) n
     WHERE s.ctid = n.ctid}) for qw(by_time to_9999);
sql($db, q{DELETE FROM snapshots.by_content WHERE id = 2 AND status = 'paid'});
my $before = rows('SELECT id, status, amount, dbt_valid_from, dbt_valid_to, dbt_is_deleted::boolean FROM snapshots.by_time ORDER BY 1, 4');

is(adopt('by_time', ", sequence_column => 'updated_at', repair => true"), "(repaired,\"flag type\",)\n(repaired,surrogate,)", 'mended, the snapshot is adopted');
is(adopt('by_content', ', repair => true'), '(repaired,surrogate,)', 'so is the one with deletes closed');
is(adopt('to_9999', ", open_end => '9999-12-31', repair => true"), '(repaired,surrogate,)', 'and the one with an open end of its own');
is(sql($db, "SELECT count(*) FROM starhouse.scd_dimension d, starhouse.scd_check(d.dimension) c"), '0', 'all three are sound');
is(rows('SELECT id, status, amount, dbt_valid_from, dbt_valid_to, dbt_is_deleted FROM snapshots.by_time ORDER BY 1, 4'), $before, 'what dbt had recorded stands');
is(sql($db, q{SELECT count(*) FROM starhouse.scd_diff('snapshots.to_9999', '2024-01-15', '2024-02-15')}), '2', 'and can be asked: status and time of order 1');

# Merged on: a late event, two changes of one order, a delete, a new one.
my $batch = q{
    CREATE TEMP TABLE batch (id int, status text, amount numeric, updated_at timestamp, op text);
    INSERT INTO batch VALUES (1, 'packed', 10, '2024-01-15', 'U'), (2, 'lost', 20, '2024-04-01', 'U'), (2, 'found', 20, '2024-04-02', 'U'), (1, 'paid', 10, '2024-05-01', 'D'), (4, 'new', 40, '2024-05-01', 'U');};
sql($db, qq{$batch CALL starhouse.scd2_merge('snapshots.by_time', 'batch', op_column => 'op')});
is(rows('SELECT id, status, dbt_valid_from::date, dbt_valid_to::date, dbt_is_deleted FROM snapshots.by_time WHERE id <> 3 ORDER BY 1, 3'), <<'ROWS' =~ s/\n$//r, 'the history goes on, late event and flagged delete in their places');
(1,new,2024-01-01,2024-01-15,f)
(1,packed,2024-01-15,2024-02-01,f)
(1,paid,2024-02-01,2024-05-01,f)
(1,paid,2024-05-01,,t)
(2,new,2024-01-01,2024-03-01,f)
(2,paid,2024-03-01,2024-03-02,f)
(2,shipped,2024-03-02,2024-04-01,f)
(2,lost,2024-04-01,2024-04-02,f)
(2,found,2024-04-02,,f)
(4,new,2024-05-01,,f)
ROWS
is(sql($db, "SELECT count(*) FROM starhouse.scd_check('snapshots.by_time')"), '0', 'and is sound');
sql($db, q{SELECT starhouse.scd_undo('snapshots.by_time')});
is(rows('SELECT id, status, amount, dbt_valid_from, dbt_valid_to, dbt_is_deleted FROM snapshots.by_time ORDER BY 1, 4'), $before, 'taken back, it is what dbt had recorded');

sql($db, qq{$batch CALL starhouse.scd2_merge('snapshots.to_9999', 'batch', 'feed', 'updated_at', 'op')});
is(rows('SELECT id, status, dbt_valid_from::date, dbt_valid_to::date FROM snapshots.to_9999 WHERE id IN (1, 4) ORDER BY 1, 3'),
   "(1,new,2024-01-01,2024-01-15)\n(1,packed,2024-01-15,2024-02-01)\n(1,paid,2024-02-01,2024-05-01)\n(4,new,2024-05-01,9999-12-31)", 'deletes close where dbt flagged none, the open end is kept');
# A snapshot of the whole source, as dbt took them.
sql($db, q{
    UPDATE orders SET status = 'done' WHERE id = 1; DELETE FROM orders WHERE id = 3 OR id = 2 AND status = 'paid';
    CALL starhouse.scd2_merge('snapshots.by_content', 'orders', 'snapshot', missing => 'close')});
is(rows(q{SELECT id, status, dbt_valid_to IS NULL FROM snapshots.by_content WHERE dbt_valid_to IS NULL ORDER BY 1}), "(1,done,t)\n(2,shipped,t)", 'snapshots go on as well');
is(sql($db, "SELECT count(*) FROM starhouse.scd_check('snapshots.by_content')"), '0', 'and are sound');

done_testing();
