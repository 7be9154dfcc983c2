"""A browser that signed in at `/ui`, remembered by a signed cookie.

The cookie holds an expiry and a signature, never the key. The signing key is derived from the master key, so every
worker can check it, nothing is stored, and a new master key ends all sessions. It goes to `/trunkline/*` alone
(`Path`) and is good for reading there; whatever changes something asks for the key itself, so that no page of another
origin has anything to gain from a browser that is signed in.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence
from typing import Final

from trunkline.access.refusal import Refusal
from trunkline.admin.gateway import Gateway

Headers = Sequence[tuple[bytes, bytes]]

COOKIE: Final = "trunkline_session"
PATH: Final = "/trunkline"
LIFE_SECONDS: Final = 12 * 3600
_PURPOSE: Final = b"trunkline /ui session 1"
_LONGEST_EXPIRY: Final = 12
"""Digits: Python refuses to read numbers of thousands."""


def token(gateway: Gateway, expiry: int) -> str:
    """A session until `expiry`, seconds since 1970. Without a master key there is nothing to sign with, or to guard."""
    return f"{expiry}.{_signature(gateway, str(expiry)) or ''}"


def check(gateway: Gateway, headers: Headers, refused: Refusal) -> Refusal | None:
    """`refused`, which a caller without a key got, unless it brings the cookie of a session that lives."""
    return None if admits(gateway, headers, time.time()) else refused


def admits(gateway: Gateway, headers: Headers, now: float) -> bool:
    """Whether the request brings such a cookie. `now`: seconds since 1970."""
    expiry, _, given = _cookie(headers).partition(".")
    if not (expiry.isascii() and expiry.isdigit()) or len(expiry) > _LONGEST_EXPIRY:
        return False
    expected = _signature(gateway, expiry)
    if expected is None or not hmac.compare_digest(expected.encode(), given.encode()):
        return False
    return int(expiry) > now


def _signature(gateway: Gateway, text: str) -> str | None:
    master = gateway.snapshot.master_key
    if master is None:
        return None
    derived = hmac.digest(master.reveal().encode(), _PURPOSE, "sha256")
    return hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()


def _cookie(headers: Headers) -> str:
    """Our cookie's value. Two different ones are none: another program on this host may have planted the second."""
    found = {
        value.strip()
        for name, line in headers
        if name == b"cookie"
        for pair in line.decode("latin-1").split(";")
        for named, _, value in [pair.partition("=")]
        if named.strip() == COOKIE
    }
    return found.pop() if len(found) == 1 else ""
