"""Jina `POST /v1/embeddings`: OpenAI's shape, with `task`, `embedding_type` and inputs that may be images
(jina.ai/embeddings, API schema at api.jina.ai). Its reranker speaks Cohere's format (`rerank.py`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.losses import Losses
from trunkline.ir.parts import MediaKind, Text
from trunkline.ir.small import EmbedAnswer, EmbedInput, EmbedRequest
from trunkline.wire.small import losses as why
from trunkline.wire.small import shape
from trunkline.wire.small.codec import Body, Received
from trunkline.wire.small.embed_words import INTERPRETED, THROUGH, Purpose, parts_of, purpose_word, truncate_flag
from trunkline.wire.small.openai_embeddings import OpenAIEmbeddings

WIRE: Final = "jina"
_OPENAI: Final = OpenAIEmbeddings(wire=WIRE)
_KINDS: Final = frozenset({"float", "base64", "binary", "ubinary"})
_PURPOSES: Final = {
    Purpose.QUERY: "retrieval.query",
    Purpose.DOCUMENT: "retrieval.passage",
    Purpose.SIMILARITY: "text-matching",
    Purpose.CLASSIFICATION: "classification",
    Purpose.CLUSTERING: "separation",
    Purpose.QUESTION: "retrieval.query",
    Purpose.FACT: "retrieval.query",
    Purpose.CODE: "code.query",
}


class JinaEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """Texts and images."""

    wire: str = WIRE

    def most_inputs(self, _model: str) -> int | None:
        return 512

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        inputs = [_input(item, f"input[{place}]", losses) for place, item in enumerate(request.inputs)]
        members: dict[str, object] = {"model": request.model, "input": inputs}
        kind = next((kind for kind in request.kinds if kind in _KINDS), None)
        if any(other != kind for other in request.kinds):
            losses.add("embedding_type", why.KIND)
        if kind in (None, "float") and request.encoding == "base64":
            kind = "base64"  # of float32, as OpenAI means it
        shape.set_given(
            members,
            task=purpose_word(request.purpose, _PURPOSES, losses),
            dimensions=request.dimensions,
            embedding_type=kind,
            normalized=request.normalize,
            truncate=truncate_flag(request, losses),
        )
        shape.report(losses, why.USER, user=request.user)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        return Body(content=members, path="embeddings")

    def decode_answer(self, received: Received, request: EmbedRequest) -> EmbedAnswer:
        return _OPENAI.decode_answer(received, request)


def _input(item: EmbedInput, path: str, losses: Losses) -> object:
    parts = parts_of(item, path, losses)
    if item.title:
        losses.add(f"{path}.title", why.TITLE)
    texts = [part.text for part in parts if isinstance(part, Text)]
    if len(texts) == len(parts):
        return "".join(texts)
    if len(parts) > 1:
        raise losses.refuse(path, why.MIXED)
    part = parts[0]
    if isinstance(part, Text) or part.kind is not MediaKind.IMAGE or not (part.url or part.data):
        raise losses.refuse(path, why.MEDIA)
    return {"image": part.url or part.data}
