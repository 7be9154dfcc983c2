"""Tools that only some formats have: namespaces, free text, and tools that a provider runs itself.

A namespace becomes its functions under flat names, a free-text tool a function with one string; the encoders towards
the client turn the calls back (`wire.openai_responses.namespaces`, `wire.free_text`). A provider's own tool is left out
where the model is free not to use it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Message, Part, ToolCall, ToolResult
from trunkline.ir.request import Request, Tool, ToolChoice
from trunkline.profiles.aim import Aim
from trunkline.wire.free_text import INPUT, as_arguments
from trunkline.wire.openai_responses.knobs import read_tool
from trunkline.wire.openai_responses.namespaces import (
    NAMESPACE,
    Inner,
    flat_name,
    inner_tools,
    is_namespace,
    namespace_of,
)
from trunkline.wire.openai_responses.shape import a_list, an_object, is_object, needed_text

_SERVER: Final = (
    # OpenAI and hosts of its formats
    "websearch", "imagegeneration", "codeinterpreter", "filesearch", "computer", "toolsearch", "browsersearch",
    # Anthropic
    "webfetch", "codeexecution",
    # Gemini
    "googlesearch", "googlemaps", "urlcontext", "enterprisewebsearch",
)  # fmt: skip
"""How the kinds of tools begin that add to what a model can do, without `_` and in lower case: a conversation goes on
without them. Tools that a client runs in a provider's words (`local_shell`, `bash_20250124`) are none of these.
"""
_GRAMMAR: Final = "the format has no grammars of free-text tools; it is in the description"
_CLIENTS: Final = frozenset({Format.OPENAI_CHAT, Format.OPENAI_RESPONSES})
"""Formats whose clients have free-text tools."""


def takes_free_text(aim: Aim) -> bool:
    """Whether the target has free-text tools: of the chat format only OpenAI's own hosts."""
    return aim.format is Format.OPENAI_RESPONSES or (aim.format is Format.OPENAI_CHAT and aim.strict_chat)


def fit_tools(request: Request, aim: Aim, losses: Losses) -> Request:
    """The request with tools that the target has; what is refused is left to its encoder.

    Raises:
        BadShape: a namespace does not have its format's shape.
    """
    free = takes_free_text(aim)
    tools = request.tools
    if not any(tool.foreign or (tool.custom and not free) for tool in tools):
        return request
    gone = _left_out(request, aim)
    flats = {} if aim.format is Format.OPENAI_RESPONSES else inner_tools(tools)
    fitted: list[Tool] = []
    for place, tool in enumerate(tools):
        path = f"tools[{place}]"
        if place in gone:
            why = f"a tool of another provider's own (`{tool.name}`), which {aim.facts.name} cannot offer"
            losses.add(path, f"{why}; it was left out")
        elif is_namespace(tool) and aim.format is not Format.OPENAI_RESPONSES:
            fitted += _expanded(tool, flats, path, losses, free=free)
        elif tool.custom and not free:
            fitted.append(_function(tool, path, losses))
        else:
            fitted.append(tool)
    changes: dict[str, object] = {"tools": fitted}
    if not fitted:
        changes |= {"tool_choice": None, "parallel_tools": None}
    elif request.tool_choice is not None and request.tool_choice.names:
        names = {name for place in gone for name in _names(tools[place])}
        changes["tool_choice"] = _fit_names(request.tool_choice, names, tools, flats)
    return replace(request, **changes)


def _left_out(request: Request, aim: Aim) -> set[int]:
    """The places of other providers' own tools, unless the model is made to use one."""
    if aim.policy.drop_params is False:
        return set()
    tools, choice = request.tools, request.tool_choice
    gone = {place for place, tool in enumerate(tools) if _is_server_tool(tool, aim)}
    if choice is not None and choice.mode == "required":
        names = {name for place in gone for name in _names(tools[place])}
        if choice.names and names.issuperset(choice.names):
            return set()
        if not choice.names and len(gone) == len(tools):
            return set()
    return gone


def _is_server_tool(tool: Tool, aim: Aim) -> bool:
    native = tool.native
    if not tool.foreign or native is None or native.format is aim.format:
        return False
    return tool.name.lower().replace("_", "").startswith(_SERVER)


def _names(tool: Tool) -> set[str]:
    """What a choice may call a provider's own tool: its kind, or the name that it has beside (Anthropic)."""
    named = tool.native.members.get("name") if tool.native is not None else None
    return {tool.name, named} if isinstance(named, str) else {tool.name}


