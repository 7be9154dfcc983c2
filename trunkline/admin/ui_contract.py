"""The part of the OpenAPI document that `/ui` is written against: `python -m trunkline.admin.ui_contract FILE`.

`frontend/admin/src/api/schema.d.ts` is made from it (`npm run api --workspace admin`); a test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, cast

import msgspec
from fastapi import FastAPI

from trunkline.admin import openapi
from trunkline.admin.management import include_all

FILE: Final = Path("frontend/admin/openapi.json")
_OURS: Final = "/trunkline/"

Node = dict[str, object]


def document() -> Node:
    """The paths below `/trunkline/` and the shapes that they use, OpenAPI 3.1."""
    app = FastAPI(title="Trunkline", docs_url=None, redoc_url=None, openapi_url=None)
    include_all(app)
    whole = openapi.document(app)
    paths = {path: item for path, item in cast("Node", whole["paths"]).items() if path.startswith(_OURS)}
    return {
        "openapi": whole["openapi"],
        "info": {"title": "Trunkline /ui", "version": "1"},
        "paths": paths,
        "components": _used(paths, cast("dict[str, Node]", whole["components"])),
    }


def _used(node: object, components: dict[str, Node]) -> dict[str, Node]:
    """The components that a node refers to, and those that they refer to."""
    found: dict[str, Node] = {}
    waiting = [node]
    while waiting:
        match waiting.pop():
            case {"$ref": str(reference)}:
                _, _, kind, name = reference.split("/")
                named = found.setdefault(kind, {})
                if name not in named:
                    named[name] = components[kind][name]
                    waiting.append(named[name])
            case dict() as inner:
                waiting.extend(inner.values())
            case list() as inner:
                waiting.extend(inner)
            case _:
                pass
    return {kind: dict(sorted(named.items())) for kind, named in sorted(found.items())}


def encoded() -> bytes:
    """The document as JSON for people and for `diff`."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=1) + b"\n"


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else FILE).write_bytes(encoded())
