"""What went wrong, what the client reads of it, and whether to try on."""

from __future__ import annotations

import json

import pytest

from trunkline.pipeline.failures import from_answer, from_failure, malformed, named
from trunkline.upstream import Kind, UpstreamFailure

SHAPED = b'{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}'


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_failure_has_an_answer(kind: Kind) -> None:
    """Each gives a status of LiteLLM's for it and a body in OpenAI's shape that names the class."""
    trouble = from_failure(UpstreamFailure(kind, "why"), "acme_ai")
    assert trouble.status in (408, 502, 503)
    error = json.loads(trouble.answer_body())["error"]
    assert error["code"] == str(trouble.status)
    assert error["message"].startswith("litellm.")
    assert error["message"].endswith("AcmeAiException - why")
    assert trouble.provider_status == 0


@pytest.mark.parametrize(
    ("kind", "same", "other"),
    [
        (Kind.CONNECT, True, True),
        (Kind.RESET, True, True),
        (Kind.TRUNCATED, True, True),
        (Kind.IDLE_TIMEOUT, True, True),
        (Kind.TLS, False, True),
        (Kind.PROTOCOL, False, True),
        (Kind.UNAVAILABLE, False, True),
        (Kind.TOTAL_TIMEOUT, False, False),
    ],
)
def test_where_to_try_again(kind: Kind, same: bool, other: bool) -> None:
    """A bad certificate is not tried again at the same place; a call whose time is up is not tried again at all."""
    trouble = from_failure(UpstreamFailure(kind, ""), "acme")
    assert (trouble.same_place, trouble.other_place) == (same, other)


@pytest.mark.parametrize(
    ("status", "same", "other"),
    [
        (400, False, False), (401, False, True), (402, False, True), (403, False, True), (404, False, True),
        (408, True, True), (409, True, True), (413, False, False), (422, False, False), (429, True, True),
        (500, True, True), (502, True, True), (503, True, True), (529, True, True),
    ],
)  # fmt: skip
def test_which_statuses_are_tried_again(status: int, same: bool, other: bool) -> None:
    """LiteLLM's rule: 408, 409, 429 and 5xx anywhere; 401 to 404 at another deployment; a bad request nowhere."""
    trouble = from_answer(status, SHAPED, "acme")
    assert (trouble.same_place, trouble.other_place, trouble.status) == (same, other, status)
    assert trouble.provider_status == status


def test_a_body_in_the_clients_shape_passes_as_it_is() -> None:
    """The provider's own words and codes reach the client byte for byte."""
    assert from_answer(429, SHAPED, "acme").answer_body() == SHAPED


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"message":"no such thing"}', "no such thing"),
        (b'{"detail":"forbidden"}', "forbidden"),
        (b'{"error":"plain"}', "plain"),
        (b"<html>bad gateway</html>", "the provider answered 502"),
        (b"", "the provider answered 502"),
        (b"[1]", "the provider answered 502"),
        (b'{"error":{"message":5}}', "the provider answered 502"),
        (b"\xff", "the provider answered 502"),
        (b"[" * 100_000, "the provider answered 502"),
    ],
)
def test_other_bodies_are_put_into_it(body: bytes, text: str) -> None:
    """What has another shape, or none, becomes LiteLLM's error with the text that could be found."""
    error = json.loads(from_answer(502, body, "acme").answer_body())["error"]
    assert error == {
        "message": f"litellm.BadGatewayError: AcmeException - {text}", "type": "internal_server_error",
        "param": None, "code": "502",
    }  # fmt: skip


def test_classes_by_status() -> None:
    """LiteLLM's class and type for statuses it knows and for others."""
    assert named(401, "a_b", "x") == ("litellm.AuthenticationError: ABException - x", "authentication_error")
    assert named(403, "a", "x")[1] == "permission_error"
    assert named(429, "a", "x")[1] == "rate_limit_error"
    assert named(418, "a", "x") == ("litellm.BadRequestError: AException - x", "invalid_request_error")
    assert named(599, "a", "x")[1] == "internal_server_error"


def test_a_false_success_is_our_502() -> None:
    """An answer that claims success and is none goes to another place, not to the same one."""
    trouble = malformed("acme", 200, "no JSON")
    assert (trouble.status, trouble.provider_status, trouble.same_place, trouble.other_place) == (502, 200, False, True)
