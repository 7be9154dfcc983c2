"""The providers' own APIs through the real gateway: what leaves, what comes back, and what it costs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.support.gateway import Gateway, GatewayConfig, Row
from tests.support.open_provider import SECRETS, Canned, OpenProvider, Seen, environment, open_provider
from tests.support.raw_http import Answer, RawConnection, exchange, request_bytes
from tests.unit.providers.token_server import token_server
from trunkline.server.asgi import create_app
from trunkline.wire.event_stream import encode_message

CHAT = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
}  # fmt: skip
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "hello"}], "stop_reason": "end_turn", "stop_sequence": None,
    "usage": {"input_tokens": 5, "cache_read_input_tokens": 6, "output_tokens": 7},
}  # fmt: skip
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18},
    "modelVersion": "gemini-2.5-flash", "responseId": "r1",
}  # fmt: skip
CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": "hello"}]}}, "stopReason": "end_turn",
    "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}, "metrics": {"latencyMs": 1},
}  # fmt: skip
COHERE = {
    "id": "c1", "finish_reason": "COMPLETE",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "hello"}]},
    "usage": {"billed_units": {"input_tokens": 11, "output_tokens": 7}, "tokens": {"input_tokens": 11, "output_tokens": 7}},
}  # fmt: skip
EMBEDDING = {
    "object": "list", "model": "text-embedding-3-small", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
    "usage": {"prompt_tokens": 11, "total_tokens": 11},
}  # fmt: skip
RESPONSE = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-4o-mini",
    "output": [
        {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "hello", "annotations": []}]}
    ],
    "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18},
}  # fmt: skip
RERANK = {"id": "r", "results": [{"index": 0, "relevance_score": 0.5}], "meta": {"billed_units": {"search_units": 1}}}


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenProvider]:
    """Every provider at once."""
    with open_provider() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(provider: OpenProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose environment has every provider's key, and a deployment of each kind that has none of them."""
    models: list[dict[str, object]] = [
        {"model_name": "mine", "litellm_params": {
            "model": "openai/gpt-4o-mini", "api_base": f"{provider.url}/v1", "api_key": "sk-deployment-0123456789",
            "input_cost_per_token": 0.000001, "output_cost_per_token": 0.000002}},
    ]  # fmt: skip
    with token_server() as tokens:
        config = GatewayConfig(models=models, environment=environment(provider) | {"GCE_METADATA_HOST": tokens.host})
        with Gateway(tmp_path_factory.mktemp("pass"), config) as running:
            yield running


@pytest.fixture(autouse=True)
def _plain(provider: OpenProvider) -> None:
    provider.answer = lambda _: Canned()


def send(
    gateway: Gateway, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, key: str = ""
) -> Answer:
    """One request, with the master key as a bearer token unless `headers` have it."""
    head = {"Authorization": f"Bearer {key or gateway.master_key}"}
    if body and "Content-Type" not in (headers or {}):
        head["Content-Type"] = "application/json"
    return exchange(gateway.port, request_bytes(method, path, body, head | (headers or {})), method=method)


def row_of(gateway: Gateway, answer: Answer) -> Row:
    """The ledger's one row of an answered call."""
    call = answer.header("x-litellm-call-id")
    assert call, answer.body
    rows = gateway.wait_rows(lambda all_: any(row["request_id"] == call for row in all_))
    found = [row for row in rows if row["request_id"] == call]
    assert len(found) == 1, gateway.log()[-2000:]
    return found[0]


