"""How fast the shipper may go, and how long it waits when it may not."""

from __future__ import annotations

import random
from typing import Final

IDLE_SECONDS: Final = 0.25
BUSY_LOAD: Final = 0.15
"""Above it a worker needs the processor more than the ledger does: its journal keeps the records meanwhile."""
MAX_PAUSE_SECONDS: Final = 5.0
"""A slow database is waited for, not worked on: a row is never kept longer than this for its sake."""
_MIB: Final = 1024 * 1024
HOLD_BYTES: Final = 32 * _MIB
"""With less than this waiting, the rows of a busy worker are left alone for up to `MAX_PAUSE_SECONDS`."""
_SHARES: Final = ((HOLD_BYTES, 0.01), (128 * _MIB, 0.15))
"""Backlog below -> share of the time that shipping may take while a worker is busy. A call leaves about 500 bytes."""


def pause(*, worked: float, load: float, backlog: int) -> float:
    """Return the seconds to rest after `worked` seconds of shipping, so that shipping keeps to its share."""
    if load <= BUSY_LOAD:
        return 0.0
    for limit, share in _SHARES:
        if backlog < limit:
            return min(MAX_PAUSE_SECONDS, worked * (1 / share - 1))
    return 0.0


class Backoff:
    """Waits between attempts at a database that is down: 0.2 s doubling to 5 s, each between half and all of it."""

    def __init__(self) -> None:
        self._next = 0.2

    def wait(self) -> float:
        """Return the next wait in seconds."""
        seconds = self._next * random.uniform(0.5, 1.0)  # noqa: S311 spreads replicas, hides nothing
        self._next = min(5.0, self._next * 2)
        return seconds

    def reset(self) -> None:
        """The database answered."""
        self._next = 0.2
