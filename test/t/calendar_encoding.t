#!/usr/bin/env python3
"""Names in a database that is not UTF-8: those its encoding has come out in it, others are refused."""
import subprocess
import sys


def psql(database, *commands, encoding="UTF8"):
    arguments = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-d", database]
    for command in ("SET client_min_messages = warning", f"SET client_encoding = {encoding}", *commands):
        arguments += ["-c", command]
    return subprocess.run(arguments, capture_output=True)


NAMES = ("SELECT string_agg(month_name, ' ' ORDER BY date) FROM starhouse.time_dimension('2024-02-01', '2024-03-31', language => '{}') "
         "WHERE day = 1")
# Title, database encoding, language, client encoding, expected text or SQLSTATE.
CASES = [
    ("French in LATIN1", "LATIN1", "fr", "UTF8", "février mars"),
    ("Latin bytes are what is stored", "LATIN1", "fr", "LATIN1", "février mars"),
    ("English anywhere", "SQL_ASCII", "en", "SQL_ASCII", "February March"),
    ("Hindi has no place in LATIN1", "LATIN1", "hi", "UTF8", "22P05"),
]


def main():
    print(f"1..{len(CASES)}")
    failed = False
    for number, (title, encoding, language, client, expected) in enumerate(CASES, 1):
        database = f"calendar_{encoding.lower()}"
        psql("postgres", f"DROP DATABASE IF EXISTS {database}",
             f"CREATE DATABASE {database} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
        answer = psql(database, "CREATE EXTENSION starhouse", NAMES.format(language), encoding=client)
        wire = "latin-1" if client == "LATIN1" else "utf-8"
        if len(expected) == 5 and answer.returncode != 0:
            good = expected.encode() in answer.stderr
        else:
            good = answer.returncode == 0 and answer.stdout.decode(wire).strip() == expected
        psql("postgres", f"DROP DATABASE {database}")
        if not good:
            failed = True
            print("#   " + repr(answer.stdout) + repr(answer.stderr))
        print(f"{'ok' if good else 'not ok'} {number} - {title}")
    sys.exit(1 if failed else 0)


main()
