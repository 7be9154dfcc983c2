"""A request's head: is it well formed, and what does it say of the call."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from trunkline.access import Principal, Refusal, refusal
from trunkline.pipeline.state import State
from trunkline.pipeline.surface import Arrival, Surface
from trunkline.pipeline.voice import refusal_body
from trunkline.wire.headers import PASSED_HEADERS

Headers = list[tuple[bytes, bytes]]

_HOST: Final = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::\d{0,5})?")
"""RFC 3986, 3.2: host and port, no user information, no path."""
_BAD_VALUE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def host_trouble(headers: Headers, http_version: str) -> str | None:
    """Why the Host header is not acceptable (RFC 9112, 3.2: missing, doubled or malformed is answered with 400)."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1:
        return "more than one Host header"
    if not hosts:
        return "no Host header" if http_version == "1.1" else None
    if not _HOST.fullmatch(hosts[0].strip()):
        return "a malformed Host header"
    return None


def framing_trouble(headers: Headers, http_version: str) -> str | None:
    """Why it is not certain where the message ends (RFC 9112, 6.1 and 6.3): what a proxy might read differently."""
    if http_version not in ("1.0", "1.1"):
        return "an HTTP version other than 1.0 and 1.1"
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if not codings:
        return None
    if http_version == "1.0":
        return "Transfer-Encoding in HTTP/1.0"
    if codings != [b"chunked"]:
        return "a Transfer-Encoding other than `chunked`"
    if any(name == b"content-length" for name, _ in headers):
        return "both Transfer-Encoding and Content-Length"
    return None


def arrival(
    state: State,
    surface: Surface,
    path_model: str | None,
    headers: Headers,
    query: bytes,
    *,
    keep_alive: bool,
    http10: bool,
) -> Arrival | Refusal:
    """Check the caller and read what the head says of the call."""
    found = _checked(state, surface, path_model, headers, query, keep_alive=keep_alive, http10=http10)
    return replace(found, body=refusal_body(surface, found)) if isinstance(found, Refusal) else found


def _checked(
    state: State,
    surface: Surface,
    path_model: str | None,
    headers: Headers,
    query: bytes,
    *,
    keep_alive: bool,
    http10: bool,
) -> Arrival | Refusal:
    caller = state.gate.check(headers, query)
    if isinstance(caller, Refusal):
        return caller
    encoding = _value(headers, b"content-encoding")
    if encoding and encoding.lower() != "identity":
        return refusal(
            415, f"Content-Encoding `{encoding[:40]}` is not taken: send the body as it is.", "invalid_request_error"
        )
    return _arrival(caller, surface, path_model, headers, keep_alive=keep_alive, http10=http10)


def _arrival(
    caller: Principal, surface: Surface, path_model: str | None, headers: Headers, *, keep_alive: bool, http10: bool
) -> Arrival:
    retries = _value(headers, b"x-litellm-num-retries")
    return Arrival(
        surface=surface,
        key_hash=caller.key_hash,
        path_model=path_model,
        user_agent=_value(headers, b"user-agent")[:200],
        client_call_id=_value(headers, b"x-litellm-call-id")[:128],
        timeout=_seconds(_value(headers, b"x-litellm-timeout")),
        stream_timeout=_seconds(_value(headers, b"x-litellm-stream-timeout")),
        num_retries=min(int(retries), 10) if retries.isdecimal() and len(retries) < 6 else None,
        strict=_value(headers, b"x-trunkline-strict").lower() in ("true", "1"),
        content_type=_value(headers, b"content-type")[:300] if surface.body == "multipart" else "",
        passed=tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in headers
            if name in PASSED_HEADERS and not _BAD_VALUE.search(value)
        ),
        keep_alive=keep_alive,
        http10=http10,
        notice=caller.notice,
    )


def _value(headers: Headers, name: bytes) -> str:
    for found, value in headers:
        if found == name:
            return _BAD_VALUE.sub(b"", value).decode("latin-1")
    return ""


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < 86400 else None


def content_length(headers: Headers) -> int | None:
    """The declared length of the body, `None` where there is none. The parser has refused bad and doubled ones."""
    for name, value in headers:
        if name == b"content-length":
            return int(value)
    return None
