"""Cohere's errors: `{"message": ..., "id": ...}` (docs.cohere.com/reference/errors)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.codec import Members

BROKEN: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What JSON that cannot be read raises: bad syntax, bad UTF-8 or too large numbers, too deep nesting."""

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
    498: FailureKind.AUTHENTICATION,
    499: FailureKind.UNAVAILABLE,
    501: FailureKind.INVALID_REQUEST,
    503: FailureKind.UNAVAILABLE,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}
"""498 is Cohere's for a token that it blocked, 499 for a request that was cancelled on its side."""


def read_failure(status: int, body: bytes) -> Failure:
    """A provider's error answer; any bytes will do."""
    message = ""
    try:
        value = _decode(body)
    except BROKEN:
        value = None
    if isinstance(value, dict):
        said = value.get("message")
        message = said if isinstance(said, str) else ""
    if not message:
        message = f"the provider answered HTTP {status} without saying why"
    return Failure(kind=kind_of(status, message), status=status, message=message)


def kind_of(status: int, message: str) -> FailureKind:
    """The kind of an error, by its status and, for 400, by its words."""
    if status == 400 and message.startswith("too many tokens"):
        return FailureKind.CONTEXT_WINDOW
    default = FailureKind.INVALID_REQUEST if 400 <= status < 500 else FailureKind.INTERNAL
    return _KINDS.get(status, default)


def write_failure(failure: Failure) -> Members:
    """The error body for a client."""
    return {"message": failure.message}


def broken_stream(message: str, code: str = "") -> Failure:
    """A stream that cannot be read, or stopped in the middle."""
    return Failure(kind=FailureKind.UNAVAILABLE, status=502, message=message, code=code)