FAMILIES = [
    ("/openai/v1/fine_tuning/jobs", "/v1/fine_tuning/jobs", "authorization", "Bearer {OPENAI_API_KEY}"),
    ("/openai/fine_tuning/jobs", "/v1/fine_tuning/jobs", "authorization", "Bearer {OPENAI_API_KEY}"),
    ("/openai_passthrough/v1/files", "/v1/files", "authorization", "Bearer {OPENAI_API_KEY}"),
    ("/anthropic/v1/models", "/v1/models", "x-api-key", "{ANTHROPIC_API_KEY}"),
    ("/anthropic/v1/files", "/v1/files", "x-api-key", "{ANTHROPIC_API_KEY}"),
    ("/gemini/v1beta/models", "/v1beta/models", "x-goog-api-key", "{GEMINI_API_KEY}"),
    ("/cohere/v1/models", "/v1/models", "authorization", "Bearer {COHERE_API_KEY}"),
    ("/mistral/v1/models", "/v1/models", "authorization", "Bearer {MISTRAL_API_KEY}"),
    ("/azure/openai/models", "/openai/models", "api-key", "{AZURE_API_KEY}"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "sent", "header", "value"), FAMILIES, ids=[row[0] for row in FAMILIES])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_reaches_the_provider_with_its_key(
    gateway: Gateway, provider: OpenProvider, path: str, sent: str, header: str, value: str, method: str
) -> None:
    """Path, query and body are the client's, the key is the environment's, and the answer is the provider's."""
    body = b'{"a": [1,  2]}' if method in ("POST", "PUT", "PATCH") else b""
    answer = send(gateway, method, f"{path}?limit=2&x=a%20b", body)
    assert (answer.status, answer.body) == (200, b'{"ok": true}')
    seen = provider.last()
    assert (seen.method, seen.target, seen.body) == (method, f"{sent}?limit=2&x=a%20b", body)
    assert seen.header(header) == value.format(**SECRETS)
    assert gateway.master_key not in repr(seen)


def test_google_cloud_is_asked_with_a_token(gateway: Gateway, provider: OpenProvider) -> None:
    """Both spellings of the prefix; project and location stand in the path, or come from the configuration."""
    full = "/v1/projects/acme/locations/europe-west1/publishers/google/models/gemini-2.5-flash:generateContent"
    for prefix in ("/vertex_ai", "/vertex-ai"):
        provider.answer = lambda _: Canned(body=json.dumps(GEMINI).encode())
        answer = send(gateway, "POST", prefix + full, b'{"contents": []}')
        assert answer.status == 200, answer.body
        seen = provider.last()
        assert seen.path == full
        assert (seen.header("authorization") or "").startswith("Bearer ")
        row = row_of(gateway, answer)
        assert (row["prompt_tokens"], row["completion_tokens"], row["model"]) == (11, 7, "gemini-2.5-flash")
    for bad in ("ev%69l", "a.b@c", "-"):
        path = full.replace("europe-west1", bad)
        before = len(provider.seen)
        assert send(gateway, "POST", f"/vertex_ai{path}", b"{}").status in (400, 503), bad
        assert len(provider.seen) == before


def test_amazon_is_asked_with_a_signature_of_this_request(gateway: Gateway, provider: OpenProvider) -> None:
    """Method and path of the client's own request are signed; the ARN's encoded slash is the only one that passes."""
    provider.answer = lambda _: Canned(body=json.dumps(CONVERSE).encode())
    name = "us.anthropic.claude-sonnet-4-5-v1%3A0"
    answer = send(gateway, "POST", f"/bedrock/model/{name}/converse", b'{"messages": []}')
    assert answer.status == 200, answer.body
    seen = provider.last()
    assert seen.path == f"/model/{name}/converse"
    signed = seen.header("authorization") or ""
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=" + SECRETS["AWS_ACCESS_KEY_ID"])
    assert seen.header("x-amz-date")
    row = row_of(gateway, answer)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (11, 7)
    arn = "arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Ainference-profile%2Feu.anthropic.claude-x"
    assert send(gateway, "POST", f"/bedrock/model/{arn}/converse", b'{"messages": []}').status == 200
    assert provider.last().path == f"/model/{arn}/converse"
    assert send(gateway, "GET", "/bedrock/async-invoke").status == 200
    assert provider.last().method == "GET"
    assert provider.last().header("authorization") != signed


