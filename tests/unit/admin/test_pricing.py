"""Prices as `/model/info` shows them."""

from __future__ import annotations

import pytest

from trunkline.admin.model_info import pricing
from trunkline.profiles.rates import price_from_keys

KEYS: dict[str, object] = {
    "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06, "cache_creation_input_token_cost": 1.25e-06,
    "cache_creation_input_token_cost_above_1hr": 2e-06, "input_cost_per_request": 0.01, "input_cost_per_query": 0.002,
    "output_cost_per_image": 0.04, "output_cost_per_image_token": 3e-05, "input_cost_per_character": 1.5e-05,
    "input_cost_per_second": 0.0001, "search_context_cost_per_query": {"search_context_size_medium": 0.01},
}  # fmt: skip


@pytest.mark.parametrize("unit", ["per_query", "per_prompt"])
def test_a_price_is_shown_by_the_keys_it_was_written_in(unit: str) -> None:
    """Every kind, in USD; the version and the source beside them."""
    written = KEYS | {"web_search_billing_unit": unit}
    price = price_from_keys(written, "config:x")
    assert price is not None
    assert pricing(price) == written | {"price_source": "config:x", "price_version": price.version}
