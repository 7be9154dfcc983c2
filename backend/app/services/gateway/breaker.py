"""A circuit per model: who keeps failing is left alone for a while, then asked once.

    closed --(5 failures in a row, or half of the last 20 calls)--> open
    open --(after 10 s, doubling up to 2 min)--> half open: one call may try
    half open --(its first word)--> closed, one failure from open --(its orderly end)--> closed
    half open --(failure)--> open

Nothing here waits or is awaited, so tasks of one loop cannot come between a question and its consequence.
Why not a library: docs/adr/0013-client-retries-and-circuits.md.
"""

from __future__ import annotations

import enum
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from backend.app.services.gateway.errors import CircuitOpen, GatewayError, ProviderDown, StreamCut, TimedOut


def blames_provider(error: GatewayError) -> bool:
    """Whether an error speaks against the model: not what the caller asked for, not a limit, not the gateway itself."""
    match error:
        case CircuitOpen():
            return False
        case TimedOut():
            return error.which != "connect"
        case ProviderDown() | StreamCut():
            return True
        case _:
            return False


class State(enum.Enum):
    """Of a circuit."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """When a circuit opens and for how long."""

    in_a_row: int = 5
    """Failures without a success between them."""
    rate: float = 0.5
    """Share of failures among the last `window` calls."""
    window: int = 20
    """Calls; the rate counts only once so many were made."""
    window_s: float = 60.0
    """Calls longer ago, in seconds, do not count for the rate."""
    open_s: float = 10.0
    """Seconds of the first opening; it doubles while the tries fail."""
    longest_s: float = 120.0
    """Where the doubling ends, seconds."""


DEFAULT: Final = BreakerPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitReport:
    """A circuit as an observer sees it."""

    state: State
    failures: int
    """In a row."""
    since: datetime | None
    """Of the first failure of the row, UTC."""
    until: datetime | None
    """When it may be tried, UTC; `None` unless open."""


class Permit:
    """Leave to make one call; say how it went by exactly one of `succeeded`, `failed` and `withdrawn`."""

    __slots__ = ("_breaker", "_over", "_probe")

    def __init__(self, breaker: Breaker, *, probe: bool) -> None:
        self._breaker = breaker
        self._probe = probe
        self._over = False

    def alive(self) -> None:
        """The first word came: others need not wait for this one's end."""
        if self._probe and not self._over:
            self._probe = False
            self._breaker.probe_lives()

    def succeeded(self) -> None:
        """The call came to its orderly end."""
        if self._end():
            self._breaker.success(probe=self._probe)

    def failed(self) -> None:
        """The provider failed."""
        if self._end():
            self._breaker.failure(probe=self._probe)

    def withdrawn(self) -> None:
        """The call says nothing of the provider: cancelled, refused for what was asked, or the gateway was away."""
        if self._end() and self._probe:
            self._breaker.probe_withdrawn()

    def _end(self) -> bool:
        over, self._over = self._over, True
        return not over


class Breaker:
    """One model's circuit. `clock`: seconds that only grow."""

    def __init__(
        self, model: str, policy: BreakerPolicy = DEFAULT, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.model: Final = model
        self._policy: Final = policy
        self._clock: Final = clock
        self._state = State.CLOSED
        self._row = 0
        self._recent: deque[tuple[float, bool]] = deque(maxlen=policy.window)
        self._opened = 0
        """How often in a row it opened without a success between."""
        self._until = 0.0
        self._probing = False
        self.since: datetime | None = None

    @property
    def state(self) -> State:
        """An open circuit whose time is over is half open."""
        if self._state is State.OPEN and self._clock() >= self._until:
            return State.HALF_OPEN
        return self._state

    @property
    def idle(self) -> bool:
        """Whether forgetting it would change nothing that matters."""
        return self._state is State.CLOSED and not self._row

    def report(self) -> CircuitReport:
        """What there is to see."""
        state = self.state
        return CircuitReport(
            state=state, failures=self._row, since=self.since, until=self._moment() if state is State.OPEN else None
        )

    def ask(self) -> Permit:
        """Leave for a call.

        Raises:
            CircuitOpen: the model is left alone, or its one try is under way.
        """
        state = self.state
        if state is State.CLOSED:
            return Permit(self, probe=False)
        if state is State.OPEN or self._probing:
            raise CircuitOpen(self.model, self._moment(), self.since)
        self._state, self._probing = State.HALF_OPEN, True
        return Permit(self, probe=True)

    def success(self, *, probe: bool) -> None:
        """A call ended well."""
        self._recent.append((self._clock(), True))
        if probe or self._state is State.CLOSED:  # another one began before the circuit opened: it says nothing of now
            self._close()

    def failure(self, *, probe: bool) -> None:
        """A call ended badly."""
        now = self._clock()
        self._recent.append((now, False))
        self._row += 1
        self.since = self.since or datetime.now(UTC)
        if probe or (self._state is State.CLOSED and (self._row >= self._policy.in_a_row or self._rate_reached(now))):
            self._open(now)

    def probe_lives(self) -> None:
        """The try answers: let others through; one more failure opens again."""
        self._probing = False
        self._state = State.CLOSED
        self._row = self._policy.in_a_row - 1
        self._recent.clear()

    def probe_withdrawn(self) -> None:
        """The try found nothing out; the next call is one."""
        self._probing = False

    def _rate_reached(self, now: float) -> bool:
        recent = [well for when, well in self._recent if now - when <= self._policy.window_s]
        return len(recent) >= self._policy.window and recent.count(False) >= self._policy.rate * len(recent)

    def _open(self, now: float) -> None:
        wait = min(self._policy.longest_s, self._policy.open_s * 2.0 ** min(self._opened, 30))
        self._state, self._probing = State.OPEN, False
        self._opened += 1
        self._until = now + wait
        self._recent.clear()

    def _close(self) -> None:
        self._state, self._probing = State.CLOSED, False
        self._row = self._opened = 0
        self.since = None

    def _moment(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=max(0.0, self._until - self._clock()))


class Breakers:
    """A circuit for each model that was asked. Names come from callers, so only the failing ones are kept for sure."""

    MOST: Final = 512

    def __init__(self, policy: BreakerPolicy = DEFAULT, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy: Final = policy
        self._clock: Final = clock
        self._by_model: Final[dict[str, Breaker]] = {}

    def of(self, model: str) -> Breaker:
        """The model's circuit."""
        found = self._by_model.get(model)
        if found is None:
            if len(self._by_model) >= self.MOST:
                self._forget()
            found = self._by_model[model] = Breaker(model, self._policy, self._clock)
        return found

    def report(self) -> dict[str, CircuitReport]:
        """Every circuit that there is."""
        return {model: breaker.report() for model, breaker in self._by_model.items()}

    def _forget(self) -> None:
        idle = next((model for model, breaker in self._by_model.items() if breaker.idle), None)
        self._by_model.pop(idle if idle is not None else next(iter(self._by_model)))
