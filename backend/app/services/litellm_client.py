"""`LiteLLMClient`: every model behind the gateway, by one call.

    client = LiteLLMClient()
    response = await client.chat_completion(messages=[{"role": "user", "content": "Hello!"}])
    print(response["content"])

It speaks to Trunkline and to LiteLLM's proxy alike. Address, key and default model come from the environment or `.env`
(`LITELLM_BASE_URL`, `LITELLM_API_KEY` or `LITELLM_MASTER_KEY`, `MODEL`).
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from backend.app.services.gateway.breaker import (
    Breaker,
    BreakerPolicy,
    Breakers,
    CircuitReport,
    Permit,
    State,
    blames_provider,
)
from backend.app.services.gateway.environment import Environment
from backend.app.services.gateway.errors import BadRequest, Facts, GatewayError, ProviderDown
from backend.app.services.gateway.events import Event, Retrying, TextPart
from backend.app.services.gateway.patience import Patience
from backend.app.services.gateway.retry import Budget, RetryPolicy
from backend.app.services.gateway.tasks import TASK_MODEL_MAP, model_for
from backend.app.services.gateway.types import ChatResponse, CompareResult, Message, Timeouts

if TYPE_CHECKING:
    from backend.app.services.gateway.wire import Call, Stream, Wire

__all__ = ["TASK_MODEL_MAP", "GatewayError", "LiteLLMClient", "Timeouts", "model_for"]

T = TypeVar("T")

MOST_AT_ONCE: Final = 8
"""Models that a comparison asks at the same time."""
_OURS: Final = {
    "stream": "call `stream_chat_completion` for a stream",
    "model": "give it as an argument of its own",
    "messages": "give them as an argument of their own",
}
"""Members of the body that further arguments cannot set, and what to do instead."""


@dataclass(frozen=True, slots=True)
class _Sent(Generic[T]):
    """An attempt that got an answer; `permit` is told how it went on."""

    answer: T
    permit: Permit


class LiteLLMClient:
    """A client of the gateway. Make one for the whole process: it holds connections, retry budget and circuits.

    It belongs to the event loop that calls it; another loop gets connections of its own. It is not for several threads.
    """

    def __init__(
        self, *, base_url: str | None = None, api_key: str | None = None, model: str | None = None,
        timeouts: Timeouts | None = None, retry: RetryPolicy | None = None, breaker: BreakerPolicy | None = None,
        budget: Budget | None = None, environment: Environment | None = None,
    ) -> None:  # fmt: skip
        """Nothing is needed: what is not given is found in the environment, in `.env`, or is the guide's default."""
        self.environment: Final = environment or Environment(base_url=base_url, api_key=api_key, model=model)
        self.timeouts: Final = timeouts or Timeouts()
        self.budget: Final = budget or Budget()
        self._retry: Final = retry or RetryPolicy()
        self._breakers: Final = Breakers(breaker or BreakerPolicy())
        self._wire: Wire | None = None

    # What is asked --------------------------------------------------------------------------------------

    async def chat_completion(
        self, messages: Sequence[Message], model: str | None = None, *, temperature: float | None = None,
        max_tokens: int | None = None, timeouts: Timeouts | None = None, headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None, **more: Any,
    ) -> ChatResponse:  # fmt: skip
        """Ask a model and wait for the whole answer.

        `model`: by default `MODEL`. `more`: further members of the request (`tools`, `response_format`,
        `reasoning_effort`, `user`, ...); what is `None` is not sent. `headers`: further headers. `idempotency_key`:
        sent as `Idempotency-Key`, and calls that may already have been served are then sent again; give it only where
        the gateway's provider honours it.

        Raises:
            GatewayError: see `backend.app.services.gateway.errors` for its kinds.
        """
        wire = await self._ready()
        body = {"temperature": temperature, "max_tokens": max_tokens} | more
        call = self._call(messages, model, body, timeouts, headers, idempotency_key)
        async with aclosing(self._attempts(call, wire.ask)) as attempts:
            async for step in attempts:
                if isinstance(step, _Sent):
                    step.permit.succeeded()
                    return step.answer
        raise AssertionError("attempts end with an answer or an error")

    async def stream_chat_completion(
        self, messages: Sequence[Message], model: str | None = None, *, temperature: float | None = None,
        max_tokens: int | None = None, timeouts: Timeouts | None = None, headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None, **more: Any,
    ) -> AsyncGenerator[str, None]:  # fmt: skip
        """The answer's text, piece by piece; parameters as in `chat_completion`.

        Leaving the loop, closing the iterator or cancelling the task stops the provider.

        Raises:
            StreamCut: the answer broke off; `error.text` is what came until then.
            GatewayError: see `backend.app.services.gateway.errors` for its kinds.
        """
        happening = self.events(
            messages, model, temperature=temperature, max_tokens=max_tokens, timeouts=timeouts, headers=headers,
            idempotency_key=idempotency_key, **more,
        )  # fmt: skip
        async with aclosing(happening):
            async for event in happening:
                if isinstance(event, TextPart):
                    yield event.text

    async def events(
        self, messages: Sequence[Message], model: str | None = None, *, temperature: float | None = None,
        max_tokens: int | None = None, timeouts: Timeouts | None = None, headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None, **more: Any,
    ) -> AsyncGenerator[Event, None]:  # fmt: skip
        """Everything that happens while a model answers; parameters, end and errors as in `stream_chat_completion`.

        `Retrying* Opened (TextPart | ReasoningPart | ToolCallPart | UsagePart)* Finished`; of several choices (`n`),
        the first.
        """
        wire = await self._ready()
        body = {"temperature": temperature, "max_tokens": max_tokens} | more
        call = self._call(messages, model, body, timeouts, headers, idempotency_key)
        async with aclosing(self._attempts(call, wire.open)) as attempts:
            async for step in attempts:
                if isinstance(step, Retrying):
                    yield step
                    continue
                async with aclosing(self._happening(call, step)) as happening:
                    async for event in happening:
                        yield event

    async def compare(
        self, messages: Sequence[Message], models: Sequence[str], **more: Any
    ) -> dict[str, CompareResult]:
        """Ask several models the same at the same time; `more` as in `chat_completion`.

        Returns one result a model, in the order of `models`. Where a model fails, its error stands in its place.
        """
        names = list(dict.fromkeys(models))
        room = asyncio.Semaphore(MOST_AT_ONCE)

        async def one(model: str) -> CompareResult:
            async with room:
                return await self._compared(messages, model, more)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(model)) for model in names]
        return {model: task.result() for model, task in zip(names, tasks, strict=True)}

    async def models(self) -> list[str]:
        """Names of the models that the key may use. Raises `GatewayError`."""
        wire = await self._ready()
        call = self._call([], "", {}, None, None, "asking twice costs nothing")
        async with aclosing(self._attempts(call, wire.models)) as attempts:
            async for step in attempts:
                if isinstance(step, _Sent):
                    return step.answer
        raise AssertionError("attempts end with an answer or an error")

    # What there is to see -------------------------------------------------------------------------------

    @property
    def default_model(self) -> str:
        """The model where none is named: `MODEL`, as it is now."""
        return self.environment.model

    def circuits(self) -> dict[str, CircuitReport]:
        """The circuit of each model that was asked."""
        return self._breakers.report()

    # Its life -------------------------------------------------------------------------------------------

    async def warm(self) -> None:
        """Load what the first call needs (half a second, in a thread), so that it need not."""
        await self._ready()

    async def close(self) -> None:
        """Close the connections. The client may be used again; it then opens new ones."""
        if self._wire is not None:
            await self._wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    # How it is done -------------------------------------------------------------------------------------

    async def _ready(self) -> Wire:
        if self._wire is None:
            await asyncio.to_thread(importlib.import_module, "backend.app.services.gateway.wire")
        return self._made()

    def _made(self) -> Wire:
        if self._wire is None:  # another call may have made it meanwhile
            from backend.app.services.gateway.wire import Wire

            self._wire = Wire()
        return self._wire

    def _call(
        self, messages: Sequence[Message], model: str | None, body: Mapping[str, Any], timeouts: Timeouts | None,
        headers: Mapping[str, str] | None, idempotency_key: str | None,
    ) -> Call:  # fmt: skip
        from backend.app.services.gateway.wire import Call  # `_ready` has loaded it

        name = self.default_model if model is None else model
        for member, instead in _OURS.items():
            if member in body:
                raise BadRequest(f"`{member}` cannot be set here.", f"{instead.capitalize()}.", facts=Facts(model=name))
        given = dict(headers or {})
        if idempotency_key is not None:
            given["Idempotency-Key"] = idempotency_key
        return Call(
            address=self.environment.address,
            model=name,
            messages=list(messages),
            more={member: value for member, value in body.items() if value is not None},
            headers=given,
            idempotent=idempotency_key is not None,
            patience=Patience(timeouts or self.timeouts, name),
        )

    async def _attempts(
        self, call: Call, once: Callable[[Call], Awaitable[T]]
    ) -> AsyncGenerator[Retrying | _Sent[T], None]:
        """Send a call until it is answered; ends with `_Sent` or raises the last error."""
        breaker = self._breakers.of(call.model) if call.model else Breaker("")
        self.budget.call()
        for attempt in itertools.count(1):
            permit = breaker.ask()
            try:
                answer = await once(call)
            except GatewayError as error:
                _settle(breaker, permit, error)
                wait = self._retry.wait(error, attempt, idempotent=call.idempotent)
                if wait is None or breaker.state is State.OPEN or not call.patience.allows(wait):
                    raise
                if not self.budget.take():
                    raise
                retrying = Retrying(attempt=attempt + 1, after_s=wait, code=error.code, message=error.message)
            except BaseException:  # cancelled: it says nothing of the model
                permit.withdrawn()
                raise
            else:
                yield _Sent(answer, permit)
                return
            yield retrying
            await asyncio.sleep(retrying.after_s)

    async def _happening(self, call: Call, sent: _Sent[Stream]) -> AsyncGenerator[Event, None]:
        """What a stream brings, from its head on. However it is left, its connection is closed."""
        stream, permit = sent.answer, sent.permit
        try:
            yield stream.opened
            async with aclosing(stream.events()) as events:
                async for event in events:
                    permit.alive()
                    yield event
            permit.succeeded()
        except GatewayError as error:
            _settle(self._breakers.of(call.model), permit, error)
            raise
        finally:
            permit.withdrawn()
            await stream.close()

    async def _compared(self, messages: Sequence[Message], model: str, more: Mapping[str, Any]) -> CompareResult:
        started = asyncio.get_running_loop().time()
        response: ChatResponse | None = None
        failure: GatewayError | None = None
        try:
            response = await self.chat_completion(messages, model, **more)
        except GatewayError as error:
            failure = error
        return CompareResult(
            content=response["content"] if response else None,
            tokens=response["usage"]["total_tokens"] if response else None,
            latency_ms=(asyncio.get_running_loop().time() - started) * 1000,
            cost=response["cost"] if response else None,
            cost_usd=response["cost_usd"] if response else None,
            error=failure,
            response=response,
        )


def _settle(breaker: Breaker, permit: Permit, error: GatewayError) -> None:
    """Tell the circuit what an error means for it, and the error since when the provider fails."""
    if blames_provider(error):
        permit.failed()
    else:
        permit.withdrawn()
    if isinstance(error, ProviderDown):
        error.since = breaker.since
