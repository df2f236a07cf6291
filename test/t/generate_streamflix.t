# The generator and StreamFlix agree: every file of a generated span is loaded through its feed, and the warehouse equals
# TRUTH.json figure by figure, in a time zone other than UTC and over changes of the viewers' clocks. Then once more in
# another order, facts first: the same figures.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use File::Temp ();
use IPC::Run   ();
use Test::More;

my $program = $ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse';
plan skip_all => 'the client is not built: STARHOUSE_CLIENT' unless -x $program;

my $folder = File::Temp->newdir;
my ($status, $out, $err) = client('generate', 'streamflix', '--out', "$folder/a", '--events', 4000, '--from', '2025-03-27', '--to', '2025-04-06', '--dirty', 0.1);
is($status, 0, 'generates') or diag "$out\n$err";
like($out, qr/LOAD_ORDER lists the files/, 'says what it wrote');
for my $case (
    [ [ '--events', 999 ],        qr/number of events out of range: 999/ ],
    [ [ '--to', '2024-01-01' ],   qr/the first day lies after the last one/ ],
    [ [ '--from', '2022-01-01' ], qr/dates out of range/ ],
    [ [ '--dirty', 0.9 ],         qr/share of dirty records out of range/ ],
  )
{
    ($status, $out, $err) = client('generate', 'streamflix', '--out', "$folder/c", @{ $case->[0] });
    is($status, 1, "@{ $case->[0] } is refused");
    like($err, $case->[1], '... with the value');
    ok(!-e "$folder/c", '... before anything is written');
}

my (@feeds, %files);
open(my $order, '<', "$folder/a/LOAD_ORDER") or die $!;
while (<$order>) {
    chomp;
    my ($feed, $path) = split /\t/;
    push @feeds, $feed unless exists $files{$feed};
    push @{ $files{$feed} }, "$folder/a/$path";
}
close $order;
my $truth = do { open(my $file, '<', "$folder/a/TRUTH.json") or die $!; local $/; <$file> };

my $db = new_database('generate_streamflix');
sub load {
    my ($schema, @order) = @_;
    for my $feed (@order) {
        my ($status, $out, $err) = client('load', $schema, '--feed', $feed, '--quiet', '-d', "dbname=$db", @{ $files{$feed} });
        is($status, 0, "$schema: loads $feed") or diag "$out\n$err";
    }
}
sub proof {
    my ($schema) = @_;
    my $out = '';
    IPC::Run::run(['psql', '-XAtq', '-d', $db, '-v', 'ON_ERROR_STOP=1', '-v', "schema=$schema", '-v', "truth=$truth",
                   '-f', root() . '/sql/demo/streamflix_truth.sql'], '>', \$out);
    return $out;
}

sql($db, q{SELECT starhouse.create_warehouse('streamflix', 'my films', time_zone => 'Asia/Kolkata', country => NULL, calendar_from => '2025-01-01')});
load('my films', @feeds);
my $first = proof('my films');
cmp_ok(scalar(() = $first =~ /^ok /mg), '>', 120, 'every figure ...');
is(join("\n", grep { !/^ok / } split /\n/, $first), '', '... is equal');
is(sql($db, q{SELECT * FROM starhouse.check_integrity('my films')}), '', 'keys and versions are sound');
my $derived = q{SELECT md5(string_agg(e::text, '|' ORDER BY e::text)) FROM
  (SELECT time_key, region_key, video_key, views, trim_scale(watch_minutes), trim_scale(completion_sum), likes, watch_percent, avg_session_time, engagement_score FROM "my films".engagement_fact
   UNION ALL SELECT time_key, region_key, '', views, trim_scale(watch_minutes), 0, 0, 0, 0, 0 FROM "my films".viewing_hour_fact) e};
my $before = sql($db, $derived);
sql($db, q{SELECT "my films".rebuild_viewing('Asia/Kolkata', '2025-01-01', '2025-12-31')});
is(sql($db, $derived), $before, 'what the batches added is what is computed from nothing');

load('my films', @feeds);
is(join("\n", grep { !/^ok / && !/feed / } split /\n/, proof('my films')), '', 'loaded again, nothing has changed');

# Facts before what they refer to.
sql($db, q{SELECT starhouse.create_warehouse('streamflix', 'backwards', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01')});
load('backwards', reverse @feeds);
is(join("\n", grep { !/^ok / } split /\n/, proof('backwards')), '', 'facts first, dimensions last: every figure is equal');
is(sql($db, q{SELECT * FROM starhouse.check_integrity('backwards')}), '', 'and keys and versions are sound');

done_testing();
