"""Conversations and messages as the application stores them, made directly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from backend.app.api.schemas.messages import Message, Receipt, Timing, Usage
from backend.app.core import tables
from backend.app.core.clock import now_us
from backend.app.core.db import Database
from backend.app.core.ids import new_id
from backend.app.services.messages import values_of


async def person(db: Database, email: str) -> str:
    """Make a person; returns the id."""
    user_id = new_id()
    async with db.write() as connection:
        await connection.execute(
            insert(tables.users).values(id=user_id, name=email, email=email, role="user", created_us=now_us())
        )
    return user_id


async def conversation(db: Database, user_id: str = "local", **given: Any) -> str:
    """Make a conversation; returns the id."""
    now = now_us()
    values = {
        "id": new_id(), "user_id": user_id, "kind": "chat", "title": "A title", "model": "fake-model", "params": {},
        "columns": [], "created_us": now, "updated_us": now, **given,
    }  # fmt: skip
    async with db.write() as connection:
        await connection.execute(insert(tables.conversations).values(**values))
    return str(values["id"])


async def message(db: Database, conversation_id: str, content: str = "Hello", **given: Any) -> str:
    """Make a message of the conversation's owner; returns the id. `cost_nano` and tokens make a receipt."""
    numbers = {name: given.pop(name, None) for name in ("cost_nano", "input", "output", "first_word_ms")}
    made = Message(
        **{
            "id": new_id(), "conversation_id": conversation_id, "parent_id": None, "role": "user", "column": None,
            "content": content, "status": "done", "created_at": datetime.now(UTC),
            "receipt": receipt(**numbers) if any(v is not None for v in numbers.values()) else None, **given,
        }
    )  # fmt: skip
    async with db.write() as connection:
        found = await connection.execute(
            select(tables.conversations.c.user_id).where(tables.conversations.c.id == conversation_id)
        )
        await connection.execute(insert(tables.messages).values(**values_of(made, found.scalar_one())))
    return made.id


def receipt(
    *,
    cost_nano: int | None,
    input: int | None,  # noqa: A002 as in Usage
    output: int | None,
    first_word_ms: float | None,
) -> Receipt:
    """Make a settled receipt."""
    total = None if input is None and output is None else (input or 0) + (output or 0)
    return Receipt(
        usage=Usage(input=input, output=output, total=total), cost_nano=cost_nano, settled=True, estimated=False,
        timing=Timing(first_word_ms=first_word_ms), model="fake-model",
    )  # fmt: skip


async def count(db: Database, name: str) -> int:
    """How many rows a table has."""
    async with db.read() as connection:
        return len((await connection.execute(select(tables.METADATA.tables[name]))).all())
