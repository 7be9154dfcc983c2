"""`trunkline up`: every service as a child process in the foreground, and their logs; Ctrl-C stops all of it.

What they are stands in `services.py`; whatever is added there is started, waited for, shown and stopped like the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from trunkline.cli.greeting import key_in_config
from trunkline.cli.options import Mistake, ServeOptions
from trunkline.cli.services import AppOptions, Service, exists, services
from trunkline.local.child import die_with_parent
from trunkline.server.listen import PortTaken, listen

READY_SECONDS = 60.0
"""A first start migrates the database and may load a cold disk; a second one is ready in about a second."""
STOP_SECONDS = 30.0
"""Services finish their running calls first; then, or at a second Ctrl-C, they are killed."""
LAST_LINES = 20
_POLL_SECONDS = 0.02


def run(options: ServeOptions, app: AppOptions) -> int:
    """Run all services until Ctrl-C or SIGTERM (returns 0) or until one of them ends by itself (returns 1).

    Raises `Mistake` before anything is started when a port is taken.
    """
    options = replace(options, port=_reserve(options.host, options.port))
    if exists():
        app = replace(app, port=_reserve(app.host, app.port), web_port=_reserve(app.host, app.web_port))
    return asyncio.run(_up(services(options, app, key_in_config(options.config)), options))


def _reserve(host: str, port: int) -> int:
    """The port, found free just now; for 0 one that the system chose. Raises `Mistake` when it is taken."""
    try:
        with listen(host, port) as probe:
            free: int = probe.getsockname()[1]
            return free
    except PortTaken as taken:
        raise Mistake(str(taken)) from taken


async def _up(rows: Sequence[Service], options: ServeOptions) -> int:
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)
    running: list[_Running] = []
    stopped = asyncio.create_task(stop.wait())
    try:
        for row in rows:
            running.append(await _Running.start(row))  # noqa: PERF401 (if one fails, the others must be known)
        ready = asyncio.create_task(_all_ready(running))
        died = [asyncio.create_task(one.process.wait()) for one in running]
        await asyncio.wait({ready, stopped, *died}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done() and not stop.is_set() and not any(one.done() for one in died):
            ready.result()
            _greet(rows, options)
            for one in running:
                one.show()
            await asyncio.wait({stopped, *died}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        return 0 if stop.is_set() else _report_death(running)
    except TimeoutError:
        late = [one for one in running if not one.ready]
        for one in late:
            _say(f"{one.row.name} did not answer on {one.row.url} within {READY_SECONDS:.0f} s. Its last lines:")
            one.last_words()
        return 1
    finally:
        stopped.cancel()
        for one in reversed(running):
            await one.stop(hurry)


def _greet(rows: Sequence[Service], options: ServeOptions) -> None:
    addresses = {name: url for row in rows for name, url in row.addresses.items()}
    width = max(map(len, addresses))
    for name, url in addresses.items():
        _say(f"{name:<{width}}  {url}")
    from trunkline.cli.greeting import greeting

    _say(greeting(options.config, rows[0].url, addresses.get("frontend")))
    _say("Ctrl-C stops everything.\n")


def _report_death(running: Sequence[_Running]) -> int:
    for one in running:
        if one.process.returncode is not None:
            _say(f"{one.row.name} ended with status {one.process.returncode}. Its last lines:")
            one.last_words()
    return 1


def _say(text: str) -> None:
    print(text, flush=True)


async def _all_ready(running: Sequence[_Running]) -> None:
    async with asyncio.timeout(READY_SECONDS):
        for one in running:
            while not await _answers(one.row):  # noqa: ASYNC110 (another process has no event for us)
                await asyncio.sleep(_POLL_SECONDS)
            one.ready = True


async def _answers(row: Service) -> bool:
    """Whether the health path answers 200. Raw, because an HTTP client costs more than the rest of this command."""
    writer = None
    try:
        reader, writer = await asyncio.open_connection(row.reachable, row.port)
        writer.write(f"GET {row.health} HTTP/1.1\r\nHost: {row.url[7:]}\r\nConnection: close\r\n\r\n".encode())
        return b" 200 " in await reader.readline()
    except (OSError, ValueError):
        return False
    finally:
        if writer is not None:
            writer.close()


class _Running:
    """A started service: its process, and its output, held back until the greeting has been said."""

    def __init__(self, row: Service, process: asyncio.subprocess.Process) -> None:
        self.row = row
        self.process = process
        self.ready = False
        self._shown = False
        self._held: deque[str] = deque(maxlen=1000)
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._pump = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, row: Service) -> _Running:
        """Start it in a session of its own, so that a Ctrl-C in the terminal does not reach it before we say so.

        On Linux it gets a SIGTERM of its own should this process be killed.
        """
        process = await asyncio.create_subprocess_exec(
            *row.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name not in row.hidden} | row.variables,
            preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGTERM),
        )
        return cls(row, process)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        rest = b""
        while data := await self.process.stdout.read(65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._line(line.decode(errors="replace"))
        if rest:
            self._line(rest.decode(errors="replace"))

    def _line(self, line: str) -> None:
        self._last.append(line)
        if self._shown:
            _say(f"{self.row.name} | {line}")
        else:
            self._held.append(line)

    def show(self) -> None:
        """From now on print what it says; first what it has said."""
        self._shown = True
        while self._held:
            _say(f"{self.row.name} | {self._held.popleft()}")

    def last_words(self) -> None:
        """Print its last lines, when they were not shown already."""
        for line in self._last:
            _say(f"    {line}")

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask it to end and wait; kill it when it takes too long or the user cannot wait (a second Ctrl-C)."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        ended, hurried = asyncio.create_task(self.process.wait()), asyncio.create_task(hurry.wait())
        await asyncio.wait({ended, hurried}, timeout=STOP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not ended.done():
            _say(f"{self.row.name} was killed before it had stopped by itself")
            self.process.kill()
        await ended
        await asyncio.wait([self._pump], timeout=1)
