"""Cohere's errors."""

from __future__ import annotations

import json

import pytest

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.cohere_chat.codec import CODEC


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.INVALID_REQUEST),
        (401, FailureKind.AUTHENTICATION),
        (402, FailureKind.PAYMENT),
        (403, FailureKind.PERMISSION),
        (404, FailureKind.NOT_FOUND),
        (418, FailureKind.INVALID_REQUEST),
        (422, FailureKind.UNPROCESSABLE),
        (429, FailureKind.RATE_LIMIT),
        (498, FailureKind.AUTHENTICATION),
        (500, FailureKind.INTERNAL),
        (503, FailureKind.UNAVAILABLE),
        (504, FailureKind.TIMEOUT),
    ],
)
def test_the_status_says_the_kind(status: int, kind: FailureKind) -> None:
    """The message is the provider's own."""
    failure = CODEC.decode_failure(status, json.dumps({"message": "no", "id": "x"}).encode())
    assert (failure.kind, failure.status, failure.message) == (kind, status, "no")


def test_too_many_tokens_are_told_from_other_bad_requests() -> None:
    """The router can choose a model with a longer context."""
    body = b'{"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081"}'
    assert CODEC.decode_failure(400, body).kind is FailureKind.CONTEXT_WINDOW


def test_a_client_gets_the_format_s_own_shape() -> None:
    """`{"message": ...}`."""
    failure = Failure(kind=FailureKind.RATE_LIMIT, status=429, message="slow down")
    assert CODEC.encode_failure(failure) == {"message": "slow down"}
