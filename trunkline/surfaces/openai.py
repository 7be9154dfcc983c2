"""OpenAI's paths, as OpenAI, LiteLLM and Azure clients write them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from trunkline.ir import Endpoint
from trunkline.pipeline.surface import Surface

CHAT: Final = Surface(Endpoint.CHAT, "acompletion", "/v1/chat/completions", streams=True)
COMPLETIONS: Final = Surface(Endpoint.COMPLETIONS, "atext_completion", "/v1/completions", streams=True)
EMBEDDINGS: Final = Surface(Endpoint.EMBEDDINGS, "aembedding", "/v1/embeddings", streams=False)
SURFACES: Final = (CHAT, COMPLETIONS, EMBEDDINGS)

PREFIXES: Final = ("/v1/", "/", "/openai/v1/")
"""With and without `/v1`, and the form of Azure's v1 clients."""

_EXACT: Final = {
    f"{prefix}{surface.endpoint.value}".encode(): surface for surface in SURFACES for prefix in PREFIXES
} | {b"/cursor/chat/completions": CHAT}
_BY_TAIL: Final = {surface.endpoint.value: surface for surface in SURFACES}
_NAMED: Final = re.compile(
    rb"/(?:openai/deployments|engines|v1/engines)/([^/?#]+)/(chat/completions|completions|embeddings)"
)


def match(path: bytes) -> tuple[Surface, str | None] | None:
    """The surface of a raw path, and the model that the path names (Azure's way), decoded.

    Only the exact spelling counts: `//`, `/./`, encoded slashes and trailing slashes are other paths, and nothing is
    decided from a rewritten one.
    """
    surface = _EXACT.get(path)
    if surface is not None:
        return surface, None
    named = _NAMED.fullmatch(path)
    if named is None:
        return None
    model = unquote(named[1].decode("ascii"), errors="replace")
    return _BY_TAIL[named[2].decode()], model


def paths() -> list[str]:
    """Every path form, for the documentation and for answers to the wrong method."""
    fixed = [path.decode() for path in _EXACT]
    tails = [surface.endpoint.value for surface in SURFACES]
    return fixed + [
        f"{head}/{{model}}/{tail}" for head in ("/openai/deployments", "/engines", "/v1/engines") for tail in tails
    ]
