# The Superset dashboards in a real browser: the bundles are those of the warehouses as they are made now, are imported twice, and every
# tab of every dashboard draws, without an error in a chart or the console and without asking anything of another host. Figures are
# those of SQL, also filtered; hostile names are text; a view that fails fails alone; an empty warehouse draws too and tells what to load; the
# database goes away and comes back.
# Needs Superset (PyPI) and Chromium, else it is skipped. Screenshots stay in build/superset/shots.
use strict;
use warnings;
use File::Path ();
use File::Temp ();
use IPC::Run ();
use JSON::PP ();
use Test::More;
use Time::HiRes ();
BEGIN { $ENV{STARHOUSE_TEST_DEADLINE} //= 3600 } # an installation, a server and a browser: slow where processors are few
use StarhouseTest;

delete $ENV{PYTHONPATH};
my $root = root();
my $browser = (grep { -x } qw(/usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome))[0];
plan skip_all => 'Chromium is not installed' unless $browser;
sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
sub spew { open my $out, '>', $_[0] or die "$_[0]: $!"; print $out $_[1]; close $out or die "$_[0]: $!"; return $_[0] }
# Output, error and status of a command that has so many seconds.
sub command {
    my ($seconds, $input, @command) = @_;
    my ($out, $err) = ('', '');
    my $run = eval { IPC::Run::run([@command], '<', \$input, '>', \$out, '2>', \$err, IPC::Run::timeout($seconds, name => "$command[0] within $seconds s")) };
    die "$@ (it said: $err)" if !defined $run;
    return ($? >> 8, $out, $err);
}
my $started = Time::HiRes::time();
my ($status, $venv, $err) = command(900, '', "$root/scripts/dashboards", 'install');
plan skip_all => "Superset cannot be had: $err" if $status != 0;
chomp $venv;
my $out;
($status, $out, $err) = command(60, '', "$venv/bin/python", '-c', 'import playwright');
($status, $out, $err) = command(300, '', "$venv/bin/python", '-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--retries', '1', '-c', "$root/dashboards/superset/constraints.txt", 'playwright') if $status != 0;
plan skip_all => "Playwright cannot be had: $err" if $status != 0;
diag(sprintf 'Superset was installed after %.0f s', Time::HiRes::time() - $started);

# The bundles.
my $database = new_database('superset');
our $dir = File::Temp->newdir; # a package's, as lexicals are gone when END blocks run after a failure
my @kinds = qw(shopsmart quickeats streamflix flick);
{
    local $ENV{PGDATABASE} = $database;
    ($status, $out, $err) = command(300, '', "$root/scripts/superset-bundle", '--out', "$dir/bundles");
    is($status, 0, 'the bundles are written from warehouses as they are made now') or diag($err);
}
for my $kind (@kinds) {
    my ($different) = (command(60, '', 'diff', '-r', "$dir/bundles/$kind", "$root/dashboards/superset/$kind"))[1];
    is($different, '', "$kind: they are those of the repository (else: scripts/superset-bundle)");
}

# Warehouses with figures known by hand. The role of the boards may read and no more.
sql($database, q{SET client_min_messages = error; SELECT starhouse.create_warehouse(k, time_zone => CASE k WHEN 'shopsmart' THEN 'Asia/Kolkata' ELSE 'UTC' END,
             calendar_from => '2025-01-01', calendar_to => '2026-12-31')
           FROM unnest('{shopsmart,quickeats,streamflix}'::text[]) k});
sql($database, "SET client_min_messages = error; SET search_path = $_, starhouse;\n" . slurp("$root/test/data/${_}_kpi.sql")) for qw(shopsmart quickeats streamflix);
my $hostile = q{<script>document.title='taken'</script><img src=x onerror=alert(1)> "it's" } . "\x{5E9}\x{5DC}";
utf8::encode(my $bytes = $hostile);
sql($database, "UPDATE shopsmart.product_history SET product_name = \$q\$$bytes\$q\$ WHERE product_id = 'P1'; UPDATE shopsmart.store_dim SET store_name = \$q\$$bytes\$q\$ WHERE store_id = 'S1'");
# Days that differ much, so that a mean of the days is not the figure of the playbacks: one of a minute that was waited through, on a device of a system and a
# connection that others have whose bandwidth is known; and an older one, which only a filter by date reaches.
my $event = '{"event_id":"%s","user_id":"U1","video_id":"V1","device_id":"%s","region_id":"IN-W","timestamp":"%s","watch_duration":%s,"buffering_time":%s,"startup_time":%s,"bitrate":%s,"video_length":40}' . "\n";
for (['devices', qq({"device_id":"D9","os":"Android","connection_type":"WiFi","timestamp":"2025-01-01T00:00:00Z"}\n)],
    ['playback_events', sprintf($event, 'late', 'D9', '2025-03-11T10:00:00Z', 1, 60, 9, 9000) . sprintf($event, 'old', 'D1', '2025-01-15T10:00:00Z', 30, 6, 4, 800)]) {
    ($status, $out, $err) = client('load', 'streamflix', '--feed', $_->[0], '-d', $database, spew("$dir/$_->[0].jsonl", $_->[1]));
    is($status, 0, "$_->[0] beside those known by hand") or diag($err);
}
# StreamFlix' boards read sums then; those of the older day, which is not among the latest thirty, and of the others read facts.
sql($database, q{SELECT starhouse.sum_up('streamflix')});
is(sql($database, q{SELECT streamflix.kpi_latest_genres('videos', NULL, NULL) AND streamflix.kpi_latest_genres('shown', NULL, NULL) AND streamflix.kpi_latest_members(NULL, NULL)}), 't', 'the sums of the latest days hold');
# And for the live board an order that is open in another city, and late, and a city of which it is known where it lies.
sql($database, q{INSERT INTO quickeats.orders_fact SELECT (jsonb_populate_record(f, '{"order_id": "o7", "city_key": "PUN", "promised_minutes": 5}')).* FROM quickeats.orders_fact f WHERE f.order_id = 'o6';
    UPDATE quickeats.city_dim SET latitude = 19.00, longitude = 72.80 WHERE city_id = 'MUM'});
# Something for the operations board: a rejected record, a failed attempt, an alert.
sql($database, q{SET client_min_messages = error;
    SELECT starhouse.ingest('streamflix.reviews', ARRAY['{"review_id": "r1", "video_id": "V1", "stars": 6, "submitted_at": "2025-03-08T04:00:00Z"}']);
    SELECT starhouse.ingest('streamflix.social_posts', ARRAY['{"post_id": "p1"}']);
    SELECT starhouse.record_failure('streamflix', 'reviews', '42703', 'feed reviews, step 1 (reject): column "stars" does not exist');
    SELECT count(*) FROM starhouse.check_alerts('streamflix')});
sql($database, q{SET client_min_messages = error; DROP ROLE IF EXISTS superset_bi, superset_operations; CREATE ROLE superset_bi LOGIN;
    CREATE ROLE superset_operations LOGIN IN ROLE pg_read_all_data; ALTER ROLE superset_operations SET default_transaction_read_only = on;
    SELECT starhouse.grant_bi_role(k, 'superset_bi') FROM unnest('{shopsmart,quickeats,streamflix}'::text[]) k});
my $services = spew("$dir/services", join '', map {
    my ($name, $role) = @$_;
    "[$name]\nhost=$ENV{PGHOST}\nport=$ENV{PGPORT}\ndbname=$database\nuser=$role\n"
} (['starhouse', 'superset_bi'], ['starhouse_operations', 'superset_operations']));

# The feeds that charts name are among those that write what their datasets read, as the lineage has it.
my ($specs) = (command(60, '', "$venv/bin/python", '-c', q{
import json, sys, tomllib
print(json.dumps([[kind, name, data["feeds"], data.get("sql", "SELECT * FROM {schema}." + data.get("table", "")).replace("{schema}", kind).replace("{days}", "").replace("{from}", "").replace("{to}", "")]
    for kind in ("shopsmart", "quickeats", "streamflix") for name, data in tomllib.load(open(f"{sys.argv[1]}/{kind}.toml", "rb"))["dataset"].items()]))}, "$root/dashboards/superset"))[1];
my @wrong;
for my $dataset (@{JSON::PP->new->utf8->decode($specs)}) {
    my ($kind, $name, $feeds, $query) = @$dataset;
    my %writes = map { $_ => 1 } split /,/, sql($database, "BEGIN; CREATE VIEW $kind.kpi_probe AS $query; SELECT string_agg(DISTINCT feed_name, ',') FROM $kind.table_lineage WHERE kpi = 'kpi_probe'; ROLLBACK");
    push @wrong, map { "$kind.$name: $_ (written by " . join(', ', sort keys %writes) . ')' } grep { !$writes{$_} } @$feeds;
}
is(join("\n", @wrong), '', 'feeds that charts name write what their datasets read');

# Where Superset's templates are off they are comments, and the queries have all rows.
my $templated = 0;
for my $file (glob "$root/dashboards/superset/*/datasets/*.yaml") {
    my $text = slurp($file);
    my ($query) = $text =~ /^sql: \|-\n((?:  .*\n)+)/m ? $1 : $text =~ /^sql: (".*")$/m ? JSON::PP->new->allow_nonref->decode($1) : next;
    next if $query !~ /\{\{/;
    my ($name) = $file =~ /([^\/]+)\.yaml/;
    (my $bare = $query) =~ s{/\*.*?\*/}{}g;
    is(sql($database, "SELECT count(*) > 0 FROM ($query) q; SELECT count(*) FROM ($query) q EXCEPT SELECT count(*) FROM ($bare) q"), 't', "$name: its template is a comment");
    ++$templated;
}
cmp_ok($templated, '>', 25, 'most reports over days have one');

# The server, in a folder of its own; again: nothing is doubled, and what was changed by hand is as the files say. An END block stops it.
my $home = "$dir/home";
END { my $status = $?; IPC::Run::run(["$root/scripts/dashboards", 'stop', $home], '<', \undef, '>&', '/dev/null') if $home && -e $home; $? = $status }
$ENV{SUPERSET_CACHE_SECONDS} = 1;
sub serve { return command(420, '', "$root/scripts/dashboards", 'serve', $home, $services, map { "$root/dashboards/superset/$_" } @kinds) }
($status, my $address, $err) = serve();
is($status, 0, 'Superset starts with them') or BAIL_OUT("Superset does not start: $err");
chomp $address;
like($address, qr{^http://127\.0\.0\.1:\d+$}, 'on loopback');
is(sprintf('%o', (stat "$home/secrets")[2] & 0777), '600', 'its password is for its owner to read');
like(slurp("$home/secrets"), qr/^SUPERSET_ADMIN_PASSWORD=[\w-]{40,}$/m, 'and random');
diag(sprintf 'Superset was up after %.0f s', Time::HiRes::time() - $started);
sub metadata { return (command(30, '', "$venv/bin/python", '-c', 'import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())', "$home/superset.db", $_[0]))[1] =~ s/\s+\z//r }
my $counts = q{SELECT (SELECT count(*) FROM dashboards), (SELECT count(*) FROM slices), (SELECT count(*) FROM tables), (SELECT count(*) FROM dbs), (SELECT count(*) FROM dashboard_slices), (SELECT count(*) FROM table_columns), (SELECT count(*) FROM sql_metrics)};
my $before = metadata($counts);
like($before, qr/^5 \d\d\d \d\d 2 /, 'five dashboards over two databases are there');
command(30, '', "$venv/bin/python", '-c', q{import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("UPDATE slices SET slice_name = 'changed' WHERE slice_name = 'Sold online'"); c.commit()}, "$home/superset.db");
($status, $out, $err) = serve();
is($status, 0, 'imported again') or diag($err);
is($out, "$address\n", 'into the server that runs');
is(metadata($counts), $before, 'nothing is doubled');
is(metadata("SELECT count(*) FROM slices WHERE slice_name = 'changed'"), '0', 'and what was changed is as the files say');
unlike(slurp("$home/superset.log"), qr/^\S* \S* ?(?:ERROR|CRITICAL)/m, 'without an error in the log');

# What the browser finds.
my %boards;
sub browse {
    my ($folder, @boards) = @_;
    File::Path::make_path("$root/build/superset/$folder");
    my $plan = JSON::PP->new->canonical->encode({address => $address, secrets => "$home/secrets", browser => $browser, out => "$root/build/superset/$folder", seconds => 2400, boards => \@boards});
    my ($status, $out, $err) = command(2460, $plan, "$venv/bin/python", "$root/test/superset/browse.py");
    is($status, 0, 'the browser went through') or do { diag($err); BAIL_OUT('the browser did not') };
    return map { $_->{slug} => $_ } @{JSON::PP->new->utf8->decode($out)->{boards}};
}
# The charts of a tab, or of the view after a step on it.
sub view { my ($board, $tab, $step) = @_; return (grep { $_->{tab} eq $tab && !!$_->{step} == !!$step } @{$boards{$board}{views}})[0] // die "no view $board/$tab" }
sub chart { my ($board, $tab, $title, $step) = @_; return (grep { $_->{title} eq $title } @{view($board, $tab, $step)->{charts}})[0] // die "no chart $title in $board/$tab" }
# A figure as a number: ₹ 1,03,16,081 and 12.5% lose what is only for the eye.
sub figure { my $text = chart(@_)->{figure} // ''; $text =~ s/[^\d.-]//g; return $text }
sub same { my ($query, $name, @chart) = @_; return is(figure(@chart), sql($database, "SELECT $query"), "$chart[0], $name") }
# Rows of a chart, as text, from its answer and from SQL.
sub rows_like {
    my ($query, $name, $columns, @chart) = @_;
    my $shown = join "\n", sort map { my $row = $_; join '|', map { defined $row->{$_} ? $row->{$_} =~ /^-?\d+(?:\.\d+)?$/ ? sprintf '%.2f', $row->{$_} : $row->{$_} : '' } @$columns } @{chart(@chart)->{rows} // []};
    my $known = join "\n", sort map { join '|', map { /^-?\d+(?:\.\d+)?$/ ? sprintf '%.2f', $_ : $_ } split /\|/, $_, -1 } split /\n/, sql($database, $query);
    utf8::encode($shown) if utf8::is_utf8($shown);
    isnt($known, '', "$name: there are some");
    return is($shown, $known, "$chart[0], $name");
}

%boards = browse('shots',
    {slug => 'shopsmart', tabs => [qw(Sales Customers Stock Promotions)],
        steps => [{tab => 'Sales', filter => 'Region', choose => 'West'}, {tab => 'Sales', filter => 'Channel', choose => 'Online'},
            {tab => 'Sales', then => [qw(Promotions Customers)], filter => 'Date', from => '2025-10-09', to => '2025-10-13'}, {tab => 'Stock', filter => 'Date', from => '2025-10-08', to => '2025-10-10'}]},
    {slug => 'quickeats', tabs => [qw(Deliveries Restaurants Payments Customers Operations)],
        steps => [{tab => 'Restaurants', cell => sql($database, 'SELECT city_name FROM quickeats.kpi_top_restaurants ORDER BY revenue DESC, restaurant_id LIMIT 1'), of => 'Restaurants, orders and marks'},
            {tab => 'Deliveries', filter => 'City', choose => 'Mumbai'}, {tab => 'Customers', then => ['Operations'], filter => 'Date', from => '2025-10-01', to => '2025-10-02'},
            {tab => 'Payments', filter => 'Date', from => '2025-10-02', to => '2025-10-03'}]},
    {slug => 'quickeats-live', tabs => [''], steps => [{tab => '', filter => 'City', choose => 'Pune'}]},
    {slug => 'streamflix', tabs => [qw(Engagement Regions Recommendations Service Devices)],
        steps => [{tab => 'Engagement', filter => 'Genre', choose => 'Drama'},
            {tab => 'Engagement', then => [qw(Regions Recommendations Service Devices)], filter => 'Date', from => '2025-01-15', to => '2025-01-16'}]},
    {slug => 'streamflix-operations', tabs => [''], steps => [{tab => '', filter => 'Feed', choose => 'reviews'}]});
diag(sprintf 'every tab was seen after %.0f s', Time::HiRes::time() - $started);
my $drawn = 0;
# What is empty over these warehouses, unfiltered, with the reason. All else draws figures, and nothing of what is named does.
my %empty = ('quickeats Operations: What delays deliveries, all else equal' => 'seven orders are too few to tell an effect from chance');
for my $board (map { $boards{$_} } sort keys %boards) {
    for my $view (@{$board->{views}}) {
        my $name = "$board->{slug} $view->{tab}" . ($view->{step} ? ', filtered' : '');
        is($view->{error}, undef, "$name: the step was taken") if $view->{step};
        cmp_ok(scalar(@{$view->{charts}}), '>', 3, "$name: has its charts");
        is(join(', ', map { "$_->{title} $_->{state} $_->{failure}" } grep { $_->{state} eq 'waiting' || $_->{state} eq 'failed' } @{$view->{charts}}), '', "$name: every chart has drawn");
        $drawn += grep { $_->{state} eq 'drawn' } @{$view->{charts}};
    }
    is(join("\n", @{$board->{errors}}), '', "$board->{slug}: no error on the console");
    is(join("\n", @{$board->{refused}}), '', "$board->{slug}: nothing to be refused") if $board->{slug} ne 'shopsmart';
    is(join("\n", @{$board->{failed}}), '', "$board->{slug}: no request failed");
    is(join("\n", @{$board->{elsewhere}}), '', "$board->{slug}: nothing was asked of another host");
    note("$board->{slug}: first tab drawn in $board->{views}[0]{seconds} s, its slowest query $board->{views}[0]{slowest} s");
}
my @unfiltered = map { my $board = $_; map { my $view = $_; map { {%$_, name => "$board->{slug} $view->{tab}: $_->{title}"} } @{$view->{charts}} } grep { !$_->{step} } @{$board->{views}} } values %boards;
is(join("\n", sort map { $_->{name} } grep { $_->{state} eq 'empty' } @unfiltered), join("\n", sort keys %empty), 'charts without figures are those that have nothing to show here');
is(join("\n", sort map { $_->{name} } grep { $_->{cut} } @unfiltered), '', 'no table is wider than its place');
cmp_ok($drawn, '>', 150, 'the others, and the filtered ones, are drawn');
for my $view (grep { !$_->{step} } map { @{$_->{views}} } values %boards) {
    my $notes = join ' ', @{$view->{notes}};
    is(join(', ', map { $_->{title} } grep { $notes !~ /\Q$_->{title}\E[^:\n]*: from \w+/ } @{$view->{charts}}), '', "$view->{title} $view->{tab}: every chart has its source at the foot");
}

same('round(sum(revenue)) FROM shopsmart.kpi_revenue_by_region_month', 'revenue', qw(shopsmart Sales Revenue));
same("count(DISTINCT order_id) FROM shopsmart.sales_fact WHERE sale_type <> 'Return'", 'orders', qw(shopsmart Sales Orders));
same('round(repeat_percent, 1) FROM shopsmart.kpi_repeat_customers', 'repeat customers', 'shopsmart', 'Customers', 'Repeat customers');
same('turnover_ratio FROM shopsmart.kpi_stock_turnover', 'stock turns', 'shopsmart', 'Stock', 'Stock turns a year');
same('count(*) FROM shopsmart.kpi_replenishment', 'items to order', 'shopsmart', 'Stock', 'Items to order');
same("round(sum(revenue)) FROM shopsmart.kpi_revenue_by_region_month WHERE region = 'West'", 'revenue of the region chosen', 'shopsmart', 'Sales', 'Revenue', 1);
isnt(figure('shopsmart', 'Sales', 'Revenue', 1), figure('shopsmart', 'Sales', 'Revenue'), 'which is not that of all');
$boards{online} = {views => [grep { $_->{step} && ($_->{step}{choose} // '') eq 'Online' } @{$boards{shopsmart}{views}}]};
same("round(sum(revenue)) FROM shopsmart.kpi_channel_mix WHERE channel = 'Online'", 'revenue of the channel chosen', 'online', 'Sales', 'Revenue', 1);
isnt(figure('online', 'Sales', 'Revenue', 1), figure('shopsmart', 'Sales', 'Revenue'), 'which is not that of all');
# Days in the middle of a month: figures by day are theirs, those of products too, and charts by month or week show the months and weeks they lie in.
$boards{dated} = {views => [grep { $_->{step} && $_->{step}{from} } @{$boards{shopsmart}{views}}]};
my $days = q{day >= '2025-10-09' AND day < '2025-10-13'};
same("round(sum(revenue)) FROM shopsmart.kpi_daily_sales WHERE $days", 'revenue of the days chosen', 'dated', 'Sales', 'Revenue', 1);
same("sum(orders) FROM shopsmart.kpi_daily_sales WHERE $days", 'orders of the days chosen', 'dated', 'Sales', 'Orders', 1);
# A chart's rows as label=figure, in order of the label.
sub rows_of { my ($label, $figure, @chart) = @_; return join ', ', sort map { "$_->{$label}=" . ($_->{$figure} + 0) } @{chart(@chart)->{rows} // []} }
utf8::encode(my $shown_rows = rows_of('product_name', 'revenue', 'dated', 'Sales', 'Top products', 1));
is($shown_rows, sql($database, qq{SELECT string_agg(product_name || '=' || revenue, ', ' ORDER BY product_name COLLATE "C") FROM
    (SELECT p.product_name, trim_scale(sum(f.sales_amount)) AS revenue FROM shopsmart.sales_fact f JOIN shopsmart.product_dim p ON p.product_id = f.product_key WHERE f.time_key >= '2025-10-09' AND f.time_key < '2025-10-13' GROUP BY 1) q}),
    'top products of the days chosen, in the middle of a month');
for my $tab (qw(Sales Promotions Customers Stock)) {
    is(join(', ', map { "$_->{title} $_->{state}" } grep { $_->{state} eq 'empty' } @{view('dated', $tab, 1)->{charts}}), join(', ', map { "$_->{title} $_->{state}" } grep { $_->{state} eq 'empty' } @{view('shopsmart', $tab)->{charts}}),
        "$tab: no chart is empty for days in the middle of a month that is not without them");
}
is(join(', ', map { $_->{month_start} } @{chart('dated', 'Customers', 'Customers who buy again the next month', 1)->{rows}}), sql($database, q{SELECT extract(epoch FROM date '2025-10-01') * 1000}) =~ s/\..*//r, 'a chart by month shows the month they lie in, alone');
like(join(' ', @{view('shopsmart', 'Stock')->{notes}}), qr/Load stock: starhouse load shopsmart --feed inventory FILE/, 'a tab tells the feed to load where there is nothing to see');
my ($shown) = map { $_->[2] } grep { $_->[3] eq 'Mumbai' } @{chart('shopsmart', 'Sales', 'Stores against their peers')->{cells}};
like($shown, qr/"it's" \x{5E9}\x{5DC}$/, 'a hostile name is shown');
unlike($shown, qr/onerror|<script/, 'less what would be code, which Superset takes out of tables');
is_deeply([grep { $_->{title} !~ /^ShopSmart/ } @{$boards{shopsmart}{views}}[0 .. 3]], [], 'and is not run');
is(chart('shopsmart', 'Customers', 'Retention by month of the first purchase')->{state}, 'drawn', 'the cohort table is there');

same('round(average_delivery_time, 1) FROM quickeats.kpi_summary', 'minutes to the door', 'quickeats', 'Deliveries', 'Minutes to the door');
same('round(on_time_percent, 1) FROM quickeats.kpi_summary', 'on time', 'quickeats', 'Deliveries', 'On time');
same('round(payment_success_percent, 1) FROM quickeats.kpi_summary', 'paid', 'quickeats', 'Payments', 'Could be paid');
same('round(refund_percent, 1) FROM quickeats.kpi_summary', 'refunded', 'quickeats', 'Payments', 'Refunded');
same('orders FROM quickeats.kpi_summary', 'orders', 'quickeats', 'Operations', 'Orders');
same('round(sum(revenue)) FROM quickeats.kpi_top_restaurants', 'revenue of restaurants', 'quickeats', 'Restaurants', 'Revenue');
same('round(sum(revenue)) FROM quickeats.kpi_top_restaurants WHERE city_name = (SELECT city_name FROM quickeats.kpi_top_restaurants ORDER BY revenue DESC, restaurant_id LIMIT 1)',
    'a click on a cell filters the other charts', 'quickeats', 'Restaurants', 'Revenue', 1);
isnt(figure('quickeats', 'Restaurants', 'Revenue', 1), figure('quickeats', 'Restaurants', 'Revenue'), 'which is not that of all');

same("sum(deliveries) FROM quickeats.kpi_on_time_by_city WHERE city_name = 'Mumbai'", 'deliveries of the city chosen', 'quickeats', 'Deliveries', 'Deliveries', 1);
isnt(figure('quickeats', 'Deliveries', 'Deliveries', 1), figure('quickeats', 'Deliveries', 'Deliveries'), 'which are not those of all');
same("customers FROM quickeats.kpi_repeat_customers('2025-10-01', '2025-10-01')", 'customers of the day chosen', 'quickeats', 'Customers', 'Customers', 1);
isnt(figure('quickeats', 'Customers', 'Customers', 1), figure('quickeats', 'Customers', 'Customers'), 'who are not those of all');
rows_like("SELECT city_name, average_score FROM quickeats.kpi_feedback_by_city('2025-10-01', '2025-10-01') WHERE average_score IS NOT NULL", 'marks of the day chosen', [qw(city_name score)], 'quickeats', 'Customers', 'Satisfaction by city', 1);
# All 24 hours of all seven days, those without an order too: a heat map leaves out of its axes what no row has.
rows_like("SELECT h.hour, d.day || (ARRAY[' Mon', ' Tue', ' Wed', ' Thu', ' Fri', ' Sat', ' Sun'])[d.day], (SELECT count(*) FROM quickeats.orders_fact f WHERE extract(hour FROM f.time_key) = h.hour AND extract(isodow FROM f.time_key) = d.day AND $$_[1])
    FROM generate_series(0, 23) AS h (hour) CROSS JOIN generate_series(1, 7) AS d (day)", "orders by hour and day of the week, $$_[0]", [qw(hour weekday orders)], 'quickeats', 'Customers', 'Orders by hour and day of the week', $$_[2])
    for ['all', 'true', 0], ['of the day chosen', "f.time_key::date = '2025-10-01'", 1];
rows_like('SELECT active_users, ordering_users FROM quickeats.kpi_active_users', 'active users', [qw(active ordering)], 'quickeats', 'Customers', 'Customers who use the service and who order, by month');
same("orders FROM quickeats.kpi_order_outcomes('2025-10-01', '2025-10-01')", 'orders of the day chosen', 'quickeats', 'Operations', 'Orders', 1);
rows_like("SELECT payment_mode, failed_attempts / attempts::numeric FROM quickeats.kpi_payment_attempts('2025-10-02', '2025-10-02')", 'attempts of the day chosen', [qw(payment_mode failure)], 'quickeats', 'Payments', 'Attempts that fail, by mode', 1);

same('coalesce(sum(open_orders), 0) FROM quickeats.kpi_active_orders_per_minute WHERE minute_start = (SELECT max(minute_start) FROM quickeats.kpi_active_orders_per_minute)', 'open orders', 'quickeats-live', '', 'Open orders');
same('count(*) FROM quickeats.kpi_eta_monitor WHERE is_overdue', 'late orders', 'quickeats-live', '', 'Late orders');
same(q{coalesce(sum(available_drivers), 0) FROM quickeats.kpi_driver_heatmap(within => '1 hour')}, 'free drivers', 'quickeats-live', '', 'Free drivers');
same("coalesce(sum(open_orders), 0) FROM quickeats.kpi_active_orders_per_minute WHERE city_name = 'Pune' AND minute_start = (SELECT max(minute_start) FROM quickeats.kpi_active_orders_per_minute)", 'open orders of the city chosen', 'quickeats-live', '', 'Open orders', 1);
isnt(figure('quickeats-live', '', 'Open orders', 1), figure('quickeats-live', '', 'Open orders'), 'which are not those of all');
rows_like('SELECT order_id, -minutes_left FROM quickeats.kpi_eta_monitor WHERE is_overdue', 'orders that are late', [qw(order_id minutes_late)], 'quickeats-live', '', 'Orders that are late');
is(chart('quickeats-live', '', 'Drivers on the map')->{state}, 'drawn', 'drivers are on the map');
is(metadata(q{SELECT json_extract(json_metadata, '$.refresh_frequency') FROM dashboards WHERE slug = 'quickeats-live'}), '30', 'which reads anew every thirty seconds');

same('round(watch_hours) FROM streamflix.kpi_viewing_summary', 'hours watched', 'streamflix', 'Engagement', 'Hours watched');
same('round(average_watch_minutes, 1) FROM streamflix.kpi_viewing_summary', 'minutes a view', 'streamflix', 'Engagement', 'Per view');
same('round(rebuffer_percent, 2) FROM streamflix.kpi_viewing_summary', 'waiting, over days that differ much', 'streamflix', 'Service', 'Waiting');
same("round(avg(startup_time), 2) FROM streamflix.viewership_fact WHERE time_key >= '2025-02-10'", 'seconds to start', 'streamflix', 'Service', 'Seconds to start');
same(q{round(avg(d.bandwidth), 1) FROM streamflix.device_dim d WHERE d.device_id IN (SELECT device_key FROM streamflix.viewership_fact WHERE time_key >= '2025-02-10')}, 'bandwidth, of the devices that tell it', 'streamflix', 'Devices', 'Bandwidth');
same('sum(sessions) FROM streamflix.kpi_sessions', 'sessions', 'streamflix', 'Devices', 'Sessions on devices');
same('round(score_accuracy_percent, 1) FROM streamflix.kpi_recommendation_quality', 'accuracy of the score', 'streamflix', 'Recommendations', 'The score tells');
rows_like('SELECT r.region_name, k.video_rank, k.views FROM streamflix.kpi_top_videos_by_region k JOIN streamflix.region_dim r USING (region_id)', 'top videos of each region', [qw(region_name video_rank views)], 'streamflix', 'Regions', 'Top 10 videos of each region');
# All 24 hours of each zone that is watched in, those of nothing too: a heat map leaves out of its axis what no row has.
sub zone_hours {
    my ($days) = @_;
    return "SELECT z.timezone, h.hour, coalesce(k.watch_hours, 0) FROM (SELECT DISTINCT timezone FROM streamflix.kpi_watch_hours_by_time_zone$days WHERE local_hour IS NOT NULL) z
        CROSS JOIN generate_series(0, 23) AS h (hour) LEFT JOIN streamflix.kpi_watch_hours_by_time_zone$days k ON k.timezone = z.timezone AND k.local_hour = h.hour";
}
rows_like(zone_hours(''), 'hours by time zone', [qw(timezone local_hour watch_hours)], 'streamflix', 'Regions', 'Hours watched by time zone, by its own clock');
is(scalar(@{chart('streamflix', 'Regions', "Hours of the viewers' own day")->{rows}}), 24 * 3, 'and of each region');
is(scalar(@{chart('streamflix', 'Regions', 'Hours of the day, the world over')->{rows}}), 24, 'and of all together');
# A day older than the last thirty: the filter reaches every tab, whether its charts read days or a report over them.
$boards{older} = {views => [grep { $_->{step} && $_->{step}{from} } @{$boards{streamflix}{views}}]};
same('round(0.5)', 'hours watched on an older day', 'older', 'Engagement', 'Hours watched', 1);
same('round(100 * 6 / 1806.0, 2)', 'waiting on an older day', 'older', 'Service', 'Waiting', 1);
same('4.00', 'seconds to start on an older day', 'older', 'Service', 'Seconds to start', 1);
same('1', 'streams at once on an older day', 'older', 'Service', 'Streams at once', 1);
same('1', 'devices on an older day', 'older', 'Devices', 'Devices', 1);
same('30.0', 'minutes a session on an older day', 'older', 'Devices', 'Minutes a session', 1);
same('0', 'recommendations on an older day', 'older', 'Recommendations', 'Recommendations', 1);
rows_like(zone_hours("('2025-01-15', '2025-01-15')"), 'hours by time zone on an older day', [qw(timezone local_hour watch_hours)], 'older', 'Regions', 'Hours watched by time zone, by its own clock', 1);
is(join(', ', map { $_->{title} } grep { $_->{state} ne 'drawn' } map { @{view('older', $_, 1)->{charts}} } qw(Engagement Regions Service Devices)), '', 'no chart of an older day with a playback is empty');
same('views FROM streamflix.kpi_viewing_summary', 'views', 'streamflix', 'Engagement', 'Views');
same('round(click_percent, 1) FROM streamflix.kpi_recommendation_quality', 'clicked', 'streamflix', 'Recommendations', 'Clicked');
same('max(peak_streams) FROM streamflix.kpi_concurrent_viewers', 'streams at once', 'streamflix', 'Service', 'Streams at once');
same('sum(devices) FROM streamflix.kpi_device_usage', 'devices', 'streamflix', 'Devices', 'Devices');
same("coalesce(sum(f.views), 0) FROM streamflix.kpi_video_days() f JOIN streamflix.video_dim v ON v.video_id = f.video_key WHERE v.genre = 'Drama'", 'views of the genre chosen', 'streamflix', 'Engagement', 'Views', 1);

same('count(*) FROM streamflix.quarantine WHERE resolved_at IS NULL', 'quarantine', 'streamflix-operations', '', 'In quarantine');
same('count(*) FROM streamflix.attempt_log', 'failed attempts', 'streamflix-operations', '', 'Failures');
same('count(*) FROM streamflix.alert WHERE opened_at IS NOT NULL AND cleared_at IS NULL', 'open alerts', 'streamflix-operations', '', 'Open alerts');
same("count(*) FROM streamflix.quarantine WHERE resolved_at IS NULL AND feed_name = 'reviews'", 'quarantine of the feed chosen', 'streamflix-operations', '', 'In quarantine', 1);
isnt(figure('streamflix-operations', '', 'In quarantine', 1), figure('streamflix-operations', '', 'In quarantine'), 'which is not that of all');
ok((grep { $_->[1] eq 'reviews' } @{chart('streamflix-operations', '', 'Post-mortem')->{cells}}), 'the post-mortem tells of the feed that failed');

# One view fails, and a warehouse is empty: the others draw, the failure is named.
sql($database, q{ALTER VIEW shopsmart.kpi_rfm_segments RENAME TO kpi_rfm_gone; SET client_min_messages = error;
    SELECT starhouse.drop_warehouse('quickeats', confirm => 'quickeats'); SELECT starhouse.create_warehouse('quickeats', time_zone => 'UTC');
    SELECT starhouse.drop_warehouse('streamflix', confirm => 'streamflix'); SELECT starhouse.create_warehouse('streamflix', time_zone => 'UTC');
    SELECT starhouse.grant_bi_role(w, 'superset_bi') FROM unnest('{quickeats,streamflix}'::text[]) w});
Time::HiRes::sleep(1.5); # the cache of before is over
%boards = browse('shots-trouble', {slug => 'shopsmart', tabs => ['Sales', 'Customers']}, {slug => 'quickeats', tabs => ['Deliveries', 'Customers']}, {slug => 'quickeats-live', tabs => ['']},
    {slug => 'streamflix', tabs => ['Engagement']}, {slug => 'streamflix-operations', tabs => ['']});
is(chart('shopsmart', 'Customers', 'Segments')->{state}, 'failed', 'the chart of a view that is gone fails');
like(chart('shopsmart', 'Customers', 'Segments')->{failure}, qr/relation "shopsmart\.kpi_rfm_segments" does not exist/, 'and says why');
is(join(', ', map { $_->{title} } grep { $_->{state} ne 'drawn' } @{view('shopsmart', 'Customers')->{charts}}), 'Segments', 'alone');
for my $view (map { @{$boards{$_}{views}} } qw(quickeats quickeats-live streamflix streamflix-operations)) {
    is(join(', ', map { "$_->{title} $_->{state}" } grep { $_->{state} ne 'empty' && $_->{state} ne 'drawn' } @{$view->{charts}}), '', "an empty warehouse: every chart of $view->{tab} says that there is nothing");
    my @empty = grep { $_->{state} eq 'empty' } @{$view->{charts}};
    ok(@empty > 0, 'which some do');
    is(join(', ', map { "$_->{title}: $_->{nothing}" } grep { $_->{nothing} !~ /^(?:Nothing to show: |No data yet)/ } @empty), '', 'in words that a customer understands');
    is(join(', ', map { $_->{title} } grep { $_->{kind} ne 'big_number_total' && $_->{kind} ne 'table' && $_->{nothing} !~ /The foot of the page names the feeds to load/ } @empty), '', 'charts point to the feeds to load');
    like(join(' ', @{$view->{notes}}), qr/; feeds \w+/, 'which stand there') if $view->{title} !~ /operations/;
}

like(join(' ', @{view('quickeats', 'Deliveries')->{notes}}), qr/Load orders: starhouse load quickeats --feed orders FILE/, 'and names the feed that would fill them');
like(join(' ', @{view('streamflix', 'Engagement')->{notes}}), qr/Load playbacks: starhouse load streamflix --feed playback_events FILE/, 'of each warehouse');
like(join(' ', @{view('streamflix-operations', '')->{notes}}), qr/starhouse feeds streamflix/, 'and of the operations board');

# A role without rights: every chart says so, none shows figures of before.
sql($database, q{SELECT starhouse.revoke_bi_role('streamflix', 'superset_bi')});
Time::HiRes::sleep(1.5);
%boards = browse('shots-trouble/closed', {slug => 'streamflix', tabs => ['Engagement']});
is(join(', ', map { "$_->{title} $_->{state}" } grep { $_->{state} ne 'failed' } @{view('streamflix', 'Engagement')->{charts}}), '', 'without rights no chart shows anything');
like($_->{failure}, qr/permission denied/, "$_->{title} says why") for @{view('streamflix', 'Engagement')->{charts}};

# The database goes away under a board, and comes back.
sql('postgres', qq{ALTER DATABASE "$database" ALLOW_CONNECTIONS false});
sql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$database' AND usename = 'superset_bi'");
Time::HiRes::sleep(1.5);
%boards = browse('shots-trouble/away', {slug => 'shopsmart', tabs => ['Sales']});
sql('postgres', qq{ALTER DATABASE "$database" ALLOW_CONNECTIONS true});
my @charts = @{view('shopsmart', 'Sales')->{charts}};
is(join(', ', map { "$_->{title} $_->{state}" } grep { $_->{state} ne 'failed' } @charts), '', 'without the database every chart fails') or diag(explain(\@charts));
like($_->{failure}, qr/database|connect/i, "$_->{title} says what is wrong") for grep { defined $_->{failure} } @charts;
Time::HiRes::sleep(1.5);
%boards = browse('shots-trouble/back', {slug => 'shopsmart', tabs => ['Sales']});
is(join(', ', map { "$_->{title} $_->{state} " . ($_->{failure} // '') } grep { $_->{state} ne 'drawn' } @{view('shopsmart', 'Sales')->{charts}}), '', 'when it is back every chart draws again');

($status, $out, $err) = command(60, '', "$root/scripts/dashboards", 'stop', $home);
like($err, qr/are stopped/, 'it can be stopped');
($status) = command(10, '', "$venv/bin/python", '-c', "import urllib.request; urllib.request.urlopen('$address/health', timeout=3)");
isnt($status, 0, 'and is gone');
sql($database, q{SELECT starhouse.revoke_bi_role(k, 'superset_bi') FROM unnest('{shopsmart,quickeats}'::text[]) k; DROP ROLE superset_bi, superset_operations});
diag(sprintf '%.0f s in all', Time::HiRes::time() - $started);
done_testing();
