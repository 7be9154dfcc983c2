"""Reading JSON that may be anything: each function gives the value it names, or says where it is not that.

`null` counts as not given everywhere, and is kept in `Extra`, so that it goes back to its own wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final, TypeGuard

import msgspec

from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.small import Extra
from trunkline.wire.natives import ONLY_THERE

MAX_NUMBER: Final = 2**53
"""Largest integer that every JSON reader keeps exact."""

_decode: Final = msgspec.json.Decoder().decode
_BROKEN: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def parse(body: bytes) -> object:
    """The JSON value of a body.

    Raises:
        BadShape: it is no JSON.
    """
    try:
        return _decode(body)
    except _BROKEN as error:  # RecursionError: nested too deep; ValueError: not UTF-8
        raise BadShape("", f"the body is no JSON: {error}") from error


def parse_object(body: bytes) -> dict[str, object]:
    """The JSON object of a body.

    Raises:
        BadShape: it is something else.
    """
    value = parse(body)
    if not isinstance(value, dict):
        raise BadShape("", "the body must be a JSON object")
    return value


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """A JSON object."""
    return isinstance(value, dict)


def text(members: Mapping[str, object], name: str, path: str = "") -> str | None:
    """A string, or `None` where it is not given."""
    value = members.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadShape(_join(path, name), "must be a string")


def need_text(members: Mapping[str, object], name: str, path: str = "") -> str:
    """A string that must be given; it may be empty."""
    value = text(members, name, path)
    if value is None:
        raise BadShape(_join(path, name), "is missing")
    return value


def flag(members: Mapping[str, object], name: str, path: str = "") -> bool | None:
    """`true` or `false`."""
    value = members.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise BadShape(_join(path, name), "must be true or false")


def integer(members: Mapping[str, object], name: str, path: str = "") -> int | None:
    """A whole number, not negative."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NUMBER:
        raise BadShape(_join(path, name), "must be a whole number, not negative")
    return value


def number(members: Mapping[str, object], name: str, path: str = "") -> float | None:
    """A number."""
    value = members.get(name)
    if value is None:
        return None
    if not is_number(value):
        raise BadShape(_join(path, name), "must be a number")
    return value


def is_number(value: object) -> TypeGuard[float]:
    """A number that a double holds, and no boolean."""
    if isinstance(value, float):
        return True
    return isinstance(value, int) and not isinstance(value, bool) and -MAX_NUMBER <= value <= MAX_NUMBER


def items(members: Mapping[str, object], name: str, path: str = "") -> list[object] | None:
    """A list of anything."""
    value = members.get(name)
    if value is None or isinstance(value, list):
        return value
    raise BadShape(_join(path, name), "must be a list")


def need_items(members: Mapping[str, object], name: str, path: str = "") -> list[object]:
    """A list that must be given."""
    value = items(members, name, path)
    if value is None:
        raise BadShape(_join(path, name), "is missing")
    return value


def texts(members: Mapping[str, object], name: str, path: str = "") -> list[str] | None:
    """A list of strings."""
    value = items(members, name, path)
    return None if value is None else all_texts(value, _join(path, name))


def all_texts(values: list[object], path: str) -> list[str]:
    """The same list, if there is nothing but strings in it."""
    for number_, value in enumerate(values):
        if not isinstance(value, str):
            raise BadShape(f"{path}[{number_}]", "must be a string")
    return values  # type: ignore[return-value]


def section(members: Mapping[str, object], name: str, path: str = "") -> dict[str, object] | None:
    """An object."""
    value = members.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise BadShape(_join(path, name), "must be an object")


def need_section(value: object, path: str) -> dict[str, object]:
    """`value`, which must be an object."""
    if isinstance(value, dict):
        return value
    raise BadShape(path, "must be an object")


def soft_text(members: Mapping[str, object], name: str) -> str:
    """A string of an answer that nothing depends on; empty where there is none."""
    value = members.get(name)
    return value if isinstance(value, str) else ""


def left_over(members: Mapping[str, object], known: AbstractSet[str], wire: str) -> Extra:
    """Members that have no place in the representation, and those that are null; empty, it still says the wire."""
    return Extra(wire, {name: value for name, value in members.items() if name not in known or value is None})


def is_own(extra: Extra | None, wire: str) -> bool:
    """The request or answer came in this wire's format."""
    return extra is not None and extra.wire == wire


def rest(members: Mapping[str, object], known: AbstractSet[str]) -> dict[str, object] | None:
    """The same for a part of a body whose wire is known already."""
    found = {name: value for name, value in members.items() if name not in known or value is None}
    return found or None


def put_back(
    members: dict[str, object],
    extra: Extra | None,
    wire: str,
    losses: Losses,
    *,
    path: str = "",
    through: AbstractSet[str] = frozenset(),
    quiet: AbstractSet[str] = frozenset(),
) -> None:
    """Add to `members` what `extra` has and they lack.

    From another wire only what that wire lets through goes in: a member that OpenAI's format (or LiteLLM's rerank)
    does not know was written for the provider, and LiteLLM passes it on as it is, so `through` names the wires whose
    unknown members are meant so. The rest is reported, less what is null or `quiet` (mapped by other means).
    """
    if extra is None:
        return
    if extra.wire == wire:
        for name, value in extra.members.items():
            members.setdefault(name, value)
        return
    passes = extra.wire in through
    for name, value in extra.members.items():
        if value is None or name in quiet:
            continue
        if passes:
            members.setdefault(name, value)
        else:
            losses.add(_join(path, name), ONLY_THERE)


def set_given(members: dict[str, object], **given: object) -> None:
    """Add the members that are not `None`."""
    members.update({name: value for name, value in given.items() if value is not None})


def report(losses: Losses, reason: str, **given: object) -> None:
    """Note a loss for every one that is not `None` and not empty."""
    for name, value in given.items():
        if value is not None and value not in ("", []):
            losses.add(name, reason)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
