#!/usr/bin/perl
# Several files of one command. While the server is at the last batch of a file, the next one is read: that changes
# nothing but the time, be that file loaded already, half loaded, damaged or gone when its turn comes.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use Test::More;
use LoadTest;
use StarhouseTest;

my $folder = File::Temp->newdir;
my $database = new_database('starhouse_load_files');
my @load = ('load', $warehouse, '--feed', 'sales', '-d', "dbname=$database", '--quiet');

# Parts of 400 sales; the 350th of the second one is what no contract takes.
my @parts = map {
    my $part = $_;
    my @lines = map { sprintf("p%d-%03d,2024-01-%02d 10:00,shop%d,%d\n", $part, $_, 1 + $_ % 28, $_ % 7, $part == 2 && $_ == 350 ? 950 : $_) } 1 .. 400;
    $lines[349] =~ s/,950$/,dear/ if $part == 2;
    write_file("$folder/part$part.csv", join('', "id,at,shop,amount\n", @lines));
} 1 .. 3;
my $query = q{SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || sum(amount) FROM "Odd ""Name".sales_fact};
my $all = join(' ', 1199, 1199, 3 * 400 * 401 / 2 - 350);

for my $size (100, 100_000) {
    make_warehouse($database);
    my ($status, $out, $err) = client(@load, '--batch-rows', $size, @parts);
    is($status, 0, "batches of $size: loaded") or diag($err);
    is(sql($database, $query), $all, 'every part once');
    ($status, $out, $err) = client(@load, '--batch-rows', $size, @parts);
    is($status, 0, 'again');
    is(() = $out =~ /loaded already|already loaded/g, 3, 'they are known') or diag($out);
    is(sql($database, $query), $all, 'and nothing is doubled');
}

make_warehouse($database);
my ($status, $out, $err) = client(@load, '--batch-rows', 100, '--max-rejects', 0, @parts);
is($status, 3, 'stopped within the second part') or diag($err);
is(sql($database, q{SELECT string_agg(next_record::text, ' ' ORDER BY source_id) FROM "Odd ""Name".load_source}), '402 302', 'which stands at its last batch');
($status, $out, $err) = client(@load, '--batch-rows', 100, @parts);
is($status, 0, 'the same command') or diag($err);
is(sql($database, $query), $all, 'goes on there');
is(sql($database, q{SELECT count(*) FROM "Odd ""Name".batch_log WHERE source_id = (SELECT source_id FROM "Odd ""Name".load_source WHERE source_name LIKE '%part2%')}), '4', 'and loads no batch twice');

# What is wrong with a file is told when its turn comes.
my $gzip = write_gzip("$folder/part4.csv.gz", join('', "id,at,shop,amount\n", map { sprintf("p4-%03d,2024-02-%02d 10:00,shop1,1\n", $_, 1 + $_ % 28) } 1 .. 400));
open my $file, '+<', $gzip or die;
truncate $file, (-s $gzip) - 20;
close $file or die;
make_warehouse($database);
($status, $out, $err) = client(@load, $parts[0], $gzip, $parts[2]);
is($status, 1, 'a damaged file is an error');
like($err, qr/part4\.csv\.gz.*(truncated|damaged)/, 'that names it');
is(sql($database, q{SELECT count(*) FROM "Odd ""Name".load_source WHERE finished_at IS NOT NULL}), '1', 'what came before it is loaded, what comes after is not');
make_warehouse($database, pause => 3);
my ($o, $e) = ('', '');
my $run = start_client(\$o, \$e, @load, $parts[0], $parts[2]);
ok(wait_for($database, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'starhouse load' AND datname = current_database() AND query LIKE '%batch_finish%' AND state = 'active'}),
   'the first part is at its steps');
sleep 1; # meanwhile the client looks into the next file
open $file, '>>', $parts[2] or die;
print {$file} "p3-401,2024-01-05 10:00,shop1,1\n";
close $file or die;
$run->finish;
is($run->full_result(0) >> 8, 1, 'a file that grew since it was read is not taken for what it was') or diag($o, $e);
like($e, qr/part3\.csv/, 'which is said of it');

done_testing();
