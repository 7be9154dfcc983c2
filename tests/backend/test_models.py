"""The list of models: what the gateway says, its state in words, and what is shown when the gateway is dead."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.backend.runs_fixtures import database
from tests.backend.runs_support import App, app_before, events, send
from tests.support.gateway import Gateway, GatewayConfig, model
from tests.support.provider import FakeProvider

__all__ = ["database"]


def keyed(name: str, variable: str, provider: FakeProvider) -> dict[str, object]:
    """A model whose key is in a variable."""
    entry = model(name, "plain", provider.base_url, api_key=f"os.environ/{variable}")
    entry["model_info"] = {"supports_vision": False, "max_input_tokens": 128000, "supports_function_calling": True}
    return entry


@pytest.fixture(scope="module")
def gateway(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A ready model, one without a key, one that fails, a wildcard, a retired one, the embedded one."""
    models: list[dict[str, object]] = [
        model("plain", "plain", provider.base_url),
        keyed("locked", "LOCKED_API_KEY", provider),
        model("broken", "fault:rst_head", provider.base_url),
        model("wild/*", "*", provider.base_url),
        {
            "model_name": "gemini-2.0-flash",
            "litellm_params": {"model": "gemini/gemini-3.5-flash-lite", "api_key": "os.environ/LOCKED_API_KEY"},
        },
        {"model_name": "local", "litellm_params": {"model": "local/smollm2-135m-instruct"}},
    ]
    with Gateway(tmp_path_factory.mktemp("models"), GatewayConfig(models=models, router={"num_retries": 0})) as running:
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


def listed(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """The cards by id."""
    return {card["id"]: card for card in client.get("/api/models").json()["models"]}


def until(
    client: httpx.Client, ready: Callable[[dict[str, dict[str, Any]]], bool], seconds: float = 15.0
) -> dict[str, Any]:
    """Ask for the list until it is as wanted."""
    limit = time.monotonic() + seconds
    while not ready(cards := listed(client)):
        assert time.monotonic() < limit, json.dumps(cards)[:3000]
        time.sleep(0.05)
    return cards


def test_a_card_says_what_it_costs_and_whether_it_can_be_asked(client: httpx.Client) -> None:
    """Ready with its price; without a key with the variable and where to put it; wildcards are no models."""
    cards = until(client, bool)  # a process without any copy waits for 2 s, and a busy machine may need longer
    assert list(cards) == ["plain", "locked", "broken", "gemini-2.0-flash", "local"]
    plain, locked, local = cards["plain"], cards["locked"], cards["local"]
    assert (plain["state"], plain["provider"], plain["is_default"]) == ("ready", "openai", True)
    assert plain["price"] == {"input_per_mtok": "1.00", "output_per_mtok": "2.00", "cached_per_mtok": None}
    assert plain["group_of"] == ["openai/plain"]
    assert (locked["state"], locked["variable"]) == ("no_key", "LOCKED_API_KEY")
    assert locked["reason"] == "No key for OpenAI."
    assert locked["fix"] == "Put LOCKED_API_KEY in .env; it is picked up without a restart."
    assert (locked["context_tokens"], locked["abilities"]["images"], locked["abilities"]["tools"]) == (
        128000,
        False,
        True,
    )
    assert local["embedded"]
    assert not local["abilities"]["images"]
    replaced = cards["gemini-2.0-flash"]["replaced"]
    assert (replaced["retired"], replaced["successor"]) == ("gemini-2.0-flash", "gemini-3.5-flash-lite")
    one = client.get("/api/models/plain").json()
    assert one == plain
    assert client.get("/api/models/wild/x").status_code == 404


def test_a_model_that_fails_says_so_and_since_when(client: httpx.Client) -> None:
    """After failures of real calls the state is `failing` with the reason; nobody had to probe."""
    events(client, send(client, "broken")["id"])
    card = until(client, lambda cards: cards["broken"]["state"] == "failing")["broken"]
    assert card["reason"].startswith("Failing: ")
    assert card["since"] is not None
    assert "Use it anyway" in card["fix"]


def test_an_unchanged_list_is_not_sent_again(client: httpx.Client) -> None:
    """304 for the tag of the list as it is; a list that a preference changes has another version."""
    first = client.get("/api/models")
    tag = first.headers["etag"]
    assert client.get("/api/models", headers={"if-none-match": tag}).status_code == 304
    assert client.put("/api/settings", json={"pinned_models": ["local"], "default_model": "local"}).status_code == 200
    second = client.get("/api/models", headers={"if-none-match": tag})
    assert second.status_code == 200
    assert second.json()["version"] != first.json()["version"]
    cards = listed(client)
    assert [card["id"] for card in cards.values() if card["pinned"]] == ["local"]
    assert [card["id"] for card in cards.values() if card["is_default"]] == ["local"]
    client.put("/api/settings", json={"pinned_models": [], "default_model": None})


def test_the_median_of_first_words_is_shown(
    provider: FakeProvider, gateway: Gateway, database: dict[str, str], tmp_path: Path
) -> None:
    """A process that starts over answers that were given knows how soon each model begins."""
    with app_before(gateway, tmp_path, **database) as app, app.client() as client:
        for _ in range(3):
            events(client, send(client, "plain")["id"], until="answer_end")
    with app_before(gateway, tmp_path, **database) as app, app.client() as client:
        card = until(client, lambda cards: cards["plain"]["first_word_ms"] is not None)["plain"]
        assert 0 < card["first_word_ms"] < 5000


def test_a_dead_gateway_still_has_a_list_at_once(
    provider: FakeProvider, database: dict[str, str], tmp_path: Path
) -> None:
    """The last copy is answered without waiting, stale, even by a process that never saw the gateway alive."""
    models = [model("only", "plain", provider.base_url)]
    (tmp_path / "gateway").mkdir()
    with Gateway(tmp_path / "gateway", GatewayConfig(models=models)) as gateway:
        with app_before(gateway, tmp_path / "a", **database) as app, app.client() as client:
            until(client, lambda cards: list(cards) == ["only"])
            assert client.get("/api/models").json()["stale"] is False
            gateway.stop()
            limit = time.monotonic() + 15
            while not client.get("/api/models").json()["stale"]:
                assert time.monotonic() < limit
                time.sleep(0.05)
        with app_before(gateway, tmp_path / "a", **database) as app, app.client() as client:
            found = client.get("/api/models").json()
            assert [card["id"] for card in found["models"]] == ["only"]
            assert found["stale"] is True


def test_a_key_in_the_env_file_makes_a_model_ready_without_a_restart(
    provider: FakeProvider, database: dict[str, str], tmp_path: Path
) -> None:
    """`trunkline serve` and the application go on running; the model appears, and answers."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    (folder / ".env").write_text("")
    config = GatewayConfig(
        models=[model("plain", "plain", provider.base_url), keyed("locked", "LOCKED_API_KEY", provider)]
    )
    with (
        Gateway(folder, config) as gateway,
        app_before(gateway, tmp_path / "a", **database) as app,
        app.client() as client,
    ):
        pids = gateway.pid, app.pid
        assert until(client, lambda cards: "locked" in cards)["locked"]["state"] == "no_key"
        (folder / ".env").write_text("LOCKED_API_KEY=sk-now-it-is-there\n")
        os.utime(folder / ".env")
        card = until(client, lambda cards: cards["locked"]["state"] == "ready", 20)["locked"]
        assert card["variable"] is None
        read = events(client, send(client, "locked")["id"])
        assert read.of("answer_end")[0]["status"] == "done"
        assert (gateway.pid, app.pid) == pids
