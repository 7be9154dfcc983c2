"""A stand-in for every provider, and a gateway before it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.matrix.hearing import BrokenOff, Client
from tests.support.gateway import Gateway, GatewayConfig
from tests.support.raw_http import Answer, RawConnection, json_request
from tests.support.stand_in import Face, Scenario, StandIn
from tests.support.stand_in_anthropic import MessagesFace
from tests.support.stand_in_bedrock import ConverseFace
from tests.support.stand_in_google import GeminiFace
from tests.support.stand_in_openai import ChatFace, ResponsesFace
from tests.support.stand_in_others import CohereFace, OllamaFace, ReplicateFace
from trunkline.ir.request import Request

FACES: Final[tuple[Face, ...]] = (
    ChatFace(), ResponsesFace(), MessagesFace(), GeminiFace(), ConverseFace(), CohereFace(), OllamaFace(), ReplicateFace(),
)  # fmt: skip
MODELS: Final = {
    "chat": ("openai/gpt-4.1", "gpt-4.1"),
    "responses": ("openai/responses/gpt-5", "gpt-5"),
    "messages": ("anthropic/claude-sonnet-4-5", "claude-sonnet-4-5"),
    "gemini": ("gemini/gemini-2.5-flash", "gemini-2.5-flash"),
    "converse": ("bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    "cohere": ("cohere/command-a-reasoning-08-2025", "command-a-reasoning-08-2025"),
    "ollama": ("ollama_chat/qwen3-vl:8b", "qwen3-vl:8b"),
    "replicate": ("replicate/meta/meta-llama-3-70b-instruct", "meta/meta-llama-3-70b-instruct"),
}
"""Upstream format: the model as the configuration names it, and as the provider does. The group is `up-<format>`."""
OTHERS: Final = {
    ("chat", "thinking"): ("openai/gpt-5", "gpt-5"),
    ("chat", "thought"): ("openai/gpt-5", "gpt-5"),
    ("chat", "audio"): ("openai/gpt-4o-audio-preview", "gpt-4o-audio-preview"),
    ("chat", "completions"): ("llamafile/gpt-4.1", "gpt-4.1"),
    ("chat", "mistral"): ("mistral/mistral-large-latest", "mistral-large-latest"),
    ("responses", "other"): ("openai/responses/gpt-5", "gpt-5"),
    ("gemini", "falls"): ("gemini/gemini-2.5-pro", "gemini-2.5-pro"),
    ("cohere", "image"): ("cohere/command-a-vision-07-2025", "command-a-vision-07-2025"),
    ("replicate", "image"): ("replicate/meta/llama-4-maverick-instruct", "meta/llama-4-maverick-instruct"),
}  # fmt: skip
"""Other models of a format, for a case or a client that needs what the format's first has not."""

KEPT_SECONDS: Final = 2.0
"""The gateway of the tests closes what idles for 5 s, and the tests of another file may run between two of the matrix."""
FALLBACKS: Final = [{"up-gemini-falls": ["up-messages"]}]
"""Who answers where a group cannot."""


def place(client: str, upstream: str, case: str = "") -> str:
    """The key of the model that serves a cell."""
    return next((f"{upstream}-{one}" for one in (case, client) if (upstream, one) in OTHERS), upstream)


ALL: Final = MODELS | {f"{upstream}-{one}": model for (upstream, one), model in OTHERS.items()}


def model_list(url: str) -> list[dict[str, object]]:
    """A deployment for each format."""
    found: list[dict[str, object]] = []
    for name, (model, _) in ALL.items():
        params: dict[str, object] = {"model": model, "api_key": "sk-upstream-0123456789", "api_base": url}
        if name.partition("-")[0] in ("chat", "responses"):
            params["api_base"] = url + "/v1"
        if name == "responses-other":
            params["api_key"] = "sk-upstream-of-another-account"
        if name == "converse":
            params = {
                "model": model, "aws_bedrock_runtime_endpoint": url, "aws_region_name": "us-east-1",
                "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            }  # fmt: skip
        prices = {"input_cost_per_token": 0.000001, "output_cost_per_token": 0.000002}
        found.append({"model_name": f"up-{name}", "litellm_params": params | prices})
    return found


@dataclass(slots=True)
class Wire:
    """The matrix's wire: a stand-in, a gateway between, and one connection for all clients."""

    stand_in: StandIn
    gateway: Gateway
    connection: RawConnection | None = None
    used: float = 0.0
    """When `connection` carried its last answer."""

    def play(self, upstream: str, scenario: Scenario) -> None:
        """Say what the provider does next."""
        self.stand_in.play(ALL[upstream][1], scenario)

    def send(self, client: Client, upstream: str, body: dict[str, Any], *, stream: bool) -> Answer:
        """One call."""
        path = client.path(f"up-{upstream}", stream=stream)
        data = json_request(path, body, self.gateway.master_key)
        if self.connection is not None and time.monotonic() - self.used > KEPT_SECONDS:
            self.connection.close()
            self.connection = None
        if self.connection is None:
            self.connection = RawConnection(self.gateway.port)
        self.connection.send(data)
        answer = self.connection.answer()
        self.used = time.monotonic()
        if not answer.complete or answer.header("connection") == "close":
            self.connection.close()
            self.connection = None
        return answer

    def ask(self, client: Client, upstream: str, request: Request, *, stream: bool) -> tuple[Answer, dict[str, Any]]:
        """One call of a request, and its body."""
        body = client.body(request, f"up-{upstream}", stream=stream)
        return self.send(client, upstream, body, stream=stream), body


def whole(client: Client, answer: Answer, *, stream: bool) -> dict[str, Any]:
    """The answer as one body, whichever way it came."""
    assert answer.status == 200, f"{answer.status}: {answer.body.decode()[:2000]}"
    if stream:
        kind = str(answer.header("content-type"))
        assert kind.startswith("text/event-stream"), kind
        return client.assemble(answer.body)
    found: dict[str, Any] = json.loads(answer.body)
    return found


def failed(client: Client, answer: Answer) -> tuple[int, str, str]:
    """Status, type and message of an error, before or inside a stream (status 0)."""
    if answer.status != 200:
        return (answer.status, *client.error(json.loads(answer.body)))
    try:
        told = client.assemble(answer.body)
    except BrokenOff as error:
        return 0, error.kind, str(error)
    raise AssertionError(f"the stream ends as if all were well: {told}")


@pytest.fixture(scope="session")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """The wire; its gateway tries once, so that one call is one call."""
    with StandIn(FACES) as stand_in:
        config = GatewayConfig(
            models=model_list(stand_in.url),
            router={"num_retries": 0, "cooldown_time": 0, "disable_cooldowns": True, "fallbacks": FALLBACKS},
        )
        with Gateway(tmp_path_factory.mktemp("matrix"), config) as gateway:
            running = Wire(stand_in, gateway)
            yield running
            if running.connection is not None:
                running.connection.close()
