#!/usr/bin/perl
# Messages in Confluent's wire format: read by the schema they name, from a registry or a directory; what names
# no schema is in quarantine, what cannot be judged while the registry is away waits.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../perl";
use File::Temp ();
use HTTP::Tiny;
use IO::Socket::INET;
use Test::More;
use Time::HiRes ();
use IngestTest;
use StarhouseTest;

my $brokers = start_mock(2);
my $database = new_database('starhouse_ingest_wire');
my $in = 'SET search_path = shop, starhouse;';
my $v1 = '{"type":"object","required":["id","at","shop"],"properties":{"id":{"type":"integer"},"at":{"type":"string"},"shop":{"type":"string"},"amount":{"type":"number"}}}';
my $v2 = '{"type":"object","required":["id","at","store","amount"],"properties":{"id":{"type":"integer"},"at":{"type":"string"},"store":{"type":"string"},"amount":{"type":"number","maximum":1500}}}';
my $schemas = File::Temp->newdir;

sub schema {
    my ($id, $text) = @_;
    open my $file, '>', "$schemas/$id.json" or die $!;
    print {$file} $text;
    close $file or die $!;
    return;
}
# Version 1 of the feed calls the store shop; version 2 store. The registered ones are written in another way.
sub make {
    make_ingest_warehouse($database);
    my $columns = sub { my ($store) = @_; qq([{"name":"id","type":"integer","required":true},{"name":"at","type":"timestamptz","required":true},
        {"name":"store","from":"$store","type":"text","required":true},{"name":"amount","type":"numeric","default":"1"}]) };
    for my $version ([$v1, 'shop'], [$v2, 'store']) {
        my ($text, $store) = @$version;
        sql($database, qq($in SELECT create_feed('shop', 'sales', '{"schema":$text,"columns":@{[$columns->($store)]}}', steps) FROM feed));
    }
    return;
}
sub framed { my ($id, $json) = @_; return ['hex', unpack 'H*', pack('CN', 0, $id) . $json] }
sub message { my ($number, $store) = @_; return qq({"id":$number,"at":"2024-01-01T00:00:00Z","$store":"s$number","amount":$number}) }
my $n = 0;
sub send_all { my ($topic, @messages) = @_; produce($brokers, $topic, map { [$n++ % 2, @$_] } @messages); return }

