"""What people read about a run: titles, receipts, routes, losses, errors; and a gateway that is LiteLLM's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app.api.schemas.errors import ErrorCode
from backend.app.api.schemas.messages import Receipt, Timing, Usage
from backend.app.services.catalogue import Known, Rates, alternatives, dollars, known_models, sights, version_of
from backend.app.services.gateway.errors import Facts, GatewayDown, KeyRefused, ProviderDown, RateLimited, TooLong
from backend.app.services.gateway.events import Opened
from backend.app.services.receipts import cost_nano, settled
from backend.app.services.route import losses, route
from backend.app.services.runs_failures import Around, explain
from backend.app.services.titles import LONGEST, UNTITLED, title_of


def row(name: str, model: str = "openai/m", **info: Any) -> dict[str, Any]:
    """A row of `/model/info`."""
    provider = model.partition("/")[0]
    facts = {"id": f"id-{name}-{model}", "litellm_provider": provider, "mode": "chat", "available": True, **info}
    return {
        "model_name": name,
        "litellm_params": {"model": model, "api_key": "os.environ/OPENAI_API_KEY"},
        "model_info": facts,
    }


# Titles.


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What is a mutex?\nTell me.", "What is a mutex?"),
        ("## Plan **for** `today`", "Plan for today"),
        ("```python\nprint(1)\n```\nWhy does this fail?", "Why does this fail?"),
        ("[docs](https://example.org) say otherwise.", "docs say otherwise"),
        ("\u202eevil", "evil"),
        ("", UNTITLED),
    ],
)
def test_a_title_is_the_first_words(question: str, title: str) -> None:
    """Without marks, code and what turns the direction of writing."""
    assert title_of(question) == title


def test_a_title_without_words_is_the_file() -> None:
    """A picture alone names the conversation."""
    assert title_of("  ", ["plan.png"]) == "plan.png"


@given(st.text(max_size=400))
def test_a_title_fits_a_line(question: str) -> None:
    """Whatever was asked: one line, not empty, not longer than the list takes."""
    title = title_of(question)
    assert 0 < len(title) <= LONGEST
    assert "\n" not in title


# Money.


def test_prices_are_exact() -> None:
    """Floats of the gateway are read as they are written; cached input has its own price."""
    (known,) = known_models(
        [row("a", input_cost_per_token=7.5e-07, output_cost_per_token=3.75e-06, cache_read_input_token_cost=7.5e-08)],
        {},
    )
    assert known.rates == Rates(input=750_000_000, output=3_750_000_000, cached=75_000_000)
    assert known.card.price is not None
    assert known.card.price.input_per_mtok == "0.75"
    assert known.card.price.cached_per_mtok == "0.075"
    assert (
        known.rates.cost(input_tokens=1000, output_tokens=100, cached_tokens=400) == 600 * 750 + 400 * 75 + 100 * 3750
    )
    assert dollars(1) == "0.000000001"


@pytest.mark.parametrize(
    ("found", "nano"),
    [
        ({"spend_pico": 17_499, "spend": 1.7e-8}, 17),
        ({"spend_pico": 17_500, "spend": 1.7e-8}, 18),
        ({"spend_pico": 0, "price_version": ""}, None),
        ({"spend_pico": 0, "price_version": "abc"}, 0),
        ({"spend": 0.0083}, 8_300_000),
    ],
)
def test_a_cost_is_the_row_s_to_the_nano_dollar(found: dict[str, Any], nano: int | None) -> None:
    """This gateway's pico-dollars, LiteLLM's dollars; a model without a price has no cost, not none."""
    assert cost_nano(found) == nano


def test_a_row_without_a_cost_settles_nothing() -> None:
    """It stays an estimate."""
    with pytest.raises(ValueError, match="spend"):
        cost_nano({"request_id": "x"})


def test_a_settled_receipt_has_the_row_s_numbers() -> None:
    """Tokens and cost of the ledger take the place of the estimate; times stay."""
    first = Receipt(
        usage=Usage(input=10, output=2), cost_nano=5, settled=False, estimated=True, timing=Timing(total_ms=9.0),
        call_id="c", model="a",
    )  # fmt: skip
    found = {
        "prompt_tokens": 12,
        "completion_tokens": 3,
        "total_tokens": 15,
        "spend_pico": 7000,
        "usage_source": "provider",
    }
    after = settled(first, found)
    assert (after.usage.input, after.usage.output, after.usage.total) == (12, 3, 15)
    assert (after.cost_nano, after.settled, after.estimated) == (7, True, False)
    assert after.timing.total_ms == 9.0


# Routes and losses.


def test_a_route_names_what_failed_and_why_it_went_on() -> None:
    """A failed attempt keeps its station; the reason is a sentence."""
    (known,) = known_models([row("a"), row("a", "azure/n")], {})
    opened = Opened(group="a", provider_model="openai/m", provider="openai", retries=1)
    found = route(opened, asked="a", who="Ada", card=known.card, first_word_ms=12.0)
    assert [(s.kind, s.name, s.state) for s in found.stations] == [
        ("you", "Ada", "ok"),
        ("key", "the application's key", "ok"),
        ("policy", "policy", "ok"),
        ("router", "a", "ok"),
        ("provider", "azure/n", "failed"),
        ("provider", "openai/m", "ok"),
    ]
    assert found.why == "You asked for `a`; `openai/m` answers it. An attempt failed and the gateway tried again once."


def test_a_replaced_model_is_told() -> None:
    """The header's sentence becomes the retired model, its successor and the day."""
    opened = Opened(provider_model="openai/new", provider="openai", replaced="old (retired 2026-06-01) by new")
    found = route(opened, asked="old", who="Ada", card=None, first_word_ms=None)
    assert found.replaced is not None
    assert (found.replaced.retired, found.replaced.successor, found.replaced.since) == ("old", "new", "2026-06-01")
    assert "old is retired, new is its successor." in found.why


