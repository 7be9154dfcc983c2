"""Clouds that let in by tokens and signatures, through the real gateway; cloud and token services are on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.support.gateway import Gateway, GatewayConfig
from tests.support.raw_http import Answer, exchange, json_request
from tests.unit.providers.token_server import Asked, TokenServer, token_server

GEMINI: dict[str, object] = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
}
CLAUDE: dict[str, object] = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "hello"}], "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}  # fmt: skip
OPENAI: dict[str, object] = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}  # fmt: skip
BEDROCK: dict[str, object] = {
    "output": {"message": {"role": "assistant", "content": [{"text": "hello"}]}}, "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}, "metrics": {"latencyMs": 1},
}  # fmt: skip
SECRET = "canary-of-a-secret-0123456789"


def answer(asked: Asked) -> tuple[int, dict[str, object]]:
    """As the host that has such a path."""
    for part, body in (("generateContent", GEMINI), ("rawPredict", CLAUDE), ("converse", BEDROCK)):
        if part in asked.path:
            return 200, body
    return 200, OPENAI


@pytest.fixture(scope="module")
def cloud() -> Iterator[TokenServer]:
    """The host of every model."""
    with token_server() as server:
        server.answer = answer
        yield server


@pytest.fixture(scope="module")
def service() -> Iterator[TokenServer]:
    """The token service of every cloud."""
    with token_server() as server:
        yield server


def entry(group: str, model: str, cloud: TokenServer, **params: object) -> dict[str, object]:
    return {"model_name": group, "litellm_params": {"model": model, "api_base": cloud.url, **params}}


@pytest.fixture(scope="module")
def gateway(cloud: TokenServer, service: TokenServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One worker with a model of each cloud."""
    models = [
        entry("gemini", "vertex_ai/gemini-3.8-flash", cloud, vertex_project="acme"),
        entry("claude", "vertex_ai/claude-x", cloud, vertex_project="acme", vertex_location="us-east5"),
        entry("azure", "azure/d", cloud, tenant_id="t", client_id="c", client_secret=SECRET),
        entry("refused", "azure/d", cloud, tenant_id="refused", client_id="c", client_secret=SECRET),
        entry("second", "azure/d", cloud, tenant_id="refused", client_id="c", client_secret=SECRET, order=1),
        entry("second", "custom_openai/x", cloud, order=2),
        entry(
            "bedrock", "bedrock/us.anthropic.claude-x-v1:0", cloud, aws_access_key_id="AKIAEXAMPLE0000000",
            aws_secret_access_key=SECRET, aws_region_name="eu-west-1",
        ),
    ]  # fmt: skip
    environment = {"GCE_METADATA_HOST": service.host, "AZURE_AUTHORITY_HOST": service.url}
    config = GatewayConfig(models=models, environment=environment)
    with Gateway(tmp_path_factory.mktemp("clouds"), config) as running:
        yield running


def chat(gateway: Gateway, model: str) -> Answer:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    return exchange(gateway.port, json_request("/v1/chat/completions", body, gateway.master_key))


def test_a_burst_makes_one_request_for_a_token(gateway: Gateway, cloud: TokenServer, service: TokenServer) -> None:
    """The first calls arrive together, for two models of one account: one token is fetched, all are answered."""
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda name=name: answers.append(chat(gateway, name)))
        for name in ("gemini", "claude") * 8
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status for one in answers] == [200] * 16
    assert all(b"hello" in one.body for one in answers)
    assert len(service.asked) == 1
    assert {asked.headers["authorization"] for asked in cloud.asked} == {"Bearer token-1"}
    assert {asked.path for asked in cloud.asked} == {
        "/v1/projects/acme/locations/global/publishers/google/models/gemini-3.8-flash:generateContent",
        "/v1/projects/acme/locations/us-east5/publishers/anthropic/models/claude-x:rawPredict",
    }


def test_entra(gateway: Gateway, cloud: TokenServer, service: TokenServer) -> None:
    """A client's secret gets a token, which the call carries; the secret goes to the token service alone."""
    assert chat(gateway, "azure").status == 200
    assert service.asked[-1].form["client_secret"] == SECRET
    assert cloud.asked[-1].headers["authorization"] == "Bearer token-1"
    assert SECRET.encode() not in cloud.asked[-1].body


def test_signature(gateway: Gateway, cloud: TokenServer) -> None:
    """Each call to Bedrock is signed over its own body."""
    assert chat(gateway, "bedrock").status == 200
    asked = cloud.asked[-1]
    assert asked.path == "/model/us.anthropic.claude-x-v1%3A0/converse"
    assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE0000000/")
    assert "/eu-west-1/bedrock/aws4_request" in asked.headers["authorization"]


def test_a_service_that_refuses(gateway: Gateway, cloud: TokenServer, service: TokenServer) -> None:
    """The client is told what to mend, without the secret; nothing goes to the cloud; the next deployment takes over."""
    service.answer = lambda asked: (401, {"error": "invalid_client", "error_description": f"bad {SECRET}"})
    before = len(cloud.asked)
    found = chat(gateway, "refused")
    assert found.status == 503
    assert b"invalid_client" in found.body
    assert b"`client_secret`" in found.body
    assert SECRET.encode() not in found.body
    assert len(cloud.asked) == before
    asked = len(service.asked)
    assert chat(gateway, "second").status == 200
    assert len(service.asked) == asked  # the refusal is remembered for some seconds
    assert SECRET not in gateway.log()


def test_secrets_stay_out_of_the_log(gateway: Gateway) -> None:
    """Tokens and secrets are in no line that the gateway wrote."""
    assert "token-1" not in gateway.log()
    assert SECRET not in gateway.log()
