"""Time-outs, retries, circuits and bad answers, with the fake provider itself in the gateway's place.

It speaks the same API, answers as badly as it is told, and writes down how often it was asked.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from backend.app.services.gateway.breaker import BreakerPolicy, State
from backend.app.services.gateway.errors import (
    BadRequest,
    CircuitOpen,
    GatewayDown,
    GatewayError,
    ProviderDown,
    RateLimited,
    StreamCut,
    TimedOut,
    Which,
)
from backend.app.services.gateway.events import Event, Opened, ReasoningPart, Retrying, ToolCallPart
from backend.app.services.gateway.retry import Budget, RetryPolicy
from backend.app.services.litellm_client import LiteLLMClient, Timeouts
from tests.backend.litellm_client_cases import collect, said
from tests.oracle.provider import Recorder
from tests.support.provider import Entry, FakeProvider

QUICK: Final = RetryPolicy(base_s=0.01)
AT_ONCE: Final = BreakerPolicy(in_a_row=2, open_s=0.0)
"""Opens after two failures, and may be tried again at once."""


class Line:
    """A client whose gateway is the provider, and a marker for what it asks."""

    def __init__(self, provider: FakeProvider, client: LiteLLMClient) -> None:
        self.provider, self.client = provider, client
        self.marker = "w" + secrets.token_hex(6)

    async def ask(self, fault: str, **more: Any) -> str:
        """A whole answer's text."""
        response = await self.client.chat_completion(said(), fault, user=self.marker, **more)
        return response["content"]

    async def read(self, fault: str, **more: Any) -> list[Event]:
        """A stream's events."""
        return [event async for event in self.client.events(said(), fault, user=self.marker, **more)]

    def asked(self) -> list[Entry]:
        """What arrived."""
        return self.provider.entries(self.marker)


@pytest.fixture
async def line(provider: FakeProvider) -> AsyncIterator[Line]:
    """With quick retries and everything else as it is by default."""
    async with _client(provider) as client:
        yield Line(provider, client)


def _client(
    provider: FakeProvider, *, port: int | None = None, timeouts: Timeouts | None = None,
    breaker: BreakerPolicy | None = None, budget: Budget | None = None, retry: RetryPolicy = QUICK,
) -> LiteLLMClient:  # fmt: skip
    url = f"http://127.0.0.1:{port or provider.ports.http}"
    return LiteLLMClient(
        base_url=url, api_key="sk-x", retry=retry, timeouts=timeouts, breaker=breaker, budget=budget
    )  # fmt: skip


# Retries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [429, 503, 529])
async def test_a_refusal_that_did_nothing_is_tried_again(line: Line, code: int) -> None:
    """429, 503 and 529 say that nothing was done: the call is sent again, and succeeds."""
    assert await line.ask(f"fault:status:code={code},times=2")
    assert [entry.fault for entry in line.asked()] == ["status", "status", "ok"]


@pytest.mark.parametrize("fault", ["status:code=500", "status:code=502", "status:code=408", "rst_head", "fin_head"])
async def test_what_may_have_been_paid_is_not_tried_again(line: Line, fault: str) -> None:
    """After an error in which the provider may have worked, the call is not sent twice on its own."""
    with pytest.raises(GatewayError):
        await line.ask(f"fault:{fault}")
    assert len(line.asked()) == 1


@pytest.mark.parametrize("fault", ["status:code=500,times=1", "rst_head:times=1"])
async def test_an_idempotency_key_makes_such_a_call_repeatable(line: Line, fault: str) -> None:
    """With an idempotency key the same call is sent again, under the same key."""
    assert await line.ask(f"fault:{fault}", idempotency_key="order-7")
    keys = [[value for name, value in entry.headers if name.lower() == "idempotency-key"] for entry in line.asked()]
    assert keys == [["order-7"], ["order-7"]]


async def test_a_retry_waits_as_long_as_it_was_told(line: Line) -> None:
    """`retry-after` is never undercut, and the wait is announced before it begins."""
    events = await line.read("fault:status:code=429,retry_after=1,times=1")
    retrying, opened, *_ = events
    first, second = line.asked()
    assert isinstance(retrying, Retrying)
    assert (retrying.attempt, retrying.code) == (2, "rate_limited")
    assert isinstance(opened, Opened)
    assert 1 <= retrying.after_s < 1.1
    assert second.arrived - first.arrived >= 1


async def test_a_long_wait_is_the_callers(line: Line) -> None:
    """A `retry-after` beyond the policy's patience is an error at once, with the seconds in it."""
    with pytest.raises(RateLimited) as caught:
        await line.ask("fault:status:code=429,retry_after=120")
    assert caught.value.retry_after == 120
    assert len(line.asked()) == 1


