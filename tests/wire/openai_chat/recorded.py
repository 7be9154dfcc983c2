"""The recorded exchanges of every host of OpenAI's chat format, and small builders that the tests share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from trunkline.ir.events import Event
from trunkline.ir.request import Request
from trunkline.wire.codec import Reply
from trunkline.wire.openai_chat.codec import OpenAIChatCodec

RECORDINGS: Final = Path(__file__).resolve().parents[4] / "shared" / "recordings"
SURFACES: Final = frozenset({"chat", "ai_models_chat", "openai_compat_chat", "mantle_chat"})
OTHER_FORMATS: Final = frozenset({"cohere"})
"""Hosts whose surface `chat` is a format of their own."""
DIALECTS: Final = {
    "alibaba", "deepseek", "gemini", "groq", "mistral", "moonshot", "openrouter", "perplexity", "xai",
}  # fmt: skip
"""Hosts whose row of the usage table has their name."""
READS: Final = (1, 2, 3, 7, 1024)
"""Bytes per read: a stream must not care."""


@cache
def exchanges(surfaces: frozenset[str] = SURFACES) -> dict[str, dict[str, Any]]:
    """Every exchange of these surfaces, by name."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(RECORDINGS.glob("*/*/*.json")):
        provider, _, surface = file.parent.name.partition(".")
        if surface in surfaces and provider not in OTHER_FORMATS:
            found[f"{file.parent.name}/{file.stem}"] = json.loads(file.read_text())
    return found


def requests(surfaces: frozenset[str] = SURFACES) -> list[Any]:
    """Parameters: every request."""
    return _params(
        (name, exchange["request"]["body"])
        for name, exchange in exchanges(surfaces).items()
        if (exchange.get("request") or {}).get("body")
    )


def answers(surfaces: frozenset[str] = SURFACES) -> list[Any]:
    """Parameters: every whole answer that is no error, with its request."""
    return _params(
        (name, exchange)
        for name, exchange in exchanges(surfaces).items()
        if isinstance(body := exchange["response"].get("body"), dict) and "choices" in body
    )


def errors(surfaces: frozenset[str] = SURFACES) -> list[Any]:
    """Parameters: every error answer."""
    return _params(
        (name, exchange["response"])
        for name, exchange in exchanges(surfaces).items()
        if exchange["response"]["status"] >= 400
    )


def streams(surfaces: frozenset[str] = SURFACES) -> list[Any]:
    """Parameters: every stream, as bytes."""
    return _params(
        (name, exchange["response"]["sse"].encode())
        for name, exchange in exchanges(surfaces).items()
        if exchange["response"].get("sse")
    )


def _params(found: Iterable[tuple[str, object]]) -> list[Any]:
    params = [pytest.param(value, id=name) for name, value in found]
    reason = "the recordings are not there: put them at `../shared/recordings`"
    return params or [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")]


def dialect_of(name: str) -> str:
    """The dialect of a recorded host."""
    provider = name.partition(".")[0]
    return provider if provider in DIALECTS else "openai"


def read(codec: OpenAIChatCodec, data: bytes, size: int = 0) -> list[Event]:
    """A stream, read `size` bytes at a time (0: at once)."""
    decoder = codec.stream_decoder()
    events: list[Event] = []
    for at in range(0, len(data), size or len(data) or 1):
        events += decoder.feed(data[at : at + size] if size else data)
    return [*events, *decoder.end()]


def reply(request: Request | None = None, *, provider: str = "", deployment: str = "") -> Reply:
    """What an encoder knows of the request."""
    return Reply(
        id="ours",
        model="asked-for",
        created=1_700_000_000,
        request=request or Request(model="asked-for", messages=[]),
        provider=provider,
        deployment=deployment,
    )


def chunks(data: bytes) -> list[dict[str, Any]]:
    """The JSON of every event of a stream; `[DONE]` is `{}`."""
    lines = [line[6:] for line in data.decode().splitlines() if line.startswith("data: ")]
    return [{} if line == "[DONE]" else json.loads(line) for line in lines]


def sse(*events: object, done: bool = True) -> bytes:
    """A stream of these chunks."""
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    return data + b"data: [DONE]\n\n" if done else data


def chunk(delta: dict[str, Any] | None = None, **choice: Any) -> dict[str, Any]:
    """One chunk of one choice."""
    entry = {"index": 0, "delta": delta or {}, "finish_reason": None, **choice}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m", "choices": [entry]}


def plain(value: object) -> object:
    """A tree of structs without what only tells how it was spelt."""
    if isinstance(value, msgspec.Struct):
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__ if name != "native"}
        return (type(value).__name__, fields)
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value
