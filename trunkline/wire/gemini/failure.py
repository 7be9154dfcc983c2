"""Errors: `{"error": {"code", "message", "status", "details"}}`, both ways (google.rpc.Status as JSON).

Status first, the text only where one status means several things: a 500 whose text happens to mention a policy is an
outage.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.codec import Members
from trunkline.wire.gemini.form import is_list, is_number, is_object

_decode: Final = msgspec.json.Decoder().decode

_BY_STATUS: Final = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.PAYMENT,
    403: FailureKind.PERMISSION,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    413: FailureKind.TOO_LARGE,
    422: FailureKind.UNPROCESSABLE,
    429: FailureKind.RATE_LIMIT,
    499: FailureKind.TIMEOUT,
    500: FailureKind.INTERNAL,
    502: FailureKind.UNAVAILABLE,
    503: FailureKind.UNAVAILABLE,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}
_BY_WORD: Final = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "DATA_LOSS": 500,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""google.rpc.Code and its HTTP status."""

_TOO_LONG: Final = (
    "exceeds the maximum number of tokens",
    "input token count",
    "context window",
    "context length",
    "input is too long",
    "prompt is too long",
    "model's maximum context limit",
    "exceeds the available context size",
    "input tokens exceed the configured limit",
)
_FILTERED: Final = (
    "responsible ai",
    "content filter",
    "content policy",
    "prohibited content",
    "blocked by safety",
    "blocked due to safety",
    "response was blocked",
    "request was blocked",
    "prompt was blocked",
    "usage guidelines",
    "sensitive words",
)
_BAD_KEY: Final = ("api key not valid", "api key expired", "api_key_invalid")

_WORDS: Final = {
    FailureKind.INVALID_REQUEST: "INVALID_ARGUMENT",
    FailureKind.AUTHENTICATION: "UNAUTHENTICATED",
    FailureKind.PAYMENT: "FAILED_PRECONDITION",
    FailureKind.PERMISSION: "PERMISSION_DENIED",
    FailureKind.NOT_FOUND: "NOT_FOUND",
    FailureKind.TOO_LARGE: "INVALID_ARGUMENT",
    FailureKind.UNPROCESSABLE: "INVALID_ARGUMENT",
    FailureKind.RATE_LIMIT: "RESOURCE_EXHAUSTED",
    FailureKind.CONTEXT_WINDOW: "INVALID_ARGUMENT",
    FailureKind.CONTENT_POLICY: "INVALID_ARGUMENT",
    FailureKind.TIMEOUT: "DEADLINE_EXCEEDED",
    FailureKind.OVERLOADED: "UNAVAILABLE",
    FailureKind.UNAVAILABLE: "UNAVAILABLE",
    FailureKind.INTERNAL: "INTERNAL",
}
_LONGEST: Final = 2000
"""Characters of a body that is no JSON: the page of some proxy."""

_RETRY: Final = "type.googleapis.com/google.rpc.RetryInfo"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"


def decode_failure(status: int, body: bytes) -> Failure:
    """An error answer; any bytes will do."""
    try:
        value: object = _decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        value = None
    if (error := error_of(value)) is not None:
        return failure_of(error, status)
    text = body[:_LONGEST].decode("utf-8", "replace").strip()
    return _failure(status if status >= 400 else 502, text or f"HTTP status {status} without a body", "", None, "")


def error_of(value: object) -> object:
    """The `error` of a body, or of the first element of an array of them; `None` where there is none."""
    if is_list(value) and value:
        value = value[0]
    return value.get("error") if is_object(value) else None


def failure_of(error: object, status: int = 0) -> Failure:
    """An `error` object; its own code counts where HTTP said no error (in a stream)."""
    if not is_object(error):
        return _failure(status if status >= 400 else 502, str(error)[:_LONGEST], "", None, "")
    code, word, message = error.get("code"), error.get("status"), error.get("message")
    name = word if isinstance(word, str) else ""
    if status < 400:
        status = code if isinstance(code, int) and 400 <= code <= 599 else _BY_WORD.get(name, 502)
    details = error.get("details")
    found = [detail for detail in details if is_object(detail)] if is_list(details) else []
    text = message if isinstance(message, str) and message else name or "the provider gave no reason"
    return _failure(status, text, name, _retry_after(found), _field(found))


def _failure(status: int, message: str, word: str, retry_after: float | None, field: str) -> Failure:
    kind = _BY_STATUS.get(status)
    if kind is None:
        kind = FailureKind.INVALID_REQUEST if status < 500 else FailureKind.INTERNAL
    said = message.lower()
    if status in (400, 413) and any(mark in said for mark in _TOO_LONG):
        kind, status = FailureKind.CONTEXT_WINDOW, 400
    elif status == 400 and any(mark in said for mark in _BAD_KEY):
        kind, status = FailureKind.AUTHENTICATION, 401  # Google says 400 to a wrong key (recorded)
    elif status in (400, 403) and any(mark in said for mark in _FILTERED):
        kind, status = FailureKind.CONTENT_POLICY, 400
    elif status == 503 and "overloaded" in said:
        kind = FailureKind.OVERLOADED
    return Failure(kind=kind, status=status, message=message, code=word, param=field, retry_after=retry_after)


def _retry_after(details: list[Members]) -> float | None:
    """`RetryInfo.retryDelay`: `"48s"`, or protobuf's object of seconds and nanos."""
    for detail in details:
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                seconds = float(delay[:-1])
            except ValueError:
                continue
        elif is_object(delay):
            whole, nanos = delay.get("seconds", 0), delay.get("nanos", 0)
            if isinstance(whole, str) and whole.isdecimal() and len(whole) < 10:
                whole = int(whole)
            if not is_number(whole) or not is_number(nanos) or not 0 <= whole < 1e9 or not 0 <= nanos < 1e9:
                continue
            seconds = whole + nanos / 1e9
        else:
            continue
        if 0 <= seconds < 1e9:
            return seconds
    return None


def _field(details: list[Members]) -> str:
    for detail in details:
        violations = detail.get("fieldViolations")
        for violation in violations if is_list(violations) else ():
            if is_object(violation) and isinstance(field := violation.get("field"), str):
                return field
    return ""


def encode_failure(failure: Failure) -> Members:
    """The error body for a client."""
    word = failure.code if _BY_WORD.get(failure.code) == failure.status else _WORDS[failure.kind]
    error: Members = {"code": failure.status, "message": failure.message, "status": word}
    details: list[object] = []
    if failure.retry_after is not None:
        details.append({"@type": _RETRY, "retryDelay": f"{failure.retry_after:.9g}s"})
    if failure.param:
        details.append({"@type": _BAD_REQUEST, "fieldViolations": [{"field": failure.param}]})
    if details:
        error["details"] = details
    return {"error": error}