BAD_PATHS = [
    "/openai/v1/../admin", "/openai/..", "/openai/v1/%2e%2e/admin", "/openai/v1/%2E%2e/admin", "/openai/v1/.%2e/x",
    "/openai/v1/files%2f..%2fx", "/openai/v1%2Fx", "/openai/v1/x%5c..%5cy", "/openai/v1/a\\b", "/openai/v1//x",
    "/openai//evil.example/x", "/openai/v1/./x", "/openai/v1/%252e%252e/x", "/openai/v1/a%00b", "/openai/v1/a%0d%0ab",
    "/openai/http://evil.example/x", "/openai/https%3A%2F%2Fevil.example", "/openai/v1/x#frag", "/openai/v1/%zz",
    "/anthropic/v1/messages/../../x", "/gemini/v1beta/models/..%2f..%2fx:generateContent", "/bedrock/model/a%2fb/converse",
    "/bedrock/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ax%2F..%2Fy/converse", "/azure/openai/%2e%2e/x",
    '/openai/v1/x?a="b"',
]  # fmt: skip


@pytest.mark.parametrize("path", BAD_PATHS)
def test_f06_a_path_that_could_leave_its_root_is_refused(gateway: Gateway, provider: OpenProvider, path: str) -> None:
    """F06: dots, encoded slashes, backslashes, doubled slashes, fragments and absolute URLs never reach a provider."""
    before, connections = len(provider.seen), provider.connections
    answer = send(gateway, "GET", path)
    assert answer.status == 400, answer.body
    assert "error" in answer.json or answer.json["message"]
    assert (len(provider.seen), provider.connections) == (before, connections)


def test_f06_an_at_sign_or_an_absolute_request_line_moves_no_host(gateway: Gateway, provider: OpenProvider) -> None:
    """F06: what reads like another host stays a path at the provider's own."""
    assert send(gateway, "GET", "/openai/@evil.example/x").status == 200
    assert provider.last().path == "/v1/@evil.example/x"
    assert provider.last().header("host") == f"127.0.0.1:{provider.port}"


def test_f07_what_says_who_the_client_is_stays_here(gateway: Gateway, provider: OpenProvider) -> None:
    """F07: the provider sees its own key, and nothing of the client's keys, cookies and internal headers."""
    own = "client-secret-0123456789"
    headers = {
        "Authorization": f"Bearer {own}", "x-litellm-api-key": gateway.master_key, "Cookie": f"session={own}",
        "x-api-key": own, "api-key": own, "x-goog-api-key": own, "Proxy-Authorization": own, "x-litellm-tags": own,
        "x-trunkline-strict": "false", "x-goog-user-project": own, "openai-organization": own, "x-amz-security-token": own,
        "Origin": "http://evil.example", "Referer": own, "x-litellm-call-id": own,
    }  # fmt: skip
    for path in ("/openai/v1/models/x/y", "/anthropic/v1/models", "/gemini/v1beta/models", "/bedrock/async-invoke"):
        if path.startswith("/openai"):
            path = "/openai/v1/fine_tuning/jobs"  # noqa: PLW2901 - one that passes
        answer = send(gateway, "GET", path, headers=headers)
        assert answer.status == 200, answer.body
        seen = provider.last()
        assert own not in repr(seen), path
        assert gateway.master_key not in repr(seen), path
        assert not {"cookie", "proxy-authorization", "origin", "referer"} & seen.names


def test_f07_the_key_in_the_query_is_the_gateways(gateway: Gateway, provider: OpenProvider) -> None:
    """F07: `?key=` lets in here, however it is spelled, and does not go on."""
    key = gateway.master_key
    for query in (f"key={key}", f"a=1&key={key}&b=2", f"%6bey={key}", f"key={key}&key=other"):
        raw = request_bytes("GET", f"/gemini/v1beta/models?{query}", headers={})
        answer = exchange(gateway.port, raw, method="GET")
        assert answer.status == 200, answer.body
        seen = provider.last()
        assert "key=" not in seen.target
        assert "%6b" not in seen.target
        assert key not in repr(seen)
        assert seen.header("x-goog-api-key") == SECRETS["GEMINI_API_KEY"]


