# A TCP proxy in a process of its own that can fall silent: it then reads and forwards nothing more, of the
# connections it has and of new ones, and closes none. The kernel still acknowledges what is sent, so TCP
# notices nothing; after heal() new connections work, those from before stay dead, as behind a balancer
# that lost its state.
package MuteProxy;
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use POSIX ();

# For connections to the port on 127.0.0.1.
sub start {
    my ($class, $target) = @_;
    my $server = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1') or die "no port: $!";
    my $self = bless {port => $server->sockport}, $class;
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        serve($server, $target);
        POSIX::_exit(0);
    }
    return $self;
}
sub port { return $_[0]{port} }
sub mute { kill USR1 => $_[0]{pid}; return }
sub heal { kill USR2 => $_[0]{pid}; return }
sub stop { my ($self) = @_; kill KILL => $self->{pid}; waitpid $self->{pid}, 0; return }

sub serve {
    my ($server, $target) = @_;
    my ($mute, %peer, @dead) = (0);
    my $select = IO::Select->new($server);
    local $SIG{USR1} = sub { $mute = 1 };
    local $SIG{USR2} = sub { $mute = 2 };
    while (1) {
        my @ready = $select->can_read(0.05);
        if ($mute) { # once: whatever is open stays so, unread
            push @dead, grep { $_ != $server } $select->handles;
            $select->remove(@dead);
            push @dead, values %peer;
            %peer = ();
            if ($mute == 1) {
                $select->remove($server); # the kernel still takes connections; we do not
                next;
            }
            # Those that waited meanwhile are of the silent time.
            while (IO::Select->new($server)->can_read(0)) { push @dead, scalar $server->accept }
            $select->add($server);
            $mute = 0;
            next;
        }
        for my $socket (@ready) {
            if ($socket == $server) {
                my $client = $server->accept or next;
                my $other = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $target) or next;
                @peer{$client, $other} = ($other, $client);
                $select->add($client, $other);
                next;
            }
            my $other = $peer{$socket} or next;
            my $count = sysread $socket, my $bytes, 65536;
            my $done = $count ? 0 : 1;
            for (my $at = 0; !$done && $at < $count;) {
                my $written = syswrite $other, $bytes, $count - $at, $at;
                $written ? ($at += $written) : ($done = 1);
            }
            if ($done) {
                $select->remove($socket, $other);
                delete @peer{$socket, $other};
                close $_ for $socket, $other;
            }
        }
    }
    return;
}

1;
