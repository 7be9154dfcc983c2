"""Whether and when a failed call is sent again. No I/O: the client asks, waits and counts.

Three rules. A call that a provider may have worked on is sent again only where the caller made that safe with an
idempotency key: it could be paid twice. Waits are drawn with full jitter from a growing range, so that clients which
failed together do not come back together, and never undercut `retry-after`. And retries come out of a budget: when
everything fails, the client adds 10 % to the load, not 200 %.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backend.app.services.gateway.errors import (
    CircuitOpen,
    GatewayDown,
    GatewayError,
    ProviderDown,
    RateLimited,
    TimedOut,
)

HUNDREDTHS: Final = 100


class Budget:
    """Retries as a share of calls: a bucket that each call fills by `percent` hundredths and each retry empties by one.

    Over any stretch there are at most `reserve + percent / 100 * calls` retries. Counted in whole hundredths, so that
    no rounding adds up.
    """

    def __init__(self, percent: int = 10, reserve: int = 10) -> None:
        self.percent: Final = percent
        self._full: Final = reserve * HUNDREDTHS
        self._left = self._full

    @property
    def left(self) -> float:
        """Retries that may be made now."""
        return self._left / HUNDREDTHS

    def call(self) -> None:
        """A call begins."""
        self._left = min(self._full, self._left + self.percent)

    def take(self) -> bool:
        """Pay for a retry; False where there is nothing left to pay with."""
        if self._left < HUNDREDTHS:
            return False
        self._left -= HUNDREDTHS
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long."""

    attempts: int = 3
    """Of one call, the first included."""
    base_s: float = 0.25
    """Range of the first wait, seconds; it doubles with each."""
    longest_s: float = 8.0
    """Where the doubling ends, seconds."""
    patience_s: float = 20.0
    """A `retry-after` beyond this many seconds is the caller's to wait for."""
    draw: Callable[[float, float], float] = random.uniform  # jitter, nothing secret

    def jitter(self, attempt: int) -> float:
        """Seconds to wait after the `attempt`-th attempt (from 1): anything between none and the whole range."""
        return self.draw(0.0, min(self.longest_s, self.base_s * 2.0 ** min(attempt - 1, 30)))

    def wait(self, error: GatewayError, attempt: int, *, idempotent: bool) -> float | None:
        """Seconds until the next attempt; `None` where the error is final."""
        if attempt >= self.attempts or not may_repeat(error, idempotent=idempotent):
            return None
        told = error.facts.retry_after or 0.0
        return None if told > self.patience_s else told + self.jitter(attempt)


def may_repeat(error: GatewayError, *, idempotent: bool) -> bool:
    """Whether the same call may succeed next time, and cannot be paid twice."""
    if error.facts.retry_allowed is False:
        return False  # our gateway has retried already
    match error:
        case CircuitOpen():
            return False
        case GatewayDown() | RateLimited() | ProviderDown() | TimedOut():
            return idempotent or not error.facts.sent
        case _:
            return False
