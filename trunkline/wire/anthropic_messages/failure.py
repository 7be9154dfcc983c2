"""Errors, in both directions: `{"type": "error", "error": {"type", "message"}, "request_id"}` (providers.md B1).

The type of the error says more than the status (a stream's error has no status at all), the status more than the text;
the text tells only what neither can: a full context window, a filter, an empty purse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.anthropic_messages.shape import BROKEN_JSON
from trunkline.wire.codec import Members

_BY_TYPE: Final[Mapping[str, tuple[FailureKind, int]]] = {
    "invalid_request_error": (FailureKind.INVALID_REQUEST, 400),
    "authentication_error": (FailureKind.AUTHENTICATION, 401),
    "billing_error": (FailureKind.PAYMENT, 402),
    "permission_error": (FailureKind.PERMISSION, 403),
    "not_found_error": (FailureKind.NOT_FOUND, 404),
    "conflict_error": (FailureKind.INVALID_REQUEST, 409),
    "request_too_large": (FailureKind.TOO_LARGE, 413),
    "rate_limit_error": (FailureKind.RATE_LIMIT, 429),
    "api_error": (FailureKind.INTERNAL, 500),
    "timeout_error": (FailureKind.TIMEOUT, 504),
    "overloaded_error": (FailureKind.OVERLOADED, 529),
}
_BY_STATUS: Final[Mapping[int, FailureKind]] = {
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
    529: FailureKind.OVERLOADED,
}
_TYPES: Final[Mapping[FailureKind, str]] = {
    FailureKind.INVALID_REQUEST: "invalid_request_error",
    FailureKind.AUTHENTICATION: "authentication_error",
    FailureKind.PAYMENT: "billing_error",
    FailureKind.PERMISSION: "permission_error",
    FailureKind.NOT_FOUND: "not_found_error",
    FailureKind.TOO_LARGE: "request_too_large",
    FailureKind.UNPROCESSABLE: "invalid_request_error",
    FailureKind.RATE_LIMIT: "rate_limit_error",
    FailureKind.CONTEXT_WINDOW: "invalid_request_error",
    FailureKind.CONTENT_POLICY: "invalid_request_error",
    FailureKind.TIMEOUT: "timeout_error",
    FailureKind.OVERLOADED: "overloaded_error",
    FailureKind.UNAVAILABLE: "api_error",
    FailureKind.INTERNAL: "api_error",
}
_TEXTS: Final = (
    # providers.md B1, litellm.md section 10; Bedrock and Vertex pass the same texts on.
    ("prompt is too long", FailureKind.CONTEXT_WINDOW),
    ("input length and `max_tokens` exceed", FailureKind.CONTEXT_WINDOW),
    ("exceed context limit", FailureKind.CONTEXT_WINDOW),
    ("input is too long", FailureKind.CONTEXT_WINDOW),
    ("content filtering policy", FailureKind.CONTENT_POLICY),
    ("credit balance is too low", FailureKind.PAYMENT),
)
_MOST: Final = 2000
"""Characters of a body that is no JSON, for the message."""

_decode: Final = msgspec.json.Decoder().decode


def read_failure(status: int, body: bytes) -> Failure:
    """A provider's error answer, whatever its bytes are."""
    try:
        value = _decode(body)
    except BROKEN_JSON:
        value = None
    if isinstance(value, list) and value:
        value = value[0]  # Google's front wraps its errors in a list
    if isinstance(value, dict):
        return failure_of(value, status)
    text = body[:_MOST].decode("utf-8", "replace").strip()
    return _failure("", text or f"the provider answered with status {status}", status, None)


def failure_of(value: Mapping[str, object], status: int = 0) -> Failure:
    """The failure that an error body tells of, or a stream's error event (then `status` is 0)."""
    error = value.get("error")
    inner: Mapping[str, object] = error if isinstance(error, dict) else value
    message = inner.get("message", inner.get("Message", error))
    kind = inner.get("type")
    if not isinstance(kind, str) or kind == "error":
        kind = inner.get("status")  # Google's word, where its front refused the call
    word = kind if isinstance(kind, str) else ""
    text = message if isinstance(message, str) and message else word or f"the provider answered with status {status}"
    return _failure(word, text, status, _retry_after(inner.get("details")))


def _failure(word: str, message: str, status: int, retry_after: float | None) -> Failure:
    known = _BY_TYPE.get(word)
    if known is not None:
        kind, usual = known
    else:
        usual = 500
        kind = _BY_STATUS.get(status) or (FailureKind.INVALID_REQUEST if 400 <= status < 500 else FailureKind.INTERNAL)
    if kind is FailureKind.INVALID_REQUEST:
        lower = message.lower()
        kind = next((told for text, told in _TEXTS if text in lower), kind)
    return Failure(
        kind=kind,
        status=status if 400 <= status < 600 else usual,
        message=message,
        code=word,
        retry_after=retry_after,
    )


def _retry_after(details: object) -> float | None:
    """Google's `RetryInfo.retryDelay`, `"12.5s"`."""
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                return max(float(delay[:-1]), 0.0)
            except ValueError:
                return None
    return None


def write_failure(failure: Failure) -> Members:
    """The error body for a client; a provider's own word for the same kind stays."""
    known = _BY_TYPE.get(failure.code)
    word = failure.code if known is not None and known[0] is failure.kind else _TYPES[failure.kind]
    return {"type": "error", "error": {"type": word, "message": failure.message}, "request_id": None}
