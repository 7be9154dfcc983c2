"""What calls took, by day of the caller's zone and by model.

A day goes from one local midnight to the next and so has 23 to 25 hours. Every zone's midnight falls on a quarter of an
hour, so the database sums quarters and the days are put together here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import CompoundSelect, case, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.app.api.schemas.usage import UsageDay, UsageModel, UsageReport, UsageTotals
from backend.app.core import tables
from backend.app.core.clock import SECOND_US, microseconds
from backend.app.core.errors import invalid

QUARTER_US: Final = 900 * SECOND_US
_SAMPLE: Final = 20_000
"""First-word times that a median is taken of, the latest."""


def zone_of(name: str) -> ZoneInfo:
    """Return the zone. Raises `AppError` where IANA knows none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise invalid(
            f"There is no time zone `{name[:100]}`.", "Give an IANA name such as Europe/Berlin.", field="zone"
        ) from None


def midnights(zone: ZoneInfo, last: date, days: int) -> list[datetime]:
    """Return the `days` + 1 midnights around the days that end with `last`, in UTC.

    Where a clock change leaves no midnight, the day begins with the first instant that it has.
    """
    dates = [last - timedelta(days=days - 1 - i) for i in range(days + 1)]
    return [datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in dates]


async def report(connection: AsyncConnection, user_id: str, *, days: int, zone: str, now: datetime) -> UsageReport:
    """Sum up the last `days` days of the zone, with today."""
    found = zone_of(zone)
    today = now.astimezone(found).date()
    bounds = midnights(found, today, days)
    calls = _calls(user_id, microseconds(bounds[0]), microseconds(bounds[-1]))
    quarters = await _quarters(connection, calls)
    edges = [microseconds(bound) for bound in bounds]
    by_day = [[row for row in quarters if start <= row["quarter"] < end] for start, end in pairwise(edges)]
    return UsageReport.model_validate(
        {
            "from": bounds[0],
            "to": bounds[-1],
            "zone": zone,
            "totals": UsageTotals(
                calls=_sum(quarters, "calls"),
                failed=_sum(quarters, "failed"),
                input=_sum(quarters, "input"),
                output=_sum(quarters, "output"),
                cost_nano=_sum(quarters, "cost"),
            ),
            "days": [
                UsageDay(
                    day=(today - timedelta(days=days - 1 - i)).isoformat(),
                    calls=_sum(rows, "calls"),
                    tokens=_sum(rows, "tokens"),
                    cost_nano=_sum(rows, "cost"),
                )
                for i, rows in enumerate(by_day)
            ],
            "models": await _models(connection, calls, quarters),
        }
    )


def _calls(user_id: str, start: int, end: int) -> CompoundSelect[Any]:
    """Every call of the person that is over: of conversations that are there, and of purged ones."""
    messages, past = tables.messages, tables.past_calls
    names = ("created_us", "model", "provider", "status", "input_tokens", "output_tokens", "total_tokens", "cost_nano",
             "first_word_ms")  # fmt: skip
    kept = select(*(messages.c[name] for name in names)).where(
        messages.c.user_id == user_id,
        messages.c.created_us >= start,
        messages.c.created_us < end,
        messages.c.role == "assistant",
        messages.c.run_id.is_not(None),
        messages.c.status.not_in(tables.UNFINISHED),
    )
    gone = select(*(past.c[name] for name in names)).where(
        past.c.user_id == user_id, past.c.created_us >= start, past.c.created_us < end
    )
    return union_all(kept, gone)


async def _quarters(connection: AsyncConnection, calls: CompoundSelect[Any]) -> Sequence[Any]:
    c = calls.subquery().c
    quarter = (c.created_us - c.created_us % QUARTER_US).label("quarter")
    result = await connection.execute(
        select(
            quarter,
            c.model,
            c.provider,
            func.count().label("calls"),
            func.sum(case((c.status == "error", 1), else_=0)).label("failed"),
            func.coalesce(func.sum(c.input_tokens), 0).label("input"),
            func.coalesce(func.sum(c.output_tokens), 0).label("output"),
            func.coalesce(func.sum(c.total_tokens), 0).label("tokens"),
            func.coalesce(func.sum(c.cost_nano), 0).label("cost"),
        ).group_by(quarter, c.model, c.provider)
    )
    return result.mappings().all()


async def _models(connection: AsyncConnection, calls: CompoundSelect[Any], quarters: Sequence[Any]) -> list[UsageModel]:
    c = calls.subquery().c
    times = await connection.execute(
        select(c.model, c.provider, c.first_word_ms)
        .where(c.first_word_ms.is_not(None))
        .order_by(c.created_us.desc())
        .limit(_SAMPLE)
    )
    waits: dict[tuple[str, str | None], list[float]] = {}
    for model, provider, wait in times:
        waits.setdefault((model, provider), []).append(wait)
    groups: dict[tuple[str, str | None], list[Any]] = {}
    for row in quarters:
        groups.setdefault((row["model"], row["provider"]), []).append(row)
    found = [
        UsageModel(
            model=key[0] or "",
            provider=key[1],
            calls=_sum(rows, "calls"),
            input=_sum(rows, "input"),
            output=_sum(rows, "output"),
            cost_nano=_sum(rows, "cost"),
            first_word_ms=median(waits[key]) if key in waits else None,
        )
        for key, rows in groups.items()
    ]
    return sorted(found, key=lambda each: (-each.cost_nano, -each.calls, each.model))


def _sum(rows: Sequence[Any], name: str) -> int:
    return sum(int(row[name]) for row in rows)
