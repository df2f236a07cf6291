# Zones against PostGIS: random areas and random points, and points on a lattice that lie on edges and
# corners; geometry columns as zones. Skips where PostGIS is not installed.
use strict;
use warnings;
use Test::More;
use StarhouseTest;

if (sql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'}) eq '0') {
    plan skip_all => 'PostGIS is not installed (Debian: postgresql-15-postgis-3)';
}
my $database = new_database('geo_zone_postgis');
sql($database, q{
    SET client_min_messages = error;
    CREATE EXTENSION postgis;
    -- A generator of its own, the same numbers everywhere: splitmix64's mixing by way of md5.
    CREATE FUNCTION unit(salt text, n int) RETURNS float8 LANGUAGE sql IMMUTABLE
      RETURN ('x' || left(md5(salt || n), 8))::bit(32)::bigint::float8 / 4294967296;
    -- Stars of 3 to 60 vertices and very different sizes, some with a hole, one in ten on the lattice.
    CREATE TABLE zone AS
      SELECT id, ST_MakePolygon(ST_MakeLine(p ORDER BY n), CASE WHEN id % 5 = 0 THEN ARRAY[ST_ExteriorRing(ST_Buffer(ST_MakePoint(x, y), size * 0.2, 3))] END) AS geom
      FROM (SELECT id, n, x, y, size, ST_MakePoint(x + size * r * cos(2 * pi() * (n % count) / count), y + size * r * sin(2 * pi() * (n % count) / count)) AS p
            FROM (SELECT id, 3 + (unit('count', id) * 57)::int AS count, -160 + 320 * unit('x', id) AS x, -70 + 140 * unit('y', id) AS y, power(10, -1 + 2.1 * unit('size', id)) AS size
                  FROM generate_series(1, 300) id) z,
                 LATERAL (SELECT n, 0.4 + 0.6 * unit('r' || id, n % count) AS r FROM generate_series(0, count) n) v) s
      GROUP BY id, x, y, size;
    INSERT INTO zone SELECT 300 + id, ST_MakePolygon(ST_MakeLine(ARRAY[ST_MakePoint(x, y), ST_MakePoint(x + w, y), ST_MakePoint(x + w, y + h), ST_MakePoint(x + w / 2, y + 2 * h), ST_MakePoint(x, y + h), ST_MakePoint(x, y)]))
      FROM (SELECT id, (-80 + 10 * (unit('lx', id) * 16)::int)::float8 AS x, (-40 + 10 * (unit('ly', id) * 8)::int)::float8 AS y, 2 * (1 + (unit('w', id) * 9)::int)::float8 AS w, (1 + (unit('h', id) * 9)::int)::float8 AS h
            FROM generate_series(1, 60) id) z;
    DELETE FROM zone WHERE NOT ST_IsValid(geom);
    CREATE INDEX ON zone USING gist (geom);
    CREATE TABLE point AS
      SELECT n, -175 + 350 * unit('plon', n) AS lon, -85 + 170 * unit('plat', n) AS lat FROM generate_series(1, 60000) n
      UNION ALL SELECT 100000 + n, x, y FROM (SELECT row_number() OVER () AS n, x, y FROM generate_series(-90, 110) x, generate_series(-45, 60) y) l;
    ANALYZE;
    CREATE TABLE expected AS SELECT n, lat, lon, (SELECT min(id) FROM zone WHERE ST_Intersects(geom, ST_MakePoint(lon, lat))) AS id FROM point;
});
my ($inside, $on_edge) = split /\|/, sql($database, q{
    SELECT count(id), count(*) FILTER (WHERE n > 100000 AND EXISTS (SELECT FROM zone z WHERE ST_Intersects(ST_Boundary(geom), ST_MakePoint(lon, lat)))) FROM expected});
cmp_ok($inside, '>', 10000, "$inside of the points lie in a zone");
cmp_ok($on_edge, '>', 500, "$on_edge of them on an edge or a corner");

my %forms = (
    'WKB' => '(SELECT zone_index_agg(id, ST_AsBinary(geom)) FROM zone)',
    'EWKB with an SRID' => '(SELECT zone_index_agg(id, ST_AsEWKB(ST_SetSRID(geom, 4326))) FROM zone)',
    'big-endian WKB with heights' => q{(SELECT zone_index_agg(id, ST_AsBinary(ST_Force3D(geom), 'XDR')) FROM zone)},
    'WKT' => '(SELECT zone_index_agg(id, ST_AsText(geom, 17)) FROM zone)',
    'GeoJSON' => '(SELECT zone_index_agg(id, ST_AsGeoJSON(ST_SetSRID(geom, 4326), 17)::jsonb) FROM zone)',
    'hexadecimal EWKB' => '(SELECT zone_index_agg(id, geom::text) FROM zone)');
for my $form (sort keys %forms) {
    is(sql($database, qq{SET search_path = public, starhouse; SELECT n, lat, lon, id, zone_id_of($forms{$form}, lat, lon) FROM expected WHERE id IS DISTINCT FROM zone_id_of($forms{$form}, lat, lon) ORDER BY n LIMIT 3}),
        '', "every point has PostGIS's zone: $form");
}
is(sql($database, q{SET search_path = public, starhouse; SELECT count(*) FROM expected WHERE id IS DISTINCT FROM zone_id_of('zone', lat, lon, shape_column => 'geom')}),
    '0', 'a geometry column as zones');
sql($database, 'CREATE TABLE round AS SELECT id, geom::geography AS shape FROM zone');
is(sql($database, q{SET search_path = public, starhouse; SELECT count(*) FROM expected WHERE id IS DISTINCT FROM zone_id_of('round', lat, lon)}), '0', 'a geography column too');
is(sql($database, q{SET search_path = public, starhouse; SELECT count(*) FROM (SELECT n, lat, lon FROM expected WHERE n % 10 = 0) p
    WHERE ARRAY(SELECT zone::int FROM zones_of((SELECT zone_index_agg(id, ST_AsBinary(geom)) FROM zone), lat, lon) zone)
      IS DISTINCT FROM ARRAY(SELECT id FROM zone WHERE ST_Intersects(geom, ST_MakePoint(lon, lat)) ORDER BY id)}), '0', 'and all zones of a point');
my ($status, $out, $err) = psql($database, q{SELECT starhouse.zone_index_agg(1, ST_AsEWKB(ST_SetSRID(geom, 3857))) FROM zone});
like($err, qr/SRID 3857 is not supported.*HINT: .*transform/s, 'another SRID is refused');
done_testing();
