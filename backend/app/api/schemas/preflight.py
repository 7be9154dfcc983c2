"""What would happen to a message, before it is sent."""

from __future__ import annotations

from pydantic import Field

from backend.app.api.schemas.common import Answer, ModelId, NanoUsd, Query, Ulid
from backend.app.api.schemas.messages import Loss


class PreflightRequest(Query):
    """The message as it would be sent."""

    conversation_id: Ulid | None = None
    parent_id: Ulid | None = None
    model: ModelId
    content: str = Field(default="", max_length=2_000_000)
    attachment_ids: list[Ulid] = Field(default=[], max_length=20)
    system: str | None = Field(default=None, max_length=200_000)


class PreflightReport(Answer):
    """Tokens, cost and losses, all estimates."""

    input_tokens: int
    context_tokens: int | None
    fits: bool
    cost_nano: NanoUsd | None = Field(description="The input and an answer of the usual length.")
    losses: list[Loss]
    alternatives: list[str] = Field(description="Models that would take it whole.")
