"""Spending that leaves its band is said once, on either database, by one of however many look."""

from __future__ import annotations

import asyncio

from tests.support.journals import call
from tests.support.ledger import Database
from trunkline.ledger import rollups
from trunkline.ledger.record import CallRecord
from trunkline.store.session import Session, open_session
from trunkline.store.url import parse
from trunkline.telemetry.anomalies import questions
from trunkline.telemetry.anomalies.bands import HOUR, WEEK
from trunkline.telemetry.anomalies.monitor import Monitor, Sharpness
from trunkline.telemetry.callbacks.parcel import Alert

USD = 10**12
SHARP = Sharpness(sensitivity=4.0, floor_pico=float(USD))
NOW = 1_795_500_000 // HOUR * HOUR
"""The start of an hour."""
SETTLED = 15 * 60
KEY = "a" * 64


def spend(hour: int, dollars: float, *, group: str = "large", key: str = KEY) -> CallRecord:
    """A call of that hour that cost so much."""
    pico = round(dollars * USD)
    return call(started_us=(hour + 60) * 1_000_000, model_group=group, api_key=key, cost=pico)


def weeks(dollars: float, key: str = KEY) -> list[CallRecord]:
    """A call every hour for nine weeks up to now."""
    return [spend(hour, dollars, key=key) for hour in range(NOW - 9 * WEEK, NOW, HOUR)]


class Bench:
    """A database with roll-ups, and those who look at it."""

    def __init__(self, database: Database) -> None:
        self.url = parse(database.url)

    def run(self, *steps: list[CallRecord] | tuple[Monitor, float]) -> list[list[tuple[str, str, str]]]:
        """Add calls, or let a monitor look at a moment; returns what each look said: scope, direction, spend."""

        async def go() -> list[list[Alert]]:
            session = await open_session(self.url)
            try:
                return [found for step in steps if (found := await _step(session, step)) is not None]
            finally:
                await session.close()

        return [[(alert.scope, alert.direction, alert.spend) for alert in found] for found in asyncio.run(go())]


async def _step(session: Session, step: list[CallRecord] | tuple[Monitor, float]) -> list[Alert] | None:
    if isinstance(step, tuple):
        monitor, moment = step
        return await monitor.look(session, SHARP, moment)
    await session.begin()
    await rollups.add(session, step)
    await session.commit()
    return None


def test_an_excursion_is_said_once(database: Database) -> None:
    """At once when the running hour is beyond the band, not again while it goes on, again after it was over."""
    monitor = Monitor()
    said = Bench(database).run(
        weeks(10),
        (monitor, NOW + 60),
        [spend(NOW, 16)],
        (monitor, NOW + 120),
        (monitor, NOW + 180),
        [spend(NOW + HOUR, 30)],
        (monitor, NOW + HOUR + SETTLED),
        [spend(NOW + 2 * HOUR, 10)],
        (monitor, NOW + 3 * HOUR + SETTLED),
        [spend(NOW + 3 * HOUR, 40)],
        (monitor, NOW + 3 * HOUR + SETTLED + 60),
    )
    assert said == [
        [],
        [("model", "high", "16.0000"), ("key", "high", "16.0000")],
        [],
        [],
        [],
        [("model", "high", "40.0000"), ("key", "high", "40.0000")],
    ]
    rows = database.query("SELECT scope, closed, spend_pico FROM trunkline_anomalies ORDER BY opened, scope")
    assert [(row["scope"], row["closed"] is None, row["spend_pico"] // USD) for row in rows] == [
        ("key", False, 30), ("model", False, 30), ("key", True, 40), ("model", True, 40),
    ]  # fmt: skip
    assert monitor.open == {"model": 1, "key": 1}


def test_a_change_within_the_band_is_nothing(database: Database) -> None:
    """Half more or less than usual is inside."""
    monitor = Monitor()
    said = Bench(database).run(
        weeks(10), [spend(NOW, 14.9), spend(NOW + HOUR, 5.1)],
        (monitor, NOW + 60), (monitor, NOW + HOUR + SETTLED), (monitor, NOW + 2 * HOUR + SETTLED),
    )  # fmt: skip
    assert said == [[], [], []]


def test_spending_that_stops_is_said_when_the_hour_is_over(database: Database) -> None:
    """An hour without its usual spend is too low, but not before it has ended and its last calls are in."""
    monitor = Monitor()
    said = Bench(database).run(
        weeks(10), (monitor, NOW + 3000), (monitor, NOW + HOUR + 60), (monitor, NOW + HOUR + SETTLED),
        (monitor, NOW + 2 * HOUR + SETTLED),
    )  # fmt: skip
    assert said == [[], [], [("model", "low", "0.0000"), ("key", "low", "0.0000")], []]


def test_of_several_that_look_one_says_it(database: Database) -> None:
    """Two replicas and a restarted one share the table: one alert for each excursion among them all."""
    one, two = Monitor(), Monitor()
    said = Bench(database).run(
        weeks(10), [spend(NOW, 100)], (one, NOW + 60), (two, NOW + 60), (Monitor(), NOW + 90), (two, NOW + HOUR + 60)
    )
    assert [len(found) for found in said] == [2, 0, 0, 0]


def test_of_two_at_once_the_first_begins_it(database: Database) -> None:
    """Two that found the same hour too high before either had written: the second is told that it came second."""

    async def both() -> list[bool]:
        sessions = [await open_session(parse(database.url)) for _ in range(2)]
        try:
            return [await questions.begin(one, ("model", "m"), "high", NOW, (4, 1, 0, 2)) for one in sessions]
        finally:
            for one in sessions:
                await one.close()

    assert asyncio.run(both()) == [True, False]


def test_a_new_gateway_learns_first(database: Database) -> None:
    """In the first day nothing is said; in the first weeks half more than the highest hour is too much."""
    monitor = Monitor()
    start = NOW // 86400 * 86400
    said = Bench(database).run(
        [spend(start, 10)],
        (monitor, start + 60),
        [spend(start + HOUR, 500)],
        (monitor, start + HOUR + 60),
        [spend(start + 30 * HOUR, 700)],
        (monitor, start + 30 * HOUR + 60),
        [spend(start + 31 * HOUR, 1100)],
        (monitor, start + 31 * HOUR + 60),
    )
    assert [len(found) for found in said] == [0, 0, 0, 2]


def test_an_absurd_sum_breaks_nothing(database: Database) -> None:
    """Sums at the end of their column, several in an hour, are looked at like others."""
    monitor = Monitor()
    huge = [spend(NOW, 9_000_000, group=f"g{number}") for number in range(3)]
    said = Bench(database).run(weeks(10), huge, (monitor, NOW + 60))
    assert [(scope, direction) for scope, direction, _ in said[0]] == [("key", "high")]


def test_models_and_keys_are_watched_apart(database: Database) -> None:
    """A key that begins to use a model more is found although the model's other keys hide it."""
    monitor = Monitor()
    other = "b" * 64
    now = [spend(NOW, 100, key=other), spend(NOW, 20)]
    said = Bench(database).run(weeks(10), weeks(100, other), now, (monitor, NOW + 60))
    assert said == [[("key", "high", "20.0000")]]
