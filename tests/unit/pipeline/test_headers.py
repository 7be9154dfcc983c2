"""Headers of an answer: nothing from outside can end a line, and what is between two peers stays there."""

from __future__ import annotations

import pytest

from tests.unit.pipeline.parts import deployment
from trunkline.config.snapshot import Replacement
from trunkline.pipeline.headers import MAX_PASSED_BYTES, provider_block
from trunkline.pipeline.heads import header_value, request_head
from trunkline.pipeline.state import _answer_block

NASTY = "m\r\nx-injected: 1\n\0\x7f\x1b[31m\u2028é"


def test_a_model_name_cannot_end_a_header_line() -> None:
    """H02: CR, LF, NUL, escapes and non-ASCII in a name are percent-encoded."""
    value = header_value(NASTY)
    assert value.isascii()
    assert not any(byte < 0x20 or byte == 0x7F for byte in value)
    assert value.startswith(b"m%0D%0Ax-injected: 1%0A%00%7F%1B[31m")
    assert header_value("plain/model:1 b") == b"plain/model:1 b"
    assert header_value("lone \ud800") == b"lone ?"


def test_headers_of_a_deployment_are_one_line_each() -> None:
    """H03: id, model and a replaced model's names come from the config and are encoded as well."""
    gone = Replacement(retired="old\r\nx: 1", successor="new", since="2026-01-01", source="")
    block = _answer_block(deployment(id="id\nx", litellm_model="p/m\r", replacement=gone), "http://h")
    lines = block.removesuffix(b"\r\n").split(b"\r\n")
    assert [line.split(b":")[0].decode() for line in lines] == [
        "x-litellm-model-id", "x-litellm-model-name", "x-litellm-model-api-base", "x-litellm-version",
        "x-trunkline-model-replaced",
    ]  # fmt: skip
    assert b"\n" not in b"".join(lines)


def test_the_request_head_names_host_and_key() -> None:
    """Host with a port that is not the scheme's own, the provider's key, and a model in the path."""
    head = request_head(deployment(model="gpt-x"), "/openai/deployments/{model}/chat/completions?api-version=1")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /openai/deployments/gpt-x/chat/completions?api-version=1 HTTP/1.1"
    assert "host: 127.0.0.1:8080" in lines
    assert "authorization: Bearer sk-provider" in lines
    assert lines[-1] == "content-length: "


@pytest.mark.parametrize(
    "name",
    [
        "set-cookie", "connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive", "te",
        "trailer", "upgrade", "proxy-authenticate", "server", "date", "via", "strict-transport-security",
        "x-litellm-call-id", "x-litellm-response-cost", "x-trunkline-losses", "llm_provider-x",
    ],
)  # fmt: skip
def test_held_back(name: str) -> None:
    """U19: hop-by-hop headers, cookies, and a gateway's own accounting never reach the client."""
    assert provider_block({name.encode(): b"v"}) == b""


def test_passed_on() -> None:
    """Provider headers come with LiteLLM's prefix; those that SDKs read also under their own name."""
    block = provider_block({b"x-request-id": b"r1", b"x-own": b"2", b"x-ratelimit-remaining-tokens": b"9"})
    assert block == (
        b"llm_provider-x-request-id: r1\r\nx-request-id: r1\r\nllm_provider-x-own: 2\r\n"
        b"llm_provider-x-ratelimit-remaining-tokens: 9\r\nx-ratelimit-remaining-tokens: 9\r\n"
    )


def test_what_connection_names_is_hop_by_hop() -> None:
    """RFC 9110, 7.6.1: a header named in `Connection` is for the next hop only."""
    assert b"x-hop" not in provider_block({b"connection": b"close, X-Hop", b"x-hop": b"1", b"x-own": b"2"})


def test_no_flood() -> None:
    """Too many headers, or too many bytes of them, are cut off."""
    assert provider_block({b"x-%d" % n: b"v" for n in range(500)}).count(b"\r\n") <= 100
    assert len(provider_block({b"x-%d" % n: b"v" * 4000 for n in range(20)})) <= MAX_PASSED_BYTES
