"""Tools and the choice among them, with the older `functions` and `function_call`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, assert_never

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import CacheHint, Native
from trunkline.ir.request import Tool, ToolChoice
from trunkline.wire.openai_chat import losses as why
from trunkline.wire.openai_chat.content import CACHE_HOSTS
from trunkline.wire.openai_chat.spelling import (
    OWN,
    Json,
    Spelt,
    as_list,
    as_object,
    as_text,
    cache_control,
    is_marked,
    is_own,
    read_cache,
    restore,
    spelt,
    under,
)

LEGACY: Final = "functions"
"""Mark of a tool, or a choice, in the form before tools (2023)."""
_UNTYPED: Final = "untyped"
_CACHE_INSIDE: Final = "cache in the function"

_KNOWN: Final = frozenset({"type", "function", "custom"})
_FUNCTION: Final = frozenset({"name", "description", "parameters", "strict"})
_CUSTOM: Final = frozenset({"name", "description"})


def read_tools(members: Json) -> list[Tool]:
    """The tools of a request.

    Raises:
        BadShape: one of them has neither a type of its own nor a function.
    """
    tools: list[Tool] = []
    for name, read in (("tools", _read_tool), ("functions", _read_function)):
        listed = members.get(name)
        if listed is not None:
            tools += [read(entry, f"{name}[{place}]") for place, entry in enumerate(as_list(listed, name))]
    return tools


def _read_tool(value: object, path: str) -> Tool:
    tool = as_object(value, path)
    kind = tool.get("type")
    if kind not in ("function", "custom", None):
        kind = as_text(kind, f"{path}.type")
        return Tool(name=kind, foreign=True, cache=read_cache(tool)[0], native=Native(OWN, tool))
    field = "custom" if kind == "custom" else "function"
    inner = as_object(tool.get(field), f"{path}.{field}")
    cache, marks = read_cache(tool)
    if cache is None and (inside := read_cache(inner))[0] is not None:
        cache, marks = inside[0], (*inside[1], _CACHE_INSIDE)
    native = spelt(tool, _KNOWN | set(marks), marks=(*marks, *([_UNTYPED] if kind is None else [])))
    if kind == "custom":
        details = spelt(inner, _CUSTOM | set(marks))
        path = f"{path}.custom"
        made = Tool(name=_name(inner, path), custom=True, description=_described(inner, path), native=native)
    else:
        details = spelt(inner, _FUNCTION | set(marks))
        made = _made(inner, f"{path}.function", native, details.quiet)
    made.cache = cache
    native.members.update(under(field, details.members))
    native.quiet.update(under(field, details.quiet))
    return made


def _read_function(value: object, path: str) -> Tool:
    function = as_object(value, path)
    native = spelt(function, _FUNCTION, marks=(LEGACY,))
    return _made(function, path, native, native.quiet)


def _made(function: Json, path: str, native: Spelt, quiet: Json) -> Tool:
    schema, strict = function.get("parameters"), function.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise BadShape(f"{path}.strict", "must be a boolean")
    if function.get("description") == "":
        quiet["description"] = ""
    return Tool(
        name=_name(function, path),
        description=_described(function, path),
        schema=None if schema is None else as_object(schema, f"{path}.parameters"),
        strict=strict,
        native=native,
    )


def _name(members: Json, path: str) -> str:
    name = as_text(members.get("name"), f"{path}.name")
    if not name:
        raise BadShape(f"{path}.name", "must not be empty")
    return name


def _described(members: Json, path: str) -> str:
    description = members.get("description")
    return "" if description is None else as_text(description, f"{path}.description")


def write_tools(tools: Sequence[Tool], losses: Losses, dialect: str) -> tuple[list[Json], list[Json]]:
    """`tools` and `functions`.

    Raises:
        Untranslatable: a server tool of another format.
    """
    new: list[Json] = []
    old: list[Json] = []
    for place, tool in enumerate(tools):
        path = f"tools[{place}]"
        if tool.foreign:
            if not is_own(tool.native):
                raise losses.refuse(path, why.FOREIGN_TOOL)
            new.append(tool.native.members)
        elif is_marked(tool.native, LEGACY):
            function = _function(tool)
            restore(function, tool.native, losses, path)
            old.append(function)
        else:
            new.append(_write_tool(tool, losses, path, dialect))
    return new, old


def _write_tool(tool: Tool, losses: Losses, path: str, dialect: str) -> Json:
    inner = _function(tool)
    field = "custom" if tool.custom else "function"
    members: Json = {} if is_marked(tool.native, _UNTYPED) else {"type": field}
    members[field] = inner
    restore(members, tool.native, losses, path)
    if tool.custom and tool.native is not None and not is_own(tool.native):
        losses.add(path, why.GRAMMAR)
    if tool.cache is not None:
        holder = inner if is_marked(tool.native, _CACHE_INSIDE) else members
        write_cache(holder, tool.cache, tool.native, losses, path, dialect)
    return members


def write_cache(members: Json, hint: CacheHint, native: Native | None, losses: Losses, path: str, dialect: str) -> None:
    """The cache hint of a tool: as it was written, or where the host takes Anthropic's form."""
    if is_own(native) or dialect in CACHE_HOSTS:
        members["cache_control"] = cache_control(hint)
    else:
        losses.add(f"{path}.cache_control", why.CACHE)


