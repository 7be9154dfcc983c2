"""Gemini `:batchEmbedContents` and `:embedContent`, for clients and providers (ai.google.dev/api/embeddings)."""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.failure import Failure
from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, Native, Text
from trunkline.ir.small import EmbedAnswer, EmbedInput, EmbedRequest, Extra, Numbers
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import floats, shape, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.embed_words import (
    ECHOES,
    INTERPRETED,
    THROUGH,
    Purpose,
    kind_of,
    main_kind,
    only_floats,
    parts_of,
    purpose_word,
)
from trunkline.wire.small.failure import google_error

TASKS: Final = {
    Purpose.QUERY: "RETRIEVAL_QUERY",
    Purpose.DOCUMENT: "RETRIEVAL_DOCUMENT",
    Purpose.SIMILARITY: "SEMANTIC_SIMILARITY",
    Purpose.CLASSIFICATION: "CLASSIFICATION",
    Purpose.CLUSTERING: "CLUSTERING",
    Purpose.QUESTION: "QUESTION_ANSWERING",
    Purpose.FACT: "FACT_VERIFICATION",
    Purpose.CODE: "CODE_RETRIEVAL_QUERY",
}
_TASKS_DIFFER: Final = "requests.taskType"
_SIZES_DIFFER: Final = "requests.outputDimensionality"
_PREFIX: Final = "models/"
_REQUEST: Final = frozenset({"model", "content", "taskType", "title", "outputDimensionality"})
_BATCH: Final = frozenset({"model", "requests"})


class GeminiEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, or one content where the client asked so; with `one`, never more than one (Vertex)."""

    wire: str = "gemini"
    one: bool = False

    def most_inputs(self, _model: str) -> int | None:
        return 1 if self.one else 100

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> EmbedRequest:
        members = shape.parse_object(received.body)
        single = "content" in members and "requests" not in members
        entries = [members] if single else shape.need_items(members, "requests")
        read = [self._read(value, "" if single else f"requests[{place}]") for place, value in enumerate(entries)]
        bodies = [body for _, body in read]
        model = next((text for body in [members, *bodies] if (text := shape.text(body, "model"))), "")
        extra = shape.left_over({} if single else members, _BATCH, self.wire)
        if "model" in members and not single:
            extra.members["model"] = members["model"]
        request = EmbedRequest(
            model=named.model or model.removeprefix(_PREFIX),
            inputs=[item for item, _ in read],
            single=single,
            extra=extra,
        )
        purposes = {shape.text(body, "taskType") for body in bodies}
        sizes = {shape.integer(body, "outputDimensionality") for body in bodies}
        # Where inputs differ, each keeps its own in `extra` for this wire; the others have one for all, and report it.
        differ = {_TASKS_DIFFER: len(purposes) > 1, _SIZES_DIFFER: len(sizes) > 1}
        extra.members.update({name: True for name, found in differ.items() if found})
        request.purpose = purposes.pop() if len(purposes) == 1 else None
        request.dimensions = sizes.pop() if len(sizes) == 1 else None
        return request

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        own = shape.is_own(request.extra, self.wire)
        settings: dict[str, object] = {}
        if not own:
            shape.set_given(
                settings,
                taskType=purpose_word(request.purpose, TASKS, losses),
                outputDimensionality=request.dimensions,
            )
            only_floats(request, losses)
            shape.report(losses, why.USER, user=request.user)
            shape.report(losses, why.NORMALIZE, normalize=request.normalize)
            shape.report(losses, why.TRUNCATE, truncate=request.truncate)
            shape.put_back(settings, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        entries = [self._entry(item, at, request.model, settings, losses) for at, item in enumerate(request.inputs)]
        if len(entries) == 1 and (self.one or (request.single and own)):
            if not own:
                del entries[0]["model"]  # the path says it
            return Body(content=entries[0], path="models/{model}:embedContent")
        if self.one:
            raise losses.refuse("input", why.ONE_INPUT)
        members: dict[str, object] = {}
        if own and request.extra is not None and "model" in request.extra.members:
            members["model"] = _PREFIX + request.model
        members["requests"] = entries
        if own:
            shape.put_back(members, request.extra, self.wire, losses)
            for name in (_TASKS_DIFFER, _SIZES_DIFFER):
                members.pop(name, None)
        return Body(content=members, path="models/{model}:batchEmbedContents")

    def decode_answer(self, received: Received, _request: EmbedRequest) -> EmbedAnswer:
        members = shape.parse_object(received.body)
        single = "embedding" in members
        rows = [members["embedding"]] if single else shape.need_items(members, "embeddings")
        vectors, besides = list[Numbers](), list[dict[str, object]]()
        for place, value in enumerate(rows):
            path = "embedding" if single else f"embeddings[{place}]"
            row = shape.need_section(value, path)
            vectors.append(floats.read(row.get("values"), f"{path}.values"))
            besides.append(shape.rest(row, frozenset({"values"})) or {})
        return EmbedAnswer(
            vectors={"float": vectors},
            usage=usage.gemini(members.get("usageMetadata")),
            extra=shape.left_over(members, frozenset({"embeddings", "embedding"}), self.wire),
            items=besides if any(besides) else None,
        )

    def encode_answer(self, answer: EmbedAnswer, reply: Reply[EmbedRequest], losses: Losses) -> Body:
        kind, vectors = main_kind(answer)
        own = shape.is_own(answer.extra, self.wire)
        besides = answer.items if own and answer.items is not None else [{}] * len(vectors)
        rows = [
            {"values": floats.as_numbers(vector, kind), **row} for vector, row in zip(vectors, besides, strict=True)
        ]
        single = reply.request.single and len(rows) == 1
        members: dict[str, object] = {"embedding": rows[0]} if single else {"embeddings": rows}
        if not own and answer.usage is not None:
            members["usageMetadata"] = {"promptTokenCount": answer.usage.input_total}
        shape.put_back(members, answer.extra, self.wire, losses, quiet=ECHOES)
        return Body(content=members)

    def encode_failure(self, failure: Failure) -> Body:
        return google_error(failure)

    def _read(self, value: object, path: str) -> tuple[EmbedInput, dict[str, object]]:
        body = shape.need_section(value, path)
        inside = f"{path}.content" if path else "content"
        content = shape.need_section(body.get("content"), inside)
        parts = [_part(piece) for piece in shape.need_items(content, "parts", inside)]
        title = shape.text(body, "title", path)
        only = parts[0] if len(parts) == 1 else None
        plain = only.text if isinstance(only, Text) and only.native is None else None
        return (
            EmbedInput(
                content=parts if plain is None else plain, title=title or "", extra=Extra(self.wire, {"request": body})
            ),
            body,
        )

    def _entry(
        self, item: EmbedInput, place: int, model: str, settings: dict[str, object], losses: Losses
    ) -> dict[str, object]:
        if item.extra is not None and item.extra.wire == self.wire:
            body = item.extra.members.get("request")
            if isinstance(body, dict):
                return {**body, "model": _PREFIX + model} if "model" in body else body
        parts = [_write(part) for part in parts_of(item, f"input[{place}]", losses)]
        entry: dict[str, object] = {"model": _PREFIX + model, "content": {"parts": parts}, **settings}
        if item.title:
            entry["title"] = item.title
        return entry


def _part(value: object) -> Text | Media | Foreign:
    """Protobuf's JSON takes both spellings, `inlineData` and `inline_data`."""
    if isinstance(value, dict):
        text, inline = value.get("text"), value.get("inlineData", value.get("inline_data"))
        file = value.get("fileData", value.get("file_data"))
        if isinstance(text, str):
            return Text(text=text, native=Native(Format.GEMINI, value) if len(value) > 1 else None)
        if isinstance(inline, dict):
            data, mime = inline.get("data"), inline.get("mimeType", inline.get("mime_type"))
            if isinstance(data, str) and isinstance(mime, str):
                return Media(kind=kind_of(mime), mime=mime, data=data)
        if isinstance(file, dict):
            url, mime = file.get("fileUri", file.get("file_uri")), file.get("mimeType", file.get("mime_type"))
            if isinstance(url, str):
                mime = mime if isinstance(mime, str) else ""
                return Media(kind=kind_of(mime), mime=mime, url=url)
    return Foreign(format=Format.GEMINI, kind="part", data=value)


def _write(part: Text | Media) -> dict[str, object]:
    if isinstance(part, Text):
        return {"text": part.text}
    if part.url:
        file: dict[str, object] = {"fileUri": part.url}
        return {"fileData": {"mimeType": part.mime, **file} if part.mime else file}
    return {"inlineData": {"mimeType": part.mime, "data": part.data}}
