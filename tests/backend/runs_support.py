"""The application as a process of its own, before a real gateway; what its clients send and read."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from backend.app.core.ids import new_id
from tests.support.gateway import ROOT, Gateway

CSRF: Final = {"x-trunkline-csrf": "1"}


class App:
    """`uvicorn backend.app.main:app` on a free port; starts on construction."""

    def __init__(self, folder: Path, gateway_url: str, key: str, **environment: str) -> None:
        """`GRACE`: seconds that uvicorn waits for open connections at its end; the rest is the process's environment."""
        self.folder = folder
        self._grace = environment.pop("GRACE", "3")
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("LITELLM_", "DATABASE_", "APP_", "AUTH_", "MODEL", "TRUNKLINE_"))}  # fmt: skip
        self._environment = kept | {
            "LITELLM_BASE_URL": gateway_url, "LITELLM_API_KEY": key, "TRUNKLINE_DATA": str(folder), "MODEL": "plain",
            "TRUNKLINE_ENV_FILE": str(folder / ".env"), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1",
        } | environment  # fmt: skip
        self._log = folder / "app.log"
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start (again)."""
        begun = self._log.stat().st_size if self._log.exists() else 0
        arguments = [
            sys.executable,
            "-m",
            "uvicorn",
            "backend.app.main:app",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*arguments, "--timeout-graceful-shutdown", self._grace], stdout=log, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, env=self._environment, cwd=self.folder,
            )  # fmt: skip
        limit = time.monotonic() + 30
        while not (found := re.search(r"running on http://127\.0\.0\.1:(\d+)", self.log()[begun:])):
            assert self._process.poll() is None and time.monotonic() < limit, self.log()[-4000:]  # noqa: PT018 one reason
            time.sleep(0.02)
        self.port = int(found[1])

    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def url(self) -> str:
        """Address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait(10)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self._process.terminate()
        try:
            return self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the application did not end:\n{self.log()[-3000:]}") from None

    def client(self) -> httpx.Client:
        """A client of its API."""
        return httpx.Client(base_url=self.url, headers=CSRF | {"origin": self.url}, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self.signal(signal.SIGCONT)
            self.stop()


@contextmanager
def app_before(gateway: Gateway, folder: Path, **environment: str) -> Iterator[App]:
    """An application before a gateway."""
    with App(folder, gateway.base_url, gateway.master_key, **environment) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a client sees it."""

    id: int
    type: str
    data: dict[str, Any]


@dataclass(slots=True)
class Read:
    """Events so far; `text` of each answer put together from its deltas."""

    events: list[Event] = field(default_factory=list[Event])

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of all events of a type."""
        return [event.data for event in self.events if event.type == kind]

    def text(self, message_id: str | None = None) -> str:
        """The deltas put together."""
        return "".join(d["text"] for d in self.of("delta") if message_id in (None, d["message_id"]))

    @property
    def last_id(self) -> int:
        """Number of the last event."""
        return self.events[-1].id if self.events else 0

    @property
    def types(self) -> list[str]:
        """In order."""
        return [event.type for event in self.events]


def parse(lines: Iterator[str]) -> Iterator[Event]:
    """Server-sent events; comments and `retry` are passed over."""
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            assert name in {"id", "event", "data", "retry"}, line
            found[name] = value
        elif "event" in found:
            yield Event(int(found["id"]), found["event"], json.loads(found["data"]))
            found = {}


def events(
    client: httpx.Client,
    run_id: str,
    after: int = 0,
    *,
    until: str = "end",
    words: int = 0,
    headers: Mapping[str, str] | None = None,
) -> Read:
    """Read events after a number until one of the type `until` has come, and `words` of the stand-in's text with it."""
    read = Read()
    with client.stream("GET", f"/api/runs/{run_id}/events", params={"after": after}, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        for event in parse(answer.iter_lines()):
            read.events.append(event)
            if event.type == until and read.text().count("#") >= words:
                break
    return read


def send(client: httpx.Client, model: str = "plain", content: str = "Hello there", **more: Any) -> dict[str, Any]:
    """Start a run in a new conversation, unless `more` says otherwise; returns the run."""
    answer = post(client, model, content, **more)
    assert answer.status_code == 202, answer.text
    run: dict[str, Any] = answer.json()
    return run


def post(client: httpx.Client, model: str = "plain", content: str = "Hello there", **more: Any) -> httpx.Response:
    """`POST /api/runs`."""
    body = {"id": new_id(), "conversation_id": new_id(), "models": [model], "content": content} | more
    return client.post("/api/runs", json=body)


def messages(client: httpx.Client, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The conversation's messages by id."""
    answer = client.get(f"/api/conversations/{run['conversation_id']}")
    assert answer.status_code == 200, answer.text
    return {message["id"]: message for message in answer.json()["messages"]}


def answer_of(client: httpx.Client, run: dict[str, Any], at: int = 0) -> dict[str, Any]:
    """The answer as it is stored."""
    return messages(client, run)[run["answers"][at]["message_id"]]


def marked(fault: str, mark: str, **arguments: object) -> str:
    """A model of the fake provider whose name carries a mark, so that its ledger can be searched for it."""
    listed = ",".join(f"{name}={value}" for name, value in {**arguments, "mark": mark}.items())
    return f"fault:{fault}:{listed}"