async def test_three_attempts_are_all(line: Line) -> None:
    """What fails three times is the caller's error."""
    with pytest.raises(ProviderDown):
        await line.ask("fault:status:code=503")
    assert len(line.asked()) == 3


async def test_nothing_is_tried_again_after_the_first_word(line: Line) -> None:
    """A stream that breaks off after it began is asked for once, whatever the key."""
    seen: list[str] = []
    with pytest.raises(StreamCut) as caught:
        await collect(
            line.client.stream_chat_completion(
                said(), "fault:fin_event:after=2", user=line.marker, idempotency_key="order-8"
            ),
            seen,
        )
    assert caught.value.text == "".join(seen) != ""
    assert len(line.asked()) == 1


async def test_retries_stay_within_their_budget(provider: FakeProvider) -> None:
    """Where every call fails, a hundred calls are a hundred and ten, and the reserve."""
    never = BreakerPolicy(in_a_row=1000, rate=2.0)
    async with _client(provider, budget=Budget(percent=10, reserve=3), breaker=never) as client:
        line = Line(provider, client)
        for _ in range(100):
            with pytest.raises(ProviderDown):
                await line.ask("fault:status:code=503")
        assert 110 <= len(line.asked()) <= 113


async def test_a_gateway_that_is_away_is_tried_again(provider: FakeProvider) -> None:
    """A refused connection sent nothing: it is tried three times, then it is `GatewayDown` with the address."""
    async with _client(provider, port=provider.ports.closed) as client:
        seen: list[Event] = []
        with pytest.raises(GatewayDown) as caught:
            await _collect(client.events(said(), "plain"), seen)
    assert [event.attempt for event in seen if isinstance(event, Retrying)] == [2, 3]
    assert caught.value.url == f"http://127.0.0.1:{provider.ports.closed}"
    assert "LITELLM_BASE_URL" in str(caught.value)


async def _collect(stream: AsyncIterator[Event], into: list[Event]) -> None:
    async for event in stream:
        into.append(event)  # noqa: PERF401 - a comprehension would lose what came before an error


# Time-outs ----------------------------------------------------------------------------------------------

TIMEOUTS: Final[list[tuple[str, bool, Timeouts, Which]]] = [
    ("fault:silent", False, Timeouts(first_byte=0.2), "first_byte"),
    ("fault:silent", True, Timeouts(first_byte=0.2), "first_byte"),
    ("fault:head_only:framing=chunked", True, Timeouts(first_byte=0.2), "first_byte"),
    ("fault:pings", True, Timeouts(first_byte=0.4), "first_byte"),
    ("fault:silent", False, Timeouts(total=0.2), "total"),
    ("fault:silent", True, Timeouts(total=0.2), "total"),
]


@pytest.mark.parametrize(("fault", "stream", "timeouts", "which"), TIMEOUTS)
async def test_silence_before_the_first_word(
    line: Line, fault: str, stream: bool, timeouts: Timeouts, which: Which
) -> None:
    """Silence, a head alone and keep-alive comments are no first word: the time-out that ends them is named."""
    with pytest.raises(TimedOut) as caught:
        await (line.read if stream else line.ask)(fault, timeouts=timeouts)
    assert caught.value.which == which
    entries = await asyncio.to_thread(
        line.provider.wait, lambda all_: all(e.ended != "open" for e in all_ if e.marker == line.marker)
    )
    assert [entry.ended for entry in entries if entry.marker == line.marker] == ["client_closed"]


CUTS: Final = [
    ("fault:stall:after=2", Timeouts(between_bytes=0.2), "stood still"),
    ("fault:pings:after=2", Timeouts(between_bytes=0.4), "stood still"),
    ("fault:ok:n=1000,delay=0.05", Timeouts(total=0.4), "not complete"),
    ("fault:fin_event:after=2", Timeouts(), "end is missing"),
    ("fault:rst_at:at=900", Timeouts(), "connection to the gateway broke"),
    ("fault:fin_at:at=900", Timeouts(), "connection to the gateway broke"),
    ("fault:error_event:after=2,end=done", Timeouts(), "reported an error"),
]


@pytest.mark.parametrize(("fault", "timeouts", "why"), CUTS)
async def test_a_stream_that_breaks_off(line: Line, fault: str, timeouts: Timeouts, why: str) -> None:
    """However a stream breaks off, its text until then is in the error, with the reason."""
    seen: list[str] = []
    stream = line.client.stream_chat_completion(said(), fault, user=line.marker, timeouts=timeouts)
    with pytest.raises(StreamCut, match=why) as caught:
        await collect(stream, seen)
    assert len(seen) >= 2
    assert caught.value.text == "".join(seen)


