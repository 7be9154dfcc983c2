"""Reranking between formats: LiteLLM's clients write Cohere's, whoever answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.small.recorded import mutations
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.small import RerankAnswer, RerankRequest
from trunkline.ir.usage import Usage
from trunkline.wire.small.codec import Operation, Received, Reply
from trunkline.wire.small.registry import RERANK, SURFACES

SURFACE: Any = SURFACES["cohere", Operation.RERANK]
DOCUMENTS = ["about cats", {"text": "about dogs"}]


def ask(**members: Any) -> RerankRequest:
    body = json.dumps({"model": "m", "query": "q", "documents": DOCUMENTS, **members}).encode()
    request: RerankRequest = SURFACE.decode_request(Received(body=body))
    return request


def sent(wire: str, request: RerankRequest) -> tuple[Any, list[str]]:
    losses = Losses()
    body = RERANK[wire].encode_request(request, losses)
    return json.loads(body.encoded()), [loss.path for loss in losses.found]


def told(found: RerankAnswer, request: RerankRequest) -> tuple[Any, list[str]]:
    losses = Losses()
    body = SURFACE.encode_answer(found, Reply(request=request, id="r1", model="named"), losses)
    return json.loads(body.encoded()), [loss.path for loss in losses.found]


TEXTS = ["about cats", "about dogs"]
EXPECTED: dict[str, Any] = {
    "cohere": {"model": "m", "query": "q", "documents": DOCUMENTS, "top_n": 1},
    "together": {"model": "m", "query": "q", "documents": DOCUMENTS, "top_n": 1},
    "copies": {"model": "m", "query": "q", "documents": DOCUMENTS, "top_n": 1},
    "openrouter": {"model": "m", "query": "q", "documents": TEXTS, "top_n": 1},
    "jina": {"model": "m", "query": "q", "documents": TEXTS, "top_n": 1},
    "voyage": {"model": "m", "query": "q", "documents": TEXTS, "top_k": 1},
    "tei": {"query": "q", "texts": TEXTS},
    "watsonx": {
        "model_id": "m",
        "query": "q",
        "inputs": [{"text": "about cats"}, {"text": "about dogs"}],
        "parameters": {"return_options": {"top_n": 1}},
    },
    "bedrock": {
        "queries": [{"type": "TEXT", "textQuery": {"text": "q"}}],
        "sources": [
            {"type": "INLINE", "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": text}}}
            for text in TEXTS
        ],
        "rerankingConfiguration": {
            "type": "BEDROCK_RERANKING_MODEL",
            "bedrockRerankingConfiguration": {"modelConfiguration": {"modelArn": "m"}, "numberOfResults": 1},
        },
    },
}


@pytest.mark.parametrize("wire", RERANK)
def test_a_request_leaves_in_the_providers_words(wire: str) -> None:
    """Query, documents and number of results stand under the provider's names, without loss."""
    assert sent(wire, ask(top_n=1)) == (EXPECTED[wire], [])


ROWS = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
ANSWERS: dict[str, tuple[Any, dict[str, str], Usage | None]] = {
    "cohere": ({"id": "p", "results": ROWS, "meta": {"billed_units": {"search_units": 1}}}, {}, Usage(search_units=1)),
    "together": ({"id": "p", "results": ROWS, "usage": {"prompt_tokens": 9, "total_tokens": 9}}, {}, Usage(9)),
    "copies": ({"id": "p", "results": ROWS, "usage": {"total_tokens": 9}}, {}, Usage(9)),
    "openrouter": (
        {"id": "p", "results": ROWS, "usage": {"search_units": 2, "cost": 0.1}, "provider": "Cohere"},
        {},
        Usage(search_units=2),
    ),
    "jina": ({"model": "j", "results": ROWS, "usage": {"total_tokens": 9}}, {}, Usage(9)),
    "voyage": ({"object": "list", "data": ROWS, "model": "v", "usage": {"total_tokens": 9}}, {}, Usage(9)),
    "tei": ([{"index": 0, "score": 0.1}, {"index": 1, "score": 0.9}], {"x-compute-tokens": "9"}, Usage(9)),
    "watsonx": (
        {
            "model_id": "w",
            "results": [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}],
            "input_token_count": 9,
        },
        {},
        Usage(9),
    ),
    "bedrock": (
        {"results": [{"index": 1, "relevanceScore": 0.9}, {"index": 0, "relevanceScore": 0.1}]},
        {},
        Usage(search_units=1),
    ),
}


@pytest.mark.parametrize("wire", RERANK)
def test_every_providers_answer_is_coheres(wire: str) -> None:
    """Results, best first, an id, and what was billed, as LiteLLM answers."""
    body, headers, usage = ANSWERS[wire]
    request = ask()
    found = RERANK[wire].decode_answer(Received(body=json.dumps(body).encode(), headers=headers), request)
    assert found.usage == usage
    members, lost = told(found, request)
    assert members["results"] == ROWS
    assert members["id"] == (found.id or "r1")
    assert lost == []
    billed = members["meta"]["billed_units"]
    assert usage is not None
    assert billed == ({"search_units": usage.search_units} if usage.search_units else {"total_tokens": 9})


