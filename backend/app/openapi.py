"""`python -m backend.app.openapi > frontend/openapi.json`: the contract from which the front end's client is made."""

from __future__ import annotations

import json
import sys
from typing import Any

from backend.app.core.settings import Settings
from backend.app.main import create_app


def document() -> dict[str, Any]:
    """Return OpenAPI 3.1 of every endpoint under `/api`."""
    made = create_app(Settings.model_construct()).openapi()
    for path in made["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                _correct(status, answer)
    return made


def _correct(status: str, answer: dict[str, Any]) -> None:
    """FastAPI gives errors the media type of the answer, and a reference in a stream a `type` beside it."""
    content = answer.get("content", {})
    if status in {"4XX", "5XX"}:
        answer["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
    elif "$ref" in content.get("text/event-stream", {}).get("schema", {}):
        content["text/event-stream"]["schema"].pop("type", None)


def text() -> str:
    """Return it as text that is the same on every machine."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
