# Public delivery data through the client, one command a file: DoorDash orders (times without a month),
# Cabspotting's taxis with the zones of San Francisco, food deliveries in India with their dirt. What the
# warehouse shows is held against figures that Python computes from the raw files.
# The files are looked for in STARHOUSE_DATA, or ../shared/data beside the clone.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use IPC::Run ();
use Test::More;

my $data = ($ENV{STARHOUSE_DATA} // root() . '/../shared/data') . '/delivery';
plan skip_all => "$data is absent: set STARHOUSE_DATA to the folder of the test data" unless -r "$data/doordash_orders.csv.gz";
plan skip_all => 'python3 is absent' if system('python3 -c "import csv, gzip" 2>/dev/null') != 0;

my $python = <<'PYTHON';
import calendar, csv, datetime, gzip, json, math, sys
from collections import Counter, defaultdict
from decimal import Decimal, ROUND_HALF_UP
folder = sys.argv[1]

def rows(name):
    with gzip.open(f'{folder}/{name}', 'rt', encoding='utf-8', newline='') as file:
        yield from csv.DictReader(file)
def places(value, digits):
    return str(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
def say(*parts):
    print(*parts, sep='|')

# DoorDash, placed in January 2015; Los Angeles has one offset in January and February.
def moment(told, day):
    if not told:
        return None
    d, clock = told.split(' ')
    month = 2 if int(d) < day else 1
    return datetime.datetime(2015, month, int(d), *map(int, clock.split(':')))
orders = list(rows('doordash_orders.csv.gz'))
minutes, regions, restaurants, months = [], defaultdict(list), defaultdict(Decimal), Counter()
for o in orders:
    day = int(o['Customer_placed_order_datetime'][:2])
    placed, delivered = moment(o['Customer_placed_order_datetime'], day), moment(o['Delivered_to_consumer_datetime'], day)
    o['placed'] = placed
    taken = (delivered - placed).total_seconds() / 60
    told = [moment(o[c], day) for c in ('Placed_order_with_restaurant_datetime', 'Driver_at_restaurant_datetime')]
    bad = any(t is not None and t < placed for t in told + [delivered]) or (told[1] is not None and delivered < told[1])
    o['bad'] = bad
    region = o['Delivery_Region'].upper() if o['Delivery_Region'] != 'None' else '?'
    if not bad:
        minutes.append(taken)
        regions[region].append(taken)
    months[delivered.month] += 1
    restaurants[o['Restaurant_ID']] += Decimal(o['Order_total'])
say('dd orders', len(orders))
say('dd conflicts', sum(1 for o in orders if o['bad']))
say('dd minutes', places(sum(Decimal(round(m * 60)) for m in minutes) / 60 / len(minutes), 2))
for r in sorted(regions):
    say('dd region', r, len(regions[r]), places(sum(Decimal(round(m * 60)) for m in regions[r]) / 60 / len(regions[r]), 2))
say('dd february', months[2])
refunds = [Decimal(o['Refunded_amount']) for o in orders if Decimal(o['Refunded_amount']) > 0]
total = sum(Decimal(o['Order_total']) for o in orders)
say('dd refunds', len(refunds), places(sum(refunds), 2), places(Decimal(100 * len(refunds)) / len(orders), 2), places(100 * sum(refunds) / total, 2))
for rank, (r, revenue) in enumerate(sorted(restaurants.items(), key=lambda p: -p[1])[:5], 1):
    say('dd restaurant', rank, r, places(revenue, 2))
hours = Counter(o['placed'].hour for o in orders)
for hour in range(24):
    say('dd hour', hour, hours[hour])
customers = Counter(o['Consumer_ID'] for o in orders)
say('dd repeat', len(customers), sum(1 for n in customers.values() if n > 1))
say('dd nobody at the restaurant', sum(1 for o in orders if not o['Driver_at_restaurant_datetime']))

# India.
def text(value):
    value = value.strip()
    return '' if value in ('NaN', 'conditions NaN') else value
weather, traffic, cities, pickups, untimed, where = Counter(), Counter(), Counter(), [], 0, {}
count = 0
for o in rows('food_delivery_india.csv.gz'):
    count += 1
    weather[text(o['Weatherconditions'])] += 1
    traffic[text(o['Road_traffic_density'])] += 1
    code = text(o['Delivery_person_ID'])
    cities[code.split('RES')[0]] += 1
    ordered, picked = text(o['Time_Orderd']), text(o['Time_Order_picked'])
    if ordered:
        a, b = (sum(int(p) * f for p, f in zip(t.split(':'), (60, 1))) for t in (ordered, picked))
        pickups.append((b - a) % 1440)
    else:
        untimed += 1
    lat, lon = abs(float(o['Restaurant_latitude'])), abs(float(o['Restaurant_longitude']))
    if lat and lon:
        where.setdefault(code.split('DEL')[0], (lat, lon))
    where.setdefault(code.split('DEL')[0], None) if not lat else None
names = {'': '', 'conditions Sunny': 'Sunny', 'conditions Windy': 'Windy', 'conditions Sandstorms': 'Sandstorm', 'conditions Cloudy': 'Cloudy', 'conditions Stormy': 'Storm', 'conditions Fog': 'Fog'}
say('in orders', count)
for w in sorted(weather, key=lambda w: names[w]):
    say('in weather', names[w], weather[w])
for t in sorted(traffic):
    say('in traffic', t, traffic[t])
for c in sorted(cities):
    say('in city', c, cities[c])
say('in pickup', len(pickups), places(Decimal(sum(pickups)) / len(pickups), 4))
say('in untimed', untimed)

# Cabspotting: the sphere of distance_m, legs above 60 m/s left out.
RADIUS = (2 * 6378137.0 + 6378137.0 * (1 - 1 / 298.257223563)) / 3
def metres(a, b):
    p, q = math.radians(a[0]), math.radians(b[0])
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    return 2 * RADIUS * math.asin(min(1, math.sqrt(h)))
def geohash6(lat, lon):
    y, x = (round(lat * 100000) + 9000000) * 2**15 // 18000000, (round(lon * 100000) + 18000000) * 2**15 // 36000000
    bits = ''.join(f'{a}{b}' for a, b in zip(f'{x:015b}', f'{y:015b}'))
    return ''.join('0123456789bcdefghjkmnpqrstuvwxyz'[int(bits[i:i + 5], 2)] for i in range(0, 30, 5))
cabs, cells, busy = defaultdict(list), Counter(), Counter()
for p in rows('cabspotting_pings_30cabs.csv.gz'):
    lat, lon = float(p['lat']), float(p['lon'])
    cabs[p['cab_id'].upper()].append((int(p['ts_unix']), lat, lon, p['occupied']))
    cells[geohash6(lat, lon)] += 1
    busy[p['occupied']] += 1
say('sf pings', sum(busy.values()), busy['0'])
for cell, n in sorted(cells.items(), key=lambda c: (-c[1], c[0]))[:10]:
    say('sf cell', cell, n)
for cab in sorted(cabs):
    way = sorted(cabs[cab])
    km, online = 0.0, 0
    for (t, *a, _), (u, *b, _) in zip(way, way[1:]):
        leg = metres(a, b)
        km += leg if u > t and leg / (u - t) <= 60 else 0
        online += u - t if u - t <= 300 else 0
    say('sf cab', cab, f'{km / 1000:.3f}', online, way[-1][0])
PYTHON
my ($expected, $python_errors) = ('', '');
my $python_run = IPC::Run::start(['python3', '-', $data], '<', \$python, '>', \$expected, '2>', \$python_errors);

my $db = new_database('quickeats_real');
sub warehouse { my ($schema, $zone, $country) = @_; sql($db, "SELECT starhouse.create_warehouse('quickeats', '$schema', '$zone', country => '$country', calendar_from => '2015-01-01', calendar_to => '2015-12-31')"); return; }
sub load_file { my (@arguments) = @_; my ($status, $out, $err) = client('load', @arguments, '--quiet', '-d', "dbname=$db"); is($status, 0, "load @arguments[0 .. 2]") or diag("$out\n$err"); return; }
warehouse('dd', 'America/Los_Angeles', 'US');
warehouse('india', 'Asia/Kolkata', 'IN');
warehouse('sf', 'America/Los_Angeles', 'US');

# The month: needed, checked, stored.
my ($status, $out, $err) = client('load', 'dd', '--feed', 'doordash', '-d', "dbname=$db", "$data/doordash_orders.csv.gz");
isnt($status, 0, 'DoorDash without a month is refused');
like($err, qr/parameter "month" is missing.*--set month=VALUE/s, 'and the message says how to give it');
($status, $out, $err) = client('load', 'dd', '--feed', 'doordash', '--set', 'month=January', '-d', "dbname=$db", "$data/doordash_orders.csv.gz");
like($err, qr/parameter "month" cannot be "January"/, 'a month is a number');
($status, $out, $err) = client('load', 'dd', '--feed', 'doordash', '--set', 'moon=full', '-d', "dbname=$db", "$data/doordash_orders.csv.gz");
like($err, qr/the feed has no parameter "moon".*Its parameters: month/s, 'nor is there a moon');
load_file('dd', '--feed', 'doordash', '--set', 'month=2015-01', "$data/doordash_orders.csv.gz");
is(sql($db, "SELECT parameters FROM dd.load_source WHERE finished_at IS NOT NULL"), '{"month": "2015-01"}', 'the source remembers its month');
load_file('india', '--feed', 'food_delivery_india', "$data/food_delivery_india.csv.gz");
my $zones = `python3 -c 'import json, sys
for feature in json.load(open(sys.argv[1], encoding="utf-8"))["features"]: print(json.dumps(feature))' $data/sf_neighborhoods.geojson`;
open my $file, '>', "zones_$$.jsonl" or die $!;
print {$file} $zones;
close $file or die $!;
load_file('sf', '--feed', 'zones', '--set', 'city=San Francisco', "zones_$$.jsonl");
unlink "zones_$$.jsonl";
load_file('sf', '--feed', 'cabspotting', "$data/cabspotting_pings_30cabs.csv.gz");

IPC::Run::finish($python_run);
is($python_errors, '', 'Python computes the figures');
my %figures;
for (split /\n/, $expected) {
    my ($name, $value) = split /\|/, $_, 2;
    push @{ $figures{$name} }, $value;
}
sub figure { my ($name) = @_; return join "\n", @{ $figures{$name} // ['missing'] } }
# Known about the files, so that Python's own reading is held against something, too.
is(figure('dd orders'), 18079, 'the DoorDash file is the file');
is(figure('dd nobody at the restaurant'), 4531, 'with the gaps it is known for');
is(figure('in orders'), 11399, 'so is the Indian one');
like(figure('sf pings'), qr/^629728\|/, 'and the taxis');

is(sql($db, q{SELECT count(*) FROM dd.orders_fact WHERE status = 'DELIVERED'}), figure('dd orders'), 'orders');
is(sql($db, q{SELECT count(*) FROM dd.orders_fact WHERE time_conflict = 1}), figure('dd conflicts'), 'orders that contradict themselves');
is(sql($db, q{SELECT average_delivery_time FROM dd.kpi_summary}), figure('dd minutes'), 'average delivery time');
is(sql($db, q{SELECT city_id, deliveries - conflicting_deliveries, average_delivery_time FROM dd.kpi_on_time_by_city ORDER BY city_id COLLATE "C"}), figure('dd region'), 'and by region, the unnamed one too');
is(sql($db, q{SELECT count(*) FROM dd.orders_fact WHERE delivered_time >= timestamp '2015-02-01' AT TIME ZONE 'America/Los_Angeles'}), figure('dd february'), 'deliveries after the end of the month');
is(sql($db, q{SELECT sum(refunded_orders), round(sum(refunded_amount), 2), round(100 * sum(refunded_orders) / sum(charged_orders), 2), round(100 * sum(refunded_amount) / sum(charged_amount), 2) FROM dd.kpi_refund_rate}),
   figure('dd refunds'), 'refund rate by number and value');
is(sql($db, q{SELECT revenue_rank, restaurant_id, round(revenue, 2) FROM dd.kpi_top_restaurants WHERE revenue_rank <= 5 ORDER BY 1}), figure('dd restaurant'), 'top restaurants');
is(sql($db, q{SELECT hour, orders FROM dd.kpi_peak_windows ORDER BY hour}), figure('dd hour'), 'orders by hour of the local day');
is(sql($db, q{SELECT customers, repeat_customers FROM dd.kpi_repeat_customers}), figure('dd repeat'), 'repeat customers');
is(sql($db, q{SELECT count(*) FROM dd.orders_fact WHERE picked_up_time IS NULL}), figure('dd nobody at the restaurant'), 'what the file does not tell is NULL');

is(sql($db, q{SELECT count(*) FROM india.orders_fact}), figure('in orders'), 'India: orders');
is(sql($db, q{SELECT coalesce(weather, ''), count(*) FROM india.orders_fact GROUP BY weather ORDER BY weather COLLATE "C" NULLS FIRST}), figure('in weather'), 'weather, NaN as none');
is(sql($db, q{SELECT coalesce(traffic_level, ''), count(*) FROM india.orders_fact GROUP BY traffic_level ORDER BY traffic_level COLLATE "C" NULLS FIRST}), figure('in traffic'), 'traffic, without the blanks');
is(sql($db, q{SELECT city_key, count(*) FROM india.orders_fact GROUP BY city_key ORDER BY city_key}), figure('in city'), 'cities, from the drivers\' codes');
is(sql($db, q{SELECT count(*), round(avg(extract(epoch FROM picked_up_time - order_time) / 60), 4) FROM india.orders_fact WHERE order_time IS NOT NULL}), figure('in pickup'), 'minutes to pick-up, midnight passed');
is(sql($db, q{SELECT untimed_orders FROM india.kpi_data_range}), figure('in untimed'), 'orders without a time');
is(sql($db, q{SELECT count(*) FROM india.restaurant_dim WHERE latitude <= 0 OR latitude > 37 OR longitude < 68 OR longitude > 98}), 0, 'restaurants lie in India or nowhere');

is(sql($db, q{SELECT count(*), sum(is_available) FROM sf.driver_ping_fact}), figure('sf pings'), 'San Francisco: pings, and those of free taxis');
is(sql($db, q{SELECT left(geohash, 6), count(*) FROM sf.driver_ping_fact GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10}), figure('sf cell'), 'the busiest cells');
my @cabs = map { [split /\|/] } split /\n/, sql($db, q{
    SELECT p.driver_key, round(starhouse.path_length_m(p.latitude, p.longitude, p.event_time, 60)::numeric / 1000, 3), h.online, extract(epoch FROM d.position_time)::bigint
    FROM (SELECT * FROM sf.driver_ping_fact ORDER BY driver_key, event_time) p
    JOIN (SELECT driver_id, sum(online_seconds)::bigint AS online FROM sf.driver_hour GROUP BY 1) h ON h.driver_id = p.driver_key
    JOIN sf.driver_position d ON d.driver_id = p.driver_key
    GROUP BY p.driver_key, h.online, d.position_time ORDER BY p.driver_key COLLATE "C"});
my @theirs = map { [split /\|/] } split /\n/, figure('sf cab');
is(scalar(@cabs), 30, 'thirty taxis');
is(scalar(grep { $cabs[$_][0] eq $theirs[$_][0] && abs($cabs[$_][1] - $theirs[$_][1]) < 0.0011 } 0 .. $#theirs), 30, 'the way of each, to the metre');
is(scalar(grep { $cabs[$_][2] == $theirs[$_][2] && $cabs[$_][3] == $theirs[$_][3] } 0 .. $#theirs), 30, 'time on line and last position of each');
is(sql($db, q{SELECT count(*), count(DISTINCT zone_id) > 20 FROM sf.driver_ping_fact WHERE zone_id IS NOT NULL AND latitude NOT BETWEEN 37.6 AND 37.9}), '0|f', 'no ping from afar has a zone');
is(sql($db, q{SELECT count(*) > 400000 FROM sf.driver_ping_fact WHERE zone_id LIKE 'SAN FRANCISCO/%'}), 't', 'most of the others do');
is(sql($db, "SELECT * FROM starhouse.check_integrity('$_')"), '', "keys and versions are sound: $_") for qw(dd india sf);

# Once more: nothing is added.
($status, $out) = client('load', 'dd', '--feed', 'doordash', '--set', 'month=2015-01', '--quiet', '-d', "dbname=$db", "$data/doordash_orders.csv.gz");
like($out, qr/already loaded/, 'a file loaded twice is loaded once');
done_testing;
