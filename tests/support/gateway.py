"""The real gateway as a subprocess on a free port, with a config written for the test."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.provider import FakeProvider
from tests.support.raw_http import Answer, exchange, request_bytes

ROOT: Final = Path(__file__).resolve().parents[2]
Row = dict[str, object]

SHORT: Final[Mapping[str, float]] = {
    "connect_timeout": 1.0,
    "first_byte_timeout": 1.5,
    "idle_timeout": 1.0,
    "header_seconds": 1.0,
    "body_seconds": 1.5,
    "keepalive_seconds": 5.0,
    "write_seconds": 2.0,
    "shutdown_seconds": 5.0,
    "drain_seconds": 0.0,
}
"""Limits in seconds that make every timeout of the suite short (`general_settings.trunkline`)."""

INPUT_PRICE: Final = "0.000001"
OUTPUT_PRICE: Final = "0.000002"
"""USD per token of every test deployment."""


PORTS: Final = (
    "closed",
    "blackhole",
    "tls_stall",
    "tls",
    "tls_expired",
    "tls_wrong_name",
    "tls_self_signed",
    "tls_old",
)
"""Ports of the provider with a model group each."""


@dataclass(slots=True, kw_only=True)
class GatewayConfig:
    """What the test wants of the config file; everything not named has the test suite's short limits."""

    models: list[dict[str, object]]
    trunkline: dict[str, object] = field(default_factory=dict[str, object])
    general: dict[str, object] = field(default_factory=dict[str, object])
    litellm: dict[str, object] = field(default_factory=dict[str, object])
    router: dict[str, object] = field(default_factory=dict[str, object])
    environment: dict[str, str] = field(default_factory=dict[str, str])
    workers: int = 1
    prefix: tuple[str, ...] = ()
    """Command to start the gateway through, for example `unshare`."""

    def text(self) -> str:
        """The file's content (JSON is YAML)."""
        general = {"master_key": "os.environ/LITELLM_MASTER_KEY"} | self.general
        general["trunkline"] = dict(SHORT) | self.trunkline
        config = {
            "model_list": self.models,
            "litellm_settings": {"request_timeout": 4} | self.litellm,
            "general_settings": general,
            "router_settings": {"num_retries": 2, "cooldown_time": 0} | self.router,
        }
        return json.dumps(config, indent=2)


def model(group: str, name: str, api_base: str, **params: object) -> dict[str, object]:
    """One entry of `model_list`: an OpenAI-compatible deployment with the canary key and the test price."""
    litellm_params: dict[str, object] = {
        "model": f"openai/{name}",
        "api_base": api_base,
        "api_key": "os.environ/CANARY_PROVIDER_KEY",
        "input_cost_per_token": float(INPUT_PRICE),
        "output_cost_per_token": float(OUTPUT_PRICE),
    }
    return {"model_name": group, "litellm_params": litellm_params | params}


def standard_models(provider: FakeProvider) -> list[dict[str, object]]:
    """`plain` answers well, `fault:*` does as its name says, `over/<fault>` has a healthy second deployment.

    Each bad port has a group of its name, and `over-<port>` with a healthy second deployment.
    """
    models = [
        model("plain", "plain", provider.base_url),
        model("fault:*", "fault:*", provider.base_url),
        model("over/*", "*", provider.base_url, order=1),
        model("over/*", "second", provider.base_url, order=2),
    ]
    for label in PORTS:
        port = getattr(provider.ports, label)
        scheme = "https" if label.startswith("tls") else "http"
        models.append(model(label, "plain", provider.url(port, scheme)))
        models.append(model(f"over-{label}", "plain", provider.url(port, scheme), order=1))
        models.append(model(f"over-{label}", "second", provider.base_url, order=2))
    return models


