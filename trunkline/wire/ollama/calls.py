"""Tool calls: whole, with their arguments as an object; older servers and most clients give them no id.

A call without id gets one that its result's reader makes too: within a conversation by its number, since a result
belongs to the first open call (of its tool, where it names it); in an answer from all that is known of it, so that no
two answers share one.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import ToolCall
from trunkline.wire.codec import Members
from trunkline.wire.natives import put_back
from trunkline.wire.ollama import losses as why
from trunkline.wire.ollama.shapes import (
    BROKEN,
    OWN,
    Spelled,
    an_object,
    is_object,
    kept,
    needed_text,
    put_idle,
    spelled,
    text,
)

_CALL: Final = frozenset({"id", "type", "function"})
_FUNCTION: Final = frozenset({"index", "name", "arguments"})

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


class CallIds:
    """Gives ids to the calls and results of one conversation, in their order."""

    def __init__(self) -> None:
        self._count = 0
        self._used: set[str] = set()
        self._open: list[tuple[str, str]] = []
        """Id and tool of the calls whose result has not come."""

    def call(self, own_id: str, name: str) -> str:
        """The id of the next call."""
        call_id = own_id or self._new()
        self._used.add(call_id)
        self._open.append((call_id, name))
        return call_id

    def result(self, own_id: str, name: str) -> tuple[str, str]:
        """Id and tool of the call that the next result belongs to."""
        for i, (call_id, tool) in enumerate(self._open):
            if own_id == call_id or (not own_id and name in {"", tool}):
                del self._open[i]
                return call_id, tool
        return own_id or self._new(), name

    def _new(self) -> str:
        self._count += 1
        while (made := f"call_{self._count}") in self._used:
            self._count += 1
        return made


def made_id(place: int, name: str, arguments: str, when: str) -> str:
    """The id of a call that an answer gave none. `when`: the answer's time, in nanoseconds, as it wrote it."""
    said = "\n".join((when, str(place), name, arguments))
    return "call_" + sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def read_call(value: object, path: str, call_id: str = "") -> ToolCall:
    """A call. `call_id` is the one that it gets where it has none; empty: it is left for the caller to set.

    Raises:
        BadShape: it is none.
    """
    call = an_object(value, path)
    function = an_object(call.get("function"), f"{path}.function")
    name = needed_text(function, "name", f"{path}.function")
    if not name:
        raise BadShape(f"{path}.function.name", "is empty")
    own_id = text(call, "id", path)
    spelling: dict[str, object] = {}
    if not own_id:
        spelling["made_id"] = [own_id] if "id" in call else []
    if (kind := text(call, "type", path)) is not None:
        spelling["type"] = kind
    given = function.get("arguments")
    if isinstance(given, str):
        spelling["arguments"] = given
        arguments = given
    elif given is None:
        spelling["bare"] = [None] if "arguments" in function else []
        arguments = ""
    else:
        arguments = _arguments_text(an_object(given, f"{path}.function.arguments"), path)
    spelling["index"] = [function["index"]] if "index" in function else []
    rest = {member: held for member, held in function.items() if member not in _FUNCTION}
    native = kept(call, _CALL, spelling)
    if rest:
        native = Spelled(OWN, {**(native.members if native is not None else {}), "function": rest}, spelling)
    return ToolCall(id=own_id or call_id, name=name, arguments=arguments, native=native)


def write_call(part: ToolCall, index: int | None, losses: Losses, path: str) -> Members:
    """The entry of a call. `index`: its number, which answers say and requests need not."""
    native = part.native
    function: Members = {}
    said = spelled(native, "index")
    if isinstance(said, list):
        if said:
            function["index"] = said[0]
    elif index is not None:
        function["index"] = index
    function["name"] = part.name
    bare = spelled(native, "bare")
    if isinstance(bare, list) and not part.arguments:
        if bare:
            function["arguments"] = None
    elif spelled(native, "arguments") == part.arguments:
        function["arguments"] = part.arguments
    else:
        function["arguments"] = arguments_object(part.arguments, losses, path)
    rest = native.members.get("function") if native is not None and native.format is OWN else None
    if is_object(rest):
        function.update(rest)
    call: Members = {}
    made = spelled(native, "made_id")
    if not isinstance(made, list):
        call["id"] = part.id
    elif made:
        call["id"] = made[0]
    if (kind := spelled(native, "type")) is not None:
        call["type"] = kind
    call["function"] = function
    put_back(call, native, OWN, losses, path)
    put_idle(call, native)
    return call


def arguments_object(arguments: str, losses: Losses, path: str) -> Members:
    """The arguments as an object. A text that is none (a model's slip, kept by the client) must not stop for ever a
    conversation that holds it.
    """
    try:
        value = _decode(arguments) if arguments else {}
    except BROKEN:
        value = None
    if is_object(value):
        return value
    losses.add(path, why.NOT_AN_OBJECT)
    return {"arguments": arguments}


def _arguments_text(arguments: Members, path: str) -> str:
    try:
        return _encode(arguments).decode()
    except (*BROKEN, OverflowError) as error:
        raise BadShape(f"{path}.function.arguments", "cannot be written as JSON") from error
