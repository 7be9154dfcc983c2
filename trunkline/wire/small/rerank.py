"""Reranking as Cohere writes it, which is what LiteLLM serves and most hosts have copied.

`{model, query, documents, top_n, ...}` gives `{id, results[{index, relevance_score, document?}], meta}`
(docs.cohere.com/reference/rerank; LiteLLM `types/rerank.py`). Jina, Together, OpenRouter, vLLM, Infinity and Azure's
hosts differ in which settings they know and in `usage` instead of `meta`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.failure import Failure
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.small import RerankAnswer, RerankRequest, RerankResult
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import losses as why
from trunkline.wire.small import shape, usage
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.failure import openai_error

THROUGH: Final = frozenset({"cohere"})
"""LiteLLM's clients write what a provider has beyond this format into it."""

COUNTED: Final = frozenset({"id", "model", "object", "usage", "meta", "provider"})
"""Members of answers that `usage` holds, or that the format has no use for."""

_REQUEST: Final = frozenset(
    {
        *("model", "query", "documents", "top_n", "return_documents", "rank_fields"),
        *("max_chunks_per_doc", "max_tokens_per_doc"),
    }
)
_ANSWER: Final = frozenset({"id", "results", "model"})
_RESULT: Final = frozenset({"index", "relevance_score", "document"})


class CohereRerank(msgspec.Struct, frozen=True, kw_only=True):
    """Cohere's format and its copies."""

    wire: str = "cohere"
    objects: bool = False
    """Documents may be objects; elsewhere they are written as text."""
    takes: frozenset[str] = frozenset({"max_tokens_per_doc"})
    """Settings that the host knows, of those that not all know."""

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> RerankRequest:
        members = shape.parse_object(received.body)
        return RerankRequest(
            model=shape.text(members, "model") or named.model,
            query=shape.need_text(members, "query"),
            documents=documents(shape.need_items(members, "documents"), "documents"),
            top_n=shape.integer(members, "top_n"),
            return_documents=shape.flag(members, "return_documents"),
            rank_fields=shape.texts(members, "rank_fields"),
            max_chunks_per_doc=shape.integer(members, "max_chunks_per_doc"),
            max_tokens_per_doc=shape.integer(members, "max_tokens_per_doc"),
            extra=shape.left_over(members, _REQUEST, self.wire),
        )

    def encode_request(self, request: RerankRequest, losses: Losses) -> Body:
        own = shape.is_own(request.extra, self.wire)
        members: dict[str, object] = {"model": request.model, "query": request.query}
        members["documents"] = request.documents if own or self.objects else document_texts(request, losses)
        settings: dict[str, object] = {
            "return_documents": request.return_documents,
            "rank_fields": request.rank_fields,
            "max_chunks_per_doc": request.max_chunks_per_doc,
            "max_tokens_per_doc": request.max_tokens_per_doc,
        }
        for name, value in settings.items():
            if value is not None and not own and name not in self.takes:
                if name in REPORTED:
                    losses.add(name, REPORTED[name])
                settings[name] = None
        shape.set_given(members, top_n=request.top_n, **settings)
        shape.report(losses, why.TRUNCATE, truncate=request.truncate)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH)
        return Body(content=members, path="rerank")

    def decode_answer(self, received: Received, _request: RerankRequest) -> RerankAnswer:
        members = shape.parse_object(received.body)
        return RerankAnswer(
            results=results(shape.need_items(members, "results"), "results"),
            id=shape.soft_text(members, "id"),
            model=shape.soft_text(members, "model"),
            usage=usage.rerank(members),
            extra=shape.left_over(members, _ANSWER, self.wire),
        )

    def encode_answer(self, answer: RerankAnswer, reply: Reply[RerankRequest], losses: Losses) -> Body:
        own = shape.is_own(answer.extra, self.wire)
        members: dict[str, object] = {}
        if answer.id or not own:
            members["id"] = answer.id or reply.id
        members["results"] = [_result(result, reply.request, own=own) for result in answer.results]
        if not own:
            members["meta"] = usage.as_rerank_meta(answer.usage)
        elif answer.model:
            members["model"] = answer.model
        shape.put_back(members, answer.extra, self.wire, losses, quiet=COUNTED)
        return Body(content=members)

    def encode_failure(self, failure: Failure) -> Body:
        return openai_error(failure)


_NONE: Final[tuple[object, ...]] = (None, {}, "")
"""Together answers `{}` where it gives no document."""

REPORTED: Final = {
    "rank_fields": why.RANK_FIELDS,
    "max_chunks_per_doc": why.CHUNKS,
    "max_tokens_per_doc": why.TOKENS_PER_DOC,
}
"""`return_documents` is not lost: the documents are put into the answer from the request."""


def documents(values: list[object], path: str) -> list[str | dict[str, object]]:
    """The documents of a request, as they came."""
    for place, value in enumerate(values):
        if not isinstance(value, str | dict):
            raise BadShape(f"{path}[{place}]", "must be a string or an object")
    return values  # type: ignore[return-value]


def document_texts(request: RerankRequest, losses: Losses) -> list[str]:
    """Documents for a host that ranks texts. Of an object its `text` counts, unless `rank_fields` says otherwise (as in
    Cohere's first version); other fields become lines `field: value`, as Cohere advises for its second.
    """
    found: list[str] = []
    for place, document in enumerate(request.documents):
        if isinstance(document, str):
            found.append(document)
            continue
        text = document.get("text")
        if isinstance(text, str) and request.rank_fields in (None, ["text"]):
            found.append(text)
            continue
        losses.add(f"documents[{place}]", why.FIELDS)
        fields = request.rank_fields or list(document)
        found.append("".join(f"{field}: {_line(document[field])}\n" for field in fields if field in document))
    return found


def results(values: list[object], path: str) -> list[RerankResult]:
    """The results of an answer in this shape."""
    return [_read_result(value, f"{path}[{place}]") for place, value in enumerate(values)]


def _read_result(value: object, path: str) -> RerankResult:
    item = shape.need_section(value, path)
    index, score = shape.integer(item, "index", path), shape.number(item, "relevance_score", path)
    if index is None or score is None:
        raise BadShape(path, "must have `index` and `relevance_score`")
    return RerankResult(index=index, score=score, document=item.get("document"), extra=shape.rest(item, _RESULT))


def _result(result: RerankResult, request: RerankRequest, *, own: bool) -> dict[str, object]:
    members: dict[str, object] = {"index": result.index, "relevance_score": result.score}
    document = result.document
    if document in _NONE and request.return_documents and result.index < len(request.documents):
        document = request.documents[result.index]  # Cohere's second version gives none back, nor do most others
        document = {"text": document} if isinstance(document, str) else document
    if own:
        shape.set_given(members, document=document)
        members.update(result.extra or {})
    elif document not in _NONE and request.return_documents is not False:
        members["document"] = {"text": document} if isinstance(document, str) else document
    return members


def _line(value: object) -> str:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
