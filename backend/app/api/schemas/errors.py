"""The one shape of every error, in answers, in events and stored beside a message."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from backend.app.api.schemas.common import Answer, Instant


class ErrorCode(StrEnum):
    """What went wrong, for programs. The message says it for people."""

    NO_KEY = "no_key"
    KEY_REFUSED = "key_refused"
    BUDGET = "budget"
    RATE_LIMITED = "rate_limited"
    PROVIDER_DOWN = "provider_down"
    TOO_LONG = "too_long"
    FILTERED = "filtered"
    GATEWAY_DOWN = "gateway_down"
    NOT_PERMITTED = "not_permitted"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    STOPPED = "stopped"
    CUT = "cut"
    INTERNAL = "internal"


class ErrorBody(Answer):
    """What happened, why, and what to do about it."""

    code: ErrorCode
    message: str = Field(description="What happened and why, one or two sentences.")
    fix: str | None = Field(default=None, description="What to do.")
    field: str | None = Field(default=None, description="The part of the request that is meant, as a path.")
    variable: str | None = Field(default=None, description="The environment variable to set.")
    model: str | None = None
    alternative: str | None = Field(default=None, description="A model that would take this request now.")
    retry_after_s: float | None = None
    provider_said: str | None = Field(default=None, description="The provider's own words; text, never markup.")
    since: Instant | None = None


class ErrorResponse(Answer):
    """The body of every answer with a status of 400 or more."""

    error: ErrorBody
