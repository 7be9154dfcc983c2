"""JSON Schema and Gemini's older dialect of OpenAPI's (`parameters`, `responseSchema`), both ways.

What the dialect has is the `Schema` message of Google's API reference (ai.google.dev/api/caching#Schema): no `$ref`,
`const`, `oneOf`, `allOf`, `additionalProperties`, exclusive bounds; enums of strings; `nullable` for `null`.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.losses import BadShape, Untranslatable
from trunkline.wire.codec import Members
from trunkline.wire.gemini.form import is_list, is_number, is_object
from trunkline.wire.gemini.losses import RECURSIVE, SCHEMA
from trunkline.wire.gemini.spelling import snake

_TYPES: Final = ("string", "number", "integer", "boolean", "array", "object", "null")
"""In the order of protobuf's numbers, which begin at 1."""

_SAME: Final = frozenset({
    "title", "description", "default", "pattern", "minimum", "maximum", "minItems", "maxItems", "minLength",
    "maxLength", "minProperties", "maxProperties", "required", "propertyOrdering", "example",
})  # fmt: skip
_FORMATS: Final = {
    "string": frozenset({"date-time", "enum"}),
    "number": frozenset({"float", "double"}),
    "integer": frozenset({"int32", "int64"}),
}
_COUNTS: Final = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})
_CAMEL: Final = {snake(name): name for name in (*_SAME, "anyOf")}
_SILENT: Final = frozenset({"$schema", "$id", "$defs", "definitions", "$comment"})
"""Keywords that say nothing of the values."""

_KINDS: Final = {bool: "BOOLEAN", int: "INTEGER", float: "NUMBER"}
_DEEPEST: Final = 100


def to_gemini_schema(schema: Members, path: str = "schema") -> tuple[Members, list[str]]:
    """The schema in Gemini's dialect, and the keywords that it had to leave out; the path serves messages.

    Raises:
        Untranslatable: it refers to itself, or to nothing, or is no schema.
    """
    work = _ToGemini(schema, path)
    return work.convert(schema, 0), sorted(work.dropped)


class _ToGemini:
    """One conversion."""

    __slots__ = ("_open", "_path", "_root", "dropped")

    def __init__(self, root: Members, path: str) -> None:
        self._root = root
        self._path = path
        self._open: list[str] = []
        self.dropped: set[str] = set()

    def convert(self, schema: object, depth: int) -> Members:
        if depth > _DEEPEST:
            raise Untranslatable(self._path, SCHEMA)
        if isinstance(schema, bool):  # `true` is any value, `false` none
            self.dropped.add("true" if schema else "false")
            return {"type": "STRING"}
        if not is_object(schema):
            raise Untranslatable(self._path, SCHEMA)
        whole = self._merged(schema)
        reference = whole.get("$ref")
        if isinstance(reference, str):
            return self._inline(reference, whole, depth)
        out: Members = {}
        kinds = self._kinds(whole, out)
        self._values(whole, kinds, out)
        self._inner(whole, kinds, out, depth)
        return out

    def _inline(self, reference: str, schema: Members, depth: int) -> Members:
        if reference in self._open:
            raise Untranslatable(self._path, RECURSIVE)
        at: object = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            at = at.get(step.replace("~1", "/").replace("~0", "~")) if is_object(at) else None
        if not reference.startswith("#") or not is_object(at):
            raise Untranslatable(self._path, SCHEMA)
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        self._open.append(reference)
        out = self.convert({**at, **beside}, depth + 1)
        self._open.pop()
        return out

    def _kinds(self, schema: Members, out: Members) -> list[str]:
        """The types, without `null`."""
        said = schema.get("type")
        kinds = [kind for kind in (said if is_list(said) else [said]) if isinstance(kind, str)]
        if "null" in kinds and len(kinds) > 1:
            out["nullable"] = True
            kinds.remove("null")
        if not kinds:
            kinds = _implied(schema)
        if len(kinds) == 1:
            out["type"] = kinds[0].upper()
        return kinds

    def _merged(self, schema: Members) -> Members:
        """`allOf` folded in, as far as its members do not contradict each other."""
        every = schema.get("allOf")
        if not is_list(every):
            return schema
        out = {name: value for name, value in schema.items() if name != "allOf"}
        for part in every:
            if not is_object(part):
                continue
            if "$ref" in part and len(every) > 1:
                self.dropped.add("allOf")
                continue
            for name, value in part.items():
                there = out.get(name)
                if name == "properties" and is_object(there) and is_object(value):
                    out[name] = {**there, **value}
                elif name == "required" and is_list(there) and is_list(value):
                    out[name] = [*there, *(item for item in value if item not in there)]
                elif there is None:
                    out[name] = value
                elif there != value:
                    self.dropped.add("allOf")
        return out

    def _values(self, schema: Members, kinds: list[str], out: Members) -> None:
        for name, value in schema.items():
            if name in _SAME:
                out[name] = value
            elif name == "format":
                if isinstance(value, str) and any(value in _FORMATS.get(kind, ()) for kind in kinds):
                    out[name] = value
                else:
                    self.dropped.add(name)
            elif name in ("enum", "const"):
                self._enum(name, value if is_list(value) and name == "enum" else [value], out)
            elif name not in _HANDLED and name not in _SILENT:
                self.dropped.add(name)

    def _enum(self, name: str, values: list[object], out: Members) -> None:
        words = [value for value in values if value is not None]
        if len(words) < len(values):
            out["nullable"] = True
        if words and all(isinstance(value, str) for value in words):
            out["enum"] = words
            out.setdefault("type", "STRING")
        else:
            self.dropped.add(name)
            if words and (kind := _KINDS.get(type(words[0]))):
                out.setdefault("type", kind)

    def _inner(self, schema: Members, kinds: list[str], out: Members, depth: int) -> None:
        if is_object(properties := schema.get("properties")):
            out["properties"] = {name: self.convert(inner, depth + 1) for name, inner in properties.items()}
        if "array" in kinds:  # the dialect wants `items` of every array
            items = schema.get("items")
            out["items"] = self.convert(items, depth + 1) if items is not None else {"type": "STRING"}
        choices = schema.get("anyOf", schema.get("oneOf"))
        if "oneOf" in schema:
            self.dropped.add("oneOf")
        if is_list(choices):
            self._choices(choices, out, depth)
        elif len(kinds) > 1:
            out["anyOf"] = [{"type": kind.upper()} for kind in kinds]

    def _choices(self, choices: list[object], out: Members, depth: int) -> None:
        real = [choice for choice in choices if not (is_object(choice) and choice.get("type") == "null")]
        if len(real) < len(choices):
            out["nullable"] = True
        if len(real) == 1:
            out.update({name: value for name, value in self.convert(real[0], depth + 1).items() if name not in out})
        elif real:
            out["anyOf"] = [self.convert(choice, depth + 1) for choice in real]


