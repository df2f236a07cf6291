#!/usr/bin/env python3
"""A million points against PostGIS: geohashes, distances on the sphere and on WGS 84. The points are seeded:
uniform over the globe, on grid lines and a rounding step beside them, near the poles and the date line, and
pairs from millimetres to the other side of the earth. Skips where PostGIS is not installed for the server."""
import os
import subprocess
import sys

POINTS = 1000000
DATABASE = "starhouse_postgis"


def psql(sql, database):
    return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-F", "|", "-d", database], input=sql, capture_output=True, text=True)


SETUP = f"""
SET client_min_messages = warning;
CREATE EXTENSION postgis;
CREATE EXTENSION starhouse;
SET max_parallel_workers_per_gather = 0;
SELECT setseed(0.25) \\g /dev/null
-- kind 0..3: anywhere, on a grid line, near a pole, near the date line.
CREATE TABLE place AS
  SELECT i, kind, precision_ AS p, reach,
         CASE kind WHEN 0 THEN degrees(asin(2 * u - 1))
                   WHEN 1 THEN greatest(-90, least(90, floor(u * 2 ^ bits) * (180 / 2 ^ bits) - 90 + side * 1.4e-14))
                   WHEN 2 THEN (CASE WHEN v < 0.5 THEN 1 ELSE -1 END) * (90 - u * u * u * 1e-3)
                   ELSE degrees(asin(2 * u - 1)) END AS lat,
         CASE kind WHEN 1 THEN floor(v * 2 ^ bits) * (360 / 2 ^ bits) - 180 + abs(side) * 2.9e-14
                   WHEN 3 THEN (CASE WHEN v < 0.5 THEN 1 ELSE -1 END) * (180 - v * v * v * 1e-3)
                   ELSE 360 * v - 180 END AS lon,
         w, x
  FROM (SELECT i, i % 4 AS kind, 1 + i / 4 % 12 AS precision_, 1 + i / 48 % 30 AS bits, i / 4 % 3 - 1 AS side,
               10 ^ (-9 + random() * 11.25) AS reach, random() AS u, random() AS v, random() AS w, random() AS x
        FROM generate_series(1, {POINTS}) AS i) AS r;
CREATE TABLE pair AS
  SELECT i, lat, lon, greatest(-90, least(90, CASE i / 4 % 3 WHEN 0 THEN degrees(asin(2 * w - 1))
                                                   WHEN 1 THEN lat + (w - 0.5) * reach ELSE -lat + (w - 0.5) * reach END)) AS lat2,
         CASE i / 4 % 3 WHEN 0 THEN 360 * x - 180
           ELSE (SELECT l - 360 * floor((l + 180) / 360)
                 FROM (SELECT lon + (x - 0.5) * 2 * reach + CASE i / 4 % 3 WHEN 2 THEN 180 ELSE 0 END AS l) AS y) END AS lon2
  FROM place;
"""

CASES = [
    ("geohash at every precision", """SELECT count(*), count(*) FILTER (WHERE starhouse.geohash(lat, lon, p) <> ST_GeoHash(ST_MakePoint(lon, lat), p))
       FROM place"""),
    ("geohash_cover of a geometry: outer cells touch it, inner ones lie within", """WITH area AS MATERIALIZED (
         SELECT i, ST_Buffer(ST_MakePoint(lon, greatest(-80, least(80, lat))), 1 + w, 3 + (i % 5)::int) AS g FROM place WHERE i % 5000 = 0 AND abs(lon) < 170),
       cover AS MATERIALIZED (SELECT g, starhouse.geohash_cover(g, 4, 'inner') AS inn, starhouse.geohash_cover(g, 4) AS touching FROM area),
       cell AS (SELECT g, c, c = ANY (inn) AS is_inner, c = ANY (touching) AS is_outer,
                       ST_MakeEnvelope(lon_min, lat_min, lon_max, lat_max) AS box
                FROM cover, unnest(starhouse.geohash_box(ST_YMin(g), ST_XMin(g), ST_YMax(g), ST_XMax(g), 4)) AS c, starhouse.geohash_bounds(c))
       SELECT count(*), count(*) FILTER (WHERE ST_Intersects(g, box) <> is_outer OR ST_Covers(g, box) <> is_inner) FROM cell"""),
    ("bounds of cells", """SELECT count(*), count(*) FILTER (WHERE NOT ST_Equals(ST_GeomFromGeoHash(h), ST_MakeEnvelope(lon_min, lat_min, lon_max, lat_max)))
       FROM (SELECT starhouse.geohash(lat, lon, p) AS h FROM place WHERE i % 20 = 0) AS x, starhouse.geohash_bounds(h)"""),
    # PostGIS's formula loses 1e-8 m of its own.
    ("distance_m, 1e-7 m", """SELECT count(*), count(*) FILTER (WHERE abs(starhouse.distance_m(lat, lon, lat2, lon2)
         - ST_DistanceSphere(ST_MakePoint(lon, lat), ST_MakePoint(lon2, lat2))) > 1e-7) FROM pair"""),
    # ... and rounds the last digits of what it stores away.
    ("geodesic_m, 0.01 mm", """SELECT count(*), count(*) FILTER (WHERE abs(starhouse.geodesic_m(lat, lon, lat2, lon2)
         - ST_Distance(ST_MakePoint(lon, lat)::geography, ST_MakePoint(lon2, lat2)::geography)) > 1e-5) FROM pair"""),
    ("initial_bearing, 1e-6 degrees from 1 km to 15000 km", """SELECT count(*), count(*) FILTER (WHERE d > 1e-6 AND d < 360 - 1e-6)
       FROM (SELECT abs(starhouse.initial_bearing(lat, lon, lat2, lon2)
                        - degrees(ST_Azimuth(ST_MakePoint(lon, lat)::geography, ST_MakePoint(lon2, lat2)::geography))) AS d
             FROM pair WHERE i % 10 = 0 AND abs(lat) < 89 AND abs(lat2) < 89
               AND starhouse.geodesic_m(lat, lon, lat2, lon2) BETWEEN 1e3 AND 15e6) AS x"""),
    ("destination, 0.01 mm", """SELECT count(*), count(*) FILTER (WHERE starhouse.geodesic_m(lat2, lon2, ST_Y(g), ST_X(g)) > 1e-5)
       FROM (SELECT d.*, ST_Project(ST_MakePoint(lon, lat)::geography, w * 1e7, radians(x * 360))::geometry AS g
             FROM place, starhouse.destination(lat, lon, x * 360, w * 1e7) AS d WHERE i % 10 = 0) AS x"""),
]


def main():
    found = psql("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'", "postgres")
    if found.stdout.strip() != "1":
        print("1..0 # SKIP PostGIS is not installed for this server (scripts/setup bench)")
        return
    psql(f"DROP DATABASE IF EXISTS {DATABASE}", "postgres")
    answer = psql(f"CREATE DATABASE {DATABASE}", "postgres")
    if answer.returncode == 0:
        answer = psql(SETUP + ";\n".join(query for _, query in CASES) + ";\n", DATABASE)
    lines = answer.stdout.splitlines()
    if answer.returncode != 0:
        print(answer.stderr, file=sys.stderr)
    print(f"1..{len(CASES)}")
    failed = len(lines) != len(CASES)
    for number, ((name, _), line) in enumerate(zip(CASES, lines), 1):
        count, wrong = line.split("|")
        good = int(wrong) == 0 and int(count) >= POINTS / 50
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}: {count} compared, {wrong} differ")
    psql(f"DROP DATABASE {DATABASE}", "postgres")
    sys.exit(1 if failed else 0)


main()
