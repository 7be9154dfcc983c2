"""From decoded JSON to our shapes. Nobody has validated an answer, so nothing here trusts a type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from backend.app.services.gateway.events import Opened, ReasoningPart, TextPart, ToolCallPart, UsagePart
from backend.app.services.gateway.failures import provider_of
from backend.app.services.gateway.types import ChatResponse, ToolCall, Usage

_REASONING = ("reasoning_content", "reasoning")
"""Where hosts put it: DeepSeek, Moonshot, xAI, llama.cpp; and Groq, Ollama, vLLM."""


def opened(headers: Mapping[str, str]) -> Opened:
    """The facts of an answer's headers (names in lower case)."""
    losses = headers.get("x-trunkline-losses", "")
    return Opened(
        call_id=headers.get("x-litellm-call-id"),
        deployment=headers.get("x-litellm-model-id"),
        provider_model=headers.get("x-litellm-model-name"),
        provider=provider_of(headers),
        api_base=headers.get("x-litellm-model-api-base"),
        group=headers.get("x-litellm-model-group"),
        replaced=headers.get("x-trunkline-model-replaced"),
        retries=_count(headers.get("x-litellm-attempted-retries")),
        fallbacks=_count(headers.get("x-litellm-attempted-fallbacks")),
        losses=tuple(part.strip() for part in losses.split(",") if part.strip()),
        headers=dict(headers),
    )


class Chunks:
    """Reads a stream's chunks one by one and remembers what its end needs."""

    def __init__(self) -> None:
        self.model: str | None = None
        self.response_id: str | None = None
        self.reason: str | None = None
        """Of the first choice; the stream is whole once it is there."""
        self.usage: Usage | None = None
        self.cost_usd: str | None = None

    def read(self, chunk: object) -> Iterator[TextPart | ReasoningPart | ToolCallPart | UsagePart]:
        """The events of one chunk. Of several choices (`n`), the first."""
        self.model = _text(chunk, "model") or self.model
        self.response_id = _text(chunk, "id") or self.response_id
        for choice in _items(chunk, "choices"):
            if not _of(choice, "index"):
                yield from self._delta(_of(choice, "delta"))
                self.reason = _text(choice, "finish_reason") or self.reason
        reported = _of(chunk, "usage")
        if reported is not None:
            self.cost_usd = exact(_of(reported, "cost")) or self.cost_usd
            self.usage = usage_of(reported)
            yield UsagePart(self.usage)

    @staticmethod
    def _delta(delta: object) -> Iterator[TextPart | ReasoningPart | ToolCallPart]:
        thought = next((text for name in _REASONING if (text := _text(delta, name))), "")
        if thought:
            yield ReasoningPart(thought)
        words = _text(delta, "content") or _text(delta, "refusal")
        if words:
            yield TextPart(words)
        for position, call in enumerate(_items(delta, "tool_calls")):
            function = _of(call, "function")
            index = _of(call, "index")
            yield ToolCallPart(
                index=index if isinstance(index, int) else position,
                id=_text(call, "id") or None,
                name=_text(function, "name") or None,
                arguments=_text(function, "arguments"),
            )


def whole(completion: object, headers: Mapping[str, str], latency_ms: float) -> ChatResponse | None:
    """A whole answer; `None` where it is none: no choices, no message."""
    choice = next(iter(_items(completion, "choices")), None)
    message = _of(choice, "message")
    if message is None:
        return None
    facts, usage = opened(headers), _of(completion, "usage")
    cost = exact(headers.get("x-litellm-response-cost")) or exact(_of(usage, "cost"))
    return ChatResponse(
        content=_text(message, "content"),
        usage=usage_of(usage),
        model=_text(completion, "model"),
        cost=None if cost is None else float(cost),
        cost_usd=cost,
        id=_text(completion, "id"),
        call_id=facts.call_id,
        finish_reason=_text(choice, "finish_reason"),
        reasoning=next((text for name in _REASONING if (text := _text(message, name))), None),
        refusal=_text(message, "refusal") or None,
        tool_calls=[_tool_call(call) for call in _items(message, "tool_calls")],
        latency_ms=latency_ms,
        provider=facts.provider,
        deployment=facts.deployment,
        group=facts.group,
        replaced=facts.replaced,
        retries=facts.retries,
        fallbacks=facts.fallbacks,
        losses=list(facts.losses),
    )


def _tool_call(call: object) -> ToolCall:
    function = _of(call, "function")
    return ToolCall(id=_text(call, "id"), name=_text(function, "name"), arguments=_text(function, "arguments"))


def usage_of(reported: object) -> Usage:
    """Tokens as plain numbers; what is missing or no count is 0, a missing total is the sum."""
    sent, got = _count(_of(reported, "prompt_tokens")), _count(_of(reported, "completion_tokens"))
    return Usage(
        prompt_tokens=sent,
        completion_tokens=got,
        total_tokens=_count(_of(reported, "total_tokens")) or sent + got,
        cached_tokens=_count(_of(_of(reported, "prompt_tokens_details"), "cached_tokens")),
        reasoning_tokens=_count(_of(_of(reported, "completion_tokens_details"), "reasoning_tokens")),
    )


def exact(value: object) -> str | None:
    """An amount of USD as a plain decimal number (`0.0000123`); `None` for what is no amount, as `"None"`."""
    if value is None or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount < 0 or not -60 < amount.adjusted() < 30:
        return "0" if amount == 0 else None
    return f"{amount:f}"


def _of(holder: object, name: str) -> object:
    """A member; `None` also where the holder is no object."""
    return holder.get(name) if isinstance(holder, dict) else None


def _text(holder: object, name: str) -> str:
    value = _of(holder, name)
    return value if isinstance(value, str) else ""


def _items(holder: object, name: str) -> list[object]:
    value = _of(holder, name)
    return value if isinstance(value, list) else []


def _count(value: object) -> int:
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 12 else 0
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
