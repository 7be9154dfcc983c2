"""Why the model stopped: `done_reason` is `stop` (also after tool calls), `length`, `load` or `unload`; older servers
leave it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, assert_never

from trunkline.ir.answer import Finish
from trunkline.ir.parts import Native, Part, ToolCall
from trunkline.wire.ollama.shapes import OWN, Spelled, spelled

_FINISHES: Final[Mapping[str, Finish]] = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "load": Finish.OTHER,
    "unload": Finish.OTHER,
}


def finish_of(word: str | None, parts: Iterable[Part], native: Native | None) -> tuple[Finish | None, Native | None]:
    """The reason in the representation's words, and `native`, in it a word that the table does not know, or none."""
    calls = any(isinstance(part, ToolCall) for part in parts)
    return read_finish(word, has_calls=calls, native=native)


def read_finish(word: str | None, *, has_calls: bool, native: Native | None) -> tuple[Finish | None, Native | None]:
    """The same, where it is known whether there were calls."""
    finish = None if word is None else _FINISHES.get(word, Finish.OTHER)
    if has_calls and finish in {Finish.STOP, None}:
        finish = Finish.TOOL_CALLS
    if word in _FINISHES:
        return finish, native
    spelling = {**native.spelling} if isinstance(native, Spelled) else {}
    spelling["done_reason"] = [] if word is None else [word]
    return finish, Spelled(OWN, native.members if native is not None else {}, spelling)


def write_finish(finish: Finish | None, own_word: str, native: Native | None) -> str | None:
    """The reason for a client; `None`: the provider, of this format, gave none."""
    said = spelled(native, "done_reason")
    if isinstance(said, list):
        return said[0] if said and isinstance(said[0], str) else None
    known = _FINISHES.get(own_word)
    if known is not None and (known is finish or (known is Finish.STOP and finish is Finish.TOOL_CALLS)):
        return own_word
    match finish:
        case Finish.LENGTH | Finish.CONTEXT:
            return "length"
        case (
            Finish.STOP
            | Finish.STOP_SEQUENCE
            | Finish.TOOL_CALLS
            | Finish.CONTENT_FILTER
            | Finish.REFUSAL
            | Finish.PAUSE
            | Finish.BAD_CALL
            | Finish.OTHER
            | None
        ):
            return "stop"
        case _:
            assert_never(finish)
