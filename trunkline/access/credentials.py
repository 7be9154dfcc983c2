"""Who is calling: the key, from any header that LiteLLM takes it from, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from trunkline.access.refusal import Refusal, error_body
from trunkline.access.rotation import FormerKey
from trunkline.config.snapshot import Snapshot

KEY_HEADERS: Final = (
    b"x-litellm-api-key",
    b"authorization",
    b"api-key",
    b"x-api-key",
    b"x-goog-api-key",
    b"ocp-apim-subscription-key",
)
"""In order of precedence (litellm.md section 1; `x-litellm-api-key` leaves `Authorization` to the provider's own)."""

MAX_KEY_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a call belongs to."""

    key_hash: str
    """SHA-256 hex of the key, LiteLLM's `api_key` column."""
    role: str = "proxy_admin"
    notice: bytes = b""
    """Header lines for the answer: a former key is told when it ends."""


def hash_key(key: str) -> str:
    """LiteLLM's stored form of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class Gate:
    """Checks credentials against one snapshot.

    With no master key configured (loopback only) every caller is the administrator, as LiteLLM had it.
    """

    __slots__ = ("_digest", "_former", "_headers", "_on_former", "_open", "_principal")

    def __init__(
        self,
        snapshot: Snapshot,
        former: Sequence[FormerKey] = (),
        on_former: Callable[[FormerKey], None] | None = None,
    ) -> None:
        """`former` keys are let in until their end; `on_former` hears of each use."""
        key = snapshot.master_key
        self._open = key is None
        self._digest = hashlib.sha256(key.reveal().encode()).digest() if key is not None else b""
        self._principal = Principal(key_hash=self._digest.hex())
        self._former = tuple(former)
        self._on_former = on_former
        own = (snapshot.master_key_header.lower().encode(),) if snapshot.master_key_header else ()
        self._headers = own + KEY_HEADERS

    def check(self, headers: Sequence[tuple[bytes, bytes]], query: bytes = b"") -> Principal | Refusal:
        """Return the caller, or why not. `headers` have lower-case names; `query` may hold `key=` (Google's way)."""
        if self._open:
            return self._principal
        key = self._find(headers, query)
        if key is None:
            return NO_KEY
        # Both sides are hashed first: equal lengths, and no early exit to time (reliability A18).
        digest = hashlib.sha256(key).digest()
        if hmac.compare_digest(digest, self._digest):
            return self._principal
        found = self._find_former(digest)
        if found is None:
            return BAD_KEY
        if self._on_former is not None:
            self._on_former(found)
        return Principal(key_hash=found.digest.hex(), notice=found.notice)

    @property
    def has_former(self) -> bool:
        """Former keys are configured, ended or not."""
        return bool(self._former)

    def notice(self, headers: Sequence[tuple[bytes, bytes]], query: bytes = b"") -> bytes:
        """Header lines for the answer to this caller, who is checked and counted elsewhere."""
        key = self._find(headers, query)
        found = None if key is None else self._find_former(hashlib.sha256(key).digest())
        return b"" if found is None else found.notice

    def _find_former(self, digest: bytes) -> FormerKey | None:
        found = None
        for key in self._former:  # to the end, whichever fits: the time says nothing of which
            if hmac.compare_digest(digest, key.digest):
                found = key
        return found if found is not None and time.time() < found.until else None

    def _find(self, headers: Sequence[tuple[bytes, bytes]], query: bytes) -> bytes | None:
        given = dict(headers)
        for name in self._headers:
            value = given.get(name)
            if value:
                twice = any(found == name and other != value for found, other in headers)
                if twice or len(value) > MAX_KEY_BYTES:
                    return b""  # two different ones: whose call would it be? (reliability A07)
                bare = value.strip()
                return bare[7:].strip() if bare[:7].lower() == b"bearer " else bare
        if query:
            for field, text in parse_qsl(query.decode("latin-1")):
                if field == "key":
                    return text.encode("latin-1", "replace")
        return None


def _denied(message: str, kind: str) -> Refusal:
    body = error_body(message, kind, "None", 401)
    return Refusal(401, body, ((b"www-authenticate", b"Bearer"),), message)


NO_KEY: Final = _denied("Authentication Error, No api key passed in.", "auth_error")
BAD_KEY: Final = _denied(
    "Authentication Error, Invalid proxy server token passed. LiteLLM Virtual Key expected: the key must be a known"
    " one, expected to start with 'sk-'.",
    "token_not_found_in_db",
)
"""One body for every wrong key, and nothing of the key in it (LiteLLM #39787 echoed it)."""
