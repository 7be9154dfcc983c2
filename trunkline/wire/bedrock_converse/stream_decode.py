"""A ConverseStream, read: framed bytes in, events out."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import Final

from trunkline.ir.events import (
    CitationDelta,
    Ended,
    Event,
    Failed,
    Finished,
    OpaqueDelta,
    PartEnded,
    PartStarted,
    Started,
    TextDelta,
    UsageSeen,
)
from trunkline.ir.failure import Failure
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Native, Opaque, Part, Reasoning, Text, ToolCall
from trunkline.wire.bedrock_converse.answer import finish_of, stop_sequence_of
from trunkline.wire.bedrock_converse.failure import TRUNCATED, malformed, stream_failure
from trunkline.wire.bedrock_converse.opaque import SIGNATURE
from trunkline.wire.bedrock_converse.parts_decode import decode_blocks, foreign, read_citation
from trunkline.wire.bedrock_converse.shape import Members, a_text, an_object, parsed, unknown
from trunkline.wire.bedrock_converse.spelling import OWN, kept
from trunkline.wire.bedrock_converse.usage import decode_usage
from trunkline.wire.event_stream import FrameDecoder, Message

_TEXT: Final = 0
_REASONING: Final = 1
_CALL: Final = 2
_HELD: Final = 3
"""A block that the representation takes whole only: it waits for its end."""


class _Block:
    """A content block under way."""

    __slots__ = ("deltas", "index", "kind", "signature", "start", "wrote")

    def __init__(self, kind: int, index: int, start: Members) -> None:
        self.kind = kind
        self.index = index
        self.start = start
        self.wrote = False
        self.signature = ""
        self.deltas: list[Members] = []


class ConverseStreamDecoder:
    """Reads one stream; raises nothing, whatever comes."""

    __slots__ = ("_blocks", "_count", "_events", "_finished", "_frames", "_left", "_over", "_started", "_usage")

    def __init__(self) -> None:
        self._frames = FrameDecoder()
        self._blocks: dict[object, _Block] = {}
        self._count = 0
        self._events: list[Event] = []
        self._left: Members = {}
        self._started = self._finished = self._usage = self._over = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes."""
        if self._over:
            return []
        events: list[Event] = []
        self._events = events
        try:
            for message in self._frames.feed(data):
                if self._take(message):
                    return events
            if self._frames.broken:
                self._fail(malformed(self._frames.broken))
        except BadShape as error:
            self._fail(malformed(str(error)))
        except (ValueError, RecursionError):  # no JSON, or not UTF-8, or a thousand levels deep
            self._fail(malformed("an event is no JSON"))
        return events

    def end(self) -> list[Event]:
        """The peer closed."""
        events: list[Event] = []
        self._events = events
        if not self._over:
            if self._finished and not self._frames.waiting:
                self._end()
            else:
                self._fail(TRUNCATED)
        return events

    def _fail(self, failure: Failure) -> None:
        self._over = True
        self._events.append(Failed(failure))

    def _end(self) -> None:
        self._over = True
        self._events.append(Ended(Native(OWN, self._left)))

    def _take(self, message: Message) -> bool:
        """Read one message; true: it was the last."""
        if message.headers.get(":message-type", "event") != "event":
            self._fail(stream_failure(message))
            return True
        name = message.text(":event-type")
        payload = an_object(parsed(message.payload), name)
        match name:
            case "contentBlockDelta":
                self._delta(payload)
            case "contentBlockStart":
                self._open()
                key, start = self._only(an_object(payload.get("start"), f"{name}.start"), name)
                self._start(_index(payload), key, an_object(start, f"{name}.start.{key}"))
            case "contentBlockStop":
                self._open()
                block = self._blocks.pop(_index(payload), None)
                if block is not None:
                    self._close(block)
            case "messageStart":
                self._open()
            case "messageStop":
                self._stop(payload)
            case "metadata":
                self._metadata(payload)
            case _:
                payload.pop("p", None)
                self._left[name] = payload
        return self._over

    def _open(self) -> None:
        """An event of the content: the answer has begun, and is not over."""
        if not self._started:
            self._started = True
            self._events.append(Started())
        if self._finished:
            raise BadShape("messageStop", "content follows the end of the answer")

    @staticmethod
    def _only(value: Members, name: str) -> tuple[str, object]:
        if len(value) != 1:
            raise BadShape(name, "must hold one kind of content")
        return next(iter(value.items()))

    def _delta(self, payload: Members) -> None:
        if not self._started or self._finished:
            self._open()
        delta = payload.get("delta")
        number = payload.get("contentBlockIndex")
        block = self._blocks.get(number) if isinstance(number, int) else None
        if block is not None and isinstance(delta, dict) and len(delta) == 1:  # nearly all events of a stream
            if block.kind == _TEXT and isinstance(text := delta.get("text"), str):
                if text:
                    self._events.append(TextDelta(block.index, text))
                return
            if block.kind == _CALL and isinstance(call := delta.get("toolUse"), dict):
                text = call.get("input")
                if isinstance(text, str) and text:
                    block.wrote = True
                    self._events.append(TextDelta(block.index, text))
                    return
        key, value = self._only(an_object(delta, "contentBlockDelta.delta"), "contentBlockDelta.delta")
        self._other_delta(_index(payload), block, key, value)

    def _other_delta(self, number: int, block: _Block | None, key: str, value: object) -> None:
        """The first delta of a block that has no start, and everything that is no text."""
        if block is not None and block.kind == _HELD:
            block.deltas.append({key: value})
            return
        match key:
            case "text":
                text = a_text(value, "contentBlockDelta.delta.text")
                block = self._of_kind(number, block, _TEXT, Text(text=""))
                if text:
                    self._events.append(TextDelta(block.index, text))
            case "citation":
                citation = read_citation(an_object(value, "contentBlockDelta.delta.citation"), "citation")
                block = self._of_kind(number, block, _TEXT, Text(text=""))
                self._events.append(CitationDelta(block.index, citation))
            case "reasoningContent":
                self._reasoning(number, block, an_object(value, "contentBlockDelta.delta.reasoningContent"))
            case "toolUse":
                if block is None or block.kind != _CALL:
                    raise BadShape("contentBlockDelta.delta.toolUse", "belongs to a call that has not begun")
                a_text(an_object(value, "contentBlockDelta.delta.toolUse").get("input"), "toolUse.input")
            case _:
                if block is not None:
                    self._close(block)
                held = self._blocks[number] = _Block(_HELD, -1, {})
                held.deltas.append({key: value})

    def _of_kind(self, number: int, block: _Block | None, kind: int, empty: Part) -> _Block:
        """The block if it is of this kind, else a new one in its place."""
        if block is not None:
            if block.kind == kind:
                return block
            self._close(block)
        block = self._blocks[number] = _Block(kind, self._begin(empty), {})
        return block

    def _begin(self, part: Part) -> int:
        index = self._count
        self._count += 1
        self._events.append(PartStarted(index=index, part=part))
        return index

    def _reasoning(self, number: int, block: _Block | None, value: Members) -> None:
        match value:
            case {"text": str() as text}:
                block = self._of_kind(number, block, _REASONING, Reasoning())
                if text:
                    self._events.append(TextDelta(block.index, text))
            case {"signature": str() as piece}:
                block = self._of_kind(number, block, _REASONING, Reasoning())
                if piece:
                    block.signature += piece
                    self._events.append(OpaqueDelta(block.index, Opaque(SIGNATURE, block.signature)))
            case _:
                if block is not None:
                    self._close(block)
                held = self._blocks[number] = _Block(_HELD, -1, {})
                held.deltas.append({"reasoningContent": value})

    def _start(self, number: int, key: str, start: Members) -> None:
        before = self._blocks.pop(number, None)
        if before is not None:
            self._close(before)
        kind = start.get("type")
        if key != "toolUse" or kind not in (None, "tool_use"):
            self._blocks[number] = _Block(_HELD, -1, {key: start})
            return
        part = ToolCall(
            id=_named(start, "toolUseId"),
            name=_named(start, "name"),
            arguments="",
            native=kept(unknown(start, "toolUseId", "name", "type"), {"type": kind} if kind else None),
        )
        self._blocks[number] = _Block(_CALL, self._begin(part), start)

    def _close(self, block: _Block) -> None:
        if block.kind == _HELD:
            for part in _whole(held_block(block.start, block.deltas)):
                self._events.append(PartEnded(self._begin(part)))
            return
        if block.kind == _CALL and not block.wrote:
            self._events.append(TextDelta(block.index, "{}"))
        self._events.append(PartEnded(block.index))

    def _stop(self, payload: Members) -> None:
        self._open()
        for block in self._blocks.values():
            self._close(block)
        self._blocks.clear()
        self._finished = True
        fields = payload.get("additionalModelResponseFields")
        reason = payload.get("stopReason")
        self._left.update(unknown(payload, "p", "stopReason"))
        self._left.pop("p", None)
        word = reason if isinstance(reason, str) else ""
        if not word and "stopReason" in payload:
            self._left["stopReason"] = reason
        self._events.append(
            Finished(
                finish=finish_of(word) if word else None, finish_native=word, stop_sequence=stop_sequence_of(fields)
            )
        )
        if self._usage:
            self._end()

    def _metadata(self, payload: Members) -> None:
        if not self._started:
            self._open()
        payload.pop("p", None)
        self._left.update(payload)
        usage = decode_usage(payload.get("usage"), self._left.get("additionalModelResponseFields"))
        if usage is not None:
            self._events.append(UsageSeen(usage, payload.get("usage")))
        self._usage = True
        if self._finished:
            self._end()


