"""Reading JSON that may be anything, and remembering how it was spelled.

Every model has an input of its own; so what has not the type that is known here is left as it is, for the API to judge.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, TypeGuard

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Native
from trunkline.wire.codec import Members

OWN: Final = Format.REPLICATE

BROKEN: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What JSON that cannot be read raises: bad syntax, bad UTF-8 or too large numbers, too deep nesting."""


class Spelled(Native, gc=False):
    """Members that only this format has, and how it spelled what the representation does hold.

    The spelling (the name that a limit had, a list of pieces) is put back for this format. It means nothing elsewhere,
    so it is no member: nobody reports it as lost.
    """

    spelling: dict[str, object] = msgspec.field(default_factory=dict[str, object])


def spelled(native: Native | None, name: str) -> object:
    """How this format spelled something; `None` where there is nothing to say."""
    return native.spelling.get(name) if isinstance(native, Spelled) else None


def is_object(value: object) -> TypeGuard[Members]:
    """A JSON object."""
    return isinstance(value, dict)


def is_texts(value: object) -> TypeGuard[list[str]]:
    """An array of strings."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_whole(value: object) -> TypeGuard[int]:
    """An integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """A number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def an_object(value: object, path: str) -> Members:
    """A JSON object.

    Raises:
        BadShape: it is something else.
    """
    if is_object(value):
        return value
    raise BadShape(path, "is missing; it must be an object" if value is None else "must be an object")


def read_time(value: object) -> int:
    """Unix seconds of an RFC 3339 time; 0 where it is none."""
    if not isinstance(value, str):
        return 0
    try:
        return max(0, int(datetime.fromisoformat(value).timestamp()))
    except (ValueError, OverflowError):
        return 0


def write_time(seconds: int) -> str:
    """An RFC 3339 time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
