"""What the benchmarks here have in common: a server on this machine, statements, and the processor time they take."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HOME = pathlib.Path(__file__).resolve().parents[2]


def start(folder="starhouse-bench-rollup"):
    """The server of PGHOST/PGPORT, or a private one."""
    if "PGHOST" in os.environ:
        return
    folder = os.path.join(tempfile.gettempdir(), folder)
    subprocess.run([HOME / "scripts/cluster", "start", folder], check=True, stdout=subprocess.DEVNULL)
    settings = subprocess.run([HOME / "scripts/cluster", "env", folder], check=True, capture_output=True, text=True).stdout
    for name, value in re.findall(r"(PG\w+)='?([^' \n]+)'?", settings):
        os.environ[name] = value


def sql(text, database):
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{sys.argv[0]}: {done.stderr.strip()}\n{text}")
    return done.stdout


def timed(text, database):
    """Seconds of processor that a backend takes for the statements, without helpers; the server is on this machine."""
    out = sql("SET jit = off;\nSET max_parallel_workers_per_gather = 0;\nSELECT pg_backend_pid() AS pid \\gset\n\\setenv PID :pid\n"
              f"\\! cut -d' ' -f1 /proc/$PID/schedstat\n\\o /dev/null\n{text}\\o\n\\! cut -d' ' -f1 /proc/$PID/schedstat\n", database)
    before, after = out.split()
    return (int(after) - int(before)) / 1e9
