"""What Langfuse and Sentry are told of a call."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.records import bad, good
from trunkline.ledger.record import CallRecord
from trunkline.telemetry.callbacks.langfuse_sink import attributes, cost, usage
from trunkline.telemetry.callbacks.sentry_sink import event
from trunkline.telemetry.redact import Redactor

SECRET = "sk-of-a-provider-0123456789"
REDACT = Redactor([SECRET])
TOKENS = st.integers(min_value=0, max_value=10**6)


@given(TOKENS, TOKENS, TOKENS, TOKENS, TOKENS)
def test_kinds_of_tokens_add_up(plain: int, read: int, write: int, said: int, thought: int) -> None:
    """Cached tokens are inside the input and reasoning inside the output: told apart, and counted once."""
    call = good(
        input_total=plain + read + write, cache_read=read, cache_write=write, output_total=said + thought,
        reasoning=thought,
    )  # fmt: skip
    found = usage(call)
    assert found["total"] == call.input_total + call.output_total
    assert sum(count for kind, count in found.items() if kind != "total") == found["total"]
    assert (found["input"], found["output"]) == (plain, said)


def test_money_is_usd() -> None:
    """By kind and in sum; a call without a price has none, not a price of nothing."""
    call = good(cost_input=2_000_000_000, cost_output=1_000_000_000, cost_other=500_000_000, cost=3_500_000_000)
    assert cost(call) == {"input": 0.002, "output": 0.001, "other": 0.0005, "total": 0.0035}
    assert "langfuse.observation.cost_details" in attributes(call, REDACT)
    assert "langfuse.observation.cost_details" not in attributes(good(price_version=""), REDACT)


def test_a_failure_is_an_error_with_its_cause() -> None:
    """In both, with every known secret masked."""
    call = bad(error=f"Incorrect API key provided: {SECRET}", http_status=502)
    said = attributes(call, REDACT)
    assert said["langfuse.observation.level"] == "ERROR"
    assert said["langfuse.observation.status_message"] == "Incorrect API key provided: ***"
    found = event(call, REDACT)
    assert found["exception"]["values"] == [{"type": call.outcome, "value": "Incorrect API key provided: ***"}]
    assert (found["level"], found["tags"]["call_id"]) == ("error", call.request_id)
    assert SECRET not in json.dumps([said, found], default=str)


def test_the_same_call_is_the_same_event() -> None:
    """What is sent twice is there once; another call is another event, and of one cause they are one issue."""
    one, other = bad(request_id="one"), bad(request_id="other")
    assert event(one, REDACT)["event_id"] == event(one, REDACT)["event_id"] != event(other, REDACT)["event_id"]
    assert event(one, REDACT)["fingerprint"] == event(other, REDACT)["fingerprint"]
    assert event(bad(http_status=429), REDACT)["level"] == "warning"


def test_the_clients_address_is_told_to_nobody() -> None:
    """Every field of a record may be told but this one."""
    call: CallRecord = bad(requester_ip="203.0.113.77")
    assert "203.0.113.77" not in json.dumps([attributes(call, REDACT), event(call, REDACT)], default=str)
