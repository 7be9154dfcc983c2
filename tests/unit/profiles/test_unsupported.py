"""OpenAI's parameters that hosts and models refuse, for `drop_params: true`."""

from __future__ import annotations

from trunkline.ir.format import Format
from trunkline.profiles.adapt import Adapter, Policy
from trunkline.profiles.unsupported import OPENAI_MEMBERS, unsupported


def test_what_a_host_refuses() -> None:
    """Whatever the model."""
    assert {"frequency_penalty", "logit_bias", "service_tier"} <= unsupported("cerebras", "some-model")
    assert "user" in unsupported("mistral", "mistral-large-latest")
    assert "tools" in unsupported("nscale", "some-model")


def test_what_a_model_refuses_wherever_it_runs() -> None:
    """By OpenAI's names: `candidates` is `n`, thinking is `reasoning_effort`."""
    assert {"temperature", "top_p", "stop", "parallel_tool_calls"} <= unsupported("openai", "o3")
    assert "reasoning_effort" in unsupported("openai", "gpt-4o")
    assert "temperature" in unsupported("openrouter", "anthropic/claude-opus-4.7")
    assert "stop" in unsupported("xai", "grok-4.7")


def test_rules_of_a_host_end_at_the_host() -> None:
    """Moonshot takes no temperature for Kimi; whoever else runs the open model may."""
    assert "temperature" in unsupported("moonshot", "kimi-k2.5")
    assert "temperature" not in unsupported("together_ai", "moonshotai/Kimi-K2.5")


def test_what_depends_on_thinking_is_not_named() -> None:
    """GPT-5.1 takes a temperature while it does not think, and the name does not say whether it does."""
    assert "temperature" not in unsupported("openai", "gpt-5.1")
    assert "max_tokens" not in unsupported("openai", "gpt-5.1")


def test_nothing_is_said_against_what_nobody_knows() -> None:
    """An unknown host may take everything."""
    assert unsupported("custom_openai", "my-model") == frozenset()


def test_only_openais_own_members_stay_behind() -> None:
    """Others are meant for the provider, as LiteLLM's `extra_body`; other clients' members mean nothing to it."""
    adapter = Adapter(provider="gemini", model="gemini-3-pro", deployment="d", format=Format.GEMINI, policy=Policy())
    for name in ("safety_settings", "thinkingConfig", "anthropic_beta"):
        assert adapter.passes(name, Format.OPENAI_CHAT)
        assert not adapter.passes(name, Format.ANTHROPIC_MESSAGES)
    for name in OPENAI_MEMBERS:
        assert not adapter.passes(name, Format.OPENAI_CHAT)
