"""Voyage: `POST /v1/embeddings`, `/v1/multimodalembeddings`, `/v1/rerank` (docs.voyageai.com/reference)."""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import MediaKind, Text
from trunkline.ir.small import (
    EmbedAnswer,
    EmbedInput,
    EmbedRequest,
    RerankAnswer,
    RerankRequest,
    RerankResult,
    Truncate,
)
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import losses as why
from trunkline.wire.small import shape, usage
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.embed_words import (
    INTERPRETED,
    THROUGH,
    Purpose,
    parts_of,
    plain_texts,
    purpose_word,
    truncate_flag,
)
from trunkline.wire.small.openai_embeddings import OpenAIEmbeddings
from trunkline.wire.small.rerank import THROUGH as THROUGH_RERANK
from trunkline.wire.small.rerank import document_texts, documents

WIRE: Final = "voyage"
_OPENAI: Final = OpenAIEmbeddings(wire=WIRE)
"""Its answers have OpenAI's shape, with `total_tokens` alone in `usage`."""

_REQUEST: Final = frozenset(
    {"model", "input", "input_type", "truncation", "output_dimension", "output_dtype", "encoding_format"}
)
_RERANK: Final = frozenset({"model", "query", "documents", "top_k", "return_documents", "truncation"})
_RERANKED: Final = frozenset({"data", "model"})
_RESULT: Final = frozenset({"index", "relevance_score", "document"})
_KINDS: Final = frozenset({"float", "int8", "uint8", "binary", "ubinary"})
_PURPOSES: Final = {
    Purpose.QUERY: "query",
    Purpose.DOCUMENT: "document",
    Purpose.QUESTION: "query",
    Purpose.FACT: "query",
    Purpose.CODE: "query",
}


class VoyageEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """Texts; with `multimodal`, texts and images under the other path."""

    wire: str = WIRE
    multimodal: bool = False

    def most_inputs(self, _model: str) -> int | None:
        return 1000

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> EmbedRequest:
        """A request as the provider's own SDK writes it."""
        members = shape.parse_object(received.body)
        given = members.get("input")
        values: list[object] = [given] if isinstance(given, str) else shape.need_items(members, "input")
        cut = shape.flag(members, "truncation")
        kind = shape.text(members, "output_dtype")
        return EmbedRequest(
            model=shape.text(members, "model") or named.model,
            inputs=[EmbedInput(content=text) for text in shape.all_texts(values, "input")],
            single=isinstance(given, str),
            encoding=shape.text(members, "encoding_format"),
            kinds=[] if kind is None else [kind],
            dimensions=shape.integer(members, "output_dimension"),
            purpose=shape.text(members, "input_type"),
            truncate=_cut(cut),
            extra=shape.left_over(members, _REQUEST, self.wire),
        )

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        members: dict[str, object] = {"model": request.model}
        if self.multimodal:
            members["inputs"] = [_content(item, f"input[{at}]", losses) for at, item in enumerate(request.inputs)]
        else:
            texts = plain_texts(request, losses)
            members["input"] = texts[0] if request.single and len(texts) == 1 else texts
        kind = next((kind for kind in request.kinds if kind in _KINDS), None)
        if any(other not in (kind, "base64") for other in request.kinds):
            losses.add("output_dtype", why.KIND)
        shape.set_given(
            members,
            input_type=purpose_word(request.purpose, _PURPOSES, losses),
            truncation=truncate_flag(request, losses),
        )
        encoding = request.encoding
        if encoding == "float" and not shape.is_own(request.extra, self.wire):
            encoding = None  # its word for numbers is to leave the member out
        if self.multimodal:
            shape.set_given(members, output_encoding=encoding)
            shape.report(losses, why.DIMENSIONS, dimensions=request.dimensions)
        else:
            shape.set_given(members, encoding_format=encoding, output_dimension=request.dimensions, output_dtype=kind)
        shape.report(losses, why.USER, user=request.user)
        shape.report(losses, why.NORMALIZE, normalize=request.normalize)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        return Body(content=members, path="multimodalembeddings" if self.multimodal else "embeddings")

    def decode_answer(self, received: Received, request: EmbedRequest) -> EmbedAnswer:
        return _OPENAI.decode_answer(received, request)

    def encode_answer(self, answer: EmbedAnswer, reply: Reply[EmbedRequest], losses: Losses) -> Body:
        """An answer as the provider writes it."""
        return _OPENAI.encode_answer(answer, reply, losses)


