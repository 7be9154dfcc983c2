"""Where a price comes from."""

from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from genai_prices import data
from genai_prices.types import TieredPrices

from trunkline.profiles import Rates
from trunkline.profiles.book import PriceBook, PriceError
from trunkline.profiles.listed import INDEX, PROVIDERS, listed_price
from trunkline.profiles.listed_build import index_text
from trunkline.profiles.price import Units

SEARCHED = Units(web_search=10_000_000_000)
"""10 USD per thousand searches."""

TODAY = dt.date(2026, 11, 24)


def book(tmp_path: Path, entries: object) -> PriceBook:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(entries))
    return PriceBook.load(path)


def test_index_is_current() -> None:
    """The index says what the installed genai-prices says (`python -m trunkline.profiles.listed_build` mends it)."""
    assert INDEX.read_text() == index_text()


def test_index_agrees_with_the_package_on_every_model() -> None:
    """For every model of every provider we price by it, our look-up by id has the package's input and output rates."""
    now = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    by_id = {provider.id: provider for provider in data.providers}
    checked = 0
    for prefix, vendor_id in PROVIDERS.items():
        vendor = by_id[vendor_id]
        for listed in vendor.models:
            reference = listed.id
            model = vendor.find_model(reference, all_providers=list(data.providers))
            price = listed_price(prefix, reference, now.date())
            if model is None or price is None:
                continue
            theirs = model.get_prices(now if "peak" not in price.source else now.replace(hour=9))
            for ours, value in ((price.base.input, theirs.input_mtok), (price.base.output, theirs.output_mtok)):
                base = value.base if isinstance(value, TieredPrices) else value
                assert ours == round((base or Decimal(0)) * 10**6), (prefix, reference)
            checked += 1
    assert checked > 1500


def test_the_package_itself_is_not_imported() -> None:
    """A look-up leaves genai-prices and pydantic alone: half a second and 36 MiB of an idle worker."""
    import subprocess

    code = (
        "import sys; from trunkline.profiles.book import PriceBook\n"
        "assert PriceBook.load(None).find('openai', 'gpt-4o')\n"
        "print([name for name in ('genai_prices', 'pydantic') if name in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@pytest.mark.parametrize(
    ("provider", "model", "rates"),
    [
        ("openai", "gpt-4o", Rates(input=2_500_000, output=10_000_000, cache_read=1_250_000, units=SEARCHED)),
        ("azure", "gpt-4o", Rates(input=2_500_000, output=10_000_000, cache_read=1_250_000, units=SEARCHED)),
        ("openai", "GPT-4o-20240806", Rates(input=2_500_000, output=10_000_000, cache_read=1_250_000, units=SEARCHED)),
        ("openai", "text-embedding-3-small", Rates(input=20_000, output=0)),
        (
            "fireworks_ai",
            "accounts/fireworks/models/deepseek-v4-pro",
            Rates(input=1_740_000, output=3_480_000, cache_read=145_000),
        ),
        (
            "gemini",
            "models/gemini-3.5-flash-lite",
            Rates(input=300_000, output=2_500_000, cache_read=30_000, units=Units(web_search=14_000_000_000)),
        ),
        ("openai", "whisper-1", Rates(input=0, output=0, units=Units(audio_hour=360_000_000_000))),
        ("groq", "whisper-large-v3", Rates(input=0, output=0, units=Units(audio_hour=111_000_000_000))),
        ("openai", "tts-1", Rates(input=0, output=0, units=Units(character=15_000_000))),
        ("huggingface", "openai/gpt-oss-120b:together", Rates(input=150_000, output=600_000)),
    ],
)
def test_listed(provider: str, model: str, rates: Rates) -> None:
    """Known models have their list price, whatever case or date spelling the config uses."""
    price = PriceBook.load(None).find(provider, model, on=TODAY)
    assert price is not None
    assert price.base == rates
    assert price.source.startswith("genai-prices:")


def test_listed_beside_tokens() -> None:
    """Cache writes for an hour, image tokens and searches have their list price; Gemini 2 is charged per prompt."""
    prices = PriceBook.load(None)
    claude = prices.find("anthropic", "claude-sonnet-4-5", on=TODAY)
    image = prices.find("openai", "gpt-image-1.5", on=TODAY)
    old, new = (prices.find("gemini", name, on=TODAY) for name in ("gemini-2.5-flash", "gemini-3-flash-preview"))
    assert claude is not None
    assert (claude.base.cache_write, claude.base.cache_write_long) == (3_750_000, 6_000_000)
    assert claude.base.units == SEARCHED
    assert claude.tiers[0][1].units == SEARCHED
    assert image is not None
    assert image.base.units == Units(image_token=32_000_000)
    assert old is not None
    assert old.base.units == Units(search_call=35_000_000_000)
    assert new is not None
    assert new.base.units == Units(web_search=14_000_000_000)


