"""What is no single call and answer: counts of tokens, streams as one JSON array, predictions that are looked at again."""

from __future__ import annotations

import json
import time

import pytest

from tests.matrix.other_clients import CLIENTS, GeminiClient, MessagesClient
from tests.matrix.scenarios import CASES, PLAIN, WORDS, answer
from tests.matrix.wire import MODELS, Wire, failed, whole
from tests.support.raw_http import RawConnection, exchange, json_request
from tests.support.stand_in import Scenario
from trunkline.ir.parts import Text

BY_NAME = {client.name: client for client in CLIENTS}
MOST = 500
"""Tokens of a few words at most: Cohere's reasoning models read about 390 of their maker's before them."""


@pytest.mark.parametrize("upstream", MODELS)
def test_anthropic_counts(wire: Wire, upstream: str) -> None:
    """`count_tokens` asks the provider where it has the same operation, and is answered by estimate elsewhere."""
    wire.play(upstream, Scenario(answer=answer(Text(text=WORDS))))
    body = MessagesClient().body(PLAIN, f"up-{upstream}", stream=False)
    del body["max_tokens"]
    got = exchange(wire.gateway.port, json_request("/v1/messages/count_tokens", body, wire.gateway.master_key))
    assert got.status == 200, got.body
    tokens = got.json["input_tokens"]
    if upstream == "messages":
        assert tokens == 21
        assert wire.stand_in.last.body == {**body, "model": MODELS["messages"][1]}
    else:
        assert isinstance(tokens, int)
        assert 1 <= tokens <= MOST
        assert not wire.stand_in.calls


@pytest.mark.parametrize("upstream", MODELS)
def test_google_counts(wire: Wire, upstream: str) -> None:
    """The same for `countTokens`."""
    wire.play(upstream, Scenario(answer=answer(Text(text=WORDS))))
    body = GeminiClient().body(PLAIN, "", stream=False)
    path = f"/v1beta/models/up-{upstream}:countTokens"
    got = exchange(wire.gateway.port, json_request(path, {"contents": body["contents"]}, wire.gateway.master_key))
    assert got.status == 200, got.body
    tokens = got.json["totalTokens"]
    assert isinstance(tokens, int)
    assert tokens == 21 if upstream == "gemini" else 1 <= tokens <= MOST


@pytest.mark.parametrize("upstream", MODELS)
def test_a_stream_as_one_array(wire: Wire, upstream: str) -> None:
    """Without `alt=sse` Google's streams are one JSON array, whoever answers."""
    wire.play(upstream, Scenario(answer=answer(Text(text=WORDS))))
    path = f"/v1beta/models/up-{upstream}:streamGenerateContent"
    body = GeminiClient().body(PLAIN, "", stream=True)
    got = exchange(wire.gateway.port, json_request(path, body, wire.gateway.master_key))
    assert got.status == 200, got.body
    assert str(got.header("content-type")).startswith("application/json")
    chunks = json.loads(got.body)
    parts = [p for c in chunks for one in c["candidates"] for p in one.get("content", {}).get("parts", ())]
    assert "".join(p.get("text", "") for p in parts) == WORDS
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"
    assert wire.stand_in.last.complaints == []


@pytest.mark.parametrize("stream", [False, True])
def test_a_prediction_is_looked_at_again(wire: Wire, stream: bool) -> None:
    """A prediction that is at work when its creation is answered is asked for until it is done."""
    told = answer(Text(text=WORDS))
    told.id = "polled"
    wire.play("replicate", Scenario(answer=told))
    client = BY_NAME["chat"]
    got, _ = wire.ask(client, "replicate", PLAIN, stream=stream)
    assert client.hear(whole(client, got, stream=stream)).text == WORDS
    looks = [call for call in wire.stand_in.calls if call.method == "GET"]
    assert [call.path for call in looks] == ["/v1/predictions/jobpolled"]
    assert looks[0].headers["authorization"] == "Bearer sk-upstream-0123456789"


def test_a_prediction_that_nobody_waits_for_is_stopped(wire: Wire) -> None:
    """A client that hangs up while the prediction runs: it is canceled, because it would go on and cost."""
    told = answer(Text(text=WORDS))
    told.id = "left-polled"
    wire.play("replicate", Scenario(answer=told))
    body = BY_NAME["chat"].body(PLAIN, "up-replicate", stream=False)
    with RawConnection(wire.gateway.port) as connection:
        connection.send(json_request("/v1/chat/completions", body, wire.gateway.master_key))
        _wait(lambda: bool(wire.stand_in.calls))
        time.sleep(0.05)  # the gateway reads the answer, and waits for the next look
    _wait(lambda: any(call.path.endswith("/cancel") for call in wire.stand_in.calls))
    assert [call.path for call in wire.stand_in.calls if call.path.endswith("/cancel")] == [
        "/v1/predictions/jobleft-polled/cancel"
    ]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_prediction_that_fails(wire: Wire, client: GeminiClient, stream: bool) -> None:
    """A prediction that failed under 201 is an error in the client's format."""
    wire.play("replicate", Scenario(answer=answer(Text(text=WORDS)), end="error"))
    got, _ = wire.ask(client, "replicate", CASES["text"].request, stream=stream)
    status, _, message = failed(client, got)
    assert status >= 500
    assert "the model crashed" in message


def _wait(ready: object, seconds: float = 3.0) -> None:
    assert callable(ready)
    limit = time.monotonic() + seconds
    while not ready() and time.monotonic() < limit:
        time.sleep(0.01)
    assert ready()
