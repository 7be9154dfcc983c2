"""Embeddings and reranking of servers that people run: Ollama `/api/embed`, Hugging Face's Text Embeddings Inference
(`/embed`, `/rerank`) and its hosted `feature-extraction` (github.com/ollama/ollama docs/api.md;
huggingface.github.io/text-embeddings-inference).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.small import EmbedAnswer, EmbedInput, EmbedRequest, Numbers, RerankAnswer, RerankRequest, RerankResult
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import floats, shape, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.embed_words import INTERPRETED, THROUGH, main_kind, only_floats, plain_texts, truncate_flag
from trunkline.wire.small.rerank import THROUGH as THROUGH_RERANK
from trunkline.wire.small.rerank import document_texts

_OLLAMA: Final = frozenset({"model", "input", "truncate", "dimensions"})
_TOKENS_HEADER: Final = "x-compute-tokens"


class OllamaEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """`input`, one or many; `embeddings`, always many."""

    wire: str = "ollama"

    def most_inputs(self, _model: str) -> int | None:
        return None

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> EmbedRequest:
        """A request as the server's own clients write it."""
        members = shape.parse_object(received.body)
        given = members.get("input")
        values: list[object] = [given] if isinstance(given, str) else shape.need_items(members, "input")
        cut = shape.flag(members, "truncate")
        return EmbedRequest(
            model=shape.text(members, "model") or named.model,
            inputs=[EmbedInput(content=text) for text in shape.all_texts(values, "input")],
            single=isinstance(given, str),
            dimensions=shape.integer(members, "dimensions"),
            truncate=None if cut is None else "end" if cut else "none",
            extra=shape.left_over(members, _OLLAMA, self.wire),
        )

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        texts = plain_texts(request, losses)
        members: dict[str, object] = {
            "model": request.model,
            "input": texts[0] if request.single and len(texts) == 1 else texts,
        }
        shape.set_given(members, truncate=truncate_flag(request, losses), dimensions=request.dimensions)
        _report(request, losses)
        shape.report(losses, why.NORMALIZE, normalize=request.normalize)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        return Body(content=members, path="api/embed")

    def decode_answer(self, received: Received, _request: EmbedRequest) -> EmbedAnswer:
        members = shape.parse_object(received.body)
        return EmbedAnswer(
            vectors={"float": _rows(shape.need_items(members, "embeddings"), "embeddings")},
            model=shape.soft_text(members, "model"),
            usage=usage.plain(members.get("prompt_eval_count")),
            extra=shape.left_over(members, frozenset({"model", "embeddings"}), self.wire),
        )

    def encode_answer(self, answer: EmbedAnswer, reply: Reply[EmbedRequest], losses: Losses) -> Body:
        """An answer as the server writes it."""
        kind, vectors = main_kind(answer)
        members: dict[str, object] = {
            "model": answer.model or reply.model,
            "embeddings": [floats.as_numbers(vector, kind) for vector in vectors],
        }
        if not shape.is_own(answer.extra, self.wire) and answer.usage is not None:
            members["prompt_eval_count"] = answer.usage.input_total
        shape.put_back(members, answer.extra, self.wire, losses, quiet=frozenset({"usage", "object", "meta"}))
        return Body(content=members)


class TeiEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """`inputs` gives a bare list of vectors; hosted `feature-extraction` may give vectors of tokens, or one vector."""

    wire: str = "tei"
    path: str = "embed"

    def most_inputs(self, _model: str) -> int | None:
        """Text Embeddings Inference's `--max-client-batch-size`, as it is set unless told otherwise."""
        return 32

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        members: dict[str, object] = {"inputs": plain_texts(request, losses)}
        if request.truncate is not None:
            members["truncate"] = request.truncate != "none"
        if request.truncate == "start":
            members["truncation_direction"] = "Left"
        shape.set_given(members, normalize=request.normalize, dimensions=request.dimensions)
        _report(request, losses)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        return Body(content=members, path=self.path)

    def decode_answer(self, received: Received, request: EmbedRequest) -> EmbedAnswer:
        value = shape.parse(received.body)
        if not isinstance(value, list):
            raise BadShape("", "the answer must be a list of vectors")
        rows: list[object] = [value] if len(request.inputs) == 1 and not _nested(value) else value
        vectors = [_pooled(row, f"[{place}]") for place, row in enumerate(rows)]
        return EmbedAnswer(vectors={"float": vectors}, usage=usage.plain(received.headers.get(_TOKENS_HEADER)))


class TeiRerank(msgspec.Struct, frozen=True, kw_only=True):
    """`texts` gives a bare list of `{index, score, text?}`, best first; there is no `top_n`."""

    wire: str = "tei"

    def encode_request(self, request: RerankRequest, losses: Losses) -> Body:
        members: dict[str, object] = {"query": request.query, "texts": document_texts(request, losses)}
        shape.set_given(
            members,
            return_text=request.return_documents,
            truncate=None if request.truncate is None else request.truncate != "none",
        )
        if request.truncate == "start":
            members["truncation_direction"] = "Left"
        shape.report(losses, why.CHUNKS, max_chunks_per_doc=request.max_chunks_per_doc)
        shape.report(losses, why.TOKENS_PER_DOC, max_tokens_per_doc=request.max_tokens_per_doc)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH_RERANK)
        return Body(content=members, path="rerank")

    def decode_answer(self, received: Received, request: RerankRequest) -> RerankAnswer:
        value = shape.parse(received.body)
        if not isinstance(value, list):
            raise BadShape("", "the answer must be a list of results")
        found: list[RerankResult] = []
        for place, row in enumerate(value):
            path = f"[{place}]"
            item = shape.need_section(row, path)
            index, score = shape.integer(item, "index", path), shape.number(item, "score", path)
            if index is None or score is None:
                raise BadShape(path, "must have `index` and `score`")
            found.append(RerankResult(index=index, score=score, document=item.get("text")))
        found.sort(key=lambda result: -result.score)
        return RerankAnswer(results=found[: request.top_n], usage=usage.plain(received.headers.get(_TOKENS_HEADER)))


def _report(request: EmbedRequest, losses: Losses) -> None:
    only_floats(request, losses)
    shape.report(losses, why.NO_PURPOSE, input_type=request.purpose)
    shape.report(losses, why.USER, user=request.user)


def _rows(rows: list[object], path: str) -> list[Numbers]:
    return [floats.read(row, f"{path}[{place}]") for place, row in enumerate(rows)]


def _nested(row: object) -> bool:
    return isinstance(row, list) and bool(row) and isinstance(row[0], list)


def _pooled(row: object, path: str) -> Numbers:
    """A vector; where the model gives one per token, their mean, which is how sentence models without a pooling
    layer are meant to be read.
    """
    if not isinstance(row, list) or not _nested(row):
        return floats.read(row, path)
    tokens: list[object] = row[0] if len(row) == 1 and _nested(row[0]) else row
    vectors = [floats.as_numbers(floats.read(vector, path)) for vector in tokens]
    if len({len(vector) for vector in vectors}) != 1:
        raise BadShape(path, "holds vectors of different lengths")
    return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]
