"""An assistant's message: a turn of a conversation for a provider, or an answer for a client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, Native, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.codec import Members
from trunkline.wire.cohere_chat import losses as why
from trunkline.wire.cohere_chat.citations import put_left, write_citation
from trunkline.wire.cohere_chat.content import (
    CALL_KIND,
    PLAN,
    PLAN_SIGNATURE,
    SIGNATURE,
    write_text,
    write_thinking,
)
from trunkline.wire.cohere_chat.shapes import OWN, is_plain_text, put_nested, put_nulls, spelled, unsaid
from trunkline.wire.natives import put_back

Seal = Callable[[Opaque], str]
"""How opaque state is written for a client."""


def write_assistant(
    parts: Sequence[Part], native: Native | None, losses: Losses, path: str, seal: Seal | None = None
) -> Members:
    """A turn for a provider, or, with `seal`, an answer for a client, where `content` is always a list.

    Raises:
        Untranslatable: the turn holds what the format cannot express (of an answer, that is left out and reported).
    """
    draft = _Draft(losses, seal, any(isinstance(part, ToolCall) for part in parts))
    for i, part in enumerate(parts):
        draft.add(part, f"{path}.content[{i}]")
    message = draft.message(native)
    put_back(message, native, OWN, losses, path)
    put_nulls(message, native)
    return message


def write_call(part: ToolCall, losses: Losses, path: str) -> Members:
    """The entry of a tool call."""
    if part.custom:
        raise losses.refuse(path, why.NO_CUSTOM_TOOLS)
    function: Members = {"name": part.name}
    bare = spelled(part.native, "arguments")
    if part.arguments or not isinstance(bare, list):
        function["arguments"] = part.arguments or "{}"
    elif bare:
        function["arguments"] = bare[0]
    put_nested(function, part.native, "function")
    call: Members = {"id": part.id, "type": "function", "function": function}
    if unsaid(part.native, "type"):
        del call["type"]
    put_back(call, part.native, OWN, losses, path)
    put_nulls(call, part.native)
    return call


class _Draft:
    """A message under way."""

    def __init__(self, losses: Losses, seal: Seal | None, has_calls: bool) -> None:
        self._losses, self._seal, self._has_calls = losses, seal, has_calls
        self._content: list[object] = []
        self._calls: list[object] = []
        self._citations: list[object] = []
        self._plan: list[str] = []
        self._plan_state = ""

    def add(self, part: Part, path: str) -> None:
        match part:
            case Text():
                self._cite(part)
                self._block(write_text(part, self._losses, path), part.opaque, path)
            case Reasoning():
                self._reason(part, path)
            case ToolCall():
                self._call(part, path)
            case Foreign():
                if part.format is not OWN:
                    self._reject(path, why.FOREIGN)
                elif part.kind.startswith(CALL_KIND):
                    self._calls.append(part.data)
                else:
                    self._content.append(part.data)
            case Media() | ToolResult():
                self._reject(path, why.NOT_HERE)
            case _:
                assert_never(part)

    def message(self, native: Native | None) -> Members:
        message: Members = {"role": "assistant"}
        self._put_content(message, native)
        if self._plan:
            message["tool_plan"] = "\n\n".join(self._plan)
        elif spelled(native, "empty_plan") or self._plan_state:
            message["tool_plan"] = ""
        if self._plan_state:
            message[PLAN_SIGNATURE] = self._plan_state
        if self._calls or spelled(native, "no_calls"):
            message["tool_calls"] = self._calls
        left = spelled(native, "citations")
        if self._citations or left is not None:
            message["citations"] = put_left(self._citations, left)
        return message

    def _put_content(self, message: Members, native: Native | None) -> None:
        raw = spelled(native, "content")
        if self._content:
            only = self._content[0]
            wanted = not spelled(native, "list") if self._seal is None else isinstance(raw, str)
            as_string = wanted and len(self._content) == 1 and is_plain_text(only)
            message["content"] = only["text"] if as_string and isinstance(only, dict) else self._content
        elif raw is not None:
            message["content"] = raw
        elif not unsaid(native, "content") and not self._calls:
            # The SDK's users read `message.content[0].text`.
            message["content"] = "" if self._seal is None else [{"type": "text", "text": ""}]

    def _cite(self, part: Text) -> None:
        at = len(self._content)
        for citation in part.citations:
            written = write_citation(citation, part.text, at)
            if written is not None:
                self._citations.append(written)

    def _reason(self, part: Reasoning, path: str) -> None:
        place = spelled(part.native, "place")
        if self._seal is None:
            # Without a mark nobody knows whose it is. Beside calls it is what Cohere calls a plan: every model takes
            # that back, and needs it to go on; thinking of a turn that is over only some take, and none needs.
            nobodys = place is None and self._has_calls and not part.summary
            if part.opaque is not None or (place is None and not nobodys):
                self._losses.add(path, why.NO_REASONING)
                return
            place = PLAN if nobodys else place
        if place != PLAN:
            self._block(write_thinking(part, self._losses, path), part.opaque, path)
            return
        put_back({}, part.native, OWN, self._losses, path)
        if part.text:
            self._plan.append(part.text)
        if part.opaque is not None and self._seal is not None:
            self._plan_state = self._seal(part.opaque)

    def _call(self, part: ToolCall, path: str) -> None:
        if part.custom and self._seal is not None:
            self._losses.add(path, why.NO_CUSTOM_TOOLS)
            return
        call = write_call(part, self._losses, path)
        self._put_state(call, part.opaque, path)
        self._calls.append(call)

    def _block(self, block: Members, opaque: Opaque | None, path: str) -> None:
        if self._calls:
            self._losses.add(path, why.ORDER)
        self._put_state(block, opaque, path)
        self._content.append(block)

    def _put_state(self, block: Members, opaque: Opaque | None, path: str) -> None:
        if opaque is None:
            return
        if self._seal is None:
            self._losses.add(path, why.NO_STATE)
        else:
            block[SIGNATURE] = self._seal(opaque)

    def _reject(self, path: str, reason: str) -> None:
        if self._seal is None:
            raise self._losses.refuse(path, reason)
        self._losses.add(path, reason)
