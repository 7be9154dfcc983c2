"""Keeps the shipper running: the process that moves journals into the database."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

RESTART_SECONDS: Final = 1.0
STOP_SECONDS: Final = 15.0
_log = logging.getLogger(__name__)


class Shipping:
    """Starts the shipper and starts it again when it dies.

    It is a process of its own: a crash there cannot hurt a call, and its work does not stall the event loop.
    """

    def __init__(self, data: Path, url: str, environ: Mapping[str, str], base: Mapping[str, str]) -> None:
        """`base`: `environ` without what came from `.env`, which a child that reads that file anew must know."""
        self._data = data
        self._environ = {
            **environ,
            "TRUNKLINE_SHIPPER_DATABASE_URL": url,
            "TRUNKLINE_SHIPPER_DOTENV": ",".join(sorted(environ.keys() - base.keys())),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._next = 0.0

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def ensure(self) -> None:
        """Start it if it is not running; called about once a second."""
        process, now = self._process, time.monotonic()
        if (process is not None and process.poll() is None) or now < self._next:
            return
        if process is not None:
            _log.warning("the ledger's shipper ended with %s; starting it again", process.returncode)
        self._next = now + RESTART_SECONDS
        arguments = ("--data", str(self._data), "--parent", str(os.getpid()))
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-m", "trunkline.ledger.shipper_main", *arguments],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for the gateway, which stops it last
        )

    def stop(self) -> None:
        """Let it ship what is there and end; what it cannot ship now waits in the journals for the next start."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End it at once."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
