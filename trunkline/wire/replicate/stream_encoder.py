"""Streams for a client: server-sent events `output`, `error`, `done`, each with an id as Replicate gives them."""

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
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Reply
from trunkline.wire.natives import put_back
from trunkline.wire.replicate import losses as why
from trunkline.wire.replicate.answer import note_text
from trunkline.wire.replicate.shapes import OWN

_encode: Final = msgspec.json.Encoder().encode


class ReplicateStreamEncoder:
    """Writes one stream."""

    def __init__(self, reply: Reply) -> None:
        self.losses = Losses()
        self._created = reply.created
        self._count = 0
        self._sent: dict[int, int] = {}
        """Characters written of each text that is open."""

    def encode(self, event: Event) -> bytes:
        """The bytes of one event."""
        match event:
            case TextDelta():
                return self._output(event.index, event.text)
            case PartStarted():
                return self._start_part(event)
            case PartEnded():
                sent = self._sent.get(event.index, 0)
                out = self._output(event.index, event.part.text[sent:]) if isinstance(event.part, Text) else b""
                self._sent.pop(event.index, None)
                return out
            case OpaqueDelta():
                self.losses.add(f"output[{event.index}]", why.NO_STATE)
            case CitationDelta():
                self.losses.add(f"output[{event.index}].citations", why.NO_CITATIONS)
            case Started() | Ended():
                put_back({}, event.native, OWN, self.losses)
                return self._event("done", "{}") if isinstance(event, Ended) else b""
            case Failed():
                return self._event("error", _encode({"detail": event.failure.message}).decode())
            case Finished() | UsageSeen():
                pass
            case Ping():
                return b": hi\n\n"
            case _:
                assert_never(event)
        return b""

    def _start_part(self, event: PartStarted) -> bytes:
        part, path = event.part, f"output[{event.index}]"
        if event.choice != 0:
            self.losses.add("choices[1]", why.OTHER_ANSWERS)
            return b""
        match part:
            case Text():
                note_text(part, self.losses, path)
                self._sent[event.index] = 0
                return self._output(event.index, part.text)
            case Foreign():
                if part.format is OWN:
                    return self._event("output", _encode(part.data).decode())
                self.losses.add(path, why.FOREIGN)
            case Reasoning():
                self.losses.add(path, why.NO_REASONING_SHOWN)
            case ToolCall() | ToolResult():
                self.losses.add(path, why.NO_CALLS_SHOWN)
            case Media():
                self.losses.add(path, why.NO_MEDIA)
            case _:
                assert_never(part)
        return b""

    def _output(self, index: int, words: str) -> bytes:
        if not words or index not in self._sent:
            return b""
        self._sent[index] += len(words)
        return self._event("output", words)

    def _event(self, name: str, words: str) -> bytes:
        own_id, self._count = f"{self._created}:{self._count}", self._count + 1
        # A carriage return would end the line, as a line feed does.
        data = words.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\ndata: ")
        return f"event: {name}\nid: {own_id}\ndata: {data}\n\n".encode("utf-8", "replace")
