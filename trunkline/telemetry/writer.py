"""One thread that writes log lines, so that a terminal or pipe that nobody reads never stops the event loop (D19)."""

from __future__ import annotations

import atexit
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from trunkline.telemetry.redact import Redactor

MAX_WAITING: Final = 10_000
"""Items; what comes on top is dropped and counted."""
DRAIN_SECONDS: Final = 0.25
STDERR: Final = 2

Drain = Callable[[], Iterable[bytes]]
"""Called on the writer's thread each round: the lines to write, each with its newline."""


class LineWriter:
    """Writes lines to a file descriptor from its own thread, which starts with the first thing to do."""

    def __init__(self, descriptor: int = STDERR, every: float = DRAIN_SECONDS, human: bool | None = None) -> None:
        self.dropped = 0
        """Lines lost: too many were waiting, or the descriptor refused them."""
        self.human = _is_terminal(descriptor) if human is None else human
        """Lines are for people's eyes: the descriptor is a terminal."""
        self.redact = Redactor()
        """What every line from a module passes; knows nothing until it is told."""
        self._descriptor = descriptor
        self._every = every
        self._lines: deque[bytes] = deque()
        self._drains: list[Drain] = []
        self._wake = threading.Event()
        self._stopping = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pid = 0

    def put(self, line: bytes) -> None:
        """Take a line, newline included, and write it soon; never blocks."""
        if len(self._lines) >= MAX_WAITING:
            self.dropped += 1
            return
        self._lines.append(line)
        self.start()
        self._wake.set()

    def attach(self, drain: Drain) -> None:
        """Ask `drain` for lines every round from now on."""
        self._drains.append(drain)
        self.start()

    def detach(self, drain: Drain) -> None:
        """Ask it no more."""
        if drain in self._drains:
            self._drains.remove(drain)

    def start(self) -> None:
        """Start the thread where it does not run; a forked child starts its own."""
        if self._thread is not None and self._pid == os.getpid():
            return
        with self._lock:
            if self._thread is not None and self._pid == os.getpid():
                return
            self._stopping = False
            self._pid = os.getpid()
            # Daemon: a reader that never reads must not keep the process from ending.
            self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def close(self, seconds: float = 1.0) -> None:
        """Write what waits, for at most `seconds`, and end the thread."""
        thread = self._thread
        if thread is None or self._pid != os.getpid():
            return
        self._stopping = True
        self._wake.set()
        thread.join(seconds)
        if not thread.is_alive():
            self._thread = None
            atexit.unregister(self.close)

    def _run(self) -> None:
        while True:
            self._wake.wait(self._every)
            # Read before the last round: what was put before `close` is written by it.
            stopping = self._stopping
            self._wake.clear()
            self._round()
            if stopping:
                return

    def _round(self) -> None:
        lines: list[bytes] = []
        for drain in tuple(self._drains):
            lines.extend(drain())
        waiting = len(self._lines)
        lines.extend(self._lines.popleft() for _ in range(waiting))
        if lines:
            self._write(lines)

    def _write(self, lines: list[bytes]) -> None:
        # In pieces of less than a pipe's buffer, so that what was written is known when a reader goes away.
        for start in range(0, len(lines), 64):
            piece = lines[start : start + 64]
            try:
                self._write_all(memoryview(b"".join(piece)))
            except OSError:
                self.dropped += len(piece)

    def _write_all(self, data: memoryview) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                # A parent that shares our stderr may have made it non-blocking: wait as a blocking one would.
                select.select([], [self._descriptor], [])


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
