"""Runs: one turn, answered by one model or by up to four, whoever watches."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from backend.app.api.schemas.common import Answer, Instant, ModelId, Query, Ulid
from backend.app.api.schemas.conversations import ConversationKind, Params

RunKind = Literal["send", "retry", "continue"]
RunState = Literal["running", "ended"]


class RunRequest(Query):
    """`id` is made by the client and makes the request safe to repeat: the same id never calls a model twice."""

    id: Ulid
    conversation_id: Ulid = Field(description="Made by the client as well when the conversation is new.")
    kind: RunKind = "send"
    chat_kind: ConversationKind = Field(default="chat", description="Used when the conversation is new.")
    parent_id: Ulid | None = Field(
        default=None,
        description="send: what the new message hangs under; retry: the question; continue: the answer that was cut.",
    )
    content: str = Field(default="", max_length=2_000_000)
    attachment_ids: list[Ulid] = Field(default=[], max_length=20)
    models: list[ModelId] = Field(default=[], max_length=4, description="One for a chat; or `task` instead.")
    task: str | None = Field(
        default=None, min_length=1, max_length=100,
        description="Instead of `models`: the kind of task. `task_models` of the settings says which model does it; "
        "a kind that is not there goes to gemini-2.5-flash.",
    )  # fmt: skip
    columns: list[int] | None = Field(
        default=None, max_length=4, description="compare: the columns that get this turn."
    )
    system: str | None = Field(default=None, max_length=200_000)
    params: Params | None = None
    accept_losses: bool = False

    @model_validator(mode="after")
    def _chat_has_one_model(self) -> RunRequest:
        if bool(self.models) == (self.task is not None):
            raise ValueError("say either `models` or `task`")
        if self.task is None and self.chat_kind == "chat" and len(self.models) != 1:
            raise ValueError("a chat is answered by exactly one model; say chat_kind `compare` for more")
        if self.kind != "send" and self.parent_id is None:
            raise ValueError(f"kind `{self.kind}` needs parent_id")
        return self


class RunAnswer(Answer):
    """An answer that the run writes."""

    message_id: str
    column: int | None
    model: str


class Run(Answer):
    """A run; its events are at `/api/runs/{id}/events`."""

    id: str
    conversation_id: str
    user_message_id: str
    answers: list[RunAnswer]
    state: RunState
    created_at: Instant
    last_event_id: int


class StopRequest(Query):
    """Without a column, everything of the run stops."""

    column: int | None = Field(default=None, ge=0, le=3)
