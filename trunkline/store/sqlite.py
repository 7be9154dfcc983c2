"""The shipper's SQLite connection: the standard library's driver, called directly.

No thread in between (aiosqlite hands each statement to one): the shipper has nothing else to do meanwhile, and a
locked file ends in an error after `busy_timeout`.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from trunkline.store.columns import LOG_COLUMNS
from trunkline.store.errors import BadRow, DuplicateRow, SchemaMismatch, Unavailable
from trunkline.store.session import OPERATION_SECONDS, Row
from trunkline.store.url import DatabaseUrl, Kind

_INSERT_LOG: Final = (
    f"INSERT INTO litellm_request_logs ({', '.join(LOG_COLUMNS)}) VALUES ({', '.join('?' * len(LOG_COLUMNS))})"  # noqa: S608 our own names
)
_NUMBERED: Final = re.compile(r"\$(\d+)")
_UNIQUE: Final = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_MISSING: Final = ("no such table", "no such column", "has no column named")


@contextmanager
def _sorted_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorname in _UNIQUE:
            raise DuplicateRow(error.sqlite_errorname) from None
        raise BadRow(error.sqlite_errorname) from None
    except sqlite3.OperationalError as error:
        if str(error).startswith(_MISSING) or "has no column named" in str(error):
            raise SchemaMismatch(f"SQLite: {error}") from None
        raise Unavailable(f"SQLite: {error}") from None
    except (sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError, ValueError, OverflowError) as error:
        # ProgrammingError: "Error binding parameter" of a type that SQLite does not store; ValueError: surrogates.
        raise BadRow(type(error).__name__) from None
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"SQLite: {error}") from None


class SqliteSession:
    """See `store.session.Session`."""

    kind: Final = Kind.SQLITE

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._points = 0
        self._full_sync = False
        self._seconds: dict[int, str] = {}

    @classmethod
    def open(cls, url: DatabaseUrl) -> SqliteSession:
        """Open the file, made with mode 0600 where there is none. Raises `Unavailable`."""
        assert url.path is not None
        try:
            url.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(url.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise Unavailable(f"SQLite: cannot open `{url.path}`: {error.strerror}") from None
        with _sorted_errors():
            # cached_statements: one per statement text of the shipper, which has about a dozen.
            connection = sqlite3.connect(
                url.path, timeout=OPERATION_SECONDS, isolation_level=None, cached_statements=32, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            connection.execute("PRAGMA synchronous=NORMAL")
            return cls(connection)

    def stamp(self, microseconds: int) -> str:
        """Return ISO 8601 in UTC with a space, which sorts among what SQLite's own `datetime()` returns."""
        second, rest = divmod(microseconds, 1_000_000)
        prefix = self._seconds.get(second)
        if prefix is None:
            prefix = self._second(second)
        return f"{prefix}.{rest:06d}+00:00"

    def _second(self, second: int) -> str:
        """Format a second once: the calls of a batch share theirs, and `strftime` is half the cost of a row."""
        try:
            text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
        except (ValueError, OverflowError, OSError):
            raise BadRow("a time outside of the years 1 to 9999") from None
        if len(self._seconds) >= 4096:
            self._seconds.clear()
        self._seconds[second] = text
        return text

    async def begin(self, *, durable: bool = False) -> None:
        with _sorted_errors():
            if durable != self._full_sync:
                # In WAL mode NORMAL may forget the last commits at a power cut; FULL syncs them and all before.
                self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._full_sync = durable
            self._points = 0
            self._connection.execute("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        with _sorted_errors():
            self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        with _sorted_errors():
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    async def savepoint(self) -> None:
        self._points += 1
        with _sorted_errors():
            self._connection.execute(f"SAVEPOINT p{self._points}")

    async def release(self) -> None:
        with _sorted_errors():
            self._connection.execute(f"RELEASE p{self._points}")
        self._points -= 1

    async def undo(self) -> None:
        with _sorted_errors():
            self._connection.execute(f"ROLLBACK TO p{self._points}")
        await self.release()

    async def execute(self, sql: str, *args: object) -> int:
        with _sorted_errors():
            return self._connection.execute(_numbered(sql), args).rowcount

    async def execute_many(self, sql: str, rows: Sequence[Row]) -> None:
        with _sorted_errors():
            self._connection.executemany(_numbered(sql), rows)

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        with _sorted_errors():
            return self._connection.execute(_numbered(sql), args).fetchall()

    async def existing(self, request_ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        sql = "SELECT 1 FROM litellm_request_logs WHERE request_id = ?"
        with _sorted_errors():
            found.update(each for each in request_ids if self._connection.execute(sql, (each,)).fetchone())
        return found

    async def load_logs(self, rows: Sequence[Row]) -> None:
        with _sorted_errors():
            self._connection.executemany(_INSERT_LOG, rows)

    async def prepare_days(self, days: Iterable[int]) -> None:
        """Nothing to do: one table."""

    async def close(self) -> None:
        try:
            self._connection.close()
        except sqlite3.Error:
            pass


def _numbered(sql: str) -> str:
    return _NUMBERED.sub(r"?\1", sql)
