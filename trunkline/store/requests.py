"""The request log in pages, and one request whole."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from trunkline.store.error_kinds import ErrorKind, kind
from trunkline.store.matching import Filter, conditions
from trunkline.store.tables import attempts, logs, prices

Found = Mapping[str, Any]

_SHORT: Final = (
    "request_id", "start_time", "request_duration_ms", "completion_start_time", "status", "outcome", "http_status",
    "model_group", "model", "provider", "api_key", "end_user", "prompt_tokens", "completion_tokens", "spend_pico",
    "price_version", "usage_source", "attempts", "stream",
)  # fmt: skip
"""What a row of a list shows; the rest comes when one is opened."""
_IDS: Final = ("request_id", "provider_request_id", "client_call_id")


class CursorError(ValueError):
    """The cursor was not made here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows, the latest first."""

    start: datetime
    end: datetime
    """Not included."""
    only: Filter = field(default_factory=Filter)
    http_status: tuple[int, int] | None = None
    """From and to, both included."""
    kind: ErrorKind | None = None
    min_pico: int | None = None
    """Pico-USD."""
    id: str = ""
    """The gateway's id, the provider's or the client's own; the time does not matter then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows."""

    rows: Sequence[Found]
    next_cursor: str | None
    """`None` when there are no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One request."""

    row: Found
    earlier: Sequence[Found]
    """The attempts before the last one, in order."""
    price: Found | None
    """The rates that it was charged at; `None` where it had none."""


async def page(engine: AsyncEngine, wanted: Wanted, *, limit: int, cursor: str = "") -> Page:
    """Return up to `limit` rows that come after `cursor`. Raises `CursorError`."""
    question = _question(wanted)
    if cursor:
        start, request_id = _opened(cursor)
        # The first condition alone can use the index; the second sorts out those of the same instant.
        question = question.where(
            logs.c.start_time <= start, or_(logs.c.start_time < start, logs.c.request_id < request_id)
        )
    question = question.order_by(logs.c.start_time.desc(), logs.c.request_id.desc()).limit(limit + 1)
    async with engine.connect() as connection:
        rows = [dict(row) for row in (await connection.execute(question)).mappings()]
    more, rows = len(rows) > limit, rows[:limit]
    return Page(rows=rows, next_cursor=_closed(rows[-1]) if more else None)


def _question(wanted: Wanted) -> Select[*tuple[Any, ...]]:
    question = select(*(logs.c[name] for name in _SHORT), kind(logs).label("kind"))
    if wanted.id:
        return question.where(or_(*(logs.c[name] == wanted.id for name in _IDS)))
    question = question.where(logs.c.start_time >= wanted.start, logs.c.start_time < wanted.end)
    return question.where(*conditions(logs, wanted.only), *_own_conditions(wanted))


def _own_conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.http_status is not None:
        found.append(logs.c.http_status.between(*wanted.http_status))
    if wanted.kind is not None:
        found.append(and_(logs.c.status == "failure", kind(logs) == str(wanted.kind)))
    if wanted.min_pico is not None:
        found.append(logs.c.spend_pico >= wanted.min_pico)
    return found


async def whole(engine: AsyncEngine, request_id: str) -> Whole | None:
    """Return one request with its attempts and its price, `None` where there is none (yet)."""
    async with engine.connect() as connection:
        found = select(logs, kind(logs).label("kind")).where(logs.c.request_id == request_id)
        row = (await connection.execute(found)).mappings().first()
        if row is None:
            return None
        tried = select(attempts, kind(attempts).label("kind")).where(attempts.c.request_id == request_id)
        earlier = (await connection.execute(tried.order_by(attempts.c.number))).mappings().all()
        version = select(prices).where(prices.c.version == row["price_version"])
        price = (await connection.execute(version)).mappings().first()
    return Whole(row=dict(row), earlier=[dict(each) for each in earlier], price=None if price is None else dict(price))


def _closed(row: Found) -> str:
    text = f"{row['start_time'].isoformat()}|{row['request_id']}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _opened(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        start, _, request_id = text.partition("|")
        moment = datetime.fromisoformat(start)
    except (ValueError, binascii.Error):
        raise CursorError("not a `next_cursor` of an earlier page") from None
    if moment.tzinfo is None or not request_id:
        raise CursorError("not a `next_cursor` of an earlier page")
    return moment, request_id
