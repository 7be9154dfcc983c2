"""Streams of a provider: one JSON object a line (`application/x-ndjson`), the last with `done: true`.

An `{"error": ...}` line says, under HTTP 200, that the answer has failed.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from trunkline.ir.events import (
    Ended,
    Event,
    Failed,
    Finished,
    PartEnded,
    PartStarted,
    Ping,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import Failure
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Media, Native, Reasoning, Text, ToolCall
from trunkline.wire.codec import Members
from trunkline.wire.ollama.answer import CHAT, GENERATED, MESSAGE, read_calls
from trunkline.wire.ollama.failure import broken_stream, error_text
from trunkline.wire.ollama.finish import read_finish
from trunkline.wire.ollama.images import read_image
from trunkline.wire.ollama.messages import read_images
from trunkline.wire.ollama.request import GENERATE
from trunkline.wire.ollama.shapes import BROKEN, OWN, Spelled, is_object, read_time
from trunkline.wire.ollama.usage import read_usage, usage_object

MAX_LINE_BYTES: Final = 32 * 1024 * 1024
"""A longer line is an error: it must not fill the memory. An image made is a line of a few megabytes."""

_decode: Final = msgspec.json.Decoder().decode
_ENDS_PART: Final = frozenset({"tool_calls", "images", "image"})


class OllamaStreamDecoder:
    """Reads one stream."""

    __slots__ = ("_calls", "_count", "_open", "_over", "_pieces", "_rest", "_size", "_started", "_thinking", "_when")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        """A line that is not whole yet."""
        self._size = 0
        self._started = False
        self._over = False
        self._count = 0
        self._open: int | None = None
        """The text or thought that has not ended."""
        self._thinking = False
        """It is a thought."""
        self._calls = 0
        self._when = ""
        self._rest: tuple[Members, Members] = ({}, {})
        """Members that only this format has: of the answer, and of its message."""

    def feed(self, data: bytes) -> list[Event]:
        """Events that `data` completes."""
        if self._over:
            return []
        end = data.rfind(b"\n")
        if end < 0:
            self._pieces.append(data)
            self._size += len(data)
            if self._size > MAX_LINE_BYTES:
                return self._fail(broken_stream(f"a line of the stream passed {MAX_LINE_BYTES} bytes without its end"))
            return []
        lines = b"".join((*self._pieces, data[:end])).split(b"\n")
        rest = data[end + 1 :]
        self._pieces, self._size = ([rest] if rest else []), len(rest)
        events: list[Event] = []
        for line in lines:
            if not self._line(line, events):
                break
        return events

    def end(self) -> list[Event]:
        """The peer closed. The last line may lack its line end."""
        events: list[Event] = []
        if not self._over and self._pieces:
            self._line(b"".join(self._pieces), events)
        if not self._over:
            events += self._fail(broken_stream("the provider's stream stopped before its last object"))
        return events

    def _line(self, line: bytes, events: list[Event]) -> bool:
        """Take one line; tells whether there may be more."""
        if not line or line.isspace():
            return True
        try:
            value = _decode(line)
        except BROKEN:
            value = None
        if not is_object(value):
            events += self._fail(broken_stream("the provider's stream holds a line that is no JSON object"))
        elif "error" in value:
            said = error_text(value) or "the provider's stream failed without saying why"
            events += self._fail(broken_stream(said))
        else:
            try:
                self._take(value, events)
            except BadShape as error:
                events += self._fail(broken_stream(f"the provider's stream is malformed: {error}"))
        return not self._over

    def _take(self, value: Members, events: list[Event]) -> None:
        if not self._started:
            self._start(value, events)
        message = value.get("message")
        before = len(events)
        if is_object(message):
            known, words, thinking = CHAT, message.get("content"), message.get("thinking")
            if not message.keys() <= MESSAGE:
                self._rest[1].update((name, held) for name, held in message.items() if name not in MESSAGE)
        else:
            known, words, thinking = GENERATED, value.get("response"), value.get("thinking")
            message = value
        if isinstance(thinking, str) and thinking:
            self._write(thinking, True, None, events)
        if isinstance(words, str) and (words or "logprobs" in value):
            self._write(words, False, value.get("logprobs"), events)
        if not message.keys().isdisjoint(_ENDS_PART):
            self._wholes(message, events)
        if not value.keys() <= known:
            self._rest[0].update((name, held) for name, held in value.items() if name not in known)
        if value.get("done") is True:
            self._finish(value, events)
        elif before == len(events):
            events.append(Ping())

    def _start(self, value: Members, events: list[Event]) -> None:
        self._started = True
        model, when = value.get("model"), value.get("created_at")
        self._when = when if isinstance(when, str) else ""
        spelling: dict[str, object] = {"created_at": self._when} if self._when else {}
        if not is_object(value.get("message")) and "response" in value:
            spelling["api"] = GENERATE
        native = Spelled(OWN, {}, spelling) if spelling else None
        model = model if isinstance(model, str) else ""
        events.append(Started(model=model, created=read_time(when), native=native))

    def _write(self, words: str, thinking: bool, logprobs: object, events: list[Event]) -> None:
        at = self._open
        if at is None or self._thinking is not thinking:
            if not words:
                return
            self._close(events)
            at = self._open = self._count
            self._thinking = thinking
            self._count += 1
            events.append(PartStarted(index=at, part=Reasoning() if thinking else Text(text="")))
        shaped = {"content": logprobs} if isinstance(logprobs, list) and logprobs else None
        if words or shaped is not None:
            events.append(TextDelta(at, words, shaped))

    def _wholes(self, message: Members, events: list[Event]) -> None:
        """Parts that come whole: calls and images."""
        parts = [*read_calls(message, self._when, "message", {}, self._calls), *read_images(message, "message", {})]
        if (image := message.get("image")) is not None:
            parts.append(read_image(image, "image"))
        if parts:
            self._close(events)
        for part in parts:
            assert isinstance(part, ToolCall | Media)
            self._calls += isinstance(part, ToolCall)
            events += (PartStarted(index=self._count, part=replace(part)), PartEnded(self._count))
            self._count += 1

    def _finish(self, value: Members, events: list[Event]) -> None:
        self._close(events)
        word = value.get("done_reason")
        word = word if isinstance(word, str) else None
        rest, of_message = self._rest
        native = Native(OWN, of_message) if of_message else None
        finish, native = read_finish(word, has_calls=self._calls > 0, native=native)
        events.append(Finished(finish=finish, finish_native=word or "", native=native))
        counts = usage_object(value)
        usage = read_usage(counts)
        if usage is not None:
            events.append(UsageSeen(usage, counts))
        if counts:
            rest["usage"] = counts
        events.append(Ended(Native(OWN, rest) if rest else None))
        self._over = True

    def _close(self, events: list[Event]) -> None:
        if self._open is not None:
            events.append(PartEnded(self._open))
            self._open = None

    def _fail(self, failure: Failure) -> list[Event]:
        self._over = True
        return [Failed(failure)]
