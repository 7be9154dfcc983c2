"""Which way a surface is served by a deployment."""

from __future__ import annotations

from typing import Final

from trunkline.config.snapshot import Deployment
from trunkline.ir import Endpoint
from trunkline.ir.format import Format
from trunkline.pipeline.request import edit_for
from trunkline.pipeline.surface import Surface
from trunkline.pipeline.way import Way
from trunkline.wire.registry import CHAT_FORMATS, client_codec, codec

_FAST: Final = frozenset({Endpoint.CHAT, Endpoint.COMPLETIONS, Endpoint.EMBEDDINGS})
"""OpenAI's bytes: no way at all, the call knows them."""
_SAME_OPERATION: Final = (
    (Endpoint.EMBEDDINGS, Endpoint.COHERE_EMBED, Endpoint.GEMINI_BATCH_EMBED, Endpoint.GEMINI_EMBED),
    (Endpoint.IMAGES, Endpoint.IMAGE_EDITS),
    (Endpoint.TRANSCRIPTIONS, Endpoint.TRANSLATIONS),
)
_FREE: Final = frozenset({Endpoint.COUNT_TOKENS, Endpoint.GEMINI_COUNT, Endpoint.INPUT_TOKENS, Endpoint.MODERATIONS})
"""Operations that providers do not charge for."""


def choose(deployment: Deployment, surface: Surface, *, anew: bool = False) -> tuple[Endpoint, Way | None] | None:
    """The operation that is called, and how; `None` where the deployment cannot serve the surface.

    `anew`: bytes may not pass, although the format is the same: the request carries what only a decoder may open.
    """
    target = deployment.target
    if target is None:
        return None
    endpoint = surface.endpoint
    if endpoint in target.small:
        return endpoint, _small(endpoint, endpoint, deployment)
    if endpoint in target.paths and not surface.array and not (anew and endpoint in CHAT_FORMATS):
        return endpoint, _same(deployment, surface)
    if endpoint in CHAT_FORMATS or endpoint is Endpoint.COMPLETIONS:
        return _translated(deployment, surface)
    return _other_wire(deployment, endpoint)


def _same(deployment: Deployment, surface: Surface) -> Way | None:
    if surface.endpoint in _FAST:
        return None
    from trunkline.pipeline.same import Question, SameFormat

    if surface.endpoint in _FREE:
        return Question(codec(surface.errors), edit_for(deployment, surface.endpoint))
    own = Format.OPENAI_RESPONSES if surface.endpoint is Endpoint.COMPACT else CHAT_FORMATS.get(surface.endpoint)
    if own is None:
        return _small(surface.endpoint, surface.endpoint, deployment)
    assert deployment.target is not None
    dialect = deployment.target.quirks.codec_dialect
    return SameFormat(codec(own, dialect), edit_for(deployment, surface.endpoint))


def _small(asked: Endpoint, offered: Endpoint, deployment: Deployment) -> Way:
    from trunkline.pipeline.small_way import SmallWay

    return SmallWay(asked, offered, deployment)


def _other_wire(deployment: Deployment, asked: Endpoint) -> tuple[Endpoint, Way | None] | None:
    """An operation that the deployment offers under another client's path (embeddings are that in three formats)."""
    assert deployment.target is not None
    for group in _SAME_OPERATION:
        if asked in group:
            for offered in group:
                if offered in deployment.target.paths:
                    return offered, _small(asked, offered, deployment)
    return None


def _translated(deployment: Deployment, surface: Surface) -> tuple[Endpoint, Way | None] | None:
    from trunkline.pipeline.translate import Translation
    from trunkline.profiles.adapt import Adapter

    target = deployment.target
    assert target is not None
    own = (surface.endpoint,) if surface.endpoint in target.paths else ()
    # `paths` is in the host's own order: its main conversation format comes first.
    endpoint = next((one for one in (*own, *target.paths) if one in CHAT_FORMATS), None)
    if endpoint is None:
        return None
    quirks = target.quirks
    theirs = CHAT_FORMATS[endpoint]
    dialect = quirks.usage_dialect if theirs is Format.OPENAI_CHAT else quirks.codec_dialect
    kind = Translation
    if theirs is Format.REPLICATE:
        from trunkline.pipeline.job_way import JobWay

        kind = JobWay
    return endpoint, kind(
        own=client_codec(surface.endpoint, array=surface.array),
        theirs=codec(theirs, dialect),
        adapter=Adapter(
            provider=deployment.provider,
            model=deployment.model,
            deployment=deployment.id,
            format=theirs,
            policy=deployment.policy,
            base_model=str(deployment.model_info.get("base_model") or ""),
        ),
        deployment=deployment,
        usage_option=theirs is Format.OPENAI_CHAT and quirks.stream_options,
    )
