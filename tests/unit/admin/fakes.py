"""A worker without a data plane, for tests of the admin API; also a configuration small enough to read."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from trunkline.access import Gate, Principal, Refusal
from trunkline.admin.gateway import ProbeResult, ReloadResult
from trunkline.config.snapshot import Alias, Deployment, Note, Replacement, RouterSettings, Snapshot
from trunkline.ir import Endpoint, Secret
from trunkline.profiles.facts import Facts
from trunkline.profiles.price import Price, Rates
from trunkline.providers.target import Target
from trunkline.telemetry.stats import Stats

MASTER = "sk-admin-canary-0123456789"
PROVIDER_KEY = "sk-provider-canary-9876543210"
AUTH = {"authorization": f"Bearer {MASTER}"}

PRICE = Price(
    version="00aa11bb22cc33dd",
    source="config:large",
    base=Rates(input=2_500_000, output=10_000_000, cache_read=1_250_000, per_request=0),
    tiers=((200_000, Rates(input=5_000_000, output=20_000_000)),),
)


def target(host: str = "api.example.com") -> Target:
    """A place that answers chats."""
    return Target(
        provider="acme",
        scheme="https",
        host=host,
        port=443,
        paths={Endpoint.CHAT: "/v1/chat/completions"},
        headers=(("authorization", Secret(f"Bearer {PROVIDER_KEY}")),),
    )


LARGE = Deployment(
    id="large-1",
    group="large",
    provider="acme",
    model="acme-large-2",
    litellm_model="acme/acme-large-1",
    target=target(),
    price=PRICE,
    replacement=Replacement(
        retired="acme-large-1", successor="acme-large-2", since="2026-03-01", source="the provider's list"
    ),
    model_info={"max_input_tokens": 128_000, "supports_vision": True},
    public_params={"model": "acme/acme-large-1", "api_key": "***", "rpm": 10},
)
LARGE_TWO = replace(LARGE, id="large-2", target=target("eu.example.com"), model_info={"max_input_tokens": 64_000})
SMALL = replace(
    LARGE,
    id="small-1",
    group="small",
    model="acme-small",
    litellm_model="acme/acme-small",
    price=None,
    replacement=None,
)
KEYLESS = replace(
    SMALL, id="keyless-1", group="keyless", target=None, unavailable="set `ACME_API_KEY`: the entry names it"
)
WILD = replace(SMALL, id="wild-1", group="acme/*", model="*", litellm_model="acme/*")

SNAPSHOT = Snapshot(
    version="0123456789ab",
    deployments=(LARGE, LARGE_TWO, SMALL, KEYLESS),
    router=RouterSettings(aliases={"big": Alias(target="large"), "secret-name": Alias(target="large", hidden=True)}),
    master_key=Secret(MASTER),
    notes=(Note(file="litellm-config.yaml", line=7, text="`cache` is not implemented yet", kind="unimplemented"),),
    files=("litellm-config.yaml",),
)


RELOADED = ReloadResult(ok=True, version="ba9876543210")


@dataclass
class FakeGateway:
    """Does what it is told and remembers what it was asked."""

    data: Path
    snapshot: Snapshot = SNAPSHOT
    stats: Stats = field(default_factory=Stats)
    worker_id: str = "w1"
    started_at: float = 1_790_000_000.0
    draining: bool = False
    journal_full: bool = False
    reload_result: ReloadResult = RELOADED
    probed: list[str] = field(default_factory=list[str])
    failing: frozenset[str] = frozenset()
    listed: Mapping[str, Facts] = field(default_factory=dict[str, Facts])
    """What the price data says, by model."""

    def check_key(self, headers: Sequence[tuple[bytes, bytes]], query: bytes) -> Refusal | None:
        """As the real one does."""
        found = Gate(self.snapshot).check(headers, query)
        return None if isinstance(found, Principal) else found

    def price(self, deployment: Deployment) -> Price | None:
        """The configured one."""
        return deployment.price

    def facts(self, deployment: Deployment) -> Facts:
        """The prepared ones."""
        return self.listed.get(deployment.model, {})

    async def reload(self) -> ReloadResult:
        """The prepared result."""
        return self.reload_result

    async def probe(self, deployment: Deployment) -> ProbeResult:
        """Succeeds unless the deployment is among `failing`."""
        self.probed.append(deployment.id)
        if deployment.id in self.failing:
            return ProbeResult(ok=False, status=401, seconds=0.2, error=f"wrong key {PROVIDER_KEY}")
        return ProbeResult(ok=True, status=200, seconds=0.1)


def hold_lock(data: Path, worker_id: str) -> int:
    """Live as a worker does: return the descriptor that holds the lock on its journal."""
    folder = data / "journal" / worker_id
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor
