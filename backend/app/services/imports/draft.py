"""What every format is turned into, and careful ways to look at foreign values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from backend.app.core.clock import SECOND_US, microseconds

MAX_CONTENT: Final = 2_000_000
MAX_MESSAGES: Final = 20_000
MAX_TITLE: Final = 300
MAX_MODEL: Final = 300

Json = Mapping[str, Any]


class Unusable(Exception):
    """A conversation that cannot be taken; the message says why."""


@dataclass(slots=True, kw_only=True)
class DraftMessage:
    """A message. `parent` is an id of the same file, however it is written there."""

    id: str
    parent: str | None
    role: Literal["user", "assistant", "system"]
    content: str
    reasoning: str | None = None
    model: str | None = None
    provider: str | None = None
    column: int | None = None
    status: str = "done"
    finish_reason: str | None = None
    receipt: Any = None
    created_us: int | None = None


@dataclass(slots=True, kw_only=True)
class Draft:
    """A conversation. Ids are those of the file and never become ours."""

    source: str
    """Format and id: importing the same again is noticed."""
    title: str
    messages: list[DraftMessage]
    leaf: str | None = None
    kind: Literal["chat", "compare"] = "chat"
    model: str | None = None
    system: str | None = None
    params: Any = None
    columns: list[str] = field(default_factory=list)
    pinned: bool = False
    created_us: int | None = None
    updated_us: int | None = None
    left_out: int = 0
    """Messages and attachments that were not taken."""


def text(value: object, limit: int = MAX_CONTENT) -> str:
    """Return a string, empty for anything else."""
    return value[:limit] if isinstance(value, str) else ""


def name(value: object) -> str | None:
    """Return a model's name."""
    return text(value, MAX_MODEL).strip() or None


def mapping(value: object) -> Json:
    """Return an object, empty for anything else."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> Iterator[Json]:
    """Yield the objects of a list; of anything else nothing."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def identifier(value: object) -> str | None:
    """Return an id: a string or a whole number."""
    if isinstance(value, str):
        return value[:200] or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64 else None


def when(value: object, now_us: int) -> int | None:
    """Return an instant in microseconds: of seconds, milliseconds, micro- or nanoseconds, or of ISO 8601.

    What lies before 1970 or after tomorrow is no time of a message.
    """
    found: int | None = None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float) and math.isfinite(value) and 0 < value < 1e20:
        scale = next(factor for limit, factor in _SCALES if value < limit)
        found = int(value * scale)
    elif isinstance(value, str) and len(value) < 50:
        try:
            parsed = datetime.fromisoformat(value)
            found = microseconds(parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            return None
    return found if found is not None and 0 <= found < now_us + 86_400 * SECOND_US else None


_SCALES: Final = ((1e11, 1e6), (1e14, 1e3), (1e17, 1), (math.inf, 1e-3))
