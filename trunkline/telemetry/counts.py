"""The counts of a worker as one value that can be written down, read by another worker, and summed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

import msgspec

from trunkline.config.snapshot import Deployment, Snapshot
from trunkline.profiles.price import PICO_PER_USD
from trunkline.telemetry.stats import BUCKETS_SECONDS, DeploymentStats, Histogram, Stats

MAX_DEPLOYMENTS: Final = 2_000
"""More than that are summed into `OTHER`: a data folder that has seen many configurations stays bounded (X13)."""
OTHER: Final = "retired"

_SUMMED: Final = (
    "attempts", "successes", "failures", "input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens",
    "spend_usd", "spend_pico", "unpriced", "cooled_count",
)  # fmt: skip

_COUNTERS: Final = (
    "client_gone", "journal_records", "journal_bytes", "refused_unmetered", "log_lines_dropped", "responses_stored",
    "responses_lost", "former_key_uses",
)  # fmt: skip


class Source(Protocol):
    """What is counted: a worker, as far as this package needs it."""

    @property
    def snapshot(self) -> Snapshot: ...
    @property
    def stats(self) -> Stats: ...
    @property
    def data(self) -> Path: ...
    @property
    def worker_id(self) -> str: ...
    @property
    def started_at(self) -> float: ...


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """Who a deployment is; all of it comes from the configuration, none from a client."""

    group: str = ""
    model: str = ""
    provider: str = ""
    api_base: str = ""


class Sight(msgspec.Struct, kw_only=True):
    """How a deployment looked at its last calls; what `/health` judges by."""

    fails_in_a_row: int = 0
    cooling: bool = False
    last_success: float = 0.0
    """Wall clock seconds, 0 for never."""
    last_failure: float = 0.0
    last_error: str = ""

    @property
    def last_event(self) -> float:
        """Wall clock seconds of the last success or failure, 0 for never."""
        return max(self.last_success, self.last_failure)

    def see(self, other: Sight) -> None:
        """Take another worker's sight in: the later event counts."""
        if other.last_event >= self.last_event:
            self.fails_in_a_row = other.fails_in_a_row
        if other.last_failure > self.last_failure:
            self.last_failure = other.last_failure
            self.last_error = other.last_error
        self.last_success = max(self.last_success, other.last_success)
        self.cooling = self.cooling or other.cooling


class HistogramCounts(msgspec.Struct, kw_only=True):
    """`Histogram`, written down."""

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BUCKETS_SECONDS) + 1))
    total: float = 0.0
    """Seconds."""

    def add(self, other: HistogramCounts) -> None:
        """Add another; one with other buckets (an older version's file) is left out."""
        if len(other.counts) == len(self.counts):
            self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
            self.total += other.total


class DeploymentCounts(msgspec.Struct, kw_only=True):
    """`DeploymentStats`, written down."""

    labels: Labels = msgspec.field(default_factory=Labels)
    attempts: int = 0
    successes: int = 0
    failures: int = 0
    failures_by_status: dict[int, int] = msgspec.field(default_factory=dict[int, int])
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    reasoning_tokens: int = 0
    spend_usd: int = 0
    """Whole USD; `spend_pico` is the rest. MessagePack ends at 64 bits, which is 18 million USD in pico-USD."""
    spend_pico: int = 0
    unpriced: int = 0
    cooled_count: int = 0
    latency: HistogramCounts = msgspec.field(default_factory=HistogramCounts)
    first_token: HistogramCounts = msgspec.field(default_factory=HistogramCounts)
    in_flight: int = 0
    sight: Sight = msgspec.field(default_factory=Sight)

    def add(self, other: DeploymentCounts, *, alive: bool = True) -> None:
        """Add another's counts; of a dead worker (`alive` false) only what is a counter."""
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        carry, self.spend_pico = divmod(self.spend_pico, PICO_PER_USD)
        self.spend_usd += carry
        for status, count in other.failures_by_status.items():
            self.failures_by_status[status] = self.failures_by_status.get(status, 0) + count
        self.latency.add(other.latency)
        self.first_token.add(other.first_token)
        if self.labels == _NOBODY:
            self.labels = other.labels
        if alive:
            self.sight.see(other.sight)
            self.in_flight += other.in_flight


_NOBODY: Final = Labels()


