"""The one thing the shipper needs of a database, and the two that give it: `store/sqlite.py`, `store/postgres.py`.

They use the drivers themselves: SQLAlchemy's share of a bulk insert was a third of the cost and half of the
process's memory. Everybody else reads through `store/engine.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from trunkline.store.url import DatabaseUrl, Kind

Row = tuple[object, ...]

CONNECT_SECONDS = 5.0
"""A database that has not answered a connect by then counts as down."""
OPERATION_SECONDS = 5.0
"""One transaction of the shipper takes about 50 ms; a frozen server is left after this."""


class Session(Protocol):
    """One connection, one user. Statements are written with `$1`, `$2`, …

    Every method raises `Unavailable`, `SchemaMismatch`, `BadRow` or `DuplicateRow`, and ends within
    `OPERATION_SECONDS`; after `Unavailable` the session is closed and must not be used again.
    """

    @property
    def kind(self) -> Kind:
        """Which database this is."""
        ...

    def stamp(self, microseconds: int) -> object:
        """Return a time (microseconds since 1970 UTC) as this database's parameter."""
        ...

    async def begin(self, *, durable: bool = False) -> None:
        """Open a transaction; `durable`: on disk when `commit` returns, whatever the settings are."""
        ...

    async def commit(self) -> None:
        """Close it; after an error here nobody knows whether it took place."""
        ...

    async def rollback(self) -> None:
        """Undo what was done since `begin`."""
        ...

    async def savepoint(self) -> None:
        """Mark a point within the transaction (points nest)."""
        ...

    async def release(self) -> None:
        """Forget the last point, keeping what was done since."""
        ...

    async def undo(self) -> None:
        """Go back to the last point and forget it."""
        ...

    async def execute(self, sql: str, *args: object) -> int:
        """Run one statement; returns the number of rows it touched."""
        ...

    async def execute_many(self, sql: str, rows: Sequence[Row]) -> None:
        """Run one statement for each of the rows."""
        ...

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """Run a query."""
        ...

    async def existing(self, request_ids: Sequence[str]) -> set[str]:
        """Return those of the ids that have a row in `litellm_request_logs`."""
        ...

    async def load_logs(self, rows: Sequence[Row]) -> None:
        """Insert rows of `LOG_COLUMNS` the fastest way there is; all or an error."""
        ...

    async def prepare_days(self, days: Iterable[int]) -> None:
        """Make room for rows of these days (days since 1970 UTC); outside of a transaction."""
        ...

    async def close(self) -> None:
        """End the connection; never raises."""
        ...


async def open_session(url: DatabaseUrl) -> Session:
    """Connect within `CONNECT_SECONDS`. Raises `Unavailable`."""
    if url.kind is Kind.SQLITE:
        from trunkline.store.sqlite import SqliteSession  # each driver only where it is used: 8 MiB

        return SqliteSession.open(url)
    from trunkline.store.postgres import PostgresSession

    return await PostgresSession.open(url)


async def revision(session: Session) -> str | None:
    """Return the revision of the tables, `None` in an empty database."""
    from trunkline.store.columns import REVISION_TABLE
    from trunkline.store.errors import SchemaMismatch

    try:
        rows = await session.fetch(f"SELECT version_num FROM {REVISION_TABLE}")  # noqa: S608 our own name
    except SchemaMismatch:
        return None
    return str(rows[0][0]) if rows else None