class VoyageRerank(msgspec.Struct, frozen=True, kw_only=True):
    """`top_k` and `data`, where Cohere has `top_n` and `results`; documents come back as strings."""

    wire: str = WIRE

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> RerankRequest:
        """A request as the provider's own SDK writes it."""
        members = shape.parse_object(received.body)
        return RerankRequest(
            model=shape.text(members, "model") or named.model,
            query=shape.need_text(members, "query"),
            documents=documents(shape.need_items(members, "documents"), "documents"),
            top_n=shape.integer(members, "top_k"),
            return_documents=shape.flag(members, "return_documents"),
            truncate=_cut(shape.flag(members, "truncation")),
            extra=shape.left_over(members, _RERANK, self.wire),
        )

    def encode_request(self, request: RerankRequest, losses: Losses) -> Body:
        members: dict[str, object] = {"model": request.model, "query": request.query}
        members["documents"] = document_texts(request, losses)
        shape.set_given(
            members,
            top_k=request.top_n,
            return_documents=request.return_documents,
            truncation=None if request.truncate is None else request.truncate != "none",
        )
        if request.rank_fields and any(isinstance(document, str) for document in request.documents):
            losses.add("rank_fields", why.RANK_FIELDS)
        shape.report(losses, why.CHUNKS, max_chunks_per_doc=request.max_chunks_per_doc)
        shape.report(losses, why.TOKENS_PER_DOC, max_tokens_per_doc=request.max_tokens_per_doc)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH_RERANK)
        return Body(content=members, path="rerank")

    def decode_answer(self, received: Received, _request: RerankRequest) -> RerankAnswer:
        members = shape.parse_object(received.body)
        found: list[RerankResult] = []
        for place, value in enumerate(shape.need_items(members, "data")):
            path = f"data[{place}]"
            item = shape.need_section(value, path)
            index, score = shape.integer(item, "index", path), shape.number(item, "relevance_score", path)
            if index is None or score is None:
                raise BadShape(path, "must have `index` and `relevance_score`")
            besides = shape.rest(item, _RESULT)
            found.append(RerankResult(index=index, score=score, document=item.get("document"), extra=besides))
        return RerankAnswer(
            results=found,
            model=shape.soft_text(members, "model"),
            usage=usage.rerank(members),
            extra=shape.left_over(members, _RERANKED, self.wire),
        )

    def encode_answer(self, answer: RerankAnswer, reply: Reply[RerankRequest], losses: Losses) -> Body:
        """An answer as the provider writes it."""
        data: list[dict[str, object]] = []
        for result in answer.results:
            data.append({"relevance_score": result.score, "index": result.index, **(result.extra or {})})
            shape.set_given(data[-1], document=result.document)
        members: dict[str, object] = {"data": data, "model": answer.model or reply.model}
        if not shape.is_own(answer.extra, self.wire):
            members["object"] = "list"
            members["usage"] = {"total_tokens": 0 if answer.usage is None else answer.usage.input_total}
        shape.put_back(members, answer.extra, self.wire, losses)
        return Body(content=members)


def _cut(flag: bool | None) -> Truncate | None:
    return None if flag is None else "end" if flag else "none"


def _content(item: EmbedInput, path: str, losses: Losses) -> dict[str, object]:
    """Parts of one input; its own spelling has `image_base64` for a `data:` URL."""
    written: list[dict[str, object]] = []
    for part in parts_of(item, path, losses):
        if isinstance(part, Text):
            written.append({"type": "text", "text": part.text})
        elif part.kind is MediaKind.IMAGE and part.url:
            written.append({"type": "image_url", "image_url": part.url})
        elif part.kind is MediaKind.IMAGE and part.data:
            written.append({"type": "image_base64", "image_base64": f"data:{part.mime};base64,{part.data}"})
        else:
            raise losses.refuse(path, why.MEDIA)
    return {"content": written}
