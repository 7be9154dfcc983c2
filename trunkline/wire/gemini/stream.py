"""A stream of Gemini, read: chunks of the same shape as the whole answer, in either framing.

Consecutive chunks of words are one part, of thoughts another; a part with a signature stands by itself, as it does in
a whole answer, and everything else comes whole in one chunk (fidelity.md failure 9). `finishReason` may come in more
than one chunk (recorded: `STOP`, `STOP`, `RECITATION`), so the last one counts, when the stream is over; nothing but
it tells a finished stream from one that was cut off.
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from trunkline.ir.answer import Finish
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
from trunkline.ir.format import Format
from trunkline.ir.parts import Foreign, Media, Native, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members
from trunkline.wire.gemini.answer import (
    blocked,
    decode_answer_part,
    form_of,
    keep_time,
    rest_of,
    seconds,
    seed_of_answer,
    text_of,
    tier_of,
    usage_of,
)
from trunkline.wire.gemini.failure import error_of, failure_of
from trunkline.wire.gemini.finish import finish_of, word
from trunkline.wire.gemini.form import is_list, is_object
from trunkline.wire.gemini.framing import MAX_OBJECT_BYTES, ArraySplitter
from trunkline.wire.gemini.grounding import CITED, GROUNDING, citations_of
from trunkline.wire.gemini.ids import AnswerIds
from trunkline.wire.gemini.logprobs import decode_logprobs
from trunkline.wire.gemini.partial import PartialCall, is_partial
from trunkline.wire.gemini.usage import decode_usage
from trunkline.wire.sse import LARGE_EVENT_BYTES, EventTooLong, SseSplitter, event_data

_decode: Final = msgspec.json.Decoder().decode

_BOM: Final = b"\xef\xbb\xbf"
_WORDS: Final = 1
_THOUGHTS: Final = 2
_UNREADABLE: Final = "the provider's stream cannot be read"
_MOST_CHOICES: Final = 128
"""More candidates than any request may ask for."""


class _Choice:
    """One candidate as far as it has come."""

    __slots__ = ("calls", "ids", "kind", "members", "number", "open", "partial", "raw", "said")

    def __init__(self, number: int, seed: str) -> None:
        self.number = number
        self.ids = AnswerIds(seed, number)
        self.kind = 0
        self.open = -1
        self.calls = False
        self.members: Members = {}
        self.raw: Members = {}
        """The last `finishReason`."""
        self.said: list[tuple[int, list[str]]] = []
        """Every part of words: its index, its pieces."""
        self.partial: PartialCall | None = None


class GeminiStreamDecoder:
    """Reads one stream; the framing is told by its first byte."""

    __slots__ = (
        *("_array", "_choices", "_count", "_first", "_head", "_last", "_object", "_over", "_seed", "_size", "_sse"),
        "_vertex",
    )

    def __init__(self, *, vertex: bool) -> None:
        self._vertex = vertex
        self._head = b""
        self._sse: SseSplitter | None = None
        self._first = True
        self._array: ArraySplitter | None = None
        self._object: list[bytes] | None = None
        self._size = 0
        self._over = False
        self._count = 0
        self._choices: dict[int, _Choice] = {}
        self._last: Members = {}
        self._seed: str | None = None

    def feed(self, data: bytes) -> list[Event]:
        """Events that `data` completes."""
        events: list[Event] = []
        if self._over or not data:
            return events
        try:
            for payload in self._payloads(data):
                if not self._chunk(payload, events):
                    break
        except (EventTooLong, ValueError) as error:
            self._fail(events, f"{_UNREADABLE}: {error}")
        if self._array is not None and self._array.broken and not self._is_over():
            self._fail(events, f"{_UNREADABLE}: {self._array.broken}")
        return events

    def _is_over(self) -> bool:
        return self._over

    def end(self) -> list[Event]:
        """The peer closed."""
        events: list[Event] = []
        if self._over:
            return events
        left_over: list[bytes] = []
        if self._object is not None:
            left_over = [b"".join(self._object)]
        elif self._sse is not None and self._sse.pending:
            left_over = event_data(self._sse.rest + b"\n\n")  # whole but for the empty line, or cut off
        if all(self._chunk(payload, events) for payload in left_over):
            self._close(events)
        return events

    def _payloads(self, data: bytes) -> list[bytes]:
        if self._sse is not None:
            block = self._sse.feed(data)
            if not block:
                return []
            start, self._first = self._first, False
            return event_data(block, start=start)
        if self._array is not None:
            return self._array.feed(data)
        if self._object is not None:
            self._object.append(data)
            self._size += len(data)
            if self._size > MAX_OBJECT_BYTES:
                raise EventTooLong(f"an answer passed {MAX_OBJECT_BYTES} bytes")
            return []
        self._head += data
        begin = self._head.removeprefix(_BOM).lstrip()
        if not begin:
            self._head = b""
            return []
        if len(begin) < len(_BOM) and _BOM.startswith(begin):
            return []
        head, self._head = self._head, b""
        if begin.startswith(b"["):
            self._array = ArraySplitter()
            return self._array.feed(begin)
        if begin.startswith(b"{"):
            self._object = [begin]
            return []
        self._sse = SseSplitter(LARGE_EVENT_BYTES)
        return self._payloads(head)

    def _chunk(self, payload: bytes, events: list[Event]) -> bool:
        """Take one chunk; tells whether the stream goes on."""
        if payload == b"[DONE]":  # some gateways add OpenAI's mark
            return True
        try:
            chunk = _decode(payload)
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return self._fail(events, "the provider's stream holds an event that is no JSON")
        if not is_object(chunk) or "error" in chunk:
            if (error := error_of(chunk)) is not None:
                self._over = True
                events.append(Failed(failure_of(error)))
                return False
            if not is_object(chunk):
                return self._fail(events, "the provider's stream holds an event that is no object")
        if self._seed is None:
            self._start(chunk, events)
        before = self._last.get("usageMetadata")
        candidates = chunk.get("candidates")
        if is_list(candidates):
            for place, candidate in enumerate(candidates):
                if is_object(candidate):
                    self._candidate(candidate, place, events)
        self._last.update(chunk)
        usage = chunk.get("usageMetadata")
        if usage is not None and usage != before and (counts := decode_usage(usage)) is not None:
            events.append(UsageSeen(counts, usage))
        return True

    def _start(self, chunk: Members, events: list[Event]) -> None:
        self._seed = seed_of_answer(chunk)
        usage = chunk.get("usageMetadata")
        events.append(
            Started(
                id=text_of(chunk, "responseId"),
                model=text_of(chunk, "modelVersion"),
                created=seconds(chunk.get("createTime")),
                service_tier=tier_of(usage),
                native=Native(Format.GEMINI, {}),
            )
        )

    def _candidate(self, candidate: Members, place: int, events: list[Event]) -> None:
        index = candidate.get("index")
        number = index if isinstance(index, int) and 0 <= index < _MOST_CHOICES else place
        choice = self._choices.get(number)
        if choice is None:
            choice = self._choices[number] = _Choice(number, self._seed or "")
        if len(candidate) > 1 or "content" not in candidate:
            self._aside(choice, candidate)
        content = candidate.get("content")
        parts = content.get("parts") if is_object(content) else None
        logprobs = candidate.get("logprobsResult")
        if is_list(parts):
            heard = decode_logprobs(logprobs) if logprobs is not None else None
            for part in parts:
                if self._part(choice, part, heard, events):
                    heard = None
            if heard is not None and choice.kind:
                events.append(TextDelta(choice.open, "", heard))

    def _part(self, choice: _Choice, raw: object, logprobs: Members | None, events: list[Event]) -> bool:
        """Take one part of a chunk; tells whether the log probabilities went with it."""
        if is_object(raw) and isinstance(text := raw.get("text"), str):
            thought = raw.get("thought") is True
            if len(raw) == 1 + thought:
                if text:
                    self._text(choice, Reasoning(text=text) if thought else Text(text=text), logprobs, events)
                return bool(text)
        if is_object(raw) and is_partial(raw.get("functionCall"), choice.partial is not None):
            whole = self._piece(choice, raw)
            if whole is None:
                return False
            raw = whole
        part = decode_answer_part(raw, "part", choice.ids)
        match part:
            case Text() | Reasoning():
                native = part.native
                if part.opaque is None and not (native is not None and native.members):
                    if part.text:
                        self._text(choice, part, logprobs, events)
                    return bool(part.text)
            case ToolCall():
                choice.calls = True
            case Media() | Foreign() | ToolResult():
                pass
            case _:
                assert_never(part)
        self._shut(choice, events)
        number = self._begin(choice, part, events)
        if isinstance(part, Text):
            choice.said.append((number, [part.text]))
            if logprobs is not None:
                events.append(TextDelta(number, "", logprobs))
            self._cite(choice, number, events)
        events.append(PartEnded(number))
        return isinstance(part, Text)

    def _text(self, choice: _Choice, part: Text | Reasoning, logprobs: Members | None, events: list[Event]) -> None:
        kind = _WORDS if isinstance(part, Text) else _THOUGHTS
        if choice.kind != kind:
            self._shut(choice, events)
            choice.kind = kind
            fresh = Text(text=part.text) if kind == _WORDS else Reasoning(text=part.text)
            choice.open = self._begin(choice, fresh, events)
            if kind == _WORDS:
                choice.said.append((choice.open, [part.text]))
            if logprobs is not None:
                events.append(TextDelta(choice.open, "", logprobs))
            return
        if kind == _WORDS:
            choice.said[-1][1].append(part.text)
        events.append(TextDelta(choice.open, part.text, logprobs))

    def _piece(self, choice: _Choice, raw: Members) -> Members | None:
        """A piece of a call; the whole part where it was the last."""
        call = raw["functionCall"]
        assert is_object(call)
        if choice.partial is None:
            choice.partial = PartialCall(raw)
        if not choice.partial.add(call):
            return None
        whole, choice.partial = choice.partial.whole(), None
        return whole

    def _begin(self, choice: _Choice, part: Part, events: list[Event]) -> int:
        number = self._count
        self._count += 1
        events.append(PartStarted(index=number, part=part, choice=choice.number))
        return number

    def _shut(self, choice: _Choice, events: list[Event]) -> None:
        """End the words or thoughts under way."""
        if choice.kind:
            if choice.kind == _WORDS:
                self._cite(choice, choice.open, events)
            events.append(PartEnded(choice.open))
            choice.kind = 0

    @staticmethod
    def _cite(choice: _Choice, number: int, events: list[Event]) -> None:
        """Give a part of words its citations; those of a part that ended before they came stay in `native` only."""
        if GROUNDING in choice.members or CITED in choice.members:
            found = citations_of(choice.members, ["".join(pieces) for _, pieces in choice.said])
            events += [CitationDelta(number, citation) for place, citation in found if choice.said[place][0] == number]

    @staticmethod
    def _aside(choice: _Choice, candidate: Members) -> None:
        """Keep what a chunk says beside its parts: lists of sources and tokens grow, of the rest the last counts."""
        for name, value in candidate.items():
            if name in ("content", "index"):
                continue
            if name == "finishReason":
                if value not in (None, 0) and word(value, vertex=False):
                    choice.raw[name] = value
            elif name in (CITED, "logprobsResult"):
                choice.members[name] = _grown(choice.members.get(name), value)
            elif value or name not in choice.members:
                choice.members[name] = value

    def _close(self, events: list[Event]) -> None:
        """The end: what was said last counts."""
        feedback = self._last.get("promptFeedback")
        stopped = is_object(feedback) and feedback.get("blockReason") is not None
        finished = bool(self._choices) and all("finishReason" in choice.raw for choice in self._choices.values())
        if not finished and not stopped:
            self._fail(events, "the provider's stream ended before its answer did")
            return
        if self._array is not None and not self._array.closed:
            self._fail(events, "the provider's stream was cut off")
            return
        self._over = True
        refused = blocked(self._last)
        for choice in sorted(self._choices.values(), key=lambda choice: choice.number):
            if choice.partial is not None:
                whole, choice.partial = choice.partial.whole(), None
                self._part(choice, whole, None, events)
            self._shut(choice, events)
            events.append(self._finished(choice, refused.finish_native))
        if not self._choices:
            events.append(Finished(finish=refused.finish, finish_native=refused.finish_native, native=refused.native))
        usage = self._last.get("usageMetadata")
        if (counts := usage_of(usage, [choice.members for choice in self._choices.values()])) is not None:
            events.append(UsageSeen(counts, usage))
        rest = rest_of(self._last)
        rest.pop("candidates", None)
        events.append(Ended(Native(Format.GEMINI, rest)))

    def _finished(self, choice: _Choice, refused: str) -> Finished:
        reason = word(choice.raw.get("finishReason"), vertex=self._vertex)
        if not reason and refused:
            finish: Finish | None = Finish.CONTENT_FILTER
        else:
            finish = finish_of(reason, calls=choice.calls)
        native = form_of(choice.members, choice.raw, {})
        keep_time(native, self._last)
        return Finished(finish=finish, finish_native=reason or refused, choice=choice.number, native=native)

    def _fail(self, events: list[Event], message: str) -> bool:
        self._over = True
        events.append(Failed(Failure(kind=FailureKind.UNAVAILABLE, status=502, message=message)))
        return False


def _grown(before: object, value: object) -> object:
    """Two objects of lists as one."""
    if not is_object(before) or not is_object(value):
        return value if value is not None else before
    out = dict(before)
    for name, items in value.items():
        there = out.get(name)
        out[name] = [*there, *items] if is_list(there) and is_list(items) else items
    return out
