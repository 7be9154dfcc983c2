"""Cohere's usage object.

`usage.tokens` counts all that the model read and wrote, `usage.billed_units` what is paid for (the system's own
preamble is not), `usage.cached_tokens` lies inside `tokens.input_tokens`, `tokens.reasoning_tokens` inside
`tokens.output_tokens` (recorded: 1431 in, 1392 cached; 152 out, 145 of them reasoning). `tokens` is what is counted
here, as LiteLLM does; where it is missing, `billed_units` is. `tokens.image_tokens` lies inside `tokens.input_tokens`
for some models (recorded: 502 in, 259 of images, 265 billed) and outside for others (34 in, 259 of images, 267
billed): more billed than read says which.
"""

from __future__ import annotations

from typing import Final

from trunkline.ir.usage import Usage
from trunkline.wire.codec import Members
from trunkline.wire.cohere_chat.shapes import is_object

MAX_PLAUSIBLE: Final = 100_000_000
"""Tokens of one call; more is a slip."""


def read_usage(raw: object) -> Usage | None:
    """The normal form of a usage object; `None` where there is none, or one that cannot be true."""
    if not is_object(raw):
        return None
    tokens, billed = raw.get("tokens"), raw.get("billed_units")
    seen = tokens if is_object(tokens) else {}
    paid = billed if is_object(billed) else {}
    try:
        read, written = _count(seen, "input_tokens"), _count(seen, "output_tokens")
        paid_read, paid_written = _count(paid, "input_tokens"), _count(paid, "output_tokens")
        images, reasoning = _count(seen, "image_tokens") or 0, _count(seen, "reasoning_tokens") or 0
        cached, searches = _count(raw, "cached_tokens") or 0, _count(paid, "search_units") or 0
    except ValueError:
        return None
    if read is not None and paid_read is not None and paid_read > read:
        read += images
    read = paid_read if read is None else read
    written = paid_written if written is None else written
    if read is None and written is None:
        return None
    read, written = read or 0, written or 0
    return Usage(
        input_total=read,
        output_total=written,
        cache_read=min(cached, read),
        reasoning=min(reasoning, written),
        search_units=searches,
    )


def write_usage(usage: Usage) -> Members:
    """A usage object for a client; what is billed elsewhere is not known, so `billed_units` repeats the tokens."""
    tokens: Members = {"input_tokens": usage.input_total, "output_tokens": usage.output_total}
    billed: Members = dict(tokens)
    if usage.reasoning:
        tokens["reasoning_tokens"] = usage.reasoning
    if usage.search_units:
        billed["search_units"] = usage.search_units
    return {"billed_units": billed, "tokens": tokens, "cached_tokens": usage.cache_read}


def _count(members: Members, name: str) -> int | None:
    """A count; Cohere's own types say that it may be written as a float.

    Raises:
        ValueError: it cannot be true.
    """
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PLAUSIBLE:
        raise ValueError(name)
    return value
