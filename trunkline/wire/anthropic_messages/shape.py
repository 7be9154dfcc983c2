"""Reading JSON values that somebody else wrote, and members that travel along."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import CacheHint, Native
from trunkline.wire.codec import Members
from trunkline.wire.natives import put_back

OWN: Final = Format.ANTHROPIC_MESSAGES

BROKEN_JSON: Final = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
"""What decoding and encoding JSON can raise: bad JSON, bad UTF-8, nesting a thousand deep."""


class Kept(Native, kw_only=True, gc=False):
    """`Native` of this format that also remembers how things were spelled, where two spellings mean the same.

    Another format's encoder sees the members only: a spelling is no loss.
    """

    silent: Members = msgspec.field(default_factory=dict)
    """Members that say nothing (`null`, `false`, an empty list): put back for this format."""
    as_text: bool = False
    """Content was a string and no list of blocks."""
    place: str = ""
    """Where it stood, if there is a choice: `system` (a message from the top-level member), `messages` (a message
    of the role `system`), `output_format` (the beta spelling of `output_config.format`)."""


def kept(
    members: Mapping[str, object],
    known: AbstractSet[str],
    *,
    silent: Members | None = None,
    as_text: bool = False,
    place: str = "",
) -> Native | None:
    """What is to be put back of an object whose `known` members went elsewhere; `None` where there is nothing.

    A spelling makes it a `Kept`.
    """
    rest: Members = {}
    quiet: Members = silent if silent is not None else {}
    for name, value in members.items():
        if value is None:
            quiet[name] = None
        elif name not in known or (name == "cache_control" and not _plain_hint(value)):
            rest[name] = value
    if quiet or as_text or place:
        return Kept(OWN, rest, silent=quiet, as_text=as_text, place=place)
    return Native(OWN, rest) if rest else None


def restore(members: Members, native: Native | None, losses: Losses, path: str) -> None:
    """Put the members of this format's `native` back into an object; report those of another format's."""
    if native is None:
        return
    if native.format is not OWN:
        if native.members:
            put_back(members, native, OWN, losses, path)
        return
    control = native.members.get("cache_control")
    hint = members.get("cache_control")
    put_back(members, native, OWN, losses, path)
    if isinstance(control, dict) and isinstance(hint, dict):
        members["cache_control"] = {**control, **hint}
    if isinstance(native, Kept):
        for name, value in native.silent.items():
            members.setdefault(name, value)


def _plain_hint(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") == "ephemeral" and value.keys() <= {"type", "ttl"}


def cache_hint(members: Mapping[str, object], path: str) -> CacheHint | None:
    """The hint that `cache_control` of an object gives."""
    raw = members.get("cache_control")
    if raw is None:
        return None
    ttl = an_object(raw, path, "cache_control").get("ttl")
    return CacheHint(ttl if isinstance(ttl, str) else "")


def cache_control(hint: CacheHint) -> Members:
    """The hint as Anthropic writes it."""
    return {"type": "ephemeral", "ttl": hint.ttl} if hint.ttl else {"type": "ephemeral"}


def under(path: str, name: str) -> str:
    """The path of a member."""
    return f"{path}.{name}" if path else name


def an_object(value: object, path: str, name: str = "") -> Members:
    """`value` as an object.

    Raises:
        BadShape: it is none.
    """
    if isinstance(value, dict):
        return value
    raise BadShape(under(path, name) if name else path, "must be an object")


def a_list(value: object, path: str, name: str = "") -> list[object]:
    """`value` as a list.

    Raises:
        BadShape: it is none.
    """
    if isinstance(value, list):
        return value
    raise BadShape(under(path, name) if name else path, "must be a list")


def a_string(members: Mapping[str, object], name: str, path: str) -> str:
    """A member that must be there and be a string.

    Raises:
        BadShape: it is missing or something else.
    """
    value = members.get(name)
    if isinstance(value, str):
        return value
    raise BadShape(under(path, name), "a string is needed")


def maybe_string(members: Mapping[str, object], name: str, path: str) -> str:
    """A member that may be missing or null: then it is empty.

    Raises:
        BadShape: it is something else.
    """
    return "" if members.get(name) is None else a_string(members, name, path)


def maybe_count(members: Mapping[str, object], name: str) -> int | None:
    """A whole number that may be missing or null.

    Raises:
        BadShape: it is something else.
    """
    value = members.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise BadShape(name, "must be a whole number")


def maybe_number(members: Mapping[str, object], name: str) -> float | None:
    """A number that may be missing or null.

    Raises:
        BadShape: it is something else.
    """
    value = members.get(name)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise BadShape(name, "must be a number")


def maybe_flag(members: Mapping[str, object], name: str, path: str = "") -> bool | None:
    """`true` or `false`, or missing or null.

    Raises:
        BadShape: it is something else.
    """
    value = members.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise BadShape(under(path, name), "must be `true` or `false`")
