"""The OpenAPI document of the whole gateway: FastAPI's part, the light routes, and the data plane."""

from __future__ import annotations

from typing import Final, cast

import msgspec
from fastapi import FastAPI

from trunkline.admin import docs_page
from trunkline.admin import openapi_data_plane as data_plane
from trunkline.admin.health import Health
from trunkline.admin.light import Readiness, ReadinessDetails, Test
from trunkline.admin.routes import ROUTES, Access

Node = dict[str, object]

DESCRIPTION: Final = """\
One line to every model. The data plane speaks OpenAI's language under `/v1`; everything else is for operators.

A key goes into `Authorization: Bearer …`; `x-litellm-api-key`, `api-key`, `x-api-key`, `x-goog-api-key` and
`Ocp-Apim-Subscription-Key` are taken too. Errors have OpenAI's shape everywhere."""

_SCHEME: Final[Node] = {"type": "http", "scheme": "bearer", "description": "The master key."}

_TEXT: Final[Node] = {"type": "string"}
_STOPPING: Final = "Draining before a stop"


def _query(name: str, description: str, kind: str = "string") -> Node:
    return {"name": name, "in": "query", "required": False, "schema": {"type": kind}, "description": description}


_HEALTH_QUERY: Final = [
    _query("probe", "Make one small real call to each available deployment. Needs a key; may cost money.", "boolean"),
    _query("model", "Only this name. Needs a key; 503 when none of its deployments is healthy."),
    _query("model_id", "Only this deployment. Needs a key; 503 when it is not healthy."),
]

_LIGHT: Final[dict[str, tuple[str, str, str, str | None, dict[int, str]]]] = {
    "/": ("Documentation", "A page with a few links.", "", None, {}),
    "/health": (
        "Health",
        "Count deployments by what their calls did.",
        "Never makes a call unless asked to. The endpoint lists are empty without a key.",
        "Health",
        {503: "None healthy of the deployments that were asked for"},
    ),
    "/health/liveliness": ("Health", "Whether the process lives.", "LiteLLM's spelling.", None, {503: _STOPPING}),
    "/health/liveness": ("Health", "Whether the process lives.", "", None, {503: _STOPPING}),
    "/health/readiness": (
        "Health",
        "Whether new calls are welcome.",
        "A database that is down does not make a worker unready: journals hold the records, as `ledger` says.",
        "Readiness",
        {503: f"{_STOPPING}, or the journal has no room"},
    ),
    "/health/readiness/details": (
        "Health",
        "The same with versions, notes and the last error of the ledger.",
        "",
        "ReadinessDetails",
        {503: f"{_STOPPING}, or the journal has no room"},
    ),
    "/metrics": (
        "Health",
        "Counts of all workers in Prometheus' text format.",
        "Needs a key unless `litellm_settings.require_auth_for_metrics_endpoint` is `false`.",
        None,
        {},
    ),
    "/test": ("Health", "Something answers here.", "", "Test", {}),
}
"""Path -> tag, summary, description, schema of the answer, other statuses."""

_CONTENT: Final = {"/": "text/html", "/metrics": "text/plain"}


def encoded(app: FastAPI) -> bytes:
    """The document as JSON, made once per application: strangers may ask for it."""
    made: bytes | None = getattr(app.state, "openapi_json", None)
    if made is None:
        made = app.state.openapi_json = msgspec.json.encode(document(app))
    return made


def page(app: FastAPI) -> str:
    """The document as HTML, made once too."""
    made: str | None = getattr(app.state, "docs_html", None)
    if made is None:
        made = app.state.docs_html = docs_page.render(document(app))
    return made


def document(app: FastAPI) -> Node:
    """Every route of the gateway, OpenAPI 3.1."""
    own = cast("Node", app.openapi())
    components = cast("dict[str, Node]", own.get("components", {}))
    _, light = msgspec.json.schema_components(
        (Health, Readiness, ReadinessDetails, Test), ref_template="#/components/schemas/{name}"
    )
    schemas = dict(sorted((data_plane.SCHEMAS | light | components.get("schemas", {})).items()))
    paths = data_plane.paths() | {path: {"get": _light(path)} for path in _LIGHT}
    for path, item in cast("dict[str, Node]", own["paths"]).items():
        paths[path] = {method: _summed_up(cast("Node", operation)) for method, operation in item.items()}
    _say_who_may(paths)
    return {
        "openapi": "3.1.0",
        "info": cast("Node", own["info"]) | {"description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": name} for name in _tags(paths)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": data_plane.HEADERS,
            "responses": data_plane.RESPONSES,
            "securitySchemes": {"key": _SCHEME},
        },
    }


def _light(path: str) -> Node:
    tag, summary, description, schema, others = _LIGHT[path]
    shape = _TEXT if schema is None else {"$ref": f"#/components/schemas/{schema}"}
    content = {_CONTENT.get(path, "application/json"): {"schema": shape}}
    responses: Node = {"200": {"description": "OK", "content": content}}
    responses |= {str(status): {"description": text, "content": content} for status, text in others.items()}
    operation: Node = {
        "tags": [tag],
        "summary": summary,
        "operationId": "get" + path.replace("/", "_"),
        "responses": responses,
    }
    if description:
        operation["description"] = description
    if path == "/health":
        operation["parameters"] = _HEALTH_QUERY
    return operation


def _summed_up(operation: Node) -> Node:
    """The docstring's first line as the summary: FastAPI's own is the function's name."""
    summary, _, rest = str(operation["description"]).partition("\n")
    result = operation | {"summary": summary, "description": rest.strip()}
    if not rest:
        del result["description"]
    return result


def _say_who_may(paths: dict[str, Node]) -> None:
    """Write the table's access into the document: what is open says so, what needs a key lists the 401."""
    for route in ROUTES:
        operation = cast("Node", paths[route.path][route.method.lower()])
        if route.access is Access.PUBLIC:
            operation["security"] = []
        if route.access is not Access.PUBLIC or route.path == "/health":
            cast("Node", operation["responses"])["401"] = {"$ref": "#/components/responses/Unauthorized"}


def _tags(paths: dict[str, Node]) -> list[str]:
    found = [cast("list[str]", cast("Node", op)["tags"])[0] for item in paths.values() for op in item.values()]
    return list(dict.fromkeys(found))
