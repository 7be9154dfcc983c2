"""Effort, budget, level, adaptive and switch, each said in the words of the model that gets it."""

from __future__ import annotations

import pytest

from tests.unit.profiles.adapting import ANTHROPIC, BEDROCK, GEMINI, OPENAI, RESPONSES, adapt, ask, body
from trunkline.ir.format import Format
from trunkline.ir.losses import Untranslatable
from trunkline.ir.parts import Message, Native, Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from trunkline.ir.request import Request, Sampling, Thinking, Tool
from trunkline.profiles.reasoning import effort_for, nearest

ZAI = ("zai", Format.OPENAI_CHAT)
DEEPSEEK = ("deepseek", Format.OPENAI_CHAT)


def think(**members: object) -> Request:
    return ask(thinking=Thinking(**members))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "words", "found"),
    [
        ("minimal", ("low", "medium", "high"), "low"),
        ("max", ("low", "medium", "high"), "high"),
        ("medium", ("low", "high", "max"), "high"),
        ("xhigh", ("low", "high", "max"), "high"),
        ("minimal", ("medium", "high", "xhigh"), "medium"),
    ],
)
def test_the_nearest_word(word: str, words: tuple[str, ...], found: str) -> None:
    """Between two, the one nearer to `high`, as DeepSeek does it."""
    assert nearest(word, words) == found


def test_budgets_are_efforts_by_litellms_table() -> None:
    """The least effort that is enough."""
    assert [effort_for(n) for n in (1, 1024, 1025, 4096, 10_000, 10**6)] == [
        "minimal", "low", "medium", "high", "max", "max",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("effort", "budget"),
    [("minimal", 1024), ("low", 1024), ("medium", 2048), ("high", 4096), ("xhigh", 8192), ("max", 16_384)],
)
def test_claude_before_4_6_gets_a_budget(effort: str, budget: int) -> None:
    """`minimal` is 128 in LiteLLM's table and raised to Claude's least."""
    adapted = adapt(think(effort=effort), "claude-sonnet-4-5", ANTHROPIC)
    assert body(adapted.request, ANTHROPIC)["thinking"] == {
        "type": "enabled", "budget_tokens": budget, "display": "summarized",
    }  # fmt: skip
    assert adapted.losses == {}


