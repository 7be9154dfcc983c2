"""Providers through LiteLLM's SDK, with the gateway and the SDK's process for real.

The package `litellm` itself is the stand-in of `tests/support/bridge`, which answers without any provider; the real
package is tried by `tests/clients/test_litellm_sdk.py`.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.gateway import ROOT, Gateway, GatewayConfig, descendants

KEY = "sk-canary-" + "5e" * 12
PRICES = {"input_cost_per_token": 0.000001, "output_cost_per_token": 0.000002}


def _config(folder: Path, *, workers: int = 1, models: tuple[str, ...] = ("sagemaker_chat/up-1",)) -> GatewayConfig:
    entries: list[dict[str, object]] = [
        {
            "model_name": name.partition("/")[2],
            "litellm_params": {
                "model": name, "api_key": KEY, "aws_region_name": "eu-west-1", "seen_file": str(folder / "seen"),
                "num_retries": 0, **PRICES,
            },
        }
        for name in models
    ]  # fmt: skip
    return GatewayConfig(
        models=entries,
        trunkline={"first_byte_timeout": 15.0, "idle_timeout": 15.0},
        environment={"PYTHONPATH": str(ROOT / "tests" / "support" / "bridge"), "LITELLM_LOG": "DEBUG"},
        workers=workers,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the gateway lives, and what the SDK was asked is written."""
    return tmp_path_factory.mktemp("bridge")


@pytest.fixture(scope="module")
def gateway(folder: Path) -> Iterator[Gateway]:
    """A gateway with one model that only the SDK reaches."""
    with Gateway(folder, _config(folder, models=("sagemaker_chat/up-1", "nobodys_host/wild-*"))) as running:
        yield running


def _post(gateway: Gateway, body: dict[str, Any], path: str = "/v1/chat/completions") -> httpx.Response:
    headers = {"authorization": f"Bearer {gateway.master_key}"}
    return httpx.post(f"{gateway.base_url}{path}", json={"model": "up-1", **body}, headers=headers, timeout=20)


def _chat(gateway: Gateway, text: str, **more: Any) -> httpx.Response:
    return _post(gateway, {"messages": [{"role": "user", "content": text}], **more})


def _seen(folder: Path) -> list[dict[str, Any]]:
    file = folder / "seen"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _bridges(gateway: Gateway) -> list[int]:
    """Process ids of SDK processes below a gateway."""
    found = []
    for pid in descendants(gateway.pid):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"trunkline.local.bridge" in line:
            found.append(pid)
    return found


def test_a_chat_is_answered_says_whose_it_is_and_is_metered(gateway: Gateway, folder: Path) -> None:
    """The SDK's answer comes in OpenAI's form, with the header, and one row with its usage and cost."""
    answer = _chat(gateway, "hello there", user="bridge-chat")
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"] == {"role": "assistant", "content": "hello there"}
    assert answer.headers["x-trunkline-bridge"] == "litellm"
    row = gateway.row("bridge-chat")
    assert (row["prompt_tokens"], row["completion_tokens"]) == (7, 3)
    assert float(str(row["spend"])) == pytest.approx(7 * 1e-6 + 3 * 2e-6)
    assert row["custom_llm_provider"] == "sagemaker_chat"
    seen = _seen(folder)[-1]
    assert (seen["model"], seen["api_key"], seen["aws_region_name"]) == ("sagemaker_chat/up-1", KEY, "eu-west-1")
    assert (seen["num_retries"], seen["max_retries"], seen["timeout"]) == (0, 0, 15.0)
    assert seen["master"] is None
    assert "input_cost_per_token" not in seen


def test_a_stream_comes_in_chunks_and_its_usage_is_kept_from_who_did_not_ask(gateway: Gateway) -> None:
    """Chunks, a finish reason, `[DONE]`; the usage that the gateway asked for is in the row only."""
    answer = _chat(gateway, "one two three", stream=True, user="bridge-stream")
    assert answer.status_code == 200
    assert answer.headers["x-trunkline-bridge"] == "litellm"
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    chunks = [json.loads(line) for line in lines[:-1]]
    assert lines[-1] == "[DONE]"
    assert "".join(c["choices"][0]["delta"].get("content", "") for c in chunks) == "one two three "
    assert [c["choices"][0]["finish_reason"] for c in chunks] == [None, None, None, "stop"]
    row = gateway.row("bridge-stream")
    assert (row["prompt_tokens"], row["completion_tokens"]) == (7, 3)