def _function(tool: Tool) -> Json:
    inner: Json = {"name": tool.name}
    if tool.description:
        inner["description"] = tool.description
    if tool.schema is not None:
        inner["parameters"] = tool.schema
    elif not tool.custom and not is_own(tool.native):
        inner["parameters"] = {"type": "object", "properties": {}}
    if tool.strict is not None:
        inner["strict"] = tool.strict
    return inner


_MODES: Final[dict[str, Literal["auto", "none", "required"]]] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
    "any": "required",  # Mistral
}


def read_choice(members: Json) -> ToolChoice | None:
    """`tool_choice` or `function_call`; `None` where it is not there, or in a form that nobody else has.

    The way it was written is kept in `native`, and written again as long as it still says the same.
    """
    for name in ("tool_choice", "function_call"):
        raw = members.get(name)
        if raw is None:
            continue
        choice = _read_choice(raw, legacy=name == "function_call")
        if choice is not None:
            choice.native = Spelt(OWN, {}, {name: raw})
            return choice
    return None


def _read_choice(raw: object, *, legacy: bool = False) -> ToolChoice | None:
    match raw:
        case str() if raw in _MODES:
            return ToolChoice(mode=_MODES[raw])
        case {"name": str() as name} if legacy:
            return ToolChoice(mode="required", names=[name])
        case {"type": "function", "function": {"name": str() as name}}:
            return ToolChoice(mode="required", names=[name])
        case {"type": "custom", "custom": {"name": str() as name}}:
            return ToolChoice(mode="required", names=[name])
        case {"type": "allowed_tools", "allowed_tools": {"mode": "auto" | "required" as mode, "tools": list() as some}}:
            names = [_allowed(tool) for tool in some]
            return None if None in names else ToolChoice(mode=mode, names=[name for name in names if name])
        case _:
            return None


def _allowed(tool: object) -> str | None:
    match tool:
        case {"type": "function", "function": {"name": str() as name}}:
            return name
        case {"type": "custom", "custom": {"name": str() as name}}:
            return name
        case _:
            return None


def write_choice(choice: ToolChoice, tools: Sequence[Tool], dialect: str) -> Json:
    """`tool_choice` or `function_call`, as a member of the request."""
    native = choice.native
    if isinstance(native, Spelt) and native.format is OWN:
        for name, raw in native.quiet.items():
            before = _read_choice(raw, legacy=name == "function_call")
            if before is not None and before.mode == choice.mode and before.names == choice.names:
                return {name: raw}
    custom = {tool.name for tool in tools if tool.custom}
    required = "any" if dialect == "mistral" else "required"
    match choice.mode:
        case "none":
            return {"tool_choice": "none"}
        case "auto" | "required":
            if not choice.names:
                return {"tool_choice": "auto" if choice.mode == "auto" else required}
            if len(choice.names) == 1 and choice.mode == "required":
                return {"tool_choice": _named(choice.names[0], custom)}
            if dialect != "openai":
                return {"tool_choice": "auto" if choice.mode == "auto" else required}
            allowed: Json = {"mode": choice.mode, "tools": [_named(name, custom) for name in choice.names]}
            return {"tool_choice": {"type": "allowed_tools", "allowed_tools": allowed}}
        case _:
            assert_never(choice.mode)


def _named(name: str, custom: set[str]) -> Json:
    kind = "custom" if name in custom else "function"
    return {"type": kind, kind: {"name": name}}


def offered(tools: Sequence[Tool], choice: ToolChoice | None, dialect: str) -> Sequence[Tool]:
    """The tools to offer: hosts that cannot be told to use only some of them are offered only those."""
    if choice is None or not choice.names or dialect == "openai" or is_own(choice.native):
        return tools
    if len(choice.names) == 1 and choice.mode == "required":
        return tools
    return [tool for tool in tools if tool.name in choice.names]
