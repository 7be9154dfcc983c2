"""Errors of the small wires: every shape that they are known to have, read by one function, and the clients' shapes.

Shapes (providers.md B2 to B19): `{error: {message, type, code, param}}` (OpenAI, Google, many), `{error: "text"}`
(Ollama, Hugging Face), `{message}` (Cohere, Bedrock, Azure's gateway), `{detail: "text" | [...] | {status, message}}`
(Voyage, Jina, ElevenLabs, FastAPI hosts), `{err_code, err_msg}` and `{category, message}` (Deepgram),
`{errors: [{code, message}]}` (watsonx, Stability).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.small.codec import Body

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
    424: FailureKind.UNAVAILABLE,
    429: FailureKind.RATE_LIMIT,
    498: FailureKind.AUTHENTICATION,
    500: FailureKind.INTERNAL,
    502: FailureKind.UNAVAILABLE,
    503: FailureKind.UNAVAILABLE,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}
"""498 is Cohere's "invalid token"."""

_CODES: Final[Mapping[str, FailureKind]] = {
    "context_length_exceeded": FailureKind.CONTEXT_WINDOW,
    "content_policy_violation": FailureKind.CONTENT_POLICY,
    "content_filter": FailureKind.CONTENT_POLICY,
    "moderation_blocked": FailureKind.CONTENT_POLICY,
    "insufficient_quota": FailureKind.PAYMENT,
    "rate_limit_exceeded": FailureKind.RATE_LIMIT,
    "quota_exceeded": FailureKind.PAYMENT,
    "ThrottlingException": FailureKind.RATE_LIMIT,
    "ModelTimeoutException": FailureKind.TIMEOUT,
    "AccessDeniedException": FailureKind.PERMISSION,
    "ServiceUnavailableException": FailureKind.UNAVAILABLE,
}
"""Codes that say more than the status (ElevenLabs says `quota_exceeded` under 401)."""

_OVERFLOW: Final = ("too many tokens", "maximum context length", "input is too long", "exceeds the maximum number of")
"""How texts of 400 begin or go on where the input did not fit (Cohere, OpenAI, Bedrock, Gemini)."""

_TYPES: Final[Mapping[FailureKind, str]] = {
    FailureKind.AUTHENTICATION: "authentication_error",
    FailureKind.PERMISSION: "permission_error",
    FailureKind.RATE_LIMIT: "rate_limit_error",
    FailureKind.PAYMENT: "insufficient_quota",
    FailureKind.TIMEOUT: "internal_server_error",
    FailureKind.OVERLOADED: "internal_server_error",
    FailureKind.UNAVAILABLE: "internal_server_error",
    FailureKind.INTERNAL: "internal_server_error",
}

_STATUSES: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def decode_failure(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Failure:
    """A provider's error, whatever bytes it is. Header names are in lower case."""
    message, code, param = _read(body)
    code = code or (headers or {}).get("x-amzn-errortype", "").partition(":")[0]
    kind = _CODES.get(code) or _KINDS.get(status)
    if kind is None:
        kind = FailureKind.INTERNAL if status >= 500 or status < 400 else FailureKind.INVALID_REQUEST
    if kind is FailureKind.INVALID_REQUEST and any(sign in message.lower() for sign in _OVERFLOW):
        kind = FailureKind.CONTEXT_WINDOW
    return Failure(
        kind=kind,
        status=status if status >= 400 else 502,
        message=message or f"the provider answered {status} without a reason",
        code=code,
        param=param,
    )


def openai_error(failure: Failure) -> Body:
    """OpenAI's error body, which rerank's clients read too."""
    error = {
        "message": failure.message,
        "type": _TYPES.get(failure.kind, "invalid_request_error"),
        "param": failure.param or None,
        "code": failure.code or str(failure.status),
    }
    return Body(content={"error": error})


def cohere_error(failure: Failure) -> Body:
    """Cohere's error body."""
    return Body(content={"message": failure.message})


def google_error(failure: Failure) -> Body:
    """Google's error body (google.rpc.Status)."""
    word = _STATUSES.get(failure.status, "INVALID_ARGUMENT" if failure.status < 500 else "INTERNAL")
    return Body(content={"error": {"code": failure.status, "message": failure.message, "status": word}})


def _read(body: bytes) -> tuple[str, str, str]:
    """Message, code and parameter."""
    try:
        value = _decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _short(body.decode("utf-8", "replace")), "", ""
    if isinstance(value, list) and value:
        value = value[0]  # some of Google's endpoints wrap the error in a list
    if not isinstance(value, dict):
        return _text(value), "", ""
    errors = value.get("errors")
    for inner in (value.get("error"), value.get("detail"), errors[0] if isinstance(errors, list) and errors else None):
        if isinstance(inner, list) and inner:
            return _validation(inner)
        if isinstance(inner, dict):
            return _members(inner)
        if isinstance(inner, str) and inner:
            return _short(inner), _text(value.get("error_type")), ""
    return _members(value)


def _members(error: dict[str, object]) -> tuple[str, str, str]:
    message = next((_text(error[name]) for name in ("message", "err_msg", "Message", "msg") if error.get(name)), "")
    code = next((_text(error[name]) for name in _CODE_NAMES if isinstance(error.get(name), str | int)), "")
    return message, code, _text(error.get("param"))


_CODE_NAMES: Final = ("code", "status", "err_code", "category", "type", "__type")


def _validation(errors: list[object]) -> tuple[str, str, str]:
    """FastAPI's list: where, and what."""
    first = errors[0]
    if not isinstance(first, dict):
        return _text(first), "", ""
    place = first.get("loc")
    param = ".".join(str(step) for step in place if isinstance(step, str | int)) if isinstance(place, list) else ""
    return _text(first.get("msg")) or "the request has not the provider's shape", _text(first.get("type")), param


def _text(value: object) -> str:
    return _short(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _short(text: str) -> str:
    text = text.strip()
    return "" if text.startswith("<") else text[:2000]
