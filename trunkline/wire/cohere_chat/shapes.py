"""Reading JSON that may be anything, and remembering how it was spelled.

`null` counts as not given everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, TypeGuard

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape
from trunkline.ir.parts import Native
from trunkline.wire.codec import Members

OWN: Final = Format.COHERE_CHAT


class Spelled(Native, gc=False):
    """Members that only this format has, and how it spelled what the representation does hold.

    The spelling (a string where a list would do, `null` where nothing would) is put back for this format. It means
    nothing elsewhere, so it is no member: nobody reports it as lost.
    """

    spelling: dict[str, object] = msgspec.field(default_factory=dict[str, object])


def spelled(native: Native | None, name: str) -> object:
    """How this format spelled something; `None` where there is nothing to say."""
    return native.spelling.get(name) if isinstance(native, Spelled) else None


def kept(members: Mapping[str, object], known: Collection[str], spelling: dict[str, object]) -> Native | None:
    """What is left of `members` beside the `known` ones, and the spelling; `None` where there is neither.

    A known member that is `null` is a matter of spelling.
    """
    rest: dict[str, object] = {}
    nulls: list[str] = []
    for name, value in members.items():
        if name not in known:
            rest[name] = value
        elif value is None:
            nulls.append(name)
    if nulls:
        spelling["nulls"] = nulls
    if spelling:
        return Spelled(OWN, rest, spelling)
    return Native(OWN, rest) if rest else None


def nested(native: Native | None, name: str, rest: Members) -> Native | None:
    """`native` and, under `name`, what is left of an object inside."""
    if not rest:
        return native
    members: Members = dict(native.members) if native is not None else {}
    members[name] = rest
    return Spelled(OWN, members, native.spelling) if isinstance(native, Spelled) else Native(OWN, members)


def put_nested(inner: Members, native: Native | None, name: str) -> None:
    """Add what was left of an object inside."""
    rest = native.members.get(name) if native is not None and native.format is OWN else None
    if is_object(rest):
        for member, value in rest.items():
            inner.setdefault(member, value)


def put_nulls(members: Members, native: Native | None) -> None:
    """Add the `null` members that were there."""
    nulls = spelled(native, "nulls")
    if isinstance(nulls, list):
        for name in nulls:
            members.setdefault(name, None)


def unsaid(native: Native | None, name: str) -> bool:
    """The member was `null`, or was not there at all."""
    nulls = spelled(native, "nulls")
    return spelled(native, "missing") == name or (isinstance(nulls, list) and name in nulls)


def is_plain_text(block: object) -> bool:
    """A block that a string could say as well."""
    return is_object(block) and block.keys() == {"type", "text"} and block["type"] == "text"


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
    """An integer, or `None` where it is not given. `3.0` is one: some clients have no other numbers."""
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
