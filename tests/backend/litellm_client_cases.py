"""What `LiteLLMClient` does at any gateway, written once: run against this one in the suite, and against LiteLLM's proxy.

A case is an async function of a `Rig`; its docstring is the behaviour. `CASES` lists them by name.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pytest

from backend.app.services.gateway.errors import (
    BadRequest,
    CircuitOpen,
    GatewayError,
    KeyRefused,
    NoKey,
    NotFound,
    ProviderDown,
    RateLimited,
    StreamCut,
)
from backend.app.services.gateway.events import Event, Finished, Opened, TextPart, UsagePart
from backend.app.services.gateway.retry import RetryPolicy
from backend.app.services.litellm_client import LiteLLMClient
from tests.support.gateway import INPUT_PRICE, OUTPUT_PRICE, GatewayConfig, model
from tests.support.provider import Entry, FakeProvider
from tests.support.tcp_proxy import TcpProxy

FAULTS: Final = {
    "plain": "plain",
    "long": "fault:ok:n=2000,delay=0.05",
    "late": "fault:ok:head_delay=30",
    "broken": "fault:rst_at:at=700",
    "bad-request": "fault:status:code=400",
    "bad-key": "fault:status:code=401",
    "limited": "fault:status:code=429,retry_after=7",
    "failing": "fault:status:code=500",
}
"""Model group -> what the provider does."""
PROVIDER_KEY: Final = "sk-provider-" + "0" * 20
ONCE: Final = RetryPolicy(attempts=1)
STOPPED_WITHIN: Final = 1.0
"""Seconds from the end of a call to the provider's knowing."""


@dataclass(frozen=True, slots=True)
class Rig:
    """A gateway, and the provider behind all its models."""

    base_url: str
    key: str
    provider: FakeProvider

    def client(self, *, base_url: str | None = None, key: str | None = None) -> LiteLLMClient:
        """A client that does not try again, so that each call is one."""
        return LiteLLMClient(base_url=base_url or self.base_url, api_key=key or self.key, retry=ONCE)

    async def entry(self, marker: str, ready: Callable[[Entry], bool] = lambda _: True) -> Entry:
        """The provider's record of a call, once it is as wanted; else as it is after the limit."""
        entries = await asyncio.to_thread(
            self.provider.wait, lambda all_: any(e.marker == marker and ready(e) for e in all_)
        )
        found = [entry for entry in entries if entry.marker == marker]
        assert found, f"the provider saw no call of `{marker}`"
        return found[0]


def config(provider: FakeProvider) -> GatewayConfig:
    """One config file for both gateways: no retries of theirs, no cool-downs."""
    passes = {"api_key": PROVIDER_KEY, "allowed_openai_params": ["user"]}  # LiteLLM drops it where it knows no model
    models = [model(group, name, provider.base_url, **passes) for group, name in FAULTS.items()]
    models.append(model("down", "plain", provider.url(provider.ports.closed), api_key=PROVIDER_KEY))
    # The variable that LiteLLM looks for where a config gives no key.
    models.append(model("keyless", "plain", provider.base_url, api_key="os.environ/OPENAI_API_KEY"))
    return GatewayConfig(
        models=models, router={"num_retries": 0, "disable_cooldowns": True},
        litellm={"request_timeout": 60, "telemetry": False},
        trunkline={"first_byte_timeout": 60, "idle_timeout": 10},
    )  # fmt: skip


def said(text: str = "Hello!") -> list[dict[str, str]]:
    """A question."""
    return [{"role": "user", "content": text}]


def mark() -> str:
    """A name that client and provider share."""
    return "m" + secrets.token_hex(6)


def expected(marker: str, pieces: int = 5) -> str:
    """The provider's answer."""
    return "".join(f"{marker}#{index}é中😀 " for index in range(pieces))


async def whole_answer(rig: Rig) -> None:
    """A completion has the provider's words, its token counts, and its cost.

    To the pico-dollar: LiteLLM counts money in floats. That ours is exact is tested in `test_litellm_client.py`.
    """
    marker = mark()
    async with rig.client() as client:
        response = await client.chat_completion(
            messages=said(), model="plain", temperature=0.7, max_tokens=500, user=marker
        )
    entry = await rig.entry(marker)
    cost = Decimal(INPUT_PRICE) * entry.prompt_tokens + Decimal(OUTPUT_PRICE) * entry.completion_tokens
    assert response["content"] == expected(marker)
    assert response["usage"]["prompt_tokens"] == entry.prompt_tokens
    assert response["usage"]["completion_tokens"] == entry.completion_tokens
    assert response["usage"]["total_tokens"] == entry.prompt_tokens + entry.completion_tokens
    assert response["finish_reason"] == "stop"
    assert response["cost_usd"] is not None
    assert abs(Decimal(response["cost_usd"]) - cost) < Decimal("1e-12")
    assert response["cost"] == float(response["cost_usd"])
    assert response["id"]
    assert response["call_id"]
    assert response["deployment"]
    assert response["latency_ms"] > 0


