"""The shipper's PostgreSQL connection: asyncpg, with binary COPY for the rows.

Time limits do not cancel: a cancelled asyncpg call asks the server to stop, and a frozen server does not answer that
either. When the limit is over the connection is thrown away, and whatever waits on it fails (D14: no connection with
an answer under way is ever used again).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from trunkline.store.columns import LOG_COLUMNS
from trunkline.store.errors import BadRow, DuplicateRow, SchemaMismatch, StoreError, Unavailable
from trunkline.store.session import CONNECT_SECONDS, OPERATION_SECONDS, Row
from trunkline.store.url import DatabaseUrl, Kind

PARTITION_LOCK: Final = 0x7472756E6B01
"""Advisory lock: one shipper at a time makes partitions. `trunk` in ASCII and a number."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_2000_US: Final = 946_684_800_000_000
_FIRST_US: Final = -62_135_596_800_000_000
_LAST_US: Final = 253_402_300_799_999_999
_DATA_CLASSES: Final = ("22", "23", "54")
"""SQLSTATE classes that speak of the data: exception, constraint, and program limit (an index entry too long)."""
_SCHEMA_STATES: Final = frozenset({"42P01", "42703", "3F000"})


def _sorted_error(error: Exception) -> Exception:
    if isinstance(error, asyncpg.PostgresError):
        state = str(getattr(error, "sqlstate", None) or "")
        if state == "23505":
            return DuplicateRow("SQLSTATE 23505")
        if state[:2] in _DATA_CLASSES and state != "23514":
            return BadRow(f"SQLSTATE {state}")
        if state == "23514":
            return Unavailable("PostgreSQL: no partition for the day of a row (SQLSTATE 23514)")
        if state in _SCHEMA_STATES:
            return SchemaMismatch(f"PostgreSQL: {error} (SQLSTATE {state})")
        return Unavailable(f"PostgreSQL: {error} (SQLSTATE {state})")
    if isinstance(error, asyncpg.DataError | ValueError | OverflowError | TypeError):
        return BadRow(type(error).__name__)  # asyncpg's text repeats the value
    if isinstance(error, TimeoutError):
        return Unavailable(f"PostgreSQL: no answer within {CONNECT_SECONDS:g} s")
    return Unavailable(f"PostgreSQL: {_reason(error)}")


def _reason(error: Exception) -> str:
    match error:
        case OSError():
            return error.strerror or str(error) or type(error).__name__
        case asyncpg.InterfaceError():
            return str(error) or type(error).__name__
        case _:
            return type(error).__name__


_DRIVER_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError,
                         OverflowError, TypeError)  # fmt: skip


