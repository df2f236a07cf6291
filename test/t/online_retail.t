# The public Online Retail file (541,909 lines, dirt included) through the client in one command, and
# every figure that matters held against figures that Python computes from the raw file.
# The file is looked for in STARHOUSE_DATA, or ../shared/data beside the clone.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use IPC::Run ();
use Test::More;

my $data = $ENV{STARHOUSE_DATA} // root() . '/../shared/data';
my $file = "$data/retail/online_retail.csv.gz";
plan skip_all => "$file is absent: set STARHOUSE_DATA to the folder of the test data" unless -r $file;
plan skip_all => 'python3 is absent' if system('python3 -c "import csv, gzip" 2>/dev/null') != 0;

my $db = new_database('online_retail');
sql($db, q{SELECT starhouse.create_warehouse('shopsmart', 'retail', 'Europe/London', country => 'GB')});

my $python = <<'PYTHON';
import csv, gzip, sys
from collections import defaultdict
from decimal import Decimal, ROUND_HALF_UP

def money(value):
    return str(value.quantize(Decimal('0.01'), ROUND_HALF_UP))

read = bad = 0
lines, seen = [], set()
with gzip.open(sys.argv[1], 'rt', encoding='utf-8', newline='') as source:
    for row in csv.DictReader(source):
        read += 1
        price, quantity = Decimal(row['UnitPrice']), Decimal(row['Quantity'])
        if price <= 0:
            bad += 1
            continue
        line = (row['InvoiceNo'].strip().upper(), row['StockCode'].strip().upper(), ' '.join(row['Description'].split()),
                quantity, row['InvoiceDate'], price)
        if line in seen:
            continue
        seen.add(line)
        lines.append(line + (row['CustomerID'].strip() or '?', row['Country'].strip()))

print('read', read, sep='|')
print('bad prices', bad, sep='|')
print('duplicates', read - bad - len(lines), sep='|')
print('lines', len(lines), sep='|')
print('revenue', money(sum(q * p for _, _, _, q, _, p, _, _ in lines)), sep='|')
print('units', sum(q for _, _, _, q, _, _, _, _ in lines), sep='|')
returns = [l for l in lines if l[0].startswith('C') or l[3] < 0]
print('returns', len(returns), money(sum(l[3] * l[5] for l in returns)), sep='|')
print('lines without a customer', sum(1 for l in lines if l[6] == '?'), sep='|')
print('customers', len({l[6] for l in lines} - {'?'}), sep='|')
print('products', len({l[1] for l in lines}), sep='|')

orders = defaultdict(set)
for l in lines:
    if l[6] != '?' and not (l[0].startswith('C') or l[3] < 0):
        orders[l[6]].add(l[0])
again = sum(1 for o in orders.values() if len(o) > 1)
print('repeat', len(orders), again, money(Decimal(100 * again) / len(orders)), sep='|')

monthly, products, names = defaultdict(Decimal), defaultdict(Decimal), defaultdict(dict)
for order, product, name, quantity, time, price, customer, country in lines:
    monthly[time[:7]] += quantity * price
    products[product] += quantity * price
    if name:
        names[product][time] = min(name, names[product].get(time, name))
for month in sorted(monthly):
    print('month', month, money(monthly[month]), sep='|')
for rank, (product, revenue) in enumerate(sorted(products.items(), key=lambda p: (-p[1], p[0]))[:10], 1):
    print('top', rank, product, money(revenue), sep='|')

# History: a version where the name differs from the one before; one nameless version without any name.
versions, in_force = {}, {}
for product in products:
    changes = []
    for time in sorted(names[product]):
        if not changes or changes[-1][1] != names[product][time]:
            changes.append((time, names[product][time]))
    versions[product] = max(len(changes), 1)
    in_force[product] = changes
print('versions', sum(versions.values()), max(versions.values()), sum(1 for v in versions.values() if v > 1), sep='|')
as_was = defaultdict(Decimal)
for order, product, name, quantity, time, price, customer, country in lines:
    then = ''
    for begins, called in in_force[product]:
        if begins <= time or not then:
            then = called
    as_was[product, then] += quantity * price
for (product, name), revenue in sorted(as_was.items()):
    if versions[product] > 1:
        print('as was', product, name, money(revenue), sep='|')

# A customer's region is the country of the first line.
first, revenue_by_country = {}, defaultdict(Decimal)
for order, product, name, quantity, time, price, customer, country in lines:
    if customer != '?':
        first[customer] = min(first.get(customer, (time, country)), (time, country))
for order, product, name, quantity, time, price, customer, country in lines:
    if customer != '?':
        revenue_by_country[first[customer][1]] += quantity * price
for country in sorted(revenue_by_country):
    print('region', country, money(revenue_by_country[country]), sep='|')
PYTHON

