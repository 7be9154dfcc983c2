"""npm `@copilotkit/aimock` behind the gateway: a stand-in provider written by others, on Node.

`make test-clients` installs it (`npm ci`); where it is missing the tests say so, and in CI that is a failure.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.support.gateway import Gateway, GatewayConfig, model

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
NODE = shutil.which("node") or shutil.which("node", path=str(HERE.parents[1] / ".venv" / "bin"))
HELLO: Any = [{"role": "user", "content": "hello"}]

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(
        NODE is None or not PROGRAM.exists(),
        reason="Node or `tests/clients/node_modules` is missing: `make test-clients`",
    ),
]

FIXTURES = {
    "fixtures": [
        {"match": {"userMessage": "hello"}, "response": {"content": "Hello from aimock: é中😀. " * 8}},
        {
            "match": {"userMessage": "weather"},
            "response": {"toolCalls": [{"name": "get_weather", "arguments": '{"city":"Oslo"}'}]},
        },
        {"match": {"inputText": "embed me"}, "response": {"embedding": [0.1, -0.2, 0.3]}},
        {
            "match": {"userMessage": "refuse"},
            "response": {"error": {"message": "not today", "type": "invalid_request_error"}, "status": 400},
        },
    ]
}


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The program on a port of its own; its address."""
    folder = tmp_path_factory.mktemp("aimock")
    (folder / "fixtures.json").write_text(json.dumps(FIXTURES))
    log = (folder / "log").open("w+")
    assert NODE is not None
    command = [
        NODE,
        str(PROGRAM),
        "-p",
        "0",
        "-h",
        "127.0.0.1",
        "-f",
        str(folder / "fixtures.json"),
        "--log-level",
        "info",
    ]
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    address = ""
    limit = time.monotonic() + 20
    while not address and time.monotonic() < limit and process.poll() is None:
        text = (folder / "log").read_text()
        at = text.find("http://127.0.0.1:")
        address = text[at:].split()[0].rstrip("/.,") if at >= 0 else ""
        time.sleep(0.05)
    assert address, (folder / "log").read_text()
    yield address
    process.terminate()
    process.wait(10)
    log.close()


@pytest.fixture(scope="module")
def gateway(aimock: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway in front of it."""
    models = [model("mock", "gpt-4o", f"{aimock}/v1"), model("embed", "text-embedding-3-small", f"{aimock}/v1")]
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
