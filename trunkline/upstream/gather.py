"""Lets the events of many streams gather for a millisecond, so that one turn of the loop carries several.

A turn for a single event is mostly the system's work: wake this process, read, write, wake the client's processor (a
fifth of all CPU time of streams by itself, `perf record` on two virtual processors). Where events come faster than one
a millisecond, turns that begin at least a millisecond apart carry several each, and that work is shared. A stream's
tokens come 10 to 50 ms apart, so nobody sees it. A loop that is busy anyway is not held up: the time since the last
turn counts. docs/adr/0014-gathering.md has the figures.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

WINDOW: Final = 32
"""Events after which the rate is judged anew."""
_LONG_AGO: Final = 1e-9
"""No turn was held yet; 0 would say that events come slowly."""


class Gather:
    """One per worker. `seen` is called for every event that comes alone."""

    __slots__ = ("_count", "_due", "_last", "_loop", "_since", "seconds", "waits")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float = 0.0) -> None:
        self._loop = loop
        self.seconds = seconds
        """The least time between two turns while events come fast; 0 switches it off."""
        self._count = 0
        self._since = 0.0
        self._due = True
        """A wait is arranged for the end of this turn, or none is wanted at the present rate."""
        self._last = 0.0
        self.waits = 0
        """How often the loop was held, for tests and metrics."""

    def seen(self) -> None:
        """An event came: hold the loop at the end of this turn if events come fast."""
        self._count += 1
        if self._count >= WINDOW:
            self._judge()
        if not self._due:
            self._due = True
            self._loop.call_soon(self._wait)

    def _judge(self) -> None:
        now = self._loop.time()
        fast = now - self._since < WINDOW * self.seconds
        self._count, self._since = 0, now
        if fast != (self._last > 0):
            self._last = _LONG_AGO if fast else 0.0
            self._due = not fast

    def _wait(self) -> None:
        # Events were written already: uvloop writes before it runs what was arranged with `call_soon`.
        left = self._last + self.seconds - time.monotonic()
        if left > 0:
            self.waits += 1
            time.sleep(left)  # the loop is held, which is the point: what comes meanwhile is one turn's work
        if self._last:
            self._last = time.monotonic()
            self._due = False
