"""Carries the events of this process's runs into the database, a few times a second, with a sign of life."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from backend.app.core.db import Database
from backend.app.services import runs_store
from backend.app.services.run_events import RunLog, Stored
from backend.app.services.runs_store import NotOwner

FLUSH_SECONDS: Final = 0.1
HEARTBEAT_SECONDS: Final = 2.0
BATCH_EVENTS: Final = 2000
GIVE_UP_SECONDS: Final = 120.0
"""How long a database that is away is waited for with what must be written."""
_log = logging.getLogger(__name__)


class Scribe:
    """One for a process."""

    def __init__(self, db: Database, owner: str, on_lost: Callable[[str], None]) -> None:
        """`on_lost` is called with the id of a run that is no longer this process's."""
        self._db: Final = db
        self._owner: Final = owner
        self._on_lost: Final = on_lost
        self._logs: dict[str, RunLog] = {}
        self._beaten: dict[str, float] = {}
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Stop; what is to be written was written by `finish`."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def open(self, run_id: str) -> RunLog:
        """Return the log of a new run."""
        log = self._logs[run_id] = RunLog(on_news=self._news.set)
        self._beaten[run_id] = asyncio.get_running_loop().time()
        return log

    def forget(self, run_id: str) -> None:
        """The run has ended."""
        self._beaten.pop(run_id, None)
        log = self._logs.pop(run_id, None)
        if log is not None:
            log.close()

    async def _work(self) -> None:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS / 2):
                    await self._news.wait()
            except TimeoutError:
                pass
            # First the wait, then the write: the thread that writes would hold up the call that is about to leave.
            await asyncio.sleep(FLUSH_SECONDS)
            self._news.clear()
            try:
                await self._flush()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _log.warning("events wait to be written: %s", error)
                self._news.set()
                await asyncio.sleep(1.0)

    async def _flush(self) -> None:
        now = asyncio.get_running_loop().time()
        due = [
            (run_id, log)
            for run_id, log in self._logs.items()
            if log.unwritten_count or now - self._beaten[run_id] > HEARTBEAT_SECONDS
        ]
        if due:
            async with self._writing:
                batches = {run_id: log.unwritten()[:BATCH_EVENTS] for run_id, log in due}
                lost = await self._db.run(partial(self._write, batches))
                for run_id, log in due:
                    self._beaten[run_id] = now
                    log.written(batches[run_id][-1].id if batches[run_id] else 0)
                    if log.unwritten_count:
                        self._news.set()
            for run_id in lost:
                self._on_lost(run_id)

    def _write(self, batches: Mapping[str, Sequence[Stored]], connection: Connection) -> list[str]:
        """Write what each run has; returns the ids of runs that are another's."""
        lost = []
        for run_id, events in batches.items():
            try:
                runs_store.write_events(connection, run_id, self._owner, events)
            except NotOwner:
                lost.append(run_id)
        return lost

    async def with_events(self, run_id: str, log: RunLog, work: Callable[[Connection], None]) -> None:
        """Write all events of a run together with something else, in one transaction; patient with the database.

        Raises `NotOwner`, or the database's error after two minutes of them.
        """
        until = asyncio.get_running_loop().time() + GIVE_UP_SECONDS
        wait = 0.2
        while True:
            try:
                async with self._writing:
                    events = log.unwritten()

                    def write(connection: Connection, events: Sequence[Stored] = events) -> None:
                        runs_store.write_events(connection, run_id, self._owner, events)
                        work(connection)

                    await self._db.run(write)
                    log.written(events[-1].id if events else 0)
            except (SQLAlchemyError, OSError, TimeoutError):
                if asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5.0)
            else:
                return
