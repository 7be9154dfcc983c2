"""Messages, and what is told about an answer: its receipt, its route, its losses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.app.api.schemas.common import Answer, Instant, NanoUsd
from backend.app.api.schemas.errors import ErrorBody
from backend.app.api.schemas.models import Replaced

AttachmentKind = Literal["image", "text", "pdf", "audio", "other"]
MessageStatus = Literal["queued", "waiting", "streaming", "done", "stopped", "cut", "error"]
MessageRole = Literal["user", "assistant", "system"]
StationKind = Literal["you", "key", "policy", "router", "provider"]
StationState = Literal["ok", "failed", "cached", "embedded", "skipped"]
LossKind = Literal["image", "file", "reasoning", "tool", "parameter", "other"]


class Attachment(Answer):
    """A stored file. `media_type` is what the bytes are, not what the client said."""

    id: str
    name: str
    media_type: str
    bytes: int
    kind: AttachmentKind
    width: int | None = Field(default=None, description="Pixels.")
    height: int | None = Field(default=None, description="Pixels.")


class Usage(Answer):
    """Tokens, by the model's own count. `cached` is a part of `input`, `reasoning` a part of `output`."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    total: int | None = None


class Timing(Answer):
    """Milliseconds since the request was sent."""

    first_word_ms: float | None = None
    total_ms: float | None = None
    gateway_ms: float | None = Field(default=None, description="The gateway's own share.")


class Receipt(Answer):
    """What an answer took."""

    usage: Usage
    cost_nano: NanoUsd | None = Field(description="Null: no price is known.")
    settled: bool = Field(description="From the gateway's ledger, no longer an estimate.")
    estimated: bool = Field(description="Tokens were counted here, because the provider did not say.")
    timing: Timing
    call_id: str | None = Field(default=None, description="The gateway's id of the call.")
    model: str = Field(description="As asked for.")
    model_answered: str | None = None
    provider: str | None = None
    deployment: str | None = None


class Station(Answer):
    """A stop on the way of a call."""

    kind: StationKind
    name: str
    state: StationState
    detail: str | None = None
    wait_ms: float | None = None


class Route(Answer):
    """The way of a call: you, key, policy, router, provider; a failed provider stays in the list."""

    stations: list[Station]
    why: str
    replaced: Replaced | None = None


class Loss(Answer):
    """Something of the request that the model does not get as it was."""

    kind: LossKind
    path: str = Field(description="Where in the request.")
    count: int
    message: str
    action: Literal["dropped", "changed"]


class Message(Answer):
    """One node of the tree of a conversation. Versions of the same turn are siblings: they have one parent."""

    id: str
    conversation_id: str
    parent_id: str | None
    role: MessageRole
    column: int | None = Field(description="In a comparison: which of the models, from 0.")
    content: str
    attachments: list[Attachment] = Field(default=[])
    reasoning: str | None = None
    reasoning_ms: float | None = None
    model: str | None = None
    provider: str | None = None
    status: MessageStatus
    error: ErrorBody | None = None
    finish_reason: str | None = None
    receipt: Receipt | None = None
    route: Route | None = None
    losses: list[Loss] = Field(default=[])
    created_at: Instant
    run_id: str | None = None
