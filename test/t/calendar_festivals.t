#!/usr/bin/env python3
"""Diwali and Holi from 2000 to 2050 against a table of dates: where an official date is listed it is
ours, and not marked as estimated; elsewhere ours is within a day of the computed one, and marked.
The file is looked for in STARHOUSE_DATA, or ../shared/data beside the clone; skips where it is absent."""
import csv
import datetime
import os
import subprocess
import sys

ROOT = os.environ.get("STARHOUSE_ROOT", os.path.dirname(os.path.abspath(__file__)) + "/../..")
FILE = os.path.join(os.environ.get("STARHOUSE_DATA", os.path.join(ROOT, "../shared/data")), "calendar/diwali_holi_2000_2050.csv")


def main():
    if not os.access(FILE, os.R_OK):
        print(f"1..0 # SKIP {FILE} is absent: set STARHOUSE_DATA to the folder of the test data")
        return
    answer = subprocess.run(
        ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", "SET client_min_messages = warning",
         "-c", "DO 'BEGIN PERFORM pg_advisory_xact_lock(2026); CREATE EXTENSION IF NOT EXISTS starhouse; END'", "-c", "SET DateStyle = 'ISO, YMD'",
         "-c", "SELECT name, extract(year FROM date), date, estimated FROM starhouse.holidays('IN', 2000, 2050) WHERE name IN ('Diwali', 'Holi')"],
        capture_output=True, text=True)
    if answer.returncode != 0:
        print(answer.stderr, file=sys.stderr)
        sys.exit(1)
    ours = {}
    for line in answer.stdout.splitlines():
        name, year, date, estimated = line.split("|")
        ours[name, int(year)] = datetime.date.fromisoformat(date), estimated == "t"
    print("1..2")
    failed = False
    columns = {"Diwali": ("diwali_vacanza_india", "diwali_computed"), "Holi": ("holi_vacanza", "holi_computed")}
    with open(FILE, newline="") as source:
        rows = list(csv.DictReader(source))
    for number, (name, (official, computed)) in enumerate(columns.items(), 1):
        wrong, official_dates, estimates = [], 0, 0
        for row in rows:
            year = int(row["year"])
            date, estimated = ours[name, year]
            if row[official]:
                official_dates += 1
                good = date == datetime.date.fromisoformat(row[official]) and not estimated
            else:
                estimates += 1
                good = abs((date - datetime.date.fromisoformat(row[computed])).days) <= 1 and estimated
            if not good:
                wrong.append(f"{year}: {date}{' estimated' if estimated else ''}, listed {row[official] or row[computed]}")
        for line in wrong:
            print("#   " + line)
        failed = failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}: {official_dates} official dates, {estimates} estimates within a day")
    sys.exit(1 if failed else 0)


main()
