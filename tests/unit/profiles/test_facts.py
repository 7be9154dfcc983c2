"""Limits and abilities of models, as `/model/info` states them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trunkline.local import child
from trunkline.profiles import families_claude, families_google, families_open, families_openai
from trunkline.profiles.book import PriceBook
from trunkline.profiles.facts import ABILITIES, EMBEDDED_CONTEXT, STATED, complete, model_facts

BOOK = PriceBook.load(None)


@pytest.mark.parametrize(
    ("provider", "model", "window", "output"),
    [
        ("openai", "gpt-5.6-sol", 922_000, 128_000), ("openai", "gpt-5.4-mini", 272_000, 128_000),
        ("openai", "gpt-5.4", 1_050_000, 128_000), ("azure", "gpt-4o", 128_000, 16_384),
        ("anthropic", "claude-haiku-4-5", 200_000, 64_000), ("bedrock", "us.anthropic.claude-opus-4-6-v1", 10**6, 128_000),
        ("vertex_ai", "gemini-3.8-flash", 1_048_576, 65_536), ("gemini", "gemini-2.0-flash", 1_048_576, 8192),
        ("deepseek", "deepseek-v4-pro", 10**6, 393_216),
    ],
)  # fmt: skip
def test_limits_of_families(provider: str, model: str, window: int, output: int) -> None:
    """Limits are those of providers.md, table D, on every host that serves a model under its maker's rules."""
    facts = model_facts(provider, model)
    assert (facts["max_input_tokens"], facts["max_output_tokens"]) == (window, output)


@pytest.mark.parametrize(
    ("provider", "model", "can"),
    [
        ("openai", "gpt-4o", "vision pdf_input function_calling response_schema"),
        ("openai", "gpt-6-luna", "vision pdf_input function_calling reasoning response_schema"),
        ("openai", "gpt-4o-search-preview", "vision pdf_input response_schema"),
        ("openai", "gpt-audio", "audio_input function_calling"),
        ("anthropic", "claude-3-5-sonnet-20241022", "vision pdf_input function_calling response_schema"),
        ("gemini", "gemini-3.8-flash",
         "vision pdf_input audio_input video_input function_calling reasoning response_schema"),
        ("local", "smollm2-135m-instruct", "response_schema"),
    ],
)  # fmt: skip
def test_abilities_of_families(provider: str, model: str, can: str) -> None:
    """An ability that a known family lacks is stated as lacking, not left out."""
    facts = model_facts(provider, model)
    assert {name: facts[name] for name in ABILITIES} == {
        name: name.removeprefix("supports_") in can.split() for name in ABILITIES
    }


@pytest.mark.parametrize(
    ("provider", "model", "unknown"),
    [
        ("openai", "gpt-7", STATED), ("anthropic", "claude-opus-9", STATED), ("gemini", "gemini-5-neon", STATED),
        ("acme", "acme-1", STATED),
        ("openai", "gpt-4o-transcribe", STATED), ("gemini", "gemini-3.8-flash-tts", STATED),
        ("groq", "llama-3.3-70b-versatile",
         ("max_tokens", "max_input_tokens", "max_output_tokens", "supports_function_calling",
          "supports_response_schema")),
        ("together_ai", "deepseek-v4-pro", ("max_input_tokens", "max_output_tokens", "supports_function_calling")),
        ("openai", "gpt-4-1106-preview", ("max_tokens", "max_input_tokens", "max_output_tokens")),
    ],
)  # fmt: skip
def test_unknown_is_not_guessed(provider: str, model: str, unknown: tuple[str, ...]) -> None:
    """A model newer than the list, a speaking relative, and what a host decides stay unknown."""
    facts = complete(model_facts(provider, model))
    assert [name for name in unknown if facts[name] is not None] == []


def test_other_modes_have_no_chat_limits() -> None:
    """An entry for pictures or sounds gets nothing from the family that its name resembles."""
    assert model_facts("openai", "gpt-4o", mode="image_generation") == {}


def test_the_embedded_models_window() -> None:
    """What is stated is what its process runs with."""
    assert child.CONTEXT_TOKENS == EMBEDDED_CONTEXT


def test_limits_come_in_pairs() -> None:
    """Every family with an input limit has the output's too: one alone is never stated."""
    rules = (*families_claude.RULES, *families_google.RULES, *families_open.RULES, *families_openai.RULES)
    assert [one.profile.name for one in rules if one.profile.max_input and not one.profile.max_output] == []


def test_first_source_wins_and_max_tokens_follows() -> None:
    """Fields come from the first source that has them; `max_tokens` is the output's limit, else the input's."""
    assert complete({"max_output_tokens": 10}, {"max_output_tokens": 20, "max_input_tokens": 30})["max_tokens"] == 10
    assert complete({"max_input_tokens": 30})["max_tokens"] == 30
    assert complete({"max_tokens": 5}, {"max_input_tokens": 30})["max_tokens"] == 5
    assert complete({"supports_vision": False}, {"supports_vision": True})["supports_vision"] is False


def test_an_output_limit_alone_is_no_window() -> None:
    """Clients that read `max_tokens` as the window get none where the window is unknown."""
    assert complete({"max_output_tokens": 10})["max_tokens"] is None


def test_the_lists_window_fills_the_gap() -> None:
    """Where no profile has a limit, genai-prices' window is the input's; a deployment's base model counts first."""
    assert BOOK.facts("groq", "qwen/qwen3-32b") == {"max_input_tokens": 131_072}
    assert BOOK.facts("openai", "gpt-4") == {"max_input_tokens": 8192}
    assert BOOK.facts("azure", "my-deployment", "azure/gpt-4o") == {"max_input_tokens": 128_000}
    assert BOOK.facts("acme", "acme-1") == {}


def test_a_price_file_states_facts(tmp_path: Path) -> None:
    """LiteLLM's own fields in the operator's price file are facts; values of another kind are not."""
    entry = {
        "litellm_provider": "acme", "max_input_tokens": 1000, "max_output_tokens": "many", "supports_vision": True,
        "supports_reasoning": 1, "max_tokens": 7,
    }  # fmt: skip
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({"acme-1": entry, "acme-2": [], "acme-3": {"max_input_tokens": -1}}))
    book = PriceBook.load(path)
    assert book.facts("acme", "acme-1") == {"max_input_tokens": 1000, "supports_vision": True}
    assert book.facts("other", "acme-1") == {}
    assert book.facts("acme", "acme-2") == {}
    assert book.facts("acme", "acme-3") == {}