@pytest.mark.parametrize("wire", RERANK)
def test_documents_are_put_into_the_answer_where_they_were_asked_for(wire: str) -> None:
    """Most providers give indexes; the documents are known from the request."""
    body, headers, _ = ANSWERS[wire]
    request = ask(return_documents=True)
    found = RERANK[wire].decode_answer(Received(body=json.dumps(body).encode(), headers=headers), request)
    members, _ = told(found, request)
    assert [row["document"] for row in members["results"]] == [{"text": "about dogs"}, {"text": "about cats"}]


def test_documents_that_were_not_wanted_are_left_out() -> None:
    """Jina repeats them unless told otherwise."""
    rows = [{"index": 0, "relevance_score": 0.5, "document": {"text": "about cats"}}]
    request = ask(return_documents=False)
    found = RERANK["jina"].decode_answer(Received(body=json.dumps({"results": rows}).encode()), request)
    assert told(found, request)[0]["results"] == [{"index": 0, "relevance_score": 0.5}]
    assert "document" in told(found, ask())[0]["results"][0]


def test_objects_are_written_as_text_for_who_ranks_texts() -> None:
    """As lines of `field: value`, of the fields that count, and said; who takes objects gets objects."""
    request = ask(documents=[{"title": "T", "body": ["x", 1]}], rank_fields=["title", "body"])
    members, lost = sent("voyage", request)
    assert members["documents"] == ['title: T\nbody: ["x",1]\n']
    assert lost == ["documents[0]"]
    assert sent("voyage", ask(documents=[{"text": "T", "id": 5}])) == (
        {"model": "m", "query": "q", "documents": ["T"]},
        [],
    )
    members, lost = sent("together", request)
    assert (members["documents"], members["rank_fields"], lost) == (request.documents, ["title", "body"], [])
    source = sent("bedrock", request)[0]["sources"][0]["inlineDocumentSource"]
    assert source == {"type": "JSON", "jsonDocument": {"title": "T", "body": ["x", 1]}}


def test_limits_that_a_provider_lacks_are_reported() -> None:
    """They change what is ranked, so the client hears of it."""
    request = ask(max_chunks_per_doc=2, max_tokens_per_doc=10)
    assert sent("voyage", request)[1] == ["max_chunks_per_doc", "max_tokens_per_doc"]
    assert sent("openrouter", request)[1] == ["max_chunks_per_doc", "max_tokens_per_doc"]
    assert sent("copies", request)[1] == []
    members, lost = sent("bedrock", request)
    model = members["rerankingConfiguration"]["bedrockRerankingConfiguration"]["modelConfiguration"]
    assert model["additionalModelRequestFields"] == {"max_tokens_per_doc": 10}
    assert lost == ["max_chunks_per_doc"]


def test_members_that_cohere_does_not_know_go_to_the_provider() -> None:
    """LiteLLM's `instruction` for vLLM, and whatever comes next."""
    assert sent("copies", ask(instruction="i"))[0]["instruction"] == "i"
    assert sent("voyage", ask(truncation=False))[0]["truncation"] is False


def test_many_documents_are_billed_by_the_hundred() -> None:
    """Bedrock bills a query of up to a hundred documents; its answer does not say so."""
    request = ask(documents=["d"] * 201)
    found = RERANK["bedrock"].decode_answer(Received(body=b'{"results":[]}'), request)
    assert found.usage == Usage(search_units=3)


def test_tei_gives_all_and_the_best_are_taken() -> None:
    """It has no `top_n`."""
    request = ask(top_n=1)
    body = json.dumps([{"index": 0, "score": 0.1}, {"index": 1, "score": 0.9}]).encode()
    found = RERANK["tei"].decode_answer(Received(body=body), request)
    assert [result.index for result in found.results] == [1]


@pytest.mark.parametrize(
    "members",
    [
        {"query": None},
        {"query": 5},
        {"documents": None},
        {"documents": "x"},
        {"documents": ["x", 5]},
        {"top_n": "3"},
        {"top_n": -1},
        {"return_documents": "yes"},
        {"rank_fields": "text"},
        {"rank_fields": [1]},
    ],
)
def test_a_request_without_the_shape_says_where(members: Any) -> None:
    """The error names the member."""
    with pytest.raises(BadShape) as bad:
        ask(**members)
    assert bad.value.path.partition("[")[0] in members


@pytest.mark.parametrize("row", [{}, {"index": 0}, {"index": "0", "relevance_score": 1}, {"index": -1}, 5, None])
def test_a_result_without_its_place_is_a_bad_shape(row: Any) -> None:
    """It would name the wrong document."""
    for wire, name in (("cohere", "results"), ("voyage", "data"), ("bedrock", "results"), ("watsonx", "results")):
        with pytest.raises(BadShape):
            RERANK[wire].decode_answer(Received(body=json.dumps({name: [row]}).encode()), ask())


@pytest.mark.parametrize("wire", RERANK)
def test_a_broken_answer_is_a_bad_shape(wire: str) -> None:
    """An answer with any one node exchanged raises nothing but `BadShape`, and what is read can be told."""
    body, headers, _ = ANSWERS[wire]
    request = ask()
    for value in mutations(body):
        received = Received(body=json.dumps(value).encode(), headers=headers)
        try:
            found = RERANK[wire].decode_answer(received, request)
            told(found, request)
        except BadShape:
            pass
