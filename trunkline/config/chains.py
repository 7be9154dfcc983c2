"""Aliases and fallbacks: what they name must exist, and none may lead back to itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from trunkline.config.problems import Log, did_you_mean
from trunkline.config.reader import Reader, kind
from trunkline.config.settings import Sections
from trunkline.config.snapshot import Alias, RouterSettings
from trunkline.config.tree import ListNode, MapNode, Mark, MissingNode, Node, ScalarNode, show

_EVERY = "*"


@dataclass(frozen=True, slots=True)
class _Names:
    groups: frozenset[str]
    aliases: frozenset[str]

    def has(self, name: str) -> bool:
        if name in self.groups or name in self.aliases:
            return True
        return any(_matches(name, pattern) for pattern in self.groups if "*" in pattern)

    def hint(self, name: str) -> str:
        known = sorted(self.groups | self.aliases)
        near = did_you_mean(name, known)
        listed = ", ".join(show(one) for one in known[:12]) or "none"
        return near or f"the names are: {listed}" + (", ..." if len(known) > 12 else "")


def _matches(name: str, pattern: str) -> bool:
    # Only `*` is a wildcard in model names; `[` and `?` stand for themselves.
    return fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))


def link(settings: RouterSettings, sections: Sections, groups: Iterable[str]) -> RouterSettings:
    """`settings` with aliases and fallbacks; unknown names and circles are problems in the log."""
    marks: dict[str, Mark] = {}
    aliases = _aliases(sections, marks)
    names = _Names(frozenset(groups), frozenset(aliases))
    log = sections.router.log
    for alias, entry in aliases.items():
        if not names.has(entry.target):
            log.note(
                "warning",
                marks[alias],
                f"the alias {show(alias)} leads to {show(entry.target)}, which is no model: {names.hint(entry.target)}",
            )
    _refuse_circles({alias: (entry.target,) for alias, entry in aliases.items()}, marks, log, "aliases")
    fallbacks = _fallbacks(sections, names)
    return replace(settings, aliases=aliases, fallbacks=fallbacks)


def _aliases(sections: Sections, marks: dict[str, Mark]) -> dict[str, Alias]:
    found: dict[str, Alias] = {}
    for reader, key in ((sections.litellm, "model_alias_map"), (sections.router, "model_group_alias")):
        below = reader.mapping(key)
        if below is None:
            continue
        for alias in below.node.entries:
            entry = _alias(below, alias)
            if entry is not None:
                found[alias] = entry
                marks[alias] = below.at(alias)
    return found


def _alias(below: Reader, alias: str) -> Alias | None:
    if not isinstance(below.node.entries[alias], MapNode):
        target = below.text(alias)
        return None if target is None else Alias(target=target)
    inner = below.mapping(alias)
    target = inner.text("model") if inner is not None else None
    if inner is None or target is None:
        below.log.problem(below.at(alias), f"the alias {show(alias)} names no model", f"write `{alias}: model-name`")
        return None
    return Alias(target=target, hidden=bool(inner.flag("hidden")))


def _fallbacks(sections: Sections, names: _Names) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    marks: dict[str, Mark] = {}
    for reader in (sections.litellm, sections.router):
        mine: dict[str, tuple[str, ...]] = {}
        for node in _pairs(reader):
            for source, targets in node.entries.items():
                at = node.keys[source]
                mine[source] = _targets(reader, targets, names)
                marks[source] = at
                if source != _EVERY and not names.has(source):
                    reader.log.note(
                        "warning",
                        at,
                        f"`fallbacks` are written for {show(source)}, which is no model: {names.hint(source)}",
                    )
        default = reader.node.entries.get("default_fallbacks")
        if default is not None and _EVERY not in mine:
            chain = _targets(reader, default, names)
            if chain:
                mine[_EVERY] = chain
        found |= mine
    _refuse_circles(
        {source: chain for source, chain in found.items() if source != _EVERY}, marks, sections.router.log, "fallbacks"
    )
    return found


def _pairs(reader: Reader) -> list[MapNode]:
    node = reader.get("fallbacks")
    match node:
        case None:
            return []
        case MapNode():
            return [node]
        case ListNode(items=items) if all(isinstance(item, MapNode) for item in items):
            return [item for item in items if isinstance(item, MapNode)]
        case _:
            reader.wrong("fallbacks", node, '`fallbacks: [{"model-a": ["model-b"]}]`')
            return []


def _targets(reader: Reader, node: Node, names: _Names) -> tuple[str, ...]:
    found: list[str] = []
    for item in node.items if isinstance(node, ListNode) else (node,):
        name = _target(reader, item)
        if name is None:
            continue
        if not names.has(name):
            reader.log.problem(
                item.at, f"a fallback names {show(name)}, which is no model of this file", names.hint(name)
            )
        elif name not in found:
            found.append(name)
    return tuple(found)


def _target(reader: Reader, item: Node) -> str | None:
    match item:
        case ScalarNode(value=None) | MissingNode():
            return None
        case ScalarNode(value=str(value)):
            return value
        case MapNode(entries=entries):
            inner = Reader(item, "fallbacks", reader.log, reader.env)
            if len(entries) > 1:
                text = "a fallback with parameters of its own is not implemented: its `model` alone is used"
                reader.log.note("unimplemented", item.at, text, once="fallback parameters")
            return inner.text("model")
        case _:
            reader.log.problem(item.at, f"a fallback is {kind(item)}", "write the name of a model of this file")
            return None


def _refuse_circles(edges: Mapping[str, tuple[str, ...]], marks: Mapping[str, Mark], log: Log, what: str) -> None:
    """Depth first, without recursion: a chain may be as long as the file."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        work: list[tuple[str, bool]] = [(start, False)]
        while work:
            name, leaving = work.pop()
            if leaving:
                path.pop()
                done.add(name)
            elif name in path:
                circle = [*path[path.index(name) :], name]
                said = " -> ".join(show(one) for one in circle)
                log.problem(marks[name], f"the {what} go in a circle: {said}", "take one of these steps out")
                done.update(circle)
            elif name not in done and name in edges:
                path.append(name)
                work.append((name, True))
                work += [(following, False) for following in reversed(edges[name])]
