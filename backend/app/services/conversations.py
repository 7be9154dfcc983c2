"""Conversations: lists, changes, deletion. Every statement names the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.conversations import (
    Conversation,
    ConversationDetail,
    ConversationKind,
    ConversationPage,
    ConversationUpdate,
    Origin,
    Vote,
)
from backend.app.api.schemas.errors import ErrorCode
from backend.app.core import cursor as cursors
from backend.app.core import tables
from backend.app.core.clock import DAY_US, instant, now_us
from backend.app.core.errors import AppError, invalid, not_found
from backend.app.core.ids import is_id
from backend.app.services.messages import messages_of

RESTORABLE_US: Final = 30 * DAY_US
Row = Mapping[Any, Any]
_table = tables.conversations


async def list_page(
    connection: AsyncConnection,
    user_id: str,
    *,
    cursor: str | None,
    limit: int,
    kind: ConversationKind | None = None,
    pinned: bool | None = None,
) -> ConversationPage:
    """Return a page, last changed first."""
    query = select(_table).where(_table.c.user_id == user_id, _table.c.deleted_us.is_(None))
    if kind is not None:
        query = query.where(_table.c.kind == kind)
    if pinned is not None:
        query = query.where(_table.c.pinned == pinned)
    if cursor is not None:
        query = query.where(tuple_(_table.c.updated_us, _table.c.id) < tuple_(*cursors.decode(cursor)))
    query = query.order_by(_table.c.updated_us.desc(), _table.c.id.desc()).limit(limit + 1)
    rows = (await connection.execute(query)).mappings().all()
    items = await _complete(connection, rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    return ConversationPage(items=items, next_cursor=cursors.encode(last["updated_us"], last["id"]) if last else None)


async def own_row(connection: AsyncConnection, user_id: str, conversation_id: str, *, deleted: bool = False) -> Row:
    """Return the row. Raises 404 where it is not there, another's, or, unless `deleted`, deleted."""
    if is_id(conversation_id):
        found = await connection.execute(
            select(_table).where(_table.c.id == conversation_id, _table.c.user_id == user_id)
        )
        row = found.mappings().first()
        if row is not None and (deleted or row["deleted_us"] is None):
            return row
    raise not_found("conversation")


async def get(connection: AsyncConnection, user_id: str, conversation_id: str) -> Conversation:
    """Return one without its messages, also a deleted one."""
    row = await own_row(connection, user_id, conversation_id, deleted=True)
    return (await _complete(connection, [row]))[0]


async def detail(connection: AsyncConnection, user_id: str, conversation_id: str) -> ConversationDetail:
    """Return one with everything, also a deleted one."""
    plain = await get(connection, user_id, conversation_id)
    messages = await messages_of(connection, user_id, conversation_id)
    votes = await connection.execute(
        select(tables.votes)
        .where(tables.votes.c.conversation_id == conversation_id, tables.votes.c.user_id == user_id)
        .order_by(tables.votes.c.created_us)
    )
    files = {file.id: file.bytes for message in messages for file in message.attachments}
    return ConversationDetail(
        **dict(plain),
        messages=messages,
        votes=[vote_of(row) for row in votes.mappings()],
        attachments_bytes=sum(files.values()),
    )


async def change(
    connection: AsyncConnection, user_id: str, conversation_id: str, body: ConversationUpdate
) -> Conversation:
    """Change what was sent. The place in the list stays: that is for new messages."""
    row = await own_row(connection, user_id, conversation_id)
    sent = body.model_dump(mode="json", exclude_unset=True)
    values = {name: value for name, value in sent.items() if value is not None or name == "system"}
    if "title" in values:
        values["titled"] = True
    if "leaf_id" in values:
        await _check_message(connection, user_id, row["id"], values["leaf_id"], "leaf_id")
    if values:
        await connection.execute(
            update(_table).where(_table.c.id == row["id"], _table.c.user_id == user_id).values(**values)
        )
    return await get(connection, user_id, conversation_id)


async def remove(connection: AsyncConnection, user_id: str, conversation_id: str) -> None:
    """Delete so that it can be restored; deleting twice keeps the first time."""
    row = await own_row(connection, user_id, conversation_id, deleted=True)
    if row["deleted_us"] is None:
        await connection.execute(
            update(_table).where(_table.c.id == row["id"], _table.c.user_id == user_id).values(deleted_us=now_us())
        )


async def restore(connection: AsyncConnection, user_id: str, conversation_id: str) -> Conversation:
    """Take a deletion back."""
    row = await own_row(connection, user_id, conversation_id, deleted=True)
    await connection.execute(
        update(_table).where(_table.c.id == row["id"], _table.c.user_id == user_id).values(deleted_us=None)
    )
    return await get(connection, user_id, conversation_id)


async def purge(connection: AsyncConnection, user_id: str, conversation_id: str) -> None:
    """Delete for good. Raises 409 while an answer is being written."""
    row = await own_row(connection, user_id, conversation_id, deleted=True)
    if not await without_runs(connection, [row["id"]]):
        raise AppError(
            ErrorCode.CONFLICT, "An answer is still being written, or its cost is not known yet.",
            "Stop it, or wait a few seconds, then delete.",
        )  # fmt: skip
    await purge_rows(connection, [row["id"]])


