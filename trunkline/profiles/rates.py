"""Prices in the words of LiteLLM's price file and config, made into exact integers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

import msgspec

from trunkline.profiles.price import PICO_PER_USD, Price, Rates, Units

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "input": ("input_cost_per_token",),
    "output": ("output_cost_per_token",),
    "cache_read": ("cache_read_input_token_cost", "input_cost_per_token_cache_hit"),
    "cache_write": ("cache_creation_input_token_cost",),
    "reasoning": ("output_cost_per_reasoning_token",),
    "audio_in": ("input_cost_per_audio_token",),
    "audio_out": ("output_cost_per_audio_token",),
    "per_request": ("input_cost_per_request",),
    "cache_write_long": ("cache_creation_input_token_cost_above_1hr",),
}
"""Field of `Rates` -> LiteLLM's keys, first wins."""
_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "search_unit": ("input_cost_per_query",),
    "image": ("output_cost_per_image", "input_cost_per_image"),
    "image_token": ("output_cost_per_image_token",),
    "character": ("input_cost_per_character", "output_cost_per_character"),
    "audio_hour": ("input_cost_per_second", "input_cost_per_audio_per_second", "output_cost_per_second"),
}
"""Field of `Units` -> the keys, first wins; searches are a table of their own (`_searches`)."""
_ALL: Final = {**_FIELDS, **_UNITS}
_TIMES: Final = {"audio_hour": 3600}
"""What a field counts, in the unit of its keys."""
_IMAGES: Final = frozenset({"image_generation", "image_edit"})
_MODES: Final[Mapping[str, frozenset[str]]] = {
    "search_unit": frozenset({"rerank"}),
    "image": _IMAGES,
    "image_token": _IMAGES,
    "character": frozenset({"audio_speech"}),
    "audio_hour": frozenset({"audio_transcription"}),
}
"""Field of `Units` -> the modes whose calls are counted in it: there it is a price by itself. A chat model that is
listed by the second has none, or its calls would be free."""
_SEARCH_SIZES: Final = tuple(f"search_context_size_{size}" for size in ("medium", "high", "low"))
"""The provider's default first: what an answer does not tell."""
_PER_PROMPT: Final = frozenset({"gemini", "vertex_ai", "vertex_ai-language-models"})
"""Hosts that LiteLLM charges one search a call where `web_search_billing_unit` does not say `per_query`."""
_LATER: Final = ("cache_write_long", "units")
"""Fields that came later: left out of the JSON where there is nothing, so that older prices keep their versions."""
_ABOVE: Final = re.compile(r"(?P<key>\w+?)_above_(?P<thousands>\d+)k_tokens")
_MOST: Final = Decimal(10**6)
"""USD per token, call, image or hour that nobody charges: a slip of units."""


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
        """USD per token, call or unit -> pico-USD."""
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
    """The price written into `litellm_params` or `model_info`; `None` where there is none that can be counted.

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
    flat = _fields(entry, pico)
    steps = _steps(entry, pico)
    steps |= _listed(entry.get("tiered_pricing"), pico)
    if not steps and not any(_is_price(name, entry.get("mode")) for name in flat):
        return None
    flat |= _searches(entry, source, pico)
    if 0 in steps:  # a list of ranges begins at 0 and is then the base as well
        flat = {**flat, **steps.pop(0)}
    tiers = [(start, rates_of({**flat, **step})) for start, step in steps.items()]
    return make_price(rates_of(flat), tiers, source, rounded=pico.rounded)


def rates_of(values: Mapping[str, int]) -> Rates:
    """Rates from fields of `Rates` and of `Units` by name."""
    units = {name: value for name in Units.__struct_fields__ if (value := values.get(name)) is not None}
    charged = {"units": units} if "image_token" in units or any(units.values()) else {}
    return msgspec.convert({"input": 0, "output": 0, **values, **charged}, Rates)


def _is_price(name: str, mode: object) -> bool:
    return name in _FIELDS or not isinstance(mode, str) or mode in _MODES[name]


def _fields(entry: Mapping[str, object], pico: RoundedPico) -> dict[str, int]:
    """The first key of each field that has a value; no more, so that a listed 0 stays one."""
    found: dict[str, int] = {}
    for name, keys in _ALL.items():
        for key in keys:
            value = entry.get(key)
            if value is not None:
                found[name] = pico.convert(_usd(key, value) * _TIMES.get(name, 1))
                break
    return found


def _searches(entry: Mapping[str, object], source: str, pico: RoundedPico) -> dict[str, int]:
    """`search_context_cost_per_query: {search_context_size_medium: ...}` -> {field: pico}."""
    sizes = entry.get("search_context_cost_per_query")
    if sizes is None:
        return {}
    if not isinstance(sizes, Mapping):
        raise PriceError(
            "`search_context_cost_per_query` is no table of sizes: write `{search_context_size_medium: 0.01}`"
        )
    usd = next((value for size in _SEARCH_SIZES if (value := sizes.get(size)) is not None), None)
    if usd is None:
        return {}
    owner = str(entry.get("litellm_provider") or entry.get("model")).split("/", 1)[0]
    unit = entry.get("web_search_billing_unit")
    per_call = unit == "per_prompt" or (unit is None and owner in _PER_PROMPT and "gemini" in source)
    return {"search_call" if per_call else "web_search": pico.convert(_usd("search_context_cost_per_query", usd))}


def _steps(entry: Mapping[str, object], pico: RoundedPico) -> dict[int, dict[str, int]]:
    """`..._above_200k_tokens` -> {200000: {field: pico}}; with a service tier behind it the key is another thing."""
    names = {key: name for name, keys in _ALL.items() for key in keys}
    steps: dict[int, dict[str, int]] = {}
    for key, value in entry.items():
        match = _ABOVE.fullmatch(key)
        if match is not None and match["key"] in names and value is not None:
            step = steps.setdefault(int(match["thousands"]) * 1000, {})
            name = names[match["key"]]
            step[name] = pico.convert(_usd(key, value) * _TIMES.get(name, 1))
    return steps


def _listed(tiers: object, pico: RoundedPico) -> dict[int, dict[str, int]]:
    """`tiered_pricing: [{range: [a, b], ...}]` -> {a: {field: pico}}."""
    steps: dict[int, dict[str, int]] = {}
    for tier in tiers if isinstance(tiers, list) else ():
        if isinstance(tier, Mapping) and isinstance(bounds := tier.get("range"), list) and bounds:
            steps[int(_usd("range", bounds[0], most=Decimal(10**12)))] = _fields(tier, pico)
    return steps


def _usd(key: str, value: object, *, most: Decimal = _MOST) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise PriceError(f"`{key}` is no number: write USD per {_unit(key)}, for example `0.0000025`")
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation as error:
        raise PriceError(f"`{key}` is no number: write USD per {_unit(key)}, for example `0.0000025`") from error
    if not number.is_finite() or number < 0:
        raise PriceError(f"`{key}` is negative or not finite: a price is 0 or more")
    if number > most:
        raise PriceError(f"`{key}` is over {most} USD: prices are per {_unit(key)}, not per million")
    return number


def _unit(key: str) -> str:
    found = re.search("_per_(?:audio_per_)?([a-z]+)", key)
    return "token" if found is None or found[1] in {"audio", "reasoning"} else found[1]


def _canonical(base: Rates, tiers: tuple[tuple[int, Rates], ...]) -> str:
    rated = msgspec.to_builtins(_Rated(base, tiers))
    for rates in (rated["base"], *(tier[1] for tier in rated["tiers"])):
        for name in _LATER:
            if rates[name] is None:
                del rates[name]
    return msgspec.json.encode(rated, order="sorted").decode()


def _version(base: Rates, tiers: tuple[tuple[int, Rates], ...]) -> str:
    return hashlib.sha256(_canonical(base, tiers).encode()).hexdigest()[:16]
