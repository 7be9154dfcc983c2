"""Embeddings between formats: inputs, settings, vectors and usage arrive, and what cannot is reported or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.small.recorded import mutations
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.small import EmbedAnswer, EmbedRequest
from trunkline.ir.usage import Usage
from trunkline.wire.codec import Named
from trunkline.wire.small import losses as why
from trunkline.wire.small.batches import join, split
from trunkline.wire.small.codec import Operation, Received, Reply
from trunkline.wire.small.registry import EMBED, SURFACES

OPENAI: Any = SURFACES["openai", Operation.EMBED]
COHERE: Any = SURFACES["cohere", Operation.EMBED]
GEMINI: Any = SURFACES["gemini", Operation.EMBED]
PNG = "data:image/png;base64,iVBORw0KGgo="


def ask(surface: Any = OPENAI, **members: Any) -> EmbedRequest:
    request: EmbedRequest = surface.decode_request(Received(body=json.dumps({"model": "m", **members}).encode()))
    return request


def sent(wire: str, request: EmbedRequest) -> tuple[Any, list[str]]:
    """What leaves for the provider, and the paths of what was lost."""
    losses = Losses()
    body = EMBED[wire].encode_request(request, losses)
    return json.loads(body.encoded()), [loss.path for loss in losses.found]


def answer(wire: str, body: Any, request: EmbedRequest, **headers: str) -> EmbedAnswer:
    return EMBED[wire].decode_answer(Received(body=json.dumps(body).encode(), headers=headers), request)


def told(surface: Any, found: EmbedAnswer, request: EmbedRequest) -> tuple[Any, list[str]]:
    losses = Losses()
    body = surface.encode_answer(found, Reply(request=request, id="r1", model="named", created=5), losses)
    return json.loads(body.encoded()), [loss.path for loss in losses.found]


EXPECTED: dict[str, Any] = {
    "cohere": {
        "model": "m",
        "texts": ["a", "b"],
        "input_type": "search_query",
        "embedding_types": ["float"],
        "output_dimension": 256,
    },
    "voyage": {"model": "m", "input": ["a", "b"], "input_type": "query", "output_dimension": 256},
    "jina": {"model": "m", "input": ["a", "b"], "task": "retrieval.query", "dimensions": 256},
    "gemini": {
        "requests": [
            {
                "model": "models/m",
                "content": {"parts": [{"text": text}]},
                "taskType": "RETRIEVAL_QUERY",
                "outputDimensionality": 256,
            }
            for text in ("a", "b")
        ]
    },
    "vertex": {
        "instances": [{"content": text, "task_type": "RETRIEVAL_QUERY"} for text in ("a", "b")],
        "parameters": {"outputDimensionality": 256},
    },
    "bedrock_cohere": {
        "texts": ["a", "b"],
        "input_type": "search_query",
        "embedding_types": ["float"],
        "output_dimension": 256,
    },
    "ollama": {"model": "m", "input": ["a", "b"], "dimensions": 256},
    "tei": {"inputs": ["a", "b"], "dimensions": 256},
    "watsonx": {"model_id": "m", "inputs": ["a", "b"]},
    "openai": {"model": "m", "input": ["a", "b"], "dimensions": 256, "input_type": "query"},
}


@pytest.mark.parametrize("wire", EXPECTED)
def test_an_openai_request_leaves_in_the_providers_words(wire: str) -> None:
    """Texts, dimensions and `input_type` stand under the names and in the words that the provider has."""
    members, _ = sent(wire, ask(input=["a", "b"], dimensions=256, input_type="query"))
    assert members == EXPECTED[wire]


@pytest.mark.parametrize("wire", sorted(set(EMBED) - {"openai", "perplexity"}))
def test_token_ids_are_refused_by_other_providers(wire: str) -> None:
    """Token ids mean other words to another tokenizer: an error, never other text."""
    for given in ([1, 2, 3], [[1, 2], [3]]):
        for part in split(ask(input=given), 1):
            with pytest.raises(Untranslatable) as refused:
                sent(wire, part)
            assert refused.value.reason == why.TOKENS


def test_token_ids_stay_token_ids_for_a_copy() -> None:
    """A host that speaks OpenAI's format gets them as they were written."""
    assert sent("openai", ask(input=[1, 2]))[0]["input"] == [1, 2]
    assert sent("openai", ask(input=[[1, 2], [3]]))[0]["input"] == [[1, 2], [3]]


