# Every row of the dashboards that the seeds ask for is a card of the page and a chart in Superset, by name, each over the report that answers it. That they
# draw, with figures that are those of SQL, is for report_browser.t and superset.t.
use strict;
use warnings;
use Test::More;
use StarhouseTest;

sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$in> }
my %row = (
    shopsmart => [
        ['Total revenue by region', ['Revenue by region' => 'kpi_revenue_by_region_month'], ['Sales' => 'Revenue by region' => 'kpi_store_day']],
        ['Top performing products', ['Top products' => 'kpi_top_products'], ['Sales' => 'Top products' => 'kpi_product_month']],
        ['Customer retention rate', ['Customers who buy again the next month' => 'kpi_customer_retention'], ['Customers' => 'Customers who buy again the next month' => 'kpi_customer_retention']],
        ['Stock-on-hand vs sales trend', ['Stock on hand and sales, week by week' => 'kpi_stock_sales_trend'], ['Stock' => 'Stock against sales, units' => 'kpi_stock_sales_trend']],
        ['Promotion effectiveness', ['Do promotions pay? Revenue beside what would have been sold anyway' => 'kpi_promotion_effectiveness'], ['Promotions' => 'Revenue beside the baseline' => 'kpi_promotion_effectiveness']],
    ],
    quickeats => [
        ['Delivery: average ETA', ['Promise and delivery by city' => 'kpi_on_time_by_city'], ['Deliveries' => 'Promise and delivery by city' => 'kpi_driver_day']],
        ['Delivery: on-time % by city', ['On time by city' => 'kpi_on_time_by_city'], ['Deliveries' => 'On time by city' => 'kpi_driver_day']],
        ['Restaurants: revenue', ['Restaurants with the most revenue' => 'kpi_top_restaurants'], ['Restaurants' => 'Top restaurants' => 'kpi_restaurant_day']],
        ['Restaurants: orders, average rating', ['Restaurants: orders and marks' => 'kpi_top_restaurants'], ['Restaurants' => 'Restaurants, orders and marks' => 'kpi_restaurant_day']],
        ['Payments: success %', ['Headline figures' => 'kpi_order_hour'], ['Payments' => 'Could be paid' => 'kpi_order_hour']],
        ['Payments: refund rate', ['Refunds by mode' => 'kpi_refund_rate'], ['Payments' => 'Refunded' => 'kpi_order_hour']],
        ['Customers: repeat orders', ['Headline figures' => 'kpi_repeat_customers'], ['Customers' => 'Repeat customers' => 'kpi_repeat_customers']],
        ['Customers: active users', ['Customers who use the service and who order, by month' => 'kpi_active_users'], ['Customers' => 'Customers who use the service and who order, by month' => 'kpi_active_users']],
        ['Operations: orders per driver', ['Busiest drivers' => 'kpi_orders_per_driver'], ['Operations' => 'Busiest drivers' => 'kpi_driver_day']],
        ['Operations: utilization ratio', ['Busiest drivers' => 'kpi_driver_utilisation'], ['Operations' => 'Drivers in use' => 'kpi_driver_utilisation']],
    ],
    streamflix => [
        ['Engagement: average watch time', ['Headline figures' => 'kpi_viewing_summary'], ['Engagement' => 'Per view' => 'kpi_genre_days']],
        ['Engagement: skip rate', ['Genres that viewers leave at once' => 'kpi_skip_rate'], ['Engagement' => 'Genres that viewers leave at once' => 'kpi_skip_rate']],
        ['Engagement: completion rate', ['Headline figures' => 'kpi_viewing_summary'], ['Engagement' => 'Completion' => 'kpi_genre_days']],
        ['Regions: top 10 videos per region', ['Top 10 videos of each region' => 'kpi_top_videos_by_region'], ['Regions' => 'Top 10 videos of each region' => 'kpi_top_videos_by_region']],
        ['Regions: watch hours by timezone', ['Hours watched by time zone, hour by hour of its own day' => 'kpi_watch_hours_by_time_zone'], ['Regions' => 'Hours watched by time zone, by its own clock' => 'kpi_region_hours']],
        ['Recommendations: CTR', ['Clicks by score of the recommendation' => 'kpi_recommendation_by_score'], ['Recommendations' => 'Clicked' => 'kpi_recommendation_quality']],
        ['Recommendations: accuracy score', ['Headline figures' => 'kpi_recommendation_quality'], ['Recommendations' => 'The score tells' => 'kpi_recommendation_quality']],
        ['Service: latency per stream', ['Time to start, average and 95th percentile' => 'kpi_system_performance'], ['Service' => 'Time to start' => 'kpi_viewing_days']],
        ['Service: throughput', ['Streams begun in a minute' => 'kpi_system_performance'], ['Service' => 'Streams begun in a minute' => 'kpi_system_performance']],
        ['Service: buffering ratio', ['Waiting by device' => 'kpi_buffering_by_device'], ['Service' => 'Waiting' => 'kpi_viewing_days']],
        ['Devices: bandwidth', ['Bandwidth by device' => 'kpi_device_usage'], ['Devices' => 'Bandwidth' => 'kpi_device_kind_sums']],
        ['Devices: session duration by device', ['Length of a session by device' => 'kpi_device_usage'], ['Devices' => 'Minutes a session' => 'kpi_device_kinds']],
    ]);
