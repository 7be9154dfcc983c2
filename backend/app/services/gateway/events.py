"""What happens while a model answers, in the order it happens: `LiteLLMClient.events()` yields these.

The grammar: `Retrying* Opened (TextPart | ReasoningPart | ToolCallPart | UsagePart)* Finished`. `Finished` comes once,
last; a stream that ends in any other way raises a `GatewayError`. Nothing is tried again after `Opened`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from backend.app.services.gateway.types import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """The gateway asked for patience or could not be reached; the call is sent again after the wait."""

    attempt: int
    """Number of the attempt that comes next; the first retry is 2."""
    after_s: float
    """Seconds from now."""
    code: str
    """`GatewayError.code` of what went wrong: `rate_limited`, `gateway_down`, `provider_down`, ..."""
    message: str
    """The error in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The gateway took the call: the facts of its answer's headers. Facts that it did not state are `None`."""

    call_id: str | None = None
    """`x-litellm-call-id`: the call's row in the gateway's ledger."""
    deployment: str | None = None
    """`x-litellm-model-id`: the entry of `model_list` that answers."""
    provider_model: str | None = None
    """`x-litellm-model-name`: provider and model, `openai/gpt-4o`."""
    provider: str | None = None
    """The provider's name: `openai`."""
    api_base: str | None = None
    """`x-litellm-model-api-base`: address of the provider, or `embedded`."""
    group: str | None = None
    """`x-litellm-model-group`: the model name that was routed."""
    replaced: str | None = None
    """`x-trunkline-model-replaced`: which retired model was replaced by which."""
    retries: int = 0
    """`x-litellm-attempted-retries`: how often the gateway tried again."""
    fallbacks: int = 0
    """`x-litellm-attempted-fallbacks`: how often the gateway went to another model group."""
    losses: tuple[str, ...] = ()
    """`x-trunkline-losses`: members of the request that the model could not take."""
    response_id: str | None = None
    """The completion's own id (`chatcmpl-...`), where it is known already."""
    headers: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Every header of the answer, names in lower case."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of the answer. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningPart:
    """A piece of the model's reasoning. Never empty."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallPart:
    """A piece of a tool call: id and name come once, the arguments (JSON text) in pieces to be joined by `index`."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class UsagePart:
    """The tokens of the whole call; where it comes more than once, the last one counts."""

    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The orderly end."""

    reason: str
    """`stop`, `length`, `tool_calls`, `content_filter`."""
    model: str | None = None
    """The model as the answer named it."""
    response_id: str | None = None
    """The completion's own id (`chatcmpl-...`)."""
    latency_ms: float
    """From the call to its end, retries and waits included."""
    first_word_ms: float | None
    """From the call to the first piece of text, reasoning or tool call; `None` where there was none."""
    usage: Usage | None
    """As in `UsagePart`; `None` where the gateway did not state it."""
    cost_usd: str | None = None
    """USD, exact, where the stream itself states it (LiteLLM can be told to); the ledger always knows it."""


Event: TypeAlias = Retrying | Opened | TextPart | ReasoningPart | ToolCallPart | UsagePart | Finished
"""Match it exhaustively; end with `assert_never`."""
