# The Grafana dashboards: valid files whose queries, expanded by the rules of Grafana's macros for PostgreSQL, run as the role that
# their data source has, and give the columns that their panels need: over warehouses with figures, empty ones (which say what to load), and one
# with a hostile name; a view that fails takes no other panel with it, and a role without rights sees nothing. No Grafana server is part of this.
use strict;
use warnings;
use Test::More;
use JSON::PP ();
use StarhouseTest;

my $database = new_database('grafana');
my $folder = root() . '/dashboards/grafana';
sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }

sql($database, qq{SET client_min_messages = error; SELECT starhouse.create_warehouse(k, time_zone => 'UTC', calendar_from => '2025-01-01', calendar_to => '2026-12-31')
    FROM unnest('{quickeats,streamflix}'::text[]) k;
    SELECT starhouse.create_warehouse(k, format('%s; DROP "it''s" שלום', k), time_zone => 'UTC', calendar_from => '2025-01-01', calendar_to => '2026-12-31') FROM unnest('{quickeats,streamflix}'::text[]) k});
for my $kind (qw(quickeats streamflix)) {
    sql($database, "SET client_min_messages = error; SET search_path = $kind, starhouse;\n" . slurp(root() . "/test/data/${kind}_kpi.sql"));
}
sql($database, q{SET client_min_messages = error; DROP ROLE IF EXISTS grafana_bi, grafana_operations; CREATE ROLE grafana_bi LOGIN; CREATE ROLE grafana_operations LOGIN IN ROLE pg_read_all_data;
    SELECT starhouse.grant_bi_role(schema_name, 'grafana_bi') FROM starhouse.warehouses;
    DROP ROLE IF EXISTS grafana_stranger; CREATE ROLE grafana_stranger LOGIN});
my %role = (starhouse => 'grafana_bi', 'starhouse-operations' => 'grafana_operations');

# As Grafana's PostgreSQL data source expands them: https://grafana.com/docs/grafana/latest/datasources/postgres/. The interval is of the panel's
# making: shorter than a second to days, by the time shown and the panel's width.
my ($from, $to) = ('2025-01-01T00:00:00Z', '2026-12-31T00:00:00Z');
my %seconds = (ms => 0.001, s => 1, m => 60, h => 3600, d => 86400);
sub seconds { my ($number, $unit) = $_[0] =~ /^'?(\d+)(ms|s|m|h|d)'?$/ or die "no interval: $_[0]"; return $number * $seconds{$unit} }
my $argument = qr/((?:[^(),]|(\((?:[^()]++|(?2))*\)))+)/;
sub expand {
    my ($query, $warehouse, $interval) = @_;
    $interval //= '1m';
    $query =~ s/\$\{warehouse:raw\}/$warehouse/g;
    $query =~ s/\$__interval_ms/seconds($interval) * 1000/ge;
    $query =~ s/\$__interval/$interval/g;
    $query =~ s/\$__timeFrom\(\)/'$from'/g;
    $query =~ s/\$__timeTo\(\)/'$to'/g;
    $query =~ s/\$__timeFilter\($argument\)/$1 BETWEEN '$from' AND '$to'/g;
    $query =~ s/\$__timeGroup\($argument,\s*('?\w+'?)\)/sprintf 'floor(extract(epoch from %s)\/%g)*%g', $1, seconds($3), seconds($3)/ge;
    return $query;
}
# Names and types of a query's columns, and how many rows it has, as that role.
sub columns {
    my ($role, $query) = @_;
    my ($status, $out, $err) = psql("dbname=$database user=$role", "$query \\gdesc\n");
    return ("$err") if $status != 0 || $err ne '';
    return ('', map { [split /\|/] } split /\n/, $out);
}

