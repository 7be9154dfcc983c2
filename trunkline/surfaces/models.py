"""`GET /v1/models` and `/v1/models/{id}`: what the caller may ask for, in OpenAI's shape with LiteLLM's extras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.access import error_body
from trunkline.config.snapshot import Deployment
from trunkline.profiles.facts import LIMITS, model_facts
from trunkline.routing.plan import Routes

CREATED: Final = 1677610602
"""LiteLLM's constant (litellm.md section 15)."""


def listing(routes: Routes) -> bytes:
    """All names that can be called now; a name whose deployments are all unavailable is left to `/model/info`."""
    rows = [row for name in routes.names() if (row := _row(routes, name)) is not None]
    return msgspec.json.encode({"data": rows, "object": "list"})


def one(routes: Routes, name: str) -> tuple[int, bytes]:
    """Status and body for one name."""
    row = _row(routes, name)
    if row is not None:
        return 200, msgspec.json.encode(row)
    message = f"The model `{name[:200]}` does not exist or you do not have access to it."
    return 404, error_body(message, "invalid_request_error", "model", "model_not_found")


def _row(routes: Routes, name: str) -> dict[str, object] | None:
    ready: tuple[Deployment, ...]
    if "*" in name:
        ready = tuple(d for d in routes.snapshot.deployments if d.group == name and d.unavailable is None)
    else:
        group = routes.find(name)
        ready = group.ready if group is not None else ()
    if not ready:
        return None
    row: dict[str, object] = {"id": name, "object": "model", "created": CREATED, "owned_by": ready[0].provider}
    known = _known(ready[0])
    row.update((key, known[key]) for key in ("mode", *LIMITS) if key in known)
    return row


def _known(deployment: Deployment) -> Mapping[str, object]:
    """What the config says, over what the profiles know. Price data is not loaded for a list of names."""
    base = deployment.model_info.get("base_model")
    model = base if isinstance(base, str) else deployment.model
    facts = {} if "*" in model else model_facts(deployment.provider, model, mode=deployment.mode)
    return {**facts, **deployment.model_info}
