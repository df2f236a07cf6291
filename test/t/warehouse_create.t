# create_warehouse says how sessions come to use star scans, once, and not where they do already.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use IPC::Run ();
use Test::More;

my $db = new_database('warehouse_create');

sub notices {
    my ($sql) = @_;
    my ($out, $err) = ('', '');
    IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $db, '-c', $sql ], '>', \$out, '2>', \$err) or die $err;
    return $err;
}

my $create = q{SELECT starhouse.create_warehouse('shopsmart', '%s', 'UTC', calendar_from => '2025-01-01', calendar_to => '2025-12-31', foreign_keys => 'none')};
my $first = notices(sprintf $create, 'one');
like $first, qr/^NOTICE:  sessions of this database do not use star scans from their first query on$/m, 'a database without the library is told of star scans';
my ($hint) = $first =~ /^HINT:.*: (ALTER DATABASE .*;)$/m;
ok $hint, 'and how to have them';
my $explain = 'EXPLAIN (COSTS OFF) SELECT sum(g) FROM numbers';
sql($db, 'CREATE TABLE numbers AS SELECT g FROM generate_series(1, 200000) g; VACUUM ANALYZE numbers');
unlike sql($db, $explain), qr/StarScan/, 'a new session has none';
sql($db, $hint);
like sql($db, $explain), qr/StarScan/, 'with the hinted statement a new session has them';
unlike notices(sprintf $create, 'two'), qr/star scan/, 'which is then not said again';
done_testing;
