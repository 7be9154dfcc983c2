"""How each kind of host counts tokens, one row each (the same numbers mean different things)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

__all__ = ["DIALECTS", "Dialect"]


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of host counts; every field says where a number lies relative to OpenAI's two totals."""

    reasoning: Literal["inside", "outside", "by_total", "by_size", "hidden"] = "inside"
    """`inside` `completion_tokens`; `outside` it; `by_total`: outside where `total_tokens` adds up only that way;
    `by_size`: outside where it is larger than `completion_tokens`; `hidden`: what `total_tokens` has too much."""
    cache: Literal["inside", "by_total"] = "inside"
    """`inside` `prompt_tokens`, unless it is larger (Grok on Azure, recorded: 29 and 157 cached): then it must be
    outside; `by_total`: also outside where `total_tokens` adds up only that way."""
    audio: Literal["inside", "by_total"] = "inside"
    """The same for audio in the prompt."""
    embeddings: bool = False
    """No output side; `total_tokens` may stand alone."""
    reason: str
    """Where the fact comes from."""


DIALECTS: Final[Mapping[str, Dialect]] = {
    "openai": Dialect(reason="OpenAI, Azure, vLLM and most clones: cached and reasoning tokens inside"),
    "xai": Dialect(reasoning="by_total", reason="total = prompt + completion + reasoning on chat"),
    "deepseek": Dialect(reason="`prompt_cache_hit_tokens` inside `prompt_tokens`"),
    "groq": Dialect(reason="`x_groq.usage` in the last stream chunk"),
    "mistral": Dialect(
        audio="by_total", reason="cached tokens under three names; a voice prompt's audio tokens only in the total"
    ),
    "moonshot": Dialect(reason="`cached_tokens` at the top; `choices[0].usage` in streams"),
    "openrouter": Dialect(reason="checked against `usage.cost_details`: cache reads and writes inside `prompt_tokens`"),
    "deepinfra": Dialect(reasoning="by_size", reason="Gemini and Gemma: `completion_tokens` without reasoning"),
    "vercel": Dialect(reasoning="outside", reason="checked against `usage.cost`: completion plus reasoning is billed"),
    "perplexity": Dialect(reason="`reasoning_tokens` at the top; cumulative in every chunk"),
    "anthropic": Dialect(cache="by_total", reason="the OpenAI face reports no details; should it, see Databricks"),
    "databricks": Dialect(cache="by_total", reason="Claude there adds Anthropic's cache fields, which lie outside"),
    "gemini": Dialect(reasoning="hidden", reason="thoughts are in `total_tokens` only"),
    "alibaba": Dialect(reason="`prompt_tokens_details.cache_creation_input_tokens`, inside"),
    "embeddings": Dialect(embeddings=True, reason="`prompt_tokens` and `total_tokens`, or the latter alone"),
}
