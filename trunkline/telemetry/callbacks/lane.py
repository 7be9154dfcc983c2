"""One destination in the sender: a thread, a bounded queue, and patience with a target that is away for a moment."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from trunkline.ledger.record import CallRecord
from trunkline.telemetry.callbacks.parcel import Alert

Item = CallRecord | Alert

MAX_WAITING: Final = 10_000
"""Records that wait for one destination; what comes then is dropped and counted."""
PAUSES: Final = (0.5, 2.0, 5.0)
"""Seconds before a batch that was not taken is sent again; after the last it counts as failed."""
BROKEN_PAUSE: Final = 5.0
"""Seconds between batches while the destination takes none: each is tried once then."""
_log = logging.getLogger(__name__)


class Sink(Protocol):
    """Speaks to one destination. Called from its lane's thread only."""

    batch: int
    """Records that are sent at once."""

    def send(self, items: Sequence[Item]) -> str:
        """Send all or none; returns an empty text, else why it was not taken. Must end within some seconds."""

    def close(self) -> None:
        """Let go of connections and threads."""


class _Unusable:
    """Stands in for a sink that could not be made."""

    batch = 1000

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def send(self, items: Sequence[Item]) -> str:
        """Take nothing."""
        del items
        return self._reason

    def close(self) -> None:
        """Nothing to close."""


class Lane:
    """Runs one sink. `put` never blocks; counts are read by another thread.

    The sink is made, used and closed by the lane's own thread: loading an SDK or letting go of one takes its time.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Sink],
        *,
        redact: Callable[[str], str],
        limit: int = MAX_WAITING,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.name = name
        self.sent = self.failed = self.dropped = 0
        self._sink: Sink = _Unusable("not made yet")
        self._make: Callable[[], Sink] | None = make
        self._redact = redact
        self._limit = limit
        self._pauses = pauses
        self._queue: deque[Item] = deque()
        self._ready = threading.Condition()
        self._ending = threading.Event()
        self._broken = False
        self._thread = threading.Thread(target=self._run, name=f"callback {name}", daemon=True)
        self._thread.start()

    def put(self, items: Sequence[Item]) -> None:
        """Take records to send; those that do not fit are dropped."""
        with self._ready:
            room = max(0, self._limit - len(self._queue))
            self._queue.extend(items[:room])
            self.dropped += len(items) - min(room, len(items))
            self._ready.notify()

    def replace(self, make: Callable[[], Sink]) -> None:
        """Send through another sink from the next attempt on: its settings changed."""
        with self._ready:
            self._make = make
            self._ready.notify()

    def end(self) -> None:
        """Send what waits, each batch once, then stop."""
        self._ending.set()
        with self._ready:
            self._ready.notify()

    def join(self, seconds: float) -> None:
        """Wait for the end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while batch := self._take():
            reason = self._deliver(batch)
            if not reason:
                self.sent += len(batch)
            else:
                self.failed += len(batch)
            self._tell(reason)
        self._sink.close()

    def _take(self) -> list[Item]:
        while True:
            self._change_sink()
            with self._ready:
                if self._queue:
                    return [self._queue.popleft() for _ in range(min(self._sink.batch, len(self._queue)))]
                if self._ending.is_set():
                    return []
                if self._make is None:
                    self._ready.wait()

    def _change_sink(self) -> None:
        with self._ready:
            make, self._make = self._make, None
        if make is None:
            return
        self._sink.close()
        self._broken = False
        try:
            self._sink = make()
        except Exception as error:  # noqa: BLE001 - an SDK that does not start must not take the others with it
            self._sink = _Unusable(f"its SDK does not start: {type(error).__name__}: {error}")

    def _deliver(self, batch: Sequence[Item]) -> str:
        """Send a batch, again after pauses where it was not taken; returns why it was not in the end."""
        pauses = (BROKEN_PAUSE,) if self._broken else self._pauses
        reason = self._attempt(batch)
        for pause in pauses:
            if not reason or self._ending.wait(pause):
                break
            self._change_sink()
            if self._broken:
                break
            reason = self._attempt(batch)
        return reason

    def _attempt(self, batch: Sequence[Item]) -> str:
        try:
            return self._sink.send(batch)
        except Exception as error:  # noqa: BLE001 - whatever an SDK raises must not end the lane
            return f"{type(error).__name__}: {error}"

    def _tell(self, reason: str) -> None:
        """Say once that a destination fails, and once that it takes things again."""
        if reason and not self._broken:
            _log.warning("`%s` does not take what is sent: %s", self.name, self._redact(reason)[:500])
        elif not reason and self._broken:
            _log.warning("`%s` takes what is sent again", self.name)
        self._broken = bool(reason)


def wait_all(lanes: Sequence[Lane], seconds: float) -> None:
    """End all lanes and wait for them, together so many seconds."""
    until = time.monotonic() + seconds
    for lane in lanes:
        lane.end()
    for lane in lanes:
        lane.join(max(0.0, until - time.monotonic()))
