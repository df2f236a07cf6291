# Aggregate states (src/pg/state.hpp) on every way they take through the server. For those that grow,
# the bag of test/modules/state keeps all its numbers, so a row lost, doubled or changed shows; for
# those of fixed size, trending_state.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use File::Temp ();
use IPC::Run ();
use MIME::Base64;
use Test::More;

my $db = new_database('state');
sql($db, <<'SQL');
CREATE SCHEMA s;
CREATE TYPE s.bag_state;
CREATE FUNCTION s.bag_in(cstring) RETURNS s.bag_state LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_state_in';
CREATE FUNCTION s.bag_out(s.bag_state) RETURNS cstring LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_state_out';
CREATE FUNCTION s.bag_recv(internal) RETURNS s.bag_state LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_state_recv';
CREATE FUNCTION s.bag_send(s.bag_state) RETURNS bytea LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_state_send';
CREATE TYPE s.bag_state (INPUT = s.bag_in, OUTPUT = s.bag_out, RECEIVE = s.bag_recv, SEND = s.bag_send, STORAGE = extended);
CREATE FUNCTION s.bag_add(s.bag_state, bigint) RETURNS s.bag_state LANGUAGE c IMMUTABLE PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_transition';
CREATE FUNCTION s.bag_nothing(s.bag_state, bigint) RETURNS s.bag_state LANGUAGE c IMMUTABLE PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_nothing';
CREATE FUNCTION s.bag_grow(s.bag_state, bigint) RETURNS s.bag_state LANGUAGE c IMMUTABLE PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_grow';
CREATE FUNCTION s.bag_spin(s.bag_state, bigint) RETURNS s.bag_state LANGUAGE c IMMUTABLE PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_spin';
CREATE FUNCTION s.bag_combine(s.bag_state, s.bag_state) RETURNS s.bag_state LANGUAGE c IMMUTABLE PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_combine';
CREATE FUNCTION s.bag_count(s.bag_state) RETURNS bigint LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_count';
CREATE FUNCTION s.bag_digest(s.bag_state) RETURNS bigint LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_digest';
CREATE FUNCTION s.bag_expand(s.bag_state) RETURNS s.bag_state LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS '$libdir/starhouse_state', 'starhouse_bag_expand';
CREATE AGGREGATE s.bag(bigint) (SFUNC = s.bag_add, STYPE = s.bag_state, COMBINEFUNC = s.bag_combine, PARALLEL = SAFE);
CREATE AGGREGATE s.bag_size(bigint) (SFUNC = s.bag_add, STYPE = s.bag_state, FINALFUNC = s.bag_count, COMBINEFUNC = s.bag_combine, PARALLEL = SAFE);
CREATE AGGREGATE s.bag_sum(bigint) (SFUNC = s.bag_add, STYPE = s.bag_state, FINALFUNC = s.bag_digest, COMBINEFUNC = s.bag_combine, PARALLEL = SAFE);
CREATE AGGREGATE s.bag_merge(s.bag_state) (SFUNC = s.bag_combine, STYPE = s.bag_state, COMBINEFUNC = s.bag_combine, PARALLEL = SAFE);
CREATE AGGREGATE s.bag_seeded(bigint) (SFUNC = s.bag_add, STYPE = s.bag_state, INITCOND = 'AAEBAg==');
CREATE AGGREGATE s.bag_greedy(bigint) (SFUNC = s.bag_grow, STYPE = s.bag_state);
CREATE AGGREGATE s.bag_endless(bigint) (SFUNC = s.bag_spin, STYPE = s.bag_state);
CREATE TABLE s.number AS SELECT (g * 7919 % 100003 - 50000)::bigint AS n, g % 1000 AS thousand, g AS id FROM generate_series(1, 100000) g;
ANALYZE s.number;
-- The same sum in plain SQL, modulo 2^64.
CREATE FUNCTION s.expected(total numeric) RETURNS bigint LANGUAGE sql AS $$
  SELECT (CASE WHEN m >= 9223372036854775808 THEN m - 18446744073709551616 ELSE m END)::bigint
  FROM (SELECT mod(mod(total * 11400714819323198485, 18446744073709551616) + 18446744073709551616, 18446744073709551616) AS m) x $$;
