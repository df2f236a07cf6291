# starhouse report: the pages of the three warehouses, empty and with figures known by hand, opened in a real browser
# (Chromium, where it is installed) and compared with SQL; hostile names, a figure that fails, a role without rights,
# the database lost, own definitions.
use strict;
use warnings;
use Test::More;
use File::Temp ();
use IPC::Run ();
use JSON::PP ();
use StarhouseTest;

my $database = new_database('report');
my $dir = File::Temp->newdir;
my $browser = (grep { -x } qw(/usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome))[0];
sub report { return client('report', @_, '-d', $database) }
sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
sub spew { open my $out, '>', $_[0] or die "$_[0]: $!"; print $out $_[1]; close $out; return $_[0] }
# The figures in a page, as JSON has them.
sub data { return JSON::PP->new->utf8->decode(slurp($_[0]) =~ /id="data">(.*?)<\/script>/s ? $1 : die "no data in $_[0]") }
sub card {
    my ($page, $title) = @_;
    my ($found) = grep { $_->{title} eq $title } map { @{$_->{cards}} } @{data($page)->{sections}};
    return $found // die "no card '$title' in $page";
}
# What the browser makes of a page once its scripts have run.
sub drawn {
    my ($page) = @_;
    my ($out, $err) = ('', '');
    IPC::Run::run([$browser, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', "--user-data-dir=$dir/browser", '--dump-dom', "file://$page"],
        '>', \$out, '2>', \$err, IPC::Run::timeout(120));
    return $out;
}

sql($database, qq{SET client_min_messages = error; SELECT create_warehouse(k, time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2026-12-31')
                  FROM unnest('{shopsmart,quickeats,streamflix}'::text[]) k} =~ s/SELECT create/SELECT starhouse.create/r);

# Empty: every figure says which feed to load, none fails.
for my $kind (qw(shopsmart quickeats streamflix)) {
    my $page = "$dir/empty-$kind.html";
    my ($status, $out, $err) = report($kind, '-o', $page);
    is($status, 0, "a page of an empty $kind");
    is($err, '', 'without a warning');
    like($out, qr/^\Q$page\E: \d+ figures, \d+ without data, \d+ kB$/, 'says what it wrote');
    like(card($page, 'Headline figures')->{empty}, qr/^Load \w+: starhouse load WAREHOUSE --feed (\w+) FILE$/, 'and an empty figure which feed to load');
    my ($feed) = card($page, 'Headline figures')->{empty} =~ /--feed (\w+)/;
    is(sql($database, "SELECT count(*) FROM starhouse.feed_status('$kind') WHERE feed_name = '$feed'"), '1', "which is one of its feeds: $feed");
    ok(-s $page < 2_000_000, 'less than 2 MB');
    unlike(slurp($page) =~ s/<script>.*//sr, qr{(?:src|href)\s*=|url\(|https?://}, 'nothing in it is fetched');
}

# Figures known by hand, and names that would be code if they were not shown as text.
my $hostile = q{<script>document.title='taken'</script><img src=x onerror=alert(1)> "quoted" </script> &amp; } . "\x{5E9}\x{5DC}\x{5D5}\x{5DD}";
utf8::encode(my $bytes = $hostile);
sql($database, "SET search_path = shopsmart, starhouse; SET client_min_messages = error;\n" . slurp(root() . '/test/data/shopsmart_kpi.sql'));
sql($database, "SET search_path = shopsmart, starhouse; UPDATE product_history SET product_name = \$q\$$bytes\$q\$ WHERE product_id = 'P1'");
my $page = "$dir/shopsmart.html";
my ($status, $out, $err) = report('shopsmart', '-o', $page);
is($status, 0, 'a page with figures');
my %headline = map { $_->{label} => $_->{value} } @{card($page, 'Headline figures')->{rows}};
is($headline{'Repeat customers'}, sql($database, 'SELECT repeat_percent FROM shopsmart.kpi_repeat_customers') + 0, 'repeat customers are those of the report');
my ($top) = @{card($page, 'Top products')->{rows}};
is($top->{revenue}, sql($database, 'SELECT revenue FROM shopsmart.kpi_top_products WHERE revenue_rank = 1') + 0, 'the first product has its revenue');
is($top->{product}, $hostile, 'and its name, letter by letter');
my $cohort = card($page, 'Retention by month of the first purchase')->{rows};
is(scalar(@$cohort), sql($database, 'SELECT count(*) FROM shopsmart.kpi_retention_cohorts WHERE months_since_first <= 12'), 'the cohort table has its cells');
is(data($page)->{currency} . data($page)->{locale}, 'INRen-IN', 'money is in rupees, in lakh and crore');
is(() = slurp($page) =~ m{</script}g, 3, 'no text of the database ends a script');
my ($now) = map { $_->{'last batch'} } @{card($page, 'Feeds')->{rows}};
is($now, undef, 'a feed that was never loaded says so');

SKIP: {
    skip 'Chromium is not installed', 8 unless $browser;
    my $dom = drawn($page);
    my ($cards) = $out =~ /(\d+) figures/;
    like($dom, qr/data-drawn="$cards of $cards"/, "all $cards figures are drawn in the browser");
    like($dom, qr/data-errors=""/, 'without an error');
    like($dom, qr{<title>ShopSmart}, 'the hostile name is not run');
    like($dom, qr/&lt;script&gt;document\.title='taken'&lt;\/script&gt;/, 'but shown');
    my $repeat = sql($database, 'SELECT trim_scale(round(repeat_percent, 1)) FROM shopsmart.kpi_repeat_customers');
    like($dom, qr{<span>Repeat customers</span><b>\Q$repeat\E %</b>}, 'the figure that SQL gives is on the page');
    my $average = drawn("$dir/empty-quickeats.html");
    like($average, qr/data-drawn="(\d+) of \1" data-errors=""/, 'the page without data is drawn too');
    like($average, qr/No data yet\. Load orders: starhouse load quickeats --feed orders FILE/, 'and tells what to load');
    like(drawn("$dir/empty-streamflix.html"), qr/data-drawn="(\d+) of \1" data-errors=""/, 'as is that of StreamFlix');
}

# One figure fails: the others are there, the failure is named, also to scripts.
sql($database, 'SET client_min_messages = error; ALTER VIEW shopsmart.kpi_rfm_segments RENAME TO kpi_rfm_gone');
($status, $out, $err) = report('shopsmart', '-o', "$dir/failing.html");
is($status, 1, 'a figure that fails is an error');
like($err, qr/^starhouse: warning: Customer segments: relation "kpi_rfm_segments" does not exist \(42P01\)$/m, 'which is named');
like(card("$dir/failing.html", 'Customer segments')->{error}, qr/42P01/, 'on the page as well');
is(card("$dir/failing.html", 'Top products')->{rows}[0]{revenue}, $top->{revenue}, 'where the others are');
sql($database, 'ALTER VIEW shopsmart.kpi_rfm_gone RENAME TO kpi_rfm_segments');

# Definitions of one's own; a slow figure; the session lost while a page is there.
my $own = spew("$dir/own.sql", qq{-- report My own\n-- any introduction\n--- One\n-- figures Sums\n-- unit money\nSELECT 'lines' AS label, count(*) AS value, 1 AS before, '' AS unit, 'up' AS good\nFROM sales_fact;\n-- table Slow\nSELECT pg_sleep(30);\n});
($status, $out, $err) = report('shopsmart', '-o', "$dir/own.html", '--definition', $own, '--timeout', '1', '--currency', 'EUR');
is($status, 1, 'a figure that takes too long is an error');
like($err, qr/Slow: canceling statement due to statement timeout \(57014\)/, 'and the only one');
is(card("$dir/own.html", 'Sums')->{rows}[0]{value}, sql($database, 'SELECT count(*) FROM shopsmart.sales_fact') + 0, 'the other one is there');
is(data("$dir/own.html")->{currency}, 'EUR', 'in the currency asked for');
spew($own, "-- report My own\n--- One\n-- table Settings\nSELECT current_setting('starhouse.enable_star_scan', true) AS star;\n");
report('shopsmart', '-o', "$dir/star.html", '--definition', $own);
is(card("$dir/star.html", 'Settings')->{rows}[0]{star}, 'on', 'figures may be star scans: the session has the library');
my $before = slurp("$dir/own.html");
spew($own, "-- report My own\n--- One\n-- table Gone\nSELECT pg_terminate_backend(pg_backend_pid());\n");
($status, $out, $err) = report('shopsmart', '-o', "$dir/own.html", '--definition', $own);
is($status, 1, 'a session lost is an error');
like($err, qr/^starhouse: error: /, 'told as one');
is(slurp("$dir/own.html"), $before, 'and the page of before stays');
is(scalar(grep { /\.new$/ } glob("$dir/*")), 0, 'with nothing half-made beside it');
for my $case (["-- report R\n--- S\n-- pie P\nSELECT 1;\n", qr/line 4: a statement stands outside of a card/],
    ["-- report R\n-- table T\nSELECT 1;\n", qr/line 2: a card stands before the first section/],
    ["-- report R\n--- S\n-- table T\nSELECT 1\n", qr/line 4: the statement before has no ';'/],
    ["-- report R\n--- S\n-- table T\n", qr/line 3: the card before has no statement/],
    ["-- report R\n--- S\n-- table T\n-- color red\nSELECT 1;\n", qr/line 4: 'color' is neither a kind of card nor a property of one/],
    ["--- S\n-- table T\nSELECT 1;\n", qr/there is no line '-- report TITLE'/]) {
    ($status, $out, $err) = report('shopsmart', '-o', "$dir/none.html", '--definition', spew($own, $case->[0]));
    like($err, $case->[1], 'a definition that makes no sense is refused with its line');
}
ok(!-e "$dir/none.html", 'and nothing is written');

# A statement can change nothing.
spew($own, "-- report My own\n--- One\n-- table Evil\nSELECT starhouse.drop_warehouse('quickeats', confirm => 'quickeats');\n");
($status, $out, $err) = report('shopsmart', '-o', "$dir/own.html", '--definition', $own);
like($err, qr/25006/, 'a report only reads');
is(sql($database, "SELECT count(*) FROM starhouse.warehouses"), '3', 'so nothing is gone');

# Who may read the warehouse makes its page, who may not is told.
sql($database, q{SET client_min_messages = error; DROP ROLE IF EXISTS report_reader, report_stranger; CREATE ROLE report_reader LOGIN; CREATE ROLE report_stranger LOGIN;
    SELECT starhouse.grant_bi_role('streamflix', 'report_reader')});
($status, $out, $err) = client('report', 'streamflix', '-o', "$dir/reader.html", '-d', "dbname=$database user=report_reader");
is($status, 0, 'the BI role makes the page') or diag($err);
unlike(slurp("$dir/reader.html"), qr/feed_status/, 'without the feeds, whose tables it may not read');
like(card("$dir/reader.html", 'How fresh the reports are')->{rows}[0]{state}, qr/^stale: nothing was loaded yet$/, 'but how fresh the reports are');
($status, $out, $err) = client('report', 'streamflix', '-o', "$dir/stranger.html", '-d', "dbname=$database user=report_stranger");
is($status, 1, 'a role without rights does not');
like($err, qr/there is no warehouse "streamflix" in .*\n.*hint: There is none that you may read/, 'and is told why');
($status, $out, $err) = report('nowhere', '-o', "$dir/none.html");
like($err, qr/there is no warehouse "nowhere" in .*\n.*hint: There are: quickeats, shopsmart, streamflix/, 'a wrong name: the right ones');
($status, $out, $err) = report('shopsmart', '-o', "$dir/no/such/folder.html");
like($err, qr{cannot write \Q$dir\E/no/such/folder\.html\n.*hint: Name a file in a folder that exists}, 'a folder that is not there');
($status, $out, $err) = report('quickeats', '-o', '-');
like($out, qr/^<!doctype html>.*<\/html>\n\z/s, 'a page on standard output, alone');
sql($database, q{SELECT starhouse.revoke_bi_role('streamflix', 'report_reader'); DROP ROLE report_reader, report_stranger});

# Figures of a span have the span before them to be compared with, where that is known throughout. User U1 watched 41 days before the last day, U2 and U3
# five days before it, U1 again on the last, which is no whole day: in the 30 days to the last whole one there were U2 and U3, in the 30 before U1.
sub headline { my ($page) = @_; return map { $_->{label} => $_ } @{card($page, 'Headline figures')->{rows}} }
sub watched {
    my ($name, @playbacks) = @_;
    my $events = join '', map { qq({"event_id":"e$_->[0]","user_id":"$_->[1]","video_id":"V1","device_id":"D1","region_id":"IN","timestamp":"$_->[2]T10:00:00Z","watch_duration":$_->[3],"buffering_time":1,"video_length":40}\n) } @playbacks;
    ($status, $out, $err) = client('load', 'streamflix', '--feed', 'playback_events', '-d', $database, spew("$dir/playbacks-$playbacks[0][0].jsonl", $events));
    is($status, 0, $name) or diag($out, $err);
    report('streamflix', '-o', "$dir/streamflix.html");
    return headline("$dir/streamflix.html");
}
sub with_before { my ($row) = @_; return join ' ', map { $_ // 'none' } @$row{qw(value before)} }
my %viewed = watched('playbacks of three users', [1, 'U1', '2025-03-01', 30], [2, 'U2', '2025-04-06', 40], [3, 'U3', '2025-04-06', 40], [4, 'U1', '2025-04-11', 40]);
is(with_before($viewed{'Viewers of 30 days'}), '2 none', 'viewers of 30 days against nothing where those before began within the 30 days');
is(with_before($viewed{'Hours watched'}), '2 none', 'hours watched likewise');
%viewed = watched('a playback of a fourth, before all of them', [5, 'U4', '2025-02-01', 30]);
is(with_before($viewed{'Viewers of 30 days'}), '2 1', 'viewers of 30 days beside those of the 30 days before');
is(with_before($viewed{'Hours watched'}), '2 0.5', 'and hours watched');

# The headline of QuickEats is the last complete month. Of January eleven days are known, February had eight orders, March four; April has begun with one.
# The last placed stays open: of the three hours up to it each minute has its row, also those without an order.
my ($number, @orders) = (0);
for my $month (['2025-01-20', 3], ['2025-02-02', 8], ['2025-03-05', 4], ['2025-04-01', 1]) {
    for (1 .. $month->[1]) {
        ++$number;
        push @orders, qq({"order_id":"o$number","status":"placed","order_time":"$month->[0]T12:00:00","customer_id":"C$number","restaurant_id":"R1","city":"Mumbai","amount":100,"promised_minutes":30}\n);
        push @orders, qq({"order_id":"o$number","status":"delivered","event_time":"$month->[0]T12:20:00","driver_id":"D1"}\n);
    }
}
pop @orders;
push @orders, qq({"order_id":"later","status":"placed","order_time":"2025-04-01T14:00:00","customer_id":"C1","restaurant_id":"R1","city":"Mumbai","amount":100,"promised_minutes":30}\n);
($status, $out, $err) = client('load', 'quickeats', '--feed', 'orders', '-d', $database, spew("$dir/orders.jsonl", join '', @orders));
is($status, 0, 'orders of four months') or diag($out, $err);
is((report('quickeats', '-o', "$dir/quickeats.html"))[0], 0, 'a page of them');
my %month = headline("$dir/quickeats.html");
is(join(' ', map { $_ // 'none' } @{$month{'Orders, March 2025'}}{qw(value before)}), '4 8', 'shows the orders of the last complete month beside the one before');
is(join(', ', grep { /^Orders, / } sort keys %month), 'Orders, March 2025', 'not those of the month that has just begun');
is($month{'Orders paid'}{value}, undef, 'what is not known stays unknown');
my $minutes = card("$dir/quickeats.html", 'Open orders, minute by minute')->{rows};
is(scalar(@$minutes), 180, 'three hours have 180 minutes');
my %open = map { substr($_->{minute}, 11, 5) => $_->{open_orders} } @$minutes;
is(join(' ', map { $open{$_} // 'none' } qw(11:01 11:59 12:00 13:59 14:00)), '0 0 1 1 2', 'each with the orders open at its end, none where there was none');
# A month is not compared with a part of one; a service that has begun in this month has none to be compared with.
sql($database, q{DELETE FROM quickeats.orders_fact WHERE event_time >= '2025-03-15'});
report('quickeats', '-o', "$dir/quickeats.html");
%month = headline("$dir/quickeats.html");
is(join(' ', map { $_ // 'none' } @{$month{'Orders, February 2025'}}{qw(value before)}), '8 none', 'a month after a part of one is shown against nothing');
sql($database, q{DELETE FROM quickeats.orders_fact WHERE event_time < '2025-02-15'});
report('quickeats', '-o', "$dir/quickeats.html");
%month = headline("$dir/quickeats.html");
is(join(' ', map { $_ // 'none' } @{$month{'Orders, March 2025 so far'}}{qw(value before)}), '4 none', 'a first month that goes on is shown as such, against nothing');

# What delays deliveries tells how sure it is, in the numbers alone.
my $delays = card("$dir/quickeats.html", 'What delays deliveries, all else equal');
is($delays->{told}, 'standard error, at least, at most', 'error and interval are told, not drawn');

# How money and numbers are written: what a browser would not take is refused before anything is written.
for my $case (['--currency', 'rupees', qr/"rupees" is no currency\n.*hint: .*ISO 4217/], ['--currency', 'inr', qr/"inr" is no currency/], ['--currency', "\xE2\x82\xB9", qr/is no currency/],
    ['--locale', 'hi_IN', qr/"hi_IN" is no locale\n.*hint: .*en-IN/], ['--locale', 'e', qr/"e" is no locale/], ['--locale', 'en-IN-', qr/"en-IN-" is no locale/], ['--locale', "en\n", qr/is no locale/]) {
    ($status, $out, $err) = report('quickeats', '-o', "$dir/none.html", $case->[0], $case->[1]);
    is($status, 1, "$case->[0] $case->[1] is refused" =~ s/\n/ /gr);
    like($err, $case->[2], 'with the reason');
}
ok(!-e "$dir/none.html", 'and nothing is written');
SKIP: {
    skip 'Chromium is not installed', 4 unless $browser;
    for my $locale (qw(hi-IN-u-nu-deva zh-Hans-CN fil es-419)) {
        report('shopsmart', '-o', "$dir/locale.html", '--locale', $locale, '--currency', 'EUR');
        like(drawn("$dir/locale.html"), qr/data-drawn="(\d+) of \1" data-errors=""/, "$locale is one that the browser takes");
    }
}

# The command that would fill a figure can be copied into a shell, whatever the warehouse is called.
SKIP: {
    skip 'Chromium is not installed', 1 unless $browser;
    my $name = q{a$&b's $(c)};
    sql($database, "SET client_min_messages = error; SELECT starhouse.create_warehouse('quickeats', \$q\$$name\$q\$, time_zone => 'UTC', calendar_from => '2025-01-01', calendar_to => '2025-12-31')");
    report($name, '-o', "$dir/named.html");
    my $command = q{Load orders: starhouse load 'a$&amp;b'\''s $(c)' --feed orders FILE};
    cmp_ok(index(drawn("$dir/named.html"), $command), '>', 0, 'and is quoted for it');
}

done_testing();
