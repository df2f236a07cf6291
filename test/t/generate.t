# The generator and the warehouse agree: every file of a generated span is loaded through its feed, and the
# warehouse equals TRUTH.json figure by figure. Besides: same options, same bytes; folders are respected.
use strict;
use warnings;

use Digest::SHA ();
use File::Find  ();
use File::Temp  ();
use Test::More;

my $client = $ENV{STARHOUSE_CLIENT};
my $root   = $ENV{STARHOUSE_ROOT};
plan skip_all => 'the client is not built: STARHOUSE_CLIENT' unless defined $client && -x $client;

my $database = "starhouse_generate_$$";
my $folder   = File::Temp->newdir;
my @small    = qw(--stores 6 --from 2025-09-25 --to 2025-11-02 --scale 0.3 --dirty 0.1);

sub run {
	my @command = @_;
	my $pid     = open(my $pipe, '-|') // die "cannot fork: $!";
	if ($pid == 0) {
		open(STDERR, '>&', \*STDOUT);
		exec @command or die "cannot run $command[0]: $!";
	}
	my $output = do { local $/; <$pipe> };
	close $pipe;
	return ($? >> 8, $output // '');
}

sub slurp {
	open(my $file, '<:raw', $_[0]) or die "$_[0]: $!";
	local $/;
	return <$file>;
}

sub digest {
	my ($dir) = @_;
	my @files;
	File::Find::find({ no_chdir => 1, wanted => sub { push @files, $_ if -f } }, $dir);
	my $sha = Digest::SHA->new(256);
	for my $path (sort @files) {
		$sha->add(substr($path, length $dir), slurp($path));
	}
	return $sha->hexdigest;
}

my ($status, $output) = run($client, 'generate', 'shopsmart', '--out', "$folder/a", @small);
is($status, 0, 'generates') or diag $output;
like($output, qr/LOAD_ORDER lists the files/, 'says what it wrote');
run($client, 'generate', 'shopsmart', '--out', "$folder/b", @small);
is(digest("$folder/a"), digest("$folder/b"), 'same options, same bytes');
run($client, 'generate', 'shopsmart', '--out', "$folder/b", @small, '--seed', 7);
isnt(digest("$folder/a"), digest("$folder/b"), 'another seed replaces the files with others');

mkdir "$folder/mine" or die $!;
open(my $file, '>', "$folder/mine/letter.txt") or die $!;
close $file;
($status, $output) = run($client, 'generate', 'shopsmart', '--out', "$folder/mine", @small);
is($status, 1, 'a folder with other files is refused');
like($output, qr/is not empty/, '... with the reason');
ok(-e "$folder/mine/letter.txt", '... and left alone');
for my $case (
	[ [ '--from', '2025-02-31' ], qr/no such day: "2025-02-31"/ ],
	[ [ '--to',   '2024-01-01' ], qr/the first day lies after the last one/ ],
	[ [ '--stores', 0 ], qr/number of stores out of range: 0/ ],
	[ [ '--scale', -1 ], qr/--scale out of range: -1/ ],
	[ [ '--dirty', 0.9 ], qr/share of dirty rows out of range/ ],
  )
{
	($status, $output) = run($client, 'generate', 'shopsmart', '--out', "$folder/c", @{ $case->[0] });
	is($status, 1, "@{ $case->[0] } is refused");
	like($output, $case->[1], '... with the value');
	ok(!-e "$folder/c", '... before anything is written');
}

sub psql { return run('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', @_); }

psql('-d', 'postgres', '-c', "CREATE DATABASE $database");
$ENV{PGDATABASE} = $database;
($status, $output) = psql(
	'-c', 'CREATE EXTENSION starhouse',
	'-c', q{SELECT starhouse.create_warehouse('shopsmart', 'my shop', time_zone => 'Asia/Kolkata')});
is($status, 0, 'a warehouse in a schema whose name needs quotes') or diag $output;

my (@feeds, %files);
for my $line (split /\n/, slurp("$folder/a/LOAD_ORDER")) {
	my ($feed, $path) = split /\t/, $line;
	push @feeds, $feed unless exists $files{$feed};
	push @{ $files{$feed} }, "$folder/a/$path";
}

for my $feed (@feeds) {
	($status, $output) = run($client, 'load', 'my shop', '--feed', $feed, '--quiet', @{ $files{$feed} });
	is($status, 0, "loads $feed") or diag $output;
}
my @proof = (
	'-v', 'schema=my shop', '-v', 'truth=' . slurp("$folder/a/TRUTH.json"),
	'-f', "$root/sql/demo/truth.sql");
($status, $output) = psql(@proof);
is($status, 0, 'compares with TRUTH.json');
cmp_ok(scalar(() = $output =~ /^ok /mg), '>', 50, 'every figure ...');
is(join("\n", grep { !/^ok / } split /\n/, $output), '', '... is equal');

for my $feed (@feeds) {
	run($client, 'load', 'my shop', '--feed', $feed, '--quiet', @{ $files{$feed} });
}
is((psql(@proof))[1], $output, 'loaded again, nothing has changed');

delete $ENV{PGDATABASE};
psql('-d', 'postgres', '-c', "DROP DATABASE $database");
done_testing;
