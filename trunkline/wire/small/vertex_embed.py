"""Vertex AI `:predict` for embeddings: texts, and the older multimodal model
(cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api and multimodal-embeddings-api).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Media, MediaKind, Text
from trunkline.ir.small import EmbedAnswer, EmbedInput, EmbedRequest, Extra, Numbers
from trunkline.ir.usage import Usage
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import floats, shape, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.embed_words import (
    INTERPRETED,
    THROUGH,
    main_kind,
    only_floats,
    parts_of,
    plain_text,
    purpose_word,
    truncate_flag,
)
from trunkline.wire.small.gemini_embed import TASKS

PREDICT: Final = "models/{model}:predict"
_PARAMETERS: Final = frozenset({"outputDimensionality", "autoTruncate"})


class VertexEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """Texts."""

    wire: str = "vertex"

    def most_inputs(self, model: str) -> int | None:
        """The documented limits: 250 texts, and one for gemini-embedding-001."""
        return 1 if model.startswith("gemini-embedding-001") else 250

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> EmbedRequest:
        """A request as the provider's own SDK writes it."""
        members = shape.parse_object(received.body)
        inputs, words = list[EmbedInput](), set[str | None]()
        for place, value in enumerate(shape.need_items(members, "instances")):
            path = f"instances[{place}]"
            body = shape.need_section(value, path)
            words.add(shape.text(body, "task_type", path))
            inputs.append(
                EmbedInput(
                    content=shape.need_text(body, "content", path),
                    title=shape.text(body, "title", path) or "",
                    extra=Extra(self.wire, {"instance": body}),
                )
            )
        given = shape.section(members, "parameters")
        cut = shape.flag(given or {}, "autoTruncate", "parameters")
        extra = shape.left_over(members, frozenset({"instances", "parameters"}), self.wire)
        if given is not None:
            extra.members["parameters"] = shape.rest(given, _PARAMETERS) or {}
        return EmbedRequest(
            model=named.model,
            inputs=inputs,
            dimensions=shape.integer(given or {}, "outputDimensionality", "parameters"),
            purpose=words.pop() if len(words) == 1 else None,
            truncate=None if cut is None else "end" if cut else "none",
            extra=extra,
        )

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        own = request.extra if shape.is_own(request.extra, self.wire) else None
        parameters: dict[str, object] = {}
        shape.set_given(
            parameters, outputDimensionality=request.dimensions, autoTruncate=truncate_flag(request, losses)
        )
        task = None if own is not None else purpose_word(request.purpose, TASKS, losses)
        instances = [self._instance(item, place, task, losses) for place, item in enumerate(request.inputs)]
        members: dict[str, object] = {"instances": instances}
        if own is not None:
            besides = own.members.get("parameters")
            if isinstance(besides, dict):
                members["parameters"] = {**besides, **parameters}
            shape.put_back(members, own, self.wire, losses)
        else:
            _report(request, losses)
            shape.put_back(parameters, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        if parameters:
            members.setdefault("parameters", parameters)
        return Body(content=members, path=PREDICT)

    def decode_answer(self, received: Received, _request: EmbedRequest) -> EmbedAnswer:
        members = shape.parse_object(received.body)
        vectors, besides, counts = list[Numbers](), list[dict[str, object]](), list[Usage | None]()
        for place, value in enumerate(shape.need_items(members, "predictions")):
            path = f"predictions[{place}].embeddings"
            row = shape.need_section(shape.need_section(value, path).get("embeddings"), path)
            vectors.append(floats.read(row.get("values"), f"{path}.values"))
            besides.append(shape.rest(row, frozenset({"values"})) or {})
            statistics = row.get("statistics")
            counts.append(usage.plain(statistics.get("token_count") if isinstance(statistics, dict) else None))
        return EmbedAnswer(
            vectors={"float": vectors},
            usage=usage.summed(counts),
            extra=shape.left_over(members, frozenset({"predictions"}), self.wire),
            items=besides if any(besides) else None,
        )

    def encode_answer(self, answer: EmbedAnswer, _reply: Reply[EmbedRequest], losses: Losses) -> Body:
        """An answer as the provider writes it."""
        kind, vectors = main_kind(answer)
        own = shape.is_own(answer.extra, self.wire)
        besides = answer.items if own and answer.items is not None else [{}] * len(vectors)
        members: dict[str, object] = {
            "predictions": [
                {"embeddings": {"values": floats.as_numbers(vector, kind), **row}}
                for vector, row in zip(vectors, besides, strict=True)
            ]
        }
        shape.put_back(members, answer.extra, self.wire, losses)
        return Body(content=members)

    def _instance(self, item: EmbedInput, place: int, task: str | None, losses: Losses) -> dict[str, object]:
        if item.extra is not None and item.extra.wire == self.wire:
            return shape.need_section(item.extra.members.get("instance"), "instance")
        title = item.title
        text = plain_text(msgspec.structs.replace(item, title=""), f"input[{place}]", losses)
        instance: dict[str, object] = {"content": text}
        shape.set_given(instance, task_type=task, title=title or None)
        return instance


class VertexMultimodal(msgspec.Struct, frozen=True, kw_only=True):
    """`multimodalembedding@001`: one text, image or film per input."""

    wire: str = "vertex_multimodal"

    def most_inputs(self, _model: str) -> int | None:
        return 1

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        instances = [_instance(item, f"input[{at}]", losses) for at, item in enumerate(request.inputs)]
        parameters: dict[str, object] = {}
        shape.set_given(parameters, dimension=request.dimensions)
        shape.report(losses, why.NO_PURPOSE, input_type=request.purpose)
        shape.report(losses, why.TRUNCATE, truncate=request.truncate)
        _report(request, losses)
        shape.put_back(parameters, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        members: dict[str, object] = {"instances": instances}
        if parameters:
            members["parameters"] = parameters
        return Body(content=members, path=PREDICT)

    def decode_answer(self, received: Received, _request: EmbedRequest) -> EmbedAnswer:
        members = shape.parse_object(received.body)
        vectors = list[Numbers]()
        for place, value in enumerate(shape.need_items(members, "predictions")):
            path = f"predictions[{place}]"
            row = shape.need_section(value, path)
            films = row.get("videoEmbeddings")
            found = row.get("imageEmbedding", row.get("textEmbedding"))
            if found is None and isinstance(films, list) and films:
                found = shape.need_section(films[0], f"{path}.videoEmbeddings[0]").get("embedding")
            if found is None:
                raise BadShape(path, "has no embedding")
            vectors.append(floats.read(found, path))
        return EmbedAnswer(
            vectors={"float": vectors}, extra=shape.left_over(members, frozenset({"predictions"}), self.wire)
        )


def _report(request: EmbedRequest, losses: Losses) -> None:
    only_floats(request, losses)
    shape.report(losses, why.USER, user=request.user)
    shape.report(losses, why.NORMALIZE, normalize=request.normalize)


def _instance(item: EmbedInput, path: str, losses: Losses) -> dict[str, object]:
    parts = parts_of(item, path, losses)
    texts = [part.text for part in parts if isinstance(part, Text)]
    if len(texts) == len(parts):
        text = "".join(texts)
        media = Media(kind=MediaKind.IMAGE, url=text) if text.startswith("gs://") else None
        if media is None:
            return {"text": text}
    elif len(parts) == 1 and isinstance(parts[0], Media):
        media = parts[0]
    else:
        raise losses.refuse(path, why.MIXED)
    if media.url and not media.url.startswith("gs://"):
        raise losses.refuse(path, why.MEDIA_URL)
    where: dict[str, object] = {"gcsUri": media.url} if media.url else {"bytesBase64Encoded": media.data}
    if media.mime:
        where["mimeType"] = media.mime
    film = media.kind is MediaKind.VIDEO or media.url.endswith((".mp4", ".mov", ".webm", ".avi", ".mkv"))
    return {"video" if film else "image": where}