async def streamed_answer(rig: Rig) -> None:
    """A stream yields the answer's text in pieces, as they come."""
    marker = mark()
    async with rig.client() as client:
        pieces = [piece async for piece in client.stream_chat_completion(said(), model="plain", user=marker)]
    assert "".join(pieces) == expected(marker)
    assert len(pieces) == 5


async def events_in_order(rig: Rig) -> None:
    """A stream's events are `Opened`, text, the usage of the whole call, `Finished`."""
    marker = mark()
    async with rig.client() as client:
        events: list[Event] = [event async for event in client.events(said(), "plain", user=marker)]
    entry = await rig.entry(marker)
    opened, *between, finished = events
    assert isinstance(opened, Opened)
    assert opened.call_id
    assert opened.deployment
    assert isinstance(finished, Finished)
    assert finished.reason == "stop"
    assert finished.usage is not None
    assert finished.usage["total_tokens"] == entry.prompt_tokens + entry.completion_tokens
    assert finished.first_word_ms is not None
    assert 0 < finished.first_word_ms <= finished.latency_ms
    assert "".join(event.text for event in between if isinstance(event, TextPart)) == expected(marker)
    assert sum(isinstance(event, UsagePart) for event in between) >= 1


async def leaving_the_loop_stops_the_provider(rig: Rig) -> None:
    """`break` in the middle of a stream closes the provider's connection within a second."""
    marker = mark()
    async with rig.client() as client:
        async for piece in client.stream_chat_completion(said(), model="long", user=marker):
            assert piece
            break
        left = asyncio.get_running_loop().time()
        await _stopped(rig, marker, left)


async def closing_the_events_stops_the_provider(rig: Rig) -> None:
    """`aclose()` of the events, even before the first word, closes the provider's connection within a second."""
    marker = mark()
    async with rig.client() as client:
        events = client.events(said(), "long", user=marker)
        async with aclosing(events):
            assert isinstance(await anext(events), Opened)
        await _stopped(rig, marker, asyncio.get_running_loop().time())


async def cancelling_a_stream_stops_the_provider(rig: Rig) -> None:
    """Cancelling the task that reads a stream closes the provider's connection within a second."""
    marker, began = mark(), asyncio.Event()

    async def read(client: LiteLLMClient) -> None:
        async for piece in client.stream_chat_completion(said(), model="long", user=marker):
            assert piece
            began.set()

    async with rig.client() as client:
        task = asyncio.create_task(read(client))
        await asyncio.wait_for(began.wait(), 30)
        await _cancelled(rig, task, marker)


async def cancelling_a_call_stops_the_provider(rig: Rig) -> None:
    """Cancelling a task that waits for a whole answer closes the provider's connection within a second."""
    marker = mark()
    async with rig.client() as client:
        task = asyncio.create_task(client.chat_completion(said(), "late", user=marker))
        await rig.entry(marker)
        await _cancelled(rig, task, marker)


async def _cancelled(rig: Rig, task: asyncio.Task[object], marker: str) -> None:
    task.cancel()
    left = asyncio.get_running_loop().time()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _stopped(rig, marker, left)


async def _stopped(rig: Rig, marker: str, left: float) -> None:
    """The provider's connection was closed soon after `left` (all processes share the monotonic clock)."""
    entry = await rig.entry(marker, lambda found: found.ended != "open")
    assert entry.ended == "client_closed"
    assert entry.client_closed_at is not None
    assert entry.client_closed_at - left < STOPPED_WITHIN


async def broken_stream_is_no_answer(rig: Rig) -> None:
    """A stream that breaks off raises `StreamCut` with the text until then; it never just ends."""
    marker, seen = mark(), list[str]()
    async with rig.client() as client:
        with pytest.raises(StreamCut) as caught:
            await collect(client.stream_chat_completion(said(), model="broken", user=marker), seen)
    assert caught.value.text == "".join(seen)
    assert seen
    assert expected(marker).startswith("".join(seen))


async def collect(stream: AsyncIterator[str], into: list[str]) -> None:
    """Read a stream; what came before an error stays in `into`."""
    async for piece in stream:
        into.append(piece)  # noqa: PERF401 - a comprehension would lose what came before an error


REFUSALS: Final[dict[str, type[GatewayError]]] = {
    "bad-request": BadRequest, "bad-key": KeyRefused, "limited": RateLimited, "failing": ProviderDown,
    "down": ProviderDown, "keyless": NoKey, "no-such-model": NotFound,
}  # fmt: skip