SQL
my $path = 'SET search_path = s, public;';
my $right = 's.bag_sum(n) = s.expected(sum(n + 1)) AND s.bag_size(n) = count(n)';

# Every shape of aggregation.
is(sql($db, "SELECT $right FROM s.number"), 't', 'all rows');
is(sql($db, "SELECT s.bag_count(s.bag(n)) FROM s.number WHERE false"), '', 'no rows give NULL');
is(sql($db, "SELECT s.bag(n) IS NULL FROM (VALUES (NULL::bigint), (NULL)) v(n)"), 't', 'rows of NULL too');
is(sql($db, "SELECT s.bag_count(s.bag(n)) FROM (VALUES (1::bigint), (NULL), (3)) v(n)"), '2', 'NULLs are passed over');
for my $plan ('enable_sort', 'enable_hashagg') {
    is(sql($db, "SET $plan = off; SELECT count(*), bool_and(ok) FROM (SELECT $right AS ok FROM s.number GROUP BY thousand) g"),
        '1000|t', "a thousand groups, $plan off");
}
is(sql($db, "SET enable_sort = off; SET work_mem = '64kB'; SELECT count(*), bool_and(ok) FROM (SELECT $right AS ok FROM s.number GROUP BY id % 20000) g"),
    '20000|t', 'many groups that go to disk in batches');
is(sql($db, "SELECT bool_and(ok), count(*) FROM (SELECT $right AS ok FROM s.number GROUP BY GROUPING SETS ((), (thousand), (n % 7))) g"),
    't|1014', 'grouping sets');
is(sql($db, "SELECT s.bag_size(n) FILTER (WHERE n > 0) = count(*) FILTER (WHERE n > 0), s.bag_size(DISTINCT n) = count(DISTINCT n), s.bag_sum(n ORDER BY id DESC) = s.bag_sum(n) FROM s.number"),
    't|t|t', 'FILTER, DISTINCT, ORDER BY');
is(sql($db, "SELECT bool_and(size = least(id, 11)), bool_and(running = id) FROM (SELECT id, s.bag_size(n) OVER (ORDER BY id ROWS 10 PRECEDING) AS size, s.bag_size(n) OVER (ORDER BY id) AS running FROM s.number WHERE id <= 300) w"),
    't|t', 'window frames');
is(sql($db, "SELECT bool_and(s.bag_count(b) = id) FROM (SELECT id, s.bag(n) OVER (ORDER BY id) AS b FROM s.number WHERE id <= 300 OFFSET 0) w"),
    't', 'the state of each frame is a value of its own');
my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;';
like(sql($db, "$parallel EXPLAIN (COSTS OFF) SELECT s.bag_sum(n), s.bag_size(n) FROM s.number"), qr/Partial Aggregate/, 'in parallel');
is(sql($db, "$parallel SELECT $right FROM s.number"), 't', 'with the same result');
is(sql($db, "$parallel SELECT count(*), bool_and(ok) FROM (SELECT $right AS ok FROM s.number GROUP BY thousand) g"), '1000|t', 'by group too');
is(sql($db, 'SELECT s.bag_count(s.bag_seeded(n)), s.bag_count(s.bag_seeded(n) FILTER (WHERE false)) FROM s.number'), '100001|1', 'an initial state given as text');

# States as values.
is(sql($db, 'SELECT s.bag_out(s.bag(n)) FROM (VALUES (1::bigint), (-1), (300)) v(n)'), encode_base64("\0\1\3\1\2\xd8\x04", ''), 'the text is base64 of kind, version, content');
is(sql($db, 'SELECT s.bag_send(s.bag(n)) FROM (VALUES (1::bigint), (-1), (300)) v(n)'), '\x0001030102d804', 'the binary form is those bytes');
is(sql($db, "SELECT s.bag_count(s.bag_merge(b)), s.bag_digest(s.bag_merge(b)) = (SELECT s.bag_sum(n) FROM s.number) FROM (SELECT s.bag(n) AS b FROM s.number GROUP BY thousand) g"),
    '100000|t', 'merged states equal the direct one');
