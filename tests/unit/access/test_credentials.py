"""Who is calling: the key is found in every header LiteLLM takes it from, and compared in constant time."""

from __future__ import annotations

import hmac
import json

import pytest

from tests.unit.pipeline.parts import snapshot
from trunkline.access import BAD_KEY, NO_KEY, Gate, Principal, Refusal, hash_key
from trunkline.access.credentials import KEY_HEADERS, MAX_KEY_BYTES
from trunkline.ir import Secret

KEY = "sk-right-0123456789abcdef"
GATE = Gate(snapshot(master_key=Secret(KEY)))


def check(*headers: tuple[str, str], query: str = "", gate: Gate = GATE) -> Principal | Refusal:
    """What the gate says to these headers."""
    return gate.check([(name.encode(), value.encode("latin-1")) for name, value in headers], query.encode())


@pytest.mark.parametrize("header", [name.decode() for name in KEY_HEADERS])
@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}", "BEARER   {}", "  {}  "])
def test_every_header_takes_the_key(header: str, form: str) -> None:
    """Each of LiteLLM's headers, with or without `Bearer` in any case."""
    assert check((header, form.format(KEY))) == Principal(key_hash=hash_key(KEY))


def test_there_are_six_headers_in_litellms_order() -> None:
    """`x-litellm-api-key` wins over `Authorization`, that over Azure's, Anthropic's, Google's and APIM's."""
    assert KEY_HEADERS == (
        b"x-litellm-api-key", b"authorization", b"api-key", b"x-api-key", b"x-goog-api-key",
        b"ocp-apim-subscription-key",
    )  # fmt: skip
    for at, first in enumerate(KEY_HEADERS):
        for second in KEY_HEADERS[at + 1 :]:
            assert check((second.decode(), "sk-other"), (first.decode(), KEY)) == Principal(key_hash=hash_key(KEY))
            assert check((second.decode(), KEY), (first.decode(), "sk-other")) is BAD_KEY


def test_the_configured_header_goes_first() -> None:
    """`litellm_key_header_name` is looked at before all others, the others still count."""
    gate = Gate(snapshot(master_key=Secret(KEY), master_key_header="X-Own-Key"))
    assert isinstance(check(("x-own-key", KEY), ("authorization", "Bearer sk-no"), gate=gate), Principal)
    assert check(("x-own-key", "sk-no"), ("authorization", f"Bearer {KEY}"), gate=gate) is BAD_KEY
    assert isinstance(check(("authorization", f"Bearer {KEY}"), gate=gate), Principal)
    assert check(("x-own-key", KEY)) is NO_KEY


def test_the_query_is_the_last_place() -> None:
    """Google's `?key=` is taken where no header holds a key."""
    assert isinstance(check(query=f"alt=sse&key={KEY}"), Principal)
    assert check(query="key=sk-wrong") is BAD_KEY
    assert check(("authorization", "Bearer sk-wrong"), query=f"key={KEY}") is BAD_KEY
    assert check(query="keys=1&key=") is NO_KEY


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "sk-righT-0123456789abcdef", KEY[:-1], KEY + "x", "é" * 20])
def test_anything_else_is_refused(value: str) -> None:
    """A key that is nearly right is wrong."""
    assert check(("authorization", value)) in (BAD_KEY, NO_KEY)


def test_a_header_that_comes_twice_must_say_the_same() -> None:
    """A07: two different keys in one header are refused, whichever comes first; the same one twice is one."""
    right, wrong = ("authorization", f"Bearer {KEY}"), ("authorization", "Bearer sk-no")
    assert check(right, wrong) is BAD_KEY
    assert check(wrong, right) is BAD_KEY
    assert check(right, right) == Principal(key_hash=hash_key(KEY))


def test_a_giant_key_is_not_hashed() -> None:
    """A megabyte in the header is refused without work on it."""
    assert check(("authorization", "Bearer " + "x" * MAX_KEY_BYTES)) is BAD_KEY


def test_without_a_master_key_everybody_is_let_in() -> None:
    """LiteLLM's rule for a gateway without a key (the listener allows it on loopback only)."""
    gate = Gate(snapshot())
    assert isinstance(check(gate=gate), Principal)
    assert isinstance(check(("authorization", "Bearer whatever"), gate=gate), Principal)


def test_the_comparison_is_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A18: keys are compared as digests of equal length by `hmac.compare_digest`, right or wrong."""
    seen: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        seen.append((len(a), len(b)))
        return real(a, b)

    monkeypatch.setattr("trunkline.access.credentials.hmac.compare_digest", compare)
    for key in (KEY, "s", "x" * 900):
        check(("authorization", f"Bearer {key}"))
    assert seen == [(32, 32)] * 3


def test_error_bodies_are_litellms() -> None:
    """Message, type, param and code as LiteLLM has them (litellm.md 1.3), and nothing of the key."""
    assert json.loads(NO_KEY.body) == {
        "error": {
            "message": "Authentication Error, No api key passed in.", "type": "auth_error", "param": "None",
            "code": "401",
        }
    }  # fmt: skip
    error = json.loads(BAD_KEY.body)["error"]
    assert "LiteLLM Virtual Key expected" in error["message"]
    assert "expected to start with 'sk-'" in error["message"]
    assert (error["type"], error["param"], error["code"]) == ("token_not_found_in_db", "None", "401")
    assert NO_KEY.status == BAD_KEY.status == 401


def test_the_hash_is_litellms() -> None:
    """SHA-256 in hex, so that imported keys keep working."""
    assert hash_key("sk-1234") == "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"
