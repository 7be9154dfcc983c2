"""The reading side: SQLAlchemy's engine for either database, with the limits that keep a frozen one from hanging us.

The shipper writes through `store/session.py`; the management API and tests read through this.
"""

from __future__ import annotations

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from trunkline.store.session import CONNECT_SECONDS
from trunkline.store.url import DatabaseUrl, Kind, UrlError, parse

__all__ = ["DatabaseUrl", "Kind", "UrlError", "connect", "parse"]


def connect(url: str | DatabaseUrl, *, pool_size: int = 2, statement_seconds: float = 10.0) -> AsyncEngine:
    """Return an engine; nothing is opened before the first query.

    `url` as users write it (`store/url.py`). A query on PostgreSQL ends within `statement_seconds`, a connect within
    5 s; a locked SQLite file is waited for 5 s. Raises `UrlError`; queries raise SQLAlchemy's errors.
    """
    place = parse(url) if isinstance(url, str) else url
    if place.kind is Kind.SQLITE:
        return _sqlite(place)
    return _postgresql(place, pool_size, statement_seconds)


def _sqlite(place: DatabaseUrl) -> AsyncEngine:
    assert place.path is not None
    engine = create_async_engine(f"sqlite+aiosqlite:///{place.path}", connect_args={"timeout": CONNECT_SECONDS})

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # aiosqlite's adapter passes this on: we say BEGIN ourselves, so that DDL is part of a transaction too.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: object) -> None:
        from sqlalchemy import Connection

        assert isinstance(connection, Connection)
        options = connection.get_execution_options()
        connection.exec_driver_sql(f"BEGIN {options.get('sqlite_begin', '')}".strip())

    return engine


def _postgresql(place: DatabaseUrl, pool_size: int, statement_seconds: float) -> AsyncEngine:
    settings = {
        "application_name": "trunkline",
        "statement_timeout": f"{int(statement_seconds * 1000)}ms",
        "lock_timeout": "3s",
        "timezone": "UTC",
    }
    if place.schema:
        settings["search_path"] = place.schema

    async def creator() -> asyncpg.Connection:
        # asyncpg reads the address itself: SQLAlchemy would pass `sslmode` on as an argument that asyncpg refuses.
        return await asyncpg.connect(
            place.dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=statement_seconds + 1,
            server_settings=settings,
            statement_cache_size=100 if place.prepared else 0,
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=creator,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,
        connect_args={} if place.prepared else {"prepared_statement_cache_size": 0},
    )
