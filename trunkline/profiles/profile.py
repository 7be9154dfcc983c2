"""What one model accepts: the shape of a profile. The facts are in the `families_*` modules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from trunkline.ir.format import Format
from trunkline.ir.parts import MediaKind

NOTHING: Final[frozenset[str]] = frozenset()
_EMPTY: Final[Mapping[str, str]] = MappingProxyType({})

SAMPLING: Final = frozenset({"temperature", "top_p", "top_k"})
PENALTIES: Final = frozenset({"frequency_penalty", "presence_penalty"})
LOGPROBS: Final = frozenset({"logprobs", "top_logprobs"})

SEES_IMAGES: Final = frozenset({MediaKind.IMAGE})
SEES_PAGES: Final = frozenset({MediaKind.IMAGE, MediaKind.DOCUMENT})
SEES_ALL: Final = frozenset(MediaKind)
BLIND: Final[frozenset[MediaKind]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How much a model thinks is said to it."""

    efforts: tuple[str, ...] = ()
    """Words it takes, least first, `none` not among them."""
    none_word: bool = False
    """`none` is a word too: no thinking at all."""
    budget: tuple[int, int] | None = None
    """Least and most tokens, where it takes a number."""
    dynamic: bool = False
    """-1 means: as many as the model likes."""
    adaptive: bool = False
    """Thinking is switched on as such, with the effort beside it (Claude's `adaptive`, the switches of others)."""
    can_stop: bool = True
    """Thinking can be switched off."""
    on: bool = False
    """It thinks unless told otherwise."""
    off_type: str = ""
    """Anthropic's word for the least thinking, where it is not `disabled`."""

    @property
    def settable(self) -> bool:
        """There is something to say at all."""
        return bool(self.efforts or self.none_word or self.budget or self.adaptive)


NO_THINKING: Final = Control()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one model accepts. `None`, and an empty set of lacks, mean that nothing is known against it."""

    name: str
    lacks: frozenset[str] = NOTHING
    """Knobs (fields of `ir.Sampling`, `parallel_tools`, `verbosity`) that it never takes."""
    thinking_lacks: frozenset[str] = NOTHING
    """Knobs that it does not take while it thinks."""
    not_both: tuple[str, str] | None = None
    """Of these two knobs it takes one; the second is left out."""
    at: frozenset[str] | None = None
    """Providers whose rules these are: elsewhere an open model has its host's, and nothing is held against it but what
    it cannot see and whether it thinks. `None`: everywhere.
    """
    thinking: Control | None = None
    """`None`: nobody knows, what the client says goes through."""
    temperature: tuple[float, float] | None = None
    """Range; minded only where the operator allows mending."""
    max_input: int | None = None
    """Tokens that it can read (providers.md, table D)."""
    max_output: int | None = None
    """Tokens that it can answer with."""
    max_stops: int | None = None
    sees: frozenset[MediaKind] | None = None
    """Media that it takes."""
    forced: Literal["yes", "not_thinking", "no"] = "yes"
    """Whether it can be made to call a tool."""
    named: bool = True
    """Whether it can be made to call one certain tool."""
    tools: bool = True
    """Takes tools at all."""
    chat_tools: Literal["yes", "not_thinking", "no"] = "yes"
    """Whether it takes tools in OpenAI's chat format (GPT-6 takes them on Responses)."""
    schema: Literal["native", "tool", "prompt", "none"] = "native"
    """How an output schema is kept to: by the model's own mode, by a forced tool, by words and JSON mode, or not."""
    system_anywhere: bool = True
    """Takes system messages in the middle of a conversation."""
    prefill: bool = True
    """Takes a beginning of its answer as the last message."""
    plain_reasoning: str = ""
    """The member that words of earlier reasoning go back in, where the model takes them."""
    needs_reasoning: bool = False
    """Refuses a history in which it called tools without reasoning; a space is enough."""
    needs_signatures: bool = False
    """Refuses a history in which it called tools without a signature; there is a placeholder."""
    media_in_results: bool = True
    """Takes media inside tool results."""
    told: Literal["all", "senses", "nothing"] = "all"
    """What of this may be told to clients as a fact. `senses`: the media and whether it thinks; tools, schemas and
    limits are its host's. `nothing`: the model is newer than the list, and the newest rules only stand in.
    """
    reasons: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    """Why, by field or knob, in words for people; the source beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A family: every model whose bare name matches from its start."""

    pattern: re.Pattern[str]
    profile: Profile


