"""Writes docs/reference/app-api.md and the settings of docs/guides/app.md: `python -m backend.app.reference`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from backend.app import openapi
from backend.app.api.schemas.errors import ErrorCode
from backend.app.core.errors import STATUS
from backend.app.core.settings import ROOT, Settings

PAGE: Final = ROOT / "docs" / "reference" / "app-api.md"
GUIDE: Final = ROOT / "docs" / "guides" / "app.md"
_BEGIN: Final = "<!-- settings: made by `python -m backend.app.reference` -->\n\n"
_END: Final = "\n<!-- /settings -->"
_METHODS: Final = ("get", "post", "put", "patch", "delete")

_HEAD: Final = """\
# The application's API

Generated from the code by `python -m backend.app.reference`; the same as OpenAPI 3.1 is
[frontend/openapi.json](../../frontend/openapi.json).

Everything is JSON under `/api` on port 8000, and on port 3000 beside the chat. Ids are ULIDs, times RFC 3339 in UTC,
money is whole nano-dollars as a string (`"8300000"` is $0.0083), tokens are whole numbers.

A request that changes something needs the header `x-trunkline-csrf: 1`, and a cookie where sign-in is on:

```sh
curl -s http://localhost:8000/api/compare -H 'x-trunkline-csrf: 1' -H 'content-type: application/json' \\
  -d '{"models": ["gpt-4", "claude-3-5-sonnet"], "prompt": "What is Docker?"}'
```

`GET /health` is the same as `GET /api/health`.
"""


def page() -> str:
    """Return the page."""
    document = openapi.document()
    return "\n".join([_HEAD, *_operations(document), *_errors(), *_schemas(document)]) + "\n"


def settings_list() -> str:
    """Return the list of every variable, its default and what it is for."""
    entries = (
        _entry(f"`{name.upper()}`{_default(field.default)}: {field.description}")
        for name, field in Settings.model_fields.items()
    )
    return "\n".join(entries) + "\n"


def _entry(text: str) -> str:
    """Return an entry of a list, in lines that are not too long."""
    return textwrap.fill(
        text, 125, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _default(value: object) -> str:
    match value:
        case None | "":
            return ""
        case Path():
            return f" (default `{value.relative_to(ROOT) if value.is_absolute() else value}`)"
        case _:
            return f" (default `{value}`)"


def _operations(document: dict[str, Any]) -> Iterator[str]:
    tags: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                tags.setdefault(operations[method]["tags"][0], []).append(_operation(method, path, operations[method]))
    for tag, rows in sorted(tags.items()):
        yield f"## {tag.capitalize()}\n"
        yield from rows
        yield ""


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    query = [f"`{each['name']}`" for each in operation.get("parameters", ()) if each["in"] == "query"]
    body = [_shape(content["schema"]) for content in operation.get("requestBody", {}).get("content", {}).values()]
    answers = []
    for status, answer in operation["responses"].items():
        if status not in {"4XX", "5XX"}:
            shapes = [_shape(content.get("schema", {})) for content in answer.get("content", {}).values()]
            answers.append(f"{status} {' or '.join(filter(None, shapes))}".strip())
    told = " ".join(operation["description"].split())
    takes = f" Takes {', '.join([*query, *body])}." if query or body else ""
    return _entry(f"`{method.upper()} {path}`: {told}{takes} Answers {'; '.join(answers)}.")


def _shape(schema: dict[str, Any]) -> str:
    """Return a schema in few words: names as links, `[X]` for a list, `X or null`."""
    match schema:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            if name.startswith("Body_"):
                return "a file"
            return f"[{name}](#{'errors' if name == 'ErrorCode' else name.lower()})"
        case {"anyOf": list(choices)}:
            return " or ".join(_shape(choice) for choice in choices)
        case {"enum": list(values)}:
            return ", ".join(f"`{value}`" for value in values)
        case {"const": value}:
            return f"`{value}`"
        case {"type": "array", "items": dict(items)}:
            return f"list of {_shape(items)}"
        case {"type": "array"}:
            return "list"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object of {_shape(values)}"
        case {"type": str(kind), "format": "date-time"}:
            return "time" if kind == "string" else kind
        case {"type": str(kind)}:
            return kind
        case _:
            return ""


def _errors() -> Iterator[str]:
    yield "## Errors\n"
    yield "Every status of 400 or more has the body [ErrorResponse](#errorresponse): `message` says what happened"
    yield "and why, `fix` what to do. The code is for programs:\n"
    yield "| code | status |"
    yield "|---|---|"
    for code in ErrorCode:
        more = " (401 where nobody is signed in)" if code is ErrorCode.NOT_PERMITTED else ""
        yield f"| `{code.value}` | {STATUS[code]}{more} |"
    yield ""


def _schemas(document: dict[str, Any]) -> Iterator[str]:
    yield "## Shapes\n"
    for name, schema in document["components"]["schemas"].items():
        if name.startswith("Body_") or "properties" not in schema:
            continue
        yield f"### {name}\n"
        yield textwrap.fill(" ".join(schema.get("description", "").split()), 125)
        yield ""
        for field, shape in schema["properties"].items():
            told = " ".join(str(shape.get("description", "")).split())
            yield _entry(f"`{field}` ({_shape(shape)}){f': {told}' if told else ''}")
        yield ""


def main() -> None:
    """Write both."""
    PAGE.write_text(page(), encoding="utf-8")
    guide = GUIDE.read_text(encoding="utf-8")
    block = re.escape(_BEGIN) + ".*?" + re.escape(_END)
    made = re.sub(block, lambda _: _BEGIN + settings_list() + _END, guide, flags=re.DOTALL)
    GUIDE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
