"""One content block of a stream for a client, from its start to its end."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from trunkline.ir.events import PartStarted
from trunkline.ir.parts import Citation, Foreign, Media, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.blocks_in import REDACTED_KINDS
from trunkline.wire.anthropic_messages.blocks_out import read_arguments
from trunkline.wire.anthropic_messages.for_client import AnswerWriter, carrier, sealed, unsigned
from trunkline.wire.anthropic_messages.shape import restore
from trunkline.wire.codec import Members

_COMPACTION: Final = ("content", "encrypted_content")
_encode: Final = msgspec.json.Encoder().encode


def frame(name: str, value: Members) -> bytes:
    """An event with its `event:` line."""
    return b"event: %b\ndata: %b\n\n" % (name.encode("ascii"), to_json(value))


def to_json(value: object) -> bytes:
    """JSON; text that cannot be UTF-8 (half a surrogate pair) is made so."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        if isinstance(value, str):
            return _encode(value.encode("utf-8", "replace").decode())
        raise


class Block:
    """Writes one part as a block. Texts and thinking begin with their first words: an empty block is refused when it
    comes back. Own texts begin at once, for they are as they were.
    """

    __slots__ = ("_begun", "_cited", "_delta", "_part", "_sent", "_writer", "index", "is_call", "opaque")

    def __init__(self, start: PartStarted, index: int, writer: AnswerWriter) -> None:
        self._part: Part = start.part
        self._writer = writer
        self._begun = False
        self._sent: list[str] = []
        self._cited = 0
        self._delta = b""
        self.index = index
        """Of the block; after `end`, of the next one."""
        self.is_call = isinstance(start.part, ToolCall)
        self.opaque: Opaque | None = None if isinstance(start.part, Foreign) else start.part.opaque

    def start(self) -> bytes:
        """The block's start, with what the part has in it already."""
        part = self._part
        match part:
            case Text():
                written = self._begin() if self._writer.own or part.text or part.citations else b""
                return written + self.text(part.text) + self.cite(part.citations)
            case Reasoning():
                return self._begin() + self.text(part.text) if part.text else b""
            case ToolCall():
                if part.custom:
                    return self.text(part.arguments)  # kept: the argument is an object around the whole text
                return self._begin() + self.text(part.arguments)
            case Foreign() | Media() | ToolResult():
                return self._whole(part)
            case _:
                assert_never(part)

    def _whole(self, part: Foreign | Media | ToolResult) -> bytes:
        """A whole block; a server tool's input and a compaction come in one delta, as the provider sends them."""
        block = self._writer.block(part, f"content[{self.index}]")
        if block is None:
            return b""
        value = block.get("input")
        if str(block.get("type")).endswith("tool_use") and isinstance(value, dict) and value:
            begun = self._block_start({**block, "input": {}})
            self._delta = self._delta_start("input_json_delta", "partial_json")
            return begun + self._delta_event(to_json(value).decode())
        if block.get("type") == "compaction" and block.get("content") is not None:
            delta: Members = {"type": "compaction_delta"}
            delta.update((name, block[name]) for name in _COMPACTION if name in block)
            begun = self._block_start({**{n: v for n, v in block.items() if n not in _COMPACTION}, "content": None})
            return begun + self._event({"type": "content_block_delta", "index": self.index, "delta": delta})
        return self._block_start(block)

    def text(self, text: str) -> bytes:
        """More words of the part."""
        if not text:
            return b""
        self._sent.append(text)
        if not self._begun:
            if isinstance(self._part, ToolCall | Foreign | Media | ToolResult):
                return b""
            return self._begin() + self._delta_event(text)
        return self._delta_event(text)

    def cite(self, citations: list[Citation]) -> bytes:
        """More citations of the part."""
        self._cited += len(citations)
        written = b"" if self._begun or not citations else self._begin()
        for one in self._writer.citations(citations, f"content[{self.index}]"):
            delta = {"type": "citations_delta", "citation": one}
            written += self._event({"type": "content_block_delta", "index": self.index, "delta": delta})
        return written

    def end(self, whole: Part | None) -> bytes:
        """The block's end, after what the provider's repetition of the part has more than came in deltas."""
        written = b"" if whole is None else self._complete(whole)
        part = self._part
        if isinstance(part, Reasoning):
            return written + self._end_reasoning(part)
        if isinstance(part, ToolCall):
            written += self._end_call(part)
        if self._begun:
            written += self._stop()
        if self.opaque is not None and isinstance(part, Text | ToolCall):
            state = self._writer.state(part, self.opaque, written=bool(written))
            written += self._block_start(state) + self._stop()
        return written

    def _complete(self, whole: Part) -> bytes:
        sent = "".join(self._sent)
        written = b""
        if self._begun and isinstance(whole, Text | Reasoning | ToolCall) and whole.native is not None:
            before = self._part.native.members if isinstance(self._part, type(whole)) and self._part.native else {}
            for name in whole.native.members.keys() - before.keys():
                self._writer.losses.add(f"content[{self.index}].{name}", why.LATE_MEMBER)
        match whole:
            case Text():
                written = self._rest(sent, whole.text) + self.cite(whole.citations[self._cited :])
            case Reasoning():
                written = self._rest(sent, whole.text)
            case ToolCall():
                written = self._rest(sent, whole.arguments)
            case Foreign() | Media() | ToolResult():
                return b""
            case _:
                assert_never(whole)
        self.opaque = whole.opaque if whole.opaque is not None else self.opaque
        return written

    def _rest(self, sent: str, whole: str) -> bytes:
        return self.text(whole[len(sent) :]) if len(whole) > len(sent) and whole.startswith(sent) else b""

    def _end_reasoning(self, part: Reasoning) -> bytes:
        opaque, reply = self.opaque, self._writer.reply
        if not self._begun:
            if opaque is None:
                return b""
            if opaque.kind in REDACTED_KINDS:
                block = carrier(opaque, reply)
                restore(block, part.native, self._writer.losses, f"content[{self.index}]")
                return self._block_start(block) + self._stop()
        begun = b"" if self._begun else self._begin()
        signature = sealed(opaque, reply) if opaque is not None else unsigned(reply)
        delta = {"type": "signature_delta", "signature": signature}
        return begun + self._event({"type": "content_block_delta", "index": self.index, "delta": delta}) + self._stop()

    def _end_call(self, part: ToolCall) -> bytes:
        """A call without arguments gets `{}`: clients parse what the deltas add up to."""
        if part.custom:
            begun = self._begin()
            return begun + self._delta_event(to_json({"input": "".join(self._sent)}).decode())
        arguments = "".join(self._sent)
        if not arguments:
            return self._delta_event("{}")
        if read_arguments(arguments) is None:
            self._writer.losses.add(f"content[{self.index}].input", why.BROKEN_ARGUMENTS)
        return b""

    def _begin(self) -> bytes:
        part, path = self._part, f"content[{self.index}]"
        block: Members
        match part:
            case Text():
                block = {"type": "text", "text": ""}
                kind, name = "text_delta", "text"
            case Reasoning():
                block = {"type": "thinking", "thinking": "", "signature": ""}
                kind, name = "thinking_delta", "thinking"
            case ToolCall():
                block = {"type": "tool_use", "id": part.id, "name": part.name, "input": {}}
                kind, name = "input_json_delta", "partial_json"
            case Foreign() | Media() | ToolResult():
                raise AssertionError("such a part is written whole")
            case _:
                assert_never(part)
        restore(block, part.native, self._writer.losses, path)
        self._delta = self._delta_start(kind, name)
        return self._block_start(block)

    def _block_start(self, block: Members) -> bytes:
        self._begun = True
        return frame(
            "content_block_start", {"type": "content_block_start", "index": self.index, "content_block": block}
        )

    def _delta_start(self, kind: str, name: str) -> bytes:
        return (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":'
            % (self.index, kind.encode("ascii"), name.encode("ascii"))
        )

    def _delta_event(self, text: str) -> bytes:
        return self._delta + to_json(text) + b"}}\n\n"

    def _event(self, value: Members) -> bytes:
        return frame("content_block_delta", value)

    def _stop(self) -> bytes:
        written = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n' % self.index
        self.index += 1
        self._begun = False
        return written
