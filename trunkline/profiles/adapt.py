"""From what a client asked to what one model accepts: knobs, reasoning, schemas, media, opaque state, tool ids.

Works on the representation, between decoding and encoding; the same-format path never comes here. This module is small
because every worker loads it: the facts and the work come with the first `Adapter`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.request import Request
from trunkline.profiles.policy import Policy

__all__ = ["Adapter", "Fetched", "MustFetch", "Policy"]


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


class Adapter:
    """Fits requests to one model of one provider."""

    __slots__ = ("_fitting", "model")

    def __init__(
        self,
        *,
        provider: str,
        model: str,
        deployment: str,
        format: Format,  # noqa: A002
        policy: Policy,
        base_model: str = "",
    ) -> None:
        """`format`: the provider's. `base_model`: what hides behind a deployment's own name (Azure, an ARN)."""
        from trunkline.profiles.aim import take_aim
        from trunkline.profiles.fit import Fitting

        self.model = model
        self._fitting = Fitting(
            take_aim(
                provider=provider,
                model=model,
                base_model=base_model,
                deployment=deployment,
                format=format,
                policy=policy,
            )
        )

    def adapt(self, request: Request, losses: Losses, fetched: Mapping[str, Fetched]) -> Request:
        """The request as this model takes it; `request` itself is left as it is.

        Raises:
            Untranslatable: content, a tool or an output schema that the model cannot take.
            MustFetch: media by URL that are not in `fetched`.
        """
        fitted, missing = self._fitting.fit(request, losses, fetched)
        if missing:
            raise MustFetch(tuple(dict.fromkeys(missing)))
        return fitted

    def passes(self, name: str, format: Format) -> bool:  # noqa: A002
        """Whether an unknown top-level member of a client's body goes on to the provider as it is (`extra_body`).

        As in LiteLLM: members of an OpenAI chat body that are not OpenAI's own are meant for the provider.
        """
        if format is not Format.OPENAI_CHAT:
            return False
        from trunkline.profiles.unsupported import OPENAI_MEMBERS

        return name not in OPENAI_MEMBERS
