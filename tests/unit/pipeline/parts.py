"""Small deployments and snapshots for the tests of the rooms a call walks through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trunkline.config.snapshot import Deployment, RouterSettings, Snapshot
from trunkline.ir import Endpoint, Secret
from trunkline.providers.target import Quirks, Target

PATHS = {
    Endpoint.CHAT: "/v1/chat/completions",
    Endpoint.COMPLETIONS: "/v1/completions",
    Endpoint.EMBEDDINGS: "/v1/embeddings",
}


def target(**changes: Any) -> Target:
    """A place that offers every operation."""
    plain = Target(
        provider="acme", scheme="http", host="127.0.0.1", port=8080, paths=PATHS,
        headers=(("authorization", Secret("Bearer sk-provider")),),
    )  # fmt: skip
    return replace(plain, **changes)


def deployment(group: str = "g", model: str = "m-1", *, quirks: Quirks | None = None, **changes: Any) -> Deployment:
    """A deployment that can be called; its id is the group's and the model's name."""
    place = target(quirks=quirks or Quirks())
    plain = Deployment(
        id=f"{group}/{model}", group=group, provider="acme", model=model, litellm_model=f"acme/{model}", target=place
    )
    return replace(plain, **changes)


def snapshot(*deployments: Deployment, **changes: Any) -> Snapshot:
    """A configuration of these deployments."""
    return replace(Snapshot(version="v", deployments=deployments, router=RouterSettings()), **changes)
