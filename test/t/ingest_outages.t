#!/usr/bin/perl
# What stands around the client fails: the database crashes, its disk is full, the network between them
# swallows everything, clocks disagree. Every message is in the warehouse once all the same, and the client
# goes on by itself. On a cluster of its own.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use HTTP::Tiny;
use IO::Socket::INET;
use IPC::Run ();
use Test::More;
use Time::HiRes ();
use IngestTest;
use MuteProxy;
use StarhouseTest;

plan skip_all => 'PG_CONFIG is not set: scripts/check does' if !$ENV{PG_CONFIG};
my $root = root();
sub shell { my ($script, @arguments) = @_; IPC::Run::run(['bash', '-c', ". $root/scripts/lib.sh; $script", 'sh', @arguments], '>', \my $out, '2>', \my $err); chomp $out; return ($? >> 8, $out, $err) }

my $folder = (shell('cluster_folder'))[1];
my ($mounted, $proxy);
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP); # through END
{
    local $ENV{STARHOUSE_PG_OPTIONS} = '-c shared_buffers=64MB -c max_connections=40';
    my ($status, $port, $err) = shell(qq{"$root/scripts/cluster" start "\$1"}, $folder);
    die "no cluster: $err" if $status != 0;
    @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)} = ($folder, $port, 'postgres', 'postgres');
}
END {
    my $status = $?;
    $proxy->stop if $proxy;
    shell(qq{"$root/scripts/cluster" destroy "\$1"}, $folder) if $folder && !$mounted;
    if ($mounted) { # the folder can only go without it
        shell(qq{as_server "\$1" "\$(\$PG_CONFIG --bindir)/pg_ctl" -D "\$1/data" -m immediate -w stop >/dev/null; umount "\$1/small"; rm -rf "\$1"}, $folder);
    }
    $? = $status;
}

