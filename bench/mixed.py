"""Mixed load, as a program of its own: `python -m bench.mixed PORT SECONDS` (key on stdin).

Twenty clients, each on a connection that it keeps: whole answers, streams, streams left in the middle, unknown models,
wrong keys, lists of models, with a pause between. Prints `CALLS ERRORS` at the end; an error is an answer that is not
what it should be. The sequence is the same in every run.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Final

import uvloop

from bench.gateway import CHAT_MODEL, STREAM_MODEL
from bench.rig import PATH, REQUEST

CLIENTS: Final = 20
PAUSE_SECONDS: Final = 0.06
"""At most; half of it on average: some 300 calls a second in all."""
KINDS: Final = ("chat", "stream", "leave", "unknown", "stranger", "list")
WEIGHTS: Final = (80, 8, 3, 3, 3, 3)
EXPECTED: Final = {"chat": 200, "stream": 200, "leave": 200, "unknown": 400, "stranger": 401, "list": 200}


class Client:
    """One client and its connection."""

    def __init__(self, port: int, key: str, seed: int) -> None:
        self._port = port
        self._key = key
        self._random = random.Random(seed)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.calls = 0
        self.errors = 0

    async def run(self, until: float) -> None:
        """Call until that time (monotonic seconds)."""
        while time.monotonic() < until:
            kind = self._random.choices(KINDS, WEIGHTS)[0]
            self.calls += 1
            try:
                self.errors += not await self._call(kind)
            except (OSError, asyncio.IncompleteReadError, ValueError):
                self.errors += 1
                self._close()
            await asyncio.sleep(self._random.uniform(0, PAUSE_SECONDS))
        self._close()

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def _request(self, kind: str) -> bytes:
        key = "sk-nobody-has-this-key" if kind == "stranger" else self._key
        head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        if kind == "list":
            return f"GET /v1/models HTTP/1.1\r\n{head}\r\n".encode()
        streamed = kind in {"stream", "leave"}
        model = "no-such-model" if kind == "unknown" else STREAM_MODEL if streamed else CHAT_MODEL
        # Prompts of every size up to 8 KB: memory that is kept would be of every size too.
        filler = "x" * self._random.randrange(8192)
        body = json.dumps(
            {"model": model, **REQUEST, "stream": streamed, "user": filler[:200], "metadata": {"f": filler}}
        )
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"POST {PATH} HTTP/1.1\r\n{head}\r\n{body}".encode()

    async def _call(self, kind: str) -> bool:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(self._request(kind))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        right = int(head[9:12]) == EXPECTED[kind]
        if kind == "leave":
            await reader.readuntil(b"\n\n")
            self._close()
            return right
        body = await _read_body(reader, head)
        if b"\r\nconnection: close" in head:
            self._close()
        return right and (kind != "stream" or body.rstrip().endswith(b"[DONE]"))


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        return await reader.readexactly(int(head[at + 17 :].split(b"\r\n", 1)[0]))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


async def main(port: int, seconds: float) -> None:
    """Run the clients and print what they counted."""
    key = sys.stdin.readline().strip()
    clients = [Client(port, key, seed) for seed in range(CLIENTS)]
    until = time.monotonic() + seconds
    await asyncio.gather(*(client.run(until) for client in clients))
    print(sum(client.calls for client in clients), sum(client.errors for client in clients), flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))
