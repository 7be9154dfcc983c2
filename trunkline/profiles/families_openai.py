"""OpenAI's models, and the open models that OpenAI made: providers.md D1 and D4."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from trunkline.ir.parts import MediaKind
from trunkline.profiles.profile import (
    BLIND,
    LOGPROBS,
    NO_THINKING,
    PENALTIES,
    SEES_IMAGES,
    SEES_PAGES,
    Control,
    Profile,
    Rule,
    rule,
)

_UP_TO_HIGH: Final = ("low", "medium", "high")
_UP_TO_XHIGH: Final = (*_UP_TO_HIGH, "xhigh")
_UP_TO_MAX: Final = (*_UP_TO_XHIGH, "max")
_REASONING: Final = "OpenAI's reasoning models take no stop sequences, penalties and logit bias"
_WHILE_THINKING: Final = "only while it does not think (`reasoning_effort: none`)"
_NEVER: Final = "it always thinks, and then the sampling is fixed"
_WORDS: Final = {
    **dict.fromkeys(("stop", "frequency_penalty", "presence_penalty", "logit_bias"), _REASONING),
    **dict.fromkeys(("temperature", "top_p", "logprobs", "top_logprobs"), _WHILE_THINKING),
    "top_k": "OpenAI has no such parameter",
    "min_p": "OpenAI has no such parameter",
    "parallel_tools": "the o-series refuses `parallel_tool_calls`",
    "verbosity": "GPT-5 brought it",
    "chat_tools": "it takes tools on Responses only (OpenAI's deployment checklist for GPT-6)",
}
_NOT_OPENAIS: Final = frozenset({"top_k", "min_p"})
_TUNED: Final = frozenset({"temperature", "top_p", *LOGPROBS})
_HARD: Final = PENALTIES | {"stop", "logit_bias"} | _NOT_OPENAIS

_OLD: Final = Profile(
    name="OpenAI before GPT-4o",
    lacks=_NOT_OPENAIS | {"verbosity"}, thinking=NO_THINKING, temperature=(0, 2), max_output=4096, schema="tool",
    sees=BLIND, reasons=_WORDS,
)  # fmt: skip
_GPT_4O: Final = Profile(
    name="GPT-4o",
    lacks=_NOT_OPENAIS | {"verbosity"}, thinking=NO_THINKING, temperature=(0, 2), max_input=128_000, max_output=16_384,
    sees=SEES_PAGES,
    reasons=_WORDS,
)  # fmt: skip
_O: Final = Profile(
    name="OpenAI o-series",
    lacks=_HARD | _TUNED | {"parallel_tools", "verbosity"},
    thinking=Control(efforts=_UP_TO_HIGH, can_stop=False, on=True),
    max_input=200_000, max_output=100_000, sees=SEES_PAGES,
    reasons=_WORDS | dict.fromkeys(_TUNED, _NEVER),
)  # fmt: skip
_GPT_5: Final = Profile(
    name="GPT-5",
    lacks=_HARD | _TUNED,
    thinking=Control(efforts=("minimal", *_UP_TO_HIGH), can_stop=False, on=True),
    max_input=272_000, max_output=128_000, sees=SEES_PAGES,
    reasons=_WORDS | dict.fromkeys(_TUNED, _NEVER),
)  # fmt: skip
_GPT_5_1: Final = replace(
    _GPT_5,
    name="GPT-5.1",
    lacks=_HARD,
    thinking_lacks=_TUNED,
    thinking=Control(efforts=_UP_TO_HIGH, none_word=True),
    reasons=_WORDS,
)
_GPT_5_2: Final = replace(_GPT_5_1, name="GPT-5.2", thinking=Control(efforts=_UP_TO_XHIGH, none_word=True))
_ALWAYS: Final = replace(_GPT_5, name="GPT-5 pro", thinking=Control(efforts=_UP_TO_XHIGH, can_stop=False, on=True))
_GPT_5_4: Final = replace(_GPT_5_2, name="GPT-5.4", max_input=1_050_000)
_GPT_5_5: Final = replace(_GPT_5_4, name="GPT-5.5", thinking=Control(efforts=_UP_TO_XHIGH, none_word=True, on=True))
_GPT_5_6: Final = replace(_GPT_5_5, name="GPT-5.6", max_input=922_000)
_GPT_6: Final = replace(
    _GPT_5_6,
    name="GPT-6",
    thinking=Control(efforts=_UP_TO_MAX, none_word=True, on=True),
    chat_tools="not_thinking",
    reasons={**_WORDS, "chat_tools": "in the chat format it takes tools only with `reasoning_effort: none`"},
)
_GPT_6_HARD: Final = replace(
    _GPT_5,
    name="GPT-6 Astra",
    thinking=Control(efforts=_UP_TO_MAX, can_stop=False, on=True),
    chat_tools="no",
    max_input=922_000,
)
_GPT_OSS: Final = Profile(
    name="gpt-oss",
    thinking=Control(efforts=_UP_TO_HIGH, can_stop=False, on=True), sees=BLIND, told="senses",
    reasons={"thinking": "gpt-oss always thinks"},
)  # fmt: skip

RULES: Final[tuple[Rule, ...]] = (
    rule(r"gpt-oss", _GPT_OSS),
    rule(r"gpt-(?:3\.5|35)|gpt-4-(?!turbo)|gpt-4$", _OLD),
    rule(r"gpt-4-turbo", replace(_OLD, sees=SEES_IMAGES)),
    rule(
        r"gpt-4o-(?:mini-)?(?:audio|realtime)|gpt-audio",
        replace(_GPT_4O, name="GPT audio", schema="none", sees=frozenset({MediaKind.AUDIO})),
    ),
    rule(
        r"gpt-4o(?:-mini)?-search|gpt-5-search",
        replace(
            _GPT_4O,
            name="OpenAI search",
            lacks=_HARD | _TUNED | {"seed", "candidates", "parallel_tools"},
            tools=False,
            reasons={**_WORDS, "tools": "the search models take no tools"},
        ),
    ),
    rule(r"(?:chatgpt-)?gpt-?4o|chatgpt-4o", _GPT_4O),
    rule(r"gpt-4\.1", replace(_GPT_4O, name="GPT-4.1", max_input=1_047_576, max_output=32_768)),
    rule(r"o3-mini", replace(_O, sees=BLIND)),
    rule(r"o[1-9](?:-|$)", _O),
    rule(r"codex-mini", _O),
    rule(
        r"(?:gpt-5-)?chat-latest$",
        replace(_GPT_5, name="chat-latest", thinking=Control(efforts=("medium",), on=True), max_input=400_000),
    ),
    rule(
        r"gpt-5-pro",
        replace(
            _GPT_5,
            name="GPT-5 pro",
            thinking=Control(efforts=("high",), can_stop=False, on=True),
            max_input=400_000,
            max_output=272_000,
        ),
    ),
    rule(r"gpt-5(?:-|$)", _GPT_5),
    rule(r"gpt-5\.1", _GPT_5_1),
    rule(r"gpt-5\.2-pro", _ALWAYS),
    rule(r"gpt-5\.4-pro", replace(_ALWAYS, max_input=1_050_000)),
    rule(r"gpt-5\.4(?!-(?:mini|nano))", _GPT_5_4),
    rule(r"gpt-5\.[234]", _GPT_5_2),
    rule(
        r"gpt-5\.5-pro",
        replace(
            _ALWAYS,
            name="GPT-5.5 pro",
            max_input=1_050_000,
            schema="tool",
            thinking=Control(efforts=("medium", "high", "xhigh"), can_stop=False, on=True),
        ),
    ),
    rule(r"gpt-5\.5", _GPT_5_5),
    rule(r"gpt-5\.6", _GPT_5_6),
    rule(r"gpt-5\.", replace(_GPT_5_6, told="nothing")),
    rule(r"gpt-6-astra|gpt-6\.1-sol", _GPT_6_HARD),
    rule(r"gpt-6(?:\.1-terra|-)", _GPT_6),
    rule(r"gpt-[6-9]", replace(_GPT_6, told="nothing")),
)
"""The first that matches counts. A name of GPT-6 or later that is not listed gets GPT-6's rules."""

MAX_ON_RESPONSES_ONLY: Final = frozenset({"openai", "azure", "azure_ai"})
"""Hosts whose chat format refuses the effort `max` (providers.md D1): `xhigh` is the most there."""

STRICT_CHAT: Final = frozenset({"openai", "azure", "azure_ai", "text-completion-openai"})
"""Hosts of OpenAI's own formats: role `developer`, four stop sequences, 64 characters of a tool's name."""