def test_one_string_and_a_list_of_one_stay_what_they_were() -> None:
    """Same format, same spelling."""
    assert sent("openai", ask(input="a"))[0]["input"] == "a"
    assert sent("openai", ask(input=["a"]))[0]["input"] == ["a"]
    assert sent("ollama", ask(input="a"))[0]["input"] == "a"


def test_members_that_openai_does_not_know_go_to_the_provider() -> None:
    """LiteLLM's clients write a provider's own settings into OpenAI's body."""
    assert sent("jina", ask(input=["a"], late_chunking=True)) == (
        {"model": "m", "input": ["a"], "late_chunking": True},
        [],
    )
    assert sent("watsonx", ask(input="a", project_id="p", truncate_input_tokens=9))[0] == {
        "model_id": "m",
        "inputs": ["a"],
        "project_id": "p",
        "parameters": {"truncate_input_tokens": 9},
    }
    assert sent("openai", ask(input=["a"], truncate="END"))[0]["truncate"] == "END"


def test_members_of_another_format_are_reported() -> None:
    """What only Cohere has is not sent to Gemini, and is said."""
    request = ask(COHERE, texts=["a"], input_type="classification", max_tokens=5, priority=1, truncate="END")
    members, lost = sent("gemini", request)
    assert members["requests"][0]["taskType"] == "CLASSIFICATION"
    assert sorted(lost) == ["max_tokens", "priority", "truncate"]


def test_null_is_nothing_elsewhere() -> None:
    """Cohere's SDK sends null for what is not set: no loss, and not sent on."""
    request = ask(COHERE, texts=["a"], input_type="search_query", max_tokens=None, output_dimension=None)
    assert sent("voyage", request) == ({"model": "m", "input": ["a"], "input_type": "query"}, [])


@pytest.mark.parametrize(
    ("word", "wire", "place", "expected"),
    [
        ("search_document", "voyage", "input_type", "document"),
        ("RETRIEVAL_DOCUMENT", "cohere", "input_type", "search_document"),
        ("text-matching", "cohere", "input_type", "clustering"),
        ("clustering", "jina", "task", "separation"),
        ("query", "cohere", "input_type", "search_query"),
        ("a-word-of-next-year", "voyage", "input_type", "a-word-of-next-year"),
    ],
)
def test_purposes_are_translated(word: str, wire: str, place: str, expected: str) -> None:
    """Every format's word for a purpose becomes the provider's; a word nobody knows goes through."""
    assert sent(wire, ask(input=["a"], input_type=word))[0][place] == expected


def test_a_purpose_that_the_provider_lacks_is_reported() -> None:
    """Voyage knows queries and documents only."""
    members, lost = sent("voyage", ask(input=["a"], input_type="classification"))
    assert "input_type" not in members
    assert lost == ["input_type"]


def test_cohere_gets_a_purpose_always() -> None:
    """Version 3 and later refuse a request without one; LiteLLM says `search_document`."""
    assert sent("cohere", ask(input=["a"]))[0]["input_type"] == "search_document"
    assert sent("cohere", ask(input=[PNG]))[0] == {
        "model": "m",
        "images": [PNG],
        "input_type": "image",
        "embedding_types": ["float"],
    }


