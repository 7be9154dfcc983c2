"""CPU per request as a multiple of nginx in the same run, in alternating rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.gateway import CHAT_COST, CHAT_MODEL, STREAM_COST, STREAM_MODEL, Gateway
from bench.results import Ledger, Load
from bench.rig import Rig, Wrk
from bench.system import BenchError, cpu_seconds

WARM_UP_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server to measure."""

    name: str
    url: str
    headers: Mapping[str, str]
    model: str
    stream: bool
    answering: Callable[[], Sequence[int]]
    """Processes that answer."""
    helping: Callable[[], Sequence[int]]
    """Its other processes."""
    settle: Callable[[], object]
    """Wait until what was put off is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One round: CPU in microseconds per answer."""

    worker: float
    helper: float
    settled: float
    nginx: float
    ours: Wrk
    theirs: Wrk

    @property
    def cpu(self) -> float:
        return self.worker + self.helper


class Counter:
    """Counts what wrk did over a whole run, for the ledger's sake."""

    def __init__(self) -> None:
        self.answers = 0
        self.cut = 0

    def add(self, run: Wrk, connections: int) -> Wrk:
        """Take one run of wrk into account."""
        self.answers += run.answers
        self.cut += connections
        return run


def measure(rig: Rig, target: Target, connections: int, rounds: int, secs: int, counter: Counter) -> Load:
    """Load the target and nginx in turn."""

    def run(url: str, headers: Mapping[str, str], seconds: int) -> Wrk:
        return rig.wrk(
            url, headers, target.model, stream=target.stream, connections=connections, secs=seconds
        )

    baseline = rig.baseline_url(stream=target.stream)
    counter.add(run(target.url, target.headers, WARM_UP_SECONDS), connections)
    target.settle()
    run(baseline, {}, 1)
    done = []
    for _ in range(rounds):
        done.append(_round(rig, target, run, baseline, secs, lambda ours: counter.add(ours, connections)))
        last = done[-1]
        print(
            f"  {target.name}: {last.cpu:8.1f} us a request, nginx {last.nginx:6.1f}, ratio {last.cpu / last.nginx:.2f},"
            f" {last.ours.per_second:,.0f}/s, p99 {last.ours.p99_ms:g} ms, errors {last.ours.errors}",
            flush=True,
        )
    return _sum_up(target, connections, secs, done)


def _round(
    rig: Rig,
    target: Target,
    run: Callable[[str, Mapping[str, str], int], Wrk],
    baseline: str,
    secs: int,
    count: Callable[[Wrk], Wrk],
) -> _Round:
    worker, helper = cpu_seconds(target.answering()), cpu_seconds(target.helping())
    ours = count(run(target.url, target.headers, secs))
    worker_after, helper_after = cpu_seconds(target.answering()), cpu_seconds(target.helping())
    target.settle()
    settled = cpu_seconds(target.answering()) + cpu_seconds(target.helping())
    before = cpu_seconds(rig.baseline_pids)
    theirs = run(baseline, {}, secs)
    nginx = cpu_seconds(rig.baseline_pids) - before
    if not ours.answers or not theirs.answers or not nginx:
        raise BenchError(f"`{target.name}` or nginx answered nothing in {secs} s")
    each = 1e6 / ours.answers
    return _Round(
        worker=(worker_after - worker) * each,
        helper=(helper_after - helper) * each,
        settled=(settled - worker - helper) * each,
        nginx=nginx * 1e6 / theirs.answers,
        ours=ours,
        theirs=theirs,
    )


def _sum_up(target: Target, connections: int, secs: int, done: Sequence[_Round]) -> Load:
    def median(of: Callable[[_Round], float], digits: int = 1) -> float:
        return round(statistics.median(map(of, done)), digits)

    return Load(
        server=target.name,
        name=f"{'stream of 50 events' if target.stream else 'chat'}, {connections} connections",
        connections=connections,
        stream=target.stream,
        rounds=len(done),
        secs=secs,
        cpu_us=median(lambda r: r.cpu),
        worker_us=median(lambda r: r.worker),
        helper_us=median(lambda r: r.helper),
        nginx_us=median(lambda r: r.nginx),
        ratio=median(lambda r: r.cpu / r.nginx, 2),
        worker_ratio=median(lambda r: r.worker / r.nginx, 2),
        settled_us=median(lambda r: r.settled),
        settled_ratio=median(lambda r: r.settled / r.nginx, 2),
        per_second=median(lambda r: r.ours.per_second, 0),
        nginx_per_second=median(lambda r: r.theirs.per_second, 0),
        p50_ms=median(lambda r: r.ours.p50_ms, 3),
        p99_ms=median(lambda r: r.ours.p99_ms, 3),
        nginx_p50_ms=median(lambda r: r.theirs.p50_ms, 3),
        nginx_p99_ms=median(lambda r: r.theirs.p99_ms, 3),
        answers=sum(r.ours.answers for r in done),
        errors=sum(r.ours.errors for r in done),
    )


def gateway_target(gateway: Gateway, *, stream: bool) -> Target:
    """The gateway as a target: its worker answers, its shipper helps."""

    def helping() -> list[int]:
        pid = gateway.shipper_pid
        return [] if pid is None else [pid]

    return Target(
        name="trunkline",
        url=gateway.url,
        headers=gateway.headers,
        model=STREAM_MODEL if stream else CHAT_MODEL,
        stream=stream,
        answering=lambda: [gateway.pid],
        helping=helping,
        settle=gateway.wait_shipped,
    )


class Books:
    """Looks at the ledger before and after the load, and compares."""

    def __init__(self, rig: Rig, gateway: Gateway) -> None:
        gateway.wait_shipped()
        self._rig = rig
        self._gateway = gateway
        self._rows, self._ok, self._spend = self._read()
        self._seen = rig.seen()
        self._baseline = 0
        self._shipper = self._shipper_seconds()

    def _shipper_seconds(self) -> float:
        pid = self._gateway.shipper_pid
        if pid is None:
            raise BenchError("the shipper is not running")
        return cpu_seconds([pid])

    def _read(self) -> tuple[int, dict[str, int], int]:
        rows, ok, spend = 0, {CHAT_MODEL: 0, STREAM_MODEL: 0}, 0
        for model, outcome, count, pico in self._gateway.rows():
            rows += count
            if outcome == "ok":
                ok[model] = ok.get(model, 0) + count
                spend += pico
        return rows, ok, spend

    def compare(self, counter: Counter, baseline_calls: int) -> Ledger:
        """After the load: `baseline_calls` is what nginx sent to the same upstreams."""
        self._gateway.wait_shipped()
        rows, ok, spend = self._read()
        new = rows - self._rows
        chats, streams = (ok[model] - self._ok[model] for model in (CHAT_MODEL, STREAM_MODEL))
        return Ledger(
            answers=counter.answers,
            cut=counter.cut,
            provider_calls=self._rig.seen() - self._seen - baseline_calls,
            rows=new,
            rows_ok=chats + streams,
            spend_ok_pico=spend - self._spend,
            expected_spend_ok_pico=chats * CHAT_COST + streams * STREAM_COST,
            shipper_us_per_row=round((self._shipper_seconds() - self._shipper) / max(new, 1) * 1e6, 1),
        )
