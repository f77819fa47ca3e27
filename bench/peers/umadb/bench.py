"""UmaDB's own server on a loopback port, driven by its own client, with an append condition per stream."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid

from umadb import AppendCondition, Client, Event, Query, QueryItem

from measure import cases, measure

DATA = b"x" * 400


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    folder = os.environ.get("PEER_DIR") or tempfile.mkdtemp()
    port = free_port()
    program = os.path.join(os.path.dirname(sys.executable), "umadb")
    server = subprocess.Popen(
        [program, "--listen", f"127.0.0.1:{port}", "--db-path", os.path.join(folder, "uma.db")],
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url)
        for counts, batch, commits in cases():
            run(url, counts, batch, commits)
    finally:
        server.terminate()
        server.wait()


def wait_for(url):
    until = time.monotonic() + 20
    while True:
        try:
            Client(url).head()
            return
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def run(url, counts, batch, commits):
    producers = counts[0]
    clients = [Client(url) for _ in range(producers)]
    tags = [f"stream:{uuid.uuid4()}" for _ in range(producers)]
    last = [None] * producers

    def commit(producer):
        events = [Event(event_type="Recorded", data=DATA, tags=[tags[producer]]) for _ in range(batch)]
        condition = AppendCondition(
            fail_if_events_match=Query(items=[QueryItem(tags=[tags[producer]])]), after=last[producer]
        )
        last[producer] = clients[producer].append(events, condition)

    measure("UmaDB", counts, batch, commits, commit)


main()
