"""What a token, a search or an image costs: exact integers, in pico-USD (1 USD = 10**12)."""

from __future__ import annotations

import msgspec

PICO_PER_USD = 10**12
"""One USD in pico-USD. The cheapest listed rate, 0.0025 USD per million tokens, is 2,500 per token."""


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """Pico-USD for what is counted in other things than tokens; 0 costs nothing."""

    web_search: int = 0
    """Per search that the provider ran."""
    search_call: int = 0
    """Per call that searched at all, however often (Gemini 2 and older: per grounded prompt)."""
    search_unit: int = 0
    """Per rerank query; Cohere counts a query with up to 100 documents as one."""
    image: int = 0
    """Per image made. Where its output tokens are counted and priced as well, the dearer of the two is charged."""
    image_token: int | None = None
    """Per output token (but reasoning) of a call that made images; else the output rate."""
    character: int = 0
    """Per character read aloud."""
    audio_hour: int = 0
    """Per hour listened to: what hosts list by the second and by the hour is both whole in this unit. Not charged
    where the same audio is counted in tokens that have a rate of their own."""


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
    cache_write_long: int | None = None
    """Of the tokens written: kept for an hour. Else the rate of the other writes."""
    units: Units | None = None


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """The price of one model as it stood when a call was admitted."""

    version: str
    """First 16 hex digits of the SHA-256 over the canonical JSON of the rates: same rates, same version."""
    source: str
    """`config`, `price-file` or `genai-prices`, with the entry's name after a colon."""
    base: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    """(input tokens above which the whole call is charged at these rates, rates), ascending."""
