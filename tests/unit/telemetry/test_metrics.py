"""Counts of several workers, and the text that Prometheus reads."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.admin.fakes import LARGE, SMALL, SNAPSHOT, FakeGateway, hold_lock
from trunkline.config.snapshot import Snapshot
from trunkline.telemetry import counts, share
from trunkline.telemetry.exposition import Scrape, render
from trunkline.telemetry.ledger_state import LedgerState
from trunkline.telemetry.metrics import METRICS
from trunkline.telemetry.watching import Counts, Watched


@dataclass
class Lives:
    """Workers of one data folder that can be born and killed."""

    data: Path
    locks: dict[str, int] = field(default_factory=dict[str, int])

    def bear(self, worker_id: str, snapshot: Snapshot = SNAPSHOT) -> FakeGateway:
        """A worker that holds its lock."""
        self.locks[worker_id] = hold_lock(self.data, worker_id)
        return FakeGateway(self.data, worker_id=worker_id, snapshot=snapshot)

    def kill(self, worker_id: str) -> None:
        """The lock falls, the files stay: `kill -9`."""
        os.close(self.locks.pop(worker_id))


@pytest.fixture
def lives(tmp_path: Path) -> Lives:
    """No worker yet."""
    return Lives(tmp_path)


def work(worker: FakeGateway, calls: int = 1, deployment_id: str = "large-1") -> None:
    """Some calls, good ones."""
    stats = worker.stats
    stats.requests["/v1/chat/completions", 200] = stats.requests.get(("/v1/chat/completions", 200), 0) + calls
    one = stats.deployment(deployment_id)
    one.attempts += calls
    one.successes += calls
    one.input_tokens += 100 * calls
    one.spend_pico += 700_000_000_001 * calls
    for _ in range(calls):
        one.latency.add(0.3)
        one.first_token.add(0.1)
        stats.total_latency.add(0.4)
    stats.in_flight = 1


def samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What Prometheus would read; fails where one series stands twice."""
    result: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in result, key
            result[key] = sample.value
    return result


def named(text: bytes, name: str) -> float:
    """The sum of a metric's series."""
    return sum(value for (found, _), value in samples(text).items() if found == name)


async def scrape(worker: FakeGateway, ledger: LedgerState | None = None) -> bytes:
    """The text as `/metrics` writes it."""
    totals = await share.collect(worker)
    return render(
        Scrape(
            totals=totals,
            snapshot=worker.snapshot,
            ledger=ledger or LedgerState(),
            started_at=worker.started_at,
            draining=worker.draining,
            journal_full=worker.journal_full,
            watched=Watched(callbacks={"sentry": Counts(sent=3, failed=2, dropped=1)}, anomalies_open={"key": 1}),
        )
    )


async def test_any_worker_answers_for_all(lives: Lives) -> None:
    """The counts of living workers are summed, gauges too."""
    first, second = lives.bear("w1"), lives.bear("w2")
    work(first, 3)
    work(second, 4)
    share.write(second.data, counts.gather(second))
    text = await scrape(first)
    assert named(text, "litellm_proxy_total_requests_metric_total") == 7
    assert named(text, "litellm_input_tokens_metric_total") == 700
    assert named(text, "litellm_in_flight_requests") == 2
    assert named(text, "litellm_llm_api_latency_metric_count") == 7
    assert named(text, "trunkline_workers") == 2


async def test_counters_survive_their_workers(lives: Lives) -> None:
    """What a dead worker counted stays counted, once, however often and by whomever it is folded; its gauges go."""
    first, second, third = lives.bear("w1"), lives.bear("w2"), lives.bear("w3")
    for worker in (first, second, third):
        work(worker, 2)
        share.write(worker.data, counts.gather(worker))
    lives.kill("w2")
    lives.kill("w3")
    for _ in range(3):
        text = await scrape(first)
        assert named(text, "litellm_proxy_total_requests_metric_total") == 6
        assert named(text, "litellm_in_flight_requests") == 1
        assert named(text, "trunkline_workers") == 1
    lives.kill("w1")
    fresh = lives.bear("w4")
    assert named(await scrape(fresh), "litellm_proxy_total_requests_metric_total") == 6
    assert sorted(path.name for path in (lives.data / "metrics").glob("*.msgpack")) == ["retired.msgpack", "w4.msgpack"]


