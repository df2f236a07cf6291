# What the tests of `starhouse load` share: a small warehouse whose schema name needs quoting, files
# for it, and a digest of everything a load leaves behind.
package LoadTest;
use strict;
use warnings;
use Exporter 'import';
use IPC::Run ();
use IO::Compress::Gzip ();
use Time::HiRes ();
use StarhouseTest;

our @EXPORT = qw($warehouse make_warehouse write_file sales_rows write_gzip digest start_client wait_for);

our $warehouse = 'Odd "Name';

# Steps of the feed `sales`; `pause` seconds are added to every batch.
sub steps {
    my ($pause) = @_;
    return qq{[{"step":"reject","when":"amount > 900","column":"amount","reason":"more than 900","hint":"Ask the till."},
      {"step":"members","into":"shop_dim","key":"shop_id","select":"SELECT shop FROM batch"},
      {"step":"sql","name":"pause","sql":"SELECT pg_sleep($pause)"},
      {"step":"facts","into":"sales_fact","time":"at","partition":"1 month","select":"SELECT id, at, shop AS shop_key, amount FROM batch"}]};
}

sub contract {
    my ($formats) = @_;
    return qq({"format":"csv","columns":[{"name":"id","type":"text","required":true},{"name":"at","type":"timestamptz","formats":$formats,"required":true},
      {"name":"shop","type":"text","required":true},{"name":"amount","type":"numeric","required":true}]});
}

# Makes (or makes anew) the warehouse in the database.
sub make_warehouse {
    my ($database, %settings) = @_;
    my $steps = steps($settings{pause} // 0);
    my $contract = contract($settings{formats} // '["ISO"]');
    sql($database, qq{
        SET client_min_messages = error;
        DROP SCHEMA IF EXISTS "Odd ""Name" CASCADE;
        CREATE SCHEMA "Odd ""Name";
        SET search_path = "Odd ""Name", starhouse;
        SELECT init_pipeline('Odd "Name');
        CREATE TABLE shop_dim (shop_id text PRIMARY KEY, is_inferred boolean NOT NULL DEFAULT false);
        CREATE TABLE sales_fact (id text, at timestamptz, shop_key text NOT NULL REFERENCES shop_dim, amount numeric CHECK (amount < 800),
                                 batch_id bigint, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        SELECT create_feed('Odd "Name', 'sales', \$\$$contract\$\$, \$\$$steps\$\$);
    });
    return;
}

sub write_file {
    my ($name, $content) = @_;
    open my $file, '>:raw', $name or die "$name: $!";
    print {$file} $content;
    close $file or die "$name: $!";
    return $name;
}

sub write_gzip {
    my ($name, $content) = @_;
    IO::Compress::Gzip::gzip(\$content => $name) or die "gzip failed: $IO::Compress::Gzip::GzipError";
    return $name;
}

# CSV of `count` sales over 90 days; every 97th has a bad date, every 101st an amount that a step rejects,
# every 50th repeats the one before it.
sub sales_rows {
    my ($count) = @_;
    my $text = "id,at,shop,amount\n";
    for my $i (1 .. $count) {
        my $n = $i % 50 == 0 ? $i - 1 : $i;
        my $day = $n % 90;
        my $at = $i % 97 == 0 ? '2024-02-31' : sprintf('2024-%02d-%02d %02d:%02d:00', 1 + int($day / 28), 1 + $day % 28, $n % 24, $n % 60);
        my $amount = $i % 101 == 0 ? 950 : ($n * 7919) % 79000 / 100;
        $text .= sprintf("s%06d,%s,shop%d,%s\n", $n, $at, $n % 13, $amount);
    }
    return $text;
}

# Facts, rejects, bronze and log as one text: what must be the same however the load went.
sub digest {
    my ($database) = @_;
    return sql($database, q{
        SET search_path = "Odd ""Name"; SET timezone = 'UTC';
        SELECT 'facts', count(*), md5(string_agg(concat_ws('|', id, at, shop_key, amount), ',' ORDER BY id, at)) FROM sales_fact
        UNION ALL SELECT 'shops', count(*), md5(string_agg(shop_id, ',' ORDER BY shop_id)) FROM shop_dim
        UNION ALL SELECT 'rejects', count(*), md5(string_agg(concat_ws('|', record_no, line_no, convert_from(payload, 'UTF8'), sqlstate, column_name, value, reason), ',' ORDER BY record_no)) FROM quarantine
        UNION ALL SELECT 'bronze', count(*), md5(string_agg(record_no || payload, ',' ORDER BY record_no)) FROM bronze_sales
        UNION ALL SELECT 'log', sum(records_read), concat_ws(' ', sum(records_loaded), sum(duplicates), sum(rejected)) FROM batch_log});
}

# Starts the client and returns the IPC::Run handle; output goes to the given scalar references.
sub start_client {
    my ($out, $err, @arguments) = @_;
    my $program = $ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse';
    return IPC::Run::start([$program, @arguments], '<', \undef, '>', $out, '2>', $err);
}

# Asks until the query gives true, for at most a minute.
sub wait_for {
    my ($database, $query) = @_;
    for (1 .. 600) {
        return 1 if sql($database, $query) eq 't';
        Time::HiRes::sleep(0.1);
    }
    return 0;
}

1;
