"""A provider's error in the one form that is then written in the client's format."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class FailureKind(StrEnum):
    """What went wrong, as far as a client or the router would act differently."""

    INVALID_REQUEST = "invalid_request"
    AUTHENTICATION = "authentication"
    PAYMENT = "payment"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    UNPROCESSABLE = "unprocessable"
    RATE_LIMIT = "rate_limit"
    CONTEXT_WINDOW = "context_window"
    CONTENT_POLICY = "content_policy"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class Failure(msgspec.Struct, kw_only=True):
    """One error."""

    kind: FailureKind
    status: int
    """HTTP status for the client."""
    message: str
    code: str = ""
    """The provider's own code or type (`context_length_exceeded`, `overloaded_error`, `ThrottlingException`)."""
    param: str = ""
    retry_after: float | None = None
    """Seconds, where the body says it."""
