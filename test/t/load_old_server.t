#!/usr/bin/perl
# A server before 15 is told apart before anything is asked of it. It is played by a process that
# speaks as much of the protocol as a client needs to get in, and announces an old version.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use IO::Socket::INET;
use Test::More;
use StarhouseTest;

$ENV{PGSSLMODE} = 'disable';
$ENV{PGGSSENCMODE} = 'disable';
for my $case (['13.14 (Debian 13.14-0+deb11u1)', 13], ['14.0', 14], ['9.6.24', 9]) {
    my ($announced, $major) = @$case;
    my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', Proto => 'tcp') or die "cannot listen: $!";
    my $pid = fork() // die "cannot fork: $!";
    if ($pid == 0) {
        my $asked = serve(scalar($listener->accept), $announced);
        require POSIX;
        POSIX::_exit($asked ? 9 : 0);
    }
    my $port = $listener->sockport;
    close $listener;
    my ($status, $out, $err) = client('status', 'shopsmart', '-d', "host=127.0.0.1 port=$port dbname=d user=u connect_timeout=20");
    waitpid $pid, 0;
    is($status, 1, "a server that says it is $announced is refused");
    like($err, qr/the server is PostgreSQL $major; starhouse needs 15 or newer/, 'with its version');
    like($err, qr/database "d" on 127\.0\.0\.1, port $port\. Upgrade it, or connect to another server with -d/, 'where it is, and the mend');
    is($? >> 8, 0, 'and nothing was asked of it');
}

done_testing();

# Lets the client in; returns whether it then asked for anything.
sub serve {
    my ($socket, $version) = @_;
    alarm 30;
    my $length = unpack 'N', take($socket, 4);
    take($socket, $length - 4); # the startup packet
    my $setting = sub { my $body = join "\0", @_, ''; 'S' . pack('N', 4 + length $body) . $body };
    print {$socket} 'R', pack('NN', 8, 0), $setting->('server_version', $version), $setting->('client_encoding', 'UTF8'),
        $setting->('standard_conforming_strings', 'on'), 'K', pack('NNN', 12, 1, 1), 'Z', pack('N', 5), 'I';
    $socket->flush;
    my $kind = '';
    return read($socket, $kind, 1) && $kind ne 'X'; # X: the client takes its leave
}

sub take {
    my ($socket, $count) = @_;
    read($socket, my $bytes, $count) == $count or die "the client hung up\n";
    return $bytes;
}
