"""The two gateways under comparison, from one config file."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Final, Self

from tests.support.gateway import ROOT, Gateway, GatewayConfig

PYTHON: Final = ROOT / ".clients" / "oracle" / "bin" / "python"
KEY: Final = "sk-provider-" + "0" * 20


def config(provider: str) -> GatewayConfig:
    """One deployment a format, no retries and no cool-down, so that each request stands for itself."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    models: dict[str, tuple[str, str]] = {
        "openai": ("openai/gpt-4.1", f"{provider}/v1"),
        "reasoner": ("openai/gpt-5.4-mini", f"{provider}/v1"),
        "host": ("custom_openai/house-model", f"{provider}/v1"),
        "anthropic": ("anthropic/claude-sonnet-4-6", provider),
        "gemini": ("gemini/gemini-3.5-flash", f"{provider}/v1beta"),
        "cohere": ("cohere_chat/command-a-03-2025", f"{provider}/v2/chat"),
        "instruct": ("text-completion-openai/gpt-3.5-turbo-instruct", f"{provider}/v1"),
        "embed": ("openai/text-embedding-3-small", f"{provider}/v1"),
        "gemini-embed": ("gemini/gemini-embedding-001", f"{provider}/v1beta"),
        "down": ("openai/gpt-4.1", f"{closed}/v1"),
    }
    entries: list[dict[str, object]] = [
        {"model_name": name, "litellm_params": {"model": model, "api_base": base, "api_key": KEY},
         "model_info": {"id": f"{name}-1"}}
        for name, (model, base) in models.items()
    ]  # fmt: skip
    return GatewayConfig(
        models=entries, router={"num_retries": 0, "disable_cooldowns": True},
        litellm={"request_timeout": 20, "telemetry": False}, trunkline={"first_byte_timeout": 10},
    )  # fmt: skip


class LiteLLM:
    """The published proxy as a process; in a `with`."""

    def __init__(self, folder: Path, gateway: Gateway) -> None:
        self.log_file: Final = folder / "litellm.log"
        self.master_key: Final = "sk-" + secrets.token_hex(24)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        kept = ("PATH", "HOME", "LANG", "TMPDIR")
        environment = {name: os.environ[name] for name in kept if name in os.environ} | {
            "LITELLM_MASTER_KEY": self.master_key, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1",
            "LITELLM_SALT_KEY": secrets.token_hex(16), "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        command = [str(PYTHON.with_name("litellm")), "--config", str(gateway.config_file), "--host", "127.0.0.1",
                   "--port", str(self.port), "--telemetry", "False"]  # fmt: skip
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment, cwd=folder,
                start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Self:
        limit = time.monotonic() + 120
        while time.monotonic() < limit and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if send(self.port, "GET", "/health/liveliness").status == 200:
                    return self
            time.sleep(0.2)
        raise RuntimeError(f"LiteLLM did not start:\n{self.log_file.read_text()[-4000:]}")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Answer:
    """What came."""

    __slots__ = ("body", "broken", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes, *, broken: bool) -> None:
        self.status, self.headers, self.body, self.broken = status, headers, body, broken


def send(port: int, method: str, path: str, body: bytes | None = None, headers: Any = None) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    try:
        connection.request(method, path, body, headers or {})
        got = connection.getresponse()
        broken = False
        try:
            data = got.read()
        except http.client.IncompleteRead as cut:
            data, broken = cut.partial, True
        except ConnectionError:
            data, broken = b"", True
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, data, broken=broken)
    finally:
        connection.close()
