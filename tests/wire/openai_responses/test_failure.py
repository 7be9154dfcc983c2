"""Errors: whatever bytes a provider answers with, and the one form for clients."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.openai_responses.codec import CODEC
from trunkline.wire.openai_responses.failure import failure_in, response_error

KINDS = {
    400: FailureKind.INVALID_REQUEST, 401: FailureKind.AUTHENTICATION, 402: FailureKind.PAYMENT,
    403: FailureKind.PERMISSION, 404: FailureKind.NOT_FOUND, 408: FailureKind.TIMEOUT, 413: FailureKind.TOO_LARGE,
    418: FailureKind.INVALID_REQUEST, 422: FailureKind.UNPROCESSABLE, 429: FailureKind.RATE_LIMIT,
    500: FailureKind.INTERNAL, 502: FailureKind.UNAVAILABLE, 503: FailureKind.UNAVAILABLE, 504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED, 599: FailureKind.INTERNAL,
}  # fmt: skip


def said(status: int, **error: object) -> Failure:
    return CODEC.decode_failure(status, json.dumps({"error": error}).encode())


@pytest.mark.parametrize("status", KINDS)
def test_the_status_says_what_happened(status: int) -> None:
    """Without a code, and without a body, the status is all there is."""
    assert CODEC.decode_failure(status, b"<html>no</html>").kind is KINDS[status]
    assert CODEC.decode_failure(status, b"").message == f"the provider answered HTTP {status} without saying why"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "context_length_exceeded", FailureKind.CONTEXT_WINDOW),
        (400, "content_filter", FailureKind.CONTENT_POLICY),
        (400, "content_policy_violation", FailureKind.CONTENT_POLICY),
        (429, "insufficient_quota", FailureKind.RATE_LIMIT),
        (403, "model_not_found", FailureKind.NOT_FOUND),
        (503, "server_is_overloaded", FailureKind.OVERLOADED),
        (500, "content_filter", FailureKind.INTERNAL),
        (502, "context_length_exceeded", FailureKind.UNAVAILABLE),
    ],
)
def test_a_code_refines_the_status_of_a_refusal_only(status: int, code: str, kind: FailureKind) -> None:
    """An outage that mentions a policy is an outage."""
    failure = said(status, message="m", type="t", code=code, param="input")
    assert (failure.kind, failure.code, failure.param, failure.status) == (kind, code, "input", status)


def test_a_context_window_is_known_by_words() -> None:
    """Hosts that have no code for it say it."""
    text = "This model's maximum context length is 8192 tokens"
    assert said(400, message=text).kind is FailureKind.CONTEXT_WINDOW
    assert said(500, message=text).kind is FailureKind.INTERNAL


@pytest.mark.parametrize(
    "body",
    [
        {"code": "invalid", "error": "bad key"},
        {"error": {"message": "bad key"}},
        {"detail": "bad key"},
        {"message": "bad key"},
    ],
)
def test_hosts_write_errors_in_several_ways(body: dict[str, object]) -> None:
    """The message is found."""
    assert CODEC.decode_failure(400, json.dumps(body).encode()).message == "bad key"


@pytest.mark.parametrize(("words", "seconds"), [("1.898s", 1.898), ("20ms", 0.02), ("2m", 120.0), ("a while", None)])
def test_the_wait_is_read_from_the_message(words: str, seconds: float | None) -> None:
    """OpenAI says in words when to try again."""
    failure = said(429, message=f"Rate limit reached. Please try again in {words}.", code="rate_limit_exceeded")
    assert failure.retry_after == seconds
    assert said(400, message=f"try again in {words}").retry_after is None


@given(st.integers(200, 599), st.binary(max_size=60))
def test_any_bytes_will_do(status: int, body: bytes) -> None:
    """Nothing is raised, and there is always a message."""
    assert CODEC.decode_failure(status, body).message


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.dictionaries(
    st.sampled_from(["error", "message", "code", "type", "param", "detail"]), x, max_size=4) | st.lists(x, max_size=2)))  # fmt: skip
def test_any_json_will_do(value: object) -> None:
    """Members of odd types are no reason to fall over."""
    assert CODEC.decode_failure(400, json.dumps(value).encode()).message


@pytest.mark.parametrize("kind", FailureKind)
def test_the_clients_form(kind: FailureKind) -> None:
    """Message, type, param and code, whatever happened; a failed response has one of the codes that clients know."""
    failure = Failure(kind=kind, status=400, message="m")
    error = CODEC.encode_failure(failure)["error"]
    assert isinstance(error, dict)
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["message"], error["param"], error["code"]) == ("m", None, None)
    assert response_error(failure)["message"] == "m"
    assert response_error(failure)["code"]


def test_a_response_that_failed_under_200_is_found() -> None:
    """A whole answer may hold an error instead of an output."""
    assert failure_in({"status": "completed", "error": None}) is None
    failed = failure_in({"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "m"}})
    assert failed is not None
    assert (failed.kind, failed.status) == (FailureKind.RATE_LIMIT, 429)