async def test_a_scrape_is_never_ahead_of_the_file(lives: Lives) -> None:
    """What one worker showed before `kill -9` is what the others show after it: no counter goes back."""
    first, second = lives.bear("w1"), lives.bear("w2")
    work(first, 5)
    before = named(await scrape(first), "litellm_proxy_total_requests_metric_total")
    lives.kill("w1")
    assert named(await scrape(second), "litellm_proxy_total_requests_metric_total") == before == 5


async def test_a_crash_while_folding_counts_nothing_twice(lives: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between writing the sum and deleting the file, the next fold knows that the file is in the sum."""
    first, second = lives.bear("w1"), lives.bear("w2")
    work(second, 4)
    share.write(second.data, counts.gather(second))
    lives.kill("w2")

    def crash(path: Path, missing_ok: bool = False) -> None:
        raise OSError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", crash)
        await share.collect(first)
    assert (lives.data / "metrics" / "w2.msgpack").exists()
    for _ in range(2):
        assert named(await scrape(first), "litellm_proxy_total_requests_metric_total") == 4
    assert not (lives.data / "metrics" / "w2.msgpack").exists()


async def test_damaged_files_cost_only_themselves(lives: Lives) -> None:
    """A file that cannot be read is left out, and the scrape goes on."""
    first = lives.bear("w1")
    lives.bear("w2")
    work(first, 2)
    (lives.data / "metrics").mkdir()
    (lives.data / "metrics" / "w2.msgpack").write_bytes(b"\xc1")
    (lives.data / "metrics" / "retired.msgpack").write_bytes(b"{}")
    assert named(await scrape(first), "litellm_proxy_total_requests_metric_total") == 2


async def test_a_folder_that_cannot_be_written_shows_this_worker(tmp_path: Path) -> None:
    """On a disk that refuses, the scraped worker shows its own counts."""
    (tmp_path / "metrics").write_text("a file where the folder should be")
    worker = FakeGateway(tmp_path)
    work(worker, 2)
    assert named(await scrape(worker), "litellm_proxy_total_requests_metric_total") == 2


async def test_publishing_writes_now_and_at_the_end(lives: Lives) -> None:
    """The task writes at once, and the last counts when it is cancelled."""
    worker = lives.bear("w1")
    task = asyncio.create_task(share.publish(worker, every=3600))
    path = lives.data / "metrics" / "w1.msgpack"
    while not path.exists():
        await asyncio.sleep(0.01)
    work(worker, 9)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    found = msgspec.msgpack.decode(path.read_bytes(), type=counts.WorkerCounts)
    assert found.requests == {"/v1/chat/completions": {200: 9}}


async def test_money_is_exact(lives: Lives) -> None:
    """Spend is whole pico-USD through every sum, also beyond 64 bits."""
    worker = lives.bear("w1")
    worker.stats.deployment("large-1").spend_pico = 10**20 + 3
    worker.stats.deployment("large-1").attempts = 1
    other = lives.bear("w2")
    other.stats.deployment("large-1").spend_pico = 999_999_999_999
    share.write(other.data, counts.gather(other))
    text = (await scrape(worker)).decode()
    (line,) = [
        found for found in text.splitlines() if found.startswith("litellm_spend_metric_total") and "large-1" in found
    ]
    assert line.endswith(" 100000001.000000000002")


async def test_histograms_are_cumulative(lives: Lives) -> None:
    """Buckets add up to the count, and the bounds are LiteLLM's 5 ms to 600 s."""
    worker = lives.bear("w1")
    for seconds in (0.005, 0.3, 7.0, 1000.0):
        worker.stats.total_latency.add(seconds)
    text = await scrape(worker)
    found = samples(text)
    buckets = {
        labels[0][1]: value
        for (name, labels), value in found.items()
        if name == "litellm_request_total_latency_metric_bucket"
    }
    assert [buckets[bound] for bound in ("0.005", "0.25", "0.5", "10", "600", "+Inf")] == [1, 1, 2, 3, 3, 4]
    assert next(iter(buckets)) == "0.005"
    assert named(text, "litellm_request_total_latency_metric_count") == 4
    assert round(named(text, "litellm_request_total_latency_metric_sum"), 6) == 1007.305


async def test_failures_and_states(lives: Lives) -> None:
    """Failures are counted by status; the state is 0, 1 while failing, 2 while cooling down or unavailable."""
    worker = lives.bear("w1")
    worker.stats.requests["/v1/embeddings", 503] = 2
    failing, cooling = worker.stats.deployment("large-1"), worker.stats.deployment("large-2")
    failing.attempts, failing.failures, failing.fails_in_a_row, failing.failures_by_status = 3, 2, 1, {429: 1, 0: 1}
    cooling.attempts, cooling.cooled_until, cooling.cooled_count = 1, asyncio.get_running_loop().time() + 60, 1
    found = samples(await scrape(worker))
    states = {
        dict(labels)["model_id"]: value for (name, labels), value in found.items() if name == "litellm_deployment_state"
    }
    assert states == {"large-1": 1, "large-2": 2, "small-1": 0, "keyless-1": 2}
    failures = {
        dict(labels)["exception_status"]: value
        for (name, labels), value in found.items()
        if name == "litellm_deployment_failure_responses_total"
    }
    assert failures == {"429": 1, "0": 1}
    assert found[
        "litellm_proxy_failed_requests_metric_total", (("exception_status", "503"), ("route", "/v1/embeddings"))
    ] == 2  # fmt: skip


async def test_the_ledger_is_shown(lives: Lives) -> None:
    """Backlog, lag and what became of records are gauges and counters of the ledger."""
    ledger = LedgerState(
        state="database_down", database="postgresql", backlog_bytes=9, lag_seconds=1.5, rows_shipped=8, closed_unknown=2
    )
    found = samples(await scrape(lives.bear("w1"), ledger))
    assert found["trunkline_ledger_state", (("database", "postgresql"), ("state", "database_down"))] == 1
    assert found["trunkline_ledger_backlog_bytes", ()] == 9
    assert found["trunkline_ledger_lag_seconds", ()] == 1.5
    assert found["trunkline_ledger_rows_shipped_total", ()] == 8
    assert found["trunkline_ledger_closed_unknown_total", ()] == 2


async def test_every_metric_of_the_catalogue_is_written(lives: Lives) -> None:
    """A worker that has seen everything shows every family of the catalogue, each with its help and kind."""
    worker = lives.bear("w1")
    work(worker)
    worker.stats.deployment("large-1").failures_by_status[500] = 1
    worker.stats.requests["/v1/chat/completions", 500] = 1
    text = (await scrape(worker)).decode()
    missing = {metric.name for metric in METRICS if f"# TYPE {metric.exposed} {metric.kind}\n" not in text}
    assert missing <= ({"trunkline_resident_memory_bytes"} if not counts.resident_bytes() else set())


async def test_labels_come_from_the_configuration_alone(lives: Lives) -> None:
    """A removed deployment keeps its names, odd characters are escaped, and one id is one series."""
    odd = replace(SMALL, id="odd", group='a"b\\c\nd')
    worker = lives.bear("w1", replace(SNAPSHOT, deployments=(LARGE, LARGE, odd)))
    work(worker, deployment_id="odd")
    work(worker, deployment_id="large-1")
    await scrape(worker)
    worker.snapshot = replace(SNAPSHOT, deployments=(LARGE,))
    found = samples(await scrape(worker))
    groups = {
        dict(labels)["requested_model"]
        for (name, labels), value in found.items()
        if name == "litellm_deployment_total_requests_total" and value
    }
    assert groups == {'a"b\\c\nd', "large"}


async def test_many_configurations_stay_bounded(lives: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deployments of long gone configurations are summed into one series instead of growing for ever (X13)."""
    monkeypatch.setattr(counts, "MAX_DEPLOYMENTS", 10)
    for generation in range(6):
        worker_id = f"w{generation}"
        worker = lives.bear(worker_id)
        for number in range(10):
            work(worker, deployment_id=f"gone-{generation}-{number}")
        share.write(worker.data, counts.gather(worker))
        lives.kill(worker_id)
    last = lives.bear("last")
    text = await scrape(last)
    assert named(text, "litellm_deployment_total_requests_total") == 60
    ids = {dict(labels).get("model_id") for _, labels in samples(text)}
    assert len(ids) < 20


def test_a_worker_without_a_lock_is_dead(lives: Lives) -> None:
    """Liveness is the lock on the journal, nothing else."""
    lives.bear("w1")
    assert share.is_alive(lives.data, "w1")
    lives.kill("w1")
    assert not share.is_alive(lives.data, "w1")
    assert not share.is_alive(lives.data, "never")


def test_histograms_of_another_version_are_left_out() -> None:
    """Counts by other buckets cannot be added and do not break the sum."""
    mine, theirs = counts.HistogramCounts(), counts.HistogramCounts(counts=[1, 2], total=3.0)
    mine.add(theirs)
    assert mine == counts.HistogramCounts()
