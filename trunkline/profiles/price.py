"""What a token costs: exact integers, in pico-USD (1 USD = 10**12)."""

from __future__ import annotations

import msgspec

PICO_PER_USD = 10**12
"""One USD in pico-USD. The cheapest listed rate, 0.0025 USD per million tokens, is 2,500 per token."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Pico-USD per token by kind; `None` falls back as each field says."""

    input: int
    output: int
    cache_read: int | None = None
    """Else the input rate."""
    cache_write: int | None = None
    """Else the input rate."""
    reasoning: int | None = None
    """Else the output rate."""
    audio_in: int | None = None
    """Else the input rate."""
    audio_out: int | None = None
    """Else the output rate."""
    per_request: int = 0
    """Flat pico-USD per call."""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """The price of one model as it stood when a call was admitted."""

    version: str
    """First 16 hex digits of the SHA-256 over the canonical JSON of the rates: same rates, same version."""
    source: str
    """`config`, `price-file` or `genai-prices`, with the entry's name after a colon."""
    base: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    """(input tokens above which the whole call is charged at these rates, rates), ascending."""