def test_data_urls_are_images_where_the_model_sees() -> None:
    """An input that is a `data:` URL is an image, as LiteLLM's clients write it."""
    parts = sent("gemini", ask(input=[PNG]))[0]["requests"][0]["content"]["parts"]
    assert parts == [{"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}]
    assert sent("jina", ask(input=[PNG, "a"]))[0]["input"] == [{"image": "iVBORw0KGgo="}, "a"]
    assert sent("bedrock_titan_multimodal", ask(input=PNG))[0] == {"inputImage": "iVBORw0KGgo="}
    assert sent("vertex_multimodal", ask(input=PNG))[0] == {
        "instances": [{"image": {"bytesBase64Encoded": "iVBORw0KGgo=", "mimeType": "image/png"}}]
    }
    nova = sent("bedrock_nova", ask(input=PNG, dimensions=256))[0]["singleEmbeddingParams"]
    assert nova == {
        "embeddingPurpose": "GENERIC_INDEX",
        "embeddingDimension": 256,
        "image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}},
    }
    voyage = sent("voyage_multimodal", ask(input=[PNG]))[0]["inputs"]
    assert voyage == [{"content": [{"type": "image_base64", "image_base64": PNG}]}]


def test_media_are_refused_where_the_model_reads_text() -> None:
    """A picture beside a text, from a Gemini client, does not become the text alone."""
    parts = [{"text": "a"}, {"inlineData": {"mimeType": "image/png", "data": "AA=="}}]
    request = ask(GEMINI, requests=[{"model": "models/m", "content": {"parts": parts}}])
    for wire in ("openai", "voyage", "ollama", "tei", "watsonx", "bedrock_titan", "vertex"):
        with pytest.raises(Untranslatable):
            sent(wire, request)
    assert sent("cohere", request)[0]["inputs"] == [
        {
            "content": [
                {"type": "text", "text": "a"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            ]
        }
    ]


def test_titles_reach_who_takes_them() -> None:
    """Gemini's title goes to Vertex and is a loss elsewhere."""
    request = ask(GEMINI, requests=[{"content": {"parts": [{"text": "a"}]}, "title": "T"}])
    assert sent("vertex", request)[0] == {"instances": [{"content": "a", "title": "T"}]}
    assert sent("openai", request)[1] == ["input[0].title"]


def test_settings_that_differ_by_input_are_reported() -> None:
    """Gemini has a task per content; others have one for all, so none is sent, and that is said."""
    parts = {"content": {"parts": [{"text": "a"}]}}
    body = {"requests": [{**parts, "taskType": "RETRIEVAL_QUERY"}, {**parts, "outputDimensionality": 9}]}
    request = GEMINI.decode_request(Received(body=json.dumps(body).encode()), Named(model="g"))
    assert sent("cohere", request)[1] == ["requests.taskType", "requests.outputDimensionality"]
    assert sent("gemini", request) == (body, [])


def test_a_gemini_client_may_send_one_content() -> None:
    """`:embedContent` has no list, and its answer has one `embedding`."""
    body = json.dumps({"content": {"parts": [{"text": "a"}]}, "taskType": "RETRIEVAL_QUERY"}).encode()
    request = GEMINI.decode_request(Received(body=body), Named(model="g"))
    assert (request.model, request.purpose, request.single) == ("g", "RETRIEVAL_QUERY", True)
    assert sent("vertex_gemini", request)[0] == json.loads(body)
    found = answer("openai", {"data": [{"index": 0, "embedding": [0.5]}], "usage": {"total_tokens": 3}}, request)
    assert told(GEMINI, found, request) == (
        {"embedding": {"values": [0.5]}, "usageMetadata": {"promptTokenCount": 3}},
        [],
    )


ANSWERS: dict[str, tuple[Any, dict[str, str], int]] = {
    "openai": (
        {"data": [{"index": 0, "embedding": [0.5, -1]}], "usage": {"prompt_tokens": 3, "total_tokens": 3}},
        {},
        3,
    ),
    "cohere": ({"embeddings": {"float": [[0.5, -1]]}, "meta": {"billed_units": {"input_tokens": 3}}}, {}, 3),
    "voyage": ({"data": [{"index": 0, "embedding": [0.5, -1]}], "usage": {"total_tokens": 3}}, {}, 3),
    "jina": ({"data": [{"index": 0, "embedding": [0.5, -1]}], "usage": {"total_tokens": 3}}, {}, 3),
    "gemini": ({"embeddings": [{"values": [0.5, -1]}], "usageMetadata": {"promptTokenCount": 3}}, {}, 3),
    "vertex": ({"predictions": [{"embeddings": {"values": [0.5, -1], "statistics": {"token_count": 3.0}}}]}, {}, 3),
    "vertex_gemini": ({"embedding": {"values": [0.5, -1]}, "usageMetadata": {"promptTokenCount": 3}}, {}, 3),
    "vertex_multimodal": ({"predictions": [{"textEmbedding": [0.5, -1]}]}, {}, 0),
    "bedrock_titan": ({"embedding": [0.5, -1], "inputTextTokenCount": 3}, {}, 3),
    "bedrock_titan_v1": ({"embedding": [0.5, -1], "inputTextTokenCount": 3}, {}, 3),
    "bedrock_titan_multimodal": ({"embedding": [0.5, -1], "inputTextTokenCount": 3}, {}, 3),
    "bedrock_nova": (
        {"embeddings": [{"embeddingType": "TEXT", "embedding": [0.5, -1]}]},
        {"x-amzn-bedrock-input-token-count": "3"},
        3,
    ),
    "bedrock_cohere": ({"embeddings": [[0.5, -1]]}, {"x-amzn-bedrock-input-token-count": "3"}, 3),
    "ollama": ({"embeddings": [[0.5, -1]], "prompt_eval_count": 3, "total_duration": 9}, {}, 3),
    "tei": ([[0.5, -1]], {"x-compute-tokens": "3"}, 3),
    "huggingface": ([0.5, -1], {}, 0),
    "watsonx": ({"results": [{"embedding": [0.5, -1]}], "input_token_count": 3}, {}, 3),
    "voyage_multimodal": ({"data": [{"index": 0, "embedding": [0.5, -1]}], "usage": {"total_tokens": 3}}, {}, 3),
    "perplexity": ({"data": [{"index": 0, "embedding": [0.5, -1]}], "usage": {"prompt_tokens": 3}}, {}, 3),
}


@pytest.mark.parametrize("wire", EMBED)
def test_every_providers_answer_is_an_openai_answer(wire: str) -> None:
    """Vectors, usage and a model's name arrive, in numbers or packed as asked, without a loss."""
    body, headers, tokens = ANSWERS[wire]
    request = ask(input=["a"], encoding_format="base64")
    found = EMBED[wire].decode_answer(Received(body=json.dumps(body).encode(), headers=headers), request)
    assert told(OPENAI, found, request) == (
        {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": "AAAAPwAAgL8="}],
            "model": "named",
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens}
            if wire != "openai"
            else {"prompt_tokens": 3, "total_tokens": 3},
        },
        [],
    )
    request.encoding = None
    assert told(OPENAI, found, request)[0]["data"][0]["embedding"] == [0.5, -1]


def test_tokens_of_a_sentence_are_pooled() -> None:
    """Hosted `feature-extraction` may give a vector per token: the sentence's is their mean."""
    request = ask(input=["a", "b"])
    body = [[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0]]]
    assert answer("huggingface", body, request).vectors == {"float": [[2.0, 3.0], [0.0, 0.0]]}


def test_packed_bytes_become_numbers_for_an_openai_client() -> None:
    """Perplexity packs `int8`, whatever is asked; to OpenAI's clients base64 means float32."""
    request = ask(input=["a"], encoding_format="base64")
    found = answer("perplexity", {"data": [{"index": 0, "embedding": "f4A="}]}, request)
    assert found.vectors == {"int8": ["f4A="]}
    assert told(OPENAI, found, request)[0]["data"][0]["embedding"] == "AAD+QgAAAMM="
    request.encoding = "float"
    assert told(OPENAI, found, request)[0]["data"][0]["embedding"] == [127, -128]


def test_cohere_clients_get_the_kinds_they_asked_for() -> None:
    """From another provider floats are given under `float`, packed under `base64`, and any other kind is a loss."""
    request = ask(COHERE, texts=["a"], input_type="search_query", embedding_types=["float", "base64"])
    found = answer("openai", {"data": [{"index": 0, "embedding": [0.5, -1]}], "usage": {"prompt_tokens": 3}}, request)
    members, lost = told(COHERE, found, request)
    assert members["embeddings"] == {"float": [[0.5, -1]], "base64": ["AAAAPwAAgL8="]}
    assert members["meta"]["billed_units"] == {"input_tokens": 3}
    assert lost == []
    request.kinds = ["int8"]
    members, lost = told(COHERE, found, request)
    assert members["embeddings"] == {"float": [[0.5, -1]]}
    assert lost == ["embedding_types"]


def test_vectors_come_in_the_order_of_their_index() -> None:
    """Some hosts answer in the order in which vectors were ready."""
    request = ask(input=["a", "b"])
    body = {"data": [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]}
    assert answer("openai", body, request).vectors == {"float": [[1.0], [2.0]]}


@pytest.mark.parametrize("count", [-1, 1.5, "many", 10**12, True, [], {}])
def test_a_count_that_cannot_be_true_is_no_usage(count: Any) -> None:
    """The vectors arrive, and the caller estimates."""
    request = ask(input=["a"])
    body = {"data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": count, "total_tokens": 3}}
    assert answer("openai", body, request).usage is None


