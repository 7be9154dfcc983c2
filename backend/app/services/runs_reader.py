"""The stream of a run's events for one reader: from memory where this process writes the run, else from the table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from backend.app.api.schemas.events import EndEvent, SnapshotEvent
from backend.app.core.db import Database
from backend.app.services import runs_store
from backend.app.services.messages import message_of
from backend.app.services.run_events import RunLog, Stored, encoded, frames

PING_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.05
"""Between looks at the table where another process writes the run."""
POLL_LONGEST_SECONDS: Final = 0.5
_PING: Final = b": ping\n\n"
_FIRST: Final = b"retry: 1000\n\n"
"""Tells a browser when to come back, and opens the stream at once."""


async def read(
    db: Database, run_id: str, after: int, log: RunLog | None, leaving: asyncio.Event
) -> AsyncIterator[bytes]:
    """Everything after number `after`, up to `end`.

    `log`: where this process writes the run. `leaving`: this process is about to end; the stream then closes without
    an `end`, and its reader comes back.
    """
    yield _FIRST
    position = after
    if log is not None:
        async for events in _from_log(db, run_id, position, log):
            position = events[-1].id if events else position
            yield frames(events) if events else _PING
            if events and events[-1].type == "end":
                return
    async for data in _from_table(db, run_id, position, leaving):
        yield data


async def _from_log(db: Database, run_id: str, position: int, log: RunLog) -> AsyncIterator[list[Stored]]:
    """Events in order; an empty list where none came for a while. Ends when the log has nothing more."""
    while True:
        events = log.since(position)
        if events is None:  # so slow a reader that memory has let go of what it needs
            events = (await runs_store.page(db, run_id, position)).events
            if not events:
                return
        if events:
            position = events[-1].id
            yield events
        elif log.closed:
            return
        elif not await log.wait(position, PING_SECONDS):
            yield []


async def _from_table(db: Database, run_id: str, position: int, leaving: asyncio.Event) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    said = clock()
    wait = POLL_SECONDS
    while True:
        page = await runs_store.page(db, run_id, position)
        if page.events:
            position = page.events[-1].id
            yield frames(page.events)
            if page.events[-1].type == "end":
                return
            said, wait = clock(), POLL_SECONDS
            continue
        if page.ended:
            yield frames(await _closing(db, run_id, position, page.last_id))
            return
        if clock() - said > PING_SECONDS:
            said = clock()
            yield _PING
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await leaving.wait()
            return
        wait = min(wait * 1.3, POLL_LONGEST_SECONDS)


async def _closing(db: Database, run_id: str, position: int, last_id: int) -> list[Stored]:
    """What a reader gets whose events are no longer kept: the answers as they are, and the end."""
    end = Stored(last_id, "end", encoded(EndEvent()))
    if position >= last_id:
        return [end]
    answers = [message_of(row) for row in await runs_store.answers_of(db, run_id)]
    return [Stored(last_id, "snapshot", encoded(SnapshotEvent(messages=answers))), end]
