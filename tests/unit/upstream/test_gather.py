"""Events of streams that come fast share a turn of the loop; others are never held up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from trunkline.upstream.gather import WINDOW, Gather

SECONDS = 0.001


class Clock:
    """Time as the loop and the waiting see it; sleeping moves it on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def time(self) -> float:
        """The time in seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


class Loop:
    """Runs what was arranged when the test says so."""

    def __init__(self, clock: Clock) -> None:
        self.time = clock.time
        self.arranged: list[Callable[[], object]] = []

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Remember it for the end of the turn."""
        self.arranged.append(callback)

    def turn(self) -> None:
        """End the turn."""
        arranged, self.arranged = self.arranged, []
        for callback in arranged:
            callback()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that the module under test goes by."""
    clock = Clock()
    monkeypatch.setattr("trunkline.upstream.gather.time.sleep", clock.sleep)
    monkeypatch.setattr("trunkline.upstream.gather.time.monotonic", clock.time)
    return clock


def events(one: Gather, loop: Loop, clock: Clock, count: int, gap: float) -> None:
    """As many events, each in a turn of its own, `gap` seconds apart."""
    for _ in range(count):
        clock.now += gap
        one.seen()
        loop.turn()


@pytest.fixture
def loop(clock: Clock) -> Loop:
    """A loop on that clock."""
    return Loop(clock)


def of(loop: Loop, seconds: float = SECONDS) -> Gather:
    """One on a stand-in loop."""
    return Gather(loop, seconds)  # type: ignore[arg-type]  # the part of a loop that is used


def test_slow_events_are_never_held_up(loop: Loop, clock: Clock) -> None:
    """A stream of a token every 10 ms: the loop goes on at once, after every one of a thousand."""
    events(of(loop), loop, clock, 1000, 0.01)
    assert clock.slept == []


def test_fast_events_come_in_turns_a_millisecond_apart(loop: Loop, clock: Clock) -> None:
    """After the first ones the loop waits out the rest of the millisecond, never longer."""
    one = of(loop)
    events(one, loop, clock, WINDOW * 4, 0.0003)
    assert one.waits == len(clock.slept) > WINDOW
    assert min(clock.slept) > 0
    assert max(clock.slept) <= SECONDS + 1e-9


def test_a_busy_loop_is_not_held_up(loop: Loop, clock: Clock) -> None:
    """Turns that take longer than a millisecond by themselves are not made longer, however many events they carry."""
    one = of(loop)
    for _ in range(20):
        clock.now += 0.002
        for _ in range(WINDOW):
            one.seen()
        loop.turn()
    assert clock.slept == []


def test_it_stops_when_the_events_come_slowly_again(loop: Loop, clock: Clock) -> None:
    """At most one more window of events is held up."""
    one = of(loop)
    events(one, loop, clock, WINDOW * 4, 0.0003)
    events(one, loop, clock, WINDOW * 2, 0.01)
    before = len(clock.slept)
    events(one, loop, clock, WINDOW * 4, 0.01)
    assert len(clock.slept) == before


def test_it_can_be_switched_off(loop: Loop, clock: Clock) -> None:
    """`gather_seconds: 0` sends every event on by itself."""
    events(of(loop, 0.0), loop, clock, 1000, 0.0)
    assert clock.slept == []
    assert loop.arranged == []


async def test_one_turn_is_arranged_for_however_many_events() -> None:
    """On a real loop: many events of one turn make one wait."""
    one = Gather(asyncio.get_running_loop(), 0.02)
    waits = []
    for _ in range(3):
        for _ in range(WINDOW):
            one.seen()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waits.append(one.waits)
    assert waits == [0, 0, 1]  # the rate is not known at first, and the turn before the first was long ago
