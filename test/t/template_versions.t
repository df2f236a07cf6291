# A template's files do not change without its version: upgrade_warehouse goes by it, and whoever changes a
# file is made to think of the warehouses that are there.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use Test::More;

chdir root() or die "cannot enter the clone: $!";
my $said = qx(scripts/templates check 2>&1);
is($?, 0, 'every template is what its VERSIONS says') or diag $said;

my $db = new_database('template_versions');
for my $file (glob 'sql/warehouse/*/VERSIONS') {
    my ($kind) = $file =~ m{([^/]+)/VERSIONS$};
    open my $in, '<', $file or die "$file: $!";
    my @lines = grep { !/^#/ } <$in>;
    my $next = 1;
    my %seen;
    for my $line (@lines) {
        like($line, qr/^\Q$next\E +(-|\d+\.\d+\.\d+) +[0-9a-f]{64}$/, "$kind: line $next is version, release, checksum");
        ok(!$seen{ (split ' ', $line)[2] }++, "$kind: version $next differs from the ones before");
        $next++;
    }
    is(sql($db, "SELECT version FROM starhouse.template_version WHERE kind = '$kind'"), $next - 1, "$kind: the extension has the last one");
    is(sql($db, "SELECT count(*) FROM starhouse.template_migration WHERE kind = '$kind' AND (from_version < 1 OR from_version >= $next - 1)"), 0,
        "$kind: migrations lead from version to version");
    # The first version is kept for the tests of upgrades.
    my ($first) = (split ' ', $lines[0])[2];
    my $frozen = qx(cd test/data/warehouse/$kind-1 && LC_ALL=C sha256sum -- *.sql | sha256sum);
    is(substr($frozen, 0, 64), $first, "$kind: its first version is kept as it was");
}
done_testing();
