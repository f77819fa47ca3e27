"""Tests of the receiver with messages that a server sent and signed: `python3 test_receiver.py`.

`deliveries.json` was recorded from `ledgerline serve`: an event, its repeat after a refusal, and an event sent
after the secret was rotated, which has two signatures.
"""

import contextlib
import http.client
import io
import json
import pathlib
import tempfile
import threading
import unittest
from unittest import mock

import receiver

RECORDED = json.loads((pathlib.Path(__file__).parent / "deliveries.json").read_text(encoding="utf-8"))
OLD, NEW = RECORDED["secrets"]
FIRST, REPEAT, ROTATED = RECORDED["deliveries"]


def check(delivery, secrets, seconds=0, **changed):
    """Verifies a recorded message so many seconds after it was sent."""
    headers = {**delivery["headers"], **changed.pop("headers", {})}
    body = changed.get("body", delivery["body"]).encode()
    sent = int(delivery["headers"]["webhook-timestamp"])
    return receiver.verify(secrets, headers, body, sent + seconds)


class Signatures(unittest.TestCase):
    def test_a_signed_message_is_accepted_up_to_five_minutes(self):
        for seconds in (-300, 0, 300):
            self.assertEqual(check(FIRST, [OLD], seconds), FIRST["headers"]["webhook-id"])
        for seconds in (-301, 301):
            with self.assertRaisesRegex(receiver.Refusal, "five minutes"):
                check(FIRST, [OLD], seconds)

    def test_each_secret_verifies_a_message_that_both_signed(self):
        for secrets in ([OLD], [NEW], [NEW, OLD]):
            self.assertEqual(check(ROTATED, secrets), ROTATED["headers"]["webhook-id"])
        with self.assertRaisesRegex(receiver.Refusal, "no known secret"):
            check(FIRST, [NEW])

    def test_any_change_of_a_message_is_found(self):
        changes = [
            {"body": FIRST["body"].replace("TASK20261120", "TASK20261199")},
            {"body": FIRST["body"] + " "},
            {"headers": {"webhook-id": ROTATED["headers"]["webhook-id"]}},
            {"headers": {"webhook-timestamp": str(int(FIRST["headers"]["webhook-timestamp"]) + 1)}},
            {"headers": {"webhook-signature": REPEAT["headers"]["webhook-signature"]}},
            {"headers": {"webhook-signature": "v1,AAAA v1a,AAAA \u00e9"}},
        ]
        for change in changes:
            with self.assertRaisesRegex(receiver.Refusal, "no known secret"):
                check(FIRST, [OLD], **change)

    def test_a_message_without_a_header_is_refused(self):
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
            with self.assertRaisesRegex(receiver.Refusal, "is missing"):
                check(FIRST, [OLD], headers={name: None})
        with self.assertRaisesRegex(receiver.Refusal, "not a number"):
            check(FIRST, [OLD], headers={"webhook-timestamp": "now"})


class Server(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.secrets = pathlib.Path(folder.name, "secrets.txt")
        self.store = str(pathlib.Path(folder.name, "events.db"))
        self.secrets.write_text(f"{OLD}\n")

    def send(self, deliveries):
        """Sends messages to a new server on the same store. Returns the statuses and the printed events."""
        printed, statuses = io.StringIO(), []
        ready, address = threading.Event(), []

        def serve():
            # SQLite's connection belongs to the thread that made it.
            server = receiver.build_server(0, str(self.secrets), self.store)
            address.append(server.server_port)
            ready.set()
            with server:
                for _ in deliveries:
                    server.handle_request()
            server.store.database.close()

        now = int(FIRST["headers"]["webhook-timestamp"])
        with contextlib.redirect_stdout(printed), mock.patch("time.time", return_value=now):
            serving = threading.Thread(target=serve)
            serving.start()
            ready.wait()
            for delivery in deliveries:
                connection = http.client.HTTPConnection("127.0.0.1", address[0])
                headers = {**delivery["headers"], "connection": "close"}
                connection.request("POST", "/", delivery["body"].encode(), headers)
                statuses.append(connection.getresponse().status)
                connection.close()
            serving.join()
        return statuses, [json.loads(line) for line in printed.getvalue().splitlines()]

    def test_a_repeated_event_is_accepted_and_processed_once(self):
        statuses, events = self.send([FIRST, REPEAT, FIRST])
        self.assertEqual(statuses, [204, 204, 204])
        self.assertEqual([event["id"] for event in events], [FIRST["headers"]["webhook-id"]])
        self.assertEqual(events[0]["event"]["type"], "campaign.created")
        statuses, events = self.send([FIRST, ROTATED])
        self.assertEqual(statuses, [204, 204])
        self.assertEqual([event["id"] for event in events], [ROTATED["headers"]["webhook-id"]], "after a restart")

    def test_a_refused_message_is_not_stored(self):
        forged = {**FIRST, "body": FIRST["body"].replace("TASK20261120", "TASK20261199")}
        long = {"headers": {"content-length": str(receiver.BODY_BYTES_MAX + 1)}, "body": ""}
        statuses, events = self.send([forged, long, FIRST])
        self.assertEqual((statuses, len(events)), ([401, 413, 204], 1))
        self.secrets.write_text("")
        self.assertEqual(self.send([ROTATED])[0], [401], "without a secret nothing is accepted")


if __name__ == "__main__":
    unittest.main()
