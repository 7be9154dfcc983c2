"""The shipper's side: hands records and alerts to the sender's process, and never waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from trunkline.ledger.record import CallRecord
from trunkline.telemetry.callbacks.parcel import LENGTH, MAX_CALLS, REPORTS, Alert, Parcel, Report, framed
from trunkline.telemetry.callbacks.routing import expected
from trunkline.telemetry.watching import Counts, Wanted

MAX_BUFFERED: Final = 8 * 1024 * 1024
"""Bytes that wait in the pipe to a sender that does not read; what comes then is dropped and counted."""
MAX_MESSAGE: Final = 1024 * 1024
RESTART_SECONDS: Final = 1.0
FINISH_SECONDS: Final = 4.0
"""How long a stop waits for the sender to send what it has."""
DOTENV_NAMES: Final = "TRUNKLINE_SHIPPER_DOTENV"
_log = logging.getLogger(__name__)


class Outlet:
    """One sender, started with the first thing to send and started again when it dies.

    Everything that was to be sent is in the end counted once as sent, failed or dropped: what a dead sender had not
    reported is dropped (it may have arrived all the same).
    """

    def __init__(self) -> None:
        self.counts: dict[str, Counts] = {}
        """By destination, since this outlet was made."""
        self._wanted = Wanted()
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._waiting: list[bytes] = []
        self._buffered = 0
        self._number = 0
        self._handed: dict[str, int] = {}
        self._reported = Report({}, {}, {})
        self._not_before = 0.0
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The sender's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def configure(self, wanted: Wanted) -> None:
        """Take another configuration; the sender watches the files itself."""
        self._wanted = wanted
        for name in (*wanted.success, *wanted.failure, *wanted.alerting):
            self.counts.setdefault(name, Counts())

    def take(self, calls: Sequence[CallRecord], alerts: Sequence[Alert] = ()) -> None:
        """Hand on what destinations want of these. Never blocks, never raises."""
        if not (self._wanted.success or self._wanted.failure or (alerts and self._wanted.alerting)):
            return
        for start in range(0, max(len(calls), 1), MAX_CALLS):
            part = [call for call in calls[start : start + MAX_CALLS] if self._is_wanted(call)]
            notices = list(alerts) if start == 0 else []
            if part or notices:
                self._hand(part, notices)

    def _is_wanted(self, call: CallRecord) -> bool:
        return bool(self._wanted.success if call.status == "success" else self._wanted.failure)

    def _hand(self, calls: list[CallRecord], alerts: list[Alert]) -> None:
        owed = expected(self._wanted, calls, len(alerts))
        self._number += 1
        try:
            message = framed(Parcel(self._number, calls, alerts))
        except (msgspec.MsgspecError, UnicodeEncodeError):  # a lone surrogate in somebody's text
            self._drop(owed)
            return
        if len(message) + self._in_pipe() > MAX_BUFFERED:
            self._drop(owed)
            return
        for name, count in owed.items():
            self._handed[name] = self._handed.get(name, 0) + count
        self._waiting.append(message)
        self._buffered += len(message)
        self.tend()

    def _in_pipe(self) -> int:
        stdin = self._process.stdin if self._process is not None else None
        return self._buffered + (stdin.transport.get_write_buffer_size() if stdin is not None else 0)

    def tend(self) -> None:
        """Start the sender where there is something for it, and pass on what waits; called about once a second."""
        if not self._waiting:
            return
        process = self._process
        if process is not None and process.returncode is None and process.stdin is not None:
            for message in self._waiting:
                process.stdin.write(message)
            self._waiting.clear()
            self._buffered = 0
        elif self._starting is None and time.monotonic() >= self._not_before:
            self._starting = asyncio.get_running_loop().create_task(self._start())

    async def _start(self) -> None:
        self._not_before = time.monotonic() + RESTART_SECONDS
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "trunkline.telemetry.callbacks.sender_main", "--config", self._wanted.config,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment(os.environ),
            )  # fmt: skip
        except OSError as error:
            _log.warning("the sender of callbacks cannot be started: %s", error.strerror)
        else:
            self._reading = asyncio.get_running_loop().create_task(self._read(self._process))
        finally:
            self._starting = None
        self.tend()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Take reports until the sender ends, then settle what it owed."""
        assert process.stdout is not None
        with contextlib.suppress(asyncio.IncompleteReadError, msgspec.MsgspecError, OSError):
            while True:
                size = int.from_bytes(await process.stdout.readexactly(LENGTH), "big")
                if size > MAX_MESSAGE:
                    break  # not ours
                self._take_report(REPORTS.decode(await process.stdout.readexactly(size)))
        if process.returncode is None and process.stdin is not None:
            process.stdin.close()
        code = await process.wait()
        if code != 0:
            _log.warning("the sender of callbacks ended with %s; another is started for what comes next", code)
        self._settle()

    def _take_report(self, report: Report) -> None:
        before, self._reported = self._reported, report
        for field in ("sent", "failed", "dropped"):
            old: Mapping[str, int] = getattr(before, field)
            new: Mapping[str, int] = getattr(report, field)
            for name, count in new.items():
                counts = self.counts.setdefault(name, Counts())
                setattr(counts, field, getattr(counts, field) + count - old.get(name, 0))

    def _settle(self) -> None:
        """The sender is gone: what was in its hands and not reported is dropped."""
        report, self._reported = self._reported, Report({}, {}, {})
        waiting = _owed_by(self._waiting, self._wanted)
        for name, count in self._handed.items():
            done = sum(sums.get(name, 0) for sums in (report.sent, report.failed, report.dropped))
            self._drop({name: max(0, count - done - waiting.get(name, 0))})
        self._handed = waiting
        self._process = None

    def _drop(self, owed: Mapping[str, int]) -> None:
        for name, count in owed.items():
            self.counts.setdefault(name, Counts()).dropped += count

    async def close(self) -> None:
        """Let the sender send what it has, for `FINISH_SECONDS` at most."""
        if self._starting is not None:
            await asyncio.wait([self._starting], timeout=FINISH_SECONDS)
        process, reading = self._process, self._reading
        if process is None or reading is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.wait([reading], timeout=FINISH_SECONDS)
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.wait([reading], timeout=1.0)


def _owed_by(messages: Sequence[bytes], wanted: Wanted) -> dict[str, int]:
    from trunkline.telemetry.callbacks.parcel import PARCELS

    found: dict[str, int] = {}
    for message in messages:
        parcel = PARCELS.decode(message[LENGTH:])
        for name, count in expected(wanted, parcel.calls, len(parcel.alerts)).items():
            found[name] = found.get(name, 0) + count
    return found


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for the sender: without what came from `.env`, which it reads again itself."""
    names = environ.get(DOTENV_NAMES, "").split(",")
    return {name: value for name, value in environ.items() if name not in names}
