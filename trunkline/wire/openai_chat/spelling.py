"""How a body was written, where that says nothing to another format: kept so that it can be written the same way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, TypeGuard

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses
from trunkline.ir.parts import CacheHint, Native
from trunkline.wire.natives import put_back

OWN: Final = Format.OPENAI_CHAT

Json = dict[str, object]


class Spelt(Native, gc=False):
    """The members of this format that have no place in the representation, and how the others were spelt.

    Other formats report what `members` holds as lost. Nothing is lost with `quiet` and `marks`, so these stand apart.
    """

    quiet: Json = msgspec.field(default_factory=dict)
    """Members that say nothing (null, empty, the default), put back verbatim where the encoder wrote none."""
    marks: tuple[str, ...] = ()
    """Which of two spellings it was."""


TEXT_COMPLETION: Final = "text completion"
"""Mark of what was read from a text completion: the same family, but its members mean nothing to chat."""


def is_own(native: Native | None) -> TypeGuard[Native]:
    """It was read from this format."""
    return native is not None and native.format is OWN and not is_marked(native, TEXT_COMPLETION)


def is_marked(native: Native | None, mark: str) -> bool:
    """It was read from this format, in that spelling."""
    return isinstance(native, Spelt) and mark in native.marks


def marks_of(native: Native | None) -> tuple[str, ...]:
    """How it was spelt in this format; nothing where it came from another."""
    return native.marks if is_own(native) and isinstance(native, Spelt) else ()


def spelt(
    members: Mapping[str, object],
    known: AbstractSet[str],
    quiet: Json | None = None,
    marks: Iterable[str] = (),
) -> Spelt:
    """What the representation does not hold of an object whose `known` members were read; nulls are quiet."""
    extra: Json = {}
    silent = quiet if quiet is not None else {}
    for name, value in members.items():
        if value is None:
            silent[name] = None
        elif name not in known and name not in silent:
            extra[name] = value
    return Spelt(OWN, extra, silent, tuple(marks))


def restore(members: Json, native: Native | None, losses: Losses, path: str = "") -> None:
    """Put back what `native` kept for this format; report what it kept for another.

    A name with a dot (`function.strict_mode`) belongs into the object that stands under its first half.
    """
    if not is_own(native):
        if native is not None and native.format is OWN:
            native = Native(_ELSEWHERE, native.members)
        put_back(members, native, OWN, losses, path)
        return
    restore_own(members, native)


def restore_own(members: Json, native: Native) -> None:
    """Put back what `native` kept, which must be of the format that is being written."""
    _restore(members, native.members)
    if isinstance(native, Spelt):
        _restore(members, native.quiet)


_ELSEWHERE: Final = next(one for one in Format if one is not OWN)
"""Any other format: what `put_back` is told of members that are not chat's."""


def _restore(members: Json, kept: Json) -> None:
    for name, value in kept.items():
        first, dot, rest = name.partition(".")
        inner = members.get(first) if dot else None
        if isinstance(inner, dict):
            inner.setdefault(rest, value)
        elif not isinstance(inner, str):  # a string stands there: the short spelling of that object
            members.setdefault(name, value)


def under(name: str, members: Mapping[str, object]) -> Json:
    """The same members, named as `restore` finds them inside the object `name`."""
    return {f"{name}.{member}": value for member, value in members.items()}


def as_object(value: object, path: str) -> Json:
    """The value as an object.

    Raises:
        BadShape: it is none.
    """
    if not isinstance(value, dict):
        raise BadShape(path, "must be an object")
    return value


def as_list(value: object, path: str) -> list[object]:
    """The value as an array.

    Raises:
        BadShape: it is none.
    """
    if not isinstance(value, list):
        raise BadShape(path, "must be an array")
    return value


def as_text(value: object, path: str) -> str:
    """The value as text.

    Raises:
        BadShape: it is none.
    """
    if not isinstance(value, str):
        raise BadShape(path, "must be a string")
    return value


BREAKPOINT: Final = "prompt_cache_breakpoint"
"""OpenAI's own name for the hint, on content parts (GPT-5.6 and later; recorded)."""


def read_cache(members: Mapping[str, object]) -> tuple[CacheHint | None, tuple[str, ...]]:
    """The cache hint of a part, message or tool, and the marks for how it was spelt.

    `cache_control` is Anthropic's form, which LiteLLM and OpenRouter take here (litellm.md section 10).
    """
    raw = members.get("cache_control")
    if isinstance(raw, dict) and raw.get("type") == "ephemeral":
        ttl = raw.get("ttl", "")
        if isinstance(ttl, str) and len(raw) == (2 if ttl else 1):
            return CacheHint(ttl), ("cache_control",)
    raw = members.get(BREAKPOINT)
    if isinstance(raw, dict) and raw == {"mode": "explicit"}:
        return CacheHint(), (BREAKPOINT,)
    return None, ()


def cache_control(hint: CacheHint) -> Json:
    """Anthropic's form of a hint."""
    return {"type": "ephemeral", "ttl": hint.ttl} if hint.ttl else {"type": "ephemeral"}
