"""Streams of formats that a codec reads: forwarded as they came, or written anew in the client's format."""

from __future__ import annotations

import re
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from trunkline.ir import Usage
from trunkline.ir.events import (
    CitationDelta,
    Ended,
    Event,
    Failed,
    Finished,
    OpaqueDelta,
    PartEnded,
    PartStarted,
    Ping,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import Failure
from trunkline.ir.parts import Foreign, Media, Reasoning, Text, ToolCall, ToolResult
from trunkline.profiles.schemas import UntoolStream
from trunkline.profiles.tokens import answer_tokens
from trunkline.wire.codec import Repeated, Repeats, Retells, Retold, StreamDecoder, StreamEncoder
from trunkline.wire.sse import LARGE_EVENT_BYTES, SseSplitter

SINGLE_EVENT: Final = re.compile(rb"(?s).+?(?:\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n?|\Z)")
CHARACTERS_PER_TOKEN: Final = 4
"""For an estimate where the provider gives no usage."""
KEPT: Final = 8000
"""Characters of a stream's beginning that are kept, to count their tokens should no usage come."""


class Facts:
    """What the ledger and the router want to know of a stream, picked from its events."""

    __slots__ = (
        "_decoder", "beginning", "characters", "done", "error", "events", "failure", "finish_reason", "malformed",
        "model", "progressed", "provider_id", "usage",
    )  # fmt: skip

    def __init__(self, decoder: StreamDecoder) -> None:
        self._decoder = decoder
        self.characters = 0
        """Of text and tool calls so far."""
        self.beginning: list[str] = []
        self.done = self.progressed = self.malformed = False
        self.error = b""
        self.failure: Failure | None = None
        self.events = 0
        self.finish_reason = self.model = self.provider_id = ""
        self.usage: Usage | None = None

    def _note(self, event: Event) -> None:
        match event:
            case TextDelta():
                self.events += 1
                if self.characters < KEPT:
                    self.beginning.append(event.text)
                self.characters += len(event.text)
                self.progressed = True
            case PartStarted():
                self.characters += _size(event)
                self.progressed = True
            case Started():
                self.model, self.provider_id = event.model or self.model, event.id or self.provider_id
                self.progressed = True
            case Finished():
                self.finish_reason = event.finish_native or (event.finish.value if event.finish is not None else "")
                self.progressed = True
            case UsageSeen():
                self.usage = event.usage
            case Ended():
                self.done = self.progressed = True
            case Failed():
                self.failure = event.failure
                self.error = event.failure.message.encode() or b"error"
            case OpaqueDelta() | CitationDelta() | PartEnded():
                self.progressed = True
            case Ping():
                pass
            case _:
                assert_never(event)

    def estimated_output(self) -> int:
        """Tokens produced so far, where the provider did not say."""
        return self.characters // CHARACTERS_PER_TOKEN

    def written(self, model: str) -> int:
        """The same in the vocabulary of a model's family, as far as texts of the beginning speak for the rest."""
        beginning = "".join(self.beginning)
        if not beginning:
            return self.estimated_output()
        return round(answer_tokens([beginning], [], model) * self.characters / len(beginning))

    def failed(self, failure: Failure) -> bytes | None:
        """A relay that only watches writes nothing of its own."""
        del failure
        return None

    def _is_over(self) -> bool:
        return self.done or self.failure is not None


def _size(event: PartStarted) -> int:
    part = event.part
    match part:
        case Text() | Reasoning():
            return len(part.text)
        case ToolCall():
            return len(part.arguments) + len(part.name)
        case Media() | Foreign() | ToolResult():
            return 0
        case _:
            assert_never(part)


class Watching(Facts):
    """Forwards a stream of server-sent events byte for byte, whole events at a time, and reads along."""

    __slots__ = ("_splitter",)

    def __init__(self, decoder: StreamDecoder) -> None:
        super().__init__(decoder)
        self._splitter = SseSplitter(LARGE_EVENT_BYTES)

    def feed(self, data: bytes) -> bytes:
        """Take bytes; return the whole events among them, up to the end or an error."""
        self.progressed = False
        whole = self._splitter.feed(data)
        if not whole or self.done:
            return b""
        kept: list[bytes] = []
        for event in SINGLE_EVENT.findall(whole):
            for read in self._decoder.feed(event):
                self._note(read)
            if self.failure is not None:
                if b'"error"' in event:
                    kept.append(event)  # the provider's own words; what is no event of its format stays here
                else:
                    self.malformed = True
                break
            kept.append(event)
            if self._is_over():
                break
        return b"".join(kept)

    def close(self, *, needs_marker: bool) -> bytes | None:
        """The provider closed."""
        del needs_marker  # the decoder knows its format's end
        for event in self._decoder.end():
            self._note(event)
        return b"" if self.done else None


class Retelling(Struct, frozen=True):
    """An event of text, without the text, in both formats."""

    read: Repeated
    told: Retold


class Translating(Facts):
    """Reads one format and writes another."""

    __slots__ = ("_echo", "_last", "encoder")

    def __init__(self, decoder: StreamDecoder, encoder: StreamEncoder, *, echo: str = "") -> None:
        super().__init__(decoder)
        self.encoder = encoder
        self._echo = echo
        self._last: TextDelta | None = None
        """What the last `feed` held, where it was one event of text and nothing else."""

    def feed(self, data: bytes) -> bytes:
        """Take bytes; return the client's events, without the error event where one failed."""
        self.progressed = False
        if self.done:
            return b""
        return self.take(self._decoder.feed(data))

    def take(self, events: list[Event]) -> bytes:
        """Write events."""
        encode = self.encoder.encode
        if len(events) == 1 and type(one := events[0]) is TextDelta and self.failure is None and not self.done:
            self.events += 1
            if self.characters < KEPT:
                self.beginning.append(one.text)
            self.characters += len(one.text)
            self.progressed = True
            self._last = one
            return encode(one)
        self._last = None
        out: list[bytes] = []
        for event in events:
            self._note(event)
            if self.failure is not None:
                break
            if self._echo and isinstance(event, Started):
                event = replace(event, model=self._echo)  # noqa: PLW2901 - the name that the client asked for
            out.append(encode(event))
            if self._is_over():
                break
        return out[0] if len(out) == 1 else b"".join(out)

    def retelling(self, data: bytes) -> Retelling | None:
        """How events like `data`, fed last, can be told without being read; `None`: they cannot."""
        last, decoder, encoder = self._last, self._decoder, self.encoder
        if last is None or not isinstance(decoder, Repeats) or not isinstance(encoder, Retells):
            return None
        read = decoder.repeats(data, last)
        told = None if read is None else encoder.retells(last)
        return None if read is None or told is None else Retelling(read, told)

    def close(self, *, needs_marker: bool) -> bytes | None:
        """The provider closed."""
        del needs_marker
        out = self.take(self._decoder.end())
        return out if self.done else None

    def failed(self, failure: Failure) -> bytes | None:
        """The error event in the client's format."""
        return self.encoder.encode(Failed(failure))


class Untooling(Translating):
    """The model was made to answer by a schema as the call of a tool: the client gets its arguments as text."""

    __slots__ = ("_filter",)

    def __init__(self, decoder: StreamDecoder, encoder: StreamEncoder, *, echo: str = "") -> None:
        super().__init__(decoder, encoder, echo=echo)
        self._filter = UntoolStream().filter

    def take(self, events: list[Event]) -> bytes:
        """Write events."""
        return super().take([self._filter(event) for event in events])


class Restreamed(Translating):
    """A whole answer that is given out as a stream: everything has been read before the first `feed`."""

    __slots__ = ("_events",)

    def __init__(self, decoder: StreamDecoder, encoder: StreamEncoder, events: list[Event], *, echo: str = "") -> None:
        super().__init__(decoder, encoder, echo=echo)
        self._events = events

    def feed(self, data: bytes) -> bytes:
        """All of the stream, at once."""
        del data
        events, self._events = self._events, []
        return self.take(events)
