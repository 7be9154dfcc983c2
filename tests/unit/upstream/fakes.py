"""A transport without a socket, and an exchange that writes down what happens to it."""

from __future__ import annotations

import asyncio
from typing import Any

from typing_extensions import override

from trunkline.upstream import Connection, Headers, Kind, Origin, Pool, UpstreamFailure

ORIGIN = Origin("http", "provider.test", 80)


class FakeTransport(asyncio.Transport):
    """Remembers what was written and whether it was closed; `lose` ends the connection."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.written: list[bytes] = []
        self.state = "open"
        self.reading = True

    @override
    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.written.append(bytes(data))

    @override
    def close(self) -> None:
        self.state = "closed"

    @override
    def abort(self) -> None:
        self.state = "aborted"

    @override
    def is_closing(self) -> bool:
        return self.state != "open"

    @override
    def pause_reading(self) -> None:
        self.reading = False

    @override
    def resume_reading(self) -> None:
        self.reading = True

    @override
    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def lose(self, error: Exception | None = None) -> None:
        """The connection ends, by the peer's close or by an error."""
        self.state = "closed"
        self.protocol.connection_lost(error)


class FakeExchange:
    """An exchange that keeps everything it is told."""

    def __init__(self, request: bytes = b"POST / HTTP/1.1\r\n\r\n") -> None:
        self.connection: Connection | None = None
        self.request = request
        self.sent = 0
        self.wholes = 0
        self.status = 0
        self.headers: Headers = {}
        self.body = b""
        self.ended = 0
        self.failures: list[UpstreamFailure] = []

    def on_sent(self) -> None:
        """The request is on its way."""
        self.sent += 1

    def on_whole(self, status: int, headers: Headers, body: bytes) -> None:
        """The whole answer at once."""
        self.wholes += 1
        self.on_head(status, headers)
        self.on_data(body)
        self.on_end()

    def on_head(self, status: int, headers: Headers) -> None:
        """The answer begins; as the pipeline does, the request is let go of."""
        self.status, self.headers, self.request = status, headers, b""

    def on_data(self, data: bytes) -> None:
        """A piece of body."""
        self.body += data

    def on_end(self) -> None:
        """The answer is whole."""
        self.ended += 1

    def on_failure(self, failure: UpstreamFailure) -> None:
        """There is no more."""
        self.failures.append(failure)

    @property
    def kinds(self) -> list[Kind]:
        """Kinds of the failures."""
        return [failure.kind for failure in self.failures]


class FakePool(Pool):
    """A pool that dials fake transports, at once and without a task."""

    def __init__(self) -> None:
        super().__init__(ORIGIN, None, asyncio.get_running_loop())
        self.dialled: list[FakeTransport] = []

    @override
    def _dial(self, exchange: Any, seconds: float) -> None:
        connection = Connection(self)
        transport = FakeTransport(connection)
        connection.connection_made(transport)
        self.dialled.append(transport)
        self.open += 1
        connection.send(exchange)
        exchange.on_sent()

    @property
    def idle(self) -> list[Connection]:
        """Connections that wait."""
        return self._idle
