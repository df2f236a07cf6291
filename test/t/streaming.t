# Two public files through their feeds of StreamFlix, one command each: 12,472 measured playbacks and a catalogue of 8,811
# titles. Every figure that matters is held against what Python computes from the raw files.
# The files are looked for in STARHOUSE_DATA, or ../shared/data beside the clone.
use strict;
use warnings;
use lib 'test/perl';
use StarhouseTest;
use IPC::Run ();
use Test::More;

my $data   = $ENV{STARHOUSE_DATA} // root() . '/../shared/data';
my $runs   = "$data/streaming/youtube_qoe_sessions.csv.gz";
my $titles = "$data/streaming/netflix_titles.csv.gz";
for my $file ($runs, $titles) {
    plan skip_all => "$file is absent: set STARHOUSE_DATA to the folder of the test data" unless -r $file;
}
plan skip_all => 'python3 is absent' if system('python3 -c "import csv, gzip" 2>/dev/null') != 0;

my $db = new_database('streaming');
sql($db, q{SELECT starhouse.create_warehouse('streamflix', 'films', 'UTC', country => NULL)});

my $python = <<'PYTHON';
import csv, gzip, re, sys
from collections import Counter, defaultdict
from datetime import datetime, timezone
from decimal import Decimal, ROUND_HALF_UP

def places(value, n=2):
    return str(Decimal(value).quantize(Decimal(1).scaleb(-n), ROUND_HALF_UP))

runs = []
with gzip.open(sys.argv[1], 'rt', encoding='utf-8', newline='') as source:
    for row in csv.DictReader(source):
        played = {level: Decimal(row['pl_time_spent_itag' + itag] or 0)
                  for itag, level in (('160', '144p'), ('133', '240p'), ('134', '360p'), ('135', '480p'), ('136', '720p'))}
        runs.append({
            'video': row['yt_id'], 'genre': row['vid_category'], 'link': row['net_avg_shaping_rate'], 'played': sum(played.values()),
            'level': min(played, key=lambda l: (-played[l], l)) if sum(played.values()) else '',
            'length': Decimal(row['vid_length']), 'waited': max(Decimal(row['run_overlength']), Decimal(0)),
            'start': Decimal(row['run_start']), 'bytes': Decimal(row['net_played_bytes'])})
print('runs', len(runs), len({r['video'] for r in runs}), len({r['link'] for r in runs}), sep='|')
print('minutes', places(sum(r['played'] for r in runs) / 60, 4), sep='|')
print('buffering', places(sum(r['waited'] for r in runs), 4), places(sum(r['waited'] for r in runs) / len(runs)), sep='|')
waited, played = sum(r['waited'] for r in runs), sum(r['played'] for r in runs)
print('rebuffer', places(100 * waited / (waited + played)), sep='|')
print('completion', places(sum(min(Decimal(places(100 * r['played'] / r['length'])), Decimal(100)) for r in runs) / len(runs)), sep='|')
# Some videos are of two categories in the file: the first one counts.
first = {}
for r in runs:
    first.setdefault(r['video'], r['genre'])
for genre, n in sorted(Counter(first[r['video']] for r in runs).items()):
    print('views', genre, n, sep='|')
by_link = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
for r in runs:
    link = by_link[r['link']]
    link[0] += 1; link[1] += r['waited']; link[2] += r['played']
for name, (n, waits, plays) in sorted(by_link.items(), key=lambda l: Decimal(l[0])):
    print('link', 'link-' + name, n, places(Decimal(name) * 8 / 1000000, 4), places(100 * waits / (waits + plays)), sep='|')
for level, n in sorted(Counter(r['level'] for r in runs if r['level']).items()):
    print('level', level, n, sep='|')
days = Counter(datetime.fromtimestamp(int(r['start']), timezone.utc).date().isoformat() for r in runs)
for day, n in sorted(days.items(), key=lambda d: (-d[1], d[0]))[:5]:
    print('day', day, n, sep='|')
