"""OpenAI `POST /v1/embeddings`, which most hosts and most clients speak (platform.openai.com/docs/api-reference)."""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Text
from trunkline.ir.small import EmbedAnswer, EmbedInput, EmbedRequest, Extra, Numbers
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import floats, shape, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.embed_words import (
    ECHOES,
    INTERPRETED,
    THROUGH,
    interpret,
    main_kind,
    media_of_url,
    plain_text,
)
from trunkline.wire.small.failure import openai_error

_REQUEST: Final = frozenset({"model", "input", "encoding_format", "dimensions", "user"})
_ANSWER: Final = frozenset({"object", "data", "model"})
_ITEM: Final = frozenset({"object", "index", "embedding"})


class OpenAIEmbeddings(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's format and the hosts that speak it; what a host has beyond it travels along."""

    wire: str = "openai"
    packed: str = "float"
    """Number format of a vector that comes as a string."""

    def most_inputs(self, _model: str) -> int | None:
        return 2048

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> EmbedRequest:
        members = shape.parse_object(received.body)
        inputs, single = _inputs(members.get("input"), self.wire)
        extra = shape.left_over(members, _REQUEST, self.wire)
        request = EmbedRequest(
            model=shape.text(members, "model") or named.model,
            inputs=inputs,
            single=single,
            encoding=shape.text(members, "encoding_format"),
            dimensions=shape.integer(members, "dimensions"),
            user=shape.text(members, "user"),
            extra=extra,
        )
        interpret(request, extra)
        return request

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        inputs = [_input(item, f"input[{place}]", self.wire, losses) for place, item in enumerate(request.inputs)]
        members: dict[str, object] = {
            "model": request.model,
            "input": inputs[0] if request.single and len(inputs) == 1 else inputs,
        }
        shape.set_given(members, encoding_format=request.encoding, dimensions=request.dimensions, user=request.user)
        ours = request.extra is not None and request.extra.wire in (self.wire, *THROUGH)
        if not ours:
            kinds = [kind for kind in request.kinds if kind != "float"]
            shape.report(losses, why.NO_PURPOSE, input_type=request.purpose)
            shape.report(losses, why.KIND, embedding_types=kinds)
            shape.report(losses, why.NORMALIZE, normalize=request.normalize)
            shape.report(losses, why.TRUNCATE, truncate=request.truncate)
        quiet = frozenset[str]() if ours else INTERPRETED
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=quiet)
        return Body(content=members, path="embeddings")

    def decode_answer(self, received: Received, request: EmbedRequest) -> EmbedAnswer:
        members = shape.parse_object(received.body)
        data = shape.need_items(members, "data")
        placed: list[tuple[int, dict[str, object], Numbers]] = []
        for place, value in enumerate(data):
            item = shape.need_section(value, f"data[{place}]")
            index = shape.integer(item, "index", f"data[{place}]")
            vector = floats.read(item.get("embedding"), f"data[{place}].embedding")
            placed.append((place if index is None else index, item, vector))
        placed.sort(key=lambda entry: entry[0])
        kind = self._kind([vector for _, _, vector in placed], request)
        besides = [shape.rest(item, _ITEM) or {} for _, item, _ in placed]
        return EmbedAnswer(
            vectors={kind: [vector for _, _, vector in placed]},
            id=shape.soft_text(members, "id"),
            model=shape.soft_text(members, "model"),
            usage=usage.tokens(members.get("usage")),
            extra=shape.left_over(members, _ANSWER, self.wire),
            items=besides if any(besides) else None,
        )

    def encode_answer(self, answer: EmbedAnswer, reply: Reply[EmbedRequest], losses: Losses) -> Body:
        kind, vectors = main_kind(answer)
        own = shape.is_own(answer.extra, self.wire)
        if not own or kind == "float":
            vectors = [_as_asked(vector, kind, reply.request.encoding) for vector in vectors]
        data: list[dict[str, object]] = []
        for place, vector in enumerate(vectors):
            data.append({"object": "embedding", "index": place, "embedding": vector})
            if own and answer.items is not None and place < len(answer.items):
                data[-1].update(answer.items[place])
        members: dict[str, object] = {"object": "list", "data": data, "model": answer.model or reply.model}
        if not own:
            members["usage"] = usage.as_embedding(answer.usage)
        shape.put_back(members, answer.extra, self.wire, losses, quiet=ECHOES)
        return Body(content=members)

    def encode_failure(self, failure: Failure) -> Body:
        return openai_error(failure)

    def _kind(self, vectors: list[Numbers], request: EmbedRequest) -> str:
        if self.packed != "float" and vectors and isinstance(vectors[0], str):
            return self.packed
        asked = request.kinds[0] if len(request.kinds) == 1 else "float"
        return "float" if asked == "base64" else asked


def _as_asked(vector: Numbers, kind: str, encoding: str | None) -> Numbers:
    """Base64 means packed float32 to this format's clients, whatever kind the numbers are of."""
    if encoding == "base64":
        return floats.as_base64(vector if kind in ("float", "base64") else floats.as_numbers(vector, kind))
    return floats.as_numbers(vector, kind)


def _inputs(value: object, wire: str) -> tuple[list[EmbedInput], bool]:
    """The inputs, and whether there was one without a list."""
    match value:
        case None:
            raise BadShape("input", "is missing")
        case str():
            return [EmbedInput(content=value)], True
        case list() if value and isinstance(value[0], int):
            return [EmbedInput(content=_tokens(value, "input"))], True
        case list():
            return [_read_input(item, f"input[{place}]", wire) for place, item in enumerate(value)], False
        case _:
            raise BadShape("input", "must be a string, a list of strings, or token ids")


def _read_input(value: object, path: str, wire: str) -> EmbedInput:
    match value:
        case str():
            return EmbedInput(content=value)
        case list():
            return EmbedInput(content=_tokens(value, path))
        case dict():
            return EmbedInput(content=_read_object(value), extra=Extra(wire, {"input": value}))
        case _:
            raise BadShape(path, "must be a string, a list of token ids, or an object")


def _tokens(values: list[object], path: str) -> list[int]:
    for value in values:
        if type(value) is not int or not 0 <= value < 2**32:
            raise BadShape(path, "must be token ids only")
    return values  # type: ignore[return-value]


def _read_object(value: dict[str, object]) -> list[Text | Media | Foreign]:
    """Inputs of multimodal hosts: `{text}` and `{image}` (Jina), `{content: [{type, ...}]}` (OpenRouter, Voyage)."""
    content = value.get("content")
    parts = [_read_part(item) for item in content] if isinstance(content, list) else [_read_part(value)]
    return [
        part if part is not None else Foreign(format=Format.OPENAI_CHAT, kind="input", data=value) for part in parts
    ]


def _read_part(value: object) -> Text | Media | None:
    if not isinstance(value, dict):
        return None
    text, image = value.get("text"), value.get("image_url", value.get("image"))
    if isinstance(image, dict):
        image = image.get("url")
    if isinstance(text, str) and image is None:
        return Text(text=text)
    if isinstance(image, str) and text is None:
        return media_of_url(image) or Media(kind=MediaKind.IMAGE, url=image)
    return None


def _input(item: EmbedInput, path: str, wire: str, losses: Losses) -> object:
    if item.extra is not None and item.extra.wire in (wire, *THROUGH) and "input" in item.extra.members:
        return item.extra.members["input"]
    if isinstance(item.content, list) and item.content and isinstance(item.content[0], int):
        return item.content
    return plain_text(item, path, losses)
