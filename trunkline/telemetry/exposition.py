"""Prometheus' text format 0.0.4, written from counts.

Written here rather than by prometheus-client because the counts are not its objects: wrapping every integer in one
of its samples first would cost more than the text does, and would keep a second copy of each series.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from trunkline import __version__
from trunkline.config.snapshot import Snapshot
from trunkline.ledger.cost import usd
from trunkline.profiles.price import PICO_PER_USD
from trunkline.telemetry.counts import DeploymentCounts, HistogramCounts, Labels, WorkerCounts, labels_of
from trunkline.telemetry.ledger_state import LedgerState
from trunkline.telemetry.metrics import METRICS, Metric
from trunkline.telemetry.share import Totals
from trunkline.telemetry.stats import BUCKETS_SECONDS
from trunkline.telemetry.watching import Watched

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_LE: Final = (*(f"{bound:g}" for bound in BUCKETS_SECONDS), "+Inf")

SCOPES: Final = ("model", "key")
"""Whose spending is watched."""

Sample = tuple[str, tuple[str, ...], str]
"""Name of the metric, label values in the order of its labels, the number as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """Everything one scrape shows."""

    totals: Totals
    snapshot: Snapshot
    ledger: LedgerState
    started_at: float
    draining: bool
    journal_full: bool
    watched: Watched = field(default_factory=Watched)


def render(scrape: Scrape) -> bytes:
    """Write the text; families in the order of the catalogue, each with its help."""
    lines: dict[str, list[str]] = {metric.name: [] for metric in METRICS}
    names = {metric.name: metric for metric in METRICS}
    for name, labels, value in _samples(scrape):
        metric = names[name]
        lines[name].append(f"{metric.exposed}{_labels(metric.labels, labels)} {value}")
    for name, labels, histogram in _histograms(scrape):
        lines[name].extend(_histogram(names[name], labels, histogram))
    text: list[str] = []
    for metric in METRICS:
        if lines[metric.name]:
            text.append(f"# HELP {metric.exposed} {metric.help}")
            text.append(f"# TYPE {metric.exposed} {metric.kind}")
            text.extend(lines[metric.name])
    return ("\n".join(text) + "\n").encode()


def _samples(scrape: Scrape) -> Iterator[Sample]:
    counts = scrape.totals.sum
    yield from _requests(counts)
    for key, labels, deployment, unavailable in _deployments(scrape):
        yield from _deployment(key, labels, deployment, unavailable=unavailable)
    yield from _worker(scrape, counts)
    yield from _ledger(scrape.ledger)
    yield from _watched(scrape.watched)


def _requests(counts: WorkerCounts) -> Iterator[Sample]:
    for route, statuses in sorted(counts.requests.items()):
        for status, count in sorted(statuses.items()):
            yield "litellm_proxy_total_requests_metric", (route, str(status)), str(count)
            if status >= 400:
                yield "litellm_proxy_failed_requests_metric", (route, str(status)), str(count)


def _deployments(scrape: Scrape) -> Iterator[tuple[str, Labels, DeploymentCounts, bool]]:
    """Configured ones first, called or not, so that a series exists before its first event; then those that were."""
    left = dict(scrape.totals.sum.deployments)
    # By id: one series twice makes Prometheus refuse the whole scrape.
    for deployment in {deployment.id: deployment for deployment in scrape.snapshot.deployments}.values():
        counts = left.pop(deployment.id, None) or DeploymentCounts()
        yield deployment.id, labels_of(deployment), counts, deployment.unavailable is not None
    for key, counts in left.items():
        yield key, counts.labels, counts, False


def _deployment(key: str, labels: Labels, counts: DeploymentCounts, *, unavailable: bool) -> Iterator[Sample]:
    model = (labels.group, labels.model, key, labels.provider)
    place = (labels.group, labels.model, key, labels.api_base, labels.provider)
    if unavailable and not counts.attempts:
        yield "litellm_deployment_state", place, "2"
        return
    yield "litellm_spend_metric", model, usd(counts.spend_usd * PICO_PER_USD + counts.spend_pico)
    yield "litellm_total_tokens_metric", model, str(counts.input_tokens + counts.output_tokens)
    yield "litellm_input_tokens_metric", model, str(counts.input_tokens)
    yield "litellm_output_tokens_metric", model, str(counts.output_tokens)
    yield "litellm_input_cached_tokens_metric", model, str(counts.cache_read_tokens)
    yield "litellm_output_reasoning_tokens_metric", model, str(counts.reasoning_tokens)
    state = 2 if unavailable or counts.sight.cooling else int(counts.sight.fails_in_a_row > 0)
    yield "litellm_deployment_state", place, str(state)
    yield "litellm_deployment_total_requests", place, str(counts.attempts)
    yield "litellm_deployment_success_responses", place, str(counts.successes)
    for status, count in sorted(counts.failures_by_status.items()):
        yield "litellm_deployment_failure_responses", (*place, str(status)), str(count)
    yield "litellm_deployment_cooled_down", place, str(counts.cooled_count)
    yield "trunkline_deployment_in_flight", model, str(counts.in_flight)
    yield "trunkline_unpriced_calls", model, str(counts.unpriced)