my ($expected, $python_errors) = ('', '');
my $python_run = IPC::Run::start(['python3', '-', $file], '<', \$python, '>', \$expected, '2>', \$python_errors);

my ($status, $out, $err) = client('load', 'retail', '--feed', 'online_retail', '--quiet', '-d', "dbname=$db", $file);
is($status, 0, 'the file loads in one command') or diag("$out\n$err");
IPC::Run::finish($python_run);
is($python_errors, '', 'Python computes the figures');
my %figures;
for (split /\n/, $expected) {
    my ($name, $value) = split /\|/, $_, 2;
    push @{ $figures{$name} }, $value;
}
sub figure { my ($name) = @_; return join "\n", @{ $figures{$name} // ['missing'] } }
# The facts known about the file, so that Python's own reading is held against something, too.
is(figure('read'), 541909, 'the file is the file');
is(figure('bad prices'), 2517, 'with the bad prices it is known for');

my $facts = 'retail.sales_fact';
is(sql($db, q{SELECT sum(records_read) FROM retail.batch_log}), figure('read'), 'records read');
is(sql($db, q{SELECT count(*) FROM retail.quarantine WHERE column_name = 'unit_price' AND sqlstate = '23514'}), figure('bad prices'), 'bad prices in quarantine');
is(sql($db, q{SELECT count(*) FROM retail.quarantine}), figure('bad prices'), 'and nothing else');
is(sql($db, q{SELECT sum(duplicates) FROM retail.batch_log}), figure('duplicates'), 'exact duplicates collapse');
is(sql($db, "SELECT count(*) FROM $facts"), figure('lines'), 'every other line is a fact');
is(sql($db, q{SELECT count(*) FROM retail.bronze_online_retail}), figure('read'), 'bronze holds every record as received');
is(sql($db, "SELECT round(sum(sales_amount), 2) FROM $facts"), figure('revenue'), 'revenue, to the cent');
is(sql($db, "SELECT sum(quantity_sold) FROM $facts"), figure('units'), 'units');
is(sql($db, "SELECT count(*), round(sum(sales_amount), 2) FROM $facts WHERE sale_type = 'Return'"), figure('returns'), 'cancellations are returns');
is(sql($db, "SELECT count(*) FROM $facts WHERE customer_key = '?' AND customer_version = -1"), figure('lines without a customer'), 'missing customers are the unknown member');
is(sql($db, q{SELECT count(*) FROM retail.customer_dim WHERE customer_id <> '?'}), figure('customers'), 'customers');
is(sql($db, q{SELECT count(*) FROM retail.product_dim WHERE product_id <> '?'}), figure('products'), 'products, however their codes are written');
is(sql($db, q{SELECT customers, repeat_customers, repeat_percent FROM retail.kpi_repeat_customers}), figure('repeat'), 'repeat rate');
is(sql($db, q{SELECT to_char(month_start, 'YYYY-MM'), round(revenue, 2) FROM retail.kpi_monthly_revenue ORDER BY 1}), figure('month'), 'monthly revenue');
is(sql($db, q{SELECT revenue_rank, product_id, round(revenue, 2) FROM retail.kpi_top_products WHERE revenue_rank <= 10 ORDER BY revenue_rank, product_id}),
   figure('top'), 'top 10 products');
is(sql($db, q{SELECT sum(n), max(n), count(*) FILTER (WHERE n > 1)
              FROM (SELECT count(*) AS n FROM retail.product_history WHERE product_id <> '?' GROUP BY product_id) v}),
   figure('versions'), 'descriptions that differ are product history');
is(sql($db, qq{SELECT f.product_key, coalesce(h.product_name, ''), round(sum(f.sales_amount), 2)
               FROM $facts f JOIN retail.product_history h USING (product_version)
               WHERE f.product_key IN (SELECT product_id FROM retail.product_history GROUP BY product_id HAVING count(*) > 1)
               GROUP BY f.product_key, h.product_name ORDER BY f.product_key, h.product_name COLLATE "C"}),
   figure('as was'), 'revenue by the name in force at the sale');
is(sql($db, qq{SELECT c.region, round(sum(f.sales_amount), 2) FROM $facts f JOIN retail.customer_dim c ON f.customer_key = c.customer_id
               WHERE c.customer_id <> '?' GROUP BY c.region ORDER BY c.region COLLATE "C"}), figure('region'), "revenue by the customers' country");
is(sql($db, q{SELECT * FROM starhouse.check_integrity('retail')}), '', 'keys and versions are sound');

# Once more: nothing is added.
($status, $out, $err) = client('load', 'retail', '--feed', 'online_retail', '--quiet', '-d', "dbname=$db", $file);
is($status, 0, 'the same file again') or diag("$out\n$err");
is(sql($db, "SELECT count(*) FROM $facts"), figure('lines'), 'adds nothing');

done_testing();
