# The pages of the three warehouses in Chromium by Playwright, on a telephone, at a desk by day and by night and on paper: every card is drawn, no error on
# the console, nothing asked of anybody, nothing runs over the side; figures are those of SQL; hostile names are text; a figure that fails is named
# and the others are there; an empty warehouse says what to load. Skipped where Chromium or Playwright cannot be had. Screenshots stay in build/report.
use strict;
use warnings;
use utf8;
use Test::More;
use File::Path ();
use File::Temp ();
use IPC::Run ();
use JSON::PP ();
use StarhouseTest;

delete $ENV{PYTHONPATH};
my $root = root();
my $browser = (grep { -x } qw(/usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome))[0];
plan skip_all => 'Chromium is not installed' unless $browser;
my $log = '';
sub run_quietly { my ($seconds, @command) = @_; return eval { IPC::Run::run(\@command, '<', \undef, '>&', \$log, IPC::Run::timeout($seconds)) } }
my ($python) = grep { -x && run_quietly(60, $_, '-c', 'import playwright') } map { "$root/build/$_/bin/python" } qw(superset/venv playwright);
if (!$python) {
    my $home = "$root/build/playwright";
    File::Path::remove_tree($home);
    $python = "$home/bin/python";
    my $made = run_quietly(120, 'python3', '-m', 'venv', $home)
      && run_quietly(300, "$home/bin/pip", 'install', '-q', '--disable-pip-version-check', '--retries', '1', '--timeout', '15', '-c', "$root/dashboards/superset/constraints.txt", 'playwright');
    plan skip_all => "Playwright cannot be installed into $home: " . (split /\n/, $log || $@ || 'no output')[-1] unless $made;
}

