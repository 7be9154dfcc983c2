"""What model families want of a request that their older relatives did not, as data with the reason beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Models whose id matches, on the hosts that serve them under their maker's rules."""

    name: str
    providers: frozenset[str]
    pattern: re.Pattern[str]
    """Matched at the start of the id, a fine-tune's `ft:` left out."""
    rename: Mapping[str, str]
    reason: str


_OPENAI_HOSTS: Final = frozenset({"openai", "azure", "azure_ai"})
_MAX_COMPLETION_TOKENS: Final[Mapping[str, str]] = MappingProxyType({"max_tokens": "max_completion_tokens"})

FAMILIES: Final[tuple[Family, ...]] = (
    Family(
        name="OpenAI o-series",
        providers=_OPENAI_HOSTS,
        pattern=re.compile(r"o[1-9](?:-|$)"),
        rename=_MAX_COMPLETION_TOKENS,
        reason="400 `unsupported_parameter` to `max_tokens`: the limit counts hidden reasoning, so it got a new name",
    ),
    Family(
        name="OpenAI GPT-5 and later",
        providers=_OPENAI_HOSTS,
        pattern=re.compile(r"gpt-(?:[5-9]|[1-9]\d)(?:[.-]|$)"),
        rename=_MAX_COMPLETION_TOKENS,
        reason="as the o-series; GPT-4.1 and GPT-4o take both names",
    ),
    Family(
        name="OpenAI rolling names",
        providers=_OPENAI_HOSTS,
        pattern=re.compile(r"(?:chat-latest|codex-mini-latest)$"),
        rename=_MAX_COMPLETION_TOKENS,
        reason="they stand for GPT-5 and later",
    ),
)

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def request_edits(provider: str, model: str) -> Mapping[str, str]:
    """Top-level request parameters to rename for this model: old name -> new name; empty for most.

    For a deployment with a name of its own (Azure) pass its `base_model`.
    """
    bare = model.removeprefix("ft:").rsplit("/", 1)[-1]
    for family in FAMILIES:
        if provider in family.providers and family.pattern.match(bare):
            return family.rename
    return _NONE
