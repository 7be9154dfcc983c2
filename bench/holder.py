"""A client with many open streams, as a program of its own: `python -m bench.holder PORT COUNT MODEL` (key on stdin).

Prints `ready` when every stream has had its first event, then `still N` for each line on standard input: how many are
open yet. Ends when standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Final, cast

import uvloop

from bench.rig import PATH, REQUEST

AT_ONCE: Final = 50
"""Streams being opened at a time, so that no listening queue overflows."""


class Stream(asyncio.Protocol):
    """One open stream."""

    open = 0
    """Streams that have had an event and are still there."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._seen = b""
        self.begun: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """Wait for the first event; later bytes (pings) are of no interest."""
        if not self.begun.done():
            self._seen += data
            if b"data: {" in self._seen or not self._seen.startswith(b"HTTP/1.1 200"):
                good = self._seen.startswith(b"HTTP/1.1 200")
                Stream.open += good
                self.begun.set_result(good)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        """Count down."""
        if not self.begun.done():
            self.begun.set_result(False)
        elif self.begun.result():
            Stream.open -= 1


async def main(port: int, count: int, model: str) -> None:
    """Open the streams, say so, and hold them."""
    loop = asyncio.get_running_loop()
    key = (await loop.run_in_executor(None, sys.stdin.readline)).strip()
    body = json.dumps({"model": model, **REQUEST, "stream": True}).encode()
    request = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    gate = asyncio.Semaphore(AT_ONCE)

    async def hold() -> bool:
        async with gate:
            _, stream = await loop.create_connection(lambda: Stream(request), "127.0.0.1", port)
            return await stream.begun

    begun = await asyncio.gather(*(hold() for _ in range(count)))
    print("ready", sum(begun), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print("still", Stream.open, flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
