"""Signature Version 4 over one request; no I/O.

Facts: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html; where that leaves
room, as botocore 1.44 does, which the tests compare with.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from trunkline.ir.secret import Secret

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_EMPTY: Final = sha256(b"").hexdigest()
_UNSIGNED: Final = frozenset(
    {
        "authorization", "baggage", "connection", "date", "expect", "host", "keep-alive",
        "proxy-authenticate", "proxy-authorization", "te", "traceparent", "tracestate", "trailer",
        "transfer-encoding", "upgrade", "user-agent", "x-amz-date", "x-amz-security-token", "x-amzn-trace-id",
    }
)  # fmt: skip
"""Headers that are not signed because a proxy may change them, and those that this module writes itself."""
_CONTENT_HASH: Final = "x-amz-content-sha256"


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """Keys of an account or of a session."""

    access_key: str
    secret_key: Secret
    token: Secret | None = None
    """Session token; temporary keys are worth nothing without it."""
    expires: float | None = None
    """Unix seconds; `None`: never."""
    renew: float | None = None
    """Unix seconds from when the source is asked again; `None`: some time before `expires`, or never."""


@lru_cache(64)
def _signing_key(secret_key: Secret, day: str, region: str, service: str) -> bytes:
    """The key of one day, region and service: four HMACs that need not be made for each request."""
    key = f"AWS4{secret_key.reveal()}".encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key


@lru_cache(1024)
def canonical_path(path: str) -> str:
    """The path as it is signed: without `.`, `..` and empty segments, and encoded once more than it is sent.

    `path` is as it stands in the request line, so `%3A` in a model's id becomes `%253A`.
    """
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in {"", "."}:
            kept.append(segment)
    joined = "/".join(kept)
    return quote(f"/{joined}/" if joined and path.endswith("/") else f"/{joined}", safe="/~")


def canonical_query(query: str) -> str:
    """The query as it is signed: sorted by name, then value. `query` is encoded already, without `?`."""
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)


@lru_cache(8)
def _timestamp(second: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))


def sign(
    *,
    method: str,
    host: str,
    path: str,
    query: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    service: str,
    region: str,
    credentials: AwsCredentials,
    now: float,
) -> tuple[tuple[str, str], ...]:
    """The headers to add to a request: `x-amz-date`, `x-amz-security-token` (with a session) and `authorization`.

    `host` is the `host` header, with its port where that is sent; `path` and `query` as they stand in the request
    line; `headers` the others that are sent, of which those are signed that may be; `now` in Unix seconds.
    """
    stamp = _timestamp(int(now))
    signed = {"host": host, "x-amz-date": stamp}
    added = [("x-amz-date", stamp)]
    if credentials.token is not None:
        token = credentials.token.reveal()
        signed["x-amz-security-token"] = token
        added.append(("x-amz-security-token", token))
    for name, value in headers:
        lowered = name.lower()
        if lowered not in _UNSIGNED:
            trimmed = " ".join(value.split())
            before = signed.get(lowered)
            signed[lowered] = trimmed if before is None else f"{before},{trimmed}"
    names = sorted(signed)
    listed = ";".join(names)
    digest = signed.get(_CONTENT_HASH) or (sha256(body).hexdigest() if body else _EMPTY)
    lines = "".join([f"{name}:{signed[name]}\n" for name in names])
    request = (
        f"{method.upper()}\n{canonical_path(path)}\n{canonical_query(query)}\n{lines}\n{listed}\n{digest}"
    )  # fmt: skip
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = _signing_key(credentials.secret_key, stamp[:8], region, service)
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    added.append(
        (
            "authorization",
            f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={listed}, Signature={signature}",
        )
    )
    return tuple(added)
