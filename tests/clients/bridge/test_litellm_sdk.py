"""The published LiteLLM SDK in the gateway's child process, in front of a provider that writes down what it is sent.

The SDK is the one that `make test-clients` installs for the comparison with LiteLLM's proxy. Its packages that the
gateway's own environment lacks are linked into a folder for `PYTHONPATH`: what `pip install 'trunkline[litellm]'` adds.
"""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.oracle.provider import Recorder
from tests.support.gateway import ROOT, Gateway, GatewayConfig

KEY = "sk-canary-" + "7b" * 12
PACKAGES = ROOT / ".clients" / "oracle" / "lib"

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not PACKAGES.exists(), reason="`.clients/oracle` is missing: `make test-clients`"),
]


@pytest.fixture(scope="module")
def gateway(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a host that has no row here, at the stand-in provider's address."""
    folder = tmp_path_factory.mktemp("gateway")
    added = folder / "added"
    added.mkdir()
    have = {path.name for path in Path(sysconfig.get_path("purelib")).iterdir()}
    for path in next(PACKAGES.glob("python3*/site-packages")).iterdir():
        if path.name not in have:
            (added / path.name).symlink_to(path)
    params = {"api_base": f"{recorder.url}/v1", "api_key": KEY, "num_retries": 0}
    config = GatewayConfig(
        models=[
            {"model_name": "far", "litellm_params": {"model": "ragflow/chat/room-1/house-model", **params}},
            {"model_name": "other", "litellm_params": {"model": "maritalk/sabia-4", **params}},
            {"model_name": "closed", "litellm_params": {
                "model": "ragflow/chat/room-1/house-model", **params, "api_base": "http://127.0.0.1:9/v1"}},
        ],
        trunkline={"first_byte_timeout": 60.0, "idle_timeout": 20.0},
        environment={"PYTHONPATH": str(added), "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    with Gateway(folder, config) as running:
        yield running


def _chat(gateway: Gateway, text: str, **more: Any) -> httpx.Response:
    body = {"model": "far", "messages": [{"role": "user", "content": text}], **more}
    headers = {"authorization": f"Bearer {gateway.master_key}"}
    return httpx.post(f"{gateway.base_url}/v1/chat/completions", json=body, headers=headers, timeout=90)


def test_a_whole_answer(gateway: Gateway, recorder: Recorder) -> None:
    """The provider gets the entry's key and model, the client its text, the ledger the usage."""
    answer = _chat(gateway, "Say it", user="sdk-whole", temperature=0.5)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-trunkline-bridge"] == "litellm"
    assert answer.json()["choices"][0]["message"]["content"]
    asked = recorder.calls[-1]
    assert asked.headers["authorization"].endswith(KEY)
    assert asked.path == "/api/v1/chats_openai/room-1/chat/completions"
    assert asked.body["temperature"] == 0.5
    row = gateway.row("sdk-whole")
    assert (row["prompt_tokens"], row["usage_source"]) == (answer.json()["usage"]["prompt_tokens"], "provider")


def test_a_stream(gateway: Gateway) -> None:
    """The same text in chunks of OpenAI's shape; the usage goes to the ledger only."""
    whole = _chat(gateway, "Say it").json()
    answer = _chat(gateway, "Say it", stream=True, user="sdk-stream")
    assert answer.status_code == 200, answer.text
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    assert lines.pop() == "[DONE]"
    chunks = [json.loads(line) for line in lines]
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert text == whole["choices"][0]["message"]["content"]
    assert [chunk for chunk in chunks if chunk.get("usage")] == []
    assert gateway.row("sdk-stream")["prompt_tokens"] == whole["usage"]["prompt_tokens"]


def test_another_host(gateway: Gateway, recorder: Recorder) -> None:
    """A host that the SDK has a module of its own for."""
    answer = _chat(gateway, "Say it", model="other")
    assert answer.status_code == 200, answer.text
    assert recorder.calls[-1].body["model"] == "sabia-4"


def test_a_client_of_another_format(gateway: Gateway) -> None:
    """Anthropic's Messages with a tool: the call of the tool comes back as one, streamed too."""
    tool = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
    for stream in (False, True):
        body = {"model": "far", "max_tokens": 64, "tools": [tool], "stream": stream,
                "messages": [{"role": "user", "content": "weather"}]}  # fmt: skip
        headers = {"x-api-key": gateway.master_key, "anthropic-version": "2023-06-01"}
        answer = httpx.post(f"{gateway.base_url}/v1/messages", json=body, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        assert '"tool_use"' in answer.text
        assert '"get_weather"' in answer.text


@pytest.mark.parametrize("status", [400, 401, 429])
def test_a_providers_error(gateway: Gateway, recorder: Recorder, status: int) -> None:
    """The provider's status, after one request: neither the SDK nor the gateway tries again."""
    before = len(recorder.calls)
    answer = _chat(gateway, f"@@status-{status}@@")
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]
    assert KEY not in answer.text
    assert len(recorder.calls) == before + 1


def test_a_host_that_is_not_there(gateway: Gateway) -> None:
    """An error in OpenAI's shape, and no word of it with the key in the log."""
    answer = _chat(gateway, "hi", model="closed")
    assert answer.status_code >= 500
    assert answer.json()["error"]["message"]
    assert KEY not in gateway.log()
