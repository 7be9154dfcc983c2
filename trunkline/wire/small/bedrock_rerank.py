"""Bedrock's `POST /rerank` of the agent runtime, for Amazon's and Cohere's rerankers
(docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html).

`request.model` is the model's ARN, which whoever knows the region makes
(`arn:aws:bedrock:{region}::foundation-model/{model}`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.small import RerankAnswer, RerankRequest, RerankResult
from trunkline.ir.usage import Usage
from trunkline.wire.codec import NOT_NAMED, Named
from trunkline.wire.small import losses as why
from trunkline.wire.small import shape
from trunkline.wire.small.codec import Body, Received, Reply
from trunkline.wire.small.rerank import THROUGH

_REQUEST: Final = frozenset({"queries", "sources", "rerankingConfiguration"})
_RESULT: Final = frozenset({"index", "relevanceScore", "document"})
_UNIT: Final = 100
"""Documents that one query, the unit of the bill, may hold (aws.amazon.com/bedrock/pricing)."""


class BedrockRerank(msgspec.Struct, frozen=True, kw_only=True):
    """Texts as `textDocument`, objects as `jsonDocument`."""

    wire: str = "bedrock"

    def decode_request(self, received: Received, named: Named = NOT_NAMED) -> RerankRequest:
        """A request as the provider's own SDK writes it."""
        members = shape.parse_object(received.body)
        queries = shape.need_items(members, "queries")
        if len(queries) != 1:
            raise BadShape("queries", "must hold one query")
        query = _inner(queries[0], "queries[0]", "textQuery")
        config = _inner(members, "", "rerankingConfiguration", "bedrockRerankingConfiguration")
        model = shape.section(config, "modelConfiguration", "rerankingConfiguration") or {}
        sources = shape.need_items(members, "sources")
        extra = shape.left_over(members, _REQUEST, self.wire)
        if "additionalModelRequestFields" in model:
            extra.members["additionalModelRequestFields"] = model["additionalModelRequestFields"]
        return RerankRequest(
            model=shape.text(model, "modelArn") or named.model,
            query=shape.need_text(query, "text", "queries[0].textQuery"),
            documents=[_document(source, f"sources[{place}]") for place, source in enumerate(sources)],
            top_n=shape.integer(config, "numberOfResults"),
            extra=extra,
        )

    def encode_request(self, request: RerankRequest, losses: Losses) -> Body:
        own = shape.is_own(request.extra, self.wire)
        model: dict[str, object] = {"modelArn": request.model}
        config: dict[str, object] = {"modelConfiguration": model}
        fields: dict[str, object] = {}
        shape.set_given(fields, max_tokens_per_doc=request.max_tokens_per_doc)
        shape.report(losses, why.CHUNKS, max_chunks_per_doc=request.max_chunks_per_doc)
        shape.report(losses, why.RANK_FIELDS, rank_fields=request.rank_fields)
        shape.report(losses, why.TRUNCATE, truncate=request.truncate)
        shape.set_given(config, numberOfResults=request.top_n)
        members: dict[str, object] = {
            "queries": [{"type": "TEXT", "textQuery": {"text": request.query}}],
            "sources": [_source(document, own=own) for document in request.documents],
            "rerankingConfiguration": {
                "type": "BEDROCK_RERANKING_MODEL",
                "bedrockRerankingConfiguration": config,
            },
        }
        shape.put_back(members if own else fields, request.extra, self.wire, losses, through=THROUGH)
        if own and "additionalModelRequestFields" in members:
            given = members.pop("additionalModelRequestFields")
            shape.set_given(model, additionalModelRequestFields=given)
        elif fields:
            model["additionalModelRequestFields"] = fields
        return Body(content=members, path="rerank")

    def decode_answer(self, received: Received, request: RerankRequest) -> RerankAnswer:
        members = shape.parse_object(received.body)
        found: list[RerankResult] = []
        for place, value in enumerate(shape.need_items(members, "results")):
            path = f"results[{place}]"
            item = shape.need_section(value, path)
            index, score = shape.integer(item, "index", path), shape.number(item, "relevanceScore", path)
            if index is None or score is None:
                raise BadShape(path, "must have `index` and `relevanceScore`")
            besides = shape.rest(item, _RESULT)
            found.append(RerankResult(index=index, score=score, document=_plain(item.get("document")), extra=besides))
        return RerankAnswer(
            results=found,
            # The answer has no count; the bill is by queries of up to a hundred documents.
            usage=Usage(search_units=max(1, -(-len(request.documents) // _UNIT))),
            extra=shape.left_over(members, frozenset({"results"}), self.wire),
        )

    def encode_answer(self, answer: RerankAnswer, _reply: Reply[RerankRequest], losses: Losses) -> Body:
        """An answer as the provider writes it."""
        rows: list[dict[str, object]] = []
        for result in answer.results:
            rows.append({"index": result.index, "relevanceScore": result.score, **(result.extra or {})})
            if result.document is not None:
                rows[-1]["document"] = _written(result.document)
        members: dict[str, object] = {"results": rows}
        shape.put_back(members, answer.extra, self.wire, losses)
        return Body(content=members)


def _inner(value: object, path: str, *names: str) -> dict[str, object]:
    found = shape.need_section(value, path)
    for name in names:
        path = f"{path}.{name}" if path else name
        found = shape.need_section(found.get(name), path)
    return found


def _document(value: object, path: str) -> str | dict[str, object]:
    document = _plain(_inner(value, path, "inlineDocumentSource"))
    if isinstance(document, str | dict):
        return document
    raise BadShape(path, "must hold a `textDocument` or a `jsonDocument`")


def _plain(value: object) -> object:
    """A text, or an object, out of its wrapping."""
    if isinstance(value, dict):
        text = value.get("textDocument")
        return text.get("text") if isinstance(text, dict) else value.get("jsonDocument")
    return None


def _written(document: object) -> dict[str, object]:
    if isinstance(document, dict):
        return {"type": "JSON", "jsonDocument": document}
    return {"type": "TEXT", "textDocument": {"text": document}}


def _source(document: str | dict[str, object], *, own: bool) -> dict[str, object]:
    """Of other formats, an object with nothing but a text is a text."""
    text = document.get("text") if isinstance(document, dict) and len(document) == 1 and not own else None
    return {"type": "INLINE", "inlineDocumentSource": _written(text if isinstance(text, str) else document)}
