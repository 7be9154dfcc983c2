"""The hot path without sockets: edge, pipeline, upstream client and ledger, driven by hand, call after call.

Four scenes: a whole answer and a stream of 50 events, passed on to a provider of the client's own format (OpenAI's) and
translated for one of another (Anthropic's).

What is left out is the kernel's part (read, write, epoll) and the event loop's own. It serves two ends: a profile that
shows nothing but our code, and an instruction count that CI compares (`bench/guard.py`).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from bench.rig import MESSAGE
from bench.sse_provider import MESSAGE_PACKETS
from trunkline.config import load
from trunkline.ledger.record import CallRecord
from trunkline.server.edge import EdgeProtocol
from trunkline.server.gateway import LiveGateway
from trunkline.telemetry.stats import Stats
from trunkline.upstream.connection import Connection

CONFIG = """
model_list:
  - model_name: gpt-4
    model_info: {id: bench}
    litellm_params:
      model: openai/bench-model
      api_base: http://127.0.0.1:9/v1
      api_key: sk-upstream
      input_cost_per_token: 0.00000015
      output_cost_per_token: 0.0000006
  - model_name: claude
    model_info: {id: bench-claude}
    litellm_params:
      model: anthropic/claude-haiku-4-5-20251001
      api_base: http://127.0.0.1:10
      api_key: sk-upstream
      input_cost_per_token: 0.00000015
      output_cost_per_token: 0.0000006
