"""Counting tokens: the same request without what only answering needs."""

from __future__ import annotations

import pytest

from tests.wire.anthropic_messages.recorded import ASKED
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Message, Text
from trunkline.ir.request import Request, Sampling
from trunkline.wire.anthropic_messages import count_tokens


def test_a_request_needs_no_max_tokens() -> None:
    """Nothing is added on the way."""
    body = {name: value for name, value in ASKED.items() if name != "max_tokens"}
    assert count_tokens.encode_request(count_tokens.decode_request(body), Losses()) == body


def test_knobs_are_left_out() -> None:
    """The API refuses what a count does not depend on."""
    request = Request(
        model="m",
        messages=[Message(role="user", parts=[Text(text="hi")])],
        sampling=Sampling(max_tokens=5, temperature=0.5, top_p=0.5, top_k=5, stop=["x"]),
        stream=True,
        user="u",
        service_tier="auto",
    )
    assert count_tokens.encode_request(request, Losses()).keys() == {"model", "messages"}


def test_the_number_goes_both_ways() -> None:
    """`{"input_tokens": n}`."""
    assert count_tokens.decode_answer(count_tokens.encode_answer(14)) == 14


@pytest.mark.parametrize("tokens", [None, -1, "5", 1.5, True])
def test_what_is_no_number_is_a_bad_shape(tokens: object) -> None:
    """With its place."""
    with pytest.raises(BadShape):
        count_tokens.decode_answer({"input_tokens": tokens})
