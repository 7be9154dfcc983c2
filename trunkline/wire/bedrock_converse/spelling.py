"""What of a peer's words has no place in the representation: members, and ways to write the same thing.

A *member* says something that only this format can say: other formats report it as a loss. A *spelling* says nothing
(`"type": "tool_use"` inside `toolUse`, an empty `system`): it is kept so that the same format gives the same JSON,
and no other format has reason to speak of it. So spellings stand beside `Native.members`, not in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Native
from trunkline.wire.natives import ONLY_THERE

OWN: Final = Format.BEDROCK_CONVERSE
_NOTHING: Final[Mapping[str, object]] = {}


class Spelled(Native, gc=False):
    """Members, and how other things were written."""

    spelling: dict[str, object] = msgspec.field(default_factory=dict[str, object])


def kept(members: dict[str, object], spelling: dict[str, object] | None = None) -> Native | None:
    """The two, to travel along; `None` where there is nothing."""
    if spelling:
        return Spelled(OWN, members, spelling)
    return Native(OWN, members) if members else None


def is_own(native: Native | None) -> bool:
    """It came in this format."""
    return native is not None and native.format is OWN


def own_members(native: Native | None) -> Mapping[str, object]:
    """The members, where they are of this format."""
    return native.members if native is not None and native.format is OWN else _NOTHING


def spelling(native: Native | None) -> Mapping[str, object]:
    """The spellings, where there are any."""
    return native.spelling if isinstance(native, Spelled) else _NOTHING


def report(native: Native | None, losses: Losses, path: str) -> None:
    """Name every member of another format as lost."""
    if native is not None and native.format is not OWN:
        for name in native.members:
            losses.add(f"{path}.{name}" if path else name, ONLY_THERE)


def merged(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Both objects as one, also inside; where they disagree, `over` counts."""
    whole = dict(under)
    for name, value in over.items():
        before = whole.get(name)
        whole[name] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return whole
