"""OpenAI's errors: `{"error": {"message", "type", "param", "code"}}`, as a body, in an event, or inside a response.

platform.openai.com/docs/guides/error-codes. The status counts before words: a 500 whose text mentions a policy is an
outage all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, assert_never

import msgspec

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses.shape import BROKEN, is_object, some_text

_decode: Final = msgspec.json.Decoder().decode

_BY_STATUS: Final[Mapping[int, FailureKind]] = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.PAYMENT,
    403: FailureKind.PERMISSION,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    413: FailureKind.TOO_LARGE,
    422: FailureKind.UNPROCESSABLE,
    429: FailureKind.RATE_LIMIT,
    500: FailureKind.INTERNAL,
    502: FailureKind.UNAVAILABLE,
    503: FailureKind.UNAVAILABLE,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}
_BY_CODE: Final[Mapping[str, tuple[FailureKind, int]]] = {
    "context_length_exceeded": (FailureKind.CONTEXT_WINDOW, 400),
    "content_filter": (FailureKind.CONTENT_POLICY, 400),
    "content_policy_violation": (FailureKind.CONTENT_POLICY, 400),
    "image_content_policy_violation": (FailureKind.CONTENT_POLICY, 400),
    "bio_policy": (FailureKind.CONTENT_POLICY, 400),
    "cyber_policy": (FailureKind.CONTENT_POLICY, 400),
    "misalignment_policy_violation": (FailureKind.CONTENT_POLICY, 400),
    "invalid_api_key": (FailureKind.AUTHENTICATION, 401),
    "authentication_error": (FailureKind.AUTHENTICATION, 401),
    "permission_error": (FailureKind.PERMISSION, 403),
    "model_not_found": (FailureKind.NOT_FOUND, 404),
    "previous_response_not_found": (FailureKind.NOT_FOUND, 400),
    "insufficient_quota": (FailureKind.RATE_LIMIT, 429),
    "rate_limit_exceeded": (FailureKind.RATE_LIMIT, 429),
    "rate_limit_error": (FailureKind.RATE_LIMIT, 429),
    "server_is_overloaded": (FailureKind.OVERLOADED, 503),
    "slow_down": (FailureKind.OVERLOADED, 503),
    "overloaded_error": (FailureKind.OVERLOADED, 503),
    "vector_store_timeout": (FailureKind.TIMEOUT, 504),
    "server_error": (FailureKind.INTERNAL, 500),
    "invalid_prompt": (FailureKind.INVALID_REQUEST, 400),
    "invalid_request_error": (FailureKind.INVALID_REQUEST, 400),
}
"""What a code means, and the status where an event says none."""
_REFINED: Final = frozenset({400, 403, 404, 413, 422, 429, 503})
"""Statuses under which a code says more."""
_TOO_LONG: Final = ("context window", "maximum context length", "context length", "exceeds the available context size")
_AGAIN: Final = re.compile(r"try again in ([0-9]+(?:\.[0-9]+)?) ?(ms|s|m)\b")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}

_RESPONSE_CODES: Final = frozenset({
    "server_error", "rate_limit_exceeded", "invalid_prompt", "data_residency_mismatch", "bio_policy",
    "misalignment_policy_violation", "vector_store_timeout", "invalid_image", "invalid_image_format",
    "invalid_base64_image", "invalid_image_url", "image_too_large", "image_too_small", "image_parse_error",
    "image_content_policy_violation", "invalid_image_mode", "image_file_too_large", "unsupported_image_media_type",
    "empty_image_file", "failed_to_download_image", "image_file_not_found", "insufficient_quota",
    "context_length_exceeded", "server_is_overloaded", "slow_down",
})  # fmt: skip
"""Codes that clients know in a failed response: the published ones, and the last four, which OpenAI sends as well."""


def read_failure(status: int, body: bytes) -> Failure:
    """A provider's error answer; any bytes will do."""
    try:
        value = _decode(body)
    except BROKEN:
        value = None
    error: object = value
    if is_object(value):
        error = value.get("error") or value.get("detail") or value.get("message")
        if isinstance(error, str):  # xAI: {"code": "...", "error": "..."}
            error = {"message": error, "code": value.get("code"), "type": value.get("type")}
    failure = failure_of(error, status)
    if not failure.message:
        failure.message = f"the provider answered HTTP {status} without saying why"
    return failure


