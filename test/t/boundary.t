# Drives every kind of failure through the boundary between C++ and PostgreSQL: code, texts and hint
# arrive intact, the session goes on, every destructor runs and no memory is lost.
use strict;
use warnings;
use utf8;
use lib 'test/perl';
use StarhouseTest;
use Encode ();
use Test::More;

my $db = new_database('boundary');
sql($db, <<'SQL');
CREATE SCHEMA b;
CREATE FUNCTION b.error(code text, message text, detail text DEFAULT '', hint text DEFAULT '') RETURNS void
  LANGUAGE c STRICT AS '$libdir/starhouse_boundary', 'boundary_error';
CREATE FUNCTION b.bytes(bytea) RETURNS void LANGUAGE c STRICT AS '$libdir/starhouse_boundary', 'boundary_bytes';
CREATE FUNCTION b.throw(kind text) RETURNS void LANGUAGE c STRICT AS '$libdir/starhouse_boundary', 'boundary_throw';
CREATE FUNCTION b.spin(seconds float8, swallow bool DEFAULT false) RETURNS text
  LANGUAGE c STRICT AS '$libdir/starhouse_boundary', 'boundary_spin';
CREATE FUNCTION b.aligned(alignment int, blocks int) RETURNS bool
  LANGUAGE c STRICT AS '$libdir/starhouse_boundary', 'boundary_aligned';
CREATE FUNCTION b.live() RETURNS int LANGUAGE c AS '$libdir/starhouse_boundary', 'boundary_live';
SQL

# Runs one failing statement and, in the same session, shows that the session is well.
sub failure {
    my ($statement) = @_;
    my ($status, $out, $err) = psql($db, "\\set VERBOSITY verbose\n$statement;\nSELECT 'well', b.live();\n");
    my %seen = (out => $out);
    $err = Encode::decode('UTF-8', $err, Encode::FB_CROAK);
    ($seen{code}, $seen{message}) = ($1, $2) if $err =~ /(?:ERROR|FATAL):  (\w{5}): (.*)$/m;
    $seen{$1 eq 'DETAIL' ? 'detail' : 'hint'} = $2 while $err =~ /^(DETAIL|HINT):  (.*)$/mg;
    return \%seen;
}
sub fails {
    my ($name, $statement, %expected) = @_;
    is_deeply(failure($statement), { out => 'well|0', %expected }, $name);
}
my %defect = (hint => 'This is a defect of starhouse: please report the statement and message.');
my %memory = (code => '53200', message => 'out of memory', detail => 'Failed in a starhouse computation.');

# Bad values.
fails('code, message, detail and hint arrive intact',
    q{SELECT b.error('22023', 'grain "century" is unknown', 'It was given as the third argument.', 'Use day or hour.')},
    code => '22023', message => 'grain "century" is unknown', detail => 'It was given as the third argument.',
    hint => 'Use day or hour.');
fails('a message alone', q{SELECT b.error('22P02', 'bad')}, code => '22P02', message => 'bad');
fails('percent signs are text, not formats', q{SELECT b.error('22023', '100% %s %n', '%d', '%m')},
    code => '22023', message => '100% %s %n', detail => '%d', hint => '%m');
fails('an impossible code becomes an internal error', q{SELECT b.error('00000', 'bad')},
    code => 'XX000', message => 'bad');
fails('so does one that is none', q{SELECT b.error('ab', 'bad')}, code => 'XX000', message => 'bad');

# Long and odd texts.
my $long = failure(q{SELECT b.error('22023', repeat('é', 900), repeat('語', 400), 'x' || repeat('😀', 300))});
is($long->{message}, 'é' x 510 . '...', 'a long message is cut between characters of two bytes');
is($long->{detail}, '語' x 169 . '...', 'a long detail between characters of three');
is($long->{hint}, 'x' . '😀' x 126 . '...', 'a long hint between characters of four');
is(failure(q{SELECT b.error('22023', repeat('y', 1023))})->{message}, 'y' x 1023, 'what just fits is whole');
is(failure(q{SELECT b.error('22023', repeat('y', 1024))})->{message}, 'y' x 1020 . '...', 'what does not is cut');
fails('bytes that are no text are shown as question marks', q{SELECT b.bytes('\xff61c328e2826200')},
    code => '22P02', message => 'bad bytes: "?a?(??b?"');

# Out of memory, in its several forms.
fails("$_ is out of memory", "SELECT b.throw('$_')", %memory) for 'bad_alloc', 'context', 'context huge', 'container';
fails('a container past its limit says so', q{SELECT b.throw('length_error')}, code => '54000',
    message => 'a starhouse computation grew past the size a container can have',
    hint => 'Work on fewer or smaller values at a time.');

# Defects.
fails('an exception of the standard library is an internal error', q{SELECT b.throw('runtime_error')}, code => 'XX000',
    message => 'internal error: disk on fire', %defect);
fails('anything thrown is caught', q{SELECT b.throw('unknown')}, code => 'XX000',
    message => 'internal error: unknown exception', %defect);

