"""Calls of free-text tools (OpenAI `custom`) that the model made as calls of a function.

Models reached in formats without such tools are given a function with one string, `input` (`profiles.tools`): its calls
go back to the client as the free text that it asked for.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

import msgspec
from msgspec.structs import replace

from trunkline.ir.answer import Answer, Choice
from trunkline.ir.events import Event, PartEnded, PartStarted, TextDelta
from trunkline.ir.parts import Part, ToolCall
from trunkline.ir.request import Request
from trunkline.wire.codec import StreamEncoder

INPUT: Final = "input"
"""The one argument of the function."""

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode


def as_arguments(text: str) -> str:
    """Free text as the arguments of the function."""
    return _encode({INPUT: text}).decode()


def as_text(arguments: str) -> str:
    """The free text in the arguments of the function; what a model wrote otherwise counts as the text itself."""
    try:
        value: object = _decode(arguments)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return arguments
    text = value.get(INPUT) if isinstance(value, dict) else None
    return text if isinstance(text, str) else arguments


def free_text_names(request: Request) -> frozenset[str]:
    """The request's tools that take free text."""
    return frozenset(tool.name for tool in request.tools if tool.custom)


def freed(answer: Answer, names: AbstractSet[str]) -> Answer:
    """The answer, with calls of these tools as free text."""
    if not names:
        return answer
    return replace(answer, choices=[_freed_choice(choice, names) for choice in answer.choices])


def _freed_choice(choice: Choice, names: AbstractSet[str]) -> Choice:
    return replace(choice, parts=[_freed_part(part, names) for part in choice.parts])


def _freed_part(part: Part, names: AbstractSet[str]) -> Part:
    if isinstance(part, ToolCall) and not part.custom and part.name in names:
        return replace(part, custom=True, arguments=as_text(part.arguments))
    return part


class FreeingEncoder:
    """The same for a stream: the text of such a call goes out when its arguments are whole."""

    __slots__ = ("_encoder", "_held", "_names", "losses")

    def __init__(self, encoder: StreamEncoder, names: AbstractSet[str]) -> None:
        self._encoder = encoder
        self._names = names
        self._held: dict[int, list[str]] = {}
        self.losses = encoder.losses

    def encode(self, event: Event) -> bytes:
        """The bytes of one event; may be empty."""
        encode = self._encoder.encode
        match event:
            case PartStarted(part=ToolCall(custom=False) as call) if call.name in self._names:
                self._held[event.index] = [call.arguments]
                return encode(replace(event, part=replace(call, custom=True, arguments="")))
            case TextDelta() if event.index in self._held:
                self._held[event.index].append(event.text)
                return b""
            case PartEnded() if event.index in self._held:
                arguments, part = "".join(self._held.pop(event.index)), event.part
                if isinstance(part, ToolCall):
                    arguments = part.arguments or arguments
                text = as_text(arguments)
                if isinstance(part, ToolCall):
                    event = PartEnded(event.index, replace(part, custom=True, arguments=text))
                said = encode(TextDelta(event.index, text)) if text else b""
                return said + encode(event)
            case _:
                return encode(event)


def freeing(encoder: StreamEncoder, names: AbstractSet[str]) -> StreamEncoder:
    """An encoder for a client with such tools."""
    return FreeingEncoder(encoder, names) if names else encoder