def test_f08_headers_that_steer_a_request_are_the_gateways_own(gateway: Gateway, provider: OpenProvider) -> None:
    """F08: host, length, authentication and forwarding headers, and LiteLLM's `x-pass-` before them, change nothing."""
    headers = {
        "x-pass-authorization": "Bearer evil", "x-pass-host": "evil.example", "x-pass-cookie": "a=b",
        "x-pass-x-api-key": "evil", "x-forwarded-for": "10.1.1.1", "x-forwarded-host": "evil.example",
        "forwarded": "for=evil", "x-real-ip": "10.1.1.1", "x-pass-content-length": "3", "via": "evil",
        "x-http-method-override": "DELETE", "accept-encoding": "gzip", "user-agent": "evil", "te": "trailers",
        "x-pass-anthropic-beta": "told-2025", "anthropic-version": "2023-01-01", "anthropic-beta": "asked-2025",
    }  # fmt: skip
    assert send(gateway, "POST", "/anthropic/v1/messages/batches", b"{}", headers).status == 200
    seen = provider.last()
    allowed = {
        "host", "content-type", "accept-encoding", "user-agent", "anthropic-version", "anthropic-beta", "x-api-key",
        "content-length",
    }  # fmt: skip
    assert seen.names == allowed
    assert seen.header("host") == f"127.0.0.1:{provider.port}"
    assert seen.header("x-api-key") == SECRETS["ANTHROPIC_API_KEY"]
    assert seen.header("accept-encoding") == "identity"
    assert (seen.header("user-agent") or "").startswith("trunkline/")
    assert seen.header("anthropic-version") == "2023-01-01"
    assert seen.header("anthropic-beta") in ("told-2025", "asked-2025")


METERED = [
    ("/openai_passthrough/v1/chat/completions", CHAT, 11, 7, "gpt-4o-mini-2024-07-18"),
    ("/openai_passthrough/v1/responses", RESPONSE, 11, 7, "gpt-4o-mini"),
    ("/openai_passthrough/v1/embeddings", EMBEDDING, 11, 0, "text-embedding-3-small"),
    ("/azure/openai/deployments/gpt-4o-mini/chat/completions?api-version=2024-10-21", CHAT, 11, 7, None),
    ("/mistral/v1/chat/completions", CHAT, 11, 7, None),
    ("/anthropic/v1/messages", MESSAGE, 11, 7, "claude-sonnet-4-5-20250929"),
    ("/gemini/v1beta/models/gemini-2.5-flash:generateContent", GEMINI, 11, 7, "gemini-2.5-flash"),
    ("/cohere/v2/chat", COHERE, 11, 7, "gpt-4o-mini"),
]


@pytest.mark.parametrize(("path", "body", "read", "wrote", "model"), METERED, ids=[row[0] for row in METERED])
def test_m25_what_a_call_consumed_is_in_its_row(
    gateway: Gateway,
    provider: OpenProvider,
    path: str,
    body: dict[str, object],
    read: int,
    wrote: int,
    model: str | None,
) -> None:
    """M25: usage, model and cost are read by the format's codec; the answer passes byte for byte."""
    whole = json.dumps(body, indent=1).encode()
    provider.answer = lambda _: Canned(body=whole, headers=(("x-request-id", "req-7"), ("set-cookie", "a=b")))
    asked = b'{"model": "gpt-4o-mini",  "messages": [], "input": "hello", "texts": [], "user": "somebody"}'
    answer = send(gateway, "POST", path, asked)
    assert (answer.status, answer.body) == (200, whole)
    assert provider.last().body == asked
    assert answer.header("x-request-id") == "req-7"
    assert answer.header("set-cookie") is None
    row = row_of(gateway, answer)
    assert (row["prompt_tokens"], row["completion_tokens"], row["usage_source"]) == (read, wrote, "provider")
    assert (row["call_type"], row["status"], row["end_user"]) == ("pass_through_endpoint", "success", "somebody")
    if model is not None:
        assert row["model"] == model
    assert row["spend"], "every one of these models has a price"
    assert answer.header("x-litellm-response-cost")


def test_m25_a_configured_price_holds(gateway: Gateway, provider: OpenProvider) -> None:
    """M25: the price of a deployment of the same model is the call's; its own counts and cool-downs stay untouched."""
    provider.answer = lambda _: Canned(body=json.dumps(CHAT).encode())
    answer = send(
        gateway, "POST", "/openai_passthrough/v1/chat/completions", b'{"model": "gpt-4o-mini", "messages": []}'
    )
    assert float(answer.header("x-litellm-response-cost") or 0) == pytest.approx(11e-6 + 14e-6)
    row = row_of(gateway, answer)
    assert (row["model_id"], row["custom_llm_provider"]) == ("pass_through_endpoint/openai", "openai")


