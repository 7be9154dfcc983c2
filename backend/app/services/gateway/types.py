"""The plain shapes that callers of `LiteLLMClient` read and write: dicts, as the guide has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict

from backend.app.services.gateway.errors import GatewayError

Message: TypeAlias = Mapping[str, Any]
"""A message as OpenAI's chat API takes it: `{"role": "user", "content": "Hello!"}`; content may be a list of parts."""


class Usage(TypedDict):
    """Tokens of one call."""

    prompt_tokens: int
    """All input, cached tokens included."""
    completion_tokens: int
    """All output, reasoning included."""
    total_tokens: int
    cached_tokens: int
    """Of the input: read from the provider's cache. 0 where it was not said."""
    reasoning_tokens: int
    """Of the output: reasoning. 0 where it was not said."""


class ToolCall(TypedDict):
    """A function that the model wants called."""

    id: str
    name: str
    arguments: str
    """JSON text as the model wrote it; it may be invalid."""


class ChatResponse(TypedDict):
    """What `chat_completion` returns. It is JSON all through: `json.dumps` takes it."""

    content: str
    """The answer; empty where the model only called tools."""
    usage: Usage
    model: str
    """The model as the answer names it."""
    cost: float | None
    """USD, for people; `None` where the gateway knows no price. Add up `cost_usd`, not this."""
    cost_usd: str | None
    """USD, exact, as a decimal number in text: `Decimal(response["cost_usd"])`."""
    id: str
    """The completion's own id (`chatcmpl-...`)."""
    call_id: str | None
    """The call's row in the gateway's ledger."""
    finish_reason: str
    """`stop`, `length`, `tool_calls`, `content_filter`."""
    reasoning: str | None
    """The model's reasoning, where it was shown."""
    refusal: str | None
    """What the model said instead of an answer, where it declined in words."""
    tool_calls: list[ToolCall]
    latency_ms: float
    """From the call to its end, retries and waits included."""
    provider: str | None
    """Who answered: `openai`. `None` where the gateway did not say."""
    deployment: str | None
    """The entry of the gateway's `model_list` that answered."""
    group: str | None
    """The model name that the gateway routed."""
    replaced: str | None
    """Which retired model was replaced by which."""
    retries: int
    """How often the gateway tried again."""
    fallbacks: int
    """How often the gateway went to another model group."""
    losses: list[str]
    """Members of the request that the model could not take and the gateway left out."""


class CompareResult(TypedDict):
    """One model's part of a comparison: an answer, or an error in its place."""

    content: str | None
    tokens: int | None
    """Input and output together."""
    latency_ms: float
    cost: float | None
    """USD, as in `ChatResponse`."""
    cost_usd: str | None
    error: GatewayError | None
    response: ChatResponse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait, seconds. `None` waits for ever."""

    connect: float | None = 5.0
    """For a connection to the gateway."""
    first_byte: float | None = 300.0
    """For the first event of a stream, or for a whole answer: reasoning models think for minutes."""
    between_bytes: float | None = 120.0
    """Between two events of a stream. The time that the caller takes with one does not count."""
    total: float | None = 900.0
    """For the whole call, retries and waits included."""