def test_a_client_of_another_format_is_served_too(gateway: Gateway) -> None:
    """Anthropic's Messages are translated to the chat that the SDK takes, and back."""
    body = {"messages": [{"role": "user", "content": "bonjour"}], "max_tokens": 9}
    answer = _post(gateway, body, "/v1/messages")
    assert answer.status_code == 200, answer.text
    assert answer.json()["content"][0]["text"] == "bonjour"


def test_completions_and_embeddings(gateway: Gateway, folder: Path) -> None:
    """The SDK's two other functions are reached by their paths."""
    answer = _post(gateway, {"prompt": "once"}, "/v1/completions")
    assert answer.json()["choices"][0]["text"] == "once"
    answer = _post(gateway, {"input": "a", "user": "bridge-embed"}, "/v1/embeddings")
    assert answer.json()["data"][0]["embedding"] == [0.5, -0.25]
    assert gateway.row("bridge-embed")["prompt_tokens"] == 4
    assert [line["name"] for line in _seen(folder)[-2:]] == ["atext_completion", "aembedding"]


def test_a_wildcard_and_a_prefix_that_only_the_sdk_knows(gateway: Gateway, folder: Path) -> None:
    """The name that the client asked for reaches the SDK behind the provider's."""
    answer = _chat(gateway, "hi", model="wild-7")
    assert answer.status_code == 200, answer.text
    assert _seen(folder)[-1]["model"] == "nobodys_host/wild-7"


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_keeps_the_sdks_status_and_loses_the_key(gateway: Gateway, stream: bool) -> None:
    """The SDK's status and words, the key in them masked; a stream that fails before its first chunk has a status too."""
    answer = _chat(gateway, "status-422", stream=stream)
    assert answer.status_code == 422, answer.text
    assert "StandInError: no, ***" in answer.json()["error"]["message"]
    assert KEY not in answer.text
    assert answer.headers["x-trunkline-bridge"] == "litellm"


def test_a_stream_that_breaks_ends_in_an_error_without_a_marker(gateway: Gateway) -> None:
    """What came before stands; the last event is the error, and no `[DONE]` follows."""
    answer = _chat(gateway, "so far break never", stream=True)
    assert "so " in answer.text
    assert "never" not in answer.text
    assert "the provider went away" in answer.text
    assert "[DONE]" not in answer.text


def test_a_clients_member_cannot_steer_the_sdk(gateway: Gateway, folder: Path) -> None:
    """LiteLLM's own members are taken out by the gateway, the SDK's other arguments refused by the bridge."""
    answer = _chat(gateway, "hi", api_base="https://evil.example", api_key="mine")
    assert answer.status_code == 200
    assert "evil" not in json.dumps(_seen(folder)[-1])
    answer = _chat(gateway, "hi", aws_role_name="arn:mine")
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "aws_role_name"


def test_a_client_that_hangs_up_ends_the_sdks_call(gateway: Gateway, folder: Path) -> None:
    """The SDK's call is cancelled when nobody waits for its answer any more."""
    headers = {"authorization": f"Bearer {gateway.master_key}"}
    body = {"model": "up-1", "messages": [{"role": "user", "content": "wait"}]}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{gateway.base_url}/v1/chat/completions", json=body, headers=headers, timeout=0.5)
    until = time.monotonic() + 5
    while _seen(folder)[-1]["name"] != "cancelled":
        assert time.monotonic() < until, "the call went on"
        time.sleep(0.02)


def test_start_and_model_info_say_it_and_show_no_key(gateway: Gateway) -> None:
    """The start has a line, `/model/info` a field; the key, the token and keys unknown here are masked."""
    assert "LiteLLM's SDK reaches it" in gateway.log()
    rows = json.loads(gateway.get("/model/info").body)["data"]
    info = next(row for row in rows if row["model_name"] == "up-1")
    assert info["model_info"]["bridge"] == "litellm"
    assert "LiteLLM's SDK" in info["model_info"]["bridge_note"]
    assert info["model_info"]["available"] is True
    assert info["litellm_params"]["api_key"] == "***"
    assert KEY not in gateway.log()
    assert "no effect" not in gateway.log()


