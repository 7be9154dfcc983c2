"""New conversations out of old ones: a branch from a message, an ordinary chat from a comparison's column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.conversations import Conversation
from backend.app.core import tables
from backend.app.core.clock import now_us
from backend.app.core.errors import invalid
from backend.app.core.ids import new_id
from backend.app.services.conversations import get, own_row

Row = Mapping[Any, Any]
_NOT_COPIED: Final = frozenset({"seq", "run_id"})


def path_to(rows: Sequence[Row], message_id: str | None) -> list[Row]:
    """Return the messages from the root down to one; down to the last where the id is not known."""
    by_id = {row["id"]: row for row in rows}
    found: list[Row] = []
    row = by_id.get(message_id or "") or (rows[-1] if rows else None)
    while row is not None and len(found) <= len(rows):
        found.append(row)
        row = by_id.get(row["parent_id"] or "")
    return found[::-1]


async def branch(
    connection: AsyncConnection, user_id: str, conversation_id: str, *, message_id: str, mine_only: bool
) -> Conversation:
    """Copy the path down to a message into a new conversation; in a comparison with the answers of every column."""
    old = await own_row(connection, user_id, conversation_id)
    rows = await _rows(connection, user_id, old["id"])
    if message_id not in {row["id"] for row in rows}:
        raise invalid("There is no such message in this conversation.", "Reload the page.", field="message_id")
    path = path_to(rows, message_id)
    if mine_only:
        chain = [row for row in path if row["role"] != "assistant"]
        copies = [(row, chain[i - 1]["id"] if i else None) for i, row in enumerate(chain)]
    else:
        questions = {row["id"] for row in path[:-1] if row["role"] == "user"}
        if old["kind"] == "compare":
            taken = {row["id"] for row in path}
            beside = [
                r for r in rows if r["parent_id"] in questions and r["role"] == "assistant" and r["id"] not in taken
            ]
            path = sorted([*path, *beside], key=lambda row: row["seq"])
        copies = [(row, row["parent_id"]) for row in path]
    return await _make(connection, user_id, old, copies, origin=message_id, leaf=message_id, kind=old["kind"])


async def continue_column(
    connection: AsyncConnection, user_id: str, conversation_id: str, *, column: int
) -> Conversation:
    """Make a chat of each question and this column's answer to it; later versions of an answer win."""
    old = await own_row(connection, user_id, conversation_id)
    if old["kind"] != "compare" or column >= len(old["columns"]):
        raise invalid(f"This conversation has no column {column}.", field="column")
    rows = await _rows(connection, user_id, old["id"])
    answers = {r["parent_id"]: r for r in rows if r["role"] == "assistant" and r["column_no"] == column}
    chain: list[Row] = []
    for row in path_to(rows, old["leaf_id"]):
        if row["role"] == "assistant":
            continue
        chain.append(row)
        if row["id"] in answers:
            chain.append(answers[row["id"]])
    if not chain:
        raise invalid("There is nothing to continue yet.", field="column")
    copies = [({**row, "column_no": None}, chain[i - 1]["id"] if i else None) for i, row in enumerate(chain)]
    last = chain[-1]["id"]
    changed = {**old, "model": old["columns"][column]["model"], "columns": []}
    return await _make(connection, user_id, changed, copies, origin=last, leaf=last, kind="chat")


async def _rows(connection: AsyncConnection, user_id: str, conversation_id: str) -> Sequence[Row]:
    table = tables.messages
    found = await connection.execute(
        select(table)
        .where(table.c.conversation_id == conversation_id, table.c.user_id == user_id)
        .order_by(table.c.seq)
    )
    return found.mappings().all()


async def _make(
    connection: AsyncConnection,
    user_id: str,
    old: Row,
    copies: Iterable[tuple[Row, str | None]],
    *,
    origin: str,
    leaf: str,
    kind: str,
) -> Conversation:
    """Store a conversation with copies of messages; each comes with the old id of its new parent."""
    copies = list(copies)
    now = now_us()
    ids = {row["id"]: new_id() for row, _ in copies}
    made = {name: old[name] for name in ("title", "titled", "model", "system", "params", "columns")}
    new = new_id()
    await connection.execute(
        insert(tables.conversations).values(
            **made, id=new, user_id=user_id, kind=kind, pinned=False, leaf_id=ids.get(leaf, [*ids.values(), None][-1]),
            continued_conversation_id=old["id"], continued_message_id=origin, created_us=now, updated_us=now,
        )
    )  # fmt: skip
    for row, parent in copies:
        values = {name: value for name, value in row.items() if name not in _NOT_COPIED}
        status = "cut" if row["status"] in tables.UNFINISHED else row["status"]
        values |= {"id": ids[row["id"]], "conversation_id": new, "parent_id": ids.get(parent or ""), "status": status}
        await connection.execute(insert(tables.messages).values(**values))
    links = tables.message_attachments
    attached = await connection.execute(select(links).where(links.c.message_id.in_(ids)))
    for link in attached.mappings().all():
        await connection.execute(insert(links).values({**link, "message_id": ids[link["message_id"]]}))
    return await get(connection, user_id, new)
