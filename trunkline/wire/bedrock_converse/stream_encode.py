"""A ConverseStream, written: events in, framed bytes out."""

from __future__ import annotations

from typing import Final, assert_never

from msgspec.structs import replace

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
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, Native, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.answer import rest_for_client, stop_reason
from trunkline.wire.bedrock_converse.failure import encode_stream_failure
from trunkline.wire.bedrock_converse.opaque import redacted_for, signature_for
from trunkline.wire.bedrock_converse.parts_encode import (
    ForClient,
    citation_members,
    encode_part,
    is_hidden,
)
from trunkline.wire.bedrock_converse.shape import Members, json_bytes, json_text, without
from trunkline.wire.bedrock_converse.spelling import is_own, own_members, report, spelling
from trunkline.wire.bedrock_converse.usage import encode_usage
from trunkline.wire.codec import Reply
from trunkline.wire.event_stream import encode_framed, write_headers

_HEADERS: Final = {
    name: write_headers({":event-type": name, ":content-type": "application/json", ":message-type": "event"})
    for name in (
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
    )
}
"""In the order that Bedrock writes them."""


_PartEvent = PartStarted | TextDelta | OpaqueDelta | CitationDelta | PartEnded


class _Open:
    """A part that is being written. `number`: its block's; -1: it is written whole at its end."""

    __slots__ = ("number", "part", "pieces", "wrote")

    def __init__(self, part: Part, number: int) -> None:
        self.part = part
        self.number = number
        self.pieces: list[str] = []
        self.wrote = False


