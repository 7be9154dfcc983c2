"""Bodies of Bedrock's `POST /model/{model}/invoke` for Amazon's embedding models, each of which takes one input
(docs.aws.amazon.com/bedrock: model-parameters-titan-embed-text, -titan-embed-mm; nova/userguide/embeddings-schema).

Cohere's models there take Cohere's body without `model`: `CohereEmbed(hosted=True)`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind, Text
from trunkline.ir.small import EmbedAnswer, EmbedInput, EmbedRequest, Numbers
from trunkline.ir.usage import Usage
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import floats, shape, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.embed_words import (
    INTERPRETED,
    THROUGH,
    Purpose,
    only_floats,
    parts_of,
    plain_text,
    purpose_word,
)

INVOKE: Final = "model/{model}/invoke"
TOKENS_HEADER: Final = "x-amzn-bedrock-input-token-count"

_TITAN: Final = frozenset({"inputText", "dimensions", "normalize", "embeddingTypes"})
_NOVA_PURPOSES: Final = {
    Purpose.QUERY: "GENERIC_RETRIEVAL",
    Purpose.DOCUMENT: "GENERIC_INDEX",
    Purpose.CLASSIFICATION: "CLASSIFICATION",
    Purpose.CLUSTERING: "CLUSTERING",
    Purpose.SIMILARITY: "CLUSTERING",
    Purpose.QUESTION: "TEXT_RETRIEVAL",
    Purpose.FACT: "TEXT_RETRIEVAL",
    Purpose.CODE: "TEXT_RETRIEVAL",
    Purpose.IMAGE: "IMAGE_RETRIEVAL",
}


class TitanEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """Titan text: version 1 takes the text alone, version 2 has settings."""

    wire: str = "bedrock_titan"
    version: int = 2

    def most_inputs(self, _model: str) -> int | None:
        return 1

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> EmbedRequest:
        """A request as the provider's own SDK writes it."""
        members = shape.parse_object(received.body)
        return EmbedRequest(
            model=named.model,
            inputs=[EmbedInput(content=shape.need_text(members, "inputText"))],
            single=True,
            kinds=shape.texts(members, "embeddingTypes") or [],
            dimensions=shape.integer(members, "dimensions"),
            normalize=shape.flag(members, "normalize"),
            extra=shape.left_over(members, _TITAN, self.wire),
        )

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        members: dict[str, object] = {"inputText": plain_text(_only(request, losses), "input", losses)}
        if self.version == 1:
            only_floats(request, losses)
            shape.report(losses, why.DIMENSIONS, dimensions=request.dimensions)
            shape.report(losses, why.NORMALIZE, normalize=request.normalize)
        else:
            kinds = [kind for kind in request.kinds if kind in ("float", "binary")]
            if len(kinds) < len(request.kinds):
                losses.add("embedding_types", why.KIND)
            shape.set_given(
                members, dimensions=request.dimensions, normalize=request.normalize, embeddingTypes=kinds or None
            )
        _report(request, losses)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        return Body(content=members, path=INVOKE)

    def decode_answer(self, received: Received, _request: EmbedRequest) -> EmbedAnswer:
        members = shape.parse_object(received.body)
        vectors: dict[str, list[Numbers]] = {}
        if members.get("embedding") is not None:
            vectors["float"] = [floats.read(members["embedding"], "embedding")]
        for kind, value in (shape.section(members, "embeddingsByType") or {}).items():
            vectors[kind] = [floats.read(value, f"embeddingsByType.{kind}")]
        if not vectors:
            raise BadShape("embedding", "is missing")
        counted = usage.plain(received.headers.get(TOKENS_HEADER))
        return EmbedAnswer(
            vectors=vectors,
            usage=counted if counted is not None else usage.plain(members.get("inputTextTokenCount")),
            extra=shape.left_over(members, frozenset({"embedding"}), self.wire),
        )

    def encode_answer(self, answer: EmbedAnswer, _reply: Reply[EmbedRequest], losses: Losses) -> Body:
        """An answer as the provider writes it."""
        members: dict[str, object] = {}
        if answer.vectors.get("float"):
            members["embedding"] = floats.as_numbers(answer.vectors["float"][0])
        if not shape.is_own(answer.extra, self.wire) and answer.usage is not None:
            members["inputTextTokenCount"] = answer.usage.input_total
        shape.put_back(members, answer.extra, self.wire, losses)
        return Body(content=members)


