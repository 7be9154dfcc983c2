"""`tools` and `toolConfig`, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Tool, ToolChoice
from trunkline.wire.codec import Members
from trunkline.wire.gemini import losses as why
from trunkline.wire.gemini.config import Written, written
from trunkline.wire.gemini.form import (
    Form,
    as_list,
    as_object,
    as_text,
    is_list,
    is_object,
    left,
    note,
    restore,
    spelled,
)
from trunkline.wire.gemini.schema import from_gemini_schema, to_gemini_schema

Mode = Literal["auto", "none", "required"]

_MODES: Final[dict[object, Mode]] = {
    "AUTO": "auto",
    "VALIDATED": "auto",
    "ANY": "required",
    "NONE": "none",
    "MODE_UNSPECIFIED": "auto",
    None: "auto",
    0: "auto",
    1: "auto",
    2: "required",
    3: "none",
    4: "auto",  # protobuf's numbers for them
}
_SCHEMAS: Final = ("parametersJsonSchema", "parameters")


def decode_tools(raw: object, path: str) -> tuple[list[Tool], dict[int, Members]]:
    """The tools, each with the number of the group it stood in, and what of a group holds none.

    Raises:
        BadShape: a declaration has no name, or is no object.
    """
    tools: list[Tool] = []
    bare: dict[int, Members] = {}
    for number, item in enumerate(as_list(raw, path)):
        group = as_object(item, f"{path}[{number}]")
        if not group:
            bare[number] = {}
        for name, value in group.items():
            if name != "functionDeclarations":
                native = Form(Format.GEMINI, {name: value}, {"group": number})
                tools.append(Tool(name=name, foreign=True, native=native))
            elif value in (None, []):
                bare[number] = {name: value}
            else:
                inner = f"{path}[{number}].functionDeclarations"
                for place, declaration in enumerate(as_list(value, inner)):
                    tools.append(_function(as_object(declaration, f"{inner}[{place}]"), f"{inner}[{place}]", number))
    return tools, bare


def _function(raw: Members, path: str, group: int) -> Tool:
    taken = {"name"}
    how: dict[str, object] = {"group": group}
    name = as_text(raw.get("name"), f"{path}.name")
    description = raw.get("description")
    if isinstance(description, str):
        taken.add("description")
        how["described"] = True
    schema = None
    for key in _SCHEMAS:
        given = raw.get(key)
        if schema is None and is_object(given):
            schema = given if key == "parametersJsonSchema" else from_gemini_schema(given)
            how["schema"] = Written(name=key, raw=given, made=schema)
            taken.add(key)
    return Tool(
        name=name,
        description=description if isinstance(description, str) else "",
        schema=schema,
        native=Form(Format.GEMINI, left(raw, taken), how),
    )


def encode_tools(tools: Sequence[Tool], bare: object, losses: Losses, *, openapi: bool) -> list[Members]:
    """`tools`: Gemini's own in their groups, all others' functions in one group behind.

    Raises:
        Untranslatable: a tool is none that Gemini has.
    """
    groups: dict[int, Members] = {}
    if isinstance(bare, dict):
        groups.update({number: dict(members) for number, members in bare.items()})
    for place, tool in enumerate(tools):
        path = f"tools[{place}]"
        number = spelled(tool.native, "group")
        group = groups.setdefault(number if isinstance(number, int) else _BEHIND, {})
        if tool.cache is not None:
            losses.add(f"{path}.cache", why.CACHE_MARK)
        if tool.foreign:
            if tool.native is None or tool.native.format is not Format.GEMINI:
                raise losses.refuse(path, why.FOREIGN_TOOL)
            group.update(tool.native.members)
            continue
        declarations = group.setdefault("functionDeclarations", [])
        if not is_list(declarations):
            declarations = group["functionDeclarations"] = []
        declarations.append(_declaration(tool, losses, path, openapi=openapi))
    return [groups[number] for number in sorted(groups)]


_BEHIND: Final = 1 << 30


def _declaration(tool: Tool, losses: Losses, path: str, *, openapi: bool) -> Members:
    if tool.custom:
        raise losses.refuse(path, why.CUSTOM_TOOL)
    if tool.strict:
        losses.add(f"{path}.strict", why.STRICT_TOOL)
    out: Members = {"name": tool.name}
    if tool.description or spelled(tool.native, "described"):
        out["description"] = tool.description
    schema = tool.schema
    if was := written(tool.native, schema):
        out[was.name] = was.raw
    elif schema is not None:
        if not openapi:
            out["parametersJsonSchema"] = schema
        elif schema.get("properties"):  # the older dialect refuses an object without properties
            out["parameters"], dropped = to_gemini_schema(schema, f"{path}.schema")
            for keyword in dropped:
                losses.add(f"{path}.schema.{keyword}", why.SCHEMA_KEYWORDS)
    restore(out, tool.native, losses, path)
    return out


def decode_choice(config: Members, path: str) -> ToolChoice:
    """`functionCallingConfig`.

    Raises:
        BadShape: the names are no list of strings.
    """
    taken: set[str] = set()
    mode, names = config.get("mode"), config.get("allowedFunctionNames")
    choice = ToolChoice(mode="auto")
    how: dict[str, object] = {}
    if isinstance(mode, str | int) and mode in _MODES:
        taken.add("mode")
        choice.mode = _MODES[mode]
        how["mode"] = mode
    else:
        how["mode"] = None
    if is_list(names):
        choice.names = [as_text(name, f"{path}.allowedFunctionNames[{n}]") for n, name in enumerate(names)]
        taken.add("allowedFunctionNames")
        how["names"] = True
    choice.native = note(left(config, taken), how)
    return choice


def encode_choice(choice: ToolChoice, losses: Losses) -> Members:
    """`functionCallingConfig`; names are allowed beside `ANY` and `VALIDATED` only, so `auto` with names is the latter
    (which may answer in words too).
    """
    out: Members = {}
    own = spelled(choice.native, "mode")
    if isinstance(choice.native, Form) and "mode" in choice.native.how and _MODES.get(own) == choice.mode:
        if own is not None:
            out["mode"] = own
    else:
        match choice.mode:
            case "auto":
                out["mode"] = "VALIDATED" if choice.names else "AUTO"
            case "none":
                out["mode"] = "NONE"
            case "required":
                out["mode"] = "ANY"
    if choice.names or spelled(choice.native, "names"):
        out["allowedFunctionNames"] = choice.names
    restore(out, choice.native, losses, "tool_choice")
    return out
