"""A message that is not sent yet, with its history, as a model would get it: for estimates and for refusing in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.messages import Attachment, Message
from backend.app.core import tables
from backend.app.core.errors import invalid, not_found
from backend.app.services.messages import attachment_of, messages_of

DRAFT: Final = "draft"
"""The id of a message that has none yet."""


async def with_draft(
    connection: AsyncConnection,
    user_id: str,
    *,
    conversation_id: str | None,
    parent_id: str | None,
    content: str,
    attachment_ids: Sequence[str],
) -> list[Message]:  # fmt: skip
    """The conversation's messages and the draft below its parent. Raises `AppError`: somebody else's, or not there."""
    tree: list[Message] = []
    if conversation_id is not None:
        table = tables.conversations
        owner = await connection.execute(select(table.c.user_id).where(table.c.id == conversation_id))
        found = owner.scalar_one_or_none()
        if found is not None and found != user_id:
            raise not_found("conversation")
        if found is not None:
            tree = await messages_of(connection, user_id, conversation_id)
    if parent_id is not None and all(message.id != parent_id for message in tree):
        raise invalid("`parent_id` is no message of this conversation.", "Reload the page.", field="parent_id")
    attached = await _attachments(connection, user_id, attachment_ids)
    return [*tree, _draft(conversation_id or DRAFT, parent_id, content, attached)]


async def _attachments(connection: AsyncConnection, user_id: str, ids: Sequence[str]) -> list[Attachment]:
    if not ids:
        return []
    table = tables.attachments
    rows = await connection.execute(select(table).where(table.c.id.in_(ids), table.c.user_id == user_id))
    found = {row["id"]: attachment_of(row) for row in rows.mappings()}
    if len(found) != len(set(ids)):
        raise invalid("A file is no longer there.", "Attach it again.", field="attachment_ids")
    return [found[each] for each in dict.fromkeys(ids)]


def _draft(conversation_id: str, parent_id: str | None, content: str, attached: list[Attachment]) -> Message:
    return Message(
        id=DRAFT, conversation_id=conversation_id, parent_id=parent_id, role="user", column=None, content=content,
        attachments=attached, status="done", created_at=datetime.now(UTC),
    )  # fmt: skip
