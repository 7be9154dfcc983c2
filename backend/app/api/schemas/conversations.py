"""Conversations: a tree of messages and the choices that go with it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.app.api.schemas.common import Answer, Instant, ModelId, NanoUsd, Query, Ulid
from backend.app.api.schemas.messages import Message

ConversationKind = Literal["chat", "compare"]
ReasoningEffort = Literal["none", "low", "medium", "high"]
Choice = Literal["tie", "bad"]


class Params(BaseModel):
    """Parameters of a call; null leaves the choice to the model."""

    model_config = ConfigDict(extra="forbid")

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
    reasoning_effort: ReasoningEffort | None = None


class Column(Answer):
    """A column of a comparison."""

    model: str


class Origin(Answer):
    """The place another conversation was continued from."""

    conversation_id: str
    message_id: str


class Conversation(Answer):
    """A conversation without its messages."""

    id: str
    kind: ConversationKind
    title: str
    model: str = Field(description="The model of the next turn.")
    system: str | None
    params: Params
    columns: list[Column]
    pinned: bool
    leaf_id: str | None = Field(description="The last message of the path that is shown.")
    created_at: Instant
    updated_at: Instant
    cost_nano: NanoUsd
    total_tokens: int
    continued_from: Origin | None
    deleted: bool


class Vote(Answer):
    """The judgement of one turn of a comparison."""

    message_id: str = Field(description="The question.")
    choice: int | Choice = Field(description="The best column, from 0; or `tie`, or `bad` when none is good.")
    blind: bool
    created_at: Instant


class ConversationDetail(Conversation):
    """A conversation with the whole tree."""

    messages: list[Message]
    votes: list[Vote]
    attachments_bytes: int


class ConversationPage(Answer):
    """A page, last changed first. `next_cursor` is null on the last one."""

    items: list[Conversation]
    next_cursor: str | None


class ConversationUpdate(Query):
    """A field that is left out stays as it is; `system: null` removes the system prompt."""

    title: str | None = Field(default=None, min_length=1, max_length=300)
    pinned: bool | None = None
    model: ModelId | None = None
    system: str | None = Field(default=None, max_length=200_000)
    params: Params | None = None
    leaf_id: Ulid | None = None


class BranchRequest(Query):
    """A new conversation with the path down to `message_id`."""

    message_id: Ulid
    mine_only: bool = Field(default=False, description="Take over only what the person wrote.")


class ContinueRequest(Query):
    """An ordinary conversation out of one column of a comparison."""

    column: int = Field(ge=0, le=3)


class VoteRequest(Query):
    """A second vote on the same question replaces the first."""

    message_id: Ulid
    choice: int | Choice
    blind: bool = False
