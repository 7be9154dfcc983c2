"""A provider that streams, as a program of its own: prints its port, then serves until it is ended.

`POST /v1/...`: 50 chunks in OpenAI's chat shape, one per 10 ms, then usage and `[DONE]`; `POST /v1/messages`: the same
in Anthropic's. `POST /hold/...`: one chunk, then silence until the client closes. `GET /count`: how many streams have
been begun. Every path costs next to nothing: the bytes are made once.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

import msgspec
import uvloop

CHUNKS: Final = 50
GAP_SECONDS: Final = 0.01
HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
BASE: Final[dict[str, object]] = {
    "id": "chatcmpl-abc123",
    "object": "chat.completion.chunk",
    "created": 1700000000,
    "model": "gpt-4o-mini-2024-07-18",
    "service_tier": "default",
    "system_fingerprint": "fp_0aa8d3e20b",
}


def _event(choices: list[object], usage: object = None) -> bytes:
    return b"data: " + msgspec.json.encode({**BASE, "choices": choices, "usage": usage}) + b"\n\n"


def _choice(delta: dict[str, str], finish: str | None = None) -> list[object]:
    return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]


def packets() -> list[bytes]:
    """The body of one stream as HTTP chunks: 50 tokens and the end."""
    usage = {"prompt_tokens": 24, "completion_tokens": CHUNKS, "total_tokens": 24 + CHUNKS}
    events = [_event(_choice({"content": f" token{number}"})) for number in range(CHUNKS)]
    events.append(_event(_choice({}, "stop")) + _event([], usage) + b"data: [DONE]\n\n")
    framed = [b"%x\r\n%b\r\n" % (len(event), event) for event in events]
    framed[-1] += b"0\r\n\r\n"
    return framed


def message_packets() -> list[bytes]:
    """The same stream in Anthropic's format."""

    def event(kind: str, **members: object) -> bytes:
        return f"event: {kind}\ndata: ".encode() + msgspec.json.encode({"type": kind, **members}) + b"\n\n"

    message: dict[str, object] = {"id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant",
               "model": "claude-haiku-4-5-20251001", "content": [], "stop_reason": None, "stop_sequence": None,
               "usage": {"input_tokens": 24, "output_tokens": 1}}  # fmt: skip
    block = {"type": "text", "text": ""}
    events = [
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": f" token{number}"})
        for number in range(CHUNKS)
    ]
    events[0] = (
        event("message_start", message=message) + event("content_block_start", index=0, content_block=block) + events[0]
    )
    last = {"stop_reason": "end_turn", "stop_sequence": None}
    events.append(
        event("content_block_stop", index=0)
        + event("message_delta", delta=last, usage={"output_tokens": CHUNKS})
        + event("message_stop")
    )
    framed = [b"%x\r\n%b\r\n" % (len(data), data) for data in events]
    framed[-1] += b"0\r\n\r\n"
    return framed


PACKETS: Final = packets()
MESSAGE_PACKETS: Final = message_packets()


class Provider(asyncio.Protocol):
    """One connection, one request at a time."""

    begun = 0
    """Streams begun since the start, over all connections."""

    def __init__(self) -> None:
        self._transport = cast("asyncio.Transport", None)
        self._buffer = b""
        self._at = 0
        self._packets = PACKETS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Wait for a whole request, then begin to answer."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n")[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        self._buffer = b""
        path = head.split(b" ", 2)[1]
        if path == b"/count":
            body = b"%d" % Provider.begun
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
            return
        Provider.begun += 1
        self._transport.write(HEAD)
        if path.startswith(b"/hold/"):
            self._transport.write(PACKETS[0])
            return
        self._at = 0
        self._packets = MESSAGE_PACKETS if path == b"/v1/messages" else PACKETS
        asyncio.get_running_loop().call_later(GAP_SECONDS, self._tick)

    def _tick(self) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(self._packets[self._at])
        self._at += 1
        if self._at < len(self._packets):
            asyncio.get_running_loop().call_later(GAP_SECONDS, self._tick)


async def main() -> None:
    """Serve on a port that the system chooses."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
