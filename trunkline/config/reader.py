"""Reading one mapping of the tree: the right type, a sensible range, known names; problems go to the log."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from trunkline.config.catalogue import Section
from trunkline.config.problems import Log, closest, did_you_mean
from trunkline.config.tree import ListNode, MapNode, Mark, MissingNode, Node, ScalarNode, plain, show
from trunkline.config.variables import Environment

_TRUTHS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def kind(node: Node) -> str:
    """What a node is, in words that never show its value."""
    match node:
        case MapNode():
            return "a mapping"
        case ListNode():
            return "a list"
        case MissingNode():
            return "a reference to a variable that is not set"
        case ScalarNode(value=None):
            return "empty"
        case ScalarNode(value=bool()):
            return "true or false"
        case ScalarNode(value=int() | float()):
            return "a number"
        case ScalarNode():
            return "a text"


class Reader:
    """One mapping, read key by key."""

    def __init__(self, node: MapNode, name: str, log: Log, env: Environment) -> None:
        self.node = node
        self.name = name
        self.log = log
        self.env = env

    def at(self, key: str) -> Mark:
        """Where a key stands; where the mapping stands when it has no such key."""
        return self.node.keys.get(key, self.node.at)

    def full(self, key: str) -> str:
        """The key with the section before it."""
        return f"{self.name}.{key}" if self.name else key

    def get(self, key: str) -> Node | None:
        """The key's value; `None` when it is absent, empty, or refers to an unset variable (which is noted)."""
        node = self.node.entries.get(key)
        if isinstance(node, MissingNode):
            why = " and ".join(self.env.why(name) for name in node.names)
            self.log.note("warning", node.at, f"`{self.full(key)}` is left out: {why}")
            return None
        if isinstance(node, ScalarNode) and node.value is None:
            return None
        return node

    def wrong(self, key: str, node: Node, wanted: str) -> None:
        """Record that a key has the wrong type."""
        self.log.problem(node.at, f"{show(self.full(key))} is {kind(node)}", f"write {wanted}")

    def text(self, key: str) -> str | None:
        """A text; numbers are taken as written."""
        node = self.get(key)
        match node:
            case None:
                return None
            case ScalarNode(value=str(value)):
                return value
            case ScalarNode(value=int(value)) if not isinstance(value, bool):
                return str(value)
            case _:
                self.wrong(key, node, f"`{key}: text`")
                return None

    def number(self, key: str, *, least: float = 0.0) -> float | None:
        """A finite number, at least `least`."""
        node = self.get(key)
        if node is None:
            return None
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, str):
            try:
                value = float(value.strip())
            except ValueError:
                value = None
        if value is None or isinstance(value, bool):
            self.wrong(key, node, f"a number, for example `{key}: 30`")
            return None
        number = float(value)
        if not math.isfinite(number) or number < least:
            self.log.problem(
                node.at, f"{show(self.full(key))} is below {least:g} or no number", f"write {least:g} or more"
            )
            return None
        return number

    def seconds(self, key: str) -> float | None:
        """A time-out of LiteLLM's, where 0 means "not written"."""
        return self.number(key) or None

    def integer(self, key: str, *, least: int = 0) -> int | None:
        """A whole number, at least `least`."""
        number = self.number(key, least=least)
        if number is None:
            return None
        if number != int(number):
            self.log.problem(
                self.at(key), f"{show(self.full(key))} is no whole number", f"write `{key}: {round(number)}`"
            )
            return None
        return int(number)

    def flag(self, key: str) -> bool | None:
        """True or false."""
        node = self.get(key)
        if node is None:
            return None
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, bool):
            return value
        found = _TRUTHS.get(str(value).strip().lower())
        if found is None:
            self.wrong(key, node, f"`{key}: true` or `{key}: false`")
        return found

    def choice(self, key: str, allowed: Iterable[str]) -> str | None:
        """One of a few words."""
        value = self.text(key)
        names = list(allowed)
        if value is None or value in names:
            return value
        said = " or ".join(f"`{name}`" for name in names)
        self.log.problem(self.at(key), f"{show(self.full(key))} is {show(value)}", f"write {said}")
        return None

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts; one text stands for a list of one."""
        node = self.get(key)
        match node:
            case None:
                return None
            case ScalarNode(value=str(value)):
                return (value,)
            case ListNode(items=items):
                found = [item.value for item in items if isinstance(item, ScalarNode) and isinstance(item.value, str)]
                if len(found) == len([item for item in items if not isinstance(item, MissingNode)]):
                    return tuple(found)
        self.wrong(key, node, f'a list of texts: `{key}: ["a", "b"]`')
        return None

    def mapping(self, key: str) -> Reader | None:
        """A mapping below this one."""
        node = self.get(key)
        if node is None:
            return None
        if not isinstance(node, MapNode):
            self.wrong(key, node, f"`{key}:` and its settings indented below it")
            return None
        return Reader(node, key, self.log, self.env)

    def items(self, key: str) -> tuple[Node, ...]:
        """The items of a list."""
        node = self.get(key)
        if node is None:
            return ()
        if not isinstance(node, ListNode):
            self.wrong(key, node, f"`{key}:` and its entries below it, each beginning with `- `")
            return ()
        return node.items

    def check_keys(self, section: Section) -> None:
        """Note every key that is unknown, and those this version does not implement (once each)."""
        for key, at in self.node.keys.items():
            known = section.find(key)
            if known is None:
                self.unknown(key, at, section.names)
            elif not known.implemented and not self.is_off(key):
                self.unimplemented(key, section.name if self.name else "")

    def is_off(self, key: str) -> bool:
        """Whether a setting is written with the value that means nothing (`false`, `0`, empty)."""
        node = self.node.entries.get(key)
        return node is None or (not isinstance(node, MissingNode) and not plain(node))

    def unimplemented(self, key: str, section: str) -> None:
        """Say once that a known setting has no effect yet."""
        full = f"{section}.{key}" if section else key
        self.log.note(
            "unimplemented",
            self.at(key),
            f"`{full}` is not implemented by this version; it has no effect",
            once=full,
        )

    def unknown(self, key: str, at: Mark, known: Iterable[str]) -> str | None:
        """Say that a key is unknown, with a suggestion; returns the suggestion."""
        names = list(known)
        hint = did_you_mean(key, names) or "it has no effect"
        where = f"under `{self.name}`" if self.name else "at the top of the file"
        self.log.note("unknown-key", at, f"{show(key)} {where} is no setting that is known: {hint}")
        return closest(key, names)
