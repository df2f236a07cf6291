-- Names that need quoting, composite keys, and column types with an equality of their own.
SET client_min_messages = warning;
CREATE SCHEMA "Scd Types";
SET search_path = "Scd Types";
SET timezone = 'UTC';
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN short AS text NOT NULL CHECK (length(value) < 8);
CREATE TABLE "Dim ""History""" (
  "Version No" uuid DEFAULT gen_random_uuid() PRIMARY KEY,
  "Store Id" text COLLATE ignore_case NOT NULL, "select" int NOT NULL,
  dropped int,
  plain numeric, scaled numeric(6,2), words text COLLATE ignore_case, "varying" varchar(5), "fixed" char(4),
  doc jsonb, list int[], feeling mood, both_ pair, label short, span int4range, bits bit(3), moment timestamp(0),
  "sequence" int, words_length int GENERATED ALWAYS AS (length(words)) STORED, loaded_at int DEFAULT 7,
  "From" timestamptz, "To" timestamptz, "Current?" boolean);
ALTER TABLE "Dim ""History""" DROP COLUMN dropped;
SELECT starhouse.scd_register('"Dim ""History"""', ARRAY['Store Id', 'select'],
  ARRAY['plain', 'scaled', 'words', 'varying', 'fixed', 'doc', 'list', 'feeling', 'both_', 'label', 'span', 'bits', 'moment'], ARRAY['sequence'],
  valid_from => 'From', valid_to => 'To', current_flag => 'Current?');
CREATE TABLE "Source Rows" ("At" date, "Op Code" text, "Store Id" text, "select" bigint,
  plain numeric, scaled numeric, words text, "varying" text, "fixed" text, doc jsonb, list int[], feeling mood, both_ pair, label text, span int4range, bits bit varying, moment timestamptz, "sequence" smallint);
INSERT INTO "Source Rows" VALUES ('2024-01-01', 'u', 'S1', 1, 1.0, 1.005, 'Word', 'abc', 'x', '{"a": 1, "b": 2}', '{1,NULL}', 'sad', '(1,a)', 'label', '[1,4)', '101', '2024-01-01 00:00:00.4 UTC', 1);
CALL starhouse.scd2_merge('"Dim ""History"""', '"Source Rows"', 'feed', 'At', 'Op Code');
-- the same in another spelling is no change, by event and by snapshot
UPDATE "Source Rows" SET "At" = '2024-02-01', "Store Id" = 's1', plain = 1.00, scaled = 1.01, words = 'WORD', "fixed" = 'x   ', doc = '{"b": 2.0, "a": 1}', span = '[1,3]', "moment" = '2024-01-01 00:00:00.3 UTC';
CALL starhouse.scd2_merge('"Dim ""History"""', '"Source Rows"', 'feed', 'At', 'Op Code');
CALL starhouse.scd2_merge('"Dim ""History"""', '"Source Rows"', 'snapshot', as_of => '2024-02-02');
SELECT "Store Id", "select", plain, scaled, words, doc, "moment", words_length, loaded_at, "From"::date, "To"::date, "Current?" FROM "Dim ""History""";
-- every column's own change, NULL both ways
DO $$
DECLARE
  change text;
  day date := '2024-03-01';
  i bigint; c bigint; u bigint; l bigint; d bigint; r bigint;
