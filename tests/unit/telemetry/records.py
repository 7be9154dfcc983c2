"""Records of calls, and pipes to read log lines from."""

from __future__ import annotations

from typing import Any

import msgspec

from trunkline.ledger.record import CallRecord

GOOD = CallRecord(
    request_id="019a-call",
    started_us=1_790_000_000_123_456,
    duration_us=1_240_000,
    first_byte_us=310_000,
    call_type="acompletion",
    model_group="large",
    model="acme-large-2",
    model_id="large-1",
    provider="acme",
    api_base="https://api.example.com",
    stream=True,
    status="success",
    outcome="ok",
    http_status=200,
    error="",
    api_key="5e884898da28047151d0e56f8dc62927",
    end_user="alice@example.com",
    requester_ip="192.0.2.1",
    usage_source="provider",
    input_total=812,
    output_total=120,
    cache_read=12,
    cache_write=0,
    reasoning=0,
    audio_in=0,
    audio_out=0,
    cost_input=2_000_000_000,
    cost_output=1_200_000_001,
    cost_cache_read=0,
    cost_cache_write=0,
    cost_other=0,
    cost=3_200_000_001,
    price_version="00aa11bb22cc33dd",
    attempts=1,
    provider_request_id="",
    config_version="0123456789ab",
    client_call_id="",
    user_agent="test",
    finish_reason="stop",
)


def good(**changes: Any) -> CallRecord:
    """A call that went well, with changes."""
    return msgspec.structs.replace(GOOD, **changes)


def bad(**changes: Any) -> CallRecord:
    """A call that failed, with changes."""
    return good(**{"status": "failure", "outcome": "upstream_error", "http_status": 502, "error": "no"} | changes)