changes = []
for r in runs:
    if r['played'] + r['waited'] > 0:
        changes += [(r['start'], 1), (r['start'] + r['played'] + r['waited'], -1)]
level = top = 0
for at, step in sorted(changes, key=lambda c: (c[0], c[1])):
    level += step
    top = max(top, level)
print('concurrent', top, sep='|')
print('bit rate', places(sum(r['bytes'] for r in runs if r['played']) * 8 / 1000 / sum(r['played'] for r in runs)), sep='|')

titles, read, headers = {}, 0, 0
with gzip.open(sys.argv[2], 'rt', encoding='utf-8-sig', newline='') as source:
    for row in csv.DictReader(source):
        read += 1
        if row['type'] == 'type':
            headers += 1
            continue
        titles[row['show_id']] = row
split = lambda text: [' '.join(part.split()) for part in re.split(r'\s*,\s*', text.strip()) if part.strip()]
print('titles', read, headers, len(titles), sep='|')
for genre, n in sorted(Counter(g for t in titles.values() for g in split(t['listed_in'])).items()):
    print('genre', genre, n, sep='|')
cast = Counter(name for t in titles.values() for name in split(t['cast']))
for name, n in sorted(cast.items(), key=lambda c: (-c[1], c[0]))[:10]:
    print('cast', name, n, sep='|')
minutes = [int(m.group(1)) for t in titles.values() for m in [re.match(r'(\d+) min$', t['duration'] or t['rating'])] if m]
seasons = [int(m.group(1)) for t in titles.values() for m in [re.match(r'(\d+) Seasons?$', t['duration'])] if m]
print('lengths', len(minutes), sum(minutes), len(seasons), sum(seasons), sep='|')
ratings = Counter(t['rating'] for t in titles.values() if t['rating'] and not t['rating'].endswith(' min'))
for rating, n in sorted(ratings.items()):
    print('rating', rating, n, sep='|')
added = Counter(datetime.strptime(t['date_added'].strip(), '%B %d, %Y').year for t in titles.values() if t['date_added'].strip())
for year, n in sorted(added.items()):
    print('added', year, n, sep='|')
PYTHON

