"""The four time-outs of a call as one clock: which of them ends a wait, and which error says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from backend.app.services.gateway.errors import Facts, TimedOut, Which
from backend.app.services.gateway.types import Timeouts

T = TypeVar("T")


class Patience:
    """Starts with the call; `attempt()` starts the wait for the first byte anew. Times are the running loop's."""

    def __init__(self, timeouts: Timeouts, model: str) -> None:
        self.timeouts: Final = timeouts
        self._facts = Facts(model=model)
        self._clock: Final = asyncio.get_running_loop().time
        self.started: Final = self._clock()
        self._last: Final = None if timeouts.total is None else self.started + timeouts.total
        self._first: float | None = None

    @property
    def elapsed_ms(self) -> float:
        """Since the call began."""
        return (self._clock() - self.started) * 1000

    def allows(self, seconds: float) -> bool:
        """Whether there is time for a wait of so many seconds."""
        return self._last is None or self._clock() + seconds < self._last

    def attempt(self) -> None:
        """The request is about to be sent."""
        limit = self.timeouts.first_byte
        self._first = None if limit is None else self._clock() + limit

    async def first(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait for the answer's head, its first event, or the whole of it. Raises `TimedOut`."""
        return await self._within(wait, self._first, "first_byte", self.timeouts.first_byte)

    async def next(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait for the next event. Raises `TimedOut`."""
        limit = self.timeouts.between_bytes
        by = None if limit is None else self._clock() + limit
        return await self._within(wait, by, "between_bytes", limit)

    def connect_timed_out(self) -> TimedOut:
        """The error for a connection that did not come about; nothing was sent."""
        return TimedOut("connect", self.timeouts.connect, facts=replace(self._facts, sent=False))

    async def _within(
        self, wait: Callable[[], Awaitable[T]], by: float | None, which: Which, seconds: float | None
    ) -> T:
        if self._last is not None and (by is None or self._last < by):
            by, which, seconds = self._last, "total", self.timeouts.total
        limit = asyncio.timeout_at(by)
        try:
            async with limit:
                return await wait()
        except TimeoutError:
            if limit.expired():
                raise TimedOut(which, seconds, facts=self._facts) from None
            raise
