"""Output items for a client: ids where the answer has none, opaque state in envelopes."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from trunkline.ir.envelope import seal
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Opaque, Reasoning, Text, ToolCall
from trunkline.wire.codec import Members, Reply
from trunkline.wire.openai_responses import losses as reasons
from trunkline.wire.openai_responses.content import CONTENT
from trunkline.wire.openai_responses.ids import CUSTOM_CALL, FUNCTION_CALL, IMAGE, MESSAGE, REASONING, minted
from trunkline.wire.openai_responses.items import (
    BEHIND,
    ENCRYPTED,
    item_members,
    starts_item,
    write_call,
    write_image,
    write_reasoning,
)
from trunkline.wire.openai_responses.namespaces import NAMESPACE, Inner, inner_tools
from trunkline.wire.openai_responses.shape import OWN, own, restore

COMPLETED: Final = "completed"


class Factory:
    """Makes the items of one answer. `response`: the answer's id, which the ids of its items say again."""

    __slots__ = ("_inner", "_losses", "_reply", "response")

    def __init__(self, reply: Reply, losses: Losses) -> None:
        self.response = ""
        self._inner: dict[str, Inner] | None = None
        self._reply = reply
        self._losses = losses

    def message(self, place: int, first: Text) -> Members:
        """The message around texts, without its content."""
        if starts_item(first):
            return item_members(first)
        return {"id": self._id(MESSAGE, place), "type": "message", "status": COMPLETED, "role": "assistant"}

    def call(self, place: int, part: ToolCall, path: str) -> Members:
        """A call of a client's tool."""
        item = write_call(part, part.id)
        restore(item, part.native, self._losses, path)
        if own(part.native) is None:
            if self._inner is None:
                self._inner = inner_tools(self._reply.request.tools)
            if inner := self._inner.get(part.name):
                item["name"], item[NAMESPACE] = inner.name, inner.namespace
            item["id"] = self._id(CUSTOM_CALL if part.custom else FUNCTION_CALL, place)
            item["status"] = COMPLETED
        return item

    def reasoning(self, place: int, part: Reasoning, path: str) -> Members:
        """A reasoning item, with its state."""
        item = write_reasoning(part)
        opaque = part.opaque
        if own(part.native) is None:
            restore(item, part.native, self._losses, path)
            item["id"] = (opaque.id if opaque is not None else "") or self._id(REASONING, place)
        elif opaque is not None and opaque.id:
            item["id"] = opaque.id
        if opaque is not None:
            item["encrypted_content"] = self.sealed(opaque)
        return item

    def carrier(self, place: int, opaque: Opaque) -> Members:
        """A reasoning item without text, for state that came on the part before it."""
        return {
            "id": self._id(REASONING, place),
            "type": "reasoning",
            "summary": [],
            "encrypted_content": self.sealed(replace(opaque, id=BEHIND)),
        }

    def image(self, place: int, part: Media, path: str) -> list[Members]:
        """An image that the model made; nothing for other media."""
        if part.kind is not MediaKind.IMAGE or not part.data:
            self._losses.add(path, reasons.NO_MEDIA)
            return []
        item = write_image(part)
        restore(item, part.native, self._losses, path)
        if own(part.native) is None:
            item["id"] = self._id(IMAGE, place)
            item["status"] = COMPLETED
        return [item]

    def foreign(self, part: Foreign, path: str) -> list[object]:
        """An item that only this format has; nothing for what only another has."""
        if part.format is OWN and not part.kind.startswith(CONTENT):
            return [part.data]
        self._losses.add(path, reasons.FOREIGN)
        return []

    def sealed(self, opaque: Opaque) -> str:
        """The text of `encrypted_content`: an envelope where it is known, or matters, who made the state."""
        provider, deployment = opaque.provider, opaque.deployment
        if not provider:
            provider, deployment = self._reply.provider, self._reply.deployment
        if not provider and opaque.kind == ENCRYPTED and opaque.id != BEHIND:
            return opaque.data
        return seal(replace(opaque, provider=provider, deployment=deployment))

    def _id(self, prefix: str, place: int) -> str:
        return minted(prefix, self.response, place)
