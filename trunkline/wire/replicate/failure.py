"""Replicate's errors.

An answer's body is a problem of RFC 7807 (`title`, `detail`, `status`), or has `error`; a prediction that failed says
so under HTTP 200, as `status: failed` with an `error` text that may begin with a code: `E003` (the model is busy),
`E005` (the content was flagged), `E006` (bad input), `E6716` (the start took too long).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.codec import Members
from trunkline.wire.replicate.shapes import BROKEN, is_number, is_object

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
    503: FailureKind.UNAVAILABLE,
    504: FailureKind.TIMEOUT,
}

_CODES: Final[Mapping[str, tuple[FailureKind, int]]] = {
    "E003": (FailureKind.OVERLOADED, 503),
    "E005": (FailureKind.CONTENT_POLICY, 400),
    "E006": (FailureKind.INVALID_REQUEST, 400),
    "E6716": (FailureKind.TIMEOUT, 504),
}


def read_failure(status: int, body: bytes) -> Failure:
    """A provider's error answer; any bytes will do."""
    try:
        value = _decode(body)
    except BROKEN:
        value = None
    problem = value if is_object(value) else {}
    message = ""
    for name in ("title", "error", "detail"):  # the last says most
        said = problem.get(name)
        if isinstance(said, str) and said:
            message = said
    retry_after = problem.get("retry_after")
    return Failure(
        kind=_KINDS.get(status, FailureKind.INVALID_REQUEST if 400 <= status < 500 else FailureKind.INTERNAL),
        status=status if status >= 400 else 502,
        message=message or f"the provider answered HTTP {status} without saying why",
        retry_after=float(retry_after) if is_number(retry_after) and 0 <= retry_after < 86400 else None,
    )


def prediction_failure(prediction: Members) -> Failure:
    """Why a prediction has no output, by its status and `error`."""
    error, status = prediction.get("error"), prediction.get("status")
    if status in {"canceled", "aborted"}:
        said = error if isinstance(error, str) and error else f"the prediction was {status}"
        return Failure(kind=FailureKind.UNAVAILABLE, status=502, message=said, code=str(status))
    said = error if isinstance(error, str) and error else "the prediction failed without saying why"
    return failed(said)


def failed(message: str) -> Failure:
    """An error text of a model, with its code where it has one."""
    for code, (kind, status) in _CODES.items():
        if code in message[:200]:
            return Failure(kind=kind, status=status, message=message, code=code)
    return Failure(kind=FailureKind.INTERNAL, status=500, message=message)


def broken(message: str) -> Failure:
    """An answer or a stream that cannot be read, or stopped in the middle."""
    return Failure(kind=FailureKind.UNAVAILABLE, status=502, message=message)


def write_failure(failure: Failure) -> Members:
    """The error body for a client."""
    return {
        "title": failure.kind.value.replace("_", " ").capitalize(),
        "detail": failure.message,
        "status": failure.status,
    }
