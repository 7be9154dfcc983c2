"""The counts of all workers, through files in `<data>/metrics`: any worker can answer a scrape for all of them.

Each worker writes `<worker_id>.msgpack`, every five seconds and whenever it is asked. Whoever collects sums the
files of the living and folds those of the dead into `retired.msgpack`, so that counters never go backwards while
the data folder lives. A worker lives as long as it holds the lock on its journal. After `kill -9` the last five
seconds of counts are missing here; the ledger has them.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from trunkline.telemetry.counts import Source, WorkerCounts, gather

PUBLISH_SECONDS: Final = 5.0
_SUFFIX: Final = ".msgpack"
_RETIRED: Final = "retired" + _SUFFIX

log = logging.getLogger(__name__)


class Retired(msgspec.Struct, kw_only=True):
    """What dead workers leave behind."""

    counts: WorkerCounts = msgspec.field(default_factory=WorkerCounts)
    folded: list[str] = msgspec.field(default_factory=list[str])
    """Workers whose file is summed here but may not be deleted yet: a crash between the two counts nothing twice."""


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What a scrape shows."""

    sum: WorkerCounts
    """Counters of all workers that ever were, gauges of those that live."""
    workers: int
    """How many live."""


def write(data: Path, counts: WorkerCounts) -> None:
    """Replace a worker's file; raises `OSError` when the disk refuses."""
    folder = data / "metrics"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace(folder / (counts.worker_id + _SUFFIX), msgspec.msgpack.encode(counts))


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


async def publish(source: Source, every: float = PUBLISH_SECONDS) -> None:
    """Write this worker's counts every `every` seconds until cancelled, and once more then.

    Start it after the journal's lock is held and cancel it before the lock is let go: a file without a lock
    belongs to a dead worker.
    """
    failing = False
    try:
        while True:
            try:
                await asyncio.to_thread(write, source.data, gather(source))
                failing = False
            except OSError as error:
                if not failing:
                    log.warning("metrics of this worker cannot be written to `%s`: %s", source.data / "metrics", error)
                failing = True
            await asyncio.sleep(every)
    finally:
        try:
            write(source.data, gather(source))
        except OSError as error:
            log.warning("the last metrics of this worker could not be written: %s", error)


async def collect(source: Source) -> Totals:
    """Write this worker's counts and sum everybody's. On a disk that refuses, this worker's alone."""
    own = gather(source)
    return combine(await asyncio.to_thread(_others, source.data, source.worker_id, own), own)


async def others(source: Source) -> Totals:
    """The sum of all workers but this one, the dead included; nothing of this one is written."""
    return await asyncio.to_thread(_others, source.data, source.worker_id, None)


def combine(rest: Totals, own: WorkerCounts) -> Totals:
    """Add this worker's counts to those of the others."""
    total = WorkerCounts()
    total.add(rest.sum)
    total.add(own)
    return Totals(sum=total, workers=rest.workers + 1)


def _others(data: Path, own_id: str, own: WorkerCounts | None) -> Totals:
    total = WorkerCounts()
    try:
        (data / "metrics").mkdir(mode=0o700, parents=True, exist_ok=True)
        if own is not None:
            # What is shown has been written: after a crash the file stands in for this worker, and is not behind.
            write(data, own)
        with _locked(data / "metrics"):
            living, retired = _sort_out(data, own_id)
    except OSError as error:
        log.warning("metrics of the other workers cannot be read in `%s`: %s", data / "metrics", error)
        return Totals(sum=total, workers=0)
    total.add(retired, alive=False)
    for counts in living:
        total.add(counts)
    return Totals(sum=total, workers=len(living))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sort_out(data: Path, own_id: str) -> tuple[list[WorkerCounts], WorkerCounts]:
    """Return the other living workers' counts and the sum of the dead, after folding the newly dead into it."""
    folder = data / "metrics"
    retired = _read_retired(folder / _RETIRED)
    living: list[WorkerCounts] = []
    dead: list[tuple[Path, WorkerCounts | None]] = []
    for path in sorted(folder.glob("*" + _SUFFIX)):
        worker_id = path.name.removesuffix(_SUFFIX)
        if path.name == _RETIRED or worker_id == own_id:
            continue
        alive = is_alive(data, worker_id)
        counts = _read(path)
        if alive and counts is not None:
            living.append(counts)
        elif not alive:
            dead.append((path, counts))
    if dead or retired.folded:
        _fold(folder, retired, dead)
    return living, retired.counts


def _fold(folder: Path, retired: Retired, dead: list[tuple[Path, WorkerCounts | None]]) -> None:
    done = set(retired.folded)
    for path, counts in dead:
        if counts is not None and path.name not in done:
            retired.counts.add(counts, alive=False)
    retired.counts.shrink(())
    retired.folded = [path.name for path, _ in dead]
    _replace(folder / _RETIRED, msgspec.msgpack.encode(retired))
    for path, _ in dead:
        path.unlink(missing_ok=True)


def _read(path: Path) -> WorkerCounts | None:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=WorkerCounts)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        log.warning("the metrics file `%s` cannot be read and is left out: %s", path, error)
        return None


def _read_retired(path: Path) -> Retired:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Retired)
    except FileNotFoundError:
        return Retired()
    except msgspec.MsgspecError as error:
        log.warning("`%s` cannot be read: the counts of earlier workers start again at zero (%s)", path, error)
        return Retired()


def is_alive(data: Path, worker_id: str) -> bool:
    """Whether the worker still holds the lock on its journal."""
    try:
        descriptor = os.open(data / "journal" / worker_id / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        # Shared, so that two who ask at once do not take each other for the owner.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
