"""The official Python client of KurrentDB against our endpoint: check, follow, append.

    client.py check  HOST:PORT PLAN.json        reads everything, filters, refusals; prints one JSON line
    client.py follow HOST:PORT IDS.txt COUNT    follows $all from the start, resumes when cut, until COUNT events;
                                                connects again at the next line of standard input
    client.py append HOST:PORT LINES.jsonl      appends records, one by one

The server's token is in LEDGERLINE_TOKEN. Without TLS this client sends no login, so that what it sends
goes through an interceptor of gRPC's own.
"""
import json
import os
import sys
import time
import uuid

import grpc
from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.exceptions import (
    AccessDeniedError,
    KurrentDBClientError,
    NotFoundError,
    UnauthenticatedError,
    WrongCurrentVersionError,
)

TRIES_MAX = 300


class WithToken(
    grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor, grpc.StreamStreamClientInterceptor,
):
    header = ("authorization", "Bearer " + os.environ["LEDGERLINE_TOKEN"])

    def send(self, go_on, details, request):
        return go_on(details._replace(metadata=[*(details.metadata or []), self.header]), request)

    intercept_unary_unary = intercept_unary_stream = send
    intercept_stream_unary = intercept_stream_stream = send


without_token = grpc.insecure_channel


def with_token(*args, **options):
    return grpc.intercept_channel(without_token(*args, **options), WithToken())


def connect(address, channel=with_token):
    grpc.insecure_channel = channel
    return KurrentDBClient(uri=f"kurrentdb://{address}?Tls=false")


def refused(wanted, action):
    try:
        action()
    except wanted:
        return True
    except KurrentDBClientError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing was refused"