async def test_a_connection_that_does_not_come_about(provider: FakeProvider) -> None:
    """A gateway behind a black hole is a connect time-out; as nothing was sent, it is tried again."""
    async with _client(provider, port=provider.ports.blackhole, timeouts=Timeouts(connect=0.1)) as client:
        seen: list[Event] = []
        with pytest.raises(TimedOut) as caught:
            await _collect(client.events(said(), "plain"), seen)
    assert caught.value.which == "connect"
    assert len(seen) == 2


async def test_the_callers_own_time_is_not_the_models(line: Line) -> None:
    """A caller that is slow with a piece is not told that the model stood still."""
    pieces = 0
    timeouts = Timeouts(between_bytes=0.2)
    async for piece in line.client.stream_chat_completion(said(), "plain", timeouts=timeouts):
        assert piece
        if not pieces:
            time.sleep(0.3)  # noqa: ASYNC251 - stands for a caller that is busy for longer than the time-out
        pieces += 1
    assert pieces == 5


async def test_no_wait_goes_beyond_the_total(line: Line) -> None:
    """A retry that would begin after the total time-out is not waited for."""
    with pytest.raises(RateLimited):
        await line.ask("fault:status:code=429,retry_after=5", timeouts=Timeouts(total=2))
    assert len(line.asked()) == 1


# Answers that are none ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["html", "html_as_json", "empty", "text", "array", "null"])
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_is_none(line: Line, kind: str, stream: bool) -> None:
    """A captive portal's page, an empty body or another program's JSON is an error of ours, never a traceback."""
    with pytest.raises((GatewayDown, ProviderDown)):
        await (line.read if stream else line.ask)(f"fault:wrong:kind={kind}")


@pytest.mark.parametrize("kind", ["negative", "huge", "string", "words", "null", "list", "float", "half", "nested"])
@pytest.mark.parametrize("stream", [False, True])
async def test_usage_that_is_none(line: Line, kind: str, stream: bool) -> None:
    """Nonsense in the usage costs the count, not the answer: what is read is a whole number and not negative."""
    if stream:
        events = await line.read(f"fault:usage:kind={kind}")
        usage = getattr(events[-1], "usage", None)
    else:
        usage = (await line.client.chat_completion(said(), f"fault:usage:kind={kind}"))["usage"]
    for count in (usage or {}).values():
        assert isinstance(count, int)
        assert count >= 0


async def test_members_of_ours_cannot_be_set_twice(line: Line) -> None:
    """`stream=True` for a whole answer is refused before anything is sent, with the method to call instead."""
    with pytest.raises(BadRequest, match="stream_chat_completion"):
        await line.ask("plain", stream=True)
    assert not line.asked()


# What is sent, and what is read -------------------------------------------------------------------------

TOOL: Final = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


async def test_what_is_sent() -> None:
    """The body holds what was given and nothing else, `None` is left out, key and headers are sent as they are."""
    with Recorder() as recorder:
        async with LiteLLMClient(base_url=recorder.url, api_key="sk-mine", model="default-1") as client:
            await client.chat_completion(
                said(), temperature=0.0, max_tokens=200, top_k=3, seed=None, headers={"X-Team": "blue"}
            )
            assert [piece async for piece in client.stream_chat_completion(said(), "other-2", tools=[])]
    whole, stream = recorder.calls
    assert whole.path == stream.path == "/v1/chat/completions"
    assert whole.body == {
        "model": "default-1", "messages": said(), "temperature": 0.0, "max_tokens": 200, "top_k": 3,
    }  # fmt: skip
    assert stream.body == {
        "model": "other-2", "messages": said(), "stream": True, "stream_options": {"include_usage": True}, "tools": [],
    }  # fmt: skip
    assert whole.headers["authorization"] == "Bearer sk-mine"
    assert whole.headers["x-team"] == "blue"


