"""Base URLs: what is taken apart, and what is refused before a key could go there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.providers.base_url import BaseUrlError, parse_base, path_segment, slot_value

GOOD = [
    ("https://api.openai.com/v1", ("https", "api.openai.com", 443, "/v1")),
    ("https://api.openai.com/v1/", ("https", "api.openai.com", 443, "/v1")),
    ("HTTPS://API.OpenAI.com", ("https", "api.openai.com", 443, "")),
    ("http://vllm_1:8000/v1/chat/completions", ("http", "vllm_1", 8000, "/v1")),
    ("http://localhost:8000/v1/embeddings/", ("http", "localhost", 8000, "/v1")),
    ("http://[::1]:8000/v1", ("http", "::1", 8000, "/v1")),
    ("http://[0:0::1]", ("http", "::1", 80, "")),
    ("http://10.0.0.1:80", ("http", "10.0.0.1", 80, "")),
    ("https://h/a%20b/@cf", ("https", "h", 443, "/a%20b/@cf")),
]

BAD = [
    "",
    "api.openai.com/v1",
    "ftp://host/v1",
    "file:///etc/passwd",
    "https://",
    "https://user:pw@host/v1",
    "https://api.openai.com@evil.example/v1",
    "https://host/v1?key=1",
    "https://host/v1#x",
    "https://host#@evil.example/",
    "https://host\\@evil.example/v1",
    "https://host/v1\\..\\x",
    "https://host/../v1",
    "https://host/./v1",
    "https://host//v1",
    "https://host/%2e%2e/v1",
    "https://host/a%2fb",
    "https://host/a%5cb",
    "https://host/a%00",
    "https://host/a%zz",
    "https://host/a b",
    "https://ho st/v1",
    "https://host\r\nx: y/v1",
    "https://hóst/v1",
    "https://-host/v1",
    "https://host..example/v1",
    "https://host.example./v1",
    "https://2130706433/v1",
    "https://0x7f.1/v1",
    "https://0177.0.0.1/v1",
    "https://127.1/v1",
    "https://1.2.3.4.5/v1",
    "https://[::1/v1",
    "https://[::1%25eth0]/v1",
    "https://[nonsense]/v1",
    "https://host:/v1",
    "https://host:0/v1",
    "https://host:65536/v1",
    "https://host:80:80/v1",
    "https://host:8o/v1",
]


@pytest.mark.parametrize(("text", "parts"), GOOD)
def test_good_base(text: str, parts: tuple[str, str, int, str]) -> None:
    """A base URL is taken apart, its host in lower case, its operation and last slash trimmed."""
    base = parse_base(text)
    assert (base.scheme, base.host, base.port, base.path) == parts


@pytest.mark.parametrize("text", BAD)
def test_bad_base(text: str) -> None:
    """Anything but an origin and a plain path is refused, with a reason that does not repeat the text."""
    with pytest.raises(BaseUrlError) as caught:
        parse_base(text)
    assert "evil" not in str(caught.value)
    assert "pw" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """No text does anything but parse or raise `BaseUrlError`, and what parses holds no trick."""
    try:
        base = parse_base("https://" + text)
    except BaseUrlError:
        return
    assert not set("@?#\\ \r\n") & set(base.host)
    assert ".." not in base.path.split("/")


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("gpt-4o", "gpt-4o"),
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("é", "%C3%A9"),
        ("..x", "..x"),
        ("a:b@c", "a%3Ab%40c"),
    ],
)
def test_path_segment(value: str, segment: str) -> None:
    """A name becomes one segment, whatever it holds (F03)."""
    assert path_segment(value) == segment


@pytest.mark.parametrize("value", ["", ".", "..", "a\nb", "a\x00"])
def test_path_segment_refuses(value: str) -> None:
    """Names that would move the path or break the line are refused (F03, F06)."""
    with pytest.raises(BaseUrlError):
        path_segment(value)


@pytest.mark.parametrize("value", ["127.0.0.1:80#", "a/b", "a@b", "", "-a", "a..b", "a?b", "a\\b"])
def test_slot_refuses(value: str) -> None:
    """An account or region that would steer the host is refused (Bifrost #7315)."""
    with pytest.raises(BaseUrlError):
        slot_value(value)


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("http://localhost:1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]", True),
        ("http://x.localhost", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
    ],
)
def test_loopback(text: str, loopback: bool) -> None:
    """Only this machine's own names and addresses are loopback."""
    assert parse_base(text).is_loopback is loopback
