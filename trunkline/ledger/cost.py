"""What a call cost: whole pico-USD, exact, on the hot path."""

from __future__ import annotations

from typing import Final

import msgspec

from trunkline.ir import Usage
from trunkline.profiles.price import Price, Rates, Units

_PICO: Final = 10**12
_HOUR_MS: Final = 3_600_000
_HALF_HOUR_MS: Final = _HOUR_MS // 2
"""Added before the division: the one place where a cost is rounded, to the nearest pico-USD."""


class Cost(msgspec.Struct, frozen=True, gc=False):
    """Pico-USD by kind; `total` is their sum."""

    input: int
    """Tokens that came from no cache, audio among them."""
    output: int
    """Reasoning and audio among it."""
    cache_read: int
    cache_write: int
    other: int
    """Per call, search, rerank query, image, character and second of audio."""
    total: int


def cost(usage: Usage, price: Price) -> Cost:
    """Multiply counts by rates; the tier is chosen by `input_total` and holds for the whole call."""
    rates = price.base
    tokens = usage.input_total
    if price.tiers:
        for above, dearer in price.tiers:
            if tokens > above:
                rates = dearer
    if (
        usage.cache_read or usage.cache_write or usage.reasoning or usage.audio_in or usage.audio_out
        or (rates.units is not None and _counted(usage))
    ):  # fmt: skip
        return _split(usage, rates)
    paid_in = tokens * rates.input
    paid_out = usage.output_total * rates.output
    flat = rates.per_request
    return Cost(paid_in, paid_out, 0, 0, flat, paid_in + paid_out + flat)


def _counted(usage: Usage) -> int:
    return usage.web_searches or usage.search_units or usage.images or usage.characters or usage.audio_ms


def _split(usage: Usage, rates: Rates) -> Cost:
    read, write = usage.cache_read, usage.cache_write
    uncached = max(0, usage.input_total - read - write)
    paid_in = uncached * rates.input
    if rates.audio_in is not None:
        paid_in += min(usage.audio_in, uncached) * (rates.audio_in - rates.input)
    paid_out = usage.output_total * rates.output
    left = usage.output_total
    if rates.audio_out is not None:
        heard = min(usage.audio_out, left)
        paid_out += heard * (rates.audio_out - rates.output)
        left -= heard
    thought = min(usage.reasoning, left)
    if rates.reasoning is not None:
        paid_out += thought * (rates.reasoning - rates.output)
    paid_read = read * (rates.input if rates.cache_read is None else rates.cache_read)
    short = rates.input if rates.cache_write is None else rates.cache_write
    paid_write = write * short
    if rates.cache_write_long is not None:
        paid_write += min(usage.cache_write_long, write) * (rates.cache_write_long - short)
    other = rates.per_request
    if rates.units is not None and _counted(usage):
        shown, more = _units(usage, rates, rates.units, left - thought)
        paid_out += shown
        other += more
    return Cost(paid_in, paid_out, paid_read, paid_write, other, paid_in + paid_out + paid_read + paid_write + other)


def _units(usage: Usage, rates: Rates, units: Units, tokens: int) -> tuple[int, int]:
    """What the counters beside tokens cost: more for the `tokens` of output (they are images), and apart."""
    shown = 0
    paid = usage.web_searches * units.web_search + usage.search_units * units.search_unit
    paid += usage.characters * units.character
    if usage.web_searches:
        paid += units.search_call
    if usage.images:
        rate = rates.output if units.image_token is None else units.image_token
        shown = tokens * (rate - rates.output)
        paid += max(0, usage.images * units.image - tokens * rate)
    if usage.audio_ms and not (usage.audio_in and rates.audio_in is not None):
        paid += (usage.audio_ms * units.audio_hour + _HALF_HOUR_MS) // _HOUR_MS
    return shown, paid


def usd(pico: int) -> str:
    """Pico-USD as a plain decimal number of USD: every digit that counts, no exponent, at least one decimal."""
    if pico < 0:
        return f"-{usd(-pico)}"
    if pico < _PICO:
        # Most calls; a third cheaper than the other way, which is a third cheaper than divmod and formatting.
        return "0." + (str(pico + _PICO)[1:].rstrip("0") or "0")
    digits = str(pico)
    return f"{digits[:-12]}.{digits[-12:].rstrip('0') or '0'}"
