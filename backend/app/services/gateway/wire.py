"""The official `openai` client on our terms: one pool of connections, its own retries off, our errors only.

The one module that knows the package; it is imported at the first call, which costs half a second once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import openai

from backend.app.services.gateway import answers, failures
from backend.app.services.gateway.environment import Address
from backend.app.services.gateway.errors import Facts, GatewayDown, GatewayError, ProviderDown, StreamCut, TimedOut
from backend.app.services.gateway.events import Event, Finished, Opened, ReasoningPart, TextPart, ToolCallPart
from backend.app.services.gateway.patience import Patience
from backend.app.services.gateway.types import ChatResponse

T = TypeVar("T")

_REFUSED: Final = ("ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError")
"""Transport errors after which surely nothing was sent, by name: the transport is the official client's business."""
_WITH_USAGE: Final[Mapping[str, Any]] = {"stream_options": {"include_usage": True}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as it is sent, the same for each attempt."""

    address: Address
    model: str
    messages: list[Any]
    more: dict[str, Any]
    """Further members of the body."""
    headers: Mapping[str, str]
    idempotent: bool
    """Whether it carries an idempotency key that somebody honours."""
    patience: Patience


@dataclass(slots=True)
class Stream:
    """An answer that has begun."""

    opened: Opened
    _chunks: openai.AsyncStream[object]
    _call: Call
    _read: answers.Chunks = field(default_factory=answers.Chunks)
    _text: list[str] = field(default_factory=list[str])
    _reasoning: list[str] = field(default_factory=list[str])
    _first_word_ms: float | None = None

    async def events(self) -> AsyncGenerator[Event, None]:
        """Everything after `Opened`.

        Raises:
            StreamCut: it ended before its end, after something had come.
            GatewayError: it ended with an error before anything had come.
        """
        waiting = self._call.patience.first
        while (chunk := await self._chunk(waiting)) is not None:
            waiting = self._call.patience.next
            for event in self._read.read(chunk):
                self._note(event)
                yield event
        yield self._finished()

    async def close(self) -> None:
        """Close the connection where the stream is not at its end: the gateway then stops the provider."""
        await self._chunks.close()

    async def _chunk(self, waiting: Callable[..., Awaitable[Any]]) -> object:
        """The next chunk, as JSON says it; `None` at the end."""
        try:
            found: object = await waiting(self._chunks.__anext__)
        except StopAsyncIteration:
            return None
        except openai.APIConnectionError as error:
            raise self._cut("the connection to the gateway broke", error) from error
        except openai.APIError as error:
            raise self._reported(error) from error
        except ValueError as error:  # what should be JSON is none
            raise self._cut("it is unreadable from here on", error) from error
        except TimedOut as error:
            raise (self._cut(error.message, error) if self._anything else error) from None
        return {} if found is None else found  # `null` is no end

    def _finished(self) -> Finished:
        read = self._read
        if read.reason is None:
            content_type = self.opened.headers.get("content-type", "")
            if not self._anything and "event-stream" not in content_type:
                kind = content_type or "something"
                raise GatewayDown(self._call.address.base_url, f"it answered {kind}, not a stream", facts=self._facts)
            raise self._cut("its end is missing", None)
        return Finished(
            reason=read.reason, model=read.model, response_id=read.response_id,
            latency_ms=self._call.patience.elapsed_ms, first_word_ms=self._first_word_ms, usage=read.usage,
            cost_usd=read.cost_usd,
        )  # fmt: skip

    def _note(self, event: Event) -> None:
        match event:
            case TextPart(text):
                self._text.append(text)
            case ReasoningPart(text):
                self._reasoning.append(text)
            case ToolCallPart():
                pass
            case _:
                return
        if self._first_word_ms is None:
            self._first_word_ms = self._call.patience.elapsed_ms

    @property
    def _anything(self) -> bool:
        return self._first_word_ms is not None

    @property
    def _facts(self) -> Facts:
        return Facts(model=self._call.model, call_id=self.opened.call_id, provider=self.opened.provider)

    def _reported(self, error: openai.APIError) -> GatewayError:
        """The gateway's error event."""
        if self._anything:
            return self._cut("the provider or the gateway reported an error", error, failures.said_in(error.body))
        address, headers = self._call.address, self.opened.headers
        return failures.from_event(error.body, url=address.base_url, headers=headers, model=self._call.model)

    def _cut(self, why: str, cause: Exception | None, said: str = "") -> StreamCut:
        facts = Facts(
            model=self._call.model, call_id=self.opened.call_id, provider=self.opened.provider,
            said=said or (str(cause) if cause is not None else None),
        )  # fmt: skip
        return StreamCut(why.rstrip("."), text="".join(self._text), reasoning="".join(self._reasoning), facts=facts)


def _only_connect(call: Call) -> openai.Timeout:
    """The transport minds the connection; the rest is `Patience`'s, which knows events from keep-alive comments."""
    return openai.Timeout(None, connect=call.patience.timeouts.connect)


class Wire:
    """The official client, made for the running loop at the first call."""

    def __init__(self) -> None:
        self._sdk: openai.AsyncOpenAI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def _of(self, address: Address) -> openai.AsyncOpenAI:
        """The client for an address; a changed key or address keeps the connections."""
        loop = asyncio.get_running_loop()
        sdk = self._sdk
        if sdk is None or self._loop is not loop:
            # Connections belong to the loop that opened them; those of a loop that has ended ended with it.
            self._loop = loop
            sdk = openai.AsyncOpenAI(
                base_url=address.api, api_key=address.key, max_retries=0,
                # The one that it would make by itself tries to close itself on another loop.
                http_client=openai.DefaultAsyncHttpxClient(trust_env=not address.is_near),
            )  # fmt: skip
        elif sdk.api_key != address.key or str(sdk.base_url).rstrip("/") != address.api:
            sdk = sdk.copy(api_key=address.key, base_url=address.api)
        self._sdk = sdk
        return sdk

    async def open(self, call: Call) -> Stream:
        """Send a call for a stream; returns with the head of its answer."""
        sdk = self._of(call.address)
        body = {"model": call.model, "messages": call.messages, "stream": True, **_WITH_USAGE, **call.more}
        # By the path: `chat.completions.create` walks through the whole history to rename nothing in it, and makes a
        # tree of typed objects of each chunk. That was a third of what the application added to the first word.
        chunks = await self._sent(
            call,
            lambda: sdk.post(
                "/chat/completions",
                cast_to=object,
                body=body,
                options={"headers": call.headers, "timeout": _only_connect(call)},
                stream=True,
                stream_cls=openai.AsyncStream[object],
            ),
        )
        return Stream(answers.opened(chunks.response.headers), chunks, call)

    async def ask(self, call: Call) -> ChatResponse:
        """Send a call and wait for the whole answer."""
        create = self._of(call.address).chat.completions.with_raw_response.create
        raw = await self._sent(
            call,
            lambda: create(
                model=call.model,
                messages=call.messages,
                extra_body=call.more,
                extra_headers=call.headers,
                timeout=_only_connect(call),
            ),
        )
        facts = Facts(model=call.model, call_id=raw.headers.get("x-litellm-call-id"))
        try:
            found = answers.whole(raw.http_response.json(), raw.headers, call.patience.elapsed_ms)
        except ValueError:
            found = None
        if found is None:
            kind = raw.headers.get("content-type", "something")
            if "json" in kind:
                raise ProviderDown("The provider's answer holds no message.", facts=facts)
            raise GatewayDown(call.address.base_url, f"it answered {kind}, not a completion", facts=facts)
        return found

    async def models(self, call: Call) -> list[str]:
        """Names of the models that the key may use."""

        async def listed() -> list[str]:
            page = await self._of(call.address).models.list(timeout=_only_connect(call))
            return [model.id for model in page.data]

        return await self._sent(call, listed)

    async def _sent(self, call: Call, send: Callable[[], Awaitable[T]]) -> T:
        """Send and wait for the head (the whole, without a stream); the official client's errors become ours."""
        call.patience.attempt()
        try:
            return await call.patience.first(send)
        except openai.APIStatusError as error:
            response = error.response
            raise failures.from_answer(
                response.status_code, response.headers, error.body, url=call.address.base_url, model=call.model
            ) from error
        except openai.APIConnectionError as error:
            raise self._no_connection(call, error) from error

    @staticmethod
    def _no_connection(call: Call, error: openai.APIConnectionError) -> GatewayError:
        cause = error.__cause__
        kind = type(cause).__name__
        if kind == "ConnectTimeout":
            return call.patience.connect_timed_out()
        why = str(cause).strip().rstrip(".") or kind
        facts = Facts(model=call.model, sent=kind not in _REFUSED, said=why)
        return GatewayDown(call.address.base_url, why[:200], facts=facts)

    async def close(self) -> None:
        """Close the connections of the running loop."""
        sdk, self._sdk = self._sdk, None
        if sdk is not None and self._loop is asyncio.get_running_loop():
            await sdk.close()
