"""The models of the gateway as the picker shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.app.api.schemas.common import Answer, Instant

ModelState = Literal["ready", "no_key", "failing", "budget", "unknown", "down"]


class Replaced(Answer):
    """A retired model and what answers in its place."""

    retired: str
    successor: str
    since: str | None = Field(description="The day of its retirement, `2026-11-24`.")
    source: str | None = Field(description="Where the provider says so.")


class Price(Answer):
    """US dollars for a million tokens, decimal strings."""

    input_per_mtok: str = Field(examples=["3.00"])
    output_per_mtok: str = Field(examples=["15.00"])
    cached_per_mtok: str | None


class Abilities(Answer):
    """What the model takes or does."""

    images: bool
    files: bool
    tools: bool
    reasoning: bool
    json_output: bool
    temperature: bool = Field(description="Whether it takes a temperature at all.")


class ModelCard(Answer):
    """One name of the gateway: what answers, at what price, and why not when not."""

    id: str
    name: str
    provider: str
    group_of: list[str] = Field(description="The provider's models behind this name.")
    replaced: Replaced | None
    state: ModelState
    reason: str | None
    variable: str | None = Field(description="The environment variable that is missing or refused.")
    fix: str | None
    since: Instant | None
    context_tokens: int | None
    max_output_tokens: int | None
    price: Price | None
    abilities: Abilities
    first_word_ms: float | None = Field(description="Median over this application's answers.")
    embedded: bool = Field(description="Runs inside the gateway and needs no key.")
    is_default: bool
    pinned: bool
    allowed: bool


class ModelList(Answer):
    """`version` changes when, and only when, the list does."""

    models: list[ModelCard]
    as_of: Instant
    stale: bool = Field(description="The gateway does not answer; this is the last copy.")
    version: str
