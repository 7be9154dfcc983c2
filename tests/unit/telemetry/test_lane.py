"""One destination: bounded, patient, counted, and never in anybody's way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from tests.unit.telemetry.records import good
from trunkline.telemetry.callbacks.lane import Item, Lane, Sink


class Target:
    """A sink that answers as it is told to: `answers` first, then nothing but success."""

    def __init__(self, *answers: str, batch: int = 10) -> None:
        self.batch = batch
        self.answers = list(answers)
        self.got: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.closed = False

    def send(self, items: Sequence[Item]) -> str:
        self.entered.set()
        self.gate.wait(20)
        answer = self.answers.pop(0) if self.answers else ""
        if answer == "raise":
            raise ValueError("with sk-a-secret-key-0123 in it")
        if not answer:
            self.got += [getattr(item, "request_id", "") for item in items]
        return answer

    def close(self) -> None:
        self.closed = True


def until(ready: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Poll until it is so."""
    limit = time.monotonic() + seconds
    while not ready() and time.monotonic() < limit:
        time.sleep(0.005)
    return ready()


def calls(count: int, start: int = 0) -> list[Item]:
    """Calls with ids of their own."""
    return [good(request_id=f"call-{number}") for number in range(start, start + count)]


def lane(target: Target, *, limit: int = 100) -> Lane:
    """A lane with no patience to speak of."""
    return Lane("there", lambda: target, redact=lambda text: text.replace("sk-a-secret-key-0123", "***"), limit=limit,
                pauses=(0.0, 0.0))  # fmt: skip


def test_everything_arrives_in_order() -> None:
    """In batches, each counted as sent."""
    target = Target()
    running = lane(target)
    running.put(calls(25))
    assert until(lambda: running.sent == 25)
    assert target.got == [f"call-{number}" for number in range(25)]
    running.end()
    running.join(5)
    assert target.closed


def test_a_full_queue_drops_what_comes_and_nobody_waits() -> None:
    """While a target hangs with ten in its hands, a hundred wait, the rest is counted as dropped, `put` goes on."""
    target = Target()
    target.gate.clear()
    running = lane(target)
    running.put(calls(10))
    assert target.entered.wait(5)
    for start in range(10, 310, 30):
        running.put(calls(30, start))
    assert running.dropped == 200
    assert running.sent == running.failed == 0
    target.gate.set()
    assert until(lambda: running.sent == 110)
    assert target.got == [f"call-{number}" for number in range(110)]
    running.end()


def test_what_is_not_taken_is_sent_again() -> None:
    """Twice refused, then taken: sent, not failed, and in the target once."""
    target = Target("HTTP 503", "HTTP 503")
    running = lane(target)
    running.put(calls(3))
    assert until(lambda: running.sent == 3)
    assert target.got == ["call-0", "call-1", "call-2"]
    assert running.failed == 0
    running.end()


def test_patience_ends_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """A batch that is refused to the end counts as failed; the log has one line for the trouble and one for its end."""
    target = Target("HTTP 500", "raise", "raise", batch=1)
    running = lane(target)
    with caplog.at_level(logging.WARNING):
        running.put(calls(1))
        assert until(lambda: running.failed == 1)
        running.put(calls(1, 1))
        assert until(lambda: running.sent == 1)
        running.end()
        running.join(5)
    assert [record.getMessage() for record in caplog.records] == [
        "`there` does not take what is sent: ValueError: with *** in it",
        "`there` takes what is sent again",
    ]


def test_another_sink_takes_over() -> None:
    """After a change of settings the next batch goes through the new sink, and the old one is closed."""
    old, new = Target(), Target()
    running = lane(old)
    running.put(calls(1))
    assert until(lambda: running.sent == 1)
    running.replace(lambda: new)
    running.put(calls(1, 1))
    assert until(lambda: running.sent == 2)
    assert (old.got, old.closed, new.got) == (["call-0"], True, ["call-1"])
    running.end()


def test_a_sink_that_cannot_be_made_takes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Its records count as failed with the reason in the log; a later change of settings mends it."""

    def broken() -> Sink:
        raise ImportError("no module named `sdk`")

    target = Target()
    with caplog.at_level(logging.WARNING):
        running = Lane("there", broken, redact=str, pauses=())
        running.put(calls(3))
        assert until(lambda: running.failed == 3)
        running.replace(lambda: target)
        running.put(calls(1, 3))
        assert until(lambda: running.sent == 1)
        running.end()
    assert "its SDK does not start: ImportError: no module named `sdk`" in caplog.text


def test_the_end_sends_what_waits() -> None:
    """Everything that was put before the end is tried once."""
    target = Target(batch=7)
    target.gate.clear()
    running = lane(target)
    running.put(calls(50))
    running.end()
    target.gate.set()
    running.join(10)
    assert (running.sent, len(target.got)) == (50, 50)
