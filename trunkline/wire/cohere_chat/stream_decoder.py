"""Streams of a provider: server-sent events, each a JSON object with its `type`.

`message-end` is the end; the `[DONE]` behind it says nothing more. A `message-end` whose finish reason is `ERROR` or
`TIMEOUT` is a failure (docs.cohere.com: "An error message if an error occurred during the generation").
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.events import (
    CitationDelta,
    Ended,
    Event,
    Failed,
    Finished,
    PartEnded,
    PartStarted,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign, Native, Reasoning, Text, ToolCall
from trunkline.wire.codec import Members
from trunkline.wire.cohere_chat.answer import unknown_word
from trunkline.wire.cohere_chat.citations import read_citation
from trunkline.wire.cohere_chat.content import THINKING
from trunkline.wire.cohere_chat.failure import BROKEN, broken_stream, kind_of
from trunkline.wire.cohere_chat.finish import FAILED, read_finish
from trunkline.wire.cohere_chat.logprobs import read_logprobs
from trunkline.wire.cohere_chat.message_reader import empty_message, plan_mark
from trunkline.wire.cohere_chat.shapes import OWN, Spelled, is_object
from trunkline.wire.cohere_chat.usage import read_usage
from trunkline.wire.sse import EventTooLong, SseSplitter, event_data

_decode: Final = msgspec.json.Decoder().decode
_NOTHING: Final[Members] = {}
_MOST_UNKNOWN: Final = 64
"""Events of unknown types that are kept; a stream of nothing else must not fill the memory."""


class CohereStreamDecoder:
    """Reads one stream."""

    __slots__ = (
        "_blocks",
        "_calls",
        "_cited",
        "_count",
        "_foreign",
        "_left",
        "_open",
        "_over",
        "_seen",
        "_splitter",
        "_started",
    )

    def __init__(self) -> None:
        self._splitter = SseSplitter()
        self._started = False
        self._over = False
        self._count = 0
        self._open: int | None = None
        """The text or thought that has not ended. A text is kept open behind its `content-end` until the next part
        begins, because citations may come late."""
        self._blocks: dict[int, tuple[int, bool]] = {}
        """Content index -> part index, and whether it is a text."""
        self._calls: dict[int, int] = {}
        """Index of an open tool call -> part index."""
        self._foreign: dict[int, Members] = {}
        """Content blocks of unknown types under way."""
        self._cited = 0
        self._left: list[object] = []
        """Citations that belong to no text, with their positions among all."""
        self._seen: list[object] = []
        """Events of unknown types."""

    def feed(self, data: bytes) -> list[Event]:
        """Events that `data` completes."""
        if self._over:
            return []
        try:
            block = self._splitter.feed(data)
        except EventTooLong as error:
            return self._fail(broken_stream(str(error)))
        if not block:
            return []
        events: list[Event] = []
        for raw in event_data(block, start=not self._started):
            if not self._read(raw, events):
                break
        return events

    def end(self) -> list[Event]:
        """The peer closed."""
        if self._over:
            return []
        return self._fail(broken_stream("the provider's stream stopped before its `message-end`"))

    def _read(self, raw: bytes, events: list[Event]) -> bool:
        """Take one event; tells whether there may be more."""
        try:
            event = _decode(raw)
        except BROKEN:
            event = None
        if not is_object(event):
            if raw != b"[DONE]":
                events += self._fail(broken_stream("the provider's stream holds an event that is no JSON object"))
            return not self._over
        kind = event.get("type")
        if not self._started and kind not in ("message-start", None):
            self._started = True
            events.append(Started())
        try:
            self._take(kind, event, events)
        except BadShape as error:
            events += self._fail(broken_stream(f"the provider's stream is malformed: {error}"))
        return not self._over

    def _take(self, kind: object, event: Members, events: list[Event]) -> None:
        match kind:
            case "content-delta":
                self._content_delta(event, events)
            case "tool-call-delta":
                self._call_delta(event, events)
            case "tool-plan-delta":
                self._plan_delta(event, events)
            case "content-start":
                self._content_start(event, events)
            case "content-end":
                self._content_end(event, events)
            case "tool-call-start":
                self._call_start(event, events)
            case "tool-call-end":
                at = self._calls.pop(_index(event), None)
                if at is not None:
                    events.append(PartEnded(at))
            case "citation-start":
                self._cite(event, events)
            case "citation-end":
                pass
            case "message-start":
                self._start(event, events)
            case "message-end":
                self._finish(event, events)
            case _:
                message = event.get("message")
                if kind is None and isinstance(message, str):
                    events += self._fail(broken_stream(message))
                elif len(self._seen) < _MOST_UNKNOWN:
                    self._seen.append(event)

    def _start(self, event: Members, events: list[Event]) -> None:
        if self._started:
            return
        self._started = True
        own_id = event.get("id")
        message = _message(event)
        native = None if empty_message(message) else Native(OWN, {"message_start": message})
        events.append(Started(id=own_id if isinstance(own_id, str) else "", native=native))

    def _content_start(self, event: Members, events: list[Event]) -> None:
        content = _part_of(event, "content")
        index = _index(event)
        match content.get("type"):
            case "text":
                self._begin(index, Text(text=""), _string(content, "text"), events)
            case "thinking":
                self._begin(index, _thought(), _string(content, "thinking"), events)
            case _:
                self._foreign[index] = dict(content)

    def _content_delta(self, event: Members, events: list[Event]) -> None:
        content = _part_of(event, "content")
        index = _index(event)
        if (growing := self._foreign.get(index)) is not None:
            for name, value in content.items():
                before = growing.get(name)
                growing[name] = before + value if isinstance(before, str) and isinstance(value, str) else value
            return
        words = content.get("text")
        is_text = isinstance(words, str)
        if not isinstance(words, str):
            words = _string(content, "thinking")
        held = self._blocks.get(index)
        if held is None or held[0] != self._open or held[1] != is_text:
            if not words:
                return
            held = self._begin(index, Text(text="") if is_text else _thought(), "", events)
        logprobs = event.get("logprobs")
        events.append(TextDelta(held[0], words, None if logprobs is None else read_logprobs([logprobs])))

    def _content_end(self, event: Members, events: list[Event]) -> None:
        index = _index(event)
        whole = self._foreign.pop(index, None)
        if whole is not None:
            self._close(events)
            kind = whole.get("type")
            part = Foreign(format=OWN, kind=kind if isinstance(kind, str) else "", data=whole)
            events += (PartStarted(index=self._count, part=part), PartEnded(self._count))
            self._count += 1
            return
        held = self._blocks.get(index)
        if held is not None and held[0] == self._open and not held[1]:
            self._close(events)

    def _plan_delta(self, event: Members, events: list[Event]) -> None:
        words = _string(_message(event), "tool_plan")
        if words:
            held = self._blocks.get(-1)
            if held is None or held[0] != self._open:
                held = self._begin(-1, Reasoning(native=plan_mark()), "", events)
            events.append(TextDelta(held[0], words))

    def _call_start(self, event: Members, events: list[Event]) -> None:
        call = _part_of(event, "tool_calls")
        function = call.get("function")
        function = function if is_object(function) else _NOTHING
        name, own_id, index = _string(function, "name"), _string(call, "id"), _index(event)
        if not name:
            raise BadShape("tool_calls", "a call without a name")
        self._close(events)
        if index in self._calls:
            events.append(PartEnded(self._calls[index]))
        part = ToolCall(id=own_id or f"call_{index}", name=name, arguments=_string(function, "arguments"))
        self._calls[index] = self._count
        events.append(PartStarted(index=self._count, part=part))
        self._count += 1

    def _call_delta(self, event: Members, events: list[Event]) -> None:
        at = self._calls.get(_index(event))
        function = _part_of(event, "tool_calls").get("function")
        words = _string(function, "arguments") if is_object(function) else ""
        if at is None:
            raise BadShape("tool_calls", "arguments of a call that has not begun")
        if words:
            events.append(TextDelta(at, words))

    def _cite(self, event: Members, events: list[Event]) -> None:
        raw = _message(event).get("citations")
        self._cited += 1
        named = raw.get("content_index") if is_object(raw) else None
        at = named if isinstance(named, int) and named in self._blocks else None
        if at is None:
            at = next((i for i, block in self._blocks.items() if block[0] == self._open), None)
        held = self._blocks[at] if at is not None else None
        found = read_citation(raw, at)
        if not found or held is None or held[0] != self._open or not held[1]:
            self._left.append((self._cited - 1, raw))
            return
        events += [CitationDelta(held[0], citation) for citation in found]

    def _finish(self, event: Members, events: list[Event]) -> None:
        delta = event.get("delta")
        delta = delta if is_object(delta) else _NOTHING
        word, error, raw = delta.get("finish_reason"), delta.get("error"), delta.get("usage")
        word = word if isinstance(word, str) else None
        usage = read_usage(raw)
        if word in FAILED:
            if usage is not None:
                events.append(UsageSeen(usage, raw))
            events += self._fail(_failure(word, error))
            return
        self._close(events)
        for at in self._calls.values():
            events.append(PartEnded(at))
        spelling: dict[str, object] = {"citations": self._left} if self._left else {}
        native = unknown_word(Spelled(OWN, {}, spelling) if spelling else None, word)
        finish = None if word is None else read_finish(word)
        events.append(Finished(finish=finish, finish_native=word or "", native=native))
        if usage is not None:
            events.append(UsageSeen(usage, raw))
        members: Members = {} if raw is None else {"usage": raw}
        if self._seen:
            members["events"] = self._seen
        events.append(Ended(Native(OWN, members) if members else None))
        self._over = True

    def _begin(self, index: int, part: Text | Reasoning, words: str, events: list[Event]) -> tuple[int, bool]:
        self._close(events)
        held = self._blocks[index] = (self._count, isinstance(part, Text))
        self._open = self._count
        self._count += 1
        events.append(PartStarted(index=held[0], part=part))
        if words:
            events.append(TextDelta(held[0], words))
        return held

    def _close(self, events: list[Event]) -> None:
        if self._open is not None:
            events.append(PartEnded(self._open))
            self._open = None

    def _fail(self, failure: Failure) -> list[Event]:
        self._over = True
        return [Failed(failure)]


def _failure(word: str | None, error: object) -> Failure:
    message = error if isinstance(error, str) and error else f"the provider ended the answer with {word}"
    if word == "TIMEOUT":
        return Failure(kind=FailureKind.TIMEOUT, status=504, message=message, code=word)
    kind = kind_of(400, message)
    if kind is not FailureKind.CONTEXT_WINDOW:
        return Failure(kind=FailureKind.INTERNAL, status=502, message=message, code="ERROR")
    return Failure(kind=kind, status=400, message=message, code="ERROR")


def _thought() -> Reasoning:
    return Reasoning(native=Spelled(OWN, {}, {"place": THINKING}))


def _message(event: Members) -> Members:
    delta = event.get("delta")
    message = delta.get("message") if is_object(delta) else None
    return message if is_object(message) else _NOTHING


def _part_of(event: Members, name: str) -> Members:
    part = _message(event).get(name)
    return part if is_object(part) else _NOTHING


def _index(event: Members) -> int:
    index = event.get("index")
    return index if isinstance(index, int) else 0


def _string(members: Members, name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""