schema(7, $v1 =~ s/\{"type":"object",/{"\$schema":"http:\/\/json-schema.org\/draft-07\/schema#","title":"Sale","type":"object",/r);
schema(8, $v2 =~ s/"maximum":1500/"maximum":1.5e3/r);
schema(9, '{"type":"object","required":["id"],"properties":{"id":{"type":"integer","maximum":100}}}');
make();
mock('topic wire 2');
send_all('wire', framed(7, message(1, 'shop')), framed(8, message(2, 'store')), ['text', message(3, 'store')],
         framed(8, message(1600, 'store')), framed(7, message(5, 'store')), framed(9, message(6, 'store')), framed(9, message(700, 'store')),
         framed(11, message(8, 'store')), ['hex', '0000'], ['hex', '0000000007'], framed(7, '{'));
my ($status, $log) = ingest($database, $brokers, '--topic', 'wire', '--schema-registry', "$schemas");
is($status, 0, 'framed messages are taken') or diag($log);
is(sql($database, "$in SELECT string_agg(id || ' ' || store_key, ',' ORDER BY id) FROM sale_fact"), '1 s1,2 s2,3 s3,6 s6',
   'each by the version whose schema it names; plain ones may come between') or diag(sql($database, "$in SELECT sqlstate, reason FROM quarantine"));
is(sql($database, "$in SELECT string_agg(sqlstate, ',' ORDER BY sqlstate COLLATE \"C\") FROM quarantine"), '22032,22P03,22P03,23502,23514,23514,42704', 'the others are in quarantine, with their reasons')
    or diag(sql($database, "$in SELECT sqlstate, reason FROM quarantine"));
is(sql($database, "$in SELECT count(*) FROM quarantine WHERE reason LIKE '%by the registered schema 9'"), 1, 'one by a schema that only the registry has');
is(sql($database, "$in SELECT bool_and(payload::jsonb ? 'id') || ' ' || count(*) FROM bronze_sales WHERE payload <> '{'"), 'true 8', 'bronze keeps the JSON');
is(sql($database, "$in SELECT count(*) FROM quarantine WHERE get_byte(payload, 0) = 0"), 7, 'quarantine the bytes as received');

# The schema is registered later: a replay looks it up again. Without a registry it stays what it is.
schema(11, $v2);
my (undef, $told) = client('replay', 'shop', '--feed', 'sales', '-d', "dbname=$database");
like($told, qr/7 records replayed, 0 loaded, 7 rejected again/, 'a replay without the registry');
(undef, $told) = client('replay', 'shop', '--feed', 'sales', '-d', "dbname=$database", '--schema-registry', "$schemas");
like($told, qr/7 records replayed, 1 loaded, 6 rejected again/, 'and with it');
is(sql($database, "$in SELECT store_key FROM sale_fact WHERE id = 8"), 's8', 'loads what is right now');

# The version that is chosen for a schema, and the one that a header says, win.
make();
mock('topic chosen 2');
send_all('chosen', framed(9, message(21, 'shop')));
($status, $log) = ingest($database, $brokers, '--topic', 'chosen', '--schema-registry', "$schemas", '--schema-id', '9=2');
is($status, 0, '--schema-id') or diag($log);
is(sql($database, "$in SELECT store_key FROM sale_fact WHERE id = 21"), 's21', 'has a schema read by that version');
for my $case (['9', qr/"9" is not ID=VERSION/], ['9=4', qr/no such version, its newest is 3/], ['0=1', qr/is not ID=VERSION/]) {
    ($status, $log) = ingest($database, $brokers, '--topic', 'chosen', '--schema-registry', "$schemas", '--schema-id', $case->[0]);
    ok($status != 0 && $log =~ $case->[1], "--schema-id $case->[0] is refused") or diag($log);
}
($status, $log) = ingest($database, $brokers, '--topic', 'chosen', '--schema-registry', '/no/where');
ok($status != 0 && $log =~ /neither an http\(s\) URL nor a directory/, 'so is a registry that is none') or diag($log);

# The registry is away: what was read before is loaded, the rest waits, and nothing is rejected for it.
make();
mock('topic away 1');
my $port = do { my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1'); $free->sockport };
my $figures = do { my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1'); $free->sockport };
produce($brokers, 'away', (map { [0, 'text', message($_, 'store')] } 1 .. 20), (map { [0, @{framed(8, message($_, 'store'))}] } 21 .. 40));
my $run = start_ingest($database, $brokers, '--topic', 'away', '--schema-registry', "http://127.0.0.1:$port", '--metrics', ":$figures");
ok(wait_until($database, "$in SELECT sum(next_offset) = 20 FROM source_partition"), 'messages before the first that names a schema are loaded') or diag(log_of($run));
Time::HiRes::sleep(2);
is(sql($database, "$in SELECT (SELECT sum(next_offset) FROM source_partition) || ' ' || (SELECT count(*) FROM quarantine)"), '20 0', 'the others wait');
like(HTTP::Tiny->new->get("http://127.0.0.1:$figures/metrics")->{content}, qr/starhouse_ingest_registry_up\{[^}]*\} 0\n/, 'which the figures tell');
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1) or die $!;
my $child = fork // die $!;
if (!$child) {
    my $body = '{"schemaType":"JSON","schema":"' . ($v2 =~ s/"/\\"/gr) . '"}';
    while (my $peer = $server->accept) {
        while (my $line = <$peer>) { last if $line eq "\r\n" }
        print {$peer} "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
        close $peer;
    }
    require POSIX;
    POSIX::_exit(0);
}
ok(wait_until($database, "$in SELECT sum(next_offset) = 40 FROM source_partition"), 'until it is there') or diag(log_of($run));
is(sql($database, "$in SELECT (SELECT count(*) FROM sale_fact) || ' ' || (SELECT count(*) FROM quarantine) || ' ' || (SELECT count(DISTINCT record_no) = count(*) FROM bronze_sales)"),
   '40 0 true', 'and nothing is lost, doubled or rejected');
like(log_of($run), qr/the schema registry .* does not answer/, 'the log says why it waited');
$run->signal('TERM');
$run->finish;
is($run->result(0), 0, 'SIGTERM ends it in good order');
kill 'KILL', $child;
waitpid $child, 0;
done_testing();