def rule(pattern: str, profile: Profile) -> Rule:
    """A rule from its pattern's text; `$` and `-` end a name's last word, so patterns say where they end."""
    return Rule(pattern=re.compile(pattern), profile=profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatFacts:
    """What a wire format has no place for, whatever the model: reported before the codec would."""

    lacks: frozenset[str] = NOTHING
    name: str
    max_stops: int | None = None
    tool_name: re.Pattern[str] | None = None
    fetches: frozenset[MediaKind] = BLIND
    """Media that may stand in a request by URL."""
    schemes: tuple[str, ...] = ("https://", "http://")
    """URLs that count as such."""
    needs_max_tokens: bool = False
    cache_hints: int | None = None
    """How many cache hints it takes; `None`: it counts none."""
    can_show: bool = False
    """It can be asked to show the thinking."""
    state: frozenset[str] = NOTHING
    """Kinds of opaque state that have a place in it."""


_NO_SUCH: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CHAT_STATE: Final = frozenset({"openrouter.details", "openai_chat.reasoning", "gemini.signature"})

FORMATS: Final[Mapping[Format, FormatFacts]] = {
    Format.OPENAI_CHAT: FormatFacts(
        name="OpenAI's chat format", max_stops=4, fetches=SEES_IMAGES,
        state=_CHAT_STATE | {"anthropic.signature", "anthropic.redacted"},
    ),
    Format.OPENAI_RESPONSES: FormatFacts(
        name="the Responses format",
        lacks=PENALTIES | {"top_k", "min_p", "stop", "seed", "logit_bias", "candidates"},
        fetches=SEES_PAGES, can_show=True, state=frozenset({"openai.encrypted"}),
    ),
    Format.ANTHROPIC_MESSAGES: FormatFacts(
        name="Anthropic's Messages format",
        lacks=PENALTIES | LOGPROBS | {"min_p", "seed", "logit_bias", "candidates", "verbosity"},
        tool_name=re.compile(r"[a-zA-Z0-9_-]{1,128}"), fetches=SEES_PAGES, schemes=("https://",),
        needs_max_tokens=True, cache_hints=4, can_show=True,
        state=frozenset({"anthropic.signature", "anthropic.redacted"}),
    ),
    Format.GEMINI: FormatFacts(
        name="Gemini's format", lacks=frozenset({"min_p", "logit_bias", "verbosity", "parallel_tools"}), max_stops=5,
        tool_name=re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}"), fetches=SEES_ALL, schemes=("gs://",), can_show=True,
        state=frozenset({"gemini.signature"}),
    ),
    Format.BEDROCK_CONVERSE: FormatFacts(
        name="Converse", lacks=PENALTIES | LOGPROBS | {"min_p", "seed", "logit_bias", "candidates", "verbosity"},
        tool_name=_NO_SUCH, fetches=SEES_ALL, schemes=("s3://",), cache_hints=4,
        state=frozenset({"bedrock.signature", "bedrock.redacted"}),
    ),
    Format.COHERE_CHAT: FormatFacts(
        name="Cohere's chat format",
        lacks=frozenset({"min_p", "logit_bias", "candidates", "top_logprobs", "verbosity", "parallel_tools"}),
        max_stops=5, fetches=SEES_IMAGES, state=frozenset({"cohere.plan"}),
    ),
    Format.OLLAMA: FormatFacts(
        name="Ollama's format", lacks=frozenset({"candidates", "logit_bias", "verbosity", "parallel_tools"}),
    ),
    Format.REPLICATE: FormatFacts(
        name="Replicate's format",
        lacks=LOGPROBS | {"min_p", "logit_bias", "candidates", "verbosity", "parallel_tools"}, fetches=SEES_IMAGES,
    ),
}  # fmt: skip
"""providers.md Table B, and the codecs of each."""

OPENAI_NAMES: Final[Mapping[str, str]] = {
    "candidates": "n",
    "parallel_tools": "parallel_tool_calls",
    "output": "response_format",
    "thinking": "reasoning_effort",
}
"""Our field -> OpenAI's parameter, where they differ: what `allowed_openai_params` and messages to clients say."""
