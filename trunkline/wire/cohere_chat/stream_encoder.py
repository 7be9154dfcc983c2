"""Streams for a client, framed as Cohere's own: `event:` and `data:` lines, `[DONE]` at the end.

The format could tell parts that overlap apart by their indexes, but its clients append what comes to what came last:
a part that begins while another is open waits for its end.
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

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
from trunkline.ir.failure import Failure, FailureKind
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation, Foreign, Media, Opaque, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members, Reply
from trunkline.wire.cohere_chat import losses as why
from trunkline.wire.cohere_chat.answer import sealing
from trunkline.wire.cohere_chat.assistant_writer import write_call
from trunkline.wire.cohere_chat.citations import write_citation
from trunkline.wire.cohere_chat.content import CALL_KIND, PLAN, PLAN_SIGNATURE, SIGNATURE
from trunkline.wire.cohere_chat.finish import write_finish
from trunkline.wire.cohere_chat.logprobs import write_logprobs
from trunkline.wire.cohere_chat.shapes import OWN, is_object, spelled
from trunkline.wire.cohere_chat.usage import write_usage
from trunkline.wire.natives import put_back

_encode: Final = msgspec.json.Encoder().encode

_Piece = TextDelta | OpaqueDelta | CitationDelta | PartEnded


class _Open:
    """The part that is being written."""

    __slots__ = ("index", "kind", "opaque", "part", "pieces", "place", "sent", "tail", "head")

    def __init__(self, index: int, part: Text | Reasoning | ToolCall, kind: str, place: int) -> None:
        self.index = index
        self.part = part
        self.kind = kind
        """`text`, `thinking`, `tool_plan` or `arguments`."""
        self.place = place
        """Content index, or number of the call."""
        self.opaque: Opaque | None = part.opaque
        self.sent = 0
        """Characters written."""
        self.pieces: list[str] = []
        """The text so far, for citations that do not repeat it."""
        self.head, self.tail = _frame(kind, place)


class CohereStreamEncoder:
    """Writes one stream."""

    def __init__(self, reply: Reply) -> None:
        self.losses = Losses()
        self._reply = reply
        self._seal = sealing(reply)
        self._open: _Open | None = None
        self._waiting: dict[int, tuple[PartStarted, list[_Piece]]] = {}
        """Parts that began while another was open, in the order of their start, with all that came for them."""
        self._blocks = 0
        self._calls = 0
        self._citations = 0
        self._finished: Finished | None = None
        self._usage: UsageSeen | None = None

    def encode(self, event: Event) -> bytes:
        """The bytes of one event."""
        match event:
            case TextDelta() | OpaqueDelta() | CitationDelta() | PartEnded():
                return self._piece(event)
            case PartStarted():
                return self._start_part(event)
            case Started():
                return self._start(event)
            case Finished():
                if event.choice == 0:
                    self._finished = event
                return b""
            case UsageSeen():
                self._usage = event
                return b""
            case Ended():
                return self._end(event)
            case Failed():
                return _failure(event.failure)
            case Ping():
                return b": ping\n\n"
            case _:
                assert_never(event)

    def _start(self, event: Started) -> bytes:
        message: Members = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        if event.native is not None and event.native.format is OWN:
            own = event.native.members.get("message_start")
            message.update(own if is_object(own) else {})
        start: Members = {"id": event.id or self._reply.id, "type": "message-start", "delta": {"message": message}}
        return _event("message-start", start)

    def _start_part(self, event: PartStarted) -> bytes:
        if event.choice != 0:
            self.losses.add("choices[1]", why.OTHER_ANSWERS)
            return b""
        if self._open is not None:
            self._waiting[event.index] = (event, [])
            return b""
        return self._begin(event)

    def _begin(self, event: PartStarted) -> bytes:
        part, path = event.part, f"message.content[{event.index}]"
        match part:
            case Text():
                put_back({}, part.native, OWN, self.losses, path)
                return self._begin_block(event.index, part, "text")
            case Reasoning():
                put_back({}, part.native, OWN, self.losses, path)
                if spelled(part.native, "place") == PLAN:
                    self._open = _Open(event.index, part, "tool_plan", 0)
                    return self._write(self._open, part.text)
                return self._begin_block(event.index, part, "thinking")
            case ToolCall():
                return self._begin_call(event.index, part, path)
            case Foreign():
                if part.format is OWN and not part.kind.startswith(CALL_KIND):
                    return self._foreign(part)
                self.losses.add(path, why.FOREIGN)
            case Media() | ToolResult():
                self.losses.add(path, why.NOT_HERE)
            case _:
                assert_never(part)
        return b""

    def _begin_block(self, index: int, part: Text | Reasoning, kind: str) -> bytes:
        if self._calls:
            self.losses.add(f"message.content[{index}]", why.ORDER)
        place, self._blocks = self._blocks, self._blocks + 1
        self._open = _Open(index, part, kind, place)
        head = _block_event("content-start", place, {"type": kind, kind: ""})
        out = head + self._write(self._open, part.text)
        if isinstance(part, Text):
            for citation in part.citations:
                out += self._cite(self._open, citation)
        return out

    def _begin_call(self, index: int, part: ToolCall, path: str) -> bytes:
        if part.custom:
            self.losses.add(path, why.NO_CUSTOM_TOOLS)
            return b""
        place, self._calls = self._calls, self._calls + 1
        call = write_call(part, self.losses, path)
        function = call["function"]
        assert isinstance(function, dict)
        function["arguments"] = ""
        self._open = _Open(index, part, "arguments", place)
        start: Members = {"type": "tool-call-start", "index": place, "delta": {"message": {"tool_calls": call}}}
        return _event("tool-call-start", start) + self._write(self._open, part.arguments)

    def _foreign(self, part: Foreign) -> bytes:
        place, self._blocks = self._blocks, self._blocks + 1
        end: Members = {"type": "content-end", "index": place}
        return _block_event("content-start", place, part.data) + _event("content-end", end)

    def _piece(self, event: _Piece) -> bytes:
        held = self._open
        if held is None or event.index != held.index:
            if event.index in self._waiting:
                self._waiting[event.index][1].append(event)
            return b""
        match event:
            case TextDelta():
                return self._write(held, event.text, event.logprobs)
            case OpaqueDelta():
                held.opaque = event.opaque
                return b""
            case CitationDelta():
                return self._cite(held, event.citation)
            case PartEnded():
                return self._end_part(held, event) + self._next()
            case _:
                assert_never(event)

    def _write(self, held: _Open, words: str, logprobs: object = None) -> bytes:
        if not words and logprobs is None:
            return b""
        held.sent += len(words)
        if held.kind == "text":
            held.pieces.append(words)
            if logprobs is not None:
                return self._with_logprobs(held, words, logprobs)
        return held.head + _encode(words) + held.tail

    def _with_logprobs(self, held: _Open, words: str, logprobs: object) -> bytes:
        items = write_logprobs(logprobs) or [None]
        delta: Members = {"message": {"content": {"text": words}}}
        first: Members = {"type": "content-delta", "index": held.place, "delta": delta, "logprobs": items[0]}
        rest = [
            {**first, "delta": {"message": {"content": {"text": ""}}}, "logprobs": item} for item in items[1:]
        ]  # an event has room for one
        return b"".join(_event("content-delta", event) for event in (first, *rest))

    def _cite(self, held: _Open, citation: Citation) -> bytes:
        written = write_citation(citation, "".join(held.pieces), held.place)
        if written is None:
            return b""
        index, self._citations = self._citations, self._citations + 1
        start: Members = {"type": "citation-start", "index": index, "delta": {"message": {"citations": written}}}
        end: Members = {"type": "citation-end", "index": index}
        return _event("citation-start", start) + _event("citation-end", end)

    def _end_part(self, held: _Open, event: PartEnded) -> bytes:
        out = b""
        whole = event.part
        if isinstance(whole, Text | Reasoning | ToolCall):
            words = whole.arguments if isinstance(whole, ToolCall) else whole.text
            out = self._write(held, words[held.sent :])  # what the deltas did not bring
            held.opaque = whole.opaque or held.opaque
        self._open = None
        state = self._seal(held.opaque) if held.opaque is not None else ""
        match held.kind:
            case "tool_plan":
                if state:
                    delta: Members = {"message": {"tool_plan": "", PLAN_SIGNATURE: state}}
                    out += _event("tool-plan-delta", {"type": "tool-plan-delta", "delta": delta})
                return out
            case "arguments":
                if not held.sent:
                    out += self._write(held, "{}")
                kind = "tool-call-end"
            case _:
                kind = "content-end"
        end: Members = {"type": kind, "index": held.place}
        if state:
            end[SIGNATURE] = state
        return out + _event(kind, end)

    def _next(self) -> bytes:
        """The parts that waited, as far as they can be written now."""
        out = b""
        while self._open is None and self._waiting:
            start, pieces = self._waiting.pop(next(iter(self._waiting)))
            out += self._begin(start) + b"".join([self._replay(piece) for piece in pieces])
        return out

    def _replay(self, piece: _Piece) -> bytes:
        if self._open is None:
            return b""  # its part was left out
        return self._end_part(self._open, piece) if isinstance(piece, PartEnded) else self._piece(piece)

    def _end(self, event: Ended) -> bytes:
        out = b""
        native = event.native
        own = native.members if native is not None and native.format is OWN else {}
        unknown = own.get("events")
        for item in unknown if isinstance(unknown, list) else ():
            kind = item.get("type") if is_object(item) else None
            out += _event(kind if isinstance(kind, str) and "\n" not in kind else "message", item)
        delta: Members = {}
        finished = self._finished
        if finished is not None:
            word = spelled(finished.native, "finish_reason")
            if isinstance(word, str):
                delta["finish_reason"] = word
            elif finished.finish is not None or finished.native is None:
                delta["finish_reason"] = write_finish(finished.finish, finished.finish_native)
            for item in _left_over(finished):
                start: Members = {"type": "citation-start", "index": self._citations}
                start["delta"] = {"message": {"citations": item}}
                end: Members = {"type": "citation-end", "index": self._citations}
                out += _event("citation-start", start) + _event("citation-end", end)
                self._citations += 1
        if (raw := own.get("usage")) is not None:
            delta["usage"] = raw
        elif self._usage is not None:
            delta["usage"] = write_usage(self._usage.usage)
        return out + _event("message-end", {"type": "message-end", "delta": delta}) + b"data: [DONE]\n\n"


def _left_over(finished: Finished) -> list[object]:
    left = spelled(finished.native, "citations")
    return [item for _, item in left] if isinstance(left, list) else []


def _frame(kind: str, place: int) -> tuple[bytes, bytes]:
    """What stands before and behind the text of a delta."""
    match kind:
        case "tool_plan":
            name, path = "tool-plan-delta", '"delta":{"message":{"tool_plan":'
            return f'event: {name}\ndata: {{"type":"{name}",{path}'.encode(), b"}}}\n\n"
        case "arguments":
            name, path, tail = "tool-call-delta", '{"tool_calls":{"function":{"arguments":', b"}}}}}\n\n"
        case _:
            name, path, tail = "content-delta", f'{{"content":{{"{kind}":', b"}}}}\n\n"
    return f'event: {name}\ndata: {{"type":"{name}","index":{place},"delta":{{"message":{path}'.encode(), tail


def _block_event(kind: str, place: int, content: object) -> bytes:
    return _event(kind, {"type": kind, "index": place, "delta": {"message": {"content": content}}})


def _event(kind: str, value: object) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + _encode(value) + b"\n\n"


def _failure(failure: Failure) -> bytes:
    """The format has no event for errors; a failed answer ends with their message in its `message-end`."""
    reason = "TIMEOUT" if failure.kind is FailureKind.TIMEOUT else "ERROR"
    delta: Members = {"finish_reason": reason, "error": failure.message}
    return _event("message-end", {"type": "message-end", "delta": delta})