class PostgresSession:
    """See `store.session.Session`."""

    kind: Final = Kind.POSTGRESQL

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._points = 0
        self._days: set[int] = set()
        self._watch: asyncio.TimerHandle | None = None
        self._timed_out = False

    @classmethod
    async def open(cls, url: DatabaseUrl) -> PostgresSession:
        """Connect. Raises `Unavailable` within `CONNECT_SECONDS`."""
        settings = {
            "application_name": "trunkline-shipper",
            "lock_timeout": "3s",
            "statement_timeout": "5s",
            # A shipper that was stopped (SIGSTOP) in a transaction must not hold its locks.
            "idle_in_transaction_session_timeout": "10s",
            "timezone": "UTC",
        }
        if url.schema:
            settings["search_path"] = url.schema
        try:
            connection = await asyncpg.connect(
                url.dsn,
                timeout=CONNECT_SECONDS,
                server_settings=settings,
                statement_cache_size=100 if url.prepared else 0,
            )
        except _DRIVER_ERRORS as error:
            raise _unavailable(error) from None
        session = cls(connection)
        async with session._limited():
            # Times as a number: a datetime per value costs three times as much.
            await connection.set_type_codec(
                "timestamptz", schema="pg_catalog", encoder=_encode_time, decoder=_decode_time, format="tuple"
            )
            if await connection.fetchval("SELECT current_setting('synchronous_commit')") == "off":
                await connection.execute("SET synchronous_commit TO on")  # a row that was shipped stays
        return session

    def stamp(self, microseconds: int) -> int:
        """Return the number as it is; the codec moves it to PostgreSQL's epoch."""
        if not _FIRST_US <= microseconds <= _LAST_US:
            raise BadRow("a time outside of the years 1 to 9999")
        return microseconds

    @asynccontextmanager
    async def _limited(self) -> AsyncIterator[None]:
        """Run one operation within the time limit of the transaction, or within its own."""
        own = self._watch is None
        if own:
            self._arm()
        try:
            yield
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001
            # Not only asyncpg's own: a connection that is thrown away under a call can end it with any error.
            found = _sorted_error(error)
            if self._timed_out:
                found = Unavailable(f"PostgreSQL: no answer within {OPERATION_SECONDS:g} s")
            if isinstance(found, Unavailable):
                self._disarm()
                self._connection.terminate()
            raise found from None
        finally:
            if own:
                self._disarm()

    def _arm(self) -> None:
        self._watch = asyncio.get_running_loop().call_later(OPERATION_SECONDS, self._expire)

    def _disarm(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _expire(self) -> None:
        self._timed_out = True
        self._connection.terminate()

    async def begin(self, *, durable: bool = False) -> None:  # noqa: ARG002 every commit is durable here
        self._points = 0
        self._disarm()
        self._arm()
        async with self._limited():
            await self._connection.execute("BEGIN")

    async def commit(self) -> None:
        async with self._limited():
            await self._connection.execute("COMMIT")
        self._disarm()

    async def rollback(self) -> None:
        if not self._connection.is_closed():
            async with self._limited():
                await self._connection.execute("ROLLBACK")
        self._disarm()

    async def savepoint(self) -> None:
        self._points += 1
        async with self._limited():
            await self._connection.execute(f"SAVEPOINT p{self._points}")

    async def release(self) -> None:
        async with self._limited():
            await self._connection.execute(f"RELEASE SAVEPOINT p{self._points}")
        self._points -= 1

    async def undo(self) -> None:
        async with self._limited():
            await self._connection.execute(f"ROLLBACK TO SAVEPOINT p{self._points}")
        await self.release()

    async def execute(self, sql: str, *args: object) -> int:
        async with self._limited():
            done = await self._connection.execute(sql, *args)
            count = done.rpartition(" ")[2]
            return int(count) if count.isdigit() else 0

    async def execute_many(self, sql: str, rows: Sequence[Row]) -> None:
        async with self._limited():
            await self._connection.executemany(sql, rows)

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        async with self._limited():
            return [tuple(row) for row in await self._connection.fetch(sql, *args)]

    async def existing(self, request_ids: Sequence[str]) -> set[str]:
        sql = "SELECT request_id FROM litellm_request_logs WHERE request_id = ANY($1::text[])"
        return {str(row[0]) for row in await self.fetch(sql, list(request_ids))}

    async def load_logs(self, rows: Sequence[Row]) -> None:
        async with self._limited():
            await self._connection.copy_records_to_table("litellm_request_logs", records=rows, columns=LOG_COLUMNS)

    async def prepare_days(self, days: Iterable[int]) -> None:
        for day in days:
            if day not in self._days:
                await self._make_partition(day)
                self._days.add(day)

    async def _make_partition(self, day: int) -> None:
        """Make one day's partition on the side and attach it: readers and writers of the table go on meanwhile.

        `CREATE TABLE … PARTITION OF` would lock the whole table against everybody.
        """
        start = _EPOCH + timedelta(days=day)
        name = f"litellm_request_logs_{start:%Y%m%d}"
        if await self.fetch("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass($1)", name):
            return
        end = start + timedelta(days=1)
        await self.begin()
        try:
            await self.execute(f"SELECT pg_advisory_xact_lock({PARTITION_LOCK})")
            if not await self.fetch("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass($1)", name):
                await self.execute(
                    f"CREATE TABLE {name} (LIKE litellm_request_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS "
                    "INCLUDING GENERATED INCLUDING INDEXES INCLUDING STORAGE)"
                )
                await self.execute(
                    f"ALTER TABLE litellm_request_logs ATTACH PARTITION {name} "
                    f"FOR VALUES FROM ('{start:%Y-%m-%d} 00:00:00+00') TO ('{end:%Y-%m-%d} 00:00:00+00')"
                )
            await self.commit()
        except BaseException:
            await self.rollback()
            raise

    async def close(self) -> None:
        self._disarm()
        self._connection.terminate()


def _unavailable(error: Exception) -> Unavailable:
    found = _sorted_error(error)
    return found if isinstance(found, Unavailable) else Unavailable(f"PostgreSQL: {found}")


def _encode_time(microseconds: int) -> tuple[int]:
    return (microseconds - _EPOCH_2000_US,)


def _decode_time(value: tuple[int]) -> int:
    return value[0] + _EPOCH_2000_US
