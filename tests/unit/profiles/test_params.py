"""Tuning knobs that a model lacks, and what the operator's policy makes of them."""

from __future__ import annotations

import pytest

from tests.unit.profiles.adapting import ANTHROPIC, BEDROCK, GEMINI, OPENAI, RESPONSES, adapt, ask
from trunkline.ir.format import Format
from trunkline.ir.losses import Untranslatable
from trunkline.ir.parts import Text
from trunkline.ir.request import Request, Sampling, Thinking, Tool


def knobs(**members: object) -> Request:
    return ask(sampling=Sampling(**members))  # type: ignore[arg-type]


@pytest.mark.parametrize("drop_params", [None, True])
def test_a_knob_that_the_model_lacks_is_dropped_and_named(drop_params: bool | None) -> None:
    """By OpenAI's name, with the reason; what it takes stays."""
    adapted = adapt(knobs(temperature=0.3, seed=1, max_tokens=9), "claude-opus-4-7", ANTHROPIC, drop_params=drop_params)
    assert adapted.request.sampling == Sampling(max_tokens=9)
    assert set(adapted.losses) == {"temperature", "seed"}
    assert "400" in adapted.losses["temperature"]


def test_written_out_false_refuses_all_of_them_at_once() -> None:
    """LiteLLM's `UnsupportedParamsError`, with the way out."""
    with pytest.raises(Untranslatable, match=r"\['seed', 'temperature'\].*`drop_params: true`"):
        adapt(knobs(temperature=0.3, seed=1), "claude-opus-4-7", ANTHROPIC, drop_params=False)


def test_an_allowed_parameter_is_sent_whatever_is_known() -> None:
    """`allowed_openai_params`, by OpenAI's names."""
    adapted = adapt(knobs(temperature=0.3, seed=1), "claude-opus-4-7", ANTHROPIC, allowed=frozenset({"temperature"}))
    assert adapted.request.sampling.temperature == 0.3
    assert set(adapted.losses) == {"seed"}


def test_a_value_that_asks_for_nothing_goes_without_a_word() -> None:
    """SDKs send defaults; `drop_params: false` does not refuse them."""
    request = knobs(temperature=1, top_p=1, frequency_penalty=0, candidates=1, logprobs=False, logit_bias={}, stop=[])
    adapted = adapt(request, "o3", OPENAI, drop_params=False)
    assert adapted.losses == {}
    assert adapted.request.sampling.temperature is None


def test_several_answers_are_refused_where_there_is_one() -> None:
    """The client would wait for the others; only `drop_params: true` takes that away."""
    with pytest.raises(Untranslatable, match="one answer"):
        adapt(knobs(candidates=3), "claude-sonnet-4-6", ANTHROPIC)
    assert (
        adapt(knobs(candidates=3), "claude-sonnet-4-6", ANTHROPIC, drop_params=True).request.sampling.candidates is None
    )
    assert adapt(knobs(candidates=3), "gemini-2.5-flash", GEMINI).request.sampling.candidates == 3


def test_some_knobs_hold_only_while_the_model_does_not_think() -> None:
    """GPT-5.1 does not think unless asked; GPT-5.5 thinks unless told not to; Claude 4.5 when asked."""
    quiet = knobs(temperature=0.3)
    assert adapt(quiet, "gpt-5.1", RESPONSES).request.sampling.temperature == 0.3
    assert adapt(quiet, "gpt-5.5", RESPONSES).request.sampling.temperature is None
    assert adapt(quiet, "claude-haiku-4-5", ANTHROPIC).request.sampling.temperature == 0.3
    thinking = ask(sampling=Sampling(temperature=0.3), thinking=Thinking(effort="low"))
    assert adapt(thinking, "gpt-5.1", RESPONSES).request.sampling.temperature is None
    assert adapt(thinking, "claude-haiku-4-5", ANTHROPIC).request.sampling.temperature is None
    none = ask(sampling=Sampling(temperature=0.3), thinking=Thinking(effort="none", enabled=False))
    assert adapt(none, "gpt-5.5", RESPONSES).request.sampling.temperature == 0.3


def test_claude_keeps_a_high_top_p_while_it_thinks() -> None:
    """From 0.95 on; below it is dropped."""
    for top_p, kept in ((0.97, 0.97), (0.5, None)):
        request = ask(sampling=Sampling(top_p=top_p), thinking=Thinking(effort="low"))
        assert adapt(request, "claude-sonnet-4-5", ANTHROPIC).request.sampling.top_p == kept


