"""The list of providers, where the SDK has it."""

from __future__ import annotations

from enum import Enum


class LlmProviders(str, Enum):  # noqa: UP042 - as it is written there
    """Providers."""

    OPENAI = "openai"
    NOBODYS = "nobodys_host"
    LANGFUSE = "langfuse"


class SearchProviders(str, Enum):  # noqa: UP042 - as it is written there
    """What follows is no provider of models."""

    ELSEWHERE = "elsewhere"
