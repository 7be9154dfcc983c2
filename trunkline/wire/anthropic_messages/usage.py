"""Anthropic's usage object and the normal form.

What lies inside what (providers.md Table C, checked against recorded answers): `input_tokens` is what was neither read
from the cache nor written to it, so `cache_read_input_tokens` and `cache_creation_input_tokens` come on top;
`cache_creation` splits the latter by how long it is kept; `output_tokens` includes thinking, of which
`output_tokens_details.thinking_tokens` tells. Entries of `iterations[]` of the types `compaction` and
`advisor_message` are consumed too and lie outside all of these (the SDK's `BetaUsage`; recorded: 1128 + 1354 = 2482
input tokens of two `message` entries, beside 2564 of the advisor). The advisor is another model with a price of its
own, which the normal form cannot say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members

MAX_PLAUSIBLE: Final = 100_000_000
"""Tokens of one call; more is a slip, and none of the numbers is believed then."""
_OUTSIDE: Final = ("compaction", "advisor_message")


class _Lie(Exception):
    """A count that cannot be true."""


def read_usage(value: object) -> Usage | None:
    """The usage in the normal form; `None` where there is none, or one that cannot be true."""
    if not isinstance(value, dict):
        return None
    try:
        return _read(value)
    except _Lie:
        return None


def _read(value: Mapping[str, object]) -> Usage:
    if value.get("input_tokens") is None or value.get("output_tokens") is None:
        raise _Lie
    uncached, read, write, long, output = _counts(value)
    iterations = value.get("iterations")
    if isinstance(iterations, list):
        for entry in iterations:
            if isinstance(entry, dict) and entry.get("type") in _OUTSIDE:
                more = _counts(entry)
                uncached, read, write = uncached + more[0], read + more[1], write + more[2]
                long, output = long + more[3], output + more[4]
    total = uncached + read + write
    if total > MAX_PLAUSIBLE or output > MAX_PLAUSIBLE:
        raise _Lie
    reasoning = searches = 0
    if isinstance(details := value.get("output_tokens_details"), dict):
        reasoning = min(_count(details.get("thinking_tokens")), output)
    if isinstance(tools := value.get("server_tool_use"), dict):
        searches = _count(tools.get("web_search_requests"))
    return Usage(total, output, read, write, reasoning, cache_write_long=long, web_searches=searches)


def _counts(value: Mapping[str, object]) -> tuple[int, int, int, int, int]:
    """Uncached input, cache reads, cache writes, of these for an hour, output."""
    get = value.get
    uncached, output, read = get("input_tokens"), get("output_tokens"), get("cache_read_input_tokens")
    write, split, long = get("cache_creation_input_tokens"), get("cache_creation"), 0
    # `_count` inline: four calls fewer.
    if type(uncached) is not int or not 0 <= uncached <= MAX_PLAUSIBLE:
        uncached = _count(uncached)
    if type(output) is not int or not 0 <= output <= MAX_PLAUSIBLE:
        output = _count(output)
    if type(read) is not int or not 0 <= read <= MAX_PLAUSIBLE:
        read = _count(read)
    if isinstance(split, dict):
        long, short = _count(split.get("ephemeral_1h_input_tokens")), _count(split.get("ephemeral_5m_input_tokens"))
        if write is None:
            write = long + short
    if type(write) is not int or not 0 <= write <= MAX_PLAUSIBLE:
        write = _count(write)
    # A stream's first split stays when a later total replaces the first one.
    return uncached, read, write, long if long < write else write, output  # noqa: FURB136 - min() is a call


def _count(count: object) -> int:
    if type(count) is int and 0 <= count <= MAX_PLAUSIBLE:
        return count
    if count is None:
        return 0
    raise _Lie


def write_usage(usage: Usage | None) -> Members:
    """The usage object of an answer; zeros where nothing is known, for clients need the two totals."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    written: Members = {
        "input_tokens": max(usage.input_total - usage.cache_read - usage.cache_write, 0),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": max(usage.cache_write - usage.cache_write_long, 0),
            "ephemeral_1h_input_tokens": usage.cache_write_long,
        },
        "output_tokens": usage.output_total,
    }
    if usage.reasoning:
        written["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    if usage.web_searches:
        written["server_tool_use"] = {"web_search_requests": usage.web_searches, "web_fetch_requests": 0}
    return written
