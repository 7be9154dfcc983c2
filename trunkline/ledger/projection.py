r"""From a record to its row, and what to do with text that no database takes.

A record's numbers always arrive. Text is mended visibly: NUL and lone surrogates become `\u0000` and the like
(PostgreSQL refuses them, and one such prompt cost LiteLLM whole batches of everyone's spend, #21290), and what is too
long for an index is cut.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from trunkline.ledger.record import COUNTERS, Attempt, CallRecord, PriceRecord
from trunkline.store.session import Row

Stamp = Callable[[int], object]
R = TypeVar("R", CallRecord, Attempt, PriceRecord)

KEY_CHARS: Final = 250
"""Text in an index or a roll-up's key: PostgreSQL takes 2,704 bytes an entry; two of these may have four-byte
characters (the model's two names), the others are our own words."""
TEXT_CHARS: Final = 4096
_INDEXED: Final = frozenset(
    {"request_id", "model_group", "model", "provider", "api_key", "status", "end_user", "version"}
)
_LONG: Final = frozenset({"rates_json"})
_BAD: Final = re.compile("[\x00\ud800-\udfff]")
_MAX: Final = 2**63 - 1
_SMALL: Final = frozenset({"http_status", "attempts", "number"})
_ADDED: Final = frozenset({"input_total", "output_total"})
"""Summed in a generated column, which must not overflow either."""
_MAX_SMALL: Final = 2**31 - 1
LAST_DAY: Final = 2_932_895
"""The last but one day of the year 9999, in days since 1970: its end can still be written down."""
_LAST_US: Final = (LAST_DAY + 1) * 86_400_000_000 - 1_000_000


_astuple: Final = msgspec.structs.astuple
_AS_IS: Final = slice(
    CallRecord.__struct_fields__.index("call_type"), CallRecord.__struct_fields__.index("finish_reason") + 1
)
"""The fields that are columns as they stand; `LOG_COLUMNS` keeps the record's order so that this is one copy."""


def log_row(record: CallRecord, stamp: Stamp, now: object) -> Row:
    """Return the values of `LOG_COLUMNS`. Field by field it would cost three times as much."""
    started = record.started_us
    first = record.first_byte_us
    duration = record.duration_us
    return (
        record.request_id,
        stamp(started),
        stamp(started + duration),
        stamp(started + first) if first >= 0 else None,
        now,
        duration // 1000,
        *_astuple(record)[_AS_IS],
        _metadata(record.counters) if record.counters else "{}",
    )


def _metadata(counters: tuple[int, ...]) -> str:
    """The counters that are not 0, by name: without them the row's cost could not be computed again."""
    usage = {name: count for name, count in zip(COUNTERS, counters, strict=False) if count}
    return msgspec.json.encode({"usage": usage}).decode()


def attempt_rows(record: CallRecord, stamp: Stamp) -> list[Row]:
    """Return the values of `ATTEMPT_COLUMNS` for the attempts before the last."""
    return [
        (
            record.request_id, each.number, stamp(each.started_us), each.duration_us // 1000, each.model, each.model_id,
            each.provider, each.api_base, each.status, each.error, each.usage_source, each.input_total,
            each.output_total, each.cost, each.price_version,
        )
        for each in record.earlier
    ]  # fmt: skip


def needs_cleaning(record: CallRecord) -> bool:
    """Tell quickly whether `clean` would change anything: no NUL and nothing long, in one look at all text."""
    joined = (
        f"{record.request_id}{record.model_group}{record.model}{record.model_id}{record.provider}{record.api_base}"
        f"{record.error}{record.end_user}{record.requester_ip}{record.provider_request_id}{record.client_call_id}"
        f"{record.user_agent}{record.finish_reason}{record.api_key}{record.call_type}"
    )
    return len(joined) > 1000 or "\0" in joined or bool(record.earlier)


def clean(record: R) -> R:
    """Return the record with every text field escaped and cut as its column needs; the same one if none does."""
    changed: dict[str, object] = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, str):
            mended = _mend(value, KEY_CHARS if name in _INDEXED else None if name in _LONG else TEXT_CHARS)
            if mended != value:
                changed[name] = mended
        elif name == "earlier":
            attempts = tuple(clean(each) for each in value)
            if any(new is not old for new, old in zip(attempts, value, strict=True)):
                changed[name] = attempts
    return msgspec.structs.replace(record, **changed) if changed else record


def _mend(value: str, limit: int | None) -> str:
    if len(value) > 100_000:
        value = value[:100_000]  # no limit is longer, and escaping ten megabytes would take a second
    value = _BAD.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    return value if limit is None or len(value) <= limit else value[: limit - 3] + "..."


def strip(record: R) -> R:
    """Return the record without its text, ids and known words kept, and numbers within their columns.

    For a row that a database refuses although its text is clean. Whatever the reason, this one has no reason left.
    """
    changed: dict[str, object] = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, str):
            changed[name] = value if _harmless(name, value) else ""
        elif isinstance(value, int) and not isinstance(value, bool):
            changed[name] = _within(name, value)
        elif name == "earlier":
            changed[name] = tuple(strip(each) for each in value)
    if isinstance(record, CallRecord):
        left = _LAST_US - max(0, min(record.started_us, _LAST_US))
        changed["duration_us"] = max(0, min(record.duration_us, left))
        changed["first_byte_us"] = record.first_byte_us if 0 <= record.first_byte_us <= left else -1
        if not changed["request_id"]:
            # Never an empty key: the second one would look like a duplicate (LiteLLM #6633).
            digest = hashlib.sha256(record.request_id.encode("utf-8", "surrogatepass")).hexdigest()
            changed["request_id"] = f"unreadable-{digest[:32]}"
    return msgspec.structs.replace(record, **changed)


def _harmless(name: str, value: str) -> bool:
    words = {"request_id", "status", "outcome", "usage_source", "call_type", "api_key", "price_version", "version"}
    return name in words and value.isascii() and value.isprintable() and len(value) <= KEY_CHARS


def _within(name: str, value: int) -> int:
    if name == "started_us":
        return max(0, min(value, _LAST_US))
    limit = _MAX_SMALL if name in _SMALL else _MAX // 2 if name in _ADDED else _MAX
    return max(-limit, min(value, limit))