my $database = new_database('report_browser');
my $dir = File::Temp->newdir;
sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
my @kinds = qw(shopsmart quickeats streamflix);
sql($database, qq{SET client_min_messages = error; SELECT starhouse.create_warehouse(k, 'empty_' || k, time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2026-12-31')
    FROM unnest('{shopsmart,quickeats,streamflix}'::text[]) k});
sql($database, qq{SET client_min_messages = error; SELECT starhouse.create_warehouse(k, time_zone => CASE k WHEN 'shopsmart' THEN 'Asia/Kolkata' ELSE 'UTC' END, calendar_from => '2025-01-01', calendar_to => '2026-12-31')
    FROM unnest('{shopsmart,quickeats,streamflix}'::text[]) k});
sql($database, "SET client_min_messages = error; SET search_path = $_, starhouse;\n" . slurp("$root/test/data/${_}_kpi.sql")) for @kinds;
my $hostile = q{<script>document.title='taken'</script><img src=x onerror=alert(1)> "it's" </script> } . "\x{5E9}\x{5DC}";
utf8::encode(my $bytes = $hostile);
sql($database, "UPDATE shopsmart.product_history SET product_name = \$q\$$bytes\$q\$ WHERE product_id = 'P1'; UPDATE quickeats.city_dim SET city_name = \$q\$$bytes\$q\$ WHERE city_id = (SELECT min(city_id) FROM quickeats.city_dim);
    UPDATE streamflix.video_dim SET title = \$q\$$bytes\$q\$ WHERE video_id = (SELECT min(video_id) FROM streamflix.video_dim)");

my %page;
sub report {
    my ($name, @arguments) = @_;
    $page{$name} = "$dir/$name.html";
    my ($status, $out, $err) = client('report', @arguments, '-o', $page{$name}, '-d', $database);
    return $status;
}
is(report($_, $_), 0, "a page of $_") for @kinds;
is(report("empty-$_", "empty_$_"), 0, "a page of an empty $_") for @kinds;
sql($database, 'ALTER VIEW streamflix.kpi_skip_rate RENAME TO kpi_skip_gone');
is(report('failing', 'streamflix'), 1, 'a page of which a figure fails');

my $shots = "$root/build/report";
File::Path::make_path($shots);
my ($out, $err) = ('', '');
my $plan = JSON::PP->new->encode({browser => $browser, out => $shots, pages => \%page});
my $ran = eval { IPC::Run::run([$python, "$root/test/report/browse.py"], '<', \$plan, '>', \$out, '2>', \$err, IPC::Run::timeout(400)) };
ok($ran, 'the browser went through') or BAIL_OUT($err . ($@ // ''));
my $found = JSON::PP->new->utf8->decode($out);

for my $name (sort keys %page) {
    for my $way (qw(light dark phone print)) {
        my $seen = $found->{$name}{$way};
        my @cards = @{$seen->{cards}};
        is($seen->{drawn}, scalar(@cards) . ' of ' . @cards, "$name, $way: every card was gone through");
        is($seen->{errors}, '', "$name, $way: without an error");
        is(join("\n", @{$seen->{errors_of_console}}, @{$seen->{elsewhere}}), '', "$name, $way: none on the console, nothing asked of anybody");
        is(join(', ', map { $_->{title} } grep { $_->{state} eq 'blank' } @cards), '', "$name, $way: no card is blank");
        is(join(', ', map { $_->{title} } grep { $_->{state} eq 'failed' } @cards), $name eq 'failing' ? 'Genres that viewers leave at once' : '', "$name, $way: none has failed") if $name ne 'failing' || $way eq 'light';
        cmp_ok($seen->{over}, '<=', 0, "$name, $way: nothing runs over the side");
        is(join(', ', map { $_->{title} } grep { $_->{state} eq 'drawn' && $_->{source} !~ /^Source: / && $_->{title} ne 'Feeds' } @cards), '', "$name, $way: each names its source");
        like($seen->{title}, qr/^(?:ShopSmart|QuickEats|StreamFlix)/, "$name, $way: a hostile name is not run");
    }
    isnt($found->{$name}{dark}{paper}, $found->{$name}{light}{paper}, "$name: the paper is dark by night");
    is($found->{$name}{print}{paper}, 'rgb(255, 255, 255)', "$name: and white when printed, also then");
    ok(-s "$shots/$name.pdf", "$name: it prints");
}
cmp_ok($found->{$_}{light}{opened} // 0, '>', 0, "$_: a click opens the numbers") for @kinds;
cmp_ok($found->{$_}{light}{numbers}, '>', 5, "$_: a table of numbers below each chart") for @kinds;
like($found->{failing}{light}{cards}[$_]{text}, qr/^This figure could not be read: .*42P01/, 'what failed is named') for grep { $found->{failing}{light}{cards}[$_]{state} eq 'failed' } 0 .. $#{$found->{failing}{light}{cards}};
for my $kind (@kinds) {
    my @cards = @{$found->{"empty-$kind"}{light}{cards}};
    my @empty = grep { $_->{state} eq 'empty' } @cards;
    cmp_ok(scalar(@empty), '>', 8, "an empty $kind: most cards have nothing to show");
    is(join('; ', map { "$_->{title}: $_->{text}" } grep { $_->{text} !~ /starhouse load empty_$kind --feed \w+ FILE|^No (?:data yet\. Load [a-z ]+\.|order is open and late\.)$/ } @empty), '', "and each says what to load");
}

# The figures are those of SQL.
sub figure {
    my ($kind, $label) = @_;
    my ($tile) = grep { $_->{label} eq $label } @{$found->{$kind}{phone}{figures}};
    my $text = $tile ? $tile->{text} : 'absent';
    $text =~ s/[^\d.-]//g;
    return $text;
}
for (['shopsmart', 'Repeat customers', 'trim_scale(round(repeat_percent, 1)) FROM shopsmart.kpi_repeat_customers'],
    ['shopsmart', 'Stock turns a year', 'trim_scale(round(turnover_ratio, 2)) FROM shopsmart.kpi_stock_turnover'],
    ['shopsmart', 'Average monthly revenue', 'round(average_complete_month_revenue) FROM shopsmart.kpi_average_monthly_revenue'],
    ['quickeats', 'Repeat customers', 'trim_scale(round(repeat_percent, 1)) FROM quickeats.kpi_summary'],
    ['quickeats', 'Orders in the month', 'orders FROM quickeats.kpi_order_outcomes ORDER BY month_start DESC LIMIT 1'],
    ['quickeats', 'Cancelled orders', 'trim_scale(round(cancelled_percent, 1)) FROM quickeats.kpi_order_outcomes ORDER BY month_start DESC LIMIT 1'],
    ['streamflix', 'Watched to the end', 'trim_scale(round(completion_percent, 1)) FROM streamflix.kpi_viewing_summary'],
    ['streamflix', 'Average watch time', 'trim_scale(round(average_watch_minutes, 2)) FROM streamflix.kpi_viewing_summary'],
    ['streamflix', 'Recommendations clicked', 'trim_scale(round(click_percent, 1)) FROM streamflix.kpi_recommendation_quality']) {
    my ($kind, $label, $query) = @$_;
    is(figure($kind, $label), sql($database, "SELECT $query"), "$kind: $label");
}
is((grep { $_->{label} eq 'Orders in the month' } @{$found->{quickeats}{light}{figures}})[0]{change}, '▼ 50 % (before: 4)', 'a figure tells its change against the month before');
is((grep { $_->{label} =~ /^Revenue/ } @{$found->{shopsmart}{light}{figures}})[0]{change}, '▲ from -₹30', 'a change from less than nothing has no percentage');
like((grep { $_->{label} eq 'Average monthly revenue' } @{$found->{shopsmart}{light}{figures}})[0]{text}, qr/^₹/, 'money is in rupees');
done_testing();
