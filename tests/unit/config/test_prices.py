"""Prices from the book."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.config.written import read
from trunkline.config import price_snapshot
from trunkline.profiles import Price
from trunkline.profiles.book import PriceBook
from trunkline.profiles.price import Units


def test_the_book_fills_what_the_config_leaves_open(tmp_path: Path) -> None:
    """A price of the config stays, others come from the price file, wildcards and strangers have none."""
    file = tmp_path / "prices.json"
    row = {"input_cost_per_token": 2e-6, "output_cost_per_token": 4e-6, "litellm_provider": "openai", "mode": "chat"}
    file.write_text(json.dumps({"gpt-5.6-sol": row, "real": row}))
    key = "api_key: sk-0123456789"
    text = f"""
    model_list:
      - model_name: own
        litellm_params: {{model: openai/gpt-5.6-sol, {key}, input_cost_per_token: 0, output_cost_per_token: 1}}
      - {{model_name: book, litellm_params: {{model: openai/gpt-5.6-sol, {key}}}}}
      - {{model_name: '*', litellm_params: {{model: 'openai/*', {key}}}}}
      - {{model_name: stranger, litellm_params: {{model: custom_openai/qqq-zzz, api_base: 'http://127.0.0.1:1'}}}}
    """
    before = read(tmp_path, text)
    after = price_snapshot(before, PriceBook.load(file))
    own, book, wild, stranger = after.deployments
    assert own.price is before.deployments[0].price
    assert own.price is not None
    assert own.price.source.startswith("config")
    assert book.price is not None
    assert book.price.base.input == 2_000_000
    assert (wild.price, stranger.price) == (None, None)
    assert after.version == before.version
    assert before.deployments[1].price is None


def written(tmp_path: Path, params: str, info: str = "{}") -> Price | None:
    """The price of an entry with these keys."""
    text = f"""
    model_list:
      - model_name: m
        litellm_params: {{model: gemini/gemini-2.5-flash, api_key: sk-0123456789, {params}}}
        model_info: {info}
    """
    snapshot = read(tmp_path, text)
    assert [note.text for note in snapshot.notes if "cost" in note.text or "billing" in note.text] == []
    return snapshot.deployments[0].price


def test_prices_beside_tokens(tmp_path: Path) -> None:
    """Searches, queries, images, characters and seconds may be priced in both places, tables included."""
    price = written(
        tmp_path,
        "search_context_cost_per_query: {search_context_size_medium: 0.035}, output_cost_per_image: 0.04",
        "{mode: image_generation, input_cost_per_character: 1e-6, input_cost_per_second: 0.0001,"
        " input_cost_per_query: 0.002, output_cost_per_image_token: 3e-5,"
        " cache_creation_input_token_cost_above_1hr: 2e-6}",
    )
    assert price is not None
    assert price.base.cache_write_long == 2_000_000
    assert price.base.units == Units(
        search_call=35_000_000_000, search_unit=2_000_000_000, image=40_000_000_000, image_token=30_000_000,
        character=1_000_000, audio_hour=360_000_000_000,
    )  # fmt: skip


def test_the_billing_unit_of_searches(tmp_path: Path) -> None:
    """`web_search_billing_unit` stands beside the prices, in either place."""
    sizes = "input_cost_per_token: 1e-6, search_context_cost_per_query: {search_context_size_medium: 0.014}"
    for price in (
        written(tmp_path, f"{sizes}, web_search_billing_unit: per_query"),
        written(tmp_path, sizes, "{web_search_billing_unit: per_query}"),
    ):
        assert price is not None
        assert price.base.units == Units(web_search=14_000_000_000)


def test_the_mode_says_what_is_counted(tmp_path: Path) -> None:
    """A chat model that is priced by the second is unpriced, not free; a transcription has its price."""
    assert written(tmp_path, "input_cost_per_second: 0.0001", "{mode: chat}") is None
    assert written(tmp_path, "input_cost_per_second: 0.0001", "{mode: audio_transcription}") is not None
