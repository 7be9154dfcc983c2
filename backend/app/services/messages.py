"""Messages between the database and the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.messages import Attachment, Message
from backend.app.core import tables
from backend.app.core.clock import instant, microseconds

Row = Mapping[Any, Any]


def message_of(row: Row, attachments: Iterable[Attachment] = ()) -> Message:
    """Return the message of a row of `tables.messages`."""
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        parent_id=row["parent_id"],
        role=row["role"],
        column=row["column_no"],
        content=row["content"],
        attachments=list(attachments),
        reasoning=row["reasoning"],
        reasoning_ms=row["reasoning_ms"],
        model=row["model"],
        provider=row["provider"],
        status=row["status"],
        error=row["error"],
        finish_reason=row["finish_reason"],
        receipt=row["receipt"],
        route=row["route"],
        losses=row["losses"] or [],
        created_at=instant(row["created_us"]),
        run_id=row["run_id"],
    )


def values_of(message: Message, user_id: str) -> dict[str, Any]:
    """Return the row of a message, the receipt's numbers beside the receipt. Attachments are rows of their own."""
    receipt = message.receipt
    return {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "user_id": user_id,
        "parent_id": message.parent_id,
        "role": message.role,
        "column_no": message.column,
        "content": message.content,
        "reasoning": message.reasoning,
        "reasoning_ms": message.reasoning_ms,
        "model": message.model,
        "provider": message.provider,
        "status": message.status,
        "error": _json(message.error),
        "finish_reason": message.finish_reason,
        "receipt": _json(receipt),
        "input_tokens": receipt.usage.input if receipt else None,
        "output_tokens": receipt.usage.output if receipt else None,
        "total_tokens": receipt.usage.total if receipt else None,
        "cost_nano": receipt.cost_nano if receipt else None,
        "settled": receipt.settled if receipt else False,
        "first_word_ms": receipt.timing.first_word_ms if receipt else None,
        "call_id": receipt.call_id if receipt else None,
        "route": _json(message.route),
        "losses": [loss.model_dump(mode="json") for loss in message.losses] or None,
        "run_id": message.run_id,
        "created_us": microseconds(message.created_at),
    }


def _json(value: Any) -> Any:
    return None if value is None else value.model_dump(mode="json")


def attachment_of(row: Row) -> Attachment:
    """Return the attachment of a row of `tables.attachments`."""
    return Attachment(
        id=row["id"],
        name=row["name"],
        media_type=row["media_type"],
        bytes=row["bytes"],
        kind=row["kind"],
        width=row["width"],
        height=row["height"],
    )


async def messages_of(connection: AsyncConnection, user_id: str, conversation_id: str) -> list[Message]:
    """Return all messages of a conversation in the order in which they were made, with their attachments."""
    table = tables.messages
    rows = await connection.execute(
        select(table)
        .where(table.c.user_id == user_id, table.c.conversation_id == conversation_id)
        .order_by(table.c.seq)
    )
    attached = await _attachments(connection, user_id, conversation_id)
    return [message_of(row, attached.get(row["id"], ())) for row in rows.mappings()]


async def _attachments(connection: AsyncConnection, user_id: str, conversation_id: str) -> dict[str, list[Attachment]]:
    links, files, table = tables.message_attachments, tables.attachments, tables.messages
    rows = await connection.execute(
        select(files, links.c.message_id)
        .join(links, links.c.attachment_id == files.c.id)
        .join(table, table.c.id == links.c.message_id)
        .where(table.c.conversation_id == conversation_id, files.c.user_id == user_id)
        .order_by(links.c.message_id, links.c.position)
    )
    found: dict[str, list[Attachment]] = {}
    for row in rows.mappings():
        found.setdefault(row["message_id"], []).append(attachment_of(row))
    return found