def test_a_call_that_was_not_taken_ends_at_the_router() -> None:
    """Nothing is invented beyond it."""
    found = route(None, asked="a", who="Ada", card=None, first_word_ms=None, failure="No key for OpenAI")
    assert [station.state for station in found.stations] == ["ok", "failed"]
    assert found.why == "`a` was not called: No key for OpenAI."


def test_losses_are_sorted_and_counted() -> None:
    """The same thing at three places is one line; what was changed is not called dropped."""
    found = losses([
        "seed",
        "messages[1].content[0] (reasoning is sent back only to the provider that made it)",
        "messages[3].content[0] (reasoning is sent back only to the provider that made it)",
        "temperature (Anthropic's temperature goes up to 1, so 1 was sent)",
        "messages[0].content[1] (Anthropic looks at every image the same way)",
    ])  # fmt: skip
    assert [(loss.kind, loss.count, loss.action) for loss in found] == [
        ("parameter", 1, "dropped"), ("reasoning", 2, "dropped"), ("parameter", 1, "changed"), ("image", 1, "dropped"),
    ]  # fmt: skip
    assert found[0].message == "`seed` was left out: this model does not take it."


# Errors.


def around(*models: Known, **more: Any) -> Around:
    """The first model's error, with all of them known."""
    return Around(model=models[0].card.id, known=models[0], models=models, **more)


