"""What a call looks like in the database, and what the small questions answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.journals import Writer, attempt, call, mixed
from tests.support.ledger import (
    Database,
    check_rows,
    ship_all,
)
from trunkline.store.engine import connect
from trunkline.store.read import call as read_call
from trunkline.store.read import count_calls, spend_total


def test_every_record_becomes_its_row_and_the_guides_sql_runs(database: Database, root: Path) -> None:
    """Calls, attempts, prices and roll-ups of three journals, two of them of dead workers."""
    calls = mixed(600)
    writers = [Writer(root, segment_bytes=64 * 1024) for _ in range(3)]
    for number, writer in enumerate(writers):
        writer.price()
        writer.calls(calls[number::3])
    for dead in writers[1:]:
        dead.die()
    status = ship_all(root, database)
    assert (status.state, status.rows_shipped, status.backlog_bytes) == ("ok", 600, 0)
    rows = check_rows(database, calls)
    guide = database.query("SELECT model, count(*), avg(total_tokens)\nFROM litellm_request_logs\nGROUP BY model;")
    assert [row["model"] for row in guide] == ["gpt-5-mini-2026-08-07"]
    assert float(guide[0]["avg"] if "avg" in guide[0] else guide[0]["avg(total_tokens)"]) == pytest.approx(
        sum(each.input_total + each.output_total for each in calls) / 600
    )
    one = calls[0]
    row = rows[one.request_id]
    assert int(row["start_time"].timestamp() * 1e6 + 0.5) == pytest.approx(one.started_us, abs=1)
    assert (row["litellm_call_id"], row["custom_llm_provider"]) == (one.request_id, "openai")
    assert row["total_tokens"] == one.input_total + one.output_total
    assert float(row["spend"]) == pytest.approx(one.cost / 1e12, rel=1e-12)
    assert (row["metadata"], row["request_tags"], row["user"]) == ({}, [], "")
    assert database.query("SELECT version FROM litellm_prices") == [{"version": "fedcba9876543210"}]
    assert [each.name for each in root.iterdir() if each.is_dir()] == [writers[0].worker_id]


def test_provider_attempts_count_what_the_provider_saw(database: Database, root: Path) -> None:
    """Earlier attempts and last ones, none for a call that was refused here (M05)."""
    writer = Writer(root)
    retried = call(attempts=3, earlier=(attempt(1), attempt(2)))
    writer.end(retried, call(attempts=0, status="failure", outcome="refused", provider=""), call())
    ship_all(root, database)
    seen = database.query("SELECT request_id, number, http_status FROM litellm_provider_attempts ORDER BY number")
    assert len(seen) == 4
    assert [(row["number"], row["http_status"]) for row in seen if row["request_id"] == retried.request_id] == [
        (1, 503), (2, 503), (3, 200),
    ]  # fmt: skip


def test_money_is_exact_beyond_a_float(database: Database, root: Path) -> None:
    """Nine million dollars and a pico, twice: past a float, and in sum past 64 bits (M13)."""
    writer = Writer(root)
    big = 9_007_199_254_740_993_001
    writer.end(call(cost=big), call(cost=1), call(cost=big, model_group="other"))
    ship_all(root, database)
    assert sorted(row["spend_pico"] for row in database.rows().values()) == [1, big, big]

    async def ask() -> Decimal:
        engine = connect(database.url)
        try:
            return (await spend_total(engine)).spend
        finally:
            await engine.dispose()

    assert asyncio.run(ask()) == Decimal("18014398.509481986003")


def test_a_total_over_days_is_the_sum_of_its_quarters(database: Database, root: Path) -> None:
    """Whole days and odd ends, wherever the edges lie, also within one day."""
    noon = 1_795_521_600_000_000  # 2026-11-24 12:00 UTC
    hours = range(-60, 60, 5)
    Writer(root).end(*(call(started_us=noon + hour * 3_600_000_000, cost=2 ** abs(hour)) for hour in hours))
    ship_all(root, database)

    async def ask() -> None:
        engine = connect(database.url)
        try:
            middle = datetime.fromtimestamp(noon / 1e6, UTC)
            for first, last in ((-60, 60), (-37, 41), (-12, 12), (-12, 36), (3, 9), (-36, -12), (7, 7), (-30, 1)):
                total = await spend_total(
                    engine, start=middle + timedelta(hours=first), end=middle + timedelta(hours=last)
                )
                assert total.spend_pico == sum(2 ** abs(hour) for hour in hours if first <= hour < last), (first, last)
        finally:
            await engine.dispose()

    asyncio.run(ask())


def test_an_absurd_sum_stops_at_its_columns_end_and_keeps_nothing_out(database: Database, root: Path) -> None:
    """Three calls of nine million dollars in one quarter of an hour: their rows are right, and shipping goes on."""
    writer = Writer(root)
    big = 2**63 - 1
    for _ in range(2):
        writer.end(call(cost=big), call(cost=big), call())
        assert ship_all(root, database).state == "ok"
    assert len(database.rows()) == 6
    assert [row["spend_pico"] for row in database.query("SELECT spend_pico FROM litellm_usage_rollups")] == [big]


def test_totals_come_from_the_rollups(database: Database, root: Path) -> None:
    """By time, by key, by model; exact; and one call can be looked up."""
    calls = mixed(200)
    Writer(root).calls(calls)
    ship_all(root, database)

    async def ask() -> None:
        engine = connect(database.url)
        try:
            total = await spend_total(engine)
            assert total.calls == await count_calls(engine) == 200
            assert total.spend_pico == sum(each.cost for each in calls)
            key = calls[0].api_key
            mine = await spend_total(engine, api_key=key, model_group="a")
            assert mine.calls == sum((each.api_key, each.model_group) == (key, "a") for each in calls)
            cut = datetime.fromtimestamp(calls[0].started_us // 900_000_000 * 900, UTC)
            before, after = await spend_total(engine, end=cut), await spend_total(engine, start=cut)
            assert before.calls + after.calls == 200
            assert before.spend_pico + after.spend_pico == total.spend_pico
            assert before.calls == sum(each.started_us < cut.timestamp() * 1e6 for each in calls)
            row = await read_call(engine, calls[7].request_id)
            assert row is not None
            assert row["spend_pico"] == calls[7].cost
            assert await read_call(engine, "nobody") is None
        finally:
            await engine.dispose()

    asyncio.run(ask())