# Cancellation.
fails('a statement time-out stops a computation', q{SET statement_timeout = '200ms'; SELECT b.spin(60)},
    code => '57014', message => 'canceling statement due to statement timeout');
fails('also one that hides being stopped', q{SET statement_timeout = '200ms'; SELECT b.spin(60, true)},
    code => '57014', message => 'canceling statement due to statement timeout');
fails('stopped without an interrupt', q{SELECT b.throw('cancelled')}, code => '57014',
    message => 'canceling statement on request');
SKIP: {
    skip 'transaction_timeout came with 17', 1 if pg_version() < 17;
    my ($status, $out, $err) = psql($db, q{SET transaction_timeout = '200ms'; SELECT b.spin(60)});
    like($err, qr/terminating connection due to transaction timeout/, 'so does a transaction time-out');
}
is(sql($db, q{SELECT b.spin(0.01)}), 'finished', 'undisturbed, it finishes');
is(sql($db, q{SELECT pg_log_backend_memory_contexts(pg_backend_pid()); SELECT b.spin(0.01)}), "t\nfinished",
    'an interrupt that is no reason to stop is served and the work goes on');

# Inside a subtransaction.
is(sql($db, <<'SQL'), 'caught 22023 hint here|0', 'a block that catches the error goes on');
CREATE FUNCTION b.caught() RETURNS text LANGUAGE plpgsql AS $$
DECLARE code text; hint text;
BEGIN
  PERFORM b.error('22023', 'inner', 'd', 'hint here');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, hint = PG_EXCEPTION_HINT;
  RETURN 'caught ' || code || ' ' || hint;
END $$;
SELECT b.caught(), b.live();
SQL
is(sql($db, <<'SQL'), "stopped\ngoes on|0", 'also one that catches a time-out');
CREATE FUNCTION b.stopped() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM b.spin(60);
  RETURN 'not stopped';
EXCEPTION WHEN query_canceled THEN
  RETURN 'stopped';
END $$;
SET statement_timeout = '200ms';
SELECT b.stopped();
SET statement_timeout = 0;
SELECT b.spin(0.01) = 'finished' AND b.caught() IS NOT NULL AS ok \gset
SELECT CASE WHEN :'ok' THEN 'goes on' END, b.live();
SQL
is(sql($db, <<'SQL'), '1', 'a transaction with a failed savepoint keeps its work');
CREATE TABLE b.kept (id int);
BEGIN;
INSERT INTO b.kept VALUES (1);
SAVEPOINT s;
\set ON_ERROR_STOP off
SELECT b.throw('runtime_error');
\set ON_ERROR_STOP on
ROLLBACK TO s;
COMMIT;
SELECT count(*) FROM b.kept;
SQL

# Memory.
is(sql($db, "SELECT b.aligned($_, 500)"), 't', "blocks aligned to $_ bytes") for 1, 8, 16, 32, 64, 4096;

my $watch = q{SELECT substring(pg_read_file('/proc/' || pg_backend_pid() || '/status') from 'VmRSS:\s+(\d+)'),
  (SELECT sum(total_bytes) FROM pg_backend_memory_contexts);};
SKIP: {
    skip 'no /proc to read the process size from', 4 unless -r '/proc/self/status';
    my @statements = (q{SELECT b.error('22023', repeat('m', 3000), repeat('d', 3000), repeat('h', 3000));},
        q{SELECT b.throw('bad_alloc');}, q{SELECT b.throw('runtime_error');}, q{SELECT b.throw('unknown');});
    my $errors = sub { join("\n", map { $statements[ $_ % @statements ] } 1 .. $_[0]) . "\n" };
    my ($status, $out) = psql($db, $errors->(1000) . $watch . $errors->(20_000) . $watch . 'SELECT b.live();');
    my @sizes = map { [ split /\|/ ] } split /\n/, $out;
    my $grown = $sizes[1][0] - $sizes[0][0];
    cmp_ok($grown, '<', 2048, "20,000 errors: the process grew by $grown kB");
    cmp_ok($sizes[1][1] - $sizes[0][1], '<', 100_000, 'and the memory contexts not by 5 bytes an error');
    is($sizes[2][0], 0, 'and every object was destroyed');

    my $block = sub { <<"SQL" };
DO \$\$
BEGIN
  FOR i IN 1 .. $_[0] LOOP
    BEGIN
      IF i % 2 = 0 THEN PERFORM b.error('22023', repeat('m', 3000)); ELSE PERFORM b.throw('unknown'); END IF;
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
END \$\$;
SQL
    ($status, $out) = psql($db, $block->(1000) . $watch . $block->(20_000) . $watch);
    @sizes = map { [ split /\|/ ] } split /\n/, $out;
    $grown = $sizes[1][0] - $sizes[0][0];
    cmp_ok($grown, '<', 2048, "20,000 errors caught in one transaction: the process grew by $grown kB");
}

done_testing();
