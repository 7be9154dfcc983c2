"""Small questions to the ledger, on either database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.elements import ColumnElement

from trunkline.store.tables import logs, rollups

_MILLION = 1_000_000


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
    """Add up calls by their roll-ups: `start` <= quarter of an hour < `end` (aware times), for a key, for a model."""
    question = _totals()
    if start is not None:
        question = question.where(rollups.c.bucket_start >= start)
    if end is not None:
        question = question.where(rollups.c.bucket_start < end)
    if api_key is not None:
        question = question.where(rollups.c.api_key == api_key)
    if model_group is not None:
        question = question.where(rollups.c.model_group == model_group)
    async with engine.connect() as connection:
        calls, prompt, completion, high, low = (await connection.execute(question)).one()
    return Total(
        calls=int(calls),
        prompt_tokens=int(prompt),
        completion_tokens=int(completion),
        spend_pico=int(high) * _MILLION + int(low),
    )


def _totals() -> Select[int, int, int, int, int]:
    # Money in two sums: one would end SQLite's 64 bits at 9.2 million USD, with an error.
    pico = rollups.c.spend_pico
    return select(
        _sum(rollups.c.calls),
        _sum(rollups.c.prompt_tokens),
        _sum(rollups.c.completion_tokens),
        _sum(pico.op("/")(_MILLION)),
        _sum(pico % _MILLION),
    )


def _sum(value: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(value), 0)
