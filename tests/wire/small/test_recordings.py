"""Every recorded exchange of the small operations goes through its codec, there and back, and is the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.wire.small.recorded import HERE, WHY_NOT, Exchange, answered, asked, exchanges, form_of, mutations
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.small import RerankRequest
from trunkline.ir.small_media import File, ImageRequest, TranscriptionRequest
from trunkline.wire.small.codec import Operation, Received, Reply
from trunkline.wire.small.registry import PROVIDERS, SURFACES

pytestmark = pytest.mark.skipif(not HERE, reason=WHY_NOT)

EMBED, RERANK, IMAGE = Operation.EMBED, Operation.RERANK, Operation.IMAGE
MODERATE, TRANSCRIBE = Operation.MODERATE, Operation.TRANSCRIBE

WIRES: dict[str, tuple[str, Operation]] = {
    "openai.embeddings": ("openai", EMBED),
    "azure.embeddings": ("openai", EMBED),
    "mistral.embeddings": ("openai", EMBED),
    "openrouter.embeddings": ("openai", EMBED),
    "perplexity.embeddings": ("perplexity", EMBED),
    "cohere.embed": ("cohere", EMBED),
    "cohere.embed_v1": ("cohere", EMBED),
    "voyage.embeddings": ("voyage", EMBED),
    "gemini.batch_embed_contents": ("gemini", EMBED),
    "vertex.predict": ("vertex", EMBED),
    "ollama.api_embed": ("ollama", EMBED),
    "cohere.rerank": ("cohere", RERANK),
    "cohere.rerank_v1": ("cohere", RERANK),
    "voyage.rerank": ("voyage", RERANK),
    "bedrock.rerank": ("bedrock", RERANK),
    "together.rerank": ("together", RERANK),
    "openrouter.rerank": ("openrouter", RERANK),
    "openai.moderations": ("openai", MODERATE),
    "openai.images.generations": ("openai", IMAGE),
    "openai.images.edits": ("openai", IMAGE),
    "xai.images.generations": ("xai", IMAGE),
    "xai.images.edits": ("xai", IMAGE),
    "openrouter.images.generations": ("openrouter", IMAGE),
    "openai.audio.transcriptions": ("openai", TRANSCRIBE),
    "openai.audio.translations": ("openai", TRANSCRIBE),
    "mistral.audio.transcriptions": ("mistral", TRANSCRIBE),
    "cohere.audio.transcriptions": ("cohere", TRANSCRIBE),
    "xai.stt": ("xai", TRANSCRIBE),
}
INVOKES = {"amazon.titan-embed-text": ("bedrock_titan", EMBED), "cohere.embed": ("bedrock_cohere", EMBED)}


def _codec(one: Exchange) -> Any:
    surface = one.slug.partition("/")[0]
    if surface != "bedrock.invoke":
        return PROVIDERS[WIRES[surface]]
    return next((PROVIDERS[wire] for start, wire in INVOKES.items() if one.model.startswith(start)), None)


CLIENTS = ("openai.embeddings", "cohere.embed", "gemini.batch_embed_contents", "cohere.rerank", "openai.moderations")

ASKED = [one for one in asked(*WIRES, "bedrock.invoke") if _codec(one)]
ANSWERED = [one for one in answered(*WIRES, "bedrock.invoke") if _codec(one)]


def test_every_surface_has_recordings() -> None:
    """A folder that was renamed would make the tests below check nothing."""
    for surface in WIRES:
        assert exchanges(surface), surface
    assert len(ASKED) >= 45
    assert len(ANSWERED) >= 40


@pytest.mark.parametrize("one", ASKED, ids=lambda one: one.slug)
def test_a_request_comes_out_as_it_went_in(one: Exchange) -> None:
    """Decoded and encoded again, a request is the same JSON or the same form, on the path it went to, without loss."""
    codec, losses = _codec(one), Losses()
    request = codec.decode_request(one.request(), one.named())
    body = codec.encode_request(request, losses)
    if body.data is not None:
        again = type(body)(data=one.request().body, content_type=one.request().content_type)
        assert form_of(body) == form_of(again)
    else:
        assert json.loads(body.encoded()) == one.body
    assert losses.found == []
    path = body.path.replace("{model}", one.model)
    assert one.path.replace("%3A", ":").endswith(path)


@pytest.mark.parametrize("one", ANSWERED, ids=lambda one: one.slug)
def test_an_answer_comes_out_as_it_went_in(one: Exchange) -> None:
    """Decoded and encoded again, an answer is the same JSON, without loss."""
    codec, losses = _codec(one), Losses()
    request = _request(codec, one)
    answer = codec.decode_answer(one.received(), request)
    body = codec.encode_answer(answer, Reply(request=request, id="r1", model="m", created=1), losses)
    assert json.loads(body.encoded()) == one.answer
    assert losses.found == []


@pytest.mark.parametrize("one", ANSWERED, ids=lambda one: one.slug)
def test_an_answer_says_its_usage(one: Exchange) -> None:
    """Wherever the provider counted anything, the usage has the count."""
    codec = _codec(one)
    answer = codec.decode_answer(one.received(), _request(codec, one))
    counted = json.dumps(one.answer.get("usage", one.answer.get("meta", one.answer.get("usageMetadata")))) != "null"
    if counted or "prompt_eval_count" in one.answer or "x-amzn-bedrock-input-token-count" in one.headers:
        assert answer.usage is not None
        seen = answer.usage
        assert seen.input_total or seen.search_units or seen.images or seen.audio_ms


@pytest.mark.parametrize("one", [one for one in ANSWERED if WIRES.get(one.slug.partition("/")[0], ("", 0))[1] is EMBED])
def test_recorded_vectors_reach_every_client(one: Exchange) -> None:
    """OpenAI's, Cohere's and Gemini's clients get each recorded embedding answer, in numbers and packed."""
    codec = _codec(one)
    request = _request(codec, one)
    answer = codec.decode_answer(one.received(), request)
    count = len(next(iter(answer.vectors.values())))
    for surface in ("openai", "cohere", "gemini"):
        client: Any = PROVIDERS[surface, EMBED]
        for encoding in ("float", "base64"):
            asked_for = _openai_request(["x"] * count, encoding)
            body = client.encode_answer(answer, Reply(request=asked_for, id="r1", model="m"), Losses())
            found = json.loads(body.encoded())
            if surface == "openai":
                kinds = {type(row["embedding"]) for row in found["data"]}
                assert kinds == {list if encoding == "float" else str}
                assert len(found["data"]) == count
                assert found["usage"]["prompt_tokens"] >= 0
            else:
                rows = found["embeddings"]
                assert len(next(iter(rows.values())) if surface == "cohere" else rows) == count


