"""What a caller asked for, read from the query, with errors that say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Query

from trunkline.access.refusal import refusal
from trunkline.admin.management import RefusedError
from trunkline.store.matching import Filter
from trunkline.store.usage import pico
from trunkline.store.zones import Step, cut, fitting, quarters

MAX_BUCKETS: Final = 400
_STATUS: Final = re.compile(r"success|failure|[1-5][0-9xX]{2}|0")
_DEFAULT_SPAN: Final = timedelta(hours=24)
_MAX_DOLLARS: Final = Decimal(9_000_000)
"""A row holds no more: 64 bits of pico-USD."""
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time in a zone."""

    start: datetime
    end: datetime
    zone: ZoneInfo


def wrong(param: str, message: str) -> RefusedError:
    """The error for a parameter."""
    return RefusedError(refusal(422, f"`{param}`: {message}", "invalid_request_error", param))


def span(
    start: Annotated[
        datetime | None,
        Query(alias="from", description="ISO 8601; without an offset, of the zone. By default a day before `to`."),
    ] = None,
    end: Annotated[datetime | None, Query(alias="to", description="Not included. By default now.")] = None,
    zone: Annotated[str, Query(description="An IANA name, for example `Europe/Berlin`: whose days they are.")] = "UTC",
) -> Span:
    """The stretch that is meant."""
    known = _zone(zone)
    last = datetime.now(UTC) if end is None else _instant("to", end, known)
    first = last - _DEFAULT_SPAN if start is None else _instant("from", start, known)
    if first >= last:
        raise wrong("from", "is not before `to`")
    return Span(start=first, end=last, zone=known)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # of a file's name, of a folder, of what there is not
        raise wrong("zone", f"no zone is called {name[:60]!r}: write an IANA name such as `Europe/Berlin`") from None


def _instant(param: str, moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except OverflowError:
        raise wrong(param, "lies too far away") from None


def bounds(meant: Span, step: Step | None) -> tuple[Step, list[datetime]]:
    """The step and the buckets' bounds (`zones.cut`); `None` lets the length decide."""
    try:
        start, end = quarters(meant.start, meant.end)
        chosen = step or fitting(start, end)
        if (end - start) / _LENGTH[chosen] > MAX_BUCKETS + 1:
            raise wrong("bucket", _too_many(chosen))
        return chosen, cut(start, end, meant.zone, chosen)
    except OverflowError:
        raise wrong("from", "lies too far away") from None


_LENGTH: Final = {
    Step.QUARTER: timedelta(minutes=15), Step.HOUR: timedelta(hours=1), Step.DAY: timedelta(days=1),
}  # fmt: skip


def _too_many(step: Step) -> str:
    way = "ask for a shorter time" if step is Step.DAY else "ask for longer ones, or for a shorter time"
    return f"more than {MAX_BUCKETS} buckets of `{step}`: {way}"


def narrowed(
    model: Annotated[str, Query(description="Asked for or answered; `*` is any text: `gpt-4*`.")] = "",
    provider: Annotated[str, Query(description="As before the slash of a model.")] = "",
    key: Annotated[str, Query(description="How the SHA-256 of the caller's key begins, hex.")] = "",
    status: Annotated[
        str, Query(description="`success`, `failure`, or (of single requests) an HTTP status: `429`, `5xx`.")
    ] = "",
) -> Filter:
    """The filter that rows and sums share."""
    if status and not _STATUS.fullmatch(status):
        raise wrong("status", f"{status[:40]!r} is none: write `success`, `failure`, `429` or `5xx`")
    return Filter(model=model, provider=provider, key=key, status=status)


def http_statuses(status: str) -> tuple[int, int] | None:
    """The HTTP statuses that `status` stands for, from and to; `None` where it is a word."""
    if not status or status in {"success", "failure"}:
        return None
    low, high = re.sub("[xX]", "0", status), re.sub("[xX]", "9", status)
    return int(low), int(high)


def dollars(text: str) -> int | None:
    """USD as pico-USD."""
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise wrong("min_cost", f"{text[:40]!r} is no amount: write USD, for example `0.10`") from None
    if not amount.is_finite() or not 0 <= amount <= _MAX_DOLLARS:
        raise wrong("min_cost", f"write an amount from 0 to {_MAX_DOLLARS} USD")
    return pico(amount)


def word(param: str, text: str, kind: Callable[[str], Found]) -> Found | None:
    """One of a fixed list of words."""
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        raise wrong(param, f"{text[:40]!r} is none of those that there are") from None
