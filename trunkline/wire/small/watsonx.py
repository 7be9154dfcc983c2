"""IBM watsonx.ai `POST /ml/v1/text/embeddings` and `/ml/v1/text/rerank` (cloud.ibm.com/apidocs/watsonx-ai).

`project_id` or `space_id` is the deployment's; it may come with the client's extra members or from the configuration.
"""

from __future__ import annotations

import msgspec

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.small import EmbedAnswer, EmbedRequest, Numbers, RerankAnswer, RerankRequest, RerankResult
from trunkline.wire.small import floats, shape, usage
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Body, Received
from trunkline.wire.small.embed_words import INTERPRETED, THROUGH, only_floats, plain_texts
from trunkline.wire.small.rerank import THROUGH as THROUGH_RERANK
from trunkline.wire.small.rerank import document_texts


class WatsonxEmbed(msgspec.Struct, frozen=True, kw_only=True):
    """`inputs` gives `results[{embedding}]`."""

    wire: str = "watsonx"

    def most_inputs(self, _model: str) -> int | None:
        return 1000

    def encode_request(self, request: EmbedRequest, losses: Losses) -> Body:
        members: dict[str, object] = {"model_id": request.model, "inputs": plain_texts(request, losses)}
        only_floats(request, losses)
        shape.report(losses, why.NO_PURPOSE, input_type=request.purpose)
        shape.report(losses, why.DIMENSIONS, dimensions=request.dimensions)
        shape.report(losses, why.TRUNCATE, truncate=request.truncate)
        shape.report(losses, why.NORMALIZE, normalize=request.normalize)
        shape.report(losses, why.USER, user=request.user)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH, quiet=INTERPRETED)
        _into_parameters(members)
        return Body(content=members, path="text/embeddings")

    def decode_answer(self, received: Received, _request: EmbedRequest) -> EmbedAnswer:
        members = shape.parse_object(received.body)
        vectors = list[Numbers]()
        for place, value in enumerate(shape.need_items(members, "results")):
            row = shape.need_section(value, f"results[{place}]")
            vectors.append(floats.read(row.get("embedding"), f"results[{place}].embedding"))
        return EmbedAnswer(
            vectors={"float": vectors},
            model=shape.soft_text(members, "model_id"),
            usage=usage.plain(members.get("input_token_count")),
        )


class WatsonxRerank(msgspec.Struct, frozen=True, kw_only=True):
    """Documents are `inputs[{text}]`, and what comes back is asked for in `parameters.return_options`."""

    wire: str = "watsonx"

    def encode_request(self, request: RerankRequest, losses: Losses) -> Body:
        texts = document_texts(request, losses)
        members: dict[str, object] = {
            "model_id": request.model,
            "query": request.query,
            "inputs": [{"text": text} for text in texts],
        }
        options: dict[str, object] = {}
        shape.set_given(options, top_n=request.top_n, inputs=request.return_documents)
        parameters: dict[str, object] = {"return_options": options} if options else {}
        shape.set_given(parameters, truncate_input_tokens=request.max_tokens_per_doc)
        shape.report(losses, why.CHUNKS, max_chunks_per_doc=request.max_chunks_per_doc)
        shape.report(losses, why.TRUNCATE, truncate=request.truncate)
        shape.put_back(members, request.extra, self.wire, losses, through=THROUGH_RERANK)
        _into_parameters(members)
        if parameters:
            given = members.get("parameters")
            members["parameters"] = {**parameters, **given} if isinstance(given, dict) else parameters
        return Body(content=members, path="text/rerank")

    def decode_answer(self, received: Received, _request: RerankRequest) -> RerankAnswer:
        members = shape.parse_object(received.body)
        found: list[RerankResult] = []
        for place, value in enumerate(shape.need_items(members, "results")):
            path = f"results[{place}]"
            item = shape.need_section(value, path)
            index, score = shape.integer(item, "index", path), shape.number(item, "score", path)
            if index is None or score is None:
                raise BadShape(path, "must have `index` and `score`")
            given = item.get("input")
            document = given.get("text") if isinstance(given, dict) else given
            found.append(RerankResult(index=index, score=score, document=document))
        return RerankAnswer(
            results=found,
            model=shape.soft_text(members, "model_id"),
            usage=usage.plain(members.get("input_token_count")),
        )


def _into_parameters(members: dict[str, object]) -> None:
    """Settings that clients write at the top, as LiteLLM takes them, stand in `parameters` on this wire."""
    moved = {name: members.pop(name) for name in ("truncate_input_tokens", "return_options") if name in members}
    if moved:
        given = members.get("parameters")
        members["parameters"] = {**moved, **given} if isinstance(given, dict) else moved
