# starhouse alerts: what opens and clears is printed and reaches the webhook at least once, however often the program
# is killed and whatever the receiver answers; notifications; the state as Prometheus metrics.
use strict;
use warnings;
use Test::More;
use File::Temp ();
use IO::Socket::INET ();
use JSON::PP ();
use Time::HiRes ();
use StarhouseTest;
use LoadTest;

my $database = new_database('alerts');
my $dir = File::Temp->newdir;
make_warehouse($database);
my $w = 'Odd ""Name';
sub one { return sql($database, qq{SET search_path = "$w", starhouse; $_[0]}) }

# A receiver: writes down what it gets, one line each, and answers as the file "answer" says (drop: not at all).
my $listener = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die $!;
my $url = 'http://127.0.0.1:' . $listener->sockport . '/hook';
write_file("$dir/answer", '500');
write_file("$dir/got", '');
my $receiver = fork();
if ($receiver == 0) {
    while (my $peer = $listener->accept) {
        my ($head, $length, $body) = ('', 0, '');
        while (my $line = <$peer>) {
            $head .= $line;
            $length = $1 if $line =~ /^content-length: (\d+)/i;
            last if $line =~ /^\r?\n$/;
        }
        read $peer, $body, $length;
        open my $answer, '<', "$dir/answer"; my $status = <$answer>; close $answer;
        open my $got, '>>', "$dir/got"; my ($key) = $head =~ /^idempotency-key: (\S+)/im; my ($bearer) = $head =~ /^authorization: (.*?)\r/im;
        print {$got} join("\t", $status, $key, $bearer // '-', $body), "\n"; close $got;
        print {$peer} "HTTP/1.1 $status X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno" if $status ne 'drop';
        close $peer;
    }
    exit 0;
}
sub got { open my $file, '<', "$dir/got"; my @lines = map { [split /\t/] } <$file>; close $file; return @lines }
sub alerts { return client('alerts', $warehouse, '-d', $database, @_) }
END { kill 'KILL', $receiver if $receiver }

my ($status, $out, $err) = alerts('--once', '--webhook', $url);
is($status, 0, 'nothing to tell');
is($out, '', 'and nothing told');
is(one('SELECT url = $$' . $url . '$$ FROM alert_sink'), 't', 'the webhook is known from now on');

# A feed fails; the receiver is out of order at first.
one(q{SELECT record_failure('Odd "Name', 'sales', '42703', 'feed sales, step 4 (facts sales_fact): column "x" does not exist')});
($status, $out, $err) = alerts('--once', '--webhook', $url);
is($status, 0, 'a receiver that fails is no error');
like($out, qr/^opened critical: failing feed, sales \(1\): since .*column "x" does not exist/, 'what opened is printed');
like($err, qr/webhook \S+: HTTP status 500: no; message \d+ will be sent again/, 'and that the receiver failed');
is(one('SELECT tries, last_error, delivered_at IS NULL, next_try_at > now() FROM alert_delivery'), '1|HTTP status 500: no|t|t', 'the message waits in the warehouse');
my $count = got();
alerts('--once', '--webhook', $url);
is(scalar(my @now = got()), $count, 'not before its time');
write_file("$dir/answer", '204');
one('UPDATE alert_delivery SET next_try_at = now()');
{
    local $ENV{STARHOUSE_WEBHOOK_TOKEN} = 'secret';
    ($status, $out, $err) = alerts('--once', '--webhook', $url);
}
is("$status$out$err", '0', 'sent quietly then');
my $last = (got())[-1];
my $message = JSON::PP::decode_json($last->[3]);
is("$last->[1] $last->[2]", "$message->{id} Bearer secret", 'with its id and the token');
is(join('|', @{$message}{qw(warehouse event rule kind severity subject)}), 'Odd "Name|opened|failing feed|failing|critical|sales', 'the message says what it is about');
like($message->{remedy}, qr/post_mortem/, 'and what to do');
is(one('SELECT tries, delivered_at IS NOT NULL FROM alert_delivery'), '2|t', 'delivered');

# It goes on until it is stopped; what another session finds is told at once.
my ($o, $e) = ('', '');
my $program = start_client(\$o, \$e, 'alerts', $warehouse, '-d', $database, '--interval', '600', '--webhook', $url, '--json');
ok(wait_for($database, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'starhouse alerts' AND datname = current_database() AND state = 'idle'}), 'it watches');
one(q{INSERT INTO batch_log (feed_name, records_read, rejected, steps, finished_at) VALUES ('sales', 1000, 100, '[]', clock_timestamp())});
one(q{SELECT check_alerts('Odd "Name')});
ok(wait_for($database, qq{SELECT count(*) = 0 FROM "$w".alert_delivery WHERE delivered_at IS NULL}), 'what somebody else found is delivered');
for (1 .. 50) { $program->pump_nb; last if $o =~ /reject rate/; Time::HiRes::sleep(0.1) }
my @printed = map { JSON::PP::decode_json($_) } split /\n/, $o;
is(join(',', sort map { "$_->{event} $_->{rule}" } @printed), 'cleared failing feed,opened reject rate', 'and printed, as JSON');
# The server goes away and comes back.
sql($database, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starhouse alerts' AND datname = current_database()});
ok(wait_for($database, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'starhouse alerts' AND datname = current_database()}), 'a lost session is replaced');
$program->signal('TERM');
$program->finish;
is($program->full_result >> 8, 143, 'SIGTERM stops it');
like($e, qr/connection to the server was lost.*trying again/, 'the loss was told');