def _openai_request(texts: list[str], encoding: str) -> Any:
    codec: Any = PROVIDERS["openai", EMBED]
    body = {"model": "m", "input": texts, "encoding_format": encoding}
    return codec.decode_request(Received(body=json.dumps(body).encode()))


def _request(codec: Any, one: Exchange) -> Any:
    """The recorded request, or one that could have been asked where none was recorded."""
    if one.body and one.body != {"_multipart": []}:
        return codec.decode_request(one.request(), one.named())
    operation = next(operation for (_, operation), known in PROVIDERS.items() if known is codec)
    return SUBSTITUTES[operation]()


SUBSTITUTES: dict[Operation, Callable[[], Any]] = {
    EMBED: lambda: _openai_request(["x", "y"], "float"),
    RERANK: lambda: RerankRequest(model="m", query="q", documents=["d"] * 6),
    IMAGE: lambda: ImageRequest(prompt="p"),
    TRANSCRIBE: lambda: TranscriptionRequest(file=File(data=b"RIFF", name="a.wav"), model="whisper-1"),
}


@pytest.mark.parametrize("one", ANSWERED, ids=lambda one: one.slug)
def test_a_broken_answer_is_a_bad_shape(one: Exchange) -> None:
    """An answer that is cut short anywhere, or whose members are exchanged for others, raises nothing but `BadShape`."""
    codec = _codec(one)
    request = _request(codec, one)
    whole = one.received()
    for size in (0, 1, len(whole.body) // 2, len(whole.body) - 1):
        with pytest.raises(BadShape):
            codec.decode_answer(Received(body=whole.body[:size], headers=one.headers), request)
    for value in mutations(_shortened(one.answer)):
        try:
            codec.decode_answer(Received(body=json.dumps(value).encode(), headers=one.headers), request)
        except BadShape:
            pass


@pytest.mark.parametrize("one", [one for one in ASKED if one.slug.split("/")[0] in CLIENTS], ids=lambda one: one.slug)
def test_a_broken_request_is_refused_or_sent(one: Exchange) -> None:
    """A request with any one node exchanged raises nothing but `BadShape` and `Untranslatable`, towards every wire."""
    wire, operation = WIRES[one.slug.partition("/")[0]]
    for value in mutations(one.body):
        try:
            request = SURFACES[wire, operation].decode_request(Received(body=json.dumps(value).encode()), one.named())
        except BadShape:
            continue
        for (_, kind), codec in PROVIDERS.items():
            if kind is operation:
                try:
                    codec.encode_request(request, Losses()).encoded()
                except (Untranslatable, BadShape):
                    pass


def _shortened(value: Any) -> Any:
    """Vectors of two numbers: the shape is what is looked at."""
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    return [_shortened(inner) for inner in value[:2]] if isinstance(value, list) else value
