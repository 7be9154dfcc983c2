"""Export and import."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.app.api.schemas.common import Answer, Instant
from backend.app.api.schemas.conversations import ConversationDetail


class ExportDocument(Answer):
    """What `/api/export` writes and `/api/import` reads."""

    format: Literal["trunkline.conversations"] = "trunkline.conversations"
    version: Literal[1] = 1
    exported_at: Instant
    conversations: list[ConversationDetail]


class Skipped(Answer):
    """Something of the file that was not taken."""

    what: str
    why: str


class ImportReport(Answer):
    """What came in and what did not."""

    conversations: int
    messages: int
    skipped: list[Skipped] = Field(description="The first 100.")
