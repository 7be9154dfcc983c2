"""Who may call, and what the others are told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway, GatewayConfig, standard_models
from tests.support.provider import FakeProvider
from tests.support.raw_http import exchange, request_bytes

CHAT = "/v1/chat/completions"
BODY = json.dumps({"model": "plain", "messages": []}).encode()
HEADERS = ("x-litellm-api-key", "authorization", "api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key")


def serve(
    folder: Path, provider: FakeProvider, key: str | None, host: str, published: str | None = None
) -> subprocess.Popen[str]:
    """`trunkline serve` with this master key at this address, `published` on another by what runs the container."""
    general: dict[str, object] = {"master_key": key} if key is not None else {"master_key": ""}
    config = folder / "config.yaml"
    config.write_text(GatewayConfig(models=standard_models(provider), general=general).text())
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("LITELLM_", "DATABASE_", "OPENAI_"))}
    environ |= {"CANARY_PROVIDER_KEY": "sk-provider", "TRUNKLINE_DATA": str(folder / "data")}
    if published is not None:
        environ["TRUNKLINE_PUBLISHED_ON"] = published
    return subprocess.Popen(
        [*Gateway.command(), "serve", "--config", str(config), "--host", host, "--port", "0"], env=environ, cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
@pytest.mark.parametrize("key", ["sk-1234", None, "sk-short"])
def test_elsewhere_a_key_of_ones_own_is_needed(
    tmp_path: Path, provider: FakeProvider, key: str | None, host: str
) -> None:
    """Listening beyond loopback with `sk-1234`, with none or a short one: exit code 2, and the line to write."""
    if host == "::" and not socket.has_ipv6:
        host = "0.0.0.0"
    process = serve(tmp_path, provider, key, host)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert f"Refused to listen on {host}" in said
    assert "LITELLM_MASTER_KEY=sk-" in said
    assert "Traceback" not in said
    if key == "sk-short":
        assert key not in said


@pytest.mark.parametrize("published", ["0.0.0.0", "192.0.2.7", "not-an-address"])
def test_a_container_published_elsewhere_needs_a_key_too(
    tmp_path: Path, provider: FakeProvider, published: str
) -> None:
    """`TRUNKLINE_PUBLISHED_ON` beyond loopback: refused, and the address in the message is the published one."""
    process = serve(tmp_path, provider, "sk-1234", "0.0.0.0", published)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert f"Refused to listen on {published}" in said


def test_dotenv_does_not_say_where_a_port_is_published(tmp_path: Path, provider: FakeProvider) -> None:
    """The line in `.env` is for Compose; outside a container it unlocks nothing."""
    (tmp_path / ".env").write_text("TRUNKLINE_PUBLISHED_ON=127.0.0.1\n")
    process = serve(tmp_path, provider, "sk-1234", "0.0.0.0")
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "Refused to listen on 0.0.0.0" in said


@pytest.mark.parametrize(
    ("key", "host", "published"),
    [
        ("sk-1234", "127.0.0.1", None),
        (None, "127.0.0.1", None),
        ("sk-1234", "0.0.0.0", "127.0.0.1"),
        ("sk-1234", "127.0.0.1", "0.0.0.0"),
    ],
)  # fmt: skip
def test_on_loopback_it_serves_with_a_warning(
    tmp_path: Path, provider: FakeProvider, key: str | None, host: str, published: str | None
) -> None:
    """`sk-1234`, or no key, is good for this machine alone, and that is said; also for a port published there only."""
    process = serve(tmp_path, provider, key, host, published)
    assert process.stdout is not None
    line = process.stdout.readline()
    port = int(line.rsplit(":", 1)[1].split()[0])
    head = {"Authorization": "Bearer sk-1234", "Connection": "close"}
    assert exchange(port, request_bytes("POST", CHAT, BODY, head)).status == 200
    wrong = exchange(
        port, request_bytes("POST", CHAT, BODY, {"Authorization": "Bearer sk-12345", "Connection": "close"})
    )
    assert wrong.status == (401 if key else 200)
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "WARNING" in said
    assert "LITELLM_MASTER_KEY" in said


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("bearer", [True, False])
def test_the_key_in_every_header(shared_gateway: Gateway, header: str, bearer: bool) -> None:
    """Every header LiteLLM accepts, with and without `Bearer`."""
    key = shared_gateway.master_key
    value = f"Bearer {key}" if bearer else key
    assert exchange(shared_gateway.port, request_bytes("POST", CHAT, BODY, {header: value})).status == 200
    assert exchange(shared_gateway.port, request_bytes("POST", CHAT, BODY, {header: value + "x"})).status == 401


def test_the_key_in_the_query(shared_gateway: Gateway) -> None:
    """Google's way, where no header holds one."""
    path = f"{CHAT}?key={shared_gateway.master_key}"
    assert exchange(shared_gateway.port, request_bytes("POST", path, BODY)).status == 200


def test_a_header_of_ones_own(make_gateway: MakeGateway) -> None:
    """`litellm_key_header_name` adds a header that wins over the others."""
    gateway = make_gateway(general={"litellm_key_header_name": "X-Gate-Key"})
    good = exchange(
        gateway.port, request_bytes("POST", CHAT, BODY, {"X-Gate-Key": gateway.master_key, "x-api-key": "no"})
    )
    assert good.status == 200
    bad = exchange(
        gateway.port, request_bytes("POST", CHAT, BODY, {"X-Gate-Key": "no", "x-api-key": gateway.master_key})
    )
    assert bad.status == 401


@pytest.mark.parametrize(
    ("headers", "kind", "words"),
    [
        ({}, "auth_error", ["Authentication Error, No api key passed in."]),
        (
            {"Authorization": "Bearer sk-wrong-key-0123456789"}, "token_not_found_in_db",
            ["LiteLLM Virtual Key expected", "expected to start with 'sk-'"],
        ),
        ({"Authorization": "Bearer not-even-close"}, "token_not_found_in_db", ["LiteLLM Virtual Key expected"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/model/info", "/metrics"])
def test_the_error_bodies_are_litellms(
    shared_gateway: Gateway, path: str, headers: dict[str, str], kind: str, words: list[str]
) -> None:
    """401 with LiteLLM's message, type, param and a code that is a string, on every plane; nothing of the key in it."""
    method = "POST" if path == CHAT else "GET"
    answer = exchange(
        shared_gateway.port, request_bytes(method, path, BODY if method == "POST" else b"", headers), method=method
    )
    assert answer.status == 401
    error = answer.error_body
    assert (error["type"], error["param"], error["code"]) == (kind, "None", "401")
    assert all(word in str(error["message"]) for word in words)
    assert answer.header("www-authenticate") == "Bearer"
    for value in headers.values():
        assert value.removeprefix("Bearer ").encode() not in answer.body


def test_a_refused_caller_costs_nothing(shared_gateway: Gateway, provider: FakeProvider) -> None:
    """Nothing leaves for a provider, and refusals are counted."""
    before = len(provider.ledger())
    body = json.dumps({"model": "plain", "user": "intruder", "messages": []}).encode()
    exchange(shared_gateway.port, request_bytes("POST", CHAT, body, {"Authorization": "Bearer sk-no"}))
    assert not [entry for entry in provider.ledger(before) if entry.marker == "intruder"]


def test_public_pages_are_public(shared_gateway: Gateway) -> None:
    """Health answers without a key, as the guide's curl wants it."""
    for path in ("/health", "/health/liveliness", "/health/liveness", "/health/readiness"):
        assert shared_gateway.get(path, key="").status == 200
