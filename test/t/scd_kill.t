# A merge killed at any moment leaves the old state, and merged again gives what an undisturbed one gives.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use Test::More;
use Time::HiRes 'sleep';

my $db = new_database('scd_kill');
sql($db, q{
  CREATE TABLE dim (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id int, a text, valid_from timestamptz, valid_to timestamptz, is_current boolean);
  SELECT starhouse.scd_register('dim', '{id}');
  CREATE TABLE first AS SELECT i AS id, 'a' || i AS a, timestamptz '2024-01-01 UTC' AS ts FROM generate_series(1, 20000) i;
  -- later changes, repeats, and events that come late
  CREATE TABLE second AS
    SELECT i AS id, CASE i % 3 WHEN 0 THEN 'a' || i ELSE 'b' || i END AS a, timestamptz '2024-03-01 UTC' AS ts FROM generate_series(1, 20000) i
    UNION ALL SELECT i, 'c' || i, timestamptz '2024-02-01 UTC' FROM generate_series(1, 20000, 2) i;
  CALL starhouse.scd2_merge('dim', 'first', 'feed', 'ts');
  CREATE TABLE undisturbed (LIKE dim INCLUDING ALL);
  SELECT starhouse.scd_register('undisturbed', '{id}');
  CALL starhouse.scd2_merge('undisturbed', 'first', 'feed', 'ts');
});
my $state = q{SELECT md5(string_agg(x, ',' ORDER BY x)) FROM (
  SELECT (id, a, valid_from, valid_to, is_current)::text AS x FROM %1$s UNION ALL SELECT (key_1, sequence, kind, given)::text FROM %1$s_scd_memory) y};
my $old = sql($db, sprintf $state, 'dim');
my $merge = "CALL starhouse.scd2_merge('%s', 'second', 'feed', 'ts')";

my ($killed, $changed) = (0, 0);
for my $round (1 .. 12) {
  my $pid = fork();
  if ($pid == 0) {
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    exec 'psql', '-Xq', '-d', $db, '-c', "BEGIN; " . sprintf($merge, 'dim') . "; ROLLBACK";
  }
  sleep 0.02 * $round;
  my $hit = sql($db, q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'BEGIN; CALL%'});
  waitpid $pid, 0;
  $killed += $hit;
  $changed++ if sql($db, sprintf $state, 'dim') ne $old;
}
cmp_ok($killed, '>', 0, 'merges were killed while they ran');
is($changed, 0, 'none of them left anything behind');
is(sql($db, "SELECT count(*) FROM starhouse.scd_run WHERE dimension = 'dim'::regclass"), 1, 'nor a record');
is(sql($db, 'SELECT count(*) FROM pg_locks WHERE relation = \'dim\'::regclass'), 0, 'nor a lock');

sql($db, sprintf $merge, 'dim');
sql($db, sprintf $merge, 'undisturbed');
is(sql($db, sprintf $state, 'dim'), sql($db, sprintf $state, 'undisturbed'), 'merged again it is what an undisturbed merge gives');
is(sql($db, q{SELECT count(*) FROM starhouse.scd_check('dim')}), 0, 'and it is sound');
is(sql($db, sprintf($merge, 'dim')), '0|0|30000|0|0|0', 'a third merge of the same finds nothing new');

done_testing;
