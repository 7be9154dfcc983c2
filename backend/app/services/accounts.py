"""Passwords: checked in constant time, slowly, and not too often."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.errors import ErrorCode
from backend.app.core import tables
from backend.app.core.auth import LOCAL
from backend.app.core.clock import SECOND_US, now_us
from backend.app.core.db import Database
from backend.app.core.errors import AppError
from backend.app.core.ids import new_id
from backend.app.core.settings import Settings
from backend.app.core.tables import storable

WINDOW_US: Final = 15 * 60 * SECOND_US
FAILURES: Final = {"pair": 10, "address": 30, "email": 100}
"""Failures in a window before it is closed: one person from one place, one place, one person from anywhere."""
_HASHERS: Final = ThreadPoolExecutor(2, thread_name_prefix="password")
"""A hash takes 64 MiB: a flood of guesses must not take all memory."""


def hash_password(password: str) -> str:
    """Return the Argon2id hash, in PHC form."""
    return PasswordHasher().hash(password)


@cache
def _nobody() -> str:
    """A hash that no password has, so that an unknown address takes as long as a known one."""
    return hash_password("nobody")


async def check_password(db: Database, settings: Settings, email: str | None, password: str, address: str) -> str:
    """Return the id of the person. Raises `AppError`: 401 for a wrong password, 429 after too many.

    `address` is where the request comes from.
    """
    email = storable(email).strip().lower() if email else None
    keys = _keys(email, address)
    await _refuse_too_many(db, keys)
    user_id = await _person(db, settings, email, password)
    if user_id is None:
        await _note_failure(db, keys)
        raise AppError(
            ErrorCode.NOT_PERMITTED, "The address or the password is not right.", "Check both and try again.",
            status=401, field="password",
        )  # fmt: skip
    async with db.write() as connection:
        await connection.execute(delete(tables.sign_in_failures).where(tables.sign_in_failures.c.who == keys["pair"]))
    return user_id


async def _person(db: Database, settings: Settings, email: str | None, password: str) -> str | None:
    if email is None:
        expected = settings.auth_password.get_secret_value() if settings.auth_password is not None else ""
        # Digests: `compare_digest` alone would tell the length.
        same = hmac.compare_digest(
            hashlib.sha256(password.encode()).digest(), hashlib.sha256(expected.encode()).digest()
        )
        return LOCAL.id if same and expected else None
    async with db.read() as connection:
        result = await connection.execute(select(tables.users).where(tables.users.c.email == email))
        row: Any = result.mappings().first()
    stored = settings.users.get(email) or (row["password_hash"] if row is not None else None)
    right = await asyncio.get_running_loop().run_in_executor(_HASHERS, _verify, stored or _nobody(), password)
    if not right or stored is None:
        return None
    if row is not None:
        return str(row["id"])
    async with db.write() as connection:
        return await add_user(connection, email=email)


def _verify(stored: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


async def add_user(
    connection: AsyncConnection, *, email: str | None, name: str | None = None, password_hash: str | None = None
) -> str:
    """Make a person; returns the id."""
    user_id = new_id()
    await connection.execute(
        insert(tables.users).values(
            id=user_id, name=name or (email or "").partition("@")[0] or "You", email=email, role="user",
            password_hash=password_hash, created_us=now_us(),
        )
    )  # fmt: skip
    return user_id


def _keys(email: str | None, address: str) -> dict[str, str]:
    return {
        "pair": _key("pair", f"{address} {email or ''}"),
        "address": _key("address", address),
        "email": _key("email", email or ""),
    }


def _key(kind: str, value: str) -> str:
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()}"


async def _refuse_too_many(db: Database, keys: dict[str, str]) -> None:
    table = tables.sign_in_failures
    start = now_us() - WINDOW_US
    async with db.read() as connection:
        result = await connection.execute(
            select(table.c.who, table.c.count, table.c.since_us).where(
                table.c.who.in_(keys.values()), table.c.since_us > start
            )
        )
        rows = result.all()
    for who, count, since in rows:
        if count >= FAILURES[who.partition(":")[0]]:
            wait = (since - start) / SECOND_US
            raise AppError(
                ErrorCode.RATE_LIMITED,
                f"Too many attempts. The next is possible in {max(1, round(wait / 60))} min.",
                "Wait, or ask whoever runs this.",
                retry_after_s=wait,
            )


async def _note_failure(db: Database, keys: dict[str, str]) -> None:
    """Count in one statement: guesses that come at once must not overwrite one another's count."""
    table = tables.sign_in_failures
    now = now_us()
    async with db.write() as connection:
        await connection.execute(delete(table).where(table.c.since_us <= now - WINDOW_US))
        for who in keys.values():
            done = await connection.execute(update(table).where(table.c.who == who).values(count=table.c.count + 1))
            if done.rowcount == 0:
                await _first_failure(connection, who, now)


async def _first_failure(connection: AsyncConnection, who: str, now: int) -> None:
    from sqlalchemy.dialects import postgresql, sqlite

    table = tables.sign_in_failures
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(who=who, count=1, since_us=now)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[table.c.who], set_={"count": table.c.count + 1})
    )
