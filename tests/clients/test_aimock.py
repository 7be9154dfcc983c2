"""npm `@copilotkit/aimock` behind the gateway: a stand-in provider written by others, on Node.

`make test-clients` installs it (`npm ci`); where it is missing the tests say so, and in CI that is a failure.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.clients.conftest import NODE, PROGRAM
from tests.support.gateway import Gateway, GatewayConfig, model

HELLO: Any = [{"role": "user", "content": "hello"}]

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(
        NODE is None or not PROGRAM.exists(),
        reason="Node or `tests/clients/node_modules` is missing: `make test-clients`",
    ),
]


@pytest.fixture(scope="module")
def gateway(aimock: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway in front of it."""
    models = [model("mock", "gpt-4o", f"{aimock}/v1"), model("embed", "text-embedding-3-small", f"{aimock}/v1")]
    others = {
        "claude": ("anthropic/claude-sonnet-4-6", aimock), "gemini": ("gemini/gemini-3.5-flash", f"{aimock}/v1beta"),
        "cohere": ("cohere_chat/command-a-03-2025", f"{aimock}/v2/chat"), "ollama": ("ollama_chat/llama4", aimock),
    }  # fmt: skip
    models += [model(name, "", base, model=written) for name, (written, base) in others.items()]
    config = GatewayConfig(models=models, litellm={"request_timeout": 20}, trunkline={"first_byte_timeout": 10})
    with Gateway(tmp_path_factory.mktemp("gateway"), config) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[OpenAI]:
    """The official client."""
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key=gateway.master_key, max_retries=0, timeout=20) as made:
        yield made


def text_of(chunks: Any) -> str:
    """The text of a stream."""
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_chat(client: OpenAI, gateway: Gateway) -> None:
    """The stand-in's words, whole and streamed, and its usage in the ledger."""
    answer = client.chat.completions.create(model="mock", messages=HELLO, user="aimock")
    assert answer.choices[0].message.content == "Hello from aimock: é中😀. " * 8
    assert (
        text_of(client.chat.completions.create(model="mock", messages=HELLO, stream=True))
        == answer.choices[0].message.content
    )
    row = gateway.row("aimock")
    assert answer.usage is not None
    assert (row["prompt_tokens"], row["completion_tokens"]) == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
    )


@pytest.mark.parametrize("name", ["claude", "gemini", "cohere", "ollama"])
def test_other_formats(client: OpenAI, name: str) -> None:
    """The same words through the formats that it speaks besides, whole and streamed, and a tool call."""
    answer = client.chat.completions.create(model=name, messages=HELLO)
    assert answer.choices[0].message.content == "Hello from aimock: é中😀. " * 8
    assert (
        text_of(client.chat.completions.create(model=name, messages=HELLO, stream=True))
        == answer.choices[0].message.content
    )
    tools: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
    ask: Any = {"model": name, "messages": [{"role": "user", "content": "weather"}], "tools": tools}
    (call,) = client.chat.completions.create(**ask).choices[0].message.tool_calls or []
    with client.chat.completions.stream(**ask) as stream:
        (streamed,) = stream.get_final_completion().choices[0].message.tool_calls or []
    assert call.type == "function"
    assert json.loads(call.function.arguments) == json.loads(streamed.function.arguments) == {"city": "Oslo"}


def test_tools(client: OpenAI) -> None:
    """A tool call comes through, whole and in pieces."""
    tools: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
    ask: Any = {"model": "mock", "messages": [{"role": "user", "content": "weather"}], "tools": tools}
    (call,) = client.chat.completions.create(**ask).choices[0].message.tool_calls or []
    assert call.type == "function"
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Oslo"})
    with client.chat.completions.stream(**ask) as stream:
        (streamed,) = stream.get_final_completion().choices[0].message.tool_calls or []
    assert streamed.function.arguments == call.function.arguments


def test_embeddings(client: OpenAI) -> None:
    """A vector of the fixture."""
    answer = client.embeddings.create(model="embed", input="embed me", encoding_format="float")
    assert answer.data[0].embedding == [0.1, -0.2, 0.3]


def test_errors(client: OpenAI) -> None:
    """Its refusal reaches the client as the exception of that status, with its words."""
    with pytest.raises(openai.BadRequestError, match="not today"):
        client.chat.completions.create(model="mock", messages=[{"role": "user", "content": "refuse"}])


def test_what_it_saw(client: OpenAI, gateway: Gateway, aimock: str) -> None:
    """Its journal has our request with the upstream model and nothing of the gateway's own members."""
    client.chat.completions.create(model="mock", messages=HELLO, seed=77, extra_body={"num_retries": 1})
    with urllib.request.urlopen(f"{aimock}/__aimock/journal") as answer:
        journal = json.load(answer)
    entries = journal if isinstance(journal, list) else journal["entries"]
    bodies = [
        entry["body"] for entry in entries if isinstance(entry.get("body"), dict) and entry["body"].get("seed") == 77
    ]
    assert len(bodies) == 1
    assert bodies[0]["model"] == "gpt-4o"
    assert "num_retries" not in bodies[0]
    assert gateway.master_key not in json.dumps(journal)
