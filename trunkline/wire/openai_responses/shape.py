"""Reading JSON that may be anything, and remembering how this format spelled it.

`null` counts as not given everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final, TypeGuard

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import Native
from trunkline.wire.codec import Members
from trunkline.wire.natives import put_back

OWN: Final = Format.OPENAI_RESPONSES

BROKEN: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What JSON that cannot be read raises: bad syntax, bad UTF-8 or too large numbers, too deep nesting."""

PUT: Final = "put"
"""The entry of `Spelled.form` with members to be put back that say nothing: ids, states, `null`."""


class Spelled(Native, gc=False):
    """Members that only this format has, and how it spelled what the representation does hold.

    The form (a string where a list would do, the id and status of an item, `null` where nothing would do) is put back
    for this format. It means nothing elsewhere, so it is no member: no encoder reports it as lost.
    """

    form: dict[str, object] = msgspec.field(default_factory=dict[str, object])


def spelled(members: Members, form: Mapping[str, object], put: Members) -> Spelled:
    """Members, form and quiet members together; empty `put` leaves no trace."""
    whole = dict(form)
    if put:
        whole[PUT] = put
    return Spelled(OWN, members, whole)


def or_none(native: Spelled) -> Spelled | None:
    """`None` where there is nothing to remember."""
    return native if native.members or native.form else None


def own(native: Native | None) -> Spelled | None:
    """`native` where it is of this format."""
    if isinstance(native, Spelled):
        return native
    if native is None or native.format is not OWN:
        return None
    return Spelled(OWN, native.members)


def form_of(native: Native | None, name: str) -> object:
    """How this format spelled something; `None` where there is nothing to say."""
    return native.form.get(name) if isinstance(native, Spelled) else None


def leftovers(
    item: Mapping[str, object], known: AbstractSet[str], quiet: AbstractSet[str] = frozenset()
) -> tuple[Members, Members]:
    """What is left beside `known`: members with a meaning, and such without (`quiet` ones, and every `null`)."""
    members: Members = {}
    put: Members = {}
    for name, value in item.items():
        if value is None:
            put[name] = None
        elif name in known:
            continue
        elif name in quiet:
            put[name] = value
        else:
            members[name] = value
    return members, put


def restore(out: Members, native: Native | None, losses: Losses, path: str) -> None:
    """Put back what this format had beside; report what another format had."""
    mine = own(native)
    if mine is None:
        put_back(out, native, OWN, losses, path)
        return
    for name, value in mine.members.items():
        out.setdefault(name, value)
    put = mine.form.get(PUT)
    if is_object(put):
        for name, value in put.items():
            out.setdefault(name, value)


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


def text(members: Mapping[str, object], name: str, path: str = "") -> str | None:
    """A string, or `None` where it is not given."""
    value = members.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadShape(join(path, name), "must be a string")


def needed_text(members: Mapping[str, object], name: str, path: str = "") -> str:
    """A string that must be given."""
    value = text(members, name, path)
    if value is None:
        raise BadShape(join(path, name), "is missing; it must be a string")
    return value


def flag(members: Mapping[str, object], name: str, path: str = "") -> bool | None:
    """`true` or `false`, or `None` where it is not given."""
    value = members.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise BadShape(join(path, name), "must be true or false")


def whole(members: Mapping[str, object], name: str, path: str = "") -> int | None:
    """An integer, or `None` where it is not given."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadShape(join(path, name), "must be an integer")
    return value


def number(members: Mapping[str, object], name: str, path: str = "") -> float | None:
    """A number, or `None` where it is not given."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadShape(join(path, name), "must be a number")
    return value


def some_text(value: object) -> str:
    """A string of a peer that nobody can send back to: anything else counts as empty."""
    return value if isinstance(value, str) else ""


def join(path: str, name: str) -> str:
    """`name` inside of `path`."""
    return f"{path}.{name}" if path else name
