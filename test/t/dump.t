# What a user made with the extension outlives a dump and a restore, and the extension itself.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use File::Temp ();
use IPC::Run ();
use Test::More;

my $made = new_database('dump_made');
sql($made, <<'SQL');
CREATE SCHEMA "my shop";
SET search_path = "my shop";
CREATE TABLE customer_history (
  customer_version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id text COLLATE "C" NOT NULL, name text, loyalty text,
  valid_from timestamptz NOT NULL, valid_to timestamptz NOT NULL, is_current boolean NOT NULL);
SELECT starhouse.scd_register('customer_history', ARRAY['customer_id'], type1 => ARRAY['name']);
CREATE TABLE feed (ts timestamptz, customer_id text, name text, loyalty text);
INSERT INTO feed VALUES ('2024-01-01', 'C1', 'Ann', 'Silver'), ('2024-03-01', 'C1', 'Ann', 'Gold'), ('2024-01-05', 'C2', 'Bob', 'Silver');
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts');
CREATE TABLE sale (at timestamptz, item text, amount numeric);
INSERT INTO sale VALUES ('2024-01-01', 'a', 1), ('2024-01-02', 'b', 2);
SELECT starhouse.create_rollup('sale_daily', 'sale', 'at', '1 day', ARRAY['item'], '{"n": "count(*)", "total": "sum(amount)"}', time_zone => 'UTC');
INSERT INTO sale VALUES ('2024-01-02', 'b', 3);
SELECT starhouse.create_warehouse('shopsmart', 'other shop', time_zone => 'Asia/Kolkata',
                                  calendar_from => '2024-01-01', calendar_to => '2024-12-31');
ALTER TABLE "other shop".store_dim ADD COLUMN remark text;
INSERT INTO "other shop".store_dim (store_id, store_name, remark) VALUES ('S1', 'Corner shop', 'of the user');
SQL

# One text that says all that has to survive.
my $state = <<'SQL';
SELECT 'version', customer_version, customer_id, name, loyalty, valid_from, valid_to, is_current
  FROM "my shop".customer_history ORDER BY customer_version;
SELECT 'registered', dimension, key_columns, type2_columns, type1_columns
  FROM starhouse.scd_dimension ORDER BY dimension::text;
SELECT 'rollup', rollup, fact, bucket, groups, columns FROM starhouse.rollup ORDER BY rollup::text;
SELECT 'rolled up', * FROM "my shop".sale_daily ORDER BY bucket, item;
SELECT 'warehouse', w.* FROM starhouse.warehouses w;
SELECT 'store', store_id, store_name, remark FROM "other shop".store_dim ORDER BY store_id;
SELECT 'relation', relkind, relname FROM pg_class
  WHERE relnamespace = '"other shop"'::regnamespace AND relkind IN ('r', 'v', 'p', 'm') ORDER BY relname;
SELECT 'comment', relname, obj_description(oid, 'pg_class') FROM pg_class
  WHERE relnamespace = '"other shop"'::regnamespace AND relkind IN ('r', 'v', 'p') ORDER BY relname;
SELECT 'days', count(*), min(date_key), max(date_key) FROM "other shop".time_dim;
SQL
my $before = sql($made, $state);
like($before, qr/^registered\|"my shop"\.customer_history\|/m, 'a dimension is registered');
like($before, qr/^warehouse\|/m, 'a warehouse is known');

my $folder = File::Temp->newdir();
my $dump = "$folder/dump";
my $err;
ok(IPC::Run::run(['pg_dump', '-Fc', '-f', $dump, $made], '2>', \$err), 'pg_dump') or diag $err;
is($err, '', 'without a word');
sql('postgres', 'DROP DATABASE IF EXISTS dump_back');
sql('postgres', 'CREATE DATABASE dump_back');
ok(IPC::Run::run(['pg_restore', '--exit-on-error', '-d', 'dump_back', $dump], '2>', \$err), 'pg_restore') or diag $err;
is(sql('dump_back', $state), $before, 'all of it is back');
is(sql('dump_back', <<'SQL'), '0|0|3|0|0|0', 'the restored dimension takes its feed again, and nothing changes');
SET search_path = "my shop";
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts');
SQL
is(sql('dump_back', q{INSERT INTO "my shop".feed VALUES ('2024-06-01', 'C2', 'Bob', 'Gold');
CALL starhouse.scd2_merge('"my shop".customer_history', '"my shop".feed', 'feed', 'ts')}), '0|1|3|0|0|0',
    'a new event makes a new version');

is(sql('dump_back', q{INSERT INTO "my shop".sale VALUES ('2024-01-02', 'b', 4);
SELECT n, total FROM "my shop".sale_daily WHERE item = 'b';
SELECT folded FROM starhouse.rollup_compact('"my shop".sale_daily');
SELECT count(*) FROM starhouse.rollup_check('"my shop".sale_daily')}), "3|9\n2\n0", 'a restored rollup goes on');

# The tables are the user's: the extension goes without them.
sql('dump_back', 'SET client_min_messages = warning; DROP EXTENSION starhouse');
is(sql('dump_back', q{INSERT INTO "my shop".sale VALUES ('2024-01-02', 'b', 5); SELECT n, total FROM "my shop".sale_daily WHERE item = 'b'}), '4|14',
    'DROP EXTENSION leaves rollups, which go on counting');
is(sql('dump_back', q{SELECT count(*) FROM "my shop".customer_history}), 4, 'DROP EXTENSION leaves the dimension');
is(sql('dump_back', q{SELECT count(*) FROM "other shop".store_dim WHERE remark IS NOT NULL}), 1, 'and the warehouse');
is(sql('dump_back', q{CREATE EXTENSION starhouse; SELECT starhouse.version() = extversion FROM pg_extension WHERE extname = 'starhouse'}),
    't', 'and it can come back');

done_testing();
