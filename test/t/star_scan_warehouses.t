#!/usr/bin/env python3
"""Star scans against the executor over the three warehouses, filled by their feeds with generated files: every KPI view, and queries of a seeded
generator over each fact, alone and joined with what its keys refer to.

  STAR_SCAN_QUERIES   how many for each warehouse (default 150)
  STAR_SCAN_SEED      another way through them (default 1)

Rows have to be the same. Of numbers that are equal, as 1.0 and 1.00, either may be shown, as in any two plans. Floats that a view adds up may come in
another order: they are compared to ten digits, and the generator adds up none.
"""
import importlib.machinery
import importlib.util
import os
import random
import subprocess
import sys
import tempfile

ROOT = os.environ.get("STARHOUSE_ROOT", ".")
CLIENT = os.environ.get("STARHOUSE_CLIENT", f"{ROOT}/build/release/starhouse")
DATABASE = "star_scan_warehouses"
QUERIES = int(os.environ.get("STAR_SCAN_QUERIES", "150"))
SEED = int(os.environ.get("STAR_SCAN_SEED", "1"))
KINDS = {"shopsmart": ["--scale", "0.02", "--stores", "20", "--from", "2025-08-01", "--to", "2025-10-31"], "quickeats": ["--scale", "0.05"], "streamflix": ["--events", "6000"]}

loader = importlib.machinery.SourceFileLoader("star_scan", os.path.dirname(os.path.abspath(__file__)) + "/star_scan.t")
hostile = importlib.util.module_from_spec(importlib.util.spec_from_loader("star_scan", loader))
loader.exec_module(hostile)
ok = hostile.ok


def psql(script):
    return hostile.psql(script, DATABASE)


