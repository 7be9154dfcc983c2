"""What a call consumed, in the one normal form that prices and the ledger read."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class UsageSource(StrEnum):
    """Where the numbers of a `Usage` come from."""

    PROVIDER = "provider"
    """The provider's own count, from the answer the client got."""
    DRAINED = "drained"
    """The provider's own count, read after the client had gone."""
    ESTIMATED = "estimated"
    """Our estimate: the provider gave none, or none that can be true."""
    NONE = "none"
    """Nothing was consumed, as far as anybody can know."""


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Token counts of one attempt, all >= 0.

    `input_total` = uncached + `cache_read` + `cache_write`; `output_total` includes `reasoning`.
    Providers differ in what lies inside what; the mapping is each wire format's `usage.py`.
    """

    input_total: int = 0
    output_total: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    audio_in: int = 0
    audio_out: int = 0
    cache_write_long: int = 0
    """Of `cache_write`: kept for an hour, which costs more (Anthropic)."""
    web_searches: int = 0
    """Searches that the provider ran and bills by number."""
    search_units: int = 0
    """Rerank: what Cohere bills."""
    images: int = 0
    """Images made."""
    characters: int = 0
    """Speech: characters read aloud."""
    audio_ms: int = 0
    """Transcription: milliseconds listened to."""


NO_USAGE = Usage()