async def without_runs(connection: AsyncConnection, conversation_ids: Sequence[str]) -> list[str]:
    """Those of the conversations in which nothing runs; no run can begin in them before this transaction ends."""
    question = select(_table.c.id).where(_table.c.id.in_(conversation_ids)).with_for_update()
    there = (await connection.execute(question)).scalars().all()  # a run begins by locking the same row
    runs = tables.runs
    running = select(runs.c.conversation_id).where(runs.c.conversation_id.in_(there), runs.c.state == "running")
    busy = set((await connection.execute(running)).scalars())
    return [each for each in there if each not in busy]


async def purge_rows(connection: AsyncConnection, conversation_ids: Sequence[str]) -> None:
    """Delete conversations of anybody with all that hangs on them; what their calls took is kept as bare numbers."""
    messages, past = tables.messages, tables.past_calls
    names = [column.name for column in past.c]
    chosen = [messages.c.id if name == "message_id" else messages.c[name] for name in names]
    await connection.execute(
        insert(past).from_select(
            names,
            select(*chosen).where(
                messages.c.conversation_id.in_(conversation_ids),
                messages.c.role == "assistant",
                messages.c.run_id.is_not(None),
            ),
        )
    )
    await connection.execute(delete(_table).where(_table.c.id.in_(conversation_ids)))


async def cast_vote(
    connection: AsyncConnection, user_id: str, conversation_id: str, *, message_id: str, choice: int | str, blind: bool
) -> Vote:
    """Keep the judgement of a turn; a second one replaces the first."""
    row = await own_row(connection, user_id, conversation_id)
    if row["kind"] != "compare":
        raise invalid("Only turns of a comparison are judged.", field="message_id")
    if isinstance(choice, int) and not 0 <= choice < len(row["columns"]):
        raise invalid(f"There is no column {choice}; this comparison has {len(row['columns'])}.", field="choice")
    role = await _check_message(connection, user_id, row["id"], message_id, "message_id")
    if role != "user":
        raise invalid("Judge the question, not one of its answers.", field="message_id")
    if isinstance(choice, int) and not await _has_answer(connection, message_id, choice):
        raise AppError(
            ErrorCode.CONFLICT, f"{row['columns'][choice]['model']} did not answer this question: it cannot be best.",
            "Choose a column with an answer, or `bad`.", field="choice",
        )  # fmt: skip
    votes = tables.votes
    where = votes.c.conversation_id == row["id"], votes.c.message_id == message_id
    await connection.execute(delete(votes).where(*where, votes.c.user_id == user_id))
    values = {"message_id": message_id, "choice": str(choice), "blind": blind, "created_us": now_us()}
    await connection.execute(insert(votes).values(conversation_id=row["id"], user_id=user_id, **values))
    return vote_of(values)


async def _has_answer(connection: AsyncConnection, question_id: str, column: int) -> bool:
    """Whether a column has something to judge: what was stopped or cut counts, an error or silence does not."""
    table = tables.messages
    found = await connection.execute(
        select(table.c.id)
        .where(table.c.parent_id == question_id, table.c.role == "assistant", table.c.column_no == column)
        .where(table.c.status.not_in(["error", *tables.UNFINISHED]), table.c.content != "")
        .limit(1)
    )
    return found.first() is not None


def vote_of(row: Row) -> Vote:
    """Return the vote of a row."""
    choice = row["choice"]
    return Vote(
        message_id=row["message_id"],
        choice=int(choice) if choice.isdigit() else choice,
        blind=row["blind"],
        created_at=instant(row["created_us"]),
    )


async def _check_message(
    connection: AsyncConnection, user_id: str, conversation_id: str, message_id: str, field: str
) -> str:
    """Return the role of a message of this conversation."""
    table = tables.messages
    found = await connection.execute(
        select(table.c.role).where(
            table.c.id == message_id, table.c.conversation_id == conversation_id, table.c.user_id == user_id
        )
    )
    role = found.scalar()
    if role is None:
        raise invalid("There is no such message in this conversation.", "Reload the page.", field=field)
    return str(role)


async def _complete(connection: AsyncConnection, rows: Iterable[Row]) -> list[Conversation]:
    """Add up what was spent in each. Copies in a branch have no run: they were paid for where they were made."""
    rows = list(rows)
    table = tables.messages
    sums = await connection.execute(
        select(
            table.c.conversation_id,
            func.coalesce(func.sum(table.c.cost_nano), 0),
            func.coalesce(func.sum(table.c.total_tokens), 0),
        )
        .where(table.c.conversation_id.in_([row["id"] for row in rows]), table.c.run_id.is_not(None))
        .group_by(table.c.conversation_id)
    )
    spent = {conversation_id: (int(cost), int(tokens)) for conversation_id, cost, tokens in sums}
    return [_conversation_of(row, *spent.get(row["id"], (0, 0))) for row in rows]


def _conversation_of(row: Row, cost_nano: int, total_tokens: int) -> Conversation:
    origin = None
    if row["continued_conversation_id"] is not None:
        origin = Origin(conversation_id=row["continued_conversation_id"], message_id=row["continued_message_id"] or "")
    return Conversation(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        model=row["model"],
        system=row["system"],
        params=row["params"],
        columns=row["columns"],
        pinned=row["pinned"],
        leaf_id=row["leaf_id"],
        created_at=instant(row["created_us"]),
        updated_at=instant(row["updated_us"]),
        cost_nano=cost_nano,
        total_tokens=total_tokens,
        continued_from=origin,
        deleted=row["deleted_us"] is not None,
    )