def _fit_names(choice: ToolChoice, gone: set[str], tools: list[Tool], flats: Mapping[str, Inner]) -> ToolChoice:
    """The choice, by the names that the tools have now."""
    plain = {tool.name for tool in tools if not tool.foreign}
    names: list[str] = []
    for name in choice.names:
        if name in plain:
            names.append(name)
        elif name not in gone:
            names += [flat for flat, inner in flats.items() if name in (inner.name, inner.namespace)] or [name]
    if names == choice.names:
        return choice
    if not names:
        return ToolChoice(mode="none")  # the tools that are left are not among those that may be called
    return replace(choice, names=list(dict.fromkeys(names)), native=None)


def _expanded(tool: Tool, flats: Mapping[str, Inner], path: str, losses: Losses, *, free: bool) -> list[Tool]:
    assert tool.native is not None
    members = tool.native.members
    namespace = needed_text(members, "name", path)
    for place, item in enumerate(a_list(members.get("tools"), f"{path}.tools")):
        needed_text(an_object(item, f"{path}.tools[{place}]"), "name", f"{path}.tools[{place}]")
    words = members.get("description")
    found: list[Tool] = []
    for flat, inner in flats.items():
        if inner.namespace != namespace or not inner.path.startswith(f"{path}."):
            continue
        one = read_tool(inner.tool, inner.path)
        if one.foreign:
            raise losses.refuse(inner.path, "a namespace holds functions and free-text tools only")
        if one.native is not None:
            # It is for the search among tools, which nobody else has: here they are all there from the beginning.
            rest = {name: value for name, value in one.native.members.items() if name != "defer_loading"}
            one.native = replace(one.native, members=rest)
        one.name = flat
        if isinstance(words, str) and words:
            one.description = f"{words}\n\n{one.description}" if one.description else words  # as LiteLLM does
        found.append(_function(one, inner.path, losses) if one.custom and not free else one)
    return found


def _function(tool: Tool, path: str, losses: Losses) -> Tool:
    """A free-text tool as a function."""
    native, description = tool.native, tool.description
    if native is not None:
        members = dict(native.members)
        words = _grammar(members.pop("format", None)) or _grammar(members.pop("custom.format", None))
        if words:
            losses.add(f"{path}.format", _GRAMMAR)
            description = f"{description}\n\n{words}" if description else words
        native = replace(native, members=members)
    schema: dict[str, object] = {
        "type": "object",
        "properties": {INPUT: {"type": "string", "description": "The whole input of the tool, as plain text."}},
        "required": [INPUT],
        "additionalProperties": False,
    }
    return replace(tool, description=description, schema=schema, custom=False, native=native)


def _grammar(value: object) -> str:
    """What a grammar says, for the description; empty where any text will do."""
    if not is_object(value) or value.get("type") == "text":
        return ""
    inner = value.get("grammar")
    said = inner if is_object(inner) else value
    definition, syntax = said.get("definition"), said.get("syntax")
    if not isinstance(definition, str):
        definition = json.dumps(said, ensure_ascii=False)
    return f"The input must keep to this grammar ({syntax if isinstance(syntax, str) else 'see below'}):\n{definition}"


class CallFitter:
    """Calls and results in the history, as calls of the functions that the tools became."""

    __slots__ = ("_flats", "_free", "_renamed")

    def __init__(self, request: Request, aim: Aim) -> None:
        """`request`: as the client made it."""
        self._free = takes_free_text(aim)
        self._flats = {(inner.namespace, inner.name): flat for flat, inner in inner_tools(request.tools).items()}
        self._renamed: dict[str, str] = {}

    def fit(self, message: Message) -> Message:
        """One message; messages come in order."""
        fitted: list[Part] | None = None
        for place, part in enumerate(message.parts):
            if isinstance(part, ToolCall):
                new: Part = self._call(part)
            elif isinstance(part, ToolResult):
                new = self._result(part)
            else:
                continue
            if new is not part:
                fitted = list(message.parts) if fitted is None else fitted
                fitted[place] = new
        return message if fitted is None else replace(message, parts=fitted)

    def _call(self, part: ToolCall) -> ToolCall:
        namespace = namespace_of(part)
        if namespace:
            native = part.native
            assert native is not None
            name = self._flats.get((namespace, part.name)) or flat_name(namespace, part.name)
            rest = {member: value for member, value in native.members.items() if member != NAMESPACE}
            part = replace(part, name=name, native=replace(native, members=rest))
            self._renamed[part.id] = name
        if part.custom and not self._free:
            part = replace(part, custom=False, arguments=as_arguments(part.arguments))
        return part

    def _result(self, part: ToolResult) -> ToolResult:
        if part.custom and not self._free:
            part = replace(part, custom=False)
        name = self._renamed.get(part.call_id)
        return replace(part, name=name) if name is not None and part.name else part


def call_fitter(request: Request, aim: Aim, client: Format | None) -> CallFitter | None:
    """For a history that may hold such calls."""
    if aim.format is Format.OPENAI_RESPONSES or client not in _CLIENTS:
        return None
    return CallFitter(request, aim)
