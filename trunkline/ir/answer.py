"""What a model answers, whole; `events.py` is the same in pieces."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from trunkline.ir.parts import Native, Part
from trunkline.ir.usage import Usage


class Finish(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    """A filter cut the answer or held it back."""
    REFUSAL = "refusal"
    """The model itself declined."""
    PAUSE = "pause"
    """The turn is not over; send it back to go on (Anthropic `pause_turn`)."""
    CONTEXT = "context"
    """The context window is full."""
    BAD_CALL = "bad_call"
    """The model wrote a tool call that cannot be read (Gemini `MALFORMED_FUNCTION_CALL`)."""
    OTHER = "other"


class Choice(msgspec.Struct, kw_only=True):
    """One answer; most requests get one."""

    parts: list[Part] = msgspec.field(default_factory=list)
    finish: Finish | None = None
    """`None`: the provider did not say."""
    finish_native: str = ""
    """The provider's own word, given back to a client of the same format."""
    stop_sequence: str = ""
    logprobs: object = None
    """As OpenAI chat has it (`{"content": [...]}`)."""
    native: Native | None = None


class Answer(msgspec.Struct, kw_only=True):
    """A whole answer."""

    id: str = ""
    model: str = ""
    """As the provider named it."""
    created: int = 0
    """Unix seconds; 0: the provider did not say."""
    choices: list[Choice] = msgspec.field(default_factory=list)
    usage: Usage | None = None
    service_tier: str = ""
    native: Native | None = None
    """Other members of the answer (with the provider's own usage object under `usage`)."""
