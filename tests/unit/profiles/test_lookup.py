"""Which profile a model's id leads to."""

from __future__ import annotations

import pytest

from trunkline.profiles.lookup import profile_for
from trunkline.profiles.names import bare_name


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("claude-3-7-sonnet@20250219", "claude-3-7-sonnet"),
        ("accounts/fireworks/models/qwen3-coder", "qwen3-coder"),
        ("publishers/meta/models/llama-3.3-70b-instruct-maas", "llama-3.3-70b-instruct"),
        ("ft:gpt-4o-2024-08-06:org::id", "gpt-4o-2024-08-06"),
        ("gpt-oss:20b", "gpt-oss"),
        ("mistral.mistral-large-2407-v1:0", "mistral-large-2407"),
        ("deepseek-chat", "deepseek-chat"),
    ],
)
def test_a_name_is_taken_out_of_what_a_host_puts_around_it(written: str, bare: str) -> None:
    """Region, maker, path, tag, version and date behind `@` go; the maker stays where it is part of the name."""
    assert bare_name(written) == bare


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("gpt-4", "OpenAI before GPT-4o"),
        ("gpt-4o-mini", "GPT-4o"),
        ("gpt-4.1", "GPT-4.1"),
        ("o3", "OpenAI o-series"),
        ("gpt-5-mini", "GPT-5"),
        ("gpt-5.1", "GPT-5.1"),
        ("gpt-5.6", "GPT-5.6"),
        ("gpt-6-astra", "GPT-6 Astra"),
        ("gpt-6.1-terra", "GPT-6"),
        ("claude-3-5-sonnet-20241022", "Claude 3.5"),
        ("claude-sonnet-4-20250514", "Claude 4"),
        ("anthropic/claude-sonnet-4.5:thinking", "Claude 4.5"),
        ("databricks-claude-sonnet-4-6", "Claude 4.6"),
        ("claude-opus-4-8", "Claude 4.8"),
        ("claude-opus-5-20260601", "Claude 5"),
        ("claude-sonnet-5-5", "Claude Sonnet 5.5"),
        ("claude-haiku-5-5", "Claude Haiku 5.5"),
        ("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
        ("models/gemini-3-pro-preview", "Gemini 3 Pro"),
        ("gemini-4-argon", "Gemini 4"),
        ("deepseek-v4-pro", "DeepSeek"),
        ("moonshotai/Kimi-K2-Instruct", "Kimi K2"),
        ("kimi-k3", "Kimi K3"),
        ("zai-org/GLM-5.3", "GLM 5.3"),
        ("grok-4-fast-non-reasoning", "Grok that does not think"),
        ("us.amazon.nova-2-lite-v1:0", "Nova 2"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss"),
    ],
)
def test_each_family_is_known_by_its_names(model: str, profile: str) -> None:
    """Dated ids, regions and resellers' spellings lead to the maker's rules."""
    found = profile_for(model)
    assert found is not None
    assert found.name == profile


def test_a_newer_model_of_a_known_line_gets_the_newest_rules() -> None:
    """They are the strictest, and a maker rarely gives back what it took away."""
    claude, gpt, gemini = profile_for("claude-opus-7"), profile_for("gpt-7"), profile_for("gemini-5-pro")
    assert claude is not None
    assert "temperature" in claude.lacks
    assert gpt is not None
    assert gpt.name == "GPT-6"
    assert gemini is not None
    assert gemini.needs_signatures


def test_a_model_that_nobody_knows_has_no_profile() -> None:
    """A deployment of one's own may be anything."""
    assert profile_for("my-deployment") is None
    assert profile_for("") is None
