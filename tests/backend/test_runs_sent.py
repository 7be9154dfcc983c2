"""What a model is sent: the history on its way through the tree, files as parts, prompt and parameters; and limits."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.backend.runs_fixtures import LONG, database
from tests.backend.runs_support import App, answer_of, app_before, events, messages, post, send
from tests.support.gateway import Gateway, GatewayConfig, model
from tests.support.open_provider import Canned, OpenProvider, Seen, open_provider

__all__ = ["database"]

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=")
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def stream(text: str, reasoning: str = "") -> Canned:
    """An answer in OpenAI's format."""

    def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return b"data: " + json.dumps({"id": "c", "model": "m", "choices": choices}).encode() + b"\n\n"

    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    pieces = [chunk({"reasoning_content": reasoning})] if reasoning else []
    pieces += [chunk({"content": text}), chunk({}, "stop")]
    pieces.append(b"data: " + json.dumps({"id": "c", "model": "m", "choices": [], "usage": usage}).encode() + b"\n\n")
    return Canned(content_type="text/event-stream", pieces=(*pieces, b"data: [DONE]\n\n"))


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenProvider]:
    """Writes down what comes; says "one", "two", ... after the number of questions it was sent."""
    with open_provider() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(provider: OpenProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Two names for it, one that takes text only, one that takes no temperature."""
    blind = model("blind", "m", f"{provider.url}/v1")
    blind["model_info"] = {"supports_vision": False, "supports_pdf_input": False}
    cool = model("cool", "m", f"{provider.url}/v1", additional_drop_params=["temperature"])
    models = [model("a", "m", f"{provider.url}/v1"), model("b", "m", f"{provider.url}/v1"), blind, cool]
    config = GatewayConfig(models=models, router={"num_retries": 0}, trunkline=dict(LONG))
    with Gateway(tmp_path_factory.mktemp("sent"), config) as running:
        yield running


@pytest.fixture(scope="module")
def app(gateway: Gateway, database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The application."""
    with app_before(gateway, tmp_path_factory.mktemp("app"), **database) as running:
        yield running


@pytest.fixture
def client(app: App, provider: OpenProvider) -> Iterator[httpx.Client]:
    """A client; the provider answers "answer"."""
    provider.answer = lambda _: stream("answer")
    with app.client() as running:
        while not running.get("/api/models").json()["models"]:
            pass
        yield running


def last(provider: OpenProvider) -> dict[str, Any]:
    """The body of the last call."""
    found: dict[str, Any] = json.loads(provider.last().body)
    return found


def done(client: httpx.Client, *arguments: Any, **more: Any) -> dict[str, Any]:
    """A run that has ended."""
    run = send(client, *arguments, **more)
    events(client, run["id"], until="answer_end")
    return run


def texts(provider: OpenProvider) -> list[tuple[str, str]]:
    """Roles and texts of the last call."""
    return [(message["role"], message["content"]) for message in last(provider)["messages"]]


def upload(client: httpx.Client, name: str, data: bytes) -> str:
    """Store a file."""
    answer = client.post("/api/files", files={"file": (name, data)})
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["id"])


def test_the_way_through_the_tree_is_sent_and_nothing_beside_it(client: httpx.Client, provider: OpenProvider) -> None:
    """An edited message is a sibling: the version that was left is not part of what a model reads."""
    provider.answer = lambda _: stream("first answer", "thinking")
    one = done(client, "a", "first question", system="Be brief.")
    assert answer_of(client, one)["reasoning"] == "thinking"
    conversation = {"conversation_id": one["conversation_id"]}
    under = {"parent_id": one["answers"][0]["message_id"]}
    done(client, "a", "left version", **conversation, **under)
    done(client, "a", "second question", **conversation, **under)
    assert texts(provider) == [
        ("system", "Be brief."),
        ("user", "first question"),
        ("assistant", "first answer"),
        ("user", "second question"),
    ]


def test_parameters_are_sent_and_kept(client: httpx.Client, provider: OpenProvider) -> None:
    """What was chosen reaches the provider; the next turn has it without saying it again."""
    params = {"temperature": 0.3, "max_tokens": 77, "top_p": 0.5}
    run = done(client, "a", params=params)
    body = last(provider)
    assert (body["temperature"], body["max_tokens"], body["top_p"]) == (0.3, 77, 0.5)
    assert body["stream"] is True
    done(client, "a", conversation_id=run["conversation_id"], parent_id=run["answers"][0]["message_id"])
    assert last(provider)["max_tokens"] == 77


