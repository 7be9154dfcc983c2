"""Prices of genai-prices (https://github.com/pydantic/genai-prices) from an index of our own.

Importing the package itself costs half a second and 36 MiB, nearly half of what an idle worker may have; so
`python -m trunkline.profiles.listed_build` writes what the gateway needs of it into `listed_prices.json`, and a
test checks the file against the installed package. Its licence (MIT) stands in `listed_prices.LICENSE`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from trunkline.profiles.price import Price, Rates
from trunkline.profiles.rates import RoundedPico, make_price, rates_of

INDEX: Final = Path(__file__).with_name("listed_prices.json")

PROVIDERS: Final[Mapping[str, str]] = {
    "anthropic": "anthropic",
    "azure": "azure",
    "azure_ai": "azure",
    "azure_text": "azure",
    "baseten": "baseten",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "bedrock_mantle": "aws",
    "bigmodel": "zhipuai",
    "cerebras": "cerebras",
    "cloudflare": "cloudflare",
    "codestral": "mistral",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "databricks": "databricks",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "groq": "groq",
    "meta": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "novita": "novita",
    "openai": "openai",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "text-completion-openai": "openai",
    "together_ai": "together",
    "vertex_ai": "google",
    "vertex_ai_beta": "google",
    "voyage": "voyageai",
    "xai": "x-ai",
    "zai": "zai",
}
"""Our prefix -> provider id of genai-prices; `huggingface` goes by the backend behind the model's colon."""

_PATHS: Final = frozenset({"fireworks_ai", "gemini", "vertex_ai", "vertex_ai_beta"})
"""Hosts whose ids may come as paths (`accounts/.../models/x`, `models/x`) and may be listed by the last part."""

FIELDS: Final[Mapping[str, str]] = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "output_reasoning_mtok": "reasoning",
    "input_audio_mtok": "audio_in",
    "output_audio_mtok": "audio_out",
    "requests_kcount": "per_request",
    "cache_write_1h_mtok": "cache_write_long",
    "web_searches_kcount": "web_search",
    "web_prompts_kcount": "search_call",
    "rerank_searches_kcount": "search_unit",
    "output_image_mtok": "image_token",
    "input_mchars": "character",
    "input_audio_hours": "audio_hour",
}
"""Price key of genai-prices -> field of `Rates` or `Units`; `web_prompts_kcount` is ours (`listed_build`)."""

_PER: Final[Mapping[str, int]] = {"mtok": 10**6, "mchars": 10**6, "kcount": 1000, "hours": 1}
"""Last word of a price key -> how many of its unit the price is for."""


class Step(msgspec.Struct, frozen=True, array_like=True):
    """One price key: USD for as many as `_PER` says, and above how many input tokens it changes."""

    base: str
    tiers: tuple[tuple[int, str], ...] = ()


class Period(msgspec.Struct, frozen=True, array_like=True):
    """Prices from a day on; an empty day is the beginning."""

    since: str
    prices: dict[str, Step]
    peak: bool = False
    """The dearest hours of a day, used for all of them: a price has no clock."""


class Listed(msgspec.Struct, frozen=True):
    """One model."""

    id: str
    match: tuple[object, ...]
    """`["=", text]`, `["^", start]`, `["$", end]`, `["in", part]`, `["re", pattern]`, `["or" or "and", clauses]`."""
    periods: list[Period]
    context: int | None = None
    """Tokens of its window, as genai-prices has it."""


class Vendor(msgspec.Struct, frozen=True):
    """One provider of genai-prices."""

    models: list[Listed]
    fallback: tuple[str, ...] = ()
    """Providers whose models it resells."""


class _Index(msgspec.Struct, frozen=True):
    package: str
    vendors: dict[str, msgspec.Raw]


_COMPACT_DATE: Final = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def listed_price(provider: str, model: str, on: dt.date) -> Price | None:
    """The price of a model as genai-prices lists it for a day; where hours differ, the dearest."""
    found = _listed(provider, model)
    return None if found is None else _price(found[1], f"genai-prices:{found[0]}/{found[1].id}", on)


def listed_context(provider: str, model: str) -> int | None:
    """Tokens of a model's window as genai-prices lists it."""
    found = _listed(provider, model)
    return None if found is None else found[1].context


def _listed(provider: str, model: str) -> tuple[str, Listed] | None:
    """The entry of a model and whose it is, by the ids that its host may give it."""
    vendor_id, reference = PROVIDERS.get(provider), model.lower()
    if provider == "huggingface" and ":" in model:
        reference, backend = reference.rsplit(":", 1)
        vendor_id = f"huggingface_{backend}"
    if vendor_id is None:
        return None
    dashed = _COMPACT_DATE.sub(r"-\1-\2-\3", reference)
    last = reference.rsplit("/", 1)[-1] if provider in _PATHS else reference
    for candidate in dict.fromkeys((reference, dashed, last)):
        found = _find(vendor_id, candidate)
        if found is not None:
            return found
    return None


def _find(vendor_id: str, reference: str) -> tuple[str, Listed] | None:
    vendor = _vendor(vendor_id)
    if vendor is None:
        return None
    for name in (vendor_id, *vendor.fallback):
        searched = vendor if name == vendor_id else _vendor(name)
        for model in () if searched is None else searched.models:
            if matches(model.match, reference):
                return name, model
    return None


def matches(clause: Sequence[object], text: str) -> bool:
    """Whether a lower-case model reference is meant by a clause."""
    match clause:
        case ["=", str() as other]:
            return text == other
        case ["^", str() as other]:
            return text.startswith(other)
        case ["$", str() as other]:
            return text.endswith(other)
        case ["in", str() as other]:
            return other in text
        case ["re", str() as pattern]:
            return re.search(pattern, text) is not None
        case ["or", list() | tuple() as clauses]:
            return any(matches(inner, text) for inner in clauses)
        case ["and", list() | tuple() as clauses]:
            return all(matches(inner, text) for inner in clauses)
        case _:
            return False


def _price(model: Listed, source: str, on: dt.date) -> Price | None:
    day = on.isoformat()
    period = next((period for period in reversed(model.periods) if period.since <= day), model.periods[0])
    prices = period.prices
    pico = RoundedPico()
    starts = sorted({start for step in prices.values() for start, _ in step.tiers})
    return make_price(
        _rates(prices, 0, pico),
        [(start, _rates(prices, start + 1, pico)) for start in starts],
        f"{source} (peak hours' price)" if period.peak else source,
        rounded=pico.rounded,
    )


def _rates(prices: Mapping[str, Step], tokens: int, pico: RoundedPico) -> Rates:
    values = {"input": 0, "output": 0}
    for key, step in prices.items():
        usd = next((price for start, price in reversed(step.tiers) if tokens > start), step.base)
        values[FIELDS[key]] = pico.convert(Decimal(usd) / _PER[key.rpartition("_")[2]])
    return rates_of(values)


@cache
def _index() -> Mapping[str, msgspec.Raw]:
    return msgspec.json.decode(INDEX.read_bytes(), type=_Index).vendors


@cache
def _vendor(name: str) -> Vendor | None:
    raw = _index().get(name)
    return None if raw is None else msgspec.json.decode(raw, type=Vendor)
