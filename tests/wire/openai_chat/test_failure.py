"""Errors of hosts, and LiteLLM's form for clients."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.openai_chat.codec import CODEC
from trunkline.wire.openai_chat.failure import failure_inside

K = FailureKind


def read(status: int, body: object) -> Failure:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CODEC.decode_failure(status, data)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, K.INVALID_REQUEST), (401, K.AUTHENTICATION), (402, K.PAYMENT), (403, K.PERMISSION), (404, K.NOT_FOUND),
        (408, K.TIMEOUT), (409, K.INVALID_REQUEST), (413, K.TOO_LARGE), (422, K.UNPROCESSABLE), (429, K.RATE_LIMIT),
        (500, K.INTERNAL), (502, K.UNAVAILABLE), (503, K.UNAVAILABLE), (504, K.TIMEOUT), (529, K.OVERLOADED),
    ],
)  # fmt: skip
def test_a_status_says_what_went_wrong(status: int, kind: K) -> None:
    """Where the words say nothing more."""
    assert read(status, {"error": {"message": "x"}}).kind is kind


@pytest.mark.parametrize(
    "error",
    [
        {"message": "x", "code": "context_length_exceeded"},
        {"message": "This model's maximum context length is 8192 tokens."},
        {"message": "This endpoint's maximum context length is 200000 tokens. However, you requested about 2500021"},
        {"message": "prompt too long; exceeded max context length by 1119046 tokens"},
        {"message": "The total length of all messages is too long.", "type": "too_many_prompt_tokens", "code": 400},
        {"message": "prompt is too long: 210000 tokens > 200000 maximum"},
        {"message": "the request exceeds the available context size"},
        {"message": "Current length is 9000 while limit is 8192"},
        {"message": "Prompt exceeds max length", "code": "1261"},
    ],
)  # fmt: skip
def test_a_full_context_window_is_recognised(error: dict[str, Any]) -> None:
    """By code, or by the words of each host (recorded, or LiteLLM's list)."""
    assert read(400, {"error": error}).kind is K.CONTEXT_WINDOW


@pytest.mark.parametrize(
    "error",
    [
        {"message": "x", "code": "content_policy_violation"},
        {"message": "x", "code": "content_filter"},
        {"message": "filtered due to Azure's content management policy", "innererror": {"code": "ResponsibleAIPolicyViolation"}},
        {"message": "x", "inner_error": {"code": "ResponsibleAIPolicyViolation"}},
        {"message": "Your request was rejected as a result of our safety system."},
        {"message": "flagged as potentially violating our usage policy", "code": "invalid_prompt"},
        {"message": "x", "code": "1301"},
    ],
)  # fmt: skip
def test_a_content_policy_is_recognised(error: dict[str, Any]) -> None:
    """OpenAI's, Azure's and others' ways to say no."""
    assert read(400, {"error": error}).kind is K.CONTENT_POLICY


def test_a_status_counts_more_than_words() -> None:
    """A 500 that mentions a policy is an outage, and a 429 about tokens a rate limit."""
    assert read(500, {"error": {"message": "content management policy"}}).kind is K.INTERNAL
    assert read(429, {"error": {"message": "maximum context length"}}).kind is K.RATE_LIMIT
    assert read(401, {"error": {"message": "content_policy_violation"}}).kind is K.AUTHENTICATION


@pytest.mark.parametrize(
    ("body", "message", "code", "param"),
    [
        ({"error": {"message": "m", "type": "t", "param": "p", "code": "c"}}, "m", "c", "p"),
        ({"error": {"message": "m", "type": "t", "param": None, "code": None}}, "m", "t", ""),
        ({"error": {"message": "m", "code": 400}}, "m", "", ""),
        ({"error": {"message": "m", "code": "401"}}, "m", "", ""),
        ({"error": {"message": "m", "code": "1211"}}, "m", "1211", ""),
        ({"error": "m"}, "m", "", ""),
        ({"detail": "m"}, "m", "", ""),
        ({"detail": [{"loc": ["body", "n"], "msg": "too big"}]}, "body.n: too big", "", ""),
        ({"statusCode": 404, "message": "m"}, "m", "", ""),
        ({"object": "error", "message": "m", "type": "BadRequestError", "param": None, "code": 400}, "m", "BadRequestError", ""),
        ([{"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}}], "m", "", ""),
        ("m", "m", "", ""),
        (b"plain words", "plain words", "", ""),
    ],
)  # fmt: skip
def test_every_shape_of_error_is_read(body: object, message: str, code: str, param: str) -> None:
    """OpenAI's, FastAPI's, Azure's gateway's, vLLM's, Google's, and none at all."""
    failure = read(400, body)
    assert (failure.message, failure.code, failure.param) == (message, code, param)


@pytest.mark.parametrize("body", [b"", b"<html><body>502</body></html>", b"[]", b"1", b"{}", b"\xff\xfe"])
def test_an_error_that_says_nothing_has_a_message(body: bytes) -> None:
    """The status is in it; no page of a proxy is passed on."""
    failure = read(502, body)
    assert failure.message
    assert "<html" not in failure.message


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"message": "Please try again in 20s."}}, 20),
        ({"error": {"message": "Please try again in 6m1.5s."}}, 361.5),
        ({"error": {"message": "Please try again in 250ms."}}, 0.25),
        ({"error": {"message": "x", "retry_after": 3}}, 3),
        ({"error": {"message": "try again in a while"}}, None),
    ],
)  # fmt: skip
def test_how_long_to_wait_is_read(body: object, seconds: float | None) -> None:
    """From the words of OpenAI and Groq, or a member."""
    assert read(429, body).retry_after == seconds


def test_an_error_inside_a_good_answer_is_found() -> None:
    """Azure's prompt filter comes with HTTP 200 (recorded), MiniMax's errors always do."""
    azure: dict[str, object] = {"error": {"message": "filtered", "code": "content_filter", "status": 400}}
    assert failure_inside(azure) == Failure(
        kind=K.CONTENT_POLICY, status=400, message="filtered", code="content_filter"
    )
    assert failure_inside({"base_resp": {"status_code": 0}, "choices": []}) is None
    assert failure_inside({"choices": [], "error": None}) is None
    assert failure_inside({"choices": []}) is None


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        (K.AUTHENTICATION, 401, "authentication_error"), (K.PERMISSION, 403, "permission_error"),
        (K.RATE_LIMIT, 429, "rate_limit_error"), (K.NOT_FOUND, 404, "invalid_request_error"),
        (K.CONTEXT_WINDOW, 400, "invalid_request_error"), (K.INTERNAL, 500, "internal_server_error"),
    ],
)  # fmt: skip
def test_clients_read_litellms_form(kind: K, status: int, word: str) -> None:
    """`code` is a string: the provider's own, or the status."""
    failure = Failure(kind=kind, status=status, message="m")
    assert CODEC.encode_failure(failure) == {
        "error": {"message": "m", "type": word, "param": None, "code": str(status)}
    }
    failure.code, failure.param = "own", "messages"
    assert CODEC.encode_failure(failure) == {
        "error": {"message": "m", "type": word, "param": "messages", "code": "own"}
    }


@given(st.binary(max_size=80), st.integers(100, 599))
def test_no_bytes_raise(body: bytes, status: int) -> None:
    """Whatever a proxy on the way makes of it."""
    assert CODEC.decode_failure(status, body).message
