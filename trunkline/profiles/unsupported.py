"""Which of OpenAI's parameters a host or a model is known to refuse, and which are OpenAI's at all.

Facts: providers.md Table A and B (hosts), Table D (models, by way of their profiles). A host that is not named takes
what it is given, as far as anybody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from trunkline.profiles.profile import NOTHING, OPENAI_NAMES

_PENALTIES: Final = ("frequency_penalty", "presence_penalty")
_LOGPROBS: Final = ("logprobs", "top_logprobs")
_NO_TOOLS: Final = ("tools", "tool_choice", "parallel_tool_calls")

HOSTS: Final[Mapping[str, frozenset[str]]] = {
    "mistral": frozenset({"user", "n", *_LOGPROBS}),
    "codestral": frozenset({"user", "n", *_LOGPROBS}),
    "cerebras": frozenset({*_PENALTIES, "logit_bias", "service_tier"}),
    "sambanova": frozenset({"seed", "n", *_PENALTIES}),
    "moonshot": frozenset({"functions", "function_call"}),
    "volcengine": frozenset({"response_format", "parallel_tool_calls"}),
    "ai21": frozenset({"top_p"}),
    "ai21_chat": frozenset({"top_p"}),
    "databricks": frozenset({"seed", "logit_bias", *_PENALTIES}),
    "amazon_nova": frozenset({"response_format"}),
    "dashscope": frozenset({"frequency_penalty"}),
    "qwencloud": frozenset({"frequency_penalty"}),
    "qwen_ai_platform": frozenset({"frequency_penalty"}),
    "sail": frozenset({"stop", "seed", "logit_bias", *_PENALTIES, *_LOGPROBS}),
    "perplexity": frozenset({*_NO_TOOLS, "n", "stop", "seed", *_LOGPROBS}),
    "nscale": frozenset({*_NO_TOOLS, "seed"}),
    "nadir": frozenset(_NO_TOOLS),
    "v0": frozenset({
        "temperature", "top_p", "n", "stop", "seed", "max_tokens", "logit_bias", "response_format", "user",
        *_PENALTIES, *_LOGPROBS,
    }),
    "morph": frozenset({
        "temperature", "top_p", "n", "stop", "seed", "max_tokens", "logit_bias", "response_format", "user",
        *_NO_TOOLS, *_PENALTIES, *_LOGPROBS,
    }),
}  # fmt: skip
"""Provider -> parameters that it refuses."""

NO_FORCED_TOOL: Final = frozenset({"deepinfra", "featherless_ai"})
"""Hosts that take `tool_choice` `auto` and `none` only."""

OPENAI_MEMBERS: Final = frozenset({
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
    "max_tokens", "messages", "metadata", "modalities", "model", "moderation", "n", "parallel_tool_calls", "prediction",
    "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort",
    "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options",
    "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
})  # fmt: skip
"""Members of a body that OpenAI documents (platform.openai.com/docs/api-reference/chat/create)."""


@lru_cache(1024)
def unsupported(provider: str, model: str) -> frozenset[str]:
    """OpenAI's parameters that this model at this provider refuses, by OpenAI's names; for `drop_params: true`.

    What a model refuses only while it thinks is not among them: the name alone does not say whether it does.
    """
    from trunkline.profiles.lookup import profile_for

    found = HOSTS.get(provider, NOTHING)
    profile = profile_for(model)
    if profile is None or (profile.at is not None and provider not in profile.at):
        return found
    lacks = {OPENAI_NAMES.get(knob, knob) for knob in profile.lacks if knob not in {"top_k", "min_p"}}
    if not profile.tools:
        lacks.update(_NO_TOOLS)
    control = profile.thinking
    if control is not None and not control.settable:
        lacks.add("reasoning_effort")
    return found | lacks
