"""Prices under LiteLLM's keys, as exact integers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.profiles import Price, Rates
from trunkline.profiles.rates import PriceError, make_price, price_from_config, price_from_json, rates_json

pico = st.integers(min_value=0, max_value=10**12)
optional = st.none() | pico
rates = st.builds(
    Rates, input=pico, output=pico, cache_read=optional, cache_write=optional, reasoning=optional, audio_in=optional,
    audio_out=optional, per_request=pico,
)  # fmt: skip
prices = st.builds(
    make_price,
    rates,
    st.lists(st.tuples(st.integers(1, 10**6), rates), max_size=3, unique_by=lambda tier: tier[0]),
    st.just("s"),
)


def priced(**params: object) -> Price:
    price = price_from_config(params)
    assert price is not None
    return price


@pytest.mark.parametrize("value", [0.0000025, "0.0000025", "2.5e-6", Decimal("0.0000025")])
def test_spellings_of_a_price(value: object) -> None:
    """However a config writes 2.50 USD per million tokens, it is 2,500,000 pico-USD a token, exactly."""
    assert priced(input_cost_per_token=value).base == Rates(input=2_500_000, output=0)


def test_all_token_keys() -> None:
    """Every key of LiteLLM that prices tokens or calls is taken over."""
    price = priced(
        model="openai/x",
        input_cost_per_token=1e-6,
        output_cost_per_token=2e-6,
        cache_read_input_token_cost=3e-7,
        cache_creation_input_token_cost=4e-7,
        output_cost_per_reasoning_token=5e-6,
        input_cost_per_audio_token=6e-6,
        output_cost_per_audio_token=7e-6,
        input_cost_per_request=0.01,
    )
    assert price.base == Rates(
        input=10**6, output=2 * 10**6, cache_read=300_000, cache_write=400_000, reasoning=5 * 10**6, audio_in=6 * 10**6,
        audio_out=7 * 10**6, per_request=10**10,
    )  # fmt: skip
    assert price.source == "config:openai/x"
    assert priced(input_cost_per_token=1e-6, input_cost_per_token_cache_hit=1e-7).base.cache_read == 100_000


def test_context_tiers() -> None:
    """`_above_200k_tokens` changes what it names and leaves the rest; a service tier behind it is another price."""
    price = priced(
        input_cost_per_token=1e-6,
        output_cost_per_token=2e-6,
        input_cost_per_token_above_200k_tokens=3e-6,
        cache_read_input_token_cost_above_200k_tokens=4e-7,
        input_cost_per_token_above_128k_tokens=2e-6,
        input_cost_per_token_above_200k_tokens_priority=9e-6,
    )
    assert price.tiers == (
        (128_000, Rates(input=2 * 10**6, output=2 * 10**6)),
        (200_000, Rates(input=3 * 10**6, output=2 * 10**6, cache_read=400_000)),
    )


def test_list_tiers() -> None:
    """`tiered_pricing` gives the base from the range that begins at 0 and a tier from each further one."""
    ranges = [
        {"range": [0, 32000.0], "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
        {"range": [32000.0, 128000.0], "input_cost_per_token": 3e-6, "output_cost_per_token": 4e-6},
    ]
    price = priced(tiered_pricing=ranges)
    assert price.base == Rates(input=10**6, output=2 * 10**6)
    assert price.tiers == ((32_000, Rates(input=3 * 10**6, output=4 * 10**6)),)


def test_no_token_price() -> None:
    """Parameters without a price, or with prices by the second only, give none."""
    assert price_from_config({"model": "x", "temperature": 1}) is None
    assert price_from_config({"input_cost_per_second": 0.1, "input_cost_per_token": None}) is None


@pytest.mark.parametrize("value", [-1, "abc", float("nan"), float("inf"), "-0.1", True, [1], "NaN", 10**9])
def test_senseless_price(value: object) -> None:
    """A price that cannot be meant is refused by the name of its key."""
    with pytest.raises(PriceError, match="`input_cost_per_token`"):
        price_from_config({"input_cost_per_token": value})


def test_rounding_is_said() -> None:
    """What no whole pico-USD can hold is rounded half to even, and the source says so."""
    price = priced(input_cost_per_token="0.0000000000005", output_cost_per_token="0.0000000000015")
    assert (price.base.input, price.base.output) == (0, 2)
    assert "rounded" in price.source
    assert "rounded" not in priced(input_cost_per_token="0.0000000000010").source


@given(prices)
def test_json_round_trip(price: Price) -> None:
    """What was stored gives the same rates and the same version (M04)."""
    again = price_from_json(rates_json(price))
    assert (again.base, again.tiers, again.version) == (price.base, price.tiers, price.version)


@given(rates, rates)
def test_version_is_the_rates(one: Rates, other: Rates) -> None:
    """Two prices have the same version exactly when they have the same rates."""
    same = make_price(one, (), "a").version == make_price(other, (), "b").version
    assert same is (one == other)
    assert len(make_price(one, (), "a").version) == 16
