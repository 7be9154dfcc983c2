"""The fake provider as tests see it: a process of its own, its ports, its ledger."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tests.support.provider_ledger import Counts, Entry, Ports

__all__ = ["Counts", "Entry", "FakeProvider", "Ports"]

ROOT = Path(__file__).resolve().parents[2]


class FakeProvider:
    """Starts the provider in its own process, so that load on it does not share a loop with the tests."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.provider_server", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the fake provider did not start (exit code {self._process.wait()})")
        self.ports = msgspec.json.decode(line, type=Ports)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def base_url(self) -> str:
        """`api_base` of the plain port."""
        return f"http://127.0.0.1:{self.ports.http}/v1"

    def url(self, port: int, scheme: str = "http", host: str = "127.0.0.1") -> str:
        """`api_base` of another of its ports."""
        return f"{scheme}://{host}:{port}/v1"

    def _get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.control, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def ledger(self, since: int = 0) -> list[Entry]:
        """Every request read in full, from number `since` on."""
        return msgspec.json.decode(self._get(f"/ledger?since={since}"), type=list[Entry])

    def entries(self, marker: str, since: int = 0) -> list[Entry]:
        """The requests that carry `marker`, in the order they came."""
        return [entry for entry in self.ledger(since) if entry.marker == marker]

    def counts(self) -> Counts:
        """Totals since the start."""
        return msgspec.json.decode(self._get("/counts"), type=Counts)

    def wait(self, ready: Callable[[list[Entry]], bool], *, since: int = 0, seconds: float = 5.0) -> list[Entry]:
        """Poll the ledger until `ready` says so; returns the ledger, ready or not, at the limit."""
        limit = time.monotonic() + seconds
        while True:
            entries = self.ledger(since)
            if ready(entries) or time.monotonic() > limit:
                return entries
            time.sleep(0.02)

    def wait_entry(self, marker: str, *, since: int = 0, seconds: float = 5.0) -> Entry:
        """The first request with `marker`; raises `AssertionError` when none comes."""
        found = [e for e in self.wait(lambda all_: any(e.marker == marker for e in all_), since=since, seconds=seconds)
                 if e.marker == marker]  # fmt: skip
        assert found, f"the provider saw no request of `{marker}` within {seconds} s"
        return found[0]

    def close(self) -> None:
        """Stop the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
