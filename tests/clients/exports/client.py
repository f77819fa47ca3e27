"""Fills the rows of a read database, and reads exports of them back with other people's libraries.

client.py fill DB ROWS       puts made-up calls into call_history
client.py compare DB DIR     holds DIR/calls.{csv,jsonl,xlsx,parquet} against the documented view, row by row
"""
import csv
import datetime
import json
import os
import sqlite3
import sys

COLUMNS = ("call,campaign,number,attempt,caller,permitted_at,permitted_time,answered_at,disposition,talk_ms,"
           "first_position").split(",")
FILL = """
with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
insert into call_history (call, campaign, customer, number, attempt, flow, flow_version, state, callee,
  callee_event, caller, trunks, sip_call_ids, permitted_at, answered_at, disposition, talk_ms, late_answer,
  first_pos, last_pos)
select printf('%08x-0000-5000-8000-%012x', i, i), case i % 3 when 0 then '=T' else 'T-' || (i % 7) end,
  printf('%032x', i % 5000), printf('%032x', i), 1 + i % 3, 'flow', 1, 'END', '{"erased":true}', 'event',
  case i % 5 when 0 then null when 1 then '+12025550123' when 2 then '-5' when 3 then '主叫, "x"' else '@x' end,
  'trunk', '', 1772416800000000 + i * 1000003, case i % 2 when 0 then 1772416805000001 + i * 1000003 end,
  case i % 2 when 0 then 'answered' else 'no_answer' end, case i % 2 when 0 then i % 90000 end, 0, i, i
from n
"""


def fill(path, rows):
    database = sqlite3.connect(path)
    with database:
        database.execute(FILL, (rows,))
    database.close()


def expected(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    return database.execute(f"select {', '.join(COLUMNS)} from calls order by first_position")


def of_csv(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        assert next(rows) == COLUMNS
        yield from map(tuple, rows)


def as_csv(value):
    if value is None:
        return ""
    text = str(value)
    return "'" + text if isinstance(value, str) and text[:1] in "=+-@\t\r" and text else text


def of_jsonl(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield tuple(row[name] for name in COLUMNS)


def of_xlsx(path):
    import openpyxl
    workbook = openpyxl.load_workbook(path, read_only=True)
    for sheet in workbook.worksheets:
        rows = sheet.iter_rows(values_only=True)
        # Dates are local, and their head says how far from UTC; no campaign is on the board: Beijing's.
        assert list(next(rows)) == [f"{name} (+08:00)" if name.endswith("_time") else name for name in COLUMNS]
        for row in rows:
            yield row + (None,) * (len(COLUMNS) - len(row))


def as_xlsx(name, value):
    if name.endswith("_time") and value is not None:
        local = datetime.datetime.fromisoformat(value.replace("Z", "")) + datetime.timedelta(hours=8)
        return local.replace(microsecond=local.microsecond // 1000 * 1000)
    return str(value) if name in ("permitted_at", "answered_at") and value is not None else value


def of_parquet(path):
    import pyarrow
    import pyarrow.parquet
    file = pyarrow.parquet.ParquetFile(path)
    assert str(file.schema_arrow.field("permitted_at").type) == "timestamp[us, tz=UTC]"
    for batch in file.iter_batches(batch_size=20000):
        columns = [column.cast(pyarrow.int64()) if pyarrow.types.is_timestamp(column.type) else column
                   for column in batch.columns]
        yield from zip(*(column.to_pylist() for column in columns))


def compare(path, directory):
    formats = {
        "csv": (of_csv, lambda row: tuple(map(as_csv, row))),
        "jsonl": (of_jsonl, tuple),
        "xlsx": (of_xlsx, lambda row: tuple(map(as_xlsx, COLUMNS, row))),
        "parquet": (of_parquet, tuple),
    }
    found = {}
    for name, (read, shaped) in formats.items():
        rows, differ = 0, 0
        theirs = read(os.path.join(directory, f"calls.{name}"))
        for row in expected(path):
            rows += 1
            differ += next(theirs, None) != shaped(row)
        more = sum(1 for _ in theirs)
        found[name] = {"rows": rows, "differ": differ, "more": more}
    print(json.dumps(found))
    sys.exit(any(one["differ"] or one["more"] for one in found.values()))


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(sys.argv[2], int(sys.argv[3]))
    else:
        compare(sys.argv[2], sys.argv[3])