def _worker(scrape: Scrape, counts: WorkerCounts) -> Iterator[Sample]:
    plain: Mapping[str, float] = {
        "litellm_in_flight_requests": counts.in_flight,
        "trunkline_client_gone": counts.client_gone,
        "trunkline_journal_records": counts.journal_records,
        "trunkline_journal_bytes": counts.journal_bytes,
        "trunkline_refused_unmetered": counts.refused_unmetered,
        "trunkline_journal_full": int(scrape.journal_full),
        "trunkline_log_lines_dropped": counts.log_lines_dropped,
        "trunkline_responses_stored": counts.responses_stored,
        "trunkline_responses_lost": counts.responses_lost,
        "trunkline_former_key_uses": counts.former_key_uses,
        "trunkline_workers": scrape.totals.workers,
        "trunkline_draining": int(scrape.draining),
        "trunkline_start_time_seconds": round(scrape.started_at, 3),
        "trunkline_cpu_seconds": round(counts.cpu_seconds, 3),
    }
    for name, value in plain.items():
        yield name, (), repr(value)
    if counts.resident_bytes:
        yield "trunkline_resident_memory_bytes", (), str(counts.resident_bytes)
    yield "trunkline_build_info", (__version__, scrape.snapshot.version), "1"


def _ledger(ledger: LedgerState) -> Iterator[Sample]:
    yield "trunkline_ledger_state", (ledger.state, ledger.database), "1"
    for name, value in (
        ("backlog_bytes", ledger.backlog_bytes),
        ("lag_seconds", ledger.lag_seconds),
        ("rows_shipped", ledger.rows_shipped),
        ("closed_unknown", ledger.closed_unknown),
        ("poisoned", ledger.poisoned),
        ("torn_frames", ledger.torn_frames),
    ):
        yield f"trunkline_ledger_{name}", (), repr(value)


def _watched(watched: Watched) -> Iterator[Sample]:
    for name, counts in sorted(watched.callbacks.items()):
        yield "trunkline_callback_sent", (name,), str(counts.sent)
        yield "trunkline_callback_failed", (name,), str(counts.failed)
        yield "trunkline_callback_dropped", (name,), str(counts.dropped)
    for scope in SCOPES:
        yield "trunkline_anomalies", (scope,), str(watched.anomalies.get(scope, 0))
        yield "trunkline_anomalies_open", (scope,), str(watched.anomalies_open.get(scope, 0))


def _histograms(scrape: Scrape) -> Iterator[tuple[str, tuple[str, ...], HistogramCounts]]:
    counts = scrape.totals.sum
    yield "litellm_request_total_latency_metric", (), counts.total_latency
    yield "litellm_overhead_latency_metric", (), counts.overhead
    for key, labels, deployment, _ in _deployments(scrape):
        if deployment.attempts:
            model = (labels.group, labels.model, key, labels.provider)
            yield "litellm_llm_api_latency_metric", model, deployment.latency
            if any(deployment.first_token.counts):
                yield "litellm_llm_api_time_to_first_token_metric", model, deployment.first_token


def _histogram(metric: Metric, labels: tuple[str, ...], histogram: HistogramCounts) -> Iterator[str]:
    inner = _pairs(metric.labels, labels)
    prefix = f"{inner}," if inner else ""
    seen = 0
    for bound, count in zip(_LE, histogram.counts, strict=True):
        seen += count
        yield f'{metric.name}_bucket{{{prefix}le="{bound}"}} {seen}'
    suffix = f"{{{inner}}}" if inner else ""
    yield f"{metric.name}_sum{suffix} {histogram.total!r}"
    yield f"{metric.name}_count{suffix} {seen}"


def _labels(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    return f"{{{_pairs(names, values)}}}" if names else ""


def _pairs(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    return ",".join(f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True))


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
