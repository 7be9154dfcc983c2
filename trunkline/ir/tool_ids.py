"""Tool-call ids for targets that restrict them.

`OpenAI 40 then 64 characters, Anthropic ^[a-zA-Z0-9_-]+$, Mistral exactly 9 alphanumerics` (fidelity.md failure 2).
The mapping is injective within what 160 bits of SHA-256 (or, for Mistral, 53 bits) can tell apart, deterministic,
stateless, and the identity on ids that are valid already; call and result go through the same function, so they pair.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

import msgspec

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class IdRule(msgspec.Struct, frozen=True):
    """Which ids a target takes."""

    pattern: str
    """Regular expression for the whole id."""
    prefix: str = "call_"
    length: int = 27
    """Characters behind the prefix that a mapped id has."""


ANTHROPIC: Final = IdRule(r"[a-zA-Z0-9_-]{1,256}", "toolu_")
OPENAI: Final = IdRule(r"[^\x00-\x1f]{1,64}")
BEDROCK: Final = IdRule(r"[a-zA-Z0-9_-]{1,64}", "tooluse_")
MISTRAL: Final = IdRule(r"[a-zA-Z0-9]{9}", "", 9)


def map_id(own: str, rule: IdRule) -> str:
    """`own` where the target takes it, else a name made from its hash."""
    if re.fullmatch(rule.pattern, own):
        return own
    number = int.from_bytes(sha256(own.encode("utf-8", "surrogatepass")).digest(), "big")
    digits: list[str] = []
    for _ in range(rule.length):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return rule.prefix + "".join(digits)
