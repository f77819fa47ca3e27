"""What every peer on Python shares: cases, a database of its own, threads as producers, and the figures."""

import json
import os
import re
import sys
import threading
import time

# Commits of each producer before the watch starts.
WARM_UP = 20


def cases():
    """PEER_CASES as ((producers, asked), events a commit, commits each); at most 90 producers."""
    for text in os.environ["PEER_CASES"].split():
        producers, batch, commits = (int(part) for part in text.split(":"))
        yield (min(producers, 90), producers), batch, commits


def database_of(server, name):
    """Drops and creates the database on a durable server, and returns its URL."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if connection.execute(f"SHOW {setting}").fetchone()[0] == "off":
                sys.exit(f"{setting} is off")
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return re.sub(r"/[^/?]*(\?|$)", rf"/{name}\1", server)


def connection_facts(url):
    """The URL's parts, as libpq reads them."""
    from psycopg.conninfo import conninfo_to_dict

    facts = conninfo_to_dict(url)
    return {name: facts.get(name) or default for name, default in
            [("dbname", ""), ("host", "localhost"), ("port", "5432"), ("user", ""), ("password", "none")]}


def measure(peer, counts, batch, commits, commit):
    """Each producer is a thread that commits one after the other; prints the case's JSON line."""
    producers, asked = counts
    times = []
    barrier = threading.Barrier(producers + 1)

    def work(producer):
        own = []
        for _ in range(WARM_UP):
            commit(producer)
        barrier.wait()
        for _ in range(commits):
            began = time.perf_counter()
            commit(producer)
            own.append((time.perf_counter() - began) * 1e6)
        times.extend(own)

    threads = [threading.Thread(target=work, args=(producer,)) for producer in range(producers)]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if len(times) < producers * commits:
        sys.exit("a producer failed")
    times.sort()
    events = producers * commits * batch
    print(json.dumps({
        "peer": peer, "producers": producers, "asked": asked, "batch": batch, "events": events,
        "per_second": events / seconds, "p50_us": times[len(times) // 2], "p99_us": times[min(len(times) - 1, len(times) * 99 // 100)],
    }), flush=True)
