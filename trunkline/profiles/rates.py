"""Prices in the words of LiteLLM's price file and config, made into exact integers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

import msgspec

from trunkline.profiles.price import PICO_PER_USD, Price, Rates

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "input": ("input_cost_per_token",),
    "output": ("output_cost_per_token",),
    "cache_read": ("cache_read_input_token_cost", "input_cost_per_token_cache_hit"),
    "cache_write": ("cache_creation_input_token_cost",),
    "reasoning": ("output_cost_per_reasoning_token",),
    "audio_in": ("input_cost_per_audio_token",),
    "audio_out": ("output_cost_per_audio_token",),
    "per_request": ("input_cost_per_request",),
}
"""Field of `Rates` -> LiteLLM's keys, first wins."""
_ABOVE: Final = re.compile(r"(?P<key>\w+?)_above_(?P<thousands>\d+)k_tokens")
_MOST: Final = Decimal(10**6)
"""USD per token or call that nobody charges: a slip of units."""


class PriceError(ValueError):
    """A price that cannot be meant: names the key, what is wrong and what to write."""


class _Rated(msgspec.Struct, frozen=True):
    """What `rates_json` holds."""

    base: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()


class RoundedPico:
    """Turns USD into whole pico-USD and remembers whether anything was rounded (half to even)."""

    __slots__ = ("rounded",)

    def __init__(self) -> None:
        self.rounded = False

    def convert(self, usd: Decimal) -> int:
        """USD per token or call -> pico-USD."""
        exact = usd * PICO_PER_USD
        whole = exact.to_integral_value(rounding=ROUND_HALF_EVEN)
        self.rounded = self.rounded or whole != exact
        return int(whole)


def make_price(base: Rates, tiers: Iterable[tuple[int, Rates]], source: str, *, rounded: bool = False) -> Price:
    """A price with its version; a rounded one says so in its source."""
    ordered = tuple(sorted(tiers, key=lambda tier: tier[0]))
    note = " (rounded to whole pico-USD)" if rounded else ""
    return Price(version=_version(base, ordered), source=source + note, base=base, tiers=ordered)


def rates_json(price: Price) -> str:
    """The rates as canonical JSON: what `Price.version` is the hash of, enough to recompute a cost."""
    return _canonical(price.base, price.tiers)


def price_from_json(text: str, source: str = "stored") -> Price:
    """The price that `rates_json` wrote; `msgspec.DecodeError` where it did not."""
    rated = msgspec.json.decode(text, type=_Rated)
    return make_price(rated.base, rated.tiers, source)


def price_from_config(params: Mapping[str, object]) -> Price | None:
    """The price written into `litellm_params` or `model_info`; `None` where there is none per token or call.

    Raises:
        PriceError: a price is no number, negative or not finite.
    """
    return price_from_keys(params, f"config:{params.get('model') or 'model'}")


def price_from_keys(entry: Mapping[str, object], source: str) -> Price | None:
    """The price under LiteLLM's keys (`litellm.md`, section 6), tiers included.

    Raises:
        PriceError: as `price_from_config`.
    """
    pico = RoundedPico()
    flat = {name: value for name in _FIELDS if (value := _first(entry, _FIELDS[name], pico)) is not None}
    steps = _steps(entry, pico)
    steps |= _listed(entry.get("tiered_pricing"), pico)
    if not flat and not steps:
        return None
    if 0 in steps:  # a list of ranges begins at 0 and is then the base as well
        flat = {**flat, **steps.pop(0)}
    tiers = [(start, _rates({**flat, **step})) for start, step in steps.items()]
    return make_price(_rates(flat), tiers, source, rounded=pico.rounded)


def _rates(values: Mapping[str, int]) -> Rates:
    return msgspec.convert({"input": 0, "output": 0, **values}, Rates)


def _first(entry: Mapping[str, object], keys: Iterable[str], pico: RoundedPico) -> int | None:
    for key in keys:
        value = entry.get(key)
        if value is not None:
            return pico.convert(_usd(key, value))
    return None


def _steps(entry: Mapping[str, object], pico: RoundedPico) -> dict[int, dict[str, int]]:
    """`..._above_200k_tokens` -> {200000: {field: pico}}; with a service tier behind it the key is another thing."""
    names = {key: name for name, keys in _FIELDS.items() for key in keys}
    steps: dict[int, dict[str, int]] = {}
    for key, value in entry.items():
        match = _ABOVE.fullmatch(key)
        if match is not None and match["key"] in names and value is not None:
            step = steps.setdefault(int(match["thousands"]) * 1000, {})
            step[names[match["key"]]] = pico.convert(_usd(key, value))
    return steps


def _listed(tiers: object, pico: RoundedPico) -> dict[int, dict[str, int]]:
    """`tiered_pricing: [{range: [a, b], ...}]` -> {a: {field: pico}}."""
    steps: dict[int, dict[str, int]] = {}
    for tier in tiers if isinstance(tiers, list) else ():
        if isinstance(tier, Mapping) and isinstance(bounds := tier.get("range"), list) and bounds:
            step = {name: value for name in _FIELDS if (value := _first(tier, _FIELDS[name], pico)) is not None}
            steps[int(_usd("range", bounds[0], most=Decimal(10**12)))] = step
    return steps


def _usd(key: str, value: object, *, most: Decimal = _MOST) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise PriceError(f"`{key}` is no number: write USD per token, for example `0.0000025`")
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation as error:
        raise PriceError(f"`{key}` is no number: write USD per token, for example `0.0000025`") from error
    if not number.is_finite() or number < 0:
        raise PriceError(f"`{key}` is negative or not finite: a price is 0 or more")
    if number > most:
        raise PriceError(f"`{key}` is over {most} USD: prices are per token, not per million")
    return number


def _canonical(base: Rates, tiers: tuple[tuple[int, Rates], ...]) -> str:
    return msgspec.json.encode(_Rated(base, tiers), order="sorted").decode()


def _version(base: Rates, tiers: tuple[tuple[int, Rates], ...]) -> str:
    return hashlib.sha256(_canonical(base, tiers).encode()).hexdigest()[:16]