# Killed at random, the receiver failing at random: each event arrives at least once, none is left behind.
write_file("$dir/got", '');
srand 7;
for my $n (1 .. 15) {
    one(qq{INSERT INTO alert_rule (rule_name, kind, threshold, within) SELECT 'r$n-' || g, 'no_data', 0, '1 hour' FROM generate_series(1, 4) g; DELETE FROM alert_rule WHERE rule_name ~ '^r@{[$n - 2]}-'});
    one(q{SELECT count(*) FROM check_alerts('Odd "Name')});
    write_file("$dir/answer", (qw(200 500 drop 200))[int rand 4]);
    one('UPDATE alert_delivery SET next_try_at = now() WHERE delivered_at IS NULL');
    ($o, $e) = ('', '');
    $program = start_client(\$o, \$e, 'alerts', $warehouse, '-d', $database, '--interval', '1', '--webhook', $url);
    Time::HiRes::sleep(rand 0.25);
    $program->signal('KILL');
    eval { $program->finish };
}
write_file("$dir/answer", '200');
ok(wait_for($database, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'starhouse alerts' AND datname = current_database()}), 'the killed ones are gone');
one('UPDATE alert_delivery SET next_try_at = now() WHERE delivered_at IS NULL');
alerts('--once', '--webhook', $url);
is(one('SELECT count(*) FROM alert_delivery WHERE delivered_at IS NULL'), '0', 'in the end nothing waits');
my %arrived = map { $_->[1] => 1 } grep { $_->[0] eq '200' || $_->[0] eq 'drop' } got();
my @owed = split /\n/, one(q{SELECT event_id FROM alert_event JOIN alert a USING (alert_id) WHERE a.rule_name ~ '^r' AND a.rule_name <> 'reject rate'});
cmp_ok(scalar @owed, '>=', 60, 'there was enough to tell');
is(join(',', grep { !$arrived{$_} } @owed), '', 'every event arrived');
is(one(q{SELECT count(*) FROM alert WHERE opened_at IS NOT NULL GROUP BY rule_name, subject HAVING count(*) > 1 AND rule_name ~ '^r\d'}), '', 'no alert opened twice');

# Metrics, and the shipped rules for Prometheus.
my $metrics = "$dir/starhouse.prom";
($status, $out, $err) = alerts('--once', '--metrics', $metrics);
is($status, 0, 'metrics are written');
open my $file, '<', $metrics or die $!;
my $text = do { local $/; <$file> };
like($text, qr/^# TYPE starhouse_alert_open gauge\n.*^starhouse_alert_open\{kind="reject_rate",rule="reject rate",severity="warning",subject="sales",warehouse="Odd \\"Name"\} 1$/ms, 'open alerts, labels quoted');
like($text, qr/^starhouse_feed_attempts_failed_total\{action="stop",cause="schema drift",feed="sales",warehouse="Odd \\"Name"\} 1$/m, 'failed attempts by cause');
my $rules = root() . '/monitoring/prometheus';
SKIP: {
    my ($promtool) = grep { -x $_ } map { "$_/promtool" } split /:/, $ENV{PATH};
    skip 'promtool is not installed (Debian package prometheus)', 3 unless $promtool;
    my $said = '';
    ok(IPC::Run::run([$promtool, 'check', 'rules', "$rules/starhouse.rules.yml"], '>&', \$said), 'the rules are rules') or diag $said;
    ok(IPC::Run::run([$promtool, 'test', 'rules', "$rules/starhouse.rules.test.yml"], '>&', \$said), 'and fire when they should') or diag $said;
    ok(IPC::Run::run([$promtool, 'check', 'metrics'], '<', $metrics, '>&', \$said), 'promtool takes the metrics') or diag $said;
}

# Wrong use.
($status, $out, $err) = alerts('--once', '--webhook', 'mailto:me');
is($status, 1, 'a webhook is a URL');
like($err, qr/a webhook cannot be "mailto:me"/, 'says the error');
($status, $out, $err) = client('alerts', 'nowhere', '-d', $database, '--once');
like($err, qr/there is no warehouse "nowhere"/, 'an unknown warehouse');
($status, $out, $err) = alerts('--once', '--metrics', "$dir/no/such/file");
like($err, qr{cannot write .*/no/such/file}, 'a file that cannot be written');

kill 'KILL', $receiver;
waitpid $receiver, 0;
undef $receiver;
done_testing;
