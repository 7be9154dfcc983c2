"""What the kernel knows of a process, and of the machine; Linux only."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.guard import build_kind

GATEWAY_CPU: Final = "0"
"""The processor of what is measured; the other one belongs to load and upstreams."""
LOAD_CPU: Final = "1"
PACKAGES: Final = ("trunkline", "uvicorn", "uvloop", "httptools", "msgspec", "aiosqlite")


class BenchError(Exception):
    """Something the benchmark needs is missing or failed; the text says what to do."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Of one process, KiB. PSS divides what is shared by the number of those who share it."""

    rss_kib: int
    pss_kib: int


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where figures were measured: enough to judge them, nothing that names the host."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    arch: str
    virtual: bool
    python: str
    """Version and kind of build: an optimised Python needs about a tenth less."""

    @property
    def slug(self) -> str:
        """For a file name."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.cores}x {self.cpu} py{self.python}".lower()).strip("-")


def pinned(cpu: str, *command: str) -> tuple[str, ...]:
    """The command on one processor."""
    return ("taskset", "-c", cpu, *command)


def children(pid: int) -> list[int]:
    """Direct children of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    return [pid, *(found for child in children(pid) for found in tree(child))]


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of processes, without their dead children and threads.

    From the scheduler's books, which are exact. The times of /proc/PID/stat are what a clock tick every few
    milliseconds happened to interrupt: 25 % apart from one run to the next for work in bursts of 30 us.
    """
    nanoseconds = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                nanoseconds += int(task.read_text().split()[0])
    return nanoseconds / 1e9


def memory(pid: int) -> Memory:
    """Resident and proportional memory of a process now."""
    found = dict(re.findall(r"^(Rss|Pss): +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE))
    return Memory(rss_kib=int(found["Rss"]), pss_kib=int(found["Pss"]))


def open_files(pid: int) -> int:
    """Open file descriptors of a process."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def threads(pid: int) -> int:
    """Kernel tasks of a process."""
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


def free_port() -> int:
    """A port that nobody has now. For programs that cannot choose one themselves."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def raise_open_files(least: int) -> None:
    """Let this process and those it starts open as many files as the system allows.

    Raises:
        BenchError: that is fewer than `least`.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < least:
        raise BenchError(f"{least} open files are needed and {hard} allowed: raise the hard limit (`ulimit -Hn`)")


def need_programs(names: Sequence[str] = ("nginx", "wrk", "taskset")) -> None:
    """Install what is missing from Debian's packages when root.

    Raises:
        BenchError: it is not Linux, there is one processor only, or a program is missing and cannot be installed.
    """
    if not sys.platform.startswith("linux"):
        raise BenchError("the benchmark reads /proc and pins processes: it runs on Linux only")
    if (os.cpu_count() or 1) < 2:
        raise BenchError("the benchmark needs two processors: one for the gateway, one for load and upstreams")
    missing = [name for name in names if shutil.which(name) is None]
    packages = ["util-linux" if name == "taskset" else name for name in missing]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"bench: installing {', '.join(packages)}", file=sys.stderr)
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # 1: start no service
        install = ("apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages)
        if subprocess.run(install, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
            subprocess.run(("apt-get", "update", "-qq"), env=environ, stdin=subprocess.DEVNULL, check=False)
            subprocess.run(install, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise BenchError(
            f"`{'`, `'.join(missing)}` not found. Debian, Ubuntu: sudo apt-get install {' '.join(packages)}"
        )


def machine() -> Machine:
    """Describe this machine."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.+)$", info, re.MULTILINE)
    memory_kib = re.search(r"^MemTotal: +(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return Machine(
        cpu=re.sub(r"\s+", " ", model[1]) if model else platform.machine(),
        cores=os.cpu_count() or 1,
        memory_gib=round(int(memory_kib[1]) / 2**20, 1) if memory_kib else 0.0,
        kernel=platform.release(),
        arch=platform.machine(),
        virtual=" hypervisor" in info,
        python=f"{platform.python_version()} {build_kind()}",
    )


def versions() -> dict[str, str]:
    """Versions of everything that takes part, by name."""
    found = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    found["sqlite"] = sqlite3.sqlite_version
    for name, command in (("nginx", ("nginx", "-v")), ("wrk", ("wrk", "-v"))):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        version = re.search(rf"{name}[/ ](?:debian/)?(\d[\w.]*)", done.stdout + done.stderr)
        found[name] = version[1] if version else "unknown"
    return found
