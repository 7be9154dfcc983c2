"""Whose model a Bedrock model id names: each family has its own additional fields.

Converse has one body for all models, but `top_k`, thinking and caching are not the same for all. Facts: providers.md
B6 and Table D, the model parameter pages of Bedrock's user guide.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import Final


class Family(Enum):
    """Models that take the same additional fields."""

    CLAUDE = auto()
    NOVA = auto()
    NOVA_2 = auto()
    GPT = auto()
    """OpenAI's closed models."""
    EFFORT = auto()
    """Takes `reasoning_effort`: gpt-oss, DeepSeek V3."""
    MISTRAL = auto()
    COHERE = auto()
    OTHER = auto()
    """Known, and without fields of its own (Llama, Titan, ...)."""
    UNKNOWN = auto()
    """An ARN, or a name we do not know."""


_WORDS: Final = (
    ("gpt-oss", Family.EFFORT),
    ("claude", Family.CLAUDE),
    ("anthropic.", Family.CLAUDE),
    ("nova-2", Family.NOVA_2),
    ("nova", Family.NOVA),
    ("openai.", Family.GPT),
    ("deepseek.v", Family.EFFORT),
    ("mistral", Family.MISTRAL),
    ("cohere.", Family.COHERE),
    *((word, Family.OTHER) for word in ("meta.", "llama", "amazon.", "ai21.", "deepseek", "qwen.", "writer.", "zai.")),
    *((word, Family.OTHER) for word in ("minimax.", "moonshot", "stability.", "twelvelabs.", "luma.", "nvidia.")),
)
"""Parts of ids, first match counts; cross-region prefixes (`us.`, `eu.`, `global.`) stand before them."""
_CLAUDE_VERSION: Final = re.compile(r"claude-(?:[a-z]+-)?v?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_WITHOUT_ADAPTIVE: Final = (4, 6)
_WITH_SYSTEM: Final = (4, 8)
_WITH_PARALLEL: Final = (4, 5)


@lru_cache(1024)
def family(model: str) -> Family:
    """The family of a model id or ARN."""
    lowered = model.lower()
    for word, found in _WORDS:
        if word in lowered:
            return found
    return Family.UNKNOWN


@lru_cache(1024)
def _claude_version(model: str) -> tuple[int, int]:
    found = _CLAUDE_VERSION.search(model.lower())
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def thinks_adaptively(model: str) -> bool:
    """Claude 4.6 and later: `adaptive` thinking and an effort; before: a budget of tokens."""
    return _claude_version(model) >= _WITHOUT_ADAPTIVE


def takes_system_turns(model: str) -> bool:
    """Claude 4.8 and later: messages with the role `system` inside the conversation."""
    return family(model) is Family.CLAUDE and _claude_version(model) >= _WITH_SYSTEM


def takes_parallel_switch(model: str) -> bool:
    """Claude 4.5 and later: `tool_choice.disable_parallel_tool_use` as an additional field (LiteLLM pull 34347)."""
    return family(model) is Family.CLAUDE and _claude_version(model) >= _WITH_PARALLEL


def caches(model: str) -> bool:
    """Takes `cachePoint`, or nobody knows."""
    return family(model) in {Family.CLAUDE, Family.NOVA, Family.NOVA_2, Family.UNKNOWN}


def can_be_forced(model: str) -> bool:
    """Takes `toolChoice` `any` and `tool`, or nobody knows."""
    return family(model) not in {Family.OTHER, Family.COHERE}
