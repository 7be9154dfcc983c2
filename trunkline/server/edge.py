"""The edge: uvicorn's protocol with a fast lane for calls to models.

uvicorn keeps start-up, TLS, signals and the ASGI application (management API, UI). A POST to a known surface never
becomes an ASGI scope: its body goes to the pipeline as bytes, and the answer is written from callbacks.

The edge frames messages itself (where a head and a body end) and feeds httptools no further, so that pipelined
requests wait in order, and limits hold before anything is read. Used of uvicorn 0.54 (`tests/contract/test_uvicorn.py`
holds it to this): `transport`, `parser`, `flow`, `cycle`, `headers`, `url`, `server_state`, `on_response_complete`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from trunkline.access import Refusal, refusal
from trunkline.pipeline.call import NEVER, Call
from trunkline.pipeline.surface import Arrival, Sink
from trunkline.server import head
from trunkline.server.liveness import PeerProbe, queued_bytes
from trunkline.server.noticed import NoticedSink
from trunkline.surfaces import routes
from trunkline.upstream.chunks import KNOWN_SIZES, LENGTHS, SIZE_LINES

if TYPE_CHECKING:
    from trunkline.server.gateway import LiveGateway

HEAD: Final = 0
BODY: Final = 1
CHUNKED: Final = 2
BUSY: Final = 3
DISCARD: Final = 4
CLOSED: Final = 5

MAX_MEMO_HEAD: Final = 4096
MAX_MEMOS: Final = 4096
SMALL_BODY: Final = 64 * 1024
"""A refused request this small is read to its end, so that the connection stays and the client sees the answer."""
DISCARD_SECONDS: Final = 2.0
BODY_BYTES_PER_SECOND: Final = 1024
"""Slower than this, on the whole, is no progress (reliability C03)."""
MAX_HELD: Final = 64 * 1024
HASH: Final = 0x23

_REASONS: Final = {
    200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict", 413: "Content Too Large",
    414: "URI Too Long", 415: "Unsupported Media Type", 422: "Unprocessable Content", 424: "Failed Dependency",
    429: "Too Many Requests", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip
STATUS_LINES: Final = {
    code: f"HTTP/1.1 {code} {_REASONS.get(code, 'Status')}\r\n".encode() for code in range(100, 1000)
}


class EdgeProtocol(HttpToolsProtocol):
    """One client connection; also the `Sink` of the call it carries."""

    __slots__ = (
        "_arrival", "_at_head_end", "_body", "_body_since", "_body_size", "_chunked", "_fast", "_head_size", "_held",
        "_keep_alive", "_last_request", "_line", "_line_read", "_memo_key", "_odd_line", "_outstanding", "_phase",
        "_probe", "_refusal", "_remaining", "_tail", "_worker", "blocked", "call", "client_ip", "deadline",
    )  # fmt: skip

    gateway: ClassVar[LiveGateway]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows the parameter
        self.call: Call | None = None
        self.client_ip = self.client[0] if self.client else ""
        self.blocked = False
        self._worker = self.gateway.worker
        self._phase = HEAD
        self._head_size = 0
        self._tail = b""
        self._at_head_end = self._line_read = self._odd_line = False
        self._line = b""
        self._remaining = 0
        self._arrival: Arrival | None = None
        self._refusal: Refusal | None = None
        self._fast = False
        self._body: list[bytes] = []
        self._body_size = 0
        self._body_since = 0.0
        self._held = b""
        self._memo_key = b""
        self._keep_alive = True
        self._last_request = False
        self._chunked = False
        self._outstanding = 0
        self._probe: PeerProbe | None = None
        self.deadline = self.loop.time() + self.gateway.limits.header_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        self._phase = CLOSED
        self.deadline = NEVER
        call, self.call = self.call, None
        self._probe = None
        super().connection_lost(exc)
        if call is not None:
            call.client_gone()

    # Bytes in.

    def data_received(self, data: bytes) -> None:
        if self._phase == HEAD and not self._head_size:
            if self._held:  # it came before
                data, self._held = self._held + data, b""
            # The head as bytes without the digits of its length: if these very bytes were let in before under this
            # configuration, they are let in again unread. A second length cannot hide in them: they were parsed once.
            # (From the start of a line: `X: Content-Length: 5` is not the length.)
            lines, _, body = data.partition(b"\r\n\r\n")
            before, name, rest = lines.partition(b"\r\nContent-Length: ")
            if not name:
                before, name, rest = lines.partition(b"\r\ncontent-length: ")
            digits, end, after = rest.partition(b"\r\n")
            key = before + name + end + after if name and len(lines) != len(data) else b""
            arrival = self._worker.state.heads.get(key)
            if arrival is not None:
                size = len(body)
                if digits == (LENGTHS[size] if size < KNOWN_SIZES else b"%d" % size):
                    self._keep_alive = arrival.keep_alive
                    self._begin(arrival, body, self)
                    return
            self._memo_key = key if digits.isdigit() else b""
        self._feed(data)

    def _feed(self, data: bytes) -> None:
        while data:
            match self._phase:
                case 0:  # HEAD
                    data = self._feed_head(data)
                case 1:  # BODY
                    piece, data = data[: self._remaining], data[self._remaining :]
                    self._remaining -= len(piece)
                    self._parse(piece)
                case 2:  # CHUNKED
                    piece, data = data, b""
                    self._parse(piece)
                case 3:  # BUSY
                    self._hold(data)
                    return
                case 4:  # DISCARD
                    self._body_size += len(data)
                    if self._body_size > SMALL_BODY * 16:
                        self.transport.close()
                    return
                case _:
                    return

    def _feed_head(self, data: bytes) -> bytes:
        """Feed no further than the end of the head; return what lies behind it."""
        if not self._head_size:
            if data[:2] == b"\r\n":  # RFC 9112, 2.2: an empty line before a request is ignored
                return data[2:]
            self.deadline = self.loop.time() + self.gateway.limits.header_seconds
        joined = self._tail + data
        end = joined.find(b"\r\n\r\n")
        if end < 0:
            piece, rest = data, b""
            self._tail = joined[-3:]
        else:
            cut = end + 4 - len(self._tail)
            piece, rest = data[:cut], data[cut:]
            self._at_head_end = True
        if not self._line_read:
            self._read_line(piece)
        self._head_size += len(piece)
        if self._head_size > self.gateway.limits.header_bytes:
            self._reject(refusal(431, "The head of the request is too large.", "invalid_request_error"))
            return b""
        self._parse(piece)
        if self._at_head_end and self._phase == HEAD and self._head_size:
            self._reject(_BAD_REQUEST)  # the parser saw no whole head where there was one
            return b""
        return rest

    def _read_line(self, piece: bytes) -> None:
        """Look at the protocol that the request line names: the parser also takes RTSP's and others."""
        self._line += piece
        end = self._line.find(b"\r\n")
        if end >= 0 or self._at_head_end:
            self._line_read = True
            self._odd_line = not self._line[: max(end, 0)].endswith((b" HTTP/1.1", b" HTTP/1.0"))
            self._line = b""

    def _parse(self, piece: bytes) -> None:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            # We switch to nothing; the parser takes no more, so the connection ends after this answer.
            self._last_request = True
        except httptools.HttpParserCallbackError as error:
            raise RuntimeError("a callback of the edge failed") from error.__context__
        except httptools.HttpParserError:
            if self._phase != CLOSED and self._phase != DISCARD:
                self._reject(_BAD_REQUEST)

    def _hold(self, data: bytes) -> None:
        """Keep pipelined bytes until the present answer is out."""
        self._held += data
        if len(self._held) > MAX_HELD:
            self.flow.pause_reading()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # uvicorn always closes
        if self._phase != BUSY:
            return None
        # Half-closed or gone? Both look the same until we send something: find out (reliability C05 and C06).
        self._last_request = True
        if self.call is None:
            return True
        self._probe = PeerProbe(self.transport)
        self.gateway.suspects.add(self)
        self.probe()
        return True

    def probe(self) -> bool:
        """Find out whether a client that sent its end still reads; return whether to ask again."""
        probe, call = self._probe, self.call
        if probe is None or call is None or self._phase != BUSY:
            return False
        if probe.is_dead():
            self.transport.abort()
            return False
        http10 = self._arrival is not None and self._arrival.http10
        if not call.head_sent:
            return probe.poke(b"" if http10 else b"HTTP/1.1 102 Processing\r\n\r\n")
        return probe.poke(b"4\r\n: \n\n\r\n" if self._chunked else b": \n\n")

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        if self._phase in (BUSY, DISCARD, CLOSED):
            self._last_request = True  # only behind a chunked body: answer the first, then close
            return
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self._phase == HEAD:
            self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._phase == HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._phase != HEAD:
            return
        version = self.parser.get_http_version()
        trouble = self._head_trouble(version)
        if trouble is not None:
            self._reject(trouble)
            return
        self._keep_alive = self.parser.should_keep_alive()
        length = head.content_length(self.headers)
        chunked = length is None and any(name == b"transfer-encoding" for name, _ in self.headers)
        self._remaining = length or 0
        self._body, self._body_size = [], 0
        self._body_since = now = self.loop.time()
        limits = self.gateway.limits
        self.deadline = now + limits.body_seconds
        self._phase = CHUNKED if chunked else BODY
        self._fast, self._refusal, self._arrival = False, None, None
        parsed = httptools.parse_url(self.url)
        matched = routes.match(parsed.path or b"", parsed.query or b"") if self.parser.get_method() == b"POST" else None
        if matched is None:
            if (length or 0) > limits.body_bytes:
                self._reject(self._too_large())
                return
            super().on_headers_complete()
            self.cycle.keep_alive = self.cycle.keep_alive and not self.gateway.closing
            return
        self._fast = True
        found = head.arrival(
            self.gateway.worker.state, *matched, self.headers, parsed.query or b"",
            keep_alive=self._keep_alive, http10=version == "1.0",
        )  # fmt: skip
        self._admit(found, length)

    def _admit(self, found: Arrival | Refusal, length: int | None) -> None:
        small = length is not None and length <= SMALL_BODY
        if isinstance(found, Refusal):
            if small:
                self._refusal = found
            else:
                self._reject(found)
            return
        if (length or 0) > self.gateway.limits.body_bytes:
            self._reject(self._too_large())
            return
        self._arrival = found
        if self.expect_100_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif found.notice:
            pass  # a former key: looked at anew each time, so that it ends on time and each use counts
        elif self._memo_key and length is not None and len(self._memo_key) <= MAX_MEMO_HEAD and not self._last_request:
            heads = self.gateway.worker.state.heads
            if len(heads) >= MAX_MEMOS:
                heads.clear()
            heads[self._memo_key] = found

    def _head_trouble(self, version: str) -> Refusal | None:
        limits = self.gateway.limits
        if not self._at_head_end or self._odd_line:
            return _BAD_REQUEST
        if len(self.url) > limits.url_bytes:
            return refusal(414, "The URL is too long.", "invalid_request_error")
        if HASH in self.url:  # RFC 9112, 3.2: no request target has one; whoever reads it differently goes elsewhere
            return refusal(400, "Bad request: a fragment in the URL.", "invalid_request_error")
        if len(self.headers) > limits.header_count:
            return refusal(431, "The request has too many header lines.", "invalid_request_error")
        trouble = head.host_trouble(self.headers, version) or head.framing_trouble(self.headers, version)
        if trouble is not None:
            return refusal(400, f"Bad request: {trouble}.", "invalid_request_error")
        return None

    def _too_large(self) -> Refusal:
        mega = self.gateway.limits.body_bytes / 1024 / 1024
        return refusal(
            413,
            f"The request body is larger than {mega:g} MB (`general_settings.max_request_size_mb`).",
            "invalid_request_error",
        )

    def on_body(self, body: bytes) -> None:
        if self._phase not in (BODY, CHUNKED):
            return
        now = self.loop.time()
        self._body_size += len(body)
        limits = self.gateway.limits
        slowest = self._body_since + limits.body_seconds + self._body_size / BODY_BYTES_PER_SECOND
        self.deadline = min(now + limits.body_seconds, slowest)
        if self._body_size > limits.body_bytes:
            self._reject(self._too_large())
        elif self._fast:
            self._body.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._phase not in (BODY, CHUNKED):
            return
        self._phase = BUSY
        self.deadline = NEVER
        if not self._fast:
            super().on_message_complete()
            if self.cycle.response_complete:
                self._finished()
            return
        if self._refusal is not None:
            why, self._refusal = self._refusal, None
            lines = b"".join(b"%b: %b\r\n" % pair for pair in why.headers)
            self.gateway.count_refusal(why.status)
            self.answer(why.status, b"content-type: application/json\r\n" + lines, why.body)
            return
        assert self._arrival is not None
        body, self._body = b"".join(self._body), []
        notice = self._arrival.notice
        self._begin(self._arrival, body, NoticedSink(self, notice) if notice else self)

    def _begin(self, arrival: Arrival, body: bytes, sink: Sink) -> None:
        self._phase = BUSY
        self.deadline = NEVER
        self._arrival = arrival
        self.call = call = Call(self._worker, sink, arrival, body)
        try:
            call.begin()
        except Exception:  # noqa: BLE001 - a fault of our own must end in an answer and a row
            call.crashed()

    # Bytes out (Sink).

    def answer(self, status: int, block: bytes, body: bytes) -> None:
        if self._phase == CLOSED:
            return
        gateway, size = self.gateway, len(body)
        keep = self._keep_alive and not self._last_request and not gateway.closing
        self._keep_alive = keep
        length = LENGTHS[size] if size < KNOWN_SIZES else b"%d" % size
        rest = b"\r\n\r\n" if keep else b"\r\nconnection: close\r\n\r\n"
        self.transport.write(
            b"".join((STATUS_LINES[status], gateway.date, block, b"content-length: ", length, rest, body))
        )
        self._finished()

    def start(self, status: int, block: bytes) -> None:
        if self._phase == CLOSED:
            return
        self._chunked = not (self._arrival is not None and self._arrival.http10)
        self._keep_alive = self._keep_alive and self._chunked and not self._last_request and not self.gateway.closing
        self.transport.write(
            b"%b%b%b%b%b\r\n"
            % (
                STATUS_LINES[status], self.gateway.date, block,
                b"transfer-encoding: chunked\r\n" if self._chunked else b"",
                b"" if self._keep_alive else b"connection: close\r\n",
            )
        )  # fmt: skip

    def write(self, data: bytes) -> None:
        if self._phase == CLOSED:
            return
        if self._chunked:
            size = len(data)
            data = (SIZE_LINES[size] if size < KNOWN_SIZES else b"%x\r\n" % size) + data + b"\r\n"
        self.transport.write(data)

    def chunk_writer(self) -> Callable[[bytes], None] | None:
        # Nothing of this connection changes until the call is over or hears that its client has gone.
        return self.transport.write if self._phase == BUSY and self._chunked else None

    def end(self, data: bytes) -> None:
        if self._phase == CLOSED:
            return
        if self._chunked:
            data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if data else b"0\r\n\r\n"
        self.transport.write(data)
        self._finished()

    def _finished(self) -> None:
        """The answer is out: wait for the next request, or close."""
        self.call = None
        self._probe = None
        self._head_size = 0
        self._tail = b""
        self._at_head_end = self._line_read = False
        self._phase = HEAD
        if not self._keep_alive or self._last_request or self.transport.is_closing():
            self.transport.close()
            return
        self.server_state.total_requests += 1
        self.deadline = self.loop.time() + self.gateway.limits.keepalive_seconds
        if self._held:
            self.flow.resume_reading()
            self.loop.call_soon(self._feed_held)

    def _feed_held(self) -> None:
        """Go on with what waited, unless more has come meanwhile and took it along."""
        if self._phase == HEAD and self._held:
            self.data_received(b"")

    def on_response_complete(self) -> None:
        """uvicorn's ASGI cycle has sent its answer."""
        if self._phase == BUSY:
            self._keep_alive = self._keep_alive and self.cycle.keep_alive
            self._finished()

    def _reject(self, why: Refusal) -> None:
        """Answer at once and take nothing more; what still comes is thrown away for a moment, so that a client that
        is still sending gets to see the answer.
        """
        self._phase = DISCARD
        self._body, self._held, self._body_size = [], b"", 0
        self.gateway.count_refusal(why.status)
        lines = b"".join(b"%b: %b\r\n" % pair for pair in why.headers)
        self.transport.write(
            b"%b%bcontent-type: application/json\r\n%bcontent-length: %d\r\nconnection: close\r\n\r\n%b"
            % (STATUS_LINES[why.status], self.gateway.date, lines, len(why.body), why.body)
        )
        self.deadline = self.loop.time() + DISCARD_SECONDS
        if self.transport.can_write_eof():
            self.transport.write_eof()

    # Time and pressure.

    def on_deadline(self, now: float) -> None:
        """A limit of this connection is due; called by the gateway's one timer."""
        if self._phase == BUSY:
            left = queued_bytes(self.transport)
            if left < self._outstanding:
                self._outstanding = left
                self.deadline = now + self.gateway.limits.write_seconds
            else:
                self.transport.abort()
            return
        if self._phase in (BODY, CHUNKED) or (self._phase == HEAD and self._head_size):
            self._reject(refusal(408, "The request did not arrive in time.", "timeout_error"))
            return
        self.deadline = NEVER
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.blocked = True
        self._outstanding = queued_bytes(self.transport)
        self.deadline = self.loop.time() + self.gateway.limits.write_seconds
        if self.call is not None and self.call.head_sent:
            self.call.hold_back()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.blocked = False
        if self._phase == BUSY:
            self.deadline = NEVER
        if self.call is not None:
            self.call.unblocked()

    def shutdown(self) -> None:
        """The gateway stops: close when idle, else after the present answer."""
        if self._phase == BUSY or self._phase in (BODY, CHUNKED) or self._head_size:
            self._last_request = True
            cycle: RequestResponseCycle | None = self.cycle
            if cycle is not None and not cycle.response_complete:
                cycle.keep_alive = False
        else:
            self.transport.close()


_BAD_REQUEST: Final = refusal(400, "Invalid HTTP request received.", "invalid_request_error")
