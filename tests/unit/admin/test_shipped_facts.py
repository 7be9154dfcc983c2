"""What the gateway states of the models that its shipped configuration offers: the guide's nine and the embedded one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.admin.fakes import FakeGateway
from trunkline.admin import model_info
from trunkline.config import load
from trunkline.config.snapshot import Deployment
from trunkline.profiles.facts import ABILITIES, Facts
from trunkline.profiles.price import Price
from trunkline.server.prices import Prices

CONFIG = Path(__file__).parents[3] / "litellm-config.yaml"
KEYS = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"), "sk-0123456789abcdef")
PRICES = Prices(None)

_GPT = "function_calling pdf_input reasoning response_schema vision"
_GEMINI = "audio_input function_calling pdf_input reasoning response_schema video_input vision"
_CLAUDE = _GPT
EXPECTED = {
    # The embedded model: the window that its process runs with; it ignores tools, a schema is a grammar.
    "local": (8192, 8192, "response_schema", 0.0, 0.0),
    # Limits and abilities: Google's, OpenAI's and Anthropic's entries in LiteLLM's
    # `model_prices_and_context_window.json` of 1.109.1, which the profiles agree with. Prices: genai-prices 0.2.3.
    "gemini-2.5-flash": (1_048_576, 65_536, _GEMINI, 7.5e-07, 3.75e-06),  # the dearest of gemini-3.8-flash and its own
    "gemini-2.0-flash": (1_048_576, 65_536, _GEMINI, 3e-07, 2.5e-06),  # gemini-3.5-flash-lite
    "gemini-pro": (1_048_576, 65_536, _GEMINI, 7.5e-07, 3.75e-06),  # gemini-3.8-flash
    "gpt-4": (922_000, 128_000, _GPT, 4e-06, 2e-05),  # gpt-5.6-sol: a window of 1,050,000 with the answer in it
    "gpt-4-turbo": (922_000, 128_000, _GPT, 4e-06, 2e-05),
    "gpt-3.5-turbo": (922_000, 128_000, _GPT, 1e-07, 5e-07),  # gpt-6-luna
    "claude-3-5-sonnet": (1_000_000, 128_000, _CLAUDE, 2e-06, 1e-05),  # claude-sonnet-5-5
    "claude-3-opus": (1_000_000, 128_000, _CLAUDE, 4e-06, 2e-05),  # claude-opus-5-5
    "claude-3-haiku": (1_000_000, 128_000, _CLAUDE, 1e-07, 5e-07),  # claude-haiku-5-5
}
"""Name -> tokens in, tokens out, abilities, USD per token in and out."""


@dataclass
class PricedGateway(FakeGateway):
    """With the price data that ships."""

    def price(self, deployment: Deployment) -> Price | None:
        """As a worker does."""
        return deployment.price or PRICES.find(deployment)

    def facts(self, deployment: Deployment) -> Facts:
        """As a worker does."""
        return PRICES.facts(deployment)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, model_info.Row]:
    """The row of each name."""
    gateway = PricedGateway(data=tmp_path_factory.mktemp("data"), snapshot=load(CONFIG, KEYS))
    return {str(row["model_group"]): row for row in model_info.groups(gateway)}


def test_nothing_is_offered_that_is_not_described(rows: dict[str, model_info.Row]) -> None:
    """The ten names, in the order of the file."""
    assert list(rows) == list(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shipped_model_is_described(rows: dict[str, model_info.Row], name: str) -> None:
    """Window, answer's limit, every ability as yes or no, and both prices: nothing is left unknown."""
    row, (window, output, abilities, per_input, per_output) = rows[name], EXPECTED[name]
    assert (row["max_input_tokens"], row["max_output_tokens"], row["max_tokens"]) == (window, output, output)
    assert {field: row[field] for field in ABILITIES} == {
        field: field.removeprefix("supports_") in abilities.split() for field in ABILITIES
    }
    assert (row["input_cost_per_token"], row["output_cost_per_token"]) == (per_input, per_output)
