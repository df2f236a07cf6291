#!/usr/bin/env python3
"""The core's ZoneTable against the server: every zone the server knows, the hours around each of its
changes since 1970 and a sample of other times, as `timestamp AT TIME ZONE` converts them."""
import os
import subprocess
import sys
import tempfile

ROOT = os.environ.get("STARHOUSE_ROOT", os.path.dirname(os.path.abspath(__file__)) + "/../..")
PROGRAM = os.path.join(ROOT, os.environ.get("BUILD", "build/release"), "unit_tests")

# Asked at and around both ends of every gap and overlap, and for some zones (all would take long)
# every 47 minutes for 30 hours to either side of each change.
QUERY = """
WITH zone AS (
  SELECT name FROM pg_timezone_names
  WHERE name !~ '^(posix|right|Etc)/' AND name <> 'localtime'
    -- AT TIME ZONE reads these as abbreviations, of a fixed offset.
    AND upper(name) NOT IN (SELECT abbrev FROM pg_timezone_abbrevs)
), change AS MATERIALIZED (
  SELECT name, t.at, t.utc_offset_seconds,
         row_number() OVER (PARTITION BY name ORDER BY t.at) = 1 AS is_first
  FROM zone, starhouse.zone_transitions(name, '1970-01-01', '2037-12-31') AS t
), line AS (
  SELECT name, 0 AS part, NULL::timestamptz AS at, 'Z ' || name AS text FROM zone
  UNION ALL
  SELECT name, 1, at, format('T %s %s', (extract(epoch FROM at) * 1000000)::bigint - 946684800000000,
                             utc_offset_seconds)
  FROM change
  UNION ALL
  SELECT name, 2, NULL, format('Q %s %s', (extract(epoch FROM l) * 1000000)::bigint - 946684800000000,
                               (extract(epoch FROM l AT TIME ZONE name) * 1000000)::bigint - 946684800000000)
  FROM change, generate_series(date_trunc('hour', at AT TIME ZONE 'UTC') - interval '30 hours',
                               at AT TIME ZONE 'UTC' + interval '30 hours', interval '47 minutes') AS l
  WHERE NOT is_first AND hashtext(name) % 12 = 0
  UNION ALL
  SELECT name, 2, NULL, format('Q %s %s', (extract(epoch FROM l) * 1000000)::bigint - 946684800000000,
                               (extract(epoch FROM l AT TIME ZONE name) * 1000000)::bigint - 946684800000000)
  FROM change, LATERAL (VALUES (-3600), (-1800), (-1), (0), (1), (1800), (3600)) AS s (seconds),
       LATERAL (VALUES (utc_offset_seconds), (utc_offset_seconds - 1800), (utc_offset_seconds - 3600),
                       (utc_offset_seconds + 3600)) AS o (seconds),
       LATERAL (SELECT at AT TIME ZONE 'UTC' + make_interval(secs => s.seconds + o.seconds)) AS x (l)
  WHERE NOT is_first
)
SELECT text FROM line ORDER BY name COLLATE "C", part, at, text COLLATE "C"
"""


def main():
    print("1..1")
    if not os.access(PROGRAM, os.X_OK):
        print("ok 1 # skip no unit tests built: run 'make unit' first")
        return
    answer = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", "SET client_min_messages = warning", "-c",
                             "DO 'BEGIN PERFORM pg_advisory_xact_lock(2026); CREATE EXTENSION IF NOT EXISTS starhouse; END'", "-c", "SET TimeZone = 'UTC'", "-c", QUERY],
                            capture_output=True, text=True)
    if answer.returncode != 0:
        print(answer.stderr, file=sys.stderr)
        print("not ok 1 - the server answers")
        sys.exit(1)
    with tempfile.NamedTemporaryFile("w", suffix=".zones") as vectors:
        vectors.write(answer.stdout)
        vectors.flush()
        result = subprocess.run([PROGRAM, "--gtest_filter=ZoneTable.AgreesWithTheServer"],
                                env={**os.environ, "STARHOUSE_ZONE_VECTORS": vectors.name},
                                capture_output=True, text=True)
    good = result.returncode == 0 and "asked" in result.stdout
    for line in result.stdout.splitlines():
        if line.startswith("asked") or not good:
            print("# " + line)
    print(("ok" if good else "not ok") + " 1 - ZoneTable converts as the server does")
    sys.exit(0 if good else 1)


main()
