"""What is usual for an hour: properties of the band."""

from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.telemetry.anomalies.bands import ENOUGH, HOUR, WEEK, WEEKS, first_weeks, hours_like, samples, weekly

USD = 1e12
MONEY = st.floats(min_value=0, max_value=1e18)
VALUES = st.lists(MONEY, min_size=ENOUGH, max_size=24)
FLOOR = st.floats(min_value=0, max_value=100 * USD)
SENSITIVITY = st.floats(min_value=1, max_value=10)
TUESDAY = 1_795_500_000 // HOUR * HOUR


@given(VALUES, SENSITIVITY, FLOOR)
def test_the_usual_is_inside(values: list[float], sensitivity: float, floor: float) -> None:
    """The median itself is never unusual, and the ends of the band lie on its two sides, not below nothing."""
    band = weekly(values, sensitivity=sensitivity, floor=floor)
    assert band is not None
    assert 0 <= band.low <= band.usual == median(values) <= band.high
    assert band.outside(band.usual) is None


@given(VALUES, SENSITIVITY, st.floats(min_value=1, max_value=100 * USD), st.floats(min_value=0, max_value=0.99))
def test_a_small_change_is_never_unusual(values: list[float], sensitivity: float, floor: float, part: float) -> None:
    """A difference below the floor, or below half of the median, is inside."""
    band = weekly(values, sensitivity=sensitivity, floor=floor)
    assert band is not None
    for step in (floor * part, band.usual * 0.5 * part):
        assert band.outside(band.usual + step) is None
        assert band.outside(max(0.0, band.usual - step)) is None


@given(st.floats(min_value=USD, max_value=1000 * USD), st.lists(MONEY, min_size=1, max_size=11), SENSITIVITY)
def test_what_was_odd_before_does_not_widen_the_band(steady: float, odd: list[float], sensitivity: float) -> None:
    """Among 24 hours eleven may have been anything: the band of the other thirteen, which were alike, stays."""
    clean = weekly([steady] * 24, sensitivity=sensitivity, floor=USD)
    spoilt = weekly([steady] * (24 - len(odd)) + odd, sensitivity=sensitivity, floor=USD)
    assert spoilt == clean


@given(VALUES, SENSITIVITY, FLOOR, st.sampled_from([0.5, 2.0, 8.0]))
def test_the_band_follows_the_unit(values: list[float], sensitivity: float, floor: float, factor: float) -> None:
    """Everything in another currency gives the same band in that currency."""
    band = weekly(values, sensitivity=sensitivity, floor=floor)
    other = weekly([value * factor for value in values], sensitivity=sensitivity, floor=floor * factor)
    assert band is not None
    assert other is not None
    assert other.low == pytest.approx(band.low * factor)
    assert other.high == pytest.approx(band.high * factor)


@given(VALUES, SENSITIVITY, FLOOR, MONEY, MONEY)
def test_more_is_no_less_unusual(values: list[float], sensitivity: float, floor: float, one: float, two: float) -> None:
    """What is too high stays too high with every further dollar, and what is too low with every dollar less."""
    band = weekly(values, sensitivity=sensitivity, floor=floor)
    assert band is not None
    less, more = sorted((one, two))
    assert band.outside(less) != "high" or band.outside(more) == "high"
    assert band.outside(more) != "low" or band.outside(less) == "low"


@given(st.floats(min_value=0.5, max_value=4), st.integers(min_value=0, max_value=1000))
def test_a_busier_series_has_a_wider_band(spread: float, seed: int) -> None:
    """The width is `sensitivity` robust standard deviations where that is more than half of the median and the floor."""
    values = [10 * USD + (index - 12) * spread * USD + seed for index in range(25)]
    band = weekly(values, sensitivity=4, floor=0)
    assert band is not None
    expected = max(4 * 1.4826 * 6 * spread * USD, 0.5 * band.usual)
    assert band.high - band.usual == pytest.approx(expected)


@given(MONEY, FLOOR)
def test_the_first_weeks_know_no_too_low(highest: float, floor: float) -> None:
    """Half more than ever is usual, and so is nothing at all."""
    band = first_weeks(highest, floor=floor)
    assert band.outside(0.0) is None
    assert band.outside(highest * 1.49) is None
    assert band.outside((highest + max(highest / 2, floor)) * 1.01 + 1) == "high"


def test_too_little_history_has_no_band() -> None:
    """Less than two weeks of such hours say nothing."""
    assert weekly([USD] * (ENOUGH - 1), sensitivity=4, floor=USD) is None


def test_an_hour_is_like_those_of_the_same_hour_of_the_week() -> None:
    """Eight weeks back, with the hour before and the hour after."""
    found = hours_like(TUESDAY)
    assert len(found) == WEEKS
    assert found[0] == (TUESDAY - WEEK - HOUR, TUESDAY - WEEK + 2 * HOUR)
    assert found[-1][0] == TUESDAY - 8 * WEEK - HOUR


@given(st.integers(min_value=0, max_value=WEEKS))
def test_hours_without_spend_count_from_the_first_day_on(weeks: int) -> None:
    """An hour in which nothing was spent is a 0, one before the series was known is none."""
    since = TUESDAY - weeks * WEEK - HOUR
    assert samples([], TUESDAY, since) == [0.0] * (3 * weeks)
    if weeks:
        assert sorted(samples([USD], TUESDAY, since)) == [0.0] * (3 * weeks - 1) + [USD]
