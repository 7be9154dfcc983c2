"""Stretches of time as people count them: quarters, hours and days of a zone, between two instants.

Sums are kept by quarters of an hour (UTC), because a day at +05:30 or +05:45 is a whole number of quarters and not of
hours. Everything here begins and ends on one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

QUARTER: Final = timedelta(minutes=15)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Step(StrEnum):
    """How long one bucket is."""

    QUARTER = "15m"
    HOUR = "hour"
    DAY = "day"
    """From local midnight to the next: 23 to 25 hours."""


_FITTING: Final = ((timedelta(hours=26), Step.QUARTER), (timedelta(days=11), Step.HOUR))
"""A chart has some 30 to 300 points."""


def fitting(start: datetime, end: datetime) -> Step:
    """The step that gives a chart a sensible number of points."""
    return next((step for longest, step in _FITTING if end - start <= longest), Step.DAY)


def quarters(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The same stretch with its ends moved outwards to whole quarters of an hour, in UTC."""
    first = start - (start - _EPOCH) % QUARTER
    last = end + (_EPOCH - end) % QUARTER
    return first.astimezone(UTC), last.astimezone(UTC)


def cut(start: datetime, end: datetime, zone: ZoneInfo, step: Step) -> list[datetime]:
    """The instants (UTC) at which buckets begin, and at last `end`; the first and the last bucket may be short.

    `start` and `end` are aware and whole quarters. Empty where `end` is not after `start`.
    """
    if end <= start:
        return []
    found = [start.astimezone(UTC)]
    following = _AFTER[step]
    while (moment := following(found[-1], zone)) < end:
        found.append(moment)
    found.append(end.astimezone(UTC))
    return found


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in a zone, in UTC; where clocks skip midnight, the instant at which they do."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def is_utc_midnight(moment: datetime) -> bool:
    """Whether a day of the table of days begins here."""
    return (moment - _EPOCH) % _DAY == timedelta(0)


def _after_quarter(moment: datetime, _: ZoneInfo) -> datetime:
    return moment + QUARTER


def _after_hour(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    return moment + _HOUR - timedelta(minutes=local.minute, seconds=local.second)


def _after_day(moment: datetime, zone: ZoneInfo) -> datetime:
    return midnight(moment.astimezone(zone).date() + _DAY, zone)


_AFTER: Final[dict[Step, Callable[[datetime, ZoneInfo], datetime]]] = {
    Step.QUARTER: _after_quarter,
    Step.HOUR: _after_hour,
    Step.DAY: _after_day,
}