my $brokers = start_mock(3);
my $in = 'SET search_path = shop, starhouse;';
my ($database, $topic, $run, $sent);
my $topics = 0;
sub more { my ($count) = @_; produce($brokers, $topic, events($sent + 1, $sent + $count, 3)); $sent += $count; return }
sub arrived {
    my ($name, $seconds) = @_;
    my $until = Time::HiRes::time() + ($seconds // 90);
    my $there = 0;
    while (!$there && Time::HiRes::time() < $until) { # the server may be on its way up
        my ($status, $out) = psql($database, "$in SELECT sum(next_offset) = $sent FROM source_partition");
        $there = $status == 0 && $out eq 't';
        Time::HiRes::sleep(0.1) if !$there;
    }
    return ok($there, $name) || diag(substr log_of($run), -4000);
}
sub stop_run {
    $run->signal('TERM');
    $run->finish;
    return is($run->result(0), 0, 'the client was there all the time') || diag(substr log_of($run), -3000);
}

# Changes of the environment that are for the client alone.
sub begin_with {
    my ($environment, @arguments) = @_;
    make_ingest_warehouse($database, pause => 0.02);
    ($sent, $topic) = (0, 'topic' . ++$topics);
    mock("topic $topic 3");
    local @ENV{keys %$environment} = values %$environment;
    $run = start_ingest($database, $brokers, '--topic', $topic, '--batch-rows', 50, @arguments);
    return;
}
sub begin { return begin_with({}, @_) }

# ---- the server crashes -------------------------------------------------------------------------

$database = new_database('crash');
begin();
more(300);
arrived('work begins');
for my $way (1 .. 3) {
    more(400);
    Time::HiRes::sleep(0.3);
    my ($status, undef, $err) = shell(q{as_server "$1" "$($PG_CONFIG --bindir)/pg_ctl" -D "$1/data" -m immediate -w restart >/dev/null}, $folder);
    is($status, 0, "immediate restart $way") or diag($err);
    more(200);
    arrived('the client goes on');
}
# As the kernel does it when memory is short: one session is shot, the server ends all others.
more(400);
my $pid = sql($database, q{SELECT pid FROM pg_stat_activity WHERE application_name = 'starhouse ingest' AND datname = current_database() LIMIT 1});
kill KILL => $pid;
more(200);
arrived('a session that is killed with -9');
stop_run();
exactly_once($database, $sent, 'lose and double nothing');

# ---- its disk is full ---------------------------------------------------------------------------

SKIP: {
    my ($status, undef, $err) = shell(q{is_root && mkdir "$1/small" && mount -t tmpfs -o size=96m tmpfs "$1/small" && mkdir "$1/small/space" && chown postgres "$1/small/space"}, $folder);
    skip 'mounting a small file system is not allowed here', 4 if $status != 0;
    $mounted = 1;
    sql('postgres', "CREATE TABLESPACE small LOCATION '$folder/small/space'");
    sql('postgres', 'CREATE DATABASE full_disk TABLESPACE small');
    $database = 'full_disk';
    sql($database, 'CREATE EXTENSION starhouse');
    begin();
    more(300);
    arrived('a database on a small disk');
    shell(q{cat /dev/zero >"$1/small/ballast"}, $folder);
    more(3000);
    my $until = Time::HiRes::time() + 60;
    Time::HiRes::sleep(0.1) while (() = log_of($run) =~ /sqlstate="53100"/g) < 2 && Time::HiRes::time() < $until;
    like(log_of($run), qr/sqlstate="53100".*sqlstate="53100"/s, 'that is full: the client says so and tries again') or diag(substr log_of($run), -3000);
    shell(q{rm "$1/small/ballast"}, $folder);
    arrived('until there is room');
    stop_run();
    exactly_once($database, $sent, 'a full disk loses and doubles nothing');
}

# ---- the network swallows everything -------------------------------------------------------------

$database = new_database('cut');
$proxy = MuteProxy->start($ENV{PGPORT});
begin_with({PGHOST => '127.0.0.1', PGPORT => $proxy->port});
more(300);
arrived('work through a proxy');
for my $cut (1, 2) {
    more(500);
    Time::HiRes::sleep(0.3);
    $proxy->mute;
    more(300);
    Time::HiRes::sleep(4);
    $proxy->heal;
    more(100);
    arrived("the proxy fell silent without a word ($cut): the client notices and goes on", 180);
}
like(log_of($run), qr/no answer for \d+ s, and the server knows of no question/, 'and says what it saw');
stop_run();
exactly_once($database, $sent, 'a cut network loses and doubles nothing');

# ---- clocks -------------------------------------------------------------------------------------

my $port = do { my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1'); $free->sockport };
$database = new_database('clocks');
my $now = int(Time::HiRes::time() * 1000);
# Time stamps of producers whose clocks are wrong, by an hour, by centuries, by all there is.
my @skew = (0, -3_600_000, 3_600_000, 86_400_000 * 365 * 400, 9_000_000_000_000_000_000 - $now);
my $skewed = sub {
    my ($count) = @_;
    my @events = events($sent + 1, $sent + $count, 3);
    $_->[3] = $now + $skew[rand @skew] for @events;
    produce($brokers, $topic, @events);
    $sent += $count;
    return;
};
srand(7);
for my $offset (-3600, 3600) {
    begin_with({LD_PRELOAD => ($ENV{STARHOUSE_KAFKA_TOOL} // "$root/build/release/kafka_tool") =~ s{[^/]*$}{libskewed_clock.so}r, CLOCK_SKEW => $offset}, '--metrics', ":$port");
    $skewed->(600);
    arrived("a client whose clock is $offset s off");
    my $page = HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics")->{content};
    my ($wrong) = log_of($run) =~ /^\d+-\d+-\d+T(\d+):/;
    cmp_ok(abs($wrong - (gmtime)[2]), '>', 0, 'which is seen in its log');
    my ($sum) = $page =~ /starhouse_ingest_freshness_seconds_sum\{[^}]*\} (\S+)/;
    cmp_ok($sum // -1, '>=', 0, 'tells no age below nothing');
    stop_run();
    exactly_once($database, $sent, 'loses and doubles nothing');
}
# ---- the library forgets to read on -------------------------------------------------------------

my $forget = File::Temp::tempdir(CLEANUP => 1) . '/forget';
begin_with({LD_PRELOAD => ($ENV{STARHOUSE_KAFKA_TOOL} // "$root/build/release/kafka_tool") =~ s{[^/]*$}{liblost_resume.so}r, LOST_RESUME => $forget});
more(300);
arrived('a client whose library will forget');
sql($database, "SELECT starhouse.stop_source('shop', 1, 'maintenance')");
ok(wait_for_log($run, qr/the source is stopped: maintenance/), 'stopped by hand') or diag(log_of($run));
open my $told, '>', $forget or die $!;
close $told;
more(100);
sql($database, "SELECT starhouse.resume_source('shop', 1)");
arrived('told to go on, goes on although its library does not');
ok(!-e $forget, 'which forgot it once');
like(log_of($run), qr/asks anew for what does not come partition=/, 'and was told anew') or diag(log_of($run));
stop_run();
exactly_once($database, $sent, 'loses and doubles nothing');

begin();
$skewed->(600);
# Events of the future are facts like others, unless the contract says otherwise.
produce($brokers, $topic, map { [$_ % 3, 'text', qq({"id":@{[$sent + $_]},"at":"@{[2126 + $_]}-01-01T00:00:00Z","store":"s","amount":1})] } 1 .. 3);
$sent += 3;
arrived('producers whose clocks are wrong');
stop_run();
is(sql($database, "$in SELECT count(*) FROM sale_fact WHERE at > '2100-01-01'"), 3, 'and events of the future');
exactly_once($database, $sent, 'lose and double nothing');
is(sql($database, "$in SELECT bool_and(last_message_at <= now() + interval '500 years') FROM source_partition"), 't', 'times that cannot be are not kept');
done_testing();
