"""What lies inside what in a Responses `usage` object, in one place.

    input_tokens                                  all of the input
      input_tokens_details.cached_tokens          of it, read from the cache
      input_tokens_details.cache_write_tokens     of it, written to the cache (models since gpt-5.6)
    output_tokens                                 all of the output
      output_tokens_details.reasoning_tokens      of it, reasoning
    total_tokens                                  the two totals added up

So says OpenAI (platform.openai.com/docs/api-reference/responses/object#responses/object-usage); xAI counts the same way
on this API, unlike on its chat API (providers.md, fact 4 and table C), and so do the other hosts in the recordings.
Web searches stand beside, in the answer's `tool_usage.web_search.num_requests`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses.shape import is_object

MAX_PLAUSIBLE: Final = 100_000_000
"""Tokens of one call; more is a slip, and never becomes a bill."""


def read_usage(value: object, tool_usage: object = None) -> Usage | None:
    """The normal form of a `usage` object; `None` where there is none, or one that cannot be true."""
    if not is_object(value):
        return None
    into, out = _count(value.get("input_tokens")), _count(value.get("output_tokens"))
    inside, produced = _details(value, "input_tokens_details"), _details(value, "output_tokens_details")
    read, written = _detail(inside, "cached_tokens"), _detail(inside, "cache_write_tokens")
    reasoning = _detail(produced, "reasoning_tokens")
    if into is None or out is None or read is None or written is None or reasoning is None:
        return None
    if read + written > into:
        into += read + written  # a host that counts them beside
    if reasoning > out:
        out += reasoning
    return Usage(
        input_total=into,
        output_total=out,
        cache_read=read,
        cache_write=written,
        reasoning=reasoning,
        web_searches=_searches(tool_usage),
    )


def _details(value: Mapping[str, object], name: str) -> Mapping[str, object]:
    details = value.get(name)
    return details if is_object(details) else {}


def _detail(details: Mapping[str, object], name: str) -> int | None:
    value = details.get(name)
    return 0 if value is None else _count(value)


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PLAUSIBLE:
        return None
    return value


def _searches(tool_usage: object) -> int:
    if not is_object(tool_usage):
        return 0
    search = tool_usage.get("web_search")
    return (_count(search.get("num_requests")) or 0) if is_object(search) else 0


def write_usage(usage: Usage) -> Members:
    """The `usage` object for a client; every member that the official client demands."""
    return {
        "input_tokens": usage.input_total,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output_total,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input_total + usage.output_total,
    }
