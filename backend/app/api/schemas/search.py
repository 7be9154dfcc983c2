"""Search through one's own conversations."""

from __future__ import annotations

from pydantic import Field

from backend.app.api.schemas.common import Answer, Instant


class SearchHit(Answer):
    """A message, or the title where `message_id` is null."""

    conversation_id: str
    title: str
    message_id: str | None
    snippet: str = Field(description="Plain text.")
    ranges: list[tuple[int, int]] = Field(
        description="Where the words are in the snippet, in UTF-16 units: [start, end)."
    )
    created_at: Instant


class SearchPage(Answer):
    """A page of hits, newest first."""

    hits: list[SearchHit]
    next_cursor: str | None