is(sql($db, "SELECT s.bag_digest(s.bag_merge(b::text::s.bag_state)) = (SELECT s.bag_sum(n) FROM s.number) FROM (SELECT s.bag(n) AS b FROM s.number GROUP BY hashint8(n) % 17) g"),
    't', 'through their text as well');
is(sql($db, "SELECT s.bag_count(s.bag_merge(b)) FROM (VALUES (NULL::s.bag_state), ('AAEBAg=='), (NULL)) v(b)"), '1', 'merging passes over NULLs');
is(sql($db, "SELECT s.bag_merge(b) IS NULL FROM (VALUES (NULL::s.bag_state)) v(b)"), 't', 'and NULLs alone are NULL');
is(sql($db, q{DO $$ DECLARE a s.bag_state := s.bag_expand('AAEBAg=='); b s.bag_state; BEGIN b := a; a := NULL; ASSERT s.bag_count(b) = 1 AND b::text = 'AAEBAg=='; END $$; SELECT s.bag_count(s.bag_expand(s.bag_expand('AAEBAg==')))}),
    '1', 'expanded objects of their own in PL/pgSQL');

sql($db, q{CREATE TABLE s.fixed AS SELECT thousand AS g, starhouse.trending_state('2026-01-01'::timestamptz + id * interval '1 minute', n, '1 hour') AS t FROM s.number GROUP BY 1});
sql($db, 'CREATE TABLE s.kept AS SELECT thousand % 10 AS g, s.bag(n) AS b FROM s.number GROUP BY 1');
sql($db, 'INSERT INTO s.kept SELECT 100, s.bag(n) FROM s.number');
my $kept = "SELECT g, s.bag_count(b), s.bag_digest(b), b::text FROM s.kept ORDER BY g;
  SELECT g, t, starhouse.trending_value(t, '2026-03-12') FROM s.fixed ORDER BY g";