async def test_tools_and_reasoning_streamed_and_whole() -> None:
    """A tool call and the reasoning before it are the same, whether they come in pieces or at once."""
    question = said("@@think@@ Look it up.")
    with Recorder() as recorder:
        async with LiteLLMClient(base_url=recorder.url, api_key="sk-mine") as client:
            response = await client.chat_completion(question, "reasoner", tools=[TOOL])
            events = [event async for event in client.events(question, "reasoner", tools=[TOOL])]
    (call,) = response["tool_calls"]
    parts = [event for event in events if isinstance(event, ToolCallPart)]
    assert call["name"] == "look"
    assert [part.name for part in parts if part.name] == [call["name"]]
    assert [part.id for part in parts if part.id] == [call["id"]]
    assert "".join(part.arguments for part in parts) == call["arguments"]
    assert "".join(event.text for event in events if isinstance(event, ReasoningPart)) == (response["reasoning"] or "")
    assert response["finish_reason"] == getattr(events[-1], "reason", None) == "tool_calls"


# Circuits -----------------------------------------------------------------------------------------------


async def test_a_circuit_closes_after_a_good_try(provider: FakeProvider) -> None:
    """Two failures open it, one call may try, its success closes it."""
    async with _client(provider, breaker=AT_ONCE) as client:
        line, model = Line(provider, client), "fault:status:code=500,times=2"
        for _ in range(2):
            with pytest.raises(ProviderDown):
                await line.ask(model)
        assert client.circuits()[model].state is State.HALF_OPEN
        assert await line.ask(model)
        assert client.circuits()[model].state is State.CLOSED
        assert client.circuits()[model].failures == 0


async def test_one_call_tries_for_all(provider: FakeProvider) -> None:
    """Of fifty calls at once on a half-open circuit one is sent, the others are `CircuitOpen`."""
    async with _client(provider, breaker=AT_ONCE) as client:
        line, model = Line(provider, client), "fault:status:code=500"
        for _ in range(2):
            with pytest.raises(ProviderDown):
                await line.ask(model)
        results = await asyncio.gather(*(line.ask(model) for _ in range(50)), return_exceptions=True)
    kinds = [type(result) for result in results]
    assert kinds.count(CircuitOpen) == 49
    assert kinds.count(ProviderDown) == 1
    assert len(line.asked()) == 3


async def test_a_cancelled_try_lets_the_next_one_try(provider: FakeProvider) -> None:
    """A try that is cancelled before its answer leaves the circuit half open, not shut for ever."""
    async with _client(provider, breaker=AT_ONCE) as client:
        line, model = Line(provider, client), "fault:stall:times=1"
        breaker = client._breakers.of(model)
        for _ in range(2):
            breaker.ask().failed()
        task = asyncio.create_task(line.ask(model))
        await asyncio.to_thread(provider.wait_entry, line.marker)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await line.ask(model)
        assert breaker.state is State.CLOSED


async def test_the_first_word_of_a_try_lets_others_in(provider: FakeProvider) -> None:
    """While the try's stream is still running, other calls are sent."""
    async with _client(provider, breaker=AT_ONCE) as client:
        line, model = Line(provider, client), "fault:ok:n=3,delay=0.01"
        for _ in range(2):
            client._breakers.of(model).ask().failed()
        trying = client.stream_chat_completion(said(), model, user=line.marker)
        assert await anext(trying)
        assert await line.ask(model)
        await trying.aclose()
        assert client.circuits()[model].state is State.CLOSED


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422, 429])
async def test_the_callers_errors_open_no_circuit(provider: FakeProvider, code: int) -> None:
    """What a caller did wrong, or too often, says nothing of the model."""
    once = RetryPolicy(attempts=1)
    async with _client(provider, breaker=BreakerPolicy(in_a_row=2), retry=once) as client:
        line = Line(provider, client)
        for _ in range(4):
            with pytest.raises(GatewayError):
                await line.ask(f"fault:status:code={code}")
        assert len(line.asked()) == 4


# Its life -----------------------------------------------------------------------------------------------


# A program in the guide's style closes nothing; Python then warns of the connection that its loop left behind.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_client_serves_one_loop_after_another(provider: FakeProvider) -> None:
    """A client made once, as in the guide, works in each `asyncio.run` of a program."""
    client = _client(provider)

    async def ask(client: LiteLLMClient) -> str:
        return (await client.chat_completion(said(), "plain"))["content"]

    assert asyncio.run(ask(client))
    assert asyncio.run(ask(client))
    del client
    gc.collect()  # the warnings are this test's, not the next one's


async def test_an_offices_proxy_is_not_asked(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `HTTP_PROXY` set and no exception for it, a gateway on this machine is still called directly."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{provider.ports.closed}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with _client(provider) as client:
        assert await Line(provider, client).ask("plain")


async def test_a_closed_client_opens_again(line: Line) -> None:
    """`close()` closes the connections, not the client."""
    await line.ask("plain")
    await line.client.close()
    assert await line.ask("plain")
