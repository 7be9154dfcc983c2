"""Parts as content blocks for a client, and the places where a client carries what it cannot read.

Thinking has `signature` and `redacted_thinking.data`. State of a part that has no such place (Gemini's signature on a
text or a call) follows it in a `redacted_thinking` block of its own, which clients send back as they got it; it stands
behind its part because a stream may bring the state when the block has begun, and because clients read `content[0]`.
"""

from __future__ import annotations

from typing import Final, assert_never

from trunkline.ir.envelope import seal
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Citation, Foreign, Media, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.blocks_in import REDACTED, REDACTED_KINDS, SIGNATURE, UNSIGNED
from trunkline.wire.anthropic_messages.blocks_out import read_arguments
from trunkline.wire.anthropic_messages.shape import OWN, Kept, restore, under
from trunkline.wire.codec import Members, Reply

_OWN_KINDS: Final = frozenset({SIGNATURE, REDACTED})


def sealed(opaque: Opaque, reply: Reply) -> str:
    """The blob for a client: as it is where it is Anthropic's own and nobody knows more of it, else in an envelope."""
    provider, deployment = opaque.provider or reply.provider, opaque.deployment or reply.deployment
    if not provider and not deployment and opaque.kind in _OWN_KINDS:
        return opaque.data
    return seal(Opaque(opaque.kind, opaque.data, provider, deployment, opaque.id))


def unsigned(reply: Reply) -> str:
    """What stands in `signature` of thinking that has none: not empty, and known again when it comes back."""
    return seal(Opaque(UNSIGNED, "-", reply.provider, reply.deployment))


def carrier(opaque: Opaque, reply: Reply) -> Members:
    """A block that carries the state of the part before it."""
    return {"type": "redacted_thinking", "data": sealed(opaque, reply)}


def write_citation(citation: Citation) -> Members | None:
    """A citation; another provider's as one of the web search, with an empty `encrypted_index`."""
    native = citation.native
    if native is not None and native.format is OWN:
        return native.members
    if not citation.url:
        return None
    return {
        "type": "web_search_result_location",
        "url": citation.url,
        "title": citation.title or None,
        "cited_text": citation.cited,
        "encrypted_index": "",
    }


class AnswerWriter:
    """Writes the content of one answer."""

    __slots__ = ("losses", "own", "reply")

    def __init__(self, reply: Reply, losses: Losses, *, own: bool) -> None:
        self.reply = reply
        self.losses = losses
        self.own = own

    def blocks(self, parts: list[Part]) -> list[Members]:
        """The blocks of an answer, in the order of its parts."""
        written: list[Members] = []
        for place, part in enumerate(parts):
            path = f"content[{place}]"
            block = self.block(part, path)
            if block is not None:
                written.append(block)
            if isinstance(part, Text | ToolCall) and part.opaque is not None:
                written.append(self.state(part, part.opaque, written=block is not None))
        return written

    def state(self, part: Text | ToolCall, opaque: Opaque, *, written: bool) -> Members:
        """The block for a part's state. An empty text is no block, so its state stands for itself."""
        if written or isinstance(part, ToolCall):
            return carrier(opaque, self.reply)
        return {"type": "thinking", "thinking": "", "signature": sealed(opaque, self.reply)}

    def block(self, part: Part, path: str) -> Members | None:
        """One block; `None` where there is nothing to say, or no place for it (that is noted)."""
        match part:
            case Text():
                return self._text(part, path)
            case Reasoning():
                return self._reasoning(part, path)
            case ToolCall():
                return self._call(part, path)
            case Foreign():
                if part.format is OWN and isinstance(part.data, dict):
                    return part.data
                self.losses.add(path, why.FOREIGN_ANSWER)
                return None
            case Media():
                self.losses.add(path, why.ANSWER_MEDIA)
                return None
            case ToolResult():
                self.losses.add(path, why.ANSWER_RESULT)
                return None
            case _:
                assert_never(part)

    def citations(self, citations: list[Citation], path: str) -> list[Members]:
        """Those that can be written."""
        written = [one for citation in citations if (one := write_citation(citation)) is not None]
        if len(written) < len(citations):
            self.losses.add(under(path, "citations"), why.UNCITABLE)
        return written

    def _text(self, part: Text, path: str) -> Members | None:
        if not part.text and not part.citations and not self.own:
            return None
        block: Members = {"type": "text", "text": part.text}
        if part.citations and (citations := self.citations(part.citations, path)):
            block["citations"] = citations
        restore(block, part.native, self.losses, path)
        return block

    def _reasoning(self, part: Reasoning, path: str) -> Members | None:
        opaque = part.opaque
        if opaque is not None and opaque.kind in REDACTED_KINDS and not part.text:
            block: Members = {"type": "redacted_thinking", "data": sealed(opaque, self.reply)}
        elif opaque is not None:
            block = {"type": "thinking", "thinking": part.text, "signature": sealed(opaque, self.reply)}
        elif part.text or self.own:
            block = {"type": "thinking", "thinking": part.text}
            if self.reply.provider or not isinstance(part.native, Kept) or "signature" not in part.native.silent:
                block["signature"] = unsigned(self.reply)
        else:
            return None
        restore(block, part.native, self.losses, path)
        return block

    def _call(self, part: ToolCall, path: str) -> Members:
        arguments = {"input": part.arguments} if part.custom else read_arguments(part.arguments)
        if arguments is None:
            # An empty input would run the tool with the wrong arguments; this one fails where the tool checks it.
            self.losses.add(under(path, "input"), why.ARGUMENTS_WRAPPED)
            arguments = {"arguments": part.arguments}
        block: Members = {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}
        restore(block, part.native, self.losses, path)
        return block
