"""Many clients at once, on one event loop, each reading its answer strictly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from typing_extensions import override

from tests.support.answers import AnswerParser
from tests.support.checker import Told
from tests.support.raw_http import Answer
from tests.support.trial import CHAT, Trial


class LoadClient(asyncio.Protocol):
    """One connection; `ask` sends a request and returns its answer, again and again."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.parser = AnswerParser()
        self.over = asyncio.Event()
        self.open = False
        self.error: str = ""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.open = True

    @override
    def data_received(self, data: bytes) -> None:
        self.parser.feed(data)
        if self.parser.over:
            self.over.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if isinstance(exc, OSError):
            self.parser.lost(exc)
        else:
            self.parser.eof()
        self.over.set()

    async def ask(self, data: bytes, seconds: float = 30.0) -> Answer:
        """Send a request; raises `TimeoutError` when no whole answer came in time."""
        self.parser, self.over = AnswerParser(), asyncio.Event()
        self.transport.write(data)
        await asyncio.wait_for(self.over.wait(), seconds)
        return self.parser.answer

    def close(self) -> None:
        """Drop the connection."""
        self.transport.abort()


async def connect(port: int) -> LoadClient:
    """Open a connection to the gateway."""
    _, client = await asyncio.get_running_loop().create_connection(LoadClient, "127.0.0.1", port)
    return client


async def call(
    trial: Trial,
    model: str,
    *,
    stream: bool = False,
    seconds: float = 30.0,
    path: str = CHAT,
    headers: dict[str, str] | None = None,
    **more: object,
) -> Told:
    """One call on a connection of its own; a refused or broken connection is an answer with status 0 and an error."""
    marker = trial.marker()
    start = time.monotonic()
    try:
        client = await connect(trial.gateway.port)
    except OSError as error:
        refused = Answer(error=f"connect: {type(error).__name__}")
        return trial.tell(marker, refused, stream=stream, seconds=time.monotonic() - start)
    try:
        data = trial.request(model, marker, stream=stream, path=path, headers=headers, **more)
        answer = await client.ask(data, seconds)
    finally:
        client.close()
    return trial.tell(marker, answer, stream=stream, seconds=time.monotonic() - start)


async def closed_loop(
    trial: Trial,
    *,
    clients: int,
    until: Callable[[], bool],
    model: str = "plain",
    streams: float = 0.5,
    path: str = CHAT,
    headers: dict[str, str] | None = None,
    **more: object,
) -> list[Told]:
    """`clients` clients, each calling over one kept connection, a share of the calls streamed, until told to stop."""
    results: list[Told] = []

    async def one(number: int) -> None:
        client: LoadClient | None = None
        turn = number
        try:
            while not until():
                turn += 1
                client = await one_call(client, stream=turn % 100 < streams * 100)
        finally:
            if client is not None:
                client.close()

    async def one_call(client: LoadClient | None, *, stream: bool) -> LoadClient | None:
        marker = trial.marker()
        start = time.monotonic()
        try:
            if client is None or not client.open:
                client = await connect(trial.gateway.port)
            request = trial.request(model, marker, stream=stream, path=path, headers=headers, **more)
            answer = await client.ask(request)
        except OSError as error:
            answer, client = Answer(error=f"connect: {type(error).__name__}"), None
        results.append(trial.tell(marker, answer, stream=stream, seconds=time.monotonic() - start))
        if answer.error:
            await asyncio.sleep(0.01)
        if client is not None and (answer.error or (answer.header("connection") or "").lower() == "close"):
            client.close()
            return None
        return client

    await asyncio.gather(*(one(number) for number in range(clients)))
    return results


def at_once(calls: Iterable[Awaitable[Told]]) -> list[Told]:
    """Run calls concurrently; any exception is the test's."""

    async def gather() -> list[Told]:
        return list(await asyncio.gather(*calls))

    return asyncio.run(gather())


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
