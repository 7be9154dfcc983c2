"""Instants as the database keeps them: whole microseconds since 1970 in UTC, which sort and compare everywhere."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US


def now_us() -> int:
    """Return the present, in microseconds since 1970."""
    return time.time_ns() // 1000


def instant(microseconds: int) -> datetime:
    """Return a stored instant as a time in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def microseconds(value: datetime) -> int:
    """Return an aware time as it is stored."""
    return (value - EPOCH) // timedelta(microseconds=1)
