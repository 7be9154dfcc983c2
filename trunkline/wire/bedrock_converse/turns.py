"""Conversations of other formats as Bedrock takes them.

Bedrock wants: the user first, roles in turn, all results of a turn's calls in one user message and before its other
content, no blank text, text beside a document (providers.md B6, "Rules").
"""

from __future__ import annotations

from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Message, Part, Text
from trunkline.wire.bedrock_converse import losses as words
from trunkline.wire.bedrock_converse.families import takes_system_turns
from trunkline.wire.bedrock_converse.parts_encode import PLACEHOLDER, Blocks, ForBedrock, encode_part
from trunkline.wire.bedrock_converse.shape import Members
from trunkline.wire.bedrock_converse.spelling import OWN, report


class _Turn:
    """One message under way: the blocks of its parts, in groups that stay together (a part and its cache point)."""

    __slots__ = ("groups", "path", "role")

    def __init__(self, role: str, path: str) -> None:
        self.role = role
        self.path = path
        self.groups: list[Blocks] = []

    def members(self) -> Members:
        results = [group for group in self.groups if "toolResult" in group[0]]
        others = [group for group in self.groups if "toolResult" not in group[0]]
        ordered = [*results, *others] if self.role == "user" else self.groups
        return {"role": self.role, "content": [block for group in ordered for block in group]}

    def has(self, *keys: str) -> bool:
        return any(key in block for group in self.groups for block in group for key in keys)


def encode_conversation(messages: list[Message], side: ForBedrock) -> tuple[Blocks, list[Members]]:
    """`system` and `messages`.

    Raises:
        Untranslatable: content that Converse does not have, or no message at all.
    """
    losses = side.losses
    system: Blocks = []
    turns: list[_Turn] = []
    for at, message in enumerate(messages):
        path = f"messages[{at}]"
        report(message.native, losses, path)
        if message.name:
            losses.add(f"{path}.name", words.NAME)
        role: str = message.role
        if role in {"system", "developer"}:
            blocks = _system(message, path, side)
            if not turns or not takes_system_turns(side.model):
                if turns and blocks:
                    losses.add(path, words.SYSTEM_MOVED)
                system += [block for group in blocks for block in group]
                continue
            groups, role = blocks, "system"
        else:
            groups = _groups(message.parts, path, side)
        if not turns or turns[-1].role != role:
            turns.append(_Turn(role, path))
        turns[-1].groups += groups
    turns = _filled(turns, losses)
    if not turns:
        if not system:
            raise losses.refuse("messages", words.NOTHING)
        turns = [_first_turn(losses)]
    return system, [turn.members() for turn in turns]


def _system(message: Message, path: str, side: ForBedrock) -> list[Blocks]:
    for at, part in enumerate(message.parts):
        if not isinstance(part, Text) and not (isinstance(part, Foreign) and part.format is OWN):
            raise side.losses.refuse(f"{path}.content[{at}]", words.SYSTEM_PART)
    return _groups(message.parts, path, side)


def _groups(parts: list[Part], path: str, side: ForBedrock) -> list[Blocks]:
    groups: list[Blocks] = []
    for at, part in enumerate(parts):
        here = f"{path}.content[{at}]"
        if isinstance(part, Text) and not part.text.strip():
            side.losses.add(here, words.BLANK)
            if part.cache is not None:  # the hint covers what stands before, so it stays
                point = side.cache_point(part.cache, here)
                if groups and "cachePoint" not in groups[-1][-1]:
                    groups[-1] += point
                elif point:
                    side.losses.add(f"{here}.cache", words.CACHE_PLACE)
            continue
        blocks = encode_part(part, here, side)
        if blocks:
            groups.append(blocks)
    return groups


def _filled(turns: list[_Turn], losses: Losses) -> list[_Turn]:
    """Turns without content filled or left out, and the user first."""
    found: list[_Turn] = []
    for turn in turns:
        if not turn.groups:
            if turn.role != "user":
                continue
            turn.groups.append([{"text": PLACEHOLDER}])
            losses.add(turn.path, words.PLACEHOLDER)
        elif turn.has("document") and not turn.has("text", "guardContent"):
            turn.groups.append([{"text": PLACEHOLDER}])
            losses.add(turn.path, words.PLACEHOLDER)
        if found and found[-1].role == turn.role:
            found[-1].groups += turn.groups
        else:
            found.append(turn)
    if found and found[0].role != "user":
        found.insert(0, _first_turn(losses))
    return found


def _first_turn(losses: Losses) -> _Turn:
    losses.add("messages", words.FIRST_USER)
    turn = _Turn("user", "messages")
    turn.groups.append([{"text": PLACEHOLDER}])
    return turn
