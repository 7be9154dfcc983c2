"""Fails when the hot path gets a fifth dearer: instructions per call, counted by callgrind, against `guard.json`.

Instructions are counted, not time, because they come out the same on a busy machine: within 1 % from run to run,
where times on a shared machine differ by 30 %. One process runs `bench.hotpath`: a warm-up, then calls in parts. At
the end of each part it calls `getppid()`, which costs nothing and which nothing else calls; callgrind writes a dump
there, so that a part holds the calls and nothing of the start.

    python -m bench.guard            count and compare; status 1 when something got dearer
    python -m bench.guard --update   write what was counted as the new measure, for this Python and processor

The measure is kept per Python minor version, kind of build and processor, because each of them changes the count. One
that is not in the file is compared with the nearest entry, and only more than `LOOSE` fails.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).with_name("guard.json")
ROOT: Final = Path(__file__).resolve().parent.parent
MODES: Final = ("chat", "stream", "translated", "translated-stream")
"""Scenes of `bench.hotpath`."""
CALLS: Final[Mapping[str, int]] = {"chat": 200, "stream": 20, "translated": 100, "translated-stream": 20}
WARM_UP: Final[Mapping[str, int]] = {"chat": 300, "stream": 30, "translated": 150, "translated-stream": 30}
PARTS: Final = 3
LIMIT: Final = 0.20
LOOSE: Final = 0.40
"""For a Python, build or processor without an entry: from one version or build to the next the count moved by 19 % at
most (CPython 3.11, 3.12 and 3.13, plain, and Debian's 3.11)."""
SECONDS: Final = 85.0
MARK: Final = "getppid"
"""The C function at which callgrind ends a part: exported by every libc, so that a stripped Python will do."""

Counts = dict[str, int]
"""Instructions per call by mode."""


class GuardError(Exception):
    """The instructions could not be counted; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One mode compared with its measure."""

    mode: str
    counted: int
    measure: int
    limit: float
    against: str

    @property
    def change(self) -> float:
        """0.2 means a fifth dearer."""
        return self.counted / self.measure - 1

    @property
    def failed(self) -> bool:
        """It got dearer by more than the limit."""
        return self.change > self.limit

    def __str__(self) -> str:
        return (
            f"{self.mode:<17} {self.counted:>9,} instructions a call, {self.change:+.1%} against {self.measure:,}"
            f" ({self.against}; limit {self.limit:+.0%}){' FAILED' if self.failed else ''}"
        )


def build_kind() -> str:
    """`optimised` for a Python built with its profile (PGO) or at link time (LTO), `debug`, else `plain`.

    `system` is the distribution's own: Debian and Fedora optimise it and do not say so in its build variables.
    """
    if sysconfig.get_config_var("Py_DEBUG"):
        return "debug"
    if sys.base_prefix == "/usr":
        return "system"
    words = " ".join(str(sysconfig.get_config_var(name) or "") for name in ("CONFIG_ARGS", "PY_CORE_CFLAGS"))
    optimised = ("--enable-optimizations", "-fprofile-use", "--with-lto", "-flto")
    return "optimised" if any(word in words for word in optimised) else "plain"


def key() -> str:
    """What this interpreter's measure is filed under, for example `3.11 plain x86_64`."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {build_kind()} {platform.machine()}"


def read(file: Path = FILE) -> dict[str, Counts]:
    """The measures by key."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Counts])


def compare(counted: Counts, measures: Mapping[str, Counts], mine: str) -> list[Verdict]:
    """Compare with the entry of this key, or loosely with the nearest one.

    Raises:
        GuardError: there is no entry at all.
    """
    if not measures:
        raise GuardError("`guard.json` holds no measure: run `python -m bench.guard --update`")
    exact = mine in measures
    against = mine if exact else min(measures, key=lambda other: _distance(mine, other))
    limit = LIMIT if exact else LOOSE
    return [
        Verdict(mode=mode, counted=counted[mode], measure=measures[against][mode], limit=limit, against=against)
        for mode in MODES
    ]


def _distance(mine: str, other: str) -> tuple[bool, bool, int]:
    """How far a measure is from the one wanted: processor first, then kind of build, then version."""
    (version, kind, processor), (version2, kind2, processor2) = mine.split(" "), other.split(" ")
    minors = int(version.partition(".")[2]) - int(version2.partition(".")[2])
    return processor != processor2, kind != kind2, abs(minors)


def count(python: Sequence[str] = (sys.executable,)) -> Counts:
    """Run the hot path under callgrind; returns the median over the parts. Takes about 20 s.

    Raises:
        GuardError: valgrind is not there, failed, took too long or did not stop at the marks.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise GuardError("`valgrind` is not installed. Debian, Ubuntu: sudo apt-get install valgrind")
    with tempfile.TemporaryDirectory(prefix="trunkline-guard-") as folder:
        tool = ("--tool=callgrind", f"--callgrind-out-file={folder}/out", f"--dump-before={MARK}")
        command = (valgrind, *tool, *python, "-m", "bench.guard", "--run")
        # The hash seed decides the order and the collisions in every dict and set.
        environ = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
        try:
            done = subprocess.run(
                command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise GuardError(f"counting took longer than {SECONDS:g} s: is the machine overloaded?") from None
        if done.returncode != 0:
            raise GuardError(f"`{' '.join(command)}` failed:\n{done.stderr[-2000:]}")
        # out.1 ends with the warm-up; then come the parts, the modes in turn.
        totals = [_total(Path(folder) / f"out.{number}") for number in range(2, 2 + PARTS * len(MODES))]
    return {mode: round(statistics.median(totals[at :: len(MODES)]) / CALLS[mode]) for at, mode in enumerate(MODES)}


def _total(dump: Path) -> int:
    try:
        found = re.search(r"^totals: (\d+)", dump.read_text(), re.MULTILINE)
    except FileNotFoundError:
        found = None
    if found is None:
        raise GuardError(f"callgrind wrote no dump at `{MARK}`: does this libc name the function otherwise?")
    return int(found[1])


def run() -> None:
    """What is counted: a warm-up, then the parts. Runs under callgrind."""
    from bench.hotpath import Bench

    asyncio.set_event_loop(None)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for mode in MODES:
            for _ in range(WARM_UP[mode]):
                bench.run(mode)
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 20, 50)  # as server/worker.py does before it serves
        os.getppid()
        for _ in range(PARTS):
            for mode in MODES:
                for _ in range(CALLS[mode]):
                    bench.run(mode)
                os.getppid()
        expected = sum(WARM_UP[mode] + PARTS * CALLS[mode] for mode in MODES)
        answered = bench.gateway.stats.requests[("/v1/chat/completions", 200)]
        if answered != expected:
            raise SystemExit(f"{answered} of {expected} calls were answered with 200: the count says nothing")


def update(counted: Counts, file: Path = FILE) -> None:
    """Write the counts as the measure of this interpreter."""
    measures = dict(sorted({**(read(file) if file.exists() else {}), key(): counted}.items()))
    file.write_bytes(msgspec.json.format(msgspec.json.encode(measures), indent=2) + b"\n")


def main(argv: Sequence[str]) -> int:
    """Count and compare, or write the measure; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--update", action="store_true", help="write what was counted into guard.json")
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.run:
        run()
        return 0
    try:
        counted = count()
        if options.update:
            update(counted)
            print(f"guard.json: {key()}: " + ", ".join(f"{mode} {counted[mode]:,}" for mode in MODES))
            return 0
        verdicts = compare(counted, read(), key())
    except GuardError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()} ({key()})")
    for verdict in verdicts:
        print(verdict)
    if min(verdict.change for verdict in verdicts) < -LIMIT / 2 and key() in read():
        print("Much cheaper than the measure: `python -m bench.guard --update` keeps what was won.")
    return int(any(verdict.failed for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
