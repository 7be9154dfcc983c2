"""What a call consumed, read from bytes that pass: by path, for every operation, and never with an exception."""

from __future__ import annotations

import json
import random
from base64 import b64encode

import pytest

from trunkline.ir import NO_USAGE, Usage
from trunkline.wire.event_stream import encode_message
from trunkline.wire.metering import InvokeCount, Meter, read_request

JSON = "application/json"
PATHS = [
    "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages", "/v2/chat", "/model/x/converse",
    "/model/x/invoke", "/v1beta/models/g:generateContent", "/v1/projects/p/locations/l/publishers/google/models/g:generateContent",
    "/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict", "/v1/embeddings", "/v2/embed",
    "/v1beta/models/e:embedContent", "/v1beta/models/e:batchEmbedContents", "/v1/models/text-embedding-005:predict",
    "/v1/models/imagen-4:predict", "/v1/models/multimodalembedding@001:predict", "/v2/rerank", "/v1/images/generations",
    "/v1/audio/speech", "/v1/audio/transcriptions", "/v1/inventions", "/v1/files",
]  # fmt: skip


def meter(path: str, body: object = None, method: str = "POST") -> Meter:
    """Of a call with a JSON body."""
    return Meter(method, path, JSON, b"" if body is None else json.dumps(body).encode())


def whole(path: str, answer: object, asked: object = None, headers: dict[bytes, bytes] | None = None) -> Usage | None:
    """What the answer says."""
    given = {b"content-type": b"application/json"} | (headers or {})
    return meter(path, asked).whole(given, json.dumps(answer).encode()).usage


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/responses/resp_1"), ("GET", "/v1/chat/completions"), ("DELETE", "/v1/files/f"), ("POST", "/v1/files"),
        ("POST", "/v1/uploads/u/parts"), ("POST", "/v1/batches"), ("POST", "/v1/messages/batches"),
        ("POST", "/v1/messages/count_tokens"), ("POST", "/v1beta/models/g:countTokens"), ("POST", "/v1/moderations"),
        ("POST", "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict"),
    ],
)  # fmt: skip
def test_what_costs_nothing_is_free(method: str, path: str) -> None:
    """Counting and keeping books; a stored answer that is fetched again is not counted again."""
    found = meter(path, method=method)
    assert (found.free, found.metered) == (True, False)
    assert found.whole({}, b'{"usage": {"prompt_tokens": 5}}').usage is NO_USAGE


def test_small_operations_are_counted() -> None:
    """Embeddings, rerank, images, speech: each in its unit."""
    embedding = {"object": "list", "data": [], "model": "m", "usage": {"prompt_tokens": 4, "total_tokens": 4}}
    assert whole("/v1/embeddings", embedding, {"model": "m", "input": "x"}) == Usage(4)
    rerank = {"id": "r", "results": [], "meta": {"billed_units": {"search_units": 2}}}
    found = whole("/v2/rerank", rerank, {"model": "m", "query": "q", "documents": ["a"]})
    assert found is not None
    assert found.search_units == 2
    picture = {"created": 1, "data": [{"b64_json": "AA=="}]}
    found = whole("/v1/images/generations", picture, {"model": "m", "prompt": "p"})
    assert found is not None
    assert found.images == 1
    speech = Meter("POST", "/v1/audio/speech", JSON, b'{"model": "m", "input": "hello", "voice": "v"}')
    assert speech.whole({b"content-type": b"audio/mpeg"}, b"\xff\xfb").usage == Usage(characters=5)
    vector = {"predictions": [{"embeddings": {"values": [0.5], "statistics": {"token_count": 3}}}]}
    assert whole("/v1/models/text-embedding-005:predict", vector, {"instances": []}) == Usage(3)


def test_invoke_is_counted_by_body_or_headers() -> None:
    """Claude's body says more than the headers; other models' bodies say nothing that is known."""
    message: dict[str, object] = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "c", "content": [], "stop_reason": "end_turn",
        "stop_sequence": None, "usage": {"input_tokens": 1, "cache_read_input_tokens": 2, "output_tokens": 3},
    }  # fmt: skip
    headers = {b"x-amzn-bedrock-input-token-count": b"9", b"x-amzn-bedrock-output-token-count": b"8"}
    assert whole("/model/c/invoke", message, headers=headers) == Usage(3, 3, cache_read=2)
    assert whole("/model/t/invoke", {"embedding": [0.5]}, headers=headers) == Usage(9, 8)
    assert whole("/model/t/invoke", {"embedding": [0.5]}) is None, "charged for, and not said how much"


