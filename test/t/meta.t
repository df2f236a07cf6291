# The places that name the version agree, and the metadata names files that exist.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use JSON::PP ();
use Test::More;

chdir root() or die "cannot enter the clone: $!";
sub slurp {
    my ($file) = @_;
    open my $handle, '<', $file or die "$file: $!";
    local $/;
    return scalar <$handle>;
}

my ($control) = slurp('starhouse.control') =~ /^default_version\s*=\s*'(.*)'/m;
my $meta = JSON::PP::decode_json(slurp('META.json'));
my ($changelog) = slurp('CHANGELOG.md') =~ /^## \[(\d[^\]]*)\]/m;

like($control, qr/^\d+\.\d+\.\d+$/, "the control file's version has three numbers");
is($meta->{version}, $control, 'META.json has the version of the control file');
is($meta->{provides}{starhouse}{version}, $control, 'so has what it provides');
is($meta->{provides}{starhouse}{file}, "sql/starhouse--$control.sql", 'and the install script it names');
ok(-s $meta->{provides}{starhouse}{file}, 'which is there');
is($changelog, $control, "the changelog's newest release is that version");
is(sql(new_database('meta'), 'SELECT starhouse.version()'), $control, 'and the library says so');
like((client('--version'))[1], qr/\b\Q$control\E\b/, 'like the client');

done_testing();
