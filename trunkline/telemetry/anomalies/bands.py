"""What is usual: a band for the spend of an hour, from earlier hours like it. No I/O; money in pico-USD, as floats.

The band is median +- max(k * 1.4826 * MAD, half the median, the floor), over the same hour of the week and the hours
beside it, eight weeks back. Median and MAD (the median distance from the median) because the excursions that one looks
for are among the data: up to half of it may be odd before they move, where a single spike moves mean and standard
deviation. 1.4826 makes the MAD of normally distributed values their standard deviation. Half the median, because a
series that hardly varies has a MAD near 0; the floor, because cents are nobody's alarm. docs/guides/observability.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

HOUR: Final = 3600
WEEK: Final = 168 * HOUR
WEEKS: Final = 8
BESIDE: Final = (-1, 0, 1)
"""Hours around the same hour of an earlier week: more values, and an hour's shift of summer time does not matter."""
ENOUGH: Final = 6
"""Earlier hours that a band by the week needs: two weeks."""
NORMAL: Final = 1.4826
SHARE: Final = 0.5
"""Of the median (of the highest hour, in the first weeks): a change below this is never unusual."""
LEARNING: Final = 24 * HOUR
"""Seconds that a series must have been known before anything is said of it."""


@dataclass(frozen=True, slots=True)
class Band:
    """What is usual for one series in one hour."""

    usual: float
    low: float
    high: float

    def outside(self, spend: float) -> str | None:
        """`high`, `low`, or `None` where the spend of a whole hour is inside."""
        if spend > self.high:
            return "high"
        return "low" if spend < self.low else None


def hours_like(hour: int) -> list[tuple[int, int]]:
    """The stretches (start, end; seconds since 1970) of earlier weeks that an hour is compared with, newest first."""
    return [
        (hour - weeks * WEEK + BESIDE[0] * HOUR, hour - weeks * WEEK + (BESIDE[-1] + 1) * HOUR)
        for weeks in range(1, WEEKS + 1)
    ]


def samples(spends: Sequence[float], hour: int, since: int) -> list[float]:
    """The values of all hours like this one that are not before `since`; those without spend are 0.

    `spends` are of hours with spend, and all of them are from `since` on.
    """
    known = sum(start + HOUR * place >= since for start, _ in hours_like(hour) for place in range(len(BESIDE)))
    return [*spends, *[0.0] * max(0, known - len(spends))]


def weekly(values: Sequence[float], *, sensitivity: float, floor: float) -> Band | None:
    """The band by hour of the week; `None` where there are not enough values yet."""
    if len(values) < ENOUGH:
        return None
    middle = median(values)
    spread = NORMAL * median(abs(value - middle) for value in values)
    width = max(sensitivity * spread, SHARE * middle, floor)
    return Band(usual=middle, low=max(0.0, middle - width), high=middle + width)


def first_weeks(highest: float, *, floor: float) -> Band:
    """The band of a series that is younger than two weeks: half more than its highest hour, and nothing is too low."""
    return Band(usual=highest, low=0.0, high=highest + max(SHARE * highest, floor))
