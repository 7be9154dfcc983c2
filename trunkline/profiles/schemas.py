"""Output schemas: kept to by the model's own mode, by a forced tool, or by words; and in the target's dialect."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, TypeGuard

from msgspec.structs import replace

from trunkline.ir.answer import Answer, Choice, Finish
from trunkline.ir.events import Event, Finished, PartEnded, PartStarted
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Message, Part, Text, ToolCall
from trunkline.ir.request import OutputSchema, Request, Tool, ToolChoice
from trunkline.profiles.aim import Aim

SCHEMA_TOOL: Final = "json_tool_call"
"""The tool whose arguments are the answer; LiteLLM's name for it."""
_DESCRIBED: Final = "Give the answer as the arguments of this tool."
_ANY: Final[dict[str, object]] = {"type": "object", "additionalProperties": True}
MAX_DEPTH: Final = 64

Schema = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a target's JSON Schema lacks."""

    name: str
    removed: frozenset[str] = frozenset()
    """Keywords that it refuses; what they say goes into the description."""
    quiet: frozenset[str] = frozenset()
    """Keywords that it refuses and that bind nothing."""
    closed: bool = False
    """Every object must say `additionalProperties: false`."""
    inline: bool = False
    """It has no `$ref`."""


CLAUDE: Final = Dialect(
    name="Anthropic",
    removed=frozenset({
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "maxItems", "uniqueItems", "contains", "minContains", "maxContains", "minProperties", "maxProperties",
        "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "not", "if", "then", "else",
        "unevaluatedProperties", "unevaluatedItems",
    }),
    quiet=frozenset({"$schema", "$id", "$comment"}),
    closed=True,
)  # fmt: skip
"""platform.claude.com, structured outputs: limits of JSON Schema."""
MISTRAL: Final = Dialect(name="Mistral", quiet=frozenset({"$id", "$schema"}))
INLINE: Final = Dialect(name="this host", inline=True, quiet=frozenset({"$schema"}))

_BY_NAME: Final = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_ONE: Final = ("items", "additionalProperties", "not", "contains", "if", "then", "else", "propertyNames")


def is_schema(value: object) -> TypeGuard[Schema]:
    """A subschema, and no boolean."""
    return isinstance(value, dict)


class _Fitting:
    """One schema on its way into a dialect."""

    def __init__(self, root: Schema, dialect: Dialect, losses: Losses, path: str) -> None:
        self._root = root
        self._dialect = dialect
        self._losses = losses
        self._path = path

    def fit(self, schema: Schema, depth: int = 0, open_refs: tuple[str, ...] = ()) -> Schema:
        dialect = self._dialect
        if depth > MAX_DEPTH:
            raise self._losses.refuse(self._path, f"the schema is nested more than {MAX_DEPTH} deep")
        reference = schema.get("$ref")
        if dialect.inline and isinstance(reference, str):
            if reference in open_refs:
                raise self._losses.refuse(self._path, f"{dialect.name} takes no recursive schemas (`{reference}`)")
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            return self.fit({**self._resolved(reference), **rest}, depth + 1, (*open_refs, reference))
        out: Schema = {}
        said: Schema = {}
        for name, value in schema.items():
            if name in dialect.quiet or (dialect.inline and name in ("$defs", "definitions")):
                continue
            if name in dialect.removed or (dialect.closed and name == "minItems" and value not in (0, 1)):
                said[name] = value
                self._losses.add(
                    f"{self._path}.{name}", f"{dialect.name} has no such keyword; it is in the description"
                )
            elif name in _BY_NAME and is_schema(value):
                out[name] = {key: self._sub(inner, depth, open_refs) for key, inner in value.items()}
            elif name in _LISTS and isinstance(value, list):
                out[name] = [self._sub(inner, depth, open_refs) for inner in value]
            elif name in _ONE:
                out[name] = self._sub(value, depth, open_refs)
            else:
                out[name] = value
        if said:
            words = json.dumps(said, ensure_ascii=False, sort_keys=True)
            before = out.get("description")
            out["description"] = f"{before} {words}" if isinstance(before, str) and before else words
        return self._closed(out) if dialect.closed else out

    def _sub(self, value: object, depth: int, open_refs: tuple[str, ...]) -> object:
        return self.fit(value, depth + 1, open_refs) if is_schema(value) else value

    def _closed(self, schema: Schema) -> Schema:
        kind = schema.get("type")
        if kind != "object" and "properties" not in schema and not (isinstance(kind, list) and "object" in kind):
            return schema
        more = schema.get("additionalProperties")
        if more is False:
            return schema
        if more is not None:
            if not schema.get("properties"):
                raise self._losses.refuse(
                    self._path, f"{self._dialect.name} takes no objects with free keys (`additionalProperties`)"
                )
            self._losses.add(
                f"{self._path}.additionalProperties",
                f"{self._dialect.name} takes closed objects only, so keys that are not named are left out",
            )
        return {**schema, "additionalProperties": False}

    def _resolved(self, reference: str) -> Schema:
        found: object = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                key = step.replace("~1", "/").replace("~0", "~")
                found = found.get(key) if is_schema(found) else None
        if not reference.startswith("#") or not is_schema(found):
            raise self._losses.refuse(self._path, f"`$ref` {reference[:80]} names nothing in the schema")
        return found


