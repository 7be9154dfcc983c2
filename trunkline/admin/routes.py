"""The table of routes: what there is, who may, and who answers. Authorisation hangs on the entry that matched.

A path is matched as it came, never rewritten: two spellings are two paths, and the key is asked for by the same
object that answers (the lesson of CVE-2026-48710, where one part read the path and another routed).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from trunkline.surfaces import beside, stored
from trunkline.surfaces import routes as surfaces

Method = Literal["GET", "POST", "DELETE"]


class Access(Enum):
    """Who may."""

    KEY = "key"
    PUBLIC = "public"
    """Anybody; what is shown without a key is the same for everybody."""
    SESSION = "session"
    """A key, or a browser that signed in at `/ui`: for reading the ledger and nothing else."""
    SETTING = "setting"
    """A key, unless `litellm_settings.require_auth_for_metrics_endpoint: false` says otherwise."""


@dataclass(frozen=True, slots=True)
class Route:
    """One path of the admin API with one method."""

    method: Method
    path: str
    access: Access = Access.KEY
    light: bool = False
    """Answered without loading FastAPI: what probes, scrapers and strangers ask for all day."""


ROUTES: Final = (
    Route("GET", "/", access=Access.PUBLIC, light=True),
    Route("GET", "/health", access=Access.PUBLIC, light=True),
    Route("GET", "/health/liveliness", access=Access.PUBLIC, light=True),
    Route("GET", "/health/liveness", access=Access.PUBLIC, light=True),
    Route("GET", "/health/readiness", access=Access.PUBLIC, light=True),
    Route("GET", "/health/readiness/details", light=True),
    Route("GET", "/metrics", access=Access.SETTING, light=True),
    Route("GET", "/test", access=Access.PUBLIC, light=True),
    Route("GET", "/routes", access=Access.PUBLIC),
    Route("GET", "/docs", access=Access.PUBLIC),
    Route("GET", "/openapi.json", access=Access.PUBLIC),
    Route("GET", "/model/info"),
    Route("GET", "/v1/model/info"),
    Route("GET", "/v2/model/info"),
    Route("GET", "/model_group/info"),
    Route("GET", "/spend/logs"),
    Route("GET", "/trunkline/usage", access=Access.SESSION),
    Route("GET", "/trunkline/requests", access=Access.SESSION),
    Route("GET", "/trunkline/requests/{request_id}", access=Access.SESSION),
    Route("GET", "/trunkline/errors", access=Access.SESSION),
    Route("GET", "/trunkline/overview", access=Access.SESSION),
    Route("GET", "/trunkline/anomalies", access=Access.SESSION),
    Route("GET", "/trunkline/session", access=Access.PUBLIC),
    Route("POST", "/trunkline/session", access=Access.PUBLIC),
    Route("DELETE", "/trunkline/session", access=Access.PUBLIC),
    Route("POST", "/config/reload"),
)

DATA_PLANE: Final[tuple[tuple[str, str], ...]] = (
    *(("POST", path) for path in surfaces.paths()),
    ("GET", "/v1/models"),
    ("GET", "/models"),
    ("GET", "/v1/models/{model_id}"),
    ("GET", "/models/{model_id}"),
    *((method, path) for method, path, _ in stored.paths()),
    *((method, path) for method, path, _ in beside.paths()),
)
"""Answered by the edge before this application is asked; here for the answer to a wrong method, and for the docs."""

_BY_PATH: Final = {path: tuple(route for route in ROUTES if route.path == path) for path in {r.path for r in ROUTES}}
_TEMPLATES: Final = tuple(route for route in ROUTES if "{" in route.path)


def find(path: str) -> tuple[Route, ...]:
    """The routes of a path, one per method; none when the path is unknown."""
    found = _BY_PATH.get(path)
    return tuple(route for route in _TEMPLATES if fits(route.path, path)) if found is None else found


def methods(path: str) -> tuple[str, ...]:
    """The methods of a path of the data plane; none when it is not one."""
    found = [method for method, template in DATA_PLANE if template == path]
    fitting = [(method, template) for method, template in DATA_PLANE if not found and fits(template, path)]
    found = found or [method for method, template in fitting if not template.endswith("{endpoint}")]
    found = found or [method for method, _ in fitting]  # what passes is what nothing else fits
    return tuple(dict.fromkeys(found))


def fits(template: str, path: str) -> bool:
    """Whether a path is one of a template's: a name in the middle is one segment, at the end it may have slashes.

    (The ids of responses and requests have none.)
    """
    head, brace, rest = template.partition("{")
    if not brace:
        return template == path
    if not path.startswith(head):
        return False
    tail = rest.partition("}")[2]
    name = path[len(head) : len(path) - len(tail)]
    may_have_slashes = not tail and rest not in ("response_id}", "request_id}")
    return bool(name) and path.endswith(tail) and (may_have_slashes or "/" not in name)


def suggestion(path: str) -> str | None:
    """The known path that looks most like an unknown one."""
    if len(path) > 64:  # comparing is quadratic, and strangers choose the length
        return None
    import difflib

    known = [route.path for route in ROUTES if route.path != "/"] + [path for _, path in DATA_PLANE if "{" not in path]
    found = difflib.get_close_matches(path, list(dict.fromkeys(known)), n=1, cutoff=0.75)
    return found[0] if found else None


def allow(names: Iterable[str], *, head: bool) -> bytes:
    """The value of an `Allow` header; `head` where HEAD is answered like GET without its body."""
    listed = list(dict.fromkeys(names))
    if head and "GET" in listed:
        listed.insert(listed.index("GET") + 1, "HEAD")
    return ", ".join([*listed, "OPTIONS"]).encode()
