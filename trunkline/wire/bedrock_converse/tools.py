"""`toolConfig`, both directions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Message, ToolCall, ToolResult
from trunkline.ir.request import Request, Tool, ToolChoice
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.families import Family, caches, can_be_forced, family
from trunkline.wire.bedrock_converse.parts_decode import read_hint
from trunkline.wire.bedrock_converse.parts_encode import cache_block
from trunkline.wire.bedrock_converse.shape import (
    Members,
    a_list,
    a_text,
    an_object,
    optional_object,
    optional_text,
    unknown,
)
from trunkline.wire.bedrock_converse.spelling import OWN, kept, own_members, report, spelling

_ANY_ARGUMENTS: Final[Members] = {"type": "object", "properties": {}}


def decode_tools(value: object, path: str) -> list[Tool]:
    """The tools of a request; a cache point becomes a hint on the tool before it.

    Raises:
        BadShape: they do not have the format's shape.
    """
    tools: list[Tool] = []
    for at, item in enumerate(a_list(value, path)):
        here = f"{path}[{at}]"
        block = an_object(item, here)
        hint = read_hint(block)
        if hint is not None and tools and tools[-1].cache is None and tools[-1].name != "cachePoint":
            tools[-1] = replace(tools[-1], cache=hint)
        elif block.keys() == {"toolSpec"}:
            tools.append(_tool_spec(an_object(block["toolSpec"], f"{here}.toolSpec"), f"{here}.toolSpec"))
        elif not block:
            raise BadShape(here, "is an empty tool: it must have `toolSpec`")
        else:
            kind = next(iter(block))
            inner = block.get(kind)
            name = inner.get("name") if isinstance(inner, dict) else None
            tools.append(Tool(name=name if isinstance(name, str) else kind, foreign=True, native=kept(block)))
    return tools


def _tool_spec(spec: Members, path: str) -> Tool:
    schema: Members | None = None
    members = unknown(spec, "name", "description", "inputSchema", "strict")
    mark: Members = {}
    written = optional_object(spec, "inputSchema", path)
    if written is not None:
        if written.keys() == {"json"}:
            schema = an_object(written["json"], f"{path}.inputSchema.json")
        else:
            members["inputSchema"] = written
    elif "inputSchema" not in spec:
        mark["inputSchema"] = None
    strict = spec.get("strict")
    if strict is not None and not isinstance(strict, bool):
        members["strict"] = strict
    description = optional_text(spec, "description", path)
    if description == "":
        mark["description"] = ""
    return Tool(
        name=a_text(spec.get("name"), f"{path}.name"),
        description=description or "",
        schema=schema,
        strict=strict if isinstance(strict, bool) else None,
        native=kept(members, mark),
    )


def decode_choice(value: object, path: str) -> ToolChoice | None:
    """What `toolChoice` says; `None`: a word that we do not know.

    Raises:
        BadShape: it does not have the format's shape.
    """
    match an_object(value, path):
        case {"auto": {**rest}, **more} if not rest and not more:
            return ToolChoice(mode="auto")
        case {"any": {**rest}, **more} if not rest and not more:
            return ToolChoice(mode="required")
        case {"tool": {"name": str() as name, **rest}, **more} if not rest and not more:
            return ToolChoice(mode="required", names=[name])
        case _:
            return None


def encode_own_tools(request: Request, losses: Losses) -> Members | None:
    """`toolConfig` for a client of this format: as it wrote it."""
    tools = [block for at, tool in enumerate(request.tools) for block in _own_tool(tool, f"tools[{at}]", losses)]
    whole: Members = {"tools": tools} if tools else {}
    choice = request.tool_choice
    if choice is not None and choice.mode != "none":
        whole["toolChoice"] = _choice(choice)
    return whole or None


def _own_tool(tool: Tool, path: str, losses: Losses) -> list[Members]:
    if tool.foreign:
        blocks = [dict(_foreign(tool, path, losses))]
    else:
        blocks = [_spec(tool, path, losses, strict=tool.strict)]
    return [*blocks, cache_block(tool.cache, own=True)] if tool.cache is not None else blocks


def encode_tools(request: Request, losses: Losses) -> Members | None:
    """`toolConfig` from another format's words.

    Raises:
        Untranslatable: a tool that Converse does not have.
    """
    choice, model = request.tool_choice, request.model
    called = sorted(_called(request.messages))
    tools = request.tools
    if choice is not None and choice.mode == "none" and tools:
        losses.add("tool_choice", words.CHOICE_NONE_HISTORY if called else words.CHOICE_NONE)
        tools = tools if called else []
    elif choice is not None and choice.names:
        tools = [tool for tool in tools if tool.name in choice.names] or tools
    blocks: list[Members] = []
    for at, tool in enumerate(tools):
        blocks += _other_tool(tool, f"tools[{at}]", model, losses)
    if not blocks:
        if not called:
            return None
        # Bedrock refuses tool blocks in a conversation without `toolConfig` (LiteLLM adds a dummy for that).
        losses.add("tools", words.TOOLS_MADE)
        return {"tools": [_spec(Tool(name=name), "tools", losses, strict=None) for name in called]}
    whole: Members = {"tools": blocks}
    if choice is not None and choice.mode == "required":
        if can_be_forced(model):
            whole["toolChoice"] = _choice(choice)
        else:
            losses.add("tool_choice", words.CHOICE_FORCED)
    return whole


def _other_tool(tool: Tool, path: str, model: str, losses: Losses) -> list[Members]:
    if tool.custom:
        raise losses.refuse(path, words.TOOL_CUSTOM)
    if tool.foreign:
        blocks = [dict(_foreign(tool, path, losses))]
    else:
        report(tool.native, losses, path)
        strict = tool.strict
        if strict is not None and family(model) is not Family.CLAUDE:
            if strict:
                losses.add(f"{path}.strict", words.STRICT)
            strict = None
        blocks = [_spec(tool, path, losses, strict=strict)]
    if tool.cache is not None:
        if not caches(model):
            losses.add(f"{path}.cache", words.CACHE)
        elif family(model) in {Family.NOVA, Family.NOVA_2}:
            losses.add(f"{path}.cache", words.CACHE_TOOLS)
        else:
            blocks.append(cache_block(tool.cache, own=False))
    return blocks


def _foreign(tool: Tool, path: str, losses: Losses) -> Members:
    if tool.native is None or tool.native.format is not OWN:
        raise losses.refuse(path, words.TOOL_FOREIGN)
    return tool.native.members


def _spec(tool: Tool, path: str, losses: Losses, *, strict: bool | None) -> Members:
    if tool.custom:
        raise losses.refuse(path, words.TOOL_CUSTOM)
    spec: Members = {"name": tool.name}
    more, mark = own_members(tool.native), spelling(tool.native)
    if tool.description or "description" in mark:
        spec["description"] = tool.description
    if tool.schema is not None or not ("inputSchema" in more or "inputSchema" in mark):
        spec["inputSchema"] = {"json": _ANY_ARGUMENTS if tool.schema is None else tool.schema}
    if strict is not None:
        spec["strict"] = strict
    return {"toolSpec": {**spec, **more}}


def _choice(choice: ToolChoice) -> Members:
    if choice.mode == "auto":
        return {"auto": {}}
    return {"tool": {"name": choice.names[0]}} if len(choice.names) == 1 else {"any": {}}


def _called(messages: Iterable[Message]) -> set[str]:
    """Names of the tools that were called in a conversation; of one that nobody named: `tool`."""
    parts = [part for message in messages for part in message.parts]
    called = {part.name for part in parts if isinstance(part, ToolCall)}
    if called or not any(isinstance(part, ToolResult) for part in parts):
        return called
    return {part.name for part in parts if isinstance(part, ToolResult) and part.name} or {"tool"}