class Gateway:
    """Starts on construction; `stop()` ends it by SIGTERM and returns its exit code."""

    def __init__(self, folder: Path, config: GatewayConfig, *, wait: float = 20.0) -> None:
        self.config = config
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.config_file = folder / "config.yaml"
        self.config_file.write_text(config.text())
        self.log_file = folder / "gateway.log"
        self.master_key = "sk-" + secrets.token_hex(20)
        self.provider_key = "sk-canary-" + secrets.token_hex(20)
        self.port = 0
        self.read_rows: Callable[[], list[Row]] = self._read_sqlite
        """How `rows` reads the table; tests on PostgreSQL replace it."""
        self.start(wait)

    # Life ---------------------------------------------------------------------------------------------

    def start(self, wait: float = 20.0, port: int | None = None) -> None:
        """Start (again), by default on the port it had; returns when `/health/liveliness` answers."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("LITELLM_", "DATABASE_", "OPENAI_"))}
        environment |= {
            "LITELLM_MASTER_KEY": self.master_key,
            "CANARY_PROVIDER_KEY": self.provider_key,
            "TRUNKLINE_DATA": str(self.data),
            "PYTHONUNBUFFERED": "1",
        } | self.config.environment
        self._log_start = self.log_file.stat().st_size if self.log_file.exists() else 0
        with self.log_file.open("ab") as log:
            arguments = [
                "--config",
                str(self.config_file),
                "--host",
                "127.0.0.1",
                "--workers",
                str(self.config.workers),
            ]
            arguments += ["--port", str(self.port if port is None else port)]
            self.process = subprocess.Popen(
                [*self.config.prefix, *self.command(), "serve", *arguments],
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment,
                cwd=self.config_file.parent, start_new_session=True,
            )  # fmt: skip
        if wait:
            self._wait_ready(wait)

    @staticmethod
    def command() -> list[str]:
        """The installed `trunkline`, else the module."""
        script = Path(sys.executable).with_name("trunkline")
        if script.exists():
            return [str(script)]
        return [sys.executable, "-m", "trunkline"]

    def _wait_ready(self, seconds: float) -> None:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            found = re.search(r"http://127\.0\.0\.1:(\d+)", self.log()[self._log_start :])
            if found:
                self.port = int(found[1])
                with contextlib.suppress(OSError):
                    if self.get("/health/liveliness", key="").status == 200:
                        return
            time.sleep(0.02)
        raise RuntimeError(f"the gateway was not ready within {seconds} s:\n{self.log()[-4000:]}")

    def signal(self, number: int) -> None:
        """Send a signal to the parent process."""
        os.kill(self.process.pid, number)

    def stop(self, seconds: float = 20.0) -> int:
        """SIGTERM and wait; returns the exit code. Kills what is left after `seconds` and raises."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float = 20.0) -> int:
        """Wait for the exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            log = self.log()[-3000:]
            self.kill()
            raise AssertionError(f"the gateway did not end within {seconds} s of SIGTERM:\n{log}") from None

    def kill(self) -> None:
        """SIGKILL to the whole process group: parent, workers, shipper."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.stop()
        self.kill()

    # Facts --------------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """Address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the parent."""
        return self.process.pid

    def pids(self) -> list[int]:
        """The parent and all its descendants."""
        return [self.pid, *descendants(self.pid)]

    def worker_pids(self) -> list[int]:
        """Processes that hold the listening port open and accept on it, oldest first."""
        inode = listening_inode(self.port)
        holders = [pid for pid in self.pids() if holds(pid, inode)]
        return holders[1:] if len(holders) > 1 else holders

    def log(self) -> str:
        """Everything written to standard output and error so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def get(self, path: str, key: str | None = None, seconds: float = 10.0) -> Answer:
        """GET with the master key, or with `key` (empty for none)."""
        key = self.master_key if key is None else key
        headers = {"Connection": "close"} | ({"Authorization": f"Bearer {key}"} if key else {})
        return exchange(self.port, request_bytes("GET", path, headers=headers), method="GET", seconds=seconds)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "trunkline.db"

    def _read_sqlite(self) -> list[Row]:
        if not self.database.exists():
            return []
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM litellm_request_logs")]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            connection.close()

    def rows(self) -> list[Row]:
        """All rows of `litellm_request_logs`."""
        return self.read_rows()

    def wait_rows(self, ready: Callable[[list[Row]], bool], seconds: float = 8.0) -> list[Row]:
        """Poll the table until `ready` says so; returns the rows, ready or not, at the limit."""
        limit = time.monotonic() + seconds
        while True:
            rows = self.rows()
            if ready(rows) or time.monotonic() > limit:
                return rows
            time.sleep(0.05)

    def row(self, marker: str, seconds: float = 8.0) -> Row:
        """The one row whose `end_user` is `marker`; raises `AssertionError` where there is none, or several."""
        rows = self.wait_rows(lambda all_: any(row["end_user"] == marker for row in all_), seconds)
        found = [row for row in rows if row["end_user"] == marker]
        assert len(found) == 1, f"{len(found)} rows for `{marker}`: {found}\n{self.log()[-2000:]}"
        return found[0]

    def rss(self) -> int:
        """Resident bytes of the processes that serve, summed."""
        return sum(resident(pid) for pid in self.worker_pids())


def resident(pid: int) -> int:
    """Resident memory of a process in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Direct children, oldest first."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return sorted(found)


def descendants(pid: int) -> list[int]:
    """Children of children, parents before their children."""
    return [found for child in children(pid) for found in (child, *descendants(child))]


def listening_inode(port: int) -> set[str]:
    """Inodes of the sockets that listen on a port (several with SO_REUSEPORT)."""
    found: set[str] = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
            found.add(fields[9])
    return found


def holds(pid: int, inodes: set[str]) -> bool:
    """Whether a process has one of the sockets open."""
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(entry.readlink()).removeprefix("socket:[").removesuffix("]") in inodes:
                    return True
    return False


def open_files(pid: int) -> int:
    """Open file descriptors of a process."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