def test_an_error_names_the_cheapest_model_that_would_take_it() -> None:
    """Of another provider where the provider is what fails; with room for the message."""
    small, large, other = known_models(
        [
            row("small", input_cost_per_token=1e-7, output_cost_per_token=1e-7, max_input_tokens=128_000),
            row("large", input_cost_per_token=3e-6, output_cost_per_token=3e-6, max_input_tokens=200_000),
            row("other", "mistral/x", input_cost_per_token=9e-6, output_cost_per_token=9e-6, max_input_tokens=8_000),
        ],
        {},
    )
    long = explain(TooLong(163_000, 128_000, facts=Facts(model="small")), around(small, large, other, files=3))
    assert long.message == "This is 163k tokens; small takes 128k."
    assert long.fix == "Use large (200k) or drop some of the files."
    assert long.alternative == "large"
    since = datetime(2026, 11, 24, 13, 50, tzinfo=UTC)
    cut = explain(
        ProviderDown("x", facts=Facts(provider="openai", said="litellm.APIError: OpenAIException - it broke")),
        around(small),
    )
    assert cut.provider_said == "it broke"  # the prefix is the gateway's
    down = explain(ProviderDown("x", since=since, facts=Facts(provider="openai")), around(small, large, other))
    assert down.message == "OpenAI has been failing since 13:50 UTC."
    assert (down.alternative, down.since) == ("other", since)
    limited = explain(
        RateLimited(facts=Facts(provider="openai", retry_after=8.0, said="slow down")), around(small, large)
    )
    assert (limited.message, limited.retry_after_s, limited.provider_said) == (
        "Limit reached at OpenAI.",
        8.0,
        "slow down",
    )
    refused = explain(KeyRefused("provider", facts=Facts(provider="openai", status=401)), around(small))
    assert refused.fix == "Check OPENAI_API_KEY in .env."
    gone = explain(GatewayDown("http://127.0.0.1:4000", "refused"), around(small, gateway_down_since=since))
    assert gone.message == "The gateway at :4000 does not answer (since 13:50 UTC)."
    assert gone.code is ErrorCode.GATEWAY_DOWN


# The list, of this gateway and of LiteLLM.


def test_the_best_deployment_speaks_for_a_name() -> None:
    """Ready when one of them is; failing only when all are."""
    rows = [row("a"), row("a", "azure/n")]
    first, second = (entry["model_info"]["id"] for entry in rows)
    health = {"unhealthy_endpoints": [{"model_id": first, "reason": "503", "last_success": "2026-11-24T13:50:00Z"}]}
    (known,) = known_models(rows, sights(health))
    assert known.card.state == "ready"
    health["unhealthy_endpoints"].append({"model_id": second, "reason": "503", "last_success": None})
    (known,) = known_models(rows, sights(health))
    assert known.card.state == "failing"
    assert known.card.since == datetime(2026, 11, 24, 13, 50, tzinfo=UTC)


def test_a_list_of_litellm_s_proxy_is_read_too() -> None:
    """Fewer facts: no availability, `max_tokens`, abilities that are null where they are not known."""
    entry = {
        "model_name": "gpt-4o",
        "litellm_params": {"model": "openai/gpt-4o", "use_in_pass_through": False},
        "model_info": {
            "id": "abc", "db_model": False, "key": "gpt-4o", "max_tokens": 16384, "max_input_tokens": 128000,
            "max_output_tokens": 16384, "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
            "litellm_provider": "openai", "mode": "chat", "supports_vision": True, "supports_reasoning": None,
            "supports_function_calling": True, "supports_response_schema": True,
        },
    }  # fmt: skip
    embedding = {"model_name": "e", "litellm_params": {"model": "openai/e"}, "model_info": {"mode": "embedding"}}
    (known,) = known_models([entry, embedding], sights({"healthy_endpoints": [{"model": "gpt-4o"}]}))
    card = known.card
    assert (card.state, card.provider, card.context_tokens, card.max_output_tokens) == (
        "ready",
        "openai",
        128000,
        16384,
    )
    assert card.abilities.images
    assert card.price is not None
    assert card.price.output_per_mtok == "10.00"


def test_the_version_is_the_content() -> None:
    """The same cards have the same version in every process; a changed state has another."""
    cards = [known.card for known in known_models([row("a"), row("b")], {})]
    again = [known.card for known in known_models([row("a"), row("b")], {})]
    assert version_of(cards) == version_of(again)
    assert version_of(cards) != version_of([cards[0], cards[1].model_copy(update={"state": "failing"})])


def test_the_embedded_model_is_the_last_alternative() -> None:
    """Free is not good: any real model comes first, a known price before an unknown one."""
    found = known_models(
        [
            row("toy", "local/smol", input_cost_per_token=0.0, output_cost_per_token=0.0),
            row("unknown"),
            row("dear", input_cost_per_token=1e-3, output_cost_per_token=1e-3),
        ],
        {},
    )
    assert alternatives([known.card for known in found], instead_of="x") == ["dear", "unknown", "toy"]
