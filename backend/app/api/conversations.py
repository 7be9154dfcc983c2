"""Conversations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.app.api.deps import CurrentUser, Db
from backend.app.api.schemas.conversations import (
    BranchRequest,
    ContinueRequest,
    Conversation,
    ConversationDetail,
    ConversationKind,
    ConversationPage,
    ConversationUpdate,
    Vote,
    VoteRequest,
)
from backend.app.services import branches, conversations

router = APIRouter(prefix="/api/conversations", tags=["conversations"])

Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("")
async def list_conversations(
    user: CurrentUser,
    db: Db,
    cursor: Cursor = None,
    limit: Limit = 50,
    kind: ConversationKind | None = None,
    pinned: bool | None = None,
) -> ConversationPage:
    """List one's conversations, last changed first."""
    async with db.read() as connection:
        return await conversations.list_page(connection, user.id, cursor=cursor, limit=limit, kind=kind, pinned=pinned)


@router.get("/{conversation_id}")
async def get_conversation(user: CurrentUser, db: Db, conversation_id: str) -> ConversationDetail:
    """Show a conversation with the whole tree of its messages."""
    async with db.read() as connection:
        return await conversations.detail(connection, user.id, conversation_id)


@router.patch("/{conversation_id}")
async def update_conversation(
    user: CurrentUser, db: Db, conversation_id: str, body: ConversationUpdate
) -> Conversation:
    """Rename, pin, choose the model, the system prompt, the parameters or the path that is shown."""
    async with db.write() as connection:
        return await conversations.change(connection, user.id, conversation_id, body)


@router.delete("/{conversation_id}", status_code=204)
async def delete_conversation(user: CurrentUser, db: Db, conversation_id: str, purge: bool = False) -> None:
    """Delete; it can be restored for 30 days. `purge=true`: for good, now."""
    async with db.write() as connection:
        if purge:
            await conversations.purge(connection, user.id, conversation_id)
        else:
            await conversations.remove(connection, user.id, conversation_id)


@router.post("/{conversation_id}/restore")
async def restore_conversation(user: CurrentUser, db: Db, conversation_id: str) -> Conversation:
    """Take a deletion back."""
    async with db.write() as connection:
        return await conversations.restore(connection, user.id, conversation_id)


@router.post("/{conversation_id}/branch", status_code=201)
async def branch_conversation(user: CurrentUser, db: Db, conversation_id: str, body: BranchRequest) -> Conversation:
    """Make a new conversation out of the path down to a message."""
    async with db.write() as connection:
        return await branches.branch(
            connection, user.id, conversation_id, message_id=body.message_id, mine_only=body.mine_only
        )


@router.post("/{conversation_id}/continue", status_code=201)
async def continue_conversation(user: CurrentUser, db: Db, conversation_id: str, body: ContinueRequest) -> Conversation:
    """Make an ordinary conversation out of one column of a comparison."""
    async with db.write() as connection:
        return await branches.continue_column(connection, user.id, conversation_id, column=body.column)


@router.post("/{conversation_id}/votes")
async def vote(user: CurrentUser, db: Db, conversation_id: str, body: VoteRequest) -> Vote:
    """Judge a turn of a comparison."""
    async with db.write() as connection:
        return await conversations.cast_vote(
            connection, user.id, conversation_id, message_id=body.message_id, choice=body.choice, blind=body.blind
        )
