"""The one engine of a process: `read()` and `write()` give a connection in a transaction.

On SQLite one writer at a time: `write()` begins with the lock in hand and waits for it in this process rather than in
SQLite, whose waiting is neither fair nor cancellable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from backend.app.core.database_url import DatabaseUrl

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

CONNECT_SECONDS: Final = 5.0
STATEMENT_SECONDS: Final = 15.0
T = TypeVar("T")


class Database:
    """An engine and how its transactions begin."""

    def __init__(self, url: DatabaseUrl) -> None:
        self.url: Final = url
        self.kind: Final[Literal["sqlite", "postgresql"]] = url.kind
        self.engine: Final = connect(url)
        self._writer: Final = asyncio.Lock()
        self._thread_engine: Engine | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection whose reads see one state of the database; nothing is kept of what it writes."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that is committed at the end and rolled back on an exception."""
        if self.kind == "postgresql":
            async with self.engine.begin() as connection:
                yield connection
            return
        async with self._writer, self.engine.connect() as connection:
            _ = await connection.execution_options(sqlite_begin="IMMEDIATE")
            async with connection.begin():
                yield connection

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do several statements in one transaction, as `write()` does, but without coming back to the loop in between.

        On SQLite each statement of `write()` goes to a thread and back three times; here the whole work goes once.
        `work` must not touch anything of the loop.
        """
        if self.kind == "postgresql":
            async with self.engine.begin() as connection:
                return await connection.run_sync(work)
        async with self._writer:
            working = asyncio.ensure_future(asyncio.to_thread(self._run, work))
            try:
                return await asyncio.shield(working)
            except asyncio.CancelledError:
                await asyncio.wait({working})  # the thread does not stop, and the lock is its own until it ends
                raise

    def _run(self, work: Callable[[Connection], T]) -> T:
        if self._thread_engine is None:
            self._thread_engine = _sqlite_in_thread(self.url)
        with self._thread_engine.connect() as connection:
            connection.execution_options(sqlite_begin="IMMEDIATE")
            with connection.begin():
                return work(connection)

    async def start(self) -> None:
        """Make or migrate the tables. Raises `core.migrate.MigrationError`."""
        from backend.app.core.migrate import upgrade

        await upgrade(self.url)

    async def check(self) -> None:
        """Ask the database for a sign of life; raises what the driver raises."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        if self._thread_engine is not None:
            self._thread_engine.dispose()


def connect(url: DatabaseUrl, *, pool_size: int = 8, statement_seconds: float = STATEMENT_SECONDS) -> AsyncEngine:
    """Return an engine; nothing is opened before the first query."""
    return _sqlite(url) if url.kind == "sqlite" else _postgresql(url, pool_size, statement_seconds)


def _sqlite(url: DatabaseUrl) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{url.path}", connect_args={"timeout": CONNECT_SECONDS}, pool_size=4, max_overflow=4
    )
    _prepare(engine.sync_engine)
    return engine


def _sqlite_in_thread(url: DatabaseUrl) -> Engine:
    """One connection for whichever thread has the write lock."""
    arguments = {"timeout": CONNECT_SECONDS, "check_same_thread": False}
    engine = create_engine(f"sqlite:///{url.path}", connect_args=arguments, pool_size=1, max_overflow=0)
    _prepare(engine)
    return engine


def _prepare(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # We say BEGIN ourselves, so that DDL is part of a transaction too and a writer can take the lock at once.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # By the driver's cursor: through SQLAlchemy it would cost as much as a statement that does something.
        cursor = connection.connection.cursor()
        cursor.execute(f"BEGIN {connection.get_execution_options().get('sqlite_begin', '')}".strip())
        cursor.close()


def _postgresql(url: DatabaseUrl, pool_size: int, statement_seconds: float) -> AsyncEngine:
    settings = {
        "application_name": "trunkline-app",
        "statement_timeout": f"{int(statement_seconds * 1000)}ms",
        "lock_timeout": "5s",
        "timezone": "UTC",
    }

    async def creator() -> Any:
        import asyncpg

        # asyncpg reads the address itself: SQLAlchemy would pass `sslmode` on as an argument that asyncpg refuses.
        return await asyncpg.connect(
            url.dsn, timeout=CONNECT_SECONDS, command_timeout=statement_seconds + 1, server_settings=settings
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=creator,
        pool_size=pool_size,
        max_overflow=8,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,
    )
