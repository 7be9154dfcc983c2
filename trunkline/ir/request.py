"""What a client asks of a chat model, whatever format it asked in."""

from __future__ import annotations

from typing import Literal

import msgspec

from trunkline.ir.parts import CacheHint, Message, Native


class Tool(msgspec.Struct, kw_only=True):
    """A function that the model may ask to be run; or, with `foreign`, a tool that only one format has."""

    name: str
    description: str = ""
    schema: dict[str, object] | None = None
    """JSON Schema of the arguments; `None`: none was given."""
    strict: bool | None = None
    custom: bool = False
    """Takes free text (OpenAI `custom`); its grammar is in `native`."""
    foreign: bool = False
    """A server tool (web search, code execution, computer use, ...): `native` holds all of it, `name` its kind."""
    cache: CacheHint | None = None
    native: Native | None = None


class ToolChoice(msgspec.Struct, kw_only=True):
    """Whether and which tools must be called."""

    mode: Literal["auto", "none", "required"]
    names: list[str] = msgspec.field(default_factory=list)
    """`required` with one name: that tool. More: one of these (`auto` too: only these are allowed)."""
    native: Native | None = None


class OutputSchema(msgspec.Struct, kw_only=True):
    """The answer must be JSON; `schema=None`: any JSON object."""

    schema: dict[str, object] | None = None
    name: str = ""
    description: str = ""
    strict: bool | None = None
    native: Native | None = None


Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Thinking(msgspec.Struct, kw_only=True):
    """How much the model is to think. All `None`: as the model likes."""

    enabled: bool | None = None
    effort: str | None = None
    """One of `Effort`, or a word of the provider's own."""
    budget: int | None = None
    """Tokens; -1: as many as the model likes (Gemini's dynamic budget)."""
    show: bool | None = None
    """Whether the thinking (or a summary of it) is to be in the answer."""
    summary: str | None = None
    """OpenAI's `auto`, `concise`, `detailed`."""
    native: Native | None = None


class Sampling(msgspec.Struct, kw_only=True):
    """Tuning knobs; `None`: not given. What a target lacks is dropped and reported, or refused (`drop_params`)."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    min_p: float | None = None
    stop: list[str] | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    candidates: int | None = None
    """Answers per request (`n`)."""
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None


class Request(msgspec.Struct, kw_only=True):
    """One request to a chat model."""

    model: str
    """As the body or path named it; routing and the target decide what is sent."""
    messages: list[Message]
    tools: list[Tool] = msgspec.field(default_factory=list)
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    """`False`: at most one call per turn."""
    output: OutputSchema | None = None
    thinking: Thinking | None = None
    sampling: Sampling = msgspec.field(default_factory=Sampling)
    modalities: list[str] | None = None
    """`text`, `audio`, `image`: what the answer may hold, lower case."""
    verbosity: str | None = None
    stream: bool = False
    stream_usage: bool = True
    """OpenAI chat: whether a stream is to end with its usage; other formats always say it."""
    user: str | None = None
    """The end user, for the provider's abuse watch."""
    metadata: dict[str, object] | None = None
    service_tier: str | None = None
    store: bool | None = None
    cache: CacheHint | None = None
    """A hint for the whole request (Anthropic's top-level `cache_control`)."""
    native: Native | None = None
    """Members of the body that have no place above."""