def _index(payload: Members) -> int:
    number = payload.get("contentBlockIndex")
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    raise BadShape("contentBlockIndex", "must be a whole number")


def _named(start: Members, name: str) -> str:
    found = a_text(start.get(name), f"contentBlockStart.start.toolUse.{name}")
    if not found:
        raise BadShape(f"contentBlockStart.start.toolUse.{name}", "is empty")
    return found


def _whole(block: Members) -> list[Part]:
    """The parts of a block that waited for its end; what nobody can read is kept as it is."""
    try:
        return decode_blocks([block], "contentBlock", assistant=True, sealed=False)
    except BadShape:
        return [foreign(block)]


def held_block(start: Members, deltas: list[Members]) -> Members:
    """The block of a whole answer that a start and its deltas add up to."""
    key = next(iter(start or deltas[0]))
    inner = start.get(key)
    whole: Members = dict(inner) if isinstance(inner, dict) else {}
    pieces = [delta.get(key) for delta in deltas]
    if any(delta.keys() != {key} for delta in deltas):
        return {key: {**whole, "deltas": deltas}}
    match key:
        case "toolUse":
            text = "".join(t for p in pieces if isinstance(p, dict) and isinstance(t := p.get("input"), str))
            try:
                whole["input"] = parsed(text) if text else {}
            except ValueError:
                whole["input"] = text
        case "toolResult":
            whole["content"] = [item for piece in pieces if isinstance(piece, list) for item in piece]
        case "reasoningContent":
            blobs = [p.get("redactedContent") for p in pieces if isinstance(p, dict) and len(p) == 1]
            joined = _joined(blobs) if len(blobs) == len(pieces) else ""
            return {key: {"redactedContent": joined}} if joined else {key: {"deltas": pieces}}
        case "image":
            sources = [p.get("source") for p in pieces if isinstance(p, dict)]
            joined = _joined([source.get("bytes") for source in sources if isinstance(source, dict)])
            errors = [p["error"] for p in pieces if isinstance(p, dict) and "error" in p]
            if joined and not errors:
                whole["source"] = {"bytes": joined}
            else:
                return {key: {**whole, "deltas": pieces}, "stream": True}
        case _:
            if pieces:
                whole["deltas"] = pieces
    return {key: whole}


def _joined(blobs: list[object]) -> str:
    """Pieces of base64, each whole in itself, as one; empty where they are none."""
    if len(blobs) == 1:
        return blobs[0] if isinstance(blobs[0], str) else ""
    try:
        return b64encode(b"".join(b64decode(blob) for blob in blobs if isinstance(blob, str))).decode()
    except (binascii.Error, ValueError):
        return ""
