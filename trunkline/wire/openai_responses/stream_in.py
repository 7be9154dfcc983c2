"""A provider's stream, read into events.

platform.openai.com/docs/api-reference/responses-streaming. An item begins with `output_item.added` and ends with
`output_item.done`, which repeats all of it: that counts, and opaque state is taken from there only, because the blob of
`added` belongs to reasoning that is not done (fidelity.md failure 12). What only this format has comes whole with
`output_item.done`; until then it shows signs of life. The end is `response.completed`, `.incomplete` or `.failed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, assert_never

import msgspec

from trunkline.ir.events import (
    CitationDelta,
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
from trunkline.ir.parts import Foreign, Media, Native, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses.answer import answer_native, own_logprobs, read_created
from trunkline.wire.openai_responses.citations import read_citation
from trunkline.wire.openai_responses.content import OF_ITEM
from trunkline.wire.openai_responses.failure import broken_stream, event_failure, failure_in
from trunkline.wire.openai_responses.finish import read_finish
from trunkline.wire.openai_responses.items import JOIN, read_answer_item
from trunkline.wire.openai_responses.shape import BROKEN, OWN, Spelled, is_object, some_text, spelled
from trunkline.wire.openai_responses.usage import read_usage
from trunkline.wire.sse import LARGE_EVENT_BYTES, EventTooLong, SseSplitter, event_data

_decode: Final = msgspec.json.Decoder().decode
_PING: Final = Ping()
_SUMMARY: Final = "summary"
_CONTENT: Final = "content"


class _Part:
    """A part that has started."""

    __slots__ = ("index", "kind", "logged", "open", "sent")

    def __init__(self, index: int, sent: int, kind: type[Part]) -> None:
        self.index = index
        self.kind = kind
        self.sent = sent
        """Characters given out."""
        self.logged = False
        """Log probabilities came with the text."""
        self.open = True


class _Item:
    """An item of the output."""

    __slots__ = ("added", "done", "kind", "mode", "parts", "place")

    def __init__(self, added: Members) -> None:
        self.added = added
        self.kind = some_text(added.get("type")) or "message"
        self.parts: dict[int, _Part] = {}
        """By place in the content; reasoning and calls have just one, at 0."""
        self.mode = ""
        """What the text of reasoning is: `_SUMMARY` or `_CONTENT`."""
        self.place = -1
        """Which of several summaries or contents is under way."""
        self.done = False


class ResponsesStreamDecoder:
    """Reads one stream."""

    __slots__ = (
        "_called", "_count", "_first", "_items", "_latest", "_out", "_over", "_refused", "_splitter", "_started",
        "_waiting",
    )  # fmt: skip

    def __init__(self) -> None:
        self._splitter = SseSplitter(LARGE_EVENT_BYTES)
        self._first = True
        self._over = False
        self._started = False
        self._count = 0
        self._items: dict[int, _Item] = {}
        self._latest: tuple[int, int, _Part] | None = None
        """Output index, content index and part of the last text delta: the next is nearly always of the same."""
        self._waiting: _Item | None = None
        """Reasoning that has begun, and has not said whether its text is a summary."""
        self._called = self._refused = False
        self._out: list[Event] = []

    def feed(self, data: bytes) -> list[Event]:
        """Events that `data` completes, in order. A malformed stream gives `Failed`; nothing is raised."""
        if self._over:
            return []
        try:
            block = self._splitter.feed(data)
        except EventTooLong as error:
            return [self._broken(str(error))]
        if not block:
            return []
        out = self._out = []
        for entry in event_data(block, start=self._first):
            if not self._read(entry):
                break
        self._first = False
        return out

    def end(self) -> list[Event]:
        """The peer closed: what is left. A stream without its end event gives `Failed`, never `Ended`."""
        if self._over:
            return []
        return [self._broken("the provider closed the stream before `response.completed`")]

    def _broken(self, message: str) -> Failed:
        self._over = True
        return Failed(broken_stream(message))

    def _fail(self, failure: Failure) -> None:
        self._over = True
        self._out.append(Failed(failure))

    def _read(self, data: bytes) -> bool:
        """Read one event; say whether the stream goes on."""
        try:
            event = _decode(data)
        except BROKEN:
            if data.strip() == b"[DONE]":  # not of this format; some hosts send it all the same
                return True
            self._out.append(self._broken("the provider's stream holds an event that is no JSON"))
            return False
        kind = event.get("type") if isinstance(event, dict) else None
        if not isinstance(kind, str):
            if is_object(event) and event.get("error"):
                self._fail(event_failure(event))
            else:
                self._out.append(self._broken("the provider's stream holds an event without a type"))
            return False
        handler = self._handlers.get(kind)
        if handler is None:
            if is_object(response := event.get("response")):
                self._start(response)
            self._out.append(_PING)
            return True
        if not self._started and kind != "error":
            response = event.get("response")
            self._start(response if is_object(response) else {})
        handler(self, event)
        return not self._over

    def _start(self, response: Mapping[str, object]) -> None:
        if self._started:
            return
        self._started = True
        tier = some_text(response.get("service_tier"))
        self._out.append(
            Started(
                id=some_text(response.get("id")),
                model=some_text(response.get("model")),
                created=read_created(response),
                service_tier="" if tier == "auto" else tier,  # which one serves is known at the end
                native=Native(OWN, {}),
            )
        )

    # Parts.

    def _begin(self, part: Part) -> _Part:
        if self._waiting is not None:
            self._begin_waiting()
        match part:
            case Text():
                sent = len(part.text)
                self._refused = self._refused or part.refusal
            case Reasoning():
                sent = len(part.text)
            case ToolCall():
                sent = len(part.arguments)
                self._called = True
            case Media() | Foreign() | ToolResult():
                sent = 0
            case _:
                assert_never(part)
        begun = _Part(self._count, sent, type(part))
        self._out.append(PartStarted(index=self._count, part=part))
        self._count += 1
        return begun

    def _begin_waiting(self) -> None:
        """Reasoning that has said nothing takes its place before what comes next."""
        item, self._waiting = self._waiting, None
        if item is not None and not item.parts and not item.done:
            item.parts[0] = self._begin(_reasoning(item, summary=False))

    def _end(self, part: _Part, final: Part | None) -> None:
        """End a part, with the text that came only now before."""
        if not part.open:
            return
        part.open = False
        text = ""
        match final:
            case Text():
                self._refused = self._refused or final.refusal
                text = final.text
                entries = [] if part.logged else own_logprobs(final)
                if entries:
                    self._out.append(TextDelta(part.index, text[part.sent :], {"content": entries}))
                    part.sent = len(text)
            case Reasoning():
                text = final.text
            case ToolCall():
                text = final.arguments
            case Media() | Foreign() | ToolResult() | None:
                pass
            case _:
                assert_never(final)
        if len(text) > part.sent:
            self._out.append(TextDelta(part.index, text[part.sent :]))
        self._out.append(PartEnded(part.index, final))

    # Items.

    def _item(self, event: Members, kind: str) -> _Item:
        """The item that an event is about; made where its beginning did not come."""
        key = _index(event.get("output_index"))
        item = self._items.get(key)
        if item is None:
            item = self._items[key] = _Item({"type": kind})
            if kind == "reasoning":
                self._waiting = item
        return item

    def _added(self, event: Members) -> None:
        value = event.get("item")
        key = _index(event.get("output_index"))
        if not is_object(value) or key in self._items:
            return
        if self._waiting is not None:
            self._begin_waiting()
        item = self._items[key] = _Item(value)
        if item.kind == "reasoning":
            self._waiting = item
        elif item.kind in {"function_call", "custom_tool_call"}:
            parts = read_answer_item(value)
            if isinstance(parts[0][1], ToolCall):
                item.parts[0] = self._begin(parts[0][1])
        elif item.kind != "message":
            self._out.append(_PING)

    def _done(self, event: Members) -> None:
        value = event.get("item")
        if not is_object(value):
            return
        self._finish_item(self._item(event, some_text(value.get("type"))), value)

    def _finish_item(self, item: _Item, value: object) -> None:
        """The item, whole."""
        if item.done:
            return
        item.done = True
        if self._waiting is item:
            self._waiting = None
        self._latest = None
        # By order, not by place: vLLM counts the contents of a stream from 1 and those of the item from 0.
        begun = iter([item.parts[place] for place in sorted(item.parts)])
        for place, part in read_answer_item(value):
            started = None if place < 0 or isinstance(part, Foreign) else next(begun, None)
            if started is not None and started.kind is type(part):
                if isinstance(part, Reasoning) and item.mode and part.summary != (item.mode == _SUMMARY):
                    started.sent = len(part.text)  # the list that was not given out counts more
                self._end(started, part)
                continue
            if started is not None:
                self._end(started, None)
            self._whole(part)
        for left in begun:
            self._end(left, None)

    def _whole(self, part: Part) -> None:
        """A part that came all at once."""
        index = self._begin(part).index
        if isinstance(part, Text) and (entries := own_logprobs(part)):
            self._out.append(TextDelta(index, "", {"content": entries}))
        self._out.append(PartEnded(index))

    def _content_added(self, event: Members) -> None:
        part = event.get("part")
        kind = some_text(part.get("type")) if is_object(part) else ""
        if kind == "reasoning_text":
            self._reasoning_began(event, _CONTENT, "content_index")
        elif kind in {"output_text", "refusal"}:
            self._text(event, refusal=kind == "refusal")

    def _text(self, event: Members, *, refusal: bool) -> _Part | None:
        """The text that an event is about; `None`: its item has none, or is done."""
        item = self._item(event, "message")
        place = _index(event.get("content_index"))
        part = item.parts.get(place)
        if part is None:
            if item.kind != "message" or item.done:
                return None
            for before in item.parts.values():
                self._end(before, None)
            part = self._begin(Text(text="", refusal=refusal, native=_spelling(item)))
            item.parts[place] = part
        return part if part.kind is Text else None

    def _text_delta(self, event: Members) -> None:
        self._add_text(event, refusal=False)

    def _refusal_delta(self, event: Members) -> None:
        self._add_text(event, refusal=True)

    def _add_text(self, event: Members, *, refusal: bool) -> None:
        output, content = event.get("output_index"), event.get("content_index")
        latest = self._latest
        if latest is not None and latest[0] == output and latest[1] == content:
            part = latest[2]
        else:
            begun = self._text(event, refusal=refusal)
            if begun is None:
                return
            part = begun
            self._latest = (_index(output), _index(content), part)
        text = event.get("delta")
        if not part.open or not isinstance(text, str):
            return
        part.sent += len(text)
        entries = event.get("logprobs")
        if entries and isinstance(entries, list):
            part.logged = True
            self._out.append(TextDelta(part.index, text, {"content": entries}))
        else:
            self._out.append(TextDelta(part.index, text))

    def _annotation(self, event: Members) -> None:
        part = self._text(event, refusal=False)
        if part is not None and part.open:
            self._out.append(CitationDelta(part.index, read_citation(event.get("annotation"))))

    def _argument_delta(self, event: Members) -> None:
        item = self._items.get(_index(event.get("output_index")))
        part = item.parts.get(0) if item is not None else None
        text = event.get("delta")
        if part is None or part.kind is not ToolCall or not part.open or not isinstance(text, str):
            return
        part.sent += len(text)
        self._out.append(TextDelta(part.index, text))

    # Reasoning.

    def _summary_added(self, event: Members) -> None:
        self._reasoning_began(event, _SUMMARY, "summary_index")

    def _summary_delta(self, event: Members) -> None:
        self._add_reasoning(event, _SUMMARY, "summary_index")

    def _content_delta(self, event: Members) -> None:
        self._add_reasoning(event, _CONTENT, "content_index")

    def _reasoning_part(self, event: Members) -> None:
        self._reasoning_began(event, _CONTENT, "content_index")

    def _reasoning_began(self, event: Members, mode: str, name: str) -> _Part | None:
        """The reasoning that an event is about; `None`: it is of the list that does not count."""
        item = self._item(event, "reasoning")
        part = item.parts.get(0)
        if part is None:
            if item.kind != "reasoning" or item.done:
                return None
            if self._waiting is item:
                self._waiting = None
            item.mode, item.place = mode, _index(event.get(name))
            part = item.parts[0] = self._begin(_reasoning(item, summary=mode == _SUMMARY))
            return part
        if part.kind is not Reasoning or not part.open or (item.mode and item.mode != mode):
            return None
        item.mode = mode
        place = _index(event.get(name))
        if place != item.place:
            item.place = place
            if part.sent:
                part.sent += len(JOIN)
                self._out.append(TextDelta(part.index, JOIN))
        return part

    def _add_reasoning(self, event: Members, mode: str, name: str) -> None:
        part = self._reasoning_began(event, mode, name)
        text = event.get("delta")
        if part is not None and isinstance(text, str):
            part.sent += len(text)
            self._out.append(TextDelta(part.index, text))

    # The end.

    def _lifecycle(self, event: Members) -> None:
        del event
        self._out.append(_PING)

    def _nothing(self, event: Members) -> None:
        """What `output_item.done` says again."""

    def _end_response(self, event: Members) -> None:
        response = event.get("response")
        response = response if is_object(response) else {"status": some_text(event.get("type")).partition(".")[2]}
        failure = failure_in(response)
        if failure is not None:
            self._usage(response)
            self._fail(failure)
            return
        self._begin_waiting()
        output = response.get("output")
        self._finish_items(output if isinstance(output, list) else [])
        for item in self._items.values():
            for part in item.parts.values():
                self._end(part, None)
        self._usage(response)
        finish, word = read_finish(response, called=self._called, refused=self._refused)
        self._out.append(Finished(finish=finish, finish_native=word))
        self._out.append(Ended(native=answer_native(response)))
        self._over = True

    def _finish_items(self, output: list[object]) -> None:
        """Give out what came only with the end."""
        known = {some_text(item.added.get("id")) for item in self._items.values()}
        for key, value in enumerate(output):
            item = self._items.get(key)
            if item is None:
                if is_object(value) and some_text(value.get("id")) in known - {""}:
                    continue
                item = self._items[key] = _Item(value if is_object(value) else {})
            self._finish_item(item, value)

    def _usage(self, response: Mapping[str, object]) -> None:
        usage = read_usage(response.get("usage"), response.get("tool_usage"))
        if usage is not None:
            self._out.append(UsageSeen(usage, response.get("usage")))

    def _error(self, event: Members) -> None:
        self._fail(event_failure(event))

    def _failed(self, event: Members) -> None:
        response = event.get("response")
        fields = response if is_object(response) else {}
        self._usage(fields)
        failure = failure_in({**fields, "status": "failed"})
        assert failure is not None
        self._fail(failure)

    def _cancelled(self, event: Members) -> None:
        del event
        failure = failure_in({"status": "cancelled"})
        assert failure is not None
        self._fail(failure)

    _handlers: ClassVar[Mapping[str, Callable[[ResponsesStreamDecoder, Members], None]]] = {
        "response.output_text.delta": _text_delta,
        "response.function_call_arguments.delta": _argument_delta,
        "response.custom_tool_call_input.delta": _argument_delta,
        "response.reasoning_summary_text.delta": _summary_delta,
        "response.reasoning_text.delta": _content_delta,
        "response.refusal.delta": _refusal_delta,
        "response.output_item.added": _added,
        "response.output_item.done": _done,
        "response.content_part.added": _content_added,
        "response.reasoning_summary_part.added": _summary_added,
        "response.reasoning_part.added": _reasoning_part,
        "response.output_text.annotation.added": _annotation,
        "response.created": _nothing,
        "response.queued": _lifecycle,
        "response.in_progress": _lifecycle,
        "response.content_part.done": _nothing,
        "response.output_text.done": _nothing,
        "response.refusal.done": _nothing,
        "response.function_call_arguments.done": _nothing,
        "response.custom_tool_call_input.done": _nothing,
        "response.reasoning_summary_part.done": _nothing,
        "response.reasoning_summary_text.done": _nothing,
        "response.reasoning_part.done": _nothing,
        "response.reasoning_text.done": _nothing,
        "response.completed": _end_response,
        "response.incomplete": _end_response,
        "response.failed": _failed,
        "response.cancelled": _cancelled,
        "error": _error,
    }
    """All other events are signs of life of items that come whole."""


def _index(value: object) -> int:
    return value if isinstance(value, int) else 0


def _reasoning(item: _Item, *, summary: bool) -> Reasoning:
    own_id = item.added.get("id")
    return Reasoning(summary=summary, native=spelled({}, {}, {"id": own_id} if isinstance(own_id, str) else {}))


def _spelling(item: _Item) -> Spelled | None:
    """Who the item of its first text is; its end says it again."""
    if item.parts:
        return None
    put: Members = {name: value for name, value in item.added.items() if name in {"id", "type", "status"}}
    more: Members = {name: value for name, value in item.added.items() if name == "phase"}
    if put.get("status") == "in_progress":
        put["status"] = "completed"
    return Spelled(OWN, more, {"item": put, OF_ITEM: list(more)} if more else {"item": put})
