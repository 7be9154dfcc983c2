"""What a call costs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.ir import NO_USAGE, Usage
from trunkline.ledger.cost import Cost, cost, usd
from trunkline.profiles import Price, Rates
from trunkline.profiles.price import Units
from trunkline.profiles.rates import make_price, price_from_json, rates_json

tokens = st.integers(min_value=0, max_value=2**53)
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
counts = st.just(0) | tokens
usages = st.builds(Usage, **dict.fromkeys(Usage.__struct_fields__, counts))
COUNTERS = ("web_searches", "search_units", "images", "characters", "audio_ms")
"""What is no part of something else: more of it never costs less."""


def price(tiers: tuple[tuple[int, Rates], ...] = (), **kinds: int) -> Price:
    return make_price(msgspec.convert({"input": 0, "output": 0, **kinds}, Rates), tiers, "test")


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


def exact(usage: Usage, of: Price) -> Fraction:
    """The cost in pico-USD as the documentation says it, kind after kind, in fractions."""
    rates = next((rates for above, rates in reversed(of.tiers) if usage.input_total > above), of.base)
    listed = rates.units or Units()
    uncached = max(0, usage.input_total - usage.cache_read - usage.cache_write)
    heard = min(usage.audio_in, uncached)
    long = min(usage.cache_write_long, usage.cache_write)
    spoken = 0 if rates.audio_out is None else min(usage.audio_out, usage.output_total)
    thought = min(usage.reasoning, usage.output_total - spoken)
    rest = usage.output_total - spoken - thought

    def rate(value: int | None, otherwise: int) -> Fraction:
        return Fraction(otherwise if value is None else value)

    write = rate(rates.cache_write, rates.input)
    shown = rest * (rate(listed.image_token, rates.output) if usage.images else Fraction(rates.output))
    apart = usage.audio_ms > 0 and not (usage.audio_in and rates.audio_in is not None)
    return sum(
        (
            (uncached - heard) * Fraction(rates.input),
            heard * rate(rates.audio_in, rates.input),
            usage.cache_read * rate(rates.cache_read, rates.input),
            (usage.cache_write - long) * write,
            long * rate(rates.cache_write_long, int(write)),
            spoken * rate(rates.audio_out, rates.output),
            thought * rate(rates.reasoning, rates.output),
            max(shown, usage.images * Fraction(listed.image)),
            usage.web_searches * Fraction(listed.web_search),
            Fraction(listed.search_call if usage.web_searches else 0),
            usage.search_units * Fraction(listed.search_unit),
            usage.characters * Fraction(listed.character),
            Fraction(usage.audio_ms * listed.audio_hour, 3_600_000) if apart else Fraction(0),
            Fraction(rates.per_request),
        ),
        Fraction(0),
    )


@given(usages, prices)
def test_exact(usage: Usage, of: Price) -> None:
    """The cost is what fractions give; only time is rounded, by half a pico-USD at most."""
    off = cost(usage, of).total - exact(usage, of)
    assert abs(off) <= Fraction(1, 2)
    if not usage.audio_ms:
        assert off == 0


@given(usages, rates, st.sampled_from(("input_total", "output_total", *COUNTERS)), tokens)
def test_more_never_costs_less(usage: Usage, of: Rates, name: str, more: int) -> None:
    """Where image tokens are the dearer ones, as everywhere, no counter that grows makes a call cheaper."""
    if of.units is not None and of.units.image_token is not None:
        dear = max(of.units.image_token, of.output)
        of = msgspec.structs.replace(of, units=msgspec.structs.replace(of.units, image_token=dear))
    one = make_price(of, (), "s")
    grown = msgspec.structs.replace(usage, **{name: getattr(usage, name) + more})
    assert cost(grown, one).total >= cost(usage, one).total


@given(prices)
def test_nothing_costs_nothing_but_the_call(of: Price) -> None:
    """No usage costs the flat part, and nothing where there is none."""
    assert cost(NO_USAGE, of) == Cost(0, 0, 0, 0, of.base.per_request, of.base.per_request)


@given(usages)
def test_free(usage: Usage) -> None:
    """A price of zeros charges nothing, whatever was used."""
    assert cost(usage, price(cache_write_long=0)).total == 0


@given(usages, prices)
def test_other_counters_leave_a_price_of_tokens_alone(usage: Usage, of: Price) -> None:
    """Where only tokens are priced, searches, images, characters and audio change nothing."""
    bare = make_price(
        msgspec.structs.replace(of.base, units=None),
        [(above, msgspec.structs.replace(rates, units=None)) for above, rates in of.tiers],
        "s",
    )
    assert cost(usage, bare) == cost(msgspec.structs.replace(usage, **dict.fromkeys(COUNTERS, 0)), bare)


def charged(usage: Usage, **kinds: int) -> Cost:
    """With these units and no token price."""
    return cost(usage, make_price(Rates(input=0, output=0, units=Units(**kinds)), (), "test"))


@pytest.mark.parametrize(
    ("usage", "kinds", "paid"),
    [
        (Usage(web_searches=3), {"web_search": 7}, 21),
        (Usage(web_searches=3), {"search_call": 7}, 7),
        (Usage(web_searches=0, images=1), {"search_call": 7}, 0),
        (Usage(search_units=2), {"search_unit": 2_000_000_000}, 4_000_000_000),
        (Usage(images=4), {"image": 5}, 20),
        (Usage(characters=12), {"character": 15_000_000}, 180_000_000),
        (Usage(audio_ms=3_600_000), {"audio_hour": 111_000_000_000}, 111_000_000_000),
        (Usage(audio_ms=1), {"audio_hour": 111_000_000_000}, 30_833),
        (Usage(audio_ms=1), {"audio_hour": 1_800_000}, 1),
        (Usage(audio_ms=1), {"audio_hour": 1_799_999}, 0),
    ],
)
def test_units(usage: Usage, kinds: dict[str, int], paid: int) -> None:
    """Each counter by its own rate, under `other`."""
    assert charged(usage, **kinds) == Cost(0, 0, 0, 0, paid, paid)


def test_cache_writes_for_an_hour() -> None:
    """Part of the writes, at their own rate where one is listed, never more than were written."""
    usage = Usage(1000, 0, 0, 300, cache_write_long=100)
    assert cost(usage, price(input=10, cache_write=12, cache_write_long=20)).cache_write == 200 * 12 + 100 * 20
    assert cost(usage, price(input=10, cache_write=12)).cache_write == 300 * 12
    assert cost(usage, price(input=10, cache_write_long=20)).cache_write == 200 * 10 + 100 * 20
    much = msgspec.structs.replace(usage, cache_write_long=999)
    assert cost(much, price(input=10, cache_write=12, cache_write_long=20)).cache_write == 300 * 20


def test_an_image_is_charged_once() -> None:
    """By its tokens or by its number, whichever is dearer; thoughts beside it keep their rate."""
    listed = Rates(input=1, output=2, units=Units(image=39_000, image_token=30))
    of = make_price(listed, (), "test")
    assert cost(Usage(0, 1290, images=1), of) == Cost(0, 38_700, 0, 0, 300, 39_000)
    assert cost(Usage(0, 2000, images=1), of) == Cost(0, 60_000, 0, 0, 0, 60_000)
    assert cost(Usage(0, 0, images=2), of) == Cost(0, 0, 0, 0, 78_000, 78_000)
    assert cost(Usage(0, 1490, reasoning=200, images=1), of).total == 200 * 2 + 39_000
    assert cost(Usage(0, 1290), of).total == 2580


def test_audio_is_charged_once() -> None:
    """Seconds are not charged where the same audio is counted in tokens that have a price."""
    usage = Usage(300, 10, audio_in=274, audio_ms=27_400)
    both = Rates(input=1, output=2, audio_in=3, units=Units(audio_hour=3_600_000))
    assert cost(usage, make_price(both, (), "test")).total == 26 + 274 * 3 + 20
    seconds = msgspec.structs.replace(both, audio_in=None)
    assert cost(usage, make_price(seconds, (), "test")).total == 300 + 20 + 27_400
    assert cost(Usage(audio_ms=1000), make_price(both, (), "test")).total == 1000


def test_units_have_tiers() -> None:
    """They change with the step of the call's input, as tokens do."""
    tiers = ((200, Rates(input=0, output=0, units=Units(character=3))),)
    of = make_price(Rates(input=0, output=0, units=Units(character=2)), tiers, "test")
    assert (cost(Usage(200, characters=10), of).total, cost(Usage(201, characters=10), of).total) == (20, 30)


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
