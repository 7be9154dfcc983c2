"""`x-trunkline-strict: true`: what would be lost is an error in the client's format, and nothing is sent."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.matrix import compare
from tests.matrix.hearing import Client
from tests.matrix.other_clients import CLIENTS
from tests.matrix.scenarios import PLAIN, WORDS, answer
from tests.matrix.wire import Wire, failed
from tests.support.raw_http import exchange, json_request
from tests.support.stand_in import Scenario
from trunkline.ir.parts import Text

KNOBS: Final[dict[str, dict[str, Any]]] = {
    "chat": {"logit_bias": {"50256": -100}}, "responses": {"top_logprobs": 2}, "messages": {"top_k": 5},
    "gemini": {"generationConfig": {"topK": 5}}, "cohere": {"k": 5},
}  # fmt: skip
"""A knob of each format that the other side has not."""


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("client", [c for c in CLIENTS if c.name in KNOBS], ids=lambda client: client.name)
def test_a_knob_that_is_lost(wire: Wire, client: Client, strict: bool) -> None:
    """Named in `x-trunkline-losses`, or refused where the client says so."""
    upstream = "converse" if client.name in ("chat", "responses") else "responses"
    body = client.body(PLAIN, f"up-{upstream}", stream=False) | KNOBS[client.name]
    wire.play(upstream, Scenario(answer=answer(Text(text=WORDS))))
    path = client.path(f"up-{upstream}", stream=False)
    headers = {"x-trunkline-strict": "true"} if strict else {}
    got = exchange(wire.gateway.port, json_request(path, body, wire.gateway.master_key, headers))
    if strict:
        status, _, message = failed(client, got)
        assert status == 400
        assert "strict" in message
        assert not wire.stand_in.calls
        return
    assert got.status == 200, got.body
    assert compare.losses_of(got.header("x-trunkline-losses"))
