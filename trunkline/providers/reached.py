"""What the code for one host gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline.ir import Endpoint, Secret
from trunkline.providers.base_url import Base
from trunkline.providers.target import Authorizer, Quirks, Target

Headers = tuple[tuple[str, str | Secret], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a deployment's calls go, and what is sent as the model."""

    target: Target
    model: str
    rename: Mapping[str, str] = field(default_factory=dict[str, str])


def target_at(
    base: Base,
    provider: str,
    paths: Mapping[Endpoint, str],
    headers: Headers,
    *,
    stream_paths: Mapping[Endpoint, str] | None = None,
    small: Mapping[Endpoint, str] | None = None,
    quirks: Quirks | None = None,
    authorizer: Authorizer | None = None,
) -> Target:
    """A target at `base`'s origin.

    In the path of an operation that `small` words differently, `{path}` stands for what the wording adds:
    `wire.small`'s `Body.path`, which depends on the request.
    """
    return Target(
        provider=provider,
        scheme=base.scheme,
        host=base.host,
        port=base.port,
        paths=paths,
        headers=headers,
        quirks=quirks or Quirks(),
        stream_paths=stream_paths or {},
        small=small or {},
        authorizer=authorizer,
    )
