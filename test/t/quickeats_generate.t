# The QuickEats generator and the warehouse agree: every file of a generated span is loaded through its feed,
# and the warehouse equals TRUTH.json figure by figure, also when the files come in the opposite order.
use strict;
use warnings;
use lib 'test/perl';
use File::Temp ();
use StarhouseTest;
use Test::More;

my $folder = File::Temp->newdir;
my @small  = qw(--cities 3 --from 2025-03-01 --to 2025-03-09 --scale 0.25 --dirty 0.08);
my ($status, $out, $err) = client('generate', 'quickeats', '--out', "$folder/a", @small);
is($status, 0, 'generates') or diag("$out\n$err");
like($out, qr/LOAD_ORDER lists the files/, 'says what it wrote');
for my $case ([['--cities', 13], qr/number of cities out of range: 13/], [['--to', '2024-01-01'], qr/the first day lies after the last one/], [['--scale', 0], qr/scale out of range/]) {
    ($status, $out, $err) = client('generate', 'quickeats', '--out', "$folder/b", @{ $case->[0] });
    is($status, 1, "@{ $case->[0] } is refused");
    like($err, $case->[1], '... with the value');
}

my $db = new_database('quickeats_generate');
my (@feeds, %files);
open my $order, '<', "$folder/a/LOAD_ORDER" or die $!;
while (my $line = <$order>) {
    chomp $line;
    my ($feed, $path) = split /\t/, $line;
    push @feeds, $feed unless exists $files{$feed};
    push @{ $files{$feed} }, "$folder/a/$path";
}
close $order;
open my $truth_file, '<', "$folder/a/TRUTH.json" or die $!;
my $truth = do { local $/; <$truth_file> };
close $truth_file;

sub load_all {
    my ($schema, $backwards) = @_;
    for my $feed ($backwards ? reverse @feeds : @feeds) {
        my @paths = $backwards ? reverse @{ $files{$feed} } : @{ $files{$feed} };
        my ($code, $said, $errors) = client('load', $schema, '--feed', $feed, '--quiet', '-d', "dbname=$db", @paths);
        is($code, 0, "loads $feed") or diag("$said\n$errors");
    }
    return;
}
sub proof {
    my ($schema) = @_;
    open my $script, '<', root() . '/sql/demo/quickeats_truth.sql' or die $!;
    my $sql = do { local $/; <$script> };
    close $script;
    my ($code, $said, $errors) = psql($db, $sql, '-v', 'ON_ERROR_STOP=1', '-v', "schema=$schema", '-v', "truth=$truth");
    diag $errors if $code != 0;
    return $said;
}
for my $schema ('my eats', 'backwards') {
    sql($db, "SELECT starhouse.create_warehouse('quickeats', '$schema', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31')");
    load_all($schema, $schema eq 'backwards');
    my $said = proof($schema);
    cmp_ok(scalar(() = $said =~ /^ok /mg), '>', 80, "$schema: every figure ...");
    is(join("\n", grep { !/^ok / } split /\n/, $said), '', '... is equal');
    is(sql($db, "SELECT * FROM starhouse.check_integrity('$schema')"), '', 'and keys and versions are sound');
}
my $before = proof('my eats');
load_all('my eats', 0);
is(proof('my eats'), $before, 'loaded again, nothing has changed');
is(sql($db, q{SELECT string_agg(factor, ', ') FROM "my eats".kpi_delay_drivers WHERE effect_minutes IS NOT NULL AND strata > 0}),
   'Traffic, Preparation, Driver availability, Weather, Payment mode', 'every circumstance of the model can be compared');
done_testing;
