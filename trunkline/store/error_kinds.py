"""What went wrong, in one word: made from a row's outcome, status and text, by the database, the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, case


class ErrorKind(StrEnum):
    """The kinds there are."""

    CLIENT_LEFT = "client_left"
    INTERRUPTED = "interrupted"
    """The gateway was stopped or died during the call."""
    TIMEOUT = "timeout"
    CUT = "cut"
    """The provider ended in the middle of its answer."""
    TOO_LONG = "too_long"
    FILTERED = "filtered"
    REFUSED = "refused"
    """By the gateway; nothing was sent."""
    QUOTA = "quota"
    KEY_REFUSED = "key_refused"
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    PROVIDER_DOWN = "provider_down"


_BY_OUTCOME: Final = {
    "client_gone": ErrorKind.CLIENT_LEFT,
    "shutdown": ErrorKind.INTERRUPTED,
    "unknown": ErrorKind.INTERRUPTED,
    "timeout": ErrorKind.TIMEOUT,
    "stalled": ErrorKind.TIMEOUT,
    "truncated": ErrorKind.CUT,
}
_BY_TEXT: Final = {
    "litellm.Timeout: ": ErrorKind.TIMEOUT,
    "litellm.ContextWindowExceededError: ": ErrorKind.TOO_LONG,
    "litellm.ContentPolicyViolationError: ": ErrorKind.FILTERED,
}
"""How the texts begin that `pipeline/failures.py` gives them."""
_BY_STATUS: Final = {
    402: ErrorKind.QUOTA,
    429: ErrorKind.QUOTA,
    401: ErrorKind.KEY_REFUSED,
    403: ErrorKind.KEY_REFUSED,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
}


def kind(table: Table) -> ColumnElement[Any]:
    """The kind of a failed row of `litellm_request_logs` or `litellm_request_attempts` (which has no outcome)."""
    whens: list[tuple[ColumnElement[bool], str]] = []
    if "outcome" in table.c:
        whens += [(table.c.outcome == outcome, found) for outcome, found in _BY_OUTCOME.items()]
    whens += [(table.c.error.startswith(text, autoescape=True), found) for text, found in _BY_TEXT.items()]
    if "outcome" in table.c:
        whens.append((table.c.outcome == "refused", ErrorKind.REFUSED))
    whens += [(table.c.http_status == status, found) for status, found in _BY_STATUS.items()]
    whens.append((and_(table.c.http_status >= 400, table.c.http_status < 500), ErrorKind.BAD_REQUEST))
    return case(*((when, str(found)) for when, found in whens), else_=str(ErrorKind.PROVIDER_DOWN))
