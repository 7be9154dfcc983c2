"""The records of the journal: what a worker writes and the shipper reads.

Frame on disk: `<II` length and CRC-32 of the payload, then the payload. The payload is one byte that
names the kind, then MessagePack: the fields in the order below, as an array. Fields are only ever added at
the end, with a default, so that a shipper reads the journals of the version before it.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

import msgspec

INTENT: Final = b"I"
CALL: Final = b"C"
PRICE: Final = b"P"
INTENT_CRC: Final = crc32(INTENT)
CALL_CRC: Final = crc32(CALL)
"""Where the checksum of a payload stands behind its kind byte."""

COUNTERS: Final = ("cache_write_long", "web_searches", "search_units", "images", "characters", "audio_ms")
"""What a usage counts beside the tokens that have fields of their own: the order of `CallRecord.counters`."""


class Intent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Written before a call leaves for a provider: whoever finds it without its `CallRecord` closes it."""

    request_id: str
    started_us: int
    """Wall clock, microseconds since 1970 UTC."""
    call_type: str
    model_group: str
    model: str
    model_id: str
    provider: str
    api_base: str
    stream: bool
    api_key: str
    """SHA-256 hex of the caller's key (LiteLLM's scheme)."""
    end_user: str
    attempt: int
    """1 for the first; a retry writes its own intent under the same request id."""
    estimated_input: int
    """Tokens, from the size of the body."""
    estimated_output: int
    """Tokens, what this deployment usually answers."""
    estimated_cost: int
    """Pico-USD of the two estimates."""
    price_version: str


class Attempt(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One attempt at a provider that was not the call's last."""

    number: int
    started_us: int
    duration_us: int
    model: str
    model_id: str
    provider: str
    api_base: str
    status: int
    """HTTP status of the provider, 0 where none came."""
    error: str
    usage_source: str
    input_total: int
    output_total: int
    cost: int
    """Pico-USD."""
    price_version: str


class CallRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One call, whole: the source of one row of `litellm_request_logs`."""

    request_id: str
    """Made by the server, sortable by time; the `x-litellm-call-id` header."""
    started_us: int
    duration_us: int
    first_byte_us: int
    """From the start to the first byte for the client, -1 where none was sent."""
    call_type: str
    """LiteLLM's: `acompletion`, `atext_completion`, `aembedding`."""
    model_group: str
    """What the client asked for."""
    model: str
    """What the provider said it was, else what was sent."""
    model_id: str
    provider: str
    api_base: str
    stream: bool
    status: str
    """`success` or `failure` (LiteLLM's two words)."""
    outcome: str
    """`ok`, `client_gone`, `upstream_error`, `stalled`, `truncated`, `timeout`, `refused`, `shutdown`, `unknown`."""
    http_status: int
    """What the client was told."""
    error: str
    api_key: str
    end_user: str
    requester_ip: str
    usage_source: str
    input_total: int
    output_total: int
    cache_read: int
    cache_write: int
    reasoning: int
    audio_in: int
    audio_out: int
    cost_input: int
    """Pico-USD, as all costs; uncached input."""
    cost_output: int
    cost_cache_read: int
    cost_cache_write: int
    cost_other: int
    """Searches, rerank queries, images, characters, seconds of audio, and the flat part."""
    cost: int
    """The sum of the five."""
    price_version: str
    """Empty where the model has no price: the row is `unpriced`, never silently free."""
    attempts: int
    """Attempts that left for a provider; 0 when the call was refused here."""
    provider_request_id: str
    config_version: str
    client_call_id: str
    """`x-litellm-call-id` of the request: kept, never used as our id (Bifrost #7303)."""
    user_agent: str
    finish_reason: str
    earlier: tuple[Attempt, ...] = ()
    counters: tuple[int, ...] = ()
    """By the names of `COUNTERS`; empty where all are 0."""


class PriceRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A price as it stood, written once per worker and version, so that any row can be recomputed."""

    version: str
    source: str
    rates_json: str
