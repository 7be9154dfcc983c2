"""Stand-ins that speak the protocols of Langfuse (OTLP over HTTP), Sentry (envelopes) and webhooks, on one port."""

from __future__ import annotations

import base64
import gzip
import json
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

PUBLIC = "pk-lf-stand-in"
SECRET = "sk-lf-stand-in-0123456789"
SENTRY_KEY = "5e7123456789abcdef0123456789abcd"


@dataclass
class Span:
    """One span as it came over the wire."""

    name: str
    trace_id: str
    span_id: str
    start: int
    """Nanoseconds since 1970."""
    end: int
    attributes: dict[str, Any]
    service: str


@dataclass
class Heard:
    """Everything that was sent here."""

    spans: list[Span] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why a request was answered with 4xx."""
    requests: int = 0
    raw: list[bytes] = field(default_factory=list)
    """Bodies, unpacked: what left the gateway."""


class Observers:
    """Listens on a free port of this machine; `hang` keeps every answer back, `status` refuses with it."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.hanging = threading.Event()
        self.released = threading.Event()
        self.status = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer._serve(self)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the guide's block, and the address."""
        return {
            "LANGFUSE_PUBLIC_KEY": PUBLIC,
            "LANGFUSE_SECRET_KEY": SECRET,
            "LANGFUSE_HOST": self.url,
            "SENTRY_DSN": f"http://{SENTRY_KEY}@127.0.0.1:{self.port}/42",
        }

    def hang(self) -> None:
        """From now on take requests and answer none."""
        self.hanging.set()

    def wait(self, ready: Callable[[Heard], bool], seconds: float = 20.0) -> Heard:
        """Poll until `ready`; returns what was heard, ready or not, at the limit."""
        limit = time.monotonic() + seconds
        while not ready(self.heard) and time.monotonic() < limit:
            time.sleep(0.05)
        return self.heard

    def close(self) -> None:
        """Stop."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # The protocols.

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        body = _unpacked(request)
        self.heard.requests += 1
        self.heard.raw.append(body)
        if self.hanging.is_set():
            self.released.wait(60)
            return
        status, kind, answer = self._answer(request, body) if not self.status else (self.status, "text/plain", b"no")
        request.send_response(status)
        request.send_header("content-type", kind)
        request.send_header("content-length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def _answer(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        match request.path:
            case "/api/public/otel/v1/traces":
                return self._langfuse(request, body)
            case "/api/42/envelope/":
                return self._sentry(request, body)
            case "/slack" | "/webhook":
                self.heard.posts.append({"path": request.path} | json.loads(body))
                return 200, "text/plain", b"ok"
        self.heard.refused.append(f"unknown path {request.path}")
        return 404, "text/plain", b""

    def _langfuse(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        wanted = "Basic " + base64.b64encode(f"{PUBLIC}:{SECRET}".encode()).decode()
        if request.headers["authorization"] != wanted:
            self.heard.refused.append("langfuse credentials")
            return 401, "application/json", b"{}"
        message = ExportTraceServiceRequest.FromString(body)
        for resource in message.resource_spans:
            service = {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"]
            for scope in resource.scope_spans:
                self.heard.spans += [_span(span, service) for span in scope.spans]
        return 200, "application/x-protobuf", ExportTraceServiceResponse().SerializeToString()

    def _sentry(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        if f"sentry_key={SENTRY_KEY}" not in request.headers["x-sentry-auth"]:
            self.heard.refused.append("sentry credentials")
            return 403, "application/json", b"{}"
        head, _, rest = body.partition(b"\n")
        while rest:
            line, _, rest = rest.partition(b"\n")
            item = json.loads(line)
            size = item.get("length", rest.find(b"\n"))
            if item["type"] == "event":
                self.heard.events.append(json.loads(rest[:size]))
            rest = rest[size:].lstrip(b"\n")
        return 200, "application/json", json.dumps({"id": json.loads(head).get("event_id")}).encode()


def _span(span: Any, service: str) -> Span:
    values = {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}
    return Span(
        name=span.name, trace_id=span.trace_id.hex(), span_id=span.span_id.hex(), start=span.start_time_unix_nano,
        end=span.end_time_unix_nano, attributes=values, service=service,
    )  # fmt: skip


def _unpacked(request: BaseHTTPRequestHandler) -> bytes:
    if request.headers.get("transfer-encoding", "") == "chunked":
        pieces = []
        while size := int(request.rfile.readline().strip(), 16):
            pieces.append(request.rfile.read(size))
            request.rfile.readline()
        request.rfile.readline()
        body = b"".join(pieces)
    else:
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
    match request.headers.get("content-encoding", "").lower():
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case _:
            return body
