"""What a call costs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.ir import NO_USAGE, Usage
from trunkline.ledger.cost import Cost, cost, usd
from trunkline.profiles import Price, Rates
from trunkline.profiles.rates import make_price, price_from_json, rates_json

tokens = st.integers(min_value=0, max_value=2**53)
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
usages = st.builds(Usage, tokens, tokens, tokens, tokens, tokens, tokens, tokens)


def price(tiers: tuple[tuple[int, Rates], ...] = (), **kinds: int) -> Price:
    return make_price(Rates(**{"input": 0, "output": 0, **kinds}), tiers, "test")


@given(usages, prices)
def test_parts_sum_to_the_total(usage: Usage, of: Price) -> None:
    """The kinds add up to the total, and none is negative, whatever a provider claims (M04)."""
    charged = cost(usage, of)
    parts = (charged.input, charged.output, charged.cache_read, charged.cache_write, charged.other)
    assert sum(parts) == charged.total
    assert min(parts) >= 0


@given(usages, prices)
def test_recomputed_from_the_stored_price(usage: Usage, of: Price) -> None:
    """The price as stored gives the same cost to the last digit (M04)."""
    assert cost(usage, price_from_json(rates_json(of))) == cost(usage, of)


def test_plain() -> None:
    """Input and output are multiplied, nothing else."""
    assert cost(Usage(85, 38), price(input=2_500_000, output=10_000_000)) == Cost(
        212_500_000, 380_000_000, 0, 0, 0, 592_500_000
    )
    assert cost(NO_USAGE, price(input=1, output=1)).total == 0


def test_cache() -> None:
    """Cached tokens are charged at their own rates, or at the input rate where they have none; the rest as input."""
    usage = Usage(1000, 0, 600, 300)
    assert cost(usage, price(input=10, cache_read=1, cache_write=12)) == Cost(1000, 0, 600, 3600, 0, 5200)
    assert cost(usage, price(input=10)).total == 10_000
    assert cost(Usage(100, 0, 600, 300), price(input=10, cache_read=1, cache_write=12)).input == 0


def test_reasoning_and_audio_only_where_priced_apart() -> None:
    """Reasoning and audio are inside their side's count, and cost their own rate only where one is listed."""
    usage = Usage(100, 50, 0, 0, 20, 40, 10)
    assert cost(usage, price(input=1, output=2)).total == 100 + 100
    assert cost(usage, price(input=1, output=2, reasoning=5)).output == 30 * 2 + 20 * 5
    assert cost(usage, price(input=1, output=2, audio_in=7)).input == 60 + 40 * 7
    assert cost(usage, price(input=1, output=2, audio_out=9, reasoning=5)).output == 20 * 2 + 20 * 5 + 10 * 9
    assert (
        cost(Usage(10, 5, 0, 0, 99, 99, 99), price(input=1, output=2, audio_in=3, audio_out=4, reasoning=5)).total
        == 30 + 20
    )


@pytest.mark.parametrize(("sent", "rate"), [(200, 1), (201, 2), (300, 2), (301, 3)])
def test_tier_holds_for_the_whole_call(sent: int, rate: int) -> None:
    """Above a threshold every token costs the tier's rate; at the threshold none does."""
    tiers = ((200, Rates(input=2, output=20)), (300, Rates(input=3, output=30)))
    assert cost(Usage(sent, 1), price(tiers, input=1, output=10)).total == sent * rate + 10 * rate


def test_per_request() -> None:
    """A flat price is charged once a call, with or without tokens."""
    assert cost(NO_USAGE, price(per_request=5)) == Cost(0, 0, 0, 0, 5, 5)
    assert cost(Usage(10, 0, 5), price(per_request=5)).other == 5


def test_a_million_tiny_costs_sum_exactly() -> None:
    """10^6 calls at 0.0000001 USD are 0.1 USD, not 0.09999 (M13)."""
    one = price(input=100_000)
    total = sum(cost(Usage(1, 0), one).total for _ in range(10**6))
    assert usd(total) == "0.1"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0.0"),
        (1, "0.000000000001"),
        (24_500_000, "0.0000245"),
        (10**12, "1.0"),
        (15 * 10**11, "1.5"),
        (-24_500_000, "-0.0000245"),
    ],
)
def test_usd(amount: int, text: str) -> None:
    """Money is written in full, without exponent or padding."""
    assert usd(amount) == text


@given(st.integers(min_value=-(10**30), max_value=10**30))
def test_usd_is_exact(amount: int) -> None:
    """The text is the amount, digit for digit."""
    text = usd(amount)
    assert int(Decimal(text).scaleb(12).to_integral_exact()) == amount if abs(amount) < 10**27 else "." in text
    assert "e" not in text.lower()
