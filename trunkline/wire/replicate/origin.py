"""Whether a URL that an answer named may be followed with the operator's token.

Only on the origin of the API that was asked: a poisoned answer must not send the token elsewhere, nor make the gateway
knock on doors inside (LiteLLM compares origins for the same reason, `llms/replicate/chat/transformation.py`).
"""

from __future__ import annotations

import re
from typing import Final

Origin = tuple[str, str, int]
"""Scheme, host, port."""

_URL: Final = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?:[/?].*)?", re.IGNORECASE)
"""What is not plainly this is no URL to follow: no user, no fragment, and (see below) printable ASCII only."""


def origin_of(url: str) -> Origin | None:
    """The origin of an absolute URL; `None` where it is none, or an odd one."""
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in ' "<>\\^`{|}#@'):
        return None
    found = _URL.fullmatch(url)
    if found is None:
        return None
    scheme = found[1].lower()
    port = int(found[3]) if found[3] else (443 if scheme == "https" else 80)
    return (scheme, found[2].lower(), port) if port < 65536 else None


def same_origin(url: object, base: Origin) -> bool:
    """The URL leads to where `base` is."""
    return isinstance(url, str) and origin_of(url) == base
