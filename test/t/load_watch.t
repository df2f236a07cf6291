#!/usr/bin/perl
# starhouse load --watch: files that are put into a directory are loaded when they are complete, in order and once
# each, killed or not; what cannot be loaded keeps nothing else from it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use IPC::Run ();
use Test::More;
use Time::HiRes ();
use LoadTest;
use StarhouseTest;

my $folder = File::Temp->newdir;
mkdir "$folder/$_" or die $! for qw(in done failed);
my $database = new_database('starhouse_load_watch');
my $in = q{SET search_path = "Odd ""Name", starhouse;};
make_warehouse($database);
my $rows = 0;

sub program { return $ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse' }
sub watch {
    my (@more) = @_;
    my $log = "$folder/log" . ++$rows;
    return (IPC::Run::start([program(), 'load', $warehouse, '--feed', 'sales', '-d', "dbname=$database", '--watch', "$folder/in", '--pattern', '*.csv*', '--json', @more],
                            '<', \undef, '>', '/dev/null', '2>', $log), $log);
}
sub content { my ($name, $count) = @_; return join '', "id,at,shop,amount\n", map { "$name-$_,2024-01-01,s,1\n" } 1 .. $count // 10 }
sub until_true { my ($query) = @_; for (1 .. 400) { return 1 if sql($database, "$in $query") eq 't'; Time::HiRes::sleep(0.05) } return 0 }
sub log_text { my ($file) = @_; open my $text, '<', $file or die $!; local $/ = undef; return <$text> }
# Every file of so many, ten rows each, was read once and is a finished source.
sub once { my ($files, $name) = @_; return is(sql($database, "$in SELECT (SELECT count(*) FROM sales_fact) || ' ' || (SELECT sum(records_read) FROM batch_log) || ' ' || (SELECT count(finished_at) FROM load_source)"), join(' ', 10 * $files, 10 * $files, $files), $name) }
sub rename_in { my ($name, $text) = @_; write_file("$folder/$name.elsewhere", $text); rename "$folder/$name.elsewhere", "$folder/in/$name" or die $!; return }

# Those that lie there, in order of their names; hidden, unfinished and empty ones are none.
write_file("$folder/in/$_.csv", content($_)) for qw(c a b);
write_file("$folder/in/.hidden.csv", content('h'));
write_file("$folder/in/later.csv.part", content('p'));
write_file("$folder/in/empty.csv", '');
write_file("$folder/in/note.txt", 'no data');
my ($run, $log) = watch('--settle-seconds', 1);
ok(until_true("SELECT count(finished_at) = 3 FROM load_source"), 'files that lie there are loaded') or diag(log_text($log));
is(sql($database, "$in SELECT string_agg(right(source_name, 5), ' ' ORDER BY source_id) FROM load_source"), 'a.csv b.csv c.csv', 'in order of their names');

# Renamed into place: at once. Written there: when it has not changed for a while.
rename_in('d.csv', content('d'));
ok(until_true("SELECT count(finished_at) = 4 FROM load_source"), 'a file renamed into place');
open my $slow, '>', "$folder/in/e.csv" or die $!;
$slow->autoflush(1);
print {$slow} "id,at,shop,amount\n";
for (1 .. 10) { print {$slow} "e-$_,2024-01-01,s,1\n"; Time::HiRes::sleep(0.25) }
is(sql($database, "$in SELECT count(*) FROM load_source"), 4, 'one that is being written waits');
close $slow or die $!;
ok(until_true("SELECT count(finished_at) = 5 FROM load_source"), 'until it is complete') or diag(log_text($log));
once(5, 'every row once');

# What cannot be loaded is told of, and the next one is loaded.
rename_in('f.csv', "nothing,like,it\n1,2,3\n");
rename_in('g.csv', content('g'));
ok(until_true("SELECT count(finished_at) = 6 FROM load_source"), 'a file with a wrong header keeps no other from its turn');
like(log_text($log), qr/f\.csv, line 1: /, 'and is told of');
Time::HiRes::sleep(2.5);
is(() = log_text($log) =~ /f\.csv, line 1/g, 1, 'once');
rename_in('f.csv', content('f'));
ok(until_true("SELECT count(finished_at) = 7 FROM load_source"), 'mended, it is loaded');

# The server goes: the file waits for it.
sql($database, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database()});
sql('postgres', "ALTER DATABASE $database ALLOW_CONNECTIONS false");
rename_in('i.csv', content('i'));
Time::HiRes::sleep(1.5);
sql('postgres', "ALTER DATABASE $database ALLOW_CONNECTIONS true");
ok(until_true("SELECT count(finished_at) = 8 FROM load_source"), 'a server that is away is waited for') or diag(log_text($log));
$run->signal('INT');
$run->finish;
is($run->result(0), 0, 'Ctrl-C ends it in good order');
like(log_text($log), qr/stopped; 8 files were loaded/, 'and says what it did');

# Killed at any moment, and begun again: each file once; loaded ones are moved, broken ones elsewhere.
make_warehouse($database, pause => 0.1);
unlink glob "$folder/in/*";
my $file = 0;
for my $round (1 .. 6) {
    ($run, $log) = watch('--settle-seconds', 0, '--move-to', "$folder/done", '--failed-to', "$folder/failed");
    rename_in(sprintf('k%02d.csv', ++$file), content("k$file")) for 1 .. 4;
    Time::HiRes::sleep(0.15 * $round);
    $run->kill_kill(grace => 0);
}
rename_in('x.csv', "nothing,like,it\n");
rename_in('z.csv', content('z'));
write_file("$folder/done/z.csv", 'taken');
($run, $log) = watch('--settle-seconds', 0, '--move-to', "$folder/done", '--failed-to', "$folder/failed");
ok(until_true("SELECT count(finished_at) = 25 FROM load_source"), 'killed six times and begun again') or diag(log_text($log));
for (1 .. 100) { last if !glob "$folder/in/*"; Time::HiRes::sleep(0.05) }
once(25, 'every row once');
is(join(' ', map { s{.*/}{}r } sort glob "$folder/done/*"), join(' ', (map { sprintf 'k%02d.csv', $_ } 1 .. 24), 'z.csv', 'z.csv.1'), 'loaded files are moved, none over another');
is(join(' ', map { s{.*/}{}r } glob "$folder/failed/*"), 'x.csv', 'so are those that cannot be loaded');
is(join(' ', glob "$folder/in/*"), '', 'nothing is left');
# The same bytes again are the same file.
rename_in('again.csv', content('z'));
for (1 .. 100) { last if -e "$folder/done/again.csv"; Time::HiRes::sleep(0.05) }
once(25, 'a file that was loaded is moved only');
$run->signal('TERM');
$run->finish;
is($run->result(0), 0, 'SIGTERM ends it in good order, too');

for my $case ([['--watch', "$folder/none"], qr/none is no directory/, 'no directory'], [['--watch', "$folder/in", "$folder/done/z.csv"], qr/excludes|--watch/, 'files beside it'],
              [['--watch', "$folder/in", '--move-to', "$folder/none"], qr/none is no directory/, 'nowhere to move to'], [['--pattern', '*.csv'], qr/--watch/, 'a pattern alone']) {
    my ($status, undef, $text) = client('load', $warehouse, '--feed', 'sales', '-d', "dbname=$database", @{$case->[0]});
    ok($status != 0 && $text =~ $case->[1], $case->[2]) or diag("$status $text");
}
# Too many rejects: a file is put aside with most of it not read, time and again; others are loaded, and the runs are on record as failed.
make_warehouse($database);
($run, $log) = watch('--max-rejects', 3, '--batch-rows', 100, '--failed-to', "$folder/failed");
for my $n (1 .. 5) {
    rename_in("y$n.csv", join '', "id,at,shop,amount\n", map { "y$n-$_,2024-0@{[$_ > 150 ? '2-31' : '1-02']},s,1\n" } 1 .. 20_000);
    rename_in("z$n.csv", content("z$n"));
    ok(until_true("SELECT count(*) FILTER (WHERE finished_at IS NOT NULL) = $n FROM load_source WHERE source_name LIKE '%/z_.csv'"), "round $n: the file after one with too many rejects is loaded") or diag(log_text($log));
    ok(-e "$folder/failed/y$n.csv", 'that one is put aside');
}
is(sql($database, "$in SELECT string_agg(outcome || ' ' || c, ', ' ORDER BY outcome) FROM (SELECT coalesce(outcome, 'open') AS outcome, count(*) AS c FROM run_log GROUP BY 1) r"), 'done 5, failed 5', 'each run ended as it did');
$run->signal('INT');
$run->finish;
is($run->result(0), 0, 'Ctrl-C ends it in good order') or diag(log_text($log));

done_testing();
