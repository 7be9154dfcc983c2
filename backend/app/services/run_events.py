"""The events of one run in the memory of the process that writes it: numbered, coalesced, bounded.

A reader asks for what comes after a number. What memory no longer holds is in the table `run_events`; a slow reader
therefore costs nothing and holds up nobody.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel

KEEP_BYTES: Final = 4 * 1024 * 1024
"""Of one run's events in memory."""
UNWRITTEN_BYTES: Final = 4 * KEEP_BYTES
"""Events that the database has not taken yet: beyond this the model has to wait."""
COALESCE_SECONDS: Final = 0.030
COALESCE_CHARACTERS: Final = 1024

EventType = Literal[
    "status",
    "delta",
    "reasoning",
    "usage",
    "loss",
    "route",
    "error",
    "title",
    "answer_end",
    "answered",
    "snapshot",
    "end",
]


@dataclass(frozen=True, slots=True)
class Stored:
    """One event with its number."""

    id: int
    type: str
    data: str
    """JSON."""

    @property
    def size(self) -> int:
        """Bytes, about."""
        return len(self.data) + 64

    def frame(self) -> bytes:
        """The event as it is sent."""
        return f"id: {self.id}\nevent: {self.type}\ndata: {self.data}\n\n".encode("utf-8", "replace")


def frames(events: Iterable[Stored]) -> bytes:
    """Several events as they are sent."""
    return b"".join(event.frame() for event in events)


def encoded(value: BaseModel | dict[str, Any]) -> str:
    """An event's data. A lone surrogate, which a model can write, is escaped: JSON allows it, UTF-8 does not."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(value, separators=(",", ":"))


class RunLog:
    """The events of a run, from 1 without a gap. Not for several threads."""

    def __init__(self, *, keep_bytes: int = KEEP_BYTES, on_news: Callable[[], None] = lambda: None) -> None:
        self._events: deque[Stored] = deque()
        self._bytes = 0
        self._keep = keep_bytes
        self._unwritten: deque[Stored] = deque()
        self._unwritten_bytes = 0
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._on_news = on_news
        self.last_id = 0
        self.closed = False
        """Nothing more comes from this log: the run has ended, or belongs to another process now."""

    # Writing.

    def append(self, kind: EventType, value: BaseModel | dict[str, Any]) -> Stored:
        """Add an event and wake the readers."""
        event = Stored(self.last_id + 1, kind, encoded(value))
        self._unwritten.append(event)
        self._unwritten_bytes += event.size
        if self._unwritten_bytes > UNWRITTEN_BYTES:
            self._room.clear()
        self._publish(event)
        self._on_news()
        return event

    def append_written(self, event: Stored) -> None:
        """Add an event that the database has already."""
        assert event.id == self.last_id + 1
        self._publish(event)

    def _publish(self, event: Stored) -> None:
        self.last_id = event.id
        self._events.append(event)
        self._bytes += event.size
        self._forget()
        self._wake()

    def _forget(self) -> None:
        """Let go of the oldest events that the database has."""
        first_unwritten = self._unwritten[0].id if self._unwritten else self.last_id + 1
        while self._bytes > self._keep and self._events and self._events[0].id < first_unwritten:
            self._bytes -= self._events.popleft().size

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    @property
    def unwritten_count(self) -> int:
        """How many events the database does not have yet."""
        return len(self._unwritten)

    def unwritten(self) -> list[Stored]:
        """What the database does not have yet."""
        return list(self._unwritten)

    def written(self, upto: int) -> None:
        """The database has everything up to this number."""
        while self._unwritten and self._unwritten[0].id <= upto:
            self._unwritten_bytes -= self._unwritten.popleft().size
        if self._unwritten_bytes <= UNWRITTEN_BYTES:
            self._room.set()
        self._forget()

    async def room(self) -> None:
        """Wait while the database is far behind."""
        await self._room.wait()

    def close(self) -> None:
        """Nothing more comes."""
        self.closed = True
        self._room.set()
        self._wake()

    # Reading.

    def since(self, after: int, *, most_bytes: int = 65536) -> list[Stored] | None:
        """The events that follow number `after`, the first of them at least; `None`: memory no longer has them."""
        if after >= self.last_id:
            return []
        if not self._events or self._events[0].id > after + 1:
            return None
        start = after + 1 - self._events[0].id
        found: list[Stored] = []
        size = 0
        for event in _from(self._events, start):
            found.append(event)
            size += event.size
            if size >= most_bytes:
                break
        return found

    async def wait(self, after: int, seconds: float) -> bool:
        """Wait for an event that follows `after`; `False`: none came in this time."""
        if self.last_id > after or self.closed:
            return True
        changed = self._changed
        try:
            async with asyncio.timeout(seconds):
                await changed.wait()
        except TimeoutError:
            return False
        return True

    @property
    def held_bytes(self) -> int:
        """Bytes in memory, about."""
        return self._bytes


def _from(events: deque[Stored], start: int) -> Iterable[Stored]:
    # A reader is nearly always at the end: walk from there rather than from the beginning.
    if start > len(events) // 2:
        tail = [events[-back] for back in range(1, len(events) - start + 1)]
        return reversed(tail)
    return (event for at, event in enumerate(events) if at >= start)


Kind = Literal["delta", "reasoning"]


class Pen:
    """Writes an answer's text into the log: the first piece at once, further ones together every 30 ms or 1 KB."""

    def __init__(self, log: RunLog, message_id: str, column: int | None) -> None:
        self._log = log
        self._about: Final[dict[str, Any]] = {"message_id": message_id, "column": column}
        self._waiting: list[str] = []
        self._characters = 0
        self._kind: Kind = "delta"
        self._begun: set[Kind] = set()
        self._timer: asyncio.TimerHandle | None = None

    def write(self, kind: Kind, text: str) -> None:
        """Add a piece."""
        if kind != self._kind:
            self.flush()
            self._kind = kind
        self._waiting.append(text)
        self._characters += len(text)
        if kind not in self._begun or self._characters >= COALESCE_CHARACTERS:
            self._begun.add(kind)
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COALESCE_SECONDS, self.flush)

    def flush(self) -> None:
        """Let out what waits: before any other event of the answer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            text = "".join(self._waiting)
            self._waiting.clear()
            self._characters = 0
            self._log.append(self._kind, {**self._about, "text": text})
