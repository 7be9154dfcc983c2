"""Converse's `usage`, both directions: the one place that says what lies inside what.

`inputTokens` counts what was neither read from nor written to the cache: `cacheReadInputTokens` and
`cacheWriteInputTokens` lie outside, and `totalTokens` is the sum of the four numbers. Seen in the recordings
(`ddtrace-bedrock-converse-stream-prompt-caching-0`: 11 + 236 + 1028 written = 1275). `outputTokens` holds the
reasoning; its size comes only where `additionalModelResponseFieldPaths` asks for `/usage/output_tokens_details`
(providers.md B6 and Table C). `cacheReadInputTokenCount` and `cacheWriteInputTokenCount` are older names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.ir.usage import Usage
from trunkline.wire.bedrock_converse.shape import Members

MAX_PLAUSIBLE: Final = 100_000_000
"""Tokens of one call; more is a slip."""


def decode_usage(value: object, fields: object = None) -> Usage | None:
    """The usage; `None` where it is missing or cannot be true. `fields`: `additionalModelResponseFields`."""
    if not isinstance(value, dict):
        return None
    uncached, output = _count(value, "inputTokens"), _count(value, "outputTokens")
    read = _count(value, "cacheReadInputTokens", "cacheReadInputTokenCount", missing=0)
    write = _count(value, "cacheWriteInputTokens", "cacheWriteInputTokenCount", missing=0)
    if uncached is None or output is None or read is None or write is None:
        return None
    cached = read + write
    inside = value.get("totalTokens") == uncached + output and 0 < cached <= uncached
    return Usage(
        input_total=uncached if inside else uncached + cached,
        output_total=output,
        cache_read=read,
        cache_write=write,
        reasoning=min(_reasoning(fields), output),
        cache_write_long=_long(value.get("cacheDetails"), write),
    )


def _count(value: Mapping[str, object], *names: str, missing: int | None = None) -> int | None:
    """The first of the counts that is there; `None` where it cannot be true."""
    for name in names:
        found = value.get(name)
        if found is not None:
            if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= MAX_PLAUSIBLE:
                return found
            return None
    return missing


def _reasoning(fields: object) -> int:
    match fields:
        case {"usage": {"output_tokens_details": {"thinking_tokens": int() as found}}} if found > 0:
            return int(found)
        case _:
            return 0


def _long(details: object, write: int) -> int:
    """Tokens that were written for an hour; 0 where the details do not add up."""
    by_ttl: dict[object, int] = {}
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            ttl = detail.get("ttl")
            by_ttl[ttl if isinstance(ttl, str) else ""] = _count(detail, "inputTokens", missing=0) or 0
    return by_ttl.get("1h", 0) if sum(by_ttl.values()) == write else 0


def encode_usage(usage: Usage) -> Members:
    """The usage for a client."""
    found: Members = {
        "inputTokens": usage.input_total - usage.cache_read - usage.cache_write,
        "outputTokens": usage.output_total,
        "totalTokens": usage.input_total + usage.output_total,
    }
    if usage.cache_read or usage.cache_write:
        found["cacheReadInputTokens"] = usage.cache_read
        found["cacheWriteInputTokens"] = usage.cache_write
    if usage.cache_write_long:
        short = usage.cache_write - usage.cache_write_long
        found["cacheDetails"] = [
            {"ttl": "1h", "inputTokens": usage.cache_write_long},
            *([{"ttl": "5m", "inputTokens": short}] if short else []),
        ]
    return found
