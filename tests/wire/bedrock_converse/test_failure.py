"""Bedrock's errors, read and written."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.bedrock_converse.recorded import ERRORS, MISSING, RECORDINGS, Exchange, each
from trunkline.ir.failure import Failure, FailureKind
from trunkline.wire.bedrock_converse.codec import CODEC
from trunkline.wire.bedrock_converse.failure import error_type
from trunkline.wire.bedrock_converse.invoke import unwrap_invoke
from trunkline.wire.event_stream import FrameDecoder, Message


@each(ERRORS)
def test_recorded_errors(exchange: Exchange) -> None:
    """Their text is passed on, and they are the caller's fault or the key's."""
    failure = CODEC.decode_failure(exchange.status, json.dumps(exchange.body).encode())
    assert failure.message == exchange.body["message"]
    assert failure.kind in {FailureKind.INVALID_REQUEST, FailureKind.AUTHENTICATION, FailureKind.NOT_FOUND}


@pytest.mark.parametrize(
    ("status", "message", "kind", "for_client"),
    [
        (400, "Input is too long for requested model.", FailureKind.CONTEXT_WINDOW, 400),
        (400, "prompt is too long: 200001 tokens > 200000 maximum", FailureKind.CONTEXT_WINDOW, 400),
        (400, "Too many input tokens", FailureKind.CONTEXT_WINDOW, 400),
        (413, "expected maxLength: 1", FailureKind.CONTEXT_WINDOW, 400),
        (400, "Output blocked by content filtering policy", FailureKind.CONTENT_POLICY, 400),
        (400, "The provided model identifier is invalid.", FailureKind.NOT_FOUND, 404),
        (400, "Invocation of model ID x with on-demand throughput isn't supported.", FailureKind.INVALID_REQUEST, 400),
        (403, "The security token included in the request is expired", FailureKind.AUTHENTICATION, 401),
        (403, "You don't have access to the model with the specified model ID.", FailureKind.PERMISSION, 403),
        (404, "x", FailureKind.NOT_FOUND, 404),
        (408, "x", FailureKind.TIMEOUT, 408),
        (413, "x", FailureKind.TOO_LARGE, 413),
        (418, "x", FailureKind.INVALID_REQUEST, 418),
        (424, "The model broke", FailureKind.INTERNAL, 502),
        (429, "Too many tokens, please wait before trying again.", FailureKind.RATE_LIMIT, 429),
        (500, "x", FailureKind.INTERNAL, 500),
        (503, "Too many connections", FailureKind.UNAVAILABLE, 503),
        (529, "x", FailureKind.OVERLOADED, 529),
        (599, "x", FailureKind.INTERNAL, 599),
    ],
)
def test_kinds(status: int, message: str, kind: FailureKind, for_client: int) -> None:
    """By status, and by text where the status does not tell; a limit that says "tokens" is still a limit."""
    failure = CODEC.decode_failure(status, json.dumps({"message": message}).encode())
    assert (failure.kind, failure.status, failure.message) == (kind, for_client, message)


@pytest.mark.parametrize(
    "written",
    ["ThrottlingException", "com.amazon.coral.service#ThrottlingException", "ThrottlingException:http://internal/x"],
)
def test_the_type_in_the_body_counts_more_than_the_status(written: str) -> None:
    """In every way AWS writes it."""
    failure = CODEC.decode_failure(400, json.dumps({"__type": written, "Message": "m"}).encode())
    assert (failure.kind, failure.status, failure.code, failure.message) == (
        FailureKind.RATE_LIMIT, 429, "ThrottlingException", "m",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the provider answered 500"),
        (b"<html>Bad gateway</html>", "the provider answered 500"),
        (b"upstream request timeout", "upstream request timeout"),
        (b"[1]", "[1]"),
        (b"\xff\xfe", "��"),
        (b'{"message": 5}', "the provider answered 500"),
        (b'{"message": "m", "originalMessage": "why"}', "m (why)"),
        (b"[" * 100_000, "[" * 2000),
    ],
)
def test_any_body_will_do(body: bytes, message: str) -> None:
    """A proxy's page, nothing, no text at all."""
    assert CODEC.decode_failure(500, body).message == message


@given(st.integers(100, 999), st.binary(max_size=100))
def test_nothing_is_raised(status: int, body: bytes) -> None:
    """Whatever comes, it is a failure with a message and a status that is an error's."""
    failure = CODEC.decode_failure(status, body)
    assert failure.message
    assert 400 <= failure.status < 600


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_has_a_body_and_a_type(kind: FailureKind) -> None:
    """SDKs choose their exception by the type; read again, it is an error of the same side."""
    failure = Failure(kind=kind, status=500, message="m")
    body = CODEC.encode_failure(failure)
    assert body == {"message": "m", "__type": error_type(failure)}
    assert error_type(failure).endswith("Exception")


def test_a_type_of_bedrocks_own_is_kept() -> None:
    """The provider's word is passed on; another format's is not."""
    assert error_type(Failure(kind=FailureKind.TIMEOUT, status=408, message="m", code="ModelNotReadyException")) == (
        "ModelNotReadyException"
    )
    own = Failure(kind=FailureKind.RATE_LIMIT, status=429, message="m", code="rate_limit_exceeded")
    assert error_type(own) == "ThrottlingException"


INVOKED = sorted((RECORDINGS / "bedrock.invoke_with_response_stream").glob("*.json"))


@pytest.mark.parametrize("path", INVOKED or [pytest.param(None, marks=pytest.mark.skip(reason=MISSING))])
def test_recorded_invocations_are_unwrapped(path: Path) -> None:
    """Each chunk is the model's own event, as the recording has it decoded."""
    from base64 import b64decode

    response = json.loads(path.read_text())["response"]
    if "eventstream_b64" not in response:
        assert response["status"] >= 400
        return
    found = [unwrap_invoke(message) for message in FrameDecoder().feed(b64decode(response["eventstream_b64"]))]
    expected = [event["payload_bytes_json"] for event in response["events"]]
    assert [json.loads(event) for event in found if isinstance(event, bytes)] == expected


def test_invocations_that_are_none() -> None:
    """Exceptions and broken chunks are failures, other events are empty."""
    chunk = {":event-type": "chunk", ":message-type": "event"}
    assert unwrap_invoke(Message(chunk, json.dumps({"bytes": b64encode(b"{}").decode()}).encode())) == b"{}"
    assert unwrap_invoke(Message({":event-type": "other", ":message-type": "event"}, b"x")) == b""
    for payload in (b"", b"{}", b'{"bytes": 1}', b'{"bytes": "?"}', b"[]"):
        assert isinstance(unwrap_invoke(Message(chunk, payload)), Failure)
    headers = {":message-type": "exception", ":exception-type": "throttlingException"}
    failure = unwrap_invoke(Message(headers, b'{"message":"m"}'))
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.RATE_LIMIT
