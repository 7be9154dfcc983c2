"""`POST /api/compare`: several models, one question, everything in one answer."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.backend.runs_fixtures import app, client, database, mark, runs_gateway
from tests.backend.runs_support import marked
from tests.backend.test_runs import pico
from tests.support.gateway import Gateway
from tests.support.provider import FakeProvider

__all__ = ["app", "client", "database", "mark", "runs_gateway"]


def test_answers_and_errors_stand_in_their_places(client: httpx.Client, runs_gateway: Gateway) -> None:
    """Text, tokens, time and the ledger's own cost of each; who fails has an error with a way out."""
    body = {"models": ["plain", "keyless", "over/x"], "prompt": "Hello", "params": {"max_tokens": 50}}
    answer = client.post("/api/compare", json=body)
    assert answer.status_code == 200, answer.text
    first, second, third = answer.json()["results"]
    assert [first["model"], second["model"], third["model"]] == body["models"]
    for result in (first, third):
        receipt = result["receipt"]
        assert result["error"] is None
        assert "#0" in result["content"]
        assert receipt["usage"]["total"] == receipt["usage"]["input"] + receipt["usage"]["output"] > 0
        assert receipt["timing"]["total_ms"] > 0
        assert int(receipt["cost_nano"]) * 1000 == pico(runs_gateway, receipt["call_id"]) > 0
        assert receipt["settled"]
    assert second["content"] is None
    assert second["error"]["code"] == "no_key"
    assert second["error"]["variable"] == "NO_SUCH_API_KEY"


def test_the_models_are_asked_at_the_same_time(client: httpx.Client, provider: FakeProvider, mark: str) -> None:
    """Each request is at the provider before the first is answered."""
    models = [marked("ok", f"{mark}{number}", head_delay=0.5) for number in range(3)]
    begun = time.monotonic()
    answer = client.post("/api/compare", json={"models": models, "messages": [{"role": "user", "content": "Hello"}]})
    assert all(result["content"] for result in answer.json()["results"])
    calls = [entry for entry in provider.ledger() if mark in entry.model]
    assert len(calls) == 3
    assert max(call.arrived for call in calls) < min(call.ended_at or begun + 99 for call in calls)


@pytest.mark.parametrize("body", [{"models": ["plain"], "prompt": "x"}, {"models": ["a", "b"]}])
def test_less_than_a_comparison_is_refused(client: httpx.Client, body: dict[str, object]) -> None:
    """One model, or no question."""
    assert client.post("/api/compare", json=body).status_code == 422
