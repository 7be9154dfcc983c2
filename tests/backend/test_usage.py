"""Usage: days of the caller's zone, exact sums."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.core.clock import microseconds
from backend.app.core.ids import new_id
from backend.app.services.usage import QUARTER_US, midnights, report
from tests.backend import rows
from tests.backend.app_fixtures import Running

ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Chatham", "America/Havana", "Asia/Beirut", "Africa/Cairo", "Pacific/Kiritimati",
]  # fmt: skip


@given(
    zone=st.sampled_from(ZONES),
    last=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    days=st.integers(1, 400),
)
def test_days_are_gapless_and_have_23_to_25_hours(zone: str, last: date, days: int) -> None:
    """Every day begins where the last one ended, on a quarter of an hour, and holds its own local noon."""
    bounds = midnights(ZoneInfo(zone), last, days)
    assert len(bounds) == days + 1
    for number, (start, end) in enumerate(pairwise(bounds)):
        day = last - timedelta(days=days - 1 - number)
        assert timedelta(hours=23) <= end - start <= timedelta(hours=25)
        assert microseconds(start) % QUARTER_US == 0
        assert start <= datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)) < end


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Havana", date(2026, 3, 8), 23),
        ("Asia/Kathmandu", date(2026, 6, 1), 24),
    ],
)
def test_clock_changes_make_short_and_long_days(zone: str, day: date, hours: float) -> None:
    """Days with a change of the clock have the hours that people lived through."""
    start, end = midnights(ZoneInfo(zone), day, 1)
    assert end - start == timedelta(hours=hours)


async def _call(app: Running, conversation_id: str, at: datetime, **given: Any) -> None:
    values = {"role": "assistant", "run_id": new_id(), "created_at": at, "model": "m", "provider": "p", **given}
    await rows.message(app.db, conversation_id, "x", **values)


async def test_calls_fall_on_the_day_of_the_zone(application: Running) -> None:
    """Half an hour before midnight in Kathmandu is another day there than half an hour after, though UTC has one."""
    made = await rows.conversation(application.db)
    midnight = datetime(2026, 6, 10, tzinfo=ZoneInfo("Asia/Kathmandu"))
    await _call(application, made, midnight - timedelta(minutes=30), cost_nano=1, input=1, output=1)
    await _call(application, made, midnight + timedelta(minutes=30), cost_nano=10, input=1, output=1)
    now = midnight + timedelta(hours=12)
    async with application.db.read() as connection:
        there = await report(connection, "local", days=2, zone="Asia/Kathmandu", now=now)
        utc = await report(connection, "local", days=2, zone="UTC", now=now)
    assert [(day.day, day.cost_nano) for day in there.days] == [("2026-06-09", 1), ("2026-06-10", 10)]
    assert [(day.day, day.cost_nano) for day in utc.days] == [("2026-06-09", 11), ("2026-06-10", 0)]


async def test_the_parts_are_the_whole_in_every_zone(application: Running) -> None:
    """Over a clock change and in twelve zones, days and models add up to the totals, to the nano-dollar."""
    made = await rows.conversation(application.db)
    start = datetime(2026, 10, 24, tzinfo=UTC)
    for number in range(60):
        await _call(
            application, made, start + timedelta(minutes=47 * number), model=f"m{number % 3}",
            cost_nano=9_007_199_254_740_993 + number, input=number, output=1, first_word_ms=float(number),
            status="error" if number % 10 == 0 else "done",
        )  # fmt: skip
    for zone in ZONES:
        async with application.db.read() as connection:
            found = await report(connection, "local", days=10, zone=zone, now=start + timedelta(days=3))
        assert found.totals.calls == sum(day.calls for day in found.days) == sum(m.calls for m in found.models) == 60
        assert found.totals.failed == 6
        assert found.totals.cost_nano == sum(9_007_199_254_740_993 + number for number in range(60))
        assert found.totals.cost_nano == sum(day.cost_nano for day in found.days)
        assert found.totals.cost_nano == sum(model.cost_nano for model in found.models)
        assert found.models[0].first_word_ms == 30.5  # the dearest model is m2: 2, 5, … 59
        assert found.from_ < found.to


async def test_only_calls_that_ended_and_were_made_here_count(application: Running, client: httpx.AsyncClient) -> None:
    """Questions, copies in branches and answers under way are no calls."""
    made = await rows.conversation(application.db)
    now = datetime.now(UTC)
    await _call(application, made, now, cost_nano=None, input=None, output=None)
    await _call(application, made, now, run_id=None, cost_nano=5)
    await _call(application, made, now, status="streaming", cost_nano=5)
    await rows.message(application.db, made, "question", run_id=new_id())
    body = (await client.get("/api/usage", params={"days": 1, "zone": "UTC"})).json()
    assert body["totals"] == {"calls": 1, "failed": 0, "input": 0, "output": 0, "cost_nano": "0"}
    assert [model["model"] for model in body["models"]] == ["m"]


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "", "\0", "Europe", "a" * 90])
async def test_zones_that_do_not_exist_are_refused(client: httpx.AsyncClient, zone: str) -> None:
    """An unknown zone is a 422 that names the parameter, whatever it looks like."""
    answer = await client.get("/api/usage", params={"zone": zone})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "zone"
