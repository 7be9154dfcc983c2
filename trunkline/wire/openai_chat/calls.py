"""Tool calls, and the signatures that Gemini's compatible face and LiteLLM hang on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Opaque, ToolCall
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.reasoning import GEMINI, opened
from trunkline.wire.openai_chat.spelling import (
    Json,
    Spelt,
    as_object,
    as_text,
    cache_control,
    is_marked,
    is_own,
    marks_of,
    read_cache,
    restore,
    spelt,
    under,
)

LEGACY: Final = "function_call"
"""Mark of a call that stood in the member `function_call` (before tools, 2023)."""
_UNTYPED: Final = "untyped"
_NO_ID: Final = "without id"
_PARSED: Final = "arguments as an object"
_NO_ARGUMENTS: Final = "no arguments"

SIGNED: Final = "signed:"
"""Mark, with the path of a signature behind it."""
_GOOGLE: Final = "extra_content.google.thought_signature"
_PLACES: Final = (_GOOGLE, "thought_signature", "provider_specific_fields.thought_signature")
"""Where hosts put Gemini's signature: the compatible face the first two (recorded), LiteLLM the third."""
SIGNATURE_MEMBERS: Final = frozenset(place.partition(".")[0] for place in _PLACES)
"""Members that may hold one."""

_KNOWN: Final = frozenset({"id", "type", "function", "custom", "index"})
_NAME: Final = frozenset({"name"})
_FUNCTION: Final = frozenset({"name", "arguments"})
_CUSTOM: Final = frozenset({"name", "input"})
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


def take_signature(members: Json) -> tuple[Opaque | None, Json, list[str]]:
    """Gemini's signature among the members, what is left of those that held it, and marks for its places."""
    if not SIGNATURE_MEMBERS & members.keys():
        return None, {}, []
    found: Opaque | None = None
    left: Json = {}
    marks: list[str] = []
    for place in _PLACES:
        first, *rest = place.split(".")
        holder = members.get(first)
        value, remains = _dig(holder, rest)
        opaque = opened(value, GEMINI)
        if opaque is not None and (found is None or found.data == opaque.data):
            found = opaque
            marks.append(SIGNED + place)
            if rest:
                left[first] = remains
        elif first in members and not (isinstance(value, str) and opaque is None):
            left[first] = holder
    return found, left, marks


def _dig(holder: object, steps: list[str]) -> tuple[object, object]:
    """The value at the end of `steps`, and `holder` without it."""
    if not steps:
        return holder, None
    if not isinstance(holder, dict):
        return None, holder
    value, remains = _dig(holder.get(steps[0]), steps[1:])
    rest = {name: inner for name, inner in holder.items() if name != steps[0]}
    if len(steps) > 1 and remains is not None:
        rest[steps[0]] = remains
    return value, rest


def put_signature(members: Json, data: str, marks: Iterable[str]) -> None:
    """Write a signature where the marks say; without any, where Google's compatible face has it."""
    places = [mark[len(SIGNED) :] for mark in marks if mark.startswith(SIGNED)] or [_GOOGLE]
    for place in places:
        *outer, last = place.split(".")
        holder = members
        for step in outer:
            inner = holder.get(step)
            fresh: Json = dict(inner) if isinstance(inner, dict) else {}
            holder[step] = fresh
            holder = fresh
        holder[last] = data


