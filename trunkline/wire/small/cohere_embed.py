"""Cohere `POST /v2/embed` (v1's answer by type is the same): docs.cohere.com/reference/embed.

Clients speak it too (their SDK sends `null` for what is not set, which goes back to Cohere as it came).
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Text
from trunkline.ir.small import EmbedAnswer, EmbedInput, EmbedRequest, Extra, Numbers, Truncate
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import floats, shape, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.embed_words import (
    ECHOES,
    INTERPRETED,
    THROUGH,
    Purpose,
    data_url,
    main_kind,
    media_of_url,
    parts_of,
    purpose_word,
)
from trunkline.wire.small.failure import cohere_error

_REQUEST: Final = frozenset(
    {"model", "texts", "images", "inputs", "input_type", "embedding_types", "output_dimension", "truncate"}
)
_ANSWER: Final = frozenset({"id", "embeddings"})
_KINDS: Final = frozenset({"float", "int8", "uint8", "binary", "ubinary", "base64"})
_PURPOSES: Final = {
    Purpose.QUERY: "search_query",
    Purpose.DOCUMENT: "search_document",
    Purpose.CLASSIFICATION: "classification",
    Purpose.CLUSTERING: "clustering",
    Purpose.SIMILARITY: "clustering",
    Purpose.IMAGE: "image",
    Purpose.QUESTION: "search_query",
    Purpose.FACT: "search_query",
    Purpose.CODE: "search_query",
}
"""Cohere names what vectors are compared for; the retrieval tasks of others are queries against documents."""
_TRUNCATE: Final[dict[Truncate, str]] = {"none": "NONE", "start": "START", "end": "END"}


class CohereEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """Cohere's format; with `hosted`, as a cloud has it, without the model in the body."""

    wire: str = "cohere"
    path: str = "embed"
    hosted: bool = False
    """Bedrock: the model stands in the path, and tokens are counted in a header."""

    def most_inputs(self, _model: str) -> int | None:
        return 96

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> EmbedRequest:
        members = shape.parse_object(received.body)
        kinds = shape.texts(members, "embedding_types")
        request = EmbedRequest(
            model=shape.text(members, "model") or named.model,
            inputs=_inputs(members, self.wire),
            kinds=kinds if kinds is not None else [],
            dimensions=shape.integer(members, "output_dimension"),
            purpose=shape.text(members, "input_type"),
            extra=shape.left_over(members, _REQUEST, self.wire),
        )
        cut = shape.text(members, "truncate")
        if cut is not None:
            if cut.upper() not in _TRUNCATE.values():
                raise BadShape("truncate", "must be `NONE`, `START` or `END`")
            request.truncate = next(word for word, own in _TRUNCATE.items() if own == cut.upper())
        return request

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        own = shape.is_own(request.extra, self.wire)
        members: dict[str, object] = {} if self.hosted else {"model": request.model}
        default = _write_inputs(members, request, self.wire, losses)
        purpose = purpose_word(request.purpose, _PURPOSES, losses)
        kinds = [kind for kind in request.kinds if kind in _KINDS]
        if len(kinds) < len(request.kinds):
            losses.add("embedding_types", why.KIND)
        if not own:  # LiteLLM sends `search_document` where the client said nothing: v3 and later ask for a word
            purpose, kinds = purpose or default, kinds or ["float"]
        shape.set_given(
            members,
            input_type=purpose,
            embedding_types=kinds or None,
            output_dimension=request.dimensions,
            truncate=None if request.truncate is None else _TRUNCATE[request.truncate],
        )
        shape.report(losses, why.USER, user=request.user)
        shape.report(losses, why.NORMALIZE, normalize=request.normalize)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        return Body(content=members, path=self.path)

    def decode_answer(self, received: Received, _request: EmbedRequest) -> EmbedAnswer:
        members = shape.parse_object(received.body)
        found = members.get("embeddings")
        if isinstance(found, list):  # v1 without `embedding_types`: floats, unnamed
            found = {"float": found}
        by_kind = shape.need_section(found, "embeddings")
        vectors: dict[str, list[Numbers]] = {}
        for kind in by_kind:
            rows = shape.items(by_kind, kind, "embeddings")
            if rows is not None:
                vectors[kind] = [floats.read(row, f"embeddings.{kind}[{place}]") for place, row in enumerate(rows)]
        counted = usage.cohere(members.get("meta"))
        if counted is None:
            counted = usage.plain(received.headers.get("x-amzn-bedrock-input-token-count"))
        return EmbedAnswer(
            vectors=vectors,
            id=shape.soft_text(members, "id"),
            usage=counted,
            extra=shape.left_over(members, _ANSWER, self.wire),
        )

    def encode_answer(self, answer: EmbedAnswer, reply: Reply[EmbedRequest], losses: Losses) -> Body:
        extra = answer.extra
        members: dict[str, object] = {"id": answer.id or reply.id}
        if extra is not None and extra.wire == self.wire:
            unnamed = extra.members.get("response_type") == "embeddings_floats"
            members["embeddings"] = answer.vectors.get("float") if unnamed else answer.vectors
        else:
            members["embeddings"] = _as_asked(answer, reply.request, losses)
            members["texts"] = [item.content for item in reply.request.inputs if isinstance(item.content, str)]
            members["meta"] = {"api_version": {"version": "2"}}
            if answer.usage is not None:
                billed = {"input_tokens": answer.usage.input_total}
                members["meta"] = {"api_version": {"version": "2"}, "billed_units": billed}
            members["response_type"] = "embeddings_by_type"
        shape.put_back(members, extra, self.wire, losses, quiet=ECHOES)
        return Body(content=members)

    def encode_failure(self, failure: Failure) -> Body:
        return cohere_error(failure)


