"""Helpers beside the calls: what would be sent, how many tokens it is, and what is refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.test_pass_through import send
from tests.support.gateway import Gateway, GatewayConfig
from tests.support.open_provider import OpenProvider, open_provider
from tests.support.raw_http import RawConnection, exchange, request_bytes

OPENAI_KEY = "sk-of-openai-0123456789"
CLAUDE_KEY = "sk-ant-of-claude-0123456789"
MESSAGES = [{"role": "user", "content": "Say hello to everybody in the room."}]


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenProvider]:
    """Nobody should call it."""
    with open_provider() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(provider: OpenProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A model of the client's own format, and one of another."""
    url = provider.url
    models: list[dict[str, object]] = [
        {"model_name": "same", "litellm_params": {
            "model": "openai/gpt-4o", "api_base": f"{url}/v1", "api_key": OPENAI_KEY, "temperature": 0.5,
            "additional_drop_params": ["seed"]}},
        {"model_name": "other", "litellm_params": {"model": "anthropic/claude-x", "api_base": url, "api_key": CLAUDE_KEY}},
    ]  # fmt: skip
    with Gateway(tmp_path_factory.mktemp("utilities"), GatewayConfig(models=models)) as running:
        yield running


def ask(gateway: Gateway, path: str, value: object) -> dict[str, Any]:
    """POST JSON, expect 200."""
    answer = send(gateway, "POST", path, json.dumps(value).encode())
    assert answer.status == 200, answer.body
    return answer.json


def test_a_request_is_shown_as_it_would_be_sent(gateway: Gateway, provider: OpenProvider) -> None:
    """Address, body and masked headers, in the client's own format and in another; nothing is sent, nothing recorded."""
    body = {"model": "same", "messages": MESSAGES, "seed": 1, "max_tokens": 5}
    shown = ask(gateway, "/utils/transform_request", {"call_type": "completion", "request_body": body})
    assert shown["raw_request_api_base"] == f"{provider.url}/v1/chat/completions"
    assert shown["raw_request_body"]["model"] == "gpt-4o"
    assert shown["raw_request_body"]["temperature"] == 0.5
    assert "seed" not in shown["raw_request_body"]
    assert shown["losses"] == ["seed"]
    assert shown["raw_request_headers"]["authorization"] == "*****"
    other = {"call_type": "acompletion", "request_body": body | {"model": "other", "stream": True}}
    shown = ask(gateway, "/utils/transform_request", other)
    assert shown["raw_request_api_base"] == f"{provider.url}/v1/messages"
    assert shown["raw_request_body"]["stream"] is True
    assert shown["raw_request_body"]["messages"][0]["role"] == "user"
    assert shown["raw_request_headers"]["x-api-key"] == "*****"
    assert any(loss.startswith("seed") for loss in shown["losses"])
    message = {
        "call_type": "anthropic_messages",
        "request_body": {"model": "same", "max_tokens": 5, "messages": MESSAGES},
    }
    assert "messages" in ask(gateway, "/utils/transform_request", message)["raw_request_body"]
    assert provider.seen == []
    assert gateway.rows() == []
    assert OPENAI_KEY not in repr(shown)


def test_tokens_are_estimated(gateway: Gateway, provider: OpenProvider) -> None:
    """LiteLLM's answer, and its own name for how it was counted."""
    counted = ask(gateway, "/utils/token_counter", {"model": "other", "messages": MESSAGES})
    assert counted["request_model"] == "other"
    assert counted["model_used"] == "claude-x"
    assert counted["tokenizer_type"] == "estimate"
    assert 5 < counted["total_tokens"] < 40
    longer = ask(gateway, "/utils/token_counter", {"model": "same", "prompt": "word " * 1000})
    assert 800 < longer["total_tokens"] < 2000
    assert provider.seen == []


def test_parameters_are_listed(gateway: Gateway) -> None:
    """What a model's requests may have, without what its entry leaves out."""
    params = gateway.get("/utils/supported_openai_params?model=same").json["supported_openai_params"]
    assert isinstance(params, list)
    assert "temperature" in params
    assert "seed" not in params


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("/utils/transform_request", {"call_type": "nonsense", "request_body": {}}, "call_type"),
        ("/utils/transform_request", {"call_type": "completion"}, "request_body"),
        ("/utils/transform_request", {"call_type": "completion", "request_body": {"model": "nobody"}}, "nobody"),
        ("/utils/transform_request", {"call_type": "completion", "request_body": {"model": "other", "messages": 5}}, "messages"),
        ("/utils/token_counter", {"model": "same"}, "messages"),
        ("/utils/token_counter", {"messages": MESSAGES}, "model"),
        ("/utils/token_counter", {"model": "nobody", "messages": MESSAGES}, "nobody"),
        ("/utils/token_counter", {"model": "same", "messages": [1]}, "messages"),
        ("/utils/token_counter", [], "object"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(gateway: Gateway, path: str, value: object, words: str) -> None:
    """A bad question is a 400 that names what was bad."""
    answer = send(gateway, "POST", path, json.dumps(value).encode())
    assert answer.status == 400, answer.body
    assert words in str(answer.error_body["message"])


def test_helpers_ask_for_the_key_and_the_sink_of_telemetry_does_not(gateway: Gateway) -> None:
    """Claude Code posts its events without one; all else is 401. A wrong method is 405."""
    for path in ("/utils/transform_request", "/utils/token_counter"):
        assert exchange(gateway.port, request_bytes("POST", path, b"{}"), method="POST").status == 401
    raw = request_bytes("GET", "/utils/supported_openai_params?model=same")
    assert exchange(gateway.port, raw, method="GET").status == 401
    sunk = exchange(gateway.port, request_bytes("POST", "/api/event_logging/batch", b'{"events": []}'), method="POST")
    assert sunk.status == 200
    assert send(gateway, "GET", "/utils/token_counter").status == 405
    assert send(gateway, "GET", "/api/event_logging/batch").status == 405


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/realtime?model=same", "/openai/v1/realtime"])
def test_a_websocket_is_refused_with_a_reason(gateway: Gateway, path: str) -> None:
    """The answer is plain HTTP and says what to use instead; the gateway goes on."""
    head = {
        "Authorization": f"Bearer {gateway.master_key}", "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    connection = RawConnection(gateway.port)
    connection.send(request_bytes("GET", path, headers=head))
    answer = connection.answer("GET")
    connection.close()
    assert answer.status == 400
    assert "POST /v1/responses" in str(answer.error_body["message"])
    assert gateway.get("/health/liveliness", key="").status == 200
    assert "Traceback" not in gateway.log()
