"""Several workers on one socket: started by fork, started again when one dies, stopped together."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import traceback
from typing import Final

import trunkline
from trunkline.server.listen import address
from trunkline.server.shipping import Shipping
from trunkline.server.worker import WorkerPlan, run_worker

RESTART_SECONDS: Final = 0.2
MAX_RESTART_SECONDS: Final = 1.5
_log = logging.getLogger(__name__)


class Supervisor:
    """Keeps a number of workers and the shipper alive. It runs no event loop and holds no call."""

    def __init__(self, plan: WorkerPlan, count: int, shipping: Shipping) -> None:
        self._plan = plan
        self._count = count
        self._shipping = shipping
        self._workers: dict[int, float] = {}
        self._stopping = False
        self._pause = RESTART_SECONDS
        self._not_before = 0.0

    def run(self) -> int:
        """Supervise until told to stop; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)
        self._shipping.ensure()
        for _ in range(self._count):
            self._start()
        print(
            f"Trunkline {trunkline.__version__} serves on {address(self._plan.sock)} with {self._count} workers"
            f" ({', '.join(map(str, self._workers))})",
            flush=True,
        )
        while self._workers:
            self._reap()
            if not self._stopping:
                self._shipping.ensure()
                while len(self._workers) < self._count and time.monotonic() >= self._not_before:
                    self._start()
            time.sleep(0.1)
        self._plan.sock.close()
        self._shipping.stop()
        return 0

    def _start(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._be_worker()
        self._workers[pid] = time.monotonic()

    def _be_worker(self) -> None:
        code = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            if sys.platform == "linux":
                _die_with_parent()
            code = run_worker(self._plan, alone=False)
        except BaseException:  # noqa: BLE001 - a forked child must never return into the parent's code
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            began = self._workers.pop(pid, None)
            if began is None:
                continue
            lived = time.monotonic() - began
            if not self._stopping:
                # A worker that dies at once is started again with growing pauses, one that lived at once.
                self._pause = RESTART_SECONDS if lived > 2 else min(self._pause * 2, MAX_RESTART_SECONDS)
                self._not_before = time.monotonic() + (0 if lived > 2 else self._pause)
                print(f"worker {pid} ended ({_how(status)}); starting another", file=sys.stderr, flush=True)

    def _on_stop(self, *_: object) -> None:
        self._stopping = True
        self._signal(signal.SIGTERM)

    def _on_reload(self, *_: object) -> None:
        self._signal(signal.SIGHUP)

    def _signal(self, number: signal.Signals) -> None:
        for pid in list(self._workers):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


def run(plan: WorkerPlan, workers: int) -> int:
    """Run several workers under a supervisor."""
    from trunkline.server.run import database_url

    shipping = Shipping(plan.data, database_url(plan.snapshot, plan.data), plan.environ, plan.base)
    return Supervisor(plan, workers, shipping).run()


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"


def _die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the supervisor dies, so that no worker serves on unwatched."""
    import ctypes

    ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)