def _as_asked(answer: EmbedAnswer, request: EmbedRequest, losses: Losses) -> dict[str, list[Numbers]]:
    """Another provider's vectors under the kinds that were asked for; this format's floats are numbers."""
    kind, vectors = main_kind(answer)
    found: dict[str, list[Numbers]] = {}
    for asked in request.kinds or ["float"]:
        if asked == "base64" and kind == "float":
            found[asked] = [floats.as_base64(vector) for vector in vectors]
        elif asked in answer.vectors:
            found[asked] = [floats.as_numbers(vector, asked) for vector in answer.vectors[asked]]
        else:
            losses.add("embedding_types", why.KIND)
            found[kind] = [floats.as_numbers(vector, kind) for vector in vectors]
    return found


def _inputs(members: dict[str, object], wire: str) -> list[EmbedInput]:
    """What is written in another form than `texts` keeps it in `extra`, under the name of the list."""
    texts, images, inputs = (shape.items(members, name) for name in ("texts", "images", "inputs"))
    if sum(given is not None for given in (texts, images, inputs)) != 1:
        raise BadShape("texts", "give one of `texts`, `images` and `inputs`")
    if texts is not None:
        return [EmbedInput(content=text) for text in shape.all_texts(texts, "texts")]
    if images is not None:
        return [
            EmbedInput(content=[_image(url)], extra=Extra(wire, {"images": url}))
            for url in shape.all_texts(images, "images")
        ]
    found: list[EmbedInput] = []
    for place, value in enumerate(inputs or []):
        path = f"inputs[{place}]"
        content = shape.need_items(shape.need_section(value, path), "content", path)
        found.append(EmbedInput(content=[_part(piece) for piece in content], extra=Extra(wire, {"inputs": value})))
    return found


def _image(url: str) -> Text | Media | Foreign:
    return media_of_url(url) or Media(kind=MediaKind.IMAGE, url=url)


def _part(value: object) -> Text | Media | Foreign:
    match value:
        case {"type": "text", "text": str(text), **others} if not others:
            return Text(text=text)
        case {"type": "image_url", "image_url": {"url": str(url), **inner}, **others} if not others and not inner:
            return _image(url)
        case _:
            return Foreign(format=Format.COHERE_CHAT, kind="content", data=value)


def _write_inputs(members: dict[str, object], request: EmbedRequest, wire: str, losses: Losses) -> str:
    """Add `texts`, `images` or `inputs`; returns the purpose to fall back on."""
    first = request.inputs[0].extra if request.inputs else None
    if first is not None and first.wire == wire and first.members:
        form = next(iter(first.members))
        members[form] = [item.extra.members.get(form) for item in request.inputs if item.extra is not None]
        return "search_document"
    rows = [parts_of(item, f"input[{at}]", losses) for at, item in enumerate(request.inputs)]
    for place, (item, row) in enumerate(zip(request.inputs, rows, strict=True)):
        if item.title:
            losses.add(f"input[{place}].title", why.TITLE)
        if any(isinstance(part, Media) and part.kind is not MediaKind.IMAGE for part in row):
            raise losses.refuse(f"input[{place}]", why.MEDIA)
    if all(isinstance(part, Text) for row in rows for part in row):
        members["texts"] = ["".join(part.text for part in row if isinstance(part, Text)) for row in rows]
        return "search_document"
    if all(len(row) == 1 and isinstance(row[0], Media) for row in rows):
        members["images"] = [data_url(row[0]) for row in rows if isinstance(row[0], Media)]
        return "image"
    members["inputs"] = [{"content": [_write_part(part) for part in row]} for row in rows]
    return "search_document"


def _write_part(part: Text | Media) -> object:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Media():
            return {"type": "image_url", "image_url": {"url": data_url(part)}}
        case _:
            assert_never(part)
