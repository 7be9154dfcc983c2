"""JSON Schema and Gemini's older dialect."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.ir.losses import BadShape, Untranslatable
from trunkline.wire.gemini.losses import RECURSIVE, SCHEMA
from trunkline.wire.gemini.schema import from_gemini_schema, to_gemini_schema


@pytest.mark.parametrize(
    ("schema", "written", "dropped"),
    [
        ({"type": "string"}, {"type": "STRING"}, []),
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}, []),
        ({"type": "null"}, {"type": "NULL"}, []),
        (
            {"type": ["string", "integer"]},
            {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]},
            [],
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}, []),
        (
            {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}], "description": "d"},
            {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}], "nullable": True, "description": "d"},
            [],
        ),
        ({"oneOf": [{"type": "string"}, {"type": "number"}]}, {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]}, ["oneOf"]),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}, []),
        ({"enum": ["a", None]}, {"type": "STRING", "enum": ["a"], "nullable": True}, []),
        ({"type": "integer", "enum": [1, 2]}, {"type": "INTEGER"}, ["enum"]),
        ({"const": True}, {"type": "BOOLEAN"}, ["const"]),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False},
            {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]},
            ["additionalProperties"],
        ),
        ({"properties": {"type": {"items": {}}}}, {"type": "OBJECT", "properties": {"type": {"type": "ARRAY", "items": {}}}}, []),
        ({"type": "array"}, {"type": "ARRAY", "items": {"type": "STRING"}}, []),
        ({"type": "array", "items": True}, {"type": "ARRAY", "items": {"type": "STRING"}}, ["true"]),
        ({"type": "string", "format": "date-time"}, {"type": "STRING", "format": "date-time"}, []),
        ({"type": "string", "format": "uri", "minLength": 1}, {"type": "STRING", "minLength": 1}, ["format"]),
        ({"type": "integer", "exclusiveMinimum": 0, "$schema": "x", "$comment": "y"}, {"type": "INTEGER"}, ["exclusiveMinimum"]),
        (
            {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "string"}}, "description": "d"},
            {"type": "STRING", "description": "d"},
            [],
        ),
        ({"allOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"type": "string"}}}, {"type": "STRING"}, []),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "required": ["a"],
                "allOf": [{"properties": {"b": {"type": "integer"}}, "required": ["b"]}, {"type": "string"}],
            },
            {
                "type": "OBJECT",
                "properties": {"a": {"type": "STRING"}, "b": {"type": "INTEGER"}},
                "required": ["a", "b"],
            },
            ["allOf"],
        ),
    ],
)  # fmt: skip
def test_json_schema_is_written_in_the_dialect(schema: Any, written: object, dropped: list[str]) -> None:
    """Types, nulls, references, unions; keywords without a counterpart are named."""
    assert to_gemini_schema(schema) == (written, dropped)


def test_a_definition_used_twice_is_no_recursion() -> None:
    """Only a reference inside itself is."""
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"a": {"$ref": "#/definitions/X"}, "b": {"$ref": "#/definitions/X"}},
        "definitions": {"X": {"type": "integer"}},
    }
    assert to_gemini_schema(schema)[0]["properties"] == {"a": {"type": "INTEGER"}, "b": {"type": "INTEGER"}}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "#"}, RECURSIVE),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"items": {"$ref": "#/$defs/A"}}}}, RECURSIVE),
        ({"$ref": "#/$defs/missing"}, SCHEMA),
        ({"$ref": "https://example.org/schema"}, SCHEMA),
        ({"properties": {"a": 5}}, SCHEMA),
    ],
)
def test_schemas_that_cannot_be_written_are_refused(schema: Any, reason: str) -> None:
    """Recursion, references into nowhere, and what is no schema."""
    with pytest.raises(Untranslatable) as caught:
        to_gemini_schema(schema, "tools[0].schema")
    assert (caught.value.reason, caught.value.path) == (reason, "tools[0].schema")


@pytest.mark.parametrize(
    ("schema", "read"),
    [
        ({"type": "STRING", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "STRING", "format": "enum", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": 6, "properties": {"type": {"type": 3, "maxItems": "3"}}}, {"type": "object", "properties": {"type": {"type": "integer", "maxItems": 3}}}),
        (
            {"type": "ARRAY", "items": {"any_of": [{"type": "STRING"}], "nullable": True}, "min_items": 1},
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "minItems": 1},
        ),
        (
            {"type": "OBJECT", "property_ordering": ["b", "a"], "properties": {"a": {}, "b": {"example": 1}}},
            {"type": "object", "properties": {"b": {"examples": [1]}, "a": {}}},
        ),
        ({"type": "object", "$ref": "#/x", "additionalProperties": {"type": "STRING"}}, {"type": "object", "$ref": "#/x", "additionalProperties": {"type": "string"}}),
    ],
)  # fmt: skip
def test_the_dialect_is_read_as_json_schema(schema: Any, read: Any) -> None:
    """Both spellings, protobuf's numbers, `nullable`, and the order of properties."""
    found = from_gemini_schema(schema)
    assert found == read
    assert list(found.get("properties", {})) == list(read.get("properties", {}))  # type: ignore[call-overload]


def test_bottomless_schemas_are_refused() -> None:
    """Nesting without end is an error, not a crash."""
    deep: dict[str, object] = {}
    for _ in range(5000):
        deep = {"items": deep, "type": "array"}
    with pytest.raises(BadShape):
        from_gemini_schema(deep)
    with pytest.raises(Untranslatable):
        to_gemini_schema(deep)
