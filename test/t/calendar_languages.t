#!/usr/bin/env python3
"""Names of days and months against the Unicode CLDR, as the Python package `babel` carries it: every
name and abbreviation of every language. Skips where the package is not installed."""
import subprocess
import sys

try:
    import babel
except ImportError:
    print("1..0 # SKIP Python package `babel` not installed (pip install babel)")
    sys.exit(0)

LANGUAGES = ["en", "hi", "mr", "bn", "de", "fr", "es"]


def ours(language):
    answer = subprocess.run(
        ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", "SET client_min_messages = warning",
         "-c", "DO 'BEGIN PERFORM pg_advisory_xact_lock(2026); CREATE EXTENSION IF NOT EXISTS starhouse; END'", "-c",
         "SELECT DISTINCT iso_day_of_week, month, day_name, day_name_short, month_name, month_name_short "
         f"FROM starhouse.time_dimension('2024-01-01', '2024-12-31', language => '{language}')"],
        capture_output=True, text=True)
    if answer.returncode != 0:
        print(answer.stderr, file=sys.stderr)
        sys.exit(1)
    names = set()
    for line in answer.stdout.splitlines():
        weekday, month, day, day_short, month_name, month_short = line.split("|")
        names |= {("day", int(weekday), day), ("day_short", int(weekday), day_short),
                  ("month", int(month), month_name), ("month_short", int(month), month_short)}
    return names


def main():
    print(f"1..{len(LANGUAGES)}")
    print(f"# package version {babel.__version__}")
    failed = False
    for number, language in enumerate(LANGUAGES, 1):
        locale = babel.Locale(language)
        days, months = locale.days["stand-alone"], locale.months["stand-alone"]
        theirs = {(kind, n + shift, name) for kind, names, shift in
                  (("day", days["wide"], 1), ("day_short", days["abbreviated"], 1),
                   ("month", months["wide"], 0), ("month_short", months["abbreviated"], 0))
                  for n, name in names.items()}
        different = theirs ^ ours(language)
        for line in sorted(different):
            print(f"#   {line}")
        failed = failed or bool(different)
        print(f"{'not ok' if different else 'ok'} {number} - {language}: {len(theirs)} names")
    sys.exit(1 if failed else 0)


main()
