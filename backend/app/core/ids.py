"""ULIDs: ids that sort by the time of their making."""

from __future__ import annotations

import re
import secrets
import time
from typing import Final

from backend.app.api.schemas.common import ULID_PATTERN

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_IS_ULID: Final = re.compile(ULID_PATTERN)


def new_id() -> str:
    """Return a new ULID: 48 bits of milliseconds, 80 random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def is_id(text: str) -> bool:
    """Whether it is a ULID as the API takes it."""
    return _IS_ULID.match(text) is not None