def test_index_has_every_price_key_that_is_counted() -> None:
    """Every model that the package prices in something we count is in the index with that price."""
    wanted = {
        "web_searches_kcount", "cache_write_1h_mtok", "output_image_mtok", "input_mchars", "input_audio_hours",
    }  # fmt: skip
    text = INDEX.read_text()
    by_id = {provider.id: provider for provider in data.providers}
    counted = dict.fromkeys(wanted, 0)
    for vendor_id in set(PROVIDERS.values()):
        for model in by_id[vendor_id].models:
            stages = model.prices if isinstance(model.prices, list) else ()
            for price in (stage.prices for stage in stages) if stages else (model.prices,):
                for key in wanted:
                    counted[key] += getattr(price, key, None) is not None
    assert all(counted.values())
    for key in wanted - {"web_searches_kcount"}:
        assert text.count(f'"{key}"') >= counted[key]


def test_listed_tiers_and_dates() -> None:
    """A long context has its dearer tier, and a price holds for its time only."""
    now = PriceBook.load(None).find("openai", "gpt-5.6-sol", on=TODAY)
    before = PriceBook.load(None).find("openai", "gpt-5.6-sol", on=dt.date(2026, 8, 20))
    assert now is not None
    assert before is not None
    assert (before.base.input, now.base.input) == (5_000_000, 4_000_000)
    above, dearer = now.tiers[0]
    assert (above, dearer.input, dearer.output, dearer.cache_read) == (272_000, 8_000_000, 30_000_000, 800_000)


def test_peak_hours_stand_for_the_day() -> None:
    """Where a price depends on the hour, the dearest is charged, and the source says so."""
    price = PriceBook.load(None).find("deepseek", "deepseek-flash", on=TODAY)
    assert price is not None
    assert (price.base.input, price.base.output) == (300_000, 1_200_000)
    assert price.source == "genai-prices:deepseek/deepseek-flash (peak hours' price)"


def test_unknown_has_no_price() -> None:
    """What nobody lists has no price; in particular a server of one's own is not billed at somebody's list price."""
    prices = PriceBook.load(None)
    assert prices.find("hosted_vllm", "gpt-4o") is None
    assert prices.find("openai", "no-such-model") is None
    assert prices.find("huggingface", "no-backend") is None


def test_local_is_free() -> None:
    """The embedded model costs nothing, and says so."""
    price = PriceBook.load(None).find("local", "anything")
    assert price is not None
    assert (price.source, price.base) == ("config:local", Rates(input=0, output=0))


def test_price_file_comes_first(tmp_path: Path) -> None:
    """A LiteLLM price file wins over the list, under LiteLLM's spellings of a model."""
    entries = {
        "sample_spec": {"input_cost_per_token": 9},
        "gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
        "groq/llama": {"litellm_provider": "groq", "input_cost_per_token": 3e-6},
        "gpt-inst": {"litellm_provider": "text-completion-openai", "input_cost_per_token": 4e-6},
        "ft:gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 5e-6},
        "azure/gpt-4o": {"litellm_provider": "azure", "input_cost_per_token": 6e-6},
    }
    prices = book(tmp_path, entries)

    def cost_of(provider: str, model: str, base_model: str | None = None) -> tuple[int, str] | None:
        price = prices.find(provider, model, base_model, on=TODAY)
        return None if price is None else (price.base.input, price.source)

    assert cost_of("openai", "gpt-4o") == (10**6, "price-file:gpt-4o")
    assert cost_of("groq", "llama") == (3 * 10**6, "price-file:groq/llama")
    assert cost_of("openai", "gpt-inst") == (4 * 10**6, "price-file:gpt-inst")
    assert cost_of("openai", "ft:gpt-4o:org::x") == (5 * 10**6, "price-file:ft:gpt-4o")
    assert cost_of("azure", "my-deployment", "gpt-4o") == (6 * 10**6, "price-file:azure/gpt-4o")
    assert cost_of("azure", "my-deployment", "azure/gpt-4o") == (6 * 10**6, "price-file:azure/gpt-4o")
    assert cost_of("hosted_vllm", "gpt-4o") is None  # the entry is OpenAI's
    assert cost_of("openai", "sample_spec") is None
    assert cost_of("openai", "gpt-4.1") == (2_000_000, "genai-prices:openai/gpt-4.1")


def test_base_model_is_looked_up_in_the_list() -> None:
    """An Azure deployment with a name of its own is priced by its `base_model`, with or without prefix."""
    prices = PriceBook.load(None)
    for base_model in ("gpt-4o", "azure/gpt-4o"):
        price = prices.find("azure", "d1", base_model, on=TODAY)
        assert price is not None
        assert price.base.input == 2_500_000


def test_bad_price_file(tmp_path: Path) -> None:
    """A file that is missing or no price file is refused with a sentence; a bad entry costs only its own price."""
    with pytest.raises(PriceError, match="cannot be read"):
        PriceBook.load(tmp_path / "none.json")
    with pytest.raises(PriceError, match="no JSON object"):
        book(tmp_path, [1])
    prices = book(tmp_path, {"x/a": {"input_cost_per_token": -1}, "x/b": 5, "x/c": {"input_cost_per_token": 1e-6}})
    assert prices.find("x", "a") is None
    assert prices.find("x", "b") is None
    assert prices.find("x", "c") is not None
    assert [problem.split("`")[3] for problem in prices.problems] == ["x/a", "x/b"]


def test_remembered_look_ups_are_bounded() -> None:
    """Names that clients invent under a wildcard do not fill the memory."""
    prices = PriceBook.load(None)
    for number in range(5000):
        prices.find("hosted_vllm", f"m{number}")
    assert len(prices._found) <= 4096
