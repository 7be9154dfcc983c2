"""Which deployments a call may use, in which order."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from trunkline.config.snapshot import Deployment, Snapshot
from trunkline.telemetry.stats import Stats

MAX_WILDCARD_NAMES: Final = 1024
"""Names resolved through a wildcard are remembered up to this many, so that invented names cannot fill the memory."""


@dataclass(frozen=True, slots=True)
class Group:
    """The deployments behind one model name."""

    name: str
    ready: tuple[Deployment, ...]
    unavailable: tuple[Deployment, ...] = ()

    @property
    def why_not(self) -> str:
        """Why no deployment of the group can be called."""
        reasons = dict.fromkeys(d.unavailable or "" for d in self.unavailable)
        return "; ".join(reasons)


class Routes:
    """Finds groups by name in one snapshot, and orders their deployments."""

    __slots__ = ("_exact", "_patterns", "_stats", "_wild", "snapshot")

    def __init__(self, snapshot: Snapshot, stats: Stats) -> None:
        self.snapshot = snapshot
        self._stats = stats
        self._wild: dict[str, Group | None] = {}
        names = dict.fromkeys(d.group for d in snapshot.deployments)
        groups = {name: _group(name, (d for d in snapshot.deployments if d.group == name)) for name in names}
        self._exact = {name: group for name, group in groups.items() if "*" not in name}
        for alias, to in snapshot.router.aliases.items():
            target = self._exact.get(to.target)
            if target is not None and alias not in self._exact:
                self._exact[alias] = target
        # The most specific pattern first: LiteLLM orders by length of the fixed part.
        wild = sorted((n for n in names if "*" in n), key=lambda n: (-len(n.replace("*", "")), n))
        self._patterns = [(re.compile(re.escape(n).replace(r"\*", "(.*)") + r"\Z", re.DOTALL), groups[n]) for n in wild]

    def find(self, model: str) -> Group | None:
        """The group of a model name: exact, then alias, then wildcard."""
        group = self._exact.get(model)
        if group is not None or not self._patterns:
            return group
        if model in self._wild:
            return self._wild[model]
        if len(self._wild) >= MAX_WILDCARD_NAMES:
            self._wild.clear()
        group = self._wild[model] = self._match(model)
        return group

    def names(self) -> Iterable[str]:
        """Every name that can be asked for, wildcards as they are written."""
        hidden = {name for name, alias in self.snapshot.router.aliases.items() if alias.hidden}
        return [n for n in self._exact if n not in hidden] + [g.name for _, g in self._patterns]

    def order(self, group: Group, now: float) -> Sequence[Deployment]:
        """Deployments to try, best first: by `order`, cooled ones last, else weighted random (LiteLLM's shuffle)."""
        ready = group.ready
        if len(ready) == 1:
            return ready
        shuffled = _shuffle(ready)
        stats = self._stats.deployments
        return sorted(shuffled, key=lambda d: (bool((s := stats.get(d.id)) and s.cooled_until > now), d.order))

    def fallbacks(self, name: str) -> Sequence[Group]:
        """Groups to try when all of `name` failed."""
        router = self.snapshot.router
        alias = router.aliases.get(name)
        real = alias.target if alias is not None else name
        chain = router.fallbacks.get(name) or router.fallbacks.get(real) or router.fallbacks.get("*", ())
        found = (self.find(other) for other in chain[: router.max_fallbacks] if other != name)
        return [group for group in found if group is not None and group.ready]

    def _match(self, model: str) -> Group | None:
        for pattern, group in self._patterns:
            match = pattern.match(model)
            if match:
                ready = tuple(_fill(d, match.groups()) for d in group.ready)
                return Group(model, ready, group.unavailable)
        return None


def _group(name: str, deployments: Iterable[Deployment]) -> Group:
    every = tuple(deployments)
    return Group(
        name,
        tuple(d for d in every if d.unavailable is None and d.target is not None),
        tuple(d for d in every if d.unavailable is not None),
    )


def _fill(deployment: Deployment, captured: Sequence[str]) -> Deployment:
    """Put what a wildcard stood for into the upstream model."""
    model = deployment.model
    for text in captured:
        model = model.replace("*", text, 1)
    return replace(deployment, model=model)


def _shuffle(ready: Sequence[Deployment]) -> list[Deployment]:
    weights = [d.weight for d in ready]
    if any(weights):
        # Weighted order without replacement: exponential keys (Efraimidis and Spirakis).
        return sorted(ready, key=lambda d: random.expovariate(1.0) / (d.weight or 1e-9))
    return random.sample(list(ready), len(ready))
