"""Parts as content blocks for a provider."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation, Foreign, Media, Message, Native, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.tool_ids import ANTHROPIC, map_id
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.blocks_in import REDACTED, SIGNATURE
from trunkline.wire.anthropic_messages.media import write_media
from trunkline.wire.anthropic_messages.shape import BROKEN_JSON, OWN, Kept, cache_control, restore, under
from trunkline.wire.codec import Members

_from_json: Final = msgspec.json.Decoder().decode


def spelled(blocks: list[Members], native: Native | None) -> str | list[Members]:
    """Content as it was spelled: a string where it was one and still is no more than that."""
    if isinstance(native, Kept) and native.as_text and len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return str(blocks[0]["text"])
    return blocks


def read_arguments(arguments: str) -> Members | None:
    """A call's arguments as an object; `None` where the text is not that of one."""
    if not arguments or arguments.isspace():
        return {}
    try:
        value = _from_json(arguments)
    except BROKEN_JSON:
        return None
    return value if isinstance(value, dict) else None


class BlockWriter:
    """Writes the content of one request. `own`: the request came in this format, so what it holds is its business."""

    __slots__ = ("losses", "own")

    def __init__(self, losses: Losses, *, own: bool) -> None:
        self.losses = losses
        self.own = own

    def message(self, message: Message, path: str) -> list[Members]:
        """The blocks of a message, in the order of its parts.

        Raises:
            Untranslatable: Anthropic has no place for one.
        """
        blocks: list[Members] = []
        assistant = message.role == "assistant"
        for place, part in enumerate(message.parts):
            at = f"{path}.content[{place}]"
            if assistant and isinstance(part, Media) and not self.own:
                raise self.losses.refuse(at, why.ASSISTANT_MEDIA)
            block = self._block(part, at)
            if block is not None:
                blocks.append(block)
        return blocks

    def _block(self, part: Part, path: str) -> Members | None:
        match part:
            case Text():
                return self.text(part, path)
            case Reasoning():
                return self._reasoning(part, path)
            case ToolCall():
                return self._call(part, path)
            case ToolResult():
                return self._result(part, path)
            case Media():
                return write_media(part, path, self.losses, own=self.own)
            case Foreign():
                return self._foreign(part, path)
            case _:
                assert_never(part)

    def text(self, part: Text, path: str) -> Members | None:
        """A `text` block; `None` for one without words, which Anthropic refuses."""
        # Else it holds only what we showed.
        ours = self.own and (not part.citations or all(one.native is not None for one in part.citations))
        if not ours and (not part.text or part.text.isspace()):
            if part.cache is not None:
                self.losses.add(under(path, "cache_control"), why.CACHE_ON_EMPTY)
            return None
        block: Members = {"type": "text", "text": part.text}
        if part.citations:
            self._cite(block, part.citations, path)
        if part.opaque is not None:
            self.losses.add(under(path, "opaque"), why.FOREIGN_STATE)
        if part.cache is not None:
            block["cache_control"] = cache_control(part.cache)
        restore(block, part.native, self.losses, path)
        return block

    def _cite(self, block: Members, citations: list[Citation], path: str) -> None:
        natives = [one.native.members for one in citations if one.native is not None and one.native.format is OWN]
        if natives:
            block["citations"] = natives
        if len(natives) < len(citations):
            self.losses.add(under(path, "citations"), why.FOREIGN_CITATION)

    def _reasoning(self, part: Reasoning, path: str) -> Members | None:
        if part.opaque is None:
            if part.text or not self.own:
                self.losses.add(path, why.UNSIGNED_REASONING)
            return None
        if part.opaque.kind == SIGNATURE:
            block: Members = {"type": "thinking", "thinking": part.text, "signature": part.opaque.data}
        elif part.opaque.kind == REDACTED:
            block = {"type": "redacted_thinking", "data": part.opaque.data}
        else:
            self.losses.add(path, why.FOREIGN_REASONING)
            return None
        restore(block, part.native, self.losses, path)
        return block

    def _call(self, part: ToolCall, path: str) -> Members:
        if part.custom:
            self.losses.add(under(path, "arguments"), why.CUSTOM_CALL)
            arguments: Members | None = {"input": part.arguments}
        else:
            arguments = read_arguments(part.arguments)
        if arguments is None:
            raise self.losses.refuse(under(path, "arguments"), why.BAD_ARGUMENTS)
        block: Members = {"type": "tool_use", "id": map_id(part.id, ANTHROPIC), "name": part.name, "input": arguments}
        if part.opaque is not None:
            self.losses.add(under(path, "opaque"), why.FOREIGN_STATE)
        if part.cache is not None:
            block["cache_control"] = cache_control(part.cache)
        restore(block, part.native, self.losses, path)
        return block

    def _result(self, part: ToolResult, path: str) -> Members:
        block: Members = {"type": "tool_result", "tool_use_id": map_id(part.call_id, ANTHROPIC)}
        inner: list[Members] = []
        for place, piece in enumerate(part.content):
            written = self._block(piece, f"{path}.content[{place}]")
            if written is not None:
                inner.append(written)
        if inner:
            block["content"] = spelled(inner, part.native)
        if part.is_error:
            block["is_error"] = True
            if not inner and not self.own:
                block["content"] = "error"  # else 400 "content cannot be empty if `is_error` is true"
        if part.opaque is not None:
            self.losses.add(under(path, "opaque"), why.FOREIGN_STATE)
        if part.cache is not None:
            block["cache_control"] = cache_control(part.cache)
        restore(block, part.native, self.losses, path)
        return block

    def _foreign(self, part: Foreign, path: str) -> Members:
        if part.format is OWN and isinstance(part.data, dict):
            return part.data
        raise self.losses.refuse(path, why.FOREIGN_CONTENT)
