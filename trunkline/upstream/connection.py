"""One HTTP/1.1 connection to a provider. It pushes what arrives into an `Exchange`; no task, no queue."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol, cast

import httptools

from trunkline.upstream.chunks import FRAMINGS, KNOWN_SIZES, NO_FRAMING, take_chunks
from trunkline.upstream.failure import Kind, UpstreamFailure
from trunkline.upstream.heads import Headers, read_head

if TYPE_CHECKING:
    from trunkline.upstream.pool import Pool

MAX_INTERIM: Final = 8
"""1xx answers before the real one; a flood of them is an attack (reliability U27)."""
MAX_HEAD_BYTES: Final = 128 * 1024

_log = logging.getLogger(__name__)


class Exchange(Protocol):
    """Who sent a request and takes its answer. Calls come in this order, all on the event loop:
    `on_sent`, `on_head`, `on_data` any number of times, then one of `on_end` and `on_failure`; or `on_whole` alone.
    """

    connection: Connection | None
    """The connection that serves the exchange: set by the pool, before `on_sent`."""
    request: bytes
    """The whole request; kept until the answer begins, for a second sending on a connection that stands."""

    def on_sent(self) -> None:
        """The request is on its way, on a connection that had to be made first."""

    def on_whole(self, status: int, headers: Headers, body: bytes) -> None:
        """The whole answer, at once: instead of the calls below."""

    def on_head(self, status: int, headers: Headers) -> None:
        """Status and headers (names in lower case)."""

    def on_data(self, data: bytes) -> None:
        """A piece of the body, without its chunk framing."""

    def on_end(self) -> None:
        """The answer is whole."""

    def on_failure(self, failure: UpstreamFailure) -> None:
        """There will be no more."""


class Lane(Protocol):
    """A short way past the exchange, for reads that it knows the look of."""

    def take(self, data: bytes) -> bool:
        """Take a read, its chunk framing included; `False`: it is not of the kind, and nothing was done with it."""


class Connection(asyncio.Protocol):
    """Keep-alive connection; belongs to its pool while idle and to one exchange otherwise."""

    __slots__ = (
        "_chunked", "_done", "_exchange", "_head_bytes", "_headers", "_interim", "_parser", "_pool", "_read",
        "_reading_paused", "_reusable", "_seen", "_status", "idle_since", "lane", "on_header", "served",
        "transport", "write_paused",
    )  # fmt: skip

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._read: Headers = {}
        # The parser calls this for each header line: a C function instead of a method of ours, 0.2 us less a line.
        self.on_header = self._read.__setitem__
        self._parser = httptools.HttpResponseParser(self)
        self._exchange: Exchange | None = None
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self.served = 0
        self.idle_since = 0.0
        self.write_paused = False
        self._headers: Headers = {}
        self._status = 0
        self._interim = 0
        self._head_bytes = 0
        self._seen = False
        self._done = False
        self._reusable = True
        self._reading_paused = False
        self._chunked = False
        """Every byte so far was fed in whole chunks: the next one begins at a chunk."""
        self.lane: Lane | None = None
        """Sees reads before the exchange does; only while there is one and `_chunked` holds (`shorten`)."""

    # What an exchange asks for.

    def send(self, exchange: Exchange) -> None:
        """Send the exchange's request; the answer goes to it."""
        self._exchange = exchange
        exchange.connection = self
        if self.served:
            self._status = 0
            self._seen = self._done = self._chunked = False
        self.served += 1
        self.transport.write(exchange.request)

    def cancel(self) -> None:
        """Stop the exchange: the provider sees the connection close."""
        self._exchange = self.lane = None
        self.transport.abort()

    def linger(self) -> None:
        """The exchange needs no more; take the end of the answer if it is near, so that the connection can be kept."""
        self._exchange = self.lane = None
        if self._done:
            return
        self._pool.linger(self)

    def shorten(self, lane: Lane | None) -> None:
        """Show further reads to `lane` first, while each of them is made of whole chunks; `None`: no longer."""
        self.lane = lane if self._chunked else None

    def pause(self) -> None:
        """Read no more until `resume`: the provider's send blocks."""
        if not self._reading_paused and not self.transport.is_closing():
            self._reading_paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._reading_paused and not self.transport.is_closing():
            self._reading_paused = False
            self.transport.resume_reading()

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        self.write_paused = True

    def resume_writing(self) -> None:
        self.write_paused = False

    def data_received(self, data: bytes) -> None:
        lane = self.lane
        if lane is not None and lane.take(data):
            return
        exchange = self._exchange
        if exchange is None and (self.served == 0 or self._done):
            self.transport.abort()  # an answer nobody asked for: the next request must not read it (U20)
            return
        if self._chunked:
            # The usual read of a stream: one whole chunk, one event.
            line, size = FRAMINGS[len(data)] if len(data) < KNOWN_SIZES else NO_FRAMING
            content = data.removeprefix(line).removesuffix(b"\r\n")
            if len(content) == size and exchange is not None:  # both are gone: the length allows no other sum
                exchange.on_data(content)
                return
            data = self._take_chunks(data)
        elif not self._seen:
            if self._take_whole(data):
                return
            self._seen = True
            data = self._feed_head(data)
        if data:
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
            if self._status == 0:
                self._count_head(data)
        except httptools.HttpParserUpgrade:
            self._fail(Kind.PROTOCOL, "the provider wanted to switch protocols")
        except httptools.HttpParserCallbackError as error:
            _log.error("an exchange failed to take its answer", exc_info=error.__context__)
            self._fail(Kind.PROTOCOL, "the gateway failed to read the provider's answer")
        except httptools.HttpParserError as error:
            if self._done:
                self.transport.abort()  # bytes behind a whole answer: it counts, the connection does not
                return
            self._fail(Kind.PROTOCOL, f"the provider's answer is no valid HTTP/1.1 ({type(error).__name__})")

    def _take_whole(self, data: bytes) -> bool:
        """Take an ordinary answer that came whole in one read, past the parser."""
        exchange = self._exchange
        end = data.find(b"\r\n\r\n")
        head = read_head(data, end) if end > 0 else None
        if head is None or exchange is None or len(data) - end - 4 != head[2]:
            return False
        self._seen = self._done = True
        self._exchange = None
        self._pool.release(self, keep=True)
        try:
            exchange.on_whole(head[0], head[1], data[end + 4 :])
        except Exception:  # noqa: BLE001 - whatever failed, the call must end in an answer
            _log.exception("an exchange failed to take its answer")
            exchange.on_failure(UpstreamFailure(Kind.PROTOCOL, "the gateway failed to read the provider's answer"))
        return True

    def _feed_head(self, data: bytes) -> bytes:
        """Feed the head alone where it is whole, so that it is known where the first chunk begins; return the rest."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return data
        self._feed(data[: end + 4])
        rest = data[end + 4 :]
        self._chunked = not self._done and self._headers.get(b"transfer-encoding", b"").lower() == b"chunked"
        return self._take_chunks(rest) if self._chunked and rest else rest

    def _take_chunks(self, data: bytes) -> bytes:
        content, rest = take_chunks(data)
        if content and self._exchange is not None:
            self._exchange.on_data(content)
        if rest:
            self.lane = None
            self._chunked = False  # the parser takes over: from here on only it knows where a chunk begins
        return b"" if self._done else rest

    def _count_head(self, data: bytes) -> None:
        """The head is not whole yet: it must not grow for ever."""
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self._done:
            self._fail(Kind.PROTOCOL, f"the head of the provider's answer passed {MAX_HEAD_BYTES} bytes")

    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.forget(self)
        # The parser holds our methods and we hold it: let go, or each lost connection (1.1 KB) waits for a collection
        # of cycles, and those are rare. 15,000 abandoned streams made a worker 28 % larger.
        self._parser = cast("httptools.HttpResponseParser", None)
        exchange, self._exchange, self.lane = self._exchange, None, None
        if exchange is None or self._done:
            return
        if not self._seen and self.served > 1 and self._pool.resend(exchange):
            return
        if self._status == 0:
            exchange.on_failure(UpstreamFailure(Kind.RESET, "the provider closed the connection before it answered"))
        elif self._until_close and exc is None:
            exchange.on_end()
        else:
            exchange.on_failure(UpstreamFailure(Kind.TRUNCATED, "the provider closed the connection inside its answer"))

    @property
    def _until_close(self) -> bool:
        """The answer has no length of its own: it ends with the connection (RFC 9112, 6.3)."""
        return b"content-length" not in self._headers and b"transfer-encoding" not in self._headers

    def _fail(self, kind: Kind, text: str) -> None:
        exchange, self._exchange, self.lane = self._exchange, None, None
        self._done = True
        self.transport.abort()
        if exchange is not None:
            exchange.on_failure(UpstreamFailure(kind, text))

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._done:
            self._reusable = False
            self.transport.abort()

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._done:
            return
        self._headers = {name.lower(): value for name, value in self._read.items()}
        self._read.clear()
        if status < 200:
            self._interim += 1
            return
        self._status = status
        self._interim = self._head_bytes = 0
        exchange = self._exchange
        if exchange is not None:
            exchange.on_head(status, self._headers)

    def on_body(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is not None and not self._done:
            exchange.on_data(data)

    def on_message_complete(self) -> None:
        if self._done:
            return
        if self._status == 0:
            if self._interim > MAX_INTERIM:
                self._fail(Kind.PROTOCOL, f"the provider sent more than {MAX_INTERIM} interim answers")
            return
        self._done = True
        exchange, self._exchange, self.lane = self._exchange, None, None
        keep = self._reusable and self._parser.should_keep_alive()
        if self._reading_paused:
            self.resume()
        self._pool.release(self, keep=keep)
        if exchange is not None:
            exchange.on_end()
