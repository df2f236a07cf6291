#!/usr/bin/env python3
"""Zones, traces and heatmaps on real GPS pings (Cabspotting, San Francisco 2008) against a computation
that shares nothing with them: plain Python on the files as delivered. Skips where the data is absent
(STARHOUSE_DATA names its folder)."""
import collections
import csv
import gzip
import json
import math
import os
import subprocess
import sys
import tempfile

FOLDER = os.path.join(os.environ.get("STARHOUSE_DATA") or os.path.join(os.environ.get("STARHOUSE_ROOT", "."), "..", "shared", "data"), "delivery")
PINGS = os.path.join(FOLDER, "cabspotting_pings_30cabs.csv.gz")
ZONES = os.path.join(FOLDER, "sf_neighborhoods.geojson")
if not (os.path.exists(PINGS) and os.path.exists(ZONES)):
    print(f"1..0 # SKIP no real data in {FOLDER}")
    sys.exit(0)

DATABASE = "geo_cabspotting"
RADIUS = (2 * 6378137.0 + 6378137.0 * (1 - 1 / 298.257223563)) / 3
GAP, SAMPLE, LIMIT_SPEED = 300, 100, 40.0


def psql(sql, database=DATABASE):
    answer = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-"], input=sql, capture_output=True, text=True)
    if answer.returncode != 0:
        print(answer.stderr, file=sys.stderr)
        sys.exit(1)
    return [line.split("|") for line in answer.stdout.splitlines()]


def haversine(lat1, lon1, lat2, lon2):
    p1, p2 = math.radians(lat1), math.radians(lat2)
    h = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * RADIUS * math.asin(min(1, math.sqrt(h)))


def geohash6(lat, lon):
    """In whole hundred-thousandths of a degree, so exact."""
    y = (round(lat * 100000) + 9000000) * 2**15 // 18000000
    x = (round(lon * 100000) + 18000000) * 2**15 // 36000000
    bits = "".join(f"{a}{b}" for a, b in zip(f"{x:015b}", f"{y:015b}"))
    return "".join("0123456789bcdefghjkmnpqrstuvwxyz"[int(bits[i:i + 5], 2)] for i in range(0, 30, 5))


def inside(rings, x, y):
    odd = False
    for ring in rings:
        for (ax, ay, *_), (bx, by, *_) in zip(ring, ring[1:]):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                odd = not odd
    return odd


def read():
    with gzip.open(PINGS, "rt", newline="") as file:
        pings = [(r["cab_id"], int(r["ts_unix"]), float(r["lat"]), float(r["lon"]), r["occupied"] != "0") for r in csv.DictReader(file)]
    polygons = []
    for feature in json.load(open(ZONES, encoding="utf-8"))["features"]:
        geometry = feature["geometry"]
        parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        for rings in parts:
            xs, ys = [p[0] for p in rings[0]], [p[1] for p in rings[0]]
            polygons.append((feature["properties"]["name"], (min(xs), min(ys), max(xs), max(ys)), rings))
    return pings, sorted(polygons, key=lambda polygon: polygon[0].encode())


def zone_of(polygons, lat, lon):
    for name, (west, south, east, north), rings in polygons:
        if west <= lon <= east and south <= lat <= north and inside(rings, lon, lat):
            return name
    return ""


results = []


def test(ok, name, detail=""):
    results.append(ok)
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {name}")
    if not ok:
        print(f"# {detail}")


def close(mine, theirs):
    return abs(mine - theirs) <= 1e-9 * max(abs(mine), abs(theirs))