def test_newer_claude_gets_adaptive_thinking_and_an_effort() -> None:
    """4.6 still takes a budget where one was asked for; 4.7 takes efforts only."""
    adapted = adapt(think(effort="minimal"), "claude-opus-4-7", ANTHROPIC)
    written = body(adapted.request, ANTHROPIC)
    assert written["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert written["output_config"] == {"effort": "low"}
    assert "`low`" in adapted.losses["reasoning_effort"]
    assert adapt(think(budget=3000), "claude-opus-4-6", ANTHROPIC).request.thinking == Thinking(
        enabled=True, budget=3000, show=True
    )
    moved = adapt(think(enabled=True, budget=3000), "claude-opus-4-7", ANTHROPIC)
    assert moved.request.thinking == Thinking(enabled=True, effort="high", show=True)
    assert "thinking.budget" in moved.losses


def test_gemini_2_5_gets_budgets_and_gemini_3_levels() -> None:
    """`minimal` is 1 for Flash, 128 for Pro, 512 for Flash-Lite."""
    for model, least in (("gemini-2.5-flash", 1), ("gemini-2.5-pro", 128), ("gemini-2.5-flash-lite", 512)):
        found = adapt(think(effort="minimal"), model, GEMINI).request.thinking
        assert found is not None
        assert found.budget == least
    on = adapt(think(enabled=True), "gemini-2.5-flash", GEMINI).request.thinking
    assert on is not None
    assert on.budget == -1
    adapted = adapt(think(budget=2000), "gemini-3-pro", GEMINI)
    config = body(adapted.request, GEMINI)["generationConfig"]
    assert config == {"thinkingConfig": {"thinkingLevel": "medium", "includeThoughts": True}}


@pytest.mark.parametrize(
    ("model", "at", "written"),
    [
        ("claude-haiku-4-5", ANTHROPIC, {"thinking": {"type": "disabled"}}),
        ("claude-sonnet-5-5", ANTHROPIC, {"thinking": {"type": "between_tools"}}),
        ("gpt-5.1", RESPONSES, {"reasoning": {"effort": "none"}}),
        ("glm-4.6", ZAI, {"thinking": {"type": "disabled"}}),
        ("deepseek-v4-pro", DEEPSEEK, {"thinking": {"type": "disabled"}}),
        ("gemini-2.5-flash", GEMINI, {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}),
    ],
)
def test_thinking_is_switched_off_in_each_ones_words(
    model: str, at: tuple[str, Format], written: dict[str, object]
) -> None:
    """`reasoning_effort: none`, whatever the model calls that."""
    adapted = adapt(think(effort="none", enabled=False), model, at)
    assert written.items() <= body(adapted.request, at, "deepseek" if at is DEEPSEEK else "").items()


@pytest.mark.parametrize(
    ("model", "at", "thinking"),
    [
        ("gpt-5", OPENAI, Thinking(effort="minimal")),
        ("claude-opus-5-5", ANTHROPIC, Thinking(enabled=True, effort="low", show=False)),
        ("gemini-2.5-pro", GEMINI, Thinking(budget=128, show=False)),
        ("gemini-3-pro", GEMINI, Thinking(effort="low", show=False)),
        ("MiniMax-M2", ("minimax", Format.OPENAI_CHAT), None),
    ],
)
def test_what_always_thinks_thinks_least_and_that_is_said(
    model: str, at: tuple[str, Format], thinking: Thinking | None
) -> None:
    """It cannot be switched off."""
    adapted = adapt(think(effort="none"), model, at)
    assert adapted.request.thinking == thinking
    assert "always thinks" in adapted.losses["reasoning_effort"]


def test_a_model_that_does_not_think() -> None:
    """The wish is dropped and named, or refused; not thinking is what it does anyway."""
    adapted = adapt(think(effort="high"), "gpt-4o", OPENAI)
    assert adapted.request.thinking is None
    assert set(adapted.losses) == {"reasoning_effort"}
    assert adapt(think(effort="none"), "gpt-4o", OPENAI, drop_params=False).losses == {}
    with pytest.raises(Untranslatable, match="reasoning_effort"):
        adapt(think(effort="high"), "gpt-4o", OPENAI, drop_params=False)


def test_switches_of_hosts_whose_codec_has_none() -> None:
    """Z.AI's and MiniMax's `thinking.type`, with an effort where the model has efforts."""
    request = adapt(think(effort="high"), "glm-5.2", ZAI).request
    assert {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}.items() <= body(request, ZAI).items()
    minimax = ("minimax", Format.OPENAI_CHAT)
    request = adapt(think(effort="high"), "MiniMax-M3", minimax).request
    assert body(request, minimax)["thinking"] == {"type": "adaptive"}


def test_hosts_with_ways_of_their_own_get_what_the_client_said() -> None:
    """Routers turn one setting into each maker's; of an unknown model nothing is known."""
    asked = think(effort="xhigh")
    for model, provider in (("anthropic/claude-sonnet-4.5", "openrouter"), ("thing", "custom_openai")):
        assert adapt(asked, model, (provider, Format.OPENAI_CHAT)).request is asked


def test_max_is_for_responses_only() -> None:
    """OpenAI's chat format refuses it."""
    assert adapt(think(effort="max"), "gpt-6-sol", RESPONSES).request.thinking == Thinking(effort="max")
    assert adapt(think(effort="max"), "gpt-6-sol", OPENAI).request.thinking == Thinking(effort="xhigh")


def test_a_budget_lies_below_the_length() -> None:
    """The length is raised where nobody gave one or mending is allowed; else the budget is lowered, and that said."""
    given = ask(thinking=Thinking(effort="high"), sampling=Sampling(max_tokens=2000))
    lowered = adapt(given, "claude-sonnet-4-5", ANTHROPIC)
    assert lowered.request.thinking is not None
    assert (lowered.request.thinking.budget, lowered.request.sampling.max_tokens) == (1999, 2000)
    assert "thinking.budget" in lowered.losses
    raised = adapt(given, "claude-sonnet-4-5", ANTHROPIC, modify_params=True)
    assert raised.request.thinking is not None
    assert (raised.request.thinking.budget, raised.request.sampling.max_tokens) == (4096, 6096)
    small = ask(thinking=Thinking(effort="low"), sampling=Sampling(max_tokens=500))
    off = adapt(small, "claude-sonnet-4-5", ANTHROPIC)
    assert off.request.thinking is not None
    assert off.request.thinking.enabled is False
    free = adapt(think(budget=70_000), "claude-sonnet-4-6", ANTHROPIC).request
    assert free.sampling.max_tokens == 128_000


def test_thinking_is_shown_where_the_client_would_see_it() -> None:
    """Chat clients see it; a Responses client asks for summaries itself; OpenAI refuses them to some."""
    assert adapt(think(effort="low"), "claude-opus-4-7", ANTHROPIC).request.thinking == Thinking(
        enabled=True, effort="low", show=True
    )
    other = ask(client=Format.OPENAI_RESPONSES, thinking=Thinking(effort="low"))
    assert adapt(other, "claude-opus-4-7", ANTHROPIC).request.thinking == Thinking(enabled=True, effort="low")
    assert adapt(think(effort="low"), "gpt-5.1", RESPONSES).request.thinking == Thinking(effort="low")
    claude = ask(client=Format.ANTHROPIC_MESSAGES, thinking=Thinking(enabled=True, budget=2000))
    assert adapt(claude, "gpt-5.1", RESPONSES).request.thinking == Thinking(effort="medium", show=True)


def test_an_effort_without_thinking_switches_none_on() -> None:
    """In Anthropic's format an effort holds for the answer too."""
    request = ask(client=Format.ANTHROPIC_MESSAGES, thinking=Thinking(effort="xhigh"), sampling=Sampling(max_tokens=9))
    assert adapt(request, "claude-opus-4-6", ANTHROPIC).request.thinking == Thinking(effort="high")
    gone = adapt(request, "claude-sonnet-4-5", ANTHROPIC)
    assert (gone.request.thinking, set(gone.losses)) == (None, {"output_config.effort"})
    assert adapt(request, "gpt-5.2", RESPONSES).request.thinking == Thinking(effort="xhigh", show=True)


def test_what_the_providers_own_words_say_is_left_alone() -> None:
    """A client of the same format knows what it writes."""
    native = Native(Format.ANTHROPIC_MESSAGES, {"type": "between_tools"})
    thinking = Thinking(enabled=False, native=native)
    request = ask(client=Format.ANTHROPIC_MESSAGES, thinking=thinking, sampling=Sampling(max_tokens=9))
    assert adapt(request, "claude-sonnet-5-5", ANTHROPIC).request.thinking is thinking


def test_responses_gives_the_state_back_where_the_model_thinks_unasked() -> None:
    """The gateway keeps nothing, so the encrypted thinking must come with the answer."""
    written = body(adapt(ask(), "gpt-5.5", RESPONSES).request, RESPONSES)
    assert (written["store"], written["include"]) == (False, ["reasoning.encrypted_content"])
    assert "include" not in body(adapt(ask(), "gpt-4o", RESPONSES).request, RESPONSES)


def test_gpt_6_takes_tools_in_chat_only_while_it_does_not_think() -> None:
    """So the thinking gives way; Astra takes none there at all."""
    tools = [Tool(name="t", schema={"type": "object"})]
    adapted = adapt(ask(tools=tools), "gpt-6-sol", OPENAI)
    assert adapted.request.thinking == Thinking(enabled=False, effort="none")
    assert "reasoning_effort" in adapted.losses
    with pytest.raises(Untranslatable, match="Responses"):
        adapt(ask(tools=tools), "gpt-6-astra", OPENAI)
    assert adapt(ask(tools=tools), "gpt-6-astra", RESPONSES).request.tools == tools


@pytest.mark.parametrize("at", [ANTHROPIC, BEDROCK])
def test_claude_does_not_think_on_in_anothers_turn(at: tuple[str, Format]) -> None:
    """Its budget mode wants its own thinking before the tool calls that are being answered."""
    own = Opaque("anthropic.signature" if at is ANTHROPIC else "bedrock.signature", "sig")
    for opaque, kept in ((None, False), (own, True)):
        parts: list[Part] = [ToolCall(id="c", name="t", arguments="{}")]
        if opaque is not None:
            parts.insert(0, Reasoning(text="hm", opaque=opaque))
        messages = [
            Message(role="user", parts=[Text(text="hi")]),
            Message(role="assistant", parts=parts),
            Message(role="user", parts=[ToolResult(call_id="c", content=[Text(text="1")])]),
        ]
        adapted = adapt(Request(model="m", messages=messages, thinking=Thinking(effort="low")), "claude-sonnet-4-5", at)
        assert (adapted.request.thinking is not None) is kept
        assert ("thinking" in adapted.losses) is not kept
