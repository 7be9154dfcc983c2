"""Answers with a line more: what a caller is told beside the answer, whatever the answer is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from trunkline.pipeline.surface import Sink

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class NoticedSink:
    """A `Sink` that puts `lines` among the headers. Only such calls pay for it."""

    __slots__ = ("_lines", "_sink", "client_ip")

    def __init__(self, sink: Sink, lines: bytes) -> None:
        self._sink = sink
        self._lines = lines
        self.client_ip = sink.client_ip

    def answer(self, status: int, block: bytes, body: bytes) -> None:
        """Send a whole answer."""
        self._sink.answer(status, block + self._lines, body)

    def start(self, status: int, block: bytes) -> None:
        """Begin an answer."""
        self._sink.start(status, block + self._lines)

    def write(self, data: bytes) -> None:
        """Send a piece."""
        self._sink.write(data)

    def end(self, data: bytes) -> None:
        """Send the last piece."""
        self._sink.end(data)

    def chunk_writer(self) -> Callable[[bytes], None] | None:
        """What sends framed pieces."""
        return self._sink.chunk_writer()

    @property
    def blocked(self) -> bool:
        """The client reads slower than we write."""
        return self._sink.blocked


def noticed(send: Send, lines: bytes) -> Send:
    """`send` of ASGI with these lines among the headers of the answer."""
    headers: Sequence[tuple[bytes, bytes]] = [
        (name, value) for line in lines.splitlines() for name, _, value in (line.partition(b": "),)
    ]

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return wrapped
