"""A new configuration: by file, by signal, by API; whole or not at all; in every worker."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway
from tests.support.provider import FakeProvider
from tests.support.raw_http import Answer, exchange, json_request

CHAT = "/v1/chat/completions"


def rename(gateway: Gateway, name: str) -> None:
    """Write the configuration anew with its first model under another name."""
    config = json.loads(gateway.config_file.read_text())
    config["model_list"][0]["model_name"] = name
    gateway.config_file.write_text(json.dumps(config, indent=2))


def ask(gateway: Gateway, name: str) -> int:
    """Status of a call on a connection of its own."""
    body = {"model": name, "messages": []}
    return exchange(gateway.port, json_request(CHAT, body, gateway.master_key, {"Connection": "close"})).status


def reload(gateway: Gateway, key: str | None = None) -> Answer:
    """`POST /config/reload`."""
    return exchange(gateway.port, json_request("/config/reload", {}, gateway.master_key if key is None else key))


def until(ready: Callable[[], bool], seconds: float = 8.0) -> bool:
    """Poll until it is so."""
    limit = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def on_file(gateway: Gateway) -> None:
    """Nothing but the changed file."""


def on_signal(gateway: Gateway) -> None:
    """SIGHUP to the parent."""
    gateway.signal(signal.SIGHUP)


def on_request(gateway: Gateway) -> None:
    """The API."""
    answer = reload(gateway)
    assert answer.status == 200, answer.body
    assert answer.json["status"] == "reloaded"


@pytest.mark.parametrize("tell", [on_file, on_signal, on_request])
def test_every_worker_follows(make_gateway: MakeGateway, tell: Callable[[Gateway], None]) -> None:
    """A file change, SIGHUP and the API each reach all workers: soon every new connection finds the new name alone."""
    gateway = make_gateway(workers=2)
    assert ask(gateway, "plain") == 200
    rename(gateway, "renamed")
    tell(gateway)
    assert until(lambda: all(ask(gateway, "renamed") == 200 for _ in range(12)))
    assert all(ask(gateway, "plain") == 400 for _ in range(12))


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda text: text[:-20], "config.yaml"),
        (lambda text: text.replace('"model_list": [', '"model_list": "x", "y": ['), "model_list"),
        (lambda text: text.replace("1e-06", "-5", 1), "input_cost_per_token"),
        (lambda text: text.replace('"model_list"', '"model_lst"'), "model_list"),
    ],
    ids=["cut", "wrong type", "negative price", "no models"],
)
def test_a_bad_file_changes_nothing(make_gateway: MakeGateway, spoil: Callable[[str], str], word: str) -> None:
    """A configuration that cannot be used is refused with file and reason; the old one stays in force."""
    gateway = make_gateway()
    good = gateway.config_file.read_text()
    version = gateway.get("/model/info").body
    gateway.config_file.write_text(spoil(good))
    answer = reload(gateway)
    assert answer.status in (400, 422), answer.body
    assert "the old one stays" in str(answer.error_body["message"])
    assert word in str(answer.error_body["message"])
    assert ask(gateway, "plain") == 200
    assert gateway.get("/model/info").body == version
    gateway.signal(signal.SIGHUP)
    assert until(lambda: gateway.log().count("is refused, the old one stays") >= 2)
    assert ask(gateway, "plain") == 200
    gateway.config_file.write_text(good)
    assert reload(gateway).status == 200


def test_reload_needs_a_key(shared_gateway: Gateway) -> None:
    """Without a key, or with a wrong one, nothing is reloaded."""
    assert reload(shared_gateway, key="sk-no").status == 401


def test_calls_in_flight_keep_what_they_began_with(make_gateway: MakeGateway, provider: FakeProvider) -> None:
    """A stream under way when its model disappears ends as it would have; the next call is told the new state."""
    gateway = make_gateway(trunkline={"first_byte_timeout": 5})
    answers: list[Answer] = []
    body: dict[str, Any] = {
        "model": "fault:ok:n=20,delay=0.05",
        "user": "reload-flight",
        "messages": [],
        "stream": True,
    }
    data = json_request(CHAT, body, gateway.master_key)
    running = threading.Thread(target=lambda: answers.append(exchange(gateway.port, data)))
    running.start()
    provider.wait_entry("reload-flight")
    config = json.loads(gateway.config_file.read_text())
    config["model_list"] = [entry for entry in config["model_list"] if not entry["model_name"].startswith("fault")]
    gateway.config_file.write_text(json.dumps(config))
    assert reload(gateway).status == 200
    running.join(15)
    assert answers[0].stream.done == 1
    assert answers[0].stream.content_events == 20
    assert ask(gateway, "fault:ok") == 400


def test_a_new_key_counts_at_once(make_gateway: MakeGateway) -> None:
    """The master key of the new file lets in; the old one no longer does, on kept connections either."""
    gateway = make_gateway()
    assert ask(gateway, "plain") == 200
    config = json.loads(gateway.config_file.read_text())
    config["general_settings"]["master_key"] = "sk-a-brand-new-master-key"
    gateway.config_file.write_text(json.dumps(config))
    gateway.signal(signal.SIGHUP)  # the file's watch may have been quicker: then the API would refuse the old key
    assert until(lambda: ask(gateway, "plain") == 401)
    gateway.master_key = "sk-a-brand-new-master-key"
    assert ask(gateway, "plain") == 200
