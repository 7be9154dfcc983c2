"""What hangs on the shipper: callbacks and the watch on spending. Nothing of it may hold up the shipping."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from trunkline.config.marks import FileMark, look
from trunkline.ledger.record import CallRecord
from trunkline.profiles.price import PICO_PER_USD
from trunkline.store.errors import SchemaMismatch, Unavailable
from trunkline.store.session import Session
from trunkline.telemetry import watching
from trunkline.telemetry.anomalies.monitor import Monitor, Sharpness
from trunkline.telemetry.callbacks.outlet import Outlet
from trunkline.telemetry.watching import Wanted, Watched

TICK_SECONDS: Final = 0.5
TROUBLE_SECONDS: Final = 900.0
"""After a look that failed: were it the look that is too much for the database, it must not be down every minute."""
_log = logging.getLogger(__name__)


class Watcher:
    """See `ledger.onlooker.Onlooker`."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._mark: FileMark | None = None
        self._wanted = Wanted()
        self._outlet = Outlet()
        self._monitor = Monitor()
        self._anomalies: dict[str, int] = {}
        self._ticked = 0.0
        self._look_at = 0.0
        self._trouble = ""
        self._said = b""
        self._read_wanted()

    def delivered(self, calls: Sequence[CallRecord]) -> None:
        """Hand calls to the callbacks."""
        if calls:
            self._outlet.take(calls)

    async def tend(self, session: Session) -> None:
        """About twice a second: follow the configuration, keep the sender going, look at the spend when it is time."""
        now = time.monotonic()
        if now - self._ticked < TICK_SECONDS:
            return
        self._ticked = now
        self._read_wanted()
        self._outlet.tend()
        if self._wanted.anomalies and now >= self._look_at:
            self._look_at = now + max(TROUBLE_SECONDS, self._wanted.interval_seconds)
            if await self._look(session):
                self._look_at = now + self._wanted.interval_seconds
        self._say()

    def _read_wanted(self) -> None:
        mark = look(str(self._data / watching.WANTED))
        if mark != self._mark:
            self._mark = mark
            self._wanted = watching.read_wanted(self._data)
            self._outlet.configure(self._wanted)
            self._look_at = 0.0

    async def _look(self, session: Session) -> bool:
        """Whether it went well."""
        wanted = self._wanted
        sharpness = Sharpness(wanted.sensitivity, wanted.floor_usd * PICO_PER_USD)
        try:
            alerts = await self._monitor.look(session, sharpness, time.time())
        except (Unavailable, SchemaMismatch):
            raise  # the shipper's own business
        except Exception as error:  # noqa: BLE001 - a fault in here must not stop the shipping
            if repr(error) != self._trouble:
                self._trouble = repr(error)
                _log.exception("the watch on spending met something unforeseen")
            return False
        for alert in alerts:
            self._anomalies[alert.scope] = self._anomalies.get(alert.scope, 0) + 1
            _log.warning("WARNING: anomaly: %s", alert.text)
        if alerts:
            self._outlet.take((), alerts)
        return True

    def _say(self) -> None:
        status = Watched(
            callbacks=self._outlet.counts, anomalies_open=self._monitor.open, anomalies=dict(self._anomalies)
        )
        said = msgspec.json.encode(status)
        if said != self._said:
            self._said = said
            watching.write_status(self._data, status)

    async def close(self) -> None:
        """Give the sender a moment for what it has."""
        await self._outlet.close()
        self._say()