def check(address, plan_file):
    with open(plan_file, encoding="utf-8") as file:
        plan = json.load(file)
    client = connect(address)
    wrong = []

    def same(what, found, wanted):
        if found != wanted:
            wrong.append({"what": what, "found": found, "wanted": wanted})

    began = time.monotonic()
    events = list(client.read_all())
    read_s = time.monotonic() - began
    positions = [event.commit_position for event in events]
    same("events of $all", len(events), plan["events"])
    same("positions grow", positions == sorted(set(positions)), True)
    for event in events[:: max(1, len(events) // 100)]:
        record = json.loads(event.data)
        same("id", record["id"], str(event.id))
        same("type", record["kind"], event.type)
        same("stream", record["stream"], event.stream_name)
        same("revision", record["stream_version"] - 1, event.stream_position)
        if event.type == "installation.named":
            continue  # It is of today.
        same("created", int(event.recorded_at.timestamp() * 1000), plan["recorded_at_ms"])
        same("custom metadata", json.loads(event.metadata)["recorded_at_us"], plan["recorded_at_ms"] * 1000)

    middle = events[len(events) // 2]
    forward = client.read_all(commit_position=middle.commit_position, limit=3)
    same("forwards includes the position", [e.id for e in forward], [e.id for e in events[len(events) // 2 :][:3]])
    backward = client.read_all(commit_position=middle.commit_position, backwards=True, limit=3)
    same("backwards leaves it out", [e.id for e in backward], [e.id for e in events[: len(events) // 2][::-1][:3]])
    last = client.read_all(backwards=True, limit=2)
    same("backwards from the end", [e.id for e in last], [e.id for e in events[::-1][:2]])
    same("head", client.get_commit_position(), positions[-1])

    for name, wanted in plan["filters"].items():
        options = wanted["options"]
        found = sum(1 for _ in client.read_all(**options))
        same(f"filter {name}", found, wanted["events"])

    stream = plan["stream"]
    of_stream = [e.stream_position for e in client.read_stream(stream)]
    same("a stream forwards", of_stream, list(range(plan["of_stream"])))
    of_stream = [e.stream_position for e in client.read_stream(stream, backwards=True)]
    same("a stream backwards", of_stream, list(range(plan["of_stream"]))[::-1])
    of_stream = [e.stream_position for e in client.read_stream(stream, stream_position=5, backwards=True, limit=3)]
    same("backwards from a revision", of_stream, [5, 4, 3])
    of_stream = [e.stream_position for e in client.read_stream(stream, stream_position=5, limit=3)]
    same("forwards from a revision", of_stream, [5, 6, 7])
    same("a stream's version", client.get_current_version(stream), plan["of_stream"] - 1)

    with client.subscribe_to_stream(stream, stream_position=4) as subscription:
        same("a stream subscription", next(subscription).stream_position, 5)
    checkpoints = 0
    with client.subscribe_to_all(
        filter_include=plan["rare"]["type"], include_checkpoints=True, include_caught_up=True,
        window_size=10, checkpoint_interval_multiplier=2,
    ) as subscription:
        seen = 0
        for event in subscription:
            kind = type(event).__name__
            checkpoints += kind == "Checkpoint"
            seen += kind == "RecordedEvent"
            if kind == "CaughtUp":
                break
    same("a filtered subscription", seen, plan["rare"]["events"])
    same("checkpoints", checkpoints, plan["events"] // 20)

    same("an unknown stream", refused(NotFoundError, lambda: list(client.read_stream("number-nobody"))), True)
    event = NewEvent(type="x", data=b"{}", id=uuid.uuid4())
    append = lambda: client.append_to_stream("x-1", current_version=StreamState.ANY, events=[event])
    same("an append while read-only", refused(AccessDeniedError, append), True)
    delete = lambda: client.delete_stream(stream, current_version=StreamState.ANY)
    same("a deletion", refused(KurrentDBClientError, delete), True)
    client.close()
    stranger = connect(address, without_token)
    same("without the token", refused(UnauthenticatedError, lambda: list(stranger.read_all())), True)
    stranger.close()
    print(json.dumps({"wrong": wrong, "events_per_s": round(len(events) / read_s)}))
    return 1 if wrong else 0


def follow(address, ids_file, count):
    last, seen, cuts = None, 0, -1
    with open(ids_file, "w", encoding="ascii") as ids:
        for _ in range(TRIES_MAX):
            cuts += 1
            try:
                client = connect(address)
                # As applications do: everything but system events, by the client's own default filter.
                with client.subscribe_to_all(commit_position=last) as subscription:
                    for event in subscription:
                        last = event.commit_position
                        ids.write(f"{event.id}\n")
                        seen += 1
                        if seen % 1000 == 0 or seen == count:
                            ids.flush()
                            print(json.dumps({"seen": seen}), flush=True)
                        if seen == count:
                            return 0
            except KurrentDBClientError:
                pass
            ids.flush()
            print(json.dumps({"cut_after": seen}), flush=True)
            # The caller has killed the server and says when another is there.
            if not sys.stdin.readline():
                return 1
    return 1


def append(address, lines_file):
    client = connect(address)
    repeated = conflict = foreign = None
    with open(lines_file, encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            one = json.loads(line)
            event = NewEvent(type=one["type"], data=one["data"].encode(), id=uuid.UUID(one["id"]))

            def send(events, version, stream=one["stream"]):
                return client.append_to_stream(stream, current_version=version, events=events)

            revision = one["expected_revision"]
            position = send([event], revision)
            if number == 0:
                # The same again is answered as before; the same place for another event is a conflict.
                repeated = send([event], revision) == position
                other = NewEvent(type="x", data=b'{"a":1}', id=uuid.uuid4())
                foreign = refused(KurrentDBClientError, lambda: send([other], StreamState.ANY))
                conflict = refused(WrongCurrentVersionError, lambda: send([stale(one, 5)], revision + 5))
    client.close()
    print(json.dumps({"repeated": repeated, "conflict": conflict, "foreign_refused": foreign}))
    return 0 if repeated is True and conflict is True and foreign is True else 1


def stale(one, ahead):
    """A record that says it follows versions which are not there."""
    record = json.loads(one["data"])
    record["stream_version"] += ahead
    record["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, record["id"]))
    return NewEvent(type=one["type"], data=json.dumps(record).encode(), id=uuid.UUID(record["id"]))


if __name__ == "__main__":
    command, address = sys.argv[1], sys.argv[2]
    if command == "check":
        sys.exit(check(address, sys.argv[3]))
    if command == "follow":
        sys.exit(follow(address, sys.argv[3], int(sys.argv[4])))
    sys.exit(append(address, sys.argv[3]))
