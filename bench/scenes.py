"""The measurements that are not load: start, idle memory, open streams, soak."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.gateway import HOLD_MODEL, STREAM_MODEL, Gateway
from bench.results import Idle, Sample, Soak, Start, Streams
from bench.rig import ROOT, Rig, end
from bench.system import LOAD_CPU, BenchError, memory, open_files, pinned, raise_open_files, threads

STREAMS: Final = 2000
NEW_CALLS: Final = 200
SETTLE_SECONDS: Final = 3.0
SAMPLES: Final = 120
EARLY_MINUTES: Final = 5.0


def start(rig: Rig, folder: Path, command: Sequence[str], times: int) -> Start:
    """Start on an empty data folder once, then again so many times."""
    gateway = Gateway(rig, folder, command)
    taken = []
    for _ in range(times + 1):
        taken.append(round(gateway.start(), 3))
        gateway.wait_shipped()
        gateway.stop()
    later = taken[1:]
    return Start(first=taken[0], later=later, median=round(statistics.median(later), 3))


def idle(gateway: Gateway) -> Idle:
    """Memory after a few calls and a rest."""
    _call_a_little(gateway)
    gateway.wait_shipped()
    time.sleep(SETTLE_SECONDS)
    return Idle(worker=memory(gateway.pid), shipper=memory(_shipper(gateway)))


def _call_a_little(gateway: Gateway) -> None:
    for _ in range(20):
        gateway.ask()
    for _ in range(3):
        gateway.ask(STREAM_MODEL, stream=True)


def _shipper(gateway: Gateway) -> int:
    pid = gateway.shipper_pid
    if pid is None:
        raise BenchError(f"the shipper is not running:\n{gateway.said()}")
    return pid


def streams(gateway: Gateway, count: int = STREAMS) -> Streams:
    """Open so many streams that say nothing after their first event, and call meanwhile."""
    raise_open_files(2 * count + 200)
    _call_a_little(gateway)
    gateway.wait_shipped()
    before = memory(gateway.pid)
    command = pinned(LOAD_CPU, sys.executable, "-m", "bench.holder", str(gateway.port), str(count), HOLD_MODEL)
    holder = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        ready = _say(holder, gateway.key)
        time.sleep(SETTLE_SECONDS)
        after = memory(gateway.pid)
        times, errors = _new_calls(gateway)
        still = _say(holder, "count")
    finally:
        assert holder.stdin is not None
        holder.stdin.close()
        end(holder)
    if ready != count:
        raise BenchError(f"{ready} of {count} streams began:\n{gateway.said()}")
    return Streams(
        count=count,
        rss_kib_each=round((after.rss_kib - before.rss_kib) / count, 1),
        pss_kib_each=round((after.pss_kib - before.pss_kib) / count, 1),
        p50_ms=round(times[len(times) // 2], 2),
        p99_ms=round(times[len(times) * 99 // 100], 2),
        errors=errors + count - still,
    )


def _say(process: subprocess.Popen[bytes], line: str) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n".encode())
    process.stdin.flush()
    words = process.stdout.readline().split()
    if len(words) != 2:
        raise BenchError("the client of the open streams ended")
    return int(words[1])


def _new_calls(gateway: Gateway) -> tuple[list[float], int]:
    """Milliseconds of new calls, sorted, and how many failed."""
    times, errors = [], 0
    for _ in range(NEW_CALLS):
        began = time.perf_counter()
        errors += gateway.ask() != 200
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times), errors


def soak(gateway: Gateway, minutes: float) -> Soak:
    """Mixed load; memory of the worker early and late."""
    _call_a_little(gateway)
    seconds = minutes * 60
    command = pinned(LOAD_CPU, sys.executable, "-m", "bench.mixed", str(gateway.port), str(seconds))
    load = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert load.stdin is not None
    load.stdin.write(f"{gateway.key}\n".encode())
    load.stdin.flush()
    began = time.monotonic()
    samples = []
    try:
        while load.poll() is None and time.monotonic() - began < seconds:
            time.sleep(max(seconds / SAMPLES, 0.5))
            samples.append(_sample(gateway, time.monotonic() - began))
        said, _ = load.communicate(timeout=60)
    finally:
        end(load)
    calls, errors = map(int, said.split() or ("0", "1"))
    return sum_up_soak(samples, minutes, calls, errors)


def sum_up_soak(samples: Sequence[Sample], minutes: float, calls: int, errors: int) -> Soak:
    """Compare the tenth of the run after minute 5 (or after a sixth, if that is sooner) with the last tenth.

    Raises:
        BenchError: there are no samples in one of the two.
    """
    early_at, tenth = min(EARLY_MINUTES, minutes / 6) * 60, minutes * 6
    early = _median([sample for sample in samples if early_at <= sample.at < early_at + tenth])
    late = _median([sample for sample in samples if sample.at >= samples[-1].at - tenth])
    return Soak(
        minutes=minutes,
        calls=calls,
        errors=errors,
        early_at=round(early_at / 60, 2),
        early=early,
        late=late,
        growth=round(late.worker_rss_kib / early.worker_rss_kib - 1, 4),
        samples=list(samples),
    )


def _sample(gateway: Gateway, at: float) -> Sample:
    return Sample(
        at=round(at, 1),
        worker_rss_kib=memory(gateway.pid).rss_kib,
        shipper_rss_kib=memory(_shipper(gateway)).rss_kib,
        open_files=open_files(gateway.pid),
        threads=threads(gateway.pid),
    )


def _median(samples: Sequence[Sample]) -> Sample:
    if not samples:
        raise BenchError("the soak was too short to compare early with late: give it more minutes")

    def of(field: Callable[[Sample], float]) -> int:
        return round(statistics.median(map(field, samples)))

    return Sample(
        at=round(statistics.median(sample.at for sample in samples), 1),
        worker_rss_kib=of(lambda s: s.worker_rss_kib),
        shipper_rss_kib=of(lambda s: s.shipper_rss_kib),
        open_files=of(lambda s: s.open_files),
        threads=of(lambda s: s.threads),
    )