# Columns of the facts and of what their keys refer to: table, column, type, and for a key the table and column it refers to.
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL), coalesce(r.relname, ''), coalesce(b.attname, '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f' AND f.conkey = ARRAY[a.attnum] AND f.conparentid = 0
LEFT JOIN pg_class r ON r.oid = f.confrelid
LEFT JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[1]
WHERE c.relnamespace = '{kind}'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND (c.relname LIKE '%\\_fact' OR c.oid IN (SELECT confrelid FROM pg_constraint WHERE contype = 'f'))
ORDER BY 1, a.attnum;
"""
NUMBERS = ("smallint", "integer", "bigint", "numeric")
PLAIN = NUMBERS + ("double precision", "real", "boolean", "date", "timestamp with time zone", "timestamp without time zone", "text", "character varying", "uuid")


class Generator:
    """Queries over the facts of a warehouse."""

    def __init__(self, kind):
        self.random = random.Random(f"{SEED} {kind}")
        self.tables = {}
        for line in psql(COLUMNS.format(kind=kind)).splitlines():
            table, column, type_of, refers, key = line.split("|")
            if type_of in PLAIN:
                self.tables.setdefault(table, []).append((column, type_of, refers, key))
        count = psql("".join(f"SELECT '{table}', count(*) FROM {kind}.{table};\n" for table in self.tables))
        self.rows = {line.split("|")[0]: int(line.split("|")[1]) for line in count.splitlines()}
        self.facts = [table for table in self.tables if table.endswith("_fact") and self.rows[table] > 0]

    def test(self, alias, table, column, type_of):
        """A condition with values that are there."""
        name = f"{alias}.{column}"
        value = f"(SELECT {column} FROM {table} ORDER BY {column} OFFSET {self.random.randrange(max(1, self.rows[table]))} LIMIT 1)"
        way = self.random.random()
        if way < 0.1:
            return f"{name} IS {self.random.choice(['', 'NOT '])}NULL"
        if type_of == "boolean":
            return self.random.choice([name, f"NOT {name}", f"{name} IS NOT TRUE"])
        if type_of in ("text", "character varying", "uuid"):
            return f"{name} {self.random.choice(['=', '<>'])} {value}"
        return f"{name} {self.random.choice(['<', '<=', '>', '>=', '=', '<>'])} {value}"

    def key(self, alias, column, type_of):
        name = f"{alias}.{column}"
        if type_of == "timestamp with time zone":
            return self.random.choice([f"date_trunc('day', {name})", f"date_trunc('hour', {name})", f"extract(hour FROM {name})", f"date_bin('15 minutes', {name}, '2000-01-01')"])
        if type_of == "date":
            return self.random.choice([name, f"date_trunc('month', {name})"])
        return name

    def query(self):
        fact = self.random.choice(self.facts)
        columns = self.tables[fact]
        of_fact = [c for c in columns if c[1] in PLAIN]
        source, keys, tests = f"{fact} f", [], []
        joins = [c for c in columns if c[2] and c[2] in self.tables]
        self.random.shuffle(joins)
        joins = joins[:self.random.choice([0, 0, 1, 1, 2])]
        for number, (column, _, table, key) in enumerate(joins):
            alias = f"d{number}"
            source += f" JOIN {table} {alias} ON {alias}.{key} = f.{column}"
            others = [c for c in self.tables[table] if c[1] in PLAIN]
            for other in self.random.sample(others, min(len(others), self.random.choice([0, 1, 1, 2]))):
                keys.append((f"{alias}.{other[0]}", other[1]))
            if self.random.random() < 0.4:
                other = self.random.choice(others)
                tests.append(self.test(alias, table, other[0], other[1]))
        for column in self.random.sample(of_fact, min(len(of_fact), self.random.choice([0, 1, 1, 2]))):
            keys.append((self.key("f", column[0], column[1]), column[1]))
        for column in self.random.sample(of_fact, self.random.choice([0, 0, 1, 2])):
            tests.append(self.test("f", fact, column[0], column[1]))
        aggregates = [("count(*)", "bigint")]
        for column, type_of, _, _ in self.random.sample(of_fact, min(len(of_fact), self.random.choice([0, 1, 2, 3]))):
            if type_of in NUMBERS:
                wrap = self.random.choice(["sum({})", "avg({})", "min({})", "max({})", "count(DISTINCT {})"])
            elif type_of in ("double precision", "real"):
                wrap = self.random.choice(["min({})", "max({})", "count({})"])
            elif type_of in ("date", "timestamp with time zone"):
                wrap = self.random.choice(["min({})", "max({})", "count(DISTINCT {})"])
            else:
                wrap = self.random.choice(["count({})", "count(DISTINCT {})"])
            aggregate = wrap.format(f"f.{column}")
            if self.random.random() < 0.2:
                filtered = self.random.choice(of_fact)
                aggregate += f" FILTER (WHERE f.{filtered[0]} IS NOT NULL)"
            aggregates.append((aggregate, "numeric" if type_of == "numeric" and wrap[:3] in ("min", "max") else "bigint"))
        columns = keys + aggregates
        query = f"SELECT {', '.join(f'{e} AS c{n}' for n, (e, _) in enumerate(columns))} FROM {source}"
        if tests:
            query += " WHERE " + " AND ".join(tests)
        if keys:
            query += " GROUP BY " + ", ".join(str(n + 1) for n in range(len(keys)))
        return f"SELECT {', '.join(f'trim_scale(c{n})' if t == 'numeric' else f'c{n}' for n, (_, t) in enumerate(columns))} FROM ({query}) AS grouped"


def fill(kind, folder):
    psql(f"SELECT starhouse.create_warehouse('{kind}', time_zone => 'Asia/Kolkata');")
    subprocess.run([CLIENT, "generate", kind, "--out", f"{folder}/{kind}", *KINDS[kind]], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = {}
    for line in open(f"{folder}/{kind}/LOAD_ORDER", encoding="utf-8"):
        feed, path = line.rstrip("\n").split("\t")
        files.setdefault(feed, []).append(f"{folder}/{kind}/{path}")
    for feed, names in files.items():
        subprocess.run([CLIENT, "load", kind, "--feed", feed, "-d", f"dbname={DATABASE}", "--quiet", "--max-rejects", "100%", *names], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def compare(kind, queries, settings=""):
    """Queries that differ, and how many were star scans."""
    script = hostile.SETTINGS + settings + f"LOAD 'starhouse'; SET search_path = {kind}, starhouse, public;\n"
    script += "".join(f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({hostile.quoted(query)});\n" for query in queries)
    lines = [line for line in psql(script).splitlines() if line[:2] in ("0|", "1|")]
    differing = [line[2:] for line in lines if line[2:]]
    for difference in differing[:5]:
        print("# " + difference[:3000].replace("~", "\n#   "))
    return len(lines) == len(queries) and not differing, sum(line[0] == "1" for line in lines)


def main():
    hostile.psql(f"DROP DATABASE IF EXISTS {DATABASE};", "postgres")
    hostile.psql(f"CREATE DATABASE {DATABASE};", "postgres")
    psql("SET client_min_messages = warning; CREATE EXTENSION starhouse;" + hostile.PREPARE)
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            fill(kind, folder)
    # On one processor, too, there are several processes where they are asked for.
    psql("SELECT format('ALTER TABLE %s SET (parallel_workers = 2)', oid::regclass) FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ("
         + ", ".join(f"'{kind}'" for kind in KINDS) + ") \\gexec\nVACUUM ANALYZE;")
    for kind in KINDS:
        generator = Generator(kind)
        ok(len(generator.facts) >= 3, f"{kind} has rows in its facts ({', '.join(sorted(generator.facts))})")
        queries = [generator.query() for _ in range(QUERIES)]
        same, scanned = compare(kind, queries)
        ok(same, f"{kind}: {QUERIES} queries over its facts as the executor answers them")
        ok(scanned >= QUERIES * 0.5, f"{kind}: most are star scans" + ("" if scanned >= QUERIES * 0.5 else f" ({scanned})"))
        same, scanned = compare(kind, queries[:QUERIES // 4], hostile.PARALLEL)
        ok(same, f"{kind}: a quarter of them in several processes")
        views = psql(f"SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = '{kind}'::regnamespace AND c.relkind = 'v' AND c.relname LIKE 'kpi\\_%' AND c.relname <> 'kpi_freshness' ORDER BY 1;").split()
        columns = psql("".join(f"SELECT '{view}', string_agg(CASE WHEN atttypid = 'float8'::regtype THEN format('round(%I::numeric, 10 - ceil(log(greatest(abs(%1$I), 1e-10)))::int)', attname) ELSE quote_ident(attname) END, ', ' ORDER BY attnum)"
                               f" FROM pg_attribute WHERE attrelid = '{view}'::regclass AND attnum > 0;\n" for view in views))
        same, _ = compare(kind, ["SELECT {1} FROM {0}".format(*line.split("|", 1)) for line in columns.splitlines()])
        ok(same and len(views) > 15, f"{kind}: its {len(views)} KPI views")
    hostile.psql(f"DROP DATABASE {DATABASE};", "postgres")
    print(f"1..{hostile.number}")
    sys.exit(1 if hostile.failed else 0)


main()
