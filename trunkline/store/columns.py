"""Names that the shipper needs without SQLAlchemy, which would double its memory (52 MiB instead of 26).

`tests/unit/store/test_tables.py` holds them against the tables themselves.
"""

from __future__ import annotations

from typing import Final

HEAD: Final = "0004"
"""The revision of the tables that this version reads and writes."""

REVISION_TABLE: Final = "trunkline_revision"
"""Not Alembic's default `alembic_version`: an application in the same database may have its own."""

LOG_COLUMNS: Final = (
    "request_id", "start_time", "end_time", "completion_start_time", "created_at", "request_duration_ms", "call_type",
    "model_group", "model", "model_id", "provider", "api_base", "stream", "status", "outcome", "http_status", "error",
    "api_key", "end_user", "requester_ip_address", "usage_source", "prompt_tokens", "completion_tokens",
    "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "audio_input_tokens", "audio_output_tokens",
    "cost_input_pico", "cost_output_pico", "cost_cache_read_pico", "cost_cache_write_pico", "cost_other_pico",
    "spend_pico", "price_version", "attempts", "provider_request_id", "config_version", "client_call_id",
    "user_agent", "finish_reason", "metadata",
)  # fmt: skip
"""What the shipper writes of a row of `litellm_request_logs`, in this order; the rest has defaults or is generated."""

ATTEMPT_COLUMNS: Final = (
    "request_id", "number", "start_time", "duration_ms", "model", "model_id", "provider", "api_base", "http_status",
    "error", "usage_source", "prompt_tokens", "completion_tokens", "spend_pico", "price_version",
)  # fmt: skip

ROLLUP_KEY: Final = ("bucket_start", "model_group", "model", "provider", "api_key", "status")

ROLLUP_SUMS: Final = (
    "calls", "prompt_tokens", "completion_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
    "audio_input_tokens", "audio_output_tokens", "spend_pico", "duration_ms", "first_byte_ms", "first_byte_calls",
    "unpriced_calls",
)  # fmt: skip

BUCKET_SECONDS: Final = 900
"""A day at +05:30 or +05:45 is a whole number of these, not of hours."""
