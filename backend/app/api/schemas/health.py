"""Health of the process and of what it depends on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.app.api.schemas.common import Answer, Instant


class Dependency(Answer):
    """One thing this process needs, as it was when last looked at."""

    ok: bool
    since: Instant = Field(description="Since when it has been as it is.")
    detail: str | None = Field(description="What is wrong, and what to do.")
    latency_ms: float | None


class Dependencies(Answer):
    """All of them."""

    database: Dependency
    gateway: Dependency


class Health(Answer):
    """Answered with 200 as long as the process lives; `status` tells the rest."""

    status: Literal["ok", "degraded"]
    version: str
    model: str = Field(description="The model that answers when none is named.")
    dependencies: Dependencies
