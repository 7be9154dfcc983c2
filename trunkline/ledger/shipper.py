"""The shipper: moves journals to the database, for as long as its gateway lives.

One process per data folder. It never loses a record to a database that is down, frozen, full or locked: the journals
wait, and it tries again. See docs/concepts/ledger.md.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import time
from pathlib import Path
from typing import Final

from trunkline.ledger import status as status_file
from trunkline.ledger.deliver import forget_closed
from trunkline.ledger.onlooker import Nobody, Onlooker
from trunkline.ledger.pace import BUSY_LOAD, HOLD_BYTES, IDLE_SECONDS, MAX_PAUSE_SECONDS, Backoff, pause
from trunkline.ledger.reader import JournalFolder, folders
from trunkline.ledger.status import ShipperStatus
from trunkline.ledger.visit import Visitor
from trunkline.store.columns import HEAD
from trunkline.store.errors import SchemaMismatch, StoreError, Unavailable
from trunkline.store.expiry import delete_expired
from trunkline.store.session import Session, open_session, revision
from trunkline.store.url import DatabaseUrl

DRAIN_SECONDS: Final = 10.0
MIGRATION_SECONDS: Final = 900.0
MIGRATION_RETRY_SECONDS: Final = 15.0
PING_SECONDS: Final = 5.0
COLLECT_SECONDS: Final = 60.0
EXPIRY_SECONDS: Final = 60.0
"""Between two looks for stored responses whose time is over."""
_STATUS_MIN: Final = 0.5
_STATUS_MAX: Final = 5.0
_FORGET_DAYS: Final = 30
_log = logging.getLogger(__name__)


class _Signal:
    """An event that can be waited for with a limit, for a tenth of what `asyncio.wait_for` costs."""

    def __init__(self) -> None:
        self.given = False
        self._waiter: asyncio.Future[None] | None = None

    def give(self) -> None:
        """From now on nobody waits."""
        self.given = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait_for(self, seconds: float) -> None:
        """Return after so many seconds, or as soon as the signal is given."""
        if self.given:
            return
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(seconds, self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()


class MigrationFailed(Exception):
    """The tables could not be brought to this version."""


class Shipper:
    """Ships the journals under `root` (`<data>/journal`) to one database."""

    def __init__(
        self, root: Path, url: DatabaseUrl, onlooker: Onlooker | None = None, parent: int | None = None
    ) -> None:
        """`parent`: the process to end with. Who asks for it only now may be told of another: it may have died."""
        self.status = ShipperStatus(database=str(url.kind), pid=os.getpid())
        self._root = root
        self._url = url
        self._onlooker: Onlooker = onlooker or Nobody()
        self._session: Session | None = None
        self._visitors: dict[str, Visitor] = {}
        self._stop = _Signal()
        self._parent = os.getppid() if parent is None else parent
        self._backoff = Backoff()
        self._written = ""
        self._written_at = 0.0
        self._looked_at = 0.0
        self._collected_at = 0.0
        self._expired_at = 0.0
        self._listed: int | None = None
        self._asked_at = 0.0

    def stop(self) -> None:
        """Ship what is there, then return from `run`."""
        self._stop.give()

    async def run(self) -> None:
        """Ship until `stop` or until the parent process is gone, then what is left."""
        self._say(force=True)
        while not self._stopping():
            await self._hold()
            try:
                moved, worked = await self._round()
            except MigrationFailed as error:
                self._failed("migration_failed", error)
                await self._rest(MIGRATION_RETRY_SECONDS)
            except (StoreError, OSError) as error:
                await self._drop_session()
                self._failed("database_down", error)
                await self._rest(self._backoff.wait())
            else:
                self._say()
                await self._rest(self._pause(worked) if moved else IDLE_SECONDS)
        await self._drain()
        await self._onlooker.close()
        await self._drop_session()
        self._say(force=True)
        for visitor in self._visitors.values():
            visitor.folder.release()

    def _stopping(self) -> bool:
        return self._stop.given or os.getppid() != self._parent

    async def _rest(self, seconds: float) -> None:
        """Wait, but no longer than until `stop`; the parent is looked at meanwhile."""
        until = time.monotonic() + seconds
        while not self._stopping() and (left := until - time.monotonic()) > 0:
            await self._stop.wait_for(min(left, 1.0))
            if left > 1.0:
                self._say()

    async def _round(self) -> tuple[bool, float]:
        """Visit every journal once; returns whether anything moved and the seconds it took."""
        began = time.monotonic()
        session = self._session or await self._connect()
        self._look_for_journals()
        moved = False
        for name, visitor in list(self._visitors.items()):
            moved = await visitor.visit(session) or moved
            if visitor.gone:
                del self._visitors[name]
        now = time.monotonic()
        if now - self._expired_at > EXPIRY_SECONDS:
            self._expired_at = now
            if gone := await delete_expired(session):
                _log.info("%d stored responses are deleted: their time is over", gone)
        if moved:
            self._asked_at = now
        elif now - self._asked_at > PING_SECONDS:
            await session.fetch("SELECT 1")
            self._asked_at = now
            if now - self._collected_at > COLLECT_SECONDS:
                self._collected_at = now
                gc.collect()  # it is off otherwise: a batch is tens of thousands of objects without a cycle
        await self._onlooker.tend(session)
        self._backoff.reset()
        self._well()
        return moved, now - began

    def _look_for_journals(self) -> None:
        changed = self._root.stat().st_mtime_ns
        if changed == self._listed:
            return
        self._listed = changed
        names = folders(self._root)
        for name in names:
            if name not in self._visitors:
                self._visitors[name] = Visitor(JournalFolder(self._root / name), self.status, self._onlooker)
        for name in self._visitors.keys() - set(names):
            self._visitors.pop(name).folder.release()
        self.status.journals = len(names)

    async def _connect(self) -> Session:
        session = await open_session(self._url)
        try:
            if await revision(session) != HEAD:
                await session.close()
                await self._migrate()
                session = await open_session(self._url)
            await forget_closed(session, _FORGET_DAYS)
        except BaseException:
            await session.close()
            raise
        for visitor in self._visitors.values():
            visitor.forget()
        self._session = session
        self._asked_at = time.monotonic()
        return session

    async def _migrate(self) -> None:
        """Run the migration as a child: what it needs would double this process's memory for good."""
        self.status.state = "migrating"
        self._say(force=True)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "trunkline.store.migrate", stderr=asyncio.subprocess.PIPE, start_new_session=True
        )
        try:
            async with asyncio.timeout(MIGRATION_SECONDS):
                _, said = await child.communicate()
        except TimeoutError:
            child.kill()
            await child.wait()
            raise MigrationFailed(f"the migration took longer than {MIGRATION_SECONDS:g} s") from None
        if child.returncode != 0:
            raise MigrationFailed(said.decode(errors="replace").strip()[-500:] or f"exit code {child.returncode}")

    async def _drop_session(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        for visitor in self._visitors.values():
            visitor.forget()

    async def _drain(self) -> None:
        """Ship what is there and adopt who died, for `DRAIN_SECONDS` at most.

        A database that fails twice in a row ends it: once may be a connection that died long ago.
        """
        until = time.monotonic() + DRAIN_SECONDS
        failures = 0
        while time.monotonic() < until and failures < 2:
            try:
                moved, _ = await self._round()
            except MigrationFailed as error:
                self._failed("migration_failed", error)
                return
            except (StoreError, OSError) as error:
                failures += 1
                await self._drop_session()
                self._failed("database_down", error)
            else:
                failures = 0
                if not moved:
                    return

    async def _hold(self) -> None:
        """Leave a worker that is busy its processor for a while: a short burst is shipped when it is over."""
        until = time.monotonic() + MAX_PAUSE_SECONDS
        while self._load() > BUSY_LOAD and time.monotonic() < until and not self._stopping():
            if self._measure() >= HOLD_BYTES:
                return
            await self._rest(IDLE_SECONDS)

    def _load(self) -> float:
        return max((visitor.folder.load() for visitor in self._visitors.values()), default=0.0)

    def _pause(self, worked: float) -> float:
        return pause(worked=worked, load=self._load(), backlog=self._measure())

    def _measure(self) -> int:
        self.status.backlog_bytes = sum(visitor.backlog() for visitor in self._visitors.values())
        waiting = [at for visitor in self._visitors.values() if (at := visitor.oldest_waiting()) is not None]
        self.status.lag_seconds = round(max(0.0, time.time() - min(waiting) / 1e6), 3) if waiting else 0.0
        return self.status.backlog_bytes

    def _well(self) -> None:
        if self.status.state != "ok":
            _log.info("shipping to %s", self._url.shown)
            self.status.state = "ok"

    def _failed(self, state: str, error: Exception) -> None:
        text = _explain(error)
        if (self.status.state, self.status.last_error) != (state, text):
            _log.warning("%s: %s", state.replace("_", " "), text)
        self.status.state, self.status.last_error = state, text
        if state != "ok":
            self._look_for_journals()
            for visitor in self._visitors.values():
                visitor.caught_up = False
        self._say()

    def _say(self, *, force: bool = False) -> None:
        """Write the status file: at most each 0.5 s where something changed, and each 5 s anyway."""
        now = time.monotonic()
        if not force and now - self._looked_at < _STATUS_MIN:
            return
        self._looked_at = now
        self._measure()
        self.status.at = 0.0
        said = repr(self.status)
        if force or said != self._written or now - self._written_at >= _STATUS_MAX:
            self._written, self._written_at = said, now
            self.status.at = time.time()
            status_file.write(self._root, self.status)


def _explain(error: Exception) -> str:
    if isinstance(error, SchemaMismatch | Unavailable | MigrationFailed):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}: `{error.filename}`" if error.filename else str(error)
    return f"{type(error).__name__}: {error}"
