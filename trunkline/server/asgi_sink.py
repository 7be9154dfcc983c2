"""A call's two ends in ASGI: its body in, its answer out, as fast as the client reads."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from trunkline.access import Refusal, refusal
from trunkline.pipeline.call import Call

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HIGH_WATER: Final = 256 * 1024
"""Bytes that wait for a slow client before the provider is held back; it goes on below a quarter of it."""


class AsgiSink:
    """Takes an answer from callbacks and hands it on as ASGI messages, as fast as the client reads."""

    def __init__(self, client_ip: str) -> None:
        self.client_ip = client_ip
        self.blocked = False
        self.call: Call | None = None
        self._messages: deque[dict[str, object]] = deque()
        self._wake = asyncio.Event()
        self._waiting = 0
        self._closed = False

    # Sink.

    def answer(self, status: int, block: bytes, body: bytes) -> None:
        """Send a whole answer."""
        # RFC 9110, 8.6: no length where there can be no body.
        length = [] if status in (204, 304) else [(b"content-length", b"%d" % len(body))]
        self._put({"type": "http.response.start", "status": status, "headers": [*_lines(block), *length]}, 0)
        self._put({"type": "http.response.body", "body": body, "more_body": False}, len(body))

    def start(self, status: int, block: bytes) -> None:
        """Begin an answer."""
        self._put({"type": "http.response.start", "status": status, "headers": _lines(block)}, 0)

    def write(self, data: bytes) -> None:
        """Send a piece."""
        self._put({"type": "http.response.body", "body": data, "more_body": True}, len(data))

    def end(self, data: bytes) -> None:
        """Send the last piece."""
        self._put({"type": "http.response.body", "body": data, "more_body": False}, len(data))

    def chunk_writer(self) -> None:
        """The server frames the pieces."""

    def cut(self) -> None:
        """End the answer before its end: the server closes the connection when an application leaves it so."""
        self._put({"type": "cut"}, 0)

    # The other side.

    def close(self) -> None:
        """The client has gone: take nothing more."""
        self._closed = True
        self._messages.clear()
        self._wake.set()

    async def drain(self, send: Send) -> None:
        """Hand on what comes until the answer is out or the client has gone."""
        while not self._closed:
            await self._wake.wait()
            self._wake.clear()
            while self._messages:
                message = self._messages.popleft()
                if message["type"] == "cut":
                    self.close()
                    return
                try:
                    await send(message)
                except OSError:  # ASGI 2.4: the client has gone
                    self.close()
                    return
                body = message.get("body", b"")
                assert isinstance(body, bytes)
                self._taken(len(body))
                if message.get("more_body") is False:
                    return

    def _put(self, message: dict[str, object], size: int) -> None:
        if self._closed:
            return
        self._messages.append(message)
        self._waiting += size
        self.blocked = self._waiting > HIGH_WATER
        self._wake.set()

    def _taken(self, size: int) -> None:
        self._waiting -= size
        if self.blocked and self._waiting < HIGH_WATER // 4:
            self.blocked = False
            if self.call is not None:
                self.call.unblocked()


async def converse(call: Call, sink: AsgiSink, receive: Receive, send: Send) -> None:
    """Send the answer as it comes; when the client goes, or the server cancels us, the call hears of it."""
    watching = asyncio.get_running_loop().create_task(_watch(call, sink, receive))
    try:
        await sink.drain(send)
    finally:
        watching.cancel()
        sink.close()
        call.client_gone()  # does nothing when the call is over


async def _watch(call: Call, sink: AsgiSink, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    sink.close()
    call.client_gone()


async def whole_body(receive: Receive, limit: int) -> bytes | Refusal | None:
    """The whole body; a refusal where it is larger than `limit` bytes, `None` where the client left before its end."""
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            return refusal(
                413,
                f"The request body is larger than {limit / 1024 / 1024:g} MB (`general_settings.max_request_size_mb`).",
                "invalid_request_error",
            )
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


async def refuse(send: Send, why: Refusal) -> None:
    """Answer with a refusal."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(why.body)), *why.headers]
    await send({"type": "http.response.start", "status": why.status, "headers": headers})
    await send({"type": "http.response.body", "body": why.body})


def client_of(scope: Scope) -> str:
    """The client's address; empty where the server does not say it."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _lines(block: bytes) -> list[tuple[bytes, bytes]]:
    """A header block of the pipeline as ASGI has it."""
    pairs = (line.partition(b":") for line in block.split(b"\r\n") if line)
    return [(name.lower(), value.strip()) for name, _, value in pairs]
