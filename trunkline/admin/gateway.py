"""What the admin API needs of a worker; `server/gateway.py` is the real one, tests bring their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from trunkline.access.refusal import Refusal
from trunkline.config.snapshot import Deployment, Snapshot
from trunkline.profiles.facts import Facts
from trunkline.profiles.price import Price
from trunkline.telemetry.stats import Stats


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadResult:
    """How a reload ended."""

    ok: bool
    version: str
    """The configuration that serves now: the new one, or the old one that was kept."""
    problems: tuple[str, ...] = ()
    """Why the new one was refused, each with file, line and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """One small real call to one deployment."""

    ok: bool
    status: int
    """HTTP status of the provider, 0 where no answer came."""
    seconds: float
    error: str = ""
    """Short and free of secrets; empty when `ok`."""


class Gateway(Protocol):
    """One worker, as the admin API sees it. Attributes may change between two reads, never inside one."""

    @property
    def snapshot(self) -> Snapshot:
        """The configuration that new calls get."""
        ...

    @property
    def stats(self) -> Stats:
        """This worker's counts."""
        ...

    @property
    def data(self) -> Path:
        """The data folder."""
        ...

    @property
    def worker_id(self) -> str:
        """Names this worker's journal folder and metrics file; never used twice."""
        ...

    @property
    def started_at(self) -> float:
        """Wall clock seconds."""
        ...

    @property
    def draining(self) -> bool:
        """A stop was asked for: running calls finish, load balancers should look elsewhere."""
        ...

    @property
    def journal_full(self) -> bool:
        """The journal has no room: new calls are refused unless the settings say otherwise."""
        ...

    def check_key(self, headers: Sequence[tuple[bytes, bytes]], query: bytes) -> Refusal | None:
        """Return why the caller may not use the admin API, `None` when it may. Header names are in lower case."""
        ...

    def price(self, deployment: Deployment) -> Price | None:
        """The price that calls to the deployment are charged at now, `None` when there is none."""
        ...

    def facts(self, deployment: Deployment) -> Facts:
        """Limits and abilities of the deployment's model in LiteLLM's words, as the price data has them."""
        ...

    async def reload(self) -> ReloadResult:
        """Read the configuration again and swap it whole, or keep the old one and say why."""
        ...

    async def probe(self, deployment: Deployment) -> ProbeResult:
        """Make one small real call; it may cost money."""
        ...