general_settings: {master_key: sk-bench-key}
"""
ASKED = {
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "What is Docker?"},
    ],
    "temperature": 0.7,
    "max_tokens": 500,
}
ANSWER = msgspec.json.encode(
    {
        "id": "chatcmpl-abc123",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "bench-model-2024-07-18",
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
            "prompt_tokens": 24,
            "completion_tokens": 31,
            "total_tokens": 55,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_0aa8d3e20b",
    }
)


def _post(model: str, *, stream: bool) -> bytes:
    body = msgspec.json.encode({"model": model, **ASKED} | ({"stream": True} if stream else {}))
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer sk-bench-key\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )


def _response(body: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 10:00:00 GMT\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%b" % (len(body), body)
    )


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
EVENTS = 50


def _stream_packets() -> list[bytes]:
    """A provider's streamed answer as it comes off the wire: the head, 50 chunks, the end; a packet each."""
    base: dict[str, object] = {
        "id": "chatcmpl-abc123",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "bench-model-2024-07-18",
        "service_tier": "default",
        "system_fingerprint": "fp_0aa8d3e20b",
    }

    def chunk(delta: dict[str, str], finish: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return b"data: " + msgspec.json.encode({**base, "choices": [choice], "usage": None}) + b"\n\n"

    usage = {"prompt_tokens": 24, "completion_tokens": EVENTS, "total_tokens": 24 + EVENTS}
    events = [chunk({"content": f" token{number}"}, None) for number in range(EVENTS)]
    last = b"data: " + msgspec.json.encode({**base, "choices": [], "usage": usage}) + b"\n\ndata: [DONE]\n\n"
    events.append(chunk({}, "stop") + last)
    packets = [b"%x\r\n%b\r\n" % (len(event), event) for event in events]
    packets[-1] += b"0\r\n\r\n"
    return [STREAM_HEAD, *packets]


SCENES: dict[str, tuple[bytes, list[bytes]]] = {
    "chat": (_post("gpt-4", stream=False), [_response(ANSWER)]),
    "stream": (_post("gpt-4", stream=True), _stream_packets()),
    "translated": (_post("claude", stream=False), [_response(msgspec.json.encode(MESSAGE))]),
    "translated-stream": (_post("claude", stream=True), [STREAM_HEAD, *MESSAGE_PACKETS]),
}
"""What the client sends, and the packets in which the provider answers."""


class Loop:
    """Just enough of an event loop: a clock and a queue that is run by hand."""

    def __init__(self) -> None:
        self.ready: list[tuple[Callable[..., object], tuple[Any, ...]]] = []

    def time(self) -> float:
        return time.monotonic()

    def call_soon(self, function: Callable[..., object], *arguments: Any) -> None:
        self.ready.append((function, arguments))

    def call_later(self, seconds: float, function: Callable[..., object], *arguments: Any) -> None:
        """Timers do not run here."""

    def run(self) -> None:
        while self.ready:
            ready, self.ready = self.ready, []
            for function, arguments in ready:
                function(*arguments)


class Transport:
    """Counts what is written."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, data: bytes) -> None:
        self.written += len(data)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        raise AssertionError("the connection was closed")

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 50000) if name in ("peername", "sockname") else default


class Silent:
    """A call log that has logged enough for this second."""

    muted = True
    suppressed = 0

    def add(self, record: CallRecord) -> None:
        pass


class Bench:
    """One client connection to a real gateway, and one upstream connection to each of its two providers."""

    def __init__(self, folder: Path) -> None:
        config = folder / "config.yaml"
        config.write_text(CONFIG, encoding="utf-8")
        self.loop = Loop()
        loop: Any = self.loop
        log: Any = Silent()
        gateway = LiveGateway(
            snapshot=load(config, {}), config=config, base={}, data=folder, worker_id="bench", loop=loop,
            log=log, stats=Stats(),
        )  # fmt: skip
        self.gateway = gateway
        edge: Any = type("Edge", (EdgeProtocol,), {"gateway": gateway})
        self.client = Transport()
        settings = uvicorn.Config(lambda: None, http=edge, ws="none", lifespan="off", log_config=None)
        settings.load()
        self.edge = edge(settings, uvicorn.server.ServerState(), {}, loop)
        self.edge.connection_made(self.client)
        own, other = (self._connect(place) for place in range(2))
        self.upstreams = {"chat": own, "stream": own, "translated": other, "translated-stream": other}

    def _connect(self, place: int) -> Connection:
        """The first connection of a deployment's pool, made by hand."""
        state = self.gateway.worker.state
        prepared = state.prepare(state.snapshot.deployments[place], _surface())
        assert prepared is not None
        assert prepared.pool is not None
        upstream = Connection(prepared.pool)
        upstream.connection_made(Transport())  # type: ignore[arg-type]  # a stand-in with the few methods used
        upstream.served = 1
        prepared.pool._idle.append(upstream)  # noqa: SLF001 - there is no other way without a socket
        return upstream

    def run(self, scene: str) -> None:
        """One call of a scene, whole."""
        request, packets = SCENES[scene]
        upstream = self.upstreams[scene]
        self.edge.data_received(request)
        self.loop.run()
        for packet in packets:
            upstream.data_received(packet)
            self.loop.run()


def _surface() -> Any:
    from trunkline.surfaces import operations

    return operations.CHAT


def main() -> None:
    """`python -m bench.hotpath [scene] [calls] [--profile]`: microseconds a call, or where they go."""
    words = [word for word in sys.argv[1:] if word != "--profile"]
    scene = next((word for word in words if word in SCENES), "chat")
    calls = next((int(word) for word in words if word.isdecimal()), 5_000 if scene.endswith("stream") else 50_000)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for _ in range(1000):
            bench.run(scene)
        if "--profile" in sys.argv:
            import cProfile
            import pstats

            profile = cProfile.Profile()
            profile.enable()
            for _ in range(calls):
                bench.run(scene)
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(45)
            return
        before = time.process_time()
        for _ in range(calls):
            bench.run(scene)
        spent = time.process_time() - before
        assert bench.gateway.stats.requests[("/v1/chat/completions", 200)] == calls + 1000
        print(
            f"{spent / calls * 1e6:.2f} us a call ({calls} calls, Python {sys.version.split()[0]}, pid {os.getpid()})"
        )


if __name__ == "__main__":
    asyncio.set_event_loop(None)
    main()