def fit_schema(schema: Schema, dialect: Dialect, losses: Losses, path: str) -> Schema:
    """The schema in a target's dialect; what is left out is said in the description, and reported.

    Raises:
        Untranslatable: it is recursive, open or too deep where the target cannot have that.
    """
    return _Fitting(schema, dialect, losses, path).fit(schema)


def dialect_of(aim: Aim) -> Dialect | None:
    """The dialect of output schemas, where it is known to be small."""
    if aim.format in (Format.ANTHROPIC_MESSAGES, Format.BEDROCK_CONVERSE):
        return CLAUDE if aim.profile.name.startswith("Claude") else None
    if aim.format is Format.OPENAI_CHAT:
        if aim.provider in ("mistral", "codestral"):
            return MISTRAL
        if aim.provider == "fireworks_ai" or aim.profile.name == "Llama":
            return INLINE
    return None


def by_tool(request: Request, aim: Aim) -> bool:
    """The answer's schema is to be kept to by a forced tool."""
    output = request.output
    if output is None:
        return False
    if output.schema is not None:
        return aim.profile.schema == "tool" or "output" in aim.lacks
    # These formats have no JSON mode; LiteLLM forces a tool of any object.
    return aim.format in (Format.ANTHROPIC_MESSAGES, Format.BEDROCK_CONVERSE) and aim.forced != "no"


def fit_output(request: Request, aim: Aim, losses: Losses, *, own: bool) -> dict[str, object]:
    """Changes to the request that make the model keep to its output schema.

    Raises:
        Untranslatable: nothing makes it do so.
    """
    output = request.output
    assert output is not None
    if by_tool(request, aim) and not own:
        return _forced(request, output, aim, losses)
    if output.schema is None:
        if "output" in aim.lacks:
            losses.add("response_format", f"{aim.lacks['output']}; that the prompt asks for JSON is what is left")
            return {"output": None}
        if aim.format is Format.BEDROCK_CONVERSE and not own:
            losses.add("response_format", "Converse has no JSON mode; that the prompt asks for JSON is what is left")
            return {"output": None}
        return {}
    match aim.profile.schema:
        case "none":
            raise losses.refuse("response_format", aim.why("schema", "the model takes no output schema"))
        case "prompt" if not own:
            return _said(request, output, aim, losses)
        case _:
            dialect = None if own else dialect_of(aim)
            if dialect is None:
                return {}
            fitted = fit_schema(output.schema, dialect, losses, "response_format.schema")
            return {} if fitted == output.schema else {"output": replace(output, schema=fitted)}


