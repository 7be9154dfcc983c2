"""The ledger for one question: opened, asked, closed. What goes wrong is one of the errors of `store/errors.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from trunkline.store.engine import connect
from trunkline.store.errors import SchemaMismatch, Unavailable
from trunkline.store.url import DatabaseUrl, Kind

STATEMENT_SECONDS: Final = 10.0
_NO_TABLE: Final = frozenset({"42P01", "42703", "3F000"})
"""SQLSTATE: no such table, column or schema."""


@asynccontextmanager
async def reading(place: DatabaseUrl) -> AsyncIterator[AsyncEngine]:
    """Open the database for the length of a block.

    Raises:
        SchemaMismatch: the tables are not there, or not yet: a new gateway makes them within its first second.
        Unavailable: the database cannot be reached or does not answer in time.
    """
    if place.kind is Kind.SQLITE and (place.path is None or not place.path.exists()):
        raise SchemaMismatch("the file is not there")  # opening would make an empty one
    engine = connect(place, pool_size=1, statement_seconds=STATEMENT_SECONDS)
    try:
        yield engine
    except DBAPIError as error:
        cause = getattr(error.orig, "__cause__", None) or error.orig
        missing = str(getattr(cause, "sqlstate", "")) in _NO_TABLE or str(error.orig).startswith("no such")
        raise (SchemaMismatch if missing else Unavailable)(_short(error.orig or error)) from None
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise Unavailable(_short(error)) from None
    finally:
        await engine.dispose()


def _short(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__
