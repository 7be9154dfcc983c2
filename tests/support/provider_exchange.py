"""One request at the fake provider, and the means to answer it well or badly."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tests.support.provider_ledger import Entry

if TYPE_CHECKING:
    from tests.support.provider_server import Connection

TAIL: Final = "é中😀"
"""In every piece of text, so that a byte lost or a character split shows."""


class ClientGone(Exception):
    """The gateway closed the connection while it was being answered."""


class Exchange:
    """A request read in full, its ledger entry, and its way to the client."""

    def __init__(
        self, connection: Connection, entry: Entry, body: dict[str, object], arguments: dict[str, str]
    ) -> None:
        self.connection = connection
        self.entry = entry
        self.body_in = body
        self.arguments = arguments
        self.chunked = arguments.get("framing", "chunked" if entry.stream else "length") == "chunked"
        self.keep = arguments.get("framing") != "close"
        """False once the connection must not be used for another request."""
        self._hash = hashlib.sha256()

    def text(self, name: str, default: str) -> str:
        """An argument of the fault."""
        return self.arguments.get(name, default)

    def number(self, name: str, default: float) -> float:
        """A numeric argument of the fault."""
        return float(self.arguments.get(name, default))

    def integer(self, name: str, default: int) -> int:
        """A whole-number argument of the fault."""
        return int(self.arguments.get(name, default))

    # What a good answer consists of -----------------------------------------------------------------

    @property
    def wants_usage(self) -> bool:
        """Whether the request asked for a usage event at the end of the stream."""
        options = self.body_in.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True

    def usage(self) -> dict[str, object]:
        """The true usage, in OpenAI's form."""
        prompt, completion = self.entry.prompt_tokens, self.entry.completion_tokens
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def piece(self, index: int) -> str:
        """The text of content event `index`: it names its request, so that mixed-up answers show."""
        return f"{self.entry.marker}#{index}{TAIL}{'x' * self.integer('size', 0)} "

    def chunk(self, delta: dict[str, object], finish: str | None = None, **more: object) -> dict[str, object]:
        """One stream object of the endpoint that was called."""
        base: dict[str, object] = {
            "id": f"chatcmpl-{self.entry.number}",
            "object": "chat.completion.chunk",
            "created": 1700000000,
            "model": "fake-1",
        }
        if self.entry.path.endswith("/chat/completions"):
            base["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
        else:
            base["object"] = "text_completion"
            base["choices"] = [{"index": 0, "text": delta.get("content", ""), "finish_reason": finish}]
        return base | more

    def content_events(self) -> list[bytes]:
        """The events that carry text."""
        events: list[bytes] = []
        for index in range(self.entry.completion_tokens):
            delta: dict[str, object] = {"content": self.piece(index)}
            if index == 0:
                delta = {"role": "assistant"} | delta
            events.append(sse(self.chunk(delta)))
        return events

    def closing_events(self, usage: object = None) -> list[bytes]:
        """Finish reason, usage where asked for, `[DONE]`."""
        events = [sse(self.chunk({}, "stop"))]
        if self.wants_usage:
            events.append(sse(self.chunk({}, choices=[], usage=usage or self.usage())))
        return [*events, b"data: [DONE]\n\n"]

    def pieces(self) -> list[bytes]:
        """The whole answer's body: events of a stream, or one JSON text."""
        if self.entry.stream:
            return [*self.content_events(), *self.closing_events()]
        return [json.dumps(self.whole(self.usage()), ensure_ascii=False).encode()]

    def whole(self, usage: object) -> dict[str, object]:
        """The answer that is not streamed."""
        text = "".join(self.piece(index) for index in range(self.entry.completion_tokens))
        base: dict[str, object] = {"id": f"chatcmpl-{self.entry.number}", "created": 1700000000, "model": "fake-1"}
        if self.entry.path.endswith("/embeddings"):
            data = [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 0.125]}]
            return base | {"object": "list", "data": data, "usage": usage}
        choice: dict[str, object] = {"index": 0, "finish_reason": "stop"}
        if self.entry.path.endswith("/chat/completions"):
            choice["message"] = {"role": "assistant", "content": text}
            return base | {"object": "chat.completion", "choices": [choice], "usage": usage}
        return base | {"object": "text_completion", "choices": [choice | {"text": text}], "usage": usage}

    def head(self, length: int | None = None, status: str = "200 OK", extra: Sequence[str] = ()) -> bytes:
        """Status line and headers that fit the framing."""
        lines = [f"HTTP/1.1 {status}", f"X-Request-Id: req-{self.entry.number}"]
        lines.append("Content-Type: text/event-stream" if self.entry.stream else "Content-Type: application/json")
        if self.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif length is not None and self.text("framing", "length") == "length":
            lines.append(f"Content-Length: {length}")
        else:
            lines.append("Connection: close")
            self.keep = False
        return "\r\n".join([*lines, *extra, "", ""]).encode("latin-1", "surrogateescape")

    def frame(self, data: bytes) -> bytes:
        """`data` as one piece of the body in its framing."""
        return b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data

    # Sending ----------------------------------------------------------------------------------------

    async def raw(self, data: bytes) -> None:
        """Write bytes as they are; waits for room. Raises `ClientGone`."""
        await self.connection.write(data)

    async def send(self, data: bytes) -> None:
        """Write one piece of body in its framing."""
        self._hash.update(data)
        self.entry.answer_bytes += len(data)
        await self.raw(self.frame(data))

    async def begin(self, length: int | None = None, status: str = "200 OK", extra: Sequence[str] = ()) -> None:
        """Write the head."""
        await self.raw(self.head(length, status, extra))

    async def end(self) -> None:
        """Write what ends the body, and note that the answer is complete."""
        if self.chunked:
            await self.raw(b"0\r\n\r\n")
        self.entry.answer_sha256 = self._hash.hexdigest()
        self.entry.done_sent = True
        self.finish("done")
        if not self.keep:
            self.connection.close()

    async def sleep(self, seconds: float) -> None:
        """Wait; raises `ClientGone` at once when the client closes."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.connection.gone.wait(), seconds)
        if self.connection.gone.is_set():
            raise ClientGone

    async def hang(self) -> None:
        """Wait until the client closes."""
        await self.sleep(3600)

    async def settle(self) -> None:
        """Give what was written the time to arrive, so that a reset does not overtake it."""
        await self.connection.flushed()
        await asyncio.sleep(0.02)

    async def rst(self) -> None:
        """Close with a reset."""
        await self.settle()
        self.finish("rst")
        handle = self.connection.transport.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.transport.abort()
        self.keep = False

    async def fin(self) -> None:
        """Close in order, wherever the answer stands."""
        await self.connection.flushed()
        self.finish("fin")
        self.connection.close()
        self.keep = False

    def finish(self, how: str) -> None:
        if self.entry.ended == "open":
            self.entry.ended = how
            self.entry.ended_at = time.monotonic()


def sse(value: object) -> bytes:
    """One event as OpenAI writes it."""
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