class TitanMultimodal(msgspec.Struct, frozen=True, kw_only=True):
    """Titan multimodal G1: a text, an image, or both for one vector."""

    wire: str = "bedrock_titan_multimodal"

    def most_inputs(self, _model: str) -> int | None:
        return 1

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        parts = parts_of(_only(request, losses), "input", losses)
        members: dict[str, object] = {}
        texts = [part.text for part in parts if isinstance(part, Text)]
        images = [part for part in parts if isinstance(part, Media)]
        if len(images) > 1:
            raise losses.refuse("input", why.ONE_IMAGE)
        if texts:
            members["inputText"] = "".join(texts)
        for image in images:
            members["inputImage"] = _inline(image, MediaKind.IMAGE, losses)
        if request.dimensions is not None:
            members["embeddingConfig"] = {"outputEmbeddingLength": request.dimensions}
        only_floats(request, losses)
        shape.report(losses, why.NORMALIZE, normalize=request.normalize)
        _report(request, losses)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        return Body(content=members, path=INVOKE)

    def decode_answer(self, received: Received, request: EmbedRequest) -> EmbedAnswer:
        return TitanEmbed(wire=self.wire).decode_answer(received, request)


class NovaEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """Nova multimodal embeddings, the synchronous schema."""

    wire: str = "bedrock_nova"

    def most_inputs(self, _model: str) -> int | None:
        return 1

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        parts = parts_of(_only(request, losses), "input", losses)
        params: dict[str, object] = {
            # Required; to be found by any kind of query is what an unsaid purpose comes closest to.
            "embeddingPurpose": purpose_word(request.purpose, _NOVA_PURPOSES, losses) or "GENERIC_INDEX"
        }
        shape.set_given(params, embeddingDimension=request.dimensions)
        texts = [part.text for part in parts if isinstance(part, Text)]
        if len(texts) == len(parts):
            cut = "END" if request.truncate is None else request.truncate.upper()
            params["text"] = {"truncationMode": cut, "value": "".join(texts)}
        elif len(parts) == 1 and isinstance(parts[0], Media):
            media = parts[0]
            name = media.kind.value
            form = media.mime.partition("/")[2] or media.url.rpartition(".")[2]
            source: dict[str, object]
            if media.url.startswith("s3://"):
                source = {"s3Location": {"uri": media.url}}
            else:
                source = {"bytes": _inline(media, media.kind, losses)}
            if media.kind is MediaKind.DOCUMENT:
                raise losses.refuse("input", why.MEDIA)
            params[name] = {"format": "jpeg" if form == "jpg" else form, "source": source}
        else:
            raise losses.refuse("input", why.MIXED)
        only_floats(request, losses)
        shape.report(losses, why.NORMALIZE, normalize=request.normalize)
        shape.report(losses, why.USER, user=request.user)
        shape.put_back(params, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        members: dict[str, object] = {
            "schemaVersion": "nova-multimodal-embed-v1",
            "taskType": "SINGLE_EMBEDDING",
            "singleEmbeddingParams": params,
        }
        return Body(content=members, path=INVOKE)

    def decode_answer(self, received: Received, _request: EmbedRequest) -> EmbedAnswer:
        members = shape.parse_object(received.body)
        rows = shape.need_items(members, "embeddings")
        if not rows:
            raise BadShape("embeddings", "is empty")
        first = shape.need_section(rows[0], "embeddings[0]")
        counted = usage.plain(received.headers.get(TOKENS_HEADER))
        return EmbedAnswer(
            vectors={"float": [floats.read(first.get("embedding"), "embeddings[0].embedding")]},
            usage=counted if counted is not None else _counted(members),
            extra=shape.left_over(members, frozenset({"embeddings"}), self.wire),
        )


def _counted(members: dict[str, object]) -> Usage | None:
    return usage.plain(members.get("inputTextTokenCount"))


def _only(request: EmbedRequest, losses: Losses) -> EmbedInput:
    if len(request.inputs) != 1:
        raise losses.refuse("input", why.ONE_INPUT)
    return request.inputs[0]


def _inline(media: Media, kind: MediaKind, losses: Losses) -> str:
    if media.kind is not kind:
        raise losses.refuse("input", why.MEDIA)
    if not media.data:
        raise losses.refuse("input", why.MEDIA_URL if media.url else why.FILE_ID)
    return media.data


def _report(request: EmbedRequest, losses: Losses) -> None:
    shape.report(losses, why.NO_PURPOSE, input_type=request.purpose)
    shape.report(losses, why.TRUNCATE, truncate=request.truncate)
    shape.report(losses, why.USER, user=request.user)