def test_titan_takes_one_input_and_batches_are_split_and_joined() -> None:
    """Three inputs are three requests, whose vectors and tokens are one answer."""
    request = ask(input=["a", "b", "c"], dimensions=256)
    with pytest.raises(Untranslatable) as refused:
        sent("bedrock_titan", request)
    assert refused.value.reason == why.ONE_INPUT
    parts = split(request, EMBED["bedrock_titan"].most_inputs("m"))
    assert [sent("bedrock_titan", part)[0]["inputText"] for part in parts] == ["a", "b", "c"]
    answers = [
        answer("bedrock_titan", {"embedding": [float(n)], "inputTextTokenCount": n}, part)
        for n, part in enumerate(parts, 1)
    ]
    whole = join(parts, answers)
    assert whole.vectors == {"float": [[1.0], [2.0], [3.0]]}
    assert whole.usage == Usage(6)
    assert told(OPENAI, whole, request)[0]["usage"] == {"prompt_tokens": 6, "total_tokens": 6}


def test_a_part_with_too_few_vectors_is_not_joined() -> None:
    """Otherwise the vectors behind it would belong to other texts."""
    parts = split(ask(input=["a", "b", "c"]), 2)
    answers = [answer("openai", {"data": [{"index": 0, "embedding": [1.0]}]}, part) for part in parts]
    with pytest.raises(BadShape):
        join(parts, answers)