class ConverseStreamEncoder:
    """Writes one stream. Blocks follow each other: a part that starts before another's end waits for it."""

    __slots__ = (
        "_blocks",
        "_current",
        "_finish",
        "_left",
        "_open",
        "_own",
        "_side",
        "_tier",
        "_usage",
        "_waiting",
        "losses",
    )

    def __init__(self, reply: Reply) -> None:
        self.losses = Losses()
        self._side = ForClient(self.losses, reply)
        self._blocks = 0
        self._current = -1
        self._open: _Open | None = None
        self._waiting: dict[int, list[_PartEvent]] = {}
        self._finish: Finished | None = None
        self._left: Members = {}
        self._own = False
        self._tier = ""
        self._usage: UsageSeen | None = None

    def encode(self, event: Event) -> bytes:
        """The bytes of one event; those of the end come with `Ended`."""
        match event:
            case TextDelta() | OpaqueDelta() | CitationDelta() | PartEnded() | PartStarted():
                return self._of_part(event)
            case Started():
                self._own, self._tier = is_own(event.native), event.service_tier
                self._left = self._members(event.native)
                return _frame("messageStart", {"role": "assistant"})
            case Finished():
                if event.choice == 0:
                    self._finish = event
                return b""
            case UsageSeen():
                self._usage = event
                return b""
            case Ended():
                return self._end(event)
            case Failed():
                return encode_stream_failure(event.failure)
            case Ping():
                return b""
            case _:
                assert_never(event)

    def _of_part(self, event: _PartEvent) -> bytes:
        index = event.index
        if index != self._current:
            if isinstance(event, PartStarted) and event.choice != 0:
                self.losses.add("choices", words.CANDIDATES)
                return b""
            if self._current >= 0:
                if isinstance(event, PartStarted):
                    self._waiting[index] = []
                if index in self._waiting:
                    self._waiting[index].append(event)
                return b""
            if not isinstance(event, PartStarted):
                return b""  # of another choice
        if not isinstance(event, PartEnded):
            return self._write(event)
        written = [self._write(event)]
        while self._current < 0 and self._waiting:
            following = next(iter(self._waiting))
            written += [self._write(held) for held in self._waiting.pop(following)]
        return b"".join(written)

    def _write(self, event: _PartEvent) -> bytes:
        match event:
            case PartStarted():
                self._current = event.index
                return self._begin(event.part)
            case TextDelta():
                return self._more(event.text)
            case OpaqueDelta():
                assert self._open is not None
                part = self._open.part
                if not isinstance(part, Foreign):
                    self._open.part = replace(part, opaque=event.opaque)
                return b""
            case CitationDelta():
                assert self._open is not None
                self._open.wrote = True
                if event.citation.start is not None or event.citation.end is not None:
                    self.losses.add("citations", words.CITED_WHERE)
                return self._delta({"citation": citation_members(event.citation)})
            case PartEnded():
                return self._close(event)
            case _:
                assert_never(event)

    def _begin(self, part: Part) -> bytes:
        match part:
            case Text():
                self._open = _Open(part, self._number())
                report(part.native, self.losses, "parts")
                written = [self._delta({"citation": citation_members(found)}) for found in part.citations]
                self._open.wrote = bool(written)
                return b"".join((*written, self._more(part.text)))
            case Reasoning():
                self._open = _Open(part, self._number())
                report(part.native, self.losses, "parts")
                return self._more(part.text)
            case ToolCall() if not part.custom:
                self._open = _Open(part, self._number())
                report(part.native, self.losses, "parts")
                start = {
                    "toolUseId": part.id,
                    "name": part.name,
                    **spelling(part.native),
                    **own_members(part.native),
                }
                written = [self._start({"toolUse": start}), self._more(part.arguments)]
                return b"".join(written)
            case ToolCall() | ToolResult() | Media() | Foreign():
                self._open = _Open(part, -1)
                return b""
            case _:
                assert_never(part)

    def _more(self, text: str) -> bytes:
        """More of the open part."""
        held = self._open
        assert held is not None
        if not text:
            return b""
        if held.number < 0:
            held.pieces.append(text)
            return b""
        held.wrote = True
        if isinstance(held.part, Text):
            return self._delta({"text": text})
        if isinstance(held.part, Reasoning):
            return self._delta({"reasoningContent": {"text": text}})
        return self._delta({"toolUse": {"input": text}})

    def _close(self, event: PartEnded) -> bytes:
        held, whole = self._open, event.part
        assert held is not None
        written = b""
        if whole is not None and held.number < 0:
            held.part = whole
            held.pieces.clear()
        elif isinstance(whole, Text | Reasoning | ToolCall):
            if whole.opaque is not None and not isinstance(held.part, Foreign):
                held.part = replace(held.part, opaque=whole.opaque)
            if not held.wrote:
                written = self._more(whole.arguments if isinstance(whole, ToolCall) else whole.text)
        written += self._finished_part(held, held.part)
        self._open = None
        self._current = -1
        return written

    def _finished_part(self, held: _Open, part: Part) -> bytes:
        if held.number < 0:
            return self._whole(part, held.pieces)
        pieces: list[bytes] = []
        match part:
            case Text():
                if not held.wrote:
                    pieces.append(self._delta({"text": ""}))
            case Reasoning():
                pieces.append(self._signature(held, part))
            case _:
                pass
        pieces.append(self._stop())
        if isinstance(part, Text | ToolCall) and part.opaque is not None:
            pieces += [self._block(block) for block in self._side.state(part.opaque, "parts")]
        return b"".join(pieces)

    def _signature(self, held: _Open, part: Reasoning) -> bytes:
        opaque, reply = part.opaque, self._side.reply
        if opaque is None:
            return b"" if held.wrote else self._delta({"reasoningContent": {"text": ""}})
        if not held.wrote and is_hidden(part):
            return self._delta({"reasoningContent": {"redactedContent": redacted_for(opaque, reply)}})
        return self._delta({"reasoningContent": {"signature": signature_for(opaque, reply)}})

    def _whole(self, part: Part, pieces: list[str]) -> bytes:
        """The blocks of a part that could not be written piece by piece."""
        match part:
            case ToolCall():
                part = replace(part, arguments=part.arguments + "".join(pieces))
            case Media():
                part = replace(part, data=part.data + "".join(pieces))
            case _:
                pass
        return b"".join(self._block(block) for block in encode_part(part, "parts", self._side))

    def _block(self, block: Members) -> bytes:
        """A block of a whole answer as start, delta and stop."""
        key = next(iter(block))
        inner = block[key]
        inner = inner if isinstance(inner, dict) else {}
        self._number()
        start: Members
        delta: object
        match key:
            case "toolUse":
                value = inner.get("input", {})
                text = value if isinstance(value, str) else json_text(value)
                start, delta = without(inner, "input"), {"input": text}
            case "toolResult":
                start, delta = without(inner, "content"), inner.get("content", [])
            case "image" if isinstance(inner.get("source"), dict):
                start, delta = without(inner, "source"), {"source": inner["source"]}
            case "reasoningContent" if isinstance(inner.get("redactedContent"), str):
                return self._delta({key: inner}) + self._stop()
            case _:
                self._blocks -= 1
                self.losses.add(f"parts.{key}", words.STREAMED)
                return b""
        return b"".join((self._start({key: start}), self._delta({key: delta}), self._stop()))

    def _number(self) -> int:
        self._blocks += 1
        return self._blocks - 1

    def _start(self, start: Members) -> bytes:
        return _frame("contentBlockStart", {"contentBlockIndex": self._blocks - 1, "start": start})

    def _delta(self, delta: Members) -> bytes:
        return _frame("contentBlockDelta", {"contentBlockIndex": self._blocks - 1, "delta": delta})

    def _stop(self) -> bytes:
        return _frame("contentBlockStop", {"contentBlockIndex": self._blocks - 1})

    def _members(self, native: Native | None) -> Members:
        """Those of this format; others are lost, but for the provider's own usage object, which is told elsewhere."""
        if native is None:
            return {}
        if is_own(native):
            return native.members
        report(Native(native.format, without(native.members, "usage")), self.losses, "")
        return {}

    def _end(self, event: Ended) -> bytes:
        finish = self._finish
        left = {**self._left, **self._members(event.native)}
        own = self._own or is_own(event.native)
        stop: Members = {}
        about: Members
        if own:
            fields = left.pop("additionalModelResponseFields", None)
            if fields is not None:
                stop["additionalModelResponseFields"] = fields
            about = left
        else:
            about = rest_for_client(self._tier, "" if finish is None else finish.stop_sequence)
            if (fields := about.pop("additionalModelResponseFields", None)) is not None:
                stop["additionalModelResponseFields"] = fields
            about["metrics"] = {"latencyMs": 0}
        if self._usage is not None and "usage" not in about:
            about["usage"] = encode_usage(self._usage.usage)
        if finish is not None:
            reason = stop_reason(finish.finish, finish.finish_native, own=own)
            if reason:
                stop["stopReason"] = reason
        return _frame("messageStop", stop) + _frame("metadata", about)


def _frame(name: str, payload: Members) -> bytes:
    return encode_framed(_HEADERS[name], json_bytes(payload))
