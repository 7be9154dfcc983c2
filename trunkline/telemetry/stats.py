"""Counts of a worker as plain integers: the hot path adds, a collector reads them out.

No locks: one event loop writes, and readers tolerate a number that is one call old.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Upper bounds of the latency histograms (LiteLLM's range: 5 ms to 600 s)."""


class Histogram:
    """Counts per bucket of `BUCKETS_SECONDS`, the last one for everything above, and the sum in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_SECONDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        self.total += seconds


class DeploymentStats:
    """What one deployment did in this worker since its start."""

    __slots__ = (
        "attempts", "cache_read_tokens", "cooled_count", "cooled_until", "fails_in_a_row", "failures",
        "failures_by_status", "first_token", "in_flight", "input_tokens", "last_error", "last_failure", "last_success",
        "latency", "output_tokens", "reasoning_tokens", "spend_pico", "successes", "tokens_per_byte", "typical_output",
        "unpriced",
    )  # fmt: skip

    def __init__(self) -> None:
        self.attempts = 0
        self.successes = 0
        self.failures = 0
        self.failures_by_status: dict[int, int] = {}
        """HTTP status of the provider -> count; 0 where no answer came."""
        self.fails_in_a_row = 0
        self.in_flight = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.cache_read_tokens = 0
        self.reasoning_tokens = 0
        self.spend_pico = 0
        self.unpriced = 0
        self.latency = Histogram()
        """From the request sent to the answer's end, seconds."""
        self.first_token = Histogram()
        self.last_success = 0.0
        """Wall clock seconds, 0 for never."""
        self.last_failure = 0.0
        self.last_error = ""
        """Short and free of secrets."""
        self.cooled_until = 0.0
        """Loop clock; routing skips the deployment until then."""
        self.cooled_count = 0
        self.typical_output = 64.0
        """Moving average of output tokens: the estimate for calls whose end nobody saw."""
        self.tokens_per_byte = 0.25
        """Moving average of input tokens per byte of body: the estimate where a provider's own count is missing."""


@dataclass(slots=True)
class Stats:
    """All counts of one worker."""

    deployments: dict[str, DeploymentStats] = field(default_factory=dict[str, DeploymentStats])
    """By deployment id."""
    requests: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    """(route, client status) -> calls answered; routes come from the fixed list of surfaces, so it is bounded."""
    in_flight: int = 0
    client_gone: int = 0
    total_latency: Histogram = field(default_factory=Histogram)
    overhead: Histogram = field(default_factory=Histogram)
    """Time spent here: total less the time the provider had the call."""
    samples: list[tuple[float, float, DeploymentStats]] = field(
        default_factory=list[tuple[float, float, DeploymentStats]]
    )
    """(seconds in all, seconds of them here, deployment) of calls not yet in the histograms; `fold` puts them there."""
    journal_records: int = 0
    journal_bytes: int = 0
    refused_unmetered: int = 0
    """Calls refused because the journal had no room."""
    log_lines_dropped: int = 0
    responses_stored: int = 0
    responses_lost: int = 0
    """Responses that were to be stored and are not."""
    former_key_uses: int = 0
    """Times a former master key was let in."""

    def fold(self) -> None:
        """Move samples into the histograms; called by the timer and by readers, so that a call only appends."""
        samples, self.samples = self.samples, []
        whole, here, first = self.total_latency, self.overhead, BUCKETS_SECONDS[0]
        for total, ours, deployment in samples:
            theirs = total - ours
            # Most calls of a fast upstream end in the first bucket: a comparison is a third of a search.
            whole.counts[0 if total <= first else bisect_left(BUCKETS_SECONDS, total)] += 1
            here.counts[0 if ours <= first else bisect_left(BUCKETS_SECONDS, ours)] += 1
            latency = deployment.latency
            latency.counts[0 if theirs <= first else bisect_left(BUCKETS_SECONDS, theirs)] += 1
            latency.total += theirs
            whole.total += total
            here.total += ours

    def deployment(self, deployment_id: str) -> DeploymentStats:
        """The counts of a deployment, made on first use."""
        found = self.deployments.get(deployment_id)
        if found is None:
            found = self.deployments[deployment_id] = DeploymentStats()
        return found
