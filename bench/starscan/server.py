"""What the benchmarks of star scans share: a session that stays open and tells its processor time, and DuckDB."""
import os
import re
import subprocess
import sys
import venv

ROOT = os.path.abspath(os.path.dirname(os.path.abspath(__file__)) + "/../..")


class Server:
    """psql kept open, so that its settings live on."""

    def __init__(self):
        self.psql = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.backend = self.ask("SET client_min_messages = warning; LOAD 'starhouse'; SET jit = off; SET work_mem = '256MB'; SET TimeZone = 'UTC'; SELECT pg_backend_pid()")

    def ask(self, sql):
        self.psql.stdin.write(sql + ";\n\\echo :end:\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == ":end:\n":
                return "".join(lines).strip()
            lines.append(line)
        sys.exit("psql stopped; its message is above")

    def cpu(self):
        with open(f"/proc/{self.backend}/schedstat", encoding="ascii") as counters:
            return int(counters.read().split()[0])

    def choose(self, star_scan, workers):
        self.ask(f"SET starhouse.enable_star_scan = {'on' if star_scan else 'off'}; SET max_parallel_workers_per_gather = {workers};"
                 " SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0")

    def warm(self, table):
        """All of a table into shared buffers: of one of more than a quarter of these the server's own scans leave nothing there."""
        self.ask("DO $$ BEGIN IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_prewarm') THEN"
                 f" CREATE EXTENSION IF NOT EXISTS pg_prewarm; PERFORM pg_prewarm('{table}'); END IF; END $$")

    def spent(self, query, wall):
        """Nanoseconds of processor, or those that passed, and the plan."""
        before = self.cpu()
        plan = self.ask(f"EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) {query}")
        return float(re.search(r"Execution Time: ([0-9.]+) ms", plan).group(1)) * 1e6 if wall else self.cpu() - before, plan


def duckdb_open(name, threads):
    """A DuckDB database in build/, and whether it is new; None where DUCKDB=no. From PyPI, in a virtual environment of its own.

    Without its time-zone extension, which it would have to fetch."""
    if os.environ.get("DUCKDB") == "no":
        return None, False
    place = f"{ROOT}/build/bench-venv"
    if not os.path.exists(f"{place}/bin/python"):
        venv.create(place, with_pip=True)
        subprocess.run([f"{place}/bin/pip", "install", "-q", "duckdb", "pytz"], check=True)
    sys.path.insert(0, subprocess.run([f"{place}/bin/python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
    import duckdb  # pylint: disable=import-outside-toplevel,import-error
    file = f"{ROOT}/build/{name}.duckdb"
    fresh = not os.path.exists(file)
    return duckdb.connect(file, config={"threads": threads}), fresh


def duckdb_copy(duck, table, definition, query):
    """The rows of a query of the server as a table of DuckDB."""
    csv = f"{ROOT}/build/{table}.csv"
    with open(csv, "wb") as out:
        subprocess.run(["psql", "-XqAt", "-c", "SET TimeZone = 'UTC'", "-c", f"COPY ({query}) TO STDOUT (FORMAT csv)"], check=True, stdout=out)
    duck.execute(f"CREATE TABLE {table} ({definition})")
    duck.execute(f"COPY {table} FROM '{csv}' (FORMAT csv)")
    os.unlink(csv)
