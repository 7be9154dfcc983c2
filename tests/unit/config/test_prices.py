"""Prices from the book."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.config.written import read
from trunkline.config import price_snapshot
from trunkline.profiles.book import PriceBook


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
