"""Looks at the spend of the running hour and of the one before it, and says what is new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from trunkline.store.session import Session
from trunkline.telemetry.anomalies import bands, questions
from trunkline.telemetry.anomalies.bands import HOUR, LEARNING, WEEK, WEEKS, Band
from trunkline.telemetry.callbacks.parcel import Alert

SETTLE_SECONDS: Final = 600
"""An hour is judged whole so long after its end: by then its last calls have reached the database."""
KEEP_SECONDS: Final = 90 * 24 * HOUR
_DAY: Final = 24 * HOUR
_MAX: Final = 2**63 - 1
Key = tuple[str, str]
"""Scope and name."""


@dataclass(frozen=True, slots=True)
class Sharpness:
    """How much is unusual."""

    sensitivity: float
    floor_pico: float


class Monitor:
    """The shipper's memory between two looks. What is true stands in the database: replicas share it."""

    def __init__(self) -> None:
        self._bands: dict[int, dict[Key, Band]] = {}
        self._sharpness: Sharpness | None = None
        self._judged = 0
        self.open: dict[str, int] = {}
        """Excursions that go on, by scope, as of the last look."""

    async def look(self, session: Session, sharpness: Sharpness, now: float) -> list[Alert]:
        """Return an alert for each excursion that begins with this look and that nobody else has seen.

        The running hour can only be too high: it is not over. Raises what the session raises.
        """
        if sharpness != self._sharpness:
            self._bands.clear()
            self._sharpness = sharpness
        hour = int(now) // HOUR * HOUR
        before = hour - HOUR
        going_on = await questions.open_now(session)
        alerts: list[Alert] = []
        if now >= hour + SETTLE_SECONDS and self._judged != before:
            alerts += await self._judge(session, before, going_on, int(now), whole=True)
            self._judged = before
            await questions.forget(session, int(now) - KEEP_SECONDS)
        alerts += await self._judge(session, hour, going_on, int(now), whole=False)
        self._bands = {known: found for known, found in self._bands.items() if known >= before}
        self.open = {scope: sum(kind == scope for kind, _ in going_on) for scope in questions.SCOPES}
        return alerts

    async def _judge(
        self, session: Session, hour: int, going_on: dict[Key, str], now: int, *, whole: bool
    ) -> list[Alert]:
        spends: dict[Key, float] = {}
        for scope in questions.SCOPES:
            for name, spend in await questions.spent(session, scope, hour, hour + HOUR):
                spends[scope, name] = spend
        usual = self._bands.get(hour)
        if usual is None:
            usual = self._bands[hour] = await self._bands_of(session, hour)
        alerts: list[Alert] = []
        for key, band in usual.items():
            spend = spends.get(key, 0.0)
            direction = band.outside(spend)
            if direction == "low" and not whole:
                continue
            if direction is None:
                if whole and key in going_on and await questions.end(session, key, hour, now):
                    del going_on[key]
                continue
            alert = await self._outside(session, key, direction, hour, spend, band, going_on, now)
            if alert is not None:
                alerts.append(alert)
        return alerts

    async def _outside(
        self,
        session: Session,
        key: Key,
        direction: str,
        hour: int,
        spend: float,
        band: Band,
        going_on: dict[Key, str],
        now: int,
    ) -> Alert | None:
        known = going_on.get(key)
        if known == direction:
            await questions.go_on(session, key, hour, _pico(spend))
            return None
        if known is not None:
            await questions.end(session, key, hour, now)
        going_on[key] = direction
        money = tuple(map(_pico, (spend, band.usual, band.low, band.high)))
        if not await questions.begin(session, key, direction, hour, money):
            return None
        scope, name = key
        said = [_usd(amount) for amount in money]
        start = datetime.fromtimestamp(hour, UTC).isoformat()
        return Alert(
            scope=scope, name=name, direction=direction, hour=start, spend=said[0], usual=said[1], low=said[2],
            high=said[3],
        )  # fmt: skip

    async def _bands_of(self, session: Session, hour: int) -> dict[Key, Band]:
        assert self._sharpness is not None
        sharp = self._sharpness
        found: dict[Key, Band] = {}
        for scope in questions.SCOPES:
            # The first day is not whole: history begins with the one after it.
            begins = await questions.known_since(session, scope, hour - WEEKS * WEEK - _DAY)
            values: dict[str, list[float]] = {}
            for start, end in bands.hours_like(hour):
                for name, spend in await questions.spent(session, scope, start, end):
                    values.setdefault(name, []).append(spend)
            young: list[str] = []
            for name, first in begins.items():
                like = bands.samples(values.get(name, []), hour, first + _DAY)
                band = bands.weekly(like, sensitivity=sharp.sensitivity, floor=sharp.floor_pico)
                if band is not None:
                    found[scope, name] = band
                elif hour - first >= LEARNING:
                    young.append(name)
            if young:
                peaks = await questions.highest(session, scope, hour - WEEK, hour)
                for name in young:
                    found[scope, name] = bands.first_weeks(peaks.get(name, 0.0), floor=sharp.floor_pico)
        return found


def _pico(value: float) -> int:
    return min(round(value), _MAX)


def _usd(pico: int) -> str:
    """USD to the hundredth of a cent."""
    return str(Decimal(pico).scaleb(-12).quantize(Decimal("0.0001")))
