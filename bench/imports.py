"""An import of a list beside what databases do with the same rows.

    imports.py PROGRAM [--rows N] [--postgres URL]

Runs `PROGRAM bench import --rows N --json`, then gives a file of the same rows to `sqlite3 .import` and, where an
URL is named, to PostgreSQL's `\\copy`, each into a new table, and prints one JSON object with rows a second of
each and how they stand to the import. Those tables hold the rows in clear and nothing else: no events, no keys, no
checks. Exits 1 when a measurement failed.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Longest measurement: a million rows in a build for developers.
SECONDS_MAX = 3_600


def option(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def run(command, **given):
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, **given)
    if done.returncode != 0:
        sys.exit(f"{command[0]}: {done.stderr.strip()[-400:]}")
    return time.monotonic() - begun, done.stdout


def write_rows(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write("customer_id,phone,customer_name,days,account\n")
        for n in range(rows):
            file.write(f"C{n:07},138{n:08},客户{n},{1 + n % 30},尾号{n % 10_000:04}\n")


def main():
    program, rows = sys.argv[1], int(option("--rows", "100000"))
    _, out = run([program, "bench", "import", "--rows", str(rows), "--json"])
    ratios = {one["name"]: one["value"] for one in json.loads(out)["ratios"]}
    durable = ratios["import, rows a second"]
    result = {
        "rows": rows,
        "import_rows_a_second": durable,
        "read_and_checked_rows_a_second": ratios["read and checked only, rows a second"],
        "store_alone_rows_a_second": ratios["the store alone, rows a second"],
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rows.csv")
        write_rows(file, rows)
        seconds, _ = run(["sqlite3", str(Path(folder, "rows.db"))], input=f".mode csv\n.import {file} people\n")
        result["sqlite3_import_rows_a_second"] = rows / seconds
        url = option("--postgres", None)
        if url:
            table = "create table bench_people (customer_id text, phone text, name text, days int, account text)"
            run(["psql", url, "-qc", table])
            try:
                copy = f"\\copy bench_people from '{file}' with (format csv, header)"
                seconds, _ = run(["psql", url, "-qc", copy])
            finally:
                run(["psql", url, "-qc", "drop table bench_people"])
            result["copy_rows_a_second"] = rows / seconds
    for peer in ("sqlite3_import", "copy"):
        if f"{peer}_rows_a_second" in result:
            result[f"import_per_{peer}"] = durable / result[f"{peer}_rows_a_second"]
    print(json.dumps(result))


main()
