"""Reading JSON that may be anything, and remembering how it was spelled.

`null` counts as not given everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final, TypeGuard

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Native
from trunkline.wire.codec import Members

OWN: Final = Format.OLLAMA

BROKEN: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What JSON that cannot be read raises: bad syntax, bad UTF-8 or too large numbers, too deep nesting."""


class Spelled(Native, gc=False):
    """Members that only this format has, and how it spelled what the representation does hold.

    The spelling (an empty text where nothing would do, ids that were made here) is put back for this format, or keeps
    from being written what was not there. It means nothing elsewhere, so it is no member: nobody reports it as lost.
    """

    spelling: dict[str, object] = msgspec.field(default_factory=dict[str, object])


def spelled(native: Native | None, name: str) -> object:
    """How this format spelled something; `None` where there is nothing to say."""
    return native.spelling.get(name) if isinstance(native, Spelled) else None


def kept(members: Mapping[str, object], known: Collection[str], spelling: dict[str, object]) -> Native | None:
    """What is left of `members` beside the `known` ones, and the spelling; `None` where there is neither.

    What says nothing (`null`, and empty values of members that are not known: clients send whole structures) is a
    matter of spelling.
    """
    rest: dict[str, object] = {}
    idle: dict[str, object] = {}
    for name, value in members.items():
        if value is None:
            idle[name] = None
        elif name not in known:
            (rest if value or type(value) in {int, float} else idle)[name] = value
    if idle:
        spelling["idle"] = idle
    if spelling:
        return Spelled(OWN, rest, spelling)
    return Native(OWN, rest) if rest else None


def put_idle(members: Members, native: Native | None) -> None:
    """Add the members that said nothing."""
    idle = spelled(native, "idle")
    if is_object(idle):
        for name, value in idle.items():
            members.setdefault(name, value)


def is_object(value: object) -> TypeGuard[Members]:
    """A JSON object."""
    return isinstance(value, dict)


def an_object(value: object, path: str) -> Members:
    """A JSON object.

    Raises:
        BadShape: it is something else; so do all below.
    """
    if is_object(value):
        return value
    raise BadShape(path, "must be an object")


def a_list(value: object, path: str) -> list[object]:
    """A JSON array."""
    if isinstance(value, list):
        return value
    raise BadShape(path, "must be an array")


def text(members: Members, name: str, path: str = "") -> str | None:
    """A string, or `None` where it is not given."""
    value = members.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadShape(join(path, name), "must be a string")


def needed_text(members: Members, name: str, path: str = "") -> str:
    """A string that must be given."""
    value = text(members, name, path)
    if value is None:
        raise BadShape(join(path, name), "is missing; it must be a string")
    return value


def flag(members: Members, name: str, path: str = "") -> bool | None:
    """`true` or `false`, or `None` where it is not given."""
    value = members.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise BadShape(join(path, name), "must be true or false")


def whole(members: Members, name: str, path: str = "") -> int | None:
    """An integer, or `None` where it is not given. `3.0` is one, as it is for the server."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadShape(join(path, name), "must be an integer")
    return value


def number(members: Members, name: str, path: str = "") -> float | None:
    """A number, or `None` where it is not given."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadShape(join(path, name), "must be a number")
    return value


def texts(members: Members, name: str, path: str = "") -> list[str] | None:
    """An array of strings, or `None` where it is not given."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadShape(join(path, name), "must be an array of strings")
    return value


def join(path: str, name: str) -> str:
    """`name` inside of `path`."""
    return f"{path}.{name}" if path else name


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
