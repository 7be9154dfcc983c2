"""CPU per request as a multiple of nginx in the same run, in alternating rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.gateway import (
    CHAT_COST,
    CHAT_MODEL,
    STREAM_COST,
    STREAM_MODEL,
    TRANSLATED_MODEL,
    TRANSLATED_STREAM_MODEL,
    Gateway,
)
from bench.results import Ledger, Load
from bench.rig import Rig, Wrk
from bench.system import BenchError, cpu_seconds

WARM_UP_SECONDS = 2
STREAM_TIMES = 2
"""Rounds of streams are twice as long: there are 60 answers a second of them, and CPU time comes in steps of 10 ms."""


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
    translated: bool = False
    """The provider speaks another format than the client."""


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
    """Counts what the clients and the providers of one server saw over a whole run, for the ledger's sake."""

    def __init__(self) -> None:
        self.answers = 0
        self.cut = 0
        self.provider_calls = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """One kind of request, and who gets it."""

    rig: Rig
    target: Target
    connections: int
    counter: Counter

    def ours(self, secs: int) -> tuple[Wrk, float, float, float]:
        """Load the target; returns wrk's report and the CPU seconds of worker, helpers, and all until settled."""
        target, counter, seen = self.target, self.counter, self.rig.quiet()
        worker, helper = cpu_seconds(target.answering()), cpu_seconds(target.helping())
        report = self._run(target.url, target.headers, secs)
        worker_after, helper_after = cpu_seconds(target.answering()), cpu_seconds(target.helping())
        target.settle()
        settled = cpu_seconds(target.answering()) + cpu_seconds(target.helping()) - worker - helper
        counter.answers += report.answers
        counter.cut += self.connections
        counter.provider_calls += self.rig.quiet() - seen
        return report, worker_after - worker, helper_after - helper, settled

    def theirs(self, secs: int) -> tuple[Wrk, float]:
        """Load nginx; returns wrk's report and nginx's CPU seconds."""
        before = cpu_seconds(self.rig.baseline_pids)
        report = self._run(self.rig.baseline_url(stream=self.target.stream), {}, secs)
        return report, cpu_seconds(self.rig.baseline_pids) - before

    def _run(self, url: str, headers: Mapping[str, str], secs: int) -> Wrk:
        target = self.target
        return self.rig.wrk(url, headers, target.model, stream=target.stream, connections=self.connections, secs=secs)

    def round(self, secs: int) -> _Round:
        """The target, then nginx."""
        ours, worker, helper, settled = self.ours(secs)
        theirs, nginx = self.theirs(secs)
        if not ours.answers or not theirs.answers or not nginx:
            raise BenchError(f"`{self.target.name}` or nginx answered nothing in {secs} s")
        each = 1e6 / ours.answers
        return _Round(
            worker=worker * each,
            helper=helper * each,
            settled=settled * each,
            nginx=nginx * 1e6 / theirs.answers,
            ours=ours,
            theirs=theirs,
        )


def measure(rig: Rig, target: Target, connections: int, rounds: int, secs: int, counter: Counter) -> Load:
    """Load the target and nginx in turn."""
    secs *= STREAM_TIMES if target.stream else 1
    scene = _Scene(rig=rig, target=target, connections=connections, counter=counter)
    scene.ours(WARM_UP_SECONDS)
    scene.theirs(1)
    done = []
    for _ in range(rounds):
        last = scene.round(secs)
        done.append(last)
        print(
            f"  {target.name}: {last.cpu:8.1f} us a request, nginx {last.nginx:6.1f},"
            f" ratio {last.cpu / last.nginx:.2f}, {last.ours.per_second:,.0f}/s,"
            f" p99 {last.ours.p99_ms:g} ms, errors {last.ours.errors}",
            flush=True,
        )
    return _sum_up(target, connections, secs, done)


def _sum_up(target: Target, connections: int, secs: int, done: Sequence[_Round]) -> Load:
    def median(of: Callable[[_Round], float], digits: int = 1) -> float:
        return round(statistics.median(map(of, done)), digits)

    return Load(
        server=target.name,
        name=f"{'translated ' if target.translated else ''}{'stream of 50 events' if target.stream else 'chat'},"
        f" {connections} connections",
        connections=connections,
        stream=target.stream,
        translated=target.translated,
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


def gateway_target(gateway: Gateway, *, stream: bool, translated: bool = False) -> Target:
    """The gateway as a target: its worker answers, its shipper helps."""

    def helping() -> list[int]:
        pid = gateway.shipper_pid
        return [] if pid is None else [pid]

    return Target(
        name="trunkline",
        url=gateway.url,
        headers=gateway.headers,
        model=_MODELS[translated][stream],
        translated=translated,
        stream=stream,
        answering=lambda: [gateway.pid],
        helping=helping,
        settle=gateway.wait_shipped,
    )


_MODELS = ((CHAT_MODEL, STREAM_MODEL), (TRANSLATED_MODEL, TRANSLATED_STREAM_MODEL))
"""By translated and streamed."""


class Books:
    """Looks at the ledger before and after the load, and compares."""

    def __init__(self, gateway: Gateway) -> None:
        gateway.wait_shipped()
        self._gateway = gateway
        self._rows, self._ok, self._spend = self._read()
        self._shipper = self._shipper_seconds()

    def _shipper_seconds(self) -> float:
        pid = self._gateway.shipper_pid
        if pid is None:
            raise BenchError("the shipper is not running")
        return cpu_seconds([pid])

    def _read(self) -> tuple[int, dict[str, int], int]:
        rows, ok, spend = 0, {model: 0 for pair in _MODELS for model in pair}, 0
        for model, outcome, count, pico in self._gateway.rows():
            rows += count
            if outcome == "ok":
                ok[model] = ok.get(model, 0) + count
                spend += pico
        return rows, ok, spend

    def compare(self, counter: Counter) -> Ledger:
        """After the load."""
        self._gateway.wait_shipped()
        rows, ok, spend = self._read()
        new = rows - self._rows
        chats, streams = (sum(ok[pair[at]] - self._ok[pair[at]] for pair in _MODELS) for at in (0, 1))
        return Ledger(
            answers=counter.answers,
            cut=counter.cut,
            provider_calls=counter.provider_calls,
            rows=new,
            rows_ok=chats + streams,
            spend_ok_pico=spend - self._spend,
            expected_spend_ok_pico=chats * CHAT_COST + streams * STREAM_COST,
            shipper_us_per_row=round((self._shipper_seconds() - self._shipper) / max(new, 1) * 1e6, 1),
        )