BEGIN
  FOREACH change IN ARRAY ARRAY['plain = 2', 'scaled = 1.02', 'words = ''other''', '"varying" = ''abd''', '"fixed" = ''y''', 'doc = ''{"a": 1}''', 'list = ''{1,2}''',
    'feeling = ''glad''', 'both_ = ''(1,b)''', 'label = ''other''', 'span = ''[1,5)''', 'bits = ''111''', 'moment = ''2024-01-02 UTC''', '"sequence" = 2',
    'doc = NULL', 'doc = ''null''', 'feeling = NULL', 'words = NULL', 'words = ''''']
  LOOP
    EXECUTE 'UPDATE "Source Rows" SET ' || change;
    CALL starhouse.scd2_merge('"Dim ""History"""', '"Source Rows"', 'snapshot', NULL, 'Op Code', 'ignore', day, i, c, u, l, d, r);
    IF (i, c, u, l, d, r) <> (0, 1, 0, 0, 0, 0) THEN
      RAISE WARNING '%: % % % % % %', change, i, c, u, l, d, r;
    END IF;
    day := day + 1;
    CALL starhouse.scd2_merge('"Dim ""History"""', '"Source Rows"', 'snapshot', NULL, NULL, 'ignore', day, i, c, u, l, d, r);
    IF (i, c, u, l, d, r) <> (0, 0, 1, 0, 0, 0) THEN
      RAISE WARNING 'again after %: % % % % % %', change, i, c, u, l, d, r;
    END IF;
    day := day + 1;
  END LOOP;
END
$$;
SELECT count(*), count(*) FILTER (WHERE "Current?"), count(DISTINCT "sequence") FROM "Dim ""History""";
SELECT * FROM starhouse.scd_check('"Dim ""History"""');
-- composite keys differ in either part; one part NULL is rejected; a missing one is closed
INSERT INTO "Source Rows" SELECT '2024-06-01', 'u', 'S1', 2, plain, scaled, words, "varying", "fixed", doc, list, feeling, both_, label, span, bits, moment, "sequence" FROM "Source Rows";
INSERT INTO "Source Rows" ("At", "Store Id", "select", label) VALUES ('2024-06-01', 'S2', 1, 'two'), ('2024-06-01', 'S2', NULL, 'two'), ('2024-06-01', NULL, 1, 'two');
DELETE FROM "Source Rows" WHERE "select" = 1 AND "Store Id" = 's1';
CALL starhouse.scd2_merge('"Dim ""History"""', '"Source Rows"', 'snapshot', missing => 'close', as_of => '2024-06-02');
SELECT "Store Id", "select", "From"::date, "To"::date FROM "Dim ""History""" WHERE "To" > '2024-06-01' ORDER BY "Store Id", "select";
SELECT key, reason FROM pg_temp.scd_rejects ORDER BY key COLLATE "C";
SELECT starhouse.scd_infer('"Dim ""History"""', $$ SELECT 's1', 1 UNION ALL SELECT 'S2', 1 $$);

-- more events of a key than are compared one by one
CREATE TABLE many (v bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id int, x jsonb, p tsvector, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('many', '{id}', '{x,p}');
CREATE TABLE many_feed AS SELECT 1 AS id, to_jsonb(i % 50) AS x, 'a b'::tsvector AS p, timestamptz '2024-01-01 UTC' + i * interval '1 hour' AS ts FROM generate_series(1, 2000) i;
CALL starhouse.scd2_merge('many', 'many_feed', 'feed', 'ts');
CALL starhouse.scd2_merge('many', 'many_feed', 'feed', 'ts');
SELECT count(*), min(x::int), max(x::int), count(*) FILTER (WHERE is_current) FROM many;
-- what the versions became in the shuffled feed, they become one by one
CREATE TABLE one_by_one (LIKE many INCLUDING ALL);
SELECT starhouse.scd_register('one_by_one', '{id}', '{x,p}');
CREATE TABLE one (LIKE many_feed);
DO $$
DECLARE e many_feed;
BEGIN
  FOR e IN SELECT * FROM many_feed ORDER BY md5(ts::text) LIMIT 100 LOOP
    TRUNCATE one;
    INSERT INTO one SELECT e.*;
    EXECUTE $call$ CALL starhouse.scd2_merge('one_by_one', 'one', 'feed', 'ts') $call$;
  END LOOP;
END
$$;
TRUNCATE many, one;
INSERT INTO one SELECT * FROM many_feed ORDER BY md5(ts::text) LIMIT 100;
CALL starhouse.scd2_merge('many', 'one', 'feed', 'ts');
SELECT count(*) > 90 AS many_versions, count(*) FILTER (WHERE b.id IS NULL OR a.id IS NULL) AS differ
  FROM many a FULL JOIN one_by_one b ON (a.id, a.x, a.valid_from, a.valid_to, a.is_current) = (b.id, b.x, b.valid_from, b.valid_to, b.is_current);

-- without an index on the key, without flags
CREATE TABLE bare (v bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id varchar(3), x text, f timestamptz, t timestamptz);
SELECT starhouse.scd_register('bare', '{id}', '{x}', valid_from => 'f', valid_to => 't', current_flag => NULL, add_constraints => false);
CREATE TABLE bare_feed (id text, x text, ts timestamp);
INSERT INTO bare_feed VALUES ('A', 'x', '2024-01-01'), ('A', 'y', '2024-01-02'), ('B', 'x', '2024-01-01');
CALL starhouse.scd2_merge('bare', 'bare_feed', 'feed', 'ts');
CALL starhouse.scd2_merge('bare', 'bare_feed', 'feed', 'ts');
DELETE FROM bare_feed WHERE x = 'y';
CALL starhouse.scd2_merge('bare', 'bare_feed', 'snapshot', missing => 'close', as_of => '2024-03-01 UTC');
SELECT id, x, f::date, t::date FROM bare ORDER BY id, f;
DROP SCHEMA "Scd Types" CASCADE;
