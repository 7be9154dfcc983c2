"""Errors, both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.gemini.codec import CODEC


def failed(status: int, error: object) -> Failure:
    return CODEC.decode_failure(status, json.dumps({"error": error}).encode())


@pytest.mark.parametrize(
    ("status", "word", "message", "kind", "shown"),
    [
        (400, "INVALID_ARGUMENT", "bad", FailureKind.INVALID_REQUEST, 400),
        (400, "FAILED_PRECONDITION", "User location is not supported", FailureKind.INVALID_REQUEST, 400),
        (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", FailureKind.AUTHENTICATION, 401),
        (
            400,
            "INVALID_ARGUMENT",
            "The input token count (9) exceeds the maximum number of tokens allowed (5).",
            FailureKind.CONTEXT_WINDOW,
            400,
        ),
        (
            400,
            "INVALID_ARGUMENT",
            "Unable to submit request because the input token count is 9 but model only supports up to 5",
            FailureKind.CONTEXT_WINDOW,
            400,
        ),
        (400, "INVALID_ARGUMENT", "violates Responsible AI practices", FailureKind.CONTENT_POLICY, 400),
        (401, "UNAUTHENTICATED", "no", FailureKind.AUTHENTICATION, 401),
        (403, "PERMISSION_DENIED", "no", FailureKind.PERMISSION, 403),
        (404, "NOT_FOUND", "no model", FailureKind.NOT_FOUND, 404),
        (409, "ABORTED", "again", FailureKind.INVALID_REQUEST, 409),
        (413, "", "too large", FailureKind.TOO_LARGE, 413),
        (429, "RESOURCE_EXHAUSTED", "quota of input token count", FailureKind.RATE_LIMIT, 429),
        (499, "CANCELLED", "gone", FailureKind.TIMEOUT, 499),
        (500, "INTERNAL", "content policy of ours broke", FailureKind.INTERNAL, 500),
        (503, "UNAVAILABLE", "The model is overloaded. Please try again later.", FailureKind.OVERLOADED, 503),
        (503, "UNAVAILABLE", "down", FailureKind.UNAVAILABLE, 503),
        (504, "DEADLINE_EXCEEDED", "late", FailureKind.TIMEOUT, 504),
    ],
)
def test_errors_are_read_by_status_then_text(
    status: int, word: str, message: str, kind: FailureKind, shown: int
) -> None:
    """The text decides only where one status means several things."""
    failure = failed(status, {"code": status, "message": message, "status": word})
    assert (failure.kind, failure.status, failure.message, failure.code) == (kind, shown, message, word)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        ("48s", 48.0),
        ("0.5s", 0.5),
        ({"seconds": "3", "nanos": 500000000}, 3.5),
        ({"seconds": 2}, 2.0),
        ("soon", None),
        ("-1s", None),
        ("nans", None),
        ("1e999s", None),
        ({"seconds": 10**400}, None),
        (5, None),
    ],
)
def test_the_wait_is_read(delay: object, seconds: float | None) -> None:
    """`RetryInfo` says how long to wait, in either of protobuf's forms."""
    details = [{"@type": "x.QuotaFailure"}, {"@type": "x.RetryInfo", "retryDelay": delay}]
    assert failed(429, {"code": 429, "message": "m", "details": details}).retry_after == seconds


def test_an_array_of_errors_is_read() -> None:
    """Streams without `alt=sse` put the error into an array."""
    body = json.dumps([{"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}]).encode()
    assert CODEC.decode_failure(429, body).kind is FailureKind.RATE_LIMIT


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (502, b"<html>bad gateway</html>", "<html>bad gateway</html>"),
        (503, b"", "HTTP status 503 without a body"),
        (500, b"\xff\xfe", "\ufffd\ufffd"),
        (400, b'{"error":"plain"}', "plain"),
        (400, b'{"error":{}}', "the provider gave no reason"),
        (400, b'{"error":{"message":5,"status":[],"details":{}}}', "the provider gave no reason"),
        (500, b"[" * 5000, "[" * 2000),
    ],
)
def test_any_bytes_will_do(status: int, body: bytes, message: str) -> None:
    """A proxy's page, nothing at all, other shapes."""
    failure = CODEC.decode_failure(status, body)
    assert (failure.status, failure.message) == (status, message)


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_is_written(kind: FailureKind) -> None:
    """Each has one of Google's words, and keeps status, message, wait and place."""
    failure = Failure(kind=kind, status=418, message="m", code="their_code", param="contents[0]", retry_after=1.5)
    body: Any = CODEC.encode_failure(failure)
    error = body["error"]
    assert (error["code"], error["message"]) == (418, "m")
    assert error["status"].isupper()
    again = failed(418, error)
    assert (again.retry_after, again.param) == (1.5, "contents[0]")


def test_googles_own_word_is_kept_where_it_fits() -> None:
    """A word that belongs to another status is replaced by that of the kind."""

    def word(code: str, status: int) -> object:
        body: Any = CODEC.encode_failure(
            Failure(kind=FailureKind.AUTHENTICATION, status=status, message="m", code=code)
        )
        return body["error"]["status"]

    assert word("FAILED_PRECONDITION", 400) == "FAILED_PRECONDITION"
    assert word("INVALID_ARGUMENT", 401) == "UNAUTHENTICATED"