def test_the_token_is_wanted_and_stands_on_no_command_line(gateway: Gateway) -> None:
    """Another user of the machine finds neither token nor key in the process list, and is let in by nothing else."""
    _chat(gateway, "hi")
    (pid,) = _bridges(gateway)
    line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:]
    assert line == [b"-m", b"trunkline.local.bridge", b"--parent", line[3], b""]
    port = _port_of(pid)
    assert httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json={}).status_code == 401


def _port_of(pid: int) -> int:
    open_files = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {name[8:-1] for name in open_files if name.startswith("socket:")}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[9] in inodes:
            return int(fields[1].rpartition(":")[2], 16)
    raise AssertionError("it listens nowhere")


def test_it_is_back_after_a_death(gateway: Gateway) -> None:
    """`kill -9` or an exit of the SDK costs a call under way that may not be retried; the next one starts it again."""
    assert _chat(gateway, "hi").status_code == 200
    (first,) = _bridges(gateway)
    os.kill(first, signal.SIGKILL)
    until = time.monotonic() + 5
    while first in _bridges(gateway) and time.monotonic() < until:
        time.sleep(0.02)
    assert _chat(gateway, "hi").status_code == 200
    (second,) = _bridges(gateway)
    assert second != first
    assert _chat(gateway, "exit").status_code == 503
    assert _chat(gateway, "hi").status_code == 200


def test_a_call_that_may_be_retried_survives_the_death(gateway: Gateway) -> None:
    """The retry of a call whose process died under it starts a new one."""
    answer = _chat(gateway, "exit once", num_retries=2, user="bridge-survivor")
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-litellm-attempted-retries"] == "1"
    assert gateway.row("bridge-survivor")["status"] == "success"


def test_it_starts_at_the_first_call_and_ends_with_the_gateway(tmp_path: Path) -> None:
    """No process before a call needs it, one for many first calls, and none after the gateway's stop."""
    with Gateway(tmp_path, _config(tmp_path)) as running:
        assert _bridges(running) == []
        threads = [threading.Thread(target=_chat, args=(running, "hi")) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pids = {line["pid"] for line in _seen(tmp_path)}
        assert len(_seen(tmp_path)) == 8
        assert list(pids) == _bridges(running)
        assert running.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_reload_needs_no_restart(tmp_path: Path) -> None:
    """A key that is changed in the config is the next call's, in the same process."""
    config = _config(tmp_path)
    with Gateway(tmp_path, config) as running:
        _chat(running, "hi")
        running.config_file.write_text(config.text().replace(KEY, f"{KEY}-new"))
        headers = {"authorization": f"Bearer {running.master_key}"}
        assert httpx.post(f"{running.base_url}/config/reload", json={}, headers=headers).status_code == 200
        _chat(running, "hi")
        before, after = _seen(tmp_path)
        assert (before["api_key"], after["api_key"]) == (KEY, f"{KEY}-new")
        assert before["pid"] == after["pid"]
        assert "***" in _chat(running, "status-400").text


def test_each_worker_has_its_own(tmp_path: Path) -> None:
    """With two workers no call is lost, there are at most two SDKs, and none outlives the gateway."""
    with Gateway(tmp_path, _config(tmp_path, workers=2)) as running:
        assert {_chat(running, f"hi {n}").status_code for n in range(12)} == {200}
        pids = {line["pid"] for line in _seen(tmp_path)}
        assert pids == set(_bridges(running))
        assert len(pids) <= 2
        assert running.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_it_ends_with_a_gateway_that_is_killed(tmp_path: Path) -> None:
    """`kill -9` on the gateway leaves no SDK behind."""
    with Gateway(tmp_path, _config(tmp_path)) as running:
        _chat(running, "hi")
        (pid,) = _bridges(running)
        os.kill(running.pid, signal.SIGKILL)
        until = time.monotonic() + 3
        while Path(f"/proc/{pid}").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text():
            assert time.monotonic() < until, "it outlived its gateway"
            time.sleep(0.02)
