"""What a measurement stands on: upstreams that cost next to nothing, nginx as the baseline, and wrk.

The upstream answers one chat completion without thinking (nginx, `return`) or streams 50 chunks (`sse_provider.py`).
The baseline is nginx as a reverse proxy with one worker and kept connections. Upstreams and wrk run on processor 1,
the baseline and whatever is measured on processor 0.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.system import GATEWAY_CPU, LOAD_CPU, BenchError, free_port, pinned, tree

ROOT: Final = Path(__file__).resolve().parent.parent
PROMPT_TOKENS: Final = 24
CHAT_TOKENS: Final = 31
CHAT: Final = {
    "id": "chatcmpl-abc123",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Docker packages software with all its dependencies so that it runs the same. " * 2,
                "refusal": None,
                "annotations": [],
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": CHAT_TOKENS,
        "total_tokens": PROMPT_TOKENS + CHAT_TOKENS,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    },
    "service_tier": "default",
    "system_fingerprint": "fp_0aa8d3e20b",
}
MESSAGE: Final = {
    "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5-20251001",
    "content": [
        {"type": "text", "text": "Docker packages software with all its dependencies so that it runs the same. " * 2}
    ],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": PROMPT_TOKENS,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": CHAT_TOKENS,
        "service_tier": "standard",
    },
}
"""The same answer in Anthropic's format, for translated calls."""
REQUEST: Final[dict[str, object]] = {
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "What is Docker?"},
    ],
    "temperature": 0.7,
    "max_tokens": 500,
}
PATH: Final = "/v1/chat/completions"

_HEAD: Final = """daemon off;
worker_processes 1;
pid {run}/{name}.pid;
error_log {run}/{name}.err;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
  client_body_temp_path {run}/{name}-body; proxy_temp_path {run}/{name}-proxy; fastcgi_temp_path {run}/{name}-f;
  uwsgi_temp_path {run}/{name}-u; scgi_temp_path {run}/{name}-s;
"""
_UPSTREAM: Final = """  server {{ listen 127.0.0.1:{port} backlog=4096;
    location / {{ default_type application/json; return 200 '{answer}'; }}
    location = /v1/messages {{ default_type application/json; return 200 '{message}'; }}
    location = /stub_status {{ stub_status; }} }} }}
"""
_BASELINE: Final = """  upstream json {{ server 127.0.0.1:{json}; keepalive 512; keepalive_requests 100000000; }}
  upstream sse {{ server 127.0.0.1:{sse}; keepalive 2048; keepalive_requests 100000000; }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "Bearer sk-upstream";
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://json; }} }}
  server {{ listen 127.0.0.1:{stream_port} backlog=4096; location / {{
    proxy_pass http://sse; proxy_buffering off; }} }} }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrk:
    """What one run of wrk counted. Times in milliseconds."""

    answers: int
    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    """Answers other than 2xx and 3xx, and sockets that failed or timed out."""


@dataclass(slots=True, kw_only=True)
class Rig:
    """Running upstreams and baselines. Ports are the system's choice."""

    run: Path
    json_port: int
    sse_port: int
    baseline_port: int
    baseline_stream_port: int
    baseline_pids: list[int]
    _own_counts: int = field(default=0)

    def baseline_url(self, *, stream: bool) -> str:
        """nginx before the upstream that answers this kind of request."""
        return f"http://127.0.0.1:{self.baseline_stream_port if stream else self.baseline_port}{PATH}"

    def seen(self) -> int:
        """Requests that the two upstreams have got, counted by themselves."""
        self._own_counts += 1
        status = _get(f"http://127.0.0.1:{self.json_port}/stub_status")
        found = re.search(r"^ \d+ \d+ (\d+)", status, re.MULTILINE)
        if found is None:
            raise BenchError(f"nginx gave no count: {status!r}")
        return int(found[1]) - self._own_counts + int(_get(f"http://127.0.0.1:{self.sse_port}/count"))

    def quiet(self) -> int:
        """Wait until the upstreams get no more requests; returns `seen`.

        What wrk had sent when its time was over still runs through nginx and the gateway for a moment.
        """
        before = -1
        while (now := self.seen()) != before:
            before = now
            time.sleep(0.1)
        return now

    def wrk(
        self, url: str, headers: Mapping[str, str], model: str, *, stream: bool, connections: int, secs: int
    ) -> Wrk:
        """Load one address with one kind of request for so many seconds."""
        body = json.dumps({"model": model, **REQUEST} | ({"stream": True} if stream else {}))
        lines = ['wrk.method = "POST"']
        sent = {"Content-Type": "application/json", **headers}
        lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in sent.items()]
        script = self.run / "post.lua"
        script.write_text("\n".join(lines) + f"\nwrk.body = [==[{body}]==]\n")
        options = ("-t1", f"-c{connections}", f"-d{secs}s", "--timeout", "30s", "--latency", "-s", str(script), url)
        done = subprocess.run(pinned(LOAD_CPU, "wrk", *options), capture_output=True, text=True, check=False)
        return parse_wrk(done.stdout, done.stderr)


