"""Prices under LiteLLM's keys, as exact integers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.profiles import Price, Rates
from trunkline.profiles.price import Units
from trunkline.profiles.rates import PriceError, make_price, price_from_config, price_from_json, rates_json

pico = st.integers(min_value=0, max_value=10**12)
optional = st.none() | pico
units = st.builds(
    Units, web_search=pico, search_call=pico, search_unit=pico, image=pico, image_token=optional, character=pico,
    audio_hour=pico,
)  # fmt: skip
rates = st.builds(
    Rates, input=pico, output=pico, cache_read=optional, cache_write=optional, reasoning=optional, audio_in=optional,
    audio_out=optional, per_request=pico, cache_write_long=optional, units=st.none() | units,
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


def test_keys_beside_tokens() -> None:
    """What is not counted in tokens is taken over as well; seconds become hours, a table of sizes its middle one."""
    price = priced(
        model="openai/x",
        cache_creation_input_token_cost=1e-6,
        cache_creation_input_token_cost_above_1hr=2e-6,
        input_cost_per_query=0.002,
        output_cost_per_image=0.04,
        output_cost_per_image_token=3e-5,
        input_cost_per_character=1.5e-5,
        input_cost_per_second=0.00007167,
        search_context_cost_per_query={"search_context_size_low": 0.005, "search_context_size_medium": 0.01},
    )
    assert price.base == Rates(
        input=0, output=0, cache_write=10**6, cache_write_long=2 * 10**6,
        units=Units(
            web_search=10**10, search_unit=2 * 10**9, image=4 * 10**10, image_token=3 * 10**7, character=15 * 10**6,
            audio_hour=258_012_000_000,
        ),
    )  # fmt: skip
    assert "rounded" not in price.source


@pytest.mark.parametrize(
    ("keys", "units"),
    [
        ({"input_cost_per_image": 0.02}, Units(image=2 * 10**10)),
        ({"input_cost_per_image": 0.0, "output_cost_per_image": 0.02}, Units(image=2 * 10**10)),
        ({"output_cost_per_character": 2e-6}, Units(character=2 * 10**6)),
        ({"output_cost_per_second": 0.0001}, Units(audio_hour=36 * 10**10)),
        ({"input_cost_per_second": 0.0002, "output_cost_per_second": 0.0}, Units(audio_hour=72 * 10**10)),
        ({"input_cost_per_audio_per_second": 0.0001}, Units(audio_hour=36 * 10**10)),
    ],
)
def test_other_names_of_a_unit(keys: dict[str, object], units: Units) -> None:
    """LiteLLM's file lists one thing under two keys; it is charged once."""
    assert priced(**keys).base.units == units


@pytest.mark.parametrize(
    ("beside", "units"),
    [
        ({"model": "gemini/gemini-2.5-flash"}, Units(search_call=35 * 10**9)),
        ({"model": "gemini/gemini-2.5-flash", "web_search_billing_unit": "per_query"}, Units(web_search=35 * 10**9)),
        ({"model": "vertex_ai/claude-sonnet-4-5"}, Units(web_search=35 * 10**9)),
        ({"model": "openai/gpt-4o", "web_search_billing_unit": "per_prompt"}, Units(search_call=35 * 10**9)),
    ],
)
def test_searches_per_query_or_per_call(beside: dict[str, object], units: Units) -> None:
    """Gemini's searches are charged once a call unless the entry says otherwise, as LiteLLM does."""
    sizes = {"search_context_size_high": 0.035}
    assert priced(input_cost_per_token=0, search_context_cost_per_query=sizes, **beside).base.units == units


def test_searches_that_are_no_table() -> None:
    """A single number is refused with what to write."""
    with pytest.raises(PriceError, match="search_context_size_medium"):
        price_from_config({"input_cost_per_token": 0, "search_context_cost_per_query": 0.01})


@pytest.mark.parametrize(
    ("mode", "key"),
    [
        ("chat", "input_cost_per_second"),
        ("embedding", "input_cost_per_query"),
        ("embedding", "input_cost_per_image"),
        ("audio_speech", "output_cost_per_second"),
        ("chat", "input_cost_per_character"),
    ],
)
def test_a_unit_that_the_mode_does_not_count_is_no_price(mode: str, key: str) -> None:
    """Such a model is unpriced rather than free."""
    assert price_from_config({"mode": mode, key: 0.1}) is None
    assert priced(mode=mode, input_cost_per_token=1e-6, **{key: 0.1}).base.input == 10**6


def test_searches_alone_are_no_price() -> None:
    """Nor is a list of what a search costs: the tokens would be free."""
    assert price_from_config({"search_context_cost_per_query": {"search_context_size_medium": 0.01}}) is None


def test_long_cache_writes_have_tiers() -> None:
    """`_above_1hr_above_200k_tokens` is the step of the hour's rate; `_above_1hr` itself is none."""
    price = priced(
        input_cost_per_token=1e-6,
        cache_creation_input_token_cost_above_1hr=2e-6,
        cache_creation_input_token_cost_above_1hr_above_200k_tokens=4e-6,
    )
    assert price.base.cache_write_long == 2 * 10**6
    assert [(start, rates.cache_write_long) for start, rates in price.tiers] == [(200_000, 4 * 10**6)]


def test_older_prices_keep_their_version() -> None:
    """A price of tokens alone is written as it was before there were others, and so has the version it had."""
    price = make_price(Rates(input=1, output=2), ((200, Rates(input=3, output=4)),), "s")
    assert rates_json(price) == (
        '{"base":{"audio_in":null,"audio_out":null,"cache_read":null,"cache_write":null,"input":1,"output":2,'
        '"per_request":0,"reasoning":null},"tiers":[[200,{"audio_in":null,"audio_out":null,"cache_read":null,'
        '"cache_write":null,"input":3,"output":4,"per_request":0,"reasoning":null}]]}'
    )


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
    """Parameters without a price give none."""
    assert price_from_config({"model": "x", "temperature": 1}) is None
    assert price_from_config({"input_cost_per_pixel": 0.1, "input_cost_per_token": None}) is None


@pytest.mark.parametrize("value", [-1, "abc", float("nan"), float("inf"), "-0.1", True, [1], "NaN", 10**9])
def test_senseless_price(value: object) -> None:
    """A price that cannot be meant is refused by the name of its key."""
    with pytest.raises(PriceError, match="`input_cost_per_token`"):
        price_from_config({"input_cost_per_token": value})


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("input_cost_per_second", "second"),
        ("output_cost_per_image", "image"),
        ("input_cost_per_query", "query"),
        ("cache_creation_input_token_cost", "token"),
        ("output_cost_per_reasoning_token", "token"),
    ],
)
def test_senseless_price_names_its_unit(key: str, unit: str) -> None:
    """What to write is said in the key's own unit."""
    with pytest.raises(PriceError, match=f"`{key}` is no number: write USD per {unit},"):
        price_from_config({key: "abc"})


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