def test_of_two_knobs_that_exclude_each_other_the_second_goes() -> None:
    """Claude 4.5: `temperature` or `top_p`."""
    adapted = adapt(knobs(temperature=0.3, top_p=0.9), "claude-haiku-4-5", ANTHROPIC)
    assert (adapted.request.sampling.temperature, adapted.request.sampling.top_p) == (0.3, None)
    assert "top_p" in adapted.losses


def test_a_length_is_set_where_one_is_needed() -> None:
    """The family's limit; a modest one for a model that nobody knows; none where the format needs none."""
    assert adapt(ask(), "claude-sonnet-4-6", ANTHROPIC).request.sampling.max_tokens == 128_000
    assert adapt(ask(), "my-model", ANTHROPIC).request.sampling.max_tokens == 4096
    assert adapt(ask(), "claude-sonnet-4-6", BEDROCK).request.sampling.max_tokens is None
    assert adapt(knobs(max_tokens=7), "claude-sonnet-4-6", ANTHROPIC).request.sampling.max_tokens == 7


def test_a_host_that_takes_no_length() -> None:
    """v0 takes messages, tools and nothing else."""
    adapted = adapt(knobs(max_tokens=7, temperature=0.3), "v0-1.5-md", ("v0", Format.OPENAI_CHAT), modify_params=True)
    assert adapted.request.sampling == Sampling()
    assert set(adapted.losses) == {"max_tokens", "temperature"}


def test_too_many_stop_sequences() -> None:
    """The first are sent; refused where the operator wants that; hosts that nobody lists get all."""
    request = knobs(stop=list("abcdef"))
    assert adapt(request, "gpt-4o", OPENAI).request.sampling.stop == list("abcd")
    assert adapt(request, "gemini-2.5-flash", GEMINI).request.sampling.stop == list("abcde")
    assert adapt(request, "glm-4.6", ("zai", Format.OPENAI_CHAT)).request.sampling.stop == ["a"]
    assert adapt(request, "m", ("custom_openai", Format.OPENAI_CHAT)).request.sampling.stop == list("abcdef")
    with pytest.raises(Untranslatable, match="stop"):
        adapt(request, "gpt-4o", OPENAI, drop_params=False)


def test_ranges_are_minded_only_where_mending_is_allowed() -> None:
    """`modify_params`: else the provider says what it does not like."""
    request = knobs(temperature=1.7, max_tokens=10**6)
    assert adapt(request, "mistral-large", ("mistral", Format.OPENAI_CHAT)).request.sampling.temperature == 1.7
    mended = adapt(request, "gpt-4o", OPENAI, modify_params=True)
    assert mended.request.sampling.max_tokens == 16_384
    claude = adapt(request, "claude-sonnet-4-6", ANTHROPIC, modify_params=True)
    assert claude.request.sampling == Sampling(temperature=1, max_tokens=128_000)
    assert set(claude.losses) == {"temperature", "max_tokens"}


def test_parallel_calls_verbosity_and_the_user() -> None:
    """Knobs beside the sampling go by the same policy; what is on anyway is no loss."""
    tools = [Tool(name="t", schema={"type": "object"})]
    request = ask(parallel_tools=False, verbosity="low", tools=tools)
    adapted = adapt(request, "gemini-3-pro", GEMINI)
    assert (adapted.request.parallel_tools, adapted.request.verbosity) == (None, None)
    assert set(adapted.losses) == {"parallel_tool_calls", "verbosity"}
    assert adapt(ask(parallel_tools=True, tools=tools), "o3", OPENAI).losses == {}
    assert adapt(ask(user="u" * 65), "gpt-4o", OPENAI).request.user is None
    assert adapt(ask(user="u"), "mistral-large-latest", ("mistral", Format.OPENAI_CHAT)).losses.keys() == {"user"}


def test_a_request_that_fits_is_the_same_object() -> None:
    """Nothing is copied where there is nothing to do."""
    request = ask(Text(text="hi"), sampling=Sampling(max_tokens=5, temperature=0.5))
    assert adapt(request, "claude-sonnet-4-6", ANTHROPIC).request is request
    assert adapt(request, "gpt-4o", OPENAI).request is request
    assert adapt(request, "my-model", ("custom_openai", Format.OPENAI_CHAT)).request is request
