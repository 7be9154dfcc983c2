"""From what the database said to what `/trunkline/*` answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from trunkline.admin import usage_models as models
from trunkline.admin.usage_query import Span
from trunkline.admin.usage_texts import TEXTS
from trunkline.store import error_groups, usage
from trunkline.store.error_kinds import ErrorKind
from trunkline.store.requests import Whole
from trunkline.store.usage import By, usd
from trunkline.store.zones import Step

Row = Mapping[str, Any]

_BILL: Final = (
    ("input", "cost_input_pico"),
    ("cache_read", "cost_cache_read_pico"),
    ("cache_write", "cost_cache_write_pico"),
    ("output", "cost_output_pico"),
    ("other", "cost_other_pico"),
)


def over_time(found: usage.Usage, meant: Span, step: Step, at: Sequence[datetime], by: By) -> models.Usage:
    """The answer of `GET /trunkline/usage`."""
    return models.Usage(
        start=at[0],
        end=at[-1],
        zone=meant.zone.key,
        bucket=step,
        by=by,
        buckets=list(at[:-1]),
        total=_sums(found.total),
        series=[_series(each) for each in found.series],
    )


def _series(found: usage.Series) -> models.UsageSeries:
    return models.UsageSeries(
        name=found.name,
        members=found.members,
        total=_sums(found.total),
        calls=[each.calls for each in found.points],
        failed=[each.failed for each in found.points],
        tokens=[each.prompt_tokens + each.completion_tokens for each in found.points],
        spend=[usd(each.spend_pico) for each in found.points],
    )


def _sums(found: usage.Sums) -> models.Sums:
    return models.Sums(
        calls=found.calls,
        failed=found.failed,
        prompt_tokens=found.prompt_tokens,
        completion_tokens=found.completion_tokens,
        cache_read_tokens=found.cache_read_tokens,
        cache_write_tokens=found.cache_write_tokens,
        reasoning_tokens=found.reasoning_tokens,
        spend=usd(found.spend_pico),
        unpriced_calls=found.unpriced_calls,
        mean_duration_ms=_mean(found.duration_ms, found.calls),
        mean_first_byte_ms=_mean(found.first_byte_ms, found.first_byte_calls),
    )


def _mean(total: int, count: int) -> float | None:
    return round(total / count, 1) if count else None


def row(found: Row) -> models.RequestRow:
    """One row of `GET /trunkline/requests`."""
    return models.RequestRow(**_short(found))


def _short(found: Row) -> dict[str, Any]:
    same = (
        "request_id", "start_time", "status", "http_status", "model_group", "model", "provider", "api_key", "end_user",
        "prompt_tokens", "completion_tokens", "attempts", "stream",
    )  # fmt: skip
    consumed = found["prompt_tokens"] or found["completion_tokens"]
    first = found["completion_start_time"]
    return {name: found[name] for name in same} | {
        "duration_ms": found["request_duration_ms"],
        "first_byte_ms": None if first is None else max(0, _milliseconds(first - found["start_time"])),
        "kind": None if found["status"] == "success" else found["kind"],
        "spend": usd(found["spend_pico"]) if found["spend_pico"] or found["price_version"] or not consumed else None,
        "estimated": found["usage_source"] == "estimated",
    }


def detail(found: Whole) -> models.RequestDetail:
    """The answer of `GET /trunkline/requests/{request_id}`."""
    whole = found.row
    same = (
        "end_time", "outcome", "error", "call_type", "model_id", "api_base", "requester_ip_address", "user_agent",
        "usage_source", "finish_reason", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
        "provider_request_id", "client_call_id", "config_version",
    )  # fmt: skip
    return models.RequestDetail(
        **_short(whole),
        **{name: whole[name] for name in same},
        line=list(_line(found)),
        bill=list(_bill(whole)),
        price=None if found.price is None else _price(found.price),
    )


def _line(found: Whole) -> Iterator[models.Attempt]:
    whole, begin = found.row, found.row["start_time"]
    for each in found.earlier:
        yield _attempt(each, each["number"], each["start_time"], each["duration_ms"], each["spend_pico"], each["kind"])
        begin = max(begin, each["start_time"] + timedelta(milliseconds=each["duration_ms"]))
    if whole["attempts"]:
        kind = None if whole["status"] == "success" else whole["kind"]
        lasted = max(0, _milliseconds(whole["end_time"] - begin))
        yield _attempt(whole, whole["attempts"], begin, lasted, whole["spend_pico"], kind)


def _attempt(found: Row, number: int, start: datetime, lasted: int, spend: int, kind: str | None) -> models.Attempt:
    same = ("model", "model_id", "provider", "api_base", "http_status", "error")
    return models.Attempt(
        **{name: found[name] for name in same},
        number=number,
        start_time=start,
        duration_ms=lasted,
        kind=None if kind is None else ErrorKind(kind),
        spend=usd(spend),
    )


def _bill(whole: Row) -> Iterator[models.CostLine]:
    """What was charged, without the lines that say nothing."""
    read, written = whole["cache_read_tokens"], whole["cache_write_tokens"]
    tokens = {
        "input": max(0, whole["prompt_tokens"] - read - written),
        "cache_read": read,
        "cache_write": written,
        "output": whole["completion_tokens"],
        "other": None,
    }
    for what, column in _BILL:
        if tokens[what] or whole[column]:
            yield models.CostLine(what=what, tokens=tokens[what], spend=usd(whole[column]))


def _price(found: Row) -> models.PriceUsed:
    rates = msgspec.json.decode(found["rates_json"])
    return models.PriceUsed(version=found["version"], source=found["source"], rates=rates)


def errors(found: Sequence[error_groups.ErrorGroup], meant: Span, step: Step, at: Sequence[datetime]) -> models.Errors:
    """The answer of `GET /trunkline/errors`."""
    return models.Errors(
        start=at[0],
        end=at[-1],
        zone=meant.zone.key,
        bucket=step,
        buckets=list(at[:-1]),
        count=sum(each.count for each in found),
        groups=[_group(each) for each in found],
    )


def _group(found: error_groups.ErrorGroup) -> models.ErrorGroup:
    assert found.first_seen is not None
    assert found.last_seen is not None
    title, advice = TEXTS[found.kind]
    return models.ErrorGroup(
        kind=found.kind,
        title=title,
        advice=advice,
        provider=found.provider,
        model=found.model,
        count=found.count,
        calls=found.calls,
        attempts=found.attempts,
        new=not found.before,
        first_seen=found.first_seen,
        last_seen=found.last_seen,
        points=found.points,
        request_id=found.request_id,
        error=found.error,
    )


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
