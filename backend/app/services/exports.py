"""Everything of a person as JSON, one conversation after the other: the memory for it is that of one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from sqlalchemy import select

from backend.app.api.schemas.transfer import ExportDocument
from backend.app.core import tables
from backend.app.core.db import Database
from backend.app.services.conversations import detail


def empty() -> ExportDocument:
    """Return the document without conversations."""
    return ExportDocument(exported_at=datetime.now(UTC), conversations=[])


async def everything(db: Database, user_id: str) -> AsyncIterator[str]:
    """Yield the pieces of an `ExportDocument` with every conversation that is not deleted, oldest first."""
    head, _, tail = empty().model_dump_json().rpartition("[]")
    yield head + "["
    table = tables.conversations
    async with db.read() as connection:
        found = await connection.execute(
            select(table.c.id).where(table.c.user_id == user_id, table.c.deleted_us.is_(None)).order_by(table.c.seq)
        )
        for number, conversation_id in enumerate(found.scalars().all()):
            one = await detail(connection, user_id, conversation_id)
            yield ("," if number else "") + one.model_dump_json()
    yield "]" + tail