my ($expected, $python_errors) = ('', '');
my $python_run = IPC::Run::start(['python3', '-', $runs, $titles], '<', \$python, '>', \$expected, '2>', \$python_errors);
for ([ 'youtube_qoe', $runs ], [ 'netflix_titles', $titles ]) {
    my ($feed, $file) = @$_;
    my ($status, $out, $err) = client('load', 'films', '--feed', $feed, '--quiet', '-d', "dbname=$db", $file);
    is($status, 0, "feed $feed loads in one command") or diag("$out\n$err");
}
IPC::Run::finish($python_run);
is($python_errors, '', 'Python computes the figures');
my %figures;
for (split /\n/, $expected) {
    my ($name, $value) = split /\|/, $_, 2;
    push @{ $figures{$name} }, $value;
}
sub figure { my ($name) = @_; return join "\n", @{ $figures{$name} // ['missing'] } }
# The facts known about the files, so that Python's own reading is held against something, too.
is((split /\|/, figure('runs'))[0], 12472, 'the file of playbacks is the file');
is(figure('titles'), '8811|2|8809', 'so is the catalogue, with two repeated headers');

my $facts = 'films.viewership_fact';
is(sql($db, "SELECT count(*), count(DISTINCT video_key), count(DISTINCT device_key) FROM $facts"), figure('runs'), 'playbacks, videos, links');
is(sql($db, "SELECT round(sum(watch_duration), 4) FROM $facts"), figure('minutes'), 'minutes played');
is(sql($db, "SELECT round(sum(buffering_time), 4), round(avg(buffering_time), 2) FROM $facts"), figure('buffering'), 'seconds of buffering');
is(sql($db, q{SELECT rebuffer_percent FROM films.kpi_viewing_summary('-infinity')}), figure('rebuffer'), 'buffering ratio');
is(sql($db, q{SELECT completion_percent FROM films.kpi_viewing_summary('-infinity')}), figure('completion'), 'completion');
is(sql($db, q{SELECT genre, views FROM films.kpi_genre_by_region('-infinity') ORDER BY genre COLLATE "C"}), figure('views'), 'views by category');
is(sql($db, qq{SELECT f.device_key, count(*), round(d.bandwidth, 4), round(100 * sum(f.buffering_time) / (sum(f.buffering_time) + 60 * sum(f.watch_duration)), 2)
               FROM $facts f JOIN films.device_dim d ON d.device_id = f.device_key GROUP BY 1, d.bandwidth ORDER BY d.bandwidth}), figure('link'), 'buffering ratio by link');
is(sql($db, qq{SELECT quality_level, count(*) FROM $facts WHERE quality_level IS NOT NULL GROUP BY 1 ORDER BY quality_level COLLATE "C"}), figure('level'), 'resolution played longest');
is(sql($db, q{SELECT day, views FROM films.kpi_daily_viewing('-infinity') ORDER BY views DESC, day LIMIT 5}), figure('day'), 'the five busiest days');
is(sql($db, q{SELECT max(peak_streams) FROM films.kpi_concurrent_viewers(NULL, '2015-06-01')}), figure('concurrent'), 'most streams at once');
is(sql($db, "SELECT round(sum(bitrate_avg * watch_duration) / sum(watch_duration) FILTER (WHERE bitrate_avg IS NOT NULL), 2) FROM $facts"), figure('bit rate'), 'bit rate');
is(sql($db, q{SELECT unknown_views FROM films.kpi_unknown_members('-infinity') WHERE dimension = 'user'}), 12472, 'nobody is named, and that is said');

is(sql($db, q{SELECT count(*), count(*) FILTER (WHERE column_name = 'added_on') FROM films.quarantine}), '2|2', 'the repeated headers are in quarantine');
is(sql($db, q{SELECT count(*) FROM films.video_dim WHERE content_type IN ('Movie', 'Series')}), 8809, 'the titles are in the catalogue');
is(sql($db, q{SELECT b.genre_id, count(*) FROM films.snow_video_genre b JOIN films.video_dim v USING (video_id) WHERE v.content_type IN ('Movie', 'Series')
              GROUP BY 1 ORDER BY b.genre_id COLLATE "C"}), figure('genre'), 'genres, each of a title has');
is(sql($db, q{SELECT member, count(*) FROM films.snow_video_cast GROUP BY 1 ORDER BY 2 DESC, member COLLATE "C" LIMIT 10}), figure('cast'), 'the ten busiest of the cast');
is(sql($db, q{SELECT count(video_length), sum(video_length)::bigint, count(seasons), sum(seasons) FROM films.video_dim WHERE content_type IN ('Movie', 'Series')}),
   figure('lengths'), 'lengths and seasons, those in the wrong column too');
is(sql($db, q{SELECT rating, count(*) FROM films.video_dim WHERE rating <> 'Unknown' GROUP BY 1 ORDER BY rating COLLATE "C"}), figure('rating'), 'age ratings');
is(sql($db, q{SELECT extract(year FROM added_on)::int, count(*) FROM films.video_dim WHERE added_on IS NOT NULL GROUP BY 1 ORDER BY 1}), figure('added'), 'titles by the year they were added');
is(sql($db, q{SELECT * FROM starhouse.check_integrity('films')}), '', 'keys and versions are sound');

# Once more: nothing is added.
my ($status, $out, $err) = client('load', 'films', '--feed', 'youtube_qoe', '--quiet', '-d', "dbname=$db", $runs);
is($status, 0, 'the same file again') or diag("$out\n$err");
is(sql($db, "SELECT count(*) FROM $facts"), 12472, 'adds nothing');

done_testing();
