"""`model_list` as a whole: ids, and shares and orders within each group of one name."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from trunkline.config.models import Draft, Shared, read_entry
from trunkline.config.snapshot import Deployment
from trunkline.config.tree import Mark, Node, show

_FINE: Final = 1000
"""Shares with fractions are multiplied by this, as `Deployment.weight` is whole."""


def read_models(nodes: Iterable[Node], shared: Shared) -> tuple[Deployment, ...]:
    """Every entry that could be read, in the order of the file."""
    drafts: list[Draft] = []
    marks: list[Mark] = []
    for node in nodes:
        draft = read_entry(node, shared)
        if draft is not None:
            drafts.append(draft)
            marks.append(node.at)
    ids = _ids(drafts, marks, shared)
    groups: dict[str, list[int]] = defaultdict(list)
    for index, draft in enumerate(drafts):
        groups[draft.deployment.group].append(index)
    found: list[Deployment | None] = [None] * len(drafts)
    for indexes in groups.values():
        members = [drafts[index] for index in indexes]
        for index, weight, order in zip(indexes, _weights(members), _orders(members), strict=True):
            deployment = drafts[index].deployment
            info = {**deployment.model_info, "id": ids[index]}
            found[index] = replace(deployment, id=ids[index], weight=weight, order=order, model_info=info)
    return tuple(deployment for deployment in found if deployment is not None)


def _ids(drafts: Sequence[Draft], marks: Sequence[Mark], shared: Shared) -> list[str]:
    taken: dict[str, Mark] = {}
    for draft, mark in zip(drafts, marks, strict=True):
        own = draft.deployment.id
        if not own:
            continue
        if own in taken:
            shared.log.problem(
                mark,
                f"`model_info.id` {show(own)} is taken by the entry in line {taken[own].line}",
                "give each entry its own id",
            )
        taken[own] = mark
    ids: list[str] = []
    for draft, mark in zip(drafts, marks, strict=True):
        own = draft.deployment.id or _stable_id(draft.deployment.group, draft.deployment.public_params, taken)
        taken[own] = mark
        ids.append(own)
    return ids


def _stable_id(name: str, public: Mapping[str, object], taken: Mapping[str, Mark]) -> str:
    """64 hex digits over the entry as it may be shown: no secret goes in, and a rotated key keeps the id.

    Entries that differ in their keys alone are told apart by their order.
    """
    text = json.dumps([name, public], sort_keys=True, default=str)
    count = 0
    while True:
        found = hashlib.sha256(f"{text}#{count}".encode() if count else text.encode()).hexdigest()
        if found not in taken:
            return found
        count += 1


def _weights(members: Sequence[Draft]) -> list[int | None]:
    """LiteLLM's simple shuffle: the first of `weight`, `rpm`, `tpm` that any member has decides for all."""
    for values in ([m.weight for m in members], [m.rpm for m in members], [m.tpm for m in members]):
        if any(values):
            scale = 1 if all(value is None or value == int(value) for value in values) else _FINE
            return [round((value or 0) * scale) for value in values]
    return [None] * len(members)


def _orders(members: Sequence[Draft]) -> list[int]:
    """LiteLLM tries entries without an `order` after those that have one."""
    given = [member.order for member in members if member.order is not None]
    last = max(given) + 1 if given else 0
    return [last if member.order is None else member.order for member in members]
