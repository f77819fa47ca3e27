"""A collector of traces: OTLP over HTTP, as protobuf, read with the messages of opentelemetry-proto.

Prints its port, then appends the bytes of each request to FOLDER/traces.bin and a JSON line per span to
FOLDER/spans.jsonl before it answers. Usage: receiver.py FOLDER
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

FOLDER = Path(sys.argv[1])


def value_of(value):
    """The value of an attribute; only text and integers are expected."""
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind in ("string_value", "int_value") else str(value)


def lines_of(request):
    """One line for each span, with its ids and attributes."""
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield {
                    "trace": span.trace_id.hex(),
                    "span": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "name": span.name,
                    "took_ns": span.end_time_unix_nano - span.start_time_unix_nano,
                    "attributes": {one.key: value_of(one.value) for one in span.attributes},
                }


class Receiver(BaseHTTPRequestHandler):
    """Answers one request after another on a connection."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        is_right = self.path == "/v1/traces" and self.headers["content-type"] == "application/x-protobuf"
        request = ExportTraceServiceRequest.FromString(body)
        with (FOLDER / "traces.bin").open("ab") as raw:
            raw.write(body)
        with (FOLDER / "spans.jsonl").open("a", encoding="utf-8") as spans:
            for line in lines_of(request):
                spans.write(json.dumps(line, ensure_ascii=False) + "\n")
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200 if is_right else 400)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Prints nothing per request."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(f"port {server.server_address[1]}", flush=True)
server.serve_forever()
