"""Stored responses in the database: written in batches, read by id, by conversation and by item.

Each row holds its own input only, and a conversation is the chain of rows that `previous_response_id` makes. Whole
conversations in every row would make a long one cost the square of its length, and what somebody deleted would live on
in the rows after it. The chain is read in one query (a recursive one, on both databases).

Every method raises the errors of `store/errors.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
from sqlalchemy import Row, Select, and_, delete, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trunkline.store.engine import connect
from trunkline.store.errors import BadRow, SchemaMismatch, StoreError, Unavailable
from trunkline.store.kept import MAX_CHAIN, MAX_CHAIN_CHARACTERS, Kept, TooLong
from trunkline.store.tables import response_items as items
from trunkline.store.tables import responses
from trunkline.store.url import DatabaseUrl, Kind

STATEMENT_SECONDS: Final = 3.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SCHEMA_STATES: Final = frozenset({"42P01", "42703", "3F000"})
_DATA_CLASSES: Final = ("22", "23", "54")
"""SQLSTATE classes that speak of the data, as in `store/postgres.py`."""
_SQLITE_WRITE: Final = "IMMEDIATE"
"""Take the write lock first: a reader that becomes a writer is refused at once where another has written."""


class Responses:
    """The table, for one process. Nothing is opened before the first query."""

    def __init__(self, url: DatabaseUrl) -> None:
        self._kind = url.kind
        self._engine: AsyncEngine = connect(url, pool_size=4, statement_seconds=STATEMENT_SECONDS)

    async def close(self) -> None:
        """End the connections."""
        await self._engine.dispose()

    @property
    def _insert(self) -> type[postgresql.Insert | sqlite.Insert]:
        return sqlite.Insert if self._kind is Kind.SQLITE else postgresql.Insert

    async def save(self, rows: Sequence[Kept]) -> None:
        """Write responses, all or none; one that is there already (a background response) gets its new state.

        Raises:
            BadRow: one of them cannot be stored; try them one by one.
        """
        with _sorted_errors():
            async with self._engine.connect() as connection:
                _ = await connection.execution_options(sqlite_begin=_SQLITE_WRITE)
                async with connection.begin():
                    await self._save(connection, rows)

    async def _save(self, connection: AsyncConnection, rows: Sequence[Kept]) -> None:
        insert = self._insert(responses)
        changed = {name: insert.excluded[name] for name in ("status", "response", "expires")}
        upsert = insert.on_conflict_do_update(index_elements=["id", "key_hash"], set_=changed)
        await connection.execute(upsert, [_values(row) for row in rows])
        made = [
            {"item_id": item, "key_hash": row.key_hash, "response_id": row.id}
            for row in rows
            for item in dict.fromkeys(row.items)
        ]
        if made:
            await connection.execute(self._insert(items).on_conflict_do_nothing(), made)
        for row in rows:
            if row.previous_id:
                await self._prolong(connection, row)

    async def _prolong(self, connection: AsyncConnection, row: Kept) -> None:
        """Give the turns before a response an end that is no earlier.

        No turn ends before one that came after it, so the walk stops at the first that lasts long enough: ends are on a
        grid (`remember`), and that is the next one in all but a thirtieth of the term.
        """
        expires = _time(row.expires_us)
        chain = _chain(row.previous_id, row.key_hash, before=expires).with_only_columns(responses.c.id)
        await connection.execute(
            update(responses)
            .where(responses.c.id.in_(chain), responses.c.key_hash == row.key_hash)
            .values(expires=expires)
        )

    async def find(self, response_id: str, key_hash: str) -> tuple[Kept | None, bool]:
        """The response; and whether it is there but somebody else's."""
        question = select(responses).where(responses.c.id == response_id, responses.c.expires > _now())
        rows = await self._all(question)
        own = next((row for row in rows if row.key_hash == key_hash), None)
        return (None if own is None else _kept(own)), own is None and bool(rows)

    async def chain(self, response_id: str, key_hash: str) -> list[Kept]:
        """A response and all that it goes on from, the oldest first; ends where one is gone.

        Raises:
            TooLong: it is longer than `MAX_CHAIN` turns or larger than `MAX_CHAIN_CHARACTERS`.
        """
        chain = _chain(response_id, key_hash)
        size = func.sum(func.length(responses.c.input) + func.length(responses.c.response))
        measured = chain.with_only_columns(func.count().label("turns"), func.coalesce(size, 0).label("characters"))
        [found] = await self._all(measured)
        turns, characters = int(found.turns), int(found.characters)
        if turns > MAX_CHAIN:
            raise TooLong(f"the conversation has more than {MAX_CHAIN} turns")
        if characters > MAX_CHAIN_CHARACTERS:
            raise TooLong(f"the conversation is larger than {MAX_CHAIN_CHARACTERS // 1024 // 1024} MB")
        rows = await self._all(chain)
        by_id = {row.id: row for row in rows}
        walked: list[Kept] = []
        wanted = response_id
        while wanted in by_id:
            row = _kept(by_id.pop(wanted))
            walked.append(row)
            wanted = row.previous_id
        return walked[::-1]

    async def holding(self, item_ids: Iterable[str], key_hash: str) -> tuple[list[Kept], bool]:
        """The responses that hold output items of these ids; and whether somebody else's do."""
        question = (
            select(responses)
            .join(items, and_(items.c.response_id == responses.c.id, items.c.key_hash == responses.c.key_hash))
            .where(items.c.item_id.in_(list(item_ids)), responses.c.expires > _now())
            .distinct()
        )
        rows = await self._all(question)
        return [_kept(row) for row in rows if row.key_hash == key_hash], any(row.key_hash != key_hash for row in rows)

    async def delete(self, response_id: str, key_hash: str) -> bool:
        """Delete a response; `False`: there was none."""
        with _sorted_errors():
            async with self._engine.connect() as connection:
                _ = await connection.execution_options(sqlite_begin=_SQLITE_WRITE)
                async with connection.begin():
                    await connection.execute(
                        delete(items).where(items.c.response_id == response_id, items.c.key_hash == key_hash)
                    )
                    done = await connection.execute(
                        delete(responses).where(responses.c.id == response_id, responses.c.key_hash == key_hash)
                    )
                    return done.rowcount > 0

    async def _all(self, question: Select[*tuple[object, ...]]) -> Sequence[Row[*tuple[object, ...]]]:
        with _sorted_errors():
            async with self._engine.connect() as connection:
                return (await connection.execute(question)).all()


