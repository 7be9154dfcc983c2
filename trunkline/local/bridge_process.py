"""LiteLLM's SDK in a child process of this worker (`bridge.py`): started at the first call, again when it has died.

The child gets a random token over its standard input, listens on a loopback port that the system picks, and says which
on its standard output. It keeps nothing between calls: each request brings its deployment's parameters.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import IO, Final, NamedTuple

from trunkline.ir import Secret
from trunkline.providers.bridge import INSTALL, installed

START_SECONDS: Final = 60.0
"""The SDK's import takes 2 to 10 s."""
STOP_SECONDS: Final = 2.0
_LAST_WORDS: Final = 1
"""Lines: the exception, and not the stack before it, which a client would be told too."""
_OURS: Final = ("LITELLM_", "TRUNKLINE_", "DATABASE_")
"""Variables of the gateway: its master key and database are nothing to the SDK."""
_QUIET: Final[Mapping[str, str]] = {
    "LITELLM_MODE": "PRODUCTION",  # else it reads a `.env` of its own finding
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_TELEMETRY": "False",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else each start downloads it
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",  # lint: provider-name (the SDK's own variable, for the same reason)
    "PYTHONUNBUFFERED": "1",
}


class Running(NamedTuple):
    """A child that answers."""

    host: str
    port: int
    token: Secret


class BridgeError(Exception):
    """The SDK's process cannot be had; the message says why."""


class Bridge:
    """The SDK's process of this worker."""

    def __init__(self, environ: Callable[[], Mapping[str, str]]) -> None:
        """Nothing is started here. `environ` gives the variables of the next child."""
        self._environ = environ
        self._process: asyncio.subprocess.Process | None = None
        self._running: Running | None = None
        self._start: asyncio.Task[Running] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def ensure(self) -> Running:
        """Where the SDK answers; starts it where it does not run.

        Callers that come while it starts wait for the same start; one that gives up does not stop it.

        Raises:
            BridgeError: it cannot be started, or the gateway stops.
        """
        if self._running is not None and self.pid is not None:
            return self._running
        if self._start is None or self._start.done():
            self._start = asyncio.create_task(self._begin())
            self._start.add_done_callback(_mark_seen)
        start = self._start
        try:
            return await asyncio.shield(start)
        except asyncio.CancelledError:
            if start.cancelled():  # by `stop`; the caller itself was not cancelled
                raise BridgeError("the gateway is stopping") from None
            raise

    async def stop(self) -> None:
        """End the child."""
        if self._start is not None:
            self._start.cancel()
            with contextlib.suppress(asyncio.CancelledError, BridgeError):
                await self._start
        self._start = self._running = None
        process, self._process = self._process, None
        if process is not None:
            await _end(process)

    async def _begin(self) -> Running:
        self._running = self._process = None
        if not installed():
            raise BridgeError(f"LiteLLM's SDK is not installed: run `{INSTALL}`")
        token = secrets.token_urlsafe(32)
        with tempfile.TemporaryFile() as said:
            process = await asyncio.create_subprocess_exec(
                *command(), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=said,
                env=environment(self._environ()),
            )  # fmt: skip
            try:
                port = await asyncio.wait_for(_handshake(process, token), START_SECONDS)
                if port is None:
                    await process.wait()
                    raise BridgeError(f"LiteLLM's SDK did not start (status {process.returncode}): {_last_words(said)}")
            except TimeoutError:
                await _end(process)
                raise BridgeError(
                    f"LiteLLM's SDK was not loaded within {START_SECONDS:.0f} s: {_last_words(said)}"
                ) from None
            except BaseException:
                await _end(process)
                raise
        self._process = process
        self._running = Running("127.0.0.1", port, Secret(token))
        return self._running


def command() -> list[str]:
    """How the child is started. Its token is not in here: every user of the machine can read a command line."""
    return [sys.executable, "-m", "trunkline.local.bridge", "--parent", str(os.getpid())]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The child's variables: providers' own ones as the gateway has them, without the gateway's secrets."""
    kept = {name: value for name, value in environ.items() if not name.startswith(_OURS)}
    return {**kept, **_QUIET}


async def _handshake(process: asyncio.subprocess.Process, token: str) -> int | None:
    """Tell the child its token; the port it says, or `None` where it ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(ConnectionError):
        process.stdin.write(json.dumps({"token": token}).encode() + b"\n")
        await process.stdin.drain()
    line = await process.stdout.readline()
    return int(json.loads(line)["port"]) if line.endswith(b"\n") else None


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read()[-4096:].decode("utf-8", "replace").strip().splitlines()[-_LAST_WORDS:]
    return " | ".join(lines) or "it said nothing"


def _mark_seen(task: asyncio.Task[Running]) -> None:
    """A failed start whose callers have all gone is nobody's unhandled error."""
    if not task.cancelled():
        task.exception()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.stdin is not None:
        process.stdin.close()