def test_m25_calls_without_usage_have_a_row_too(gateway: Gateway, provider: OpenProvider) -> None:
    """M25: lists, uploads and token counts are rows that cost nothing and say that nothing was counted."""
    upload = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\x00\xff\x01\r\n--b--\r\n'
    calls = [
        ("GET", "/openai/v1/fine_tuning/jobs", b"", ""), ("DELETE", "/anthropic/v1/files/file_1", b"", ""),
        ("POST", "/anthropic/v1/files", upload, "multipart/form-data; boundary=b"),
        ("POST", "/anthropic/v1/messages/count_tokens", b"{}", "application/json"),
        ("POST", "/gemini/v1beta/models/gemini-2.5-flash:countTokens", b"{}", "application/json"),
    ]  # fmt: skip
    for method, path, body, kind in calls:
        answer = send(gateway, method, path, body, {"Content-Type": kind} if kind else None)
        assert answer.status == 200, answer.body
        seen = provider.last()
        assert (seen.body, seen.header("content-type")) == (body, kind or None)
        row = row_of(gateway, answer)
        assert (row["usage_source"], row["prompt_tokens"], row["completion_tokens"]) == ("none", 0, 0), path
        assert float(str(row["spend"])) == 0
    assert provider.seen[-4].header("content-length") is None, "a DELETE without a body has no length"


def test_m25_a_call_of_no_known_operation_is_counted_where_it_says_how(
    gateway: Gateway, provider: OpenProvider
) -> None:
    """M25: an operation that is new here is recorded, its usage read where it looks like one of the known."""
    provider.answer = lambda _: Canned(body=b'{"usage": {"input_tokens": 3, "output_tokens": 2}}')
    row = row_of(gateway, send(gateway, "POST", "/openai/v1/inventions", b'{"model": "gpt-4o-mini"}'))
    assert (row["prompt_tokens"], row["completion_tokens"], row["usage_source"]) == (3, 2, "provider")


def _always(canned: Canned, _: Seen) -> Canned:
    return canned


def test_errors_pass_with_status_and_bytes(gateway: Gateway, provider: OpenProvider) -> None:
    """An error of the provider is the answer, is tried once, costs nothing, and cools nothing down."""
    for status, kind, body in (
        (429, "application/json", b'{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}'),
        (503, "text/html", b"<html>busy</html>"), (400, "application/json", b""),
    ):  # fmt: skip
        canned = Canned(status=status, content_type=kind, body=body, headers=(("retry-after", "7"),))
        provider.answer = partial(_always, canned)
        before = len(provider.seen)
        answer = send(gateway, "POST", "/anthropic/v1/messages", b'{"model": "claude-sonnet-4-5"}')
        assert (answer.status, answer.body, answer.header("content-type")) == (status, body, kind)
        assert answer.header("retry-after") == "7"
        assert len(provider.seen) == before + 1
        row = row_of(gateway, answer)
        assert (row["status"], row["http_status"], row["usage_source"]) == ("failure", status, "none")
    provider.answer = lambda _: Canned(status=302, headers=(("location", "http://127.0.0.1:1/x"),))
    assert send(gateway, "GET", "/openai/v1/fine_tuning/jobs").status == 502
    provider.answer = lambda _: Canned(status=204, content_type="")
    answer = send(gateway, "DELETE", "/openai/v1/fine_tuning/jobs/x")
    assert (answer.status, answer.body, answer.header("content-length")) == (204, b"", None)


def events(*values: object, names: bool = False) -> tuple[bytes, ...]:
    """Server-sent events."""
    found = []
    for value in values:
        head = f"event: {value['type']}\n" if names and isinstance(value, dict) else ""
        data = value if isinstance(value, str) else json.dumps(value)
        found.append(f"{head}data: {data}\n\n".encode())
    return tuple(found)


