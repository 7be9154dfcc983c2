"""The way of a pass-through call: the client's bytes out, the provider's bytes back, and somebody who reads along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trunkline
from trunkline.ir import NO_USAGE, Secret, Usage
from trunkline.ir.failure import Failure, FailureKind
from trunkline.pipeline.codec_relay import Facts
from trunkline.pipeline.heads import host_header
from trunkline.pipeline.request import Sent
from trunkline.pipeline.small_way import SmallWatching
from trunkline.pipeline.way import Carried, StreamRelay, Whole
from trunkline.providers.target import Target
from trunkline.wire.codec import StreamDecoder
from trunkline.wire.metering import Asked, InvokeCount, Meter
from trunkline.wire.sse import EventTooLong, SseSplitter

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call
    from trunkline.upstream import Headers

EVENTS: Final = b"text/event-stream"
_JSON: Final = b"application/json"
MAX_HELD: Final = 1024 * 1024
"""An answer that is no JSON and no larger is sent whole, with its length; all others as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One request as it is passed on."""

    method: str
    path: str
    """With its query: what stands in the request line."""
    headers: tuple[tuple[str, str], ...]
    """The client's that go along."""
    replaced: frozenset[str] = frozenset()
    """Those of the target's own headers (lower case) that the client's stand in for."""
    asked: Asked
    meter: Meter
    rewrite: Callable[[bytes], bytes] | None = None
    """Changes a whole answer on its way (ids); `None`: byte for byte."""

    def head(self, target: Target) -> bytes:
        """Request line and headers, up to the value of `content-length`."""
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            f"host: {host_header(target)}",
            "accept-encoding: identity",
            f"user-agent: trunkline/{trunkline.__version__}",
        ]
        lines += [f"{name}: {value}" for name, value in self.headers]
        for name, own in target.headers:
            if name.lower() not in self.replaced:
                lines.append(f"{name}: {own.reveal() if isinstance(own, Secret) else own}")
        return ("\r\n".join(lines) + "\r\ncontent-length: ").encode("latin-1")


class PassWay:
    """Sends what it was given. What comes back is `pass_call.PassCall`'s to hand on."""

    __slots__ = ("_passed", "_target", "client_stream_type", "stream_type")

    def __init__(self, passed: Passed, target: Target) -> None:
        self._passed = passed
        self._target = target
        self.stream_type = b""
        self.client_stream_type = b""

    def request(self, call: Call, carried: Carried) -> Sent:
        """The client's bytes, under a head of their own."""
        carried.method, carried.path = self._passed.method, self._passed.path
        carried.head = self._passed.head(self._target)
        return Sent(call.body)

    def whole(self, call: Call, carried: Carried, status: int, headers: Headers, body: bytes) -> Whole:
        """The provider's bytes."""
        del call, carried, status
        return Whole(body=body, content_type=headers.get(b"content-type", _JSON), usage=NO_USAGE, streamed=True)

    def relay(self, call: Call, carried: Carried) -> StreamRelay:
        """For one stream."""
        del carried
        return PassRelay(self._passed.meter, call.headers.get(b"content-type", b"").lower())

    def restream(self, call: Call, carried: Carried, whole: bytes) -> StreamRelay | None:
        """Nothing is made of an answer here."""
        del call, carried, whole
        return None

    def failure(self, status: int, body: bytes) -> tuple[Failure, bytes]:
        """The provider's error."""
        return Failure(kind=FailureKind.INTERNAL, status=status, message=f"the provider answered {status}"), body


def is_streamed(headers: Mapping[bytes, bytes], *, asked: bool) -> bool:
    """Whether an answer is handed on as it comes: streams, and what is large or of unknown length and no JSON."""
    kind = headers.get(b"content-type", b"").lower()
    if kind.startswith((EVENTS, b"application/vnd.amazon.eventstream")):
        return True
    if kind.startswith(_JSON):
        return asked
    length = headers.get(b"content-length", b"")
    return not (length.isdigit() and len(length) < 10 and int(length) <= MAX_HELD)


class _Reading(Facts):
    """Reads a conversation's stream and forwards nothing."""

    __slots__ = ()

    def __init__(self, decoder: StreamDecoder) -> None:
        super().__init__(decoder)

    def read(self, data: bytes) -> None:
        """Take bytes as they came."""
        if not self._is_over():
            for event in self._decoder.feed(data):
                self._note(event)


class PassRelay:
    """Forwards bytes: whole events where they are server-sent events, else as they come."""

    __slots__ = (
        "_counts", "_facts", "_small", "_splitter", "done", "error", "events", "failure", "finish_reason", "malformed",
        "model", "progressed", "provider_id", "raw", "usage",
    )  # fmt: skip

    def __init__(self, meter: Meter, content_type: bytes) -> None:
        self.raw = not content_type.startswith(EVENTS)
        """A broken stream ends with the connection: there is no event to say it with."""
        self._splitter = None if self.raw else SseSplitter()
        decoder = meter.decoder()
        self._facts = None if decoder is None else _Reading(decoder)
        self._counts = InvokeCount() if meter.invoke else None
        self._small = SmallWatching(None) if meter.metered and decoder is None and not self.raw else None
        self.done = self.progressed = self.malformed = False
        self.error = b""
        self.failure: Failure | None = None
        self.events = 0
        self.finish_reason = self.model = self.provider_id = ""
        self.usage: Usage | None = None if meter.metered else NO_USAGE

    def feed(self, data: bytes) -> bytes:
        """Take bytes; return what may go to the client. Anything that comes is progress here."""
        self.progressed = True
        self.events += 1
        if self._splitter is None:
            self._read(data)
            return data
        try:
            whole = self._splitter.feed(data)
        except EventTooLong:
            whole, self._splitter = self._splitter.rest, None  # nobody's to mend: on it goes as it comes
        if whole:
            self._read(whole)
        return whole

    def _read(self, data: bytes) -> None:
        facts, small, counts = self._facts, self._small, self._counts
        if facts is not None:
            facts.read(data)
            self.usage, self.finish_reason = facts.usage, facts.finish_reason
            self.model, self.provider_id = facts.model, facts.provider_id
        elif counts is not None:
            counts.feed(data)
            self.usage = counts.usage
        elif small is not None:
            small.feed(data)
            self.usage = small.usage

    def close(self, *, needs_marker: bool) -> bytes | None:
        """The provider closed: whatever is left."""
        del needs_marker
        rest = b"" if self._splitter is None else self._splitter.rest
        if rest:
            self._read(rest)
        return rest

    def estimated_output(self) -> int:
        """Tokens produced so far, where the provider did not say."""
        return 0 if self._facts is None else self._facts.estimated_output()

    def failed(self, failure: Failure) -> bytes | None:
        """The call writes its own error."""
        del failure
        return None
