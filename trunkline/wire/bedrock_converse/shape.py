"""Guards: what a peer wrote, by its type, or `BadShape` with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.ir.losses import BadShape

Members = dict[str, object]

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode


def an_object(value: object, path: str) -> Members:
    """`value`, an object."""
    if isinstance(value, dict):
        return value
    raise BadShape(path, "must be an object")


def a_list(value: object, path: str) -> list[object]:
    """`value`, a list."""
    if isinstance(value, list):
        return value
    raise BadShape(path, "must be a list")


def a_text(value: object, path: str) -> str:
    """`value`, a text."""
    if isinstance(value, str):
        return value
    raise BadShape(path, "must be a text")


def optional_object(members: Mapping[str, object], name: str, path: str = "") -> Members | None:
    """A member that is an object, missing or null."""
    value = members.get(name)
    return None if value is None else an_object(value, f"{path}.{name}" if path else name)


def optional_list(members: Mapping[str, object], name: str, path: str = "") -> list[object] | None:
    """A member that is a list, missing or null."""
    value = members.get(name)
    return None if value is None else a_list(value, f"{path}.{name}" if path else name)


def optional_text(members: Mapping[str, object], name: str, path: str = "") -> str | None:
    """A member that is a text, missing or null."""
    value = members.get(name)
    return None if value is None else a_text(value, f"{path}.{name}" if path else name)


def optional_number(members: Mapping[str, object], name: str, path: str) -> float | None:
    """A member that is a number, missing or null; whole numbers stay whole."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise BadShape(f"{path}.{name}", "must be a number")


def optional_integer(members: Mapping[str, object], name: str, path: str) -> int | None:
    """A member that is a whole number, missing or null."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise BadShape(f"{path}.{name}", "must be a whole number")


def texts(value: object, path: str) -> list[str]:
    """`value`, a list of texts."""
    return [a_text(item, f"{path}[{at}]") for at, item in enumerate(a_list(value, path))]


def without(members: Mapping[str, object], *known: str) -> Members:
    """The members that are not `known`."""
    return {name: value for name, value in members.items() if name not in known}


def unknown(members: Mapping[str, object], *known: str) -> Members:
    """The members that are not `known`, and those that are and say nothing (`null`)."""
    return {name: value for name, value in members.items() if name not in known or value is None}


def json_text(value: object) -> str:
    """A JSON value as text."""
    return _encode(value).decode()


def json_bytes(value: object) -> bytes:
    """A JSON value as UTF-8."""
    return _encode(value)


def parsed(text: str | bytes) -> object:
    """The JSON value of a text.

    Raises:
        ValueError: it is none, or nests too deep.
    """
    try:
        return _decode(text)
    except RecursionError as error:
        raise ValueError("it nests too deep") from error