def _forced(request: Request, output: OutputSchema, aim: Aim, losses: Losses) -> dict[str, object]:
    if aim.forced == "no" or not aim.profile.tools or "tools" in aim.lacks:
        raise losses.refuse("response_format", "the model has no output schemas and cannot be made to call a tool")
    schema = output.schema
    if schema is not None and schema.get("type", "object") != "object":
        raise losses.refuse("response_format", "the model's schemas must describe an object at their root")
    tool = Tool(name=SCHEMA_TOOL, description=output.description or _DESCRIBED, schema=schema or _ANY)
    choice = request.tool_choice
    if choice is not None and choice.mode == "required" and choice.names:
        names = [*choice.names, SCHEMA_TOOL]
    elif not request.tools or (choice is not None and choice.mode == "none"):
        names = [SCHEMA_TOOL]
    else:
        names = []  # any of them: the client's, or the answer
    return {
        "output": None,
        "tools": [*request.tools, tool],
        "tool_choice": ToolChoice(mode="required", names=names),
    }


def _said(request: Request, output: OutputSchema, aim: Aim, losses: Losses) -> dict[str, object]:
    losses.add("response_format", aim.why("schema", "the model has no schemas: the schema stands in the prompt"))
    words = "Answer with a JSON object that keeps to this JSON Schema:\n" + json.dumps(
        output.schema, ensure_ascii=False
    )
    messages = request.messages
    if messages and messages[0].role in ("system", "developer"):
        first = replace(messages[0], parts=[*messages[0].parts, Text(text="\n\n" + words)], native=None)
        messages = [first, *messages[1:]]
    else:
        messages = [Message(role="system", parts=[Text(text=words)]), *messages]
    return {"output": OutputSchema(), "messages": messages}


def schema_tool(adapted: Request) -> str | None:
    """The tool whose arguments are the answer, where a request that `Adapter.adapt` gave back has one.

    Its answer must go through `untool`, its stream through `UntoolStream`.
    """
    tools = adapted.tools
    return SCHEMA_TOOL if tools and tools[-1].name == SCHEMA_TOOL and adapted.output is None else None


def untool(answer: Answer) -> Answer:
    """The answer, with the arguments of the schema's tool as its text."""
    return replace(answer, choices=[_untooled(choice) for choice in answer.choices])


def _untooled(choice: Choice) -> Choice:
    if not any(isinstance(part, ToolCall) and part.name == SCHEMA_TOOL for part in choice.parts):
        return choice
    parts: list[Part] = [_text_of(part) for part in choice.parts]
    if choice.finish is not Finish.TOOL_CALLS or any(isinstance(part, ToolCall) for part in parts):
        return replace(choice, parts=parts)
    return replace(choice, parts=parts, finish=Finish.STOP, finish_native="")


def _text_of(part: Part) -> Part:
    if isinstance(part, ToolCall) and part.name == SCHEMA_TOOL:
        return Text(text=part.arguments, opaque=part.opaque)
    return part


class UntoolStream:
    """The same for a stream: give every event to `filter`, and pass on what it gives back."""

    __slots__ = ("_called", "_turned")

    def __init__(self) -> None:
        self._turned: set[int] = set()
        """Choices that had the schema's tool."""
        self._called: set[int] = set()
        """Choices that have calls of the client's tools."""

    def filter(self, event: Event) -> Event:
        """The event as the client should get it."""
        match event:
            case PartStarted(part=ToolCall(name=name)):
                if name != SCHEMA_TOOL:
                    self._called.add(event.choice)
                    return event
                self._turned.add(event.choice)
                return replace(event, part=_text_of(event.part))
            case PartEnded(part=ToolCall(name=name)) if name == SCHEMA_TOOL:
                assert event.part is not None
                return replace(event, part=_text_of(event.part))
            case Finished(finish=Finish.TOOL_CALLS):
                if event.choice in self._turned and event.choice not in self._called:
                    return replace(event, finish=Finish.STOP, finish_native="")
                return event
            case _:
                return event
