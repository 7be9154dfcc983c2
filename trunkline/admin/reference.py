"""Writes the reference pages for routes and metrics: `python -m trunkline.admin.reference`, as `make docs` does."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from trunkline.admin import openapi, reading
from trunkline.admin.management import include_all
from trunkline.admin.reading import Field, Operation, Outcome, Shape
from trunkline.telemetry.metrics import METRICS

_MADE: Final = "<!-- Made by `make docs` from the code; a test compares. -->"

_METRICS: Final = """\
# Metrics

`GET /metrics` shows the counts of all workers of one data folder, whichever of them answers, in Prometheus' text
format. It needs a key unless `litellm_settings.require_auth_for_metrics_endpoint` is `false`.

Names that begin with `litellm_` mean what they mean in LiteLLM. Label values come from the configuration and from
fixed lists, never from a client, so the number of series is bounded. Counters do not go back while the data folder
lives: a worker that ends leaves its counts behind. After `kill -9` up to five seconds of counts are missing here; the
ledger has those calls."""


def api() -> str:
    """The page of all routes."""
    app = FastAPI(title="Trunkline", docs_url=None, redoc_url=None, openapi_url=None)
    include_all(app)
    found = reading.read(openapi.document(app))
    lines = [_MADE, "# API", "", found.description, ""]
    lines += ["The gateway shows the same at `/docs`, and as OpenAPI 3.1 at `/openapi.json`.", ""]
    for tag in found.tags:
        lines += [f"## {tag}", ""]
        for operation in found.operations:
            if operation.tag == tag:
                lines += _operation(operation)
    lines += ["## Shapes", ""]
    for shape in found.shapes:
        lines += _shape(shape)
    return "\n".join(lines).rstrip() + "\n"


def metrics() -> str:
    """The page of all metrics."""
    lines = [_MADE, *_METRICS.splitlines(), "", "| metric | kind | labels | meaning |", "|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(f"| `{metric.exposed}` | {metric.kind} | {labels} | {metric.help} |")
    return "\n".join(lines) + "\n"


def _operation(found: Operation) -> Iterator[str]:
    yield from (f"### {found.method} {found.path}", "", found.summary, "")
    if found.description:
        yield from (found.description, "")
    yield from (f"Access: {found.access}.", "")
    if found.aliases:
        yield from ("Also as " + ", ".join(f"`{alias}`" for alias in found.aliases) + ".", "")
    if found.body:
        yield from (f"Body: {_link(found.body)}", "")
    if found.parameters:
        yield from ("| parameter | type | meaning |", "|---|---|---|", *_fields(found.parameters), "")
    yield from ("| answer | meaning |", "|---|---|", *map(_outcome, found.outcomes), "")
    if found.headers:
        yield from ("| header of the answer | type | meaning |", "|---|---|---|", *_fields(found.headers), "")
    yield from ("```bash", found.curl, "```", "")


def _shape(found: Shape) -> Iterator[str]:
    yield from (f"### {found.name}", "", found.text, "")
    if found.fields:
        yield from ("| member | type | meaning |", "|---|---|---|", *_fields(found.fields), "")


def _fields(fields: Iterable[Field]) -> Iterator[str]:
    for field in fields:
        kind = field.kind.replace(field.shape, _link(field.shape)) if field.shape else field.kind
        required = ", required" if field.required else ""
        yield f"| `{field.name}` | {_cell(kind)}{required} | {_cell(field.text)} |"


def _outcome(found: Outcome) -> str:
    shape = f" {_link(found.shape)}" if found.shape else ""
    return f"| {found.status} | {_cell(found.text)}{shape} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _link(shape: str) -> str:
    return f"[{shape}](#{shape.lower()})"


def write(folder: Path) -> None:
    """Write both pages; raises `OSError` when the folder is not there."""
    (folder / "api.md").write_text(api(), encoding="utf-8")
    (folder / "metrics.md").write_text(metrics(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference"))