_HANDLED: Final = frozenset({"type", "properties", "items", "anyOf", "oneOf", "allOf", "nullable"})


def _implied(schema: Members) -> list[str]:
    """The type that a schema without one means by its other keywords."""
    if "properties" in schema:
        return ["object"]
    if "items" in schema:
        return ["array"]
    return []


def from_gemini_schema(schema: Members, depth: int = 0) -> Members:
    """A schema of Gemini's dialect (in either spelling) as JSON Schema.

    Raises:
        BadShape: it is nested too deep.
    """
    if depth > _DEEPEST:
        raise BadShape("schema", f"is nested more than {_DEEPEST} deep")
    out: Members = {}
    for own, value in schema.items():
        name = _CAMEL.get(own, own)
        if name == "type":
            out[name] = _json_type(value)
        elif name == "properties" and is_object(value):
            out[name] = {key: _nested(inner, depth) for key, inner in value.items()}
        elif name in ("items", "additionalProperties"):
            out[name] = _nested(value, depth)
        elif name == "anyOf" and is_list(value):
            out[name] = [_nested(inner, depth) for inner in value]
        elif name == "example":
            out["examples"] = [value]
        elif name in _COUNTS and isinstance(value, str) and value.isdecimal():  # protobuf writes int64 as text
            out[name] = int(value)
        elif name not in ("nullable", "propertyOrdering") and not (name == "format" and value == "enum"):
            out[name] = value
    if schema.get("nullable") is True:
        _allow_null(out)
    ordering = schema.get("propertyOrdering", schema.get("property_ordering"))
    if is_list(ordering) and is_object(properties := out.get("properties")):
        first = {name: properties[name] for name in ordering if isinstance(name, str) and name in properties}
        out["properties"] = {**first, **properties}
    return out


def _nested(value: object, depth: int) -> object:
    return from_gemini_schema(value, depth + 1) if is_object(value) else value


def _json_type(value: object) -> object:
    if isinstance(value, str):
        return value.lower()
    if is_number(value) and value in range(1, len(_TYPES) + 1):
        return _TYPES[int(value) - 1]
    return [_json_type(kind) for kind in value] if is_list(value) else value


def _allow_null(out: Members) -> None:
    kind = out.get("type")
    if isinstance(kind, str):
        out["type"] = [kind, "null"]
    elif is_list(choices := out.get("anyOf")):
        out["anyOf"] = [*choices, {"type": "null"}]
    if is_list(words := out.get("enum")):
        out["enum"] = [*words, None]
