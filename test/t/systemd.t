# The systemd units (scheduling/systemd): systemd finds nothing wrong with them, and what they start does its work and ends as they expect.
use strict;
use warnings;
use Test::More;
use File::Path ();
use File::Temp ();
use IPC::Run ();
use StarhouseTest;
use LoadTest;

my $folder = root() . '/scheduling/systemd';
my $client = $ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse';
my $dir = File::Temp->newdir;
sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
my %unit = map { my ($name) = /([^\/]+)$/; ($name => slurp($_)) } glob "$folder/*.service $folder/*.timer";
is(join(' ', sort keys %unit), 'starhouse-alerts@.service starhouse-compact.service starhouse-night@.service starhouse-night@.timer starhouse-watch@.service', 'the units');

SKIP: {
    my ($analyze) = grep { -x } map { "$_/systemd-analyze" } split /:/, $ENV{PATH};
    skip 'there is no systemd-analyze', 3 unless $analyze;
    # With the program where it is here, as instances of a warehouse.
    for my $name (keys %unit) {
        (my $text = $unit{$name}) =~ s{/usr/local/bin/starhouse}{$client}g;
        (my $instance = $name) =~ s/@/\@shopsmart/;
        write_file("$dir/$instance", $text);
    }
    my $said = '';
    my $well = IPC::Run::run([$analyze, 'verify', '--man=no', glob "$dir/*.service $dir/*.timer"], '>&', \$said);
    # Other units of the machine may be faulty: only what is said of these counts.
    is(join("\n", grep { /starhouse/ } split /\n/, $said), '', 'systemd-analyze verify has nothing to say');
    my ($calendar) = $unit{'starhouse-night@.timer'} =~ /^OnCalendar=(.*)$/m;
    $said = '';
    ok(IPC::Run::run([$analyze, 'calendar', $calendar], '>&', \$said), q{the timer's time is one});
    like($said, qr/Normalized form: \*-\*-\* 02:30:00/, 'every night');
}
for my $name (grep { /service$/ } sort keys %unit) {
    like($unit{$name}, qr/^User=starhouse$/m, "$name does not run as root");
    like($unit{$name}, qr/^EnvironmentFile=\/etc\/starhouse\//m, "$name takes its settings from /etc/starhouse");
}

# What a unit starts, as a command: with the instance's name and its settings in place.
sub command {
    my ($name, $instance, %setting) = @_;
    my @commands;
    for my $line ($unit{$name} =~ /^ExecStart=(.*)$/mg) {
        $line =~ s/%[iI]/$instance/g;
        $line =~ s/\$\{(\w+)\}/$setting{$1} \/\/ die "$name needs $1"/ge;
        my @words = split / /, $line;
        $words[0] = $words[0] =~ /psql/ ? 'psql' : $client;
        s{^/usr/local/share/starhouse/}{$folder/} for @words;
        push @commands, \@words;
    }
    return @commands;
}
my $database = new_database('systemd');
$ENV{PGDATABASE} = $database;
sql($database, q{SET client_min_messages = error; SELECT starhouse.create_warehouse('shopsmart', 'shop', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31');
    SELECT starhouse.create_rollup('shop.daily', 'shop.sales_fact', 'event_time', '1 day', NULL, '{"n": "count(*)"}');
    SELECT starhouse.ensure_partitions('shop.sales_fact', '2025-01-01', '2025-02-01');
    INSERT INTO shop.sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount) VALUES ('2025-01-20', '2025-01-20 12:00Z', 'o', 1, 'Store', 1, 10)});

# Those that run until they are stopped: they work, and systemd takes their end for a good one.
sub runs_until_stopped {
    my ($name, $what, $instance, $setting, $query, $file) = @_;
    my ($command) = command($name, $instance, %$setting);
    my ($out, $err) = ('', '');
    my $process = IPC::Run::start($command, '<', \undef, '>', \$out, '2>', \$err);
    ok(wait_for($database, $query), "$name: $what") or diag $err;
    for (1 .. 100) { last if !defined $file || -s $file; select undef, undef, undef, 0.1 }
    $process->signal('TERM');
    $process->finish;
    my $status = $process->full_result >> 8 || ($process->full_result & 127 ? 128 + ($process->full_result & 127) : 0);
    my ($success) = $unit{$name} =~ /^SuccessExitStatus=(\d+)$/m;
    ok($status == 0 || $status == $success, "$name ends with a status that counts as success") or diag "status $status: $err";
    return;
}
runs_until_stopped('starhouse-compact.service', 'rollups are compacted', '', {}, 'SELECT count(*) = 0 FROM shop.daily_delta');
runs_until_stopped('starhouse-alerts@.service', 'alert rules are evaluated', 'shop', {STARHOUSE_WEBHOOK => 'http://127.0.0.1:9/hook', STATE_DIRECTORY => $dir},
    'SELECT count(*) > 0 FROM shop.alert_rule WHERE checked_at IS NOT NULL', "$dir/shop.prom");
ok(-s "$dir/shop.prom", 'and metrics are written');
File::Path::make_path(map { "$dir/inbox/$_" } qw(done failed));
my ($made, undef, $why) = client('generate', 'shopsmart', '--out', "$dir/gen", qw(--stores 1 --from 2025-01-01 --to 2025-01-01 --scale 0.1));
rename "$dir/gen/stores.csv", "$dir/inbox/stores.csv" or die "no stores.csv: $why";
runs_until_stopped('starhouse-watch@.service', 'files are loaded', 'stores', {STARHOUSE_WAREHOUSE => 'shop', STARHOUSE_FEED => 'stores', STARHOUSE_INBOX => "$dir/inbox"},
    q{SELECT count(*) > 3 FROM shop.store_dim}, "$dir/inbox/done/stores.csv");
ok(-e "$dir/inbox/done/stores.csv", 'and moved away');

# The night: sums, gold, retention, the proof, the report.
sub night {
    my ($said, $well) = ('', 1);
    for my $command (command('starhouse-night@.service', 'shop', STATE_DIRECTORY => $dir)) {
        $well = IPC::Run::run($command, '<', \undef, '>&', \my $out) && $well;
        $said .= $out;
        last unless $well;
    }
    return ($well, $said);
}
my ($well, $said) = night();
ok($well, 'a night') or diag $said;
like($said, qr/^summed up: [1-9]\d*\ngold: \d+ documents changed\nwarehouse "shop" is sound\n/, 'says what it did');
ok(-s "$dir/shop.html", 'and leaves a report');
sql($database, q{SET session_replication_role = replica; UPDATE shop.sales_fact SET store_key = 'nowhere'});
($well, $said) = night();
ok(!$well, 'a warehouse that is not sound fails it');
like($said, qr/warehouse "shop" has 1 problems/, 'and is named');
done_testing();
