"""From what went wrong to what happens next and to what the client reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

import msgspec

from trunkline.access import error_body
from trunkline.ir.failure import Failure, FailureKind
from trunkline.upstream import Kind, UpstreamFailure

RETRYABLE_STATUS: Final = frozenset({408, 409, 429})
"""With all of 500 and above (litellm.md 3.3)."""
OTHER_PLACE_STATUS: Final = frozenset({401, 402, 403, 404})
"""Another deployment of the group may do what this one may not."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failed attempt: what the ledger keeps, what the client would be told, and whether to try on."""

    outcome: str
    status: int
    """For the client, if it ends here."""
    provider_status: int
    """0 where no answer came."""
    message: str
    kind: str
    """The body's `type`."""
    same_place: bool
    """Worth another attempt at the same deployment."""
    other_place: bool
    """Worth an attempt at another deployment."""
    body: bytes = b""
    """The provider's own error body, passed on as it is; empty where ours is made from `message`."""
    retry_after: float | None = None
    failure: Failure | None = None
    """What a codec read of the provider's error."""

    def answer_body(self) -> bytes:
        """The JSON for a client of OpenAI's format; `voice.trouble_body` knows them all."""
        return self.body or error_body(self.message, self.kind, None, self.status)


_CLASS: Final = {
    400: ("BadRequestError", "invalid_request_error"),
    401: ("AuthenticationError", "authentication_error"),
    402: ("PaymentRequiredError", "invalid_request_error"),
    403: ("PermissionDeniedError", "permission_error"),
    404: ("NotFoundError", "invalid_request_error"),
    408: ("Timeout", "timeout_error"),
    413: ("BadRequestError", "invalid_request_error"),
    422: ("UnprocessableEntityError", "invalid_request_error"),
    429: ("RateLimitError", "rate_limit_error"),
    500: ("InternalServerError", "internal_server_error"),
    502: ("BadGatewayError", "internal_server_error"),
    503: ("ServiceUnavailableError", "internal_server_error"),
}
"""LiteLLM's exception class and error type by status (litellm.md 1.3 and section 10)."""


def named(status: int, provider: str, text: str) -> tuple[str, str]:
    """LiteLLM's message form and type for a status: `litellm.RateLimitError: GroqException - text`."""
    name, kind = _CLASS.get(status, _CLASS[500] if status >= 500 else _CLASS[400])
    return f"litellm.{name}: {provider.replace('_', ' ').title().replace(' ', '')}Exception - {text}", kind


def from_failure(failure: UpstreamFailure, provider: str) -> Trouble:
    """What a broken exchange means."""
    match failure.kind:
        case Kind.DNS | Kind.CONNECT | Kind.CONNECT_TIMEOUT | Kind.RESET | Kind.UNAVAILABLE:
            status, outcome, same, other = 503, "upstream_error", failure.kind is not Kind.UNAVAILABLE, True
        case Kind.TLS:
            status, outcome, same, other = 503, "upstream_error", False, True
        case Kind.TRUNCATED:
            status, outcome, same, other = 502, "truncated", True, True
        case Kind.PROTOCOL | Kind.TOO_LARGE:
            status, outcome, same, other = 502, "upstream_error", False, True
        case Kind.FIRST_BYTE_TIMEOUT | Kind.WRITE_TIMEOUT:
            status, outcome, same, other = 408, "timeout", True, True
        case Kind.IDLE_TIMEOUT:
            status, outcome, same, other = 408, "stalled", True, True
        case Kind.TOTAL_TIMEOUT:
            status, outcome, same, other = 408, "timeout", False, False
        case _:
            assert_never(failure.kind)
    message, kind = named(status, provider, failure.text)
    return Trouble(outcome, status, 0, message, kind, same, other)


def from_answer(status: int, body: bytes, provider: str, *, retry_after: float | None = None) -> Trouble:
    """What a provider's error answer means. A body in OpenAI's own shape passes as it is."""
    retry = status in RETRYABLE_STATUS or status >= 500
    text, standard = _read_error(body)
    message, kind = named(status, provider, text or f"the provider answered {status}")
    return Trouble(
        outcome="upstream_error",
        status=status,
        provider_status=status,
        message=message,
        kind=kind,
        same_place=retry,
        other_place=retry or status in OTHER_PLACE_STATUS,
        body=body if standard else b"",
        retry_after=retry_after,
    )


_BY_KIND: Final = {
    FailureKind.INVALID_REQUEST: 400, FailureKind.AUTHENTICATION: 401, FailureKind.PAYMENT: 402,
    FailureKind.PERMISSION: 403, FailureKind.NOT_FOUND: 404, FailureKind.TOO_LARGE: 400,
    FailureKind.UNPROCESSABLE: 422, FailureKind.RATE_LIMIT: 429, FailureKind.CONTEXT_WINDOW: 400,
    FailureKind.CONTENT_POLICY: 400, FailureKind.TIMEOUT: 408, FailureKind.OVERLOADED: 500,
    FailureKind.UNAVAILABLE: 503, FailureKind.INTERNAL: 500,
}  # fmt: skip
"""LiteLLM's status by what went wrong (litellm.md section 10; 529 becomes 500 there)."""
_OWN_CLASS: Final = {
    FailureKind.CONTEXT_WINDOW: "litellm.ContextWindowExceededError: ",
    FailureKind.CONTENT_POLICY: "litellm.ContentPolicyViolationError: ",
}


def from_codec(
    failure: Failure, status: int, body: bytes, provider: str, *, retry_after: float | None = None
) -> Trouble:
    """What a provider's error means, read by its format's codec. `body`: what the client gets, where it is not ours."""
    ours = 422 if status == 422 and failure.kind is FailureKind.INVALID_REQUEST else _BY_KIND[failure.kind]
    if ours == 500 and status in (502, 503):
        ours = status
    message, kind = named(ours, provider, failure.message or f"the provider answered {status}")
    about_content = failure.kind in _OWN_CLASS
    retry = not about_content and (status in RETRYABLE_STATUS or status >= 500 or ours in (408, 429, 500, 503))
    return Trouble(
        outcome="upstream_error",
        status=status if body else ours,
        provider_status=status,
        message=_OWN_CLASS.get(failure.kind, "") + message,
        kind=kind,
        same_place=retry,
        other_place=retry or (not about_content and ours in OTHER_PLACE_STATUS),
        body=body,
        retry_after=retry_after if retry_after is not None else failure.retry_after,
        failure=failure,
    )


def refused_here(failure: Failure, provider: str) -> Trouble:
    """A deployment cannot serve the request; nothing was sent. Another deployment of the group might."""
    message, kind = named(failure.status, provider, failure.message)
    return Trouble(
        outcome="refused", status=failure.status, provider_status=0, message=message, kind=kind,
        same_place=False, other_place=True, failure=failure,
    )  # fmt: skip


def malformed(provider: str, status: int, why: str) -> Trouble:
    """An answer that claims success and is none."""
    message, kind = named(502, provider, why)
    return Trouble("upstream_error", 502, status, message, kind, False, True)


def _read_error(body: bytes) -> tuple[str, bool]:
    """The message of an error body, and whether the body has OpenAI's shape."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", False
    if not isinstance(found, dict):
        return "", False
    error = found.get("error")
    if isinstance(error, dict):
        message = error.get("message")
        return (message[:2000], True) if isinstance(message, str) else ("", False)
    for candidate in (error, found.get("message"), found.get("detail")):
        if isinstance(candidate, str):
            return candidate[:2000], False
    return "", False
