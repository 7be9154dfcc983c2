"""Writes `listed_prices.json` from the installed genai-prices: `python -m trunkline.profiles.listed_build`."""

from __future__ import annotations

import sys
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, assert_never

import msgspec

from trunkline.profiles.listed import FIELDS, INDEX, PROVIDERS

if TYPE_CHECKING:
    from genai_prices import types


def index_text() -> str:
    """The index as it should stand on disk: one model a line, so that a new price is one changed line."""
    from genai_prices.data import providers

    wanted = set(PROVIDERS.values())
    vendors = [
        f'{_json(provider.id)}:{{{_fallback(provider)}"models":[\n{_models(provider)}\n]}}'
        for provider in sorted(providers, key=lambda provider: provider.id)
        if provider.id in wanted or provider.id.startswith("huggingface_")
    ]
    package = _json(f"genai-prices {version('genai-prices')}")
    return f'{{"package":{package},"vendors":{{\n' + ",\n".join(vendors) + "\n}}\n"


def _fallback(provider: types.Provider) -> str:
    names = provider.fallback_model_providers
    return f'"fallback":{_json(names)},' if names else ""


def _models(provider: types.Provider) -> str:
    entries = (
        {
            "id": model.id,
            "match": _clause(model.match),
            "periods": _periods(model, per_prompt=_per_prompt(provider, model)),
            **({"context": model.context_window} if model.context_window else {}),
        }
        for model in provider.models
    )
    return ",\n".join(_json(entry) for entry in entries if entry["periods"])


def _per_prompt(provider: types.Provider, model: types.ModelInfo) -> bool:
    """Google bills Gemini 2 and older by the prompt that was grounded, not by its searches; the package does not say.

    https://ai.google.dev/gemini-api/docs/pricing
    """
    return provider.id == "google" and model.id.startswith(("gemini-1", "gemini-2"))


def _periods(model: types.ModelInfo, *, per_prompt: bool) -> list[list[object]]:
    """Stages by day. A dearer daily window stands for the whole day: a price has no clock, and budgets must hold."""
    from genai_prices import types

    if isinstance(model.prices, types.ModelPrice):
        return [["", prices]] if (prices := _prices(model.prices, per_prompt=per_prompt)) else []
    periods: list[list[object]] = []
    for stage in model.prices:
        prices = _prices(stage.prices, per_prompt=per_prompt)
        match stage.constraint:
            case types.TimeOfDateConstraint():
                if periods and _dearer(stage.prices, model.prices[0].prices):
                    periods[-1] = [periods[-1][0], prices, True]
            case types.StartDateConstraint(start_date=day):
                periods.append([day.isoformat(), prices])
            case None:
                periods.append(["", prices])
            case _:
                assert_never(stage.constraint)
    return [period for period in periods if period[1]]


def _dearer(one: types.ModelPrice, other: types.ModelPrice) -> bool:
    mine, theirs = one.input_mtok, other.input_mtok
    return isinstance(mine, Decimal) and isinstance(theirs, Decimal) and mine > theirs


def _prices(price: types.ModelPrice, *, per_prompt: bool) -> dict[str, list[object]]:
    from genai_prices import types

    found: dict[str, list[object]] = {}
    for key in FIELDS:
        value = getattr(price, key, None)
        if isinstance(value, types.TieredPrices):
            found[key] = [str(value.base), [[tier.start, str(tier.price)] for tier in value.tiers]]
        elif value is not None:
            found[key] = [str(value)]
    if per_prompt and (searches := found.pop("web_searches_kcount", None)) is not None:
        found["web_prompts_kcount"] = searches
    return found


def _clause(clause: types.MatchLogic) -> list[object]:
    from genai_prices import types

    match clause:
        case types.ClauseEquals(equals=text):
            return ["=", text.lower()]
        case types.ClauseStartsWith(starts_with=text):
            return ["^", text.lower()]
        case types.ClauseEndsWith(ends_with=text):
            return ["$", text.lower()]
        case types.ClauseContains(contains=text):
            return ["in", text.lower()]
        case types.ClauseRegex(regex=pattern):
            return ["re", pattern]
        case types.ClauseOr(or_=clauses):
            return ["or", [_clause(inner) for inner in clauses]]
        case types.ClauseAnd(and_=clauses):
            return ["and", [_clause(inner) for inner in clauses]]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    INDEX.write_text(index_text())
    sys.stdout.write(f"{INDEX.name}: {INDEX.stat().st_size} bytes\n")
