"""Answers without usage: what the gateway counts itself, through a running gateway."""

from __future__ import annotations

import time

import pytest

from tests.support.trial import Trial
from trunkline.ir.parts import Message, Text
from trunkline.ir.request import Request
from trunkline.profiles import tokens

ONCE = {"x-litellm-num-retries": "0"}
TEXT = "\u4eca\u65e5\u306f\u5929\u6c17\u304c\u3044\u3044\u3067\u3059\u306d\u3002 " * 40


@pytest.mark.parametrize("stream", [False, True])
def test_a_missing_usage_is_counted_in_the_models_vocabulary(trial: Trial, stream: bool) -> None:
    """The row has the tokens of the request as the vocabulary has them, not its bytes; it stays flagged as estimated.

    The first count may come before the vocabulary is loaded, so it is asked for again until it is there.
    """
    assert tokens.load(tokens.rates_of("fault:usage").vocabulary) is not None
    body = Request(model="m", messages=[Message(role="user", parts=[Text(text=TEXT)])])
    expected = tokens.request_tokens(body, "fault:usage")
    limit = time.monotonic() + 20
    while True:
        messages = [{"role": "user", "content": TEXT}]
        told = trial.call("fault:usage:kind=missing", stream=stream, headers=ONCE, messages=messages)
        row = trial.row(told.marker)
        assert row["usage_source"] == "estimated"
        if row["prompt_tokens"] == expected:
            break
        assert time.monotonic() < limit, (row["prompt_tokens"], expected)
    assert int(str(row["completion_tokens"])) > 0
