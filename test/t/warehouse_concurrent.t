# Three clients load sales, stock and news of products and customers into one warehouse at once. None
# may lose what another one derived: every promotion day, every snapshot's units, every version is right.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use File::Temp ();
use IPC::Run ();
use Test::More;

my $db = new_database('warehouse_concurrent');
sql($db, q{SELECT starhouse.create_warehouse('shopsmart', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31')});
my $dir = File::Temp->newdir;

sub file {
    my ($name, @lines) = @_;
    open my $out, '>', "$dir/$name" or die "$dir/$name: $!";
    print $out map {"$_\n"} @lines;
    close $out or die "$dir/$name: $!";
    return "$dir/$name";
}

# Each shop sends the same days and promotions, in files of its own: the groups that are derived overlap.
my (%sales, @stock, @news);
for my $day (1 .. 12) {
    my $date = sprintf '2025-03-%02d', $day;
    for my $shop (1, 2) {
        push @{ $sales{$shop} }, file("pos-$shop-$date.csv", 'store_id,transaction_id,customer_id,product_id,quantity,sale_amount,date,discount,promotion_id,line_no',
            map { join ',', 'S001', "T$shop-$_", 'C' . $_ % 3, 'P' . $_ % 4, 1, 90, "$date 12:00", 10, $_ % 2 ? 'HOLI' : '', 1 } 1 .. 8);
    }
    push @stock, file("stock-$date.csv", 'product_id,stock_on_hand,snapshot_date', map {"P$_,50,$date"} 0 .. 3) if $day % 3 == 0;
    push @news, file("products-$date.csv", 'product_id,product_name,category,unit_cost,effective_at', map { "P$_,Name $_,Category $day," . (40 + $day) . ",$date" } 0 .. 3)
      if $day % 4 == 0;
}
my $crm = file('crm.csv', 'customer_id,loyalty_level,effective_at', map { ("C$_,Silver,2025-01-01", "C$_,Gold,2025-03-06") } 0 .. 2);

my $program = $ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse';
my @load = ($program, 'load', 'shopsmart', '-q', '-d', "dbname=$db", '--feed');
my @runs = map { { command => $_, out => '' } }
  ([ @load, 'pos_sales', @{ $sales{1} } ], [ @load, 'pos_sales', @{ $sales{2} } ], [ @load, 'inventory', @stock ], [ @load, 'products', @news ], [ @load, 'customers', $crm ]);
$_->{run} = IPC::Run::start($_->{command}, '<', \undef, '>&', \$_->{out}, IPC::Run::timeout(300)) for @runs;
for my $run (@runs) {
    ok(IPC::Run::finish($run->{run}), "$run->{command}[7] loads beside the others") or diag($run->{out});
}

is(sql($db, 'SELECT count(*), sum(sales_amount) FROM shopsmart.sales_fact'), '192|17280', 'every line is there');
is(sql($db, q{
    SELECT count(*), sum(promotion_revenue), sum(promotion_discount), sum(units_sold), min(product_count), max(product_count) FROM shopsmart.promotion_fact}),
   '12|8640|960|96|2|2', 'promotion days hold the sales of both loaders');
is(sql($db, q{
    SELECT count(*), count(*) FILTER (WHERE i.units_sold = (
      SELECT sum(f.quantity_sold) FROM shopsmart.sales_fact f
      WHERE f.product_key = i.product_key AND f.time_key BETWEEN i.time_key - 6 AND i.time_key))
    FROM shopsmart.inventory_fact i}), '16|16', 'units sold before each snapshot are those of all loaders');
is(sql($db, q{
    SELECT p.unit_cost, count(*) FROM shopsmart.sales_fact f JOIN shopsmart.product_history p USING (product_version)
    WHERE f.profit = f.sales_amount - p.unit_cost GROUP BY 1 ORDER BY 1}), "44|112\n48|64\n52|16", 'profit by the cost in force');
is(sql($db, q{SELECT c.loyalty_level, count(*) FROM shopsmart.sales_fact f JOIN shopsmart.customer_history c USING (customer_version) GROUP BY 1 ORDER BY 1}),
   "Gold|112\nSilver|80", 'loyalty as it was');
is(sql($db, q{SELECT * FROM starhouse.check_integrity('shopsmart')}), '', 'keys and versions are sound');

# Files that change what batches of sales hold wait for their turn before they touch any of it; one that
# took its locks in another order would meet a batch of sales in a deadlock, which the client repeats.
my @late = map { { command => $_, out => '' } } (
    [ @load, 'products', file('products-late.csv', 'product_id,product_name,category,unit_cost,effective_at', map {"P$_,Name $_,Late,60,2025-03-13"} 0 .. 3) ],
    [ @load, 'stores', file('stores-late.csv', 'store_id,region', 'S001,South') ],
    [ @load, 'inventory', file('stock-late.csv', 'product_id,stock_on_hand,snapshot_date', map {"P$_,40,2025-03-12"} 0 .. 3) ],
    [ @load, 'pos_sales', file('pos-late.csv', 'store_id,transaction_id,customer_id,product_id,quantity,sale_amount,date,discount,promotion_id,line_no', 'S001,T-late,C1,P1,1,90,2025-03-12 12:00,10,HOLI,1') ]);
my ($ask, $answer) = ('', '');
my $holder = IPC::Run::start([ 'psql', '-qXAt', '-d', $db ], '<', \$ask, '>', \$answer);
$ask = "BEGIN; LOCK TABLE shopsmart.promotion_fact IN SHARE ROW EXCLUSIVE MODE; SELECT 'held';\n";
$holder->pump until $answer =~ /held/;
$_->{run} = IPC::Run::start($_->{command}, '<', \undef, '>&', \$_->{out}, IPC::Run::timeout(300)) for @late;
my $waiting = q{SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'shopsmart.promotion_fact'::regclass};
for (1 .. 600) {
    last if sql($db, $waiting) eq '4';
    select undef, undef, undef, 0.1;
}
is(sql($db, $waiting), '4', 'four files wait for their turn');
is(sql($db, q{
    SELECT string_agg(DISTINCT held.relation::regclass::text, ' ') FROM pg_locks waiting JOIN pg_locks held USING (pid)
      JOIN pg_class c ON c.oid = held.relation
    WHERE NOT waiting.granted AND waiting.relation = 'shopsmart.promotion_fact'::regclass AND held.granted AND held.mode NOT IN ('AccessShareLock', 'RowShareLock')
      AND c.relnamespace = 'shopsmart'::regnamespace AND c.relname ~ '^(sales|stock|product|store|inventory|customer)_'}),
   '', 'and hold nothing that the others change');
$ask = "COMMIT;\n\\q\n";
$holder->finish;
ok(IPC::Run::finish($_->{run}), "then $_->{command}[7] are loaded") or diag($_->{out}) for @late;
is(sql($db, 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'), '0', 'and no two of all these met in a deadlock');
is(sql($db, q{SELECT * FROM starhouse.check_integrity('shopsmart')}), '', 'keys and versions are sound then, too');

# A restaurant's city becomes that of its orders, which are computed anew: in their turn, so that a batch of pings that measures a delivery
# meanwhile is not forgotten. Whatever else changes members of facts waits for it, too, before it touches any.
sql($db, q{SELECT starhouse.create_warehouse('quickeats', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31')});
@load = ($program, 'load', 'quickeats', '-q', '-d', "dbname=$db", '--feed');
my $told = file('orders.jsonl', '{"order_id": "O1", "status": "PLACED", "event_time": "2025-03-10T10:00:00Z", "restaurant_id": "R1", "customer_id": "U1"}',
    '{"order_id": "O1", "status": "PICKED_UP", "event_time": "2025-03-10T10:10:00Z", "driver_id": "D1"}', '{"order_id": "O1", "status": "DELIVERED", "event_time": "2025-03-10T10:20:00Z"}');
my $said = '';
ok(IPC::Run::run([ @load, 'orders', $told ], '<', \undef, '>&', \$said), 'an order') or diag($said);
my @members = map { { command => $_, out => '' } } (
    [ @load, 'restaurants', file('restaurants.csv', 'restaurant_id,name,city,effective_at', 'R1,Rice,PUN,2025-01-01') ],
    [ @load, 'drivers', file('drivers.csv', 'driver_id,name,city,effective_at', 'D1,Dev,PUN,2025-01-01') ],
    [ @load, 'customers', file('customers.csv', 'customer_id,name,city,effective_at', 'U1,Uma,PUN,2025-01-01') ]);
($ask, $answer) = ('', '');
$holder = IPC::Run::start([ 'psql', '-qXAt', '-d', $db ], '<', \$ask, '>', \$answer);
$ask = "BEGIN; LOCK TABLE quickeats.delivery_fact IN SHARE ROW EXCLUSIVE MODE; SELECT 'held';\n";
$holder->pump until $answer =~ /held/;
$_->{run} = IPC::Run::start($_->{command}, '<', \undef, '>&', \$_->{out}, IPC::Run::timeout(300)) for @members;
$waiting =~ s/shopsmart.promotion_fact/quickeats.delivery_fact/;
for (1 .. 600) {
    last if sql($db, $waiting) eq '3';
    select undef, undef, undef, 0.1;
}
is(sql($db, $waiting), '3', 'three files wait for their turn');
is(sql($db, q{
    SELECT string_agg(DISTINCT held.relation::regclass::text, ' ') FROM pg_locks waiting JOIN pg_locks held USING (pid) JOIN pg_class c ON c.oid = held.relation
    WHERE NOT waiting.granted AND waiting.relation = 'quickeats.delivery_fact'::regclass AND held.granted AND held.mode NOT IN ('AccessShareLock', 'RowShareLock')
      AND c.relnamespace = 'quickeats'::regnamespace AND c.relname ~ '(_history|_dim|_fact|^order_)'}), '', 'and hold nothing that the others change');
$ask = q{SELECT starhouse.ingest('quickeats.pings', ARRAY[
  '{"driver_id": "D1", "latitude": 19.00, "longitude": 72.80, "timestamp": "2025-03-10T10:10:00Z", "availability_status": "BUSY"}',
  '{"driver_id": "D1", "latitude": 19.01, "longitude": 72.80, "timestamp": "2025-03-10T10:15:00Z", "availability_status": "BUSY"}']); COMMIT;} . "\n\\q\n";
$holder->finish;
like($answer, qr/"loaded": 2/, 'pings come first');
ok(IPC::Run::finish($_->{run}), "then $_->{command}[7] are loaded") or diag($_->{out}) for @members;
is(sql($db, q{SELECT o.city_key, d.city_key, d.distance_source, round(d.distance_travelled, 1) FROM quickeats.orders_fact o JOIN quickeats.delivery_fact d USING (event_time, order_id)}),
   'PUN|PUN|GPS|1.1', 'the order is in its city, its delivery measured');
is(sql($db, 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'), '0', 'without a deadlock');
is(sql($db, q{SELECT * FROM starhouse.check_integrity('quickeats')}), '', 'keys and versions are sound');

done_testing();