def test_an_invoke_stream_says_it_at_its_end() -> None:
    """Cut anywhere, with other chunks before; counts that cannot be true are none."""

    def chunk(value: object) -> bytes:
        inner = json.dumps({"bytes": b64encode(json.dumps(value).encode()).decode()})
        return encode_message({":event-type": "chunk", ":message-type": "event"}, inner.encode())

    metrics = {"inputTokenCount": 5, "outputTokenCount": 7, "cacheReadInputTokenCount": 2}
    data = chunk({"type": "message_start"}) + chunk({"type": "x", "amazon-bedrock-invocationMetrics": metrics})
    for size in (1, 7, len(data)):
        counts = InvokeCount()
        for at in range(0, len(data), size):
            counts.feed(data[at : at + size])
        assert counts.usage == Usage(7, 7, cache_read=2)
    counts = InvokeCount()
    counts.feed(chunk({"amazon-bedrock-invocationMetrics": {"inputTokenCount": -1}}))
    assert counts.usage is None


@pytest.mark.parametrize(
    ("path", "kind", "body", "model", "stream", "user"),
    [
        ("/v1/chat/completions", JSON, b'{"model": "m", "stream": true, "user": "u"}', "m", True, "u"),
        ("/v1/chat/completions", "", b'{"model": "m"}', "m", False, ""),
        ("/v1beta/models/gemini-2.5-flash:streamGenerateContent", JSON, b"{}", "gemini-2.5-flash", True, ""),
        ("/v1/projects/p/locations/l/publishers/google/models/g:generateContent", JSON, b"{}", "g", False, ""),
        ("/model/us.anthropic.claude-v1%3A0/converse-stream", JSON, b"{}", "us.anthropic.claude-v1:0", True, ""),
        ("/model/anthropic.claude-v1:0/invoke", JSON, b"{}", "anthropic.claude-v1:0", False, ""),
        ("/openai/deployments/my%20gpt/chat/completions", JSON, b"{}", "my gpt", False, ""),
        ("/v1/files", "multipart/form-data; boundary=b",
         b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n--b--\r\n', "whisper", False, ""),
        ("/v1/files", JSON, b"\xff\x00", "", False, ""),
        ("/v1/x", JSON, b'{"model": 5, "stream": "yes", "user": {}}', "", False, ""),
        ("/v1/x", "application/octet-stream", b'{"model": "m"}', "", False, ""),
    ],
)  # fmt: skip
def test_a_request_is_read_from_path_and_body(
    path: str, kind: str, body: bytes, model: str, stream: bool, user: str
) -> None:
    """Model, streaming, end user; whatever is not there or not readable is empty."""
    found = read_request(path, kind, body)
    assert (found.model, found.stream, found.user) == (model, stream, user)


def test_threads_of_assistants_are_no_conversation_here() -> None:
    """A path that merely ends like a known one is not counted as it."""
    assert not meter("/v1/threads/t/messages").metered


@pytest.mark.parametrize("path", PATHS)
def test_no_answer_is_an_exception(path: str) -> None:
    """Any bytes at all: they were the client's to get, and only the count is missing."""
    chosen = random.Random(path)
    scraps: list[object] = [None, 1, -1, "x", [], {}, [1], {"usage": 5}, 1e400, True]
    names = ["usage", "choices", "content", "data", "output", "candidates", "message", "results", "predictions", "embedding",
             "embeddings", "usageMetadata", "meta", "id", "model", "error", "text", "input", "prompt"]  # fmt: skip
    for body in (b"", b"null", b"[]", b"5", b"\xff\xfe", b"[" * 5000, b'{"usage":', b'"x"'):
        Meter("POST", path, JSON, body).whole({}, body)
    for _ in range(300):
        made = {name: chosen.choice(scraps) for name in chosen.sample(names, 5)}
        nested = {
            name: [made, chosen.choice(scraps)] if chosen.random() < 0.5 else made for name in chosen.sample(names, 3)
        }
        for value in (made, nested):
            text = json.dumps(value).encode()
            Meter("POST", path, JSON, text).whole({b"content-type": b"application/json"}, text)