def main():
    pings, polygons = read()
    psql(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)', "postgres")
    psql(f'CREATE DATABASE "{DATABASE}"', "postgres")
    with tempfile.TemporaryDirectory() as folder:
        rows = os.path.join(folder, "pings.csv")
        with gzip.open(PINGS, "rb") as source, open(rows, "wb") as target:
            target.write(source.read())
        document = os.path.join(folder, "zones.json")  # on one line, for COPY
        with open(ZONES, encoding="utf-8") as source, open(document, "w", encoding="utf-8") as target:
            json.dump(json.load(source), target)
        psql(f"""CREATE EXTENSION starhouse;
            CREATE TABLE raw (n int GENERATED ALWAYS AS IDENTITY, cab text, at bigint, lat float8, lon float8, occupied int);
            \\copy raw (cab, at, lat, lon, occupied) FROM '{rows}' (FORMAT csv, HEADER)
            CREATE TABLE ping AS SELECT n, cab, to_timestamp(at) AS ts, lat, lon, occupied <> 0 AS busy FROM raw;
            CREATE TABLE document (d jsonb);
            \\copy document FROM '{document}' (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')
            CREATE TABLE zone AS SELECT f #>> '{{properties,name}}' AS name, f -> 'geometry' AS geometry, f::text AS feature
              FROM document, jsonb_array_elements(d -> 'features') f;
            ANALYZE;""")
    search = "SET search_path = public, starhouse;"

    # The way of each cab: as an ordered aggregate and off a trace, without limits and up to a speed.
    ways = collections.defaultdict(list)
    for cab, at, lat, lon, _ in pings:
        ways[cab].append((at, lat, lon))
    expected = {}
    for cab, way in ways.items():
        way = sorted(set(way))
        legs = [(haversine(a[1], a[2], b[1], b[2]), b[0] - a[0]) for a, b in zip(way, way[1:])]
        expected[cab] = (math.fsum(m for m, _ in legs), math.fsum(m for m, s in legs if m <= LIMIT_SPEED * s))
    got = psql(f"""{search} SELECT cab, path_length_m(lat, lon, ts ORDER BY ts, lat, lon), path_length_m(trace_agg(lat, lon, ts)),
        path_length_m(lat, lon, ts, {LIMIT_SPEED} ORDER BY ts, lat, lon), path_length_m(trace_agg(lat, lon, ts), {LIMIT_SPEED}) FROM ping GROUP BY 1""")
    wrong = [row for row in got if not (close(float(row[1]), expected[row[0]][0]) and close(float(row[2]), expected[row[0]][0])
                                        and close(float(row[3]), expected[row[0]][1]) and close(float(row[4]), expected[row[0]][1]))]
    test(len(got) == len(expected) == 30 and not wrong, "metres of each of 30 cabs, without and with a speed limit", wrong[:2])

    # Busy, idle and offline seconds.
    reports = collections.defaultdict(list)
    for cab, at, _, _, busy in pings:
        reports[cab].append((at, busy))
    expected = {}
    for cab, list_ in reports.items():
        list_.sort()
        sums = [0, 0, 0]
        for (a, busy), (b, _) in zip(list_, list_[1:]):
            sums[0 if busy else 1] += min(b - a, GAP)
            sums[2] += max(b - a - GAP, 0)
        expected[cab] = sums
    got = psql(f"{search} SELECT cab, (a).busy_s, (a).idle_s, (a).offline_s FROM (SELECT cab, activity_seconds(ts, busy, '{GAP} s' ORDER BY ts, busy) AS a FROM ping GROUP BY 1) s")
    wrong = [row for row in got if [float(x) for x in row[1:]] != expected[row[0]]]
    test(len(got) == 30 and not wrong, "busy, idle and offline seconds of each cab", wrong[:2])

    # The busiest cells: every cell, that is.
    expected = collections.Counter(geohash6(lat, lon) for _, _, lat, lon, _ in pings)
    got = {row[0]: int(row[1]) for row in psql(f"{search} SELECT geohash(cell), pings FROM heatmap_cells((SELECT heatmap(lat, lon, 6) FROM ping))")}
    test(got == dict(expected), "pings of every cell of precision 6", collections.Counter(expected).most_common(3))

    # Fading weights of the cells as of the last ping.
    last = max(at for _, at, _, _, _ in pings)
    weights = collections.defaultdict(list)
    for _, at, lat, lon, _ in pings:
        weights[geohash6(lat, lon)].append(2.0 ** ((at - last) / 86400))
    got = psql(f"{search} SELECT geohash(cell), weight FROM heatmap_cells((SELECT decayed_heatmap(lat, lon, ts, 6, '1 day') FROM ping), to_timestamp({last}))")
    wrong = [row for row in got if not close(float(row[1]), math.fsum(weights[row[0]]))]
    test(len(got) == len(weights) and not wrong, "fading weight of every cell, half each day", wrong[:2])

    # Pings of each neighbourhood, every 100th ping; from a zone_index and straight from the table.
    expected = {n: zone_of(polygons, ping[2], ping[3]) for n, ping in enumerate(pings, 1) if n % SAMPLE == 0}
    test(len({name for name in expected.values() if name}) > 20, "the sample meets most neighbourhoods")
    for title, zone in (("zone_index of jsonb", "zone_of((SELECT zone_index_agg(name, geometry) FROM zone), lat, lon)"),
                        ("zone_index of text features", "zone_of((SELECT zone_index_agg(name, feature) FROM zone), lat, lon)"),
                        ("table", "zone_of('zone', lat, lon, 'name', 'geometry')")):
        got = {int(row[0]): row[1] for row in psql(f"{search} SELECT n, {zone} FROM ping WHERE n % {SAMPLE} = 0")}
        wrong = [(n, expected[n], got.get(n)) for n in expected if expected[n] != got.get(n)]
        test(not wrong and len(got) == len(expected), f"neighbourhood of {len(expected)} pings, {title}", wrong[:3])

    # Entering and leaving neighbourhoods without a dwell is a walk along the pings.
    cab = min(ways)
    runs = []
    for at, lat, lon in sorted(set(ways[cab]))[:1500]:
        name = zone_of(polygons, lat, lon)
        if not runs or runs[-1][0] != name:
            runs.append([name, at, 0])
        runs[-1][2] += 1
    expected = [[name, str(at), str(count)] for name, at, count in runs if name]
    got = psql(f"""{search} SELECT zone, extract(epoch FROM entered)::bigint, pings FROM
        zone_visits((SELECT trace_agg(lat, lon, ts) FROM (SELECT DISTINCT ts, lat, lon FROM ping WHERE cab = '{cab}' ORDER BY ts, lat, lon LIMIT 1500) p),
                    (SELECT zone_index_agg(name, geometry) FROM zone)) ORDER BY entered""")
    test(got == expected and len(got) > 50, f"{len(expected)} visits of neighbourhoods by one cab", [(a, b) for a, b in zip(got, expected) if a != b][:2])
    print(f"1..{len(results)}")
    sys.exit(0 if all(results) else 1)


main()
