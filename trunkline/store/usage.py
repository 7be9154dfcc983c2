"""What calls come to, over time and by group: read from the sums, never from the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import CTE, BigInteger, ColumnElement, Integer, Select, Table, case, column, func, select, values
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trunkline.store.matching import Filter, conditions
from trunkline.store.tables import UtcTime, days, rollups
from trunkline.store.zones import is_utc_midnight

_MILLION: Final = 1_000_000
_PICO: Final = 10**12
Bucket = tuple[int, datetime, datetime]


class By(StrEnum):
    """What calls are grouped by: columns of the sums."""

    MODEL = "model"
    MODEL_GROUP = "model_group"
    PROVIDER = "provider"
    STATUS = "status"
    KEY = "api_key"


@dataclass(slots=True, kw_only=True)
class Sums:
    """Sums over calls. Tokens; milliseconds; `spend_pico` in pico-USD, exact."""

    calls: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    duration_ms: int = 0
    first_byte_ms: int = 0
    """Of the calls that had one: `first_byte_calls`."""
    first_byte_calls: int = 0
    unpriced_calls: int = 0
    """Calls that consumed tokens of a model without a price: `spend_pico` lacks them."""
    spend_pico: int = 0

    def add(self, other: Sums) -> None:
        """Add another's sums."""
        for name in _NAMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_NAMES: Final = tuple(each.name for each in fields(Sums))
_PLAIN: Final = tuple(name for name in _NAMES if name not in {"failed", "spend_pico"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One group over time."""

    name: str | None
    """`None`: everything that is not among the largest."""
    members: int
    """How many groups it is made of."""
    total: Sums
    points: Sequence[Sums]
    """One per bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The answer to `over_time`."""

    total: Sums
    series: Sequence[Series]
    """The largest first, by spend and then by calls; the rest at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for."""

    bounds: Sequence[datetime]
    """Where buckets begin, and the end of the last one (`zones.cut`)."""
    by: By
    top: int
    """How many groups get a series of their own."""
    only: Filter = field(default_factory=Filter)


def usd(pico: int) -> str:
    """Pico-USD as USD, exact, without zeros at the end: `0.0000083`."""
    sign, whole, rest = "-" if pico < 0 else "", *divmod(abs(pico), _PICO)
    return f"{sign}{whole}.{rest:012d}".rstrip("0").rstrip(".")


def pico(dollars: Decimal) -> int:
    """USD as pico-USD, rounded up: what is less than a pico more is more."""
    return -int(-dollars.scaleb(12) // 1)


async def over_time(engine: AsyncEngine, question: Question) -> Usage:
    """Sum calls up by bucket and group. Two queries a table, whose rows are buckets times `top`."""
    async with engine.connect() as connection:
        totals = await _totals(connection, question)
        ordered = sorted(totals, key=lambda name: (-totals[name].spend_pico, -totals[name].calls, name))
        chosen, rest = ordered[: question.top], ordered[question.top :]
        points = await _points(connection, question, chosen)
    series = [Series(name=name, members=1, total=totals[name], points=points[name]) for name in chosen]
    if rest:
        series.append(
            Series(name=None, members=len(rest), total=_sum(totals[name] for name in rest), points=points[None])
        )
    return Usage(total=_sum(totals.values()), series=series)


def _sum(parts: Iterable[Sums]) -> Sums:
    found = Sums()
    for part in parts:
        found.add(part)
    return found


async def _totals(connection: AsyncConnection, question: Question) -> Mapping[str, Sums]:
    found: defaultdict[str, Sums] = defaultdict(Sums)
    for table, numbered in _tables(question):
        name = table.c[question.by.value]
        for row in await connection.execute(_question(table, numbered, question, [name])):
            found[row[0]].add(_read(row[1:]))
    return found


async def _points(
    connection: AsyncConnection, question: Question, chosen: Sequence[str]
) -> Mapping[str | None, list[Sums]]:
    count = len(question.bounds) - 1
    found: defaultdict[str | None, list[Sums]] = defaultdict(lambda: [Sums() for _ in range(count)])
    for table, numbered in _tables(question):
        group = table.c[question.by.value]
        name: ColumnElement[Any] = case((group.in_(chosen), group), else_=None)
        for row in await connection.execute(_question(table, numbered, question, [name, numbered.c.number])):
            found[row[0]][row[1]].add(_read(row[2:]))
    return found


def _tables(question: Question) -> list[tuple[Table, CTE]]:
    """The tables that answer, each with the buckets that it answers for: whole UTC days come from the days."""
    whole: list[Bucket] = []
    odd: list[Bucket] = []
    for number, (start, end) in enumerate(pairwise(question.bounds)):
        fits = is_utc_midnight(start) and is_utc_midnight(end)
        (whole if fits else odd).append((number, start, end))
    return [(table, numbered(found)) for table, found in ((days, whole), (rollups, odd)) if found]


def numbered(buckets: Iterable[Bucket]) -> CTE:
    """Buckets (number, start, end) as rows that a query can be joined with."""
    shape = values(column("number", Integer), column("start", UtcTime), column("stop", UtcTime), name="buckets")
    return shape.data(list(buckets)).cte("numbered")


def _question(
    table: Table, buckets: CTE, question: Question, groups: Sequence[ColumnElement[Any]]
) -> Select[*tuple[Any, ...]]:
    start = next(iter(table.primary_key.columns))
    inside = (start >= buckets.c.start) & (start < buckets.c.stop)
    found = select(*groups, *_sums(table)).select_from(buckets.join(table, inside))
    # The ends say again what the buckets say: with them the planner reads only the rows (partitions, pages) between.
    found = found.where(start >= question.bounds[0], start < question.bounds[-1])
    return found.where(*conditions(table, question.only)).group_by(*groups)


def _sums(table: Table) -> list[ColumnElement[Any]]:
    # Money in two sums: one would end SQLite's 64 bits at 9.2 million USD, with an error.
    money = table.c.spend_pico
    failed = case((table.c.status == "success", 0), else_=table.c.calls)
    parts = [*(table.c[name] for name in _PLAIN), failed, money.op("/")(_MILLION), money % _MILLION]
    return [func.coalesce(func.sum(part), 0).cast(BigInteger) for part in parts]


def _read(row: Sequence[Any]) -> Sums:
    *plain, failed, high, low = map(int, row)
    return Sums(**dict(zip(_PLAIN, plain, strict=True)), failed=failed, spend_pico=high * _MILLION + low)
