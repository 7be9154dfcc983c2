"""Errors in both directions. No 5xx or 529 was recorded: these bodies are written from the provider's documentation."""

from __future__ import annotations

import json

import pytest

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.anthropic_messages.codec import CODEC


def body(kind: str, message: str = "m") -> bytes:
    """An error of Anthropic's."""
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}).encode()


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        (400, "invalid_request_error", FailureKind.INVALID_REQUEST),
        (401, "authentication_error", FailureKind.AUTHENTICATION),
        (402, "billing_error", FailureKind.PAYMENT),
        (403, "permission_error", FailureKind.PERMISSION),
        (404, "not_found_error", FailureKind.NOT_FOUND),
        (409, "conflict_error", FailureKind.INVALID_REQUEST),
        (413, "request_too_large", FailureKind.TOO_LARGE),
        (429, "rate_limit_error", FailureKind.RATE_LIMIT),
        (500, "api_error", FailureKind.INTERNAL),
        (504, "timeout_error", FailureKind.TIMEOUT),
        (529, "overloaded_error", FailureKind.OVERLOADED),
    ],
)
def test_every_type_is_known_and_comes_back(status: int, word: str, kind: FailureKind) -> None:
    """Type, kind and message survive both ways."""
    failure = CODEC.decode_failure(status, body(word))
    assert (failure.kind, failure.status, failure.message, failure.code) == (kind, status, "m", word)
    assert CODEC.encode_failure(failure)["error"] == {"type": word, "message": "m"}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("prompt is too long: 210000 tokens > 200000 maximum", FailureKind.CONTEXT_WINDOW),
        ("Prompt is too long", FailureKind.CONTEXT_WINDOW),
        ("input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000", FailureKind.CONTEXT_WINDOW),
        ("Input is too long for requested model.", FailureKind.CONTEXT_WINDOW),
        ("Output blocked by content filtering policy", FailureKind.CONTENT_POLICY),
        ("Your credit balance is too low to access the Anthropic API.", FailureKind.PAYMENT),
        ("messages: at least one message is required", FailureKind.INVALID_REQUEST),
    ],
)
def test_a_bad_requests_text_tells_more(message: str, kind: FailureKind) -> None:
    """The router acts differently on these, and Anthropic has one type for all."""
    assert CODEC.decode_failure(400, body("invalid_request_error", message)).kind is kind


def test_the_status_goes_before_the_text() -> None:
    """An outage whose message speaks of a policy is an outage."""
    assert CODEC.decode_failure(500, b'{"message": "content filtering policy"}').kind is FailureKind.INTERNAL


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.INVALID_REQUEST),
        (401, FailureKind.AUTHENTICATION),
        (403, FailureKind.PERMISSION),
        (408, FailureKind.TIMEOUT),
        (418, FailureKind.INVALID_REQUEST),
        (422, FailureKind.UNPROCESSABLE),
        (429, FailureKind.RATE_LIMIT),
        (500, FailureKind.INTERNAL),
        (502, FailureKind.UNAVAILABLE),
        (503, FailureKind.UNAVAILABLE),
        (504, FailureKind.TIMEOUT),
        (529, FailureKind.OVERLOADED),
        (302, FailureKind.INTERNAL),
    ],
)
@pytest.mark.parametrize(
    "raw", [b"", b"<html>oops</html>", b"\xff\xfe", b"[]", b'"x"', b"{}", b'{"error": 5}', b"[" * 9999]
)
def test_any_bytes_are_an_error(status: int, kind: FailureKind, raw: bytes) -> None:
    """The status decides where the body says nothing; there is always a message and a status for a client."""
    failure = CODEC.decode_failure(status, raw)
    assert failure.kind is kind
    assert failure.message
    assert 400 <= failure.status < 600


def test_other_hosts_have_their_own_shapes() -> None:
    """Google's front answers for Vertex, in a list too; Amazon's for Bedrock."""
    google = {
        "error": {
            "code": 429,
            "message": "Resource exhausted",
            "status": "RESOURCE_EXHAUSTED",
            "details": [{"@type": "x"}, {"retryDelay": "12.5s"}],
        }
    }
    for raw in (google, [google]):
        failure = CODEC.decode_failure(429, json.dumps(raw).encode())
        assert (failure.kind, failure.code) == (FailureKind.RATE_LIMIT, "RESOURCE_EXHAUSTED")
        assert (failure.message, failure.retry_after) == ("Resource exhausted", 12.5)
    amazon = CODEC.decode_failure(403, b'{"Message": "no access"}')
    assert (amazon.kind, amazon.message) == (FailureKind.PERMISSION, "no access")


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_kind_has_a_type_of_anthropics(kind: FailureKind) -> None:
    """Another provider's code is none of Anthropic's types."""
    encoded = CODEC.encode_failure(Failure(kind=kind, status=500, message="m", code="ThrottlingException"))
    error = encoded["error"]
    assert isinstance(error, dict)
    assert error["type"] in {
        "invalid_request_error", "authentication_error", "billing_error", "permission_error", "not_found_error",
        "request_too_large", "rate_limit_error", "timeout_error", "overloaded_error", "api_error",
    }  # fmt: skip
    assert (encoded["type"], error["message"]) == ("error", "m")