def _chain(response_id: str, key_hash: str, *, before: datetime | None = None) -> Select[*tuple[object, ...]]:
    """The rows of a conversation, walked backwards from its last response; `before`: up to one that ends no earlier."""
    own = and_(responses.c.key_hash == key_hash, responses.c.expires > _now())
    if before is not None:
        own = and_(own, responses.c.expires < before)
    last = select(responses.c.id, responses.c.previous_response_id, literal(1).label("turn")).where(
        responses.c.id == response_id, own
    )
    walk = last.cte("walk", recursive=True)
    earlier = select(responses.c.id, responses.c.previous_response_id, walk.c.turn + 1).where(
        responses.c.id == walk.c.previous_response_id, own, walk.c.turn <= MAX_CHAIN
    )
    walk = walk.union_all(earlier)
    return select(responses).where(responses.c.key_hash == key_hash, responses.c.id.in_(select(walk.c.id)))


def _values(row: Kept) -> dict[str, object]:
    return {
        "id": row.id, "key_hash": row.key_hash, "created": _time(row.created_us), "expires": _time(row.expires_us),
        "model_group": row.model_group, "model_id": row.deployment, "provider_response_id": row.provider_id,
        "previous_response_id": row.previous_id, "status": row.status, "input": row.input, "response": row.response,
    }  # fmt: skip


def _kept(row: Row[*tuple[object, ...]]) -> Kept:
    return Kept(
        id=row.id, key_hash=row.key_hash, created_us=_microseconds(row.created), expires_us=_microseconds(row.expires),
        model_group=row.model_group, deployment=row.model_id, provider_id=row.provider_response_id,
        previous_id=row.previous_response_id, status=row.status, input=row.input, response=row.response,
    )  # fmt: skip


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _sorted_errors() -> Iterator[None]:
    try:
        yield
    except (DataError, IntegrityError) as error:
        raise BadRow(type(error).__name__) from None
    except DBAPIError as error:
        raise _of_driver(error) from None
    except StatementError as error:
        raise BadRow(type(error).__name__) from None  # a value that cannot be bound; its text repeats the value
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise Unavailable(_short(error)) from None
    except UnicodeError as error:
        raise BadRow(type(error).__name__) from None


def _of_driver(error: DBAPIError) -> StoreError:
    cause = getattr(error.orig, "__cause__", None) or error.orig
    state = str(getattr(cause, "sqlstate", None) or "")
    text = _short(error.orig or error)
    if state in _SCHEMA_STATES or text.startswith("no such table"):
        return SchemaMismatch(text)  # the shipper is about to make it
    if state[:2] in _DATA_CLASSES or isinstance(cause, ValueError | OverflowError | TypeError):
        return BadRow(type(cause).__name__)  # asyncpg's text repeats the value
    return Unavailable(text)


def _short(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__
