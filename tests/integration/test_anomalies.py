"""From a call that costs too much to the webhook, the log, the metrics and the list of anomalies."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tests.support.fixtures import MakeGateway
from tests.support.gateway import Gateway
from tests.support.observers import Observers
from tests.support.raw_http import exchange, json_request

HOUR = 3600
WEEK = 168 * HOUR
COLUMNS = (
    "model_group, model, provider, api_key, status, calls, prompt_tokens, completion_tokens, cache_read_tokens, "
    "cache_write_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, spend_pico, duration_ms, "
    "first_byte_ms, first_byte_calls, unpriced_calls"
)


@pytest.fixture
def observers() -> Iterator[Observers]:
    """Slack and a webhook."""
    with Observers() as running:
        yield running


def until(ready: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Poll until it is so."""
    limit = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def ask(gateway: Gateway) -> bool:
    """A call that costs some ten-thousandths of a dollar went well."""
    body = {"model": "plain", "messages": [{"role": "user", "content": "x"}]}
    answer = exchange(gateway.port, json_request("/v1/chat/completions", body, gateway.master_key))
    return answer.status == 200


def write_history(gateway: Gateway, key_hash: str) -> None:
    """Nine weeks in which an hour came to a millionth of a dollar."""
    now = int(time.time()) // HOUR * HOUR
    connection = sqlite3.connect(gateway.database, timeout=10)
    try:
        for table, start, step in (("rollups", "bucket_start", HOUR), ("days", "day_start", 24 * HOUR)):
            first = (now - 9 * WEEK) // step * step
            rows = [
                (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.000000+00:00"),
                 "plain", "plain", "openai", key_hash, "success", 1, *[0] * 7, 1_000_000, 0, 0, 0, 0)
                for at in range(first, now - 24 * HOUR, step)
            ]  # fmt: skip
            marks = ", ".join("?" * 19)
            connection.executemany(f"INSERT INTO litellm_usage_{table} ({start}, {COLUMNS}) VALUES ({marks})", rows)
        connection.commit()
    finally:
        connection.close()


def switch_on(gateway: Gateway) -> None:
    """Turn the watch on in the file: the reload is what makes the first look."""
    config = json.loads(gateway.config_file.read_text())
    config["general_settings"]["trunkline"]["anomaly_detection"] = True
    gateway.config_file.write_text(json.dumps(config))


def metric(gateway: Gateway, line: str) -> int:
    """A sample of `/metrics`."""
    text = gateway.get("/metrics").body.decode()
    return next((int(found.rsplit(" ", 1)[1]) for found in text.splitlines() if found.startswith(line)), -1)


def furthest(gateway: Gateway) -> list[int]:
    """The furthest spend of each excursion in the table."""
    connection = sqlite3.connect(f"file:{gateway.database}?mode=ro", uri=True, timeout=5)
    try:
        return [row[0] for row in connection.execute("SELECT spend_pico FROM trunkline_anomalies ORDER BY scope")]
    finally:
        connection.close()


def test_an_excursion_is_told_everywhere_once(make_gateway: MakeGateway, observers: Observers) -> None:
    """One alert for the model and one for the key, by Slack and by webhook; further calls of the hour add none."""
    urls = {"SLACK_WEBHOOK_URL": f"{observers.url}/slack", "WEBHOOK_URL": f"{observers.url}/webhook"}
    settings = {"anomaly_detection": False, "anomaly_floor_usd": 0.00001, "anomaly_interval_seconds": 1}
    gateway = make_gateway(general={"alerting": ["slack", "webhook"]}, trunkline=settings, environment=urls)
    assert ask(gateway)
    rows = gateway.wait_rows(lambda rows: len(rows) == 1)
    key_hash = str(rows[0]["api_key"])
    write_history(gateway, key_hash)
    switch_on(gateway)
    heard = observers.heard
    # Further calls while we wait: should the hour turn now, they are what is unusual in the next one.
    assert until(lambda: ask(gateway) and len(heard.posts) >= 4)
    assert sorted((post["path"], post.get("event_group", "")) for post in heard.posts) == [
        ("/slack", ""), ("/slack", ""), ("/webhook", "key"), ("/webhook", "model"),
    ]  # fmt: skip
    assert {post["name"] for post in heard.posts if post["path"] == "/webhook"} == {"plain", key_hash}
    before = furthest(gateway)
    assert len(before) == 2
    assert until(lambda: ask(gateway) and all(new > old for new, old in zip(furthest(gateway), before, strict=True)))
    assert len(observers.heard.posts) == 4
    assert gateway.log().count("WARNING: anomaly: spending of the model `plain`") == 1
    assert until(lambda: metric(gateway, 'trunkline_anomalies_total{scope="model"}') == 1)
    assert metric(gateway, 'trunkline_anomalies_open{scope="key"}') == 1
    assert metric(gateway, 'trunkline_callback_sent_total{callback="webhook"}') == 2
    assert gateway.get("/trunkline/anomalies", key="").status == 401
    found = gateway.get("/trunkline/anomalies").json
    assert found["watching"] is True
    assert found["open"] == 2
    listed = found["anomalies"]
    assert isinstance(listed, list)
    assert {(one["scope"], one["name"], one["direction"], one["closed"]) for one in listed} == {
        ("model", "plain", "high", None), ("key", key_hash, "high", None),
    }  # fmt: skip


def test_a_gateway_without_a_ledger_yet_has_none(make_gateway: MakeGateway) -> None:
    """The list is empty and well-formed from the first second on."""
    gateway = make_gateway()
    found = gateway.get("/trunkline/anomalies")
    assert found.status == 200
    assert found.json == {"watching": True, "open": 0, "anomalies": []}