async def errors_have_types(rig: Rig) -> None:
    """What is wrong with a model decides the error's type, streamed or not."""
    async with rig.client() as client:
        for name, kind in REFUSALS.items():
            with pytest.raises(kind) as whole:
                await client.chat_completion(said(), name)
            with pytest.raises(kind) as streamed:
                await anext(client.stream_chat_completion(said(), name))
            assert type(whole.value) is type(streamed.value) is kind, name
            assert whole.value.message, name
            assert whole.value.fix, name


async def errors_say_what_to_do(rig: Rig) -> None:
    """The missing key's variable, the provider's `retry-after`, and whose key was refused can be read."""
    async with rig.client() as client:
        with pytest.raises(NoKey) as keyless:
            await client.chat_completion(said(), "keyless")
        with pytest.raises(RateLimited) as limited:
            await client.chat_completion(said(), "limited")
        with pytest.raises(KeyRefused) as refused:
            await client.chat_completion(said(), "bad-key")
    assert keyless.value.variable == "OPENAI_API_KEY"
    assert limited.value.retry_after == 7
    assert refused.value.whose == "provider"


async def wrong_key_of_ours(rig: Rig) -> None:
    """A key that the gateway does not know is told apart from a provider's refusal."""
    async with rig.client(key="sk-nobody-knows-this-one") as client:
        with pytest.raises(KeyRefused) as caught:
            await client.chat_completion(said(), "plain")
    assert caught.value.whose == "gateway"


async def failing_models_are_left_alone(rig: Rig) -> None:
    """After five failures in a row a model is not asked any more, the others are."""
    marker, other = mark(), mark()
    async with rig.client() as client:
        for _ in range(5):
            with pytest.raises(ProviderDown):
                await client.chat_completion(said(), "failing", user=marker)
        with pytest.raises(CircuitOpen) as caught:
            await client.chat_completion(said(), "failing", user=marker)
        await client.chat_completion(said(), "plain", user=other)
    assert caught.value.model == "failing"
    assert caught.value.since is not None
    assert caught.value.since < caught.value.until
    assert len(await asyncio.to_thread(rig.provider.entries, marker)) == 5


async def comparison_keeps_errors_in_place(rig: Rig) -> None:
    """Models are compared side by side: answers with tokens, cost and latency, and an error where one fails."""
    marker = mark()
    async with rig.client() as client:
        results = await client.compare(said(), ["plain", "failing", "plain", "no-such-model"], user=marker)
    assert list(results) == ["plain", "failing", "no-such-model"]
    good, bad = results["plain"], results["failing"]
    assert good["content"] == expected(marker)
    assert good["response"] is not None
    assert good["tokens"] == good["response"]["usage"]["total_tokens"]
    assert good["cost_usd"] == good["response"]["cost_usd"]
    assert good["error"] is None
    assert bad["content"] is None
    assert bad["tokens"] is None
    assert bad["cost"] is None
    assert isinstance(bad["error"], ProviderDown)
    assert isinstance(results["no-such-model"]["error"], NotFound)
    assert all(result["latency_ms"] > 0 for result in results.values())


async def models_are_listed(rig: Rig) -> None:
    """`models()` names what the gateway offers."""
    async with rig.client() as client:
        assert {*FAULTS, "down"} <= set(await client.models())


async def calls_share_connections(rig: Rig) -> None:
    """A hundred calls, five at a time, half of them streams, use no more than five connections."""
    port = int(rig.base_url.rpartition(":")[2])
    proxy = TcpProxy(("127.0.0.1", port))
    try:
        async with rig.client(base_url=f"http://127.0.0.1:{proxy.port}") as client:
            await asyncio.gather(*(_twenty_calls(client) for _ in range(5)))
        assert 1 <= proxy.connections <= 5
    finally:
        await asyncio.to_thread(proxy.close)  # it runs a loop of its own to its end


async def _twenty_calls(client: LiteLLMClient) -> None:
    for _ in range(10):
        await client.chat_completion(said(), "plain")
        async for piece in client.stream_chat_completion(said(), "plain"):
            assert piece


Case = Callable[[Rig], Awaitable[None]]
CASES: Final[dict[str, Case]] = {
    case.__name__: case
    for case in (
        whole_answer, streamed_answer, events_in_order, leaving_the_loop_stops_the_provider,
        closing_the_events_stops_the_provider, cancelling_a_stream_stops_the_provider,
        cancelling_a_call_stops_the_provider, broken_stream_is_no_answer, errors_have_types, errors_say_what_to_do,
        wrong_key_of_ours, failing_models_are_left_alone, comparison_keeps_errors_in_place, models_are_listed,
        calls_share_connections,
    )
}  # fmt: skip