def test_what_fits_is_not_split() -> None:
    """The request itself goes out."""
    request = ask(input=["a", "b"])
    assert split(request, 2) == [request]
    assert split(request, None) == [request]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"input": None},
        {"input": 5},
        {"input": {"a": 1}},
        {"input": [1, "a"]},
        {"input": ["a", 1]},
        {"input": [[1, -1]]},
        {"input": [[1, True]]},
        {"input": [1, 2**70]},
        {"input": "a", "dimensions": "many"},
        {"input": "a", "dimensions": -1},
        {"input": "a", "user": 5},
        {"input": "a", "encoding_format": 5},
    ],
)
def test_a_request_without_openais_shape_says_where(members: Any) -> None:
    """The error names the member."""
    with pytest.raises(BadShape) as bad:
        ask(**members)
    assert bad.value.path.partition("[")[0] in ("input", "dimensions", "user", "encoding_format")


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'"x"', b"[" * 5000])
def test_a_body_that_is_no_object_is_a_bad_shape(body: bytes) -> None:
    """On every surface."""
    for surface in (OPENAI, COHERE, GEMINI):
        with pytest.raises(BadShape):
            surface.decode_request(Received(body=body))


@pytest.mark.parametrize("wire", EMBED)
def test_a_broken_answer_is_a_bad_shape(wire: str) -> None:
    """An answer with any one node exchanged raises nothing but `BadShape`, and what is read can be told."""
    body, headers, _ = ANSWERS[wire]
    request = ask(input=["a"])
    for value in mutations(body):
        received = Received(body=json.dumps(value).encode(), headers=headers)
        try:
            found = EMBED[wire].decode_answer(received, request)
            told(OPENAI, found, request)
        except BadShape:
            pass
