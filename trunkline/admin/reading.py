"""The OpenAPI document as people read it: a list of operations and of shapes, for the page and for the Markdown."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Final, cast

Node = dict[str, object]

ORIGIN: Final = "http://localhost:4000"
"""In examples; the page puts its own address there."""
KEY: Final = "$LITELLM_MASTER_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One member of an object, or one parameter."""

    name: str
    kind: str
    """Its type in a few words; a shape's name where it has one."""
    required: bool
    text: str
    shape: str | None = None
    """The shape that the type leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One possible answer."""

    status: str
    text: str
    shape: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path."""

    anchor: str
    tag: str
    method: str
    path: str
    aliases: tuple[str, ...]
    summary: str
    description: str
    access: str
    """`key`, `no key`, or `key for more`."""
    parameters: tuple[Field, ...]
    body: str | None
    """The shape of the request's body."""
    outcomes: tuple[Outcome, ...]
    headers: tuple[Field, ...]
    curl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One schema."""

    name: str
    anchor: str
    text: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The document."""

    title: str
    version: str
    description: str
    operations: tuple[Operation, ...]
    shapes: tuple[Shape, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """Of the operations, in their order."""
        return tuple(dict.fromkeys(operation.tag for operation in self.operations))


def read(document: Node) -> Reading:
    """Read an OpenAPI document of ours."""
    info = _node(document["info"])
    aliases: dict[str, list[str]] = {}
    operations: list[tuple[str, str, Node]] = []
    for path, item in _nodes(document["paths"]).items():
        for method, operation in _nodes(item).items():
            if "x-alias-of" in operation:
                aliases.setdefault(str(operation["x-alias-of"]), []).append(path)
            else:
                operations.append((method, path, operation))
    rank = {tag: place for place, tag in enumerate(dict.fromkeys(_tag(op) for *_, op in operations))}
    operations.sort(key=lambda found: rank[_tag(found[2])])
    return Reading(
        title=str(info["title"]),
        version=str(info["version"]),
        description=str(info["description"]),
        operations=tuple(
            _operation(document, method, path, operation, tuple(aliases.get(path, ())))
            for method, path, operation in operations
        ),
        shapes=tuple(_shape(name, schema) for name, schema in _nodes(_at(document, "components", "schemas")).items()),
    )


def _operation(document: Node, method: str, path: str, operation: Node, aliases: tuple[str, ...]) -> Operation:
    responses = _nodes(operation["responses"])
    body = _node(_node(_node(operation.get("requestBody")).get("content")).get("application/json"))
    return Operation(
        anchor=f"{method}{path}".replace("/", "-").replace("{", "").replace("}", "").rstrip("-"),
        tag=_tag(operation),
        method=method.upper(),
        path=path,
        aliases=aliases,
        summary=str(operation.get("summary", "")),
        description=str(operation.get("description", "")),
        access=_access(operation, "401" in responses),
        parameters=tuple(_parameter(found) for found in _list(operation.get("parameters"))),
        body=_name_of(_node(body.get("schema"))),
        outcomes=tuple(_outcome(document, status, found) for status, found in responses.items()),
        headers=tuple(_header(document, name) for name in _nodes(_node(responses.get("200")).get("headers"))),
        curl=_curl(method, path, operation, body.get("example")),
    )


def _access(operation: Node, refuses: bool) -> str:
    if operation.get("security") == []:
        return "key for more" if refuses else "no key"
    return "key"


def _parameter(found: Node) -> Field:
    kind, shape = _kind(_node(found.get("schema")))
    required = found.get("required") is True
    return Field(name=str(found["name"]), kind=f"{kind}, in the {found['in']}", required=required, shape=shape,
                 text=str(found.get("description", "")))  # fmt: skip


def _header(document: Node, name: str) -> Field:
    found = _node(_nodes(_at(document, "components", "headers")).get(name))
    return Field(name=name, kind="string", required=False, text=str(found.get("description", "")))


def _outcome(document: Node, status: str, response: Node) -> Outcome:
    reference = response.get("$ref")
    if isinstance(reference, str):
        response = _nodes(_at(document, "components", "responses"))[reference.rpartition("/")[2]]
    contents = _nodes(response.get("content"))
    names = [name for content in contents.values() if (name := _name_of(_node(content.get("schema"))))]
    return Outcome(status=status, text=str(response.get("description", "")), shape=names[0] if names else None)


def _shape(name: str, schema: Node) -> Shape:
    required = _strings(schema.get("required"))
    fields = [_field(key, found, key in required) for key, found in _nodes(schema.get("properties")).items()]
    return Shape(name=name, anchor=f"shape-{name}", text=str(schema.get("description", "")), fields=tuple(fields))


def _field(name: str, schema: Node, required: bool) -> Field:
    kind, shape = _kind(schema)
    return Field(name=name, kind=kind, required=required, text=_text(schema), shape=shape)


def _text(schema: Node) -> str:
    """The description, and that of an object's members where they have no name of their own."""
    text = str(schema.get("description", ""))
    inner = _nodes(schema.get("properties")) or _nodes(_node(schema.get("items")).get("properties"))
    said = [f"`{name}`: {found['description']}" for name, found in inner.items() if "description" in found]
    return " ".join([text, *said]).strip()


def _kind(schema: Node) -> tuple[str, str | None]:
    name = _name_of(schema)
    if name is not None and "$ref" in schema:
        return name, name
    if "anyOf" in schema:
        kinds = [_kind(found) for found in _list(schema["anyOf"])]
        return " or ".join(dict.fromkeys(kind for kind, _ in kinds)), next((s for _, s in kinds if s), None)
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in cast("list[object]", schema["enum"])), None
    kind = schema.get("type", "anything")
    if kind == "array":
        inner, shape = _kind(_node(schema.get("items")))
        return f"list of {inner}", shape
    return (" or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)), None


def _name_of(schema: Node) -> str | None:
    """The shape that a schema refers to, itself or by its items."""
    reference = schema.get("$ref", _node(schema.get("items")).get("$ref"))
    return reference.rpartition("/")[2] if isinstance(reference, str) else None


def _curl(method: str, path: str, operation: Node, example: object) -> str:
    url = ORIGIN + path.replace("{model_id}", "MODEL").replace("{model}", "MODEL")
    lines = [f"curl {url}" if method == "get" else f"curl -X {method.upper()} {url}"]
    if operation.get("security") != []:
        lines.append(f'-H "Authorization: Bearer {KEY}"')
    if example is not None:
        lines[0] = f"curl {url}"
        lines.append('-H "Content-Type: application/json"')
        lines.append(f"-d {shlex.quote(json.dumps(example))}")
    return " \\\n  ".join(lines)


def _tag(operation: Node) -> str:
    return _strings(operation.get("tags"))[0]


def _at(document: Node, *names: str) -> Node:
    for name in names:
        document = _node(document[name])
    return document


def _node(value: object) -> Node:
    return cast("Node", value) if isinstance(value, dict) else {}


def _nodes(value: object) -> dict[str, Node]:
    return cast("dict[str, Node]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Node]:
    return cast("list[Node]", value) if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return cast("list[str]", value) if isinstance(value, list) else []
