"""How a Gemini body was written, where the format has two spellings of one thing.

`Native.members` holds what has no place in the representation, and other formats report each of it as a loss. A mere
spelling (a role left out, an enum as a number) is no loss, so it travels in `how`, which only this package reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TypeGuard

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Native
from trunkline.wire.codec import Members
from trunkline.wire.natives import put_back


class Form(Native, gc=False):
    """Members without a place, and how the rest was spelled."""

    how: dict[str, object] = msgspec.field(default_factory=dict[str, object])


def note(members: dict[str, object], how: dict[str, object]) -> Form | None:
    """A form, or `None` where there is nothing to say."""
    return Form(Format.GEMINI, members, how) if members or how else None


def spelled(native: Native | None, name: str) -> object:
    """What `how` says of `name`; `None`: nothing."""
    return native.how.get(name) if isinstance(native, Form) else None


def left(members: Mapping[str, object], known: AbstractSet[str]) -> dict[str, object]:
    """The members that are not `known`."""
    return {name: value for name, value in members.items() if name not in known}


def restore(out: Members, native: Native | None, losses: Losses, path: str) -> None:
    """Put the members of a form back, objects merged one level deep; those of other formats are reported."""
    if not isinstance(native, Form):
        put_back(out, native, Format.GEMINI, losses, path)
        return
    for name, value in native.members.items():
        there = out.get(name)
        if there is None:
            out[name] = value
        elif isinstance(there, dict) and isinstance(value, dict):
            out[name] = {**value, **there}


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """A JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """A JSON array."""
    return isinstance(value, list)


def is_number(value: object) -> TypeGuard[int | float]:
    """A JSON number (`True` is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_object(value: object, path: str) -> dict[str, object]:
    """The value as an object.

    Raises:
        BadShape: it is none.
    """
    if not is_object(value):
        raise BadShape(path, "must be an object")
    return value


def as_list(value: object, path: str) -> list[object]:
    """The value as a list; Google's parser takes a lone object for a list of one (recorded: `parts: {"text": ""}`).

    Raises:
        BadShape: it is neither.
    """
    if is_list(value):
        return value
    if is_object(value):
        return [value]
    raise BadShape(path, "must be a list")


def as_text(value: object, path: str) -> str:
    """The value as text.

    Raises:
        BadShape: it is none.
    """
    if not isinstance(value, str):
        raise BadShape(path, "must be a string")
    return value
