# A source of Flick that stays away, comes back in another form and is made good: alerts, what is served meanwhile, post mortem, replay.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use File::Temp ();
use Test::More;

my $program = $ENV{STARHOUSE_CLIENT} // root() . '/build/release/starhouse';
plan skip_all => 'the client is not built: STARHOUSE_CLIENT' unless -x $program;

my $folder = File::Temp->newdir;
my ($status, $out, $err) = client('generate', 'streamflix', '--out', "$folder/f", '--events', 6000, '--from', '2025-03-01', '--to', '2025-03-10');
is($status, 0, 'generates') or diag "$out\n$err";
my $db = new_database('flick');
sql($db, q{SELECT starhouse.create_warehouse('streamflix', 'flick', 'UTC', country => NULL, calendar_from => '2025-01-01')});
sub one { return sql($db, "SET search_path = flick, starhouse; SET timezone = 'UTC'; $_[0]") }
sub load { my ($feed, @files) = @_; return client('load', 'flick', '--feed', $feed, '--quiet', '-d', "dbname=$db", @files) }

# Everything but the second week of the rating sites.
my %files;
open(my $order, '<', "$folder/f/LOAD_ORDER") or die $!;
while (<$order>) { chomp; my ($feed, $path) = split /\t/; push @{ $files{$feed} }, "$folder/f/$path" }
close $order;
my $second = pop @{ $files{site_ratings} };
for my $feed (sort keys %files) {
    my ($s, $o, $e) = load($feed, @{ $files{$feed} });
    is($s, 0, "loads $feed") or diag "$o\n$e";
}
one('SELECT * FROM gold_refresh($$flick$$)');
my $served = q{SELECT md5(string_agg(key || document::text, '|' ORDER BY key)) FROM gold_video_profile};
my $before = one($served);
my $start = one('SELECT clock_timestamp()');

# It stays away: a rule says how long it may, an alert opens, what was there is served.
one(q{INSERT INTO alert_rule (rule_name, kind, feed_name, severity, threshold) VALUES ('sites silent', 'no_data', 'site_ratings', 'warning', 10080)});
is(one(q{SELECT count(*) FROM check_alerts('flick') WHERE rule_name = 'sites silent'}), '0', 'a week has not gone by');
one(q{UPDATE batch_log SET finished_at = finished_at - interval '8 days' WHERE feed_name = 'site_ratings'});
is(one(q{SELECT event, severity, subject FROM check_alerts('flick') WHERE rule_name = 'sites silent'}), 'opened|warning|site_ratings', 'after eight days an alert opens');
is(one(q{SELECT last_batch_at < now() - interval '7 days' FROM kpi_source_health WHERE feed_name = 'site_ratings'}), 't', 'the report on the sources says since when');
is(one($served), $before, 'documents are served as they were');

# It comes back with a field renamed: nothing of it fits.
my $renamed = do { open(my $file, '<', $second) or die $!; local $/; <$file> };
$renamed =~ s/"votes":/"vote_count":/g;
open(my $file, '>', "$folder/renamed.jsonl") or die $!;
print {$file} $renamed;
close $file;
($status, $out, $err) = load('site_ratings', '--max-rejects', '10%', "$folder/renamed.jsonl");
is($status, 3, 'a file whose records do not fit is stopped');
is(one(q{SELECT count(*) FROM rating_fact f JOIN batch_log b USING (batch_id) WHERE b.finished_at > now() - interval '1 day'}), '0', 'nothing of it is in the star');
is(one(q{SELECT event FROM check_alerts('flick') WHERE rule_name = 'failing feed' AND subject = 'site_ratings'}), 'opened', 'an alert opens about the failing feed');
is(one(q{SELECT is_stale, failing_feeds @> '{site_ratings}' FROM kpi_freshness WHERE kpi = 'kpi_site_ratings'}), 't|t', 'the report says that its source is failing');
cmp_ok(one('SELECT count(*) FROM kpi_site_ratings'), '>', 100, 'and is served');
is(one(q{SELECT count(*) > 0 FROM kpi_reviews}), 't', 'other sources go on');
like(one(qq{SELECT what || ': ' || detail FROM post_mortem('flick', 'site_ratings', '$start') WHERE kind = 'summary' AND what IN ('recovered', 'runs that failed') ORDER BY 1}),
     qr/recovered: not yet\nruns that failed: 1/, 'the post mortem tells what happened, and that it is not over');

# The contract takes both names; the same command loads the file.
one(q{SELECT create_feed('flick', 'site_ratings', jsonb_set(jsonb_set(contract, '{schema,required}', (contract #> '{schema,required}') - 'votes'), '{columns}',
        (SELECT jsonb_agg(CASE WHEN c->>'name' = 'votes' THEN c || '{"from": ["votes", "vote_count"]}' ELSE c END ORDER BY n)
         FROM jsonb_array_elements(contract->'columns') WITH ORDINALITY AS x (c, n))), steps) FROM feed WHERE feed_name = 'site_ratings'});
($status, $out, $err) = load('site_ratings', '--max-rejects', '10%', "$folder/renamed.jsonl");
is($status, 0, 'mended, it loads') or diag "$out\n$err";
is(one(q{SELECT string_agg(rule_name || ' ' || event, ', ' ORDER BY rule_name) FROM check_alerts('flick') WHERE subject = 'site_ratings' AND rule_name IN ('failing feed', 'sites silent')}),
   'failing feed cleared, sites silent cleared', 'both alerts clear');
like(one(qq{SELECT what || ': ' || detail FROM post_mortem('flick', 'site_ratings', '$start') WHERE kind = 'summary' AND what = 'recovered'}), qr/recovered: a batch got through/, 'the post mortem says so');
is(one(q{SELECT string_agg(path, ',' ORDER BY path) FROM feed_drift WHERE feed_name = 'site_ratings'}), '/vote_count', 'the field that the schema does not describe is on record as drift');
one('SELECT * FROM gold_refresh($$flick$$)');
isnt(one($served), $before, 'and documents have the new week');

# From bronze again, through the contract of today: the same rows.
my $digest = q{SELECT md5(string_agg(concat_ws('|', site_key, video_key, event_time, score, votes, observed_at), ',' ORDER BY site_key, video_key, event_time)) FROM rating_fact};
my $rows = one($digest);
is(one(q{SELECT batches, loaded FROM replay('flick', 'site_ratings')}), '2|0', 'a replay of all of it adds nothing');
is(one($digest), $rows, 'and changes nothing');

done_testing();