my $before = sql($db, $kept);
like($before, qr/^100\|100000\|/m, 'kept in a table, out of line');
like($before, qr/^999\|AQEApJPWAAAAAG[^|]*\|/m, 'and of fixed size');
my $folder = File::Temp->newdir();
chmod 0777, "$folder";
for my $format ('text', 'csv', 'binary') {
    sql($db, "COPY s.kept TO '$folder/$format' (FORMAT $format); TRUNCATE s.kept; COPY s.kept FROM '$folder/$format' (FORMAT $format);
        COPY s.fixed TO '$folder/fixed_$format' (FORMAT $format); TRUNCATE s.fixed; COPY s.fixed FROM '$folder/fixed_$format' (FORMAT $format)");
    ok(sql($db, $kept) eq $before, "COPY, $format");
}
my $err;
ok(IPC::Run::run(['pg_dump', '-Fc', '-f', "$folder/dump", $db], '2>', \$err), 'pg_dump') or diag $err;
sql('postgres', 'DROP DATABASE IF EXISTS state_back');
sql('postgres', 'CREATE DATABASE state_back');
ok(IPC::Run::run(['pg_restore', '--exit-on-error', '-d', 'state_back', "$folder/dump"], '2>', \$err), 'pg_restore') or diag $err;
ok(sql('state_back', $kept) eq $before, 'dumped and restored');

# Hostile bytes: an error with a code, and the session goes on.
sub refused {
    my ($name, $code, $statement) = @_;
    my ($status, $out, $error) = psql($db, "\\set VERBOSITY verbose\n$statement;\nSELECT 'well';\n");
    my $seen = $error =~ /ERROR:  (\w{5}): / ? $1 : "no error: $error";
    is("$seen $out", "$code well", $name);
}
for my $text ('', '=', '====', 'AAEBAg', 'AAEBAg=', 'AAEBA===', 'AAEBAh==', 'AAEB Ag==', '{}', 'é', 'AAEBAg==AAEBAg==', "AAEBAg==\n") {
    refused("text '$text'", '22P02', "SELECT E'" . ($text =~ s/\n/\\n/r) . "'::s.bag_state");
}
my %bytes = (
    'nothing' => '', 'another kind' => "\1\1\0", 'version 0' => "\0\0\0", 'a later version' => "\0\2\0", 'no content' => "\0\1",
    'fewer than it says' => "\0\1\2\2", 'more than it says' => "\0\1\1\2\2", 'a count of 2^63' => "\0\1" . "\xff" x 8 . "\x7f",
    'a count without end' => "\0\1" . "\xff" x 20, 'a number too long' => "\0\1\1\x80\0", 'out of order' => "\0\1\2\4\2");
sub binary_row { my ($value) = @_; return "PGCOPY\n\xff\r\n\0" . pack('NNnNa*n', 0, 0, 1, length $value, $value, 65535) }
sql($db, 'CREATE TABLE s.target (b s.bag_state)');
for my $name (sort keys %bytes) {
    open my $file, '>:raw', "$folder/hostile" or die $!;
    print $file binary_row($bytes{$name});
    close $file;
    chmod 0644, "$folder/hostile";
    refused("binary: $name", '22P03', "COPY s.target FROM '$folder/hostile' (FORMAT binary)");
    refused("text: $name", '22P02', "SELECT '" . encode_base64($bytes{$name}, '') . "'::s.bag_state");
}
sql($db, 'CREATE TABLE s.fixed_target (t starhouse.trending_state)');
my $good = pack('CCq<q<q<d<d<', 1, 1, 3600e6, 2, 3, 1.5, 0);
my %fixed = (
    'another kind' => "\0" . substr($good, 1), 'a later version' => "\1\2" . substr($good, 2), 'cut short' => substr($good, 0, 41),
    'too long' => "$good\0", 'no half-life' => pack('CCq<q<q<d<d<', 1, 1, 0, 2, 3, 1.5, 0), 'no events' => pack('CCq<q<q<d<d<', 1, 1, 3600e6, 0, 3, 1.5, 0),
    'not a number' => substr($good, 0, 26) . pack('d<d<', 'NaN', 0), 'infinite' => substr($good, 0, 26) . pack('d<d<', 'Inf', 0),
    'parts that overlap' => substr($good, 0, 26) . pack('d<d<', 1.5, 1));
for my $name (undef, sort keys %fixed) {
    open my $file, '>:raw', "$folder/hostile" or die $!;
    print $file binary_row(defined $name ? $fixed{$name} : $good);
    close $file;
    chmod 0644, "$folder/hostile";
    my $copy = "COPY s.fixed_target FROM '$folder/hostile' (FORMAT binary)";
    if (defined $name) { refused("binary, fixed size: $name", '22P03', $copy) }
    else { sql($db, $copy); is(sql($db, 'SELECT t FROM s.fixed_target'), encode_base64($good, ''), 'good bytes are taken') }
}
refused('an error in a transition', '22023', 'SELECT s.bag(n) FROM (VALUES (1::bigint), (1000000)) v(n)');
refused('a transition outside an aggregate', '0A000', 'SELECT s.bag_add(NULL, 1)');
refused('a state past its limit', '54000', 'SELECT s.bag_greedy(1 << 30)');
refused('cancelled by its time-out', '57014', "SET statement_timeout = '100ms'; SELECT s.bag_endless(1)");

# Ten thousand groups, a hundred times: the memory of the backend stays where it was.
is(sql($db, <<'SQL'), 't', 'no memory is kept between statements');
CREATE TEMP TABLE few AS SELECT n, id % 10000 AS g FROM s.number WHERE id <= 20000;
SET enable_sort = off;
DO $$ DECLARE start bigint; finish bigint; again int; BEGIN
  FOR again IN 1..100 LOOP
    IF again = 20 THEN SELECT sum(total_bytes) INTO start FROM pg_backend_memory_contexts; END IF;
    PERFORM count(s) FROM (SELECT s.bag_size(n) AS s FROM few GROUP BY g) x;
  END LOOP;
  SELECT sum(total_bytes) INTO finish FROM pg_backend_memory_contexts;
  PERFORM set_config('test.grown', (finish - start)::text, false);
END $$;
SELECT current_setting('test.grown')::bigint < 100000;
SQL

done_testing();
