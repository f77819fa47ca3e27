#!/usr/bin/env python3
"""Receives webhooks of ledgerline: verifies each signature and processes each event once.

    python3 receiver.py --secrets secrets.txt --store events.db --port 8090

`secrets.txt` has one signing secret (whsec_…) per line. It is read for each message, so that a rotated secret
counts without a restart. Each event is one row in the SQLite file and one line of JSON on standard output.
Only Python's standard library is used. Docs: docs/reference/webhooks.md.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import http.server
import json
import sqlite3
import sys
import time

# The largest body that is read. A message is one event; the server sends at most some kilobytes.
BODY_BYTES_MAX = 1024 * 1024

# How far the time of a message may be from ours, in seconds (Standard Webhooks 1.0.0).
TOLERANCE_SECONDS = 300


class Refusal(Exception):
    """A message that is not accepted, with the status of the reply."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


def signature(secret, message_id, timestamp, body):
    """Returns the signature of a message: HMAC-SHA-256 of id, time and body under the decoded secret."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def verify(secrets, headers, body, now):
    """Returns the id of a message. Raises `Refusal` if no secret signed it or if it is too old.

    `webhook-signature` holds several signatures, separated by blanks, while a rotated secret is still valid.
    """
    message_id, timestamp = headers.get("webhook-id"), headers.get("webhook-timestamp")
    given = (headers.get("webhook-signature") or "").split()
    if not message_id or not timestamp or not given:
        raise Refusal(400, "a header webhook-id, webhook-timestamp or webhook-signature is missing")
    if not timestamp.isdecimal() or not timestamp.isascii():
        raise Refusal(400, "webhook-timestamp is not a number of seconds")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise Refusal(401, "webhook-timestamp is more than five minutes from our clock")
    expected = [signature(secret, message_id, timestamp, body).encode() for secret in secrets]
    matches = [hmac.compare_digest(one, other.encode()) for one in expected for other in given]
    if not any(matches):
        raise Refusal(401, "no known secret made this signature")
    return message_id


class EventStore:
    """The accepted events. The id is the primary key, so that a repeated message changes nothing."""

    def __init__(self, path):
        self.database = sqlite3.connect(path)
        self.database.execute(
            "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, received_at REAL NOT NULL, body TEXT NOT NULL)"
        )

    def accept(self, message_id, body, now):
        """Stores an event. Returns false if it was stored before: messages arrive at least once.

        Put your own changes into this transaction: then each event takes effect once, also after a crash.
        """
        with self.database:
            row = (message_id, now, body.decode())
            inserted = self.database.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", row)
        return inserted.rowcount == 1


def read_secrets(path):
    """Returns the secrets of a file, one per line."""
    with open(path, encoding="utf-8") as lines:
        return [line.strip() for line in lines if line.strip()]


class Handler(http.server.BaseHTTPRequestHandler):
    """Replies 204 to an accepted or repeated message; any other status makes the server send it again."""

    protocol_version = "HTTP/1.1"
    # A peer that sends nothing for so long is disconnected.
    timeout = 30

    def do_POST(self):
        try:
            body = self.read_body()
            now = time.time()
            message_id = verify(read_secrets(self.server.secrets), self.headers, body, now)
            try:
                event = json.loads(body)
            except ValueError:
                raise Refusal(400, "the body is not JSON") from None
            if self.server.store.accept(message_id, body, now):
                print(json.dumps({"id": message_id, "event": event}, ensure_ascii=False), flush=True)
            self.reply(204, "")
        except Refusal as refusal:
            self.close_connection = True
            self.reply(refusal.status, str(refusal))
        except (OSError, sqlite3.Error, binascii.Error) as error:
            # Not stored: the message is sent again later.
            self.close_connection = True
            self.reply(500, "the event could not be stored")
            print(f"not stored: {error}", file=sys.stderr, flush=True)

    def read_body(self):
        length = self.headers.get("content-length") or ""
        if not length.isdecimal():
            raise Refusal(411, "content-length is missing")
        if int(length) > BODY_BYTES_MAX:
            raise Refusal(413, f"the body is longer than {BODY_BYTES_MAX} bytes")
        return self.rfile.read(int(length))

    def reply(self, status, text):
        self.send_response(status)
        if status != 204:
            self.send_header("content-type", "text/plain; charset=utf-8")
            self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, template, *values):
        """Writes no line for each request: accepted events are printed."""


def build_server(port, secrets, store):
    """Returns a server on loopback; put a proxy with TLS before it. It handles one message at a time."""
    server = http.server.HTTPServer(("127.0.0.1", port), Handler)
    server.secrets = secrets
    server.store = EventStore(store)
    return server


def main():
    parser = argparse.ArgumentParser(description="Receives webhooks: verifies signatures, tolerates repeats.")
    parser.add_argument("--secrets", required=True, help="a file with one signing secret (whsec_…) per line")
    parser.add_argument("--store", default="events.db", help="the SQLite file of the accepted events")
    parser.add_argument("--port", type=int, default=8090, help="0: a free port; it is printed")
    chosen = parser.parse_args()
    server = build_server(chosen.port, chosen.secrets, chosen.store)
    print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
