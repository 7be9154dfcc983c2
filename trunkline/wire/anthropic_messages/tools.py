"""Tools and tool choice, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, assert_never

from trunkline.ir.losses import Losses
from trunkline.ir.request import Request, Tool, ToolChoice
from trunkline.wire.anthropic_messages import losses as why
from trunkline.wire.anthropic_messages.shape import (
    OWN,
    Kept,
    a_list,
    a_string,
    an_object,
    cache_control,
    cache_hint,
    kept,
    maybe_flag,
    maybe_string,
    restore,
    under,
)
from trunkline.wire.codec import Members

_TOOL: Final = frozenset({"name", "description", "input_schema", "strict", "cache_control"})
_CHOICE: Final = frozenset({"type", "name", "disable_parallel_tool_use"})
_MODES: Final[Mapping[str, Literal["auto", "none", "required"]]] = {
    "auto": "auto",
    "any": "required",
    "tool": "required",
    "none": "none",
}


def read_tools(value: object) -> list[Tool]:
    """The request's `tools`.

    Raises:
        BadShape: one has no name, or a schema that is no object.
    """
    return [_read_tool(an_object(one, f"tools[{i}]"), f"tools[{i}]") for i, one in enumerate(a_list(value, "tools"))]


def _read_tool(value: Members, path: str) -> Tool:
    kind = value.get("type")
    cache = cache_hint(value, path)
    if isinstance(kind, str) and kind != "custom":
        return Tool(name=kind, foreign=True, cache=cache, native=Kept(OWN, value))
    schema = value.get("input_schema")
    silent: Members = {"type": "custom"} if kind == "custom" else {}
    if value.get("description") == "":
        silent["description"] = ""
    return Tool(
        name=a_string(value, "name", path),
        description=maybe_string(value, "description", path),
        schema=None if schema is None else an_object(schema, path, "input_schema"),
        strict=maybe_flag(value, "strict", path),
        cache=cache,
        native=kept(value, _TOOL | silent.keys(), silent=silent),
    )


def read_choice(value: Members) -> tuple[ToolChoice | None, bool | None]:
    """`tool_choice` as the choice and `parallel_tools`; no choice where its type is not known here.

    Raises:
        BadShape: `tool` without a name.
    """
    mode = _MODES.get(maybe_string(value, "type", "tool_choice"))
    if mode is None:
        return None, None
    off = maybe_flag(value, "disable_parallel_tool_use", "tool_choice")
    choice = ToolChoice(mode=mode)
    if value["type"] == "tool":
        choice.names = [a_string(value, "name", "tool_choice")]
    choice.native = kept(value, _CHOICE, silent={"disable_parallel_tool_use": False} if off is False else None)
    return choice, None if off is None else not off


def write_tools(request: Request, losses: Losses, *, own: bool) -> list[Members]:
    """`tools`. Where only some are allowed, only these: Anthropic's choice names one tool or none.

    Raises:
        Untranslatable: one that Anthropic cannot have.
    """
    choice = request.tool_choice
    allowed = set(choice.names) if choice is not None and (len(choice.names) > 1 or choice.mode == "auto") else None
    written = [
        _write_tool(tool, f"tools[{i}]", losses, own=own)
        for i, tool in enumerate(request.tools)
        if not allowed or tool.name in allowed
    ]
    if allowed and not written:
        raise losses.refuse("tool_choice", why.NO_ALLOWED_TOOL)
    return written


def _write_tool(tool: Tool, path: str, losses: Losses, *, own: bool) -> Members:
    native = tool.native
    if tool.foreign:
        if native is None or native.format is not OWN:
            raise losses.refuse(path, why.FOREIGN_TOOL)
        return native.members
    if tool.custom:
        raise losses.refuse(path, why.CUSTOM_TOOL)
    written: Members = {"name": tool.name}
    if tool.schema is not None:
        # The API wants the type said; arguments are an object in every format.
        written["input_schema"] = tool.schema if own or "type" in tool.schema else {"type": "object", **tool.schema}
    elif not own:
        written["input_schema"] = {"type": "object", "properties": {}}
    if tool.description:
        written["description"] = tool.description
    if tool.strict is not None:
        written["strict"] = tool.strict
    if tool.cache is not None:
        written["cache_control"] = cache_control(tool.cache)
    restore(written, native, losses, path)
    return written


def write_choice(request: Request, losses: Losses, *, own: bool) -> Members | None:
    """`tool_choice` with `disable_parallel_tool_use`; `None` where it would say nothing (or nothing is to choose)."""
    choice = request.tool_choice
    serial = request.parallel_tools is False
    if not own and not request.tools and (choice is None or choice.mode != "required"):
        return None
    if choice is None:
        return {"type": "auto", "disable_parallel_tool_use": True} if serial else None
    match choice.mode:
        case "auto":
            written: Members = {"type": "auto"}
        case "none":
            written = {"type": "none"}
        case "required":
            one = choice.names[0] if len(choice.names) == 1 else None
            written = {"type": "any"} if one is None else {"type": "tool", "name": one}
        case _:
            assert_never(choice.mode)
    if serial and choice.mode != "none":
        written["disable_parallel_tool_use"] = True
    restore(written, choice.native, losses, under("", "tool_choice"))
    return written
