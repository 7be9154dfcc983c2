"""`GET /spend/logs`: the ledger's rows as LiteLLM's clients ask for them, on both databases."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support import postgres
from tests.support.gateway import Gateway, GatewayConfig, standard_models
from tests.support.provider import FakeProvider
from tests.support.raw_http import exchange, json_request

CASES = ("sqlite", "postgresql")


@pytest.fixture(scope="module", params=CASES)
def gateway(
    request: pytest.FixtureRequest, provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway whose ledger is in the one database or the other."""
    config = GatewayConfig(models=standard_models(provider))
    folder = tmp_path_factory.mktemp("spend")
    if request.param == "sqlite":
        with Gateway(folder, config) as running:
            yield running
        return
    with postgres.running() as server:
        config.environment["DATABASE_URL"] = server.url()
        config.general["database_url"] = "os.environ/DATABASE_URL"
        with Gateway(folder, config) as running:
            yield running


def call(gateway: Gateway, model: str = "plain", *, stream: bool = False) -> str:
    """Make one call; returns its id."""
    body: dict[str, object] = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": stream}
    body["user"] = "spend-" + secrets.token_hex(4)
    answer = exchange(gateway.port, json_request("/v1/chat/completions", body, gateway.master_key))
    found = answer.header("x-litellm-call-id")
    assert found is not None, answer
    return found


def logs(gateway: Gateway, query: str) -> list[dict[str, Any]]:
    """The list that is answered."""
    answer = gateway.get(f"/spend/logs?{query}")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = json.loads(answer.body)
    return found


def row(gateway: Gateway, call_id: str) -> dict[str, Any]:
    """The row of a call, asked for until it is there."""
    limit = time.monotonic() + 8
    while not (found := logs(gateway, f"request_id={call_id}")):
        assert time.monotonic() < limit, gateway.log()[-2000:]
        time.sleep(0.02)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("stream", [False, True])
def test_the_row_of_a_call_is_found_by_the_id_its_answer_names(gateway: Gateway, stream: bool) -> None:
    """LiteLLM's names of columns, money exact in pico-USD and as a number, times with their zone."""
    call_id = call(gateway, stream=stream)
    found = row(gateway, call_id)
    assert found["request_id"] == call_id
    assert found["model_group"] == "plain"
    assert found["total_tokens"] == found["prompt_tokens"] + found["completion_tokens"] > 0
    # The test's prices: 1 and 2 USD for a million tokens.
    assert found["spend_pico"] == (found["prompt_tokens"] + 2 * found["completion_tokens"]) * 1_000_000
    assert found["spend"] == pytest.approx(found["spend_pico"] / 1e12)
    start, end = (datetime.fromisoformat(found[name]) for name in ("startTime", "endTime"))
    assert timedelta(0) <= end - start < timedelta(minutes=1)
    assert abs(datetime.now(UTC) - end) < timedelta(minutes=1)
    assert found["status"] == "success"


def test_a_call_that_is_not_there_is_an_empty_list(gateway: Gateway) -> None:
    """As LiteLLM answers; a client that polls needs no error to tell from another."""
    assert logs(gateway, "request_id=nobody") == []
    assert logs(gateway, "api_key=sk-nobody") == []


def test_rows_of_a_key_are_found_by_the_key_and_by_its_hash(gateway: Gateway) -> None:
    """Newest first."""
    first, second = call(gateway), call(gateway, stream=True)
    row(gateway, first)
    row(gateway, second)
    by_key = [found["request_id"] for found in logs(gateway, f"api_key={gateway.master_key}")]
    assert by_key.index(second) < by_key.index(first)
    hashed = hashlib.sha256(gateway.master_key.encode()).hexdigest()
    assert [found["request_id"] for found in logs(gateway, f"api_key={hashed}")] == by_key


def test_days_are_summed_unless_rows_are_asked_for(gateway: Gateway) -> None:
    """With two dates the answer is a list of days; `summarize=false` gives the rows of those days."""
    row(gateway, call(gateway))
    today = datetime.now(UTC).date()
    dates = f"start_date={today - timedelta(days=1)}&end_date={today}"
    rows = logs(gateway, f"{dates}&summarize=false")
    summed = logs(gateway, dates)
    assert rows
    assert sum(day["spend"] for day in summed) == pytest.approx(sum(found["spend"] for found in rows))
    assert summed[-1]["users"] == {}
    assert sum(summed[-1]["models"].values()) == pytest.approx(summed[-1]["spend"])
    last_year = f"start_date={today - timedelta(days=400)}&end_date={today - timedelta(days=399)}"
    assert logs(gateway, last_year) == []


def test_what_is_wrong_is_said(gateway: Gateway) -> None:
    """One date alone is a 400, no key is a 401 like everywhere else."""
    answer = gateway.get("/spend/logs?start_date=2026-11-24")
    assert answer.status == 400
    assert "end_date" in str(answer.error_body["message"])
    assert gateway.get("/spend/logs", key="").status == 401


def test_a_database_that_is_gone_is_said(provider: FakeProvider, tmp_path: Path) -> None:
    """503 with a sentence, and calls go on."""
    config = GatewayConfig(models=standard_models(provider))
    config.general["database_url"] = "postgresql://nobody@127.0.0.1:1/none"
    with Gateway(tmp_path, config) as running:
        assert call(running)
        answer = running.get("/spend/logs?request_id=x")
        assert answer.status == 503
        assert "does not answer" in str(answer.error_body["message"])