# Title of a card => its statement.
sub cards {
    my ($kind) = @_;
    my $text = slurp(root() . "/dashboards/report/$kind.sql");
    return map { /^-- \w+ ([^\n]+)\n(.*)/s ? ($1 => $2) : () } split /^(?=-- (?:figures|line|bars|stack|cells|cohort|heat|table) )/m, $text;
}
# "TAB: TITLE" of a chart on the dashboard => its dataset's file, read from the bundle as it is imported.
sub charts {
    my ($kind) = @_;
    my $home = root() . "/dashboards/superset/$kind";
    my %dataset = map { my $text = slurp($_); ($text =~ /^uuid: "?([\w-]+)"?$/m)[0] => $text } glob "$home/datasets/*.yaml";
    my %chart = map { my $text = slurp($_); my ($uuid) = $text =~ /^uuid: "?([\w-]+)"?$/m; my ($of) = $text =~ /^dataset_uuid: "?([\w-]+)"?$/m; ($uuid => $dataset{$of}) } glob "$home/charts/*.yaml";
    my (%found, %tab);
    for my $node (split /^(?=  \S+:$)/m, slurp("$home/dashboards/$kind.yaml")) {
        $tab{$1} = $2 if $node =~ /^    id: "?(TAB-[^"\n]+)"?\n.*^      text: "?([^"\n]+)"?$/ms;
        if ($node =~ /^    type: CHART$/m) {
            my ($title) = $node =~ /^      sliceName: (.+)$/m;
            my ($uuid) = $node =~ /^      uuid: "?([^"\n]+)"?$/m;
            my ($in) = $node =~ /^      - "?(TAB-[^"\n]+)"?$/m;
            $found{$in}{$title =~ s/^"|"$//gr} = $chart{$uuid};
        }
    }
    return map { my $in = $_; map { ("$tab{$in}: $_" => $found{$in}{$_}) } keys %{$found{$in}} } grep { defined $tab{$_} } keys %found;
}
for my $kind (sort keys %row) {
    my %card = cards($kind);
    my %chart = charts($kind);
    cmp_ok(scalar(keys %chart), '>', 20, "$kind: the charts of the dashboard are found");
    for my $row (@{$row{$kind}}) {
        my ($name, $page, $superset) = @$row;
        like($card{$page->[0]} // 'no such card', qr/(?:FROM|JOIN|LATERAL) (?:\(?SELECT .*)?\Q$page->[1]\E\b/, "$kind, $name: the page has it");
        like($chart{"$superset->[0]: $superset->[1]"} // 'no such chart', qr/\Q$superset->[2]\E\b/, "$kind, $name: Superset has it");
    }
}
done_testing();
