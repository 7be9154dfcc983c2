"""Pre-flight: length, cost and losses of a message before it is sent, and who would take it whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.app.core.ids import new_id
from tests.backend.runs_fixtures import database
from tests.backend.runs_support import App, app_before, events, send
from tests.backend.test_runs_sent import PDF, PNG, upload
from tests.support.gateway import Gateway, GatewayConfig, model
from tests.support.provider import FakeProvider

__all__ = ["database"]


@pytest.fixture(scope="module")
def gateway(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A small model without eyes, a large one with them, a dear one, one of another format."""
    small = model("small", "plain", provider.base_url)
    small["model_info"] = {"supports_vision": False, "supports_pdf_input": False, "max_input_tokens": 1000}
    large = model("large", "plain", provider.base_url)
    large["model_info"] = {"supports_vision": True, "supports_pdf_input": True, "max_input_tokens": 100000}
    dear = model("dear", "plain", provider.base_url, input_cost_per_token=0.001, output_cost_per_token=0.002)
    claude: dict[str, object] = {
        "model_name": "claude",
        "litellm_params": {"model": "anthropic/claude-x", "api_base": provider.base_url, "api_key": "sk-ant-x"},
    }
    config = GatewayConfig(models=[small, large, dear, claude])
    with Gateway(tmp_path_factory.mktemp("preflight"), config) as running:
        yield running


@pytest.fixture(scope="module")
def app(gateway: Gateway, database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The application."""
    with app_before(gateway, tmp_path_factory.mktemp("app"), **database) as running:
        yield running


@pytest.fixture
def client(app: App) -> Iterator[httpx.Client]:
    """A client of it."""
    with app.client() as running:
        yield running


def ask(client: httpx.Client, model: str, **more: Any) -> dict[str, Any]:
    """The report."""
    answer = client.post("/api/preflight", json={"model": model, "content": "Hello"} | more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_tokens_and_cost_are_estimated_with_the_history(client: httpx.Client, provider: FakeProvider) -> None:
    """A longer message is longer and dearer; the turns before it count; no model is called."""
    before = len(provider.ledger())
    short, long = ask(client, "large"), ask(client, "large", content="word " * 400)
    assert 0 < short["input_tokens"] < 50
    assert 350 < long["input_tokens"] < 900
    assert short["fits"]
    assert short["losses"] == []
    assert short["context_tokens"] == 100000
    # 1 and 2 USD for a million tokens, and 500 tokens of an answer.
    assert int(short["cost_nano"]) == short["input_tokens"] * 1000 + 500 * 2000
    assert int(ask(client, "dear")["cost_nano"]) == 1000 * int(short["cost_nano"])
    assert len(provider.ledger()) == before
    run = send(client, "large", "question " * 200)
    events(client, run["id"], until="answer_end")
    turn = {"conversation_id": run["conversation_id"], "parent_id": run["answers"][0]["message_id"]}
    assert ask(client, "large", **turn)["input_tokens"] > short["input_tokens"] + 190
    assert ask(client, "large", **turn, system="rule " * 300)["input_tokens"] > short["input_tokens"] + 490


def test_what_is_too_long_is_said_with_who_would_take_it(client: httpx.Client) -> None:
    """More tokens than the model's context: it does not fit, and the larger model is named."""
    report = ask(client, "small", content="word " * 4000)
    assert not report["fits"]
    assert report["context_tokens"] == 1000
    assert report["alternatives"][0] == "large"
    assert "small" not in report["alternatives"]


def test_what_a_model_does_not_take_is_a_loss_and_others_are_named(client: httpx.Client) -> None:
    """A picture and a document to a model that reads text only."""
    ids = [upload(client, "a.png", PNG), upload(client, "b.png", PNG), upload(client, "c.pdf", PDF)]
    report = ask(client, "small", attachment_ids=ids)
    kinds = {loss["kind"]: loss for loss in report["losses"]}
    assert kinds["image"]["count"] == 2
    assert kinds["image"]["message"] == "2 images were left out: small takes no images."
    assert kinds["file"]["count"] == 1
    assert "large" in report["alternatives"]
    assert ask(client, "large", attachment_ids=ids)["losses"] == []
    assert ask(client, "large", attachment_ids=ids)["input_tokens"] > 3000
    assert ask(client, "claude", attachment_ids=ids)["losses"] == []


def test_what_is_not_ones_own_is_refused(client: httpx.Client) -> None:
    """A file or a parent that is not there is named; a new conversation is none yet."""
    for more, field in (({"attachment_ids": [new_id()]}, "attachment_ids"), ({"parent_id": new_id()}, "parent_id")):
        answer = client.post("/api/preflight", json={"model": "small", "content": "x"} | more)
        assert answer.status_code == 422
        assert answer.json()["error"]["field"] == field
    assert ask(client, "small", conversation_id=new_id())["fits"]


def test_without_a_gateway_it_is_an_estimate_of_our_own(tmp_path: Path, database: dict[str, str]) -> None:
    """The composer is not held up by a gateway that is dead."""
    with App(tmp_path, "http://127.0.0.1:1", "sk-none", **database) as app, app.client() as client:
        report = ask(client, "small", content="word " * 400)
        assert 350 < report["input_tokens"] < 900
