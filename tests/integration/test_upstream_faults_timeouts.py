"""U04-U08: a provider that is too slow, in each phase of an answer."""

from __future__ import annotations

import pytest

from tests.support.checker import Told
from tests.support.gateway import SHORT
from tests.support.load import at_once, call
from tests.support.trial import CHAT, COMPLETIONS, EMBEDDINGS, ONCE, Trial

pytestmark = pytest.mark.alone

SLACK = 0.25
"""Seconds that a timeout may be late (reliability.md, section 4)."""
FIRST_BYTE, IDLE, TOTAL = SHORT["first_byte_timeout"], SHORT["idle_timeout"], 4.0
ROUTES = [(CHAT, False), (CHAT, True), (COMPLETIONS, False), (COMPLETIONS, True), (EMBEDDINGS, False)]


def assert_timed_out(told: Told, limit: float, slack: float = SLACK) -> None:
    """A typed 408 (LiteLLM's status for timeouts) at the limit."""
    assert told.answer.status == 408, (told.answer.status, told.answer.body)
    assert str(told.answer.error_body["message"]).startswith("litellm.Timeout: ")
    assert limit - 0.05 <= told.seconds <= limit + slack, told.seconds


def assert_stalled_stream(trial: Trial, told: Told, events: int, limit: float, slack: float = SLACK) -> None:
    """Whole events, then exactly one error event, no `[DONE]`; the row has what was produced."""
    assert told.answer.status == 200
    assert told.answer.complete, told.answer.error
    stream = told.answer.stream
    assert not stream.broken
    assert (stream.content_events, len(stream.errors), stream.done, stream.after_end) == (events, 1, 0, 0)
    assert {"message", "type", "param", "code"} <= stream.errors[0].keys()
    assert limit - 0.05 <= told.seconds <= limit + slack, told.seconds
    row = trial.row(told.marker)
    assert row["status"] == "failure"
    assert row["usage_source"] == "estimated"
    assert isinstance(row["completion_tokens"], int)
    assert row["completion_tokens"] >= 1


@pytest.mark.parametrize("fault", ["silent", "head_only"])
def test_u04_u05_silence_ends_at_the_first_byte_timeout(trial: Trial, fault: str) -> None:
    """U04, U05: silence from byte 0, or after the head, is a 408 at `first_byte_timeout` on every route."""
    calls = [call(trial, f"fault:{fault}", path=path, stream=stream, headers=ONCE) for path, stream in ROUTES]
    for told in at_once(calls):
        assert_timed_out(told, FIRST_BYTE)
        assert trial.row(told.marker)["outcome"] == "timeout"
        assert trial.ended(told.marker).ended == "client_closed"


def test_u05_another_deployment_takes_over_after_silence(trial: Trial) -> None:
    """U04, U05: nothing was sent yet, so the next deployment answers."""
    faults = ["silent", "head_only", "pings:after=0"]
    for told in at_once(call(trial, f"over/fault:{fault}", stream=True) for fault in faults):
        assert told.acknowledged, (told.answer.status, told.answer.body)
        assert FIRST_BYTE - 0.05 <= told.seconds <= FIRST_BYTE + SLACK


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
def test_u06_a_stall_between_events_ends_at_the_idle_timeout(trial: Trial, path: str) -> None:
    """U06: a stall after 1, 5 and n-1 of 8 events ends the stream with one error event at `idle_timeout`."""
    counts = {1: 1, 5: 5, -1: 7}
    calls = [call(trial, f"fault:stall:n=8,after={after}", path=path, stream=True, headers=ONCE) for after in counts]
    for told, events in zip(at_once(calls), counts.values(), strict=True):
        assert_stalled_stream(trial, told, events, IDLE)
        assert trial.row(told.marker)["outcome"] == "stalled"


def test_u06_a_stall_inside_a_whole_answer_ends_at_the_idle_timeout(trial: Trial) -> None:
    """U06: half a JSON body and then nothing is a typed 408, not half an answer."""
    told = trial.call("fault:stall", headers=ONCE)
    assert_timed_out(told, IDLE)
    assert trial.row(told.marker)["outcome"] == "stalled"


def test_u07_a_drip_is_ended_by_the_total_deadline(trial: Trial) -> None:
    """U07: bytes that beat the idle timer do not beat the total deadline (within 1 s)."""
    limited = ONCE | {"x-litellm-timeout": str(TOTAL)}
    calls = [
        call(trial, "fault:drip:interval=0.5,size_bytes=230,n=30", stream=True, headers=limited),
        call(trial, "fault:drip:interval=0.1", headers=limited),
    ]
    streamed, whole = at_once(calls)
    assert_timed_out(whole, TOTAL, slack=1.0)
    assert streamed.answer.status == 200
    stream = streamed.answer.stream
    assert (len(stream.errors), stream.done, stream.broken) == (1, 0, [])
    assert TOTAL - 0.05 <= streamed.seconds <= TOTAL + 1.0
    assert trial.row(streamed.marker)["outcome"] == "timeout"


def test_u08_pings_do_not_reset_the_token_timers(trial: Trial) -> None:
    """U08: a provider that only sends comments is as silent as one that sends nothing."""
    calls = [
        call(trial, "fault:pings:after=0", stream=True, headers=ONCE),
        call(trial, "fault:pings:after=3", stream=True, headers=ONCE),
    ]
    never, stopped = at_once(calls)
    assert_timed_out(never, FIRST_BYTE)
    assert_stalled_stream(trial, stopped, 3, IDLE)


def test_u04_a_slow_but_living_answer_is_not_cut(trial: Trial) -> None:
    """U04-U06: an answer that stays inside every limit is delivered whole, however long it takes in all."""
    calls = [
        call(trial, "fault:ok:head_delay=1.2", headers=ONCE),
        call(trial, "fault:ok:head_delay=1.2,delay=0.6,n=3", stream=True, headers=ONCE),
    ]
    for told in at_once(calls):
        assert told.acknowledged, told.answer