my %kind = ('starhouse-quickeats' => 'quickeats', 'starhouse-streamflix' => 'streamflix', 'starhouse-operations' => 'streamflix');
my $panels = 0;
for my $file (sort glob "$folder/dashboards/*.json") {
    my $board = eval { JSON::PP->new->utf8->decode(slurp($file)) };
    ok($board, "$file is JSON") or next;
    my ($name) = $file =~ /([^\/]+)\.json/;
    is($board->{uid}, $name, "$name: its identity is the file's name");
    my ($variable) = grep { $_->{name} eq 'warehouse' } @{$board->{templating}{list}};
    my ($status, $values, $err) = psql("dbname=$database user=$role{starhouse}", $variable->{query});
    is($err, '', "$name: the warehouses to choose from are had");
    my @warehouses = map { (split /\|/)[0] } split /\n/, $values;
    ok(@warehouses > 0, "$name: there are some");
    is(scalar(grep { /it's/ } @warehouses), $name eq 'starhouse-operations' ? 2 : 1, "$name: one of them with a hostile name, which is quoted");
    my %seen;
    for my $panel (@{$board->{panels}}) {
        ++$panels;
        my $title = "$name: $panel->{title}";
        ok(!$seen{"$panel->{gridPos}{x} $panel->{gridPos}{y}"}++ && $panel->{gridPos}{x} + $panel->{gridPos}{w} <= 24, "$title has a place of its own");
        like($panel->{description}, qr/Source: \w+/, "$title names its source");
        my $nothing = $panel->{fieldConfig}{defaults}{noValue};
        like($nothing, qr/load (?:any feed|the feed \w+)$|^No (?:alert|record|attempt|report) /, "$title says what to load, or that nothing is fine");
        if (my ($feed) = $nothing =~ /the feed (\w+)/) { is(sql($database, "SELECT count(*) FROM $kind{$name}.feed WHERE feed_name = '$feed'"), '1', "$title: $feed is a feed") }
        for my $target (@{$panel->{targets}}) {
            my $role = $role{$target->{datasource}{uid}} or die "unknown data source in $title";
            for my $warehouse (@warehouses) {
                my $query = expand($target->{rawSql}, $warehouse);
                unlike($query, qr/\$_|\$\{/, "$title: every macro is one of Grafana's");
                my ($error, @columns) = columns($role, $query);
                is($error, '', "$title runs on $warehouse as $role") or next;
                ($status, $values, $err) = psql("dbname=$database user=$role", $query);
                is($err, '', "$title gives its rows");
                my %type = map { @$_ } @columns;
                if ($target->{format} eq 'time_series') {
                    like($type{time} // 'absent', qr/^(timestamp|numeric|double)/, "$title has a time");
                    ok(scalar(grep { $_ ne 'time' && $type{$_} =~ /^(bigint|integer|numeric|double)/ } keys %type), "$title has a number");
                    for my $interval ($target->{rawSql} =~ /\$__interval/ ? qw(500ms 15s 6h 7d) : ()) {
                        my ($failed, undef, $why) = psql("dbname=$database user=$role", expand($target->{rawSql}, $warehouse, $interval));
                        is("$failed$why", '0', "$title runs by $interval");
                    }
                }
                if ($panel->{type} eq 'stat') { is(scalar(split /\n/, $values), 1, "$title is one figure") }
                if ($panel->{type} eq 'geomap') { ok($type{latitude} && $type{longitude}, "$title has coordinates") }
            }
            my ($failed, undef, $why) = psql("dbname=$database user=grafana_stranger", expand($target->{rawSql}, $warehouses[0]), '-v', 'ON_ERROR_STOP=1');
            like("$failed $why", qr/^3 .*permission denied/s, "$title is closed to a role without rights");
        }
    }
    my ($nothing_else, $to_choose) = psql("dbname=$database user=grafana_stranger", $variable->{query});
    is($to_choose, '', "$name: who has no rights has no warehouse to choose");
}
cmp_ok($panels, '>=', 20, 'all boards were read');

# What the boards show is what SQL gives: orders of the small warehouse, by minute.
my ($board) = map { JSON::PP->new->utf8->decode(slurp("$folder/dashboards/starhouse-quickeats.json")) } 1;
my ($open) = grep { $_->{title} eq 'Open orders by city' } @{$board->{panels}};
my $rows = sql("dbname=$database user=grafana_bi", 'SELECT count(*) FROM (' . expand($open->{targets}[0]{rawSql}, 'quickeats') . ') q');
is($rows, sql($database, "SELECT count(*) FROM quickeats.kpi_active_orders_per_minute('$from', '$to')"), 'a point for each city and minute');
cmp_ok($rows, '>', 0, 'of which there are some');

# Grouped by an hour, the same: its windows and their peaks.
is(sql("dbname=$database user=grafana_bi", "SELECT count(*), sum(value) FROM (" . expand($open->{targets}[0]{rawSql}, 'quickeats', '1h') . ') q'),
    sql($database, "SELECT count(*), sum(n) FROM (SELECT max(open_orders) AS n FROM quickeats.kpi_active_orders_per_minute('$from', '$to') GROUP BY date_trunc('hour', minute_start), city_name) q"), 'grouped by hours it has the hours');

# Days are the warehouse's, whatever the session's zone: the evening of 1 October in UTC is the morning of the second in Auckland.
my ($on_time) = grep { $_->{title} eq 'On time by city' } @{$board->{panels}};
($from, $to) = ('2025-10-01T22:00:00Z', '2025-10-01T23:00:00Z');
my $by_day = sql($database, "SELECT city_name, on_time_percent FROM quickeats.kpi_on_time_by_city('2025-10-01', '2025-10-01') WHERE on_time_percent IS NOT NULL ORDER BY 2, 1");
isnt($by_day, '', 'a day with deliveries');
is(sql("dbname=$database user=grafana_bi options='-c TimeZone=$_'", 'SELECT * FROM (' . expand($on_time->{targets}[0]{rawSql}, 'quickeats') . ') q ORDER BY 2, 1'), $by_day, "is the warehouse's in a session of $_") for qw(UTC Pacific/Auckland America/Los_Angeles);

# A board opens on its last hours. A panel by day says for itself how far it looks back, so that it is not empty until midnight comes.
my $streams_board = JSON::PP->new->utf8->decode(slurp("$folder/dashboards/starhouse-streamflix.json"));
my ($streams) = grep { $_->{title} =~ /^Streams at once/ } @{$streams_board->{panels}};
my ($back) = ($streams->{timeFrom} // $streams_board->{time}{from}) =~ /^(?:now-)?(\d+[hd])$/;
$to = '2025-03-10T18:00:00Z';
$from = sql($database, sprintf q{SELECT to_char((timestamptz '%s' - interval '%d seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')}, $to, seconds($back));
for my $zone (qw(UTC Asia/Kolkata)) {
    is(sql("dbname=$database user=grafana_bi options='-c TimeZone=$zone'", q{SELECT to_char("time" AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), streams FROM (} . expand($streams->{targets}[0]{rawSql}, 'streamflix') . ') q ORDER BY 1'),
        sql($database, q{SELECT day || ' 00:00', peak_streams FROM streamflix.kpi_concurrent_viewers ORDER BY 1}), "the peak of each day, as the board opens at six in the evening, in a session of $zone");
}
($from, $to) = ('2025-01-01T00:00:00Z', '2026-12-31T00:00:00Z');

# A view fails: its panel does, the others do not.
sql($database, 'ALTER VIEW quickeats.kpi_payment_attempts RENAME TO kpi_payment_gone');
my @failing = grep { my $panel = $_; grep { (columns('grafana_bi', expand($_->{rawSql}, 'quickeats')))[0] ne '' } @{$panel->{targets}} } @{$board->{panels}};
is(join(', ', map { $_->{title} } @failing), 'Payments that fail, by mode', 'a view that fails takes no other panel with it');
sql($database, 'ALTER VIEW quickeats.kpi_payment_gone RENAME TO kpi_payment_attempts');

# The provisioning files name the data sources that the boards use, and no secret.
my $sources = slurp("$folder/provisioning/datasources/starhouse.yaml");
for my $uid (sort keys %role) { like($sources, qr/^    uid: \Q$uid\E$/m, "data source $uid is provisioned") }
unlike($sources, qr/password: (?!\$)/, 'without a password');
sql($database, q{SELECT starhouse.revoke_bi_role(schema_name, 'grafana_bi') FROM starhouse.warehouses; DROP ROLE grafana_bi, grafana_operations, grafana_stranger});
done_testing();
