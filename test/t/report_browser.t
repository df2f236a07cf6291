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
open my $told_sql, '>', "$dir/told.sql" or die $!;
print $told_sql "-- report ShopSmart, told\n--- One\n-- bars How sure it is\n-- unit min\n-- source nothing\n-- told error, at least\nSELECT 'Rain' AS factor, 5 AS effect, 1 AS error, 3 AS \"at least\";\n";
close $told_sql;
is(report('told', 'shopsmart', '--definition', "$dir/told.sql"), 0, 'a page of a definition of its own');
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
    ['quickeats', 'Orders, October 2025', q{orders FROM quickeats.kpi_order_outcomes WHERE month_start = '2025-10-01'}],
    ['quickeats', 'Cancelled orders', q{trim_scale(round(cancelled_percent, 1)) FROM quickeats.kpi_order_outcomes WHERE month_start = '2025-10-01'}],
    ['streamflix', 'Accuracy of the score', 'trim_scale(round(score_accuracy_percent, 1)) FROM streamflix.kpi_recommendation_quality'],
    ['streamflix', 'Watched to the end', 'trim_scale(round(completion_percent, 1)) FROM streamflix.kpi_viewing_summary'],
    ['streamflix', 'Average watch time', 'trim_scale(round(average_watch_minutes, 2)) FROM streamflix.kpi_viewing_summary'],
    ['streamflix', 'Recommendations clicked', 'trim_scale(round(click_percent, 1)) FROM streamflix.kpi_recommendation_quality']) {
    my ($kind, $label, $query) = @$_;
    is(figure($kind, $label), sql($database, "SELECT $query"), "$kind: $label");
}
# The data of QuickEats end on 5 November: October is the last whole month, and the first.
is((grep { $_->{label} eq 'Orders, October 2025' } @{$found->{quickeats}{light}{figures}})[0]{change}, '', 'a first month has none to be compared with');
sub card_of { my ($page, $title) = @_; return (grep { $_->{title} eq $title } @{$found->{$page}{light}{cards}})[0] // die "no card $title on $page" }
# Each chart has the unit of its definition at its axis.
my %unit_name = (money => 'INR', percent => '%', ratio => '%');
for my $kind (@kinds) {
    my (%unit, $title);
    for (split /\n/, slurp("$root/dashboards/report/$kind.sql")) {
        $title = $1 if /^-- (?:figures|line|bars|stack|cells|cohort|heat|table) (.*)/;
        $unit{$title} = $1 if $title && /^-- unit (.*)/;
    }
    my @charts = grep { $_->{chart} } @{$found->{$kind}{light}{cards}};
    cmp_ok(scalar(@charts), '>', 7, "$kind: has charts");
    is(join("\n", map { "$_->{title}: $_->{unit}" } @charts), join("\n", map { my $unit = $unit{$_->{title}} // 'none'; "$_->{title}: " . ($unit_name{$unit} // $unit) } @charts), "$kind: each with its unit");
    is(join(', ', map { $_->{title} } grep { $_->{marks} && $_->{marks} < @{$_->{series}} } @charts), '', "$kind: lines differ in marks and dashes too");
}
my $told = card_of('told', 'How sure it is');
is(join(', ', @{$told->{series}}), 'effect', 'columns that are told are not drawn');
is(join(', ', @{$told->{numbers}}), 'factor, effect, error, at least', 'but stand in the numbers');
is(card_of('streamflix', 'Hours watched by time zone, hour by hour of its own day')->{state}, 'drawn', 'hours by time zone are a map of cells');
for my $kind (@kinds) { is(join(', ', map { $_->{title} } grep { $_->{cut} } @{$found->{$kind}{light}{cards}}), '', "$kind: no table is wider than a desk") }

# Colours as the colour-blind see them, by the matrices of Machado, Oliveira and Fernandes (IEEE TVCG 15 (2009) 1291-1298) at full severity in linear RGB:
# any two differ by a distance in CIELAB (1976) that is seen at a glance, and stand out from the card (WCAG 2: 3 to 1 for graphics; less the lighter
# colours of the palette on white, whose numbers stand below).
my %sight = (normal => [1, 0, 0, 0, 1, 0, 0, 0, 1],
    protanopia => [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
    deuteranopia => [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881],
    tritanopia => [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900]);
sub linear { return map { my $part = $_ / 255; $part <= 0.04045 ? $part / 12.92 : (($part + 0.055) / 1.055)**2.4 } @_ }
sub channels { my ($css) = @_; return $css =~ /^#(..)(..)(..)$/ ? map { hex } $1, $2, $3 : $css =~ /(\d+), (\d+), (\d+)/ ? ($1, $2, $3) : die "no colour: $css" }
sub seen { my ($eye, @rgb) = @_; my @m = @{$sight{$eye}}; return map { my $i = 3 * $_; my $v = $m[$i] * $rgb[0] + $m[$i + 1] * $rgb[1] + $m[$i + 2] * $rgb[2]; $v < 0 ? 0 : $v > 1 ? 1 : $v } 0 .. 2 }
sub lab {
    my ($r, $g, $b) = @_;
    my ($x, $y, $z) = map { $_ > 216 / 24389 ? $_**(1 / 3) : (24389 / 27 * $_ + 16) / 116 } (0.4124564 * $r + 0.3575761 * $g + 0.1804375 * $b) / 0.95047, 0.2126729 * $r + 0.7151522 * $g + 0.0721750 * $b, (0.0193339 * $r + 0.1191920 * $g + 0.9503041 * $b) / 1.08883;
    return (116 * $y - 16, 500 * ($x - $y), 200 * ($y - $z));
}
sub distance { my ($eye, $one, $other) = @_; my @a = lab(seen($eye, linear(channels($one)))); my @b = lab(seen($eye, linear(channels($other)))); return sqrt(($a[0] - $b[0])**2 + ($a[1] - $b[1])**2 + ($a[2] - $b[2])**2) }
sub luminance { my ($r, $g, $b) = linear(channels($_[0])); return 0.2126 * $r + 0.7152 * $g + 0.0722 * $b }
sub contrast { my ($high, $low) = sort { $b <=> $a } map { luminance($_) } @_; return ($high + 0.05) / ($low + 0.05) }
is(sprintf('%.0f', distance('normal', '#000000', '#ffffff')), '100', 'black and white are a hundred apart');
cmp_ok(distance('deuteranopia', '#a05000', '#508000'), '<', distance('normal', '#a05000', '#508000') / 3, 'and some of red and green all but one to some');
for my $way (qw(light dark print)) {
    my $look = $found->{shopsmart}{$way};
    my @palette = @{$look->{palette}};
    my %used = map { $_ => 1 } map { @{$_->{colours}} } map { @{$found->{$_}{$way}{cards}} } @kinds;
    my %known = map { $_ => 1 } @palette;
    is(join(', ', grep { !$known{$_} } sort keys %used), '', "$way: charts have no other colours than those of the palette");
    for my $eye (sort keys %sight) {
        my @close = map { my $i = $_; map { [$i, $_, distance($eye, @palette[$i, $_])] } $i + 1 .. 7 } 0 .. 7;
        my ($least) = sort { $a->[2] <=> $b->[2] } @close;
        cmp_ok($least->[2], '>', 15, "$way: $eye tells all colours apart") or diag("colours $least->[0] and $least->[1]");
        note(sprintf '%s, %s: the closest are %d and %d, %.1f apart', $way, $eye, @$least);
    }
    note(sprintf '%s: contrast %s', $way, join ' ', map { sprintf '%.1f', contrast($_, $look->{background}) } @palette);
    is(join(', ', grep { contrast($palette[$_], $look->{background}) < ($_ < 3 ? 3 : 2) } 0 .. 7), '', "$way: each stands out from the card");
}
is((grep { $_->{label} =~ /^Revenue/ } @{$found->{shopsmart}{light}{figures}})[0]{change}, '▲ from -₹30', 'a change from less than nothing has no percentage');
like((grep { $_->{label} eq 'Average monthly revenue' } @{$found->{shopsmart}{light}{figures}})[0]{text}, qr/^₹/, 'money is in rupees');
done_testing();