def parse_wrk(text: str, trouble: str = "") -> Wrk:
    """Read wrk's own report."""
    counted = re.search(r"(\d+) requests in", text)
    speed = re.search(r"Requests/sec: +([\d.]+)", text)
    if counted is None or speed is None:
        raise BenchError(f"wrk said nothing useful: {text}{trouble}")
    errors = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    for row in re.findall(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text):
        errors += sum(map(int, row))
    times = {
        name: float(value) * _MS[unit] for name, value, unit in re.findall(r"(50|99)% +([\d.]+)(us|ms|s|m)\b", text)
    }
    return Wrk(
        answers=int(counted[1]),
        per_second=float(speed[1]),
        p50_ms=round(times.get("50", 0.0), 3),
        p99_ms=round(times.get("99", 0.0), 3),
        errors=errors,
    )


_MS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own address
        text: str = answer.read().decode()
        return text


@contextlib.contextmanager
def rig() -> Iterator[Rig]:
    """Start upstreams and baselines in a temporary folder; end them on the way out."""
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder, contextlib.ExitStack() as stack:
        run = Path(folder)
        run.chmod(0o755)  # nginx's worker is another user when its master is root
        ports = [free_port() for _ in range(3)]
        provider = _spawn(stack, pinned(LOAD_CPU, sys.executable, "-m", "bench.sse_provider"))
        assert provider.stdout is not None
        sse = int(provider.stdout.readline() or 0)
        if not sse:
            raise BenchError("the streaming upstream did not start")
        answer = json.dumps(CHAT)
        (run / "upstream.conf").write_text(
            _HEAD.format(run=run, name="upstream")
            + _UPSTREAM.format(port=ports[0], answer=answer, message=json.dumps(MESSAGE))
        )
        (run / "baseline.conf").write_text(
            _HEAD.format(run=run, name="baseline")
            + _BASELINE.format(json=ports[0], sse=sse, port=ports[1], stream_port=ports[2])
        )
        _spawn(stack, pinned(LOAD_CPU, "nginx", "-c", str(run / "upstream.conf")))
        baseline = _spawn(stack, pinned(GATEWAY_CPU, "nginx", "-c", str(run / "baseline.conf")))
        _wait_for(f"http://127.0.0.1:{ports[1]}{PATH}", run)
        yield Rig(
            run=run,
            json_port=ports[0],
            sse_port=sse,
            baseline_port=ports[1],
            baseline_stream_port=ports[2],
            baseline_pids=tree(baseline.pid),
            _own_counts=0,
        )


def _spawn(stack: contextlib.ExitStack, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    stack.callback(end, process)
    return process


def end(process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """SIGTERM, then SIGKILL for what does not end in time."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _wait_for(url: str, run: Path) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            _get(url)
        except OSError:
            if time.monotonic() > until:
                said = "\n".join(file.read_text() for file in run.glob("*.err"))
                raise BenchError(f"nginx does not answer: {said}") from None
            time.sleep(0.05)
        else:
            return
