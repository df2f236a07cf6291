-- Distances, bearings and destinations.
SET search_path = starhouse;
\set SHOW_CONTEXT never

-- Known ones: the meridian quadrant, half the equator, poles, Flinders Peak to Buninyong (GRS 80, the same to 0.1 mm).
SELECT name, round(geodesic_m(lat1, lon1, lat2, lon2)::numeric, 4) AS geodesic_m, round(distance_m(lat1, lon1, lat2, lon2)::numeric, 4) AS distance_m
FROM (VALUES (1, 'quadrant', 0, 0, 90, 0), (2, 'equator 90', 0, 0, 0, 90), (3, 'poles', 90, 0, -90, 0), (4, 'antipodes', 0, 0, 0, 180),
             (5, 'nearly antipodes', 0, 0, 0.5, 179.5), (6, 'Flinders Peak', -37.95103341666667, 144.42486788888888, -37.65282113888889, 143.92649552777777))
     AS v (n, name, lat1, lon1, lat2, lon2) ORDER BY n;

-- No distance: equal places, both names of the date line, a place counted from 0 to 360.
SELECT geodesic_m(12.5, 77, 12.5, 77), geodesic_m(10, 180, 10, -180), distance_m(10, 180, 10, -180), geodesic_m(10, 270, 10, -90);
SELECT abs(geodesic_m(10, 285, -20, 15) - geodesic_m(10, -75, -20, 15)) < 1e-8 AS same_place;

SELECT initial_bearing(0, 0, 1, 0) AS n, initial_bearing(0, 0, 0, 1) AS e, initial_bearing(1, 0, 0, 0) AS s, initial_bearing(0, 0, 0, -1) AS w,
       initial_bearing(0, 179, 0, -179) AS across, initial_bearing(5, 5, 5, 5) IS NULL AS nowhere;
SELECT round(lat2::numeric, 9) AS lat2, round(lon2::numeric, 9) AS lon2 FROM destination(0, 0, 90, 111319.49079327358);
SELECT round(lat2::numeric, 9) AS lat2, round(lon2::numeric, 9) AS lon2 FROM destination(51.5, 179.9, 90, 20000);
SELECT bool_and(abs(geodesic_m(lat, lon, lat2, lon2) - metres) < 1e-5) AS as_far_as_said
FROM generate_series(-80, 80, 20) AS lat, generate_series(-180, 160, 40) AS lon, generate_series(0, 330, 30) AS bearing,
     (VALUES (0.5), (1e3), (99e3), (101e3), (5e6), (15e6)) AS m (metres), destination(lat, lon, bearing, metres);
-- Backwards is forwards the other way.
SELECT geodesic_m(a.lat2, a.lon2, b.lat2, b.lon2) < 1e-6 AS same FROM destination(10, 20, 30, -5000) AS a, destination(10, 20, 210, 5000) AS b;

SELECT distance_m(NULL, 0, 0, 0) IS NULL AND geodesic_m(0, 0, 0, NULL) IS NULL AND initial_bearing(0, NULL, 0, 0) IS NULL
   AND destination(0, 0, NULL, 5) IS NULL AS nulls;

-- What is refused.
SELECT distance_m(91, 0, 0, 0);
SELECT distance_m(0, 0, 0, 360.0000001);
SELECT geodesic_m(0, 'NaN', 0, 0);
SELECT geodesic_m(0, 0, '-Infinity', 0);
SELECT initial_bearing(0, -361, 0, 0);
SELECT destination(0, 0, 'NaN', 5);
SELECT destination(0, 0, 5, 'Infinity');
SELECT destination(-90.5, 0, 5, 5);
