"""Headers that belong to a format rather than to a connection."""

from __future__ import annotations

from typing import Final

PASSED_HEADERS: Final = frozenset({b"anthropic-beta", b"openai-beta"})
"""What a client of a format says to whoever serves it: goes on to a provider of the same format, and to no other.

An allow list (reliability F08): authentication, cookies, forwarding headers and the rest never leave with a call.
"""
