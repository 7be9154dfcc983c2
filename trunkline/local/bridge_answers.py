"""What LiteLLM's SDK gives back, in OpenAI's words: answers, chunks of streams, errors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

_encode: Final = msgspec.json.Encoder(enc_hook=str).encode
_KINDS: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
    504: "timeout_error",
}
"""OpenAI's type of an error, where the SDK's exception names none."""
_TRACE: Final = "Traceback (most recent call last)"
"""The SDK appends one to its own faults, with the machine's paths in it: nothing for a client."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    status: int
    body: bytes
    retry_after: str = ""


def whole_body(result: Any) -> bytes:
    """A whole answer. Empty members of messages go: OpenAI sends no `"tool_calls": null`."""
    body: dict[str, Any] = result.model_dump(mode="json")
    for choice in body.get("choices") or ():
        message = choice.get("message")
        if isinstance(message, dict):
            choice["message"] = {k: v for k, v in message.items() if v is not None or k == "content"}
    return _encode(body)


def chunk_body(chunk: Any) -> bytes:
    """One chunk of a stream. The chunk that only tells the usage has no choices, as OpenAI has it."""
    body: dict[str, Any] = chunk.model_dump(mode="json", exclude_none=True)
    choices = body.get("choices") or []
    if body.get("usage") and not any(_says_something(choice) for choice in choices):
        choices = []
    for choice in choices:
        choice.setdefault("finish_reason", None)
    body["choices"] = choices
    return _encode(body)


def _says_something(choice: Mapping[str, Any]) -> bool:
    delta = choice.get("delta") or {}
    return bool(choice.get("finish_reason") or choice.get("text") or any(v for k, v in delta.items() if k != "role"))


def said(error: Exception) -> Said:
    """An exception of the SDK as OpenAI's error, with the SDK's status."""
    status = getattr(error, "status_code", None)
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if not isinstance(status, int) or not 400 <= status <= 599:
        status = 504 if isinstance(error, TimeoutError | asyncio.TimeoutError) else 500
    message = getattr(error, "message", None)
    text = message if isinstance(message, str) and message else str(error) or type(error).__name__
    text = text.partition(_TRACE)[0].rstrip() or type(error).__name__
    body = error_body(status, text, kind=_text(error, "type"), param=_text(error, "param"), code=_text(error, "code"))
    headers = getattr(getattr(error, "response", None), "headers", None)
    wait = headers.get("retry-after") if headers is not None else None
    return Said(status, body, wait if isinstance(wait, str) else "")


def error_body(
    status: int, message: str, *, kind: str | None = None, param: str | None = None, code: str | None = None
) -> bytes:
    """An error in OpenAI's shape."""
    kind = kind or _KINDS.get(status, "api_error")
    return _encode({"error": {"message": message, "type": kind, "param": param, "code": code or str(status)}})


def _text(error: Exception, name: str) -> str | None:
    value = getattr(error, name, None)
    return value if isinstance(value, str) and value else None
