"""LiteLLM's own proxy in the gateway's place: `-f compose.litellm.yml`.

The program is the published one, the image is not: tests/compose/litellm/Dockerfile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import pytest

from tests.compose.project import KEY, Project, fetch, model_names

FILES: Final = "docker-compose -f docker-compose.yml -f compose.litellm.yml"
CONFIG: Final = """\
model_list:
  - model_name: first
    litellm_params: {model: openai/first, api_key: sk-x, mock_response: the first model spoke}
  - model_name: second
    litellm_params: {model: openai/second, api_key: sk-x, mock_response: the second model spoke}
"""
ASK: Final = """\
import asyncio
from backend.app.services.litellm_client import LiteLLMClient

async def main():
    client = LiteLLMClient()
    messages = [{"role": "user", "content": "Hello!"}]
    print((await client.chat_completion(messages=messages, model="first"))["content"])
    async for chunk in client.stream_chat_completion(messages):
        print(chunk, end="", flush=True)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def litellm(project: Project) -> Iterator[Project]:
    """The four services with LiteLLM's proxy among them, and two models that need no provider."""
    project.run("docker-compose -f tests/compose/litellm/compose.yml build", check=True, seconds=900)
    project.run("docker-compose down -t 5", check=True)
    path = project.folder / "compose.litellm.yml"
    whole = path.read_text()
    if "podman-compose" in project.run("docker-compose version").text:
        # Its reader fails at this line. It would not build what has an image, so nothing else changes.
        path.write_text(whole.replace("    build: !reset null\n", ""))
    project.write("litellm-config.yaml", CONFIG)
    project.write(".env", project.original(".env"))
    project.set_env("LITELLM_IMAGE", "trunkline-test-litellm")
    project.set_env("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # it asks the network for prices otherwise
    project.set_env("MODEL", "second")
    project.run(f"{FILES} up -d", check=True)
    project.until_answers("http://localhost:3000/api/health")
    yield project
    project.run(f"{FILES} down -t 5")
    path.write_text(whole)


@pytest.mark.timeout(1500)  # builds the image first
def test_it_is_litellm_that_answers_with_the_guides_key(litellm: Project) -> None:
    """With `.env` as it comes: port 4000 is LiteLLM's, takes sk-1234 on this machine, and lists the config's models."""
    assert "LiteLLM" in fetch("http://localhost:4000/").text
    listed = fetch("http://localhost:4000/model/info", key=KEY).json["data"]
    assert isinstance(listed, list)
    assert model_names(listed) == {"first", "second"}
    assert litellm.default_model() == "second"


def test_the_client_calls_models_through_it(litellm: Project) -> None:
    """The guide's snippets in the container `api`: a model by name, and the default one, streamed."""
    said = litellm.inside("api", "python", "-c", ASK).text
    assert "the first model spoke" in said
    assert "the second model spoke" in said


def test_the_chat_goes_through_it(litellm: Project) -> None:
    """A question asked on port 3000 is answered by a model of LiteLLM's."""
    run, conversation = "01JD0THERPR0XY000000000001", "01JD0THERPR0XY000000000002"
    body = {"id": run, "conversation_id": conversation, "kind": "send", "chat_kind": "chat", "content": "Say hello.",
            "models": ["first"], "params": {}}  # fmt: skip
    headers = {"x-trunkline-csrf": "1", "Origin": "http://localhost:3000"}
    made = fetch("http://localhost:3000/api/runs", body=body, headers=headers)
    assert made.status == 202, made.text
    litellm.until("the answer is there", lambda: "event: end" in events(run))
    answer = "".join(json.loads(line).get("text", "") for line in data_of(events(run), "delta"))
    assert answer == "the first model spoke"


def test_edit_and_restart(litellm: Project) -> None:
    """A new MODEL in `.env` and `docker-compose restart api` change the default model here too."""
    litellm.set_env("MODEL", "first")
    litellm.run(f"{FILES} restart api", check=True)
    litellm.until_default_model("first")


def events(run: str) -> str:
    """The events of a run so far."""
    return fetch(f"http://localhost:3000/api/runs/{run}/events?after=0").text


def data_of(stream: str, kind: str) -> list[str]:
    """The data lines of the events of one kind."""
    return [
        part.partition("\ndata: ")[2].partition("\n")[0] for part in stream.split("\n\n") if f"event: {kind}\n" in part
    ]
