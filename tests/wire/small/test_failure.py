"""Errors of the small wires, in every shape they are known to have, and in the clients' shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.wire.small.recorded import HERE, WHY_NOT, exchanges
from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.small.failure import cohere_error, decode_failure, google_error, openai_error

SURFACES = (
    "openai.embeddings",
    "cohere.embed",
    "voyage.embeddings",
    "openai.images.generations",
    "openai.images.edits",
)
FAILED = [one for one in exchanges(*SURFACES) if one.status >= 400]

SHAPES: list[tuple[int, Any, str, str, FailureKind]] = [
    (400, {"error": {"message": "m", "type": "t", "code": "c"}}, "m", "c", FailureKind.INVALID_REQUEST),
    (404, {"error": {"message": "m", "code": 404, "status": "NOT_FOUND"}}, "m", "404", FailureKind.NOT_FOUND),
    (
        429,
        [{"error": {"message": "m", "status": "RESOURCE_EXHAUSTED"}}],
        "m",
        "RESOURCE_EXHAUSTED",
        FailureKind.RATE_LIMIT,
    ),
    (500, {"error": "m"}, "m", "", FailureKind.INTERNAL),
    (424, {"error": "m", "error_type": "generation"}, "m", "generation", FailureKind.UNAVAILABLE),
    (401, {"message": "m"}, "m", "", FailureKind.AUTHENTICATION),
    (498, {"message": "m"}, "m", "", FailureKind.AUTHENTICATION),
    (400, {"detail": "m"}, "m", "", FailureKind.INVALID_REQUEST),
    (401, {"detail": {"status": "quota_exceeded", "message": "m"}}, "m", "quota_exceeded", FailureKind.PAYMENT),
    (422, {"detail": [{"loc": ["body", "input"], "msg": "m", "type": "t"}]}, "m", "t", FailureKind.UNPROCESSABLE),
    (402, {"err_code": "ASR_PAYMENT_REQUIRED", "err_msg": "m"}, "m", "ASR_PAYMENT_REQUIRED", FailureKind.PAYMENT),
    (400, {"category": "BAD", "message": "m", "details": "d"}, "m", "BAD", FailureKind.INVALID_REQUEST),
    (404, {"errors": [{"code": "model_not_found", "message": "m"}]}, "m", "model_not_found", FailureKind.NOT_FOUND),
    (400, {"message": "too many tokens: 600"}, "too many tokens: 600", "", FailureKind.CONTEXT_WINDOW),
]


@pytest.mark.parametrize(("status", "body", "message", "code", "kind"), SHAPES)
def test_an_error_is_read(status: int, body: Any, message: str, code: str, kind: FailureKind) -> None:
    """Message, code and kind, whatever the shape."""
    failure = decode_failure(status, json.dumps(body).encode())
    assert (failure.status, failure.message, failure.code, failure.kind) == (status, message, code, kind)


@pytest.mark.parametrize(
    "body", [b"", b"<html>no</html>", b"\xff\xfe", b"[]", b"null", b"5", b"[" * 9999, b'{"error":{}}']
)
def test_any_bytes_are_a_failure(body: bytes) -> None:
    """A proxy's page, or nothing: the status alone tells."""
    failure = decode_failure(503, body)
    assert failure.kind is FailureKind.UNAVAILABLE
    assert failure.message
    assert "<" not in failure.message


def test_bedrock_says_its_code_in_a_header() -> None:
    """`x-amzn-ErrorType`, with a URL behind a colon."""
    headers = {"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/"}
    failure = decode_failure(400, b'{"message":"Too many requests"}', headers)
    assert (failure.kind, failure.code) == (FailureKind.RATE_LIMIT, "ThrottlingException")


@pytest.mark.skipif(not HERE, reason=WHY_NOT)
def test_recorded_errors_are_read() -> None:
    """Each with its own words."""
    assert len(FAILED) >= 5
    for one in FAILED:
        failure = decode_failure(one.status, json.dumps(one.answer).encode())
        assert failure.message in json.dumps(one.answer, ensure_ascii=False).replace('\\"', '"')
        assert failure.status == one.status


def test_clients_get_their_own_shape() -> None:
    """OpenAI's, Cohere's and Google's."""
    failure = Failure(kind=FailureKind.RATE_LIMIT, status=429, message="m", code="c")
    assert openai_error(failure).content == {
        "error": {"message": "m", "type": "rate_limit_error", "param": None, "code": "c"}
    }
    assert cohere_error(failure).content == {"message": "m"}
    assert google_error(failure).content == {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}
