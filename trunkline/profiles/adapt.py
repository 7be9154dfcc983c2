"""From what a client asked to what one model accepts: knobs, reasoning, schemas, media, opaque state, tool ids.

Works on the representation, between decoding and encoding; the same-format path never comes here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request


class Fetched(msgspec.Struct, frozen=True):
    """What a URL held."""

    mime: str
    data: str
    """Base64."""


class MustFetch(Exception):
    """The target wants what these URLs hold inline: fetch them and adapt again."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        super().__init__(f"{len(urls)} URLs to fetch")
        self.urls = urls


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator decided, as in LiteLLM."""

    drop_params: bool | None = None
    """`True`: drop what the model lacks; `False`, written out: refuse it; not written: drop it and say so."""
    allowed: frozenset[str] = frozenset()
    """`allowed_openai_params`: sent whatever the profile says."""
    modify_params: bool = False
    """The gateway may mend what a provider would refuse."""


class Adapter:
    """Fits requests to one model of one provider."""

    __slots__ = ("_deployment", "_format", "_policy", "_provider", "model")

    def __init__(self, *, provider: str, model: str, deployment: str, format: Format, policy: Policy) -> None:  # noqa: A002
        self._provider = provider
        self._deployment = deployment
        self._format = format
        self._policy = policy
        self.model = model

    def adapt(self, request: Request, losses: Losses, fetched: Mapping[str, Fetched]) -> Request:
        """The request as this model takes it; `request` itself is left as it is.

        Raises:
            Untranslatable: content, a tool or an output schema that the model cannot take.
            MustFetch: media by URL that are not in `fetched`.
        """
        del losses, fetched
        return request

    def passes(self, name: str, format: Format) -> bool:  # noqa: A002
        """Whether an unknown top-level member of a client's body goes on to the provider as it is (`extra_body`)."""
        del name, format
        return False
