#!/usr/bin/perl
# Loads of JSON records against a JSON Schema: records of older versions of the contract, drift, rejects
# with the place in the schema, replay.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use Test::More;
use LoadTest;
use StarhouseTest;

my $folder = File::Temp->newdir;
my $database = new_database('starhouse_load_versions');
my @load = ('load', 'shop', '--feed', 'orders', '-d', "dbname=$database");
my ($status, $out, $err);

sql($database, q{
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders (id bigint PRIMARY KEY, amount numeric, currency text, batch_id bigint);
    SELECT starhouse.init_pipeline('shop');
    SELECT starhouse.create_feed('shop', 'orders', '{"version_from": "/v",
        "schema": {"required": ["id"], "properties": {"v": true, "id": {"type": "integer"}, "amt": {"type": "integer"}}},
        "columns": [{"name": "id", "type": "integer"}, {"name": "amount", "from": "/amt", "type": "numeric"}]}',
      '[{"step": "sql", "sql": "INSERT INTO shop.orders SELECT id, amount, NULL, {batch_id} FROM batch"}]');
    SELECT starhouse.create_feed('shop', 'orders', '{"version_from": "/v",
        "schema": {"required": ["id", "amount"], "properties": {"v": true, "id": {"type": "integer"}, "amount": {"multipleOf": 0.01}, "currency": {"type": "string"}}},
        "columns": [{"name": "id", "type": "integer"}, {"name": "amount", "type": "numeric"}, {"name": "currency", "type": "text", "default": "EUR"}]}',
      '[{"step": "sql", "sql": "INSERT INTO shop.orders SELECT id, amount, currency, {batch_id} FROM batch"}]');
});

my $lines = write_file("$folder/mixed.jsonl", join("\n",
    '{"id": 1, "amount": 4.35, "currency": "USD"}',
    '{"v": 1, "id": 2, "amt": 7}',
    '{"v": 1, "id": 3, "amt": 7.5}',
    '{"v": 2, "id": 4, "amount": 1, "tip": {"x": 1}}',
    '{"v": 3, "id": 5, "amount": 1}',
    '{"id": 6, "amount": 0.005}',
    '{"id": 7, "amount": 2, "tip": null, "note": "n"}') . "\n");
($status, $out, $err) = client(@load, $lines);
is($status, 0, 'a file of mixed versions is loaded') or diag($out . $err);
is(sql($database, 'SELECT id, amount, currency FROM shop.orders ORDER BY id'), "1|4.35|USD\n2|7|EUR\n4|1|EUR\n7|2|EUR",
   'each record by the version it says, the newest if it says none');
is(sql($database, 'SELECT record_no, sqlstate, column_name, value, reason FROM shop.quarantine ORDER BY record_no'),
   "3|23514|amount|7.5|/amt is not an integer (schema: /properties/amt/type)\n"
 . "5|22023||3|the record names a version of the contract that the feed does not have\n"
 . "6|23514|amount|0.005|/amount is no multiple of 0.01 (schema: /properties/amount/multipleOf)",
   'rejects name the place in the record and in the schema');
is(sql($database, 'SELECT path, records, types FROM shop.feed_drift ORDER BY path'), "/note|1|{string}\n/tip|2|{\"null\",object}",
   'drift is on record');
is(sql($database, q{SELECT count(*) FROM shop.bronze_orders WHERE payload LIKE '%tip%'}), '2', 'and kept in bronze');

my $old = write_file("$folder/old.jsonl", qq({"id": 11, "amt": 3}\n{"id": 12, "amount": 3.5}\n));
($status, $out, $err) = client(@load, '--schema-version', '1', $old);
is($status, 0, 'a file said to be of version 1') or diag($out . $err);
is(sql($database, 'SELECT id, amount FROM shop.orders WHERE id > 10 ORDER BY id'), "11|3\n12|", 'is read by it');
($status, $out, $err) = client(@load, '--schema-version', '3', $old);
is($status, 1, 'no such version');
like($err, qr/feed orders has no version 3, its newest is 2.*feed_versions/s, 'and the message says so');

sql($database, q{SELECT starhouse.create_feed('shop', 'orders', '{"version_from": "/v",
    "schema": {"required": ["id"], "properties": {"v": true, "id": {"type": "integer"}, "amount": {"type": "number"}}},
    "columns": [{"name": "id", "type": "integer"}, {"name": "amount", "type": "numeric"}]}',
  '[{"step": "sql", "sql": "INSERT INTO shop.orders SELECT id, amount, NULL, {batch_id} FROM batch"}]')});
($status, $out, $err) = client('replay', 'shop', '--feed', 'orders', '-d', "dbname=$database");
is($status, 0, 'replay by the third version') or diag($out . $err);
like($out, qr/3 records replayed, 2 loaded, 1 rejected again/, 'which takes the record that is of it, and the one with thousandths');
is(sql($database, 'SELECT id, amount FROM shop.orders WHERE id IN (3, 5, 6) ORDER BY id'), "5|1\n6|0.005", 'version 1 still refuses its own');
done_testing();