MESSAGE_EVENTS = events(
    {"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 7},
    },
    {"type": "message_stop"},
    names=True,
)


def test_a_stream_comes_as_it_is_sent(gateway: Gateway, provider: OpenProvider) -> None:
    """Events reach the client one by one and byte for byte, and their usage the ledger."""
    provider.answer = lambda _: Canned(content_type="text/event-stream", pieces=MESSAGE_EVENTS, pause=0.1)
    head = {"x-api-key": gateway.master_key, "Content-Type": "application/json"}
    connection = RawConnection(gateway.port)
    began = time.monotonic()
    body = b'{"model": "claude-sonnet-4-5", "stream": true, "messages": []}'
    connection.send(request_bytes("POST", "/anthropic/v1/messages", body, head))
    first = connection.receive_until(b"message_start")
    assert time.monotonic() - began < 0.4, first
    answer = connection.answer(begun=first)
    connection.close()
    assert (answer.status, answer.body) == (200, b"".join(MESSAGE_EVENTS))
    assert answer.header("content-type") == "text/event-stream"
    row = row_of(gateway, answer)
    assert (row["prompt_tokens"], row["completion_tokens"], row["cache_read_tokens"]) == (11, 7, 6)
    assert row["usage_source"] == "provider"


def test_streams_of_other_framings_pass_raw(gateway: Gateway, provider: OpenProvider) -> None:
    """Google's JSON array and Amazon's event stream, cut anywhere, are counted all the same."""
    array = b"[" + json.dumps(GEMINI | {"usageMetadata": {}}).encode() + b",\r\n" + json.dumps(GEMINI).encode() + b"]"
    provider.answer = lambda _: Canned(pieces=tuple(array[at : at + 50] for at in range(0, len(array), 50)))
    answer = send(gateway, "POST", "/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent", b'{"contents": []}')
    assert (answer.status, answer.body) == (200, array)
    row = row_of(gateway, answer)
    assert (row["prompt_tokens"], row["completion_tokens"], row["usage_source"]) == (11, 7, "provider")

    def framed(name: str, value: object) -> bytes:
        headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
        return encode_message(headers, json.dumps(value).encode())

    frames = b"".join(
        framed(name, value)
        for name, value in (
            ("messageStart", {"role": "assistant"}),
            ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "hello"}}),
            ("contentBlockStop", {"contentBlockIndex": 0}), ("messageStop", {"stopReason": "end_turn"}),
            ("metadata", {"usage": CONVERSE["usage"], "metrics": {"latencyMs": 1}}),
        )
    )  # fmt: skip
    pieces = tuple(frames[at : at + 33] for at in range(0, len(frames), 33))
    provider.answer = lambda _: Canned(content_type="application/vnd.amazon.eventstream", pieces=pieces)
    answer = send(gateway, "POST", "/bedrock/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream", b"{}")
    assert (answer.status, answer.body) == (200, frames)
    row = row_of(gateway, answer)
    assert (row["prompt_tokens"], row["completion_tokens"], row["usage_source"]) == (11, 7, "provider")


def test_a_large_file_passes_without_being_kept(gateway: Gateway, provider: OpenProvider) -> None:
    """A body of no length and of any bytes arrives as it was sent; with a length, the client gets the length."""
    data = bytes(range(256)) * 4096 * 3
    pieces = tuple(data[at : at + 65536] for at in range(0, len(data), 65536))
    provider.answer = lambda _: Canned(content_type="application/octet-stream", pieces=pieces)
    answer = send(gateway, "GET", "/openai_passthrough/v1/files/f/content")
    assert answer.body == data
    assert row_of(gateway, answer)["usage_source"] == "none"
    provider.answer = lambda _: Canned(content_type="application/octet-stream", body=data)
    answer = send(gateway, "GET", "/openai_passthrough/v1/files/f/content", headers={"Range": "bytes=0-"})
    assert (answer.body, answer.header("content-length")) == (data, str(len(data)))
    assert provider.last().header("range") == "bytes=0-"


