"""What a model family wants of a request."""

from __future__ import annotations

import pytest

from trunkline.profiles import request_edits


@pytest.mark.parametrize("provider", ["openai", "azure"])
@pytest.mark.parametrize(
    "model", ["gpt-5", "gpt-5.6-sol", "gpt-6-luna", "gpt-10", "o1", "o4-mini", "ft:gpt-5-mini:org::x", "chat-latest"]
)
def test_reasoning_models_get_the_newer_name(provider: str, model: str) -> None:
    """GPT-5 and later and the o-series refuse `max_tokens`, so it is renamed on both hosts."""
    assert request_edits(provider, model) == {"max_tokens": "max_completion_tokens"}


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o"),
        ("openai", "gpt-4.1-mini"),
        ("openai", "gpt-oss-120b"),
        ("openai", "omni-x"),
        ("openai", "o"),
        ("groq", "gpt-5"),
        ("openai", "orca-2"),
        ("openai", "o1x"),
        ("hosted_vllm", "o1"),
    ],
)
def test_others_are_left_alone(provider: str, model: str) -> None:
    """Older models, look-alike names and other hosts keep what the client sent."""
    assert request_edits(provider, model) == {}