def read_call(value: object, path: str, made_id: str) -> ToolCall:
    """An entry of `tool_calls`; `made_id` is for a call without one (Gemini's compatible face, recorded).

    Raises:
        BadShape: it has neither a function nor a custom tool.
    """
    call = as_object(value, path)
    inner = call.get("function")
    marks: list[str] = []
    if isinstance(inner, dict):
        kind, arguments = "function", inner.get("arguments")
    elif isinstance(inner := call.get("custom"), dict):
        kind, arguments = "custom", inner.get("input")
    else:
        raise BadShape(f"{path}.function", "must be an object with `name` and `arguments`")
    name = as_text(inner.get("name"), f"{path}.{kind}.name")
    if not name:
        raise BadShape(f"{path}.{kind}.name", "must not be empty")
    quiet: Json = {"index": call["index"]} if "index" in call else {}
    own_id = call.get("id")
    if not isinstance(own_id, str) or not own_id:
        if "id" in call:
            quiet["id"] = own_id
        else:
            marks.append(_NO_ID)
        own_id = made_id
    if call.get("type") != kind:
        marks.append(_UNTYPED)
        if "type" in call:
            quiet["type"] = call["type"]
    text = _arguments(arguments, f"{path}.{kind}", marks)
    opaque, left, places = take_signature(call)
    cache, spelling = read_cache(call)
    native = spelt(call, _KNOWN | SIGNATURE_MEMBERS | set(spelling), quiet, (*marks, *places, *spelling))
    native.quiet.update(left)
    details = spelt(inner, _FUNCTION if kind == "function" else _CUSTOM)
    native.members.update(under(kind, details.members))
    native.quiet.update(under(kind, details.quiet))
    return ToolCall(
        id=own_id, name=name, arguments=text, custom=kind == "custom", cache=cache, opaque=opaque, native=native
    )


def _arguments(value: object, path: str, marks: list[str]) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        marks.append(_NO_ARGUMENTS)
        return ""
    if isinstance(value, dict):
        marks.append(_PARSED)
        return _encode(value).decode()
    raise BadShape(f"{path}.arguments", "must be a string that holds JSON")


def read_legacy_call(value: Json, made_id: str) -> ToolCall | None:
    """The member `function_call`; `None` where it is empty (Snowflake sends it always)."""
    name, arguments = value.get("name"), value.get("arguments")
    if not isinstance(name, str) or not name:
        return None
    text = arguments if isinstance(arguments, str) else ""
    marks = (LEGACY,) if isinstance(arguments, str) else (LEGACY, _NO_ARGUMENTS)
    native = spelt(value, _FUNCTION if isinstance(arguments, str) else _NAME, marks=marks)
    return ToolCall(id=made_id, name=name, arguments=text, native=native)


def is_legacy(call: ToolCall) -> bool:
    """The call stood in `function_call`."""
    return is_marked(call.native, LEGACY)


def write_legacy_call(call: ToolCall) -> Json:
    """The member `function_call`."""
    members: Json = {"name": call.name}
    if call.arguments or not is_marked(call.native, _NO_ARGUMENTS):
        members["arguments"] = call.arguments
    restore(members, call.native, Losses())
    return members


def write_call(call: ToolCall, losses: Losses, path: str) -> Json:
    """An entry of `tool_calls`, without opaque state and cache hint."""
    kind, field = ("custom", "input") if call.custom else ("function", "arguments")
    native = call.native
    if not is_own(native):
        inner: Json = {"name": call.name, field: call.arguments or ("" if call.custom else "{}")}
        members: Json = {"id": call.id, "type": kind, kind: inner}
        restore(members, native, losses, path)
        return members
    inner = {"name": call.name}
    if is_marked(native, _PARSED):
        inner[field] = _parsed(call.arguments)
    elif not is_marked(native, _NO_ARGUMENTS) or call.arguments:
        inner[field] = call.arguments
    members = {kind: inner}
    quiet = native.quiet if isinstance(native, Spelt) else {}
    if "id" not in quiet and not is_marked(native, _NO_ID):
        members["id"] = call.id
    if not is_marked(native, _UNTYPED):
        members["type"] = kind
    restore(members, native, losses, path)
    return members


def _parsed(text: str) -> object:
    try:
        value: object = _decode(text or "{}")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return text
    return value


def write_hints(members: Json, call: ToolCall, losses: Losses, path: str, dialect: str) -> None:
    """Opaque state and cache hint of a call, for a provider: where it was read so, or the host is Google's."""
    native = call.native
    marks = marks_of(native)
    if call.opaque is not None:
        signed = any(mark.startswith(SIGNED) for mark in marks)
        if call.opaque.kind == GEMINI and (signed or dialect == "gemini"):
            put_signature(members, call.opaque.data, marks)
        else:
            losses.add(path, why.OPAQUE)
    if call.cache is not None:
        if "cache_control" in marks:
            members["cache_control"] = cache_control(call.cache)
        else:
            losses.add(f"{path}.cache_control", why.CACHE)
