"""What the application adds to the first token: `python -m bench.backend_stream [rounds]`.

The same stream is asked for twice in each round, from the gateway alone and through the application (`POST /api/runs`,
then its events), by one client over open connections. The time is from the first byte sent to the first byte of text;
each round waits until the answer is over, not until its receipt is settled.
The application stores the question and the run before it calls, so its database (SQLite) is part of what is measured.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from backend.app.core.ids import new_id

ROOT: Final = Path(__file__).resolve().parents[1]
BAR_MS: Final = 5.0
KEY: Final = "sk-bench-0123456789abcdef"
MODEL: Final = "bench"
START_SECONDS: Final = 30.0
WARM_UP: Final = 20


@contextlib.contextmanager
def program(command: Sequence[str], pattern: str, folder: Path, **environment: str) -> Iterator[int]:
    """Start a program; gives the port that its output names. It ends with the block."""
    log = folder / f"{Path(command[-1]).name}-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
        )
    try:
        limit = time.monotonic() + START_SECONDS
        while (found := re.search(pattern, log.read_text())) is None:
            if process.poll() is not None or time.monotonic() > limit:
                raise SystemExit(f"{' '.join(command)} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(20)


def config(folder: Path, provider_port: int) -> Path:
    """A gateway before the provider (JSON is YAML)."""
    params = {"model": "openai/m", "api_base": f"http://127.0.0.1:{provider_port}/v1", "api_key": "sk-upstream"}
    found = {
        "model_list": [{"model_name": MODEL, "litellm_params": params}],
        "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
    }
    file = folder / "config.yaml"
    file.write_text(json.dumps(found))
    return file


def first_text(answer: http.client.HTTPResponse, mark: bytes, last: bytes = b"") -> float:
    """The time at which the first line with `mark` came; reads on to the line `last`, else to the end."""
    at = 0.0
    while line := answer.readline():
        if not at and mark in line:
            at = time.perf_counter()
        if last and line.rstrip() == last:
            break
    return at


def from_gateway(connection: http.client.HTTPConnection) -> float:
    """Milliseconds to the first text."""
    messages = [{"role": "user", "content": "hello"}]
    body = {"model": MODEL, "messages": messages, "stream": True, "stream_options": {"include_usage": True}}
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    begun = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    return (first_text(connection.getresponse(), b'"content"') - begun) * 1000


def from_application(connection: http.client.HTTPConnection, origin: str) -> float:
    """Milliseconds to the first text.

    The events have a connection of their own, opened before: theirs is closed in the middle of the stream.
    """
    events = http.client.HTTPConnection(connection.host, connection.port, timeout=20)
    events.connect()
    run_id = new_id()
    body = {"id": run_id, "conversation_id": new_id(), "models": [MODEL], "content": "hello"}
    headers = {"x-trunkline-csrf": "1", "origin": origin, "content-type": "application/json"}
    begun = time.perf_counter()
    connection.request("POST", "/api/runs", json.dumps(body), headers)
    started = connection.getresponse()
    if started.status != 202:
        raise SystemExit(f"the application refused: {started.read().decode()[:500]}")
    started.read()
    events.request("GET", f"/api/runs/{run_id}/events")
    at = first_text(events.getresponse(), b'"text"', b"event: answered")
    events.close()
    return (at - begun) * 1000


def measure(gateway_port: int, application_port: int, rounds: int) -> tuple[list[float], list[float]]:
    """Both, in turns."""
    gateway = http.client.HTTPConnection("127.0.0.1", gateway_port, timeout=20)
    application = http.client.HTTPConnection("127.0.0.1", application_port, timeout=20)
    origin = f"http://127.0.0.1:{application_port}"
    alone, through = [], []
    for number in range(WARM_UP + rounds):
        pair = from_gateway(gateway), from_application(application, origin)
        if number >= WARM_UP:
            alone.append(pair[0])
            through.append(pair[1])
    return alone, through


def shown(name: str, values: list[float]) -> str:
    """One line of the table."""
    cuts = statistics.quantiles(values, n=100)
    return f"| {name} | {statistics.median(values):.2f} | {cuts[89]:.2f} | {cuts[98]:.2f} |"


def main() -> None:
    """Print the table, and whether the bar is met."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        provider = stack.enter_context(program([sys.executable, "-m", "bench.sse_provider"], r"(\d+)", folder))
        serve = [sys.executable, "-m", "trunkline", "serve", "--host", "127.0.0.1", "--port", "0", "--workers", "1"]
        gateway = stack.enter_context(
            program(
                [*serve, "--config", str(config(folder, provider))], r"http://127\.0\.0\.1:(\d+)", folder,
                LITELLM_MASTER_KEY=KEY, TRUNKLINE_DATA=str(folder / "gateway"),
            )
        )  # fmt: skip
        uvicorn = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", "0", "--no-access-log"]
        application = stack.enter_context(
            program(
                [*uvicorn, "backend.app.main:app"], r"running on http://127\.0\.0\.1:(\d+)", folder,
                LITELLM_BASE_URL=f"http://127.0.0.1:{gateway}", LITELLM_API_KEY=KEY, MODEL=MODEL,
                TRUNKLINE_DATA=str(folder / "application"), APP_DATABASE_URL=f"sqlite:///{folder}/app.db",
            )
        )  # fmt: skip
        alone, through = measure(gateway, application, rounds)
    added = statistics.median(through) - statistics.median(alone)
    print("| to the first text, ms | p50 | p90 | p99 |", "|---|---|---|---|", sep="\n")
    print(shown("gateway alone", alone), shown("through the application", through), sep="\n")
    print(f"\nThe application adds {added:.2f} ms at the median; the bar is {BAR_MS:g} ms. {rounds} rounds.")
    raise SystemExit(added > BAR_MS)


if __name__ == "__main__":
    main()
