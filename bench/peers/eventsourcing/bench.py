"""Python eventsourcing at its recorder level: what its applications save with, without making aggregates."""

import os
import sys
import tempfile
from uuid import uuid4

from eventsourcing.persistence import StoredEvent

from measure import cases, connection_facts, database_of, measure

STATE = b"x" * 400


def sqlite_recorder(_producers):
    from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

    folder = os.environ.get("PEER_DIR") or tempfile.mkdtemp()
    datastore = SQLiteDatastore(os.path.join(folder, "eventsourcing.db"))
    recorder = SQLiteApplicationRecorder(datastore)
    recorder.create_table()
    with datastore.transaction(commit=False) as cursor:
        cursor.execute("PRAGMA synchronous")
        if cursor.fetchone()[0] < 2:
            sys.exit("synchronous is below FULL")
    return recorder, datastore.close


def postgres_recorder(producers):
    from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

    facts = connection_facts(database_of(os.environ["PEER_URL"], "peer_eventsourcing"))
    datastore = PostgresDatastore(
        facts["dbname"], facts["host"], facts["port"], facts["user"], facts["password"],
        pool_size=min(producers, 20), max_overflow=70,
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="stored_events")
    recorder.create_table()
    return recorder, datastore.close


def main():
    make = {"sqlite": sqlite_recorder, "postgres": postgres_recorder}[sys.argv[1]]
    name = {"sqlite": "eventsourcing on SQLite", "postgres": "eventsourcing on PostgreSQL"}[sys.argv[1]]
    for counts, batch, commits in cases():
        producers = counts[0]
        recorder, close = make(producers)
        streams = [uuid4() for _ in range(producers)]
        versions = [0] * producers

        def commit(producer):
            first = versions[producer] + 1
            recorder.insert_events(
                [StoredEvent(streams[producer], first + step, "bench:Recorded", STATE) for step in range(batch)]
            )
            versions[producer] += batch

        measure(name, counts, batch, commits, commit)
        close()


main()
