"""The messages of a request, read."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, Literal

from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Foreign, Media, Message, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.wire.openai_chat.assistant import CACHE_HERE, read_assistant
from trunkline.wire.openai_chat.calls import is_legacy
from trunkline.wire.openai_chat.content import read_parts
from trunkline.wire.openai_chat.spelling import OWN, Json, Spelt, as_object, as_text, read_cache, spelt

FUNCTION: Final = "function"
"""Mark of a result in a message of the older role `function`."""
NO_ID: Final = "without id"
"""Mark of a result that does not say whose it is; results come in the order of their calls."""

_KNOWN: Final = frozenset({"role", "content", "name"})
_RESULT: Final = frozenset({"role", "content", "name", "tool_call_id"})
_AS_USUAL: Final = Spelt(OWN, {})
"""Of a message that is a role and a string; shared, for nothing changes what it did not make."""
_ROLES: Final[dict[str, Literal["system", "developer", "user"]]] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
}


class _Pending:
    """Ids made for calls without one; their results come in the same order."""

    __slots__ = ("legacy", "nameless")

    def __init__(self) -> None:
        self.legacy: deque[str] = deque()
        self.nameless: deque[str] = deque()


def read_messages(entries: Sequence[object]) -> list[Message]:
    """The conversation; results of tools that follow one another are one message of the user.

    Raises:
        BadShape: a message that does not have the format's shape; says which and where.
    """
    messages: list[Message] = []
    pending: _Pending | None = None
    after_result = False
    for place, entry in enumerate(entries):
        if isinstance(entry, dict) and len(entry) == 2:
            said, content = entry.get("role"), entry.get("content")
            if isinstance(said, str) and isinstance(content, str) and (known := _ROLES.get(said)) is not None:
                messages.append(Message(role=known, parts=[Text(text=content, citations=[])], native=_AS_USUAL))
                after_result = False
                continue
        if pending is None:
            pending = _Pending()
        path = f"messages[{place}]"
        members = as_object(entry, path)
        role = as_text(members.get("role"), f"{path}.role")
        if role in ("tool", "function"):
            result = _read_result(members, path, pending, legacy=role == "function")
            if after_result:
                messages[-1].parts.append(result)
            else:
                messages.append(Message(role="user", parts=[result]))
            after_result = True
            continue
        after_result = False
        if role == "assistant":
            messages.append(_read_assistant(members, path, place, pending))
        elif role in _ROLES:
            messages.append(_read_said(members, path, _ROLES[role]))
        else:
            raise BadShape(
                f"{path}.role", f"must be `system`, `developer`, `user`, `assistant` or `tool`, not `{role[:40]}`"
            )
    return messages


def _read_assistant(members: Json, path: str, place: int, pending: _Pending) -> Message:
    made_id = f"call_{place}"
    spoken = read_assistant(members, path, made_id, history=True)
    for part in spoken.parts:
        if isinstance(part, ToolCall):
            if is_legacy(part):
                pending.legacy.append(part.id)
            elif part.id.startswith(made_id):
                pending.nameless.append(part.id)
    return Message(role="assistant", parts=spoken.parts, name=spoken.name, native=spoken.native)


def _read_said(members: Json, path: str, role: Literal["system", "developer", "user"]) -> Message:
    content = members.get("content")
    quiet: Json = {}
    parts: list[Part] = []
    if isinstance(content, str):
        parts.append(Text(text=content))
    elif isinstance(content, list):
        parts += read_parts(content, f"{path}.content")
        if not content:
            quiet["content"] = content
    elif content is not None:
        raise BadShape(f"{path}.content", "must be a string or an array of parts")
    cache, marks = read_cache(members)
    last = parts[-1] if parts else None
    if cache is None or not isinstance(last, Text | Media | Foreign) or last.cache is not None:
        marks = ()
    else:
        last.cache = cache
        marks = (*marks, CACHE_HERE)
    native = spelt(members, _KNOWN | set(marks), quiet, marks)
    return Message(role=role, parts=parts, name=_name(members, path, native.quiet), native=native)


def _name(members: Json, path: str, quiet: Json) -> str:
    name = members.get("name")
    if name == "":
        quiet["name"] = name
    return "" if name is None else as_text(name, f"{path}.name")


def _read_result(members: Json, path: str, pending: _Pending, *, legacy: bool) -> ToolResult:
    own_id = members.get("tool_call_id")
    quiet: Json = {}
    places = [FUNCTION] if legacy else []
    if not isinstance(own_id, str) or not own_id:
        waiting = pending.legacy if legacy else pending.nameless
        if not waiting:
            raise BadShape(f"{path}.tool_call_id", "must be the `id` of a call in an earlier message of the assistant")
        if "tool_call_id" in members:
            quiet["tool_call_id"] = own_id
        places.append(NO_ID)
        own_id = waiting.popleft()
    elif pending.nameless and own_id == pending.nameless[0]:
        pending.nameless.popleft()
    content = members.get("content")
    parts: list[Text | Media | Foreign] = []
    if isinstance(content, str):
        parts.append(Text(text=content))
    elif isinstance(content, list):
        for place, part in enumerate(read_parts(content, f"{path}.content")):
            if isinstance(part, Reasoning):
                raise BadShape(f"{path}.content[{place}].type", "the result of a tool holds no thinking")
            parts.append(part)
        if not content:
            quiet["content"] = content
    elif content is not None:
        raise BadShape(f"{path}.content", "must be a string or an array of parts")
    cache, marks = read_cache(members)
    native = spelt(members, _RESULT | set(marks), quiet, (*marks, *places))
    return ToolResult(
        call_id=own_id,
        content=parts,
        name=_name(members, path, native.quiet),
        cache=cache,
        native=native,
    )
