"""Ollama's errors: `{"error": "..."}`, as a body or as a line of a stream (docs/api.md of ollama/ollama)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.codec import Members
from trunkline.wire.ollama.shapes import BROKEN, is_object

_decode: Final = msgspec.json.Decoder().decode

_KINDS: Final[Mapping[int, FailureKind]] = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.PAYMENT,
    403: FailureKind.PERMISSION,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    413: FailureKind.TOO_LARGE,
    422: FailureKind.UNPROCESSABLE,
    429: FailureKind.RATE_LIMIT,
    502: FailureKind.UNAVAILABLE,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
}
"""503 is what a server answers whose queue is full (`OLLAMA_MAX_QUEUE`)."""

_TOO_LONG: Final = ("exceeds the context", "exceed context", "context length", "context window", "input length")


def read_failure(status: int, body: bytes) -> Failure:
    """A provider's error answer; any bytes will do."""
    try:
        value = _decode(body)
    except BROKEN:
        value = None
    message = error_text(value) or f"the provider answered HTTP {status} without saying why"
    kind = _KINDS.get(status, FailureKind.INVALID_REQUEST if 400 <= status < 500 else FailureKind.INTERNAL)
    if status in {400, 500} and any(words in message for words in _TOO_LONG):
        kind = FailureKind.CONTEXT_WINDOW
    return Failure(kind=kind, status=status, message=message)


def error_text(value: object) -> str:
    """The text of an error; hosted servers wrap it in an object of OpenAI's shape."""
    error = value.get("error") if is_object(value) else None
    if is_object(error):
        error = error.get("message")
    return error if isinstance(error, str) else ""


def write_failure(failure: Failure) -> Members:
    """The error body for a client, and the line that ends a stream."""
    return {"error": failure.message}


def broken_stream(message: str) -> Failure:
    """A stream that cannot be read, stopped in the middle, or said that it failed."""
    return Failure(kind=FailureKind.UNAVAILABLE, status=502, message=message)