class WorkerCounts(msgspec.Struct, kw_only=True):
    """`Stats`, written down; also the sum of many."""

    worker_id: str = ""
    started_at: float = 0.0
    config_version: str = ""
    deployments: dict[str, DeploymentCounts] = msgspec.field(default_factory=dict[str, DeploymentCounts])
    requests: dict[str, dict[int, int]] = msgspec.field(default_factory=dict[str, dict[int, int]])
    """Route -> client status -> calls."""
    in_flight: int = 0
    client_gone: int = 0
    total_latency: HistogramCounts = msgspec.field(default_factory=HistogramCounts)
    overhead: HistogramCounts = msgspec.field(default_factory=HistogramCounts)
    journal_records: int = 0
    journal_bytes: int = 0
    refused_unmetered: int = 0
    log_lines_dropped: int = 0
    responses_stored: int = 0
    responses_lost: int = 0
    former_key_uses: int = 0
    cpu_seconds: float = 0.0
    resident_bytes: int = 0

    def add(self, other: WorkerCounts, *, alive: bool = True) -> None:
        """Add another's counts; of a dead worker (`alive` false) only what is a counter."""
        for name in _COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.cpu_seconds += other.cpu_seconds
        for route, statuses in other.requests.items():
            mine = self.requests.setdefault(route, {})
            for status, count in statuses.items():
                mine[status] = mine.get(status, 0) + count
        self.total_latency.add(other.total_latency)
        self.overhead.add(other.overhead)
        for key, counts in other.deployments.items():
            self.deployments.setdefault(key, DeploymentCounts()).add(counts, alive=alive)
        if alive:
            self.in_flight += other.in_flight
            self.resident_bytes += other.resident_bytes

    def shrink(self, keep: Iterable[str]) -> None:
        """Sum deployments beyond `MAX_DEPLOYMENTS` into `OTHER`; those named in `keep` go last."""
        excess = len(self.deployments) - MAX_DEPLOYMENTS
        if excess <= 0:
            return
        known = set(keep)
        others = sorted((key for key in self.deployments if key != OTHER), key=lambda key: key in known)
        rest = self.deployments.setdefault(OTHER, DeploymentCounts(labels=Labels(group=OTHER)))
        for key in others[: excess + 1]:
            rest.add(self.deployments.pop(key), alive=False)


_labels: dict[str, Labels] = {}
"""By deployment id, which is a hash of the entry: a deployment that a reload removed keeps its name in its series."""


def gather(source: Source, *, loop_now: float | None = None) -> WorkerCounts:
    """Copy the counts of this worker; call it from the worker's own event loop.

    `loop_now` is the loop's clock in seconds; without it `time.monotonic()`, which both loops use.
    """
    now = time.monotonic() if loop_now is None else loop_now
    stats = source.stats
    stats.fold()
    _remember(source.snapshot.deployments)
    result = WorkerCounts(
        worker_id=source.worker_id,
        started_at=source.started_at,
        config_version=source.snapshot.version,
        deployments={key: _deployment(key, value, now) for key, value in stats.deployments.items()},
        in_flight=stats.in_flight,
        client_gone=stats.client_gone,
        total_latency=_histogram(stats.total_latency),
        overhead=_histogram(stats.overhead),
        journal_records=stats.journal_records,
        journal_bytes=stats.journal_bytes,
        refused_unmetered=stats.refused_unmetered,
        log_lines_dropped=stats.log_lines_dropped,
        responses_stored=stats.responses_stored,
        responses_lost=stats.responses_lost,
        former_key_uses=stats.former_key_uses,
        cpu_seconds=time.process_time(),
        resident_bytes=resident_bytes(),
    )
    for (route, status), count in stats.requests.items():
        result.requests.setdefault(route, {})[status] = count
    result.shrink(deployment.id for deployment in source.snapshot.deployments)
    return result


def _remember(deployments: Iterable[Deployment]) -> None:
    for deployment in deployments:
        if deployment.id not in _labels:
            if len(_labels) >= 2 * MAX_DEPLOYMENTS:
                _labels.clear()
            _labels[deployment.id] = labels_of(deployment)


def labels_of(deployment: Deployment) -> Labels:
    """What metrics call a deployment."""
    return Labels(
        group=deployment.group,
        model=deployment.model,
        provider=deployment.provider,
        api_base=deployment.target.base_url if deployment.target is not None else "",
    )


def _deployment(key: str, stats: DeploymentStats, now: float) -> DeploymentCounts:
    usd, pico = divmod(stats.spend_pico, PICO_PER_USD)
    return DeploymentCounts(
        labels=_labels.get(key, _NOBODY),
        attempts=stats.attempts,
        successes=stats.successes,
        failures=stats.failures,
        failures_by_status=dict(stats.failures_by_status),
        input_tokens=stats.input_tokens,
        output_tokens=stats.output_tokens,
        cache_read_tokens=stats.cache_read_tokens,
        reasoning_tokens=stats.reasoning_tokens,
        spend_usd=usd,
        spend_pico=pico,
        unpriced=stats.unpriced,
        cooled_count=stats.cooled_count,
        latency=_histogram(stats.latency),
        first_token=_histogram(stats.first_token),
        in_flight=stats.in_flight,
        sight=sight_of(stats, now),
    )


def sight_of(stats: DeploymentStats, now: float) -> Sight:
    """How a deployment looks from this worker; `now` is the loop's clock in seconds."""
    return Sight(
        fails_in_a_row=stats.fails_in_a_row,
        cooling=stats.cooled_until > now,
        last_success=stats.last_success,
        last_failure=stats.last_failure,
        last_error=stats.last_error,
    )


def _histogram(histogram: Histogram) -> HistogramCounts:
    return HistogramCounts(counts=list(histogram.counts), total=histogram.total)


def resident_bytes() -> int:
    """Resident memory of this process where `/proc` says it, else 0."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * 4096
