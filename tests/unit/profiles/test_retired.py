"""Retired models and what stands for them."""

from __future__ import annotations

import datetime as dt

import pytest

from trunkline.profiles import replacement_for, retired_model


@pytest.mark.parametrize(
    ("name", "provider", "model", "since"),
    [
        ("gemini-2.5-flash", "gemini", "gemini-3.8-flash", "2026-12-01"),
        ("gemini-2.0-flash", "gemini", "gemini-3.5-flash-lite", "2026-06-01"),
        ("gemini-pro", "gemini", "gemini-3.8-flash", "2025-09-24"),
        ("gpt-4", "openai", "gpt-5.6-sol", "2026-10-23"),
        ("gpt-4-turbo", "openai", "gpt-5.6-sol", "2026-10-23"),
        ("gpt-3.5-turbo", "openai", "gpt-6-luna", "2026-10-23"),
        ("claude-3-5-sonnet", "anthropic", "claude-sonnet-5-5", "2025-10-28"),
        ("claude-3-opus", "anthropic", "claude-opus-5-5", "2026-01-05"),
        ("claude-3-haiku", "anthropic", "claude-haiku-5-5", "2026-04-20"),
        ("openai/gpt-4", "local", "smollm2", "2026-10-23"),
    ],
)
def test_the_names_of_the_guide(name: str, provider: str, model: str, since: str) -> None:
    """Each of the guide's nine names reports the retired id, what answers now, since when, and who says so."""
    fact = replacement_for(provider, model, name)
    assert fact is not None
    assert (fact.retired, fact.successor, fact.since) == (name.rsplit("/", maxsplit=1)[-1], model, since)
    assert fact.source.startswith("https://")


@pytest.mark.parametrize(
    ("provider", "model", "name"),
    [
        ("openai", "gpt-4", "gpt-4"),
        ("openai", "gpt-4-0613", "gpt-4"),
        ("openai", "gpt-4", "openai/gpt-4"),
        ("openai", "gpt-5.6-sol", "best"),
        ("openai", "gpt-5.6-sol", "gpt-5.6-sol"),
        ("openai", "gpt-5.6-sol", "gpt-*"),
    ],
)
def test_no_replacement(provider: str, model: str, name: str) -> None:
    """A name that is no retired id, or an entry that still calls that very model, reports none."""
    assert replacement_for(provider, model, name) is None


def test_own_model_retired() -> None:
    """An entry that calls a retired model itself has a fact with a living successor; dates ahead are known too."""
    fact = retired_model("openai", "gpt-4")
    assert fact is not None
    assert fact.successor == "gpt-5.6-sol"
    assert fact.is_over(dt.date(2026, 10, 23))
    assert not fact.is_over(dt.date(2026, 10, 22))
    assert retired_model("openai", fact.successor) is None
    assert retired_model("azure", "gpt-4") is None  # a deployment's name is the customer's own
    coming = retired_model("anthropic", "claude-sonnet-4-5")
    assert coming is not None
    assert not coming.is_over(dt.date(2026, 11, 24))


def test_successors_live() -> None:
    """No successor is itself retired."""
    from trunkline.profiles import retired

    for (provider, _), fact in retired._BY_MODEL.items():
        assert retired_model(provider, fact.successor) is None, fact
        dt.date.fromisoformat(fact.since)