def test_a_broken_answer_is_seen_to_be_broken(gateway: Gateway, provider: OpenProvider) -> None:
    """A file that is cut ends with the connection and not with an end of ours; a stream of events ends in an error."""
    data = b"\x00" * 3_000_000
    provider.answer = lambda _: Canned(content_type="video/mp4", pieces=(data, data), cut=True)
    answer = send(gateway, "GET", "/openai_passthrough/v1/videos/v/content")
    assert answer.status == 200
    assert not answer.complete
    assert b"error" not in answer.body
    provider.answer = lambda _: Canned(content_type="text/event-stream", pieces=MESSAGE_EVENTS[:3], cut=True)
    answer = send(gateway, "POST", "/anthropic/v1/messages", b'{"model": "claude-sonnet-4-5", "stream": true}')
    assert answer.body.startswith(b"".join(MESSAGE_EVENTS[:3]))
    assert b"event: error" in answer.body


def test_nobody_passes_without_a_key(gateway: Gateway, provider: OpenProvider) -> None:
    """No key, or a wrong one, is 401 in the words of the API, and no connection to its provider."""
    before = provider.connections, len(provider.seen)
    for prefix in (
        "/openai/v1/x",
        "/anthropic/v1/x",
        "/gemini/v1beta/x",
        "/bedrock/x",
        "/vertex_ai/v1/x",
        "/cohere/v1/x",
    ):
        assert exchange(gateway.port, request_bytes("GET", prefix), method="GET").status == 401
        assert send(gateway, "GET", prefix, key="sk-wrong").status == 401
    answer = exchange(gateway.port, request_bytes("GET", "/anthropic/v1/x"), method="GET")
    assert answer.json["type"] == "error"
    assert (provider.connections, len(provider.seen)) == before


def test_the_surfaces_under_a_prefix_stay_surfaces(gateway: Gateway, provider: OpenProvider) -> None:
    """Azure's paths for models of the configuration and the list of models are ours, whatever else passes."""
    provider.answer = lambda _: Canned(body=json.dumps(CHAT).encode())
    asked = b'{"model": "mine", "messages": [{"role": "user", "content": "hello"}]}'
    for path in ("/openai/v1/chat/completions", "/openai/deployments/mine/chat/completions"):
        answer = send(gateway, "POST", path, asked)
        assert answer.status == 200, answer.body
        assert row_of(gateway, answer)["call_type"] == "acompletion"
        assert provider.last().header("authorization") == "Bearer sk-deployment-0123456789"
    assert send(gateway, "GET", "/openai/v1/models").json["data"]
    assert send(gateway, "GET", "/openai/v1/chat/completions").status == 405
    assert send(gateway, "POST", "/openai/deployments/mine/invented", b"{}").status == 404


