"""Read a file, know its format, and store what is in it for one person."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from types import ModuleType
from typing import Any, BinaryIO, Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.transfer import ImportReport, Skipped
from backend.app.core import tables
from backend.app.core.clock import now_us
from backend.app.core.db import Database
from backend.app.core.errors import invalid
from backend.app.core.ids import new_id
from backend.app.services.conversations import purge_rows, without_runs
from backend.app.services.imports import chatgpt, librechat, open_webui, ours
from backend.app.services.imports.draft import MAX_MESSAGES, MAX_TITLE, Draft, DraftMessage, Unusable

FORMATS: Final[tuple[ModuleType, ...]] = (ours, chatgpt, open_webui, librechat)
MAX_CONVERSATIONS: Final = 20_000
_MAX_SKIPPED: Final = 100
_AT_ONCE: Final = 25
"""Conversations of one transaction: others write in between."""


class _Report:
    """Counts as they come."""

    def __init__(self) -> None:
        self.conversations = self.messages = 0
        self.skipped: list[Skipped] = []

    def skip(self, what: str, why: str) -> None:
        """Note what was not taken; the first hundred are enough to see why."""
        if len(self.skipped) < _MAX_SKIPPED:
            self.skipped.append(Skipped(what=what[:MAX_TITLE], why=why))


async def take(db: Database, user_id: str, file: BinaryIO, model: str) -> ImportReport:
    """Import a file; `model` is for conversations that name none. Raises `AppError` where it is of no known format."""
    value = await asyncio.to_thread(_parse, file)
    form = next((form for form in FORMATS if form.matches(value)), None)
    if form is None:
        raise invalid(
            "This is no export that is known here.",
            "Known are exports of this application, of Open WebUI and of LibreChat, and ChatGPT's conversations.json.",
            field="file",
        )
    report = _Report()
    waiting = list(form.items(value))
    for number in range(0, min(len(waiting), MAX_CONVERSATIONS), _AT_ONCE):
        drafts = await asyncio.to_thread(_drafts, form, waiting[number : number + _AT_ONCE], number, report)
        async with db.write() as connection:
            for draft in drafts:
                await _store(connection, user_id, draft, model, report)
    if len(waiting) > MAX_CONVERSATIONS:
        report.skip(f"{len(waiting) - MAX_CONVERSATIONS} conversations", f"more than {MAX_CONVERSATIONS} in one file")
    return ImportReport(conversations=report.conversations, messages=report.messages, skipped=report.skipped)


def _parse(file: BinaryIO) -> Any:
    file.seek(0)
    try:
        return json.load(file)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else "it is not JSON"
        raise invalid(
            f"The file cannot be read: {why}.", "Give the JSON file itself, not an archive.", field="file"
        ) from None


def _drafts(form: ModuleType, items: Iterable[Any], first: int, report: _Report) -> list[Draft]:
    found = []
    for number, item in enumerate(items, start=first + 1):
        title = item.get("title") if isinstance(item, dict) else None
        what = title if isinstance(title, str) and title else f"conversation {number}"
        try:
            draft = form.read(item, now_us())
            draft.messages = ordered(draft.messages)
            if not draft.messages:
                raise Unusable("it has no messages")
            if len(draft.messages) > MAX_MESSAGES:
                raise Unusable(f"it has more than {MAX_MESSAGES} messages")
        except Unusable as error:
            report.skip(what, str(error))
        else:
            if draft.left_out:
                report.skip(what, f"{draft.left_out} of its messages or files cannot be taken over; the rest was")
            found.append(draft)
    return found


def ordered(messages: Iterable[DraftMessage]) -> list[DraftMessage]:
    """Return parents before children. A message whose parent is missing begins anew; one in a ring is left out."""
    by_id = {message.id: message for message in messages}
    children: dict[str | None, list[DraftMessage]] = {}
    for message in by_id.values():
        if message.parent not in by_id:
            message.parent = None
        children.setdefault(message.parent, []).append(message)
    found = list(children.get(None, ()))
    for message in found:  # grows while it is read
        found += children.get(message.id, ())
    return found


async def _store(connection: AsyncConnection, user_id: str, draft: Draft, model: str, report: _Report) -> None:
    if await _is_here(connection, user_id, draft.source):
        report.skip(draft.title or draft.source, "it is here already")
        return
    now = now_us()
    made = new_id()
    ids = {message.id: new_id() for message in draft.messages}
    created = draft.created_us or next((m.created_us for m in draft.messages if m.created_us), now)
    answered = [message.model for message in draft.messages if message.model]
    leaf = ids.get(draft.leaf or "") or ids[draft.messages[-1].id]
    comparing = draft.kind == "compare" and len(draft.columns) > 1
    await connection.execute(
        insert(tables.conversations).values(
            id=made, user_id=user_id, kind="compare" if comparing else "chat", title=draft.title[:MAX_TITLE],
            titled=bool(draft.title), model=draft.model or next(reversed(answered), model), system=draft.system,
            params=draft.params or {}, columns=[{"model": each} for each in draft.columns] if comparing else [],
            pinned=draft.pinned, leaf_id=leaf, source=draft.source, created_us=created,
            updated_us=max(created, draft.updated_us or created),
        )
    )  # fmt: skip
    rows = [_row(message, user_id, made, ids, created, comparing) for message in draft.messages]
    await connection.execute(insert(tables.messages), rows)
    report.conversations += 1
    report.messages += len(rows)


def _row(
    message: DraftMessage, user_id: str, conversation_id: str, ids: dict[str, str], created: int, comparing: bool
) -> dict[str, Any]:
    """Return the row; the receipt is kept to be read, its numbers are not: others paid for it, elsewhere."""
    return {
        "id": ids[message.id], "conversation_id": conversation_id, "user_id": user_id,
        "parent_id": ids.get(message.parent or ""), "role": message.role, "content": message.content,
        "column_no": message.column if comparing else None, "reasoning": message.reasoning, "model": message.model,
        "provider": message.provider, "finish_reason": message.finish_reason, "settled": False,
        "status": "cut" if message.status in tables.UNFINISHED else message.status,
        "receipt": message.receipt.model_dump(mode="json") if message.receipt is not None else None,
        "created_us": message.created_us if message.created_us is not None else created,
    }  # fmt: skip


async def _is_here(connection: AsyncConnection, user_id: str, source: str) -> bool:
    """Whether the person has it: imported before, or it is their own that was exported. A deleted one makes room.

    Not one in which an answer is still being written: that one is here.
    """
    table = tables.conversations
    own = source.removeprefix("trunkline:") if source.startswith("trunkline:") else ""
    found = await connection.execute(
        select(table.c.id, table.c.deleted_us).where(
            table.c.user_id == user_id, (table.c.source == source) | (table.c.id == own)
        )
    )
    rows = found.all()
    gone = await without_runs(connection, [row.id for row in rows if row.deleted_us is not None])
    if gone:
        await purge_rows(connection, gone)
    return len(rows) > len(gone)
