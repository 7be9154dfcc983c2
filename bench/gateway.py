"""The gateway under measurement: one worker on processor 0, a master key, prices, ledger and metrics on."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bench.rig import CHAT_TOKENS, PATH, PROMPT_TOKENS, REQUEST, ROOT, Rig
from bench.sse_provider import CHUNKS
from bench.system import GATEWAY_CPU, BenchError, children, free_port, pinned
from trunkline.telemetry import ledger_state

INPUT_PRICE: Final = 150_000
OUTPUT_PRICE: Final = 600_000
"""Pico-USD a token: 0.15 and 0.60 USD per million."""
CHAT_COST: Final = PROMPT_TOKENS * INPUT_PRICE + CHAT_TOKENS * OUTPUT_PRICE
STREAM_COST: Final = PROMPT_TOKENS * INPUT_PRICE + CHUNKS * OUTPUT_PRICE
START_SECONDS: Final = 30.0
SHIP_SECONDS: Final = 120.0
CHAT_MODEL: Final = "gpt-4"
STREAM_MODEL: Final = "gpt-4-stream"
HOLD_MODEL: Final = "gpt-4-hold"
TRANSLATED_MODEL: Final = "claude"
TRANSLATED_STREAM_MODEL: Final = "claude-stream"


def config(rig: Rig) -> str:
    """The configuration (JSON is YAML): models of two formats on the two upstreams, with prices."""

    def model(name: str, base: str, provider: str = "openai") -> dict[str, object]:
        params = {
            "model": f"{provider}/bench-model",
            "api_base": base,
            "api_key": "sk-upstream",
            "input_cost_per_token": INPUT_PRICE / 1e12,
            "output_cost_per_token": OUTPUT_PRICE / 1e12,
        }
        return {"model_name": name, "litellm_params": params}

    models = [
        model(CHAT_MODEL, f"http://127.0.0.1:{rig.json_port}/v1"),
        model(STREAM_MODEL, f"http://127.0.0.1:{rig.sse_port}/v1"),
        model(HOLD_MODEL, f"http://127.0.0.1:{rig.sse_port}/hold/v1"),
        model(TRANSLATED_MODEL, f"http://127.0.0.1:{rig.json_port}", "anthropic"),
        model(TRANSLATED_STREAM_MODEL, f"http://127.0.0.1:{rig.sse_port}", "anthropic"),
    ]
    return json.dumps({"model_list": models, "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"}})


def default_command() -> tuple[str, ...]:
    """The `trunkline` of the interpreter that runs the benchmark."""
    return (str(Path(sys.executable).parent / "trunkline"),)


class Gateway:
    """A gateway process on a free port with a data folder of its own, which later starts on the same folder reuse."""

    def __init__(self, rig: Rig, folder: Path, command: Sequence[str] = ()) -> None:
        self.key = f"sk-{secrets.token_hex(20)}"
        self.data = folder / "data"
        self.port = free_port()
        self._rig = rig
        self._log = folder / "gateway.log"
        self._command = tuple(command) or default_command()
        self._config = folder / "config.yaml"
        folder.mkdir(parents=True, exist_ok=True)
        self._config.write_text(config(rig))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where chat completions are asked for."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    @property
    def headers(self) -> dict[str, str]:
        """What a client sends."""
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def pid(self) -> int:
        """The worker: with one worker it is the process that was started."""
        assert self._process is not None
        return self._process.pid

    @property
    def shipper_pid(self) -> int | None:
        """The process that moves records to the database."""
        for pid in children(self.pid):
            with contextlib.suppress(OSError):
                if b"shipper" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        return None

    def start(self) -> float:
        """Start; returns the seconds until the first chat completion was answered with 200.

        Raises:
            BenchError: it ended, or did not answer in time.
        """
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("LITELLM_", "DATABASE_", "TRUNKLINE_"))}
        environ |= {"LITELLM_MASTER_KEY": self.key, "TRUNKLINE_DATA": str(self.data)}
        arguments = ("serve", "--config", str(self._config), "--host", "127.0.0.1", "--port", str(self.port))
        command = pinned(GATEWAY_CPU, *self._command, *arguments, "--workers", "1")
        with self._log.open("ab") as log:
            began = time.monotonic()
            self._process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
        while self._process.poll() is None and time.monotonic() < began + START_SECONDS:
            try:
                status = self.ask()
            except OSError:
                time.sleep(0.002)
                continue
            if status == http.HTTPStatus.OK:
                return time.monotonic() - began
            self._kill()
            raise BenchError(f"the gateway answered {status} to the first call:\n{self.said()}")
        self._kill()
        raise BenchError(f"the gateway does not answer:\n{self.said()}")

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """SIGTERM; the shipper moves what is left."""
        process = self._process
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            self._kill()
            raise BenchError(f"the gateway did not end within 60 s of SIGTERM:\n{self.said()}") from None
        self._process = None

    def said(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-2000:]

    def ask(self, model: str = CHAT_MODEL, *, stream: bool = False) -> int:
        """One call on a connection of its own, read whole; returns the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            body = json.dumps({"model": model, **REQUEST, "stream": stream})
            connection.request("POST", PATH, body, {"Content-Type": "application/json", **self.headers})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def wait_shipped(self, least_seconds: float = 1.0) -> float:
        """Wait until nothing waits in the journals; returns how long that took.

        The shipper writes its state down every half second at most, so a state counts only when it is newer than that.

        Raises:
            BenchError: it did not get there in time.
        """
        began, wall = time.monotonic(), time.time()
        last = -1
        while time.monotonic() < began + SHIP_SECONDS:
            state = ledger_state.read(self.data)
            if state.at > wall + least_seconds and not state.backlog_bytes and state.rows_shipped == last:
                return time.monotonic() - began
            last = state.rows_shipped
            time.sleep(0.3)
        raise BenchError(f"the ledger did not reach the database in {SHIP_SECONDS:g} s: {ledger_state.read(self.data)}")

    def rows(self) -> list[tuple[str, str, int, int]]:
        """Model group, outcome, rows and spend in pico-USD, from the database."""
        connection = sqlite3.connect(f"file:{self.data / 'trunkline.db'}?mode=ro", uri=True, timeout=30)
        with contextlib.closing(connection):
            query = "SELECT model_group, outcome, count(*), sum(spend_pico) FROM litellm_request_logs GROUP BY 1, 2"
            return [(str(a), str(b), int(c), int(d or 0)) for a, b, c, d in connection.execute(query)]
