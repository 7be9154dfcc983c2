"""`AppError`: the one exception with which the application refuses; it becomes `ErrorResponse` with its status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from backend.app.api.schemas.errors import ErrorBody, ErrorCode

STATUS: Final[Mapping[ErrorCode, int]] = {
    ErrorCode.NO_KEY: 424,
    ErrorCode.KEY_REFUSED: 424,
    ErrorCode.BUDGET: 402,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.PROVIDER_DOWN: 502,
    ErrorCode.TOO_LONG: 422,
    ErrorCode.FILTERED: 422,
    ErrorCode.GATEWAY_DOWN: 503,
    ErrorCode.NOT_PERMITTED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.INVALID: 422,
    ErrorCode.CONFLICT: 409,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.TIMEOUT: 504,
    ErrorCode.STOPPED: 409,
    ErrorCode.CUT: 502,
    ErrorCode.INTERNAL: 500,
}
"""The status where none is given. 424: what failed is the key this request depends on, not the caller's sign-in."""


class AppError(Exception):
    """A refusal with a code for programs, a sentence for people and a way out."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        fix: str | None = None,
        *,
        status: int | None = None,
        field: str | None = None,
        variable: str | None = None,
        model: str | None = None,
        alternative: str | None = None,
        retry_after_s: float | None = None,
        provider_said: str | None = None,
        since: datetime | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status if status is not None else STATUS[code]
        self.body = ErrorBody(
            code=code,
            message=message,
            fix=fix,
            field=field,
            variable=variable,
            model=model,
            alternative=alternative,
            retry_after_s=retry_after_s,
            provider_said=provider_said,
            since=since,
        )

    @property
    def code(self) -> ErrorCode:
        """What went wrong, for programs."""
        return self.body.code


def not_found(what: str) -> AppError:
    """Refuse for a thing that is not there or not the caller's: nobody learns which of the two."""
    return AppError(ErrorCode.NOT_FOUND, f"There is no such {what}.", "It may have been deleted. Reload the page.")


def no_endpoint() -> AppError:
    """Refuse a path that the API does not have."""
    return AppError(ErrorCode.NOT_FOUND, "The API has no such path.", "docs/reference/app-api.md lists what there is.")


def invalid(message: str, fix: str | None = None, *, field: str | None = None) -> AppError:
    """Refuse a request that cannot be meant."""
    return AppError(ErrorCode.INVALID, message, fix, field=field)