def failure_of(error: object, status: int = 0) -> Failure:
    """An error object, under an HTTP status or (0) inside of an answer."""
    fields = error if is_object(error) else {}
    message, param = some_text(fields.get("message")), some_text(fields.get("param"))
    code, kind = _word(fields.get("code")), _word(fields.get("type"))
    found, usual = _BY_CODE.get(code) or _BY_CODE.get(kind) or (None, 0)
    if status == 0:
        status = usual or 500
    default = FailureKind.INVALID_REQUEST if 400 <= status < 500 else FailureKind.INTERNAL
    what = _BY_STATUS.get(status, default)
    if found is not None and (status in _REFINED or status == usual) and code in _BY_CODE:
        what = found
    elif status in {400, 413, 422} and any(words in message for words in _TOO_LONG):
        what = FailureKind.CONTEXT_WINDOW
    return Failure(
        kind=what, status=status, message=message, code=code or kind, param=param, retry_after=_again(message, what)
    )


def _word(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _again(message: str, kind: FailureKind) -> float | None:
    if kind is not FailureKind.RATE_LIMIT:
        return None
    found = _AGAIN.search(message)
    return float(found[1]) * _SECONDS[found[2]] if found is not None else None


def failure_in(response: Mapping[str, object]) -> Failure | None:
    """The error of a whole response that came under HTTP 200 and failed; `None`: it did not."""
    status = response.get("status")
    error = response.get("error")
    if status == "cancelled":
        return Failure(kind=FailureKind.UNAVAILABLE, status=502, message="the response was cancelled", code="cancelled")
    if status != "failed" and not (is_object(error) and error):
        return None
    failure = failure_of(error)
    failure.message = failure.message or "the response failed, and the provider did not say why"
    return failure


def event_failure(event: Mapping[str, object]) -> Failure:
    """An `error` event: OpenAI documents the members flat, and sends them inside `error`."""
    inner = event.get("error")
    failure = failure_of(inner if is_object(inner) else {**event, "type": None})
    failure.message = failure.message or "the provider broke the stream off with an error and did not say why"
    return failure


def broken_stream(message: str) -> Failure:
    """A stream that cannot be read, or stopped in the middle."""
    return Failure(kind=FailureKind.UNAVAILABLE, status=502, message=message)


def write_failure(failure: Failure) -> Members:
    """The error body for a client."""
    return {
        "error": {
            "message": failure.message,
            "type": error_type(failure.kind),
            "param": failure.param or None,
            "code": failure.code or None,
        }
    }


def error_type(kind: FailureKind) -> str:
    """`error.type`."""
    match kind:
        case (
            FailureKind.INVALID_REQUEST
            | FailureKind.PAYMENT
            | FailureKind.NOT_FOUND
            | FailureKind.TOO_LARGE
            | FailureKind.UNPROCESSABLE
            | FailureKind.CONTEXT_WINDOW
            | FailureKind.CONTENT_POLICY
        ):
            return "invalid_request_error"
        case FailureKind.AUTHENTICATION:
            return "authentication_error"
        case FailureKind.PERMISSION:
            return "permission_error"
        case FailureKind.RATE_LIMIT:
            return "rate_limit_error"
        case FailureKind.TIMEOUT:
            return "timeout_error"
        case FailureKind.OVERLOADED | FailureKind.UNAVAILABLE | FailureKind.INTERNAL:
            return "server_error"
        case _:
            assert_never(kind)


def response_error(failure: Failure) -> Members:
    """`response.error` of a failed response; its codes are a closed list."""
    return {"code": _response_code(failure), "message": failure.message}


def _response_code(failure: Failure) -> str:
    if failure.code in _RESPONSE_CODES:
        return failure.code
    match failure.kind:
        case FailureKind.RATE_LIMIT:
            return "rate_limit_exceeded"
        case FailureKind.PAYMENT:
            return "insufficient_quota"
        case FailureKind.CONTEXT_WINDOW:
            return "context_length_exceeded"
        case FailureKind.OVERLOADED:
            return "server_is_overloaded"
        case (
            FailureKind.INVALID_REQUEST | FailureKind.TOO_LARGE | FailureKind.UNPROCESSABLE | FailureKind.CONTENT_POLICY
        ):
            return "invalid_prompt"
        case (
            FailureKind.AUTHENTICATION
            | FailureKind.PERMISSION
            | FailureKind.NOT_FOUND
            | FailureKind.TIMEOUT
            | FailureKind.UNAVAILABLE
            | FailureKind.INTERNAL
        ):
            return "server_error"
        case _:
            assert_never(failure.kind)