def test_files_are_sent_as_parts(client: httpx.Client, provider: OpenProvider) -> None:
    """A picture as a data URL, a text as text, a PDF as a file; later turns send them again."""
    ids = [
        upload(client, "dot.png", PNG),
        upload(client, "notes.txt", b"remember the milk"),
        upload(client, "a.pdf", PDF),
    ]
    run = done(client, "a", "look", attachment_ids=ids)
    (message,) = last(provider)["messages"]
    picture, text, document, words = message["content"]
    assert picture["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert "remember the milk" in text["text"]
    assert "notes.txt" in text["text"]
    assert document["file"]["filename"] == "a.pdf"
    assert base64.b64decode(document["file"]["file_data"].partition(",")[2]) == PDF
    assert words == {"type": "text", "text": "look"}
    done(client, "a", "again", conversation_id=run["conversation_id"], parent_id=run["answers"][0]["message_id"])
    assert last(provider)["messages"][0] == message


def test_what_a_model_does_not_take_is_sent_only_with_consent(client: httpx.Client, provider: OpenProvider) -> None:
    """Without it nothing is stored or called, and a model that takes it is named; with it the loss is in the answer."""
    ids = [upload(client, "dot.png", PNG)]
    before = len(provider.seen)
    refused = post(client, "blind", "look", attachment_ids=ids)
    assert refused.status_code == 422
    error = refused.json()["error"]
    assert error["field"] == "accept_losses"
    assert "would be left out: blind takes no images." in error["message"]
    assert error["alternative"] in {"a", "b"}
    assert len(provider.seen) == before
    run = done(client, "blind", "look", attachment_ids=ids, accept_losses=True)
    (loss,) = answer_of(client, run)["losses"]
    assert (loss["kind"], loss["count"], loss["action"]) == ("image", 1, "dropped")
    assert "image_url" not in json.dumps(last(provider))
    assert "dot.png" in json.dumps(last(provider))


def test_each_column_of_a_comparison_has_its_own_past(client: httpx.Client, provider: OpenProvider) -> None:
    """Both read both questions, and each its own answer; a turn may go to one column only."""

    def answer(seen: Seen) -> Canned:
        first = len(json.loads(seen.body)["messages"]) == 1
        return stream(f"said by {json.loads(seen.body)['temperature']}" if first else "more")

    provider.answer = answer
    body = {"models": ["a", "b"], "chat_kind": "compare", "params": {"temperature": 0.5}}
    run = done(client, content="first", **body)
    end = events(client, run["id"])
    assert sorted(data["column"] for data in end.of("answer_end")) == [0, 1]
    stored = messages(client, run)
    first, second = (stored[answer["message_id"]] for answer in run["answers"])
    assert (first["column"], first["model"], second["column"], second["model"]) == (0, "a", 1, "b")
    more = done(
        client, content="second", conversation_id=run["conversation_id"], parent_id=first["id"], models=["b"], columns=[1],
        chat_kind="compare",
    )  # fmt: skip
    assert texts(provider) == [("user", "first"), ("assistant", second["content"]), ("user", "second")]
    assert answer_of(client, more)["column"] == 1
    conversation = client.get(f"/api/conversations/{run['conversation_id']}").json()
    assert [column["model"] for column in conversation["columns"]] == ["a", "b"]


def test_a_column_that_fails_keeps_its_place_and_harms_no_other(client: httpx.Client) -> None:
    """One answer, one error, one end."""
    run = send(client, models=["a", "nobody"], chat_kind="compare")
    read = events(client, run["id"])
    assert {data["column"]: data["status"] for data in read.of("answer_end")} == {0: "done", 1: "error"}
    assert read.of("error")[0]["column"] == 1
    assert read.types.count("end") == 1


def test_one_column_can_be_stopped(client: httpx.Client, provider: OpenProvider) -> None:
    """The other one is answered to its end."""

    def answer(seen: Seen) -> Canned:
        whole = stream("answer")
        if len(json.loads(seen.body)["messages"]) > 1:
            return whole
        pieces = (whole.pieces[0], *(b": still here\n\n" for _ in range(20)), *whole.pieces[1:])
        return Canned(content_type=whole.content_type, pieces=pieces, pause=0.05)

    provider.answer = answer
    run = send(client, models=["a", "b"], chat_kind="compare")
    events(client, run["id"], until="delta")
    client.post(f"/api/runs/{run['id']}/stop", json={"column": 1})
    read = events(client, run["id"])
    assert {data["column"]: data["status"] for data in read.of("answer_end")} == {0: "done", 1: "stopped"}


def test_a_limit_is_waited_for_once_and_said(client: httpx.Client, provider: OpenProvider) -> None:
    """429 with a Retry-After: the reader is told how long, then the answer comes by itself."""
    told = {"error": {"message": "slow down", "type": "rate_limit_error", "code": None}}
    limited = Canned(status=429, body=json.dumps(told).encode(), headers=(("retry-after", "1"),))
    answers = [stream("at last"), limited]
    provider.answer = lambda _: answers.pop() if len(answers) > 1 else answers[0]
    run = send(client, "a")
    read = events(client, run["id"])
    waits = [status for status in read.of("status") if status["status"] == "queued"]
    assert len(waits) == 1
    assert 1.0 <= waits[0]["retry_after_s"] < 3
    answer = answer_of(client, run)
    assert (answer["status"], answer["content"]) == ("done", "at last")


def test_losses_of_the_gateway_are_told(client: httpx.Client, provider: OpenProvider) -> None:
    """A parameter that the model's entry leaves out is named, in an event and beside the answer."""
    run = send(client, "cool", params={"temperature": 0.3})
    read = events(client, run["id"])
    assert "temperature" not in last(provider)
    (loss,) = answer_of(client, run)["losses"]
    assert (loss["kind"], loss["path"], loss["action"]) == ("parameter", "temperature", "dropped")
    assert read.of("loss")[-1]["losses"] == [loss]
