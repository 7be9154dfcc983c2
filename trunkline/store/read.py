"""Small questions to the ledger, on either database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Select, Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.elements import ColumnElement

from trunkline.store.tables import days, logs, rollups

_MILLION = 1_000_000
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What calls come to."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    spend_pico: int
    """Pico-USD, exact."""

    @property
    def spend(self) -> Decimal:
        """USD, exact."""
        return Decimal(self.spend_pico).scaleb(-12)


async def count_calls(engine: AsyncEngine) -> int:
    """Return the number of rows of `litellm_request_logs`, counted there."""
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(logs))).scalar_one())


async def call(engine: AsyncEngine, request_id: str) -> Mapping[str, object] | None:
    """Return the row of one call by column name, `None` where there is none (yet)."""
    async with engine.connect() as connection:
        found = (await connection.execute(select(logs).where(logs.c.request_id == request_id))).mappings().first()
        return None if found is None else dict(found)


async def spend_total(
    engine: AsyncEngine,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    api_key: str | None = None,
    model_group: str | None = None,
) -> Total:
    """Add calls up by their sums: `start` <= quarter of an hour < `end` (aware times), for a key, for a model.

    Whole days (UTC) come from the days, the ends from the quarters: ten million calls are some ten thousand rows.
    """
    found = [0] * 5
    async with engine.connect() as connection:
        for table, first, last in _stretches(start, end):
            question = _totals(table, first, last)
            if api_key is not None:
                question = question.where(table.c.api_key == api_key)
            if model_group is not None:
                question = question.where(table.c.model_group == model_group)
            row = (await connection.execute(question)).one()
            found = [old + int(new) for old, new in zip(found, row, strict=True)]
    calls, prompt, completion, high, low = found
    return Total(calls=calls, prompt_tokens=prompt, completion_tokens=completion, spend_pico=high * _MILLION + low)


def _stretches(start: datetime | None, end: datetime | None) -> list[tuple[Table, datetime | None, datetime | None]]:
    """Cut a time into whole days and what is left of quarters at its ends."""
    first = None if start is None else _midnight(start + _DAY - _TICK)
    last = None if end is None else _midnight(end)
    if first is not None and last is not None and first >= last:
        return [(rollups, start, end)]
    found: list[tuple[Table, datetime | None, datetime | None]] = [(days, first, last)]
    if start is not None and first != start:
        found.append((rollups, start, first))
    if end is not None and last != end:
        found.append((rollups, last, end))
    return found


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _totals(table: Table, first: datetime | None, last: datetime | None) -> Select[int, int, int, int, int]:
    # Money in two sums: one would end SQLite's 64 bits at 9.2 million USD, with an error.
    pico = table.c.spend_pico
    question = select(
        _sum(table.c.calls),
        _sum(table.c.prompt_tokens),
        _sum(table.c.completion_tokens),
        _sum(pico.op("/")(_MILLION)),
        _sum(pico % _MILLION),
    )
    start = next(iter(table.primary_key.columns))
    if first is not None:
        question = question.where(start >= first)
    if last is not None:
        question = question.where(start < last)
    return question


def _sum(value: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(value), 0)
