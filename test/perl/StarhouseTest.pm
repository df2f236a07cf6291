# What the TAP tests share: a database of their own on the server that `make check` started, SQL
# through psql, and the client. The server is found through the PG* environment.
package StarhouseTest;
use strict;
use warnings;
use Carp ();
use Exporter 'import';
use IPC::Run ();

our @EXPORT = qw(new_database psql sql client root pg_version);

# No test file waits for ever: after this many seconds it ends, saying where it stood, through its
# END blocks. The alarm is set again for a test that catches what dies.
my $deadline = $ENV{STARHOUSE_TEST_DEADLINE} // 900;
$SIG{ALRM} = sub {
    alarm 60;
    die Carp::longmess("# $0 is not done after $deadline s (STARHOUSE_TEST_DEADLINE); it stood here");
};
alarm $deadline;

# Absolute path of the clone.
sub root { return $ENV{STARHOUSE_ROOT} // '.' }

# Runs SQL in one session; returns exit status, output and errors. Options are psql's own.
sub psql {
    my ($database, $sql, @options) = @_;
    my ($out, $err) = ('', '');
    # Without a server psql may be gone before it is told anything.
    local $SIG{PIPE} = sub { };
    my $told = eval { IPC::Run::run(['psql', '-XAtq', '-d', $database, @options, '-f', '-'], '<', \$sql, '>', \$out, '2>', \$err); 1 };
    die substr($@, 0, 1000) if !$told && $@ !~ /Broken pipe/;
    my $status = $told ? $? >> 8 : 2;
    chomp $out;
    return ($status, $out, $err);
}

# Runs SQL that has to succeed and returns its output.
sub sql {
    my ($database, $sql) = @_;
    my ($status, $out, $err) = psql($database, $sql, '-v', 'ON_ERROR_STOP=1');
    die 'SQL failed at ' . test_line() . ": $err\n$sql\n" if $status != 0;
    return $out;
}

# The line of the test that is at work: closing lines name it where a test dies.
sub test_line {
    my $level = 0;
    while (my ($package, $file, $line) = caller $level++) {
        return "$file line $line" if $package eq 'main';
    }
    return 'no line of a test';
}

# A fresh database with the extension; dropped when the cluster goes.
sub new_database {
    my ($name) = @_;
    sql('postgres', qq{DROP DATABASE IF EXISTS "$name" WITH (FORCE)});
    sql('postgres', qq{CREATE DATABASE "$name"});
    sql($name, 'CREATE EXTENSION starhouse');
    return $name;
}

# Runs the client `starhouse`; returns exit status, output and errors.
sub client {
    my (@arguments) = @_;
    my $program = $ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse';
    my ($out, $err) = ('', '');
    IPC::Run::run([$program, @arguments], '<', \undef, '>', \$out, '2>', \$err);
    return ($? >> 8, $out, $err);
}

# Major version of the server, e.g. 15.
sub pg_version { return int(sql('postgres', 'SHOW server_version_num') / 10000) }

1;
