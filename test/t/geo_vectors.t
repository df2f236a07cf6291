#!/usr/bin/env python3
"""Geohashes and distances of other projects' tests (../shared/vectors beside the clone, or STARHOUSE_VECTORS),
run through the SQL functions. Rows that ask for what a geohash of whole characters cannot express are counted
by kind, so that none is passed over silently. Skips where the files are not there."""
import os
import subprocess
import sys

ROOT = os.environ.get("STARHOUSE_ROOT", os.path.dirname(os.path.abspath(__file__)) + "/../..")
FOLDER = os.path.abspath(os.environ.get("STARHOUSE_VECTORS", os.path.join(ROOT, "../shared/vectors")))
FILES = ["geohash.csv", "geohash_edge.csv", "distances.csv"]

if not all(os.path.exists(os.path.join(FOLDER, name)) for name in FILES):
    print(f"1..0 # SKIP no vectors in {FOLDER}")
    sys.exit(0)

SETUP = rf"""
SET client_min_messages = warning;
DO 'BEGIN PERFORM pg_advisory_xact_lock(2026); CREATE EXTENSION IF NOT EXISTS starhouse; END';
SET search_path = starhouse;
CREATE TEMP TABLE v (id int, kind text, lat float8, lon float8, "precision" int, hash text, lat_min float8, lon_min float8,
  lat_max float8, lon_max float8, direction text, expected text, tol float8, source text, note text);
CREATE TEMP TABLE edge (lat float8, lon float8, "precision" int, hash text, cell bigint, postgis text, agrees text,
  naive_wrong text, note text);
CREATE TEMP TABLE distance (id int, lat1 float8, lon1 float8, lat2 float8, lon2 float8, expected float8, tol float8,
  method text, source text, note text);
\copy v FROM '{FOLDER}/geohash.csv' CSV HEADER
\copy edge FROM '{FOLDER}/geohash_edge.csv' CSV HEADER
\copy distance FROM '{FOLDER}/distances.csv' CSV HEADER
-- The first 60 bits of an integer geohash, as the cell shows them.
CREATE FUNCTION pg_temp.bits(lat float8, lon float8) RETURNS numeric LANGUAGE sql
  RETURN (geohash_cell(lat, lon, 12) - 1) / 2;
"""

# Each gives one row: how many were asked, and the ids that went wrong.
CASES = [
    ("encode", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE geohash(lat, lon, least("precision", 12)) <> left(expected, 12))
       FROM v WHERE kind = 'encode'"""),
    ("encode: cell and text agree", """SELECT count(*), string_agg(id::text, ' ')
         FILTER (WHERE geohash_cell(lat, lon, least("precision", 12)) <> geohash_cell(left(expected, 12)))
       FROM v WHERE kind = 'encode'"""),
    ("encode_int, the first 60 bits", """SELECT count(*), string_agg(id::text, ' ')
         FILTER (WHERE trunc(pg_temp.bits(lat, lon) / 2::numeric ^ greatest(60 - "precision", 0))
                    <> trunc(expected::numeric / 2::numeric ^ greatest("precision" - 60, 0)))
       FROM v WHERE kind = 'encode_int'"""),
    ("decode_bbox", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE greatest(abs(b.lat_min - v.lat_min), abs(b.lon_min - v.lon_min),
         abs(b.lat_max - v.lat_max), abs(b.lon_max - v.lon_max)) > coalesce(tol, 0))
       FROM v, geohash_bounds(hash) AS b WHERE kind = 'decode_bbox'"""),
    ("decode_point", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE abs(d.lat - v.lat) > coalesce(tol, 0) OR abs(d.lon - v.lon) > coalesce(tol, 0))
       FROM v, geohash_decode(hash) AS d WHERE kind = 'decode_point'"""),
    ("neighbour", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE geohash_neighbor(hash, direction) IS DISTINCT FROM expected)
       FROM v WHERE kind = 'neighbour'"""),
    ("neighbour_set", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE expected <> (
         SELECT string_agg(x, ' ' ORDER BY x COLLATE "C")
         FROM geohash_neighbors(hash) AS a, unnest(ARRAY[n, ne, e, se, s, sw, w, nw]) AS x))
       FROM v WHERE kind = 'neighbour_set'"""),
    ("cell height and width", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE abs(expected::float8 -
         CASE kind WHEN 'cell_height_deg' THEN lat_max - lat_min ELSE lon_max - lon_min END) > tol)
       FROM (SELECT id, kind, expected, tol, b.* FROM v, geohash_bounds(geohash_cell(0, 0, v."precision")) AS b
             WHERE kind LIKE 'cell_%_deg') AS c"""),
    ("cover_bbox", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE expected <> (
         SELECT string_agg(geohash(c), ' ' ORDER BY c)
         FROM unnest(geohash_box(lat_min, lon_min, lat_max, lon_max, "precision")) AS c))
       FROM v WHERE kind = 'cover_bbox'"""),
    ("edges: text", """SELECT count(*), string_agg(lat || ',' || lon, ' ') FILTER (WHERE geohash(lat, lon, "precision") <> hash) FROM edge"""),
    ("edges: cell", """SELECT count(*), string_agg(lat || ',' || lon, ' ') FILTER (WHERE geohash_cell(lat, lon, "precision") <> cell) FROM edge"""),
    # The file's own tolerance where it is larger than a millimetre; on GRS 80 the result is the same within it.
    ("geodesic_m, within 1 mm", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE abs(geodesic_m(lat1, lon1, lat2, lon2) - expected) > greatest(tol, 1e-3))
       FROM distance WHERE method !~ 'haversine'"""),
    ("geodesic_m, within 0.01 mm of GeodTest", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE abs(geodesic_m(lat1, lon1, lat2, lon2) - expected) > 1e-5)
       FROM distance WHERE method ~ 'Karney'"""),
    ("geodesic_m, the other way", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE abs(geodesic_m(lat2, lon2, lat1, lon1) - expected) > greatest(tol, 1e-3))
       FROM distance WHERE method !~ 'haversine'"""),
    ("distance_m on their sphere", """SELECT count(*), string_agg(id::text, ' ') FILTER (WHERE abs(distance_m(lat1, lon1, lat2, lon2) * 6372797.560856 / 6371008.771415 - expected) > tol)
       FROM distance WHERE method ~ 'haversine'"""),
    # What is left: Redis divides latitude -85.05..85.05; 32 and 46 bits are no whole characters.
    ("nothing else is in the files", """SELECT 7 + 16, string_agg(kind || ' ' || n, ', ') FROM (
         SELECT kind, count(*) AS n FROM v WHERE kind NOT IN ('encode', 'encode_int', 'decode_bbox', 'decode_point', 'neighbour',
           'neighbour_set', 'cell_height_deg', 'cell_width_deg', 'cover_bbox') GROUP BY kind) AS k
       WHERE (kind, n) NOT IN (('redis_score52', 7), ('neighbour_int', 16))"""),
]


def main():
    answer = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-F", "|"], input=SETUP + ";\n".join(q for _, q in CASES) + ";\n",
                            capture_output=True, text=True)
    print(f"1..{len(CASES)}")
    lines = answer.stdout.splitlines()
    if answer.returncode != 0:
        print(answer.stderr, file=sys.stderr)
    failed = len(lines) != len(CASES)
    for number, ((name, _), line) in enumerate(zip(CASES, lines), 1):
        count, wrong = line.split("|")
        good = wrong == "" and int(count) > 0
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {number} - {name} ({count} rows)" + (f": {wrong}" if wrong else ""))
    sys.exit(1 if failed else 0)


main()