def test_without_a_key_in_the_environment_a_deployment_lends_its_own(
    provider: OpenProvider, tmp_path: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The configuration's credentials serve where the environment has none, at their own origin; else it says so."""
    del tmp_path
    models: list[dict[str, object]] = [
        {"model_name": "c", "litellm_params": {
            "model": "anthropic/claude-x", "api_base": provider.url, "api_key": "sk-ant-of-deployment-01"}},
    ]  # fmt: skip
    bare = dict.fromkeys(("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "COHERE_API_KEY", "CO_API_KEY"), "")
    with Gateway(tmp_path_factory.mktemp("lent"), GatewayConfig(models=models, environment=bare)) as running:
        assert send(running, "GET", "/anthropic/v1/models").status == 200
        assert provider.last().header("x-api-key") == "sk-ant-of-deployment-01"
        missing = send(running, "GET", "/cohere/v1/models")
        assert missing.status == 503
        assert "COHERE_API_KEY" in str(missing.json["message"])


def test_keys_of_clients_and_of_providers_are_in_no_row_and_no_log(gateway: Gateway, provider: OpenProvider) -> None:
    """F07: an echo of the key in an error is masked, and neither ledger nor log has any of the keys."""

    def echo(seen: Seen) -> Canned:
        return Canned(status=401, body=json.dumps({"message": f"bad key {seen.header('authorization')}"}).encode())

    provider.answer = echo
    answer = send(gateway, "GET", "/cohere/v1/models")
    assert answer.status == 401
    row_of(gateway, answer)
    everything = repr(answer.body) + gateway.log() + repr(gateway.rows())
    for name in ("OPENAI_API_KEY", "COHERE_API_KEY", "AWS_SECRET_ACCESS_KEY"):
        assert SECRETS[name] not in everything
    assert not re.search(re.escape(gateway.master_key), gateway.log())


def test_a_client_that_goes_frees_the_provider(gateway: Gateway, provider: OpenProvider) -> None:
    """The stream is closed upstream, and the row says who went; what came so far is charged."""
    provider.answer = lambda _: Canned(content_type="text/event-stream", pieces=MESSAGE_EVENTS[:3] * 200, pause=0.02)
    head = {"x-api-key": gateway.master_key, "Content-Type": "application/json"}
    connection = RawConnection(gateway.port)
    body = b'{"model": "claude-sonnet-4-5", "stream": true, "messages": []}'
    connection.send(request_bytes("POST", "/anthropic/v1/messages", body, head))
    begun = connection.receive_until(b"message_start")
    found = re.search(rb"x-litellm-call-id: (\S+)", begun)
    assert found is not None
    connection.close()
    call = found[1].decode()
    rows = gateway.wait_rows(lambda all_: any(row["request_id"] == call for row in all_))
    (row,) = [row for row in rows if row["request_id"] == call]
    assert (row["outcome"], row["http_status"]) == ("client_gone", 499)
    assert float(str(row["spend"])) > 0


def test_a_provider_that_cannot_be_reached_is_tried_once(
    provider: OpenProvider, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No answer is 503 in the words of the API, and silence is a time-out; nothing is sent again."""
    quiet = environment(provider) | {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    models: list[dict[str, object]] = [
        {"model_name": "m", "litellm_params": {"model": "openai/x", "api_base": f"{provider.url}/v1", "api_key": "k"}}
    ]
    config = GatewayConfig(models=models, environment=quiet, litellm={"request_timeout": 1})
    with Gateway(tmp_path_factory.mktemp("down"), config) as running:
        answer = send(running, "POST", "/anthropic/v1/messages", b"{}")
        assert (answer.status, answer.json["type"]) == (503, "error")
        assert row_of(running, answer)["attempts"] == 1
        provider.answer = _slow
        before = len(provider.seen)
        answer = send(running, "POST", "/openai_passthrough/v1/chat/completions", b'{"model": "gpt-4o-mini"}')
        assert answer.status == 408
        assert len(provider.seen) == before + 1


def _slow(_: Seen) -> Canned:
    time.sleep(3)
    return Canned()


def test_the_gateway_counts_and_is_well(gateway: Gateway) -> None:
    """Metrics and health go on after all of this, and nothing of it was an accident of ours."""
    assert gateway.get("/metrics").status == 200
    assert gateway.get("/health").status == 200
    log = gateway.log()
    for bad in ("Traceback", "never retrieved", "never awaited"):
        assert bad not in log, log[log.find(bad) - 2000 :][:4000]


async def test_the_asgi_mouth_passes_too(
    provider: OpenProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same routes behind any ASGI server: bytes both ways, a stream, an error."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment(provider).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRUNKLINE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-master-of-this-test-0123456789")
    config = tmp_path / "config.yaml"
    config.write_text("model_list: []\n")
    async with create_app(config) as application:
        transport = httpx.ASGITransport(application, client=("127.0.0.1", 1))
        head = {"x-api-key": "sk-master-of-this-test-0123456789"}
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=head) as client:
            answer = await client.put("/anthropic/v1/models?a=1", content=b"\x00\xff")
            assert (answer.status_code, answer.content) == (200, b'{"ok": true}')
            assert (provider.last().target, provider.last().body) == ("/v1/models?a=1", b"\x00\xff")
            provider.answer = lambda _: Canned(content_type="text/event-stream", pieces=MESSAGE_EVENTS)
            answer = await client.post("/anthropic/v1/messages", json={"model": "claude-sonnet-4-5", "stream": True})
            assert answer.content == b"".join(MESSAGE_EVENTS)
            assert (await client.get("/anthropic/v1/%2e%2e/x")).status_code == 400
