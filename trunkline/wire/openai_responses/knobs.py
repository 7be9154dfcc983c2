"""Tools, tool choice, output schema and reasoning: parameters that are objects, in both directions.

platform.openai.com/docs/api-reference/responses/create. Functions stand flat in a tool here, without the inner object
of the chat format, and are strict unless they say `"strict": false`.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Native
from trunkline.ir.request import OutputSchema, Thinking, Tool, ToolChoice
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses import losses as reasons
from trunkline.wire.openai_responses.shape import (
    OWN,
    Spelled,
    a_list,
    an_object,
    flag,
    form_of,
    is_object,
    join,
    leftovers,
    needed_text,
    own,
    restore,
    spelled,
    text,
)

_FUNCTION: Final = frozenset({"type", "name", "description", "parameters", "strict"})
_CUSTOM: Final = frozenset({"type", "name", "description"})
_SCHEMA: Final = frozenset({"type", "name", "description", "schema", "strict"})
_REASONING: Final = frozenset({"effort", "summary"})
_CHAT_GRAMMAR: Final = "custom.format"
"""The member of a chat tool's inner object, as that format's reader names it."""
_NO_ARGUMENTS: Final[Members] = {"type": "object", "properties": {}}
_LOW_BUDGET: Final = 2048
_MEDIUM_BUDGET: Final = 8192
"""Thinking budgets up to these become the efforts `low` and `medium`, larger ones `high`."""


def read_tool(value: object, path: str) -> Tool:
    """A tool; one that the provider runs itself is `foreign`, whole.

    Raises:
        BadShape: it does not have the format's shape; so do the other readers.
    """
    item = an_object(value, path)
    kind = needed_text(item, "type", path)
    if kind not in {"function", "custom"}:
        return Tool(name=kind, foreign=True, native=Native(OWN, dict(item)))
    members, put = leftovers(item, _FUNCTION if kind == "function" else _CUSTOM)
    description = text(item, "description", path)
    if description == "":
        put["description"] = ""
    tool = Tool(
        name=needed_text(item, "name", path),
        description=description or "",
        custom=kind == "custom",
        native=spelled(members, {}, put),
    )
    if kind == "function":
        parameters = item.get("parameters")
        tool.schema = None if parameters is None else an_object(parameters, join(path, "parameters"))
        tool.strict = flag(item, "strict", path)
    return tool


def write_tool(tool: Tool, path: str, losses: Losses) -> Members:
    """A tool for a provider.

    Raises:
        Untranslatable: it is a server tool of another format.
    """
    native = own(tool.native)
    if tool.foreign:
        if native is None:
            raise losses.refuse(path, reasons.FOREIGN_TOOL)
        return dict(native.members)
    if tool.cache is not None:
        losses.add(f"{path}.cache", reasons.NO_CACHE)
    out: Members = {"type": "custom" if tool.custom else "function", "name": tool.name}
    if tool.description:
        out["description"] = tool.description
    if tool.custom:
        return _write_custom(out, tool, path, losses)
    if tool.schema is not None:
        out["parameters"] = tool.schema
    elif native is None:
        out["parameters"] = _NO_ARGUMENTS
    if tool.strict is not None:
        out["strict"] = tool.strict
    elif native is None:
        out["strict"] = False  # what is not said means strict here, and not strict everywhere else
    restore(out, tool.native, losses, path)
    return out


def _write_custom(out: Members, tool: Tool, path: str, losses: Losses) -> Members:
    native = tool.native
    if native is not None and native.format is Format.OPENAI_CHAT and is_object(native.members.get(_CHAT_GRAMMAR)):
        out["format"] = _flat_grammar(native.members[_CHAT_GRAMMAR])
        native = Native(native.format, {name: value for name, value in native.members.items() if name != _CHAT_GRAMMAR})
    restore(out, native, losses, path)
    return out


def _flat_grammar(value: object) -> object:
    """The chat format has syntax and definition of a grammar one object deeper."""
    if is_object(value) and is_object(inner := value.get("grammar")):
        return {"type": value.get("type", "grammar"), **inner}
    return value


def read_tool_choice(value: object) -> ToolChoice:
    """`auto`, `none`, `required`, one tool, or a set of allowed ones."""
    path = "tool_choice"
    match value:
        case "auto" | "none" | "required":
            return ToolChoice(mode=value)
        case str():
            raise BadShape(path, "must be `auto`, `none`, `required` or an object")
        case _:
            pass
    item = an_object(value, path)
    choice = _read_choice(item, path)
    if write_tool_choice(choice, frozenset()) != item:
        choice.native = Spelled(OWN, {}, {"exact": item})
    return choice


def _read_choice(item: Members, path: str) -> ToolChoice:
    kind = needed_text(item, "type", path)
    if kind in {"function", "custom"}:
        return ToolChoice(mode="required", names=[needed_text(item, "name", path)])
    if kind != "allowed_tools":
        return ToolChoice(mode="required", names=[kind])
    names: list[str] = []
    for place, entry in enumerate(a_list(item.get("tools"), join(path, "tools"))):
        tool = an_object(entry, f"{path}.tools[{place}]")
        names.append(text(tool, "name", path) or needed_text(tool, "type", path))
    mode = needed_text(item, "mode", path)
    match mode:
        case "auto" | "required":
            return ToolChoice(mode=mode, names=names)
        case _:
            raise BadShape(join(path, "mode"), "must be `auto` or `required`")


def write_tool_choice(choice: ToolChoice, custom: frozenset[str]) -> object:
    """The choice for a provider. `custom`: names of the tools that take free text."""
    exact = form_of(choice.native, "exact")
    if is_object(exact):
        before = _read_choice(exact, "tool_choice")
        if (before.mode, before.names) == (choice.mode, choice.names):
            return exact
    if not choice.names or choice.mode == "none":
        return choice.mode
    tools = [{"type": "custom" if name in custom else "function", "name": name} for name in choice.names]
    if choice.mode == "required" and len(tools) == 1:
        return tools[0]
    return {"type": "allowed_tools", "mode": choice.mode, "tools": tools}


def read_schema(value: object) -> OutputSchema | None:
    """`text.format`; `None`: plain text, or a format that only OpenAI has (`grammar`, `python`)."""
    path = "text.format"
    item = an_object(value, path)
    kind = needed_text(item, "type", path)
    if kind == "json_object":
        members, put = leftovers(item, frozenset({"type"}))
        return OutputSchema(native=spelled(members, {}, put))
    if kind != "json_schema":
        return None
    members, put = leftovers(item, _SCHEMA)
    name, description = needed_text(item, "name", path), text(item, "description", path)
    for key, given in (("name", name), ("description", description)):
        if given == "":
            put[key] = ""
    return OutputSchema(
        schema=an_object(item.get("schema"), join(path, "schema")),
        name=name,
        description=description or "",
        strict=flag(item, "strict", path),
        native=spelled(members, {}, put),
    )


def write_schema(schema: OutputSchema, losses: Losses) -> Members:
    """`text.format` for an output schema."""
    if schema.schema is None:
        out: Members = {"type": "json_object"}
    else:
        out = {"type": "json_schema", "schema": schema.schema}
        if schema.name or own(schema.native) is None:
            out["name"] = schema.name or "answer"
        if schema.description:
            out["description"] = schema.description
        if schema.strict is not None:
            out["strict"] = schema.strict
    restore(out, schema.native, losses, "output")
    return out


def read_reasoning(value: object) -> Thinking:
    """`reasoning`."""
    item = an_object(value, "reasoning")
    members, put = leftovers(item, _REASONING)
    effort, summary = text(item, "effort", "reasoning"), text(item, "summary", "reasoning")
    return Thinking(
        enabled=False if effort == "none" else None,
        effort=effort,
        show=True if summary else None,
        summary=summary,
        native=spelled(members, {}, put),
    )


def write_reasoning_options(thinking: Thinking, losses: Losses) -> Members:
    """`reasoning`. Summaries are asked for only where the client wants to see the thinking."""
    out: Members = {}
    effort = thinking.effort
    if effort is None and thinking.enabled is False:
        effort = "none"
    if effort is None and thinking.budget is not None and thinking.budget >= 0:
        effort = _effort(thinking.budget)
        losses.add("thinking.budget", reasons.EFFORT_FOR_BUDGET)
    if effort is not None:
        out["effort"] = effort
    if thinking.summary is not None:
        out["summary"] = thinking.summary
    elif thinking.show:
        out["summary"] = "auto"
    restore(out, thinking.native, losses, "thinking")
    return out


def _effort(budget: int) -> str:
    if budget == 0:
        return "none"
    if budget <= _LOW_BUDGET:
        return "low"
    return "medium" if budget <= _MEDIUM_BUDGET else "high"
