"""Where a model's price comes from: the operator's price file, else the prices of genai-prices."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from trunkline.profiles.facts import ABILITIES, LIMITS, Facts
from trunkline.profiles.listed import listed_context, listed_price
from trunkline.profiles.price import Price, Rates
from trunkline.profiles.rates import (
    PriceError,
    make_price,
    price_from_config,
    price_from_json,
    price_from_keys,
    rates_json,
)

__all__ = ["PriceBook", "PriceError", "price_from_config", "price_from_json", "rates_json"]

_LOCAL: Final = make_price(Rates(input=0, output=0), (), "config:local")
_NOT_MODELS: Final = frozenset({"sample_spec", "fallback_generalizations"})
_REMEMBERED: Final = 4096
"""Look-ups kept: with a wildcard in the config, clients choose the names."""


class PriceBook:
    """Prices by provider and model; `load` makes one."""

    __slots__ = ("_entries", "_found", "_name", "problems")

    def __init__(self, entries: Mapping[str, msgspec.Raw], name: str) -> None:
        self._entries = entries
        self._name = name
        self.problems: list[str] = []
        """Entries of the price file that were asked for and cannot be meant; such a model has no price."""
        self._found: dict[tuple[str, str, str | None, dt.date], Price | None] = {}

    @classmethod
    def load(cls, price_file: Path | None) -> PriceBook:
        """Read a price file in LiteLLM's format (`model_prices_and_context_window.json`), or none.

        Raises:
            PriceError: the file cannot be read or is no JSON object of objects.
        """
        if price_file is None:
            return cls({}, "")
        try:
            entries = msgspec.json.decode(price_file.read_bytes(), type=dict[str, msgspec.Raw])
        except OSError as error:
            raise PriceError(f"price file `{price_file}` cannot be read: {error.strerror}") from error
        except (msgspec.DecodeError, ValueError) as error:
            raise PriceError(
                f"price file `{price_file}` is no JSON object of models: write it as LiteLLM's price file ({error})"
            ) from error
        return cls({key: raw for key, raw in entries.items() if key not in _NOT_MODELS}, price_file.name)

    def find(
        self, provider: str, model: str, base_model: str | None = None, *, on: dt.date | None = None
    ) -> Price | None:
        """The price of a call today (or `on` a day), `None` where nobody lists one.

        `base_model` is what hides behind a deployment's own name (Azure). Prices that change on an announced day
        change with the next look-up, so a worker that runs over midnight looks up again at its next reload.
        Never raises: a price in the file that cannot be meant gives none, and a line in `problems`.
        """
        if provider == "local":
            return _LOCAL
        day = on or dt.datetime.now(dt.UTC).date()
        key = (provider, model, base_model, day)
        if key not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            try:
                self._found[key] = self._look_up(provider, model, base_model, day)
            except PriceError as error:
                self._found[key] = None
                self.problems.append(str(error))
        return self._found[key]

    def _look_up(self, provider: str, model: str, base_model: str | None, day: dt.date) -> Price | None:
        for name, sure in _candidates(provider, model, base_model):
            price = self._filed(name, None if sure else provider)
            if price is not None:
                return price
        listed = (listed_price(provider, name, day) for name in _bare(provider, model, base_model))
        return next((price for price in listed if price is not None), None)

    def facts(self, provider: str, model: str, base_model: str | None = None) -> Facts:
        """Limits and abilities as the price file has them, the window as genai-prices has it. Never raises."""
        found: dict[str, int | bool] = {}
        for name, sure in _candidates(provider, model, base_model):
            try:
                entry = self._entry(name, None if sure else provider) or {}
            except PriceError:
                continue  # `find` says so
            for field in (*LIMITS, *ABILITIES):
                value = _fact(field, entry.get(field))
                if value is not None:
                    found.setdefault(field, value)
        if "max_input_tokens" not in found:
            windows = (listed_context(provider, name) for name in _bare(provider, model, base_model))
            window = next((tokens for tokens in windows if tokens is not None), None)
            if window is not None:
                found["max_input_tokens"] = window
        return found

    def _entry(self, name: str, provider: str | None) -> dict[str, Any] | None:
        """The price file's entry of that name; with a provider, only if it is that provider's."""
        raw = self._entries.get(name)
        if raw is None:
            return None
        entry = json.loads(bytes(raw), parse_float=Decimal)
        if not isinstance(entry, dict):
            raise PriceError(f"price file `{self._name}`: `{name}` is no object of prices")
        owner = entry.get("litellm_provider")
        if provider is not None and isinstance(owner, str) and not _same_host(owner, provider):
            return None
        return entry

    def _filed(self, name: str, provider: str | None) -> Price | None:
        entry = self._entry(name, provider)
        if entry is None:
            return None
        try:
            return price_from_keys(entry, f"price-file:{name}")
        except PriceError as error:
            raise PriceError(f"price file `{self._name}`, `{name}`: {error}") from error


def _candidates(provider: str, model: str, base_model: str | None) -> Iterator[tuple[str, bool]]:
    """Names to look for in a price file, and whether the name alone says whose it is."""
    if base_model is not None:
        yield f"{provider}/{base_model}", True
        yield base_model, True
    yield f"{provider}/{model}", True
    yield model, False
    if model.startswith("ft:"):
        yield ":".join(model.split(":")[:2]), False  # `ft:gpt-4o-2024-08-06:org::id` is listed by its base


def _bare(provider: str, model: str, base_model: str | None) -> Iterator[str]:
    """Names to look for in the built-in list."""
    if base_model is not None:
        yield base_model.split("/", 1)[-1] if base_model.split("/", 1)[0] == provider else base_model
    yield model


def _fact(field: str, value: object) -> int | bool | None:
    meant = isinstance(value, bool) if field in ABILITIES else type(value) is int and value > 0
    return value if meant and isinstance(value, int) else None


def _same_host(owner: str, provider: str) -> bool:
    # The file says `text-completion-openai`, `vertex_ai-language-models`, `cohere_chat` for one and the same host.
    return owner == provider or owner.startswith((f"{provider}-", f"{provider}_")) or owner.endswith(f"-{provider}")
