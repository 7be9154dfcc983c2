"""Failures, grouped by kind, provider and model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trunkline.store.error_kinds import ErrorKind, kind
from trunkline.store.tables import attempts, logs
from trunkline.store.usage import Bucket, numbered

BEFORE: Final = -1
"""The number of the stretch before the first bucket, which says what is new."""


@dataclass(slots=True, kw_only=True)
class ErrorGroup:
    """Failures of one kind at one provider with one model."""

    kind: ErrorKind
    provider: str
    model: str
    calls: int = 0
    """That ended in failure: what clients saw."""
    attempts: int = 0
    """That failed before another one was made."""
    before: int = 0
    """How many there were in the stretch of the same length before."""
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    request_id: str = ""
    """The latest."""
    error: str = ""
    """What its row says."""
    points: list[int] = field(default_factory=list[int])
    """Calls and attempts by bucket."""

    @property
    def count(self) -> int:
        """Calls and attempts."""
        return self.calls + self.attempts


async def groups(engine: AsyncEngine, bounds: Sequence[datetime]) -> list[ErrorGroup]:
    """Group what failed between the first and the last of `bounds` (`zones.cut`), the most frequent first."""
    start, end = bounds[0], bounds[-1]
    buckets = [(BEFORE, start - (end - start), start)]
    buckets += [(number, *pair) for number, pair in enumerate(pairwise(bounds))]
    found: dict[tuple[str, str, str], ErrorGroup] = {}
    async with engine.connect() as connection:
        for table, counted in ((logs, "calls"), (attempts, "attempts")):
            for row in await connection.execute(_question(table, buckets)):
                _note(found, row, counted, len(bounds) - 1)
        seen = [group for group in found.values() if group.count]
        await _quote(connection, seen)
    return sorted(seen, key=lambda group: (-group.count, group.kind, group.provider, group.model))


def _question(table: Table, buckets: Sequence[Bucket]) -> Select[*tuple[Any, ...]]:
    rows = numbered(buckets)
    moment = table.c.start_time
    groups: list[ColumnElement[Any]] = [kind(table).label("kind"), table.c.provider, table.c.model, rows.c.number]
    question = select(
        *groups, func.count(), func.min(moment), func.max(moment), func.max(table.c.request_id)
    ).select_from(rows.join(table, (moment >= rows.c.start) & (moment < rows.c.stop)))
    if "status" in table.c:
        question = question.where(table.c.status == "failure")
    # The ends say again what the buckets say: with them the planner reads only the partitions between.
    return question.where(moment >= buckets[0][1], moment < buckets[-1][2]).group_by(*groups)


def _note(found: dict[tuple[str, str, str], ErrorGroup], row: Sequence[Any], counted: str, points: int) -> None:
    name, provider, model, number, count, first, last, request_id = row
    group = found.get((name, provider, model))
    if group is None:
        group = found[name, provider, model] = ErrorGroup(
            kind=ErrorKind(name), provider=provider, model=model, points=[0] * points
        )
    if number == BEFORE:
        group.before += count
        return
    setattr(group, counted, getattr(group, counted) + count)
    group.points[number] += count
    group.first_seen = first if group.first_seen is None else min(group.first_seen, first)
    if group.last_seen is None or last > group.last_seen:
        group.last_seen, group.request_id = last, request_id


async def _quote(connection: AsyncConnection, seen: Sequence[ErrorGroup]) -> None:
    """Fill in what the latest rows say."""
    wanted = [group.request_id for group in seen]
    texts: dict[tuple[str, str], str] = {}
    for table in (attempts, logs):
        chosen = select(table.c.request_id, kind(table), table.c.error).where(table.c.request_id.in_(wanted))
        for request_id, name, error in await connection.execute(chosen):
            texts[request_id, name] = error
    for group in seen:
        group.error = texts.get((group.request_id, group.kind), "")
