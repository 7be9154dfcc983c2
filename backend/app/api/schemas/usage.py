"""What a person's calls took, by day of their zone and by model."""

from __future__ import annotations

from pydantic import Field

from backend.app.api.schemas.common import Answer, Instant, NanoUsd


class UsageTotals(Answer):
    """Sums of unrounded numbers."""

    calls: int
    failed: int
    input: int
    output: int
    cost_nano: NanoUsd


class UsageDay(Answer):
    """A day of the zone, from midnight to midnight: 23 to 25 hours."""

    day: str = Field(examples=["2026-11-24"])
    calls: int
    tokens: int
    cost_nano: NanoUsd


class UsageModel(Answer):
    """One model's share."""

    model: str
    provider: str | None
    calls: int
    input: int
    output: int
    cost_nano: NanoUsd
    first_word_ms: float | None = Field(description="Median.")


class UsageReport(Answer):
    """From the first midnight to the last, both instants."""

    from_: Instant = Field(alias="from", serialization_alias="from")
    to: Instant
    zone: str
    totals: UsageTotals
    days: list[UsageDay] = Field(description="Every day of the range, also the empty ones, oldest first.")
    models: list[UsageModel] = Field(description="Dearest first.")
